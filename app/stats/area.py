"""How sure an area under the curve is: standard errors and intervals by the methods people quote."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from app.stats.distributions import beta_quantile, normal_quantile, normal_two_sided
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
    untruncated : Interval
        The same interval as some programs print it, past 0 or 1 where it reaches so far.
    """

    se: float
    ci: Interval
    z: float | None
    p: float | None
    untruncated: Interval


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
    whole = Interval(value - half, value + half, level, method)
    cut = Interval(max(whole.low, bounds[0]), min(whole.high, bounds[1]), level, method)
    if se == 0.0:
        return AreaEstimate(se, cut, None, None, whole)
    z = (value - null) / se
    return AreaEstimate(se, cut, z, normal_two_sided(z), whole)


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


def null_area(auc: float, n_positive: int, n_negative: int, level: float) -> AreaEstimate:
    """Test an AUC by the standard error it has where the marker says nothing, as SPSS does.

    ``se = sqrt((n + 1) / (12 n_positive n_negative))`` (Bamber 1975, J Math Psychol 12:387; without ties).
    """
    se = math.sqrt((n_positive + n_negative + 1.0) / (12.0 * n_positive * n_negative))
    return estimate(auc, 0.5, se, level, "null hypothesis, Bamber 1975")


def logit_interval(auc: float, se: float, level: float) -> Interval | None:
    """Interval of an AUC on the logit scale, which stays inside 0..1 (Pepe 2003, Oxford).

    ``logit(auc) -+ z se / (auc (1 - auc))``; None where the AUC is 0 or 1 or the standard error is 0.
    """
    if se == 0.0 or not 0.0 < auc < 1.0:
        return None
    centre = math.log(auc / (1.0 - auc))
    half = normal_quantile((1.0 + level) / 2.0) * se / (auc * (1.0 - auc))
    low, high = (float(special.expit(limit)) for limit in (centre - half, centre + half))
    return Interval(low, high, level, "logit of DeLong 1988")


def exact_interval(auc: float, n: int, level: float) -> Interval:
    """Interval of an AUC taken for a binomial proportion of ``n`` patients, as MedCalc's "binomial exact".

    Clopper and Pearson's beta quantiles (1934, Biometrika 26:404) at ``auc * n``, which need not be whole.
    """
    tail, share = (1.0 - level) / 2.0, auc * n
    low = 0.0 if auc == 0.0 else beta_quantile(tail, share, n - share + 1.0)
    high = 1.0 if auc == 1.0 else beta_quantile(1.0 - tail, share + 1.0, n - share)
    return Interval(low, high, level, "binomial exact, Clopper-Pearson 1934")
