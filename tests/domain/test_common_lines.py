"""Maps of different voxel size under one rectangle: each is counted on whole voxels of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.exam import Exam, common_grid
from app.domain.grid import Grid, Vector
from app.domain.maps import ParametricMap, Quantity
from app.domain.measure import histogram, measure, voxels_of
from app.domain.shapes import Rectangle

MakeGrid = Callable[..., Grid]
MakeMap = Callable[..., ParametricMap]
MakeExam = Callable[..., Exam]

COARSE = (3, 8, 6)
counts = st.integers(1, 4)


def finer(grid: Grid, rows: int, cols: int) -> Grid:
    """The same field of view in ``rows`` x ``cols`` times as many voxels."""
    slices, high, wide = grid.shape
    thick, down, across = grid.spacing_mm
    # half a voxel is the way from the centre of the first voxel to its edge
    corner = grid.to_patient((0, -0.5 + 0.5 / rows, -0.5 + 0.5 / cols))
    x, y, z = corner.tolist()
    return Grid((slices, high * rows, wide * cols), (thick, down / rows, across / cols), (x, y, z), grid.axes)


def moved(grid: Grid, step: Vector) -> Grid:
    """The same grid, shifted by a part of its voxels."""
    x, y, z = grid.to_patient(step).tolist()
    return replace(grid, origin_mm=(x, y, z))


@given(counts, counts)
def test_a_grid_knows_how_many_rows_and_columns_of_a_finer_one_make_up_its_voxels(
    make_grid: MakeGrid, rows: int, cols: int
) -> None:
    grid = make_grid(COARSE, (4.0, 1.6, 1.2))
    assert grid.parts(finer(grid, rows, cols)) == (rows, cols)


def test_a_coarser_grid_is_no_part_of_a_finer_one(make_grid: MakeGrid) -> None:
    grid = make_grid(COARSE)
    assert finer(grid, 2, 2).parts(grid) is None


@pytest.mark.parametrize("shape", [(2, 16, 12), (3, 12, 12), (3, 16, 9)], ids=["slices", "rows", "columns"])
def test_grids_whose_numbers_do_not_divide_have_no_common_lines(
    make_grid: MakeGrid, shape: tuple[int, int, int]
) -> None:
    assert make_grid(COARSE).parts(make_grid(shape)) is None


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("share", "common"), [(0.0, True), (0.09, True), (-0.09, True), (0.11, False)])
def test_lines_are_common_while_they_are_within_a_tenth_of_a_finer_voxel(
    make_grid: MakeGrid, axis: int, share: float, *, common: bool
) -> None:
    grid = make_grid(COARSE)
    other = finer(grid, 2, 2)
    step = [0.0, 0.0, 0.0]
    step[axis] = share
    assert (grid.parts(moved(other, (step[0], step[1], step[2]))) is not None) is common


def test_centres_in_the_same_place_are_not_edges_in_the_same_place(make_grid: MakeGrid) -> None:
    """The usual mistake: the origin of a grid is the centre of its first voxel, not its corner."""
    grid = make_grid(COARSE)
    assert grid.parts(replace(finer(grid, 2, 2), origin_mm=grid.origin_mm)) is None


def test_a_grid_turned_against_the_other_has_no_common_lines(make_grid: MakeGrid) -> None:
    slices, rows, cols = (grid := make_grid((3, 8, 8))).axes
    assert grid.parts(replace(grid, axes=(slices, cols, rows))) is None


def test_the_common_grid_is_the_coarsest_wherever_it_stands_in_the_row(make_grid: MakeGrid) -> None:
    coarse = make_grid(COARSE)
    grids = [coarse, finer(coarse, 2, 2), finer(coarse, 4, 2)]
    assert all(common_grid(order) is coarse for order in itertools.permutations(grids))


def test_of_equal_grids_the_first_is_the_common_one_and_of_unlike_ones_there_is_none(
    make_grid: MakeGrid,
) -> None:
    one, same = make_grid(COARSE), make_grid(COARSE)
    assert common_grid([one, same]) is one
    # each has lines that the other lacks
    assert common_grid([finer(one, 2, 1), finer(one, 1, 2)]) is None


@given(
    st.builds(Rectangle, st.integers(0, 2), st.integers(0, 7), st.integers(0, 5), counts, counts),
    counts,
    counts,
)
def test_a_divided_rectangle_covers_the_same_place_of_the_patient(
    make_grid: MakeGrid, drawn: Rectangle, rows: int, cols: int
) -> None:
    grid = make_grid(COARSE, (4.0, 1.6, 1.2))
    other, own = finer(grid, rows, cols), drawn.divided((rows, cols))
    for row, col in itertools.product(("row0", "row1"), ("col0", "col1")):
        corner = grid.to_patient((drawn.slice, getattr(drawn, row) - 0.5, getattr(drawn, col) - 0.5))
        same = other.to_patient((own.slice, getattr(own, row) - 0.5, getattr(own, col) - 0.5))
        np.testing.assert_allclose(same, corner, atol=1e-9)
    assert own.rows * own.cols == drawn.rows * drawn.cols * rows * cols
    assert own.area_mm2(other) == pytest.approx(drawn.area_mm2(grid))


@pytest.fixture
def exam(make_exam: MakeExam, make_map: MakeMap, make_grid: MakeGrid) -> Exam:
    """FF on 8 x 6 voxels, R2* on 16 x 18 of the same field of view, water on lines of its own."""
    coarse = make_grid(COARSE, (4.0, 1.6, 1.2))
    fine = finer(coarse, 2, 3)
    number = np.arange(np.prod(fine.shape), dtype=np.int16).reshape(fine.shape)
    return make_exam(
        {
            Quantity.FF: make_map(grid=coarse),
            Quantity.R2STAR: make_map(number, grid=fine, quantity=Quantity.R2STAR),
            Quantity.WATER: make_map(grid=make_grid((3, 5, 5)), quantity=Quantity.WATER),
        }
    )


def test_rectangles_live_on_the_coarsest_grid_whichever_map_it_belongs_to(
    exam: Exam, make_exam: MakeExam, make_map: MakeMap
) -> None:
    assert exam.grid is exam.maps[Quantity.FF].grid
    swapped = make_exam(
        {
            Quantity.FF: make_map(grid=exam.maps[Quantity.R2STAR].grid),
            Quantity.R2STAR: make_map(grid=exam.grid, quantity=Quantity.R2STAR),
        }
    )
    assert swapped.grid is swapped.maps[Quantity.R2STAR].grid


def test_an_exam_says_whether_its_maps_share_their_voxels(exam: Exam, make_exam: MakeExam) -> None:
    assert not exam.shares_voxels
    assert make_exam().shares_voxels
    assert exam.parts(Quantity.FF) == (1, 1)
    assert exam.parts(Quantity.R2STAR) == (2, 3)


def test_a_signal_image_on_lines_of_its_own_is_no_reason_to_refuse_an_exam_but_is_never_counted(
    exam: Exam,
) -> None:
    with pytest.raises(KeyError):
        exam.parts(Quantity.WATER)
    with pytest.raises(KeyError):
        exam.on_map(Quantity.WATER, Rectangle(0, 0, 0, 1, 1))


def test_a_map_of_finer_voxels_is_counted_on_its_own_voxels(exam: Exam) -> None:
    drawn = Rectangle(1, 2, 1, 3, 2)
    own = exam.on_map(Quantity.R2STAR, drawn)
    found = exam.maps[Quantity.R2STAR]
    assert own == Rectangle(1, 4, 3, 6, 6)
    wanted = found.stored[1, 4:10, 3:9].ravel().tolist()
    assert voxels_of(found, own).tolist() == wanted
    stats = {q: measure(exam.maps[q], exam.on_map(q, drawn)) for q in (Quantity.FF, Quantity.R2STAR)}
    assert (stats[Quantity.FF].n, stats[Quantity.R2STAR].n) == (6, 36)
    assert stats[Quantity.R2STAR].mean == pytest.approx(sum(wanted) / 36)
    assert stats[Quantity.R2STAR].area_mm2 == pytest.approx(stats[Quantity.FF].area_mm2)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_values_of_floating_point_are_counted_and_those_without_one_counted_apart(
    make_map: MakeMap, kind: type
) -> None:
    stored = np.array([[[0.5, np.nan, 101.25], [-2.0, 0.0, np.nan], [40.25, 101.25, 7.0]]], kind)
    found = measure(make_map(stored), Rectangle(0, 0, 0, 3, 3))
    assert (found.n, found.nan) == (7, 2)
    assert (found.minimum, found.median, found.maximum) == (-2.0, 7.0, 101.25)
    assert found.mean == pytest.approx(248.25 / 7, rel=1e-15)
    assert (found.zero, found.below, found.above, found.saturated) == (1, 1, 2, 2)


def test_a_histogram_of_floating_point_values_leaves_out_what_has_none(make_map: MakeMap) -> None:
    stored = np.array([[[0.5, np.nan, 99.0, 250.0]]])
    assert histogram(make_map(stored), Rectangle(0, 0, 0, 1, 4), (0.0, 100.0), 2).tolist() == [1, 2]
