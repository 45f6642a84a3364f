"""Paint a map: picture, rectangles, letters, scale and colour bar. Measures nothing.

What lies outside the painter's clip rectangle is not painted at all: a drag repaints a small piece of the map
many times a second.
"""

from __future__ import annotations

from functools import lru_cache
from math import ceil
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen

from app.domain.grid import Grid
from app.domain.maps import Stored
from app.domain.protocol import Level
from app.ui.canvas import colours
from app.ui.canvas.boxes import HALO, paint_box, paint_handles
from app.ui.canvas.hits import TURN_REACH
from app.ui.canvas.scene import Caption, Marks
from app.ui.canvas.view import Box, View
from app.ui.theme import DARK, LEVEL_COLOURS

_PLATE = QColor(0, 0, 0, 130)
_WORDS = QColor("#e8ecef")
_BAR_WIDTH = 8
_MARGIN = 12
# room around words for their halo and plate
_PAD = 4
_SCALE_MM = (5, 10, 20, 50, 100)
_LABEL_GAP = 5
_LABEL_WIDTH = 30


class Stack(Protocol):
    """Slices that can be painted."""

    @property
    def stored(self) -> Stored:
        """Numbers as they came, shape (slices, rows, cols)."""

    @property
    def grid(self) -> Grid:
        """Where the voxels lie."""

    def scale(self, stored: Stored) -> npt.NDArray[np.float64]:
        """Values of some of the stored numbers, which a display window is about."""


def picture(stack: Stack, view: View, slice_index: int, window: tuple[float, float],
            colour_map: str) -> QImage:  # fmt: skip
    """Picture of one slice, one pixel a voxel, turned for the screen; black where there is no value."""
    stored = view.orientation.show(stack.stored[slice_index])
    if stored.dtype.kind == "f":
        shown = np.ascontiguousarray(colours.to_words(stack.scale(stored), window, colour_map))
    else:
        # one colour for each stored integer that occurs, then a single look-up for all voxels
        lowest = int(stored.min())
        values = stack.scale(np.arange(lowest, int(stored.max()) + 1))
        words = colours.to_words(values, window, colour_map)
        # the widest integers: two of 16 bits may differ by more, and these are looked up fastest
        shown = words.take(np.subtract(stored, lowest, dtype=np.intp, order="C"))
    height, width = shown.shape
    # Qt enlarges pictures of full colours several times faster than those with a colour table
    image = QImage(shown.data, width, height, 4 * width, QImage.Format.Format_RGB32)
    # a deep copy: the image would not keep the array alive
    return image.copy()


def picture_area(view: View) -> QRectF:
    """Screen area of the picture."""
    left, top = view.to_screen(0, 0)
    right, bottom = view.to_screen(*view.orientation.shown_shape)
    return QRectF(left, top, right - left, bottom - top)


def paint_picture(painter: QPainter, view: View, image: QImage) -> None:
    """Draw the voxels as they are, without smoothing: what is seen is what is counted."""
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
    painter.drawImage(picture_area(view), image)


def paint_marks(painter: QPainter, view: View, marks: Marks) -> None:
    """Draw rectangles, ghost, crosshair and the value under the pointer."""
    if marks.readout:
        area = readout_area(view).adjusted(0, 0, -_PAD, 0)
        _paint_words(painter, marks.readout, area.right(), area.center().y(), align="right", plate=True)
    if marks.crosshair is not None:
        _paint_crosshair(painter, view, marks.crosshair)
    if marks.hidden:
        return
    for level, rectangle in marks.elsewhere.items():
        _paint_rectangle(painter, view, level, rectangle, alpha=70, dashed=True)
    for level, rectangle in marks.pooled.items():
        _paint_rectangle(painter, view, level, rectangle, dashed=True)
    for level, rectangle in marks.rectangles.items():
        _paint_rectangle(painter, view, level, rectangle)
    if marks.ghost is not None and marks.armed is not None:
        _paint_rectangle(painter, view, marks.armed, marks.ghost, alpha=200, dashed=True)
    for level, rectangle in marks.proposed.items():
        _paint_rectangle(painter, view, level, rectangle, dashed=True, name=f"{level.value} ?")
    here = marks.rectangles if marks.selected in marks.rectangles else marks.pooled
    if marks.editable and marks.selected is not None and marks.selected in here:
        paint_handles(painter, view, here[marks.selected], turnable=marks.turnable)


