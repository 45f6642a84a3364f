"""Network drives, and wherever else the quick journal does not work: noticed, told, written safely."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.protocol import Protocol
from app.store import audit, connect, header, place, sessions
from app.store.database import Database, create_database, open_database

MOUNTS = r"""/dev/sda1 / ext4 rw,relatime 0 0
//server/share /mnt/share cifs rw,relatime 0 0
server:/export /mnt/share/deep\040er nfs4 rw 0 0
/dev/sdb1 /mnt/share/deep\040er/local xfs rw 0 0
tmpfs /mnt/Übung tmpfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/data/ana/study.marrow", "ext4"),
        ("/mnt/share/study.marrow", "cifs"),
        ("/mnt/shared/study.marrow", "ext4"),
        ("/mnt/share/deep er/study.marrow", "nfs4"),
        ("/mnt/share/deep er/local/study.marrow", "xfs"),
        ("/mnt/Übung/study.marrow", "tmpfs"),
    ],
)
def test_the_kind_of_a_file_system_is_that_of_the_deepest_folder(path: str, kind: str) -> None:
    assert place.kind_of(Path(path), MOUNTS) == kind


def test_a_path_no_line_speaks_of_has_no_kind() -> None:
    assert place.kind_of(Path("/x"), "") == ""


def test_a_drive_is_on_a_network_by_its_kind_and_unknown_where_nobody_lists_drives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mounts"
    mounts.write_text(MOUNTS, encoding="utf-8")
    monkeypatch.setattr(place, "_MOUNTS", mounts)
    assert place.is_on_network(Path("/mnt/share/study.marrow"))
    assert not place.is_on_network(Path("/data/study.marrow"))
    mounts.unlink()
    assert not place.is_on_network(Path("/mnt/share/study.marrow"))


@pytest.fixture
def on_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "is_on_network", lambda _: True)


