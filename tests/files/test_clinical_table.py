import csv
import gc
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.clinical import POSTMENOPAUSAL, UNSTATED, ClinicalRow, Covariate, Kind, Problem
from app.domain.errors import DataError
from app.files import raw_table
from app.files.clinical_cells import (
    read_age,
    read_bmd,
    read_bmi,
    read_date,
    read_id,
    read_menopause,
    read_number,
    read_sex,
    read_tscore,
)
from app.files.clinical_headers import Column, Field, read_region, understand, understand_all
from app.files.clinical_table import (
    ClinicalTable,
    Meaning,
    parse_clinical_table,
    patients_named,
    read_clinical_table,
    understand_table,
)
from app.files.collecting import uncollected
from app.files.raw_table import Layout, parse_raw

HERE = Path("table.csv")
CHINESE = (
    "病历号,检查号,姓名,性别,年龄,腰围(cm),体重指数,检查日期,"
    "L1骨密度(g/cm2),L1-L4骨密度(g/cm2),L1-L4 T值\n"
    "0012,MR7,张三,女,65岁,160,２３.４,2024年3月5日,0.812,未查,−2.5\n"
)


def parse(text: str, encoding: str = "utf-8") -> ClinicalTable:
    return parse_clinical_table(text.encode(encoding), HERE)


def only_row(text: str) -> ClinicalRow:
    (row,) = parse(text).rows
    return row


def problems(row: ClinicalRow) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.column, problem.verbatim) for problem in row.problems]


def refused(content: bytes) -> str:
    with pytest.raises(DataError) as caught:
        parse_clinical_table(content, HERE)
    assert caught.value.path == HERE
    return caught.value.code


