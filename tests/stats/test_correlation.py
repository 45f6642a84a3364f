from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats.correlation import Pearson, WithinGroups, correlation_from_r, pearson, within_groups
from app.stats.regression import Line, fit_line
from app.stats.result import NotDefined

PAIRS = st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=4, max_size=30)


def correlated(x: object, y: object, **options: float) -> Pearson:
    result = pearson(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, Pearson)
    return result


def line_through(x: object, y: object) -> Line:
    result = fit_line(x, y)  # type: ignore[arg-type]
    assert isinstance(result, Line)
    return result


def inside(x: object, y: object, groups: list[object]) -> WithinGroups:
    result = within_groups(x, y, groups)  # type: ignore[arg-type]
    assert isinstance(result, WithinGroups)
    return result


def test_two_patients_have_no_correlation() -> None:
    result = pearson([1.0, 2.0, np.nan], [1.0, 3.0, 4.0])
    assert result == NotDefined.of("correlation.too_few", n=2, n_excluded=1)


@pytest.mark.parametrize("flat", [[5.0, 5.0, 5.0], [0.3, 0.1 + 0.2, 0.3]])
def test_a_constant_column_has_no_correlation(flat: list[float]) -> None:
    expected = NotDefined.of("correlation.constant", n=3, n_excluded=0)
    assert pearson(flat, [1.0, 2.0, 3.0]) == expected
    assert pearson([1.0, 2.0, 3.0], flat) == expected


def test_three_patients_have_r_and_no_interval() -> None:
    result = correlated([1.0, 2.0, 4.0], [2.0, 1.0, 5.0])
    assert result.ci is None
    assert 0.0 < result.p < 1.0
    assert [note.code for note in result.notes] == ["correlation.no_interval"]
    assert result.notes[0].values["needed"] == 4


def test_points_on_a_line_say_that_the_test_is_infinite() -> None:
    result = correlated([1.0, 2.0, 3.0, 4.0, 6.0], [9.3, 8.2, 7.1, 6.0, 3.8])
    assert result.r == -1.0
    assert result.coefficient.t is None
    assert result.p == 0.0
    assert result.ci is not None
    assert (result.ci.low, result.ci.high) == (-1.0, -1.0)
    assert [note.code for note in result.notes] == ["correlation.exact"]


