"""Small pictures of maps and series, to be recognised by."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid, orientation_of

Picture: TypeAlias = npt.NDArray[np.uint8]

LARGEST = 96
_WHITE = 255
# what a few bright vessels or one spike should not decide
_DARK_PERCENT, _BRIGHT_PERCENT = 1, 99
# share of a voxel that is rounding
_ROUNDING = 1e-6


def nothing_to_show() -> Picture:
    """Where no voxel could be read: a picture without pixels."""
    return np.zeros((0, 0), np.uint8)


def thumbnail(
    values: npt.NDArray[np.integer | np.floating], grid: Grid, window: tuple[float, float] | None = None
) -> Picture:
    """One slice, turned as it is shown on screen, each pixel the mean of what it covers.

    Parameters
    ----------
    values : ndarray, shape (rows, cols)
        A slice of the grid; what is no number is black.
    grid : Grid
        Where it lies.
    window : tuple of float, optional
        Values that are black and white; otherwise percentiles of the slice.

    Returns
    -------
    ndarray of uint8, shape (height, width)
        Square pixels, the longer side :data:`LARGEST` of them. Read-only.
    """
    orientation = orientation_of(grid)
    shown = orientation.show(values.astype(np.float64))
    there = np.isfinite(shown)
    size_mm = (shown.shape[0] * grid.spacing_mm[1], shown.shape[1] * grid.spacing_mm[2])
    if orientation.transpose:
        size_mm = (shown.shape[0] * grid.spacing_mm[2], shown.shape[1] * grid.spacing_mm[1])
    height, width = (max(1, round(LARGEST * one / max(size_mm))) for one in size_mm)
    covered = _sums(there.astype(np.float64), height, width)
    total = _sums(np.where(there, shown, 0.0), height, width)
    low, high = window or _window(shown[there])
    picture = np.full(covered.shape, low)
    np.divide(total, covered, out=picture, where=covered > _ROUNDING)
    # a slice without contrast is black
    grey = (picture - low) * (_WHITE / (high - low if high > low else 1.0))
    result: Picture = np.clip(np.rint(grey), 0, _WHITE).astype(np.uint8)
    result.setflags(write=False)
    return result


def _sums(values: npt.NDArray[np.float64], height: int, width: int) -> npt.NDArray[np.float64]:
    """Sum of what each pixel covers, voxels counted by their share."""
    return _lines(_lines(values, height).T, width).T


def _lines(values: npt.NDArray[np.float64], pixels: int) -> npt.NDArray[np.float64]:
    """The same along the first axis, by differences of running sums."""
    length = len(values)
    running = np.zeros((length + 1, values.shape[1]))
    np.cumsum(values, axis=0, out=running[1:])
    edges = np.linspace(0, length, pixels + 1)
    voxel = np.minimum(edges.astype(int), length - 1)
    share = (edges - voxel)[:, None]
    return np.diff(running[voxel] * (1 - share) + running[voxel + 1] * share, axis=0)


def _window(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    if values.size == 0:
        return 0.0, 1.0
    low, high = np.percentile(values, (_DARK_PERCENT, _BRIGHT_PERCENT)).tolist()
    return low, high
