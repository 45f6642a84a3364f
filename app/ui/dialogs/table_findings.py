"""What importing a table would do: headings with their counts at the left, the lines of one at the right."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QWidget

from app.ui.present import text
from app.ui.present.tables import Heading
from app.ui.scale import scaled
from app.ui.theme import DARK, Theme

_WIDTH = 260


class TableFindings(QWidget):
    """Two lists."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme: Theme = DARK
        self._headings: tuple[Heading, ...] = ()
        self.titles, self.lines = QListWidget(), QListWidget()
        self.titles.setAccessibleName(text("tables.found_lines"))
        self.lines.setAccessibleName(text("tables.found_of"))
        self.titles.setFixedWidth(scaled(_WIDTH))
        self.lines.setWordWrap(True)
        self.lines.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        row.addWidget(self.titles)
        row.addWidget(self.lines, 1)
        self.titles.currentRowChanged.connect(self._show_lines)

    def show_headings(self, headings: Sequence[Heading]) -> None:
        """Show what was found; the heading at hand stays where it is still there."""
        here = self._code_of(self.titles.currentRow())
        self._headings = tuple(headings)
        self.titles.blockSignals(True)
        self.titles.clear()
        for one in self._headings:
            item = QListWidgetItem(one.title)
            item.setForeground(QColor(getattr(self._theme, one.tone)))
            self.titles.addItem(item)
        kept = next((at for at, one in enumerate(self._headings) if one.code == here), 0)
        self.titles.setCurrentRow(kept if self._headings else -1)
        self.titles.blockSignals(False)
        self._show_lines(self.titles.currentRow())

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.show_headings(self._headings)

    def _code_of(self, row: int) -> str:
        return self._headings[row].code if 0 <= row < len(self._headings) else ""

    def _show_lines(self, row: int) -> None:
        self.lines.clear()
        if 0 <= row < len(self._headings):
            self.lines.addItems(list(self._headings[row].lines))
        self.lines.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
