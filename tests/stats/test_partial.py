from __future__ import annotations

import math

import numpy as np
import pytest

from app.stats.compare_correlations import (
    CorrelationComparison,
    compare_columns,
    compare_dependent,
    compare_independent,
)
from app.stats.correlation import Pearson, pearson, within_groups
from app.stats.partial import PartialCorrelation, PartialKind, partial_correlation
from app.stats.regression import fit_line
from app.stats.result import NotDefined
from app.stats.rmcorr import RepeatedCorrelation, repeated_correlation

RNG = np.random.default_rng(11)
AGE = RNG.normal(50.0, 10.0, size=40)
FF = 0.6 * AGE + RNG.normal(size=40)
BMD = -2.0 * AGE + RNG.normal(scale=5.0, size=40)
KINDS: tuple[PartialKind, ...] = ("pearson", "spearman", "kendall")


def partial(*args: object, **options: object) -> PartialCorrelation:
    result = partial_correlation(*args, **options)  # type: ignore[arg-type]
    assert isinstance(result, PartialCorrelation)
    return result


def compared(result: CorrelationComparison | NotDefined) -> CorrelationComparison:
    assert isinstance(result, CorrelationComparison)
    return result


def test_a_correlation_made_by_age_vanishes_when_age_is_held_still() -> None:
    plain, adjusted = pearson(FF, BMD), partial(FF, BMD, [AGE], ["age"])
    assert isinstance(plain, Pearson)
    assert plain.r < -0.8
    assert adjusted.ci is not None
    assert adjusted.ci.low < 0.0 < adjusted.ci.high


def test_one_control_gives_the_textbook_formula() -> None:
    r = np.corrcoef([FF, BMD, AGE])
    expected = (r[0, 1] - r[0, 2] * r[1, 2]) / math.sqrt((1 - r[0, 2] ** 2) * (1 - r[1, 2] ** 2))
    found = partial(FF, BMD, [AGE], ["age"])
    assert found.estimate == pytest.approx(expected, rel=1e-10)
    assert (found.df, found.controls) == (37, ("age",))


