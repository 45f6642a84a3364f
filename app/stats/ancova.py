"""Analysis of covariance: group means at the same age, sex and BMI."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import f_upper, t_quantile, t_two_sided
from app.stats.grouped import Grouped, group_rows
from app.stats.groups_summary import FTest, shifted_mean
from app.stats.pairwise import Adjustment, Pair, Pairwise, finish
from app.stats.regression import Parameter
from app.stats.result import FloatArray, Interval, NotDefined, Note, noise_of

# a column that is determined by the others keeps less than this share of its length
_DETERMINED = 1e-7


@dataclass(frozen=True, slots=True)
class AdjustedMean:
    """Mean of one group at the average of the covariates.

    Parameters
    ----------
    label : str
    n : int
    raw : float
        The mean as it is.
    estimate, se : float
        Adjusted mean and its standard error.
    ci : Interval
    """

    label: str
    n: int
    raw: float
    estimate: float
    se: float
    ci: Interval


@dataclass(frozen=True, slots=True)
class Ancova:
    """Groups compared at equal covariates.

    Parameters
    ----------
    n, n_excluded : int
        Rows used, and rows with a missing cell or no group.
    group_test : FTest
        Of the groups, covariates given (type III sums of squares, as SPSS).
    partial_eta_squared : float
    names : tuple of str
        The covariates.
    slopes : tuple of Parameter
        Of each covariate, common to all groups.
    at : tuple of float
        Averages of the covariates: where the adjusted means stand.
    means : tuple of AdjustedMean
    residual_sd : float
        With n - groups - covariates degrees of freedom.
    parallel : FTest or NotDefined
        Whether the slopes differ between the groups; if so, one adjusted difference does not hold for all.
    pairs : Pairwise
        Adjusted means compared.
    notes : tuple of Note
        ``ancova.not_parallel`` where the slopes differ.
    """

    n: int
    n_excluded: int
    group_test: FTest
    partial_eta_squared: float
    names: tuple[str, ...]
    slopes: tuple[Parameter, ...]
    at: tuple[float, ...]
    means: tuple[AdjustedMean, ...]
    residual_sd: float
    parallel: FTest | NotDefined
    pairs: Pairwise
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class _Fit:
    coefficients: FloatArray
    inverse: FloatArray
    rss: float


def ancova(
    values: ArrayLike,
    groups: Sequence[Hashable],
    covariates: Sequence[ArrayLike],
    names: Sequence[str],
    *,
    order: Sequence[Hashable] | None = None,
    adjustment: Adjustment = "bonferroni",
    level: float = 0.95,
) -> Ancova | NotDefined:
    """Compare groups adjusted for covariates.

    Least squares of y = group + sum of slope x (covariate - average); the group's constant is its adjusted
    mean. The groups are tested by what the sum of squared residuals loses when they share one constant.

    Parameters
    ----------
    values : array_like, shape (rows,)
    groups : sequence, length rows
        Group of each row; None leaves the row out.
    covariates : sequence of array_like, each shape (rows,)
        At least one. Rows with a missing cell are left out and counted.
    names : sequence of str
        Names of the covariates.
    order : sequence, optional
        The groups in the order they are told.
    adjustment : str
        Of the p values of the pairs.
    level : float
        Confidence level.

    Returns
    -------
    Ancova or NotDefined
        Not defined for fewer than two groups (``groups.one_group``), too few rows (``ancova.too_few``),
        covariates that groups or each other determine (``ancova.determined``) and an exact fit
        (``ancova.exact``).

    References
    ----------
    Fisher 1932, Statistical Methods for Research Workers, 4th edition; Searle, Speed and Milliken 1980, Am
    Stat 34:216 (adjusted means).
    """
    rows = group_rows([values, *covariates], groups, order=order)
    k, c = len(rows.labels), len(names)
    if k < 2:  # noqa: PLR2004 - a comparison takes two
        return NotDefined.of("groups.one_group", n_groups=k)
    df = rows.n - k - c
    if df < 1:
        return NotDefined.of("ancova.too_few", n=rows.n, needed=k + c + 1, n_excluded=rows.n_excluded)
    origin = float(rows.values[0])
    y, centred = rows.values - origin, np.column_stack([one - one.mean() for one in rows.columns[1:]])
    full = _fit(np.column_stack((_members(rows), centred)), y)
    alone = _fit(np.column_stack((np.ones(rows.n), centred)), y)
    if full is None or alone is None:
        return NotDefined.of("ancova.determined", n=rows.n)
    if math.sqrt(full.rss / rows.n) <= noise_of(rows.values):
        return NotDefined.of("ancova.exact", n=rows.n)
    lost = max(0.0, alone.rss - full.rss)
    f = (lost / (k - 1)) / (full.rss / df)
    parallel = _parallel(rows, centred, y, full.rss)
    return Ancova(
        n=rows.n,
        n_excluded=rows.n_excluded,
        group_test=FTest(f, k - 1, df, f_upper(f, k - 1, df)),
        partial_eta_squared=lost / (lost + full.rss),
        names=tuple(names),
        slopes=tuple(_slope(full, k + place, df, level) for place in range(c)),
        at=tuple(float(one.mean()) for one in rows.columns[1:]),
        means=_means(rows, full, origin, df, level),
        residual_sd=math.sqrt(full.rss / df),
        parallel=parallel,
        pairs=_pairs(rows.labels, full, df, adjustment, level),
        notes=_notes(parallel, level),
    )


def _notes(parallel: FTest | NotDefined, level: float) -> tuple[Note, ...]:
    if isinstance(parallel, NotDefined) or parallel.p >= 1.0 - level:
        return ()
    return (Note.of("ancova.not_parallel", p=parallel.p),)


def _members(rows: Grouped) -> FloatArray:
    """One column of 0 and 1 for each group."""
    return np.asarray(rows.code[:, None] == np.arange(len(rows.labels)), dtype=np.float64)


def _fit(design: FloatArray, y: FloatArray) -> _Fit | None:
    """Least squares; None where the columns determine each other."""
    length = np.linalg.norm(design, axis=0)
    if length.min() == 0.0:
        return None
    basis, triangle = np.linalg.qr(design / length)
    if np.abs(np.diag(triangle)).min() <= _DETERMINED:
        return None
    back = np.linalg.inv(triangle) / length[:, None]
    coefficients = back @ (basis.T @ y)
    residuals = y - design @ coefficients
    return _Fit(coefficients, back @ back.T, float(residuals @ residuals))


def _slope(fit: _Fit, place: int, df: int, level: float) -> Parameter:
    estimate = float(fit.coefficients[place])
    se = math.sqrt(fit.rss / df * float(fit.inverse[place, place]))
    half, t = t_quantile((1.0 + level) / 2.0, df) * se, estimate / se
    return Parameter(
        estimate, se, Interval(estimate - half, estimate + half, level, "Student t"), t, t_two_sided(t, df)
    )


def _means(rows: Grouped, fit: _Fit, origin: float, df: int, level: float) -> tuple[AdjustedMean, ...]:
    means = []
    for place, (label, part) in enumerate(zip(rows.labels, rows.parts(), strict=True)):
        one = _slope(fit, place, df, level)
        ci = Interval(origin + one.ci.low, origin + one.ci.high, level, "Student t")
        raw = shifted_mean(part)
        means.append(AdjustedMean(label, int(part.size), raw, origin + one.estimate, one.se, ci))
    return tuple(means)


def _parallel(rows: Grouped, centred: FloatArray, y: FloatArray, rss: float) -> FTest | NotDefined:
    """Test whether the groups need slopes of their own."""
    members = _members(rows)
    own = [members * centred[:, [place]] for place in range(centred.shape[1])]
    k, c = members.shape[1], centred.shape[1]
    df1, df2 = (k - 1) * c, rows.n - k - k * c
    separate = _fit(np.column_stack((members, *own)), y) if df2 > 0 else None
    if separate is None or math.sqrt(separate.rss / rows.n) <= noise_of(rows.values):
        return NotDefined.of("ancova.no_parallel_test", n=rows.n)
    f = (max(0.0, rss - separate.rss) / df1) / (separate.rss / df2)
    return FTest(f, df1, df2, f_upper(f, df1, df2))


def _pairs(labels: Sequence[str], fit: _Fit, df: int, adjustment: Adjustment, level: float) -> Pairwise:
    count = len(labels) * (len(labels) - 1) // 2
    tail = (1.0 - level) / 2.0 / (1 if adjustment == "none" else count)
    quantile, name = t_quantile(1.0 - tail, df), "Student t" if adjustment == "none" else "Bonferroni"
    pairs = []
    for a, b in combinations(range(len(labels)), 2):
        difference = float(fit.coefficients[b] - fit.coefficients[a])
        spread = fit.inverse[a, a] + fit.inverse[b, b] - 2.0 * fit.inverse[a, b]
        se = math.sqrt(fit.rss / df * float(spread))
        t, half = difference / se, quantile * se
        ci = Interval(difference - half, difference + half, level, name)
        pairs.append(Pair(labels[a], labels[b], difference, se, t, df, t_two_sided(t, df), None, ci))
    return finish("ancova", adjustment, pairs, level)
