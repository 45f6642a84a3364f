"""Two-way analysis of variance of patients by readers: what every intraclass correlation is made of."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from app.stats.distributions import MULTIPLIER, f_upper
from app.stats.result import FloatArray, noise_of


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Two-way analysis of variance of n patients by k readers.

    Parameters
    ----------
    n, k : int
        Patients and readers, both at least 2.
    rows, columns, error : float
        Mean squares between patients (MSR), between readers (MSC) and of the rest (MSE).
    """

    n: int
    k: int
    rows: float
    columns: float
    error: float

    @property
    def within(self) -> float:
        """Mean square within patients (MSW) of the one-way layout."""
        return (self.columns + (self.n - 1) * self.error) / self.n

    @property
    def f_readers(self) -> float | None:
        """F of "the readers have the same mean", with k - 1 and (n - 1)(k - 1) degrees of freedom.

        None where the readings leave no error to test against.
        """
        return None if self.error == 0.0 else self.columns / self.error

    @property
    def p_readers(self) -> float | None:
        """The p value of that test."""
        f = self.f_readers
        return None if f is None else f_upper(f, self.k - 1, (self.n - 1) * (self.k - 1))

    @property
    def var_patients(self) -> float:
        """Variance between patients; an estimate below 0 stays as it is."""
        return (self.rows - self.error) / self.k

    @property
    def var_readers(self) -> float:
        """Variance between readers; an estimate below 0 stays as it is."""
        return (self.columns - self.error) / self.n

    @property
    def var_error(self) -> float:
        """Variance of the rest."""
        return self.error

    @property
    def sem_consistency(self) -> float:
        """Standard error of measurement, the readers' own levels left aside."""
        return math.sqrt(self.error)

    @property
    def sem_agreement(self) -> float:
        """Standard error of measurement between readers; a variance of readers below 0 counts as 0."""
        return math.sqrt(max(self.var_readers, 0.0) + self.error)

    @property
    def mdc_consistency(self) -> float:
        """Smallest change 95 % of repeats do not reach, one reader measuring both times."""
        return MULTIPLIER * math.sqrt(2.0) * self.sem_consistency

    @property
    def mdc_agreement(self) -> float:
        """Smallest change 95 % of repeats do not reach, another reader measuring the second time."""
        return MULTIPLIER * math.sqrt(2.0) * self.sem_agreement


def mean_squares(table: FloatArray) -> MeanSquares:
    """Analyse a complete table, shape (patients, readers), both at least 2."""
    # centred before squaring: readings of a million that differ by tenths keep their digits
    centred = table - table[0, 0]
    centred = centred - centred.mean()
    n, k = table.shape
    rows, columns = centred.mean(axis=1), centred.mean(axis=0)
    rest = centred - rows[:, np.newaxis] - columns
    floor = noise_of(table) ** 2
    squares = (
        k * float(rows @ rows) / (n - 1),
        n * float(columns @ columns) / (k - 1),
        float(np.sum(rest * rest)) / ((n - 1) * (k - 1)),
    )
    return MeanSquares(n, k, *(0.0 if square <= floor * n * k else square for square in squares))
