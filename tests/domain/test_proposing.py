"""The rectangle a protocol wants in a body: in its anterior part, never nearer to an edge than allowed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import cos, radians, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.exam import Exam
from app.domain.fitting import Body, NoProposal
from app.domain.grid import Grid, Vector
from app.domain.proposing import propose
from app.domain.protocol import Protocol
from app.domain.shapes import Rectangle

MakeExam = Callable[..., Exam]
MakeGrid = Callable[..., Grid]

PROTOCOL = Protocol()
RIGHT, ANTERIOR, DOWN = (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)
LEFT, POSTERIOR, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)
ORDERS: dict[str, tuple[Vector, Vector, Vector]] = {
    "rows down": (LEFT, DOWN, POSTERIOR),
    "anterior right": (RIGHT, DOWN, ANTERIOR),
    "feet first": (LEFT, UP, POSTERIOR),
    "rows back": (LEFT, POSTERIOR, DOWN),
    "rows forward and up": (LEFT, ANTERIOR, UP),
}
bodies = st.builds(
    Body,
    slice=st.just(2),
    centre=st.tuples(st.floats(70, 90), st.floats(70, 90)),
    tilt_deg=st.floats(-40, 40),
    height_mm=st.floats(18, 36),
    depth_mm=st.floats(26, 45),
)


def exam_of(make_exam: MakeExam, make_grid: MakeGrid, order: str = "rows down", pixel: float = 1.0) -> Exam:
    size = round(160 / pixel)
    return make_exam(grid=make_grid((5, size, size), spacing_mm=(4.0, pixel, pixel), axes=ORDERS[order]))


def in_body(exam: Exam, body: Body, corner: tuple[float, float]) -> tuple[float, float]:
    """How far a corner lies behind and below the middle of a body, along the body's own axes, mm."""
    origin = exam.grid.to_patient((body.slice, body.centre[0], body.centre[1]))
    away = exam.grid.to_patient((body.slice, *corner)) - origin
    back, below = float(away[1]), -float(away[2])
    turn = radians(body.tilt_deg)
    return back * cos(turn) - below * sin(turn), below * cos(turn) + back * sin(turn)


def room(body: Body, margin: float, protocol: Protocol) -> tuple[float, float, float]:
    front = -body.depth_mm / 2
    last = min(front + protocol.anterior_fraction * body.depth_mm, body.depth_mm / 2 - margin)
    return front + margin, last, body.height_mm / 2 - margin


@pytest.mark.parametrize("rotation", [False, True])
@pytest.mark.parametrize("order", ORDERS)
@given(body=bodies, pixel=st.sampled_from([0.7, 1.0, 1.25]))
def test_whatever_the_tilt_the_proposal_lies_in_the_anterior_part_with_its_margin(
    make_exam: MakeExam, make_grid: MakeGrid, order: str, rotation: bool, body: Body, pixel: float
) -> None:
    exam = exam_of(make_exam, make_grid, order, pixel)
    protocol = replace(PROTOCOL, rotation=rotation)
    body = replace(body, centre=(body.centre[0] / pixel, body.centre[1] / pixel))
    found = propose(exam, body, protocol)
    if isinstance(found, NoProposal):
        assert found.code == "fit.too_small"
        return
    start, end, half = room(body, max(3.0, 2 * pixel), protocol)
    for corner in found.box(exam.grid).corners:
        along, down = in_body(exam, body, corner)
        # whole tenths of a degree turn a corner by so little
        slack = 0.03 if rotation else 1e-5
        assert start - slack <= along <= end + slack
        assert abs(down) <= half + slack
    assert found.area_mm2(exam.grid) >= protocol.min_area_mm2


