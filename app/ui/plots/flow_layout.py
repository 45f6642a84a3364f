"""Where the boxes and arrows of a flow stand: pure arithmetic on the heights its words need."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF

from app.ui.plots.flow_spec import Box, FlowChart

Measure = Callable[[Box, float], float]
"""Height a box needs at a width."""

_COLUMN, _ASIDE = 0.44, 0.48
_GAP, _BETWEEN = 22.0, 12.0
# how far an arrow stays from the corner of the box it points to
_CORNER = 10.0


@dataclass(frozen=True, slots=True)
class Placed:
    """A chart in its place.

    Attributes
    ----------
    boxes : tuple of (Box, QRectF)
        Every box and its frame.
    arrows : tuple of QLineF
        With a head at the end.
    lines : tuple of QLineF
        Without one.
    height : float
        Of the whole.
    """

    boxes: tuple[tuple[Box, QRectF], ...]
    arrows: tuple[QLineF, ...]
    lines: tuple[QLineF, ...]
    height: float


class _Layout:
    def __init__(self, chart: FlowChart, width: float, measure: Measure) -> None:
        self._chart, self._width, self._measure = chart, width, measure
        self.boxes: list[tuple[Box, QRectF]] = []
        self.arrows: list[QLineF] = []
        self.lines: list[QLineF] = []
        # without anybody aside the column stands in the middle
        alone = all(step.aside is None for step in chart.steps)
        self._left = width * (1.0 - _COLUMN) / 2.0 if alone else 0.0
        self._middle = self._left + width * _COLUMN / 2.0

    def place(self) -> Placed:
        bottom = self._place_steps()
        if self._chart.ends:
            bottom = self._place_ends(bottom)
        lowest = max([bottom, *(frame.bottom() for _, frame in self.boxes)])
        return Placed(tuple(self.boxes), tuple(self.arrows), tuple(self.lines), lowest)

    def _place_steps(self) -> float:
        top = bottom = aside_bottom = 0.0
        for number, step in enumerate(self._chart.steps):
            if number:
                self.arrows.append(QLineF(self._middle, bottom, self._middle, top))
            frame = QRectF(self._left, top, self._width * _COLUMN, 0.0)
            frame.setHeight(self._measure(step.box, frame.width()))
            self.boxes.append((step.box, frame))
            bottom = frame.bottom()
            top = bottom + _GAP
            if step.aside is not None:
                branch, aside_bottom = self._place_aside(step.aside, bottom, aside_bottom)
                top = max(top, branch + _GAP / 2.0)
        return bottom if not self._chart.ends else top - _GAP

    def _place_aside(self, box: Box, bottom: float, free: float) -> tuple[float, float]:
        """Put a box beside the arrow below ``bottom``; gives the height of its arrow, and its lower edge."""
        width = self._width * _ASIDE
        height = self._measure(box, width)
        wanted = bottom + _GAP / 2.0
        above = max(wanted - height / 2.0, free + _BETWEEN if free else 0.0)
        branch = max(wanted, above + _CORNER)
        frame = QRectF(self._width - width, above, width, height)
        self.boxes.append((box, frame))
        self.arrows.append(QLineF(self._middle, branch, frame.left(), branch))
        return branch, frame.bottom()

    def _place_ends(self, bottom: float) -> float:
        ends = self._chart.ends
        # nobody who stands aside reaches into the last row
        top = max([bottom + 2.0 * _GAP, *(frame.bottom() + _GAP for _, frame in self.boxes)])
        width = (self._width - _BETWEEN * (len(ends) - 1)) / len(ends)
        frames = [
            QRectF(place * (width + _BETWEEN), top, width, self._measure(box, width))
            for place, box in enumerate(ends)
        ]
        last = next(frame.bottom() for box, frame in reversed(self.boxes) if box is self._chart.steps[-1].box)
        fork = top - _GAP / 2.0
        centres = [frame.center().x() for frame in frames]
        self.lines.append(QLineF(self._middle, last, self._middle, fork))
        reach = [self._middle, *centres]
        self.lines.append(QLineF(min(reach), fork, max(reach), fork))
        self.arrows += [QLineF(QPointF(x, fork), QPointF(x, top)) for x in centres]
        self.boxes += list(zip(ends, frames, strict=True))
        return max(frame.bottom() for frame in frames)


def place_flow(chart: FlowChart, width: float, measure: Measure) -> Placed:
    """Place a chart within a width.

    Parameters
    ----------
    chart : FlowChart
        What is drawn.
    width : float
        Room from left to right, dots.
    measure : callable
        Height a box needs at a width.
    """
    return _Layout(chart, width, measure).place()
