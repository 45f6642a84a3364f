"""A disk that fills up: nothing that was stored is lost or changed, and work goes on once there is room."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from app.domain.case_facts import Fact, FactKind, Help
from app.domain.clinical import ClinicalRow, ClinicalValue, Kind
from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import Action, LevelState, Reading, Revision, Role, Viewer
from app.domain.shapes import Rectangle
from app.store import (
    answers,
    audit,
    backup,
    case_facts,
    clinical,
    exams,
    people,
    readings,
    rounds,
    sealing,
    sessions,
)
from app.store.answers import AnswerRow
from app.store.clinical import JoinedRow
from app.store.database import Database, create_database, open_database
from app.store.exams import NewExam
from app.store.salvage import salvage

MakeExam = Callable[..., Exam]
MakeNew = Callable[..., NewExam]
Stats = dict[Quantity, RoiStats]
MakeStats = Callable[..., Stats]


def _content(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Everything every table holds."""
    names = [row[0] for row in database.rows("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    questions = {name: f"SELECT * FROM {name}" for name in names}  # noqa: S608 - names of our own
    return {name: [tuple(row) for row in database.rows(sql)] for name, sql in questions.items()}


def _leave_no_room(database: Database, pages: int = 0) -> None:
    """Let the file grow by so many pages and no more."""
    database._connection.execute("PRAGMA max_page_count = 1")
    now = database.rows("PRAGMA page_count")[0][0]
    database._connection.execute(f"PRAGMA max_page_count = {now + pages}")


def _make_room(database: Database) -> None:
    database._connection.execute("PRAGMA max_page_count = 1000000")


def _code(function: Callable[[], object]) -> str:
    with pytest.raises(StoreUnavailable) as caught:
        function()
    return caught.value.code


def _work_until_full(database: Database, reading: Reading, stats: Stats) -> Reading:
    """Edit until the store refuses; give the reading as it was stored last."""
    for step in range(100_000):
        state = LevelState.measured(Rectangle(0, step % 5, 0, 2, 2))
        try:
            reading = readings.append_revision(database, reading, LEVELS[step % 5], state, stats)
        except StoreUnavailable as problem:
            assert problem.code == "store.full"  # noqa: PT017 - the loop needs to go on from here
            return reading
    raise AssertionError("the disk never filled up")


def test_edits_on_a_full_disk_are_refused_and_everything_stored_stays(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    empty = readings.open_reading(database, first, exam_id)
    _leave_no_room(database, pages=2)
    reading = _work_until_full(database, empty, make_stats())
    assert len(reading.revisions) > 3
    before = _content(database)
    for _ in range(3):
        assert _work_until_full(database, reading, make_stats()) == reading
    assert _content(database) == before
    assert readings.open_reading(database, first, exam_id) == reading
    assert audit.first_break(database) is None
    _make_room(database)
    state = LevelState.measured(Rectangle(2, 1, 1, 3, 3))
    reading = readings.append_revision(database, reading, LEVELS[0], state, make_stats())
    database.close()
    again = open_database(path)
    assert readings.open_reading(again, first, exam_id) == reading
    assert audit.first_break(again) is None
    again.close()


@pytest.mark.usefixtures("exam_id")
@pytest.mark.parametrize("pages", [0, 1, 5, 12])
def test_an_import_on_a_full_disk_leaves_nothing_of_the_exam(
    database: Database, make_exam: MakeExam, make_new: MakeNew, pages: int
) -> None:
    before = _content(database)
    packed = exams.pack(make_new(make_exam("C0002", seed=5, shape=(6, 100, 100)), study_uid="9"))
    _leave_no_room(database, pages)
    assert _code(lambda: exams.add(database, packed, actor="First")) == "store.full"
    assert _content(database) == before
    _make_room(database)
    key = exams.add(database, packed, actor="First")
    stored = exams.load(database, key).maps[Quantity.FF].stored
    assert np.array_equal(stored, packed.new.exam.maps[Quantity.FF].stored)
    assert audit.first_break(database) is None


def test_a_reading_begun_on_a_full_disk_can_be_begun_again(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    empty = readings.open_reading(database, first, exam_id)
    _leave_no_room(database)
    # fill what is left of the last pages
    filler = "INSERT INTO session (key, value) VALUES (hex(randomblob(8)), hex(zeroblob(700)))"

    def fill() -> None:
        while True:
            with database.transaction():
                database.insert(filler)

    assert _code(fill) == "store.full"
    state = LevelState.measured(Rectangle(2, 1, 1, 3, 3))
    reading = _work_until_full(database, empty, make_stats())
    _make_room(database)
    written = readings.append_revision(database, reading, LEVELS[0], state, make_stats())
    assert readings.open_reading(database, first, exam_id) == written


# -- a real full disk -------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Give a disk of 3 MiB, where the system lets us have one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = shutil.which("mount")
    if not sys.platform.startswith("linux") or os.geteuid() != 0 or mount is None:
        pytest.skip("only root may mount a small disk")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", disk], check=False).returncode:
        pytest.skip("no small disk can be mounted here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def _fill(disk: Path) -> Path:
    """Take every byte that is left."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        size = 1 << 16
        while size:
            try:
                file.write(bytes(size))
            except OSError:
                size //= 2
    return filler


@pytest.fixture
def on_small_disk(small_disk: Path, make_new: MakeNew) -> Iterator[Database]:
    opened = create_database(small_disk / "study.marrow")
    sessions.begin(opened, Protocol())
    sessions.add_reader(opened, "First")
    exams.add(opened, exams.pack(make_new()), actor="First")
    yield opened
    opened.close()


def test_a_disk_that_really_fills_up_loses_nothing(
    on_small_disk: Database, small_disk: Path, make_stats: MakeStats
) -> None:
    database = on_small_disk
    first = Viewer(sessions.readers(database)[0])
    filler = _fill(small_disk)
    os.truncate(filler, filler.stat().st_size - (1 << 18))
    reading = _work_until_full(database, readings.open_reading(database, first, 1), make_stats())
    assert len(reading.revisions) > 3
    before = _content(database)
    assert readings.open_reading(database, first, 1) == reading
    # closing cannot fold the journal in; both files together still hold everything
    database.close()
    _fill(small_disk)
    full = open_database(database.path)
    assert _content(full) == before
    assert _work_until_full(full, reading, make_stats()) == reading
    full.close()
    # without SQLite's index of the journal there is no reading either, and that is said
    database.path.with_name("study.marrow-shm").unlink()
    _fill(small_disk)
    assert _code(lambda: open_database(database.path)) == "store.full"
    filler.unlink()
    again = open_database(database.path)
    assert _content(again) == before
    state = LevelState.measured(Rectangle(2, 1, 1, 3, 3))
    reading = readings.append_revision(again, reading, LEVELS[0], state, make_stats())
    assert audit.first_break(again) is None
    again.close()
    assert [entry.name for entry in small_disk.iterdir()] == ["study.marrow"]


def test_an_import_that_really_fills_the_disk_leaves_nothing_of_the_exam(
    on_small_disk: Database, make_exam: MakeExam, make_new: MakeNew, make_stats: MakeStats
) -> None:
    database = on_small_disk
    before = _content(database)
    packed = exams.pack(make_new(make_exam("C0002", seed=5, shape=(20, 200, 200)), study_uid="9"))
    assert _code(lambda: exams.add(database, packed, actor="First")) == "store.full"
    assert _content(database) == before
    # the next edits go on: the journal is used again from its beginning
    first = Viewer(sessions.readers(database)[0])
    state = LevelState.measured(Rectangle(2, 1, 1, 3, 3))
    reading = readings.open_reading(database, first, 1)
    for level in LEVELS:
        reading = readings.append_revision(database, reading, level, state, make_stats())
    assert readings.open_reading(database, first, 1) == reading
    assert audit.first_break(database) is None


def test_neither_a_session_nor_a_copy_is_half_made_on_a_full_disk(
    on_small_disk: Database, small_disk: Path
) -> None:
    filler = _fill(small_disk)
    copy = small_disk / "copy.marrow"
    assert _code(lambda: on_small_disk.copy_to(copy)) == "store.full"
    assert _code(lambda: create_database(small_disk / "new.marrow")) == "store.full"
    assert {"copy.marrow", "new.marrow"}.isdisjoint(entry.name for entry in small_disk.iterdir())
    filler.unlink()
    on_small_disk.copy_to(copy)
    open_database(copy).close()


# -- every other way of writing ---------------------------------------------------------------------------


def _fill_pages(database: Database) -> None:
    """Take what is left of the pages there are."""
    filler = "INSERT INTO session (key, value) VALUES (hex(randomblob(8)), hex(zeroblob(?)))"
    for size in (700, 100, 10, 1):

        def fill(size: int = size) -> None:
            while True:
                with database.transaction():
                    database.insert(filler, (size,))

        assert _code(fill) == "store.full"


def _until_full(database: Database, write: Callable[[int], object]) -> None:
    """Write until the disk is full: each time all of it or nothing."""
    for number in range(500):
        before = _content(database)
        try:
            write(number)
        except StoreUnavailable as problem:
            assert problem.code == "store.full"  # noqa: PT017 - the loop needs to go on from here
            assert _content(database) == before
            return
    raise AssertionError("the disk never filled up")


def _writers(
    database: Database, viewer: Viewer, exam_id: int, stats: Stats
) -> dict[str, Callable[[int], object]]:
    reader, state = viewer.reader, LevelState.measured(Rectangle(2, 1, 1, 3, 3, 10.0, 3))

    def reading() -> Reading:
        return readings.open_reading(database, viewer, exam_id)

    def note(number: int) -> object:
        return case_facts.append(database, reading(), Fact(FactKind.NOTE, note="note " * 50 + str(number)))

    def assign(number: int) -> None:
        one = rounds.Assignment(reader.id, exam_id, number + 2, active=True)
        with database.transaction():
            rounds.assign(database, [one], "because")
            audit.append(database, actor="x", action="study.assigned", subject="session")

    row = ClinicalRow(2, sex="F", values=(ClinicalValue(Kind.BMD, "L1-L4", 0.9, "", "0.9"),))
    return {
        "reader": lambda number: sessions.add_reader(database, f"Reader {number}"),
        "protocol": lambda number: sessions.new_protocol(
            database, replace(Protocol(), first_ap_mm=10 + number / 7), "First", "why"
        ),
        "answer": lambda number: answers.remember(
            database, [AnswerRow("GE", "", "", str(number), "", "FF", "percent", "First")]
        ),
        "clinical table": lambda _: clinical.save(
            database, [JoinedRow(row, exam_id, "code")] * 5, sha256="", encoding="", actor="First"
        ),
        "fact": note,
        "placed with help": lambda _: case_facts.append_placed(
            database, reading(), [Revision(0, LEVELS[1], state, Action.EDIT, None, stats)], Help.FIT
        ),
        "event": lambda number: readings.append_event(
            database, reading(), "reopened" if number % 2 else "signed_off"
        ),
        "position": lambda number: readings.remember_position(
            database, viewer, readings.Position(exam_id, number, None)
        ),
        "role": lambda number: people.grant(
            database, reader, [Role.READER] if number % 2 else list(Role), actor="First"
        ),
        "blinding": lambda number: people.say_blinded(database, reader, "why", closed=bool(number % 2)),
        "exposure": lambda _: people.expose(database, reader, "why"),
        "assignment": assign,
    }


@pytest.mark.parametrize(
    "name",
    [
        *("reader", "protocol", "answer", "clinical table", "fact", "placed with help", "event", "position"),
        *("role", "blinding", "exposure", "assignment"),
    ],
)
def test_whatever_is_written_to_a_full_disk_is_written_whole_or_not_at_all(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats, name: str
) -> None:
    if name in {"role", "blinding", "exposure"}:
        people.grant(database, first.reader, list(Role), actor="First")
    write = _writers(database, first, exam_id, make_stats())[name]
    _leave_no_room(database)
    _fill_pages(database)
    _until_full(database, write)
    _make_room(database)
    write(501)
    assert audit.first_break(database) is None
    flaws = list(sealing.compare(database, sealing.sealed_rows(database)))
    # what the test itself put into the file is in no entry
    assert {(one.code, one.values["table"]) for one in flaws} <= {("verify.row_added", "session")}


def test_an_older_record_is_sealed_on_a_full_disk_whole_or_not_at_all(tmp_path: Path) -> None:
    path = Path(shutil.copy(Path(__file__).parent / "schemas" / "v1.marrow", tmp_path / "old.marrow"))
    database = open_database(path)
    _leave_no_room(database)
    # bringing it to date has left free pages in the file
    _fill_pages(database)
    before = _content(database)
    assert _code(lambda: sealing.seal_older(database)) == "store.full"
    assert _content(database) == before
    _make_room(database)
    assert sealing.seal_older(database)
    database.close()


def test_a_backup_and_a_rescue_on_a_full_disk_leave_nothing_half_made(
    on_small_disk: Database, small_disk: Path
) -> None:
    on_small_disk.close()
    path, target = on_small_disk.path, small_disk / "new.marrow"
    database = open_database(path)
    written = backup.write(database, datetime(2026, 3, 5, tzinfo=UTC))
    assert written is not None
    sessions.add_reader(database, "Second")
    filler = _fill(small_disk)
    assert _code(lambda: backup.write(database, datetime(2026, 3, 6, tzinfo=UTC))) == "store.full"
    assert [one.path for one in backup.backups(path)] == [written]
    database.close()
    assert _code(lambda: salvage(path, target, Silent())) == "store.full"
    assert _code(lambda: backup.restore(written, path, target, Silent())) == "store.full"
    assert {one.name for one in small_disk.iterdir()} <= {
        "study.marrow",
        "study.marrow-backups",
        "filler",
        "study.marrow-wal",
        "study.marrow-shm",
    }
    filler.unlink()
    assert backup.restore(written, path, target, Silent()) == ()
