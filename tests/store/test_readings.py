"""One reader's readings: kept to the last step, and no other reader's rows among them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app import __version__
from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.measure import RULE, RoiStats
from app.domain.protocol import LEVELS, Level
from app.domain.reading import (
    EMPTY,
    Action,
    LevelState,
    Reading,
    Viewer,
    redo_step,
    undo_step,
)
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, exams, readings, sessions
from app.store.database import Database, open_database
from app.store.exams import NewExam
from app.store.readings import Position

MakeStats = Callable[..., dict[Quantity, RoiStats]]
MakeExam = Callable[..., Exam]
MakeNew = Callable[..., NewExam]
HERE = LevelState.measured(Rectangle(1, 2, 3, 4, 2))
THERE = LevelState.measured(Rectangle(2, 0, 1, 3, 3))


def _step(database: Database, reading: Reading, *, forward: bool = False) -> Reading:
    """Undo, or redo."""
    find = redo_step if forward else undo_step
    step = find(reading.revisions, reading.history)
    assert step is not None
    counted = (dict(one.stats) for one in reading.revisions if one.state == step.state)
    stats = next(counted, {})
    return readings.append_revision(
        database, reading, step.level, step.state, stats, action=step.action, target=step.target
    )


def test_a_reading_nobody_began_is_empty_and_writes_nothing(
    database: Database, first: Viewer, exam_id: int
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    assert reading == Reading(0, exam_id, first, (), locked=False)
    assert not database.rows("SELECT * FROM reading")


def test_what_was_written_is_read_again_exactly(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    odd = make_stats(mean=0.1 + 0.2, sd=None, nan=3)
    reading = readings.append_revision(database, reading, Level.L1, HERE, odd)
    state = LevelState.not_measurable(Reason.OTHER, "Fixateur; 内固定")
    reading = readings.append_revision(database, reading, Level.L2, state, {})
    reading = readings.append_revision(database, reading, Level.L1, EMPTY, {})
    assert readings.open_reading(database, first, exam_id) == reading
    database.close()
    again = open_database(path)
    found = readings.open_reading(again, first, exam_id)
    again.close()
    assert found == reading
    assert dict(found.revisions[0].stats) == odd
    assert found.history.state(Level.L1) == EMPTY
    assert found.history.state(Level.L2) == state


def test_numbers_that_are_numpys_or_no_numbers_are_stored_as_plain_ones(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    stats = make_stats(mean=np.float64(41.25), n=np.int64(12), sd=float("nan"), median=np.float32("inf"))
    reading = readings.open_reading(database, first, exam_id)
    box = Rectangle(*(np.int64(value) for value in (1, 2, 3, 4, 2)))
    readings.append_revision(database, reading, Level.L1, LevelState.measured(box), stats)
    found = readings.open_reading(database, first, exam_id).revisions[0].stats[Quantity.FF]
    assert (found.mean, found.n, found.sd, found.median) == (41.25, 12, None, None)
    kinds = database.row("SELECT typeof(mean) AS mean, typeof(n) AS n, typeof(sd) AS sd FROM measurement")
    assert kinds is not None
    assert dict(kinds) == {"mean": "real", "n": "integer", "sd": "null"}
    row = database.row("SELECT typeof(row0) AS kind FROM roi_revision")
    assert row is not None
    assert row["kind"] == "integer"


def test_undo_and_redo_survive_a_restart(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    for level, state in ((Level.L1, HERE), (Level.L1, THERE), (Level.L2, HERE)):
        reading = readings.append_revision(database, reading, level, state, make_stats())
    reading = _step(database, reading)
    reading = _step(database, reading)
    database.close()
    again = open_database(path)
    reading = readings.open_reading(again, first, exam_id)
    assert reading.history.state(Level.L1) == HERE
    assert reading.history.state(Level.L2) == EMPTY
    reading = _step(again, reading, forward=True)
    assert reading.history.state(Level.L1) == THERE
    reading = _step(again, reading, forward=True)
    assert reading.history.state(Level.L2) == HERE
    assert redo_step(reading.revisions, reading.history) is None
    assert readings.open_reading(again, first, exam_id) == reading
    assert [revision.action for revision in reading.revisions].count(Action.EDIT) == 3
    again.close()


def test_each_revision_says_by_which_rule_and_version_it_was_counted(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    readings.append_revision(database, reading, Level.L4, HERE, make_stats())
    row = database.row("SELECT rule, software, protocol_id FROM roi_revision")
    assert row is not None
    assert tuple(row) == (RULE, __version__, 1)


def test_each_revision_is_recorded_with_the_state_before_and_after(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    reading = readings.append_revision(database, reading, Level.L4, HERE, make_stats())
    state = LevelState.not_measurable(Reason.OTHER, "note")
    reading = readings.append_revision(database, reading, Level.L4, state, {})
    _step(database, reading)
    edit, mark, undo = audit.entries(database)[-3:]
    assert (edit.actor, edit.action, edit.subject) == ("First", "roi.edit", "C0001/L4/round 1")
    assert json.loads(edit.old) == {"kind": "empty"}
    box = {"slice": 1, "row0": 2, "col0": 3, "rows": 4, "cols": 2}
    assert HERE.rectangle == Rectangle(**box)
    assert json.loads(edit.new) == {"kind": "measured", "rectangle": box}
    assert json.loads(mark.new) == {"kind": "not_measurable", "reason": "OTHER", "note": "note"}
    assert (undo.action, undo.old, undo.new) == ("roi.undo", mark.new, edit.new)
    assert audit.first_break(database) is None


def test_signing_off_locks_a_reading_and_reopening_frees_it(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    open_reading = readings.append_revision(database, reading, Level.L1, HERE, make_stats())
    locked = readings.append_event(database, open_reading, "signed_off")
    assert locked.locked
    assert readings.open_reading(database, first, exam_id) == locked
    # a window that has not noticed yet
    with pytest.raises(InputError) as caught:
        readings.append_revision(database, open_reading, Level.L1, THERE, make_stats())
    assert caught.value.code == "reading.locked"
    assert readings.open_reading(database, first, exam_id) == locked
    free = readings.append_event(database, locked, "reopened")
    assert not free.locked
    changed = readings.append_revision(database, free, Level.L1, THERE, make_stats())
    assert readings.open_reading(database, first, exam_id) == changed
    told = [(entry.action, entry.subject) for entry in audit.entries(database)[-3:]]
    assert told == [
        ("reading.signed_off", "C0001/round 1"),
        ("reading.reopened", "C0001/round 1"),
        ("roi.edit", "C0001/L1/round 1"),
    ]


def test_an_untouched_reading_can_be_signed_off(database: Database, first: Viewer, exam_id: int) -> None:
    locked = readings.append_event(database, readings.open_reading(database, first, exam_id), "signed_off")
    assert locked.id > 0
    assert readings.open_reading(database, first, exam_id) == locked


def test_a_reading_of_an_exam_that_is_not_there_is_refused_whole(
    database: Database, first: Viewer, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, 77)
    with pytest.raises(InputError, match=r"study\.not_assigned"):
        readings.append_revision(database, reading, Level.L1, HERE, make_stats())
    assert not database.rows("SELECT * FROM reading")


def test_a_case_that_is_not_there_has_no_code(database: Database) -> None:
    assert readings.code_of(database, 77) == "?"


# -- two readers ------------------------------------------------------------------------------------------


@pytest.fixture
def read_by_first(
    database: Database, first: Viewer, second: Viewer, exam_id: int, make_stats: MakeStats
) -> Reading:
    """Give the first reader's signed-off reading, which the second one must never see."""
    assert second.reader.id != first.reader.id
    reading = readings.open_reading(database, first, exam_id)
    for level in LEVELS:
        reading = readings.append_revision(database, reading, level, HERE, make_stats(mean=77.125))
    reading = readings.append_event(database, reading, "signed_off")
    readings.remember_position(database, first, Position(exam_id, 2, Level.L5))
    return reading


