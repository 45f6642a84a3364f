"""Sessions that cannot or must not be written to: read-only media, rights, a second window."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app.domain.errors import StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import exams, header, migrate, readings, sessions
from app.store.database import Database, create_database, open_database
from app.store.exams import NewExam
from app.store.lock import SessionLock

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="rights are another matter on Windows")
NOBODY = 65534
MakeNew = Callable[..., NewExam]
MakeStats = Callable[..., dict[Quantity, RoiStats]]


@contextmanager
def _ordinary_user() -> Iterator[None]:
    """Step down from root, whom no rights stop, and come back."""
    if os.geteuid() != 0:
        yield
        return
    migrate.steps()
    os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        os.setresuid(0, 0, 0)


@pytest.fixture
def folder() -> Iterator[Path]:
    """Give a folder any user can reach, which pytest's own are not."""
    made = Path(tempfile.mkdtemp(prefix="marrow-"))
    made.chmod(0o755)
    yield made
    made.chmod(0o700)
    shutil.rmtree(made)


@pytest.fixture
def session(folder: Path, make_new: MakeNew) -> Path:
    """Give a closed session with one exam."""
    path = folder / "study.marrow"
    opened = create_database(path)
    sessions.begin(opened, Protocol())
    sessions.add_reader(opened, "First")
    exams.add(opened, exams.pack(make_new()), actor="First")
    opened.close()
    return path


def _code(function: Callable[[], object]) -> str:
    with pytest.raises(StoreUnavailable) as caught:
        function()
    return caught.value.code


