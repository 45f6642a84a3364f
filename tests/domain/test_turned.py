"""Turned and deep rectangles: what they count, and that they never leave the image."""

from __future__ import annotations

import cmath
import itertools
import math
import statistics
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity
from app.domain.measure import measure, rule_of, voxels_of
from app.domain.shapes import Rectangle, clamp, drag_edges, move, place, sized, to_slice, turn

MakeGrid = Callable[..., Grid]
MakeMap = Callable[..., ParametricMap]

SAGITTAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
angles = st.integers(-180, 180).map(float) | st.floats(-720.0, 720.0)
shifts = st.integers(-60, 60)
spacings = st.tuples(st.just(4.0), st.floats(0.3, 3.0), st.floats(0.3, 3.0))
grids = st.builds(
    Grid,
    shape=st.tuples(st.integers(1, 6), st.integers(1, 40), st.integers(1, 40)),
    spacing_mm=st.just((4.0, 1.0, 1.0)) | spacings,
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
    angle_deg=angles,
    depth=st.sampled_from([1, 3]),
)


@st.composite
def placed(draw: st.DrawFn) -> tuple[Grid, Rectangle]:
    """Draw a grid and a rectangle inside it, turned and deep as far as there is room."""
    grid = draw(grids)
    return grid, clamp(draw(anywhere), grid)


def corners_mm(drawn: Rectangle, grid: Grid) -> list[complex]:
    """Corners in mm from the corner of the image, going round; rows are the real part."""
    _, high, wide = grid.spacing_mm
    middle = complex((drawn.row0 + drawn.rows / 2) * high, (drawn.col0 + drawn.cols / 2) * wide)
    half = complex(drawn.rows * high / 2, drawn.cols * wide / 2)
    turned = cmath.rect(1.0, math.radians(drawn.angle_deg))
    return [
        middle + turned * complex(half.real * sign, half.imag * other)
        for sign, other in ((-1, -1), (-1, 1), (1, 1), (1, -1))
    ]


def beyond_mm(drawn: Rectangle, grid: Grid, row: int, col: int) -> float:
    """How far the centre of a voxel lies outside the outline, mm; negative inside."""
    point = complex((row + 0.5) * grid.spacing_mm[1], (col + 0.5) * grid.spacing_mm[2])
    found = []
    corners = corners_mm(drawn, grid)
    for first, second in zip(corners, [*corners[1:], corners[0]], strict=True):
        side = second - first
        found.append(((point - first).imag * side.real - (point - first).real * side.imag) / abs(side))
    return max(found)


def cells(drawn: Rectangle, grid: Grid) -> set[tuple[int, int, int]]:
    """Voxels that the program counts."""
    row0, col0, mask = drawn.counted(grid)
    return {
        (index, row0 + int(row), col0 + int(col)) for index in drawn.slices for row, col in np.argwhere(mask)
    }


# -- what is counted --------------------------------------------------------------------------------------


@given(placed())
def test_a_voxel_counts_when_its_centre_lies_inside(start: tuple[Grid, Rectangle]) -> None:
    grid, drawn = start
    _, rows, cols = grid.shape
    beyond = {(row, col): beyond_mm(drawn, grid, row, col) for row, col in np.ndindex(rows, cols)}
    # a centre on a side is another test's
    sure = {place for place, distance in beyond.items() if abs(distance) > 1e-5}
    wanted = {place for place in sure if beyond[place] < 0}
    counted = {(row, col) for _, row, col in cells(drawn, grid)}
    assert counted & sure == wanted
    assert all(0 <= row < rows and 0 <= col < cols for row, col in counted)


@given(placed(), st.sampled_from([0.0, 180.0, -180.0, 360.0]))
def test_half_a_turn_changes_nothing(start: tuple[Grid, Rectangle], angle: float) -> None:
    grid, drawn = start
    again = replace(drawn, angle_deg=drawn.angle_deg + angle)
    assert again.angle_deg == pytest.approx(drawn.angle_deg, abs=1e-9)
    straight = replace(drawn, angle_deg=0.0)
    assert replace(straight, angle_deg=angle) == straight
    assert cells(replace(straight, angle_deg=angle), grid) == cells(straight, grid)


