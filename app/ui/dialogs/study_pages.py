"""The later steps of the study assistant: how it is read, the repeat, training cases, and the summary."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.ui.dialogs.study_page import StudyPage
from app.ui.present import text
from app.ui.present.study import summary_lines
from app.ui.scale import scaled
from app.ui.study_draft import SEED_LIMIT, StudyDraft
from app.ui.widgets import words

_FIGURE_WIDTH = 66
_SEED_WIDTH = 170
_WHOLE = 100.0
_USUAL_SHARE = Protocol().repeat_share


def _page(told: str = "") -> QVBoxLayout:
    """The column of a page, with a quiet sentence at its head."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(10)
    if told:
        column.addWidget(_sentence(text(told)))
    return column


def _sentence(told: str) -> QLabel:
    label = words(told, "quiet")
    label.setWordWrap(True)
    return label


def _box(code: str) -> QCheckBox:
    box = QCheckBox(text(code))
    box.setToolTip(text(f"{code}_tip"))
    return box


class ReadingStep(StudyPage):
    """Blinded or open, numbers, help for placing, orders."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.blinded, self.open = QRadioButton(text("study.blinded")), QRadioButton(text("study.open"))
        self._kinds = QButtonGroup(self)
        self.hidden = _box("study.numbers_hidden")
        self.fit = _box("study.fit")
        self.ladder = _box("study.ladder")
        self._seeds = QWidget()
        self.seeds: list[QLineEdit] = []
        self._column = _page()
        for kind, code in ((self.blinded, "study.blinded_told"), (self.open, "study.open_told")):
            self._kinds.addButton(kind)
            kind.setToolTip(text(code))
            kind.clicked.connect(self.changed)
            self._column.addWidget(kind)
            said = _sentence(text(code))
            said.setContentsMargins(scaled(24), 0, 0, 4)
            self._column.addWidget(said)
        for box in (self.hidden, self.fit, self.ladder):
            box.clicked.connect(self.changed)
            self._column.addWidget(box)
        self._column.addSpacing(6)
        self._column.addWidget(words(text("study.orders"), "section"))
        self._column.addWidget(_sentence(text("study.orders_told")))
        self._column.addWidget(self._seeds)
        self._column.addStretch(1)
        self.setLayout(self._column)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show how a draft wants it read."""
        protocol = draft.protocol
        (self.blinded if protocol.blinded else self.open).setChecked(True)
        self.hidden.setChecked(protocol.numbers_hidden)
        self.fit.setChecked(protocol.fit)
        self.ladder.setChecked(protocol.ladder)
        self._show_seeds(draft)

    def _show_seeds(self, draft: StudyDraft) -> None:
        seeds = QWidget()
        grid = QGridLayout(seeds)
        grid.setContentsMargins(0, 0, 0, 0)
        self.seeds = []
        for row, person in enumerate(draft.readers):
            field = QLineEdit("" if person.seed is None else str(person.seed))
            field.setFixedWidth(scaled(_SEED_WIDTH))
            field.setPlaceholderText(text("study.seed_drawn"))
            told = text("study.of_person", what=text("study.seed"), name=person.name)
            field.setAccessibleName(told)
            field.setToolTip(text("study.seed_tip"))
            # an order that began cannot become another one
            field.setEnabled(not person.enrolled)
            field.textEdited.connect(self.changed)
            grid.addWidget(QLabel(person.name), row, 0)
            grid.addWidget(field, row, 1)
            self.seeds.append(field)
        grid.setColumnStretch(2, 1)
        self._column.replaceWidget(self._seeds, seeds)
        self._seeds.deleteLater()
        self._seeds = seeds

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with what is shown.

        Raises
        ------
        InputError
            ``study.no_seed`` where a line holds no whole number.
        """
        protocol = replace(
            draft.protocol,
            blinded=self.blinded.isChecked(),
            numbers_hidden=self.hidden.isChecked(),
            fit=self.fit.isChecked(),
            ladder=self.ladder.isChecked(),
        )
        given = iter(self.seeds)
        people = tuple(
            replace(one, seed=self._seed(next(given))) if one.reads else one for one in draft.people
        )
        return replace(draft, protocol=protocol, people=people)

    def _seed(self, field: QLineEdit) -> int | None:
        told = field.text().strip()
        if not told:
            return None
        if not (told.isascii() and told.isdigit()) or int(told) >= SEED_LIMIT:
            field.setFocus()
            raise InputError("study.no_seed", given=told, limit=SEED_LIMIT - 1)
        return int(told)


class RepeatStep(StudyPage):
    """Whether a part is read again, which, and how long after."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.wanted = _box("study.repeat")
        self.wanted.clicked.connect(self.changed)
        self.share, self.washout = self._figure("study.share"), self._figure("study.washout")
        grid = QGridLayout()
        grid.setContentsMargins(scaled(24), 0, 0, 0)
        for row, (code, field) in enumerate((("study.share", self.share), ("study.washout", self.washout))):
            label = QLabel(text(code))
            label.setBuddy(field)
            grid.addWidget(label, row, 0)
            grid.addWidget(field, row, 1)
        grid.setColumnStretch(2, 1)
        column = _page("study.repeat_told")
        column.addWidget(self.wanted)
        column.addLayout(grid)
        column.addWidget(_sentence(text("study.washout_told")))
        column.addStretch(1)
        self.setLayout(column)
        self.wanted.toggled.connect(self._on_wanted)

    def _figure(self, code: str) -> QLineEdit:
        field = QLineEdit()
        field.setAlignment(Qt.AlignmentFlag.AlignRight)
        field.setFixedWidth(scaled(_FIGURE_WIDTH))
        field.setAccessibleName(text(code))
        field.setToolTip(text(f"{code}_tip"))
        field.textEdited.connect(self.changed)
        return field

    def _on_wanted(self, wanted: bool) -> None:
        self.share.setEnabled(wanted)
        self.washout.setEnabled(wanted)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show the repeat of a draft."""
        share = draft.protocol.repeat_share
        self.wanted.setChecked(bool(share))
        self._on_wanted(bool(share))
        # where none was wanted, the usual one is offered
        self.share.setText(f"{(share or _USUAL_SHARE) * _WHOLE:.10g}")
        self.washout.setText(str(draft.protocol.washout_days))

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with what is shown.

        Raises
        ------
        InputError
            ``study.no_share`` or ``study.no_days``.
        """
        if not self.wanted.isChecked():
            return replace(draft, protocol=replace(draft.protocol, repeat_share=0.0))
        try:
            percent = float(self.share.text().replace(",", "."))
        except ValueError:
            percent = 0.0
        if not 0 < percent <= _WHOLE:
            self.share.setFocus()
            raise InputError("study.no_share")
        days = self.washout.text().strip()
        if not (days.isascii() and days.isdigit()):
            self.washout.setFocus()
            raise InputError("study.no_days")
        share = round(percent / _WHOLE, 12)
        return replace(draft, protocol=replace(draft.protocol, repeat_share=share, washout_days=int(days)))


