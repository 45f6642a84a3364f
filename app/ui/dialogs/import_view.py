"""The tree of the import dialog as it is seen and used by mouse and keyboard."""

from __future__ import annotations

from PySide6.QtCore import QItemSelectionModel, QModelIndex, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTreeView, QWidget

from app.ui.dialogs.import_cells import Cells, wants_choice
from app.ui.dialogs.import_tree import ImportTree
from app.ui.import_row import Column, Kind, Row
from app.ui.present import text
from app.ui.theme import Theme

_WIDTHS = {
    Column.EVIDENCE: 148,
    Column.UNIT: 96,
    Column.GEOMETRY: 132,
    Column.STATE: 148,
    Column.CODE: 84,
}
_LEAST_WHAT = 230
# with more exams than this, those that need no answer begin folded
_MANY = 2


class ImportView(QTreeView):
    """Space ticks the line, F2 edits its case code or says what the series shows."""

    def __init__(self, tree: ImportTree, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tree = tree
        self.cells = Cells(self)
        self.setModel(tree)
        self.setItemDelegate(self.cells)
        self.setAccessibleName(text("images.tree"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.DoubleClicked)
        self.setExpandsOnDoubleClick(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setIndentation(18)
        self.setTabKeyNavigation(False)
        header = self.header()
        header.setStretchLastSection(False)
        header.setMinimumSectionSize(60)
        for column, width in _WIDTHS.items():
            self.setColumnWidth(column, width)
        header.setSectionResizeMode(Column.WHAT, QHeaderView.ResizeMode.Stretch)
        self.setMinimumWidth(_LEAST_WHAT)

    def show_rows(self, rows: tuple[Row, ...]) -> None:
        """Show other rows, or the same ones that say something else; place and folds stay."""
        here = self.current_row()
        folded = {row.key for row in self._rows_with_children() if not self._is_unfolded(row)}
        known = {row.key for row in self._rows_with_children()}
        if self._tree.show_rows(rows):
            self._unfold(folded, known)
            self._go_to(here)
        self._open_choices()

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.cells.theme = theme
        self.viewport().update()

    def current_row(self) -> Row | None:
        """The line at hand."""
        index = self.currentIndex()
        return self._tree.row_of(index) if index.isValid() else None

    def _rows_with_children(self) -> list[Row]:
        kinds = (Kind.PATIENT, Kind.EXAM, Kind.QUESTIONS)
        return [self._tree.row_of(index) for kind in kinds for index in self._tree.all_of(kind)]

    def _is_unfolded(self, row: Row) -> bool:
        return self.isExpanded(self._tree.find(row.key))

    def _unfold(self, folded: set[str], known: set[str]) -> None:
        many = len(self._tree.all_of(Kind.EXAM)) > _MANY
        for row in self._rows_with_children():
            index = self._tree.find(row.key)
            asks = row.cell(Column.STATE).tone == "warn" or any(
                below.kind is Kind.RIVAL for below in row.children
            )
            proposed = row.kind is not Kind.EXAM or not many or asks
            self.setExpanded(index, row.key not in folded if row.key in known else proposed)
        # names and headings need no columns
        for kind in (Kind.PATIENT, Kind.QUESTIONS):
            for index in self._tree.all_of(kind):
                spans = self._tree.row_of(index).charset is None
                self.setFirstColumnSpanned(index.row(), index.parent(), spans)

    def _go_to(self, row: Row | None) -> None:
        """Back to the line at hand, else to the first that needs an answer, else to the first exam."""
        wanted = self._tree.find(row.key) if row else self._tree.index(-1, 0)
        if not wanted.isValid():
            wanted = self._first_of_interest()
        self.selectionModel().setCurrentIndex(
            wanted,
            QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows,
        )

    def _first_of_interest(self) -> QModelIndex:
        maps = self._tree.all_of(Kind.MAP)
        waiting = [index for index in maps if self._tree.row_of(index).cell(Column.STATE).tone == "warn"]
        seen = [index for index in maps if self.isExpanded(index.parent())]
        exams, questions = self._tree.all_of(Kind.EXAM), self._tree.all_of(Kind.QUESTION)
        return next(iter([*waiting, *seen[:1], *exams, *questions]), QModelIndex())

    def _open_choices(self) -> None:
        """Let every series that is asked about offer its answers, and every name its character sets."""
        for index in [*self._tree.all_of(Kind.QUESTION), *self._tree.all_of(Kind.PATIENT)]:
            for column in (Column.EVIDENCE, Column.UNIT):
                cell = index.siblingAtColumn(column)
                if wants_choice(self._tree.row_of(index), column):
                    self.openPersistentEditor(cell)
                elif self.isPersistentEditorOpen(cell):
                    self.closePersistentEditor(cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Tick and edit from any column."""
        index = self.currentIndex()
        if index.isValid() and event.key() == Qt.Key.Key_Space:
            self._tree.toggle(index)
        elif index.isValid() and event.key() == Qt.Key.Key_F2:
            self._edit_row()
        else:
            super().keyPressEvent(event)

    def _edit_row(self) -> None:
        row = self.current_row()
        if row is None:
            return
        if row.kind is Kind.QUESTION or row.charset is not None:
            choice = self.indexWidget(self._tree.find(row.key, Column.EVIDENCE))
            if choice is not None:
                choice.setFocus(Qt.FocusReason.ShortcutFocusReason)
            return
        # a map's case code is that of its exam
        cell = self._tree.find(row.exam, Column.CODE)
        if cell.isValid() and cell.flags() & Qt.ItemFlag.ItemIsEditable:
            self.edit(cell)
