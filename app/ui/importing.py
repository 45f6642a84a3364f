"""The way of images into the session: a look at them, the dialog, the report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.ui import present
from app.ui.dialogs.report import ReportDialog
from app.ui.tasks import Tasks
from app.ui.theme import Theme
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # what reads DICOM is loaded when images are wanted, not by the start of the program
    from app.services.import_exams import ImportReport
    from app.services.survey_import import Survey
    from app.ui.dialogs.import_dialog import ImportDialog


class Importing(QObject):
    """Brings images to the tasks, their survey to the dialog, and the report to the reader.

    Signals
    -------
    brought
        There are exams in the session that were imported or were there already.
    """

    brought = Signal()

    def __init__(self, workspace: Workspace, tasks: Tasks, window: QWidget) -> None:
        super().__init__(window)
        self._workspace, self._tasks, self._window = workspace, tasks, window
        self.dialog: ImportDialog | None = None
        self._theme: Theme | None = None
        tasks.surveyed.connect(self._on_surveyed)
        tasks.imported.connect(self._on_imported)

    def look_at(self, paths: tuple[Path, ...]) -> None:
        """Look at folders, files or archives, then show what could be imported of them."""
        from app.files.dicom.wishes import Wishes  # noqa: PLC0415 - as above

        if self.dialog is not None:
            self.dialog.look_again(paths)
        else:
            self._tasks.survey_import(paths, Wishes())

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        if self.dialog is not None:
            self.dialog.show_theme(theme)

    def _on_surveyed(self, paths: tuple[Path, ...], survey: Survey) -> None:
        from app.ui.dialogs.import_dialog import ImportDialog  # noqa: PLC0415 - as above

        if self.dialog is not None:
            self.dialog.show_survey(paths, survey)
            return
        self.dialog = ImportDialog(self._workspace, self._tasks, paths, survey, self._window)
        self.dialog.finished.connect(self._on_closed)
        if self._theme is not None:
            self.dialog.show_theme(self._theme)
        self.dialog.show()

    def _on_closed(self) -> None:
        self.dialog = None

    def _on_imported(self, report: ImportReport) -> None:
        from app.ui.present.pages import import_lines  # noqa: PLC0415 - as above

        lines, to_save = import_lines(report), "\n".join(import_lines(report, to_save=True))
        title, name = present.text("import.title"), present.text("import.saved_name")
        ReportDialog(title, lines[0], "\n".join(lines), self._window, save_as=name, to_save=to_save).show()
        if report.exams:
            self.brought.emit()
