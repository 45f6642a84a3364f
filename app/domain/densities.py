"""What a bone mineral density can be in each unit: what lies outside has another unit, or is a slip."""

from __future__ import annotations

from collections.abc import Iterable

# protocol 13: never converted, so a number that its unit does not allow is not used
PLAUSIBLE = {"g/cm2": (0.1, 3.0), "mg/cm2": (100.0, 3000.0), "mg/cm3": (1.0, 500.0)}
"""Lowest and highest density that people have, by unit."""

OUTSIDE = {
    "g/cm2": "clinical.not_in_g_cm2",
    "mg/cm2": "clinical.not_in_mg_cm2",
    "mg/cm3": "clinical.not_in_mg_cm3",
}
"""What is said of a number that a unit does not allow."""


def fits(value: float, unit: str) -> bool:
    """Whether a density can have this value; any above 0 where the unit is not known."""
    low, high = PLAUSIBLE.get(unit, (0.0, float("inf")))
    return value > 0.0 and low <= value <= high


def units_for(values: Iterable[float]) -> tuple[str, ...]:
    """Units in which all of some densities are plausible; none may be, and several may."""
    told = tuple(values)
    return tuple(unit for unit in PLAUSIBLE if all(fits(value, unit) for value in told))
