"""Bring a session file to today's schema, one numbered step after the other, all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from app.domain.errors import StoreTooNew, StoreUnavailable

# "MRRW": tells our files from other SQLite databases
APPLICATION_ID = 0x4D525257


def steps() -> dict[int, str]:
    """SQL text of each step by its number."""
    found = {}
    for entry in files("app.store.migrations").iterdir():
        if entry.name.endswith(".sql"):
            found[int(entry.name.split("_")[0])] = entry.read_text(encoding="utf-8")
    return dict(sorted(found.items()))


def newest() -> int:
    """Schema version this program writes."""
    return max(steps())


def version_of(connection: sqlite3.Connection) -> int:
    """Schema version of an open file; 0 for an empty one."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def refuse_newer(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file from a newer program before anything is written to it.

    Raises
    ------
    StoreTooNew
        ``store.too_new``.
    """
    version = version_of(connection)
    if version > newest():
        raise StoreTooNew("store.too_new", file=path.name, version=version, known=newest())


def refuse_older(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file that needs new steps but cannot be written to.

    Raises
    ------
    StoreUnavailable
        ``store.old_and_read_only``.
    """
    if version_of(connection) < newest():
        raise StoreUnavailable("store.old_and_read_only", file=path.name)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run every step the file has not seen, inside one transaction.

    A file that already holds something is copied to ``NAME.marrow.before-vN`` first.
    """
    version = version_of(connection)
    target = newest()
    if version == target:
        return
    if version > 0:
        _backup(connection, path.with_name(f"{path.name}.before-v{target}"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, script in steps().items():
            if number > version:
                for statement in _statements(script):
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {target}")
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _backup(connection: sqlite3.Connection, target: Path) -> None:
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _statements(script: str) -> Iterator[str]:
    """Split a script; executescript would commit the transaction it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
