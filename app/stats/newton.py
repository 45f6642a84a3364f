"""Maximum likelihood of the logistic model by Newton's method: one fit, or many weighted fits at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from app.stats.result import BoolArray, FloatArray, IntArray, NotDefined

MAX_ITERATIONS = 60
_CONVERGED = 1e-9
"""Largest last change of a linear predictor; Newton's error is then its square."""
_VANISHED = 1e-12
"""Information per patient below which the climb is given up.

The columns are standardised. When they separate the classes, each step adds about 1 to some linear predictor
and the information about that direction fades like exp(-step), so this is reached within 30 steps.
"""
_SETTLED = 1e-6
"""Largest last step of a coefficient among many fits; Newton's error is then its square."""
_LONGEST_STEP = 4.0
_FADED = 1e-14
"""Determinant of the information per patient below which one of many fits is given up."""


@dataclass(frozen=True, slots=True, eq=False)
class LogisticFit:
    """A maximum of the likelihood.

    Parameters
    ----------
    estimates : ndarray, shape (columns + 1,)
        The intercept first, per unit of the columns.
    covariance : ndarray, shape (columns + 1, columns + 1)
        Inverse of the information.
    log_likelihood : float
    """

    estimates: FloatArray
    covariance: FloatArray
    log_likelihood: float


def sigmoid(predictor: FloatArray) -> FloatArray:
    """Probability of a linear predictor, elementwise."""
    probability: FloatArray = special.expit(predictor)
    return probability


def logistic_fit(columns: FloatArray, label: FloatArray) -> LogisticFit | NotDefined:
    """Fit ``label`` (0 or 1, both present) on ``columns`` by maximum likelihood.

    Parameters
    ----------
    columns : ndarray, shape (patients, columns)
        Finite, none constant.
    label : ndarray, shape (patients,)

    Returns
    -------
    LogisticFit or NotDefined
        Not defined when columns determine each other (``logistic.collinear``), separate the classes
        (``logistic.separation``), or hold values so far out that the maximum is not found
        (``logistic.not_found``).
    """
    design, back = standardised(columns)
    if rank_is_short(design):
        return NotDefined.of("logistic.collinear")
    estimates = _climb(design, label)
    if estimates is None:
        code = "logistic.separation" if separated(design, label) else "logistic.not_found"
        return NotDefined.of(code, n=int(label.size))
    predictor = design @ estimates
    inverse = np.linalg.inv(_information(design, predictor))
    return LogisticFit(
        estimates=back @ estimates,
        covariance=back @ inverse @ back.T,
        log_likelihood=_log_likelihood(predictor, label),
    )


def rank_is_short(design: FloatArray) -> bool:
    """Tell whether the standardised columns of a design determine each other."""
    return bool(np.linalg.svd(design, compute_uv=False)[-1] <= 1e-8 * np.sqrt(len(design)))


def logistic_fits(
    design: FloatArray,
    cases: FloatArray,
    controls: FloatArray,
    *,
    start: FloatArray,
    held: IntArray | None = None,
) -> FloatArray:
    """Fit many weighted samples of the same patients at once.

    Parameters
    ----------
    design : ndarray, shape (patterns, columns + 1)
        Standardised, with its column of ones.
    cases, controls : ndarray, shape (fits, patterns)
        How often each pattern occurs in each sample, with and without the disease.
    start : ndarray, shape (columns + 1,) or (fits, columns + 1)
        Coefficients near the maxima, such as those of the whole sample.
    held : ndarray of int, shape (fits,), optional
        One coefficient of each fit that stays where it starts.

    Returns
    -------
    ndarray, shape (fits, columns + 1)
        NaN in rows where a sample lacks a class, separates the classes or does not determine the model.
    """
    width = design.shape[1]
    products = (design[:, :, np.newaxis] * design[:, np.newaxis, :]).reshape(len(design), width * width)
    result = np.full((len(cases), width), np.nan)
    patients = cases + controls
    going = np.flatnonzero((cases > 0.0).any(axis=1) & (controls > 0.0).any(axis=1))
    estimates = np.broadcast_to(start, result.shape)[going]
    fixed = np.zeros(result.shape, dtype=np.bool_)
    if held is not None:
        fixed[np.arange(len(cases)), held] = True
    cases, patients, fixed = cases[going], patients[going], fixed[going]
    for _ in range(MAX_ITERATIONS):
        if going.size == 0:
            break
        step, determined = _steps(design, products, estimates, cases, patients, fixed)
        estimates += step
        settled = determined & (np.abs(step).max(axis=1) <= _SETTLED)
        result[going[settled]] = estimates[settled]
        left = determined & ~settled
        if not left.all():
            going, estimates, fixed = going[left], estimates[left], fixed[left]
            cases, patients = cases[left], patients[left]
    return result


