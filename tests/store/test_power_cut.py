"""A power cut, played on copies: the disk has the file, and the journal up to some byte.

What a commit promises is on the disk when it ends. So whatever a cut leaves must open as the edits that were
promised by then: the first so many of them, whole, and none in part.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import LevelState, Reading, Viewer
from app.domain.shapes import Rectangle
from app.store import audit, connect, exams, header, readings, sessions
from app.store.database import Database, create_database, open_database

# of SQLite's journal: a header, then frames of a head and a page; all numbers in big endian
_HEAD, _FRAME_HEAD = 32, 24
_EDITS = 16


class Disk(NamedTuple):
    """What lies on the disk."""

    file: bytes
    journal: bytes

    def commits(self) -> list[int]:
        """Where in the journal each commit ends that is not yet folded into the file."""
        (page,) = struct.unpack_from(">I", self.journal, 8)
        salt = self.journal[16:24]
        ends = []
        for start in range(_HEAD, len(self.journal) - _FRAME_HEAD - page + 1, _FRAME_HEAD + page):
            _, pages_after_commit = struct.unpack_from(">II", self.journal, start)
            if self.journal[start + 8 : start + 16] != salt:
                # of a life of the journal before this one
                break
            if pages_after_commit:
                ends.append(start + _FRAME_HEAD + page)
        return ends


class Work:
    """Somebody who edits one reading of a session, so many edits before the test begins."""

    def __init__(self, path: Path, viewer: Viewer, stats: Any) -> None:
        self.path, self._viewer, self._stats = path, viewer, stats
        self.database = open_database(path)
        self.reading = readings.open_reading(self.database, viewer, 1)

    def edit(self, times: int) -> None:
        for _ in range(times):
            number = len(self.reading.revisions)
            state = LevelState.measured(Rectangle(number % 3, number % 5, 0, 2, 2))
            level = LEVELS[number % 5]
            self.reading = readings.append_revision(self.database, self.reading, level, state, self._stats)

    def fold(self) -> None:
        """Copy the journal into the file, as happens by itself after a thousand pages."""
        with closing(sqlite3.connect(self.path)) as connection:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(FULL)").fetchone()
        assert busy == 0

    def disk(self) -> Disk:
        return Disk(self.path.read_bytes(), header.journal_of(self.path).read_bytes())

    def after(self, folder: Path, disk: Disk) -> int:
        """Start again with what is on the disk, look for damage, and give how many edits are there."""
        path = folder / "after.marrow"
        path.write_bytes(disk.file)
        header.journal_of(path).write_bytes(disk.journal)
        opened = open_database(path)
        found = readings.open_reading(opened, self._viewer, 1)
        assert not opened.read_only
        assert opened.rows("PRAGMA integrity_check")[0][0] == "ok"
        assert audit.first_break(opened) is None
        assert _edits_in_record(opened) == len(found.revisions)
        self._is_beginning(found)
        opened.close()
        assert [entry.name for entry in folder.iterdir()] == [path.name]
        path.unlink()
        return len(found.revisions)

    def _is_beginning(self, found: Reading) -> None:
        assert found.revisions == self.reading.revisions[: len(found.revisions)]
        assert all(len(one.stats) == 2 for one in found.revisions)


def _edits_in_record(opened: Database) -> int:
    return sum(entry.action.startswith("roi.") for entry in audit.entries(opened))


@pytest.fixture
def work(database: Database, path: Path, first: Viewer, exam_id: int, make_stats: Any) -> Iterator[Work]:
    assert exam_id == 1
    # everything so far is folded into the file: the journal begins with the first edit
    database.close()
    made = Work(path, first, make_stats())
    yield made
    made.database.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "after"
    made.mkdir()
    return made


def _cuts(disk: Disk, more: int, seed: int) -> list[int]:
    """Every end of a commit and the bytes beside it, the journal's own head, and bytes anywhere."""
    random = np.random.default_rng(seed).integers(0, len(disk.journal), more)
    ends = [end + aside for end in disk.commits() for aside in (-1, 0, 1)]
    return sorted({0, 1, _HEAD - 1, _HEAD, *ends, *(int(one) for one in random)} - {len(disk.journal) + 1})


def _promised(disk: Disk, cut: int, before: int) -> int:
    return before + sum(end <= cut for end in disk.commits())


def _cut_everywhere(work: Work, folder: Path, more: int, before: int) -> None:
    disk = work.disk()
    assert len(disk.commits()) == len(work.reading.revisions) - before
    for cut in _cuts(disk, more, seed=before):
        held = Disk(disk.file, disk.journal[:cut])
        assert work.after(folder, held) == _promised(disk, cut, before)


