"""Rolling backups of everything but the voxels, and the way back: a backup beside the images of the session.

Voxels are the most of a session, never change, and each map carries their hash. So a backup is small and
quick, and whatever file still has the voxels of a map can give them back.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.domain.errors import StoreUnavailable
from app.domain.progress import Progress
from app.store import audit, connect, faults, header, migrate, schema
from app.store.building import building, copy_tables
from app.store.database import Database
from app.store.salvage import patient, working_copy
from app.store.voxels import MapLoss as MapLoss
from app.store.voxels import bring

KEPT = 10
"""How many backups of a session are kept: the newest ones."""

SUFFIX = ".marrow-backup"
_TIME = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class Backup:
    """One backup.

    Attributes
    ----------
    path : Path
        The file.
    at_utc : datetime
        When it was made.
    """

    path: Path
    at_utc: datetime


def folder_of(session: Path) -> Path:
    """Where the backups of a session lie: beside it."""
    return session.with_name(f"{session.name}-backups")


def backups(session: Path) -> list[Backup]:
    """All backups of a session, the newest first."""
    found = []
    for path in folder_of(connect.real(session)).glob(f"*{SUFFIX}"):
        # whatever else lies there is nobody's business
        with suppress(ValueError):
            told = datetime.strptime(path.stem.rpartition("-")[2], _TIME).replace(tzinfo=UTC)
            found.append(Backup(path, told))
    return sorted(found, key=lambda one: (one.at_utc, one.path.name), reverse=True)


def write(database: Database, now: datetime) -> Path | None:
    """Write a backup, unless nothing was written to the record since the newest one.

    Also from a guarded connection: what is written lies beside the session and holds no more than it does.

    Parameters
    ----------
    database : Database
        The session, which may be in use.
    now : datetime
        When, with its time zone.

    Returns
    -------
    Path or None
        The file; None where the newest one says the same already, or nothing can be written here.

    Raises
    ------
    StoreUnavailable
        When it cannot be written; the older ones are then still there.
    """
    if database.read_only:
        return None
    known = backups(database.path)
    if known and _head_of(known[0].path) == newest_entry(database):
        return None
    target = folder_of(database.path) / f"{database.path.stem}-{now.astimezone(UTC).strftime(_TIME)}{SUFFIX}"
    try:
        target.parent.mkdir(exist_ok=True)
    except OSError as problem:
        raise faults.of_system(problem, target.parent) from problem
    source = connect.uri_of(database.path, "ro")
    with building(target, migrate.newest(), source=source) as made:
        copy_tables(made, schema.newest(), without=schema.PIXELS)
    _forget_old(database.path)
    return target


def newest_entry(database: Database) -> str:
    """Hash of the newest entry of the record: another one where something was written since.

    Raises
    ------
    StoreUnavailable
        When it cannot be read.
    """
    # of its own, because a guarded connection shows nobody the record
    with faults.told(database.path), closing(connect.connect(database.path, "ro")) as plain:
        return _head(plain)


def _head(connection: sqlite3.Connection) -> str:
    row = connection.execute("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1").fetchone()
    return str(row["hash"]) if row else audit.START


def _head_of(path: Path) -> str | None:
    """Head of a backup; None where it cannot be read, so that another one is made."""
    try:
        with closing(connect.connect(path, connect.FROZEN)) as connection:
            return _head(connection)
    except sqlite3.DatabaseError:
        return None


def _forget_old(session: Path) -> None:
    for old in backups(session)[KEPT:]:
        # one that cannot be removed now goes the next time
        with suppress(OSError):
            old.path.unlink()


def restore(backup: Path, images: Path, target: Path, progress: Progress) -> tuple[MapLoss, ...]:
    """Make a session of a backup and of the voxels that another file holds, which may be damaged.

    Every map gets its voxels by their hash, from wherever in the other file they lie.

    Parameters
    ----------
    backup : Path
        Made by :func:`write`.
    images : Path
        The damaged session, an older copy of it, or any session with the same maps. Never written to.
    target : Path
        The new session; nothing may be there yet.
    progress : Progress
        Told of maps.

    Returns
    -------
    tuple of MapLoss
        What could not be brought back.

    Raises
    ------
    StoreUnavailable
        When the backup is none or damaged, the other file no session, or the target cannot be written.
    StoreTooNew
        ``store.too_new``.
    """
    backup, images, target = connect.real(backup), connect.real(images), connect.real(target)
    if target.exists():
        raise StoreUnavailable("store.exists", file=target.name)
    version = _look_at(backup)
    wanted, source = schema.schema_of(version), connect.uri_of(backup, connect.FROZEN)
    with (
        working_copy(images, target.parent) as copy,
        closing(patient(copy)) as damaged,
        building(target, version, source=source) as made,
    ):
        copy_tables(made, wanted, without=schema.PIXELS)
        return bring(damaged, made, wanted, progress)


def _look_at(backup: Path) -> int:
    """Version of a backup that can be used."""
    if not connect.is_file(backup):
        raise StoreUnavailable("store.missing", file=backup.name)
    header.refuse_foreign(backup, migrate.newest())
    with faults.told(backup), closing(connect.connect(backup, connect.FROZEN)) as connection:
        connect.check(connection, backup)
        return migrate.version_of(connection)
