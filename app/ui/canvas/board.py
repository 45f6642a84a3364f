"""What a hand over the maps asks of whoever holds the rectangles: the workspace, or one beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from app.domain.exam import Exam
from app.domain.protocol import Level
from app.domain.shapes import Rectangle


class OnDesk(Protocol):
    """A case whose maps are seen."""

    @property
    def exam(self) -> Exam:
        """The maps."""


class Board(Protocol):
    """Rectangles that can be placed, moved, resized and turned on a slice."""

    @property
    def case(self) -> OnDesk | None:
        """What is seen; None while nothing is."""

    @property
    def slice(self) -> int:
        """The slice that is seen."""

    @property
    def selected(self) -> Level | None:
        """The level whose rectangle has handles, or is placed next."""

    @property
    def armed(self) -> bool:
        """Whether the next click places the selected level."""

    @property
    def writable(self) -> bool:
        """Whether rectangles can be changed."""

    @property
    def turnable(self) -> bool:
        """Whether they can be turned."""

    @property
    def rectangles(self) -> Mapping[Level, Rectangle]:
        """As they are seen, the one under the hand where it is now."""

    @property
    def preview(self) -> object | None:
        """The rectangle under the hand."""

    @property
    def proposals(self) -> object | None:
        """What the program proposes."""

    @property
    def proposed_here(self) -> Mapping[Level, Rectangle]:
        """What is proposed in the shown slice."""

    def ghost(self, row: float, col: float) -> Rectangle | None:
        """Where a click at a stored position would place the armed level."""

    def select(self, level: Level | None) -> None:
        """Select a level."""

    def set_slice(self, index: int) -> None:
        """Show another slice."""

    def say_why_not(self) -> None:
        """Tell why nothing can be changed."""

    def show_preview(self, level: Level, rectangle: Rectangle) -> None:
        """Show a rectangle under the hand."""

    def commit_preview(self) -> None:
        """Keep the rectangle under the hand."""

    def cancel_preview(self) -> None:
        """Forget the rectangle under the hand."""

    def accept_proposal(self, level: Level | None = None) -> bool:
        """Place what is proposed."""

    def drop_proposal(self) -> bool:
        """Forget what is proposed."""
