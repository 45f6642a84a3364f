"""What the families of sentences share: from a result's figures to the values a template names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from app.stats.formatting import confidence, number, p_value
from app.stats.result import Interval, NotDefined, Note, Value

Said = tuple[str, dict[str, Value]]
"""A code of the catalogue and the values its sentence names."""

Sayer = Callable[[Any, int], Iterator[Said]]
"""Says one kind of result, given the decimals of figures in the unit of the measurement."""

Sayers = Mapping[type, Sayer]
"""The kinds of result a family can say."""


def template_of(catalogue: Mapping[str, str], code: str, values: Mapping[str, Any]) -> str:
    """Take the sentence of a code out of a catalogue.

    Where a value it names is 1 and the catalogue has a sentence for that, it is this one: for the code
    ``cohort.filtered`` and one patient, ``cohort.filtered.count_1``. Of several such values the first counts.

    Raises
    ------
    KeyError
        For an unknown code.
    """
    for name, value in values.items():
        if value == 1 and f"{code}.{name}_1" in catalogue:
            return catalogue[f"{code}.{name}_1"]
    return catalogue[code]


def say_reason(item: NotDefined | Note) -> Said:
    """Name the code of a reason or note and write its values as text."""
    return item.code, {name: _text(name, value) for name, value in item.values.items()}


def _text(name: str, value: Value) -> Value:
    if not isinstance(value, float):
        return value
    if name == "p":
        return p_value(value)
    return confidence(value) if name == "level" else number(value)


def interval_values(interval: Interval, decimals: int = 3) -> dict[str, Value]:
    """Write the limits and the level of an interval."""
    return {
        "low": number(interval.low, decimals),
        "high": number(interval.high, decimals),
        "level": confidence(interval.level),
    }


def with_interval(code: str, interval: Interval | None, values: dict[str, Value], decimals: int = 3) -> Said:
    """Choose the sentence with its interval, or the one of code ``.no_interval``."""
    if interval is None:
        return f"{code}.no_interval", values
    return code, {**values, **interval_values(interval, decimals)}
