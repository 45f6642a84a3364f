"""Files that are no sessions, newer ones, damaged ones: told apart, and never changed by being looked at."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import AppError, StoreTooNew, StoreUnavailable
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import audit, exams, header, migrate, readings, results, sessions
from app.store.database import Database, open_database
from app.store.exams import NewExam
from app.store.readings import Position

PAGE = 4096


def _refuse(path: Path, code: str) -> AppError:
    """Open a bad file; nothing in its folder may change by that."""
    before = {entry.name: entry.read_bytes() for entry in path.parent.iterdir() if entry.is_file()}
    with pytest.raises(AppError) as caught:
        open_database(path)
    assert caught.value.code == code
    after = {entry.name: entry.read_bytes() for entry in path.parent.iterdir() if entry.is_file()}
    assert {name: after.get(name) for name in before} == before
    return caught.value


def _raw(path: Path, sql: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(sql)
        connection.commit()


@pytest.fixture
def closed(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: Callable[..., dict]
) -> Path:
    """Give a closed session with an exam, a reading and a position."""
    reading = readings.open_reading(database, first, exam_id)
    for level in LEVELS:
        state = LevelState.measured(Rectangle(1, 2, 3, 4, 2))
        reading = readings.append_revision(database, reading, level, state, make_stats())
    readings.append_event(database, reading, "signed_off")
    readings.remember_position(database, first, Position(exam_id, 1, Level.L3))
    database.close()
    return path


def test_a_file_that_is_not_there_is_missing(tmp_path: Path) -> None:
    _refuse(tmp_path / "nowhere.marrow", "store.missing")


def test_a_folder_is_no_session(tmp_path: Path) -> None:
    (tmp_path / "folder.marrow").mkdir()
    _refuse(tmp_path / "folder.marrow", "store.missing")


def test_a_name_no_file_can_have_is_refused(tmp_path: Path) -> None:
    _refuse(tmp_path / ("x" * 300), "store.cannot_open")


def test_a_file_without_a_byte_is_empty(path: Path) -> None:
    path.touch()
    _refuse(path, "store.empty")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"%PDF-1.7 a report", b"SQLite format 2\x00" + bytes(200), b"S"])
def test_a_file_of_another_kind_is_no_session(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _refuse(path, "store.not_a_session")


def test_a_database_of_another_program_is_no_session_and_stays_as_it_is(path: Path) -> None:
    _raw(path, "CREATE TABLE patients (name TEXT)")
    _refuse(path, "store.not_a_session")
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_a_session_cut_off_in_its_header_is_damaged(closed: Path) -> None:
    closed.write_bytes(closed.read_bytes()[:60])
    _refuse(closed, "store.corrupt")


@pytest.mark.parametrize("share", [0.05, 0.5, 0.99])
def test_a_session_that_was_not_copied_to_its_end_is_damaged(closed: Path, share: float) -> None:
    content = closed.read_bytes()
    closed.write_bytes(content[: int(len(content) * share)])
    _refuse(closed, "store.corrupt")


def test_a_damaged_page_size_is_found(closed: Path) -> None:
    content = bytearray(closed.read_bytes())
    content[16:18] = b"\x00\x07"
    closed.write_bytes(content)
    _refuse(closed, "store.corrupt")


def test_damage_that_cannot_even_be_quoted_is_damage(closed: Path) -> None:
    content = closed.read_bytes()
    assert content.count(b"CREATE TABLE audit") == 1
    closed.write_bytes(content.replace(b"CREATE TABLE audit", b"CREA\xffE TABLE audit"))
    _refuse(closed, "store.corrupt")


def _pages_of(path: Path, name: str) -> list[int]:
    """Root page of a table or index."""
    with closing(sqlite3.connect(path)) as connection:
        sql = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        return [row[0] for row in connection.execute(sql, (name,))]


@pytest.mark.parametrize("filler", [b"\x00", b"\xff", b"\x0d"])
@pytest.mark.parametrize(
    "name",
    [
        *("session", "protocol", "reader", "exam", "identity", "map", "reading", "reading_event"),
        *("roi_revision", "roi_revision_of", "measurement", "audit", "position"),
    ],
)
def test_a_damaged_page_of_any_table_is_found_on_opening(closed: Path, name: str, filler: bytes) -> None:
    (page,) = _pages_of(closed, name)
    content = bytearray(closed.read_bytes())
    content[(page - 1) * PAGE : page * PAGE] = filler * PAGE
    closed.write_bytes(content)
    _refuse(closed, "store.corrupt")


def test_damaged_pixels_are_found_when_they_are_read_and_nothing_else_is_lost(
    database: Database, path: Path, make_exam: Callable[..., Exam], make_new: Callable[..., NewExam]
) -> None:
    # noise of many pages, so that the damage hits the content and nothing else
    big, small = make_exam(shape=(2, 90, 90)), make_exam("C0002", seed=1)
    keys = [exams.add(database, exams.pack(make_new(exam)), actor="First") for exam in (big, small)]
    packed = exams.pack(make_new(big)).maps[Quantity.FF].slices[0]
    database.close()
    content = bytearray(path.read_bytes())
    place = content.find(packed[len(packed) // 2 :][:64])
    assert place > 0
    content[place] ^= 1
    path.write_bytes(content)
    opened = open_database(path)
    with pytest.raises(StoreUnavailable) as caught:
        exams.load(opened, keys[0])
    assert caught.value.code == "store.corrupt"
    whole = exams.load(opened, keys[1]).maps[Quantity.FF]
    assert np.array_equal(whole.stored, small.maps[Quantity.FF].stored)
    opened.close()


FORGED = [
    ("DELETE FROM map_slice WHERE slice = 1 AND map_id = 1", "load"),
    ("UPDATE map_slice SET codec = 'from the future'", "load"),
    ("UPDATE map_slice SET content = x'00'", "load"),
    ("UPDATE map_slice SET content = (SELECT content FROM map_slice WHERE map_id = 9)", "load"),
    ("UPDATE map SET grid = '{}'", "load"),
    ("UPDATE map SET grid = '[1'", "load"),
    ("UPDATE map SET scaling = '{\"slope\": 1}'", "load"),
    ("UPDATE map SET quantity = 'F?' WHERE quantity = 'FF'", "load"),
    ("UPDATE roi_revision SET level = 'L9'", "reading results"),
    ("UPDATE roi_revision SET reason = 'BECAUSE'", "reading results"),
    ("UPDATE roi_revision SET rows = 0", "reading results"),
    ("UPDATE roi_revision SET slice = NULL", "reading"),
    ("UPDATE measurement SET quantity = 'F' || quantity", "reading results"),
    ("UPDATE protocol SET content = '['", "protocol"),
    ('UPDATE protocol SET content = \'{"readers": "two"}\'', "protocol"),
    ("UPDATE position SET level = 'C1'", "position"),
    ("UPDATE exam SET code = CAST(x'ff' AS TEXT)", "worklist load"),
]


@pytest.mark.parametrize(("sql", "asked"), FORGED)
def test_content_that_makes_no_sense_is_called_damaged(
    closed: Path, exam_id: int, first: Viewer, sql: str, asked: str
) -> None:
    with closing(sqlite3.connect(closed)) as connection:
        triggers = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall()
        for (name,) in triggers:
            connection.execute(f"DROP TRIGGER {name}")
        if "map_id = 9" in sql:
            sql = sql.replace("(SELECT content FROM map_slice WHERE map_id = 9)", "?")
            connection.execute(sql, (_packed_elsewhere(),))
        else:
            connection.execute(sql)
        connection.commit()
    questions: dict[str, Callable[[Database], object]] = {
        "load": lambda opened: exams.load(opened, exam_id),
        "reading": lambda opened: readings.open_reading(opened, first, exam_id),
        "results": lambda opened: results.results(opened, first),
        "protocol": sessions.current_protocol,
        "position": lambda opened: readings.last_position(opened, first),
        "worklist": lambda opened: readings.worklist(opened, first),
    }
    opened = open_database(closed)
    for question in asked.split():
        with pytest.raises(StoreUnavailable) as caught:
            questions[question](opened)
        assert caught.value.code == "store.corrupt"
    opened.close()


def _packed_elsewhere() -> bytes:
    """Compress a slice of another size by the same rule."""
    import zstandard  # noqa: PLC0415 - only this one wants it

    return zstandard.ZstdCompressor(write_checksum=True).compress(bytes(10))


def test_an_exam_that_is_not_there_is_damage_not_a_crash(database: Database) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        exams.load(database, 77)
    assert caught.value.code == "store.corrupt"


def test_a_session_without_a_protocol_is_damaged(closed: Path) -> None:
    _raw(closed, "DROP TRIGGER protocol_no_delete")
    _raw(closed, "DELETE FROM protocol")
    opened = open_database(closed)
    with pytest.raises(AppError) as caught:
        sessions.current_protocol(opened)
    assert caught.value.code == "session.without_protocol"
    opened.close()


# -- newer versions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["WAL", "DELETE"])
def test_a_session_of_a_newer_version_is_not_touched(closed: Path, mode: str) -> None:
    newer = migrate.newest() + 1
    with closing(sqlite3.connect(closed)) as connection:
        connection.execute(f"PRAGMA journal_mode = {mode}")
        connection.execute(f"PRAGMA user_version = {newer}")
    problem = _refuse(closed, "store.too_new")
    assert isinstance(problem, StoreTooNew)
    assert problem.values == {"file": closed.name, "version": newer, "known": migrate.newest()}
    assert [entry.name for entry in closed.parent.iterdir()] == [closed.name]


def test_a_newer_version_that_only_the_journal_knows_of_is_not_touched(closed: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed" / closed.name
    crashed.parent.mkdir()
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {migrate.newest() + 1}")
        shutil.copy(closed, crashed)
        shutil.copy(header.journal_of(closed), header.journal_of(crashed))
    assert header.has_journal(crashed)
    _refuse(crashed, "store.too_new")


def test_a_journal_of_this_version_is_taken_over(closed: Path, tmp_path: Path) -> None:
    crashed = tmp_path / "crashed" / closed.name
    crashed.parent.mkdir()
    with closing(sqlite3.connect(closed, isolation_level=None)) as connection:
        connection.execute("INSERT INTO session (key, value) VALUES ('newest', '')")
        shutil.copy(closed, crashed)
        shutil.copy(header.journal_of(closed), header.journal_of(crashed))
    opened = open_database(crashed)
    assert opened.row("SELECT 1 FROM session WHERE key = 'newest'") is not None
    opened.close()
    assert [entry.name for entry in crashed.parent.iterdir()] == [crashed.name]


def test_a_session_that_only_the_journal_knows_of_is_opened(tmp_path: Path) -> None:
    made, crashed = tmp_path / "made.marrow", tmp_path / "crashed" / "made.marrow"
    crashed.parent.mkdir()
    with closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        migrate.migrate(connection, made)
        for file in (made, header.journal_of(made)):
            shutil.copy(file, crashed.parent / file.name)
    assert crashed.read_bytes().count(b"MRRW") == 0
    opened = open_database(crashed)
    assert sessions.readers(opened) == []
    opened.close()


def test_a_foreign_database_with_a_journal_is_no_session_and_stays_as_it_is(tmp_path: Path) -> None:
    foreign, crashed = tmp_path / "foreign.marrow", tmp_path / "crashed" / "foreign.marrow"
    crashed.parent.mkdir()
    with closing(sqlite3.connect(foreign, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE patients (name TEXT)")
        for file in (foreign, header.journal_of(foreign)):
            shutil.copy(file, crashed.parent / file.name)
    _refuse(crashed, "store.not_a_session")


def test_a_second_window_checks_what_it_opens(database: Database, path: Path) -> None:
    with database.transaction():
        database.insert("PRAGMA user_version = 99")
    with pytest.raises(StoreTooNew):
        open_database(path)
    with database.transaction():
        database.insert("PRAGMA application_id = 7")
    with pytest.raises(StoreUnavailable) as caught:
        open_database(path)
    assert caught.value.code == "store.not_a_session"


# -- fuzz -------------------------------------------------------------------------------------------------


def _look_at_everything(path: Path, viewer: Viewer, exam_id: int) -> None:
    opened = open_database(path)
    try:
        sessions.readers(opened)
        readings.worklist(opened, viewer)
        readings.open_reading(opened, viewer, exam_id)
        readings.last_position(opened, viewer)
        results.results(opened, viewer)
        audit.first_break(opened)
        exams.load(opened, exam_id)
    finally:
        opened.close()


def _damage(content: bytearray, random: np.random.Generator) -> None:
    start = int(random.integers(0, len(content)))
    length = int(random.choice([1, 2, 8, 64, 512, PAGE]))
    content[start : start + length] = random.bytes(min(length, len(content) - start))


def _survive_damage(path: Path, viewer: Viewer, exam_id: int, seeds: range) -> int:
    """Damage a session in many ways; whatever is refused is refused by name. Gives how many were refused."""
    whole = path.read_bytes()
    refused = 0
    for seed in seeds:
        content = bytearray(whole)
        _damage(content, np.random.default_rng(seed))
        path.write_bytes(content)
        try:
            _look_at_everything(path, viewer, exam_id)
        except AppError:
            refused += 1
    return refused


def test_random_damage_is_refused_by_name(closed: Path, first: Viewer, exam_id: int) -> None:
    assert _survive_damage(closed, first, exam_id, range(60)) > 10


@pytest.mark.long
def test_much_random_damage_is_refused_by_name(closed: Path, first: Viewer, exam_id: int) -> None:
    assert _survive_damage(closed, first, exam_id, range(1000, 6000)) > 1000


def test_statistics_are_built_from_the_fields_that_are_stored(closed: Path) -> None:
    with closing(sqlite3.connect(closed)) as connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(measurement)")]
    assert columns == ["revision_id", "quantity", *RoiStats.__dataclass_fields__]
