"""Rows of another centre's session on their way into this one, inside the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace

from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.store import audit, faults
from app.store.database import Database, Row
from app.store.exam_rows import add, copy_exam, copy_slices

_CLINICAL = ("line", "matched_by", "sex", "age", "bmi", "exam_date", "problems")
# what stands beside a row, by its key
_BESIDE = ("clinical_value", "clinical_covariate")
_NEWEST = "SELECT * FROM clinical_row WHERE import_id = (SELECT max(id) FROM clinical_import) ORDER BY id"


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
    known = {row["content"]: row["id"] for row in _protocols(ours)}
    in_force = _protocols(ours)[-1]
    found = {}
    for row in _protocols(theirs):
        with faults.understood(theirs.path):
            protocol = Protocol.from_json(row["content"])
        stamp = f"{row['name']} v{row['version']}"
        if protocol.to_json() in known:
            found[stamp] = known[protocol.to_json()]
            continue
        found[stamp] = _add_protocol(ours, replace(protocol, name=f"{protocol.name} ({label})"))
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
    known = {row["number"] for row in ours.rows("SELECT number FROM study_round")}
    for row in theirs.rows("SELECT number, kind, share, washout_days, seed, at_utc FROM study_round"):
        if row["number"] not in known:
            add(ours, "study_round", dict(row))


def keep_apart(ours: Database, readers: Iterable[int], exam_ids: Iterable[int], reason: str) -> None:
    """Keep exams of one centre out of the worklists of the other's readers, in every round there is."""
    numbers = {1, *(row["number"] for row in ours.rows("SELECT number FROM study_round"))}
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


# of the table before the one that is just written
_SOURCE = (
    "SELECT * FROM clinical_source WHERE import_id ="
    " (SELECT max(id) FROM clinical_import WHERE id < (SELECT max(id) FROM clinical_import))"
)


def copy_typed(theirs: Database, ours: Database, exams: Mapping[int, int]) -> None:
    """Write what was typed in at a centre for exams that are new here."""
    for row in theirs.rows("SELECT * FROM clinical_edit ORDER BY id"):
        if row["exam_id"] in exams:
            values = {name: value for name, value in dict(row).items() if name != "id"}
            add(ours, "clinical_edit", {**values, "exam_id": exams[row["exam_id"]]})


def clinical_cases(database: Database) -> list[int]:
    """Exams that have a row in the newest clinical table."""
    return [row["exam_id"] for row in database.rows(_NEWEST) if row["exam_id"] is not None]


def copy_clinical(theirs: Database, ours: Database, exams: Mapping[int, int], sha256: str) -> int:
    """Make a clinical table of ours and a centre's rows for exams that came, and give how many rows came.

    A row of an exam that has one here already is left out; so are rows that belong to no exam, and all
    identifiers of the centre.

    Parameters
    ----------
    theirs, ours : Database
        From where, and where to.
    exams : mapping of int to int
        Key here of each exam of the centre.
    sha256 : str
        What the new table is known by.
    """
    held = set(clinical_cases(ours))
    coming = [
        row for row in theirs.rows(_NEWEST) if row["exam_id"] in exams and exams[row["exam_id"]] not in held
    ]
    if not coming:
        return 0
    here = ours.rows(_NEWEST)
    table = {
        "sha256": sha256,
        "encoding": "marrow",
        "rows": len(here) + len(coming),
        "at_utc": audit.utc_now(),
    }
    import_id = add(ours, "clinical_import", table)
    for row in ours.rows(_SOURCE):
        add(ours, "clinical_source", {**dict(row), "import_id": import_id})
    for row in here:
        _copy_row(ours, ours, row, import_id, row["exam_id"])
    for row in coming:
        _copy_row(theirs, ours, row, import_id, exams[row["exam_id"]])
    return len(coming)


def _copy_row(source: Database, ours: Database, row: Row, import_id: int, exam_id: int | None) -> None:
    values = {name: row[name] for name in _CLINICAL}
    key = add(ours, "clinical_row", {"import_id": import_id, "exam_id": exam_id, **values})
    identifiers = {"patient_id": "", "accession": ""}
    if source is ours:
        (known,) = ours.rows(
            "SELECT patient_id, accession FROM clinical_identity WHERE row_id = ?", (row["id"],)
        )
        identifiers = dict(known)
    add(ours, "clinical_identity", {"row_id": key, **identifiers})
    for table in _BESIDE:
        for one in source.rows(f"SELECT * FROM {table} WHERE row_id = ?", (row["id"],)):  # noqa: S608 - own names
            add(ours, table, {**dict(one), "row_id": key})


def note_case(ours: Database, merge_id: int, exam_id: int, code_there: str, *, same: bool) -> None:
    """Keep which exam of a centre is which one here."""
    values = {"merge_id": merge_id, "exam_id": exam_id, "code_there": code_there, "same": int(same)}
    add(ours, "centre_case", values)
