"""A figure as a picture for print: light, at 300 dots per inch, always of the same size."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray, QPoint, Qt
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter, QPainter, QRegion
from PySide6.QtWidgets import QWidget

from app.domain.errors import InputError
from app.ui.plots.spec import Figure
from app.ui.plots.view import FigureView
from app.ui.theme import LIGHT

DPI = 300
WIDTH_MM, HEIGHT_MM = 174.0, 116.0
"""Two columns of a journal page."""

_MM_PER_INCH = 25.4
_MM_PER_METRE = 1000.0
_PADDING = 12


def figure_image(figure: Figure) -> QImage:
    """Paint a figure at 300 dpi on white, whatever the window looks like.

    Returns
    -------
    QImage
        2055 x 1370 pixels, which says its own resolution.
    """
    scale = DPI / QGuiApplication.primaryScreen().logicalDotsPerInch()
    view = FigureView(LIGHT, stroke=scale)
    try:
        return _paint(view, figure, scale)
    finally:
        view.deleteLater()


def _paint(view: FigureView, figure: Figure, scale: float) -> QImage:
    width, height = (round(size / _MM_PER_INCH * DPI) for size in (WIDTH_MM, HEIGHT_MM))
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.setDotsPerMeterX(round(DPI / _MM_PER_INCH * _MM_PER_METRE))
    image.setDotsPerMeterY(round(DPI / _MM_PER_INCH * _MM_PER_METRE))
    image.fill(Qt.GlobalColor.white)
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.resize(round(width / scale) - 2 * _PADDING, round(height / scale) - 2 * _PADDING)
    view.show_figure(figure)
    view.show()
    # the legend takes its lines only when it knows its width
    view.lay_out()
    painter = QPainter(image)
    view.render(painter, QPoint(_PADDING, _PADDING), QRegion(), QWidget.RenderFlag.DrawChildren)
    painter.end()
    view.close()
    return image


def save_figure(figure: Figure, path: Path) -> None:
    """Write a figure as PNG.

    Raises
    ------
    InputError
        ``picture.cannot_write`` when the file cannot be written.
    """
    # the format is named, so that the name of the file need not
    if not QImageWriter(str(path), QByteArray(b"png")).write(figure_image(figure)):
        raise InputError("picture.cannot_write", file=path.name)
