"""The rectangle that is measured: moved, sized and turned without ever leaving the image."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import ceil, floor, isfinite

import numpy as np

from app.domain.errors import InputError
from app.domain.grid import Grid
from app.domain.protocol import SLICE_COUNTS
from app.domain.turning import Mask, TurnedBox, folded

# mm by which the last digits may carry a corner over the border of the image; in mm, so that a finer map of
# the same place says the same
_ON_BORDER_MM = 1e-6


@dataclass(frozen=True, slots=True)
class Rectangle:
    """Voxels ``row0 .. row0 + rows - 1`` by ``col0 .. col0 + cols - 1`` of one slice: drawn = counted.

    A turned one keeps its size and its middle, and counts the voxels whose centres lie inside; a deep one
    is the same in each of its slices, and all its voxels are counted together.

    Attributes
    ----------
    slice : int
        Slice, zero-based, in order of position; the middle one of several.
    row0, col0 : int
        First row and column, in the stored pixel matrix, before it is turned.
    rows, cols : int
        Size in voxels, at least 1.
    angle_deg : float
        Turn about its own middle within the slice, in mm, from the row-index axis towards the column-index
        axis; kept within (-90, 90]. At 0 whole voxels are counted.
    depth : int
        Slices it reaches over: 1 or 3.
    """

    slice: int
    row0: int
    col0: int
    rows: int
    cols: int
    angle_deg: float = 0.0
    depth: int = 1

    def __post_init__(self) -> None:
        if self.rows < 1 or self.cols < 1:
            raise InputError("roi.empty", rows=self.rows, cols=self.cols)
        if self.depth not in SLICE_COUNTS:
            raise InputError("roi.depth", depth=self.depth)
        if self.angle_deg:
            if not isfinite(self.angle_deg):
                raise InputError("roi.angle", angle=self.angle_deg)
            object.__setattr__(self, "angle_deg", folded(self.angle_deg))

    @property
    def row1(self) -> int:
        """The row after the last one."""
        return self.row0 + self.rows

    @property
    def col1(self) -> int:
        """The column after the last one."""
        return self.col0 + self.cols

    @property
    def slices(self) -> range:
        """The slices it reaches over."""
        beside = self.depth // 2
        return range(self.slice - beside, self.slice + beside + 1)

    @property
    def beside(self) -> tuple[int, ...]:
        """The neighbours of its own slice that it reaches over too."""
        return (self.slice - 1, self.slice + 1) if self.depth > 1 else ()

    @property
    def centre(self) -> tuple[float, float, float]:
        """Fractional voxel index ``(slice, row, col)`` of the middle; integers are voxel centres."""
        return (float(self.slice), self.row0 + (self.rows - 1) / 2, self.col0 + (self.cols - 1) / 2)

    def box(self, grid: Grid) -> TurnedBox:
        """Its outline in one slice of a grid."""
        middle = (self.row0 + self.rows / 2, self.col0 + self.cols / 2)
        return TurnedBox(middle, (self.rows, self.cols), self.angle_deg, grid.spacing_mm[1:])

    def counted(self, grid: Grid) -> tuple[int, int, Mask]:
        """The voxels it counts in each of its slices: first row and column, and which from there on."""
        if self.angle_deg:
            return self.box(grid).counted()
        return self.row0, self.col0, np.ones((self.rows, self.cols), bool)

    def count(self, grid: Grid) -> int:
        """Number of voxels it counts in one slice."""
        return int(np.count_nonzero(self.counted(grid)[2])) if self.angle_deg else self.rows * self.cols

    def inside(self, grid: Grid) -> bool:
        """Whether its whole outline lies in the image, in each of its slices."""
        slices, rows, cols = grid.shape
        beside = self.depth // 2
        if not beside <= self.slice < slices - beside:
            return False
        if self.angle_deg:
            return _fits(self, grid)
        return self.row0 >= 0 and self.col0 >= 0 and self.row1 <= rows and self.col1 <= cols

    def area_mm2(self, grid: Grid) -> float:
        """Area in mm2 of the voxels it counts in one slice."""
        return self.count(grid) * grid.pixel_area_mm2

    def divided(self, parts: tuple[int, int]) -> Rectangle:
        """The same place on a grid of which ``(rows, cols)`` voxels make up one of this grid's."""
        rows, cols = parts
        return Rectangle(
            self.slice, self.row0 * rows, self.col0 * cols, self.rows * rows, self.cols * cols,
            self.angle_deg, self.depth,
        )  # fmt: skip

    def overlaps(self, other: Rectangle, grid: Grid) -> bool:
        """Whether two rectangles on a grid share a voxel."""
        if abs(self.slice - other.slice) > self.depth // 2 + other.depth // 2:
            return False
        if self.angle_deg or other.angle_deg:
            return _share(self.counted(grid), other.counted(grid))
        return (
            self.row0 < other.row1
            and other.row0 < self.row1
            and self.col0 < other.col1
            and other.col0 < self.col1
        )


