"""Every file under a path, in a fixed order, and a reason for every folder that could not be entered."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.archive import MEMBER_LIMIT, contents, is_archive
from app.files.dicom.found import Refusal

# a slow drive lists some ten thousand names a second
_LOOK_EVERY = 500


@dataclass(slots=True)
class _Walk:
    files: list[Path] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)


def unreadable(path: Path, error: OSError) -> Refusal:
    """Refusal of something the system would not let us read."""
    return Refusal(path, "file.unreadable", {"reason": error.strerror or type(error).__name__})


def list_files(path: Path | Sequence[Path], progress: Progress) -> tuple[list[Path], list[Refusal]]:
    """Regular files under a path, sorted by name folder by folder; links are followed once.

    A zip archive is entered like a folder; DICOMDIR and other indexes are files like any other.

    Parameters
    ----------
    path : Path or sequence of Path
        A folder or a single file, or several, none inside another.
    progress : Progress
        Told of every folder, with an unknown total.

    Returns
    -------
    files : list of Path
        What can be opened.
    refused : list of Refusal
        Links that lead nowhere or back, pipes and devices, folders that may not be read, archives
        (which were entered, or why not).

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    walk = _Walk()
    # a stack, not recursion: the depth of a folder tree from outside is not ours to trust
    waiting = [path] if isinstance(path, Path) else [*reversed(path)]
    while waiting:
        waiting.extend(reversed(_visit(waiting.pop(), walk, progress)))
    return walk.files, walk.refused


def _visit(path: Path, walk: _Walk, progress: Progress) -> list[Path]:
    """Sort one path into files or refusals; the folders in it are returned to be visited."""
    try:
        if path.is_dir():
            return _enter(path, walk, progress)
        _sort_file(path, walk, progress)
    except OSError as error:
        walk.refused.append(unreadable(path, error))
    return []


def _sort_file(path: Path, walk: _Walk, progress: Progress) -> None:
    if not path.exists():
        walk.refused.append(Refusal(path, "file.broken_link" if path.is_symlink() else "scan.path_missing"))
    elif not path.is_file():
        # opening a pipe would wait for ever
        walk.refused.append(Refusal(path, "file.not_regular"))
    elif is_archive(path):
        _enter_archive(path, walk, progress)
    else:
        walk.files.append(path)


def _enter(folder: Path, walk: _Walk, progress: Progress) -> list[Path]:
    progress.report(len(walk.files), None)
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    if key in walk.seen:
        walk.refused.append(Refusal(folder, "folder.link_loop"))
        return []
    walk.seen.add(key)
    waiting = []
    for entry in _listed(folder, walk, progress):
        path = folder / entry.name
        # the listing tells most kinds without asking the system again for every file
        if entry.is_file(follow_symlinks=False) and not is_archive(path):
            walk.files.append(path)
        else:
            waiting.append(path)
    return waiting


def _listed(folder: Path, walk: _Walk, progress: Progress) -> Iterator[os.DirEntry[str]]:
    """What lies in a folder, by name; whoever wants to stop is heard every so many names."""

    def look(done: int) -> None:
        if not done % _LOOK_EVERY:
            progress.report(len(walk.files), None)

    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            found.append(entry)
            look(len(found))
    for done, entry in enumerate(sorted(found, key=lambda entry: entry.name)):
        look(done)
        yield entry


def _enter_archive(path: Path, walk: _Walk, progress: Progress) -> None:
    """List an archive; it is refused itself, as nothing but its members can be a slice."""
    progress.report(len(walk.files), None)
    inside = contents(path, lambda: progress.report(len(walk.files), None))
    walk.refused.extend(Refusal(member, "archive.encrypted") for member in inside.encrypted)
    walk.refused.extend(Refusal(member, "archive.nested") for member in inside.nested)
    if len(inside.members) > MEMBER_LIMIT:
        walk.refused.append(Refusal(path, "archive.too_many", {"limit": MEMBER_LIMIT}))
        return
    walk.files.extend(inside.members)
    walk.refused.append(Refusal(path, "archive.entered", {"files": len(inside.members)}))
