"""Points on a ROC curve: nearest to the corner, or at a fixed sensitivity or specificity."""

from __future__ import annotations

import numpy as np

from app.stats.criterion import CutOff
from app.stats.result import FloatArray
from app.stats.roc import Roc, cut_off_at

_SAME = 1e-12
"""Rates closer than this are the same share of the patients."""


def closest_top_left(result: Roc) -> CutOff | None:
    """Find the cut-off whose point lies closest to the corner of sensitivity 1 and specificity 1.

    Minimises ``(1 - sensitivity)^2 + (1 - specificity)^2``; of equal ones the first in ascending order.

    Parameters
    ----------
    result : Roc

    Returns
    -------
    CutOff or None
        None where an end of the curve, which calls all patients or none, is as close.

    References
    ----------
    Perkins and Schisterman 2006, Am J Epidemiol 163:670.
    """
    missed = 1.0 - result.steps.true_positives / result.n_positive
    distance = missed**2 + (result.steps.false_positives / result.n_negative) ** 2
    position = int(np.flatnonzero(distance <= distance.min() + _SAME)[0])
    return cut_off_at(result, position) if distance[position] < 1.0 - _SAME else None


def sensitivity_at(result: Roc, specificity: float) -> float:
    """Read the sensitivity at a fixed specificity off the curve, interpolated along its straight pieces.

    Parameters
    ----------
    result : Roc
    specificity : float
        0 to 1. Where the curve rises straight up there, the best sensitivity is taken.

    Raises
    ------
    ValueError
        If it is not between 0 and 1.
    """
    return _read(result.false_positive_rate, result.true_positive_rate, 1.0 - _rate(specificity))


def specificity_at(result: Roc, sensitivity: float) -> float:
    """Read the specificity at a fixed sensitivity off the curve, interpolated along its straight pieces.

    Parameters
    ----------
    result : Roc
    sensitivity : float
        0 to 1. Where the curve runs level there, the best specificity is taken.

    Raises
    ------
    ValueError
        If it is not between 0 and 1.
    """
    # the same reading with the axes turned: missed patients against specificity
    missed, specificity = 1.0 - result.true_positive_rate[::-1], 1.0 - result.false_positive_rate[::-1]
    return _read(missed, specificity, 1.0 - _rate(sensitivity))


def _rate(value: float) -> float:
    if not 0.0 <= value <= 1.0:
        message = f"a rate lies between 0 and 1, got {value}"
        raise ValueError(message)
    return value


def _read(x: FloatArray, y: FloatArray, at: float) -> float:
    """Read an ascending curve at ``at``, its upper value where it rises straight up."""
    last = int(np.searchsorted(x, at + _SAME, side="right")) - 1
    if last == x.size - 1 or abs(x[last] - at) <= _SAME:
        return float(y[last])
    share = (at - x[last]) / (x[last + 1] - x[last])
    return float(y[last] + share * (y[last + 1] - y[last]))
