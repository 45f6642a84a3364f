"""The reader's cases as a table."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QWidget

from app.services.changed import What
from app.services.read_exam import CaseRow
from app.ui import present
from app.ui.pages.table_page import TablePage
from app.ui.present_worklist import worklist_row
from app.ui.widgets import button
from app.ui.workspace import Workspace

_HEADERS = ("worklist.code", "worklist.state", "worklist.levels", "worklist.changed")


class WorklistPage(TablePage):
    """One row a case, in this reader's own order; a double click or Continue opens one.

    Signals
    -------
    case_opened
        The reading page should come forward.
    """

    case_opened = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        headers = [present.text(code) for code in _HEADERS]
        super().__init__(headers, present.text("page.worklist"), present.text("worklist.empty"), parent)
        self._workspace = workspace
        self._cases: list[CaseRow] = []
        self.go_on = button("worklist.continue", role="primary")
        self.bar.addWidget(self.go_on)
        self.go_on.clicked.connect(self._on_continue)
        # a double click activates as well; both signals would open twice, the second time by a stale index
        self.view.activated.connect(self._on_open)
        workspace.changed.connect(self._on_changed)
        self._on_changed(What.SESSION)

    def _on_changed(self, what: What) -> None:
        if not what & (What.SESSION | What.EXAMS | What.READING | What.SIGN_OFF | What.READERS):
            return
        self._cases = self._workspace.cases
        self.show_rows([worklist_row(case) for case in self._cases], (160, 180, 120))
        self.go_on.setEnabled(any(not case.locked for case in self._cases))

    def _on_open(self, index: QModelIndex) -> None:
        self._workspace.open_case(self._cases[self.source_row(index)].exam_id)
        self.case_opened.emit()

    def _on_continue(self) -> None:
        case = self._workspace.case
        if case is None or case.reading.locked:
            waiting = next(case for case in self._cases if not case.locked)
            self._workspace.open_case(waiting.exam_id)
        self.case_opened.emit()
