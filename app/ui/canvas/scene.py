"""What a map view shows, as one frozen value: the window and the saved picture paint the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from app.domain.protocol import Level
from app.ui.canvas.view import Box


@dataclass(frozen=True, slots=True)
class Marks:
    """Everything drawn over the picture of one map.

    Attributes
    ----------
    rectangles : mapping of Level to Box
        Rectangles of the shown slice.
    pooled : mapping of Level to Box
        Rectangles of a neighbouring slice that are counted on the shown one too, drawn dashed.
    elsewhere : mapping of Level to Box
        Rectangles of other slices, drawn faintly so that they are not forgotten.
    selected : Level or None
        Gets handles.
    ghost : Box or None
        Where a click would place the armed level.
    armed : Level or None
        The level the ghost belongs to.
    crosshair : tuple of float or None
        Stored ``(row, col)`` of the linked crosshair; integers are voxel centres.
    editable : bool
        Handles are drawn only where they work.
    hidden : bool
        Rectangles are hidden for a look below them.
    readout : str
        The value under the pointer, ready to be read.
    turnable : bool
        The selected rectangle has a handle that turns it.
    proposed : mapping of Level to Box
        What the program proposes in the shown slice, drawn dashed and with a question mark.
    """

    rectangles: Mapping[Level, Box]
    elsewhere: Mapping[Level, Box]
    selected: Level | None = None
    ghost: Box | None = None
    armed: Level | None = None
    crosshair: tuple[float, float] | None = None
    editable: bool = True
    hidden: bool = False
    readout: str = ""
    pooled: Mapping[Level, Box] = field(default_factory=dict)
    turnable: bool = False
    proposed: Mapping[Level, Box] = field(default_factory=dict)


NO_MARKS = Marks({}, {})


@dataclass(frozen=True, slots=True)
class Caption:
    """Words around the picture.

    Attributes
    ----------
    slice_text, unit : str
        Bottom left, and the unit above the colour bar.
    bar : bool
        Whether there is a colour bar: a signal has no value to read off.
    note : str
        Said over the picture, at its top left.
    """

    slice_text: str = ""
    unit: str = ""
    bar: bool = True
    note: str = ""