def _files(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize(("file_mode", "folder_mode"), [(0o444, 0o755), (0o666, 0o555), (0o444, 0o555)])
def test_a_protected_session_is_read_and_neither_it_nor_its_folder_changes(
    session: Path, folder: Path, file_mode: int, folder_mode: int
) -> None:
    before = session.read_bytes()
    session.chmod(file_mode)
    folder.chmod(folder_mode)
    with _ordinary_user():
        opened = open_database(session)
        assert opened.read_only
        assert opened.holder is None
        assert exams.load(opened, 1).code == "C0001"
        assert _code(lambda: sessions.add_reader(opened, "Second")) == "store.read_only"
        another = opened.another()
        assert another.read_only
        assert [reader.name for reader in sessions.readers(another)] == ["First"]
        another.close()
        opened.close()
    assert session.read_bytes() == before
    assert _files(folder) == [session.name]


def test_a_folder_that_only_pretends_to_be_writable_opens_for_reading(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: SessionLock) -> bool:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(SessionLock, "acquire", refuse)
    opened = open_database(session)
    assert opened.read_only
    opened.close()


def test_a_full_disk_without_room_for_the_lock_says_so(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: SessionLock) -> bool:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(SessionLock, "acquire", refuse)
    assert _code(lambda: open_database(session)) == "store.full"


def test_a_session_nobody_may_read_cannot_be_opened(session: Path) -> None:
    session.chmod(0o000)
    with _ordinary_user():
        assert _code(lambda: open_database(session)) == "store.cannot_open"


def test_a_copy_out_of_a_protected_folder_can_be_written_to(session: Path, folder: Path, path: Path) -> None:
    folder.chmod(0o555)
    session.chmod(0o444)
    with _ordinary_user():
        opened = open_database(session)
        target = folder / "copy.marrow"
        assert _code(lambda: opened.copy_to(target)) == "store.cannot_open"
    opened.copy_to(path)
    opened.close()
    copy = open_database(path)
    assert not copy.read_only
    sessions.add_reader(copy, "Second")
    copy.close()


def test_a_protected_session_that_somebody_else_changes_is_not_read_on_as_if_nothing_happened(
    session: Path, folder: Path
) -> None:
    folder.chmod(0o555)
    with _ordinary_user():
        opened = open_database(session)
    sessions.readers(opened)
    # who has the rights works on
    folder.chmod(0o755)
    writer = open_database(session)
    sessions.add_reader(writer, "Second")
    writer.close()
    for question in (
        lambda: sessions.readers(opened),
        lambda: sessions.current_protocol(opened),
        lambda: opened.copy_to(folder / "copy.marrow"),
    ):
        assert _code(question) == "store.changed_elsewhere"
    session.unlink()
    assert _code(lambda: sessions.readers(opened)) == "store.changed_elsewhere"
    opened.close()


def test_a_session_with_an_open_journal_on_protected_media_says_what_is_missing(
    session: Path, folder: Path
) -> None:
    writer = open_database(session)
    sessions.add_reader(writer, "Second")
    crashed = folder / "crashed"
    crashed.mkdir()
    for file in (session, header.journal_of(session)):
        shutil.copy(file, crashed / file.name)
    writer.close()
    before = {file: (crashed / file).read_bytes() for file in _files(crashed)}
    crashed.chmod(0o555)
    with _ordinary_user():
        assert _code(lambda: open_database(crashed / session.name)) == "store.journal_and_read_only"
    crashed.chmod(0o755)
    assert {file: (crashed / file).read_bytes() for file in _files(crashed)} == before
    opened = open_database(crashed / session.name)
    assert [reader.name for reader in sessions.readers(opened)] == ["First", "Second"]
    opened.close()


def test_damage_is_not_mistaken_for_a_journal_that_cannot_be_read(session: Path, folder: Path) -> None:
    session.write_bytes(session.read_bytes()[:8192])
    header.journal_of(session).write_bytes(b"no journal at all")
    header.journal_of(session).chmod(0o666)
    session.chmod(0o444)
    folder.chmod(0o777)
    with _ordinary_user():
        assert _code(lambda: open_database(session)) == "store.corrupt"


def test_someone_without_rights_can_watch_a_live_session(session: Path, folder: Path) -> None:
    writer = open_database(session)
    sessions.add_reader(writer, "Second")
    for file in folder.iterdir():
        file.chmod(0o644)
    with _ordinary_user():
        seen = open_database(session)
        assert seen.read_only
        assert [reader.name for reader in sessions.readers(seen)] == ["First", "Second"]
        seen.close()
    writer.close()


def test_an_old_session_that_cannot_be_written_to_is_not_guessed_at(
    session: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.chmod(0o444)
    session.parent.chmod(0o555)
    newer = migrate.steps() | {migrate.newest() + 1: "CREATE TABLE later (id INTEGER PRIMARY KEY) STRICT;"}
    monkeypatch.setattr(migrate, "steps", lambda: newer)
    with _ordinary_user():
        assert _code(lambda: open_database(session)) == "store.old_and_read_only"


# -- the second window ------------------------------------------------------------------------------------


def test_a_second_window_reads_what_the_first_one_writes(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    seen = open_database(path)
    assert seen.read_only
    assert seen.holder is not None
    assert seen.holder["process"] == str(os.getpid())
    empty = readings.open_reading(database, first, exam_id)
    state = LevelState.measured(Rectangle(1, 2, 3, 4, 2))
    written = readings.append_revision(database, empty, Level.L1, state, make_stats())
    assert readings.open_reading(seen, first, exam_id) == written
    assert _code(lambda: sessions.add_reader(seen, "Third")) == "store.read_only"
    another = seen.another()
    assert another.holder == seen.holder
    assert readings.open_reading(another, first, exam_id) == written
    another.close()
    seen.close()


def test_what_the_first_window_wrote_is_in_the_one_file_even_while_the_second_looks(
    database: Database, path: Path, tmp_path: Path
) -> None:
    seen = open_database(path)
    sessions.add_reader(database, "Third")
    assert sessions.readers(seen)
    database.close()
    alone = tmp_path / "alone" / "study.marrow"
    alone.parent.mkdir()
    shutil.copy(path, alone)
    copy = open_database(alone)
    assert [reader.name for reader in sessions.readers(copy)] == ["Third"]
    copy.close()
    assert sessions.readers(seen)
    seen.close()
    # the second window closes without touching anything; the next writer tidies up
    after = open_database(path)
    assert not after.read_only
    after.close()
    assert [entry.name for entry in path.parent.iterdir() if entry.is_file()] == [path.name]


def test_closing_the_second_window_leaves_the_lock_with_the_first(database: Database, path: Path) -> None:
    open_database(path).close()
    assert open_database(path).read_only
    sessions.add_reader(database, "Third")
