"""Histogram of the selected rectangle on both maps."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.scale import scaled
from app.ui.theme import DARK, Theme

MOST_BINS = 24
_GAP = 1.0
# where the bars begin, below the words
_TOP = 22


class Histogram(QWidget):
    """Bars with a title at the left and the span at the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(scaled(54))
        self.setMaximumHeight(scaled(96))
        self._theme = DARK
        self._counts: npt.NDArray[np.intp] | None = None
        self._title = self._span = ""
        self._colour = QColor()

    def sizeHint(self) -> QSize:
        """Wide enough for the panel."""
        return QSize(scaled(260), scaled(84))

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self._theme = theme
        self.update()

    def show_counts(
        self, counts: npt.NDArray[np.intp] | None, title: str = "", span: str = "", colour: str = ""
    ) -> None:
        """Show other bars, or none."""
        self._counts = counts
        if (title, span) == (self._title, self._span):
            # as a rectangle moves the words mostly stay, and letters take longer than bars
            self.update(0, scaled(_TOP), self.width(), self.height())
            return
        self._title, self._span, self._colour = title, span, QColor(colour)
        self.setAccessibleName(title)
        self.setAccessibleDescription(span)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bars over a quiet base line."""
        if self._counts is None:
            return
        painter = QPainter(self)
        if event.rect().top() < scaled(_TOP):
            self._paint_words(painter)
        top, bottom = float(scaled(_TOP)), self.height() - 2.0
        counts = self._counts.tolist()
        width, room = self.width() / len(counts), (bottom - top) / max(*counts, 1)
        painter.fillRect(QRectF(0, bottom, self.width(), 1), QColor(self._theme.border))
        bars = [
            QRectF(place * width, bottom - count * room, max(width - _GAP, 1.0), count * room)
            for place, count in enumerate(counts)
            if count
        ]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._colour)
        painter.drawRects(bars)
        painter.end()

    def _paint_words(self, painter: QPainter) -> None:
        painter.setPen(QColor(self._theme.quiet))
        words = self.rect().adjusted(0, 0, 0, scaled(18) - self.height())
        painter.drawText(words, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, self._title)
        painter.drawText(words, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, self._span)
