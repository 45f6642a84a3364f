"""Who reads which exam in which round, from when on, and which exams are there for training."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.store import audit, faults
from app.store.database import Database

FIRST = 1
"""Every session has this round, whether it says so or not."""


class RoundKind(StrEnum):
    """What a round holds: everything, or a part that is read again."""

    MAIN = "main"
    REPEAT = "repeat"


@dataclass(frozen=True, slots=True)
class StudyRound:
    """One round of reading.

    Attributes
    ----------
    number : int
        From 1 on.
    kind : RoundKind
        A repeat round holds only what was assigned in it; the main round every exam with images, except what
        was withdrawn.
    share : float
        Part of each reader's signed-off cases that is read.
    washout_days : int
        Days between a reader's sign-off and their reading of the same case again.
    seed : int
        Of the random choice.
    """

    number: int = FIRST
    kind: RoundKind = RoundKind.MAIN
    share: float = 1.0
    washout_days: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """That a reader reads an exam in a round, or no longer does.

    Attributes
    ----------
    reader_id, exam_id, round : int
        Who reads what.
    active : bool
        False where it was withdrawn.
    due_utc : str
        UTC time before which it is not offered; empty for at once.
    """

    reader_id: int
    exam_id: int
    round: int
    active: bool = True
    due_utc: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Cases that are assigned and not offered yet.

    Attributes
    ----------
    count : int
        How many.
    first_utc : str
        When the first of them will be; empty without any, and where it can be read at once.
    round : int
        In which round; 0 without any.
    """

    count: int = 0
    first_utc: str = ""
    round: int = 0


Given = Mapping[tuple[int, int], Mapping[int, Assignment]]
"""What was assigned or withdrawn, by reader and round, then by exam."""

CASES = "(SELECT ? AS reader, ? AS round) AS who CROSS JOIN live_exam AS exam"
"""Where a query of a reader's cases begins; its first two parameters are the reader's key and the round."""
# what the newest row of a reader, round and exam says; asked once per exam, answered from the index
_NEWEST = (
    "(SELECT {column} FROM assignment WHERE reader_id = who.reader AND round = who.round"
    " AND exam_id = exam.id ORDER BY id DESC LIMIT 1)"
)
_WITH_READER = (
    f"coalesce({_NEWEST.format(column='active')},"  # noqa: S608 - words of our own
    " NOT EXISTS (SELECT 1 FROM live_round WHERE number = who.round AND kind = 'repeat'))"
)
ASSIGNED = f"exam.origin = 'dicom' AND {_WITH_READER}"
"""Condition on :data:`CASES`: the exam is with the reader in the round."""
DUE = f"coalesce({_NEWEST.format(column='due_utc')}, '')"
"""When such an exam is offered from: a UTC time, or empty."""


def rounds(database: Database) -> list[StudyRound]:
    """All rounds in order; the first also where nobody set up a study."""
    rows = database.rows("SELECT number, kind, share, washout_days, seed FROM live_round ORDER BY number")
    with faults.understood(database.path):
        found = [StudyRound(row["number"], RoundKind(row["kind"]), *tuple(row)[2:]) for row in rows]
    return found if any(one.number == FIRST for one in found) else [StudyRound(), *found]


def add_round(database: Database, new: StudyRound) -> None:
    """Write a round inside the caller's transaction."""
    database.insert(
        "INSERT INTO study_round (number, kind, share, washout_days, seed, at_utc) VALUES (?, ?, ?, ?, ?, ?)",
        (new.number, new.kind.value, new.share, new.washout_days, new.seed, audit.utc_now()),
    )


def assign(database: Database, rows: Iterable[Assignment], reason: str) -> None:
    """Write who reads what from now on, inside the caller's transaction."""
    now = audit.utc_now()
    database.insert_many(
        "INSERT INTO assignment (reader_id, exam_id, round, active, due_utc, reason, at_utc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(one.reader_id, one.exam_id, one.round, int(one.active), one.due_utc, reason, now) for one in rows],
    )


def given(database: Database) -> Given:
    """The newest word on every assignment that was ever written of readers and exams that count."""
    found: dict[tuple[int, int], dict[int, Assignment]] = defaultdict(dict)
    for row in database.rows(_GIVEN):
        key = (row["reader_id"], row["round"])
        found[key][row["exam_id"]] = Assignment(
            row["reader_id"], row["exam_id"], row["round"], bool(row["active"]), row["due_utc"]
        )
    return found


_GIVEN = (
    "SELECT reader_id, exam_id, round, active, due_utc FROM assignment"
    " WHERE reader_id IN (SELECT id FROM live_reader) AND exam_id IN (SELECT id FROM live_exam) ORDER BY id"
)


