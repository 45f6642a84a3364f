"""How long a reader waits between Enter and the next case, beside its floor measured in the same run.

Off-screen, on exams of full size. Run with ``--benchmark-enable``; otherwise each runs once as a test.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QDeadlineTimer, QEvent, QObject, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytest_benchmark.fixture import BenchmarkFixture

from app import compose
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS
from app.domain.shapes import Rectangle
from app.services import read_exam
from app.services.open_session import Session, create_session, last_viewer
from app.store import exams
from app.store.exams import NewExam
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

SHAPE = (60, 256, 256)
SIZE = (1600, 900)
GOAL_MS = 150.0
_CASES = 12
_PATIENCE_MS = 20_000
GRID = Grid(SHAPE, (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)


def _noisy(middle: float, noise: float, seed: int) -> npt.NDArray[np.int16]:
    """Smooth anatomy with the noise of a fit on top, which does not compress to nothing."""
    rows = np.arange(SHAPE[1])[:, None]
    wave = middle * (1 + 0.1 * np.sin(rows / 40))
    noisy = wave + np.random.default_rng(seed).normal(0, noise, SHAPE)
    return np.clip(noisy, 0, None).astype(np.int16)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with exams of 2 x 60 slices of 256 x 256, all five levels of each placed, none signed off."""
    session = create_session(tmp_path_factory.mktemp("next") / "next.marrow")
    maps = {
        Quantity.FF: ParametricMap(Quantity.FF, _noisy(45, 3, 1), GRID, SCALING),
        Quantity.R2STAR: ParametricMap(Quantity.R2STAR, _noisy(150, 12, 2), GRID, SCALING),
    }
    for number in range(_CASES):
        _add(session, Exam(f"C{number:04}", maps, field_strength_t=3.0))
    session.close()
    return session.path


def _add(session: Session, exam: Exam) -> None:
    new = NewExam(exam, Identity(study_uid=exam.code), {}, "GE", "")
    key = exams.add(session.database, exams.pack(new), actor="First")
    case = read_exam.open_case(session, last_viewer(session), key)
    for place, level in enumerate(LEVELS):
        box = Rectangle(SHAPE[0] // 2, 40 + 30 * place, 120, 10, 14)
        case, _ = read_exam.set_rectangle(session, case, level, box)


@pytest.fixture
def page(qapp: QApplication, template: Path, home: Path) -> Iterator[ReadingPage]:
    home.mkdir(exist_ok=True)
    window: MainWindow = compose.window(home)
    window.resize(*SIZE)
    window.open(template)
    window.show()
    qapp.processEvents()
    found = window.page("read")
    assert isinstance(found, ReadingPage)
    yield found
    window.close()
    window.deleteLater()


class _Painted(QObject):
    """Counts the paintings of views."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: set[int] = set()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            self.seen.add(id(watched))
        return False


def _wait_until_ready(space: Workspace) -> None:
    """As long as a reader takes for a case, the next one has time to be read."""
    patience = QDeadlineTimer(_PATIENCE_MS)
    while not space.next_is_ready and not patience.hasExpired():
        QTest.qWait(10)
    assert space.next_is_ready


def _floor(folder: Path) -> Callable[[], None]:
    """Make a few kilobytes durable, and bring one slice of two maps onto the screen."""
    target = QImage(SIZE[0] // 3, SIZE[1], QImage.Format.Format_RGB32)
    slices = [_noisy(45, 3, 1)[0], _noisy(150, 12, 2)[0]]
    descriptor = os.open(folder / "floor", os.O_RDWR | os.O_CREAT)

    def durable_and_drawn() -> None:
        os.pwrite(descriptor, bytes(8192), 0)
        os.fsync(descriptor)
        for one in slices:
            grey = np.clip(one, 0, 255).astype(np.uint8)
            image = QImage(grey.data, SHAPE[2], SHAPE[1], SHAPE[2], QImage.Format.Format_Grayscale8)
            painter = QPainter(target)
            painter.drawImage(target.rect(), image)
            painter.end()

    return durable_and_drawn


def test_enter_to_the_next_case_painted(
    benchmark: BenchmarkFixture, page: ReadingPage, qapp: QApplication, tmp_path: Path
) -> None:
    space = page._workspace
    views = list(page.maps.views.values())
    painted = _Painted()
    for view in views:
        view.installEventFilter(painted)

    def make_ready() -> None:
        _wait_until_ready(space)
        qapp.processEvents()
        painted.seen.clear()

    def sign_off_and_see() -> None:
        assert space.case is not None
        before = space.case.exam.id
        QTest.keyClick(page, Qt.Key.Key_Return)
        qapp.processEvents()
        assert space.case.exam.id != before
        assert painted.seen == {id(view) for view in views}

    benchmark.pedantic(sign_off_and_see, setup=make_ready, rounds=_CASES - 2)
    assert sum(case.locked for case in space.cases) >= 1
    if benchmark.stats is not None:
        ours = float(np.quantile(benchmark.stats.stats.data, 0.95)) * 1000
        benchmark.extra_info.update(ours_ms=ours, floor_ms=_p95_ms(_floor(tmp_path)), goal_ms=GOAL_MS)


def _p95_ms(function: Callable[[], None], rounds: int = 50) -> float:
    found = []
    for _ in range(rounds):
        start = time.perf_counter()
        function()
        found.append(time.perf_counter() - start)
    return float(np.quantile(found, 0.95)) * 1000
