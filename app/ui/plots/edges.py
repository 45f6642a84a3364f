"""Words at the right end of horizontal lines, outside the frame of the plot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtGui import QFont
from PySide6.QtWidgets import QGraphicsTextItem

from app.ui.plots.palette import colour
from app.ui.plots.spec import Axis, EdgeLabel
from app.ui.theme import Theme

_GAP = 6.0


class EdgeLabels:
    """Keeps labels beside their lines when the plot changes its size.

    Parameters
    ----------
    box : pyqtgraph.ViewBox
        The frame the labels stand beside.
    font : QFont
        Font of the labels.
    """

    def __init__(self, box: Any, font: QFont) -> None:
        self._box = box
        self._font = font
        self.axis = Axis("", 0.0, 1.0, ())
        self._labels: list[tuple[float, QGraphicsTextItem]] = []

    @property
    def width(self) -> float:
        """Room the labels need to the right of the frame."""
        widths = [item.boundingRect().width() + _GAP for _, item in self._labels]
        return max(widths, default=0.0)

    def show_labels(self, labels: Sequence[EdgeLabel], axis: Axis, theme: Theme) -> None:
        """Replace the labels."""
        for _, item in self._labels:
            scene = item.scene()
            if scene is not None:
                scene.removeItem(item)
        self.axis = axis
        self._labels = [(label.y, self._make(label, theme)) for label in labels]
        self.place()

    def _make(self, label: EdgeLabel, theme: Theme) -> QGraphicsTextItem:
        # a child of the frame's layout, because a child of the frame would be cut off at its edge
        item = QGraphicsTextItem(self._box.parentItem())
        item.setFont(self._font)
        item.document().setDocumentMargin(0.0)
        item.setDefaultTextColor(colour(label.tone, theme))
        item.setPlainText(label.text)
        return item

    def place(self) -> None:
        """Put every label beside its line, moved apart where they would cover each other."""
        frame = self._box.geometry()
        span = self.axis.high - self.axis.low
        free = float("-inf")
        for value, item in sorted(self._labels, key=_from_the_top):
            height = item.boundingRect().height()
            line = frame.top() + (self.axis.high - value) / span * frame.height()
            top = max(line - height / 2.0, free)
            item.setPos(frame.right() + _GAP, top)
            free = top + height


def _from_the_top(one: tuple[float, QGraphicsTextItem]) -> float:
    return -one[0]
