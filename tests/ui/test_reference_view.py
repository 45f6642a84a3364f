"""The reference beside the maps: linked in patient coordinates, looked at and never measured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.errors import StoreUnavailable
from app.domain.maps import DISPLAY_RANGE, Quantity
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.services import beside
from app.services.changed import What
from app.services.open_session import Session
from app.ui import present
from app.ui.canvas import projection
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.reference_view import ReferenceView
from app.ui.canvas.view import Camera
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Key = Callable[..., None]
BOX = Rectangle(4, 24, 15, 6, 9)
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
MIDDLE, RIGHT = Qt.MouseButton.MiddleButton, Qt.MouseButton.RightButton


@pytest.fixture
def t2(mixed: Workspace, maps: MapPair, ff: Any) -> Any:
    """The mouse over the reference, which shows the T2 of C0009 beside slice 4 of the maps."""
    maps.toggle_reference()
    QApplication.processEvents()
    return type(ff)(maps.reference.view, mixed)


def grid_of(view: ReferenceView) -> Any:
    assert view.series is not None
    return view.series.grid


def test_the_reference_is_hidden_until_it_is_asked_for_and_again_when_it_is_not_wanted(
    mixed: Workspace, page: ReadingPage, maps: MapPair, key: Key
) -> None:
    page.setFocus()
    assert not maps.reference.isVisible()
    key("V")
    assert maps.reference.isVisible()
    assert not maps.reference_button.isVisible()
    key("V")
    assert not maps.reference.isVisible()
    QTest.mouseClick(maps.reference_button, Qt.MouseButton.LeftButton)
    assert maps.reference.isVisible()
    QTest.mouseClick(maps.reference.close_button, Qt.MouseButton.LeftButton)
    assert not maps.reference.isVisible()
    assert maps.reference_button.isVisible()


def test_no_series_is_read_before_somebody_wants_to_look_at_one(
    mixed: Workspace, maps: MapPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, read = beside.series, []

    def series(session: Session, exam_id: int, name: str) -> Any:
        read.append(name)
        return real(session, exam_id, name)

    monkeypatch.setattr(beside, "series", series)
    mixed.open_case(mixed.case.exam.id if mixed.case else 0)
    mixed.set_slice(2)
    QApplication.processEvents()
    assert read == []
    assert mixed.case is not None
    assert set(mixed.case.exam.maps) == {Quantity.FF, Quantity.R2STAR}
    # one is asked for, and it is the only one that is read, once
    maps.toggle_reference()
    mixed.set_slice(3)
    assert read == ["T2"]
    for _ in range(2):
        maps.hold_overlay("water")
        mixed.set_slice(mixed.slice + 1)
        maps.hold_overlay("")
    assert read == ["T2", Quantity.WATER]


def test_anatomical_series_come_first_then_the_images_that_are_not_measured(t2: Any, maps: MapPair) -> None:
    names = maps.reference.names.actions()
    assert [action.text() for action in names] == ["T2", "Water"]
    assert maps.reference.choice.text().startswith("T2")
    assert t2.view.series.name == "T2"
    assert t2.view._caption.note == "reference, not measured"
    names[1].trigger()
    assert t2.view.series.name == "Water"
    assert np.array_equal(t2.view.series.stored, t2.workspace.series(Quantity.WATER).stored)
    assert grid_of(t2.view).shape == (9, 30, 70)


def test_the_wish_for_a_reference_and_its_name_outlive_the_case(
    t2: Any, maps: MapPair, open_case: Callable[..., None]
) -> None:
    maps.reference.names.actions()[1].trigger()
    open_case(t2.workspace, "C0001")
    QApplication.processEvents()
    # nothing beside these maps: hidden without a word, still wanted
    assert not maps.reference.isVisible()
    open_case(t2.workspace, "C0009")
    QApplication.processEvents()
    assert maps.reference.isVisible()
    assert t2.view.series.name == "Water"


def test_no_series_of_another_patient_stands_beside_the_maps_for_a_moment(
    t2: Any, maps: MapPair, open_case: Callable[..., None]
) -> None:
    open_case(t2.workspace, "C0001")
    # nothing was painted yet
    assert t2.view.series is None
    assert t2.view.view is None
    open_case(t2.workspace, "C0009")
    assert t2.view.series is None
    QApplication.processEvents()
    assert t2.view.series.name == "T2"


def test_an_exam_without_anything_beside_its_maps_says_so(
    mixed: Workspace, maps: MapPair, told: list[Any], open_case: Callable[..., None]
) -> None:
    open_case(mixed, "C0001")
    QTest.mouseClick(maps.reference_button, Qt.MouseButton.LeftButton)
    assert [problem.code for problem in told] == ["reference.none"]
    assert "water or fat" in present.error_text(told[0])
    assert not maps.reference.isVisible()


def test_without_a_case_there_is_no_reference(
    mixed: Workspace, t2: Any, maps: MapPair, told: list[Any]
) -> None:
    mixed.close()
    QApplication.processEvents()
    assert maps.reference.isHidden()
    assert not maps.reference_button.isEnabled()
    maps.toggle_reference()
    assert told == []
    assert maps.reference.offered == []


def test_a_series_that_cannot_be_read_is_told_and_the_others_are_offered(
    mixed: Workspace, maps: MapPair, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = beside.series

    def broken(session: Session, exam_id: int, name: str) -> Any:
        if name == "T2":
            raise StoreUnavailable("store.corrupt", file="mixed.marrow")
        return real(session, exam_id, name)

    monkeypatch.setattr(beside, "series", broken)
    maps.toggle_reference()
    assert [problem.code for problem in told] == ["store.corrupt"]
    assert maps.reference.view.series is not None
    assert maps.reference.view.series.name == "Water"
    assert [action.text() for action in maps.reference.names.actions()] == ["T2", "Water"]
    maps.reference.names.actions()[0].trigger()
    assert maps.reference.view.series.name == "Water"
    # chosen in vain, it is not remembered for the next case
    assert maps.reference._name == ""


def test_the_slice_nearest_to_that_of_the_maps_is_shown_with_its_own_number(t2: Any, maps: MapPair) -> None:
    space = t2.workspace
    for index in range(9):
        space.set_slice(index)
        x = space.case.exam.grid.to_patient((index, 0, 0))[0]
        planes = [grid_of(t2.view).to_patient((number, 0, 0))[0] for number in range(7)]
        assert abs(planes[t2.view.slice] - x) == min(abs(plane - x) for plane in planes)
        assert t2.view._caption.slice_text == f"slice {t2.view.slice + 1} / 7"
    assert t2.view.view.orientation.letters == ("A", "P", "S", "I")


def test_the_wheel_over_it_scrolls_the_maps(t2: Any) -> None:
    t2.wheel(70, 60, -120)
    assert t2.workspace.slice == 5
    for _ in range(4):
        t2.wheel(70, 60, 60)
    assert t2.workspace.slice == 3


@pytest.mark.parametrize("maximised", [False, True])
def test_it_has_the_maps_middle_and_mm_scale_whatever_is_zoomed_panned_or_resized(
    window: MainWindow, t2: Any, maps: MapPair, ff: Any, maximised: bool
) -> None:
    def check() -> None:
        case, seen, shown = t2.workspace.case, maps.seen, t2.view.view
        assert shown.scale == pytest.approx(seen.scale, rel=1e-9)
        middle = seen.to_stored(seen.size[0] / 2, seen.size[1] / 2)
        point = projection.patient_point(case.exam.grid, t2.workspace.slice, middle)
        own = projection.stored_place(grid_of(t2.view), point)
        assert shown.to_screen(*shown.orientation.to_shown(*own)) == pytest.approx(
            (t2.view.width() / 2, t2.view.height() / 2), abs=1e-6
        )

    check()
    if maximised:
        maps.toggle_maximised(maps.views[Quantity.R2STAR])
        QApplication.processEvents()
    ff.wheel(20, 30, 360, CONTROL)
    check()
    t2.drag((70, 60), (80, 75), MIDDLE)
    assert maps.views[Quantity.FF].camera.centre != (0.5, 0.5)
    check()
    window.resize(1600, 900)
    QApplication.processEvents()
    check()
    maps.reset_view()
    check()


def test_ctrl_wheel_over_it_zooms_all_views_and_keeps_the_place_under_the_pointer(
    t2: Any, maps: MapPair
) -> None:
    before = t2.point(50, 40)
    t2.wheel(50, 40, 240, CONTROL)
    assert [view.camera.zoom for view in maps.views.values()] == pytest.approx([1.44, 1.44])
    assert (t2.point(50, 40) - before).manhattanLength() <= 2


def test_space_and_left_drag_over_it_pan_too(page: ReadingPage, t2: Any, maps: MapPair) -> None:
    maps.set_camera(Camera(3.0))
    page.setFocus()
    QTest.keyPress(page, Qt.Key.Key_Space)
    t2.drag((70, 60), (80, 75))
    QTest.keyRelease(page, Qt.Key.Key_Space)
    assert maps.views[Quantity.FF].camera.centre != (0.5, 0.5)


def test_a_right_drag_changes_its_own_grey_scale_only_and_reset_brings_it_back(
    t2: Any, maps: MapPair
) -> None:
    t2.drag((60, 50), (80, 75), RIGHT)
    assert t2.view.window_level != (0.0, 700.0)
    assert {quantity: view.window_level for quantity, view in maps.views.items()} == DISPLAY_RANGE
    t2.move(30, 30)
    kept = t2.view.window_level
    t2.move(90, 30)
    assert t2.view.window_level == kept
    maps.reset_view()
    assert t2.view.window_level == (0.0, 700.0)


def test_a_drag_whose_release_went_elsewhere_is_let_go(t2: Any, maps: MapPair) -> None:
    t2.press(60, 50, RIGHT)
    t2.held = Qt.MouseButton.NoButton
    t2.move(90, 90)
    assert t2.view.window_level == (0.0, 700.0)


def test_no_click_in_it_ever_places_or_moves_a_rectangle(t2: Any, maps: MapPair) -> None:
    space = t2.workspace
    assert space.armed
    t2.click(70, 60)
    t2.double_click(70, 60)
    assert space.rectangles == {}
    space.show_preview(Level.L1, BOX)
    space.commit_preview()
    space.select(Level.L1)
    outline = t2.view._marks.rectangles[Level.L1]
    middle = ((outline.row0 + outline.row1) / 2, (outline.col0 + outline.col1) / 2)
    t2.drag(middle, (middle[0] + 20, middle[1] + 20))
    t2.drag((outline.row0, outline.col0), (outline.row0 + 20, outline.col0 + 20))
    assert space.rectangles == {Level.L1: BOX}
    assert space.preview is None
    assert all(view._marks.ghost is None for view in (*maps.views.values(), t2.view))


def test_shift_and_move_over_a_map_marks_the_same_place_in_all_views(t2: Any, maps: MapPair, ff: Any) -> None:
    ff.move(33.5, 21.5, SHIFT)
    assert {view._marks.crosshair for view in maps.views.values()} == {(33.0, 21.0)}
    point = t2.workspace.case.exam.grid.to_patient((4, 33, 21))
    _, row, col = grid_of(t2.view).to_index(point).tolist()
    assert t2.view._marks.crosshair == pytest.approx((row, col), abs=1e-9)
    ff.move(33.5, 21.5)
    assert t2.view._marks.crosshair is None


def test_shift_and_move_over_the_reference_marks_the_voxel_of_the_maps_at_that_place(
    t2: Any, maps: MapPair
) -> None:
    t2.move(66.0, 55.0, SHIFT)
    at = t2.point(66.0, 55.0)
    stored = t2.view.view.to_stored(at.x(), at.y())
    grid = grid_of(t2.view)
    point = grid.to_patient((t2.view.slice, stored[0] - 0.5, stored[1] - 0.5))
    _, row, col = t2.workspace.case.exam.grid.to_index(point).tolist()
    assert {view._marks.crosshair for view in maps.views.values()} == {
        (np.floor(row + 0.5), np.floor(col + 0.5))
    }
    assert t2.view._marks.crosshair == pytest.approx((stored[0] - 0.5, stored[1] - 0.5), abs=1e-9)
    t2.view.leaveEvent(_leave())
    assert all(view._marks.crosshair is None for view in (*maps.views.values(), t2.view))


def _leave() -> Any:
    from PySide6.QtCore import QEvent  # noqa: PLC0415 - here only

    return QEvent(QEvent.Type.Leave)


def test_a_place_of_the_reference_outside_the_maps_marks_nothing_on_them(t2: Any, maps: MapPair) -> None:
    # the T2 begins above the maps
    t2.move(2.0, 60.0, SHIFT)
    assert t2.view._marks.crosshair is not None
    assert {view._marks.crosshair for view in maps.views.values()} == {None}


def test_outlines_follow_the_hand_and_are_faint_off_their_slice(t2: Any, maps: MapPair) -> None:
    space = t2.workspace
    space.show_preview(Level.L1, BOX)
    before = t2.view._marks.rectangles[Level.L1]
    space.show_preview(Level.L1, Rectangle(4, 30, 15, 6, 9))
    after = t2.view._marks.rectangles[Level.L1]
    # six voxels of 2 mm down
    assert (after.row0 - before.row0) * 1.1 == pytest.approx(12.0)
    space.commit_preview()
    space.set_slice(8)
    assert Level.L1 not in t2.view._marks.rectangles
    assert Level.L1 in t2.view._marks.elsewhere
    maps.set_hidden(hidden=True)
    assert t2.view._marks.hidden


def test_no_handles_and_no_value_are_shown_on_it(t2: Any, ff: Any) -> None:
    space = t2.workspace
    space.show_preview(Level.L1, BOX)
    space.commit_preview()
    space.select(Level.L1)
    ff.move(30, 30)
    marks = t2.view._marks
    assert (marks.editable, marks.selected, marks.readout) == (False, None, "")
    assert not t2.view._caption.bar


def test_a_series_that_was_imported_meanwhile_is_offered(t2: Any, maps: MapPair) -> None:
    read = []
    maps.reference.changed.connect(lambda: read.append(len(maps.reference.names.actions())))
    t2.workspace.note(What.EXAMS)
    QApplication.processEvents()
    assert read == [2]
    assert maps.reference.isVisible()


def test_a_signal_image_of_nothing_but_zeros_still_has_a_grey_scale(t2: Any) -> None:
    from app.ui.canvas.reference_view import signal_series  # noqa: PLC0415 - the rule behind the picture

    water = t2.workspace.series(Quantity.WATER)
    empty = type(water)(Quantity.WATER, np.zeros(water.grid.shape, np.int16), water.grid, water.scaling)
    assert signal_series(empty).window == (0.0, 1.0)


def test_keys_work_after_a_click_into_the_reference(
    page: ReadingPage, t2: Any, maps: MapPair, key: Key
) -> None:
    page.setFocus()
    t2.click(70, 60)
    key("V")
    assert not maps.reference.isVisible()


def test_the_reference_is_painted(t2: Any) -> None:
    image = t2.view.grab().toImage()
    middle = QPoint(image.width() // 2, image.height() // 2)
    assert image.copy(middle.x() - 40, middle.y() - 40, 80, 80).allGray()
    assert t2.view.stored_at(QPointF(middle)) is not None


@pytest.mark.parametrize("width", [1000, 1366, 1920])
def test_all_views_are_equally_wide_however_long_their_titles_are(
    window: MainWindow, t2: Any, maps: MapPair, width: int
) -> None:
    maps.columns[Quantity.R2STAR].title.setText("R2* resampled and more")
    window.resize(width, 768)
    QApplication.processEvents()
    views = (*maps.views.values(), t2.view)
    # three do not always share a width in whole points
    assert max(view.width() for view in views) - min(view.width() for view in views) <= 1
    assert len({view.height() for view in views}) == 1
