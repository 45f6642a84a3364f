"""What the AUC of a combined model loses when it meets new patients: Harrell's optimism bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.combined import logistic
from app.stats.newton import sigmoid, standardised
from app.stats.result import BoolArray, FloatArray, IntArray, NotDefined, Note, complete_cases

SEED = 20240
_CELLS = 500_000
"""Replicates x patients worked on at once, so that a large cohort does not fill the memory."""
_MAX_ITERATIONS = 40
_CONVERGED = 1e-8
_LONGEST_STEP = 4.0
_VANISHED = 1e-14
_SHARE_NEEDED = 0.9
"""Share of resamples that must be fitted: the separated ones are the most optimistic, and missed."""


@dataclass(frozen=True, slots=True)
class Optimism:
    """Apparent and corrected AUC of a combined model, side by side.

    Parameters
    ----------
    n, n_excluded : int
        Patients used, and left out for a missing cell.
    auc_apparent, optimism, auc_corrected : float
        ``auc_corrected`` is ``auc_apparent`` - ``optimism``.
    replicates, failed : int
        Resamples that entered the mean, and those left out because the model could not be fitted to them.
    seed : int or None
        Of the random draws; None when the draws were given.
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    auc_apparent: float
    optimism: float
    auc_corrected: float
    replicates: int
    failed: int
    seed: int | None
    notes: tuple[Note, ...] = ()


def optimism_corrected(
    columns: Sequence[ArrayLike], label: ArrayLike, *, replicates: int = 2000, seed: int = SEED
) -> Optimism | NotDefined:
    """Correct the in-sample AUC of the logistic combination for optimism.

    The model is fitted again to each resample of the patients; how much better it looks on its own resample
    than on the patients themselves is the optimism.

    Parameters
    ----------
    columns : sequence of array_like, each shape (patients,)
    label : array_like, shape (patients,)
        As in :func:`app.stats.combined.logistic`.
    replicates : int
        Resamples.
    seed : int
        Of the random draws.

    Returns
    -------
    Optimism or NotDefined
        Not defined as the model is, or when the model cannot be fitted to a tenth of the resamples
        (``optimism.few_fitted``).

    References
    ----------
    Harrell, Lee and Mark 1996, Stat Med 15:361.
    """
    n = complete_cases([*columns, label]).n
    draws = np.random.default_rng(seed).integers(max(n, 1), size=(replicates, n))
    return optimism_of_draws(columns, label, draws, seed=seed)


