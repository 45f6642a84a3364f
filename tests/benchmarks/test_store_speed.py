"""How fast the session file is, each figure beside its physical floor measured in the same run.

Run with ``--benchmark-enable``; otherwise each runs once as a test.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import LevelState, Viewer
from app.domain.shapes import Rectangle
from app.store import exams, readings, sessions
from app.store.database import Database, create_database
from app.store.exams import NewExam
from app.store.guard import Scope

SHAPE = (60, 256, 256)
COMMIT_GOAL_MS = 1.0
OPEN_GOAL_MS = 35.0


def _noisy(low: float, high: float, noise: float, seed: int) -> npt.NDArray[np.int16]:
    """Smooth anatomy with the noise of a fit on top, stored as a scanner does."""
    slices, rows, cols = (
        np.arange(length).reshape(shape)
        for length, shape in zip(SHAPE, ((-1, 1, 1), (1, -1, 1), (1, 1, -1)), strict=True)
    )
    wave = 0.5 + 0.25 * np.sin(cols / 36 + slices / 9) + 0.25 * np.cos(rows / 50 - slices / 7)
    noisy = low + (high - low) * wave + np.random.default_rng(seed).normal(0, noise, SHAPE)
    return np.clip(noisy, 0, None).astype(np.int16)


@pytest.fixture(scope="module")
def exam() -> Exam:
    grid = Grid(SHAPE, (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
    scaling = Scaling(0.1, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
    stored = {Quantity.FF: _noisy(0, 1000, 30, 1), Quantity.R2STAR: _noisy(0, 300, 15, 2)}
    return Exam(
        "C0001", {what: ParametricMap(what, values, grid, scaling) for what, values in stored.items()}
    )


@pytest.fixture
def database(tmp_path: Path, exam: Exam) -> Iterator[Database]:
    opened = create_database(tmp_path / "speed.marrow")
    sessions.begin(opened, Protocol())
    sessions.add_reader(opened, "First")
    exams.add(opened, exams.pack(NewExam(exam, Identity(), {}, "GE", "")), actor="First")
    yield opened
    opened.close()


def _times_ms(function: Callable[[], object], rounds: int) -> npt.NDArray[np.float64]:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return np.array(found) * 1000


def _tell(benchmark: BenchmarkFixture, ours: float, floor: float, goal: float) -> None:
    """Keep the figures with the benchmark; they are said at the end of the run."""
    benchmark.extra_info.update(ours_ms=ours, floor_ms=floor, ratio=ours / floor, goal_ms=goal)


def _ours_ms(benchmark: BenchmarkFixture, share: float) -> float | None:
    """A quantile of the measured times; None where benchmarks are switched off."""
    if benchmark.stats is None:
        return None
    return float(np.quantile(benchmark.stats.stats.data, share)) * 1000


@pytest.mark.parametrize("guarded", [False, True], ids=["plain", "guarded"])
def test_autosave_commit_p95(
    benchmark: BenchmarkFixture, database: Database, exam: Exam, tmp_path: Path, *, guarded: bool
) -> None:
    viewer = Viewer(sessions.readers(database)[0])
    if guarded:
        database.guard(Scope(viewer.reader.id, viewer.reader.name, viewer.round))
    reading = readings.open_reading(database, viewer, 1)
    boxes = [Rectangle(30, 100 + shift, 100, 10, 14) for shift in range(20)]
    stats = {found.quantity: measure(found, boxes[0]) for found in exam.measured}
    numbers = count()

    def commit() -> None:
        number = next(numbers)
        state = LevelState.measured(boxes[number % 20])
        readings.append_revision(database, reading, LEVELS[number % 5], state, stats)

    # a reading that has begun: its first revision also writes the reading
    reading = readings.append_revision(database, reading, LEVELS[0], LevelState.measured(boxes[0]), stats)
    benchmark.pedantic(commit, rounds=1000, warmup_rounds=100)
    assert len(readings.open_reading(database, viewer, 1).revisions) == next(numbers) + 1
    ours = _ours_ms(benchmark, 0.95)
    if ours is None:
        return
    page = os.urandom(4096)
    with (tmp_path / "floor").open("wb", buffering=0) as file:

        def floor() -> None:
            file.write(page)
            os.fsync(file.fileno())

        _tell(benchmark, ours, float(np.quantile(_times_ms(floor, 1000), 0.95)), COMMIT_GOAL_MS)


def test_exam_open_median(
    benchmark: BenchmarkFixture, database: Database, exam: Exam, tmp_path: Path
) -> None:
    loaded = benchmark.pedantic(lambda: exams.load(database, 1), rounds=40, warmup_rounds=3)
    for what, given in exam.maps.items():
        assert np.array_equal(loaded.maps[what].stored, given.stored)
    ours = _ours_ms(benchmark, 0.5)
    if ours is None:
        return
    raw = tmp_path / "raw"
    np.stack([given.stored for given in exam.measured]).tofile(raw)
    floor = _times_ms(lambda: np.fromfile(raw, np.int16).astype(np.float32), 40)
    _tell(benchmark, ours, float(np.median(floor)), OPEN_GOAL_MS)
