from __future__ import annotations

import math
import re

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.stats import newton, optimism
from app.stats.combined import LogisticModel, logistic
from app.stats.optimism import Optimism, optimism_corrected, optimism_of_draws
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc


def cohort(seed: int = 1, n: int = 80) -> tuple[list[np.ndarray], np.ndarray]:
    rng = np.random.default_rng(seed)
    label = rng.random(n) < 0.45
    fat = np.round(50.0 + 8.0 * label + 7.0 * rng.normal(size=n), 2)
    rate = np.round(145.0 - 9.0 * label + 11.0 * rng.normal(size=n), 2)
    return [fat, rate], label


def combined(columns: object, label: object, **options: float) -> LogisticModel:
    names = [f"m{position}" for position in range(len(columns))]  # type: ignore[arg-type]
    result = logistic(columns, names, label, **options)  # type: ignore[arg-type]
    assert isinstance(result, LogisticModel)
    return result


def refused(columns: object, label: object) -> str:
    names = [f"m{position}" for position in range(len(columns))]  # type: ignore[arg-type]
    result = logistic(columns, names, label)  # type: ignore[arg-type]
    assert isinstance(result, NotDefined)
    return result.code


def test_the_score_is_zero_at_the_maximum() -> None:
    columns, label = cohort()
    model = combined(columns, label)
    residual = label - model.probabilities
    scale = np.abs(np.stack(columns)).sum()
    assert abs(residual.sum()) < 1e-9
    assert np.abs(np.stack(columns) @ residual).max() < 1e-12 * scale


def test_no_penalty_pulls_the_coefficients_to_zero() -> None:
    # one binary column: the maximum is the log odds ratio of the 2 x 2 table
    column = [1.0] * 30 + [0.0] * 40
    label = [1] * 21 + [0] * 9 + [1] * 8 + [0] * 32
    model = combined([column], label)
    intercept, slope = (one.estimate for one in model.coefficients)
    assert intercept == pytest.approx(math.log(8 / 32), rel=1e-12)
    assert slope == pytest.approx(math.log((21 / 9) / (8 / 32)), rel=1e-12)
    assert model.coefficients[1].se == pytest.approx(math.sqrt(1 / 21 + 1 / 9 + 1 / 8 + 1 / 32), rel=1e-12)
    assert model.coefficients[1].odds_ratio == pytest.approx(28 / 3, rel=1e-12)
    assert model.coefficients[1].odds_ratio_ci.low < 28 / 3 < model.coefficients[1].odds_ratio_ci.high


def test_one_column_combined_ranks_the_patients_as_it_does_alone() -> None:
    (fat, _), label = cohort()
    alone = roc(fat, label, direction="higher")
    assert isinstance(alone, Roc)
    assert combined([fat], label).roc.auc == alone.auc


def test_the_equation_and_the_probability_call_the_patients_their_counts_say() -> None:
    columns, label = cohort()
    model = combined(columns, label)
    assert model.cutoff is not None
    left, threshold = model.cutoff.equation.split(" > ")
    intercept, *terms = re.split(r" (?=[+-] )", left)
    value = np.full(label.size, float(intercept))
    for column, term in zip(columns, terms, strict=True):
        sign, size, _, _ = term.split()
        value += float(sign + size) * column
    by_equation = value > float(threshold)
    by_probability = model.probabilities > float(str(model.cutoff.probability).removeprefix("> "))
    counts = (model.cutoff.cutoff.tp, model.cutoff.cutoff.fp)
    assert (int(by_equation[label].sum()), int(by_equation[~label].sum())) == counts
    assert (int(by_probability[label].sum()), int(by_probability[~label].sum())) == counts


def test_predicting_the_own_patients_gives_their_probabilities() -> None:
    columns, label = cohort()
    model = combined(columns, label)
    assert model.predict(columns) == pytest.approx(model.probabilities, rel=1e-12)
    assert model.names == ("m0", "m1")


def test_the_model_says_that_it_is_in_sample_and_how_many_events_it_has() -> None:
    columns, label = cohort()
    assert [note.code for note in combined(columns, label).notes] == ["logistic.in_sample"]
    columns, label = cohort(seed=3, n=30)
    notes = combined(columns, label).notes
    assert [note.code for note in notes] == ["logistic.in_sample", "logistic.few_events"]
    assert notes[1].values["per_predictor"] == min(label.sum(), (~label).sum()) / 2


