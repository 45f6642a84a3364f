"""The panel beside both readers' rectangles: what they hold, why that matters, and what is decided."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QRadioButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.domain.disagreement import How, Ruling
from app.domain.errors import InputError
from app.domain.reasons import Reason
from app.services.disagreements import Dispute
from app.ui import present, sentences
from app.ui.canvas.both_readers import reader_colour
from app.ui.own_rectangle import OwnRectangle
from app.ui.pages.asking import NoteLine
from app.ui.present.disagreement import decided_text, held_text, values_text, why_sentences
from app.ui.scale import scaled
from app.ui.widgets import button, named, words

WIDTH = 336
_SWATCH = (30, 12)
_REASON_LETTERS = 20
_DASH = [3.0, 2.0]


class Swatch(QWidget):
    """The line that is a reader's on the maps, on their dark ground."""

    def __init__(self, place: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._place = place
        self.setFixedSize(*_SWATCH)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), QColor(0, 0, 0))
        pen = QPen(reader_colour(self._place), 2)
        if self._place % 2:
            pen.setDashPattern(_DASH)
        painter.setPen(pen)
        middle = self.height() // 2
        painter.drawLine(3, middle, self.width() - 3, middle)
        painter.end()


class DisagreementPanel(QWidget):
    """Values of the readers of one level, and the choice of the final one.

    Parameters
    ----------
    own : OwnRectangle
        The coordinator's rectangle; it is drawn while that is the choice.

    Signals
    -------
    decide_wanted
        The decision is made and should be written down.
    step_wanted : int
        -1 for the level before in the list, 1 for the next.
    """

    decide_wanted = Signal()
    step_wanted = Signal(int)

    def __init__(self, own: OwnRectangle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        named(self, "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedWidth(scaled(WIDTH))
        self._own = own
        self._dispute: Dispute | None = None
        self.title = words(role="title")
        self.why = words(role="warning")
        self.now = words(role="quiet")
        for label in (self.title, self.why, self.now):
            label.setWordWrap(True)
        self._readers = QVBoxLayout()
        self._choices = QVBoxLayout()
        self._group = QButtonGroup(self)
        self.choices: dict[str, QRadioButton] = {}
        self.reason = QComboBox()
        self.reason.setAccessibleName(present.text("disagree.reason"))
        self.reason.setToolTip(present.text("disagree.reason_tip"))
        # long words do not widen the panel
        self.reason.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.reason.setMinimumContentsLength(_REASON_LETTERS)
        self.reason.setPlaceholderText(present.text("disagree.reason_ask"))
        for reason in Reason:
            self.reason.addItem(sentences.REASONS[reason], reason.value)
        self.note = NoteLine()
        self.note.setPlaceholderText(present.text("disagree.note"))
        self.note.setAccessibleName(present.text("disagree.note"))
        self.note.setToolTip(present.text("disagree.note_tip"))
        self.previous = button(
            "disagree.previous", action="previous_case", tip=present.text("disagree.previous_tip")
        )
        self.next = button("disagree.next", action="next_case", tip=present.text("disagree.next_tip"))
        self.decide = button(
            "disagree.decide", role="primary", action="sign_off_next", tip=present.text("disagree.decide_tip")
        )
        self._lay_out()
        self._group.buttonToggled.connect(self._on_choice)
        self.reason.activated.connect(self._on_reason)
        self.note.returnPressed.connect(self.decide_wanted)
        self.decide.clicked.connect(self.decide_wanted)
        self.previous.clicked.connect(self._on_previous)
        self.next.clicked.connect(self._on_next)
        own.drawn.connect(self._show_drawn)
        self.show_dispute(None)

    def _lay_out(self) -> None:
        inside = QWidget()
        self._body = QVBoxLayout(inside)
        self._body.setContentsMargins(14, 12, 14, 8)
        self._body.setSpacing(8)
        self._body.addWidget(self.title)
        self._body.addLayout(self._readers)
        self._body.addWidget(self.why)
        self._body.addWidget(self.now)
        self._heading = words(present.text("disagree.choose"), "section")
        self._heading.setToolTip(present.text("disagree.choose_tip"))
        self._body.addWidget(self._heading)
        self._body.addLayout(self._choices)
        self._body.addWidget(self.reason)
        self._body.addStretch(1)
        area = QScrollArea()
        area.setWidget(inside)
        area.setWidgetResizable(True)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        # the ground of the panel is seen through both
        for ground in (area.viewport(), inside):
            ground.setAutoFillBackground(False)
        below = QVBoxLayout()
        below.setContentsMargins(14, 0, 14, 12)
        below.setSpacing(8)
        below.addWidget(self.note)
        below.addWidget(self.decide)
        row = QHBoxLayout()
        row.addWidget(self.previous, 1)
        row.addWidget(self.next, 1)
        below.addLayout(row)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(area, 1)
        column.addLayout(below)

    # -- showing --------------------------------------------------------------------------------------

    def show_dispute(self, dispute: Dispute | None) -> None:
        """Show another level, with what was decided on it chosen; None for none."""
        self._dispute = dispute
        there = dispute is not None
        for part in (self.why, self.now, self._heading):
            part.setVisible(there)
        self.reason.hide()
        # none is as likely as another
        self.reason.setCurrentIndex(-1)
        for control in (self.note, self.decide):
            control.setEnabled(there)
        self._clear(self._readers)
        self._clear(self._choices)
        self.choices.clear()
        self.note.clear()
        if dispute is None:
            self.title.setText(present.text("disagree.no_level"))
            return
        self.title.setText(present.text("disagree.title", code=dispute.code, level=dispute.level.value))
        for place, held in enumerate(dispute.held):
            self._add_reader(place, held.reader, held_text(held))
        grounds = why_sentences(dispute)
        self.why.setText("\n".join(grounds))
        self.why.setVisible(bool(grounds))
        self.now.setText(decided_text(dispute.decided))
        self._add_choices(dispute)
        self._choose(dispute)

    def _clear(self, layout: QVBoxLayout) -> None:
        while (item := layout.takeAt(0)) is not None:
            part = item.widget()
            if part is not None:
                if isinstance(part, QRadioButton):
                    self._group.removeButton(part)
                part.hide()
                part.deleteLater()

    def _add_reader(self, place: int, name: str, told: str) -> None:
        line = present.text("disagree.line_dashed" if place % 2 else "disagree.line_solid")
        whole = QWidget()
        row = QHBoxLayout(whole)
        row.setContentsMargins(0, 0, 0, 0)
        swatch = Swatch(place)
        swatch.setToolTip(line)
        row.addWidget(swatch)
        shown = words(name, "section")
        shown.setToolTip(present.text("disagree.with_line", reader=name, line=line))
        row.addWidget(shown)
        values = words(told)
        values.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        values.setWordWrap(True)
        row.addWidget(values, 1)
        self._readers.addWidget(whole)

    def _add_choices(self, dispute: Dispute) -> None:
        mean = present.text("disagree.choose_mean", values=values_text(dispute.of_mean))
        self._add_choice(How.MEAN.value, mean, possible=bool(dispute.of_mean))
        for held in dispute.held:
            told = present.text("disagree.choose_reader", reader=held.reader, values=values_text(held.stats))
            self._add_choice(f"{How.READER.value}:{held.reader}", told, possible=bool(held.stats))
        self._add_choice(How.DRAWN.value, "", possible=self._own.case is not None)
        self.choices[How.DRAWN.value].setToolTip(present.text("disagree.choose_drawn_tip"))
        self._show_drawn()
        self._add_choice(How.EXCLUDED.value, present.text("disagree.choose_excluded"), possible=True)

    def _add_choice(self, key: str, told: str, *, possible: bool) -> None:
        # an ampersand in a reader's name is no shortcut
        made = QRadioButton(told.replace("&", "&&"))
        made.setEnabled(possible)
        made.setToolTip(present.text("disagree.choose_tip"))
        self.choices[key] = made
        self._group.addButton(made)
        self._choices.addWidget(made)

    def _choose(self, dispute: Dispute) -> None:
        """Choose what was decided; nothing where nothing was."""
        ruling = dispute.decided.ruling if dispute.decided else None
        if ruling is None:
            return
        key = ruling.how.value + (f":{ruling.chosen}" if ruling.chosen else "")
        self.choices[key].setChecked(True)
        self.note.setText(ruling.note)
        if ruling.reason is not None:
            self.reason.setCurrentIndex(self.reason.findData(ruling.reason.value))

    def _show_drawn(self) -> None:
        choice = self.choices.get(How.DRAWN.value)
        if choice is not None:
            stats = self._own.stats
            code = "disagree.choose_drawn_values" if stats else "disagree.choose_drawn"
            choice.setText(present.text(code, values=values_text(stats)))

    # -- choosing -------------------------------------------------------------------------------------

    @property
    def chosen(self) -> str:
        """Key of the choice: ``mean``, ``reader:NAME``, ``drawn``, ``excluded``; empty for none."""
        return next((key for key, choice in self.choices.items() if choice.isChecked()), "")

    def choose(self, how: How, reader: str = "") -> None:
        """Choose one of the ways; one that cannot be chosen here is left."""
        choice = self.choices.get(f"{how.value}:{reader}" if reader else how.value)
        if choice is not None and choice.isEnabled():
            choice.setChecked(True)

    def _on_choice(self) -> None:
        self.reason.setVisible(self.chosen == How.EXCLUDED.value)
        self._own.draw(wanted=self.chosen == How.DRAWN.value)

    def _on_reason(self) -> None:
        if self.reason.currentData() == Reason.OTHER.value:
            self.note.setFocus()

    def ruling(self) -> Ruling:
        """What is decided here.

        Raises
        ------
        InputError
            ``adjudication.nothing_chosen``, ``adjudication.nothing_drawn``, ``adjudication.no_reason``,
            ``reason.needs_note``.
        """
        kind, _, reader = self.chosen.partition(":")
        note = self.note.text()
        if not kind:
            raise InputError("adjudication.nothing_chosen")
        if kind == How.READER.value:
            return Ruling.of_reader(reader, note)
        if kind == How.EXCLUDED.value:
            if self.reason.currentIndex() < 0:
                raise InputError("adjudication.no_reason")
            return Ruling.excluded(Reason(self.reason.currentData()), note)
        if kind == How.MEAN.value:
            return Ruling.mean(note)
        if self._own.rectangle is None:
            raise InputError("adjudication.nothing_drawn")
        return Ruling.drawn(self._own.rectangle, note)

    def _on_previous(self) -> None:
        self.step_wanted.emit(-1)

    def _on_next(self) -> None:
        self.step_wanted.emit(1)
