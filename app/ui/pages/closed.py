"""Stands in place of a page that may not be seen: one calm sentence, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.ui import present
from app.ui.scale import scaled
from app.ui.widgets import button, named, words

_WIDTH = 480


class ClosedPage(QWidget):
    """Says why a page is closed.

    Signals
    -------
    back_wanted
        The reader goes back to reading.
    look_wanted
        A coordinator wants to look before their own readings are done.
    """

    back_wanted = Signal()
    look_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title, self.told = words(role="title"), words(role="quiet")
        for label in (self.title, self.told):
            label.setWordWrap(True)
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.back = button("closed.back", role="primary")
        self.look = button("closed.look", tip=present.text("closed.look_tip"))
        self.back.clicked.connect(self.back_wanted)
        self.look.clicked.connect(self.look_wanted)
        middle = QWidget()
        middle.setFixedWidth(scaled(_WIDTH))
        column = QVBoxLayout(middle)
        column.setSpacing(14)
        column.addStretch(2)
        for part in (self.title, self.told):
            column.addWidget(part)
        for place in (self.back, self.look):
            column.addWidget(place, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        outer = QVBoxLayout(self)
        outer.addWidget(middle, 1, Qt.AlignmentFlag.AlignHCenter)
        self.setFocusProxy(self.back)

    def say(self, page: str, *, early: bool) -> None:
        """Say why a page is closed to a reader, or what it costs a coordinator to open it now."""
        self.title.setText(present.text("closed.early_title" if early else "closed.title"))
        self.told.setText(present.text("closed.early" if early else f"closed.{page}"))
        self.look.setVisible(early)
