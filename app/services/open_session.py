"""Make, open and close a session, and say who works in it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.domain.reading import Reader, Viewer
from app.services.changed import What as What
from app.store import audit, foreign, people, readings, sealing, sessions
from app.store.audit import AuditRow as AuditRow
from app.store.database import SUFFIX as SUFFIX
from app.store.database import Database, create_database, open_database

# a session needs somebody to read in it; the name can be any
FIRST_READER = "Reader 1"


@dataclass(frozen=True, slots=True)
class Session:
    """An open session file.

    Attributes
    ----------
    database : Database
        The store; only services touch it.
    synthetic : bool
        Holds made-up patients, which every page says.
    """

    database: Database
    synthetic: bool

    @property
    def name(self) -> str:
        """File name without folder."""
        return self.database.path.name

    @property
    def path(self) -> Path:
        """The session file."""
        return self.database.path

    @property
    def read_only(self) -> bool:
        """Whether nothing can be written."""
        return self.database.read_only

    @property
    def holder(self) -> dict[str, str] | None:
        """Who writes to the session (``host``, ``process``, ``since``), when that is why we may not."""
        return self.database.holder

    @property
    def slow_journal(self) -> bool:
        """Whether it lies where the quick journal does not work, such as on a network drive."""
        return self.database.slow_journal

    @property
    def protocol(self) -> Protocol:
        """The protocol in force."""
        return sessions.current_protocol(self.database)[1]

    def another(self) -> Session:
        """The same session on a connection of its own, for a job in another thread."""
        return Session(self.database.another(), self.synthetic)

    def close(self) -> None:
        """Leave one complete file behind and free the lock."""
        self.database.close()


def create_session(
    path: Path,
    protocol: Protocol | None = None,
    *,
    synthetic: bool = False,
    reader: str = FIRST_READER,
    seed: int | None = None,
) -> Session:
    """Make a new session with one reader.

    Parameters
    ----------
    path : Path
        Where; ``.marrow`` is added when missing.
    protocol : Protocol, optional
        Rules of the study; the lumbar default otherwise.
    synthetic : bool
        Label the session as made-up patients.
    reader : str
        Name of the first reader.
    seed : int, optional
        Of that reader's order of cases; drawn at random otherwise.

    Raises
    ------
    StoreUnavailable
        When the file exists or cannot be made.
    """
    path = path if path.suffix == SUFFIX else path.with_name(path.name + SUFFIX)
    database = create_database(path)
    try:
        sessions.begin(database, protocol or Protocol(), synthetic=synthetic)
        sessions.add_reader(database, reader, seed)
    except BaseException:
        database.close()
        # a session that was never begun is no session
        with suppress(OSError):
            path.unlink()
        raise
    return Session(database, synthetic)


def open_session(path: Path) -> Session:
    """Open a session; read-only where it cannot or must not be written to.

    Where somebody has to sign in, it is open to nobody until they have: see :mod:`app.services.sign_in`.

    Raises
    ------
    StoreUnavailable, StoreTooNew
        When it is no session, damaged, missing or newer than the program.
    InputError
        ``session.results_only`` for the results of a package, which are merged and not read.
    """
    database = open_database(path)
    try:
        _refuse_results(database)
        sealing.seal_older(database)
        if people.needs_sign_in(database):
            database.guard(None)
        return Session(database, sessions.is_synthetic(database))
    except BaseException:
        database.close()
        raise


def _refuse_results(database: Database) -> None:
    if foreign.about(database).results_only:
        raise InputError("session.results_only")


def readers_of(session: Session) -> list[Reader]:
    """All readers."""
    return sessions.readers(session.database)


def add_reader(session: Session, name: str) -> Reader:
    """Enrol one more reader."""
    return sessions.add_reader(session.database, name)


def last_viewer(session: Session) -> Viewer:
    """Whoever worked in the session last; the first reader in a new one.

    Raises
    ------
    InputError
        ``session.without_reader``.
    """
    known = {reader.id: reader for reader in readers_of(session)}
    if not known:
        raise InputError("session.without_reader")
    last = readings.last_viewer(session.database)
    if last is None or last[0] not in known:
        return Viewer(next(iter(known.values())))
    return Viewer(known[last[0]], round=last[1])


def save_copy(session: Session, target: Path) -> None:
    """Write a complete copy of the session while it stays open."""
    session.database.copy_to(target)


def audit_entries(session: Session, viewer: Viewer, after: int = 0) -> list[AuditRow]:
    """The record of changes after the entry of a number, oldest first.

    Raises
    ------
    BlindingError
        For a reader while the protocol blinds: the record tells what others drew.
    """
    people.refuse_while_blinded(session.database, viewer)
    return audit.entries(session.database, after)


def audit_break(session: Session) -> int | None:
    """Number of the first entry that does not fit the hash chain, or None."""
    return audit.first_break(session.database)


def has_readings(session: Session) -> bool:
    """Whether anything was measured in the session, on images or elsewhere."""
    return readings.any_reading(session.database)
