from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from app.domain.grid import Grid
from app.domain.maps import Quantity
from app.files.dicom.found import Confirmation, MapFound, PixelForm
from app.files.dicom.scale import (
    Disagreement,
    check_scale,
    confirmed_fits,
    decide,
    foreground_of,
    histogram,
)

SHAPE = (2, 20, 20)


UNITS = {Quantity.FF: "ff.percent", Quantity.R2STAR: "r2star.per_second", Quantity.WATER: "signal"}


def found(quantity: Quantity, slope: float = 1.0, intercept: float = 0.0) -> MapFound:
    grid = Grid(SHAPE, (4, 1, 1), (0, 0, 0), ((1, 0, 0), (0, 0, -1), (0, 1, 0)))
    form = PixelForm((20, 20), signed=True, bits=16)
    return MapFound(
        quantity,
        grid,
        (),
        (),
        "",
        "",
        "image_type",
        slope,
        intercept,
        "ge.physical",
        form,
        expects=UNITS[quantity],
        trusted=True,
    )


def spread(low: int, high: int) -> np.ndarray:
    return np.linspace(low, high, 800).round().astype(np.int16).reshape(SHAPE)


@given(
    st.sampled_from([np.int16, np.uint16]).flatmap(
        lambda kind: hnp.arrays(kind, st.integers(1, 60), elements=hnp.from_dtype(np.dtype(kind)))
    ),
    st.floats(0, 100),
)
def test_percentiles_of_the_histogram_are_those_of_numpy(values: np.ndarray, percent: float) -> None:
    counted = histogram([values[:20], values[20:]])
    assert counted.total == len(values)
    assert counted.percentile(percent) == pytest.approx(
        np.percentile(values.astype(float), percent), abs=1e-6
    )


@pytest.mark.parametrize(
    ("quantity", "low", "high", "check"),
    [
        (Quantity.FF, 2, 98, "ff.percent"),
        (Quantity.FF, -3, 119, "ff.percent"),
        (Quantity.R2STAR, 5, 300, "r2star.per_second"),
        (Quantity.WATER, 0, 30000, "signal"),
    ],
)
def test_a_fitting_range_confirms_the_rule(quantity: Quantity, low: int, high: int, check: str) -> None:
    scaling = check_scale(found(quantity), spread(low, high), foreground_of(None, None))
    assert scaling.check == check
    assert (scaling.rule, scaling.role_evidence, scaling.foreground) == (
        "ge.physical",
        "image_type",
        "central_half",
    )


@pytest.mark.parametrize(
    ("quantity", "low", "high", "seen", "factor"),
    [
        (Quantity.FF, 100, 990, "ff.permille", 0.1),
        (Quantity.FF, 100, 9900, "ff.hundredths", 0.01),
        (Quantity.R2STAR, 300, 3000, "r2star.times_ten", 0.1),
    ],
)
def test_a_range_of_another_unit_is_named_and_its_factor_proposed(
    quantity: Quantity, low: int, high: int, seen: str, factor: float
) -> None:
    with pytest.raises(Disagreement) as caught:
        check_scale(found(quantity), spread(low, high), foreground_of(None, None))
    assert caught.value.code == "scale.needs_confirmation"
    assert (caught.value.values["seen"], caught.value.values["factor"]) == (seen, factor)
    assert caught.value.values["option"] == f"--confirm-scale {quantity}={factor:g}"
    assert caught.value.values["expected"] == UNITS[quantity]


@pytest.mark.parametrize(
    ("quantity", "slope", "seen", "factor"),
    [(Quantity.FF, 0.01, "ff.fraction", 100.0), (Quantity.R2STAR, 0.001, "r2star.per_ms", 1000.0)],
)
def test_units_that_are_too_small_are_named_too(
    quantity: Quantity, slope: float, seen: str, factor: float
) -> None:
    with pytest.raises(Disagreement) as caught:
        check_scale(found(quantity, slope), spread(20, 98), foreground_of(None, None))
    assert (caught.value.values["seen"], caught.value.values["factor"]) == (seen, factor)


@pytest.mark.parametrize(
    ("quantity", "low", "high", "code"),
    [
        (Quantity.FF, 100, 19000, "scale.ff.out_of_range"),
        (Quantity.FF, -50, -1, "scale.ff.out_of_range"),
        (Quantity.R2STAR, -4, 4, "scale.r2star.out_of_range"),
        (Quantity.R2STAR, 1, 4, "scale.r2star.out_of_range"),
        (Quantity.R2STAR, 220, 290, "scale.r2star.out_of_range"),
    ],
)
def test_a_range_that_fits_no_unit_is_refused_without_a_proposal(
    quantity: Quantity, low: int, high: int, code: str
) -> None:
    with pytest.raises(Disagreement) as caught:
        check_scale(found(quantity), spread(low, high), foreground_of(None, None))
    assert caught.value.code == code
    assert set(caught.value.values) == {"rule", "foreground", "p50", "p99", "p995"}


