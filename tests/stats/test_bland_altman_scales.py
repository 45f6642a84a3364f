from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from app.stats.agreement import BlandAltman, bland_altman
from app.stats.bland_altman_checks import BlandAltmanChecks, bland_altman_checks
from app.stats.bland_altman_limits import VarianceShare, limits_of_agreement, mover
from app.stats.regression import Line
from app.stats.result import NotDefined
from app.stats.sentences import sentence

X = [40.1, 52.3, 61.9, 47.0, 55.5, 38.2]
Y = [41.0, 51.2, 63.3, 46.1, 54.9, 38.9]
PAIRS = arrays(
    np.float64,
    st.tuples(st.integers(3, 15), st.just(2)),
    elements=st.integers(1, 8000).map(lambda hundredths: hundredths / 100),
)


def measured(x: object, y: object, **options: object) -> BlandAltman:
    result = bland_altman(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, BlandAltman)
    return result


def checked(x: object, y: object, **options: float) -> BlandAltmanChecks:
    result = bland_altman_checks(x, y, **options)  # type: ignore[arg-type]
    assert isinstance(result, BlandAltmanChecks)
    return result


def test_the_exact_quantile_moves_the_limits_and_not_the_bias() -> None:
    usual, exact = measured(X, Y), measured(X, Y, exact_quantile=True)
    assert exact.multiplier == pytest.approx(1.959964, abs=1e-6)
    assert usual.multiplier == 1.96
    assert exact.bias == usual.bias
    assert exact.upper.value < usual.upper.value
    assert exact.upper.exact == usual.upper.exact


@pytest.mark.parametrize("scale", ["ratio", "log_ratio"])
def test_a_ratio_is_tested_against_one(scale: str) -> None:
    result = measured(X, Y, scale=scale)
    assert result.no_difference == 1.0
    values = np.array(X) / np.array(Y)
    theirs = stats.ttest_1samp(
        np.log(values) if scale == "log_ratio" else values, 0.0 if scale == "log_ratio" else 1.0
    )
    assert result.bias_t == pytest.approx(theirs.statistic, rel=1e-9)
    assert result.bias_p == pytest.approx(theirs.pvalue, rel=1e-9)


def test_every_interval_of_a_log_ratio_is_told_as_a_ratio() -> None:
    result = measured(X, Y, scale="log_ratio")
    logs = measured(np.log(X), np.log(Y))
    for ours, theirs in ((result.lower, logs.lower), (result.upper, logs.upper)):
        assert ours.value == pytest.approx(math.exp(theirs.value))
        for name in ("exact", "approximate", "approximate_1986", "mover"):
            one, other = getattr(ours, name), getattr(theirs, name)
            assert (one.low, one.high) == pytest.approx((math.exp(other.low), math.exp(other.high)))
    assert result.differences == pytest.approx(np.array(X) / np.array(Y))
    assert result.n_outside == logs.n_outside
    assert result.median == pytest.approx(math.exp(logs.median))


@pytest.mark.parametrize(
    ("scale", "x", "count"), [("ratio", [1.0, 0.0, 2.0], 1), ("log_ratio", [-1.0, 0.0, 2.0], 2)]
)
def test_what_is_not_above_zero_has_no_ratio(scale: str, x: list[float], count: int) -> None:
    found = bland_altman(x, [1.0, 1.0, 1.0], scale=scale)  # type: ignore[arg-type]
    assert found == NotDefined.of("bland_altman.not_positive", n=3, count=count)


def test_a_mean_of_zero_has_no_percentage() -> None:
    found = bland_altman([1.0, 3.0], [-1.0, 2.0], scale="percent")
    assert found == NotDefined.of("bland_altman.not_positive", n=2, count=1)


@pytest.mark.parametrize(
    ("scale", "bias", "code"),
    [
        ("difference", 0.5, "bland_altman.constant"),
        ("percent", 200.0 / 3.0, "bland_altman.constant_percent"),
        ("ratio", 2.0, "bland_altman.constant_ratio"),
        ("log_ratio", 2.0, "bland_altman.constant_ratio"),
    ],
)
def test_readings_that_differ_by_one_constant_are_told_on_every_scale(
    scale: str, bias: float, code: str
) -> None:
    y = np.array([1.1, 2.3, 4.7])
    result = measured(y + 0.5 if scale == "difference" else 2.0 * y, y, scale=scale)
    assert (result.sd, result.sd_ci, result.bias_t) == (0.0, None, None)
    assert result.bias == pytest.approx(bias)
    assert result.lower.value == result.upper.value == result.median == result.bias
    assert [note.code for note in result.notes] == [code]
    assert sentence(result).startswith("All 3 ")


