"""What is proposed and not placed yet, and why nothing is. Knows no signals; raises what fails."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.case_facts import Help
from app.domain.errors import InputError
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.services import place_help
from app.services.changed import Changed
from app.services.open_session import Session
from app.services.place_help import NoProposal, Proposals
from app.services.read_exam import Case
from app.ui.editing import Edit

OFF = "help.off"


class Proposing:
    """Proposals for the case at hand.

    Attributes
    ----------
    shown : Proposals or None
        What is seen and can be taken.
    why : str
        Code of why nothing was proposed when it was asked for last; empty once something else was done.
    """

    def __init__(self) -> None:
        self.shown: Proposals | None = None
        self.why = ""

    def here(self, slice_index: int) -> dict[Level, Rectangle]:
        """What is proposed in a slice."""
        found = self.shown.rectangles if self.shown else {}
        return {level: box for level, box in found.items() if slice_index in box.slices}

    def ask(self, asked: Callable[[], Proposals | NoProposal]) -> None:
        """Show what is proposed, or keep why nothing is."""
        self.clear()
        try:
            answer = asked()
        except InputError as refusal:
            self.why = refusal.code
            return
        if isinstance(answer, NoProposal):
            self.why = answer.code
        else:
            self.shown = answer

    def clear(self) -> bool:
        """Forget all of it; False where nothing was shown."""
        had = self.shown is not None
        self.shown, self.why = None, ""
        return had

    def follow(self, selected: Level | None, slice_index: int) -> bool:
        """Forget what was asked for another level or slice; False where all stays.

        A ladder is for several of both, so it stays.
        """
        fitted = self.shown is not None and self.shown.by is Help.FIT
        stale = fitted and selected not in self.here(slice_index)
        if stale:
            self.shown = None
        stale, self.why = stale or bool(self.why), ""
        return stale

    def taken(self, level: Level | None) -> tuple[Edit, Proposals | None, Level] | None:
        """How to place one proposal, or all without a level; what is left then, and the lowest one placed."""
        if self.shown is None or (level is not None and level not in self.shown.rectangles):
            return None
        wanted = self.shown.only(level) if level else self.shown

        def place(session: Session, case: Case) -> tuple[Case, Changed]:
            return place_help.place(session, case, wanted)

        return place, self.shown.without(tuple(wanted.rectangles)), max(wanted.rectangles)
