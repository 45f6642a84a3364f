"""Maps with voxels of different sizes: one rectangle, each counted on its own, and every table says so."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import RESAMPLED, SIGNAL_FF, ParametricMap, Quantity, Scaling
from app.domain.progress import Silent
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle
from app.files.dicom.found import Found, LoadedExam
from app.services import export, measure_files, read_exam
from app.services.open_session import Session, create_session, last_viewer
from app.store import exams
from app.store.exams import NewExam

FF, R2STAR, WATER = Quantity.FF, Quantity.R2STAR, Quantity.WATER
SCALING = Scaling(0.5, 1.0, "ge.physical", "image_type", "ff.percent", "all", 30.0, 60.0, 1, 2, 3, 4)
BOX = Rectangle(1, 6, 8, 4, 5)


def a_map(quantity: Quantity, parts: int, derived: str = "") -> ParametricMap:
    """Make a map of 4 slices over 80 x 64 mm in voxels of 4 mm, each split into ``parts`` by ``parts``."""
    shape, size = (4, 20 * parts, 16 * parts), 4.0 / parts
    first = (-8.0, -30.0 + size / 2, 40.0 - size / 2)
    grid = Grid(shape, (4.0, size, size), first, ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))
    stored = np.random.default_rng([parts, len(quantity)]).integers(10, 150, shape).astype(np.float32)
    return ParametricMap(quantity, stored, grid, replace(SCALING, derived=derived))


@pytest.fixture(params=[(1, 2), (2, 1), (1, 1)])
def exam(request: pytest.FixtureRequest) -> Exam:
    """FF and R2*, of which either may have the finer voxels, and water on lines of its own."""
    ff, r2star = request.param
    maps = (a_map(FF, ff, SIGNAL_FF), a_map(R2STAR, r2star, RESAMPLED), a_map(WATER, 3))
    if (ff, r2star) == (2, 1):
        strange = replace(maps[2].grid, origin_mm=(-8.0, -29.0, 40.0))
        maps = (*maps[:2], ParametricMap(WATER, maps[2].stored, strange, SCALING))
    return Exam("C0001", {one.quantity: one for one in maps})


@pytest.fixture
def session(tmp_path: Path, exam: Exam) -> Iterator[Session]:
    made = create_session(tmp_path / "study", Protocol(min_native_voxels=1.0))
    identity = Identity(study_uid="1", age="66")
    exams.add(made.database, exams.pack(NewExam(exam, identity, {}, "GE", "")), actor="First")
    yield made
    made.close()


def expected(one: ParametricMap, lines: Grid) -> np.ndarray:
    """Voxels of the rectangle, counted by hand in the map's own matrix."""
    times = one.grid.shape[1] // lines.shape[1]
    box = np.s_[1, 6 * times : 10 * times, 8 * times : 13 * times]
    return one.stored[box].astype(float) * 0.5 + 1.0


def test_a_rectangle_holds_whole_voxels_of_each_map(session: Session, exam: Exam) -> None:
    case = read_exam.open_case(session, last_viewer(session), 1)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, BOX)
    stats = case.reading.history.current[Level.L1].stats
    assert stats == read_exam.preview(case, BOX)
    for quantity in (FF, R2STAR):
        voxels = expected(exam.maps[quantity], exam.grid)
        assert stats[quantity].n == voxels.size
        assert stats[quantity].mean == pytest.approx(voxels.mean(), rel=1e-13)
        assert stats[quantity].median == np.median(voxels)
        assert stats[quantity].area_mm2 == BOX.area_mm2(exam.grid)


def test_the_first_rectangle_has_its_size_in_the_coarse_voxels(session: Session, exam: Exam) -> None:
    case = read_exam.open_case(session, last_viewer(session), 1)
    rows, cols = read_exam.next_size(case)
    wanted = case.protocol.first_cc_mm, case.protocol.first_ap_mm
    size = exam.grid.spacing_mm[1]
    assert (rows, cols) == tuple(max(1, int(one / size + 0.5)) for one in wanted)


