"""Paint a map: picture, rectangles, letters, scale and colour bar. Measures nothing."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPainterPath, QPen

from app.domain.maps import ParametricMap
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui.canvas import colours
from app.ui.canvas.hits import HANDLE, handles
from app.ui.canvas.scene import Caption, Marks
from app.ui.canvas.view import View
from app.ui.theme import LEVEL_COLOURS

_HALO = QColor(0, 0, 0, 170)
_WORDS = QColor("#e8ecef")
_OUTLINE = 1.5
_BAR_WIDTH = 8
_MARGIN = 12
_SCALE_MM = (5, 10, 20, 50, 100)
_LABEL_GAP = 5


def picture(parametric_map: ParametricMap, view: View, slice_index: int, window: tuple[float, float],
            colour_map: str) -> QImage:  # fmt: skip
    """Picture of one slice, one pixel a voxel, turned for the screen."""
    shown = view.orientation.show(parametric_map.slice_values(slice_index))
    index = np.ascontiguousarray(colours.to_index(shown, *window))
    height, width = index.shape
    image = QImage(index.data, width, height, width, QImage.Format.Format_Indexed8)
    image.setColorTable(colours.table(colour_map).tolist())
    # a deep copy: the image would not keep the array alive
    return image.copy()


def paint_picture(painter: QPainter, view: View, image: QImage) -> None:
    """Draw the voxels as they are, without smoothing: what is seen is what is counted."""
    height, width = view.orientation.shown_shape
    left, top = view.to_screen(0, 0)
    right, bottom = view.to_screen(height, width)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
    painter.drawImage(QRectF(left, top, right - left, bottom - top), image)


def paint_marks(painter: QPainter, view: View, marks: Marks) -> None:
    """Draw rectangles, ghost, crosshair and the value under the pointer."""
    if marks.readout:
        area = readout_area(view)
        _paint_words(painter, marks.readout, area.right(), area.center().y(), align="right")
    if marks.crosshair is not None:
        _paint_crosshair(painter, view, marks.crosshair)
    if marks.hidden:
        return
    for level, rectangle in marks.elsewhere.items():
        _paint_rectangle(painter, view, level, rectangle, alpha=70, dashed=True)
    for level, rectangle in marks.rectangles.items():
        _paint_rectangle(painter, view, level, rectangle)
    if marks.ghost is not None and marks.armed is not None:
        _paint_rectangle(painter, view, marks.armed, marks.ghost, alpha=200, dashed=True)
    if marks.editable and marks.selected in marks.rectangles and marks.selected is not None:
        _paint_handles(painter, view, marks.rectangles[marks.selected])


def readout_area(view: View) -> QRectF:
    """Screen area of the value under the pointer: the bottom right corner, left of the colour bar."""
    width, height = view.size
    right = width - _BAR_WIDTH - 2 * _MARGIN
    return QRectF(width * 0.6, height - _MARGIN - 16, right - width * 0.6, 24)


def marked_area(view: View, rectangle: Rectangle, metrics_width: int) -> QRectF:
    """Screen area that a rectangle with label and handles may touch."""
    left, top, right, bottom = view.box(rectangle)
    return QRectF(left - metrics_width - 12, top - 12, right - left + metrics_width + 24, bottom - top + 24)


def _paint_rectangle(
    painter: QPainter,
    view: View,
    level: Level,
    rectangle: Rectangle,
    *,
    alpha: int = 255,
    dashed: bool = False,
) -> None:
    left, top, right, bottom = view.box(rectangle)
    box = QRectF(left, top, right - left, bottom - top)
    colour = QColor(LEVEL_COLOURS[level])
    colour.setAlpha(alpha)
    halo = QColor(_HALO)
    halo.setAlpha(min(alpha, halo.alpha()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(halo, _OUTLINE + 2))
    painter.drawRect(box)
    painter.setPen(QPen(colour, _OUTLINE, Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine))
    painter.drawRect(box)
    _paint_words(
        painter, level.value, left - _LABEL_GAP, (top + bottom) / 2, colour, align="right", bold=True
    )


def _paint_handles(painter: QPainter, view: View, rectangle: Rectangle) -> None:
    painter.setPen(QPen(QColor(0, 0, 0), 1))
    painter.setBrush(QColor(255, 255, 255))
    half = (HANDLE - 1) / 2
    for x, y in handles(view.box(rectangle)).values():
        painter.drawRect(QRectF(x - half, y - half, HANDLE - 1, HANDLE - 1))


def _paint_crosshair(painter: QPainter, view: View, stored: tuple[float, float]) -> None:
    x, y = view.to_screen(*view.orientation.to_shown(stored[0] + 0.5, stored[1] + 0.5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QPen(QColor(255, 255, 255, 110), 1))
    painter.drawLine(QPointF(x, 0), QPointF(x, view.size[1]))
    painter.drawLine(QPointF(0, y), QPointF(view.size[0], y))


def _paint_words(painter: QPainter, words: str, x: float, y: float, colour: QColor = _WORDS, *,
                 align: str = "left", bold: bool = False) -> None:  # fmt: skip
    """Words with a dark halo, so that they are read on any picture; y is their middle."""
    font = QFont(painter.font())
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    painter.setFont(font)
    metrics = painter.fontMetrics()
    width = metrics.horizontalAdvance(words)
    left = {"left": x, "right": x - width, "centre": x - width / 2}[align]
    baseline = y + (metrics.ascent() - metrics.descent()) / 2
    path = QPainterPath()
    path.addText(QPointF(left, baseline), font, words)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=True)
    halo = QColor(_HALO)
    halo.setAlpha(min(colour.alpha(), halo.alpha()))
    painter.strokePath(path, QPen(halo, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                                  Qt.PenJoinStyle.RoundJoin))  # fmt: skip
    painter.fillPath(path, colour)


def paint_frame(painter: QPainter, view: View, caption: Caption, window: tuple[float, float],
                colour_map: str) -> None:  # fmt: skip
    """Draw orientation letters, colour bar, scale bar and captions."""
    width, height = view.size
    left, right, top, bottom = view.orientation.letters
    bar_room = _BAR_WIDTH + _MARGIN
    _paint_words(painter, left, _MARGIN, height / 2, bold=True)
    # the numbers of the colour bar stand between the letter and the edge
    _paint_words(painter, right, width - bar_room - 3 * _MARGIN, height / 2, align="right", bold=True)
    _paint_words(painter, top, (width - bar_room) / 2, _MARGIN + 4, align="centre", bold=True)
    _paint_words(painter, bottom, (width - bar_room) / 2, height - 3 * _MARGIN, align="centre", bold=True)
    _paint_colour_bar(painter, view, caption.unit, window, colour_map)
    line = height - _MARGIN - 4
    _paint_words(painter, caption.slice_text, _MARGIN, line)
    _paint_scale(painter, view, line)


def _paint_colour_bar(painter: QPainter, view: View, unit: str, window: tuple[float, float],
                      colour_map: str) -> None:  # fmt: skip
    width, height = view.size
    top, bottom = height * 0.14, height * 0.86
    left = width - _MARGIN - _BAR_WIDTH
    column = np.arange(255, -1, -1, dtype=np.uint8).reshape(-1, 1)
    image = QImage(column.data, 1, 256, 1, QImage.Format.Format_Indexed8)
    image.setColorTable(colours.table(colour_map).tolist())
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=True)
    painter.drawImage(QRectF(left, top, _BAR_WIDTH, bottom - top), image)
    painter.setPen(QPen(QColor(120, 128, 136), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(QRectF(left, top, _BAR_WIDTH, bottom - top))
    low, high = window
    for share, words in ((0.0, f"{high:.0f}"), (0.5, f"{(low + high) / 2:.0f}"), (1.0, f"{low:.0f}")):
        _paint_words(painter, words, left - 5, top + share * (bottom - top), align="right")
    _paint_words(painter, unit, left + _BAR_WIDTH, top - 14, align="right")


def _paint_scale(painter: QPainter, view: View, y: float) -> None:
    scale = view.scale
    room = view.size[0] * 0.2
    length = max((mm for mm in _SCALE_MM if mm * scale <= room), default=_SCALE_MM[0])
    left = view.size[0] * 0.22
    for pen in (QPen(_HALO, 4), QPen(_WORDS, 1.5)):
        painter.setPen(pen)
        painter.drawLine(QPointF(left, y), QPointF(left + length * scale, y))
    _paint_words(painter, f"{length} mm", left + length * scale + 6, y)
