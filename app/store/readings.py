"""One reader's readings. Every query here takes the viewer and answers with that viewer's rows only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from app import __version__
from app.domain.errors import InputError
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RULE, RoiStats
from app.domain.protocol import Level
from app.domain.reading import Action, Kind, LevelState, Reading, Revision, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, faults, sessions
from app.store.database import Database, Row, json_text

_STATS = tuple(RoiStats.__dataclass_fields__)
_BOX = tuple(Rectangle.__dataclass_fields__)


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
    """

    exam_id: int
    code: str
    done: int
    locked: bool
    last_change: str


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader was."""

    exam_id: int
    slice: int
    level: Level | None


def worklist(database: Database, viewer: Viewer) -> list[CaseRow]:
    """The viewer's cases with images, in the viewer's own random order."""
    rows = database.rows(
        "SELECT exam.id, exam.code, coalesce(levels.done, 0) AS done, coalesce(state.locked, 0) AS locked,"
        " max(coalesce(state.event_utc, ''), coalesce(levels.at_utc, '')) AS last_change"
        " FROM exam LEFT JOIN reading_state AS state"
        " ON state.exam_id = exam.id AND state.reader_id = ? AND state.round = ?"
        " LEFT JOIN (SELECT reading_id, sum(kind <> 'empty') AS done, max(at_utc) AS at_utc"
        "   FROM level_state GROUP BY reading_id) AS levels ON levels.reading_id = state.reading_id"
        " WHERE exam.origin = 'dicom'",
        (viewer.reader.id, viewer.round),
    )
    cases = [CaseRow(r["id"], r["code"], r["done"], bool(r["locked"]), r["last_change"]) for r in rows]
    seed = database.row("SELECT order_seed FROM reader WHERE id = ?", (viewer.reader.id,))
    key = f"{seed['order_seed'] if seed else 0}:{viewer.round}"
    # a keyed hash keeps the order of old cases when new ones are imported
    return sorted(cases, key=lambda case: hashlib.sha256(f"{key}:{case.code}".encode()).digest())


def open_reading(database: Database, viewer: Viewer, exam_id: int) -> Reading:
    """The viewer's reading of an exam; an empty one where nothing was written yet."""
    sql = "SELECT reading_id, locked FROM reading_state WHERE exam_id = ? AND reader_id = ? AND round = ?"
    with database.snapshot(), faults.understood(database.path):
        row = database.row(sql, (exam_id, viewer.reader.id, viewer.round))
        if row is None:
            return Reading(0, exam_id, viewer, (), locked=False)
        revisions = _revisions(database, row["reading_id"])
        return Reading(row["reading_id"], exam_id, viewer, revisions, bool(row["locked"]))


def _revisions(database: Database, reading_id: int) -> tuple[Revision, ...]:
    stats: dict[int, dict[Quantity, RoiStats]] = {}
    for row in database.rows(
        "SELECT measurement.* FROM measurement JOIN roi_revision ON id = revision_id WHERE reading_id = ?",
        (reading_id,),
    ):
        found = RoiStats(**{name: row[name] for name in _STATS})
        stats.setdefault(row["revision_id"], {})[Quantity(row["quantity"])] = found
    rows = database.rows("SELECT * FROM roi_revision WHERE reading_id = ? ORDER BY id", (reading_id,))
    return tuple(_revision(row, stats.get(row["id"], {})) for row in rows)


def _revision(row: Row, stats: dict[Quantity, RoiStats]) -> Revision:
    drawn = row["slice"] is not None
    rectangle = Rectangle(row["slice"], row["row0"], row["col0"], row["rows"], row["cols"]) if drawn else None
    reason = Reason(row["reason"]) if row["reason"] else None
    return Revision(
        id=row["id"],
        level=Level(row["level"]),
        state=LevelState(Kind(row["kind"]), rectangle, reason, row["note"]),
        action=Action(row["action"]),
        target=row["target"],
        stats=stats,
    )


def append_revision(
    database: Database,
    reading: Reading,
    level: Level,
    state: LevelState,
    stats: dict[Quantity, RoiStats],
    *,
    action: Action = Action.EDIT,
    target: int | None = None,
) -> Reading:
    """Write one revision with its measurements and its audit entry, all or nothing.

    Raises
    ------
    InputError
        ``reading.locked`` when the reading was signed off meanwhile; ``reading.exam_changed`` when the exam
        got a measured map meanwhile that the rectangle was not counted on.
    """
    protocol_id, protocol = sessions.current_protocol(database)
    old = reading.history.state(level)
    new = Revision(0, level, state, action, target, stats)
    with database.transaction():
        reading_id = reading.id or _begin_reading(database, reading)
        _refuse_locked(database, reading_id)
        _refuse_uncounted(database, reading.exam_id, new)
        key = _add_revision(database, reading_id, protocol_id, new)
        add_measurements(database, key, stats)
        audit.append(
            database,
            actor=reading.viewer.reader.name,
            action=f"roi.{action.value}",
            subject=f"{_code(database, reading.exam_id)}/{level.value}/round {reading.viewer.round}",
            old=_json(old),
            new=_json(state),
            protocol=protocol.stamp,
        )
    story = (*reading.revisions, replace(new, id=key))
    return replace(reading, id=reading_id, revisions=story)