def rows_of(folder: Path, kind: str) -> list[dict[str, str]]:
    with (folder / f"study-{kind}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_tables_give_number_and_area_of_each_map_and_how_it_came_to_be(
    session: Session, exam: Exam, tmp_path: Path
) -> None:
    viewer = last_viewer(session)
    case = read_exam.open_case(session, viewer, 1)
    for level, shift in ((Level.L1, 0), (Level.L2, 1)):
        moved = replace(BOX, col0=BOX.col0 - shift, row0=BOX.row0 - shift)
        case, _ = read_exam.set_rectangle(session, case, level, moved)
    export.export(session, viewer, tmp_path, with_identity=True)
    row, lower = rows_of(tmp_path, "long")
    assert [int(row[name]) for name in ("slice", "row0", "col0", "rows", "cols")] == [1, 6, 8, 4, 5]
    for quantity, prefix in ((FF, "FF"), (R2STAR, "R2star")):
        assert int(row[f"{prefix}_n"]) == expected(exam.maps[quantity], exam.grid).size
        assert float(row[f"{prefix}_area_mm2"]) == float(row["area_mm2"]) == 20 * exam.grid.pixel_area_mm2
    assert (row["FF_scale_derived"], row["R2star_scale_derived"]) == ("signal_ff", "resampled")
    # the rules look at the lines on which it was drawn: L2 lies higher than L1, and over it
    assert {"spine.order", "spine.overlap"} <= set(lower["flags"].split(";"))
    (wide,) = rows_of(tmp_path, "wide")
    assert (wide["FF_derived"], wide["R2star_derived"]) == ("signal_ff", "resampled")
    assert rows_of(tmp_path, "identity")[0]["age"] == "66"
    explained = {(one["file"], one["column"]): one for one in rows_of(tmp_path, "codebook")}
    assert "own" in explained["study-long.csv", "R2star_n"]["meaning"]
    assert explained["study-long.csv", "R2star_area_mm2"]["unit"] == "mm2"
    assert "signal_ff" in explained["study-long.csv", "FF_scale_derived"]["values"]


@pytest.fixture
def loaded(exam: Exam, monkeypatch: pytest.MonkeyPatch) -> Exam:
    """Let any folder hold the exam."""
    sources = {quantity: SimpleNamespace(files=(Path("a"),) * 4) for quantity in exam.maps}
    found = Found(exams=(SimpleNamespace(maps=(), unpaired=()),), refused=())
    monkeypatch.setattr(measure_files, "find_exams", lambda *_: found)
    monkeypatch.setattr(measure_files, "load_exam", lambda *_: LoadedExam(exam, Identity(), sources))
    return exam


def test_files_are_measured_on_the_voxels_of_each_map(loaded: Exam) -> None:
    (found,) = measure_files.measure_files(Path(), BOX, Silent()).exams
    assert found.shape == loaded.grid.shape
    for quantity in (FF, R2STAR):
        voxels = expected(loaded.maps[quantity], loaded.grid)
        one = found.maps[quantity]
        assert (one.stats.n, one.rectangle.rows * one.rectangle.cols) == (voxels.size, voxels.size)
        assert one.stats.mean == pytest.approx(voxels.mean(), rel=1e-13)
    # water is counted where it has the lines of the maps, and left out otherwise
    assert (WATER in found.maps) == (loaded.grid.parts(loaded.maps[WATER].grid) is not None)


def test_a_rectangle_outside_the_coarse_grid_is_refused(loaded: Exam) -> None:
    outside = Rectangle(1, loaded.grid.shape[1] - 1, 0, 2, 2)
    with pytest.raises(InputError) as refused:
        measure_files.measure_files(Path(), outside, Silent())
    assert refused.value.values["last_row"] == loaded.grid.shape[1] - 1
