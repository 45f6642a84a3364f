"""What merging a file would do, reading by reading, or why it is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from app.domain.errors import InputError, Value
from app.services import merge_checks
from app.services.merge_checks import Came, MergeRefused
from app.store import foreign, recounting, sessions, stories
from app.store.database import Database
from app.store.recounting import Place
from app.store.stories import Numbers, Story

_NOTHING = Story()


class Outcome(StrEnum):
    """What merging does with the reading of one case."""

    NEW = "new"
    EXTENDED = "extended"
    UNCHANGED = "unchanged"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Why:
    """Why something is not merged: a code of the catalogue and its values."""

    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class CasePlan:
    """What would become of one reading.

    Attributes
    ----------
    code : str
        Case code.
    outcome : Outcome
        New, extended, unchanged or refused.
    revisions, events : int
        Rows that would come.
    signed_off : bool
        The reading is signed off in the file.
    why : Why or None
        The reason of a refusal.
    """

    code: str
    outcome: Outcome
    revisions: int
    events: int
    signed_off: bool
    why: Why | None = None


@dataclass(frozen=True, slots=True)
class MergePlan:
    """What merging a file would do.

    Attributes
    ----------
    path : Path
        The file: a package or its results.
    origin : str
        The package it comes from.
    reader, round, protocol : str, int, str
        Whose readings they are; empty and 0 where the whole file is refused.
    cases : tuple of CasePlan
        Reading by reading, by case code.
    refusal : Why or None
        Why the whole file is refused.
    entries, head_hash : int, str
        Length and end of the file's own record.
    """

    path: Path
    origin: str
    reader: str
    round: int
    protocol: str
    cases: tuple[CasePlan, ...]
    refusal: Why | None
    entries: int
    head_hash: str

    def count(self, outcome: Outcome) -> int:
        """Readings with an outcome."""
        return sum(one.outcome is outcome for one in self.cases)

    @property
    def changes(self) -> bool:
        """Whether merging would write anything."""
        return bool(self.count(Outcome.NEW) or self.count(Outcome.EXTENDED))


class Planned(Protocol):
    """What can be refused as a whole."""

    @property
    def refusal(self) -> Why | None:
        """Why, or None."""


def refuse(plan: Planned, now: Planned) -> None:
    """Refuse a plan that no longer holds, or never did.

    Raises
    ------
    InputError
        ``merge.outdated`` where it would be another one now; the code of its refusal.
    """
    if plan != now:
        raise InputError("merge.outdated")
    if plan.refusal is not None:
        raise InputError(plan.refusal.code, **plan.refusal.values)


@dataclass(frozen=True, slots=True)
class Ready:
    """What would be written of one reading.

    Attributes
    ----------
    plan : CasePlan
        What is told of it.
    exam_id : int
        The exam here.
    held, new : Story
        What is here, and what comes after it.
    counted : mapping of int to Numbers
        What each new revision holds on our own voxels, by its key in the file.
    """

    plan: CasePlan
    exam_id: int = 0
    held: Story = _NOTHING
    new: Story = _NOTHING
    counted: Mapping[int, Numbers] | None = None


def prepare(ours: Database, theirs: Database, path: Path) -> tuple[MergePlan, list[Ready], Came | None]:
    """Check a file and compare its readings with ours: the plan, and what is needed to carry it out."""
    try:
        came = merge_checks.accept(ours, theirs)
    except MergeRefused as no:
        origin = foreign.about(theirs).origin
        return MergePlan(path, origin, "", 0, "", (), Why(no.code, no.values), 0, ""), [], None
    ready = _ready(ours, theirs, came)
    plan = MergePlan(
        path=path,
        origin=came.about.origin,
        reader=came.reader.name,
        round=came.about.round,
        protocol=sessions.current_protocol(theirs)[1].stamp,
        cases=tuple(one.plan for one in ready),
        refusal=None,
        entries=len(came.record),
        head_hash=came.record[-1]["hash"],
    )
    return plan, ready, came


def _ready(ours: Database, theirs: Database, came: Came) -> list[Ready]:
    """What becomes of each reading of the file, by case code."""
    here = {row["code"]: row["id"] for row in ours.rows("SELECT id, code FROM live_exam")}
    there = {row["id"]: row["code"] for row in theirs.rows("SELECT id, code FROM exam")}
    voxels, voxels_there = recounting.places(ours), recounting.places(theirs)
    mine = stories.stories(ours, came.reader.id, came.about.round)
    found = []
    for exam_id, story in stories.stories(theirs, came.reader_there, came.about.round).items():
        code = there[exam_id]
        place = voxels.get(here.get(code, 0))
        try:
            merge_checks.refuse_case(came, code, known=code in here)
            place = merge_checks.same_voxels(code, place, voxels_there.get(exam_id))
            found.append(_compared(ours, code, place, mine.get(place.exam_id, _NOTHING), story))
        except MergeRefused as no:
            plan = CasePlan(code, Outcome.REFUSED, 0, 0, story.locked, Why(no.code, no.values))
            found.append(Ready(plan))
    return sorted(found, key=lambda one: one.plan.code)


def _compared(ours: Database, code: str, place: Place, held: Story, story: Story) -> Ready:
    """What comes after the story that is here already.

    Raises
    ------
    MergeRefused
        ``merge.conflict``, ``merge.numbers_differ``.
    """
    if held.begins_with(story):
        return Ready(CasePlan(code, Outcome.UNCHANGED, 0, 0, story.locked))
    if not story.begins_with(held):
        raise MergeRefused("merge.conflict", case=code)
    new = story.after(held)
    counted = _counted(ours, code, place, new)
    outcome = Outcome.NEW if held.empty else Outcome.EXTENDED
    plan = CasePlan(code, outcome, len(new.revisions), len(new.events), story.locked)
    return Ready(plan, place.exam_id, held, new, counted)


def _counted(ours: Database, code: str, place: Place, new: Story) -> Mapping[int, Numbers]:
    """Numbers of new rectangles, counted on our own voxels.

    Raises
    ------
    MergeRefused
        ``merge.numbers_differ`` where the file says something else.
    """
    drawn = {one.id: one.rectangle for one in new.revisions if one.rectangle is not None}
    try:
        counted = recounting.recount(ours, place, drawn)
    except InputError as no:
        raise MergeRefused("merge.outside", case=code) from no
    for one in new.revisions:
        for quantity in recounting.different(one.numbers, counted.get(one.id, {})):
            raise MergeRefused("merge.numbers_differ", case=code, level=one.level, quantity=quantity.value)
    return counted