def assigned(database: Database, reader_id: int, round_number: int) -> frozenset[int]:
    """Exams that are with a reader in a round, offered or not yet."""
    rows = database.rows(
        f"SELECT exam.id FROM {CASES} WHERE {ASSIGNED}",  # noqa: S608 - conditions of our own
        (reader_id, round_number),
    )
    return frozenset(row["id"] for row in rows)


# from when on each case is offered that the reader has in the round, and has not signed off
_UNREAD = (
    f"SELECT {DUE} AS due FROM {CASES} LEFT JOIN reading_state AS state"  # noqa: S608 - conditions of our own
    " ON state.exam_id = exam.id AND state.reader_id = who.reader AND state.round = who.round"
    f" WHERE {ASSIGNED} AND NOT coalesce(state.locked, 0)"
)


def waiting(database: Database, viewer: Viewer) -> Waiting:
    """What the viewer will be offered later, once the wash-out is over."""
    row = database.row(
        f"SELECT count(*) AS count, coalesce(min(due), '') AS first FROM ({_UNREAD}) WHERE due > ?",  # noqa: S608 - own words
        (viewer.reader.id, viewer.round, audit.utc_now()),
    )
    return Waiting(row["count"], row["first"], viewer.round) if row and row["count"] else Waiting()


def ahead(database: Database, viewer: Viewer) -> Waiting:
    """What the viewer is still to read in the first later round that holds something for them."""
    for one in rounds(database):
        if one.number > viewer.round:
            days = [row["due"] for row in database.rows(_UNREAD, (viewer.reader.id, one.number))]
            if days:
                return Waiting(len(days), min(days) if min(days) > audit.utc_now() else "", one.number)
    return Waiting()


def refuse_unoffered(database: Database, viewer: Viewer, exam_id: int) -> None:
    """Let a reading begin only where the exam is with the viewer, and its wash-out is over.

    Raises
    ------
    InputError
        ``study.not_assigned``; ``study.washing_out`` with the day it ends.
    """
    row = database.row(
        f"SELECT {DUE} AS due FROM {CASES} WHERE {_WITH_READER} AND exam.id = ?",  # noqa: S608 - as above
        (viewer.reader.id, viewer.round, exam_id),
    )
    if row is None:
        raise InputError("study.not_assigned")
    if row["due"] > audit.utc_now():
        raise InputError("study.washing_out", until=row["due"][:10])


# -- training ---------------------------------------------------------------------------------------------


def use_for_training(database: Database, exam_ids: Sequence[int], *, training: bool) -> None:
    """Say which exams are for training, or are no longer, inside the caller's transaction."""
    now, use = audit.utc_now(), "training" if training else "study"
    database.insert_many(
        "INSERT INTO exam_use (exam_id, use, at_utc) VALUES (?, ?, ?)",
        [(exam_id, use, now) for exam_id in exam_ids],
    )


def training(database: Database) -> frozenset[int]:
    """Exams that are for training and never enter a result."""
    sql = "SELECT exam_id FROM training_exam WHERE exam_id IN (SELECT id FROM live_exam)"
    return frozenset(row["exam_id"] for row in database.rows(sql))


def add_reference(
    database: Database, exam_id: int, means: Mapping[Level, Mapping[Quantity, float | None]]
) -> None:
    """Keep the values a reader is shown after a training case, inside the caller's transaction."""
    now = audit.utc_now()
    database.insert_many(
        "INSERT INTO training_reference (exam_id, level, quantity, mean, at_utc) VALUES (?, ?, ?, ?, ?)",
        [
            (exam_id, level.value, quantity.value, mean, now)
            for level, values in means.items()
            for quantity, mean in values.items()
        ],
    )


def reference(database: Database, exam_id: int) -> dict[Level, dict[Quantity, float]]:
    """The newest such values of a training case; a level that has none any more is left out."""
    found: dict[Level, dict[Quantity, float | None]] = defaultdict(dict)
    with faults.understood(database.path):
        for row in database.rows(
            "SELECT level, quantity, mean FROM training_reference WHERE exam_id = ? ORDER BY id", (exam_id,)
        ):
            found[Level(row["level"])][Quantity(row["quantity"])] = row["mean"]
    told = {
        level: {quantity: mean for quantity, mean in values.items() if mean is not None}
        for level, values in found.items()
    }
    return {level: values for level, values in told.items() if values}


# -- what was read ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SignedOff:
    """One reading on images that its reader has signed off; who read, not what."""

    reader_id: int
    exam_id: int
    round: int
    at_utc: str


def signed_off(database: Database) -> list[SignedOff]:
    """All such readings, of every reader and round; of a guarded connection only its own."""
    rows = database.rows(
        "SELECT reader_id, exam_id, round, event_utc FROM reading_state WHERE locked AND origin = 'images'"
    )
    return [SignedOff(*row) for row in rows]
