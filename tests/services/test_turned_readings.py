"""Turned, pooled and size-locked rectangles through the use cases: session, CSV, and back from files."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from math import cos, radians, sin
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.checks import Severity
from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.progress import Silent
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services import export, open_session, read_exam
from app.services.measure_files import measure_files
from app.services.open_session import Session
from app.services.read_exam import Case
from app.store import exams
from app.store.exams import NewExam

GRID = Grid(
    (9, 200, 120), (4.0, 0.8, 1.1), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
)
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)
FREE = Protocol(rotation=True, slices=3, spacing_mm=(0.0, 500.0))
LOCKED = Protocol(size_locked=True, rotation=True, spacing_mm=(0.0, 500.0))


def make_exam(code: str = "C0001") -> Exam:
    rng = np.random.default_rng(7)
    return Exam(
        code,
        {
            quantity: ParametricMap(
                quantity, rng.integers(0, top, GRID.shape).astype(np.int16), GRID, SCALING
            )
            for quantity, top in ((Quantity.FF, 100), (Quantity.R2STAR, 300))
        },
    )


def begin(folder: Path, protocol: Protocol) -> Session:
    session = open_session.create_session(folder / "study.marrow", protocol)
    packed = exams.pack(NewExam(make_exam(), Identity(study_uid="1"), {}, "GE", "model"))
    exams.add(session.database, packed, actor="test")
    return session


@pytest.fixture
def protocol() -> Protocol:
    return FREE


@pytest.fixture
def session(tmp_path: Path, protocol: Protocol) -> Iterator[Session]:
    made = begin(tmp_path, protocol)
    yield made
    made.close()


def open_case(session: Session) -> Case:
    return read_exam.open_case(session, open_session.last_viewer(session), 1)


def box_of(level: Level, **shape: Any) -> Rectangle:
    return Rectangle(4, 20 + 34 * LEVELS.index(level), 50, 14, 12, **shape)


def inside(box: Rectangle, grid: Grid) -> np.ndarray:
    """Mask of a slice: voxels whose centre lies in the turned box, by rotating every centre."""
    _, high, wide = grid.spacing_mm
    rows, cols = np.indices(grid.shape[1:]) + 0.5
    down, across = (rows - box.row0 - box.rows / 2) * high, (cols - box.col0 - box.cols / 2) * wide
    turn = radians(box.angle_deg)
    along, beside = down * cos(turn) + across * sin(turn), across * cos(turn) - down * sin(turn)
    found: np.ndarray = (abs(along) < box.rows * high / 2) & (abs(beside) < box.cols * wide / 2)
    return found


def read_all(session: Session) -> dict[Level, Rectangle]:
    """Sign off five levels, turned differently; L1 is upright and of one slice."""
    boxes = {
        level: box_of(level, angle_deg=-17.0 * number, depth=1 if number == 0 else 3)
        for number, level in enumerate(LEVELS)
    }
    case = open_case(session)
    for level, box in boxes.items():
        case, _ = read_exam.set_rectangle(session, case, level, box)
    read_exam.sign_off(session, case)
    return boxes


def rows_of(folder: Path, kind: str) -> list[dict[str, str]]:
    with (folder / f"study-{kind}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_table_says_how_each_rectangle_lay_and_by_which_rule_it_was_counted(
    session: Session, tmp_path: Path
) -> None:
    boxes = read_all(session)
    export.export(session, open_session.last_viewer(session), tmp_path)
    rows = rows_of(tmp_path, "long")
    exam = make_exam()
    for row in rows:
        box = boxes[Level(row["level"])]
        assert float(row["angle_deg"]) == box.angle_deg
        assert int(row["slices_pooled"]) == box.depth
        there = inside(box, GRID)
        assert float(row["area_mm2"]) == pytest.approx(there.sum() * 0.8 * 1.1)
        for quantity, prefix in ((Quantity.FF, "FF"), (Quantity.R2STAR, "R2star")):
            slices = slice(box.slice - box.depth // 2, box.slice + box.depth // 2 + 1)
            voxels = exam.maps[quantity].stored[slices][:, there].astype(float)
            assert int(row[f"{prefix}_n"]) == voxels.size
            assert float(row[f"{prefix}_mean"]) == pytest.approx(voxels.mean(), rel=1e-13)
            assert float(row[f"{prefix}_sd"]) == pytest.approx(voxels.std(ddof=1), rel=1e-12)
    assert [row["rule"] for row in rows] == [
        "whole-voxel-rectangle/1",
        *["voxel-centre-rectangle/1+3-slices"] * 4,
    ]
    explained = {row["column"]: row for row in rows_of(tmp_path, "codebook")}
    assert explained["angle_deg"]["unit"] == "degrees"
    assert "voxel-centre-rectangle/1" in explained["rule"]["values"]


def test_a_level_without_a_rectangle_has_no_angle(session: Session, tmp_path: Path) -> None:
    case = open_case(session)
    read_exam.mark_not_measurable(session, case, Level.L1, Reason.METAL)
    export.export(session, open_session.last_viewer(session), tmp_path)
    (row,) = rows_of(tmp_path, "long")
    assert row["angle_deg"] == row["slices_pooled"] == ""


def test_a_map_that_joins_later_counts_turned_and_pooled_rectangles_too(tmp_path: Path) -> None:
    session = open_session.create_session(tmp_path / "late.marrow", FREE)
    whole = make_exam()
    only_ff = Exam("C0001", {Quantity.FF: whole.maps[Quantity.FF]})
    new = NewExam(only_ff, Identity(study_uid="1"), {}, "GE", "model")
    exams.add(session.database, exams.pack(new), actor="test")
    case = open_case(session)
    box = box_of(Level.L2, angle_deg=28.0, depth=3)
    read_exam.set_rectangle(session, case, Level.L2, box)
    late = Exam("C0001", {Quantity.R2STAR: whole.maps[Quantity.R2STAR]})
    exams.join(session.database, 1, exams.pack(replace(new, exam=late)), actor="test")
    found = open_case(session).reading.history.current[Level.L2].stats[Quantity.R2STAR]
    voxels = whole.maps[Quantity.R2STAR].stored[3:6][:, inside(box, GRID)].astype(float)
    assert (found.n, found.mean) == (voxels.size, pytest.approx(voxels.mean(), rel=1e-13))
    session.close()


def test_one_slice_where_the_protocol_wants_three_is_warned_of(session: Session) -> None:
    case = open_case(session)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    (found,) = (one for one in case.findings if one.code == "slices.unlike_protocol")
    assert (found.severity, found.values) == (Severity.WARN, {"slices": 1, "wanted": 3})


# -- one size for all -------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", [LOCKED])
def test_a_locked_size_is_changed_for_all_levels_in_one_step(session: Session) -> None:
    case = open_case(session)
    for level in (Level.L1, Level.L2, Level.L4):
        case, _ = read_exam.set_rectangle(session, case, level, box_of(level))
    case, _ = read_exam.mark_not_measurable(session, case, Level.L3, Reason.METAL)
    before = case.reading.history
    wider = replace(box_of(Level.L2), rows=16, cols=15, angle_deg=10.0)
    case, _ = read_exam.set_rectangle(session, case, Level.L2, wider)
    found = case.reading.history
    assert found.rectangles[Level.L2] == wider
    for level in (Level.L1, Level.L4):
        box = found.rectangles[level]
        # the turn of one level is not that of another
        assert (box.rows, box.cols, box.angle_deg) == (16, 15, 0.0)
        assert abs(box.centre[1] - before.rectangles[level].centre[1]) <= 0.5
        assert abs(box.centre[2] - before.rectangles[level].centre[2]) <= 0.5
        assert found.current[level].stats == read_exam.preview(case, box)
    assert found.state(Level.L3).kind is Kind.NOT_MEASURABLE
    case, _ = read_exam.undo(session, case)
    assert case.reading.history.rectangles == before.rectangles
    # also after a restart
    case, _ = read_exam.redo(session, open_case(session))
    assert case.reading.history.rectangles == found.rectangles
    assert case.reading.revisions[-1].level is Level.L2


@pytest.mark.parametrize("protocol", [LOCKED])
def test_with_a_locked_size_moving_and_turning_touch_one_level_only(session: Session) -> None:
    case = open_case(session)
    for level in (Level.L1, Level.L2):
        case, _ = read_exam.set_rectangle(session, case, level, box_of(level))
    revisions = len(case.reading.revisions)
    moved = replace(box_of(Level.L1), row0=25, angle_deg=8.0)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, moved)
    assert len(case.reading.revisions) == revisions + 1
    assert case.reading.history.rectangles[Level.L2] == box_of(Level.L2)


@pytest.mark.parametrize("protocol", [LOCKED])
def test_a_group_is_refused_as_a_whole_once_signed_off(session: Session) -> None:
    case = open_case(session)
    for level in LEVELS:
        case, _ = read_exam.set_rectangle(session, case, level, box_of(level))
    case, _ = read_exam.sign_off(session, case)
    with pytest.raises(InputError, match=r"reading\.locked"):
        read_exam.set_rectangle(session, case, Level.L1, replace(box_of(Level.L1), rows=20))
    assert open_case(session).reading.history.rectangles == {level: box_of(level) for level in LEVELS}


def test_without_a_lock_sizes_are_free(session: Session) -> None:
    case = open_case(session)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    case, _ = read_exam.set_rectangle(session, case, Level.L2, replace(box_of(Level.L2), rows=20))
    assert case.reading.history.rectangles[Level.L1] == box_of(Level.L1)


def test_several_rectangles_placed_in_one_step_are_taken_back_as_one(session: Session) -> None:
    case = open_case(session)
    boxes = {level: box_of(level) for level in (Level.L2, Level.L3, Level.L4)}
    case, changed = read_exam.set_rectangles(session, case, boxes)
    assert (case.reading.history.rectangles, bool(changed.what)) == (boxes, True)
    case, changed = read_exam.set_rectangles(session, case, boxes)
    assert not changed.what
    case, _ = read_exam.undo(session, case)
    assert case.reading.history.rectangles == {}


# -- back from the files ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=3, slices=10, rows=192, cols=192))


@pytest.fixture(scope="module")
def folder(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("phantom")
    case = CaseHeader("Secret^Name", "0012", "ACC", "20240305", "F")
    write_ideal_iq(phantom, made, case=case, layout="one_series_scrambled", uid_seed="exam")
    return made


@pytest.mark.parametrize("depth", [1, 3])
def test_a_rectangle_turned_with_the_vertebra_measures_the_truth_of_the_phantom(
    phantom: Phantom, folder: Path, depth: int
) -> None:
    for truth in phantom.truth.levels:
        safe = truth.safe
        # rows run to the feet and columns to the back: the tilt of the body is the turn of the rectangle
        box = Rectangle(safe.slice_index, safe.row0, safe.col0, safe.rows, safe.cols, truth.tilt_deg, depth)
        (exam,) = measure_files(folder, box, Silent()).exams
        there = inside(box, phantom.grid)
        slices = slice(box.slice - depth // 2, box.slice + depth // 2 + 1)
        for quantity, contrast, wanted in (
            (Quantity.FF, "FAT_FRACTION", truth.ff),
            (Quantity.R2STAR, "R2_STAR_MAP", truth.r2star),
        ):
            stats = exam.maps[quantity].stats
            voxels = phantom.images[contrast][slices][:, there].astype(float)
            assert (stats.n, stats.mean) == (voxels.size, pytest.approx(voxels.mean(), rel=1e-13))
            assert stats.sd == pytest.approx(voxels.std(ddof=1), rel=1e-12)
            # within the noise of one slice, and the little by which marrow varies from place to place
            assert stats.mean == pytest.approx(
                wanted, abs=4 * voxels.std() / np.sqrt(there.sum()) + 0.02 * wanted
            )


def test_a_pooled_rectangle_at_the_end_of_the_stack_is_refused_by_files_too(folder: Path) -> None:
    with pytest.raises(InputError) as refused:
        measure_files(folder, Rectangle(0, 90, 90, 8, 8, depth=3), Silent())
    assert refused.value.code == "measure.outside"
