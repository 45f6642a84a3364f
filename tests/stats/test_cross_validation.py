from __future__ import annotations

import numpy as np
import pytest

from app.stats import cross_validation
from app.stats.combined import LogisticModel, logistic
from app.stats.cross_validation import (
    CrossValidation,
    RepeatedFolds,
    cross_validated,
    leave_one_out,
    repeated_folds,
)
from app.stats.newton import LogisticFit, logistic_fit
from app.stats.result import NotDefined
from app.stats.roc import Roc, roc


def model(seed: int = 1, n: int = 50, gain: float = 1.0) -> LogisticModel:
    rng = np.random.default_rng(seed)
    label = np.arange(n) < n // 2
    columns = [50.0 + 8.0 * (gain * label + rng.normal(size=n)), rng.normal(size=n)]
    result = logistic(columns, ["a", "b"], label)
    assert isinstance(result, LogisticModel)
    return result


def left_out(found: CrossValidation | NotDefined) -> CrossValidation:
    assert isinstance(found, CrossValidation)
    return found


def test_each_patient_is_predicted_by_the_model_of_all_others(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = model()
    # in portions of seven patients
    monkeypatch.setattr(cross_validation, "_CELLS", 350)
    found = left_out(leave_one_out(ours))
    for patient in range(ours.n):
        others = np.arange(ours.n) != patient
        fit = logistic_fit(ours.design[others], ours.label[others])
        assert isinstance(fit, LogisticFit)
        wanted = fit.estimates[0] + ours.design[patient] @ fit.estimates[1:]
        assert found.predictor[patient] == pytest.approx(wanted, abs=1e-8)
    assert found.folds == 50
    assert found.auc_per_fold == (None,) * 50
    assert found.auc_mean is None
    assert found.auc_pooled < ours.roc.auc
    assert found.probabilities == pytest.approx(1.0 / (1.0 + np.exp(-found.predictor)))


def test_each_fold_has_its_own_area_and_names_do_not_matter() -> None:
    ours = model()
    folds = np.arange(50) % 5
    found, named = left_out(cross_validated(ours, folds)), left_out(cross_validated(ours, folds * 10 - 3))
    assert named.auc_per_fold == found.auc_per_fold
    for fold, area in enumerate(found.auc_per_fold):
        curve = roc(found.predictor[folds == fold], ours.label[folds == fold], direction="higher")
        assert isinstance(curve, Roc)
        assert area == curve.auc
    assert found.auc_mean == pytest.approx(np.mean(found.auc_per_fold))


def test_folds_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="1 folds"):
        cross_validated(model(), np.zeros(50))
    with pytest.raises(ValueError, match="3 patients"):
        cross_validated(model(), [0, 1, 2])


def test_a_patient_who_alone_keeps_the_classes_together_cannot_be_left_out() -> None:
    column = [1.0, 2.0, 3.0, 9.0, 5.0, 6.0, 7.0, 8.0]
    ours = logistic([column], ["a"], [0, 0, 0, 0, 1, 1, 1, 1])
    assert isinstance(ours, LogisticModel)
    assert leave_one_out(ours) == NotDefined.of("cross.not_fitted", failed=1, folds=8)
    found = repeated_folds(ours, folds=4, repeats=3)
    assert found == NotDefined.of("cross.not_fitted", failed=3, folds=12)


def test_repeated_folds_hold_both_classes_and_repeat_with_their_seed() -> None:
    ours = model()
    found = repeated_folds(ours, folds=5, repeats=4)
    assert isinstance(found, RepeatedFolds)
    assert found == repeated_folds(ours, folds=5, repeats=4)
    assert found != repeated_folds(ours, folds=5, repeats=4, seed=1)
    assert found.sd is not None
    assert 0.5 < found.auc < ours.roc.auc
    assert found.notes == ()


def test_no_more_folds_are_made_than_a_class_has_patients() -> None:
    rng = np.random.default_rng(0)
    label = np.arange(40) < 6
    few = logistic([label + rng.normal(size=40)], ["a"], label)
    assert isinstance(few, LogisticModel)
    found = repeated_folds(few, repeats=1)
    assert isinstance(found, RepeatedFolds)
    assert (found.folds, found.repeats, found.sd) == (6, 1, None)
    assert [note.code for note in found.notes] == ["cross.fewer_folds"]


def test_a_single_patient_of_a_class_cannot_be_in_two_folds() -> None:
    ours = logistic([[1.0, 2.0, 3.0, 2.5]], ["a"], [0, 0, 0, 1])
    assert isinstance(ours, LogisticModel)
    assert repeated_folds(ours) == NotDefined.of("cross.one_case")
