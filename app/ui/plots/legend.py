"""The legend below a plot: looks and what they mean, flowing over as many lines as it takes."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.ui.plots.palette import band_colour, colour, spot_colour
from app.ui.plots.shapes import DASHES, symbol_path
from app.ui.plots.spec import LegendEntry
from app.ui.theme import Theme

_SWATCH = 22.0
_GAP = 6.0
_BETWEEN = 18.0
_SYMBOL = 9.0
_PADDING = 3.0


class LegendStrip(QWidget):
    """Paints the entries of a figure, and small words at the right end."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._theme = theme
        self._entries: tuple[LegendEntry, ...] = ()
        self._footer = ""

    def show_entries(self, entries: tuple[LegendEntry, ...], footer: str, theme: Theme) -> None:
        """Replace what is shown."""
        self._entries, self._footer, self._theme = entries, footer, theme
        told = [entry.label for entry in entries]
        self.setAccessibleName(", ".join([*told, footer] if footer else told))
        self._fit()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take as many lines as the width needs."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        boxes = [box for _, box in self._flow(float(self.width()))]
        self.setFixedHeight(math.ceil(max((box.bottom() for box in boxes), default=0.0)) + 1)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint every entry in its box."""
        painter = QPainter(self)
        self.paint(painter)
        painter.end()

    def paint(self, painter: QPainter) -> None:
        """Paint on anything, in dots of this widget."""
        painter.setFont(self.font())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for entry, box in self._flow(float(self.width())):
            swatch = QRectF(box.left(), box.top(), _SWATCH if entry else 0.0, box.height())
            if entry is not None:
                self._paint_swatch(painter, entry, swatch)
            painter.setPen(QColor(self._theme.quiet if entry is None else self._theme.text))
            words = box.adjusted(swatch.width() + (_GAP if entry else 0.0), 0.0, 0.0, 0.0)
            text = entry.label if entry else self._footer
            painter.drawText(words, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)

    def _paint_swatch(self, painter: QPainter, entry: LegendEntry, box: QRectF) -> None:
        middle = box.center()
        if entry.filled:
            painter.fillRect(box.adjusted(0.0, 4.0, 0.0, -4.0), band_colour(entry.tone, self._theme))
        if entry.dash is not None:
            pen = QPen(colour(entry.tone, self._theme), 1.6)
            # a round or square end would make dashes of dots
            pen.setCapStyle(Qt.PenCapStyle.FlatCap)
            if DASHES[entry.dash]:
                pen.setDashPattern(DASHES[entry.dash])
            painter.setPen(pen)
            painter.drawLine(QPointF(box.left(), middle.y()), QPointF(box.right(), middle.y()))
        if entry.symbol is not None:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(spot_colour(entry.tone, self._theme))
            painter.save()
            painter.translate(middle)
            painter.scale(_SYMBOL, _SYMBOL)
            painter.drawPath(symbol_path(entry.symbol))
            painter.restore()

    def _flow(self, width: float) -> list[tuple[LegendEntry | None, QRectF]]:
        """Boxes of all entries, and of the footer (None) at the right end of the last line or below it."""
        metrics = QFontMetricsF(self.font())
        height = self._line_height()
        x = y = 0.0
        boxes: list[tuple[LegendEntry | None, QRectF]] = []
        for entry in self._entries:
            needed = _SWATCH + _GAP + metrics.horizontalAdvance(entry.label) + 1.0
            if x > 0.0 and x + needed > width:
                x, y = 0.0, y + height
            boxes.append((entry, QRectF(x, y, needed, height)))
            x += needed + _BETWEEN
        if self._footer:
            needed = metrics.horizontalAdvance(self._footer) + 1.0
            if x > 0.0 and x + needed > width:
                y += height
            boxes.append((None, QRectF(max(width - needed, 0.0), y, needed, height)))
        return boxes

    def _line_height(self) -> float:
        return QFontMetricsF(self.font()).height() + _PADDING
