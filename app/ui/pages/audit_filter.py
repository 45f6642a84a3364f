"""The bar above the record: who, which action, which case, any words, from when to when."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QWidget

from app.ui import present
from app.ui.present.record import RecordFilter
from app.ui.scale import scaled

# somebody who types does not wait for a hundred thousand rows between two letters
_REST_MS = 150
_TEXTS = {"case": 90, "text": 150, "from": 130, "to": 130}


class AuditFilter(QWidget):
    """Says what is looked for.

    Signals
    -------
    changed
        Something else is looked for.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self.changed)
        bar = QHBoxLayout(self)
        bar.setContentsMargins(0, 0, 0, 0)
        self.who = self._choice("audit.filter_who", "audit.anybody", bar)
        self.what = self._choice("audit.filter_what", "audit.anything", bar)
        self.texts = {name: self._text(name, width, bar) for name, width in _TEXTS.items()}
        bar.addStretch(1)

    def _choice(self, name: str, everything: str, bar: QHBoxLayout) -> QComboBox:
        made = QComboBox()
        made.setAccessibleName(present.text(name))
        made.setToolTip(present.text(name))
        made.addItem(present.text(everything), "")
        made.setMinimumWidth(scaled(110))
        made.activated.connect(self.changed)
        bar.addWidget(made)
        return made

    def _text(self, name: str, width: int, bar: QHBoxLayout) -> QLineEdit:
        made = QLineEdit()
        told = present.text(f"audit.filter_{name}")
        made.setPlaceholderText(told)
        made.setAccessibleName(told)
        made.setToolTip(present.text("audit.date_tip", what=told) if name in {"from", "to"} else told)
        made.setClearButtonEnabled(True)
        made.setMaximumWidth(scaled(width))
        made.textEdited.connect(self._rest.start)
        made.textChanged.connect(self._on_emptied)
        bar.addWidget(made)
        return made

    def _on_emptied(self, told: str) -> None:
        """Follow the clear button at once."""
        if not told:
            self._rest.stop()
            self.changed.emit()

    @property
    def wanted(self) -> RecordFilter:
        """What is looked for."""
        told = {name: field.text() for name, field in self.texts.items()}
        return RecordFilter(
            actor=self.who.currentData(),
            action=self.what.currentData(),
            case=told["case"],
            text=told["text"],
            since=told["from"],
            until=told["to"],
        )

    def offer(self, people: Sequence[tuple[str, str]], actions: Sequence[tuple[str, str]]) -> None:
        """Offer whom and what the record names; what is chosen stays chosen."""
        for box, found in ((self.who, people), (self.what, actions)):
            known = [box.itemData(place) for place in range(1, box.count())]
            if known == [value for _, value in found]:
                continue
            chosen = box.currentData()
            while box.count() > 1:
                box.removeItem(1)
            for told, value in found:
                box.addItem(told, value)
            box.setCurrentIndex(max(0, box.findData(chosen)))
