import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.domain.clinical import ClinicalRow, ClinicalValue, Kind, Problem
from app.domain.errors import BlindingError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.domain.reading import Role, Viewer
from app.services.open_session import Session, create_session, last_viewer
from app.store import audit, clinical, exams
from app.store.clinical import ExamIdentifiers, JoinedRow

VALUES = (
    ClinicalValue(Kind.BMD, "L1-L4", 0.812, "g/cm2", "0.812"),
    ClinicalValue(Kind.TSCORE, "L1-L4", None, "", "未查"),
)
ROW = ClinicalRow(
    line=2,
    patient_id="Ward 9/0012",
    accession="MR 7/24",
    sex="F",
    age=65.0,
    bmi=None,
    exam_date="2024-03-05",
    values=VALUES,
    problems=(Problem("clinical.sex_code", "性别", "2"),),
)


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    with_one_exam = create_session(tmp_path / "study.marrow")
    with with_one_exam.database.transaction():
        identity = Identity(patient_id="Ward 9/0012", accession="MR 7/24", study_date="2024-03-01")
        exams.add_from_table(with_one_exam.database, "C0001", identity)
    yield with_one_exam
    with_one_exam.close()


def save(session: Session, *rows: JoinedRow) -> None:
    clinical.save(session.database, rows, sha256="ab" * 32, encoding="utf-8", actor="Li")


def newest(session: Session) -> list[JoinedRow]:
    return clinical.newest(session.database, last_viewer(session))


def test_a_session_without_a_clinical_table_has_no_rows(session: Session) -> None:
    assert newest(session) == []


def test_rows_come_back_as_they_were_kept_but_without_identifiers(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "accession"), JoinedRow(ClinicalRow(line=3), None, ""))
    first, second = newest(session)
    assert (first.exam_id, first.matched_by) == (1, "accession")
    assert (first.row.patient_id, first.row.accession) == ("", "")
    assert (first.row.sex, first.row.age, first.row.bmi) == ("F", 65.0, None)
    assert (first.row.exam_date, first.row.values, first.row.problems) == (
        "2024-03-05",
        VALUES,
        ROW.problems,
    )
    assert second == JoinedRow(ClinicalRow(line=3), None, "")


def test_identifiers_are_kept_in_their_own_table_only(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "accession"))
    kept = session.database.rows("SELECT * FROM clinical_identity")
    assert [tuple(row) for row in kept] == [(1, "Ward 9/0012", "MR 7/24")]
    for table in ("clinical_row", "clinical_value", "clinical_import", "audit"):
        told = str([tuple(row) for row in session.database.rows(f"SELECT * FROM {table}")])  # noqa: S608
        assert "Ward 9/0012" not in told
        assert "MR 7/24" not in told


def test_a_new_table_takes_the_place_of_the_one_before_which_stays_in_the_file(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "accession"))
    save(session, JoinedRow(ClinicalRow(line=7), None, ""))
    assert [one.row.line for one in newest(session)] == [7]
    assert len(session.database.rows("SELECT * FROM clinical_row")) == 2


def test_an_import_leaves_one_audit_row_with_counts(session: Session) -> None:
    before = len(audit.entries(session.database))
    save(session, JoinedRow(ROW, 1, "accession"), JoinedRow(ClinicalRow(line=3), None, ""))
    *_, entry = audit.entries(session.database)
    assert len(audit.entries(session.database)) == before + 1
    assert (entry.action, entry.actor, entry.protocol) == ("clinical.imported", "Li", session.protocol.stamp)
    assert json.loads(entry.new) == {"joined": 1, "rows": 2, "sha256": "ab" * 32}
    assert audit.first_break(session.database) is None


def test_an_import_that_fails_leaves_nothing(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "accession"))
    entries = len(audit.entries(session.database))
    with pytest.raises(Exception, match="FOREIGN KEY"):
        save(session, JoinedRow(ClinicalRow(line=4), 99, "accession"))
    assert [one.row.line for one in newest(session)] == [2]
    assert len(audit.entries(session.database)) == entries


def test_a_table_of_no_rows_can_be_kept(session: Session) -> None:
    save(session)
    assert newest(session) == []


def test_the_identifiers_of_exams_are_read_for_matching(session: Session) -> None:
    (found,) = clinical.exam_identifiers(session.database)
    assert found == ExamIdentifiers(1, "C0001", "Ward 9/0012", "MR 7/24", "2024-03-01")
    assert "Ward 9/0012" not in repr(found)


def test_rows_that_make_no_sense_are_told_as_damage(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "accession"))
    with session.database.transaction():
        session.database.insert("UPDATE clinical_row SET problems = 'no json'")
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        newest(session)


def test_a_blinded_reader_sees_no_clinical_data_but_a_coordinator_does(tmp_path: Path) -> None:
    session = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    reader = last_viewer(session)
    try:
        with pytest.raises(BlindingError):
            clinical.newest(session.database, reader)
        assert clinical.newest(session.database, Viewer(reader.reader, Role.COORDINATOR)) == []
    finally:
        session.close()
