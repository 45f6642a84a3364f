"""Everything by keyboard and by ear: names, tooltips and the way of the focus on all pages and dialogs."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QInputDialog, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from app import compose
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level
from app.services.reference_cohort import make_reference_session
from app.ui import present
from app.ui.canvas import painting
from app.ui.canvas.map_pair import MapPair
from app.ui.dialogs.crash import CrashHandler
from app.ui.dialogs.keys_dialog import KeysDialog
from app.ui.dialogs.keys_sheet import KeysSheet
from app.ui.dialogs.report import ReportDialog
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.pages.statistics import StatisticsPage
from app.ui.tabs.content import Tab
from app.ui.topbar import PAGES

Complaints = Callable[[QWidget], list[str]]
WAIT = 20_000


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference study, closed."""
    session = make_reference_session(tmp_path_factory.mktemp("study") / "study.marrow")
    session.close()
    return session.path


# -- pages --------------------------------------------------------------------------------------------


def test_the_start_page_can_be_walked_and_told(
    qapp: QApplication, home: Path, complaints: Complaints
) -> None:
    home.mkdir(exist_ok=True)
    made = compose.window(home)
    made.show()
    qapp.processEvents()
    assert complaints(made) == []
    made.close()
    made.deleteLater()


@pytest.mark.parametrize("page", PAGES)
def test_a_page_can_be_walked_and_told(window: MainWindow, complaints: Complaints, page: str) -> None:
    window.show_page(page)
    QApplication.processEvents()
    assert complaints(window) == []


@pytest.mark.parametrize("page", ["read", "worklist"])
def test_a_page_with_a_signed_off_case_and_a_message_can_be_walked_and_told(
    window: MainWindow, fill: Callable[..., None], complaints: Complaints, page: str
) -> None:
    fill(window.workspace)
    window.workspace.sign_off(go_on=False)
    window.banner.say("Something that was done", bad=False)
    window.show_page(page)
    QApplication.processEvents()
    assert complaints(window) == []


def test_the_read_page_with_a_reference_can_be_walked_and_told(
    window: MainWindow, mixed: Any, maps: MapPair, complaints: Complaints
) -> None:
    maps.toggle_reference()
    QApplication.processEvents()
    assert complaints(window) == []


def test_the_read_page_with_the_line_for_a_note_can_be_walked_and_told(
    window: MainWindow, page: ReadingPage, complaints: Complaints
) -> None:
    page.panel.asking.ask_note()
    QApplication.processEvents()
    assert page.panel.note.isVisible()
    assert complaints(window) == []


def test_every_tab_of_the_statistics_can_be_walked_and_told(
    window: MainWindow, qtbot: QtBot, study: Path, tmp_path: Path, complaints: Complaints
) -> None:
    window.open(Path(shutil.copy(study, tmp_path / "reference.marrow")))
    window.show_page("statistics")
    page = window.page("statistics")
    assert isinstance(page, StatisticsPage)
    qtbot.waitUntil(lambda: page.panel is not None, timeout=WAIT)
    said = {}
    for number, tab in enumerate(Tab):
        page.tabs.setCurrentIndex(number)
        QApplication.processEvents()
        said[tab] = complaints(window)
    assert said == {tab: [] for tab in Tab}
    figure = page.body.plot if page.body else None
    assert figure is not None
    assert figure.accessibleName()


# -- dialogs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("entry", "kind"), [
    ("keys", KeysSheet), ("change_keys", KeysDialog), ("help", ReportDialog), ("about", ReportDialog),
])  # fmt: skip
def test_a_dialog_of_the_menu_can_be_walked_and_told(
    window: MainWindow, complaints: Complaints, entry: str, kind: type[QDialog]
) -> None:
    window.file_menu.actions[entry].trigger()
    (dialog,) = (one for one in window.findChildren(QDialog) if type(one) is kind)
    assert complaints(dialog) == []
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_the_dialog_that_changes_keys_can_be_walked_with_an_action_in_hand(
    window: MainWindow, complaints: Complaints
) -> None:
    window.file_menu.actions["change_keys"].trigger()
    dialog = window.findChild(KeysDialog)
    assert isinstance(dialog, KeysDialog)
    dialog.choose("undo")
    assert complaints(dialog) == []
    dialog.capture.pressed.emit("C")
    assert dialog.buttons["take"].isVisible()
    assert complaints(dialog) == []


