"""Partial correlation: what is left of a correlation when age, sex or BMI are held still."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.correlation import correlation_from_r
from app.stats.distributions import normal_two_sided
from app.stats.rank_correlation import tau_of_ranks
from app.stats.ranks import rank
from app.stats.result import (
    CompleteCases,
    FloatArray,
    Interval,
    NotDefined,
    complete_cases,
    is_constant,
    noise_of,
)

PartialKind = Literal["pearson", "spearman", "kendall"]

# a residual shorter than this share of its column is rounding
_EXPLAINED = 1e-7


@dataclass(frozen=True, slots=True)
class PartialCorrelation:
    """A partial correlation with its test and interval.

    Parameters
    ----------
    kind : str
        ``pearson``, ``spearman`` or ``kendall``.
    n, n_excluded : int
        Rows used, and rows with a missing cell in any column.
    controls : tuple of str
        What is held still.
    estimate : float
        -1 to 1.
    statistic : float or None
        t with ``df`` degrees of freedom, z for Kendall; None (infinite) where the estimate is exactly 1 or
        -1.
    df : int or None
        n - 2 - controls; None for Kendall.
    p : float
    ci : Interval or None
        Fisher's with n - controls; None for Kendall and with too few rows.
    """

    kind: PartialKind
    n: int
    n_excluded: int
    controls: tuple[str, ...]
    estimate: float
    statistic: float | None
    df: int | None
    p: float
    ci: Interval | None


def partial_correlation(
    x: ArrayLike,
    y: ArrayLike,
    controls: Sequence[ArrayLike],
    names: Sequence[str],
    *,
    kind: PartialKind = "pearson",
    level: float = 0.95,
) -> PartialCorrelation | NotDefined:
    """Correlation of x and y after the controls are taken out of both.

    Pearson correlates the residuals of x and of y on the controls; Spearman does so with midranks; Kendall
    takes the inverse of the matrix of tau-b, -c_xy / sqrt(c_xx c_yy), with the standard error
    sqrt(2 (2 (n - g) + 5) / (9 (n - g) (n - g - 1))) for g controls.

    Parameters
    ----------
    x, y : array_like, shape (rows,)
    controls : sequence of array_like, each shape (rows,)
        At least one. Rows with a missing cell anywhere are left out and counted.
    names : sequence of str
        Names of the controls.
    kind : str
        ``pearson``, ``spearman`` or ``kendall``.
    level : float
        Confidence level.

    Returns
    -------
    PartialCorrelation or NotDefined
        Not defined with fewer than controls + 3 rows (``partial.too_few``), with a constant column
        (``correlation.constant``, ``partial.constant_control``), and where the controls determine each other,
        x or y (``partial.determined``).

    References
    ----------
    Fisher 1924, Metron 3:329 (partial correlation and its test); Kendall 1942, Biometrika 32:277.
    """
    cases = complete_cases([x, y, *controls])
    reason = _why_not(cases, names)
    if reason is not None:
        return reason
    columns = [column - column[0] for column in cases.columns]
    if kind == "kendall":
        return _kendall(cases, columns, tuple(names))
    if kind == "spearman":
        columns = [rank(column).midranks for column in columns]
    r = _of_residuals(columns)
    if r is None:
        return NotDefined.of("partial.determined", n=cases.n)
    # g controls cost g degrees of freedom, as g more groups would
    found = correlation_from_r(r, cases.n, groups=1 + len(names), level=level)
    return PartialCorrelation(
        kind, cases.n, cases.n_excluded, tuple(names), r, found.t, found.df, found.p, found.ci
    )


def _why_not(cases: CompleteCases, names: Sequence[str]) -> NotDefined | None:
    needed = len(names) + 3
    if cases.n < needed:
        return NotDefined.of("partial.too_few", n=cases.n, needed=needed, n_excluded=cases.n_excluded)
    flat = [is_constant(column, noise=noise_of(column)) for column in cases.columns]
    if any(flat[:2]):
        return NotDefined.of("correlation.constant", n=cases.n, n_excluded=cases.n_excluded)
    for name, one in zip(names, flat[2:], strict=True):
        if one:
            return NotDefined.of("partial.constant_control", name=name, n=cases.n)
    return None


def _of_residuals(columns: Sequence[FloatArray]) -> float | None:
    """Correlate the residuals of the first two columns on the others; None where nothing is left of one."""
    table = np.column_stack([column - column.mean() for column in columns])
    table /= np.linalg.norm(table, axis=0)
    basis, triangle = np.linalg.qr(table[:, 2:])
    if np.abs(np.diag(triangle)).min() <= _EXPLAINED:
        return None
    left = table[:, :2]
    for _ in range(2):
        # twice: what rounding leaves of the controls the first time goes the second
        left = left - basis @ (basis.T @ left)
    length = np.linalg.norm(left, axis=0)
    if length.min() <= _EXPLAINED:
        return None
    r = float(left[:, 0] @ left[:, 1] / length.prod())
    nearly = 1e-14
    return math.copysign(1.0, r) if 1.0 - abs(r) <= nearly else r


def _kendall(
    cases: CompleteCases, columns: Sequence[FloatArray], names: tuple[str, ...]
) -> PartialCorrelation | NotDefined:
    ranked = [rank(column) for column in columns]
    tau = np.array([[tau_of_ranks(a, b) for b in ranked] for a in ranked])
    if np.linalg.cond(tau) > 1.0 / _EXPLAINED:
        return NotDefined.of("partial.determined", n=cases.n)
    # tau-b is a correlation of the signs of all pairs, so this matrix is positive definite
    inverse = np.linalg.inv(tau)
    estimate = float(-inverse[0, 1] / math.sqrt(inverse[0, 0] * inverse[1, 1]))
    left = cases.n - len(names)
    z = estimate / math.sqrt(2.0 * (2.0 * left + 5.0) / (9.0 * left * (left - 1.0)))
    return PartialCorrelation(
        "kendall", cases.n, cases.n_excluded, names, estimate, z, None, normal_two_sided(z), None
    )
