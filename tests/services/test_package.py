"""A package holds what its reader needs and nothing else; results hold the readings without the images."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.case_facts import Fact, FactKind
from app.domain.errors import BlindingError, Cancelled, InputError, StoreUnavailable
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.reading import Role, Viewer
from app.domain.reference import ReferenceSeries
from app.services import read_exam
from app.services.open_session import Session, open_session, readers_of
from app.services.package import is_package, plan_package, write_package, write_results
from app.services.sign_in import needs_sign_in, people, sign_in
from app.store import audit, case_facts, exams, foreign, merging, readings, rounds, schema, sessions
from app.store import people as people_store
from app.store.exams import NewExam
from app.store.rounds import Assignment, RoundKind, StudyRound
from app.store.series import NewReference

Read = Callable[..., None]
Elsewhere = Callable[..., tuple[Session, Viewer]]

# how many rows a package of three exams holds, in the tables it fills
FILLED = {
    "session": 5, "protocol": 2, "reader": 1, "role_grant": 1, "exam": 3, "map": 6, "map_slice": 54,
    "assignment": 3, "audit": 1, "blinding_event": 1,
}  # fmt: skip
NAMES = ("Doe", "Jane0001", "PAT0001", "1960-01-02", "2026-01-03", "FF.0", "R2STAR.8", "Ana")


def package(study: Any, target: Path, number: int = 1) -> Path:
    write_package(study.session, study.viewer, study.bo.reader.id, number, target)
    return target


@pytest.fixture
def bo(study: Any, tmp_path: Path) -> Path:
    """A package for Bo."""
    return package(study, tmp_path / "bo.marrow")


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(sql).fetchall()


# -- what is in it ----------------------------------------------------------------------------------------


def test_the_cases_stand_in_the_readers_own_order_under_their_codes(
    study: Any, bo: Path, elsewhere: Elsewhere
) -> None:
    here = [case.code for case in read_exam.worklist(study.session, study.bo)]
    there, viewer = elsewhere(bo)
    with closing(there):
        assert [case.code for case in read_exam.worklist(there, viewer)] == here
    # keys in order of import would tell which exams came together
    assert [code for (code,) in rows(bo, "SELECT code FROM exam ORDER BY id")] == here


def test_every_table_holds_what_the_reader_may_have_and_no_row_more(
    study: Any, read: Read, tmp_path: Path
) -> None:
    read(study.session, Viewer(study.viewer.reader), "C0001")
    path = package(study, tmp_path / "bo.marrow")
    counts = {
        table: rows(path, f"SELECT count(*) FROM {table}")[0][0]  # noqa: S608 - names of our own
        for table in schema.newest().tables
    }
    assert {table: count for table, count in counts.items() if count} == FILLED


def test_no_byte_tells_of_a_patient_or_another_reader(bo: Path) -> None:
    content = bo.read_bytes()
    encoded = [word.encode(encoding) for word in NAMES for encoding in ("utf-8", "utf-16-le", "utf-16-be")]
    assert not [word for word in encoded if word in content]


def test_the_voxels_are_those_of_the_study(study: Any, bo: Path, elsewhere: Elsewhere) -> None:
    there, viewer = elsewhere(bo)
    with closing(there):
        for case in read_exam.worklist(there, viewer):
            mine = exams.load(study.session.database, study.case(case.code))
            other = exams.load(there.database, case.exam_id)
            assert all(np.array_equal(mine.maps[one].stored, other.maps[one].stored) for one in mine.maps)
            assert other.field_strength_t == mine.field_strength_t


def test_the_record_begins_anew_and_says_where_it_comes_from(study: Any, tmp_path: Path) -> None:
    head, origin = audit.head_hash(study.session.database), foreign.about(study.session.database).origin
    path = package(study, tmp_path / "bo.marrow")
    with closing(foreign.open_foreign(path)) as there:
        (entry,) = audit.entries(there)
        assert (entry.action, entry.actor) == ("package.made", sessions.PROGRAM)
        assert head in entry.new
        assert origin in entry.new
        assert foreign.about(there).study == origin
        assert foreign.about(there).origin != origin
        assert audit.first_break(there) is None


def test_the_study_remembers_the_package(study: Any, bo: Path) -> None:
    (kept,) = merging.packages(study.session.database)
    assert (kept.reader_id, kept.round, kept.exams) == (study.bo.reader.id, 1, 3)
    ((first,),) = rows(bo, "SELECT hash FROM audit")
    assert kept.first_hash == first
    entry = audit.entries(study.session.database)[-1]
    assert (entry.action, entry.actor, entry.subject) == ("package.written", "Ana", "Bo")


def test_no_page_is_free_and_no_helper_file_is_left(bo: Path) -> None:
    assert rows(bo, "PRAGMA freelist_count") == [(0,)]
    assert rows(bo, "PRAGMA journal_mode") == [("delete",)]
    assert [file.name for file in bo.parent.glob("bo.marrow*")] == ["bo.marrow"]


def test_it_opens_like_any_session_and_is_guarded(bo: Path, elsewhere: Elsewhere) -> None:
    there, viewer = elsewhere(bo)
    with closing(there):
        assert is_package(there)
        assert there.synthetic
        assert there.database.guarded
        assert viewer.role is Role.READER
        with pytest.raises(BlindingError, match=r"blinding\.closed"):
            there.database.copy_to(bo.with_name("copy.marrow"))
        (person,) = people(there)
        assert person.roles == {Role.READER}


def test_a_study_is_no_package(study: Any) -> None:
    assert not is_package(study.session)


def test_a_package_of_an_unblinded_session_is_open(session: Session, tmp_path: Path) -> None:
    viewer = Viewer(readers_of(session)[0], Role.COORDINATOR)
    write_package(session, viewer, 2, 1, tmp_path / "bo.marrow")
    with closing(open_session(tmp_path / "bo.marrow")) as there:
        assert not there.database.guarded


def test_a_session_that_was_closed_without_its_protocol_makes_a_closed_package(
    session: Session, tmp_path: Path
) -> None:
    ana, _ = readers_of(session)
    people_store.say_blinded(session.database, ana, "two readers", closed=True)
    write_package(session, Viewer(ana, Role.COORDINATOR), 2, 1, tmp_path / "bo.marrow")
    with closing(open_session(tmp_path / "bo.marrow")) as there:
        assert there.database.guarded


def test_the_readers_secret_goes_along(study: Any, tmp_path: Path) -> None:
    people_store.set_secret(study.session.database, study.bo.reader, "my secret", actor="Bo")
    assert plan_package(study.session, study.viewer, study.bo.reader.id, 1).has_secret
    with closing(open_session(package(study, tmp_path / "bo.marrow"))) as there:
        with pytest.raises(InputError, match=r"sign_in\.wrong_secret"):
            sign_in(there, 1, Role.READER, "guess")
        assert sign_in(there, 1, Role.READER, "my secret").reader.name == "Bo"


def test_what_the_reader_began_here_is_carried_on_there(
    study: Any, read: Read, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    read(study.session, study.bo, "C0002", 3, sign=False)
    plan = plan_package(study.session, study.viewer, study.bo.reader.id, 1)
    assert (plan.cases, plan.begun, plan.reader.name, plan.round) == (3, 1, "Bo", 1)
    assert plan.image_bytes > 100_000
    there, viewer = elsewhere(package(study, tmp_path / "bo.marrow"))
    with closing(there):
        exam_id = next(one.exam_id for one in read_exam.worklist(there, viewer) if one.code == "C0002")
        case = read_exam.open_case(there, viewer, exam_id)
        mine = read_exam.open_case(study.session, study.bo, study.case("C0002"))
        assert case.reading.history.rectangles == mine.reading.history.rectangles
        assert [one.stats for one in case.reading.revisions] == [one.stats for one in mine.reading.revisions]
        # undo reaches back to what was drawn at the hospital
        case, _ = read_exam.undo(there, case)
        assert len(case.reading.history.rectangles) == 2


def test_an_earlier_round_stays_here(study: Any, read: Read, tmp_path: Path, elsewhere: Elsewhere) -> None:
    database = study.session.database
    read(study.session, study.bo, "C0002")
    with database.transaction():
        rounds.add_round(database, StudyRound(2, RoundKind.REPEAT, 0.25, 14, 77))
        rounds.assign(
            database,
            [
                Assignment(2, study.case("C0002"), 2),
                Assignment(2, study.case("C0003"), 2, due_utc="2999-01-01T00:00:00.000+00:00"),
            ],
            "as Ana wishes",
        )
    path = package(study, tmp_path / "bo.marrow", 2)
    assert rows(path, "SELECT count(*) FROM reading") == [(0,)]
    assert rows(path, "SELECT number, kind, seed FROM study_round") == [(2, "repeat", 0)]
    there, viewer = elsewhere(path)
    with closing(there):
        assert viewer.round == 2
        assert [case.code for case in read_exam.worklist(there, viewer)] == ["C0002"]
        assert rounds.waiting(there.database, viewer).count == 1


def test_a_withdrawn_case_stays_here_and_training_is_marked(
    study: Any, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    database = study.session.database
    _note(study, "begun, then taken away")
    with database.transaction():
        rounds.assign(database, [Assignment(2, study.case("C0001"), 1, active=False)], "not this one")
        rounds.use_for_training(database, [study.case("C0002")], training=True)
    there, viewer = elsewhere(package(study, tmp_path / "bo.marrow"))
    with closing(there):
        listed = {case.code: case.training for case in read_exam.worklist(there, viewer)}
    assert listed == {"C0002": True, "C0003": False}


def test_series_go_along_without_the_files_they_came_from(study: Any, tmp_path: Path) -> None:
    database, key = study.session.database, study.case("C0001")
    exam = exams.load(database, key)
    one = exam.maps[Quantity.FF]
    beside = NewReference(
        ReferenceSeries("T2 sagittal", one.stored, one.grid, (0.0, 9.0)), ["1.2.840.55"] * 9
    )
    new = NewExam(exam, Identity(study_uid="1.2.0001", frame_uid="1"), {}, "GE", "", (beside,))
    exams.join(database, key, exams.pack(new), actor="Ana")
    path = package(study, tmp_path / "bo.marrow")
    assert rows(path, "SELECT name FROM reference_series") == [("T2 sagittal",)]
    assert rows(path, "SELECT count(*) FROM reference_slice") == [(9,)]
    assert b"1.2.840.55" not in path.read_bytes()


def test_who_confirmed_a_scale_is_not_told(study: Any, tmp_path: Path) -> None:
    database = study.session.database
    exam = exams.load(database, study.case("C0001"))
    maps = {
        quantity: replace(one, stored=one.stored + 1, scaling=replace(one.scaling, confirmed_by=who))
        for (quantity, one), who in zip(exam.maps.items(), ("Ana", "Bo"), strict=True)
    }
    new = NewExam(replace(exam, code="C0009", maps=maps), Identity(), {}, "GE", "")
    exams.add(database, exams.pack(new), actor="Ana")
    path = package(study, tmp_path / "bo.marrow")
    found = rows(path, "SELECT scaling FROM map JOIN exam ON exam.id = exam_id WHERE code = 'C0009'")
    assert {json.loads(scaling)["confirmed_by"] for (scaling,) in found} == {"Bo", "withheld"}


# -- what keeps it from being written ---------------------------------------------------------------------


def _note(study: Any, words: str) -> None:
    database = study.session.database
    reading = readings.open_reading(database, study.bo, study.case("C0001"))
    case_facts.append(database, reading, Fact(FactKind.NOTE, note=words))


@pytest.mark.parametrize(
    "words",
    ["Mrs Jane0001 moved", "see PAT0002", "Doe^Jane0003", "born 1960-01-02", "UID 1.2.0001", "ask JANE0001"],
)
def test_a_package_that_tells_who_a_patient_is_is_not_kept(study: Any, tmp_path: Path, words: str) -> None:
    _note(study, words)
    before = audit.head_hash(study.session.database)
    with pytest.raises(InputError, match=r"package\.leaks") as told:
        package(study, tmp_path / "bo.marrow")
    assert told.value.values["count"] >= 1
    assert not list(tmp_path.glob("bo.marrow*"))
    assert audit.head_hash(study.session.database) == before


@pytest.mark.parametrize("words", ["no PAT0004 here", "Janet0001", "11.2.00019", "a doe in the wood"])
def test_what_only_resembles_an_identifier_is_kept(study: Any, tmp_path: Path, words: str) -> None:
    _note(study, words)
    assert package(study, tmp_path / "bo.marrow").exists()


def test_another_readers_name_in_a_note_is_found(study: Any, tmp_path: Path) -> None:
    sessions.add_reader(study.session.database, "Carla")
    _note(study, "Carla thinks otherwise")
    with pytest.raises(InputError, match=r"package\.leaks"):
        package(study, tmp_path / "bo.marrow")


def test_a_package_that_is_not_kept_leaves_the_one_before(study: Any, bo: Path) -> None:
    before = bo.read_bytes()
    _note(study, "PAT0001")
    with pytest.raises(InputError, match=r"package\.leaks"):
        package(study, bo)
    assert bo.read_bytes() == before


@pytest.mark.parametrize("stop_at", [0, 2, 1000])
def test_a_package_that_is_stopped_leaves_nothing(study: Any, tmp_path: Path, stop_at: int) -> None:
    class Stop:
        def report(self, done: int, total: int | None) -> None:
            if done >= stop_at:
                raise Cancelled

    target = tmp_path / "bo.marrow"
    with pytest.raises(Cancelled):
        write_package(study.session, study.viewer, 2, 1, target, Stop())
    assert not list(tmp_path.glob("bo.marrow*"))
    assert merging.packages(study.session.database) == []


def test_progress_is_told_of_exams_and_then_of_bytes(study: Any, tmp_path: Path) -> None:
    told = []

    class Told:
        def report(self, done: int, total: int | None) -> None:
            told.append((done, total))

    made = write_package(study.session, study.viewer, 2, 1, tmp_path / "bo.marrow", Told())
    assert told == [(0, 3), (1, 3), (2, 3), (3, 3), (made.bytes, made.bytes)]
    assert made.bytes == (tmp_path / "bo.marrow").stat().st_size


def test_only_the_coordinator_makes_packages(study: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"study\.not_coordinator"):
        write_package(study.session, study.bo, 2, 1, tmp_path / "bo.marrow")
    viewer = sign_in(study.session, 2, Role.READER)
    with pytest.raises(BlindingError):
        plan_package(study.session, viewer, 2, 1)


def test_nobody_and_nothing_make_no_package(study: Any) -> None:
    with pytest.raises(InputError, match=r"package\.unknown_reader"):
        plan_package(study.session, study.viewer, 9, 1)
    # a round that nobody began would hold every case, as the first one does
    with pytest.raises(InputError, match=r"package\.no_cases"):
        plan_package(study.session, study.viewer, 2, 7)
    database = study.session.database
    with database.transaction():
        rounds.add_round(database, StudyRound(2, RoundKind.REPEAT))
    with pytest.raises(InputError, match=r"package\.no_cases"):
        plan_package(study.session, study.viewer, 2, 2)


def test_a_package_is_made_from_the_study_only(bo: Path) -> None:
    with closing(open_session(bo)) as there:
        there.database.unguard()
        people_store.grant(there.database, readers_of(there)[0], list(Role), actor="Bo")
        with pytest.raises(InputError, match=r"package\.of_package"):
            plan_package(there, Viewer(readers_of(there)[0], Role.COORDINATOR), 1, 1)


def test_a_session_that_is_read_only_makes_no_package(study: Any, tmp_path: Path) -> None:
    study.session.database.read_only = True
    with pytest.raises(StoreUnavailable, match=r"store\.read_only"):
        package(study, tmp_path / "bo.marrow")


def test_a_package_does_not_replace_the_study_nor_a_session_in_use(study: Any, bo: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"store\.copy_onto_itself"):
        package(study, study.session.path)
    with closing(open_session(bo)), pytest.raises(StoreUnavailable, match=r"store\.busy"):
        package(study, bo)
    link = bo.with_name("link.marrow")
    link.hardlink_to(study.session.path)
    with pytest.raises(StoreUnavailable, match=r"store\.copy_onto_itself"):
        package(study, link)


def test_a_place_that_cannot_be_written_is_said(study: Any, tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable, match=r"store\.cannot_open"):
        package(study, tmp_path / "nowhere" / "bo.marrow")


# -- results ----------------------------------------------------------------------------------------------


def test_results_hold_the_readings_and_the_whole_record_but_no_images(
    bo: Path, read: Read, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    there, viewer = elsewhere(bo)
    with closing(there):
        read(there, viewer, "C0001")
        assert write_results(there, viewer, tmp_path / "results.marrow") == tmp_path / "results.marrow"
    for table in ("reading", "roi_revision", "measurement", "reading_event", "case_fact", "audit", "exam"):
        sql = f"SELECT * FROM {table} ORDER BY 1, 2"  # noqa: S608 - names of our own
        assert rows(tmp_path / "results.marrow", sql) == rows(bo, sql)
    assert rows(tmp_path / "results.marrow", "SELECT count(*) FROM map_slice") == [(0,)]
    assert rows(tmp_path / "results.marrow", "SELECT count(*) FROM credential") == [(0,)]
    last = rows(bo, "SELECT actor, action FROM audit ORDER BY seq DESC LIMIT 1")
    assert last == [("Bo", "results.written")]


def test_results_cannot_be_opened_to_read_in(bo: Path, tmp_path: Path, elsewhere: Elsewhere) -> None:
    there, viewer = elsewhere(bo)
    with closing(there):
        write_results(there, viewer, tmp_path / "results.marrow")
    with pytest.raises(InputError, match=r"session\.results_only"):
        open_session(tmp_path / "results.marrow")


def test_results_are_written_from_read_only_media_without_an_entry(
    bo: Path, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    there, viewer = elsewhere(bo)
    with closing(there):
        there.database.read_only = True
        write_results(there, viewer, tmp_path / "results.marrow")
    assert len(rows(tmp_path / "results.marrow", "SELECT 1 FROM audit")) == 1


def test_a_study_writes_no_results(study: Any, tmp_path: Path) -> None:
    assert needs_sign_in(study.session)
    with pytest.raises(InputError, match=r"package\.not_a_package"):
        write_results(study.session, study.viewer, tmp_path / "results.marrow")
