"""Turned and pooled rectangles in the file, and edits that are made and taken back together."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import InputError, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level
from app.domain.reading import EMPTY, Action, LevelState, Revision, Role, Viewer, redo_step, undo_step
from app.domain.shapes import Rectangle
from app.store import audit, readings, results
from app.store.database import Database, open_database

MakeStats = Callable[..., dict[Quantity, RoiStats]]

PLAIN = Rectangle(1, 2, 3, 4, 2)
TURNED = replace(PLAIN, angle_deg=-12.5)
DEEP = replace(PLAIN, depth=3)
BOTH = replace(PLAIN, angle_deg=33.3, depth=3)


def edit(level: Level, box: Rectangle, stats: dict[Quantity, RoiStats]) -> Revision:
    return Revision(0, level, LevelState.measured(box), stats=stats)


def draw(
    database: Database, viewer: Viewer, exam_id: int, boxes: dict[Level, Rectangle], make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, viewer, exam_id)
    for level, box in boxes.items():
        reading = readings.append_revisions(database, reading, [edit(level, box, make_stats())])


def test_turn_and_depth_survive_a_restart(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    boxes = dict(zip(Level, (PLAIN, TURNED, DEEP, BOTH), strict=False))
    draw(database, first, exam_id, boxes, make_stats)
    database.close()
    again = open_database(path)
    assert readings.open_reading(again, first, exam_id).history.rectangles == boxes
    found = results.results(again, replace(first, role=Role.COORDINATOR))
    assert {one.level: one.rectangle for one in found} == boxes
    assert [box for _, box in readings.drawn(again, exam_id)] == list(boxes.values())
    again.close()


def test_a_row_is_kept_only_where_the_shape_is_not_the_usual_one(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    boxes = dict(zip(Level, (PLAIN, TURNED, DEEP, BOTH), strict=False))
    draw(database, first, exam_id, boxes, make_stats)
    rows = database.rows("SELECT revision_id, angle_deg, depth FROM roi_shape ORDER BY revision_id")
    assert [tuple(row) for row in rows] == [(2, -12.5, 1), (3, 0.0, 3), (4, 33.3, 3)]


def test_the_rule_is_kept_with_each_value(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    draw(database, first, exam_id, {Level.L1: PLAIN, Level.L2: BOTH}, make_stats)
    rules = [row["rule"] for row in database.rows("SELECT rule FROM roi_revision ORDER BY id")]
    assert rules == ["whole-voxel-rectangle/1", "voxel-centre-rectangle/1+3-slices"]


def test_the_record_tells_turn_and_depth_where_there_are_any(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    draw(database, first, exam_id, {Level.L1: PLAIN, Level.L2: TURNED}, make_stats)
    plain, turned = (json.loads(one.new)["rectangle"] for one in audit.entries(database)[-2:])
    assert plain == {"slice": 1, "row0": 2, "col0": 3, "rows": 4, "cols": 2}
    assert turned == {**plain, "angle_deg": -12.5, "depth": 1}


def test_a_shape_that_makes_no_sense_is_a_damaged_file(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    draw(database, first, exam_id, {Level.L1: PLAIN}, make_stats)
    with database.transaction():
        database.insert("INSERT INTO roi_shape (revision_id, angle_deg, depth) VALUES (1, 9e999, 1)")
    with pytest.raises(StoreUnavailable) as caught:
        readings.open_reading(database, first, exam_id)
    assert caught.value.code == "store.corrupt"


# -- together ---------------------------------------------------------------------------------------------


def test_edits_made_together_are_taken_back_and_brought_back_together_also_after_a_restart(
    database: Database, path: Path, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    for level in (Level.L1, Level.L2):
        reading = readings.append_revisions(database, reading, [edit(level, PLAIN, make_stats())])
    group = [edit(Level.L2, DEEP, make_stats()), edit(Level.L1, TURNED, make_stats())]
    reading = readings.append_revisions(database, reading, group)
    reading = readings.append_revisions(database, reading, [edit(Level.L3, BOTH, make_stats())])
    database.close()
    again = open_database(path)
    reading = readings.open_reading(again, first, exam_id)
    # four steps, though five revisions
    assert len(reading.history.undoable) == 4
    for wanted in (
        {Level.L1: TURNED, Level.L2: DEEP},
        {Level.L1: PLAIN, Level.L2: PLAIN},
        {Level.L1: PLAIN},
    ):
        step = undo_step(reading.revisions, reading.history)
        assert step is not None
        news = [
            Revision(0, one.level, one.state, one.action, one.target, make_stats())
            for one in (*step.others, step)
        ]
        reading = readings.append_revisions(again, reading, news)
        assert reading.history.rectangles == wanted
        assert readings.open_reading(again, first, exam_id) == reading
    for wanted in ({Level.L1: PLAIN, Level.L2: PLAIN}, {Level.L1: TURNED, Level.L2: DEEP}):
        step = redo_step(reading.revisions, reading.history)
        assert step is not None
        news = [
            Revision(0, one.level, one.state, one.action, one.target, make_stats())
            for one in (step, *step.others)
        ]
        reading = readings.append_revisions(again, reading, news)
        assert reading.history.rectangles == wanted
    assert [one.action for one in reading.revisions[-2:]] == [Action.REDO, Action.REDO]
    again.close()


def test_a_new_edit_after_a_group_was_taken_back_ends_what_could_be_brought_back(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    group = [edit(level, PLAIN, make_stats()) for level in (Level.L1, Level.L2)]
    reading = readings.append_revisions(database, reading, group)
    step = undo_step(reading.revisions, reading.history)
    assert step is not None
    assert [(one.level, one.state) for one in (step, *step.others)] == [(Level.L1, EMPTY), (Level.L2, EMPTY)]
    news = [Revision(0, one.level, one.state, one.action, one.target) for one in (step, *step.others)]
    reading = readings.append_revisions(database, reading, news)
    assert reading.history.rectangles == {}
    reading = readings.append_revisions(database, reading, [edit(Level.L3, PLAIN, make_stats())])
    assert redo_step(reading.revisions, reading.history) is None
    assert len(reading.history.undoable) == 1


def test_of_edits_made_together_all_are_written_or_none(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    uncounted = edit(Level.L2, PLAIN, {})
    with pytest.raises(InputError) as caught:
        readings.append_revisions(database, reading, [edit(Level.L1, PLAIN, make_stats()), uncounted])
    assert caught.value.code == "reading.exam_changed"
    assert not database.rows("SELECT * FROM roi_revision")
    assert not database.rows("SELECT * FROM measurement")
