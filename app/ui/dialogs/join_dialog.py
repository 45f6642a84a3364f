"""Takes the session of another centre in: shows first which codes clash and which field strengths come."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QListWidget, QListWidgetItem, QWidget

from app.domain.errors import AppError
from app.services import join_centres as joining
from app.services.join_centres import JoinDone, JoinPlan
from app.services.open_session import readers_of
from app.ui.coordination import Coordination
from app.ui.dialogs.ask_session import ask_which
from app.ui.dialogs.work_dialog import WorkDialog, tick_box
from app.ui.pages.long_list import LongList
from app.ui.present import text
from app.ui.present.exchange import fields_text, join_rows, join_text, joined_text
from app.ui.scale import row_height, scaled
from app.ui.theme import DARK, Theme
from app.ui.widgets import button, words

_SIZE = QSize(900, 620)
_HEADERS = ("join.column_there", "join.column_here", "join.column_field", "join.column_what")
_WIDTHS = (130, 150, 90)
_LABEL_WIDTH, _READER_LINE, _LONGEST = 120, 24, 8


class JoinDialog(WorkDialog):
    """A session, a short name for its centre, and what would come of it.

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
        super().__init__(acts, text("join.title"), _SIZE, "join.go", parent)
        self.plan: JoinPlan | None = None
        self._path: Path | None = None
        self._what, self._looking = "", False
        self._known = {one.name for one in acts.ask(lambda session, _: readers_of(session)) or ()}
        self.label = QLineEdit()
        self.label.setMaxLength(_LONGEST)
        self.label.setFixedWidth(scaled(_LABEL_WIDTH))
        self.label.setAccessibleName(text("join.label_name"))
        self.label.setToolTip(text("join.label_tip"))
        self.images = tick_box("join.images")
        self.images.setChecked(True)
        self.choose = button("join.choose", tip=text("join.choose_tip"))
        self.choose.setAutoDefault(False)
        self.told, self.fields = words(text("join.nothing_chosen")), words(role="quiet")
        self.same = QListWidget()
        self._same_title = words(text("join.same"), "quiet")
        self.cases = LongList([text(code) for code in _HEADERS], text("join.title"))
        self.cases.use_widths(_WIDTHS)
        self.cases.show_theme(theme)
        self._lay_out_body()
        self.choose.clicked.connect(self._ask)
        self.label.editingFinished.connect(self._look_again)
        self.images.clicked.connect(self._look_again)
        self.same.itemChanged.connect(self._look_again)
        self.go.clicked.connect(self._join)
        self._show(None)
        self.begin_with(self.label, self.choose, self.images, self.cases, self.same)

    def _lay_out_body(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(words(text("join.label_name"), "quiet"))
        row.addWidget(self.label)
        row.addWidget(self.choose)
        row.addWidget(self.images)
        row.addStretch(1)
        self.same.setAccessibleName(text("join.same"))
        self.body.addLayout(row)
        for part in (self.told, self.fields):
            part.setWordWrap(True)
            self.body.addWidget(part)
        self.body.addWidget(self.cases, 1)
        self.body.addWidget(self._same_title)
        self.body.addWidget(self.same)

    def progress_words(self, done: int, total: int | None, left_s: float | None) -> str:
        """Exams while they are taken in; looking takes seconds."""
        if self._looking:
            return self._what
        return text("join.working", progress=super().progress_words(done, total, left_s))

    # -- looking --------------------------------------------------------------------------------------

    def _ask(self) -> None:
        ask_which(self, text("join.choose"), self.look)

    def look(self, path: str) -> None:
        """Find out what joining a session would do; writes nothing."""
        self._path = Path(path)
        self._look_again()

    @property
    def _same_readers(self) -> frozenset[str]:
        items = (self.same.item(row) for row in range(self.same.count()))
        return frozenset(one.text() for one in items if one.checkState() is Qt.CheckState.Checked)

    def _look_again(self) -> None:
        path, label, images, same = self._path, self.label.text().strip(), self.images, self._same_readers
        if path is None or not label or self.acts.running:
            return
        with_images = images.isChecked()
        self.say("")
        self._what, self._looking = text("merge.looking"), True
        self._busy(
            self.acts.run(
                lambda session, _, __: joining.plan_join_centres(
                    session, path, label, with_images=with_images, same_readers=same
                ),
                self._on_planned,
                self._on_failed,
                writing=False,
            )
        )

    def _on_planned(self, plan: JoinPlan) -> None:
        self._busy(False)
        self._show(plan)

    def _show(self, plan: JoinPlan | None) -> None:
        self.plan = plan
        self.told.setText(join_text(plan) if plan else text("join.nothing_chosen"))
        self.fields.setText(fields_text(plan) if plan else "")
        self.fields.setVisible(bool(self.fields.text()))
        self.cases.lines.show_rows(join_rows(plan) if plan else [])
        self._show_readers(plan)
        self.go.setEnabled(self._joinable)

    @property
    def _joinable(self) -> bool:
        return self.plan is not None and self.plan.refusal is None and bool(self.plan.cases)

    def _show_readers(self, plan: JoinPlan | None) -> None:
        """Offer readers of the same name to be the same person."""
        names = [there for there, _ in plan.readers if there in self._known] if plan else []
        self.same.blockSignals(True)
        self.same.clear()
        for name in names:
            item = QListWidgetItem(name, self.same)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            same = plan is not None and name in plan.same_readers
            item.setCheckState(Qt.CheckState.Checked if same else Qt.CheckState.Unchecked)
            item.setToolTip(text("join.same_tip", name=name))
        self.same.blockSignals(False)
        self.same.setFixedHeight(row_height(_READER_LINE) * max(len(names), 1) + 6)
        for part in (self._same_title, self.same):
            part.setVisible(bool(names))

    # -- doing ----------------------------------------------------------------------------------------

    def _join(self) -> None:
        plan = self.plan
        if plan is None:
            return
        self._looking = False
        self.say("")
        self._busy(
            self.acts.run(
                lambda session, viewer, progress: joining.join_centres(session, viewer, plan, progress),
                self._on_joined,
                self._on_failed,
                writing=True,
            )
        )

    def _on_joined(self, done: JoinDone) -> None:
        self._busy(False)
        self.said.emit(joined_text(done))
        self.accept()

    def _on_failed(self, problem: AppError) -> None:
        self._busy(False)
        self.tell(problem)

    def _busy(self, running: bool) -> None:
        for part in (self.choose, self.label, self.images, self.same):
            part.setEnabled(not running)
        self.go.setEnabled(not running and self._joinable)
