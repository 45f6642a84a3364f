"""Writes a package for a reader: says first what it holds and what it leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.domain.errors import AppError
from app.services import package
from app.services.package import PackageMade, PackagePlan
from app.services.study import Column
from app.ui.coordination import Coordination
from app.ui.dialogs.ask_session import ask_where
from app.ui.dialogs.work_dialog import WorkDialog
from app.ui.pages.statistics_bar import ChoiceBox
from app.ui.present import text
from app.ui.present.exchange import holds_lines, package_name, package_progress
from app.ui.present.overview import column_title
from app.ui.widgets import words

_SIZE = QSize(620, 420)


class PackageDialog(WorkDialog):
    """One choice, two lists of words, and a file.

    Parameters
    ----------
    acts : Coordination
        Runs it.
    columns : sequence of Column
        Readers and rounds there are.
    chosen : int
        Place of the one to begin with.

    Signals
    -------
    said : str
        What was written.
    """

    said = Signal(str)

    def __init__(
        self, acts: Coordination, columns: Sequence[Column], chosen: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(acts, text("package.title"), _SIZE, "package.go", parent)
        self._columns = tuple(columns)
        self.plan: PackagePlan | None = None
        self.whom = ChoiceBox("package.for")
        for one in self._columns:
            self.whom.addItem(column_title(one))
        self.whom.setCurrentIndex(chosen)
        self.holds, self.leaves = words(), words(text("package.left"), "quiet")
        self._lay_out_body()
        self.whom.activated.connect(self.look)
        self.go.clicked.connect(self._ask)
        self.look()
        self.begin_with(self.whom)

    def _lay_out_body(self) -> None:
        row = QHBoxLayout()
        row.addWidget(words(text("package.for")))
        row.addWidget(self.whom)
        row.addStretch(1)
        self.body.addLayout(row)
        for title, told in (("package.holds", self.holds), ("package.leaves", self.leaves)):
            told.setWordWrap(True)
            self.body.addWidget(words(text(title), "section"))
            self.body.addWidget(told)
        searched = words(text("package.searched"), "quiet")
        searched.setWordWrap(True)
        self.body.addWidget(searched)
        self.body.addStretch(1)

    # -- what it would hold ---------------------------------------------------------------------------

    @property
    def _whom(self) -> Column:
        return self._columns[self.whom.currentIndex()]

    def look(self) -> None:
        """Find out what the package would hold; writes nothing."""
        self.plan = None
        self.go.setEnabled(False)
        self.say("")
        self.holds.setText(text("package.looking"))
        whom = self._whom
        self.whom.setEnabled(False)
        self.acts.run(
            lambda session, viewer, _: package.plan_package(session, viewer, whom.reader.id, whom.round),
            self._on_planned,
            self._on_refused,
            writing=False,
        )

    def _choose_again(self) -> None:
        """Offer the choice again, and give it back the keyboard that it lost meanwhile."""
        self.whom.setEnabled(True)
        self.whom.setFocus()

    def _on_planned(self, plan: PackagePlan) -> None:
        self.plan = plan
        self._choose_again()
        self.holds.setText("\n".join(holds_lines(plan)))
        self.go.setEnabled(True)

    def _on_refused(self, problem: AppError) -> None:
        self._choose_again()
        self.holds.setText("")
        self.tell(problem)

    # -- writing --------------------------------------------------------------------------------------

    def _ask(self) -> None:
        session = self.acts.workspace.session
        if session is None or self.plan is None:
            return
        suggested = package_name(session.path.stem, self.plan)
        ask_where(self, text("package.where"), suggested, self.write)

    def write(self, path: str) -> None:
        """Write the package to a file."""
        target, whom = Path(path), self._whom
        self.say("")
        running = self.acts.run(
            lambda session, viewer, progress: package.write_package(
                session, viewer, whom.reader.id, whom.round, target, progress
            ),
            self._on_written,
            self._on_failed,
            writing=True,
        )
        self._offer(not running)

    def progress_words(self, done: int, total: int | None, left_s: float | None) -> str:
        """Cases while they are written, then how much of the file is searched."""
        return package_progress(self.plan, done, total, left_s) if self.plan else ""

    def _offer(self, offered: bool) -> None:
        self.go.setEnabled(offered)
        self.whom.setEnabled(offered)

    def _on_failed(self, problem: AppError) -> None:
        self._offer(True)
        self.tell(problem)

    def _on_written(self, made: PackageMade) -> None:
        reader = self._whom.reader.name
        self.said.emit(text("package.done", cases=made.cases, reader=reader, file=made.path.name))
        self.accept()
