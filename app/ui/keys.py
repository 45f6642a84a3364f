"""Keys by what they do: one table for shortcuts, tooltips and the sheet of keys."""

from __future__ import annotations

# action -> keys in Qt's own notation; words for the sheet stand in the catalogue under "key.<action>"
KEYS: dict[str, tuple[str, ...]] = {
    "level_1": ("1",),
    "level_2": ("2",),
    "level_3": ("3",),
    "level_4": ("4",),
    "level_5": ("5",),
    "next_level": ("Tab",),
    "previous_level": ("Shift+Tab",),
    "not_measurable": ("X",),
    "remove": ("Del", "Backspace"),
    "undo": ("Ctrl+Z",),
    "redo": ("Ctrl+Shift+Z", "Ctrl+Y"),
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
    "slice_up": ("PgUp",),
    "slice_down": ("PgDown",),
    "sign_off_next": ("Return", "Enter"),
    "sign_off_stay": ("Ctrl+Return", "Ctrl+Enter"),
    "next_case": ("Ctrl+Right",),
    "previous_case": ("Ctrl+Left",),
    "reset_view": ("R",),
    "preset_1": ("F5",),
    "preset_2": ("F6",),
    "preset_3": ("F7",),
    "preset_4": ("F8",),
    "colour_map": ("C",),
    "reference": ("V",),
    "let_go": ("Esc",),
}
# held, not pressed: they work as long as they are down
HIDE_KEY_NAME = "H"
PAN_KEY_NAME = "Space"


def first_key(action: str) -> str:
    """Key shown in a tooltip."""
    return KEYS[action][0]
