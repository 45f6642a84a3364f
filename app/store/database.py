"""Open, guard and close the one SQLite file of a session."""

from __future__ import annotations

import math
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from app.domain.errors import StoreUnavailable
from app.store import migrate
from app.store.lock import SessionLock

SUFFIX = ".marrow"
_OLDEST_SQLITE = (3, 37, 0)
_BUSY_MS = 5000

# the world's faults a person can act on, by SQLite's primary result code
_CODES = {
    sqlite3.SQLITE_FULL: "store.full",
    sqlite3.SQLITE_BUSY: "store.busy",
    sqlite3.SQLITE_LOCKED: "store.busy",
    sqlite3.SQLITE_READONLY: "store.read_only",
    sqlite3.SQLITE_CORRUPT: "store.corrupt",
    sqlite3.SQLITE_NOTADB: "store.not_a_session",
    sqlite3.SQLITE_CANTOPEN: "store.cannot_open",
    sqlite3.SQLITE_IOERR: "store.io",
    sqlite3.SQLITE_PERM: "store.cannot_open",
}

Row = sqlite3.Row
Parameters = Sequence[Any]


class Database:
    """An open session file.

    Attributes
    ----------
    path : Path
        The file.
    read_only : bool
        True when nothing can be written.
    holder : dict or None
        Who writes to the session, when that is why we may not.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        lock: SessionLock | None,
        read_only: bool = False,
        holder: dict[str, str] | None = None,
    ) -> None:
        self._connection = connection
        self._lock = lock
        self.path = path
        self.read_only = read_only
        self.holder = holder

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        with _told(self.path):
            return self._connection.execute(sql, _plain(parameters)).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """First row of a query, or None."""
        with _told(self.path):
            found: Row | None = self._connection.execute(sql, _plain(parameters)).fetchone()
            return found

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT inside a :meth:`transaction` and give the new row's key."""
        with _told(self.path):
            return int(self._connection.execute(sql, _plain(parameters)).lastrowid or 0)

    def insert_many(self, sql: str, parameters: Sequence[Parameters]) -> None:
        """Run one INSERT for many rows inside a :meth:`transaction`."""
        with _told(self.path):
            self._connection.executemany(sql, [_plain(row) for row in parameters])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commit at the end, roll back on any error.

        Raises
        ------
        StoreUnavailable
            ``store.read_only`` when the session is open for reading only; ``store.full`` and the like
            when the world says no. Nothing is changed then.
        """
        if self.read_only:
            raise StoreUnavailable("store.read_only", file=self.path.name)
        with _told(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                # after a full disk SQLite may have rolled back by itself
                if self._connection.in_transaction:
                    self._connection.rollback()
                raise
            try:
                self._connection.commit()
            except sqlite3.Error:
                if self._connection.in_transaction:
                    self._connection.rollback()
                raise

    def another(self) -> Database:
        """A second connection of this program, for a job in another thread."""
        return Database(
            _connect(self.path, "ro" if self.read_only else "rw"),
            self.path,
            lock=None,
            read_only=self.read_only,
        )

    def copy_to(self, target: Path) -> None:
        """Write a complete copy of the session, also while it is in use.

        Raises
        ------
        StoreUnavailable
            When the target cannot be written; a half-written copy is removed.
        """
        try:
            with _told(target):
                copy = sqlite3.connect(target)
                try:
                    self._connection.backup(copy)
                finally:
                    copy.close()
        except StoreUnavailable:
            target.unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Fold the journal into the file, so that one file is left, and free the lock."""
        if not self.read_only and self._lock is not None:
            # a checkpoint that cannot run now runs at the next start; the journal keeps everything
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
        if self._lock is not None:
            self._lock.release()


def create_database(path: Path) -> Database:
    """Make a new session file.

    Raises
    ------
    StoreUnavailable
        ``store.exists`` when there is a file already, ``store.cannot_open`` where none can be made.
    """
    if path.exists():
        raise StoreUnavailable("store.exists", file=path.name)
    if not path.parent.is_dir():
        raise StoreUnavailable("store.cannot_open", file=path.name)
    return _open_for_writing(path, create=True)


def open_database(path: Path) -> Database:
    """Open an existing session for writing, or for reading where that is all there is.

    A session that another program writes to, or that lies on read-only media, opens read-only.

    Raises
    ------
    StoreUnavailable
        ``store.missing``, ``store.not_a_session``, ``store.corrupt``, ``store.cannot_open``.
    StoreTooNew
        Written by a newer version of the program.
    """
    if not path.is_file():
        raise StoreUnavailable("store.missing", file=path.name)
    with _told(path):
        if not os.access(path, os.R_OK):
            raise StoreUnavailable("store.cannot_open", file=path.name)
        if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
            return _open_for_reading(path, holder=None)
    return _open_for_writing(path, create=False)


def _open_for_writing(path: Path, *, create: bool) -> Database:
    lock = SessionLock(path)
    try:
        if not lock.acquire():
            return _open_for_reading(path, holder=lock.holder())
    except OSError as problem:
        if create:
            raise StoreUnavailable("store.cannot_open", file=path.name) from problem
        return _open_for_reading(path, holder=None)
    try:
        with _told(path):
            connection = _connect(path, "rwc" if create else "rw")
            try:
                _check_file(connection, path, new=create)
                migrate.migrate(connection, path)
            except BaseException:
                connection.close()
                raise
    except BaseException:
        lock.release()
        raise
    return Database(connection, path, lock=lock)


def _open_for_reading(path: Path, *, holder: dict[str, str] | None) -> Database:
    # a file nobody can write to has no journal that could change under us
    frozen = holder is None and not path.with_name(path.name + "-wal").exists()
    with _told(path):
        connection = _connect(path, "ro", immutable=frozen)
        try:
            _check_file(connection, path, new=False)
            migrate.refuse_older(connection, path)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, lock=None, read_only=True, holder=holder)


def _connect(path: Path, mode: str, *, immutable: bool = False) -> sqlite3.Connection:
    if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
        raise StoreUnavailable("store.sqlite_too_old", version=sqlite3.sqlite_version)
    uri = f"file:{quote(path.absolute().as_posix())}?mode={mode}" + ("&immutable=1" if immutable else "")
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=_BUSY_MS / 1000)
    connection.row_factory = sqlite3.Row
    try:
        connection.execute("PRAGMA foreign_keys = ON")
        # without it INSERT OR REPLACE rewrites an append-only row past its triggers
        connection.execute("PRAGMA recursive_triggers = ON")
        if mode != "ro":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
    except BaseException:
        connection.close()
        raise
    return connection


def _check_file(connection: sqlite3.Connection, path: Path, *, new: bool) -> None:
    """Refuse what is not ours, what is newer, and what is visibly damaged, before anything is written."""
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    if not new and (application != migrate.APPLICATION_ID or not tables):
        raise StoreUnavailable("store.not_a_session", file=path.name)
    migrate.refuse_newer(connection, path)


def _plain(parameters: Parameters) -> list[Any]:
    """Python's own types: SQLite would keep a numpy number as a BLOB; what is not finite becomes NULL."""
    return [_plain_value(value) for value in parameters]


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Turn the world's faults into :class:`StoreUnavailable`; our own mistakes stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        primary = getattr(problem, "sqlite_errorcode", 0) & 0xFF
        if primary not in _CODES:
            raise
        raise StoreUnavailable(_CODES[primary], file=path.name) from problem