def test_three_points_on_a_line_have_neither_test_nor_interval() -> None:
    result = correlated([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert [note.code for note in result.notes] == ["correlation.exact", "correlation.no_interval"]


def test_the_points_lead_back_to_the_patients() -> None:
    result = correlated([1.0, np.nan, 3.0, 4.0], [2.0, 1.0, 5.0, 3.0])
    assert result.index.tolist() == [0, 2, 3]
    assert result.n_excluded == 1
    assert result.x.tolist() == [1.0, 3.0, 4.0]


@given(pairs=PAIRS, scale=st.sampled_from([-3.0, 0.5, 7.0]), shift=st.integers(-1000, 1000))
def test_another_unit_changes_at_most_the_sign_of_r(
    pairs: list[tuple[int, int]], scale: float, shift: int
) -> None:
    x, y = np.array(pairs, dtype=float).T
    before, after = pearson(x, y), pearson(scale * x + shift, y)
    assume(isinstance(before, Pearson))
    assert isinstance(before, Pearson)
    assert isinstance(after, Pearson)
    assert after.r == pytest.approx(np.sign(scale) * before.r, abs=1e-9)


@given(pairs=PAIRS)
def test_r_is_the_same_both_ways_and_inside_its_interval(pairs: list[tuple[int, int]]) -> None:
    x, y = np.array(pairs, dtype=float).T
    one, other = pearson(x, y), pearson(y, x)
    assume(isinstance(one, Pearson))
    assert isinstance(one, Pearson)
    assert isinstance(other, Pearson)
    assert one.r == pytest.approx(other.r, abs=1e-12)
    assert -1.0 <= one.r <= 1.0
    assert one.ci is not None
    assert one.ci.low <= one.r <= one.ci.high


def test_a_printed_coefficient_gets_its_interval_back() -> None:
    result = correlation_from_r(-0.647, 120)
    assert result.ci is not None
    assert result.ci.low == pytest.approx(-0.740, abs=0.0005)
    assert result.ci.high == pytest.approx(-0.529, abs=0.0005)


def test_a_line_needs_three_patients_and_an_x_that_varies() -> None:
    assert fit_line([1.0, 2.0], [1.0, 2.0]) == NotDefined.of("regression.too_few", n=2, n_excluded=0)
    assert fit_line([4.0, 4.0, 4.0], [1.0, 2.0, 3.0]) == NotDefined.of("regression.constant_x", n=3)


def test_a_flat_line_explains_nothing_and_has_no_test() -> None:
    line = line_through([1.0, 2.0, 3.0], [5.0, 5.0, 5.0])
    assert line.slope.estimate == 0.0
    assert line.slope.p is None
    assert line.r_squared == 0.0
    assert [note.code for note in line.notes] == ["regression.exact"]


def test_an_exact_line_has_bands_without_width() -> None:
    line = line_through([1.0, 2.0, 4.0], [3.1, 5.2, 9.4])
    lower, upper = line.prediction_band([0.0, 3.0])
    assert lower.tolist() == upper.tolist()
    assert line.at(3.0) == pytest.approx(7.3)


def test_the_prediction_band_holds_the_confidence_band_which_is_narrowest_at_the_mean() -> None:
    line = line_through([1.0, 2.0, 4.0, 7.0], [2.0, 1.0, 6.0, 5.0])
    grid = np.array([1.0, line.mean_x, 7.0])
    (low, high), (lowest, highest) = line.confidence_band(grid), line.prediction_band(grid)
    assert (lowest < low).all()
    assert (highest > high).all()
    assert np.argmin(high - low) == 1
    assert line.x_range == (1.0, 7.0)


def test_a_pooled_r_that_is_all_between_groups_is_unmasked() -> None:
    rng = np.random.default_rng(5)
    groups = np.repeat([0, 1, 2], 20)
    x, y = (10.0 * groups + rng.normal(size=60) for _ in range(2))
    result = inside(x, y, groups.tolist())
    assert result.pooled.r > 0.9
    assert abs(result.within.r) < 0.3
    assert result.within.df == 60 - 3 - 1
    assert [note.code for note in result.notes] == ["correlation.between_groups"]


def test_a_correlation_that_holds_inside_the_groups_is_not_called_between() -> None:
    groups = np.repeat(["a", "b"], 6).tolist()
    x = [1.0, 2, 3, 4, 5, 6, 11, 12, 13, 14, 15, 16]
    y = [1.1, 1.9, 3.2, 3.8, 5.1, 6.0, 11.2, 11.7, 13.1, 14.2, 14.9, 16.1]
    assert inside(x, y, groups).notes == ()


def test_a_pooled_r_that_is_no_finding_needs_no_warning() -> None:
    result = inside([1.0, 2, 3, 4, 5, 6, 7, 8], [1.0, -1, -1, 1, 1, -1, -1, 1], ["a"] * 4 + ["b"] * 4)
    assert result.notes == ()


def test_a_correlation_turned_round_inside_the_groups_is_told() -> None:
    x = [1.0, 2, 3, 4, 11, 12, 13, 14, 21, 22, 23, 24]
    y = [4.0, 3.1, 2, 1, 14, 13.1, 12, 11, 24, 23.1, 22, 21]
    result = inside(x, y, ["a"] * 4 + ["b"] * 4 + ["c"] * 4)
    assert result.pooled.r > 0.0 > result.within.r
    assert "correlation.between_groups" in [note.code for note in result.notes]


def test_few_patients_in_groups_have_no_interval_within() -> None:
    result = inside([1.0, 2.0, 5.0, 7.0], [2.0, 1.0, 6.0, 9.0], ["a", "a", "b", "b"])
    assert result.within.df == 1
    assert result.within.ci is None
    assert [note.code for note in result.notes] == ["correlation.no_interval"]


def test_rows_without_a_group_are_left_out() -> None:
    result = inside([1.0, 2, 3, 4, 5], [1.0, 3, 2, 5, 4], ["a", "a", None, "a", "a"])
    assert (result.n, result.n_excluded, result.n_groups) == (4, 1, 1)
    assert result.within.r == pytest.approx(result.pooled.r)


def test_a_correlation_within_groups_needs_patients_that_vary_inside_them() -> None:
    assert within_groups([1.0, 2.0], [1.0, 2.0], ["a", "b"]) == NotDefined.of(
        "correlation.too_few", n=2, n_excluded=0
    )
    assert within_groups([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], ["a", "b", "c"]) == NotDefined.of(
        "correlation.too_few_in_groups", n=3, n_groups=3
    )
    assert within_groups([1.0, 1, 2, 2], [1.0, 2, 3, 5], ["a", "a", "b", "b"]) == NotDefined.of(
        "correlation.constant_in_groups", n=4, n_groups=2
    )