def _without_quick_journal(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """Let SQLite refuse the quick journal: by an error, or by keeping the other one."""

    class Refusing(sqlite3.Connection):
        def execute(self, sql: str, *rest: Any) -> sqlite3.Cursor:
            if sql != "PRAGMA journal_mode = WAL":
                return super().execute(sql, *rest)
            if answer == "silence":
                return super().execute("PRAGMA journal_mode")
            problem = sqlite3.OperationalError("no shared memory")
            problem.sqlite_errorcode = getattr(sqlite3, answer)
            raise problem

    real = sqlite3.connect

    def connected(*given: Any, **more: Any) -> sqlite3.Connection:
        return real(*given, **{"factory": Refusing} | more)

    monkeypatch.setattr(connect.sqlite3, "connect", connected)


def _journal(database: Database) -> tuple[str, int]:
    return database.rows("PRAGMA journal_mode")[0][0], database.rows("PRAGMA synchronous")[0][0]


def _work(path: Path) -> None:
    """Write, read, close, and read again."""
    with closing(create_database(path)) as database:
        assert database.slow_journal
        assert _journal(database) == ("delete", 2)
        sessions.begin(database, Protocol())
        sessions.add_reader(database, "First")
        with closing(database.another()) as second:
            assert second.slow_journal
            assert _journal(second) == ("delete", 2)
            assert [one.name for one in sessions.readers(second)] == ["First"]
        assert not header.journal_of(path).exists()
    with closing(open_database(path)) as again:
        assert again.slow_journal
        assert [one.name for one in sessions.readers(again)] == ["First"]
        assert audit.first_break(again) is None
    assert sorted(one.name for one in path.parent.iterdir()) == [path.name]


@pytest.mark.usefixtures("on_share")
def test_on_a_network_drive_the_older_journal_is_used(path: Path) -> None:
    _work(path)


@pytest.mark.parametrize("answer", ["SQLITE_IOERR", "SQLITE_CANTOPEN", "SQLITE_PROTOCOL", "silence"])
def test_where_sqlite_refuses_the_quick_journal_the_older_one_is_used(
    path: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    _without_quick_journal(monkeypatch, answer)
    _work(path)


@pytest.mark.parametrize(
    ("answer", "code"), [("SQLITE_FULL", "store.full"), ("SQLITE_READONLY", "store.read_only")]
)
def test_what_has_nothing_to_do_with_the_journal_is_told_as_ever(
    path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: str
) -> None:
    _without_quick_journal(monkeypatch, answer)
    with pytest.raises(StoreUnavailable) as caught:
        create_database(path)
    assert caught.value.code == code


def test_a_session_that_was_carried_to_a_network_drive_changes_its_journal_and_back(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not database.slow_journal
    database.close()
    with monkeypatch.context() as patch:
        patch.setattr(place, "is_on_network", lambda _: True)
        with closing(open_database(path)) as there:
            assert _journal(there) == ("delete", 2)
    with closing(open_database(path)) as here:
        assert not here.slow_journal
        assert _journal(here) == ("wal", 2)


def test_while_somebody_reads_the_quick_journal_stays_and_work_goes_on(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_BUSY_MS", 50)
    database.close()
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM session").fetchall()
        monkeypatch.setattr(place, "is_on_network", lambda _: True)
        with closing(open_database(path)) as there:
            assert not there.slow_journal
            sessions.add_reader(there, "First")
            assert [one.name for one in sessions.readers(there)] == ["First"]


def test_a_reader_of_the_older_journal_keeps_a_writer_out_only_as_long_as_it_reads(
    path: Path, on_share: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connect, "_BUSY_MS", 50)
    with closing(create_database(path)) as database:
        sessions.begin(database, Protocol())
        with closing(database.another()) as second:
            with second.snapshot():
                assert second.rows("SELECT * FROM session")
                with pytest.raises(StoreUnavailable) as caught:
                    sessions.add_reader(database, "First")
                assert caught.value.code == "store.busy"
            sessions.add_reader(database, "First")
            assert [one.name for one in sessions.readers(second)] == ["First"]


def test_a_crash_with_the_older_journal_takes_back_what_was_not_finished(
    path: Path, on_share: None, tmp_path: Path
) -> None:
    crashed = tmp_path / "crashed" / path.name
    crashed.parent.mkdir()
    with closing(create_database(path)) as database:
        sessions.begin(database, Protocol())
        sessions.add_reader(database, "First")
        database._connection.execute("PRAGMA cache_size = 2")
        with database.transaction():
            for number in range(400):
                database.insert(
                    "INSERT INTO session (key, value) VALUES (?, hex(zeroblob(100)))", (str(number),)
                )
            shutil.copy(path, crashed)
            shutil.copy(header.rollback_of(path), header.rollback_of(crashed))
    with closing(open_database(crashed)) as again:
        assert len(again.rows("SELECT * FROM session")) == 3
        assert [one.name for one in sessions.readers(again)] == ["First"]
    assert not header.has_rollback(crashed)


def test_a_crashed_session_of_the_older_journal_is_not_read_half_done_where_nothing_can_be_written(
    path: Path, on_share: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashed = tmp_path / "crashed" / path.name
    crashed.parent.mkdir()
    with closing(create_database(path)) as database:
        sessions.begin(database, Protocol())
        database._connection.execute("PRAGMA cache_size = 2")
        with database.transaction():
            for number in range(400):
                database.insert(
                    "INSERT INTO session (key, value) VALUES (?, hex(zeroblob(100)))", (str(number),)
                )
            shutil.copy(path, crashed)
            shutil.copy(header.rollback_of(path), header.rollback_of(crashed))
    modes: list[str] = []
    real: Callable[[Path, str], sqlite3.Connection] = connect.connect

    def noted(file: Path, mode: str) -> sqlite3.Connection:
        modes.append(mode)
        return real(file, mode)

    monkeypatch.setattr(connect, "connect", noted)
    monkeypatch.setattr("app.store.database.os.access", lambda *_: False)
    try:
        open_database(crashed).close()
    except StoreUnavailable as problem:
        assert problem.code == "store.journal_and_read_only"  # noqa: PT017 - rights do not stop everybody
    assert connect.FROZEN not in modes
