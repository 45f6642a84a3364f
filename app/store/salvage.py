"""Bring what can be read of a damaged session into a new file. The damaged one is never written to."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import StoreTooNew, StoreUnavailable
from app.domain.progress import Progress
from app.store import connect, faults, header, migrate, schema
from app.store.building import building
from app.store.lock import SessionLock
from app.store.schema import Table
from app.store.walk import Walk, rows_around


@dataclass(frozen=True, slots=True)
class TableLoss:
    """What became of one table.

    Attributes
    ----------
    table : str
        Which.
    kept : int
        Rows that were brought over.
    gaps : int
        Places where rows cannot be read.
    refused : int
        Rows that were read but make no sense: a column without its value, a key that was there already.
    """

    table: str
    kept: int
    gaps: int
    refused: int

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be lost."""
        return not (self.gaps or self.refused)


def salvage(broken: Path, target: Path, progress: Progress) -> tuple[TableLoss, ...]:
    """Copy a damaged session table by table, row by row around what cannot be read.

    Parameters
    ----------
    broken : Path
        The damaged file. With its journal it is copied first, and only the copy is worked on.
    target : Path
        The new session; nothing may be there yet.
    progress : Progress
        Told of tables.

    Returns
    -------
    tuple of TableLoss
        Every table, in order.

    Raises
    ------
    StoreUnavailable
        ``store.missing``, ``store.empty``, ``store.not_a_session``, ``store.busy``; ``store.exists`` and the
        like for the target; ``salvage.nothing`` when no row can be read. No target is left then.
    StoreTooNew
        ``store.too_new``.
    """
    broken, target = connect.real(broken), connect.real(target)
    if target.exists():
        raise StoreUnavailable("store.exists", file=target.name)
    with working_copy(broken, target.parent) as copy, closing(patient(copy)) as source:
        version = _version(source, broken)
        with building(target, version) as made:
            found = tuple(_tables(source, made, version, progress))
            if not any(one.kept for one in found):
                raise StoreUnavailable("salvage.nothing", file=broken.name)
    return found


@contextmanager
def working_copy(broken: Path, folder: Path) -> Iterator[Path]:
    """A copy of a session file with its journals that may be worked on; gone afterwards.

    Raises
    ------
    StoreUnavailable
        As :func:`salvage`.
    """
    if not connect.is_file(broken):
        raise StoreUnavailable("store.missing", file=broken.name)
    lock = SessionLock(broken)
    try:
        # before the file itself is opened: closing it again would drop the locks that a window of this very
        # program may hold on it
        if not _acquired(lock):
            raise StoreUnavailable("store.busy", file=broken.name)
        _look(broken)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".salvage-") as place:
            copy = Path(place) / "copy.marrow"
            for name_of in (lambda path: path, header.journal_of, header.rollback_of):
                if name_of(broken).exists():
                    shutil.copyfile(name_of(broken), name_of(copy))
            yield copy
    except OSError as problem:
        raise faults.of_system(problem, broken) from problem
    finally:
        lock.release()


def _look(broken: Path) -> None:
    """Refuse what is no session at all; what is only damaged passes."""
    try:
        header.refuse_foreign(broken, migrate.newest())
    except StoreUnavailable as problem:
        if problem.code != "store.corrupt":
            raise


def _acquired(lock: SessionLock) -> bool:
    try:
        return lock.acquire()
    except OSError:
        # where no lock can be made nobody writes either
        return True


def patient(copy: Path) -> sqlite3.Connection:
    """Connect to a working copy that SQLite would rather not open."""
    connection = sqlite3.connect(copy, isolation_level=None)
    # else a file is refused that is shorter than it says, or whose table of contents is damaged in part
    connection.execute("PRAGMA writable_schema = ON")
    connection.execute("PRAGMA cell_size_check = ON")
    return connection


def _version(source: sqlite3.Connection, broken: Path) -> int:
    try:
        found = migrate.version_of(source)
    except sqlite3.DatabaseError as problem:
        raise StoreUnavailable("salvage.nothing", file=broken.name) from problem
    if found > migrate.newest():
        raise StoreTooNew("store.too_new", file=broken.name, version=found, known=migrate.newest())
    return found if found >= 1 else migrate.newest()


def _tables(
    source: sqlite3.Connection, made: sqlite3.Connection, version: int, progress: Progress
) -> Iterator[TableLoss]:
    tables: Mapping[str, Table] = schema.schema_of(version).tables
    for done, table in enumerate(tables.values()):
        progress.report(done, len(tables))
        yield _table(source, made, table)
    progress.report(len(tables), len(tables))


def _table(source: sqlite3.Connection, made: sqlite3.Connection, table: Table) -> TableLoss:
    walk, refused = Walk(), 0
    marks = ", ".join("?" * len(table.columns))
    sql = f"INSERT INTO {table.name} ({', '.join(table.columns)}) VALUES ({marks})"  # noqa: S608 - own names
    for row in rows_around(source, table, walk):
        try:
            made.execute(sql, row)
        except sqlite3.IntegrityError:
            refused += 1
    return TableLoss(table.name, walk.read - refused, walk.gaps, refused)
