"""Between study assistant and session: what it starts with, and what it brings about. Imports no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from app.domain.reading import Role, Viewer
from app.services import open_session as sessions
from app.services import sign_in, study
from app.services.open_session import Session
from app.services.study import Planned, StudyPlan
from app.ui.study_draft import Case, Person, StudyDraft


def draft_of(session: Session, viewer: Viewer) -> StudyDraft:
    """The study as it is in a session.

    Raises
    ------
    AppError
        The viewer may not change it.
    """
    cases = study.overview(session, viewer).cases
    return StudyDraft(
        protocol=session.protocol,
        before=session.protocol,
        begun=sessions.has_readings(session),
        people=tuple(
            Person(
                one.reader.name,
                reads=Role.READER in one.roles,
                coordinates=Role.COORDINATOR in one.roles,
                has_secret=one.has_secret,
                enrolled=one.reader.id,
            )
            for one in sign_in.people(session)
        ),
        cases=tuple(Case(one.exam_id, one.code) for one in cases),
        training=frozenset(one.exam_id for one in cases if one.training),
    )


def make(path: Path, draft: StudyDraft) -> Session:
    """Make a session for a study.

    Raises
    ------
    AppError
        It could not be made; no file is left then.
    """
    first = draft.people[0]
    session = sessions.create_session(path, draft.final, reader=first.name.strip(), seed=first.seed)
    try:
        bring_about(session, None, draft)
    except BaseException:
        session.close()
        with suppress(OSError):
            session.path.unlink()
        raise
    return session


def bring_about(session: Session, viewer: Viewer | None, draft: StudyDraft) -> None:
    """Bring a session to what a draft says.

    Parameters
    ----------
    session : Session
        New, or running.
    viewer : Viewer or None
        Who coordinates; None while nobody has a role.
    draft : StudyDraft
        Has no problem.

    Raises
    ------
    AppError
        It could not be done.
    """
    study.set_up(session, _plan(draft), viewer)
    keys = {reader.name: reader.id for reader in sessions.readers_of(session)}
    for person in draft.people:
        if person.secret:
            key = keys[person.name.strip()]
            if person.has_secret and viewer is not None:
                # a coordinator gives another one without knowing the old
                sign_in.remove_secret(session, viewer, key)
            sign_in.set_secret(session, key, person.secret)


def _plan(draft: StudyDraft) -> StudyPlan:
    return StudyPlan(
        protocol=draft.final,
        people=tuple(_planned(draft.people)),
        training=draft.training,
        reason=draft.reason,
    )


def _planned(people: Iterable[Person]) -> Iterable[Planned]:
    # whoever does nothing any more leaves the study
    for one in people:
        if one.reads or one.coordinates:
            yield Planned(one.name.strip(), one.reads, one.coordinates, None if one.enrolled else one.seed)


def who_goes_on(viewer: Viewer | None, draft: StudyDraft) -> str:
    """Name of whoever goes on in a study in which nobody signs in: who set it up, or its coordinator."""
    able = [one.name.strip() for one in draft.coordinators]
    return viewer.reader.name if viewer and viewer.reader.name in able else able[0]


def first_coordinator(session: Session, draft: StudyDraft) -> tuple[int, str] | None:
    """Key and secret of whoever set the study up just now; None where they do not have to sign in."""
    if not sign_in.needs_sign_in(session):
        return None
    keys = {reader.name: reader.id for reader in sessions.readers_of(session)}
    known = (one for one in draft.coordinators if one.secret or not one.has_secret)
    found = next(known, None)
    return (keys[found.name.strip()], found.secret) if found else None