def test_patients_with_a_gap_are_left_out() -> None:
    (fat, rate), label = cohort()
    fat[3] = np.nan
    model = combined([fat, rate], label)
    assert (model.n, model.n_excluded) == (79, 1)
    assert 3 not in model.index


@given(
    seed=st.integers(0, 200), shift=st.integers(-1000, 1000), scale=st.sampled_from([-100.0, 0.01, 1000.0])
)
def test_another_unit_leaves_the_probabilities(seed: int, shift: int, scale: float) -> None:
    columns, label = cohort(seed, n=40)
    before = logistic(columns, ["a", "b"], label)
    after = logistic([columns[0] * scale + shift, columns[1]], ["a", "b"], label)
    assume(isinstance(before, LogisticModel))
    assert isinstance(before, LogisticModel)
    assert isinstance(after, LogisticModel)
    assert after.probabilities == pytest.approx(before.probabilities, rel=1e-6, abs=1e-9)
    assert after.log_likelihood == pytest.approx(before.log_likelihood, rel=1e-9)


@pytest.mark.parametrize(
    ("column", "label"),
    [
        ([1, 2, 3, 4, 5, 6, 7, 8], [0, 0, 0, 0, 1, 1, 1, 1]),
        ([1, 2, 3, 4, 4, 5, 6, 7], [0, 0, 0, 0, 1, 1, 1, 1]),
        ([8, 7, 6, 5, 4, 3, 2, 1], [0, 0, 0, 0, 1, 1, 1, 1]),
    ],
)
def test_separated_classes_have_no_maximum(column: list[int], label: list[int]) -> None:
    assert refused([column], label) == "logistic.separation"


def test_a_value_absurdly_far_out_is_not_called_separation() -> None:
    column = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 1e6]
    assert refused([column], [0, 1, 0, 1, 0, 1, 1]) == "logistic.not_found"


def test_a_climb_that_is_cut_short_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(newton, "MAX_ITERATIONS", 2)
    columns, label = cohort()
    assert refused(columns, label) == "logistic.not_found"


def test_a_step_that_overshoots_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    # twelve patients with values far out, found by search: full Newton steps lose likelihood on the way
    rng = np.random.default_rng(898)
    n, k = int(rng.integers(8, 40)), int(rng.integers(1, 4))
    design = rng.standard_cauchy(size=(n, k)) ** int(rng.choice([1, 3]))
    label = (rng.random(n) < rng.choice([0.1, 0.3, 0.5])).astype(float)
    heights: list[float] = []
    measure = newton._log_likelihood

    def remembered(predictor: np.ndarray, labels: np.ndarray) -> float:
        heights.append(measure(predictor, labels))
        return heights[-1]

    monkeypatch.setattr(newton, "_log_likelihood", remembered)
    fit = newton.logistic_fit(design, label)
    assert isinstance(fit, newton.LogisticFit)
    assert (np.diff(heights) < -1e-6).any()
    predictor = fit.estimates[0] + design @ fit.estimates[1:]
    residual = label - newton.sigmoid(predictor)
    assert abs(residual.sum()) < 1e-6


def test_what_determines_itself_or_does_not_vary_is_refused() -> None:
    (fat, rate), label = cohort()
    assert refused([fat, 2.0 * fat + 1.0], label) == "logistic.collinear"
    assert refused([fat, np.full(80, 3.0)], label) == "logistic.constant"
    assert refused([fat[:3], rate[:3]], [0, 1, 1]) == "logistic.too_few"
    assert refused([fat], np.ones(80)) == "roc.one_class"
    assert refused([fat], np.full(80, 2.0)) == "roc.label"


def test_columns_and_names_must_match() -> None:
    with pytest.raises(ValueError, match="2 columns with 1 names"):
        logistic([[1.0], [2.0]], ["only"], [1])
    with pytest.raises(ValueError, match="0 columns"):
        logistic([], [], [1])


def test_a_model_without_information_has_no_cut_off() -> None:
    model = combined([[1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0]], [0, 0, 1, 1, 0, 0, 1, 1])
    assert model.roc.auc == pytest.approx(0.5)
    assert model.likelihood_ratio_p == pytest.approx(1.0)


