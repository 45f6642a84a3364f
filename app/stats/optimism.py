"""What the AUC of a combined model loses when it meets new patients: Harrell's optimism bootstrap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.combined import LogisticModel, logistic
from app.stats.newton import logistic_fits, standardised
from app.stats.result import FloatArray, IntArray, Interval, NotDefined, Note, complete_cases

__all__ = ["Optimism", "Resampled", "draw_patients", "optimism_corrected", "optimism_of_draws", "resampled"]

SEED = 20240
_CELLS = 12_000
"""Replicates x patients worked on at once: few enough to stay in the cache, and for matrix products too small
to be shared among threads, which costs more than it saves."""
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
    ci : Interval or None
        Of the corrected AUC: percentiles of the resamples' own areas, moved by the optimism.
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
    ci: Interval | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Areas of a model fitted to resamples.

    Parameters
    ----------
    own : ndarray, shape (replicates,)
        AUC on the resample the model was fitted to; NaN where it could not be fitted.
    whole : ndarray, shape (replicates,)
        AUC of the same model on the patients themselves; NaN in the same places.
    """

    own: FloatArray
    whole: FloatArray

    @property
    def fitted(self) -> IntArray:
        """Which resamples could be fitted."""
        return np.flatnonzero(np.isfinite(self.own))


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
    Harrell, Lee and Mark 1996, Stat Med 15:361. Interval: Noma 2021, Stat Med 40:5691.
    """
    draws = draw_patients(complete_cases([*columns, label]).n, replicates, seed)
    return optimism_of_draws(columns, label, draws, seed=seed)


def draw_patients(n: int, replicates: int, seed: int = SEED) -> IntArray:
    """Draw ``n`` patients with replacement, shape (replicates, n)."""
    return np.random.default_rng(seed).integers(max(n, 1), size=(replicates, n))


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
    areas = resampled(model, draws)
    fitted = areas.fitted
    reason = too_few_fitted(fitted, len(draws))
    if reason is not None:
        return reason
    failed = len(draws) - fitted.size
    optimism = float(np.mean(areas.own[fitted] - areas.whole[fitted]))
    return Optimism(
        n=model.n,
        n_excluded=model.n_excluded,
        auc_apparent=model.roc.auc,
        optimism=optimism,
        auc_corrected=model.roc.auc - optimism,
        replicates=int(fitted.size),
        failed=failed,
        seed=seed,
        notes=failed_note(failed, len(draws)),
        ci=shifted_interval(areas.own[fitted], optimism, model.level, bounds=(0.0, 1.0)),
    )


def too_few_fitted(fitted: IntArray, replicates: int) -> NotDefined | None:
    """Refuse resamples of which too few could be fitted."""
    if fitted.size == 0 or fitted.size < _SHARE_NEEDED * replicates:
        failed = replicates - int(fitted.size)
        return NotDefined.of("optimism.few_fitted", failed=failed, replicates=replicates)
    return None


def failed_note(failed: int, replicates: int) -> tuple[Note, ...]:
    """Tell how many resamples could not be fitted, if any."""
    return (Note.of("optimism.failed", failed=failed, replicates=replicates),) if failed else ()


def shifted_interval(
    apparent: FloatArray, optimism: float, level: float, *, bounds: tuple[float, float]
) -> Interval:
    """Percentiles of resampled apparent figures, moved by the optimism and cut to ``bounds`` (Noma 2021)."""
    tail = (1.0 - level) / 2.0
    low, high = (float(one) - optimism for one in np.quantile(apparent, [tail, 1.0 - tail]))
    method = "location-shifted bootstrap, Noma 2021"
    return Interval(max(low, bounds[0]), min(high, bounds[1]), level, method)


def resampled(model: LogisticModel, draws: IntArray) -> Resampled:
    """Fit a model again to each resample of its patients.

    Parameters
    ----------
    model : LogisticModel
    draws : ndarray of int, shape (replicates, n)
        Which of the n patients of the model each resample holds.
    """
    patterns = _Patterns.of(model)
    size = max(1, _CELLS // model.n)
    parts = [patterns.areas(draws[start : start + size]) for start in range(0, len(draws), size)]
    own, whole = (np.concatenate([np.empty(0), *(part[side] for part in parts)]) for side in (0, 1))
    return Resampled(own, whole)


@dataclass(frozen=True, slots=True, eq=False)
class _Patterns:
    """Patients grouped by equal covariates: only these can tie, and they tie exactly.

    ``pattern`` says which one each patient shows, ``cases`` and ``controls`` count the patients of each,
    ``design`` has one row for each; ``start`` is the maximum of the whole sample.
    """

    design: FloatArray
    pattern: IntArray
    label: FloatArray
    cases: FloatArray
    controls: FloatArray
    start: FloatArray

    @classmethod
    def of(cls, model: LogisticModel) -> _Patterns:
        design, back = standardised(model.design)
        rows, pattern = np.unique(design, axis=0, return_inverse=True)
        cases = np.bincount(pattern, model.label).astype(np.float64)
        controls = np.bincount(pattern, 1.0 - model.label).astype(np.float64)
        estimates = np.array([one.estimate for one in model.coefficients])
        start = np.asarray(np.linalg.solve(back, estimates), dtype=np.float64)
        return cls(rows, pattern.astype(np.int64), model.label, cases, controls, start)

    def areas(self, draws: IntArray) -> tuple[FloatArray, FloatArray]:
        """Return the areas of each resample, shape (replicates,), NaN where it cannot be fitted."""
        width = len(self.design)
        # cases and controls of a pattern side by side, so that one count finds both
        place = self.pattern + width * (self.label == 0.0)
        flat = place[draws] + 2 * width * np.arange(len(draws))[:, np.newaxis]
        drawn = np.bincount(flat.ravel(), minlength=2 * width * len(draws)).reshape(len(draws), 2 * width)
        counts = drawn.astype(np.float64)
        cases, controls = counts[:, :width], counts[:, width:]
        estimates = logistic_fits(self.design, cases, controls, start=self.start)
        ascending = np.argsort(estimates @ self.design.T, axis=1)
        own = _weighted_auc(
            np.take_along_axis(cases, ascending, axis=1), np.take_along_axis(controls, ascending, axis=1)
        )
        whole = _weighted_auc(self.cases[ascending], self.controls[ascending])
        for areas in (own, whole):
            areas[np.isnan(estimates[:, 0])] = np.nan
        return own, whole


def _weighted_auc(cases: FloatArray, controls: FloatArray) -> FloatArray:
    """Areas of many rankings, shape (replicates,); columns ascending in the predictor."""
    beaten = np.cumsum(controls, axis=1) - 0.5 * controls
    pairs = cases.sum(axis=1) * controls.sum(axis=1)
    areas: FloatArray = np.einsum("ij,ij->i", cases, beaten) / np.where(pairs > 0.0, pairs, np.nan)
    return areas
