"""Small tables as a paper prints them: names at the left, figures at the right, as high as their rows."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QFrame, QHeaderView, QLabel, QSizePolicy, QTableView, QVBoxLayout, QWidget

from app.ui.tabs.content import Table
from app.ui.widgets import words

_NAMES_WIDTH = 72
# of a cell, at both sides together, in points
_PADDING = 12
_Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TableModel(QAbstractTableModel):
    """The cells of one :class:`Table`."""

    def __init__(self, table: Table, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.table = table
        self._bold = QFont()
        self._bold.setBold(True)

    def rowCount(self, parent: _Index | None = None) -> int:
        """Rows of figures."""
        return 0 if parent is not None and parent.isValid() else len(self.table.rows)

    def columnCount(self, parent: _Index | None = None) -> int:
        """Columns, the one with names included."""
        return 0 if parent is not None and parent.isValid() else len(self.table.head)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text, alignment and weight of a cell."""
        if role == Qt.ItemDataRole.DisplayRole:
            return self.table.rows[index.row()][index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return self._alignment(index.column())
        if role == Qt.ItemDataRole.FontRole and index.column() == self.table.strong:
            return self._bold
        return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Title of a column, aligned as its cells."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return self.table.head[section]
        return self._alignment(section) if role == Qt.ItemDataRole.TextAlignmentRole else None

    def _alignment(self, column: int) -> Qt.AlignmentFlag:
        return _LEFT if column == 0 or column in self.table.words else _RIGHT


class TableView(QTableView):
    """Shows all rows without scrolling; names wrap where the width is short."""

    def __init__(self, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(TableModel(table, self))
        self.setAccessibleName(table.title)
        # by a role: a style of its own for each of ten tables takes longer than their figures
        self.setProperty("role", "plain")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setShowGrid(False)
        self.setAlternatingRowColors(True)
        self.setSelectionMode(QTableView.SelectionMode.NoSelection)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        font = QFont(self.font())
        # figures of one width stand below each other
        font.setFeature(QFont.Tag("tnum"), 1)
        self.setFont(font)
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setMinimumSectionSize(24)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        header.setVisible(any(table.head))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap anew at another width."""
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self._fit(event.size().width())

    def _fit(self, width: int) -> None:
        """Give figures the width they need and words what is left; then rows the height they need.

        Qt's own stretching comes after the rows have been measured, which leaves them too high.
        """
        needed, widest = self._needed(), _widest(self._table)
        needed[widest] = max(width - sum(needed), _NAMES_WIDTH)
        for column, size in enumerate(needed):
            self.setColumnWidth(column, size)
        # Qt measures words as if the padding of the style were room for them, and would cut their last line
        self.setColumnWidth(widest, needed[widest] - _PADDING)
        self.resizeRowsToContents()
        self.setColumnWidth(widest, needed[widest])
        self.updateGeometry()

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        header = self.horizontalHeader()
        height = header.sizeHint().height() if any(self._table.head) else 0
        return QSize(200, height + self.verticalHeader().length() + 2)

    def minimumSizeHint(self) -> QSize:
        """All rows, all figures, and some room for words."""
        return QSize(sum(self._needed()) + _NAMES_WIDTH, self.sizeHint().height())

    def _needed(self) -> list[int]:
        """Width each column of figures needs; 0 for the one with words."""
        header, widest = self.horizontalHeader(), _widest(self._table)
        return [
            0
            if column == widest
            else max(
                self.sizeHintForColumn(column), header.sectionSizeHint(column) if not header.isHidden() else 0
            )
            for column in range(len(self._table.head))
        ]

    @property
    def _table(self) -> Table:
        model = self.model()
        assert isinstance(model, TableModel)  # noqa: S101 - it was given one and never another
        return model.table


def _widest(table: Table) -> int:
    """The column that takes what is left: the last one with words, else the names."""
    return max((0, *table.words))


class StatisticsTable(QWidget):
    """A table with its title and the words below; or the reason why there are no figures."""

    def __init__(self, table: Table, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        if table.title:
            layout.addWidget(words(table.title, "section"))
        if table.rows:
            layout.addWidget(TableView(table, self))
        for text in (table.reason, table.note):
            if text:
                layout.addWidget(_wrapped(text))


def _wrapped(text: str) -> QLabel:
    made = words(text, "quiet")
    made.setWordWrap(True)
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made
