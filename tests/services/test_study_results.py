"""What a study with several rounds tells in statistics and exports: training, repeats, versions, blinding."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import LevelState, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import study
from app.services.assemble_cohort import assemble_cohort
from app.services.export import export
from app.services.gather import gather
from app.services.open_session import Session, create_session, readers_of
from app.services.repeated import repeated
from app.services.study import Planned, StudyPlan
from app.services.study_rounds import offer_now, start_repeat
from app.store import exams, people, readings
from app.store.exams import NewExam

FF, R2STAR = Quantity.FF, Quantity.R2STAR
GRID = Grid((1, 8, 8), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
BOX = LevelState.measured(Rectangle(0, 1, 1, 4, 4))
FOUR = LEVELS[:4]


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Cases C1 to C3, of which C3 is for training; Ana coordinates and reads, Bo reads."""
    made = create_session(tmp_path / "study.marrow", reader="Ana")
    for code in ("C1", "C2", "C3"):
        stored = np.zeros(GRID.shape, np.int16)
        maps = {one: ParametricMap(one, stored, GRID, SCALING) for one in (FF, R2STAR)}
        new = NewExam(Exam(code, maps), Identity(study_uid=code), {}, "GE", "")
        exams.add(made.database, exams.pack(new), actor="Ana")
    people_ = (Planned("Ana", coordinates=True), Planned("Bo"))
    study.set_up(made, StudyPlan(Protocol(), people_, frozenset({3})))
    yield made
    made.close()


def coordinator(session: Session) -> Viewer:
    return Viewer(readers_of(session)[0], Role.COORDINATOR)


def read(
    session: Session, place: int, exam_id: int, *means: float | None, number: int = 1, sign: bool = True
) -> None:
    """Levels from L1 down with these means of FF, R2* twice as much; None for not measurable."""
    viewer = Viewer(readers_of(session)[place], round=number)
    reading = readings.open_reading(session.database, viewer, exam_id)
    for level, mean in zip(LEVELS, means, strict=False):
        state, stats = LevelState.not_measurable(Reason.SURG), dict[Quantity, RoiStats]()
        if mean is not None:
            state = BOX
            for map_, value in ((FF, mean), (R2STAR, 2 * mean)):
                stats[map_] = RoiStats(16, value, 1.0, value, value, value, 16.0, 0, 0, 0, 0, 0)
        reading = readings.append_revision(session.database, reading, level, state, stats)
    if sign:
        readings.append_event(session.database, reading, "signed_off")


def rows_of(session: Session, kind: str) -> list[dict[str, str]]:
    folder = session.path.with_name("out")
    export(session, coordinator(session), folder)
    with next(folder.glob(f"*-{kind}.csv")).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_training_cases_are_marked_in_the_long_table_and_in_no_other_result(session: Session) -> None:
    for exam_id in (1, 2, 3):
        read(session, 0, exam_id, 40.0, 41.0, 42.0, 43.0)
    assert {row["case"]: row["training"] for row in rows_of(session, "long")} == {
        "C1": "0",
        "C2": "0",
        "C3": "1",
    }
    assert [row["case"] for row in rows_of(session, "wide")] == ["C1", "C2"]
    cohort = assemble_cohort(session, coordinator(session))
    assert (cohort.codes, cohort.enrolled, cohort.exclusions) == (("C1", "C2"), 2, ())


def test_each_row_tells_the_version_it_was_measured_and_signed_off_under(session: Session) -> None:
    read(session, 0, 1, 40.0, sign=False)
    read(session, 0, 2, 40.0)
    study.change_protocol(session, coordinator(session), Protocol(margin_mm=2.0), "too strict")
    read(session, 0, 1)
    told = {row["case"]: (row["protocol"], row["signed_off_protocol"]) for row in rows_of(session, "long")}
    assert told == {
        "C1": ("lumbar-FF-R2star v1", "lumbar-FF-R2star v2"),
        "C2": ("lumbar-FF-R2star v1", "lumbar-FF-R2star v1"),
    }
    study.unlock(session, coordinator(session), 2, 1, 1, "why")
    assert {row["signed_off_protocol"] for row in rows_of(session, "long") if row["case"] == "C2"} == {""}


def test_who_looked_before_being_done_was_not_blinded_from_then_on(session: Session) -> None:
    plan = StudyPlan(
        Protocol(blinded=True), (Planned("Ana", coordinates=True), Planned("Bo")), frozenset({3})
    )
    study.set_up(session, plan, coordinator(session))
    for place in (0, 1):
        read(session, place, 1, 40.0)
    people.expose(session.database, readers_of(session)[0], "supervision")
    for place in (0, 1):
        read(session, place, 2, 40.0)
    told = {(row["case"], row["reader"]): row["not_blinded"] for row in rows_of(session, "long")}
    assert told == {("C1", "Ana"): "0", ("C1", "Bo"): "0", ("C2", "Ana"): "1", ("C2", "Bo"): "0"}
    assert [(row["case"], row["not_blinded"]) for row in rows_of(session, "wide")] == [
        ("C1", "0"),
        ("C2", "1"),
    ]


def test_repeats_do_not_enter_the_final_value(session: Session) -> None:
    read(session, 0, 1, 40.0, 40.0, 40.0, 40.0)
    study.start_repeat(session, coordinator(session), share=1.0, override_reason="test")
    read(session, 0, 1, 60.0, 60.0, 60.0, 60.0, number=2)
    assert assemble_cohort(session, coordinator(session)).values[FF].tolist() == [40.0]
    assert {row["round"] for row in rows_of(session, "long")} == {"1", "2"}


# -- one reader against themselves ------------------------------------------------------------------------


@pytest.fixture
def twice(session: Session) -> Session:
    """Ana read C1 and C2 twice, Bo only once; C3 is for training."""
    for exam_id in (1, 2):
        read(session, 0, exam_id, 40.0, 42.0, 44.0, 46.0)
        read(session, 1, exam_id, 10.0, 10.0, 10.0, 10.0)
    study.start_repeat(session, coordinator(session), share=1.0, override_reason="test")
    read(session, 0, 1, 50.0, 52.0, None, 56.0, number=2)
    read(session, 0, 2, 50.0, None, None, 56.0, number=2)
    return session


def test_two_rounds_of_a_reader_are_compared_over_the_levels_of_both(twice: Session) -> None:
    found = repeated(gather(twice, coordinator(twice)), "Ana")
    assert (found.reader, found.rounds, found.codes) == ("Ana", (1, 2), ("C1", "C2"))
    first = (40.0 + 42.0 + 46.0) / 3
    assert found.values[FF][0].tolist() == [first, first + 10.0]
    assert found.values[R2STAR][0].tolist() == pytest.approx([2 * first, 2 * first + 20.0])
    assert np.isnan(found.values[FF][1]).all()


def test_other_levels_and_the_other_order_can_be_asked_for(twice: Session) -> None:
    found = repeated(gather(twice, coordinator(twice)), "Ana", rounds=(2, 1), levels=Level.L1.value)
    assert found.values[FF].tolist() == [[50.0, 40.0], [50.0, 40.0]]


def test_who_read_once_has_nothing_to_compare(twice: Session) -> None:
    found = repeated(gather(twice, coordinator(twice)), "Bo")
    assert found.codes == ()
    assert found.values[FF].shape == (0, 2)


def test_nobody_and_a_round_against_itself_are_refused(twice: Session) -> None:
    gathered = gather(twice, coordinator(twice))
    with pytest.raises(InputError, match=r"cohort\.unknown_reader"):
        repeated(gathered, "Dee")
    with pytest.raises(InputError, match=r"cohort\.same_round"):
        repeated(gathered, "Ana", rounds=(2, 2))


@pytest.mark.parametrize(
    ("days", "reason", "early"),
    [
        (0, "", set()),
        (0, "supervision", {("Ana", 1, 2), ("Bo", 1, 2)}),
        (14, "", set()),
    ],
)
def test_a_repeat_without_its_wash_out_is_known_afterwards(
    session: Session, days: int, reason: str, early: set[tuple[str, int, int]]
) -> None:
    for place in (0, 1):
        read(session, place, 1, 40.0, 41.0, 42.0, 43.0)
    viewer = coordinator(session)
    start_repeat(session, viewer, share=1.0, washout_days=days, override_reason=reason)
    assert gather(session, viewer).early == early


def test_a_wash_out_that_was_ended_for_one_reader_is_known_afterwards(session: Session) -> None:
    for place in (0, 1):
        read(session, place, 1, 40.0, 41.0, 42.0, 43.0)
    viewer = coordinator(session)
    start_repeat(session, viewer, share=1.0, washout_days=14)
    offer_now(session, viewer, readers_of(session)[1].id, 2, "leaves the hospital")
    assert gather(session, viewer).early == {("Bo", 1, 2)}
