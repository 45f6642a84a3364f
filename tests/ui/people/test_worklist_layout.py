"""The coordinator's list, its dialogs and the feedback fit, also with longer words."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEventLoop, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QToolButton, QWidget

from app.domain.reading import Role
from app.ui import sentences
from app.ui.cut import CutButton, CutLabel
from app.ui.main_window import MainWindow
from app.ui.pages.worklist import WorklistPage

Enter = Callable[..., None]
_SAME = {"app.name", "menu.button", "read.levels_done", "read.range", "read.value", "read.span"}


@pytest.fixture
def wordy(
    opened: Callable[[Path], MainWindow], read_session: Path, monkeypatch: pytest.MonkeyPatch
) -> MainWindow:
    """The window of the closed study in a language with words 40 % longer."""
    grown = {
        code: words if code in _SAME else words + "e" * math.ceil(0.4 * len(words))
        for code, words in sentences.LABELS.items()
    }
    monkeypatch.setattr(sentences, "LABELS", grown)
    return opened(read_session)


def cut_off(whole: QWidget) -> list[str]:
    """Buttons and labels that show less than they say."""
    found = []
    for kind in (QLabel, QPushButton, QToolButton):
        for part in whole.findChildren(kind):
            if not part.isVisible() or not part.text() or isinstance(part, CutLabel | CutButton):
                continue
            if part.window() is not whole:
                continue
            wrapped = isinstance(part, QLabel) and part.wordWrap()
            needed = part.heightForWidth(part.width()) if wrapped else part.sizeHint().height()
            if needed > part.height() or (not wrapped and part.sizeHint().width() > part.width()):
                found.append(f"{part.text()!r}: {part.size().toTuple()}, wants {part.sizeHint().toTuple()}")
    return found


def idle(page: WorklistPage) -> None:
    for _ in range(200):
        loop = QEventLoop()
        QTimer.singleShot(20, loop.quit)
        loop.exec()
        if not page.acts.running:
            break
    QApplication.processEvents()
    assert not page.acts.running


def of(window: MainWindow) -> WorklistPage:
    window.show_page("worklist")
    QApplication.processEvents()
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    return page


@pytest.mark.parametrize("column", [2, 3])
def test_the_list_of_all_readers_shows_longer_words_at_1366_by_768(
    wordy: MainWindow, enter: Enter, column: int
) -> None:
    enter(wordy, "Ana", Role.COORDINATOR)
    page = of(wordy)
    page.study.view.setCurrentIndex(page.study.view.model().index(0, column))
    QApplication.processEvents()
    assert (wordy.width(), wordy.height()) == (1366, 768)
    assert cut_off(wordy) == []


@pytest.mark.parametrize("step", ["repeat", "package", "merge", "join"])
def test_a_dialog_of_the_list_shows_longer_words(wordy: MainWindow, enter: Enter, step: str) -> None:
    enter(wordy, "Ana", Role.COORDINATOR)
    page = of(wordy)
    page.study.steps[step].click()
    idle(page)
    (dialog,) = (one for one in wordy.findChildren(QDialog) if one.isVisible())
    assert cut_off(dialog) == []
    dialog.reject()


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (1000, 620)])
def test_the_window_keeps_its_size_with_the_list_of_all_readers(
    door: MainWindow, enter: Enter, size: tuple[int, int]
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    door.resize(*size)
    of(door)
    QApplication.processEvents()
    assert (door.width(), door.height()) == size
