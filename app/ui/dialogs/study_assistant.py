"""Sets up a study with several readers, or changes one that runs: a few short steps in one dialog."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QListWidget,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import AppError
from app.ui.dialogs.study_form import StudyForm
from app.ui.dialogs.study_page import StudyPage
from app.ui.dialogs.study_pages import ReadingStep, RepeatStep, SummaryStep, TrainingStep
from app.ui.dialogs.study_people import PeoplePage
from app.ui.present import error_text, text
from app.ui.scale import scaled
from app.ui.study_draft import STEPS, Step, StudyDraft, first_problem, problem_of
from app.ui.widgets import button, place_in_middle, words

_SIZE = QSize(1000, 620)
_LIST_WIDTH = 170


class StudyAssistant(QDialog):
    """Steps at the left, the one at hand at the right; nothing is written before the last one.

    Parameters
    ----------
    draft : StudyDraft
        What it starts with.

    Signals
    -------
    wanted : object
        The :class:`StudyDraft` that is to become true.
    """

    wanted = Signal(object)

    def __init__(self, draft: StudyDraft, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._running = draft.before is not None
        self.setWindowTitle(text("study.title_change" if self._running else "study.title"))
        self.draft = draft
        self.form, self.people = StudyForm(), PeoplePage()
        self.reading, self.repeat = ReadingStep(), RepeatStep()
        self.training, self.summary = TrainingStep(), SummaryStep()
        self.pages: dict[Step, StudyPage] = {
            Step.STUDY: self.form,
            Step.READERS: self.people,
            Step.READING: self.reading,
            Step.REPEAT: self.repeat,
            Step.TRAINING: self.training,
            Step.SUMMARY: self.summary,
        }
        self.steps = QListWidget()
        self.stack = QStackedWidget()
        self.told = words(role="warning")
        self.back = button("study.back")
        self.forward = button("study.next", role="primary")
        self.finish = button("study.apply" if self._running else "study.finish", role="primary")
        self.cancel = button("app.cancel", tip=text("study.cancel_tip"))
        self._lay_out()
        self._connect()
        self.show_step(Step.STUDY)
        place_in_middle(self, QSize(scaled(_SIZE.width()), scaled(_SIZE.height())))
        self.form.name.setFocus()

    def _lay_out(self) -> None:
        self.steps.addItems([text(f"study.step_{step}") for step in STEPS])
        self.steps.setAccessibleName(text("study.steps"))
        self.steps.setFixedWidth(scaled(_LIST_WIDTH))
        self.steps.setSpacing(2)
        self.told.setWordWrap(True)
        self.told.hide()
        for page in self.pages.values():
            self.stack.addWidget(_scrolled(page))
        buttons = QHBoxLayout()
        buttons.addWidget(self.cancel)
        buttons.addStretch(1)
        for place in (self.back, self.forward, self.finish):
            buttons.addWidget(place)
        self.cancel.setAutoDefault(False)
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.stack, 1)
        right.addWidget(self.told)
        right.addLayout(buttons)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 16, 16, 16)
        row.setSpacing(20)
        row.addWidget(self.steps)
        row.addLayout(right, 1)

    def _connect(self) -> None:
        self.steps.currentRowChanged.connect(self._on_row)
        self.back.clicked.connect(self._on_back)
        self.forward.clicked.connect(self._on_next)
        self.finish.clicked.connect(self._on_done)
        self.cancel.clicked.connect(self.reject)
        for page in self.pages.values():
            page.changed.connect(self._on_changed)

    # -- steps ----------------------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The step at hand."""
        return STEPS[self.stack.currentIndex()]

    def show_step(self, step: Step) -> None:
        """Show a step as the draft has it."""
        place = STEPS.index(step)
        self.pages[step].show_draft(self.draft)
        self.stack.setCurrentIndex(place)
        self.steps.blockSignals(True)
        self.steps.setCurrentRow(place)
        self.steps.blockSignals(False)
        self.told.hide()
        last = place == len(STEPS) - 1
        self.back.setEnabled(place > 0)
        self.forward.setVisible(not last)
        self.finish.setVisible(last)
        (self.finish if last else self.forward).setDefault(True)

    def _leave(self) -> bool:
        """Take what the step at hand shows; where that cannot be taken it is said, and the step stays."""
        try:
            self.draft = self.pages[self.step].take(self.draft)
        except AppError as problem:
            self.say(problem)
            return False
        return True

    def _go(self, place: int) -> None:
        """Go to a step; forward only past steps that are done."""
        here = STEPS.index(self.step)
        if not self._leave():
            self.steps.setCurrentRow(here)
            return
        for step in STEPS[here:place]:
            problem = problem_of(self.draft, step)
            if problem is not None:
                self.show_step(step)
                self.say(problem)
                return
        self.show_step(STEPS[place])

    def _on_row(self, place: int) -> None:
        if place != self.stack.currentIndex():
            self._go(place)

    def _on_back(self) -> None:
        self._go(self.stack.currentIndex() - 1)

    def _on_next(self) -> None:
        self._go(self.stack.currentIndex() + 1)

    def _on_changed(self) -> None:
        self.told.hide()

    def _on_done(self) -> None:
        if not self._leave():
            return
        found = first_problem(self.draft)
        if found is None:
            self.wanted.emit(self.draft)
            return
        step, problem = found
        if step is not self.step:
            self.show_step(step)
        self.say(problem)

    def say(self, problem: AppError) -> None:
        """Say what stands in the way."""
        self.told.setText(error_text(problem))
        self.told.show()


def _scrolled(page: QWidget) -> QScrollArea:
    """A page that is longer than its room can be scrolled."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QScrollArea.Shape.NoFrame)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(page)
    return area
