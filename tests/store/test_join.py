"""An exam is recognised when it comes again, and takes in the maps that it lacks."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from app.domain.errors import InputError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.domain.protocol import Level
from app.domain.reading import EMPTY, LevelState, Viewer
from app.domain.reasons import Reason
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.store import audit, exams, readings
from app.store.database import Database
from app.store.exams import NewExam
from app.store.recognise import JoinRefused, Known, recognise
from app.store.series import NewReference

FF, R2STAR, WATER = Quantity.FF, Quantity.R2STAR, Quantity.WATER
SCALING = Scaling(0.5, 1.0, "ge.physical", "image_type", "ff.percent", "all", 30.0, 60.0, 1, 2, 3, 4)
BOX = Rectangle(1, 2, 3, 4, 2)


def a_map(quantity: Quantity, parts: int = 1, *, seed: int = 0, shift_mm: float = 0.0) -> ParametricMap:
    """Make a map over 3 x 16 x 12 voxels' field of view, each split into ``parts`` by ``parts``."""
    shape = (3, 16 * parts, 12 * parts)
    size = 2.0 / parts
    # the centre of the first voxel moves with its size, the edge stays
    first = (-4.0, -10.0 + size / 2, 30.0 - size / 2 + shift_mm)
    grid = Grid(shape, (4.0, size, size), first, ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))
    stored = np.random.default_rng([seed, parts, len(quantity)]).integers(1, 900, shape).astype(np.int16)
    return ParametricMap(quantity, stored, grid, SCALING)


def a_series(name: str = "T1", *, seed: int = 0) -> NewReference:
    water = a_map(WATER, seed=seed)
    return NewReference(ReferenceSeries(name, water.stored, water.grid, (0.0, 900.0)), ["8.1", "8.2", "8.3"])


def new_exam(
    *maps: ParametricMap,
    code: str = "C0001",
    study: str = "1.2",
    frame: str = "1.3",
    series: tuple[NewReference, ...] = (),
) -> NewExam:
    sources = {one.quantity: [f"{one.quantity}.{index}" for index in range(3)] for one in maps}
    exam = Exam(code, {one.quantity: one for one in maps})
    return NewExam(exam, Identity(study_uid=study, frame_uid=frame), sources, "GE", "Model X", series)


def add(database: Database, *maps: ParametricMap, **others: str) -> int:
    return exams.add(database, exams.pack(new_exam(*maps, **others)), actor="First")


def draw(
    database: Database, viewer: Viewer, exam_id: int, level: Level = Level.L1, box: Rectangle = BOX
) -> int:
    """Draw a rectangle as the program does, and give the key of its revision."""
    reading = readings.open_reading(database, viewer, exam_id)
    exam = exams.load(database, exam_id)
    stats = {one.quantity: measure(one, exam.on_map(one.quantity, box)) for one in exam.measured}
    return (
        readings.append_revision(database, reading, level, LevelState.measured(box), stats).revisions[-1].id
    )


# ---- recognising


def known_as(database: Database, new: NewExam) -> Known | None:
    return recognise(database, exams.pack(new).fingerprint)


def test_a_study_is_found_by_its_uids_and_never_by_an_empty_one(database: Database) -> None:
    first = add(database, a_map(FF))
    other = add(database, a_map(FF), code="C0002", frame="9.9")
    add(database, a_map(FF), code="C0003", study="", frame="")
    assert exams.find_study(database, "1.2", "1.3") == [(first, "C0001")]
    assert exams.find_study(database, "1.2", "9.9") == [(other, "C0002")]
    assert exams.find_study(database, "1.2", "") == []
    assert exams.find_study(database, "", "") == []


def test_an_exam_is_known_when_it_lacks_nothing_that_comes(database: Database) -> None:
    key = add(database, a_map(FF), a_map(R2STAR))
    for maps in ((a_map(FF), a_map(R2STAR)), (a_map(R2STAR),)):
        new = new_exam(*maps, code="C9")
        known = known_as(database, new)
        assert known is not None
        assert (known.exam_id, known.code, known.adds, known.joins) == (key, "C0001", (), False)


def test_another_study_or_another_frame_of_reference_is_another_exam(database: Database) -> None:
    add(database, a_map(FF))
    for others in ({"study": "7"}, {"frame": "7"}, {"study": ""}):
        new = new_exam(a_map(FF, seed=1), **others)
        assert known_as(database, new) is None


def test_volume_files_are_recognised_by_the_voxels_of_a_measured_map_alone(database: Database) -> None:
    key = add(database, a_map(FF), a_map(WATER), study="", frame="")
    again = known_as(database, new_exam(a_map(FF), study="", frame=""))
    joins = known_as(database, new_exam(a_map(FF), a_map(R2STAR), study="", frame=""))
    assert again is not None
    assert joins is not None
    assert (again.exam_id, again.joins) == (key, False)
    assert (joins.exam_id, joins.adds) == (key, (R2STAR,))
    # a signal image says nothing of whose exam it is, nor do equal voxels of another quantity
    water = a_map(WATER)
    same_voxels = ParametricMap(R2STAR, a_map(FF).stored, a_map(FF).grid, SCALING)
    for maps in ((a_map(FF, seed=1), water), (same_voxels,)):
        assert known_as(database, new_exam(*maps, study="", frame="")) is None


