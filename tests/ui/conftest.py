"""A hand on the maps: mouse and wheel at stored voxel positions, whatever zoom and flip the screen has."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import RESAMPLED, ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle, place
from app.services import read_exam
from app.services.open_session import create_session
from app.store import exams
from app.store.exams import NewExam
from app.store.series import NewReference
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
    assert case.exam.code == "C0001", "the centres are those of this case"
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


# -- by keyboard and by ear -------------------------------------------------------------------------------

# more controls than any page has
_MANY = 120


def by_keyboard(whole: QWidget) -> list[QWidget]:
    """What has the keyboard, one after the other, when only the keys for it are pressed."""
    main = isinstance(whole, MainWindow)
    held = Qt.KeyboardModifier.ControlModifier if main else PLAIN
    met: list[QWidget] = []
    if QApplication.focusWidget() is None:
        whole.focusNextPrevChild(True)
    for _ in range(_MANY):
        focus = QApplication.focusWidget()
        if focus is None or focus in met:
            break
        met.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab, held)
    return met


def _name(part: QWidget) -> str:
    if part.accessibleName():
        return part.accessibleName()
    return part.text() if isinstance(part, QAbstractButton | QLabel) else ""


@pytest.fixture
def complaints() -> Callable[[QWidget], list[str]]:
    """Give a function that walks a window by keys and says what a person without mouse or eyes would lack."""

    def complaints(whole: QWidget) -> list[str]:
        whole.activateWindow()
        QApplication.processEvents()
        met = by_keyboard(whole)
        groups = {one.group() for one in met if isinstance(one, QAbstractButton) and one.group()}
        said = []
        for part in whole.findChildren(QWidget):
            if part.window() is not whole or not part.isVisible() or not part.isEnabled():
                continue
            pressed = isinstance(part, QAbstractButton)
            by_tab = bool(part.focusPolicy() & Qt.FocusPolicy.TabFocus)
            # arrows lead from one button of a group to the others
            reached = part in met or (pressed and part.group() in groups)
            told = f"{type(part).__name__} {_name(part)!r} in {type(part.parent()).__name__}"
            said += [f"{told}: no name"] * ((pressed or by_tab) and not _name(part))
            said += [f"{told}: no tooltip"] * (pressed and not part.toolTip())
            said += [f"{told}: never has the keyboard"] * ((pressed or by_tab) and not reached)
        return said

    return complaints


# -- an exam of several grids -----------------------------------------------------------------------------

_AXES = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
# the T2 is stored from right to left and from back to front
_T2_AXES = ((-1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0))
_SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 40.0, 80.0, 0, 0, 0, 0)


def mixed_exam(code: str = "C0009") -> Exam:
    """FF on 60 x 50 voxels, R2* in float32 on 120 x 100 of the same place (its corner is empty), water.

    Every one has a grid of its own.
    """
    coarse = Grid((9, 60, 50), (4.0, 2.0, 2.0), (0.0, 0.0, 0.0), _AXES)
    fine = Grid((9, 120, 100), (4.0, 1.0, 1.0), (0.0, -0.5, 0.5), _AXES)
    rng = np.random.default_rng(4)
    ff = rng.integers(1, 100, coarse.shape).astype(np.int16)
    r2star = rng.uniform(20, 280, fine.shape).astype(np.float32)
    r2star[:, :20, :20] = np.nan
    water = rng.integers(0, 900, (9, 30, 70)).astype(np.int16)
    beside = Grid((9, 30, 70), (4.0, 3.0, 1.5), (0.0, 0.0, 0.0), _AXES)
    maps = {
        Quantity.FF: ParametricMap(Quantity.FF, ff, coarse, _SCALING),
        Quantity.R2STAR: ParametricMap(Quantity.R2STAR, r2star, fine, replace(_SCALING, derived=RESAMPLED)),
        Quantity.WATER: ParametricMap(Quantity.WATER, water, beside, _SCALING),
    }
    return Exam(code, maps, field_strength_t=3.0)


def t2_series() -> ReferenceSeries:
    """A T2 of 7 slices, 5 mm apart, on a grid that shares no line with the maps."""
    grid = Grid((7, 140, 130), (5.0, 1.1, 0.9), (31.0, 107.0, 12.0), _T2_AXES)
    stored = np.random.default_rng(5).integers(0, 700, grid.shape).astype(np.uint16)
    return ReferenceSeries("T2", stored, grid, (0.0, 700.0))


@pytest.fixture(scope="session")
def mixed_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with C0009 (:func:`mixed_exam` with a T2) and C0001, which has nothing beside its maps."""
    session = create_session(tmp_path_factory.mktemp("mixed") / "mixed.marrow", synthetic=True)
    for exam, beside in (
        (mixed_exam(), (NewReference(t2_series(), ()),)),
        (Exam("C0001", {q: m for q, m in mixed_exam().maps.items() if q is not Quantity.WATER}), ()),
    ):
        new = NewExam(exam, Identity(study_uid=exam.code), {}, "GE", "", references=beside)
        exams.add(session.database, exams.pack(new), actor="First")
    session.close()
    return session.path


@pytest.fixture
def mixed(
    window: MainWindow, mixed_template: Path, tmp_path: Path, open_case: Callable[..., None]
) -> Workspace:
    """The window's workspace at C0009, of which every map and series has a grid of its own, on slice 4."""
    window.open(Path(shutil.copy(mixed_template, tmp_path / "mixed.marrow")))
    open_case(window.workspace, "C0009")
    window.workspace.set_slice(4)
    QApplication.processEvents()
    return window.workspace
