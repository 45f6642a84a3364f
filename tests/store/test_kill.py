"""A program that is killed while it writes loses at most the revision it was writing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from app.domain.maps import Quantity
from app.domain.reading import Action, Reading, Viewer
from app.store import audit, readings
from app.store.database import Database, open_database

# edits without end; says after each commit how many revisions the reading holds
WORK = """
import itertools, sys
from pathlib import Path
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS
from app.domain.reading import Action, LevelState, Viewer, undo_step
from app.domain.shapes import Rectangle
from app.store import readings, sessions
from app.store.database import open_database

opened = open_database(Path(sys.argv[1]))
reading = readings.open_reading(opened, Viewer(sessions.readers(opened)[0]), 1)
stats = {quantity: RoiStats(4, 1.5, 0.5, 1.5, 1.0, 2.0, 6.25, 0, 0, 0, 0, 0)
         for quantity in (Quantity.FF, Quantity.R2STAR)}
for number in itertools.count(len(reading.revisions)):
    if number % 7 == 6:
        step = undo_step(reading.revisions, reading.history)
        reading = readings.append_revision(opened, reading, step.level, step.state, stats,
                                           action=step.action, target=step.target)
    else:
        state = LevelState.measured(Rectangle(number % 3, number % 5, 0, 2, 2))
        reading = readings.append_revision(opened, reading, LEVELS[number % 5], state, stats)
    print(len(reading.revisions), flush=True)
"""


# dies inside a transaction that is larger than the cache, so that much of it is on the disk already
DIE = """
import os, signal, sys
from pathlib import Path
from app.store.database import open_database

opened = open_database(Path(sys.argv[1]))
with opened.transaction():
    opened.insert("INSERT INTO exam (code, origin, manufacturer, model, pixel_sha256, at_utc)"
                  " VALUES ('C1', 'dicom', '', '', '', '')")
    for number in range(200):
        opened.insert("INSERT INTO session (key, value) VALUES (?, ?)", (f"k{number}", "x" * 50000))
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def session(database: Database, path: Path, first: Viewer, exam_id: int) -> tuple[Path, Viewer]:
    assert exam_id == 1
    database.close()
    return path, first


def _kill_after(path: Path, commits: int) -> int:
    """Let another program edit and kill it without warning; give how many revisions it said were kept."""
    with subprocess.Popen(
        [sys.executable, "-c", WORK, str(path)], stdout=subprocess.PIPE, text=True
    ) as program:
        assert program.stdout is not None
        told = [int(program.stdout.readline()) for _ in range(commits)]
        # it writes on while the signal travels: the moment is anywhere within a commit
        program.kill()
        rest = program.stdout.read().split("\n")
    return int(([str(told[-1])] + [line for line in rest[:-1] if line])[-1])


def _check(path: Path, viewer: Viewer, before: Reading, told: int) -> Reading:
    """Open the session as the next start would and look for losses."""
    opened = open_database(path)
    assert not opened.read_only
    reading = readings.open_reading(opened, viewer, 1)
    # one commit may be done and not yet told of
    assert told <= len(reading.revisions) <= told + 1
    assert reading.revisions[: len(before.revisions)] == before.revisions
    assert {Quantity.FF, Quantity.R2STAR} == set.union(*(set(one.stats) for one in reading.revisions))
    assert all(len(one.stats) == 2 for one in reading.revisions)
    assert len(audit.entries(opened)) == 3 + len(reading.revisions)
    assert audit.first_break(opened) is None
    assert opened.rows("PRAGMA integrity_check")[0][0] == "ok"
    assert reading.history.undoable
    opened.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    return reading


def _kill_often(session: tuple[Path, Viewer], moments: list[int]) -> Reading:
    path, viewer = session
    reading = Reading(0, 1, viewer, (), locked=False)
    for commits in moments:
        told = _kill_after(path, commits)
        reading = _check(path, viewer, reading, told)
    return reading


def test_a_killed_program_loses_at_most_the_revision_it_was_writing(session: tuple[Path, Viewer]) -> None:
    reading = _kill_often(session, [1, 9, 40])
    assert Action.UNDO in {revision.action for revision in reading.revisions}


@pytest.mark.long
def test_a_program_killed_at_sixty_moments_loses_at_most_the_revision_it_was_writing(
    session: tuple[Path, Viewer],
) -> None:
    moments = np.random.default_rng(7).integers(1, 60, 60)
    reading = _kill_often(session, [int(moment) for moment in moments])
    assert len(reading.revisions) >= moments.sum()


def test_an_import_that_is_killed_leaves_nothing_of_the_exam(database: Database, path: Path) -> None:
    before = len(audit.entries(database))
    database.close()
    done = subprocess.run([sys.executable, "-c", DIE, str(path)], check=False)
    assert done.returncode < 0
    assert path.with_name(path.name + "-wal").stat().st_size > 5_000_000
    opened = open_database(path)
    assert opened.rows("SELECT * FROM exam") == []
    assert len(opened.rows("SELECT * FROM session")) == 3
    assert len(audit.entries(opened)) == before
    opened.close()
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
