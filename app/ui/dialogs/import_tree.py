"""The tree of the import dialog as a Qt model: rows come ready made, wishes go out as signals."""

from __future__ import annotations

from dataclasses import dataclass, field

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QObject, QPersistentModelIndex, Qt, Signal

from app.ui.import_row import Column, Kind, Row, Tick
from app.ui.present import text

Index = QModelIndex | QPersistentModelIndex
CELL_ROLE, ROW_ROLE = Qt.ItemDataRole.UserRole, Qt.ItemDataRole.UserRole + 1

_NOWHERE = QModelIndex()
_CHECK = {
    Tick.OFF: Qt.CheckState.Unchecked,
    Tick.PART: Qt.CheckState.PartiallyChecked,
    Tick.ON: Qt.CheckState.Checked,
}
_HEADERS = {column: f"images.column_{column.name.lower()}" for column in Column}


@dataclass(slots=True)
class _Node:
    """A row and its place."""

    row: Row
    above: int
    place: int
    below: list[int] = field(default_factory=list)


class ImportTree(QAbstractItemModel):
    """Rows of :mod:`app.ui.present.imports`.

    Signals
    -------
    ticked : object, bool
        A Row and what its box should be.
    code_written : str, str
        Key of an exam and the case code it should get.
    answered : object, str, str
        A Question, what it should show, and its unit.
    charset_chosen : object, str
        The Row of a patient and the character set in which the name should be read.
    """

    ticked = Signal(object, bool)
    code_written = Signal(str, str)
    answered = Signal(object, str, str)
    charset_chosen = Signal(object, str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # indices carry the number of a node; -1 stands above the uppermost rows
        self._nodes: list[_Node] = []
        self._top: list[int] = []
        self._by_key: dict[str, int] = {}

    def show_rows(self, rows: tuple[Row, ...]) -> bool:
        """Take new rows.

        Returns
        -------
        bool
            Whether they are other rows; otherwise they only say something else, and the view stays as it is.
        """
        nodes, top = _flatten(rows)
        before = self._nodes
        same = [node.row.key for node in nodes] == [node.row.key for node in before]
        if not same:
            self.beginResetModel()
        self._nodes, self._top = nodes, top
        self._by_key = {node.row.key: number for number, node in enumerate(nodes)}
        if not same:
            self.endResetModel()
            return True
        last = len(Column) - 1
        # with many exams, a view that is told of all lines lays all of them out again
        for number, (old, new) in enumerate(zip(before, nodes, strict=True)):
            if old.row.says != new.row.says:
                self.dataChanged.emit(self._index(number, 0), self._index(number, last))
        return False

    # -- places ---------------------------------------------------------------------------------------

    def _index(self, number: int, column: int) -> QModelIndex:
        return self.createIndex(self._nodes[number].place, column, number)

    def _node(self, index: Index) -> _Node:
        return self._nodes[index.internalId()]

    def row_of(self, index: Index) -> Row:
        """The row behind an index."""
        return self._node(index).row

    def find(self, key: str, column: Column = Column.WHAT) -> QModelIndex:
        """Index of the row with a key; invalid where there is none."""
        number = self._by_key.get(key)
        return QModelIndex() if number is None else self._index(number, column)

    def all_of(self, kind: Kind) -> list[QModelIndex]:
        """First cell of every row of a kind, from the top."""
        return [self._index(number, 0) for number, node in enumerate(self._nodes) if node.row.kind is kind]

    def index(self, row: int, column: int, parent: Index = _NOWHERE) -> QModelIndex:
        """Index of a cell."""
        siblings = self._node(parent).below if parent.isValid() else self._top
        if not (0 <= row < len(siblings) and 0 <= column < len(Column)):
            return QModelIndex()
        return self._index(siblings[row], column)

    def parent(self, index: Index) -> QModelIndex:  # type: ignore[override]  # QObject has one of another meaning
        """Index of the row above in the tree."""
        if not index.isValid() or self._node(index).above < 0:
            return QModelIndex()
        return self._index(self._node(index).above, 0)

    def rowCount(self, parent: Index = _NOWHERE) -> int:
        """Rows below another."""
        if parent.isValid() and parent.column() > 0:
            return 0
        return len(self._node(parent).below if parent.isValid() else self._top)

    def columnCount(self, parent: Index = _NOWHERE) -> int:
        """The same everywhere."""
        return len(Column)

    # -- what is shown --------------------------------------------------------------------------------

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Words, box and the row itself; tooltips and screen readers get both lines."""
        if not index.isValid():
            return None
        row, column = self.row_of(index), Column(index.column())
        cell = row.cell(column)
        if role == Qt.ItemDataRole.DisplayRole:
            return cell.title
        if role == Qt.ItemDataRole.EditRole:
            return cell.title
        if role in (Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole):
            return "\n".join(part for part in (cell.title, cell.quiet) if part)
        if role == Qt.ItemDataRole.CheckStateRole and column is Column.WHAT:
            return _CHECK.get(row.tick)
        return {CELL_ROLE: cell, ROW_ROLE: row}.get(role)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Column titles."""
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.DisplayRole and orientation is Qt.Orientation.Horizontal:
            return text(_HEADERS[Column(section)])
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """What can be ticked and edited."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        row, column = self.row_of(index), Column(index.column())
        can = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled
        if column is Column.WHAT and row.tick is not Tick.NONE and row.enabled:
            can |= Qt.ItemFlag.ItemIsUserCheckable
        if is_editable(row, column):
            can |= Qt.ItemFlag.ItemIsEditable
        return can

    # -- what is wished -------------------------------------------------------------------------------

    def setData(self, index: Index, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:  # noqa: N802 - Qt's name
        """Hand a wish on; whether it is granted shows in the next rows."""
        row, column = self.row_of(index), Column(index.column())
        if role == Qt.ItemDataRole.CheckStateRole:
            return self.toggle(index)
        if role == Qt.ItemDataRole.EditRole and column is Column.CODE:
            self.code_written.emit(row.exam, str(value).strip())
            return True
        return False

    def toggle(self, index: Index) -> bool:
        """Tick a row, or untick it when it is ticked whole."""
        row = self.row_of(index)
        if row.tick is Tick.NONE or not row.enabled:
            return False
        self.ticked.emit(row, row.tick is not Tick.ON)
        return True

    def answer(self, index: Index, shows: str, unit: str) -> None:
        """Say what a series shows."""
        self.answered.emit(self.row_of(index).subject, shows, unit)

    def read_names(self, index: Index, charset: str) -> None:
        """Read the name of a patient in a character set."""
        self.charset_chosen.emit(self.row_of(index), charset)


def is_editable(row: Row, column: Column) -> bool:
    """Whether a cell turns into a field: case codes of exams that get one."""
    return column is Column.CODE and column in row.cells and row.cell(column).tone != "quiet"


def _flatten(rows: tuple[Row, ...]) -> tuple[list[_Node], list[int]]:
    """Every row as a node, and the numbers of the uppermost."""
    nodes: list[_Node] = []

    def add(row: Row, above: int, place: int) -> int:
        number = len(nodes)
        nodes.append(_Node(row, above, place))
        nodes[number].below = [add(child, number, n) for n, child in enumerate(row.children)]
        return number

    top = [add(row, -1, place) for place, row in enumerate(rows)]
    return nodes, top
