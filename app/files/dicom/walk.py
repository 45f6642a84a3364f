"""Every file under a path, in a fixed order, and a reason for every folder that could not be entered."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.found import Refusal


@dataclass(slots=True)
class _Walk:
    files: list[Path] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    seen: set[tuple[int, int]] = field(default_factory=set)


def unreadable(path: Path, error: OSError) -> Refusal:
    """Refusal of something the system would not let us read."""
    return Refusal(path, "file.unreadable", {"reason": error.strerror or type(error).__name__})


def list_files(path: Path, progress: Progress) -> tuple[list[Path], list[Refusal]]:
    """Regular files under a path, sorted by name folder by folder; links are followed once.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    progress : Progress
        Told of every folder, with an unknown total.

    Returns
    -------
    files : list of Path
        What can be opened.
    refused : list of Refusal
        Links that lead nowhere or back, pipes and devices, folders that may not be read.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    walk = _Walk()
    # a stack, not recursion: the depth of a folder tree from outside is not ours to trust
    waiting = [path]
    while waiting:
        waiting.extend(reversed(_visit(waiting.pop(), walk, progress)))
    return walk.files, walk.refused


def _visit(path: Path, walk: _Walk, progress: Progress) -> list[Path]:
    """Sort one path into files or refusals; the content of a folder is returned to be visited."""
    try:
        if not path.exists():
            code = "file.broken_link" if path.is_symlink() else "scan.path_missing"
            walk.refused.append(Refusal(path, code))
        elif path.is_dir():
            return _enter(path, walk, progress)
        elif path.is_file():
            walk.files.append(path)
        else:
            # opening a pipe would wait for ever
            walk.refused.append(Refusal(path, "file.not_regular"))
    except OSError as error:
        walk.refused.append(unreadable(path, error))
    return []


def _enter(folder: Path, walk: _Walk, progress: Progress) -> list[Path]:
    progress.report(len(walk.files), None)
    status = folder.stat()
    key = (status.st_dev, status.st_ino)
    if key in walk.seen:
        walk.refused.append(Refusal(folder, "folder.link_loop"))
        return []
    walk.seen.add(key)
    return [folder / name for name in sorted(os.listdir(folder))]  # noqa: PTH208 - names sort faster than paths
