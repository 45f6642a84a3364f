"""The small questions at the panel, and who has the keys while they are asked or nothing is there to read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget

from app.domain.protocol import Level
from app.domain.reasons import Reason
from app.ui.main_window import MainWindow
from app.ui.pages.asking import Choice
from app.ui.pages.reading import ReadingPage

NONE, CONTROL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def choice(qapp: QApplication) -> Iterator[Choice[str]]:
    home = QWidget()
    yield Choice({"a": "acute", "b": "bone"}, home)
    home.deleteLater()


def claims(choice: Choice[str], key: Qt.Key, text: str, held: Qt.KeyboardModifier = NONE) -> bool:
    """Whether a list keeps a key from the shortcuts of the page."""
    event = QKeyEvent(QKeyEvent.Type.ShortcutOverride, key, held, text)
    event.ignore()
    QApplication.sendEvent(choice, event)
    return event.isAccepted()


@pytest.mark.parametrize("letter", ["a", "X", "5", "新", "é", " "])
def test_a_list_keeps_what_can_be_typed_from_the_shortcuts(choice: Choice[str], letter: str) -> None:
    assert claims(choice, Qt.Key.Key_A, letter)


@pytest.mark.parametrize(
    ("key", "text"), [(Qt.Key.Key_F5, ""), (Qt.Key.Key_Shift, ""), (Qt.Key.Key_Z, "\x1a")]
)
def test_a_list_leaves_keys_that_type_nothing_to_others(choice: Choice[str], key: Qt.Key, text: str) -> None:
    assert not claims(choice, key, text, CONTROL if text else NONE)


def test_the_shortcut_of_a_letter_does_not_act_while_the_list_of_reasons_is_open(
    window: MainWindow, page: ReadingPage
) -> None:
    """C goes on to the next colour map on the page; in the list it chooses cement."""
    page.setFocus()
    space, view = window.workspace, next(iter(page.maps.views.values()))
    colours = view.colour_map
    page.panel.asking.ask_mark()
    QTest.keyClick(page.panel.asking.marking, Qt.Key.Key_C)
    assert space.case is not None
    assert space.case.reading.history.state(Level.L1).reason is Reason.CEMENT
    assert view.colour_map == colours


# -- the keys where there is no case ----------------------------------------------------------------------


def part_with_keys(page: ReadingPage, name: str) -> QWidget:
    if name == "map":
        return next(iter(page.maps.views.values()))
    return page.panel.sign_off if name == "button" else page.panel.table


@pytest.mark.parametrize("name", ["map", "button", "table"])
def test_what_had_the_keys_hands_them_to_the_page_before_it_is_hidden(
    window: MainWindow, page: ReadingPage, name: str
) -> None:
    window.activateWindow()
    part_with_keys(page, name).setFocus()
    assert page.isAncestorOf(window.focusWidget())
    met: list[QWidget | None] = []
    window.workspace.changed.connect(lambda _: met.append(window.focusWidget()))
    # which closes the case before it opens another one
    window.workspace.set_reader("Bo")
    assert page.maps.isVisible()
    assert met
    assert set(met) == {page}
    QTest.keyClick(window.focusWidget(), Qt.Key.Key_2)
    assert window.workspace.selected is Level.L2


def test_where_something_else_has_the_keys_it_keeps_them(window: MainWindow, page: ReadingPage) -> None:
    other = QPushButton("beside", window)
    other.show()
    window.activateWindow()
    other.setFocus()
    window.workspace.set_reader("Bo")
    assert window.focusWidget() is other
    assert page.maps.isVisible()
