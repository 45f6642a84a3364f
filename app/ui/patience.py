"""How long to wait after a wrong secret: 1, 2, 4 … seconds, for each person. Pure: imports no Qt."""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from time import monotonic

# nobody has to wait longer than this, however often they were wrong
_LONGEST_S = 60.0


class Patience:
    """Counts wrong secrets of each person of the session at hand.

    Parameters
    ----------
    clock : callable
        Seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._wrong: dict[int, tuple[int, float]] = {}

    def wrong(self, person: int) -> None:
        """Somebody gave a wrong secret."""
        times = self._wrong.get(person, (0, 0.0))[0]
        self._wrong[person] = (times + 1, self._clock() + min(2.0**times, _LONGEST_S))

    def right(self, person: int) -> None:
        """Somebody gave the right one."""
        self._wrong.pop(person, None)

    def forget(self) -> None:
        """Another session has other people."""
        self._wrong.clear()

    def left(self, person: int) -> int:
        """Whole seconds until the next try; 0 where it may be made."""
        return max(ceil(self._wrong.get(person, (0, 0.0))[1] - self._clock()), 0)
