"""Check a table: what the printed summaries give, how far rounding reaches, and whether the rest can be.

A printed mean of 148.95 stands for anything from 148.945 to 148.955. Over all such values of all groups F
takes values in a range; its ends are found exactly. A printed F outside cannot come from the printed table.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from app.stats.check_welch import welch_reach
from app.stats.contingency import Chi2, Contingency, contingency
from app.stats.distributions import chi2_upper, f_upper, t_two_sided
from app.stats.groups_summary import Anova, Summary, SummaryComparison, compare_summaries, sums_of_squares
from app.stats.pairwise import Pairwise, pairwise_t
from app.stats.printed import Printed, PrintedGroup
from app.stats.result import NotDefined, Note

Verdict = Literal["possible", "close", "impossible"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
"""``close``: off by less than one unit of its last digit, as after rounding twice or cutting off."""

LARGEST_GROUPS = 16
"""So many groups at most: the largest sum of squares stands on one of 2^groups corners."""

SLACK = 1e-9
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
        low = self.low - SLACK * abs(self.low)
        high = self.high + SLACK * abs(self.high)
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
    by : str
        The test it was held against, where there are several that a paper may have taken: ``welch``,
        ``yates``, ``n_minus_one`` or ``fisher``; empty for the usual one.
    """

    printed: Printed
    range: Range
    by: str = ""

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