@given(st.integers(1, 30), st.integers(1, 30), st.sampled_from([1e-7, -1e-7]))
def test_a_turn_too_small_to_see_counts_the_upright_voxels(
    make_grid: MakeGrid, rows: int, cols: int, angle: float
) -> None:
    grid = make_grid((1, 40, 40))
    drawn = Rectangle(0, 4, 5, rows, cols)
    assert cells(replace(drawn, angle_deg=angle), grid) == cells(drawn, grid)


@given(st.integers(1, 12), st.integers(1, 12), st.sampled_from([90.0, -90.0]))
def test_a_quarter_turn_changes_height_and_width(
    make_grid: MakeGrid, rows: int, cols: int, angle: float
) -> None:
    # on voxels that are square; centres that come to lie on a side belong to one side only
    grid = make_grid((1, 40, 40))
    drawn = Rectangle(0, 14, 14, rows, cols, angle)
    row0, col0, mask = drawn.counted(grid)
    there = np.argwhere(mask)
    assert len(there) == rows * cols == drawn.count(grid)
    height, width = there.max(0) - there.min(0) + 1
    assert (height, width) == (cols, rows)
    assert abs(row0 + there[:, 0].mean() - drawn.centre[1]) <= 0.5
    assert abs(col0 + there[:, 1].mean() - drawn.centre[2]) <= 0.5


@given(st.integers(3, 25), st.integers(3, 25), angles, st.floats(0.4, 2.5))
def test_the_area_counted_is_that_of_the_box_within_a_voxel_around_it(
    make_grid: MakeGrid, rows: int, cols: int, angle: float, size: float
) -> None:
    grid = make_grid((1, 90, 90), (4.0, size, size))
    drawn = Rectangle(0, 30, 30, rows, cols, angle)
    # every voxel counted lies within half a diagonal of the box, and the box within as much of them
    diagonal = math.sqrt(2)
    least = max(0.0, rows - diagonal) * max(0.0, cols - diagonal)
    most = (rows + diagonal) * (cols + diagonal)
    assert least <= drawn.count(grid) <= most
    assert drawn.area_mm2(grid) == drawn.count(grid) * grid.pixel_area_mm2


def test_over_all_angles_the_area_is_that_of_the_box(make_grid: MakeGrid) -> None:
    grid = make_grid((1, 60, 60), (4.0, 1.0, 0.8))
    counts = [Rectangle(0, 20, 22, 10, 14, angle).count(grid) for angle in range(-90, 90)]
    assert statistics.mean(counts) == pytest.approx(140, abs=1.0)


def test_the_turn_goes_from_the_row_axis_to_the_column_axis(make_grid: MakeGrid) -> None:
    drawn = Rectangle(0, 10, 20, 11, 1, 45.0)
    row0, col0, mask = drawn.counted(make_grid((1, 40, 40)))
    there = np.argwhere(mask) + np.array((row0, col0))
    # a line of voxels down the rows, turned: further down lies further along the columns
    assert [(row - 15, col - 20) for row, col in there.tolist()] == [(k, k) for k in range(-3, 4)]


@given(placed(), st.tuples(st.integers(1, 3), st.integers(1, 3)))
def test_a_finer_map_counts_its_own_voxels_in_the_same_outline(
    start: tuple[Grid, Rectangle], parts: tuple[int, int]
) -> None:
    grid, drawn = start
    slices, rows, cols = grid.shape
    thick, high, wide = grid.spacing_mm
    finer = replace(
        grid,
        shape=(slices, rows * parts[0], cols * parts[1]),
        spacing_mm=(thick, high / parts[0], wide / parts[1]),
    )
    own = drawn.divided(parts)
    assert (own.angle_deg, own.depth) == (drawn.angle_deg, drawn.depth)
    assert np.allclose(corners_mm(own, finer), corners_mm(drawn, grid))
    assert own.inside(finer)


def test_a_rectangle_turned_by_next_to_nothing_lies_in_the_finer_map_too(make_grid: MakeGrid) -> None:
    # its corner crosses the border by half a millionth of a voxel: a whole millionth on twice the columns
    drawn = Rectangle(0, 0, 0, 5, 1, 1.2239494571167864e-05)
    assert drawn.inside(make_grid((1, 5, 1), (4.0, 1.0, 1.0)))
    assert drawn.divided((1, 2)).inside(make_grid((1, 5, 2), (4.0, 1.0, 0.5)))


