"""A blinded study with two readers, to take parts of it elsewhere and back; the sessions of two centres."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.clinical import ClinicalRow, ClinicalValue, Kind
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import MEASURED
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Reader, Role, Viewer
from app.domain.shapes import Rectangle
from app.services import read_exam
from app.services.join_centres import JoinDone, JoinPlan, join_centres, plan_join_centres
from app.services.open_session import Session, add_reader, create_session, open_session, readers_of
from app.services.sign_in import sign_in
from app.store import audit, clinical, exams, people, schema, sessions
from app.store.clinical import JoinedRow
from app.store.exam_rows import add
from app.store.exams import NewExam

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


class Centres:
    """Our session, open; and the closed one of another centre.

    Attributes
    ----------
    session, there : Session, Path
        Both of them.
    voxels : Exam
        C0001 of ours, which cases of the other centre are made of.
    """

    def __init__(self, session: Session, there: Path, voxels: Exam) -> None:
        self.session, self.there, self.voxels = session, there, voxels

    def beside(self, there: Path, session: Session | None = None) -> Centres:
        """Another centre, and ours or one that stands for it."""
        return Centres(session or self.session, there, self.voxels)

    @property
    def ana(self) -> Viewer:
        """Ana, who coordinates here."""
        return Viewer(readers_of(self.session)[0], Role.COORDINATOR)

    def reader(self, name: str) -> Reader:
        """Who bears a name here."""
        return next(one for one in readers_of(self.session) if one.name == name)

    def key(self, code: str) -> int:
        """Key of an exam here."""
        return next(one.id for one in exams.exams(self.session.database) if one.code == code)

    def plan(self, **wishes: Any) -> JoinPlan:
        """What joining would do."""
        return plan_join_centres(self.session, self.there, "B", **wishes)

    def join(self, **wishes: Any) -> JoinDone:
        """Join the other centre as B."""
        return join_centres(self.session, self.ana, self.plan(**wishes))

    def again(self) -> Session:
        """The other session, to change it; the caller closes it."""
        return open_session(self.there)

    def put(self, session: Session, code: str, shift: int, strength: float | None, name: str) -> int:
        """Put a case like C0001 into a session, with other voxels where it is shifted."""
        maps = {one: replace(map_, stored=map_.stored + shift) for one, map_ in self.voxels.maps.items()}
        new = NewExam(
            replace(self.voxels, code=code, maps=maps, field_strength_t=strength),
            Identity(name, f"ID-{code}", study_uid=f"1.9.{shift}", frame_uid="1"),
            {quantity: [f"1.9.{shift}.{quantity}.{one}" for one in range(9)] for quantity in maps},
            "Philips",
            "Model Y",
        )
        return exams.add(session.database, exams.pack(new), actor="Ana")

    @staticmethod
    def tell(session: Session, *rows: tuple[int, float, int | None]) -> None:
        """Import a clinical table: line, T-score and exam of each row."""
        joined = [
            JoinedRow(_clinical_row(line, score), exam_id, "code" if exam_id else "")
            for line, score, exam_id in rows
        ]
        clinical.save(session.database, joined, sha256="", encoding="", actor="Ana")

    @staticmethod
    def type_in(session: Session, exam_id: int) -> None:
        """Type in a density that is the exam's number."""
        words = dict.fromkeys(("said", "unit", "verbatim", "replaced", "reason", "actor", "at_utc"), "")
        row = {"exam_id": exam_id, "kind": "typed", "what": "bmd", "name": "L1-L4", "value": float(exam_id)}
        with session.database.transaction():
            add(session.database, "clinical_edit", {**row, **words})
            audit.append(session.database, actor="Ana", action="clinical.typed", subject="case")

    @staticmethod
    def tamper(path: Path, *statements: str) -> None:
        """Change a session as another program could, which drops the triggers first."""
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            for name in schema.newest().triggers:
                connection.execute(f"DROP TRIGGER IF EXISTS {name}")
            for sql in statements:
                connection.execute(sql)


def _clinical_row(line: int, tscore: float) -> ClinicalRow:
    values = (ClinicalValue(Kind.TSCORE, "L1-L4", tscore, "", str(tscore)),)
    return ClinicalRow(line=line, patient_id=f"SECRET{line}", sex="F", age=60.0 + line, values=values)


@pytest.fixture
def centres(session: Session, tmp_path: Path) -> Centres:
    """Two centres with a reader Ana each and a case C0001 each; the other one's scanner has 1.5 T."""
    there = tmp_path / "centre.marrow"
    whole = next(one.id for one in exams.exams(session.database) if one.code == "C0001")
    made = Centres(session, there, exams.load(session.database, whole, MEASURED))
    _read(session, Viewer(readers_of(session)[0]), "C0001")
    made.tell(session, (1, -1.0, whole))
    with closing(create_session(there, synthetic=True, reader="Ana")) as other:
        add_reader(other, "Carla")
        add_reader(other, "Dora, who never read")
        first = made.put(other, "C0001", 1, 1.5, "Smith^John")
        second = made.put(other, "K0002", 2, 3.0, "Brown^Mary")
        ana, carla, _ = (Viewer(one) for one in readers_of(other))
        _read(other, ana, "C0001")
        _read(other, carla, "C0001")
        _read(other, carla, "K0002", 3, sign=False)
        # and a stranger of whom there is no exam
        made.tell(other, (1, -2.6, first), (2, 0.5, second), (3, 0.5, None))
    return made
