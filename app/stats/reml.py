"""Restricted likelihood of patients by readers with gaps: ``y = mean + patient + reader + error``.

With the two variance ratios a = var(patient) / var(error) and b = var(reader) / var(error) the covariance
of the readings is var(error) times V = I + a Z Z' + b W W', Z and W telling patient and reader. V is never
built: its patient part is inverted block by block, its reader part by Woodbury's identity (a matrix of the
size of the readers), and patients read by the same readers are summed beforehand, so that an evaluation costs
the same for 50 patients and for 50 000.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Self

import numpy as np

from app.stats.result import FloatArray, IntArray, frozen, noise_of

_STARTS = ((1.0, 0.1), (10.0, 0.0), (10.0, 1.0), (0.1, 0.1), (1.0, 10.0))
"""Variance ratios of patients and readers from which the maximum is looked for."""

LARGEST_PATIENTS, LARGEST_READERS = 60.0, 20.0
"""Largest log(1 + ratio) that is tried; the readers' part carries fewer digits than the patients'."""


@dataclass(frozen=True, slots=True, eq=False)
class Readings:
    """A table with gaps, reduced to what the likelihood needs.

    What varies inside the patients and what varies between them is kept apart, so that an error of a
    millionth of the patients' spread loses no digit.

    Parameters
    ----------
    patterns : ndarray, shape (patterns, readers)
        1 where a reader read these patients, else 0.
    patients : ndarray, shape (patterns,)
        How many patients each pattern has.
    counts : ndarray, shape (patterns,)
        Readings of each of these patients.
    sums, squares : ndarray, shape (patterns,)
        Sum, and sum of squares, of the patients' totals; the overall mean taken away before.
    within_readers : ndarray, shape (readers, readers)
        Cross-products of the readers' marks inside patients.
    within_totals : ndarray, shape (readers,)
        Sum of each reader's deviations from the patients' means.
    within_square : float
        Sum of squared deviations from the patients' means.
    n : int
        Readings.
    centre : float
        The overall mean that was taken away.
    """

    patterns: FloatArray
    patients: FloatArray
    counts: FloatArray
    sums: FloatArray
    squares: FloatArray
    within_readers: FloatArray
    within_totals: FloatArray
    within_square: float
    n: int
    centre: float

    @classmethod
    def of(cls, table: FloatArray) -> Self:
        """Reduce a table, shape (patients, readers), gaps NaN, at least one reading in every row."""
        present = np.isfinite(table)
        some = float(table[present][0])
        centre = some + float(np.mean(table[present] - some))
        values = np.where(present, table - centre, 0.0)
        totals = values.sum(axis=1)
        means = totals / present.sum(axis=1)
        deviations = np.where(present, values - means[:, np.newaxis], 0.0)
        found, which = np.unique(present, axis=0, return_inverse=True)
        patterns, which = found.astype(np.float64), which.ravel()
        patients, counts = np.bincount(which).astype(np.float64), patterns.sum(axis=1)
        return cls(
            patterns=frozen(patterns),
            patients=frozen(patients),
            counts=frozen(counts),
            sums=frozen(_sums(which, totals)),
            squares=frozen(_sums(which, totals * totals)),
            within_readers=frozen(
                np.diag(patients @ patterns) - (patterns.T * (patients / counts)) @ patterns
            ),
            within_totals=frozen(deviations.sum(axis=0)),
            within_square=float(np.sum(deviations * deviations)),
            n=int(np.count_nonzero(present)),
            centre=centre,
        )


def _sums(which: IntArray, values: FloatArray) -> FloatArray:
    return np.asarray(np.bincount(which, weights=values), dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Point:
    """The restricted likelihood at one pair of variance ratios, at the best mean and error variance.

    Parameters
    ----------
    deviance : float
        Minus twice the restricted log-likelihood.
    mean, error : float
        Estimated overall mean and error variance.
    information : float
        Of the mean, in units of 1 / ``error``.
    reader_products : ndarray, shape (readers, readers + 2)
        Products of the readers' marks with themselves, with ones and with the readings, through the inverse
        of V.
    """

    deviance: float
    mean: float
    error: float
    information: float
    reader_products: FloatArray


def likelihood(readings: Readings, patients: float, readers: float) -> Point:
    """Evaluate the restricted likelihood at two variance ratios, both at least 0.

    References
    ----------
    Patterson and Thompson 1971, Biometrika 58:545. Bates et al 2015, J Stat Softw 67(1) (profiled criterion).
    """
    u, f, m = readings.patterns, readings.patients, readings.counts
    k = u.shape[1]
    left = 1.0 / (1.0 + patients * m)
    # products through the inverse of the patient part: readers with readers, ones and readings
    products = np.empty((k, k + 2))
    products[:, :k] = readings.within_readers + (u.T * (left / m * f)) @ u
    products[:, k] = (left * f) @ u
    products[:, k + 1] = readings.within_totals + (left / m * readings.sums) @ u
    one_one, one_y = float((left * f) @ m), float(left @ readings.sums)
    y_y = readings.within_square + float((left / m) @ readings.squares)
    # Woodbury's small matrix turns them into products through the inverse of V
    small = np.eye(k) + readers * products[:, :k]
    solved = np.asarray(np.linalg.solve(small, products), dtype=np.float64)
    taken = readers * (products[:, k:].T @ solved[:, k:])
    a, b, c = one_one - float(taken[0, 0]), one_y - float(taken[0, 1]), y_y - float(taken[1, 1])
    df = readings.n - 1
    mean, rss = b / a, c - b * b / a
    log_det = float(f @ np.log1p(patients * m)) + float(np.linalg.slogdet(small)[1])
    deviance = log_det + math.log(a) + df * (1.0 + math.log(2.0 * math.pi * rss / df))
    return Point(deviance, readings.centre + mean, rss / df, a, frozen(solved))


def gradient(readings: Readings, patients: float, readers: float, at: Point) -> tuple[float, float]:
    """Derivatives of the deviance by both ratios.

    Each is tr(P Z Z') - y' P Z Z' P y / error, P being the inverse of V with the mean projected out.

    Parameters
    ----------
    readings : Readings
    patients, readers : float
        The ratios.
    at : Point
        The likelihood there.
    """
    u, f, m = readings.patterns, readings.patients, readings.counts
    k = u.shape[1]
    left, mean = 1.0 / (1.0 + patients * m), at.mean - readings.centre
    h_r, h_1, h_y = at.reader_products[:, :k], at.reader_products[:, k], at.reader_products[:, k + 1]
    away = h_y - h_1 * mean
    trace = float(np.trace(h_r)) - float(h_1 @ h_1) / at.information
    by_readers = trace - float(away @ away) / at.error
    # the same for each patient, who meets the readers of his pattern only
    v_1 = left * (m - readers * (u @ h_1))
    shift = -left * readers * (u @ h_y) - v_1 * mean
    met = np.eye(k) - readers * h_r
    inner = np.einsum("ij,ij->i", u @ met, u)
    trace = float(f @ (left * m - readers * left**2 * inner)) - float(f @ v_1**2) / at.information
    squared = float(left**2 @ readings.squares + 2.0 * (left * shift) @ readings.sums + f @ shift**2)
    return trace - squared / at.error, by_readers


def best_ratios(readings: Readings) -> tuple[float, float]:
    """Find the variance ratios of patients and readers that maximise the restricted likelihood.

    Searched from several starts, a ratio of 0 allowed, on the scale log(1 + ratio).

    Parameters
    ----------
    readings : Readings
        With some error left (:func:`has_error`).
    """
    # loads in a quarter of a second, and few ask for this
    from scipy import optimize  # noqa: PLC0415

    def objective(logs: FloatArray) -> tuple[float, FloatArray]:
        patients, readers = (float(ratio) for ratio in np.expm1(logs))
        point = likelihood(readings, patients, readers)
        slopes = gradient(readings, patients, readers, point)
        return point.deviance, np.array(slopes) * np.exp(logs)

    bounds = ((0.0, LARGEST_PATIENTS), (0.0, LARGEST_READERS))
    options = {"ftol": 1e-13, "gtol": 1e-6}
    search = partial(
        optimize.minimize, objective, jac=True, method="L-BFGS-B", bounds=bounds, options=options
    )
    best = min(map(search, np.log1p(_STARTS)), key=lambda found: float(found.fun))
    patients, readers = (float(ratio) for ratio in np.expm1(best.x))
    return patients, readers


def best_ratio(readings: Readings) -> float:
    """Find the variance ratio of patients that maximises the restricted likelihood without readers.

    The best of a grid on the scale log(1 + ratio), then the root of the slope beside it.

    Parameters
    ----------
    readings : Readings
        In which the readings of a patient differ.
    """

    def slope(log: float) -> float:
        ratio = math.expm1(log)
        return gradient(readings, ratio, 0.0, likelihood(readings, ratio, 0.0))[0]

    tried = [likelihood(readings, math.expm1(log), 0.0).deviance for log in range(int(LARGEST_PATIENTS))]
    best = tried.index(min(tried))
    low, high = max(best - 1.0, 0.0), best + 1.0
    if best == 0 and slope(0.0) >= 0.0:
        return 0.0
    for _ in range(60):
        middle = (low + high) / 2.0
        low, high = (low, middle) if slope(middle) > 0.0 else (middle, high)
    return math.expm1((low + high) / 2.0)


def has_error(table: FloatArray) -> bool:
    """Tell whether patients and readers leave anything unexplained, so that there is an error variance.

    Parameters
    ----------
    table : ndarray, shape (patients, readers)
        Gaps NaN, at least one reading in every row.
    """
    present = np.isfinite(table)
    values = np.where(present, table - table[present][0], 0.0)
    counts = present.sum(axis=1, keepdims=True)
    within = np.where(present, values - values.sum(axis=1, keepdims=True) / counts, 0.0)[present]
    marks = np.eye(table.shape[1]) - (present / counts)[:, np.newaxis, :]
    design = marks[present]
    effects, _, rank, _ = np.linalg.lstsq(design, within, rcond=None)
    free = within.size - table.shape[0] - int(rank)
    return free > 0 and bool(np.abs(within - design @ effects).max() > 10.0 * noise_of(table[present]))
