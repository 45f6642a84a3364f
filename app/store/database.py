"""Open, guard and close the one SQLite file of a session."""

from __future__ import annotations

import json
import math
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from operator import methodcaller
from pathlib import Path
from typing import Any

import numpy as np

from app.domain.errors import StoreUnavailable
from app.store import connect, copying, faults, header, migrate
from app.store.faults import told
from app.store.lock import SessionLock

SUFFIX = ".marrow"

Row = sqlite3.Row
Parameters = Sequence[Any]
# size and time of change of a file
_Stamp = tuple[int, int]


class Database:
    """An open session file.

    Attributes
    ----------
    path : Path
        The file, links followed.
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
        frozen: _Stamp | None = None,
    ) -> None:
        self._connection = connection
        self._lock = lock
        # set when SQLite was told that the file cannot change
        self._frozen = frozen
        self.path = path
        self.read_only = read_only
        self.holder = holder

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        self._refuse_changed()
        with told(self.path):
            return self._connection.execute(sql, _plain(parameters)).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """First row of a query, or None."""
        self._refuse_changed()
        # closed, because a query left half-read keeps the journal from being folded into the file
        with told(self.path), closing(self._connection.execute(sql, _plain(parameters))) as cursor:
            found: Row | None = cursor.fetchone()
            return found

    def _refuse_changed(self) -> None:
        if self._frozen is not None and _stamp(self.path) != self._frozen:
            raise StoreUnavailable("store.changed_elsewhere", file=self.path.name)

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT inside a :meth:`transaction` and give the new row's key."""
        with told(self.path):
            return int(self._connection.execute(sql, _plain(parameters)).lastrowid or 0)

    def insert_many(self, sql: str, parameters: Sequence[Parameters]) -> None:
        """Run one INSERT for many rows inside a :meth:`transaction`."""
        with told(self.path):
            self._connection.executemany(sql, [_plain(row) for row in parameters])

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing: commit at the end, roll back on any error.

        Raises
        ------
        StoreUnavailable
            ``store.read_only`` when the session is open for reading only; ``store.moved`` when its file is
            no longer where it was; ``store.full`` and the like when the world says no. Nothing is changed
            then.
        """
        if self.read_only:
            raise StoreUnavailable("store.read_only", file=self.path.name)
        # SQLite would go on writing to a file that nobody will find again
        if not self.path.exists():
            raise StoreUnavailable("store.moved", file=self.path.name)
        with told(self.path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                self._roll_back()
                raise

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """Several queries that see one state, whatever others write meanwhile."""
        if self._connection.in_transaction:
            yield
            return
        with told(self.path):
            self._connection.execute("BEGIN")
            try:
                yield
            finally:
                self._roll_back()

    def _roll_back(self) -> None:
        # after a full disk SQLite may have done so by itself
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def another(self) -> Database:
        """A second connection of this program, for a job in another thread: call it there.

        It has to be closed before this one.
        """
        mode = "rw"
        if self.read_only:
            mode = "ro" if self._frozen is None else connect.FROZEN
        with told(self.path):
            connection = connect.connect(self.path, mode)
            try:
                if not self.read_only:
                    connect.prepare_writing(connection)
            except BaseException:
                connection.close()
                raise
        return Database(
            connection,
            self.path,
            lock=None,
            read_only=self.read_only,
            holder=self.holder,
            frozen=self._frozen,
        )

    def copy_to(self, target: Path) -> None:
        """Write a complete copy of the session, also while it is in use.

        Raises
        ------
        StoreUnavailable
            ``store.copy_onto_itself``; ``store.busy`` when the target is a session in use; otherwise when
            the target cannot be written. What the target held before is then still there.
        """
        target = _real(target)
        if target == self.path or (target.exists() and target.samefile(self.path)):
            raise StoreUnavailable("store.copy_onto_itself", file=target.name)
        lock = _lock_of(target)
        if lock is None:
            raise StoreUnavailable("store.busy", file=target.name)
        try:
            self._refuse_changed()
            copying.write_copy(self._connection, target)
        finally:
            lock.release()

    def close(self) -> None:
        """Fold the journal into the file, so that one file is left, and free the lock."""
        try:
            if self._lock is not None:
                # a checkpoint that cannot run now runs at the next start; the journal keeps everything
                with suppress(sqlite3.Error):
                    self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._connection.close()
        finally:
            if self._lock is not None:
                self._lock.release()


def json_text(content: object) -> str:
    """JSON with sorted keys, in which numpy's numbers are Python's own."""
    return json.dumps(content, sort_keys=True, default=methodcaller("item"))


def create_database(path: Path) -> Database:
    """Make a new session file.

    Raises
    ------
    StoreUnavailable
        ``store.exists`` when there is a file already, ``store.cannot_open`` where none can be made,
        ``store.busy`` while a program has a session open there, ``store.full``.
    """
    path = _real(path)
    lock = _lock_of(path)
    if lock is None:
        raise StoreUnavailable("store.busy", file=path.name)
    try:
        _touch(path)
        try:
            return _open_for_writing(path, lock, new=True)
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    except BaseException:
        lock.release()
        raise


def _touch(path: Path) -> None:
    """Make an empty file, and know that it was us."""
    try:
        path.touch(exist_ok=False)
    except FileExistsError as problem:
        raise StoreUnavailable("store.exists", file=path.name) from problem
    except OSError as problem:
        raise faults.of_system(problem, path) from problem


def open_database(path: Path) -> Database:
    """Open an existing session for writing, or for reading where that is all there is.

    A session that another program writes to, or that lies on read-only media, opens read-only.

    Raises
    ------
    StoreUnavailable
        ``store.missing``, ``store.empty``, ``store.not_a_session``, ``store.corrupt``,
        ``store.cannot_open``, ``store.old_and_read_only``, ``store.journal_and_read_only``, ``store.full``.
    StoreTooNew
        Written by a newer version of the program.
    """
    path = _real(path)
    if not _is_file(path):
        raise StoreUnavailable("store.missing", file=path.name)
    if not os.access(path, os.W_OK) or not os.access(path.parent, os.W_OK):
        return _open_unwritable(path)
    try:
        lock = _lock_of(path)
    except StoreUnavailable as problem:
        if problem.code == "store.full":
            raise
        return _open_unwritable(path)
    if lock is None:
        # without a look at the header: closing a plain file would drop the locks that another window of this
        # very program may hold on it
        return _open_for_reading(path, "ro", holder=SessionLock(path).holder())
    try:
        header.refuse_foreign(path, migrate.newest())
        _refuse_foreign_journal(path)
        return _open_for_writing(path, lock, new=False)
    except BaseException:
        lock.release()
        raise


def _refuse_foreign_journal(path: Path) -> None:
    """Look for what is in the journal only; reading alone leaves both files as they are."""
    if header.has_journal(path):
        with told(path), closing(connect.connect(path, "ro")) as connection:
            connect.refuse_foreign(connection, path)


def _open_for_writing(path: Path, lock: SessionLock, *, new: bool) -> Database:
    with told(path):
        connection = connect.connect(path, "rw")
        try:
            if not new:
                connect.check(connection, path)
            # first, so that the file itself and not only its journal says what it is
            migrate.migrate(connection, path)
            connect.prepare_writing(connection)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, lock=lock)


def _open_unwritable(path: Path) -> Database:
    header.refuse_foreign(path, migrate.newest())
    if not header.has_journal(path):
        # SQLite cannot make its helper files here; the stamp shows when somebody else can write after all
        return _open_for_reading(path, connect.FROZEN, frozen=_stamp(path))
    try:
        return _open_for_reading(path, "ro")
    except StoreUnavailable as problem:
        if problem.code not in {"store.cannot_open", "store.read_only"}:
            raise
        raise StoreUnavailable("store.journal_and_read_only", file=path.name) from problem


def _open_for_reading(
    path: Path, mode: str, *, holder: dict[str, str] | None = None, frozen: _Stamp | None = None
) -> Database:
    with told(path):
        connection = connect.connect(path, mode)
        try:
            connect.check(connection, path)
            migrate.refuse_older(connection, path)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, lock=None, read_only=True, holder=holder, frozen=frozen)


def _lock_of(path: Path) -> SessionLock | None:
    """The session's lock, taken; None where another program holds it."""
    lock = SessionLock(path)
    try:
        return lock if lock.acquire() else None
    except OSError as problem:
        raise faults.of_system(problem, path) from problem


def _real(path: Path) -> Path:
    """The file behind all links, so that every way to it meets the same lock."""
    return Path(os.path.realpath(path))


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError as problem:
        raise faults.of_system(problem, path) from problem


def _stamp(path: Path) -> _Stamp | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _plain(parameters: Parameters) -> list[Any]:
    """Python's own types: SQLite would keep a numpy number as a BLOB; what is not finite becomes NULL."""
    return [_plain_value(value) for value in parameters]


def _plain_value(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
