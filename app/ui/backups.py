"""Backups made while somebody works, and when the session closes. Nobody is kept waiting for them."""

from __future__ import annotations

import logging

from PySide6.QtCore import QObject, QTimer

from app.domain.errors import AppError
from app.domain.progress import Progress
from app.services.changed import What
from app.services.open_session import Session
from app.services.rescue import back_up, newest_entry
from app.ui.jobs import Job
from app.ui.workspace import Workspace

_EVERY_MINUTES = 10
_LOG = logging.getLogger(__name__)


class RollingBackups(QObject):
    """Follows the open session: a backup every few minutes of work, one when it closes, none without work.

    Parameters
    ----------
    workspace : Workspace
        What is open.
    """

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._kept = ""
        self._told = False
        self.job = Job(self)
        self.job.failed.connect(self._on_failed)
        self.timer = QTimer(self, interval=_EVERY_MINUTES * 60_000)
        self.timer.timeout.connect(self._on_time)
        workspace.changed.connect(self._on_changed)
        workspace.closing.connect(self._on_closing)

    def _on_changed(self, what: What) -> None:
        session = self._workspace.session
        if not what & What.SESSION:
            return
        if session is None or session.read_only:
            self.timer.stop()
        elif not self.timer.isActive():
            # what was there when it was opened is no work of today
            self._kept, self._told = newest_entry(session), False
            self.timer.start()

    def _worked_in(self) -> Session | None:
        """The session, where something was written to it since the last backup; else None."""
        session = self._workspace.session
        if session is None or not self.timer.isActive():
            return None
        newest = newest_entry(session)
        if newest == self._kept:
            return None
        self._kept = newest
        return session

    def _on_time(self) -> None:
        session = None if self.job.running else self._worked_in()
        if session is None:
            return

        def work(_: Progress) -> object:
            own = session.another()
            try:
                return back_up(own)
            finally:
                own.close()

        self.job.start(work)

    def _on_failed(self, problem: AppError) -> None:
        """Say once that there are no backups; work goes on, and so do the tries."""
        self._kept = ""
        if not self._told:
            self._told = True
            self._workspace.failed.emit(problem)

    def _on_closing(self) -> None:
        self.job.wait()
        session = self._worked_in()
        if session is not None:
            _last(session)


def _last(session: Session) -> None:
    """Back up what is about to be closed; where that fails there is nobody left to do anything about it."""
    try:
        back_up(session)
    except AppError as problem:
        _LOG.warning("no backup at closing: %s", problem.code)
