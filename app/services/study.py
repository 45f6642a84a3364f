"""A study with several readers: set up, change the protocol, unlock, practise. Each step is in the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.domain.reading import Reader, Reading, Role, Viewer
from app.services.changed import Changed, What
from app.services.open_session import Session, readers_of
from app.services.study_overview import Column as Column
from app.services.study_overview import LeftOut as LeftOut
from app.services.study_overview import Overview as Overview
from app.services.study_overview import Progress as Progress
from app.services.study_overview import Spoken as Spoken
from app.services.study_overview import State as State
from app.services.study_overview import overview as overview
from app.services.study_overview import spoken as spoken
from app.services.study_rounds import Waiting as Waiting
from app.services.study_rounds import assign as assign
from app.services.study_rounds import current_round as current_round
from app.services.study_rounds import offer_now as offer_now
from app.services.study_rounds import reassign as reassign
from app.services.study_rounds import rounds_of as rounds_of
from app.services.study_rounds import start_repeat as start_repeat
from app.services.study_rounds import waiting as waiting
from app.services.study_rounds import withdraw as withdraw
from app.services.study_rounds import withdraw_unbegun
from app.services.study_training import Feedback as Feedback
from app.services.study_training import set_training_reference as set_training_reference
from app.services.study_training import training_feedback as training_feedback
from app.store import audit, exams, people, readings, rounds, sessions

NOTHING = Changed(What.NOTHING)


@dataclass(frozen=True, slots=True)
class Planned:
    """One person of a study.

    Attributes
    ----------
    name : str
        As it stands in the record. Somebody with this name who is enrolled already is the same person.
    reads, coordinates : bool
        What this person does; one may do both.
    seed : int or None
        Of this reader's order of cases; None draws one. Once enrolled, a reader keeps theirs.
    """

    name: str
    reads: bool = True
    coordinates: bool = False
    seed: int | None = None

    @property
    def roles(self) -> frozenset[Role]:
        """What this person may be."""
        wanted = {Role.READER: self.reads, Role.COORDINATOR: self.coordinates}
        return frozenset(role for role, given in wanted.items() if given)


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a coordinator decides before reading begins, and may widen later.

    Attributes
    ----------
    protocol : Protocol
        With blinding, numbers hidden or shown, repeat share and wash-out; the session gives its version.
    people : tuple of Planned
        Readers and coordinators. A single person who does both makes a session without roles.
    training : frozenset of int
        Exams for practice: offered first, in no result.
    reason : str
        Why the protocol of a running study changes.
    """

    protocol: Protocol = field(default_factory=Protocol)
    people: tuple[Planned, ...] = ()
    training: frozenset[int] = frozenset()
    reason: str = ""

    @property
    def alone(self) -> bool:
        """Whether one person does everything: then there are no roles to give."""
        return [one.roles for one in self.people] == [people.EVERYTHING]


def set_up(session: Session, plan: StudyPlan, viewer: Viewer | None = None) -> Changed:
    """Bring a session to what a plan says; what is so already is left, so that it can be done again.

    Parameters
    ----------
    session : Session
        New, or running.
    plan : StudyPlan
        Whoever is enrolled and not in it loses their roles, and keeps their readings.
    viewer : Viewer, optional
        The coordinator; not needed while nobody has a role.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``study.nobody_reads``, ``study.nobody_coordinates``, ``reader.no_name``,
        ``reader.exists`` for a name given twice, ``study.order_is_drawn`` for another seed than that of an
        enrolled reader, ``study.change_needs_reason``, ``study.blinding_is_lifted_elsewhere``; nothing is
        written then.
    BlindingError
        On a guarded connection.
    """
    _refuse_setting_up(session, viewer)
    known = {reader.name: reader for reader in readers_of(session)}
    _refuse_people(session, plan.people, known)
    _refuse_protocol(session, plan.protocol, plan.reason)
    names = [one.name.strip() for one in plan.people if one.coordinates]
    actor = viewer.reader.name if viewer else names[0]
    # those who coordinate first: the first role that is given takes all others from everybody
    for one in sorted(plan.people, key=lambda person: not person.coordinates):
        _enrol(session, one, known, actor, with_roles=not plan.alone or people.any_grant(session.database))
    if people.any_grant(session.database):
        planned = {one.name.strip() for one in plan.people}
        for name in known.keys() - planned:
            people.grant(session.database, known[name], (), actor=actor)
    with session.database.transaction():
        sessions.new_protocol(session.database, plan.protocol, actor, plan.reason.strip())
        _train(session, plan.training, actor)
    return Changed(What.SESSION | What.READERS | What.EXAMS)


