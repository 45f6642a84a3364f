"""What readers said of whole cases, as columns of the exports."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from app.domain.case_facts import Because, CaseFacts
from app.files.tables import Cell
from app.services.export_fields import YES_NO, Field, RowT
from app.store.case_facts import CaseResult

Got = TypeVar("Got")

Said = Mapping[tuple[int, str, int], CaseResult]
"""By exam, reader and round."""

COUNTED = "whole_spine (on a localizer), from_sacrum (up), from_c2 (down), other; empty where not said"
REASONS = "reason codes of the protocol, such as SCOLI, SURG, OTHER (its words in the next column)"


def by_reading(said: Sequence[CaseResult]) -> Said:
    """What was said of each reading that says anything."""
    return {(one.exam_id, one.reader, one.round): one for one in said}


def speaks(one: CaseResult | None) -> bool:
    """Whether something holds of the whole case; help for a rectangle that is gone says nothing of it."""
    return one is not None and bool(one.facts.counted or one.facts.excluded or one.facts.note)


def case_fields(said: Callable[[RowT], CaseResult | None]) -> tuple[Field[RowT], ...]:
    """Columns about the case of a row.

    Parameters
    ----------
    said : callable
        Gives what the reader of a row said of its case, or None.
    """
    return (
        Field(
            "levels_counted",
            "How the reader counted the levels.",
            lambda row: _value(said(row), _counted),
            values=COUNTED,
        ),
        Field(
            "patient_excluded",
            "Whether this reader left the whole patient out; what was measured is kept, but not analysed.",
            lambda row: _value(said(row), _excluded) is not None,
            values=YES_NO,
        ),
        *reason_fields("patient", "the whole patient was left out", lambda row: _value(said(row), _excluded)),
        Field("case_note", "Note of the reader on the case.", lambda row: _value(said(row), _note)),
    )


def reason_fields(
    prefix: str, what: str, because: Callable[[RowT], Because | None]
) -> tuple[Field[RowT], Field[RowT]]:
    """A reason code and its words."""
    return (
        Field(f"{prefix}_reason", f"Why {what}.", lambda row: _code(because(row)), values=REASONS),
        Field(
            f"{prefix}_reason_note", f"The reader's words on why {what}.", lambda row: _words(because(row))
        ),
    )


def _value(one: CaseResult | None, get: Callable[[CaseFacts], Got]) -> Got | None:
    return None if one is None else get(one.facts)


def _counted(facts: CaseFacts) -> Cell:
    return facts.counted.value if facts.counted else None


def _excluded(facts: CaseFacts) -> Because | None:
    return facts.excluded


def _note(facts: CaseFacts) -> Cell:
    return facts.note


def _code(because: Because | None) -> Cell:
    return because.reason.value if because else None


def _words(because: Because | None) -> Cell:
    return because.note if because else None
