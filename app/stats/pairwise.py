"""Which groups differ: pairwise t tests, Tukey, Games-Howell, Dunn, and p values adjusted for number."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_two_sided, t_quantile, t_two_sided
from app.stats.grouped import group_rows
from app.stats.groups_summary import Summary, sums_of_squares, why_not
from app.stats.ranks import rank
from app.stats.result import Interval, NotDefined, Note
from app.stats.studentized_range import studentized_range_quantile, studentized_range_upper

Adjustment = Literal["none", "bonferroni", "holm", "sidak"]
"""How p values are adjusted for the number of comparisons."""

Method = Literal["t", "welch", "tukey", "games_howell", "dunn", "ancova"]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups compared.

    Parameters
    ----------
    first, second : str
        Labels of the groups.
    difference : float
        Mean of the second - mean of the first; of the mean ranks for Dunn.
    se : float
        Its standard error; for Tukey and Games-Howell the one that q divides by, smaller by the root of 2.
    statistic : float or None
        t, q or z; None where the standard error is 0.
    df : float or None
        Degrees of freedom; None for z.
    p : float or None
        Of this comparison alone; for Tukey and Games-Howell already of all together.
    p_adjusted : float or None
        As the method says.
    ci : Interval or None
        Of the difference, named by its method; None for Dunn.
    """

    first: str
    second: str
    difference: float
    se: float
    statistic: float | None
    df: float | None
    p: float | None
    p_adjusted: float | None
    ci: Interval | None


@dataclass(frozen=True, slots=True)
class Pairwise:
    """All pairs of groups by one method.

    Parameters
    ----------
    method : str
        ``t``, ``welch``, ``tukey``, ``games_howell``, ``dunn`` or ``ancova``.
    adjustment : str
        ``none``, ``bonferroni``, ``holm`` or ``sidak``; ``none`` where the method does it itself.
    pairs : tuple of Pair
        In the order 1-2, 1-3, ..., 2-3, ...
    level : float
    notes : tuple of Note
        ``pairwise.not_defined`` for pairs whose standard error is 0 or not known.
    """

    method: Method
    adjustment: Adjustment
    pairs: tuple[Pair, ...]
    level: float
    notes: tuple[Note, ...] = ()


def adjust_p(p: Sequence[float | None], method: Adjustment) -> tuple[float | None, ...]:
    """Adjust p values for their number; those that are not defined do not count.

    Bonferroni m p; Sidak 1 - (1 - p)^m; Holm (m - i + 1) p_(i), never below the one before.

    Parameters
    ----------
    p : sequence of float or None
    method : str
        ``none``, ``bonferroni``, ``holm`` or ``sidak``.

    References
    ----------
    Holm 1979, Scand J Stat 6:65; Sidak 1967, J Am Stat Assoc 62:626.
    """
    known = [value for value in p if value is not None]
    rule: dict[Adjustment, Callable[[Sequence[float]], list[float]]] = {
        "none": list,
        "bonferroni": lambda values: [min(1.0, len(values) * value) for value in values],
        "sidak": lambda values: [_sidak(value, len(values)) for value in values],
        "holm": _holm,
    }
    adjusted = iter(rule[method](known))
    return tuple(None if value is None else next(adjusted) for value in p)


def _sidak(p: float, m: int) -> float:
    return 1.0 if p >= 1.0 else -math.expm1(m * math.log1p(-p))


def _holm(p: Sequence[float]) -> list[float]:
    m, adjusted, largest = len(p), [0.0] * len(p), 0.0
    for place, position in enumerate(sorted(range(m), key=lambda one: p[one])):
        largest = max(largest, min(1.0, (m - place) * p[position]))
        adjusted[position] = largest
    return adjusted