@pytest.mark.parametrize(
    ("low", "high", "slope", "seen"),
    [
        (6, 40, 1.0, "t2star.ms"),
        (60, 400, 1.0, "t2star.tenths_of_ms"),
        (6, 40, 0.001, "t2star.seconds"),
        (600, 4000, 1.0, "t2star.out_of_range"),
    ],
)
def test_the_median_of_t2star_tells_its_unit(low: int, high: int, slope: float, seen: str) -> None:
    one = replace(found(Quantity.R2STAR, slope), reciprocal=True, expects="t2star.ms")
    assert decide(one, spread(low, high), foreground_of(None, None)).seen == seen


@pytest.mark.parametrize(
    ("rule", "low", "high", "seen"),
    [
        # T2* in ms called R2*, of which the median is 19
        ("ge.physical", 8, 30, "r2star.or_t2star"),
        ("philips.rescale", 3, 36, "r2star.or_t2star"),
        ("rwvm.unit", 2, 14, "r2star.or_t2star"),
        ("ge.physical", 10, 31, "r2star.per_second"),
        # Siemens at 1.5 T with R2* of 19, stored times ten
        ("siemens.stored", 80, 300, "r2star.or_times_ten"),
        ("siemens.rescale", 80, 300, "r2star.or_times_ten"),
        ("siemens.stored", 210, 330, "r2star.or_times_ten"),
        ("siemens.stored", 20, 180, "r2star.per_second"),
        ("siemens.stored", 300, 3000, "r2star.times_ten"),
        # a unit in the file says which of the two it is
        ("rwvm.unit", 80, 300, "r2star.per_second"),
        ("ge.physical", 80, 300, "r2star.per_second"),
    ],
)
def test_rates_that_can_be_read_in_two_ways_wait_for_a_person(
    rule: str, low: int, high: int, seen: str
) -> None:
    one = replace(found(Quantity.R2STAR), rule=rule)
    decision = decide(one, spread(low, high), foreground_of(None, None))
    settled = seen == "r2star.per_second"
    assert (decision.seen, decision.needs_confirmation) == (seen, not settled)
    if seen.startswith("r2star.or_"):
        # neither reading is proposed, either may be confirmed
        assert decision.factor is None
        with pytest.raises(Disagreement, match=rf"scale\.{seen}"):
            check_scale(one, spread(low, high), foreground_of(None, None))
        sure = replace(one, confirmed=Confirmation(1.0, "Dr Li"))
        scaling = check_scale(sure, spread(low, high), foreground_of(None, None))
        assert (scaling.check, scaling.factor, scaling.confirmed_by) == (seen, 1.0, "Dr Li")


def test_r2star_with_a_fitting_median_but_a_long_tail_is_refused() -> None:
    stored = np.full(SHAPE, 50, np.int16)
    stored[:, 8:10, 8:10] = 2000
    stored[0, 0, 0] = 2100
    with pytest.raises(Disagreement, match=r"scale\.r2star\.out_of_range"):
        check_scale(found(Quantity.R2STAR), stored, foreground_of(None, None))


def test_the_scale_is_applied_before_the_check() -> None:
    scaling = check_scale(found(Quantity.FF, 0.1, -1.0), spread(0, 1000), foreground_of(None, None))
    assert scaling.check == "ff.percent"
    assert scaling.below == np.count_nonzero(spread(0, 1000) < 10)
    assert scaling.zero == np.count_nonzero(spread(0, 1000) == 10)


def test_nothing_is_clamped_and_odd_voxels_are_counted() -> None:
    stored = np.full(SHAPE, 40, np.int16)
    stored[:, 6:9, 6:9] = 35
    stored[0, 0, :5] = -7
    stored[0, 1, :4] = 0
    stored[0, 2, :3] = 101
    stored[0, 3, :2] = 130
    scaling = check_scale(found(Quantity.FF), stored, foreground_of(None, None))
    assert (scaling.below, scaling.zero, scaling.above, scaling.maximum) == (5, 4, 5, 2)
    assert (int(stored.min()), int(stored.max())) == (-7, 130)


def test_air_around_the_body_does_not_enter_the_check() -> None:
    stored = np.random.default_rng(1).integers(0, 1000, SHAPE).astype(np.int16)
    water = np.zeros(SHAPE, np.int16)
    water[:, 5:9, 5:9] = 800
    stored[water > 0] = np.arange(32) + 20
    scaling = check_scale(found(Quantity.FF), stored, foreground_of(water, np.zeros_like(water) + 10))
    assert (scaling.foreground, scaling.check) == ("water_and_fat", "ff.percent")
    assert scaling.p50 == 35.5


def test_the_central_half_leaves_out_zeros_and_the_saturated_maximum() -> None:
    stored = np.full(SHAPE, 300, np.int16)
    stored[:, 5:15, 5:10] = 0
    stored[:, 5:15, 10:12] = 60
    scaling = check_scale(found(Quantity.R2STAR), stored, foreground_of(None, None))
    assert (scaling.p50, scaling.p995) == (60.0, 60.0)
    assert scaling.maximum == np.count_nonzero(stored == 300)


