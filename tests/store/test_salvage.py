"""A damaged file gives back what can be read of it, and says what it could not; it is never written to."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import StoreTooNew, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.progress import Silent
from app.domain.protocol import LEVELS
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import audit, migrate, readings, schema, walk
from app.store.database import Database, open_database
from app.store.lock import SessionLock
from app.store.salvage import TableLoss, salvage
from app.store.walk import Walk, rows_around

MakeStats = Callable[..., dict[Quantity, RoiStats]]
EDITS = 300


@pytest.fixture
def broken(database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats) -> Path:
    """A closed session with a long story, still whole."""
    reading = readings.open_reading(database, first, exam_id)
    for step in range(EDITS):
        state = LevelState.measured(Rectangle(0, step % 5, 0, 2, 2))
        reading = readings.append_revision(database, reading, LEVELS[step % 5], state, make_stats(step / 7))
    database.close()
    return path


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "saved" / "new.marrow"


@pytest.fixture(autouse=True)
def place_of_target(target: Path) -> None:
    target.parent.mkdir()


def _pages(path: Path) -> tuple[int, dict[str, list[int]]]:
    """Page size, and the pages of each table in order of their content."""
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        found: dict[str, list[int]] = {}
        roots = connection.execute("SELECT name, rootpage FROM sqlite_schema WHERE type = 'table'").fetchall()
    content = path.read_bytes()
    for name, root in roots:
        found[name] = _walk_pages(content, size, root)
    return size, found


def _walk_pages(content: bytes, size: int, page: int) -> list[int]:
    """Pages of a table b-tree, see https://www.sqlite.org/fileformat2.html section 1.6."""
    start = (page - 1) * size
    header = start + (100 if page == 1 else 0)
    kind = content[header]
    if kind in {13, 10}:
        return [page]
    cells = int.from_bytes(content[header + 3 : header + 5], "big")
    children = [
        int.from_bytes(content[start + place : start + place + 4], "big")
        for place in (
            int.from_bytes(content[header + 12 + 2 * one : header + 14 + 2 * one], "big")
            for one in range(cells)
        )
    ]
    children.append(int.from_bytes(content[header + 8 : header + 12], "big"))
    return [page, *(one for child in children for one in _walk_pages(content, size, child))]


