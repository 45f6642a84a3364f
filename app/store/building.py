"""Make a session file row by row: it appears under its name when it is whole, and not at all before."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from app.store import faults, header, schema
from app.store.schema import Schema


@contextmanager
def building(target: Path, version: int, *, source: str = "") -> Iterator[sqlite3.Connection]:
    """A new session file with empty tables; indexes, views and triggers come when the caller has filled them.

    Parameters
    ----------
    target : Path
        Where it will lie; a file that is there is replaced.
    version : int
        Of the schema.
    source : str
        Another session file, from :func:`app.store.connect.uri_of`, to be read under the name ``source``.

    Yields
    ------
    sqlite3.Connection
        Inside a transaction.

    Raises
    ------
    StoreUnavailable
        ``store.full`` and the like when it cannot be written. Nothing is left behind then.
    """
    part = target.with_name(target.name + ".part")
    try:
        try:
            part.unlink(missing_ok=True)
            with faults.told(target), closing(_empty(part)) as connection:
                if source:
                    connection.execute("ATTACH ? AS source", (source,))
                yield from _filled(connection, schema.schema_of(version), version)
            _keep(part, target)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except OSError as problem:
        raise faults.of_system(problem, target) from problem


def _empty(part: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(part.absolute().as_uri(), uri=True, isolation_level=None)
    connection.row_factory = sqlite3.Row
    # nobody sees the file before it is whole and on the disk, so it needs no journal there on the way
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA synchronous = OFF")
    return connection


def _filled(connection: sqlite3.Connection, wanted: Schema, version: int) -> Iterator[sqlite3.Connection]:
    connection.execute(f"PRAGMA application_id = {header.APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("BEGIN")
    for table in wanted.tables.values():
        connection.execute(table.sql)
    yield connection
    for sql in (*wanted.others.values(), *wanted.triggers.values()):
        connection.execute(sql)
    connection.execute("COMMIT")


def _keep(part: Path, target: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    # a journal left behind by a file of that name would be played into this one
    header.journal_of(target).unlink(missing_ok=True)
    part.replace(target)


def copy_tables(
    connection: sqlite3.Connection, wanted: Schema, *, without: frozenset[str] = frozenset()
) -> None:
    """Take over the rows of all tables of the attached file, but those of some.

    Parameters
    ----------
    connection : sqlite3.Connection
        From :func:`building`, with a source of the same version.
    wanted : Schema
        Of both.
    without : frozenset of str
        Tables that stay empty.
    """
    for name, table in wanted.tables.items():
        if name not in without:
            columns = ", ".join(table.columns)
            connection.execute(f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM source.{name}")  # noqa: S608 - own names