def test_optimism_equals_refitting_each_resample_one_by_one() -> None:
    columns, label = cohort(n=60)
    draws = np.random.default_rng(4).integers(60, size=(15, 60))
    result = optimism_of_draws(columns, label, draws)
    assert isinstance(result, Optimism)
    design, gains = np.stack(columns, axis=1), []
    for draw in draws:
        fit = newton.logistic_fit(design[draw], label[draw].astype(float))
        assert isinstance(fit, newton.LogisticFit)
        predictor = design @ fit.estimates[1:]
        own, whole = (
            roc(predictor[draw], label[draw], direction="higher"),
            roc(predictor, label, direction="higher"),
        )
        assert isinstance(own, Roc)
        assert isinstance(whole, Roc)
        gains.append(own.auc - whole.auc)
    assert result.optimism == pytest.approx(np.mean(gains), rel=1e-9)
    assert result.auc_corrected == pytest.approx(result.auc_apparent - result.optimism)
    assert result.seed is None


def test_the_same_seed_gives_the_same_correction_in_any_portion(monkeypatch: pytest.MonkeyPatch) -> None:
    columns, label = cohort()
    whole = optimism_corrected(columns, label, replicates=50)
    monkeypatch.setattr(optimism, "_CELLS", 800)
    parts = optimism_corrected(columns, label, replicates=50)
    assert isinstance(whole, Optimism)
    assert isinstance(parts, Optimism)
    assert parts.optimism == pytest.approx(whole.optimism, rel=1e-12)
    assert whole.seed == optimism.SEED


def test_resamples_that_cannot_be_fitted_are_counted_and_told() -> None:
    columns, label = cohort()
    draws = np.random.default_rng(4).integers(80, size=(30, 80))
    draws[0] = np.flatnonzero(label)[0]
    draws[1] = np.where(np.arange(80) % 2, np.flatnonzero(label)[0], np.flatnonzero(~label)[0])
    result = optimism_of_draws(columns, label, draws)
    assert isinstance(result, Optimism)
    assert result.failed == 2
    assert result.replicates + result.failed == 30
    assert [note.code for note in result.notes] == ["optimism.failed"]


def test_too_many_failed_resamples_leave_the_optimism_undefined() -> None:
    assert isinstance(
        optimism_corrected([[1, 2, 3, 4, 5, 3.5, 7, 8]], [0, 0, 0, 0, 1, 1, 1, 1], replicates=60), NotDefined
    )
    columns, label = cohort()
    result = optimism_of_draws(columns, label, np.zeros((20, 80), dtype=np.int64))
    assert result == NotDefined.of("optimism.few_fitted", failed=20, replicates=20)


def test_no_resample_is_no_optimism() -> None:
    columns, label = cohort()
    assert isinstance(optimism_of_draws(columns, label, np.empty((0, 80), dtype=np.int64)), NotDefined)


def test_optimism_of_a_model_that_is_not_defined_is_not_defined() -> None:
    assert optimism_corrected([[]], []) == logistic([[]], ["0"], [])
    assert isinstance(optimism_corrected([[1.0, 2.0]], [1, 1], replicates=5), NotDefined)


def test_many_fits_together_are_each_its_own_fit_and_nan_where_the_climb_is_cut_short(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    columns, label = cohort(n=30)
    design, back = newton.standardised(np.stack(columns, axis=1))
    weights = np.random.default_rng(2).integers(1, 4, size=(6, 30)).astype(float)
    cases, controls = weights * label, weights * ~label
    found = newton.logistic_fits(design, cases, controls, start=np.zeros(3))
    for row, weight in zip(found, weights.astype(int), strict=True):
        one = newton.logistic_fit(
            np.repeat(np.stack(columns, axis=1), weight, axis=0), np.repeat(label, weight).astype(float)
        )
        assert isinstance(one, newton.LogisticFit)
        assert back @ row == pytest.approx(one.estimates, rel=1e-8)
    monkeypatch.setattr(newton, "MAX_ITERATIONS", 2)
    assert np.isnan(newton.logistic_fits(design, cases, controls, start=np.zeros(3))).all()


def test_the_corrected_area_has_an_interval_around_it() -> None:
    columns, label = cohort()
    result = optimism_corrected(columns, label, replicates=300)
    assert isinstance(result, Optimism)
    assert result.ci is not None
    assert 0.0 <= result.ci.low < result.auc_corrected < result.ci.high <= 1.0
