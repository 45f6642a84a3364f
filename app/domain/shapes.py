"""The rectangle that is measured: whole voxels of one slice, moved and sized without ever leaving it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor

import numpy as np

from app.domain.errors import InputError
from app.domain.grid import Grid


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Voxels ``row0 .. row0 + rows - 1`` by ``col0 .. col0 + cols - 1`` of one slice: drawn = counted.

    Attributes
    ----------
    slice : int
        Slice, zero-based, in order of position.
    row0, col0 : int
        First row and column, in the stored pixel matrix.
    rows, cols : int
        Size in voxels, at least 1.
    """

    slice: int
    row0: int
    col0: int
    rows: int
    cols: int

    def __post_init__(self) -> None:
        if self.rows < 1 or self.cols < 1:
            raise InputError("roi.empty", rows=self.rows, cols=self.cols)

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return self.rows * self.cols

    @property
    def row1(self) -> int:
        """The row after the last one."""
        return self.row0 + self.rows

    @property
    def col1(self) -> int:
        """The column after the last one."""
        return self.col0 + self.cols

    @property
    def centre(self) -> tuple[float, float, float]:
        """Fractional voxel index ``(slice, row, col)`` of the middle; integers are voxel centres."""
        return (float(self.slice), self.row0 + (self.rows - 1) / 2, self.col0 + (self.cols - 1) / 2)

    def inside(self, grid: Grid) -> bool:
        """Whether every voxel of the rectangle exists in the grid."""
        slices, rows, cols = grid.shape
        return (
            0 <= self.slice < slices
            and self.row0 >= 0
            and self.col0 >= 0
            and self.row1 <= rows
            and self.col1 <= cols
        )

    def area_mm2(self, grid: Grid) -> float:
        """Area in mm2."""
        return self.voxels * grid.pixel_area_mm2

    def divided(self, parts: tuple[int, int]) -> Rectangle:
        """The same place on a grid of which ``(rows, cols)`` voxels make up one of this grid's."""
        rows, cols = parts
        return Rectangle(self.slice, self.row0 * rows, self.col0 * cols, self.rows * rows, self.cols * cols)

    def overlaps(self, other: Rectangle) -> bool:
        """Whether two rectangles share a voxel."""
        return (
            self.slice == other.slice
            and self.row0 < other.row1
            and other.row0 < self.row1
            and self.col0 < other.col1
            and other.col0 < self.col1
        )


def size_in_voxels(size_mm: tuple[float, float], grid: Grid) -> tuple[int, int]:
    """Whole ``(rows, cols)`` nearest to a size in mm.

    Parameters
    ----------
    size_mm : tuple of float
        Extent along the row index and along the column index, mm.
    grid : Grid
        The grid of the map.
    """
    rows = max(1, _nearest(size_mm[0] / grid.spacing_mm[1]))
    cols = max(1, _nearest(size_mm[1] / grid.spacing_mm[2]))
    return min(rows, grid.shape[1]), min(cols, grid.shape[2])


def anatomical_size(ap_mm: float, cc_mm: float, grid: Grid) -> tuple[float, float]:
    """Order an antero-posterior and a cranio-caudal extent as (along rows, along columns) of a grid."""
    row_axis, col_axis = np.abs(grid.axes[1]), np.abs(grid.axes[2])
    rows_run_down = row_axis[2] >= col_axis[2]
    return (cc_mm, ap_mm) if rows_run_down else (ap_mm, cc_mm)


def place(grid: Grid, slice_index: int, row: float, col: float, size: tuple[int, int]) -> Rectangle:
    """Rectangle of ``size`` voxels centred as near as possible to a point, wholly inside the grid.

    Parameters
    ----------
    grid : Grid
        The grid of the map.
    slice_index : int
        Slice, zero-based.
    row, col : float
        Wanted centre in voxel edges: voxel ``k`` covers ``k .. k + 1``.
    size : tuple of int
        ``(rows, cols)``.

    Raises
    ------
    InputError
        ``roi.outside`` when the point lies outside the image.
    """
    slices, rows, cols = grid.shape
    if not (0 <= slice_index < slices and 0 <= row < rows and 0 <= col < cols):
        raise InputError("roi.outside", slice=slice_index + 1, row=floor(row), col=floor(col))
    corner = Rectangle(slice_index, _nearest(row - size[0] / 2), _nearest(col - size[1] / 2), *size)
    return clamp(corner, grid)


def _nearest(value: float) -> int:
    """Nearest whole number, halves upward: ``round`` sends them to the even one, which moves by 0 or 2."""
    return floor(value + 0.5)


def clamp(rectangle: Rectangle, grid: Grid) -> Rectangle:
    """Shift a rectangle back inside the grid, keeping its size where the image allows."""
    slices, rows, cols = grid.shape
    height, width = min(rectangle.rows, rows), min(rectangle.cols, cols)
    return Rectangle(
        slice=min(max(rectangle.slice, 0), slices - 1),
        row0=min(max(rectangle.row0, 0), rows - height),
        col0=min(max(rectangle.col0, 0), cols - width),
        rows=height,
        cols=width,
    )


def move(rectangle: Rectangle, rows: int, cols: int, grid: Grid) -> Rectangle:
    """Shift by whole voxels, stopping at the border of the image."""
    return clamp(replace(rectangle, row0=rectangle.row0 + rows, col0=rectangle.col0 + cols), grid)


def drag_edges(
    rectangle: Rectangle, rows: tuple[int, int], cols: tuple[int, int], grid: Grid, *, symmetric: bool = False
) -> Rectangle:
    """Move single edges by whole voxels; an edge stops one voxel before the opposite one and at the border.

    Parameters
    ----------
    rectangle : Rectangle
        What is resized.
    rows, cols : tuple of int
        Shift of the (first, last) row edge and of the (first, last) column edge, voxels.
    grid : Grid
        The grid of the map.
    symmetric : bool
        The opposite edge moves the other way by as much, so that the centre stays.
    """
    row0, row1 = _drag_pair(rectangle.row0, rectangle.row1, rows, grid.shape[1], symmetric=symmetric)
    col0, col1 = _drag_pair(rectangle.col0, rectangle.col1, cols, grid.shape[2], symmetric=symmetric)
    return Rectangle(rectangle.slice, row0, col0, row1 - row0, col1 - col0)


def _drag_pair(
    first: int, last: int, shift: tuple[int, int], length: int, *, symmetric: bool
) -> tuple[int, int]:
    if symmetric and (shift[0] or shift[1]):
        # growth of both sides, limited so that neither passes the border nor the middle
        grow = -shift[0] if shift[0] else shift[1]
        grow = max(-((last - first - 1) // 2), min(grow, first, length - last))
        return first - grow, last + grow
    if shift[0]:
        first = min(max(first + shift[0], 0), last - 1)
    if shift[1]:
        last = max(min(last + shift[1], length), first + 1)
    return first, last
