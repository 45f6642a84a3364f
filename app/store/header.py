"""A look at the first bytes of a file before SQLite may touch it: opening for writing already changes it.

The layout is that of https://www.sqlite.org/fileformat2.html section 1.3.
"""

from __future__ import annotations

import struct
from pathlib import Path

from app.domain.errors import StoreTooNew, StoreUnavailable
from app.store import faults

# "MRRW": tells our files from other SQLite databases
APPLICATION_ID = 0x4D525257

_MAGIC = b"SQLite format 3\x00"
_LENGTH = 100
_PAGE_SIZE = 16
_USER_VERSION = 60
_APPLICATION_ID = 68


def refuse_foreign(path: Path, newest: int) -> None:
    """Refuse what is not a session of ours, or is a newer one, without changing a byte of it.

    Parameters
    ----------
    path : Path
        The file.
    newest : int
        The schema version this program writes.

    Raises
    ------
    StoreUnavailable
        ``store.empty``, ``store.not_a_session``, ``store.corrupt`` for a file that is cut off,
        ``store.cannot_open``.
    StoreTooNew
        ``store.too_new``.
    """
    try:
        with path.open("rb") as file:
            header = file.read(_LENGTH)
            size = path.stat().st_size
    except OSError as problem:
        raise faults.of_system(problem, path) from problem
    if not header:
        raise StoreUnavailable("store.empty", file=path.name)
    if not header.startswith(_MAGIC):
        raise StoreUnavailable("store.not_a_session", file=path.name)
    if len(header) < _LENGTH:
        raise StoreUnavailable("store.corrupt", file=path.name)
    (application,) = struct.unpack_from(">I", header, _APPLICATION_ID)
    # a program that was killed young may have left its mark in the journal only: SQLite has to look there
    if application != APPLICATION_ID and not has_journal(path):
        raise StoreUnavailable("store.not_a_session", file=path.name)
    # SQLite would read what is missing of a page as zeros; from a journal it may mend the page
    (page,) = struct.unpack_from(">H", header, _PAGE_SIZE)
    if size % max(page, 1) and not has_journal(path) and not has_rollback(path):
        raise StoreUnavailable("store.corrupt", file=path.name)
    (version,) = struct.unpack_from(">i", header, _USER_VERSION)
    if version > newest:
        raise StoreTooNew("store.too_new", file=path.name, version=version, known=newest)


def journal_of(path: Path) -> Path:
    """SQLite's write-ahead journal beside a session file."""
    return path.with_name(path.name + "-wal")


def rollback_of(path: Path) -> Path:
    """SQLite's other journal, in use until a session has its write-ahead journal or where it has none."""
    return path.with_name(path.name + "-journal")


def has_rollback(path: Path) -> bool:
    """Whether a transaction was begun and neither finished nor taken back."""
    return rollback_of(path).exists()


def has_journal(path: Path) -> bool:
    """Whether changes wait in the journal that are not in the file yet."""
    try:
        return journal_of(path).stat().st_size > 0
    except OSError:
        return False
