"""What a dragging hand does to a rectangle: whole voxels only, from where it was when the hand took it."""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, degrees

from app.domain import shapes
from app.domain.grid import Grid
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui.canvas.view import Camera, View

# what one notch of a wheel sends, and how much it zooms
_NOTCH = 120
_ZOOM_STEP = 1.2


def zoom_factor(delta: int) -> float:
    """How much a turn of the wheel enlarges."""
    return float(_ZOOM_STEP ** (delta / _NOTCH))


class WheelSteps:
    """Adds up the many small steps of a touchpad to whole slices."""

    def __init__(self) -> None:
        self._turned = 0

    def add(self, delta: int) -> int:
        """Whole steps that a turn completes; positive is away from the hand."""
        self._turned += delta
        steps = int(self._turned / _NOTCH)
        self._turned -= steps * _NOTCH
        return steps


@dataclass(frozen=True, slots=True)
class RoiDrag:
    """A rectangle in the hand.

    Edges of a turned rectangle follow the hand along its own axes. A turn goes by whole degrees.

    Attributes
    ----------
    level : Level
        Whose rectangle.
    start : Rectangle
        Where it was when taken.
    edges : tuple of int
        Stored ``(row, col)`` edge that was taken: -1 the first, 1 the last, 0 none; (0, 0) moves it whole.
    origin : tuple of float
        Stored ``(row, col)`` where the hand took it.
    turning : bool
        The hand turns it instead.
    """

    level: Level
    start: Rectangle
    edges: tuple[int, int]
    origin: tuple[float, float]
    turning: bool = False

    def at(self, stored: tuple[float, float], grid: Grid, *, symmetric: bool = False) -> Rectangle:
        """The rectangle with the hand at another stored position."""
        if self.turning:
            turned = self._angle(stored, grid) - self._angle(self.origin, grid)
            return shapes.turn(self.start, round(self.start.angle_deg + turned) - self.start.angle_deg, grid)
        step = (stored[0] - self.origin[0], stored[1] - self.origin[1])
        if self.edges == (0, 0):
            return shapes.move(self.start, round(step[0]), round(step[1]), grid)
        rows, cols = (round(way) for way in self.start.box(grid).own(step))
        return shapes.drag_edges(
            self.start,
            (rows if self.edges[0] < 0 else 0, rows if self.edges[0] > 0 else 0),
            (cols if self.edges[1] < 0 else 0, cols if self.edges[1] > 0 else 0),
            grid,
            symmetric=symmetric,
        )

    def _angle(self, stored: tuple[float, float], grid: Grid) -> float:
        """Direction of a stored position from the middle, degrees from the row-index axis."""
        middle = self.start.box(grid).middle
        down = (stored[0] - middle[0]) * grid.spacing_mm[1]
        return degrees(atan2((stored[1] - middle[1]) * grid.spacing_mm[2], down))


@dataclass(frozen=True, slots=True)
class WindowDrag:
    """Window and level in the hand: sideways the width, up and down the centre."""

    window: tuple[float, float]
    origin: tuple[float, float]
    span: float

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Window after moving to a screen point; 400 points change it by the whole display range."""
        low, high = self.window
        step = self.span / 400
        width = max(high - low + (x - self.origin[0]) * step, self.span / 100)
        centre = (low + high) / 2 + (y - self.origin[1]) * step
        return centre - width / 2, centre + width / 2


@dataclass(frozen=True, slots=True)
class ZoomDrag:
    """The picture in the hand, to be enlarged upwards and made smaller downwards about where it was taken."""

    shown: View
    origin: tuple[float, float]

    def at(self, y: float) -> Camera:
        """Camera after moving to a screen height; 40 points enlarge as much as a notch of the wheel."""
        return self.shown.zoomed(zoom_factor(round((self.origin[1] - y) * _NOTCH / 40)), *self.origin)
