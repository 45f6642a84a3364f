"""Everybody's values side by side: what statistics and exports read. Closed while a round is blinded."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import Kind, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import faults
from app.store.database import Database, Row
from app.store.people import not_blinded
from app.store.people import refuse_while_blinded as refuse_while_blinded
from app.store.readings import rectangle_of


@dataclass(frozen=True, slots=True)
class LevelResult:
    """What one reader holds for one level of one case in one round.

    Attributes
    ----------
    exam_id, code, field_strength_t : int, str, float or None
        The case.
    reader, round : str, int
        Whose value it is.
    origin : str
        ``images`` or ``table`` (typed in from elsewhere: only the means are known).
    signed_off, signed_off_utc : bool, str
        Whether the reading is locked, and since when.
    level, kind, reason, note : Level, Kind, Reason or None, str
        Measured, or why not.
    rectangle : Rectangle or None
        Where, for a value measured on images.
    stats : dict of Quantity to RoiStats
        For a value from a table every field but ``mean`` is None.
    rule, protocol, software, at_utc : str
        How and when the value came about.
    signed_off_protocol : str
        The protocol in force when the reading was signed off; empty while it is open.
    training : bool
        Of a case for practice: shown, and in no result.
    not_blinded : bool
        The study is blinded, and this reading was not.
    """

    exam_id: int
    code: str
    field_strength_t: float | None
    reader: str
    round: int
    origin: str
    signed_off: bool
    signed_off_utc: str
    level: Level
    kind: Kind
    reason: Reason | None
    note: str
    rectangle: Rectangle | None
    stats: dict[Quantity, RoiStats]
    rule: str
    protocol: str
    software: str
    at_utc: str
    signed_off_protocol: str = ""
    training: bool = False
    not_blinded: bool = False


@dataclass(frozen=True, slots=True)
class BareReading:
    """A reading that holds no level, and of which something is said all the same.

    Attributes
    ----------
    exam_id, code, field_strength_t : int, str, float or None
        The case.
    reader, round, origin : str, int, str
        Whose reading it is, and of what.
    signed_off, signed_off_utc, signed_off_protocol : bool, str, str
        As of :class:`LevelResult`.
    protocol, software, at_utc : str
        How and when the newest thing was said of the case.
    training, not_blinded : bool
        As of :class:`LevelResult`.
    """

    exam_id: int
    code: str
    field_strength_t: float | None
    reader: str
    round: int
    origin: str
    signed_off: bool
    signed_off_utc: str
    protocol: str
    software: str
    at_utc: str
    signed_off_protocol: str
    training: bool
    not_blinded: bool


_BARE_SQL = """
SELECT state.*, exam.code, exam.field_strength_t, reader.name AS reader, fact.software, fact.at_utc,
       protocol.name AS protocol_name, protocol.version AS protocol_version,
       signed.name AS signed_name, signed.version AS signed_version,
       exam.id IN (SELECT exam_id FROM training_exam) AS training
FROM reading_state AS state
JOIN live_fact AS fact
    ON fact.id = (SELECT max(live_fact.id) FROM live_fact WHERE live_fact.reading_id = state.reading_id)
JOIN exam ON exam.id = state.exam_id
JOIN reader ON reader.id = state.reader_id
JOIN protocol ON protocol.id = fact.protocol_id
LEFT JOIN protocol AS signed ON signed.id = state.protocol_id AND state.locked
WHERE NOT EXISTS (
    SELECT 1 FROM level_state
    WHERE level_state.reading_id = state.reading_id AND level_state.kind <> 'empty'
)
ORDER BY exam.code, reader.id, state.round
"""
_SQL = """
SELECT revision.*, roi_shape.angle_deg, roi_shape.depth,
       exam.id AS exam_id, exam.code, exam.field_strength_t, reader.name AS reader,
       state.round, state.origin, state.locked, state.event_utc,
       protocol.name AS protocol_name, protocol.version AS protocol_version,
       signed.name AS signed_name, signed.version AS signed_version,
       exam.id IN (SELECT exam_id FROM training_exam) AS training
