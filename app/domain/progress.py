"""How a long task tells where it is and learns that it should stop, without any Qt."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Protocol


class Progress(Protocol):
    """Anything a long task can report to."""

    def report(self, done: int, total: int | None) -> None:
        """Say how far the task is.

        Within one stretch of work ``done`` never falls; a smaller one begins the next stretch.

        Parameters
        ----------
        done : int
            Pieces finished.
        total : int or None
            All pieces, None while they are still being counted.

        Raises
        ------
        Cancelled
            When the user asked to stop; the task just lets it pass.
        """


class Silent:
    """Progress nobody watches."""

    def report(self, done: int, total: int | None) -> None:
        """Do nothing."""


@dataclass(slots=True)
class Sparing:
    """Which reports are worth showing: the first and the last of a stretch, and one now and then between.

    A scan reports ten thousand files a second; a window that repaints for each has time for nothing else.

    Attributes
    ----------
    every_s : float
        Seconds between two reports that are shown.
    """

    every_s: float = 0.05
    _shown: tuple[int, int | None] | None = None
    _shown_at: float = 0.0

    def is_worth(self, done: int, total: int | None, now_s: float) -> bool:
        """Whether to show a report to :class:`Progress`; ``now_s`` is of a clock that never goes back."""
        anew = self._shown is None or self._shown[1] != total or done < self._shown[0]
        if not anew and done != total and now_s - self._shown_at < self.every_s:
            return False
        self._shown, self._shown_at = (done, total), now_s
        return True


# the pace of the last seconds tells more than that of the beginning, when a disc was still asleep
_WINDOW_S = 8.0
# earlier, any figure would be a guess
_FIRST_WORD_S = 1.0


@dataclass(slots=True)
class TimeLeft:
    """How long a task still takes, from its pace of late; begins anew with every stretch of work.

    Times are given, not asked for, so any clock will do.
    """

    _seen: deque[tuple[float, int]] = field(default_factory=deque)
    _total: int | None = None

    def after(self, done: int, total: int | None, now_s: float) -> float | None:
        """Take a report and say how long is left.

        Parameters
        ----------
        done, total : int, int or None
            As reported to :class:`Progress`.
        now_s : float
            Seconds on a clock that never goes back.

        Returns
        -------
        float or None
            Seconds; None while nothing can be said.
        """
        if total != self._total or (self._seen and done < self._seen[-1][1]):
            self._seen.clear()
        self._total = total
        if not self._seen or now_s > self._seen[-1][0]:
            self._seen.append((now_s, done))
        # the oldest kept report is the last one that is older than the window
        while len(self._seen) > 1 and self._seen[1][0] <= now_s - _WINDOW_S:
            self._seen.popleft()
        begun_s, begun = self._seen[0]
        if total is None or now_s - begun_s < _FIRST_WORD_S or done <= begun:
            return None
        return (total - done) * (now_s - begun_s) / (done - begun)
