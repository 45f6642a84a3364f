"""Opening, writing, copying and closing the one file of a session."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import AppError, StoreUnavailable
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.store import connect, exams, faults, header, migrate, sessions
from app.store.database import Database, create_database, open_database
from app.store.exams import NewExam

ODD_NAMES = [
    *("two words", "50 %41", "why?mode=memory", "a#b", "患者 讀片"),
    *("it's;--", "back\\slash", "&immutable=1"),
]


def _keys(database: Database) -> set[str]:
    return {row["key"] for row in database.rows("SELECT key FROM session")}


def _put(database: Database, key: str) -> None:
    with database.transaction():
        database.insert("INSERT INTO session (key, value) VALUES (?, '')", (key,))


def _files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def _refused(code: str, function: Callable[[], object]) -> AppError:
    with pytest.raises(StoreUnavailable) as caught:
        function()
    assert caught.value.code == code
    return caught.value


def test_closing_leaves_exactly_one_file(database: Database, path: Path, exam_id: int) -> None:
    assert len(_files(path.parent)) > 1
    database.close()
    assert _files(path.parent) == [path.name]
    again = open_database(path)
    assert [row.id for row in exams.exams(again)] == [exam_id]
    again.close()
    assert _files(path.parent) == [path.name]


def test_closing_twice_is_harmless(database: Database) -> None:
    database.close()
    database.close()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_with_odd_characters_is_only_a_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / f"folder {name}"
    folder.mkdir()
    path = folder / f"{name}.marrow"
    made = create_database(path)
    sessions.begin(made, Protocol())
    made.close()
    assert _files(folder) == [path.name]
    again = open_database(path)
    assert not again.read_only
    assert "origin" in _keys(again)
    again.close()


def test_a_relative_path_stays_with_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    made = create_database(Path("here.marrow"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    sessions.begin(made, Protocol())
    made.close()
    assert _files(tmp_path) == ["elsewhere", "here.marrow"]


def test_a_link_meets_the_lock_of_the_file_behind_it(database: Database, path: Path) -> None:
    link = path.with_name("link.marrow")
    link.symlink_to(path)
    seen = open_database(link)
    assert seen.read_only
    assert seen.path == database.path
    seen.close()


def test_every_connection_is_prepared_for_safe_writing(database: Database) -> None:
    another = database.another()
    for opened in (database, another):
        settings = {
            name: opened.rows(f"PRAGMA {name}")[0][0]
            for name in ("journal_mode", "synchronous", "foreign_keys", "recursive_triggers")
        }
        assert settings == {
            "journal_mode": "wal",
            "synchronous": 2,
            "foreign_keys": 1,
            "recursive_triggers": 1,
        }
    another.close()


def test_an_error_in_the_middle_leaves_nothing_of_a_transaction(database: Database) -> None:
    def half() -> None:
        with database.transaction():
            database.insert("INSERT INTO session (key, value) VALUES ('half', '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert "half" not in _keys(database)
    _put(database, "whole")
    assert "whole" in _keys(database)


def test_our_own_mistakes_are_not_called_a_fault_of_the_world(database: Database) -> None:
    with pytest.raises(sqlite3.OperationalError, match="no such table"):
        database.rows("SELECT * FROM nowhere")
    with pytest.raises(sqlite3.IntegrityError):
        _put(database, "origin")
    with pytest.raises(sqlite3.ProgrammingError):
        database.rows("SELECT ?", ())
    assert "origin" in _keys(database)


def test_numpy_scalars_become_numbers_and_what_is_not_finite_becomes_null(database: Database) -> None:
    given = (np.int16(-7), np.float32(0.5), np.float64("nan"), float("-inf"), np.bool_(True), np.str_("x"))
    row = database.row("SELECT ?, ?, ?, ?, ?, ?", given)
    assert row is not None
    assert tuple(row) == (-7, 0.5, None, None, 1, "x")
    assert [type(value) for value in row] == [int, float, type(None), type(None), int, str]


def test_a_job_in_another_thread_works_on_a_connection_of_its_own(database: Database) -> None:
    def job() -> None:
        another = database.another()
        _put(another, "from the job")
        another.close()

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    assert "from the job" in _keys(database)
    with pytest.raises(sqlite3.ProgrammingError, match="thread"):
        _in_thread(lambda: database.rows("SELECT 1"))


def _in_thread(function: Callable[[], object]) -> None:
    caught: list[Exception] = []

    def run() -> None:
        try:
            function()
        except Exception as problem:  # noqa: BLE001 - handed on to the test
            caught.append(problem)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    raise caught[0]


def test_a_connection_that_cannot_be_prepared_is_told_and_not_left_open(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: object) -> None:
        problem = sqlite3.OperationalError("disk I/O error")
        problem.sqlite_errorcode = sqlite3.SQLITE_IOERR
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(connect, "prepare_writing", refuse)
        _refused("store.io", database.another)
    another = database.another()
    _put(another, "later")
    another.close()


def test_a_session_another_connection_is_writing_to_says_so_and_goes_on_later(database: Database) -> None:
    another = database.another()
    database._connection.execute("PRAGMA busy_timeout = 0")
    with another.transaction():
        another.insert("INSERT INTO session (key, value) VALUES ('theirs', '')")
        _refused("store.busy", lambda: _put(database, "ours"))
        assert "theirs" not in _keys(database)
    another.close()
    _put(database, "ours")
    assert {"ours", "theirs"} <= _keys(database)


def test_a_snapshot_keeps_its_state_while_others_write(database: Database) -> None:
    another = database.another()
    with database.snapshot():
        before = _keys(database)
        _put(another, "meanwhile")
        with database.snapshot():
            assert _keys(database) == before
        assert _keys(database) == before
    assert "meanwhile" in _keys(database)
    another.close()


def test_a_snapshot_that_a_fault_ended_lets_the_fault_through(database: Database) -> None:
    def ended() -> None:
        with database.snapshot():
            database._connection.execute("ROLLBACK")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        ended()


def test_reading_one_row_of_many_does_not_hold_the_journal(database: Database) -> None:
    _put(database, "a")
    assert database.row("SELECT key FROM session") is not None
    another = database.another()
    _put(another, "b")
    state = another.rows("PRAGMA wal_checkpoint(TRUNCATE)")[0]
    assert state["busy"] == 0
    another.close()


def test_a_file_that_was_moved_away_is_not_written_to_blindly(database: Database, path: Path) -> None:
    away = path.with_name("away.marrow")
    path.rename(away)
    _refused("store.moved", lambda: _put(database, "lost"))
    away.rename(path)
    _put(database, "found")
    assert {"found"} == _keys(database) & {"lost", "found"}


# -- making -----------------------------------------------------------------------------------------------


def test_a_new_session_never_takes_the_place_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "notes.marrow"
    path.write_bytes(b"precious")
    _refused("store.exists", lambda: create_database(path))
    assert path.read_bytes() == b"precious"
    assert _files(tmp_path) == ["notes.marrow"]


def test_a_new_session_never_takes_the_place_of_an_open_one(database: Database, path: Path) -> None:
    _refused("store.busy", lambda: create_database(path))
    assert "origin" in _keys(database)


@pytest.mark.parametrize("name", ["no folder/new.marrow", "x" * 300])
def test_a_session_cannot_be_made_where_no_file_can_be(tmp_path: Path, name: str) -> None:
    _refused("store.cannot_open", lambda: create_database(tmp_path / name))
    assert not _files(tmp_path)


def test_a_name_that_leaves_no_room_for_the_lock_is_refused(tmp_path: Path) -> None:
    _refused("store.cannot_open", lambda: create_database(tmp_path / ("x" * 252)))


def test_a_file_that_cannot_be_made_frees_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "touch", refuse)
        _refused("store.full", lambda: create_database(tmp_path / "new.marrow"))
    assert not _files(tmp_path)


def test_a_session_that_could_not_be_begun_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(migrate, "migrate", fail)
    with pytest.raises(ZeroDivisionError):
        create_database(tmp_path / "new.marrow")
    assert not _files(tmp_path)


def test_an_sqlite_without_strict_tables_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    problem = _refused("store.sqlite_too_old", lambda: create_database(tmp_path / "new.marrow"))
    assert problem.values == {"version": sqlite3.sqlite_version}
    assert not _files(tmp_path)


# -- copies -----------------------------------------------------------------------------------------------


def test_a_copy_made_while_the_session_is_in_use_is_a_whole_session(
    database: Database, path: Path, exam_id: int
) -> None:
    target = path.with_name("copy.marrow")
    database.copy_to(target)
    _put(database, "later")
    assert _files(path.parent)[0] == "copy.marrow"
    copy = open_database(target)
    assert not copy.read_only
    assert exams.load(copy, exam_id).code == "C0001"
    assert "later" not in _keys(copy)
    copy.close()
    database.close()
    assert _files(path.parent) == ["copy.marrow", "study.marrow"]


@pytest.mark.parametrize("kind", ["itself", "symbolic link", "hard link"])
def test_a_session_is_not_copied_onto_itself(database: Database, path: Path, kind: str) -> None:
    target = path if kind == "itself" else path.with_name("other.marrow")
    if kind == "symbolic link":
        target.symlink_to(path)
    elif kind == "hard link":
        target.hardlink_to(path)
    _refused("store.copy_onto_itself", lambda: database.copy_to(target))
    assert "origin" in _keys(database)
    assert path.exists()


def test_a_copy_does_not_replace_a_session_in_use(database: Database, path: Path) -> None:
    target = path.with_name("other.marrow")
    other = create_database(target)
    _refused("store.busy", lambda: database.copy_to(target))
    assert _keys(other) == set()
    other.close()


def test_a_copy_that_fails_leaves_the_earlier_copy_whole(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = path.with_name("copy.marrow")
    database.copy_to(target)
    before = target.read_bytes()
    _put(database, "new")

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", refuse)
        _refused("store.full", lambda: database.copy_to(target))
    assert target.read_bytes() == before
    assert not [name for name in _files(path.parent) if "part" in name]
    database.copy_to(target)
    copy = open_database(target)
    assert "new" in _keys(copy)
    copy.close()


def test_a_journal_left_by_the_file_that_goes_is_not_played_into_its_copy(
    database: Database, path: Path
) -> None:
    target = path.with_name("copy.marrow")
    journal = header.journal_of(path)
    _put(database, "crashed")
    target.write_bytes(path.read_bytes())
    header.journal_of(target).write_bytes(journal.read_bytes())
    _put(database, "newest")
    database.copy_to(target)
    assert not header.has_journal(target)
    copy = open_database(target)
    assert "newest" in _keys(copy)
    copy.close()


def test_a_copy_into_a_folder_that_is_not_there_is_refused(database: Database, path: Path) -> None:
    _refused("store.cannot_open", lambda: database.copy_to(path.parent / "nowhere" / "copy.marrow"))


def test_a_copy_that_sqlite_cannot_write_is_told(
    database: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> sqlite3.Connection:
        problem = sqlite3.OperationalError("unable to open database file")
        problem.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
        raise problem

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3, "connect", refuse)
        _refused("store.cannot_open", lambda: database.copy_to(path.with_name("copy.marrow")))
    assert not path.with_name("copy.marrow").exists()


# -- faults -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (sqlite3.SQLITE_FULL, "store.full"),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, "store.busy"),
        (sqlite3.SQLITE_PROTOCOL, "store.busy"),
        (sqlite3.SQLITE_READONLY_RECOVERY, "store.read_only"),
        (sqlite3.SQLITE_CORRUPT_VTAB, "store.corrupt"),
        (sqlite3.SQLITE_NOTADB, "store.corrupt"),
        (sqlite3.SQLITE_CANTOPEN_ISDIR, "store.cannot_open"),
        (sqlite3.SQLITE_IOERR_FSYNC, "store.io"),
    ],
)
def test_faults_of_the_world_are_told_by_code(path: Path, number: int, code: str) -> None:
    problem = sqlite3.OperationalError("?")
    problem.sqlite_errorcode = number

    def fail() -> None:
        with faults.told(path):
            raise problem

    assert _refused(code, fail).values == {"file": "study.marrow"}


@pytest.mark.parametrize("number", [sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_CANTOPEN])
def test_a_full_disk_is_called_full_whatever_sqlite_calls_it(
    path: Path, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shutil.disk_usage", lambda _: type("Usage", (), {"free": 4096})())
    problem = sqlite3.OperationalError("?")
    problem.sqlite_errorcode = number

    def fail() -> None:
        with faults.told(path):
            raise problem

    _refused("store.full", fail)


def test_a_folder_that_went_away_is_not_called_full(tmp_path: Path) -> None:
    problem = sqlite3.OperationalError("?")
    problem.sqlite_errorcode = sqlite3.SQLITE_IOERR

    def fail() -> None:
        with faults.told(tmp_path / "gone" / "study.marrow"):
            raise problem

    _refused("store.io", fail)


def test_error_texts_name_no_patient(
    database: Database, make_new: Callable[..., NewExam], first: Viewer
) -> None:
    new = make_new()
    exams.add(database, exams.pack(new), actor=first.reader.name)
    with pytest.raises(sqlite3.IntegrityError) as caught:
        exams.add(database, exams.pack(new), actor=first.reader.name)
    assert "Doe" not in f"{caught.value}{new.identity!r}"
