"""Intraclass correlation of several readings of the same patients, all six forms from mean squares."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from app.stats.distributions import f_quantile, f_upper
from app.stats.mean_squares import MeanSquares, mean_squares
from app.stats.result import FloatArray, Interval, NotDefined, Note

__all__ = ["Grade", "Icc", "IccForm", "MeanSquares", "grade", "icc", "icc_from_mean_squares"]

Grade = Literal["poor", "moderate", "good", "excellent"]
_SMALL = 1e-12


@dataclass(frozen=True, slots=True)
class IccForm:
    """One form of the coefficient, naming itself fully.

    Parameters
    ----------
    symbol : str
        Shrout and Fleiss' name, such as ``"ICC(2,k)"``.
    mcgraw_wong : str
        McGraw and Wong's name, such as ``"ICC(A,k)"``.
    model, definition, kind : str
        Such as ``"two-way random effects"``, ``"absolute agreement"``, ``"mean of 2 readers"``.
    name : str
        ``symbol`` with the number of readers filled in: ``"ICC(2,2)"``.
    estimate : float or None
        None where its denominator is 0. Negative values stay as they are.
    ci : Interval or None
        Of a mean of readers, the single reader's limits stepped up as SPSS does; None where they cross.
    f, p : float or None
        Test of "no difference between patients"; None where the readings leave no error to test against.
    df1, df2 : int
    """

    symbol: str
    mcgraw_wong: str
    model: str
    definition: str
    kind: str
    name: str
    estimate: float | None
    ci: Interval | None
    f: float | None
    df1: int
    df2: int
    p: float | None

    @property
    def full_name(self) -> str:
        """Model, definition and type, as Koo and Li 2016 ask a paper to state them."""
        return f"{self.name}, {self.model}, {self.definition}, {self.kind}"

    @property
    def description(self) -> str:
        """What is computed, whatever the model is called: random or mixed, the number is the same."""
        kind = "average" if self.symbol.endswith("k)") else "single"
        if self.model == _ONE_WAY:
            return f"one-way random, {kind}"
        same = " (random or mixed: same number)" if kind == "single" else ""
        return f"two-way, {self.definition}, {kind}{same}"


@dataclass(frozen=True, slots=True)
class Icc:
    """Intraclass correlation in all six forms.

    Parameters
    ----------
    n, n_excluded, k : int
        Patients used, patients with a missing reading, readers.
    mean_squares : MeanSquares
    forms : tuple of IccForm
        ICC(1,1), ICC(2,1), ICC(3,1), ICC(1,k), ICC(2,k), ICC(3,k).
    grades : tuple of Grade or None
        Koo and Li's words for the lower and the upper limit of the headline form; None without an interval.
    level : float
    notes : tuple of Note
    """

    n: int
    n_excluded: int
    k: int
    mean_squares: MeanSquares
    forms: tuple[IccForm, ...]
    grades: tuple[Grade, Grade] | None
    level: float
    notes: tuple[Note, ...] = ()

    @property
    def headline(self) -> IccForm:
        """ICC(2,1): two-way random effects, absolute agreement, a single reader."""
        return self.form("ICC(2,1)")

    @property
    def average(self) -> IccForm:
        """ICC(2,k): the same for the mean of all readers, which is the study's final value."""
        return self.form("ICC(2,k)")

    def form(self, symbol: str) -> IccForm:
        """Return the form of this symbol, such as ``"ICC(3,1)"``.

        Raises
        ------
        KeyError
            If there is no such form.
        """
        return {form.symbol: form for form in self.forms}[symbol]


