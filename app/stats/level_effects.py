"""Means over levels of which some are missing: what each level adds, and means that allow for it.

Fat fraction rises from L1 to L5, so the mean of a patient without L5 lies too low beside the others. In the
additive model of the unbalanced two-way layout without interaction

    y_ij = m_i + t_j + e_ij        (i a row: one reading of a patient; j a level)

least squares, the rows absorbed, gives the effects of the levels from

    C t = q,    C = diag(n_j) - sum_i d_i d_i' / k_i,    q_j = sum of (y_ij - mean of row i) over level j,

``d_i`` telling which levels row i has, ``k_i`` how many, ``n_j`` how many rows have level j. The adjusted
mean of a row is the mean of ``y_ij - t_j`` over the levels it has, plus the mean of all t (its population
marginal mean): its plain mean and a shift, which is 0 where no level is missing.

Searle SR. Linear Models. Wiley 1971, chapter 7.1 (the two-way classification without interaction).
Searle SR, Speed FM, Milliken GA. Am Stat 1980;34:216-221 (marginal means).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.result import BoolArray, FloatArray, NotDefined, as_table, frozen

_TWO = 2


@dataclass(frozen=True, slots=True, eq=False)
class LevelEffects:
    """What each level adds to a value.

    Attributes
    ----------
    effects : ndarray, shape (levels,)
        In the unit of the values; their sum is 0.
    n : int
        Rows they rest on: those with two levels or more.
    n_excluded : int
        Rows that say nothing of a difference between levels.
    """

    effects: FloatArray
    n: int
    n_excluded: int


def level_effects(values: ArrayLike) -> LevelEffects | NotDefined:
    """Estimate what each level adds, by least squares on rows and levels.

    Parameters
    ----------
    values : array_like, shape (rows, levels)
        One row for each reading of a patient; what is not finite is missing.

    Returns
    -------
    LevelEffects or NotDefined
        ``level_effects.unlinked`` where a level has no value, or no chain of rows leads from one level to
        another: then their difference is one between patients as well.

    Raises
    ------
    ValueError
        If it is not two-dimensional.
    """
    table = as_table(values)
    there = np.isfinite(table)
    told = there.sum(axis=1) >= _TWO
    n = int(told.sum())
    if not _linked(there):
        return NotDefined.of("level_effects.unlinked", levels=table.shape[1], n=n)
    return LevelEffects(frozen(_solve(table[told], there[told])), n, int(told.size) - n)


def _linked(there: BoolArray) -> bool:
    """Whether every level can be reached from every other through rows that have both."""
    levels = there.shape[1]
    together = there.astype(np.int64).T @ there.astype(np.int64) > 0
    for _ in range(levels):
        together = together @ together
    return levels > 0 and bool(together.all())


def _solve(table: FloatArray, there: BoolArray) -> FloatArray:
    """Effects that sum to 0; without rows there is one level, which adds nothing."""
    design = there.astype(np.float64)
    counts = design.sum(axis=1, keepdims=True)
    filled = np.where(there, table, 0.0)
    away = np.where(there, table - filled.sum(axis=1, keepdims=True) / counts, 0.0)
    # the sum of the effects is free: this makes it 0 and the matrix regular
    matrix = np.diag(design.sum(axis=0)) - design.T @ (design / counts) + 1.0
    found = np.linalg.solve(matrix, away.sum(axis=0))
    effects: FloatArray = found - found.mean()
    return effects


def level_shifts(there: BoolArray, effects: ArrayLike) -> FloatArray:
    """What a mean over some levels lacks to one over all: the mean of all effects less that of those it has.

    Parameters
    ----------
    there : ndarray of bool, shape (..., levels)
        Which levels have a value.
    effects : array_like, shape (levels,) or (..., levels)
        What each level adds; NaN where that is not known.

    Returns
    -------
    ndarray, shape (...)
        To be added to the plain mean. Exactly 0 where all levels are there, whatever the effects; NaN where
        none is, or where the effects are not known.
    """
    full = np.broadcast_to(np.asarray(effects, dtype=np.float64), there.shape)
    count = there.sum(axis=-1)
    total = np.where(there, full, 0.0).sum(axis=-1)
    unknown = np.isnan(full).any(axis=-1) | (count == 0)
    present = np.divide(total, count, out=np.full(total.shape, np.nan), where=~unknown)
    shifts: FloatArray = np.where(there.all(axis=-1), 0.0, full.mean(axis=-1) - present)
    return shifts
