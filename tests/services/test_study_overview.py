"""The coordinator's worklist: how far everybody is, and what was left out why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.case_facts import Fact, FactKind
from app.domain.errors import BlindingError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import LevelState, Reader, Reading, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import study
from app.services.open_session import Session, create_session, readers_of
from app.services.study import Overview, Planned, Progress, State, StudyPlan
from app.store import audit, case_facts, exams, people, readings
from app.store.exams import NewExam

GRID = Grid((1, 8, 8), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
BOX = LevelState.measured(Rectangle(0, 1, 1, 4, 4))
PEOPLE = (Planned("Ana"), Planned("Bo"), Planned("Coe", reads=False, coordinates=True))


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Cases B, A, C in order of import, T from a table; A is for training. Ana and Bo read, Coe leads."""
    made = create_session(tmp_path / "study.marrow", reader="Ana")
    for code in "BAC":
        stored = np.random.default_rng(ord(code)).integers(0, 99, GRID.shape).astype(np.int16)
        maps = {one: ParametricMap(one, stored, GRID, SCALING) for one in (Quantity.FF, Quantity.R2STAR)}
        new = NewExam(Exam(code, maps), Identity(study_uid=code), {}, "GE", "")
        exams.add(made.database, exams.pack(new), actor="Ana")
    with made.database.transaction():
        exams.add_from_table(made.database, "T", Identity())
    study.set_up(made, StudyPlan(people=PEOPLE, training=frozenset({2})))
    yield made
    made.close()


def reader(session: Session, name: str) -> Reader:
    return next(one for one in readers_of(session) if one.name == name)


def coordinator(session: Session, name: str = "Coe") -> Viewer:
    return Viewer(reader(session, name), Role.COORDINATOR)


def begin(session: Session, name: str, exam_id: int, *, number: int = 1) -> Reading:
    viewer = Viewer(reader(session, name), round=number)
    reading = readings.open_reading(session.database, viewer, exam_id)
    stats = RoiStats(16, 77.125, 1.0, 77.125, 77.125, 77.125, 16.0, 0, 0, 0, 0, 0)
    both = dict.fromkeys((Quantity.FF, Quantity.R2STAR), stats)
    return readings.append_revision(session.database, reading, Level.L1, BOX, both)


def sign_off(session: Session, reading: Reading) -> Reading:
    return readings.append_event(session.database, reading, "signed_off")


def states(overview: Overview) -> dict[str, list[str]]:
    return {case.code: [one.state.value for one in case.progress] for case in overview.cases}


def shown(session: Session) -> Overview:
    return study.overview(session, coordinator(session))


def test_cases_stand_by_code_and_readers_by_enrolment(session: Session) -> None:
    overview = shown(session)
    assert [(one.exam_id, one.code, one.training) for one in overview.cases] == [
        (2, "A", True),
        (1, "B", False),
        (3, "C", False),
        (4, "T", False),
    ]
    assert [(one.reader.name, one.round) for one in overview.columns] == [("Ana", 1), ("Bo", 1)]
    untouched = Progress(State.NOT_STARTED)
    assert overview.cases[0].progress == (untouched, untouched)
    assert states(overview)["T"] == ["not_assigned", "not_assigned"]
    assert overview.left_out == ()


def test_each_cell_tells_how_far_a_reader_is(session: Session) -> None:
    begin(session, "Ana", 1)
    done = sign_off(session, begin(session, "Bo", 1))
    study.withdraw(session, coordinator(session), 3, reader(session, "Bo").id, 1, "why")
    overview = shown(session)
    assert states(overview)["B"] == ["open", "signed_off"]
    assert states(overview)["C"] == ["not_started", "not_assigned"]
    signed = overview.cases[1].progress[1]
    assert signed.done == 1
    assert signed.changed_utc == session.database.rows("SELECT max(at_utc) FROM reading_event")[0][0]
    study.unlock(session, coordinator(session), 1, reader(session, "Bo").id, 1, "wrong level")
    overview = shown(session)
    assert states(overview)["B"] == ["open", "unlocked"]
    assert overview.cases[1].progress[1].unlocked == "wrong level"
    sign_off(session, done)
    assert shown(session).cases[1].progress[1].unlocked == ""


def test_what_a_reader_began_and_lost_is_no_longer_theirs(session: Session) -> None:
    begin(session, "Ana", 1)
    study.withdraw(session, coordinator(session), 1, 1, 1, "why")
    cell = shown(session).cases[1].progress[0]
    assert (cell.state, cell.done) == (State.NOT_ASSIGNED, 1)


