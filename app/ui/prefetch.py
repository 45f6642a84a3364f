"""The next case, read in the background while the reader is at this one. Holds images, nobody's readings."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, QTimer

from app.domain.exam import Exam
from app.domain.progress import Progress
from app.domain.reading import Viewer
from app.services import read_exam
from app.services.open_session import Session
from app.ui import memory
from app.ui.jobs import Job
from app.ui.session_holder import SessionHolder

# the case at hand is painted and taken up first
_REST_MS = 200

Ahead = tuple[Exam, int]


class Prefetch(QObject):
    """Keeps at most one exam ready, with the slice it would open on.

    What cannot be read is left to the opening of that case, which says why.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = Job(self)
        self._held: Ahead | None = None
        self._wanted: tuple[Session, Viewer, int] | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._start)
        self._job.finished.connect(self._keep)

    def begin(self, held: SessionHolder, after: int) -> None:
        """Read the reader's next unread case a little later, on a connection of its own."""
        self.drop()
        if held.session is not None and held.viewer is not None:
            self._wanted = (held.session, held.viewer, after)
            self._rest.start()

    @property
    def ready(self) -> bool:
        """Whether an exam is ready."""
        return self._held is not None

    def take(self, exam_id: int) -> Ahead | None:
        """Hand over an exam if it is the one that is ready."""
        if self._held is None or self._held[0].id != exam_id:
            return None
        held, self._held = self._held, None
        return held

    def drop(self) -> None:
        """Forget what is ready, and what is on its way."""
        self._rest.stop()
        self._held = self._wanted = None
        self._job.cancel()

    def stop(self) -> None:
        """Forget everything and wait for the connection to close, before the session does."""
        self.drop()
        self._job.wait()

    def _start(self) -> None:
        wanted = self._wanted
        if wanted is None:
            return
        session, viewer, after = wanted
        # what the case before left behind, before another one is read beside the one at hand
        memory.give_back()

        def work(_: Progress) -> tuple[tuple[Session, Viewer, int], Ahead | None]:
            own = session.another()
            try:
                return wanted, read_exam.load_next(own, viewer, after)
            finally:
                own.close()

        self._job.start(work)

    def _keep(self, found: Any) -> None:
        wanted, ahead = found
        # somebody else may read by now
        if wanted is self._wanted:
            self._held = ahead
