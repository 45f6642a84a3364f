"""Vertebral bodies around the rectangles of a case, looked for beside the window's thread."""

from __future__ import annotations

from collections.abc import Iterator
from time import sleep

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.checks_place import body_around
from app.domain.fitting import TILTS_DEG
from app.domain.progress import Progress
from app.services.read_exam import Case
from app.ui.jobs import Job

# what was placed is painted first, and a hand that goes on at once is not disturbed
_REST_MS = 120
# without pauses each step of the hand would wait until the interpreter is taken from the search, some 5 ms
_PAUSE_S = 0.001


def in_steps(progress: Progress) -> Iterator[float]:
    """The tilts of a body, each after a pause in which the window's thread may have the interpreter."""
    for tilt in TILTS_DEG:
        progress.report(0, None)
        sleep(_PAUSE_S)
        yield tilt


class BodyWatch(QObject):
    """Looks around those rectangles of a case that are new.

    Signals
    -------
    found : Case
        The case as it was, with what was found.
    """

    found = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = Job(self)
        self._case: Case | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._start)
        self._job.finished.connect(self._tell)

    def follow(self, case: Case | None) -> None:
        """Look a little later at what this case has that is new; what was looked at before is dropped."""
        self._case = case if case is not None and case.unlooked else None
        self._job.cancel()
        self._rest.stop()
        self.put_off()

    def put_off(self) -> None:
        """Wait once more: the hand is at work, and would feel that something else runs."""
        if self._case is not None:
            self._job.cancel()
            self._rest.start()

    @property
    def waiting(self) -> bool:
        """Whether something is still to be looked at."""
        return self._rest.isActive() or self._job.running

    def stop(self) -> None:
        """Let go of the case and wait for the thread."""
        self.follow(None)
        self._job.wait()

    def _start(self) -> None:
        case = self._case
        if case is None:
            return
        exam, places, protocol = case.exam, case.unlooked, case.protocol

        def work(progress: Progress) -> Case:
            bodies = {place: body_around(exam, place, protocol, in_steps(progress)) for place in places}
            return case.with_bodies(bodies)

        self._job.start(work)

    def _tell(self, looked: Case) -> None:
        here = self._case
        # what was placed while the answer was on its way still waits
        if here is not None and here.exam is looked.exam:
            here = here.with_bodies(looked.bodies)
            self._case = here if here.unlooked else None
        self.found.emit(looked)
