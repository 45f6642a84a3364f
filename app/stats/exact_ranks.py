"""Exact null distributions of rank statistics without ties, by counting: Spearman, Kendall, Mann-Whitney."""

from __future__ import annotations

from functools import cache

import numpy as np

from app.stats.result import FloatArray, frozen

SPEARMAN_LARGEST = 9
KENDALL_LARGEST = 49
MANN_WHITNEY_LARGEST = 49
"""Up to these sizes (each group, for Mann-Whitney) the exact p values are counted; R stops there too."""


def spearman_exact_p(squared_differences: int, n: int) -> float:
    """Two-sided p of Spearman's sum of squared rank differences; ``n`` up to ``SPEARMAN_LARGEST``."""
    return _two_sided(_spearman_counts(n), squared_differences)


def kendall_exact_p(discordant: int, n: int) -> float:
    """Two-sided p of the number of discordant pairs; ``n`` up to ``KENDALL_LARGEST``."""
    return _two_sided(_kendall_counts(n), discordant)


def mann_whitney_exact_p(u: int, n1: int, n2: int) -> float:
    """Two-sided p of Mann and Whitney's U; each group up to ``MANN_WHITNEY_LARGEST``."""
    return _two_sided(_mann_whitney_counts(n1, n2), u)


def _two_sided(counts: FloatArray, value: int) -> float:
    """Twice the smaller tail, at most 1."""
    tail = min(float(counts[: value + 1].sum()), float(counts[value:].sum()))
    return min(1.0, 2.0 * tail / float(counts.sum()))


@cache
def _spearman_counts(n: int) -> FloatArray:
    """How many of the n! orders have each sum of squared rank differences, ranks handed out one by one."""
    size = n * (n * n - 1) // 3 + 1
    by_used = {0: np.eye(1, size)[0]}
    for position in range(n):
        following: dict[int, FloatArray] = {}
        for used, counts in by_used.items():
            for given in range(n):
                bit = 1 << given
                if used & bit:
                    continue
                shift = (position - given) ** 2
                target = following.setdefault(used | bit, np.zeros(size))
                target[shift:] += counts[: size - shift]
        by_used = following
    return frozen(by_used[(1 << n) - 1])


@cache
def _kendall_counts(n: int) -> FloatArray:
    """How many of the n! orders have each number of inversions (MacMahon), as shares."""
    counts = np.ones(1)
    for length in range(2, n + 1):
        counts = np.convolve(counts, np.full(length, 1.0 / length))
    return frozen(counts)


@cache
def _mann_whitney_counts(n1: int, n2: int) -> FloatArray:
    """How many of the choices of n1 ranks have each U."""
    smallest = n1 * (n1 + 1) // 2
    size = smallest + n1 * n2 + 1
    chosen = np.zeros((n1 + 1, size))
    chosen[0, 0] = 1.0
    for rank in range(1, n1 + n2 + 1):
        chosen[1:, rank:] += chosen[:-1, :-rank].copy()
    counts = chosen[n1, smallest:]
    return frozen(counts)
