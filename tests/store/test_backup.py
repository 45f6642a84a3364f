"""Rolling backups of everything but the voxels, and the way back beside the images."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import BlindingError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.progress import Silent
from app.domain.protocol import Level
from app.domain.reading import LevelState, Viewer
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.store import audit, backup, exams, header, migrate, readings, schema, sessions
from app.store.backup import Backup
from app.store.database import Database, open_database
from app.store.exams import NewExam
from app.store.guard import Scope
from app.store.series import NewReference
from app.store.voxels import MapLoss

MakeExam = Callable[..., Exam]
MakeNew = Callable[..., NewExam]
MakeStats = Callable[..., dict[Quantity, RoiStats]]
NOON = datetime(2026, 3, 5, 12, 0, 7, tzinfo=UTC)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "restored.marrow"


@pytest.fixture
def studied(
    database: Database, make_exam: MakeExam, make_new: MakeNew, make_stats: MakeStats, first: Viewer
) -> Database:
    """Two exams with a series for reference, and a reading of one."""
    for number in (1, 2):
        new = make_new(make_exam(f"C000{number}", seed=number), study_uid=f"5.{number}")
        water = new.exam.maps[Quantity.FF]
        beside = NewReference(ReferenceSeries("T1", water.stored, water.grid, (0.0, 9.0)), ["7"])
        exams.add(
            database,
            exams.pack(NewExam(new.exam, new.identity, new.sources, "GE", "X", (beside,))),
            actor="x",
        )
    reading = readings.open_reading(database, first, 1)
    readings.append_revision(
        database, reading, Level.L1, LevelState.measured(Rectangle(1, 2, 3, 4, 2)), make_stats()
    )
    return database


def _content(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return {
            name: connection.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()  # noqa: S608 - names of our own
            for name in schema.newest().tables
        }


def _write(database: Database, now: datetime = NOON) -> Path:
    written = backup.write(database, now)
    assert written is not None
    return written


def test_a_backup_holds_everything_but_the_voxels(studied: Database, path: Path) -> None:
    written = _write(studied)
    assert written == path.parent / "study.marrow-backups" / "study-20260305T120007Z.marrow-backup"
    assert [one.name for one in written.parent.iterdir()] == [written.name]
    held, whole = _content(written), _content(path)
    assert held.pop("map_slice") == held.pop("reference_slice") == []
    assert whole.pop("map_slice")
    assert whole.pop("reference_slice")
    assert held == whole
    words = "SELECT type, name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_%' ORDER BY name"
    with closing(sqlite3.connect(written)) as connection:
        mine = connection.execute(words).fetchall()
        assert migrate.version_of(connection) == migrate.newest()
    assert mine == [tuple(row) for row in studied.rows(words)]


def test_nothing_is_written_where_nothing_happened(studied: Database) -> None:
    _write(studied)
    assert backup.write(studied, NOON + timedelta(hours=1)) is None
    sessions.add_reader(studied, "Third")
    assert backup.write(studied, NOON + timedelta(hours=1)) is not None


def test_a_backup_that_cannot_be_read_is_followed_by_another(studied: Database) -> None:
    _write(studied).write_bytes(b"half")
    assert backup.write(studied, NOON + timedelta(minutes=1)) is not None


def test_a_session_without_a_record_can_be_backed_up(path: Path) -> None:
    from app.store.database import create_database  # noqa: PLC0415 - used here only

    with closing(create_database(path)) as empty:
        _write(empty)
        assert backup.write(empty, NOON) is None


def test_the_newest_ten_are_kept_and_nothing_else_in_the_folder_is_touched(
    studied: Database, path: Path
) -> None:
    folder = backup.folder_of(path)
    folder.mkdir()
    (folder / "notes.txt").touch()
    (folder / "mine.marrow-backup").touch()
    for number in range(12):
        sessions.add_reader(studied, f"Reader {number}")
        _write(studied, NOON + timedelta(minutes=number))
    kept = backup.backups(path)
    assert [one.at_utc for one in kept] == [NOON + timedelta(minutes=number) for number in range(11, 1, -1)]
    assert len(kept) == backup.KEPT
    assert {"notes.txt", "mine.marrow-backup"} <= {one.name for one in folder.iterdir()}


def test_an_old_backup_that_cannot_be_removed_now_goes_the_next_time(
    studied: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(10):
        sessions.add_reader(studied, f"Reader {number}")
        _write(studied, NOON + timedelta(minutes=number))
    real = Path.unlink

    def refuse(self: Path, missing_ok: bool = False) -> None:
        if self.suffix == backup.SUFFIX:
            raise PermissionError(13, "no")
        real(self, missing_ok)

    sessions.add_reader(studied, "One more")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", refuse)
        _write(studied, NOON + timedelta(hours=1))
    assert len(backup.backups(path)) == 11
    sessions.add_reader(studied, "And another")
    _write(studied, NOON + timedelta(hours=2))
    assert len(backup.backups(path)) == backup.KEPT


def test_the_time_in_the_name_is_that_of_greenwich(studied: Database, path: Path) -> None:
    _write(studied, NOON.astimezone(timezone(timedelta(hours=8))))
    assert backup.backups(path) == [Backup(next(backup.folder_of(path).iterdir()), NOON)]


def test_a_blinded_session_is_backed_up_whole_and_nothing_of_it_is_shown(
    studied: Database, path: Path
) -> None:
    studied.guard(Scope(2, "Second", 1))
    written = _write(studied)
    assert _content(written)["roi_revision"] == _content(path)["roi_revision"]
    with pytest.raises(BlindingError):
        studied.rows("SELECT * FROM identity")


def test_a_session_open_for_reading_is_not_backed_up(studied: Database, path: Path) -> None:
    with closing(open_database(path)) as second:
        assert second.read_only
        assert backup.write(second, NOON) is None
    assert not backup.folder_of(path).exists()
    assert studied.path == path


def test_where_no_backup_can_be_written_that_is_said_and_the_session_is_whole(
    studied: Database, path: Path
) -> None:
    backup.folder_of(path).write_text("a file is in the way")
    with pytest.raises(StoreUnavailable) as caught:
        backup.write(studied, NOON)
    assert caught.value.code == "store.cannot_open"
    assert audit.first_break(studied) is None


# -- the way back -----------------------------------------------------------------------------------------


def test_a_backup_and_the_images_make_the_session_again(studied: Database, path: Path, target: Path) -> None:
    written = _write(studied)
    studied.close()
    whole = _content(path)
    assert backup.restore(written, path, target, Silent()) == ()
    assert _content(target) == whole
    assert [one.name for one in target.parent.iterdir() if "restored" in one.name or "salv" in one.name] == [
        "restored.marrow"
    ]
    with closing(open_database(target)) as again:
        exam = exams.load(again, 2)
        assert exam.maps[Quantity.FF].stored.shape == (3, 9, 7)
        assert len(exams.load_references(again, 2)) == 1


def test_images_of_a_file_that_sqlite_will_not_open_come_back_too(
    studied: Database, path: Path, target: Path
) -> None:
    written = _write(studied)
    studied.close()
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema").fetchall())
    content = bytearray(path.read_bytes())
    for name in ("roi_revision", "audit", "map", "sqlite_autoindex_map_slice_1"):
        place = (roots[name] - 1) * size
        content[place : place + size] = b"\xee" * size
    path.write_bytes(content)
    with pytest.raises(StoreUnavailable):
        open_database(path)
    assert backup.restore(written, path, target, Silent()) == ()
    with closing(open_database(target)) as again:
        assert exams.load(again, 1).maps[Quantity.R2STAR].stored.any()
        assert audit.first_break(again) is None


def test_a_map_whose_slice_is_damaged_is_named_and_the_others_come_back(
    studied: Database, path: Path, target: Path
) -> None:
    written = _write(studied)
    studied.close()
    with closing(sqlite3.connect(path)) as connection:
        for kind in ("update", "delete"):
            connection.execute(f"DROP TRIGGER map_slice_no_{kind}")
        connection.execute("DROP TRIGGER reference_slice_no_delete")
        connection.execute("UPDATE map_slice SET content = x'00' WHERE map_id = 1 AND slice = 1")
        connection.execute("DELETE FROM map_slice WHERE map_id = 4 AND slice = 0")
        connection.execute("DELETE FROM reference_slice WHERE reference_id = 2")
        connection.commit()
    lost = backup.restore(written, path, target, Silent())
    assert lost == (MapLoss("C0001", "FF"), MapLoss("C0002", "R2STAR"), MapLoss("C0002", "T1"))
    with closing(open_database(target)) as again:
        assert exams.load(again, 1, [Quantity.R2STAR]).maps
        with pytest.raises(StoreUnavailable):
            exams.load(again, 1)


def test_voxels_are_found_by_their_hash_wherever_they_lie(
    studied: Database, path: Path, target: Path, tmp_path: Path, make_exam: MakeExam, make_new: MakeNew
) -> None:
    """The images may come from another session of the same patients, imported in another order."""
    from app.domain.protocol import Protocol  # noqa: PLC0415 - used here only
    from app.store.database import create_database  # noqa: PLC0415 - used here only

    written = _write(studied)
    studied.close()
    with closing(create_database(tmp_path / "other.marrow")) as other:
        sessions.begin(other, Protocol())
        exams.add(
            other, exams.pack(make_new(make_exam("X9", seed=9, shape=(2, 5, 5)), study_uid="8.9")), actor="x"
        )
        exams.add(other, exams.pack(make_new(make_exam("X2", seed=2), study_uid="8.2")), actor="x")
    lost = backup.restore(written, tmp_path / "other.marrow", target, Silent())
    assert {one.code for one in lost} == {"C0001", "C0002"}
    assert [one.name for one in lost if one.code == "C0002"] == ["T1"]
    with closing(open_database(target)) as again:
        found = exams.load(again, 2).maps[Quantity.FF].stored
    assert np.array_equal(found, make_exam("C0002", seed=2).maps[Quantity.FF].stored)
    assert path.exists()


def test_a_backup_of_an_older_version_is_restored_and_brought_to_date(tmp_path: Path, target: Path) -> None:
    old = Path(__file__).parent / "schemas" / "v1.marrow"
    assert backup.restore(old, old, target, Silent()) == ()
    with closing(open_database(target)) as again:
        assert exams.load(again, 1).maps


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda file: file.unlink(), "store.missing"),
        (lambda file: file.write_bytes(b"no session at all"), "store.not_a_session"),
        (lambda file: file.write_bytes(file.read_bytes()[:5000]), "store.corrupt"),
        (lambda file: file.write_bytes(file.read_bytes()[:8192]), "store.corrupt"),
    ],
)
def test_a_backup_that_is_none_is_refused(
    studied: Database, path: Path, target: Path, spoil: Callable[[Path], object], code: str
) -> None:
    written = _write(studied)
    studied.close()
    spoil(written)
    with pytest.raises(StoreUnavailable) as caught:
        backup.restore(written, path, target, Silent())
    assert caught.value.code == code
    assert not target.exists()


def test_a_session_is_never_replaced(studied: Database, path: Path) -> None:
    written = _write(studied)
    studied.close()
    with pytest.raises(StoreUnavailable) as caught:
        backup.restore(written, path, path, Silent())
    assert caught.value.code == "store.exists"


def test_a_journal_of_a_file_that_went_is_not_played_into_the_new_one(
    studied: Database, path: Path, target: Path
) -> None:
    written = _write(studied)
    studied.close()
    header.journal_of(target).write_bytes(b"\x37\x7f\x06\x82" + bytes(60))
    backup.restore(written, path, target, Silent())
    assert not header.journal_of(target).exists()


def test_what_stands_in_the_way_of_a_new_file_is_said(studied: Database, path: Path, target: Path) -> None:
    written = _write(studied)
    studied.close()
    target.with_name("restored.marrow.part").mkdir()
    with pytest.raises(StoreUnavailable) as caught:
        backup.restore(written, path, target, Silent())
    assert caught.value.code == "store.cannot_open"
    assert not target.exists()
