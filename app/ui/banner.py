"""A quiet bar under the top bar: says what could not be done, or what was done, without stopping the hand."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QWidget

from app.ui import present
from app.ui.theme import Theme
from app.ui.widgets import named


class Banner(QWidget):
    """One sentence at a time, closed by its button or replaced by the next."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "banner")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._words = QLabel()
        self._words.setWordWrap(True)
        self._words.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        close = QPushButton(present.text("app.close"))
        close.setToolTip(present.text("banner.close_tip"))
        # a click leaves the keys where they are
        close.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        close.clicked.connect(self.hide)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.addWidget(self._words, 1)
        row.addWidget(close)
        self._bad = False
        self._theme: Theme | None = None
        self.hide()

    @property
    def words(self) -> str:
        """What it says now; empty while hidden."""
        return "" if self.isHidden() else self._words.text()

    def say(self, words: str, *, bad: bool) -> None:
        """Show a sentence; a bad one stands out more, with a mark as well as a colour."""
        self._bad = bad
        self._words.setText(present.text("banner.bad" if bad else "banner.good", words=words))
        self._colour()
        self.show()

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self._colour()

    def _colour(self) -> None:
        if self._theme is not None:
            edge = self._theme.bad if self._bad else self._theme.good
            self.setStyleSheet(
                f"#banner {{ background: {self._theme.panel}; border-left: 4px solid {edge};"
                f" border-bottom: 1px solid {self._theme.border}; }}"
            )
