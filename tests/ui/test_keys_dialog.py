"""Keys are changed in a dialog, and changed everywhere at once; the sheet tells how they are now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app import compose
from app.domain.protocol import Level
from app.ui import present
from app.ui.canvas.map_pair import MapPair
from app.ui.dialogs.keys_dialog import KeysDialog
from app.ui.dialogs.keys_sheet import KeysSheet
from app.ui.keys import ACTIONS, BY_NAME, DEFAULT
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage

LEFT = Qt.MouseButton.LeftButton
CONTROL, SHIFT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def dialog(window: MainWindow) -> KeysDialog:
    """The dialog that changes keys, over the Read page."""
    window.file_menu.actions["change_keys"].trigger()
    found = window.findChild(KeysDialog)
    assert isinstance(found, KeysDialog)
    QApplication.processEvents()
    return found


def press(target: QWidget, name: str, modifiers: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(target, Qt.Key[f"Key_{name}"], modifiers)


def give(dialog: KeysDialog, action: str, name: str, modifiers: Any = PLAIN, *, more: bool = False) -> None:
    """Choose an action, ask for a key and press it."""
    dialog.choose(action)
    QTest.mouseClick(dialog.buttons["more" if more else "new"], LEFT)
    assert dialog.capture.isVisible()
    press(dialog.capture, name, modifiers)


def shown_keys(dialog: KeysDialog, action: str) -> str:
    return dialog._rows.rows[ACTIONS.index(BY_NAME[action])][2]


def test_the_dialog_lists_every_action_with_its_keys(dialog: KeysDialog) -> None:
    assert dialog.isVisible()
    assert dialog._found.rowCount() == len(ACTIONS)
    assert shown_keys(dialog, "redo") == "Ctrl+Shift+Z,  Ctrl+Y"
    assert not dialog.buttons["new"].isEnabled()
    assert not dialog.buttons["reset_all"].isEnabled()


def test_a_new_key_holds_at_once_on_the_page_in_the_menu_in_tooltips_and_in_the_settings(
    window: MainWindow, page: ReadingPage, dialog: KeysDialog, key: Callable[..., None]
) -> None:
    give(dialog, "not_measurable", "J")
    give(dialog, "export", "L", CONTROL)
    give(dialog, "page_audit", "F9")
    assert shown_keys(dialog, "not_measurable") == present.text("change_keys.changed", keys="J")
    assert "(J)" in page.panel.exclude.toolTip()
    assert [one.toString() for one in window.file_menu.actions["export"].shortcuts()] == ["Ctrl+L"]
    assert "(F9)" in window.topbar.pages["audit"].toolTip()
    assert window.settings.keymap.keys("not_measurable") == ("J",)


def test_the_old_key_does_nothing_any_more_and_the_new_one_does_it(
    page: ReadingPage, maps: MapPair, dialog: KeysDialog, key: Callable[..., None]
) -> None:
    give(dialog, "colour_map", "J")
    give(dialog, "hide", "Y")
    dialog.close()
    page.window().activateWindow()
    QApplication.processEvents()
    page.setFocus()
    view = next(iter(maps.views.values()))
    before = view.colour_map
    key("C")
    assert view.colour_map == before
    key("J")
    assert view.colour_map != before
    QTest.keyPress(page, Qt.Key.Key_H)
    assert not maps._hidden
    QTest.keyPress(page, Qt.Key.Key_Y)
    assert maps._hidden
    QTest.keyRelease(page, Qt.Key.Key_Y)
    assert not maps._hidden


def test_changed_keys_are_there_again_after_a_restart(
    window: MainWindow, dialog: KeysDialog, home: Path, reading_session: Path
) -> None:
    give(dialog, "colour_map", "B")
    window.close()
    again = compose.window(home)
    again.show()
    again.open(reading_session)
    page = again.page("read")
    action = page.findChild(QAction, "colour_map")
    assert isinstance(action, QAction)
    assert [one.toString() for one in action.shortcuts()] == ["B"]
    again.close()
    again.deleteLater()


def test_one_key_more_does_the_same_and_stands_first(dialog: KeysDialog) -> None:
    give(dialog, "undo", "U", more=True)
    assert dialog.keymap.keys("undo") == ("U", "Ctrl+Z")


def test_a_key_that_is_taken_is_told_and_given_only_when_it_is_wanted(dialog: KeysDialog) -> None:
    give(dialog, "undo", "C")
    assert present.text("key.colour_map") in dialog.told.text()
    assert dialog.keymap == DEFAULT
    QTest.mouseClick(dialog.buttons["leave"], LEFT)
    assert dialog.keymap == DEFAULT
    give(dialog, "undo", "C")
    assert dialog.buttons["take"].hasFocus()
    press(dialog.buttons["take"], "Space")
    assert dialog.keymap.keys("undo") == ("C",)
    assert dialog.keymap.keys("colour_map") == ()
    assert shown_keys(dialog, "colour_map") == present.text("change_keys.changed", keys="–")


def test_choosing_another_action_forgets_the_key_that_was_offered(dialog: KeysDialog) -> None:
    give(dialog, "undo", "C")
    dialog.choose("redo")
    assert not dialog.buttons["take"].isVisible()
    dialog._take()
    assert dialog.keymap == DEFAULT


def test_tab_enter_and_arrows_can_be_given_as_any_other_key(dialog: KeysDialog) -> None:
    give(dialog, "place", "Tab", CONTROL | SHIFT)
    assert present.text("key.previous_control") in dialog.told.text()
    give(dialog, "place", "Backtab", SHIFT)
    assert present.text("key.previous_level") in dialog.told.text()
    give(dialog, "place", "Return", SHIFT)
    assert dialog.keymap.keys("place") == ("Shift+Return",)
    give(dialog, "place", "Up", CONTROL)
    assert dialog.keymap.keys("place") == ("Ctrl+Up",)
    give(dialog, "place", "Question", SHIFT)
    assert present.text("key.keys") in dialog.told.text()


def test_escape_leaves_a_key_as_it_is_and_can_be_given_to_nothing(dialog: KeysDialog) -> None:
    give(dialog, "undo", "Escape")
    assert dialog.keymap == DEFAULT
    assert dialog.isVisible()
    assert not dialog.capture.isVisible()
    dialog.choose("let_go")
    assert not dialog.buttons["new"].isEnabled()
    assert not dialog.buttons["none"].isEnabled()
    dialog.table.activated.emit(dialog.table.currentIndex())
    assert dialog.told.text() == present.text("change_keys.escape")


def test_a_held_key_takes_no_modifier(dialog: KeysDialog) -> None:
    give(dialog, "hide", "J", CONTROL)
    assert dialog.keymap == DEFAULT
    assert "Ctrl+J" in dialog.told.text()
    give(dialog, "hide", "J")
    assert dialog.keymap.keys("hide") == ("J",)


def test_a_modifier_alone_and_a_repeated_key_are_not_taken_for_a_key(dialog: KeysDialog) -> None:
    dialog.choose("undo")
    QTest.mouseClick(dialog.buttons["new"], LEFT)
    press(dialog.capture, "Control", CONTROL)
    repeated = QKeyEvent(QKeyEvent.Type.KeyPress, Qt.Key.Key_J, PLAIN, "j", autorep=True)
    QApplication.sendEvent(dialog.capture, repeated)
    assert dialog.capture.isVisible()
    assert dialog.keymap == DEFAULT
    dialog.search.setFocus()
    assert not dialog.capture.isVisible()
    assert dialog.told.text() == present.text("change_keys.how")


def test_the_same_key_again_changes_nothing_and_is_told(dialog: KeysDialog) -> None:
    give(dialog, "undo", "Z", CONTROL)
    assert dialog.keymap == DEFAULT
    assert dialog.told.text() == present.text("change_keys.same", key="Ctrl+Z", does=present.text("key.undo"))
    # of two keys only the pressed one is wanted from now on
    give(dialog, "redo", "Y", CONTROL)
    assert dialog.keymap.keys("redo") == ("Ctrl+Y",)


def test_an_action_can_lose_its_keys_and_get_its_first_ones_back(dialog: KeysDialog) -> None:
    dialog.choose("fit")
    QTest.mouseClick(dialog.buttons["none"], LEFT)
    assert dialog.keymap.keys("fit") == ()
    give(dialog, "undo", "G")
    dialog.choose("fit")
    QTest.mouseClick(dialog.buttons["reset"], LEFT)
    assert dialog.keymap.keys("fit") == ("G",)
    assert dialog.keymap.keys("undo") == ()
    assert present.text("key.undo") in dialog.told.text()
    QTest.mouseClick(dialog.buttons["reset_all"], LEFT)
    assert dialog.keymap == DEFAULT
    assert dialog.chosen is BY_NAME["fit"]


def test_searching_finds_by_key_and_by_words_and_the_found_one_is_changed(dialog: KeysDialog) -> None:
    dialog.search.setText("colour")
    assert dialog._found.rowCount() == 1
    dialog.table.setCurrentIndex(dialog._found.index(0, 0))
    assert dialog.chosen is BY_NAME["colour_map"]
    QTest.mouseClick(dialog.buttons["new"], LEFT)
    press(dialog.capture, "B")
    assert dialog.keymap.keys("colour_map") == ("B",)
    dialog.search.setText("Ctrl+Z")
    assert dialog._found.rowCount() == 1


def test_the_only_line_found_is_marked_when_the_keyboard_comes_to_the_table(dialog: KeysDialog) -> None:
    dialog.search.setText("colour")
    QTest.keyClick(dialog.search, Qt.Key.Key_Tab)
    assert dialog.table.hasFocus()
    assert dialog.chosen is BY_NAME["colour_map"]
    assert dialog.table.selectionModel().isRowSelected(0)
    assert dialog.buttons["new"].isEnabled()


def test_without_an_action_in_hand_nothing_is_asked_given_or_taken(dialog: KeysDialog) -> None:
    for act in (dialog._ask_more, dialog._take_away, dialog._reset, dialog._take):
        act()
    dialog.capture.pressed.emit("J")
    assert dialog.keymap == DEFAULT
    assert not dialog.capture.isVisible()


def test_no_shortcut_of_the_window_acts_while_a_key_is_asked_for(
    window: MainWindow, dialog: KeysDialog
) -> None:
    dialog.choose("undo")
    QTest.mouseClick(dialog.buttons["new"], LEFT)
    press(dialog.capture, "W", CONTROL)
    assert window.workspace.session is not None
    assert present.text("key.close") in dialog.told.text()


# -- the sheet ----------------------------------------------------------------------------------------


@pytest.fixture
def shown(window: MainWindow, key: Callable[..., None]) -> KeysSheet:
    """The sheet of keys, opened by its key."""
    key("Question")
    found = window.findChild(KeysSheet)
    assert isinstance(found, KeysSheet)
    QApplication.processEvents()
    return found


def test_the_sheet_fits_the_smallest_screen_without_scrolling(shown: KeysSheet) -> None:
    shown.resize(1290, 660)
    QApplication.processEvents()
    bar = shown._scroll.verticalScrollBar()
    assert bar.maximum() == 0
    assert shown._scroll.horizontalScrollBar().maximum() == 0


def test_the_sheet_is_searched_and_says_when_nothing_is_found(shown: KeysSheet) -> None:
    everything = len(shown.lines())
    QTest.keyClicks(shown.search, "rotate")
    assert shown.lines() == []
    shown.search.setText("turn back")
    assert 0 < len(shown.lines()) < everything
    shown.search.clear()
    assert len(shown.lines()) == everything


def test_the_sheet_follows_keys_and_mouse_while_it_is_open(window: MainWindow, shown: KeysSheet) -> None:
    window.keyboard.use_keys(DEFAULT.with_keys("undo", ("U",)))
    assert ("U", present.text("key.undo")) in shown.lines()
    window.keyboard.use_mouse("adw")
    assert ("Shift + middle drag,\nSpace + left drag", present.text("mouse.does_pan")) in shown.lines()


def test_the_sheet_leads_to_the_dialog_that_changes_keys(window: MainWindow, shown: KeysSheet) -> None:
    QTest.mouseClick(shown.change, LEFT)
    assert window.findChild(KeysDialog) is not None
    press(shown, "Escape")
    assert not shown.isVisible()


def test_the_line_at_the_bottom_opens_the_sheet_and_names_its_key(window: MainWindow, maps: MapPair) -> None:
    assert window.status.keys.text() == "Keys and mouse (?)"
    QTest.mouseClick(window.status.keys, LEFT)
    assert window.findChild(KeysSheet) is not None
    window.keyboard.use_keys(DEFAULT.without_keys("keys"))
    assert window.status.keys.text() == "Keys and mouse"
    assert window.workspace.selected is Level.L1