@pytest.mark.parametrize("kind", KINDS)
def test_units_do_not_matter_to_what_is_left(kind: PartialKind) -> None:
    one = partial(FF, BMD, [AGE], ["age"], kind=kind)
    other = partial(100.0 * FF - 3.0, BMD + 1e6, [0.01 * AGE], ["age"], kind=kind)
    assert other.estimate == pytest.approx(one.estimate, rel=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_what_cannot_be_adjusted_for_is_said(kind: PartialKind) -> None:
    few = partial_correlation(FF[:3], BMD[:3], [AGE[:3]], ["age"], kind=kind)
    assert few == NotDefined.of("partial.too_few", n=3, needed=4, n_excluded=0)
    flat = partial_correlation(np.ones(40), BMD, [AGE], ["age"], kind=kind)
    assert flat == NotDefined.of("correlation.constant", n=40, n_excluded=0)
    same = partial_correlation(FF, BMD, [AGE, np.zeros(40)], ["age", "sex"], kind=kind)
    assert same == NotDefined.of("partial.constant_control", name="sex", n=40)
    twice = partial_correlation(FF, BMD, [AGE, 2.0 * AGE], ["age", "age again"], kind=kind)
    assert twice == NotDefined.of("partial.determined", n=40)
    itself = partial_correlation(FF, BMD, [3.0 * FF], ["ff"], kind=kind)
    assert itself == NotDefined.of("partial.determined", n=40)


@pytest.mark.parametrize("seed", range(20))
def test_a_partial_tau_of_many_ties_stays_within_its_bounds(seed: int) -> None:
    x, y, z = np.random.default_rng(seed).integers(0, 2, size=(3, 7)).astype(float)
    result = partial_correlation(x, y, [z], ["z"], kind="kendall")
    assert isinstance(result, NotDefined) or abs(result.estimate) <= 1.0


def test_what_is_left_may_lie_on_a_line() -> None:
    z = np.array([1.0, 2.0, 4.0, 3.0, 7.0, 5.0])
    left = np.array([0.5, -1.0, 0.25, 2.0, -0.5, 1.0])
    found = partial(z + left, 3.0 * z - 2.0 * left, [z], ["z"])
    assert found.estimate == -1.0
    assert found.statistic is None
    assert found.p == 0.0


def test_rows_with_a_gap_in_a_control_are_left_out() -> None:
    age = AGE.copy()
    age[:4] = np.nan
    assert (partial(FF, BMD, [age], ["age"]).n, partial(FF, BMD, [age], ["age"]).n_excluded) == (36, 4)


def test_equal_correlations_differ_by_nothing() -> None:
    for found in (compare_independent(0.4, 30, 0.4, 50), compare_dependent(0.4, 0.4, 0.2, 30)):
        one = compared(found)
        assert (one.difference, one.statistic, one.p) == (0.0, 0.0, 1.0)
        assert one.ci.low < 0.0 < one.ci.high


def test_turning_the_two_round_turns_the_sign() -> None:
    one, other = (
        compared(compare_dependent(0.5, 0.2, 0.3, 60)),
        compared(compare_dependent(0.2, 0.5, 0.3, 60)),
    )
    assert other.statistic == pytest.approx(-one.statistic)
    assert other.ci.low == pytest.approx(-one.ci.high)
    assert other.p == pytest.approx(one.p)


def test_the_interval_of_a_difference_has_the_width_of_large_samples() -> None:
    r1, r2, between, n = 0.6, 0.3, 0.5, 1_000_000
    overlap = (between - r1 * r2 / 2) * (1 - r1**2 - r2**2 - between**2) + between**3
    variance = ((1 - r1**2) ** 2 + (1 - r2**2) ** 2 - 2 * overlap) / n
    ci = compared(compare_dependent(r1, r2, between, n)).ci
    assert ci.high - ci.low == pytest.approx(2 * 1.959964 * math.sqrt(variance), rel=1e-3)
    alone = compared(compare_independent(r1, n, r2, n)).ci
    assert alone.high - alone.low == pytest.approx(
        2 * 1.959964 * math.sqrt((variance * n + 2 * overlap) / n), rel=1e-3
    )


def test_what_cannot_be_compared_is_said() -> None:
    assert compare_independent(0.5, 3, 0.2, 40) == NotDefined.of("compare_correlations.too_few", n=3)
    assert compare_independent(1.0, 9, 0.2, 40) == NotDefined.of("compare_correlations.exact", n=9)
    assert compare_dependent(0.5, 0.2, 1.0, 40) == NotDefined.of("compare_correlations.exact", n=40)
    impossible = compare_dependent(0.9, -0.9, 0.9, 40)
    assert isinstance(impossible, NotDefined)
    assert impossible.code == "compare_correlations.impossible"


def test_correlations_too_near_one_for_a_difference_are_refused() -> None:
    nearly = np.nextafter(1.0, 0.0)
    result = compare_dependent(nearly, -nearly, -nearly, 40)
    assert isinstance(result, NotDefined)


def test_columns_are_compared_on_the_rows_that_have_all_three() -> None:
    gap = AGE.copy()
    gap[0] = np.nan
    found = compared(compare_columns(BMD, FF, gap))
    assert (found.n1, found.n2, found.df) == (39, 39, 36)
    assert found.r1 == pytest.approx(np.corrcoef(BMD[1:], FF[1:])[0, 1])
    assert compare_columns(BMD, FF, np.ones(40)) == NotDefined.of("correlation.constant", n=40, n_excluded=0)


def test_repeated_measures_are_the_correlation_within_the_patients() -> None:
    patients = np.repeat(np.arange(8), 5).tolist()
    found = repeated_correlation(FF, BMD, patients)
    inside = within_groups(FF, BMD, patients)
    assert isinstance(found, RepeatedCorrelation)
    assert not isinstance(inside, NotDefined)
    assert found.coefficient == inside.within
    assert found.f == pytest.approx(found.coefficient.t**2 if found.coefficient.t else 0.0)
    assert found.coefficient.df == 40 - 8 - 1


def test_patients_may_differ_while_every_one_of_them_rises_alike() -> None:
    x, y = [1.0, 2.0, 3.0, 1.0, 2.0, 3.0], [11.0, 12.0, 13.0, 1.0, 2.0, 3.0]
    found = repeated_correlation(x, y, ["a", "a", "a", "b", "b", "b"])
    assert isinstance(found, RepeatedCorrelation)
    assert (found.coefficient.r, found.slope, found.f) == (1.0, pytest.approx(1.0), None)
    assert found.between is None


def test_a_patient_with_one_vertebra_is_told_and_changes_nothing() -> None:
    patients = np.repeat(np.arange(8), 5).tolist()
    one = repeated_correlation(FF, BMD, patients)
    other = repeated_correlation([*FF, 99.0], [*BMD, 1.0], [*patients, "lone"])
    assert isinstance(one, RepeatedCorrelation)
    assert isinstance(other, RepeatedCorrelation)
    assert other.coefficient.r == pytest.approx(one.coefficient.r)
    assert other.coefficient.df == one.coefficient.df
    assert [note.code for note in other.notes] == ["rmcorr.single_rows"]


def test_patients_measured_once_have_no_repeated_correlation() -> None:
    result = repeated_correlation([1.0, 2.0, 3.0], [1.0, 3.0, 2.0], ["a", "b", "c"])
    assert result == NotDefined.of("correlation.too_few_in_groups", n=3, n_groups=3)


def test_a_line_tells_its_f_and_adjusted_r_squared() -> None:
    line = fit_line([1.0, 2.0, 3.0, 4.0], [1.0, 3.0, 2.0, 5.0])
    assert not isinstance(line, NotDefined)
    assert line.f == pytest.approx(line.r_squared * 2 / (1 - line.r_squared))
    assert line.p == line.slope.p
    assert line.adjusted_r_squared < line.r_squared
    exact = fit_line([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
    assert not isinstance(exact, NotDefined)
    assert exact.f is None
