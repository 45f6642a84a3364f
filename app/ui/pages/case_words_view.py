"""What is said of the whole case, a line each; a click on a line asks for it anew, as its key does."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.ui import present
from app.ui.cut import CutButton, CutLabel
from app.ui.present import case as present_case
from app.ui.shortcuts import keyed
from app.ui.widgets import words
from app.ui.workspace import Workspace

# name of the line in the catalogue -> action that its click stands for
_LINES = {"counted": "counted", "patient": "exclude_patient", "note": "note"}
# of a value, both sides
_PADDING = 6
# notes that are shown; more are told where the pointer rests
_SHOWN = 3


def _value() -> CutButton:
    made = CutButton(_PADDING)
    made.setProperty("role", "fact")
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


class CaseWordsView(QWidget):
    """How levels were counted, whether the patient is left out, the note.

    Signals
    -------
    wanted : str
        Action whose line was clicked.
    """

    wanted = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(0)
        self.values: dict[str, CutButton] = {}
        for row, (name, action) in enumerate(_LINES.items()):
            title = present.text(f"case.{name}")
            value = _value()
            value.setObjectName(action)
            value.setAccessibleName(title)
            value.clicked.connect(self._on_click)
            keyed(value, present.text(f"case.{name}_tip"), action)
            self.values[name] = value
            grid.addWidget(words(title, "quiet"), row, 0)
            grid.addWidget(value, row, 1)
        grid.setColumnStretch(1, 1)

    def refresh(self, space: Workspace) -> None:
        """Show what holds of the case at hand."""
        case = space.case
        if case is None:
            return
        facts = case.reading.facts
        usual = None if facts.counted or case.reading.locked else space.usual_count
        self.values["counted"].tell(present_case.counted_text(facts.counted, usual))
        self.values["patient"].tell(present_case.patient_text(facts.excluded))
        self.values["note"].tell(present_case.note_text(facts.note))

    def _on_click(self) -> None:
        self.wanted.emit(self.sender().objectName())


class SignedOff(QWidget):
    """A quiet word about the case that was signed off last, as long as undo opens it again."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.headline = words(role="section")
        self.notes = [CutLabel(role="quiet") for _ in range(_SHOWN)]
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(2)
        column.addWidget(self.headline)
        for note in self.notes:
            column.addWidget(note)
        self.hide()

    def refresh(self, space: Workspace) -> None:
        """Show what stands of it, or nothing."""
        standing = space.signed_off
        self.setVisible(standing is not None)
        if standing is None:
            return
        lines = present_case.standing_lines(standing)
        self.headline.setText(present_case.signed_off_text(standing))
        for place, note in enumerate(self.notes):
            note.setVisible(place < len(lines))
            note.setText(lines[place] if place < len(lines) else "")
        self.setToolTip("\n".join([*lines, present.text("signed.undo")]))
