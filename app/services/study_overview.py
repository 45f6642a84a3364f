"""The coordinator's worklist: cases by readers and rounds, how far each is, and what was left out why."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from app.domain.checks import Finding
from app.domain.errors import BlindingError
from app.domain.protocol import Level
from app.domain.reading import Reader, Role, Viewer
from app.domain.reasons import Reason
from app.services.open_session import Session, readers_of
from app.services.stored_findings import value_findings
from app.store import audit, exams, people, rounds
from app.store import overview as store
from app.store.exams import ExamRow
from app.store.overview import ReadingRow
from app.store.results import results
from app.store.rounds import Assignment, RoundKind, StudyRound


class State(StrEnum):
    """How far one reader is with one case in one round."""

    NOT_ASSIGNED = "not_assigned"
    WAITING = "waiting"
    NOT_STARTED = "not_started"
    OPEN = "open"
    UNLOCKED = "unlocked"
    SIGNED_OFF = "signed_off"


@dataclass(frozen=True, slots=True)
class Progress:
    """One reader's case in one round.

    Attributes
    ----------
    state : State
        How far it is.
    done : int
        Levels measured or marked.
    changed_utc : str
        When something changed last, UTC; empty where nothing did.
    due_utc : str
        When a waiting case will be offered.
    unlocked : str
        Why it was unlocked.
    """

    state: State
    done: int = 0
    changed_utc: str = ""
    due_utc: str = ""
    unlocked: str = ""


@dataclass(frozen=True, slots=True)
class Column:
    """One reader in one round, and how far they are with the cases of the study.

    Attributes
    ----------
    reader, round : Reader, int
        Who, when.
    assigned, signed_off, waiting : int
        Cases, without those for training.
    """

    reader: Reader
    round: int
    assigned: int
    signed_off: int
    waiting: int


@dataclass(frozen=True, slots=True)
class CaseOverview:
    """One case.

    Attributes
    ----------
    exam_id, code : int, str
        Which.
    training : bool
        For practice; in no result.
    progress : tuple of Progress
        One for each column.
    """

    exam_id: int
    code: str
    training: bool
    progress: tuple[Progress, ...]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What one reader left out of one case.

    Attributes
    ----------
    exam_id, code : int, str
        The case.
    reader, round : str, int
        Who, when.
    level : Level or None
        None for the whole patient.
    reason, note : Reason, str
        Why.
    signed_off : bool
        Whether the reading is done.
    training : bool
        Of a case for practice, which is in no result anyway: no exclusion.
    """

    exam_id: int
    code: str
    reader: str
    round: int
    level: Level | None
    reason: Reason
    note: str
    signed_off: bool
    training: bool = False


Spoken = Mapping[tuple[int, str, int], tuple[Finding, ...]]
"""What rules of value say of readings, by exam, reader and round."""


@dataclass(frozen=True, slots=True)
class Overview:
    """The whole study at a glance.

    Attributes
    ----------
    columns : tuple of Column
        Round by round the readers in order of enrolment.
    cases : tuple of CaseOverview
        By case code.
    left_out : tuple of LeftOut or None
        By reason, then case, and after those of the study what was in training cases; None where the viewer
        still reads blinded themselves and may not know.
    spoken : mapping of (int, str, int) to tuple of Finding
        What :func:`spoken` says, for whoever asked it.
    """

    columns: tuple[Column, ...]
    cases: tuple[CaseOverview, ...]
    left_out: tuple[LeftOut, ...] | None
    spoken: Spoken = field(default_factory=dict)

    def spoken_of(self, case: CaseOverview, column: Column) -> tuple[Finding, ...]:
        """What rules of value say of one signed-off reading, as far as it was asked."""
        # what was asked before may be of a reading that was unlocked since
        if case.progress[self.columns.index(column)].state is not State.SIGNED_OFF:
            return ()
        return self.spoken.get((case.exam_id, column.reader.name, column.round), ())


def overview(session: Session, viewer: Viewer) -> Overview:
    """How far everybody is; a few queries, however many cases there are.

    Raises
    ------
    InputError
        ``study.not_coordinator``.
    BlindingError
        On a guarded connection.
    """
    database = session.database
    people.refuse_other_than_coordinator(database, viewer)
    with database.snapshot():
        listed = sorted(exams.exams(database), key=lambda exam: exam.code)
        practice = rounds.training(database)
        heads, by_column = _columns(session, listed)
        left_out = _left_out(session, viewer, {exam.id: exam.code for exam in listed}, practice)
    counted = [
        [cell for cell, exam in zip(cells, listed, strict=True) if exam.id not in practice]
        for cells in by_column
    ]
    by_case = zip(*by_column, strict=True) if by_column else [()] * len(listed)
    return Overview(
        columns=tuple(_column(*head, cells) for head, cells in zip(heads, counted, strict=True)),
        cases=tuple(
            CaseOverview(exam.id, exam.code, exam.id in practice, progress)
            for exam, progress in zip(listed, by_case, strict=True)
        ),
        left_out=left_out,
    )


