"""One reader at one case, through the use cases and a real session file."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Kind, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import open_session, read_exam
from app.services.changed import What
from app.services.open_session import Session
from app.services.read_exam import Case, Position
from app.store import exams
from app.store.exams import NewExam

GRID = Grid(
    (9, 200, 120), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
)
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)


def make_exam(code: str, quantities: tuple[Quantity, ...] = (Quantity.FF, Quantity.R2STAR)) -> Exam:
    rng = np.random.default_rng(sum(map(ord, code)))
    maps = {
        quantity: ParametricMap(quantity, rng.integers(0, 100, GRID.shape).astype(np.int16), GRID, SCALING)
        for quantity in quantities
    }
    return Exam(code, maps)


def add_exam(session: Session, exam: Exam) -> int:
    packed = exams.pack(NewExam(exam, Identity(study_uid=exam.code), {}, "GE", "model"))
    return exams.add(session.database, packed, actor="test")


@pytest.fixture
def session(tmp_path: Path):
    made = open_session.create_session(tmp_path / "study.marrow")
    for code in ("C0001", "C0002", "C0003"):
        add_exam(made, make_exam(code))
    yield made
    made.close()


@pytest.fixture
def viewer(session: Session) -> Viewer:
    return open_session.last_viewer(session)


@pytest.fixture
def case(session: Session, viewer: Viewer) -> Case:
    return read_exam.open_case(session, viewer, 1)


def box_of(level: Level) -> Rectangle:
    """Rectangles 30 mm apart down the spine, of the usual size."""
    return Rectangle(4, 10 + 30 * LEVELS.index(level), 50, 10, 14)


def read_all(session: Session, case: Case) -> Case:
    for level in LEVELS:
        case, _ = read_exam.set_rectangle(session, case, level, box_of(level))
    return case


def test_a_placed_rectangle_is_stored_with_its_numbers_on_both_maps(session, viewer, case):
    case, changed = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    again = read_exam.open_case(session, viewer, 1)
    stats = again.reading.history.current[Level.L1].stats
    for quantity in (Quantity.FF, Quantity.R2STAR):
        voxels = make_exam("C0001").maps[quantity].stored[4, 10:20, 50:64].astype(float)
        assert stats[quantity].n == 140
        assert stats[quantity].mean == pytest.approx(voxels.mean())
        assert stats[quantity].sd == pytest.approx(voxels.std(ddof=1))
    assert changed.what == What.READING


def test_nothing_is_written_where_nothing_would_change(session, case):
    case, _ = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    same, changed = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    assert changed.what == What.NOTHING
    assert same.reading.revisions == case.reading.revisions


def test_a_rectangle_outside_the_image_is_refused_and_nothing_is_stored(session, viewer, case):
    with pytest.raises(InputError) as refused:
        read_exam.set_rectangle(session, case, Level.L1, Rectangle(4, 195, 50, 10, 14))
    assert refused.value.code == "roi.outside"
    assert read_exam.open_case(session, viewer, 1).reading.revisions == ()


def test_undo_takes_back_edits_one_by_one_also_after_a_restart(session, viewer, case):
    first, second = box_of(Level.L1), replace(box_of(Level.L1), row0=12)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, first)
    read_exam.set_rectangle(session, case, Level.L1, second)
    case = read_exam.open_case(session, viewer, 1)
    case, _ = read_exam.undo(session, case)
    assert case.reading.history.rectangles == {Level.L1: first}
    case, _ = read_exam.undo(session, read_exam.open_case(session, viewer, 1))
    assert case.reading.history.rectangles == {}
    case, changed = read_exam.undo(session, case)
    assert changed.what == What.NOTHING


def test_redo_brings_back_what_was_undone_with_fresh_numbers(session, case):
    case, _ = read_exam.set_rectangle(session, case, Level.L2, box_of(Level.L2))
    before = case.reading.history.current[Level.L2].stats
    case, _ = read_exam.undo(session, case)
    case, _ = read_exam.redo(session, case)
    assert case.reading.history.rectangles == {Level.L2: box_of(Level.L2)}
    assert case.reading.history.current[Level.L2].stats == before
    assert read_exam.redo(session, case)[1].what == What.NOTHING


def test_a_new_rectangle_gets_the_first_size_of_the_protocol_and_then_the_last_one_used(session, case):
    # 10 mm cranio-caudal runs down the rows, 14 mm antero-posterior along the columns
    assert read_exam.next_size(case) == (10, 14)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, Rectangle(4, 10, 50, 11, 17))
    case, _ = read_exam.clear_level(session, case, Level.L1)
    assert read_exam.next_size(case) == (11, 17)


def test_a_case_opens_at_its_last_rectangle_and_else_at_the_mid_sagittal_guess(session, case):
    assert read_exam.first_slice(session, case) in range(2, 7)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, replace(box_of(Level.L1), slice=7))
    case, _ = read_exam.mark_not_measurable(session, case, Level.L2, Reason.FX_OLD)
    assert read_exam.first_slice(session, case) == 7


def test_marking_a_level_other_needs_words(session, case):
    with pytest.raises(InputError) as refused:
        read_exam.mark_not_measurable(session, case, Level.L1, Reason.OTHER, "  ")
    assert refused.value.code == "reason.needs_note"
    case, _ = read_exam.mark_not_measurable(session, case, Level.L1, Reason.OTHER, " tumour ")
    state = case.reading.history.state(Level.L1)
    assert (state.kind, state.reason, state.note) == (Kind.NOT_MEASURABLE, Reason.OTHER, "tumour")


def test_signing_off_with_a_gap_is_refused_and_names_it(session, case):
    case, _ = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    assert case.first_gap is Level.L2
    with pytest.raises(InputError) as refused:
        read_exam.sign_off(session, case)
    assert refused.value.code == "sign_off.gaps"
    assert refused.value.values["first"] == "L2"


def test_signing_off_is_refused_while_a_rule_refuses_a_rectangle(session, case):
    case = read_all(session, case)
    case, _ = read_exam.set_rectangle(session, case, Level.L3, Rectangle(4, 70, 50, 3, 3))
    with pytest.raises(InputError) as refused:
        read_exam.sign_off(session, case)
    assert refused.value.code == "sign_off.refused"
    assert refused.value.values["level"] == "L3"


def test_a_signed_off_reading_cannot_be_changed_until_it_is_reopened(session, viewer, case):
    case, changed = read_exam.sign_off(session, read_all(session, case))
    assert changed.what == What.SIGN_OFF
    assert case.first_gap is None
    assert read_exam.sign_off(session, case)[1].what == What.NOTHING
    with pytest.raises(InputError) as refused:
        read_exam.clear_level(session, case, Level.L1)
    assert refused.value.code == "reading.locked"
    case, _ = read_exam.reopen(session, read_exam.open_case(session, viewer, 1))
    assert read_exam.reopen(session, case)[1].what == What.NOTHING
    case, changed = read_exam.clear_level(session, case, Level.L1)
    assert changed.what == What.READING


def test_every_change_of_a_reading_stands_in_the_record(session, viewer, case):
    case = read_all(session, case)
    case, _ = read_exam.undo(session, case)
    case, _ = read_exam.redo(session, case)
    case, _ = read_exam.sign_off(session, case)
    actions = [entry.action for entry in open_session.audit_entries(session, viewer)]
    assert actions[-8:] == ["roi.edit"] * 5 + ["roi.undo", "roi.redo", "reading.signed_off"]
    assert open_session.audit_break(session) is None


def test_two_readers_read_the_same_exam_apart(session, viewer, case):
    read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    other = Viewer(open_session.add_reader(session, "Second"))
    theirs = read_exam.open_case(session, other, 1)
    assert theirs.reading.revisions == ()
    assert [row.done for row in read_exam.worklist(session, other)] == [0, 0, 0]
    assert sum(row.done for row in read_exam.worklist(session, viewer)) == 1


def test_each_reader_has_an_order_of_their_own_that_new_exams_do_not_disturb(session, viewer):
    before = [row.code for row in read_exam.worklist(session, viewer)]
    add_exam(session, make_exam("C0004"))
    after = [row.code for row in read_exam.worklist(session, viewer)]
    assert sorted(after) == ["C0001", "C0002", "C0003", "C0004"]
    assert [code for code in after if code != "C0004"] == before


def test_a_restart_returns_to_the_same_case_slice_and_level(session, viewer):
    place = Position(2, 5, Level.L3)
    read_exam.remember_position(session, viewer, place)
    assert read_exam.where_to_start(session, viewer) == place
    assert open_session.last_viewer(session) == viewer


def test_a_reader_starts_at_the_first_unread_case_of_their_order(session, viewer):
    order = [row.exam_id for row in read_exam.worklist(session, viewer)]
    assert read_exam.where_to_start(session, viewer) == Position(order[0], -1, None)
    first = read_exam.open_case(session, viewer, order[0])
    read_exam.sign_off(session, read_all(session, first))
    assert read_exam.where_to_start(session, viewer) == Position(order[1], -1, None)


def test_the_next_case_is_the_next_unread_one_going_round(session, viewer):
    order = [row.exam_id for row in read_exam.worklist(session, viewer)]
    assert read_exam.next_case(session, viewer, order[2]) == order[0]
    for exam_id in order:
        opened = read_exam.open_case(session, viewer, exam_id)
        read_exam.sign_off(session, read_all(session, opened))
    assert read_exam.next_case(session, viewer, order[0]) is None
    # with all read a reader still lands somewhere
    assert read_exam.where_to_start(session, viewer) == Position(order[0], -1, None)


def test_a_session_without_images_has_nowhere_to_start(tmp_path):
    empty = open_session.create_session(tmp_path / "empty")
    viewer = open_session.last_viewer(empty)
    assert read_exam.where_to_start(empty, viewer) is None
    assert read_exam.next_case(empty, viewer, 0) is None
    empty.close()


def test_a_read_only_session_remembers_no_position_and_takes_no_edit(session, viewer, tmp_path):
    second = open_session.open_session(session.path)
    assert second.read_only
    read_exam.remember_position(second, viewer, Position(1, 1, None))
    assert read_exam.where_to_start(session, viewer) == Position(
        read_exam.worklist(session, viewer)[0].exam_id, -1, None
    )
    second.close()


def test_an_exam_without_r2star_is_read_on_ff_alone(session, viewer):
    key = add_exam(session, make_exam("C0009", (Quantity.FF,)))
    case = read_exam.open_case(session, viewer, key)
    case, _ = read_exam.set_rectangle(session, case, Level.L1, box_of(Level.L1))
    assert set(case.reading.history.current[Level.L1].stats) == {Quantity.FF}


def test_findings_follow_the_protocol_of_the_session(tmp_path):
    strict = open_session.create_session(tmp_path / "strict", Protocol(min_area_mm2=150.0))
    key = add_exam(strict, make_exam("C0001"))
    case = read_exam.open_case(strict, open_session.last_viewer(strict), key)
    case, _ = read_exam.set_rectangle(strict, case, Level.L1, box_of(Level.L1))
    assert case.findings[0].code == "area.too_small"
    strict.close()


@pytest.mark.parametrize(("step", "expected"), [(1, Level.L1), (-1, Level.L4), (5, Level.L5)])
def test_levels_go_round(step, expected):
    assert read_exam.neighbour(Level.L5, step) is expected
