"""The third version of the file: a reading can say more, and what an older session holds is still there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.case_facts import CaseFacts, Counted, Fact, FactKind
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import case_facts, header, migrate, readings
from app.store.database import Database, open_database

BOX = LevelState.measured(Rectangle(1, 2, 3, 4, 2))


@pytest.fixture
def old(
    database: Database,
    tmp_path: Path,
    first: Viewer,
    exam_id: int,
    make_stats: Callable[..., dict[Quantity, RoiStats]],
) -> Path:
    """A session as version 2 wrote it, with an open reading of one level."""
    reading = readings.open_reading(database, first, exam_id)
    readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    database.close()
    path = tmp_path / "old.marrow"
    with closing(sqlite3.connect(path)) as connection:
        migrate._run_steps(connection, 0, 2)
        connection.commit()
        connection.execute("ATTACH ? AS newer", (str(database.path),))
        for (table,) in connection.execute(
            "SELECT name FROM main.sqlite_schema WHERE type = 'table'"
        ).fetchall():
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM newer.{table}")  # noqa: S608 - names of our own
        connection.commit()
        connection.execute("DETACH newer")
        connection.execute(f"PRAGMA application_id = {header.APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 2")
    return path


def test_readings_of_an_older_session_are_the_same_and_go_on(old: Path, first: Viewer, exam_id: int) -> None:
    opened = open_database(old)
    try:
        reading = readings.open_reading(opened, first, exam_id)
        assert reading.history.rectangles == {Level.L1: Rectangle(1, 2, 3, 4, 2, angle_deg=0.0, depth=1)}
        assert case_facts.facts(opened, first, exam_id) == CaseFacts()
        case_facts.append(opened, reading, Fact(FactKind.COUNTED, Counted.FROM_C2.value))
        assert case_facts.facts(opened, first, exam_id).counted is Counted.FROM_C2
    finally:
        opened.close()


def test_an_older_session_brought_to_date_is_the_same_as_a_new_one(old: Path, database: Database) -> None:
    open_database(old).close()
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    with closing(sqlite3.connect(old)) as connection, closing(sqlite3.connect(database.path)) as fresh:
        assert connection.execute(sql).fetchall() == fresh.execute(sql).fetchall()
        assert migrate.version_of(connection) == migrate.newest()
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
