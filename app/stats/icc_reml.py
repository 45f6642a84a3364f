"""Intraclass correlation of a table with missing readings, by restricted maximum likelihood."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_quantile
from app.stats.icc import Grade, grade
from app.stats.reml import LARGEST_PATIENTS, LARGEST_READERS, Readings, best_ratios, has_error, likelihood
from app.stats.result import FloatArray, Interval, NotDefined, Note, as_table

_METHOD = "profile restricted likelihood"


@dataclass(frozen=True, slots=True)
class Reliability:
    """A share of variance, 0 to 1, with its interval."""

    estimate: float
    ci: Interval


@dataclass(frozen=True, slots=True)
class IccReml:
    """Intraclass correlation from all readings, patients with gaps included.

    Parameters
    ----------
    n, n_excluded, k : int
        Patients used, patients without any reading, readers.
    n_readings, n_missing : int
        Readings used, and empty cells of the patients used.
    mean : float
        Estimated overall mean.
    var_patients, var_readers, var_error : float
        Variances; those of patients and readers may be exactly 0, never below.
    agreement : Reliability
        ICC(2,1): two-way random effects, absolute agreement, single reader.
    average : Reliability
        ICC(2,k): the same for the mean of k readers.
    consistency : Reliability
        The same as ``agreement`` with the variance of the readers left aside.
    deviance : float
        Minus twice the restricted log-likelihood.
    grades : tuple of Grade
        Koo and Li's words for the limits of ``agreement``.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    k: int
    n_readings: int
    n_missing: int
    mean: float
    var_patients: float
    var_readers: float
    var_error: float
    agreement: Reliability
    average: Reliability
    consistency: Reliability
    deviance: float
    grades: tuple[Grade, Grade]
    level: float
    notes: tuple[Note, ...] = ()


def icc_reml(matrix: ArrayLike, *, level: float = 0.95) -> IccReml | NotDefined:
    """Intraclass correlation of a table of readings with gaps, none of them thrown away.

    The model is reading = mean + patient + reader + error, all three random; agreement is var(patient) /
    (var(patient) + var(reader) + var(error)). Where no reading is missing it equals ICC(2,1) from mean
    squares as long as that has no negative variance. A limit is where the deviance, all else at its best,
    has risen by the squared normal quantile.

    Parameters
    ----------
    matrix : array_like, shape (patients, readers)
        Same unit throughout; a gap is NaN and leaves the rest of its patient in.
    level : float
        Confidence level.

    Returns
    -------
    IccReml or NotDefined
        Not defined with fewer than two patients or readers (``icc_reml.too_few``), or where patients and
        readers leave nothing to estimate the error from (``icc_reml.no_error``).

    Raises
    ------
    ValueError
        If the table is not two-dimensional.

    References
    ----------
    Patterson and Thompson 1971, Biometrika 58:545. McGraw and Wong 1996, Psychol Methods 1:30.
    """
    table = as_table(matrix)
    kept = np.isfinite(table).any(axis=1)
    used = table[kept][:, np.isfinite(table).any(axis=0)]
    n, k = used.shape
    n_excluded = int(kept.size) - n
    if n < 2 or k < 2:  # noqa: PLR2004 - no variance of one
        return NotDefined.of("icc_reml.too_few", n=n, k=k, n_excluded=n_excluded)
    if not has_error(used):
        return NotDefined.of("icc_reml.no_error", n=n, k=k)
    return _fitted(used, n_excluded, level)


def _fitted(table: FloatArray, n_excluded: int, level: float) -> IccReml:
    n, k = table.shape
    readings = Readings.of(table)
    patients, readers = best_ratios(readings)
    best = likelihood(readings, patients, readers)
    allowed = best.deviance + normal_quantile((1.0 + level) / 2.0) ** 2
    bounds = _Bounds(readings, math.log1p(readers), allowed, level)
    agreement = bounds.around(patients / (1.0 + readers), agreement=True)
    missing = n * k - readings.n
    return IccReml(
        n=n,
        n_excluded=n_excluded,
        k=k,
        n_readings=readings.n,
        n_missing=missing,
        mean=best.mean,
        var_patients=patients * best.error,
        var_readers=readers * best.error,
        var_error=best.error,
        agreement=agreement,
        average=_stepped(agreement, k),
        consistency=bounds.around(patients, agreement=False),
        deviance=best.deviance,
        grades=(grade(agreement.ci.low), grade(agreement.ci.high)),
        level=level,
        notes=_notes(patients, readers),
    )


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Intervals of a share of variance, from the deviance at shares beside the estimate."""

    readings: Readings
    log_readers: float
    highest: float
    level: float

    def around(self, odds: float, *, agreement: bool) -> Reliability:
        """Interval of odds / (1 + odds).

        Parameters
        ----------
        odds : float
            Estimated variance of the patients, divided by the rest.
        agreement : bool
            Whether the rest is readers and error, or error alone.
        """
        # loads in a quarter of a second, and few ask for this
        from scipy import optimize  # noqa: PLC0415

        def above(log_odds: float) -> float:
            """How far the deviance, the readers at their best, exceeds what is allowed."""
            deviance = partial(self._deviance, math.exp(log_odds), agreement)
            found = optimize.minimize_scalar(deviance, bounds=(0.0, LARGEST_READERS), method="bounded")
            # the search never tries its ends, and may miss the best readers of the estimate itself
            return min(float(found.fun), deviance(0.0), deviance(self.log_readers)) - self.highest

        # odds beyond all estimates, which print as 0 and 1
        smallest, largest = -30.0, LARGEST_PATIENTS + 20.0
        middle = max(math.log(odds), smallest) if odds > 0.0 else smallest
        low, high = 0.0, 1.0
        if above(smallest) > 0.0:
            low = _share(math.exp(optimize.brentq(above, smallest, middle, xtol=1e-7)))
        if above(largest) > 0.0:
            high = _share(math.exp(optimize.brentq(above, middle, largest, xtol=1e-7)))
        return Reliability(_share(odds), Interval(low, high, self.level, _METHOD))

    def _deviance(self, odds: float, agreement: bool, log_readers: float) -> float:
        readers = math.expm1(log_readers)
        patients = odds * (1.0 + readers) if agreement else odds
        return likelihood(self.readings, patients, readers).deviance


def _share(odds: float) -> float:
    return odds / (1.0 + odds)


def _stepped(single: Reliability, k: int) -> Reliability:
    """Step a single reader's reliability up to the mean of k (Spearman-Brown)."""

    def up(value: float) -> float:
        return k * value / (1.0 + (k - 1) * value)

    ci = Interval(up(single.ci.low), up(single.ci.high), single.ci.level, single.ci.method)
    return Reliability(up(single.estimate), ci)


def _notes(patients: float, readers: float) -> tuple[Note, ...]:
    notes = []
    if patients == 0.0:
        notes.append(Note.of("icc_reml.no_patients"))
    if readers == 0.0:
        notes.append(Note.of("icc_reml.no_readers"))
    return tuple(notes)
