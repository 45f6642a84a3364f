"""Placing, moving and sizing one rectangle on both maps with the mouse."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.errors import AppError, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import measure
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.store import readings
from app.ui.canvas import hits
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.view import Camera
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Stored = Callable[[Workspace], dict[Level, Rectangle]]
Fill = Callable[..., None]


def test_a_click_places_the_armed_level_on_both_maps_and_arms_the_next(
    window: MainWindow, maps: MapPair, ff: Any, stored: Stored
) -> None:
    space = window.workspace
    assert space.armed
    wanted = ff.would_place(20, 40)
    ff.click(20, 40)
    assert stored(space) == {Level.L1: wanted}
    assert all(view._marks.rectangles == {Level.L1: wanted} for view in maps.views.values())
    assert (space.selected, space.armed) == (Level.L2, True)


def test_a_click_on_the_r2star_map_places_the_same_rectangle_as_on_the_ff_map(
    window: MainWindow, ff: Any, r2star: Any, stored: Stored
) -> None:
    wanted = ff.would_place(33.5, 21.5)
    assert r2star.would_place(33.5, 21.5) == wanted
    r2star.click(33.5, 21.5)
    assert stored(window.workspace) == {Level.L1: wanted}


def test_a_click_outside_the_picture_places_nothing(window: MainWindow, ff: Any, stored: Stored) -> None:
    QTest.mouseClick(ff.view, Qt.MouseButton.LeftButton, pos=ff.point(-6, 40))
    assert stored(window.workspace) == {}
    assert window.workspace.selected is Level.L1


def test_a_press_on_the_empty_image_does_nothing_when_no_level_is_armed(
    window: MainWindow, ff: Any, stored: Stored
) -> None:
    window.workspace.select(None)
    ff.drag((20, 20), (60, 60))
    assert stored(window.workspace) == {}


@pytest.mark.parametrize("code", ["C0001", "C0002", "C0003"])
@pytest.mark.parametrize(
    "camera", [Camera(), Camera(3.0, (0.4, 0.6)), Camera(0.6, (0.5, 0.5)), Camera(7.3, (0.31, 0.47))]
)
def test_what_is_drawn_is_what_is_counted(
    window: MainWindow, maps: MapPair, open_case: Callable[..., None], code: str, camera: Camera
) -> None:
    """Every voxel whose centre lies in the drawn box is counted, and no other, on both maps."""
    open_case(window.workspace, code)
    maps.set_camera(camera)
    case = window.workspace.case
    assert case is not None
    box = Rectangle(4, 31, 27, 9, 13)
    _, rows, cols = case.exam.grid.shape
    for view in maps.views.values():
        shown = view.view
        assert shown is not None
        left, top, right, bottom = shown.box(box)
        inside = np.zeros((rows, cols), bool)
        for row, col in np.ndindex(rows, cols):
            x, y = shown.to_screen(*shown.orientation.to_shown(row + 0.5, col + 0.5))
            inside[row, col] = left < x < right and top < y < bottom
        found = view.map
        assert found is not None
        values = found.slice_values(4)[inside]
        stats = measure(found, box)
        assert (stats.n, stats.mean) == (values.size, pytest.approx(values.mean(), abs=1e-12))


@pytest.mark.parametrize("code", ["C0001", "C0002", "C0003"])
def test_each_voxel_is_drawn_where_the_rectangle_counts_it(
    window: MainWindow, maps: MapPair, open_case: Callable[..., None], code: str
) -> None:
    """The colour in the middle of each voxel, taken from the screen, is that of the voxel's own value."""
    space = window.workspace
    open_case(space, code)
    space.select(None)
    space.set_slice(4)
    maps.set_camera(Camera(3.0))
    box = Rectangle(4, 38, 38, 6, 5)
    for view in maps.views.values():
        found, shown = view.map, view.view
        assert found is not None
        assert shown is not None
        low, high = view.window_level
        grey = np.clip(np.rint((found.slice_values(4) - low) / (high - low) * 255), 0, 255).astype(int)
        image = view.grab().toImage()
        for row in range(box.row0 - 1, box.row1 + 1):
            for col in range(box.col0 - 1, box.col1 + 1):
                x, y = shown.to_screen(*shown.orientation.to_shown(row + 0.5, col + 0.5))
                assert abs(image.pixelColor(int(x), int(y)).red() - grey[row, col]) <= 1