class TrainingStep(StudyPage):
    """Which of the imported cases are for practice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(text("table.filter"))
        self.filter.setAccessibleName(text("table.filter"))
        self.filter.setToolTip(text("table.filter_tip"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._on_filter)
        self.cases = QListWidget()
        self.cases.setAccessibleName(text("study.training"))
        self.cases.setToolTip(text("study.training_told"))
        self.cases.itemChanged.connect(self._on_changed)
        self.none = _sentence(text("study.training_none"))
        self.count = words(role="quiet")
        head = QHBoxLayout()
        head.addWidget(self.filter, 1)
        head.addWidget(self.count)
        column = _page("study.training_told")
        column.addWidget(self.none)
        column.addLayout(head)
        column.addWidget(self.cases, 1)
        column.addStretch(0)
        self.setLayout(column)

    def show_draft(self, draft: StudyDraft) -> None:
        """Show the cases of a draft."""
        self.cases.blockSignals(True)
        self.cases.clear()
        for case in draft.cases:
            item = QListWidgetItem(case.code)
            item.setData(Qt.ItemDataRole.UserRole, case.exam_id)
            chosen = case.exam_id in draft.training
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
            self.cases.addItem(item)
        self.cases.blockSignals(False)
        self.none.setVisible(not draft.cases)
        for part in (self.filter, self.count, self.cases):
            part.setVisible(bool(draft.cases))
        self._show_count()

    def _chosen(self) -> frozenset[int]:
        items = [self.cases.item(row) for row in range(self.cases.count())]
        ticked = [item for item in items if item.checkState() is Qt.CheckState.Checked]
        return frozenset(item.data(Qt.ItemDataRole.UserRole) for item in ticked)

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with what is ticked."""
        return replace(draft, training=self._chosen())

    def _on_changed(self) -> None:
        self._show_count()
        self.changed.emit()

    def _show_count(self) -> None:
        self.count.setText(text("study.training_count", count=len(self._chosen()), total=self.cases.count()))

    def _on_filter(self, wanted: str) -> None:
        for row in range(self.cases.count()):
            item = self.cases.item(row)
            item.setHidden(wanted.strip().lower() not in item.text().lower())


class SummaryStep(StudyPage):
    """What will be, in plain sentences; a changed protocol asks for its reason here."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: list[QLabel] = []
        self._body = QWidget()
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(text("study.reason"))
        self.reason.setAccessibleName(text("study.reason"))
        self.reason.setToolTip(text("study.reason_tip"))
        self.reason.textEdited.connect(self.changed)
        self._column = _page()
        self._column.addWidget(self._body)
        self._column.addWidget(self.reason)
        self._column.addStretch(1)
        self.setLayout(self._column)

    def show_draft(self, draft: StudyDraft) -> None:
        """Say what a draft amounts to."""
        body = QWidget()
        column = QVBoxLayout(body)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(9)
        self.lines = []
        for said in summary_lines(draft):
            line = words(said)
            line.setWordWrap(True)
            column.addWidget(line)
            self.lines.append(line)
        self._column.replaceWidget(self._body, body)
        self._body.deleteLater()
        self._body = body
        self.reason.setText(draft.reason)
        self.reason.setVisible(draft.begun and draft.changed)

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with its reason."""
        return replace(draft, reason=self.reason.text().strip())
