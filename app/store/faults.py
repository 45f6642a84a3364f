"""The world's faults at the session file, told by code."""

from __future__ import annotations

import errno
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.domain.errors import InputError, StoreUnavailable

# by SQLite's primary result code; what is missing here is a mistake of ours and stays one
_CODES = {
    sqlite3.SQLITE_FULL: "store.full",
    sqlite3.SQLITE_BUSY: "store.busy",
    sqlite3.SQLITE_LOCKED: "store.busy",
    sqlite3.SQLITE_PROTOCOL: "store.busy",
    sqlite3.SQLITE_READONLY: "store.read_only",
    sqlite3.SQLITE_CORRUPT: "store.corrupt",
    # foreign files are refused by their header before SQLite sees them
    sqlite3.SQLITE_NOTADB: "store.corrupt",
    # what we write is far below its limit; a damaged table of contents can read as anything
    sqlite3.SQLITE_TOOBIG: "store.corrupt",
    sqlite3.SQLITE_CANTOPEN: "store.cannot_open",
    sqlite3.SQLITE_PERM: "store.cannot_open",
    sqlite3.SQLITE_IOERR: "store.io",
}
_FULL = {errno.ENOSPC, errno.EDQUOT}
# on a full disk SQLite cannot make its helper files and speaks of input and output, or of opening
_MAYBE_FULL = {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_LITTLE_ROOM = 1 << 16


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Turn the world's faults into :class:`StoreUnavailable`; our own mistakes stay what they are."""
    try:
        yield
    except sqlite3.DatabaseError as problem:
        code = _code_of(problem, path)
        if code is None:
            raise
        raise StoreUnavailable(code, file=path.name) from problem
    except UnicodeDecodeError as problem:
        # SQLite quotes what is damaged, and Python cannot read the quotation
        raise StoreUnavailable("store.corrupt", file=path.name) from problem


@contextmanager
def understood(path: Path) -> Iterator[None]:
    """Around making values of what a file holds: where they make no sense, the file is damaged."""
    try:
        yield
    except (ValueError, LookupError, TypeError, InputError) as problem:
        raise StoreUnavailable("store.corrupt", file=path.name) from problem


def of_system(problem: OSError, path: Path) -> StoreUnavailable:
    """What the operating system's refusal of a file means for the session."""
    code = "store.full" if problem.errno in _FULL else "store.cannot_open"
    return StoreUnavailable(code, file=path.name)


def _code_of(problem: sqlite3.DatabaseError, path: Path) -> str | None:
    number = getattr(problem, "sqlite_errorcode", None)
    if number is None:
        # Python's own refusal to read damaged text carries no number
        return "store.corrupt" if "decode" in str(problem) else None
    primary = number & 0xFF
    if primary in _MAYBE_FULL and _no_room(path):
        return "store.full"
    return _CODES.get(primary)


def _no_room(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < _LITTLE_ROOM
    except OSError:
        return False
