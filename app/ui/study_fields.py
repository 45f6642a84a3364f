"""Fields of the protocol as the study assistant asks for them: made from the protocol itself. Imports no Qt.

A field that a later protocol adds is asked for among the rules without a line of code here.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

from app.domain.clinical import REGIONS
from app.domain.errors import InputError
from app.domain.protocol import LOWEST, MEAN_LEVELS, SLICE_COUNTS, Protocol
from app.ui.present import text


class Kind(StrEnum):
    """How a field is asked for."""

    NUMBER = "number"
    SIGNED = "signed"
    WHOLE = "whole"
    SHARE = "share"
    YES_NO = "yes_no"
    CHOICE = "choice"


class Section(StrEnum):
    """Where a field stands."""

    SIZE = "size"
    DIFFERENCE = "difference"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that is asked for: a field of the protocol, or a part of one.

    Attributes
    ----------
    name : str
        Field of the protocol.
    kind : Kind
        How it is asked for.
    section : Section
        Where it stands.
    part : int, str or None
        Place in a field that holds two figures, key of one that holds several; None for a plain field.
    choices : tuple
        Values of a CHOICE.
    """

    name: str
    kind: Kind
    section: Section
    part: int | str | None = None
    choices: tuple[Any, ...] = ()

    @property
    def label(self) -> str:
        """What it is called."""
        code = f"study.field.{self.name}"
        return text(code, levels=self.part) if isinstance(self.part, str) else text(code)

    def value(self, protocol: Protocol) -> Any:
        """What a protocol says."""
        whole = getattr(protocol, self.name)
        return whole if self.part is None else whole[self.part]

    def set(self, protocol: Protocol, value: Any) -> Protocol:
        """A protocol with another value.

        Raises
        ------
        InputError
            The protocol does not take it.
        """
        if self.part is None:
            made: Any = value
        elif isinstance(self.part, str):
            made = {**getattr(protocol, self.name), self.part: value}
        else:
            made = tuple(
                value if place == self.part else one for place, one in enumerate(self.value_of(protocol))
            )
        return replace(protocol, **{self.name: made})

    def value_of(self, protocol: Protocol) -> tuple[float, ...]:
        """All figures of a field that holds two."""
        found: tuple[float, ...] = getattr(protocol, self.name)
        return found

    def written(self, value: Any) -> str:
        """A figure as it stands in the form: a share in percent."""
        return f"{value * 100:.10g}" if self.kind is Kind.SHARE else f"{value:.10g}"

    def read(self, given: str) -> float | int:
        """The figure that was written.

        Raises
        ------
        InputError
            ``study.no_number``.
        """
        try:
            # a comma may be meant as a point: no figure here needs groups of thousands
            number = float(given.strip().replace(",", "."))
        except ValueError:
            raise InputError("study.no_number", field=self.label, given=given.strip()) from None
        whole = self.kind is Kind.WHOLE
        signed = self.kind is Kind.SIGNED
        if not math.isfinite(number) or (number < 0 and not signed) or (whole and number != round(number)):
            raise InputError("study.no_number", field=self.label, given=given.strip())
        if whole:
            return round(number)
        return round(number / 100, 12) if self.kind is Kind.SHARE else number


# asked for elsewhere: at the head of the page, or on a page of their own
_ELSEWHERE = {
    "name", "version", "readers", "blinded", "numbers_hidden", "fit", "ladder", "repeat_share",
    "washout_days",
}  # fmt: skip
_SIZE = (
    "mean_levels", "levels_needed", "first_ap_mm", "first_cc_mm", "size_locked", "rotation", "slices",
    "min_area_mm2", "usual_area_mm2", "margin_mm", "r2star_unit",
)  # fmt: skip
_DIFFERENCE = (
    "query_ff", "adjudicate_ff", "query_r2star", "adjudicate_r2star", "mismatch_mm", "slices_apart",
    "slices_apart_mm",
)  # fmt: skip
_SHARES = {
    "area_deviation", "anterior_fraction", "bad_share_warn", "bad_share_reason", "r2star_cv_usual",
    "query_r2star", "adjudicate_r2star",
}  # fmt: skip
_CHOICES: Mapping[str, tuple[Any, ...]] = {
    "mean_levels": tuple(MEAN_LEVELS),
    "r2star_unit": ("s^-1", "Hz"),
    "slices": SLICE_COUNTS,
    "bmd_region": REGIONS,
    "tscore_region": (LOWEST, *REGIONS),
}


def protocol_fields() -> tuple[Field, ...]:
    """Everything that is asked for, in the order it is shown."""
    default = Protocol()
    names = [one.name for one in fields(Protocol) if one.name not in _ELSEWHERE]
    first = [name for name in (*_SIZE, *_DIFFERENCE) if name in names]
    found: list[Field] = []
    for name in (*first, *(name for name in names if name not in first)):
        found += _parts(name, getattr(default, name))
    return tuple(found)


def _parts(name: str, default: Any) -> list[Field]:
    section = Section.SIZE if name in _SIZE else Section.DIFFERENCE if name in _DIFFERENCE else Section.RULES
    if name in _CHOICES:
        return [Field(name, Kind.CHOICE, section, choices=_CHOICES[name])]
    if isinstance(default, dict):
        return [Field(name, Kind.WHOLE, section, key) for key in default]
    if isinstance(default, tuple):
        return [Field(name, _kind(name, one), section, place) for place, one in enumerate(default)]
    return [Field(name, _kind(name, default), section)]


def _kind(name: str, default: Any) -> Kind:
    if isinstance(default, bool):
        return Kind.YES_NO
    if isinstance(default, int):
        return Kind.WHOLE
    if default < 0:
        return Kind.SIGNED
    return Kind.SHARE if name in _SHARES else Kind.NUMBER


def checked(protocol: Protocol, label: Callable[[str], str]) -> Protocol:
    """The protocol, where its figures go together.

    Raises
    ------
    InputError
        ``study.upside_down`` where the first of two figures is not the smaller one, ``study.no_name``.
    """
    if not protocol.name.strip():
        raise InputError("study.no_name")
    for one in fields(Protocol):
        value = getattr(protocol, one.name)
        if isinstance(value, tuple) and value[0] >= value[1]:
            raise InputError("study.upside_down", field=label(f"study.field.{one.name}"))
    for query, settle in (("query_ff", "adjudicate_ff"), ("query_r2star", "adjudicate_r2star")):
        if getattr(protocol, query) > getattr(protocol, settle):
            raise InputError("study.upside_down", field=label(f"study.field.{settle}"))
    return protocol
