"""The whole reading loop through the guarded connection gives what it gives on a plain one, and no more."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.case_facts import Counted, Help
from app.domain.errors import BlindingError
from app.domain.exam import Exam
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import beside, case_facts, read_exam, sign_in
from app.services.case import Case
from app.services.open_session import Session, last_viewer, open_session
from app.services.read_exam import Position
from app.store import audit, rounds, sessions

ANA, BO = 1, 2
PROTOCOL = replace(Protocol(), version=2, blinded=True, rotation=True, slices=1)


def _box(level: Level, shift: int = 0) -> Rectangle:
    return Rectangle(4, 10 + 15 * LEVELS.index(level), 20 + shift, 8, 12)


def _read(session: Session, viewer: Viewer, code: str, *, shift: int = 0) -> Case:
    """Everything a reader can do with a case."""
    exam_id = next(row.exam_id for row in read_exam.worklist(session, viewer) if row.code == code)
    case = read_exam.open_case(session, viewer, exam_id)
    for level in LEVELS:
        case, _ = read_exam.set_rectangle(session, case, level, _box(level, shift))
    case, _ = read_exam.set_rectangles(
        session,
        case,
        {
            Level.L2: replace(_box(Level.L2), col0=30),
            Level.L3: replace(_box(Level.L3), angle_deg=10.0),
        },
        proposed_by=Help.LADDER,
    )
    case, _ = read_exam.undo(session, case)
    case, _ = read_exam.redo(session, case)
    case, _ = read_exam.clear_level(session, case, Level.L5)
    case, _ = read_exam.mark_not_measurable(session, case, Level.L5, Reason.OTHER, "a cage")
    case, _ = case_facts.say_counted(session, case, Counted.FROM_C2)
    case, _ = case_facts.write_note(session, case, "slept badly")
    case, _ = case_facts.exclude_patient(session, case, Reason.SURG)
    before = case.reading.facts
    case, _ = case_facts.include_patient(session, case)
    case, _ = case_facts.take_back(session, case, before)
    read_exam.remember_position(session, viewer, Position(exam_id, 4, Level.L3))
    case, _ = read_exam.sign_off(session, case)
    case, _ = read_exam.reopen(session, case)
    case, _ = read_exam.sign_off(session, case)
    return case


@pytest.fixture
def pair(reading_session: Path, tmp_path: Path) -> Iterator[tuple[Session, Session]]:
    """The same blinded study twice, of which Bo has read a part: guarded for Ana, and plain."""
    session = open_session(reading_session)
    with session.database.transaction():
        sessions._insert_protocol(session.database, PROTOCOL, "2026")
    bo = sign_in.sign_in(session, BO, Role.READER)
    for code in ("C0001", "C0002"):
        _read(session, bo, code, shift=3)
    session.close()
    plain_path = Path(shutil.copy(reading_session, tmp_path / "plain.marrow"))
    guarded, plain = open_session(reading_session), open_session(plain_path)
    sign_in.sign_in(guarded, ANA, Role.READER)
    plain.database.unguard()
    yield guarded, plain
    guarded.close()
    plain.close()


def _ana(session: Session) -> Viewer:
    return Viewer(next(one.reader for one in sign_in.people(session) if one.reader.id == ANA))


def test_reading_a_case_gives_the_same_guarded_and_plain(pair: tuple[Session, Session]) -> None:
    found = []
    for session in pair:
        ana = _ana(session)
        assert {row.done for row in read_exam.worklist(session, ana)} == {0}
        _read(session, ana, "C0001")
        read = _read(session, ana, "C0002")
        again = read_exam.open_case(session, ana, read.exam.id)
        assert again.reading == read.reading
        rows = [replace(row, last_change="") for row in read_exam.worklist(session, ana)]
        found.append((again.reading, rows, read_exam.where_to_start(session, ana), last_viewer(session)))
    assert found[0] == found[1]
    reading = found[0][0]
    assert reading.locked
    assert set(reading.history.current[Level.L1].stats) == set(MEASURED)
    assert reading.facts.note == "slept badly"


def test_the_record_of_a_guarded_reader_is_whole(pair: tuple[Session, Session]) -> None:
    guarded, plain = pair
    told = []
    for session in pair:
        _read(session, _ana(session), "C0001")
        if session is guarded:
            session.database.unguard()
        assert audit.first_break(session.database) is None
        entries = audit.entries(session.database)
        told.append([(one.seq, one.actor, one.action, one.subject, one.old, one.new) for one in entries])
    assert told[0] == told[1]
    assert plain.path.exists()


def test_images_are_read_on_a_guarded_connection_of_a_job(pair: tuple[Session, Session]) -> None:
    guarded, plain = pair
    with closing(guarded.another()) as job:
        assert job.database.guarded
        ours = read_exam.load_next(job, _ana(guarded), 0)
        maps = [beside.names(job, ours[0].id)] if ours else []
    theirs = read_exam.load_next(plain, _ana(plain), 0)
    assert ours is not None
    assert theirs is not None
    assert _pixels(ours[0]) == _pixels(theirs[0])
    assert (ours[1], maps) == (theirs[1], [beside.names(plain, theirs[0].id)])


def _pixels(exam: Exam) -> dict[str, bytes]:
    return {name: one.stored.tobytes() for name, one in exam.maps.items()}


def test_a_reader_changes_and_each_sees_their_own(pair: tuple[Session, Session]) -> None:
    guarded, _ = pair
    ana = _ana(guarded)
    mine = _read(guarded, ana, "C0001")
    bo = sign_in.sign_in(guarded, BO, Role.READER)
    assert not read_exam.open_case(guarded, ana, mine.exam.id).reading.revisions
    theirs = read_exam.open_case(guarded, bo, mine.exam.id)
    assert theirs.reading.history.rectangles[Level.L1] == _box(Level.L1, 3)
    sign_in.sign_in(guarded, ANA, Role.READER)
    assert not read_exam.open_case(guarded, bo, mine.exam.id).reading.revisions
    assert read_exam.open_case(guarded, ana, mine.exam.id).reading == mine.reading


def test_a_case_of_another_reader_cannot_be_written_with_their_name(pair: tuple[Session, Session]) -> None:
    guarded, plain = pair
    bo = Viewer(next(one.reader for one in sign_in.people(guarded) if one.reader.id == BO))
    theirs = read_exam.open_case(plain, bo, 1)
    forged = replace(theirs, reading=replace(theirs.reading, locked=False))
    begun = replace(forged, reading=replace(forged.reading, id=0))
    for case in (forged, begun):
        with pytest.raises(BlindingError):
            read_exam.set_rectangle(guarded, case, Level.L1, _box(Level.L1, 5))
        with pytest.raises(BlindingError):
            case_facts.write_note(guarded, case, "I was here")
        with pytest.raises(BlindingError):
            read_exam.remember_position(guarded, bo, Position(1, 1, None))
    assert read_exam.open_case(plain, bo, 1).reading == theirs.reading


def test_nobody_sees_a_case_or_a_reading(pair: tuple[Session, Session]) -> None:
    guarded, _ = pair
    sign_in.sign_out(guarded)
    for one in sign_in.people(guarded):
        viewer = Viewer(one.reader)
        assert read_exam.worklist(guarded, viewer) == []
        assert read_exam.load_next(guarded, viewer, 0) is None
        assert read_exam.where_to_start(guarded, viewer) is None
    assert guarded.protocol == PROTOCOL
    assert guarded.synthetic


def test_a_training_case_tells_its_values_after_the_sign_off_and_not_before(
    pair: tuple[Session, Session],
) -> None:
    guarded, _ = pair
    guarded.database.unguard()
    (exam_id,) = (row["id"] for row in guarded.database.rows("SELECT id FROM exam WHERE code = 'C0001'"))
    with guarded.database.transaction():
        rounds.use_for_training(guarded.database, [exam_id], training=True)
        rounds.add_reference(guarded.database, exam_id, {Level.L1: {Quantity.FF: 41.5}})
    ana = sign_in.sign_in(guarded, ANA, Role.READER)
    assert [row.code for row in read_exam.worklist(guarded, ana) if row.training] == ["C0001"]
    assert rounds.reference(guarded.database, exam_id) == {}
    case = _read(guarded, ana, "C0001")
    assert rounds.reference(guarded.database, exam_id) == {Level.L1: {Quantity.FF: 41.5}}
    read_exam.reopen(guarded, case)
    assert rounds.reference(guarded.database, exam_id) == {}


def test_rules_about_values_speak_again_once_the_study_is_opened(pair: tuple[Session, Session]) -> None:
    session, _ = pair
    ana = _ana(session)
    exam_id = read_exam.worklist(session, ana)[0].exam_id
    assert read_exam.open_case(session, ana, exam_id).protocol.blinded
    sign_in.set_secret(session, ANA, "a secret")
    coordinator = sign_in.sign_in(session, ANA, Role.COORDINATOR, "a secret")
    sign_in.unblind(session, coordinator, "both have finished")
    assert not read_exam.open_case(session, ana, exam_id).protocol.blinded
