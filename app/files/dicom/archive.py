"""Files inside zip archives, read where they are: nothing is unpacked to the disc.

A member is named by the path of its archive followed by its name in it. Memory stays bounded because a reader
says how many bytes it wants at most, and no name in an archive can lead out of it because nothing is written.
"""

from __future__ import annotations

import errno
import functools
import os
import re
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

SUFFIX = ".zip"
MEMBER_LIMIT = 200_000
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1
_LOOK_EVERY = 500

# called now and then; raises Cancelled
Look = Callable[[], None]


@dataclass(slots=True)
class Contents:
    """What an archive holds.

    Attributes
    ----------
    members : list of Path
        What can be read, sorted by name.
    encrypted, nested : list of Path
        What needs a password, and archives in the archive: not read.
    """

    members: list[Path] = field(default_factory=list)
    encrypted: list[Path] = field(default_factory=list)
    nested: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class _Open:
    archive: zipfile.ZipFile
    infos: dict[Path, zipfile.ZipInfo] | None = None


_LOCK = threading.Lock()


def _nothing() -> None:
    """Look at nothing: nobody can ask this work to stop."""


@functools.lru_cache(maxsize=2)
def _directory(path: Path, _modified: int, _size: int) -> _Open:
    """Index of an archive; reading it for every member anew would cost more than the members."""
    return _Open(zipfile.ZipFile(path))


def _open(path: Path, look: Look = _nothing) -> tuple[zipfile.ZipFile, dict[Path, zipfile.ZipInfo]]:
    status = path.stat()
    with _LOCK, _faults():
        opened = _directory(path, status.st_mtime_ns, status.st_size)
        if opened.infos is None:
            opened.infos = _named(path, opened.archive, look)
        return opened.archive, opened.infos


def _named(path: Path, archive: zipfile.ZipFile, look: Look) -> dict[Path, zipfile.ZipInfo]:
    infos: dict[Path, zipfile.ZipInfo] = {}
    for done, info in enumerate(archive.infolist()[: MEMBER_LIMIT + 1]):
        if not done % _LOOK_EVERY:
            look()
        if not info.is_dir():
            infos.setdefault(path / _inside(info), info)
    return infos


def close_archives() -> None:
    """Let go of every archive, so that it can be moved or deleted."""
    with _LOCK:
        _directory.cache_clear()


def _inside(info: zipfile.ZipInfo) -> PurePosixPath:
    """Name of a member without anything that could lead elsewhere, in Chinese where it was written so."""
    name = info.filename
    if not info.flag_bits & _UTF8_NAME and not name.isascii():
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("gb18030")
    parts = [part for part in re.split(r"[\\/:]", name) if part not in {"", ".", ".."}]
    return PurePosixPath(*parts) if parts else PurePosixPath("_")


def is_archive(path: Path) -> bool:
    """Whether a file is read as an archive; its name decides."""
    return path.suffix.lower() == SUFFIX


def contents(path: Path, look: Look = _nothing) -> Contents:
    """List an archive.

    Parameters
    ----------
    path : Path
        A zip file.
    look : callable
        Called every so many members; raises Cancelled.

    Raises
    ------
    OSError
        When it cannot be read or is damaged.
    Cancelled
        When the user asked to stop.
    """
    result = Contents()
    _, infos = _open(path, look)
    for done, (member, info) in enumerate(sorted(infos.items(), key=lambda one: one[0].parts)):
        if not done % _LOOK_EVERY:
            look()
        if info.flag_bits & _ENCRYPTED:
            result.encrypted.append(member)
        elif is_archive(member):
            result.nested.append(member)
        else:
            result.members.append(member)
    return result


@contextmanager
def open_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a file on disc or in an archive for reading.

    Raises
    ------
    OSError
        Also for what a damaged archive provokes while it is read.
    """
    archive = _archive_of(path)
    if archive is None:
        with path.open("rb") as file:
            yield file
        return
    opened, infos = _open(archive)
    with _faults(), opened.open(_info(infos, path)) as member:
        yield member


def read_start(path: Path, limit: int) -> bytes:
    """The first bytes of a file on disc or in an archive, all of them where it is no longer than the limit.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        Bytes to read at most.

    Raises
    ------
    OSError
        As :func:`open_file`.
    """
    if _archive_of(path) is not None:
        with open_file(path) as member:
            return member.read(limit)
    with path.open("rb", buffering=0) as file:
        # a limit far above the size of the file would be reserved whole
        wanted = min(limit, os.fstat(file.fileno()).st_size)
        data = file.read(wanted)
        # one read may give less than there is
        while len(data) < wanted and (more := file.read(wanted - len(data))):
            data += more
        return data


def file_size(path: Path) -> int:
    """Bytes of a file on disc or, uncompressed, in an archive.

    Raises
    ------
    OSError
        When it is not there.
    """
    archive = _archive_of(path)
    return path.stat().st_size if archive is None else _info(_open(archive)[1], path).file_size


def _archive_of(path: Path) -> Path | None:
    """The archive a path leads into; a folder may be called so as well."""
    if SUFFIX not in str(path).lower():
        return None
    return next((parent for parent in path.parents if is_archive(parent) and parent.is_file()), None)


def _info(infos: dict[Path, zipfile.ZipInfo], path: Path) -> zipfile.ZipInfo:
    try:
        return infos[path]
    except KeyError:
        raise FileNotFoundError(errno.ENOENT, "No such file in the archive") from None


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what a damaged archive provokes into an OSError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise OSError(errno.EIO, "Damaged archive") from error
