"""The tab "Sample size": what is planned and expected at the left, patients and sentence at the right."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QFrame, QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.domain.progress import Progress
from app.services.size_questions import LOST, QUESTIONS, Asked
from app.ui.jobs import Job
from app.ui.pages.statistics_cards import TableStack, plain_card
from app.ui.sentences import LABELS, label
from app.ui.tabs.content import tsv
from app.ui.widgets import button, words

if TYPE_CHECKING:
    from app.ui.tabs.content import Table

_DEBOUNCE_MS = 200
_FIELD_WIDTH = 120


def _plan(key: str, typed: dict[str, str], _progress: Progress) -> Table:
    # with the libraries of statistics, which the window need not wait for
    from app.ui.tabs.size import planned  # noqa: PLC0415 - as said

    return planned(key, typed)


class SizePage(QWidget):
    """Made anew while typing, outside the window's thread; what was typed for a plan is kept.

    Signals
    -------
    shown
        An answer is on the screen.
    """

    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.plan = QComboBox()
        self.plan.setAccessibleName(label("size.plan"))
        self.plan.setToolTip(label("size.plan_tip"))
        for key in QUESTIONS:
            self.plan.addItem(label(f"size.plan.{key}"), key)
        self.lines: dict[str, QLineEdit] = {}
        self.tables = TableStack()
        self.copy = button("stats.copy_table", tip=label("stats.copy_table_tip"))
        self._answer: Table | None = None
        # by plan and name, where it differs from what stands there at first
        self._typed: dict[tuple[str, str], str] = {}
        self._job = Job(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_DEBOUNCE_MS)
        self._form = QWidget()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._make_left(), 1)
        layout.addWidget(self._make_right(), 1)
        self.plan.activated.connect(self._ask)
        self._pause.timeout.connect(self._find)
        self._job.finished.connect(self._show)
        self.copy.clicked.connect(self._copy)
        self._ask()

    def _make_left(self) -> QFrame:
        card, layout = plain_card()
        layout.addWidget(words(label("size.title"), "section"))
        hint = words(label("size.hint"), "quiet")
        hint.setWordWrap(True)
        layout.addWidget(hint)
        row = QHBoxLayout()
        name = words(label("size.plan"))
        name.setBuddy(self.plan)
        row.addWidget(name)
        row.addWidget(self.plan)
        row.addStretch(1)
        layout.addLayout(row)
        self._below = QVBoxLayout()
        self._below.addWidget(self._form)
        layout.addLayout(self._below)
        layout.addStretch(1)
        return card

    def _make_right(self) -> QFrame:
        card, layout = plain_card()
        layout.addWidget(self.tables, 1)
        footer = QHBoxLayout()
        footer.addWidget(self.copy)
        footer.addStretch(1)
        layout.addLayout(footer)
        return card

    @property
    def key(self) -> str:
        """What is planned."""
        return str(self.plan.currentData())

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._pause.isActive() or self._job.running

    def stop(self) -> None:
        """Wait for the work at hand to end."""
        self._pause.stop()
        self._job.wait()

    def _ask(self) -> None:
        """Ask for the figures of the plan that is chosen."""
        form = QWidget()
        grid = QGridLayout(form)
        grid.setContentsMargins(0, 6, 0, 0)
        grid.setColumnStretch(2, 1)
        self.lines = {}
        for row, asked in enumerate((*QUESTIONS[self.key], LOST)):
            line = self._line(asked)
            name = words(label(f"size.asked.{asked.name}"))
            name.setBuddy(line)
            grid.addWidget(name, row, 0)
            grid.addWidget(line, row, 1)
            self.lines[asked.name] = line
        # deleted when the hand is off it; until then it would stand behind the new one
        self._form.hide()
        self._below.replaceWidget(self._form, form)
        self._form.deleteLater()
        self._form = form
        self._find()

    def _line(self, asked: Asked) -> QLineEdit:
        place = self.key, asked.name
        line = QLineEdit(self._typed.get(place, asked.default))
        line.setAccessibleName(label(f"size.asked.{asked.name}"))
        line.setToolTip(_tip(asked))
        line.setMaximumWidth(_FIELD_WIDTH)
        line.setAlignment(Qt.AlignmentFlag.AlignRight)
        line.textChanged.connect(partial(self._typed.__setitem__, place))
        line.textChanged.connect(self._pause.start)
        return line

    def _find(self) -> None:
        self._pause.stop()
        self._job.start(partial(_plan, self.key, {name: line.text() for name, line in self.lines.items()}))

    def _show(self, answer: Table) -> None:
        self._answer = answer
        self.tables.show_tables((answer,))
        self.copy.setEnabled(bool(answer.rows))
        self.shown.emit()

    def _copy(self) -> None:
        if self._answer is not None:
            QGuiApplication.clipboard().setText(tsv((self._answer,)))


def _tip(asked: Asked) -> str:
    own = f"size.tip.{asked.name}"
    if own in LABELS:
        return label(own)
    low, high = f"{asked.low:g}", f"{asked.high:g}"
    if asked.kind != "number":
        return label(f"size.tip.{asked.kind}", low=low, high=high)
    bounded = "between" if asked.high != float("inf") else "any" if asked.low == float("-inf") else "number"
    return label(f"size.tip.{bounded}", low=low, high=high)
