"""How the import dialog looks and is reached: keyboard, sizes, themes, long words."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from app.domain.maps import Quantity
from app.services.survey_import import Survey
from app.ui import sentences
from app.ui.dialogs.import_cells import Choice
from app.ui.dialogs.import_details import Picture
from app.ui.import_row import Column, Kind
from app.ui.main_window import MainWindow

if TYPE_CHECKING:
    from conftest import Hand

Look = Callable[..., Survey]
FF, R2STAR = Quantity.FF, Quantity.R2STAR
UNCHECKED, PARTLY, CHECKED = (
    Qt.CheckState.Unchecked,
    Qt.CheckState.PartiallyChecked,
    Qt.CheckState.Checked,
)


def check_of(hand: Hand, kind: Kind) -> object:
    return hand.find(kind).data(Qt.ItemDataRole.CheckStateRole)


def press(widget: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(widget, key)
    QApplication.processEvents()


def test_everything_can_be_reached_by_keyboard_and_has_a_tooltip(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("canon", "nameless"))
    reached = set()
    widget: QWidget | None = dialog.view
    while widget is not None and widget not in reached:
        if widget.isVisible() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            reached.add(widget)
        widget = widget.nextInFocusChain()
        if widget is dialog.view:
            break
    box = dialog.details.box
    assert box is not None
    wanted = {
        dialog.hide_names, dialog.wishing.signal_ff, dialog.wishing.codes, dialog.unused.title,
        dialog.footer.save, dialog.footer.cancel, dialog.footer.go, box.factor, box.who, box.confirm,
    }  # fmt: skip
    assert wanted <= reached
    buttons = [one for one in dialog.findChildren(QPushButton) if one.isVisible()]
    assert not [one.text() for one in buttons if not one.toolTip()]
    choices = dialog.findChildren(Choice)
    assert choices
    assert all(one.accessibleName() and one.toolTip() for one in choices)
    assert all(one.accessibleName() for one in (dialog.view, dialog.details, box.factor, box.who))


def test_the_cells_tell_both_lines_to_a_screen_reader(hand: Hand, look: Look) -> None:
    hand.open(look("canon"))
    told = hand.find(Kind.PATIENT).data(Qt.ItemDataRole.AccessibleTextRole)
    assert told == "Suzuki Hanako · 31"
    assert "needs an answer\nconfirm its unit" in (
        hand.find_map(FF).siblingAtColumn(Column.STATE).data(Qt.ItemDataRole.ToolTipRole)
    )


def test_the_details_lie_beside_the_tree_and_below_it_where_it_is_narrow(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("plain"))
    dialog.resize(1200, 700)
    assert dialog._split.orientation() is Qt.Orientation.Horizontal
    dialog.resize(960, 700)
    assert dialog._split.orientation() is Qt.Orientation.Vertical
    dialog.resize(1200, 700)
    assert dialog._split.orientation() is Qt.Orientation.Horizontal


def test_a_picture_stands_in_the_details(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("plain"))
    hand.select(hand.find_map(FF))
    (picture,) = dialog.details.findChildren(Picture)
    assert picture.accessibleName() == "Middle slice of Fat fraction"
    shown = picture.grab().toImage()
    colours = {shown.pixelColor(x, 90).lightness() for x in range(0, shown.width(), 7)}
    assert len(colours) > 5


def test_the_colours_follow_the_theme(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("canon"))
    window: MainWindow = hand.window
    for name in ("light", "dark"):
        window.file_menu.theme_wanted.emit(name)
        assert dialog.view.cells.theme is window._theme
        assert not dialog.grab().isNull()


def longer(words: str) -> str:
    return words + "e" * math.ceil(0.4 * len(words))


def clipped(whole: QWidget) -> list[str]:
    """Buttons and labels that show less than they say."""
    found = []
    for part in (*whole.findChildren(QLabel), *whole.findChildren(QPushButton)):
        if not part.isVisible() or not part.text():
            continue
        wrapped = isinstance(part, QLabel) and part.wordWrap()
        needed = part.heightForWidth(part.width()) if wrapped else part.sizeHint().height()
        too_narrow = not wrapped and part.sizeHint().width() > part.width()
        if too_narrow or needed > part.height():
            found.append(f"{part.text()!r}: {part.size()}, wants {part.sizeHint()}")
    return found


@pytest.mark.parametrize("width", [1320, 1180])
def test_with_words_forty_percent_longer_the_dialog_still_fits(
    hand: Hand, look: Look, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    grown = {code: longer(words) for code, words in sentences.LABELS.items()}
    monkeypatch.setattr(sentences, "LABELS", grown)
    dialog = hand.open(look("canon", "nameless"))
    dialog.resize(width, 670)
    dialog.footer.show_progress("images.again", 3, 10)
    QApplication.processEvents()
    assert dialog.width() == width
    assert clipped(dialog) == []