def pairwise_t(
    groups: Sequence[Summary],
    *,
    adjustment: Adjustment = "holm",
    equal_variances: bool = True,
    level: float = 0.95,
) -> Pairwise | NotDefined:
    """Student or Welch t tests between all pairs of groups.

    Parameters
    ----------
    groups : sequence of Summary
        At least two.
    adjustment : str
        Of the p values. The intervals are those of a single comparison with ``none`` (least significant
        difference) and Bonferroni's otherwise.
    equal_variances : bool
        True takes the SD pooled over all groups, as SPSS does; False each pair's own two (Welch).
    level : float
        Confidence level.

    Returns
    -------
    Pairwise or NotDefined
        Not defined as in :func:`~app.stats.groups_summary.compare_summaries`.

    References
    ----------
    Student 1908, Biometrika 6:1; Welch 1947, Biometrika 34:28.
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    pooled = _pooled(groups) if equal_variances else None
    count = len(groups) * (len(groups) - 1) // 2
    tail = (1.0 - level) / 2.0 / (1 if adjustment == "none" else count)
    name = "Student t" if adjustment == "none" else "Bonferroni"

    def test(first: Summary, second: Summary) -> Pair:
        se, df = _error(first, second, pooled)
        difference = second.mean - first.mean
        if se == 0.0 or df is None:
            return Pair(first.label, second.label, difference, se, None, df, None, None, None)
        t, half = difference / se, t_quantile(1.0 - tail, df) * se
        ci = Interval(difference - half, difference + half, level, name)
        return Pair(first.label, second.label, difference, se, t, df, t_two_sided(t, df), None, ci)

    pairs = [test(first, second) for first, second in combinations(groups, 2)]
    return finish("t" if equal_variances else "welch", adjustment, pairs, level)


def tukey(groups: Sequence[Summary], *, level: float = 0.95) -> Pairwise | NotDefined:
    """Tukey and Kramer's honestly significant differences: all pairs at once, equal variances.

    q = difference / sqrt(MSW / 2 (1/n_i + 1/n_j)) with the studentized range of k groups.

    Parameters
    ----------
    groups : sequence of Summary
        At least two.
    level : float
        Confidence level of all intervals together.

    Returns
    -------
    Pairwise or NotDefined
        Not defined as in :func:`~app.stats.groups_summary.compare_summaries`.

    References
    ----------
    Tukey 1953, The Problem of Multiple Comparisons; Kramer 1956, Biometrics 12:307.
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    return _by_range(groups, "tukey", _pooled(groups), level)


def games_howell(groups: Sequence[Summary], *, level: float = 0.95) -> Pairwise | NotDefined:
    """Games and Howell's test: all pairs at once, each with its own two variances.

    Parameters
    ----------
    groups : sequence of Summary
        At least two.
    level : float
        Confidence level of all intervals together.

    Returns
    -------
    Pairwise or NotDefined
        Not defined as in :func:`~app.stats.groups_summary.compare_summaries`.

    References
    ----------
    Games and Howell 1976, J Educ Stat 1:113.
    """
    reason = why_not(groups)
    if reason is not None:
        return reason
    return _by_range(groups, "games_howell", None, level)


def dunn(
    values: ArrayLike,
    groups: Sequence[Hashable],
    *,
    adjustment: Adjustment = "holm",
    order: Sequence[Hashable] | None = None,
    level: float = 0.95,
) -> Pairwise | NotDefined:
    """Dunn's test of all pairs after Kruskal and Wallis, from the mean ranks, corrected for ties.

    Parameters
    ----------
    values : array_like, shape (rows,)
        Missing cells are left out.
    groups : sequence, length rows
        Group of each row; None leaves the row out.
    adjustment : str
        Of the p values.
    order : sequence, optional
        The groups in the order they are told.
    level : float
        Confidence level; no interval comes with ranks.

    Returns
    -------
    Pairwise or NotDefined
        Not defined for fewer than two groups (``groups.one_group``) and where all values are tied
        (``groups.all_tied``).

    References
    ----------
    Dunn 1964, Technometrics 6:241.
    """
    rows = group_rows([values], groups, order=order)
    if len(rows.labels) < 2:  # noqa: PLR2004 - a comparison takes two
        return NotDefined.of("groups.one_group", n_groups=len(rows.labels))
    n, ranks = rows.n, rank(rows.values)
    variance = n * (n + 1) / 12.0 - ranks.tie_sum() / (12.0 * (n - 1))
    if ranks.ties.size == 1:
        return NotDefined.of("groups.all_tied", n=n)
    means = np.bincount(rows.code, weights=ranks.midranks) / rows.sizes

    def test(a: int, b: int) -> Pair:
        difference = float(means[b] - means[a])
        se = math.sqrt(variance * (1.0 / rows.sizes[a] + 1.0 / rows.sizes[b]))
        z = difference / se
        return Pair(rows.labels[a], rows.labels[b], difference, se, z, None, normal_two_sided(z), None, None)

    pairs = [test(a, b) for a, b in combinations(range(len(rows.labels)), 2)]
    return finish("dunn", adjustment, pairs, level)


