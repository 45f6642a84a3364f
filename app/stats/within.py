"""Each patient's own replicates: how many, their mean, and how far they lie from it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from app.stats.distributions import MULTIPLIER, chi2_quantile
from app.stats.result import FloatArray, Interval, frozen, noise_of

TIMES = MULTIPLIER * math.sqrt(2.0)
"""From a standard error of measurement to what 95 % of differences of two readings do not exceed: 2.77."""


@dataclass(frozen=True, slots=True, eq=False)
class Within:
    """The replicates of each patient.

    Parameters
    ----------
    counts : ndarray, shape (patients,)
        Readings of each patient, at least 1.
    means : ndarray, shape (patients,)
    squares : ndarray, shape (patients,)
        Sum of squared deviations from the patient's mean; 0 where rounding alone is left.
    """

    counts: FloatArray
    means: FloatArray
    squares: FloatArray

    @classmethod
    def of(cls, table: FloatArray, *, noise: float | None = None) -> Self:
        """Describe the replicates of each patient.

        Parameters
        ----------
        table : ndarray, shape (patients, readings)
            Gaps NaN, at least one reading in every row.
        noise : float or None
            Deviations up to this size are rounding; by default what the readings' own size makes it.
        """
        present = np.isfinite(table)
        counts = present.sum(axis=1).astype(np.float64)
        # each patient's own first reading taken away: large values that differ by little keep their digits
        first = table[np.arange(table.shape[0]), present.argmax(axis=1)]
        away = np.where(present, table - first[:, np.newaxis], 0.0)
        shift = away.sum(axis=1) / counts
        deviations = np.where(present, away - shift[:, np.newaxis], 0.0)
        squares = np.sum(deviations * deviations, axis=1)
        floor = noise_of(table[present]) if noise is None else noise
        squares[squares <= counts * floor**2] = 0.0
        return cls(frozen(counts), frozen(first + shift), frozen(squares))

    @property
    def n(self) -> int:
        """All readings."""
        return int(self.counts.sum())

    @property
    def df(self) -> int:
        """Degrees of freedom within patients."""
        return self.n - self.counts.size

    @property
    def variance(self) -> float | None:
        """Pooled variance within patients; None where no patient has two readings."""
        return float(self.squares.sum()) / self.df if self.df else None


def sd_interval(wsd: float, df: int, level: float) -> Interval | None:
    """Chi-square interval of an SD with ``df`` degrees of freedom; None where it is 0."""
    if wsd == 0.0:
        return None
    tail = (1.0 - level) / 2.0
    low, high = (wsd * math.sqrt(df / chi2_quantile(p, df)) for p in (1.0 - tail, tail))
    return Interval(low, high, level, "chi-square")
