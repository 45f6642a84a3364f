"""A coordinator's steps: short ones at once, long ones in the background, each on a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal

from app.domain.errors import AppError, InputError, StoreUnavailable
from app.domain.progress import Progress
from app.domain.reading import Viewer
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.ui.jobs import Job
from app.ui.workspace import Workspace

Result = TypeVar("Result")
Step = Callable[[Session, Viewer], Changed]
Work = Callable[[Session, Viewer, Progress], Any]
Done = Callable[[Any], None]
Failed = Callable[[AppError], None]


class Coordination(QObject):
    """Runs services for whoever coordinates, one long one at a time, and announces what they changed.

    Parameters
    ----------
    workspace : Workspace
        What is open, and who works there.

    Signals
    -------
    progressed : object, object
        Pieces done, and all pieces or None.
    ended
        Nothing runs any more.
    """

    progressed = Signal(object, object)
    ended = Signal()

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.workspace = workspace
        self._job = Job(self)
        self._done: Done | None = None
        self._told: Failed | None = None
        self._job.progressed.connect(self.progressed)
        self._job.finished.connect(self._on_finished)
        self._job.failed.connect(self._on_failed)
        workspace.closing.connect(self.stop)

    # -- at once --------------------------------------------------------------------------------------

    def ask(self, question: Callable[[Session, Viewer], Result]) -> Result | None:
        """What a service answers; None where there is nobody to ask for, or it fails, which is told."""
        session, viewer = self.workspace.session, self.workspace.viewer
        if session is None or viewer is None:
            return None
        try:
            return question(session, viewer)
        except AppError as problem:
            self.workspace.failed.emit(problem)
            return None

    def act(self, step: Step) -> AppError | None:
        """Take a short step and announce it.

        Returns
        -------
        AppError or None
            Why it was not taken, for the place that asked.
        """
        session, viewer = self.workspace.session, self.workspace.viewer
        if session is None or viewer is None:
            return InputError("study.not_coordinator")
        if self._job.running:
            return InputError("task.busy")
        try:
            changed = step(session, viewer)
        except AppError as problem:
            return problem
        self.announce(changed.what)
        return None

    def announce(self, what: What) -> None:
        """Announce what changed; the case at hand is read anew where it may be another one now."""
        space = self.workspace
        if not what:
            return
        if what & What.READERS:
            space.people.look_again()
        if what & What.EXAMS:
            space.leave_what_is_gone()
        case = space.case
        if case is not None and what & (What.READING | What.SIGN_OFF):
            space.open_case(case.exam.id, space.slice, also=what)
        else:
            space.note(what)

    # -- in the background ----------------------------------------------------------------------------

    @property
    def running(self) -> bool:
        """Whether something runs."""
        return self._job.running

    def run(self, work: Work, done: Done, failed: Failed | None = None, *, writing: bool) -> bool:
        """Run a long service.

        Parameters
        ----------
        work : callable
            ``work(session, viewer, progress)``, called in another thread on a session of its own.
        done : callable
            Takes its answer, in the window's thread; what the answer says has changed was announced before.
        failed : callable, optional
            Takes the error that ended it; the window tells it otherwise.
        writing : bool
            Whether it writes to the session.

        Returns
        -------
        bool
            Whether it runs; why not was told.
        """
        failed = failed or self.workspace.failed.emit
        session, viewer = self.workspace.session, self.workspace.viewer
        if session is None or viewer is None:
            return False
        if self._job.running:
            failed(InputError("task.busy"))
            return False
        if writing and session.read_only:
            failed(StoreUnavailable("store.read_only", file=session.name))
            return False

        def on_its_own(progress: Progress) -> object:
            own = session.another()
            try:
                return work(own, viewer, progress)
            finally:
                own.close()

        self._done, self._told = done, failed
        self.progressed.emit(0, None)
        self._job.start(on_its_own)
        return True

    def cancel(self) -> None:
        """Ask what runs to stop; nothing half-made is kept."""
        self._job.cancel()

    def leave(self) -> None:
        """Stop where that is still possible; whoever asked wants no answer any more."""
        self._done = self._told = None
        self._job.cancel()

    def stop(self) -> None:
        """Stop and wait, before the session closes."""
        running = self._job.running
        self._job.wait()
        self._done = self._told = None
        if running:
            self.ended.emit()

    def _on_finished(self, result: object) -> None:
        done, self._done, self._told = self._done, None, None
        self.ended.emit()
        # also where whoever asked is gone by now
        changed = getattr(result, "changed", None)
        if isinstance(changed, Changed):
            self.announce(changed.what)
        if done is not None:
            done(result)

    def _on_failed(self, problem: AppError) -> None:
        told, self._done, self._told = self._told, None, None
        self.ended.emit()
        if told is not None:
            told(problem)
