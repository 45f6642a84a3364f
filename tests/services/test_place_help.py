"""Proposals through the use cases and a real session file: allowed or not, placed, recorded, exported."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.case_facts import Help
from app.domain.errors import InputError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.placement import Placement
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle, move, place
from app.services import open_session, place_help, read_exam
from app.services.case import Case
from app.services.changed import What
from app.services.export import export
from app.services.open_session import Session
from app.services.place_help import NoProposal, Proposals
from app.store import audit, case_facts, exams
from app.store.case_facts import results_of_cases
from app.store.exams import NewExam

ALLOWED = Protocol(fit=True, ladder=True)
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)
MAPS = {Quantity.FF: "FAT_FRACTION", Quantity.R2STAR: "R2_STAR_MAP"}

MakeSession = Callable[..., Session]


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=5, slices=5, rows=192, cols=192))


@pytest.fixture
def make_session(phantom: Phantom, tmp_path: Path) -> Iterator[MakeSession]:
    made: list[Session] = []

    def make(protocol: Protocol = ALLOWED) -> Session:
        session = open_session.create_session(tmp_path / f"study-{len(made)}.marrow", protocol, reader="Ana")
        maps = {
            quantity: ParametricMap(quantity, phantom.images[name], phantom.grid, SCALING)
            for quantity, name in MAPS.items()
        }
        exam = Exam("C0001", maps, field_strength_t=3.0)
        new = NewExam(exam, Identity(study_uid="C0001"), {}, "GE", "model")
        exams.add(session.database, exams.pack(new), actor="test")
        made.append(session)
        return session

    yield make
    for session in made:
        session.close()


def desk(session: Session) -> Case:
    viewer = open_session.last_viewer(session)
    return read_exam.open_case(session, viewer, read_exam.worklist(session, viewer)[0].exam_id)


def middle(phantom: Phantom, level: Level) -> tuple[float, float]:
    box = phantom.truth.level(level.value).safe
    return box.row0 + box.rows / 2, box.col0 + box.cols / 2


def fitted(case: Case, phantom: Phantom, level: Level) -> Proposals:
    found = place_help.fit(case, phantom.truth.mid_slice, middle(phantom, level), level)
    assert isinstance(found, Proposals), found
    return found


def by_hand(phantom: Phantom, level: Level, size: tuple[int, int] = (8, 10)) -> Rectangle:
    return place(phantom.grid, phantom.truth.mid_slice, *middle(phantom, level), size)


def with_ends(session: Session, case: Case, phantom: Phantom) -> Case:
    for level in (Level.L1, Level.L5):
        case, _ = read_exam.set_rectangle(session, case, level, by_hand(phantom, level))
    return case


# -- what is allowed --------------------------------------------------------------------------------------


def test_without_the_protocol_no_help_is_given(make_session: MakeSession, phantom: Phantom) -> None:
    case = desk(make_session(Protocol()))
    with pytest.raises(InputError, match=r"help\.off"):
        place_help.fit(case, 2, middle(phantom, Level.L1), Level.L1)
    with pytest.raises(InputError, match=r"help\.off"):
        place_help.ladder(case)


@pytest.mark.parametrize("allowed", ["fit", "ladder"])
def test_one_help_does_not_allow_the_other(make_session: MakeSession, phantom: Phantom, allowed: str) -> None:
    session = make_session(replace(Protocol(), **{allowed: True}))
    case = with_ends(session, desk(session), phantom)
    if allowed == "fit":
        assert fitted(case, phantom, Level.L3).by is Help.FIT
        with pytest.raises(InputError, match=r"help\.off"):
            place_help.ladder(case)
    else:
        assert isinstance(place_help.ladder(case), Proposals)
        with pytest.raises(InputError, match=r"help\.off"):
            place_help.fit(case, 2, middle(phantom, Level.L3), Level.L3)


def test_a_level_that_cannot_be_measured_gets_no_proposal(
    make_session: MakeSession, phantom: Phantom
) -> None:
    session = make_session()
    case, _ = read_exam.mark_not_measurable(session, desk(session), Level.L2, Reason.HEMANG)
    with pytest.raises(InputError, match=r"help\.marked"):
        place_help.fit(case, phantom.truth.mid_slice, middle(phantom, Level.L2), Level.L2)


# -- proposals --------------------------------------------------------------------------------------------


def test_asking_writes_nothing(make_session: MakeSession, phantom: Phantom) -> None:
    session = make_session()
    case = with_ends(session, desk(session), phantom)
    before = audit.entries(session.database)
    assert isinstance(place_help.ladder(case), Proposals)
    assert fitted(case, phantom, Level.L3).rectangles.keys() == {Level.L3}
    assert audit.entries(session.database) == before
    assert desk(session).reading == case.reading


def test_a_click_beside_the_spine_is_told_why_nothing_is_proposed(make_session: MakeSession) -> None:
    answer = place_help.fit(desk(make_session()), 2, (20.0, 20.0), Level.L1)
    assert isinstance(answer, NoProposal)
    assert answer.code.startswith("fit.")


def test_a_body_too_small_for_the_protocol_is_told_so(make_session: MakeSession, phantom: Phantom) -> None:
    case = desk(make_session(replace(ALLOWED, margin_mm=14.0)))
    answer = place_help.fit(case, phantom.truth.mid_slice, middle(phantom, Level.L3), Level.L3)
    assert answer == NoProposal("fit.too_small")


def test_a_ladder_needs_its_ends_and_room_on_its_rungs(make_session: MakeSession, phantom: Phantom) -> None:
    session = make_session(replace(ALLOWED, margin_mm=14.0))
    case = desk(session)
    assert place_help.ladder(case) == NoProposal("ladder.no_ends")
    assert place_help.ladder(with_ends(session, case, phantom)) == NoProposal("fit.too_small")


def test_with_one_size_for_all_levels_that_size_is_proposed(
    make_session: MakeSession, phantom: Phantom
) -> None:
    session = make_session(replace(ALLOWED, size_locked=True))
    case = desk(session)
    first = fitted(case, phantom, Level.L3).rectangles[Level.L3]
    assert (first.rows, first.cols) == read_exam.next_size(case)
    case = with_ends(session, case, phantom)
    ladder = place_help.ladder(case)
    assert isinstance(ladder, Proposals)
    assert {(box.rows, box.cols) for box in ladder.rectangles.values()} == {(8, 10)}


# -- placing ----------------------------------------------------------------------------------------------


def test_what_is_placed_is_counted_stored_and_recorded_as_proposed(
    make_session: MakeSession, phantom: Phantom
) -> None:
    session = make_session()
    case = desk(session)
    proposals = fitted(case, phantom, Level.L2)
    case, changed = place_help.place(session, case, proposals)
    assert changed.what is What.READING
    again = desk(session)
    assert again.reading == case.reading
    assert again.reading.history.rectangles == dict(proposals.rectangles)
    assert again.reading.helped(Level.L2) is Help.FIT
    revision = again.reading.history.current[Level.L2]
    assert revision.stats == read_exam.preview(case, proposals.rectangles[Level.L2])
    told = [(one.action, one.subject, one.new) for one in audit.entries(session.database)][-2:]
    assert [action for action, _, _ in told] == ["roi.edit", "case.help"]
    assert told[1] == ("case.help", "C0001/L2/round 1", '{"help": "fit"}')


def test_a_ladder_is_placed_and_taken_back_in_one_step(make_session: MakeSession, phantom: Phantom) -> None:
    session = make_session()
    case = with_ends(session, desk(session), phantom)
    proposals = place_help.ladder(case)
    assert isinstance(proposals, Proposals)
    assert len(proposals.rectangles) >= 2
    placed, _ = place_help.place(session, case, proposals)
    assert all(placed.reading.helped(level) is Help.LADDER for level in proposals.rectangles)
    facts = session.database.rows("SELECT value, note FROM case_fact ORDER BY id")
    levels = " ".join(proposals.rectangles)
    assert [(row["value"], row["note"]) for row in facts] == [("ladder", levels)] * len(proposals.rectangles)
    undone, _ = read_exam.undo(session, placed)
    assert undone.reading.history.rectangles == case.reading.history.rectangles


def test_one_of_a_ladder_can_be_placed_alone(make_session: MakeSession, phantom: Phantom) -> None:
    session = make_session()
    case = with_ends(session, desk(session), phantom)
    proposals = place_help.ladder(case)
    assert isinstance(proposals, Proposals)
    first, *others = proposals.rectangles
    case, _ = place_help.place(session, case, proposals.only(first))
    assert set(case.reading.history.rectangles) == {Level.L1, first, Level.L5}
    left = proposals.without((first,))
    assert left is not None
    assert list(left.rectangles) == others
    assert left.without(tuple(others)) is None


def test_placing_what_stands_there_already_changes_nothing(
    make_session: MakeSession, phantom: Phantom
) -> None:
    session = make_session()
    case, _ = place_help.place(session, desk(session), fitted(desk(session), phantom, Level.L2))
    same, changed = place_help.place(session, case, fitted(case, phantom, Level.L2))
    assert (same, changed.what) == (case, What.NOTHING)


def test_nothing_is_placed_in_a_signed_off_case(make_session: MakeSession, phantom: Phantom) -> None:
    session = make_session()
    case = desk(session)
    proposals = fitted(case, phantom, Level.L1)
    for level in LEVELS:
        case, _ = read_exam.mark_not_measurable(session, case, level, Reason.MOTION)
    case, _ = read_exam.sign_off(session, case)
    with pytest.raises(InputError, match=r"reading\.locked"):
        place_help.place(session, case, proposals)


def test_a_proposed_rectangle_is_never_stored_without_the_record_of_what_proposed_it(
    make_session: MakeSession, phantom: Phantom, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = make_session()
    case = desk(session)
    proposals = fitted(case, phantom, Level.L2)

    def full(*_: object) -> None:
        raise StoreUnavailable("store.full", file="study.marrow")

    monkeypatch.setattr(case_facts, "_write", full)
    with pytest.raises(StoreUnavailable):
        place_help.place(session, case, proposals)
    assert desk(session).reading.revisions == ()


# -- the export -------------------------------------------------------------------------------------------


def test_the_export_says_of_each_level_what_placed_it_and_whether_a_hand_changed_it(
    make_session: MakeSession, phantom: Phantom, tmp_path: Path
) -> None:
    session = make_session()
    case = with_ends(session, desk(session), phantom)
    ladder = place_help.ladder(case)
    assert isinstance(ladder, Proposals)
    case, _ = place_help.place(session, case, ladder.only(Level.L2))
    case, _ = place_help.place(session, case, fitted(case, phantom, Level.L3))
    moved = move(case.reading.history.rectangles[Level.L3], 1, 0, phantom.grid)
    case, _ = read_exam.set_rectangle(session, case, Level.L3, moved)
    case, _ = read_exam.mark_not_measurable(session, case, Level.L4, Reason.FOCAL)
    (said,) = results_of_cases(session.database, open_session.last_viewer(session))
    assert said.placed == {
        Level.L2: Placement(Help.LADDER, adjusted=False),
        Level.L3: Placement(Help.FIT, adjusted=True),
    }
    export(session, open_session.last_viewer(session), tmp_path / "csv")
    with (tmp_path / "csv" / "study-0-long.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["level"]: (row["placed_by"], row["placed_by_adjusted"]) for row in csv.DictReader(file)}
    assert rows == {
        "L1": ("hand", ""),
        "L2": ("ladder", "0"),
        "L3": ("fit", "1"),
        "L4": ("", ""),
        "L5": ("hand", ""),
    }
