"""Session files from elsewhere: opened for reading only, and their records kept whole beside ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import StoreUnavailable
from app.store import connect, header, migrate
from app.store.database import Database, Row
from app.store.faults import told

PACKAGE_OF, PACKAGE_ROUND, RESULTS_ONLY = "package_of", "package_round", "results_only"
"""Under which a file says from which study it was made, for which round, and that it has no images."""

_ENTRY = (
    "seq",
    "at_utc",
    "actor",
    "action",
    "subject",
    "old",
    "new",
    "reason",
    "protocol",
    "software",
    "previous_hash",
    "hash",
)


@dataclass(frozen=True, slots=True)
class About:
    """What a session file says of itself.

    Attributes
    ----------
    origin : str
        What it is known by; the results of a package have that of the package.
    study : str
        Origin of the study a package was made from; empty for what is no package.
    round : int
        Round a package was made for; 0 for what is no package.
    results_only : bool
        Images were left out, so that nothing can be read in it.
    """

    origin: str
    study: str
    round: int
    results_only: bool


def open_foreign(path: Path) -> Database:
    """Open a session file without changing a byte of it, also where nothing can be written.

    Raises
    ------
    StoreUnavailable
        ``store.missing`` and whatever else is wrong with a session file; ``store.old_and_read_only`` for one
        that an older version wrote.
    StoreTooNew
        Written by a newer version of the program.
    """
    path = connect.real(path)
    if not connect.is_file(path):
        raise StoreUnavailable("store.missing", file=path.name)
    header.refuse_foreign(path, migrate.newest())
    # with nothing in the journal SQLite needs no helper files, which it would leave beside the file
    mode, frozen = "ro", None
    if not header.has_journal(path):
        mode, frozen = connect.FROZEN, connect.stamp(path)
    with told(path):
        connection = connect.connect(path, mode)
        try:
            connect.check(connection, path)
            migrate.refuse_older(connection, path)
        except BaseException:
            connection.close()
            raise
    return Database(connection, path, lock=None, read_only=True, frozen=frozen)


def about(database: Database) -> About:
    """What a session file says of itself."""
    said = {row["key"]: row["value"] for row in database.rows("SELECT key, value FROM session")}
    number = said.get(PACKAGE_ROUND, "")
    return About(
        origin=said.get("origin", ""),
        study=said.get(PACKAGE_OF, ""),
        round=int(number) if number.isdecimal() else 0,
        results_only=RESULTS_ONLY in said,
    )


def record(database: Database) -> list[Row]:
    """Every entry of a file's own record with its hashes, oldest first."""
    return database.rows(f"SELECT {', '.join(_ENTRY)} FROM audit ORDER BY seq")  # noqa: S608 - own names


def keep_record(database: Database, merge_id: int, entries: Sequence[Row]) -> None:
    """Keep the whole record of a file that was merged, inside the caller's transaction."""
    database.insert_many(
        f"INSERT INTO foreign_audit (merge_id, {', '.join(_ENTRY)})"  # noqa: S608 - own names
        f" VALUES (?, {', '.join('?' * len(_ENTRY))})",
        [(merge_id, *entry) for entry in entries],
    )


def kept_record(database: Database, merge_id: int) -> list[Row]:
    """The record that came with a merge, oldest first."""
    return database.rows(
        f"SELECT {', '.join(_ENTRY)} FROM foreign_audit WHERE merge_id = ? ORDER BY seq",  # noqa: S608 - own names
        (merge_id,),
    )
