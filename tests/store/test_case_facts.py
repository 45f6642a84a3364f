"""What readers say of whole cases: kept for ever, in the record, and only for their own eyes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from app.domain.case_facts import Because, CaseFacts, Counted, Fact, FactKind, Help
from app.domain.errors import BlindingError, InputError, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import LevelState, Reading, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, case_facts, exams, readings, sessions
from app.store.database import Database
from app.store.exams import NewExam

MakeStats = Callable[..., dict[Quantity, RoiStats]]
BOX = LevelState.measured(Rectangle(1, 2, 3, 4, 2))


def opened(database: Database, viewer: Viewer, exam_id: int) -> Reading:
    reading = readings.open_reading(database, viewer, exam_id)
    return replace(reading, facts=case_facts.facts(database, viewer, exam_id))


def say(database: Database, viewer: Viewer, exam_id: int, *facts: Fact) -> Reading:
    reading = opened(database, viewer, exam_id)
    for fact in facts:
        reading = case_facts.append(database, reading, fact)
    return reading


def counted(way: Counted) -> Fact:
    return Fact(FactKind.COUNTED, way.value)


def test_what_undo_takes_back_is_the_newest_word_unless_a_rectangle_came_since(
    database: Database,
    first: Viewer,
    exam_id: int,
    make_stats: MakeStats,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    minute = itertools.count()
    monkeypatch.setattr(audit, "utc_now", lambda: f"2026-01-01T00:{next(minute):02d}:00.000+00:00")
    assert case_facts.said_before(database, first, exam_id) is None
    reading = readings.append_revision(
        database, opened(database, first, exam_id), Level.L2, BOX, make_stats()
    )
    assert case_facts.said_before(database, first, exam_id) is None
    reading = case_facts.append(database, reading, Fact(FactKind.NOTE, note="n"))
    assert case_facts.said_before(database, first, exam_id) == CaseFacts()
    readings.append_revision(database, reading, Level.L3, BOX, make_stats())
    assert case_facts.said_before(database, first, exam_id) is None


def test_what_was_said_is_read_again_exactly(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.append_revision(
        database, opened(database, first, exam_id), Level.L2, BOX, make_stats()
    )
    key = reading.revisions[-1].id
    for fact in (
        counted(Counted.WHOLE_SPINE),
        Fact(FactKind.EXCLUDED, "OTHER", "two patients"),
        Fact(FactKind.NOTE, note='läuft, with "quotes"'),
        Fact(FactKind.HELP, "fit", revision_id=key),
        Fact(FactKind.ACCEPTED, "METAL", revision_id=key),
    ):
        reading = case_facts.append(database, reading, fact)
    expected = CaseFacts(
        Counted.WHOLE_SPINE,
        Because(Reason.OTHER, "two patients"),
        'läuft, with "quotes"',
        {key: Because(Reason.METAL)},
        {key: Help.FIT},
    )
    assert reading.facts == expected
    assert case_facts.facts(database, first, exam_id) == expected
    assert opened(database, first, exam_id).accepted(Level.L2) == Because(Reason.METAL)


def test_a_word_about_a_case_begins_its_reading_and_is_its_last_change(
    database: Database, first: Viewer, exam_id: int
) -> None:
    (row,) = readings.worklist(database, first)
    assert row.last_change == ""
    reading = say(database, first, exam_id, Fact(FactKind.NOTE, note="n"))
    assert reading.id > 0
    (row,) = readings.worklist(database, first)
    assert row.last_change != ""
    assert (row.done, row.locked, row.excluded) == (0, False, None)


def test_the_worklist_says_who_is_left_out_and_why(database: Database, first: Viewer, exam_id: int) -> None:
    say(database, first, exam_id, Fact(FactKind.EXCLUDED, "SCOLI"), Fact(FactKind.NOTE, note="n"))
    assert [row.excluded for row in readings.worklist(database, first)] == [Reason.SCOLI]
    say(database, first, exam_id, Fact(FactKind.EXCLUDED, "SURG"))
    assert [row.excluded for row in readings.worklist(database, first)] == [Reason.SURG]
    say(database, first, exam_id, Fact(FactKind.INCLUDED))
    assert [row.excluded for row in readings.worklist(database, first)] == [None]


@pytest.mark.parametrize("other", ["reader", "round"])
def test_another_reader_or_round_sees_nothing_of_it(
    database: Database, first: Viewer, second: Viewer, exam_id: int, other: str
) -> None:
    say(
        database,
        first,
        exam_id,
        counted(Counted.FROM_C2),
        Fact(FactKind.EXCLUDED, "SURG"),
        Fact(FactKind.NOTE, note="n"),
    )
    viewer = second if other == "reader" else replace(first, round=2)
    assert case_facts.facts(database, viewer, exam_id) == CaseFacts()
    assert case_facts.last_counted(database, viewer) is None
    assert [row.excluded for row in readings.worklist(database, viewer)] == [None]


def test_the_usual_way_of_counting_is_that_of_the_case_where_it_was_said_last(
    database: Database,
    first: Viewer,
    exam_id: int,
    make_new: Callable[..., NewExam],
    make_exam: Callable[..., object],
) -> None:
    other = exams.add(database, exams.pack(make_new(make_exam("C0002"), study_uid="9")), actor="First")
    assert case_facts.last_counted(database, first) is None
    say(database, first, exam_id, counted(Counted.FROM_C2))
    say(database, first, other, counted(Counted.FROM_SACRUM), Fact(FactKind.NOTE, note="n"))
    assert case_facts.last_counted(database, first) is Counted.FROM_SACRUM
    say(database, first, other, Fact(FactKind.COUNTED))
    assert case_facts.last_counted(database, first) is None


def test_a_signed_off_reading_takes_no_word_any_more(database: Database, first: Viewer, exam_id: int) -> None:
    reading = say(database, first, exam_id, Fact(FactKind.NOTE, note="n"))
    readings.append_event(database, reading, "signed_off")
    entries = len(audit.entries(database))
    with pytest.raises(InputError) as refused:
        case_facts.append(database, reading, Fact(FactKind.EXCLUDED, "SURG"))
    assert refused.value.code == "reading.locked"
    assert case_facts.facts(database, first, exam_id) == CaseFacts(note="n")
    assert len(audit.entries(database)) == entries


def test_the_record_tells_before_and_after(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.append_revision(
        database, opened(database, first, exam_id), Level.L2, BOX, make_stats()
    )
    key = reading.revisions[-1].id
    facts = [
        counted(Counted.FROM_C2),
        counted(Counted.OTHER),
        Fact(FactKind.EXCLUDED, "OTHER", "why"),
        Fact(FactKind.INCLUDED),
        Fact(FactKind.NOTE, note="n"),
        Fact(FactKind.HELP, "ladder", revision_id=key),
        Fact(FactKind.ACCEPTED, "METAL", revision_id=key),
    ]
    for fact in facts:
        reading = case_facts.append(database, reading, fact)
    told = [
        (one.action, one.subject, json.loads(one.old), json.loads(one.new))
        for one in audit.entries(database)
        if one.action.startswith("case.")
    ]
    case, level = "C0001/round 1", "C0001/L2/round 1"
    assert told == [
        ("case.counted", case, {}, {"counted": "from_c2"}),
        ("case.counted", case, {"counted": "from_c2"}, {"counted": "other"}),
        ("case.excluded", case, {}, {"reason": "OTHER", "note": "why"}),
        ("case.included", case, {"reason": "OTHER", "note": "why"}, {}),
        ("case.note", case, {}, {"note": "n"}),
        ("case.help", level, {}, {"help": "ladder"}),
        ("case.accepted", level, {}, {"reason": "METAL"}),
    ]
    assert all(one.protocol == "lumbar-FF-R2star v1" for one in audit.entries(database)[-7:])
    assert audit.first_break(database) is None


def test_results_of_cases_hold_what_every_reader_says(
    database: Database, first: Viewer, second: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.append_revision(
        database, opened(database, second, exam_id), Level.L2, BOX, make_stats()
    )
    accepted = Fact(FactKind.ACCEPTED, "METAL", revision_id=reading.revisions[-1].id)
    reading = case_facts.append(database, reading, accepted)
    readings.append_event(database, reading, "signed_off")
    say(database, first, exam_id, Fact(FactKind.EXCLUDED, "SURG"))
    # a reader who only measures says nothing of the case
    third = Viewer(sessions.add_reader(database, "Third"))
    readings.append_revision(database, opened(database, third, exam_id), Level.L2, BOX, make_stats())
    one, other = case_facts.results_of_cases(database, first)
    assert (one.exam_id, one.reader, one.round, one.signed_off) == (exam_id, "First", 1, False)
    assert one.facts.excluded == Because(Reason.SURG)
    assert dict(one.accepted) == {}
    assert (other.reader, other.signed_off) == ("Second", True)
    assert dict(other.accepted) == {Level.L2: Because(Reason.METAL)}


def test_results_of_cases_are_closed_to_a_blinded_reader(
    database: Database, first: Viewer, exam_id: int
) -> None:
    say(database, first, exam_id, Fact(FactKind.EXCLUDED, "SURG"))
    blind = Protocol(blinded=True)
    with database.transaction():
        database.insert(
            "INSERT INTO protocol (name, version, content, at_utc) VALUES (?, 2, ?, '')",
            (blind.name, blind.to_json()),
        )
    with pytest.raises(BlindingError) as refused:
        case_facts.results_of_cases(database, first)
    assert refused.value.code == "blinding.closed"
    assert case_facts.results_of_cases(database, replace(first, role=Role.COORDINATOR))


@pytest.mark.parametrize(
    ("kind", "value"),
    [("counted", "by_heart"), ("excluded", "BORED"), ("accepted", "METAL"), ("help", "magic")],
)
def test_a_fact_that_makes_no_sense_is_called_damaged(
    database: Database, first: Viewer, exam_id: int, kind: str, value: str
) -> None:
    say(database, first, exam_id, Fact(FactKind.NOTE, note="n"))
    with database.transaction():
        database.insert(
            "INSERT INTO case_fact (reading_id, kind, value, note, protocol_id, software, at_utc)"
            " VALUES (1, ?, ?, '', 1, '', '')",
            (kind, value),
        )
    asked = [
        lambda: case_facts.facts(database, first, exam_id),
        lambda: case_facts.results_of_cases(database, first),
    ]
    if kind == "counted":
        asked.append(lambda: case_facts.last_counted(database, first))
    if kind == "excluded":
        asked.append(lambda: readings.worklist(database, first))
    for ask in asked:
        with pytest.raises(StoreUnavailable) as problem:
            ask()
        assert problem.value.code == "store.corrupt"


def test_a_session_keeps_only_kinds_it_knows(database: Database, first: Viewer, exam_id: int) -> None:
    say(database, first, exam_id, Fact(FactKind.NOTE, note="n"))
    with pytest.raises(Exception, match="CHECK"), database.transaction():
        database.insert(
            "INSERT INTO case_fact (reading_id, kind, value, note, protocol_id, software, at_utc)"
            " VALUES (1, 'gossip', '', '', 1, '', '')"
        )
