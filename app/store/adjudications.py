"""What a coordinator decided where readers differ: append-only, beside the readings, each in the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from app import __version__
from app.domain.disagreement import How, Ruling
from app.domain.maps import Quantity
from app.domain.measure import RoiStats, rule_of
from app.domain.protocol import Level
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, faults, sessions
from app.store.database import Database, Row, json_text
from app.store.people import refuse_while_blinded
from app.store.readings import code_of

_STATS = tuple(RoiStats.__dataclass_fields__)
_BOX = tuple(Rectangle.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class Adjudication:
    """One decision on one level of one case.

    Attributes
    ----------
    exam_id, level : int, Level
        On what.
    ruling : Ruling
        What was decided.
    values : mapping of Quantity to RoiStats
        The values it gives; of a mean of readers only the mean is known, of an excluded level there are none.
    readings : str
        What the readers held then: where they hold something else now, the decision has ended.
    who, rule, protocol, software, at_utc : str
        Who decided, how voxels were counted, under which protocol, with which version, when. Empty in one
        that is still to be written.
    """

    exam_id: int
    level: Level
    ruling: Ruling
    values: Mapping[Quantity, RoiStats]
    readings: str
    who: str = ""
    rule: str = ""
    protocol: str = ""
    software: str = ""
    at_utc: str = ""


def append(database: Database, viewer: Viewer, new: Adjudication, old: Adjudication | None = None) -> None:
    """Write one decision with its entry in the record, all or nothing.

    Parameters
    ----------
    database : Database
        The session.
    viewer : Viewer
        Who decides.
    new : Adjudication
        The decision.
    old : Adjudication, optional
        The one that held before.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded.
    """
    with database.transaction():
        refuse_while_blinded(database, viewer)
        protocol_id, protocol = sessions.current_protocol(database)
        key = _insert(database, viewer, new, protocol_id)
        names, marks = ", ".join(_STATS), ", ".join("?" * len(_STATS))
        database.insert_many(
            "INSERT INTO adjudicated_value"  # noqa: S608 - own fields
            f" (adjudication_id, quantity, {names}) VALUES (?, ?, {marks})",
            [
                (key, quantity.value, *(getattr(found, name) for name in _STATS))
                for quantity, found in new.values.items()
            ],
        )
        audit.append(
            database,
            actor=viewer.reader.name,
            action="adjudication.decided",
            subject=f"{code_of(database, new.exam_id)}/{new.level.value}/round 1",
            old=_told(old) if old is not None else "",
            new=_told(new),
            reason=new.ruling.note,
            protocol=protocol.stamp,
        )


def _insert(database: Database, viewer: Viewer, new: Adjudication, protocol_id: int) -> int:
    ruling = new.ruling
    return database.insert(
        "INSERT INTO adjudication (exam_id, level, how, chosen, slice, row0, col0, rows, cols, angle_deg,"
        " depth, reason, note, readings, rule, reader_id, protocol_id, software, at_utc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            new.exam_id,
            new.level.value,
            ruling.how.value,
            ruling.chosen,
            *(getattr(ruling.rectangle, name, None) for name in _BOX),
            ruling.reason.value if ruling.reason else None,
            ruling.note,
            new.readings,
            rule_of(ruling.rectangle) if ruling.rectangle else "",
            viewer.reader.id,
            protocol_id,
            __version__,
            audit.utc_now(),
        ),
    )


def _told(one: Adjudication) -> str:
    """A decision as the record keeps it."""
    ruling = one.ruling
    content = {
        "how": ruling.how,
        "reader": ruling.chosen,
        "reason": ruling.reason,
        "rectangle": {name: getattr(ruling.rectangle, name) for name in _BOX} if ruling.rectangle else None,
        "means": {quantity.value: found.mean for quantity, found in one.values.items()},
    }
    return json_text({key: value for key, value in content.items() if value})


_SQL = """
SELECT adjudication.*, reader.name AS who,
       protocol.name AS protocol_name, protocol.version AS protocol_version
FROM live_decision AS adjudication
JOIN reader ON reader.id = adjudication.reader_id
JOIN protocol ON protocol.id = adjudication.protocol_id
ORDER BY adjudication.id
"""


def adjudications(database: Database, viewer: Viewer) -> list[Adjudication]:
    """Every decision, oldest first.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded.
    """
    values: dict[int, dict[Quantity, RoiStats]] = {}
    with database.snapshot(), faults.understood(database.path):
        refuse_while_blinded(database, viewer)
        for row in database.rows("SELECT * FROM adjudicated_value"):
            found = RoiStats(**{name: row[name] for name in _STATS})
            values.setdefault(row["adjudication_id"], {})[Quantity(row["quantity"])] = found
        return [_adjudication(row, values.get(row["id"], {})) for row in database.rows(_SQL)]


def readers_signed_off(database: Database, viewer: Viewer) -> int:
    """How many readers have signed off anything in the first round.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded.
    """
    refuse_while_blinded(database, viewer)
    sql = "SELECT count(DISTINCT reader_id) AS readers FROM reading_state WHERE locked AND round = 1"
    (row,) = database.rows(sql)
    return int(row["readers"])


def exam_read_twice(database: Database, viewer: Viewer, code: str) -> int | None:
    """The exam of a case code, where it has images and two readers at least signed off its first round.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded.
    """
    refuse_while_blinded(database, viewer)
    row = database.row(
        "SELECT exam.id FROM exam JOIN reading_state ON exam_id = exam.id"
        " WHERE code = ? AND exam.origin = 'dicom' AND locked AND round = 1"
        " GROUP BY exam.id HAVING count(*) > 1",
        (code,),
    )
    return None if row is None else int(row["id"])


def _adjudication(row: Row, values: Mapping[Quantity, RoiStats]) -> Adjudication:
    drawn = row["slice"] is not None
    return Adjudication(
        exam_id=row["exam_id"],
        level=Level(row["level"]),
        ruling=Ruling(
            How(row["how"]),
            row["chosen"],
            Rectangle(*(row[name] for name in _BOX)) if drawn else None,
            Reason(row["reason"]) if row["reason"] else None,
            row["note"],
        ),
        values=values,
        readings=row["readings"],
        who=row["who"],
        rule=row["rule"],
        protocol=f"{row['protocol_name']} v{row['protocol_version']}",
        software=row["software"],
        at_utc=row["at_utc"],
    )