def paint_ring(painter: QPainter, whole: QRectF) -> None:
    """Draw the ring around a view that has the keyboard; the ground of the views is dark in every theme."""
    for room, pen in ((2.0, QPen(HALO, 4)), (1.0, QPen(QColor(DARK.focus), 2))):
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(whole.adjusted(room, room, -room, -room))


def readout_area(view: View) -> QRectF:
    """Screen area of the value under the pointer: the bottom right corner, left of the colour bar."""
    width, height = view.size
    right = width - _BAR_WIDTH - 2 * _MARGIN
    return QRectF(width * 0.6, height - _MARGIN - 18, right + _PAD - width * 0.6, 28)


def marked_area(view: View, box: Box, *, turnable: bool = False) -> QRectF:
    """Screen area that a rectangle with label and handles may touch."""
    left, top, right, bottom = view.around(box)
    area = QRectF(left - _LABEL_WIDTH - 12, top - 12, right - left + _LABEL_WIDTH + 24, bottom - top + 24)
    # the handle that turns may point anywhere
    return area.adjusted(-TURN_REACH, -TURN_REACH, TURN_REACH, TURN_REACH) if turnable else area


def _paint_rectangle(
    painter: QPainter,
    view: View,
    level: Level,
    rectangle: Box,
    *,
    alpha: int = 255,
    dashed: bool = False,
    name: str = "",
) -> None:
    if not _in_sight(painter, marked_area(view, rectangle)):
        return
    colour = QColor(LEVEL_COLOURS[level])
    colour.setAlpha(alpha)
    paint_box(painter, view, rectangle, colour, dashed=dashed)
    left, top, _, bottom = view.around(rectangle)
    words, middle = name or level.value, (top + bottom) / 2
    _paint_words(painter, words, left - _LABEL_GAP, middle, colour, align="right", bold=True)


def _paint_crosshair(painter: QPainter, view: View, stored: tuple[float, float]) -> None:
    x, y = view.to_screen(*view.orientation.to_shown(stored[0] + 0.5, stored[1] + 0.5))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    painter.setPen(QPen(QColor(255, 255, 255, 110), 1))
    painter.drawLine(QPointF(x, 0), QPointF(x, view.size[1]))
    painter.drawLine(QPointF(0, y), QPointF(view.size[0], y))


def _paint_words(painter: QPainter, words: str, x: float, y: float, colour: QColor = _WORDS, *,
                 align: str = "left", bold: bool = False, plate: bool = False) -> None:  # fmt: skip
    """Words with a dark halo, so that they are read on any picture; y is their middle.

    A plate below them helps where the picture is noise.
    """
    ratio = painter.deviceTransform().m11()
    stamp = _stamp(words, painter.font().toString(), bold, colour.rgba(), plate, ratio)
    size = stamp.deviceIndependentSize()
    width = size.width() - 2 * _PAD
    left = {"left": x, "right": x - width, "centre": x - width / 2}[align]
    # whole points, or the ready letters would be blurred
    area = QRectF(round(left - _PAD), round(y - size.height() / 2), size.width(), size.height())
    if _in_sight(painter, area):
        painter.drawImage(area.topLeft(), stamp)


