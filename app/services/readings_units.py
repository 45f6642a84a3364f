"""The unit of numbers measured elsewhere: usual, said by a person, or in doubt. Never guessed in silence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from app.domain.maps import Quantity
from app.files.readings_table import TableValue

# what was measured, by quantity and by the unit that a person or the numbers say
FACTORS: dict[Quantity, dict[str, float]] = {
    Quantity.FF: {"percent": 1.0, "fraction": 100.0, "permille": 0.1},
    Quantity.R2STAR: {"per_second": 1.0, "per_ms": 1000.0},
}
_FRACTION_UP_TO, _PERCENT_UP_TO = 1.5, 120.0
_T2STAR_MEDIANS = (3.0, 20.0)
_PER_MS_BELOW = 1.0
# marrow of one table differs less between readers or levels; no two units are nearer to each other
_APART = 20.0
_APART_CODES = {Quantity.FF: "readings.ff_apart", Quantity.R2STAR: "readings.r2star_apart"}

_Named = Callable[[TableValue], str]
_BY: tuple[_Named, ...] = (lambda one: one.reader, lambda one: one.column)


@dataclass(frozen=True, slots=True)
class Doubt:
    """A unit that only a person can settle.

    Attributes
    ----------
    quantity : Quantity
        Of what.
    code : str
        ``readings.looks_like_fraction``, ``readings.looks_like_permille``, ``readings.looks_like_t2star`` or
        ``readings.looks_like_per_ms`` of all numbers; the same with ``_of`` behind it of those of one reader
        or in one column. ``readings.ff_apart`` or ``readings.r2star_apart`` where two of these cannot have
        one unit; then no unit of the whole table settles it.
    median : float
        Of the numbers as they stand.
    of : str
        The reader, or the header of the column; empty for all numbers.
    other, other_median : str, float
        Whose numbers stand apart from these, and their median.
    """

    quantity: Quantity
    code: str
    median: float
    of: str = ""
    other: str = ""
    other_median: float = 0.0


def units_of(
    values: Sequence[TableValue], said: Mapping[Quantity, str]
) -> tuple[dict[Quantity, str], tuple[Doubt, ...]]:
    """The unit of each map: as a person said, else the usual one; and where that cannot be right.

    Parameters
    ----------
    values : sequence of TableValue
        All numbers of the table.
    said : mapping of Quantity to str
        Keys of :data:`FACTORS` that a person settled.
    """
    units: dict[Quantity, str] = {}
    doubts: list[Doubt] = []
    for quantity, factors in FACTORS.items():
        units[quantity] = said.get(quantity) or next(iter(factors))
        told = [one for one in values if one.quantity is quantity]
        apart = list(_apart(quantity, told))
        doubts += apart
        if told and not apart and quantity not in said:
            doubts += _doubts(quantity, told)
    return units, tuple(doubts)


def _grouped(values: Sequence[TableValue], by: _Named) -> dict[str, list[float]]:
    groups: dict[str, list[float]] = defaultdict(list)
    for one in values:
        groups[by(one)].append(one.value)
    return groups


def _apart(quantity: Quantity, values: Sequence[TableValue]) -> Iterator[Doubt]:
    """Readers who cannot have measured in one unit; columns, where all readers can."""
    for by in _BY:
        medians = {name: float(np.median(one)) for name, one in _grouped(values, by).items()}
        if not medians:
            return
        low, high = (way(medians, key=medians.__getitem__) for way in (min, max))
        if medians[high] > max(_APART * medians[low], 0.0):
            yield Doubt(quantity, _APART_CODES[quantity], medians[low], low, high, medians[high])
            return


def _doubts(quantity: Quantity, values: Sequence[TableValue]) -> Iterator[Doubt]:
    """What is doubted of all numbers, else of single readers, else of single columns."""
    numbers = [one.value for one in values]
    whole = _doubt(quantity, numbers)
    readers = _grouped(values, _BY[0])
    if whole and all(_doubt(quantity, one) == whole for one in readers.values()):
        yield Doubt(quantity, whole, float(np.median(numbers)))
        return
    for by in _BY:
        groups = _grouped(values, by)
        # one group alone is all numbers
        parts = groups if len(groups) > 1 else {}
        told = {name: code for name, one in parts.items() if (code := _doubt(quantity, one))}
        for name, code in told.items():
            yield Doubt(quantity, f"{code}_of", float(np.median(groups[name])), name)
        if told:
            return
    if whole:
        yield Doubt(quantity, whole, float(np.median(numbers)))


def _doubt(quantity: Quantity, numbers: Sequence[float]) -> str:
    """Why numbers cannot be FF in % or R2* per second; empty where they can."""
    median = float(np.median(numbers))
    if quantity is Quantity.FF:
        if max(numbers) <= _FRACTION_UP_TO:
            return "readings.looks_like_fraction"
        return "readings.looks_like_permille" if median > _PERCENT_UP_TO else ""
    if median < _PER_MS_BELOW:
        return "readings.looks_like_per_ms"
    return "readings.looks_like_t2star" if _T2STAR_MEDIANS[0] <= median <= _T2STAR_MEDIANS[1] else ""
