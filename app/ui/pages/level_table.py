"""The five levels with their numbers: a table model and its look."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QColor, QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level
from app.ui import present
from app.ui.present.levels import LevelRow
from app.ui.scale import row_height, scaled
from app.ui.theme import DARK, LEVEL_COLOURS, Theme

Index = QModelIndex | QPersistentModelIndex
_LEVEL, _FF, _R2STAR, _VOXELS = range(4)
ROW_HEIGHT = 30


class LevelModel(QAbstractTableModel):
    """Rows of :class:`LevelRow`, one a level."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[LevelRow] = [LevelRow(level) for level in LEVELS]
        self.r2star_unit = present.quantity_unit(Quantity.R2STAR)

    def use_unit(self, r2star_unit: str) -> None:
        """Call the unit of R2* as the protocol does."""
        if r2star_unit != self.r2star_unit:
            self.r2star_unit = r2star_unit
            self.headerDataChanged.emit(Qt.Orientation.Horizontal, _R2STAR, _R2STAR)

    def rowCount(self, parent: Index | None = None) -> int:
        """Five levels."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: Index | None = None) -> int:
        """Level, FF, R2*, voxels."""
        return 0 if parent is not None and parent.isValid() else _VOXELS + 1

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Titles with units."""
        if orientation is Qt.Orientation.Vertical:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignVCenter) | int(
                Qt.AlignmentFlag.AlignLeft if section == _LEVEL else Qt.AlignmentFlag.AlignRight
            )
        if role != Qt.ItemDataRole.DisplayRole:
            return None
        return (
            present.text("read.level"),
            present.text("read.ff"),
            present.text("read.r2star", unit=self.r2star_unit),
            present.text("read.voxels"),
        )[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Numbers as text; the whole line for a screen reader; the warning as tooltip."""
        row = self.rows[index.row()]
        cell = (row.level.value, f"{row.ff} {row.ff_sd}", f"{row.r2star} {row.r2star_sd}", row.voxels)
        if role == Qt.ItemDataRole.DisplayRole:
            return row.note if row.note and index.column() == _FF else cell[index.column()].strip()
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.detail or row.note or None
        return None

    def show_rows(self, rows: list[LevelRow]) -> None:
        """Take new lines and repaint only those that differ."""
        for number, row in enumerate(rows):
            if row != self.rows[number]:
                before, self.rows[number] = self.rows[number], row
                for column in _changed(before, row):
                    # cell by cell: Qt would paint the line below a block of cells too
                    index = self.index(number, column)
                    self.dataChanged.emit(index, index)


def _changed(before: LevelRow, after: LevelRow) -> list[int]:
    """Columns in which two lines of a level look different; a note runs across all of them."""
    if before.note or after.note:
        return [_FF, _R2STAR, _VOXELS]
    return [column for column in (_FF, _R2STAR, _VOXELS) if _shown(before, column) != _shown(after, column)]


def _shown(row: LevelRow, column: int) -> tuple[str | bool, ...]:
    """What is painted in a cell of numbers."""
    return {
        _FF: (row.ff, row.ff_sd),
        _R2STAR: (row.r2star, row.r2star_sd),
        _VOXELS: (row.voxels, row.warning, row.accepted),
    }[column]


class _LevelDelegate(QStyledItemDelegate):
    """Paints a level's line: chip and label, mean strong, SD quiet, a triangle where a rule speaks."""

    def __init__(self, parent: QTableView) -> None:
        super().__init__(parent)
        self.theme = DARK
        self._font = QFont()
        self._small, self._strong = QFont(), QFont()

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(40, row_height(ROW_HEIGHT))

    def _follow_font(self, font: QFont) -> None:
        """Derive the fonts of means and SDs, once: a drag paints them again and again."""
        if font != self._font:
            self._font, self._small, self._strong = QFont(font), QFont(font), QFont(font)
            self._small.setPointSizeF(font.pointSizeF() * 0.9)
            self._strong.setWeight(QFont.Weight.DemiBold)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        model = index.model()
        if not isinstance(model, LevelModel):
            return
        row, rect = model.rows[index.row()], option.rect
        painter.save()
        if option.state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, QColor(self.theme.selected))
        painter.setPen(QColor(self.theme.border))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if index.column() == _LEVEL:
            self._paint_level(painter, rect, row)
        elif not row.note or (index.column() == _VOXELS and row.voxels):
            self._paint_number(painter, rect, row, index.column())
        else:
            self._paint_note(painter, rect, row)
        painter.restore()

    def _paint_level(self, painter: QPainter, rect: QRect, row: LevelRow) -> None:
        colour = QColor(LEVEL_COLOURS[row.level])
        chip = QRect(rect.left() + 8, rect.center().y() - 4, 9, 9)
        painter.fillRect(chip, colour)
        painter.setPen(QColor(self.theme.text))
        painter.drawText(rect.adjusted(24, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, row.level.value)

    def _paint_note(self, painter: QPainter, rect: QRect, row: LevelRow) -> None:
        """A note runs across all columns of numbers: each cell paints its own piece of it."""
        widget = self.parent()
        left, right = rect.left(), rect.right()
        if isinstance(widget, QTableView):
            # a number of voxels keeps its column
            end = widget.columnViewportPosition(_VOXELS) if row.voxels else widget.viewport().width()
            left, right = widget.columnViewportPosition(_FF), end
        wide = QRect(left + 4, rect.top(), right - left - 8, rect.height())
        painter.setClipRect(rect)
        painter.setPen(QColor(self.theme.quiet))
        words = painter.fontMetrics().elidedText(row.note, Qt.TextElideMode.ElideRight, wide.width())
        painter.drawText(wide, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)

    def _paint_number(self, painter: QPainter, rect: QRect, row: LevelRow, column: int) -> None:
        value, spread = {
            _FF: (row.ff, row.ff_sd),
            _R2STAR: (row.r2star, row.r2star_sd),
            _VOXELS: (row.voxels, ""),
        }[column]
        right = rect.right() - 6
        if column == _VOXELS:
            # room for the mark at the end of every line, so that the figures stay in one column
            right -= 16
            self._paint_mark(painter, QRect(right + 2, rect.top(), 16, rect.height()), row)
        self._follow_font(painter.font())
        if column != _VOXELS:
            painter.setFont(self._small)
            painter.setPen(QColor(self.theme.quiet))
            width = painter.fontMetrics().horizontalAdvance("±88.8" if column == _FF else "±888")
            box = QRect(right - width, rect.top(), width, rect.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, spread)
            right -= width + 4
        painter.setFont(self._strong)
        painter.setPen(QColor(self.theme.text))
        box = QRect(rect.left(), rect.top(), right - rect.left(), rect.height())
        painter.drawText(box, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, value)

    def _paint_mark(self, painter: QPainter, rect: QRect, row: LevelRow) -> None:
        """A triangle where a rule speaks, a tick where that was accepted."""
        if row.warning:
            painter.setPen(QColor(self.theme.quiet if row.accepted else self.theme.warn))
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, "✓" if row.accepted else "▲")


