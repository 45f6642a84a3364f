"""Keys by what they do: the one table that shortcuts, menus, tooltips, the sheet and the help read.

Pure: imports no Qt. Keys are written in Qt's portable notation (``Ctrl+Shift+Z``, ``PgUp``), on every system
and in every language; ``present.keys`` has what is shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType


class Group(StrEnum):
    """Column of the sheet. Its title stands in the catalogue under ``keys.group_<group>``."""

    LEVELS = "levels"
    RECTANGLE = "rectangle"
    CASE = "case"
    PICTURE = "picture"
    WINDOW = "window"


class Scope(StrEnum):
    """Where an action can be had."""

    READ = "read"
    WINDOW = "window"


@dataclass(frozen=True, slots=True)
class Action:
    """Something a key does.

    Attributes
    ----------
    name : str
        Names it in code and settings; ``key.<name>`` of the catalogue says what it does.
    keys : tuple of str
        Keys at the first start; the first one is shown in tooltips. Empty where there is none.
    group : Group
        Its place on the sheet.
    held : bool
        It lasts as long as the key is down; such a key is a single one, without modifiers.
    repeats : bool
        A key that is kept down does it again and again.
    family : str
        Actions of one family share a line of the sheet, ``keys.family_<family>``; empty for none.
    """

    name: str
    keys: tuple[str, ...]
    group: Group
    held: bool = False
    repeats: bool = False
    family: str = ""

    @property
    def scope(self) -> Scope:
        """Where it can be had: what concerns no case works on every page."""
        return Scope.WINDOW if self.group is Group.WINDOW else Scope.READ

    @property
    def sentence(self) -> str:
        """Code of what it does."""
        return f"key.{self.name}"


_SIDES = ("up", "down", "left", "right")
_PAGES = ("worklist", "read", "clinical", "statistics", "audit", "disagreements")
_FAMILIES = {
    **{f"level_{number}": "level" for number in range(1, 6)},
    **{f"nudge_{side}": "nudge" for side in _SIDES},
    **{f"nudge_{side}_5": "nudge_5" for side in _SIDES},
    **{f"grow_{side}": "grow" for side in _SIDES},
    **{f"pan_{side}": "pan" for side in _SIDES},
    **{f"preset_{number}": "preset" for number in range(1, 5)},
    **{f"overlay_{image}": "overlay" for image in ("water", "fat", "reference")},
    **{f"page_{name}": "page" for name in _PAGES},
    **dict.fromkeys(("rotate_back", "rotate_on"), "rotate"),
    **dict.fromkeys(("rotate_back_5", "rotate_on_5"), "rotate_5"),
    **dict.fromkeys(("to_slice_above", "to_slice_below"), "to_slice"),
    **dict.fromkeys(("next_level", "previous_level"), "step_level"),
    **dict.fromkeys(("next_case", "previous_case"), "step_case"),
    **dict.fromkeys(("slice_up", "slice_down"), "slice"),
    **dict.fromkeys(("zoom_in", "zoom_out"), "zoom"),
    **dict.fromkeys(("next_control", "previous_control"), "control"),
}


def _group(
    group: Group, keys: Mapping[str, tuple[str, ...]], *, held: bool = False, repeats: bool = False
) -> tuple[Action, ...]:
    return tuple(
        Action(name, given, group, held, repeats, _FAMILIES.get(name, "")) for name, given in keys.items()
    )


_LEVELS = _group(
    Group.LEVELS,
    {
        "level_1": ("1",),
        "level_2": ("2",),
        "level_3": ("3",),
        "level_4": ("4",),
        "level_5": ("5",),
        "next_level": ("Tab",),
        "previous_level": ("Shift+Tab",),
        "place": ("Ins", "P"),
        "not_measurable": ("X",),
        "remove": ("Del", "Backspace"),
        "accept": ("A",),
        "fit": ("G",),
        "ladder": ("Shift+G",),
        "let_go": ("Esc",),
    },
)
_RECTANGLE = _group(
    Group.RECTANGLE,
    {
        "nudge_up": ("Up",),
        "nudge_down": ("Down",),
        "nudge_left": ("Left",),
        "nudge_right": ("Right",),
        "nudge_up_5": ("Shift+Up",),
        "nudge_down_5": ("Shift+Down",),
        "nudge_left_5": ("Shift+Left",),
        "nudge_right_5": ("Shift+Right",),
        "grow_up": ("Alt+Up",),
        "grow_down": ("Alt+Down",),
        "grow_left": ("Alt+Left",),
        "grow_right": ("Alt+Right",),
        "rotate_back": (",",),
        "rotate_on": (".",),
        # what Shift makes of them on an English keyboard
        "rotate_back_5": ("Shift+,", "<"),
        "rotate_on_5": ("Shift+.", ">"),
    },
    repeats=True,
) + _group(
    Group.RECTANGLE,
    {"to_slice_above": ("Shift+PgUp",), "to_slice_below": ("Shift+PgDown",), "to_this_slice": ("S",)},
)
_CASE = (
    _group(Group.CASE, {"undo": ("Ctrl+Z",), "redo": ("Ctrl+Shift+Z", "Ctrl+Y")}, repeats=True)
    + _group(
        Group.CASE,
        {
            "sign_off_next": ("Return", "Enter"),
            "sign_off_stay": ("Ctrl+Return", "Ctrl+Enter"),
            "counted": ("K",),
            "exclude_patient": ("Shift+X",),
            "note": ("N",),
        },
    )
    + _group(Group.CASE, {"next_case": ("Ctrl+Right",), "previous_case": ("Ctrl+Left",)}, repeats=True)
)
_PICTURE = (
    _group(
        Group.PICTURE,
        {
            "slice_up": ("PgUp",),
            "slice_down": ("PgDown",),
            "zoom_in": ("+", "="),
            "zoom_out": ("-",),
            "pan_up": ("Ctrl+Shift+Up",),
            "pan_down": ("Ctrl+Shift+Down",),
            "pan_left": ("Ctrl+Shift+Left",),
            "pan_right": ("Ctrl+Shift+Right",),
        },
        repeats=True,
    )
    + _group(
        Group.PICTURE,
        {
            "reset_view": ("R",),
            "maximise": ("M",),
            "preset_1": ("F5",),
            "preset_2": ("F6",),
            "preset_3": ("F7",),
            "preset_4": ("F8",),
            "colour_map": ("C",),
            "reference": ("V",),
        },
    )
    + _group(
        Group.PICTURE,
        {
            "hide": ("H",),
            "overlay_water": ("W",),
            "overlay_fat": ("F",),
            "overlay_reference": ("T",),
            "pan": ("Space",),
        },
        held=True,
    )
)
_WINDOW = _group(
    Group.WINDOW,
    {
        "next_control": ("Ctrl+Tab",),
        "previous_control": ("Ctrl+Shift+Tab",),
        "page_worklist": ("Ctrl+1",),
        "page_read": ("Ctrl+2",),
        "page_clinical": ("Ctrl+3",),
        "page_statistics": ("Ctrl+4",),
        "page_audit": ("Ctrl+5",),
        "page_disagreements": ("Ctrl+6",),
        "menu": ("F10",),
        "new": ("Ctrl+N",),
        "open": ("Ctrl+O",),
        "study": (),
        "import": ("Ctrl+I",),
        "import_files": ("Ctrl+Shift+I",),
        "clinical": (),
        "export": ("Ctrl+E",),
        "picture": ("Ctrl+P",),
        "copy": (),
        "lock": ("Ctrl+Shift+L",),
        "close": ("Ctrl+W",),
        "keys": ("?",),
        "change_keys": (),
        "help": ("F1",),
        "about": (),
        "quit": ("Ctrl+Q",),
    },
)

ACTIONS: tuple[Action, ...] = _LEVELS + _RECTANGLE + _CASE + _PICTURE + _WINDOW
BY_NAME: Mapping[str, Action] = MappingProxyType({action.name: action for action in ACTIONS})
# what is pressed on the Read page, and what is held there
PRESSED = tuple(action for action in ACTIONS if action.scope is Scope.READ and not action.held)
HELD = tuple(action for action in ACTIONS if action.held)


@dataclass(frozen=True, slots=True)
class Keymap:
    """Which keys do what for this person: the table, and what was changed of it.

    Every key does one thing. The methods that change give another map and leave this one as it is.

    Attributes
    ----------
    changed : mapping of str to tuple of str
        Keys of the actions that have others than in the table.
    """

    changed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self, name: str) -> tuple[str, ...]:
        """Keys of an action, the one for tooltips first; empty where it has none."""
        return self.changed.get(name, BY_NAME[name].keys)

    def first(self, name: str) -> str:
        """Key shown in a tooltip; empty where the action has none."""
        return next(iter(self.keys(name)), "")

    def holder(self, key: str) -> str | None:
        """The action that a key does now."""
        return next((action.name for action in ACTIONS if key in self.keys(action.name)), None)

    def with_keys(self, name: str, keys: tuple[str, ...]) -> Keymap:
        """Give an action these keys and no others; whatever had one of them loses it."""
        others = {
            action.name: kept
            for action in ACTIONS
            if action.name != name
            and (kept := tuple(key for key in self.keys(action.name) if key not in keys))
            != self.keys(action.name)
        }
        wanted = {**self.changed, **others, name: tuple(dict.fromkeys(keys))}
        return Keymap({one: given for one, given in wanted.items() if given != BY_NAME[one].keys})

    def with_key(self, name: str, key: str) -> Keymap:
        """Give an action one key more, at the head of its keys."""
        return self.with_keys(name, (key, *self.keys(name)))

    def without_keys(self, name: str) -> Keymap:
        """Take all keys from an action."""
        return self.with_keys(name, ())

    def reset(self, name: str) -> Keymap:
        """Give an action back the keys of the table; whatever took them loses them again."""
        return self.with_keys(name, BY_NAME[name].keys)

    def as_text(self) -> str:
        """What was changed, to be kept in a file."""
        return json.dumps(dict(self.changed), sort_keys=True) if self.changed else ""


DEFAULT = Keymap()
# action -> keys of the table, for what is pressed on the Read page
KEYS: Mapping[str, tuple[str, ...]] = MappingProxyType({action.name: action.keys for action in PRESSED})


def keymap_from(text: str) -> Keymap:
    """The map that was kept as text; what is not understood, of another version perhaps, is left out."""
    try:
        told = json.loads(text) if text else {}
    except ValueError:
        told = {}
    made = DEFAULT
    for name, keys in told.items() if isinstance(told, dict) else ():
        if name in BY_NAME and isinstance(keys, list) and all(isinstance(key, str) for key in keys):
            made = made.with_keys(name, tuple(keys))
    return made
