"""Complete copies of a session that is in use."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from app.store import faults, header


def write_copy(connection: sqlite3.Connection, target: Path) -> None:
    """Copy a session to another file, all of it or nothing.

    Parameters
    ----------
    connection : sqlite3.Connection
        The session, also in the middle of its work.
    target : Path
        Replaced at once when the copy is complete; until then whatever it holds stays.

    Raises
    ------
    StoreUnavailable
        When the target cannot be written; nothing half-written stays behind.
    """
    part = target.with_name(target.name + ".part")
    try:
        part.unlink(missing_ok=True)
        try:
            with faults.told(target), closing(sqlite3.connect(part)) as copy:
                connection.backup(copy)
            # a journal left behind by the file that goes would be played into the one that comes
            header.journal_of(target).unlink(missing_ok=True)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    except OSError as problem:
        raise faults.of_system(problem, target) from problem
