"""What is kept beside a clinical table: how it was read, further columns, values typed in, meanings."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.clinical import ClinicalRow, ClinicalValue, Covariate, Kind, Problem
from app.domain.clinical_items import TYPED_IN, Item, TypedIn, What, told
from app.domain.errors import BlindingError, InputError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.progress import Silent
from app.domain.protocol import Protocol
from app.domain.reading import Role, Viewer
from app.services.open_session import Session, create_session, last_viewer
from app.services.verify import verify
from app.store import audit, clinical, clinical_edits, column_mappings, exams
from app.store.clinical import JoinedRow, Source

AGE = Item(What.AGE)
ROW = ClinicalRow(
    line=2,
    age=None,
    values=(ClinicalValue(Kind.TSCORE, "L1-L4", -1.0, "", "-1"),),
    problems=(Problem("clinical.not_a_number", "年龄", "old"),),
    covariates=(Covariate("eGFR", 90.0, "90"), Covariate("weight", None, "?")),
)
SOURCE = Source("workbook", "", ".", {AGE: "年龄", Item(What.COVARIATE, "eGFR"): "eGFR"})


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow")
    with made.database.transaction():
        for code in ("C0001", "C0002"):
            exams.add_from_table(made.database, code, Identity(study_date="2024-03-01"))
        audit.append(made.database, actor="Li", action="table.imported", subject="2 exams")
    yield made
    made.close()


def save(session: Session, *rows: JoinedRow, source: Source | None = SOURCE) -> None:
    clinical.save(session.database, rows, sha256="ab" * 32, encoding="utf-8", actor="Li", source=source)


def typed(value: float, *, of: ClinicalRow | None = ROW, item: Item = AGE) -> TypedIn:
    return TypedIn(item, value, "", "", str(value), told(of, item), "asked the ward", "Li")


def newest(session: Session) -> list[JoinedRow]:
    return clinical.newest(session.database, last_viewer(session))


def test_further_columns_come_back_with_their_row(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"), JoinedRow(ClinicalRow(line=3), 2, "code"))
    first, second = newest(session)
    assert (first.row.covariates, second.row.covariates) == (ROW.covariates, ())


def test_covariates_are_given_by_name_and_exam(session: Session) -> None:
    viewer = last_viewer(session)
    assert clinical.covariates(session.database, viewer) == {}
    joined = JoinedRow(ROW, 1, "code"), JoinedRow(ROW, None, "")
    save(session, *joined)
    # a column without any value is still one that can be chosen
    assert clinical.covariates(session.database, viewer) == {"eGFR": {1: 90.0}, "weight": {}}
    clinical_edits.append(
        session.database, 2, typed(45.0, of=None, item=Item(What.COVARIATE, "eGFR")), old=""
    )
    assert clinical.covariates(session.database, viewer)["eGFR"] == {1: 90.0, 2: 45.0}


def test_a_value_that_was_typed_in_lies_over_the_table(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"), JoinedRow(ROW, None, ""))
    clinical_edits.append(session.database, 1, typed(61.0), old="")
    first, second = newest(session)
    assert (first.row.age, second.row.age) == (61.0, None)
    # the header of the column is kept, so the cell that was not understood is settled
    assert [problem.code for problem in first.row.problems] == [TYPED_IN]
    (held,) = first.typed
    assert (held.value, held.reason, held.actor) == (61.0, "asked the ward", "Li")
    assert held.at_utc
    assert second.typed == ()
    (table, _) = clinical.table_rows(session.database, last_viewer(session))
    assert table.row == ROW


def test_of_several_values_the_last_one_holds_and_one_that_was_taken_back_none(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"))
    for value in (61.0, 62.0):
        clinical_edits.append(session.database, 1, typed(value), old="")
    assert newest(session)[0].row.age == 62.0
    clinical_edits.append(session.database, 1, typed(62.0), old="62", kind=clinical_edits.TAKEN_BACK)
    assert newest(session) == [JoinedRow(ROW, 1, "code")]
    assert len(session.database.rows("SELECT * FROM clinical_edit")) == 3


def test_a_case_without_a_row_has_what_was_typed_in(session: Session) -> None:
    clinical_edits.append(session.database, 2, typed(70.0, of=None), old="")
    (only,) = newest(session)
    assert (only.exam_id, only.row.line, only.row.age, only.matched_by) == (2, 0, 70.0, "")
    save(session, JoinedRow(ROW, 1, "code"))
    assert [one.exam_id for one in newest(session)] == [1, 2]


def test_what_no_longer_holds_makes_no_row(session: Session) -> None:
    clinical_edits.append(session.database, 2, typed(70.0, of=ClinicalRow(line=2, age=50.0)), old="50")
    assert newest(session) == []


def test_typing_in_is_recorded_with_old_new_and_reason(session: Session) -> None:
    clinical_edits.append(session.database, 1, typed(61.0), old="50")
    *_, entry = audit.entries(session.database)
    assert (entry.action, entry.actor, entry.subject, entry.reason) == (
        "clinical.typed",
        "Li",
        "C0001",
        "asked the ward",
    )
    assert json.loads(entry.old) == {"what": "age", "name": "", "said": "50"}
    assert json.loads(entry.new) == {"what": "age", "name": "", "said": "61.0"}
    clinical_edits.append(session.database, 1, typed(61.0), old="61", kind=clinical_edits.TAKEN_BACK)
    assert audit.entries(session.database)[-1].action == "clinical.taken_back"


def test_everything_is_sealed_in_the_record(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"))
    clinical_edits.append(session.database, 1, typed(61.0), old="")
    column_mappings.remember(session.database, "clinical", "ab", {"columns": []})
    assert audit.first_break(session.database) is None
    viewer = Viewer(last_viewer(session).reader, Role.COORDINATOR)
    assert verify(session, viewer, Silent()).flaws == ()


@pytest.mark.parametrize("attack", ["UPDATE clinical_edit SET value = 5", "DELETE FROM clinical_edit"])
def test_no_program_rewrites_a_value_that_was_typed_in(session: Session, attack: str) -> None:
    clinical_edits.append(session.database, 1, typed(61.0), old="")
    with closing(sqlite3.connect(session.path)) as foreign, pytest.raises(sqlite3.IntegrityError):
        foreign.execute(attack)


def test_what_makes_no_sense_is_told_as_damage(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"))
    with session.database.transaction():
        session.database.insert(
            "INSERT INTO clinical_edit (exam_id, kind, what, name, said, unit, verbatim, replaced, reason,"
            " actor, at_utc) VALUES (1, 'typed', 'shoe size', '', '', '', '', '', '', '', '')"
        )
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        newest(session)


def test_a_source_that_makes_no_sense_is_told_as_damage(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"))
    with session.database.transaction():
        session.database.insert("UPDATE clinical_source SET columns = '[[1]]'")
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        clinical.covariates(session.database, last_viewer(session))


def test_a_table_of_before_says_nothing_of_its_columns(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"), source=None)
    clinical_edits.append(session.database, 1, typed(61.0), old="")
    codes = [problem.code for problem in newest(session)[0].row.problems]
    assert codes == ["clinical.not_a_number", TYPED_IN]


def test_a_table_is_not_kept_over_one_that_came_meanwhile(session: Session) -> None:
    save(session, JoinedRow(ROW, 1, "code"))
    assert clinical.newest_import(session.database) == 1
    with pytest.raises(InputError, match=r"clinical\.changed_meanwhile"):
        clinical.save(session.database, [], sha256="", encoding="", actor="Li", instead_of=0)
    clinical.save(session.database, [], sha256="", encoding="", actor="Li", instead_of=1, differs={"gone": 1})
    assert newest(session) == []
    assert json.loads(audit.entries(session.database)[-1].new)["gone"] == 1


def test_a_blinded_reader_sees_nothing_of_it(tmp_path: Path) -> None:
    made = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    reader = last_viewer(made)
    try:
        for look in (clinical.covariates, clinical.table_rows, clinical_edits.newest_edits):
            with pytest.raises(BlindingError):
                look(made.database, reader)
            assert not look(made.database, Viewer(reader.reader, Role.COORDINATOR))
    finally:
        made.close()


def test_of_rows_without_an_exam_as_many_are_read_as_are_wanted(session: Session) -> None:
    viewer = last_viewer(session)
    lone = [JoinedRow(replace(ROW, line=line), None, "") for line in (3, 4, 5)]
    save(session, lone[0], JoinedRow(ROW, 1, "code"), *lone[1:])
    lines = {
        most: [one.row.line for one in clinical.newest(session.database, viewer, unmatched=most)]
        for most in (0, 1, None)
    }
    assert lines == {0: [2], 1: [3, 2], None: [3, 2, 4, 5]}
    (only,) = clinical.newest(session.database, viewer, unmatched=0)
    assert (only.row.values, only.row.covariates) == (ROW.values, ROW.covariates)
    assert clinical.count_unmatched(session.database, viewer) == 3


# ---- what columns mean


def test_the_meaning_of_columns_is_kept_by_their_headers(session: Session) -> None:
    database = session.database
    assert column_mappings.recall(database, "clinical", "ab") is None
    column_mappings.remember(database, "clinical", "ab", {"columns": [[0, "age"]]})
    assert column_mappings.recall(database, "clinical", "ab") == {"columns": [[0, "age"]]}
    assert column_mappings.recall(database, "clinical", "cd") is None
    assert column_mappings.recall(database, "readings", "ab") is None


def test_what_is_known_already_is_not_written_again(session: Session) -> None:
    database = session.database
    column_mappings.remember(database, "clinical", "ab", {"x": 1})
    before = audit.count(database)
    column_mappings.remember(database, "clinical", "ab", {"x": 1})
    assert audit.count(database) == before
    column_mappings.remember(database, "clinical", "ab", {"x": 2})
    assert column_mappings.recall(database, "clinical", "ab") == {"x": 2}
    assert audit.entries(database)[-1].action == "table.columns_said"


def test_a_meaning_that_is_none_is_told_as_damage(session: Session) -> None:
    column_mappings.remember(session.database, "clinical", "ab", {})
    with session.database.transaction():
        session.database.insert("UPDATE column_mapping SET content = 'x'")
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        column_mappings.recall(session.database, "clinical", "ab")