def test_a_body_that_is_not_turned_gets_all_the_room_there_is(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    exam = exam_of(make_exam, make_grid)
    # 36 mm deep: from 3 to 24 mm behind the front wall; 26 high: 20 mm are left
    body = Body(2, (80.0, 80.0), 0.0, 26.0, 36.0)
    found = propose(exam, body, replace(PROTOCOL, anterior_fraction=2 / 3))
    assert found == Rectangle(2, 70, 65, 20, 21)


@pytest.mark.parametrize("order", ORDERS)
def test_with_rotation_the_rectangle_turns_with_the_body_and_loses_nothing(
    make_exam: MakeExam, make_grid: MakeGrid, order: str
) -> None:
    exam = exam_of(make_exam, make_grid, order)
    body = Body(2, (80.0, 80.0), 25.0, 26.0, 36.0)
    upright, turned = (propose(exam, body, replace(PROTOCOL, rotation=one)) for one in (False, True))
    assert isinstance(upright, Rectangle)
    assert isinstance(turned, Rectangle)
    assert abs(turned.angle_deg) == pytest.approx(25)
    assert upright.angle_deg == 0
    assert turned.area_mm2(exam.grid) > 1.5 * upright.area_mm2(exam.grid)


def test_a_body_with_no_room_for_the_smallest_rectangle_gets_none(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    exam = exam_of(make_exam, make_grid)
    small = Body(2, (80.0, 80.0), 0.0, 12.0, 15.0)
    assert propose(exam, small, PROTOCOL) == NoProposal("fit.too_small")
    without = Body(2, (80.0, 80.0), 0.0, 5.0, 30.0)
    assert propose(exam, without, PROTOCOL) == NoProposal("fit.too_small")


def test_too_few_acquired_voxels_are_too_small_as_well(make_exam: MakeExam, make_grid: MakeGrid) -> None:
    """Zero filling makes many voxels of few."""
    grid = make_grid((5, 160, 160), axes=ORDERS["rows down"])
    exam = make_exam(grid=grid, native_voxel_mm=(4.0, 4.0))
    body = Body(2, (80.0, 80.0), 0.0, 30.0, 40.0)
    assert propose(exam, body, PROTOCOL) == NoProposal("fit.too_small")
    assert isinstance(propose(make_exam(grid=grid, native_voxel_mm=(1.5, 1.5)), body, PROTOCOL), Rectangle)


def test_what_would_leave_the_image_is_not_proposed(make_exam: MakeExam, make_grid: MakeGrid) -> None:
    exam = exam_of(make_exam, make_grid)
    assert propose(exam, Body(2, (80.0, 2.0), 0.0, 26.0, 36.0), PROTOCOL) == NoProposal("fit.too_small")


@given(body=bodies)
def test_a_size_that_is_given_is_kept_or_nothing_is_proposed(
    make_exam: MakeExam, make_grid: MakeGrid, body: Body
) -> None:
    exam = exam_of(make_exam, make_grid)
    found = propose(exam, body, PROTOCOL, (10, 14))
    if isinstance(found, NoProposal):
        return
    assert (found.rows, found.cols) == (10, 14)
    start, end, half = room(body, 3.0, PROTOCOL)
    for corner in found.box(exam.grid).corners:
        along, down = in_body(exam, body, corner)
        # snapped to the voxels, it may pass its room by half of one
        assert start - 0.5001 <= along <= end + 0.5001
        assert abs(down) <= half + 0.5001


def test_a_size_without_room_gives_no_proposal(make_exam: MakeExam, make_grid: MakeGrid) -> None:
    exam = exam_of(make_exam, make_grid)
    body = Body(2, (80.0, 80.0), 0.0, 26.0, 36.0)
    assert isinstance(propose(exam, body, PROTOCOL, (20, 20)), Rectangle)
    assert propose(exam, body, PROTOCOL, (26, 20)) == NoProposal("fit.too_small")


def test_three_slices_need_a_neighbour_on_both_sides(make_exam: MakeExam, make_grid: MakeGrid) -> None:
    deep = replace(PROTOCOL, slices=3)
    exam = exam_of(make_exam, make_grid)
    body = Body(2, (80.0, 80.0), 0.0, 26.0, 36.0)
    found = propose(exam, body, deep)
    assert isinstance(found, Rectangle)
    assert found.depth == 3
    for last in (0, 4):
        assert propose(exam, replace(body, slice=last), deep) == NoProposal("fit.no_neighbours")
    thin = make_exam(grid=make_grid((2, 160, 160), axes=ORDERS["rows down"]))
    alone = propose(thin, replace(body, slice=1), deep)
    assert isinstance(alone, Rectangle)
    assert alone.depth == 1
