"""A blinded study with two readers, to take parts of it elsewhere and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from app.domain.protocol import LEVELS, Level
from app.domain.reading import Role, Viewer
from app.domain.shapes import Rectangle
from app.services import read_exam
from app.services.open_session import Session, open_session, readers_of
from app.services.sign_in import sign_in
from app.store import exams, people, sessions

SECRET = "correct horse"  # noqa: S105 - of a session that a test makes


@dataclass(frozen=True, slots=True)
class Study:
    """A blinded study: Ana coordinates and reads, Bo reads; Ana is signed in as coordinator."""

    session: Session
    viewer: Viewer

    @property
    def bo(self) -> Viewer:
        """Bo as a reader."""
        return Viewer(readers_of(self.session)[1])

    def case(self, code: str) -> int:
        """Key of an exam."""
        return next(one.id for one in exams.exams(self.session.database) if one.code == code)


@pytest.fixture
def study(session: Session) -> Study:
    """Give the small session as a blinded study, open for its coordinator."""
    ana, bo = readers_of(session)
    database = session.database
    people.set_secret(database, ana, SECRET, actor="Ana")
    people.grant(database, ana, list(Role), actor="Ana")
    people.grant(database, bo, [Role.READER], actor="Ana")
    protocol = replace(session.protocol, version=2, blinded=True)
    sessions.new_protocol(database, protocol, "Ana", "two readers")
    return Study(session, sign_in(session, ana.id, Role.COORDINATOR, SECRET))


def _read(
    session: Session, viewer: Viewer, code: str, levels: int = len(LEVELS), *, sign: bool = True, row: int = 4
) -> None:
    exam_id = next(one.exam_id for one in read_exam.worklist(session, viewer) if one.code == code)
    case = read_exam.open_case(session, viewer, exam_id)
    for place, level in enumerate(LEVELS[:levels]):
        case, _ = read_exam.set_rectangle(session, case, level, Rectangle(4, row + 15 * place, 30, 9, 12))
    if sign:
        read_exam.sign_off(session, case)


@pytest.fixture
def read() -> Callable[..., None]:
    """Give the function that places rectangles in a case and signs it off."""
    return _read


def _elsewhere(path: Path, name: str = "Bo") -> tuple[Session, Viewer]:
    session = open_session(path)
    whose = next(one for one in readers_of(session) if one.name == name)
    return session, sign_in(session, whose.id, Role.READER)


@pytest.fixture
def elsewhere() -> Callable[..., tuple[Session, Viewer]]:
    """Give the function that opens a package as its reader does."""
    return _elsewhere


@pytest.fixture
def level() -> Level:
    """Give the level tests look at."""
    return Level.L1
