"""One reader's list of cases in one round."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.store import audit, faults, sessions
from app.store.database import Database, Row
from app.store.rounds import ASSIGNED, CASES, DUE


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One case in a reader's worklist.

    Attributes
    ----------
    exam_id, code : int, str
        The case.
    done : int
        Levels measured or marked.
    locked : bool
        Signed off.
    last_change : str
        UTC time of this reader's newest change, or empty.
    excluded : Reason or None
        Why this reader leaves the whole patient out.
    training : bool
        For practice; in no result.
    unlocked : str
        Why it was unlocked after it had been signed off; empty where it was not.
    """

    exam_id: int
    code: str
    done: int
    locked: bool
    last_change: str
    excluded: Reason | None = None
    training: bool = False
    unlocked: str = ""


# levels as in level_state, but of this reader only: of everybody it takes as long as everybody's work
_SQL = f"""
SELECT exam.id, exam.code, coalesce(levels.done, 0) AS done, coalesce(state.locked, 0) AS locked,
       max(coalesce(state.event_utc, ''), coalesce(levels.at_utc, ''), coalesce(facts.at_utc, ''))
           AS last_change,
       (SELECT value FROM case_fact WHERE case_fact.id = facts.newest_patient) AS excluded,
       exam.id IN (SELECT exam_id FROM training_exam) AS training,
       (SELECT reason FROM reading_reason WHERE event_id = (
           SELECT max(id) FROM live_event WHERE reading_id = state.reading_id
       )) AS unlocked
FROM {CASES}
LEFT JOIN reading_state AS state
    ON state.exam_id = exam.id AND state.reader_id = who.reader AND state.round = who.round
LEFT JOIN (
    SELECT reading_id, sum(kind <> 'empty') AS done, max(at_utc) AS at_utc
    FROM live_revision WHERE id IN (
        SELECT max(id) FROM live_revision
        WHERE reading_id IN (SELECT id FROM reading WHERE reader_id = ? AND round = ?)
        GROUP BY reading_id, level
    ) GROUP BY reading_id
) AS levels ON levels.reading_id = state.reading_id
LEFT JOIN (
    SELECT reading_id, max(at_utc) AS at_utc,
           max(iif(kind IN ('excluded', 'included'), id, NULL)) AS newest_patient
    FROM live_fact GROUP BY reading_id
) AS facts ON facts.reading_id = state.reading_id
WHERE {ASSIGNED} AND {DUE} <= ?
"""  # noqa: S608 - conditions of our own


def worklist(database: Database, viewer: Viewer) -> list[CaseRow]:
    """The viewer's cases in this round, those for training first, in the viewer's own random order."""
    whose = (viewer.reader.id, viewer.round)
    rows = database.rows(_SQL, (*whose, *whose, audit.utc_now()))
    with faults.understood(database.path):
        cases = [_case_row(row) for row in rows]
    key = f"{sessions.order_seed(database, viewer.reader.id)}:{viewer.round}"

    def place(case: CaseRow) -> tuple[bool, bytes]:
        # a keyed hash keeps the order of old cases when new ones are imported
        return not case.training, hashlib.sha256(f"{key}:{case.code}".encode()).digest()

    return sorted(cases, key=place)


def _case_row(row: Row) -> CaseRow:
    # of a patient who is included again the value is empty
    reason = Reason(row["excluded"]) if row["excluded"] else None
    return CaseRow(
        exam_id=row["id"],
        code=row["code"],
        done=row["done"],
        locked=bool(row["locked"]),
        last_change=row["last_change"],
        excluded=reason,
        training=bool(row["training"]),
        unlocked=row["unlocked"] or "",
    )
