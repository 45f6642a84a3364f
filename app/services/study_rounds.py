"""Who reads what: the repeat round with its wash-out, assignments, and the round a reader works in."""

from __future__ import annotations

import hashlib
import math
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from app.domain.case_facts import CaseFacts
from app.domain.errors import InputError
from app.domain.reading import Reader, Reading, Role, Viewer
from app.services.changed import Changed, What
from app.services.open_session import Session, readers_of
from app.store import audit, case_facts, exams, people, readings, rounds
from app.store.database import json_text
from app.store.rounds import FIRST, Assignment, RoundKind, SignedOff
from app.store.rounds import StudyRound as StudyRound
from app.store.rounds import Waiting as Waiting

NOTHING = Changed(What.NOTHING)
# what a random choice can come from
_SEEDS = 31


def rounds_of(session: Session) -> list[StudyRound]:
    """All rounds of the study, in order."""
    return rounds.rounds(session.database)


def current_round(session: Session, reader_id: int) -> int:
    """The round a reader works in: the first with an offered case to sign off, else the last with a case.

    Asked before the reader signs in: a guarded connection knows one round only.
    """
    reader = next((one for one in readers_of(session) if one.id == reader_id), Reader(reader_id, ""))
    last = FIRST
    for one in rounds_of(session):
        cases = readings.worklist(session.database, Viewer(reader, round=one.number))
        if any(not case.locked for case in cases):
            return one.number
        last = one.number if cases else last
    return last


def waiting(session: Session, viewer: Viewer) -> Waiting:
    """How many cases the viewer will be offered later in this round, and from when on."""
    return rounds.waiting(session.database, viewer)


# -- repeat -----------------------------------------------------------------------------------------------


def start_repeat(
    session: Session,
    viewer: Viewer,
    *,
    share: float | None = None,
    washout_days: int | None = None,
    seed: int | None = None,
    override_reason: str = "",
) -> tuple[StudyRound, Changed]:
    """Let every reader read a random part of their own signed-off cases once more, in a new order.

    The same seed draws the same cases for all readers, as far as all have signed them off.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        The coordinator.
    share : float, optional
        Part of each reader's signed-off cases, more than 0 and at most 1; the protocol's otherwise.
    washout_days : int, optional
        Days from the reader's own last sign-off of a case until it is offered; the protocol's otherwise.
    seed : int, optional
        Of the choice; drawn otherwise, and kept.
    override_reason : str
        Why all are offered at once, without wash-out.

    Raises
    ------
    InputError
        ``study.not_coordinator``; ``study.no_share``; ``study.no_days`` for less than no day;
        ``study.repeat_not_done`` while an earlier repeat still holds unread cases;
        ``study.nothing_to_repeat`` while nobody has signed off a case.
    BlindingError
        On a guarded connection.
    """
    database, protocol = session.database, session.protocol
    people.refuse_other_than_coordinator(database, viewer)
    share = protocol.repeat_share if share is None else share
    days = protocol.washout_days if washout_days is None else washout_days
    if not 0.0 < share <= 1.0:
        raise InputError("study.no_share")
    if days < 0:
        raise InputError("study.no_days")
    seed = secrets.randbits(_SEEDS) if seed is None else seed
    earlier, read = rounds_of(session), rounds.signed_off(database)
    _refuse_unfinished(session, earlier, read)
    new = StudyRound(max(one.number for one in earlier) + 1, RoundKind.REPEAT, share, days, seed)
    chosen = [
        Assignment(again.reader_id, again.exam_id, new.number, due_utc=_due(again, days, override_reason))
        for again in _chosen(session, read, new)
    ]
    if not chosen:
        raise InputError("study.nothing_to_repeat")
    with database.transaction():
        _write_round(session, viewer, earlier, new, chosen, override_reason.strip())
    return new, Changed(What.SESSION | What.EXAMS)


def _refuse_unfinished(session: Session, earlier: Sequence[StudyRound], read: Iterable[SignedOff]) -> None:
    done = {(one.reader_id, one.exam_id, one.round) for one in read}
    repeats = {one.number for one in earlier if one.kind is RoundKind.REPEAT}
    for (reader_id, number), cases in rounds.given(session.database).items():
        if number in repeats and any(
            one.active and (reader_id, exam_id, number) not in done for exam_id, one in cases.items()
        ):
            raise InputError("study.repeat_not_done", round=number)