@given(placed(), st.floats(-20, 20), st.floats(-20, 20))
def test_a_step_along_its_own_axes_and_back_is_the_step(
    start: tuple[Grid, Rectangle], down: float, across: float
) -> None:
    grid, drawn = start
    box = drawn.box(grid)
    assert box.own(box.out((down, across))) == pytest.approx((down, across), abs=1e-9)
    # a step by half its size from the middle to its last corner
    _, high, wide = grid.spacing_mm
    step = box.out((drawn.rows / 2, drawn.cols / 2))
    corner = complex((box.middle[0] + step[0]) * high, (box.middle[1] + step[1]) * wide)
    assert corner == pytest.approx(corners_mm(drawn, grid)[2])
    outline = [complex(row * high, col * wide) for row, col in box.corners]
    assert np.allclose(outline, corners_mm(drawn, grid))


def test_a_deep_rectangle_knows_its_slices() -> None:
    assert list(Rectangle(4, 0, 0, 1, 1).slices) == [4]
    assert list(Rectangle(4, 0, 0, 1, 1, depth=3).slices) == [3, 4, 5]
    assert Rectangle(4, 0, 0, 1, 1).beside == ()
    assert Rectangle(4, 0, 0, 1, 1, depth=3).beside == (3, 5)


# -- what is measured -------------------------------------------------------------------------------------


@given(st.data())
def test_every_figure_of_a_turned_deep_rectangle_equals_a_recount_voxel_by_voxel(
    make_map: MakeMap, make_grid: MakeGrid, data: st.DataObject
) -> None:
    grid = make_grid((4, 24, 20), (4.0, 1.2, 0.9))
    stored = np.random.default_rng(data.draw(st.integers(0, 9))).integers(-3, 110, grid.shape)
    found = make_map(stored.astype(np.int16), grid=grid, slope=0.5, intercept=1.0)
    drawn = clamp(data.draw(anywhere), grid)
    there = [
        (index, row, col)
        for index, row, col in np.ndindex(*grid.shape)
        if abs(index - drawn.slice) <= drawn.depth // 2 and beyond_mm(drawn, grid, row, col) < -1e-5
    ]
    assume(len(there) == len(cells(drawn, grid)))
    values = [int(stored[place]) * 0.5 + 1.0 for place in there]
    assume(values)
    stats = measure(found, drawn)
    assert sorted(voxels_of(found, drawn)) == sorted(values)
    assert stats.n == len(values)
    assert stats.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-12)
    assert stats.median == statistics.median(values)
    assert stats.area_mm2 == pytest.approx(len(values) / drawn.depth * 1.2 * 0.9)
    assert stats.below == sum(value < 0 for value in values)


def test_three_slices_are_pooled_and_the_area_stays_that_of_one(make_map: MakeMap) -> None:
    stored = np.zeros((5, 8, 9), np.int16)
    stored[1], stored[2], stored[3] = 10, 20, 60
    one, three = Rectangle(2, 2, 3, 4, 5), Rectangle(2, 2, 3, 4, 5, depth=3)
    found = make_map(stored)
    assert (measure(found, one).mean, measure(found, three).mean) == (20.0, 30.0)
    assert (measure(found, one).n, measure(found, three).n) == (20, 60)
    assert measure(found, one).area_mm2 == measure(found, three).area_mm2 == 20.0


def test_the_rule_is_named_after_turn_and_slices() -> None:
    drawn = Rectangle(2, 2, 3, 4, 5)
    assert rule_of(drawn) == "whole-voxel-rectangle/1"
    assert rule_of(replace(drawn, angle_deg=180.0)) == "whole-voxel-rectangle/1"
    assert rule_of(replace(drawn, angle_deg=-3.0)) == "voxel-centre-rectangle/1"
    assert rule_of(replace(drawn, depth=3)) == "whole-voxel-rectangle/1+3-slices"
    assert rule_of(replace(drawn, depth=3, angle_deg=12.5)) == "voxel-centre-rectangle/1+3-slices"


