"""Correlation of ranks: Spearman's rho and Kendall's tau-b; each interval names its standard error."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import normal_quantile, normal_two_sided, t_two_sided
from app.stats.exact_ranks import KENDALL_LARGEST, SPEARMAN_LARGEST, kendall_exact_p, spearman_exact_p
from app.stats.ranks import Ranks, rank
from app.stats.result import (
    CompleteCases,
    FloatArray,
    IntArray,
    Interval,
    NotDefined,
    Note,
    complete_cases,
)

BONETT = "Bonett and Wright 2000, SE sqrt((1 + rho^2 / 2) / (n - 3))"
FISHER = "Fisher z, SE 1 / sqrt(n - 3)"
FIELLER_RHO = "Fieller 1957, SE sqrt(1.06 / (n - 3))"
FIELLER_TAU = "Fieller 1957, SE sqrt(0.437 / (n - 4))"


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """A rank correlation with its tests and intervals.

    Parameters
    ----------
    kind : str
        ``spearman`` or ``kendall``.
    n, n_excluded : int
        Rows used, and rows with a missing cell.
    estimate : float
        rho or tau-b, -1 to 1.
    statistic : float or None
        t with n - 2 degrees of freedom for rho (None where it is infinite), z for tau.
    p : float
        From that statistic.
    p_exact : float or None
        Counted; without ties and up to 9 (rho) or 49 (tau) rows.
    intervals : tuple of Interval
        One for each standard error in use, the recommended first; empty where none is defined.
    has_ties : bool
    notes : tuple of Note
        ``correlation.exact`` or ``correlation.no_interval``.
    """

    kind: str
    n: int
    n_excluded: int
    estimate: float
    statistic: float | None
    p: float
    p_exact: float | None
    intervals: tuple[Interval, ...]
    has_ties: bool
    notes: tuple[Note, ...] = ()

    @property
    def ci(self) -> Interval | None:
        """The recommended interval."""
        return self.intervals[0] if self.intervals else None


def spearman(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> RankCorrelation | NotDefined:
    """Spearman's rho: Pearson's r of the midranks.

    The p value comes from t = rho sqrt((n - 2) / (1 - rho^2)), as in SPSS. The intervals are made with
    atanh(rho) and the standard error each names; MedCalc uses Fisher's, SPSS Fieller's, and Bonett and
    Wright's holds its level best.

    Parameters
    ----------
    x, y : array_like, shape (rows,)
        Rows with a missing cell are left out and counted.
    level : float
        Confidence level.

    Returns
    -------
    RankCorrelation or NotDefined
        Not defined below three rows (``correlation.too_few``) or with a constant column
        (``correlation.constant``).

    References
    ----------
    Spearman 1904, Am J Psychol 15:72; Bonett and Wright 2000, Psychometrika 65:23; Fieller, Hartley and
    Pearson 1957, Biometrika 44:470.
    """
    cases = complete_cases([x, y])
    reason = why_not(cases)
    if reason is not None:
        return reason
    n, (a, b) = cases.n, (rank(column) for column in cases.columns)
    rho = rho_of_ranks(a, b)
    exact = abs(rho) == 1.0
    t = None if exact else rho * math.sqrt((n - 2) / ((1.0 - rho) * (1.0 + rho)))
    intervals: tuple[Interval, ...] = ()
    if not exact and n > 3:  # noqa: PLR2004 - the standard errors divide by n - 3
        scales = {BONETT: 1.0 + rho * rho / 2.0, FISHER: 1.0, FIELLER_RHO: 1.06}
        intervals = tuple(
            _around(rho, math.sqrt(scale / (n - 3)), level, name) for name, scale in scales.items()
        )
    tied = a.has_ties or b.has_ties
    squares = round(float(np.sum((a.midranks - b.midranks) ** 2)))
    return RankCorrelation(
        kind="spearman",
        n=n,
        n_excluded=cases.n_excluded,
        estimate=rho,
        statistic=t,
        p=0.0 if t is None else t_two_sided(t, n - 2),
        p_exact=None if tied or n > SPEARMAN_LARGEST else spearman_exact_p(squares, n),
        intervals=intervals,
        has_ties=tied,
        notes=_notes(rho, n, bool(intervals), needed=4),
    )


def kendall(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> RankCorrelation | NotDefined:
    """Kendall's tau-b: concordant minus discordant pairs, ties taken out of the denominator.

    The p value comes from z with the variance under no association, corrected for ties and without continuity
    correction, as in SPSS. The interval uses Fieller's standard error 0.437 / (n - 4).

    Parameters
    ----------
    x, y : array_like, shape (rows,)
        Rows with a missing cell are left out and counted.
    level : float
        Confidence level.

    Returns
    -------
    RankCorrelation or NotDefined
        Not defined as in :func:`spearman`.

    References
    ----------
    Kendall 1945, Biometrika 33:239; Kendall 1970, Rank Correlation Methods, 4th edition (variance with ties).
    """
    cases = complete_cases([x, y])
    reason = why_not(cases)
    if reason is not None:
        return reason
    n, (a, b) = cases.n, (rank(column) for column in cases.columns)
    surplus, discordant, tau = _tau(a, b)
    z = surplus / math.sqrt(_tau_variance(a, b))
    intervals: tuple[Interval, ...] = ()
    if abs(tau) < 1.0 and n > 4:  # noqa: PLR2004 - the standard error divides by n - 4
        intervals = (_around(tau, math.sqrt(0.437 / (n - 4)), level, FIELLER_TAU),)
    tied = a.has_ties or b.has_ties
    return RankCorrelation(
        kind="kendall",
        n=n,
        n_excluded=cases.n_excluded,
        estimate=tau,
        statistic=z,
        p=normal_two_sided(z),
        p_exact=None if tied or n > KENDALL_LARGEST else kendall_exact_p(discordant, n),
        intervals=intervals,
        has_ties=tied,
        notes=_notes(tau, n, bool(intervals), needed=5),
    )


def why_not(cases: CompleteCases) -> NotDefined | None:
    """Return why the rows have no rank correlation, or None."""
    if cases.n < 3:  # noqa: PLR2004 - two points always lie on a line
        return NotDefined.of("correlation.too_few", n=cases.n, n_excluded=cases.n_excluded)
    # by steps, not by range: steps that are each only rounding may add up to more
    if any(rank(column).ties.size == 1 for column in cases.columns):
        return NotDefined.of("correlation.constant", n=cases.n, n_excluded=cases.n_excluded)
    return None


def rho_of_ranks(a: Ranks, b: Ranks) -> float:
    """Spearman's rho of two ranked columns that both vary, exactly 1 or -1 where the orders agree."""
    # twice the ranks are whole numbers, so the sums are exact
    middle = a.midranks.size + 1.0
    da, db = 2.0 * a.midranks - middle, 2.0 * b.midranks - middle
    if np.array_equal(da, db):
        return 1.0
    if np.array_equal(da, -db):
        return -1.0
    return float(da @ db) / math.sqrt(float(da @ da) * float(db @ db))