def _chosen(session: Session, read: Sequence[SignedOff], new: StudyRound) -> list[SignedOff]:
    """The newest sign-off of each case that is read again, reader by reader."""
    database = session.database
    reading = {key for key, held in people.roles(database).items() if Role.READER in held}
    practice = rounds.training(database)
    codes = {exam.id: exam.code for exam in exams.exams(database)}
    first = {(one.reader_id, one.exam_id) for one in read if one.round == FIRST}
    newest = _newest(read)
    of_reader: dict[int, list[SignedOff]] = defaultdict(list)
    for key in first:
        if key[0] in reading and key[1] not in practice:
            of_reader[key[0]].append(newest[key])

    def drawn(one: SignedOff) -> bytes:
        return hashlib.sha256(f"{new.seed}:{codes[one.exam_id]}".encode()).digest()

    found: list[SignedOff] = []
    for _, cases in sorted(of_reader.items()):
        # a quarter of five is two: never less than was asked for
        count = math.ceil(new.share * len(cases) - 1e-9)
        found += sorted(cases, key=drawn)[:count]
    return found


def _newest(read: Iterable[SignedOff]) -> Mapping[tuple[int, int], SignedOff]:
    """The newest sign-off of each reader and exam, whatever the round."""
    found: dict[tuple[int, int], SignedOff] = {}
    for one in sorted(read, key=lambda one: one.at_utc):
        found[one.reader_id, one.exam_id] = one
    return found


def _due(again: SignedOff, days: int, override_reason: str = "") -> str:
    if override_reason.strip():
        return ""
    due = datetime.fromisoformat(again.at_utc) + timedelta(days=days)
    return due.isoformat(timespec="milliseconds")


def _write_round(
    session: Session,
    viewer: Viewer,
    earlier: Sequence[StudyRound],
    new: StudyRound,
    chosen: Sequence[Assignment],
    override_reason: str,
) -> None:
    database = session.database
    if earlier == [StudyRound()]:
        rounds.add_round(database, earlier[0])
    rounds.add_round(database, new)
    rounds.assign(database, chosen, override_reason)
    audit.append(
        database,
        actor=viewer.reader.name,
        action="round.started",
        subject=f"round {new.number}",
        new=json_text(
            {
                "share": new.share,
                "washout_days": new.washout_days,
                "seed": new.seed,
                "cases": len({one.exam_id for one in chosen}),
                "readings": len(chosen),
                "washout": "overridden" if override_reason else "kept",
            }
        ),
        reason=override_reason,
        protocol=session.protocol.stamp,
    )


def offer_now(session: Session, viewer: Viewer, reader_id: int, round_number: int, reason: str) -> Changed:
    """End the wash-out of a reader's cases of a round before its time.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``study.needs_reason``.
    BlindingError
        On a guarded connection.
    """
    _refuse(session, viewer, reason)
    cases = rounds.given(session.database).get((reader_id, round_number), {})
    now = audit.utc_now()
    early = [replace(one, due_utc="") for one in cases.values() if one.active and one.due_utc > now]
    if not early:
        return NOTHING
    with session.database.transaction():
        rounds.assign(session.database, early, reason.strip())
        audit.append(
            session.database,
            actor=viewer.reader.name,
            action="round.offered_early",
            subject=f"round {round_number}",
            new=json_text({"reader": _name(session, reader_id), "readings": len(early)}),
            reason=reason.strip(),
            protocol=session.protocol.stamp,
        )
    return Changed(What.EXAMS)


# -- assignments ------------------------------------------------------------------------------------------


def assign(
    session: Session, viewer: Viewer, exam_id: int, reader_id: int, round_number: int, reason: str
) -> Changed:
    """Give an exam to a reader in a round. In a repeat round the reader's own wash-out is kept.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``study.needs_reason``, ``study.unknown_reader``, ``study.unknown_round``;
        ``study.not_read_before`` in a repeat round, where this reader has not signed it off before.
    BlindingError
        On a guarded connection.
    """
    _refuse(session, viewer, reason)
    wanted = _wanted(session, exam_id, reader_id, round_number)
    if _holds(session, wanted):
        return NOTHING
    with session.database.transaction():
        _write(session, viewer, wanted, reason)
    return Changed(What.EXAMS)


def withdraw(
    session: Session, viewer: Viewer, exam_id: int, reader_id: int, round_number: int, reason: str
) -> Changed:
    """Take an exam from a reader in a round; what they drew stays, unsigned, and counts nowhere.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``study.needs_reason``, ``study.unknown_reader``, ``study.unknown_round``;
        ``study.already_signed_off`` where the reading is done.
    BlindingError
        On a guarded connection.
    """
    _refuse(session, viewer, reason)
    gone = _gone(session, exam_id, reader_id, round_number)
    if not _holds(session, replace(gone, active=True)):
        return NOTHING
    with session.database.transaction():
        _write(session, viewer, gone, reason)
    return Changed(What.EXAMS)


