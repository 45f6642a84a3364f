"""Concordance correlation: do readings lie on the line of equality? Two readers (Lin) or more (overall)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_quantile
from app.stats.result import (
    FloatArray,
    Interval,
    NotDefined,
    Note,
    as_table,
    complete_cases,
    is_constant,
    noise_of,
)

_NEARLY = 1e-12

Strength = Literal["poor", "moderate", "substantial", "almost_perfect"]


@dataclass(frozen=True, slots=True)
class Concordance:
    """Lin's concordance correlation of two readings.

    Parameters
    ----------
    n, n_excluded : int
        Pairs used, and pairs with a missing cell.
    estimate : float
        Between -1 and 1: ``precision`` times ``accuracy``.
    ci : Interval or None
        By Lin's z transformation; None where the readings leave no error.
    ci_asymptotic : Interval or None
        Estimate and standard error as they are; may reach beyond 1.
    se : float or None
        Standard error of the estimate.
    precision : float
        Pearson's r.
    accuracy : float
        Bias correction factor C_b, 0 to 1: how close the best line is to the line of equality.
    scale_shift : float
        SD of the second reading divided by that of the first.
    location_shift : float
        Second mean minus first, in units of the geometric mean of both SDs.
    strengths : tuple of Strength or None
        McBride's words for the limits of ``ci``.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    estimate: float
    ci: Interval | None
    ci_asymptotic: Interval | None
    se: float | None
    precision: float
    accuracy: float
    scale_shift: float
    location_shift: float
    strengths: tuple[Strength, Strength] | None
    level: float
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class OverallConcordance:
    """Concordance correlation of several readers together.

    Parameters
    ----------
    n, n_excluded, k : int
        Patients used, patients with a missing reading, readers.
    estimate : float
        Mean of the pairs' coefficients, each weighted by its spread: ``precision`` times ``accuracy``.
    precision, accuracy : float
    pairs : tuple of tuple of int
        The two readers of each pair, from 0.
    of_pairs : tuple of float or None
        Lin's coefficient of each; None where both readers gave one and the same value throughout.
    """

    n: int
    n_excluded: int
    k: int
    estimate: float
    precision: float
    accuracy: float
    pairs: tuple[tuple[int, int], ...]
    of_pairs: tuple[float | None, ...]