@pytest.mark.parametrize(
    ("encoding", "told"), [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("gb18030", "gb18030")]
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_chinese_table_reads_the_same_in_every_encoding_and_with_every_delimiter(
    encoding: str, told: str, delimiter: str
) -> None:
    table = parse(CHINESE.replace(",", delimiter), encoding)
    assert (table.encoding, table.delimiter) == (told, delimiter)
    (row,) = table.rows
    assert (row.patient_id, row.accession, row.sex, row.age, row.bmi) == ("0012", "MR7", "F", 65.0, 23.4)
    assert row.exam_date == "2024-03-05"
    assert [(one.kind, one.region, one.value, one.unit, one.verbatim) for one in row.values] == [
        (Kind.BMD, "L1", 0.812, "g/cm2", "0.812"),
        (Kind.BMD, "L1-L4", None, "g/cm2", "未查"),
        (Kind.TSCORE, "L1-L4", -2.5, "", "−2.5"),
    ]
    assert row.problems == ()


def test_the_name_column_is_dropped_and_told() -> None:
    table = parse(CHINESE)
    assert table.dropped == ("姓名",)
    assert "张三" not in str(table)
    assert table.unused == ("腰围(cm)",)


def test_line_numbers_are_those_of_the_file() -> None:
    table = parse("导出\n\nid,age\n001,50\n\n002,60\n")
    assert [row.line for row in table.rows] == [4, 6]


@pytest.mark.parametrize(
    ("header", "field", "region", "unit", "method"),
    [
        ("BMD", Field.BMD, UNSTATED, "", ""),
        ("bmd", Field.BMD, UNSTATED, "", ""),
        ("骨密度", Field.BMD, UNSTATED, "", ""),
        ("L1骨密度", Field.BMD, "L1", "", ""),
        ("第1腰椎(L1)骨密度", Field.BMD, "L1", "", ""),
        ("第5腰椎骨密度", Field.BMD, "L5", "", ""),
        ("腰1骨密度", Field.BMD, "L1", "", ""),
        ("L1-L4骨密度(g/cm2)", Field.BMD, "L1-L4", "g/cm2", ""),
        ("L1－L4 骨密度（g/cm²）", Field.BMD, "L1-L4", "g/cm2", ""),
        ("腰椎L1~L4骨密度", Field.BMD, "L1-L4", "", ""),
        ("BMD L1-L4", Field.BMD, "L1-L4", "", ""),
        ("BMD_L1_L4", Field.BMD, "L1-L4", "", ""),
        ("BMD L1-4 [mg/cm^3]", Field.BMD, "L1-L4", "mg/cm3", ""),
        ("L1 to L5 T-score", Field.TSCORE, "L1-L5", "", ""),
        ("L1–L4 T值", Field.TSCORE, "L1-L4", "", ""),
        ("tscore", Field.TSCORE, UNSTATED, "", ""),
        ("T-score (total hip)", Field.TSCORE, "total hip", "", ""),
        ("股骨颈T值", Field.TSCORE, "femoral neck", "", ""),
        ("Femoral neck BMD", Field.BMD, "femoral neck", "", ""),
        ("腰椎骨密度", Field.BMD, "lumbar spine", "", ""),
        ("DXA BMD (mg/cm3)", Field.BMD, UNSTATED, "mg/cm3", "DXA"),
        ("QCT骨密度(mg/cm3)", Field.BMD, UNSTATED, "mg/cm3", "QCT"),
        ("PatientID", Field.PATIENT_ID, "", "", ""),
        ("住院号", Field.PATIENT_ID, "", "", ""),
        ("门诊号", Field.PATIENT_ID, "", "", ""),
        ("患者ID", Field.PATIENT_ID, "", "", ""),
        ("Accession Number", Field.ACCESSION, "", "", ""),
        ("影像号", Field.ACCESSION, "", "", ""),
        ("Case code", Field.CASE_CODE, "", "", ""),
        ("Sex", Field.SEX, "", "", ""),
        ("年龄(岁)", Field.AGE, "", "", ""),
        ("BMI (kg/m2)", Field.BMI, "", "", ""),
        ("部位", Field.REGION, "", "", ""),
        ("检查日期", Field.EXAM_DATE, "", "", ""),
        ("DXA检查日期", None, "", "", ""),
        ("L1 age", None, "", "", ""),
        ("BMD (left)", None, "", "", ""),
        ("BMD L1/L3", None, "", "", ""),
        ("Z值", Field.ZSCORE, "", "", ""),
        ("序号", None, "", "", ""),
        ("", None, "", "", ""),
    ],
)
def test_a_header_is_understood_or_left_alone(
    header: str, field: Field | None, region: str, unit: str, method: str
) -> None:
    column = understand(3, header)
    if field is None:
        assert column is None
    else:
        assert column is not None
        found = (column.position, column.field, column.region, column.unit, column.method)
        assert found == (3, field, region, unit, method)


@pytest.mark.parametrize(
    ("cell", "region"),
    [("L1-L4", "L1-L4"), ("腰椎1-4", "L1-L4"), ("股骨颈", "femoral neck"), (" Ward ", "Ward"), ("L3", "L3")],
)
def test_a_region_cell_is_understood_or_kept_as_written(cell: str, region: str) -> None:
    assert read_region(cell) == region


@pytest.mark.parametrize("missing", ["", " ", "/", "-", "—", "NA", "n/a", "未查"])
def test_a_cell_that_says_nothing_is_missing_and_no_problem(missing: str) -> None:
    for figure in (read_age(missing), read_bmd(missing), read_bmi(missing), read_tscore(missing)):
        assert (figure.value, figure.problem) == (None, "")
    assert read_sex(missing) == read_date(missing) == read_id(missing) == ("", "")


@pytest.mark.parametrize("cell", ["-1.2", "−1.2", "－1.2", "–1.2", "－１．２", "-1.2 SD", " -1.2 "])
def test_every_minus_and_full_width_digit_is_understood(cell: str) -> None:
    assert read_tscore(cell).value == -1.2


@pytest.mark.parametrize("cell", ["65", "65岁", "65 周岁", "６５岁", "65 years", "65y", "65.0"])
def test_an_age_with_its_unit_is_understood(cell: str) -> None:
    assert read_age(cell).value == 65.0


@pytest.mark.parametrize(
    "cell", ["nan", "inf", "1_0", "1e2", "0x1", "<-2.5", "-2.5↓", "--2", "1.2.3", "约65", "1,2", "٣"]
)
def test_what_is_no_plain_number_is_named_and_not_guessed(cell: str) -> None:
    for figure in (read_tscore(cell), read_age(cell), read_bmd(cell), read_bmi(cell)):
        assert (figure.value, figure.problem) == (None, "clinical.not_a_number")


def test_a_comma_is_a_decimal_sign_only_where_it_does_not_separate() -> None:
    assert read_tscore("-1,2", decimal_comma=True).value == -1.2
    assert read_tscore("-1.2", decimal_comma=True).value == -1.2
    assert read_tscore("1,2.5", decimal_comma=True).problem == "clinical.not_a_number"
    row = only_row("id;T值;BMD(g/cm2)\n1;-2,6;0,812\n")
    assert [value.value for value in row.values] == [-2.6, 0.812]


@pytest.mark.parametrize(
    ("figure", "value"),
    [
        (read_tscore("-25"), None),
        (read_tscore("-12"), None),
        (read_tscore("-8"), -8.0),
        (read_tscore("8"), 8.0),
        (read_tscore("8.1"), None),
        (read_age("121"), None),
        (read_age("0"), 0.0),
        (read_bmd("0"), None),
        (read_bmd("-0.8"), None),
        (read_bmi("4.9"), None),
        (read_bmi("24 kg/m2"), 24.0),
    ],
)
def test_what_cannot_be_is_named(figure: object, value: float | None) -> None:
    problem = "" if value is not None else "clinical.implausible"
    assert (figure.value, figure.problem) == (value, problem)  # type: ignore[attr-defined]


def test_a_unit_written_in_the_cell_is_kept() -> None:
    assert (read_bmd("0.812 g/cm²").value, read_bmd("0.812 g/cm²").unit) == (0.812, "g/cm2")
    row = only_row("id,BMD(g/cm2)\n1,812 mg/cm2\n")
    assert (row.values[0].value, row.values[0].unit) == (812.0, "mg/cm2")


@given(st.decimals(min_value=-8, max_value=8, places=3))
def test_every_plain_decimal_is_read_as_the_nearest_float(score: object) -> None:
    assert read_tscore(str(score)).value == float(str(score))


@pytest.mark.parametrize(
    ("cell", "sex"), [("男", "M"), ("女", "F"), ("M", "M"), ("f", "F"), ("Male", "M"), ("女性", "F")]
)
def test_a_sex_is_understood_in_both_languages(cell: str, sex: str) -> None:
    assert read_sex(cell) == (sex, "")


@pytest.mark.parametrize(
    ("cell", "problem"), [("1", "clinical.sex_code"), ("2", "clinical.sex_code"), ("x", "clinical.not_a_sex")]
)
def test_a_sex_in_figures_is_not_guessed(cell: str, problem: str) -> None:
    assert read_sex(cell) == ("", problem)


@pytest.mark.parametrize(
    "cell",
    [
        "2024-03-05",
        "2024/3/5",
        "20240305",
        "2024年3月5日",
        "2024.03.05",
        "45356",
        "45356.5",
        "２０２４-０３-０５",
        "2024/3/5 0:00",
        "2024-03-05T10:22:31.5",
    ],
)
def test_a_date_is_understood_in_every_way_it_is_written(cell: str) -> None:
    assert read_date(cell) == ("2024-03-05", "")


@pytest.mark.parametrize("cell", ["5/3/2024", "2024-13-05", "20240230", "12345", "99999", "March", "2024-3"])
def test_a_date_that_is_none_or_ambiguous_is_named(cell: str) -> None:
    assert read_date(cell) == ("", "clinical.not_a_date")


@pytest.mark.parametrize(
    ("cell", "found"),
    [
        ("0012", ("0012", "")),
        ('="0012"', ("0012", "")),
        ("ＭＲ７", ("MR7", "")),
        (" 0012", ("0012", "")),
        ("N/A", ("", "")),
        ("na", ("", "")),
        # what is left of a long number is nobody's identifier
        ("1.23457E+11", ("", "clinical.spoiled_id")),
        ("1.23e+05", ("", "clinical.spoiled_id")),
        ("3E12", ("3E12", "")),
    ],
)
def test_identifiers_stay_text(cell: str, found: tuple[str, str]) -> None:
    assert read_id(cell) == found


def test_what_is_not_understood_is_told_with_its_column_and_kept() -> None:
    row = only_row("id,sex,age,BMI,检查日期,T值\n1,1,old,900,5/3/2024,low\n")
    assert problems(row) == [
        ("clinical.sex_code", "sex", "1"),
        ("clinical.not_a_number", "age", "old"),
        ("clinical.implausible", "BMI", "900"),
        ("clinical.not_a_date", "检查日期", "5/3/2024"),
        ("clinical.not_a_number", "T值", "low"),
    ]
    assert (row.sex, row.age, row.bmi, row.exam_date, row.values[0].value) == ("", None, None, "", None)
    assert row.values[0].verbatim == "low"


def test_a_problem_with_an_identifier_does_not_tell_it() -> None:
    row = only_row("id,age\n1.23457E+11,50\n")
    assert problems(row) == [("clinical.spoiled_id", "id", "")]


def test_a_row_without_any_identifier_is_told() -> None:
    row = only_row("id,检查号,age\n/,,50\n")
    assert problems(row) == [("clinical.no_identifier", "", "")]


def test_the_first_filled_patient_id_counts() -> None:
    rows = parse("住院号,门诊号,age\n,77,50\n0088,,60\n12,13,70\n").rows
    assert [row.patient_id for row in rows] == ["77", "0088", "12"]


def test_no_value_is_taken_from_a_row_with_a_cell_too_many() -> None:
    row = only_row("id,age,T值\n1,65,0,812\n")
    assert (row.patient_id, row.age, row.values[0].value) == ("1", None, None)
    assert Problem("clinical.too_many_cells") in row.problems


def test_empty_cells_at_the_end_of_a_row_do_no_harm() -> None:
    assert only_row("id,age\n1,65,,\n").age == 65.0


def test_cells_missing_at_the_end_of_a_row_are_missing() -> None:
    row = only_row("id,age,T值\n1,65\n")
    assert (row.age, row.values[0].value, row.problems) == (65.0, None, ())


def test_a_row_can_name_the_region_of_its_plain_columns() -> None:
    rows = parse("id,部位,BMD,T值\n1,股骨颈,0.6,-1\n2,/,0.7,-2\n").rows
    assert [one.region for row in rows for one in row.values] == ["femoral neck"] * 2 + [UNSTATED] * 2


@pytest.mark.parametrize("header", ["L1 T值,T值", "T值,L1 T值"])
def test_a_column_with_its_own_region_goes_before_the_regions_cell(header: str) -> None:
    own = header.split(",").index("L1 T值")
    cells = ["-1", "-1"]
    cells[own] = "-3"
    row = only_row(f"id,部位,{header}\n1,L1,{','.join(cells)}\n")
    assert [(one.region, one.value) for one in row.values] == [("L1", -3.0)]


@pytest.mark.parametrize(
    ("header", "cells", "told"),
    [
        ("DXA BMD(g/cm2)", "0.8", False),
        ("DXA BMD(mg/cm3)", "80", True),
        ("DXA BMD(mg/cm3)", "/", False),
        ("QCT BMD(mg/cm3)", "80", False),
        ("QCT BMD(g/cm2)", "0.8", True),
        ("BMD(mg/cm3)", "80", False),
        ("DXA BMD", "80", False),
        ("方法,BMD(mg/cm3)", "DXA,80", True),
        ("方法,BMD(mg/cm3)", "定量CT,80", False),
    ],
)
def test_a_unit_that_does_not_belong_to_the_method_is_told_and_the_value_kept(
    header: str, cells: str, told: bool
) -> None:
    row = only_row(f"id,{header}\n1,{cells}\n")
    assert ("clinical.unit_against_method" in [problem.code for problem in row.problems]) is told
    verbatim = cells.rsplit(",", maxsplit=1)[-1]
    assert row.values[0].verbatim == verbatim
    assert row.values[0].value == (None if verbatim == "/" else float(verbatim))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "table.empty"),
        (b" \r\n ", "table.empty"),
        (b"\xef\xbb\xbf\xff", "table.undecodable"),
        (b"id,age\n1,\xff\xff\n", "table.undecodable"),
        (b"PK\x03\x04 and so on", "table.broken_workbook"),
        (b"\xd0\xcf\x11\xe0 and so on", "table.old_excel"),
        (b"i\0d\0,\0a\0", "table.not_text"),
        (b"a letter about nothing\nin two lines\n", "table.no_table"),
        (b"id\n1\n2\n", "table.no_table"),
        (b"name,age\nx,50\n", "table.no_identifier_column"),
        (b"id,age\n", "table.no_rows"),
        (b"id,age\n , \n", "table.no_rows"),
        (b'id,age\n1,"50\n2,60\n', "table.broken_quotes"),
        (b"id,age,AGE\n1,50,51\n", "table.duplicate_header"),
        ("id,L1骨密度,BMD L1\n1,1,1\n".encode(), "table.duplicate_header"),
        (b"id,ID,age\n1,2,50\n", "table.duplicate_header"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_reason(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_duplicate_header_names_both_columns() -> None:
    with pytest.raises(DataError) as caught:
        parse("id,age,年龄\n1,50,51\n")
    assert (caught.value.values["first"], caught.value.values["second"]) == ("age", "年龄")


def test_a_broken_quote_under_another_delimiter_does_no_harm() -> None:
    assert parse('id;note\n"1";"a, b"\n').delimiter == ";"


def test_a_table_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(CHINESE, encoding="utf-8")
    assert len(read_clinical_table(path).rows) == 1


def test_a_file_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"table\.unreadable"):
        read_clinical_table(tmp_path / "none.csv")


def test_a_file_far_too_large_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "table.csv"
    path.write_text(CHINESE, encoding="utf-8")
    monkeypatch.setattr(raw_table, "LARGEST_BYTES", 10)
    with pytest.raises(DataError, match=r"table\.too_large"):
        read_clinical_table(path)


_CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)


