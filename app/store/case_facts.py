"""What readers say of whole cases: append-only, each in the record. A reader sees only their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app import __version__
from app.domain.case_facts import (
    Because,
    CaseFacts,
    Counted,
    Fact,
    FactKind,
    Help,
    before_newest,
    facts_of,
)
from app.domain.placement import Placement, placement
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Reader, Reading, Revision, Viewer
from app.store import audit, faults, sessions
from app.store.database import Database, Row, json_text
from app.store.readings import begin_reading, code_of, refuse_locked, revisions_of, write_revisions
from app.store.results import refuse_while_blinded


@dataclass(frozen=True, slots=True)
class CaseResult:
    """What one reader says of one case in one round.

    Attributes
    ----------
    exam_id : int
        The case.
    reader, round : str, int
        Who says so.
    signed_off : bool
        Whether the reading is locked.
    facts : CaseFacts
        What holds.
    accepted : mapping of Level to Because
        Levels that were accepted as they are now.
    placed : mapping of Level to Placement
        Measured levels whose rectangle the program proposed.
    """

    exam_id: int
    reader: str
    round: int
    signed_off: bool
    facts: CaseFacts
    accepted: Mapping[Level, Because]
    placed: Mapping[Level, Placement]


def facts(database: Database, viewer: Viewer, exam_id: int) -> CaseFacts:
    """What the viewer says of an exam in the viewer's round."""
    with faults.understood(database.path):
        return facts_of(_fact(row) for row in _story(database, viewer, exam_id))


def said_before(database: Database, viewer: Viewer, exam_id: int) -> CaseFacts | None:
    """What held before the newest fact, where undo would take that one back; None where it would not.

    A rectangle placed since is taken back first.
    """
    story = _story(database, viewer, exam_id)
    drawn = database.row(
        "SELECT max(live_revision.at_utc) AS at FROM live_revision JOIN reading ON reading.id = reading_id"
        " WHERE exam_id = ? AND reader_id = ? AND round = ?",
        (exam_id, viewer.reader.id, viewer.round),
    )
    if not story or (drawn is not None and drawn["at"] is not None and drawn["at"] > story[-1]["at_utc"]):
        return None
    with faults.understood(database.path):
        return before_newest([_fact(row) for row in story])


def _story(database: Database, viewer: Viewer, exam_id: int) -> list[Row]:
    return database.rows(
        "SELECT live_fact.* FROM live_fact JOIN reading ON reading.id = reading_id"
        " WHERE exam_id = ? AND reader_id = ? AND round = ? ORDER BY live_fact.id",
        (exam_id, viewer.reader.id, viewer.round),
    )


def _fact(row: Row) -> Fact:
    return Fact(FactKind(row["kind"]), row["value"], row["note"], row["revision_id"])


def last_counted(database: Database, viewer: Viewer) -> Counted | None:
    """How the viewer counted levels the last time they said so in this round; None where they never did."""
    row = database.row(
        "SELECT value FROM live_fact JOIN reading ON reading.id = reading_id"
        " WHERE reader_id = ? AND round = ? AND kind = 'counted' ORDER BY live_fact.id DESC LIMIT 1",
        (viewer.reader.id, viewer.round),
    )
    with faults.understood(database.path):
        return Counted(row["value"]) if row is not None and row["value"] else None


def append(database: Database, reading: Reading, fact: Fact) -> Reading:
    """Write one fact with its entry in the record, all or nothing.

    Raises
    ------
    InputError
        ``reading.locked`` when the reading was signed off meanwhile.
    """
    with database.transaction():
        return _write(database, reading, fact)


def append_placed(database: Database, reading: Reading, together: Sequence[Revision], used: Help) -> Reading:
    """Write revisions as :func:`app.store.readings.append_revisions` does, and what proposed them with them.

    Raises
    ------
    InputError
        ``reading.locked``, ``reading.exam_changed``; nothing is written then.
    """
    levels = " ".join(one.level.value for one in together)
    with database.transaction():
        written = write_revisions(database, reading, together)
        for one in written.revisions[len(reading.revisions) :]:
            # never the one without the other: what the program placed must not pass for a hand's work
            written = _write(database, written, Fact(FactKind.HELP, used.value, levels, one.id))
    return written


def _write(database: Database, reading: Reading, fact: Fact) -> Reading:
    """Write one fact with its entry in the record, inside the caller's transaction."""
    protocol_id, protocol = sessions.current_protocol(database)
    held = reading.facts.after(fact)
    reading_id = reading.id or begin_reading(database, reading)
    refuse_locked(database, reading_id)
    database.insert(
        "INSERT INTO case_fact"
        " (reading_id, kind, value, note, revision_id, protocol_id, software, at_utc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            reading_id,
            fact.kind.value,
            fact.value,
            fact.note,
            fact.revision_id,
            protocol_id,
            __version__,
            audit.utc_now(),
        ),
    )
    audit.append(
        database,
        actor=reading.viewer.reader.name,
        action=f"case.{fact.kind.value}",
        subject=_subject(database, reading, fact),
        old=_told(reading.facts, fact),
        new=_told(held, fact),
        protocol=protocol.stamp,
    )
    return replace(reading, id=reading_id, facts=held)


def _subject(database: Database, reading: Reading, fact: Fact) -> str:
    code, round_number = code_of(database, reading.exam_id), reading.viewer.round
    level = next((one.level for one in reading.revisions if one.id == fact.revision_id), None)
    return f"{code}/round {round_number}" if level is None else f"{code}/{level.value}/round {round_number}"


def _told(held: CaseFacts, fact: Fact) -> str:
    """What holds of the kind of a fact, for the record."""
    because = held.excluded
    if fact.kind is FactKind.ACCEPTED:
        because = held.accepted.get(fact.revision_id or 0)
    content: dict[FactKind, dict[str, str | None]] = {
        FactKind.COUNTED: {"counted": held.counted},
        FactKind.NOTE: {"note": held.note},
        FactKind.HELP: {"help": held.helped.get(fact.revision_id or 0)},
    }
    reasoned = {"reason": because.reason, "note": because.note} if because else {}
    return json_text({key: value for key, value in content.get(fact.kind, reasoned).items() if value})


def results_of_cases(database: Database, viewer: Viewer) -> list[CaseResult]:
    """What every reader says of every case, of those who say anything, by case, reader and round.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    """
    story: dict[int, list[Fact]] = {}
    with database.snapshot(), faults.understood(database.path):
        refuse_while_blinded(database, viewer)
        for row in database.rows("SELECT * FROM live_fact ORDER BY id"):
            story.setdefault(row["reading_id"], []).append(_fact(row))
        rows = database.rows(
            "SELECT state.*, reader.name AS reader FROM reading_state AS state"
            " JOIN reader ON reader.id = state.reader_id ORDER BY exam_id, reader_id, round"
        )
        told = [(row, facts_of(story[row["reading_id"]])) for row in rows if row["reading_id"] in story]
        return [_case_result(database, row, held) for row, held in told]


def _case_result(database: Database, row: Row, held: CaseFacts) -> CaseResult:
    whose = Viewer(Reader(row["reader_id"], row["reader"]), round=row["round"])
    # the story is long, and only what speaks of a level needs it
    story = revisions_of(database, row["reading_id"]) if held.accepted or held.helped else ()
    reading = Reading(row["reading_id"], row["exam_id"], whose, story, bool(row["locked"]), held)
    found = {level: because for level in LEVELS if (because := reading.accepted(level))}
    placed = {level: how for level in LEVELS if (how := placement(reading, level))}
    return CaseResult(reading.exam_id, row["reader"], row["round"], reading.locked, held, found, placed)
