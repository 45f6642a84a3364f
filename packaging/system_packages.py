"""What the operating system must provide on Linux: libraries for Qt, fonts, and tools for the window tests.

Windows and macOS need none of it. What is missing is found by trying to load it, so the answer is right on
every Linux; on Debian and its relatives it is installed by apt where that is allowed without a password.
"""

import ctypes
import importlib.util
import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from console import complain, run_quietly, say

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))


@dataclass(frozen=True, slots=True)
class Need:
    """One thing the system must provide.

    Attributes
    ----------
    package : str
        The Debian package that brings it.
    kind : str
        `library` (loaded by its soname), `program` (found on the path), `font` (a file name pattern) or
        `module` (a standard library module that Debian packs apart).
    names : tuple of str
        The soname, the program, the pattern or the module; one of several is enough.
    """

    package: str
    kind: str
    names: tuple[str, ...]


VENV = Need(f"python3.{sys.version_info.minor}-venv", "module", ("ensurepip",))

TO_RUN = (
    Need("libglib2.0-0", "library", ("libgthread-2.0.so.0",)),
    Need("libegl1", "library", ("libEGL.so.1",)),
    Need("libgl1", "library", ("libGL.so.1",)),
    Need("libxkbcommon0", "library", ("libxkbcommon.so.0",)),
    Need("libfontconfig1", "library", ("libfontconfig.so.1",)),
    Need("libdbus-1-3", "library", ("libdbus-1.so.3",)),
    Need("libxcb-cursor0", "library", ("libxcb-cursor.so.0",)),
    Need("libxcb-icccm4", "library", ("libxcb-icccm.so.4",)),
    Need("libxcb-keysyms1", "library", ("libxcb-keysyms.so.1",)),
    Need("libxcb-shape0", "library", ("libxcb-shape.so.0",)),
    Need("libxkbcommon-x11-0", "library", ("libxkbcommon-x11.so.0",)),
    Need("fonts-dejavu-core", "font", ("DejaVuSans.ttf",)),
    Need("fonts-wqy-microhei", "font", ("wqy-microhei.ttc", "NotoSansCJK-*.ttc", "SourceHanSans*")),
)

TO_TEST = (
    *TO_RUN,
    Need("xvfb", "program", ("Xvfb",)),
    Need("xauth", "program", ("xauth",)),
    Need("xdotool", "program", ("xdotool",)),
    Need("openbox", "program", ("openbox",)),
)


def _library_loads(soname: str) -> bool:
    try:
        ctypes.CDLL(soname)
    except OSError:
        return False
    return True


def _font_is_there(pattern: str) -> bool:
    return any(any(folder.rglob(pattern)) for folder in FONT_FOLDERS if folder.is_dir())


PROBES: Mapping[str, Callable[[str], bool]] = {
    "library": _library_loads,
    "program": lambda name: shutil.which(name) is not None,
    "font": _font_is_there,
    "module": lambda name: importlib.util.find_spec(name) is not None,
}


def is_there(need: Need) -> bool:
    """Tell whether the system already provides something."""
    return any(PROBES[need.kind](name) for name in need.names)


def missing(needs: Iterable[Need]) -> tuple[Need, ...]:
    """Return what the system lacks, in the order given; nothing on Windows and macOS."""
    if not sys.platform.startswith("linux"):
        return ()
    return tuple(need for need in needs if not is_there(need))


def apt_is_here() -> bool:
    """Tell whether this is Debian, Ubuntu or a relative."""
    return shutil.which("apt-get") is not None and shutil.which("dpkg") is not None


def rights_prefix() -> tuple[str, ...] | None:
    """Return what to write before an administrator's command, None where a password would be asked."""
    if os.geteuid() == 0:
        return ()
    if shutil.which("sudo") and run_quietly(["sudo", "-n", "true"]).status == 0:
        return ("sudo", "-n")
    return None


def advice(needs: Sequence[Need]) -> str:
    """Return the one command that installs what is missing, or where there is no apt, what to look for."""
    packages = " ".join(dict.fromkeys(need.package for need in needs))
    if apt_is_here():
        command = f"apt-get update && apt-get install --no-install-recommends {packages}"
        if os.geteuid() == 0:
            return command
        return f"sudo sh -c '{command}'" if shutil.which("sudo") else f"su -c '{command}'"
    things = ", ".join(need.names[0] for need in needs)
    return f"your system's package manager, for: {things}  (packages of these names on Debian: {packages})"


def install(needs: Sequence[Need]) -> bool:
    """Install what is missing by apt if that is allowed here.

    Returns
    -------
    bool
        True where everything is there afterwards. Where apt failed its last lines have been shown.
    """
    prefix = rights_prefix() if apt_is_here() else None
    if prefix is None:
        return False
    packages = list(dict.fromkeys(need.package for need in needs))
    say("Installing with apt: " + " ".join(packages))
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-o", "DPkg::Lock::Timeout=120"]
    # an old list of packages may still be good enough, so the update's own status decides nothing
    updated = run_quietly([*apt, "update"])
    installed = run_quietly([*apt, "install", "-y", "--no-install-recommends", *packages])
    if installed.status != 0:
        complain("apt could not install them:\n" + (updated if updated.status else installed).last_lines())
        return False
    importlib.invalidate_caches()
    return not missing(needs)