def _share(one: tuple[int, int, Mask], other: tuple[int, int, Mask]) -> bool:
    """Whether two masks, each from a row and column on, have a voxel in common."""
    starts = [max(one[axis], other[axis]) for axis in (0, 1)]
    ends = [min(first[axis] + first[2].shape[axis] for first in (one, other)) for axis in (0, 1)]
    if any(end <= start for start, end in zip(starts, ends, strict=True)):
        return False
    cut = [
        mask[starts[0] - row : ends[0] - row, starts[1] - col : ends[1] - col]
        for row, col, mask in (one, other)
    ]
    return bool(np.any(cut[0] & cut[1]))


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


def place(
    grid: Grid, slice_index: int, row: float, col: float, size: tuple[int, int], *, depth: int = 1
) -> Rectangle:
    """Rectangle of ``size`` voxels centred as near as possible to a point, wholly inside the grid.

    Parameters
    ----------
    grid : Grid
        The grid of the map.
    slice_index : int
        Slice, zero-based; at the end of the stack a deep rectangle goes to the next one that has neighbours.
    row, col : float
        Wanted centre in voxel edges: voxel ``k`` covers ``k .. k + 1``.
    size : tuple of int
        ``(rows, cols)``.
    depth : int
        Slices to reach over.

    Raises
    ------
    InputError
        ``roi.outside`` when the point lies outside the image.
    """
    slices, rows, cols = grid.shape
    if not (0 <= slice_index < slices and 0 <= row < rows and 0 <= col < cols):
        raise InputError("roi.outside", slice=slice_index + 1, row=floor(row), col=floor(col))
    first = _nearest(row - size[0] / 2), _nearest(col - size[1] / 2)
    return clamp(Rectangle(slice_index, *first, *size, depth=depth), grid)


def _nearest(value: float) -> int:
    """Nearest whole number, halves upward: ``round`` sends them to the even one, which moves by 0 or 2."""
    return floor(value + 0.5)


