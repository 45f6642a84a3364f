"""The components of Obuchowski and Rockette's table of areas, and the tests made of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np

from app.stats.distributions import (
    chi2_upper,
    f_upper,
    normal_quantile,
    normal_two_sided,
    t_quantile,
    t_two_sided,
)
from app.stats.result import FloatArray, Interval, frozen

_NOTHING = 1e-20
"""Mean squares of areas below this are rounding: areas lie between 0 and 1."""
_ROUNDING = 1e-14
"""Relative size of what subtracting two equal covariances leaves."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """Mean squares of the table of areas, and the covariances of its errors.

    Parameters
    ----------
    areas : ndarray, shape (treatments, readers)
    covariances : ndarray, shape (treatments, readers, treatments, readers)
        Of the errors.
    ms_treatment, ms_interaction : float or None
        None with a single treatment.
    ms_reader : float
    error, cov2 : float
        Mean variance of an area, and mean covariance between two readers of one treatment.
    cov1, cov3 : float or None
        Mean covariance within a reader between two treatments, and between both; None with a single
        treatment.
    ms_reader_each, error_each, cov2_each : ndarray, shape (treatments,)
        The same inside each treatment.
    """

    areas: FloatArray
    covariances: FloatArray
    ms_treatment: float | None
    ms_reader: float
    ms_interaction: float | None
    error: float
    cov1: float | None
    cov2: float
    cov3: float | None
    ms_reader_each: FloatArray
    error_each: FloatArray
    cov2_each: FloatArray

    @classmethod
    def of(cls, areas: FloatArray, covariances: FloatArray) -> Self:
        """Make them from the areas, shape (treatments, readers), and the covariances of all their pairs."""
        t, r = areas.shape
        table = covariances.reshape(t, r, t, r)
        # one treatment lies on the diagonal of the first two axes, one reader on that of the last two
        pairs = table.transpose(0, 2, 1, 3)
        own = np.einsum("iirr->ir", pairs)
        within_treatment = (np.einsum("iirs->i", pairs) - own.sum(axis=1)) / (r * (r - 1))
        within_reader = np.einsum("ijrr->", pairs) - own.sum()
        neither = pairs.sum() - own.sum() - within_reader - within_treatment.sum() * r * (r - 1)
        several = t > 1
        by_treatment, by_reader = areas.mean(axis=1), areas.mean(axis=0)
        left = areas - by_treatment[:, np.newaxis] - by_reader + areas.mean()
        return cls(
            areas=frozen(areas),
            covariances=frozen(table),
            ms_treatment=_mean_square(r * np.var(by_treatment, ddof=1)) if several else None,
            ms_reader=_mean_square(t * np.var(by_reader, ddof=1)),
            ms_interaction=_mean_square((left**2).sum() / ((t - 1) * (r - 1))) if several else None,
            error=float(own.mean()),
            cov1=float(within_reader) / (t * (t - 1) * r) if several else None,
            cov2=float(within_treatment.mean()),
            cov3=float(neither) / (t * (t - 1) * r * (r - 1)) if several else None,
            ms_reader_each=frozen(np.array([_mean_square(np.var(row, ddof=1)) for row in areas])),
            error_each=frozen(own.mean(axis=1)),
            cov2_each=frozen(within_treatment),
        )

    @property
    def treatments(self) -> int:
        """How many treatments."""
        return int(self.areas.shape[0])

    @property
    def readers(self) -> int:
        """How many readers."""
        return int(self.areas.shape[1])

    @property
    def reader_variance(self) -> float | None:
        """Variance between readers; an estimate, which can come out negative."""
        if self.ms_interaction is None or self.cov1 is None or self.cov3 is None:
            return None
        return (self.ms_reader - self.ms_interaction) / self.treatments - self.cov1 + self.cov3

    @property
    def interaction_variance(self) -> float | None:
        """Variance of readers between treatments; an estimate, which can come out negative."""
        if self.ms_interaction is None or self.cov1 is None or self.cov3 is None:
            return None
        return self.ms_interaction - self.error + self.cov1 + max(self.cov2 - self.cov3, 0.0)


@dataclass(frozen=True, slots=True)
class Equality:
    """Test that all treatments have the same mean area.

    Parameters
    ----------
    statistic : float
        F, or chi-square where ``df2`` is None.
    denominator : float
    df1 : float
    df2 : float or None
    p : float
    """

    statistic: float
    denominator: float
    df1: float
    df2: float | None
    p: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean area, or a difference of two.

    Parameters
    ----------
    name : tuple of str
        The treatment; or the two whose areas are subtracted, first less second, and before them the reader
        where it is one reader's.
    value, se : float
    df : float or None
        Of Student's t; None for the normal distribution.
    ci : Interval
        Cut to 0..1, a difference to -1..1.
    statistic, p : float or None
        t or z against no difference; None for a mean, and where the standard error is 0.
    """

    name: tuple[str, ...]
    value: float
    se: float
    df: float | None
    ci: Interval
    statistic: float | None
    p: float | None


