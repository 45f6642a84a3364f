"""Precision profile: within-subject SD by the size of the value."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.result import Interval, NotDefined, as_table
from app.stats.within import Within, sd_interval


@dataclass(frozen=True, slots=True)
class PrecisionClass:
    """The subjects of one range of values.

    Parameters
    ----------
    n : int
        Subjects.
    low, high : float
        Smallest and largest mean of a subject.
    mean : float
        Mean of the subjects' means.
    wsd : float
        Within-subject SD, in the unit of the readings.
    wsd_ci : Interval or None
        None where all repeats are equal.
    wcv : float or None
        wSD in percent of ``mean``; None where that is not above 0.
    """

    n: int
    low: float
    high: float
    mean: float
    wsd: float
    wsd_ci: Interval | None
    wcv: float | None


@dataclass(frozen=True, slots=True)
class PrecisionProfile:
    """Within-subject SD in classes of rising value.

    Parameters
    ----------
    n, n_excluded : int
        Subjects with at least two readings, and subjects with fewer.
    classes : tuple of PrecisionClass
        As equal in size as they can be, ascending.
    level : float
    """

    n: int
    n_excluded: int
    classes: tuple[PrecisionClass, ...]
    level: float


def precision_profile(
    matrix: ArrayLike, *, classes: int = 4, level: float = 0.95
) -> PrecisionProfile | NotDefined:
    """Within-subject SD of repeats, or of several readers, in classes of the subject's mean.

    Parameters
    ----------
    matrix : array_like, shape (subjects, readings)
        Same unit throughout; gaps are NaN. A subject with a single reading is left out and counted.
    classes : int
        How many, at least 1.
    level : float
        Confidence level.

    Returns
    -------
    PrecisionProfile or NotDefined
        Not defined below two subjects a class (``precision_profile.too_few``).

    Raises
    ------
    ValueError
        If the table is not two-dimensional or ``classes`` is below 1.

    References
    ----------
    Sadler, Smith and Legge 1988, Clin Chem 34:1058 (precision as a function of the value).
    """
    if classes < 1:
        message = f"{classes} classes"
        raise ValueError(message)
    table = as_table(matrix)
    kept = np.isfinite(table).sum(axis=1) >= 2  # noqa: PLR2004 - one reading has no spread
    n, n_excluded = int(np.count_nonzero(kept)), int(np.count_nonzero(~kept))
    if n < 2 * classes:
        return NotDefined.of("precision_profile.too_few", n=n, classes=classes, n_excluded=n_excluded)
    used = table[kept]
    order = np.argsort(Within.of(used).means, kind="stable")
    found = tuple(_class(Within.of(used[part]), level) for part in np.array_split(order, classes))
    return PrecisionProfile(n, n_excluded, found, level)


def _class(within: Within, level: float) -> PrecisionClass:
    wsd = math.sqrt(float(within.squares.sum()) / within.df)
    mean = float(within.means.mean())
    return PrecisionClass(
        n=int(within.counts.size),
        low=float(within.means.min()),
        high=float(within.means.max()),
        mean=mean,
        wsd=wsd,
        wsd_ci=sd_interval(wsd, within.df, level),
        wcv=100.0 * wsd / mean if mean > 0.0 else None,
    )
