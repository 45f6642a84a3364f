"""Outlines and handles of rectangles, upright or turned.

A turned outline has to be smoothed, which takes thirty times as long: it is drawn once and copied while the
rectangle only moves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from math import ceil, hypot

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from app.ui.canvas.hits import HANDLE, TURN_REACH, handles, turn_handle
from app.ui.canvas.view import Box, View

# dark enough that a label in the colour of its level is read on a white picture
HALO = QColor(0, 0, 0, 190)
_STALK = QColor("#e8ecef")
_OUTLINE = 1.5
# length of a dash and of the room behind it
_DASH = (7.0, 3.5)
# room around a stamp for the handle that turns and for halos
_ROOM = TURN_REACH + HANDLE

_Draw = Callable[[QPainter, QRectF], None]
_Size = tuple[float, float]


def paint_box(painter: QPainter, view: View, box: Box, colour: QColor, *, dashed: bool) -> None:
    """Draw the outline of a rectangle with its halo."""
    if box.angle_deg:
        size, turn, ratio = _lie(painter, view, box)
        _put(painter, view, box, _turned_box(size, turn, ratio, colour.rgba(), dashed))
    else:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        _draw_box(painter, _area(view, box), colour, dashed=dashed)


def paint_handles(painter: QPainter, view: View, box: Box, *, turnable: bool) -> None:
    """Draw what a rectangle can be taken by."""
    if box.angle_deg:
        size, turn, ratio = _lie(painter, view, box)
        _put(painter, view, box, _turned_handles(size, turn, ratio, turnable))
    else:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        _draw_handles(painter, _area(view, box), turnable=turnable)


def _area(view: View, box: Box) -> QRectF:
    left, top, right, bottom = view.box(box)
    return QRectF(left, top, right - left, bottom - top)


# -- turned -----------------------------------------------------------------------------------------------


def _lie(painter: QPainter, view: View, box: Box) -> tuple[_Size, float, float]:
    """Size on the screen, turn clockwise, and device pixels a point: what a stamp depends on."""
    area = _area(view, box)
    # the last digits differ from place to place
    size = (round(area.width(), 2), round(area.height(), 2))
    return size, view.orientation.clockwise(box.angle_deg), painter.deviceTransform().m11()


def _put(painter: QPainter, view: View, box: Box, stamp: QImage) -> None:
    """Copy a stamp to the middle of a rectangle, on whole pixels, or it would be blurred."""
    middle, size, ratio = _area(view, box).center(), stamp.deviceIndependentSize(), stamp.devicePixelRatio()
    left, top = middle.x() - size.width() / 2, middle.y() - size.height() / 2
    painter.drawImage(QPointF(round(left * ratio) / ratio, round(top * ratio) / ratio), stamp)


@lru_cache(maxsize=64)
def _turned_box(size: _Size, turn: float, ratio: float, rgba: int, dashed: bool) -> QImage:
    colour = QColor.fromRgba(rgba)
    return _stamp(size, turn, ratio, lambda painter, area: _draw_box(painter, area, colour, dashed=dashed))


@lru_cache(maxsize=16)
def _turned_handles(size: _Size, turn: float, ratio: float, turnable: bool) -> QImage:
    return _stamp(size, turn, ratio, lambda painter, area: _draw_handles(painter, area, turnable=turnable))


def _stamp(size: _Size, turn: float, ratio: float, draw: _Draw) -> QImage:
    """Draw something upright about the middle of an empty picture, turned."""
    pixels = ceil((hypot(*size) + 2 * _ROOM) * ratio)
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.setDevicePixelRatio(ratio)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(pixels / ratio / 2, pixels / ratio / 2)
    painter.rotate(turn)
    draw(painter, QRectF(-size[0] / 2, -size[1] / 2, *size))
    painter.end()
    return image


# -- upright ----------------------------------------------------------------------------------------------


def _draw_box(painter: QPainter, area: QRectF, colour: QColor, *, dashed: bool) -> None:
    halo = QColor(HALO)
    halo.setAlpha(min(colour.alpha(), halo.alpha()))
    _draw_outline(painter, area, _OUTLINE + 2, halo)
    if dashed:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        painter.drawRects(_dashes(area.left(), area.top(), area.right(), area.bottom()))
    else:
        _draw_outline(painter, area, _OUTLINE, colour)


def _draw_outline(painter: QPainter, box: QRectF, width: float, colour: QColor) -> None:
    """Draw the four sides as filled bars: a wide pen is stroked as a path, which takes far longer."""
    left, top, right, bottom = box.left(), box.top(), box.right(), box.bottom()
    half = width / 2
    for side in (
        QRectF(left - half, top - half, right - left + width, width),
        QRectF(left - half, bottom - half, right - left + width, width),
        QRectF(left - half, top + half, width, bottom - top - width),
        QRectF(right - half, top + half, width, bottom - top - width),
    ):
        painter.fillRect(side, colour)


@lru_cache(maxsize=64)
def _dashes(left: float, top: float, right: float, bottom: float) -> list[QRectF]:
    """Dashes along the four sides as small bars: a dashed pen takes ten times as long.

    They are kept, because rectangles of other slices stay where they are while slices change.
    """
    half, (on, off) = _OUTLINE / 2, _DASH
    found = []
    for start in np.arange(left, right, on + off).tolist():
        length = min(on, right - start)
        found += [QRectF(start, side - half, length, _OUTLINE) for side in (top, bottom)]
    for start in np.arange(top, bottom, on + off).tolist():
        length = min(on, bottom - start)
        found += [QRectF(side - half, start, _OUTLINE, length) for side in (left, right)]
    return found


def _draw_handles(painter: QPainter, area: QRectF, *, turnable: bool) -> None:
    box = (area.left(), area.top(), area.right(), area.bottom())
    pen, half = QPen(QColor(0, 0, 0), 1), (HANDLE - 1) / 2
    if turnable:
        # a round one on a stalk: another form, because it does another thing
        smooth = painter.testRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        at = QPointF(*turn_handle(box))
        for stalk in (QPen(HALO, 3), QPen(_STALK, 1)):
            painter.setPen(stalk)
            painter.drawLine(at, QPointF(at.x(), area.top()))
        painter.setPen(pen)
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(at, HANDLE / 2, HANDLE / 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=smooth)
    painter.setPen(pen)
    painter.setBrush(QColor(255, 255, 255))
    for x, y in handles(box).values():
        painter.drawRect(QRectF(x - half, y - half, HANDLE - 1, HANDLE - 1))
