"""One table says which key does what; a person's changes of it lose nothing and clash with nothing."""

from __future__ import annotations

import re

import pytest

from app.ui import present, sentences
from app.ui.canvas.mouse_presets import ADW, MARROWMARK, PACS, PRESETS, Beside, Button, Does
from app.ui.keys import ACTIONS, BY_NAME, DEFAULT, HELD, KEYS, PRESSED, Group, Keymap, Scope, keymap_from
from app.ui.present.keys import key_text, keys_text, mouse_tip, search, sheet

# what the design promises, and what the pieces of the reading loop ask for
PROMISED = {
    "1": "level_1", "5": "level_5", "Tab": "next_level", "Shift+Tab": "previous_level",
    "X": "not_measurable", "Del": "remove", "Ctrl+Z": "undo", "Ctrl+Shift+Z": "redo", "Ctrl+Y": "redo",
    "H": "hide", "R": "reset_view", "F5": "preset_1", "F8": "preset_4", "C": "colour_map",
    "Return": "sign_off_next", "?": "keys", "Ctrl+Return": "sign_off_stay", "Up": "nudge_up",
    "Shift+Up": "nudge_up_5", "Alt+Up": "grow_up", "PgUp": "slice_up", "PgDown": "slice_down",
    "Space": "pan", "Shift+X": "exclude_patient", "K": "counted", "N": "note", "A": "accept",
    "G": "fit", "Shift+G": "ladder", ",": "rotate_back", ".": "rotate_on", "Shift+,": "rotate_back_5",
    "Shift+.": "rotate_on_5", "Shift+PgUp": "to_slice_above", "Shift+PgDown": "to_slice_below",
    "W": "overlay_water", "F": "overlay_fat", "T": "overlay_reference", "V": "reference",
}  # fmt: skip


def test_the_table_holds_every_key_the_design_promises() -> None:
    assert {key: DEFAULT.holder(key) for key in PROMISED} == PROMISED


def test_every_key_does_one_thing_and_every_action_has_words() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    assert all(action.sentence in sentences.LABELS for action in ACTIONS)
    assert len(BY_NAME) == len(ACTIONS)


def test_the_read_page_has_what_is_pressed_and_what_is_held_the_window_has_the_rest() -> None:
    assert {action.name for action in PRESSED} == set(KEYS)
    assert {action.name for action in HELD} == {
        "hide", "pan", "overlay_water", "overlay_fat", "overlay_reference",
    }  # fmt: skip
    window = {action.name for action in ACTIONS if action.scope is Scope.WINDOW}
    assert window == set(BY_NAME) - set(KEYS) - {action.name for action in HELD}


def test_a_held_key_stands_alone_so_that_no_modifier_can_keep_it_from_ending() -> None:
    assert all("+" not in key for action in HELD for key in action.keys)


@pytest.mark.parametrize("name", ["sign_off_next", "not_measurable", "exclude_patient", "place", "accept"])
def test_a_key_that_is_kept_down_does_no_second_time_what_is_meant_once(name: str) -> None:
    assert not BY_NAME[name].repeats
    assert BY_NAME["nudge_up"].repeats


# -- a person's own keys ------------------------------------------------------------------------------


def test_an_action_with_another_key_has_only_that_one() -> None:
    mine = DEFAULT.with_keys("redo", ("J",))
    assert mine.keys("redo") == ("J",)
    assert mine.holder("Ctrl+Y") is None
    assert DEFAULT.keys("redo") == ("Ctrl+Shift+Z", "Ctrl+Y")


def test_a_key_that_is_given_away_is_lost_where_it_was() -> None:
    mine = DEFAULT.with_key("undo", "Ctrl+Y")
    assert mine.keys("undo") == ("Ctrl+Y", "Ctrl+Z")
    assert mine.keys("redo") == ("Ctrl+Shift+Z",)
    assert mine.holder("Ctrl+Y") == "undo"


def test_an_action_may_have_no_key_at_all() -> None:
    mine = DEFAULT.without_keys("colour_map")
    assert mine.keys("colour_map") == ()
    assert mine.first("colour_map") == ""
    assert keys_text(mine.keys("colour_map")) == present.text("keys.none")


def test_taking_back_a_change_takes_the_keys_back_from_whoever_got_them() -> None:
    mine = DEFAULT.with_keys("undo", ("C",))
    assert mine.keys("colour_map") == ()
    back = mine.reset("colour_map")
    assert back.keys("colour_map") == ("C",)
    assert back.keys("undo") == ()
    assert back.reset("undo") == DEFAULT


def test_a_change_to_what_stood_there_at_first_is_no_change() -> None:
    assert DEFAULT.with_keys("undo", ("U",)).with_keys("undo", ("Ctrl+Z",)) == DEFAULT
    assert DEFAULT.with_key("remove", "Del") == DEFAULT


def test_changes_are_kept_as_text_and_come_back_as_they_were() -> None:
    mine = DEFAULT.with_keys("undo", ("C",)).without_keys("fit").with_key("zoom_in", "Ctrl++")
    assert keymap_from(mine.as_text()) == mine
    assert keymap_from(DEFAULT.as_text()) == DEFAULT
    assert DEFAULT.as_text() == ""


@pytest.mark.parametrize(
    "text",
    ["no text of ours", "[]", '"undo"', '{"of another version": ["U"]}', '{"undo": "U"}', '{"undo": [1]}'],
)
def test_what_is_not_understood_leaves_the_keys_of_the_table(text: str) -> None:
    assert keymap_from(text) == DEFAULT


def test_a_text_that_gives_one_key_to_two_actions_gives_it_to_the_last_one() -> None:
    told = keymap_from('{"undo": ["U"], "redo": ["U"]}')
    assert told.keys("redo") == ("U",)
    assert told.keys("undo") == ()


