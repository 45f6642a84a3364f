"""What was written down is never rewritten, whatever program tries it through SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.case_facts import Fact, FactKind
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import LevelState, Viewer
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.store import answers, case_facts, exams, readings
from app.store.answers import AnswerRow
from app.store.database import Database
from app.store.exams import NewExam
from app.store.series import NewReference

TABLES = [
    "roi_revision",
    "measurement",
    "reading_event",
    "audit",
    "map_slice",
    "map",
    "reference_slice",
    "reference_series",
    "series_answer",
    "reading",
    "protocol",
    "roi_shape",
    "case_fact",
]
ATTACKS = {
    "update": "UPDATE {table} SET {column} = {column}",
    "update or replace": "UPDATE OR REPLACE {table} SET {column} = {column}",
    "delete": "DELETE FROM {table}",
    "replace": "REPLACE INTO {table} SELECT * FROM {table}",
    "insert or replace": "INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    "insert or ignore": "INSERT OR IGNORE INTO {table} SELECT * FROM {table}",
    "upsert": "INSERT INTO {table} SELECT * FROM {table} WHERE true"
    " ON CONFLICT DO UPDATE SET {column} = {column}",
}


@pytest.fixture
def foreign(
    database: Database,
    path: Path,
    first: Viewer,
    exam_id: int,
    make_new: Callable[..., NewExam],
    make_stats: Callable[..., dict[Quantity, RoiStats]],
) -> Iterator[sqlite3.Connection]:
    """Give the connection of a program that knows nothing of our habits."""
    new = make_new()
    water = new.exam.maps[Quantity.FF]
    beside = NewReference(ReferenceSeries("T1", water.stored, water.grid, (0.0, 1.0)), [])
    exams.join(database, exam_id, exams.pack(replace(new, references=(beside,))), actor="First")
    answers.remember(database, [AnswerRow("GE", "", "", "", "", "FF", "percent", "First")])
    reading = readings.open_reading(database, first, exam_id)
    state = LevelState.measured(Rectangle(1, 2, 3, 4, 2, depth=3))
    reading = case_facts.append(database, reading, Fact(FactKind.NOTE, note="hip implant"))
    reading = readings.append_revision(database, reading, Level.L1, state, make_stats())
    readings.append_event(database, reading, "signed_off")
    database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (0,)
        yield connection


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT * FROM {table}").fetchall()  # noqa: S608 - names of our own


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("table", TABLES)
def test_a_foreign_program_cannot_rewrite_a_row(foreign: sqlite3.Connection, table: str, attack: str) -> None:
    before = _rows(foreign, table)
    assert before
    column = foreign.execute("SELECT name FROM pragma_table_info(?) WHERE pk = 0", (table,)).fetchone()[0]
    sql = ATTACKS[attack].format(table=table, column=column)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|pixels never change"):
        foreign.execute(sql)
    assert _rows(foreign, table) == before


@pytest.mark.parametrize(
    ("table", "columns", "values"),
    [
        ("reading", "exam_id, reader_id, round, origin, at_utc", "exam_id, reader_id, round, 'table', ''"),
        (
            "map",
            "exam_id, quantity, dtype, grid, scaling, sha256",
            "exam_id, quantity, dtype, grid, '{}', ''",
        ),
        (
            "reference_series",
            "exam_id, name, dtype, grid, window, sha256",
            "exam_id, name, dtype, grid, '[]', ''",
        ),
    ],
)
def test_a_row_cannot_be_pushed_out_by_another_key_of_the_same_thing(
    foreign: sqlite3.Connection, table: str, columns: str, values: str
) -> None:
    before = _rows(foreign, table)
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|pixels never change"):
        foreign.execute(
            f"INSERT OR REPLACE INTO {table} ({columns}) SELECT {values} FROM {table}"  # noqa: S608 - as above
        )
    assert _rows(foreign, table) == before


@pytest.mark.parametrize("table", TABLES)
def test_our_own_connection_cannot_rewrite_a_row_either(foreign: sqlite3.Connection, table: str) -> None:
    foreign.execute("PRAGMA recursive_triggers = ON")
    with pytest.raises(sqlite3.IntegrityError, match=r"append-only|pixels never change"):
        foreign.execute(f"REPLACE INTO {table} SELECT * FROM {table}")  # noqa: S608 - as above
