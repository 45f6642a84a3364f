"""From the grid of the maps to that of another series, through patient coordinates. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid, Vector, orientation_of
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui.canvas.view import Camera, View, shown_spacing

# voxel k has its centre at index k and its edges half a voxel to either side
_HALF = 0.5
# the last digits of a plane exactly between two slices
_TINY = 1e-6


@dataclass(frozen=True, slots=True)
class Outline:
    """Where a rectangle of the maps lies on a slice of another grid: the box around its corners.

    Attributes
    ----------
    row0, col0, row1, col1 : float
        Sides of the box, in voxel edges of the other grid: voxel ``k`` covers ``k .. k + 1``.
    near : bool
        Whether the middle of the rectangle lies in the slice, that is within half a slice of its plane.
    """

    row0: float
    col0: float
    row1: float
    col1: float
    near: bool


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
    """Boxes of rectangles of the maps on a slice of another grid.

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
        for row in (box.row0, box.row1)
        for col in (box.col0, box.col1)
    ]
    places = other.to_index(maps.to_patient(np.reshape(corners, (-1, 4, 3))))
    low, high = places.min(axis=1, initial=np.inf) + _HALF, places.max(axis=1, initial=-np.inf) + _HALF
    away = np.abs(places[..., 0].mean(axis=1) - slice_index)
    return {
        level: Outline(first[1], first[2], last[1], last[2], near=distance <= _HALF + _TINY)
        for level, first, last, distance in zip(
            rectangles, low.tolist(), high.tolist(), away.tolist(), strict=True
        )
    }


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
