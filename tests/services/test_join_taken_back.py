"""A centre that was joined goes again as one step, unless something rests on it, and can come once more."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.disagreement import Ruling
from app.domain.errors import InputError
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.progress import Silent
from app.domain.protocol import LEVELS
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.reference import ReferenceSeries
from app.services import read_exam
from app.services.assemble_cohort import assemble_cohort
from app.services.case_facts import exclude_patient
from app.services.changed import What
from app.services.disagreements import adjudicate
from app.services.merge import merges, undo_merge
from app.services.open_session import add_reader, create_session, has_readings, readers_of
from app.services.package import write_package
from app.services.read_exam import mark_not_measurable
from app.services.study import assign, overview, start_repeat, withdraw
from app.services.verify import verify
from app.store import adjudications, audit, clinical, exams, exported, people, rounds, table_readings
from app.store.case_facts import results_of_cases
from app.store.exams import NewExam
from app.store.guard import Scope
from app.store.overview import reading_rows
from app.store.results import results
from app.store.rounds import Assignment, RoundKind, StudyRound
from app.store.series import NewReference

Read = Callable[..., None]


def seen(centres: Any) -> dict[str, Any]:
    """All that can be seen of a session by whoever may see everything."""
    session, database = centres.session, centres.session.database
    cohort = assemble_cohort(session, centres.ana)
    return {
        "exams": exams.exams(database),
        "codes": exams.codes(database),
        "facts": exported.exam_facts(database),
        "readers": readers_of(session),
        "rounds": rounds.rounds(database),
        "training": rounds.training(database),
        "given": {who: dict(cases) for who, cases in rounds.given(database).items()},
        "worklists": [read_exam.worklist(session, Viewer(reader)) for reader in readers_of(session)],
        "overview": overview(session, centres.ana),
        "values": results(database, centres.ana),
        "cases": results_of_cases(database, centres.ana),
        "table": clinical.newest(database, centres.ana),
        "import": clinical.newest_import(database),
        "decisions": adjudications.adjudications(database, centres.ana),
        "places": table_readings.places(database, centres.ana),
        "protocol": session.protocol,
        "cohort": (cohort.codes, cohort.enrolled, cohort.field_strengths, cohort.exclusions),
    }


def whole(centres: Any) -> bool:
    """Whether pages, chains, seals, voxels and every rectangle are as the record tells."""
    return verify(centres.session, centres.ana, Silent(), recompute=True).whole


def test_a_centre_is_taken_back_as_one_step(centres: Any, read: Read) -> None:
    _have_more(centres, read)
    before = seen(centres)
    done = centres.join()
    now = seen(centres)
    alike = [name for name in before if now[name] == before[name]]
    assert alike == ["protocol"]
    changed = undo_merge(centres.session, centres.ana, done.merge_id)
    assert changed.what & (What.EXAMS | What.READERS | What.READING | What.CLINICAL | What.DECISION)
    assert seen(centres) == before
    (kept,) = merges(centres.session, centres.ana)
    assert (kept.undone, kept.label, kept.kind) == (True, "B", "centre")
    entry = audit.entries(centres.session.database)[-1]
    assert (entry.action, entry.actor, entry.subject) == ("centre.taken_back", "Ana", "B")
    assert json.loads(entry.old)["merge"] == done.merge_id
    # what was written stays in the file, and is checked as all else is
    assert [row["code"] for row in centres.session.database.rows("SELECT code FROM exam ORDER BY id")][
        3:
    ] == [
        "B-C0001",
        "K0002",
        "T0003",
    ]
    assert whole(centres)


def _have_more(centres: Any, read: Read) -> None:
    """Give the other centre a decision, a value typed in, a case for practice and rounds of its own."""
    with closing(centres.again()) as there:
        database, ana = there.database, readers_of(there)[0]
        key = centres.put(there, "T0003", 4, 3.0, "Grey^Zoe")
        centres.type_in(there, 1)
        lead = Viewer(ana, Role.COORDINATOR)
        adjudicate(there, lead, 1, LEVELS[0], Ruling.mean())
        with database.transaction():
            rounds.add_round(database, StudyRound())
            rounds.add_round(database, StudyRound(2, RoundKind.REPEAT, 0.5, 14, 1))
            rounds.use_for_training(database, [key], training=True)
            rounds.assign(database, [Assignment(ana.id, 1, 2)], "")
            audit.append(database, actor="Ana", action="round.started", subject="session")
        case = read_exam.open_case(there, Viewer(ana, round=2), 1)
        case, _ = exclude_patient(there, case, Reason.SURG)
        read_exam.sign_off(there, case)


def test_a_centre_that_was_taken_back_is_joined_again_as_if_for_the_first_time(
    centres: Any, read: Read
) -> None:
    _have_more(centres, read)
    first, once = centres.plan(), centres.join().merge_id
    before = _told(centres)
    for _ in range(2):
        undo_merge(centres.session, centres.ana, once)
        assert centres.plan() == first
        once = centres.join().merge_id
        assert _told(centres) == before
    assert centres.plan().refusal.code == "join.already"
    assert [one.undone for one in merges(centres.session, centres.ana)] == [True, True, False]
    assert whole(centres)


def _told(centres: Any) -> list[Any]:
    """What there is, by codes and names; keys are others each time."""
    codes = {one.id: one.code for one in exams.exams(centres.session.database)}
    values = [
        (one.code, one.reader, one.round, one.level, one.signed_off, one.rectangle, one.stats, one.protocol)
        for one in results(centres.session.database, centres.ana)
    ]
    table = [
        (codes.get(one.exam_id or 0), one.row.age, one.row.values, [item.verbatim for item in one.typed])
        for one in clinical.newest(centres.session.database, centres.ana)
    ]
    decided = [
        (codes[one.exam_id], one.level, one.ruling, one.who, one.readings)
        for one in adjudications.adjudications(centres.session.database, centres.ana)
    ]
    return [values, table, decided, [reader.name for reader in readers_of(centres.session)]]


def test_codes_and_names_of_a_centre_that_was_taken_back_are_free(centres: Any, tmp_path: Path) -> None:
    undo_merge(centres.session, centres.ana, centres.join().merge_id)
    centres.put(centres.session, "K0002", 9, 3.0, "White^Ann")
    carla = add_reader(centres.session, "Carla")
    # her name is hers, and nothing that a package for her must not hold
    write_package(centres.session, centres.ana, carla.id, 1, tmp_path / "carla.marrow")
    for taken in (
        (
            "INSERT INTO exam (code, origin, manufacturer, model, pixel_sha256, at_utc)"
            " VALUES ('K0002', 'table', '', '', '', '')"
        ),
        "INSERT INTO reader (name, order_seed, at_utc) VALUES ('Carla', 1, '')",
    ):
        with pytest.raises(sqlite3.IntegrityError), centres.session.database.transaction():
            centres.session.database.insert(taken)
    plan = centres.plan()
    assert [one.code_here for one in plan.cases] == ["B-C0001", "B-K0002"]
    assert dict(plan.readers) == {"Ana": "Ana (B)", "Carla": "Carla (B)"}
    centres.join()
    assert whole(centres)


def test_a_reading_that_was_taken_back_with_its_centre_is_begun_again_by_the_next_join(
    centres: Any, read: Read
) -> None:
    """Ana is one person: of an exam that is here too her reading stays, with nothing in it."""
    with closing(centres.again()) as there:
        centres.put(there, "X0009", 0, 3.0, "Doe^Jane")
        read(there, Viewer(readers_of(there)[0]), "X0009", row=6)
    session = centres.session
    # of the two exams with these voxels the one that Ana has not read
    exam = centres.put(session, "C0009", 0, 3.0, "Doe^Jane")
    before = results(session.database, centres.ana)
    for _ in range(2):
        done = centres.join(same_readers=["Ana"])
        mine = [one for one in results(session.database, centres.ana) if one.exam_id == exam]
        assert {(one.reader, one.signed_off) for one in mine} == {("Ana", True)}
        undo_merge(session, centres.ana, done.merge_id)
        assert results(session.database, centres.ana) == before
    assert not any(one.exam_id == exam for one in reading_rows(session.database))
    read(session, Viewer(centres.reader("Ana")), "C0009", row=7)
    why = {one.code_there: one.why for one in centres.plan(same_readers=["Ana"]).cases}["X0009"]
    assert why.code == "merge.conflict"
    assert whole(centres)


def test_values_alone_are_taken_back_too(centres: Any) -> None:
    before = seen(centres)
    undo_merge(centres.session, centres.ana, centres.join(with_images=False).merge_id)
    assert seen(centres) == before
    centres.join()
    assert len(centres.session.database.rows("SELECT 1 FROM map")) == 10


def test_a_centre_that_brought_nothing_is_taken_back_once(centres: Any, tmp_path: Path) -> None:
    create_session(tmp_path / "empty.marrow", reader="Eve").close()
    done = centres.beside(tmp_path / "empty.marrow").join()
    undo_merge(centres.session, centres.ana, done.merge_id)
    with pytest.raises(InputError, match=r"merge\.undone_already"):
        undo_merge(centres.session, centres.ana, done.merge_id)


def test_a_blinded_reader_sees_neither_the_exams_nor_the_rounds_that_were_taken_back(
    centres: Any, read: Read
) -> None:
    _have_more(centres, read)
    done = centres.join(same_readers=["Ana"])
    ana = readers_of(centres.session)[0]
    database = centres.session.database
    database.guard(Scope(ana.id, "Ana", 1))
    listed = {case.code for case in read_exam.worklist(centres.session, Viewer(ana))}
    assert {"B-C0001", "K0002"} <= listed
    database.unguard()
    undo_merge(centres.session, centres.ana, done.merge_id)
    for number in (1, 2):
        database.guard(Scope(ana.id, "Ana", number))
        assert [one.code for one in exams.exams(database)] == ["C0001", "C0002", "C0003"]
        assert [one.number for one in rounds.rounds(database)] == [1]
        assert [reader.name for reader in readers_of(centres.session)] == ["Ana", "Bo"]
        cases = read_exam.worklist(centres.session, Viewer(ana, round=number))
        assert {case.code for case in cases} == {"C0001", "C0002", "C0003"}
        database.unguard()


def test_a_repeat_is_not_kept_waiting_for_readers_who_are_gone(centres: Any, read: Read) -> None:
    done = centres.join()
    start_repeat(centres.session, centres.ana, share=1.0, override_reason="test")
    assert len(rounds.given(centres.session.database)) > 2
    undo_merge(centres.session, centres.ana, done.merge_id)
    read(centres.session, Viewer(readers_of(centres.session)[0], round=2), "C0001")
    assert start_repeat(centres.session, centres.ana, share=1.0, override_reason="test")[0].number == 3


def test_a_round_that_was_taken_back_leaves_its_number_free(centres: Any, read: Read) -> None:
    _have_more(centres, read)
    undo_merge(centres.session, centres.ana, centres.join().merge_id)
    new, _ = start_repeat(centres.session, centres.ana, share=1.0, override_reason="test")
    assert (new.number, new.washout_days) == (2, 14)
    assert rounds.rounds(centres.session.database)[1] == new
    assert whole(centres)


def test_a_session_whose_only_readings_were_taken_back_holds_none(tmp_path: Path, centres: Any) -> None:
    with closing(create_session(tmp_path / "new.marrow", reader="Eve")) as mine:
        both = centres.beside(centres.there, mine)
        done = both.join()
        assert has_readings(mine)
        undo_merge(mine, both.ana, done.merge_id)
        assert not has_readings(mine)


# -- what rests on it -------------------------------------------------------------------------------------


def _read_more(centres: Any, read: Read) -> None:
    read(centres.session, Viewer(centres.reader("Carla")), "K0002", 4, sign=False)


def _read_ours(centres: Any, read: Read) -> None:
    """A reader of the other centre reads an exam of ours."""
    carla = centres.reader("Carla")
    assign(centres.session, centres.ana, centres.key("C0002"), carla.id, 1, "help")
    case = read_exam.open_case(centres.session, Viewer(carla), centres.key("C0002"))
    mark_not_measurable(centres.session, case, LEVELS[0], Reason.MOTION)


def _decide_here(centres: Any, read: Read) -> None:
    adjudicate(centres.session, centres.ana, centres.key("B-C0001"), LEVELS[1], Ruling.mean())


def _type_here(centres: Any, read: Read) -> None:
    centres.type_in(centres.session, centres.key("K0002"))


def _add_a_map(centres: Any, read: Read) -> None:
    held = exams.load(centres.session.database, centres.key("K0002"))
    water = replace(held.maps[Quantity.FF], quantity=Quantity.WATER)
    new = NewExam(replace(held, maps={**held.maps, Quantity.WATER: water}), Identity(), {}, "GE", "")
    exams.join(centres.session.database, held.id, exams.pack(new), actor="Ana")


def _add_a_series(centres: Any, read: Read) -> None:
    held = exams.load(centres.session.database, centres.key("K0002"))
    shown = held.maps[Quantity.FF]
    beside = NewReference(ReferenceSeries("T1", shown.stored, shown.grid, (0.0, 1.0)), [])
    new = NewExam(held, Identity(), {}, "GE", "", (beside,))
    exams.join(centres.session.database, held.id, exams.pack(new), actor="Ana")


def _import_a_row(centres: Any, read: Read) -> None:
    centres.tell(centres.session, (7, 1.0, centres.key("K0002")))


@pytest.mark.parametrize(
    ("build", "first"),
    [
        (_read_more, "K0002"),
        (_read_ours, "C0002"),
        (_decide_here, "B-C0001"),
        (_type_here, "K0002"),
        (_add_a_map, "K0002"),
        (_add_a_series, "K0002"),
        (_import_a_row, "K0002"),
    ],
)
def test_a_centre_stays_where_something_was_built_on_it(
    centres: Any, read: Read, build: Callable[[Any, Read], None], first: str
) -> None:
    done = centres.join()
    build(centres, read)
    before = seen(centres)
    with pytest.raises(InputError, match=r"join\.built_upon") as told:
        undo_merge(centres.session, centres.ana, done.merge_id)
    assert told.value.values == {"count": 1, "first": first}
    assert seen(centres) == before


def test_what_was_done_here_to_our_own_does_not_keep_a_centre(centres: Any, read: Read) -> None:
    done = centres.join()
    session, database = centres.session, centres.session.database
    read(session, Viewer(readers_of(session)[1]), "C0001", row=7)
    centres.type_in(session, centres.key("C0001"))
    centres.tell(session, (9, -2.0, centres.key("C0001")))
    adjudicate(session, centres.ana, centres.key("C0001"), LEVELS[0], Ruling.mean())
    undo_merge(session, centres.ana, done.merge_id)
    assert [one.row.line for one in clinical.newest(database, centres.ana)] == [9]
    assert {one.reader for one in results(database, centres.ana)} == {"Ana", "Bo"}
    assert whole(centres)


def test_values_of_the_centre_for_an_exam_that_is_here_keep_it_once_somebody_typed_over_them(
    centres: Any,
) -> None:
    with closing(centres.again()) as there:
        key = centres.put(there, "X0002", 0, 3.0, "Doe^Jane")
        centres.tell(there, (1, -2.0, key))
    centres.put(centres.session, "C0009", 0, 3.0, "Doe^Jane")
    done = centres.join()
    centres.type_in(centres.session, centres.key("C0009"))
    with pytest.raises(InputError, match=r"join\.built_upon") as told:
        undo_merge(centres.session, centres.ana, done.merge_id)
    assert told.value.values == {"count": 1, "first": "C0009"}


def test_of_two_centres_the_later_goes_first_where_its_table_took_over_the_rows(
    centres: Any, tmp_path: Path
) -> None:
    with closing(create_session(tmp_path / "third.marrow", reader="Fay")) as third:
        key = centres.put(third, "F0001", 20, 3.0, "Black^Tom")
        centres.tell(third, (1, -0.5, key))
    first = centres.join()
    before = seen(centres)
    later = centres.beside(tmp_path / "third.marrow").join()
    with pytest.raises(InputError, match=r"join\.built_upon") as told:
        undo_merge(centres.session, centres.ana, first.merge_id)
    assert told.value.values == {"count": 2, "first": "B-C0001"}
    undo_merge(centres.session, centres.ana, later.merge_id)
    assert seen(centres) == before
    undo_merge(centres.session, centres.ana, first.merge_id)
    assert len(exams.exams(centres.session.database)) == 3
    assert whole(centres)


@pytest.mark.parametrize("how", ["role", "secret", "at work"])
def test_a_centre_stays_while_a_reader_of_it_works_here(centres: Any, how: str) -> None:
    done = centres.join()
    carla = centres.reader("Carla")
    viewer, database = centres.ana, centres.session.database
    if how == "role":
        people.grant(database, viewer.reader, list(Role), actor="Ana")
        people.grant(database, carla, [Role.READER], actor="Ana")
    elif how == "secret":
        people.set_secret(database, carla, "marrow", actor="Ana")
    else:
        viewer = Viewer(carla, Role.COORDINATOR)
    with pytest.raises(InputError, match=r"join\.reader_stays") as told:
        undo_merge(centres.session, viewer, done.merge_id)
    assert told.value.values == {"name": "Carla"}
    if how == "role":
        people.grant(database, carla, [], actor="Ana")
    elif how == "secret":
        people.set_secret(database, carla, "", actor="Ana")
    undo_merge(centres.session, centres.ana, done.merge_id)


def test_a_centre_stays_while_cases_are_assigned_in_a_round_of_it(centres: Any, read: Read) -> None:
    _have_more(centres, read)
    done = centres.join()
    exam = centres.key("C0001")
    assign(centres.session, centres.ana, exam, 1, 2, "again")
    with pytest.raises(InputError, match=r"join\.round_stays") as told:
        undo_merge(centres.session, centres.ana, done.merge_id)
    assert told.value.values == {"round": 2}
    withdraw(centres.session, centres.ana, exam, 1, 2, "never mind")
    undo_merge(centres.session, centres.ana, done.merge_id)


def test_what_an_older_version_joined_stays(centres: Any) -> None:
    done = centres.join()
    centres.tamper(
        centres.session.path, "DELETE FROM merge_rows WHERE what NOT IN ('revision', 'event', 'fact')"
    )
    with pytest.raises(InputError, match=r"join\.kept_too_little"):
        undo_merge(centres.session, centres.ana, done.merge_id)
