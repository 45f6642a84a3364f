"""How a figure is to be printed: format, resolution, width, colours, and how it will look."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.ui.pages.statistics_bar import ChoiceBox
from app.ui.plots.export import Drawing, figure_image
from app.ui.plots.picture import DPIS, WIDTHS_MM, Format, Picture
from app.ui.present import text
from app.ui.scale import scaled
from app.ui.widgets import button, words

_PREVIEW_DPI = 110
_PREVIEW = (520, 360)


class FigureDialog(QDialog):
    """Four lists, a preview, and the button that asks where.

    Parameters
    ----------
    figure : Figure or FlowChart
        What is printed.
    picture : Picture
        What was chosen last.

    Signals
    -------
    chosen : Picture
        How it is to be printed; the dialog is closed by then.
    """

    chosen = Signal(object)

    def __init__(self, figure: Drawing, picture: Picture, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(text("figure.title"))
        self._drawn = figure
        self.format, self.dpi = _box("figure.format", list(Format)), _box("figure.dpi", DPIS)
        self.width_mm, self.colours = (
            _box("figure.width", WIDTHS_MM),
            _box("figure.colours", ("colour", "grey")),
        )
        self.preview, self.told = QLabel(), words(role="quiet")
        self.preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.preview.setFixedSize(*(scaled(size) for size in _PREVIEW))
        self.cancel = button("app.cancel", tip=text("figure.cancel_tip"))
        self.go = button("figure.go", role="primary", tip=text("figure.go_tip"))
        self._lay_out()
        self._show(picture)
        for box in self._boxes.values():
            box.currentIndexChanged.connect(self._refresh)
        self.cancel.clicked.connect(self.reject)
        self.go.clicked.connect(self._choose)
        self._refresh()

    @property
    def _boxes(self) -> dict[str, ChoiceBox]:
        return {
            "figure.format": self.format,
            "figure.dpi": self.dpi,
            "figure.width": self.width_mm,
            "figure.colours": self.colours,
        }

    @property
    def picture(self) -> Picture:
        """What is chosen."""
        return Picture(
            Format(self.format.currentData()),
            int(self.dpi.currentData()),
            int(self.width_mm.currentData()),
            grey=self.colours.currentData() == "grey",
        )

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(14)
        for row, (code, box) in enumerate(self._boxes.items()):
            name = words(text(code), "quiet")
            name.setBuddy(box)
            grid.addWidget(name, row, 0)
            grid.addWidget(box, row, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.told, 1)
        buttons.addWidget(self.cancel)
        buttons.addWidget(self.go)
        self.cancel.setAutoDefault(False)
        self.go.setDefault(True)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 16)
        column.setSpacing(12)
        column.addLayout(grid)
        column.addWidget(self.preview)
        column.addLayout(buttons)

    def _show(self, picture: Picture) -> None:
        chosen = (picture.format, picture.dpi, picture.width_mm, "grey" if picture.grey else "colour")
        for box, key in zip(self._boxes.values(), chosen, strict=True):
            box.setCurrentIndex(box.findData(str(key)))

    def _refresh(self) -> None:
        picture = self.picture
        # lines and letters have no dots
        self.dpi.setEnabled(picture.format is Format.PNG)
        image = figure_image(self._drawn, replace(picture, dpi=_PREVIEW_DPI))
        height = round(picture.width_mm * image.height() / image.width())
        self.told.setText(text("figure.size", width=picture.width_mm, height=height))
        image.setDevicePixelRatio(1.0)
        ratio = self.devicePixelRatioF()
        room = self.preview.size() * ratio
        shown = QPixmap.fromImage(image).scaled(
            room, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        shown.setDevicePixelRatio(ratio)
        self.preview.setPixmap(shown)

    def _choose(self) -> None:
        picture = self.picture
        self.accept()
        self.chosen.emit(picture)


def _box(code: str, keys: list[Format] | tuple[object, ...]) -> ChoiceBox:
    box = ChoiceBox(code)
    for key in keys:
        box.addItem(text(f"{code}.{key}"), str(key))
    return box
