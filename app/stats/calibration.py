"""Whether predicted probabilities are as high as they ought to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_quantile
from app.stats.newton import logistic_fit, sigmoid
from app.stats.ranking import why_not_ranked
from app.stats.result import FloatArray, Interval, NotDefined, Note, complete_cases, is_constant, noise_of

__all__ = ["Calibration", "calibration"]

_HALVINGS = 80


@dataclass(frozen=True, slots=True)
class Calibration:
    """Calibration of predictions on the logit scale.

    Parameters
    ----------
    n, n_excluded : int
        Patients used, and left out for a missing cell.
    slope : float
        1 where the predictions are right; below 1 where they are too extreme, as an overfitted model's are.
    slope_ci : Interval
        Wald's.
    intercept : float
        Beside that slope.
    in_the_large : float
        Intercept beside a slope of 1: above 0 where the predictions are too low on the whole.
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    slope: float
    slope_ci: Interval
    intercept: float
    in_the_large: float
    notes: tuple[Note, ...] = ()


def calibration(predictor: ArrayLike, label: ArrayLike, *, level: float = 0.95) -> Calibration | NotDefined:
    """Regress the outcome on the predictions.

    ``logit P(outcome) = intercept + slope x predictor``; in the large with the slope fixed at 1.

    Parameters
    ----------
    predictor : array_like, shape (patients,)
        Predicted log odds. Of patients the model has not been fitted to: on its own patients the slope is 1.
    label : array_like, shape (patients,)
        1 or True with the disease, 0 or False without, NaN or None unknown.
    level : float
        Confidence level.

    Returns
    -------
    Calibration or NotDefined
        Not defined as :func:`app.stats.roc.roc`, with the same prediction for all
        (``calibration.constant``), or as :func:`app.stats.newton.logistic_fit`.

    References
    ----------
    Cox 1958, Biometrika 45:562. Steyerberg 2010, Epidemiology 21:128.
    """
    cases = complete_cases([predictor, label])
    values, outcome = cases.columns
    reason = why_not_ranked(outcome)
    if reason is not None:
        return reason
    if is_constant(values, noise=noise_of(values)):
        return NotDefined.of("calibration.constant", n=cases.n)
    fit = logistic_fit(values[:, np.newaxis], outcome)
    if isinstance(fit, NotDefined):
        return fit
    intercept, slope = fit.estimates.tolist()
    half = normal_quantile((1.0 + level) / 2.0) * float(np.sqrt(fit.covariance[1, 1]))
    return Calibration(
        n=cases.n,
        n_excluded=cases.n_excluded,
        slope=slope,
        slope_ci=Interval(slope - half, slope + half, level, "Wald"),
        intercept=intercept,
        in_the_large=_in_the_large(values, outcome),
    )


def _in_the_large(predictor: FloatArray, label: FloatArray) -> float:
    """Find the shift of all predictions whose mean probability is the prevalence."""
    share = float(label.mean())
    wanted = float(np.log(share / (1.0 - share)))
    low, high = wanted - float(predictor.max()), wanted - float(predictor.min())
    # the mean probability rises with the shift; this often halved, nothing is left between the bounds
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        too_low = float(np.sum(label - sigmoid(predictor + middle))) > 0.0
        low, high = (middle, high) if too_low else (low, middle)
    return (low + high) / 2.0
