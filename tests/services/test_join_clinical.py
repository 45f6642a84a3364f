from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from app.domain.clinical import ClinicalRow, ClinicalValue, Covariate, Group, Kind, Problem
from app.domain.clinical_items import Item, What
from app.domain.errors import BlindingError, DataError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.services import clinical_lines
from app.services.changed import What as Kinds
from app.services.join_clinical import (
    ClinicalLine,
    ClinicalReport,
    Conflict,
    Match,
    clinical_view,
    import_clinical,
    join,
)
from app.services.join_rows import merged
from app.services.open_session import Session, create_session, last_viewer, open_session
from app.store import audit, exams
from app.store.clinical import ExamIdentifiers

EXAMS = {
    "C0001": Identity(patient_name="Zhang", patient_id="0012", accession="MR1", study_date="2024-03-01"),
    "C0002": Identity(patient_name="Li", patient_id="0013", accession="MR2", study_date="2024-03-01"),
    "C0003": Identity(patient_name="Wang", patient_id="", accession="", study_date=""),
    # one patient twice
    "C0004": Identity(patient_name="Zhao", patient_id="0014", accession="MR4", study_date="2024-03-01"),
    "C0005": Identity(patient_name="Zhao", patient_id="0014", accession="MR5", study_date="2025-03-01"),
}


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    made = create_session(tmp_path / "study.marrow")
    with made.database.transaction():
        for code, identity in EXAMS.items():
            exams.add_from_table(made.database, code, identity)
    yield made
    made.close()


def imported(session: Session, *lines: str, header: str = "id,accession,code,age,T值") -> ClinicalReport:
    path = session.path.with_name("clinical.csv")
    path.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return import_clinical(session, path, actor="Li")


def view(session: Session) -> list[ClinicalLine]:
    return clinical_view(session, last_viewer(session))


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("0012,MR1,,60,-1", Match(2, "C0001", "accession")),
        (",MR2,,60,-1", Match(2, "C0002", "accession")),
        ("0013,,,60,-1", Match(2, "C0002", "patient_id")),
        # the accession tells the two exams of a patient apart
        ("0014,MR5,,60,-1", Match(2, "C0005", "accession")),
        # an accession or ID that no exam has does not stand in the way
        ("0013,XX,,60,-1", Match(2, "C0002", "patient_id")),
        ("zz,MR2,,60,-1", Match(2, "C0002", "accession")),
        (",,C0003,60,-1", Match(2, "C0003", "code")),
        ("C0003,,,60,-1", Match(2, "C0003", "code")),
        ("zz,,C0003,60,-1", Match(2, "C0003", "code")),
    ],
)
def test_a_row_joins_by_accession_then_patient_id_then_case_code(
    session: Session, row: str, match: Match
) -> None:
    assert imported(session, row).matched == (match,)


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("12,,,60,-1", "unmatched"),
        (",,,60,-1", "unmatched"),
        ("0014,,,60,-1", "several"),
        ("0013,MR1,,60,-1", "disagreeing"),
    ],
)
def test_a_row_that_cannot_be_placed_joins_nothing_and_is_told(
    session: Session, row: str, field: str
) -> None:
    report = imported(session, row)
    assert getattr(report, field) == (2,)
    assert report.matched == ()
    (line,) = view(session)
    assert (line.code, line.matched_by) == ("", "")


def test_the_same_row_twice_joins_once(session: Session) -> None:
    report = imported(session, "0012,MR1,,60,-1", "0012,MR1,,60,-1")
    assert report.matched == (Match(2, "C0001", "accession"),)
    assert report.duplicates == (3,)
    assert report.conflicts == ()


def test_two_different_rows_for_one_exam_join_neither(session: Session) -> None:
    report = imported(session, "0012,MR1,,60,-1", "0013,MR2,,50,-2", "0012,MR1,,60,-3", "0012,MR1,,60,-3")
    assert report.conflicts == (Conflict("C0001", (2, 4, 5)),)
    assert report.matched == (Match(3, "C0002", "accession"),)
    assert report.duplicates == ()
    assert [line.code for line in view(session)] == ["", "C0002", "", ""]


def test_exams_without_a_row_are_told(session: Session) -> None:
    assert imported(session, "0012,MR1,,60,-1").without_row == ("C0002", "C0003", "C0004", "C0005")


def test_the_report_tells_columns_encoding_and_problems(session: Session) -> None:
    report = imported(session, "0012,张三,sixty,x", header="id,姓名,age,smoker")
    assert (report.rows, report.encoding, report.delimiter) == (1, "utf-8", ",")
    assert (report.columns, report.dropped, report.unused) == (("id", "age"), ("姓名",), ("smoker",))
    (found,) = report.problems
    assert (found.line, found.problem) == (2, Problem("clinical.not_a_number", "age", "sixty"))


