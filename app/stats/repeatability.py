"""How far repeated readings of one patient lie apart: within-subject SD and what follows from it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.rank_correlation import RankCorrelation, kendall
from app.stats.result import FloatArray, IntArray, Interval, NotDefined, Note, as_table, frozen, frozen_index
from app.stats.within import TIMES, Within, sd_interval


@dataclass(frozen=True, slots=True)
class LogWithin:
    """The same on the logarithms, for a spread that grows with the value.

    Parameters
    ----------
    variance : float
        Pooled within-subject variance of the natural logarithms.
    """

    variance: float

    @property
    def wcv_exponential(self) -> float:
        """Within-subject coefficient of variation in percent, exp(s) - 1."""
        return 100.0 * math.expm1(math.sqrt(self.variance))

    @property
    def wcv_lognormal(self) -> float:
        """The same of a log-normal distribution, the root of exp(s^2) - 1, in percent."""
        return 100.0 * math.sqrt(math.expm1(self.variance))

    @property
    def change(self) -> tuple[float, float]:
        """Percent change from one reading to the next that 95 % of repeats do not exceed, down and up."""
        step = TIMES * math.sqrt(self.variance)
        return 100.0 * math.expm1(-step), 100.0 * math.expm1(step)


@dataclass(frozen=True, slots=True)
class PairedRepeats:
    """What is also asked where every subject was read exactly twice.

    Parameters
    ----------
    sd_of_differences : float or None
        SD of first minus second reading (divisor n - 1), a systematic change taken out; None for one subject.
    dahlberg : float
        Dahlberg's error, the root of the sum of squared differences by 2 n; equals the within-subject SD.
    """

    sd_of_differences: float | None
    dahlberg: float

    @property
    def sd_without_bias(self) -> float | None:
        """Within-subject SD with a systematic change between first and second reading taken out."""
        return None if self.sd_of_differences is None else self.sd_of_differences / math.sqrt(2.0)


@dataclass(frozen=True, slots=True, eq=False)
class Repeatability:
    """Within-subject SD of one reader's repeats and what follows from it.

    Parameters
    ----------
    n, n_excluded : int
        Subjects with at least two readings, and subjects with fewer.
    df : int
        Readings less subjects.
    mean : float
        Of all readings.
    wsd : float
        Within-subject SD, in the unit of the readings: also the standard error of measurement.
    wsd_ci : Interval or None
        From chi-square; None where all repeats are equal.
    rc, rc_ci : float, Interval or None
        Repeatability coefficient, 2.77 wSD: two readings differ by less in 95 % of subjects.
    wcv : float or None
        Within-subject coefficient of variation in percent: root of the mean of (SD / mean)^2 of the subjects,
        each weighted by its degrees of freedom.
    wcv_of_mean : float or None
        wSD in percent of the overall mean.
    logarithmic : LogWithin or None
        Like both coefficients of variation, None where a reading is not above 0.
    spread : RankCorrelation or NotDefined
        Kendall's tau of the subjects' SDs with their means: does the error grow with the value?
    pairs : PairedRepeats or None
        None where a subject has more than two readings.
    sds, means : ndarray, shape (n,)
        SD and mean of each subject, read-only.
    index : ndarray of int, shape (n,)
        The input row of each subject.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    df: int
    mean: float
    wsd: float
    wsd_ci: Interval | None
    rc: float
    rc_ci: Interval | None
    wcv: float | None
    wcv_of_mean: float | None
    logarithmic: LogWithin | None
    spread: RankCorrelation | NotDefined
    pairs: PairedRepeats | None
    sds: FloatArray
    means: FloatArray
    index: IntArray
    level: float
    notes: tuple[Note, ...] = ()

    @property
    def rc_percent(self) -> float | None:
        """Repeatability coefficient in percent, 2.77 wCV."""
        return None if self.wcv is None else TIMES * self.wcv


