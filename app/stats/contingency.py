"""Tables of counts: chi-square without Yates, Fisher's exact test, and McNemar's for pairs."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from app.stats.distributions import chi2_upper, normal_quantile
from app.stats.fisher_exact import fisher_p
from app.stats.result import FloatArray, IntArray, Interval, NotDefined, Note

SMALL = 5.0
"""Expected counts below this make chi-square's p value doubtful (Cochran 1954)."""


@dataclass(frozen=True, slots=True)
class Chi2:
    """A chi-square test.

    Parameters
    ----------
    x2 : float
    df : int
    p : float
    """

    x2: float
    df: int
    p: float


@dataclass(frozen=True, slots=True)
class OddsRatio:
    """Odds ratio of a 2 x 2 table.

    Parameters
    ----------
    value : float
        ad / bc.
    ci : Interval
        Woolf's.
    """

    value: float
    ci: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Contingency:
    """A table of counts and whether its rows and columns hang together.

    Parameters
    ----------
    counts : ndarray of int, shape (rows, columns)
    expected : ndarray, shape (rows, columns)
        Counts expected from the margins alone.
    n : int
    pearson : Chi2
        Without continuity correction.
    likelihood_ratio : Chi2
        G^2.
    linear : Chi2
        Linear by linear association, rows and columns numbered from 1: SPSS's test of a trend.
    n_minus_one : Chi2 or None
        Of a 2 x 2 table only: MedCalc's "N - 1" chi-square.
    cramers_v : float
        Strength, 0 to 1.
    fisher_p : float or NotDefined
        Two-sided, counted out.
    odds_ratio : OddsRatio or None
        Of a 2 x 2 table without a zero.
    notes : tuple of Note
        ``contingency.small_expected`` where expected counts lie below 5.
    """

    counts: IntArray
    expected: FloatArray
    n: int
    pearson: Chi2
    likelihood_ratio: Chi2
    linear: Chi2
    n_minus_one: Chi2 | None
    cramers_v: float
    fisher_p: float | NotDefined
    odds_ratio: OddsRatio | None
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class McNemar:
    """McNemar's test of paired yes-or-no answers.

    Parameters
    ----------
    b, c : int
        Pairs that differ one way and the other.
    x2, p : float
        (b - c)^2 / (b + c).
    x2_corrected, p_corrected : float
        With continuity correction (Edwards 1948).
    p_exact : float
        From the binomial distribution: SPSS's figure, and the one to report.
    """

    b: int
    c: int
    x2: float
    p: float
    x2_corrected: float
    p_corrected: float
    p_exact: float


def contingency(table: ArrayLike, *, level: float = 0.95) -> Contingency | NotDefined:
    """Test a table of counts for association.

    X^2 is the sum of (O - E)^2 / E with E = row total x column total / N, and (r - 1)(c - 1) degrees of
    freedom.

    Parameters
    ----------
    table : array_like of int, shape (rows, columns)
    level : float
        Confidence level of the odds ratio.

    Returns
    -------
    Contingency or NotDefined
        Not defined for what is not a table of counts (``contingency.not_counts``), below two rows or columns
        (``contingency.too_small``) and with a row or column of zeros (``contingency.empty_line``).

    References
    ----------
    Pearson 1900, Philos Mag 50:157; Mantel 1963, J Am Stat Assoc 58:690 (linear); Campbell 2007, Stat Med
    26:3661 (N - 1); Woolf 1955, Ann Hum Genet 19:251.
    """
    counts = _counts(table)
    if isinstance(counts, NotDefined):
        return counts
    n, rows, columns = float(counts.sum()), counts.sum(axis=1), counts.sum(axis=0)
    expected = np.outer(rows, columns) / n
    df = (rows.size - 1) * (columns.size - 1)
    x2 = float(np.sum((counts - expected) ** 2 / expected))
    g2 = 2.0 * float(np.sum(special.xlogy(counts, counts / expected)))
    counts.flags.writeable = expected.flags.writeable = False
    fourfold = counts.shape == (2, 2)
    return Contingency(
        counts=counts,
        expected=expected,
        n=int(n),
        pearson=_chi2(x2, df),
        likelihood_ratio=_chi2(max(0.0, g2), df),
        linear=_linear(counts),
        n_minus_one=_chi2(x2 * (n - 1.0) / n, 1) if fourfold else None,
        cramers_v=math.sqrt(x2 / (n * (min(counts.shape) - 1))),
        fisher_p=fisher_p(counts),
        odds_ratio=_odds_ratio(counts, level) if fourfold else None,
        notes=_notes(expected),
    )


