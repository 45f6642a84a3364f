"""A figure as a file for print: PNG, SVG or PDF in the width of a journal's column, always on white.

Letters of a PDF are embedded; those of an SVG are outlines, so that no program needs their font.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMarginsF, QPoint, QRect, QSize, QSizeF, Qt
from PySide6.QtGui import (
    QGuiApplication,
    QImage,
    QImageWriter,
    QPageSize,
    QPaintDevice,
    QPainter,
    QPdfWriter,
)
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import QWidget

from app import __version__
from app.domain.errors import InputError
from app.ui.plots.flow_spec import FlowChart
from app.ui.plots.flow_view import FlowView
from app.ui.plots.outlines import outlined
from app.ui.plots.palette import GREY
from app.ui.plots.picture import Format, Picture
from app.ui.plots.spec import Figure
from app.ui.plots.view import FONT_POINTS, FigureView
from app.ui.theme import LIGHT, Theme

USUAL = Picture()
"""PNG at 300 dpi over two columns."""

_MM_PER_INCH = 25.4
_MM_PER_METRE = 1000.0
_PADDING = 12
_NARROW_PADDING = 4
_PROGRAM = f"MarrowMark {__version__}"

Drawing = Figure | FlowChart


def figure_image(figure: Drawing, picture: Picture = USUAL) -> QImage:
    """Paint a figure as dots, whatever the window looks like.

    Returns
    -------
    QImage
        Of the picture's width at its resolution, which it says itself.
    """
    scale = picture.dpi / _dots()
    page = _Page(figure, picture, scale)
    width, height = (round(one / _MM_PER_INCH * picture.dpi) for one in page.millimetres)
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(scale)
    image.fill(Qt.GlobalColor.white)
    page.paint_on(image)
    # said last: letters are laid out in dots of the screen
    image.setDotsPerMeterX(round(picture.dpi / _MM_PER_INCH * _MM_PER_METRE))
    image.setDotsPerMeterY(round(picture.dpi / _MM_PER_INCH * _MM_PER_METRE))
    return image


def save_figure(figure: Drawing, path: Path, picture: Picture = USUAL, title: str = "") -> None:
    """Write a figure.

    Parameters
    ----------
    figure : Figure or FlowChart
        What is drawn.
    path : Path
        The file; its ending need not be that of the format.
    picture : Picture
        How it is printed.
    title : str
        Kept in an SVG or PDF; never of a patient.

    Raises
    ------
    InputError
        ``picture.cannot_write`` when the file cannot be written.
    """
    drawn = {Format.PNG: _png, Format.SVG: _svg, Format.PDF: _pdf}[picture.format](figure, picture, title)
    try:
        path.write_bytes(drawn.data())
    except OSError as problem:
        raise InputError("picture.cannot_write", file=path.name) from problem


def _png(figure: Drawing, picture: Picture, _title: str) -> QByteArray:
    written = QByteArray()
    with _open(written) as device:
        QImageWriter(device, QByteArray(b"png")).write(figure_image(figure, picture))
    return written


def _svg(figure: Drawing, picture: Picture, title: str) -> QByteArray:
    page, written = _Page(figure, picture), QByteArray()
    # the older of Qt's two dialects knows no clipping, and bands reach beyond their frame
    generator = QSvgGenerator(QSvgGenerator.SvgVersion.Svg11)
    with _open(written) as device:
        generator.setOutputDevice(device)
        generator.setResolution(round(_dots()))
        generator.setSize(page.size)
        generator.setViewBox(QRect(QPoint(0, 0), page.size))
        page.paint_on(generator)
    return QByteArray(outlined(bytes(written.data()), title, page.told, _PROGRAM))


def _pdf(figure: Drawing, picture: Picture, title: str) -> QByteArray:
    page, written = _Page(figure, picture), QByteArray()
    with _open(written) as device:
        writer = QPdfWriter(device)
        writer.setTitle(title)
        writer.setCreator(_PROGRAM)
        # as many dots as the screen has, so letters are as large as they were laid out
        writer.setResolution(round(_dots()))
        writer.setPageSize(QPageSize(QSizeF(*page.millimetres), QPageSize.Unit.Millimeter))
        writer.setPageMargins(QMarginsF(0.0, 0.0, 0.0, 0.0))
        page.paint_on(writer)
    return written


@contextmanager
def _open(written: QByteArray) -> Iterator[QBuffer]:
    buffer = QBuffer(written)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    yield buffer
    buffer.close()


class _Page:
    """A figure laid out for print, in dots of the screen.

    Parameters
    ----------
    figure : Figure or FlowChart
        What is drawn.
    picture : Picture
        How it is printed.
    stroke : float
        Dots of the paper for each dot of the screen.
    """

    def __init__(self, figure: Drawing, picture: Picture, stroke: float = 1.0) -> None:
        self._figure, self._picture = figure, picture
        # everything is laid out as in the window and then made as small as the letters shall be
        self._scale = picture.points / FONT_POINTS
        self._stroke = stroke * self._scale
        self._padding = _NARROW_PADDING if picture.one_column else _PADDING
        self.millimetres = (float(picture.width_mm), self._height_mm())
        self.size = QSize(*(round(one * _dots_per_mm()) for one in self.millimetres))

    def _height_mm(self) -> float:
        if not isinstance(self._figure, FlowChart):
            return self._picture.height_mm(square=self._figure.square)
        inside = self._picture.width_mm * _dots_per_mm() - 2.0 * self._padding
        height = self._flow().height_of(self._figure, inside / self._scale)
        return (height * self._scale + 2.0 * self._padding) / _dots_per_mm()

    @property
    def told(self) -> list[str]:
        """Words that stand in the picture."""
        if isinstance(self._figure, FlowChart):
            return [" ".join((box.title, *box.lines)) for box in self._figure.boxes]
        legend = [entry.label for entry in self._figure.legend]
        return [one for one in (self._figure.x.title, self._figure.y.title, *legend) if one]

    def paint_on(self, device: QPaintDevice) -> None:
        """Paint the whole picture."""
        view = self._view()
        room = (self.size - QSize(2 * self._padding, 2 * self._padding)) / self._scale
        view.resize(room)
        view.show()
        try:
            # the legend takes its lines only when it knows its width
            if isinstance(view, FigureView):
                view.lay_out()
            painter = QPainter(device)
            painter.translate(self._padding, self._padding)
            painter.scale(self._scale, self._scale)
            view.paint(painter)
            painter.end()
        finally:
            view.close()
            view.deleteLater()

    def _view(self) -> FigureView | FlowView:
        if isinstance(self._figure, FlowChart):
            chart = self._flow()
            chart.show_chart(self._figure)
            return chart
        view = FigureView(self._theme, stroke=self._stroke)
        _make_paper(view)
        view.show_figure(self._figure)
        return view

    def _flow(self) -> FlowView:
        view = FlowView(self._theme)
        _make_paper(view)
        return view

    @property
    def _theme(self) -> Theme:
        return GREY if self._picture.grey else LIGHT


def _make_paper(view: QWidget) -> None:
    """Keep a view off the screen, and its letters as they are whatever the window's are."""
    view.setAttribute(Qt.WidgetAttribute.WA_DontShowOnScreen)
    view.setStyleSheet(f"* {{ font-size: {FONT_POINTS}pt; }}")
    view.ensurePolished()


def _dots() -> float:
    return QGuiApplication.primaryScreen().logicalDotsPerInch()


def _dots_per_mm() -> float:
    return _dots() / _MM_PER_INCH
