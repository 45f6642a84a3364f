"""A hand on the maps: mouse and wheel at stored voxel positions, whatever zoom and flip the screen has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level
from app.domain.shapes import Rectangle, place
from app.services import read_exam
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.map_view import MapView
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
PLAIN = Qt.KeyboardModifier.NoModifier


@dataclass
class Mouse:
    """The mouse over one map of a window."""

    view: MapView
    workspace: Workspace
    held: Qt.MouseButton = Qt.MouseButton.NoButton

    def point(self, row: float, col: float) -> QPoint:
        """Screen point of a stored position in voxel edges: voxel k covers k .. k + 1."""
        shown = self.view.view
        assert shown is not None
        x, y = shown.to_screen(*shown.orientation.to_shown(row, col))
        return QPoint(round(x), round(y))

    def click(self, row: float, col: float, button: Qt.MouseButton = LEFT) -> None:
        QTest.mouseClick(self.view, button, PLAIN, self.point(row, col))

    def press(self, row: float, col: float, button: Qt.MouseButton = LEFT) -> None:
        self.held |= button
        QTest.mousePress(self.view, button, PLAIN, self.point(row, col))

    def release(self, row: float, col: float, button: Qt.MouseButton = LEFT) -> None:
        self.held &= ~button
        QTest.mouseRelease(self.view, button, PLAIN, self.point(row, col))

    def move(self, row: float, col: float, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        """Move to a position. Sent as an event: moving the real pointer tells nothing where it was before."""
        self._send(QEvent.Type.MouseMove, row, col, Qt.MouseButton.NoButton, modifiers)

    def _send(
        self, kind: QEvent.Type, row: float, col: float, button: Qt.MouseButton, modifiers: Any = PLAIN
    ) -> None:
        at = QPointF(self.point(row, col))
        event = QMouseEvent(kind, at, self.view.mapToGlobal(at), button, self.held, modifiers)
        QApplication.sendEvent(self.view, event)

    def press_beside(self, row: float, col: float, button: Qt.MouseButton) -> None:
        """Press and release another button while one is down already."""
        self.held |= button
        self._send(QEvent.Type.MouseButtonPress, row, col, button)
        self.held &= ~button
        self._send(QEvent.Type.MouseButtonRelease, row, col, button)

    def drag(
        self, start: tuple[float, float], end: tuple[float, float], button: Qt.MouseButton = LEFT
    ) -> None:
        self.press(*start, button)
        self.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
        self.move(*end)
        self.release(*end, button)

    def double_click(self, row: float, col: float) -> None:
        self.click(row, col)
        self.second_click(row, col)

    def second_click(self, row: float, col: float) -> None:
        """The second half of a double click, the first of which went elsewhere."""
        QTest.mouseDClick(self.view, LEFT, PLAIN, self.point(row, col))
        QTest.mouseRelease(self.view, LEFT, PLAIN, self.point(row, col))

    def wheel(self, row: float, col: float, delta: int, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
        at = QPointF(self.point(row, col))
        event = QWheelEvent(
            at, self.view.mapToGlobal(at), QPoint(), QPoint(0, delta), Qt.MouseButton.NoButton, modifiers,
            Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(self.view, event)

    def would_place(self, row: float, col: float) -> Rectangle:
        """Where the domain puts the rectangle of a click, through the very pixel that is clicked."""
        case, shown = self.workspace.case, self.view.view
        assert case is not None
        assert shown is not None
        at = self.point(row, col)
        stored = shown.to_stored(at.x(), at.y())
        return place(case.exam.grid, self.workspace.slice, *stored, read_exam.next_size(case))


@pytest.fixture
def page(window: MainWindow) -> ReadingPage:
    """The Read page of the window."""
    found = window.page("read")
    assert isinstance(found, ReadingPage)
    return found


@pytest.fixture
def maps(page: ReadingPage) -> MapPair:
    return page.maps


@pytest.fixture
def ff(window: MainWindow, maps: MapPair) -> Mouse:
    """The mouse over the FF map."""
    return Mouse(maps.views[Quantity.FF], window.workspace)


@pytest.fixture
def r2star(window: MainWindow, maps: MapPair) -> Mouse:
    """The mouse over the R2* map."""
    return Mouse(maps.views[Quantity.R2STAR], window.workspace)


@pytest.fixture
def key(window: MainWindow) -> Callable[..., None]:
    """Press a key where the keyboard is: ``key("Z", "Control")``."""

    def press(name: str, *modifiers: str) -> None:
        held = PLAIN
        for modifier in modifiers:
            held |= Qt.KeyboardModifier[f"{modifier}Modifier"]
        target = QApplication.focusWidget() or window
        QTest.keyClick(target, Qt.Key[f"Key_{name}"], held)

    return press


# 22.5 mm apart, each 14 x 10 mm, nowhere near the border
CENTRES = {level: (12.0 + 18 * number, 40.0) for number, level in enumerate(LEVELS)}


def box_of(space: Workspace, level: Level) -> Rectangle:
    """A rectangle for a level of C0001 that no rule speaks against."""
    case = space.case
    assert case is not None
    return place(case.exam.grid, 4, *CENTRES[level], (8, 11))


@pytest.fixture
def fill() -> Callable[..., None]:
    """Give a function that measures levels of C0001 as a program would: all five, or those named."""

    def fill(space: Workspace, *levels: Level) -> None:
        for level in levels or LEVELS:
            space.show_preview(level, box_of(space, level))
            space.commit_preview()

    return fill


@pytest.fixture
def stored() -> Callable[[Workspace], dict[Level, Rectangle]]:
    """Give a function that reads the rectangles of the case at hand from the file, by another connection."""

    def stored(space: Workspace) -> dict[Level, Rectangle]:
        assert space.session is not None
        assert space.viewer is not None
        assert space.case is not None
        other = space.session.another()
        try:
            return read_exam.open_case(other, space.viewer, space.case.exam.id).reading.history.rectangles
        finally:
            other.close()

    return stored
