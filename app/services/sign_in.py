"""Who works in a session: roles, secrets, signing in and out, and opening a blinded study.

A blinded study without a coordinator's secret keeps nobody out: whoever comes first can set it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

from app.domain.errors import BlindingError, InputError
from app.domain.reading import Reader, Role, Viewer
from app.services.open_session import Session, last_viewer
from app.services.study_rounds import Waiting, current_round
from app.store import audit, rounds
from app.store import people as store
from app.store.guard import Scope
from app.store.people import SHORTEST_SECRET as SHORTEST_SECRET
from app.store.sessions import PROGRAM, readers


@dataclass(frozen=True, slots=True)
class Person:
    """A reader as the sign-in shows them.

    Attributes
    ----------
    reader : Reader
        Who.
    roles : frozenset of Role
        What they may be.
    has_secret : bool
        Whether they have to prove it.
    """

    reader: Reader
    roles: frozenset[Role]
    has_secret: bool


def people(session: Session) -> list[Person]:
    """Everybody who is enrolled, in that order."""
    roles, proving = store.roles(session.database), store.with_secret(session.database)
    known = readers(session.database)
    return [Person(reader, roles[reader.id], reader.id in proving) for reader in known]


def blinded_now(session: Session) -> bool:
    """Whether a blinded round is open."""
    return store.blinded(session.database)


def needs_sign_in(session: Session) -> bool:
    """Whether nobody is let in without saying who: somebody has a secret, or the study is blinded."""
    return store.needs_sign_in(session.database)


# -- in and out -------------------------------------------------------------------------------------------


def sign_in(session: Session, reader_id: int, role: Role, secret: str = "") -> Viewer:
    """Let a person work in the session.

    While the study is blinded a reader gets the guarded connection; everybody else gets the plain one. Where
    somebody is refused, the session stays as it was.

    Raises
    ------
    InputError
        ``sign_in.unknown``; ``sign_in.no_role`` for a role the person does not hold;
        ``sign_in.wrong_secret``; ``sign_in.needs_secret`` for a coordinator without one while the study is
        blinded.
    """
    person = _person(session, reader_id)
    if role not in person.roles:
        raise InputError("sign_in.no_role", name=person.reader.name)
    blinded = blinded_now(session)
    if person.has_secret:
        _prove(session, person, secret)
    elif blinded and role is Role.COORDINATOR:
        raise InputError("sign_in.needs_secret", name=person.reader.name)
    with closing(session.database.apart()) as apart:
        number = current_round(Session(apart, session.synthetic), reader_id)
    viewer = Viewer(person.reader, role, number)
    if blinded and role is Role.READER:
        session.database.guard(Scope(reader_id, person.reader.name, number))
    else:
        _open_plain(session, viewer, blinded=blinded)
    return viewer


def by_name(session: Session, reader_id: int) -> Viewer:
    """Let a person work in a session in which nobody signs in, because their name was chosen.

    A study that is open and has no secret hides nothing from anybody, so whoever coordinates it does so at
    once. Blinding is not begun from here: that takes a secret of each coordinator.

    Raises
    ------
    InputError
        ``sign_in.unknown``; ``sign_in.needed`` where somebody has a secret, or the study is blinded.
    """
    if needs_sign_in(session):
        raise InputError("sign_in.needed")
    person = _person(session, reader_id)
    coordinates = Role.COORDINATOR in person.roles and store.any_grant(session.database)
    role = Role.COORDINATOR if coordinates else Role.READER
    return Viewer(person.reader, role, current_round(session, reader_id))


def ahead(session: Session, viewer: Viewer) -> Waiting:
    """What the viewer is to read in a later round: which, how many cases, and the first one's day.

    Nothing but that: which cases they are would spoil the second reading. On a guarded connection nothing is
    told about anybody else.
    """
    database = session.database
    if not database.guarded:
        return rounds.ahead(database, viewer)
    if database.scope is None or database.scope.reader_id != viewer.reader.id:
        return Waiting()
    # a guarded connection knows the round at hand only
    with closing(database.apart()) as apart:
        return rounds.ahead(apart, viewer)


def sign_out(session: Session) -> None:
    """Leave the session to nobody, where the next person has to sign in."""
    if needs_sign_in(session):
        session.database.guard(None)


def _open_plain(session: Session, viewer: Viewer, *, blinded: bool) -> None:
    if session.database.guarded:
        session.database.unguard()
    # in a blinded study the record tells whenever somebody could see everything
    if blinded and not session.read_only:
        with session.database.transaction():
            audit.append(
                session.database, actor=viewer.reader.name, action="people.coordinates", subject="session"
            )


def _person(session: Session, reader_id: int) -> Person:
    found = next((one for one in people(session) if one.reader.id == reader_id), None)
    if found is None:
        raise InputError("sign_in.unknown")
    return found


def _prove(session: Session, person: Person, secret: str) -> None:
    if not store.matches(session.database, person.reader.id, secret):
        raise InputError("sign_in.wrong_secret", name=person.reader.name)


def require_coordinator(session: Session, secret: str | None, *, reason: str = "") -> Viewer:
    """Open a session for a command that prints readings: the one door for all of them.

    Parameters
    ----------
    session : Session
        As it was opened.
    secret : str or None
        The passphrase of whoever coordinates; not looked at unless the study is blinded.
    reason : str
        Why somebody who reads too looks before their own reading is done; kept with the study.

    Returns
    -------
    Viewer
        Who may see everything: the coordinator, or in an open study whoever worked last.

    Raises
    ------
    BlindingError
        ``blinding.closed`` without a secret, or where no coordinator has one; ``blinding.own_first`` without
        a reason where one is needed.
    InputError
        ``sign_in.wrong_passphrase``.
    """
    if not blinded_now(session):
        if session.database.guarded:
            session.database.unguard()
        return last_viewer(session)
    viewer = _coordinator(session, secret)
    if looks_early(session, viewer):
        _look_or_leave(session, viewer, reason)
    return viewer


def coordinate(session: Session, secret: str | None) -> Viewer:
    """Let somebody coordinate by a command that shows no readings: packages and merging.

    Parameters
    ----------
    session : Session
        As it was opened.
    secret : str or None
        The passphrase of whoever coordinates; needed where one of them has any, or the study is blinded.

    Raises
    ------
    BlindingError
        ``blinding.closed`` without the secret.
    InputError
        ``sign_in.wrong_passphrase``; ``study.not_coordinator`` where nobody may.
    """
    if blinded_now(session) or coordinator_has_secret(session):
        return _coordinator(session, secret)
    if session.database.guarded:
        session.database.unguard()
    able = [one.reader for one in people(session) if Role.COORDINATOR in one.roles]
    if not able:
        raise InputError("study.not_coordinator")
    last = last_viewer(session).reader
    return Viewer(last if last in able else able[0], Role.COORDINATOR)


def open_to_import(session: Session, secret: str | None) -> Viewer | None:
    """Open a session for an import, which shows no readings but tells which patient is which case.

    Parameters
    ----------
    session : Session
        As it was opened.
    secret : str or None
        The passphrase of whoever coordinates; needed where the study is blinded and one of them has any.

    Returns
    -------
    Viewer or None
        Whose secret it was; None where none was needed.

    Raises
    ------
    BlindingError
        ``blinding.closed`` without the secret.
    InputError
        ``sign_in.wrong_passphrase``.
    """
    if blinded_now(session) and coordinator_has_secret(session):
        return _coordinator(session, secret)
    if session.database.guarded:
        session.database.unguard()
    return None


def coordinator_has_secret(session: Session) -> bool:
    """Whether anybody can prove to coordinate."""
    return bool(_proving(session))


def _proving(session: Session) -> list[Person]:
    return [one for one in people(session) if one.has_secret and Role.COORDINATOR in one.roles]


def _coordinator(session: Session, secret: str | None) -> Viewer:
    """Sign in whichever coordinator a secret belongs to."""
    wanted = _proving(session)
    if not (secret and wanted):
        raise BlindingError("blinding.closed")
    for one in wanted:
        if store.matches(session.database, one.reader.id, secret):
            return sign_in(session, one.reader.id, Role.COORDINATOR, secret)
    raise InputError("sign_in.wrong_passphrase")


def _look_or_leave(session: Session, viewer: Viewer, reason: str) -> None:
    if not reason.strip():
        session.database.guard(None)
        raise BlindingError("blinding.own_first")
    look_before_done(session, viewer, reason)


# -- secrets and roles ------------------------------------------------------------------------------------


def set_secret(session: Session, reader_id: int, new: str, old: str = "") -> None:
    """Give a person a secret, or a new one for the old.

    Raises
    ------
    InputError
        ``sign_in.short_secret``, ``sign_in.wrong_secret``, ``sign_in.unknown``.
    BlindingError
        ``blinding.closed`` where a first secret is set for somebody else from a guarded connection, or would
        let a reader in as one more coordinator.
    """
    person = _person(session, reader_id)
    if len(new) < SHORTEST_SECRET:
        raise InputError("sign_in.short_secret", shortest=SHORTEST_SECRET)
    if person.has_secret:
        _prove(session, person, old)
    elif session.database.guarded:
        _refuse_first_secret(session, person)
    store.set_secret(session.database, person.reader, new, actor=person.reader.name)


def _refuse_first_secret(session: Session, person: Person) -> None:
    scope = session.database.scope
    may_coordinate = Role.COORDINATOR in person.roles and coordinator_has_secret(session)
    if scope is None or scope.reader_id != person.reader.id or may_coordinate:
        raise BlindingError("blinding.closed")


def remove_secret(session: Session, viewer: Viewer, reader_id: int) -> None:
    """Take away a forgotten secret, as coordinator; its owner can then set a new one.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``sign_in.unknown``; ``sign_in.last_secret`` where no other coordinator
        would have one.
    BlindingError
        On a guarded connection.
    """
    store.refuse_other_than_coordinator(session.database, viewer)
    person = _person(session, reader_id)
    if [one.reader.id for one in _proving(session)] == [reader_id]:
        raise InputError("sign_in.last_secret")
    if person.has_secret:
        store.set_secret(session.database, person.reader, "", actor=viewer.reader.name)


def grant(session: Session, reader_id: int, roles: Collection[Role], *, viewer: Viewer | None = None) -> None:
    """Give a person these roles and no others.

    Parameters
    ----------
    session : Session
        The session.
    reader_id : int
        Who gets them.
    roles : collection of Role
        Which. The first that are ever given take all others from everybody.
    viewer : Viewer, optional
        The coordinator; not needed while nobody was given a role.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``sign_in.unknown``; ``study.nobody_coordinates`` where nobody would.
    BlindingError
        On a guarded connection.
    """
    actor = PROGRAM
    if viewer is not None:
        actor = viewer.reader.name
        store.refuse_other_than_coordinator(session.database, viewer)
    elif session.database.guarded:
        raise BlindingError("blinding.closed")
    elif store.any_grant(session.database):
        raise InputError("study.not_coordinator")
    person = _person(session, reader_id)
    held = store.roles(session.database) if store.any_grant(session.database) else {}
    if not any(Role.COORDINATOR in one for one in (held | {reader_id: frozenset(roles)}).values()):
        raise InputError("study.nobody_coordinates")
    store.grant(session.database, person.reader, roles, actor=actor)


# -- blinding ---------------------------------------------------------------------------------------------


def unblind(session: Session, viewer: Viewer, reason: str) -> None:
    """Open the study for everybody, as coordinator, with a reason that is kept.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``blinding.needs_reason``.
    BlindingError
        On a guarded connection.
    """
    _say(session, viewer, reason, closed=False)


def blind_again(session: Session, viewer: Viewer, reason: str) -> None:
    """Close the study again, as coordinator, with a reason that is kept.

    Raises
    ------
    InputError, BlindingError
        As :func:`unblind`; ``study.coordinator_without_secret`` where somebody coordinates by name alone:
        they could not sign in any more, or somebody else would as them.
    """
    store.refuse_other_than_coordinator(session.database, viewer)
    for one in people(session):
        if Role.COORDINATOR in one.roles and not one.has_secret:
            raise InputError("study.coordinator_without_secret", name=one.reader.name)
    _say(session, viewer, reason, closed=True)


def _say(session: Session, viewer: Viewer, reason: str, *, closed: bool) -> None:
    store.refuse_other_than_coordinator(session.database, viewer)
    if store.blinded(session.database) is not closed:
        store.say_blinded(session.database, viewer.reader, reason, closed=closed)


def looks_early(session: Session, viewer: Viewer) -> bool:
    """Whether a coordinator who reads too has to say why before seeing readings: their own are not done."""
    return store.looks_early(session.database, viewer)


def look_before_done(session: Session, viewer: Viewer, reason: str) -> None:
    """Let a coordinator who reads too see readings before their own are done.

    Kept with its reason. What they have not signed off by now is not blinded, and every export says so.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``blinding.needs_reason``.
    BlindingError
        On a guarded connection.
    """
    store.refuse_other_than_coordinator(session.database, viewer)
    store.expose(session.database, viewer.reader, reason)
