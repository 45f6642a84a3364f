from __future__ import annotations

import numpy as np
import pytest

from app.stats import optimism
from app.stats.combined import LogisticModel, logistic
from app.stats.distributions import chi2_upper
from app.stats.nested_models import (
    AddedArea,
    BesideReference,
    NestedModels,
    added_area,
    added_areas,
    added_beside,
    beside_reference,
    delong_nested,
    nested_models,
)
from app.stats.optimism import Optimism, optimism_corrected
from app.stats.result import NotDefined
from app.stats.roc_paired import PairedRoc


def cohort(seed: int = 1, n: int = 80) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    label = np.arange(n) < n // 2
    fat = 50.0 + 8.0 * label + 9.0 * rng.normal(size=n)
    rate = 145.0 - 5.0 * label + 9.0 * rng.normal(size=n)
    age = 60.0 + 7.0 * label + 8.0 * rng.normal(size=n)
    return fat, rate, age, label


def nested(seed: int = 1) -> NestedModels:
    fat, rate, age, label = cohort(seed)
    result = nested_models([age], ["age"], [fat, rate], ["FF", "R2*"], label)
    assert isinstance(result, NestedModels)
    return result


def test_the_likelihood_ratio_compares_models_of_the_same_patients() -> None:
    fat, rate, age, label = cohort()
    fat[4], age[7] = np.nan, np.nan
    result = nested_models([age], ["age"], [fat, rate], ["FF", "R2*"], label)
    assert isinstance(result, NestedModels)
    assert (result.small.n, result.large.n, result.n_excluded) == (78, 78, 2)
    kept = np.isfinite(fat) & np.isfinite(age)
    small, large = (
        logistic(columns, ["a", "b", "c"][: len(columns)], label[kept])
        for columns in ([age[kept]], [age[kept], fat[kept], rate[kept]])
    )
    assert isinstance(small, LogisticModel)
    assert isinstance(large, LogisticModel)
    assert result.chi2 == pytest.approx(2.0 * (large.log_likelihood - small.log_likelihood))
    assert result.df == 2
    assert result.p == pytest.approx(chi2_upper(result.chi2, 2))
    assert result.added == ("FF", "R2*")


def test_the_corrected_areas_are_those_of_each_model_with_the_same_draws() -> None:
    fat, rate, age, label = cohort()
    found = added_area(nested(), replicates=200, seed=9)
    assert isinstance(found, AddedArea)
    for columns, area in (([age], found.small), ([age, fat, rate], found.large)):
        one = optimism_corrected(columns, label, replicates=200, seed=9)
        assert isinstance(one, Optimism)
        assert area == pytest.approx(one.auc_corrected, abs=1e-12)
    assert found.difference == pytest.approx(found.large - found.small)
    assert found.difference < found.apparent_difference
    assert found.ci.low < found.difference < found.ci.high
    assert (found.base, found.added) == (("age",), ("FF", "R2*"))


def test_columns_of_noise_lose_what_they_seem_to_add() -> None:
    rng = np.random.default_rng(5)
    apparent, corrected = [], []
    for seed in range(12):
        _, _, age, label = cohort(seed, n=50)
        noise = list(rng.normal(size=(4, 50)))
        models = nested_models([age], ["age"], noise, list("abcd"), label)
        assert isinstance(models, NestedModels)
        found = added_area(models, replicates=100)
        assert isinstance(found, AddedArea)
        apparent.append(found.apparent_difference)
        corrected.append(found.difference)
    assert np.mean(apparent) > 0.03
    assert np.mean(corrected) < 0.0


def test_a_reference_stands_beside_the_markers_without_it_and_all_together() -> None:
    fat, rate, age, label = cohort()
    rate[2] = np.nan
    found = beside_reference([fat, rate], ["FF", "R2*"], age, "age", label)
    assert isinstance(found, BesideReference)
    assert found.alone.names == ("age",)
    assert found.without.names == ("FF", "R2*")
    assert found.together.names == ("FF", "R2*", "age")
    assert {found.alone.n, found.without.n, found.together.n} == {79}
    assert found.markers_added.n_excluded == found.reference_added.n_excluded == 1
    assert (found.markers_added.df, found.reference_added.df) == (2, 1)
    markers, reference = added_beside(found, replicates=100, seed=2)
    assert markers == added_area(found.markers_added, replicates=100, seed=2)
    assert reference == added_area(found.reference_added, replicates=100, seed=2)


