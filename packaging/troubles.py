"""Why an installation fails, told to a person: known troubles, their signs in the output, what to do."""

import errno
import platform
from dataclasses import dataclass

from console import Outcome

NEEDED_MB = 1000

MIRROR = "python3 -m pip config set global.index-url ADDRESS"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One way in which an installation fails.

    Attributes
    ----------
    signs : tuple of str
        Lower-case texts in the output; one of them is enough.
    sentence : str
        Why it failed and what to do.
    before_installing : bool
        True where it strikes before pip changes anything, so that the environment is as good as it was.
    """

    signs: tuple[str, ...]
    sentence: str
    before_installing: bool = True


DISK_FULL = Trouble(
    ("no space left on device", "winerror 112", "disk quota exceeded"),
    f"The disk is full. The environment needs about {NEEDED_MB} MB: "
    "make room and start the same command again.",
    before_installing=False,
)
WRONG_HASH = Trouble(
    ("do not match the hashes",),
    "A downloaded file is not the one this version of MarrowMark was tested with, so nothing was "
    "installed. Try again with an empty cache (python3 -m pip cache purge); if it happens again, ask "
    "whoever runs your package mirror.",
)
CERTIFICATE = Trouble(
    ("certificate_verify_failed", "certificate verify failed"),
    "The package server's certificate is not trusted here, as behind a hospital's inspecting proxy. Ask"
    " for the proxy's certificate file and set it once: python3 -m pip config set global.cert FILE",
)
REFUSED = Trouble(
    ("proxyerror", "cannot connect to proxy", "403 client error", "401 client error", "407 client error"),
    "The package server, or a proxy before it, refused the request. If your hospital has a package "
    f"mirror, set it once: {MIRROR}",
)
OFFLINE = Trouble(
    (
        "newconnectionerror",
        "failed to establish a new connection",
        "name resolution",
        "getaddrinfo failed",
        "connection refused",
        "connection broken",
        "connection reset",
        "network is unreachable",
        "timed out",
        "timeouterror",
        "remotedisconnected",
    ),
    "The package server cannot be reached: this computer is offline, or a firewall blocks it. Connect "
    f"and start the same command again. If your hospital has a package mirror, set it once: {MIRROR}",
)
NO_PACKAGE = Trouble(
    ("no matching distribution found",),
    f"A library has no ready-made package for this system (Python {platform.python_version()}, "
    f"{platform.system()} {platform.machine()}). Use Python 3.11 to 3.14 on 64-bit Windows, macOS or "
    "Linux with glibc 2.34 or newer; if this is such a system, look whether your package mirror is "
    "complete.",
)
NOT_ALLOWED = Trouble(
    ("permission denied", "winerror 5]", "access is denied", "read-only file system"),
    "There is no permission to write in the project's folder. Use a copy in a folder of your own; if "
    ".venv was made by another user (with sudo, perhaps), have it deleted first.",
    before_installing=False,
)

# the first that fits is told; a failed look-up ends in "no matching distribution" too, so that comes late
TROUBLES = (DISK_FULL, WRONG_HASH, CERTIFICATE, REFUSED, OFFLINE, NO_PACKAGE, NOT_ALLOWED)

OF_ERRNO = {
    errno.ENOSPC: DISK_FULL,
    getattr(errno, "EDQUOT", errno.ENOSPC): DISK_FULL,
    errno.EACCES: NOT_ALLOWED,
    errno.EPERM: NOT_ALLOWED,
    errno.EROFS: NOT_ALLOWED,
}


def known_trouble(output: str) -> Trouble | None:
    """Return the known trouble of which the output bears a sign, None where there is none."""
    lowered = output.lower()
    return next((trouble for trouble in TROUBLES if any(sign in lowered for sign in trouble.signs)), None)


def told_failure(what: str, outcome: Outcome) -> str:
    """Compose why a step failed: the tool's last lines, then what they mean where that is known."""
    known = known_trouble(outcome.output)
    parts = [what, outcome.last_lines(), known.sentence if known else ""]
    return "\n".join(part for part in parts if part)


def told_error(error: OSError) -> str:
    """Say what a failed write of our own means; for errors without a known reason the system's own words."""
    known = OF_ERRNO.get(error.errno or 0)
    return f"{error}\n{known.sentence}" if known else str(error)
