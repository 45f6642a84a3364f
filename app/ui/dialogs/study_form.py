"""The first step of the study assistant: name and rules, made from the protocol's own fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import InputError
from app.domain.protocol import LOWEST, Protocol
from app.ui.dialogs.study_page import StudyPage
from app.ui.present import screen_unit, text
from app.ui.scale import scaled
from app.ui.study_draft import StudyDraft
from app.ui.study_fields import Field, Kind, Section, protocol_fields
from app.ui.widgets import words

_FIGURE_WIDTH = 58
_CHOICE_WIDTH = 122
# label, field, and room between, twice
_COLUMNS = (195, 144, 12, 205, 144)


class FieldEdit:
    """One field of the form: a line for a figure, a box to tick, or a list."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self._choices = list(field.choices)
        self.widget: QLineEdit | QCheckBox | QComboBox
        if field.kind is Kind.YES_NO:
            self.widget = QCheckBox()
        elif field.kind is Kind.CHOICE:
            self.widget = QComboBox()
            self.widget.addItems([_title(one) for one in field.choices])
            self.widget.setFixedWidth(scaled(_CHOICE_WIDTH))
        else:
            self.widget = QLineEdit()
            self.widget.setAlignment(Qt.AlignmentFlag.AlignRight)
            self.widget.setFixedWidth(scaled(_FIGURE_WIDTH))
        self.widget.setAccessibleName(field.label)
        self.widget.setToolTip(field.label)

    def show(self, protocol: Protocol) -> None:
        """Show what a protocol says."""
        value = self.field.value(protocol)
        if isinstance(self.widget, QCheckBox):
            self.widget.setChecked(value)
        elif isinstance(self.widget, QComboBox):
            self._choose(self.widget, value)
        else:
            self.widget.setText(self.field.written(value))

    def _choose(self, box: QComboBox, value: object) -> None:
        # a region that a table names in its own words is none of those we know
        if value not in self._choices:
            self._choices.append(value)
            box.addItem(_title(value))
        box.setCurrentIndex(self._choices.index(value))

    def take(self, protocol: Protocol) -> Protocol:
        """The protocol with what is shown.

        Raises
        ------
        InputError
            Where that is no figure.
        """
        if isinstance(self.widget, QCheckBox):
            return self.field.set(protocol, self.widget.isChecked())
        if isinstance(self.widget, QComboBox):
            return self.field.set(protocol, self._choices[self.widget.currentIndex()])
        return self.field.set(protocol, self.field.read(self.widget.text()))


def _title(choice: object) -> str:
    return text("study.lowest") if choice == LOWEST else screen_unit(str(choice))


class StudyForm(StudyPage):
    """Name, version and rules; those that are seldom changed are folded away."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.edits = [FieldEdit(field) for field in protocol_fields()]
        self.name = QLineEdit()
        self.name.setAccessibleName(text("study.name"))
        self.name.setToolTip(text("study.name"))
        self.version = words(role="quiet")
        self.more = QPushButton()
        self.more.setProperty("role", "link")
        self.more.clicked.connect(self._on_more)
        self._rules = self._section(Section.RULES)
        self._lay_out()
        self._show_rules(shown=False)
        for edit in self.edits:
            self._listen(edit.widget)
        self._listen(self.name)

    def _listen(self, widget: QLineEdit | QCheckBox | QComboBox) -> None:
        if isinstance(widget, QLineEdit):
            widget.textEdited.connect(self.changed)
        elif isinstance(widget, QCheckBox):
            widget.clicked.connect(self.changed)
        else:
            widget.activated.connect(self.changed)

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        named = QLabel(text("study.name"))
        named.setBuddy(self.name)
        head.addWidget(named)
        head.addWidget(self.name, 1)
        head.addWidget(self.version)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(head)
        for section in (Section.SIZE, Section.DIFFERENCE):
            column.addWidget(self._section(section))
        column.addWidget(self.more, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(self._rules)
        column.addStretch(1)

    def _section(self, section: Section) -> QWidget:
        """Two columns of fields below a heading."""
        box = QWidget()
        grid = QGridLayout(box)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(5)
        if section is not Section.RULES:
            grid.addWidget(words(text(f"study.section_{section}"), "section"), 0, 0, 1, 5)
        mine = [edit for edit in self.edits if edit.field.section is section]
        lines = [list(group) for _, group in groupby(mine, lambda edit: (edit.field.name, edit.field.label))]
        half = (len(lines) + 1) // 2
        for place, edits in enumerate(lines):
            row, left = 1 + place % half, 3 * (place // half)
            label = QLabel(edits[0].field.label)
            label.setWordWrap(True)
            label.setBuddy(edits[0].widget)
            grid.addWidget(label, row, left)
            grid.addWidget(_line(edits), row, left + 1)
        # the same in every section, so that they stand below each other
        for column, width in enumerate(_COLUMNS):
            grid.setColumnMinimumWidth(column, scaled(width))
        grid.setColumnStretch(5, 1)
        return box

    def _on_more(self) -> None:
        self._show_rules(shown=self._rules.isHidden())

    def _show_rules(self, *, shown: bool) -> None:
        self._rules.setVisible(shown)
        said = text("study.fewer_rules" if shown else "study.more_rules")
        self.more.setText(said)
        self.more.setToolTip(said)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show the protocol of a draft."""
        self.name.setText(draft.protocol.name)
        self.version.setText(text("study.version", version=draft.final.version))
        for edit in self.edits:
            edit.show(draft.protocol)

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with what is shown.

        Raises
        ------
        InputError
            Where a line holds no figure; the line has the keyboard then.
        """
        protocol = replace(draft.protocol, name=self.name.text().strip())
        for edit in self.edits:
            try:
                protocol = edit.take(protocol)
            except InputError:
                if edit.field.section is Section.RULES:
                    self._show_rules(shown=True)
                edit.widget.setFocus()
                raise
        return replace(draft, protocol=protocol)


def _line(edits: Sequence[FieldEdit]) -> QWidget:
    """The fields of one line: one, or two that are a range."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    for place, edit in enumerate(edits):
        if place:
            row.addWidget(words(text("study.to"), "quiet"))
            code = "study.upper"
        else:
            code = "study.lower"
        if len(edits) > 1:
            told = text(code, field=edit.field.label)
            edit.widget.setAccessibleName(told)
            edit.widget.setToolTip(told)
        row.addWidget(edit.widget)
    row.addStretch(1)
    return whole