def test_a_deep_rectangle_at_the_end_of_the_stack_is_refused_not_wrapped(make_map: MakeMap) -> None:
    found = make_map(np.zeros((3, 8, 9), np.int16))
    for index in (0, 2):
        with pytest.raises(InputError) as caught:
            measure(found, Rectangle(index, 2, 3, 4, 5, depth=3))
        assert caught.value.code == "roi.outside"
    assert measure(found, Rectangle(1, 2, 3, 4, 5, depth=3)).n == 60


def test_a_turned_rectangle_whose_corner_leaves_the_image_is_refused(make_map: MakeMap) -> None:
    found = make_map(np.zeros((1, 20, 20), np.int16))
    assert measure(found, Rectangle(0, 0, 5, 10, 10)).n == 100
    with pytest.raises(InputError):
        measure(found, Rectangle(0, 0, 5, 10, 10, angle_deg=10.0))


def test_a_box_so_narrow_that_no_centre_lies_in_it_has_no_mean(
    make_map: MakeMap, make_grid: MakeGrid
) -> None:
    # voxels ten times as wide as high, and a box of one by two of them on end between two columns
    grid = make_grid((1, 60, 12), (4.0, 1.0, 10.0))
    stats = measure(make_map(grid=grid), Rectangle(0, 30, 5, 1, 2, 90.0))
    assert (stats.n, stats.mean, stats.area_mm2) == (0, None, 0.0)


@pytest.mark.parametrize(
    ("given", "code"),
    [({"depth": 2}, "roi.depth"), ({"depth": 5}, "roi.depth"), ({"angle_deg": math.nan}, "roi.angle"),
     ({"angle_deg": math.inf}, "roi.angle")],
)  # fmt: skip
def test_other_depths_and_angles_that_are_no_number_are_refused(given: dict[str, float], code: str) -> None:
    with pytest.raises(InputError) as caught:
        replace(Rectangle(2, 2, 3, 4, 5), **given)
    assert caught.value.code == code


# -- moving and sizing ------------------------------------------------------------------------------------


@given(anywhere, grids)
def test_inside_means_that_the_whole_outline_lies_in_the_image(drawn: Rectangle, grid: Grid) -> None:
    slices, rows, cols = grid.shape
    _, high, wide = grid.spacing_mm
    tiny = 1e-5
    corners = corners_mm(drawn, grid)
    for slack, wanted in ((-tiny, True), (tiny, False)):
        within = all(
            -slack <= corner.real <= rows * high + slack and -slack <= corner.imag <= cols * wide + slack
            for corner in corners
        ) and all(0 <= index < slices for index in drawn.slices)
        if within is wanted:
            assert drawn.inside(grid) is wanted


@given(anywhere, grids)
def test_clamping_brings_a_turned_deep_rectangle_inside_and_is_idempotent(
    drawn: Rectangle, grid: Grid
) -> None:
    found = clamp(drawn, grid)
    assert found.inside(grid)
    assert clamp(found, grid) == found
    assert found.depth == (drawn.depth if grid.shape[0] >= drawn.depth else 1)
    assert found.angle_deg in {drawn.angle_deg, 0.0}
    if drawn.inside(grid):
        assert found == drawn


@given(placed(), shifts, shifts)
def test_moving_a_turned_rectangle_never_leaves_the_image_and_never_changes_its_shape(
    start: tuple[Grid, Rectangle], rows: int, cols: int
) -> None:
    grid, old = start
    found = move(old, rows, cols, grid)
    assert found.inside(grid)
    assert replace(found, row0=old.row0, col0=old.col0) == old
    wanted = replace(old, row0=old.row0 + rows, col0=old.col0 + cols)
    assert found == wanted or not wanted.inside(grid)


@given(placed(), st.integers(-9, 9))
def test_on_another_slice_it_is_the_same_and_stops_at_the_ends_of_the_stack(
    start: tuple[Grid, Rectangle], step: int
) -> None:
    grid, old = start
    found = to_slice(old, old.slice + step, grid)
    assert found.inside(grid)
    assert replace(found, slice=old.slice) == old
    beside = old.depth // 2
    assert found.slice == min(max(old.slice + step, beside), grid.shape[0] - 1 - beside)