def test_numbers_change_while_dragging_and_nothing_is_stored_until_release(
    window: MainWindow, page: ReadingPage, ff: Any, fill: Fill, stored: Stored
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    before = stored(space)
    space.select(Level.L1)
    shown = [page.panel.table.levels.rows[0].ff]
    row, col = 12.0, 40.0
    ff.press(row, col)
    for step in (3, 9, 15):
        ff.move(row + step, col)
        shown.append(page.panel.table.levels.rows[0].ff)
        assert stored(space) == before
    assert len(set(shown)) == 4
    assert space.preview is not None
    wanted = space.preview.rectangle
    ff.release(row + 15, col)
    assert stored(space) == {Level.L1: wanted}
    assert wanted.row0 == before[Level.L1].row0 + 15
    assert space.case is not None
    counted = measure(space.case.exam.maps[Quantity.FF], wanted)
    assert page.panel.table.levels.rows[0].ff == f"{counted.mean:.1f}"


def test_both_maps_show_the_rectangle_under_the_hand_at_every_step(
    window: MainWindow, maps: MapPair, ff: Any, fill: Fill
) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.select(Level.L1)
    ff.press(12, 40)
    for step in range(1, 8):
        ff.move(12 + step, 40 - step)
        preview = window.workspace.preview
        assert preview is not None
        assert all(view._marks.rectangles[Level.L1] == preview.rectangle for view in maps.views.values())
    ff.release(19, 33)


def test_a_store_that_fails_during_a_commit_puts_the_rectangle_back_and_says_so(
    window: MainWindow,
    maps: MapPair,
    ff: Any,
    fill: Fill,
    stored: Stored,
    told: list[AppError],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    before = stored(space)

    def full(*_: object, **__: object) -> None:
        raise StoreUnavailable("store.full", file="study.marrow")

    monkeypatch.setattr(readings, "append_revisions", full)
    space.select(Level.L1)
    ff.drag((12, 40), (30, 40))
    assert space.rectangles == before
    assert all(view._marks.rectangles == before for view in maps.views.values())
    assert stored(space) == before
    assert [problem.code for problem in told] == ["store.full"]
    assert window.banner.words
    monkeypatch.undo()
    ff.drag((12, 40), (14, 40))
    assert stored(space)[Level.L1].row0 == before[Level.L1].row0 + 2


@pytest.mark.parametrize(
    ("to", "corner"),
    [((-300, 40), (0, None)), ((400, 40), (88, None)), ((12, -300), (None, 0)), ((12, 400), (None, 69))],
)
def test_a_rectangle_cannot_be_dragged_out_of_the_image(
    window: MainWindow, ff: Any, fill: Fill, stored: Stored, to: tuple[float, float], corner: tuple[Any, Any]
) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.select(Level.L1)
    ff.drag((12, 40), to)
    box = stored(window.workspace)[Level.L1]
    assert (box.rows, box.cols) == (8, 11)
    assert corner in {(box.row0, None), (None, box.col0)}


@pytest.mark.parametrize("code", ["C0001", "C0002", "C0003"])
def test_a_handle_moves_the_edge_it_sits_on(
    window: MainWindow, ff: Any, open_case: Callable[..., None], stored: Stored, code: str
) -> None:
    space = window.workspace
    open_case(space, code)
    box = Rectangle(space.slice, 40, 30, 8, 11)
    space.show_preview(Level.L1, box)
    space.commit_preview()
    space.select(Level.L1)
    ff.drag((box.row1, box.col1), (box.row1 + 5, box.col1 + 3))
    assert stored(space)[Level.L1] == replace(box, rows=13, cols=14)


def test_alt_resizes_symmetrically(window: MainWindow, ff: Any, fill: Fill, stored: Stored) -> None:
    space = window.workspace
    fill(space, Level.L1)
    before = stored(space)[Level.L1]
    space.select(Level.L1)
    ff.press(before.row1, before.col1)
    ff.move(before.row1 + 2, before.col1 + 2, Qt.KeyboardModifier.AltModifier)
    ff.release(before.row1 + 2, before.col1 + 2)
    after = stored(space)[Level.L1]
    assert (after.row0, after.row1) == (before.row0 - 2, before.row1 + 2)
    assert (after.col0, after.col1) == (before.col0 - 2, before.col1 + 2)


def test_a_drag_that_comes_back_to_where_it_began_stores_nothing(
    window: MainWindow, ff: Any, fill: Fill
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    space.select(Level.L1)
    assert space.case is not None
    before = space.case.reading.revisions
    ff.press(12, 40)
    ff.move(30, 44)
    ff.move(12, 40)
    ff.release(12, 40)
    assert space.case.reading.revisions == before


def test_escape_during_a_drag_leaves_the_rectangle_where_it_was(
    window: MainWindow, ff: Any, fill: Fill, stored: Stored, key: Callable[..., None]
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    space.select(Level.L1)
    before = stored(space)
    ff.press(12, 40)
    ff.move(40, 40)
    key("Escape")
    assert space.rectangles == before
    ff.release(40, 40)
    assert stored(space) == before


def test_another_button_during_a_drag_does_not_disturb_it(
    window: MainWindow, ff: Any, fill: Fill, stored: Stored
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    before = stored(space)[Level.L1]
    space.select(Level.L1)
    ff.press(12, 40)
    ff.move(20, 40)
    ff.press_beside(20, 40, Qt.MouseButton.RightButton)
    assert space.preview is not None
    ff.move(22, 40)
    ff.release(22, 40)
    assert stored(space)[Level.L1].row0 == before.row0 + 10
    assert space.preview is None


def test_a_rectangle_is_not_left_hanging_when_the_page_changes_during_a_drag(
    window: MainWindow, ff: Any, fill: Fill, stored: Stored
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    space.select(Level.L1)
    before = stored(space)
    ff.press(12, 40)
    ff.move(40, 40)
    window.show_page("worklist")
    assert space.preview is None
    window.show_page("read")
    ff.release(40, 40)
    assert stored(space) == before


def test_quick_clicks_while_placing_place_and_do_not_maximise(
    window: MainWindow, maps: MapPair, ff: Any, stored: Stored
) -> None:
    first = ff.would_place(20, 40)
    ff.double_click(20, 40)
    assert stored(window.workspace) == {Level.L1: first}
    assert (window.workspace.selected, window.workspace.armed) == (Level.L2, True)
    assert all(column.isVisible() for column in maps.columns.values())
    ff.click(45, 40)
    ff.second_click(70, 40)
    assert len(stored(window.workspace)) == 3
    assert all(column.isVisible() for column in maps.columns.values())


def test_a_double_click_where_nothing_can_be_placed_gives_one_map_the_room_and_again_both(
    window: MainWindow, maps: MapPair, ff: Any
) -> None:
    window.workspace.select(None)
    ff.double_click(50, 60)
    visible = {quantity: column.isVisible() for quantity, column in maps.columns.items()}
    assert visible == {Quantity.FF: True, Quantity.R2STAR: False}
    ff.double_click(50, 60)
    assert all(column.isVisible() for column in maps.columns.values())


def test_the_second_click_of_a_double_click_that_opened_the_case_in_a_list_places_nothing(
    window: MainWindow, ff: Any, stored: Stored, open_case: Callable[..., None]
) -> None:
    open_case(window.workspace, "C0002")
    ff.second_click(40, 40)
    assert stored(window.workspace) == {}


def test_the_ghost_shows_where_a_click_would_place_and_takes_the_label_of_another_level_at_once(
    window: MainWindow, maps: MapPair, ff: Any, key: Callable[..., None]
) -> None:
    ff.move(50, 40)
    wanted = ff.would_place(50, 40)
    assert all(view._marks.ghost == wanted for view in maps.views.values())
    QApplication.processEvents()
    before = ff.view.grab(ff.view.rect()).toImage()
    key("4")
    assert all(view._marks.armed is Level.L4 for view in maps.views.values())
    QApplication.processEvents()
    assert ff.view.grab(ff.view.rect()).toImage() != before
    ff.click(50, 40)
    assert window.workspace.rectangles == {Level.L4: wanted}


def test_a_changed_level_of_the_ghost_is_repainted_on_screen(window: MainWindow, ff: Any) -> None:
    """Only what is named gets repainted, so a ghost of the same place and another level must be named."""
    from app.ui.canvas.slice_view import _different  # noqa: PLC0415 - the rule behind the repaint

    ff.move(50, 40)
    old = ff.view._marks
    assert old.ghost is not None
    assert old.ghost in _different(old, replace(old, armed=Level.L5, selected=Level.L5))


def test_the_next_rectangle_has_the_size_of_the_last_one(window: MainWindow, ff: Any, stored: Stored) -> None:
    ff.click(20, 40)
    placed = stored(window.workspace)[Level.L1]
    window.workspace.select(Level.L1)
    window.workspace.resize((0, 4), (0, 2))
    window.workspace.select(Level.L2)
    ff.click(50, 40)
    box = stored(window.workspace)[Level.L2]
    assert (box.rows, box.cols) == (placed.rows + 4, placed.cols + 2)


def test_a_rectangle_is_taken_by_its_inside_and_the_selected_one_first_by_its_handles(
    window: MainWindow, ff: Any, fill: Fill
) -> None:
    fill(window.workspace, Level.L1, Level.L2)
    window.workspace.select(Level.L1)
    shown = ff.view.view
    boxes = window.workspace.rectangles
    left, top, right, bottom = shown.box(boxes[Level.L1])
    assert hits.hit(shown, boxes, Level.L1, right, bottom) == hits.Hit(Level.L1, (1, 1))
    assert hits.hit(shown, boxes, Level.L2, right, bottom) == hits.Hit(Level.L1)
    assert hits.hit(shown, boxes, Level.L2, (left + right) / 2, (top + bottom) / 2) == hits.Hit(Level.L1)
    assert hits.hit(shown, boxes, Level.L2, left - 30, top - 30) is None


def test_a_click_on_another_rectangle_selects_it_and_moves_nothing(
    window: MainWindow, ff: Any, fill: Fill, stored: Stored
) -> None:
    space = window.workspace
    fill(space)
    space.select(Level.L5)
    before = stored(space)
    ff.click(30, 40)
    assert space.selected is Level.L2
    assert stored(space) == before
