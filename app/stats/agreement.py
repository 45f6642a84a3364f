"""Agreement of two readings: Bland-Altman bias and limits of agreement.

The intraclass correlation lives in :mod:`app.stats.icc` and is offered here too, because both are asked
together. What else is asked of the differences (normal? wider for large values?) is in
:mod:`app.stats.bland_altman_checks`; several readings of one patient are in
:mod:`app.stats.bland_altman_constant_truth` and :mod:`app.stats.bland_altman_varying_truth`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.bland_altman_limits import Limit, limits_of_agreement
from app.stats.bland_altman_scale import Scale, compare, told, without_difference
from app.stats.distributions import MULTIPLIER, normal_quantile, t_quantile, t_two_sided
from app.stats.icc import Icc, IccForm, MeanSquares, icc, icc_from_mean_squares
from app.stats.ranks import rank
from app.stats.regression import Line, fit_line
from app.stats.result import (
    CompleteCases,
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    complete_cases,
    frozen,
    is_constant,
)
from app.stats.within import sd_interval

__all__ = [
    "Against",
    "BlandAltman",
    "Icc",
    "IccForm",
    "Limit",
    "MeanSquares",
    "Scale",
    "bland_altman",
    "icc",
    "icc_from_mean_squares",
]

Against = Literal["mean", "rank"]
"""What the plot shows the differences against."""


@dataclass(frozen=True, slots=True, eq=False)
class BlandAltman:
    """Bias and limits of agreement of ``x - y``, in the unit of the readings, in percent or as a ratio.

    Parameters
    ----------
    n, n_excluded : int
        Pairs used, and pairs with a missing cell.
    bias, sd : float
        Mean and SD (divisor n - 1) of the differences. With ``scale="log_ratio"`` the geometric mean ratio
        and the SD of the logarithms.
    bias_ci : Interval or None
    bias_se, bias_t, bias_p : float or None
        Test of the bias against no difference with n - 1 degrees of freedom; None where all differences are
        equal. With ``scale="log_ratio"`` on the logarithms.
    lower, upper : Limit
    n_outside : int
        Differences strictly outside the limits.
    proportional : Line or NotDefined
        Regression of the difference (with ``scale="log_ratio"`` of the logarithm) on the mean.
    means, differences : ndarray, shape (n,)
        What the plot shows, read-only; ``differences`` are ratios where the scale says so.
    index : ndarray of int, shape (n,)
        The input row of each point.
    level : float
        Confidence level of the intervals; the limits themselves always hold 95 % of the differences.
    mean_x, mean_y : float
        Mean of each reading.
    median : float
        Of the differences.
    sd_ci : Interval or None
        From chi-square; None where all differences are equal.
    scale : Scale
    against : Against
    multiplier : float
        SDs from the bias to a limit: 1.96, or the exact quantile 1.959964.
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    bias: float
    sd: float
    bias_ci: Interval | None
    bias_se: float | None
    bias_t: float | None
    bias_p: float | None
    lower: Limit
    upper: Limit
    n_outside: int
    proportional: Line | NotDefined
    means: FloatArray
    differences: FloatArray
    index: IntArray
    level: float
    mean_x: float
    mean_y: float
    median: float
    sd_ci: Interval | None
    scale: Scale = "difference"
    against: Against = "mean"
    multiplier: float = MULTIPLIER
    notes: tuple[Note, ...] = ()

    @property
    def df(self) -> int:
        """Degrees of freedom of the test of the bias."""
        return self.n - 1

    @property
    def no_difference(self) -> float:
        """Where two equal readings lie: 0, or 1 for a ratio."""
        return without_difference(self.scale)

    @property
    def positions(self) -> FloatArray:
        """Horizontal place of each point, shape (n,): its mean, or the rank of its mean from 1."""
        return self.means if self.against == "mean" else frozen(rank(self.means).midranks)


@dataclass(frozen=True, slots=True)
class _Settings:
    level: float
    scale: Scale
    against: Against
    multiplier: float


def bland_altman(
    x: ArrayLike,
    y: ArrayLike,
    *,
    level: float = 0.95,
    scale: Scale = "difference",
    against: Against = "mean",
    exact_quantile: bool = False,
) -> BlandAltman | NotDefined:
    """Bias and 95 % limits of agreement of two readings of the same patients.

    The limits are mean(d) - 1.96 SD(d) and mean(d) + 1.96 SD(d) of the differences d.

    Parameters
    ----------
    x, y : array_like, shape (patients,)
        First and second reading, same unit; pairs with a missing cell are left out and counted.
    level : float
        Confidence level of the intervals.
    scale : Scale
        Difference, difference in percent of the mean, ratio, or ratio by way of its logarithm.
    against : Against
        What the plot shows the differences against; no figure depends on it.
    exact_quantile : bool
        Take the 97.5 % quantile of the normal distribution (1.959964) instead of 1.96.

    Returns
    -------
    BlandAltman or NotDefined
        Not defined below two complete pairs (``bland_altman.too_few``), or where a pair has no ratio or
        percentage (``bland_altman.not_positive``).

    References
    ----------
    Bland and Altman 1999, Stat Methods Med Res 8:135. Carkeet 2015, Optom Vis Sci 92:e71 (exact intervals).
    """
    cases = complete_cases([x, y])
    if cases.n < 2:  # noqa: PLR2004 - an SD needs two
        return NotDefined.of("bland_altman.too_few", n=cases.n, n_excluded=cases.n_excluded)
    xs, ys = cases.columns
    compared = compare(xs, ys, scale)
    if isinstance(compared, NotDefined):
        return compared
    values, noise = compared
    settings = _Settings(level, scale, against, normal_quantile(0.975) if exact_quantile else MULTIPLIER)
    bias = float(values[0] + np.mean(values - values[0]))
    if is_constant(values, noise=noise):
        return _without_spread(cases, bias, noise, settings)
    return _with_spread(cases, values, bias, settings)


