from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from app.stats.icc import Icc, icc
from app.stats.icc_reml import IccReml, icc_reml
from app.stats.reml import Readings, best_ratio, gradient, likelihood
from app.stats.result import NotDefined
from app.stats.sentences import sentence


def readings(n: int = 30, k: int = 3, *, gaps: float = 0.0, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    table = rng.normal(50.0, 5.0, (n, 1)) + rng.normal(size=k) + rng.normal(size=(n, k))
    table[rng.random((n, k)) < gaps] = np.nan
    return table


def fitted(table: np.ndarray, **options: float) -> IccReml:
    result = icc_reml(table, **options)
    assert isinstance(result, IccReml)
    return result


def direct_deviance(table: np.ndarray, patients: float, readers: float) -> float:
    """The restricted likelihood with the whole covariance matrix built."""
    row, column = np.nonzero(np.isfinite(table))
    y, n = table[row, column], row.size
    v = np.eye(n) + patients * (row[:, None] == row) + readers * (column[:, None] == column)
    inverse, ones = np.linalg.inv(v), np.ones(n)
    information = ones @ inverse @ ones
    rest = y - (ones @ inverse @ y) / information
    rss = rest @ inverse @ rest
    log_det = np.linalg.slogdet(v)[1] + np.log(information)
    return log_det + (n - 1) * (1.0 + np.log(2.0 * np.pi * rss / (n - 1)))


@pytest.mark.parametrize("ratios", [(0.0, 0.0), (0.3, 2.0), (20.0, 0.0), (400.0, 30.0)])
def test_the_likelihood_is_the_one_of_the_whole_covariance_matrix(ratios: tuple[float, float]) -> None:
    table = readings(12, gaps=0.2)
    data = Readings.of(table)
    ours = likelihood(data, *ratios)
    slopes = gradient(data, *ratios, ours)
    assert ours.deviance == pytest.approx(direct_deviance(table, *ratios), rel=1e-10)
    step = 1e-5
    for axis in (0, 1):
        above, below = list(ratios), list(ratios)
        above[axis] += step
        below[axis] += -step if ratios[axis] else 0.0
        slope = (direct_deviance(table, *above) - direct_deviance(table, *below)) / (
            above[axis] - below[axis]
        )
        assert slopes[axis] == pytest.approx(slope, rel=1e-3, abs=1e-4)


def test_without_gaps_it_is_the_icc_of_the_mean_squares() -> None:
    table = readings()
    ours, usual = fitted(table), icc(table)
    assert isinstance(usual, Icc)
    assert ours.agreement.estimate == pytest.approx(usual.headline.estimate, rel=1e-6)
    assert ours.average.estimate == pytest.approx(usual.average.estimate, rel=1e-6)
    assert ours.consistency.estimate == pytest.approx(usual.form("ICC(3,1)").estimate, rel=1e-6)
    assert ours.var_readers == pytest.approx(usual.mean_squares.var_readers, rel=1e-5)
    assert ours.mean == pytest.approx(table.mean())


def test_gaps_throw_no_reading_away() -> None:
    table = readings(gaps=0.2)
    table[4] = np.nan
    result = fitted(table)
    assert result.n_excluded == 1
    assert result.n_readings == np.isfinite(table).sum()
    assert result.n_missing == result.n * result.k - result.n_readings
    assert result.n > np.isfinite(table).all(axis=1).sum()


def test_the_limits_are_where_the_deviance_has_risen_enough() -> None:
    table = readings(15, gaps=0.1)
    result = fitted(table, level=0.9)
    data, allowed = Readings.of(table), stats.chi2.ppf(0.9, 1)
    for limit in (result.agreement.ci.low, result.agreement.ci.high):
        logs = np.linspace(0.0, 6.0, 4001)
        profile = min(
            likelihood(data, limit * np.exp(log) / (1.0 - limit), np.expm1(log)).deviance for log in logs
        )
        assert profile - result.deviance == pytest.approx(allowed, abs=1e-3)
    wider = fitted(table, level=0.99).agreement.ci
    assert wider.low < result.agreement.ci.low < result.agreement.estimate < result.agreement.ci.high


def test_readers_that_do_not_differ_have_no_variance_of_their_own() -> None:
    result = fitted(np.array([[40, 41, 39], [45, 44, 46], [np.nan, 50, 51], [60, 62, 61], [65, 64, 67]]))
    assert result.var_readers == 0.0
    assert result.agreement.estimate == result.consistency.estimate
    assert [note.code for note in result.notes] == ["icc_reml.no_readers"]


def test_patients_that_do_not_differ_have_an_icc_of_zero() -> None:
    result = fitted(np.array([[10.0, 13], [12, 9], [11, 12], [13, 10], [9, 12]]))
    assert result.agreement.estimate == result.agreement.ci.low == 0.0
    assert result.agreement.ci.high > 0.3
    assert [note.code for note in result.notes] == ["icc_reml.no_patients", "icc_reml.no_readers"]
    assert result.grades[0] == "poor"


@pytest.mark.parametrize("error", [1e-3, 1e-6, 1e-9])
def test_readers_that_agree_almost_exactly_keep_the_icc_of_the_mean_squares(error: float) -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(50.0, 10.0, (20, 1)) + rng.normal(scale=error, size=(20, 2))
    result, usual = fitted(table), icc(table)
    assert isinstance(usual, Icc)
    assert result.var_patients == pytest.approx(usual.mean_squares.var_patients, rel=1e-5)
    assert result.var_readers == pytest.approx(usual.mean_squares.var_readers, rel=1e-4)
    assert result.var_error == pytest.approx(usual.mean_squares.var_error, rel=1e-5)
    assert result.agreement.ci.low <= result.agreement.estimate <= result.agreement.ci.high


def test_two_patients_cannot_bound_an_icc_at_a_level_next_to_certainty() -> None:
    ci = fitted(np.array([[1.0, 2.0], [5.0, 4.5]]), level=1.0 - 2.0**-53).agreement.ci
    assert (ci.low, ci.high) == (0.0, 1.0)


@pytest.mark.parametrize(
    "table",
    [
        [[1.0, 2.0], [2.0, 3.0], [4.0, 5.0]],
        [[1.0, np.nan], [np.nan, 3.0], [4.0, np.nan]],
        [[1.0, 2.0], [np.nan, 3.0]],
        [[0.3, 0.1 + 0.2], [0.3, 0.3], [0.3, 0.3]],
    ],
)
def test_where_nothing_is_left_to_estimate_the_error_from_there_is_no_icc(table: list[list[float]]) -> None:
    found = icc_reml(table)
    assert isinstance(found, NotDefined)
    assert found.code == "icc_reml.no_error"


def test_one_patient_or_one_reader_has_no_icc() -> None:
    assert icc_reml([[1.0, 2.0], [np.nan, np.inf]]) == NotDefined.of(
        "icc_reml.too_few", n=1, k=2, n_excluded=1
    )
    assert icc_reml([[1.0, np.nan], [2.0, np.nan]]) == NotDefined.of(
        "icc_reml.too_few", n=2, k=1, n_excluded=0
    )
    with pytest.raises(ValueError, match="patients by readings"):
        icc_reml([1.0, 2.0])


def test_one_ratio_alone_is_found_where_its_slope_is_zero() -> None:
    data = Readings.of(readings(10, gaps=0.2))
    ratio = best_ratio(data)
    assert gradient(data, ratio, 0.0, likelihood(data, ratio, 0.0))[0] == pytest.approx(0.0, abs=1e-9)
    flat = Readings.of(np.array([[10.0, 13], [12, 9], [11, 12], [13, 10], [9, 12]]))
    assert best_ratio(flat) == 0.0
    rising = Readings.of(np.array([[1.0, 2.0], [1.5, 2.0], [2.0, 2.5], [3.0, 0.5], [2.5, 2.5]]) * [1.0, 0.5])
    assert best_ratio(rising) >= 0.0


def test_it_is_said_with_its_gaps_and_its_grade() -> None:
    table = readings()
    table[0, 0] = np.nan
    said = sentence(icc_reml(table), what="FF")
    assert said.startswith("The intraclass correlation coefficient of FF, ICC(2,1), two-way random effects")
    assert "from 89 readings of 30 patients by 3 readers with 1 missing." in said
    assert said.endswith("(Koo and Li 2016).")


@settings(max_examples=10)
@given(seed=st.integers(0, 200), shift=st.sampled_from([-1e6, 0.0, 50.0]), scale=st.sampled_from([0.01, 1.0]))
def test_another_unit_or_order_leaves_the_icc_as_it_is(seed: int, shift: float, scale: float) -> None:
    table = readings(8, gaps=0.15, seed=seed)
    rng = np.random.default_rng(seed)
    moved = rng.permutation(rng.permutation(table, axis=0), axis=1) * scale + shift
    before, after = icc_reml(table), icc_reml(moved)
    assert isinstance(before, IccReml)
    assert isinstance(after, IccReml)
    assert after.agreement.estimate == pytest.approx(before.agreement.estimate, rel=1e-4, abs=1e-5)
    assert after.agreement.ci.low == pytest.approx(before.agreement.ci.low, rel=1e-3, abs=1e-4)
    assert after.agreement.ci.low <= after.agreement.estimate <= after.agreement.ci.high