@pytest.mark.parametrize("other", ["second reader", "second round"])
def test_a_second_reader_or_round_cannot_see_the_first_ones_values(
    database: Database, first: Viewer, second: Viewer, read_by_first: Reading, other: str
) -> None:
    viewer = second if other == "second reader" else replace(first, round=2)
    exam_id = read_by_first.exam_id
    assert readings.open_reading(database, viewer, exam_id) == Reading(0, exam_id, viewer, (), locked=False)
    (case,) = readings.worklist(database, viewer)
    assert (case.done, case.locked, case.last_change) == (0, False, "")
    assert readings.last_position(database, viewer) is None


def test_two_readers_read_the_same_exam_without_touching_each_other(
    database: Database, first: Viewer, second: Viewer, read_by_first: Reading, make_stats: MakeStats
) -> None:
    exam_id = read_by_first.exam_id
    mine = readings.open_reading(database, second, exam_id)
    mine = readings.append_revision(database, mine, Level.L2, THERE, make_stats(mean=1.0))
    assert readings.open_reading(database, first, exam_id) == read_by_first
    assert readings.open_reading(database, second, exam_id) == mine
    seen = repr(mine) + repr(readings.worklist(database, second))
    assert "77.125" not in seen
    (case,) = readings.worklist(database, second)
    assert (case.done, case.locked) == (1, False)
    (case,) = readings.worklist(database, first)
    assert (case.done, case.locked) == (5, True)


