"""What the mouse does over a picture, as tables: our own habits and those of other workstations. No Qt.

Only the ways to look differ. Left clicks and drags on rectangles and handles, the click that places, the
right click that opens the menu, Shift and moving for the crosshair and the double-click are the same in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Does(StrEnum):
    """What a gesture does to the picture."""

    SLICE = "slice"
    ZOOM = "zoom"
    PAN = "pan"
    WINDOW = "window"


class Button(StrEnum):
    """What is turned or dragged."""

    WHEEL = "wheel"
    LEFT = "left"
    MIDDLE = "middle"
    RIGHT = "right"


class Beside(StrEnum):
    """What else is so: ``PAN_KEY``, the key of ``pan`` is down; ``EMPTY``, nothing can be taken or placed."""

    NOTHING = ""
    CTRL = "ctrl"
    SHIFT = "shift"
    PAN_KEY = "pan_key"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class MousePreset:
    """A table of gestures.

    Attributes
    ----------
    name : str
        Names it in the settings; its words are ``mouse.preset_<name>``.
    gestures : mapping of (Button, Beside) to Does
        What each gesture does, the usual ones first.
    """

    name: str
    gestures: Mapping[tuple[Button, Beside], Does]

    def does(self, button: Button, *beside: Beside) -> Does | None:
        """What a gesture does with all this held; None where it does nothing.

        A key that means nothing with this button is as if it were not held.
        """
        found = (self.gestures.get((button, one)) for one in (*beside, Beside.NOTHING))
        return next((does for does in found if does is not None), None)


def _preset(name: str, gestures: dict[tuple[Button, Beside], Does]) -> MousePreset:
    return MousePreset(name, MappingProxyType(gestures))


# as the table of keys and mouse has it: the right button windows, the middle one pans
MARROWMARK = _preset(
    "marrowmark",
    {
        (Button.WHEEL, Beside.NOTHING): Does.SLICE,
        (Button.WHEEL, Beside.CTRL): Does.ZOOM,
        (Button.MIDDLE, Beside.NOTHING): Does.PAN,
        (Button.LEFT, Beside.PAN_KEY): Does.PAN,
        (Button.RIGHT, Beside.NOTHING): Does.WINDOW,
    },
)
# as most viewers of a picture archive: the right button zooms, the middle one windows, and where no tool is
# armed the left one takes the picture along
PACS = _preset(
    "pacs",
    {
        (Button.WHEEL, Beside.NOTHING): Does.SLICE,
        (Button.WHEEL, Beside.CTRL): Does.ZOOM,
        (Button.RIGHT, Beside.NOTHING): Does.ZOOM,
        (Button.MIDDLE, Beside.NOTHING): Does.WINDOW,
        (Button.LEFT, Beside.EMPTY): Does.PAN,
        (Button.LEFT, Beside.PAN_KEY): Does.PAN,
    },
)
# as on an Advantage workstation: all with the middle button
ADW = _preset(
    "adw",
    {
        (Button.WHEEL, Beside.NOTHING): Does.SLICE,
        (Button.WHEEL, Beside.CTRL): Does.ZOOM,
        (Button.MIDDLE, Beside.NOTHING): Does.WINDOW,
        (Button.MIDDLE, Beside.SHIFT): Does.PAN,
        (Button.MIDDLE, Beside.CTRL): Does.ZOOM,
        (Button.LEFT, Beside.PAN_KEY): Does.PAN,
    },
)

PRESETS: Mapping[str, MousePreset] = MappingProxyType({one.name: one for one in (MARROWMARK, PACS, ADW)})
