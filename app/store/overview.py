"""How far every reader is, and what was left out why: for whoever coordinates. One query per kind of fact."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.store import faults
from app.store.database import Database
from app.store.people import refuse_while_blinded


@dataclass(frozen=True, slots=True)
class ReadingRow:
    """How far one reading is.

    Attributes
    ----------
    exam_id, reader_id, round : int
        Whose reading of what.
    locked : bool
        Signed off.
    done : int
        Levels measured or marked.
    changed_utc : str
        Of the newest level or event; empty without any.
    unlocked : str
        Why it was unlocked; empty where it was not, or is signed off again.
    """

    exam_id: int
    reader_id: int
    round: int
    locked: bool
    done: int
    changed_utc: str
    unlocked: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A level, or a whole patient, that one reader left out.

    Attributes
    ----------
    exam_id, reader_id, round : int
        In which reading.
    level : Level or None
        None for the whole patient.
    reason, note : Reason, str
        Why.
    signed_off : bool
        Whether the reading is done.
    """

    exam_id: int
    reader_id: int
    round: int
    level: Level | None
    reason: Reason
    note: str
    signed_off: bool


_UNLOCKED = """
SELECT event.reading_id, reading_reason.reason
FROM reading_reason JOIN live_event AS event ON event.id = event_id
WHERE NOT EXISTS (
    SELECT 1 FROM live_event AS later WHERE later.reading_id = event.reading_id AND later.id > event.id
)
"""
_LEVELS = """
SELECT reading_id, sum(kind <> 'empty') AS done, max(at_utc) AS at_utc
FROM level_state GROUP BY reading_id
"""
# a reading of which nothing counts any more, as after a merge was taken back, is none
_STATES = """
SELECT reading_id, exam_id, reader_id, round, locked, event_utc FROM reading_state
WHERE event_utc IS NOT NULL OR reading_id IN (
    SELECT reading_id FROM live_revision UNION SELECT reading_id FROM live_fact
)
"""
_MARKED = """
SELECT exam_id, reader_id, round, locked, level, reason, note
FROM level_state AS revision JOIN reading_state AS state ON state.reading_id = revision.reading_id
WHERE revision.kind = 'not_measurable'
"""
_PATIENTS = """
SELECT exam_id, reader_id, round, locked, NULL AS level, value AS reason, note
FROM live_fact AS fact JOIN reading_state AS state ON state.reading_id = fact.reading_id
WHERE fact.kind = 'excluded' AND fact.id IN (
    SELECT max(id) FROM live_fact WHERE kind IN ('excluded', 'included') GROUP BY reading_id
)
"""


def reading_rows(database: Database) -> list[ReadingRow]:
    """How far every reading is; no value, and nothing that was found."""
    unlocked = {row["reading_id"]: row["reason"] for row in database.rows(_UNLOCKED)}
    levels = {row["reading_id"]: (row["done"], row["at_utc"]) for row in database.rows(_LEVELS)}
    found = []
    for key, exam_id, reader_id, number, locked, event_utc in database.rows(_STATES):
        done, drawn_utc = levels.get(key, (0, ""))
        changed = max(event_utc or "", drawn_utc)
        found.append(
            ReadingRow(exam_id, reader_id, number, bool(locked), done, changed, unlocked.get(key, ""))
        )
    return found


def left_out(database: Database, viewer: Viewer) -> list[LeftOut]:
    """Every level and patient that somebody left out, by exam, reader and round.

    Raises
    ------
    BlindingError
        As :func:`app.store.people.refuse_while_blinded`: a reason tells what somebody saw.
    """
    refuse_while_blinded(database, viewer)
    rows = [*database.rows(_PATIENTS), *database.rows(_MARKED)]
    with faults.understood(database.path):
        found = [
            LeftOut(
                exam_id=row["exam_id"],
                reader_id=row["reader_id"],
                round=row["round"],
                level=Level(row["level"]) if row["level"] else None,
                reason=Reason(row["reason"]),
                note=row["note"],
                signed_off=bool(row["locked"]),
            )
            for row in rows
        ]
    return sorted(found, key=lambda one: (one.exam_id, one.reader_id, one.round, one.level or ""))
