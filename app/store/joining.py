"""Rows of another centre's session on their way into this one, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.store import audit, faults
from app.store.database import Database, Row
from app.store.exam_rows import add, copy_exam, copy_slices


def copy_case(theirs: Database, ours: Database, exam_id: int, code: str, *, with_images: bool) -> int:
    """Write an exam under a code, with field strength and scanner, and give its key.

    Who the patient is stays where it is known. Without images the exam holds values only, as one from a
    table does.
    """
    instead: dict[str, object] = {"code": code, "at_utc": audit.utc_now()}
    if with_images:
        keys = copy_exam(theirs, ours, exam_id, instead)
        copy_slices(theirs, ours, keys)
        key = keys.exam
    else:
        (row,) = theirs.rows("SELECT * FROM exam WHERE id = ?", (exam_id,))
        values = {name: value for name, value in dict(row).items() if name != "id"}
        key = add(ours, "exam", {**values, **instead, "origin": "table"})
    add(ours, "identity", {"exam_id": key, **asdict(Identity())})
    if theirs.row("SELECT 1 FROM training_exam WHERE exam_id = ?", (exam_id,)):
        add(ours, "exam_use", {"exam_id": key, "use": "training", "at_utc": audit.utc_now()})
    return key


def copy_protocols(theirs: Database, ours: Database, label: str) -> dict[str, int]:
    """Key here of each protocol of a centre by its stamp there.

    One that says other things than ours of its name is called after the centre. The protocol in
    force stays the one that was.
    """
    # read and written again: one that an earlier version wrote lacks fields of this one
    with faults.understood(ours.path):
        known = {Protocol.from_json(row["content"]).to_json(): row["id"] for row in _protocols(ours)}
    in_force = _protocols(ours)[-1]
    found = {}
    for row in _protocols(theirs):
        with faults.understood(theirs.path):
            protocol = Protocol.from_json(row["content"])
        stamp = f"{row['name']} v{row['version']}"
        named = replace(protocol, name=f"{protocol.name} ({label})")
        # under its new name it is known where the centre was joined before, and taken back
        same = [known[one.to_json()] for one in (protocol, named) if one.to_json() in known]
        found[stamp] = same[0] if same else _add_protocol(ours, named)
    if _protocols(ours)[-1]["id"] != in_force["id"]:
        _add_protocol(ours, Protocol.from_json(in_force["content"]))
    return found


def _protocols(database: Database) -> list[Row]:
    return database.rows("SELECT * FROM protocol ORDER BY id")


def _add_protocol(database: Database, protocol: Protocol) -> int:
    values = {
        "name": protocol.name,
        "version": protocol.version,
        "content": protocol.to_json(),
        "at_utc": audit.utc_now(),
    }
    return add(database, "protocol", values)


def copy_reader(theirs: Database, ours: Database, reader_id: int, name: str) -> int:
    """Enrol a reader of a centre under a name, with what was noted of looking early, and give the key."""
    (row,) = theirs.rows("SELECT order_seed FROM reader WHERE id = ?", (reader_id,))
    key = add(ours, "reader", {"name": name, "order_seed": row["order_seed"], "at_utc": audit.utc_now()})
    for seen in theirs.rows("SELECT reason, at_utc FROM exposure WHERE reader_id = ?", (reader_id,)):
        add(ours, "exposure", {"reader_id": key, "reason": seen["reason"], "at_utc": seen["at_utc"]})
    return key


def copy_rounds(theirs: Database, ours: Database) -> None:
    """Write the rounds of a centre that are not known here."""
    known = {row["number"] for row in ours.rows("SELECT number FROM live_round")}
    for row in theirs.rows("SELECT number, kind, share, washout_days, seed, at_utc FROM live_round"):
        if row["number"] not in known:
            add(ours, "study_round", dict(row))


def keep_apart(ours: Database, readers: Iterable[int], exam_ids: Iterable[int], reason: str) -> None:
    """Keep exams of one centre out of the worklists of the other's readers, in every round there is."""
    numbers = {1, *(row["number"] for row in ours.rows("SELECT number FROM live_round"))}
    cases, now = list(exam_ids), audit.utc_now()
    ours.insert_many(
        "INSERT INTO assignment (reader_id, exam_id, round, active, due_utc, reason, at_utc)"
        " VALUES (?, ?, ?, 0, '', ?, ?)",
        [
            (reader, exam_id, number, reason, now)
            for reader in readers
            for exam_id in cases
            for number in sorted(numbers)
        ],
    )


def copy_decision(theirs: Database, ours: Database, row: Row, instead: Mapping[str, object]) -> None:
    """Write what a coordinator of a centre decided on a level, with the values it gave.

    Parameters
    ----------
    theirs, ours : Database
        From where, and where to.
    row : Row
        Of ``adjudication`` there.
    instead : mapping of str to object
        Columns that have other values here: keys, and names of readers.
    """
    values = {name: value for name, value in dict(row).items() if name != "id"}
    key = add(ours, "adjudication", {**values, **instead})
    for one in theirs.rows("SELECT * FROM adjudicated_value WHERE adjudication_id = ?", (row["id"],)):
        add(ours, "adjudicated_value", {**dict(one), "adjudication_id": key})


def note_case(ours: Database, merge_id: int, exam_id: int, code_there: str, *, same: bool) -> None:
    """Keep which exam of a centre is which one here."""
    values = {"merge_id": merge_id, "exam_id": exam_id, "code_there": code_there, "same": int(same)}
    add(ours, "centre_case", values)
