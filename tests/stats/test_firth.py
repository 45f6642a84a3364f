from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize

from app.stats import firth_fit
from app.stats.combined import LogisticModel, logistic
from app.stats.distributions import chi2_upper
from app.stats.firth import FirthModel, firth
from app.stats.firth_fit import PenalisedFit, PenalisedProfile
from app.stats.result import NotDefined

SEPARATED = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0], [0, 0, 0, 0, 1, 1, 1, 1])


def fitted(columns: object, label: object, **options: float) -> FirthModel:
    names = [f"m{place}" for place in range(len(columns))]  # type: ignore[arg-type]
    result = firth(columns, names, label, **options)  # type: ignore[arg-type]
    assert isinstance(result, FirthModel)
    return result


def penalised(estimates: np.ndarray, columns: object, label: object) -> float:
    """Written down plainly, as a second opinion."""
    design = np.column_stack((np.ones(len(label)), *columns))  # type: ignore[arg-type,misc]
    predictor = design @ estimates
    probability = 1.0 / (1.0 + np.exp(-predictor))
    information = design.T @ np.diag(probability * (1.0 - probability)) @ design
    likelihood = np.asarray(label) @ predictor - np.log1p(np.exp(predictor)).sum()
    return float(likelihood + 0.5 * np.linalg.slogdet(information)[1])


def cohort(seed: int = 3, n: int = 24) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(n) < n // 3
    return [np.round(label + rng.normal(size=n), 2), np.round(rng.normal(size=n), 2)], label.astype(float)


def test_separated_classes_have_a_finite_answer_at_the_top_of_the_penalised_likelihood() -> None:
    column, label = SEPARATED
    model = fitted([column], label)
    estimates = np.array([one.estimate for one in model.coefficients])
    best = penalised(estimates, [column], label)
    for direction in ([0.01, 0.0], [0.0, 0.01], [0.01, -0.002]):
        for side in (-1.0, 1.0):
            assert penalised(estimates + side * np.array(direction), [column], label) < best
    assert model.roc.auc == 1.0
    assert (model.n, model.n_events) == (8, 4)
    assert [note.code for note in model.notes] == ["logistic.firth", "logistic.few_events"]


def test_limits_and_tests_are_those_of_the_penalised_profile() -> None:
    columns, label = cohort()
    model = fitted(columns, label)
    estimates = np.array([one.estimate for one in model.coefficients])
    best = penalised(estimates, columns, label)

    def fall(position: int, value: float) -> float:
        def height(others: np.ndarray) -> float:
            return -penalised(np.insert(others, position, value), columns, label)

        found = optimize.minimize(height, np.delete(estimates, position), tol=1e-12)
        return 2.0 * (best + found.fun)

    for position, one in enumerate(model.coefficients):
        assert one.ci is not None
        assert one.ci.low < one.estimate < one.ci.high
        assert fall(position, one.ci.low) == pytest.approx(3.841458820694124, abs=1e-5)
        assert fall(position, one.ci.high) == pytest.approx(3.841458820694124, abs=1e-5)
        assert one.p == pytest.approx(chi2_upper(fall(position, 0.0), 1.0), abs=1e-6)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 100), shift=st.integers(-1000, 1000), scale=st.sampled_from([-10.0, 0.01, 100.0]))
def test_another_unit_leaves_the_probabilities_and_scales_the_slope(
    seed: int, shift: int, scale: float
) -> None:
    columns, label = cohort(seed)
    before, after = fitted(columns, label), fitted([columns[0] * scale + shift, columns[1]], label)
    assert after.probabilities == pytest.approx(before.probabilities, abs=1e-8)
    slope, scaled = before.coefficients[1], after.coefficients[1]
    assert scaled.estimate * scale == pytest.approx(slope.estimate, rel=1e-6, abs=1e-8)
    assert slope.ci is not None
    assert scaled.ci is not None
    limits = sorted((scaled.ci.low * scale, scaled.ci.high * scale))
    assert limits == pytest.approx([slope.ci.low, slope.ci.high], rel=1e-5, abs=1e-7)


