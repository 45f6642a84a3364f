"""Sessions of several centres become one cohort: nobody's name comes along, and nothing is mixed up."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.domain.errors import BlindingError, Cancelled, InputError
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import Role, Viewer
from app.services import read_exam
from app.services.assemble_cohort import assemble_cohort
from app.services.export import export
from app.services.join_centres import join_centres, plan_join_centres
from app.services.merge import merges
from app.services.open_session import add_reader, create_session, readers_of
from app.services.package import write_package
from app.store import (
    audit,
    clinical,
    exams,
    foreign,
    people,
    rounds,
    sealing,
    sessions,
)
from app.store.exam_rows import add
from app.store.exams import NewExam
from app.store.results import results
from app.store.rounds import RoundKind, StudyRound

Read = Callable[..., None]


def test_a_plan_shows_codes_and_names_and_changes_nothing(centres: Any) -> None:
    content, head = centres.there.read_bytes(), audit.head_hash(centres.session.database)
    plan = centres.plan()
    assert plan.refusal is None
    assert [(one.code_there, one.code_here, one.same) for one in plan.cases] == [
        ("C0001", "B-C0001", False),
        ("K0002", "K0002", False),
    ]
    assert [one.field_strength_t for one in plan.cases] == [1.5, 3.0]
    assert plan.readers == (("Ana", "Ana (B)"), ("Carla", "Carla"))
    assert (plan.readings, plan.clinical_rows) == (3, 2)
    assert centres.there.read_bytes() == content
    assert audit.head_hash(centres.session.database) == head


def test_exams_come_with_voxels_field_strength_and_scanner(centres: Any) -> None:
    centres.join()
    database = centres.session.database
    rows = {row["code"]: row for row in database.rows("SELECT * FROM exam")}
    assert set(rows) == {"C0001", "C0002", "C0003", "B-C0001", "K0002"}
    assert (rows["B-C0001"]["field_strength_t"], rows["B-C0001"]["manufacturer"]) == (1.5, "Philips")
    came = exams.load(database, rows["B-C0001"]["id"])
    for quantity, one in came.maps.items():
        assert np.array_equal(one.stored, centres.voxels.maps[quantity].stored + 1)


def test_readings_come_under_the_names_the_plan_shows(centres: Any) -> None:
    centres.join()
    told = {(one.code, one.reader, one.signed_off) for one in results(centres.session.database, centres.ana)}
    assert told == {
        ("C0001", "Ana", True),
        ("B-C0001", "Ana (B)", True),
        ("B-C0001", "Carla", True),
        ("K0002", "Carla", False),
    }


def test_no_name_number_or_uid_of_the_other_centre_comes_along(centres: Any) -> None:
    centres.join()
    centres.session.database.copy_to(centres.there.with_name("all.marrow"))
    content = centres.there.with_name("all.marrow").read_bytes()
    for word in ("Smith", "Mary", "ID-C0001", "ID-K0002", "SECRET2", "1.9.1.FF", "1.9.2"):
        assert word.encode() not in content
    # our own stay
    assert b"SECRET1" in content


def test_the_join_stands_in_the_record_with_its_mapping(centres: Any) -> None:
    done = centres.join()
    database = centres.session.database
    entry = audit.entries(database)[-1]
    assert (entry.action, entry.actor, entry.subject) == ("centre.joined", "Ana", "B")
    content = json.loads(entry.new)
    assert content["cases"] == {"C0001": "B-C0001", "K0002": "K0002"}
    assert content["readers"] == {"Ana": "Ana (B)", "Carla": "Carla"}
    assert content["head_hash"] == done.plan.head_hash
    kept = [tuple(one) for one in foreign.kept_record(database, done.merge_id)]
    with closing(foreign.open_foreign(centres.there)) as there:
        assert kept == [tuple(one) for one in foreign.record(there)]
    mapped = database.rows("SELECT code_there, code, same FROM centre_case JOIN exam ON exam.id = exam_id")
    assert [tuple(row) for row in mapped] == [("C0001", "B-C0001", 0), ("K0002", "K0002", 0)]
    (one,) = merges(centres.session, centres.ana)
    assert (one.kind, one.label, one.reader, one.round) == ("centre", "B", "", 0)
    assert list(sealing.compare(database, sealing.sealed_rows(database))) == []


def test_the_clinical_tables_become_one(centres: Any) -> None:
    centres.join()
    codes = {one.id: one.code for one in exams.exams(centres.session.database)}
    table = clinical.newest(centres.session.database, centres.ana)
    assert {codes[one.exam_id]: one.row.values[0].value for one in table if one.exam_id} == {
        "C0001": -1.0,
        "B-C0001": -2.6,
        "K0002": 0.5,
    }
    # rows that belong to no exam of the other centre stay there
    assert len(table) == 3


def test_r2star_of_different_field_strengths_is_never_pooled(centres: Any) -> None:
    assert assemble_cohort(centres.session, centres.ana).blocked == {}
    centres.join()
    cohort = assemble_cohort(centres.session, centres.ana)
    assert cohort.codes == ("C0001", "B-C0001")
    assert cohort.field_strengths == (1.5, 3.0)
    assert cohort.blocked[Quantity.R2STAR.value].code == "cohort.mixed_field_strengths"


def test_r2star_of_one_field_strength_is_pooled(centres: Any, read: Read) -> None:
    with closing(centres.again()) as there:
        centres.put(there, "K0003", 3, 2.89, "Green^Sue")
        read(there, Viewer(readers_of(there)[1]), "K0003")
        key = next(one.id for one in exams.exams(there.database) if one.code == "C0001")
        with there.database.transaction():
            rounds.use_for_training(there.database, [key], training=True)
            audit.append(there.database, actor="Ana", action="exam.for_training", subject="C0001")
    centres.join()
    cohort = assemble_cohort(centres.session, centres.ana)
    assert cohort.codes == ("C0001", "K0003")
    assert (cohort.field_strengths, cohort.blocked) == ((3.0,), {})


def test_no_reader_gets_the_cases_of_the_other_centre(centres: Any) -> None:
    with closing(centres.again()) as there, there.database.transaction():
        rounds.add_round(there.database, StudyRound(2, RoundKind.MAIN))
        audit.append(there.database, actor="Ana", action="round.started", subject="session")
    centres.join()
    by_name = {reader.name: reader for reader in readers_of(centres.session)}
    for name, number, wanted in (
        ("Ana", 1, {"C0001", "C0002", "C0003"}),
        ("Bo", 2, {"C0001", "C0002", "C0003"}),
        ("Carla", 1, {"B-C0001", "K0002"}),
        ("Ana (B)", 2, {"B-C0001", "K0002"}),
    ):
        viewer = Viewer(by_name[name], round=number)
        assert {case.code for case in read_exam.worklist(centres.session, viewer)} == wanted, name


def test_the_same_person_at_both_centres_keeps_one_name(centres: Any) -> None:
    plan = centres.plan(same_readers=["Ana"])
    assert plan.readers == (("Ana", "Ana"), ("Carla", "Carla"))
    centres.join(same_readers=["Ana"])
    assert [reader.name for reader in readers_of(centres.session)] == ["Ana", "Bo", "Carla"]
    listed = read_exam.worklist(centres.session, Viewer(readers_of(centres.session)[0]))
    assert {case.code for case in listed} == {"C0001", "C0002", "C0003", "B-C0001", "K0002"}


def test_a_name_that_is_taken_twice_gets_a_number(centres: Any) -> None:
    add_reader(centres.session, "Ana (B)")
    assert centres.plan().readers[0] == ("Ana", "Ana (B 2)")


def test_the_same_exam_is_recognised_by_its_voxels(centres: Any, read: Read) -> None:
    with closing(centres.again()) as there:
        centres.put(there, "X0009", 0, 3.0, "Doe^Jane")
        read(there, Viewer(readers_of(there)[1]), "X0009", row=6)
        key = next(one.id for one in exams.exams(there.database) if one.code == "X0009")
        centres.tell(there, (1, -2.0, key), (2, -1.5, 1))
    done = centres.join()
    told = {one.code_there: (one.code_here, one.same) for one in done.plan.cases}
    assert told["X0009"] == ("C0001", True)
    # the row of an exam that has one here does not come
    assert done.plan.clinical_rows == 1
    assert json.loads(audit.entries(centres.session.database)[-1].new)["clinical_rows"] == 1
    readers = {one.reader for one in results(centres.session.database, centres.ana) if one.code == "C0001"}
    assert readers == {"Ana", "Carla"}
    assert len(exams.exams(centres.session.database)) == 5


def test_a_reading_of_the_same_exam_by_the_same_reader_does_not_come_twice(centres: Any, read: Read) -> None:
    with closing(centres.again()) as there:
        centres.put(there, "X0009", 0, 3.0, "Doe^Jane")
        read(there, Viewer(readers_of(there)[0]), "X0009", row=6)
    plan = centres.plan(same_readers=["Ana"])
    why = {one.code_there: one.why for one in plan.cases}["X0009"]
    assert (why.code, why.values) == ("merge.conflict", {"case": "C0001"})
    done = join_centres(centres.session, centres.ana, plan)
    assert done.plan == plan
    mine = [one for one in results(centres.session.database, centres.ana) if one.code == "C0001"]
    assert {(one.reader, one.rectangle.row0) for one in mine if one.level is LEVELS[0]} == {("Ana", 4)}
    assert json.loads(audit.entries(centres.session.database)[-1].new)["why"] == {"X0009": "merge.conflict"}


def test_an_exam_that_is_the_same_in_one_map_only_does_not_come(centres: Any) -> None:
    exam = centres.voxels
    r2star = replace(exam.maps[Quantity.R2STAR], stored=exam.maps[Quantity.R2STAR].stored + 7)
    maps = {Quantity.FF: exam.maps[Quantity.FF], Quantity.R2STAR: r2star}
    with closing(centres.again()) as there:
        new = NewExam(replace(exam, code="X0009", maps=maps), Identity(), {}, "GE", "")
        exams.add(there.database, exams.pack(new), actor="Ana")
    why = {one.code_there: one.why for one in centres.plan().cases}["X0009"]
    assert why.code == "merge.pixels_differ"


def test_values_can_come_without_images(centres: Any, tmp_path: Path) -> None:
    centres.join(with_images=False)
    database = centres.session.database
    assert database.rows("SELECT count(*) AS n FROM map")[0]["n"] == 6
    cohort = assemble_cohort(centres.session, centres.ana)
    assert cohort.codes == ("C0001", "B-C0001")
    assert np.isfinite(cohort.values[Quantity.FF]).all()
    assert len(export(centres.session, centres.ana, tmp_path / "out")) == 3
    listed = read_exam.worklist(centres.session, Viewer(readers_of(centres.session)[3]))
    assert listed == []


def test_codes_that_would_be_too_long_are_numbered(centres: Any) -> None:
    with closing(centres.again()) as there:
        centres.put(there, "A23456789012345", 5, 3.0, "Green^Sue")
        centres.put(there, "B-0001", 6, 3.0, "White^Ann")
    centres.put(centres.session, "A23456789012345", 8, 3.0, "Grey^Zoe")
    told = {one.code_there: one.code_here for one in centres.plan().cases}
    assert told["A23456789012345"] == "B-0002"


def test_training_rounds_and_early_looks_come_along(centres: Any) -> None:
    with closing(centres.again()) as there:
        database = there.database
        with database.transaction():
            rounds.use_for_training(database, [2], training=True)
            rounds.add_round(database, StudyRound(2, RoundKind.REPEAT, 0.5, 14, 1))
            audit.append(database, actor="Ana", action="round.started", subject="session")
        people.expose(database, readers_of(there)[1], "to see")
    database = centres.session.database
    with database.transaction():
        rounds.add_round(database, StudyRound(2, RoundKind.REPEAT, 0.25, 14, 2))
    centres.join()
    codes = {one.id: one.code for one in exams.exams(database)}
    assert [codes[one] for one in rounds.training(database)] == ["K0002"]
    # what a round is here, it stays
    assert [one.share for one in rounds.rounds(database)] == [1.0, 0.25]
    assert [one.number for one in rounds.rounds(database)] == [1, 2]
    rows = database.rows("SELECT name FROM exposure JOIN reader ON reader.id = reader_id")
    assert [row["name"] for row in rows] == ["Carla"]


def test_a_protocol_that_differs_in_a_warning_comes_under_a_name_of_its_own(centres: Any) -> None:
    with closing(centres.again()) as there:
        other = replace(there.protocol, version=2, ff_step=11.0)
        sessions.new_protocol(there.database, other, "Ana", "so")
    before = centres.session.protocol
    centres.join()
    assert centres.session.protocol == before
    stamps = [row["name"] for row in centres.session.database.rows("SELECT name FROM protocol ORDER BY id")]
    assert stamps == ["lumbar-FF-R2star", "lumbar-FF-R2star (B)", "lumbar-FF-R2star"]


def test_what_was_typed_in_and_how_our_table_was_read_stay_known(centres: Any) -> None:
    with closing(centres.again()) as there:
        centres.type_in(there, 1)
        centres.type_in(there, 2)
    database = centres.session.database
    with database.transaction():
        columns = {"import_id": 1, "form": "text", "delimiter": ";", "decimal_sign": ",", "columns": "[]"}
        add(database, "clinical_source", columns)
        audit.append(database, actor="Ana", action="read", subject="clinical table")
    before = database.rows("SELECT form, columns FROM clinical_source")
    centres.join()
    codes = {one.id: one.code for one in exams.exams(database)}
    typed = database.rows("SELECT exam_id, value FROM clinical_edit ORDER BY id")
    assert [(codes[row["exam_id"]], row["value"]) for row in typed] == [("B-C0001", 1.0), ("K0002", 2.0)]
    after = database.rows("SELECT form, columns FROM clinical_source ORDER BY import_id")
    assert [tuple(row) for row in after] == [tuple(row) for row in before] * 2


def test_what_was_typed_in_for_an_exam_that_is_here_stays_there(centres: Any) -> None:
    with closing(centres.again()) as there:
        centres.type_in(there, centres.put(there, "X0009", 0, 3.0, "Doe^Jane"))
    centres.join()
    assert centres.session.database.rows("SELECT * FROM clinical_edit") == []


def test_a_reading_that_holds_nothing_is_no_reading(centres: Any) -> None:
    with closing(centres.again()) as there, there.database.transaction():
        row = {"exam_id": 2, "reader_id": 3, "round": 1, "origin": "images", "at_utc": ""}
        add(there.database, "reading", row)
        audit.append(there.database, actor="Ana", action="begun", subject="case")
    assert centres.plan().readings == 3


# -- refused ----------------------------------------------------------------------------------------------


def refused(centres: Any) -> str:
    plan = centres.plan()
    assert plan.refusal is not None
    with pytest.raises(InputError) as told:
        join_centres(centres.session, centres.ana, plan)
    assert told.value.code == plan.refusal.code
    return plan.refusal.code


def test_centres_that_measure_differently_are_not_joined_and_the_difference_is_named(
    centres: Any, tmp_path: Path
) -> None:
    create_session(tmp_path / "deep.marrow", replace(Protocol(), name="deep", slices=3)).close()
    plan = plan_join_centres(centres.session, tmp_path / "deep.marrow", "D")
    assert plan.refusal.code == "join.protocols_differ"
    assert plan.refusal.values == {"field": "slices", "here": "1", "there": "3", "protocol": "deep v1"}


def test_a_blinded_session_is_not_joined(centres: Any) -> None:
    """Nobody proves here who they are there: joining would show what blinding hides."""
    with closing(centres.again()) as there:
        people.say_blinded(there.database, readers_of(there)[0], "still reading", closed=True)
    assert refused(centres) == "join.blinded"


def test_a_session_is_joined_once(centres: Any) -> None:
    centres.join()
    assert refused(centres) == "join.already"


def test_itself_a_package_and_a_changed_file_are_not_joined(centres: Any, tmp_path: Path) -> None:
    centres.session.database.copy_to(tmp_path / "copy.marrow")
    assert refused(centres.beside(tmp_path / "copy.marrow")) == "merge.same_session"
    write_package(centres.session, centres.ana, 2, 1, tmp_path / "bo.marrow")
    assert refused(centres.beside(tmp_path / "bo.marrow")) == "join.is_package"
    centres.tamper(centres.there, "UPDATE measurement SET mean = 1 WHERE revision_id = 1")
    assert refused(centres) == "merge.rows_changed"
    centres.tamper(centres.there, "UPDATE audit SET actor = 'X' WHERE seq = 2")
    assert refused(centres) == "merge.chain_broken"


@pytest.mark.parametrize("label", ["", "1B", "B B", "ninechars9", "B-"])
def test_a_centre_has_a_short_plain_name(centres: Any, label: str) -> None:
    with pytest.raises(InputError, match=r"join\.label"):
        plan_join_centres(centres.session, centres.there, label)


def test_only_the_coordinator_joins(centres: Any) -> None:
    plan = centres.plan()
    people.grant(centres.session.database, readers_of(centres.session)[1], [Role.READER], actor="Ana")
    with pytest.raises(InputError, match=r"study\.not_coordinator"):
        join_centres(centres.session, Viewer(readers_of(centres.session)[1]), plan)
    centres.session.database.guard(None)
    with pytest.raises(BlindingError):
        centres.plan()


def test_what_changed_since_it_was_planned_is_looked_at_again(centres: Any) -> None:
    plan = centres.plan()
    add_reader(centres.session, "Carla")
    with pytest.raises(InputError, match=r"merge\.outdated"):
        join_centres(centres.session, centres.ana, plan)


def test_a_join_that_is_stopped_changes_nothing(centres: Any) -> None:
    class Stop:
        def report(self, done: int, total: int | None) -> None:
            if done == 1:
                raise Cancelled

    head = audit.head_hash(centres.session.database)
    with pytest.raises(Cancelled):
        join_centres(centres.session, centres.ana, centres.plan(), Stop())
    assert len(exams.exams(centres.session.database)) == 3
    assert audit.head_hash(centres.session.database) == head
