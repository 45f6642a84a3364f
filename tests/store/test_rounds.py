"""Who reads what in which round, from when on, and what is for training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.case_facts import Fact, FactKind
from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import LevelState, Reading, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, case_facts, exams, overview, readings, rounds, sessions
from app.store.database import Database
from app.store.exams import NewExam
from app.store.rounds import Assignment, RoundKind, SignedOff, StudyRound, Waiting

MakeExam = Callable[..., Exam]
MakeNew = Callable[..., NewExam]
MakeStats = Callable[..., dict[Quantity, RoiStats]]

PAST, FUTURE = "2020-01-01T00:00:00.000+00:00", "2999-01-02T00:00:00.000+00:00"
LATER = "2999-02-03T00:00:00.000+00:00"
BOX = LevelState.measured(Rectangle(1, 2, 3, 4, 2))


@pytest.fixture
def three(database: Database, make_exam: MakeExam, make_new: MakeNew) -> list[int]:
    """Exams C0001 to C0003."""
    return [
        exams.add(
            database, exams.pack(make_new(make_exam(f"C000{one}", seed=one), study_uid=str(one))), actor="A"
        )
        for one in (1, 2, 3)
    ]


def assign(database: Database, *rows: Assignment, reason: str = "") -> None:
    with database.transaction():
        rounds.assign(database, rows, reason)


def repeat(database: Database, number: int = 2) -> None:
    with database.transaction():
        rounds.add_round(database, StudyRound(number, RoundKind.REPEAT, 0.25, 14, 7))


def cases_of(database: Database, viewer: Viewer) -> set[int]:
    return {case.exam_id for case in readings.worklist(database, viewer)}


def begin(database: Database, viewer: Viewer, exam_id: int) -> Reading:
    return readings.append_event(database, readings.open_reading(database, viewer, exam_id), "signed_off")


# -- rounds -----------------------------------------------------------------------------------------------


def test_a_session_nobody_set_up_has_one_round_of_everything(
    database: Database, first: Viewer, three: list[int]
) -> None:
    assert rounds.rounds(database) == [StudyRound(1, RoundKind.MAIN, 1.0, 0, 0)]
    assert cases_of(database, first) == set(three)
    assert rounds.assigned(database, first.reader.id, 1) == set(three)


def test_rounds_come_back_in_order_and_the_first_is_always_there(database: Database) -> None:
    repeat(database, 3)
    repeat(database, 2)
    assert rounds.rounds(database) == [
        StudyRound(),
        StudyRound(2, RoundKind.REPEAT, 0.25, 14, 7),
        StudyRound(3, RoundKind.REPEAT, 0.25, 14, 7),
    ]
    with database.transaction():
        rounds.add_round(database, StudyRound(share=0.5))
    assert rounds.rounds(database)[0] == StudyRound(share=0.5)


def test_a_repeat_round_holds_only_what_is_assigned_in_it(
    database: Database, first: Viewer, second: Viewer, three: list[int]
) -> None:
    repeat(database)
    again = replace(first, round=2)
    assert cases_of(database, again) == set()
    assign(database, Assignment(first.reader.id, three[1], 2))
    assert cases_of(database, again) == {three[1]}
    assert cases_of(database, replace(second, round=2)) == set()
    assert cases_of(database, first) == set(three)


def test_what_was_withdrawn_is_offered_to_that_reader_no_longer(
    database: Database, first: Viewer, second: Viewer, three: list[int]
) -> None:
    gone = Assignment(first.reader.id, three[0], 1, active=False)
    assign(database, gone, reason="knows the patient")
    assert cases_of(database, first) == set(three[1:])
    assert cases_of(database, second) == set(three)
    assert rounds.given(database) == {(first.reader.id, 1): {three[0]: gone}}
    assert database.rows("SELECT reason FROM assignment")[0]["reason"] == "knows the patient"


def test_the_newest_word_on_an_assignment_holds(database: Database, first: Viewer, three: list[int]) -> None:
    gone = Assignment(first.reader.id, three[0], 1, active=False)
    assign(database, gone)
    assign(database, replace(gone, active=True, due_utc=PAST))
    assert cases_of(database, first) == set(three)
    assert rounds.given(database)[first.reader.id, 1][three[0]] == replace(gone, active=True, due_utc=PAST)


def test_a_case_without_images_is_with_nobody(database: Database, first: Viewer, identity: Identity) -> None:
    with database.transaction():
        key = exams.add_from_table(database, "T0001", identity)
    assign(database, Assignment(first.reader.id, key, 1))
    assert cases_of(database, first) == set()


# -- wash-out ---------------------------------------------------------------------------------------------


def test_a_case_is_offered_only_when_its_time_has_come(
    database: Database, first: Viewer, three: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    repeat(database)
    again = replace(first, round=2)
    key = first.reader.id
    assign(database, Assignment(key, three[0], 2, due_utc=FUTURE), Assignment(key, three[1], 2, due_utc=PAST))
    assert cases_of(database, again) == {three[1]}
    assert rounds.assigned(database, key, 2) == {three[0], three[1]}
    assert rounds.waiting(database, again) == Waiting(1, FUTURE, 2)
    assert rounds.waiting(database, first) == Waiting()
    monkeypatch.setattr(audit, "utc_now", lambda: FUTURE)
    assert cases_of(database, again) == {three[0], three[1]}
    assert rounds.waiting(database, again) == Waiting()


def test_of_a_later_round_is_told_how_much_of_it_is_left_and_when_it_begins(
    database: Database, first: Viewer, second: Viewer, three: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rounds.ahead(database, first) == Waiting()
    repeat(database)
    repeat(database, 3)
    key = first.reader.id
    assert rounds.ahead(database, first) == Waiting()
    assign(
        database, Assignment(key, three[0], 3, due_utc=LATER), Assignment(key, three[1], 3, due_utc=FUTURE)
    )
    assert rounds.ahead(database, first) == Waiting(2, FUTURE, 3)
    assert rounds.ahead(database, replace(first, round=3)) == Waiting()
    assert rounds.ahead(database, second) == Waiting()
    monkeypatch.setattr(audit, "utc_now", lambda: FUTURE)
    assert rounds.ahead(database, first) == Waiting(2, "", 3)
    begin(database, replace(first, round=3), three[1])
    assert rounds.ahead(database, first) == Waiting(1, LATER, 3)
    # the one in between comes first
    assign(database, Assignment(key, three[2], 2))
    assert rounds.ahead(database, first) == Waiting(1, "", 2)


def test_a_reading_cannot_begin_before_its_time(database: Database, first: Viewer, three: list[int]) -> None:
    repeat(database)
    again = replace(first, round=2)
    assign(database, Assignment(first.reader.id, three[0], 2, due_utc=FUTURE))
    with pytest.raises(InputError) as caught:
        begin(database, again, three[0])
    assert (caught.value.code, caught.value.values) == ("study.washing_out", {"until": "2999-01-02"})
    assert database.rows("SELECT * FROM reading") == []


def test_a_reading_of_what_is_not_assigned_cannot_begin(
    database: Database, first: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    assign(database, Assignment(first.reader.id, three[0], 1, active=False))
    reading = readings.open_reading(database, first, three[0])
    with pytest.raises(InputError, match=r"study\.not_assigned"):
        readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    with pytest.raises(InputError, match=r"study\.not_assigned"):
        case_facts.append(database, reading, Fact(FactKind.NOTE, note="n"))
    assert database.rows("SELECT * FROM reading") == []


def test_what_was_begun_goes_on_when_it_is_no_longer_assigned(
    database: Database, first: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, three[0])
    reading = readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    assign(database, Assignment(first.reader.id, three[0], 1, active=False))
    reading = readings.append_revision(database, reading, Level.L2, BOX, make_stats())
    assert readings.open_reading(database, first, three[0]) == reading


def test_earlier_rectangles_of_the_same_reader_are_not_in_the_repeat(
    database: Database, first: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, three[0])
    readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    repeat(database)
    assign(database, Assignment(first.reader.id, three[0], 2))
    again = replace(first, round=2)
    assert readings.open_reading(database, again, three[0]).revisions == ()
    assert [case.done for case in readings.worklist(database, again)] == [0]


# -- worklist ---------------------------------------------------------------------------------------------


def test_training_cases_come_first_each_part_in_the_readers_own_order(
    database: Database, first: Viewer, make_exam: MakeExam, make_new: MakeNew
) -> None:
    for one in range(12):
        exam = make_exam(f"C{one:04}", seed=one, shape=(1, 2, 2))
        exams.add(database, exams.pack(make_new(exam, study_uid=str(one))), actor="A")
    before = [case.exam_id for case in readings.worklist(database, first)]
    practice = {before[4], before[9]}
    with database.transaction():
        rounds.use_for_training(database, sorted(practice), training=True)
    assert rounds.training(database) == practice
    cases = readings.worklist(database, first)
    rest = [exam_id for exam_id in before if exam_id not in practice]
    assert [case.exam_id for case in cases] == [before[4], before[9], *rest]
    assert [case.training for case in cases] == [True, True] + [False] * 10
    with database.transaction():
        rounds.use_for_training(database, [before[4]], training=False)
    assert rounds.training(database) == {before[9]}


def test_a_seed_draws_the_same_order_again(
    database: Database, make_exam: MakeExam, make_new: MakeNew
) -> None:
    for one in range(12):
        exam = make_exam(f"C{one:04}", seed=one, shape=(1, 2, 2))
        exams.add(database, exams.pack(make_new(exam, study_uid=str(one))), actor="A")
    same, also, other = (
        Viewer(sessions.add_reader(database, name, seed)) for name, seed in (("A", 41), ("B", 41), ("C", 42))
    )
    orders = [[case.exam_id for case in readings.worklist(database, one)] for one in (same, also, other)]
    assert orders[0] == orders[1] != orders[2]
    assert [sessions.order_seed(database, one.reader.id) for one in (same, other)] == [41, 42]
    assert sessions.order_seed(database, 99) == 0


def test_an_unlocked_case_says_why_until_it_is_signed_off_again(
    database: Database, first: Viewer, second: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    def told() -> tuple[bool, str]:
        case = next(case for case in readings.worklist(database, first) if case.exam_id == three[0])
        return case.locked, case.unlocked

    reading = readings.open_reading(database, first, three[0])
    reading = readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    reading = readings.append_event(database, reading, "signed_off")
    assert told() == (True, "")
    with database.transaction():
        readings.unlock(database, reading, second.reader, "L1 is T12")
    assert told() == (False, "L1 is T12")
    entry = audit.entries(database)[-1]
    assert (entry.actor, entry.action, entry.subject) == ("Second", "reading.unlocked", "C0001/round 1")
    assert (entry.reason, entry.protocol) == ("L1 is T12", Protocol().stamp)
    assert entry.new == '{"reader": "First"}'
    again = readings.open_reading(database, first, three[0])
    assert again.revisions == reading.revisions
    readings.append_event(database, again, "signed_off")
    assert told() == (True, "")


def test_a_case_that_was_reopened_at_once_has_no_reason(
    database: Database, first: Viewer, exam_id: int
) -> None:
    reading = begin(database, first, exam_id)
    readings.append_event(database, reading, "reopened")
    (case,) = readings.worklist(database, first)
    assert (case.locked, case.unlocked) == (False, "")


def test_a_reader_has_gone_on_once_they_draw_in_another_case(
    database: Database,
    first: Viewer,
    second: Viewer,
    three: list[int],
    make_stats: MakeStats,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = iter(f"2026-01-01T00:00:{second:02}.000+00:00" for second in range(60))
    monkeypatch.setattr(audit, "utc_now", lambda: next(clock))

    def draw(viewer: Viewer, exam_id: int) -> Reading:
        reading = readings.open_reading(database, viewer, exam_id)
        return readings.append_revision(database, reading, Level.L1, BOX, make_stats())

    draw(first, three[1])
    done = readings.append_event(database, draw(first, three[0]), "signed_off")
    assert not readings.went_on(database, done)
    draw(second, three[1])
    assert not readings.went_on(database, done)
    draw(first, three[2])
    assert readings.went_on(database, done)


# -- protocol ---------------------------------------------------------------------------------------------


def test_another_protocol_is_a_new_version_and_what_was_read_keeps_its_own(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    reading = readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    with database.transaction():
        new = sessions.new_protocol(database, Protocol(margin_mm=2.0, rotation=True), "First", "too strict")
    assert new == Protocol(version=2, margin_mm=2.0, rotation=True)
    assert sessions.current_protocol(database)[1] == new
    readings.append_revision(database, reading, Level.L2, BOX, make_stats())
    stamped = database.rows("SELECT level, protocol_id FROM roi_revision ORDER BY id")
    assert [tuple(row) for row in stamped] == [("L1", 1), ("L2", 2)]
    entry = next(one for one in audit.entries(database) if one.action == "protocol.changed")
    assert (entry.actor, entry.subject, entry.reason) == ("First", "session", "too strict")
    assert entry.old == '{"margin_mm": 3.0, "rotation": false, "version": 1}'
    assert entry.new == '{"margin_mm": 2.0, "rotation": true, "version": 2}'
    assert entry.protocol == "lumbar-FF-R2star v2"


@pytest.mark.parametrize("version", [1, 5])
def test_the_same_rules_are_no_new_version(database: Database, version: int) -> None:
    with database.transaction():
        assert sessions.new_protocol(database, Protocol(version=version), "First", "") is None
    assert sessions.current_protocol(database) == (1, Protocol())


# -- what was read ----------------------------------------------------------------------------------------


def test_signed_off_readings_are_told_with_their_time(
    database: Database, first: Viewer, second: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    begin(database, first, three[0])
    readings.append_event(database, begin(database, second, three[0]), "reopened")
    reading = readings.open_reading(database, first, three[1])
    readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    (row,) = database.rows("SELECT at_utc FROM reading_event WHERE reading_id = 1")
    assert rounds.signed_off(database) == [SignedOff(first.reader.id, three[0], 1, row["at_utc"])]


def test_the_overview_tells_how_far_readings_are_and_no_value(
    database: Database, first: Viewer, second: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, three[0])
    for level in (Level.L1, Level.L2):
        reading = readings.append_revision(database, reading, level, BOX, make_stats(mean=77.125))
    reading = readings.append_event(database, reading, "signed_off")
    with database.transaction():
        readings.unlock(database, reading, second.reader, "why")
    other = case_facts.append(
        database, readings.open_reading(database, second, three[0]), Fact(FactKind.NOTE, note="n")
    )
    done, begun = overview.reading_rows(database)
    assert (done.exam_id, done.reader_id, done.round) == (three[0], first.reader.id, 1)
    assert (done.locked, done.done, done.unlocked) == (False, 2, "why")
    assert done.changed_utc == database.rows("SELECT max(at_utc) FROM reading_event")[0][0]
    assert (begun.done, begun.locked, begun.changed_utc, begun.unlocked) == (0, False, "", "")
    assert other.id
    assert "77.125" not in repr(overview.reading_rows(database))


def test_what_was_left_out_is_told_with_its_reason(
    database: Database, first: Viewer, second: Viewer, three: list[int], make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, three[0])
    gone = LevelState.not_measurable(Reason.OTHER, "why")
    reading = readings.append_revision(database, reading, Level.L2, gone, {})
    reading = readings.append_revision(database, reading, Level.L1, BOX, make_stats())
    readings.append_event(database, reading, "signed_off")
    for exam_id, back in ((three[1], False), (three[2], True)):
        other = readings.open_reading(database, second, exam_id)
        other = case_facts.append(database, other, Fact(FactKind.EXCLUDED, "SCOLI", "bent"))
        if back:
            case_facts.append(database, other, Fact(FactKind.INCLUDED))
    level, patient = overview.left_out(database, first)
    assert (level.exam_id, level.reader_id, level.round) == (three[0], first.reader.id, 1)
    assert (level.level, level.reason, level.note, level.signed_off) == (Level.L2, Reason.OTHER, "why", True)
    assert (patient.exam_id, patient.reader_id, patient.level) == (three[1], second.reader.id, None)
    assert (patient.reason, patient.note, patient.signed_off) == (Reason.SCOLI, "bent", False)


# -- training ---------------------------------------------------------------------------------------------


def test_the_newest_reference_of_a_training_case_holds(database: Database, exam_id: int) -> None:
    ff, r2star = Quantity.FF, Quantity.R2STAR
    assert rounds.reference(database, exam_id) == {}
    with database.transaction():
        rounds.add_reference(
            database,
            exam_id,
            {Level.L1: {ff: 40.0, r2star: 150.0}, Level.L2: {ff: 41.0}, Level.L3: {ff: 1.0}},
        )
        rounds.add_reference(database, exam_id, {Level.L1: {ff: 44.0}, Level.L3: {ff: None}})
    assert rounds.reference(database, exam_id) == {Level.L1: {ff: 44.0, r2star: 150.0}, Level.L2: {ff: 41.0}}
