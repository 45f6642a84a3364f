"""Millimetres to posterior and downwards within a sagittal slice, and axes that are turned in it."""

from __future__ import annotations

from math import cos, hypot, radians, sin
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid

Array = npt.NDArray[np.float64]
Offset = TypeVar("Offset", float, Array)


def plane_steps(grid: Grid) -> tuple[tuple[float, float], tuple[float, float]]:
    """Rows, then columns, per mm to posterior and per mm downwards, within a sagittal slice."""
    _, row_axis, col_axis = grid.axes
    _, row_mm, col_mm = grid.spacing_mm
    # LPS: y grows to posterior, z upwards; an oblique slice sees both foreshortened, which the lengths undo
    posterior = (row_axis[1], col_axis[1])
    down = (-row_axis[2], -col_axis[2])
    along, across = hypot(*posterior), hypot(*down)
    rows = (posterior[0] / along / row_mm, down[0] / across / row_mm)
    cols = (posterior[1] / along / col_mm, down[1] / across / col_mm)
    return rows, cols


def to_voxels(
    grid: Grid, centre: tuple[float, float], posterior: Array | float, down: Array | float
) -> tuple[Array, Array]:
    """Stored ``(row, col)`` of offsets from a place of a slice.

    Parameters
    ----------
    grid : Grid
        Sagittal.
    centre : tuple of float
        ``(row, col)`` of the place, in voxel edges.
    posterior, down : ndarray or float
        Offsets to posterior and downwards, mm; shapes that fit each other.

    Returns
    -------
    tuple of ndarray
        Rows and columns in voxel edges.
    """
    rows, cols = plane_steps(grid)
    row = centre[0] + np.asarray(posterior) * rows[0] + np.asarray(down) * rows[1]
    col = centre[1] + np.asarray(posterior) * cols[0] + np.asarray(down) * cols[1]
    return row, col


def to_mm(grid: Grid, centre: tuple[float, float], place: tuple[float, float]) -> tuple[float, float]:
    """Offsets ``(posterior, down)`` in mm of a place from another one: the inverse of :func:`to_voxels`."""
    away = (place[0] - centre[0], place[1] - centre[1])
    posterior, down = np.linalg.solve(np.array(plane_steps(grid)), away).tolist()
    return posterior, down


def turned(along: Offset, down: Offset, tilt: float) -> tuple[Offset, Offset]:
    """Offsets to posterior and downwards of offsets along axes whose front is lower by ``tilt`` degrees."""
    turn = radians(tilt)
    return along * cos(turn) + down * sin(turn), down * cos(turn) - along * sin(turn)