def test_a_repeat_has_columns_of_its_own_with_what_waits(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    for exam_id in (1, 3):
        sign_off(session, begin(session, "Ana", exam_id))
    study.start_repeat(session, coordinator(session), share=1.0)
    overview = shown(session)
    assert [(one.reader.name, one.round) for one in overview.columns] == [
        ("Ana", 1),
        ("Bo", 1),
        ("Ana", 2),
        ("Bo", 2),
    ]
    assert states(overview)["B"] == ["signed_off", "not_started", "waiting", "not_assigned"]
    waiting = overview.cases[1].progress[2]
    assert waiting.due_utc == session.database.rows("SELECT due_utc FROM assignment WHERE exam_id = 1")[0][0]
    assert [(one.assigned, one.signed_off, one.waiting) for one in overview.columns] == [
        (2, 2, 0),
        (2, 0, 0),
        (2, 0, 2),
        (0, 0, 0),
    ]
    monkeypatch.setattr(audit, "utc_now", lambda: "2999-01-01T00:00:00.000+00:00")
    assert states(shown(session))["B"] == ["signed_off", "not_started", "not_started", "not_assigned"]


def test_training_cases_are_shown_and_not_counted(session: Session) -> None:
    sign_off(session, begin(session, "Ana", 2))
    overview = shown(session)
    assert states(overview)["A"] == ["signed_off", "not_started"]
    assert [(one.assigned, one.signed_off) for one in overview.columns] == [(2, 0), (2, 0)]


def test_who_read_once_keeps_a_column(session: Session) -> None:
    sign_off(session, begin(session, "Bo", 1))
    plan = StudyPlan(people=(PEOPLE[0], PEOPLE[2]), training=frozenset({2}))
    study.set_up(session, plan, coordinator(session))
    assert [one.reader.name for one in shown(session).columns] == ["Ana", "Bo"]


def test_a_round_that_nobody_set_up_is_shown_as_well(session: Session) -> None:
    begin(session, "Ana", 1, number=3)
    overview = shown(session)
    assert [(one.reader.name, one.round) for one in overview.columns] == [
        ("Ana", 1),
        ("Bo", 1),
        ("Ana", 3),
        ("Bo", 3),
    ]
    assert states(overview)["B"] == ["not_started", "not_started", "open", "not_started"]


def test_what_was_left_out_stands_by_reason(session: Session) -> None:
    for exam_id, reason in ((3, Reason.SURG), (1, Reason.HEMANG)):
        reading = begin(session, "Bo", exam_id)
        gone = LevelState.not_measurable(reason, "note")
        sign_off(session, readings.append_revision(session.database, reading, Level.L4, gone, {}))
    other = readings.open_reading(session.database, Viewer(reader(session, "Ana")), 3)
    case_facts.append(session.database, other, Fact(FactKind.EXCLUDED, "HEMANG", "all of it"))
    left_out = shown(session).left_out
    assert left_out is not None
    assert [(one.reason.value, one.code, one.reader, one.level) for one in left_out] == [
        ("HEMANG", "B", "Bo", Level.L4),
        ("HEMANG", "C", "Ana", None),
        ("SURG", "C", "Bo", Level.L4),
    ]
    assert [(one.note, one.signed_off, one.exam_id, one.round) for one in left_out] == [
        ("note", True, 1, 1),
        ("all of it", False, 3, 1),
        ("note", True, 3, 1),
    ]


def test_what_was_marked_in_a_training_case_stands_behind_all_that_was_left_out(session: Session) -> None:
    for exam_id, reason in ((2, Reason.HEMANG), (1, Reason.SURG)):
        reading = begin(session, "Bo", exam_id)
        gone = LevelState.not_measurable(reason)
        sign_off(session, readings.append_revision(session.database, reading, Level.L4, gone, {}))
    left_out = shown(session).left_out
    assert left_out is not None
    assert [(one.training, one.reason.value, one.code) for one in left_out] == [
        (False, "SURG", "B"),
        (True, "HEMANG", "A"),
    ]


def test_a_coordinator_who_still_reads_blinded_sees_how_far_others_are_and_not_what_they_found(
    session: Session,
) -> None:
    both = replace(PEOPLE[0], coordinates=True)
    plan = StudyPlan(Protocol(blinded=True), (both, *PEOPLE[1:]), frozenset({2}))
    study.set_up(session, plan, coordinator(session))
    reading = begin(session, "Bo", 1)
    gone = LevelState.not_measurable(Reason.HEMANG)
    sign_off(session, readings.append_revision(session.database, reading, Level.L4, gone, {}))
    ana = coordinator(session, "Ana")
    overview = study.overview(session, ana)
    assert states(overview)["B"] == ["not_started", "signed_off"]
    assert overview.left_out is None
    assert "HEMANG" not in repr(overview)
    assert "77.125" not in repr(overview)
    assert shown(session).left_out != ()
    people.expose(session.database, ana.reader, "supervision")
    assert study.overview(session, ana).left_out == shown(session).left_out


def test_nobody_sees_it_through_a_guarded_connection(session: Session) -> None:
    session.database.guard(None)
    with pytest.raises(BlindingError):
        shown(session)


def test_an_empty_study_has_an_empty_overview(tmp_path: Path) -> None:
    made = create_session(tmp_path / "empty.marrow", reader="Ana")
    overview = study.overview(made, Viewer(reader(made, "Ana")))
    assert (overview.cases, overview.left_out) == ((), ())
    assert [(one.reader.name, one.assigned) for one in overview.columns] == [("Ana", 0)]
    made.close()


def test_a_study_that_nobody_reads_any_more_still_lists_its_cases(session: Session) -> None:
    for one in readers_of(session):
        people.grant(session.database, one, {Role.COORDINATOR}, actor="Coe")
    overview = shown(session)
    assert overview.columns == ()
    assert [(one.code, one.progress) for one in overview.cases] == [
        ("A", ()),
        ("B", ()),
        ("C", ()),
        ("T", ()),
    ]