@pytest.mark.parametrize(("scale", "same"), [("percent", 0.0), ("ratio", 1.0), ("log_ratio", 1.0)])
def test_identical_readings_have_no_width_on_any_scale(scale: str, same: float) -> None:
    result = measured([1.1, 2.2, 3.3], [1.1, 2.2, 3.3], scale=scale)
    assert result.bias == same
    assert [note.code for note in result.notes] == ["bland_altman.identical"]


def test_a_plot_against_ranks_moves_its_points_and_no_figure() -> None:
    against_mean, against_rank = measured(X, Y), measured(X, Y, against="rank")
    assert against_mean.positions is against_mean.means
    assert against_rank.positions.tolist() == [2.0, 4.0, 6.0, 3.0, 5.0, 1.0]
    assert against_rank.bias == against_mean.bias
    assert against_rank.means == pytest.approx(against_mean.means)


@pytest.mark.parametrize(
    ("scale", "begin"),
    [
        ("percent", "The mean difference between the readings of FF was -0.19 % of their mean (95 % CI "),
        ("ratio", "The mean ratio of the readings of FF was 0.998 (95 % CI "),
        ("log_ratio", "The geometric mean ratio of the readings of FF was 0.998 (95 % CI "),
    ],
)
def test_each_scale_is_said_in_its_own_words(scale: str, begin: str) -> None:
    said = sentence(measured(X, Y, scale=scale), what="FF", unit="percentage points")
    assert said.startswith(begin)
    assert said.endswith("(n = 6).")


@given(pairs=PAIRS, factor=st.sampled_from([0.5, 2.0, 8.0]))
def test_another_unit_leaves_percentages_and_ratios_as_they_are(pairs: np.ndarray, factor: float) -> None:
    for scale in ("percent", "ratio", "log_ratio"):
        before = measured(*pairs.T, scale=scale)
        after = measured(*(factor * pairs.T), scale=scale)
        assert after.bias == pytest.approx(before.bias, rel=1e-9, abs=1e-9)
        assert after.upper.value == pytest.approx(before.upper.value, rel=1e-9, abs=1e-9)


@given(pairs=PAIRS)
def test_swapping_the_readers_turns_the_log_ratio_upside_down(pairs: np.ndarray) -> None:
    one, other = measured(*pairs.T, scale="log_ratio"), measured(*pairs.T[::-1], scale="log_ratio")
    assert one.bias == pytest.approx(1.0 / other.bias, rel=1e-9)
    assert one.lower.value == pytest.approx(1.0 / other.upper.value, rel=1e-9)


def test_limits_of_ten_thousand_pairs_have_their_exact_interval() -> None:
    lower, upper = limits_of_agreement(0.0, 1.0, 10_000, level=0.95)
    assert upper.exact is not None
    assert upper.approximate is not None
    assert upper.exact.low == pytest.approx(upper.approximate.low, abs=1e-3)
    assert lower.exact is not None
    assert lower.exact.low == -upper.exact.high


def test_a_variance_known_only_roughly_cannot_pull_a_limit_beyond_the_bias() -> None:
    lower, upper = mover(0.0, 0.0, [VarianceShare(1.0, 4.0, 1)], level=0.9999)
    assert upper.low >= 0.0
    assert lower.high <= 0.0


def test_checks_need_three_pairs_that_do_not_all_differ_alike() -> None:
    assert bland_altman_checks([1.0, 2.0, np.nan], [2.0, 2.0, 2.0]) == NotDefined.of(
        "bland_altman_checks.too_few", n=2, n_excluded=1
    )
    assert bland_altman_checks([1.1, 2.2, 3.3], [2.1, 3.2, 4.3]) == NotDefined.of(
        "bland_altman_checks.constant", n=3
    )


