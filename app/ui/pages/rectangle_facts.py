"""The selected rectangle: size, area, medians, and how its values are spread on both maps."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.domain.exam import Exam
from app.domain.maps import DISPLAY_RANGE, MEASURED, Quantity
from app.domain.measure import RoiStats, histogram
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui import present
from app.ui.pages.histogram import MOST_BINS, Histogram
from app.ui.present import levels as present_levels
from app.ui.theme import LEVEL_COLOURS, Theme
from app.ui.widgets import LiveText, words

Stats = Mapping[Quantity, RoiStats]


class RectangleLines(QWidget):
    """Size, area and medians in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = [(words(role="quiet"), LiveText()) for _ in range(3)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(2)
        for row, (name, value) in enumerate(self.lines):
            grid.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(1, 1)

    def show_rectangle(
        self,
        level: Level | None,
        rectangle: Rectangle | None,
        stats: Stats,
        *,
        hidden: bool,
        r2star_unit: str = present.PER_SECOND,
    ) -> None:
        """Show another rectangle, or none."""
        told = present_levels.rectangle_lines(level, rectangle, stats, hidden=hidden, r2star_unit=r2star_unit)
        for (name, value), (title, shown) in zip(self.lines, told, strict=True):
            name.setText(title)
            value.setText(shown)


class Histograms(QWidget):
    """Values of the rectangle on both maps, one below the other."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.views = {quantity: Histogram() for quantity in MEASURED}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for view in self.views.values():
            column.addWidget(view)
        # more room than they can use is left below both
        column.addStretch()

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        for view in self.views.values():
            view.show_theme(theme)

    def show_rectangle(
        self,
        exam: Exam | None,
        level: Level | None,
        rectangle: Rectangle | None,
        stats: Stats,
        *,
        r2star_unit: str = present.PER_SECOND,
    ) -> None:
        """Show the values of another rectangle; without an exam none, and nothing about them."""
        ranges = present_levels.extremes(stats, r2star_unit) if exam is not None else {}
        for quantity, view in self.views.items():
            view.setToolTip(ranges.get(quantity, ""))
            if exam is None or level is None or rectangle is None or quantity not in exam.maps:
                view.show_counts(None)
            elif quantity in stats:
                _show(view, exam, level, rectangle, stats[quantity], quantity, r2star_unit)
            else:
                view.show_counts(None)


def _show(
    view: Histogram,
    exam: Exam,
    level: Level,
    rectangle: Rectangle,
    stats: RoiStats,
    quantity: Quantity,
    r2star_unit: str,
) -> None:
    found = exam.maps[quantity]
    span = present.histogram_span(stats, DISPLAY_RANGE[quantity])
    bins = present.histogram_bins(span, present.value_step(found), MOST_BINS)
    view.show_counts(
        # on the map's own voxels, as the numbers beside it
        histogram(found, exam.on_map(quantity, rectangle), span, bins),
        present.text("read.histogram", level=level.value, quantity=present.quantity_title(quantity)),
        present.span_text(quantity, span, r2star_unit),
        LEVEL_COLOURS[level],
    )