def lin_ccc(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> Concordance | NotDefined:
    """Lin's concordance correlation coefficient, 2 s_xy / (s_x^2 + s_y^2 + (mean x - mean y)^2).

    Variances and covariance have the divisor n.

    Parameters
    ----------
    x, y : array_like, shape (patients,)
        First and second reading, same unit; pairs with a missing cell are left out and counted.
    level : float
        Confidence level.

    Returns
    -------
    Concordance or NotDefined
        Not defined below three complete pairs (``ccc.too_few``) or where one reading is the same in all
        patients (``ccc.constant``).

    References
    ----------
    Lin 1989, Biometrics 45:255, with the standard error corrected in Lin 2000, Biometrics 56:324. McBride
    2005, NIWA report HAM2005-062 (words).
    """
    cases = complete_cases([x, y])
    if cases.n < 3:  # noqa: PLR2004 - the standard error divides by n - 2
        return NotDefined.of("ccc.too_few", n=cases.n, n_excluded=cases.n_excluded)
    xs, ys = cases.columns
    if any(is_constant(column, noise=noise_of(column)) for column in (xs, ys)):
        return NotDefined.of("ccc.constant", n=cases.n)
    n = cases.n
    covariance, shift = _moments(np.stack((xs, ys), axis=1), n)
    sx, sy = math.sqrt(covariance[0, 0]), math.sqrt(covariance[1, 1])
    spread = float(covariance[0, 0] + covariance[1, 1] + (shift[1] - shift[0]) ** 2)
    r = float(covariance[0, 1]) / (sx * sy)
    # what lies on a line up to rounding has no error around it
    r = math.copysign(1.0, r) if 1.0 - abs(r) <= _NEARLY else r
    accuracy = 2.0 * sx * sy / spread
    location = float(shift[1] - shift[0]) / math.sqrt(sx * sy)
    se = _standard_error(r, accuracy, location, n)
    estimate = r * accuracy
    ci, asymptotic = _intervals(estimate, se, level)
    return Concordance(
        n=n,
        n_excluded=cases.n_excluded,
        estimate=estimate,
        ci=ci,
        ci_asymptotic=asymptotic,
        se=None if ci is None else se,
        precision=r,
        accuracy=accuracy,
        scale_shift=sy / sx,
        location_shift=location,
        strengths=None if ci is None else (strength(ci.low), strength(ci.high)),
        level=level,
        notes=() if ci is not None else (Note.of("ccc.error_free", n=n),),
    )


def overall_ccc(matrix: ArrayLike) -> OverallConcordance | NotDefined:
    """Overall concordance correlation coefficient of several readers.

    The sum of 2 s_ij over all pairs of readers, divided by that of s_i^2 + s_j^2 + (mean i - mean j)^2.
    Variances and covariances have the divisor n - 1, so that a pair's coefficient differs a little from
    :func:`lin_ccc`.

    Parameters
    ----------
    matrix : array_like, shape (patients, readers)
        Same unit throughout; a patient with a missing reading is left out and counted.

    Returns
    -------
    OverallConcordance or NotDefined
        Not defined below two complete patients or two readers (``ccc.too_few_readings``) or where fewer than
        two readers gave different values (``ccc.no_variance``).

    Raises
    ------
    ValueError
        If the table is not two-dimensional.

    References
    ----------
    Barnhart, Haber and Song 2002, Biometrics 58:1020.
    """
    table = as_table(matrix)
    kept = np.isfinite(table).all(axis=1)
    complete: FloatArray = table[kept]
    n, k = complete.shape
    n_excluded = int(kept.size) - n
    if n < 2 or k < 2:  # noqa: PLR2004 - no variance of one
        return NotDefined.of("ccc.too_few_readings", n=n, k=k, n_excluded=n_excluded)
    covariance, means = _moments(complete, n - 1)
    pairs = tuple(combinations(range(k), 2))
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    variances = np.diag(covariance)
    shared = 2.0 * covariance[first, second]
    # the most that two readers of these SDs could share
    possible = 2.0 * np.sqrt(variances[first] * variances[second])
    spread = variances[first] + variances[second] + (means[first] - means[second]) ** 2
    if float(possible.sum()) == 0.0:
        return NotDefined.of("ccc.no_variance", n=n, k=k)
    return OverallConcordance(
        n=n,
        n_excluded=n_excluded,
        k=k,
        estimate=float(shared.sum() / spread.sum()),
        precision=float(shared.sum() / possible.sum()),
        accuracy=float(possible.sum() / spread.sum()),
        pairs=pairs,
        of_pairs=tuple(
            float(one / whole) if whole > 0.0 else None for one, whole in zip(shared, spread, strict=True)
        ),
    )


def strength(value: float) -> Strength:
    """McBride's word for a limit of the interval (2005)."""
    almost_perfect, substantial, moderate = 0.99, 0.95, 0.9
    if value > almost_perfect:
        return "almost_perfect"
    if value >= substantial:
        return "substantial"
    return "moderate" if value >= moderate else "poor"


def _moments(table: FloatArray, divisor: int) -> tuple[FloatArray, FloatArray]:
    """Covariances, and means less the first reading; what is only rounding is 0."""
    away = table - table[0, 0]
    means: FloatArray = away.mean(axis=0)
    centred = away - means
    centred[:, np.ptp(table, axis=0) <= noise_of(table)] = 0.0
    covariance: FloatArray = centred.T @ centred / divisor
    return covariance, means


def _standard_error(r: float, accuracy: float, location: float, n: int) -> float:
    # Lin's variance with r divided out, so that r = 0 needs no exception
    estimate = r * accuracy
    variance = (1.0 - r * r) * accuracy**2 * (1.0 - estimate**2)
    variance += 2.0 * estimate**2 * accuracy * (1.0 - estimate) * location**2
    variance -= estimate**2 * accuracy**2 * location**4 / 2.0
    return math.sqrt(max(variance, 0.0) / (n - 2))


def _intervals(estimate: float, se: float, level: float) -> tuple[Interval, Interval] | tuple[None, None]:
    if 1.0 - abs(estimate) <= _NEARLY or se <= _NEARLY:
        return None, None
    z = normal_quantile((1.0 + level) / 2.0)
    middle, half = math.atanh(estimate), z * se / (1.0 - estimate**2)
    return (
        Interval(math.tanh(middle - half), math.tanh(middle + half), level, "z transformation, Lin 2000"),
        Interval(estimate - z * se, estimate + z * se, level, "asymptotic, Lin 2000"),
    )
