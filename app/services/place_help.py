"""Help for placing: proposals that a reader looks at and takes or not. Off unless the protocol allows it.

What is taken is stored like a rectangle that a hand placed, and the record says that the program proposed it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.domain import ladder as ladders
from app.domain.case_facts import Help
from app.domain.errors import InputError
from app.domain.fitting import NoProposal as NoProposal
from app.domain.fitting import find_body
from app.domain.proposing import propose
from app.domain.protocol import Level
from app.domain.reading import Kind
from app.domain.shapes import Rectangle
from app.services import read_exam
from app.services.case import Case
from app.services.changed import Changed
from app.services.open_session import Session


@dataclass(frozen=True, slots=True)
class Proposals:
    """Rectangles to be looked at; nothing is stored.

    Attributes
    ----------
    by : Help
        What proposes them.
    rectangles : mapping of Level to Rectangle
        Where they would be; at least one.
    missing : mapping of Level to str
        Why other levels that wait get none: codes as in :class:`app.domain.fitting.NoProposal`.
    """

    by: Help
    rectangles: Mapping[Level, Rectangle]
    missing: Mapping[Level, str]

    def only(self, level: Level) -> Proposals:
        """The one of a level."""
        return Proposals(self.by, {level: self.rectangles[level]}, {})

    def without(self, levels: Sequence[Level]) -> Proposals | None:
        """What is left without some; None where nothing is."""
        left = {level: one for level, one in self.rectangles.items() if level not in levels}
        return Proposals(self.by, left, self.missing) if left else None


def fit(case: Case, slice_index: int, point: tuple[float, float], level: Level) -> Proposals | NoProposal:
    """Propose a rectangle for a level in the vertebral body around a point.

    Parameters
    ----------
    case : Case
        The case at hand.
    slice_index : int
        Slice of the exam's grid.
    point : tuple of float
        ``(row, col)`` in voxel edges of the exam's grid.
    level : Level
        Empty or measured.

    Raises
    ------
    InputError
        ``help.off`` where the protocol does not allow it, ``help.marked`` for a level that is marked as not
        measurable.
    """
    _refuse(allowed=case.protocol.fit)
    if case.reading.history.state(level).kind is Kind.NOT_MEASURABLE:
        raise InputError("help.marked", level=level.value)
    body = find_body(case.exam, slice_index, point, case.protocol)
    if isinstance(body, NoProposal):
        return body
    rectangle = propose(case.exam, body, case.protocol, _size(case))
    return rectangle if isinstance(rectangle, NoProposal) else Proposals(Help.FIT, {level: rectangle}, {})


def ladder(case: Case) -> Proposals | NoProposal:
    """Propose rectangles for those of L2, L3 and L4 that wait, from those of L1 and L5.

    Raises
    ------
    InputError
        ``help.off`` where the protocol does not allow it.
    """
    _refuse(allowed=case.protocol.ladder)
    history = case.reading.history
    found = ladders.ladder(case.exam, history.rectangles, history.gaps, case.protocol, _size(case))
    if isinstance(found, NoProposal):
        return found
    if not found.rectangles:
        return NoProposal(next(iter(found.missing.values())))
    return Proposals(Help.LADDER, found.rectangles, found.missing)


def place(session: Session, case: Case, proposals: Proposals) -> tuple[Case, Changed]:
    """Store what was proposed, in one step, with the record of what proposed it.

    Raises
    ------
    InputError
        ``reading.locked`` after sign-off.
    """
    return read_exam.set_rectangles(session, case, proposals.rectangles, proposals.by)


def _refuse(*, allowed: bool) -> None:
    if not allowed:
        raise InputError("help.off")


def _size(case: Case) -> tuple[int, int] | None:
    """The one size of a protocol that locks it."""
    return read_exam.next_size(case) if case.protocol.size_locked else None