def _refuse_setting_up(session: Session, viewer: Viewer | None) -> None:
    if viewer is not None or session.database.guarded:
        nobody = Viewer(Reader(0, ""))
        people.refuse_other_than_coordinator(session.database, viewer or nobody)
    elif people.any_grant(session.database):
        raise InputError("study.not_coordinator")


def _refuse_people(session: Session, planned: tuple[Planned, ...], known: dict[str, Reader]) -> None:
    names = [one.name.strip() for one in planned]
    if not any(one.reads for one in planned):
        raise InputError("study.nobody_reads")
    if not any(one.coordinates for one in planned):
        raise InputError("study.nobody_coordinates")
    for one, name in zip(planned, names, strict=True):
        if not name:
            raise InputError("reader.no_name")
        if names.count(name) > 1:
            raise InputError("reader.exists", name=name)
        if one.seed is not None and name in known:
            drawn = sessions.order_seed(session.database, known[name].id)
            if one.seed != drawn:
                raise InputError("study.order_is_drawn", name=name)


def _enrol(session: Session, one: Planned, known: dict[str, Reader], actor: str, *, with_roles: bool) -> None:
    name = one.name.strip()
    reader = known.get(name) or sessions.add_reader(session.database, name, one.seed)
    if with_roles:
        people.grant(session.database, reader, one.roles, actor=actor)


def _train(session: Session, wanted: frozenset[int], actor: str) -> None:
    """Say what is for practice now, inside the caller's transaction."""
    held = rounds.training(session.database)
    codes = {exam.id: exam.code for exam in exams.exams(session.database)}
    for changed, training in ((wanted - held, True), (held - wanted, False)):
        rounds.use_for_training(session.database, sorted(changed), training=training)
        for exam_id in sorted(changed):
            action = "exam.for_training" if training else "exam.for_study"
            audit.append(session.database, actor=actor, action=action, subject=codes.get(exam_id, "?"))


def change_protocol(session: Session, viewer: Viewer, protocol: Protocol, reason: str = "") -> Changed:
    """Put other rules in force as a new version; what was read keeps the version it was read under.

    Raises
    ------
    InputError
        ``study.not_coordinator``; ``study.change_needs_reason`` once something was read;
        ``study.blinding_is_lifted_elsewhere`` for a protocol that would open a blinded study in passing.
    BlindingError
        On a guarded connection.
    """
    people.refuse_other_than_coordinator(session.database, viewer)
    _refuse_protocol(session, protocol, reason)
    with session.database.transaction():
        new = sessions.new_protocol(session.database, protocol, viewer.reader.name, reason.strip())
    return NOTHING if new is None else Changed(What.SESSION)


def _refuse_protocol(session: Session, protocol: Protocol, reason: str) -> None:
    if not readings.any_reading(session.database):
        return
    if session.protocol.blinded and not protocol.blinded:
        raise InputError("study.blinding_is_lifted_elsewhere")
    if sessions.differs(session.protocol, protocol) and not reason.strip():
        raise InputError("study.change_needs_reason")


def unlock(
    session: Session, viewer: Viewer, exam_id: int, reader_id: int, round_number: int, reason: str
) -> Changed:
    """Open a signed-off reading again for its reader; what was signed off stays in its story.

    Where the case waits to be read once more in a later round, it is taken out there: its wash-out would
    have to begin anew.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``study.needs_reason``, ``study.not_signed_off``, ``study.unknown_reader``.
    BlindingError
        On a guarded connection.
    """
    people.refuse_other_than_coordinator(session.database, viewer)
    if not reason.strip():
        raise InputError("study.needs_reason")
    reading = _signed_off(session, exam_id, reader_id, round_number)
    with session.database.transaction():
        readings.unlock(session.database, reading, viewer.reader, reason.strip())
        withdraw_unbegun(session, viewer, reading, reason.strip())
    return Changed(What.SIGN_OFF)


def _signed_off(session: Session, exam_id: int, reader_id: int, round_number: int) -> Reading:
    reader = next((one for one in readers_of(session) if one.id == reader_id), None)
    if reader is None:
        raise InputError("study.unknown_reader")
    reading = readings.open_reading(session.database, Viewer(reader, round=round_number), exam_id)
    if not reading.locked:
        raise InputError("study.not_signed_off")
    return reading
