"""Files inside zip archives, read where they are: nothing is unpacked to the disc.

A member is named by the path of its archive followed by its name in it. Memory stays bounded because a reader
says how many bytes it wants at most, and no name in an archive can lead out of it because nothing is written.
"""

from __future__ import annotations

import errno
import functools
import re
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO

SUFFIX = ".zip"
MEMBER_LIMIT = 200_000
_UTF8_NAME = 0x800
_ENCRYPTED = 0x1


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
    infos: dict[Path, zipfile.ZipInfo]


_LOCK = threading.Lock()


@functools.lru_cache(maxsize=2)
def _directory(path: Path, _modified: int, _size: int) -> _Open:
    """Index of an archive; reading it for every member anew would cost more than the members."""
    archive = zipfile.ZipFile(path)
    infos: dict[Path, zipfile.ZipInfo] = {}
    for info in archive.infolist()[: MEMBER_LIMIT + 1]:
        if not info.is_dir():
            infos.setdefault(path / _inside(info), info)
    return _Open(archive, infos)


def _open(path: Path) -> _Open:
    status = path.stat()
    with _LOCK, _faults():
        return _directory(path, status.st_mtime_ns, status.st_size)


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


def contents(path: Path) -> Contents:
    """List an archive.

    Parameters
    ----------
    path : Path
        A zip file.

    Raises
    ------
    OSError
        When it cannot be read or is damaged.
    """
    result = Contents()
    for member, info in sorted(_open(path).infos.items()):
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
    opened = _open(archive)
    with _faults(), opened.archive.open(_info(opened, path)) as member:
        yield member


def file_size(path: Path) -> int:
    """Bytes of a file on disc or, uncompressed, in an archive.

    Raises
    ------
    OSError
        When it is not there.
    """
    archive = _archive_of(path)
    return path.stat().st_size if archive is None else _info(_open(archive), path).file_size


def _archive_of(path: Path) -> Path | None:
    """The archive a path leads into; a folder may be called so as well."""
    return next((parent for parent in path.parents if is_archive(parent) and parent.is_file()), None)


def _info(opened: _Open, path: Path) -> zipfile.ZipInfo:
    try:
        return opened.infos[path]
    except KeyError:
        raise FileNotFoundError(errno.ENOENT, "No such file in the archive") from None


@contextmanager
def _faults() -> Iterator[None]:
    """Turn what a damaged archive provokes into an OSError."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise OSError(errno.EIO, "Damaged archive") from error