def test_water_and_fat_without_signal_fall_back_to_the_centre() -> None:
    nothing = np.zeros(SHAPE, np.int16)
    assert foreground_of(nothing, nothing).name == "central_half"


def test_a_map_without_any_usable_voxel_is_refused() -> None:
    with pytest.raises(Disagreement) as caught:
        check_scale(found(Quantity.FF), np.full(SHAPE, 50, np.int16), foreground_of(None, None))
    assert caught.value.code == "scale.nothing_to_check"


# ---- floating point


@given(
    st.sampled_from([np.float32, np.float64]).flatmap(
        lambda kind: hnp.arrays(
            kind, st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32) | st.just(np.nan)
        )
    ),
    st.floats(0, 100),
)
def test_percentiles_of_floating_point_numbers_are_those_of_numpy_without_what_is_missing(
    values: np.ndarray, percent: float
) -> None:
    counted = histogram([values[:20], values[20:]])
    there = values[~np.isnan(values)]
    assert (counted.total, counted.missing) == (there.size, values.size - there.size)
    if there.size:
        expected = np.percentile(there.astype(float), percent)
        assert counted.percentile(percent) == pytest.approx(expected, rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_voxels_of_floating_point_are_counted_and_missing_ones_apart(kind: type) -> None:
    stored = np.full(SHAPE, 40, kind)
    stored[:, 6:9, 6:9] = 35.5
    stored[0, 0, :5] = -0.25
    stored[0, 1, :4] = 0
    stored[0, 2, :3] = 100.5
    stored[0, 3, :2] = 130
    stored[1, :, 0] = np.nan
    stored[1, 0, 1] = np.inf
    scaling = check_scale(found(Quantity.FF), stored, foreground_of(None, None))
    assert (scaling.below, scaling.zero, scaling.above, scaling.maximum) == (5, 4, 5, 2)
    assert (scaling.missing, scaling.check, scaling.p50) == (21, "ff.percent", 40.0)


def test_t2star_of_zero_and_missing_voxels_are_both_without_a_value() -> None:
    stored = np.linspace(6, 40, 800).reshape(SHAPE)
    stored[0, 0, :3] = np.nan
    stored[0, 0, 3] = 0
    one = replace(found(Quantity.R2STAR), reciprocal=True, expects="t2star.ms")
    scaling = check_scale(one, stored, foreground_of(None, None))
    assert scaling.missing == 4
    assert scaling.p50 == pytest.approx(1000 / np.median(stored[:, 5:15, 5:15]), rel=1e-3)


def test_a_map_without_any_number_is_refused() -> None:
    with pytest.raises(Disagreement) as caught:
        check_scale(found(Quantity.FF), np.full(SHAPE, np.nan), foreground_of(None, None))
    assert caught.value.code == "scale.nothing_to_check"


def test_values_outside_the_mapping_are_found_among_missing_ones() -> None:
    stored = spread(2, 98).astype(np.float32)
    stored[0, 0, 0] = np.nan
    one = replace(found(Quantity.FF), mapped=(0.0, 97.0))
    with pytest.raises(Disagreement) as caught:
        check_scale(one, stored, foreground_of(None, None))
    assert caught.value.code == "scale.outside_mapping"
    assert check_scale(replace(one, mapped=(0.0, 98.0)), stored, foreground_of(None, None)).missing == 1


def test_signal_images_of_floating_point_show_the_foreground_too() -> None:
    water = np.zeros(SHAPE)
    water[:, 5:9, 5:9] = 800.0
    fat = np.full(SHAPE, 10, np.int16)
    water[0, 0] = np.nan
    picked = foreground_of(water, fat)
    assert picked.name == "water_and_fat"
    assert sum(part.size for part in picked.pick(water)) == 32
    assert foreground_of(np.full(SHAPE, np.nan), fat).name == "central_half"


# ---- what a person may confirm


@pytest.mark.parametrize(
    ("quantity", "reciprocal", "factor", "fits"),
    [
        (Quantity.FF, False, 1.0, True),
        (Quantity.FF, False, 1.41, True),
        (Quantity.FF, False, 1.42, False),
        (Quantity.FF, False, 0.01, False),
        (Quantity.R2STAR, False, 1.0, True),
        (Quantity.R2STAR, False, 10.0, False),
        (Quantity.R2STAR, True, 1.0, True),
        (Quantity.R2STAR, True, 0.01, False),
        (Quantity.R2STAR, True, 100.0, False),
    ],
)
def test_a_factor_fits_where_the_values_can_be_what_they_are_called(
    quantity: Quantity, reciprocal: bool, factor: float, fits: bool
) -> None:
    one = replace(found(quantity), reciprocal=reciprocal)
    decision = decide(one, spread(2, 98), foreground_of(None, None))
    assert confirmed_fits(one, decision, factor) is fits


def test_t2star_around_zero_fits_no_factor() -> None:
    one = replace(found(Quantity.R2STAR), reciprocal=True)
    decision = decide(one, spread(-40, 40), foreground_of(None, None))
    assert not confirmed_fits(one, replace(decision, p50=0.0), 1.0)
