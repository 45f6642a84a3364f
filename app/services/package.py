"""A file for a reader elsewhere, with nothing in it but what that reader may have; and the way back."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from app.domain.errors import InputError, StoreUnavailable
from app.domain.progress import Progress, Silent
from app.domain.reading import Reader, Viewer
from app.services.open_session import Session
from app.store import audit, foreign, leaks, merging, packing, people, rounds, sessions, stories
from app.store.database import Database
from app.store.merging import PackageRow
from app.store.new_file import new_file
from app.store.packing import Contents, Written

_UNWATCHED = Silent()


@dataclass(frozen=True, slots=True)
class PackagePlan:
    """What a package would hold.

    Attributes
    ----------
    reader : Reader
        For whom.
    round : int
        For which round.
    protocol : str
        Stamp of the protocol in force.
    cases : int
        Exams with images that the reader has in the round.
    begun : int
        Of these, how many the reader has begun here: they go along and can be carried on.
    image_bytes : int
        Roughly how large the file will be.
    has_secret : bool
        The reader signs in with a secret, which goes along (as a salted hash).
    """

    reader: Reader
    round: int
    protocol: str
    cases: int
    begun: int
    image_bytes: int
    has_secret: bool


@dataclass(frozen=True, slots=True)
class PackageMade:
    """A package that was written and looked through.

    Attributes
    ----------
    path : Path
        The file.
    origin : str
        What it is known by, also in the record.
    cases : int
        Exams in it.
    bytes : int
        Its size; every one was searched for names, identifiers and other readers.
    """

    path: Path
    origin: str
    cases: int
    bytes: int


def plan_package(session: Session, viewer: Viewer, reader_id: int, round: int) -> PackagePlan:  # noqa: A002 - the word of the study
    """What a package for a reader and round would hold; writes nothing.

    Raises
    ------
    BlindingError, InputError
        ``blinding.closed``, ``study.not_coordinator``; ``package.unknown_reader``; ``package.no_cases``;
        ``package.of_package``.
    """
    database = session.database
    what = _contents(database, viewer, reader_id, round)
    begun = stories.stories(database, reader_id, round)
    return PackagePlan(
        reader=what.reader,
        round=round,
        protocol=session.protocol.stamp,
        cases=len(what.exam_ids),
        begun=sum(not begun[one].empty for one in what.exam_ids if one in begun),
        image_bytes=packing.image_bytes(database, what.exam_ids),
        has_secret=reader_id in people.with_secret(database),
    )


def _contents(database: Database, viewer: Viewer, reader_id: int, round_number: int) -> Contents:
    people.refuse_other_than_coordinator(database, viewer)
    if foreign.about(database).study:
        raise InputError("package.of_package")
    known = {reader.id: reader for reader in sessions.readers(database)}
    if reader_id not in known:
        raise InputError("package.unknown_reader")
    what = packing.contents(database, known[reader_id], round_number)
    there = any(one.number == round_number for one in rounds.rounds(database))
    if not (there and what.exam_ids):
        raise InputError("package.no_cases", reader=what.reader.name, round=round_number)
    return what


def write_package(
    session: Session,
    viewer: Viewer,
    reader_id: int,
    round: int,  # noqa: A002 - as above
    target: Path,
    progress: Progress = _UNWATCHED,
) -> PackageMade:
    """Write a package, look through every byte of it, and remember it in the record.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        The coordinator.
    reader_id, round : int
        For whom, and for which round.
    target : Path
        Where; what stands there is replaced, but only by a package that passed.
    progress : Progress
        Told of exams, then of bytes looked through. To stop, it raises ``Cancelled``: nothing is left then.

    Raises
    ------
    BlindingError, InputError
        As :func:`plan_package`, and ``package.leaks`` when the file holds a name, an identifier or another
        reader, as in a note or a case code; it is not kept then.
    StoreUnavailable
        When the target cannot be written, or the session is open for reading only.
    """
    database = session.database
    what = _contents(database, viewer, reader_id, round)
    if session.read_only:
        raise StoreUnavailable("store.read_only", file=session.name)
    with new_file(target, database.path) as new:
        total = len(what.exam_ids)
        written = packing.write_package(database, new, what, lambda done: progress.report(done, total))
        size = new.path.stat().st_size
        _look_through(database, new, what, written, progress)
        # remembered first: a package that nobody remembers could never come back
        _remember(database, viewer, what, written)
    return PackageMade(target, written.origin, total, size)


def _look_through(
    database: Database, new: Database, what: Contents, written: Written, progress: Progress
) -> None:
    size = new.path.stat().st_size
    count = leaks.leaks(
        new,
        leaks.forbidden(database, what.reader.id),
        own_name=what.reader.name,
        certain_from=written.certain_from,
        seen=lambda done: progress.report(done, size),
    )
    if count:
        raise InputError("package.leaks", count=count)


def _remember(database: Database, viewer: Viewer, what: Contents, written: Written) -> None:
    row = PackageRow(
        id=0,
        origin=written.origin,
        reader_id=what.reader.id,
        round=what.round,
        parent_hash=written.parent_hash,
        first_hash=written.first_hash,
        exams=len(what.exam_ids),
        at_utc="",
    )
    merging.add_package(database, row, reader=what.reader.name, actor=viewer.reader.name)


def is_package(session: Session) -> bool:
    """Whether the session is a package for one reader, also while it is guarded."""
    with closing(session.database.apart()) as apart:
        return bool(foreign.about(apart).study)


def write_results(session: Session, viewer: Viewer, target: Path) -> Path:
    """Write all of a package but its images, to be merged where it came from.

    A package holds nothing but what its reader may have, so its reader may take all of it away.

    Parameters
    ----------
    session : Session
        The package.
    viewer : Viewer
        The reader; the record of the package says who wrote results.
    target : Path
        Where; what stands there is replaced.

    Raises
    ------
    InputError
        ``package.not_a_package``.
    StoreUnavailable
        When the target cannot be written.
    """
    if not is_package(session):
        raise InputError("package.not_a_package")
    # the guard lets nobody read the whole record; of this file its reader may take all of it
    with closing(session.database.apart()) as apart, new_file(target, apart.path) as new:
        if not apart.read_only:
            _say_written(apart, viewer)
        packing.write_results(apart, new)
    return target


def _say_written(database: Database, viewer: Viewer) -> None:
    with database.transaction():
        audit.append(
            database,
            actor=viewer.reader.name,
            action="results.written",
            subject="session",
            protocol=sessions.current_protocol(database)[1].stamp,
        )
