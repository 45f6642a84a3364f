"""How long a package of 120 exams takes, and merging its readings. Small without ``--benchmark-enable``."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.domain.protocol import LEVELS
from app.domain.reading import LevelState, Reading, Revision, Role, Viewer
from app.domain.shapes import Rectangle
from app.services.merge import Outcome, merge, plan_merge
from app.services.open_session import Session, add_reader, create_session, open_session, readers_of
from app.services.package import write_package
from app.store import exams, readings
from app.store.exams import NewExam

Answer = TypeVar("Answer")

SHAPE = (60, 256, 256)
PACKAGE_GOAL_MS, MERGE_GOAL_MS = 20_000.0, 3_000.0


def _exam(shape: tuple[int, int, int]) -> Exam:
    grid = Grid(shape, (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
    scaling = Scaling(0.1, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
    slices, rows, cols = np.indices(shape)
    maps = {}
    for seed, (quantity, top) in enumerate(((Quantity.FF, 1000), (Quantity.R2STAR, 300))):
        wave = 0.5 + 0.25 * np.sin(cols / 36 + slices / 9) + 0.25 * np.cos(rows / 50 - slices / 7)
        noisy = top * wave + np.random.default_rng(seed).normal(0, top / 20, shape)
        maps[quantity] = ParametricMap(quantity, np.clip(noisy, 0, None).astype(np.int16), grid, scaling)
    return Exam("C0000", maps, field_strength_t=3.0)


@pytest.fixture
def size(request: pytest.FixtureRequest) -> tuple[int, tuple[int, int, int]]:
    """How many exams of how many voxels."""
    measured = request.config.getoption("benchmark_enable")
    return (120, SHAPE) if measured else (2, (8, 160, 80))


@pytest.fixture
def study(tmp_path: Path, size: tuple[int, tuple[int, int, int]]) -> Iterator[Session]:
    """A session of exams as they are after an import."""
    count, shape = size
    session = create_session(tmp_path / "study.marrow", reader="Ana")
    add_reader(session, "Bo")
    exam = _exam(shape)
    packed = exams.pack(NewExam(exam, Identity(), {}, "GE", ""))
    for number in range(count):
        who = Identity(
            f"Doe^Patient{number:04d}", f"PAT{number:05d}", "1960-01-02", "F", "2020-01-03",
            f"ACC{number:05d}", f"1.2.840.113619.2.{number}", f"1.2.840.113619.3.{number}",
        )  # fmt: skip
        sources = {
            quantity: [f"1.2.840.113619.4.{number}.{quantity}.{one}" for one in range(shape[0])]
            for quantity in exam.maps
        }
        new = NewExam(replace(exam, code=f"C{number:04d}"), who, sources, "GE", "")
        exams.add(session.database, replace(packed, new=new), actor="Ana")
    yield session
    session.close()


def _read(session: Session, viewer: Viewer, exam_id: int, exam: Exam) -> None:
    database = session.database
    reading: Reading = readings.open_reading(database, viewer, exam_id)
    for round_number in range(3):
        for place, level in enumerate(LEVELS):
            box = Rectangle(4, 10 + 28 * place + round_number, 30, 12, 14)
            stats = {one.quantity: measure(one, box) for one in exam.measured}
            state = LevelState.measured(box)
            reading = readings.append_revisions(database, reading, [Revision(0, level, state, stats=stats)])
    readings.append_event(database, reading, "signed_off")


def test_package_and_merge(
    benchmark: BenchmarkFixture, study: Session, tmp_path: Path, size: tuple[int, tuple[int, int, int]]
) -> None:
    count, shape = size
    coordinator, target = Viewer(readers_of(study)[0], Role.COORDINATOR), tmp_path / "bo.marrow"
    benchmark.pedantic(lambda: write_package(study, coordinator, 2, 1, target), rounds=1)
    exam = _exam(shape)
    with closing(open_session(target)) as there:
        viewer = Viewer(readers_of(there)[0])
        for row in exams.exams(there.database):
            _read(there, viewer, row.id, exam)
    plan, plan_ms = _timed(lambda: plan_merge(study, target))
    assert plan.count(Outcome.NEW) == count
    done, merge_ms = _timed(lambda: merge(study, coordinator, plan))
    assert done.merge_id == 1
    if benchmark.stats is not None:
        ours = float(benchmark.stats.stats.min) * 1000
        _, floor = _timed(lambda: shutil.copy(target, tmp_path / "floor"))
        benchmark.extra_info.update(ours_ms=ours, floor_ms=floor, goal_ms=PACKAGE_GOAL_MS)
        size_mb = target.stat().st_size / 1e6
        benchmark.extra_info["told"] = (
            f"{size_mb:.0f} MB; plan {plan_ms:.0f} ms, merge with the plan made again {merge_ms:.0f} ms,"
            f" goal {MERGE_GOAL_MS:g} ms"
        )


def _timed(function: Callable[[], Answer]) -> tuple[Answer, float]:
    """What a function gives, and the milliseconds it took."""
    start = time.perf_counter()
    found = function()
    return found, (time.perf_counter() - start) * 1000
