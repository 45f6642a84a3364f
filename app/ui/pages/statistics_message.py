"""What the Statistics page says when there is nothing to show: what to do next, or why not."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from app.ui.widgets import words

_BAR_WIDTH, _BAR_HEIGHT = 220, 4


class Message(QWidget):
    """A calm sentence in the middle, with a thin bar while something is loading."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title, self.told = words(role="title"), words(role="quiet")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedSize(_BAR_WIDTH, _BAR_HEIGHT)
        layout = QVBoxLayout(self)
        layout.setSpacing(10)
        layout.addStretch(2)
        for label in (self.title, self.told):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            label.setWordWrap(True)
            layout.addWidget(label)
        layout.addWidget(self._bar, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)

    def say(self, title: str, told: str, step: tuple[int, int] | None = None) -> None:
        """Show words, and how far the work is.

        Parameters
        ----------
        title, told : str
            What it is about, and the sentence; the title may be empty.
        step : tuple of int, optional
            Steps done and all steps.
        """
        self.title.setText(title)
        self.title.setVisible(bool(title))
        self.told.setText(told)
        self._bar.setVisible(step is not None)
        if step is not None:
            self._bar.setRange(0, step[1])
            self._bar.setValue(step[0])
