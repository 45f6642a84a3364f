"""The record of changes: whole, in order, and editing it shows."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from app import __version__
from app.domain.protocol import Protocol
from app.store import audit, sessions
from app.store.database import Database, create_database, open_database


def _write(database: Database, count: int) -> None:
    for number in range(count):
        with database.transaction():
            audit.append(
                database,
                actor="Erste Ärztin",
                action="test.done",
                subject=f"C{number:04}/L1",
                old="{}",
                new=f'{{"n": {number}}}',
                reason="warum; nicht?",
                protocol="p v1",
            )


def test_entries_come_back_as_they_were_written(database: Database) -> None:
    _write(database, 3)
    created, *mine = audit.entries(database)
    assert created.action == "session.created"
    assert [entry.seq for entry in mine] == [2, 3, 4]
    last = mine[-1]
    assert (last.actor, last.action, last.subject) == ("Erste Ärztin", "test.done", "C0002/L1")
    assert (last.old, last.new, last.reason) == ("{}", '{"n": 2}', "warum; nicht?")
    assert (last.protocol, last.software) == ("p v1", __version__)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", last.at_utc)
    assert audit.first_break(database) is None
    assert audit.head_hash(database) == last.hash


def test_a_hash_can_be_recomputed_from_the_entry_by_anyone(database: Database) -> None:
    _write(database, 1)
    before, entry = audit.entries(database)
    told = [before.hash, entry.seq, entry.at_utc, entry.actor, entry.action, entry.subject]
    told += [entry.old, entry.new, entry.reason, entry.protocol, entry.software]
    content = json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
    assert hashlib.sha256(content).hexdigest() == entry.hash


def test_the_record_of_an_empty_session_is_whole(path: Path) -> None:
    empty = create_database(path)
    assert audit.entries(empty) == []
    assert audit.first_break(empty) is None
    assert audit.head_hash(empty) == "0" * 64
    empty.close()


def test_an_entry_falls_with_the_deed_it_tells_of(database: Database) -> None:
    def fail() -> None:
        with database.transaction():
            audit.append(database, actor="x", action="x", subject="x")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert len(audit.entries(database)) == 1
    _write(database, 1)
    assert audit.first_break(database) is None


def _swap(connection: sqlite3.Connection) -> None:
    connection.execute("UPDATE audit SET seq = 99 WHERE seq = 4")
    connection.execute("UPDATE audit SET seq = 4 WHERE seq = 5")
    connection.execute("UPDATE audit SET seq = 5 WHERE seq = 99")


def _run(sql: str) -> Callable[[sqlite3.Connection], object]:
    return lambda connection: connection.execute(sql)


FORGERIES: dict[str, tuple[Callable[[sqlite3.Connection], object], int]] = {
    **{
        f"{column} changed": (
            _run(f"UPDATE audit SET {column} = {column} || '!' WHERE seq = 4"),  # noqa: S608 - our own names
            4,
        )
        for column in (
            *("at_utc", "actor", "action", "subject", "old", "new", "reason", "protocol", "software"),
            *("previous_hash", "hash"),
        )
    },
    "deleted": (_run("DELETE FROM audit WHERE seq = 4"), 5),
    "first one deleted": (_run("DELETE FROM audit WHERE seq = 1"), 2),
    "deleted and renumbered": (_run("DELETE FROM audit WHERE seq = 4"), 4),
    "reordered": (_swap, 4),
    "one put in": (
        _run(
            "INSERT INTO audit SELECT 8, at_utc, actor, action, subject, old, new, reason, protocol,"
            " software, previous_hash, hash FROM audit WHERE seq = 7"
        ),
        8,
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_editing_the_record_with_another_program_shows_and_is_located(
    database: Database, path: Path, name: str
) -> None:
    _write(database, 6)
    database.close()
    forge, place = FORGERIES[name]
    with closing(sqlite3.connect(path)) as connection:
        for kind in ("update", "delete", "replace"):
            connection.execute(f"DROP TRIGGER audit_no_{kind}")
        forge(connection)
        if name.endswith("renumbered"):
            connection.execute("UPDATE audit SET seq = -seq WHERE seq > 4")
            connection.execute("UPDATE audit SET seq = -seq - 1 WHERE seq < 0")
        connection.commit()
    forged = open_database(path)
    assert audit.first_break(forged) == place
    forged.close()


def test_every_change_of_a_session_is_in_the_record(database: Database) -> None:
    sessions.add_reader(database, "First")
    told = [(entry.actor, entry.action, entry.subject) for entry in audit.entries(database)]
    assert told == [
        (sessions.PROGRAM, "session.created", "session"),
        (sessions.PROGRAM, "reader.added", "First"),
    ]
    assert audit.entries(database)[0].protocol == Protocol().stamp
