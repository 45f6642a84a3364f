"""How the rectangle of a level came to be: proposed by the program, and changed by hand since or not."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.case_facts import Help
from app.domain.protocol import Level
from app.domain.reading import Action, Kind, Reading


@dataclass(frozen=True, slots=True)
class Placement:
    """What proposed a rectangle.

    Attributes
    ----------
    by : Help
        Which help it was.
    adjusted : bool
        Whether the rectangle is another one now.
    """

    by: Help
    adjusted: bool


def placement(reading: Reading, level: Level) -> Placement | None:
    """What proposed the rectangle of a level; None where a hand placed it, and where there is none.

    Only edits that stand tell: what was undone never happened, and a rectangle that was removed and placed
    anew is the new one.
    """
    standing = set(reading.history.undoable)
    edits = [
        one
        for one in reading.revisions
        # edits made together stand and fall with the first of them
        if one.action is Action.EDIT and one.level is level and not standing.isdisjoint({one.id, one.target})
    ]
    for one in reversed(edits):
        if one.state.kind is not Kind.MEASURED:
            return None
        if one.id in reading.facts.helped:
            return Placement(reading.facts.helped[one.id], adjusted=one.state != edits[-1].state)
    return None