def test_that_somebody_read_can_be_told_without_telling_what(
    database: Database, first: Viewer, exam_id: int
) -> None:
    assert not readings.any_reading(database)
    readings.append_event(database, readings.open_reading(database, first, exam_id), "signed_off")
    assert readings.any_reading(database)


# -- worklist and position --------------------------------------------------------------------------------


def _import_many(database: Database, make_exam: MakeExam, make_new: MakeNew, numbers: range) -> None:
    for number in numbers:
        new = make_new(make_exam(f"C{number:04}", seed=number, shape=(1, 2, 2)), study_uid=str(number))
        exams.add(database, exams.pack(new), actor="First")


def test_each_reader_and_round_has_an_order_that_stays_when_cases_come(
    database: Database, first: Viewer, second: Viewer, make_exam: MakeExam, make_new: MakeNew
) -> None:
    def order(viewer: Viewer) -> list[str]:
        return [case.code for case in readings.worklist(database, viewer)]

    _import_many(database, make_exam, make_new, range(12))
    before = order(first)
    assert sorted(before) == [f"C{number:04}" for number in range(12)]
    assert len({tuple(before), tuple(order(second)), tuple(order(replace(first, round=2)))}) == 3
    _import_many(database, make_exam, make_new, range(12, 20))
    assert [code for code in order(first) if code in before] == before


def test_a_reader_who_is_not_enrolled_still_gets_an_order(database: Database, exam_id: int) -> None:
    stranger = Viewer(sessions.Reader(99, "nobody"))
    assert [case.exam_id for case in readings.worklist(database, stranger)] == [exam_id]


def test_a_case_without_images_is_not_in_the_worklist(
    database: Database, first: Viewer, exam_id: int, identity: Identity
) -> None:
    with database.transaction():
        exams.add_from_table(database, "T0001", identity)
    assert [case.exam_id for case in readings.worklist(database, first)] == [exam_id]


def test_the_worklist_counts_what_is_measured_or_marked_and_when(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    reading = readings.append_revision(database, reading, Level.L1, HERE, make_stats())
    reading = readings.append_revision(
        database, reading, Level.L2, LevelState.not_measurable(Reason.METAL), {}
    )
    reading = readings.append_revision(database, reading, Level.L3, HERE, make_stats())
    reading = _step(database, reading)
    (case,) = readings.worklist(database, first)
    assert (case.exam_id, case.code, case.done, case.locked) == (exam_id, "C0001", 2, False)
    assert case.last_change == audit.entries(database)[-1].at_utc[:10] + case.last_change[10:]
    readings.append_event(database, reading, "signed_off")
    (case,) = readings.worklist(database, first)
    assert case.locked


def test_a_reader_returns_to_where_they_were(database: Database, first: Viewer, exam_id: int) -> None:
    assert readings.last_position(database, first) is None
    assert readings.last_viewer(database) is None
    for position in (Position(exam_id, 2, Level.L3), Position(exam_id, 0, None)):
        readings.remember_position(database, first, position)
        assert readings.last_position(database, first) == position
    assert readings.last_viewer(database) == (first.reader.id, 1)
