"""The tab "Check a table": paste printed summaries, and see what they give and what cannot be."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication, QIntValidator
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from app.domain.progress import Progress
from app.ui.jobs import Job
from app.ui.pages.statistics_cards import TableStack, plain_card
from app.ui.sentences import label
from app.ui.tabs.content import Table, tsv
from app.ui.widgets import button, words

if TYPE_CHECKING:
    from app.ui.tabs.check import Checked

_DEBOUNCE_MS = 200
_MOST_PATIENTS = 1_000_000

GROUPS_EXAMPLE = """\
\tnormal n=30\tosteopenia n=41\tosteoporosis n=49\tF / chi2
male/female\t17/13\t19/22\t21/28\t1.457, P 0.483
age (years)\t36.93 ± 9.25\t50.34 ± 12.56\t67.24 ± 8.23\t86.624
BMI (kg/m2)\t23.17 ± 1.94\t21.05 ± 1.36\t20.06 ± 1.57\t34.806
BMD\t148.95 ± 15.68\t91.56 ± 10.84\t61.47 ± 20.56\t59.905
FF (%)\t40.82 ± 8.35\t52.90 ± 6.66\t61.65 ± 6.28\t83.181
R2* (Hz)\t152.36 ± 12.61\t144.90 ± 11.50\t132.23 ± 9.68\t33.385
"""
"""Table 1 of the reference study."""

LIST_EXAMPLE = """\
group\tn\tmean\tSD
normal\t30\t40.82\t8.35
osteopenia\t41\t52.90\t6.66
osteoporosis\t49\t61.65\t6.28
"""
"""FF of its groups, one a line."""

ROC_EXAMPLE = """\
marker\tAUC\tcut-off\tsensitivity\tspecificity\tYouden
FF\t0.893\t56.09\t83.70 %\t83.10 %\t0.668
R2*\t0.843\t138.31\t79.60 %\t81.70 %\t0.613
FF + R2*\t0.931\t–\t77.60 %\t93.00 %\t0.705
"""
"""Table 2, with 49 patients of 120."""


def _check(text: str, positives: int | None, negatives: int | None, _progress: Progress) -> Checked:
    # with the libraries of statistics, which the window need not wait for
    from app.ui.tabs.check import checked  # noqa: PLC0415 - as said

    return checked(text, positives, negatives)


class CheckPage(QWidget):
    """Text at the left, what came of it at the right; made anew while typing, outside the window's thread.

    Signals
    -------
    shown
        An answer is on the screen.
    """

    shown = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.text = QPlainTextEdit()
        self.text.setAccessibleName(label("check.text"))
        self.text.setPlaceholderText(label("check.placeholder"))
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setTabChangesFocus(True)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        self.text.setFont(font)
        self.text.setTabStopDistance(20.0 * self.text.fontMetrics().horizontalAdvance("0"))
        self.positives, self.negatives = _count("check.positives"), _count("check.negatives")
        self.tables = TableStack()
        self.copy = button("stats.copy_table")
        self._answer: Checked | None = None
        self._job = Job(self)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_DEBOUNCE_MS)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self._make_left(), 1)
        layout.addWidget(self._make_right(), 1)
        self._connect()
        self._check()

    def _make_left(self) -> QFrame:
        card, layout = plain_card()
        layout.addWidget(words(label("check.title"), "section"))
        hint = words(label("check.hint"), "quiet")
        hint.setWordWrap(True)
        layout.addWidget(hint)
        layout.addWidget(self.text, 1)
        row = QHBoxLayout()
        for code, line in (("check.positives", self.positives), ("check.negatives", self.negatives)):
            name = words(label(code), "quiet")
            name.setBuddy(line)
            row.addWidget(name)
            row.addWidget(line)
        row.addStretch(1)
        layout.addLayout(row)
        self.examples = [
            button("check.example_groups", tip=label("check.example_tip")),
            button("check.example_list", tip=label("check.example_tip")),
            button("check.example_roc", tip=label("check.example_tip")),
            button("check.clear"),
        ]
        below = QHBoxLayout()
        for made in self.examples:
            below.addWidget(made)
        below.addStretch(1)
        layout.addLayout(below)
        return card

    def _make_right(self) -> QFrame:
        card, layout = plain_card()
        layout.addWidget(self.tables, 1)
        footer = QHBoxLayout()
        footer.addWidget(self.copy)
        footer.addStretch(1)
        layout.addLayout(footer)
        return card

    def _connect(self) -> None:
        groups, listed, roc, clear = self.examples
        groups.clicked.connect(partial(self.show_example, GROUPS_EXAMPLE))
        listed.clicked.connect(partial(self.show_example, LIST_EXAMPLE))
        roc.clicked.connect(partial(self.show_example, ROC_EXAMPLE, "49", "71"))
        clear.clicked.connect(partial(self.show_example, ""))
        self.text.textChanged.connect(self._pause.start)
        for line in (self.positives, self.negatives):
            line.textChanged.connect(self._pause.start)
        self._pause.timeout.connect(self._check)
        self._job.finished.connect(self._show)
        self.copy.clicked.connect(self._copy)

    def show_example(
        self, text: str, positives: str = "", negatives: str = "", _checked: object = None
    ) -> None:
        """Put a text in place of what stands there; undo of the field brings it back."""
        self.positives.setText(positives)
        self.negatives.setText(negatives)
        cursor = self.text.textCursor()
        cursor.select(cursor.SelectionType.Document)
        cursor.insertText(text)
        self.text.setFocus()

    @property
    def is_busy(self) -> bool:
        """Whether an answer is on its way."""
        return self._pause.isActive() or self._job.running

    def stop(self) -> None:
        """Wait for the work at hand to end."""
        self._pause.stop()
        self._job.wait()

    def _check(self) -> None:
        counts = _read(self.positives), _read(self.negatives)
        self._job.start(partial(_check, self.text.toPlainText(), *counts))

    def _show(self, answer: Checked) -> None:
        self._answer = answer
        found, *tests = answer.tables
        # quiet sentences, each of its own: most of them are no warning
        said = (Table("", reason=told) for told in answer.sentences)
        self.tables.show_tables((found, *said, *tests))
        self.copy.setEnabled(bool(found.rows))
        self.shown.emit()

    def _copy(self) -> None:
        if self._answer is not None:
            QGuiApplication.clipboard().setText(tsv(self._answer.tables))


def _count(code: str) -> QLineEdit:
    line = QLineEdit()
    line.setAccessibleName(label(code))
    line.setToolTip(label("check.counts_tip"))
    line.setValidator(QIntValidator(1, _MOST_PATIENTS, line))
    line.setMaximumWidth(80)
    line.setAlignment(Qt.AlignmentFlag.AlignRight)
    return line


def _read(line: QLineEdit) -> int | None:
    return int(line.text()) if line.hasAcceptableInput() else None
