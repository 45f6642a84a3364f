"""Comparison of groups from their values: Table 1 of a paper, with every test that could stand beside it."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.describe import Description, describe
from app.stats.distributions import chi2_upper
from app.stats.grouped import Grouped, group_rows
from app.stats.groups_summary import (
    Anova,
    FTest,
    Summary,
    anova,
    brown_forsythe,
    shifted_mean,
    summary_of,
    welch_anova,
)
from app.stats.normality import ShapiroWilk, shapiro_wilk
from app.stats.ranks import rank
from app.stats.result import FloatArray, IntArray, NotDefined, Note, noise_of

Centre = Literal["mean", "median"]
"""What Levene's test takes the distances from: SPSS's first line, or Brown and Forsythe's median."""

Headline = Literal["anova", "welch", "kruskal"]
"""Which test the data ask for."""

ALPHA = 0.05
"""Below this p, normality or equality of variances is given up."""


@dataclass(frozen=True, slots=True)
class GroupDescription:
    """One group described.

    Parameters
    ----------
    label : str
    description : Description
        Mean, SD, quartiles, extremes.
    shapiro : ShapiroWilk or NotDefined
    """

    label: str
    description: Description
    shapiro: ShapiroWilk | NotDefined


@dataclass(frozen=True, slots=True)
class Kruskal:
    """Kruskal and Wallis's test.

    Parameters
    ----------
    h : float
        Corrected for ties.
    df : int
    p : float
        From chi-square.
    eta_squared : float
        Effect size (H - k + 1) / (N - k); may be negative.
    """

    h: float
    df: int
    p: float
    eta_squared: float


@dataclass(frozen=True, slots=True, eq=False)
class GroupComparison:
    """Groups described and compared.

    Parameters
    ----------
    n, n_excluded : int
        Rows used, and rows without value or group.
    groups : tuple of GroupDescription
    anova : Anova or NotDefined
    welch, brown_forsythe : FTest or NotDefined
    levene_mean, levene_median : FTest or NotDefined
        Equality of variances.
    kruskal : Kruskal or NotDefined
    residuals : ShapiroWilk or NotDefined
        Normality of the distances from the groups' means.
    centred : tuple of Summary
        n, mean and SD of each group, means counted from ``origin``: what :func:`~app.stats.pairwise.tukey`
        and its like are given, so that large values that hardly differ keep their digits.
    origin : float
    values : ndarray, shape (n,)
    code : ndarray of int, shape (n,)
        Position of each row's group in ``groups``.
    index : ndarray of int, shape (n,)
        The input row of each value.
    notes : tuple of Note
        ``groups.single`` for a group of one, ``groups.empty`` for one without rows.
    chosen : str or None
        The test that somebody asked for, whatever the data say.
    """

    n: int
    n_excluded: int
    groups: tuple[GroupDescription, ...]
    anova: Anova | NotDefined
    welch: FTest | NotDefined
    brown_forsythe: FTest | NotDefined
    levene_mean: FTest | NotDefined
    levene_median: FTest | NotDefined
    kruskal: Kruskal | NotDefined
    residuals: ShapiroWilk | NotDefined
    centred: tuple[Summary, ...]
    origin: float
    values: FloatArray
    code: IntArray
    index: IntArray
    notes: tuple[Note, ...] = ()
    chosen: Headline | None = None

    @property
    def normal(self) -> bool:
        """Whether no group speaks against a normal distribution: mean (SD) then, else median (quartiles)."""
        tests = [one.shapiro for one in self.groups]
        return all(isinstance(test, ShapiroWilk) and test.p >= ALPHA for test in tests)

    @property
    def headline(self) -> Headline:
        """The test asked for, else that of the data.

        ANOVA; Welch's where variances differ; Kruskal-Wallis where a group is not normal.
        """
        if self.chosen is not None:
            return self.chosen
        if not self.normal:
            return "kruskal"
        equal = isinstance(self.levene_mean, FTest) and self.levene_mean.p >= ALPHA
        return "anova" if equal else "welch"


def compare_groups(
    values: ArrayLike,
    groups: Sequence[Hashable],
    *,
    order: Sequence[Hashable] | None = None,
    quartile_type: Literal[6, 7] = 6,
) -> GroupComparison | NotDefined:
    """Describe and compare groups.

    Parameters
    ----------
    values : array_like, shape (rows,)
        Missing cells are left out and counted.
    groups : sequence, length rows
        Group of each row; None leaves the row out.
    order : sequence, optional
        The groups in the order they are told; rows of other groups are left out.
    quartile_type : int
        6 as SPSS, 7 as R.

    Returns
    -------
    GroupComparison or NotDefined
        Not defined for fewer than two groups with values (``groups.one_group``).

    References
    ----------
    The tests name theirs: :mod:`app.stats.groups_summary`, :func:`levene`, :func:`kruskal_wallis`,
    :mod:`app.stats.normality`, :mod:`app.stats.pairwise`.
    """
    rows = group_rows([values], groups, order=order)
    if len(rows.labels) < 2:  # noqa: PLR2004 - a comparison takes two
        return NotDefined.of("groups.one_group", n_groups=len(rows.labels))
    described = tuple(
        _describe(label, part, quartile_type) for label, part in zip(rows.labels, rows.parts(), strict=True)
    )
    origin = float(rows.values[0])
    centred = summaries_of(rows, rows.values - origin)
    return GroupComparison(
        n=rows.n,
        n_excluded=rows.n_excluded,
        groups=described,
        anova=anova(centred),
        welch=welch_anova(centred),
        brown_forsythe=brown_forsythe(centred),
        levene_mean=_levene(rows, "mean"),
        levene_median=_levene(rows, "median"),
        kruskal=_kruskal(rows),
        residuals=_residual_normality(rows, centred),
        centred=centred,
        origin=origin,
        values=rows.values,
        code=rows.code,
        index=rows.index,
        notes=(
            *(Note.of("groups.empty", label=label) for label in rows.empty),
            *(Note.of("groups.single", label=one.label) for one in centred if one.n == 1),
        ),
    )


