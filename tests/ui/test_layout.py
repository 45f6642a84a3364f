"""Everything fits: at the smallest screen we promise, with longer words, in both themes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QToolButton, QWidget

from app import compose
from app.domain.protocol import Level
from app.ui import sentences
from app.ui.canvas.map_pair import MapPair
from app.ui.keys import KEYS
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.theme import DARK, LIGHT, Theme
from app.ui.topbar import PAGES

# names and signs are the same in every language
_SAME = {"app.name", "menu.button", "read.levels_done", "read.range", "read.value", "read.span"}


def longer(words: str) -> str:
    """Make words 40 % longer, as a translation may; the shortest ones grow by more than that."""
    return words + "e" * math.ceil(0.4 * len(words))


@pytest.fixture
def wordy(
    qapp: QApplication, reading_session: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MainWindow]:
    """The window of the small session in a language with longer words, at 1366 x 768."""
    grown = {code: words if code in _SAME else longer(words) for code, words in sentences.LABELS.items()}
    monkeypatch.setattr(sentences, "LABELS", grown)
    home.mkdir(exist_ok=True)
    made = compose.window(home)
    made.resize(1366, 768)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def clipped(whole: QWidget) -> list[str]:
    """Buttons and labels that show less than they say."""
    found = []
    for kind in (QLabel, QPushButton, QToolButton):
        for part in whole.findChildren(kind):
            if not part.isVisible() or not part.text():
                continue
            wrapped = isinstance(part, QLabel) and part.wordWrap()
            needed = part.heightForWidth(part.width()) if wrapped else part.sizeHint().height()
            too_narrow = not wrapped and part.sizeHint().width() > part.width()
            if too_narrow or needed > part.height():
                size = f"{part.width()} x {part.height()}, wants {part.sizeHint().width()} x {needed}"
                found.append(f"{kind.__name__} {part.text()!r}: {size}")
    return found


def beyond(whole: QWidget) -> list[str]:
    """Visible parts that lie outside the window."""
    room = whole.rect()
    found = []
    for part in whole.findChildren(QWidget):
        if part.isVisible() and isinstance(part, QPushButton | QToolButton | QLabel):
            corner = part.mapTo(whole, part.rect().bottomRight())
            if not room.contains(corner):
                found.append(f"{type(part).__name__} {part.text()!r} ends at {corner.x()}, {corner.y()}")
    return found


@pytest.mark.parametrize("page", ["start", *PAGES])
def test_a_page_with_words_forty_percent_longer_shows_them_all_at_1366_by_768(
    wordy: MainWindow, reading_session: Path, fill: Callable[..., None], open_case: Callable[..., None],
    page: str,
) -> None:  # fmt: skip
    if page != "start":
        wordy.open(reading_session)
        open_case(wordy.workspace, "C0001")
        fill(wordy.workspace)
        wordy.show_page(page)
    QApplication.processEvents()
    assert (wordy.width(), wordy.height()) == (1366, 768)
    assert clipped(wordy) == []
    assert beyond(wordy) == []


def test_the_read_page_shows_a_warning_and_a_lock_with_longer_words(
    wordy: MainWindow, reading_session: Path, fill: Callable[..., None], open_case: Callable[..., None]
) -> None:
    wordy.open(reading_session)
    space = wordy.workspace
    open_case(space, "C0001")
    fill(space, *list(Level)[:4])
    space.select(Level.L4)
    space.resize((0, 9), (0, 14))
    QApplication.processEvents()
    page = wordy.page("read")
    assert isinstance(page, ReadingPage)
    assert page.panel.warning.isVisible()
    assert clipped(wordy) == []
    space.resize((0, -9), (0, -14))
    fill(space, Level.L5)
    space.sign_off(go_on=False)
    QApplication.processEvents()
    assert page.panel.reopen.isVisible()
    assert clipped(wordy) == []
    assert beyond(wordy) == []


@pytest.mark.parametrize("size", [(1366, 768), (1920, 1080), (1000, 620)])
def test_the_window_keeps_the_size_it_is_given(window: MainWindow, size: tuple[int, int]) -> None:
    window.resize(*size)
    for page in ("read", "worklist", "clinical", "audit"):
        window.show_page(page)
        QApplication.processEvents()
        assert (window.width(), window.height()) == size, page
        assert beyond(window) == []


def test_both_maps_are_equally_wide_and_the_picture_has_most_of_the_window(
    window: MainWindow, maps: MapPair
) -> None:
    widths = [view.width() for view in maps.views.values()]
    assert abs(widths[0] - widths[1]) <= 1
    assert sum(widths) > 0.6 * window.width()


def test_every_key_is_used_once_and_has_words() -> None:
    keys = [key for names in KEYS.values() for key in names]
    assert len(keys) == len(set(keys))
    assert all(f"key.{action}" in sentences.LABELS for action in KEYS)


def test_every_key_of_the_table_does_something_on_the_read_page(page: ReadingPage) -> None:
    bound = {action.objectName(): [key.toString() for key in action.shortcuts()] for action in page.actions()}
    assert set(bound) == set(KEYS)
    assert all(len(bound[name]) == len(keys) for name, keys in KEYS.items())


def test_every_button_has_a_tooltip(window: MainWindow) -> None:
    missing = []
    for page in ("worklist", "read", "clinical", "audit"):
        window.show_page(page)
        missing += [
            button.text()
            for button in window.findChildren(QPushButton)
            if button.isVisible() and not button.toolTip()
        ]
    assert missing == []


@pytest.mark.parametrize(("name", "theme"), [("dark", DARK), ("light", LIGHT)])
def test_the_ground_of_every_part_is_painted_in_the_colour_of_the_theme(
    window: MainWindow, page: ReadingPage, name: str, theme: Theme
) -> None:
    """What is not painted shows whatever was in memory before."""
    window.file_menu.theme_wanted.emit(name)
    QApplication.processEvents()
    picture = window.grab().toImage()
    parts = (window.topbar, window.status, page.cases, page.panel)
    for part in parts:
        # the last column inside the border holds neither words nor numbers
        corner = part.mapTo(window, part.rect().bottomRight())
        ground = {picture.pixelColor(corner.x() - 4, corner.y() - up).name() for up in range(3, 20)}
        assert ground == {QColor(theme.panel).name()}, part.objectName()
