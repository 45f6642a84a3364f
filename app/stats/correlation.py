"""Pearson correlation with Fisher interval and line, and the same within groups."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_quantile, t_two_sided
from app.stats.regression import Line, fit_line
from app.stats.result import (
    CompleteCases,
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    complete_cases,
    is_constant,
    noise_of,
)

__all__ = ["Correlation", "Line", "Pearson", "WithinGroups", "correlation_from_r", "pearson", "within_groups"]


@dataclass(frozen=True, slots=True)
class Correlation:
    """A coefficient with its test and interval.

    Parameters
    ----------
    r : float
        Between -1 and 1.
    ci : Interval or None
        Fisher's; None with too few rows.
    t : float or None
        Test of r = 0; None (infinite) where r is exactly 1 or -1.
    df : int
        Degrees of freedom of the test.
    p : float
        Of that test.
    """

    r: float
    ci: Interval | None
    t: float | None
    df: int
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Pearson:
    """Linear correlation of two columns.

    Parameters
    ----------
    n, n_excluded : int
        Rows used, and rows with a missing cell.
    coefficient : Correlation
    line : Line
        Regression of y on x, with ``confidence_band``, ``prediction_band`` and ``residual_sd``.
    x, y : ndarray, shape (n,)
        The rows used, read-only.
    index : ndarray of int, shape (n,)
        The input row of each point.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    coefficient: Correlation
    line: Line
    x: FloatArray
    y: FloatArray
    index: IntArray
    level: float
    notes: tuple[Note, ...] = ()

    @property
    def r(self) -> float:
        """The coefficient."""
        return self.coefficient.r

    @property
    def ci(self) -> Interval | None:
        """Its interval."""
        return self.coefficient.ci

    @property
    def p(self) -> float:
        """Its p value."""
        return self.coefficient.p


@dataclass(frozen=True, slots=True)
class WithinGroups:
    """Correlation over all patients beside the one inside the groups.

    Parameters
    ----------
    n, n_excluded, n_groups : int
        Rows used, rows with a missing cell or group, groups with at least one row.
    pooled : Correlation
        Over all rows, groups ignored.
    within : Correlation
        After each group's means are taken away, with n - groups - 1 degrees of freedom.
    notes : tuple of Note
        ``correlation.between_groups`` where the pooled r is mostly a difference between the groups.
    """

    n: int
    n_excluded: int
    n_groups: int
    pooled: Correlation
    within: Correlation
    notes: tuple[Note, ...] = ()


def pearson(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Pearson | NotDefined:
    """Pearson's r of two columns.

    Parameters
    ----------
    x, y : array_like, shape (rows,)
        Rows with a missing cell are left out and counted.
    level : float
        Confidence level.

    Returns
    -------
    Pearson or NotDefined
        Not defined below three rows (``correlation.too_few``) or with a constant column
        (``correlation.constant``).

    References
    ----------
    Fisher 1921, Metron 1:3 (interval by the z transformation).
    """
    cases = complete_cases([x, y])
    reason = _why_not(cases)
    if reason is not None:
        return reason
    xs, ys = cases.columns
    coefficient = correlation_from_r(_r(xs, ys), cases.n, level=level)
    line = fit_line(xs, ys, level=level)
    assert isinstance(line, Line)  # noqa: S101 - the same guards have just been passed
    return Pearson(
        n=cases.n,
        n_excluded=cases.n_excluded,
        coefficient=coefficient,
        line=line,
        x=xs,
        y=ys,
        index=cases.index,
        level=level,
        notes=_notes(coefficient, cases.n),
    )


def correlation_from_r(r: float, n: int, *, groups: int = 1, level: float = 0.95) -> Correlation:
    """Test and interval of a printed coefficient.

    Parameters
    ----------
    r : float
        Between -1 and 1.
    n : int
        Rows it was computed from, at least ``groups`` + 2.
    groups : int
        Groups whose means were taken away before (1 for an ordinary r).
    level : float
        Confidence level.
    """
    df = n - groups - 1
    if abs(r) == 1.0:
        # the z transformation of 1 is infinite: the interval has no width and the test no error
        return Correlation(r, Interval(r, r, level, "Fisher z") if df > 1 else None, None, df, 0.0)
    t = r * math.sqrt(df / ((1.0 - r) * (1.0 + r)))
    ci = None
    if df > 1:
        half = normal_quantile((1.0 + level) / 2.0) / math.sqrt(df - 1)
        ci = Interval(math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half), level, "Fisher z")
    return Correlation(r, ci, t, df, t_two_sided(t, df))


