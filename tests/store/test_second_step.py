"""The second version of the file: everything an older session holds is still there, byte for byte."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import audit, exams, exported, header, migrate, readings
from app.store.database import Database, open_database
from app.store.exams import NewExam

MakeStats = Callable[..., dict[Quantity, RoiStats]]


def _rows(connection: sqlite3.Connection, table: str, columns: str = "*") -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT {columns} FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608 - names of our own


def _columns(connection: sqlite3.Connection, table: str) -> str:
    found = connection.execute("SELECT name FROM pragma_table_info(?)", (table,)).fetchall()
    return ", ".join(name for (name,) in found)


def _tables(connection: sqlite3.Connection) -> list[str]:
    sql = "SELECT name FROM sqlite_schema WHERE type = 'table'"
    return [name for (name,) in connection.execute(sql)]


@pytest.fixture
def old(database: Database, tmp_path: Path, first: Viewer, exam_id: int, make_stats: MakeStats) -> Path:
    """A session as version 1 wrote it: an exam, a signed-off reading, a record."""
    reading = readings.open_reading(database, first, exam_id)
    for level in (Level.L1, Level.L2):
        state = LevelState.measured(Rectangle(1, 2, 3, 4, 2))
        reading = readings.append_revision(database, reading, level, state, make_stats())
    readings.append_event(database, reading, "signed_off")
    database.close()
    path = tmp_path / "old.marrow"
    with closing(sqlite3.connect(path)) as connection:
        migrate._run_steps(connection, 0, 1)
        connection.commit()
        connection.execute("ATTACH ? AS newer", (str(database.path),))
        for table in _tables(connection):
            names = _columns(connection, table)
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM newer.{table}")  # noqa: S608 - as above
        connection.commit()
        connection.execute("DETACH newer")
        connection.execute(f"PRAGMA application_id = {header.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
    return path


def test_an_older_session_is_brought_to_date_without_losing_a_byte(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        tables = _tables(connection)
        columns = {table: _columns(connection, table) for table in tables}
        before = {table: _rows(connection, table, columns[table]) for table in tables}
    assert {"map", "map_slice", "map_source", "measurement", "identity"} <= {
        name for name in tables if before[name]
    }
    open_database(old).close()
    with closing(sqlite3.connect(old)) as connection:
        after = {table: _rows(connection, table, columns[table]) for table in tables}
        assert after == before
        assert migrate.version_of(connection) == migrate.newest()
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert not {name for name in _tables(connection) if name.startswith("old_")}


def test_the_session_from_before_lies_beside_it(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        before = {table: _rows(connection, table) for table in _tables(connection)}
    open_database(old).close()
    with closing(sqlite3.connect(old.with_name(f"old.marrow.before-v{migrate.newest()}"))) as connection:
        assert migrate.version_of(connection) == 1
        assert {table: _rows(connection, table) for table in _tables(connection)} == before


def test_a_session_brought_to_date_is_the_same_as_a_new_one(old: Path, database: Database) -> None:
    open_database(old).close()
    open_database(database.path).close()
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    with closing(sqlite3.connect(old)) as connection, closing(sqlite3.connect(database.path)) as fresh:
        assert connection.execute(sql).fetchall() == fresh.execute(sql).fetchall()


def test_what_refers_to_a_map_still_does(old: Path) -> None:
    opened = open_database(old)
    try:
        loaded = exams.load(opened, 1)
        assert set(loaded.maps) == {Quantity.FF, Quantity.R2STAR}
        (facts,) = exported.exam_facts(opened)
        assert facts.maps[Quantity.FF].scaling.derived == ""
        assert [one.age for one in exams.identities(opened)] == [""]
        assert audit.first_break(opened) is None
        with pytest.raises(sqlite3.IntegrityError), opened.transaction():
            opened.insert("INSERT INTO map_slice (map_id, slice, codec, content) VALUES (99, 0, '', x'')")
        with pytest.raises(sqlite3.IntegrityError, match="pixels never change"), opened.transaction():
            opened.insert("UPDATE map SET scaling = ''")
    finally:
        opened.close()


def test_maps_of_floating_point_numbers_can_be_kept_now(old: Path, make_new: Callable[..., NewExam]) -> None:
    opened = open_database(old)
    grid = Grid((2, 3, 4), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))
    scaling = Scaling(
        1.0, 0.0, "none", "answer", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0, derived="signal_ff"
    )
    for number, kind in enumerate(("f4", "f8")):
        stored = np.linspace(-3.5, 101.25, 24, dtype=kind).reshape(2, 3, 4)
        stored[1, 1, 1] = np.nan
        given = ParametricMap(Quantity.FF, stored, grid, scaling)
        new = make_new(Exam(f"F000{number}", {Quantity.FF: given}), study_uid=f"5.{number}")
        found = exams.load(opened, exams.add(opened, exams.pack(new), actor="First")).maps[Quantity.FF]
        assert found.stored.dtype == np.dtype(f"<{kind}")
        assert found.stored.tobytes() == stored.tobytes()
        assert found.scaling == scaling
        assert found.largest_stored == stored[1, 2, 3]
    with pytest.raises(sqlite3.IntegrityError, match="CHECK"), opened.transaction():
        opened.insert(
            "INSERT INTO map (exam_id, quantity, dtype, grid, scaling, sha256)"
            " VALUES (1, 'FAT', '<i4', '', '', '')"
        )
    opened.close()
