"""Which patients the statistics leave out by sex and age."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QFrame, QLineEdit, QPushButton, QWidget

from app.services.selection import Selection
from app.ui.sentences import label
from app.ui.widgets import button, named

_SEXES = ("", "F", "M")


class FilterButton(QPushButton):
    """Opens the filters, and says when there are any.

    Signals
    -------
    changed
        Other filters were chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(label("stats.filter.none"), parent)
        self.setToolTip(label("stats.filter_tip"))
        self._sex, self._youngest, self._oldest = QComboBox(), _year("youngest"), _year("oldest")
        self._sex.setAccessibleName(label("stats.filter.sex"))
        for sex in _SEXES:
            self._sex.addItem(label(f"stats.filter.sex_{sex or 'all'}"), sex)
        self._everybody = button("stats.filter.everybody")
        self._panel = self._make_panel()
        self.clicked.connect(self._open)
        self._everybody.clicked.connect(self._clear)
        self._sex.activated.connect(self.changed)
        for line in (self._youngest, self._oldest):
            line.editingFinished.connect(self.changed)

    def _make_panel(self) -> QFrame:
        panel = QFrame(self, Qt.WindowType.Popup)
        named(panel, "card")
        form = QFormLayout(panel)
        form.addRow(label("stats.filter.sex"), self._sex)
        form.addRow(label("stats.filter.youngest"), self._youngest)
        form.addRow(label("stats.filter.oldest"), self._oldest)
        form.addRow(self._everybody)
        return panel

    def _open(self) -> None:
        self._panel.move(self.mapToGlobal(QPoint(0, self.height())))
        self._panel.show()
        self._sex.setFocus()

    def _clear(self) -> None:
        self.show_selection(Selection())
        self.changed.emit()

    @property
    def sex(self) -> str:
        """``F``, ``M`` or empty."""
        return str(self._sex.currentData())

    @property
    def age(self) -> tuple[float | None, float | None]:
        """Youngest and oldest."""
        return _read(self._youngest), _read(self._oldest)

    def show_selection(self, selection: Selection) -> None:
        """Show what is chosen."""
        self._sex.setCurrentIndex(_SEXES.index(selection.sex))
        for line, years in zip((self._youngest, self._oldest), selection.age, strict=True):
            line.setText("" if years is None else f"{years:g}")
        self.setText(
            label("stats.filter.some" if replace(selection, field="").filtered else "stats.filter.none")
        )


def _year(name: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(label(f"stats.filter.{name}"))
    line.setPlaceholderText(label("stats.filter.no_limit"))
    line.setMaxLength(5)
    return line


def _read(line: QLineEdit) -> float | None:
    """Years as typed; what is no number limits nothing."""
    try:
        years = float(line.text().replace(",", "."))
    except ValueError:
        return None
    return years if 0.0 <= years < 200.0 else None  # noqa: PLR2004 - nobody is older
