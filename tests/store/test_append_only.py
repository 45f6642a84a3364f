"""What was written down is never rewritten, whatever program tries it through SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.case_facts import Fact, FactKind
from app.domain.disagreement import Ruling
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import LevelState, Reading, Role, Viewer
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.store import (
    adjudications,
    answers,
    case_facts,
    exams,
    joining,
    merging,
    people,
    readings,
    rounds,
    taking_back,
)
from app.store import foreign as foreign_files
from app.store.adjudications import Adjudication
from app.store.answers import AnswerRow
from app.store.database import Database
from app.store.exams import NewExam
from app.store.merging import PackageRow
from app.store.rounds import Assignment, StudyRound
from app.store.series import NewReference
from app.store.stories import Whose

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
    "role_grant",
    "credential",
    "blinding_event",
    "exposure",
    "adjudication",
    "adjudicated_value",
    "study_round",
    "assignment",
    "exam_use",
    "training_reference",
    "reading_reason",
    "package",
    "merge",
    "merge_rows",
    "foreign_audit",
    "withdrawn",
    "centre_case",
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
    box = Rectangle(1, 2, 3, 4, 2, depth=3)
    state = LevelState.measured(box)
    reading = case_facts.append(database, reading, Fact(FactKind.NOTE, note="hip implant"))
    reading = readings.append_revision(database, reading, Level.L1, state, make_stats())
    reading = readings.append_event(database, reading, "signed_off")
    _have_a_study(database, reading)
    _have_a_merge(database, reading)
    decided = Adjudication(exam_id, Level.L1, Ruling.drawn(box), make_stats(), "")
    adjudications.append(database, first, decided)
    # last, because it closes the session
    _have_people(database, first)
    database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        assert connection.execute("PRAGMA recursive_triggers").fetchone() == (0,)
        assert connection.execute("PRAGMA foreign_keys").fetchone() == (0,)
        yield connection


def _have_people(database: Database, first: Viewer) -> None:
    """Leave a row in each table of roles, secrets and blinding."""
    people.grant(database, first.reader, set(Role), actor="First")
    people.set_secret(database, first.reader, "", actor="First")
    people.say_blinded(database, first.reader, "why", closed=True)
    people.expose(database, first.reader, "why")


def _have_a_study(database: Database, reading: Reading) -> None:
    """Leave a row in each table of rounds, training and unlocking."""
    with database.transaction():
        rounds.add_round(database, StudyRound())
        rounds.assign(database, [Assignment(reading.viewer.reader.id, reading.exam_id, 1)], "why")
        rounds.use_for_training(database, [reading.exam_id], training=True)
        rounds.add_reference(database, reading.exam_id, {Level.L1: {Quantity.FF: 40.0}})
        readings.unlock(database, reading, reading.viewer.reader, "why")


def _have_a_merge(database: Database, reading: Reading) -> None:
    """Leave a row in each table of packages and merges."""
    reader = reading.viewer.reader
    row = PackageRow(0, "elsewhere", reader.id, 1, "", "", 1, "")
    merging.add_package(database, row, reader=reader.name, actor="First")
    with database.transaction():
        before = merging.newest_keys(database)
        whose = Whose(reading.exam_id, reader.id, 1, {})
        merge_id = merging.begin_merge(
            database, merging.RESULTS, foreign_files.record(database), "elsewhere", whose=whose
        )
        case = (merge_id, reading.exam_id)
        joining.note_case(database, *case, "C0001", same=True)
        merging.end_merge(database, merge_id, {what: key - 1 for what, key in before.items()})
    taking_back.withdraw(database, merge_id, actor="First")


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
        (
            "package",
            "origin, reader_id, round, parent_hash, first_hash, exams, at_utc",
            "origin, reader_id, 2, '', '', 1, ''",
        ),
        ("study_round", "number, kind, share, washout_days, seed, at_utc", "number, kind, 0.5, 1, 1, ''"),
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