# -- how they are shown -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "shown"),
    [("Ctrl+Shift+Z", "Ctrl+Shift+Z"), ("PgUp", "PgUp"), ("PgDown", "PgDn"), ("Alt+Up", "Alt+↑"),
     ("Return", "Enter"), ("+", "+"), ("Ctrl++", "Ctrl++"), ("", "")],
)  # fmt: skip
def test_a_key_is_shown_as_it_is_printed_on_the_keyboard(key: str, shown: str) -> None:
    assert key_text(key) == shown


def test_the_sheet_has_a_line_for_every_action_and_every_gesture() -> None:
    sections = sheet(DEFAULT, MARROWMARK)
    lines = [line for section in sections for line in section.lines]
    told = " ".join(line.keys for line in lines)
    for action in ACTIONS:
        if action.keys:
            does = {line.does.removesuffix(" (hold)") for line in lines}
            assert action.family or present.text(action.sentence) in does, action.name
            assert key_text(action.keys[0]).rpartition("+")[2] in told
    assert len(sections) == len(Group) + 1


def test_the_sheet_shows_a_changed_key_and_the_chosen_mouse() -> None:
    mine = DEFAULT.with_keys("undo", ("U",)).with_keys("pan", ("J",))
    by_does = {line.does: line.keys for section in sheet(mine, PACS) for line in section.lines}
    assert by_does[present.text("key.undo")] == "U"
    mouse = sheet(mine, PACS)[-1]
    assert "PACS" in mouse.title
    assert any("J + left drag" in line.keys for line in mouse.lines)


def test_a_gesture_without_its_key_is_not_on_the_sheet() -> None:
    mouse = sheet(DEFAULT.without_keys("pan"), MARROWMARK)[-1]
    assert not [line for line in mouse.lines if "left drag" in line.keys]
    assert "" not in [line.keys for line in mouse.lines]


def test_what_has_no_key_is_not_on_the_sheet() -> None:
    told = [line.does for section in sheet(DEFAULT.without_keys("fit"), MARROWMARK) for line in section.lines]
    assert present.text("key.fit") not in told
    assert present.text("key.copy") not in told
    assert present.text("key.accept") in told


def test_a_family_writes_what_all_its_keys_hold_once() -> None:
    rectangle = sheet(DEFAULT, MARROWMARK)[list(Group).index(Group.RECTANGLE)]
    assert "Shift+↑  ↓  ←  →" in [line.keys for line in rectangle.lines]
    mixed = sheet(DEFAULT.without_keys("nudge_up_5"), MARROWMARK)[list(Group).index(Group.RECTANGLE)]
    assert "Shift+↓  ←  →" in [line.keys for line in mixed.lines]
    other = sheet(DEFAULT.with_keys("nudge_up_5", ("Y",)), MARROWMARK)[list(Group).index(Group.RECTANGLE)]
    assert "Y  Shift+↓  Shift+←  Shift+→" in [line.keys for line in other.lines]


def test_searching_looks_at_keys_sentences_and_titles_for_every_word() -> None:
    sections = sheet(DEFAULT, MARROWMARK)
    found = search(sections, "SLICE pgup")
    assert all("slice" in line.does for section in found for line in section.lines)
    assert {line.keys for section in found for line in section.lines} >= {"PgUp  PgDn"}
    assert search(sections, "no such word") == ()
    assert search(sections, "  ") == sections


# -- mouse presets ------------------------------------------------------------------------------------


def test_our_own_preset_is_the_table_of_the_design() -> None:
    assert MARROWMARK.does(Button.WHEEL) is Does.SLICE
    assert MARROWMARK.does(Button.WHEEL, Beside.CTRL) is Does.ZOOM
    assert MARROWMARK.does(Button.MIDDLE) is Does.PAN
    assert MARROWMARK.does(Button.LEFT, Beside.PAN_KEY) is Does.PAN
    assert MARROWMARK.does(Button.RIGHT) is Does.WINDOW


@pytest.mark.parametrize("preset", PRESETS.values(), ids=PRESETS)
def test_every_preset_can_do_everything_and_leaves_the_left_button_to_rectangles(preset: object) -> None:
    assert preset in (MARROWMARK, PACS, ADW)
    assert isinstance(preset, type(MARROWMARK))
    assert set(preset.gestures.values()) == set(Does)
    assert preset.does(Button.LEFT) is None
    assert all(f"mouse.{b}_{x}" if x else f"mouse.{b}" in sentences.LABELS for b, x in preset.gestures)


def test_a_modifier_that_means_nothing_is_as_if_it_were_not_held() -> None:
    assert MARROWMARK.does(Button.MIDDLE, Beside.SHIFT) is Does.PAN
    assert ADW.does(Button.MIDDLE, Beside.CTRL, Beside.SHIFT) is Does.ZOOM
    assert ADW.does(Button.RIGHT) is None


def test_a_tooltip_names_every_gesture_of_the_preset() -> None:
    told = mouse_tip(ADW, Keymap()).splitlines()
    assert len(told) == len(Does)
    assert "Ctrl + wheel, Ctrl + middle drag: zoom" in told
    assert any(re.match("Middle drag: window", line) for line in told)


def test_the_help_names_every_preset_and_what_its_gestures_do() -> None:
    told = present.help_text()
    section = told[told.index("KEYS AND MOUSE") :]
    for preset in PRESETS.values():
        assert present.text(f"mouse.preset_{preset.name}") in section
    for words in ("Change keys", "New key", "As at first", "View", "Ctrl + Tab", "Insert"):
        assert words in section, words
