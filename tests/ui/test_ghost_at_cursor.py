"""The ghost rectangle of the next level, where the cursor is, without a move of the mouse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.view import Camera
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage

Key = Callable[..., None]
Fill = Callable[..., None]


def rest_at(mouse: Any, row: float, col: float) -> QPoint:
    """Put the cursor over a place of the picture as it lies now, and give the point of the screen."""
    at: QPoint = mouse.view.mapToGlobal(mouse.point(row, col))
    QCursor.setPos(at)
    QApplication.processEvents()
    return at


@pytest.mark.parametrize("camera", [Camera(), Camera(1.5, (0.45, 0.55))], ids=["whole", "zoomed"])
def test_after_enter_the_ghost_of_l1_is_at_the_cursor_when_the_next_case_is_painted(
    window: MainWindow, page: ReadingPage, maps: MapPair, ff: Any, key: Key, fill: Fill, camera: Camera
) -> None:
    space = window.workspace
    page.setFocus()
    fill(space)
    maps.set_camera(camera)
    at = rest_at(ff, 60, 40)
    assert space.case is not None
    before = space.case.exam.id
    key("Return")
    assert space.case.exam.id != before
    view = maps.views[Quantity.FF]
    # the next case is seen whole, so that another place of it may lie below the cursor
    stored = view.stored_at(view.mapFromGlobal(at).toPointF())
    assert stored is not None
    assert space.selected is Level.L1
    assert [one._marks.ghost for one in maps.views.values()] == [space.ghost(*stored)] * 2


def test_where_the_cursor_is_beside_the_maps_the_next_case_shows_no_ghost(
    window: MainWindow, page: ReadingPage, maps: MapPair, ff: Any, key: Key, fill: Fill
) -> None:
    page.setFocus()
    fill(window.workspace)
    rest_at(ff, 60, 40)
    # as a hand that took the mouse out of the window in one move
    QCursor.setPos(0, 0)
    key("Return")
    assert maps.pointer is None
    assert all(view._marks.ghost is None for view in maps.views.values())


def test_maps_that_come_into_view_below_the_cursor_show_the_ghost_there(
    window: MainWindow, maps: MapPair, ff: Any
) -> None:
    space = window.workspace
    assert space.case is not None
    exam = space.case.exam.id
    at = rest_at(ff, 60, 40)
    space.set_reader("Bo")
    space.open_case(exam)
    maps.hide()
    QApplication.processEvents()
    assert maps.pointer is None
    maps.show()
    QApplication.processEvents()
    view = maps.views[Quantity.FF]
    stored = view.stored_at(view.mapFromGlobal(at).toPointF())
    assert stored is not None
    assert view._marks.ghost == space.ghost(*stored)
    assert view._marks.ghost is not None
