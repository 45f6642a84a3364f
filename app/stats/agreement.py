"""Agreement of two readings: Bland-Altman bias and limits of agreement.

The intraclass correlation lives in :mod:`app.stats.icc` and is offered here too, because both are asked
together.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import noncentral_t_quantile, normal_quantile, t_quantile, t_two_sided
from app.stats.icc import Icc, IccForm, MeanSquares, icc, icc_from_mean_squares
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
    noise_of,
)

__all__ = [
    "BlandAltman",
    "Icc",
    "IccForm",
    "Limit",
    "MeanSquares",
    "bland_altman",
    "icc",
    "icc_from_mean_squares",
]

MULTIPLIER = 1.96
"""SDs from the bias to a limit, as Bland and Altman and MedCalc print it (not 1.959964)."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One limit of agreement, in the unit of the readings.

    Parameters
    ----------
    value : float
        Bias - 1.96 SD or bias + 1.96 SD.
    exact : Interval or None
        Carkeet 2015; None where all differences are equal.
    approximate : Interval or None
        Bland and Altman 1999.
    """

    value: float
    exact: Interval | None
    approximate: Interval | None


@dataclass(frozen=True, slots=True, eq=False)
class BlandAltman:
    """Bias and limits of agreement of ``x - y``, in the unit of the readings.

    Parameters
    ----------
    n, n_excluded : int
        Pairs used, and pairs with a missing cell.
    bias, sd : float
        Mean and SD (divisor n - 1) of the differences.
    bias_ci : Interval or None
    bias_se, bias_t, bias_p : float or None
        Test of the bias against 0 with n - 1 degrees of freedom; None where all differences are equal.
    lower, upper : Limit
    n_outside : int
        Differences strictly outside the limits.
    proportional : Line or NotDefined
        Regression of the difference on the mean.
    means, differences : ndarray, shape (n,)
        What the plot shows, read-only.
    index : ndarray of int, shape (n,)
        The input row of each point.
    level : float
        Confidence level of the intervals; the limits themselves always hold 95 % of the differences.
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
    notes: tuple[Note, ...] = ()

    @property
    def df(self) -> int:
        """Degrees of freedom of the test of the bias."""
        return self.n - 1


def bland_altman(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> BlandAltman | NotDefined:
    """Bias and 95 % limits of agreement of two readings of the same patients.

    Parameters
    ----------
    x, y : array_like, shape (patients,)
        First and second reading, same unit; pairs with a missing cell are left out and counted.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    BlandAltman or NotDefined
        Not defined below two complete pairs (``bland_altman.too_few``).

    References
    ----------
    Bland and Altman 1999, Stat Methods Med Res 8:135. Carkeet 2015, Optom Vis Sci 92:e71 (exact intervals).
    """
    cases = complete_cases([x, y])
    if cases.n < 2:  # noqa: PLR2004 - an SD needs two
        return NotDefined.of("bland_altman.too_few", n=cases.n, n_excluded=cases.n_excluded)
    xs, ys = cases.columns
    differences = xs - ys
    bias = float(differences[0] + np.mean(differences - differences[0]))
    if is_constant(differences, noise=noise_of(xs, ys)):
        return _without_spread(cases, bias, level)
    return _with_spread(cases, bias, float(np.std(differences - differences[0], ddof=1)), level)


def _with_spread(cases: CompleteCases, bias: float, sd: float, level: float) -> BlandAltman:
    xs, ys = cases.columns
    n = cases.n
    se = sd / math.sqrt(n)
    half = t_quantile((1.0 + level) / 2.0, n - 1) * se
    lower, upper = _limits(bias, sd, n, level)
    differences = xs - ys
    proportional = fit_line((xs + ys) / 2.0, differences, level=level)
    return BlandAltman(
        n=n,
        n_excluded=cases.n_excluded,
        bias=bias,
        sd=sd,
        bias_ci=Interval(bias - half, bias + half, level, "Student t"),
        bias_se=se,
        bias_t=bias / se,
        bias_p=t_two_sided(bias / se, n - 1),
        lower=lower,
        upper=upper,
        n_outside=int(np.count_nonzero((differences < lower.value) | (differences > upper.value))),
        proportional=proportional,
        means=frozen((xs + ys) / 2.0),
        differences=frozen(differences),
        index=cases.index,
        level=level,
        notes=_notes(proportional, level),
    )


def _without_spread(cases: CompleteCases, bias: float, level: float) -> BlandAltman:
    xs, ys = cases.columns
    bias = 0.0 if abs(bias) <= noise_of(xs, ys) else bias
    limit = Limit(bias, None, None)
    code = "bland_altman.identical" if bias == 0.0 else "bland_altman.constant"
    return BlandAltman(
        n=cases.n,
        n_excluded=cases.n_excluded,
        bias=bias,
        sd=0.0,
        bias_ci=None,
        bias_se=None,
        bias_t=None,
        bias_p=None,
        lower=limit,
        upper=limit,
        n_outside=0,
        proportional=NotDefined.of(code, n=cases.n, bias=bias),
        means=frozen((xs + ys) / 2.0),
        differences=frozen(np.full(cases.n, bias)),
        index=cases.index,
        level=level,
        notes=(Note.of(code, n=cases.n, bias=bias),),
    )


def _limits(bias: float, sd: float, n: int, level: float) -> tuple[Limit, Limit]:
    tail = (1.0 - level) / 2.0
    # the exact interval is for the true 97.5th percentile, so its noncentrality takes the exact quantile
    noncentrality = normal_quantile(0.975) * math.sqrt(n)
    near, far = (
        noncentral_t_quantile(p, n - 1, noncentrality) * sd / math.sqrt(n) for p in (tail, 1.0 - tail)
    )
    se = sd * math.sqrt(1.0 / n + MULTIPLIER**2 / (2.0 * (n - 1)))
    half = t_quantile(1.0 - tail, n - 1) * se
    low, high = bias - MULTIPLIER * sd, bias + MULTIPLIER * sd
    exact, approximate = "exact, Carkeet 2015", "approximate, Bland and Altman 1999"
    return (
        Limit(
            low,
            Interval(bias - far, bias - near, level, exact),
            Interval(low - half, low + half, level, approximate),
        ),
        Limit(
            high,
            Interval(bias + near, bias + far, level, exact),
            Interval(high - half, high + half, level, approximate),
        ),
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
