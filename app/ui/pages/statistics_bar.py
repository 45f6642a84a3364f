"""What the statistics are about: map, levels, and how many patients."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from app.domain.maps import MEASURED, Quantity
from app.ui import sentences
from app.ui.pages.statistics_content import Report
from app.ui.widgets import words


class SelectionBar(QWidget):
    """Map, levels and n.

    Signals
    -------
    map_changed
        Another map was chosen.
    levels_changed
        Other levels were chosen: the analysis has to be made anew.
    """

    map_changed = Signal()
    levels_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._map = ChoiceBox("stats.map")
        self._levels = ChoiceBox("stats.levels")
        for quantity in MEASURED:
            self._map.addItem(sentences.label(f"stats.map_choice.{quantity.value}"), quantity.value)
        self._counted, self._excluded = words(role="section"), words(role="quiet")
        self._excluded.setToolTip(sentences.label("stats.excluded_tip"))
        self._said = words(role="quiet")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for code, box in (("stats.map", self._map), ("stats.levels", self._levels)):
            name = words(sentences.label(code), "quiet")
            name.setBuddy(box)
            layout.addWidget(name)
            layout.addWidget(box)
            layout.addSpacing(8)
        layout.addWidget(self._counted)
        layout.addWidget(self._excluded)
        layout.addStretch(1)
        layout.addWidget(self._said)
        self._map.activated.connect(self.map_changed)
        self._levels.activated.connect(self.levels_changed)

    @property
    def quantity(self) -> Quantity:
        """The chosen map."""
        return Quantity(self._map.currentData())

    @property
    def levels(self) -> str | None:
        """The chosen levels; None where the protocol decides."""
        chosen = self._levels.currentData()
        return None if chosen is None else str(chosen)

    def show_report(self, report: Report) -> None:
        """Show what can be chosen, what is chosen, and the numbers of patients."""
        self._levels.clear()
        for choice in report.choices:
            self._levels.addItem(choice.text, choice.key)
        self._levels.setCurrentIndex(self._levels.findData(report.levels))
        self._counted.setText(report.counted)
        self._excluded.setText(report.excluded)
        self.say("")

    def clear(self) -> None:
        """Forget the choices of a session."""
        self._levels.clear()
        self._counted.clear()
        self._excluded.clear()
        self.say("")

    def offer_map(self, *, offered: bool) -> None:
        """Let the map be chosen, where only one is shown."""
        self._map.setEnabled(offered)

    def say(self, text: str) -> None:
        """Say something quietly at the right."""
        self._said.setText(text)


class ChoiceBox(QComboBox):
    """A list that says with a quiet mark that it opens; a styled one of Qt's own has a frame around it."""

    def __init__(self, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(sentences.label(code))
        self.setToolTip(sentences.label(f"{code}_tip"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.setStyleSheet(
            "QComboBox::drop-down { border: none; width: 20px; }"
            "QComboBox:disabled { color: palette(placeholder-text); }"
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the mark."""
        super().paintEvent(event)
        right, middle = self.width() - 13.0, self.height() / 2.0
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.palette().placeholderText().color(), 1.5))
        corners = ((right - 3.5, middle - 1.5), (right, middle + 2.0), (right + 3.5, middle - 1.5))
        painter.drawPolyline(QPolygonF([QPointF(*corner) for corner in corners]))
        painter.end()
