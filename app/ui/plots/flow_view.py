"""A flow of participants in the window and on paper: boxes with words, arrows between them."""

from __future__ import annotations

import math

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from app.ui.plots.flow_layout import Placed, place_flow
from app.ui.plots.flow_spec import Box, FlowChart
from app.ui.theme import Theme

_INSIDE_X, _INSIDE_Y, _MARGIN = 10.0, 6.0, 2.0
_HEAD = 6.0
# wide boxes are tiresome to read
_WIDEST = 900.0
# smaller letters than this are none
_SMALLEST = 0.5
_WRAPPED = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
_CENTRED = int(Qt.TextFlag.TextWordWrap) | int(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)


class FlowView(QWidget):
    """Shows one :class:`FlowChart`, as large as its letters, or smaller where there is no room."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._chart: FlowChart | None = None

    @property
    def chart(self) -> FlowChart | None:
        """What is shown."""
        return self._chart

    def show_chart(self, chart: FlowChart | None) -> None:
        """Replace the chart."""
        self._chart = chart
        told = [] if chart is None else [" ".join((box.title, *box.lines)) for box in chart.boxes]
        self.setAccessibleName("" if chart is None else chart.title)
        self.setAccessibleDescription("\n".join(told))
        self.update()

    def show_theme(self, theme: Theme) -> None:
        """Recolour everything."""
        self._theme = theme
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the chart."""
        painter = QPainter(self)
        self.paint(painter)
        painter.end()

    def paint(self, painter: QPainter) -> None:
        """Paint on anything, in dots of this widget."""
        chart = self._chart
        if chart is None:
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(self.font())
        room = QRectF(self.rect()).adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        if chart.footer:
            painter.setPen(QColor(self._theme.quiet))
            bottom = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignBottom)
            painter.drawText(room, bottom, chart.footer)
            room.setBottom(room.bottom() - QFontMetricsF(self.font()).height() - _INSIDE_Y)
        scale, placed = self._fit(chart, room)
        painter.save()
        painter.translate(room.center().x(), room.top())
        painter.scale(scale, scale)
        painter.translate(-min(room.width() / scale, _WIDEST) / 2.0, 0.0)
        self._paint_lines(painter, placed)
        for box, frame in placed.boxes:
            self._paint_box(painter, box, frame)
        painter.restore()

    def height_of(self, chart: FlowChart, width: float) -> float:
        """Height a chart needs at a width to be shown with letters of their own size."""
        placed = place_flow(chart, min(width - 2.0 * _MARGIN, _WIDEST), self._height)
        footer = QFontMetricsF(self.font()).height() + _INSIDE_Y if chart.footer else 0.0
        return placed.height + footer + 2.0 * _MARGIN + 1.0

    def _fit(self, chart: FlowChart, room: QRectF) -> tuple[float, Placed]:
        """The largest letters at which everything has room; with smaller ones lines become longer."""
        scale = 1.0
        while True:
            placed = place_flow(chart, min(room.width() / scale, _WIDEST), self._height)
            if placed.height * scale <= room.height() or scale <= _SMALLEST:
                return scale, placed
            scale -= 0.05

    def _height(self, box: Box, width: float) -> float:
        return sum(height for _, _, height in self._lines(box, width)) + 2.0 * _INSIDE_Y

    def _lines(self, box: Box, width: float) -> list[tuple[str, QFont, float]]:
        """Every paragraph of a box with its font and height."""
        found = []
        for place, text in enumerate((box.title, *box.lines)):
            font = QFont(self.font())
            font.setBold(place == 0)
            inside = QRectF(0.0, 0.0, width - 2.0 * _INSIDE_X, 10_000.0)
            found.append((text, font, QFontMetricsF(font).boundingRect(inside, _WRAPPED, text).height()))
        return found

    def _paint_box(self, painter: QPainter, box: Box, frame: QRectF) -> None:
        painter.setPen(QPen(QColor(self._theme.outline), 1.0))
        painter.setBrush(QColor(self._theme.panel))
        painter.drawRect(frame)
        painter.setPen(QColor(self._theme.text))
        top = frame.top() + _INSIDE_Y
        for text, font, height in self._lines(box, frame.width()):
            painter.setFont(font)
            inside = QRectF(frame.left() + _INSIDE_X, top, frame.width() - 2.0 * _INSIDE_X, height)
            painter.drawText(inside, _WRAPPED if box.lines else _CENTRED, text)
            top += height

    def _paint_lines(self, painter: QPainter, placed: Placed) -> None:
        shade = QColor(self._theme.quiet)
        painter.setPen(QPen(shade, 1.2))
        painter.setBrush(shade)
        for line in (*placed.lines, *placed.arrows):
            painter.drawLine(line)
        painter.setPen(Qt.PenStyle.NoPen)
        for line in placed.arrows:
            painter.drawPolygon(_head(line))


def _head(line: QLineF) -> QPolygonF:
    """The head of an arrow, at the end of its line."""
    turned = math.radians(line.angle())
    tip = line.p2()
    sides = [
        QPointF(tip.x() - _HEAD * math.cos(turned + aside), tip.y() + _HEAD * math.sin(turned + aside))
        for aside in (0.45, -0.45)
    ]
    return QPolygonF([tip, *sides])
