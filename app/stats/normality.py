"""Shapiro and Wilk's test of normality: what decides between mean (SD) and median (quartiles)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.polynomial.polynomial import polyval
from numpy.typing import ArrayLike
from scipy import special

from app.stats.result import FloatArray, NotDefined, complete_cases, is_constant, noise_of

SMALLEST, LARGEST = 3, 5000
"""The sample sizes Royston's approximation is made for."""

# Royston's published polynomials, in rising powers: the two outer weights in 1/sqrt(n), then the mean and the
# log SD of the transformed 1 - W for n up to 11 (in n) and above (in log n)
_OUTER = (0.0, 0.221157, -0.147981, -2.071190, 4.434685, -2.706056)
_NEXT = (0.0, 0.042981, -0.293762, -1.752461, 5.682633, -3.582633)
_GAMMA_SMALL = (-2.273, 0.459)
_MEAN_SMALL, _LOG_SD_SMALL = (0.5440, -0.39978, 0.025054, -6.714e-4), (1.3822, -0.77857, 0.062767, -0.0020322)
_MEAN, _LOG_SD = (-1.5861, -0.31082, -0.083751, 0.0038915), (-0.4803, -0.082676, 0.0030302)
_SMALL = 11


@dataclass(frozen=True, slots=True)
class ShapiroWilk:
    """Shapiro-Wilk test of one column.

    Parameters
    ----------
    n, n_excluded : int
        Values used, and missing ones.
    w : float
        The statistic, up to 1 for perfectly normal order statistics.
    p : float
        A small one speaks against a normal distribution.
    """

    n: int
    n_excluded: int
    w: float
    p: float


def shapiro_wilk(values: ArrayLike) -> ShapiroWilk | NotDefined:
    """Test whether values come from a normal distribution.

    W is the squared correlation of the ordered values with weights a that approximate the expected normal
    order statistics; its p value comes from a normalising transformation of 1 - W.

    Parameters
    ----------
    values : array_like, shape (rows,)
        Missing cells are left out and counted.

    Returns
    -------
    ShapiroWilk or NotDefined
        Not defined below three values (``shapiro.too_few``), above 5000 (``shapiro.too_many``) and where all
        are equal (``shapiro.constant``).

    References
    ----------
    Shapiro and Wilk 1965, Biometrika 52:591; Royston 1995, Appl Stat 44:547 (algorithm AS R94).
    """
    cases = complete_cases([values])
    (column,) = cases.columns
    n = cases.n
    if n < SMALLEST:
        return NotDefined.of("shapiro.too_few", n=n, n_excluded=cases.n_excluded)
    if n > LARGEST:
        return NotDefined.of("shapiro.too_many", n=n, largest=LARGEST)
    if is_constant(column, noise=noise_of(column)):
        return NotDefined.of("shapiro.constant", n=n)
    lack = _one_minus_w(np.sort(column))
    return ShapiroWilk(n, cases.n_excluded, 1.0 - lack, _p(lack, n))


def _one_minus_w(ordered: FloatArray) -> float:
    """1 - W of ascending values, as a product of small factors so that a W near 1 keeps its digits."""
    x = ordered - ordered[0]
    x = x / x[-1]
    x = x - x.mean()
    a = _weights(x.size)
    length = math.sqrt(float(a @ a) * float(x @ x))
    product = float(a @ x)
    return max(0.0, (length - product) * (length + product) / (length * length))


def _weights(n: int) -> FloatArray:
    if n == SMALLEST:
        return np.array([-1.0, 0.0, 1.0]) * math.sqrt(0.5)
    m = special.ndtri((np.arange(1, n + 1) - 0.375) / (n + 0.25))
    square = float(m @ m)
    u = 1.0 / math.sqrt(n)
    # the one or two outermost weights are corrected, the others only rescaled
    outer = [float(polyval(u, _OUTER)) + m[-1] / math.sqrt(square)]
    if n > 5:  # noqa: PLR2004 - below six values Royston corrects only the outermost
        outer.append(float(polyval(u, _NEXT)) + m[-2] / math.sqrt(square))
    kept = len(outer)
    rest = square - 2.0 * float(m[-kept:] @ m[-kept:])
    scale = math.sqrt(rest / (1.0 - 2.0 * sum(weight * weight for weight in outer)))
    a: FloatArray = m / scale
    a[-kept:] = outer[::-1]
    a[:kept] = [-weight for weight in outer]
    return a


def _p(lack: float, n: int) -> float:
    if n == SMALLEST:
        # exact: W of three values is at least 3/4
        return max(0.0, 6.0 / math.pi * (math.asin(math.sqrt(1.0 - lack)) - math.asin(math.sqrt(0.75))))
    if lack == 0.0:
        return 1.0
    size = float(n) if n <= _SMALL else math.log(n)
    means, log_sds = (_MEAN_SMALL, _LOG_SD_SMALL) if n <= _SMALL else (_MEAN, _LOG_SD)
    y = math.log(lack)
    if n <= _SMALL:
        # W is never so small that this difference reaches 0
        y = -math.log(float(polyval(size, _GAMMA_SMALL)) - y)
    z = (y - float(polyval(size, means))) / math.exp(float(polyval(size, log_sds)))
    return float(special.ndtr(-z))