def _with_spread(cases: CompleteCases, values: FloatArray, bias: float, settings: _Settings) -> BlandAltman:
    xs, ys = cases.columns
    n, level, scale = cases.n, settings.level, settings.scale
    sd = float(np.std(values - values[0], ddof=1))
    se = sd / math.sqrt(n)
    half = t_quantile((1.0 + level) / 2.0, n - 1) * se
    # a logarithm of 0 or a ratio of 1 is no difference
    t = (bias - (0.0 if scale == "log_ratio" else without_difference(scale))) / se
    lower, upper = limits_of_agreement(bias, sd, n, level=level, multiplier=settings.multiplier)
    proportional = fit_line((xs + ys) / 2.0, values, level=level)
    return BlandAltman(
        n=n,
        n_excluded=cases.n_excluded,
        bias=told(bias, scale),
        sd=sd,
        bias_ci=Interval(told(bias - half, scale), told(bias + half, scale), level, "Student t"),
        bias_se=se,
        bias_t=t,
        bias_p=t_two_sided(t, n - 1),
        lower=_told_limit(lower, scale),
        upper=_told_limit(upper, scale),
        n_outside=int(np.count_nonzero((values < lower.value) | (values > upper.value))),
        proportional=proportional,
        means=frozen((xs + ys) / 2.0),
        differences=frozen(np.exp(values) if scale == "log_ratio" else values),
        index=cases.index,
        level=level,
        mean_x=_mean(xs),
        mean_y=_mean(ys),
        median=told(float(np.median(values)), scale),
        sd_ci=sd_interval(sd, n - 1, level),
        scale=scale,
        against=settings.against,
        multiplier=settings.multiplier,
        notes=_notes(proportional, level),
    )


def _without_spread(cases: CompleteCases, bias: float, noise: float, settings: _Settings) -> BlandAltman:
    xs, ys = cases.columns
    scale = settings.scale
    same = without_difference(scale)
    identical = abs(told(bias, scale) - same) <= noise
    bias = same if identical else told(bias, scale)
    code = "bland_altman.identical" if identical else _CONSTANT[scale]
    return BlandAltman(
        n=cases.n,
        n_excluded=cases.n_excluded,
        bias=bias,
        sd=0.0,
        bias_ci=None,
        bias_se=None,
        bias_t=None,
        bias_p=None,
        lower=Limit(bias),
        upper=Limit(bias),
        n_outside=0,
        proportional=NotDefined.of(code, n=cases.n, bias=bias),
        means=frozen((xs + ys) / 2.0),
        differences=frozen(np.full(cases.n, bias)),
        index=cases.index,
        level=settings.level,
        mean_x=_mean(xs),
        mean_y=_mean(ys),
        median=bias,
        sd_ci=None,
        scale=scale,
        against=settings.against,
        multiplier=settings.multiplier,
        notes=(Note.of(code, n=cases.n, bias=bias),),
    )


_CONSTANT = {
    "difference": "bland_altman.constant",
    "percent": "bland_altman.constant_percent",
    "ratio": "bland_altman.constant_ratio",
    "log_ratio": "bland_altman.constant_ratio",
}


def _mean(column: FloatArray) -> float:
    return float(column[0] + np.mean(column - column[0]))


def _told_limit(limit: Limit, scale: Scale) -> Limit:
    if scale != "log_ratio":
        return limit

    def ratio(one: Interval | None) -> Interval | None:
        return one and Interval(told(one.low, scale), told(one.high, scale), one.level, one.method)

    return Limit(
        told(limit.value, scale),
        ratio(limit.exact),
        ratio(limit.approximate),
        ratio(limit.approximate_1986),
        ratio(limit.mover),
        limit.se,
        limit.se_1986,
    )


def _notes(proportional: Line | NotDefined, level: float) -> tuple[Note, ...]:
    if isinstance(proportional, NotDefined):
        return (Note(proportional.code, proportional.values),)
    p = proportional.slope.p
    if p is not None and p >= 1.0 - level:
        return ()
    return (
        Note.of("bland_altman.proportional", slope=proportional.slope.estimate, p=0.0 if p is None else p),
    )