def test_the_view_shows_group_and_density_and_no_identifier(session: Session) -> None:
    imported(
        session,
        "0012,MR1,女,65岁,21.5,2024-03-05,0.812,−2.5,-1.0",
        header="id,accession,性别,年龄,BMI,检查日期,L1-L4骨密度(g/cm2),L1-L4 T值,L1 T值",
    )
    (line,) = view(session)
    says, line = line.says, replace(line, says={})
    assert says[Item(What.BMD, "L1-L4")] == "0.812 g/cm2"
    assert line == ClinicalLine(
        line=2,
        code="C0001",
        matched_by="accession",
        sex="F",
        age=65.0,
        bmi=21.5,
        tscore=-2.5,
        bmd=0.812,
        bmd_unit="g/cm2",
        bmd_verbatim="0.812",
        region="L1-L4",
        region_stated=True,
        group=Group.OSTEOPOROSIS,
        exam_date="2024-03-05",
        problems=(),
        bmd_region="L1-L4",
        tscore_region="L1-L4",
    )
    assert "0012" not in repr(line)
    assert "MR1" not in repr(line)


def test_the_view_says_when_a_plain_column_stands_for_the_region(session: Session) -> None:
    imported(session, "0012,MR1,,60,-1")
    (line,) = view(session)
    assert (line.region_stated, line.tscore, line.bmd, line.bmd_unit) == (False, -1.0, None, "")


def test_a_table_without_any_reference_value_leaves_the_group_open(session: Session) -> None:
    imported(session, "0012,60", header="id,age")
    (line,) = view(session)
    assert (line.tscore, line.bmd, line.group, line.region_stated) == (None, None, None, True)


def test_the_interval_to_the_mri_is_checked_with_the_joined_exam(session: Session) -> None:
    header = "id,检查日期,accession"
    report = imported(
        session,
        "0012,2024-03-16,MR1",
        "0013,2024-09-01,MR2",
        "C0003,2020-01-01,",
        "zz,2024-03-05,",
        header=header,
    )
    assert [(one.line, one.problem.code) for one in report.problems] == [
        (2, "clinical.interval_over_14"),
        (3, "clinical.interval_over_90"),
    ]


def test_a_table_that_cannot_be_used_leaves_the_one_before(session: Session) -> None:
    imported(session, "0012,MR1,,60,-1")
    with pytest.raises(DataError):
        imported(session, header="nothing,here")
    assert [line.code for line in view(session)] == ["C0001"]


def test_an_import_is_audited_without_identifiers(session: Session) -> None:
    exams.add_from_table(session.database, "C0009", Identity(patient_id="Ward 9/0012"))
    imported(session, "Ward 9/0012,,,60,-1", "Ward 9/0077,,,60,-1")
    *_, entry = audit.entries(session.database)
    assert (entry.action, entry.actor) == ("clinical.imported", "Li")
    assert "Ward 9" not in str(entry)


def test_a_read_only_session_refuses_an_import(session: Session, tmp_path: Path) -> None:
    second = open_session(session.path)
    table = tmp_path / "table.csv"
    table.write_text("id,age\n0012,60\n", encoding="utf-8")
    try:
        with pytest.raises(StoreUnavailable, match=r"store\.read_only"):
            import_clinical(second, table)
    finally:
        second.close()


def test_a_blinded_reader_cannot_open_the_clinical_page(tmp_path: Path) -> None:
    session = create_session(tmp_path / "blind.marrow", Protocol(blinded=True))
    try:
        with pytest.raises(BlindingError):
            view(session)
    finally:
        session.close()


_ID = st.sampled_from(["", "1", "2", "3"])


@given(
    rows=st.lists(st.builds(ClinicalRow, st.just(1), patient_id=_ID, accession=_ID, case_code=_ID)),
    known=st.lists(st.tuples(_ID, _ID)),
)
def test_an_exam_is_joined_once_at_most_and_every_row_has_an_exam_or_a_reason(
    rows: Sequence[ClinicalRow], known: Sequence[tuple[str, str]]
) -> None:
    identifiers = [
        ExamIdentifiers(number, str(number), patient, accession, "")
        for number, (patient, accession) in enumerate(known)
    ]
    joined = join(rows, identifiers).rows
    taken = [one.exam_id for one in joined if one.exam_id is not None]
    assert len(taken) == len(set(taken))
    assert len(joined) == len(rows)
    assert all((one.exam_id is None) == bool(one.row.problems) for one in joined)
    assert all((one.exam_id is None) == (one.matched_by == "") for one in joined)


# ---- one row per patient and region


REGIONS = "id,部位,检查日期,BMD(g/cm2),T值"


def test_rows_of_one_patient_and_different_regions_come_together(session: Session) -> None:
    report = imported(
        session,
        "0012,L1-L4,2024-03-05,0.812,-2.6",
        "0013,L1-L4,2024-03-05,0.9,-1",
        "0012,股骨颈,2024-03-05,0.6,-2.1",
        "0012,全髋,,0.7,-1.9",
        header=REGIONS,
    )
    assert [(one.line, one.code) for one in report.matched] == [
        (2, "C0001"),
        (4, "C0001"),
        (5, "C0001"),
        (3, "C0002"),
    ]
    assert (report.rows, report.together, report.conflicts) == (4, ((2, 4, 5),), ())
    first, second = view(session)
    assert (first.code, first.tscore, first.bmd_verbatim, first.exam_date) == (
        "C0001",
        -2.6,
        "0.812",
        "2024-03-05",
    )
    assert first.says[Item(What.BMD, "femoral neck")] == "0.6 g/cm2"
    assert first.says[Item(What.TSCORE, "total hip")] == "-1.9"
    assert second.code == "C0002"


