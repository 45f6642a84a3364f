"""A blinded study of two: Ana coordinates and reads, Bo reads. Ana has read everything."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app import compose
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role
from app.domain.shapes import Rectangle, place
from app.services.open_session import open_session
from app.ui import study_setup
from app.ui.main_window import MainWindow
from app.ui.study_draft import Person, StudyDraft
from app.ui.workspace import Workspace

SECRETS = {"Ana": "ana's own", "Bo": "2468"}
PEOPLE = (
    Person("Ana", coordinates=True, secret=SECRETS["Ana"], enrolled=1),
    Person("Bo", secret=SECRETS["Bo"], enrolled=2),
)


def _box_at(space: Workspace, level: Level, slice_index: int, start: float) -> Rectangle:
    """A rectangle for a level, 22.5 mm below the one before."""
    case = space.case
    assert case is not None
    grid, down = case.exam.grid, start + 18 * LEVELS.index(level)
    # C0003 is stored lying on its side, feet first
    if grid.shape[1] < grid.shape[2]:
        return place(grid, slice_index, 40.0, grid.shape[2] - down, (11, 8))
    return place(grid, slice_index, down, 40.0, (8, 11))


def _read_case(space: Workspace, slice_index: int, start: float) -> None:
    """Measure all levels of the case at hand, and sign it off."""
    for level in LEVELS:
        space.show_preview(level, _box_at(space, level, slice_index, start))
        space.commit_preview()
    space.sign_off(go_on=False)


def _read_all(space: Workspace, slice_index: int, start: float) -> None:
    """Measure and sign off every case of whoever works here."""
    for case in space.cases:
        space.open_case(case.exam_id)
        _read_case(space, slice_index, start)


@pytest.fixture(scope="session")
def blind_template(reading_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The closed study, with Ana's readings, to be copied."""
    path = Path(shutil.copy(reading_template, tmp_path_factory.mktemp("blind") / "blind.marrow"))
    session = open_session(path)
    study_setup.bring_about(session, None, StudyDraft(protocol=Protocol(blinded=True), people=PEOPLE))
    session.close()
    return path


@pytest.fixture(scope="session")
def read_template(blind_template: Path, tmp_path_factory: pytest.TempPathFactory, qapp: QApplication) -> Path:
    """The same study after Ana has read it all, far from where Bo will."""
    path = Path(shutil.copy(blind_template, tmp_path_factory.mktemp("read") / "blind.marrow"))
    space = Workspace()
    assert space.open(path)
    assert space.sign_in(1, Role.READER, SECRETS["Ana"]) is None
    _read_all(space, 2, 14.0)
    space.close()
    space.deleteLater()
    return path


@pytest.fixture
def blind_session(blind_template: Path, tmp_path: Path) -> Path:
    """A closed study of the test's own, in which nobody has read."""
    return Path(shutil.copy(blind_template, tmp_path / "blind.marrow"))


@pytest.fixture
def read_session(read_template: Path, tmp_path: Path) -> Path:
    """A closed study of the test's own, in which Ana has read everything."""
    return Path(shutil.copy(read_template, tmp_path / "blind.marrow"))


def _window(home: Path, session: Path) -> MainWindow:
    home.mkdir(exist_ok=True)
    made = compose.window(home)
    made.resize(1366, 768)
    made.show()
    made.open(session)
    QApplication.processEvents()
    return made


@pytest.fixture
def door(qapp: QApplication, home: Path, read_session: Path) -> Iterator[MainWindow]:
    """The window at the card of the study that Ana has read."""
    made = _window(home, read_session)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def fresh(qapp: QApplication, home: Path, blind_session: Path) -> Iterator[MainWindow]:
    """The window at the card of the study that nobody has read."""
    made = _window(home, blind_session)
    yield made
    made.close()
    made.deleteLater()


@pytest.fixture
def opened(qapp: QApplication, home: Path) -> Iterator[Callable[[Path], MainWindow]]:
    """Give a function that opens a session in a window of its own."""
    made: list[MainWindow] = []

    def opened(session: Path) -> MainWindow:
        made.append(_window(home, session))
        return made[-1]

    yield opened
    for window in made:
        window.close()
        window.deleteLater()


@pytest.fixture
def enter() -> Callable[..., None]:
    """Give a function that signs somebody in: ``enter(window, "Bo")``."""

    def enter(window: MainWindow, name: str, role: Role = Role.READER) -> None:
        known = {one.reader.name: one.reader.id for one in window.workspace.people.known}
        assert window.workspace.sign_in(known[name], role, SECRETS[name]) is None
        QApplication.processEvents()

    return enter


@pytest.fixture
def read_all() -> Callable[..., None]:
    """Give a function that measures and signs off every case: ``read_all(space, slice, start)``."""
    return _read_all
