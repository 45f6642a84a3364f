"""A session file that is written from the beginning, and stands under its name only when it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.domain.errors import StoreUnavailable
from app.store import connect, faults, header, migrate
from app.store.database import Database
from app.store.lock import SessionLock


@contextmanager
def new_file(target: Path, source: Path) -> Iterator[Database]:
    """A new session file beside its target, which it replaces at the end if all went well.

    Parameters
    ----------
    target : Path
        Where it should stand.
    source : Path
        The session it is made from, which it must not replace.

    Raises
    ------
    StoreUnavailable
        ``store.copy_onto_itself``; ``store.busy`` when the target is a session in use; otherwise when it
        cannot be written. Whatever the target held is then still there, and nothing half-made is left.
    """
    target = connect.real(target)
    if target == source or (target.exists() and target.samefile(source)):
        raise StoreUnavailable("store.copy_onto_itself", file=target.name)
    part, lock = target.with_name(target.name + ".part"), SessionLock(target)
    try:
        if not lock.acquire():
            raise StoreUnavailable("store.busy", file=target.name)
        try:
            part.unlink(missing_ok=True)
            yield from _filled(part)
            # a journal left behind by the file that goes would be played into the one that comes
            header.journal_of(target).unlink(missing_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
            lock.release()
    except OSError as problem:
        raise faults.of_system(problem, target) from problem


def _filled(part: Path) -> Iterator[Database]:
    """Yield a new file with today's tables; closed and on the disk afterwards."""
    with faults.told(part):
        connection = connect.connect(part, "rwc")
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("PRAGMA secure_delete = ON")
            # on the disk as a whole at the end
            connection.execute("PRAGMA synchronous = OFF")
            migrate.migrate(connection, part)
            # the steps make some tables anew; with nothing in them yet, their freed pages are given back
            connection.execute("VACUUM")
            yield Database(connection, part, lock=None)
        finally:
            connection.close()
    with part.open("rb+") as file:
        os.fsync(file.fileno())
