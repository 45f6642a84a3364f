"""Whether a file lies on this computer or on a network drive."""

from __future__ import annotations

import sys
from pathlib import Path

# as Linux calls them
_NETWORKS = frozenset(
    {
        *(
            "cifs",
            "smb3",
            "smbfs",
            "nfs",
            "nfs4",
            "afs",
            "ncpfs",
            "ceph",
            "glusterfs",
            "lustre",
            "9p",
            "davfs",
        ),
        *("fuse.sshfs", "fuse.glusterfs", "fuse.davfs2", "fuse.gvfsd-fuse", "fuse.rclone"),
    }
)
_MOUNTS = Path("/proc/self/mounts")


if sys.platform == "win32":  # pragma: no cover - measured on Linux
    import ctypes

    _REMOTE = 4

    def is_on_network(path: Path) -> bool:
        """Whether a file lies on a network drive."""
        drive = path.anchor
        return drive.startswith("\\\\") or ctypes.windll.kernel32.GetDriveTypeW(drive) == _REMOTE

else:

    def is_on_network(path: Path) -> bool:
        """Whether a file lies on a network drive, as far as the system tells."""
        try:
            told = _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape")
        except OSError:
            # a Mac has no such file: there SQLite finds out by itself
            return False
        return kind_of(path, told) in _NETWORKS


def kind_of(path: Path, mounts: str) -> str:
    """Kind of the file system a file lies on.

    Parameters
    ----------
    path : Path
        The file, links followed.
    mounts : str
        One mount a line, as Linux lists them: device, folder, kind, and more.

    Returns
    -------
    str
        Empty where no line fits.
    """
    kind, longest = "", -1
    for line in mounts.splitlines():
        _, folder, found, *_ = [*line.split(" "), "", "", ""]
        # blanks in a folder's name are written as their number
        point = Path(folder.encode("latin-1", "backslashreplace").decode("unicode_escape") or "?")
        if path.is_relative_to(point) and len(point.parts) >= longest:
            kind, longest = found, len(point.parts)
    return kind
