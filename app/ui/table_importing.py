"""The way of tables into the session: one dialog at a time, and the sentence at its end."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.ui.tasks import Tasks
from app.ui.theme import Theme
from app.ui.workspace import Workspace

if TYPE_CHECKING:
    # what reads tables is loaded by the first of them, not by the start of the program
    from app.ui.dialogs.clinical_dialog import ClinicalDialog

SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".xlsx", ".xlsm", ".xls"})
"""Endings by which a dropped file is taken for a table; what it is, its content tells."""


class TableImporting(QObject):
    """Brings tables to the dialog, one after the other.

    Signals
    -------
    brought : str, str
        What came, in a sentence, and the page where it shows.
    """

    brought = Signal(str, str)

    def __init__(self, workspace: Workspace, tasks: Tasks, window: QWidget) -> None:
        super().__init__(window)
        self._workspace, self._tasks, self._window = workspace, tasks, window
        self._waiting: deque[Path] = deque()
        self._theme: Theme | None = None
        self.dialog: ClinicalDialog | None = None
        tasks.joined.connect(self._on_joined)
        workspace.closing.connect(self._waiting.clear)

    def look_at(self, path: Path) -> None:
        """Show what a table would do; after the one that is looked at now."""
        if self.dialog is not None:
            self._waiting.append(path)
            return
        from app.ui.dialogs.clinical_dialog import ClinicalDialog  # noqa: PLC0415 - as above

        self.dialog = ClinicalDialog(self._workspace, self._tasks, path, self._window)
        self.dialog.finished.connect(self._on_closed)
        if self._theme is not None:
            self.dialog.show_theme(self._theme)
        self.dialog.show()

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        if self.dialog is not None:
            self.dialog.show_theme(theme)

    def _on_closed(self) -> None:
        self.dialog = None
        if self._waiting:
            self.look_at(self._waiting.popleft())

    def _on_joined(self, report: object) -> None:
        # loaded by the look already
        from app.services.join_clinical import ClinicalReport  # noqa: PLC0415
        from app.services.table_readings import ReadingsReport  # noqa: PLC0415
        from app.ui.present.pages import clinical_summary  # noqa: PLC0415
        from app.ui.present.tables import readings_summary  # noqa: PLC0415

        if isinstance(report, ClinicalReport):
            self.brought.emit(clinical_summary(report), "clinical")
        elif isinstance(report, ReadingsReport):
            self.brought.emit(readings_summary(report), "statistics")