@dataclass(frozen=True, slots=True)
class MrmcTests:
    """What one view of readers and patients says.

    Parameters
    ----------
    equality : Equality or None
        None with a single treatment, and where the denominator is 0.
    differences : tuple of Estimate
        Of each pair of treatments.
    means : tuple of Estimate
        Of each treatment over the readers.
    by_reader : tuple of Estimate
        Differences of each reader; only where the readers are fixed.
    """

    equality: Equality | None
    differences: tuple[Estimate, ...]
    means: tuple[Estimate, ...]
    by_reader: tuple[Estimate, ...] = ()


def random_both(
    found: Components, treatments: tuple[str, ...], readers: tuple[str, ...], level: float
) -> MrmcTests:
    """Test for readers and patients like these (Obuchowski and Rockette 1995; df of Hillis 2007)."""
    r = len(readers)
    judge = _Judge(level, "Obuchowski and Rockette 1995, Hillis 2007")
    means = []
    for name, area, ms, cov2 in zip(
        treatments, found.areas, found.ms_reader_each, found.cov2_each, strict=True
    ):
        spread = float(ms) + max(r * float(cov2), 0.0)
        df = _hillis(spread, float(ms), r - 1)
        means.append(judge.mean(name, float(area.mean()), math.sqrt(spread / r), df))
    if found.ms_treatment is None or found.ms_interaction is None or found.cov3 is None:
        return MrmcTests(None, (), tuple(means))
    denominator = found.ms_interaction + max(r * (found.cov2 - found.cov3), 0.0)
    df1 = len(treatments) - 1
    df2 = _hillis(denominator, found.ms_interaction, df1 * (r - 1))
    return MrmcTests(
        _f_test(found.ms_treatment, denominator, df1, df2),
        judge.differences(found.areas, treatments, math.sqrt(2.0 / r * denominator), df2),
        tuple(means),
    )


def fixed_readers(
    found: Components, treatments: tuple[str, ...], readers: tuple[str, ...], level: float
) -> MrmcTests:
    """Test for patients like these and no other readers (Hillis 2007)."""
    r = len(readers)
    judge = _Judge(level, "Obuchowski and Rockette 1995, fixed readers")
    means = tuple(
        judge.mean(
            name, float(area.mean()), math.sqrt((float(error) + (r - 1) * max(float(cov2), 0.0)) / r), None
        )
        for name, area, error, cov2 in zip(
            treatments, found.areas, found.error_each, found.cov2_each, strict=True
        )
    )
    if found.ms_treatment is None or found.cov1 is None or found.cov3 is None:
        return MrmcTests(None, (), means)
    denominator = found.error - found.cov1 + (r - 1) * max(found.cov2 - found.cov3, 0.0)
    denominator = denominator if denominator > _ROUNDING * found.error else 0.0
    df = len(treatments) - 1
    equality = None
    if denominator > 0.0:
        chi2 = df * found.ms_treatment / denominator
        equality = Equality(chi2, denominator, df, None, chi2_upper(chi2, df))
    return MrmcTests(
        equality,
        judge.differences(found.areas, treatments, math.sqrt(2.0 / r * denominator), None),
        means,
        _by_reader(found, treatments, readers, judge),
    )


