"""A list of a thousand lines that scrolls without waiting: cells ready to be painted, no widget a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.ui.listed import Mark, Row
from app.ui.scale import row_height, scaled
from app.ui.theme import DARK, Theme

Index = QModelIndex | QPersistentModelIndex
ALL = "all"
_LINE = 28
# a dot with room around it; drawn twice as fine for screens with small points
_DOT, _FINE = 10, 2
_PEN = 1.5
_GAP, _REMEMBERED = 7, 5000
_Roles = Qt.ItemDataRole
_WORDS = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft | Qt.TextFlag.TextSingleLine)


class LongModel(QAbstractTableModel):
    """Rows of cells.

    Parameters
    ----------
    headers : sequence of str
        Column titles.

    Attributes
    ----------
    rows : list of Row
        All lines.
    tell : callable or None
        Gives what is told of a cell where the pointer rests, made when it is asked for.
    """

    def __init__(self, headers: Sequence[str], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._headers, self._tips = tuple(headers), tuple(headers)
        self.rows: list[Row] = []
        self.tell: Callable[[Row, int], str] | None = None
        self.signs: Mapping[Mark, QPixmap] = {}
        self.show_theme(DARK)

    # -- what it holds --------------------------------------------------------------------------------

    def show_columns(self, headers: Sequence[str], tips: Sequence[str], rows: list[Row]) -> None:
        """Take other columns with their rows."""
        self.beginResetModel()
        self._headers, self._tips, self.rows = tuple(headers), tuple(tips), rows
        self.endResetModel()

    def show_rows(self, rows: list[Row]) -> None:
        """Take other rows; those that are the same stay where they are."""
        if rows == self.rows:
            return
        if [row.key for row in rows] == [row.key for row in self.rows]:
            for number, row in enumerate(rows):
                if row != self.rows[number]:
                    self.show_row(number, row)
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def show_row(self, number: int, row: Row) -> None:
        """Take another row in the place of one."""
        self.rows[number] = row
        self.dataChanged.emit(self.index(number, 0), self.index(number, len(row.cells) - 1))

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.signs = _signs(theme)
        if self.rows:
            self.dataChanged.emit(self.index(0, 0), self.index(len(self.rows) - 1, self.columnCount() - 1))

    # -- what Qt asks ---------------------------------------------------------------------------------

    def rowCount(self, parent: Index | None = None) -> int:
        """All rows."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """As many as there are headers."""
        return 0 if parent is not None and parent.isValid() else len(self._headers)

    def data(self, index: Index, role: int = _Roles.DisplayRole) -> object:
        """Words and tip of a cell; what it looks like the painter asks the cell itself."""
        cell = self.rows[index.row()].cells[index.column()]
        if role == _Roles.DisplayRole:
            return cell.text
        if role == _Roles.ToolTipRole:
            told = self.tell(self.rows[index.row()], index.column()) if self.tell else ""
            return told or cell.tip or cell.text
        if role == _Roles.UserRole:
            return cell.text if cell.order is None else cell.order
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Roles.DisplayRole) -> object:
        """Column titles."""
        if orientation is not Qt.Orientation.Horizontal or section >= len(self._headers):
            return None
        if role == _Roles.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == _Roles.ToolTipRole:
            return self._tips[section]
        return self._headers[section] if role == _Roles.DisplayRole else None


def _signs(theme: Theme) -> dict[Mark, QPixmap]:
    """Small signs that differ in shape, not only in colour: ring, half, full, bar."""
    return {mark: _sign(mark, theme) for mark in Mark if mark is not Mark.NONE}


def _sign(mark: Mark, theme: Theme) -> QPixmap:
    """A ring: full when signed off, half when begun, crossed when unlocked or refused, dotted in wait."""
    colours = {
        Mark.SIGNED: theme.good,
        Mark.OPEN: theme.warn,
        Mark.UNLOCKED: theme.warn,
        Mark.REFUSED: theme.bad,
    }
    colour = QColor(colours.get(mark, theme.quiet))
    made = QPixmap(_DOT * _FINE, _DOT * _FINE)
    made.setDevicePixelRatio(_FINE)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    pen = QPen(colour, _PEN)
    if mark is Mark.WAITING:
        pen.setStyle(Qt.PenStyle.DotLine)
    painter.setPen(pen)
    painter.setBrush(colour if mark is Mark.SIGNED else Qt.BrushStyle.NoBrush)
    painter.drawEllipse(1, 1, _DOT - 2, _DOT - 2)
    if mark is Mark.OPEN:
        painter.setBrush(colour)
        # angles of Qt are sixteenths of a degree: the lower half
        painter.drawPie(1, 1, _DOT - 2, _DOT - 2, 180 * 16, 180 * 16)
    if mark in {Mark.UNLOCKED, Mark.REFUSED}:
        painter.drawLine(3, _DOT - 3, _DOT - 3, 3)
    painter.end()
    return made


class _Painter(QStyledItemDelegate):
    """Paints a cell straight from its words: what Qt does for every cell of a screen outlasts a frame."""

    def __init__(self, view: LongList) -> None:
        super().__init__(view)
        self._view = view
        # few words fill many cells: each is measured once for a width
        self._shown: dict[tuple[str, int], str] = {}
        self.show_theme(DARK)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme, with whatever letters there are by now."""
        self._text, self._quiet = QColor(theme.text), QColor(theme.quiet)
        self._warn, self._chosen = QColor(theme.warn), QColor(theme.selected)
        self._shown.clear()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        cell, rect = self._view.row_at(index).cells[index.column()], option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(rect, self._chosen)
        left, top, height = rect.left() + _GAP, rect.top(), rect.height()
        sign = self._view.lines.signs.get(cell.mark)
        if sign is not None:
            painter.drawPixmap(left, top + (height - _DOT) // 2, sign)
            left += _DOT + _GAP
        room = rect.right() - _GAP - left
        if cell.text and room > 0:
            quiet = cell.quiet and not chosen
            painter.setPen(self._warn if cell.warns else self._quiet if quiet else self._text)
            painter.drawText(left, top, room, height, _WORDS, self._cut(cell.text, room, option))

    def _cut(self, told: str, room: int, option: QStyleOptionViewItem) -> str:
        """What of some words has room."""
        if (told, room) not in self._shown:
            if len(self._shown) > _REMEMBERED:
                self._shown.clear()
            right = Qt.TextElideMode.ElideRight
            self._shown[told, room] = option.fontMetrics.elidedText(told, right, room)
        return self._shown[told, room]


class Sieve(QSortFilterProxyModel):
    """Keeps the rows of one kind that hold the letters of a search."""

    def __init__(self, model: LongModel) -> None:
        super().__init__(model)
        self._model = model
        self._letters, self.kind = "", ALL
        self.setSourceModel(model)
        self.setSortRole(_Roles.UserRole)

    def search(self, letters: str) -> None:
        """Keep rows with these letters."""
        self._letters = letters.strip().casefold()
        self.invalidate()

    def keep(self, kind: str) -> None:
        """Keep rows of a kind."""
        self.kind = kind
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:  # noqa: N802 - Qt's name
        """Whether a row is kept."""
        held = self._model.rows[row]
        return (self.kind == ALL or self.kind in held.kinds) and self._letters in held.searched


class LongList(QTableView):
    """The list itself.

    Parameters
    ----------
    headers : sequence of str
        Column titles.
    name : str
        What it shows, for a screen reader.
    """

    def __init__(self, headers: Sequence[str], name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = LongModel(headers, self)
        self.sieve = Sieve(self.lines)
        self.setModel(self.sieve)
        self._painter = _Painter(self)
        self.setItemDelegate(self._painter)
        self.setAccessibleName(name)
        self.setSortingEnabled(True)
        self.horizontalHeader().setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        # all lines alike: none is asked how high it would like to be
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.verticalHeader().setDefaultSectionSize(row_height(_LINE))
        self.verticalHeader().hide()
        self.horizontalHeader().setStretchLastSection(True)
        self.horizontalHeader().setHighlightSections(False)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._painter.show_theme(theme)
        self.lines.show_theme(theme)

    def use_widths(self, widths: Sequence[int]) -> None:
        """Give columns a width that was drawn for the smallest letters."""
        for column, width in enumerate(widths):
            self.setColumnWidth(column, scaled(width))

    def row_at(self, index: Index) -> Row:
        """The row behind a shown index."""
        return self.lines.rows[self.sieve.mapToSource(index).row()]

    @property
    def texts(self) -> list[tuple[str, ...]]:
        """What is shown, line by line."""
        shown = (self.row_at(self.sieve.index(row, 0)) for row in range(self.sieve.rowCount()))
        return [tuple(cell.text for cell in row.cells) for row in shown]

    def go_to(self, key: tuple[object, ...], column: int = 0) -> bool:
        """Choose a line by its key; False where it is not shown."""
        for number, row in enumerate(self.lines.rows):
            if row.key == key:
                index = self.sieve.mapFromSource(self.lines.index(number, column))
                self.setCurrentIndex(index)
                self.scrollTo(index)
                return index.isValid()
        return False
