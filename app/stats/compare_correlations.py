"""Whether two correlations differ: of two sets of patients, or of one set with a column in common."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from numpy.typing import ArrayLike

from app.stats.correlation import Correlation, Pearson, correlation_from_r, pearson
from app.stats.distributions import normal_two_sided, t_two_sided
from app.stats.result import Interval, NotDefined, complete_cases


@dataclass(frozen=True, slots=True)
class CorrelationComparison:
    """The difference of two correlations.

    Parameters
    ----------
    design : str
        ``independent`` (two sets of patients) or ``dependent`` (one set, one column in common).
    r1, r2 : float
    n1, n2 : int
        Rows of each; the same for a dependent comparison.
    difference : float
        r1 - r2.
    ci : Interval
        Zou's.
    statistic : float
        z for independent, Williams's t for dependent correlations.
    df : int or None
        Of that t; None for z.
    p : float
    """

    design: Literal["independent", "dependent"]
    r1: float
    r2: float
    n1: int
    n2: int
    difference: float
    ci: Interval
    statistic: float
    df: int | None
    p: float


def compare_independent(
    r1: float, n1: int, r2: float, n2: int, *, level: float = 0.95
) -> CorrelationComparison | NotDefined:
    """Compare the correlations of two sets of patients.

    z = (atanh r1 - atanh r2) / sqrt(1/(n1 - 3) + 1/(n2 - 3)).

    Parameters
    ----------
    r1, r2 : float
        Between -1 and 1.
    n1, n2 : int
        Rows each was computed from.
    level : float
        Confidence level.

    Returns
    -------
    CorrelationComparison or NotDefined
        Not defined below four rows in one set (``compare_correlations.too_few``) and where one r is exactly 1
        or -1 (``compare_correlations.exact``).

    References
    ----------
    Fisher 1921, Metron 1:3; Zou 2007, Psychol Methods 12:399 (interval).
    """
    reason = _why_not((r1, r2), min(n1, n2))
    if reason is not None:
        return reason
    z = (math.atanh(r1) - math.atanh(r2)) / math.sqrt(1.0 / (n1 - 3) + 1.0 / (n2 - 3))
    first, second = (correlation_from_r(r, n, level=level) for r, n in ((r1, n1), (r2, n2)))
    ci = _zou(first, second, 0.0, level)
    return CorrelationComparison("independent", r1, r2, n1, n2, r1 - r2, ci, z, None, normal_two_sided(z))


def compare_dependent(
    r1: float, r2: float, between: float, n: int, *, level: float = 0.95
) -> CorrelationComparison | NotDefined:
    """Compare two correlations of one set of patients that share a column.

    Williams's t = (r1 - r2) sqrt((n - 1)(1 + b) / (2 R (n - 1)/(n - 3) + m^2 (1 - b)^3)) with b the
    correlation of the two other columns, R = 1 - r1^2 - r2^2 - b^2 + 2 r1 r2 b and m = (r1 + r2) / 2; n - 3
    degrees of freedom.

    Parameters
    ----------
    r1, r2 : float
        Of the shared column with the first and with the second.
    between : float
        Of the first with the second.
    n : int
        Rows.
    level : float
        Confidence level.

    Returns
    -------
    CorrelationComparison or NotDefined
        Not defined below four rows (``compare_correlations.too_few``), where one of the three is exactly 1 or
        -1 (``compare_correlations.exact``) and where no data have these three
        (``compare_correlations.impossible``).

    References
    ----------
    Williams 1959, J R Stat Soc B 21:396; Steiger 1980, Psychol Bull 87:245; Zou 2007, Psychol Methods 12:399.
    """
    reason = _why_not((r1, r2, between), n)
    if reason is not None:
        return reason
    determinant = 1.0 - r1 * r1 - r2 * r2 - between * between + 2.0 * r1 * r2 * between
    if determinant < 0.0:
        return NotDefined.of("compare_correlations.impossible", r1=r1, r2=r2, between=between)
    middle = (r1 + r2) / 2.0
    spread = 2.0 * determinant * (n - 1) / (n - 3) + middle * middle * (1.0 - between) ** 3
    if spread == 0.0:
        return NotDefined.of("compare_correlations.exact", n=n)
    t = (r1 - r2) * math.sqrt((n - 1) * (1.0 + between) / spread)
    first, second = (correlation_from_r(r, n, level=level) for r in (r1, r2))
    ci = _zou(first, second, _overlap(r1, r2, between), level)
    return CorrelationComparison("dependent", r1, r2, n, n, r1 - r2, ci, t, n - 3, t_two_sided(t, n - 3))


def compare_columns(
    shared: ArrayLike, first: ArrayLike, second: ArrayLike, *, level: float = 0.95
) -> CorrelationComparison | NotDefined:
    """Compare the correlations of one column with two others, on the rows where all three are known.

    Parameters
    ----------
    shared, first, second : array_like, shape (rows,)
        To compare how strong a rising and a falling relation are, turn the sign of one column.
    level : float
        Confidence level.

    Returns
    -------
    CorrelationComparison or NotDefined
        Not defined as in :func:`~app.stats.correlation.pearson` and :func:`compare_dependent`.
    """
    cases = complete_cases([shared, first, second])
    of_shared, of_first, of_second = cases.columns
    found = []
    for a, b in ((of_shared, of_first), (of_shared, of_second), (of_first, of_second)):
        result = pearson(a, b, level=level)
        if not isinstance(result, Pearson):
            return result
        found.append(result.r)
    return compare_dependent(found[0], found[1], found[2], cases.n, level=level)


def _why_not(coefficients: tuple[float, ...], n: int) -> NotDefined | None:
    if n < 4:  # noqa: PLR2004 - the standard error divides by n - 3
        return NotDefined.of("compare_correlations.too_few", n=n)
    if any(abs(r) >= 1.0 for r in coefficients):
        return NotDefined.of("compare_correlations.exact", n=n)
    return None


def _overlap(r1: float, r2: float, between: float) -> float:
    """Correlation of the two coefficients over repeated samples (Pearson and Filon 1898)."""
    shared = (between - r1 * r2 / 2.0) * (1.0 - r1 * r1 - r2 * r2 - between * between) + between**3
    return shared / ((1.0 - r1 * r1) * (1.0 - r2 * r2))


def _zou(first: Correlation, second: Correlation, overlap: float, level: float) -> Interval:
    """Interval of the difference from the two single ones."""
    a, b = first.ci, second.ci
    assert a is not None  # noqa: S101 - four rows have an interval
    assert b is not None  # noqa: S101 - as above
    difference = first.r - second.r
    down, up = first.r - a.low, b.high - second.r
    low = difference - math.sqrt(max(0.0, down * down + up * up - 2.0 * overlap * down * up))
    down, up = second.r - b.low, a.high - first.r
    high = difference + math.sqrt(max(0.0, down * down + up * up - 2.0 * overlap * down * up))
    return Interval(low, high, level, "Zou 2007")