def test_the_penalty_pulls_towards_zero_and_hardly_at_all_with_many_patients() -> None:
    for n, nearest in ((24, 0.0), (2400, 0.98)):
        columns, label = cohort(n=n)
        plain, ours = logistic(columns, ["a", "b"], label), fitted(columns, label)
        assert isinstance(plain, LogisticModel)
        assert nearest < abs(ours.coefficients[1].estimate / plain.coefficients[1].estimate) < 1.0


@pytest.mark.parametrize("seed", range(12))
def test_six_patients_with_a_single_event_have_an_answer(seed: int) -> None:
    rng = np.random.default_rng(seed)
    label = np.arange(6) == 0
    model = fitted([3.0 * label + 0.3 * rng.normal(size=6), rng.normal(size=6)], label)
    assert 0.5 < model.probabilities[0] < 1.0
    assert all(one.p is not None and one.p <= 1.0 for one in model.coefficients)


def test_odds_ratios_are_told_while_they_are_numbers() -> None:
    column, label = SEPARATED
    model = fitted([column], label)
    slope = model.coefficients[1]
    assert slope.odds_ratio == pytest.approx(np.exp(slope.estimate))
    assert slope.ci is not None
    assert slope.odds_ratio_ci is not None
    assert slope.odds_ratio_ci.high == pytest.approx(np.exp(slope.ci.high))
    tiny = fitted([np.array(column) / 1e6], label).coefficients[1]
    assert (tiny.odds_ratio, tiny.odds_ratio_ci) == (None, None)


def test_gaps_are_left_out() -> None:
    column, label = SEPARATED
    model = fitted([[*column, np.nan]], [*label, 1])
    assert (model.n, model.n_excluded) == (8, 1)
    assert model.index.tolist() == list(range(8))


def test_what_has_no_answer_says_why() -> None:
    column, label = SEPARATED
    assert firth([column], ["a"], [1] * 8) == NotDefined.of("roc.one_class", n_positive=8, n_negative=0)
    assert firth([column, column], ["a", "b"], label) == NotDefined.of("logistic.collinear")
    assert firth([[2.0] * 8], ["a"], label) == NotDefined.of("logistic.constant", name="a")
    with pytest.raises(ValueError, match="0 columns"):
        firth([], [], label)


def test_a_climb_that_is_cut_short_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    column, label = SEPARATED
    monkeypatch.setattr(firth_fit, "_MAX_ITERATIONS", 1)
    assert firth([column], ["a"], label) == NotDefined.of("logistic.not_found", n=8)


def profile() -> PenalisedProfile:
    columns, label = cohort()
    estimates = np.array([one.estimate for one in fitted(columns, label).coefficients])
    found = PenalisedProfile.of(np.stack(columns, axis=1), label, estimates, 1)
    assert found is not None
    return found


def test_a_limit_that_is_not_reached_or_not_found_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = profile()
    assert None not in ours.limits(0.5, 1.96)
    monkeypatch.setattr(firth_fit, "_MAX_DOUBLINGS", 1)
    assert ours.limits(1e-3, 1.96) == (None, None)
    monkeypatch.setattr(firth_fit, "_MAX_DOUBLINGS", 40)
    monkeypatch.setattr(firth_fit, "_MAX_STEPS", 1)
    assert ours.limits(0.5, 1.96) == (None, None)


@pytest.mark.parametrize("answers", [0, 1])
def test_a_profile_that_cannot_be_climbed_has_no_limits(
    monkeypatch: pytest.MonkeyPatch, answers: int
) -> None:
    ours = profile()
    climb, asked = firth_fit.penalised_fit, []

    def sometimes(*arguments: object, **options: object) -> PenalisedFit | None:
        asked.append(1)
        return climb(*arguments, **options) if len(asked) <= answers else None  # type: ignore[arg-type]

    monkeypatch.setattr(firth_fit, "penalised_fit", sometimes)
    assert ours._limit(3.0, 1.96) is None


def test_a_coefficient_whose_profile_fails_has_neither_limits_nor_test(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(firth_fit, "penalised_fit", lambda *_, **__: None)
    column, label = SEPARATED
    for one in fitted([column], label).coefficients:
        assert (one.ci, one.p, one.odds_ratio_ci) == (None, None, None)


def test_a_direction_without_information_ends_the_climb() -> None:
    design = np.column_stack((np.ones(4), [0.0, 1.0, 2.0, 3.0]))
    assert firth_fit.penalised_fit(design, np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 1e4])) is None
