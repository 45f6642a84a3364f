"""What a centre knows of its patients from tables and by hand, on its way into this session.

All of it is written inside the caller's transaction. Identifiers of the centre never come along, nor the
dates of its MRI: what they say of the time between both examinations is kept with the row instead.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.domain.clinical import INTERVAL_LONG, INTERVAL_TOO_LONG
from app.domain.clinical_items import INTERVAL_ACCEPTED
from app.domain.reading import Reader, Role, Viewer
from app.store import audit, clinical, clinical_edits, faults
from app.store.database import Database, Row
from app.store.exam_rows import add

_COLUMNS = ("line", "matched_by", "sex", "age", "bmi", "exam_date")
# what stands beside a row, by its key
_BESIDE = ("clinical_value", "clinical_covariate")
_NEWEST = "import_id = (SELECT max(id) FROM live_clinical)"
_ROWS = f"SELECT * FROM clinical_row WHERE {_NEWEST} ORDER BY id"  # noqa: S608 - own words
_SOURCE = f"SELECT * FROM clinical_source WHERE {_NEWEST}"  # noqa: S608 - as above
# for the same reference examination; one that was accepted all the same is accepted here again
_VERDICTS = {
    INTERVAL_LONG: INTERVAL_LONG,
    INTERVAL_TOO_LONG: INTERVAL_TOO_LONG,
    INTERVAL_ACCEPTED: INTERVAL_TOO_LONG,
}
# asks for everything; no session that is joined is blinded
_EVERYTHING = Viewer(Reader(0, ""), Role.COORDINATOR)


@dataclass(frozen=True, slots=True)
class Known:
    """How much is known of some exams of a centre.

    Attributes
    ----------
    rows : int
        Those with a row in the newest table.
    typed : int
        Values that were typed in and not taken back.
    """

    rows: int
    typed: int


def described(database: Database) -> frozenset[int]:
    """Exams of which the newest table, or somebody who typed it in, says anything."""
    typed = clinical_edits.newest_edits(database, _EVERYTHING)
    return frozenset(typed) | {row["exam_id"] for row in database.rows(_ROWS) if row["exam_id"] is not None}


def known(database: Database, exam_ids: Collection[int]) -> Known:
    """How much would come of some exams."""
    typed = clinical_edits.newest_edits(database, _EVERYTHING)
    return Known(
        rows=sum(row["exam_id"] in exam_ids for row in database.rows(_ROWS)),
        typed=sum(len(items) for exam_id, items in typed.items() if exam_id in exam_ids),
    )


def copy(
    theirs: Database, ours: Database, exams: Mapping[int, int], names: Mapping[str, str], sha256: str
) -> None:
    """Make one table of ours and of a centre's rows for exams that came, and take over what was typed in.

    Rows that belong to no exam stay there.

    Parameters
    ----------
    theirs, ours : Database
        From where, and where to.
    exams : mapping of int to int
        Key here of each exam of the centre of which nothing is known here.
    names : mapping of str to str
        What readers of the centre are called here.
    sha256 : str
        What the new table is known by.
    """
    coming = [row for row in theirs.rows(_ROWS) if row["exam_id"] in exams]
    verdicts = {exam_id: code for exam_id, code in _verdicts(theirs).items() if exam_id in exams}
    with_row = {row["exam_id"] for row in coming}
    # of what was typed in alone there is no row that could tell how long ago it was
    bare = [exam_id for exam_id in verdicts if exam_id not in with_row]
    if coming or bare:
        here = ours.rows(_ROWS)
        columns, called = _sources(theirs, ours)
        import_id = _begin(ours, len(here) + len(coming), sha256, columns)
        for row in here:
            _take_over(ours, row, import_id)
        for row in coming:
            problems = _problems(row, called, verdicts.get(row["exam_id"]))
            _bring(theirs, ours, row, {"import_id": import_id, "exam_id": exams[row["exam_id"]], **problems})
        for exam_id in bare:
            _add_bare(ours, import_id, exams[exam_id], verdicts[exam_id])
    _copy_typed(theirs, ours, exams, names)


def _verdicts(theirs: Database) -> dict[int, str]:
    """What the centre says of the time between MRI and reference, with what was typed in, by exam."""
    found = {}
    for one in clinical.newest(theirs, _EVERYTHING, unmatched=0):
        for problem in one.row.problems:
            if problem.code in _VERDICTS and one.exam_id is not None:
                found[one.exam_id] = _VERDICTS[problem.code]
    return found


# ---- the table


Column = list[Any]
"""Kind of a value, its name, and the header of the column it came from."""


def _sources(theirs: Database, ours: Database) -> tuple[dict[str, object], dict[str, str]]:
    """How the new table was read, and what columns of the centre are called in ours."""
    here, there = ours.row(_SOURCE), theirs.row(_SOURCE)
    mine, other = _columns(ours, here), _columns(theirs, there)
    headers = {(what, name): header for what, name, header in mine}
    called = {header: headers[what, name] for what, name, header in other if (what, name) in headers}
    row = here or there
    if row is None:
        return {}, called
    further = [one for one in other if (one[0], one[1]) not in headers]
    columns = json.dumps([*mine, *further], ensure_ascii=False)
    return {**dict(row), "columns": columns}, called


def _columns(database: Database, source: Row | None) -> list[Column]:
    if source is None:
        return []
    with faults.understood(database.path):
        return [[what, name, header] for what, name, header in json.loads(source["columns"])]


def _begin(ours: Database, rows: int, sha256: str, source: Mapping[str, object]) -> int:
    table = {"sha256": sha256, "encoding": "marrow", "rows": rows, "at_utc": audit.utc_now()}
    import_id = add(ours, "clinical_import", table)
    if source:
        add(ours, "clinical_source", {**source, "import_id": import_id})
    return import_id


def _take_over(ours: Database, row: Row, import_id: int) -> None:
    """Write a row of our own table once more, with its identifiers."""
    (identifiers,) = ours.rows(
        "SELECT patient_id, accession FROM clinical_identity WHERE row_id = ?", (row["id"],)
    )
    instead = {"import_id": import_id, "exam_id": row["exam_id"], "problems": row["problems"]}
    _bring(ours, ours, row, instead, identifiers)


def _bring(
    source: Database,
    ours: Database,
    row: Row,
    instead: Mapping[str, object],
    identifiers: Sequence[str] = ("", ""),
) -> None:
    key = add(ours, "clinical_row", {**{name: row[name] for name in _COLUMNS}, **instead})
    patient_id, accession = identifiers
    add(ours, "clinical_identity", {"row_id": key, "patient_id": patient_id, "accession": accession})
    for table in _BESIDE:
        for one in source.rows(f"SELECT * FROM {table} WHERE row_id = ?", (row["id"],)):  # noqa: S608 - own names
            add(ours, table, {**dict(one), "row_id": key})


def _problems(row: Row, called: Mapping[str, str], verdict: str | None) -> dict[str, str]:
    """What was amiss in a row, in the columns of our table, and what holds of its date."""
    told = [
        [code, called.get(column, column), verbatim]
        for code, column, verbatim in json.loads(row["problems"])
        if code not in _VERDICTS
    ]
    if verdict is not None:
        told.append([verdict, "", ""])
    return {"problems": json.dumps(told, ensure_ascii=False)}


def _add_bare(ours: Database, import_id: int, exam_id: int, verdict: str) -> None:
    row = {
        "import_id": import_id,
        "line": 0,
        "exam_id": exam_id,
        "matched_by": None,
        "sex": "",
        "exam_date": "",
        "problems": json.dumps([[verdict, "", ""]]),
    }
    key = add(ours, "clinical_row", row)
    add(ours, "clinical_identity", {"row_id": key, "patient_id": "", "accession": ""})


# ---- what was typed in


def _copy_typed(theirs: Database, ours: Database, exams: Mapping[int, int], names: Mapping[str, str]) -> None:
    for row in theirs.rows("SELECT * FROM live_typed ORDER BY id"):
        if row["exam_id"] in exams:
            values = {name: value for name, value in dict(row).items() if name != "id"}
            actor = names.get(row["actor"], row["actor"])
            add(ours, "clinical_edit", {**values, "exam_id": exams[row["exam_id"]], "actor": actor})
