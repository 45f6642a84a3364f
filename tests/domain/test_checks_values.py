"""What the rules that look at values say of a reading."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.domain.checks_values import check_values
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol

PROTOCOL = Protocol()
STATS = RoiStats(100, 50.0, 3.0, 50.0, 40.0, 60.0, 120.0, 0, 0, 0, 0, 0)


def _codes(stats, voxels=None, field=3.0, protocol=PROTOCOL):
    return [(one.code, one.level) for one in check_values(stats, voxels or {}, protocol, field)]


def _ff(*means):
    levels = zip(Level, means, strict=False)
    return {level: {Quantity.FF: replace(STATS, mean=mean)} for level, mean in levels if mean is not None}


def test_usual_values_are_not_spoken_of():
    stats = {
        level: {
            Quantity.FF: replace(STATS, mean=50.0 + step),
            Quantity.R2STAR: replace(STATS, mean=140.0, sd=15.0),
        }
        for step, level in enumerate(Level)
    }
    voxels = {level: np.random.default_rng(1).normal(50, 3, 100) for level in Level}
    assert _codes(stats, voxels) == []


@pytest.mark.parametrize("name", ["nan", "zero", "below", "above", "saturated"])
def test_more_than_two_percent_of_bad_voxels_are_warned_of_and_more_than_ten_need_a_reason(name):
    def judged(bad):
        one = replace(STATS, **{name: bad})
        # voxels without a value are not among those that were counted
        one = replace(one, n=100 - bad) if name == "nan" else one
        return _codes({Level.L1: {Quantity.FF: one}})

    assert judged(2) == []
    assert judged(3) == [("values.bad_voxels", Level.L1)]
    assert judged(10) == [("values.bad_voxels", Level.L1)]
    assert judged(11) == [("values.many_bad_voxels", Level.L1)]


def test_a_rectangle_without_any_voxel_is_no_error():
    empty = RoiStats(0, None, None, None, None, None, 0.0, 0, 0, 0, 0, 0)
    assert _codes({Level.L1: {Quantity.FF: empty, Quantity.R2STAR: empty}}) == []


@pytest.mark.parametrize(("mean", "told"), [(14.9, True), (15.0, False), (80.0, False), (80.1, True)])
def test_ff_outside_the_usual_range_is_warned_of(mean, told):
    assert _codes(_ff(mean)) == ([("values.ff_unusual", Level.L1)] if told else [])


@pytest.mark.parametrize(
    ("field", "mean", "told"),
    [(3.0, 59.0, True), (3.0, 60.0, False), (3.0, 301.0, True), (1.5, 41.0, False), (1.494, 201.0, True)],
)
def test_r2star_is_judged_by_the_field_it_was_measured_in(field, mean, told):
    stats = {Level.L2: {Quantity.R2STAR: replace(STATS, mean=mean)}}
    assert _codes(stats, field=field) == ([("values.r2star_unusual", Level.L2)] if told else [])


def test_r2star_of_an_unknown_field_is_not_judged():
    assert _codes({Level.L2: {Quantity.R2STAR: replace(STATS, mean=900.0)}}, field=None) == []


def test_an_uneven_rectangle_is_warned_of():
    ff = {Level.L1: {Quantity.FF: replace(STATS, sd=12.1)}}
    r2star = {Level.L1: {Quantity.R2STAR: replace(STATS, mean=100.0, sd=40.1)}}
    single = {
        Level.L1: {Quantity.FF: replace(STATS, sd=None), Quantity.R2STAR: replace(STATS, mean=100.0, sd=None)}
    }
    assert _codes(ff) == [("values.ff_uneven", Level.L1)]
    assert _codes(r2star) == [("values.r2star_uneven", Level.L1)]
    assert _codes(single) == []


def test_a_level_unlike_all_its_neighbours_is_named_and_its_neighbours_are_not():
    assert _codes(_ff(50.0, 51.0, 66.5, 53.0, 54.0)) == [("values.ff_jump", Level.L3)]


def test_a_step_between_two_halves_of_the_spine_names_both_of_its_levels():
    (found,) = check_values(_ff(40.0, 41.0, 53.0, 54.0, 55.0), {}, PROTOCOL, 3.0)
    assert (found.code, found.level) == ("values.ff_step", Level.L3)
    assert found.values == {"above": "L2", "mean_above": 41.0, "mean": 53.0}


def test_of_two_levels_a_step_apart_neither_is_called_the_odd_one():
    assert _codes(_ff(40.0, 52.0)) == [("values.ff_step", Level.L2)]
    # nor where a swap would explain it: which of both would it be
    assert _codes(_ff(25.0, 75.0)) == [("values.ff_step", Level.L2)]


@pytest.mark.parametrize(
    ("means", "odd"),
    [
        # the first of both is further off the third
        ((40.0, 52.0, None, None, 54.0), [Level.L1]),
        # the steps lie around the middle, which is like the median of the others
        ((20.0, 21.0, 33.0, 45.0, 46.0), [Level.L1, Level.L2, Level.L4, Level.L5]),
        ((40.0, 52.0, 40.0, 52.0, 40.0), [Level.L2, Level.L4]),
    ],
)
def test_of_the_levels_at_a_step_the_one_further_off_the_others_is_named(means, odd):
    assert _codes(_ff(*means)) == [("values.ff_jump", level) for level in odd]


def test_a_step_of_ten_points_is_usual_and_one_across_a_missing_level_is_none():
    assert _codes(_ff(40.0, 41.0, 51.0, 52.0, 53.0)) == []
    assert _codes(_ff(40.0, 41.0, None, 53.0, 54.0)) == []


def test_a_slow_rise_down_the_spine_is_usual():
    assert _codes(_ff(42.0, 45.0, 48.0, 51.0, 54.0)) == []


def test_a_level_apart_from_the_median_of_the_others_is_named_where_a_neighbour_is_missing():
    assert _codes(_ff(30.0, None, 48.0, 50.0, 51.0)) == [("values.ff_jump", Level.L1)]


def test_a_level_that_reads_hundred_minus_the_others_looks_swapped():
    found = check_values(_ff(30.0, 31.0, 70.0, 32.0, 33.0), {}, PROTOCOL, 3.0)
    assert [(one.code, one.level) for one in found] == [("values.swapped", Level.L3)]
    assert found[0].values == {"mean": 70.0, "usual": 31.5}


def test_two_peaks_within_one_rectangle_look_like_a_swap():
    rng = np.random.default_rng(2)
    two = np.concatenate([rng.normal(30, 3, 60), rng.normal(70, 3, 40)])
    assert _codes({Level.L1: {Quantity.FF: STATS}}, {Level.L1: two}) == [("values.two_peaks", Level.L1)]


@pytest.mark.parametrize(
    "voxels",
    [
        np.linspace(10, 90, 100),
        np.concatenate([np.full(90, 40.0), np.full(10, 90.0)]),
        np.concatenate([np.full(50, 40.0), np.full(50, 65.0)]),
        np.full(50, 40.0),
        np.array([1.0, 90.0]),
        np.full(9, np.nan),
    ],
    ids=["broad", "few", "near", "equal", "too_few", "none"],
)
def test_what_is_not_two_peaks_is_not_called_so(voxels):
    assert _codes({Level.L1: {Quantity.FF: STATS}}, {Level.L1: voxels}) == []


def test_every_threshold_is_the_protocols():
    loose = replace(PROTOCOL, ff_usual=(0.0, 100.0), ff_step=90.0, ff_from_median=90.0)
    assert _codes(_ff(5.0, 50.0, 95.0), protocol=loose) == []
