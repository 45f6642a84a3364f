"""The bar above a map: its title, the unit, and controls. The unit gives way first, then the title."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from app.ui.cut import CutLabel
from app.ui.widgets import named, words

_LEFT, _RIGHT, _EDGE = 12, 8, 5


class MapBar(QWidget):
    """Title and unit at the left, controls at the right.

    Parameters
    ----------
    title : str
        Name of the map.
    unit : str
        Its unit, which also stands at the colour bar.
    """

    def __init__(self, title: str, unit: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "mapbar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.title = CutLabel(title, "section")
        self._unit: QLabel = words(unit, "quiet")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(_LEFT, _EDGE, _RIGHT, _EDGE)
        self._row.addWidget(self.title)
        self._row.addWidget(self._unit)
        self._row.addStretch(1)
        self._parts: list[QWidget] = [self.title, self._unit]

    def set_unit(self, unit: str) -> None:
        """Write another unit."""
        self._unit.setText(unit)

    def add(self, control: QWidget) -> None:
        """Put a control at the right end."""
        self._row.addWidget(control)
        self._parts.append(control)

    def fit(self) -> None:
        """Leave the unit out where it and the whole title have no room."""
        shown = [part for part in self._parts if part is self._unit or not part.isHidden()]
        wanted = sum(part.sizeHint().width() for part in shown) + self._row.spacing() * len(shown)
        self._unit.setVisible(wanted + _LEFT + _RIGHT <= self.width())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit into another width."""
        super().resizeEvent(event)
        self.fit()
