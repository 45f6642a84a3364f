"""What the statistics are about: map, levels, readers, outcome, filters, and how many patients."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from app.domain.clinical import Scheme
from app.domain.maps import MEASURED, Quantity
from app.services.selection import Grouping, LevelMean, Outcome, Selection
from app.ui import sentences
from app.ui.flow import FlowLayout
from app.ui.pages.statistics_filter import FilterButton
from app.ui.tabs.content import Bar, Choice
from app.ui.widgets import words


class SelectionBar(QWidget):
    """Everything a tab follows, and n.

    Signals
    -------
    changed
        Something else was chosen.
    """

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._selection = Selection()
        self._map, self._levels = ChoiceBox("stats.map"), ChoiceBox("stats.levels")
        self._readers, self._round = ChoiceBox("stats.readers"), ChoiceBox("stats.round")
        self._mean, self._scheme = ChoiceBox("stats.mean"), ChoiceBox("stats.scheme")
        self._field = ChoiceBox("stats.field")
        self._outcome, self._grouping = ChoiceBox("stats.outcome_choice"), ChoiceBox("stats.grouping")
        self._offered = (
            self._levels, self._mean, self._readers, self._round, self._scheme, self._outcome, self._grouping,
            self._field,
        )  # fmt: skip
        for quantity in MEASURED:
            self._map.addItem(sentences.label(f"stats.map_choice.{quantity.value}"), quantity.value)
        self._filter = FilterButton()
        self._counted, self._excluded = words(role="section"), words(role="quiet")
        self._excluded.setToolTip(sentences.label("stats.excluded_tip"))
        self._said = words(role="quiet")
        layout = FlowLayout(self)
        self._named = {}
        for box in (self._map, *self._offered):
            self._named[box] = with_name(box, sentences.label(box.code))
            layout.addWidget(self._named[box])
            box.activated.connect(self._read)
        for widget in (self._filter, self._counted, self._excluded, self._said):
            layout.addWidget(widget)
        self._filter.changed.connect(self._read)

    @property
    def selection(self) -> Selection:
        """What is chosen."""
        return self._selection

    @property
    def quantity(self) -> Quantity:
        """The chosen map."""
        return self._selection.quantity

    @property
    def levels(self) -> str | None:
        """The chosen levels; None where the protocol decides."""
        return self._selection.levels

    def choose_option(self, name: str, value: str) -> None:
        """Choose a method of a tab."""
        self._take(self._selection.with_option(name, value))

    def _read(self) -> None:
        usual = Selection()
        self._take(
            replace(
                self._selection,
                quantity=Quantity(self._map.currentData()),
                levels=_chosen(self._levels) or usual.levels,
                readers=_chosen(self._readers) or usual.readers,
                round=int(_chosen(self._round) or usual.round),
                outcome=Outcome(_chosen(self._outcome) or usual.outcome),
                grouping=Grouping(_chosen(self._grouping) or usual.grouping),
                # one level alone offers nothing, and forgets nothing
                mean=LevelMean(self._mean.currentData() or self._selection.mean),
                scheme=Scheme(_chosen(self._scheme) or usual.scheme),
                field=str(self._field.currentData() or usual.field),
                sex=self._filter.sex,
                age=self._filter.age,
            )
        )

    def _take(self, selection: Selection) -> None:
        if selection != self._selection:
            self._selection = selection
            self.changed.emit()

    def show_bar(self, bar: Bar, selection: Selection) -> None:
        """Show what can be chosen, what is chosen, and the numbers of patients."""
        _fill(self._levels, bar.levels, selection.levels)
        _fill(self._readers, bar.readers, selection.readers)
        _fill(self._round, bar.rounds, str(selection.round))
        _fill(self._outcome, bar.outcomes, selection.outcome.value)
        _fill(self._grouping, bar.groupings, selection.grouping.value)
        _fill(self._mean, bar.means, selection.mean.value)
        _fill(self._scheme, bar.schemes, selection.scheme.value)
        _fill(self._field, bar.fields, selection.field)
        for box, both in self._named.items():
            # a list of one is no choice
            both.setVisible(box in {self._map, self._levels} or box.count() > 1)
        self._filter.show_selection(selection)
        self._counted.setText(bar.counted)
        self._excluded.setText(bar.excluded)
        self.say("")

    def clear(self) -> None:
        """Forget the choices of a session; methods stay as they are."""
        self._selection = Selection(options=self._selection.options)
        for box in self._offered:
            box.clear()
        self._map.setCurrentIndex(0)
        self._filter.show_selection(self._selection)
        self._counted.clear()
        self._excluded.clear()
        self.say("")

    def offer_map(self, *, offered: bool) -> None:
        """Let the map be chosen, where only one is shown."""
        self._map.setEnabled(offered)

    def offer_mean(self, *, offered: bool) -> None:
        """Let it be chosen what becomes of incomplete sets, where anything follows it."""
        self._mean.setEnabled(offered)

    def say(self, text: str) -> None:
        """Say something quietly at the right."""
        self._said.setText(text)


def with_name(box: ChoiceBox, name: str) -> QWidget:
    """A list with its name before it; the two stay beside each other."""
    both, told = QWidget(), words(name, "quiet")
    told.setBuddy(box)
    beside = QHBoxLayout(both)
    beside.setContentsMargins(0, 0, 4, 0)
    beside.setSpacing(6)
    beside.addWidget(told)
    beside.addWidget(box)
    return both


def _fill(box: ChoiceBox, choices: tuple[Choice, ...], chosen: str | None) -> None:
    box.clear()
    for choice in choices:
        box.addItem(choice.text, choice.key)
    # the first is what holds where nothing was chosen
    box.setCurrentIndex(max(0, box.findData(chosen)))


def _chosen(box: ChoiceBox) -> str:
    """What is chosen; empty for the first entry, which is what holds anyway."""
    return str(box.currentData()) if box.currentIndex() > 0 else ""


class ChoiceBox(QComboBox):
    """A list with its name and tip."""

    def __init__(self, code: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.code = code
        self.setAccessibleName(sentences.label(code))
        self.setToolTip(sentences.label(f"{code}_tip"))
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
