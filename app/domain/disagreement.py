"""Where readers differ at a level: by how much, whether that matters, and what a coordinator can decide."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum, StrEnum
from itertools import combinations
from math import inf
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from app.domain.errors import InputError, Value
from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Protocol
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle

# 10.3 - 7.3 comes out above 3: what only the last digits carry over a limit is not beyond it
_LAST_DIGITS = 1e-9


class How(StrEnum):
    """What a coordinator decided on a level."""

    MEAN = "mean"
    READER = "reader"
    DRAWN = "drawn"
    EXCLUDED = "excluded"


class FinalFrom(StrEnum):
    """What a final value rests on."""

    MEAN = "mean"
    ADJUDICATED = "adjudicated"
    SINGLE_READER = "single_reader"


class Urgency(IntEnum):
    """How much a disagreement asks for; the greater one comes first."""

    WARNING = 1
    QUERY = 2
    ADJUDICATE = 3


@dataclass(frozen=True, slots=True)
class Held:
    """What one reader holds at a level.

    Attributes
    ----------
    reader : str
        Who.
    rectangle : Rectangle or None
        On the exam's grid; None for a value from a table and where the level was not measured.
    stats : mapping of Quantity to RoiStats
        Values; empty where the level was not measured.
    reason : Reason or None
        Why it was not measured.
    """

    reader: str
    rectangle: Rectangle | None
    stats: Mapping[Quantity, RoiStats]
    reason: Reason | None = None

    def mean(self, quantity: Quantity) -> float | None:
        """Mean of the rectangle on a map; None where there is none."""
        found = self.stats.get(quantity)
        return None if found is None else found.mean


@dataclass(frozen=True, slots=True)
class Gap:
    """The two readers of a level whose values of a map are furthest apart.

    Attributes
    ----------
    readers : tuple of str
        In the order of enrolment.
    difference : float
        First minus second, in the map's unit.
    share : float
        Size of the difference as a share of the mean of the two.
    """

    readers: tuple[str, str]
    difference: float
    share: float


@dataclass(frozen=True, slots=True)
class Ground:
    """Why a level is looked at again: a code with its figures; whose, where it is about one reader's."""

    code: str
    urgency: Urgency
    values: Mapping[str, Value]
    reader: str = ""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How the readers of a level stand to each other.

    Attributes
    ----------
    gaps : mapping of Quantity to Gap
        Of the maps that two readers at least have a value of.
    grounds : tuple of Ground
        What speaks for a second look, the most urgent first; empty where nothing does.
    """

    gaps: Mapping[Quantity, Gap]
    grounds: tuple[Ground, ...]

    @property
    def urgency(self) -> Urgency | None:
        """The greatest of the grounds; None where there are none."""
        return self.grounds[0].urgency if self.grounds else None

    def with_grounds(self, more: Sequence[Ground]) -> Comparison:
        """The same with what speaks for a second look at single values."""
        grounds = sorted((*self.grounds, *more), key=lambda ground: -ground.urgency)
        return replace(self, grounds=tuple(grounds))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a coordinator decided on a level; made by one of the class methods.

    Attributes
    ----------
    how : How
        The kind of decision.
    chosen : str
        The reader whose value stands; empty otherwise.
    rectangle : Rectangle or None
        What the coordinator drew, on the exam's grid.
    reason : Reason or None
        Why the level is left out.
    note : str
        Free text.
    """

    how: How
    chosen: str = ""
    rectangle: Rectangle | None = None
    reason: Reason | None = None
    note: str = ""

    def __post_init__(self) -> None:
        has = (bool(self.chosen), self.rectangle is not None, self.reason is not None)
        if has != (self.how is How.READER, self.how is How.DRAWN, self.how is How.EXCLUDED):
            raise ValueError(f"a ruling cannot be {self.how} with reader, rectangle and reason {has}")

    @classmethod
    def mean(cls, note: str = "") -> Ruling:
        """The mean of the readers stands."""
        return cls(How.MEAN, note=note.strip())

    @classmethod
    def of_reader(cls, reader: str, note: str = "") -> Ruling:
        """One reader's value stands."""
        return cls(How.READER, chosen=reader, note=note.strip())

    @classmethod
    def drawn(cls, rectangle: Rectangle, note: str = "") -> Ruling:
        """The value of a rectangle that the coordinator drew stands."""
        return cls(How.DRAWN, rectangle=rectangle, note=note.strip())

    @classmethod
    def excluded(cls, reason: Reason, note: str = "") -> Ruling:
        """The level is left out; ``OTHER`` wants a note.

        Raises
        ------
        InputError
            ``reason.needs_note``.
        """
        if reason is Reason.OTHER and not note.strip():
            raise InputError("reason.needs_note")
        return cls(How.EXCLUDED, reason=reason, note=note.strip())


