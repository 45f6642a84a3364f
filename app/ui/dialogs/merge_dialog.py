"""Merges what was read elsewhere: shows first what would change; takes a merge back as one step."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.services import merge as merging
from app.services.merge import Merged, MergeDone, MergePlan
from app.ui.coordination import Coordination
from app.ui.dialogs.ask_session import ask_which
from app.ui.dialogs.work_dialog import WorkDialog
from app.ui.pages.long_list import LongList
from app.ui.present import text
from app.ui.present.exchange import can_be_undone, history_row, merge_rows, merge_text, undone_text
from app.ui.scale import scaled
from app.ui.theme import DARK, Theme
from app.ui.widgets import button, words

_SIZE = QSize(900, 620)
_CASES = (
    "merge.column_case",
    "merge.column_what",
    "merge.column_rows",
    "merge.column_signed",
    "merge.column_why",
)
_HISTORY = ("merge.history_when", "merge.history_what", "merge.history_state")
_CASE_WIDTHS, _HISTORY_WIDTHS = (100, 150, 70, 100), (180, 330)
_HISTORY_HEIGHT = 130


class MergeDialog(WorkDialog):
    """A file, what would become of each case, and what was merged before.

    Parameters
    ----------
    acts : Coordination
        Runs it.

    Signals
    -------
    said : str
        What was done.
    """

    said = Signal(str)

    def __init__(self, acts: Coordination, theme: Theme = DARK, parent: QWidget | None = None) -> None:
        super().__init__(acts, text("merge.title"), _SIZE, "merge.go", parent)
        self.plan: MergePlan | None = None
        self.merges: list[Merged] = []
        self._what = ""
        self.choose = button("merge.choose", tip=text("merge.choose_tip"))
        self.told = words(text("merge.nothing_chosen"))
        self.told.setWordWrap(True)
        self.cases = LongList([text(code) for code in _CASES], text("merge.cases"))
        self.history = LongList([text(code) for code in _HISTORY], text("merge.history"))
        self.undo = button("merge.undo", tip=text("merge.undo_tip"))
        self._none = words(text("merge.history_none"), "quiet")
        for view, widths in ((self.cases, _CASE_WIDTHS), (self.history, _HISTORY_WIDTHS)):
            view.use_widths(widths)
            view.show_theme(theme)
        self._lay_out_body()
        self.choose.setAutoDefault(False)
        self.undo.setAutoDefault(False)
        self.choose.clicked.connect(self._ask)
        self.go.clicked.connect(self._merge)
        self.undo.clicked.connect(self._undo)
        self.history.selectionModel().currentRowChanged.connect(self._on_chosen)
        self._show(None)
        self._show_history()
        self.begin_with(self.choose, self.cases, self.undo, self.history)

    def _lay_out_body(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.choose)
        row.addWidget(self.told, 1)
        self.body.addLayout(row)
        self.body.addWidget(self.cases, 1)
        head = QHBoxLayout()
        head.addWidget(words(text("merge.history"), "section"))
        head.addStretch(1)
        head.addWidget(self.undo)
        below = QVBoxLayout()
        below.addLayout(head)
        below.addWidget(self.history)
        below.addWidget(self._none)
        self.history.setFixedHeight(scaled(_HISTORY_HEIGHT))
        self.body.addLayout(below)

    def progress_words(self, done: int, total: int | None, left_s: float | None) -> str:
        """What runs has no figures worth showing: it takes seconds."""
        return self._what

    # -- looking --------------------------------------------------------------------------------------

    def _ask(self) -> None:
        ask_which(self, text("merge.choose"), self.look)

    def look(self, path: str) -> None:
        """Find out what merging a file would do; writes nothing."""
        file = Path(path)
        self.say("")
        self._what = text("merge.looking")
        self._busy(
            self.acts.run(
                lambda session, _, __: merging.plan_merge(session, file),
                self._on_planned,
                self._on_failed,
                writing=False,
            )
        )

    def _on_planned(self, plan: MergePlan) -> None:
        self._busy(False)
        self._show(plan)

    def _show(self, plan: MergePlan | None) -> None:
        self.plan = plan
        self.told.setText(merge_text(plan) if plan else text("merge.nothing_chosen"))
        self.cases.lines.show_rows(merge_rows(plan.cases) if plan else [])
        self.go.setEnabled(plan is not None and plan.refusal is None and plan.changes)

    # -- doing ----------------------------------------------------------------------------------------

    def _merge(self) -> None:
        plan = self.plan
        if plan is None:
            return
        self._what = text("merge.working")
        self.say("")
        self._busy(
            self.acts.run(
                lambda session, viewer, _: merging.merge(session, viewer, plan),
                self._on_merged,
                self._on_failed,
                writing=True,
            )
        )

    def _on_merged(self, done: MergeDone) -> None:
        self._busy(False)
        self._show(None)
        told = text("merge.is_done", reader=done.plan.reader, round=done.plan.round)
        self.told.setText(told)
        self._show_history()
        self.said.emit(told)

    def _on_failed(self, problem: AppError) -> None:
        self._busy(False)
        self.tell(problem)

    def _busy(self, running: bool) -> None:
        self.choose.setEnabled(not running)
        self.go.setEnabled(not running and self.plan is not None and self.plan.changes)
        self.undo.setEnabled(not running and self._chosen is not None)

    # -- what was merged before -----------------------------------------------------------------------

    def _show_history(self) -> None:
        self.merges = self.acts.ask(merging.merges) or []
        self.history.lines.show_rows([history_row(one) for one in reversed(self.merges)])
        self.history.setVisible(bool(self.merges))
        self._none.setVisible(not self.merges)
        self.undo.setVisible(bool(self.merges))
        if self.merges:
            self.history.selectRow(0)
        self.undo.setEnabled(self._chosen is not None)

    @property
    def _chosen(self) -> Merged | None:
        """The chosen merge, if it can be taken back."""
        index = self.history.currentIndex()
        if not index.isValid():
            return None
        key = self.history.row_at(index).key[0]
        return next((one for one in self.merges if one.id == key and can_be_undone(one)), None)

    def _on_chosen(self, _: QModelIndex) -> None:
        self.undo.setEnabled(self._chosen is not None and not self.acts.running)

    def _undo(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        merge_id = chosen.id
        problem = self.acts.act(lambda session, viewer: merging.undo_merge(session, viewer, merge_id))
        if problem is not None:
            self.tell(problem)
            return
        self.say("")
        self._show_history()
        told = undone_text(chosen)
        self.told.setText(told)
        self.said.emit(told)
