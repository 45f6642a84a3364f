"""What other programs for this work got wrong, one test each. The list is that of the design."""

from __future__ import annotations

import csv
import locale
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt

from app.domain.case_facts import CaseFacts, Counted
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.domain.protocol import LEVELS, Level
from app.domain.reading import LevelState, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, read_exam
from app.services import open_session as sessions
from app.services.export import export
from app.services.open_session import Session
from app.store import exams
from app.store.exams import NewExam
from app.ui.canvas.map_pair import PRESETS, MapPair
from app.ui.canvas.view import Camera
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.present import levels as present_levels

ROOT = Path(__file__).resolve().parents[2]
AXES = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
BOX = Rectangle(0, 1, 1, 2, 3)


def a_map(slope: float, stored: np.ndarray, kind: type[ParametricMap] = ParametricMap) -> ParametricMap:
    grid = Grid((1, *stored.shape), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), AXES)
    scaling = Scaling(slope, 0.0, "dicom.rescale", "image_type", "ff.percent", "all", 1, 1, 0, 0, 0, 0)
    return kind(Quantity.FF, stored[None].astype(np.int16), grid, scaling)


class _Holes(ParametricMap):
    """A map whose scale gives no number where the stored integer is 0 and infinity where it is 1."""

    def scale(self, stored: Any) -> Any:
        return np.where(stored == 0, np.nan, np.where(stored == 1, np.inf, super().scale(stored)))


@pytest.mark.parametrize("bad", [0, 1])
def test_nan_or_inf_is_never_shown_as_a_mean(bad: int) -> None:
    stats = measure(a_map(1.0, np.full((4, 5), bad), _Holes), BOX)
    row = present_levels.level_row(Level.L1, LevelState.measured(BOX), {Quantity.FF: stats})
    shown = f"{row.ff} {row.ff_sd} {row.r2star} {row.voxels}"
    assert "nan" not in shown.lower()
    assert "inf" not in shown.lower()
    assert row.ff == "–"
    lines = present_levels.rectangle_lines(Level.L1, BOX, {Quantity.FF: stats})
    assert not any("nan" in value or "inf" in value for _, value in lines)


@pytest.mark.parametrize("bad", [0, 1])
def test_one_voxel_without_a_number_does_not_swallow_the_others(bad: int) -> None:
    stored = np.full((4, 5), 40)
    stored[2, 2] = bad
    stats = measure(a_map(1.0, stored, _Holes), BOX)
    assert (stats.n, stats.mean) == (5, 40.0)


@pytest.mark.parametrize("slope", [0.1, 0.001])
def test_a_small_slope_is_not_ignored(slope: float) -> None:
    stored = np.arange(20).reshape(4, 5) * 10 + 300
    wanted = (stored[1:3, 1:4] * slope).mean()
    assert measure(a_map(slope, stored), BOX).mean == pytest.approx(wanted, rel=1e-12)


def test_a_small_slope_survives_the_session(session: Session, reader: Viewer) -> None:
    """What comes back from the file is scaled as what went in."""
    first = read_exam.open_case(session, reader, read_exam.worklist(session, reader)[0].exam_id).exam
    maps = {
        quantity: replace(found, scaling=replace(found.scaling, slope=0.001, intercept=-3.5))
        for quantity, found in first.maps.items()
    }
    new = NewExam(Exam("C0009", maps), Identity(study_uid="1.9"), {}, "", "")
    exam_id = exams.add(session.database, exams.pack(new), actor="Ana")
    for quantity, found in read_exam.open_case(session, reader, exam_id).exam.maps.items():
        wanted = first.maps[quantity].stored[2, 3, 4] * 0.001 - 3.5
        assert found.value_at(2, 3, 4) == pytest.approx(wanted, abs=1e-12)


def test_the_unit_is_not_lost_on_save(session: Session, reader: Viewer, tmp_path: Path) -> None:
    read_everything(session, reader)
    export(session, reader, tmp_path)
    (codebook,) = tmp_path.glob("*-codebook.csv")
    told = codebook.read_text(encoding="utf-8-sig")
    assert "%" in told
    assert "s^-1" in told
    case = read_exam.open_case(session, reader, read_exam.worklist(session, reader)[0].exam_id)
    assert {found.unit for found in case.exam.measured} == {"%", "/s"}


