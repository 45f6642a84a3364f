"""Comparison of groups from their summaries alone: n, mean and SD per group, as a paper prints them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from app.stats.distributions import f_upper
from app.stats.result import FloatArray, NotDefined, Note, is_constant

LARGEST = 1e100
"""No mean or SD is larger; its square would leave the range of a float64."""


@dataclass(frozen=True, slots=True)
class Summary:
    """One group in three numbers.

    Parameters
    ----------
    label : str
    n : int
        At least 1.
    mean : float
    sd : float or None
        With divisor n - 1, in the unit of the mean; None for a single value.
    """

    label: str
    n: int
    mean: float
    sd: float | None

    @property
    def sum_of_squares(self) -> float:
        """Squared deviations from the mean of the group; 0 for a single value."""
        return 0.0 if self.sd is None else (self.n - 1) * self.sd * self.sd


@dataclass(frozen=True, slots=True)
class FTest:
    """An F test.

    Parameters
    ----------
    f : float
    df1 : int
    df2 : float
        A fraction in the tests of Welch and of Brown and Forsythe.
    p : float
    """

    f: float
    df1: int
    df2: float
    p: float


@dataclass(frozen=True, slots=True)
class Anova:
    """One-way analysis of variance.

    Parameters
    ----------
    ss_between, ss_within : float
        Sums of squares.
    test : FTest
    """

    ss_between: float
    ss_within: float
    test: FTest

    @property
    def ms_between(self) -> float:
        """Mean square between the groups."""
        return self.ss_between / self.test.df1

    @property
    def ms_within(self) -> float:
        """Mean square within the groups: the pooled variance."""
        return self.ss_within / self.test.df2

    @property
    def residual_sd(self) -> float:
        """Pooled SD: the square root of the mean square within."""
        return math.sqrt(self.ms_within)

    @property
    def eta_squared(self) -> float:
        """Share of the sum of squares that lies between the groups."""
        return self.ss_between / (self.ss_between + self.ss_within)

    @property
    def omega_squared(self) -> float:
        """The same share without the bias of small samples (Hays 1963); may be negative."""
        total = self.ss_between + self.ss_within
        return (self.ss_between - self.test.df1 * self.ms_within) / (total + self.ms_within)


@dataclass(frozen=True, slots=True)
class SummaryComparison:
    """What n, mean and SD of each group say together.

    Parameters
    ----------
    groups : tuple of Summary
    n : int
        Of all groups.
    mean : float
        Of all values.
    sd : float
        Of all values, with divisor n - 1.
    anova : Anova or NotDefined
    welch, brown_forsythe : FTest or NotDefined
        The tests that do not ask for equal variances.
    notes : tuple of Note
        ``groups.single`` for groups of one.
    """

    groups: tuple[Summary, ...]
    n: int
    mean: float
    sd: float
    anova: Anova | NotDefined
    welch: FTest | NotDefined
    brown_forsythe: FTest | NotDefined
    notes: tuple[Note, ...] = ()


def compare_summaries(groups: Sequence[Summary]) -> SummaryComparison | NotDefined:
    """Compare the means of groups of which only n, mean and SD are known.

    Parameters
    ----------
    groups : sequence of Summary

    Returns
    -------
    SummaryComparison or NotDefined
        Not defined for fewer than two groups (``groups.one_group``), fewer than one value more than groups
        (``groups.too_few``), or numbers that no data have (``groups.impossible``).
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    n = sum(one.n for one in groups)
    ss_between, ss_within = sums_of_squares(groups)
    return SummaryComparison(
        groups=tuple(groups),
        n=n,
        mean=_grand_mean(groups),
        sd=math.sqrt((ss_between + ss_within) / (n - 1)),
        anova=anova(groups),
        welch=welch_anova(groups),
        brown_forsythe=brown_forsythe(groups),
        notes=tuple(Note.of("groups.single", label=one.label) for one in groups if one.n == 1),
    )


def summary_of(label: str, values: FloatArray, *, noise: float) -> Summary:
    """Summarise values without gaps, shape (n,), at least one; what varies by ``noise`` only has SD 0."""
    mean = shifted_mean(values)
    if values.size == 1:
        return Summary(label, 1, mean, None)
    constant = is_constant(values, noise=noise)
    sd = 0.0 if constant else float(np.std(values - values[0], ddof=1))
    return Summary(label, int(values.size), mean, sd)


def shifted_mean(values: FloatArray) -> float:
    """Mean counted from the first value: the plain one of large, nearly equal values loses digits."""
    return float(values[0] + np.mean(values - values[0]))