def test_of_two_exams_of_one_study_the_one_that_has_everything_is_meant(database: Database) -> None:
    """An older version made two exams when FF and R2* came one after the other."""
    add(database, a_map(FF))
    full = add(database, a_map(FF), a_map(R2STAR), code="C0002")
    add(database, a_map(FF, seed=5), code="C0003")
    known = known_as(database, new_exam(a_map(FF), a_map(R2STAR)))
    assert known is not None
    assert (known.exam_id, known.refusal) == (full, None)


# ---- joining


def test_r2star_that_comes_later_joins_the_exam_in_one_piece(database: Database) -> None:
    key = add(database, a_map(FF), a_map(WATER))
    late = new_exam(a_map(R2STAR), code="C0777")
    known = exams.join(database, key, exams.pack(late), actor="Somebody")
    assert known.adds == (R2STAR,)
    loaded = exams.load(database, key)
    assert (loaded.code, set(loaded.maps)) == ("C0001", {FF, WATER, R2STAR})
    assert np.array_equal(loaded.maps[R2STAR].stored, late.exam.maps[R2STAR].stored)
    assert loaded.maps[R2STAR].scaling == SCALING
    sources = database.rows(
        "SELECT sop_uid FROM map_source JOIN map ON id = map_id WHERE quantity = 'R2STAR'"
    )
    assert [row["sop_uid"] for row in sources] == ["R2STAR.0", "R2STAR.1", "R2STAR.2"]
    assert exams.codes(database) == {"C0001"}
    entry = audit.entries(database)[-1]
    assert (entry.actor, entry.action, entry.subject) == ("Somebody", "exam.map_added", "C0001")
    row = database.row("SELECT sha256 FROM map WHERE quantity = 'R2STAR'")
    assert row is not None
    scale = {"rule": SCALING.rule, "factor": SCALING.factor, "confirmed_by": SCALING.confirmed_by}
    assert json.loads(entry.new) == {
        "R2STAR": row["sha256"],
        "scales": {"R2STAR": scale},
        "revisions_measured": 0,
    }
    assert audit.first_break(database) is None


def test_every_rectangle_ever_drawn_is_counted_on_the_map_that_joins(
    database: Database, first: Viewer, second: Viewer
) -> None:
    key = add(database, a_map(FF))
    other = add(database, a_map(FF, seed=1), code="C0002", study="2")
    boxes = {}
    for viewer, level in ((first, Level.L1), (first, Level.L2), (second, Level.L1)):
        box = Rectangle(len(boxes), 2, len(boxes), 3, 4)
        boxes[draw(database, viewer, key, level, box)] = box
    # undone, marked and signed-off levels keep what they have; another exam is none of our business
    reading = readings.open_reading(database, first, key)
    reading = readings.append_revision(database, reading, Level.L2, EMPTY, {})
    marked = LevelState.not_measurable(Reason.METAL)
    reading = readings.append_revision(database, reading, Level.L3, marked, {})
    readings.append_event(database, reading, "signed_off")
    elsewhere = draw(database, first, other)
    before = {tuple(row) for row in database.rows("SELECT * FROM measurement")}
    revisions = [tuple(row) for row in database.rows("SELECT * FROM roi_revision")]

    late = a_map(R2STAR)
    exams.join(database, key, exams.pack(new_exam(late)), actor="First")

    after = {tuple(row) for row in database.rows("SELECT * FROM measurement")}
    assert before < after
    assert [tuple(row) for row in database.rows("SELECT * FROM roi_revision")] == revisions
    added = database.rows("SELECT * FROM measurement WHERE quantity = 'R2STAR'")
    assert {row["revision_id"]: row["mean"] for row in added} == {
        revision: measure(late, box).mean for revision, box in boxes.items()
    }
    assert elsewhere not in boxes
    again = readings.open_reading(database, second, key).history.current[Level.L1]
    assert again.stats[R2STAR] == measure(late, boxes[again.id])
    assert json.loads(audit.entries(database)[-1].new)["revisions_measured"] == 3


def test_a_finer_map_is_counted_on_its_own_voxels(database: Database, first: Viewer) -> None:
    key = add(database, a_map(FF))
    revision = draw(database, first, key)
    late = a_map(R2STAR, parts=2)
    exams.join(database, key, exams.pack(new_exam(late)), actor="First")
    row = database.row("SELECT * FROM measurement WHERE quantity = 'R2STAR'")
    assert row is not None
    expected = late.stored[1, 4:12, 6:10] * 0.5 + 1.0
    assert (row["revision_id"], row["n"]) == (revision, 32)
    assert row["mean"] == pytest.approx(expected.mean(), rel=1e-13)
    assert row["area_mm2"] == BOX.rows * BOX.cols * 4.0
    exam = exams.load(database, key)
    assert exam.grid == exam.maps[FF].grid