def test_a_saved_rectangle_does_not_vanish(
    window: MainWindow, ff: Any, stored: Callable[..., dict[Level, Rectangle]], reading_session: Path
) -> None:
    space = window.workspace
    for number in range(5):
        ff.click(12 + 18 * number, 40)
    before = stored(space)
    assert set(before) == set(LEVELS)
    for _ in range(3):
        space.step_case(1)
    space.close()
    window.open(reading_session)
    code = space.case.exam.code if space.case else ""
    assert code == "C0001"
    assert space.rectangles == before


def test_the_link_is_not_lost_when_the_next_case_opens(
    window: MainWindow, maps: MapPair, ff: Any, r2star: Any
) -> None:
    for _ in range(3):
        window.workspace.step_case(1)
        ff.wheel(20, 20, 240, Qt.KeyboardModifier.ControlModifier)
        r2star.wheel(20, 20, -120)
        assert len({view.camera for view in maps.views.values()}) == 1
        assert len({view._slice for view in maps.views.values()}) == 1
        assert all(view.camera != Camera() for view in maps.views.values())


def test_a_preset_is_not_applied_only_after_scrolling(maps: MapPair) -> None:
    for index in (1, 2, 3, 0):
        before = {quantity: view.grab().toImage() for quantity, view in maps.views.items()}
        maps.set_preset(index)
        for quantity, view in maps.views.items():
            assert view.window_level == PRESETS[quantity][index]
            assert view.grab().toImage() != before[quantity]


def test_a_rectangle_is_not_deleted_by_dragging_it_out_of_the_picture(
    window: MainWindow, ff: Any, stored: Callable[..., dict[Level, Rectangle]]
) -> None:
    ff.click(20, 40)
    window.workspace.select(Level.L1)
    ff.drag((20, 40), (-5000, -5000))
    box = stored(window.workspace)[Level.L1]
    assert (box.row0, box.col0) == (0, 0)


def test_the_numbers_are_not_frozen_while_dragging(window: MainWindow, page: ReadingPage, ff: Any) -> None:
    ff.click(20, 40)
    window.workspace.select(Level.L1)
    ff.press(20, 40)
    seen = []
    for row in range(22, 60, 4):
        ff.move(row, 40)
        line = page.panel.table.levels.rows[0]
        seen.append((line.ff, line.r2star))
    ff.release(60, 40)
    assert len(set(seen)) == len(seen)


@pytest.fixture
def reader(session: Session) -> Viewer:
    return Viewer(sessions.readers_of(session)[0])


def read_everything(session: Session, reader: Viewer) -> None:
    for row in read_exam.worklist(session, reader):
        case = read_exam.open_case(session, reader, row.exam_id)
        # each of the three is stored in another direction: what lies apart on one would overlap on another
        across = case.exam.grid.shape[1] == 80
        for number, level in enumerate(LEVELS):
            first = 8 + 18 * number
            box = Rectangle(4, 35, 96 - first - 8, 11, 8) if across else Rectangle(4, first, 35, 8, 11)
            case, _ = read_exam.set_rectangle(session, case, level, box)
        read_exam.sign_off(session, case)