def _wreck(path: Path, *pages: int) -> None:
    size, _ = _pages(path)
    content = bytearray(path.read_bytes())
    for page in pages:
        content[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(content)


def _state(path: Path) -> dict[str, str]:
    return {
        one.name: hashlib.sha256(one.read_bytes()).hexdigest()
        for one in path.parent.iterdir()
        if one.is_file()
    }


def _keys(path: Path, table: str, key: str = "id") -> set[int]:
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        return {row[0] for row in connection.execute(f"SELECT {key} FROM {table} NOT INDEXED")}  # noqa: S608 - names of our own


def _loss(found: tuple[TableLoss, ...], table: str) -> TableLoss:
    return next(one for one in found if one.table == table)


def test_a_whole_session_comes_over_row_by_row(
    broken: Path, target: Path, first: Viewer, exam_id: int
) -> None:
    before = _state(broken)
    found = salvage(broken, target, Silent())
    assert all(one.whole for one in found)
    assert _loss(found, "roi_revision").kept == EDITS
    assert [one.name for one in target.parent.iterdir()] == [target.name]
    assert _state(broken) == before
    with closing(open_database(broken)) as old, closing(open_database(target)) as new:
        for name, table in schema.newest().tables.items():
            sql = f"SELECT {', '.join(table.columns)} FROM {name} ORDER BY 1, 2"  # noqa: S608 - names of our own
            assert [tuple(row) for row in new.rows(sql)] == [tuple(row) for row in old.rows(sql)]
        words = (
            "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
        )
        assert [tuple(row) for row in new.rows(words)] == [tuple(row) for row in old.rows(words)]
        assert new.rows("PRAGMA integrity_check")[0][0] == "ok"
        assert audit.first_break(new) is None
        state = LevelState.measured(Rectangle(0, 1, 1, 2, 2))
        reading = readings.open_reading(new, first, exam_id)
        numbers = reading.revisions[0].stats
        assert (
            readings.append_revision(new, reading, LEVELS[0], state, dict(numbers)).revisions[-1].id
            == EDITS + 1
        )


@pytest.mark.parametrize("which", ["first", "middle", "last", "two apart", "two beside"])
def test_rows_around_a_bad_page_are_saved(broken: Path, target: Path, which: str) -> None:
    _, pages = _pages(broken)
    root, *leaves = pages["roi_revision"]
    assert len(leaves) >= 8
    bad = {
        "first": leaves[:1],
        "middle": leaves[4:5],
        "last": leaves[-1:],
        "two apart": [leaves[2], leaves[-2]],
        "two beside": leaves[3:5],
    }[which]
    every = _keys(broken, "roi_revision")
    _wreck(broken, *bad)
    before = _state(broken)
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        open_database(broken)
    found = salvage(broken, target, Silent())
    loss = _loss(found, "roi_revision")
    lost = every - _keys(target, "roi_revision")
    assert loss.kept == len(every) - len(lost)
    assert 0 < len(lost) <= 60 * len(bad)
    assert loss.gaps == (1 if which != "two apart" else 2)
    assert not loss.whole
    assert [one.table for one in found if not one.whole] == ["roi_revision"]
    assert _state(broken) == before
    open_database(target).close()
    assert root not in bad


def test_rows_without_numbers_of_their_own_are_saved_around_a_bad_page(broken: Path, target: Path) -> None:
    _, pages = _pages_of_index(broken, "measurement")
    every = _keys(broken, "measurement", "revision_id")
    _wreck(broken, pages[3])
    found = salvage(broken, target, Silent())
    lost = every - _keys(target, "measurement", "revision_id")
    assert 0 < len(lost) < 80
    assert _loss(found, "measurement").gaps >= 1
    open_database(target).close()


def _pages_of_index(path: Path, table: str) -> tuple[int, list[int]]:
    with closing(sqlite3.connect(f"file:{path}?immutable=1", uri=True)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    content = path.read_bytes()
    start = (root - 1) * size
    assert content[start] == 2
    cells = int.from_bytes(content[start + 3 : start + 5], "big")
    places = [
        int.from_bytes(content[start + 12 + 2 * one : start + 14 + 2 * one], "big") for one in range(cells)
    ]
    return size, [int.from_bytes(content[start + place : start + place + 4], "big") for place in places]


def test_a_file_that_was_cut_off_gives_back_its_beginning(broken: Path, target: Path) -> None:
    content = broken.read_bytes()
    broken.write_bytes(content[: len(content) * 2 // 3 + 100])
    found = salvage(broken, target, Silent())
    assert _loss(found, "exam").kept == 1
    assert 0 < _loss(found, "audit").kept < EDITS
    open_database(target).close()


def test_what_waits_in_the_journal_is_saved_too(
    broken: Path, target: Path, tmp_path: Path, first: Viewer
) -> None:
    crashed = tmp_path / "crashed" / broken.name
    crashed.parent.mkdir()
    with closing(open_database(broken)) as opened:
        readings.remember_position(opened, first, readings.Position(1, 2, None))
        shutil.copy(broken, crashed)
        shutil.copy(f"{broken}-wal", f"{crashed}-wal")
    before = _state(crashed)
    salvage(crashed, target, Silent())
    assert _state(crashed) == before
    assert _keys(target, "position") == {1}


def test_a_text_that_is_none_any_more_costs_its_own_row(broken: Path, target: Path) -> None:
    with closing(sqlite3.connect(broken)) as connection:
        connection.execute("DROP TRIGGER roi_revision_no_update")
        connection.execute("UPDATE roi_revision SET note = CAST(x'ff' AS TEXT) WHERE id = 7")
        connection.execute("PRAGMA ignore_check_constraints = ON")
        connection.execute("UPDATE roi_revision SET kind = 'lost' WHERE id = 9")
        connection.commit()
    loss = _loss(salvage(broken, target, Silent()), "roi_revision")
    assert loss == TableLoss("roi_revision", EDITS - 2, gaps=1, refused=1)


def test_a_table_of_contents_without_a_table_loses_that_table_only(broken: Path, target: Path) -> None:
    with closing(sqlite3.connect(broken)) as connection:
        connection.execute("DROP TABLE case_fact")
        connection.execute("DROP TABLE session")
    found = salvage(broken, target, Silent())
    assert _loss(found, "case_fact") == TableLoss("case_fact", 0, gaps=1, refused=0)
    assert _loss(found, "session") == TableLoss("session", 0, gaps=1, refused=0)
    assert _loss(found, "roi_revision").whole


def test_a_page_in_another_ones_place_does_not_send_us_round_for_ever(broken: Path, target: Path) -> None:
    size, pages = _pages(broken)
    _, *leaves = pages["roi_revision"]
    content = bytearray(broken.read_bytes())
    early, late = ((page - 1) * size for page in (leaves[1], leaves[5]))
    content[late : late + size] = content[early : early + size]
    broken.write_bytes(content)
    every = set(range(1, EDITS + 1))
    loss = _loss(salvage(broken, target, Silent()), "roi_revision")
    lost = every - _keys(target, "roi_revision")
    assert 0 < len(lost) < 60
    assert loss.gaps == 1


def test_a_whole_branch_that_is_gone_is_passed_in_long_steps(target: Path, tmp_path: Path) -> None:
    made = tmp_path / "long.db"
    with closing(sqlite3.connect(made)) as connection:
        connection.execute(schema.newest().tables["exam_use"].sql)
        rows = [(number, 1, "study", "") for number in (*range(1, 40), *range(30_000, 30_500))]
        connection.executemany("INSERT INTO exam_use VALUES (?, ?, ?, ?)", rows)
        connection.commit()
    _, pages = _pages(made)
    _wreck(made, pages["exam_use"][1])
    with closing(sqlite3.connect(made)) as connection:
        found = Walk()
        read = [row[0] for row in rows_around(connection, schema.newest().tables["exam_use"], found)]
    first = read[0]
    assert read == [number for number in range(first, 30_500) if number >= 30_000]
    assert first < 30_300
    assert found == Walk(len(read), gaps=1)


def test_a_long_gap_ends_somewhere(broken: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "_REACH", 10)
    _, pages = _pages(broken)
    _, *leaves = pages["roi_revision"]
    _wreck(broken, *leaves[2:])
    loss = _loss(salvage(broken, target, Silent()), "roi_revision")
    assert 0 < loss.kept < 100


def test_what_is_no_session_or_a_newer_one_is_left_alone(broken: Path, target: Path, tmp_path: Path) -> None:
    def code(path: Path) -> str:
        with pytest.raises(StoreUnavailable) as caught:
            salvage(path, target, Silent())
        return caught.value.code

    other = tmp_path / "notes.marrow"
    other.write_bytes(b"x" * 5000)
    assert code(other) == "store.not_a_session"
    other.write_bytes(b"")
    assert code(other) == "store.empty"
    assert code(tmp_path / "nowhere.marrow") == "store.missing"
    lock = SessionLock(broken)
    assert lock.acquire()
    assert code(broken) == "store.busy"
    lock.release()
    target.touch()
    assert code(broken) == "store.exists"
    target.unlink()
    with closing(sqlite3.connect(broken)) as connection:
        connection.execute(f"PRAGMA user_version = {migrate.newest() + 1}")
    with pytest.raises(StoreTooNew):
        salvage(broken, target, Silent())
    assert not target.exists()


def test_a_newer_version_that_only_the_journal_knows_of_is_left_alone(
    broken: Path, target: Path, tmp_path: Path
) -> None:
    crashed = tmp_path / "crashed" / broken.name
    crashed.parent.mkdir()
    with closing(sqlite3.connect(broken, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA user_version = {migrate.newest() + 1}")
        shutil.copy(broken, crashed)
        shutil.copy(f"{broken}-wal", f"{crashed}-wal")
    with pytest.raises(StoreTooNew):
        salvage(crashed, target, Silent())


@pytest.mark.parametrize("what", ["no rows", "no pages", "no page size"])
def test_where_nothing_can_be_read_nothing_is_made(broken: Path, target: Path, what: str) -> None:
    _, pages = _pages(broken)
    if what == "no rows":
        _wreck(broken, *{page for found in pages.values() for page in found if page != 1})
    elif what == "no page size":
        content = bytearray(broken.read_bytes())
        content[16:18] = b"\x00\x03"
        broken.write_bytes(content)
    else:
        content = bytearray(broken.read_bytes())
        content[100:] = bytes(len(content) - 100)
        content[40:60] = b"\xff" * 20
        broken.write_bytes(content)
    with pytest.raises(StoreUnavailable) as caught:
        salvage(broken, target, Silent())
    assert caught.value.code == "salvage.nothing"
    assert list(target.parent.iterdir()) == []


def test_a_file_whose_version_was_wiped_out_is_taken_for_todays(broken: Path, target: Path) -> None:
    with closing(sqlite3.connect(broken)) as connection:
        connection.execute("PRAGMA user_version = 0")
    assert all(one.whole for one in salvage(broken, target, Silent()))
    open_database(target).close()


def test_a_folder_in_which_no_lock_can_be_made_is_no_hindrance(
    broken: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_self: SessionLock) -> bool:
        raise PermissionError(13, "no")

    monkeypatch.setattr(SessionLock, "acquire", fail)
    assert all(one.whole for one in salvage(broken, target, Silent()))


def test_a_target_that_cannot_be_written_is_said(broken: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        salvage(broken, tmp_path / "nowhere" / "new.marrow", Silent())
    assert caught.value.code == "store.cannot_open"


@pytest.mark.long
def test_random_damage_never_stops_the_rescue(broken: Path, target: Path) -> None:
    whole = broken.read_bytes()
    saved = 0
    for seed in range(150):
        random = np.random.default_rng(seed)
        content = bytearray(whole)
        for _ in range(int(random.integers(1, 6))):
            start = int(random.integers(100, len(content)))
            length = int(random.choice([1, 8, 512, 4096, 20000]))
            content[start : start + length] = random.bytes(min(length, len(content) - start))
        broken.write_bytes(content)
        target.unlink(missing_ok=True)
        try:
            salvage(broken, target, Silent())
        except StoreUnavailable as problem:
            assert problem.code == "salvage.nothing"  # noqa: PT017 - the loop goes on
            continue
        saved += 1
        open_database(target).close()
    assert saved > 100
