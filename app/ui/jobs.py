"""Long work outside the window's thread: progress, cancel, and stale answers dropped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Any

from PySide6.QtCore import QObject, QRunnable, QThreadPool, Signal

from app.domain.errors import AppError, Cancelled
from app.domain.progress import Progress, Sparing

Work = Callable[[Progress], Any]
_LOG = logging.getLogger(__name__)


class _Reporter:
    """Progress of one job: passes figures on and turns a wish to stop into :class:`Cancelled`."""

    def __init__(self, tell: Callable[[int, object], None]) -> None:
        self._tell = tell
        self._stop = threading.Event()
        self._sparing = Sparing()

    def report(self, done: int, total: int | None) -> None:
        if self._stop.is_set():
            raise Cancelled
        if self._sparing.is_worth(done, total, monotonic()):
            self._tell(done, total)

    def stop(self) -> None:
        self._stop.set()


class _Runnable(QRunnable):
    """Runs work and hands everything to bound signals of its owner; owns no signal itself."""

    def __init__(self, work: Work, progress: _Reporter, finish: Callable[[object, object], None]) -> None:
        super().__init__()
        self._work = work
        self._progress = progress
        self._finish = finish

    def run(self) -> None:
        try:
            result = self._work(self._progress)
        except Exception as problem:  # noqa: BLE001 - everything goes to the owner, in the window's thread
            self._finish(None, problem)
        else:
            self._finish(result, None)


class Job(QObject):
    """One kind of long work; starting it again makes earlier answers stale.

    Signals
    -------
    progressed : int, object
        Pieces done and all pieces (or None).
    finished : object
        The result of the newest run.
    failed : object
        The AppError that ended the newest run.
    """

    progressed = Signal(object, object)
    finished = Signal(object)
    failed = Signal(object)
    _reported = Signal(int, object, object)
    _arrived = Signal(int, object, object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._generation = 0
        self._running: dict[int, _Reporter] = {}
        self._pool = QThreadPool(self)
        # one worker: two jobs of a kind never write to the session side by side
        self._pool.setMaxThreadCount(1)
        self._reported.connect(self._report)
        self._arrived.connect(self._receive)

    @property
    def running(self) -> bool:
        """Whether an answer is still awaited."""
        return bool(self._running)

    def start(self, work: Work) -> None:
        """Run work in the background; the answer of any earlier run is dropped."""
        self.cancel()
        self._generation += 1
        generation = self._generation

        def tell(done: int, total: object) -> None:
            self._reported.emit(generation, done, total)

        reporter = _Reporter(tell)
        self._running[generation] = reporter

        def finish(result: object, problem: object) -> None:
            self._arrived.emit(generation, result, problem)

        self._pool.start(_Runnable(work, reporter, finish))

    def cancel(self) -> None:
        """Ask what runs to stop at its next report."""
        for reporter in self._running.values():
            reporter.stop()

    def wait(self) -> None:
        """Stop and wait for the thread to end; its answer is dropped. Before the session closes."""
        self.cancel()
        self._pool.waitForDone()
        # an answer under way is about a session that is gone when it arrives
        self._generation += 1
        self._running.clear()

    def _report(self, generation: int, done: object, total: object) -> None:
        # figures of a run that was replaced or waited for may still be on their way
        if generation == self._generation:
            self.progressed.emit(done, total)

    def _receive(self, generation: int, result: object, problem: object) -> None:
        self._running.pop(generation, None)
        if generation != self._generation:
            return
        if isinstance(problem, AppError):
            self.failed.emit(problem)
        elif isinstance(problem, Exception):
            _LOG.error("a job failed", exc_info=problem)
            raise problem
        else:
            self.finished.emit(result)
