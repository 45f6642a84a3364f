"""Limits of agreement from pairs taken together while the true value changes, such as the levels of a spine.

Treating the pairs of a patient as independent would make the limits, and their intervals, too narrow.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.bland_altman_limits import Limit, VarianceShare, bias_and_variance, bias_interval, mover
from app.stats.distributions import MULTIPLIER, normal_quantile
from app.stats.reml import Readings, best_ratio, likelihood
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
class ByPatient:
    """Limits from the mean difference of each patient, every patient counting alike.

    Parameters
    ----------
    bias : float
    bias_ci : Interval
    var_of_means : float
        Variance of the patients' mean differences.
    harmonic_mean : float
        Harmonic mean of the pairs per patient.
    sd : float
        Of a single difference.
    lower, upper : Limit
        At the exact normal quantile, with the interval of Zou 2013.
    """

    bias: float
    bias_ci: Interval
    var_of_means: float
    harmonic_mean: float
    sd: float
    lower: Limit
    upper: Limit


@dataclass(frozen=True, slots=True)
class ByReml:
    """Bias and variances of the differences by restricted maximum likelihood, patients at random."""

    bias: float
    var_between: float
    var_within: float

    @property
    def sd(self) -> float:
        """Of a single difference."""
        return math.sqrt(self.var_between + self.var_within)

    @property
    def limits(self) -> tuple[float, float]:
        """Bias - 1.96 sd and bias + 1.96 sd."""
        return self.bias - MULTIPLIER * self.sd, self.bias + MULTIPLIER * self.sd


@dataclass(frozen=True, slots=True, eq=False)
class VaryingTruth:
    """Limits of agreement from several pairs of each patient.

    Parameters
    ----------
    n, n_excluded : int
        Patients used, and patients without a complete pair.
    n_pairs : int
    bias : float
        Mean of all differences.
    ms_between, ms_within : float
        Mean squares of the one-way analysis of variance of the differences by patient.
    pairs_per_patient : float
        The weighted mean number that the analysis of variance divides by.
    var_between : float
        Variance of the patients' own bias; 0 where the analysis would make it negative.
    sd : float
        Of a single difference: root of ``var_between`` + ``ms_within``.
    lower, upper : Limit
        Bias - 1.96 sd and bias + 1.96 sd, without interval; ``by_patient`` has one.
    by_patient : ByPatient
    reml : ByReml or None
        None where the differences of a patient are all equal.
    means, differences : ndarray, shape (n_pairs,)
        What the plot shows, read-only.
    index, occasion : ndarray of int, shape (n_pairs,)
        The input row and column of each point.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    n_pairs: int
    bias: float
    ms_between: float
    ms_within: float
    pairs_per_patient: float
    var_between: float
    sd: float
    lower: Limit
    upper: Limit
    by_patient: ByPatient
    reml: ByReml | None
    means: FloatArray
    differences: FloatArray
    index: IntArray
    occasion: IntArray
    level: float
    notes: tuple[Note, ...] = ()


