"""Both maps of a case with rectangles and values as one picture for print: no identity, no case code."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter

from app.domain.errors import InputError
from app.domain.grid import Orientation
from app.domain.maps import DISPLAY_RANGE, ParametricMap
from app.domain.protocol import LEVELS
from app.services.read_exam import Case
from app.ui import present, sentences
from app.ui.canvas import painting
from app.ui.canvas.scene import Caption, Marks
from app.ui.canvas.view import Camera, View, shown_spacing

DPI = 300
# two journal columns; one map takes half of it
_WIDTH_MM = 180.0
_MM_PER_INCH = 25.4
# everything is laid out in points of the screen and drawn larger
_POINTS = 1000
_TITLE = 30
_LINE = 22


def figure_size(case: Case, orientation: Orientation) -> tuple[int, int]:
    """Layout ``(width, height)`` in points: maps, titles above and values below."""
    spacing = shown_spacing(case.exam.grid, orientation)
    rows, cols = orientation.shown_shape
    maps = len(case.exam.measured)
    each = _POINTS / 2
    height = min(max(each * rows * spacing[0] / (cols * spacing[1]), each * 0.6), each * 1.6)
    return round(each * maps), round(_TITLE + height + _LINE * (len(LEVELS) + 1) + 16)


def draw_figure(case: Case, orientation: Orientation, slice_index: int) -> QImage:
    """Draw the figure at 300 dpi."""
    width, height = figure_size(case, orientation)
    scale = _WIDTH_MM / _MM_PER_INCH * DPI / _POINTS
    image = QImage(round(width * scale), round(height * scale), QImage.Format.Format_RGB32)
    image.setDotsPerMeterX(round(DPI / _MM_PER_INCH * 1000))
    image.setDotsPerMeterY(image.dotsPerMeterX())
    image.fill(QColor("white"))
    painter = QPainter(image)
    painter.scale(scale, scale)
    font = QFont(painter.font())
    font.setPixelSize(15)
    painter.setFont(font)
    for place, found in enumerate(case.exam.measured):
        painter.save()
        painter.translate(place * _POINTS / 2, 0)
        _draw_map(painter, case, orientation, slice_index, found, height)
        painter.restore()
    painter.end()
    return image


def _draw_map(painter: QPainter, case: Case, orientation: Orientation, slice_index: int,
              found: ParametricMap, height: float) -> None:  # fmt: skip
    each = _POINTS / 2
    below = _LINE * (len(LEVELS) + 1) + 16
    picture_height = height - _TITLE - below
    window = DISPLAY_RANGE[found.quantity]
    painter.setPen(QColor("black"))
    title = present.map_heading(found, case.protocol.r2star_unit)
    painter.drawText(QRectF(8, 0, each - 16, _TITLE), Qt.AlignmentFlag.AlignVCenter, title)
    painter.save()
    painter.translate(4, _TITLE)
    size = (each - 8, picture_height)
    painter.setClipRect(QRectF(0, 0, *size))
    painter.fillRect(QRectF(0, 0, *size), QColor("black"))
    view = View(orientation, shown_spacing(found.grid, orientation), size, Camera())
    painting.paint_picture(painter, view, painting.picture(found, view, slice_index, window, "grey"))
    drawn = case.reading.history.rectangles
    rectangles = {level: box for level, box in drawn.items() if box.slice == slice_index}
    pooled = {level: box for level, box in drawn.items() if slice_index in box.beside}
    painting.paint_marks(painter, view, Marks(rectangles, {}, editable=False, pooled=pooled))
    slices = found.grid.shape[0]
    unit = present.quantity_unit(found.quantity, case.protocol.r2star_unit)
    caption = Caption(present.slice_text(slice_index, slices), unit)
    painting.paint_frame(painter, view, caption, window, "grey")
    painter.restore()
    _draw_values(painter, case, found, _TITLE + picture_height + 8)


def _draw_values(painter: QPainter, case: Case, found: ParametricMap, top: float) -> None:
    each = _POINTS / 2
    painter.setPen(QColor("black"))
    for line, level in enumerate(LEVELS):
        revision = case.reading.history.current.get(level)
        # a picture must not tell what the panel keeps to itself
        stats = revision.stats.get(found.quantity) if revision and case.numbers_shown else None
        words = present.figure_line(level, found.quantity, stats, case.protocol.r2star_unit)
        place = QRectF(8, top + line * _LINE, each - 16, _LINE)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, words)
    painter.setPen(QColor("#555555"))
    place = QRectF(8, top + len(LEVELS) * _LINE, each - 16, _LINE)
    painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, sentences.RESEARCH_USE)


def save_figure(case: Case, orientation: Orientation, slice_index: int, path: Path) -> None:
    """Write the figure as PNG at 300 dpi.

    Raises
    ------
    InputError
        ``picture.cannot_write``.
    """
    if not draw_figure(case, orientation, slice_index).save(str(path), "PNG"):  # type: ignore[call-overload]
        raise InputError("picture.cannot_write", file=path.name)
