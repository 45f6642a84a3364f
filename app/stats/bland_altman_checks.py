"""What a Bland-Altman plot rests on: are the differences normal, does their spread grow with the mean.

And what to report where they are not, or where it does: percentiles, the signed-rank test, limits that slope.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.correlation import pearson
from app.stats.distributions import MULTIPLIER, f_upper, normal_two_sided
from app.stats.normality import ShapiroWilk, shapiro_wilk
from app.stats.ranks import rank
from app.stats.regression import Line, fit_line
from app.stats.result import (
    FloatArray,
    NotDefined,
    Note,
    complete_cases,
    is_constant,
    noise_of,
)

ABSOLUTE_TO_SD = math.sqrt(math.pi / 2.0)
"""SD of a normal value divided by its mean absolute value."""


@dataclass(frozen=True, slots=True)
class SignedRank:
    """Wilcoxon's signed-rank test of the differences, normal approximation.

    Parameters
    ----------
    n : int
        Differences that are not 0.
    v : float
        Sum of the ranks of the positive differences.
    p : float
        With correction for continuity.
    p_uncorrected : float
        Without, as SPSS prints it.
    """

    n: int
    v: float
    p: float
    p_uncorrected: float


@dataclass(frozen=True, slots=True)
class RankTest:
    """A rank correlation and its p value."""

    coefficient: float
    p: float


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Limits that need no normal distribution, in the unit of the readings.

    Parameters
    ----------
    median : float
        Of the differences.
    lower, upper : float
        2.5th and 97.5th percentile of the differences, type 6 as SPSS (the outermost differences where there
        are too few).
    lower_type7, upper_type7 : float
        The same by R's default type 7.
    """

    median: float
    lower: float
    upper: float
    lower_type7: float
    upper_type7: float