def bland_altman_varying_truth(
    x: ArrayLike, y: ArrayLike, *, level: float = 0.95
) -> VaryingTruth | NotDefined:
    """Limits of agreement from pairs of readings, the true value changing from pair to pair.

    The variance of a single difference is that between patients plus that within, from a one-way analysis of
    variance of the differences: (MSB - MSW) / m0 + MSW.

    Parameters
    ----------
    x, y : array_like, shape (patients, occasions)
        First and second method or reader at the same occasion (a vertebral level, a visit), same unit; pairs
        with a gap (NaN) are left out.
    level : float
        Confidence level of the intervals.

    Returns
    -------
    VaryingTruth or NotDefined
        Not defined below two patients with a pair (``bland_altman_repeated.too_few``), where no patient has
        two pairs (``bland_altman_repeated.no_repeats``), or where all differences are equal
        (``bland_altman_repeated.constant``).

    Raises
    ------
    ValueError
        If the tables differ in shape or are not two-dimensional.

    References
    ----------
    Bland and Altman 2007, J Biopharm Stat 17:571. Zou 2013, Stat Methods Med Res 22:630.
    """
    first, second = as_table(x), as_table(y)
    if first.shape != second.shape:
        message = f"tables of shape {first.shape} and {second.shape}"
        raise ValueError(message)
    gaps = ~np.isfinite(first - second)
    kept = ~gaps.all(axis=1)
    n, n_excluded = int(np.count_nonzero(kept)), int(np.count_nonzero(~kept))
    if n < 2:  # noqa: PLR2004 - a variance needs two
        return NotDefined.of("bland_altman_repeated.too_few", n=n, n_excluded=n_excluded)
    table = np.where(gaps, np.nan, first - second)[kept]
    # a difference carries the rounding of the readings it is made of
    noise = noise_of(first[~gaps], second[~gaps])
    within = Within.of(table, noise=noise)
    if within.df == 0:
        return NotDefined.of("bland_altman_repeated.no_repeats", n=n)
    bias, total = bias_and_variance(table[~gaps[kept]], noise)
    if total == 0.0:
        return NotDefined.of("bland_altman_repeated.constant", n=n, bias=bias)
    row, column = np.nonzero(~gaps)
    return _result(
        table,
        within,
        bias=bias,
        noise=noise,
        level=level,
        n_excluded=n_excluded,
        points=((first + second)[~gaps] / 2.0, row, column),
    )


def _result(
    table: FloatArray,
    within: Within,
    *,
    bias: float,
    noise: float,
    level: float,
    n_excluded: int,
    points: tuple[FloatArray, IntArray, IntArray],
) -> VaryingTruth:
    counts, n, n_pairs = within.counts, within.counts.size, within.n
    ms_within = float(within.squares.sum()) / within.df
    ms_between = float(counts @ (within.means - bias) ** 2) / (n - 1)
    per_patient = (n_pairs - float(counts @ counts) / n_pairs) / (n - 1)
    var_between = max((ms_between - ms_within) / per_patient, 0.0)
    sd = math.sqrt(var_between + ms_within)
    return VaryingTruth(
        n=n,
        n_excluded=n_excluded,
        n_pairs=n_pairs,
        bias=bias,
        ms_between=ms_between,
        ms_within=ms_within,
        pairs_per_patient=per_patient,
        var_between=var_between,
        sd=sd,
        lower=Limit(bias - MULTIPLIER * sd),
        upper=Limit(bias + MULTIPLIER * sd),
        by_patient=_by_patient(within, ms_within, noise, level),
        reml=_by_reml(table) if ms_within > 0.0 else None,
        means=frozen(points[0]),
        differences=frozen(table[np.isfinite(table)]),
        index=frozen_index(points[1]),
        occasion=frozen_index(points[2]),
        level=level,
        notes=(Note.of("bland_altman_repeated.no_patient_effect", n=n),) if var_between == 0.0 else (),
    )


def _by_patient(within: Within, ms_within: float, noise: float, level: float) -> ByPatient:
    n = within.counts.size
    bias, var_of_means = bias_and_variance(within.means, noise)
    harmonic = float(1.0 / np.mean(1.0 / within.counts))
    shares = [
        VarianceShare(1.0, var_of_means, n - 1),
        VarianceShare(1.0 - 1.0 / harmonic, ms_within, within.df),
    ]
    sd = math.sqrt(sum(share.weight * share.variance for share in shares))
    about_lower, about_upper = mover(bias, var_of_means / n, shares, level=level)
    held = normal_quantile(0.975)
    return ByPatient(
        bias=bias,
        bias_ci=bias_interval(bias, var_of_means, n, level),
        var_of_means=var_of_means,
        harmonic_mean=harmonic,
        sd=sd,
        lower=Limit(bias - held * sd, mover=about_lower),
        upper=Limit(bias + held * sd, mover=about_upper),
    )


def _by_reml(table: FloatArray) -> ByReml:
    readings = Readings.of(table)
    ratio = best_ratio(readings)
    best = likelihood(readings, ratio, 0.0)
    return ByReml(best.mean, ratio * best.error, best.error)