def _add_revision(database: Database, reading_id: int, protocol_id: int, new: Revision) -> int:
    box, reason = new.state.rectangle, new.state.reason
    return database.insert(
        "INSERT INTO roi_revision (reading_id, level, kind, slice, row0, col0, rows, cols, reason, note,"
        " action, target, rule, protocol_id, software, at_utc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            reading_id,
            new.level.value,
            new.state.kind.value,
            *(getattr(box, name, None) for name in _BOX),
            reason.value if reason else None,
            new.state.note,
            new.action.value,
            new.target,
            RULE,
            protocol_id,
            __version__,
            audit.utc_now(),
        ),
    )


def add_measurements(database: Database, revision_id: int, stats: Mapping[Quantity, RoiStats]) -> None:
    """Write what a revision's rectangle holds on some maps, inside the caller's transaction."""
    names = ", ".join(_STATS)
    marks = ", ".join("?" * len(_STATS))
    database.insert_many(
        f"INSERT INTO measurement (revision_id, quantity, {names}) VALUES (?, ?, {marks})",  # noqa: S608 - own fields
        [
            (revision_id, quantity.value, *(getattr(found, name) for name in _STATS))
            for quantity, found in stats.items()
        ],
    )


def _begin_reading(database: Database, reading: Reading) -> int:
    return database.insert(
        "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (?, ?, ?, 'images', ?)",
        (reading.exam_id, reading.viewer.reader.id, reading.viewer.round, audit.utc_now()),
    )


def _refuse_locked(database: Database, reading_id: int) -> None:
    row = database.row("SELECT locked FROM reading_state WHERE reading_id = ?", (reading_id,))
    if row is not None and row["locked"]:
        raise InputError("reading.locked")


def _refuse_uncounted(database: Database, exam_id: int, new: Revision) -> None:
    # a map that joins counts the rectangles it finds; one of an exam that was read before would be left out,
    # and where the map is coarser, its lines are no longer those the rectangle was drawn on
    if new.state.rectangle is not None:
        rows = database.rows("SELECT quantity FROM map WHERE exam_id = ?", (exam_id,))
        there = {row["quantity"] for row in rows}
        if any(quantity in there and quantity not in new.stats for quantity in MEASURED):
            raise InputError("reading.exam_changed")


def drawn(database: Database, exam_id: int) -> list[tuple[int, Rectangle]]:
    """Every rectangle ever drawn on an exam, by the key of its revision.

    Of all readers, so nobody may be shown it: only numbers are made of it, in place.
    """
    rows = database.rows(
        "SELECT roi_revision.* FROM roi_revision JOIN reading ON reading.id = reading_id"
        " WHERE exam_id = ? AND slice IS NOT NULL ORDER BY roi_revision.id",
        (exam_id,),
    )
    with faults.understood(database.path):
        return [(row["id"], Rectangle(*(row[name] for name in _BOX))) for row in rows]


def append_event(database: Database, reading: Reading, kind: str) -> Reading:
    """Sign off (``signed_off``) or reopen (``reopened``) a reading."""
    protocol_id, protocol = sessions.current_protocol(database)
    with database.transaction():
        reading_id = reading.id or _begin_reading(database, reading)
        database.insert(
            "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc)"
            " VALUES (?, ?, ?, ?, ?)",
            (reading_id, kind, protocol_id, __version__, audit.utc_now()),
        )
        audit.append(
            database,
            actor=reading.viewer.reader.name,
            action=f"reading.{kind}",
            subject=f"{_code(database, reading.exam_id)}/round {reading.viewer.round}",
            protocol=protocol.stamp,
        )
    return replace(reading, id=reading_id, locked=kind == "signed_off")


def _code(database: Database, exam_id: int) -> str:
    row = database.row("SELECT code FROM exam WHERE id = ?", (exam_id,))
    return row["code"] if row else "?"


def _json(state: LevelState) -> str:
    box = state.rectangle
    content = {
        "kind": state.kind,
        "note": state.note,
        "reason": state.reason,
        "rectangle": {name: getattr(box, name) for name in _BOX} if box else None,
    }
    return json_text({key: value for key, value in content.items() if value})


def remember_position(database: Database, viewer: Viewer, position: Position) -> None:
    """Keep where the viewer is."""
    with database.transaction():
        database.insert(
            "INSERT INTO position (reader_id, round, exam_id, slice, level, at_utc)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                viewer.reader.id,
                viewer.round,
                position.exam_id,
                position.slice,
                position.level.value if position.level else None,
                audit.utc_now(),
            ),
        )


def last_position(database: Database, viewer: Viewer) -> Position | None:
    """Where the viewer was, or None."""
    row = database.row(
        "SELECT exam_id, slice, level FROM position WHERE reader_id = ? AND round = ?"
        " ORDER BY id DESC LIMIT 1",
        (viewer.reader.id, viewer.round),
    )
    if row is None:
        return None
    with faults.understood(database.path):
        return Position(row["exam_id"], row["slice"], Level(row["level"]) if row["level"] else None)


def last_viewer(database: Database) -> tuple[int, int] | None:
    """Reader key and round of whoever worked last, or None."""
    row = database.row("SELECT reader_id, round FROM position ORDER BY id DESC LIMIT 1")
    return (row["reader_id"], row["round"]) if row else None


def any_reading(database: Database) -> bool:
    """Whether the session holds a reading of anybody; tells nothing about whose or what."""
    return database.row("SELECT 1 FROM reading LIMIT 1") is not None
