"""Connections to a session file, and what is looked at before one is used."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from app.domain.errors import StoreUnavailable
from app.store import faults, header, migrate, place

Stamp = tuple[int, int]

# opened like this SQLite believes that nobody changes the file, and makes no helper files beside it
FROZEN = "ro&immutable=1"
_OLDEST_SQLITE = (3, 37, 0)
_BUSY_MS = 5000
# an import leaves a long journal behind; what is kept of it saves autosave the growing of the file
_JOURNAL_KEPT_BYTES = 4 << 20
_PIXEL_TABLES = {"map_slice", "reference_slice"}


def connect(path: Path, mode: str) -> sqlite3.Connection:
    """Connect to a file that exists.

    Parameters
    ----------
    path : Path
        The file, absolute.
    mode : str
        ``rw``, ``ro`` or :data:`FROZEN`.

    Raises
    ------
    StoreUnavailable
        ``store.sqlite_too_old``.
    """
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreUnavailable("store.sqlite_too_old", version=sqlite3.sqlite_version)
    connection = sqlite3.connect(uri_of(path, mode), uri=True, isolation_level=None, timeout=_BUSY_MS / 1000)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    # without it INSERT OR REPLACE rewrites an append-only row past its triggers
    connection.execute("PRAGMA recursive_triggers = ON")
    # a Mac calls written what its disk still holds in a cache; other systems know no difference
    connection.execute("PRAGMA fullfsync = ON")
    return connection


def uri_of(path: Path, mode: str) -> str:
    """How SQLite is told of a file and a mode."""
    # a drive letter needs a slash before it, a network path keeps its two
    name = path.as_posix()
    return f"file://{'' if name.startswith('/') else '/'}{quote(name)}?mode={mode}"


def prepare_writing(connection: sqlite3.Connection) -> None:
    """Make commits quick and certain: a journal beside the file, and each commit on the disk when it ends.

    The quick journal needs memory that all who use the file share. Computers on a network share none: there,
    and wherever SQLite refuses it, the older journal is used, as safe, but whoever reads makes a writer wait.
    """
    path = Path(connection.execute("PRAGMA database_list").fetchone()["file"])
    if place.is_on_network(path) or not _granted(connection, "WAL"):
        _granted(connection, "DELETE")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_KEPT_BYTES}")


def _granted(connection: sqlite3.Connection, journal: str) -> bool:
    try:
        (mode,) = connection.execute(f"PRAGMA journal_mode = {journal}").fetchone()
    except sqlite3.OperationalError as problem:
        # it changes hands while nobody else uses the file; until then the other one serves
        if problem.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY}:
            raise
        return False
    return bool(mode == journal.lower())


def has_quick_journal(connection: sqlite3.Connection) -> bool:
    """Whether readers and writers of the file leave each other alone."""
    return bool(connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal")


def refuse_foreign(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not ours or is newer, journal included.

    Raises
    ------
    StoreUnavailable, StoreTooNew
        ``store.not_a_session``, ``store.too_new``.
    """
    if connection.execute("PRAGMA application_id").fetchone()[0] != header.APPLICATION_ID:
        raise StoreUnavailable("store.not_a_session", file=path.name)
    migrate.refuse_newer(connection, path)


def check(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse what is not ours, what is newer, and what is damaged, before anything is written.

    Raises
    ------
    StoreUnavailable, StoreTooNew
        As :func:`refuse_foreign`, and ``store.corrupt``.
    """
    refuse_foreign(connection, path)
    migrate.refuse_damaged(connection, path)
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (table,) in tables:
        # reading the pixels of a whole study would take minutes; each slice carries a checksum of its own
        if table not in _PIXEL_TABLES:
            sql = "SELECT quick_check FROM pragma_quick_check(?)"
            if connection.execute(sql, (table,)).fetchone()[0] != "ok":
                raise StoreUnavailable("store.corrupt", file=path.name)


def real(path: Path) -> Path:
    """The file behind all links, so that every way to it meets the same lock."""
    return Path(os.path.realpath(path))


def is_file(path: Path) -> bool:
    """Whether there is a file; where the system does not say, its fault is told."""
    try:
        return path.is_file()
    except OSError as problem:
        raise faults.of_system(problem, path) from problem


def stamp(path: Path) -> Stamp | None:
    """Size and time of change of a file, by which a change shows; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns
