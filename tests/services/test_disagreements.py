"""Where readers differ: what comes into the queue, what is decided, and what becomes of the numbers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.disagreement import FinalFrom, How, Ruling, Urgency
from app.domain.errors import AppError, BlindingError, InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, disagreements, read_exam
from app.services.analyse import analyse
from app.services.assemble_cohort import Cohort, ReaderChoice, assemble_cohort, cohorts_of_readers
from app.services.changed import What
from app.services.disagreements import Dispute, adjudicate, offered, queue, side_by_side
from app.services.export import export
from app.services.open_session import Session, add_reader, create_session, readers_of
from app.store import adjudications, audit, exams, people, results, rounds, sessions
from app.store.exams import NewExam

FF, R2STAR = Quantity.FF, Quantity.R2STAR
L1, L2, L3, L4, L5 = LEVELS
# the maps are ramps, on which rules about values would speak everywhere
PROTOCOL = Protocol(
    min_area_mm2=5.0,
    min_native_voxels=4.0,
    spacing_mm=(0.0, 500.0),
    ff_usual=(0.0, 100.0),
    ff_step=100.0,
    ff_from_median=100.0,
    r2star_usual_3t=(0.0, 300.0),
)
# one voxel down is one point of FF up: where a rectangle lies tells its mean
SIZE = (6, 8)


def exam_of(code: str, *, ff_only: bool = False) -> Exam:
    grid = Grid((5, 120, 40), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 0, -1), (0, 1, 0)))
    rows = np.broadcast_to(np.arange(120, dtype=np.int16)[None, :, None], grid.shape)
    scaling = Scaling(1.0, 0.0, "test", "test", "ff.percent", "all", 40.0, 80.0, 1, 0, 0, 0)
    maps = {FF: ParametricMap(FF, np.ascontiguousarray(rows), grid, scaling)}
    if not ff_only:
        doubled = np.ascontiguousarray(rows * np.int16(2))
        maps[R2STAR] = ParametricMap(R2STAR, doubled, grid, scaling)
    return Exam(code, maps, field_strength_t=3.0)


class Study:
    """Two readers or more, exams whose FF is the row."""

    def __init__(self, session: Session) -> None:
        self.session = session

    @property
    def viewers(self) -> dict[str, Viewer]:
        return {reader.name: Viewer(reader) for reader in readers_of(self.session)}

    @property
    def lead(self) -> Viewer:
        return next(iter(self.viewers.values()))

    def exam(self, code: str, *, ff_only: bool = False) -> int:
        new = NewExam(exam_of(code, ff_only=ff_only), Identity(study_uid=code), {}, "GE", "X")
        return exams.add(self.session.database, exams.pack(new), actor="A")

    def read(
        self,
        exam_id: int,
        name: str,
        tops: Mapping[Level, int | None],
        *,
        slice_index: int = 2,
        sign: bool = True,
    ) -> None:
        """Read a case: a rectangle from a row on for each level, None for one that cannot be measured."""
        case = read_exam.open_case(self.session, self.viewers[name], exam_id)
        case, _ = read_exam.reopen(self.session, case)
        for level in LEVELS:
            top = tops.get(level)
            if top is None:
                case, _ = read_exam.mark_not_measurable(self.session, case, level, Reason.HEMANG)
            else:
                box = Rectangle(slice_index, top, 16, *SIZE)
                case, _ = read_exam.set_rectangle(self.session, case, level, box)
        if sign:
            read_exam.sign_off(self.session, case)

    def reopen(self, exam_id: int, name: str) -> None:
        read_exam.reopen(self.session, read_exam.open_case(self.session, self.viewers[name], exam_id))

    def queue(self) -> dict[tuple[str, Level], Dispute]:
        return {(one.code, one.level): one for one in queue(self.session, self.lead)}

    def decide(self, exam_id: int, level: Level, ruling: Ruling) -> What:
        return adjudicate(self.session, self.lead, exam_id, level, ruling).what

    def cohort(self, levels: str = "L1-L4", choice: ReaderChoice = ReaderChoice.ADJUDICATED) -> Cohort:
        return assemble_cohort(self.session, self.lead, levels=levels, choice=choice)


def mean_of(top: int) -> float:
    """Mean FF of a rectangle by its first row."""
    return top + (SIZE[0] - 1) / 2


# rows of the five levels
SPINE = {L1: 10, L2: 28, L3: 50, L4: 66, L5: 82}


def spine(**moved: int | None) -> dict[Level, int | None]:
    return SPINE | {Level(name): top for name, top in moved.items()}


@pytest.fixture
def study(tmp_path: Path) -> Iterator[Study]:
    session = create_session(tmp_path / "study.marrow", PROTOCOL, reader="A")
    add_reader(session, "B")
    yield Study(session)
    session.close()


@pytest.fixture
def differing(study: Study) -> int:
    """A case in which the readers agree at all levels but L3, where they are 7 points apart."""
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine())
    study.read(exam_id, "B", spine(L3=57))
    return exam_id


# -- the queue --------------------------------------------------------------------------------------------


def test_only_levels_beyond_a_limit_come_into_the_queue(study: Study, differing: int) -> None:
    found = study.queue()
    assert list(found) == [("C1", L3)]
    dispute = found["C1", L3]
    assert dispute.exam_id == differing
    assert [one.reader for one in dispute.held] == ["A", "B"]
    assert [one.mean(FF) for one in dispute.held] == [mean_of(50), mean_of(57)]
    assert dispute.comparison.gaps[FF].difference == -7.0
    assert [ground.code for ground in dispute.comparison.grounds] == [
        "readers.ff_adjudicate",
        "readers.no_overlap",
        "readers.r2star_query",
    ]
    assert dispute.waits
    assert dispute.decided is None


def test_limits_are_those_of_the_protocol(tmp_path: Path) -> None:
    loose = replace(PROTOCOL, query_ff=10.0, adjudicate_ff=20.0, query_r2star=0.5)
    session = create_session(tmp_path / "loose.marrow", loose, reader="A")
    try:
        add_reader(session, "B")
        loose_study = Study(session)
        exam_id = loose_study.exam("C1")
        loose_study.read(exam_id, "A", spine())
        loose_study.read(exam_id, "B", spine(L3=55))
        assert loose_study.queue() == {}
    finally:
        session.close()


def test_a_level_that_lies_elsewhere_is_in_the_queue_whatever_its_values(study: Study) -> None:
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine())
    study.read(exam_id, "B", spine(), slice_index=4)
    found = study.queue()
    assert [level for _, level in found] == list(LEVELS)
    (ground,) = found["C1", L1].comparison.grounds
    assert (ground.code, ground.urgency) == ("readers.slices", Urgency.WARNING)
    assert not found["C1", L1].waits
    study.read(exam_id, "B", spine(L5=94), slice_index=4)
    assert study.queue()["C1", L5].comparison.urgency is Urgency.ADJUDICATE


def test_cases_are_in_the_order_of_their_codes_and_levels_from_the_top(study: Study) -> None:
    for code in ("C2", "C1"):
        exam_id = study.exam(code)
        study.read(exam_id, "A", spine())
        study.read(exam_id, "B", spine(L5=88, L2=34))
    assert list(study.queue()) == [("C1", L2), ("C1", L5), ("C2", L2), ("C2", L5)]


def test_what_is_not_signed_off_by_two_is_not_compared(study: Study) -> None:
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine())
    assert study.queue() == {}
    study.read(exam_id, "B", spine(L3=57), sign=False)
    assert study.queue() == {}
    assert side_by_side(study.session, study.lead, exam_id).levels == {}


def test_a_patient_whom_a_reader_left_out_is_not_in_the_queue(study: Study, differing: int) -> None:
    study.reopen(differing, "B")
    case = read_exam.open_case(study.session, study.viewers["B"], differing)
    case, _ = case_facts.exclude_patient(study.session, case, Reason.SURG)
    read_exam.sign_off(study.session, case)
    assert study.queue() == {}


def test_values_from_a_table_are_compared_without_a_place(study: Study) -> None:
    exam_id = from_table(study, "T1", {"A": 40.0, "B": 44.0})
    dispute = study.queue()["T1", L1]
    assert [ground.code for ground in dispute.comparison.grounds] == ["readers.ff_query"]
    assert dispute.comparison.urgency is Urgency.QUERY
    assert side_by_side(study.session, study.lead, exam_id).exam is None


def from_table(study: Study, code: str, means: Mapping[str, float]) -> int:
    database = study.session.database
    with database.transaction():
        exam_id = exams.add_from_table(database, code, Identity())
        for name, mean in means.items():
            results.add_table_reading(
                database,
                exam_id,
                study.viewers[name].reader.id,
                {level: {FF: mean} for level in LEVELS},
                protocol_id=sessions.current_protocol(database)[0],
                software="test",
                at_utc=audit.utc_now(),
            )
        audit.append(database, actor="A", action="table.imported", subject=code)
    return exam_id


def test_a_case_for_practice_is_not_in_the_queue(study: Study, differing: int) -> None:
    with study.session.database.transaction():
        rounds.use_for_training(study.session.database, [differing], training=True)
    assert study.queue() == {}
    with pytest.raises(InputError, match=r"adjudication\.not_read_twice"):
        study.decide(differing, L3, Ruling.mean())


def test_a_case_code_leads_to_an_exam_with_images_that_two_have_read(study: Study) -> None:
    first, second = study.exam("C1"), study.exam("C2")
    from_table(study, "T1", {"A": 40.0, "B": 50.0})
    for name in ("A", "B"):
        study.read(first, name, spine())
    study.read(second, "A", spine())
    found = {
        code: disagreements.exam_of(study.session, study.lead, code) for code in ("C1", "C2", "T1", "C9")
    }
    assert found == {"C1": first, "C2": None, "T1": None, "C9": None}


def test_a_case_is_shown_with_the_rectangles_of_all_its_readers(study: Study, differing: int) -> None:
    beside = side_by_side(study.session, study.lead, differing)
    assert beside.exam is not None
    assert set(beside.exam.maps) == {FF, R2STAR}
    assert set(beside.levels) == set(LEVELS)
    assert [one.rectangle.row0 for one in beside.levels[L3].held if one.rectangle] == [50, 57]
    # also what nobody disputes
    assert beside.levels[L1].comparison.grounds == ()
    assert not beside.levels[L1].waits


# -- who may ------------------------------------------------------------------------------------------------


ACTS: Mapping[str, Callable[[Session, Viewer, int], object]] = {
    "queue": lambda session, viewer, _: queue(session, viewer),
    "beside": side_by_side,
    "find": lambda session, viewer, _: disagreements.exam_of(session, viewer, "C1"),
    "decide": lambda session, viewer, exam_id: adjudicate(session, viewer, exam_id, L3, Ruling.mean()),
}


@pytest.mark.parametrize("act", ACTS)
def test_nobody_sees_the_readers_side_by_side_while_the_study_is_blinded(
    study: Study, differing: int, act: str
) -> None:
    who = study.lead.reader
    people.say_blinded(study.session.database, who, "second reading begins", closed=True)
    for viewer in (Viewer(who), Viewer(who, Role.COORDINATOR)):
        assert not offered(study.session, viewer)
        with pytest.raises(BlindingError, match=r"blinding\.closed"):
            ACTS[act](study.session, viewer, differing)
    people.say_blinded(study.session.database, who, "all have read", closed=False)
    ACTS[act](study.session, Viewer(who, Role.COORDINATOR), differing)


@pytest.mark.parametrize("act", ACTS)
def test_where_roles_were_given_only_the_coordinator_decides(study: Study, differing: int, act: str) -> None:
    database = study.session.database
    first, second = (viewer.reader for viewer in study.viewers.values())
    people.grant(database, first, [Role.COORDINATOR, Role.READER], actor="A")
    people.grant(database, second, [Role.READER], actor="A")
    for viewer in (Viewer(second), Viewer(second, Role.COORDINATOR), Viewer(first)):
        assert not offered(study.session, viewer)
        with pytest.raises(InputError, match=r"study\.not_coordinator"):
            ACTS[act](study.session, viewer, differing)
    assert adjudications.adjudications(database, study.lead) == []
    assert offered(study.session, Viewer(first, Role.COORDINATOR))
    ACTS[act](study.session, Viewer(first, Role.COORDINATOR), differing)


def test_the_queue_is_offered_once_two_readers_have_signed_off(study: Study) -> None:
    assert not offered(study.session, study.lead)
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine())
    assert not offered(study.session, study.lead)
    study.read(exam_id, "B", spine())
    assert offered(study.session, study.lead)


# -- deciding ---------------------------------------------------------------------------------------------


OWN = Rectangle(2, 53, 16, *SIZE)
RULINGS = {
    "mean": (Ruling.mean(), (mean_of(50) + mean_of(57)) / 2),
    "reader": (Ruling.of_reader("B", "A is in the endplate"), mean_of(57)),
    "drawn": (Ruling.drawn(OWN), mean_of(53)),
}


@pytest.mark.parametrize("name", RULINGS)
def test_a_decision_keeps_the_value_it_gives(study: Study, differing: int, name: str) -> None:
    ruling, mean = RULINGS[name]
    assert study.decide(differing, L3, ruling) is What.DECISION
    dispute = study.queue()["C1", L3]
    assert dispute.decided is not None
    assert dispute.decided.ruling == ruling
    assert dispute.decided.values[FF].mean == mean
    assert dispute.decided.values[R2STAR].mean == 2 * mean
    assert not dispute.waits
    assert not dispute.ended


def test_a_level_left_out_has_no_value(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.excluded(Reason.SCHMORL))
    dispute = study.queue()["C1", L3]
    assert dispute.decided is not None
    assert dispute.decided.values == {}


def test_the_same_decision_again_writes_nothing(study: Study, differing: int) -> None:
    ruling = Ruling.of_reader("A", "clear")
    study.decide(differing, L3, ruling)
    before = len(audit.entries(study.session.database))
    assert study.decide(differing, L3, ruling) is What.NOTHING
    assert len(audit.entries(study.session.database)) == before
    assert study.decide(differing, L3, Ruling.of_reader("A", "looked again")) is What.DECISION


def test_the_newest_decision_holds_and_the_older_ones_are_kept(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.of_reader("A"))
    study.decide(differing, L3, Ruling.of_reader("B"))
    dispute = study.queue()["C1", L3]
    assert dispute.decided is not None
    assert dispute.decided.ruling.chosen == "B"
    told = adjudications.adjudications(study.session.database, study.lead)
    assert [one.ruling.chosen for one in told] == ["A", "B"]
    assert '"reader": "A"' in audit.entries(study.session.database)[-1].old


def test_a_level_nobody_disputes_can_be_decided_on_too(study: Study, differing: int) -> None:
    study.decide(differing, L1, Ruling.of_reader("A"))
    assert set(study.queue()) == {("C1", L1), ("C1", L3)}


@pytest.mark.parametrize(
    ("level", "ruling", "code"),
    [
        (L2, Ruling.of_reader("B"), "adjudication.without_value"),
        (L2, Ruling.of_reader("Nobody"), "adjudication.without_value"),
        (L4, Ruling.mean(), "adjudication.without_value"),
        (L3, Ruling.drawn(Rectangle(2, 118, 16, *SIZE)), "roi.outside"),
        (L3, Ruling.drawn(Rectangle(2, 50, 16, 2, 2)), "area.too_small"),
    ],
)
def test_what_cannot_be_decided_is_refused_and_nothing_is_written(
    study: Study, level: Level, ruling: Ruling, code: str
) -> None:
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine(L4=None))
    study.read(exam_id, "B", spine(L3=57, L2=None, L4=None))
    before = len(audit.entries(study.session.database))
    with pytest.raises(AppError) as caught:
        study.decide(exam_id, level, ruling)
    assert caught.value.code == code
    assert len(audit.entries(study.session.database)) == before


def test_an_unusual_area_does_not_keep_a_coordinator_from_deciding(study: Study, differing: int) -> None:
    assert study.decide(differing, L3, Ruling.drawn(Rectangle(2, 50, 16, 3, 3))) is What.DECISION


def test_a_level_read_by_one_reader_is_not_to_be_decided_on(study: Study) -> None:
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine())
    with pytest.raises(InputError, match=r"adjudication\.not_read_twice"):
        study.decide(exam_id, L3, Ruling.of_reader("A"))


def test_nothing_can_be_drawn_on_values_from_a_table(study: Study) -> None:
    exam_id = from_table(study, "T1", {"A": 40.0, "B": 50.0})
    with pytest.raises(InputError, match=r"adjudication\.without_images"):
        study.decide(exam_id, L1, Ruling.drawn(OWN))
    study.decide(exam_id, L1, Ruling.of_reader("B"))
    assert study.cohort("L1").values[FF].tolist() == [50.0]
    assert np.isnan(study.cohort("L1").values[R2STAR]).all()


def test_a_preview_counts_and_stores_nothing(study: Study, differing: int) -> None:
    exam = side_by_side(study.session, study.lead, differing).exam
    assert exam is not None
    before = len(audit.entries(study.session.database))
    assert disagreements.preview(exam, OWN)[FF].mean == mean_of(53)
    assert len(audit.entries(study.session.database)) == before


def test_a_decision_ends_when_a_reading_it_was_made_on_changes(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.of_reader("A"))
    study.decide(differing, L1, Ruling.of_reader("A"))
    study.read(differing, "B", spine(L3=58))
    found = study.queue()
    assert found["C1", L3].ended
    assert found["C1", L3].waits
    assert found["C1", L3].decided is None
    assert found["C1", L1].decided is not None
    assert study.cohort("L3").values[FF].tolist() == [(mean_of(50) + mean_of(58)) / 2]
    # the reading is what it was before: what was decided on it holds again
    study.read(differing, "B", spine(L3=57))
    assert study.queue()["C1", L3].decided is not None


def test_a_decision_that_ended_stays_in_the_queue_when_the_readers_agree_now(
    study: Study, differing: int
) -> None:
    study.decide(differing, L3, Ruling.of_reader("A"))
    study.read(differing, "B", spine())
    (dispute,) = study.queue().values()
    assert dispute.comparison.grounds == ()
    assert dispute.ended
    study.decide(differing, L3, Ruling.mean())
    assert not study.queue()["C1", L3].waits


# -- final values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RULINGS)
def test_a_final_value_of_a_level_is_what_was_decided(study: Study, differing: int, name: str) -> None:
    ruling, mean = RULINGS[name]
    study.decide(differing, L3, ruling)
    cohort = study.cohort("L3")
    assert cohort.values[FF].tolist() == [mean]
    assert cohort.values[R2STAR].tolist() == [2 * mean]
    expected = FinalFrom.MEAN if ruling.how is How.MEAN else FinalFrom.ADJUDICATED
    assert cohort.final_from == (expected,)
    assert ("cohort.adjudicated" in [note.code for note in cohort.notes]) is (ruling.how is not How.MEAN)


def test_a_patient_mean_takes_the_decided_value_for_every_reader(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.drawn(OWN))
    expected = np.mean([mean_of(top) for top in (10, 28, 53, 66)])
    assert study.cohort().values[FF].tolist() == [pytest.approx(expected)]
    assert study.cohort().final_from == (FinalFrom.ADJUDICATED,)
    # of levels the decision is not among nothing changes
    assert study.cohort("L1").final_from == (FinalFrom.MEAN,)


def test_a_decided_level_counts_for_a_reader_who_could_not_measure_it(study: Study) -> None:
    exam_id = study.exam("C1")
    study.read(exam_id, "A", spine())
    study.read(exam_id, "B", spine(L3=None))
    assert study.cohort().incomplete.tolist() == [True]
    study.decide(exam_id, L3, Ruling.of_reader("A"))
    cohort = study.cohort()
    assert cohort.incomplete.tolist() == [False]
    assert cohort.values[FF].tolist() == [np.mean([mean_of(top) for top in (10, 28, 50, 66)])]


def test_a_level_left_out_counts_for_nobody(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.excluded(Reason.SCHMORL))
    cohort = study.cohort()
    assert cohort.values[FF].tolist() == [pytest.approx(np.mean([mean_of(top) for top in (10, 28, 66)]))]
    assert cohort.incomplete.tolist() == [True]
    assert cohort.final_from == (FinalFrom.ADJUDICATED,)


def test_the_choice_of_the_plain_mean_knows_no_decision(study: Study, differing: int) -> None:
    before = study.cohort("L3")
    study.decide(differing, L3, Ruling.drawn(OWN))
    plain = study.cohort("L3", ReaderChoice.MEAN)
    assert plain.values[FF].tolist() == before.values[FF].tolist()
    assert plain.final_from == (FinalFrom.MEAN,)
    assert (plain.choice, before.choice) == (ReaderChoice.MEAN, ReaderChoice.ADJUDICATED)


def test_each_reader_has_a_cohort_of_their_own_values(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.drawn(OWN))
    found = cohorts_of_readers(study.session, study.lead, levels="L3")
    assert {name: cohort.values[FF].tolist() for name, cohort in found.items()} == {
        "A": [mean_of(50)],
        "B": [mean_of(57)],
    }
    for name, cohort in found.items():
        assert cohort.readers == (name,)
        assert cohort.choice is ReaderChoice.EACH
        assert np.isnan(cohort.paired[FF]).all()
        assert cohort.final_from == (FinalFrom.SINGLE_READER,)


def test_a_reader_who_signed_nothing_off_has_no_cohort(study: Study) -> None:
    exam_id = study.exam("C1")
    study.read(exam_id, "B", spine())
    assert list(cohorts_of_readers(study.session, study.lead)) == ["B"]
    assert study.cohort().final_from == (FinalFrom.SINGLE_READER,)


# -- agreement is of the originals ------------------------------------------------------------------------


def agreement(study: Study, levels: str) -> list[tuple[object, ...]]:
    found = analyse(study.session, study.lead, levels=levels)
    return [
        (repr(one.bland_altman), repr(one.icc)) for one in (found.maps[quantity] for quantity in (FF, R2STAR))
    ]


@pytest.mark.parametrize("levels", ["L1-L4", "L1-L5", "L3"])
def test_agreement_is_the_same_whatever_is_decided(study: Study, levels: str) -> None:
    keys = []
    for number in range(6):
        keys.append(study.exam(f"C{number}"))
        study.read(keys[-1], "A", {level: top + number for level, top in SPINE.items()})
        study.read(keys[-1], "B", {level: top + number + (number * 3) % 5 for level, top in SPINE.items()})
    before = study.cohort(levels)
    told = agreement(study, levels)
    assert "BlandAltman" in str(told[0][0])
    study.decide(keys[0], L3, Ruling.drawn(OWN))
    study.decide(keys[1], L3, Ruling.of_reader("B"))
    study.decide(keys[2], L3, Ruling.mean())
    # so many that no patient mean is left
    for level in (L1, L2, L3, L4):
        study.decide(keys[3], level, Ruling.excluded(Reason.SWAP))
    after = study.cohort(levels)
    assert after.codes == before.codes
    for quantity in (FF, R2STAR):
        assert after.paired[quantity].tolist() == before.paired[quantity].tolist()
        assert after.values[quantity].tolist() != before.values[quantity].tolist()
        assert np.isnan(after.values[quantity]).tolist() == [False, False, False, True, False, False]
    assert agreement(study, levels) == told
    assert "cohort.without_final" in [note.code for note in after.notes]


# -- exports ----------------------------------------------------------------------------------------------


def exported(study: Study, kind: str) -> list[dict[str, str]]:
    files = export(study.session, study.lead, study.session.path.parent / "out")
    path = next(path for path in files if path.stem.endswith(kind))
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def test_the_long_table_has_decisions_beside_the_readings(study: Study, differing: int) -> None:
    before = exported(study, "long")
    study.decide(differing, L3, Ruling.drawn(OWN, "between both"))
    study.decide(differing, L1, Ruling.excluded(Reason.SCHMORL))
    study.decide(differing, L2, Ruling.of_reader("B"))
    study.decide(differing, L4, Ruling.mean("fine"))
    rows = exported(study, "long")
    readings = [row for row in rows if row["origin"] == "images"]
    # nothing of the originals is touched
    without_head = [{**row, "audit_head": ""} for row in before]
    assert [{**row, "audit_head": ""} for row in readings] == without_head
    assert {row["decision"] for row in readings} == {""}
    decided = {row["level"]: row for row in rows if row["origin"] == "adjudicated"}
    assert list(decided) == ["L1", "L2", "L3", "L4"]
    drawn = decided["L3"]
    assert (drawn["case"], drawn["reader"], drawn["round"], drawn["state"]) == ("C1", "A", "1", "adjudicated")
    assert (drawn["decision"], drawn["decision_for"], drawn["note"]) == ("drawn", "", "between both")
    assert (float(drawn["FF_mean"]), drawn["row0"], drawn["placed_by"]) == (mean_of(53), "53", "hand")
    assert (drawn["status"], drawn["FF_missing"], drawn["signed_off_utc"]) == ("measured", "", "")
    assert drawn["rule"] == "whole-voxel-rectangle/1"
    assert (decided["L1"]["status"], decided["L1"]["reason"]) == ("excluded", "SCHMORL")
    assert (decided["L1"]["FF_mean"], decided["L1"]["FF_missing"]) == ("", "excluded")
    assert (decided["L2"]["decision"], decided["L2"]["decision_for"]) == ("reader", "B")
    assert float(decided["L2"]["R2star_mean"]) == 2 * mean_of(28)
    assert (decided["L4"]["decision"], decided["L4"]["FF_n"], decided["L4"]["row0"]) == ("mean", "", "")


def test_a_decision_says_why_a_map_has_no_value(study: Study) -> None:
    exam_id = study.exam("C1", ff_only=True)
    from_table(study, "T1", {"A": 40.0, "B": 50.0})
    for name, row in (("A", 50), ("B", 57)):
        study.read(exam_id, name, spine(L3=row))
    for one in queue(study.session, study.lead):
        study.decide(one.exam_id, one.level, Ruling.mean())
    found = {row["case"]: row for row in exported(study, "long") if row["origin"] == "adjudicated"}
    assert (found["C1"]["R2star_missing"], found["T1"]["R2star_missing"]) == ("no_map", "not_in_table")
    assert {row["FF_missing"] for row in found.values()} == {""}


def test_the_wide_table_has_the_final_value_beside_the_mean(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.drawn(OWN))
    study.decide(differing, L2, Ruling.mean())
    single = study.exam("C2")
    study.read(single, "A", spine())
    unread = study.exam("C3")
    row, alone, empty = exported(study, "wide")
    assert float(row["FF_L3_mean"]) == (mean_of(50) + mean_of(57)) / 2
    assert (float(row["FF_L3_final"]), row["FF_L3_final_from"]) == (mean_of(53), "adjudicated")
    assert (row["FF_L2_final"], row["FF_L2_final_from"]) == (row["FF_L2_mean"], "mean")
    assert row["R2star_L1_L4_final_from"] == "adjudicated"
    assert row["FF_L1_L4_final"] != row["FF_L1_L4_mean"]
    assert [row[f"FF_L3_reader{place}"] for place in (1, 2)] == ["52.5", "59.5"]
    assert (alone["FF_L3_final_from"], alone["FF_L3_final"]) == ("single_reader", alone["FF_L3_mean"])
    assert (empty["FF_L3_final_from"], empty["FF_L3_final"], empty["FF_L1_L4_reason"]) == (
        "",
        "",
        "not_signed_off",
    )
    assert unread


def test_the_wide_table_says_where_a_coordinator_left_no_final_value(study: Study, differing: int) -> None:
    study.decide(differing, L3, Ruling.excluded(Reason.SCHMORL))
    study.decide(differing, L2, Ruling.excluded(Reason.SCHMORL))
    (row,) = exported(study, "wide")
    for column in ("FF_L3", "FF_L1_L4", "R2star_L1_L5"):
        assert (row[f"{column}_final"], row[f"{column}_final_from"]) == ("", "excluded")
        assert row[f"{column}_mean"] != ""
    assert row["FF_L1_L4_reason"] == ""
    assert row["FF_L1_final_from"] == "mean"