def optimism_of_draws(
    columns: Sequence[ArrayLike], label: ArrayLike, draws: IntArray, *, seed: int | None = None
) -> Optimism | NotDefined:
    """Do the same with given resamples.

    Parameters
    ----------
    columns, label
        As in :func:`optimism_corrected`.
    draws : ndarray of int, shape (replicates, n)
        Which of the n complete cases each resample holds.
    seed : int or None
        Where the draws came from, to be reported.
    """
    model = logistic(columns, [str(position) for position in range(len(columns))], label)
    if isinstance(model, NotDefined):
        return model
    patterns = _Patterns.of(columns, label)
    size = max(1, _CELLS // model.n)
    parts = [patterns.optimism(draws[start : start + size]) for start in range(0, len(draws), size)]
    each = np.concatenate(parts) if parts else np.empty(0)
    fitted = each[np.isfinite(each)]
    failed = int(each.size - fitted.size)
    if fitted.size == 0 or fitted.size < _SHARE_NEEDED * each.size:
        return NotDefined.of("optimism.few_fitted", failed=failed, replicates=int(each.size))
    optimism = float(fitted.mean())
    return Optimism(
        n=model.n,
        n_excluded=model.n_excluded,
        auc_apparent=model.roc.auc,
        optimism=optimism,
        auc_corrected=model.roc.auc - optimism,
        replicates=int(fitted.size),
        failed=failed,
        seed=seed,
        notes=(Note.of("optimism.failed", failed=failed, replicates=int(each.size)),) if failed else (),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """Patients grouped by equal covariates: only these can tie, and they tie exactly.

    ``order`` sorts the patients so that each pattern's are together, ``starts`` says where each begins,
    ``diseased`` is in that order, ``design`` has one row for each pattern.
    """

    design: FloatArray
    order: IntArray
    starts: IntArray
    diseased: FloatArray

    @classmethod
    def of(cls, columns: Sequence[ArrayLike], label: ArrayLike) -> _Patterns:
        cases = complete_cases([*columns, label])
        design, _ = standardised(np.stack(cases.columns[:-1], axis=1))
        rows, pattern = np.unique(design, axis=0, return_inverse=True)
        order = np.argsort(pattern, kind="stable")
        starts = np.searchsorted(pattern[order], np.arange(len(rows)))
        return cls(rows, order, starts, cases.columns[-1][order])

    def optimism(self, draws: IntArray) -> FloatArray:
        """Return the optimism of each resample, shape (replicates,), NaN where it cannot be fitted."""
        n = self.order.size
        flat = draws + n * np.arange(len(draws))[:, np.newaxis]
        counts = np.bincount(flat.ravel(), minlength=n * len(draws)).reshape(len(draws), n)[:, self.order]
        cases = np.add.reduceat(counts * self.diseased, self.starts, axis=1)
        controls = np.add.reduceat(counts * (1.0 - self.diseased), self.starts, axis=1)
        estimates = _climb_together(self.design, cases, controls)
        ascending = np.argsort(estimates @ self.design.T, axis=1)
        own = _weighted_auc(
            np.take_along_axis(cases, ascending, axis=1), np.take_along_axis(controls, ascending, axis=1)
        )
        all_cases = np.add.reduceat(self.diseased, self.starts)
        all_controls = np.add.reduceat(1.0 - self.diseased, self.starts)
        difference: FloatArray = own - _weighted_auc(all_cases[ascending], all_controls[ascending])
        difference[np.isnan(estimates[:, 0])] = np.nan
        return difference


def _weighted_auc(cases: FloatArray, controls: FloatArray) -> FloatArray:
    """Areas of many rankings, shape (replicates,); columns ascending in the predictor."""
    beaten = np.cumsum(controls, axis=1) - 0.5 * controls
    pairs = cases.sum(axis=1) * controls.sum(axis=1)
    areas: FloatArray = np.einsum("ij,ij->i", cases, beaten) / np.where(pairs > 0.0, pairs, np.nan)
    return areas


def _climb_together(design: FloatArray, cases: FloatArray, controls: FloatArray) -> FloatArray:
    """Newton's method for all resamples at once.

    Returns
    -------
    ndarray, shape (replicates, columns + 1)
        NaN in rows where a resample lacks a class, separates the classes or does not determine the model.
    """
    width = design.shape[1]
    products = (design[:, :, np.newaxis] * design[:, np.newaxis, :]).reshape(len(design), width * width)
    estimates = np.zeros((len(cases), width))
    result = np.full_like(estimates, np.nan)
    going = np.flatnonzero((cases.sum(axis=1) > 0.0) & (controls.sum(axis=1) > 0.0))
    patients = cases + controls
    for _ in range(_MAX_ITERATIONS):
        if going.size == 0:
            break
        probability = sigmoid(estimates[going] @ design.T)
        weight = patients[going]
        score = (cases[going] - weight * probability) @ design
        information = ((weight * probability * (1.0 - probability)) @ products).reshape(-1, width, width)
        determined = _determined(information, float(weight[0].sum()))
        going = going[determined]
        step = np.linalg.solve(information[determined], score[determined][:, :, np.newaxis])[:, :, 0]
        # an outlier's first step can overshoot and never come back
        furthest = np.abs(step @ design.T).max(axis=1, initial=0.0)
        step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(furthest, _LONGEST_STEP))[:, np.newaxis]
        estimates[going] += step
        done = np.abs(step).max(axis=1, initial=0.0) <= _CONVERGED
        result[going[done]] = estimates[going[done]]
        going = going[~done]
    return result


def _determined(information: FloatArray, patients: float) -> BoolArray:
    """Tell which resamples still inform about every coefficient; separated ones fade out step by step."""
    determined: BoolArray = np.linalg.det(information / patients) > _VANISHED
    return determined
