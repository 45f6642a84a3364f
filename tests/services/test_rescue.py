"""Backups, restoring one, and salvage, through the services: what is lost is named by case."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.progress import Silent
from app.domain.protocol import LEVELS
from app.domain.reading import Viewer
from app.domain.shapes import Rectangle
from app.services import open_session, read_exam, rescue
from app.services.open_session import Session
from app.services.rescue import MapLoss
from app.services.verify import verify
from app.store import audit

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)


def _read(session: Session) -> None:
    viewer = Viewer(open_session.readers_of(session)[0])
    case = read_exam.open_case(session, viewer, 1)
    for step in range(60):
        rectangle = Rectangle(4, 5 + 15 * (step % 5), 20 + step // 5, 8, 10)
        case, _ = read_exam.set_rectangle(session, case, LEVELS[step % 5], rectangle)


@pytest.fixture
def read(reading_session: Path) -> Path:
    """A closed session with a long reading of C0001."""
    with closing(open_session.open_session(reading_session)) as session:
        _read(session)
    return reading_session


def _wreck(path: Path, table: str) -> None:
    """Damage the last page of a table that has several."""
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    content = bytearray(path.read_bytes())
    start = (root - 1) * size
    assert content[start] == 5
    page = int.from_bytes(content[start + 8 : start + 12], "big")
    content[(page - 1) * size : page * size] = b"\xa5" * size
    path.write_bytes(content)


def test_a_backup_is_made_once_for_each_change(read: Path) -> None:
    with closing(open_session.open_session(read)) as session:
        first = rescue.back_up(session, NOON)
        assert first is not None
        assert rescue.back_up(session, NOON + timedelta(minutes=5)) is None
        open_session.add_reader(session, "Cy")
        second = rescue.back_up(session)
        assert second is not None
    assert [one.path for one in rescue.backups_of(read)] == [second, first]


def test_whether_anything_was_written_shows_by_the_newest_entry(read: Path) -> None:
    with closing(open_session.open_session(read)) as session:
        before = rescue.newest_entry(session)
        assert rescue.newest_entry(session) == before == audit.head_hash(session.database)
        session.database.guard(None)
        assert rescue.newest_entry(session) == before
        session.database.unguard()
        open_session.add_reader(session, "Cy")
        assert rescue.newest_entry(session) != before


def test_a_restored_session_is_whole_and_its_record_says_what_happened(read: Path, tmp_path: Path) -> None:
    with closing(open_session.open_session(read)) as session:
        written = rescue.back_up(session, NOON)
        before = audit.count(session.database)
    assert written is not None
    _wreck(read, "roi_revision")
    found = rescue.restore_backup(written, read, tmp_path / "again.marrow", Silent())
    assert found.lost == ()
    with closing(open_session.open_session(found.path)) as session:
        assert verify(session, open_session.last_viewer(session), Silent(), recompute=True).whole
        newest = audit.entries(session.database)[-1]
        assert (newest.seq, newest.action, newest.new) == (
            before + 1, "session.restored", '{"without_voxels": []}'
        )  # fmt: skip


def test_maps_whose_voxels_were_not_found_are_named_in_the_record(read: Path, tmp_path: Path) -> None:
    with closing(open_session.open_session(read)) as session:
        written = rescue.back_up(session, NOON)
    assert written is not None
    with closing(sqlite3.connect(read)) as connection:
        connection.execute("DROP TRIGGER map_slice_no_delete")
        connection.execute("DELETE FROM map_slice WHERE map_id = 3")
        connection.commit()
    found = rescue.restore_backup(written, read, tmp_path / "again.marrow", Silent())
    assert found.lost == (MapLoss("C0002", "FF"),)
    with closing(open_session.open_session(found.path)) as session:
        assert "C0002/FF" in audit.entries(session.database)[-1].new


def test_what_salvage_could_not_save_is_named_by_the_record(read: Path, tmp_path: Path) -> None:
    _wreck(read, "roi_revision")
    found = rescue.salvage_session(read, tmp_path / "saved.marrow", Silent())
    assert not found.whole
    assert {one.code for one in found.lost} == {"verify.row_missing"}
    assert {one.values["table"] for one in found.lost} == {"roi_revision"}
    assert all(str(one.values["where"]).startswith("C0001/L") for one in found.lost)
    (damaged,) = [one for one in found.tables if not one.whole]
    assert damaged.kept + len(found.lost) == 60
    with closing(open_session.open_session(found.path)) as session:
        newest = audit.entries(session.database)[-1]
        assert newest.action == "session.salvaged"
        assert newest.new == f'{{"damaged": {{"roi_revision": 1}}, "lost": {len(found.lost)}}}'
        assert audit.first_break(session.database) is None


def test_a_whole_session_is_salvaged_whole(read: Path, tmp_path: Path) -> None:
    found = rescue.salvage_session(read, tmp_path / "saved.marrow", Silent())
    assert found.whole
    with closing(open_session.open_session(found.path)) as session:
        assert verify(session, open_session.last_viewer(session), Silent()).whole


def test_rows_whose_entry_is_lost_are_kept_and_not_called_lost(read: Path, tmp_path: Path) -> None:
    _wreck(read, "audit")
    found = rescue.salvage_session(read, tmp_path / "saved.marrow", Silent())
    assert not found.whole
    assert found.lost == ()
    assert next(one.kept for one in found.tables if one.table == "roi_revision") == 60