@pytest.fixture(params=["de_DE", "zh_CN", "ar_EG"])
def elsewhere(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A country with other digits or another comma, as far as this computer knows it."""
    monkeypatch.setenv("LC_ALL", f"{request.param}.UTF-8")
    of_qt, of_c = QLocale(), locale.setlocale(locale.LC_ALL)
    QLocale.setDefault(QLocale(request.param))
    with suppress(locale.Error):
        locale.setlocale(locale.LC_ALL, f"{request.param}.UTF-8")
    yield
    locale.setlocale(locale.LC_ALL, of_c)
    QLocale.setDefault(of_qt)


def test_a_csv_has_no_decimal_comma_wherever_it_is_written(
    session: Session, reader: Viewer, tmp_path: Path, elsewhere: None
) -> None:
    read_everything(session, reader)
    export(session, reader, tmp_path)
    checked = 0
    for path in (*tmp_path.glob("*-long.csv"), *tmp_path.glob("*-wide.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            for line in csv.DictReader(file):
                for name, cell in line.items():
                    if "mean" in name and cell:
                        assert re.fullmatch(r"[0-9]+(\.[0-9]+)?", cell)
                        checked += 1
    assert checked > 20


_KILLED = """
import os, sys
from pathlib import Path
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from app import compose
from app.domain.maps import Quantity

app = compose.application()
window = compose.window(Path(sys.argv[1]))
window.show()
window.open(Path(sys.argv[2]))
space = window.workspace
space.open_case(next(case.exam_id for case in space.cases if case.code == "C0001"))
view = window.page("read").maps.views[Quantity.FF]
app.processEvents()
def at(row, col):
    shown = view.view
    x, y = shown.to_screen(*shown.orientation.to_shown(row, col))
    return QPoint(round(x), round(y))
for number in range(3):
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(12 + 18 * number, 40))
print(space.rectangles, flush=True)
QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=at(66, 40))
assert space.preview is not None
# as kill -9: nothing is closed, nothing is flushed, no handler runs
os._exit(137)
"""


def test_a_kill_during_a_drag_does_not_lose_the_reading(reading_session: Path, home: Path) -> None:
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(home), str(reading_session)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 137, done.stderr
    session = sessions.open_session(reading_session)
    try:
        assert not session.read_only
        viewer = sessions.last_viewer(session)
        position = read_exam.where_to_start(session, viewer)
        assert position is not None
        case = read_exam.open_case(session, viewer, position.exam_id)
        assert case.exam.code == "C0001"
        assert str(case.reading.history.rectangles) == done.stdout.strip()
        assert set(case.reading.history.rectangles) == set(LEVELS[:3])
    finally:
        session.close()


def test_one_readers_query_never_returns_the_other_readers_row(session: Session) -> None:
    ana, bo = (Viewer(reader) for reader in sessions.readers_of(session))
    read_everything(session, ana)
    for row in read_exam.worklist(session, bo):
        assert (row.done, row.locked, row.last_change) == (0, False, "")
        case = read_exam.open_case(session, bo, row.exam_id)
        assert case.reading.revisions == ()
        assert case.reading.history.rectangles == {}
    assert all(row.locked for row in read_exam.worklist(session, ana))


def test_one_readers_query_never_returns_what_the_other_said_of_a_case(session: Session) -> None:
    ana, bo = (Viewer(reader) for reader in sessions.readers_of(session))
    exam_id = read_exam.worklist(session, ana)[0].exam_id
    case = read_exam.open_case(session, ana, exam_id)
    case, _ = case_facts.say_counted(session, case, Counted.FROM_SACRUM)
    case, _ = case_facts.write_note(session, case, "a note of Ana")
    case, _ = case_facts.exclude_patient(session, case, Reason.METAL)
    read_exam.remember_position(session, ana, read_exam.Position(exam_id, 3, LEVELS[2]))
    assert read_exam.open_case(session, bo, exam_id).reading.facts == CaseFacts()
    assert case_facts.usual_count(session, bo) is None
    assert {row.excluded for row in read_exam.worklist(session, bo)} == {None}
    start = read_exam.where_to_start(session, bo)
    assert start is not None
    assert (start.slice, start.level) == (-1, None)
    assert case_facts.usual_count(session, ana) is Counted.FROM_SACRUM


def test_two_maps_of_one_case_never_show_different_slices_of_it(
    window: MainWindow, maps: MapPair, open_case: Callable[..., None]
) -> None:
    for code in ("C0002", "C0003", "C0001"):
        open_case(window.workspace, code)
        case = window.workspace.case
        assert case is not None
        assert isinstance(case.exam, Exam)
        for quantity, view in maps.views.items():
            assert view.map is case.exam.maps[quantity]
            assert view._slice == window.workspace.slice
