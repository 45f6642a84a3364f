"""How far readings of one patient by different readers lie apart: SEM, MDC, reproducibility coefficient."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import chi2_quantile
from app.stats.mean_squares import MeanSquares, mean_squares
from app.stats.result import Interval, NotDefined, Note, as_table
from app.stats.within import TIMES


@dataclass(frozen=True, slots=True)
class Reproducibility:
    """Measurement error between readers.

    Parameters
    ----------
    n, n_excluded, k : int
        Patients used, patients with a missing reading, readers.
    mean_squares : MeanSquares
        With ``sem_consistency`` and ``mdc_consistency``, where the readers' own levels are left aside.
    sem : float
        Standard error of measurement, in the unit of the readings: root of the variance of readers
        plus that of the error.
    sem_ci : Interval or None
        None where all readers agree exactly.
    rdc, rdc_ci : float, Interval or None
        Reproducibility coefficient, 2.77 SEM: readings by two readers differ by less in 95 % of patients.
        Also the minimal detectable change (MDC) when another reader measures the second time.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    k: int
    mean_squares: MeanSquares
    sem: float
    sem_ci: Interval | None
    rdc: float
    rdc_ci: Interval | None
    level: float
    notes: tuple[Note, ...] = ()


def reproducibility(matrix: ArrayLike, *, level: float = 0.95) -> Reproducibility | NotDefined:
    """Standard error of measurement and reproducibility coefficient between readers.

    Parameters
    ----------
    matrix : array_like, shape (patients, readers)
        Same unit throughout; a patient with a missing reading is left out and counted.
    level : float
        Confidence level. With two or three readers the upper limit is far away: so few say little about
        readers in general.

    Returns
    -------
    Reproducibility or NotDefined
        Not defined below two patients or two readers (``reproducibility.too_few``).

    Raises
    ------
    ValueError
        If the table is not two-dimensional.

    References
    ----------
    Obuchowski and Bullen 2018, Stat Methods Med Res 27:3139. Graybill and Wang 1980, J Am Stat Assoc 75:869
    (interval of a sum of mean squares).
    """
    table = as_table(matrix)
    kept = np.isfinite(table).all(axis=1)
    n, k = int(np.count_nonzero(kept)), table.shape[1]
    n_excluded = int(kept.size) - n
    if n < 2 or k < 2:  # noqa: PLR2004 - no variance of one
        return NotDefined.of("reproducibility.too_few", n=n, k=k, n_excluded=n_excluded)
    squares = mean_squares(table[kept])
    sem, ci = squares.sem_agreement, _interval(squares, level)
    return Reproducibility(
        n=n,
        n_excluded=n_excluded,
        k=k,
        mean_squares=squares,
        sem=sem,
        sem_ci=ci,
        rdc=squares.mdc_agreement,
        rdc_ci=None if ci is None else Interval(TIMES * ci.low, TIMES * ci.high, level, ci.method),
        level=level,
        notes=(Note.of("reproducibility.identical", n=n, k=k),) if sem == 0.0 else (),
    )


def _interval(squares: MeanSquares, level: float) -> Interval | None:
    n, k = squares.n, squares.k
    # readers whose variance comes out below 0 count as 0, in the estimate and here
    weights = (1.0 / n, (n - 1.0) / n) if squares.var_readers > 0.0 else (0.0, 1.0)
    parts = (weights[0] * squares.columns, k - 1), (weights[1] * squares.error, (n - 1) * (k - 1))
    total = sum(part for part, _ in parts)
    if total == 0.0:
        return None
    tail = (1.0 - level) / 2.0
    down = math.hypot(*(part * (1.0 - df / chi2_quantile(1.0 - tail, df)) for part, df in parts))
    up = math.hypot(*(part * (df / chi2_quantile(tail, df) - 1.0) for part, df in parts))
    low, high = math.sqrt(max(total - down, 0.0)), math.sqrt(total + up)
    return Interval(low, high, level, "Graybill and Wang 1980")