def icc(matrix: ArrayLike | Sequence[ArrayLike], *, level: float = 0.95) -> Icc | NotDefined:
    """All six intraclass correlations of a table of readings.

    Parameters
    ----------
    matrix : array_like, shape (patients, readers)
        Same unit throughout; a patient with a missing reading is left out and counted (listwise, as SPSS).
    level : float
        Confidence level.

    Returns
    -------
    Icc or NotDefined
        Not defined below two patients or readers (``icc.too_few``) or when all readings are equal
        (``icc.no_variance``).

    Raises
    ------
    ValueError
        If the table is not two-dimensional.

    References
    ----------
    Shrout and Fleiss 1979, Psychol Bull 86:420. McGraw and Wong 1996, Psychol Methods 1:30.
    """
    table = np.asarray(matrix, dtype=np.float64)
    if table.ndim != 2:  # noqa: PLR2004 - patients by readers
        message = f"expected patients by readers, got shape {table.shape}"
        raise ValueError(message)
    kept = np.isfinite(table).all(axis=1)
    complete: FloatArray = table[kept]
    n, k = complete.shape
    n_excluded = int(kept.size) - n
    if n < 2 or k < 2:  # noqa: PLR2004 - no variance of one
        return NotDefined.of("icc.too_few", n=n, k=k, n_excluded=n_excluded)
    return icc_from_mean_squares(mean_squares(complete), level=level, n_excluded=n_excluded)


def icc_from_mean_squares(
    squares: MeanSquares, *, level: float = 0.95, n_excluded: int = 0
) -> Icc | NotDefined:
    """All six intraclass correlations from a printed analysis-of-variance table.

    Parameters
    ----------
    squares : MeanSquares
    level : float
        Confidence level.
    n_excluded : int
        Patients left out before.

    Returns
    -------
    Icc or NotDefined
        Not defined when all three mean squares are 0 (``icc.no_variance``).
    """
    if squares.rows == squares.columns == squares.error == 0.0:
        return NotDefined.of("icc.no_variance", n=squares.n, k=squares.k)
    forms = tuple(_form(squares, level, *row) for row in _FORMS)
    headline = forms[1]
    return Icc(
        n=squares.n,
        n_excluded=n_excluded,
        k=squares.k,
        mean_squares=squares,
        forms=forms,
        grades=None if headline.ci is None else (grade(headline.ci.low), grade(headline.ci.high)),
        level=level,
        notes=_notes(squares, forms),
    )


def grade(value: float) -> Grade:
    """Koo and Li's word for a limit of the interval (2016, J Chiropr Med 15:155)."""
    good, moderate, poor = 0.9, 0.75, 0.5
    if value > good:
        return "excellent"
    if value >= moderate:
        return "good"
    return "moderate" if value >= poor else "poor"


_RANDOM, _MIXED, _ONE_WAY = "two-way random effects", "two-way mixed effects", "one-way random effects"
_AGREEMENT, _CONSISTENCY = "absolute agreement", "consistency"
_FORMS = (
    ("ICC(1,1)", "ICC(1)", _ONE_WAY, _AGREEMENT),
    ("ICC(2,1)", "ICC(A,1)", _RANDOM, _AGREEMENT),
    ("ICC(3,1)", "ICC(C,1)", _MIXED, _CONSISTENCY),
    ("ICC(1,k)", "ICC(k)", _ONE_WAY, _AGREEMENT),
    ("ICC(2,k)", "ICC(A,k)", _RANDOM, _AGREEMENT),
    ("ICC(3,k)", "ICC(C,k)", _MIXED, _CONSISTENCY),
)


def _form(
    squares: MeanSquares, level: float, symbol: str, mcgraw_wong: str, model: str, definition: str
) -> IccForm:
    n, k = squares.n, squares.k
    average = symbol.endswith("k)")
    error = squares.within if model == _ONE_WAY else squares.error
    df1, df2 = n - 1, n * (k - 1) if model == _ONE_WAY else (n - 1) * (k - 1)
    f = None if error == 0.0 else squares.rows / error
    single = _agreement(squares) if model == _RANDOM else _one_error(squares.rows, error, k)
    if model == _RANDOM:
        bounds = None if single is None else _agreement_bounds(squares, single, level)
    else:
        bounds = None if f is None else _f_bounds(f, df1, df2, k, level)
    if average:
        bounds = None if bounds is None else _stepped_bounds(bounds, k)
        estimate = (
            _agreement_average(squares) if model == _RANDOM else _ratio(squares.rows - error, squares.rows)
        )
    else:
        estimate = single
    return IccForm(
        symbol=symbol,
        mcgraw_wong=mcgraw_wong,
        model=model,
        definition=definition,
        kind=f"mean of {k} readers" if average else "single reader",
        name=symbol.replace("k", str(k)),
        estimate=estimate,
        ci=_interval(bounds, estimate, level),
        f=f,
        df1=df1,
        df2=df2,
        p=None if f is None else f_upper(f, df1, df2),
    )


