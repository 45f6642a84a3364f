"""Open, guard and close the one SQLite file of a session."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from operator import methodcaller
from pathlib import Path
from typing import Any

from app.domain.errors import BlindingError, StoreUnavailable
from app.store import connect, copying, faults, header, migrate, plain, seals
from app.store.faults import told
from app.store.guard import Guard, Scope
from app.store.lock import SessionLock

SUFFIX = ".marrow"

Row = sqlite3.Row
Parameters = Sequence[Any]


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
    written : Written
        Rows of the transaction at hand that the record does not tell of yet.
    slow_journal : bool
        True where the quick journal does not work, as on a network drive: whoever reads makes a writer wait.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        *,
        lock: SessionLock | None,
        read_only: bool = False,
        holder: dict[str, str] | None = None,
        frozen: connect.Stamp | None = None,
    ) -> None:
        self._connection = connection
        self._lock = lock
        # set when SQLite was told that the file cannot change
        self._frozen = frozen
        self.path = path
        self.read_only = read_only
        self.holder = holder
        self.written = seals.Written()
        self.slow_journal = not read_only and not connect.has_quick_journal(connection)
        self._guard: Guard | None = None

    def rows(self, sql: str, parameters: Parameters = ()) -> list[Row]:
        """All rows of a query."""
        self._refuse_changed()
        with self._asked(sql) as query:
            return self._connection.execute(query, plain.values(parameters)).fetchall()

    def row(self, sql: str, parameters: Parameters = ()) -> Row | None:
        """First row of a query, or None."""
        self._refuse_changed()
        # closed, because a query left half-read keeps the journal from being folded into the file
        with (
            self._asked(sql) as query,
            closing(self._connection.execute(query, plain.values(parameters))) as cursor,
        ):
            found: Row | None = cursor.fetchone()
            return found

    @contextmanager
    def _asked(self, sql: str, *, insert: bool = False) -> Iterator[str]:
        """Around one statement, which is given back as it has to be run."""
        if self._guard is None:
            with told(self.path):
                yield sql
            return
        around = self._guard.insert if insert else self._guard.query
        # the world's faults are told first, and are the same for everybody
        with around(sql) as passed, told(self.path):
            yield passed

    def _refuse_changed(self) -> None:
        if self._frozen is not None and connect.stamp(self.path) != self._frozen:
            raise StoreUnavailable("store.changed_elsewhere", file=self.path.name)

    def insert(self, sql: str, parameters: Parameters = ()) -> int:
        """Run one INSERT inside a :meth:`transaction` and give the new row's key."""
        values = plain.values(parameters)
        with self._asked(sql, insert=True) as passed:
            key = int(self._connection.execute(passed, values).lastrowid or 0)
        self.written.note(sql, values, key)
        return key

    def insert_many(self, sql: str, parameters: Sequence[Parameters]) -> None:
        """Run one INSERT for many rows inside a :meth:`transaction`."""
        # one by one, because only so SQLite tells the key of each
        for row in parameters:
            self.insert(sql, row)

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
            self.written.forget()
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

        It is guarded as this one is, and has to be closed before this one.
        """
        second = self.apart()
        if self._guard is not None:
            second.guard(self._guard.scope)
        return second

    def apart(self) -> Database:
        """A second connection that nothing guards: for a moment, to ask who somebody is; never handed on."""
        return Database(
            self._connect(),
            self.path,
            lock=None,
            read_only=self.read_only,
            holder=self.holder,
            frozen=self._frozen,
        )

    def _connect(self) -> sqlite3.Connection:
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
        return connection

    @property
    def guarded(self) -> bool:
        """Whether only what a blinded reader may see can be read here."""
        return self._guard is not None

    @property
    def scope(self) -> Scope | None:
        """Whose rows are shown here; None for nobody's, and where all are."""
        return self._guard.scope if self._guard else None

    def guard(self, scope: Scope | None) -> None:
        """Give up the plain connection for one that shows a reader's own rows of a round only.

        Parameters
        ----------
        scope : Scope or None
            Whose rows; None for nobody, who sees no exam and no reading.
        """
        fresh = self._connect()
        try:
            guard = Guard(fresh, scope)
        except BaseException:
            fresh.close()
            raise
        self._exchange(fresh, guard)

    def unguard(self) -> None:
        """Take the plain connection again; who may ask for that, the caller has made sure."""
        self._exchange(self._connect(), None)

    def _exchange(self, fresh: sqlite3.Connection, guard: Guard | None) -> None:
        # the new one first: the last connection to go would fold the journal into the file
        gone, self._connection, self._guard = self._connection, fresh, guard
        gone.close()

    def copy_to(self, target: Path) -> None:
        """Write a complete copy of the session, also while it is in use.

        Raises
        ------
        BlindingError
            ``blinding.closed`` on a guarded connection.
        StoreUnavailable
            ``store.copy_onto_itself``; ``store.busy`` when the target is a session in use; otherwise when
            the target cannot be written. What the target held before is then still there.
        """
        if self._guard is not None:
            raise BlindingError("blinding.closed")
        target = connect.real(target)
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
            if self._guard is not None:
                self._guard.lift()
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
    path = connect.real(path)
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
    path = connect.real(path)
    if not connect.is_file(path):
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
    if not header.has_journal(path) and not header.has_rollback(path):
        # SQLite cannot make its helper files here; the stamp shows when somebody else can write after all
        return _open_for_reading(path, connect.FROZEN, frozen=connect.stamp(path))
    try:
        return _open_for_reading(path, "ro")
    except StoreUnavailable as problem:
        if problem.code not in {"store.cannot_open", "store.read_only"}:
            raise
        raise StoreUnavailable("store.journal_and_read_only", file=path.name) from problem


def _open_for_reading(
    path: Path, mode: str, *, holder: dict[str, str] | None = None, frozen: connect.Stamp | None = None
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
