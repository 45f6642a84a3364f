"""Beside the coordinator's list: progress of each reader, the chosen cell, what was left out."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import (
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from app.services.study import Column, Overview, State
from app.ui.pages.long_list import Index, LongList
from app.ui.present import text
from app.ui.present.overview import Chosen, cell_tip, chosen_lines, column_tip, column_title, left_out_rows
from app.ui.scale import row_height, scaled
from app.ui.theme import DARK, Theme
from app.ui.widgets import button, named, words

WIDTH = 300
_LINE, _BAR, _MOST = 34, 4, 6
_HELD = Qt.ItemDataRole.UserRole
ACTS = ("unlock", "reassign", "assign", "offer", "reference")
# at least three lines of what was left out
_LEAST = 90


class _ReaderLine(QStyledItemDelegate):
    """Reader and round, signed off of assigned, and a bar below."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.theme = DARK

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, row_height(_LINE))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        done, total = index.data(_HELD)
        rect = option.rect.adjusted(8, 4, -8, -4)
        painter.save()
        painter.setPen(QColor(self.theme.text))
        told = text("worklist.reader_progress", done=done, total=total)
        room = rect.width() - option.fontMetrics.horizontalAdvance(told) - 8
        name = option.fontMetrics.elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, room)
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop), name)
        painter.setPen(QColor(self.theme.quiet))
        painter.drawText(rect, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop), told)
        bar = rect.adjusted(0, rect.height() - _BAR, 0, 0)
        painter.fillRect(bar, QColor(self.theme.border))
        bar.setWidth(round(bar.width() * done / max(total, 1)))
        painter.fillRect(bar, QColor(self.theme.accent))
        painter.restore()


class StudySide(QWidget):
    """Three short parts, one below the other.

    Signals
    -------
    wanted : str
        One of :data:`ACTS` for the chosen cell.
    case_wanted : int
        A case of those that were left out.
    """

    wanted = Signal(str)
    case_wanted = Signal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "card")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(scaled(WIDTH))
        self.readers = QListWidget()
        self._line = _ReaderLine(self.readers)
        self.readers.setItemDelegate(self._line)
        self.readers.setAccessibleName(text("worklist.readers"))
        self.readers.setFrameShape(QListWidget.Shape.NoFrame)
        self.readers.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.title, self.told = words(text("worklist.chosen"), "section"), words(role="quiet")
        self.buttons = {name: self._button(name) for name in ACTS}
        self.left_out = LongList((text("worklist.left_out"),), text("worklist.left_out"))
        self.left_out.horizontalHeader().hide()
        self.left_out.setSortingEnabled(False)
        self.left_out.setMinimumHeight(scaled(_LEAST))
        self.closed = words(role="quiet")
        self._lay_out()
        self.left_out.clicked.connect(self._on_left_out)
        self.left_out.activated.connect(self._on_left_out)
        self.show_chosen(None)

    def _button(self, name: str) -> QPushButton:
        made = button(f"worklist.{name}", tip=text(f"worklist.{name}_tip"))
        made.setObjectName(name)
        made.clicked.connect(self._on_wanted)
        return made

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 12, 12, 12)
        column.setSpacing(8)
        for label in (self.title, self.told, self.closed):
            label.setWordWrap(True)
        column.addWidget(words(text("worklist.readers"), "section"))
        column.addWidget(self.readers)
        column.addSpacing(4)
        column.addWidget(self.title)
        column.addWidget(self.told)
        for made in self.buttons.values():
            column.addWidget(made)
        column.addSpacing(4)
        column.addWidget(words(text("worklist.left_out"), "section"))
        column.addWidget(self.closed)
        column.addWidget(self.left_out, 1)
        column.addStretch(0)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._line.theme = theme
        self.readers.viewport().update()
        self.left_out.show_theme(theme)

    # -- what it shows --------------------------------------------------------------------------------

    def show_study(self, overview: Overview) -> None:
        """Show how far everybody is, and what was left out."""
        self.readers.clear()
        for one in overview.columns:
            self.readers.addItem(_reader_item(one))
        lines = min(max(len(overview.columns), 1), _MOST)
        self.readers.setFixedHeight(lines * row_height(_LINE) + 2)
        left_out = overview.left_out
        closed = left_out is None
        self.closed.setText(text("worklist.left_out_closed" if closed else "worklist.left_out_none"))
        self.closed.setVisible(not left_out)
        self.left_out.setVisible(bool(left_out))
        self.left_out.lines.show_rows(left_out_rows(left_out or ()))

    def show_chosen(self, chosen: Chosen | None) -> None:
        """Show a cell, and what can be done with it."""
        offered = _offered(chosen) if chosen else set()
        for name, made in self.buttons.items():
            made.setVisible(name in offered)
        if chosen is None:
            self.title.setText(text("worklist.chosen"))
            self.told.setText(text("worklist.chosen_none"))
            self.told.setToolTip("")
            self.told.setAccessibleDescription("")
            return
        self.title.setText(text("worklist.chosen_title", **chosen.words))
        self.told.setText("\n".join(chosen_lines(chosen)))
        # there is no room for many sentences below each other
        spoken = cell_tip(chosen) if chosen.findings else ""
        self.told.setToolTip(spoken)
        self.told.setAccessibleDescription(spoken)

    def _on_wanted(self) -> None:
        self.wanted.emit(self.sender().objectName())

    def _on_left_out(self, index: QModelIndex) -> None:
        key = self.left_out.row_at(index).key
        if key:
            self.case_wanted.emit(int(str(key[0])))


def _reader_item(one: Column) -> QListWidgetItem:
    item = QListWidgetItem(column_title(one))
    item.setData(_HELD, (one.signed_off, one.assigned))
    item.setToolTip(column_tip(one))
    item.setData(Qt.ItemDataRole.AccessibleDescriptionRole, column_tip(one))
    return item


def _offered(chosen: Chosen) -> set[str]:
    """What can be done with a cell."""
    state = chosen.progress.state
    if state is State.SIGNED_OFF:
        return {"unlock"} | ({"reference"} if chosen.case.training and chosen.column.round == 1 else set())
    if state is State.NOT_ASSIGNED:
        return {"assign"}
    return {"reassign", "offer"} if state is State.WAITING else {"reassign"}
