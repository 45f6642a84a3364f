"""Limits of agreement and the intervals around them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.stats.distributions import (
    MULTIPLIER,
    chi2_quantile,
    noncentral_t_quantile,
    normal_quantile,
    t_quantile,
)
from app.stats.result import FloatArray, Interval, is_constant

_HELD = 0.975
"""The limits stand for the true 2.5th and 97.5th percentile of the differences."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of agreement, in the unit of the analysis.

    Parameters
    ----------
    value : float
        Bias - 1.96 SD or bias + 1.96 SD.
    exact : Interval or None
        Carkeet 2015; None where all differences are equal.
    approximate : Interval or None
        Bland and Altman 1999.
    approximate_1986 : Interval or None
        Bland and Altman 1986, whose standard error is SD times the root of 3/n.
    mover : Interval or None
        Zou 2013, from the intervals of bias and SD.
    se, se_1986 : float or None
        Standard errors behind the two approximate intervals, on the scale of the differences.
    """

    value: float
    exact: Interval | None = None
    approximate: Interval | None = None
    approximate_1986: Interval | None = None
    mover: Interval | None = None
    se: float | None = None
    se_1986: float | None = None


@dataclass(frozen=True, slots=True)
class VarianceShare:
    """One estimated variance of a sum of variances.

    Parameters
    ----------
    weight : float
        At least 0.
    variance : float
    df : int
        Degrees of freedom it was estimated with, at least 1.
    """

    weight: float
    variance: float
    df: int


def limits_of_agreement(
    bias: float, sd: float, n: int, *, level: float, multiplier: float = MULTIPLIER
) -> tuple[Limit, Limit]:
    """Lower and upper limit of n independent differences with all their intervals.

    Parameters
    ----------
    bias, sd : float
        Mean and SD of the differences, SD above 0.
    n : int
        Differences, at least 2.
    level : float
        Confidence level of the intervals.
    multiplier : float
        SDs from the bias to a limit.

    References
    ----------
    Bland and Altman 1986, Lancet 1:307; 1999, Stat Methods Med Res 8:135. Carkeet 2015, Optom Vis Sci 92:e71.
    Zou 2013, Stat Methods Med Res 22:630.
    """
    low, high = bias - multiplier * sd, bias + multiplier * sd
    tail = (1.0 - level) / 2.0
    # the exact interval is for the true 97.5th percentile, so its noncentrality takes the exact quantile
    noncentrality = normal_quantile(_HELD) * math.sqrt(n)
    near, far = (
        noncentral_t_quantile(p, n - 1, noncentrality) * sd / math.sqrt(n) for p in (tail, 1.0 - tail)
    )
    se, se_1986 = sd * math.sqrt(1.0 / n + multiplier**2 / (2.0 * (n - 1))), sd * math.sqrt(3.0 / n)
    t = t_quantile(1.0 - tail, n - 1)
    exact = (
        Interval(bias - far, bias - near, level, "exact, Carkeet 2015"),
        Interval(bias + near, bias + far, level, "exact, Carkeet 2015"),
    )
    recovered = mover(bias, sd * sd / n, [VarianceShare(1.0, sd * sd, n - 1)], level=level)
    lower, upper = (
        Limit(
            value,
            one,
            Interval(value - t * se, value + t * se, level, "approximate, Bland and Altman 1999"),
            Interval(value - t * se_1986, value + t * se_1986, level, "approximate, Bland and Altman 1986"),
            other,
            se,
            se_1986,
        )
        for value, one, other in zip((low, high), exact, recovered, strict=True)
    )
    return lower, upper


def bias_and_variance(differences: FloatArray, noise: float) -> tuple[float, float]:
    """Return mean and variance of at least two differences; 0 where they differ by rounding only."""
    away = differences - differences[0]
    variance = 0.0 if is_constant(differences, noise=noise) else float(np.var(away, ddof=1))
    return float(differences[0] + away.mean()), variance


def bias_interval(bias: float, variance: float, n: int, level: float) -> Interval:
    """Interval of the mean of n independent differences with this variance."""
    half = t_quantile((1.0 + level) / 2.0, n - 1) * math.sqrt(variance / n)
    return Interval(bias - half, bias + half, level, "Student t")


def mover(
    bias: float, bias_variance: float, shares: Sequence[VarianceShare], *, level: float
) -> tuple[Interval, Interval]:
    """Intervals of both limits of agreement, recovered from those of the bias and of each variance.

    Parameters
    ----------
    bias, bias_variance : float
        Estimated bias and its squared standard error.
    shares : sequence of VarianceShare
        Whose weighted sum is the variance of a single difference.
    level : float
        Confidence level.

    Returns
    -------
    tuple of Interval
        Around the lower and the upper limit.

    References
    ----------
    Zou 2013, Stat Methods Med Res 22:630 (method of variance estimates recovery).
    """
    tail = (1.0 - level) / 2.0
    total = sum(share.weight * share.variance for share in shares)
    down = math.hypot(*(_distance(share, 1.0 - tail) for share in shares))
    up = math.hypot(*(_distance(share, tail) for share in shares))
    held = normal_quantile(_HELD)
    sd = math.sqrt(total)
    about_bias = normal_quantile(1.0 - tail) * math.sqrt(bias_variance)
    outward = math.hypot(about_bias, held * (math.sqrt(total + up) - sd))
    inward = math.hypot(about_bias, held * (sd - math.sqrt(max(total - down, 0.0))))
    low, high = bias - held * sd, bias + held * sd
    method = "MOVER, Zou 2013"
    return (
        Interval(low - outward, low + inward, level, method),
        Interval(high - inward, high + outward, level, method),
    )


def _distance(share: VarianceShare, probability: float) -> float:
    """From a weighted variance to its chi-square limit."""
    return share.weight * share.variance * (share.df / chi2_quantile(probability, share.df) - 1.0)
