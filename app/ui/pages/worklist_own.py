"""A reader's own cases: how far each is, what is to be looked at, and the next one."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.services.changed import What
from app.services.read_exam import CaseRow
from app.services.study import Waiting
from app.ui.coordination import Coordination
from app.ui.looking import Looking
from app.ui.pages.long_list import LongList
from app.ui.pages.training_feedback import TrainingFeedback
from app.ui.pages.worklist_bar import WorklistBar
from app.ui.pages.worklist_results import ResultsButton
from app.ui.present import text
from app.ui.present.case import list_progress
from app.ui.present.worklist import own_row, waiting_text, waiting_tip
from app.ui.scale import scaled
from app.ui.theme import Theme
from app.ui.widgets import button, named, words
from app.ui.workspace import Workspace

_HEADERS = (
    "worklist.code",
    "worklist.state",
    "worklist.levels",
    "worklist.warnings",
    "worklist.for",
    "worklist.changed",
)
_WIDTHS = (140, 260, 90, 120, 110, 180)
_TRAINING = _HEADERS.index("worklist.for")
_KINDS = ("todo", "open", "signed", "unlocked", "warned", "training")
_MATTERS = What.SESSION | What.EXAMS | What.READING | What.SIGN_OFF | What.READERS
_FEEDBACK = 250


class OwnWorklist(QWidget):
    """One row a case, in this reader's own order; a double click or Continue opens one.

    Signals
    -------
    case_opened
        The reading page should come forward.
    """

    case_opened = Signal()

    def __init__(self, workspace: Workspace, acts: Coordination, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._cases: list[CaseRow] = []
        self._waits = Waiting()
        self.looking = Looking(workspace, self)
        self.view = LongList([text(code) for code in _HEADERS], text("page.worklist"))
        self.view.use_widths(_WIDTHS)
        self.bar = WorklistBar(self.view, _KINDS)
        self.go_on = button("worklist.continue", role="primary", tip=text("worklist.continue_tip"))
        self.results = ResultsButton(acts)
        self.bar.row.addWidget(self.results)
        self.bar.row.addWidget(self.go_on)
        self.feedback = TrainingFeedback(workspace)
        named(self.feedback, "card")
        self.feedback.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.feedback.setFixedWidth(scaled(_FEEDBACK))
        self.empty = words(role="quiet")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self._lay_out()
        self.go_on.clicked.connect(self._on_continue)
        # a double click activates as well; both signals would open twice, the second time by a stale index
        self.view.activated.connect(self._on_open)
        self.view.selectionModel().currentRowChanged.connect(self._on_current)
        sieve = self.view.sieve
        for signal in (sieve.modelReset, sieve.rowsInserted, sieve.rowsRemoved, sieve.layoutChanged):
            signal.connect(self._show_empty)
        self.looking.found.connect(self._refill)
        workspace.changed.connect(self._on_changed)
        self._on_changed(What.SESSION)

    def _lay_out(self) -> None:
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        beside = QHBoxLayout()
        beside.setSpacing(12)
        beside.addWidget(body, 1)
        beside.addWidget(self.feedback, 0, Qt.AlignmentFlag.AlignTop)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.bar)
        column.addLayout(beside, 1)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.view.show_theme(theme)

    # -- what is listed -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Look at what the list lacks as long as it is seen."""
        super().showEvent(event)
        self._look()

    def hideEvent(self, event: QHideEvent) -> None:
        """Leave the processor to the maps."""
        self.looking.rest()
        super().hideEvent(event)

    def _on_changed(self, what: What) -> None:
        if not what & _MATTERS:
            return
        self._cases = self._workspace.cases
        self._waits = self._workspace.waits(self._cases)
        if what & (What.SESSION | What.READERS):
            self.feedback.hide()
            self.results.refresh()
            self.looking.begin()
        self._refill()
        if self.isVisible():
            self._look()

    def _look(self) -> None:
        self.looking.look(self._cases)
        self._say()

    def _refill(self) -> None:
        rows = [own_row(place, case, self.looking.of(case)) for place, case in enumerate(self._cases)]
        self.view.lines.show_rows(rows)
        self.view.setColumnHidden(_TRAINING, not any(case.training for case in self._cases))
        self.go_on.setEnabled(any(not case.locked for case in self._cases))
        done = sum(case.locked for case in self._cases)
        self.bar.show_progress(done, len(self._cases), list_progress(self._cases) if self._cases else "")
        self._show_empty()
        self._say()

    def _say(self) -> None:
        """Say what waits for its day, and what is still being looked at."""
        left, begun = self.looking.left, sum(bool(case.done) for case in self._cases)
        if left and self.looking.running:
            self.bar.said.setText(text("worklist.looking", done=begun - left, total=begun))
            self.bar.said.setToolTip(text("worklist.looking_tip"))
            return
        viewer = self._workspace.viewer
        done = bool(self._cases) and all(case.locked for case in self._cases)
        here = viewer.round if viewer else 0
        self.bar.said.setText(waiting_text(self._waits, here=here, done=done))
        self.bar.said.setToolTip(waiting_tip(self._waits))

    def _show_empty(self) -> None:
        """Say what to do where nothing is listed."""
        code = "worklist.none_listed" if self._cases else "worklist.empty"
        if not self._cases and self._workspace.people.sign_in_needed:
            code = "worklist.no_cases"
        waits = "" if self._cases else waiting_tip(self._waits)
        self.empty.setText(waits or text(code))
        self._stack.setCurrentIndex(1 if self.view.sieve.rowCount() else 0)

    # -- opening --------------------------------------------------------------------------------------

    def _on_open(self, index: QModelIndex) -> None:
        (exam_id,) = self.view.row_at(index).key
        self._workspace.open_case(int(str(exam_id)))
        self.case_opened.emit()

    def _on_continue(self) -> None:
        case = self._workspace.case
        if case is None or case.reading.locked:
            waiting = next(case for case in self._cases if not case.locked)
            self._workspace.open_case(waiting.exam_id)
        self.case_opened.emit()

    def _on_current(self, index: QModelIndex) -> None:
        """Show a training case that is signed off beside its reference."""
        if not index.isValid():
            return
        (exam_id,) = self.view.row_at(index).key
        case = next((one for one in self._cases if one.exam_id == exam_id), None)
        if case is not None and case.training and case.locked:
            self.feedback.show_case(case.exam_id)
        else:
            self.feedback.hide()
