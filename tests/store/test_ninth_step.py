"""The ninth version of the file: what a centre brought can be taken back; an older session is as it was."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import audit, exams, foreign, header, merging, migrate, readings, rounds, sealing, sessions
from app.store import taking_back as taking
from app.store.database import Database, open_database
from app.store.rounds import StudyRound
from app.store.stories import Whose

MakeStats = Callable[..., dict[Quantity, RoiStats]]
BOX = LevelState.measured(Rectangle(1, 2, 3, 4, 2))
BEFORE = 8
# of the tables that are made anew; the spans of an older merge are of what readers say only
CHANGED = ("exam", "reader", "study_round", "merge_rows", "withdrawn")


def _rows(connection: sqlite3.Connection, table: str) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()  # noqa: S608 - names of our own


@pytest.fixture
def old(database: Database, tmp_path: Path, first: Viewer, exam_id: int, make_stats: MakeStats) -> Path:
    """A session as version 8 wrote it: two readings, one of them of a merge that was taken back."""
    reading = readings.open_reading(database, first, exam_id)
    readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    with database.transaction():
        rounds.add_round(database, StudyRound())
        before = merging.newest_keys(database)
        whose = Whose(exam_id, first.reader.id, 1, {})
        merge_id = merging.begin_merge(
            database, merging.RESULTS, foreign.record(database), "elsewhere", whose=whose
        )
        spans = {what: key - 1 for what, key in before.items()}
        merging.end_merge(database, merge_id, spans)
        audit.append(database, actor="First", action="merge.done", subject="session")
    taking.withdraw(database, merge_id, actor="First")
    database.close()
    path = tmp_path / "old.marrow"
    with closing(sqlite3.connect(path)) as connection:
        migrate._run_steps(connection, 0, BEFORE)
        connection.commit()
        connection.execute("ATTACH ? AS newer", (str(database.path),))
        tables = [
            name for (name,) in connection.execute("SELECT name FROM main.sqlite_schema WHERE type = 'table'")
        ]
        for table in tables:
            which = " WHERE what IN ('revision', 'event', 'fact')" if table == "merge_rows" else ""
            connection.execute(f"INSERT INTO main.{table} SELECT * FROM newer.{table}{which}")  # noqa: S608 - as above
        connection.commit()
        connection.execute("DETACH newer")
        connection.execute(f"PRAGMA application_id = {header.APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {BEFORE}")
    return path


def test_an_older_session_is_brought_to_date_without_losing_a_row(old: Path, database: Database) -> None:
    with closing(sqlite3.connect(old)) as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        ]
        before = {table: _rows(connection, table) for table in tables}
    assert {name for name in CHANGED if before[name]} == set(CHANGED)
    open_database(old).close()
    sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    with closing(sqlite3.connect(old)) as connection, closing(sqlite3.connect(database.path)) as fresh:
        assert {table: _rows(connection, table) for table in tables} == before
        assert connection.execute(sql).fetchall() == fresh.execute(sql).fetchall()
        assert migrate.version_of(connection) == migrate.newest()
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_what_was_taken_back_before_stays_so_and_the_record_fits(
    old: Path, first: Viewer, exam_id: int
) -> None:
    with closing(open_database(old)) as opened:
        assert readings.open_reading(opened, first, exam_id).revisions == ()
        assert not readings.any_reading(opened)
        (merge,) = merging.merges(opened)
        assert merge.undone
        sealed = sealing.sealed_rows(opened)
        assert [
            flaw for flaw in sealing.compare(opened, sealed) if flaw.values["table"] != "merge_rows"
        ] == []
        assert audit.first_break(opened) is None


def test_what_refers_to_an_exam_or_a_reader_still_does(old: Path, exam_id: int) -> None:
    with closing(open_database(old)) as opened:
        assert set(exams.load(opened, exam_id).maps) == {Quantity.FF, Quantity.R2STAR}
        assert [reader.name for reader in sessions.readers(opened)] == ["First"]
        with pytest.raises(sqlite3.IntegrityError), opened.transaction():
            opened.insert(
                "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc)"
                " VALUES (?, 99, 1, 'images', '')",
                (exam_id,),
            )


@pytest.mark.parametrize(
    "second",
    [
        (
            "INSERT INTO exam (code, origin, manufacturer, model, pixel_sha256, at_utc)"
            " SELECT code, origin, '', '', '', '' FROM exam"
        ),
        "INSERT INTO reader (name, order_seed, at_utc) SELECT name, 1, '' FROM reader",
        (
            "INSERT INTO study_round (number, kind, share, washout_days, seed, at_utc)"
            " SELECT number, kind, 1, 0, 0, '' FROM study_round"
        ),
    ],
)
def test_a_code_a_name_and_a_number_are_there_once(old: Path, second: str) -> None:
    open_database(old).close()
    with closing(sqlite3.connect(old)) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute(second)
