"""Placing, moving and sizing the rectangle."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.errors import InputError
from app.domain.grid import Grid
from app.domain.shapes import Rectangle, anatomical_size, clamp, drag_edges, move, place, size_in_voxels

MakeGrid = Callable[..., Grid]

SAGITTAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
shifts = st.integers(-60, 60)
grids = st.builds(
    Grid,
    shape=st.tuples(st.integers(1, 6), st.integers(1, 40), st.integers(1, 40)),
    spacing_mm=st.just((4.0, 1.0, 1.0)),
    origin_mm=st.just((0.0, 0.0, 0.0)),
    axes=st.just(SAGITTAL),
)
anywhere = st.builds(
    Rectangle,
    slice=st.integers(-5, 12),
    row0=shifts,
    col0=shifts,
    rows=st.integers(1, 50),
    cols=st.integers(1, 50),
)


@st.composite
def placed(draw: st.DrawFn) -> tuple[Grid, Rectangle]:
    """Draw a grid and a rectangle inside it."""
    grid = draw(grids)
    return grid, clamp(draw(anywhere), grid)


@st.composite
def clicked(draw: st.DrawFn) -> tuple[Grid, float, float, tuple[int, int]]:
    """Draw a grid, a point of its image and a size that fits it."""
    grid = draw(grids)
    _, rows, cols = grid.shape
    row = draw(st.floats(0, rows, exclude_max=True) | st.integers(0, 2 * rows - 1).map(lambda k: k / 2))
    col = draw(st.floats(0, cols, exclude_max=True) | st.integers(0, 2 * cols - 1).map(lambda k: k / 2))
    return grid, row, col, (draw(st.integers(1, rows)), draw(st.integers(1, cols)))


def _cells(rectangle: Rectangle) -> set[tuple[int, int, int]]:
    return {
        (rectangle.slice, row, col)
        for row in range(rectangle.row0, rectangle.row1)
        for col in range(rectangle.col0, rectangle.col1)
    }


@pytest.mark.parametrize("size", [(0, 3), (3, 0), (-1, 3)])
def test_a_rectangle_without_a_voxel_cannot_be_made(size: tuple[int, int]) -> None:
    with pytest.raises(InputError) as caught:
        Rectangle(0, 0, 0, *size)
    assert caught.value.code == "roi.empty"
    assert caught.value.values == {"rows": size[0], "cols": size[1]}


def test_a_rectangle_knows_its_voxels_edges_area_and_centre(make_grid: MakeGrid) -> None:
    drawn = Rectangle(2, 10, 20, 9, 12)
    assert (drawn.count(make_grid()), drawn.row1, drawn.col1) == (108, 19, 32)
    assert drawn.area_mm2(make_grid(spacing_mm=(4.0, 1.25, 1.25))) == 108 * 1.5625
    # the middle voxel of nine, and the border between the sixth and seventh of twelve
    assert drawn.centre == (2.0, 14.0, 25.5)


@given(anywhere, grids)
def test_inside_means_that_every_voxel_exists(rectangle: Rectangle, grid: Grid) -> None:
    slices, rows, cols = grid.shape
    exists = all(0 <= k < slices and 0 <= r < rows and 0 <= c < cols for k, r, c in _cells(rectangle))
    assert rectangle.inside(grid) is exists


@given(anywhere, anywhere)
def test_overlap_means_a_shared_voxel(make_grid: MakeGrid, one: Rectangle, other: Rectangle) -> None:
    grid = make_grid()
    other = replace(other, slice=one.slice)
    assert one.overlaps(other, grid) is bool(_cells(one) & _cells(other))
    assert other.overlaps(one, grid) is one.overlaps(other, grid)
    assert not one.overlaps(replace(other, slice=one.slice + 1), grid)


def test_neighbours_that_only_touch_do_not_overlap(make_grid: MakeGrid) -> None:
    assert not Rectangle(0, 0, 0, 5, 5).overlaps(Rectangle(0, 5, 0, 5, 5), make_grid())
    assert not Rectangle(0, 0, 0, 5, 5).overlaps(Rectangle(0, 0, 5, 5, 5), make_grid())


@pytest.mark.parametrize(
    ("size_mm", "voxels"),
    [((10.0, 14.0), (10, 28)), ((0.1, 0.1), (1, 1)), ((500.0, 500.0), (40, 32)), ((2.5, 1.25), (3, 3))],
    ids=["first size", "never empty", "never larger than the image", "halves go up"],
)
def test_a_size_in_mm_becomes_the_nearest_whole_voxels(
    make_grid: MakeGrid, size_mm: tuple[float, float], voxels: tuple[int, int]
) -> None:
    assert size_in_voxels(size_mm, make_grid((5, 40, 32), (4.0, 1.0, 0.5))) == voxels


@given(size=st.floats(1.0, 30.0), spacing=st.floats(0.3, 2.0))
def test_a_size_in_voxels_misses_the_wanted_size_by_at_most_half_a_voxel(
    make_grid: MakeGrid, size: float, spacing: float
) -> None:
    assume(size >= spacing / 2)
    rows, cols = size_in_voxels((size, size), make_grid((1, 256, 256), (4.0, spacing, spacing)))
    assert rows == cols
    assert abs(rows * spacing - size) <= spacing / 2 + 1e-9


def test_the_antero_posterior_extent_lies_along_whichever_index_runs_that_way(make_grid: MakeGrid) -> None:
    slices, down, back = SAGITTAL
    upright, lying = make_grid(axes=(slices, down, back)), make_grid(axes=(slices, back, down))
    assert anatomical_size(14.0, 10.0, upright) == (10.0, 14.0)
    assert anatomical_size(14.0, 10.0, lying) == (14.0, 10.0)


@given(clicked())
def test_a_placed_rectangle_is_inside_has_its_size_and_is_centred_within_half_a_voxel(
    click: tuple[Grid, float, float, tuple[int, int]],
) -> None:
    grid, row, col, size = click
    drawn = place(grid, 0, row, col, size)
    assert drawn.inside(grid)
    assert (drawn.rows, drawn.cols) == size
    # where the border allows; a centre in voxel edges is half a voxel further than in voxel centres
    if drawn.row0 > 0 and drawn.row1 < grid.shape[1]:
        assert abs(drawn.centre[1] + 0.5 - row) <= 0.5 + 1e-9
    if drawn.col0 > 0 and drawn.col1 < grid.shape[2]:
        assert abs(drawn.centre[2] + 0.5 - col) <= 0.5 + 1e-9


@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("within", [0.0, 0.25, 0.5, 0.75])
def test_a_click_one_voxel_further_places_the_rectangle_one_voxel_further(
    make_grid: MakeGrid, size: int, within: float
) -> None:
    grid = make_grid((1, 60, 60))
    corners = [place(grid, 0, row + within, row + within, (size, size)) for row in range(20, 30)]
    steps = {(b.row0 - a.row0, b.col0 - a.col0) for a, b in itertools.pairwise(corners)}
    assert steps == {(1, 1)}


def test_a_click_near_the_border_places_the_whole_rectangle_inside(make_grid: MakeGrid) -> None:
    grid = make_grid((5, 40, 32))
    assert place(grid, 4, 0.2, 31.9, (10, 12)) == Rectangle(4, 0, 20, 10, 12)


@pytest.mark.parametrize(
    ("where", "values"),
    [
        ((5, 3.0, 3.0), {"slice": 6, "row": 3, "col": 3}),
        ((-1, 3.0, 3.0), {"slice": 0, "row": 3, "col": 3}),
        ((0, -0.4, 3.0), {"slice": 1, "row": -1, "col": 3}),
        ((0, 40.0, 3.0), {"slice": 1, "row": 40, "col": 3}),
        ((0, 3.0, -2.0), {"slice": 1, "row": 3, "col": -2}),
        ((0, 3.0, 32.5), {"slice": 1, "row": 3, "col": 32}),
    ],
)
def test_a_click_outside_the_image_places_nothing(
    make_grid: MakeGrid, where: tuple[int, float, float], values: dict[str, Any]
) -> None:
    with pytest.raises(InputError) as caught:
        place(make_grid((5, 40, 32)), *where, (5, 5))
    assert caught.value.code == "roi.outside"
    assert caught.value.values == values


@given(anywhere, grids)
def test_clamping_brings_any_rectangle_inside_keeps_its_size_where_it_fits_and_is_idempotent(
    rectangle: Rectangle, grid: Grid
) -> None:
    found = clamp(rectangle, grid)
    assert found.inside(grid)
    assert found.rows == min(rectangle.rows, grid.shape[1])
    assert found.cols == min(rectangle.cols, grid.shape[2])
    assert clamp(found, grid) == found
    if rectangle.inside(grid):
        assert found == rectangle


@given(placed(), shifts, shifts)
def test_moving_never_leaves_the_image_and_never_changes_the_size(
    start: tuple[Grid, Rectangle], rows: int, cols: int
) -> None:
    grid, rectangle = start
    moved = move(rectangle, rows, cols, grid)
    assert moved.inside(grid)
    assert (moved.slice, moved.rows, moved.cols) == (rectangle.slice, rectangle.rows, rectangle.cols)
    wanted = replace(rectangle, row0=rectangle.row0 + rows, col0=rectangle.col0 + cols)
    assert moved == wanted or not wanted.inside(grid)


@given(placed(), st.data())
def test_a_move_that_meets_no_border_can_be_taken_back(
    start: tuple[Grid, Rectangle], data: st.DataObject
) -> None:
    grid, old = start
    rows = data.draw(st.integers(-old.row0, grid.shape[1] - old.row1))
    cols = data.draw(st.integers(-old.col0, grid.shape[2] - old.col1))
    assert move(move(old, rows, cols, grid), -rows, -cols, grid) == old


@given(placed(), st.tuples(shifts, shifts), st.tuples(shifts, shifts), st.booleans())
def test_dragging_edges_never_leaves_the_image_and_never_empties_the_rectangle(
    start: tuple[Grid, Rectangle],
    rows: tuple[int, int],
    cols: tuple[int, int],
    symmetric: bool,
) -> None:
    grid, rectangle = start
    found = drag_edges(rectangle, rows, cols, grid, symmetric=symmetric)
    assert found.inside(grid)
    assert found.slice == rectangle.slice


@given(placed(), shifts)
def test_dragging_one_edge_leaves_the_other_three_alone(start: tuple[Grid, Rectangle], shift: int) -> None:
    grid, old = start
    top = drag_edges(old, (shift, 0), (0, 0), grid)
    assert (top.row1, top.col0, top.col1) == (old.row1, old.col0, old.col1)
    assert top.row0 == min(max(old.row0 + shift, 0), old.row1 - 1)
    bottom = drag_edges(old, (0, shift), (0, 0), grid)
    assert (bottom.row0, bottom.col0, bottom.col1) == (old.row0, old.col0, old.col1)
    assert bottom.row1 == max(min(old.row1 + shift, grid.shape[1]), old.row0 + 1)
    left = drag_edges(old, (0, 0), (shift, 0), grid)
    assert (left.row0, left.row1, left.col1) == (old.row0, old.row1, old.col1)
    right = drag_edges(old, (0, 0), (0, shift), grid)
    assert (right.row0, right.row1, right.col0) == (old.row0, old.row1, old.col0)


@given(placed(), st.booleans())
def test_dragging_by_nothing_changes_nothing(start: tuple[Grid, Rectangle], symmetric: bool) -> None:
    grid, rectangle = start
    assert drag_edges(rectangle, (0, 0), (0, 0), grid, symmetric=symmetric) == rectangle


@given(placed(), shifts, st.sampled_from(["top", "bottom", "left", "right"]))
def test_a_symmetric_resize_keeps_the_centre_exactly(
    start: tuple[Grid, Rectangle], shift: int, edge: str
) -> None:
    grid, old = start
    rows = {"top": (shift, 0), "bottom": (0, shift)}.get(edge, (0, 0))
    cols = {"left": (shift, 0), "right": (0, shift)}.get(edge, (0, 0))
    found = drag_edges(old, rows, cols, grid, symmetric=True)
    assert found.centre == old.centre
    # an even number of voxels is gained or lost, so an odd size stays odd
    assert (found.rows - old.rows) % 2 == (found.cols - old.cols) % 2 == 0


@pytest.mark.parametrize(("size", "smallest"), [(9, 1), (12, 2)])
def test_a_symmetric_shrink_stops_at_the_smallest_rectangle_with_that_centre(
    make_grid: MakeGrid, size: int, smallest: int
) -> None:
    found = drag_edges(Rectangle(0, 10, 5, size, 4), (99, 0), (0, 0), make_grid(), symmetric=True)
    assert (found.rows, found.cols) == (smallest, 4)


def test_a_symmetric_growth_stops_when_the_nearer_border_is_reached(make_grid: MakeGrid) -> None:
    grid = make_grid((5, 40, 32))
    found = drag_edges(Rectangle(0, 3, 5, 9, 4), (0, 99), (0, 0), grid, symmetric=True)
    assert (found.row0, found.row1) == (0, 15)
