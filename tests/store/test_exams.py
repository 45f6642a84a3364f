"""Exams and their pixels: what comes out is what went in, to the bit."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.store import audit, exams
from app.store.database import Database, open_database
from app.store.exams import ExamRow, NewExam, PackedExam

MakeExam = Callable[..., Exam]
MakeNew = Callable[..., NewExam]


@pytest.mark.parametrize("dtype", ["<i2", "<u2", ">i2", ">u2"])
def test_pixels_survive_a_round_trip_through_the_file(
    database: Database, path: Path, make_exam: MakeExam, make_new: MakeNew, dtype: str
) -> None:
    exam = make_exam(dtype=dtype)
    key = exams.add(database, exams.pack(make_new(exam)), actor="First")
    database.close()
    again = open_database(path)
    loaded = exams.load(again, key)
    again.close()
    for quantity, given_map in exam.maps.items():
        found = loaded.maps[quantity]
        assert found.stored.dtype == np.dtype(dtype).newbyteorder("<")
        assert np.array_equal(found.stored, given_map.stored)
        assert not found.stored.flags.writeable
        assert found.grid == given_map.grid
        assert found.scaling == given_map.scaling
        assert found.largest_stored == given_map.largest_stored
    assert (loaded.id, loaded.code) == (key, "C0001")
    assert (loaded.field_strength_t, loaded.native_voxel_mm) == (3.0, (1.5, 1.6))


def test_what_is_unknown_about_a_scanner_stays_unknown(
    database: Database, make_exam: MakeExam, make_new: MakeNew
) -> None:
    exam = replace(make_exam(), field_strength_t=None, native_voxel_mm=None)
    loaded = exams.load(database, exams.add(database, exams.pack(make_new(exam)), actor="First"))
    assert loaded.field_strength_t is None
    assert loaded.native_voxel_mm is None


def test_only_the_wanted_maps_are_read(database: Database, exam_id: int) -> None:
    assert set(exams.load(database, exam_id, [Quantity.R2STAR]).maps) == {Quantity.R2STAR}


def test_the_hash_of_a_map_is_that_of_its_pixels_as_they_came(
    database: Database, make_exam: MakeExam, make_new: MakeNew
) -> None:
    exam = make_exam(dtype=">i2")
    exams.add(database, exams.pack(make_new(exam)), actor="First")
    row = database.row("SELECT sha256 FROM map WHERE quantity = 'FF'")
    little = exam.maps[Quantity.FF].stored.astype("<i2").tobytes()
    assert row is not None
    assert row["sha256"] == hashlib.sha256(little).hexdigest()


def test_the_same_study_with_the_same_pixels_is_recognised(
    database: Database, exam_id: int, make_exam: MakeExam, make_new: MakeNew
) -> None:
    def known(packed: PackedExam) -> str | None:
        found = exams.recognise(database, packed.fingerprint)
        return found.code if found is not None and found.refusal is None else None

    assert exam_id == 1
    assert known(exams.pack(make_new(make_exam("C0009")))) == "C0001"
    assert known(exams.pack(make_new(make_exam("C0009", seed=1)))) is None
    assert known(exams.pack(make_new(make_exam("C0009"), study_uid="9.9"))) is None


def test_the_names_and_numbers_of_a_patient_stand_in_the_identity_table_only(
    database: Database, exam_id: int, identity: Identity
) -> None:
    (row,) = database.rows("SELECT * FROM identity")
    assert dict(row) == {
        "exam_id": exam_id,
        "patient_name": identity.patient_name,
        "patient_id": identity.patient_id,
        "birth_date": identity.birth_date,
        "sex": identity.sex,
        "study_date": identity.study_date,
        "accession": identity.accession,
        "study_uid": identity.study_uid,
        "frame_uid": identity.frame_uid,
        "age": identity.age,
    }
    tables = [row[0] for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    for table in set(tables) - {"identity"}:
        sql = f"SELECT * FROM {table}"  # noqa: S608 - names of our own
        text = str([tuple(row) for row in database.rows(sql)])
        for secret in (identity.patient_name, identity.birth_date, identity.accession):
            assert secret not in text, table


def test_each_slice_remembers_the_image_it_came_from(database: Database, exam_id: int) -> None:
    rows = database.rows(
        "SELECT quantity, slice, sop_uid FROM map_source JOIN map ON map.id = map_id WHERE exam_id = ?",
        (exam_id,),
    )
    assert {tuple(row) for row in rows} == {
        (quantity, index, f"{quantity}.{index}") for quantity in ("FF", "R2STAR") for index in range(3)
    }


def test_an_import_is_recorded_with_the_hashes_of_its_maps(database: Database, exam_id: int) -> None:
    entry = audit.entries(database)[-1]
    assert (entry.actor, entry.action, entry.subject) == ("First", "exam.imported", "C0001")
    for row in database.rows("SELECT sha256 FROM map WHERE exam_id = ?", (exam_id,)):
        assert row["sha256"] in entry.new


def test_exams_are_listed_in_order_of_import(
    database: Database, exam_id: int, make_exam: MakeExam, make_new: MakeNew, identity: Identity
) -> None:
    with database.transaction():
        exams.add_from_table(database, "A0002", identity)
    exams.add(database, exams.pack(make_new(make_exam("B0003", seed=1), study_uid="7")), actor="First")
    assert exams.exams(database) == [
        ExamRow(exam_id, "C0001", "dicom", 3.0),
        ExamRow(2, "A0002", "table", None),
        ExamRow(3, "B0003", "dicom", 3.0),
    ]
    assert exams.codes(database) == {"C0001", "A0002", "B0003"}


def test_exams_of_one_patient_are_known_without_telling_who_it_is(database: Database) -> None:
    with database.transaction():
        for code, patient in (
            ("A", "7"),
            ("B", "8"),
            ("C", "7"),
            ("D", ""),
            ("E", ""),
            ("F", "8"),
            ("G", "9"),
        ):
            exams.add_from_table(database, code, Identity(patient_id=patient))
    assert exams.of_one_patient(database) == (frozenset({1, 3}), frozenset({2, 6}))
