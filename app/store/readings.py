"""One reader's readings. Every query here takes the viewer and answers with that viewer's rows only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app import __version__
from app.domain.errors import InputError
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RULE, RoiStats, rule_of
from app.domain.protocol import Level
from app.domain.reading import Action, Kind, LevelState, Reader, Reading, Revision, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, faults, rounds, sessions
from app.store.database import Database, Row, json_text
from app.store.worklist import CaseRow as CaseRow
from app.store.worklist import worklist as worklist

_STATS = tuple(RoiStats.__dataclass_fields__)
_BOX = ("slice", "row0", "col0", "rows", "cols")
# kept beside the box where it is not this
_SHAPE = {"angle_deg": 0.0, "depth": 1}


@dataclass(frozen=True, slots=True)
class Position:
    """Where a reader was."""

    exam_id: int
    slice: int
    level: Level | None


def open_reading(database: Database, viewer: Viewer, exam_id: int) -> Reading:
    """The viewer's reading of an exam; an empty one where nothing was written yet."""
    sql = "SELECT reading_id, locked FROM reading_state WHERE exam_id = ? AND reader_id = ? AND round = ?"
    with database.snapshot(), faults.understood(database.path):
        row = database.row(sql, (exam_id, viewer.reader.id, viewer.round))
        if row is None:
            return Reading(0, exam_id, viewer, (), locked=False)
        revisions = revisions_of(database, row["reading_id"])
        return Reading(row["reading_id"], exam_id, viewer, revisions, bool(row["locked"]))


def revisions_of(database: Database, reading_id: int) -> tuple[Revision, ...]:
    """The story of one reading, oldest first; whose it is, the caller has asked."""
    stats: dict[int, dict[Quantity, RoiStats]] = {}
    for row in database.rows(
        "SELECT measurement.* FROM measurement JOIN roi_revision ON id = revision_id WHERE reading_id = ?",
        (reading_id,),
    ):
        found = RoiStats(**{name: row[name] for name in _STATS})
        stats.setdefault(row["revision_id"], {})[Quantity(row["quantity"])] = found
    rows = database.rows(
        "SELECT * FROM live_revision LEFT JOIN roi_shape ON revision_id = id"
        " WHERE reading_id = ? ORDER BY id",
        (reading_id,),
    )
    return tuple(_revision(row, stats.get(row["id"], {})) for row in rows)


def _revision(row: Row, stats: dict[Quantity, RoiStats]) -> Revision:
    reason = Reason(row["reason"]) if row["reason"] else None
    return Revision(
        id=row["id"],
        level=Level(row["level"]),
        state=LevelState(Kind(row["kind"]), rectangle_of(row), reason, row["note"]),
        action=Action(row["action"]),
        target=row["target"],
        stats=stats,
    )


def rectangle_of(row: Row) -> Rectangle | None:
    """The rectangle of a revision that was read together with its row of ``roi_shape``, if it has one."""
    if row["slice"] is None:
        return None
    box = Rectangle(*(row[name] for name in _BOX))
    # without a row of its own the shape is the usual one
    return box if row["depth"] is None else replace(box, angle_deg=row["angle_deg"], depth=row["depth"])


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
    """Write one revision as :func:`append_revisions` does."""
    return append_revisions(database, reading, [Revision(0, level, state, action, target, stats)])


def append_revisions(database: Database, reading: Reading, together: Sequence[Revision]) -> Reading:
    """Write revisions of different levels with their measurements and audit entries, all or nothing.

    Parameters
    ----------
    database : Database
        The session.
    reading : Reading
        Whose story goes on.
    together : sequence of Revision
        Without keys yet. Edits after the first one get it as target: they are taken back with it.

    Raises
    ------
    InputError
        ``reading.locked`` when the reading was signed off meanwhile; ``reading.exam_changed`` when the exam
        got a measured map meanwhile that a rectangle was not counted on.
    """
    with database.transaction():
        return write_revisions(database, reading, together)


def write_revisions(database: Database, reading: Reading, together: Sequence[Revision]) -> Reading:
    """Do what :func:`append_revisions` does, inside the caller's transaction."""
    history, written = reading.history, list[Revision]()
    reading_id = reading.id or begin_reading(database, reading)
    refuse_locked(database, reading_id)
    for new in together:
        _refuse_uncounted(database, reading.exam_id, new)
        follows = new.action is Action.EDIT and written
        one = replace(new, target=written[0].id) if follows else new
        written.append(_append(database, replace(reading, id=reading_id), one, history.state(one.level)))
    return replace(reading, id=reading_id, revisions=(*reading.revisions, *written))


def _append(database: Database, reading: Reading, new: Revision, old: LevelState) -> Revision:
    """Write one revision inside the transaction, and give it with its key."""
    protocol_id, protocol = sessions.current_protocol(database)
    key = _add_revision(database, reading.id, protocol_id, new)
    add_measurements(database, key, new.stats)
    audit.append(
        database,
        actor=reading.viewer.reader.name,
        action=f"roi.{new.action.value}",
        subject=f"{code_of(database, reading.exam_id)}/{new.level.value}/round {reading.viewer.round}",
        old=_json(old),
        new=_json(new.state),
        protocol=protocol.stamp,
    )
    return replace(new, id=key)


