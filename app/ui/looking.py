"""What rules say of a reader's own cases, looked up beside the window's thread, kept until a case changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.domain.checks_place import Place, body_around
from app.domain.fitting import Body
from app.domain.progress import Progress
from app.services import read_exam
from app.services.case import Case, Standing
from app.services.open_session import Session
from app.services.read_exam import CaseRow
from app.ui.body_watch import in_steps
from app.ui.jobs import Job
from app.ui.workspace import Workspace

# answers come in handfuls, so that those in sight stand there soon and the list is not told of each
_HANDFUL = 4

Found = dict[int, Standing]


def _key(case: CaseRow) -> tuple[int, str, bool]:
    return case.exam_id, case.last_change, case.locked


class Looking(QObject):
    """Looks through those cases of whoever works here that were begun.

    Signals
    -------
    found
        More is known.
    """

    found = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._known: dict[tuple[int, str, bool], Standing] = {}
        self._waiting: list[CaseRow] = []
        self._handful: list[CaseRow] = []
        self._open = True
        self._job = Job(self)
        self._job.finished.connect(self._take)
        self._job.failed.connect(self._give_up)
        workspace.closing.connect(self.stop)

    def of(self, case: CaseRow) -> Standing | None:
        """What stands of a case, as far as it is known."""
        return self._known.get(_key(case))

    @property
    def running(self) -> bool:
        """Whether cases are being looked through."""
        return self._job.running

    @property
    def left(self) -> int:
        """Cases that still wait."""
        return len(self._waiting) + len(self._handful) * self.running

    def begin(self) -> None:
        """Somebody works here from now on."""
        self._open = True

    def look(self, cases: list[CaseRow]) -> None:
        """Look through the cases that were begun, those given first before the others."""
        if not self._open:
            return
        here = {_key(case) for case in cases}
        self._known = {key: held for key, held in self._known.items() if key in here}
        begun = [case for case in cases if case.done and _key(case) not in self._known]
        self._waiting = begun
        if not self._job.running:
            self._go_on()

    def rest(self) -> None:
        """Look no further for now: nobody sees it."""
        self._waiting = []
        self._job.cancel()

    def stop(self) -> None:
        """Forget everything and wait for the thread; nothing begins again while the session closes."""
        self._open = False
        self._waiting, self._handful, self._known = [], [], {}
        self._job.wait()

    def _go_on(self) -> None:
        session, viewer = self._workspace.session, self._workspace.viewer
        here = {_key(case) for case in self._waiting} - set(self._known)
        self._waiting = [case for case in self._waiting if _key(case) in here]
        self._handful, self._waiting = self._waiting[:_HANDFUL], self._waiting[_HANDFUL:]
        if not self._handful or session is None or viewer is None:
            return
        exam_ids = [case.exam_id for case in self._handful]

        def work(progress: Progress) -> Found:
            own = session.another()
            try:
                return {one: _standing(own, one, progress) for one in exam_ids}
            finally:
                own.close()

        def _standing(own: Session, exam_id: int, progress: Progress) -> Standing:
            progress.report(0, None)
            case = read_exam.open_case(own, viewer, exam_id)
            return case.with_bodies({place: _body(case, place, progress) for place in case.unlooked}).standing

        def _body(case: Case, place: Place, progress: Progress) -> Body | None:
            return body_around(case.exam, place, case.protocol, in_steps(progress))

        self._job.start(work)

    def _take(self, found: Found) -> None:
        self._known |= {_key(case): found[case.exam_id] for case in self._handful if case.exam_id in found}
        self._handful = []
        self._go_on()
        self.found.emit()

    def _give_up(self) -> None:
        """A case that cannot be read says so when it is opened; a list only lacks a sign then."""
        self._handful = []
        self._waiting = []
        self.found.emit()