_Head = tuple[Reader, StudyRound]


def _columns(session: Session, listed: Sequence[ExamRow]) -> tuple[list[_Head], list[list[Progress]]]:
    """Who stands above each column, and the column's cells."""
    read = {(one.reader_id, one.round, one.exam_id): one for one in store.reading_rows(session.database)}
    given = rounds.given(session.database)
    heads = _heads(session, {key[:2] for key in read})
    now = audit.utc_now()
    found = []
    for reader, one in heads:
        said = given.get((reader.id, one.number), {})
        main = one.kind is RoundKind.MAIN
        found.append(
            [
                _progress(
                    read.get((reader.id, one.number, exam.id)),
                    said.get(exam.id),
                    assigned=main and exam.origin == "dicom",
                    now=now,
                )
                for exam in listed
            ]
        )
    return heads, found


def _heads(session: Session, done: Collection[tuple[int, int]]) -> list[_Head]:
    """Who stands above a column: whoever reads, and whoever read when that was their role."""
    roles = people.roles(session.database)
    known = rounds.rounds(session.database)
    numbers = {one.number for one in known}
    # a round that nobody set up, of an older session
    known += [StudyRound(number) for number in sorted({number for _, number in done} - numbers)]
    return [
        (reader, one)
        for one in known
        for reader in readers_of(session)
        if Role.READER in roles[reader.id] or (reader.id, one.number) in done
    ]


def _progress(read: ReadingRow | None, said: Assignment | None, *, assigned: bool, now: str) -> Progress:
    """One cell; ``assigned`` where nothing else was said."""
    assigned = assigned if said is None else said.active
    if read is None:
        if not assigned:
            return _NOT_ASSIGNED
        due = "" if said is None else said.due_utc
        return Progress(State.WAITING, due_utc=due) if due > now else _NOT_STARTED
    if read.locked:
        state = State.SIGNED_OFF
    elif read.unlocked:
        state = State.UNLOCKED
    elif not assigned:
        state = State.NOT_ASSIGNED
    else:
        state = State.OPEN
    return Progress(state, read.done, read.changed_utc, unlocked=read.unlocked)


_NOT_ASSIGNED, _NOT_STARTED = Progress(State.NOT_ASSIGNED), Progress(State.NOT_STARTED)


def _column(reader: Reader, one: StudyRound, cells: Iterable[Progress]) -> Column:
    states = [cell.state for cell in cells]
    return Column(
        reader,
        one.number,
        assigned=len(states) - states.count(State.NOT_ASSIGNED),
        signed_off=states.count(State.SIGNED_OFF),
        waiting=states.count(State.WAITING),
    )


def _left_out(
    session: Session, viewer: Viewer, codes: Mapping[int, str], practice: Collection[int]
) -> tuple[LeftOut, ...] | None:
    try:
        found = store.left_out(session.database, viewer)
    except BlindingError:
        return None
    names = {reader.id: reader.name for reader in readers_of(session)}
    order = {reason: place for place, reason in enumerate(Reason)}
    told = [
        LeftOut(
            exam_id=one.exam_id,
            code=codes[one.exam_id],
            reader=names[one.reader_id],
            round=one.round,
            level=one.level,
            reason=one.reason,
            note=one.note,
            signed_off=one.signed_off,
            training=one.exam_id in practice,
        )
        for one in found
    ]
    return tuple(sorted(told, key=lambda one: (one.training, order[one.reason], one.code)))


def spoken(session: Session, viewer: Viewer) -> Spoken:
    """What rules of value say of signed-off readings; of a large study a second's work.

    Raises
    ------
    InputError
        ``study.not_coordinator``.
    BlindingError
        ``blinding.closed`` on a guarded connection; ``blinding.own_first`` for a coordinator who still reads
        blinded themselves, and has not said why they look.
    """
    people.refuse_other_than_coordinator(session.database, viewer)
    found: dict[tuple[int, str, int], tuple[Finding, ...]] = {}
    signed = [cell for cell in results(session.database, viewer) if cell.signed_off]
    for (exam_id, reader, number, _), findings in value_findings(signed, session.protocol).items():
        key = (exam_id, reader, number)
        found[key] = (*found.get(key, ()), *findings)
    return found