@given(placed(), angles)
def test_turning_keeps_size_and_slice_or_leaves_all_as_it_was(
    start: tuple[Grid, Rectangle], degrees: float
) -> None:
    grid, old = start
    found = turn(old, degrees, grid)
    assert found.inside(grid)
    wanted = replace(old, angle_deg=old.angle_deg + degrees)
    assert found == old or replace(found, row0=old.row0, col0=old.col0) == wanted
    if wanted.inside(grid):
        assert found == wanted


def test_a_rectangle_without_room_to_turn_stays(make_grid: MakeGrid) -> None:
    grid = make_grid((1, 12, 40))
    drawn = Rectangle(0, 1, 10, 10, 20)
    assert turn(drawn, 90.0, grid) == drawn
    # beside the border it moves inwards
    assert turn(Rectangle(0, 0, 10, 5, 5), 45.0, grid) == Rectangle(0, 2, 10, 5, 5, 45.0)


@given(placed(), st.tuples(shifts, shifts), st.tuples(shifts, shifts), st.booleans())
def test_dragging_edges_of_a_turned_rectangle_never_leaves_the_image_nor_empties_it(
    start: tuple[Grid, Rectangle], rows: tuple[int, int], cols: tuple[int, int], symmetric: bool
) -> None:
    grid, old = start
    found = drag_edges(old, rows, cols, grid, symmetric=symmetric)
    assert found.inside(grid)
    assert (found.slice, found.angle_deg, found.depth) == (old.slice, old.angle_deg, old.depth)
    assert drag_edges(old, (0, 0), (0, 0), grid, symmetric=symmetric) == old


@given(angles, st.sampled_from([0, 1, 2, 3]), st.integers(-6, 6))
def test_the_edge_opposite_to_the_hand_stays_within_half_a_voxel(
    make_grid: MakeGrid, angle: float, edge: int, shift: int
) -> None:
    grid = make_grid((1, 90, 90))
    old = Rectangle(0, 40, 40, 10, 14, angle)
    shift_of = [0, 0, 0, 0]
    shift_of[edge] = shift
    found = drag_edges(old, (shift_of[0], shift_of[1]), (shift_of[2], shift_of[3]), grid)
    sign = -1 if edge % 2 == 0 else 1
    assert (found.rows, found.cols) == ((10 + sign * shift, 14) if edge < 2 else (10, 14 + sign * shift))
    # corners on the other side: of the first row (column) when the last one is dragged
    kept = {0: (2, 3), 1: (0, 1), 2: (1, 2), 3: (3, 0)}[edge]
    before, after = corners_mm(old, grid), corners_mm(found, grid)
    for corner in kept:
        step = after[corner] - before[corner]
        assert max(abs(step.real), abs(step.imag)) <= 0.5 + 1e-9


@given(placed(), shifts, st.sampled_from([0, 1, 2, 3]))
def test_a_symmetric_resize_of_a_turned_rectangle_keeps_the_centre_exactly(
    start: tuple[Grid, Rectangle], shift: int, edge: int
) -> None:
    grid, old = start
    shift_of = [0, 0, 0, 0]
    shift_of[edge] = shift
    found = drag_edges(old, (shift_of[0], shift_of[1]), (shift_of[2], shift_of[3]), grid, symmetric=True)
    assert found.centre == old.centre
    assert (found.rows - old.rows) % 2 == (found.cols - old.cols) % 2 == 0


def test_an_edge_dragged_far_out_goes_as_far_as_a_corner_has_room(make_grid: MakeGrid) -> None:
    grid = make_grid((1, 40, 40))
    old = Rectangle(0, 15, 15, 8, 8, 30.0)
    found = drag_edges(old, (0, 500), (0, 0), grid)
    assert found.rows > old.rows
    nearest = max(corner.real for corner in corners_mm(found, grid))
    assert 38.0 < nearest <= 40.0