@given(st.lists(st.tuples(_CELL, _CELL, _CELL, _CELL), min_size=1, max_size=5))
def test_no_cell_can_break_the_reading(cells: list[tuple[str, ...]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([("id", "age", "BMD", "检查日期"), *(("1", *row[1:]) for row in cells)])
    for row in parse(text.getvalue()).rows:
        assert row.age is None or 0 <= row.age <= 120
        assert row.patient_id == "1"


@given(
    st.one_of(
        st.binary(max_size=60),
        st.text('id,;\t\n"1', min_size=1, max_size=40).map(lambda text: b"id,age\n" + text.encode()),
    )
)
def test_any_bytes_are_a_table_or_a_clear_refusal(content: bytes) -> None:
    with suppress(DataError):
        assert parse_clinical_table(content, HERE).rows


def test_between_two_delimiters_that_explain_as_much_the_comma_is_taken() -> None:
    table = parse("id,note\tid\n0012,a\t7\n")
    assert (table.delimiter, table.rows[0].patient_id) == (",", "0012")


# ---- what a person says of the columns


def meant(text: str, **said: object) -> ClinicalTable:
    raw = parse_raw(text.encode(), HERE, Layout(), patients_named)
    return understand_table(raw, Meaning(**said))  # type: ignore[arg-type]


def test_further_columns_are_kept_only_where_a_person_says_so() -> None:
    text = "id,age,eGFR (ml/min),smoker\n1,60,92.5 ml/min,70\n2,61,>90,\n"
    assert parse(text).rows[0].covariates == ()
    columns = (*understand_all(["id", "age"]), Column(2, "eGFR (ml/min)", Field.COVARIATE))
    table = meant(text, columns=columns)
    assert [row.covariates for row in table.rows] == [
        (Covariate("eGFR (ml/min)", 92.5, "92.5 ml/min"),),
        (Covariate("eGFR (ml/min)", None, ">90"),),
    ]
    assert problems(table.rows[1]) == [("clinical.not_a_number", "eGFR (ml/min)", ">90")]
    assert table.unused == ("smoker",)


def test_a_column_can_be_said_to_hold_something_else_than_its_header() -> None:
    columns = (Column(0, "no", Field.CASE_CODE), Column(1, "spine", Field.TSCORE, "L1-L4"))
    (row,) = meant("no,spine\nC0001,-2.6\n", columns=columns).rows
    assert (row.case_code, row.values[0].region, row.values[0].value) == ("C0001", "L1-L4", -2.6)


def test_a_table_of_which_nobody_knows_the_identifier_is_refused() -> None:
    with pytest.raises(DataError, match=r"table\.no_identifier_column"):
        meant("id,age\n1,60\n", columns=(Column(1, "age", Field.AGE),))


def test_two_covariates_of_one_header_are_refused() -> None:
    columns = (Column(0, "id", Field.PATIENT_ID), *(Column(at, "x", Field.COVARIATE) for at in (1, 2)))
    with pytest.raises(DataError, match=r"table\.duplicate_header"):
        meant("id,x,x\n1,2,3\n", columns=columns)


def test_figures_of_the_sex_are_read_as_a_person_says() -> None:
    rows = meant("id,sex\n1,1\n2,2\n3,0\n4,女\n", sex_codes={"1": "M", "2": "F"}).rows
    assert [row.sex for row in rows] == ["M", "F", "", "F"]
    assert problems(rows[2]) == [("clinical.sex_code", "sex", "0")]


@pytest.mark.parametrize(
    ("cell", "value"), [("绝经", 1.0), ("是", 1.0), ("1", 1.0), ("未绝经", 0.0), ("No", 0.0), ("/", None)]
)
def test_the_menopause_is_understood(cell: str, value: float | None) -> None:
    assert (read_menopause(cell).value, read_menopause(cell).problem) == (value, "")
    assert only_row(f"id,绝经\n1,{cell}\n").covariates == (Covariate(POSTMENOPAUSAL, value, cell),)


def test_what_says_nothing_of_the_menopause_is_named() -> None:
    assert problems(only_row("id,绝经\n1,2\n")) == [("clinical.not_a_menopause", "绝经", "2")]


def test_an_age_is_counted_from_the_date_of_birth_and_said_so_and_the_date_is_not_kept() -> None:
    table = parse("id,出生日期,检查日期\n1,1950-03-06,2024-03-05\n2,1950-03-05,2024-03-05\n")
    assert [row.age for row in table.rows] == [73.0, 74.0]
    assert problems(table.rows[0]) == [("clinical.age_from_birth", "", "")]
    assert (table.dropped, "1950" in str([row.values for row in table.rows])) == (("出生日期",), False)


@pytest.mark.parametrize(
    "line", ["1,1950-03-05,,", "1,,2024-03-05,", "1,old,2024-03-05,", "1,1850-01-01,2024-03-05,"]
)
def test_without_two_dates_that_make_sense_no_age_is_counted(line: str) -> None:
    row = only_row(f"id,出生日期,检查日期,age\n{line}\n")
    assert (row.age, row.problems) == (None, ())


def test_an_age_that_is_written_goes_before_the_date_of_birth() -> None:
    row = only_row("id,出生日期,检查日期,age\n1,1950-03-05,2024-03-05,60\n")
    assert (row.age, row.problems) == (60.0, ())


def test_any_number_can_be_a_covariate_within_reason() -> None:
    assert read_number("-12,5", decimal_comma=True).value == -12.5
    assert read_number("70 kg", unit="kg").value == 70.0
    assert read_number("9" * 400).problem == "clinical.implausible"


def test_a_row_reads_the_same_however_often_its_cells_stood_further_up() -> None:
    line = "0012,x,1,T,-2.5\n"
    table = parse("id,sex,age,BMD,T值\n" + line * 3)
    first, *others = table.rows
    for row in others:
        assert (row.values, row.problems, row.sex) == (first.values, first.problems, first.sex)
    assert len(first.problems) == 2


def test_the_collector_of_cycles_rests_while_rows_are_made_and_works_again_afterwards() -> None:
    assert gc.isenabled()
    with uncollected():
        assert not gc.isenabled()
        # somebody else may rest as well: only the first wakes it
        with uncollected():
            pass
        assert not gc.isenabled()
    assert gc.isenabled()
