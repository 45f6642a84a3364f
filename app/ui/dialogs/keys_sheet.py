"""The sheet of keys and mouse: everything at a glance, in columns, with a line to search in."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.ui import present
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.keys import Keymap
from app.ui.present.keys import Section, search, sheet
from app.ui.scale import scaled
from app.ui.widgets import button, named, place_in_middle, words

_SIZE = QSize(1290, 690)
# which sections stand in which column, so that the columns are about equally long
_COLUMNS = ((0, 2), (1, 3), (5, 4))


class KeysSheet(QDialog):
    """Shows what keys and mouse do now, beside the window.

    Signals
    -------
    change_wanted
        Somebody wants other keys.
    """

    change_wanted = Signal()

    def __init__(self, keymap: Keymap, preset: MousePreset, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(present.text("keys.title"))
        self._sections: tuple[Section, ...] = ()
        self.search = QLineEdit()
        self.search.setPlaceholderText(present.text("keys.search"))
        self.search.setAccessibleName(present.text("keys.search"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._show)
        self.change = button("keys.change", tip=present.text("keys.change_tip"))
        self.change.setAutoDefault(False)
        self.change.clicked.connect(self.change_wanted)
        self.close_button = button("app.close", tip=present.text("app.close_tip"))
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.close)
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setAccessibleName(present.text("keys.title"))
        self._lay_out()
        self.show_habits(keymap, preset)
        place_in_middle(self, _SIZE)

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.addWidget(self.search, 1)
        row.addWidget(self.change)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.addLayout(row)
        column.addWidget(self._scroll, 1)

    def show_habits(self, keymap: Keymap, preset: MousePreset) -> None:
        """Show these keys and this mouse."""
        self._sections = sheet(keymap, preset)
        self._show()

    def lines(self) -> list[tuple[str, str]]:
        """Keys and what they do, as they stand on the sheet now."""
        return [
            (line.keys, line.does)
            for part in search(self._sections, self.search.text())
            for line in part.lines
        ]

    def _show(self) -> None:
        found = {part.title: part for part in search(self._sections, self.search.text())}
        whole = named(QWidget(), "page")
        whole.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(whole)
        row.setSpacing(scaled(28))
        for places in _COLUMNS:
            parts = [
                found[title] for title in (self._sections[place].title for place in places) if title in found
            ]
            if parts:
                row.addLayout(_column(parts), 1)
        if not found:
            row.addWidget(words(present.text("keys.nothing_found"), "quiet"), 0, Qt.AlignmentFlag.AlignTop)
        self._scroll.setWidget(whole)


def _column(parts: list[Section]) -> QGridLayout:
    """Sections one below the other, with their keys in one line."""
    grid = QGridLayout()
    grid.setVerticalSpacing(scaled(3))
    grid.setHorizontalSpacing(scaled(14))
    grid.setColumnStretch(1, 1)
    row = 0
    for part in parts:
        if row:
            grid.setRowMinimumHeight(row, scaled(12))
        grid.addWidget(words(part.title, "section"), row + 1, 0, 1, 2)
        row += 2
        for line in part.lines:
            does = words(line.does, "quiet")
            does.setWordWrap(True)
            grid.addWidget(words(line.keys, "key"), row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(does, row, 1, Qt.AlignmentFlag.AlignTop)
            row += 1
    grid.setRowStretch(row, 1)
    return grid