def finish(method: Method, adjustment: Adjustment, pairs: Sequence[Pair], level: float) -> Pairwise:
    """Add the adjusted p values, and a note for each pair that has none."""
    adjusted = adjust_p([one.p for one in pairs], adjustment)
    return Pairwise(
        method=method,
        adjustment=adjustment,
        pairs=tuple(_with_adjusted(one, p) for one, p in zip(pairs, adjusted, strict=True)),
        level=level,
        notes=tuple(_undefined(pairs)),
    )


def _with_adjusted(pair: Pair, p: float | None) -> Pair:
    return Pair(
        pair.first, pair.second, pair.difference, pair.se, pair.statistic, pair.df, pair.p, p, pair.ci
    )


def _undefined(pairs: Sequence[Pair]) -> Iterator[Note]:
    for one in pairs:
        if one.p is None:
            yield Note.of("pairwise.not_defined", first=one.first, second=one.second)


def _pooled(groups: Sequence[Summary]) -> tuple[float, int]:
    """Variance pooled over all groups, and its degrees of freedom."""
    df = sum(one.n for one in groups) - len(groups)
    return sums_of_squares(groups)[1] / df, df


def _error(first: Summary, second: Summary, pooled: tuple[float, int] | None) -> tuple[float, float | None]:
    """Standard error of the difference of two means and its degrees of freedom (None with a group of one)."""
    if pooled is not None:
        variance, df = pooled
        return math.sqrt(variance * (1.0 / first.n + 1.0 / second.n)), float(df)
    a, b = (one.sum_of_squares / max(one.n - 1, 1) / one.n for one in (first, second))
    if first.n == 1 or second.n == 1 or a + b == 0.0:
        return math.sqrt(a + b), None
    share_a, share_b = a / (a + b), b / (a + b)
    return math.sqrt(a + b), 1.0 / (share_a**2 / (first.n - 1) + share_b**2 / (second.n - 1))


def _by_range(
    groups: Sequence[Summary],
    method: Literal["tukey", "games_howell"],
    pooled: tuple[float, int] | None,
    level: float,
) -> Pairwise:
    k = len(groups)
    names = {"tukey": "Tukey and Kramer 1956", "games_howell": "Games and Howell 1976"}

    def test(first: Summary, second: Summary) -> Pair:
        error, df = _error(first, second, pooled)
        difference, se = second.mean - first.mean, error / math.sqrt(2.0)
        if se == 0.0 or df is None:
            return Pair(first.label, second.label, difference, se, None, df, None, None, None)
        q = abs(difference) / se
        half = quantile(df) * se
        ci = Interval(difference - half, difference + half, level, names[method])
        return Pair(
            first.label, second.label, difference, se, q, df, studentized_range_upper(q, k, df), None, ci
        )

    known: dict[float, float] = {}

    def quantile(df: float) -> float:
        # Tukey asks for the same one each time
        if df not in known:
            known[df] = studentized_range_quantile(level, k, df)
        return known[df]

    return finish(method, "none", [test(first, second) for first, second in combinations(groups, 2)], level)
