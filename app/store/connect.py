"""Connections to a session file, and what is looked at before one is used."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from app.domain.errors import StoreUnavailable
from app.store import header, migrate

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
    # a drive letter needs a slash before it, a network path keeps its two
    name = path.as_posix()
    uri = f"file://{'' if name.startswith('/') else '/'}{quote(name)}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_MS / 1000)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA foreign_keys = ON")
    # without it INSERT OR REPLACE rewrites an append-only row past its triggers
    connection.execute("PRAGMA recursive_triggers = ON")
    # a Mac calls written what its disk still holds in a cache; other systems know no difference
    connection.execute("PRAGMA fullfsync = ON")
    return connection


def prepare_writing(connection: sqlite3.Connection) -> None:
    """Make commits quick and certain: a journal beside the file, and each commit on the disk when it ends."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_KEPT_BYTES}")


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
