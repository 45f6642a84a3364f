"""What the pages that are one table share: model of texts, filter, empty state."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSortFilterProxyModel, Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QStackedLayout,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.ui import present
from app.ui.scale import scaled
from app.ui.widgets import named, words

Index = QModelIndex | QPersistentModelIndex


class TextTable(QAbstractTableModel):
    """Rows of ready texts; the first column's row number leads back to the value behind it."""

    def __init__(self, headers: Sequence[str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headers = tuple(headers)
        self.rows: list[tuple[str, ...]] = []

    def rowCount(self, parent: Index | None = None) -> int:
        """All rows."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """As many as there are headers."""
        return 0 if parent is not None and parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text of a cell, also as tooltip where a narrow column would hide it."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.rows[index.row()][index.column()]
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Column titles."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return self._headers[section]
        return None

    def show_row(self, number: int, row: tuple[str, ...]) -> None:
        """Take another row in the place of one."""
        self.rows[number] = row
        self.dataChanged.emit(self.index(number, 0), self.index(number, len(row) - 1))

    def show_rows(self, rows: list[tuple[str, ...]]) -> None:
        """Take new rows."""
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()


class TablePage(QWidget):
    """Filter and buttons above, one sortable table below, a sentence where it is empty.

    Parameters
    ----------
    headers : sequence of str
        Column titles.
    name : str
        What the table shows, for a screen reader.
    empty : str
        What to do when there is nothing to show.
    """

    def __init__(self, headers: Sequence[str], name: str, empty: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.table = TextTable(headers, self)
        self._proxy = QSortFilterProxyModel(self)
        self._proxy.setSourceModel(self.table)
        self._proxy.setFilterKeyColumn(-1)
        self._proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(present.text("table.filter"))
        self.filter.setAccessibleName(present.text("table.filter"))
        self.filter.setToolTip(present.text("table.filter_tip"))
        self.filter.setClearButtonEnabled(True)
        self.filter.setMaximumWidth(scaled(280))
        self.filter.textChanged.connect(self._proxy.setFilterFixedString)
        self.view = QTableView()
        self.view.setModel(self._proxy)
        self.view.setAccessibleName(name)
        self.view.setSortingEnabled(True)
        self.view.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.view.setShowGrid(False)
        self.view.setWordWrap(False)
        self.view.setTabKeyNavigation(False)
        self.view.verticalHeader().hide()
        self.view.horizontalHeader().setStretchLastSection(True)
        self._usual_empty = empty
        self._empty = words(empty, "quiet")
        self._empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._empty.setWordWrap(True)
        self.bar = QHBoxLayout()
        self.bar.addWidget(self.filter)
        self.bar.addStretch(1)
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self.view)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addLayout(self.bar)
        column.addWidget(body, 1)

    def show_rows(
        self, rows: list[tuple[str, ...]], widths: Sequence[int] = (), *, empty: str | None = None
    ) -> None:
        """Show other rows, or a sentence: the usual empty one, or why there is nothing to see."""
        self.table.show_rows(rows)
        self._empty.setText(self._usual_empty if empty is None else empty)
        self._stack.setCurrentIndex(1 if rows else 0)
        self.filter.setEnabled(bool(rows))
        for column, width in enumerate(widths):
            self.view.setColumnWidth(column, width)

    def source_row(self, index: QModelIndex) -> int:
        """Row of :attr:`table` behind a shown index."""
        return self._proxy.mapToSource(index).row()
