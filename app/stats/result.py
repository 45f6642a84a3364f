"""What every analysis returns: interval, reason for "not defined", warning; and the complete cases.

A result never holds NaN. What cannot be computed is :class:`NotDefined` (the whole analysis) or ``None``
beside a :class:`Note` (one figure of it). Both carry a code and
values; :mod:`app.stats.sentences` has the words.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

Value = str | int | float | bool | None
FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

NOISE = 1e-14
"""Relative size of what averaging in another order does to a float64: below it two values are the same.

The mean of ten readings carries a rounding error of some 2e-15 of its size; a difference the instruments can
see is larger by many orders of magnitude (the hardest NIST data set, 0.1 in 1e12, is still ten times above).
"""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval that names its method.

    Parameters
    ----------
    low, high : float
        Limits, in the unit of the estimate.
    level : float
        Confidence level, such as 0.95.
    method : str
        Name of the method with its source, such as ``"DeLong 1988"``.
    """

    low: float
    high: float
    level: float
    method: str


@dataclass(frozen=True, slots=True)
class _Coded:
    code: str
    values: Mapping[str, Value]

    @classmethod
    def of(cls, code: str, **values: Value) -> Self:
        """Make one from its code and the values its sentence names."""
        return cls(code, MappingProxyType(values))


@dataclass(frozen=True, slots=True)
class NotDefined(_Coded):
    """The analysis has no answer for these data, and why.

    Parameters
    ----------
    code : str
        Key of the sentence, such as ``"roc.one_class"``.
    values : mapping
        What the sentence names.
    """


@dataclass(frozen=True, slots=True)
class Note(_Coded):
    """A warning or remark that belongs to a result.

    Parameters
    ----------
    code : str
        Key of the sentence, such as ``"icc.negative"``.
    values : mapping
        What the sentence names.
    """


@dataclass(frozen=True, slots=True, eq=False)
class CompleteCases:
    """The rows in which every column has a finite number.

    Parameters
    ----------
    columns : tuple of ndarray, each shape (n,)
        The columns, rows with a gap left out.
    index : ndarray of int, shape (n,)
        Which input rows these are, so that a plotted point leads back to its patient.
    n_excluded : int
        Rows left out.
    """

    columns: tuple[FloatArray, ...]
    index: IntArray
    n_excluded: int

    @property
    def n(self) -> int:
        """Rows that are used."""
        return int(self.index.size)


def as_column(values: ArrayLike) -> FloatArray:
    """Read a column of numbers; ``None`` becomes NaN.

    Raises
    ------
    ValueError
        If it is not one-dimensional.
    """
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1:
        message = f"expected one column, got shape {column.shape}"
        raise ValueError(message)
    return column


def as_table(values: ArrayLike) -> FloatArray:
    """Read a table of numbers, shape (patients, readings); what is not finite becomes NaN.

    Raises
    ------
    ValueError
        If it is not two-dimensional.
    """
    table = np.array(values, dtype=np.float64)
    if table.ndim != 2:  # noqa: PLR2004 - patients by readings
        message = f"expected patients by readings, got shape {table.shape}"
        raise ValueError(message)
    table[~np.isfinite(table)] = np.nan
    return table


def complete_cases(columns: Sequence[ArrayLike]) -> CompleteCases:
    """Keep the rows that have a finite number in every column (listwise deletion).

    Parameters
    ----------
    columns : sequence of array_like, each shape (rows,)
        Numbers; NaN, infinities and ``None`` count as missing.

    Returns
    -------
    CompleteCases

    Raises
    ------
    ValueError
        If the columns differ in length or are not one-dimensional.
    """
    table = np.stack([as_column(column) for column in columns])
    kept = np.asarray(np.isfinite(table).all(axis=0))
    index = np.flatnonzero(kept).astype(np.int64)
    return CompleteCases(
        columns=tuple(frozen(row[kept]) for row in table),
        index=frozen_index(index),
        n_excluded=int(kept.size - index.size),
    )


def frozen(values: FloatArray) -> FloatArray:
    """Return a read-only copy, fit for a frozen result."""
    copy = np.array(values, dtype=np.float64)
    copy.flags.writeable = False
    return copy


def frozen_index(values: IntArray) -> IntArray:
    """Return a read-only copy of an index."""
    copy = np.array(values, dtype=np.int64)
    copy.flags.writeable = False
    return copy


def noise_of(*columns: FloatArray) -> float:
    """Return the size below which a difference in these columns is only rounding, in their unit."""
    return NOISE * max((float(np.abs(column).max()) for column in columns if column.size), default=0.0)


def is_constant(column: FloatArray, *, noise: float) -> bool:
    """Tell whether all values of a non-empty column agree within ``noise``."""
    return bool(np.ptp(column) <= noise)