@lru_cache(maxsize=512)
def _stamp(words: str, font_name: str, bold: bool, rgba: int, plate: bool, ratio: float) -> QImage:
    """Words ready to be copied: stroking the outlines of letters is the slowest thing Qt does here."""
    font = QFont()
    font.fromString(font_name)
    font.setWeight(QFont.Weight.DemiBold if bold else QFont.Weight.Normal)
    metrics = QFontMetricsF(font)
    width, height = metrics.horizontalAdvance(words) + 2 * _PAD, metrics.height() + 2 * _PAD
    image = QImage(ceil(width * ratio), ceil(height * ratio), QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    if plate:
        painter.fillRect(QRectF(1, _PAD, width - 2, metrics.height()), _PLATE)
    path = QPainterPath()
    path.addText(QPointF(_PAD, _PAD + metrics.ascent()), font, words)
    colour = QColor.fromRgba(rgba)
    halo = QColor(HALO)
    halo.setAlpha(min(colour.alpha(), halo.alpha()))
    painter.strokePath(path, QPen(halo, 3, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap,
                                  Qt.PenJoinStyle.RoundJoin))  # fmt: skip
    painter.fillPath(path, colour)
    painter.end()
    return image


def _in_sight(painter: QPainter, area: QRectF) -> bool:
    """Whether any of an area would be seen."""
    return not painter.hasClipping() or painter.clipBoundingRect().intersects(area)


def paint_frame(painter: QPainter, view: View, caption: Caption, window: tuple[float, float],
                colour_map: str) -> None:  # fmt: skip
    """Draw orientation letters, colour bar (where the colours mean something), scale bar and captions."""
    width, height = view.size
    left, right, top, bottom = view.orientation.letters
    bar_room = _BAR_WIDTH + _MARGIN if caption.bar else 0
    # off the middle, where the colour bar has a number of its own
    beside = height * 0.44
    _paint_words(painter, left, _MARGIN, beside, bold=True, plate=True)
    _paint_words(painter, right, width - bar_room - _MARGIN, beside, align="right", bold=True, plate=True)
    _paint_words(painter, top, (width - bar_room) / 2, _MARGIN + 4, align="centre", bold=True, plate=True)
    _paint_words(
        painter, bottom, (width - bar_room) / 2, height - 3 * _MARGIN, align="centre", bold=True, plate=True
    )
    if caption.bar:
        _paint_colour_bar(painter, view, caption.unit, window, colour_map)
    if caption.note:
        # a line below the letter at the top
        _paint_words(painter, caption.note, _MARGIN, 3 * _MARGIN, plate=True)
    line = height - _MARGIN - 4
    _paint_words(painter, caption.slice_text, _MARGIN, line)
    behind = _MARGIN + QFontMetricsF(painter.font()).horizontalAdvance(caption.slice_text) + _MARGIN
    _paint_scale(painter, view, max(width * 0.22, behind), line)


def _paint_colour_bar(painter: QPainter, view: View, unit: str, window: tuple[float, float],
                      colour_map: str) -> None:  # fmt: skip
    width, height = view.size
    top, bottom = height * 0.14, height * 0.86
    left = width - _MARGIN - _BAR_WIDTH
    bar = QRectF(left, top, _BAR_WIDTH, bottom - top)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
    painter.drawImage(bar, _bar_picture(colour_map))
    painter.setPen(QPen(QColor(120, 128, 136), 1))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRect(bar)
    low, high = window
    for share, words in ((0.0, f"{high:.0f}"), (0.5, f"{(low + high) / 2:.0f}"), (1.0, f"{low:.0f}")):
        _paint_words(painter, words, left - 5, top + share * (bottom - top), align="right", plate=True)
    # above the number of the upper end, which is as high as the bar begins
    _paint_words(painter, unit, left + _BAR_WIDTH, top - 17, align="right", plate=True)


@lru_cache
def _bar_picture(colour_map: str) -> QImage:
    """All colours of a map, the highest value on top, one point wide."""
    column = np.ascontiguousarray(colours.table(colour_map)[::-1])
    return QImage(column.data, 1, column.size, 4, QImage.Format.Format_RGB32).copy()


def _paint_scale(painter: QPainter, view: View, left: float, y: float) -> None:
    scale = view.scale
    room = view.size[0] * 0.2
    length = max((mm for mm in _SCALE_MM if mm * scale <= room), default=_SCALE_MM[0])
    for pen in (QPen(HALO, 4), QPen(_WORDS, 1.5)):
        painter.setPen(pen)
        painter.drawLine(QPointF(left, y), QPointF(left + length * scale, y))
    _paint_words(painter, f"{length} mm", left + length * scale + 6, y)
