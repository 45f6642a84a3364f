"""A study with several readers: set up, protocol, repeat with wash-out, assignments, unlock, training."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import AppError, BlindingError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import LevelState, Reader, Reading, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import read_exam, sign_in, study
from app.services.changed import What
from app.services.open_session import Session, create_session, readers_of
from app.services.study import Planned, StudyPlan, Waiting
from app.store import audit, exams, people, readings, rounds, sessions
from app.store.exams import NewExam
from app.store.guard import Scope
from app.store.rounds import FIRST, RoundKind, StudyRound

FF, R2STAR = Quantity.FF, Quantity.R2STAR
GRID = Grid((1, 8, 8), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
BOX = LevelState.measured(Rectangle(0, 1, 1, 4, 4))
CODES = tuple(f"C000{one}" for one in range(8))
TWO = StudyPlan(people=(Planned("Ana"), Planned("Bo"), Planned("Coe", reads=False, coordinates=True)))
START = datetime(2026, 1, 1, tzinfo=UTC)


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> str:
        self.now += timedelta(milliseconds=1)
        return self.now.isoformat(timespec="milliseconds")

    def wait(self, days: float) -> None:
        self.now += timedelta(days=days)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(audit, "utc_now", made)
    return made


@pytest.fixture
def session(tmp_path: Path, clock: Clock) -> Iterator[Session]:
    """Eight cases, and Ana, who is alone so far."""
    made = create_session(tmp_path / "study.marrow", reader="Ana")
    for number, code in enumerate(CODES):
        stored = np.random.default_rng(number).integers(0, 99, GRID.shape).astype(np.int16)
        maps = {one: ParametricMap(one, stored, GRID, SCALING) for one in (FF, R2STAR)}
        new = NewExam(Exam(code, maps), Identity(study_uid=code), {}, "GE", "")
        exams.add(made.database, exams.pack(new), actor="Ana")
    yield made
    made.close()


@pytest.fixture
def shared(session: Session) -> Session:
    """The same, read by Ana and Bo and coordinated by Coe."""
    study.set_up(session, TWO)
    return session


@pytest.fixture
def coordinator(shared: Session) -> Viewer:
    return Viewer(reader(shared, "Coe"), Role.COORDINATOR)


def reader(session: Session, name: str) -> Reader:
    return next(one for one in readers_of(session) if one.name == name)


def read(
    session: Session, name: str, exam_id: int, *, mean: float = 40.0, number: int = 1, sign: bool = True
) -> Reading:
    """A reading of L1 and L2, L3 marked, signed off or not."""
    viewer = Viewer(reader(session, name), round=number)
    reading = readings.open_reading(session.database, viewer, exam_id)
    if not reading.revisions:
        for level in (Level.L1, Level.L2):
            stats = {
                one: RoiStats(16, mean, 1.0, mean, mean, mean, 16.0, 0, 0, 0, 0, 0) for one in (FF, R2STAR)
            }
            reading = readings.append_revision(session.database, reading, level, BOX, stats)
        gone = LevelState.not_measurable(Reason.HEMANG)
        reading = readings.append_revision(session.database, reading, Level.L3, gone, {})
    return readings.append_event(session.database, reading, "signed_off") if sign else reading


def read_all(session: Session, name: str, exam_ids: range = range(1, 9)) -> None:
    for exam_id in exam_ids:
        read(session, name, exam_id)


def cases_of(session: Session, name: str, number: int = 1) -> list[int]:
    viewer = Viewer(reader(session, name), round=number)
    return [case.exam_id for case in read_exam.worklist(session, viewer)]


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(AppError) as caught:
        act()
    return caught.value.code


def entries(session: Session, action: str) -> list[tuple[str, str, str, str]]:
    found = (one for one in audit.entries(session.database) if one.action == action)
    return [(one.actor, one.subject, one.new, one.reason) for one in found]


# -- setting up -------------------------------------------------------------------------------------------


def test_a_plan_enrols_gives_roles_seeds_rules_and_training_cases(session: Session) -> None:
    plan = StudyPlan(
        Protocol(blinded=True, numbers_hidden=True, repeat_share=0.5, washout_days=21),
        (
            Planned("Ana", coordinates=True),
            Planned(" Bo ", seed=17),
            Planned("Coe", reads=False, coordinates=True),
        ),
        frozenset({2, 5}),
    )
    changed = study.set_up(session, plan)
    assert What.SESSION | What.READERS | What.EXAMS in changed.what
    assert [one.name for one in readers_of(session)] == ["Ana", "Coe", "Bo"]
    roles = people.roles(session.database)
    assert roles[reader(session, "Ana").id] == {Role.READER, Role.COORDINATOR}
    assert roles[reader(session, "Bo").id] == {Role.READER}
    assert roles[reader(session, "Coe").id] == {Role.COORDINATOR}
    assert sessions.order_seed(session.database, reader(session, "Bo").id) == 17
    assert session.protocol == replace(plan.protocol, version=2)
    assert rounds.training(session.database) == {2, 5}
    assert entries(session, "exam.for_training") == [("Ana", "C0001", "", ""), ("Ana", "C0004", "", "")]


def test_a_plan_that_is_fulfilled_already_writes_nothing(shared: Session, coordinator: Viewer) -> None:
    before = len(audit.entries(shared.database))
    study.set_up(shared, TWO, coordinator)
    assert len(audit.entries(shared.database)) == before


def test_one_person_who_does_everything_needs_no_roles(session: Session) -> None:
    study.set_up(session, StudyPlan(people=(Planned("Ana", coordinates=True),)))
    assert not people.any_grant(session.database)


def test_a_study_can_be_widened_and_people_can_leave_it(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Bo", 1)
    wider = (Planned("Ana"), Planned("Dee"), Planned("Coe", reads=False, coordinates=True))
    study.set_up(shared, StudyPlan(people=wider, training=frozenset({3})), coordinator)
    roles = people.roles(shared.database)
    assert roles[reader(shared, "Bo").id] == frozenset()
    assert roles[reader(shared, "Dee").id] == {Role.READER}
    assert len(readings.open_reading(shared.database, Viewer(reader(shared, "Bo")), 1).revisions) == 3
    study.set_up(shared, StudyPlan(people=wider), coordinator)
    assert rounds.training(shared.database) == frozenset()
    assert [one[1] for one in entries(shared, "exam.for_study")] == ["C0002"]


def test_one_person_can_take_a_study_over(shared: Session, coordinator: Viewer) -> None:
    study.set_up(shared, StudyPlan(people=(Planned("Coe", coordinates=True),)), coordinator)
    roles = people.roles(shared.database)
    assert roles == {
        1: frozenset(),
        reader(shared, "Bo").id: frozenset(),
        reader(shared, "Coe").id: frozenset(Role),
    }


@pytest.mark.parametrize(
    ("named", "code"),
    [
        ((Planned("Ana", reads=False, coordinates=True),), "study.nobody_reads"),
        ((Planned("Ana"),), "study.nobody_coordinates"),
        ((Planned("Ana", coordinates=True), Planned(" ")), "reader.no_name"),
        ((Planned("Bo", coordinates=True), Planned("Bo ")), "reader.exists"),
        ((Planned("Ana", coordinates=True, seed=2**31),), "study.order_is_drawn"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_whole(
    session: Session, named: tuple[Planned, ...], code: str
) -> None:
    before = audit.head_hash(session.database)
    assert code_of(lambda: study.set_up(session, StudyPlan(Protocol(margin_mm=1.0), named))) == code
    assert audit.head_hash(session.database) == before


def test_the_seed_a_reader_has_already_may_be_named(session: Session) -> None:
    seed = sessions.order_seed(session.database, 1)
    study.set_up(session, StudyPlan(people=(Planned("Ana", coordinates=True, seed=seed),)))


def test_only_the_coordinator_changes_a_study_that_runs(shared: Session) -> None:
    assert code_of(lambda: study.set_up(shared, TWO)) == "study.not_coordinator"
    ana = Viewer(reader(shared, "Ana"))
    assert code_of(lambda: study.set_up(shared, TWO, ana)) == "study.not_coordinator"


def test_nobody_sets_up_a_study_through_a_guarded_connection(session: Session) -> None:
    session.database.guard(None)
    with pytest.raises(BlindingError):
        study.set_up(session, TWO)


# -- protocol ---------------------------------------------------------------------------------------------


def test_before_anything_is_read_rules_change_without_a_reason(shared: Session, coordinator: Viewer) -> None:
    changed = study.change_protocol(shared, coordinator, Protocol(margin_mm=2.0))
    assert What.SESSION in changed.what
    assert (shared.protocol.margin_mm, shared.protocol.version) == (2.0, 2)
    assert study.change_protocol(shared, coordinator, Protocol(margin_mm=2.0)).what is What.NOTHING


def test_once_something_is_read_rules_change_with_a_reason_only(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Ana", 1)
    new = Protocol(margin_mm=2.0)
    assert code_of(lambda: study.change_protocol(shared, coordinator, new)) == "study.change_needs_reason"
    study.change_protocol(shared, coordinator, new, " too strict ")
    assert entries(shared, "protocol.changed")[0][3] == "too strict"
    assert study.change_protocol(shared, coordinator, new).what is What.NOTHING


def test_new_rules_do_not_open_a_blinded_study_in_passing(shared: Session, coordinator: Viewer) -> None:
    study.change_protocol(shared, coordinator, Protocol(blinded=True))
    read(shared, "Ana", 1)
    act = lambda: study.change_protocol(shared, coordinator, Protocol(blinded=False), "why")  # noqa: E731
    assert code_of(act) == "study.blinding_is_lifted_elsewhere"
    assert people.blinded(shared.database)


# -- repeat -----------------------------------------------------------------------------------------------


def test_each_reader_reads_a_part_of_their_own_cases_again(
    shared: Session, coordinator: Viewer, clock: Clock
) -> None:
    read_all(shared, "Ana")
    read_all(shared, "Bo", range(1, 6))
    read(shared, "Bo", 6, sign=False)
    new, changed = study.start_repeat(shared, coordinator, share=0.25, seed=7)
    assert new == StudyRound(2, RoundKind.REPEAT, 0.25, 14, 7)
    assert What.EXAMS in changed.what
    given = rounds.given(shared.database)
    assert {key: len(cases) for key, cases in given.items()} == {(1, 2): 2, (reader(shared, "Bo").id, 2): 2}
    assert study.rounds_of(shared) == [StudyRound(), new]
    clock.wait(15)
    assert set(cases_of(shared, "Ana", 2)) == set(given[1, 2])
    (entry,) = entries(shared, "round.started")
    assert entry[0:2] == ("Coe", "round 2")
    assert '"readings": 4' in entry[2]
    assert '"washout": "kept"' in entry[2]
    read_all(shared, "Bo", range(6, 9))


def test_readers_of_the_same_cases_read_the_same_ones_again(shared: Session, coordinator: Viewer) -> None:
    for name in ("Ana", "Bo"):
        read_all(shared, name)
    study.start_repeat(shared, coordinator, share=0.5, seed=3)
    given = rounds.given(shared.database)
    assert len(given[1, 2]) == 4
    assert set(given[1, 2]) == set(given[reader(shared, "Bo").id, 2])


def test_another_seed_draws_other_cases_and_a_drawn_one_is_kept(shared: Session, coordinator: Viewer) -> None:
    read_all(shared, "Ana")
    drawn = []
    for seed in (1, 2, 3, None):
        new, _ = study.start_repeat(shared, coordinator, share=0.5, seed=seed, override_reason="test")
        cases = frozenset(rounds.given(shared.database)[1, new.number])
        drawn.append(cases)
        for exam_id in cases:
            read(shared, "Ana", exam_id, number=new.number)
    assert len(set(drawn[:3])) > 1
    assert study.rounds_of(shared)[-1].seed > 0


def test_the_repeat_follows_the_protocol_unless_told_otherwise(shared: Session, coordinator: Viewer) -> None:
    study.change_protocol(shared, coordinator, Protocol(repeat_share=1.0, washout_days=30))
    read_all(shared, "Ana")
    new, _ = study.start_repeat(shared, coordinator)
    assert (new.share, new.washout_days) == (1.0, 30)
    assert len(rounds.given(shared.database)[1, 2]) == 8


def test_a_case_comes_back_when_its_own_wash_out_is_over(
    shared: Session, coordinator: Viewer, clock: Clock
) -> None:
    read(shared, "Ana", 1)
    clock.wait(5)
    read(shared, "Ana", 2)
    study.start_repeat(shared, coordinator, share=1.0, washout_days=14)
    ana = Viewer(reader(shared, "Ana"), round=2)
    assert cases_of(shared, "Ana", 2) == []
    assert study.waiting(shared, ana).count == 2
    assert study.waiting(shared, ana).first_utc.startswith("2026-01-15")
    clock.wait(8.99)
    assert cases_of(shared, "Ana", 2) == []
    assert code_of(lambda: read(shared, "Ana", 1, number=2)) == "study.washing_out"
    clock.wait(0.02)
    assert cases_of(shared, "Ana", 2) == [1]
    assert code_of(lambda: read(shared, "Ana", 2, number=2)) == "study.washing_out"
    clock.wait(5)
    assert sorted(cases_of(shared, "Ana", 2)) == [1, 2]


def test_the_wash_out_counts_from_the_newest_reading_of_any_round(
    shared: Session, coordinator: Viewer, clock: Clock
) -> None:
    read(shared, "Ana", 1)
    study.start_repeat(shared, coordinator, share=1.0, washout_days=10)
    clock.wait(20)
    read(shared, "Ana", 1, number=2)
    study.start_repeat(shared, coordinator, share=1.0, washout_days=10)
    assert cases_of(shared, "Ana", 3) == []
    clock.wait(11)
    assert cases_of(shared, "Ana", 3) == [1]


def test_a_wash_out_ends_early_for_a_reason_that_is_kept(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Ana", 1)
    study.start_repeat(shared, coordinator, share=1.0, override_reason=" thesis is due ")
    assert cases_of(shared, "Ana", 2) == [1]
    (entry,) = entries(shared, "round.started")
    assert entry[3] == "thesis is due"
    assert '"washout": "overridden"' in entry[2]
    assert shared.database.rows("SELECT reason FROM assignment")[0]["reason"] == "thesis is due"


def test_one_reader_can_be_let_begin_early(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Ana", 1)
    read(shared, "Bo", 1)
    study.start_repeat(shared, coordinator, share=1.0)
    changed = study.offer_now(shared, coordinator, 1, 2, "leaves the department")
    assert What.EXAMS in changed.what
    assert (cases_of(shared, "Ana", 2), cases_of(shared, "Bo", 2)) == ([1], [])
    assert entries(shared, "round.offered_early") == [
        ("Coe", "round 2", '{"reader": "Ana", "readings": 1}', "leaves the department")
    ]
    assert study.offer_now(shared, coordinator, 1, 2, "again").what is What.NOTHING


def test_the_order_of_the_repeat_is_another_one(shared: Session, coordinator: Viewer) -> None:
    read_all(shared, "Ana")
    study.start_repeat(shared, coordinator, share=1.0, override_reason="test")
    assert sorted(cases_of(shared, "Ana", 2)) == sorted(cases_of(shared, "Ana"))
    assert cases_of(shared, "Ana", 2) != cases_of(shared, "Ana")


def test_training_cases_and_those_of_former_readers_are_not_repeated(
    shared: Session, coordinator: Viewer
) -> None:
    read_all(shared, "Ana")
    read_all(shared, "Bo")
    plan = StudyPlan(people=(TWO.people[0], TWO.people[2]), training=frozenset({1, 2}))
    study.set_up(shared, plan, coordinator)
    study.start_repeat(shared, coordinator, share=1.0)
    given = rounds.given(shared.database)
    assert list(given) == [(1, 2)]
    assert set(given[1, 2]) == set(range(3, 9))


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"share": 0.0}, "study.no_share"),
        ({"share": 1.1}, "study.no_share"),
        ({"washout_days": -1}, "study.no_days"),
    ],
)
def test_a_repeat_of_nothing_or_of_more_than_all_is_refused(
    shared: Session, coordinator: Viewer, options: dict[str, float], code: str
) -> None:
    assert code_of(lambda: study.start_repeat(shared, coordinator, **options)) == code  # type: ignore[arg-type]


def test_a_repeat_needs_something_signed_off(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Ana", 1, sign=False)
    assert code_of(lambda: study.start_repeat(shared, coordinator)) == "study.nothing_to_repeat"
    assert study.rounds_of(shared) == [StudyRound()]


def test_the_next_repeat_waits_for_the_one_before(shared: Session, coordinator: Viewer) -> None:
    read_all(shared, "Ana", range(1, 3))
    study.start_repeat(shared, coordinator, share=1.0, override_reason="test")
    read(shared, "Ana", 1, number=2)
    assert code_of(lambda: study.start_repeat(shared, coordinator)) == "study.repeat_not_done"
    study.withdraw(shared, coordinator, 2, 1, 2, "no time")
    new, _ = study.start_repeat(shared, coordinator, share=1.0)
    assert new.number == 3


def test_a_reader_works_in_the_first_round_that_has_something_to_do(
    shared: Session, coordinator: Viewer, clock: Clock
) -> None:
    assert study.current_round(shared, 1) == FIRST
    read_all(shared, "Ana", range(1, 8))
    study.start_repeat(shared, coordinator, share=1.0)
    clock.wait(20)
    assert study.current_round(shared, 1) == FIRST
    read(shared, "Ana", 8)
    assert study.current_round(shared, 1) == 2
    assert study.current_round(shared, reader(shared, "Bo").id) == FIRST
    for exam_id in range(1, 8):
        read(shared, "Ana", exam_id, number=2)
    assert study.current_round(shared, 1) == 2


def test_while_the_wash_out_lasts_a_reader_stays_in_the_round_before(
    shared: Session, coordinator: Viewer
) -> None:
    read_all(shared, "Ana")
    study.start_repeat(shared, coordinator, share=1.0)
    assert study.current_round(shared, 1) == FIRST


def test_a_reader_who_is_done_is_told_of_the_next_round_and_its_first_day(
    shared: Session, coordinator: Viewer, clock: Clock
) -> None:
    read_all(shared, "Bo", range(1, 3))
    clock.wait(3)
    read_all(shared, "Ana", range(1, 5))
    study.start_repeat(shared, coordinator, share=1.0, washout_days=14)
    ana, bo = Viewer(reader(shared, "Ana")), Viewer(reader(shared, "Bo"))
    told = sign_in.ahead(shared, ana)
    assert (told.count, told.round, told.first_utc[:10]) == (4, 2, "2026-01-18")
    assert study.waiting(shared, ana) == Waiting()
    assert sign_in.ahead(shared, bo).first_utc[:10] == "2026-01-15"
    # blinded, Ana hears as much, and nothing of Bo; whoever has not signed in hears nothing
    shared.database.guard(Scope(1, "Ana", 1))
    assert sign_in.ahead(shared, ana) == told
    assert sign_in.ahead(shared, bo) == Waiting()
    shared.database.guard(None)
    assert sign_in.ahead(shared, ana) == Waiting()
    shared.database.guard(Scope(1, "Ana", 1))
    clock.wait(15)
    assert sign_in.ahead(shared, ana) == Waiting(4, "", 2)


# -- assignments ------------------------------------------------------------------------------------------


def test_a_case_goes_from_one_reader_to_another(shared: Session, coordinator: Viewer) -> None:
    bo = reader(shared, "Bo").id
    study.withdraw(shared, coordinator, 3, bo, 1, "Ana alone")
    study.reassign(shared, coordinator, 3, 1, bo, 1, " knows the patient ")
    assert 3 not in cases_of(shared, "Ana")
    assert 3 in cases_of(shared, "Bo")
    assert entries(shared, "assignment.given") == [
        ("Coe", "C0002/round 1", '{"reader": "Bo"}', "knows the patient")
    ]
    assert entries(shared, "assignment.withdrawn") == [
        ("Coe", "C0002/round 1", '{"reader": "Bo"}', "Ana alone"),
        ("Coe", "C0002/round 1", '{"reader": "Ana"}', "knows the patient"),
    ]


def test_who_reads_a_case_anyway_is_not_given_it_twice(shared: Session, coordinator: Viewer) -> None:
    study.reassign(shared, coordinator, 3, 1, reader(shared, "Bo").id, 1, "why")
    assert entries(shared, "assignment.given") == []
    assert study.assign(shared, coordinator, 3, reader(shared, "Bo").id, 1, "why").what is What.NOTHING


def test_what_was_withdrawn_can_be_given_back(shared: Session, coordinator: Viewer) -> None:
    study.withdraw(shared, coordinator, 3, 1, 1, "why")
    assert study.withdraw(shared, coordinator, 3, 1, 1, "why").what is What.NOTHING
    assert What.EXAMS in study.assign(shared, coordinator, 3, 1, 1, "why").what
    assert 3 in cases_of(shared, "Ana")


def test_what_is_signed_off_is_not_taken_away(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Ana", 3)
    bo = reader(shared, "Bo").id
    assert code_of(lambda: study.withdraw(shared, coordinator, 3, 1, 1, "why")) == "study.already_signed_off"
    assert (
        code_of(lambda: study.reassign(shared, coordinator, 3, 1, bo, 1, "why")) == "study.already_signed_off"
    )


def test_a_case_given_in_a_repeat_keeps_the_readers_own_wash_out(
    shared: Session, coordinator: Viewer, clock: Clock
) -> None:
    read(shared, "Ana", 1)
    study.start_repeat(shared, coordinator, share=1.0, override_reason="test")
    clock.wait(3)
    read(shared, "Ana", 2)
    study.assign(shared, coordinator, 2, 1, 2, "one more")
    assert cases_of(shared, "Ana", 2) == [1]
    clock.wait(14)
    assert sorted(cases_of(shared, "Ana", 2)) == [1, 2]
    bo = reader(shared, "Bo").id
    assert code_of(lambda: study.assign(shared, coordinator, 1, bo, 2, "why")) == "study.not_read_before"
    assert code_of(lambda: study.reassign(shared, coordinator, 1, 1, bo, 2, "why")) == "study.not_read_before"
    assert 1 in cases_of(shared, "Ana", 2)


def test_assignments_of_nobody_nowhere_to_oneself_or_without_a_reason_are_refused(
    shared: Session, coordinator: Viewer
) -> None:
    bo = reader(shared, "Bo").id
    assert code_of(lambda: study.assign(shared, coordinator, 1, 99, 1, "why")) == "study.unknown_reader"
    assert code_of(lambda: study.withdraw(shared, coordinator, 1, 99, 1, "why")) == "study.unknown_reader"
    assert code_of(lambda: study.assign(shared, coordinator, 1, 1, 7, "why")) == "study.unknown_round"
    assert code_of(lambda: study.reassign(shared, coordinator, 1, bo, bo, 1, "why")) == "study.same_reader"
    assert code_of(lambda: study.assign(shared, coordinator, 1, 1, 1, " ")) == "study.needs_reason"


# -- unlock -----------------------------------------------------------------------------------------------


def test_a_case_is_unlocked_with_a_reason_and_what_was_signed_off_stays(
    shared: Session, coordinator: Viewer
) -> None:
    before = read(shared, "Ana", 1)
    changed = study.unlock(shared, coordinator, 1, 1, 1, " L1 is T12 ")
    assert What.SIGN_OFF in changed.what
    after = readings.open_reading(shared.database, Viewer(reader(shared, "Ana")), 1)
    assert not after.locked
    assert after.revisions == before.revisions
    assert entries(shared, "reading.unlocked") == [("Coe", "C0000/round 1", '{"reader": "Ana"}', "L1 is T12")]
    kinds = [row["kind"] for row in shared.database.rows("SELECT kind FROM reading_event ORDER BY id")]
    assert kinds == ["signed_off", "reopened"]


def test_alone_one_unlocks_ones_own_case_with_a_reason(session: Session) -> None:
    read(session, "Ana", 1)
    ana = Viewer(reader(session, "Ana"))
    assert code_of(lambda: study.unlock(session, ana, 1, 1, 1, " ")) == "study.needs_reason"
    study.unlock(session, ana, 1, 1, 1, "second thoughts")
    assert not readings.open_reading(session.database, ana, 1).locked


def test_what_is_not_signed_off_cannot_be_unlocked(shared: Session, coordinator: Viewer) -> None:
    read(shared, "Ana", 1, sign=False)
    assert code_of(lambda: study.unlock(shared, coordinator, 1, 1, 1, "why")) == "study.not_signed_off"
    assert code_of(lambda: study.unlock(shared, coordinator, 1, 99, 1, "why")) == "study.unknown_reader"


def test_an_unlocked_case_leaves_the_repeat_that_waits_for_it(shared: Session, coordinator: Viewer) -> None:
    for name in ("Ana", "Bo"):
        read_all(shared, name, range(1, 4))
    study.start_repeat(shared, coordinator, share=1.0, override_reason="test")
    read(shared, "Ana", 2, number=2, sign=False)
    study.withdraw(shared, coordinator, 3, 1, 2, "no time")
    for exam_id in (1, 2, 3):
        study.unlock(shared, coordinator, exam_id, 1, 1, "wrong level")
    assert cases_of(shared, "Ana", 2) == [2]
    assert sorted(cases_of(shared, "Bo", 2)) == [1, 2, 3]
    assert [one[1:] for one in entries(shared, "assignment.withdrawn")] == [
        ("C0002/round 2", '{"reader": "Ana"}', "no time"),
        ("C0000/round 2", '{"reader": "Ana"}', "wrong level"),
    ]


def test_a_reading_of_which_a_merge_left_nothing_does_not_keep_its_case_in_the_repeat(
    shared: Session, coordinator: Viewer
) -> None:
    read_all(shared, "Ana", range(1, 3))
    study.start_repeat(shared, coordinator, share=1.0, override_reason="test")
    with shared.database.transaction():
        # what is left when a merge is taken back: the reading, and no row of it that counts
        shared.database.insert(
            "INSERT INTO reading (exam_id, reader_id, round, origin, at_utc) VALUES (1, 1, 2, 'images', '')"
        )
    study.unlock(shared, coordinator, 1, 1, 1, "wrong level")
    assert cases_of(shared, "Ana", 2) == [2]


def test_a_reader_reopens_at_once_and_later_needs_an_unlock(shared: Session) -> None:
    def reopened(exam_id: int) -> bool:
        case = read_exam.open_case(shared, Viewer(reader(shared, "Ana")), exam_id)
        return not read_exam.reopen(shared, case)[0].reading.locked

    read(shared, "Ana", 1)
    assert reopened(1)
    read(shared, "Ana", 1)
    read(shared, "Ana", 2)
    assert code_of(lambda: reopened(1)) == "reading.needs_unlock"
    assert reopened(2)


# -- training ---------------------------------------------------------------------------------------------


@pytest.fixture
def practice(shared: Session, coordinator: Viewer) -> Session:
    """Case 1 is for training, read by Bo, whose values are the reference."""
    study.set_up(shared, replace(TWO, training=frozenset({1})), coordinator)
    read(shared, "Bo", 1, mean=50.0)
    study.set_training_reference(shared, coordinator, 1, reader(shared, "Bo").id)
    return shared


def test_after_a_training_case_one_sees_ones_own_values_beside_the_reference(practice: Session) -> None:
    ana = Viewer(reader(practice, "Ana"))
    assert code_of(lambda: study.training_feedback(practice, ana, 1)) == "study.feedback_too_early"
    read(practice, "Ana", 1, mean=40.0)
    feedback = study.training_feedback(practice, ana, 1)
    assert (feedback.exam_id, feedback.code) == (1, "C0000")
    assert [(row.level, row.quantity, row.own, row.reference, row.difference) for row in feedback.rows] == [
        (level, quantity, 40.0, 50.0, -10.0) for level in (Level.L1, Level.L2) for quantity in (FF, R2STAR)
    ]
    assert entries(practice, "training.reference") == [("Coe", "C0000", '{"reader": "Bo"}', "")]


def test_the_guard_shows_the_reference_only_after_the_sign_off(practice: Session) -> None:
    ana = reader(practice, "Ana")
    practice.database.guard(Scope(ana.id, ana.name, 1))
    assert code_of(lambda: study.training_feedback(practice, Viewer(ana), 1)) == "study.feedback_too_early"
    assert rounds.reference(practice.database, 1) == {}
    read(practice, "Ana", 1, mean=40.0)
    assert study.training_feedback(practice, Viewer(ana), 1).rows[0].reference == 50.0


def test_a_level_that_only_one_of_both_measured_is_told_without_a_difference(practice: Session) -> None:
    ana = reader(practice, "Ana")
    reading = readings.open_reading(practice.database, Viewer(ana), 1)
    stats = {FF: RoiStats(16, 40.0, 1.0, 40.0, 40.0, 40.0, 16.0, 0, 0, 0, 0, 0)}
    reading = readings.append_revision(
        practice.database, reading, Level.L5, BOX, {**stats, R2STAR: stats[FF]}
    )
    readings.append_event(practice.database, reading, "signed_off")
    rows = study.training_feedback(practice, Viewer(ana), 1).rows
    told = [(row.level, row.own, row.reference) for row in rows if row.quantity is FF]
    assert told == [(Level.L1, None, 50.0), (Level.L2, None, 50.0), (Level.L5, 40.0, None)]
    assert {row.difference for row in rows} == {None}


def test_another_reference_takes_the_place_of_the_first(practice: Session, coordinator: Viewer) -> None:
    ana = Viewer(reader(practice, "Ana"))
    reading = readings.open_reading(practice.database, ana, 1)
    stats = {one: RoiStats(16, 44.0, 1.0, 44.0, 44.0, 44.0, 16.0, 0, 0, 0, 0, 0) for one in (FF, R2STAR)}
    reading = readings.append_revision(practice.database, reading, Level.L1, BOX, stats)
    readings.append_event(practice.database, reading, "signed_off")
    study.set_training_reference(practice, coordinator, 1, ana.reader.id)
    assert rounds.reference(practice.database, 1) == {Level.L1: {FF: 44.0, R2STAR: 44.0}}


def test_without_a_reference_there_is_no_feedback_to_show(shared: Session, coordinator: Viewer) -> None:
    study.set_up(shared, replace(TWO, training=frozenset({1})), coordinator)
    read(shared, "Ana", 1)
    assert study.training_feedback(shared, Viewer(reader(shared, "Ana")), 1).rows == ()


def test_feedback_is_for_training_cases_that_are_read(practice: Session, coordinator: Viewer) -> None:
    ana = Viewer(reader(practice, "Ana"))
    read(practice, "Ana", 2)
    assert code_of(lambda: study.training_feedback(practice, ana, 2)) == "study.not_training"
    set_reference = study.set_training_reference
    assert code_of(lambda: set_reference(practice, coordinator, 2, 1)) == "study.not_training"
    assert code_of(lambda: set_reference(practice, coordinator, 1, 99)) == "study.unknown_reader"
    assert code_of(lambda: set_reference(practice, coordinator, 1, 1)) == "study.not_signed_off"


# -- who may ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["Ana", "Bo", "Coe"])
def test_a_reader_does_nothing_that_coordinates(shared: Session, name: str) -> None:
    read(shared, "Ana", 1)
    viewer = Viewer(reader(shared, name), Role.READER if name == "Coe" else Role.COORDINATOR)
    before = audit.head_hash(shared.database)
    acts: list[Callable[[], object]] = [
        lambda: study.change_protocol(shared, viewer, Protocol(margin_mm=1.0)),
        lambda: study.start_repeat(shared, viewer),
        lambda: study.offer_now(shared, viewer, 1, 2, "why"),
        lambda: study.assign(shared, viewer, 1, 1, 1, "why"),
        lambda: study.withdraw(shared, viewer, 2, 1, 1, "why"),
        lambda: study.reassign(shared, viewer, 2, 1, 2, 1, "why"),
        lambda: study.unlock(shared, viewer, 1, 1, 1, "why"),
        lambda: study.set_training_reference(shared, viewer, 1, 1),
        lambda: study.overview(shared, viewer),
    ]
    assert {code_of(act) for act in acts} == {"study.not_coordinator"}
    assert audit.head_hash(shared.database) == before
