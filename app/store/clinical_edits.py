"""Values that a person typed in for a case, one by one, each with its reason; nothing is ever rewritten."""

from __future__ import annotations

from app.domain.clinical_items import Item, TypedIn, What
from app.domain.reading import Viewer
from app.store import audit, faults, readings, sessions
from app.store.database import Database, Row, json_text
from app.store.results import refuse_while_blinded

TYPED, TAKEN_BACK = "typed", "taken_back"


def append(database: Database, exam_id: int, typed: TypedIn, *, old: str, kind: str = TYPED) -> None:
    """Keep a value that was typed in, or that it is taken back; what was typed before stays in the file.

    Parameters
    ----------
    database : Database
        The session.
    exam_id : int
        The case.
    typed : TypedIn
        The value; its time is set here.
    old : str
        What held until now, for the record.
    kind : str
        :data:`TYPED`, or :data:`TAKEN_BACK` where the table holds again.
    """
    item = typed.item
    with database.transaction():
        database.insert(
            "INSERT INTO clinical_edit (exam_id, kind, what, name, value, said, unit, verbatim, replaced,"
            " reason, actor, at_utc) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                exam_id,
                kind,
                item.what.value,
                item.name,
                typed.value,
                typed.text,
                typed.unit,
                typed.verbatim,
                typed.replaced,
                typed.reason,
                typed.actor,
                audit.utc_now(),
            ),
        )
        which = {"what": item.what.value, "name": item.name}
        audit.append(
            database,
            actor=typed.actor,
            action=f"clinical.{kind}",
            subject=readings.code_of(database, exam_id),
            old=json_text(which | {"said": old}),
            new=json_text(which | {"said": typed.verbatim}),
            reason=typed.reason,
            protocol=sessions.current_protocol(database)[1].stamp,
        )


def newest_edits(database: Database, viewer: Viewer) -> dict[int, list[TypedIn]]:
    """The newest value that was typed in, of each case and item, in the order in which they were.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    StoreUnavailable
        ``store.corrupt``.
    """
    refuse_while_blinded(database, viewer)
    newest: dict[tuple[int, str, str], Row] = {}
    for row in database.rows("SELECT * FROM live_typed ORDER BY id"):
        newest[row["exam_id"], row["what"], row["name"]] = row
    found: dict[int, list[TypedIn]] = {}
    with faults.understood(database.path):
        for row in sorted(newest.values(), key=lambda one: int(one["id"])):
            if row["kind"] == TYPED:
                found.setdefault(row["exam_id"], []).append(_typed(row))
    return found


def _typed(row: Row) -> TypedIn:
    return TypedIn(
        item=Item(What(row["what"]), row["name"]),
        value=row["value"],
        text=row["said"],
        unit=row["unit"],
        verbatim=row["verbatim"],
        replaced=row["replaced"],
        reason=row["reason"],
        actor=row["actor"],
        at_utc=row["at_utc"],
    )
