"""Limits of agreement of single readings, from replicates of a true value that stays the same.

Treating the replicates as independent pairs would make the limits too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.bland_altman_limits import Limit, VarianceShare, bias_and_variance, bias_interval, mover
from app.stats.distributions import MULTIPLIER
from app.stats.result import (
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    as_table,
    frozen,
    frozen_index,
    noise_of,
)
from app.stats.within import Within


@dataclass(frozen=True, slots=True)
class Replicates:
    """The replicates of one method or reader.

    Parameters
    ----------
    n : int
        Readings.
    mean : float
        Mean of the patients' means.
    within_variance : float or None
        Pooled variance of replicates of one patient; None where no patient has two.
    df : int
        Its degrees of freedom.
    share : float
        1 - mean(1 / m) for m replicates of a patient: how much of that variance the means have lost.
    """

    n: int
    mean: float
    within_variance: float | None
    df: int
    share: float

    @property
    def within_sd(self) -> float | None:
        """Within-patient SD."""
        return None if self.within_variance is None else math.sqrt(self.within_variance)

    @property
    def repeatability(self) -> float | None:
        """Repeatability coefficient: 1.96 times the root of 2 times the within-patient SD."""
        return None if self.within_sd is None else MULTIPLIER * math.sqrt(2.0) * self.within_sd


@dataclass(frozen=True, slots=True, eq=False)
class ConstantTruth:
    """Limits of agreement of single readings from replicates of a constant true value.

    Parameters
    ----------
    n, n_excluded : int
        Patients used, and patients without a reading by one of the methods.
    x, y : Replicates
    bias : float
        Mean difference of the patients' means.
    bias_ci : Interval
    var_of_means : float
        Variance of the differences of the means.
    sd : float
        Of a difference of single readings: root of that variance and the two within-patient variances, each
        by its share.
    lower, upper : Limit
        Bias - 1.96 sd and bias + 1.96 sd, with the interval of Zou 2013.
    means, differences : ndarray, shape (n,)
        What the plot shows: one point a patient, read-only.
    index : ndarray of int, shape (n,)
        The input row of each point.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    x: Replicates
    y: Replicates
    bias: float
    bias_ci: Interval
    var_of_means: float
    sd: float
    lower: Limit
    upper: Limit
    means: FloatArray
    differences: FloatArray
    index: IntArray
    level: float
    notes: tuple[Note, ...] = ()


def bland_altman_constant_truth(
    x: ArrayLike, y: ArrayLike, *, level: float = 0.95
) -> ConstantTruth | NotDefined:
    """Limits of agreement from replicates, the true value of a patient staying the same.

    The variance of a difference of two single readings is var(mean differences) + (1 - mean(1/mx)) sx^2 +
    (1 - mean(1/my)) sy^2, with the within-patient variances s^2 of both methods and m replicates a patient.

    Parameters
    ----------
    x, y : array_like, shape (patients, replicates)
        First and second method or reader, same unit; gaps are NaN. The replicates are not paired, and the two
        may differ in their number.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    ConstantTruth or NotDefined
        Not defined below two patients with both (``bland_altman_repeated.too_few``) or where the readings
        leave no variance at all (``bland_altman_repeated.constant``).

    Raises
    ------
    ValueError
        If a table is not two-dimensional or the two differ in patients.

    References
    ----------
    Bland and Altman 1999, Stat Methods Med Res 8:135, section 5.1. Zou 2013, Stat Methods Med Res 22:630.
    """
    first, second = as_table(x), as_table(y)
    if first.shape[0] != second.shape[0]:
        message = f"{first.shape[0]} patients by one, {second.shape[0]} by the other"
        raise ValueError(message)
    kept = np.isfinite(first).any(axis=1) & np.isfinite(second).any(axis=1)
    n, n_excluded = int(np.count_nonzero(kept)), int(np.count_nonzero(~kept))
    if n < 2:  # noqa: PLR2004 - a variance needs two
        return NotDefined.of("bland_altman_repeated.too_few", n=n, n_excluded=n_excluded)
    by_x, by_y = Within.of(first[kept]), Within.of(second[kept])
    differences = by_x.means - by_y.means
    bias, var_of_means = bias_and_variance(differences, noise_of(by_x.means, by_y.means))
    xs, ys = _replicates(by_x), _replicates(by_y)
    shares = [VarianceShare(1.0, var_of_means, n - 1)]
    shares += [
        VarianceShare(one.share, one.within_variance, one.df)
        for one in (xs, ys)
        if one.within_variance is not None
    ]
    sd = math.sqrt(sum(share.weight * share.variance for share in shares))
    if sd == 0.0:
        return NotDefined.of("bland_altman_repeated.constant", n=n, bias=bias)
    about_lower, about_upper = mover(bias, var_of_means / n, shares, level=level)
    return ConstantTruth(
        n=n,
        n_excluded=n_excluded,
        x=xs,
        y=ys,
        bias=bias,
        bias_ci=bias_interval(bias, var_of_means, n, level),
        var_of_means=var_of_means,
        sd=sd,
        lower=Limit(bias - MULTIPLIER * sd, mover=about_lower),
        upper=Limit(bias + MULTIPLIER * sd, mover=about_upper),
        means=frozen((by_x.means + by_y.means) / 2.0),
        differences=frozen(differences),
        index=frozen_index(np.flatnonzero(kept)),
        level=level,
        notes=_notes(xs, ys, n),
    )


def _replicates(one: Within) -> Replicates:
    return Replicates(
        n=one.n,
        mean=float(one.means.mean()),
        within_variance=one.variance,
        df=one.df,
        share=float(1.0 - np.mean(1.0 / one.counts)),
    )


def _notes(xs: Replicates, ys: Replicates, n: int) -> tuple[Note, ...]:
    if xs.df and ys.df:
        return ()
    return (Note.of("bland_altman_repeated.single_readings", n=n),)