@given(placed(), st.integers(1, 40), st.integers(1, 40))
def test_another_size_keeps_the_centre_within_half_a_voxel(
    start: tuple[Grid, Rectangle], rows: int, cols: int
) -> None:
    grid, old = start
    found = sized(old, (rows, cols), grid)
    assert found.inside(grid)
    wanted = replace(
        old, row0=math.floor(old.row0 + (old.rows - rows) / 2 + 0.5), rows=rows,
        col0=math.floor(old.col0 + (old.cols - cols) / 2 + 0.5), cols=cols,
    )  # fmt: skip
    if wanted.inside(grid):
        assert found == wanted
        assert max(abs(a - b) for a, b in zip(found.centre, old.centre, strict=True)) <= 0.5


def test_a_deep_rectangle_is_placed_where_it_has_neighbours(make_grid: MakeGrid) -> None:
    grid = make_grid((5, 40, 32))
    slices = [place(grid, index, 20, 16, (10, 12), depth=3).slice for index in range(5)]
    assert slices == [1, 1, 2, 3, 3]
    assert place(make_grid((2, 40, 32)), 1, 20, 16, (10, 12), depth=3) == Rectangle(1, 15, 10, 10, 12)


# -- overlap ----------------------------------------------------------------------------------------------


@given(placed(), st.data())
def test_overlap_of_turned_and_deep_rectangles_means_a_shared_voxel(
    start: tuple[Grid, Rectangle], data: st.DataObject
) -> None:
    grid, one = start
    other = clamp(data.draw(anywhere), grid)
    shared = bool(cells(one, grid) & cells(other, grid))
    assert one.overlaps(other, grid) is other.overlaps(one, grid) is shared


def test_deep_rectangles_overlap_on_any_common_slice(make_grid: MakeGrid) -> None:
    grid = make_grid((9, 40, 32))
    deep = Rectangle(4, 10, 10, 8, 8, depth=3)
    assert [deep.overlaps(replace(deep, slice=index), grid) for index in range(1, 8)] == [
        False, True, True, True, True, True, False,
    ]  # fmt: skip
    assert [deep.overlaps(replace(deep, slice=index, depth=1), grid) for index in range(2, 7)] == [
        False, True, True, True, False,
    ]  # fmt: skip


# -- on an exam of two grids ------------------------------------------------------------------------------


def test_a_turned_rectangle_is_counted_on_the_own_voxels_of_each_map(
    make_map: MakeMap, make_grid: MakeGrid
) -> None:
    coarse = make_grid((3, 30, 30), (4.0, 2.0, 1.6), origin_mm=(0.0, 0.0, 0.0))
    fine = make_grid((3, 60, 90), (4.0, 1.0, 1.6 / 3), origin_mm=(0.0, -1.6 / 3, 0.5))
    rng = np.random.default_rng(2)
    stored = {
        Quantity.FF: rng.integers(0, 100, coarse.shape).astype(np.int16),
        Quantity.R2STAR: rng.integers(0, 300, fine.shape).astype(np.int16),
    }
    exam = Exam(
        "C0001",
        {
            quantity: make_map(stored[quantity], quantity=quantity, grid=grid)
            for quantity, grid in ((Quantity.FF, coarse), (Quantity.R2STAR, fine))
        },
    )
    drawn = Rectangle(1, 10, 9, 7, 9, 23.0, 3)
    for quantity, one in exam.maps.items():
        stats = measure(one, exam.on_map(quantity, drawn))
        # the outline in mm is the same for both, so a centre lies inside or not whatever the voxel size
        own = [
            float(stored[quantity][index, row, col])
            for index, (row, col) in itertools.product(range(3), np.ndindex(*one.grid.shape[1:]))
            if _within(
                drawn, coarse, (row + 0.5) * one.grid.spacing_mm[1], (col + 0.5) * one.grid.spacing_mm[2]
            )
        ]
        assert stats.n == len(own)
        assert stats.mean == pytest.approx(math.fsum(own) / len(own))


def _within(drawn: Rectangle, grid: Grid, down: float, across: float) -> bool:
    high, wide = grid.spacing_mm[1:]
    offset = complex(down, across) - complex((drawn.row0 + 3.5) * high, (drawn.col0 + 4.5) * wide)
    own = offset * cmath.rect(1.0, -math.radians(drawn.angle_deg))
    return abs(own.real) < drawn.rows * high / 2 and abs(own.imag) < drawn.cols * wide / 2
