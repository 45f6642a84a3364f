"""The clinical table as imported: every import is kept, the newest one holds. Identifiers stand apart.

What was typed in for a case lies over the newest table: see :mod:`app.store.clinical_edits`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.clinical import ClinicalRow, ClinicalValue, Covariate, Kind, Problem
from app.domain.clinical_items import Item, TypedIn, What, with_typed
from app.domain.errors import InputError
from app.domain.reading import Viewer
from app.store import audit, clinical_edits, faults, sessions
from app.store.database import Database, Row, json_text
from app.store.results import refuse_while_blinded

_NEWEST = "import_id = (SELECT max(id) FROM live_clinical)"
_WANTED = (
    f"{_NEWEST} AND (exam_id IS NOT NULL OR clinical_row.id IN ("  # noqa: S608 - own words
    f"SELECT id FROM clinical_row WHERE {_NEWEST} AND exam_id IS NULL ORDER BY id LIMIT ?))"
)


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """A row of the table and the exam it belongs to.

    Attributes
    ----------
    row : ClinicalRow
        What the row says, with what was typed in for its exam. Rows read from the store carry no identifiers.
    exam_id : int or None
        The exam; None where the row joined none.
    matched_by : str
        ``accession``, ``patient_id`` or ``code``; empty without an exam, and for an exam that has no row.
    typed : tuple of TypedIn
        What of the row was typed in. A row of line 0 holds nothing else.
    """

    row: ClinicalRow
    exam_id: int | None
    matched_by: str
    typed: tuple[TypedIn, ...] = ()


@dataclass(frozen=True, slots=True)
class ExamIdentifiers:
    """What a row of the table is matched against."""

    exam_id: int
    code: str
    patient_id: str
    accession: str
    study_date: str

    def __repr__(self) -> str:
        """Never the content: a repr ends in logs and tracebacks."""
        return f"ExamIdentifiers(exam_id={self.exam_id}, ...)"


@dataclass(frozen=True, slots=True)
class Source:
    """How a table was read, kept beside its rows.

    Attributes
    ----------
    form : str
        ``text`` or ``workbook``.
    delimiter, decimal_sign : str
        As used; no delimiter in a workbook.
    columns : mapping of Item to str
        Header of the column that each value came from.
    """

    form: str
    delimiter: str
    decimal_sign: str
    columns: Mapping[Item, str]


def exam_identifiers(database: Database) -> list[ExamIdentifiers]:
    """Identifiers of all exams, in order of import. For matching only: nothing of it is shown."""
    rows = database.rows(
        "SELECT exam.id, code, patient_id, accession, study_date FROM live_exam AS exam"
        " JOIN identity ON exam_id = exam.id ORDER BY exam.id"
    )
    return [ExamIdentifiers(*row) for row in rows]


def newest_import(database: Database) -> int:
    """Key of the newest import; 0 before the first."""
    row = database.row("SELECT coalesce(max(id), 0) AS id FROM live_clinical")
    return int(row["id"]) if row else 0


def save(
    database: Database,
    rows: Sequence[JoinedRow],
    *,
    sha256: str,
    encoding: str,
    actor: str,
    source: Source | None = None,
    differs: Mapping[str, int] | None = None,
    instead_of: int | None = None,
) -> None:
    """Keep a clinical table, all of it or nothing; it takes the place of the one before.

    Parameters
    ----------
    database : Database
        The session.
    rows : sequence of JoinedRow
        All rows of the table, joined or not.
    sha256, encoding : str
        Of the file.
    actor : str
        Who imported it.
    source : Source, optional
        How the file was read.
    differs : mapping of str to int, optional
        What is other than before, counted, for the record.
    instead_of : int, optional
        Import that was the newest when somebody looked at the difference.

    Raises
    ------
    InputError
        ``clinical.changed_meanwhile`` when another table has come since.
    """
    with database.transaction():
        if instead_of is not None and instead_of != newest_import(database):
            raise InputError("clinical.changed_meanwhile")
        import_id = database.insert(
            "INSERT INTO clinical_import (sha256, encoding, rows, at_utc) VALUES (?, ?, ?, ?)",
            (sha256, encoding, len(rows), audit.utc_now()),
        )
        if source is not None:
            _insert_source(database, import_id, source)
        _insert_rows(database, import_id, rows)
        joined = sum(one.exam_id is not None for one in rows)
        audit.append(
            database,
            actor=actor,
            action="clinical.imported",
            subject="clinical table",
            new=json_text({"sha256": sha256, "rows": len(rows), "joined": joined, **(differs or {})}),
            protocol=sessions.current_protocol(database)[1].stamp,
        )


def _insert_source(database: Database, import_id: int, source: Source) -> None:
    columns = [[item.what.value, item.name, header] for item, header in source.columns.items()]
    database.insert(
        "INSERT INTO clinical_source (import_id, form, delimiter, decimal_sign, columns)"
        " VALUES (?, ?, ?, ?, ?)",
        (import_id, source.form, source.delimiter, source.decimal_sign, _json(columns)),
    )


def _insert_rows(database: Database, import_id: int, rows: Sequence[JoinedRow]) -> None:
    last = database.row("SELECT coalesce(max(id), 0) AS id FROM clinical_row")
    first = 1 + (last["id"] if last else 0)
    keyed = list(enumerate(rows, start=first))
    database.insert_many(
        "INSERT INTO clinical_row"
        " (id, import_id, line, exam_id, matched_by, sex, age, bmi, exam_date, problems)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [(key, import_id, *_row_values(one)) for key, one in keyed],
    )
    database.insert_many(
        "INSERT INTO clinical_identity (row_id, patient_id, accession) VALUES (?, ?, ?)",
        [(key, one.row.patient_id, one.row.accession) for key, one in keyed],
    )
    database.insert_many(
        "INSERT INTO clinical_value (row_id, region, kind, value, unit, verbatim) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (key, value.region, value.kind.value, value.value, value.unit, value.verbatim)
            for key, one in keyed
            for value in one.row.values
        ],
    )
    database.insert_many(
        "INSERT INTO clinical_covariate (row_id, name, value, verbatim) VALUES (?, ?, ?, ?)",
        [
            (key, known.name, known.value, known.verbatim)
            for key, one in keyed
            for known in one.row.covariates
        ],
    )


def _row_values(one: JoinedRow) -> tuple[object, ...]:
    row = one.row
    problems = [[problem.code, problem.column, problem.verbatim] for problem in row.problems]
    return (
        row.line,
        one.exam_id,
        one.matched_by or None,
        row.sex,
        row.age,
        row.bmi,
        row.exam_date,
        _json(problems),
    )


def _json(content: object) -> str:
    return json.dumps(content, ensure_ascii=False)


# ---- what holds


def newest(database: Database, viewer: Viewer, *, unmatched: int | None = None) -> list[JoinedRow]:
    """The rows of the newest import in the order of the file, without identifiers, with what was typed in.

    Exams without a row for which something was typed in follow at the end.

    Parameters
    ----------
    database : Database
        The session.
    viewer : Viewer
        Who asks.
    unmatched : int, optional
        How many rows that joined no exam are wanted at most, the first of them; all without it. A register
        of a whole hospital has very many.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds: clinical data would tell what to expect.
    StoreUnavailable
        ``store.corrupt`` where the rows make no sense.
    """
    with database.snapshot():
        return rows_with(database, viewer, table_rows(database, viewer, unmatched=unmatched))


def table_rows(database: Database, viewer: Viewer, *, unmatched: int | None = None) -> list[JoinedRow]:
    """The rows of the newest import as the table has them; all else as of :func:`newest`."""
    refuse_while_blinded(database, viewer)
    # SQLite takes a negative limit for none
    most = -1 if unmatched is None else unmatched
    values = _by_row(database, "clinical_value", "row_id, kind, region", most)
    covariates = _by_row(database, "clinical_covariate", "row_id, name", most)
    rows = database.rows(f"SELECT * FROM clinical_row WHERE {_WANTED} ORDER BY id", (most,))  # noqa: S608 - own words
    with faults.understood(database.path):
        return [
            JoinedRow(
                _row(row, values.get(row["id"], []), covariates.get(row["id"], [])),
                row["exam_id"],
                row["matched_by"] or "",
            )
            for row in rows
        ]


def rows_with(
    database: Database,
    viewer: Viewer,
    rows: Sequence[JoinedRow],
    headers: Mapping[Item, str] | None = None,
) -> list[JoinedRow]:
    """Rows of a table with what was typed in for their exams, as :func:`newest` gives them.

    Parameters
    ----------
    database : Database
        The session.
    viewer : Viewer
        Who asks.
    rows : sequence of JoinedRow
        Of the newest table, or of one that may take its place.
    headers : mapping of Item to str, optional
        Where its values came from; those of the newest table otherwise.

    Raises
    ------
    BlindingError, StoreUnavailable
        As :func:`newest`.
    """
    edits = clinical_edits.newest_edits(database, viewer)
    if not edits:
        return list(rows)
    known = _headers(database) if headers is None else headers
    dates = {one.exam_id: one.study_date for one in exam_identifiers(database)}
    made = []
    for one in rows:
        typed = edits.pop(one.exam_id, []) if one.exam_id is not None else []
        made.append(_typed_over(one, typed, known, dates) if typed else one)
    empty = (JoinedRow(ClinicalRow(line=0), exam_id, "") for exam_id in edits)
    alone = [_typed_over(one, edits[one.exam_id or 0], known, dates) for one in empty]
    return [*made, *(one for one in alone if one.typed)]


def _typed_over(
    one: JoinedRow, typed: Sequence[TypedIn], headers: Mapping[Item, str], dates: Mapping[int, str]
) -> JoinedRow:
    date = dates.get(one.exam_id or 0, "")
    row, holding = with_typed(one.row, typed, headers=headers, study_date=date)
    return replace(one, row=row, typed=holding)


def count_unmatched(database: Database, viewer: Viewer) -> int:
    """How many rows of the newest import joined no exam; errors as of :func:`newest`."""
    refuse_while_blinded(database, viewer)
    (row,) = database.rows(
        f"SELECT count(*) AS found FROM clinical_row WHERE {_NEWEST} AND exam_id IS NULL"  # noqa: S608 - as above
    )
    return int(row["found"])


def _by_row(database: Database, table: str, order: str, unmatched: int) -> dict[int, list[Row]]:
    found: dict[int, list[Row]] = {}
    for row in database.rows(
        f"SELECT {table}.* FROM {table} JOIN clinical_row ON clinical_row.id = row_id"  # noqa: S608 - own names
        f" WHERE {_WANTED} ORDER BY {order}",
        (unmatched,),
    ):
        found.setdefault(row["row_id"], []).append(row)
    return found


def _row(row: Row, values: Sequence[Row], covariates: Sequence[Row]) -> ClinicalRow:
    return ClinicalRow(
        line=row["line"],
        sex=row["sex"],
        age=row["age"],
        bmi=row["bmi"],
        exam_date=row["exam_date"],
        values=tuple(
            ClinicalValue(Kind(one["kind"]), one["region"], one["value"], one["unit"], one["verbatim"])
            for one in values
        ),
        problems=tuple(Problem(*one) for one in json.loads(row["problems"])),
        covariates=tuple(Covariate(one["name"], one["value"], one["verbatim"]) for one in covariates),
    )


def _headers(database: Database) -> dict[Item, str]:
    """Header of the column each value of the newest table came from; empty where that was not kept."""
    row = database.row(f"SELECT columns FROM clinical_source WHERE {_NEWEST}")  # noqa: S608 - as above
    if row is None:
        return {}
    with faults.understood(database.path):
        return {Item(What(what), name): header for what, name, header in json.loads(row["columns"])}


def covariates(database: Database, viewer: Viewer) -> dict[str, dict[int, float]]:
    """Further numbers of the exams: by name, then by key of the exam. Exams without a value are left out.

    Parameters
    ----------
    database : Database
        The session.
    viewer : Viewer
        Who asks.

    Returns
    -------
    dict of str to dict of int to float
        Names in the order of the table's columns, then those that were only typed in.

    Raises
    ------
    BlindingError, StoreUnavailable
        As :func:`newest`.
    """
    found: dict[str, dict[int, float]] = {
        item.name: {} for item in _headers(database) if item.what is What.COVARIATE
    }
    for one in newest(database, viewer, unmatched=0):
        for known in one.row.covariates:
            of_exam = found.setdefault(known.name, {})
            if one.exam_id is not None and known.value is not None:
                of_exam[one.exam_id] = known.value
    return found