def test_a_coarser_map_joins_while_nothing_is_drawn(database: Database, first: Viewer) -> None:
    key = add(database, a_map(FF, parts=2))
    reading = readings.open_reading(database, first, key)
    readings.append_revision(database, reading, Level.L1, LevelState.not_measurable(Reason.METAL), {})
    exams.join(database, key, exams.pack(new_exam(a_map(R2STAR))), actor="First")
    exam = exams.load(database, key)
    assert exam.grid == exam.maps[R2STAR].grid
    assert not exam.shares_voxels


def _refused(database: Database, key: int, new: NewExam) -> str:
    """Join, which must change nothing, and give the code of the reason."""
    tables = ("map", "map_slice", "measurement", "reference_series", "audit")
    before = [[tuple(row) for row in database.rows(f"SELECT * FROM {table}")] for table in tables]  # noqa: S608 - our own
    known = known_as(database, new)
    assert known is not None
    assert known.refusal is not None
    assert not known.joins
    with pytest.raises(JoinRefused) as caught:
        exams.join(database, key, exams.pack(new), actor="First")
    assert caught.value.code == known.refusal.code
    assert caught.value.values == known.refusal.values
    assert [[tuple(row) for row in database.rows(f"SELECT * FROM {table}")] for table in tables] == before  # noqa: S608 - our own
    return caught.value.code


def test_a_coarser_map_is_refused_where_rectangles_lie_on_finer_lines(
    database: Database, first: Viewer
) -> None:
    key = add(database, a_map(FF, parts=2))
    draw(database, first, key)
    late = new_exam(a_map(R2STAR), a_map(WATER, parts=2), series=(a_series(),))
    assert _refused(database, key, late) == "import.grid_would_change"


def test_maps_without_common_lines_do_not_become_one_exam(database: Database) -> None:
    key = add(database, a_map(FF))
    assert _refused(database, key, new_exam(a_map(R2STAR, shift_mm=0.7))) == "import.grids_apart"


def test_other_voxels_of_a_map_that_is_there_are_refused_with_all_that_comes_along(
    database: Database,
) -> None:
    key = add(database, a_map(FF))
    assert _refused(database, key, new_exam(a_map(FF, seed=1), a_map(R2STAR))) == "import.maps_differ"


def test_a_signal_image_joins_on_whatever_lines_it_has(database: Database, first: Viewer) -> None:
    key = add(database, a_map(FF, parts=2))
    draw(database, first, key)
    known = exams.join(database, key, exams.pack(new_exam(a_map(FF, parts=2), a_map(WATER))), actor="First")
    assert known.adds == (WATER,)
    assert len(database.rows("SELECT * FROM measurement")) == 1
    assert json.loads(audit.entries(database)[-1].new)["revisions_measured"] == 0


def test_series_that_come_later_join_too_and_those_that_are_there_do_not_come_twice(
    database: Database,
) -> None:
    new = new_exam(a_map(FF), series=(a_series(),))
    key = exams.add(database, exams.pack(new), actor="First")
    more = replace(new, references=(a_series(), a_series("T1", seed=1)))
    known = known_as(database, more)
    assert known is not None
    assert known.joins
    exams.join(database, key, exams.pack(more), actor="First")
    assert exams.references(database, key) == ["T1", "T1 2"]
    actions = [entry.action for entry in audit.entries(database)]
    assert actions.count("exam.reference_added") == 2
    assert "exam.map_added" not in actions


def test_joining_what_lacks_nothing_writes_nothing(database: Database) -> None:
    key = add(database, a_map(FF))
    before = audit.entries(database)
    known = exams.join(database, key, exams.pack(new_exam(a_map(FF))), actor="First")
    assert known.adds == ()
    assert audit.entries(database) == before


def test_nothing_joins_an_exam_that_is_not_there(database: Database) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        exams.join(database, 17, exams.pack(new_exam(a_map(FF))), actor="First")
    assert caught.value.code == "store.corrupt"


def test_a_rectangle_from_before_a_map_joined_is_not_stored_without_its_numbers(
    database: Database, first: Viewer
) -> None:
    key = add(database, a_map(FF, parts=2))
    stale, reading = exams.load(database, key), readings.open_reading(database, first, key)
    exams.join(database, key, exams.pack(new_exam(a_map(R2STAR))), actor="First")
    stats = {FF: measure(stale.maps[FF], BOX)}
    with pytest.raises(InputError) as caught:
        readings.append_revision(database, reading, Level.L1, LevelState.measured(BOX), stats)
    assert caught.value.code == "reading.exam_changed"
    assert not database.rows("SELECT * FROM reading")
    assert not database.rows("SELECT * FROM roi_revision")