def levene(
    values: ArrayLike,
    groups: Sequence[Hashable],
    *,
    centre: Centre = "mean",
    order: Sequence[Hashable] | None = None,
) -> FTest | NotDefined:
    """Test whether the groups vary alike: analysis of variance of the distances from each group's centre.

    Parameters
    ----------
    values, groups, order
        As in :func:`compare_groups`.
    centre : str
        ``mean`` (Levene; SPSS's first line) or ``median`` (Brown and Forsythe; robust).

    Returns
    -------
    FTest or NotDefined
        Not defined as :func:`~app.stats.groups_summary.anova` is, of the distances.

    References
    ----------
    Levene 1960, in Contributions to Probability and Statistics; Brown and Forsythe 1974, J Am Stat Assoc
    69:364.
    """
    return _levene(group_rows([values], groups, order=order), centre)


def kruskal_wallis(
    values: ArrayLike, groups: Sequence[Hashable], *, order: Sequence[Hashable] | None = None
) -> Kruskal | NotDefined:
    """Kruskal and Wallis's rank test.

    H = 12 / (N (N + 1)) sum n_i (R_i - (N + 1) / 2)^2, divided by 1 - sum(t^3 - t) / (N^3 - N) for ties.

    Parameters
    ----------
    values, groups, order
        As in :func:`compare_groups`.

    Returns
    -------
    Kruskal or NotDefined
        Not defined for fewer than two groups (``groups.one_group``), no more values than groups
        (``groups.too_few``) and where all values are tied (``groups.all_tied``).

    References
    ----------
    Kruskal and Wallis 1952, J Am Stat Assoc 47:583.
    """
    return _kruskal(group_rows([values], groups, order=order))


def summaries_of(rows: Grouped, values: FloatArray) -> tuple[Summary, ...]:
    """Summarise a column of grouped rows; a group that varies by rounding only has SD 0."""
    noise = noise_of(rows.values)
    return tuple(
        summary_of(label, part, noise=noise)
        for label, part in zip(rows.labels, rows.parts(values), strict=True)
    )


def _describe(label: str, part: FloatArray, quartile_type: Literal[6, 7]) -> GroupDescription:
    description = describe(part, quartile_type=quartile_type)
    assert isinstance(description, Description)  # noqa: S101 - a group has at least one row
    return GroupDescription(label, description, shapiro_wilk(part))


def _levene(rows: Grouped, centre: Centre) -> FTest | NotDefined:
    distances = np.empty(rows.n)
    for position, part in enumerate(rows.parts()):
        middle = shifted_mean(part) if centre == "mean" else float(np.median(part))
        distances[rows.code == position] = np.abs(part - middle)
    # a distance smaller than the rounding of the values is none
    distances[distances <= noise_of(rows.values)] = 0.0
    found = anova(summaries_of(rows, distances))
    return found if isinstance(found, NotDefined) else found.test


def _kruskal(rows: Grouped) -> Kruskal | NotDefined:
    n, k = rows.n, len(rows.labels)
    if k < 2:  # noqa: PLR2004 - a comparison takes two
        return NotDefined.of("groups.one_group", n_groups=k)
    if n <= k:
        return NotDefined.of("groups.too_few", n=n, n_groups=k)
    ranks = rank(rows.values)
    if ranks.ties.size == 1:
        return NotDefined.of("groups.all_tied", n=n)
    away = np.bincount(rows.code, weights=ranks.midranks) / rows.sizes - (n + 1) / 2.0
    h = 12.0 / (n * (n + 1)) * float(rows.sizes @ (away * away))
    h /= 1.0 - ranks.tie_sum() / (float(n) ** 3 - n)
    return Kruskal(h, k - 1, chi2_upper(h, k - 1), (h - k + 1) / (n - k))


def _residual_normality(rows: Grouped, centred: Sequence[Summary]) -> ShapiroWilk | NotDefined:
    residuals = (rows.values - rows.values[0]) - np.array([one.mean for one in centred])[rows.code]
    residuals[np.abs(residuals) <= noise_of(rows.values)] = 0.0
    return shapiro_wilk(residuals)
