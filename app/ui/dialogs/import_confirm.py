"""Where a person says what the values of a map are: possible factors, another one, and a name."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.files.dicom.found import Confirmation
from app.services.survey_import import SurveyedMap
from app.ui.present import quantity_unit, text
from app.ui.present.import_details import Choice, choices_of, fits, result_text
from app.ui.widgets import button, named, words

_OTHER = -1
_INDENT = 24


class ConfirmBox(QFrame):
    """Asks for the factor of one map.

    Signals
    -------
    confirmed : object
        A Confirmation.
    taken_back
        What was confirmed shall no longer hold.
    """

    confirmed = Signal(object)
    taken_back = Signal()

    def __init__(self, one: SurveyedMap, who: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "card")
        self._map = one
        self._choices = choices_of(one)
        self.group = QButtonGroup(self)
        self.factor = QLineEdit()
        self.who = QLineEdit(who)
        self._result = words(role="quiet")
        self.confirm = button("images.confirm", role="primary")
        self.take_back = button("images.take_back")
        self.take_back.setVisible(one.found.confirmed is not None)
        self._lay_out()
        self._choose_first()
        self.group.idToggled.connect(self._on_changed)
        self.factor.textEdited.connect(self._on_factor)
        self.who.textChanged.connect(self._on_changed)
        self.confirm.clicked.connect(self._on_confirm)
        self.take_back.clicked.connect(self.taken_back)
        self._on_changed()

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 10, 12, 12)
        column.setSpacing(4)
        heading = words(text("images.choose"), "section")
        heading.setWordWrap(True)
        column.addWidget(heading)
        for number, choice in enumerate(self._choices):
            self._add_choice(column, number, choice)
        other = QRadioButton(text("images.other_factor"))
        self.group.addButton(other, _OTHER + len(self._choices) + 1)
        unit = quantity_unit(self._map.found.quantity)
        validator = QDoubleValidator(0.0, 1e9, 9, self.factor)
        validator.setLocale(QLocale.c())
        self.factor.setValidator(validator)
        self.factor.setAccessibleName(text("images.other_factor"))
        self.factor.setToolTip(text("images.factor_tip", unit=unit))
        self.factor.setMaximumWidth(110)
        row = QHBoxLayout()
        row.addWidget(other)
        row.addWidget(self.factor)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(_indented(self._result))
        self.who.setAccessibleName(text("images.who"))
        self.who.setToolTip(text("images.who_tip"))
        form = QFormLayout()
        form.addRow(text("images.who"), self.who)
        column.addSpacing(6)
        column.addLayout(form)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.take_back)
        buttons.addWidget(self.confirm)
        column.addLayout(buttons)

    def _add_choice(self, column: QVBoxLayout, number: int, choice: Choice) -> None:
        said = text("images.proposed", choice=choice.words) if choice.proposed else choice.words
        radio = QRadioButton(said)
        radio.setEnabled(choice.possible)
        result = choice.result
        if not choice.possible:
            result = text("images.choice_impossible", result=choice.result)
        radio.setToolTip(result)
        self.group.addButton(radio, number)
        column.addWidget(radio)
        if choice.possible:
            column.addWidget(_indented(words(result, "quiet")))

    def _choose_first(self) -> None:
        """Take what was confirmed, else the proposal, else leave the choice open."""
        before = self._map.found.confirmed
        for number, choice in enumerate(self._choices):
            taken = choice.factor == before.factor if before else choice.proposed and choice.possible
            if taken:
                self.group.button(number).setChecked(True)
                return
        if before is not None:
            self.group.button(len(self._choices)).setChecked(True)
            self.factor.setText(f"{before.factor:.9g}")

    @property
    def chosen(self) -> float | None:
        """The factor as it stands; None where nothing usable is chosen."""
        number = self.group.checkedId()
        if 0 <= number < len(self._choices):
            return self._choices[number].factor
        try:
            factor = float(self.factor.text())
        except ValueError:
            return None
        return factor if number == len(self._choices) else None

    def _on_factor(self) -> None:
        self.group.button(len(self._choices)).setChecked(True)
        self._on_changed()

    def _on_changed(self) -> None:
        factor = self.chosen
        possible = factor is not None and fits(self._map, factor)
        self.confirm.setEnabled(possible and bool(self.who.text().strip()))
        free = factor is not None and self.group.checkedId() == len(self._choices)
        self._result.setVisible(free)
        if factor is not None and free:
            result = result_text(self._map, factor)
            self._result.setText(result if possible else text("images.choice_impossible", result=result))

    def _on_confirm(self) -> None:
        factor = self.chosen
        if factor is not None:
            self.confirmed.emit(Confirmation(factor, self.who.text().strip()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter confirms here; it must not import while a unit is being decided."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirm.click()
            event.accept()
        else:
            super().keyPressEvent(event)


def _indented(label: QLabel) -> QLabel:
    label.setWordWrap(True)
    label.setContentsMargins(_INDENT, 0, 0, 2)
    return label