def clamp(rectangle: Rectangle, grid: Grid) -> Rectangle:
    """Shift a rectangle back inside the grid, keeping its size where the image allows.

    In a stack of fewer slices than it is deep it becomes one slice deep. A turned one that fits nowhere gets
    smaller; in an image too small for any turned one it is upright.
    """
    slices, rows, cols = grid.shape
    depth = rectangle.depth if rectangle.depth <= slices else 1
    index = min(max(rectangle.slice, depth // 2), slices - 1 - depth // 2)
    if rectangle.angle_deg:
        return _clamp_turned(replace(rectangle, slice=index, depth=depth), grid)
    height, width = min(rectangle.rows, rows), min(rectangle.cols, cols)
    return Rectangle(
        slice=index,
        row0=min(max(rectangle.row0, 0), rows - height),
        col0=min(max(rectangle.col0, 0), cols - width),
        rows=height,
        cols=width,
        depth=depth,
    )


def _clamp_turned(rectangle: Rectangle, grid: Grid) -> Rectangle:
    found = rectangle
    while (room := _room(found, grid)) is None:
        if found.rows == found.cols == 1:
            return clamp(replace(found, angle_deg=0.0), grid)
        found = _about_middle(rectangle, max(1, found.rows - 1), max(1, found.cols - 1))
    (top, bottom), (left, right) = room
    return replace(found, row0=min(max(found.row0, top), bottom), col0=min(max(found.col0, left), right))


def _room(rectangle: Rectangle, grid: Grid) -> tuple[tuple[int, int], tuple[int, int]] | None:
    """First and last ``row0`` and ``col0`` with which the whole outline lies in the image; None without."""
    found = []
    sizes, box = (rectangle.rows, rectangle.cols), rectangle.box(grid)
    for size, reach, spacing, length in zip(sizes, box.reach, box.spacing, grid.shape[1:], strict=True):
        slack = _ON_BORDER_MM / spacing
        least = ceil(reach - size / 2 - slack)
        most = floor(length - reach - size / 2 + slack)
        if most < least:
            return None
        found.append((least, most))
    return found[0], found[1]


def _fits(rectangle: Rectangle, grid: Grid) -> bool:
    """Whether the outline of a turned rectangle lies in the image."""
    box = rectangle.box(grid)
    return all(
        max(reach - middle, middle + reach - length) * spacing <= _ON_BORDER_MM
        for middle, reach, spacing, length in zip(
            box.middle, box.reach, box.spacing, grid.shape[1:], strict=True
        )
    )


def _about_middle(rectangle: Rectangle, rows: int, cols: int) -> Rectangle:
    """Another size about the same middle, or half a voxel beside it."""
    return replace(
        rectangle,
        row0=_nearest(rectangle.row0 + (rectangle.rows - rows) / 2),
        col0=_nearest(rectangle.col0 + (rectangle.cols - cols) / 2),
        rows=rows,
        cols=cols,
    )


def move(rectangle: Rectangle, rows: int, cols: int, grid: Grid) -> Rectangle:
    """Shift by whole voxels, stopping at the border of the image."""
    return clamp(replace(rectangle, row0=rectangle.row0 + rows, col0=rectangle.col0 + cols), grid)


def to_slice(rectangle: Rectangle, index: int, grid: Grid) -> Rectangle:
    """The same rectangle on another slice, stopping at the ends of the stack."""
    return clamp(replace(rectangle, slice=index), grid)


def sized(rectangle: Rectangle, size: tuple[int, int], grid: Grid) -> Rectangle:
    """Another size ``(rows, cols)`` about the same middle, or half a voxel beside it, inside the image."""
    return clamp(_about_middle(rectangle, *size), grid)


def turn(rectangle: Rectangle, degrees: float, grid: Grid) -> Rectangle:
    """Turn about the middle; near the border the rectangle moves inwards, and stays where it has no room."""
    wanted = replace(rectangle, angle_deg=rectangle.angle_deg + degrees)
    found = clamp(wanted, grid)
    kept = (found.rows, found.cols, found.angle_deg) == (wanted.rows, wanted.cols, wanted.angle_deg)
    return found if kept else rectangle


def drag_edges(
    rectangle: Rectangle, rows: tuple[int, int], cols: tuple[int, int], grid: Grid, *, symmetric: bool = False
) -> Rectangle:
    """Move single edges by whole voxels; an edge stops one voxel before the opposite one and at the border.

    Parameters
    ----------
    rectangle : Rectangle
        What is resized.
    rows, cols : tuple of int
        Shift of the (first, last) row edge and of the (first, last) column edge, voxels. Edges of a turned
        rectangle go along its own axes; the opposite one stays within half a voxel, because the middle lies
        on a voxel or between two.
    grid : Grid
        The grid of the map.
    symmetric : bool
        The opposite edge moves the other way by as much, so that the centre stays.
    """
    if rectangle.angle_deg:
        return _drag_turned(rectangle, (*rows, *cols), grid, symmetric=symmetric)
    row0, row1 = _drag_pair(rectangle.row0, rectangle.row1, rows, grid.shape[1], symmetric=symmetric)
    col0, col1 = _drag_pair(rectangle.col0, rectangle.col1, cols, grid.shape[2], symmetric=symmetric)
    return Rectangle(rectangle.slice, row0, col0, row1 - row0, col1 - col0, depth=rectangle.depth)


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


_Edges = tuple[int, ...]


def _drag_turned(rectangle: Rectangle, wanted: _Edges, grid: Grid, *, symmetric: bool) -> Rectangle:
    """Pull one edge after the other as far as the outline stays in the image."""

    def pull(edges: _Edges) -> Rectangle:
        return _pull(rectangle, edges, grid, symmetric=symmetric)

    taken: _Edges = (0, 0, 0, 0)
    for edge, shift in enumerate(wanted):
        before, after = taken[:edge], taken[edge + 1 :]
        good, bad = 0, shift
        if pull((*before, shift, *after)).inside(grid):
            good = shift
        # some way of it may be free; what is free is not wholly ordered, but any of it will do
        while good != shift and abs(bad - good) > 1:
            tried = good + int((bad - good) / 2)
            if pull((*before, tried, *after)).inside(grid):
                good = tried
            else:
                bad = tried
        taken = (*before, good, *after)
    return pull(taken)


def _pull(rectangle: Rectangle, edges: _Edges, grid: Grid, *, symmetric: bool) -> Rectangle:
    rows, down = _stretch(rectangle.rows, edges[0], edges[1], symmetric=symmetric)
    cols, across = _stretch(rectangle.cols, edges[2], edges[3], symmetric=symmetric)
    step = rectangle.box(grid).out((down, across))
    return replace(
        rectangle,
        row0=_nearest(rectangle.row0 + (rectangle.rows - rows) / 2 + step[0]),
        col0=_nearest(rectangle.col0 + (rectangle.cols - cols) / 2 + step[1]),
        rows=rows,
        cols=cols,
    )


def _stretch(size: int, first: int, last: int, *, symmetric: bool) -> tuple[int, float]:
    """New size, and way of the middle along the same axis, when the edges move."""
    if symmetric:
        grow = max(-((size - 1) // 2), -first if first else last)
        return size + 2 * grow, 0.0
    first = min(first, size - 1)
    last = max(last, 1 - (size - first))
    return size - first + last, (first + last) / 2