def repeatability(matrix: ArrayLike, *, level: float = 0.95) -> Repeatability | NotDefined:
    """Within-subject SD of repeated readings by one reader.

    wSD^2 is the mean of the subjects' variances, each weighted by its degrees of freedom.

    Parameters
    ----------
    matrix : array_like, shape (subjects, repeats)
        Same unit throughout; gaps are NaN and the number of repeats may differ. A subject with a single
        reading is left out and counted.
    level : float
        Confidence level.

    Returns
    -------
    Repeatability or NotDefined
        Not defined without a subject that was read twice (``repeatability.too_few``).

    Raises
    ------
    ValueError
        If the table is not two-dimensional.

    References
    ----------
    Bland and Altman 1996, BMJ 312:1654 (wSD), 313:106 (wCV). Obuchowski and Bullen 2018, Stat Methods Med Res
    27:3139 (RC). Dahlberg 1940, Statistical Methods for Medical and Biological Students.
    """
    table = as_table(matrix)
    counts = np.isfinite(table).sum(axis=1)
    kept = counts >= 2  # noqa: PLR2004 - one reading has no spread
    n_excluded = int(np.count_nonzero(~kept))
    if not kept.any():
        return NotDefined.of("repeatability.too_few", n=0, n_excluded=n_excluded)
    used = table[kept]
    readings = used[np.isfinite(used)]
    within = Within.of(used)
    wsd = math.sqrt(float(within.squares.sum()) / within.df)
    sds = np.sqrt(within.squares / (within.counts - 1.0))
    positive = bool((readings > 0.0).all())
    mean = float(readings[0] + np.mean(readings - readings[0]))
    wsd_ci = sd_interval(wsd, within.df, level)
    spread = kendall(within.means, sds, level=level)
    return Repeatability(
        n=int(within.counts.size),
        n_excluded=n_excluded,
        df=within.df,
        mean=mean,
        wsd=wsd,
        wsd_ci=wsd_ci,
        rc=TIMES * wsd,
        rc_ci=wsd_ci and Interval(TIMES * wsd_ci.low, TIMES * wsd_ci.high, level, wsd_ci.method),
        wcv=_wcv(within) if positive else None,
        wcv_of_mean=100.0 * wsd / mean if positive else None,
        logarithmic=_logarithmic(used) if positive else None,
        spread=spread,
        pairs=_pairs(used) if int(within.counts.max()) == 2 else None,  # noqa: PLR2004 - twice each
        sds=frozen(sds),
        means=frozen(within.means),
        index=frozen_index(np.flatnonzero(kept)),
        level=level,
        notes=_notes(wsd, spread, n=int(within.counts.size), positive=positive, level=level),
    )


def _wcv(within: Within) -> float:
    # (SD / mean)^2 weighted by the degrees of freedom is the sum of squares over the squared mean
    return 100.0 * math.sqrt(float(np.sum(within.squares / within.means**2)) / within.df)


def _logarithmic(table: FloatArray) -> LogWithin:
    logs = Within.of(np.log(table))
    return LogWithin(float(logs.squares.sum()) / logs.df)


def _pairs(table: FloatArray) -> PairedRepeats:
    first, second = table[np.isfinite(table)].reshape(-1, 2).T
    differences = first - second
    n = differences.size
    sd = float(np.std(differences, ddof=1)) if n > 1 else None
    return PairedRepeats(sd, math.sqrt(float(differences @ differences) / (2.0 * n)))


def _notes(
    wsd: float, spread: RankCorrelation | NotDefined, *, n: int, positive: bool, level: float
) -> tuple[Note, ...]:
    notes = []
    if wsd == 0.0:
        notes.append(Note.of("repeatability.identical", n=n))
    if isinstance(spread, RankCorrelation) and spread.p < 1.0 - level:
        notes.append(Note.of("repeatability.spread", tau=spread.estimate, p=spread.p))
    if not positive:
        notes.append(Note.of("repeatability.not_positive"))
    return tuple(notes)
