"""Turned, pooled and size-locked rectangles with mouse and keys: what the protocol of a study may allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication

from app.domain.errors import AppError
from app.domain.grid import orientation_of
from app.domain.measure import measure
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle
from app.services.open_session import open_session
from app.store import sessions
from app.ui.canvas import hits
from app.ui.canvas.figure import draw_figure
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.view import Camera, View
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Stored = Callable[[Workspace], dict[Level, Rectangle]]
Fill = Callable[..., None]
CODES = ["C0001", "C0002", "C0003"]
BOX = Rectangle(4, 40, 34, 8, 11)


@pytest.fixture
def protocol() -> Protocol:
    """The rules of the study; a test gives others with ``pytest.mark.parametrize``."""
    return Protocol(rotation=True, name="turning", version=1)


@pytest.fixture
def reading_session(reading_session: Path, protocol: Protocol) -> Path:
    """The small session under the rules of this test."""
    session = open_session(reading_session)
    with session.database.transaction():
        sessions._insert_protocol(session.database, protocol, "2026-01-01T00:00:00Z")
    session.close()
    return reading_session


def put(space: Workspace, box: Rectangle, level: Level = Level.L1) -> None:
    """Store a rectangle and select it."""
    space.show_preview(level, box)
    space.commit_preview()
    space.select(level)


def on_screen(shown: View, box: Rectangle, across: float, down: float) -> tuple[float, float]:
    """Screen point so far right of and below the middle of a rectangle, along its own sides as seen."""
    left, top, right, bottom = shown.box(box)
    turn = radians(shown.orientation.clockwise(box.angle_deg))
    return (
        (left + right) / 2 + across * cos(turn) - down * sin(turn),
        (top + bottom) / 2 + across * sin(turn) + down * cos(turn),
    )


def stored_at(shown: View, point: tuple[float, float]) -> tuple[float, float]:
    return shown.to_stored(*point)


def handle_place(shown: View, box: Rectangle) -> tuple[float, float]:
    """Stored position of the handle that turns."""
    _, top, _, bottom = shown.box(box)
    return stored_at(shown, on_screen(shown, box, 0.0, -(bottom - top) / 2 - hits.TURN_REACH))


# -- turning ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("angle", [-37.0, 12.0, 90.0])
def test_a_turned_rectangle_counts_the_voxels_whose_centres_lie_in_the_drawn_outline(
    window: MainWindow, maps: MapPair, open_case: Callable[..., None], code: str, angle: float
) -> None:
    open_case(window.workspace, code)
    maps.set_camera(Camera(1.7, (0.45, 0.55)))
    case = window.workspace.case
    assert case is not None
    # 13 and 9 voxels: at a quarter turn no centre comes to lie on a side
    box = Rectangle(4, 31, 27, 9, 13, angle)
    for view in maps.views.values():
        shown, found = view.view, view.map
        assert shown is not None
        assert found is not None
        left, top, right, bottom = shown.box(box)
        inside = np.zeros(found.grid.shape[1:], bool)
        for row, col in np.ndindex(inside.shape):
            x, y = shown.to_screen(*shown.orientation.to_shown(row + 0.5, col + 0.5))
            own_x, own_y = shown.upright(box, x, y)
            inside[row, col] = left < own_x < right and top < own_y < bottom
        stats = measure(found, box)
        assert stats.n == inside.sum()
        assert stats.mean == pytest.approx(found.slice_values(4)[inside].mean(), rel=1e-12)


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("angle", [-50.0, 20.0])
def test_the_outline_is_painted_where_the_arithmetic_has_it(
    window: MainWindow, maps: MapPair, open_case: Callable[..., None], code: str, angle: float
) -> None:
    open_case(window.workspace, code)
    maps.set_camera(Camera(2.5))
    box = replace(BOX, angle_deg=angle)
    put(window.workspace, box)
    window.workspace.select(None)
    # the panel may need other room now
    QApplication.processEvents()
    for view in maps.views.values():
        shown = view.view
        assert shown is not None
        drawn = view.grab().toImage()
        maps.set_hidden(hidden=True)
        bare = view.grab().toImage()
        maps.set_hidden(hidden=False)
        left, top, right, bottom = shown.box(box)
        half = ((right - left) / 2, (bottom - top) / 2)
        for across, down in ((0.4, 1.0), (-0.4, -1.0), (1.0, 0.3), (-1.0, -0.3)):
            x, y = on_screen(shown, box, across * half[0], down * half[1])
            assert drawn.pixelColor(round(x), round(y)) != bare.pixelColor(round(x), round(y))
        # neither inside nor a little outside, where an upright one would have its corners
        for across, down in ((0.0, 0.0), (0.5, 0.5), (1.2, 1.2), (-1.2, 1.2)):
            x, y = on_screen(shown, box, across * half[0], down * half[1])
            assert drawn.pixelColor(round(x), round(y)) == bare.pixelColor(round(x), round(y))


@pytest.mark.parametrize("code", CODES)
def test_the_handle_above_the_upper_edge_turns_it_about_its_middle(
    window: MainWindow, ff: Any, open_case: Callable[..., None], stored: Stored, code: str
) -> None:
    space = window.workspace
    open_case(space, code)
    put(space, BOX)
    shown = ff.view.view
    target = handle_place(shown, replace(BOX, angle_deg=shown.orientation.clockwise(25.0)))
    ff.drag(handle_place(shown, BOX), target)
    found = stored(space)[Level.L1]
    # seen, it turned clockwise; a pixel at the length of the handle is little more than a degree
    assert shown.orientation.clockwise(found.angle_deg) == pytest.approx(25.0, abs=1.5)
    assert found.angle_deg == round(found.angle_deg)
    assert replace(found, angle_deg=0.0) == BOX
    space.undo()
    assert stored(space)[Level.L1] == BOX


@pytest.mark.parametrize("code", CODES)
def test_keys_turn_it_clockwise_and_back_as_it_is_seen(
    window: MainWindow, open_case: Callable[..., None], stored: Stored, code: str, page: ReadingPage
) -> None:
    space = window.workspace
    open_case(space, code)
    put(space, BOX)
    orientation = space.orientation
    assert orientation is not None
    acts = {action.objectName(): action for action in page.actions()}
    for name, seen in (
        ("rotate_on", 1.0),
        ("rotate_on_5", 6.0),
        ("rotate_back", 5.0),
        ("rotate_back_5", 0.0),
    ):
        acts[name].trigger()
        assert orientation.clockwise(stored(space)[Level.L1].angle_deg) == pytest.approx(seen)
    assert stored(space)[Level.L1] == BOX


def test_numbers_follow_while_it_is_turned_and_nothing_is_stored_until_release(
    window: MainWindow, ff: Any, stored: Stored
) -> None:
    space = window.workspace
    put(space, BOX)
    shown, counted = ff.view.view, []
    ff.press(*handle_place(shown, BOX))
    for angle in (10.0, 30.0, 50.0):
        ff.move(*handle_place(shown, replace(BOX, angle_deg=shown.orientation.clockwise(angle))))
        assert space.preview is not None
        counted.append(tuple(one.mean for one in space.preview.stats.values()))
        assert stored(space)[Level.L1] == BOX
    assert len(set(counted)) == 3
    ff.release(*handle_place(shown, replace(BOX, angle_deg=shown.orientation.clockwise(50.0))))
    assert stored(space)[Level.L1].angle_deg != 0.0


@pytest.mark.parametrize("protocol", [Protocol()])
def test_without_rotation_in_the_protocol_there_is_no_handle_and_a_key_says_why(
    window: MainWindow, ff: Any, stored: Stored, told: list[AppError]
) -> None:
    space = window.workspace
    put(space, BOX)
    shown = ff.view.view
    assert not ff.view._marks.turnable
    ff.drag(handle_place(shown, BOX), (60, 60))
    space.rotate(1.0)
    assert stored(space) == {Level.L1: BOX}
    assert [problem.code for problem in told] == ["roi.rotation_off"]


def test_turning_without_a_selected_rectangle_does_nothing(
    window: MainWindow, stored: Stored, told: list[AppError]
) -> None:
    window.workspace.rotate(5.0)
    window.workspace.to_slice(1)
    assert stored(window.workspace) == {}
    assert told == []


def test_a_turned_rectangle_is_taken_where_it_is_seen(window: MainWindow, ff: Any) -> None:
    box = replace(BOX, rows=8, cols=20, angle_deg=45.0)
    shown = ff.view.view
    left, top, right, bottom = shown.box(box)
    half, high = (right - left) / 2, (bottom - top) / 2
    boxes = {Level.L2: box}

    def hit(across: float, down: float, selected: Level | None = Level.L2) -> hits.Hit | None:
        at = on_screen(shown, box, across, down)
        return hits.hit(shown, boxes, selected, *at, turnable=True)

    assert hit(0.8 * half, 0.0, None) == hits.Hit(Level.L2)
    assert hit(half, high) == hits.Hit(Level.L2, (1, 1))
    assert hit(-half, high) == hits.Hit(Level.L2, (1, -1))
    assert hit(half, 0.0) == hits.Hit(Level.L2, (0, 1))
    assert hit(0.0, -high - hits.TURN_REACH) == hits.Hit(Level.L2, turning=True)
    assert hit(0.0, -high - hits.TURN_REACH, None) is None
    # an upright one would be hit here
    assert hits.hit(shown, boxes, None, right - 2, (top + bottom) / 2) is None


@pytest.mark.parametrize("code", CODES)
def test_an_edge_of_a_turned_rectangle_follows_the_hand_along_its_own_axis(
    window: MainWindow, ff: Any, open_case: Callable[..., None], stored: Stored, code: str
) -> None:
    space = window.workspace
    open_case(space, code)
    box = replace(BOX, rows=12, cols=12, angle_deg=30.0)
    put(space, box)
    shown = ff.view.view
    left, _, right, _ = shown.box(box)
    half, voxel = (right - left) / 2, (right - left) / 12
    start, end = (on_screen(shown, box, half + step * voxel, 0.0) for step in (0, 4))
    ff.drag(stored_at(shown, start), stored_at(shown, end))
    found = stored(space)[Level.L1]
    assert found.angle_deg == 30.0
    assert sorted((found.rows, found.cols)) == [12, 16]
    # the side opposite stays within half a voxel
    before = on_screen(shown, box, -half, 0.0)
    after = on_screen(shown, found, -half - 2 * voxel, 0.0)
    assert max(abs(before[0] - after[0]), abs(before[1] - after[1])) <= voxel * 0.5 + 1e-6


def test_a_turned_rectangle_cannot_be_dragged_out_of_the_image(
    window: MainWindow, ff: Any, stored: Stored
) -> None:
    space = window.workspace
    put(space, replace(BOX, angle_deg=33.0))
    assert space.case is not None
    for target in ((-300.0, 39.5), (400.0, 39.5), (44.0, -300.0), (44.0, 400.0)):
        ff.drag((44, 39.5), target)
        found = stored(space)[Level.L1]
        assert found.inside(space.case.exam.grid)
        assert replace(found, row0=BOX.row0, col0=BOX.col0) == replace(BOX, angle_deg=33.0)
        space.undo()


def test_the_pointer_shows_which_way_a_handle_goes(window: MainWindow, ff: Any) -> None:
    space, shape = window.workspace, Qt.CursorShape
    box = replace(BOX, rows=20, cols=20)
    put(space, box)
    shown = ff.view.view

    def cursor(across: float, down: float) -> Qt.CursorShape:
        drawn = space.rectangles[Level.L1]
        left, top, right, bottom = shown.box(drawn)
        at = on_screen(shown, drawn, across * (right - left) / 2, down * (bottom - top) / 2)
        ff.move(*stored_at(shown, at))
        found: Qt.CursorShape = ff.view.cursor().shape()
        return found

    upright = [cursor(1, 0), cursor(1, 1), cursor(0, 1), cursor(-1, 1), cursor(0.2, 0.2)]
    assert upright == [
        shape.SizeHorCursor, shape.SizeFDiagCursor, shape.SizeVerCursor, shape.SizeBDiagCursor,
        shape.SizeAllCursor,
    ]  # fmt: skip
    space.rotate(45.0)
    assert [cursor(1, 0), cursor(1, 1), cursor(0, 1)] == [
        shape.SizeFDiagCursor, shape.SizeVerCursor, shape.SizeBDiagCursor,
    ]  # fmt: skip
    ff.move(*handle_place(shown, space.rectangles[Level.L1]))
    assert ff.view.cursor().shape() is shape.OpenHandCursor


def test_a_turned_drag_leaves_no_trace_on_the_screen(window: MainWindow, maps: MapPair, ff: Any) -> None:
    """What is repainted piece by piece equals the whole painted anew."""
    space = window.workspace
    put(space, replace(BOX, angle_deg=40.0))
    shown = ff.view.view
    ff.press(44, 39.5)
    for step in range(1, 8):
        ff.move(44 + 2 * step, 39.5 + step)
        QApplication.processEvents()
    ff.release(58, 46.5)
    turned = space.rectangles[Level.L1]
    ff.drag(handle_place(shown, turned), handle_place(shown, replace(turned, angle_deg=-20.0)))
    QApplication.processEvents()
    # a piece of the widget is painted by the way of a drag, the whole anew
    pieces = ff.view.grab(ff.view.rect().adjusted(0, 0, 0, -1)).toImage()
    whole = ff.view.grab().toImage().copy(pieces.rect())
    assert pieces.convertToFormat(QImage.Format.Format_RGB32) == whole.convertToFormat(
        QImage.Format.Format_RGB32
    )


# -- another slice ----------------------------------------------------------------------------------------


def test_keys_take_a_rectangle_to_the_neighbouring_slice_and_the_view_follows(
    window: MainWindow, stored: Stored, page: ReadingPage
) -> None:
    space = window.workspace
    put(space, BOX)
    acts = {action.objectName(): action for action in page.actions()}
    acts["to_slice_below"].trigger()
    assert (stored(space)[Level.L1], space.slice) == (replace(BOX, slice=5), 5)
    acts["to_slice_above"].trigger()
    acts["to_slice_above"].trigger()
    assert (stored(space)[Level.L1], space.slice) == (replace(BOX, slice=3), 3)
    space.undo()
    assert (stored(space)[Level.L1], space.slice) == (BOX, 4)
    for _ in range(9):
        space.to_slice(1)
    assert stored(space)[Level.L1].slice == 8


def test_one_key_takes_a_rectangle_to_the_slice_that_is_shown_as_one_step(
    window: MainWindow, stored: Stored, page: ReadingPage, key: Callable[..., None]
) -> None:
    space = window.workspace
    put(space, BOX)
    space.set_slice(7)
    page.setFocus()
    key("S")
    assert (stored(space)[Level.L1], space.slice) == (replace(BOX, slice=7), 7)
    space.undo()
    assert (stored(space)[Level.L1], space.slice) == (BOX, 4)


@pytest.mark.parametrize("act", ["nudge_right", "grow_down", "rotate_on", "to_slice_below"])
def test_a_rectangle_out_of_sight_comes_into_view_before_a_key_changes_it(
    window: MainWindow, stored: Stored, page: ReadingPage, act: str
) -> None:
    space = window.workspace
    put(space, BOX)
    space.set_slice(7)
    acts = {action.objectName(): action for action in page.actions()}
    acts[act].trigger()
    assert (stored(space)[Level.L1], space.slice) == (BOX, 4)
    acts[act].trigger()
    assert stored(space)[Level.L1] != BOX


# -- pooled slices ----------------------------------------------------------------------------------------

POOLED = Protocol(slices=3, rotation=True)


@pytest.mark.parametrize("protocol", [POOLED])
def test_with_three_slices_a_click_places_a_rectangle_on_all_of_them(
    window: MainWindow, ff: Any, stored: Stored
) -> None:
    space = window.workspace
    space.set_slice(4)
    ff.click(20, 40)
    found = stored(space)[Level.L1]
    assert (found.slice, found.depth) == (4, 3)
    assert space.case is not None
    counted = {one.n for one in space.case.reading.history.current[Level.L1].stats.values()}
    assert counted == {3 * found.rows * found.cols}
    # at the end of the stack it goes where it has neighbours, and so does the view
    space.select(Level.L2)
    space.set_slice(0)
    ff.click(60, 40)
    assert stored(space)[Level.L2].slice == 1


@pytest.mark.parametrize("protocol", [POOLED])
def test_a_pooled_rectangle_is_drawn_dashed_on_the_neighbours_and_can_be_taken_there(
    window: MainWindow, maps: MapPair, ff: Any, stored: Stored
) -> None:
    space = window.workspace
    box = replace(BOX, depth=3, angle_deg=20.0)
    put(space, box)
    shown = [(index, view) for index in (2, 3, 4, 5) for view in maps.views.values()]
    for index, view in shown:
        space.set_slice(index)
        marks = view._marks
        found = ("elsewhere", "pooled", "here", "pooled")[index - 2]
        there = {"here": marks.rectangles, "pooled": marks.pooled, "elsewhere": marks.elsewhere}
        assert {name for name, boxes in there.items() if Level.L1 in boxes} == {found}
    space.set_slice(3)
    ff.drag((44, 39.5), (48, 41.5))
    assert stored(space)[Level.L1] == replace(box, row0=BOX.row0 + 4, col0=BOX.col0 + 2)
    space.select(None)
    space.set_slice(5)
    ff.click(48, 41.5)
    # taking it brings its own slice into view
    assert (space.selected, space.slice) == (Level.L1, 4)


@pytest.mark.parametrize("protocol", [POOLED])
def test_pooled_slices_look_different_from_the_slice_itself(window: MainWindow, ff: Any) -> None:
    space = window.workspace
    put(space, replace(BOX, depth=3))
    space.select(None)
    seen = {}
    for index in (3, 4, 6):
        space.set_slice(index)
        QApplication.processEvents()
        drawn = ff.view.grab().toImage()
        left, top, right, _ = ff.view.view.box(BOX)
        level = [drawn.pixelColor(x, round(top)).rgb() for x in range(round(left) + 3, round(right) - 3)]
        seen[index] = len(set(level))
    # one colour along a whole line; dashes between what lies below, which is much fainter two slices away
    assert seen[4] < seen[3]


@pytest.mark.parametrize("protocol", [POOLED])
def test_the_saved_picture_has_pooled_rectangles_on_their_neighbours(workspace: Workspace) -> None:
    put(workspace, replace(BOX, depth=3, angle_deg=20.0))
    case = workspace.case
    assert case is not None
    orientation = orientation_of(case.exam.grid)
    drawn = [draw_figure(case, orientation, index) for index in (2, 3)]
    workspace.remove()
    assert workspace.case is not None
    bare = [draw_figure(workspace.case, orientation, index) for index in (2, 3)]
    # the values below the maps differ in any case
    maps = drawn[0].rect().adjusted(0, 0, 0, -round(drawn[0].height() * 0.35))
    assert drawn[0].copy(maps) == bare[0].copy(maps)
    assert drawn[1].copy(maps) != bare[1].copy(maps)


# -- one size for all -------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [Protocol(size_locked=True)])
def test_with_a_locked_size_all_rectangles_are_sized_together_and_taken_back_together(
    window: MainWindow, ff: Any, fill: Fill, stored: Stored, maps: MapPair
) -> None:
    space = window.workspace
    fill(space, Level.L1, Level.L2, Level.L3)
    before = stored(space)
    space.select(Level.L2)
    box = before[Level.L2]
    ff.press(box.row1, box.col1)
    ff.move(box.row1 + 4, box.col1 + 2)
    # all are seen to grow while the hand moves
    assert {(one.rows, one.cols) for one in space.rectangles.values()} == {(12, 13)}
    assert {(one.rows, one.cols) for one in ff.view._marks.rectangles.values()} == {(12, 13)}
    assert stored(space) == before
    ff.release(box.row1 + 4, box.col1 + 2)
    after = stored(space)
    assert {(one.rows, one.cols) for one in after.values()} == {(12, 13)}
    assert all(after[level].centre == before[level].centre for level in (Level.L1, Level.L3))
    assert space.selected is Level.L2
    space.undo()
    assert (stored(space), space.selected) == (before, Level.L2)
    space.redo()
    assert (stored(space), space.selected) == (after, Level.L2)
    space.select(Level.L4)
    ff.click(75, 40)
    assert {(one.rows, one.cols) for one in stored(space).values()} == {(12, 13)}
