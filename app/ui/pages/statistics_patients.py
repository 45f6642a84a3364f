"""A row for each patient: scrolls without waiting, sorts by a click on a title, opens a case."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.ui.scale import row_height, scaled
from app.ui.tabs.content import Column, LongTable

_Index = QModelIndex | QPersistentModelIndex
_LINE = 26
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
# widths are those the first rows need; the others look alike
_MEASURED = 200
_ROOM = 22
NO_ROWS = LongTable("", (), ())
"""A table of nobody."""


class PatientsModel(QAbstractTableModel):
    """The cells of one :class:`LongTable`, in the order that was asked for."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table = NO_ROWS
        self._order = np.arange(0)

    def show_table(self, table: LongTable) -> None:
        """Replace the rows, in their own order."""
        self.beginResetModel()
        self.table = table
        self._order = np.arange(len(table.codes))
        self.endResetModel()

    def code(self, row: int) -> str:
        """Case of a shown row."""
        return self.table.codes[int(self._order[row])]

    def rowCount(self, parent: _Index | None = None) -> int:
        """Rows of patients."""
        return 0 if parent is not None and parent.isValid() else len(self.table.codes)

    def columnCount(self, parent: _Index | None = None) -> int:
        """Columns."""
        return 0 if parent is not None and parent.isValid() else len(self.table.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text and alignment of a cell."""
        column = self.table.columns[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.cells[int(self._order[index.row()])]
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Title of a column, aligned as its cells."""
        if orientation is Qt.Orientation.Vertical or section >= len(self.table.columns):
            return None
        column = self.table.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        return _alignment(column) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        """Sort by a column; what is missing stays last either way. Below 0: as it came."""
        self.layoutAboutToBeChanged.emit()
        falling = order is Qt.SortOrder.DescendingOrder
        rows = np.arange(len(self.table.codes))
        self._order = rows if column < 0 else _sorted(self.table.columns[column], falling=falling)
        self.layoutChanged.emit()


def _alignment(column: Column) -> Qt.AlignmentFlag:
    return _LEFT if column.order is None else _RIGHT


def _sorted(column: Column, *, falling: bool) -> np.ndarray:
    values = column.order
    if values is None:
        order = np.argsort(np.array(column.cells, dtype=object), kind="stable")
        return order[::-1] if falling else order
    # NaN is last in either direction
    return np.argsort(-values if falling else values, kind="stable")


class PatientsView(QTableView):
    """The table itself.

    Signals
    -------
    case_clicked : str
        Case code of the row that was opened.
    """

    case_clicked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = PatientsModel(self)
        self.setModel(self.rows)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        font = QFont(self.font())
        # figures of one width stand below each other
        font.setFeature(QFont.Tag("tnum"), 1)
        self.setFont(font)
        # all rows alike: none is asked how high it would like to be
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(row_height(_LINE))
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSortingEnabled(True)
        self.activated.connect(self._open)

    def show_table(self, table: LongTable) -> None:
        """Replace the rows."""
        self.setAccessibleName(table.title)
        self.rows.show_table(table)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        metrics, header = self.fontMetrics(), self.horizontalHeader().fontMetrics()
        for place, column in enumerate(table.columns):
            words = max(map(metrics.horizontalAdvance, column.cells[:_MEASURED]), default=0)
            titles = max(map(header.horizontalAdvance, column.title.split("\n")), default=0)
            self.setColumnWidth(place, max(words, titles) + scaled(_ROOM))

    def _open(self, index: QModelIndex) -> None:
        if index.isValid():
            self.case_clicked.emit(self.rows.code(index.row()))
