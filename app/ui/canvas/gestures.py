"""What a dragging hand does to a rectangle: whole voxels only, from where it was when the hand took it."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain import shapes
from app.domain.grid import Grid
from app.domain.protocol import Level
from app.domain.shapes import Rectangle

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
    """

    level: Level
    start: Rectangle
    edges: tuple[int, int]
    origin: tuple[float, float]

    def at(self, stored: tuple[float, float], grid: Grid, *, symmetric: bool = False) -> Rectangle:
        """The rectangle with the hand at another stored position."""
        rows, cols = (round(now - then) for now, then in zip(stored, self.origin, strict=True))
        if self.edges == (0, 0):
            return shapes.move(self.start, rows, cols, grid)
        return shapes.drag_edges(
            self.start,
            (rows if self.edges[0] < 0 else 0, rows if self.edges[0] > 0 else 0),
            (cols if self.edges[1] < 0 else 0, cols if self.edges[1] > 0 else 0),
            grid,
            symmetric=symmetric,
        )


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
