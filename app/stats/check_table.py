"""Check a table: what the printed summaries give, how far rounding reaches, and whether the rest can be.

A printed mean of 148.95 stands for anything from 148.945 to 148.955. Over all such values of all groups F
takes values in a range; its ends are found exactly. A printed F outside cannot come from the printed table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.contingency import Contingency, contingency
from app.stats.distributions import f_upper, t_two_sided
from app.stats.groups_summary import Anova, Summary, SummaryComparison, compare_summaries, sums_of_squares
from app.stats.printed import Printed, PrintedGroup
from app.stats.result import NotDefined, Note

Verdict = Literal["possible", "close", "impossible"]
"""``close``: off by less than one unit of its last digit, as after rounding twice or cutting off."""

LARGEST_GROUPS = 16
"""So many groups at most: the largest sum of squares stands on one of 2^groups corners."""

_SLACK = 1e-9
"""Share of a limit that rounding of the arithmetic may take."""


@dataclass(frozen=True, slots=True)
class Range:
    """Smallest and largest value that rounding of the printed digits allows.

    Parameters
    ----------
    low, high : float
    """

    low: float
    high: float

    def allows(self, printed: Printed) -> bool:
        """Tell whether a printed number can stand for a value in here."""
        low = self.low - _SLACK * abs(self.low)
        high = self.high + _SLACK * abs(self.high)
        if printed.relation == "<":
            return low < printed.value
        if printed.relation == ">":
            return high > printed.value
        return low <= printed.high and high >= printed.low


@dataclass(frozen=True, slots=True)
class Check:
    """A printed number beside the range it should lie in.

    Parameters
    ----------
    printed : Printed
    range : Range
    """

    printed: Printed
    range: Range

    @property
    def verdict(self) -> Verdict:
        """Whether the printed number can be."""
        if self.range.allows(self.printed):
            return "possible"
        loose = replace(self.printed, half=2.0 * self.printed.half)
        return "close" if self.printed.relation == "=" and self.range.allows(loose) else "impossible"

    @property
    def off(self) -> float:
        """How far the printed number lies outside, as a share of the nearer end; 0 inside."""
        end = min(max(self.printed.value, self.range.low), self.range.high)
        return abs(self.printed.value - end) / max(abs(end), self.printed.half)


@dataclass(frozen=True, slots=True)
class PairRange:
    """t of two groups, equal variances, over the rounding.

    Parameters
    ----------
    first, second : str
    t, p : Range
        t without its sign.
    """

    first: str
    second: str
    t: Range
    p: Range


@dataclass(frozen=True, slots=True)
class CheckedMeans:
    """A row of means and SDs recomputed.

    Parameters
    ----------
    comparison : SummaryComparison
        From the numbers as printed.
    anova : Anova
        The same.
    f, p : Range
        Over the rounding.
    pairs : tuple of PairRange
    printed_f, printed_p : Check or None
        None where nothing is printed.
    """

    comparison: SummaryComparison
    anova: Anova
    f: Range
    p: Range
    pairs: tuple[PairRange, ...]
    printed_f: Check | None
    printed_p: Check | None


@dataclass(frozen=True, slots=True, eq=False)
class CheckedCounts:
    """A table of counts recomputed; counts are not rounded.

    Parameters
    ----------
    contingency : Contingency
    printed_x2, printed_p : Check or None
    """

    contingency: Contingency
    printed_x2: Check | None
    printed_p: Check | None


@dataclass(frozen=True, slots=True)
class CheckedYouden:
    """Sensitivity and specificity put together.

    Parameters
    ----------
    j : float
        Sensitivity + specificity - 1, as printed.
    range : Range
        Over the rounding.
    printed_j : Check or None
    true_positives, true_negatives : tuple of int or None
        The counts that are printed so; None where the number of patients is not known.
    notes : tuple of Note
        ``check.no_count`` where no count is printed so, ``check.zeros_added`` where one is if zeros were
        added.
    """

    j: float
    range: Range
    printed_j: Check | None
    true_positives: tuple[int, ...] | None
    true_negatives: tuple[int, ...] | None
    notes: tuple[Note, ...] = ()


def check_means(
    groups: Sequence[PrintedGroup], *, f: Printed | None = None, p: Printed | None = None
) -> CheckedMeans | NotDefined:
    """Recompute one row of a table: F from n, mean and SD of each group.

    F = MSB / MSW, where MSB depends on the means only and MSW on the SDs only. So the largest F is the
    largest MSB (convex in the means: on a corner of the rounding box) over the smallest MSW, and the smallest
    F the smallest MSB (one common centre, each mean as near to it as its rounding lets it) over the largest
    MSW.

    Parameters
    ----------
    groups : sequence of PrintedGroup
    f, p : Printed, optional
        What is printed beside them.

    Returns
    -------
    CheckedMeans or NotDefined
        Not defined as in :func:`~app.stats.groups_summary.compare_summaries`, where no group varies
        (``groups.no_variance``) and for more than 16 groups (``check.too_many_groups``).

    References
    ----------
    Brown and Heathers 2017, Soc Psychol Personal Sci 8:363 (checking printed means by their granularity).
    """
    comparison = compare_summaries([one.summary for one in groups])
    if isinstance(comparison, NotDefined):
        return comparison
    if isinstance(comparison.anova, NotDefined):
        return comparison.anova
    if len(groups) > LARGEST_GROUPS:
        return NotDefined.of("check.too_many_groups", n_groups=len(groups), largest=LARGEST_GROUPS)
    test, within = comparison.anova.test, _within(groups)
    df1, df2 = test.df1, test.df2
    if within[0] == 0.0:
        return NotDefined.of("groups.no_variance")
    of_f = Range(
        _smallest_between(groups) / df1 / within[1] * df2, _largest_between(groups) / df1 / within[0] * df2
    )
    of_p = Range(f_upper(of_f.high, df1, df2), f_upper(of_f.low, df1, df2))
    return CheckedMeans(
        comparison=comparison,
        anova=comparison.anova,
        f=of_f,
        p=of_p,
        pairs=tuple(_pair(a, b, within, df2) for a, b in combinations(groups, 2)),
        printed_f=None if f is None else Check(f, of_f),
        printed_p=None if p is None else Check(p, of_p),
    )


def check_counts(
    table: ArrayLike, *, x2: Printed | None = None, p: Printed | None = None
) -> CheckedCounts | NotDefined:
    """Recompute chi-square, without Yates's correction, from a table of counts.

    Parameters
    ----------
    table : array_like of int, shape (rows, columns)
    x2, p : Printed, optional
        What is printed beside it.

    Returns
    -------
    CheckedCounts or NotDefined
        Not defined as in :func:`~app.stats.contingency.contingency`.
    """
    found = contingency(table)
    if isinstance(found, NotDefined):
        return found
    test = found.pearson
    return CheckedCounts(
        contingency=found,
        printed_x2=None if x2 is None else Check(x2, Range(test.x2, test.x2)),
        printed_p=None if p is None else Check(p, Range(test.p, test.p)),
    )


def check_youden(
    sensitivity: Printed,
    specificity: Printed,
    *,
    j: Printed | None = None,
    positives: int | None = None,
    negatives: int | None = None,
) -> CheckedYouden | NotDefined:
    """Recompute Youden's index from sensitivity and specificity, and the counts behind them.

    Parameters
    ----------
    sensitivity, specificity : Printed
        Shares of 1 or percent.
    j : Printed, optional
        The printed index.
    positives, negatives : int, optional
        Patients with and without the outcome.

    Returns
    -------
    CheckedYouden or NotDefined
        Not defined (``check.not_a_share``) where one lies outside 0 to 100 %.

    References
    ----------
    Youden 1950, Cancer 3:32.
    """
    shares = sensitivity.as_share(), specificity.as_share()
    if any(not 0.0 <= share.value <= 1.0 for share in shares):
        return NotDefined.of("check.not_a_share")
    low = sum(max(0.0, share.low) for share in shares) - 1.0
    high = sum(min(1.0, share.high) for share in shares) - 1.0
    of_j = Range(low, high)
    counts, notes = zip(
        *(_counts(share, total) for share, total in zip(shares, (positives, negatives), strict=True)),
        strict=True,
    )
    return CheckedYouden(
        j=shares[0].value + shares[1].value - 1.0,
        range=of_j,
        printed_j=None if j is None else Check(j.as_share(), of_j),
        true_positives=counts[0],
        true_negatives=counts[1],
        notes=tuple(note for note in notes if note is not None),
    )


def possible_counts(share: Printed, total: int) -> tuple[int, ...]:
    """List the counts of ``total`` that are printed as this share of 1.

    Parameters
    ----------
    share : Printed
        As :meth:`~app.stats.printed.Printed.as_share` gives it.
    total : int
        At least 1.
    """
    around = range(max(0, math.floor(share.low * total)), min(total, math.ceil(share.high * total)) + 1)
    return tuple(count for count in around if abs(count / total - share.value) <= share.half + _SLACK)


def _counts(share: Printed, total: int | None) -> tuple[tuple[int, ...] | None, Note | None]:
    if total is None or total < 1:
        return None, None
    found = possible_counts(share, total)
    if found:
        return found, None
    found = possible_counts(share.without_last_zeros(), total)
    if found:
        return found, Note.of("check.zeros_added", printed=share.text, count=found[0], total=total)
    return (), Note.of("check.no_count", printed=share.text, total=total)


def _within(groups: Sequence[PrintedGroup]) -> tuple[float, float]:
    """Smallest and largest sum of squares within."""
    low = math.fsum((one.n - 1) * max(0.0, one.sd.low) ** 2 for one in groups)
    return low, math.fsum((one.n - 1) * one.sd.high**2 for one in groups)


def _largest_between(groups: Sequence[PrintedGroup]) -> float:
    corners = product(*((one.mean.low, one.mean.high) for one in groups))
    return max(_between(groups, corner) for corner in corners)


def _between(groups: Sequence[PrintedGroup], means: Sequence[float]) -> float:
    at = [Summary(one.label, one.n, mean, None) for one, mean in zip(groups, means, strict=True)]
    return sums_of_squares(at)[0]


def _smallest_between(groups: Sequence[PrintedGroup]) -> float:
    """Smallest sum of squares: convex in the common centre, so found where the pull on it turns round."""
    n = np.array([one.n for one in groups], dtype=np.float64)
    low, high = (
        np.array(side) for side in zip(*((one.mean.low, one.mean.high) for one in groups), strict=True)
    )  # the pull of the means on a centre falls from limit to limit, straight in between
    limits = np.unique(np.concatenate((low, high)))
    pull = np.array([float(n @ (np.clip(centre, low, high) - centre)) for centre in limits])
    place = int(np.sum(pull > 0.0))
    centre = limits[place]
    if pull[place] < 0.0:
        a, b = limits[place - 1], limits[place]
        centre = a + (b - a) * pull[place - 1] / (pull[place - 1] - pull[place])
    return _between(groups, np.clip(centre, low, high).tolist())


def _pair(first: PrintedGroup, second: PrintedGroup, within: tuple[float, float], df: float) -> PairRange:
    scale = math.sqrt((1.0 / first.n + 1.0 / second.n) / df)
    # the two intervals of means apart as little and as much as they can be
    nearest = max(0.0, second.mean.low - first.mean.high, first.mean.low - second.mean.high)
    farthest = max(second.mean.high - first.mean.low, first.mean.high - second.mean.low)
    t = Range(nearest / scale / math.sqrt(within[1]), farthest / scale / math.sqrt(within[0]))
    return PairRange(first.label, second.label, t, Range(t_two_sided(t.high, df), t_two_sided(t.low, df)))
