"""Counting voxels, against a recomputation that shares nothing with the program."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from dataclasses import fields

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.domain.errors import InputError
from app.domain.grid import Grid, orientation_of
from app.domain.maps import ParametricMap, Quantity
from app.domain.measure import RULE, RoiStats, histogram, measure, voxels_of
from app.domain.shapes import Rectangle, move

MakeGrid = Callable[..., Grid]
MakeMap = Callable[..., ParametricMap]
Stored = npt.NDArray[np.int16]

SHAPE = (2, 9, 8)
stacks = arrays.arrays(np.int16, SHAPE) | arrays.arrays(np.int16, SHAPE, elements=st.integers(-3, 120))
slopes = st.sampled_from([1.0, 0.1, 0.01, 0.5, -1.0, 100 / 4095]) | st.floats(1e-3, 50.0)
intercepts = st.sampled_from([0.0, -10.0, 0.5]) | st.floats(-500.0, 500.0)
measured = st.sampled_from([Quantity.FF, Quantity.R2STAR])


@st.composite
def rectangles(draw: st.DrawFn) -> Rectangle:
    """Draw a rectangle inside ``SHAPE``."""
    row0, col0 = draw(st.integers(0, SHAPE[1] - 1)), draw(st.integers(0, SHAPE[2] - 1))
    rows, cols = draw(st.integers(1, SHAPE[1] - row0)), draw(st.integers(1, SHAPE[2] - col0))
    return Rectangle(draw(st.integers(0, SHAPE[0] - 1)), row0, col0, rows, cols)


class NoValueAtZero(ParametricMap):
    """A map of 1000 / stored: where nothing was stored there is no value."""

    __slots__ = ()

    def scale(self, stored: npt.NDArray[np.integer]) -> npt.NDArray[np.float64]:
        values = np.full(stored.shape, np.nan)
        np.divide(1000.0, stored, out=values, where=stored != 0)
        return values


def _inside(stored: Stored, drawn: Rectangle) -> list[int]:
    """Stored integers of a rectangle, one by one."""
    return [
        int(stored[drawn.slice, drawn.row0 + row, drawn.col0 + col])
        for row in range(drawn.rows)
        for col in range(drawn.cols)
    ]


@given(stacks, rectangles(), slopes, intercepts, measured)
def test_every_figure_equals_an_independent_recomputation_voxel_by_voxel(
    make_map: MakeMap, stored: Stored, drawn: Rectangle, slope: float, intercept: float, quantity: Quantity
) -> None:
    inside = _inside(stored, drawn)
    values = [one * slope + intercept for one in inside]
    found = measure(make_map(stored, quantity=quantity, slope=slope, intercept=intercept), drawn)
    tiny = 1e-11 * max(map(abs, values)) + 1e-300
    assert found.n == drawn.rows * drawn.cols == len(values)
    assert found.mean == pytest.approx(math.fsum(values) / len(values), rel=1e-12, abs=tiny)
    assert found.median == statistics.median(values)
    assert (found.minimum, found.maximum) == (min(values), max(values))
    if len(values) == 1:
        assert found.sd is None
    else:
        assert found.sd == pytest.approx(statistics.stdev(values), rel=1e-9, abs=tiny)
    assert found.nan == 0
    assert found.zero == sum(value == 0 for value in values)
    assert found.below == sum(value < 0 for value in values)
    assert found.above == (sum(value > 100 for value in values) if quantity is Quantity.FF else 0)
    assert found.saturated == inside.count(int(stored.max()))
    assert found.area_mm2 == len(values) * 1.0


def test_a_rectangle_worked_out_by_hand(make_map: MakeMap, make_grid: MakeGrid) -> None:
    grid = make_grid((1, 3, 4), spacing_mm=(4.0, 2.0, 1.5))
    stored = [[[900, 900, 900, 900], [900, 0, -20, 400], [900, 1010, 300, 400]]]
    found = measure(make_map(stored, grid=grid, slope=0.1), Rectangle(0, 1, 1, 2, 3))
    # 0, -2, 40, 101, 30, 40: the sum is 209, that of the squares 14305
    assert found.mean == pytest.approx(209 / 6, rel=1e-14)
    assert found.sd == pytest.approx(math.sqrt((14305 - 209**2 / 6) / 5), rel=1e-14)
    assert found == RoiStats(
        n=6,
        mean=found.mean,
        sd=found.sd,
        median=35.0,
        minimum=-2.0,
        maximum=101.0,
        area_mm2=18.0,
        nan=0,
        zero=1,
        below=1,
        above=1,
        saturated=1,
    )


def test_exactly_one_hundred_percent_is_not_above_one_hundred(make_map: MakeMap) -> None:
    found = measure(make_map([[[1000, 1001]]], slope=0.1), Rectangle(0, 0, 0, 1, 2))
    assert (found.above, found.maximum) == (1, 1001 * 0.1)


def test_r2star_has_no_ceiling_but_its_saturated_voxels_are_counted(make_map: MakeMap) -> None:
    capped = make_map([[[300, 300, 120, 295]]], quantity=Quantity.R2STAR)
    found = measure(capped, Rectangle(0, 0, 0, 1, 4))
    assert (found.above, found.saturated) == (0, 2)


def test_saturation_is_judged_by_the_whole_map_not_by_the_rectangle(make_map: MakeMap) -> None:
    one = make_map([[[50, 50, 50]], [[50, 50, 99]]])
    assert measure(one, Rectangle(0, 0, 0, 1, 3)).saturated == 0
    assert measure(one, Rectangle(1, 0, 0, 1, 3)).saturated == 1


@given(rectangles())
def test_exactly_the_voxels_of_the_rectangle_are_counted_in_their_order(
    make_map: MakeMap, drawn: Rectangle
) -> None:
    # every voxel carries its own number, so that a wrong neighbour shows
    numbered = np.arange(math.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    assert voxels_of(make_map(numbered), drawn).tolist() == _inside(numbered, drawn)


@given(
    drawn=rectangles(),
    axes=st.sampled_from([((0.0, 0.0, -1.0), (0.0, 1.0, 0.0)), ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0))]),
)
def test_the_voxels_inside_the_drawn_outline_are_the_voxels_counted(
    make_map: MakeMap,
    make_grid: MakeGrid,
    drawn: Rectangle,
    axes: tuple[tuple[float, float, float], tuple[float, float, float]],
) -> None:
    grid = make_grid(SHAPE, axes=((1.0, 0.0, 0.0), *axes))
    numbered = np.arange(math.prod(SHAPE), dtype=np.int16).reshape(SHAPE)
    turned = orientation_of(grid)
    corners = (turned.to_shown(drawn.row0, drawn.col0), turned.to_shown(drawn.row1, drawn.col1))
    (top, bottom), (left, right) = (sorted(map(int, ends)) for ends in zip(*corners, strict=True))
    picture = turned.show(numbered[drawn.slice])[top:bottom, left:right]
    counted = voxels_of(make_map(numbered, grid=grid), drawn)
    assert sorted(picture.ravel().tolist()) == sorted(counted.tolist())


@given(stacks, rectangles())
def test_a_shift_by_one_voxel_exchanges_exactly_one_column(
    make_map: MakeMap, stored: Stored, drawn: Rectangle
) -> None:
    one = make_map(stored)
    shifted = move(drawn, 0, 1, one.grid)
    if shifted == drawn:
        assert drawn.col1 == SHAPE[2]
        return
    rows = stored[drawn.slice, drawn.row0 : drawn.row1].astype(int)
    gained, lost = int(rows[:, drawn.col1].sum()), int(rows[:, drawn.col0].sum())
    before, after = voxels_of(one, drawn).sum(), voxels_of(one, shifted).sum()
    assert after - before == gained - lost
    assert measure(one, shifted).n == measure(one, drawn).n


@given(stacks, rectangles(), slopes, intercepts)
def test_scaling_the_map_scales_its_figures(
    make_map: MakeMap, stored: Stored, drawn: Rectangle, slope: float, intercept: float
) -> None:
    raw = measure(make_map(stored), drawn)
    found = measure(make_map(stored, slope=slope, intercept=intercept), drawn)
    assert raw.mean is not None
    assert raw.median is not None
    tiny = 1e-9 * (abs(intercept) + abs(slope) * 32768)
    assert found.mean == pytest.approx(raw.mean * slope + intercept, abs=tiny)
    assert found.median == pytest.approx(raw.median * slope + intercept, abs=tiny)
    if raw.sd is not None:
        assert found.sd == pytest.approx(raw.sd * abs(slope), abs=tiny)
    assert (found.n, found.area_mm2) == (raw.n, raw.area_mm2)


@given(st.integers(-32768, 32767), slopes, intercepts)
def test_equal_voxels_have_exactly_their_own_value_as_mean_and_no_spread(
    make_map: MakeMap, stored: int, slope: float, intercept: float
) -> None:
    one = make_map(np.full((1, 9, 12), stored, np.int16), slope=slope, intercept=intercept)
    found = measure(one, Rectangle(0, 0, 0, 9, 12))
    value = stored * slope + intercept
    assert (found.mean, found.sd, found.median) == (value, 0.0, value)
    assert found.saturated == 108


def test_a_small_spread_on_a_large_value_is_not_lost(make_map: MakeMap) -> None:
    one = make_map([[[1, 2, 3, 4]]], slope=1e-4, intercept=1e6)
    found = measure(one, Rectangle(0, 0, 0, 1, 4))
    assert found.sd == pytest.approx(1e-4 * statistics.stdev([1, 2, 3, 4]), rel=1e-5)


def test_one_voxel_has_a_mean_but_no_standard_deviation(make_map: MakeMap) -> None:
    found = measure(make_map([[[42]]]), Rectangle(0, 0, 0, 1, 1))
    assert (found.n, found.mean, found.median, found.sd) == (1, 42.0, 42.0, None)


def test_voxels_without_a_value_are_counted_apart_and_never_averaged(make_map: MakeMap) -> None:
    one = make_map([[[0, 10, 20, 0]]], quantity=Quantity.R2STAR, kind=NoValueAtZero)
    found = measure(one, Rectangle(0, 0, 0, 1, 4))
    assert (found.n, found.nan, found.zero) == (2, 2, 0)
    assert (found.mean, found.minimum, found.maximum) == (75.0, 50.0, 100.0)


def test_a_rectangle_without_any_value_has_no_statistics_rather_than_nan(make_map: MakeMap) -> None:
    one = make_map([[[0, 0, 5]]], quantity=Quantity.R2STAR, kind=NoValueAtZero)
    found = measure(one, Rectangle(0, 0, 0, 1, 2))
    assert (found.n, found.nan) == (0, 2)
    undefined = (found.mean, found.sd, found.median, found.minimum, found.maximum)
    assert undefined == (None,) * 5
    assert found.area_mm2 == 2.0


def test_figures_are_plain_python_numbers_that_any_table_can_hold(make_map: MakeMap) -> None:
    found = measure(make_map(), Rectangle(0, 0, 0, 3, 3))
    assert {type(getattr(found, field.name)) for field in fields(found)} == {int, float}


@pytest.mark.parametrize(
    ("outside", "values"),
    [
        (Rectangle(-1, 0, 0, 2, 2), {"slice": 0, "row": 0, "col": 0}),
        (Rectangle(2, 0, 0, 2, 2), {"slice": 3, "row": 0, "col": 0}),
        (Rectangle(0, -1, 0, 2, 2), {"slice": 1, "row": -1, "col": 0}),
        (Rectangle(0, 0, -2, 2, 2), {"slice": 1, "row": 0, "col": -2}),
        (Rectangle(0, 8, 0, 2, 2), {"slice": 1, "row": 8, "col": 0}),
        (Rectangle(0, 0, 7, 2, 2), {"slice": 1, "row": 0, "col": 7}),
    ],
)
def test_a_rectangle_that_leaves_the_image_is_refused_instead_of_wrapping_to_the_far_side(
    make_map: MakeMap, outside: Rectangle, values: dict[str, int]
) -> None:
    one = make_map(np.zeros(SHAPE, np.int16))
    for count in (measure, voxels_of):
        with pytest.raises(InputError) as caught:
            count(one, outside)
        assert (caught.value.code, caught.value.values) == ("roi.outside", values)


def test_measuring_leaves_the_map_as_it_was(make_map: MakeMap) -> None:
    stored = np.random.default_rng(5).integers(0, 999, SHAPE).astype(np.int16)
    one = make_map(stored)
    measure(one, Rectangle(1, 2, 3, 4, 5))
    assert (one.stored == stored).all()


@given(stacks, rectangles(), st.integers(1, 40))
def test_a_histogram_counts_every_voxel_once(
    make_map: MakeMap, stored: Stored, drawn: Rectangle, bins: int
) -> None:
    counts = histogram(make_map(stored), drawn, (0.0, 100.0), bins)
    assert counts.shape == (bins,)
    assert counts.sum() == drawn.rows * drawn.cols


@given(stacks, rectangles(), st.integers(1, 40))
def test_a_histogram_is_that_of_numpy(make_map: MakeMap, stored: Stored, drawn: Rectangle, bins: int) -> None:
    one = make_map(stored)
    values = np.clip(voxels_of(one, drawn), 0.0, 100.0)
    expected, _ = np.histogram(values, bins=bins, range=(0.0, 100.0))
    assert histogram(one, drawn, (0.0, 100.0), bins).tolist() == expected.tolist()


def test_a_histogram_puts_values_outside_its_span_into_the_end_bins(make_map: MakeMap) -> None:
    one = make_map([[[-50, 5, 95, 100, 700]]])
    assert histogram(one, Rectangle(0, 0, 0, 1, 5), (0.0, 100.0), 4).tolist() == [2, 0, 0, 3]


def test_a_histogram_leaves_out_voxels_without_a_value(make_map: MakeMap) -> None:
    one = make_map([[[0, 10, 20]]], kind=NoValueAtZero)
    assert histogram(one, Rectangle(0, 0, 0, 1, 3), (0.0, 100.0), 2).tolist() == [0, 2]


def test_the_counting_rule_has_a_versioned_name() -> None:
    assert RULE == "whole-voxel-rectangle/1"