def test_the_dialog_for_a_new_reader_can_be_walked_and_told(
    window: MainWindow, complaints: Complaints
) -> None:
    window.topbar._readers.actions()[-1].trigger()
    dialog = window.findChild(QInputDialog)
    assert isinstance(dialog, QInputDialog)
    assert complaints(dialog) == []
    tips = [one.toolTip() for one in dialog.findChildren(QPushButton)]
    words = [one.text().replace("&", "") for one in dialog.findChildren(QPushButton)]
    assert dict(zip(words, tips, strict=True)) == {
        "Add": present.text("app.new_reader_add_tip"), "Cancel": present.text("app.new_reader_cancel_tip")
    }  # fmt: skip
    dialog.close()


def test_the_crash_dialog_can_be_walked_and_told(qapp: QApplication, complaints: Complaints) -> None:
    handler = CrashHandler(lambda: None)
    problem = RuntimeError("made up")
    handler.handle(RuntimeError, problem, None)
    assert handler.dialog is not None
    handler.dialog.finished.disconnect()
    handler.dialog.destroyed.disconnect()
    assert complaints(handler.dialog) == []
    handler.dialog.close()


# -- what is said of the maps -------------------------------------------------------------------------


def said(maps: MapPair, quantity: Quantity) -> str:
    return maps.views[quantity].accessibleDescription()


def test_a_map_tells_slice_level_and_value_of_what_is_selected(
    window: MainWindow, maps: MapPair, fill: Callable[..., None]
) -> None:
    space = window.workspace
    fill(space)
    space.select(Level.L2)
    case = space.case
    assert case is not None
    stats = case.reading.history.current[Level.L2].stats
    for quantity, decimals in ((Quantity.FF, 1), (Quantity.R2STAR, 1)):
        told = said(maps, quantity)
        assert "slice 5 / 9" in told
        assert "L2" in told
        assert f"{stats[quantity].mean:.{decimals}f}" in told
        assert present.quantity_unit(quantity) in told
        assert maps.views[quantity].accessibleName() == present.quantity_title(quantity)


def test_a_map_tells_another_slice_another_level_and_that_nothing_is_selected(
    window: MainWindow, maps: MapPair
) -> None:
    space = window.workspace
    space.select(Level.L3)
    assert "L3" in said(maps, Quantity.FF)
    before = said(maps, Quantity.FF)
    space.set_slice(space.slice + 1)
    assert said(maps, Quantity.FF) != before
    space.select(None)
    assert not any(level in said(maps, Quantity.FF) for level in LEVELS)


def test_a_map_tells_a_new_value_when_the_rectangle_was_moved(
    window: MainWindow, maps: MapPair, fill: Callable[..., None]
) -> None:
    fill(window.workspace)
    window.workspace.select(Level.L2)
    before = said(maps, Quantity.FF)
    window.workspace.nudge(6, 6)
    assert said(maps, Quantity.FF) != before


# -- by keyboard --------------------------------------------------------------------------------------


def test_the_table_of_levels_selects_with_arrows_once_it_has_the_keyboard(
    window: MainWindow, page: ReadingPage
) -> None:
    page.panel.table.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(page.panel.table, Qt.Key.Key_Down)
    assert window.workspace.selected is Level.L2
    QTest.keyClick(page.panel.table, Qt.Key.Key_Up)
    assert window.workspace.selected is Level.L1
    QTest.keyClick(page.panel.table, Qt.Key.Key_Up)
    assert window.workspace.selected is Level.L1


def test_the_list_of_cases_opens_with_enter_and_signs_nothing_off(
    window: MainWindow, page: ReadingPage
) -> None:
    space, view = window.workspace, page.cases.view
    first = space.case.exam.code if space.case else ""
    view.setFocus(Qt.FocusReason.TabFocusReason)
    here = view.currentIndex().row()
    QTest.keyClick(view, Qt.Key.Key_Down if here == 0 else Qt.Key.Key_Up)
    QTest.keyClick(view, Qt.Key.Key_Return)
    assert space.case is not None
    assert space.case.exam.code != first
    assert not any(case.locked for case in space.cases)


def test_pages_are_changed_with_the_arrows_from_one_of_their_buttons(window: MainWindow) -> None:
    button = window.topbar.pages["read"]
    button.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(button, Qt.Key.Key_Right)
    QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Space)
    assert window.stack.currentWidget() is window.page("clinical")


def test_a_level_has_its_label_wherever_it_has_its_colour(
    page: ReadingPage, maps: MapPair, fill: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [page.panel.table.levels.index(row, 0).data() for row in range(len(LEVELS))]
    assert rows == [level.value for level in LEVELS]
    fill(page.window().workspace)
    painted: list[str] = []
    real = painting._paint_words

    def paint_words(painter: Any, words: str, *place: Any, **how: Any) -> None:
        painted.append(words)
        real(painter, words, *place, **how)

    monkeypatch.setattr(painting, "_paint_words", paint_words)
    for view in maps.views.values():
        painted.clear()
        view.grab()
        assert set(rows) <= set(painted)
