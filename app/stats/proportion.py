"""Proportions with their counts: 41/49 says more than 83.7 %."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.stats.distributions import beta_quantile, normal_quantile
from app.stats.result import Interval


@dataclass(frozen=True, slots=True)
class Proportion:
    """So many of so many.

    Parameters
    ----------
    count, total : int
        ``total`` is at least 1.
    ci : Interval
        Wilson's interval.
    """

    count: int
    total: int
    ci: Interval

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.count / self.total

    def __str__(self) -> str:
        return f"{self.count}/{self.total}"


def proportion(count: int, total: int, *, level: float = 0.95) -> Proportion | None:
    """Return a proportion with Wilson's interval, or None of nothing (0/0)."""
    if total == 0:
        return None
    return Proportion(count, total, wilson(count, total, level=level))


def wilson(count: int, total: int, *, level: float = 0.95) -> Interval:
    """Score interval of a proportion (Wilson 1927, J Am Stat Assoc 22:209), without continuity correction.

    Parameters
    ----------
    count, total : int
        ``total`` at least 1.
    level : float
        Confidence level.
    """
    z = normal_quantile((1.0 + level) / 2.0)
    share = count / total
    centre = share + z * z / (2.0 * total)
    half = z * math.sqrt(share * (1.0 - share) / total + (z / (2.0 * total)) ** 2)
    scale = 1.0 + z * z / total
    # at 0/n and n/n the limit is exactly 0 or 1; rounding would leave 1e-17 beside it
    low = 0.0 if count == 0 else (centre - half) / scale
    high = 1.0 if count == total else (centre + half) / scale
    return Interval(low, high, level, "Wilson 1927")


def clopper_pearson(count: int, total: int, *, level: float = 0.95) -> Interval:
    """Exact interval of a proportion (Clopper and Pearson 1934, Biometrika 26:404).

    Parameters
    ----------
    count, total : int
        ``total`` at least 1.
    level : float
        Confidence level.
    """
    tail = (1.0 - level) / 2.0
    low = 0.0 if count == 0 else beta_quantile(tail, count, total - count + 1.0)
    high = 1.0 if count == total else beta_quantile(1.0 - tail, count + 1.0, total - count)
    return Interval(low, high, level, "Clopper-Pearson 1934")