@pytest.mark.parametrize(
    "line",
    [
        # the same region says something else
        "0012,L1-L4,2024-03-05,0.9,-1",
        # another day
        "0012,股骨颈,2020-03-05,0.6,-2.1",
        # nobody knows of which region
        "0012,,2024-03-05,0.6,-2.1",
    ],
)
def test_rows_that_may_be_two_examinations_are_a_conflict(session: Session, line: str) -> None:
    report = imported(session, "0012,L1-L4,2024-03-05,0.812,-2.6", line, header=REGIONS)
    assert report.conflicts == (Conflict("C0001", (2, 3)),)
    assert report.matched == ()


def test_a_region_written_twice_comes_once_beside_another_one(session: Session) -> None:
    line = "0012,L1-L4,2024-03-05,0.812,-2.6"
    report = imported(session, line, line, "0012,股骨颈,2024-03-05,0.6,-2.1", header=REGIONS)
    assert (report.duplicates, report.together) == ((3,), ((2, 4),))


def region(name: str, **said: object) -> ClinicalRow:
    return ClinicalRow(line=2, values=(ClinicalValue(Kind.BMD, name, 1.0, "", "1"),), **said)  # type: ignore[arg-type]


def known(value: float | None) -> tuple[Covariate, ...]:
    return (Covariate("eGFR", value, str(value)),)


def test_further_columns_of_rows_that_come_together_say_one_thing() -> None:
    first, other = region("L1", covariates=known(None), sex="F"), region("L2", covariates=known(90.0))
    whole = merged(first, [other])
    assert whole is not None
    assert (whole.covariate("eGFR"), whole.sex, len(whole.values)) == (90.0, "F", 2)
    whole = merged(other, [first])
    assert whole is not None
    assert whole.covariate("eGFR") == 90.0
    assert merged(other, [region("L1", covariates=known(91.0))]) is None
    assert merged(other, [region("L1", sex="M"), region("L3", sex="F")]) is None
    assert merged(other, [ClinicalRow(line=3)]) is None


def test_what_was_wrong_in_rows_that_come_together_is_told_once() -> None:
    odd = (Problem("clinical.not_a_number", "age", "old"),)
    whole = merged(region("L1", problems=odd), [region("L2", problems=odd)])
    assert whole is not None
    assert whole.problems == odd


# ---- what is kept beside the rows


def test_a_row_that_joins_nothing_is_not_held_against_any_mri(session: Session) -> None:
    report = imported(session, "zz,M,40,-1", header="id,sex,age,T值")
    assert report.problems == ()


def test_the_menopause_joins_and_speaks_up(session: Session) -> None:
    report = imported(session, "0012,女,45,未绝经,-1.5", header="id,性别,年龄,绝经,T值")
    assert [one.problem.code for one in report.problems] == ["clinical.t_score_premenopausal"]
    assert report.covariates == ("绝经",)


def test_every_case_can_be_looked_at(session: Session) -> None:
    imported(session, "0012,MR1,,60,-1")
    lines = clinical_view(session, last_viewer(session), every_case=True)
    assert [(line.code, line.line) for line in lines] == [
        ("C0001", 2),
        ("C0002", 0),
        ("C0003", 0),
        ("C0004", 0),
        ("C0005", 0),
    ]
    assert lines[0].item(What.BMD) == Item(What.BMD, "L1-L4")
    assert lines[0].item(What.TSCORE) == Item(What.TSCORE)
    assert lines[0].item(What.COVARIATE, "eGFR") == Item(What.COVARIATE, "eGFR")
    assert not lines[0].is_typed(Item(What.AGE))
    assert not lines[0].left_out


def test_a_workbook_joins_as_a_text_does(session: Session, tmp_path: Path) -> None:
    book = Workbook()
    book.active.append(["病历号", "年龄", "L1-L4 T值"])
    book.active.append(["0012", 60, -2.5])
    path = tmp_path / "table.xlsx"
    book.save(path)
    report = import_clinical(session, path)
    assert (report.matched, report.encoding) == ((Match(2, "C0001", "patient_id"),), "")
    assert report.changed.what is Kinds.CLINICAL
    assert view(session)[0].group is Group.OSTEOPOROSIS


def test_of_very_many_lines_without_a_case_the_first_are_listed(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinical_lines, "MOST_UNMATCHED", 2)
    imported(session, "x1,,,60,-1", "x2,,,60,-1", "x3,,,60,-1", "0012,MR1,,60,-1", "x4,,,60,-1")
    assert [line.line for line in view(session)] == [2, 3, 5]
    assert clinical_lines.unlisted(session, last_viewer(session)) == 2
    imported(session, "0012,MR1,,60,-1")
    assert clinical_lines.unlisted(session, last_viewer(session)) == 0
