"""Asks for the reason of a step that is recorded with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.ui import present
from app.ui.scale import scaled
from app.ui.widgets import button, words

_WIDTH = 480
# gives why it was not done, or None
Take = Callable[[str], AppError | None]


class WhyDialog(QDialog):
    """One sentence on what follows, one line for the reason.

    Parameters
    ----------
    title, told, go : str
        What it is about, what follows, and the words of the button that does it.
    take : callable
        Does it with the reason.
    """

    def __init__(self, title: str, told: str, go: str, take: Take, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._take = take
        sentence = words(told)
        sentence.setWordWrap(True)
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(present.text("why.reason_ask"))
        self.reason.setAccessibleName(present.text("why.reason"))
        self.reason.setToolTip(present.text("why.reason_ask"))
        self.told = words(role="warning")
        self.told.setWordWrap(True)
        self.told.hide()
        self.go = QPushButton(go)
        self.go.setProperty("role", "primary")
        self.go.setToolTip(present.text("why.go_tip"))
        self.cancel = button("app.cancel", tip=present.text("why.cancel_tip"))
        self.cancel.setAutoDefault(False)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.cancel)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        for part in (sentence, self.reason, self.told):
            column.addWidget(part)
        column.addLayout(row)
        self.setFixedWidth(scaled(_WIDTH))
        self.reason.textChanged.connect(self._on_typed)
        self.go.clicked.connect(self._on_go)
        self.cancel.clicked.connect(self.reject)
        self.go.setDefault(True)
        self._on_typed("")

    def _on_typed(self, reason: str) -> None:
        self.go.setEnabled(bool(reason.strip()))
        self.told.hide()

    def _on_go(self) -> None:
        problem = self._take(self.reason.text().strip())
        if problem is None:
            self.accept()
            return
        self.told.setText(present.error_text(problem))
        self.told.show()
