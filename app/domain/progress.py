"""How a long task tells where it is and learns that it should stop, without any Qt."""

from __future__ import annotations

from typing import Protocol


class Progress(Protocol):
    """Anything a long task can report to."""

    def report(self, done: int, total: int | None) -> None:
        """Say how far the task is.

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
