"""What five hundred cases opened in a row leave behind: nothing, with and without the third view.

A process of its own, off-screen: the real window on full-size exams. ``--benchmark-enable`` shows figures.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.reference import ReferenceSeries
from app.services.open_session import create_session
from app.store import exams
from app.store.exams import NewExam
from app.store.series import NewReference

pytestmark = [
    pytest.mark.long,
    pytest.mark.timeout(900),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks Linux for memory and open files"),
]

ROOT = Path(__file__).parents[2]
GROWTH_GOAL_MB, PEAK_GOAL_MB = 15.0, 200.0
_OPENED, _WARM = 500, 100
_SHAPE = (60, 256, 256)
_CASES = 4

_READ = """
import gc, json, os, sys, threading
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject
from app import compose
from app.domain.protocol import Level

app = compose.application()
window = compose.window(compose.home())
window.resize(1600, 900)
window.open(Path(sys.argv[1]))
window.show()
app.processEvents()
space, maps = window.workspace, window.page("read").maps
if sys.argv[2] == "third":
    maps.toggle_reference()
    app.processEvents()

def memory_mb():
    with open("/proc/self/statm") as told:
        return int(told.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20

def left():
    # what waits to be deleted goes first
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    return {
        "known to Python": sum(isinstance(one, QObject) for one in gc.get_objects()),
        "known to Qt": len(window.findChildren(QObject)) + len(app.findChildren(QObject)),
        "widgets": len(app.allWidgets()),
        "threads": len(os.listdir("/proc/self/task")),
        "files": len(os.listdir("/proc/self/fd")),
    }

def read(number):
    space.step_case(1)
    app.processEvents()
    middle = space.slice
    for step in (1, 2, 1):
        space.set_slice(middle + step)
        app.processEvents()
    height, width = space.case.exam.grid.shape[1:]
    space.select(Level.L3)
    box = space.ghost(height / 2, width / 2)
    if box is not None:
        space.show_preview(Level.L3, box)
        app.processEvents()
        space.cancel_preview()
    app.processEvents()
    # now and then the reader stays, and the next case is read ahead
    while number % 5 == 0 and space._prefetch._held is None:
        app.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)

used, seen = [], {}
for number in range(1, int(sys.argv[3]) + 1):
    read(number)
    used.append(memory_mb())
    if number in (int(sys.argv[4]), int(sys.argv[3])):
        # asking makes Python know a few more
        left()
        seen[number] = left()
with open("/proc/self/status") as status:
    peak = next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) / 1024
third = maps.reference.isVisible()
window.close()
print(json.dumps({"used": used, "seen": list(seen.values()), "peak": peak, "third": third}))
"""


def _grid(shape: tuple[int, int, int], voxel_mm: tuple[float, float, float]) -> Grid:
    return Grid(shape, voxel_mm, (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))


def _map(quantity: Quantity, top: int, seed: int) -> ParametricMap:
    scaling = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
    stored = np.random.default_rng(seed).integers(0, top, _SHAPE).astype(np.int16)
    return ParametricMap(quantity, stored, _grid(_SHAPE, (4.0, 1.0, 1.0)), scaling)


def _exam(number: int) -> NewExam:
    """FF and R2*, and beside them water, fat and a T2."""
    tops = {Quantity.FF: 100, Quantity.R2STAR: 300, Quantity.WATER: 900, Quantity.FAT: 900}
    maps = {what: _map(what, top, 10 * number + place) for place, (what, top) in enumerate(tops.items())}
    t2 = np.random.default_rng(number).integers(0, 700, (20, 320, 320)).astype(np.uint16)
    beside = ReferenceSeries("T2", t2, _grid((20, 320, 320), (5.0, 0.8, 0.8)), (0.0, 700.0))
    identity = Identity(study_uid=f"1.{number}")
    return NewExam(Exam(f"C{number}", maps), identity, {}, "GE", "", references=(NewReference(beside, ()),))


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four exams of 60 slices of 256 x 256."""
    made = create_session(tmp_path_factory.mktemp("memory") / "memory.marrow")
    for number in range(_CASES):
        exams.add(made.database, exams.pack(_exam(number)), actor="First")
    made.close()
    return made.path


def _read(session: Path, home: Path, third: str) -> dict[str, Any]:
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", _READ, str(session), third, str(_OPENED), str(_WARM)],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen", "MARROWMARK_HOME": str(home)},
        cwd=ROOT, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("third", ["maps", "third"])
def test_five_hundred_cases_opened_in_a_row_leave_nothing_behind(
    benchmark: BenchmarkFixture, session: Path, home: Path, third: str
) -> None:
    told = benchmark.pedantic(lambda: _read(session, home, third), rounds=1)
    assert told["third"] == (third == "third")
    used = told["used"]
    # the middle of twenty: what is freed a little later does not count
    before, after = (float(np.median(used[end - 20 : end])) for end in (_WARM, _OPENED))
    benchmark.extra_info["told"] = (
        f"{before:.0f} MB after {_WARM} cases, {after:.0f} MB after {_OPENED},"
        f" {told['peak']:.0f} MB at most, goal {PEAK_GOAL_MB:g} MB"
    )
    first, last = told["seen"]
    assert {kind: number for kind, number in last.items() if number > first[kind]} == {}
    assert after - before < GROWTH_GOAL_MB
    assert told["peak"] <= PEAK_GOAL_MB
