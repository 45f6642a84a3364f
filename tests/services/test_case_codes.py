"""Case codes: random, or as a person or a table says, and never a name or number of a patient."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import AppError, DataError, InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.services import case_codes
from app.services.case_codes import CaseCodes, check_code, free_code, read_case_codes, settle_codes
from app.services.open_session import Session, create_session
from app.store import exams
from app.store.exams import NewExam

JANE = Identity("Doe^Jane", "P0417", accession="A77", study_uid="1.1", frame_uid="1")
LI = Identity("Li^Xiaoming=李^小明", "0012", accession="B8", study_uid="1.2", frame_uid="1")


def stored(session: Session, identity: Identity, code: str) -> None:
    grid = Grid((1, 2, 2), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))
    scaling = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
    voxels = np.full((1, 2, 2), len(exams.codes(session.database)), np.int16)
    exam = Exam(code, {Quantity.FF: ParametricMap(Quantity.FF, voxels, grid, scaling)})
    exams.add(session.database, exams.pack(NewExam(exam, identity, {}, "", "")), actor="First")


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """A session that holds Jane as C0001."""
    made = create_session(tmp_path / "study")
    stored(made, JANE, "C0001")
    yield made
    made.close()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "codes.csv"


# ---- a table


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize(
    "text",
    [
        "患者ID,检查号,病例编号\n0012,,S-01\n,A77,S_02\n",
        "Patient ID\tAccession\tCase code\n0012\t\tS-01\n\tA77\tS_02\n",
    ],
)
def test_codes_are_read_from_tables_as_hospitals_write_them(table: Path, text: str, encoding: str) -> None:
    table.write_bytes(text.encode(encoding))
    codes = read_case_codes(table)
    assert codes.code_for(LI) == "S-01"
    assert codes.code_for(JANE) == "S_02"
    assert codes.code_for(Identity()) == ""
    assert codes.code_for(Identity(patient_id="12", accession="7")) == ""


def test_the_accession_number_tells_the_exams_of_one_patient_apart(table: Path) -> None:
    table.write_text("PatientID,Accession,Code\nP1,A1,first\nP1,A2,second\nP2,A3,other\n", encoding="utf-8")
    codes = read_case_codes(table)
    assert codes.code_for(Identity(patient_id="P1", accession="A2")) == "second"
    assert codes.code_for(Identity(accession="A1")) == "first"
    assert codes.code_for(Identity(patient_id="P1", accession="A9")) == ""
    # images without an accession number: the patient decides where there is one line only
    assert codes.code_for(Identity(patient_id="P2")) == "other"
    with pytest.raises(InputError) as caught:
        codes.code_for(Identity(patient_id="P1"))
    assert (caught.value.code, caught.value.values) == ("codes.several_rows", {"first": 2, "second": 3})


def test_a_line_with_the_accession_number_of_another_patient_is_an_error(table: Path) -> None:
    table.write_text("PatientID,Accession,Code\nP1,A1,first\n", encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read_case_codes(table).code_for(Identity(patient_id="P2", accession="A1"))
    assert (caught.value.code, caught.value.values) == ("codes.ids_disagree", {"line": 2})


@pytest.mark.parametrize(
    ("text", "code", "values"),
    [
        ("PatientID,Sex\nP1,F\n", "codes.no_code_column", {}),
        ("Code,Sex\nS1,F\n", "codes.no_patient_column", {}),
        ("PatientID,Code\nP1,S1,more\n", "codes.unreadable_row", {"line": 2}),
        ("PatientID,Code\nP1,S1\n1.2E+11,S2\n", "codes.unreadable_row", {"line": 3}),
        ("PatientID,Code\nP1,\n", "codes.no_code", {"line": 2}),
        ("PatientID,Code\n,S1\n", "codes.no_patient", {"line": 2}),
        ("PatientID,Code\nP1,1S\n", "codes.invalid", {"line": 2}),
        ("PatientID,Code\nP1,S 1\n", "codes.invalid", {"line": 2}),
        ("PatientID,Code\nP1,病例一\n", "codes.invalid", {"line": 2}),
        ("PatientID,Code\nP1,S1234567890123456\n", "codes.invalid", {"line": 2}),
        ("PatientID,Code\nP1,S1\nP2,s1\n", "codes.duplicate_code", {"first": 2, "second": 3}),
        ("PatientID,Code\nP1,S1\nP1,S2\n", "codes.duplicate_patient", {"first": 2, "second": 3}),
        ("Accession,Code\nA1,S1\nA1,S2\n", "codes.duplicate_patient", {"first": 2, "second": 3}),
        ("PatientID,Code\nP1,S1\nP2,P-1\n", "codes.is_identity", {"line": 3}),
        ("nothing", "table.no_table", {}),
    ],
)
def test_a_table_that_cannot_be_followed_is_refused_by_line(
    table: Path, text: str, code: str, values: dict[str, int]
) -> None:
    table.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_case_codes(table)
    assert caught.value.code == code
    assert {key: value for key, value in caught.value.values.items() if key != "path"} == values


def test_no_repr_shows_a_patient(table: Path) -> None:
    table.write_text("PatientID,Code\nP0417,S1\n", encoding="utf-8")
    codes = read_case_codes(table)
    assert "P0417" not in repr(codes)
    assert "P0417" not in repr(codes._rows)


# ---- single codes


@pytest.mark.parametrize("code", ["", "1A", "-A", "a b", "Ä1", "A" * 17, "A/1", "A1\n"])
def test_a_code_is_letters_digits_and_two_signs_and_begins_with_a_letter(session: Session, code: str) -> None:
    with pytest.raises(InputError) as caught:
        check_code(session, code, LI)
    assert (caught.value.code, caught.value.values) == ("code.invalid", {})


@pytest.mark.parametrize("code", ["A", "S-01", "s_2", "A" * 16, "C0002"])
def test_any_other_code_will_do(session: Session, code: str) -> None:
    check_code(session, code, LI)


@pytest.mark.parametrize(
    "code",
    ["P0417", "p-0417", "A77", "Doe", "JANE", "Doe_Jane", "Xiaoming", "Li-Xiaoming", "B8"],
)
def test_no_patient_of_the_session_or_the_import_can_be_read_from_a_code(session: Session, code: str) -> None:
    with pytest.raises(InputError) as caught:
        check_code(session, code, LI)
    # the error ends in a log, so it does not repeat what was typed
    assert (caught.value.code, caught.value.values) == ("code.is_identity", {})


def test_a_code_that_is_taken_is_refused_also_in_other_letters(session: Session) -> None:
    for code in ("C0001", "c0001"):
        with pytest.raises(InputError) as caught:
            check_code(session, code, LI)
        assert (caught.value.code, caught.value.values) == ("code.taken", {"case": "C0001"})


def test_an_exam_that_comes_again_keeps_its_code(session: Session) -> None:
    check_code(session, "C0001", JANE)
    assert settle_codes(session, [(JANE, "C0001")]) == ["C0001"]


# ---- codes of a whole import


def test_wanted_codes_are_given_and_the_others_are_drawn_around_them(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1 is in the session, 5 is wanted by another exam, 7 is somebody's number
    drawn = iter([1, 5, 7, 8, 8, 9])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))
    numbered = Identity(patient_id="C0007", study_uid="1.7")
    wanted = [(LI, ""), (Identity(study_uid="1.5"), "C0005"), (numbered, "")]
    assert settle_codes(session, wanted) == ["C0008", "C0005", "C0009"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (LI, Identity(study_uid="1.3")),
        (Identity(), Identity()),
        (LI, Identity(study_uid="1.2", frame_uid="2")),
    ],
)
def test_two_exams_cannot_get_one_code(session: Session, first: Identity, second: Identity) -> None:
    with pytest.raises(InputError) as caught:
        settle_codes(session, [(first, "S1"), (second, "s1")])
    assert (caught.value.code, caught.value.values) == ("code.twice", {"case": "s1"})


def test_the_maps_of_one_exam_may_lie_in_two_places(session: Session) -> None:
    assert settle_codes(session, [(LI, "S1"), (LI, "S1")]) == ["S1", "S1"]


@pytest.mark.parametrize(("code", "problem"), [("1", "invalid"), ("Doe", "is_identity"), ("C0001", "taken")])
def test_one_bad_code_stops_the_import_before_it_begins(session: Session, code: str, problem: str) -> None:
    with pytest.raises(AppError) as caught:
        settle_codes(session, [(Identity(study_uid="3"), ""), (LI, code)])
    assert caught.value.code == f"code.{problem}"


def test_random_codes_begin_with_a_letter_and_never_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter([7, 7, 8])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(drawn))
    first = free_code(set())
    assert (first, free_code({first.casefold()})) == ("C0007", "C0008")


def test_codes_grow_longer_before_they_run_out() -> None:
    assert len(free_code({f"c{number:04d}" for number in range(5001)})) == 6


def test_one_code_for_the_only_exam_needs_no_table() -> None:
    assert CaseCodes("S1").code_for(JANE) == "S1"
    assert case_codes.LONGEST == 16
