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
        while True:
            file = self._path.open("a+", encoding="utf-8")
            try:
                _lock(file)
            except BlockingIOError:
                file.close()
                return False
            if self._still_there(file):
                break
            # its holder removed the file between our opening and locking it: the lock is worth nothing
            file.close()
        file.seek(0)
        file.truncate()
        json.dump(_me(), file)
        file.flush()
        self._file = file
        return True

    def _still_there(self, file: IO[str]) -> bool:
        try:
            return os.path.samestat(os.fstat(file.fileno()), self._path.stat())
        except FileNotFoundError:
            return False

    def holder(self) -> dict[str, str]:
        """Who holds the lock, as far as they said: ``host``, ``process`` and ``since``."""
        told: dict[str, str] = {}
        with suppress(OSError, ValueError):
            told = json.loads(self._path.read_text(encoding="utf-8"))
        return {key: str(told.get(key, "?")) for key in ("host", "process", "since")}

    def release(self) -> None:
        """Give the lock back and remove its file."""
        if self._file is None:
            return
        # Windows lets nobody remove an open file; elsewhere it goes while the lock is still held
        if sys.platform != "win32":
            self._path.unlink(missing_ok=True)
        self._file.close()
        self._file = None
        if sys.platform == "win32":
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


def _me() -> dict[str, str]:
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"host": platform.node(), "process": str(os.getpid()), "since": now}


if sys.platform == "win32":
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
