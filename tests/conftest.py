"""What all tests share: a place of their own, nothing on the screen, nothing left over, no silent skip."""

from __future__ import annotations

import gc
import itertools
import os
import random
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import settings

from app.domain.clinical import ClinicalRow, ClinicalValue
from app.domain.clinical import Kind as ClinicalKind
from app.domain.exam import Exam
from app.domain.grid import Grid, Vector
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import Kind
from app.domain.reasons import Reason
from app.services.gather import Gathered
from app.services.open_session import Session, create_session
from app.store import exams, people
from app.store.clinical import JoinedRow
from app.store.exams import ExamRow, NewExam
from app.store.results import LevelResult

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication, QWidget

    from app.ui.main_window import MainWindow
    from app.ui.workspace import Workspace

# before Qt is loaded; tests of the `window` kind start the program as a process on a screen of its own
os.environ["QT_QPA_PLATFORM"] = "offscreen"
# the layout is looked at in points: whoever runs the tests may have set a scale for their own screen
for _setting in ("QT_SCALE_FACTOR", "QT_SCREEN_SCALE_FACTORS", "QT_AUTO_SCREEN_SCALE_FACTOR"):
    os.environ.pop(_setting, None)
os.environ["QT_FONT_DPI"] = "96"

# correctness is not asserted by the clock; a check for everybody must not depend on luck
settings.register_profile("project", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("project")


# nobody guesses the secrets of a test: a hash tells what it cost, so that every process of a test knows it
people.new_secrets = people.Scrypt(log2_cost=4)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer to write the reference pictures anew."""
    parser.addoption("--update-snapshots", action="store_true", help="write the reference pictures anew")


def pytest_configure(config: pytest.Config) -> None:
    """Let pass what the off-screen platform says about every smallest size and every menu."""
    config.addinivalue_line("qt_log_ignore", "^This plugin does not support ")


# -- no skip in silence -----------------------------------------------------------------------------------

_FAILED: pytest.StashKey[bool] = pytest.StashKey()


def forbidden_skip(reason: str, environ: Mapping[str, str]) -> bool:
    """Whether a test was skipped for want of something that this run promised to have.

    ``needs MARROWMARK_...`` names the variable that promises it; whatever else a test of the window needs is
    promised by ``MARROWMARK_REQUIRE_XVFB=1``.
    """
    if not reason.startswith("needs "):
        return False
    what = reason.removeprefix("needs ").split()[0].rstrip(":,.;")
    if what.startswith("MARROWMARK_"):
        return bool(environ.get(what))
    return environ.get("MARROWMARK_REQUIRE_XVFB") == "1"


def _forbid_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    if not report.skipped or not isinstance(report.longrepr, tuple):
        return
    reason = report.longrepr[2].removeprefix("Skipped: ")
    if forbidden_skip(reason, os.environ):
        report.outcome = "failed"
        report.longrepr = f"skipped although it is there: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
    call: pytest.CallInfo[None],
) -> Iterator[None]:
    """Fail a test that was skipped although what it needs is promised, and note who failed."""
    report: pytest.TestReport = yield
    _forbid_skip(report)
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report  # type: ignore[return-value]


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """Fail a whole file that was skipped although what it needs is promised."""
    report: pytest.CollectReport = yield
    _forbid_skip(report)
    return report  # type: ignore[return-value]


@pytest.fixture(scope="session")
def test_data() -> Path:
    """Folder of real files from several vendors, found through the environment only."""
    told = os.environ.get("MARROWMARK_TEST_DATA")
    if not told:
        pytest.skip("needs MARROWMARK_TEST_DATA")
    return Path(told)


# -- a place of its own -----------------------------------------------------------------------------------

_numbers = itertools.count()


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder where the program would keep settings, log and demo; made by whoever needs it."""
    folder = tmp_path_factory.getbasetemp() / f"home-{next(_numbers)}"
    monkeypatch.setenv("MARROWMARK_HOME", str(folder))
    return folder


def _throw_the_same_dice(patch: pytest.MonkeyPatch) -> None:
    dice = random.Random(os.environ.get("MARROWMARK_LUCK", "1"))  # noqa: S311 - chance is taken away here
    patch.setattr(secrets, "randbits", dice.getrandbits)
    patch.setattr(secrets, "randbelow", dice.randrange)


@pytest.fixture(autouse=True)
def luck(monkeypatch: pytest.MonkeyPatch) -> None:
    """Case codes and reading orders are drawn by chance: by the same chance every time, or as one wishes."""
    _throw_the_same_dice(monkeypatch)


# -- nothing left over ------------------------------------------------------------------------------------

_CAUSES = {
    "widget": "a dialog or window without WA_DeleteOnClose, or one that a lambda or a list still holds",
    "timer": "a QTimer that was not stopped, or whose parent was never deleted",
    "thread": "a QThread that was not asked to quit and waited for",
    "job": "a Job whose wait() was not called before the test ended: is its owner connected to `closing`?",
}
# Qt keeps these for itself
_QT_OWN = {"QTipLabel", "QComboBoxPrivateContainer", "QDesktopScreenWidget"}


def _alive() -> dict[tuple[str, int], str]:
    """Whatever a GUI test can leave behind, by kind and address, with words to find it."""
    import shiboken6  # noqa: PLC0415 - only where Qt is in use
    from PySide6.QtCore import QThread, QThreadPool, QTimer  # noqa: PLC0415
    from PySide6.QtWidgets import QApplication  # noqa: PLC0415

    found = {}
    for widget in QApplication.topLevelWidgets():
        if type(widget).__name__ not in _QT_OWN and widget.parent() is None:
            found["widget", shiboken6.getCppPointer(widget)[0]] = _words(widget)
    kinds: dict[type, tuple[str, Callable[[Any], bool]]] = {
        QTimer: ("timer", lambda timer: timer.isActive()),
        QThread: ("thread", lambda thread: thread.isRunning() and thread != QThread.currentThread()),
        QThreadPool: ("job", lambda pool: pool.activeThreadCount() > 0),
    }
    # there are some hundred thousand objects, but few kinds of them
    known: dict[type, tuple[str, Callable[[Any], bool]] | None] = {}
    for thing in gc.get_objects():
        kind = type(thing)
        if kind not in known:
            known[kind] = next((told for base, told in kinds.items() if issubclass(kind, base)), None)
        told = known[kind]
        if told is not None and shiboken6.isValid(thing) and told[1](thing):
            found[told[0], id(thing)] = f"{kind.__name__} of {thing.parent()!r}"
    return found


def _words(widget: QWidget) -> str:
    told = widget.objectName() or widget.windowTitle()
    return f"{type(widget).__name__} {told!r}"


def _settle() -> None:
    """Delete what is waiting to be deleted."""
    from PySide6.QtCore import QCoreApplication, QEvent  # noqa: PLC0415 - only where Qt is in use

    for _ in range(2):
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
        QCoreApplication.processEvents()


@pytest.fixture(autouse=True)
def nothing_left_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail when a GUI test leaves a widget, thread, timer or job behind."""
    if not {"qapp", "qtbot"} & set(request.fixturenames):
        yield
        return
    application = request.getfixturevalue("qapp")
    before = _alive()
    yield
    # the theme of a window is the whole program's, and stays when the window goes
    application.setStyleSheet("")
    # a traceback keeps everything it passed through alive
    if request.node.stash.get(_FAILED, False):
        return
    _settle()
    left = {key: words for key, words in _alive().items() if key not in before}
    if left:
        # what only a circle of references holds is no leftover; looking for circles takes long
        gc.collect()
        _settle()
        left = {key: words for key, words in _alive().items() if key not in before}
    told = [f"  {kind}: {words}\n    usual cause: {_CAUSES[kind]}" for (kind, _), words in left.items()]
    assert not told, "left over after the test:\n" + "\n".join(told)


_application: list[QApplication] = []


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """The application as the program makes it, instead of a plain one."""
    from app.compose import application  # noqa: PLC0415 - Qt only where a test asks for it

    # kept here until the end: nothing else would hold it
    if not _application:
        _application.append(application())
    return _application[0]


# -- a small session --------------------------------------------------------------------------------------

RIGHT, ANTERIOR, DOWN = (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)
LEFT, POSTERIOR, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
# case code -> patient directions in which slice, row and column grow
STORED: dict[str, tuple[Vector, Vector, Vector]] = {
    "C0001": (LEFT, DOWN, POSTERIOR),
    "C0002": (RIGHT, DOWN, ANTERIOR),
    "C0003": (LEFT, POSTERIOR, UP),
}
SHAPE = (9, 96, 80)


def _grid(axes: tuple[Vector, Vector, Vector]) -> Grid:
    slices, rows, cols = SHAPE
    # every grid covers the same 120 mm from top to bottom and 100 mm from front to back
    shape = SHAPE if axes[1][2] else (slices, cols, rows)
    return Grid(shape, (4.0, 1.25, 1.25), (0.0, 0.0, 0.0), axes)


def _map(quantity: Quantity, grid: Grid, seed: int) -> ParametricMap:
    """Make a map whose mean tells one rectangle from any other of the same size."""
    slices, rows, cols = np.indices(grid.shape)
    noise = np.random.default_rng(seed).integers(0, 9, grid.shape)
    height = 60 if quantity is Quantity.FF else 180
    stored = (10 + noise + height * (2 * rows + cols) / (2 * grid.shape[1] + grid.shape[2]) + slices).astype(
        np.int16
    )
    scaling = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 40.0, 80.0, 0, 0, 0, 0)
    return ParametricMap(quantity, stored, grid, scaling)


def make_case(code: str) -> Exam:
    """Exam of a case code of :data:`STORED`: FF and R2*, 9 slices of 96 x 80 voxels (or turned)."""
    grid, number = _grid(STORED[code]), int(code[1:])
    maps = {q: _map(q, grid, 10 * number + place) for place, q in enumerate((Quantity.FF, Quantity.R2STAR))}
    return Exam(code, maps, field_strength_t=3.0, native_voxel_mm=(1.25, 1.25))


@pytest.fixture(scope="session")
def reading_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session with three cases, stored differently, and two readers; to be copied, not written to."""
    path = tmp_path_factory.mktemp("template") / "small.marrow"
    from app.services.open_session import add_reader  # noqa: PLC0415 - used here only

    with pytest.MonkeyPatch.context() as patch:
        _throw_the_same_dice(patch)
        session = create_session(path, synthetic=True, reader="Ana")
        add_reader(session, "Bo")
    for code in STORED:
        exam = make_case(code)
        who = (f"Doe^Jane{code[1:]}", f"PAT{code[1:]}")
        identity = Identity(*who, "1960-01-02", "F", "2026-01-03", "A", f"1.2.{code[1:]}", "1")
        sources = {quantity: [f"{quantity}.{index}" for index in range(9)] for quantity in exam.maps}
        packed = exams.pack(NewExam(exam, identity, sources, "GE", "Model X"))
        exams.add(session.database, packed, actor="Ana")
    session.close()
    return path


@pytest.fixture
def reading_session(reading_template: Path, tmp_path: Path) -> Path:
    """A small session file of the test's own: cases C0001, C0002 and C0003, readers Ana and Bo."""
    return Path(shutil.copy(reading_template, tmp_path / "study.marrow"))


@pytest.fixture
def workspace(qapp: QApplication, reading_session: Path) -> Iterator[Workspace]:
    """A workspace with the small session open, at C0001 with L1 armed."""
    from app.ui.workspace import Workspace  # noqa: PLC0415 - Qt only where a test asks for it

    space = Workspace()
    assert space.open(reading_session)
    open_by_code(space, "C0001")
    yield space
    space.close()
    space.deleteLater()


@pytest.fixture
def window(qapp: QApplication, reading_session: Path, home: Path) -> Iterator[MainWindow]:
    """The main window at 1366 x 768 on the Read page of the small session, at C0001 with L1 armed."""
    from PySide6.QtGui import QCursor  # noqa: PLC0415 - as above

    from app import compose  # noqa: PLC0415

    home.mkdir(exist_ok=True)
    # where the test before left the pointer, Qt would tell the new window that it hovers there
    QCursor.setPos(0, 0)
    made = compose.window(home)
    made.resize(1366, 768)
    made.show()
    made.open(reading_session)
    open_by_code(made.workspace, "C0001")
    qapp.processEvents()
    yield made
    made.close()
    made.deleteLater()


def open_by_code(space: Workspace, code: str) -> None:
    """Open a case by its code: its place in the list is random."""
    space.open_case(next(case.exam_id for case in space.cases if case.code == code))


@pytest.fixture
def open_case() -> Callable[[Workspace, str], None]:
    """Give the function that opens a case by its code."""
    return open_by_code


@pytest.fixture
def told(request: pytest.FixtureRequest) -> list[Any]:
    """Errors the workspace told since the test began."""
    name = "window" if "window" in request.fixturenames else "workspace"
    found = request.getfixturevalue(name)
    space = getattr(found, "workspace", found)
    problems: list[Any] = []
    space.failed.connect(problems.append)
    return problems


@pytest.fixture
def session(reading_session: Path) -> Iterator[Session]:
    """The small session, open without any Qt."""
    from app.services.open_session import open_session  # noqa: PLC0415 - used here only

    opened = open_session(reading_session)
    yield opened
    opened.close()


# -- what a session would hold, without one ---------------------------------------------------------------


def _gathered(
    ff: np.ndarray,
    r2star: np.ndarray,
    *,
    sex: Sequence[str] = (),
    units: Sequence[str] = ("g/cm2",),
    tesla: Sequence[float | None] = (3.0,),
    protocol: Protocol | None = None,
    **clinical: Sequence[float],
) -> Gathered:
    """What is gathered from a session with these values.

    Parameters
    ----------
    ff, r2star : ndarray, shape (patients, readers, levels)
        NaN where nothing was measured; a reader without any value has not signed the case off.
    sex : sequence of str
        ``M``, ``F`` or empty; of nobody where it is left out, as all that follows.
    units, tesla : sequence
        Of densities and of exams, by turns.
    protocol : Protocol, optional
        The usual one otherwise.
    **clinical : sequence of float
        ``age``, ``bmi``, ``bmd``, ``tscore``; NaN where the table says nothing.
    """
    rules = Protocol() if protocol is None else protocol
    patients = range(ff.shape[0])
    readers = tuple(f"Reader {number + 1}" for number in range(ff.shape[1]))
    enrolled = tuple(ExamRow(one, f"P{one:06d}", "table", tesla[one % len(tesla)]) for one in patients)
    there = (np.isfinite(ff) | np.isfinite(r2star)).any(axis=2)
    told = tuple(
        _level_result(enrolled[one], readers[who], place, ff[one, who, place], r2star[one, who, place], rules)
        for one, who in np.argwhere(there).tolist()
        for place in range(ff.shape[2])
    )
    region = rules.bmd_region
    joined = tuple(
        JoinedRow(_clinical_row(one, region, sex, units[one % len(units)], clinical), one, "code")
        for one in patients
    )
    return Gathered(rules, True, readers, enrolled, 0, told, (), {}, (), joined)


def _level_result(
    exam: ExamRow, reader: str, place: int, ff: float, r2star: float, rules: Protocol
) -> LevelResult:
    means = {Quantity.FF: ff, Quantity.R2STAR: r2star}
    stats = {
        quantity: RoiStats(0, float(mean), None, None, None, None, 0.0, 0, 0, 0, 0, 0)
        for quantity, mean in means.items()
        if np.isfinite(mean)
    }
    return LevelResult(
        exam_id=exam.id, code=exam.code, field_strength_t=exam.field_strength_t, reader=reader, round=1,
        origin="table", signed_off=True, signed_off_utc="2026-01-01T00:00:00Z", level=LEVELS[place],
        kind=Kind.MEASURED if stats else Kind.NOT_MEASURABLE,
        reason=None if stats else Reason.NODATA, note="",
        rectangle=None, stats=stats, rule="", protocol=rules.stamp, software="0.1.0",
        at_utc="2026-01-01T00:00:00Z",
    )  # fmt: skip


def _clinical_row(
    one: int, region: str, sex: Sequence[str], unit: str, clinical: Mapping[str, Sequence[float]]
) -> ClinicalRow:
    told = {name: float(column[one]) for name, column in clinical.items() if np.isfinite(column[one])}
    values = tuple(
        ClinicalValue(kind, region, told.get(kind.value), unit if kind is ClinicalKind.BMD else "", "")
        for kind in ClinicalKind
    )
    return ClinicalRow(
        one + 2, sex=sex[one] if sex else "", age=told.get("age"), bmi=told.get("bmi"), values=values
    )


@pytest.fixture(scope="session")
def gathered_of() -> Callable[..., Gathered]:
    """Give a function that makes up what a session holds, for studies no demo has."""
    return _gathered
