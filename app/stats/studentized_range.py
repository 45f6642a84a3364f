"""Tukey's studentized range: tail and quantile by quadrature, exact to some twelve digits.

R's ``ptukey`` is good to some ten digits at many degrees of freedom and to two or three at three of them,
which Games and Howell's test often has; so the integral is done here. Both integrands are analytic and fall
away fast on either side, where the trapezoidal rule converges exponentially.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from scipy import special

from app.stats.distributions import t_quantile
from app.stats.result import FloatArray

_NORMAL_STEP = 0.25
_NORMAL_REACH = (-8.5, 12.0)


def studentized_range_upper(q: float, groups: int, df: float) -> float:
    """Probability that the studentized range exceeds ``q``.

    The range of ``groups`` standard normal values over an independent SD with ``df`` degrees of freedom
    (Tukey 1953; the integral as in Copenhaver and Holland 1988, J Stat Comput Simul 30:1).

    Parameters
    ----------
    q : float
        At least 0.
    groups : int
        At least 2.
    df : float
        Above 0, not necessarily whole.
    """
    if q <= 0.0:
        return 1.0
    # the integrand over log s peaks near here: s^df exp(-df s^2 / 2) times a tail like exp(-q^2 s^2 / 4)
    peak = 0.5 * math.log(df / (df + 0.5 * q * q))
    width = 1.0 / math.sqrt(2.0 * df)
    step = min(0.1, 0.4 * width)
    # the left side falls like s^df, the right one like a normal tail
    low, high = peak - 40.0 / df - 9.0 * width, 9.0 * width
    log_s = np.arange(low, high + step, step)
    s = np.exp(log_s)
    half = 0.5 * df
    log_weight = half * math.log(half) - special.gammaln(half) + df * log_s - half * s * s + math.log(2.0)
    total = step * float(np.exp(log_weight) @ _range_upper(q * s, groups))
    return min(1.0, total)


def _range_upper(w: FloatArray, groups: int) -> FloatArray:
    """Probability that the range of ``groups`` standard normal values exceeds ``w``, without cancellation.

    It is k times the integral of phi(z) (a^(k-1) - b^(k-1)) with a = Phi(z), b = Phi(z) - Phi(z - w), and the
    difference of the powers is Phi(z - w) times a sum of positive terms.
    """
    z = np.arange(*_NORMAL_REACH, _NORMAL_STEP)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    upto = special.ndtr(z)
    below = special.ndtr(z[None, :] - w[:, None])
    inside = upto[None, :] - below
    powers = np.ones_like(inside)
    for power in range(1, groups - 1):
        powers = powers * inside + upto**power
    answer: FloatArray = groups * _NORMAL_STEP * ((below * powers) @ density)
    return answer


def studentized_range_quantile(probability: float, groups: int, df: float) -> float:
    """Quantile of the studentized range: the value exceeded with probability ``1 - probability``.

    Parameters
    ----------
    probability : float
        Above 0, below 1.
    groups : int
        At least 2.
    df : float
        Above 0.
    """
    target = math.log(1.0 - probability)

    def excess(log_q: float) -> float:
        return math.log(studentized_range_upper(math.exp(log_q), groups, df)) - target

    # Bonferroni's t is never far above
    pairs = groups * (groups - 1)
    high = math.log(math.sqrt(2.0) * t_quantile(1.0 - (1.0 - probability) / pairs, df))
    low = high - 0.1
    while excess(low) < 0.0:
        low -= 1.0
    return math.exp(_root(excess, low, high + 1e-9))


def _root(excess: Callable[[float], float], low: float, high: float) -> float:
    """Find where a falling function crosses 0, by false position that halves a stuck end (Illinois)."""
    at_low, at_high = excess(low), excess(high)
    middle, before = low, high
    while abs(middle - before) > 1e-12 * max(1.0, abs(middle)):
        middle, before = (low * at_high - high * at_low) / (at_high - at_low), middle
        at_middle = excess(middle)
        if at_middle > 0.0:
            low, at_low, at_high = middle, at_middle, at_high / 2.0
        else:
            high, at_high, at_low = middle, at_middle, at_low / 2.0
    return middle