def fixed_cases(
    found: Components, treatments: tuple[str, ...], readers: tuple[str, ...], level: float
) -> MrmcTests:
    """Test for readers like these and no other patients (Hillis 2007): analysis of variance of the areas."""
    r = len(readers)
    judge = _Judge(level, "analysis of variance of the areas, fixed cases")
    means = tuple(
        judge.mean(name, float(area.mean()), math.sqrt(float(ms) / r), r - 1.0)
        for name, area, ms in zip(treatments, found.areas, found.ms_reader_each, strict=True)
    )
    if found.ms_treatment is None or found.ms_interaction is None:
        return MrmcTests(None, (), means)
    df1 = len(treatments) - 1
    df2 = float(df1 * (r - 1))
    return MrmcTests(
        _f_test(found.ms_treatment, found.ms_interaction, df1, df2),
        judge.differences(found.areas, treatments, math.sqrt(2.0 / r * found.ms_interaction), df2),
        means,
    )


def _mean_square(value: float) -> float:
    return float(value) if value > _NOTHING else 0.0


def _hillis(denominator: float, ms: float, df: int) -> float | None:
    """Degrees of freedom of ``denominator``, of which only the mean square is random; None for infinity."""
    return denominator**2 / (ms**2 / df) if ms > 0.0 else None


def _f_test(ms: float, denominator: float, df1: float, df2: float | None) -> Equality | None:
    if denominator <= 0.0:
        return None
    f = ms / denominator
    p = chi2_upper(df1 * f, df1) if df2 is None else f_upper(f, df1, df2)
    return Equality(f, denominator, df1, df2, p)


def _by_reader(
    found: Components, treatments: tuple[str, ...], readers: tuple[str, ...], judge: _Judge
) -> tuple[Estimate, ...]:
    told = []
    for (i, one), (j, other) in combinations(enumerate(treatments), 2):
        for r, reader in enumerate(readers):
            own = found.covariances[:, r, :, r]
            spread = float(own[i, i] + own[j, j] - 2.0 * own[i, j])
            spread = spread if spread > _ROUNDING * float(own[i, i] + own[j, j]) else 0.0
            value = float(found.areas[i, r] - found.areas[j, r])
            told.append(judge.difference((reader, one, other), value, math.sqrt(spread), None))
    return tuple(told)


@dataclass(frozen=True, slots=True)
class _Judge:
    level: float
    method: str

    def interval(self, value: float, se: float, df: float | None, least: float) -> Interval:
        upper = (1.0 + self.level) / 2.0
        half = se * (normal_quantile(upper) if df is None else t_quantile(upper, df))
        return Interval(max(value - half, least), min(value + half, 1.0), self.level, self.method)

    def mean(self, name: str, value: float, se: float, df: float | None) -> Estimate:
        return Estimate((name,), value, se, df, self.interval(value, se, df, 0.0), None, None)

    def difference(self, name: tuple[str, ...], value: float, se: float, df: float | None) -> Estimate:
        ci = self.interval(value, se, df, -1.0)
        if se == 0.0:
            return Estimate(name, value, se, df, ci, None, None)
        statistic = value / se
        p = normal_two_sided(statistic) if df is None else t_two_sided(statistic, df)
        return Estimate(name, value, se, df, ci, statistic, p)

    def differences(
        self, areas: FloatArray, treatments: tuple[str, ...], se: float, df: float | None
    ) -> tuple[Estimate, ...]:
        means = areas.mean(axis=1)
        return tuple(
            self.difference((one, other), float(means[i] - means[j]), se, df)
            for (i, one), (j, other) in combinations(enumerate(treatments), 2)
        )
