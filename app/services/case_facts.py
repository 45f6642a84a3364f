"""What a reader says of a whole case: how levels were counted, exclusion, a note, what is accepted."""

from __future__ import annotations

from dataclasses import replace

from app.domain.case_facts import CaseFacts, Counted, Fact, FactKind, way_back
from app.domain.errors import InputError
from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.services.case import Case
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.store import case_facts

_NOTHING = Changed(What.NOTHING)


def usual_count(session: Session, viewer: Viewer) -> Counted | None:
    """How the viewer counted levels in the last case they said it of: the default of the next."""
    return case_facts.last_counted(session.database, viewer)


def say_counted(session: Session, case: Case, counted: Counted | None) -> tuple[Case, Changed]:
    """Say how the levels were counted; None takes that back.

    Raises
    ------
    InputError
        ``reading.locked`` after sign-off, here and in all that follows.
    """
    return _write(session, case, Fact(FactKind.COUNTED, counted.value if counted else ""))


def exclude_patient(session: Session, case: Case, reason: Reason, note: str = "") -> tuple[Case, Changed]:
    """Leave the whole patient out; ``OTHER`` wants a note.

    Raises
    ------
    InputError
        ``patient.needs_note``.
    """
    if reason is Reason.OTHER and not note.strip():
        raise InputError("patient.needs_note")
    return _write(session, case, Fact(FactKind.EXCLUDED, reason.value, note.strip()))


def include_patient(session: Session, case: Case) -> tuple[Case, Changed]:
    """Take the patient in again."""
    return _write(session, case, Fact(FactKind.INCLUDED))


def write_note(session: Session, case: Case, note: str) -> tuple[Case, Changed]:
    """Keep a note of the case in one line; an empty one removes it."""
    return _write(session, case, Fact(FactKind.NOTE, note=one_line(note)))


def one_line(words: str) -> str:
    """Words as they are kept: without breaks and without space around them."""
    return " ".join(words.split())


def accept_level(
    session: Session, case: Case, level: Level, reason: Reason | None, note: str = ""
) -> tuple[Case, Changed]:
    """Keep a level as it is although a rule speaks against it; None takes that back.

    Raises
    ------
    InputError
        ``accept.needs_note`` for ``OTHER`` without one; ``accept.nothing`` where no rule speaks that can be
        set aside.
    """
    if reason is Reason.OTHER and not note.strip():
        raise InputError("accept.needs_note")
    if not case.acceptable(level):
        raise InputError("accept.nothing", level=level.value)
    revision = case.reading.history.current[level].id
    return _write(
        session, case, Fact(FactKind.ACCEPTED, reason.value if reason else "", note.strip(), revision)
    )


def said_before(session: Session, case: Case) -> CaseFacts | None:
    """What held of a case before the newest fact, where that is newer than every rectangle; else None."""
    return case_facts.said_before(session.database, case.reading.viewer, case.exam.id)


def take_back(session: Session, case: Case, before: CaseFacts) -> tuple[Case, Changed]:
    """Let hold again what held before the newest fact, as a new fact."""
    fact = way_back(case.reading.facts, before)
    return (case, _NOTHING) if fact is None else _write(session, case, fact)


def _write(session: Session, case: Case, fact: Fact) -> tuple[Case, Changed]:
    """Write a fact that changes something."""
    if case.reading.locked:
        raise InputError("reading.locked")
    if case.reading.facts.after(fact) == case.reading.facts:
        return case, _NOTHING
    reading = case_facts.append(session.database, case.reading, fact)
    return replace(case, reading=reading), Changed(What.READING)
