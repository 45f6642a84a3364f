"""How sure an area under the curve is: DeLong's and Hanley and McNeil's standard errors."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.stats.distributions import normal_quantile, normal_two_sided
from app.stats.result import FloatArray, Interval

Components = tuple[FloatArray, FloatArray]
"""Placements of the diseased and of the others (:meth:`app.stats.ranking.Ranking.placements`)."""


@dataclass(frozen=True, slots=True)
class AreaEstimate:
    """Standard error of an AUC by one method, with interval and test against 0.5.

    Parameters
    ----------
    se : float
    ci : Interval
        Cut to 0..1.
    z, p : float or None
        None where the standard error is 0.
    """

    se: float
    ci: Interval
    z: float | None
    p: float | None


def covariance(first: Components, second: Components) -> float:
    """Covariance of two areas of the same patients."""
    return sum(float(np.cov(a, b, ddof=1)[0, 1]) / a.size for a, b in zip(first, second, strict=True))


def variance(components: Components) -> float:
    """Variance of an area."""
    return sum(float(np.var(part, ddof=1)) / part.size for part in components)


def estimate(
    value: float,
    null: float,
    se: float,
    level: float,
    method: str,
    *,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> AreaEstimate:
    """Interval of ``value``, cut to ``bounds``, and its normal test against ``null``."""
    half = normal_quantile((1.0 + level) / 2.0) * se
    interval = Interval(max(value - half, bounds[0]), min(value + half, bounds[1]), level, method)
    if se == 0.0:
        return AreaEstimate(se, interval, None, None)
    z = (value - null) / se
    return AreaEstimate(se, interval, z, normal_two_sided(z))


def delong_area(auc: float, components: Components, level: float) -> AreaEstimate | None:
    """Judge an AUC by DeLong's variance; None with a single patient in a class."""
    if min(part.size for part in components) == 1:
        return None
    return estimate(auc, 0.5, math.sqrt(variance(components)), level, "DeLong 1988")


def hanley_mcneil_area(auc: float, n_positive: int, n_negative: int, level: float) -> AreaEstimate:
    """Judge an AUC by Hanley and McNeil's variance (1982, Radiology 143:29)."""
    two_cases, two_controls = auc / (2.0 - auc), 2.0 * auc * auc / (1.0 + auc)
    total = auc * (1.0 - auc) + (n_positive - 1) * (two_cases - auc * auc)
    total += (n_negative - 1) * (two_controls - auc * auc)
    se = math.sqrt(max(total, 0.0) / (n_positive * n_negative))
    return estimate(auc, 0.5, se, level, "Hanley and McNeil 1982")