def _steps(
    design: FloatArray,
    products: FloatArray,
    estimates: FloatArray,
    cases: FloatArray,
    patients: FloatArray,
    fixed: BoolArray,
) -> tuple[FloatArray, BoolArray]:
    """Return Newton's step of each fit, and whether its sample still informs about every coefficient."""
    width = design.shape[1]
    probability = sigmoid(estimates @ design.T)
    expected = patients * probability
    score = (cases - expected) @ design
    expected *= 1.0 - probability
    information = (expected @ products).reshape(-1, width, width)
    information /= patients.sum(axis=1)[:, np.newaxis, np.newaxis]
    score /= patients.sum(axis=1)[:, np.newaxis]
    if fixed.any():
        free = ~fixed
        information *= free[:, :, np.newaxis] & free[:, np.newaxis, :]
        information += np.eye(width) * fixed[:, :, np.newaxis]
        score *= free
    # separated samples fade out step by step
    determined: BoolArray = np.linalg.det(information) > _FADED
    information[~determined] = np.eye(width)
    step = np.asarray(np.linalg.solve(information, score[:, :, np.newaxis])[:, :, 0], dtype=np.float64)
    # an outlier's first step can overshoot and never come back
    furthest = np.abs(step @ design.T).max(axis=1)
    step *= np.minimum(1.0, _LONGEST_STEP / np.maximum(furthest, _LONGEST_STEP))[:, np.newaxis]
    return step, determined


def separated(design: FloatArray, label: FloatArray) -> bool:
    """Tell whether some weighting of the columns parts the classes, ties on the border allowed.

    A linear programme decides it (Konis 2007, thesis, Oxford): push every patient to the own side at once.

    Parameters
    ----------
    design : ndarray, shape (patients, columns + 1)
        With its column of ones.
    label : ndarray, shape (patients,)
    """
    # needed only after a failed climb, and slow to load
    from scipy.optimize import linprog  # noqa: PLC0415

    own_side = design * np.where(label > 0.0, 1.0, -1.0)[:, np.newaxis]
    # each column to at most 1, so that what an outlier gains does not drown the others
    own_side = own_side / np.abs(own_side).max(axis=0)
    found = linprog(-own_side.sum(axis=0), A_ub=-own_side, b_ub=np.zeros(label.size), bounds=(-1.0, 1.0))
    return bool(-found.fun > 1e-9)  # noqa: PLR2004 - the solver's own rounding


def standardised(columns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Centre and scale the columns behind a column of ones.

    Returns
    -------
    tuple of ndarray
        The design, shape (patients, columns + 1), and the matrix that takes its coefficients back to the
        units of the columns, shape (columns + 1, columns + 1).
    """
    centre, spread = columns.mean(axis=0), columns.std(axis=0)
    design = np.column_stack((np.ones(columns.shape[0]), (columns - centre) / spread))
    back = np.diag(np.concatenate(([1.0], 1.0 / spread)))
    back[0, 1:] = -centre / spread
    return design, back


def own_design(
    columns: FloatArray, estimates: FloatArray, position: int
) -> tuple[FloatArray, FloatArray, float]:
    """Scale the columns so that one coefficient stays itself, to hold it and fit the others again.

    A slope is the same in centred columns, where it is best found; the intercept only in columns as they are.

    Parameters
    ----------
    columns : ndarray, shape (patients, columns)
    estimates : ndarray, shape (columns + 1,)
        In the units of the columns, the intercept first.
    position : int
        Which coefficient, 0 for the intercept.

    Returns
    -------
    tuple
        The design, shape (patients, columns + 1); the estimates in it; and the unit of the coefficient, by
        which its value in the design is multiplied.
    """
    units = np.concatenate(([1.0], 1.0 / columns.std(axis=0)))
    if position > 0:
        design, back = standardised(columns)
        start = np.asarray(np.linalg.solve(back, estimates), dtype=np.float64)
        return design, start, float(units[position])
    return np.column_stack((np.ones(len(columns)), columns * units[1:])), estimates / units, 1.0


def _climb(design: FloatArray, label: FloatArray) -> FloatArray | None:
    estimates = np.zeros(design.shape[1])
    reached = _log_likelihood(design @ estimates, label)
    for _ in range(MAX_ITERATIONS):
        predictor = design @ estimates
        information = _information(design, predictor)
        if np.linalg.eigvalsh(information)[0] <= _VANISHED * label.size:
            return None
        step = np.linalg.solve(information, design.T @ (label - sigmoid(predictor)))
        if np.abs(design @ step).max() <= _CONVERGED:
            return np.asarray(estimates + step)
        # the likelihood is concave: half a step is short enough in the end; a loss by rounding is none
        while (gained := _log_likelihood(design @ (estimates + step), label)) < reached - 1e-10 * abs(
            reached
        ):
            step = step / 2.0
        estimates, reached = estimates + step, gained
    return None


def _information(design: FloatArray, predictor: FloatArray) -> FloatArray:
    probability = sigmoid(predictor)
    information: FloatArray = (design * (probability * (1.0 - probability))[:, np.newaxis]).T @ design
    return information


def _log_likelihood(predictor: FloatArray, label: FloatArray) -> float:
    return float(label @ predictor - np.logaddexp(0.0, predictor).sum())