def test_a_journal_cut_at_any_byte_opens_with_every_edit_that_was_complete_by_then(
    work: Work, folder: Path
) -> None:
    work.edit(_EDITS)
    _cut_everywhere(work, folder, 20, 0)


@pytest.mark.long
def test_a_journal_cut_at_a_thousand_bytes_opens_with_every_edit_that_was_complete_by_then(
    work: Work, folder: Path
) -> None:
    work.edit(_EDITS)
    _cut_everywhere(work, folder, 1000, 0)


@pytest.mark.parametrize("rest", ["zeros", "noise", "swapped"])
def test_what_the_disk_had_not_written_yet_may_hold_anything(work: Work, folder: Path, rest: str) -> None:
    """A file has its new length before its new content, and blocks come in any order."""
    work.edit(_EDITS)
    disk = work.disk()
    noise = np.random.default_rng(3)
    for end in disk.commits()[::3]:
        length = len(disk.journal) - end
        tail = {
            "zeros": bytes(length),
            "noise": noise.bytes(length),
            # the last blocks are there, the ones before them are not
            "swapped": bytes(length // 2) + disk.journal[end + length // 2 :],
        }[rest]
        held = Disk(disk.file, disk.journal[:end] + tail)
        assert work.after(folder, held) == _promised(disk, end, 0)


def test_a_cut_while_the_journal_is_folded_into_the_file_loses_nothing(work: Work, folder: Path) -> None:
    """The journal is on the disk by then; of the file any page may be old, new, or half of each."""
    work.edit(_EDITS)
    before = work.disk()
    work.fold()
    folded = work.disk().file
    assert folded != before.file
    assert len(folded) >= len(before.file)
    (page,) = struct.unpack_from(">H", folded, 16)
    random = np.random.default_rng(5)
    for _ in range(12):
        mixed = bytearray(before.file.ljust(len(folded), b"\0"))
        for start in range(0, len(folded), page):
            # a block of the disk is smaller than a page
            written = int(random.choice([0, 512, 2048, page]))
            mixed[start : start + written] = folded[start : start + written]
        length = int(random.integers(len(before.file), len(folded), endpoint=True))
        assert work.after(folder, Disk(bytes(mixed[:length]), before.journal)) == _EDITS


def test_a_cut_in_the_next_life_of_the_journal_loses_nothing_that_was_folded(
    work: Work, folder: Path
) -> None:
    """After folding, the journal is written over from its beginning; what it held before lies behind."""
    work.edit(_EDITS)
    work.fold()
    old = work.disk().journal
    work.edit(5)
    disk = work.disk()
    assert len(disk.journal) == len(old)
    assert len(disk.commits()) == 5
    for cut in [*_cuts(disk, 10, seed=9), *range(0, _HEAD, 5)]:
        if cut <= disk.commits()[-1]:
            held = Disk(disk.file, disk.journal[:cut] + old[cut:])
            assert work.after(folder, held) == _promised(disk, cut, _EDITS)


class _Watched(sqlite3.Connection):
    """Notes how safe each transaction is that writes."""

    seen: list[tuple[str | int, ...]]

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        if sql.startswith("BEGIN IMMEDIATE"):
            told = super().execute(
                "SELECT journal_mode, synchronous, fullfsync"
                " FROM pragma_journal_mode, pragma_synchronous, pragma_fullfsync"
            )
            self.seen.append(tuple(told.fetchone()))
        return super().execute(sql, *values)


def test_no_connection_ever_writes_without_waiting_for_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_new: Any, make_stats: Any
) -> None:
    seen: list[tuple[str | int, ...]] = []
    plain = sqlite3.connect

    def watched(*where: Any, **how: Any) -> sqlite3.Connection:
        made = plain(*where, **how, factory=_Watched)
        assert isinstance(made, _Watched)
        made.seen = seen
        return made

    monkeypatch.setattr(connect.sqlite3, "connect", watched)
    path = tmp_path / "study.marrow"
    made = create_database(path)
    # the tables are made before there is a journal beside the file
    assert seen == [("delete", 2, 1)]
    sessions.begin(made, Protocol())
    viewer = Viewer(sessions.add_reader(made, "First"))
    made.close()
    opened = open_database(path)
    job = opened.another()
    exams.add(job, exams.pack(make_new()), actor="First")
    job.close()
    reading = readings.open_reading(opened, viewer, 1)
    state = LevelState.measured(Rectangle(0, 0, 0, 2, 2))
    reading = readings.append_revision(opened, reading, LEVELS[0], state, make_stats())
    readings.append_event(opened, reading, "signed_off")
    opened.close()
    assert seen[1:] == [("wal", 2, 1)] * 5