def compare(held: Sequence[Held], grid: Grid | None, protocol: Protocol) -> Comparison:
    """Find how far readers are apart at a level, and what of it is beyond the protocol's limits.

    Of more than two readers the two furthest apart count, on each map for itself.

    Parameters
    ----------
    held : sequence of Held
        What the readers hold, by enrolment.
    grid : Grid or None
        Of the rectangles; None for values from a table.
    protocol : Protocol
        Gives every limit.
    """
    gaps = {quantity: gap for quantity in MEASURED if (gap := _widest(held, quantity))}
    grounds = [*_of_values(gaps, protocol), *_of_place(held, grid, protocol), *_of_one_side(held)]
    grounds.sort(key=lambda ground: -ground.urgency)
    return Comparison(MappingProxyType(gaps), tuple(grounds))


def _widest(held: Sequence[Held], quantity: Quantity) -> Gap | None:
    """The pair that is furthest apart on a map; None with fewer than two values."""
    values = [(one.reader, mean) for one in held if (mean := one.mean(quantity)) is not None]
    gaps = (_gap(first, second) for first, second in combinations(values, 2))
    # R2* is judged by its share, and the larger share need not be the larger difference
    size = (lambda gap: gap.share) if quantity is Quantity.R2STAR else (lambda gap: abs(gap.difference))
    return max(gaps, key=size, default=None)


def _gap(first: tuple[str, float], second: tuple[str, float]) -> Gap:
    difference, middle = first[1] - second[1], abs(first[1] + second[1]) / 2
    if middle:
        return Gap((first[0], second[0]), difference, abs(difference) / middle)
    # nothing is a share of nothing
    return Gap((first[0], second[0]), difference, inf if difference else 0.0)


def _of_values(gaps: Mapping[Quantity, Gap], protocol: Protocol) -> Iterator[Ground]:
    if Quantity.FF in gaps:
        points = abs(gaps[Quantity.FF].difference)
        yield from _beyond("ff", points, protocol.query_ff, protocol.adjudicate_ff)
    if Quantity.R2STAR in gaps:
        percent = gaps[Quantity.R2STAR].share * 100
        yield from _beyond("r2star", percent, protocol.query_r2star * 100, protocol.adjudicate_r2star * 100)


def _beyond(name: str, amount: float, query: float, adjudicate: float) -> Iterator[Ground]:
    if amount > adjudicate + _LAST_DIGITS:
        values = {"amount": amount, "limit": adjudicate}
        yield Ground(f"readers.{name}_adjudicate", Urgency.ADJUDICATE, values)
    elif amount > query + _LAST_DIGITS:
        yield Ground(f"readers.{name}_query", Urgency.QUERY, {"amount": amount, "limit": query})


def _of_place(held: Sequence[Held], grid: Grid | None, protocol: Protocol) -> Iterator[Ground]:
    boxes = [one.rectangle for one in held if one.rectangle is not None]
    if grid is None or len(boxes) < 2:  # noqa: PLR2004 - it takes two to differ
        return
    pairs = list(combinations(boxes, 2))
    apart = max(_distance(grid.to_patient(one.centre), grid.to_patient(other.centre)) for one, other in pairs)
    if apart > protocol.mismatch_mm + _LAST_DIGITS:
        values: dict[str, Value] = {"distance": apart, "limit": protocol.mismatch_mm}
        yield Ground("readers.far_apart", Urgency.ADJUDICATE, values)
    elif not all(_meet(one, other, grid) for one, other in pairs):
        yield Ground("readers.no_overlap", Urgency.ADJUDICATE, {"distance": apart})
    slices = max(abs(one.slice - other.slice) for one, other in pairs)
    way = slices * grid.spacing_mm[0]
    if slices > protocol.slices_apart or way > protocol.slices_apart_mm + _LAST_DIGITS:
        yield Ground("readers.slices", Urgency.WARNING, {"slices": slices, "distance": way})


def _distance(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    return float(np.linalg.norm(one - other))


def _meet(one: Rectangle, other: Rectangle, grid: Grid) -> bool:
    """Whether two rectangles share a voxel, seen along the slices: those have a rule of their own."""
    return one.overlaps(replace(other, slice=one.slice), grid)


def _of_one_side(held: Sequence[Held]) -> Iterator[Ground]:
    marked = sum(one.reason is not None for one in held)
    if 0 < marked < len(held):
        values: dict[str, Value] = {"marked": marked, "readers": len(held)}
        yield Ground("readers.not_measured_by_all", Urgency.WARNING, values)


def only_mean(mean: float) -> RoiStats:
    """A value of which nothing but its mean is known, as one from a table is kept."""
    fields = dict.fromkeys(RoiStats.__dataclass_fields__)
    return RoiStats(**(fields | {"mean": mean}))  # type: ignore[arg-type]


def told(held: Sequence[Held]) -> str:
    """What readers hold, as text that is the same exactly as long as that is."""
    content = [
        {
            "reader": one.reader,
            "reason": one.reason,
            "rectangle": asdict(one.rectangle) if one.rectangle else None,
            "means": {quantity.value: stats.mean for quantity, stats in one.stats.items()},
        }
        for one in sorted(held, key=lambda one: one.reader)
    ]
    return json.dumps(content, sort_keys=True)