def test_delong_between_nested_models_comes_with_its_warning() -> None:
    models = nested()
    found = delong_nested(models)
    assert isinstance(found, PairedRoc)
    assert found.difference == pytest.approx(models.large.roc.auc - models.small.roc.auc)
    assert [note.code for note in found.notes] == ["roc.nested"]


def test_delong_between_nested_models_needs_two_patients_of_each_class() -> None:
    one = nested_models(
        [[1.0, 2, 3, 4, 2.5, 0.5]], ["a"], [[2.0, 1, 2, 1, 1.7, 1]], ["b"], [0, 0, 0, 0, 1, 0]
    )
    assert isinstance(one, NestedModels)
    assert delong_nested(one) == NotDefined.of("roc.one_case")


def test_few_events_of_the_large_model_are_told() -> None:
    fat, rate, age, label = cohort(n=30)
    models = nested_models([age], ["age"], [fat, rate], ["FF", "R2*"], label)
    assert isinstance(models, NestedModels)
    assert [note.code for note in models.notes] == ["logistic.few_events"]


def test_resamples_that_fail_are_told_and_too_many_leave_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    models = nested()
    draws = np.random.default_rng(0).integers(80, size=(30, 80))
    draws[3] = 0
    monkeypatch.setattr("app.stats.nested_models.draw_patients", lambda *_: draws)
    found = added_area(models)
    assert isinstance(found, AddedArea)
    assert (found.replicates, found.failed) == (29, 1)
    assert [note.code for note in found.notes] == ["optimism.failed"]
    monkeypatch.setattr(optimism, "_SHARE_NEEDED", 0.99)
    assert added_area(models) == NotDefined.of("optimism.few_fitted", failed=1, replicates=30)


def test_what_cannot_be_fitted_says_why() -> None:
    fat, rate, age, label = cohort()
    flat = np.full(80, 3.0)
    constant = NotDefined.of("logistic.constant", name="flat")
    assert nested_models([flat], ["flat"], [fat], ["FF"], label) == constant
    assert nested_models([fat], ["FF"], [flat], ["flat"], label) == constant
    assert beside_reference([fat, rate], ["FF", "R2*"], flat, "flat", label) == constant
    split = label * 10.0 + age / 1000.0
    separated = NotDefined.of("logistic.separation", n=80)
    assert beside_reference([split], ["split"], age, "age", label) == separated


def test_markers_alone_may_fail_where_all_together_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    fat, _, age, label = cohort()
    answers = iter([nested(), NotDefined.of("logistic.not_found", n=80)])
    monkeypatch.setattr("app.stats.nested_models.nested_models", lambda *_, **__: next(answers))
    found = beside_reference([fat], ["FF"], age, "age", label)
    assert found == NotDefined.of("logistic.not_found", n=80)


def test_something_must_be_added() -> None:
    fat, _, age, label = cohort()
    with pytest.raises(ValueError, match="0 added columns"):
        nested_models([age], ["age"], [], [], label)
    with pytest.raises(ValueError, match="1 added columns with 2 names"):
        nested_models([age], ["age"], [fat], ["FF", "R2*"], label)


def test_several_pairs_of_models_are_resampled_together_as_each_alone() -> None:
    fat, rate, age, label = cohort()
    pairs = [
        nested_models([fat], ["FF"], [rate], ["R2*"], label),
        nested_models([rate], ["R2*"], [fat], ["FF"], label),
        nested_models([np.full(80, 3.0)], ["flat"], [age], ["age"], label),
    ]
    first, second, flat = added_areas(pairs, replicates=100, seed=2)
    assert isinstance(pairs[0], NestedModels)
    assert first == added_area(pairs[0], replicates=100, seed=2)
    assert isinstance(second, AddedArea)
    assert isinstance(first, AddedArea)
    assert second.large == pytest.approx(first.large, abs=1e-12)
    assert flat is pairs[2]
