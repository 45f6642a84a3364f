"""Whom a key belongs to: what is typed stays in the field, a focused control keeps its own keys."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.ui.canvas import by_key
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.view import Camera
from app.ui.keys import ACTIONS, DEFAULT, HELD, KEYS, PRESSED
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.shortcuts import held_by, key_of

Key = Callable[..., None]
PLAIN = Qt.KeyboardModifier.NoModifier
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier


def event(name: str, modifiers: Any = PLAIN, kind: QEvent.Type = QEvent.Type.KeyPress) -> QKeyEvent:
    return QKeyEvent(kind, Qt.Key[f"Key_{name}"], modifiers)


@pytest.fixture
def field(window: MainWindow, page: ReadingPage) -> QLineEdit:
    """A field on the Read page with the keyboard in it."""
    made = QLineEdit(page)
    made.show()
    made.setFocus()
    assert made.hasFocus()
    return made


@pytest.fixture
def control(window: MainWindow, page: ReadingPage) -> QPushButton:
    """A button on the Read page with the keyboard on it, and how often it was pressed."""
    made = QPushButton(page)
    made.setProperty("pressed", 0)
    made.clicked.connect(lambda: made.setProperty("pressed", made.property("pressed") + 1))
    made.show()
    made.setFocus()
    assert made.hasFocus()
    return made


@pytest.fixture
def done(page: ReadingPage) -> list[str]:
    """Names of the actions of the page in the order in which keys set them off."""
    names: list[str] = []
    for action in page.actions():
        action.triggered.disconnect()
        action.triggered.connect(partial(names.append, action.objectName()))
    return names


def keys_of_page() -> list[str]:
    return sorted({key for action in PRESSED for key in action.keys} - {"Esc"})


@pytest.mark.parametrize("key", keys_of_page())
def test_no_key_typed_into_a_field_sets_off_an_action_of_the_page(
    field: QLineEdit, done: list[str], page: ReadingPage, key: str
) -> None:
    QTest.keySequence(field, key)
    assert done == []


def test_escape_leaves_a_field_and_letters_are_written_into_it(
    field: QLineEdit, page: ReadingPage, maps: MapPair, done: list[str]
) -> None:
    QTest.keyClicks(field, "xh 1")
    assert field.text() == "xh 1"
    assert not maps._hidden
    assert not maps.space_held
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert done == ["let_go"]


def test_what_belongs_to_the_window_works_from_a_field_as_well(window: MainWindow, field: QLineEdit) -> None:
    QTest.keyClick(field, Qt.Key.Key_1, CONTROL)
    assert window.stack.currentWidget() is window.page("worklist")


def test_a_key_of_ones_own_is_not_taken_from_a_field_either(
    window: MainWindow, field: QLineEdit, done: list[str]
) -> None:
    window.keyboard.use_keys(DEFAULT.with_keys("undo", ("Home",)).with_keys("redo", ("Ctrl+Home",)))
    QTest.keyClick(field, Qt.Key.Key_Home)
    QTest.keyClick(field, Qt.Key.Key_Home, CONTROL)
    assert done == []


def test_a_button_keeps_tab_enter_and_space_and_leaves_the_rest_to_the_page(
    control: QPushButton, done: list[str], key: Key
) -> None:
    QTest.keyClick(control, Qt.Key.Key_Return)
    QTest.keyClick(control, Qt.Key.Key_Space)
    assert control.property("pressed") == 2
    assert done == []
    QTest.keyClick(control, Qt.Key.Key_2)
    assert done == ["level_2"]
    QTest.keyClick(control, Qt.Key.Key_Tab)
    assert not control.hasFocus()
    assert done == ["level_2"]


def test_enter_that_is_kept_down_presses_a_button_once(control: QPushButton) -> None:
    press = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Return, PLAIN, "\r", autorep=True)
    QTest.keyClick(control, Qt.Key.Key_Return)
    QApplication.sendEvent(control, press)
    assert control.property("pressed") == 1


def test_on_the_maps_tab_goes_to_the_next_level_and_ctrl_tab_to_the_next_control(
    window: MainWindow, page: ReadingPage, maps: MapPair, key: Key
) -> None:
    view = maps.views[Quantity.FF]
    view.setFocus(Qt.FocusReason.TabFocusReason)
    key("Tab")
    assert window.workspace.selected is Level.L2
    assert view.hasFocus()
    key("Backtab", "Shift")
    assert window.workspace.selected is Level.L1
    key("Tab", "Control")
    assert not view.hasFocus()
    key("Backtab", "Control", "Shift")
    assert view.hasFocus()


def test_the_ring_around_a_map_is_for_those_who_go_by_keys(maps: MapPair, ff: Any) -> None:
    view = maps.views[Quantity.FF]
    view.setFocus(Qt.FocusReason.TabFocusReason)
    corner = view.grab().toImage().pixelColor(1, view.height() // 2)
    view.clearFocus()
    quiet = view.grab().toImage().pixelColor(1, view.height() // 2)
    assert corner != quiet
    ff.click(10, 10)
    assert view.hasFocus()
    assert view.grab().toImage().pixelColor(1, view.height() // 2) == quiet


def test_a_key_kept_down_moves_again_and_again_but_signs_off_once(
    window: MainWindow, page: ReadingPage
) -> None:
    repeat = {action.objectName(): action.autoRepeat() for action in page.actions()}
    assert {name for name, repeats in repeat.items() if repeats} == {
        action.name for action in ACTIONS if action.repeats and action.name in repeat
    }


@pytest.mark.parametrize(
    ("pressed", "modifiers", "written"),
    [("A", PLAIN, "A"), ("A", SHIFT, "Shift+A"), ("Question", SHIFT, "?"), ("Less", SHIFT, "<"),
     ("Backtab", SHIFT, "Shift+Tab"), ("Tab", CONTROL, "Ctrl+Tab"), ("Space", PLAIN, "Space"),
     ("Return", CONTROL, "Ctrl+Return"), ("1", Qt.KeyboardModifier.KeypadModifier, "1"),
     ("PageUp", SHIFT, "Shift+PgUp"), ("Plus", CONTROL | SHIFT, "Ctrl++"), ("Shift", SHIFT, ""),
     ("Control", CONTROL, ""), ("F5", PLAIN, "F5"), ("Comma", PLAIN, ",")],
)  # fmt: skip
def test_a_key_is_written_as_the_table_writes_it(pressed: str, modifiers: Any, written: str) -> None:
    assert key_of(event(pressed, modifiers)) == written


def test_every_key_of_the_table_is_in_the_notation_in_which_keys_are_asked_for() -> None:
    portable = QKeySequence.SequenceFormat.PortableText
    for action in ACTIONS:
        for key in action.keys:
            assert QKeySequence(key).toString(portable) == key


def test_a_held_key_is_known_with_shift_and_not_with_ctrl() -> None:
    assert held_by(DEFAULT, event("H")) == "hide"
    assert held_by(DEFAULT, event("H", SHIFT)) == "hide"
    assert held_by(DEFAULT, event("W", CONTROL)) is None
    assert held_by(DEFAULT, event("W", CONTROL, QEvent.Type.KeyRelease)) == "overlay_water"
    assert held_by(DEFAULT, event("Q")) is None
    assert {held_by(DEFAULT, event(action.keys[0])) for action in HELD} == {a.name for a in HELD}


# -- what else the mouse does, done by keys -----------------------------------------------------------


def cameras(maps: MapPair) -> set[Camera]:
    return {view.camera for view in maps.views.values()}


def test_plus_and_minus_zoom_both_maps_about_their_middle(page: ReadingPage, maps: MapPair, key: Key) -> None:
    page.setFocus()
    key("Plus")
    assert cameras(maps) == {Camera(1.2)}
    key("Minus")
    key("Minus")
    (camera,) = cameras(maps)
    assert camera.zoom == pytest.approx(1 / 1.2)


@pytest.mark.parametrize(
    ("arrow", "down", "right"), [("Up", -1, 0), ("Down", 1, 0), ("Left", 0, -1), ("Right", 0, 1)]
)
def test_ctrl_shift_and_an_arrow_look_further_that_way(
    page: ReadingPage, maps: MapPair, key: Key, arrow: str, down: int, right: int
) -> None:
    page.setFocus()
    key("Plus")
    key(arrow, "Control", "Shift")
    ((y, x),) = {camera.centre for camera in cameras(maps)}
    assert ((y > 0.5) - (y < 0.5), (x > 0.5) - (x < 0.5)) == (down, right)


def test_one_map_alone_then_the_other_then_both_again(page: ReadingPage, maps: MapPair, key: Key) -> None:
    page.setFocus()
    seen = []
    for _ in range(3):
        key("M")
        seen.append([column.isVisible() for column in maps.columns.values()])
    assert seen == [[True, False], [False, True], [True, True]]


def test_five_levels_are_placed_without_a_mouse_one_below_the_other(
    window: MainWindow, page: ReadingPage, stored: Any, key: Key
) -> None:
    page.setFocus()
    for _ in Level:
        key("Insert")
    boxes = stored(window.workspace)
    assert set(boxes) == set(Level)
    tops = [boxes[level].row0 for level in Level]
    assert tops == sorted(tops)


def test_a_level_is_placed_by_key_where_its_ghost_is_seen(
    window: MainWindow, page: ReadingPage, ff: Any, stored: Any, key: Key
) -> None:
    page.setFocus()
    would = ff.would_place(30, 30)
    ff.move(30, 30)
    key("P")
    assert stored(window.workspace) == {Level.L1: would}


def test_placing_by_key_where_nothing_may_be_changed_says_why(
    window: MainWindow, page: ReadingPage, maps: MapPair, fill: Callable[..., None], stored: Any, key: Key
) -> None:
    space = window.workspace
    fill(space)
    before = stored(space)
    space.select(Level.L3)
    by_key.place(maps, space)
    assert stored(space) == before
    space.sign_off(go_on=False)
    window.banner.hide()
    page.setFocus()
    key("Insert")
    assert "signed off" in window.banner.words


def test_without_a_case_keys_for_the_maps_do_nothing(window: MainWindow, maps: MapPair) -> None:
    window.workspace.close()
    by_key.zoom(maps, 2.0)
    by_key.look(maps, 1, 1)
    by_key.place(maps, window.workspace)
    assert cameras(maps) == {Camera()}


def test_the_menu_of_a_right_click_is_offered_to_the_keyboard_as_well(
    page: ReadingPage, maps: MapPair
) -> None:
    middle = QPoint(20, 20)
    for reason, offered in (
        (QContextMenuEvent.Reason.Mouse, False),
        (QContextMenuEvent.Reason.Keyboard, True),
    ):
        view = maps.views[Quantity.FF]
        QApplication.sendEvent(view, QContextMenuEvent(reason, middle, view.mapToGlobal(middle)))
        assert page._context.isVisible() is offered
    page._context.close()


def test_every_key_of_the_read_page_is_bound_once(page: ReadingPage) -> None:
    bound = {action.objectName(): [one.toString() for one in action.shortcuts()] for action in page.actions()}
    assert set(bound) == set(KEYS)
    assert all(tuple(bound[name]) == keys for name, keys in KEYS.items())


def test_every_held_key_does_something_on_the_read_page(page: ReadingPage) -> None:
    assert set(page._holds()) == {action.name for action in HELD}
