"""The first lines of a table, with a choice above each column that says what it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.files.raw_table import RawTable
from app.ui.dialogs.choice import Choice
from app.ui.present import text
from app.ui.scale import row_height, scaled
from app.ui.table_columns import Choices

Index = QModelIndex | QPersistentModelIndex

# of very long tables and very wide ones the beginning tells
_LINES, _COLUMNS = 200, 120
_LEAST, _MOST = 148, 260
_GAP = 3
_HIDDEN = "•••"


class _Lines(QAbstractTableModel):
    """Cells as the file has them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers: tuple[str, ...] = ()
        self._lines: Sequence[tuple[int, list[str]]] = ()
        self._hidden: frozenset[int] = frozenset()

    def show_lines(self, raw: RawTable | None, hidden: frozenset[int]) -> None:
        """Show another table; of columns that hold names not the cells."""
        self.beginResetModel()
        self._headers = raw.headers[:_COLUMNS] if raw else ()
        self._lines = raw.lines[:_LINES] if raw else ()
        self._hidden = hidden
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        """Lines that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._lines)

    def columnCount(self, parent: Index | None = None) -> int:
        """Columns that are shown."""
        return 0 if parent is not None and parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """A cell."""
        if role not in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return None
        cells = self._lines[index.row()][1]
        cell = cells[index.column()] if index.column() < len(cells) else ""
        return _HIDDEN if cell and index.column() in self._hidden else cell

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Headers of the file, and numbers of its lines."""
        if role == Qt.ItemDataRole.TextAlignmentRole and orientation is Qt.Orientation.Horizontal:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom)
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        if orientation is Qt.Orientation.Horizontal:
            return self._headers[section]
        return str(self._lines[section][0])


class _Headers(QHeaderView):
    """Headers with a choice above each.

    Signals
    -------
    chosen : int, str
        Column, and the key of what it holds.
    """

    chosen = Signal(int, str)

    def __init__(self, view: QTableView) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._view = view
        self.choices: list[Choice] = []
        self._height = row_height(26)
        self.setMinimumSectionSize(scaled(_LEAST))
        self.sectionResized.connect(self._place)
        self.geometriesChanged.connect(self._place)
        view.horizontalScrollBar().valueChanged.connect(self._place)

    def sizeHint(self) -> QSize:
        """Room for both."""
        size = super().sizeHint()
        return QSize(size.width(), size.height() + self._height + _GAP)

    def offer(self, headers: Sequence[str], choices: Choices, said: Mapping[int, str]) -> None:
        """Offer what columns can hold, and show what each is said to hold."""
        while len(self.choices) > len(headers):
            self.choices.pop().deleteLater()
        while len(self.choices) < len(headers):
            self.choices.append(self._make(len(self.choices)))
        for position, (header, one) in enumerate(zip(headers, self.choices, strict=True)):
            told = (
                text("tables.column_of", header=header)
                if header
                else text("tables.column_unnamed", number=position + 1)
            )
            one.setAccessibleName(told)
            one.setToolTip(told)
            if one.property("offered") != choices:
                one.clear()
                for words, key in choices:
                    one.addItem(words, key)
                one.setProperty("offered", choices)
            one.setCurrentIndex(max(one.findData(said.get(position, "")), 0))
        self._place()

    def _make(self, position: int) -> Choice:
        made = Choice(self)
        made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        made.setMaxVisibleItems(24)
        made.activated.connect(lambda _: self.chosen.emit(position, str(made.currentData())))
        made.installEventFilter(self)
        made.show()
        return made

    def _place(self) -> None:
        for position, one in enumerate(self.choices):
            left = self.sectionViewportPosition(position) + 2
            one.setGeometry(left, _GAP, self.sectionSize(position) - 4, self._height)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Bring a column into view when the keyboard reaches its choice."""
        if event.type() is QEvent.Type.FocusIn and watched in self.choices:
            self._view.scrollTo(self._view.model().index(0, self.choices.index(watched)))
        return super().eventFilter(watched, event)


class TablePreview(QTableView):
    """The table as it is read.

    Signals
    -------
    chosen : int, str
        Column, and the key of what it is said to hold.
    """

    chosen = Signal(int, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = _Lines(self)
        self.headers = _Headers(self)
        self.setHorizontalHeader(self.headers)
        self.setModel(self.lines)
        self.setAccessibleName(text("tables.preview"))
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        # selecting all of it is good for nothing
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().setDefaultSectionSize(row_height(24))
        self.headers.chosen.connect(self.chosen)
        self._known: tuple[str, ...] | None = None

    def show_table(
        self, raw: RawTable | None, choices: Choices, said: Mapping[int, str], hidden: frozenset[int]
    ) -> None:
        """Show a table and what its columns are said to hold.

        Parameters
        ----------
        raw : RawTable or None
            The table; None where the file cannot be read.
        choices : Choices
            What a column can hold.
        said : mapping of int to str
            Key of what each column holds.
        hidden : frozenset of int
            Columns whose cells are not shown: names.
        """
        self.lines.show_lines(raw, hidden)
        headers = raw.headers[:_COLUMNS] if raw else ()
        self.headers.offer(headers, choices, said)
        if headers != self._known:
            # widths that a hand has set stay as long as the columns are the same
            self._known = headers
            for position in range(len(headers)):
                width = self.sizeHintForColumn(position) + 2 * _GAP
                self.setColumnWidth(position, min(max(width, scaled(_LEAST)), scaled(_MOST)))