def test_the_signed_rank_test_is_that_of_scipy() -> None:
    rng = np.random.default_rng(5)
    x, y = rng.integers(0, 40, size=(2, 60)).astype(float)
    found = checked(x, y).signed_rank
    for p, correction in ((found.p, True), (found.p_uncorrected, False)):
        theirs = stats.wilcoxon(x, y, correction=correction, method="asymptotic")
        assert p == pytest.approx(theirs.pvalue, rel=1e-9)
    assert found.n == np.count_nonzero(x != y)


def test_a_continuity_correction_never_carries_a_rank_sum_past_its_middle() -> None:
    found = checked([1.0, 3.0, 5.0, 8.0], [2.0, 2.0, 7.0, 6.0]).signed_rank
    assert found.v == 5.0
    assert found.p == 1.0


def test_differences_that_are_not_normal_and_spread_are_told() -> None:
    mean = np.linspace(10.0, 60.0, 40)
    away = np.where(np.arange(40) % 2 == 0, 1.0, -1.0) * (mean / 10.0) ** 4
    result = checked(mean + away / 2.0, mean - away / 2.0)
    assert [note.code for note in result.notes] == [
        "bland_altman_checks.not_normal",
        "bland_altman_checks.spread",
    ]
    assert "a percentage or a ratio" in sentence(result.notes[1])
    assert checked(X, Y).notes == ()


def test_sloping_limits_open_with_the_mean_and_never_cross() -> None:
    rng = np.random.default_rng(1)
    mean = rng.uniform(5.0, 60.0, 200)
    difference = rng.normal(size=200) * mean / 20.0
    sloping = checked(mean + difference / 2.0, mean - difference / 2.0).sloping
    assert not isinstance(sloping, NotDefined)
    low, high = sloping.at([10.0, 50.0])
    assert high[1] - low[1] == pytest.approx(5.0 * (high[0] - low[0]), rel=0.25)
    assert high[1] - low[1] == pytest.approx(2 * 1.96 * 2.5, rel=0.2)
    far_low, far_high = sloping.at([-1000.0])
    assert far_low == far_high


def test_equal_means_leave_no_line_and_no_correlation_but_the_other_checks() -> None:
    result = checked([4.0, 5.0, 6.5], [6.0, 5.0, 3.5])
    assert result.heteroscedasticity is None
    assert isinstance(result.sloping, NotDefined)
    assert result.bradley_blackwood is None
    assert isinstance(sentence(result), str)


def test_differences_on_a_line_have_no_bradley_blackwood() -> None:
    result = checked([2.0, 4.0, 8.0], [1.0, 2.0, 4.0])
    assert result.bradley_blackwood is None
    assert not isinstance(result.sloping, NotDefined)
    assert isinstance(result.sloping.middle, Line)


def test_more_differences_than_shapiro_and_wilk_allow_leave_the_other_checks() -> None:
    rng = np.random.default_rng(2)
    result = checked(rng.normal(size=5001), rng.normal(size=5001))
    assert isinstance(result.shapiro, NotDefined)
    assert "Shapiro" not in sentence(result)
    assert "Bradley and Blackwood's test" in sentence(result)


def test_the_percentiles_hold_the_share_they_promise() -> None:
    differences = np.arange(1.0, 200.0)
    percentiles = checked(differences + 7.0 * np.arange(199) % 11, 7.0 * np.arange(199) % 11).percentiles
    assert (percentiles.lower, percentiles.upper) == pytest.approx((5.0, 195.0))
    assert percentiles.lower < percentiles.lower_type7 < percentiles.upper_type7 < percentiles.upper


@given(pairs=PAIRS, shift=st.integers(-50, 50))
def test_a_shift_of_both_readers_changes_no_check(pairs: np.ndarray, shift: int) -> None:
    before = bland_altman_checks(*pairs.T)
    after = bland_altman_checks(*(pairs.T + shift))
    assume(isinstance(before, BlandAltmanChecks))
    assert isinstance(before, BlandAltmanChecks)
    assert isinstance(after, BlandAltmanChecks)
    assert after.percentiles.median == pytest.approx(before.percentiles.median, abs=1e-9)
    if before.bradley_blackwood is not None and before.bradley_blackwood.f < 1e6:
        assert after.bradley_blackwood is not None
        assert after.bradley_blackwood.f == pytest.approx(before.bradley_blackwood.f, rel=1e-6, abs=1e-6)
