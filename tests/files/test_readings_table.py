"""Tables of numbers from another viewer: long, wide, with readers in lines or headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.domain.clinical import Problem
from app.domain.errors import DataError
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.files.raw_table import Layout, parse_raw
from app.files.readings_headers import Holds, ReadingColumn, read_level, understand_readings
from app.files.readings_table import (
    ReadingsTable,
    cases_named,
    holds_readings,
    read_readings_raw,
    understand_readings_table,
)

HERE = Path("table.csv")
FF, R2STAR = Quantity.FF, Quantity.R2STAR


def read(text: str, **said: object) -> ReadingsTable:
    raw = parse_raw(text.encode(), HERE, Layout(), cases_named)
    return understand_readings_table(raw, **said)  # type: ignore[arg-type]


def numbers(table: ReadingsTable) -> list[tuple[object, ...]]:
    return [
        (one.line, one.patient_id, one.reader, one.round, one.level.value, one.quantity, one.value)
        for one in table.values
    ]


@pytest.mark.parametrize(
    ("header", "holds", "level", "reader"),
    [
        ("id", Holds.PATIENT_ID, None, ""),
        ("检查号", Holds.ACCESSION, None, ""),
        ("姓名", Holds.NAME, None, ""),
        ("阅片者", Holds.READER, None, ""),
        ("Round", Holds.ROUND, None, ""),
        ("椎体", Holds.LEVEL, None, ""),
        ("FF (%)", Holds.FF, None, ""),
        ("R2s", Holds.R2STAR, None, ""),
        ("R2*(s-1)", Holds.R2STAR, None, ""),
        ("L1 FF", Holds.FF, Level.L1, ""),
        ("FF_L5", Holds.FF, Level.L5, ""),
        ("FFL2 mean", Holds.FF, Level.L2, ""),
        ("第3腰椎脂肪分数", Holds.FF, Level.L3, ""),
        ("腰4 R2*", Holds.R2STAR, Level.L4, ""),
        ("L1_FF_R1", Holds.FF, Level.L1, "R1"),
        ("R2_L1_R2s", Holds.R2STAR, Level.L1, "R2"),
        ("L1 R2", Holds.R2STAR, Level.L1, ""),
        ("质子密度脂肪分数L2(张医生)", Holds.FF, Level.L2, "张医生"),
    ],
)
def test_a_header_says_map_level_and_reader(
    header: str, holds: Holds, level: Level | None, reader: str
) -> None:
    assert understand_readings([header]) == (ReadingColumn(0, header, holds, level, reader),)


@pytest.mark.parametrize(
    "header",
    ["L1-L4 FF", "FF phantom", "L1 FF SD", "FF L2 标准差", "L3 R2* n", "BMI", "年龄", "T2* L1", "L1", ""],
)
def test_what_is_no_reading_of_one_level_is_left_alone(header: str) -> None:
    assert understand_readings([header]) == ()


def test_a_reader_may_stand_in_the_header_where_lines_name_the_level() -> None:
    columns = understand_readings(["id", "level", "FF Li", "R2* Li"])
    assert [(one.holds, one.level, one.reader) for one in columns[2:]] == [
        (Holds.FF, None, "Li"),
        (Holds.R2STAR, None, "Li"),
    ]


@pytest.mark.parametrize(
    ("headers", "held"),
    [
        (["id", "level", "FF"], True),
        (["id", "L1 FF", "L1 R2*"], True),
        (["id", "age", "FF_mean", "R2s_mean"], False),
        (["id", "L1骨密度", "T值"], False),
    ],
)
def test_a_table_of_readings_is_told_from_one_of_clinical_data(headers: list[str], held: bool) -> None:
    assert holds_readings(headers) is held


@pytest.mark.parametrize(
    ("cell", "level"),
    [
        ("L3", Level.L3),
        ("l3", Level.L3),
        ("3", Level.L3),
        ("3.0", Level.L3),
        ("腰5", Level.L5),
        ("第1腰椎(L1)", Level.L1),
    ],
)
def test_a_level_is_read_as_people_write_it(cell: str, level: Level) -> None:
    assert read_level(cell) is level


@pytest.mark.parametrize("cell", ["", "L6", "S1", "T12", "L1-L4", "12"])
def test_what_is_no_lumbar_level_is_none(cell: str) -> None:
    assert read_level(cell) is None


def test_a_long_table_reads_line_by_line() -> None:
    table = read("id,reader,level,FF,R2s\n0012,Li,L1,41.5,150\n0012,Li,2,42%,\n")
    assert numbers(table) == [
        (2, "0012", "Li", 1, "L1", FF, 41.5),
        (2, "0012", "Li", 1, "L1", R2STAR, 150.0),
        (3, "0012", "Li", 1, "L2", FF, 42.0),
    ]
    assert "0012" not in repr(table.values[0])


def test_a_wide_table_reads_side_by_side() -> None:
    table = read("id,姓名,L1 FF,L1 R2*,L2 FF,note\n0012,张三,41.5,150,42,x\n", reader="ADW")
    assert numbers(table) == [
        (2, "0012", "ADW", 1, "L1", FF, 41.5),
        (2, "0012", "ADW", 1, "L1", R2STAR, 150.0),
        (2, "0012", "ADW", 1, "L2", FF, 42.0),
    ]
    assert (table.dropped, table.unused) == (("姓名",), ("note",))


def test_readers_in_headers_stand_above_the_reader_of_the_line() -> None:
    table = read("id,reader,L1 FF Li,L1 FF\n1,Wang,40,41\n")
    assert [(one.reader, one.value) for one in table.values] == [("Li", 40.0), ("Wang", 41.0)]


def test_rounds_are_read_and_the_first_one_is_meant_where_none_stands() -> None:
    table = read("id,reader,round,L1 FF\n1,Li,2,40\n1,Li,,41\n1,Li,first,42\n")
    assert [(one.round, one.value) for one in table.values] == [(2, 40.0), (1, 41.0)]
    assert table.problems == ((4, Problem("readings.no_round", "round", "first")),)


def test_a_decimal_comma_is_read() -> None:
    assert [one.value for one in read("id;L1 FF;L2 FF\n1;41,5;42\n", reader="Li").values] == [41.5, 42.0]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("1,Li,L9,40", Problem("readings.no_level", "level", "L9")),
        ("1,,L1,40", Problem("readings.no_reader", "FF")),
        (f"1,{'x' * 61},L1,40", Problem("readings.no_reader", "FF")),
        ("1,Li,L1,high", Problem("clinical.not_a_number", "FF", "high")),
        (",Li,L1,40", Problem("clinical.no_identifier")),
        ("1,Li,L1,4,0", Problem("clinical.too_many_cells")),
    ],
)
def test_a_line_that_brings_nothing_says_why(line: str, problem: Problem) -> None:
    table = read(f"id,reader,level,FF\n{line}\n9,Li,L1,40\n")
    assert table.problems == ((2, problem),)
    assert len(table.values) == 1


def test_an_identifier_that_was_spoiled_is_told_without_it() -> None:
    table = read("id,检查号,L1 FF\n1.2E+11,MR7,40\n", reader="Li")
    assert table.problems == ((2, Problem("clinical.spoiled_id", "id")),)
    assert (table.values[0].patient_id, table.values[0].accession) == ("", "MR7")


def test_cells_missing_at_the_end_of_a_line_are_missing() -> None:
    assert read("id,reader,L1 FF,L2 FF\n1,Li,40\n").problems == ()


def test_a_column_of_one_level_needs_no_level_in_the_line() -> None:
    table = read("id,reader,level,L1 FF,FF\n1,Li,,40,50\n")
    assert [(one.level, one.value) for one in table.values] == [(Level.L1, 40.0)]
    assert table.problems == ((2, Problem("readings.no_level", "level", "")),)
    assert read("id,reader,level,L1 FF\n1,Li,x,40\n").problems == ()


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("编号,L1 FF", "table.no_identifier_column"),
        ("id,age", "readings.no_values"),
        ("id,FF", "readings.no_levels"),
        ("id,L1 FF,FF L1", "table.duplicate_header"),
        ("id,reader,Rater,L1 FF", "table.duplicate_header"),
    ],
)
def test_a_table_that_cannot_be_readings_is_refused_with_its_reason(header: str, code: str) -> None:
    with pytest.raises(DataError) as caught:
        read(f"{header}\n{','.join('1' for _ in header.split(','))}\n")
    assert caught.value.code == code


def test_two_kinds_of_patient_id_may_stand_side_by_side() -> None:
    assert read("住院号,门诊号,L1 FF\n,7,40\n", reader="Li").values[0].patient_id == "7"


def test_what_a_person_says_of_the_columns_goes_before_the_headers() -> None:
    columns = (
        ReadingColumn(0, "nr", Holds.CASE_CODE),
        ReadingColumn(1, "x", Holds.FF, Level.L4, "Li"),
    )
    (value,) = read("nr,x\nC1,40\n", columns=columns).values
    assert (value.case_code, value.level, value.reader) == ("C1", Level.L4, "Li")


def test_a_table_is_read_from_its_file(tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("Title\n编号,检查号,L1 FF\n1,MR1,40\n", encoding="gb18030")
    assert read_readings_raw(path).headers[1] == "检查号"
