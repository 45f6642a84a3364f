"""Readings from another viewer: what a table would bring, what stands in the way, and what comes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import BlindingError, DataError, InputError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.domain.protocol import Level, Protocol
from app.domain.reading import Role, Viewer
from app.files.readings_headers import Holds, ReadingColumn
from app.services.assemble_cohort import assemble_cohort
from app.services.changed import What
from app.services.open_session import Session, add_reader, create_session, last_viewer, open_session
from app.services.plan_readings import ReadingsMeaning, ReadingsPlan
from app.services.reference_cohort import PROTOCOL, make_reference_session
from app.services.table_readings import meaning_of_readings, plan_readings, read_readings, take_readings
from app.services.verify import verify
from app.store import audit, exams, results, table_readings
from app.store.table_readings import NewReading

FF, R2STAR = Quantity.FF, Quantity.R2STAR
LONG = "id,reader,level,FF,R2s"


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow", reader="Hua")
    with made.database.transaction():
        exams.add_from_table(made.database, "C0001", Identity(patient_id="0012", accession="MR1"))
        with_images = exams.add_from_table(made.database, "C0002", Identity(patient_id="0013"))
        made.database.insert("UPDATE exam SET origin = 'dicom' WHERE id = ?", (with_images,))
    yield made
    made.close()


def plan(
    session: Session, *lines: str, header: str = LONG, meaning: ReadingsMeaning | None = None
) -> ReadingsPlan:
    path = session.path.with_name("old.csv")
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return plan_readings(session, last_viewer(session), read_readings(path), meaning)


def refused(found: ReadingsPlan) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in found.refused]


def held(session: Session) -> dict[tuple[str, str, int, str], dict[Quantity, float]]:
    viewer = Viewer(last_viewer(session).reader, Role.COORDINATOR)
    return {
        (one.code, one.reader, one.round, one.level.value): {q: s.mean for q, s in one.stats.items()}
        for one in results.results(session.database, viewer)
    }


def test_readings_come_signed_off_and_marked_as_from_a_table(session: Session) -> None:
    found = plan(session, "0012,Li,L1,41.5,150", "0012,Li,L2,42,151", "0012,Wang,L1,40,149")
    assert (len(found.readings), found.numbers, found.new_cases, found.refused) == (2, 6, (), ())
    assert found.new_readers == ("Li", "Wang")
    report = take_readings(session, last_viewer(session), found)
    assert (report.readings, report.numbers, report.new_readers, report.refused) == (2, 6, ("Li", "Wang"), 0)
    assert report.changed.what & What.SIGN_OFF
    viewer = Viewer(last_viewer(session).reader, Role.COORDINATOR)
    rows = results.results(session.database, viewer)
    assert {(one.origin, one.signed_off, one.rule) for one in rows} == {("table", True, "from-table")}
    assert held(session)["C0001", "Li", 1, "L1"] == {FF: 41.5, R2STAR: 150.0}


def test_a_look_writes_nothing(session: Session) -> None:
    before = audit.count(session.database)
    plan(session, "0012,Li,L1,41.5,150", "new,Li,L1,41.5,150")
    assert audit.count(session.database) == before
    assert [one.code for one in exams.exams(session.database)] == ["C0001", "C0002"]


def test_patients_nobody_knows_become_cases_without_images(session: Session) -> None:
    found = plan(session, "77,Li,L1,41,150", "78,Li,L1,42,151", "77,Wang,L1,43,152")
    assert len(found.new_cases) == 2
    first, second = found.new_cases
    assert first.code != second.code
    assert "77" not in first.code
    assert first.identity.patient_id == "77"
    take_readings(session, last_viewer(session), found)
    codes = {row["patient_id"]: row["code"] for row in session.database.rows(
        "SELECT code, patient_id FROM exam JOIN identity ON exam_id = exam.id"
    )}  # fmt: skip
    assert codes["77"] == first.code
    # the same table does not make them again
    again = plan(session, "77,Ma,L1,41,150")
    assert (again.new_cases, [one.code for one in again.readings]) == ((), [first.code])


def test_one_new_patient_is_known_by_either_identifier(session: Session) -> None:
    found = plan(
        session, "77,A7,Li,L1,41", ",A7,Li,L2,42", "77,,Li,L3,43", "78,A7,Li,L4,44",
        header="id,检查号,reader,level,FF",
    )  # fmt: skip
    assert len(found.new_cases) == 1
    assert [sorted(one.means) for one in found.readings] == [[Level.L1, Level.L2, Level.L3, Level.L4]]


def test_a_case_code_of_the_table_is_kept_where_it_can_be_one(session: Session) -> None:
    found = plan(
        session, "S001,Li,L1,41", "1x,Li,L1,42", "0012,Li,L1,43", "c0001,Li,L1,44",
        header="case,reader,level,FF",
    )  # fmt: skip
    assert [one.code for one in found.new_cases] == ["S001"]
    # no letter first; a patient's ID; a code that is there in other letters
    assert refused(found) == [(3, "readings.bad_code"), (4, "readings.bad_code"), (5, "readings.bad_code")]


def test_an_identifier_of_two_cases_or_two_patients_brings_nothing(session: Session) -> None:
    with session.database.transaction():
        exams.add_from_table(session.database, "C0003", Identity(patient_id="0012", accession="MR3"))
    found = plan(
        session, "0012,,Li,L1,41,150", "0013,MR1,Li,L1,41,150", "0013,MR1,Li,L2,41,150",
        header="id,检查号,reader,level,FF,R2s",
    )  # fmt: skip
    assert refused(found) == [
        (2, "clinical.several_exams"),
        (3, "clinical.ids_disagree"),
        (4, "clinical.ids_disagree"),
    ]
    assert found.readings == ()


def test_a_reading_that_is_there_already_stays_and_the_line_is_told(session: Session) -> None:
    lines = ("0012,Li,L1,41,150", "0012,Li,L2,42,151")
    take_readings(session, last_viewer(session), plan(session, *lines))
    found = plan(session, *lines, "0012,li,L3,43,152", "0012,Wang,L1,40,150")
    assert refused(found) == [(2, "readings.exists"), (3, "readings.exists"), (4, "readings.exists")]
    assert found.refused[0].values == {"case": "C0001", "reader": "Li", "round": 1}
    assert [one.reader for one in found.readings] == ["Wang"]


def test_who_reads_images_here_gets_no_place_taken_by_a_table(session: Session) -> None:
    found = plan(session, "0013,Hua,L1,41,150", "0013,Hua (old),L1,41,150", "0012,Hua,L1,41,150")
    assert refused(found) == [(2, "readings.reads_images")]
    assert [(one.code, one.reader) for one in found.readings] == [("C0002", "Hua (old)"), ("C0001", "Hua")]
    take_readings(session, last_viewer(session), found)
    # somebody of whom there are tables only may bring another one
    later = plan(session, "0013,Hua (old),L1,41,150,2", header=f"{LONG},round")
    assert (later.readings[0].round, later.refused) == (2, ())


def test_different_values_for_one_place_bring_neither(session: Session) -> None:
    found = plan(session, "0012,Li,L1,41,150", "0012,Li,L1,42,150", "0012,Li,L2,43,", "0012,Li,L2,43,")
    assert refused(found) == [(2, "readings.contradicts"), (3, "readings.contradicts")]
    (only,) = found.readings
    assert only.means == {Level.L1: {R2STAR: 150.0}, Level.L2: {FF: 43.0}}
    assert only.lines == (2, 3, 4, 5)
    assert plan(session, "0012,Li,L1,41,", "0012,Li,L1,42,").readings == ()


def test_a_value_that_cannot_be_is_left_out_and_told(session: Session) -> None:
    found = plan(session, "0012,Li,L1,141,150", "0012,Li,L2,-1,2001")
    assert refused(found) == [
        (2, "clinical.implausible"),
        (3, "clinical.implausible"),
        (3, "clinical.implausible"),
    ]
    assert found.readings[0].means == {Level.L1: {R2STAR: 150.0}}


def test_what_was_not_understood_is_told_with_its_line(session: Session) -> None:
    assert refused(plan(session, "0012,Li,L9,41,150", "0012,Li,L1,high,150")) == [
        (2, "readings.no_level"),
        (3, "clinical.not_a_number"),
    ]


# ---- units


@pytest.mark.parametrize(
    ("numbers", "code", "unit", "mean"),
    [
        ("0.41,150", "readings.looks_like_fraction", {FF: "fraction"}, {FF: 41.0, R2STAR: 150.0}),
        ("410,150", "readings.looks_like_permille", {FF: "permille"}, {FF: 41.0, R2STAR: 150.0}),
        ("41,0.15", "readings.looks_like_per_ms", {R2STAR: "per_ms"}, {FF: 41.0, R2STAR: 150.0}),
        ("41,6.5", "readings.looks_like_t2star", {R2STAR: "per_second"}, {FF: 41.0, R2STAR: 6.5}),
    ],
)
def test_a_unit_in_doubt_is_settled_by_a_person_and_never_guessed(
    session: Session, numbers: str, code: str, unit: dict[Quantity, str], mean: dict[Quantity, float]
) -> None:
    line = f"0012,Li,L1,{numbers}"
    found = plan(session, line)
    assert [one.code for one in found.doubts] == [code]
    with pytest.raises(InputError, match=r"readings\.unit_doubted"):
        take_readings(session, last_viewer(session), found)
    settled = plan(session, line, meaning=ReadingsMeaning(units=unit))
    assert settled.doubts == ()
    assert settled.readings[0].means[Level.L1] == pytest.approx(mean)


def test_without_numbers_nothing_is_in_doubt(session: Session) -> None:
    found = plan(session, "0012,Li,L1,,")
    assert (found.doubts, found.readings) == ((), ())
    with pytest.raises(InputError, match=r"readings\.nothing"):
        take_readings(session, last_viewer(session), found)


# ---- what columns mean


def test_reader_and_columns_are_remembered_for_the_same_headers(session: Session) -> None:
    header = "nr,姓名,x,y"
    columns = (
        ReadingColumn(0, "nr", Holds.CASE_CODE),
        ReadingColumn(1, "姓名", Holds.NAME),
        ReadingColumn(2, "x", Holds.FF, Level.L1),
        ReadingColumn(3, "y", Holds.FF, Level.L2, "Wang"),
    )
    said = ReadingsMeaning(columns, "Li")
    found = plan(session, "C0001,张三,41,42", header=header, meaning=said)
    assert [(one.reader, sorted(one.means)) for one in found.readings] == [
        ("Li", [Level.L1]),
        ("Wang", [Level.L2]),
    ]
    take_readings(session, last_viewer(session), found)
    again = plan(session, "C0002,张三,41,42", header=header)
    assert (again.meaning.reader, len(again.readings)) == ("Li", 2)
    assert [one.holds for one in again.meaning.columns or ()] == [Holds.CASE_CODE, Holds.FF, Holds.FF]


def test_what_headers_say_themselves_needs_no_memory(session: Session) -> None:
    found = plan(session, "0012,Li,L1,41,150")
    take_readings(session, last_viewer(session), found)
    assert not session.database.rows("SELECT * FROM column_mapping")
    assert meaning_of_readings(session, found.raw).columns == found.table.columns


def test_a_table_without_values_is_refused(session: Session) -> None:
    with pytest.raises(DataError, match=r"readings\.no_values"):
        plan(session, "0012,60", header="id,age")


# ---- all or nothing, and who may


def test_a_place_that_was_taken_meanwhile_stops_everything(session: Session) -> None:
    viewer = last_viewer(session)
    first = plan(session, "77,Li,L1,41,150")
    same_place = plan(session, "0012,Li,L1,41,150")
    take_readings(session, viewer, same_place)
    with pytest.raises(InputError, match=r"readings\.changed_meanwhile"):
        take_readings(session, viewer, same_place)
    take_readings(session, viewer, first)
    before = audit.count(session.database)
    with pytest.raises(InputError, match=r"readings\.changed_meanwhile"):
        take_readings(session, viewer, first)
    assert audit.count(session.database) == before


def test_an_import_that_fails_half_way_leaves_nothing(session: Session) -> None:
    viewer, before = last_viewer(session), audit.count(session.database)
    good = NewReading(-1, "Li", 1, {Level.L1: {FF: 41.0}})
    bad = NewReading(99, "Li", 1, {Level.L1: {FF: 41.0}})
    with pytest.raises(Exception, match="FOREIGN KEY"):
        table_readings.add(session.database, viewer, [good, bad], {-1: ("S1", Identity(), None)}, sha256="")
    assert audit.count(session.database) == before
    assert [one.code for one in exams.exams(session.database)] == ["C0001", "C0002"]
    assert session.database.rows("SELECT 1 FROM reader WHERE name = 'Li'") == []


def test_an_import_is_recorded_and_sealed(session: Session) -> None:
    exams.add_from_table(session.database, "C0009", Identity(patient_id="Ward 9/0012"))
    found = plan(session, "Ward 9/0012,Li,L1,41,150", "Ward 9/0077,Li,L1,41,150")
    take_readings(session, last_viewer(session), found)
    entry = audit.entries(session.database)[-1]
    assert (entry.action, entry.actor, entry.subject) == ("table.imported", "Hua", "2 exams")
    assert json.loads(entry.new) == {"new_cases": 1, "readings": 2, "sha256": found.raw.sha256}
    assert "Ward 9" not in str(entry)


def test_every_row_that_came_is_sealed_in_the_record(tmp_path: Path) -> None:
    made = create_session(tmp_path / "fresh.marrow")
    try:
        take_readings(made, last_viewer(made), plan(made, "77,Li,L1,41,150"))
        viewer = Viewer(last_viewer(made).reader, Role.COORDINATOR)
        assert verify(made, viewer, Silent()).flaws == ()
    finally:
        made.close()


def test_a_blinded_reader_sees_and_brings_nothing(tmp_path: Path) -> None:
    made = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    try:
        with pytest.raises(BlindingError):
            plan(made, "0012,Li,L1,41,150")
    finally:
        made.close()


def test_a_read_only_session_can_be_looked_at_and_not_written_to(session: Session) -> None:
    second = open_session(session.path)
    try:
        found = plan(second, "0012,Li,L1,41,150")
        with pytest.raises(StoreUnavailable, match=r"store\.read_only"):
            take_readings(second, last_viewer(second), found)
    finally:
        second.close()


# ---- an old spreadsheet gives the statistics at once


@pytest.mark.parametrize("wide", [False, True])
def test_the_table_of_the_reference_study_gives_the_cohort_of_the_reference_study(
    tmp_path: Path, wide: bool
) -> None:
    source = Path(__file__).parents[2] / "resources" / "demo" / "reference_cohort" / "cohort_readings.csv"
    lines = [line.split(",") for line in source.read_text(encoding="utf-8").split()]
    session = create_session(tmp_path / "old.marrow", PROTOCOL, reader="Reader 1")
    add_reader(session, "Reader 2")
    path = tmp_path / "readings.csv"
    path.write_text(_wide(lines[1:]) if wide else _long(lines), encoding="utf-8")
    viewer = last_viewer(session)
    take_readings(session, viewer, plan_readings(session, viewer, read_readings(path)))
    reference = make_reference_session(tmp_path / "reference.marrow")
    try:
        ours, theirs = assemble_cohort(session, viewer), assemble_cohort(reference, last_viewer(reference))
        assert (ours.n, ours.readers) == (120, ("Reader 1", "Reader 2"))
        for quantity in (FF, R2STAR):
            assert np.array_equal(ours.values[quantity], theirs.values[quantity])
            assert np.array_equal(ours.paired[quantity], theirs.paired[quantity])
    finally:
        session.close()
        reference.close()


def _long(lines: list[list[str]]) -> str:
    (_, *names), *rows = lines
    told = [",".join(("case", *names)), *(f"{row[0]},Reader {','.join(row[1:])}" for row in rows)]
    return "\n".join(told) + "\n"


def _wide(rows: list[list[str]]) -> str:
    cases: dict[str, dict[str, str]] = {}
    for code, reader, level, ff, r2star in rows:
        cases.setdefault(code, {})[f"{level} FF (%) Reader {reader}"] = ff
        cases[code][f"{level} R2* Reader {reader}"] = r2star
    names = list(next(iter(cases.values())))
    told = [";".join(("case", *names))]
    told += [
        ";".join((code, *(values[name].replace(".", ",") for name in names)))
        for code, values in cases.items()
    ]
    return "\n".join(told) + "\n"
