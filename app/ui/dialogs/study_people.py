"""The second step of the study assistant: who reads, who coordinates, and what each signs in with."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.ui.dialogs.study_page import StudyPage
from app.ui.present import text
from app.ui.study_draft import Person, StudyDraft
from app.ui.widgets import button, words

_HEADS = ("study.person", "study.reads", "study.coordinates", "study.secret")


class PersonLine:
    """What is asked of one person."""

    def __init__(self, person: Person, number: int) -> None:
        self.person = person
        told = person.name or text("study.person_number", number=number)
        self.name = QLineEdit(person.name)
        # a name stands in the record, so it cannot be another one later
        self.name.setReadOnly(bool(person.enrolled))
        self.name.setPlaceholderText(text("study.person_ask"))
        self.reads, self.coordinates = QCheckBox(), QCheckBox()
        self.reads.setChecked(person.reads)
        self.coordinates.setChecked(person.coordinates)
        self.secret = QLineEdit(person.secret)
        self.secret.setEchoMode(QLineEdit.EchoMode.Password)
        # a coordinator's own is changed by the one who knows it
        fixed = bool(person.enrolled and person.has_secret and person.coordinates)
        self.secret.setEnabled(not fixed)
        kept = "study.secret_fixed" if fixed else "study.secret_kept"
        self.secret.setPlaceholderText(text(kept if person.has_secret else "study.secret_none"))
        self.remove = QPushButton(text("study.remove"))
        self.remove.setProperty("role", "link")
        self.remove.setAutoDefault(False)
        for code, place in zip(_HEADS, (self.name, self.reads, self.coordinates, self.secret), strict=True):
            named = text("study.of_person", what=text(code), name=told)
            place.setAccessibleName(named)
            place.setToolTip(text(f"{code}_tip"))
        self.remove.setAccessibleName(text("study.of_person", what=text("study.remove"), name=told))
        self.remove.setToolTip(text("study.remove_tip"))

    @property
    def taken(self) -> Person:
        """The person as they are shown."""
        return replace(
            self.person,
            name=self.name.text().strip(),
            reads=self.reads.isChecked(),
            coordinates=self.coordinates.isChecked(),
            secret=self.secret.text(),
        )


class PeoplePage(StudyPage):
    """One line a person."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[PersonLine] = []
        self.add = button("study.add_person", tip=text("study.add_person_tip"))
        self.add.setAutoDefault(False)
        self.add.clicked.connect(self._on_add)
        self.seen = QCheckBox(text("study.show_secrets"))
        self.seen.setToolTip(text("study.show_secrets_tip"))
        self.seen.toggled.connect(self._show_secrets)
        self._body = QWidget()
        told = words(text("study.people_told"), "quiet")
        told.setWordWrap(True)
        foot = QHBoxLayout()
        foot.addWidget(self.add)
        foot.addStretch(1)
        foot.addWidget(self.seen)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(12)
        self._column.addWidget(told)
        self._column.addWidget(self._body)
        self._column.addLayout(foot)
        self._column.addStretch(1)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show the people of a draft."""
        self._show(draft.people)

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with what is shown."""
        return replace(draft, people=tuple(line.taken for line in self.lines))

    def _show(self, people: tuple[Person, ...]) -> None:
        body = QWidget()
        grid = QGridLayout(body)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(14)
        for column, code in enumerate(_HEADS):
            grid.addWidget(words(text(code), "quiet"), 0, column)
        self.lines = [PersonLine(person, number) for number, person in enumerate(people, 1)]
        for row, line in enumerate(self.lines, 1):
            self._place(grid, row, line)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(3, 2)
        self._column.replaceWidget(self._body, body)
        self._body.deleteLater()
        self._body = body
        self._show_secrets(self.seen.isChecked())

    def _place(self, grid: QGridLayout, row: int, line: PersonLine) -> None:
        middle = Qt.AlignmentFlag.AlignCenter
        grid.addWidget(line.name, row, 0)
        grid.addWidget(line.reads, row, 1, middle)
        grid.addWidget(line.coordinates, row, 2, middle)
        grid.addWidget(line.secret, row, 3)
        grid.addWidget(line.remove, row, 4)
        line.remove.setVisible(not line.person.enrolled)
        line.remove.setEnabled(len(self.lines) > 1)
        line.remove.setObjectName(str(row - 1))
        line.remove.clicked.connect(self._on_remove)
        for field in (line.name, line.secret):
            field.textEdited.connect(self.changed)
        for box in (line.reads, line.coordinates):
            box.clicked.connect(self.changed)

    def _on_add(self) -> None:
        self._show((*(line.taken for line in self.lines), Person("")))
        self.lines[-1].name.setFocus()
        self.changed.emit()

    def _on_remove(self) -> None:
        gone = int(self.sender().objectName())
        self._show(tuple(line.taken for place, line in enumerate(self.lines) if place != gone))
        self.add.setFocus()
        self.changed.emit()

    def _show_secrets(self, seen: bool) -> None:
        mode = QLineEdit.EchoMode.Normal if seen else QLineEdit.EchoMode.Password
        for line in self.lines:
            line.secret.setEchoMode(mode)
