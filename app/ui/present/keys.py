"""Keys and mouse as they are shown: on the sheet, in tooltips and in the dialog that changes them. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from app.ui import present
from app.ui.canvas.mouse_presets import Beside, Button, Does, MousePreset
from app.ui.keys import ACTIONS, Action, Group, Keymap

# what is printed on keys in words, or with an arrow
_SHOWN = {
    "Return": "keys.enter", "Enter": "keys.enter", "PgUp": "keys.page_up", "PgDown": "keys.page_down",
    "Up": "keys.up", "Down": "keys.down", "Left": "keys.left", "Right": "keys.right",
}  # fmt: skip
# the same in all presets
_ALWAYS = ("click", "left_drag", "right_click", "shift_move", "double")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the sheet: what is pressed or moved, and what it does."""

    keys: str
    does: str


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that belong together."""

    title: str
    lines: tuple[Line, ...]


def key_text(key: str) -> str:
    """A key as it is shown; empty for none."""
    held, last = _parts(key)
    return f"{held}{last}"


def _parts(key: str) -> tuple[str, str]:
    """What is held, with its plus signs, and the key that is pressed, as both are shown."""
    # the last sign belongs to the key: it may be a plus itself
    held, plus, last = key[:-1].rpartition("+")
    last += key[-1:]
    return f"{held}{plus}", present.text(_SHOWN[last]) if last in _SHOWN else last


def _family_text(keys: list[str]) -> str:
    """Keys of a family beside each other; what is held with all of them is written once."""
    parts = [_parts(key) for key in keys]
    if len({held for held, _ in parts}) == 1:
        parts = [parts[0], *(("", last) for _, last in parts[1:])]
    return "  ".join(f"{held}{last}" for held, last in parts)


def keys_text(keys: tuple[str, ...]) -> str:
    """All keys of an action; a dash where it has none."""
    # there are two keys called Enter
    return ",  ".join(dict.fromkeys(key_text(key) for key in keys)) if keys else present.text("keys.none")


def sheet(keymap: Keymap, preset: MousePreset) -> tuple[Section, ...]:
    """All keys and gestures, as they are now; what has no key is not on the sheet."""
    by_group = {
        group: tuple(
            _line(keymap, tuple(family))
            for _, family in groupby(
                (action for action in ACTIONS if action.group is group and keymap.keys(action.name)),
                key=lambda action: action.family or action.name,
            )
        )
        for group in Group
    }
    keys = (Section(present.text(f"keys.group_{group}"), lines) for group, lines in by_group.items())
    name = preset_name(preset)
    mouse = Section(present.text("keys.group_mouse", preset=name), mouse_lines(preset, keymap))
    return (*keys, mouse)


def _line(keymap: Keymap, family: tuple[Action, ...]) -> Line:
    """The line of an action, or of a family of them."""
    first = family[0]
    if len(family) > 1:
        keys = _family_text([keymap.first(one.name) for one in family])
        code = f"keys.family_{first.family}"
    else:
        keys, code = keys_text(keymap.keys(first.name)), first.sentence
    does = present.text(code)
    return Line(keys, present.text("keys.held", does=does) if first.held else does)


def preset_name(preset: MousePreset) -> str:
    """Name of a mouse preset."""
    return present.text(f"mouse.preset_{preset.name}")


def mouse_lines(preset: MousePreset, keymap: Keymap) -> tuple[Line, ...]:
    """What the mouse does over the maps: first what is alike in all presets."""
    always = (Line(present.text(f"mouse.{name}"), present.text(f"mouse.{name}_does")) for name in _ALWAYS)
    return (*always, *_own_lines(preset, keymap))


def _own_lines(preset: MousePreset, keymap: Keymap) -> tuple[Line, ...]:
    gestures: dict[Does, list[str]] = {}
    for (button, beside), does in preset.gestures.items():
        # without its key there is no such gesture
        if beside is not Beside.PAN_KEY or keymap.first("pan"):
            gestures.setdefault(does, []).append(_gesture_text(button, beside, keymap))
    return tuple(
        Line(",\n".join(made), present.text(f"mouse.does_{does}")) for does, made in gestures.items()
    )


def _gesture_text(button: Button, beside: Beside, keymap: Keymap) -> str:
    """What is held, turned and dragged."""
    code = f"mouse.{button}_{beside}" if beside else f"mouse.{button}"
    return present.text(code, key=key_text(keymap.first("pan")))


def mouse_tip(preset: MousePreset, keymap: Keymap) -> str:
    """What the buttons and the wheel do to the picture, a line each: for a tooltip."""
    return "\n".join(
        present.text("mouse.tip", gesture=line.keys.replace("\n", " "), does=line.does)
        for line in _own_lines(preset, keymap)
    )


def search(sections: tuple[Section, ...], wanted: str) -> tuple[Section, ...]:
    """Sections with the lines that hold every word, in keys, sentence or title; none is left empty."""
    words = wanted.casefold().split()
    found = (
        Section(
            section.title,
            tuple(
                line
                for line in section.lines
                if all(word in f"{section.title} {line.keys} {line.does}".casefold() for word in words)
            ),
        )
        for section in sections
    )
    return tuple(section for section in found if section.lines)