def tau_of_ranks(a: Ranks, b: Ranks) -> float:
    """Kendall's tau-b of two ranked columns that both vary."""
    return _tau(a, b)[2]


def _tau(a: Ranks, b: Ranks) -> tuple[int, int, float]:
    """Concordant minus discordant pairs, discordant pairs, tau-b."""
    n = a.step.size
    order = np.lexsort((b.step, a.step))
    discordant = _inversions(b.step[order])
    both = np.unique(a.step * np.int64(b.ties.size) + b.step, return_counts=True)[1]
    pairs, tied_a, tied_b, tied_both = (_pairs(counts) for counts in (np.array([n]), a.ties, b.ties, both))
    surplus = pairs - tied_a - tied_b + tied_both - 2 * discordant
    if surplus == pairs - tied_a == pairs - tied_b or -surplus == pairs - tied_a == pairs - tied_b:
        return surplus, discordant, math.copysign(1.0, surplus)
    return surplus, discordant, surplus / math.sqrt(float(pairs - tied_a) * float(pairs - tied_b))


def _pairs(counts: IntArray) -> int:
    return int(np.sum(counts * (counts - 1) // 2))


def _inversions(codes: IntArray) -> int:
    """Count the pairs that stand in falling order, by merging blocks of doubling width."""
    size = 1 << max(0, int(codes.size - 1).bit_length())
    lift = int(codes.max()) + 1
    # what fills up the last block is larger than all and so in no falling pair
    blocks = np.full(size, lift - 1, dtype=np.int64)
    blocks[: codes.size] = codes
    count, width = 0, 1
    while width < size:
        halves = blocks.reshape(-1, 2, width)
        above = np.arange(halves.shape[0], dtype=np.int64)[:, None] * lift
        left, right = (halves[:, 0] + above).ravel(), (halves[:, 1] + above).ravel()
        upto = np.searchsorted(left, right, side="right").reshape(-1, width)
        ends = (np.arange(halves.shape[0], dtype=np.int64)[:, None] + 1) * width
        count += int(np.sum(ends - upto))
        blocks = np.sort(halves.reshape(-1, 2 * width), axis=1)
        width *= 2
    return count


def _tau_variance(a: Ranks, b: Ranks) -> float:
    """Variance of concordant minus discordant pairs under no association, with ties."""
    n = float(a.step.size)
    ta, tb = a.ties.astype(np.float64), b.ties.astype(np.float64)

    def sums(t: FloatArray) -> tuple[float, float, float]:
        return (
            float(np.sum(t * (t - 1.0) * (2.0 * t + 5.0))),
            float(np.sum(t * (t - 1.0))),
            float(np.sum(t * (t - 1.0) * (t - 2.0))),
        )

    (a1, a2, a3), (b1, b2, b3) = sums(ta), sums(tb)
    plain = (n * (n - 1.0) * (2.0 * n + 5.0) - a1 - b1) / 18.0
    return plain + a2 * b2 / (2.0 * n * (n - 1.0)) + a3 * b3 / (9.0 * n * (n - 1.0) * (n - 2.0))


def _around(estimate: float, se: float, level: float, method: str) -> Interval:
    middle, half = math.atanh(estimate), normal_quantile((1.0 + level) / 2.0) * se
    return Interval(math.tanh(middle - half), math.tanh(middle + half), level, method)


def _notes(estimate: float, n: int, has_interval: bool, *, needed: int) -> tuple[Note, ...]:
    if abs(estimate) == 1.0:
        return (Note.of("rank_correlation.exact", estimate=estimate),)
    return () if has_interval else (Note.of("rank_correlation.no_interval", n=n, needed=needed),)
