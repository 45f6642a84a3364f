"""From the grid of the maps to that of another series, through patient coordinates. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import atan2, copysign, degrees, hypot

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid, Vector, orientation_of
from app.domain.maps import Stored
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.domain.turning import folded
from app.ui.canvas.view import Camera, View, shown_spacing

# voxel k has its centre at index k and its edges half a voxel to either side
_HALF = 0.5
# the last digits of a plane exactly between two slices
_TINY = 1e-6
_QUARTER = 90.0
# degrees that nobody sees
_UPRIGHT = 0.01


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a rectangle of the maps lies on a slice of another grid, as it is seen along the slice normal.

    Attributes
    ----------
    row0, col0, row1, col1 : float
        Sides of the box, in voxel edges of the other grid: voxel ``k`` covers ``k .. k + 1``; before it is
        turned.
    near : bool
        Whether the middle of the rectangle, or of one of those it is pooled with, lies in the slice, that is
        within half a slice of its plane.
    angle_deg : float
        Turn about the middle, from the row-index axis towards the column-index axis of the other grid.
    """

    row0: float
    col0: float
    row1: float
    col1: float
    near: bool
    angle_deg: float = 0.0


def _vector(point: npt.NDArray[np.float64]) -> Vector:
    x, y, z = point.tolist()
    return (x, y, z)


def patient_point(grid: Grid, slice_index: int, stored: tuple[float, float]) -> Vector:
    """Patient coordinates, LPS in mm, of a stored ``(row, col)`` in voxel edges on the plane of a slice."""
    return _vector(grid.to_patient((slice_index, stored[0] - _HALF, stored[1] - _HALF)))


def stored_place(grid: Grid, point: Vector) -> tuple[float, float]:
    """Stored ``(row, col)`` in voxel edges above which a patient point lies, whatever its slice."""
    _, row, col = grid.to_index(point).tolist()
    return row + _HALF, col + _HALF


def inside(grid: Grid, stored: tuple[float, float]) -> bool:
    """Whether a stored ``(row, col)`` in voxel edges lies in the picture."""
    return 0 <= stored[0] < grid.shape[1] and 0 <= stored[1] < grid.shape[2]


def nearest_slice(maps: Grid, slice_index: int, other: Grid) -> int:
    """Slice of another grid whose plane is nearest to the middle of a slice of the maps.

    Parameters
    ----------
    maps : Grid
        The grid of the maps.
    slice_index : int
        Slice of the maps.
    other : Grid
        Its planes may be tilted against those of the maps; the distance is taken along its own normal.
    """
    _, rows, cols = maps.shape
    middle = maps.to_patient((slice_index, (rows - 1) / 2, (cols - 1) / 2))
    # the slice index is the same all over a plane, so it grows along the normal even in a sheared stack
    wanted = float(other.to_index(middle)[0])
    return min(max(int(np.floor(wanted + _HALF)), 0), other.shape[0] - 1)


def outlines(
    maps: Grid, rectangles: Mapping[Level, Rectangle], other: Grid, slice_index: int
) -> dict[Level, Outline]:
    """Outlines of rectangles of the maps on a slice of another grid.

    Parameters
    ----------
    maps : Grid
        The grid on which the rectangles are drawn.
    rectangles : mapping of Level to Rectangle
        Of any slice of the maps.
    other : Grid
        The grid of the other series.
    slice_index : int
        The slice of it that is shown.
    """
    corners = [
        (box.slice, row - _HALF, col - _HALF)
        for box in rectangles.values()
        for row, col in box.box(maps).corners
    ]
    places = other.to_index(maps.to_patient(np.reshape(corners, (-1, 4, 3))))
    # planes of the other grid from one slice of the maps to the next
    step = float((other.to_index(maps.to_patient((1, 0, 0))) - other.to_index(maps.to_patient((0, 0, 0))))[0])
    found = {}
    for (level, box), place in zip(rectangles.items(), places, strict=True):
        away = float(place[:, 0].mean()) - slice_index
        near = min(abs(away + (index - box.slice) * step) for index in box.slices) <= _HALF + _TINY
        found[level] = _outline(place[:, 1:], other.spacing_mm[1:], near=near)
    return found


def _outline(corners: npt.NDArray[np.float64], spacing: tuple[float, float], *, near: bool) -> Outline:
    """The rectangle through four corners, given going round as ``(row, col)`` indices of a grid."""
    first, second, third, last = corners * spacing
    down, across = (last - first + third - second) / 2, (second - first + third - last) / 2
    angle = folded(degrees(atan2(down[1], down[0])))
    rows, cols = hypot(*down) / spacing[0], hypot(*across) / spacing[1]
    if abs(angle) > _QUARTER / 2:
        # rows of the one grid run along the columns of the other
        angle -= copysign(_QUARTER, angle)
        rows, cols = hypot(*across) / spacing[0], hypot(*down) / spacing[1]
    row, col = (corners.mean(axis=0) + _HALF).tolist()
    upright = abs(angle) < _UPRIGHT
    return Outline(
        row - rows / 2, col - cols / 2, row + rows / 2, col + cols / 2, near, 0.0 if upright else angle
    )


def sample_plane(maps: Grid, slice_index: int, other: Grid, stored: Stored) -> npt.NDArray[np.float32]:
    """The voxels of another grid that are nearest to those of a slice of the maps.

    Parameters
    ----------
    maps : Grid
        The grid of the maps.
    slice_index : int
        Slice of the maps.
    other : Grid
        The grid of the other series.
    stored : ndarray, shape (slices, rows, cols)
        Its voxels.

    Returns
    -------
    ndarray of float32, shape (rows, cols)
        On the maps' grid; NaN where the other series has no voxel.
    """
    _, rows, cols = maps.shape
    # a plane stays a plane: three corners tell where every voxel of it lies
    corners = other.to_index(maps.to_patient([(slice_index, 0, 0), (slice_index, 1, 0), (slice_index, 0, 1)]))
    down, across = corners[1] - corners[0], corners[2] - corners[0]
    way = np.arange(rows)[:, None, None] * down + np.arange(cols)[None, :, None] * across
    index = np.floor(corners[0] + way + _HALF - _TINY).astype(np.intp)
    there = np.all((index >= 0) & (index < other.shape), axis=-1)
    found = np.full((rows, cols), np.nan, np.float32)
    found[there] = stored[tuple(index[there].T)]
    return found


def linked_camera(seen: View, maps: Grid, slice_index: int, other: Grid, size: tuple[float, float]) -> Camera:
    """Camera with which another grid shows what a map shows: the same point in the middle, the same mm scale.

    Parameters
    ----------
    seen : View
        How the map lies in its widget.
    maps : Grid
        The grid of the maps.
    slice_index : int
        The slice of the maps that is shown.
    other : Grid
        The grid of the other series, shown in its own conventional orientation.
    size : tuple of float
        Width and height of its widget, points.
    """
    middle = seen.to_stored(seen.size[0] / 2, seen.size[1] / 2)
    orientation = orientation_of(other)
    y, x = orientation.to_shown(*stored_place(other, patient_point(maps, slice_index, middle)))
    height, width = orientation.shown_shape
    fitting = View(orientation, shown_spacing(other, orientation), size, Camera())
    return Camera(seen.scale / fitting.scale, (y / height, x / width))
