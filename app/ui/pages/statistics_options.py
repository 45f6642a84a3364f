"""The methods that can be chosen on a tab, in one row above what they change."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.ui.flow import FlowLayout
from app.ui.pages.statistics_bar import ChoiceBox, with_name
from app.ui.tabs.content import Option


class OptionsRow(QWidget):
    """Lists of methods; made anew only when other ones are offered, so that the keyboard stays where it is.

    Signals
    -------
    chosen : str, str
        Name of the option, and what was chosen.
    """

    chosen = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._boxes: dict[str, ChoiceBox] = {}
        self._offered: tuple[tuple[str, tuple[str, ...]], ...] = ()
        self._row = FlowLayout(self)
        self.hide()

    def show_options(self, options: tuple[Option, ...]) -> None:
        """Offer these methods."""
        offered = tuple((one.name, tuple(choice.key for choice in one.choices)) for one in options)
        if offered != self._offered:
            self._offered = offered
            self._make(options)
        for one in options:
            box = self._boxes[one.name]
            box.setCurrentIndex(box.findData(one.chosen))
        self.setVisible(bool(options))

    def _make(self, options: tuple[Option, ...]) -> None:
        while (item := self._row.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        self._boxes = {one.name: self._box(one) for one in options}

    def _box(self, option: Option) -> ChoiceBox:
        box = ChoiceBox("stats.option")
        box.setAccessibleName(option.title)
        box.setToolTip(option.tip)
        for choice in option.choices:
            box.addItem(choice.text, choice.key)
        self._row.addWidget(with_name(box, option.title))
        box.activated.connect(lambda _index: self.chosen.emit(option.name, str(box.currentData())))
        return box
