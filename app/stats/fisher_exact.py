"""Fisher's exact test of an r x c table, by counting every table with the same margins.

Tables are built column by column. What has been placed so far matters to the rest only by what is left of
each row, so the first columns are walked once for every such remainder, equal paths merged, and the last two
columns are listed and sorted once per remainder: the two halves meet in the middle instead of being
multiplied out.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from app.stats.result import FloatArray, IntArray, NotDefined

LARGEST_WORK = 20_000_000
"""Cells of half tables that are listed at most: some two seconds."""

OVERHEAD = 500
MERGING = 10
"""What a remainder costs beside its cells, and a cell that is merged rather than only listed, in cells."""

_SAME = 1e-7
"""Tables less likely by no more than this share count as equally likely (rounding), as in R."""


def fisher_p(table: IntArray) -> float | NotDefined:
    """Two-sided p: the probability, margins given, of all tables not more likely than the one seen.

    Parameters
    ----------
    table : ndarray of int, shape (rows, columns)
        Counts; at least two rows and two columns, none of them all 0.

    Returns
    -------
    float or NotDefined
        Not defined (``contingency.fisher_too_large``) where there are too many tables to count.

    References
    ----------
    Fisher 1935, J R Stat Soc 98:39; Freeman and Halton 1951, Biometrika 38:141.
    """
    counts = table if table.shape[0] <= table.shape[1] else table.T
    rows, columns = np.sort(counts.sum(axis=1)), np.sort(counts.sum(axis=0))
    observed = -float(special.gammaln(counts + 1.0).sum())
    log_total = _log_all(rows, columns)
    threshold = observed + np.log1p(_SAME)
    log_factorial = special.gammaln(np.arange(int(counts.sum()) + 1) + 1.0)
    paths = (rows[None, :].astype(np.int64), np.zeros(1), np.ones(1))
    for column in columns[:-2]:
        if _work(paths[0], int(column), every_path=True) > LARGEST_WORK:
            return _too_large(table)
        paths = _step(*paths, int(column), log_factorial)
    if _work(paths[0], int(columns[-2]), every_path=False) > LARGEST_WORK:
        return _too_large(table)
    return min(1.0, _meet(*paths, int(columns[-2]), log_factorial, threshold, log_total))


def _too_large(table: IntArray) -> NotDefined:
    rows, columns = table.shape
    return NotDefined.of("contingency.fisher_too_large", rows=rows, columns=columns, n=int(table.sum()))


def _log_all(rows: IntArray, columns: IntArray) -> float:
    """Log of the sum of 1 / product(x!) over all tables: N! / (product of row! and column!), turned round."""
    n = float(rows.sum())
    return float(
        special.gammaln(n + 1.0) - special.gammaln(rows + 1.0).sum() - special.gammaln(columns + 1.0).sum()
    )


def _work(left: IntArray, column: int, *, every_path: bool) -> int:
    """Count the cells it takes to place a column: once for every path, or once for every remainder."""
    different, paths = np.unique(left, axis=0, return_counts=True)
    if different.shape[0] > LARGEST_WORK // OVERHEAD:
        return LARGEST_WORK + 1
    ways = sum(
        _ways(one, column) * (MERGING * int(count) if every_path else 1)
        for one, count in zip(different, paths, strict=True)
    )
    return OVERHEAD * int(different.shape[0]) + int(left.shape[1]) * ways


def _ways(left: IntArray, column: int) -> int:
    """Count the ways to place ``column`` counts in rows with room ``left``."""
    # how many ways lead to each count so far; a float is enough for what only bounds the work
    ways = np.zeros(column + 1)
    ways[0] = 1.0
    for room in left:
        upto = np.cumsum(ways)
        ways = upto.copy()
        ways[room + 1 :] -= upto[: max(0, column - int(room))]
    return int(min(float(ways[column]), LARGEST_WORK + 1.0))


def _placements(left: IntArray, column: int) -> IntArray:
    """List the ways to place ``column`` counts in rows with room ``left``; shape (ways, rows)."""
    placed = np.zeros((1, 0), dtype=np.int64)
    rest = np.array([column], dtype=np.int64)
    room_after = np.cumsum(left[::-1])[::-1] - left
    for room, after in zip(left, room_after, strict=True):
        low, high = np.maximum(0, rest - after), np.minimum(room, rest)
        repeats = np.maximum(0, high - low + 1)
        origin = np.repeat(np.arange(rest.size), repeats)
        within = np.arange(origin.size) - np.repeat(np.cumsum(repeats) - repeats, repeats)
        here = low[origin] + within
        placed = np.column_stack((placed[origin], here))
        rest = rest[origin] - here
    return placed


def _step(
    left: IntArray, log_weight: FloatArray, times: FloatArray, column: int, log_factorial: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Place one more column on every path, and merge paths with equal remainder and equal weight."""
    different, group = np.unique(left, axis=0, return_inverse=True)
    states, weights, counts = [], [], []
    for position, room in enumerate(different):
        mine = group.ravel() == position
        ways = _placements(room, column)
        added = -log_factorial[ways].sum(axis=1)
        # rows are alike to what follows, so the remainder is kept in order
        after = np.sort(room - ways, axis=1)
        states.append(np.repeat(after, int(mine.sum()), axis=0))
        weights.append((added[:, None] + log_weight[mine][None, :]).ravel())
        counts.append(np.tile(times[mine], ways.shape[0]))
    return _merge(np.concatenate(states), np.concatenate(weights), np.concatenate(counts))


def _merge(
    left: IntArray, log_weight: FloatArray, times: FloatArray
) -> tuple[IntArray, FloatArray, FloatArray]:
    # to nine decimals: far finer than two different products of factorials, far coarser than rounding
    key = np.column_stack((left, np.round(log_weight * 1e9).astype(np.int64)))
    _, first, group = np.unique(key, axis=0, return_index=True, return_inverse=True)
    return left[first], log_weight[first], np.bincount(group.ravel(), weights=times).astype(np.float64)


def _meet(
    left: IntArray,
    log_weight: FloatArray,
    times: FloatArray,
    column: int,
    log_factorial: FloatArray,
    threshold: float,
    log_total: float,
) -> float:
    """Add up the tables whose two halves together are not more likely than the one seen."""
    different, group = np.unique(left, axis=0, return_inverse=True)
    total = 0.0
    for position, room in enumerate(different):
        mine = group.ravel() == position
        ways = _placements(room, column)
        ending = -(log_factorial[ways] + log_factorial[room - ways]).sum(axis=1)
        ending.sort()
        upto = np.searchsorted(ending, threshold - log_weight[mine], side="right")
        shares = np.concatenate(([0.0], np.cumsum(np.exp(ending - ending[-1]))))
        scale = np.exp(log_weight[mine] + ending[-1] - log_total)
        total += float(np.sum(times[mine] * scale * shares[upto]))
    return total
