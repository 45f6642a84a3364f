"""A row of widgets goes on in the next line where the width ends."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.ui.flow import FlowLayout


class Block(QWidget):
    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._size = QSize(width, height)

    def sizeHint(self) -> QSize:
        return self._size


def made(qtbot: QtBot, *blocks: Block) -> tuple[QWidget, FlowLayout]:
    holder = QWidget()
    qtbot.addWidget(holder)
    layout = FlowLayout(holder, spacing=10)
    for block in blocks:
        layout.addWidget(block)
    return holder, layout


def test_what_does_not_fit_goes_to_the_next_line(qtbot: QtBot) -> None:
    blocks = [Block(100, 30), Block(100, 30), Block(100, 30)]
    holder, layout = made(qtbot, *blocks)
    assert layout.heightForWidth(320) == 30
    assert layout.heightForWidth(319) == 70
    holder.resize(215, 110)
    holder.show()
    assert [(one.x(), one.y()) for one in blocks] == [(0, 0), (110, 0), (0, 40)]


def test_a_low_one_stands_in_the_middle_of_its_line(qtbot: QtBot) -> None:
    high, low = Block(50, 30), Block(50, 10)
    holder, _ = made(qtbot, high, low)
    holder.resize(200, 30)
    holder.show()
    assert low.y() == 10


def test_hidden_ones_take_no_room_and_none_at_all_no_height(qtbot: QtBot) -> None:
    first, second = Block(50, 30), Block(50, 30)
    holder, layout = made(qtbot, first, second)
    holder.resize(200, 30)
    holder.show()
    first.hide()
    layout.activate()
    assert second.x() == 0
    second.hide()
    assert layout.heightForWidth(200) == 0
    assert layout.sizeHint() == QSize(0, 0)


def test_one_wider_than_the_row_has_a_line_of_its_own(qtbot: QtBot) -> None:
    wide, next_one = Block(300, 20), Block(40, 20)
    holder, layout = made(qtbot, wide, next_one)
    holder.resize(100, 60)
    holder.show()
    assert next_one.y() == 30
    assert layout.count() == 2
    assert layout.itemAt(2) is None
    assert layout.takeAt(2) is None
