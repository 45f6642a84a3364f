"""The import dialog: what was found, what will become of it, and what a person must decide first."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import AppError
from app.files.dicom.found import Confirmation
from app.services.survey_import import Survey
from app.ui import present
from app.ui.dialogs.files import FileDialog
from app.ui.dialogs.import_bars import Footer, Wishing, check_box
from app.ui.dialogs.import_decisions import Decisions
from app.ui.dialogs.import_details import DetailsPane
from app.ui.dialogs.import_tree import ImportTree
from app.ui.dialogs.import_unused import UnusedFold
from app.ui.dialogs.import_view import ImportView
from app.ui.import_draft import Draft
from app.ui.import_row import Subject
from app.ui.present import text
from app.ui.present.import_details import details_of
from app.ui.present.import_unused import all_refused
from app.ui.present.imports import found_text, rows_of
from app.ui.tasks import Tasks
from app.ui.theme import Theme
from app.ui.widgets import place_in_middle, words
from app.ui.workspace import Workspace

_SIZE = QSize(1320, 760)
# below this the details go under the tree
_WIDE = 1060
_TREE, _DETAILS = 940, 340
_ABOVE, _BELOW = 300, 200


class ImportDialog(QDialog):
    """Shows a survey beside the window, and imports what is ticked.

    Nothing is written before Import is pressed. A wish that needs the files to be looked at again starts the
    survey anew; what was decided so far stays.

    Parameters
    ----------
    workspace : Workspace
        The session that is open.
    tasks : Tasks
        Looks again, and imports.
    paths : tuple of Path
        What was looked at.
    survey : Survey
        What was found there.
    """

    def __init__(
        self,
        workspace: Workspace,
        tasks: Tasks,
        paths: tuple[Path, ...],
        survey: Survey,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(text("images.title"))
        self.setAcceptDrops(True)
        self._tasks, self.paths = tasks, paths
        self.draft = Draft(survey)
        self.decisions = Decisions(workspace, self.draft, self)
        self._looking = self._importing = False
        self._shown: Subject | None = None
        self.heading = words(role="title")
        self._hint = words(text("images.hint"), "quiet")
        self._hint.setWordWrap(True)
        self.hide_names = check_box("images.hide_names")
        self.tree = ImportTree(self)
        self.view = ImportView(self.tree)
        self.details = DetailsPane()
        self.wishing = Wishing()
        self.unused = UnusedFold(self)
        self.footer = Footer(self.unused.title)
        self._lay_out()
        self._connect_decisions()
        self._connect_tasks(workspace)
        place_in_middle(self, _SIZE)
        self.show_survey(paths, survey)
        self.view.setFocus()

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.addWidget(self.heading)
        top.addSpacing(12)
        top.addWidget(self._hint, 1)
        top.addWidget(self.hide_names)
        nothing = words(text("images.nothing"), "quiet")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        nothing.setWordWrap(True)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.view)
        self._stack.addWidget(nothing)
        self._split = QSplitter()
        self._split.addWidget(self._stack)
        self._split.addWidget(self.details)
        self._split.setStretchFactor(0, 1)
        self._split.setChildrenCollapsible(False)
        self._split.setSizes([_TREE, _DETAILS])
        column = QVBoxLayout(self)
        column.setContentsMargins(16, 12, 16, 12)
        column.setSpacing(10)
        column.addLayout(top)
        column.addWidget(self._split, 1)
        column.addWidget(self.wishing)
        column.addWidget(self.unused.list)
        column.addWidget(self.footer)

    def _connect_decisions(self) -> None:
        decide = self.decisions
        decide.changed.connect(self._refresh)
        decide.look_wanted.connect(self.look_again)
        decide.said.connect(self.footer.say)
        self.tree.ticked.connect(decide.tick)
        self.tree.code_written.connect(decide.name_case)
        self.tree.answered.connect(decide.answer)
        self.tree.charset_chosen.connect(decide.read_names)
        self.wishing.wished.connect(decide.wish)
        self.wishing.codes_wanted.connect(self._ask_for_codes)
        self.details.confirmed.connect(self._on_confirmed)
        self.details.taken_back.connect(self._on_taken_back)
        self.footer.save_wanted.connect(self._ask_where)
        self.hide_names.toggled.connect(self._refresh)
        self.view.selectionModel().currentChanged.connect(self._show_details)

    def _connect_tasks(self, workspace: Workspace) -> None:
        self.footer.stop_wanted.connect(self._tasks.cancel)
        self.footer.cancel_wanted.connect(self.close)
        self.footer.import_wanted.connect(self.import_ticked)
        self._tasks.progressed.connect(self._on_progress)
        self._tasks.ended.connect(self.footer.show_idle)
        self._tasks.imported.connect(self._on_imported)
        workspace.failed.connect(self._on_failed)
        workspace.closing.connect(self.close)

    # -- what is shown --------------------------------------------------------------------------------

    def show_survey(self, paths: tuple[Path, ...], survey: Survey) -> None:
        """Show what was found under some paths; what was decided before stays."""
        self.paths, self._looking = paths, False
        self.draft.look_again(survey)
        self.unused.show_refused(all_refused(self.draft))
        self.footer.say("")
        self._refresh()
        if not (survey.exams or survey.questions):
            self.unused.title.setChecked(bool(survey.refused))

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.view.show_theme(theme)

    def _refresh(self) -> None:
        """Show the draft as it is."""
        rows = rows_of(self.draft, hide_names=self.hide_names.isChecked())
        self.heading.setText(found_text(self.draft))
        self._stack.setCurrentIndex(0 if rows else 1)
        self.details.setVisible(bool(rows))
        self.view.show_rows(rows)
        self.wishing.show_draft(self.draft)
        count = 0 if self._busy else len(list(self.draft.picks()))
        self.footer.offer(count, answers=bool(self.draft.new_answers) and not self._busy)
        for part in (self.view, self.details, self.wishing, self.hide_names):
            part.setEnabled(not self._importing)
        self._show_details()

    def _show_details(self) -> None:
        row = self.view.current_row()
        # what a hand has begun to write there stays
        if row is not None and row.subject is not None and row.subject is self._shown:
            return
        self._shown = row.subject if row else None
        self.details.show_details(details_of(self.draft, row) if row else None, self.decisions.who)

    def _on_confirmed(self, confirmation: Confirmation) -> None:
        row = self.view.current_row()
        if row is not None:
            self.decisions.confirm(row, confirmation)

    def _on_taken_back(self) -> None:
        row = self.view.current_row()
        if row is not None:
            self.decisions.take_back(row)

    # -- files ----------------------------------------------------------------------------------------

    def _ask_for_codes(self) -> None:
        dialog = FileDialog(self, text("images.codes"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._ask(dialog, "dialog.table_filter", self.decisions.take_codes)

    def _ask_where(self) -> None:
        dialog = FileDialog(self, text("images.save"), text("import.saved_name"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        self._ask(dialog, "dialog.text_filter", self.decisions.save_report)

    @staticmethod
    def _ask(dialog: FileDialog, names: str, take: Callable[[str], None]) -> None:
        dialog.setNameFilter(text(names))
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(take)
        dialog.open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take more images."""
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Look at these as well."""
        self.look_again(tuple(Path(url.toLocalFile()) for url in event.mimeData().urls()))
        event.acceptProposedAction()

    # -- tasks ----------------------------------------------------------------------------------------

    @property
    def _busy(self) -> bool:
        return self._looking or self._importing

    def look_again(self, more: tuple[Path, ...] = ()) -> None:
        """Survey the same files, and others beside them, with what is wished for now."""
        if self._importing:
            return
        paths = tuple(dict.fromkeys((*self.paths, *more)))
        self._looking = True
        if not self._tasks.survey_import(paths, self.draft.wishes):
            self._looking = False
            self.draft.keep_to_survey()
        self._refresh()

    def import_ticked(self) -> None:
        """Import what is ticked, and remember what was said of series; then the dialog closes."""
        picks, unused = tuple(self.draft.picks()), all_refused(self.draft)
        if self._busy:
            return
        if not picks and self.draft.new_answers:
            if self.decisions.keep_answers():
                self.close()
        elif picks:
            self._importing = True
            self._importing = self._tasks.import_picks(picks, dict(self.draft.answers), unused)
            self._refresh()

    def _on_progress(self, done: int, total: int | None) -> None:
        if self._busy:
            code = "images.storing" if self._importing else "images.again"
            self.footer.show_progress(code, done, total)

    def _on_imported(self) -> None:
        if self._importing:
            self._importing = False
            self.close()

    def _on_failed(self, problem: AppError) -> None:
        """Say why a look or an import came to nothing, and go back to what is known."""
        if not self._busy:
            return
        self.footer.say(present.error_text(problem))
        if not self._tasks.running:
            self._looking = self._importing = False
            self.draft.keep_to_survey()
            self._refresh()

    # -- window ---------------------------------------------------------------------------------------

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Details beside the tree where there is room, else below it."""
        wide = self.width() >= _WIDE
        wanted = Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical
        if self._split.orientation() is not wanted:
            self._split.setOrientation(wanted)
            self._split.setSizes([_TREE, _DETAILS] if wide else [_ABOVE, _BELOW])
        super().resizeEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter imports, unless a button or a field at hand has a use for it."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.import_ticked()
        else:
            super().keyPressEvent(event)

    def done(self, result: int) -> None:
        """Stop what runs for this dialog, however it is closed."""
        if self._busy:
            self._looking = self._importing = False
            self._tasks.cancel()
        super().done(result)
