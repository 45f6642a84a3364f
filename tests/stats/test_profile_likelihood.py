from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from app.stats import profile_likelihood
from app.stats.combined import LARGEST_LOGIT, LogisticModel, as_odds_ratio, logistic
from app.stats.profile_likelihood import profile_drop, profile_intervals
from app.stats.result import Interval


def model(seed: int = 1, n: int = 50, offset: float = 0.0, level: float = 0.95) -> LogisticModel:
    rng = np.random.default_rng(seed)
    label = np.arange(n) < n // 2
    columns = [offset + np.round(label + rng.normal(size=n), 3), np.round(rng.normal(size=n), 3)]
    result = logistic(columns, ["a", "b"], label, level=level)
    assert isinstance(result, LogisticModel)
    return result


@settings(max_examples=40)
@given(seed=st.integers(0, 300), level=st.sampled_from([0.8, 0.95, 0.99]))
def test_at_its_limits_the_likelihood_has_fallen_just_so_far(seed: int, level: float) -> None:
    ours = model(seed, n=24, level=level)
    quantile = optimize.brentq(lambda x: _upper(x) - (1.0 - level), 0.1, 20.0, xtol=1e-14)
    for position, (one, interval) in enumerate(zip(ours.coefficients, profile_intervals(ours), strict=True)):
        assert interval is not None
        assert interval.low < one.estimate < interval.high
        assert profile_drop(ours, position, [interval.low, interval.high]) == pytest.approx(
            [quantile] * 2, abs=1e-7
        )


def _upper(x: float) -> float:
    from app.stats.distributions import chi2_upper  # noqa: PLC0415 - a helper of one test

    return chi2_upper(x, 1.0)


def test_the_others_are_fitted_again_while_one_is_held() -> None:
    ours = model()
    design = np.column_stack((np.ones(ours.n), ours.design))
    for position, one in enumerate(ours.coefficients):
        held = one.estimate + 1.3 * one.se

        def loss(others: np.ndarray, place: int = position, value: float = held) -> float:
            predictor = design @ np.insert(others, place, value)
            return float(np.logaddexp(0.0, predictor).sum() - ours.label @ predictor)

        found = optimize.minimize(loss, np.zeros(2), tol=1e-12)
        drop = 2.0 * (ours.log_likelihood + found.fun)
        assert profile_drop(ours, position, [held])[0] == pytest.approx(drop, abs=1e-7)


def test_the_fall_at_the_estimate_is_nothing() -> None:
    ours = model()
    for position, one in enumerate(ours.coefficients):
        assert profile_drop(ours, position, [one.estimate])[0] == pytest.approx(0.0, abs=1e-10)


def test_an_offset_of_a_column_moves_only_the_intercept() -> None:
    plain, moved = profile_intervals(model()), profile_intervals(model(offset=5000.0))
    for one, two in zip(plain[1:], moved[1:], strict=True):
        assert one is not None
        assert two is not None
        assert (two.low, two.high) == pytest.approx((one.low, one.high), rel=1e-6)
    assert moved[0] is not None


def test_with_many_patients_walds_interval_is_the_same() -> None:
    ours = model(n=4000)
    for one, interval in zip(ours.coefficients, profile_intervals(ours), strict=True):
        assert interval is not None
        assert (interval.low, interval.high) == pytest.approx((one.ci.low, one.ci.high), abs=0.05 * one.se)


def test_a_limit_that_is_not_found_leaves_no_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profile_likelihood, "_MAX_STEPS", 1)
    assert profile_intervals(model()) == (None, None, None)


def test_an_odds_ratio_too_large_for_a_number_is_none() -> None:
    there = as_odds_ratio(Interval(-800.0, 0.0, 0.95, "Wald"))
    assert there is not None
    assert (there.low, there.high) == (0.0, 1.0)
    assert as_odds_ratio(Interval(0.0, LARGEST_LOGIT + 1.0, 0.95, "Wald")) is None
    tiny = logistic([np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) / 1e6], ["a"], [0, 1, 0, 1, 1, 1])
    assert isinstance(tiny, LogisticModel)
    assert tiny.coefficients[1].odds_ratio is None
    assert tiny.coefficients[1].odds_ratio_ci is None
