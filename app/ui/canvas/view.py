"""Where a picture lies in its widget: pure arithmetic between voxels, millimetres and screen points."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import cos, radians, sin
from typing import Protocol

from app.domain.grid import Grid, Orientation

_MIN_ZOOM, _MAX_ZOOM = 0.5, 20.0


class Box(Protocol):
    """What has four sides in stored voxel edges: a rectangle, or its outline on another grid."""

    @property
    def row0(self) -> float:
        """First row."""

    @property
    def col0(self) -> float:
        """First column."""

    @property
    def row1(self) -> float:
        """Where the last row ends."""

    @property
    def col1(self) -> float:
        """Where the last column ends."""

    @property
    def angle_deg(self) -> float:
        """Turn about its middle, in mm, from the row-index axis towards the column-index axis."""


@dataclass(frozen=True, slots=True)
class Camera:
    """What two linked maps share.

    Attributes
    ----------
    zoom : float
        1 fits the whole picture.
    centre : tuple of float
        Shown ``(y, x)`` in the middle of the widget, as a share of the picture.
    """

    zoom: float = 1.0
    centre: tuple[float, float] = (0.5, 0.5)


@dataclass(frozen=True, slots=True)
class View:
    """One picture in one widget.

    Attributes
    ----------
    orientation : Orientation
        How the slice is turned; its rows and columns are those that rectangles count, of which a finer map
        has several voxels each.
    spacing : tuple of float
        Shown ``(y, x)`` voxel size, mm.
    size : tuple of float
        Widget ``(width, height)``, points.
    camera : Camera
        Zoom and pan.
    scale : float
        Screen points per mm.
    """

    orientation: Orientation
    spacing: tuple[float, float]
    size: tuple[float, float]
    camera: Camera
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        height, width = self.orientation.shown_shape
        fit = min(self.size[0] / (width * self.spacing[1]), self.size[1] / (height * self.spacing[0]))
        # worked out once: every corner of everything that is drawn asks for it
        object.__setattr__(self, "scale", fit * self.camera.zoom)

    def to_screen(self, y: float, x: float) -> tuple[float, float]:
        """Screen ``(x, y)`` of a shown voxel position."""
        height, width = self.orientation.shown_shape
        scale = self.scale
        return (
            self.size[0] / 2 + (x - self.camera.centre[1] * width) * self.spacing[1] * scale,
            self.size[1] / 2 + (y - self.camera.centre[0] * height) * self.spacing[0] * scale,
        )

    def to_shown(self, screen_x: float, screen_y: float) -> tuple[float, float]:
        """Shown ``(y, x)`` voxel position of a screen point."""
        height, width = self.orientation.shown_shape
        scale = self.scale
        return (
            (screen_y - self.size[1] / 2) / (self.spacing[0] * scale) + self.camera.centre[0] * height,
            (screen_x - self.size[0] / 2) / (self.spacing[1] * scale) + self.camera.centre[1] * width,
        )

    def to_stored(self, screen_x: float, screen_y: float) -> tuple[float, float]:
        """Stored ``(row, col)`` in voxel edges of a screen point."""
        return self.orientation.to_stored(*self.to_shown(screen_x, screen_y))

    def box(self, box: Box) -> tuple[float, float, float, float]:
        """Screen ``(left, top, right, bottom)`` of a rectangle's outer voxel edges, before it is turned."""
        first = self.to_screen(*self.orientation.to_shown(box.row0, box.col0))
        last = self.to_screen(*self.orientation.to_shown(box.row1, box.col1))
        return (
            min(first[0], last[0]),
            min(first[1], last[1]),
            max(first[0], last[0]),
            max(first[1], last[1]),
        )

    def around(self, box: Box) -> tuple[float, float, float, float]:
        """Screen ``(left, top, right, bottom)`` of the upright box around a rectangle as it is turned."""
        left, top, right, bottom = self.box(box)
        if not box.angle_deg:
            return left, top, right, bottom
        turn = radians(box.angle_deg)
        width, height, cosine, sine = right - left, bottom - top, abs(cos(turn)), abs(sin(turn))
        wide, high = width * cosine + height * sine, width * sine + height * cosine
        x, y = (left + right) / 2, (top + bottom) / 2
        return x - wide / 2, y - high / 2, x + wide / 2, y + high / 2

    def upright(self, box: Box, x: float, y: float) -> tuple[float, float]:
        """Screen point turned back together with a rectangle, to where :meth:`box` has it."""
        if not box.angle_deg:
            return x, y
        left, top, right, bottom = self.box(box)
        middle_x, middle_y = (left + right) / 2, (top + bottom) / 2
        back = radians(-self.orientation.clockwise(box.angle_deg))
        across, down = x - middle_x, y - middle_y
        return (
            middle_x + across * cos(back) - down * sin(back),
            middle_y + across * sin(back) + down * cos(back),
        )

    def zoomed(self, factor: float, screen_x: float, screen_y: float) -> Camera:
        """Camera after zooming, with the voxel under the pointer staying where it is."""
        zoom = min(max(self.camera.zoom * factor, _MIN_ZOOM), _MAX_ZOOM)
        y, x = self.to_shown(screen_x, screen_y)
        height, width = self.orientation.shown_shape
        share = self.camera.zoom / zoom
        centre_y, centre_x = self.camera.centre
        return Camera(
            zoom,
            (
                y / height + (centre_y - y / height) * share,
                x / width + (centre_x - x / width) * share,
            ),
        )

    def panned(self, dx: float, dy: float) -> Camera:
        """Camera after dragging the picture by screen points; its middle stays inside the picture."""
        height, width = self.orientation.shown_shape
        centre_y = self.camera.centre[0] - dy / (self.spacing[0] * self.scale * height)
        centre_x = self.camera.centre[1] - dx / (self.spacing[1] * self.scale * width)
        return Camera(self.camera.zoom, (min(max(centre_y, 0.0), 1.0), min(max(centre_x, 0.0), 1.0)))


def shown_spacing(grid: Grid, orientation: Orientation) -> tuple[float, float]:
    """Shown ``(y, x)`` size in mm of one of the orientation's rows and columns.

    Parameters
    ----------
    grid : Grid
        The grid of a map; each row and column of the orientation is made up of one or more of its own.
    orientation : Orientation
        How a slice is turned.
    """
    _, rows, cols = grid.shape
    # whole numbers first: times 1 changes no digit
    high = grid.spacing_mm[1] * (rows // orientation.shape[0])
    wide = grid.spacing_mm[2] * (cols // orientation.shape[1])
    return (wide, high) if orientation.transpose else (high, wide)
