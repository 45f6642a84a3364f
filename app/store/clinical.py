"""The clinical table as imported: every import is kept, the newest one holds. Identifiers stand apart."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.clinical import ClinicalRow, ClinicalValue, Kind, Problem
from app.domain.reading import Viewer
from app.store import audit, faults, sessions
from app.store.database import Database, Row
from app.store.results import refuse_while_blinded


@dataclass(frozen=True, slots=True)
class JoinedRow:
    """A row of the table and the exam it belongs to.

    Attributes
    ----------
    row : ClinicalRow
        What the row says. Rows read from the store carry no identifiers.
    exam_id : int or None
        The exam; None where the row joined none.
    matched_by : str
        ``accession``, ``patient_id`` or ``code``; empty without an exam.
    """

    row: ClinicalRow
    exam_id: int | None
    matched_by: str


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


def exam_identifiers(database: Database) -> list[ExamIdentifiers]:
    """Identifiers of all exams, in order of import. For matching only: nothing of it is shown."""
    rows = database.rows(
        "SELECT exam.id, code, patient_id, accession, study_date FROM exam"
        " JOIN identity ON exam_id = exam.id ORDER BY exam.id"
    )
    return [ExamIdentifiers(*row) for row in rows]


def save(database: Database, rows: Sequence[JoinedRow], *, sha256: str, encoding: str, actor: str) -> None:
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
    """
    with database.transaction():
        import_id = database.insert(
            "INSERT INTO clinical_import (sha256, encoding, rows, at_utc) VALUES (?, ?, ?, ?)",
            (sha256, encoding, len(rows), audit.utc_now()),
        )
        _insert_rows(database, import_id, rows)
        joined = sum(one.exam_id is not None for one in rows)
        audit.append(
            database,
            actor=actor,
            action="clinical.imported",
            subject="clinical table",
            new=json.dumps({"sha256": sha256, "rows": len(rows), "joined": joined}, sort_keys=True),
            protocol=sessions.current_protocol(database)[1].stamp,
        )


def _insert_rows(database: Database, import_id: int, rows: Sequence[JoinedRow]) -> None:
    last = database.row("SELECT coalesce(max(id), 0) AS id FROM clinical_row")
    first = 1 + (last["id"] if last else 0)
    keyed = list(enumerate(rows, start=first))
    database.insert_many(
        "INSERT INTO clinical_row"
        " (id, import_id, line, exam_id, matched_by, sex, age, bmi, exam_date, problems)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                key,
                import_id,
                one.row.line,
                one.exam_id,
                one.matched_by or None,
                one.row.sex,
                one.row.age,
                one.row.bmi,
                one.row.exam_date,
                _problems_to_json(one.row.problems),
            )
            for key, one in keyed
        ],
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


def _problems_to_json(problems: Sequence[Problem]) -> str:
    return json.dumps([[one.code, one.column, one.verbatim] for one in problems], ensure_ascii=False)


def newest(database: Database, viewer: Viewer) -> list[JoinedRow]:
    """The rows of the newest import in the order of the file, without identifiers; none before the first.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds: clinical data would tell what to expect.
    StoreUnavailable
        ``store.corrupt`` where the rows make no sense.
    """
    refuse_while_blinded(database, viewer)
    values: dict[int, list[Row]] = {}
    for row in database.rows(
        "SELECT clinical_value.* FROM clinical_value JOIN clinical_row ON clinical_row.id = row_id"
        " WHERE import_id = (SELECT max(id) FROM clinical_import) ORDER BY row_id, kind, region"
    ):
        values.setdefault(row["row_id"], []).append(row)
    rows = database.rows(
        "SELECT * FROM clinical_row WHERE import_id = (SELECT max(id) FROM clinical_import) ORDER BY id"
    )
    with faults.understood(database.path):
        return [
            JoinedRow(_row(row, values.get(row["id"], [])), row["exam_id"], row["matched_by"] or "")
            for row in rows
        ]


def _row(row: Row, values: Sequence[Row]) -> ClinicalRow:
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
    )
