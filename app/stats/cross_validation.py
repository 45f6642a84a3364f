"""A combined model judged on patients it has not seen: leave-one-out and k-fold cross-validation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.calibration import Calibration, calibration
from app.stats.combined import LogisticModel
from app.stats.model_fit import brier_score
from app.stats.newton import logistic_fits, sigmoid, standardised
from app.stats.ranking import Ranking
from app.stats.result import BoolArray, FloatArray, IntArray, NotDefined, Note, frozen

__all__ = ["CrossValidation", "RepeatedFolds", "cross_validated", "leave_one_out", "repeated_folds"]

SEED = 20240
_CELLS = 12_000
"""Fits x patients worked on at once; see :mod:`app.stats.optimism`."""


@dataclass(frozen=True, slots=True, eq=False)
class CrossValidation:
    """Predictions for patients who were left out of the fit.

    Parameters
    ----------
    n, folds : int
        Patients, and how many times the model was fitted.
    predictor : ndarray, shape (n,)
        Log odds of each patient, by the model fitted without the patient's fold.
    auc_pooled : float
        AUC of all these predictions together. Left out one by one it is biased low, because each model leans
        away from its patient.
    auc_per_fold : tuple of float or None
        AUC inside each fold, in ascending order of the folds; None where a fold lacks a class.
    auc_mean : float or None
        Mean of these; None where there is none.
    brier : float
    calibration : Calibration or NotDefined
    notes : tuple of Note
    """

    n: int
    folds: int
    predictor: FloatArray
    auc_pooled: float
    auc_per_fold: tuple[float | None, ...]
    auc_mean: float | None
    brier: float
    calibration: Calibration | NotDefined
    notes: tuple[Note, ...] = ()

    @property
    def probabilities(self) -> FloatArray:
        """The predictions as probabilities, shape (n,)."""
        return sigmoid(self.predictor)


@dataclass(frozen=True, slots=True)
class RepeatedFolds:
    """K-fold cross-validation with the folds drawn again and again.

    Parameters
    ----------
    n, folds, repeats : int
    auc : float
        Mean over the repeats of the mean AUC of the folds.
    sd : float or None
        Between the repeats: what the draw of the folds does, no standard error. None with a single repeat.
    seed : int
    notes : tuple of Note
    """

    n: int
    folds: int
    repeats: int
    auc: float
    sd: float | None
    seed: int
    notes: tuple[Note, ...] = ()


def leave_one_out(model: LogisticModel) -> CrossValidation | NotDefined:
    """Predict each patient by the model fitted to all others.

    Returns
    -------
    CrossValidation or NotDefined
        Not defined where the model cannot be fitted without one of the patients (``cross.not_fitted``).

    References
    ----------
    Stone 1974, J R Stat Soc B 36:111.
    """
    return cross_validated(model, np.arange(model.n))


def cross_validated(model: LogisticModel, folds: ArrayLike) -> CrossValidation | NotDefined:
    """Predict the patients of each fold by the model fitted to all others.

    Parameters
    ----------
    model : LogisticModel
    folds : array_like of int, shape (n,)
        Which fold each patient of the model belongs to.

    Returns
    -------
    CrossValidation or NotDefined
        Not defined where the model cannot be fitted without one of the folds (``cross.not_fitted``).

    Raises
    ------
    ValueError
        If there is not one fold for each patient, or only one fold.

    References
    ----------
    Stone 1974, J R Stat Soc B 36:111.
    """
    names, fold = np.unique(np.asarray(folds), return_inverse=True)
    if fold.size != model.n or names.size < 2:  # noqa: PLR2004 - one fold leaves nobody to fit
        message = f"{fold.size} patients in {names.size} folds, for a model of {model.n} patients"
        raise ValueError(message)
    predictor = _predicted(model, fold[np.newaxis, :].astype(np.int64))[0]
    failed = int(np.unique(fold[np.isnan(predictor)]).size)
    if failed:
        return NotDefined.of("cross.not_fitted", failed=failed, folds=int(names.size))
    diseased = model.label == 1.0
    each = tuple(_area(predictor[fold == one], diseased[fold == one]) for one in range(names.size))
    known = [area for area in each if area is not None]
    return CrossValidation(
        n=model.n,
        folds=int(names.size),
        predictor=frozen(predictor),
        auc_pooled=Ranking.of(predictor, diseased).auc("higher"),
        auc_per_fold=each,
        auc_mean=float(np.mean(known)) if known else None,
        brier=brier_score(sigmoid(predictor), model.label),
        calibration=calibration(predictor, model.label, level=model.level),
    )


def repeated_folds(
    model: LogisticModel, *, folds: int = 10, repeats: int = 20, seed: int = SEED
) -> RepeatedFolds | NotDefined:
    """Cross-validate with folds that hold both classes in proportion, drawn again for each repeat.

    Parameters
    ----------
    model : LogisticModel
    folds : int
        At most as many as the smaller class has patients; fewer are taken otherwise, with a note.
    repeats : int
        At least 1.
    seed : int
        Of the random draws.

    Returns
    -------
    RepeatedFolds or NotDefined
        Not defined with a single patient in a class (``cross.one_case``), or where the model cannot be fitted
        without one of the folds (``cross.not_fitted``).

    References
    ----------
    Kohavi 1995, Int Joint Conf Artif Intell 2:1137.
    """
    smaller = min(model.n_events, model.n - model.n_events)
    if smaller == 1:
        return NotDefined.of("cross.one_case")
    taken = min(folds, smaller)
    random = np.random.default_rng(seed)
    diseased = model.label == 1.0
    drawn = np.stack([_stratified(diseased, taken, random) for _ in range(repeats)])
    predictors = _predicted(model, drawn)
    if bool(np.isnan(predictors).any()):
        failed = sum(
            int(np.unique(fold[np.isnan(row)]).size) for fold, row in zip(drawn, predictors, strict=True)
        )
        return NotDefined.of("cross.not_fitted", failed=failed, folds=taken * repeats)
    means = [
        np.mean([Ranking.of(row[fold == one], diseased[fold == one]).auc("higher") for one in range(taken)])
        for fold, row in zip(drawn, predictors, strict=True)
    ]
    fewer = Note.of("cross.fewer_folds", folds=taken, wanted=folds)
    return RepeatedFolds(
        n=model.n,
        folds=taken,
        repeats=repeats,
        auc=float(np.mean(means)),
        sd=float(np.std(means, ddof=1)) if repeats > 1 else None,
        seed=seed,
        notes=(fewer,) if taken < folds else (),
    )


def _stratified(diseased: BoolArray, folds: int, random: np.random.Generator) -> IntArray:
    fold = np.empty(diseased.size, dtype=np.int64)
    for side in (diseased, ~diseased):
        # one class dealt out after the other, so that the folds' sizes differ by two at most
        fold[side] = random.permutation(np.arange(int(side.sum())) % folds)
    return fold


def _predicted(model: LogisticModel, folds: IntArray) -> FloatArray:
    """Predict each patient by the model fitted without the own fold.

    Parameters
    ----------
    model : LogisticModel
    folds : ndarray of int, shape (repeats, n)
        From 0 up.

    Returns
    -------
    ndarray, shape (repeats, n)
        NaN where a model could not be fitted.
    """
    design, back = standardised(model.design)
    start = np.linalg.solve(back, np.array([one.estimate for one in model.coefficients]))
    predictors = np.empty(folds.shape)
    size = max(1, _CELLS // model.n)
    for fold, predictor in zip(folds, predictors, strict=True):
        count = int(fold.max()) + 1
        for first in range(0, count, size):
            left_out = np.arange(first, min(first + size, count))
            kept = (fold != left_out[:, np.newaxis]).astype(np.float64)
            estimates = logistic_fits(design, kept * model.label, kept * (1.0 - model.label), start=start)
            here = (fold >= first) & (fold < first + size)
            predictor[here] = np.einsum("ij,ij->i", design[here], estimates[fold[here] - first])
    return predictors


def _area(predictor: FloatArray, diseased: BoolArray) -> float | None:
    if diseased.all() or not diseased.any():
        return None
    return Ranking.of(predictor, diseased).auc("higher")