@dataclass(frozen=True, slots=True)
class SlopingLimits:
    """Limits of agreement that change with the mean.

    Parameters
    ----------
    middle : Line
        Regression of the difference on the mean.
    spread : Line
        Regression of the absolute residual of that line on the mean.
    """

    middle: Line
    spread: Line

    @property
    def multiplier(self) -> float:
        """From a mean absolute residual to a limit: 1.96 times the root of pi / 2."""
        return MULTIPLIER * ABSOLUTE_TO_SD

    def at(self, means: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Lower and upper limit at ``means`` (each of the same shape).

        Outside the range of the data, where the line of the spread falls below 0, both lie on the middle.
        """
        middle, away = self.middle.at(means), self.multiplier * np.maximum(self.spread.at(means), 0.0)
        return middle - away, middle + away


@dataclass(frozen=True, slots=True)
class BradleyBlackwood:
    """Simultaneous test of equal means and equal variances of the two readings."""

    f: float
    df1: int
    df2: int
    p: float


@dataclass(frozen=True, slots=True)
class BlandAltmanChecks:
    """What stands behind the limits of agreement of ``x - y``.

    Parameters
    ----------
    n, n_excluded : int
        Pairs used, and pairs with a missing cell.
    shapiro : ShapiroWilk or NotDefined
        Are the differences normal?
    signed_rank : SignedRank
    heteroscedasticity : RankTest or None
        Spearman's correlation of the absolute difference with the mean; None where one is constant.
    percentiles : Percentiles
    sloping : SlopingLimits or NotDefined
    bradley_blackwood : BradleyBlackwood or None
        None where the difference lies on a line over the mean.
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    shapiro: ShapiroWilk | NotDefined
    signed_rank: SignedRank
    heteroscedasticity: RankTest | None
    percentiles: Percentiles
    sloping: SlopingLimits | NotDefined
    bradley_blackwood: BradleyBlackwood | None
    notes: tuple[Note, ...] = ()


def bland_altman_checks(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> BlandAltmanChecks | NotDefined:
    """Check the differences behind limits of agreement, and give what replaces the limits if need be.

    Parameters
    ----------
    x, y : array_like, shape (patients,)
        First and second reading, same unit; pairs with a missing cell are left out and counted.
    level : float
        Confidence level of the lines; a test is told where its p lies below 1 - level.

    Returns
    -------
    BlandAltmanChecks or NotDefined
        Not defined below three complete pairs (``bland_altman_checks.too_few``) or where all differences are
        equal (``bland_altman_checks.constant``).

    References
    ----------
    Bland and Altman 1999, Stat Methods Med Res 8:135, sections 3.2 and 4 (sloping limits: the absolute
    residual times 1.96 and the root of pi / 2; percentiles). Bradley and Blackwood 1989, Am Stat 43:234.
    Wilcoxon 1945, Biometrics Bull 1:80.
    """
    cases = complete_cases([x, y])
    if cases.n < 3:  # noqa: PLR2004 - a line and a test of normality need three
        return NotDefined.of("bland_altman_checks.too_few", n=cases.n, n_excluded=cases.n_excluded)
    xs, ys = cases.columns
    noise = noise_of(xs, ys)
    differences, means = xs - ys, (xs + ys) / 2.0
    if is_constant(differences, noise=noise):
        return NotDefined.of("bland_altman_checks.constant", n=cases.n)
    shapiro, spread = shapiro_wilk(differences), _spread(differences, means)
    middle = fit_line(means, differences, level=level)
    return BlandAltmanChecks(
        n=cases.n,
        n_excluded=cases.n_excluded,
        shapiro=shapiro,
        signed_rank=_signed_rank(differences, noise),
        heteroscedasticity=spread,
        percentiles=_percentiles(differences),
        sloping=_sloping(middle, means, differences, level),
        bradley_blackwood=_bradley_blackwood(middle, differences),
        notes=_notes(shapiro, spread, level),
    )


def _spread(differences: FloatArray, means: FloatArray) -> RankTest | None:
    # Spearman's correlation is Pearson's of the ranks
    of_ranks = pearson(_as_computed(np.abs(differences)), _as_computed(means))
    return None if isinstance(of_ranks, NotDefined) else RankTest(of_ranks.r, of_ranks.p)


def _as_computed(values: FloatArray) -> FloatArray:
    # R ties only what is equal to the last bit, and this figure is one people check against R
    _, step, ties = np.unique(values, return_inverse=True, return_counts=True)
    middle: FloatArray = np.cumsum(ties) - (ties - 1) / 2.0
    return middle[step]


def _signed_rank(differences: FloatArray, noise: float) -> SignedRank:
    # differences that are not all equal cannot all lie this close to 0
    moved = differences[np.abs(differences) > noise / 2.0]
    n = int(moved.size)
    ranks = rank(np.abs(moved))
    v = float(ranks.midranks[moved > 0.0].sum())
    variance = n * (n + 1) * (2 * n + 1) / 24.0 - ranks.tie_sum() / 48.0
    away = v - n * (n + 1) / 4.0
    corrected = math.copysign(max(abs(away) - 0.5, 0.0), away)
    sd = math.sqrt(variance)
    return SignedRank(n, v, normal_two_sided(corrected / sd), normal_two_sided(away / sd))


def _percentiles(differences: FloatArray) -> Percentiles:
    median = float(np.median(differences))
    lower, upper = (float(q) for q in np.quantile(differences, [0.025, 0.975], method="weibull"))
    lower_7, upper_7 = (float(q) for q in np.quantile(differences, [0.025, 0.975]))
    return Percentiles(median, lower, upper, lower_7, upper_7)


def _sloping(
    middle: Line | NotDefined, means: FloatArray, differences: FloatArray, level: float
) -> SlopingLimits | NotDefined:
    if isinstance(middle, NotDefined):
        return middle
    spread = fit_line(means, np.abs(differences - middle.at(means)), level=level)
    assert isinstance(spread, Line)  # noqa: S101 - the same means have just given a line
    return SlopingLimits(middle, spread)


def _bradley_blackwood(middle: Line | NotDefined, differences: FloatArray) -> BradleyBlackwood | None:
    if isinstance(middle, NotDefined) or middle.residual_sd == 0.0:
        return None
    df2 = differences.size - 2
    # what bias and slope explain of the sum of squared differences
    explained = differences.size * float(differences.mean()) ** 2 + middle.slope.estimate**2 * middle.sxx
    f = explained / 2.0 / middle.residual_sd**2
    return BradleyBlackwood(f, 2, df2, f_upper(f, 2, df2))


def _notes(shapiro: ShapiroWilk | NotDefined, spread: RankTest | None, level: float) -> tuple[Note, ...]:
    notes = []
    if isinstance(shapiro, ShapiroWilk) and shapiro.p < 1.0 - level:
        notes.append(Note.of("bland_altman_checks.not_normal", w=shapiro.w, p=shapiro.p))
    if spread is not None and spread.p < 1.0 - level:
        notes.append(Note.of("bland_altman_checks.spread", rho=spread.coefficient, p=spread.p))
    return tuple(notes)