def _interval(bounds: tuple[float, float] | None, estimate: float | None, level: float) -> Interval | None:
    """Make an interval of limits that hold the estimate; a stepped-up limit far below 0 can cross it."""
    if bounds is None or estimate is None or not bounds[0] <= estimate <= bounds[1]:
        return None
    return Interval(*bounds, level, "F, McGraw and Wong 1996")


def _ratio(numerator: float, denominator: float) -> float | None:
    """Divide, or None where the denominator is nothing but cancellation."""
    return (
        None if abs(denominator) <= _SMALL * abs(numerator) or denominator == 0.0 else numerator / denominator
    )


def _one_error(rows: float, error: float, k: int) -> float | None:
    return _ratio(rows - error, rows + (k - 1) * error)


def _agreement(squares: MeanSquares) -> float | None:
    between_readers = squares.k * (squares.columns - squares.error) / squares.n
    return _ratio(
        squares.rows - squares.error, squares.rows + (squares.k - 1) * squares.error + between_readers
    )


def _agreement_average(squares: MeanSquares) -> float | None:
    return _ratio(squares.rows - squares.error, squares.rows + (squares.columns - squares.error) / squares.n)


def _f_bounds(f: float, df1: int, df2: int, k: int, level: float) -> tuple[float, float]:
    high = (1.0 + level) / 2.0
    lower, upper = f / f_quantile(high, df1, df2), f * f_quantile(high, df2, df1)
    return (lower - 1.0) / (lower + k - 1), (upper - 1.0) / (upper + k - 1)


def _agreement_bounds(squares: MeanSquares, single: float, level: float) -> tuple[float, float] | None:
    """Limits of ICC(A,1) with Satterthwaite's degrees of freedom (McGraw and Wong 1996, table 7).

    None where there are no degrees of freedom.
    """
    n, k = squares.n, squares.k
    rows, columns, error = squares.rows, squares.columns, squares.error
    # both weights times n (1 - single), so that single = 1 needs no division
    a = k * single * columns
    b = (n * (1.0 - single) + k * single * (n - 1)) * error
    spread = a * a / (k - 1) + b * b / ((n - 1) * (k - 1))
    if spread == 0.0:
        return None
    df = (a + b) ** 2 / spread
    tail = (1.0 + level) / 2.0
    lower, upper = f_quantile(tail, n - 1, df), f_quantile(tail, df, n - 1)
    rest = k * columns + (k * n - k - n) * error
    # a negative coefficient can leave next to no degrees of freedom, and then quantiles beyond all numbers
    if not (math.isfinite(lower) and math.isfinite(upper)):
        return None
    low = n * (rows - lower * error) / (lower * rest + n * rows)
    high = n * (upper * rows - error) / (rest + n * upper * rows)
    return low, high


def _stepped_bounds(bounds: tuple[float, float], k: int) -> tuple[float, float] | None:
    """Step the limits of a single reader up to the mean of k (Spearman-Brown), the convention of SPSS."""
    stepped = [_ratio(k * bound, 1.0 + (k - 1) * bound) for bound in bounds]
    low, high = stepped
    return None if low is None or high is None else (low, high)


def _notes(squares: MeanSquares, forms: tuple[IccForm, ...]) -> tuple[Note, ...]:
    notes = []
    headline, average = forms[1], forms[4]
    if squares.error == 0.0 and squares.columns == 0.0:
        notes.append(Note.of("icc.identical", n=squares.n, k=squares.k))
    else:
        bare = (form for form in (headline, average) if form.ci is None and form.estimate is not None)
        notes.extend(Note.of("icc.interval_not_defined", name=form.name) for form in bare)
    if headline.estimate is None or average.estimate is None:
        notes.append(Note.of("icc.form_not_defined"))
    if headline.estimate is not None and headline.estimate < 0.0:
        notes.append(Note.of("icc.negative", name=headline.name, estimate=headline.estimate))
    if average.estimate is not None and not -1.0 <= average.estimate <= 1.0:
        notes.append(Note.of("icc.not_interpretable", name=average.name, estimate=average.estimate))
    return tuple(notes)