def reassign(
    session: Session,
    viewer: Viewer,
    exam_id: int,
    from_reader_id: int,
    to_reader_id: int,
    round_number: int,
    reason: str,
) -> Changed:
    """Take an exam from one reader and give it to another, in one step.

    Raises
    ------
    InputError, BlindingError
        As :func:`withdraw` and :func:`assign`; ``study.same_reader``. Nothing is changed then.
    """
    _refuse(session, viewer, reason)
    if from_reader_id == to_reader_id:
        raise InputError("study.same_reader")
    gone = _gone(session, exam_id, from_reader_id, round_number)
    wanted = _wanted(session, exam_id, to_reader_id, round_number)
    with session.database.transaction():
        _write(session, viewer, gone, reason)
        if not _holds(session, wanted):
            _write(session, viewer, wanted, reason)
    return Changed(What.EXAMS)


def withdraw_unbegun(session: Session, viewer: Viewer, unlocked: Reading, reason: str) -> None:
    """Take an unlocked case out of later repeats that have not begun, inside the caller's transaction."""
    reader = unlocked.viewer.reader
    for (reader_id, number), cases in rounds.given(session.database).items():
        one = cases.get(unlocked.exam_id)
        later = reader_id == reader.id and number > unlocked.viewer.round
        if not later or one is None or not one.active:
            continue
        if not _has_begun(session, Viewer(reader, round=number), unlocked.exam_id):
            _write(session, viewer, replace(one, active=False), reason)


def _has_begun(session: Session, viewer: Viewer, exam_id: int) -> bool:
    """Whether a reading holds anything; of a merge that was taken back nothing is left in it."""
    reading = readings.open_reading(session.database, viewer, exam_id)
    said = case_facts.facts(session.database, viewer, exam_id)
    return bool(reading.revisions) or reading.locked or said != CaseFacts()


def _refuse(session: Session, viewer: Viewer, reason: str) -> None:
    people.refuse_other_than_coordinator(session.database, viewer)
    if not reason.strip():
        raise InputError("study.needs_reason")


def _kind(session: Session, round_number: int) -> StudyRound:
    found = next((one for one in rounds_of(session) if one.number == round_number), None)
    if found is None:
        raise InputError("study.unknown_round", round=round_number)
    return found


def _name(session: Session, reader_id: int) -> str:
    found = next((one.name for one in readers_of(session) if one.id == reader_id), None)
    if found is None:
        raise InputError("study.unknown_reader")
    return found


def _wanted(session: Session, exam_id: int, reader_id: int, round_number: int) -> Assignment:
    """The assignment to write, with its wash-out."""
    _name(session, reader_id)
    one = _kind(session, round_number)
    if one.kind is RoundKind.MAIN:
        return Assignment(reader_id, exam_id, round_number)
    earlier = [again for again in rounds.signed_off(session.database) if again.round < round_number]
    newest = _newest(earlier).get((reader_id, exam_id))
    if newest is None:
        raise InputError("study.not_read_before")
    return Assignment(reader_id, exam_id, round_number, due_utc=_due(newest, one.washout_days))


def _gone(session: Session, exam_id: int, reader_id: int, round_number: int) -> Assignment:
    """The withdrawal to write."""
    _kind(session, round_number)
    who = Viewer(Reader(reader_id, _name(session, reader_id)), round=round_number)
    if readings.open_reading(session.database, who, exam_id).locked:
        raise InputError("study.already_signed_off")
    return Assignment(reader_id, exam_id, round_number, active=False)


def _holds(session: Session, wanted: Assignment) -> bool:
    """Whether the exam is with the reader already."""
    who = (wanted.reader_id, wanted.round)
    return wanted.exam_id in rounds.assigned(session.database, *who)


def _write(session: Session, viewer: Viewer, one: Assignment, reason: str) -> None:
    rounds.assign(session.database, [one], reason.strip())
    audit.append(
        session.database,
        actor=viewer.reader.name,
        action="assignment.given" if one.active else "assignment.withdrawn",
        subject=f"{readings.code_of(session.database, one.exam_id)}/round {one.round}",
        new=json_text({"reader": _name(session, one.reader_id)}),
        reason=reason.strip(),
        protocol=session.protocol.stamp,
    )
