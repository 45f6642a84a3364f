"""A process of its own for code that may hang, fill the memory or abort over a damaged file.

The near side hands over one piece of work at a time and waits with patience; a process that dies or hangs is
ended, and the piece has no answer.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

# how often the wish to stop is looked at while the process works
_LOOK_S = 0.05

Serve = Callable[[Connection], None]


@dataclass(slots=True)
class Worker:
    """One process and the piece of work it has in hand.

    Attributes
    ----------
    body : callable
        What runs in the process: answers each thing it receives, in order, until the pipe closes.
    lives : int
        How often the process may be started.
    """

    body: Serve
    lives: int
    pipe: Connection | None = None
    process: BaseProcess | None = None

    def give(self, work: object) -> None:
        """Hand over a piece of work; starts the process where there is none and a life is left."""
        try:
            if self.pipe is None and self.lives > 0:
                self._start()
            if self.pipe is not None:
                self.pipe.send(work)
        except OSError:
            self.lose_life()

    def _start(self) -> None:
        # never a fork: the program has threads
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=self.body, args=(theirs,), daemon=True)
        self.process.start()
        theirs.close()

    def take(self, look: Callable[[], None], patience_s: float) -> Any:
        """The answer to the work in hand; None when there is none to be had.

        Parameters
        ----------
        look : callable
            Called while waiting; raises Cancelled.
        patience_s : float
            Seconds after which the process counts as hung.
        """
        if self.pipe is None:
            return None
        until = time.monotonic() + patience_s
        try:
            while not self.pipe.poll(_LOOK_S) and time.monotonic() < until:
                look()
            # one that answers nothing in time counts as dead
            answer = self.pipe.recv() if self.pipe.poll() else None
        except (EOFError, OSError):
            answer = None
        if answer is None:
            self.lose_life()
        return answer

    def lose_life(self) -> None:
        """End a process that died or hung."""
        self.lives -= 1
        self.stop()

    def kill(self) -> None:
        """Tell the process to end, without waiting for it: before several are stopped."""
        if self.process is not None:
            self.process.kill()

    def stop(self) -> None:
        """End the process at once; it holds nothing that could be lost."""
        self.kill()
        if self.process is not None:
            # one that waits for a dead network drive goes when the drive answers; nobody waits for it
            self.process.join(0.1)
        if self.pipe is not None:
            self.pipe.close()
        self.pipe = self.process = None
