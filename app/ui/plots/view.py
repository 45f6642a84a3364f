"""A figure in the window: axes, bands, lines and points that answer the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

import pyqtgraph as pg
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QPainter, QPen, QPolygonF, QResizeEvent
from PySide6.QtWidgets import QGraphicsPolygonItem, QVBoxLayout, QWidget

from app.ui.plots.edges import EdgeLabels
from app.ui.plots.legend import LegendStrip
from app.ui.plots.palette import band_colour, colour, grid_colour, spot_colour
from app.ui.plots.shapes import DASHES, symbol_path
from app.ui.plots.spec import Axis, Band, Curve, Figure, Spot, Symbol, Tone
from app.ui.theme import Theme

pg.setConfigOptions(imageAxisOrder="row-major", antialias=True, mouseRateLimit=-1)

FONT_POINTS = 9
"""Size of the letters."""

_SPOT_SIZE, _LARGE_SIZE = 8.5, 13.0
_MARGIN = 10.0
# back to front
_GRID, _BAND, _CURVE, _SPOT = -30.0, -20.0, -10.0, 10.0


class FigureView(QWidget):
    """Shows one :class:`Figure` at a time.

    Parameters
    ----------
    theme : Theme
        Colours.
    parent : QWidget, optional
        Owner.
    stroke : float, optional
        Dots of the paper for each dot of the window, when painting for print; the screen's otherwise. The
        width of lines that keep it at any scale is counted in dots.

    Signals
    -------
    case_clicked : str
        Case code of the point that was clicked.
    """

    case_clicked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, stroke: float | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._stroke = stroke
        self._figure: Figure | None = None
        self._spots: Any = None
        font = QFont(self.font())
        font.setPointSizeF(FONT_POINTS)
        # without a plot item there are no menus, no buttons and nothing that rescales by itself
        self._canvas = pg.GraphicsLayoutWidget(parent=self)
        # nothing on it is done by keys: the tables beside it say the same
        self._canvas.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._canvas.viewport().setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, defaultPadding=0.0)
        self._box.disableAutoRange()
        self._left, self._bottom = (_axis_item(side, self._box, font) for side in ("left", "bottom"))
        for item, row, column in ((self._left, 0, 0), (self._box, 0, 1), (self._bottom, 1, 1)):
            self._canvas.addItem(item, row, column)
        self._canvas.ci.setSpacing(0)
        self._edges = EdgeLabels(self._box, font)
        self._box.sigResized.connect(self._edges.place)
        # an axis grows with its numbers
        self._left.widthChanged.connect(self._set_margins)
        self._bottom.heightChanged.connect(self._set_margins)
        self._legend = LegendStrip(theme, self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self._canvas, 1)
        layout.addWidget(self._legend)
        self.show_theme(theme)

    @property
    def figure(self) -> Figure | None:
        """What is shown."""
        return self._figure

    def clear(self) -> None:
        """Show no figure."""
        self._figure = self._spots = None
        self._box.clear()
        self._edges.show_labels((), self._edges.axis, self._theme)
        self._legend.show_entries((), "", self._theme)

    def show_figure(self, figure: Figure) -> None:
        """Replace the figure."""
        self._figure = figure
        self._box.clear()
        self._show_axis(self._left, figure.y)
        self._show_axis(self._bottom, figure.x)
        ends = (figure.x.low, figure.x.high), (figure.y.low, figure.y.high)
        self._box.setRange(xRange=ends[0], yRange=ends[1], padding=0.0, disableAutoRange=True)
        self._add_grid(figure.y)
        for band in figure.bands:
            self._add_band(band)
        for curve in figure.curves:
            self._add_curve(curve)
        self._spots = self._add_spots(figure.spots)
        self._edges.show_labels(figure.edge_labels, figure.y, self._theme)
        self._legend.show_entries(figure.legend, figure.footer, self._theme)
        self._set_margins()

    def lay_out(self) -> None:
        """Take the final layout now instead of when Qt finds the time."""
        layout = self.layout()
        if layout is not None:
            layout.activate()
        # an axis learns how wide its numbers are when it paints them
        self.grab()
        self._set_margins()
        self._canvas.ci.layout.activate()

    def paint(self, painter: QPainter) -> None:
        """Paint on anything, in dots of this widget: lines stay lines, and letters letters."""
        self._canvas.render(painter, QRectF(self._canvas.geometry()), self._canvas.viewport().rect())
        painter.save()
        painter.translate(self._legend.pos())
        self._legend.paint(painter)
        painter.restore()

    def show_theme(self, theme: Theme) -> None:
        """Recolour everything."""
        self._theme = theme
        self._canvas.setBackground(theme.panel)
        for item in (self._left, self._bottom):
            item.setPen(self._pen(QColor(theme.border), 1.0))
            item.setTextPen(pg.mkPen(theme.quiet))
        if self._figure is not None:
            self.show_figure(self._figure)

    def event(self, event: QEvent) -> bool:
        """Draw lines anew when the window moves to a screen with other dots."""
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.show_theme(self._theme)
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep a square figure square."""
        super().resizeEvent(event)
        self._set_margins()

    # -- pieces -------------------------------------------------------------------------------------------

    def _show_axis(self, item: Any, axis: Axis) -> None:
        # pyqtgraph takes a title for rich text, and names of readers are anything
        item.setLabel(escape(axis.title), color=self._theme.quiet, **{"font-size": f"{FONT_POINTS + 0.5}pt"})
        item.setTicks([list(zip(axis.ticks, axis.told, strict=True))])
        if item is self._bottom:
            lines = max((words.count("\n") + 1 for words in axis.told), default=1)
            # pyqtgraph leaves room for one line
            item.setHeight(_height_of(lines, item) if lines > 1 else None)

    def _add_grid(self, axis: Axis) -> None:
        pen = self._pen(grid_colour(self._theme), 1.0)
        for value in axis.ticks:
            self._add(pg.InfiniteLine(pos=value, angle=0, pen=pen), _GRID)

    def _add_band(self, band: Band) -> None:
        there = zip(band.x.tolist(), band.low.tolist(), strict=True)
        back = zip(band.x[::-1].tolist(), band.high[::-1].tolist(), strict=True)
        item = QGraphicsPolygonItem(QPolygonF([QPointF(*corner) for corner in (*there, *back)]))
        item.setPen(QPen(Qt.PenStyle.NoPen))
        item.setBrush(band_colour(band.tone, self._theme))
        self._add(item, _BAND)

    def _add_curve(self, curve: Curve) -> None:
        pen = self._pen(colour(curve.tone, self._theme), curve.width)
        if DASHES[curve.dash]:
            pen.setDashPattern(DASHES[curve.dash])
        self._add(pg.PlotCurveItem(curve.x, curve.y, pen=pen), _CURVE)

    def _add_spots(self, spots: Sequence[Spot]) -> Any:
        # there may be fifty thousand points, but there are a few looks: these are made once each
        paths = {one: symbol_path(one) for one in Symbol}
        brushes = {one: QBrush(spot_colour(one, self._theme)) for one in Tone}
        outlines = {large: self._outline(large=large) for large in (False, True)}
        item = pg.ScatterPlotItem(
            x=[spot.x for spot in spots],
            y=[spot.y for spot in spots],
            symbol=[paths[spot.symbol] for spot in spots],
            size=[_LARGE_SIZE if spot.large else _SPOT_SIZE for spot in spots],
            brush=[brushes[spot.tone] for spot in spots],
            pen=[outlines[spot.large] for spot in spots],
            data=list(spots),
            hoverable=True,
            hoverPen=self._pen(QColor(self._theme.text), 2.0),
            tip=_tip,
            # vectors instead of pictures of points: sharp at every scale and in the exported figure
            useCache=False,
        )
        item.sigClicked.connect(self._click)
        self._add(item, _SPOT)
        return item

    def _outline(self, *, large: bool) -> QPen:
        return self._pen(QColor(self._theme.panel), 1.5) if large else QPen(Qt.PenStyle.NoPen)

    def _pen(self, shade: QColor, width: float) -> QPen:
        """A pen that is as wide wherever it draws, whatever the axes are."""
        pen = QPen(shade, width * (self._stroke or self.devicePixelRatioF()))
        pen.setCosmetic(True)
        pen.setCapStyle(Qt.PenCapStyle.FlatCap)
        return pen

    def _add(self, item: Any, depth: float) -> None:
        item.setZValue(depth)
        self._box.addItem(item, ignoreBounds=True)

    def _click(self, _item: Any, points: Sequence[Any], _event: Any) -> None:
        # the topmost point is the last one drawn
        codes = [point.data().code for point in reversed(points) if point.data().code]
        if codes:
            self.case_clicked.emit(codes[0])

    def _set_margins(self) -> None:
        figure = self._figure
        if figure is None:
            return
        right = max(self._edges.width, _MARGIN)
        aside = above = 0.0
        if figure.square:
            wide = self._canvas.width() - self._left.width() - _MARGIN - right
            high = self._canvas.height() - self._bottom.height() - 2 * _MARGIN
            aside, above = max((wide - high) / 2.0, 0.0), max((high - wide) / 2.0, 0.0)
        sides = (_MARGIN + aside, _MARGIN + above, right + aside, _MARGIN + above)
        self._canvas.ci.setContentsMargins(*sides)


def _axis_item(side: str, box: Any, font: QFont) -> Any:
    item = pg.AxisItem(side, linkView=box, maxTickLength=4)
    item.enableAutoSIPrefix(False)
    item.setStyle(tickFont=font, tickTextOffset=6, hideOverlappingLabels=False)
    return item


def _height_of(lines: int, item: Any) -> float:
    style = item.style
    room = QFontMetricsF(style["tickFont"]).lineSpacing() * lines
    return float(room + style["tickTextOffset"][1] + max(style["tickLength"], 0) + 2.0)


def _tip(x: float, y: float, data: Spot) -> str:  # noqa: ARG001 - the signature pyqtgraph calls
    return data.tip
