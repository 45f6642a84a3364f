"""Backups of a session, and what can be done when its file is damaged: restore one, or salvage the rest."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.domain.progress import Progress
from app.services.open_session import Session
from app.store import audit, backup, checks, salvage, sealing
from app.store.backup import Backup as Backup
from app.store.backup import MapLoss as MapLoss
from app.store.database import Database, json_text, open_database
from app.store.salvage import TableLoss as TableLoss
from app.store.sealing import Flaw
from app.store.sessions import PROGRAM


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What came of a damaged session.

    Attributes
    ----------
    path : Path
        The new session.
    tables : tuple of TableLoss
        Every table.
    lost : tuple of Flaw
        What the record says was written and is not there, or not as it was: each row with case and level,
        each map with its case. Of rows that an older version wrote the record may not know.
    """

    path: Path
    tables: tuple[TableLoss, ...]
    lost: tuple[Flaw, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is known to be lost."""
        return not self.lost and all(one.whole for one in self.tables)


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a backup and the images beside it.

    Attributes
    ----------
    path : Path
        The new session.
    lost : tuple of MapLoss
        Maps and series whose voxels were not found.
    """

    path: Path
    lost: tuple[MapLoss, ...]


def back_up(session: Session, now: datetime | None = None) -> Path | None:
    """Write a rolling backup of everything but the voxels beside the session, and forget the oldest.

    Parameters
    ----------
    session : Session
        Open, also to a reader who may not see everything: nothing of it is shown.
    now : datetime, optional
        When, with its time zone; otherwise the present moment.

    Returns
    -------
    Path or None
        The file; None where the newest one says the same already, or nothing can be written here.

    Raises
    ------
    StoreUnavailable
        ``store.full``, ``store.cannot_open`` and the like.
    """
    return backup.write(session.database, now or datetime.now(UTC))


def newest_entry(session: Session) -> str:
    """Hash of the newest entry of the record: another one where something was written since."""
    return backup.newest_entry(session.database)


def backups_of(session: Path) -> list[Backup]:
    """Backups beside a session file, which may be damaged or gone; the newest first."""
    return backup.backups(session)


def restore_backup(of: Path, images: Path, target: Path, progress: Progress) -> Restored:
    """Make a session of a backup and of the voxels of the damaged session, which is not written to.

    Raises
    ------
    StoreUnavailable, StoreTooNew
        As :func:`app.store.backup.restore`.
    """
    lost = backup.restore(of, images, target, progress)
    with closing(open_database(target)) as database:
        content = {"without_voxels": [f"{one.code}/{one.name}" for one in lost]}
        _note(database, "session.restored", content)
    return Restored(target, lost)


def salvage_session(broken: Path, target: Path, progress: Progress) -> Salvaged:
    """Bring what can be read of a damaged session into a new one, and say what could not.

    Parameters
    ----------
    broken : Path
        Never written to.
    target : Path
        The new session; nothing may be there yet.
    progress : Progress
        Told of tables, then of maps.

    Raises
    ------
    StoreUnavailable, StoreTooNew
        As :func:`app.store.salvage.salvage`.
    """
    tables = salvage.salvage(broken, target, progress)
    with closing(open_database(target)) as database:
        sealed = sealing.sealed_rows(database)
        lost = [one for one in sealing.compare(database, sealed) if one.code != "verify.row_added"]
        lost += checks.voxels(database, progress)
        content = {one.table: one.gaps + one.refused for one in tables if not one.whole}
        _note(database, "session.salvaged", {"damaged": content, "lost": len(lost)})
    return Salvaged(target, tables, tuple(lost))


def _note(database: Database, action: str, content: object) -> None:
    with database.transaction():
        audit.append(database, actor=PROGRAM, action=action, subject="session", new=json_text(content))
