"""The lock of the writing program: held by the system, free after a kill, never by a leftover file."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.store import sessions
from app.store.database import Database, open_database
from app.store.lock import SessionLock

HOLD = """
import sys
from pathlib import Path
from app.store.database import open_database
opened = open_database(Path(sys.argv[1]))
print("read-only" if opened.read_only else "writing", flush=True)
sys.stdin.read()
opened.close()
"""


@pytest.fixture
def session(database: Database, path: Path) -> Path:
    database.close()
    return path


def _hold(path: Path) -> subprocess.Popen[str]:
    """Start another program that opens the session and waits."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


@pytest.fixture
def other(session: Path) -> Iterator[subprocess.Popen[str]]:
    with _hold(session) as program:
        assert program.stdout is not None
        assert program.stdout.readline() == "writing\n"
        yield program
        program.kill()


def test_a_second_program_opens_read_only_and_says_who_holds_the_session(
    session: Path, other: subprocess.Popen[str]
) -> None:
    opened = open_database(session)
    assert opened.read_only
    assert opened.holder is not None
    assert opened.holder["process"] == str(other.pid)
    assert opened.holder["host"] == platform.node()
    assert opened.holder["since"].endswith("+00:00")
    opened.close()


def test_a_program_that_closes_hands_the_session_over(session: Path, other: subprocess.Popen[str]) -> None:
    other.communicate("")
    opened = open_database(session)
    assert not opened.read_only
    opened.close()
    assert [entry.name for entry in session.parent.iterdir()] == [session.name]


def test_a_killed_program_holds_nothing(session: Path, other: subprocess.Popen[str]) -> None:
    other.kill()
    other.wait()
    assert session.with_name(session.name + ".lock").exists()
    opened = open_database(session)
    assert not opened.read_only
    opened.close()
    assert [entry.name for entry in session.parent.iterdir()] == [session.name]


def test_a_leftover_lock_file_means_nothing(session: Path) -> None:
    session.with_name(session.name + ".lock").write_text("[not a lock")
    opened = open_database(session)
    assert not opened.read_only
    opened.close()


def test_a_program_started_by_ours_does_not_keep_the_lock(session: Path) -> None:
    opened = open_database(session)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    opened.close()
    again = open_database(session)
    assert not again.read_only
    again.close()
    child.communicate(b"\n")


def test_a_forked_child_leaves_its_parents_lock_alone(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = SessionLock(session)
    assert lock.acquire()
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        lock.release()
    assert not SessionLock(session).acquire()
    lock.release()
    assert SessionLock(session)._path.exists() is False


def test_a_lock_whose_file_vanishes_is_taken_anew(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bool] = []
    real = SessionLock._still_there

    def vanish_once(self: SessionLock, file: object) -> bool:
        if not seen:
            self._path.unlink()
        seen.append(real(self, file))  # type: ignore[arg-type]
        return seen[-1]

    monkeypatch.setattr(SessionLock, "_still_there", vanish_once)
    lock = SessionLock(session)
    assert lock.acquire()
    assert seen == [False, True]
    monkeypatch.undo()
    assert not SessionLock(session).acquire()
    lock.release()


def test_a_lock_file_that_never_stays_counts_as_taken(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SessionLock, "_still_there", lambda *_: False)
    assert not SessionLock(session).acquire()


def test_a_file_system_without_locks_is_told(session: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unsupported(_: object) -> None:
        raise OSError(95, "Operation not supported")

    with monkeypatch.context() as patch:
        patch.setattr("app.store.lock._lock", unsupported)
        with pytest.raises(OSError, match="not supported"):
            SessionLock(session).acquire()
        opened = open_database(session)
        assert opened.read_only
        opened.close()


@pytest.mark.parametrize("text", ["", "[1]", "{", '"x"', "\udcff"])
def test_a_holder_that_does_not_say_who_it_is_stays_unknown(session: Path, text: str) -> None:
    lock = SessionLock(session)
    lock._path.write_bytes(text.encode(errors="surrogateescape"))
    assert lock.holder() == {"host": "?", "process": "?", "since": "?"}


def test_a_holder_that_is_not_there_stays_unknown(session: Path) -> None:
    assert set(SessionLock(session).holder().values()) == {"?"}


def test_a_full_disk_does_not_keep_the_lock_from_being_held(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(28, "No space left on device")

    lock = SessionLock(session)
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", refuse)
        assert lock.acquire()
    assert not SessionLock(session).acquire()
    assert set(SessionLock(session).holder().values()) == {"?"}
    lock.release()


def test_a_lock_file_that_cannot_be_removed_is_still_let_go(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    lock = SessionLock(session)
    assert lock.acquire()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        lock.release()
    after = SessionLock(session)
    assert after.acquire()
    after.release()


def test_the_first_window_works_on_while_others_come_and_go(database: Database, path: Path) -> None:
    for name in ("a", "b", "c"):
        with _hold(path) as program:
            assert program.stdout is not None
            assert program.stdout.readline() == "read-only\n"
            sessions.add_reader(database, name)
            program.communicate("")
    assert [reader.name for reader in sessions.readers(database)] == ["a", "b", "c"]
