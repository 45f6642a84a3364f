"""The coordinator's worklist: cases by readers and rounds, and what can be done with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QStackedLayout, QVBoxLayout, QWidget

from app.domain.errors import AppError
from app.domain.progress import Progress
from app.domain.reading import Viewer
from app.services import study
from app.services.changed import What
from app.services.open_session import Session
from app.services.study import Overview, Spoken
from app.services.study_overview import CaseOverview
from app.ui.coordination import Coordination
from app.ui.jobs import Job, Work
from app.ui.listed import Row
from app.ui.pages.long_list import LongList
from app.ui.pages.worklist_acts import StudyActs
from app.ui.pages.worklist_bar import WorklistBar
from app.ui.pages.worklist_side import StudySide
from app.ui.present import error_text, text
from app.ui.present.overview import Chosen, cell_tip, column_tip, study_headers, study_progress, study_rows
from app.ui.scale import scaled
from app.ui.theme import Theme
from app.ui.widgets import button, words

_KINDS = ("todo", "open", "signed", "unlocked", "waiting", "warned", "left_out", "training")
_MATTERS = What.SESSION | What.EXAMS | What.READING | What.SIGN_OFF | What.READERS
# columns before those of readers
_FIXED = 2
_CODE, _FOR = 96, 84
_READER, _READER_LEAST = 190, 150
_STEPS = ("repeat", "package", "merge", "join")


def _asking(session: Session, viewer: Viewer) -> Work:
    """What finds, on a connection of its own, what rules say of values."""

    def ask(progress: Progress) -> Spoken:
        progress.report(0, None)
        own = session.another()
        try:
            return study.spoken(own, viewer)
        finally:
            own.close()

    return ask


class StudyWorklist(QWidget):
    """One row a case, one column for each reader and round; read anew when somebody looks.

    Signals
    -------
    said : str
        Something was done that is worth a sentence.
    """

    said = Signal(str)

    def __init__(self, acts: Coordination, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._acts = acts
        self.overview: Overview | None = None
        self._cases: Mapping[object, CaseOverview] = {}
        self._stale, self._nothing = True, ""
        self._rules = Job(self)
        self.view = LongList((), text("worklist.study"))
        self.view.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectItems)
        self.bar = WorklistBar(self.view, _KINDS)
        self.steps = {name: button(f"worklist.{name}", tip=text(f"worklist.{name}_tip")) for name in _STEPS}
        for made in self.steps.values():
            self.bar.row.addWidget(made)
        self.side = StudySide()
        self.does = StudyActs(acts, self)
        self.empty = words(role="quiet")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setWordWrap(True)
        self.view.lines.tell = self._tell
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        body = QWidget()
        self._stack = QStackedLayout(body)
        self._stack.addWidget(self.empty)
        self._stack.addWidget(self.view)
        beside = QHBoxLayout()
        beside.setSpacing(12)
        beside.addWidget(body, 1)
        beside.addWidget(self.side)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addWidget(self.bar)
        column.addLayout(beside, 1)

    def _connect(self) -> None:
        self.view.selectionModel().currentChanged.connect(self._on_current)
        for signal in (
            self.view.sieve.modelReset,
            self.view.sieve.rowsInserted,
            self.view.sieve.rowsRemoved,
            self.view.sieve.layoutChanged,
        ):
            signal.connect(self._show_empty)
        self.side.wanted.connect(self._on_wanted)
        self.side.case_wanted.connect(self._on_case)
        self.steps["repeat"].clicked.connect(self._on_repeat)
        self.steps["package"].clicked.connect(self._on_package)
        self.steps["merge"].clicked.connect(self.does.merge)
        self.steps["join"].clicked.connect(self.does.join)
        self.does.said.connect(self.said)
        self._acts.workspace.changed.connect(self._on_changed)
        self._acts.workspace.closing.connect(self._rules.wait)
        self._rules.finished.connect(self._on_spoken)
        self._rules.failed.connect(self._on_untold)

    def show_theme(self, theme: Theme) -> None:
        """Use the colours of a theme."""
        self.view.show_theme(theme)
        self.side.show_theme(theme)
        self.does.theme = theme

    @property
    def asks_rules(self) -> bool:
        """Whether rules are still being asked what they say of values."""
        return self._rules.running

    # -- what is listed -------------------------------------------------------------------------------

    def showEvent(self, event: QShowEvent) -> None:
        """Catch up with what changed while the list was not seen."""
        super().showEvent(event)
        if self._stale:
            self.look()

    def _on_changed(self, what: What) -> None:
        if what & (What.SESSION | What.READERS):
            # the next person may not be allowed to see it
            self._rules.wait()
            self._show(None, "")
        if what & _MATTERS:
            self._stale = True
            if self.isVisible():
                self.look()

    def look(self) -> None:
        """Read how far everybody is."""
        session, viewer = self._acts.workspace.session, self._acts.workspace.viewer
        self._stale = False
        if session is None or viewer is None:
            self._show(None, "")
            return
        try:
            found = study.overview(session, viewer)
            # what was said before stands until the rules were asked again
            said = self.overview.spoken if self.overview is not None else {}
            self._show(replace(found, spoken=said), text("worklist.study_empty"))
            self._rules.start(_asking(session, viewer))
        except AppError as problem:
            self._rules.wait()
            self._show(None, error_text(problem))

    def _on_spoken(self, spoken: Spoken) -> None:
        """Show what rules say of values beside how far everybody is."""
        if self.overview is not None and spoken != self.overview.spoken:
            self.overview = replace(self.overview, spoken=spoken)
            self.view.lines.show_rows(study_rows(self.overview))
            self.side.show_chosen(self.chosen)

    def _on_untold(self, _: AppError) -> None:
        # whoever may not know is told nothing, and what cannot be read says so where it is asked for
        self._on_spoken({})

    def _show(self, overview: Overview | None, empty: str) -> None:
        self.overview = overview
        self._cases = {one.exam_id: one for one in overview.cases} if overview else {}
        shown = overview or Overview((), (), ())
        headers, rows = study_headers(shown), study_rows(shown)
        lines = self.view.lines
        if headers == [
            str(lines.headerData(place, Qt.Orientation.Horizontal)) for place in range(lines.columnCount())
        ]:
            lines.show_rows(rows)
        else:
            lines.show_columns(
                headers, [*headers[:_FIXED], *(column_tip(one) for one in shown.columns)], rows
            )
            self._share_room(len(shown.columns))
        self.view.setColumnHidden(1, not any(case.training for case in shown.cases))
        done, total = study_progress(shown)
        told = text("worklist.study_progress", done=done, total=total) if total else ""
        self.bar.show_progress(done, total, told)
        self._nothing = empty
        self.side.setVisible(overview is not None)
        self.side.show_study(shown)
        self.side.show_chosen(self.chosen)
        for made in self.steps.values():
            made.setEnabled(overview is not None)
        self._show_empty()

    def _share_room(self, readers: int) -> None:
        """Let columns be as wide as there is room, within reason."""
        room = self.view.viewport().width() - scaled(_CODE) - scaled(_FOR)
        each = room / scaled(100) * 100 / max(readers, 1)
        wide = max(_READER_LEAST, min(_READER, int(each)))
        self.view.use_widths((_CODE, _FOR, *(wide for _ in range(readers))))

    def _show_empty(self) -> None:
        """Say why nothing is listed."""
        cases = self.overview is not None and self.overview.cases
        self.empty.setText(text("worklist.none_listed") if cases else self._nothing)
        self._stack.setCurrentIndex(1 if self.view.sieve.rowCount() else 0)

    # -- the chosen cell ------------------------------------------------------------------------------

    @property
    def chosen(self) -> Chosen | None:
        """The cell of a reader that has the cursor."""
        index = self.view.currentIndex()
        place = index.column() - _FIXED
        if self.overview is None or not index.isValid() or place < 0:
            return None
        return self._cell(self.view.row_at(index), place)

    def _cell(self, row: Row, place: int) -> Chosen | None:
        case = self._cases.get(row.key[0])
        if case is None or self.overview is None:
            return None
        column = self.overview.columns[place]
        return Chosen(case, column, case.progress[place], self.overview.spoken_of(case, column))

    def _tell(self, row: Row, column: int) -> str:
        found = self._cell(row, column - _FIXED) if column >= _FIXED else None
        return cell_tip(found) if found else ""

    def _on_current(self, _: QModelIndex) -> None:
        self.side.show_chosen(self.chosen)

    def _on_case(self, exam_id: int) -> None:
        self.view.go_to((exam_id,))

    # -- what is done ---------------------------------------------------------------------------------

    def _on_wanted(self, name: str) -> None:
        chosen = self.chosen
        if chosen is not None and self.overview is not None:
            self.does.do(name, chosen, self.overview)

    def _on_repeat(self) -> None:
        if self.overview is not None:
            self.does.repeat(self.overview)

    def _on_package(self) -> None:
        if self.overview is not None and self.overview.columns:
            place = max(self.view.currentIndex().column() - _FIXED, 0)
            self.does.package(self.overview, min(place, len(self.overview.columns) - 1))
