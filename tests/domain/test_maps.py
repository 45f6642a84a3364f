"""What a voxel of a map means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import DISPLAY_RANGE, MEASURED, RECIPROCAL_MS, ParametricMap, Quantity

MakeGrid = Callable[..., Grid]
MakeMap = Callable[..., ParametricMap]
MakeExam = Callable[..., Exam]


@given(
    stored=arrays.arrays(np.int16, (2, 3, 4)),
    slope=st.floats(-10.0, 10.0),
    intercept=st.floats(-1000.0, 1000.0),
)
def test_every_value_is_stored_times_slope_plus_intercept_in_double_precision(
    make_map: MakeMap,
    stored: np.ndarray[tuple[int, int, int], np.dtype[np.int16]],
    slope: float,
    intercept: float,
) -> None:
    one = make_map(stored, slope=slope, intercept=intercept)
    for place in np.ndindex(2, 3, 4):
        wanted = int(stored[place]) * slope + intercept
        assert one.value_at(*place) == wanted
        assert one.slice_values(place[0])[place[1:]] == wanted
    assert one.slice_values(1).dtype == np.float64


@pytest.mark.parametrize("slope", [0.1, 0.001])
def test_a_slope_is_never_forgotten(make_map: MakeMap, slope: float) -> None:
    assert make_map([[[500]]], slope=slope).value_at(0, 0, 0) == 500 * slope


@pytest.mark.parametrize("place", [(-1, 0, 0), (2, 0, 0), (0, -1, 0), (0, 3, 0), (0, 0, -1), (0, 0, 4)])
def test_there_is_no_value_outside_the_image(make_map: MakeMap, place: tuple[int, int, int]) -> None:
    one = make_map(np.zeros((2, 3, 4), np.int16))
    assert one.value_at(*place) is None


def test_stored_integers_cannot_be_changed(make_map: MakeMap) -> None:
    one = make_map()
    with pytest.raises(ValueError, match="read-only"):
        one.stored[0, 0, 0] = 7


def test_voxels_that_do_not_fit_the_grid_are_refused(make_map: MakeMap, make_grid: MakeGrid) -> None:
    with pytest.raises(ValueError, match="do not fit the grid"):
        make_map(np.zeros((2, 3, 4), np.int16), grid=make_grid((2, 4, 3)))


def test_the_largest_stored_integer_of_an_unsigned_map_is_found(make_map: MakeMap) -> None:
    stored = np.array([[[0, 65535, 3]]], np.uint16)
    assert make_map(stored).largest_stored == 65535
    assert make_map(stored).value_at(0, 0, 1) == 65535.0


def test_a_map_knows_its_unit_and_a_signal_image_has_none(make_map: MakeMap) -> None:
    units = [make_map(quantity=quantity).unit for quantity in Quantity]
    assert units == ["%", "/s", "", "", "", ""]


def test_display_ranges_are_fixed_for_exactly_the_measured_maps() -> None:
    assert MEASURED == (Quantity.FF, Quantity.R2STAR)
    assert DISPLAY_RANGE == {Quantity.FF: (0.0, 100.0), Quantity.R2STAR: (0.0, 300.0)}


def test_an_exam_names_ff_before_r2star_in_whatever_order_they_came(
    make_exam: MakeExam, make_map: MakeMap
) -> None:
    order = (Quantity.WATER, Quantity.R2STAR, Quantity.FF)
    exam = make_exam({quantity: make_map(quantity=quantity) for quantity in order})
    assert [one.quantity for one in exam.measured] == [Quantity.FF, Quantity.R2STAR]
    assert exam.grid == exam.measured[0].grid


@pytest.mark.parametrize("quantity", MEASURED)
def test_an_exam_with_one_of_the_two_maps_is_an_exam(
    make_exam: MakeExam, make_map: MakeMap, quantity: Quantity
) -> None:
    assert len(make_exam({quantity: make_map(quantity=quantity)}).measured) == 1


def test_an_exam_without_a_measured_map_is_refused(make_exam: MakeExam, make_map: MakeMap) -> None:
    with pytest.raises(ValueError, match="needs an FF or an R2"):
        make_exam({Quantity.WATER: make_map(quantity=Quantity.WATER)})


def test_measured_maps_without_common_lines_are_refused(
    make_exam: MakeExam, make_map: MakeMap, make_grid: MakeGrid
) -> None:
    elsewhere = make_map(quantity=Quantity.R2STAR, grid=make_grid(origin_mm=(-8.0, -19.0, 30.0)))
    with pytest.raises(ValueError, match="no common lines"):
        make_exam({Quantity.FF: make_map(), Quantity.R2STAR: elsewhere})


def test_a_map_kept_under_another_quantity_is_refused(make_exam: MakeExam, make_map: MakeMap) -> None:
    with pytest.raises(ValueError, match="under another quantity"):
        make_exam({Quantity.R2STAR: make_map(quantity=Quantity.FF)})


def test_the_maps_of_an_exam_cannot_be_exchanged(make_exam: MakeExam, make_map: MakeMap) -> None:
    given_maps = {Quantity.FF: make_map()}
    exam = make_exam(given_maps)
    given_maps[Quantity.R2STAR] = make_map(quantity=Quantity.R2STAR)
    assert list(exam.maps) == [Quantity.FF]


def test_the_acquired_voxel_counts_where_it_is_known_and_the_stored_one_where_not(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    grid = make_grid(spacing_mm=(4.0, 0.5, 0.5))
    assert make_exam(grid=grid).native_pixel_area_mm2 == 0.25
    assert make_exam(grid=grid, native_voxel_mm=(1.5, 2.0)).native_pixel_area_mm2 == 3.0


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_floating_point_values_keep_every_digit_and_nan_stays_without_a_value(
    make_map: MakeMap, kind: type
) -> None:
    stored = np.array([[[0.1, np.nan, -3.25, 41.7]]], kind)
    one = make_map(stored)
    assert one.value_at(0, 0, 0) == float(kind(0.1))
    assert np.isnan(one.slice_values(0)[0, 1])
    assert one.slice_values(0).dtype == np.float64
    assert one.largest_stored == float(kind(41.7))


def test_a_map_without_any_value_has_no_largest_number_and_no_voxel_that_reaches_it(
    make_map: MakeMap,
) -> None:
    one = make_map(np.full((1, 2, 2), np.nan))
    assert np.isnan(one.largest_stored)
    assert not (one.stored == one.largest_stored).any()


def test_a_t2star_in_ms_becomes_a_rate_per_second_and_zero_has_none(make_map: MakeMap) -> None:
    linear = make_map([[[0, 250, 1000]]], quantity=Quantity.R2STAR, slope=0.1)
    one = replace(linear, scaling=replace(linear.scaling, transform=RECIPROCAL_MS))
    values = one.slice_values(0)[0]
    assert np.isnan(values[0])
    assert values[1:].tolist() == [40.0, 10.0]


def test_a_t2star_that_misses_zero_by_its_last_digits_has_no_rate(make_map: MakeMap) -> None:
    # 3 * 0.1 - 0.3 is 5.6e-17
    linear = make_map([[[3, 4]]], quantity=Quantity.R2STAR, slope=0.1, intercept=-0.3)
    values = replace(linear, scaling=replace(linear.scaling, transform=RECIPROCAL_MS)).slice_values(0)[0]
    assert np.isnan(values[0])
    assert values[1] == pytest.approx(10_000.0)