def why_not(groups: Sequence[Summary]) -> NotDefined | None:
    """Return why these groups cannot be compared, or None."""
    for one in groups:
        if not _possible(one):
            return NotDefined.of("groups.impossible", label=one.label)
    if len(groups) < 2:  # noqa: PLR2004 - a comparison takes two
        return NotDefined.of("groups.one_group", n_groups=len(groups))
    n = sum(one.n for one in groups)
    if n <= len(groups):
        return NotDefined.of("groups.too_few", n=n, n_groups=len(groups))
    return None


def _possible(one: Summary) -> bool:
    if one.n < 1 or not abs(one.mean) <= LARGEST:
        return False
    return one.n == 1 if one.sd is None else 0.0 <= one.sd <= LARGEST


def sums_of_squares(groups: Sequence[Summary]) -> tuple[float, float]:
    """Return the sums of squares between and within the groups."""
    n = np.array([one.n for one in groups], dtype=np.float64)
    # centred before squaring: large means that hardly differ would lose the difference
    mean = np.array([one.mean for one in groups]) - groups[0].mean
    away = mean - float(n @ mean) / float(n.sum())
    return float(n @ (away * away)), math.fsum(one.sum_of_squares for one in groups)


def anova(groups: Sequence[Summary]) -> Anova | NotDefined:
    """One-way analysis of variance from the summaries.

    F = (SSB / (k - 1)) / (SSW / (N - k)) with SSB the sum of n_i (m_i - m)^2 and SSW that of (n_i - 1) s_i^2.

    Parameters
    ----------
    groups : sequence of Summary
        At least two, with more values than groups.

    Returns
    -------
    Anova or NotDefined
        Not defined where no group varies (``groups.no_variance``).

    References
    ----------
    Fisher 1925, Statistical Methods for Research Workers.
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    between, within = sums_of_squares(groups)
    df1, df2 = len(groups) - 1, sum(one.n for one in groups) - len(groups)
    if within == 0.0:
        return NotDefined.of("groups.no_variance")
    f = (between / df1) / (within / df2)
    return Anova(between, within, FTest(f, df1, df2, f_upper(f, df1, df2)))


def welch_anova(groups: Sequence[Summary]) -> FTest | NotDefined:
    """Welch's test of equal means without equal variances.

    Groups weigh w_i = n_i / s_i^2.

    Parameters
    ----------
    groups : sequence of Summary
        At least two.

    Returns
    -------
    FTest or NotDefined
        Not defined where a group has a single value or does not vary (``groups.constant_group``).

    References
    ----------
    Welch 1951, Biometrika 38:330.
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    weights = []
    for one in groups:
        variance = one.sum_of_squares / max(one.n - 1, 1)
        if variance == 0.0:
            return NotDefined.of("groups.constant_group", label=one.label)
        weights.append(one.n / variance)
    k, w = len(groups), np.array(weights)
    mean = np.array([one.mean for one in groups]) - groups[0].mean
    away = mean - float(w @ mean) / float(w.sum())
    share = 1.0 - w / w.sum()
    correction = float(np.sum(share * share / np.array([one.n - 1 for one in groups])))
    f = float(w @ (away * away)) / (k - 1) / (1.0 + 2.0 * (k - 2) * correction / (k * k - 1))
    df2 = (k * k - 1) / (3.0 * correction)
    return FTest(f, k - 1, df2, f_upper(f, k - 1, df2))


def brown_forsythe(groups: Sequence[Summary]) -> FTest | NotDefined:
    """Brown and Forsythe's test of equal means without equal variances.

    F* = SSB / sum of (1 - n_i / N) s_i^2, with Satterthwaite's degrees of freedom.

    Parameters
    ----------
    groups : sequence of Summary
        At least two.

    Returns
    -------
    FTest or NotDefined
        Not defined where a group has a single value (``groups.constant_group``) or none varies
        (``groups.no_variance``).

    References
    ----------
    Brown and Forsythe 1974, Technometrics 16:129.
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    total = sum(one.n for one in groups)
    shares = []
    for one in groups:
        if one.sd is None:
            return NotDefined.of("groups.constant_group", label=one.label)
        shares.append((1.0 - one.n / total) * one.sd**2)
    denominator = math.fsum(shares)
    if denominator == 0.0:
        return NotDefined.of("groups.no_variance")
    f = sums_of_squares(groups)[0] / denominator
    inverse = math.fsum(
        (share / denominator) ** 2 / (g.n - 1) for share, g in zip(shares, groups, strict=True)
    )
    return FTest(f, len(groups) - 1, 1.0 / inverse, f_upper(f, len(groups) - 1, 1.0 / inverse))


def _grand_mean(groups: Sequence[Summary]) -> float:
    start = groups[0].mean
    return start + math.fsum(one.n * (one.mean - start) for one in groups) / sum(one.n for one in groups)