def cross_table(
    rows: Sequence[Hashable], columns: Sequence[Hashable]
) -> tuple[IntArray, tuple[Hashable, ...], tuple[Hashable, ...]]:
    """Count pairs of labels.

    Parameters
    ----------
    rows, columns : sequence, same length
        Labels of each patient; a pair with None is left out.

    Returns
    -------
    tuple
        Counts of shape (row labels, column labels), the row labels and the column labels, as they first
        appear.

    Raises
    ------
    ValueError
        If the lengths differ.
    """
    pairs = [(a, b) for a, b in zip(rows, columns, strict=True) if a is not None and b is not None]
    row_labels, column_labels = (tuple(dict.fromkeys(pair[side] for pair in pairs)) for side in (0, 1))
    counts = np.zeros((len(row_labels), len(column_labels)), dtype=np.int64)
    places = [{label: place for place, label in enumerate(labels)} for labels in (row_labels, column_labels)]
    for a, b in pairs:
        counts[places[0][a], places[1][b]] += 1
    return counts, row_labels, column_labels


def mcnemar(b: int, c: int) -> McNemar | NotDefined:
    """McNemar's test of whether two tests on the same patients say yes equally often.

    Parameters
    ----------
    b, c : int
        Pairs with yes-no and with no-yes.

    Returns
    -------
    McNemar or NotDefined
        Not defined where no pair differs (``mcnemar.no_difference``) and for negative counts
        (``contingency.not_counts``).

    References
    ----------
    McNemar 1947, Psychometrika 12:153; Edwards 1948, Psychometrika 13:185.
    """
    if b < 0 or c < 0:
        return NotDefined.of("contingency.not_counts")
    if b + c == 0:
        return NotDefined.of("mcnemar.no_difference")
    x2 = (b - c) ** 2 / (b + c)
    corrected = max(0, abs(b - c) - 1) ** 2 / (b + c)
    exact = min(1.0, 2.0 * float(special.bdtr(min(b, c), b + c, 0.5)))
    return McNemar(b, c, x2, chi2_upper(x2, 1), corrected, chi2_upper(corrected, 1), exact)


def _counts(table: ArrayLike) -> IntArray | NotDefined:
    values = np.asarray(table, dtype=np.float64)
    if values.ndim != 2:  # noqa: PLR2004 - rows and columns
        return NotDefined.of("contingency.not_counts")
    whole = np.isfinite(values).all() and bool((values == np.floor(values)).all() and (values >= 0.0).all())
    if not whole:
        return NotDefined.of("contingency.not_counts")
    if min(values.shape) < 2:  # noqa: PLR2004 - association takes two of each
        return NotDefined.of("contingency.too_small", rows=values.shape[0], columns=values.shape[1])
    if not (values.sum(axis=0) > 0.0).all() or not (values.sum(axis=1) > 0.0).all():
        return NotDefined.of("contingency.empty_line")
    return values.astype(np.int64)


def _chi2(x2: float, df: int) -> Chi2:
    return Chi2(x2, df, chi2_upper(x2, df))


def _linear(counts: IntArray) -> Chi2:
    n = float(counts.sum())
    row, column = (np.arange(size, dtype=np.float64) for size in counts.shape)
    by_row, by_column = counts.sum(axis=1), counts.sum(axis=0)
    row, column = row - float(by_row @ row) / n, column - float(by_column @ column) / n
    covariance = float(row @ counts @ column)
    squares = float(by_row @ (row * row)) * float(by_column @ (column * column))
    return _chi2((n - 1.0) * covariance * covariance / squares, 1)


def _odds_ratio(counts: IntArray, level: float) -> OddsRatio | None:
    if not counts.all():
        return None
    (a, b), (c, d) = counts.astype(np.float64)
    log_ratio = math.log(a) + math.log(d) - math.log(b) - math.log(c)
    half = normal_quantile((1.0 + level) / 2.0) * math.sqrt(float(np.sum(1.0 / counts)))
    ci = Interval(math.exp(log_ratio - half), math.exp(log_ratio + half), level, "Woolf 1955")
    return OddsRatio(math.exp(log_ratio), ci)


def _notes(expected: FloatArray) -> tuple[Note, ...]:
    small = int(np.sum(expected < SMALL))
    if small == 0:
        return ()
    return (
        Note.of(
            "contingency.small_expected",
            count=small,
            cells=int(expected.size),
            smallest=float(expected.min()),
        ),
    )
