"""Bring a session file to today's schema, one numbered step after the other, all or nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path

from app.domain.errors import StoreTooNew, StoreUnavailable
from app.store.copying import write_copy
from app.store.header import APPLICATION_ID


@cache
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


def refuse_damaged(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a file whose tables, views and indexes are not those of its version.

    Triggers are left to the check of the record: without them a file can still be read.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt``.
    """
    version = version_of(connection)
    with closing(model(version)) as wanted:
        if version < 1 or not _definitions(wanted) <= _definitions(connection):
            raise StoreUnavailable("store.corrupt", file=path.name)


def model(version: int) -> sqlite3.Connection:
    """An empty file of a version, in memory; whoever asks closes it."""
    made = sqlite3.connect(":memory:")
    _run_steps(made, 0, version)
    return made


def _definitions(connection: sqlite3.Connection) -> set[tuple[str, str]]:
    sql = "SELECT name, sql FROM sqlite_schema WHERE type <> 'trigger'"
    return {tuple(row) for row in connection.execute(sql)}


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Run every step the file has not seen, inside one transaction.

    A file that already holds something is copied to ``NAME.marrow.before-vN`` first; where that cannot be
    written, nothing is migrated.
    """
    version = version_of(connection)
    target = newest()
    if version == target:
        return
    if version > 0:
        write_copy(connection, path.with_name(f"{path.name}.before-v{target}"))
    connection.execute("BEGIN IMMEDIATE")
    try:
        _run_steps(connection, version, target)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {target}")
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _run_steps(connection: sqlite3.Connection, version: int, target: int) -> None:
    for number, script in steps().items():
        if version < number <= target:
            for statement in _statements(script):
                connection.execute(statement)


def _statements(script: str) -> Iterator[str]:
    """Split a script; executescript would commit the transaction it runs in."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
