"""Everything fits: at the smallest screen we promise, with longer words, in both themes."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QColor, QFont, QHelpEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableView,
    QToolButton,
    QToolTip,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app import compose
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.services.reference_cohort import make_reference_session
from app.ui import sentences
from app.ui.canvas.map_pair import MapPair
from app.ui.cut import CutButton, CutLabel
from app.ui.dialogs.keys_dialog import KeysDialog
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.pages.statistics import StatisticsPage
from app.ui.scale import SMALLEST_PT
from app.ui.tabs.content import Tab
from app.ui.theme import DARK, LIGHT, Theme
from app.ui.topbar import PAGES
from app.ui.workspace import Workspace

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
            # those that are made to be cut show a mark, and tell their words where the pointer rests
            if not part.isVisible() or not part.text() or isinstance(part, CutLabel | CutButton):
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


@pytest.mark.parametrize("entry", ["keys", "change_keys", "about", "help"])
def test_a_dialog_of_the_menu_with_words_forty_percent_longer_shows_them_all(
    wordy: MainWindow, reading_session: Path, entry: str
) -> None:
    wordy.open(reading_session)
    wordy.file_menu.actions[entry].trigger()
    (dialog,) = wordy.findChildren(QDialog)
    if isinstance(dialog, KeysDialog):
        dialog.choose("undo")
        dialog.capture.pressed.emit("C")
    QApplication.processEvents()
    assert dialog.width() <= 1366
    assert dialog.height() <= 768
    assert clipped(dialog) == []


# -- larger letters -----------------------------------------------------------------------------------


@pytest.fixture
def large(qapp: QApplication, home: Path) -> Iterator[MainWindow]:
    """The window at 1366 x 768 on a system with letters of one and a half times the size."""
    before = qapp.font()
    font = QFont(before)
    font.setPointSizeF(SMALLEST_PT * 1.5)
    qapp.setFont(font)
    home.mkdir(exist_ok=True)
    made = compose.window(home)
    made.resize(1366, 768)
    made.show()
    yield made
    made.close()
    made.deleteLater()
    qapp.setFont(before)


def too_low(whole: QWidget) -> list[str]:
    """Rows of lists and tables, and fields, that are lower than their letters."""
    found = []
    for view in whole.findChildren(QTableView):
        if view.isVisible() and view.model().rowCount():
            found += [type(view).__name__] * (view.rowHeight(0) < view.fontMetrics().height())
    for kind in (QLineEdit, QComboBox):
        for part in whole.findChildren(kind):
            if part.isVisible() and part.height() < part.fontMetrics().height():
                found.append(f"{kind.__name__} {part.accessibleName()!r}")
    return found


@pytest.mark.parametrize("page", ["start", *PAGES])
def test_a_page_with_letters_half_as_large_again_cuts_no_words_at_1366_by_768(
    large: MainWindow, reading_session: Path, fill: Callable[..., None], open_case: Callable[..., None],
    page: str,
) -> None:  # fmt: skip
    if page != "start":
        large.open(reading_session)
        open_case(large.workspace, "C0001")
        fill(large.workspace)
        large.show_page(page)
    QApplication.processEvents()
    assert large.fontMetrics().height() > 20
    assert (large.width(), large.height()) == (1366, 768)
    assert clipped(large) == []
    assert beyond(large) == []
    assert too_low(large) == []


@pytest.mark.parametrize("entry", ["keys", "change_keys", "about", "help"])
def test_a_dialog_with_letters_half_as_large_again_cuts_no_words(
    large: MainWindow, reading_session: Path, entry: str
) -> None:
    large.open(reading_session)
    large.file_menu.actions[entry].trigger()
    (dialog,) = large.findChildren(QDialog)
    if isinstance(dialog, KeysDialog):
        dialog.choose("undo")
        dialog.capture.pressed.emit("C")
    QApplication.processEvents()
    assert dialog.width() <= 1366
    assert dialog.height() <= 768
    assert clipped(dialog) == []
    assert too_low(dialog) == []


# -- three views --------------------------------------------------------------------------------------


def test_the_bars_of_three_views_fit_into_a_window_of_1010_points(
    window: MainWindow, mixed: Workspace, maps: MapPair
) -> None:
    window.resize(1010, 768)
    maps.toggle_reference()
    QApplication.processEvents()
    assert window.width() == 1010
    bars = [column.bar for column in maps.columns.values()]
    for bar in (*bars, maps.reference.choice.parentWidget()):
        for part in bar.findChildren(QWidget):
            if part.isVisible():
                assert bar.rect().contains(part.geometry()), (part, part.geometry(), bar.rect())
    assert clipped(maps) == []
    shown = [bar.title.shown for bar in bars]
    assert shown[0] in ("Fat fraction", "FF")
    # how a map came to be may be cut, and then says so
    assert shown[1].startswith("R2*")


def test_a_bar_leaves_out_the_unit_before_it_cuts_the_title(window: MainWindow, maps: MapPair) -> None:
    bar = maps.columns[Quantity.FF].bar
    assert bar._unit.isVisible()
    wide = bar.sizeHint().width()
    bar.resize(wide - 4, bar.height())
    assert not bar._unit.isVisible()
    bar.resize(wide + 40, bar.height())
    assert bar._unit.isVisible()


def test_words_that_are_cut_are_told_whole_where_the_pointer_rests(qapp: QApplication) -> None:
    label = CutLabel("Words that are too long for their place")
    label.resize(90, 20)
    label.show()
    assert label.shown.endswith("…")
    label.short = "Words"
    assert label.shown == "Words"
    point = QPoint(5, 5)
    QApplication.sendEvent(label, QHelpEvent(QHelpEvent.Type.ToolTip, point, label.mapToGlobal(point)))
    assert QToolTip.text() == label.text()
    label.resize(400, 20)
    assert label.shown == label.text()
    label.close()
    QToolTip.hideText()


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


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference study, closed."""
    session = make_reference_session(tmp_path_factory.mktemp("study") / "study.marrow")
    session.close()
    return session.path


def test_the_statistics_with_letters_half_as_large_again_cut_no_words(
    large: MainWindow, qtbot: QtBot, study: Path, tmp_path: Path
) -> None:
    large.open(Path(shutil.copy(study, tmp_path / "reference.marrow")))
    large.show_page("statistics")
    page = large.page("statistics")
    assert isinstance(page, StatisticsPage)
    qtbot.waitUntil(lambda: page.panel is not None, timeout=60_000)
    cut = {}
    for number, tab in enumerate(Tab):
        page.tabs.setCurrentIndex(number)
        QApplication.processEvents()
        cut[tab] = clipped(large) + too_low(large)
    assert cut == {tab: [] for tab in Tab}
