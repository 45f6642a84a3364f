"""What a reader says of a whole case, beside what each level holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from app.domain.reasons import Reason

Value = TypeVar("Value")


class Counted(StrEnum):
    """How the levels were counted; without the whole spine in sight one in seven is counted wrongly."""

    WHOLE_SPINE = "whole_spine"
    FROM_SACRUM = "from_sacrum"
    FROM_C2 = "from_c2"
    OTHER = "other"


class Help(StrEnum):
    """What proposed a rectangle."""

    FIT = "fit"
    LADDER = "ladder"


class FactKind(StrEnum):
    """What a fact is about."""

    COUNTED = "counted"
    EXCLUDED = "excluded"
    INCLUDED = "included"
    NOTE = "note"
    HELP = "help"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class Because:
    """A reason code, with the words that ``OTHER`` needs."""

    reason: Reason
    note: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One entry of what a reader said of a case.

    Attributes
    ----------
    kind : FactKind
        What it is about.
    value : str
        A code: of :class:`Counted`, :class:`Reason` or :class:`Help`; empty takes back what was said before.
    note : str
        Free text.
    revision_id : int or None
        The revision that help placed or that was accepted.
    """

    kind: FactKind
    value: str = ""
    note: str = ""
    revision_id: int | None = None


def _nothing() -> Mapping[int, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What holds of a case: of each kind the newest fact.

    Attributes
    ----------
    counted : Counted or None
        How the levels were counted; None where nobody said so.
    excluded : Because or None
        Why the whole patient is left out; None where they are not.
    note : str
        A free note.
    accepted : mapping of int to Because
        Why a revision was accepted although a rule speaks against it.
    helped : mapping of int to Help
        What proposed the rectangle of a revision.
    """

    counted: Counted | None = None
    excluded: Because | None = None
    note: str = ""
    accepted: Mapping[int, Because] = field(default_factory=_nothing, hash=False)
    helped: Mapping[int, Help] = field(default_factory=_nothing, hash=False)

    def after(self, fact: Fact) -> CaseFacts:
        """What holds once a fact was added.

        Raises
        ------
        ValueError
            For a code nobody knows, or a fact without the revision it needs.
        """
        if fact.kind is FactKind.COUNTED:
            return replace(self, counted=Counted(fact.value) if fact.value else None)
        if fact.kind is FactKind.EXCLUDED:
            return replace(self, excluded=Because(Reason(fact.value), fact.note))
        if fact.kind is FactKind.INCLUDED:
            return replace(self, excluded=None)
        if fact.kind is FactKind.NOTE:
            return replace(self, note=fact.note)
        if fact.revision_id is None:
            raise ValueError(f"a fact of kind {fact.kind} needs a revision")
        if fact.kind is FactKind.HELP:
            return replace(self, helped=_with(self.helped, fact.revision_id, Help(fact.value)))
        because = Because(Reason(fact.value), fact.note) if fact.value else None
        return replace(self, accepted=_with(self.accepted, fact.revision_id, because))


def _with(known: Mapping[int, Value], key: int, value: Value | None) -> Mapping[int, Value]:
    """A mapping with one entry more, or without it."""
    rest = {place: one for place, one in known.items() if place != key}
    return MappingProxyType(rest if value is None else {**rest, key: value})


def facts_of(story: Iterable[Fact]) -> CaseFacts:
    """What a story of facts amounts to, oldest first."""
    held = CaseFacts()
    for fact in story:
        held = held.after(fact)
    return held


def before_newest(story: Sequence[Fact]) -> CaseFacts | None:
    """What held before the newest fact, oldest first; None where that one is not taken back.

    Neither is what helped to place a rectangle, nor a fact that itself takes back the one before it.
    """
    now, before = facts_of(story), facts_of(story[:-1])
    if now == facts_of(story[:-2]) or way_back(now, before) is None:
        return None
    return before


def way_back(now: CaseFacts, before: CaseFacts) -> Fact | None:
    """The fact that takes the newest one back; None where nothing can be taken back.

    What helped to place a rectangle stays said.
    """
    if now.counted is not before.counted:
        return Fact(FactKind.COUNTED, before.counted.value if before.counted else "")
    if now.note != before.note:
        return Fact(FactKind.NOTE, note=before.note)
    if now.excluded != before.excluded:
        return _saying(FactKind.EXCLUDED, before.excluded) if before.excluded else Fact(FactKind.INCLUDED)
    for key in sorted({*now.accepted, *before.accepted}, reverse=True):
        if now.accepted.get(key) != before.accepted.get(key):
            return _saying(FactKind.ACCEPTED, before.accepted.get(key), key)
    return None


def _saying(kind: FactKind, because: Because | None, revision_id: int | None = None) -> Fact:
    return (
        Fact(kind, because.reason.value, because.note, revision_id)
        if because
        else Fact(kind, revision_id=revision_id)
    )
