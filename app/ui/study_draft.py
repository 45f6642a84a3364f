"""What a coordinator decided in the study assistant so far. Pure: imports no Qt, writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from app.domain.errors import AppError, InputError
from app.domain.protocol import Protocol
from app.services.sign_in import SHORTEST_SECRET
from app.ui.present import text
from app.ui.study_fields import checked

# what SQLite and the order of cases take as a seed
SEED_LIMIT = 2**31


class Step(StrEnum):
    """Steps of the assistant, in order."""

    STUDY = "study"
    READERS = "readers"
    READING = "reading"
    REPEAT = "repeat"
    TRAINING = "training"
    SUMMARY = "summary"


STEPS = tuple(Step)


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the readers' page.

    Attributes
    ----------
    name : str
        As it is shown; stands in the record.
    reads, coordinates : bool
        What this person does; one may do both.
    secret : str
        New PIN or passphrase; empty leaves it as it is.
    has_secret : bool
        There is one already.
    seed : int or None
        Of this reader's order of cases; None draws one.
    enrolled : int
        Key of a reader who is in the session already; 0 of a new one.
    """

    name: str
    reads: bool = True
    coordinates: bool = False
    secret: str = field(default="", repr=False)
    has_secret: bool = False
    seed: int | None = None
    enrolled: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A case that can be chosen for training."""

    exam_id: int
    code: str


@dataclass(frozen=True, slots=True)
class StudyDraft:
    """Everything the assistant asks for.

    Attributes
    ----------
    protocol : Protocol
        As it is to be.
    before : Protocol or None
        The one in force in the session at hand; a changed one becomes a new version. None without a session.
    begun : bool
        Something was read already: the protocol changes with a reason only.
    people : tuple of Person
        Readers and coordinators.
    cases : tuple of Case
        What is imported already.
    training : frozenset of int
        Exams to practise on, which no table counts.
    reason : str
        Why the protocol of a running study changes.
    """

    protocol: Protocol = field(default_factory=Protocol)
    before: Protocol | None = None
    begun: bool = False
    people: tuple[Person, ...] = (Person("", coordinates=True), Person(""))
    cases: tuple[Case, ...] = ()
    training: frozenset[int] = frozenset()
    reason: str = ""

    @property
    def readers(self) -> tuple[Person, ...]:
        """Who reads."""
        return tuple(one for one in self.people if one.reads)

    @property
    def coordinators(self) -> tuple[Person, ...]:
        """Who coordinates."""
        return tuple(one for one in self.people if one.coordinates)

    @property
    def changed(self) -> bool:
        """Whether a protocol in force is to be replaced."""
        if self.before is None:
            return False
        return replace(self._counted, version=self.before.version) != self.before

    @property
    def final(self) -> Protocol:
        """The protocol as it will be stored: with the next version where it changes."""
        if self.before is None:
            return self._counted
        version = self.before.version + 1 if self.changed else self.before.version
        return replace(self._counted, version=version)

    @property
    def _counted(self) -> Protocol:
        """The protocol with as many readers as there are, or as one in force planned."""
        planned = self.before.readers if self.before else 1
        return replace(self.protocol, readers=max(len(self.readers), planned))


def problem_of(draft: StudyDraft, step: Step) -> AppError | None:
    """What keeps a step from being done; None where it is fine."""
    try:
        _CHECKS[step](draft)
    except AppError as problem:
        return problem
    return None


def first_problem(draft: StudyDraft) -> tuple[Step, AppError] | None:
    """The first step that is not done, and why."""
    found = ((step, problem_of(draft, step)) for step in STEPS)
    return next(((step, problem) for step, problem in found if problem), None)


def _check_study(draft: StudyDraft) -> None:
    checked(draft.protocol, text)


def _check_people(draft: StudyDraft) -> None:
    names = [one.name.strip() for one in draft.people]
    if not all(names):
        raise InputError("reader.no_name")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError("reader.exists", name=twice)
    # somebody who is enrolled may leave the study
    idle = next((one for one in draft.people if not (one.reads or one.coordinates or one.enrolled)), None)
    if idle is not None:
        raise InputError("study.does_nothing", name=idle.name)
    short = next((one for one in draft.people if 0 < len(one.secret) < SHORTEST_SECRET), None)
    if short is not None:
        raise InputError("sign_in.short_secret", shortest=SHORTEST_SECRET)
    if not draft.readers:
        raise InputError("study.nobody_reads")
    if not draft.coordinators:
        raise InputError("study.nobody_coordinates")


def _check_reading(draft: StudyDraft) -> None:
    open_door = next((one for one in draft.coordinators if not (one.secret or one.has_secret)), None)
    if draft.protocol.blinded and open_door is not None:
        raise InputError("study.coordinator_without_secret", name=open_door.name)


def _check_training(draft: StudyDraft) -> None:
    if draft.cases and {one.exam_id for one in draft.cases} <= draft.training:
        raise InputError("study.all_training")


def _check_summary(draft: StudyDraft) -> None:
    if draft.begun and draft.changed and not draft.reason.strip():
        raise InputError("study.change_needs_reason")


_CHECKS: dict[Step, Callable[[StudyDraft], None]] = {
    Step.STUDY: _check_study,
    Step.READERS: _check_people,
    Step.READING: _check_reading,
    # its figures are looked at when they are taken from the page
    Step.REPEAT: lambda _: None,
    Step.TRAINING: _check_training,
    Step.SUMMARY: _check_summary,
}
