"""Where voxels lie in the patient, and how a slice is turned for the screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Vector: TypeAlias = tuple[float, float, float]
Voxel = TypeVar("Voxel", bound=np.generic)

# DICOM patient coordinates are LPS: x grows to the left, y to posterior, z to superior
_POSITIVE = ("L", "P", "S")
_NEGATIVE = ("R", "A", "I")
# called by the patient axis its normal is nearest to; how far it is off is the importer's to warn of
_PLANES = ("sagittal", "coronal", "axial")


@dataclass(frozen=True, slots=True)
class Grid:
    """A regular voxel grid in DICOM patient coordinates (LPS, mm).

    Attributes
    ----------
    shape : tuple of int
        ``(slices, rows, cols)``.
    spacing_mm : tuple of float
        Distance of voxel centres along slice, row index and column index.
    origin_mm : tuple of float
        Centre of voxel ``(0, 0, 0)``.
    axes : tuple of three vectors
        Unit vectors in which slice, row and column index grow.
    """

    shape: tuple[int, int, int]
    spacing_mm: Vector
    origin_mm: Vector
    axes: tuple[Vector, Vector, Vector]

    @property
    def pixel_area_mm2(self) -> float:
        """Area of one voxel in the slice, mm2."""
        return self.spacing_mm[1] * self.spacing_mm[2]

    def to_patient(self, index: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Patient coordinates of (fractional) voxel indices.

        Parameters
        ----------
        index : array_like, shape (..., 3)
            ``(slice, row, col)``; integers are voxel centres.

        Returns
        -------
        ndarray, shape (..., 3)
            LPS, mm.
        """
        result: npt.NDArray[np.float64] = np.asarray(index, float) @ self._steps() + self.origin_mm
        return result

    def to_index(self, point_mm: npt.ArrayLike) -> npt.NDArray[np.float64]:
        """Inverse of :meth:`to_patient`: fractional ``(slice, row, col)`` of LPS points, shape (..., 3)."""
        offset = np.asarray(point_mm, float) - np.asarray(self.origin_mm)
        # a true inverse, not the transpose: printed direction cosines are rounded and stacks can be sheared
        result: npt.NDArray[np.float64] = offset @ np.linalg.inv(self._steps())
        return result

    def _steps(self) -> npt.NDArray[np.float64]:
        """Way in mm from one voxel to the next along each index, one row per index."""
        steps: npt.NDArray[np.float64] = np.asarray(self.axes) * np.asarray(self.spacing_mm)[:, None]
        return steps

    def matches(self, other: Grid, *, tolerance: float = 0.1) -> bool:
        """Whether two grids share their voxels.

        Parameters
        ----------
        other : Grid
            The grid of the other map.
        tolerance : float
            Largest offset of any corner voxel, as a fraction of the voxel size.
        """
        if self.shape != other.shape:
            return False
        last = np.asarray(self.shape, float) - 1
        corners = np.array([(a, b, c) for a in (0, last[0]) for b in (0, last[1]) for c in (0, last[2])])
        offset = self.to_index(other.to_patient(corners)) - corners
        return bool(np.all(np.abs(offset) <= tolerance))

    def parts(self, finer: Grid, *, tolerance: float = 0.1) -> tuple[int, int] | None:
        """How many rows and columns of another grid make up one voxel of this one, slice for slice.

        Parameters
        ----------
        finer : Grid
            A grid over the same slices and the same field of view.
        tolerance : float
            Largest distance of the outer corners, as a fraction of the finer grid's voxel size.

        Returns
        -------
        tuple of int or None
            ``(1, 1)`` where the grids share their voxels; None where the lines of this grid are not all
            lines of the other.
        """
        slices, rows, cols = self.shape
        if finer.shape[0] != slices or finer.shape[1] % rows or finer.shape[2] % cols:
            return None
        parts = (finer.shape[1] // rows, finer.shape[2] // cols)
        # voxel edges of the outer corners, which both grids must have in the same places
        edges = np.array(
            [(a, b, c) for a in (0, slices - 1) for b in (-0.5, rows - 0.5) for c in (-0.5, cols - 0.5)]
        )
        expected = np.array(
            [(a, (b + 0.5) * parts[0] - 0.5, (c + 0.5) * parts[1] - 0.5) for a, b, c in edges.tolist()]
        )
        offset = finer.to_index(self.to_patient(edges)) - expected
        return parts if bool(np.all(np.abs(offset) <= tolerance)) else None

    @property
    def plane(self) -> str:
        """``sagittal``, ``coronal`` or ``axial``: the plane nearest to the slices."""
        return _PLANES[int(np.argmax(np.abs(self.axes[0])))]

    @property
    def obliquity_deg(self) -> float:
        """Angle in degrees between the slice normal and the nearest patient axis."""
        return float(np.degrees(np.arccos(min(1.0, max(abs(part) for part in self.axes[0])))))


def letter(direction: Vector) -> str:
    """Orientation letter (L R P A S I) of a patient direction, by its largest component."""
    axis = int(np.argmax(np.abs(direction)))
    return _POSITIVE[axis] if direction[axis] > 0 else _NEGATIVE[axis]


@dataclass(frozen=True, slots=True)
class Orientation:
    """How a stored slice is turned for the screen; values are never touched.

    A sagittal slice is shown with anterior to the left and superior up, a coronal or axial one in the
    radiological way (patient's right to the left).

    Attributes
    ----------
    transpose : bool
        Rows and columns change places first.
    flip_rows, flip_cols : bool
        Then the rows (columns) of the shown picture run backwards.
    shape : tuple of int
        ``(rows, cols)`` of the stored slice.
    letters : tuple of str
        Orientation letters at the left, right, top and bottom edge of the shown picture.
    """

    transpose: bool
    flip_rows: bool
    flip_cols: bool
    shape: tuple[int, int]
    letters: tuple[str, str, str, str]

    @property
    def shown_shape(self) -> tuple[int, int]:
        """``(rows, cols)`` of the shown picture."""
        rows, cols = self.shape
        return (cols, rows) if self.transpose else (rows, cols)

    def show(self, stored: npt.NDArray[Voxel]) -> npt.NDArray[Voxel]:
        """View of a stored slice, shape (rows, cols), as it is drawn."""
        picture = stored.T if self.transpose else stored
        return picture[:: -1 if self.flip_rows else 1, :: -1 if self.flip_cols else 1]

    def to_shown(self, row: float, col: float) -> tuple[float, float]:
        """Shown ``(y, x)`` of a stored position; voxel ``k`` covers ``k .. k + 1`` in both."""
        y, x = (col, row) if self.transpose else (row, col)
        height, width = self.shown_shape
        return (height - y if self.flip_rows else y), (width - x if self.flip_cols else x)

    def clockwise(self, angle_deg: float) -> float:
        """Turn clockwise on the screen of a turn from the row-index to the column-index axis, and back."""
        mirrored = (self.transpose + self.flip_rows + self.flip_cols) % 2
        return angle_deg if mirrored else -angle_deg

    def to_stored(self, y: float, x: float) -> tuple[float, float]:
        """Stored ``(row, col)`` of a shown position: the inverse of :meth:`to_shown`."""
        height, width = self.shown_shape
        y = height - y if self.flip_rows else y
        x = width - x if self.flip_cols else x
        return (x, y) if self.transpose else (y, x)


def orientation_of(grid: Grid) -> Orientation:
    """The conventional way to show the slices of a grid."""
    # wanted directions of screen-right and screen-down, as (patient axis, sign)
    wanted = {"sagittal": ((1, 1), (2, -1)), "coronal": ((0, 1), (2, -1)), "axial": ((0, 1), (1, 1))}
    (right_axis, right_sign), (down_axis, down_sign) = wanted[grid.plane]
    _, row_axis, col_axis = grid.axes
    transpose = abs(row_axis[right_axis]) > abs(col_axis[right_axis])
    right, down = (row_axis, col_axis) if transpose else (col_axis, row_axis)
    flip_cols = right[right_axis] * right_sign < 0
    flip_rows = down[down_axis] * down_sign < 0
    return Orientation(
        transpose=transpose,
        flip_rows=flip_rows,
        flip_cols=flip_cols,
        shape=grid.shape[1:],
        letters=(*_edges(right, flipped=flip_cols), *_edges(down, flipped=flip_rows)),
    )


def _edges(direction: Vector, *, flipped: bool) -> tuple[str, str]:
    """Letters at the beginning and the end of a shown axis."""
    away: Vector = (-direction[0], -direction[1], -direction[2])
    start, end = letter(away), letter(direction)
    return (end, start) if flipped else (start, end)
