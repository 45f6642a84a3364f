"""A small session to work on: two readers, one exam of a few voxels."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.store import exams, sessions
from app.store.database import Database, create_database
from app.store.exams import NewExam

IDENTITY = Identity("Doe^Jane", "0417", "1960-01-02", "F", "2026-01-03", "A77", "1.2.3", "1.2.4", "66")


def _make_map(quantity: Quantity, stored: npt.NDArray[np.integer]) -> ParametricMap:
    slices, rows, cols = stored.shape
    grid = Grid(
        (slices, rows, cols),
        (4.0, 1.25, 1.25),
        (-8.0, -20.0, 30.0),
        ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    )
    scaling = Scaling(0.1, -3.0, "ge.physical", "image_type", "ff.percent", "all", 30.0, 60.0, 1, 2, 3, 4)
    return ParametricMap(quantity, stored, grid, scaling)


def _make_exam(
    code: str = "C0001", *, seed: int = 0, dtype: str = "<i2", shape: tuple[int, int, int] = (3, 9, 7)
) -> Exam:
    """Make an exam of random integers over the whole range of their type."""
    random = np.random.default_rng(seed)
    native = np.dtype(dtype).newbyteorder("=")
    span = np.iinfo(native)
    maps = {
        quantity: _make_map(
            quantity, random.integers(span.min, span.max, shape, native, endpoint=True).astype(dtype)
        )
        for quantity in (Quantity.FF, Quantity.R2STAR)
    }
    return Exam(code, maps, field_strength_t=3.0, native_voxel_mm=(1.5, 1.6))


def _make_new(exam: Exam | None = None, *, study_uid: str = "1.2.3") -> NewExam:
    exam = exam or _make_exam()
    identity = replace(IDENTITY, study_uid=study_uid)
    sources = {quantity: [f"{quantity}.{index}" for index in range(3)] for quantity in exam.maps}
    return NewExam(exam, identity, sources, "GE", "Model X")


def _make_stats(mean: float | None = 41.5, **others: Any) -> dict[Quantity, RoiStats]:
    """Make statistics that nothing was counted for: the store keeps what it is given."""
    plain = RoiStats(140, mean, 2.5, 41.0, 30.0, 50.0, 218.75, 0, 1, 2, 3, 4)
    values = {name: others.get(name, getattr(plain, name)) for name in RoiStats.__dataclass_fields__}
    return {Quantity.FF: RoiStats(**values), Quantity.R2STAR: RoiStats(**values)}


@pytest.fixture
def make_exam() -> Callable[..., Exam]:
    return _make_exam


@pytest.fixture
def make_new() -> Callable[..., NewExam]:
    return _make_new


@pytest.fixture
def make_stats() -> Callable[..., dict[Quantity, RoiStats]]:
    return _make_stats


@pytest.fixture
def identity() -> Identity:
    return IDENTITY


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "study.marrow"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    """Open a session that has begun; closed again afterwards, also when the test did so."""
    opened = create_database(path)
    sessions.begin(opened, Protocol())
    yield opened
    opened.close()


@pytest.fixture
def first(database: Database) -> Viewer:
    return Viewer(sessions.add_reader(database, "First"))


@pytest.fixture
def second(database: Database) -> Viewer:
    return Viewer(sessions.add_reader(database, "Second"))


@pytest.fixture
def exam_id(database: Database) -> int:
    return exams.add(database, exams.pack(_make_new()), actor="First")
