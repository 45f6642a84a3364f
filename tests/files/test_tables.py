import csv
import io
import math
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import DataError
from app.files.tables import Cell, Table, cell_text, is_variable_name, neutralised, write_tables

MARK = b"\xef\xbb\xbf"
STARTS = "=+-@\t\r\n＝＋－＠"

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
floats = st.floats(allow_nan=True, allow_infinity=True)
cells = st.one_of(st.none(), texts, st.integers(-(2**60), 2**60), floats, st.booleans())


def write(folder: Path, *rows: tuple[Cell, ...], columns: tuple[str, ...] = ("a",)) -> bytes:
    (path,) = write_tables(folder, {"t.csv": Table(columns, rows)})
    return path.read_bytes()


# ---- cells


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        (None, ""),
        (math.nan, ""),
        (math.inf, ""),
        (-1.2, "-1.2"),
        (1 / 3, "0.3333333333333333"),
        (-7, "-7"),
        (True, "1"),
        (False, "0"),
        (np.float64(-0.5), "-0.5"),
        (np.float64("nan"), ""),
        (np.int64(3), "3"),
        (np.bool_(True), "1"),
        (date(2024, 3, 5), "2024-03-05"),
        ("C0417", "C0417"),
        ("0417", "0417"),
        ("", ""),
        ("-1.2", "'-1.2"),
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("＝1", "'＝1"),
    ],
)
def test_a_cell_is_written_as_every_program_reads_it(cell: Cell, told: str) -> None:
    assert cell_text(cell) == told


@given(texts)
def test_no_text_begins_as_a_formula_and_nothing_else_is_changed(text: str) -> None:
    safe = neutralised(text)
    assert not safe or safe[0] not in STARTS
    assert safe == text or safe == "'" + text
    assert (safe == text) == (not text or text[0] not in STARTS)
    assert neutralised(safe) == safe


@given(floats)
def test_a_float_comes_back_as_the_very_same_float(value: float) -> None:
    told = cell_text(value)
    assert told == "" if not math.isfinite(value) else float(told) == value


# ---- files


def test_a_file_begins_with_the_byte_order_mark_and_ends_its_lines_as_windows_does(tmp_path: Path) -> None:
    content = write(tmp_path, (1.5, None), ("张", "a,b"), ('say "yes"', "two\nlines"), columns=("x", "y"))
    expected = 'x,y\r\n1.5,\r\n张,"a,b"\r\n"say ""yes""","two\nlines"\r\n'
    assert content == MARK + expected.encode()


def test_a_text_without_utf8_is_written_as_its_number(tmp_path: Path) -> None:
    assert write(tmp_path, ("a\ud800",)).endswith(b"a\\ud800\r\n")


@given(st.lists(st.tuples(cells, cells), max_size=6))
@settings(deadline=None)
def test_what_is_written_is_what_a_csv_reader_reads(rows: list[tuple[Cell, Cell]]) -> None:
    with TemporaryDirectory() as folder:
        content = write(Path(folder), *rows, columns=("a", "b"))
    lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
    assert list(lines) == [["a", "b"], *([cell_text(one) for one in row] for row in rows)]


@given(st.lists(st.tuples(st.floats(-1e9, 1e9, width=32), texts), min_size=1, max_size=6))
@settings(deadline=None)
def test_pandas_reads_numbers_as_numbers_and_texts_as_texts(rows: list[tuple[float, str]]) -> None:
    with TemporaryDirectory() as folder:
        (path,) = write_tables(Path(folder), {"t.csv": Table(("x", "y"), rows)})
        frame = pd.read_csv(path, dtype={"y": str}, keep_default_na=False)
    # pandas may round the last digit when it reads
    assert frame["x"].astype(float).tolist() == pytest.approx([x for x, _ in rows], rel=1e-14)
    assert frame["y"].tolist() == [neutralised(y) for _, y in rows]


def test_files_are_written_in_the_order_of_the_tables_and_nothing_else_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    written = write_tables(folder, {name: Table(("a",), [(1,)]) for name in ("b.csv", "a.csv")})
    assert [path.name for path in written] == ["b.csv", "a.csv"]
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "b.csv"]


def test_a_place_that_cannot_be_written_to_is_said_and_nothing_is_left(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(DataError) as refused:
        write(blocked / "folder", (1,))
    assert refused.value.code == "export.cannot_write"
    assert refused.value.path == blocked / "folder"
    assert blocked.read_text() == "in the way"


def test_when_one_file_cannot_be_written_the_others_keep_what_they_held(tmp_path: Path) -> None:
    write_tables(tmp_path, {"first.csv": Table(("old",), [])})
    # a folder where the second file's parts would go
    (tmp_path / "second.csv.part").mkdir()
    tables = {name: Table(("new",), []) for name in ("first.csv", "second.csv")}
    with pytest.raises(DataError):
        write_tables(tmp_path, tables)
    assert (tmp_path / "first.csv").read_bytes() == MARK + b"old\r\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.csv", "second.csv.part"]


def test_rows_that_fail_half_way_leave_the_file_as_it_was(tmp_path: Path) -> None:
    before = write(tmp_path, (1,))
    with pytest.raises(ValueError, match="2 cells under 1"):
        write(tmp_path, (1,), (1, 2))
    assert (tmp_path / "t.csv").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


# ---- names of columns


@pytest.mark.parametrize("name", ["FF_mean", "R2star_mean", "L1", "a" * 64, "x"])
def test_spss_takes_a_name_as_it_is(name: str) -> None:
    assert is_variable_name(name)


@pytest.mark.parametrize(
    "name", ["", "1FF", "R2*", "FF mean", "FF_", "_FF", "a" * 65, "and", "With", "é", "FF\n"]
)
def test_a_name_spss_would_change_makes_no_table(name: str) -> None:
    assert not is_variable_name(name)
    with pytest.raises(ValueError, match="column names"):
        Table((name,), [])


def test_names_that_differ_only_in_case_make_no_table() -> None:
    with pytest.raises(ValueError, match="column names"):
        Table(("ff", "FF"), [])
