"""Every gesture of every preset, over a map and over the reference; rectangles obey one hand in all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.mouse_presets import PRESETS, Beside, Button, Does
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage

BUTTONS = {
    Button.LEFT: Qt.MouseButton.LeftButton,
    Button.MIDDLE: Qt.MouseButton.MiddleButton,
    Button.RIGHT: Qt.MouseButton.RightButton,
}
MODIFIERS = {
    Beside.CTRL: Qt.KeyboardModifier.ControlModifier,
    Beside.SHIFT: Qt.KeyboardModifier.ShiftModifier,
}
PLAIN = Qt.KeyboardModifier.NoModifier
GESTURES = [
    pytest.param(name, button, beside, does, id=f"{name}-{button}-{beside or 'alone'}-{does}")
    for name, preset in PRESETS.items()
    for (button, beside), does in preset.gestures.items()
]
Fill = Callable[..., None]


def send(
    view: QWidget, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Any, with_key: Any
) -> None:
    QApplication.sendEvent(view, QMouseEvent(kind, at, view.mapToGlobal(at), button, held, with_key))


def drag(view: QWidget, button: Qt.MouseButton, start: QPoint, step: QPoint, with_key: Any = PLAIN) -> None:
    """Press, move in two steps, let go; all with a modifier held."""
    none = Qt.MouseButton.NoButton
    begin, end = QPointF(start), QPointF(start + step)
    send(view, QEvent.Type.MouseButtonPress, begin, button, button, with_key)
    send(view, QEvent.Type.MouseMove, (begin + end) / 2, none, button, with_key)
    send(view, QEvent.Type.MouseMove, end, none, button, with_key)
    send(view, QEvent.Type.MouseButtonRelease, end, button, none, with_key)


def turn(view: QWidget, at: QPoint, with_key: Any) -> None:
    event = QWheelEvent(
        QPointF(at), view.mapToGlobal(QPointF(at)), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        with_key, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(view, event)


def state(window: MainWindow, view: Any, maps: MapPair) -> dict[Does, object]:
    camera = maps.views[Quantity.FF].camera
    return {
        Does.SLICE: window.workspace.slice,
        Does.ZOOM: camera.zoom,
        Does.PAN: camera.centre,
        Does.WINDOW: view.window_level,
    }


def gesture(page: ReadingPage, view: QWidget, button: Button, beside: Beside) -> None:
    """Make one gesture in the lower part of a view, a little down and to the right."""
    at = QPoint(view.width() // 2, view.height() * 3 // 4)
    with_key = MODIFIERS.get(beside, PLAIN)
    page.maps.space_held = beside is Beside.PAN_KEY
    if button is Button.WHEEL:
        turn(view, at, with_key)
    else:
        drag(view, BUTTONS[button], at, QPoint(40, 30), with_key)
    page.maps.space_held = False


def expected(does: Does, before: dict[Does, object]) -> set[Does]:
    """What may differ afterwards: to zoom about the pointer also moves the middle of the view."""
    return {Does.ZOOM, Does.PAN} if does is Does.ZOOM else {does}


@pytest.mark.parametrize(("name", "button", "beside", "does"), GESTURES)
def test_a_gesture_over_a_map_does_what_its_preset_says_and_nothing_else(
    window: MainWindow, page: ReadingPage, maps: MapPair, stored: Any,
    name: str, button: Button, beside: Beside, does: Does,
) -> None:  # fmt: skip
    window.keyboard.use_mouse(name)
    space, view = window.workspace, maps.views[Quantity.FF]
    if beside is Beside.EMPTY:
        space.select(None)
    before = state(window, view, maps)
    gesture(page, view, button, beside)
    after = state(window, view, maps)
    assert {one for one in Does if before[one] != after[one]} == expected(does, before)
    assert stored(space) == {}
    assert {shown.camera for shown in maps.views.values()} == {view.camera}


@pytest.mark.parametrize(("name", "button", "beside", "does"), GESTURES)
def test_the_same_gesture_over_the_reference_does_the_same(
    window: MainWindow, page: ReadingPage, mixed: Any, maps: MapPair,
    name: str, button: Button, beside: Beside, does: Does,
) -> None:  # fmt: skip
    window.keyboard.use_mouse(name)
    maps.toggle_reference()
    QApplication.processEvents()
    view = maps.reference.view
    before = state(window, view, maps)
    gesture(page, view, button, beside)
    after = state(window, view, maps)
    assert {one for one in Does if before[one] != after[one]} == expected(does, before)


@pytest.mark.parametrize("name", PRESETS)
def test_a_rectangle_is_placed_taken_and_resized_by_the_same_hand_in_every_preset(
    window: MainWindow, ff: Any, stored: Any, name: str
) -> None:
    window.keyboard.use_mouse(name)
    space = window.workspace
    would = ff.would_place(40, 40)
    ff.click(40, 40)
    assert stored(space)[Level.L1] == would
    box = stored(space)[Level.L1]
    ff.drag((40, 40), (45, 43))
    moved = stored(space)[Level.L1]
    assert (moved.row0 - box.row0, moved.col0 - box.col0) == (5, 3)
    ff.drag((moved.row0 + 4, moved.col0 + moved.cols), (moved.row0 + 4, moved.col0 + moved.cols + 4))
    assert stored(space)[Level.L1].cols == moved.cols + 4


@pytest.mark.parametrize("name", PRESETS)
def test_a_right_click_without_moving_offers_the_menu_in_every_preset(
    window: MainWindow, page: ReadingPage, ff: Any, name: str
) -> None:
    window.keyboard.use_mouse(name)
    before = state(window, ff.view, page.maps)
    ff.click(40, 40, Qt.MouseButton.RightButton)
    assert page._context.isVisible()
    page._context.close()
    assert state(window, ff.view, page.maps) == before


@pytest.mark.parametrize("name", PRESETS)
def test_a_right_button_let_go_after_a_drag_offers_no_menu(
    window: MainWindow, page: ReadingPage, ff: Any, name: str
) -> None:
    window.keyboard.use_mouse(name)
    ff.drag((40, 40), (60, 60), Qt.MouseButton.RightButton)
    assert not page._context.isVisible()


def test_pacs_pans_with_the_left_button_only_where_nothing_can_be_taken_or_placed(
    window: MainWindow, ff: Any, fill: Fill, stored: Any, maps: MapPair
) -> None:
    window.keyboard.use_mouse("pacs")
    space = window.workspace
    space.set_slice(4)
    # L1 is armed: the drag places it and moves it along
    ff.drag((40, 40), (44, 44))
    assert set(stored(space)) == {Level.L1}
    assert maps.views[Quantity.FF].camera.centre == (0.5, 0.5)
    fill(space)
    before = stored(space)
    ff.drag((100, 70), (90, 60))
    assert stored(space) == before
    assert maps.views[Quantity.FF].camera.centre != (0.5, 0.5)


def test_dragging_up_enlarges_about_where_the_hand_took_the_picture(
    window: MainWindow, ff: Any, maps: MapPair
) -> None:
    window.keyboard.use_mouse("pacs")
    point = ff.point(60, 60)
    there = ff.view.view.to_stored(point.x(), point.y())
    drag(ff.view, Qt.MouseButton.RightButton, point, QPoint(0, -80))
    assert ff.view.camera.zoom == pytest.approx(1.2**2)
    assert ff.view.view.to_stored(point.x(), point.y()) == pytest.approx(there)
    drag(ff.view, Qt.MouseButton.RightButton, point, QPoint(0, 80))
    assert ff.view.camera.zoom == pytest.approx(1.0)


def test_a_zoom_over_the_reference_keeps_the_place_under_the_hand(
    window: MainWindow, mixed: Any, maps: MapPair
) -> None:
    window.keyboard.use_mouse("adw")
    maps.toggle_reference()
    QApplication.processEvents()
    view = maps.reference.view
    at = QPoint(view.width() // 2 + 20, view.height() // 2 - 30)
    there = view.view.to_stored(at.x(), at.y()) if view.view else None
    drag(view, Qt.MouseButton.MiddleButton, at, QPoint(0, -80), Qt.KeyboardModifier.ControlModifier)
    assert maps.views[Quantity.FF].camera.zoom == pytest.approx(1.2**2)
    assert view.view is not None
    assert view.view.to_stored(at.x(), at.y()) == pytest.approx(there)


@pytest.mark.parametrize("name", PRESETS)
def test_a_button_of_which_no_preset_knows_does_nothing(
    window: MainWindow, ff: Any, maps: MapPair, stored: Any, name: str
) -> None:
    window.keyboard.use_mouse(name)
    before = state(window, ff.view, maps)
    drag(ff.view, Qt.MouseButton.BackButton, ff.point(40, 40), QPoint(40, 30))
    assert state(window, ff.view, maps) == before
    assert stored(window.workspace) == {}


def test_a_drag_that_lost_its_release_zooms_no_further(window: MainWindow, ff: Any) -> None:
    window.keyboard.use_mouse("pacs")
    right, none = Qt.MouseButton.RightButton, Qt.MouseButton.NoButton
    at = QPointF(ff.point(60, 60))
    send(ff.view, QEvent.Type.MouseButtonPress, at, right, right, PLAIN)
    send(ff.view, QEvent.Type.MouseMove, at + QPointF(0, -40), none, none, PLAIN)
    assert ff.view.camera.zoom == 1.0


def test_the_preset_is_chosen_in_the_menu_remembered_and_told_by_the_titles_of_the_maps(
    window: MainWindow, page: ReadingPage, maps: MapPair
) -> None:
    title = maps.columns[Quantity.FF].title
    assert "Right drag: window" in title.toolTip()
    window.file_menu.choices["pacs"].trigger()
    assert window.settings.mouse.name == "pacs"
    assert "Right drag: zoom" in title.toolTip()
    assert "Right drag: zoom" in window.file_menu.choices["pacs"].toolTip()
    assert window.file_menu.choices["pacs"].isChecked()
    assert not window.file_menu.choices["marrowmark"].isChecked()
    # a change of key is told there as well
    window.keyboard.use_keys(window.keyboard.keymap.with_keys("pan", ("J",)))
    window.keyboard.use_mouse("marrowmark")
    assert "Middle drag, J + left drag: pan" in title.toolTip()


def test_a_preset_of_another_version_is_our_own_one(window: MainWindow) -> None:
    window.settings._store.setValue("mouse", "of another version")
    assert window.settings.mouse.name == "marrowmark"


def test_shift_and_double_click_are_the_same_in_every_preset(
    window: MainWindow, ff: Any, maps: MapPair
) -> None:
    for name in PRESETS:
        window.keyboard.use_mouse(name)
        window.workspace.select(None)
        ff.move(40, 40, Qt.KeyboardModifier.ShiftModifier)
        assert maps._hand.crosshair is not None
        ff.move(40, 40)
        assert maps._hand.crosshair is None
        ff.double_click(40, 40)
        assert [column.isVisible() for column in maps.columns.values()] == [True, False]
        maps.reset_view()
