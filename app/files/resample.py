"""Bring a map onto the voxels of another: only where a person asked for it, and the result says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid

# as near to an outer voxel centre as two grids may lie apart and still share their voxels
_EDGE = 0.1
# share of missing voxels in a value that is rounding and no contribution
_ROUNDING = 1e-6


def resample(
    values: npt.NDArray[np.integer | np.floating], source: Grid, target: Grid
) -> npt.NDArray[np.float32]:
    """Values at the voxel centres of another grid, linear between the eight voxels around each.

    Parameters
    ----------
    values : ndarray, shape (slices, rows, cols)
        Any number; NaN where there is none. Values are interpolated as they are given: a map that becomes
        another quantity (T2* to R2*) has to be converted first.
    source, target : Grid
        Where the values lie, and where they are wanted, in one frame of reference; they may be turned against
        each other.

    Returns
    -------
    ndarray of float32, shape of ``target``
        NaN outside the outer voxel centres of the source (there is nothing to interpolate between), and where
        one of the voxels that contribute has no value.

    Raises
    ------
    ValueError
        When values and source differ in shape.
    """
    if values.shape != source.shape:
        raise ValueError(f"values {values.shape} do not fit the grid {source.shape}")
    matrix, offset = _steps_between(source, target)
    missing = ~np.isfinite(values)
    if missing.any():
        values = np.where(missing, 0, values)
    result = _interpolate(values.astype(np.float64), matrix, offset, target.shape).astype(np.float32)
    if missing.any():
        share = _interpolate(missing.astype(np.float64), matrix, offset, target.shape)
        result[share > _ROUNDING] = np.nan
    for index in range(target.shape[0]):
        result[index, ~_inside(index, source.shape, target.shape, matrix, offset)] = np.nan
    return result


def _steps_between(source: Grid, target: Grid) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """``index_of_source = index_of_target @ matrix + offset``, both as (slice, row, col)."""
    offset = source.to_index(target.to_patient((0, 0, 0)))
    return source.to_index(target.to_patient(np.eye(3))) - offset, offset


def _interpolate(
    values: npt.NDArray[np.float64],
    matrix: npt.NDArray[np.float64],
    offset: npt.NDArray[np.float64],
    shape: tuple[int, int, int],
) -> npt.NDArray[np.float64]:
    """Linear interpolation between voxel indices, so that sheared and mirrored grids need no care."""
    # a large library, which reading and importing DICOM do without
    import SimpleITK  # noqa: PLC0415 - as said

    # it says of its functions neither what they take nor what they give
    sitk: Any = SimpleITK
    # SimpleITK counts (col, row, slice)
    turned = np.ascontiguousarray(matrix.T[::-1, ::-1])
    way = sitk.AffineTransform(turned.ravel().tolist(), offset[::-1].tolist())
    found = sitk.Resample(
        sitk.GetImageFromArray(values),
        list(shape[::-1]),
        way,
        sitk.sitkLinear,
        [0.0] * 3,
        [1.0] * 3,
        np.eye(3).ravel().tolist(),
        0.0,
        sitk.sitkFloat64,
    )
    result: npt.NDArray[np.float64] = sitk.GetArrayFromImage(found)
    return result


def _inside(
    index: int,
    source: tuple[int, int, int],
    target: tuple[int, int, int],
    matrix: npt.NDArray[np.float64],
    offset: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """Which voxels of one slice, shape (rows, cols), lie among the voxel centres of the source."""
    rows, cols = np.arange(target[1])[:, None], np.arange(target[2])
    inside = np.ones(target[1:], bool)
    for axis, length in enumerate(source):
        place = offset[axis] + index * matrix[0, axis] + rows * matrix[1, axis] + cols * matrix[2, axis]
        inside &= (place >= -_EDGE) & (place <= length - 1 + _EDGE)
    return inside