class LevelTable(QTableView):
    """The table of levels; a click selects or arms a level."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.levels = LevelModel(self)
        self._delegate = _LevelDelegate(self)
        self.setModel(self.levels)
        self.setItemDelegate(self._delegate)
        self.setAccessibleName(present.text("read.level"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        # a click leaves the keys with the maps
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setTabKeyNavigation(False)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(row_height(ROW_HEIGHT))
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        for column, width in ((_LEVEL, 54), (_VOXELS, 68)):
            header.resizeSection(column, scaled(width))
        header.setSectionResizeMode(_FF, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(_R2STAR, QHeaderView.ResizeMode.Stretch)
        header.setFixedHeight(row_height(ROW_HEIGHT))
        # two points on each side for the ring of the focus
        self.setFixedHeight(row_height(ROW_HEIGHT) * (len(LEVELS) + 1) + 4)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows select a level as a click does."""
        before = self.currentIndex()
        super().keyPressEvent(event)
        if self.currentIndex() != before:
            self.clicked.emit(self.currentIndex())

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._delegate.theme = theme
        self.viewport().update()

    def show_selected(self, level: Level | None) -> None:
        """Mark the selected level."""
        if level is None:
            self.clearSelection()
        elif self.currentIndex().row() != LEVELS.index(level) or not self.selectedIndexes():
            self.selectRow(LEVELS.index(level))