def _add_revision(database: Database, reading_id: int, protocol_id: int, new: Revision) -> int:
    box, reason = new.state.rectangle, new.state.reason
    key = database.insert(
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
            rule_of(box) if box else RULE,
            protocol_id,
            __version__,
            audit.utc_now(),
        ),
    )
    shape = _shape_of(box) if box else {}
    if shape:
        database.insert(
            "INSERT INTO roi_shape (revision_id, angle_deg, depth) VALUES (?, ?, ?)", (key, *shape.values())
        )
    return key


def _shape_of(box: Rectangle) -> dict[str, float | int]:
    """How a rectangle is turned and how deep it is; empty for whole voxels of one slice."""
    shape = {name: getattr(box, name) for name in _SHAPE}
    return {} if shape == _SHAPE else shape


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


def begin_reading(database: Database, reading: Reading) -> int:
    """Write the first row of a reading inside the caller's transaction, and give its key.

    Raises
    ------
    InputError
        ``study.not_assigned``, ``study.washing_out``.
    """
    rounds.refuse_unoffered(database, reading.viewer, reading.exam_id)
    return database.insert(
        "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (?, ?, ?, 'images', ?)",
        (reading.exam_id, reading.viewer.reader.id, reading.viewer.round, audit.utc_now()),
    )


def refuse_locked(database: Database, reading_id: int) -> None:
    """Keep a signed-off reading as it is.

    Raises
    ------
    InputError
        ``reading.locked``.
    """
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
        "SELECT roi_revision.*, angle_deg, depth FROM roi_revision JOIN reading ON reading.id = reading_id"
        " LEFT JOIN roi_shape ON revision_id = roi_revision.id WHERE exam_id = ? ORDER BY roi_revision.id",
        (exam_id,),
    )
    with faults.understood(database.path):
        found = [(row["id"], rectangle_of(row)) for row in rows]
    return [(key, rectangle) for key, rectangle in found if rectangle is not None]


def append_event(database: Database, reading: Reading, kind: str) -> Reading:
    """Sign off (``signed_off``) or reopen (``reopened``) a reading."""
    with database.transaction():
        reading_id = reading.id or begin_reading(database, reading)
        _add_event(database, reading_id, kind)
        audit.append(
            database,
            actor=reading.viewer.reader.name,
            action=f"reading.{kind}",
            subject=f"{code_of(database, reading.exam_id)}/round {reading.viewer.round}",
            protocol=sessions.current_protocol(database)[1].stamp,
        )
    return replace(reading, id=reading_id, locked=kind == "signed_off")


_OTHERS = (
    "JOIN reading ON reading.id = {0}.reading_id WHERE reading.reader_id = mine.reader_id"
    " AND reading.round = mine.round AND {0}.reading_id <> mine.reading_id AND {0}.at_utc > mine.event_utc"
)
_WENT_ON = (
    "SELECT 1 FROM reading_state AS mine WHERE mine.reading_id = ? AND ("  # noqa: S608 - own words
    f"EXISTS (SELECT 1 FROM live_revision AS drawn {_OTHERS.format('drawn')})"
    f" OR EXISTS (SELECT 1 FROM live_event AS said {_OTHERS.format('said')} AND said.kind = 'signed_off'))"
)
_OPENED = (
    "SELECT 1 FROM reading_state AS mine WHERE mine.reading_id = ? AND EXISTS (SELECT 1 FROM blinding_event"
    " WHERE kind = 'unblinded' AND at_utc >= mine.event_utc)"
)


def went_on(database: Database, reading: Reading) -> bool:
    """Whether a signed-off reading is no longer what its reader has just done.

    Since its newest event they have drawn in another case of the round or signed one off, or the study was
    opened, so that they could see what others read.
    """
    return any(database.row(sql, (reading.id,)) is not None for sql in (_WENT_ON, _OPENED))


def unlock(database: Database, reading: Reading, who: Reader, reason: str) -> None:
    """Open a signed-off reading again for its reader, inside the caller's transaction.

    Parameters
    ----------
    database : Database
        The session.
    reading : Reading
        The one to open; what it held until now stays in its story.
    who : Reader
        Who decided so.
    reason : str
        Why.
    """
    event_id = _add_event(database, reading.id, "reopened")
    database.insert("INSERT INTO reading_reason (event_id, reason) VALUES (?, ?)", (event_id, reason))
    audit.append(
        database,
        actor=who.name,
        action="reading.unlocked",
        subject=f"{code_of(database, reading.exam_id)}/round {reading.viewer.round}",
        new=json_text({"reader": reading.viewer.reader.name}),
        reason=reason,
        protocol=sessions.current_protocol(database)[1].stamp,
    )


def _add_event(database: Database, reading_id: int, kind: str) -> int:
    protocol_id, _ = sessions.current_protocol(database)
    return database.insert(
        "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc) VALUES (?, ?, ?, ?, ?)",
        (reading_id, kind, protocol_id, __version__, audit.utc_now()),
    )


def code_of(database: Database, exam_id: int) -> str:
    """Case code of an exam, for the record."""
    row = database.row("SELECT code FROM exam WHERE id = ?", (exam_id,))
    return row["code"] if row else "?"


def _json(state: LevelState) -> str:
    box = state.rectangle
    content = {
        "kind": state.kind,
        "note": state.note,
        "reason": state.reason,
        "rectangle": {name: getattr(box, name) for name in _BOX} | _shape_of(box) if box else None,
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
    return database.row("SELECT 1 FROM live_reading LIMIT 1") is not None
