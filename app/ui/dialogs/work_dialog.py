"""What dialogs with long work share: a sentence, how far it is, Stop, Close and the button that does it."""

from __future__ import annotations

from itertools import pairwise
from time import monotonic

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QCheckBox, QDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.domain.progress import TimeLeft
from app.ui import present
from app.ui.coordination import Coordination
from app.ui.present import text
from app.ui.scale import scaled
from app.ui.widgets import button, place_in_middle, words

_BAR = (160, 6)


def tick_box(code: str) -> QCheckBox:
    """A box with the words of a code and the tooltip that belongs to them."""
    made = QCheckBox(text(code))
    made.setToolTip(text(f"{code}_tip"))
    return made


class WorkDialog(QDialog):
    """A dialog over which something may run; closing it stops what runs.

    Parameters
    ----------
    acts : Coordination
        Runs it.
    title : str
        Of the window.
    size : QSize
        For the smallest letters.
    go, go_tip : str
        Words of the button that does it, and what it tells.
    """

    def __init__(
        self, acts: Coordination, title: str, size: QSize, go: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.acts = acts
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        self.notice = words(role="warning")
        self.notice.setWordWrap(True)
        self.notice.hide()
        self._bar = QProgressBar()
        self._bar.setFixedSize(scaled(_BAR[0]), _BAR[1])
        self._bar.setTextVisible(False)
        self._said = words(role="quiet")
        self._said.setWordWrap(True)
        self.stop = button("work.stop", tip=text("work.stop_tip"))
        self.close_button = button("work.close", tip=text("work.close_tip"))
        self.go = button(go, role="primary", tip=text(f"{go}_tip"))
        self._left = TimeLeft()
        self._lay_out()
        self.stop.clicked.connect(acts.cancel)
        self.close_button.clicked.connect(self.reject)
        acts.progressed.connect(self._on_progress)
        acts.ended.connect(self._on_ended)
        self.finished.connect(acts.leave)
        self._show_running(shown=False)
        place_in_middle(self, QSize(scaled(size.width()), scaled(size.height())))

    def _lay_out(self) -> None:
        for place in (self.stop, self.close_button, self.go):
            place.setAutoDefault(False)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._bar)
        row.addWidget(self._said, 1)
        row.addWidget(self.stop)
        row.addStretch(0)
        row.addWidget(self.close_button)
        row.addWidget(self.go)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addLayout(self.body, 1)
        column.addWidget(self.notice)
        column.addLayout(row)

    def begin_with(self, *parts: QWidget) -> None:
        """Let the keyboard begin at these, one after the other, and end at the buttons below."""
        chain = (*parts, self.stop, self.close_button, self.go)
        for before, after in pairwise(chain):
            QWidget.setTabOrder(before, after)
        parts[0].setFocus()

    # -- what is said ---------------------------------------------------------------------------------

    def say(self, told: str) -> None:
        """Say what stands in the way, or nothing any more."""
        self.notice.setText(told)
        self.notice.setVisible(bool(told))

    def tell(self, problem: AppError) -> None:
        """Say why something was not done."""
        self.say(present.error_text(problem))

    def progress_words(self, done: int, total: int | None, left_s: float | None) -> str:
        """How far what runs is, in words."""
        return present.progress_text(done, total, left_s)

    def _on_progress(self, done: int, total: int | None) -> None:
        if self._bar.isHidden():
            self._left = TimeLeft()
            self._show_running(shown=True)
        self._bar.setMaximum(total or 0)
        self._bar.setValue(done if total else -1)
        self._said.setText(self.progress_words(done, total, self._left.after(done, total, monotonic())))

    def _on_ended(self) -> None:
        self._show_running(shown=False)

    def _show_running(self, *, shown: bool) -> None:
        for part in (self._bar, self.stop):
            part.setVisible(shown)
        self._said.setText("")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Let Enter do nothing by itself: what is done here is pressed on purpose."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)
