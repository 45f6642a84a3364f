"""Backups while somebody works and when the session closes; and what is offered for a damaged one."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app.domain.errors import AppError, StoreUnavailable
from app.domain.protocol import Level
from app.services import rescue
from app.services.open_session import Session, open_session
from app.ui.backups import RollingBackups
from app.ui.dialogs.files import FileDialog
from app.ui.dialogs.report import ReportDialog
from app.ui.main_window import MainWindow
from app.ui.rescuing import Rescuing
from app.ui.workspace import Workspace

Fill = Callable[..., None]


@pytest.fixture
def backups(workspace: Workspace) -> RollingBackups:
    """Backups of the open session, as if it had been opened just now."""
    made = RollingBackups(workspace, workspace)
    path = workspace.session.path if workspace.session else Path()
    workspace.close()
    workspace.open(path)
    return made


def made(workspace: Workspace, path: Path | None = None) -> int:
    found = path or (workspace.session.path if workspace.session else Path())
    return len(rescue.backups_of(found))


def test_a_session_that_was_only_looked_at_is_not_backed_up(
    workspace: Workspace, backups: RollingBackups
) -> None:
    path = workspace.session.path if workspace.session else Path()
    assert backups.timer.isActive()
    backups.timer.timeout.emit()
    assert not backups.job.running
    workspace.close()
    assert not backups.timer.isActive()
    assert made(workspace, path) == 0
    backups.timer.timeout.emit()
    assert not backups.job.running


def test_work_is_backed_up_once_in_the_background(
    workspace: Workspace, backups: RollingBackups, fill: Fill, qtbot: QtBot
) -> None:
    fill(workspace, Level.L1)
    with qtbot.waitSignal(backups.job.finished, timeout=60_000):
        backups.timer.timeout.emit()
    assert made(workspace) == 1
    backups.timer.timeout.emit()
    assert not backups.job.running


def test_the_last_work_is_backed_up_when_the_session_closes(
    workspace: Workspace, backups: RollingBackups, fill: Fill
) -> None:
    path = workspace.session.path if workspace.session else Path()
    fill(workspace, Level.L1)
    workspace.close()
    assert made(workspace, path) == 1


def test_that_no_backup_can_be_made_is_said_once_and_tried_again(
    workspace: Workspace, backups: RollingBackups, fill: Fill, qtbot: QtBot
) -> None:
    path = workspace.session.path if workspace.session else Path()
    obstacle = path.with_name(f"{path.name}-backups")
    obstacle.touch()
    told: list[AppError] = []
    workspace.failed.connect(told.append)
    fill(workspace, Level.L1)
    for _ in range(2):
        with qtbot.waitSignal(backups.job.failed, timeout=60_000):
            backups.timer.timeout.emit()
    assert [problem.code for problem in told] == ["store.cannot_open"]
    obstacle.unlink()
    with qtbot.waitSignal(backups.job.finished, timeout=60_000):
        backups.timer.timeout.emit()
    assert made(workspace) == 1


def test_closing_goes_on_where_the_last_backup_cannot_be_made(
    workspace: Workspace,
    backups: RollingBackups,
    fill: Fill,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(_session: Session, _now: datetime | None = None) -> None:
        raise StoreUnavailable("store.full", file="study.marrow")

    monkeypatch.setattr("app.ui.backups.back_up", refuse)
    fill(workspace, Level.L1)
    with caplog.at_level(logging.WARNING):
        workspace.close()
    assert "store.full" in caplog.text
    assert workspace.session is None
    assert backups.parent() is workspace


# -- a damaged session ------------------------------------------------------------------------------------


@pytest.fixture
def rescuing(workspace: Workspace, qtbot: QtBot) -> Iterator[Rescuing]:
    window = QWidget()
    qtbot.addWidget(window)
    yield Rescuing(workspace, window)
    for one in QApplication.topLevelWidgets():
        if isinstance(one, QMessageBox | FileDialog | ReportDialog):
            one.close()


@pytest.fixture
def broken(reading_template: Path, tmp_path: Path) -> Path:
    """A session whose readers cannot be read, with a backup from before."""
    folder = tmp_path / "broken"
    folder.mkdir()
    path = Path(shutil.copy(reading_template, folder / "study.marrow"))
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'reader'").fetchone()
    with closing(open_session(path)) as session:
        rescue.back_up(session)
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xa5" * size
    path.write_bytes(content)
    return path


def choose(box: QMessageBox, name: str, target: Path) -> None:
    button = box.findChild(QPushButton, name)
    assert button is not None
    button.click()
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, FileDialog))
    dialog.fileSelected.emit(str(target))


def test_only_damage_asks_for_a_rescue(
    rescuing: Rescuing, workspace: Workspace, broken: Path, tmp_path: Path
) -> None:
    def asked() -> int:
        return sum(isinstance(one, QMessageBox) for one in QApplication.topLevelWidgets())

    rescuing.look(broken)
    assert not workspace.open(tmp_path / "nowhere.marrow")
    rescuing.look(tmp_path / "nowhere.marrow")
    assert asked() == 0
    workspace.close()
    assert not workspace.open(_much_damaged(broken, tmp_path))
    rescuing.look(tmp_path / "much.marrow")
    assert asked() == 1
    rescuing.look(tmp_path / "much.marrow")
    assert asked() == 1


def _much_damaged(broken: Path, tmp_path: Path) -> Path:
    path = Path(shutil.copy(broken, tmp_path / "much.marrow"))
    path.write_bytes(path.read_bytes()[:-100])
    return path


@pytest.mark.parametrize(("name", "readers"), [("salvage", 0), ("restore", 2)])
def test_what_is_chosen_is_done_and_told(
    rescuing: Rescuing, broken: Path, tmp_path: Path, qtbot: QtBot, name: str, readers: int
) -> None:
    box = rescuing.offer(broken)
    assert "study.marrow is damaged" in box.text()
    with qtbot.waitSignal(rescuing.saved, timeout=60_000) as told:
        choose(box, name, tmp_path / "new.marrow")
    assert told.args == [tmp_path / "new.marrow"]
    report = next(one for one in QApplication.topLevelWidgets() if isinstance(one, ReportDialog))
    assert ("reader: rows kept 0" in report.body.toPlainText()) == (name == "salvage")
    with closing(sqlite3.connect(tmp_path / "new.marrow")) as connection:
        assert connection.execute("SELECT count(*) FROM reader").fetchone() == (readers,)


def test_without_a_backup_none_is_offered(rescuing: Rescuing, broken: Path) -> None:
    shutil.rmtree(broken.with_name(f"{broken.name}-backups"))
    box = rescuing.offer(broken)
    assert box.findChild(QPushButton, "restore") is None
    assert box.findChild(QPushButton, "salvage") is not None
    assert all(one.toolTip() for one in box.findChildren(QPushButton, "salvage"))


def test_what_stands_in_the_way_is_told(
    rescuing: Rescuing, broken: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "new.marrow").touch()
    with qtbot.waitSignal(rescuing.failed, timeout=60_000) as told:
        choose(rescuing.offer(broken), "salvage", tmp_path / "new.marrow")
    assert told.args[0].code == "store.exists"


def test_the_window_offers_a_rescue_when_a_session_is_damaged(
    window: MainWindow, broken: Path, qtbot: QtBot
) -> None:
    window.open(broken)
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is not None, timeout=60_000)
    (box,) = window.findChildren(QMessageBox)
    assert broken.name in box.text()
    box.reject()
    qtbot.waitUntil(lambda: window.findChild(QMessageBox) is None, timeout=60_000)
