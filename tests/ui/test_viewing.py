"""Looking at the maps: slice, zoom, pan, window, colour, crosshair, hiding. None of it changes a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import DISPLAY_RANGE, ParametricMap, Quantity
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle
from app.services.open_session import create_session, open_session
from app.store import exams, sessions
from app.store.exams import NewExam
from app.ui import present
from app.ui.canvas import colours
from app.ui.canvas.map_pair import PRESETS, MapPair
from app.ui.canvas.view import Camera, View
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Key = Callable[..., None]
CONTROL = Qt.KeyboardModifier.ControlModifier
RIGHT, MIDDLE = Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton


def cameras(maps: MapPair) -> set[Camera]:
    return {view.camera for view in maps.views.values()}


def test_the_wheel_changes_the_slice_of_both_maps(window: MainWindow, maps: MapPair, ff: Any) -> None:
    before = window.workspace.slice
    ff.wheel(40, 40, -120)
    assert window.workspace.slice == before + 1
    assert {view._slice for view in maps.views.values()} == {before + 1}
    assert {view._caption.slice_text for view in maps.views.values()} == {f"slice {before + 2} / 9"}


def test_small_steps_of_a_touchpad_add_up_to_whole_slices(window: MainWindow, ff: Any) -> None:
    before = window.workspace.slice
    for _ in range(3):
        ff.wheel(40, 40, -30)
    assert window.workspace.slice == before
    ff.wheel(40, 40, -30)
    assert window.workspace.slice == before + 1


def test_the_slice_stops_at_both_ends_of_the_stack(window: MainWindow, ff: Any) -> None:
    ff.wheel(40, 40, -120 * 50)
    assert window.workspace.slice == 8
    ff.wheel(40, 40, 120 * 50)
    assert window.workspace.slice == 0


def test_the_wheel_does_not_turn_the_slice_away_from_a_rectangle_in_the_hand(
    window: MainWindow, ff: Any, fill: Callable[..., None]
) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.select(Level.L1)
    before = window.workspace.slice
    ff.press(12, 40)
    ff.wheel(12, 40, -120)
    assert window.workspace.slice == before
    ff.release(12, 40)


@pytest.mark.parametrize("delta", [120, -120, 480])
def test_ctrl_wheel_zooms_both_maps_at_the_cursor(
    window: MainWindow, maps: MapPair, ff: Any, delta: int
) -> None:
    before = ff.point(30.5, 55.5)
    ff.wheel(30.5, 55.5, delta, CONTROL)
    (camera,) = cameras(maps)
    assert camera.zoom == pytest.approx(1.2 ** (delta / 120))
    after = ff.point(30.5, 55.5)
    assert (after - before).manhattanLength() <= 2
    assert window.workspace.slice == window.workspace.slice


def test_middle_drag_pans_both_maps_with_the_picture_under_the_pointer(maps: MapPair, ff: Any) -> None:
    maps.set_camera(Camera(3.0))
    start = ff.point(40, 40)
    ff.press(40, 40, MIDDLE)
    ff.move(50, 45)
    ff.release(40, 40, MIDDLE)
    (camera,) = cameras(maps)
    assert camera.centre != (0.5, 0.5)
    assert (ff.point(40, 40) - start).manhattanLength() > 10


def test_space_and_left_drag_pans_and_places_nothing(
    window: MainWindow, page: ReadingPage, maps: MapPair, ff: Any
) -> None:
    page.setFocus()
    QTest.keyPress(page, Qt.Key.Key_Space)
    ff.drag((40, 40), (55, 50))
    QTest.keyRelease(page, Qt.Key.Key_Space)
    (camera,) = cameras(maps)
    assert camera != Camera()
    assert window.workspace.rectangles == {}


def test_the_middle_of_the_widget_stays_inside_the_picture_however_far_it_is_dragged(
    maps: MapPair, ff: Any
) -> None:
    for _ in range(20):
        ff.drag((10, 10), (90, 70), MIDDLE)
    (camera,) = cameras(maps)
    assert all(0 <= share <= 1 for share in camera.centre)


def test_right_drag_changes_the_window_of_that_map_only_and_no_value(
    window: MainWindow, maps: MapPair, ff: Any, fill: Callable[..., None]
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    assert space.case is not None
    before = {quantity: found.stored.tobytes() for quantity, found in space.case.exam.maps.items()}
    stats = space.case.reading.history.current[Level.L1].stats
    ff.drag((30, 30), (50, 60), RIGHT)
    views = maps.views
    assert views[Quantity.FF].window_level != DISPLAY_RANGE[Quantity.FF]
    assert views[Quantity.R2STAR].window_level == DISPLAY_RANGE[Quantity.R2STAR]
    assert {quantity: found.stored.tobytes() for quantity, found in space.case.exam.maps.items()} == before
    assert space.case.reading.history.current[Level.L1].stats == stats
    low, high = views[Quantity.FF].window_level
    assert maps.columns[Quantity.FF].range.text() == present.window_text((low, high))


def test_a_right_drag_does_not_open_the_menu(window: MainWindow, ff: Any) -> None:
    ff.drag((30, 30), (50, 60), RIGHT)
    assert QApplication.activePopupWidget() is None


@pytest.mark.parametrize(("name", "number"), [("F5", 0), ("F6", 1), ("F7", 2), ("F8", 3)])
def test_a_preset_applies_at_once_on_both_maps(
    window: MainWindow, page: ReadingPage, maps: MapPair, key: Key, name: str, number: int
) -> None:
    page.setFocus()
    maps.set_preset((number + 1) % 4)
    QApplication.processEvents()
    before = {quantity: view.grab().toImage() for quantity, view in maps.views.items()}
    key(name)
    for quantity, view in maps.views.items():
        assert view.window_level == PRESETS[quantity][number]
        # no scrolling, no other slice: the picture itself is another one
        assert view.grab().toImage() != before[quantity]


def test_the_button_with_the_range_brings_back_the_fixed_one(window: MainWindow, maps: MapPair) -> None:
    maps.set_preset(2)
    column = maps.columns[Quantity.R2STAR]
    QTest.mouseClick(column.range, Qt.MouseButton.LeftButton)
    assert column.view.window_level == DISPLAY_RANGE[Quantity.R2STAR]
    assert column.range.text() == "0 – 300"
    assert maps.columns[Quantity.FF].view.window_level == PRESETS[Quantity.FF][2]


def test_the_next_case_opens_linked_with_the_whole_picture_and_the_fixed_ranges(
    window: MainWindow, maps: MapPair, ff: Any, open_case: Callable[..., None]
) -> None:
    maps.set_preset(3)
    maps.set_camera(Camera(4.0, (0.2, 0.7)))
    open_case(window.workspace, "C0003")
    assert cameras(maps) == {Camera()}
    for quantity, view in maps.views.items():
        assert view.window_level == DISPLAY_RANGE[quantity]
    ff.wheel(30, 30, 240, CONTROL)
    assert len(cameras(maps)) == 1
    ff.wheel(30, 30, -120)
    assert {view._slice for view in maps.views.values()} == {window.workspace.slice}


def test_the_colour_key_changes_the_colours_of_both_maps_and_comes_round(
    page: ReadingPage, maps: MapPair, key: Key
) -> None:
    page.setFocus()
    seen = []
    for _ in colours.COLOUR_MAPS:
        key("C")
        (name,) = {view.colour_map for view in maps.views.values()}
        seen.append(name)
    assert sorted(seen) == sorted(colours.COLOUR_MAPS)
    assert seen[-1] == "grey"


def test_reset_brings_back_both_maps_zoom_and_ranges(page: ReadingPage, maps: MapPair, key: Key) -> None:
    page.setFocus()
    maps.set_camera(Camera(5.0))
    maps.set_preset(2)
    maps.toggle_maximised(maps.views[Quantity.R2STAR])
    key("R")
    assert cameras(maps) == {Camera()}
    assert all(view.window_level == DISPLAY_RANGE[quantity] for quantity, view in maps.views.items())
    assert all(column.isVisible() for column in maps.columns.values())


def test_hover_shows_the_value_of_that_voxel_on_both_maps(window: MainWindow, maps: MapPair, ff: Any) -> None:
    ff.move(33.5, 21.5)
    case = window.workspace.case
    assert case is not None
    for quantity, view in maps.views.items():
        value = case.exam.maps[quantity].value_at(window.workspace.slice, 33, 21)
        assert view._marks.readout == present.value_text(quantity, value)
        assert present.quantity_unit(quantity) in view._marks.readout


def test_no_value_is_shown_outside_the_picture_and_after_the_pointer_left(maps: MapPair, ff: Any) -> None:
    ff.move(33.5, 21.5)
    ff.move(-4, 21.5)
    assert {view._marks.readout for view in maps.views.values()} == {""}
    ff.move(33.5, 21.5)
    QApplication.sendEvent(ff.view, QEvent(QEvent.Type.Leave))
    assert {view._marks.readout for view in maps.views.values()} == {""}
    assert {view._marks.ghost for view in maps.views.values()} == {None}


def test_shift_and_move_marks_the_same_voxel_on_both_maps(maps: MapPair, ff: Any) -> None:
    ff.move(33.5, 21.5, Qt.KeyboardModifier.ShiftModifier)
    assert {view._marks.crosshair for view in maps.views.values()} == {(33.0, 21.0)}
    ff.move(34.5, 21.5)
    assert {view._marks.crosshair for view in maps.views.values()} == {None}


def test_h_hides_the_rectangles_while_held(
    window: MainWindow, page: ReadingPage, maps: MapPair, fill: Callable[..., None]
) -> None:
    page.setFocus()
    view = maps.views[Quantity.FF]
    window.workspace.select(None)
    window.workspace.set_slice(4)
    bare = pixels(view)
    fill(window.workspace)
    window.workspace.select(None)
    with_boxes = pixels(view)
    assert unlike(with_boxes, bare) > 1000
    QTest.keyPress(page, Qt.Key.Key_H)
    assert unlike(pixels(view), bare) == 0
    QTest.keyRelease(page, Qt.Key.Key_H)
    assert unlike(pixels(view), with_boxes) < 50


def pixels(widget: QWidget) -> np.ndarray:
    """What a widget looks like, shape (height, width, 4)."""
    image = widget.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)


def unlike(one: np.ndarray, other: np.ndarray) -> int:
    """Number of pixels that differ; the edges of letters may come out a little different every time."""
    return int((one != other).any(-1).sum())


def test_a_held_key_whose_release_goes_to_another_window_is_let_go(
    window: MainWindow, page: ReadingPage, maps: MapPair
) -> None:
    page.setFocus()
    QTest.keyPress(page, Qt.Key.Key_H)
    QTest.keyPress(page, Qt.Key.Key_Space)
    QApplication.sendEvent(page, QEvent(QEvent.Type.WindowDeactivate))
    assert not any(view._marks.hidden for view in maps.views.values())
    assert not maps.space_held


def test_rectangles_of_other_slices_are_not_forgotten(
    window: MainWindow, maps: MapPair, fill: Callable[..., None]
) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.set_slice(7)
    marks = maps.views[Quantity.FF]._marks
    assert (dict(marks.rectangles), set(marks.elsewhere)) == ({}, {Level.L1})
    window.workspace.select(Level.L1)
    assert window.workspace.slice == 4


class _HoleyMap(ParametricMap):
    """A map in which a scale gave no value to some voxels: what a later format may bring."""

    def scale(self, stored: np.ndarray) -> np.ndarray:
        values = super().scale(stored)
        return np.where(stored % 2 == 0, np.nan, np.where(stored % 3 == 0, np.inf, values))


def test_a_voxel_without_a_value_says_so_and_is_drawn_without_a_warning(
    window: MainWindow, page: ReadingPage, maps: MapPair, ff: Any, open_case: Callable[..., None]
) -> None:
    space = window.workspace
    case = space.case
    assert case is not None
    holey = {
        quantity: _HoleyMap(quantity, found.stored, found.grid, found.scaling)
        for quantity, found in case.exam.maps.items()
    }
    object.__setattr__(case, "exam", Exam(case.exam.code, holey, id=case.exam.id))
    maps.show_case()
    stored = case.exam.maps[Quantity.FF].stored[space.slice]
    for wanted in (stored % 2 == 0, (stored % 2 == 1) & (stored % 3 == 0)):
        row, col = (int(place[0]) for place in np.nonzero(wanted))
        ff.move(row + 0.5, col + 0.5)
        assert maps.views[Quantity.FF]._marks.readout == "no value"
    assert not maps.grab().isNull()


def test_a_missing_value_is_never_written_as_nan_or_inf() -> None:
    for value in (float("nan"), float("inf"), float("-inf"), None):
        assert present.value_text(Quantity.FF, value) == "–"


@pytest.mark.parametrize("size", [(430.0, 660.0), (800.0, 300.0), (333.3, 512.7)])
@pytest.mark.parametrize("camera", [Camera(), Camera(2.5, (0.1, 0.9)), Camera(20.0, (0.99, 0.01))])
def test_a_screen_point_and_its_voxel_lead_to_each_other(
    window: MainWindow, open_case: Callable[..., None], size: tuple[float, float], camera: Camera
) -> None:
    for code in ("C0001", "C0002", "C0003"):
        open_case(window.workspace, code)
        orientation = window.workspace.orientation
        assert orientation is not None
        view = View(orientation, (1.25, 1.25), size, camera)
        for row, col in ((0.0, 0.0), (17.25, 60.5), (79.0, 79.0)):
            x, y = view.to_screen(*orientation.to_shown(row, col))
            assert view.to_stored(x, y) == pytest.approx((row, col), abs=1e-9)


def test_the_maps_are_shown_with_anterior_to_the_left_however_they_are_stored(
    window: MainWindow, open_case: Callable[..., None]
) -> None:
    for code in ("C0001", "C0002", "C0003"):
        open_case(window.workspace, code)
        assert window.workspace.orientation is not None
        assert window.workspace.orientation.letters == ("A", "P", "S", "I")


def test_the_display_table_is_monotone_and_ends_where_the_range_ends() -> None:
    values = np.array([-50.0, 0.0, 20.0, 60.0, 100.0, 1e300, np.inf, -np.inf, np.nan])
    index = colours.to_index(values, 0.0, 100.0)
    assert index.tolist() == [0, 0, 51, 153, 255, 255, 255, 0, 0]
    for name in colours.COLOUR_MAPS:
        words = colours.table(name)
        assert words.shape == (256,)
        red, green, blue = (words >> 16 & 255), (words >> 8 & 255), (words & 255)
        light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        assert np.all(np.diff(light) >= -0.5)


@pytest.mark.parametrize(("step", "width"), [(1.0, 20.0), (0.1, 20.0), (1.0, 135.0), (3.0, 45.0), (0.0, 5.0)])
def test_every_bar_of_a_histogram_holds_equally_many_steps_of_the_map(step: float, width: float) -> None:
    bins = present.histogram_bins((0.0, width), step, 24)
    assert 1 <= bins <= 24
    if step:
        assert (width / step / bins) % 1 == pytest.approx(0.0, abs=0.15)


def test_a_pointer_on_the_edge_of_the_picture_has_no_voxel_beyond_it(ff: Any) -> None:
    shown = ff.view.view
    x, y = shown.to_screen(*shown.orientation.shown_shape)
    assert ff.view.stored_at(QPointF(x + 0.01, y + 0.01)) is None
    assert ff.view.stored_at(QPointF(x - 0.01, y - 0.01)) is not None


def test_the_panel_stays_as_it_is_while_slices_change(
    window: MainWindow, page: ReadingPage, fill: Callable[..., None]
) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.select(Level.L1)
    page.panel.asking.ask_note()
    page.panel.note.setText("half a sen")
    numbers = list(page.panel.table.levels.rows)
    window.workspace.set_slice(7)
    assert page.panel.note.isVisible()
    assert page.panel.table.levels.rows == numbers
    # nor does another level take away what is being written
    window.workspace.select(Level.L2)
    assert page.panel.note.text() == "half a sen"
    assert page.panel.note.isVisible()


def test_a_map_that_had_the_whole_room_gives_it_back_where_the_next_exam_lacks_it(
    window: MainWindow, maps: MapPair, mixed: Workspace, tmp_path: Path, open_case: Callable[..., None]
) -> None:
    assert mixed.case is not None
    whole = mixed.case.exam
    path = tmp_path / "one-map.marrow"
    session = create_session(path, synthetic=True)
    for exam in (whole, Exam("C0001", {Quantity.R2STAR: whole.maps[Quantity.R2STAR]})):
        new = NewExam(exam, Identity(study_uid=exam.code), {}, "GE", "")
        exams.add(session.database, exams.pack(new), actor="First")
    session.close()
    window.open(path)
    open_case(mixed, "C0009")
    maps.toggle_maximised(maps.views[Quantity.FF])
    assert maps.columns[Quantity.R2STAR].isHidden()
    open_case(mixed, "C0001")
    assert not maps.columns[Quantity.R2STAR].isHidden()
    assert maps.seen is not None


@pytest.mark.parametrize(("named", "shown"), [("s^-1", "s⁻¹"), ("Hz", "Hz")])
def test_r2star_has_the_unit_that_the_protocol_names_wherever_it_is_read(
    window: MainWindow,
    page: ReadingPage,
    maps: MapPair,
    tmp_path: Path,
    reading_session: Path,
    named: str,
    shown: str,
) -> None:
    window.workspace.close()
    session = open_session(reading_session)
    protocol = Protocol(r2star_unit=named, name="units", version=2)
    with session.database.transaction():
        sessions._insert_protocol(session.database, protocol, "2026-01-01T00:00:00Z")
    session.close()
    window.open(reading_session)
    space = window.workspace
    assert space.case is not None
    space.select(Level.L1)
    space.show_preview(Level.L1, Rectangle(space.slice, 30, 20, 8, 11))
    space.commit_preview()
    space.select(Level.L1)
    header = page.panel.table.levels.headerData(2, Qt.Orientation.Horizontal)
    view = maps.views[Quantity.R2STAR]
    stats = space.case.reading.history.current[Level.L1].stats
    said = [
        str(header),
        view._caption.unit,
        maps.columns[Quantity.R2STAR].bar._unit.text(),
        page.panel.lines.lines[2][1].text(),
        page.panel.histograms.views[Quantity.R2STAR].toolTip(),
        page.panel.table.levels.rows[0].detail,
        view.accessibleDescription(),
        present.map_heading(space.case.exam.maps[Quantity.R2STAR], named),
        present.figure_line(Level.L1, Quantity.R2STAR, stats[Quantity.R2STAR], named),
    ]
    other = {"s⁻¹": "Hz", "Hz": "s⁻¹"}[shown]
    assert [one for one in said if shown not in one or other in one] == []
    # FF stays what it is
    assert maps.views[Quantity.FF]._caption.unit == "%"
