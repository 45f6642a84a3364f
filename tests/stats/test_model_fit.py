from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.stats.calibration import Calibration, calibration
from app.stats.combined import LogisticModel, logistic
from app.stats.model_fit import HosmerLemeshow, fit_indices, hosmer_lemeshow, variance_inflation
from app.stats.result import NotDefined, frozen


def model(seed: int = 1, n: int = 80, together: float = 0.0) -> LogisticModel:
    rng = np.random.default_rng(seed)
    label = np.arange(n) < n // 2
    first = label + rng.normal(size=n)
    second = together * first + rng.normal(size=n)
    result = logistic([first, second], ["a", "b"], label)
    assert isinstance(result, LogisticModel)
    return result


def test_the_indices_follow_from_the_likelihoods() -> None:
    ours = model()
    found = fit_indices(ours)
    assert found.aic == pytest.approx(6.0 - 2.0 * ours.log_likelihood)
    assert found.bic - found.aic == pytest.approx(3.0 * np.log(80) - 6.0)
    assert 0.0 < found.mcfadden < 1.0
    assert found.cox_snell < found.nagelkerke < 1.0
    assert found.cox_snell == pytest.approx(1.0 - np.exp(-ours.likelihood_ratio / 80))


def test_a_model_that_says_nothing_explains_nothing() -> None:
    flat = logistic([[1.0, 2.0] * 4], ["a"], [0, 0, 1, 1, 0, 0, 1, 1])
    assert isinstance(flat, LogisticModel)
    found = fit_indices(flat)
    assert (found.cox_snell, found.nagelkerke, found.mcfadden) == pytest.approx((0.0, 0.0, 0.0), abs=1e-12)
    assert found.brier == pytest.approx(0.25)
    assert found.brier_scaled == pytest.approx(0.0, abs=1e-12)
    assert variance_inflation(flat) == {"a": pytest.approx(1.0)}


def test_columns_that_hang_together_inflate_each_others_variance() -> None:
    apart, together = variance_inflation(model()), variance_inflation(model(together=5.0))
    assert list(apart) == ["a", "b"]
    assert all(1.0 <= one < 2.0 for one in apart.values())
    assert all(one > 10.0 for one in together.values())


def test_the_groups_of_hosmer_and_lemeshow_hold_all_patients_and_events() -> None:
    ours = model()
    found = hosmer_lemeshow(ours)
    assert isinstance(found, HosmerLemeshow)
    assert (found.groups, found.df) == (10, 8)
    assert (int(found.sizes.sum()), int(found.observed.sum())) == (80, 40)
    assert found.expected.sum() == pytest.approx(40.0)
    order = np.argsort(ours.probabilities)
    chi2 = 0.0
    for group in np.array_split(order, 10):
        observed, expected = ours.label[group].sum(), ours.probabilities[group].sum()
        chi2 += (observed - expected) ** 2 / (expected * (1.0 - expected / group.size))
    assert found.chi2 == pytest.approx(chi2)


def test_tied_probabilities_make_fewer_groups_and_at_last_none() -> None:
    label = [0, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 1]
    three = logistic([[1.0] * 4 + [2.0] * 4 + [3.0] * 4], ["a"], label)
    assert isinstance(three, LogisticModel)
    found = hosmer_lemeshow(three)
    assert isinstance(found, HosmerLemeshow)
    assert found.sizes.tolist() == [4, 4, 4]
    two = logistic([[1.0] * 6 + [2.0] * 6], ["a"], label)
    assert isinstance(two, LogisticModel)
    assert hosmer_lemeshow(two) == NotDefined.of("hosmer_lemeshow.too_few_groups", groups=2, needed=3)


def test_certain_predictions_leave_hosmer_and_lemeshow_nothing_to_divide_by() -> None:
    ours = model()
    probabilities = np.linspace(0.1, 0.9, 80)
    probabilities[:24] = 0.0
    certain = dataclasses.replace(ours, probabilities=frozen(probabilities))
    assert hosmer_lemeshow(certain) == NotDefined.of("hosmer_lemeshow.certain")


def calibrated(predictor: object, label: object) -> Calibration:
    result = calibration(predictor, label)  # type: ignore[arg-type]
    assert isinstance(result, Calibration)
    return result


@given(seed=st.integers(0, 200))
def test_a_model_is_calibrated_on_its_own_patients(seed: int) -> None:
    ours = model(seed)
    found = calibrated(ours.linear_predictor, ours.label)
    assert found.slope == pytest.approx(1.0, abs=1e-6)
    assert found.intercept == pytest.approx(0.0, abs=1e-6)
    assert found.in_the_large == pytest.approx(0.0, abs=1e-6)
    assert found.slope_ci.low < 1.0 < found.slope_ci.high


@given(seed=st.integers(0, 200), shift=st.floats(-30.0, 30.0), factor=st.floats(0.2, 5.0))
def test_predictions_that_are_moved_or_stretched_are_found_out(
    seed: int, shift: float, factor: float
) -> None:
    ours = model(seed)
    moved = calibrated(ours.linear_predictor + shift, ours.label)
    assert moved.in_the_large == pytest.approx(-shift, abs=1e-6)
    assert moved.slope == pytest.approx(1.0, abs=1e-5)
    stretched = calibrated(ours.linear_predictor * factor, ours.label)
    assert stretched.slope == pytest.approx(1.0 / factor, rel=1e-5)


def test_predictions_far_out_are_still_moved_to_the_prevalence() -> None:
    predictor = np.array([-900.0, -800.0, 700.0, 900.0, 5.0, -3.0])
    label = np.array([0, 1, 0, 1, 1, 0])
    found = calibrated(predictor, label)
    probability = 1.0 / (1.0 + np.exp(-np.clip(predictor + found.in_the_large, -700, 700)))
    assert probability.sum() == pytest.approx(3.0, abs=1e-6)


def test_what_cannot_be_calibrated_says_why() -> None:
    assert calibration([1.0, 1.0, 1.0], [0, 1, 1]) == NotDefined.of("calibration.constant", n=3)
    assert calibration([1.0, 2.0], [1, 1]) == NotDefined.of("roc.one_class", n_positive=2, n_negative=0)
    assert calibration([1.0, 2.0, 3.0, 4.0], [0, 0, 1, 1]) == NotDefined.of("logistic.separation", n=4)
