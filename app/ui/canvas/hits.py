"""What lies under the pointer: a handle, the inside of a rectangle, or nothing. Pure arithmetic.

Everything is looked at with the rectangle turned back upright: handles are those of its own sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.grid import Orientation
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui.canvas.view import View

HANDLE = 7.0
# how far above the upper side the handle is that turns
TURN_REACH = 20.0
# half a handle and a little more, so that a hand need not be exact
_REACH = HANDLE / 2 + 3.0
# below this many points a rectangle would be nothing but handles
_ROOM_FOR_MIDDLE_HANDLES = 26.0


@dataclass(frozen=True, slots=True)
class Hit:
    """A rectangle under the pointer.

    Attributes
    ----------
    level : Level
        Whose rectangle.
    edges : tuple of int
        Shown ``(vertical, horizontal)`` edge of the handle: -1 the top (left) one, 1 the bottom (right)
        one, 0 none. ``(0, 0)`` is the inside.
    turning : bool
        The handle that turns.
    """

    level: Level
    edges: tuple[int, int] = (0, 0)
    turning: bool = False


def handles(box: tuple[float, float, float, float]) -> dict[tuple[int, int], tuple[float, float]]:
    """Screen ``(x, y)`` of each handle of a box, by its edges."""
    left, top, right, bottom = box
    middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
    found = {(-1, -1): (left, top), (-1, 1): (right, top), (1, -1): (left, bottom), (1, 1): (right, bottom)}
    if right - left >= _ROOM_FOR_MIDDLE_HANDLES:
        found |= {(-1, 0): (middle_x, top), (1, 0): (middle_x, bottom)}
    if bottom - top >= _ROOM_FOR_MIDDLE_HANDLES:
        found |= {(0, -1): (left, middle_y), (0, 1): (right, middle_y)}
    return found


def turn_handle(box: tuple[float, float, float, float]) -> tuple[float, float]:
    """Screen ``(x, y)`` of the handle that turns a box."""
    left, top, right, _ = box
    return (left + right) / 2, top - TURN_REACH


def hit(
    view: View,
    rectangles: Mapping[Level, Rectangle],
    selected: Level | None,
    x: float,
    y: float,
    *,
    turnable: bool = False,
) -> Hit | None:
    """Find what a screen point touches: the selected rectangle's handles, its inside, then the others.

    Parameters
    ----------
    view : View
        How the picture lies.
    rectangles : mapping of Level to Rectangle
        Those of the shown slice.
    selected : Level or None
        Whose handles can be taken.
    x, y : float
        The screen point.
    turnable : bool
        There is a handle that turns.
    """
    if selected is not None and selected in rectangles:
        found = _handle(view, selected, rectangles[selected], x, y, turnable=turnable)
        if found is not None:
            return found
    for level in sorted(rectangles, key=lambda level: level != selected):
        left, top, right, bottom = view.box(rectangles[level])
        own_x, own_y = view.upright(rectangles[level], x, y)
        if left <= own_x <= right and top <= own_y <= bottom:
            return Hit(level)
    return None


def _handle(
    view: View, level: Level, rectangle: Rectangle, x: float, y: float, *, turnable: bool
) -> Hit | None:
    box = view.box(rectangle)
    own_x, own_y = view.upright(rectangle, x, y)
    for edges, (handle_x, handle_y) in handles(box).items():
        if abs(handle_x - own_x) <= _REACH and abs(handle_y - own_y) <= _REACH:
            return Hit(level, edges)
    turn_x, turn_y = turn_handle(box)
    if turnable and abs(turn_x - own_x) <= _REACH and abs(turn_y - own_y) <= _REACH:
        return Hit(level, turning=True)
    return None


def stored_edges(orientation: Orientation, edges: tuple[int, int]) -> tuple[int, int]:
    """Stored ``(row, col)`` edge signs of a handle's shown edges."""
    vertical = -edges[0] if orientation.flip_rows else edges[0]
    horizontal = -edges[1] if orientation.flip_cols else edges[1]
    return (horizontal, vertical) if orientation.transpose else (vertical, horizontal)
