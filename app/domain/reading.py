"""One reader's work on one exam, and undo as an append-only story."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from app.domain.case_facts import Because, CaseFacts, Help
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle

Said = TypeVar("Said")


class Role(StrEnum):
    """What a person may see."""

    READER = "reader"
    COORDINATOR = "coordinator"


@dataclass(frozen=True, slots=True)
class Reader:
    """A person who reads."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who is asking the store. A reader sees only their own rows of their round."""

    reader: Reader
    role: Role = Role.READER
    round: int = 1


class Kind(StrEnum):
    """What a level holds."""

    EMPTY = "empty"
    MEASURED = "measured"
    NOT_MEASURABLE = "not_measurable"


class Action(StrEnum):
    """Why a revision exists."""

    EDIT = "edit"
    UNDO = "undo"
    REDO = "redo"


@dataclass(frozen=True, slots=True)
class LevelState:
    """What a level holds: nothing, a rectangle, or a reason.

    Attributes
    ----------
    kind : Kind
        Which of the three.
    rectangle : Rectangle or None
        Set when measured.
    reason : Reason or None
        Set when not measurable.
    note : str
        Free text of reason ``OTHER``.
    """

    kind: Kind = Kind.EMPTY
    rectangle: Rectangle | None = None
    reason: Reason | None = None
    note: str = ""

    def __post_init__(self) -> None:
        has = (self.rectangle is not None, self.reason is not None)
        if has != (self.kind is Kind.MEASURED, self.kind is Kind.NOT_MEASURABLE):
            raise ValueError(f"a level cannot be {self.kind} with rectangle and reason {has}")

    @classmethod
    def measured(cls, rectangle: Rectangle) -> LevelState:
        """A level with a rectangle."""
        return cls(Kind.MEASURED, rectangle=rectangle)

    @classmethod
    def not_measurable(cls, reason: Reason, note: str = "") -> LevelState:
        """A level that cannot be measured."""
        return cls(Kind.NOT_MEASURABLE, reason=reason, note=note)


EMPTY = LevelState()


@dataclass(frozen=True, slots=True)
class Revision:
    """One row of the append-only story of a reading.

    Attributes
    ----------
    id : int
        Grows with time.
    level : Level
        The slot.
    state : LevelState
        What the slot holds from here on.
    action : Action
        Edit, undo or redo.
    target : int or None
        The edit that an undo takes back or a redo brings back; of an edit, the one it was made together with
        and is taken back with.
    stats : mapping of Quantity to RoiStats
        What was counted when the revision was made.
    """

    id: int
    level: Level
    state: LevelState
    action: Action = Action.EDIT
    target: int | None = None
    stats: Mapping[Quantity, RoiStats] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """What a story amounts to.

    Attributes
    ----------
    current : mapping of Level to Revision
        Newest revision of each level that was ever touched.
    undoable, redoable : tuple of int
        Edits that can be taken back or brought back, the next one last; of edits made together the first.
    """

    current: Mapping[Level, Revision]
    undoable: tuple[int, ...]
    redoable: tuple[int, ...]

    def state(self, level: Level) -> LevelState:
        """What a level holds now."""
        revision = self.current.get(level)
        return revision.state if revision else EMPTY

    @property
    def gaps(self) -> tuple[Level, ...]:
        """Levels that are neither measured nor marked, from the top."""
        return tuple(level for level in LEVELS if self.state(level).kind is Kind.EMPTY)

    @property
    def rectangles(self) -> dict[Level, Rectangle]:
        """The rectangle of each measured level."""
        states = {level: self.state(level) for level in LEVELS}
        return {level: state.rectangle for level, state in states.items() if state.rectangle}


def replay(revisions: Iterable[Revision]) -> History:
    """Find the current state and both undo stacks from the story, oldest revision first."""
    current: dict[Level, Revision] = {}
    undoable: list[int] = []
    redoable: list[int] = []
    following: set[int] = set()
    for revision in revisions:
        current[revision.level] = revision
        if revision.action is Action.EDIT and revision.target is not None:
            following.add(revision.id)
        elif revision.target in following:
            # goes with the first of its group, which is counted
            continue
        elif revision.action is Action.EDIT:
            undoable.append(revision.id)
            redoable.clear()
        elif revision.action is Action.UNDO:
            redoable.append(undoable.pop())
        else:
            undoable.append(redoable.pop())
    return History(MappingProxyType(current), tuple(undoable), tuple(redoable))


@dataclass(frozen=True, slots=True)
class Step:
    """A revision still to be written, and those written together with it: what undo or redo would do."""

    level: Level
    state: LevelState
    action: Action
    target: int
    others: tuple[Step, ...] = ()


def undo_step(revisions: tuple[Revision, ...], history: History) -> Step | None:
    """What undo would write, or None when there is nothing to take back."""
    if not history.undoable:
        return None
    edits = _together(revisions, history.undoable[-1])
    first, *others = (Step(edit.level, _before(revisions, edit), Action.UNDO, edit.id) for edit in edits)
    return replace(first, others=tuple(others))


def _before(revisions: tuple[Revision, ...], edit: Revision) -> LevelState:
    """What the level of an edit held before it."""
    earlier = [one.state for one in revisions if one.id < edit.id and one.level is edit.level]
    return earlier[-1] if earlier else EMPTY


def redo_step(revisions: tuple[Revision, ...], history: History) -> Step | None:
    """What redo would write, or None when there is nothing to bring back."""
    if not history.redoable:
        return None
    edits = _together(revisions, history.redoable[-1])
    first, *others = (Step(edit.level, edit.state, Action.REDO, edit.id) for edit in edits)
    return replace(first, others=tuple(others))


def _together(revisions: tuple[Revision, ...], first: int) -> list[Revision]:
    """An edit and those that were made together with it."""
    edits = [one for one in revisions if one.action is Action.EDIT]
    return [one for one in edits if first in {one.id, one.target}]


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader's work on one exam in one round.

    Attributes
    ----------
    id, exam_id : int
        Keys in the session.
    viewer : Viewer
        Whose work it is.
    revisions : tuple of Revision
        The story, oldest first.
    locked : bool
        Signed off and not reopened.
    facts : CaseFacts
        What the reader says of the whole case.
    """

    id: int
    exam_id: int
    viewer: Viewer
    revisions: tuple[Revision, ...]
    locked: bool
    facts: CaseFacts = field(default_factory=CaseFacts)

    @property
    def history(self) -> History:
        """Current state and undo stacks."""
        return replay(self.revisions)

    def accepted(self, level: Level) -> Because | None:
        """Why a level was accepted as it is; what was said of another rectangle does not count."""
        return self._said_of(level, self.facts.accepted)

    def helped(self, level: Level) -> Help | None:
        """What proposed the rectangle of a level as it is."""
        return self._said_of(level, self.facts.helped)

    def _said_of(self, level: Level, said: Mapping[int, Said]) -> Said | None:
        """What was said of the rectangle a level holds, also when undo brought it back since."""
        revision = self.history.current.get(level)
        if revision is None or not said:
            return None
        return next(
            (
                said[one.id]
                for one in reversed(self.revisions)
                if one.id in said and one.level is level and one.state == revision.state
            ),
            None,
        )
