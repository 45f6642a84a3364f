"""What stands in a file before anybody says what its columns mean: text in any dress, and workbooks."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from app.domain.errors import DataError
from app.files import raw_table, workbook
from app.files.clinical_table import patients_named, understand_table
from app.files.raw_table import TEXT, WORKBOOK, Layout, RawTable, parse_raw, read_raw
from app.files.text_table import decode, find_decimal_sign

HERE = Path("table.xlsx")


def parsed(content: bytes, **layout: Any) -> RawTable:
    return parse_raw(content, HERE, Layout(**layout), patients_named)


def refused(content: bytes, **layout: Any) -> DataError:
    with pytest.raises(DataError) as caught:
        parsed(content, **layout)
    assert caught.value.path == HERE
    return caught.value


def cells(raw: RawTable) -> list[list[str]]:
    return [line for _, line in raw.lines]


# ---- text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding_is_found_by_itself(encoding: str) -> None:
    raw = parsed("病历号,年龄\n0012,65岁\n".encode(encoding))
    assert (raw.encoding, raw.form, raw.sheet) == (encoding, TEXT, "")
    assert (raw.headers, cells(raw)) == (("病历号", "年龄"), [["0012", "65岁"]])


def test_utf_16_is_read_in_both_orders_of_bytes() -> None:
    text = "id\tage\n1\t60\n"
    for mark, name in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        assert cells(parsed(mark + text.encode(name))) == [["1", "60"]]


@pytest.mark.parametrize("content", [b"id,age\n1,6\x000\n", "id\0,age\n1,2\n".encode("utf-16")])
def test_a_text_with_nothing_between_its_signs_is_no_text(content: bytes) -> None:
    assert refused(content).code == "table.not_text"


def test_a_person_can_say_the_encoding() -> None:
    west = "id;name;größe\n1;Weiß;1,7\n".encode("cp1252")
    raw = parsed(west, encoding="cp1252")
    assert (raw.headers[2], raw.encoding) == ("größe", "cp1252")
    # without the mark that tells the order of bytes
    assert parsed("id,age\n1,60\n".encode("utf-16-le"), encoding="utf-16").encoding == "utf-16-le"
    assert parsed("id,age\n1,60\n".encode("utf-16"), encoding="utf-16").encoding == "utf-16"
    assert parsed(b"\xef\xbb\xbfid,age\n1,60\n", encoding="utf-8").headers == ("id", "age")


@pytest.mark.parametrize(
    ("content", "encoding"),
    [(b"id,age\n1,\xff\n", "utf-8"), (b"id,\0age\n1,6\n", "gb18030"), (b"id,age\n1,6\n", "utf-16")],
)
def test_an_encoding_that_does_not_fit_is_refused_and_named(content: bytes, encoding: str) -> None:
    problem = refused(content, encoding=encoding)
    assert (problem.code, problem.values["encoding"]) == ("table.wrong_encoding", encoding)


def test_nothing_is_ever_replaced_in_a_text() -> None:
    for encoding in ("utf-8", "gb18030"):
        text, _ = decode("张三é".encode(encoding), HERE)
        assert text == "张三é"


def test_a_person_can_say_the_delimiter() -> None:
    content = b"id,age;note\n1,60;a\n"
    assert parsed(content).delimiter == ","
    raw = parsed(content, delimiter=";")
    assert (raw.delimiter, raw.headers) == (";", ("id,age", "note"))


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("id;T\n1;-2,6\n", ","),
        ("id\tT\n1\t-2,6\n", ","),
        ("id;T\n1;-2.6\n", "."),
        # both stand there: the comma may divide thousands
        ("id;T;x\n1;-2.6;1,234\n", "."),
        ("id;T\n1;-2\n", "."),
        ('id,T\n1,"-2,6"\n', "."),
    ],
)
def test_the_decimal_sign_is_found_where_it_is_certain(text: str, sign: str) -> None:
    assert parsed(text.encode()).decimal_sign == sign


def test_a_person_can_say_the_decimal_sign() -> None:
    raw = parsed(b'id,T\n1,"-2,6"\n', decimal_sign=",")
    assert raw.decimal_comma
    assert not parsed(b"id;T\n1;-2,6\n", decimal_sign=".").decimal_comma


def test_the_decimal_sign_is_looked_for_at_the_beginning_only() -> None:
    lines = [(number, ["1", "2"]) for number in range(3000)]
    assert find_decimal_sign([*lines, (3001, ["1", "2,5"])], ";") == "."


def test_titles_above_the_headers_are_passed_over() -> None:
    raw = parsed("BMD 2024\n\nward,7\n病历号,年龄\n1,60\n".encode())
    assert (raw.header_line, raw.headers, [line for line, _ in raw.lines]) == (4, ("病历号", "年龄"), [5])


def test_without_a_header_that_is_understood_the_fullest_first_line_is_taken() -> None:
    raw = parsed("导出,\n编号,年纪,T\n1,60,-1\n2,,\n".encode())
    assert (raw.header_line, raw.headers) == (2, ("编号", "年纪", "T"))


def test_a_person_can_say_the_line_of_the_headers() -> None:
    content = b"id,age\nnr,years\n1,60\n"
    raw = parsed(content, header_line=2)
    assert (raw.headers, raw.header_line) == (("nr", "years"), 2)
    assert refused(content, header_line=7).code == "table.no_such_line"
    assert refused(b"id,age\n1,60\n", header_line=2).code == "table.no_rows"


def test_a_far_header_line_is_found_where_a_person_says_it() -> None:
    content = b"".join(b"title %d\n" % number for number in range(30)) + b"id;age\n1;60\n"
    assert parsed(content, header_line=31).headers == ("id", "age")


def test_a_quote_that_goes_astray_far_down_is_told_with_its_line() -> None:
    content = b"id,age\n" + b"1,60\n" * 40 + b'2,"61\n'
    problem = refused(content)
    assert (problem.code, problem.values["line"]) == ("table.broken_quotes", 42)


def test_headers_are_known_by_all_of_them_in_order() -> None:
    first = parsed(b"id,age\n1,60\n").headers_sha256
    assert first == parsed(b"id;age\n5;1\n").headers_sha256
    assert first != parsed(b"age,id\n1,60\n").headers_sha256


def test_a_file_is_read_as_a_whole_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(b"id,age\n1,60\n")
    assert read_raw(path, Layout(), patients_named).headers == ("id", "age")
    with pytest.raises(DataError, match=r"table\.unreadable"):
        read_raw(tmp_path, Layout(), patients_named)


# ---- workbooks


Rows = Sequence[Sequence[Any]]


def book(*sheets: tuple[str, Rows], change: Callable[[Workbook], None] | None = None) -> bytes:
    made = Workbook()
    made.remove(made.active)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change is not None:
        change(made)
    content = io.BytesIO()
    made.save(content)
    return content.getvalue()


TABLE: Rows = (("病历号", "年龄", "T值"), ("0012", 65, -2.5), ("0013", 61.5, None))


def test_a_workbook_reads_as_a_text_would() -> None:
    raw = parsed(book(("病人", TABLE)))
    assert (raw.form, raw.sheets, raw.sheet, raw.delimiter, raw.encoding) == (
        WORKBOOK,
        ("病人",),
        "病人",
        "",
        "",
    )
    assert cells(raw) == [["0012", "65", "-2.5"], ["0013", "61.5"]]
    assert [line for line, _ in raw.lines] == [2, 3]


def test_a_title_over_merged_cells_is_passed_over() -> None:
    def merge(made: Workbook) -> None:
        made["S"].merge_cells("A1:C1")

    raw = parsed(book(("S", (("骨密度 2024", None, None), (), *TABLE)), change=merge))
    assert (raw.header_line, raw.headers) == (3, ("病历号", "年龄", "T值"))


def test_dates_of_excel_become_iso_dates() -> None:
    rows = (
        ("id", "检查日期", "x"),
        ("1", date(2024, 3, 5), datetime(2024, 3, 5, 10, 30)),  # noqa: DTZ001 - Excel knows no zones
        ("2", datetime(2024, 3, 5), time(10, 30)),  # noqa: DTZ001 - as above
        ("3", None, timedelta(hours=30)),
    )
    assert cells(parsed(book(("S", rows)))) == [
        ["1", "2024-03-05", "2024-03-05 10:30:00"],
        ["2", "2024-03-05", "10:30:00"],
        ["3", "", "1 day, 6:00:00"],
    ]


def test_numbers_keep_every_digit_and_the_zeros_they_are_shown_with() -> None:
    def show(made: Workbook) -> None:
        made["S"]["A2"].number_format = "0000000"

    rows = (("id", "x", "y", "z"), (12, 0.8123456789012, 65.0, True), (13, 1e-7, -0.0, False))
    assert cells(parsed(book(("S", rows), change=show))) == [
        ["0000012", "0.8123456789012", "65", "1"],
        ["13", "1e-07", "0", "0"],
    ]


def test_an_identifier_of_which_excel_lost_digits_is_not_used() -> None:
    raw = parsed(book(("S", (("id", "age"), (123456789012345678, 60), (123456789012345, 61)))))
    first, second = understand_table(raw).rows
    assert (first.patient_id, [one.code for one in first.problems]) == ("", ["clinical.spoiled_id"])
    assert second.patient_id == "123456789012345"


def test_the_first_sheet_that_names_patients_is_taken_and_another_on_demand() -> None:
    content = book(("Notes", (("made by",), ("Li",))), ("A", TABLE), ("B", (("id", "age"), ("9", 50))))
    assert (parsed(content).sheet, parsed(content).sheets) == ("A", ("Notes", "A", "B"))
    assert cells(parsed(content, sheet="B")) == [["9", "50"]]


def test_a_sheet_that_is_not_there_is_told_with_those_that_are() -> None:
    problem = refused(book(("A", TABLE), ("B", TABLE)), sheet="C")
    assert (problem.code, problem.values["sheet"], problem.values["sheets"]) == (
        "table.no_such_sheet",
        "C",
        "A, B",
    )


def test_where_no_sheet_names_patients_the_first_with_cells_is_shown() -> None:
    raw = parsed(book(("Empty", ()), ("S", (("编号", "x"), ("1", 2))), ("T", (("a", "b"), (1, 2)))))
    assert (raw.sheet, raw.headers) == ("S", ("编号", "x"))
    # the one a person asks for is shown even so
    assert parsed(book(("A", TABLE), ("T", (("a", "b"), (1, 2)))), sheet="T").headers == ("a", "b")


@pytest.mark.parametrize(
    ("rows", "code"),
    [((), "table.empty"), ((("id", "age"),), "table.no_rows"), ((("only",), ("one",)), "table.no_table")],
)
def test_a_workbook_without_a_table_is_refused(rows: Rows, code: str) -> None:
    assert refused(book(("S", rows))).code == code


def test_a_workbook_that_is_cut_off_is_told() -> None:
    whole = book(("S", TABLE))
    for length in (40, len(whole) // 2, len(whole) - 30):
        assert refused(whole[:length]).code == "table.broken_workbook"


def _rewritten(content: bytes, name: str, change: Callable[[bytes], bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        for part in old.infolist():
            inside = old.read(part)
            new.writestr(part.filename, change(inside) if part.filename == name else inside)
    return made.getvalue()


def test_a_workbook_whose_sheet_is_damaged_is_told() -> None:
    broken = _rewritten(book(("S", TABLE)), "xl/worksheets/sheet1.xml", lambda xml: xml[: len(xml) // 2])
    assert refused(broken).code == "table.broken_workbook"


def test_what_a_sheet_says_of_its_own_size_cuts_nothing_off() -> None:
    def lie(xml: bytes) -> bytes:
        assert b'<dimension ref="A1:C3"' in xml
        return xml.replace(b'<dimension ref="A1:C3"', b'<dimension ref="A1"')

    assert len(cells(parsed(_rewritten(book(("S", TABLE)), "xl/worksheets/sheet1.xml", lie)))) == 2


def test_an_archive_of_something_else_is_no_workbook() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("content.xml", "<x/>")
    assert refused(made.getvalue()).code == "table.not_a_workbook"


def test_an_old_workbook_and_a_protected_one_are_told_apart_whatever_they_are_called() -> None:
    compound = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
    assert refused(compound).code == "table.old_excel"
    assert refused(compound + "EncryptedPackage".encode("utf-16-le")).code == "table.password"


def test_a_workbook_that_would_fill_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "_LARGEST_UNPACKED", 100)
    assert refused(book(("S", TABLE))).code == "table.too_large"


def test_a_workbook_is_known_by_its_content_and_not_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes(book(("S", TABLE)))
    assert read_raw(path, Layout(), patients_named).form == WORKBOOK


@given(st.binary(max_size=200), st.integers(0, 60))
def test_any_damage_to_a_workbook_is_told_and_no_accident(noise: bytes, at: int) -> None:
    whole = _SOME
    content = whole[: at * len(whole) // 60] + noise + whole[at * len(whole) // 60 + len(noise) :]
    with suppress(DataError):
        assert parsed(content).lines


_SOME = book(("S", TABLE))


def test_a_decimal_comma_in_texts_of_a_workbook_is_found() -> None:
    raw = parsed(book(("S", (("id", "T"), ("1", "-2,6")))))
    assert raw.decimal_comma


def test_the_limits_are_those_of_tables() -> None:
    assert raw_table.LARGEST_BYTES >= 100_000_000
