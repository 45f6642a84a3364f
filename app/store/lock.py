"""One writing program per session, held by the operating system so that a killed program frees it."""

from __future__ import annotations

import json
import os
import platform
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

# far behind the text, so that Windows lets others read who holds the lock
_LOCKED_BYTE = 1 << 20
# how often the lock file may vanish under us before the lock counts as taken
_TRIES = 100


class SessionLock:
    """Exclusive lock on ``NAME.marrow.lock``. A leftover file means nothing; only the lock counts.

    Parameters
    ----------
    session : Path
        The session file, not the lock file.
    """

    def __init__(self, session: Path) -> None:
        self._path = session.with_name(session.name + ".lock")
        self._file: IO[str] | None = None
        self._owner = os.getpid()

    def acquire(self) -> bool:
        """Take the lock.

        Returns
        -------
        bool
            False when another program holds it.

        Raises
        ------
        OSError
            When the lock file cannot be made, as on read-only media.
        """
        for _ in range(_TRIES):
            file = self._path.open("a+", encoding="utf-8")
            try:
                _lock(file)
            except BlockingIOError:
                file.close()
                return False
            except OSError:
                file.close()
                raise
            if self._still_there(file):
                _sign(file)
                self._file = file
                return True
            # its holder removed the file between our opening and locking it: the lock is worth nothing
            file.close()
        return False

    def _still_there(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def holder(self) -> dict[str, str]:
        """Who holds the lock, as far as they said: ``host``, ``process`` and ``since``."""
        told = None
        with suppress(OSError, ValueError):
            told = json.loads(self._path.read_text(encoding="utf-8"))
        if not isinstance(told, dict):
            told = {}
        return {key: str(told.get(key, "?")) for key in ("host", "process", "since")}

    def release(self) -> None:
        """Give the lock back and remove its file. A forked child leaves its parent's lock alone."""
        if self._file is None or self._owner != os.getpid():
            return
        # while the lock is still held, or the file could be the next holder's already
        removed = self._remove()
        self._file.close()
        self._file = None
        # Windows lets nobody remove an open file
        if not removed:
            self._remove()

    def _remove(self) -> bool:
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            return False
        return True


def _sign(file: IO[str]) -> None:
    """Write down who holds the lock; on a full disk it holds without a name."""
    me = {
        "host": platform.node(),
        "process": str(os.getpid()),
        "since": datetime.now(UTC).isoformat(timespec="seconds"),
    }
    file.truncate(0)
    # past the text layer, whose buffer would fail once more when the file is closed
    with suppress(OSError):
        os.write(file.fileno(), json.dumps(me).encode())


if sys.platform == "win32":  # pragma: no cover - measured on Linux
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(_LOCKED_BYTE)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as problem:
            raise BlockingIOError from problem

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
