"""Numbered steps: all or nothing, never without a copy of the old file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.errors import StoreUnavailable
from app.store import header, migrate, sessions
from app.store.database import Database, open_database

LATER = """-- a comment; with a semicolon
CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;
CREATE TRIGGER later_no_delete BEFORE DELETE ON later
BEGIN SELECT RAISE(ABORT, 'append-only'); END;
INSERT INTO later (id) VALUES (7);
"""


@pytest.fixture
def old(database: Database, path: Path) -> Path:
    sessions.add_reader(database, "First")
    database.close()
    return path


def _teach(monkeypatch: pytest.MonkeyPatch, script: str) -> int:
    """Let the program know one more step."""
    newest = migrate.newest() + 1
    steps = migrate.steps() | {newest: script}
    monkeypatch.setattr(migrate, "steps", lambda: steps)
    return newest


def _version(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return migrate.version_of(connection)


def test_the_steps_are_numbered_without_a_gap() -> None:
    assert list(migrate.steps()) == list(range(1, migrate.newest() + 1))


def test_a_new_session_carries_the_mark_of_the_program(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        (mark,) = connection.execute("PRAGMA application_id").fetchone()
        assert mark == header.APPLICATION_ID == int.from_bytes(b"MRRW", "big")
        sql = "SELECT name, strict FROM pragma_table_list WHERE type = 'table'"
        strict = connection.execute(sql).fetchall()
    assert {name for name, is_strict in strict if not is_strict} <= {"sqlite_schema", "sqlite_temp_schema"}


def test_an_old_session_is_copied_and_then_brought_to_date(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = migrate.newest()
    newest = _teach(monkeypatch, LATER)
    opened = open_database(old)
    assert [row["id"] for row in opened.rows("SELECT id FROM later")] == [7]
    assert [reader.name for reader in sessions.readers(opened)] == ["First"]
    opened.close()
    assert _version(old) == newest
    backup = old.with_name(f"{old.name}.before-v{newest}")
    assert sorted(entry.name for entry in old.parent.iterdir()) == [old.name, backup.name]
    assert _version(backup) == before
    monkeypatch.undo()
    opened = open_database(backup)
    assert [reader.name for reader in sessions.readers(opened)] == ["First"]
    opened.close()


def test_a_step_that_fails_leaves_the_old_session_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = migrate.newest()
    _teach(monkeypatch, f"{LATER}{LATER}")
    with pytest.raises(sqlite3.OperationalError, match="already exists"):
        open_database(old)
    monkeypatch.undo()
    assert _version(old) == before
    opened = open_database(old)
    assert not opened.read_only
    assert not opened.rows("SELECT 1 FROM sqlite_schema WHERE name = 'later'")
    opened.close()


def test_a_step_that_ends_the_transaction_itself_still_tells_its_error(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _teach(monkeypatch, "ROLLBACK;\nINSERT INTO nowhere VALUES (1);\n")
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        open_database(old)


def test_without_room_for_the_copy_nothing_is_migrated(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = migrate.newest()
    newest = _teach(monkeypatch, LATER)
    # something that cannot be replaced stands where the copy belongs
    obstacle = old.with_name(f"{old.name}.before-v{newest}.part")
    obstacle.mkdir()
    with pytest.raises(StoreUnavailable) as caught:
        open_database(old)
    assert caught.value.code == "store.cannot_open"
    assert _version(old) == before
    obstacle.rmdir()
    opened = open_database(old)
    opened.close()
    assert _version(old) == newest


def test_a_session_whose_version_was_wiped_out_is_damaged(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("PRAGMA user_version = 0")
    with pytest.raises(StoreUnavailable) as caught:
        open_database(old)
    assert caught.value.code == "store.corrupt"


def test_a_session_without_one_of_its_tables_is_damaged(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("DROP VIEW level_state")
        connection.commit()
    with pytest.raises(StoreUnavailable) as caught:
        open_database(old)
    assert caught.value.code == "store.corrupt"


def test_what_another_program_added_does_no_harm(old: Path) -> None:
    with closing(sqlite3.connect(old)) as connection:
        connection.execute("CREATE TABLE extra (x)")
        connection.execute("ANALYZE")
        connection.commit()
    open_database(old).close()