FROM level_state AS revision
LEFT JOIN roi_shape ON roi_shape.revision_id = revision.id
JOIN reading_state AS state ON state.reading_id = revision.reading_id
JOIN exam ON exam.id = state.exam_id
JOIN reader ON reader.id = state.reader_id
JOIN protocol ON protocol.id = revision.protocol_id
LEFT JOIN protocol AS signed ON signed.id = state.protocol_id AND state.locked
WHERE revision.kind <> 'empty' AND (? IS NULL OR exam.id = ?)
ORDER BY exam.code, reader.id, state.round, revision.level
"""
_STATS_SQL = """
SELECT * FROM measurement WHERE revision_id IN (
    SELECT level_state.id FROM level_state JOIN reading ON reading.id = reading_id
    WHERE ? IS NULL OR exam_id = ?
)
"""
_STATS = tuple(RoiStats.__dataclass_fields__)


def results(database: Database, viewer: Viewer, exam_id: int | None = None) -> list[LevelResult]:
    """Every reader's newest state of every level, signed off or not; of one exam where it is named.

    Raises
    ------
    BlindingError
        As :func:`refuse_while_blinded`.
    """
    stats: dict[int, dict[Quantity, RoiStats]] = {}
    with database.snapshot(), faults.understood(database.path):
        refuse_while_blinded(database, viewer)
        for row in database.rows(_STATS_SQL, (exam_id, exam_id)):
            found = RoiStats(**{name: row[name] for name in _STATS})
            stats.setdefault(row["revision_id"], {})[Quantity(row["quantity"])] = found
        seen = not_blinded(database)
        return [
            _result(row, stats.get(row["id"], {}), not_blinded=row["reading_id"] in seen)
            for row in database.rows(_SQL, (exam_id, exam_id))
        ]


def _result(row: Row, stats: dict[Quantity, RoiStats], *, not_blinded: bool) -> LevelResult:
    return LevelResult(
        exam_id=row["exam_id"],
        code=row["code"],
        field_strength_t=row["field_strength_t"],
        reader=row["reader"],
        round=row["round"],
        origin=row["origin"],
        signed_off=bool(row["locked"]),
        signed_off_utc=(row["event_utc"] or "") if row["locked"] else "",
        level=Level(row["level"]),
        kind=Kind(row["kind"]),
        reason=Reason(row["reason"]) if row["reason"] else None,
        note=row["note"],
        rectangle=rectangle_of(row),
        stats=stats,
        rule=row["rule"],
        protocol=_stamp(row["protocol_name"], row["protocol_version"]),
        software=row["software"],
        at_utc=row["at_utc"],
        signed_off_protocol=_stamp(row["signed_name"], row["signed_version"]) if row["locked"] else "",
        training=bool(row["training"]),
        not_blinded=not_blinded,
    )


def bare_readings(database: Database, viewer: Viewer) -> list[BareReading]:
    """Readings without any level of which a fact was written, signed off or not.

    Raises
    ------
    BlindingError
        As :func:`refuse_while_blinded`.
    """
    with database.snapshot(), faults.understood(database.path):
        refuse_while_blinded(database, viewer)
        seen = not_blinded(database)
        return [_bare(row, not_blinded=row["reading_id"] in seen) for row in database.rows(_BARE_SQL)]


def _bare(row: Row, *, not_blinded: bool) -> BareReading:
    return BareReading(
        exam_id=row["exam_id"],
        code=row["code"],
        field_strength_t=row["field_strength_t"],
        reader=row["reader"],
        round=row["round"],
        origin=row["origin"],
        signed_off=bool(row["locked"]),
        signed_off_utc=(row["event_utc"] or "") if row["locked"] else "",
        protocol=_stamp(row["protocol_name"], row["protocol_version"]),
        software=row["software"],
        at_utc=row["at_utc"],
        signed_off_protocol=_stamp(row["signed_name"], row["signed_version"]) if row["locked"] else "",
        training=bool(row["training"]),
        not_blinded=not_blinded,
    )


def _stamp(name: str, version: int) -> str:
    return f"{name} v{version}"


def add_table_reading(
    database: Database,
    exam_id: int,
    reader_id: int,
    means: dict[Level, dict[Quantity, float]],
    *,
    protocol_id: int,
    software: str,
    at_utc: str,
    round_number: int = 1,
) -> None:
    """Write a signed-off reading whose values were measured elsewhere, inside the caller's transaction."""
    reading_id = database.insert(
        "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (?, ?, ?, 'table', ?)",
        (exam_id, reader_id, round_number, at_utc),
    )
    for level, values in means.items():
        revision = database.insert(
            "INSERT INTO roi_revision"
            " (reading_id, level, kind, note, action, rule, protocol_id, software, at_utc)"
            " VALUES (?, ?, 'measured', '', 'edit', 'from-table', ?, ?, ?)",
            (reading_id, level.value, protocol_id, software, at_utc),
        )
        database.insert_many(
            "INSERT INTO measurement (revision_id, quantity, mean) VALUES (?, ?, ?)",
            [(revision, quantity.value, mean) for quantity, mean in values.items()],
        )
    database.insert(
        "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc)"
        " VALUES (?, 'signed_off', ?, ?, ?)",
        (reading_id, protocol_id, software, at_utc),
    )
