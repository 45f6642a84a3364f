"""Readings come back once, are counted on our own voxels, and go away again as one step."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.domain.case_facts import Counted
from app.domain.errors import BlindingError, InputError
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, read_exam
from app.services.merge import MergePlan, Outcome, merge, merges, plan_merge, undo_merge
from app.services.open_session import Session
from app.services.package import write_package, write_results
from app.services.sign_in import sign_in, unblind
from app.services.study import start_repeat, unlock
from app.store import audit, exams, foreign, rounds, sealing, stories
from app.store.exams import NewExam
from app.store.results import results

Read = Callable[..., None]
Elsewhere = Callable[..., tuple[Session, Viewer]]


@pytest.fixture
def bo(study: Any, tmp_path: Path) -> Path:
    """A package for Bo, not opened yet."""
    write_package(study.session, study.viewer, study.bo.reader.id, 1, tmp_path / "bo.marrow")
    return tmp_path / "bo.marrow"


@pytest.fixture
def came(bo: Path, read: Read, elsewhere: Elsewhere) -> Path:
    """The package with one case signed off and one begun."""
    there, viewer = elsewhere(bo)
    with closing(there):
        read(there, viewer, "C0001")
        read(there, viewer, "C0002", 2, sign=False)
    return bo


def counts(plan: MergePlan) -> tuple[int, ...]:
    return tuple(plan.count(one) for one in Outcome)


def bring(study: Any, path: Path) -> int | None:
    return merge(study.session, study.viewer, plan_merge(study.session, path)).merge_id


def story(study: Any, code: str) -> stories.Story:
    return stories.stories(study.session.database, 2, 1).get(study.case(code), stories.Story())


def test_a_plan_says_what_would_change_and_changes_nothing(study: Any, came: Path) -> None:
    content, head = came.read_bytes(), audit.head_hash(study.session.database)
    plan = plan_merge(study.session, came)
    assert plan.refusal is None
    assert (plan.reader, plan.round, plan.protocol) == ("Bo", 1, "lumbar-FF-R2star v2")
    assert counts(plan) == (2, 0, 0, 0)
    told = {one.code: (one.revisions, one.events, one.signed_off) for one in plan.cases}
    assert told == {"C0001": (5, 1, True), "C0002": (2, 0, False)}
    assert came.read_bytes() == content
    assert [file.name for file in came.parent.glob("bo.marrow*")] == ["bo.marrow"]
    assert audit.head_hash(study.session.database) == head


def test_the_readings_are_here_as_they_were_made(study: Any, came: Path) -> None:
    done = merge(study.session, study.viewer, plan_merge(study.session, came))
    assert done.merge_id == 1
    with closing(foreign.open_foreign(came)) as there:
        (other,) = (one for one in stories.stories(there, 1, 1).values() if one.locked)
    mine = story(study, "C0001")
    assert (mine.revisions, mine.events, mine.facts) == (other.revisions, other.events, other.facts)
    assert [one.numbers for one in mine.revisions] == [one.numbers for one in other.revisions]
    listed = {case.code: (case.done, case.locked) for case in read_exam.worklist(study.session, study.bo)}
    assert listed == {"C0001": (5, True), "C0002": (2, False), "C0003": (0, False)}


def test_everything_a_reader_can_say_comes_back(study: Any, bo: Path, elsewhere: Elsewhere) -> None:
    there, viewer = elsewhere(bo)
    with closing(there):
        # which number a case has in a package is drawn by chance, and one of them lies upside down
        listed = {one.code: one.exam_id for one in read_exam.worklist(there, viewer)}
        case = read_exam.open_case(there, viewer, listed["C0001"])
        case, _ = case_facts.say_counted(there, case, Counted.FROM_SACRUM)
        case, _ = case_facts.write_note(there, case, "hip implant")
        case, _ = read_exam.set_rectangle(there, case, Level.L1, Rectangle(4, 4, 30, 9, 12, depth=3))
        case, _ = read_exam.set_rectangle(there, case, Level.L2, Rectangle(4, 19, 30, 9, 12))
        case, _ = read_exam.undo(there, case)
        case, _ = read_exam.redo(there, case)
        case, _ = read_exam.mark_not_measurable(there, case, Level.L3, Reason.OTHER, "dark")
        case, _ = case_facts.exclude_patient(there, case, Reason.SURG)
        case, _ = read_exam.sign_off(there, case)
        case, _ = read_exam.reopen(there, case)
        elsewhere_reading = case.reading
    bring(study, bo)
    case = read_exam.open_case(study.session, study.bo, study.case("C0001"))
    assert case.reading.facts == replace(
        elsewhere_reading.facts, accepted=case.reading.facts.accepted, helped=case.reading.facts.helped
    )
    assert case.reading.history.rectangles == elsewhere_reading.history.rectangles
    assert not case.reading.locked
    # the stacks of undo are whole too
    undone = [one.level for one in case.reading.revisions if one.id in case.reading.history.undoable]
    assert undone == [Level.L1, Level.L2, Level.L3]


def test_the_results_do_as_well_as_the_package(
    study: Any, came: Path, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    there, viewer = elsewhere(came)
    with closing(there):
        write_results(there, viewer, tmp_path / "results.marrow")
    plan = plan_merge(study.session, tmp_path / "results.marrow")
    assert counts(plan) == (2, 0, 0, 0)
    assert merge(study.session, study.viewer, plan).merge_id == 1
    assert counts(plan_merge(study.session, came)) == (0, 0, 2, 0)


def test_merging_twice_changes_nothing_and_says_so(study: Any, came: Path) -> None:
    bring(study, came)
    head = audit.head_hash(study.session.database)
    plan = plan_merge(study.session, came)
    assert (counts(plan), plan.changes) == ((0, 0, 2, 0), False)
    assert merge(study.session, study.viewer, plan).merge_id is None
    assert audit.head_hash(study.session.database) == head
    assert len(merges(study.session, study.viewer)) == 1


def test_what_was_read_since_is_added_to_what_came_before(
    study: Any, came: Path, read: Read, elsewhere: Elsewhere
) -> None:
    early = came.with_name("early.marrow")
    shutil.copy(came, early)
    bring(study, came)
    there, viewer = elsewhere(came)
    with closing(there):
        read(there, viewer, "C0002", row=5)
        read(there, viewer, "C0003", 1, sign=False)
    plan = plan_merge(study.session, came)
    assert counts(plan) == (1, 1, 1, 0)
    assert merge(study.session, study.viewer, plan).merge_id == 2
    listed = {case.code: (case.done, case.locked) for case in read_exam.worklist(study.session, study.bo)}
    assert listed == {"C0001": (5, True), "C0002": (5, True), "C0003": (1, False)}
    # an older state of the file brings nothing
    assert counts(plan_merge(study.session, early)) == (0, 0, 2, 0)


def test_a_reading_begun_here_is_carried_on_there_and_comes_back(
    study: Any, read: Read, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    read(study.session, study.bo, "C0002", 3, sign=False)
    path = tmp_path / "bo.marrow"
    write_package(study.session, study.viewer, 2, 1, path)
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0002")
    plan = plan_merge(study.session, path)
    assert counts(plan) == (0, 1, 0, 0)
    merge(study.session, study.viewer, plan)
    assert (len(story(study, "C0002").revisions), story(study, "C0002").locked) == (5, True)


def test_the_foreign_record_is_kept_whole_and_its_head_stands_in_ours(study: Any, came: Path) -> None:
    bring(study, came)
    database = study.session.database
    kept = foreign.kept_record(database, 1)
    with closing(foreign.open_foreign(came)) as there:
        assert [tuple(one) for one in kept] == [tuple(one) for one in foreign.record(there)]
    assert audit.chain_break(kept) is None
    entry = audit.entries(database)[-1]
    assert (entry.action, entry.actor, entry.subject) == ("merge.done", "Ana", "Bo/round 1")
    content = json.loads(entry.new)
    assert (content["head_hash"], content["new"], content["entries"]) == (kept[-1]["hash"], 2, len(kept))
    assert list(sealing.compare(database, sealing.sealed_rows(database))) == []
    assert audit.first_break(database) is None


def test_rectangles_are_counted_on_a_map_that_joined_since(
    study: Any, tmp_path: Path, read: Read, elsewhere: Elsewhere
) -> None:
    database = study.session.database
    whole = exams.load(database, study.case("C0001"), MEASURED)
    only_ff = replace(whole, code="C0009", maps={Quantity.FF: whole.maps[Quantity.FF]})
    who = Identity(study_uid="1.2.9999", frame_uid="1")
    key = exams.add(database, exams.pack(NewExam(only_ff, who, {}, "GE", "")), actor="Ana")
    path = tmp_path / "bo.marrow"
    write_package(study.session, study.viewer, 2, 1, path)
    both = replace(whole, code="C0009", id=0)
    exams.join(database, key, exams.pack(NewExam(both, who, {}, "GE", "")), actor="Ana")
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0009")
    bring(study, path)
    case = read_exam.open_case(study.session, study.bo, key)
    assert all(set(one.stats) == set(MEASURED) for one in case.reading.revisions)


# -- taking it back ---------------------------------------------------------------------------------------


def test_a_merge_is_taken_back_as_one_step(study: Any, came: Path) -> None:
    database = study.session.database
    number = bring(study, came)
    unblind(study.session, study.viewer, "to look at the values")
    assert len(results(database, study.viewer)) == 7
    undo_merge(study.session, study.viewer, number)
    assert results(database, study.viewer) == []
    listed = read_exam.worklist(study.session, study.bo)
    assert all((case.done, case.locked, case.last_change) == (0, False, "") for case in listed)
    case = read_exam.open_case(study.session, study.bo, study.case("C0001"))
    assert (case.reading.revisions, case.reading.locked) == ((), False)
    (kept,) = merges(study.session, study.viewer)
    assert (kept.undone, kept.reader, kept.kind) == (True, "Bo", "results")
    assert audit.entries(database)[-1].action == "merge.undone"
    # what was written stays in the file
    assert database.rows("SELECT count(*) AS n FROM roi_revision")[0]["n"] == 7
    assert list(sealing.compare(database, sealing.sealed_rows(database))) == []


def test_merging_again_brings_it_back(study: Any, came: Path) -> None:
    number = bring(study, came)
    before = story(study, "C0001")
    undo_merge(study.session, study.viewer, number)
    plan = plan_merge(study.session, came)
    assert counts(plan) == (2, 0, 0, 0)
    assert merge(study.session, study.viewer, plan).merge_id == 2
    assert story(study, "C0001").revisions == before.revisions
    assert story(study, "C0001").locked
    assert counts(plan_merge(study.session, came)) == (0, 0, 2, 0)


def test_after_a_merge_was_taken_back_the_reader_may_read_here(study: Any, came: Path, read: Read) -> None:
    undo_merge(study.session, study.viewer, bring(study, came))
    viewer = sign_in(study.session, 2, Role.READER)
    read(study.session, viewer, "C0001", row=7)
    listed = {case.code: case.done for case in read_exam.worklist(study.session, viewer)}
    assert listed == {"C0001": 5, "C0002": 0, "C0003": 0}
    case = read_exam.open_case(study.session, viewer, study.case("C0001"))
    assert len(case.reading.revisions) == len(LEVELS)
    assert study.session.database.guarded
    sign_in(study.session, 1, Role.COORDINATOR, "correct horse")
    told = {one.code: one for one in plan_merge(study.session, came).cases}
    assert told["C0001"].why.code == "merge.conflict"
    assert told["C0002"].outcome is Outcome.NEW


def test_the_later_of_two_merges_goes_first(study: Any, came: Path, read: Read, elsewhere: Elsewhere) -> None:
    first = bring(study, came)
    there, viewer = elsewhere(came)
    with closing(there):
        read(there, viewer, "C0002", row=5)
    second = bring(study, came)
    with pytest.raises(InputError, match=r"merge\.built_upon") as told:
        undo_merge(study.session, study.viewer, first)
    assert told.value.values == {"count": 1, "first": "C0002"}
    undo_merge(study.session, study.viewer, second)
    assert len(story(study, "C0002").revisions) == 2
    undo_merge(study.session, study.viewer, first)
    assert story(study, "C0002").empty


def test_a_case_that_was_unlocked_goes_out_and_comes_back_once_more(
    study: Any, came: Path, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    number = bring(study, came)
    unlock(study.session, study.viewer, study.case("C0001"), 2, 1, "L1 is T12")
    # the file that came before is an older state now
    assert counts(plan_merge(study.session, came)) == (0, 0, 2, 0)
    with pytest.raises(InputError, match=r"merge\.built_upon"):
        undo_merge(study.session, study.viewer, number)
    path = tmp_path / "again.marrow"
    write_package(study.session, study.viewer, 2, 1, path)
    there, viewer = elsewhere(path)
    with closing(there):
        (listed,) = (one for one in read_exam.worklist(there, viewer) if one.code == "C0001")
        assert (listed.locked, listed.unlocked) == (False, "L1 is T12")
        case = read_exam.open_case(there, viewer, listed.exam_id)
        case, _ = read_exam.set_rectangle(there, case, Level.L1, Rectangle(4, 2, 30, 9, 12))
        read_exam.sign_off(there, case)
    assert counts(plan_merge(study.session, path)) == (0, 1, 1, 0)
    bring(study, path)
    mine = story(study, "C0001")
    assert [one.more for one in mine.events] == [(), ("L1 is T12",), ()]
    assert (mine.locked, len(mine.revisions)) == (True, 6)


@pytest.mark.parametrize("taken_back", [True, False])
def test_an_unlocked_case_leaves_a_repeat_of_which_a_merge_was_taken_back(
    study: Any, read: Read, tmp_path: Path, elsewhere: Elsewhere, *, taken_back: bool
) -> None:
    for code in ("C0001", "C0002"):
        read(study.session, study.bo, code)
    start_repeat(study.session, study.viewer, share=1.0, override_reason="test")
    path = tmp_path / "again.marrow"
    write_package(study.session, study.viewer, 2, 2, path)
    there, viewer = elsewhere(path)
    with closing(there):
        read(there, viewer, "C0001", 2, sign=False)
    number = bring(study, path)
    if taken_back:
        undo_merge(study.session, study.viewer, number)
    unlock(study.session, study.viewer, study.case("C0001"), 2, 1, "L1 is T12")
    left = {study.case("C0002")} if taken_back else {study.case("C0001"), study.case("C0002")}
    assert rounds.assigned(study.session.database, 2, 2) == left


def test_a_merge_is_taken_back_once(study: Any, came: Path) -> None:
    number = bring(study, came)
    undo_merge(study.session, study.viewer, number)
    for wrong, code in ((number, "merge.undone_already"), (99, "merge.unknown")):
        with pytest.raises(InputError) as told:
            undo_merge(study.session, study.viewer, wrong)
        assert told.value.code == code


def test_a_file_that_went_another_way_comes_after_the_first_is_taken_back(
    study: Any, bo: Path, read: Read, elsewhere: Elsewhere
) -> None:
    other = bo.with_name("other.marrow")
    shutil.copy(bo, other)
    for path, row in ((bo, 4), (other, 6)):
        there, viewer = elsewhere(path)
        with closing(there):
            read(there, viewer, "C0001", row=row)
    number = bring(study, bo)
    plan = plan_merge(study.session, other)
    assert plan.refusal.code == "merge.chain_forked"
    with pytest.raises(InputError, match=r"merge\.chain_forked"):
        merge(study.session, study.viewer, plan)
    undo_merge(study.session, study.viewer, number)
    assert counts(plan_merge(study.session, other)) == (1, 0, 0, 0)


# -- who may, and when ------------------------------------------------------------------------------------


def test_only_the_coordinator_merges(study: Any, came: Path) -> None:
    plan = plan_merge(study.session, came)
    for act in (
        lambda: merge(study.session, study.bo, plan),
        lambda: undo_merge(study.session, study.bo, 1),
        lambda: merges(study.session, study.bo),
    ):
        with pytest.raises(InputError, match=r"study\.not_coordinator"):
            act()
    sign_in(study.session, 2, Role.READER)
    with pytest.raises(BlindingError, match=r"blinding\.closed"):
        plan_merge(study.session, came)


def test_what_changed_since_it_was_planned_is_looked_at_again(
    study: Any, came: Path, read: Read, elsewhere: Elsewhere
) -> None:
    plan = plan_merge(study.session, came)
    there, viewer = elsewhere(came)
    with closing(there):
        read(there, viewer, "C0003", 1, sign=False)
    with pytest.raises(InputError, match=r"merge\.outdated"):
        merge(study.session, study.viewer, plan)
    assert merges(study.session, study.viewer) == []