def within_groups(
    x: ArrayLike, y: ArrayLike, groups: Sequence[Hashable], *, level: float = 0.95
) -> WithinGroups | NotDefined:
    """Compare r over all rows with r inside the groups.

    Parameters
    ----------
    x, y : array_like, shape (rows,)
        Rows with a missing cell are left out and counted.
    groups : sequence, length rows
        Group of each row; None leaves the row out.
    level : float
        Confidence level.

    Returns
    -------
    WithinGroups or NotDefined
        Not defined below three rows or with a constant column, as in :func:`pearson`; with fewer than
        groups + 2 rows (``correlation.too_few_in_groups``); and where a column does not vary inside the
        groups (``correlation.constant_in_groups``).

    References
    ----------
    The pooled within-group r is the partial correlation given the groups; Bland and Altman 1995, BMJ 310:446.
    """
    codes: dict[Hashable, int] = {}
    coded = [np.nan if group is None else codes.setdefault(group, len(codes)) for group in groups]
    cases = complete_cases([x, y, coded])
    reason = _why_not(cases)
    if reason is not None:
        return reason
    xs, ys, kept = cases.columns
    present, code = np.unique(kept, return_inverse=True)
    n_groups = int(present.size)
    if cases.n < n_groups + 2:
        return NotDefined.of("correlation.too_few_in_groups", n=cases.n, n_groups=n_groups)
    dx, dy = _centred(xs, code), _centred(ys, code)
    if is_constant(dx, noise=noise_of(xs)) or is_constant(dy, noise=noise_of(ys)):
        return NotDefined.of("correlation.constant_in_groups", n=cases.n, n_groups=n_groups)
    pooled = correlation_from_r(_r(xs, ys), cases.n, level=level)
    within = correlation_from_r(_r(dx, dy), cases.n, groups=n_groups, level=level)
    notes = (*_notes(within, cases.n, n_groups), *_between(pooled, within))
    return WithinGroups(cases.n, cases.n_excluded, n_groups, pooled, within, notes)


def _why_not(cases: CompleteCases) -> NotDefined | None:
    if cases.n < 3:  # noqa: PLR2004 - two points always lie on a line
        return NotDefined.of("correlation.too_few", n=cases.n, n_excluded=cases.n_excluded)
    if any(is_constant(column, noise=noise_of(column)) for column in cases.columns[:2]):
        return NotDefined.of("correlation.constant", n=cases.n, n_excluded=cases.n_excluded)
    return None


def _r(x: FloatArray, y: FloatArray) -> float:
    dx, dy = x - x[0], y - y[0]
    dx, dy = dx - dx.mean(), dy - dy.mean()
    dx, dy = dx / np.abs(dx).max(), dy / np.abs(dy).max()
    r = float(dx @ dy) / math.sqrt(float(dx @ dx) * float(dy @ dy))
    # what lies on a line up to rounding is 1, so that it is told apart from 0.9999999
    nearly = 1e-14
    return math.copysign(1.0, r) if 1.0 - abs(r) <= nearly else r


def _centred(values: FloatArray, code: IntArray) -> FloatArray:
    shifted = values - values[0]
    means = np.bincount(code, weights=shifted) / np.bincount(code)
    centred: FloatArray = shifted - means[code]
    return centred


def _notes(coefficient: Correlation, n: int, groups: int = 1) -> tuple[Note, ...]:
    notes = []
    if coefficient.t is None:
        notes.append(Note.of("correlation.exact", r=coefficient.r))
    if coefficient.ci is None:
        notes.append(Note.of("correlation.no_interval", n=n, needed=groups + 3))
    return tuple(notes)


def _between(pooled: Correlation, within: Correlation) -> tuple[Note, ...]:
    """Note a pooled r that stands while the one inside the groups cannot be told from 0, or turns round."""
    if pooled.ci is None or within.ci is None:
        return ()
    stands = pooled.ci.low > 0.0 or pooled.ci.high < 0.0
    towards = math.copysign(1.0, pooled.r)
    weakest = min(towards * within.ci.low, towards * within.ci.high)
    if not stands or weakest > 0.0:
        return ()
    return (
        Note.of(
            "correlation.between_groups",
            pooled=pooled.r,
            within=within.r,
            low=within.ci.low,
            high=within.ci.high,
            level=within.ci.level,
        ),
    )