def best_check(printed: Printed | None, usual: Range | None, **others: Range | None) -> Check | None:
    """Hold a printed number against the usual test, and against others where it does not fit that.

    Parameters
    ----------
    printed : Printed or None
    usual : Range or None
    **others : Range or None
        By what :class:`Check` calls them; None for a test that is not defined.

    Returns
    -------
    Check or None
        The first of the best verdict; None where nothing is printed or the usual test is not defined.
    """
    if printed is None or usual is None:
        return None
    ways = [Check(printed, usual), *(Check(printed, reach, by) for by, reach in others.items() if reach)]
    return min(ways, key=lambda way: VERDICTS.index(way.verdict))


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
    t : Range or None
        Student's, without its sign; None for more than two groups.
    pairs : tuple of PairRange
    student, welch : Pairwise
        All pairs with the SD of all groups pooled, and with their own; p by Holm, intervals by Bonferroni.
    printed_f, printed_t, printed_p : Check or None
        None where nothing is printed.
    notes : tuple of Note
        ``check.not_judged`` for a statistic that n, mean and SD do not give.
    """

    comparison: SummaryComparison
    anova: Anova
    f: Range
    p: Range
    t: Range | None
    pairs: tuple[PairRange, ...]
    student: Pairwise
    welch: Pairwise
    printed_f: Check | None
    printed_t: Check | None
    printed_p: Check | None
    notes: tuple[Note, ...] = ()

    @property
    def cannot_be(self) -> bool:
        """Whether something is printed that does not come from these means."""
        return _cannot_be(self.printed_f, self.printed_t, self.printed_p)


@dataclass(frozen=True, slots=True, eq=False)
class CheckedCounts:
    """A table of counts recomputed; counts are not rounded.

    Parameters
    ----------
    contingency : Contingency
    printed_x2, printed_p : Check or None
    notes : tuple of Note
        ``check.as_counts`` and ``check.as_shares`` where the cells might be read otherwise,
        ``check.not_judged`` for a statistic of another name.
    """

    contingency: Contingency
    printed_x2: Check | None
    printed_p: Check | None
    notes: tuple[Note, ...] = ()

    @property
    def cannot_be(self) -> bool:
        """Whether something is printed that does not come from these counts."""
        return _cannot_be(self.printed_x2, self.printed_p)


def _cannot_be(*checks: Check | None) -> bool:
    return any(one is not None and one.verdict == "impossible" for one in checks)


def check_means(
    groups: Sequence[PrintedGroup],
    *,
    f: Printed | None = None,
    t: Printed | None = None,
    p: Printed | None = None,
) -> CheckedMeans | NotDefined:
    """Recompute one row of a table: F from n, mean and SD of each group.

    F = MSB / MSW, where MSB depends on the means only and MSW on the SDs only. So the largest F is the
    largest MSB (convex in the means: on a corner of the rounding box) over the smallest MSW, and the smallest
    F the smallest MSB (one common centre, each mean as near to it as its rounding lets it) over the largest
    MSW.

    Parameters
    ----------
    groups : sequence of PrintedGroup
    f, t, p : Printed, optional
        What is printed beside them; t without its sign, and of two groups only. Each is held against Welch's
        test too.

    Returns
    -------
    CheckedMeans or NotDefined
        Not defined as in :func:`~app.stats.groups_summary.compare_summaries`, where no group varies
        (``groups.no_variance``) and for more than 16 groups (``check.too_many_groups``).

    References
    ----------
    Brown and Heathers 2017, Soc Psychol Personal Sci 8:363 (checking printed means by their granularity).
    """
    summaries = [one.summary for one in groups]
    comparison = compare_summaries(summaries)
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
    of_t = _root(of_f) if df1 == 1 else None
    reach = welch_reach(groups)
    by_welch = None if reach is None else Range(reach.f_low, reach.f_high)
    student, welch = (pairwise_t(summaries, equal_variances=equal) for equal in (True, False))
    assert isinstance(student, Pairwise)  # noqa: S101 - the same guards have just been passed
    assert isinstance(welch, Pairwise)  # noqa: S101 - as above
    return CheckedMeans(
        comparison=comparison,
        anova=comparison.anova,
        f=of_f,
        p=of_p,
        t=of_t,
        pairs=tuple(_pair(a, b, within, df2) for a, b in combinations(groups, 2)),
        student=student,
        welch=welch,
        printed_f=best_check(f, of_f, welch=by_welch),
        printed_t=best_check(t, of_t, welch=_root(by_welch)),
        printed_p=best_check(p, of_p, welch=None if reach is None else Range(reach.p_low, reach.p_high)),
    )


def check_counts(
    table: ArrayLike, *, x2: Printed | None = None, p: Printed | None = None
) -> CheckedCounts | NotDefined:
    """Recompute chi-square, without Yates's correction, from a table of counts.

    Parameters
    ----------
    table : array_like of int, shape (rows, columns)
    x2, p : Printed, optional
        What is printed beside it. Where they are not those of chi-square, they are held against Yates's
        correction and MedCalc's N - 1 for a 2 x 2 table, and P against Fisher's exact test.

    Returns
    -------
    CheckedCounts or NotDefined
        Not defined as in :func:`~app.stats.contingency.contingency`.
    """
    found = contingency(table)
    if isinstance(found, NotDefined):
        return found
    test, others = found.pearson, _other_tests(found)
    ways = {by: _exact(one.p) for by, one in others.items()}
    if not isinstance(found.fisher_p, NotDefined):
        ways["fisher"] = _exact(found.fisher_p)
    return CheckedCounts(
        contingency=found,
        printed_x2=best_check(x2, _exact(test.x2), **{by: _exact(one.x2) for by, one in others.items()}),
        printed_p=best_check(p, _exact(test.p), **ways),
    )


def _other_tests(found: Contingency) -> dict[str, Chi2]:
    """Other chi-squares of a 2 x 2 table."""
    if found.n_minus_one is None:
        return {}
    away = np.maximum(0.0, np.abs(found.counts - found.expected) - 0.5)
    yates = float(np.sum(away * away / found.expected))
    return {"yates": Chi2(yates, 1, chi2_upper(yates, 1)), "n_minus_one": found.n_minus_one}


def _exact(value: float) -> Range:
    return Range(value, value)


def _root(reach: Range | None) -> Range | None:
    return None if reach is None else Range(math.sqrt(reach.low), math.sqrt(reach.high))


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
