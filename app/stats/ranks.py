"""Midranks and ties; values that differ by rounding only share a rank."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.stats.result import FloatArray, IntArray, noise_of


@dataclass(frozen=True, slots=True, eq=False)
class Ranks:
    """The ranks of one column.

    Parameters
    ----------
    midranks : ndarray, shape (n,)
        1 to n; tied values share the mean of their ranks.
    step : ndarray of int, shape (n,)
        Position of each value among the different values, from 0.
    ties : ndarray of int, shape (steps,)
        How many values stand on each step.
    """

    midranks: FloatArray
    step: IntArray
    ties: IntArray

    @property
    def has_ties(self) -> bool:
        """Whether any two values are equal."""
        return bool(self.ties.max() > 1)

    def tie_sum(self) -> float:
        """Sum of t^3 - t over the groups of t tied values: what rank tests correct by."""
        t = self.ties.astype(np.float64)
        return float(np.sum(t * t * t - t))


def rank(column: FloatArray) -> Ranks:
    """Rank a non-empty column of finite numbers, shape (n,)."""
    order = np.argsort(column, kind="stable")
    ascending = column[order]
    step = np.empty(column.size, dtype=np.int64)
    step[order] = np.concatenate(([0], np.cumsum(np.diff(ascending) > noise_of(column))))
    ties = np.bincount(step).astype(np.int64)
    middle = np.cumsum(ties) - (ties - 1) / 2.0
    return Ranks(middle[step], step, ties)
