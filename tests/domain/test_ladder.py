"""L2 to L4 between L1 and L5, on drawn spines."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import cos, radians, sin

import numpy as np
import pytest

from app.domain.exam import Exam
from app.domain.fitting import NoProposal
from app.domain.grid import Grid
from app.domain.ladder import ENDS, RUNGS, Ladder, ladder
from app.domain.maps import ParametricMap
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.shapes import Rectangle

Draw = Callable[..., Exam]
DrawBody = Callable[..., object]
PROTOCOL = Protocol()
# rows of the middles of five bodies on a line, 36 mm apart
ROWS = {level: 115 + 36 * (number - 2) for number, level in enumerate(LEVELS)}


def box(row: float, col: float = 50.0, slice_index: int = 1) -> Rectangle:
    return Rectangle(slice_index, round(row) - 5, round(col) - 7, 10, 14)


@pytest.fixture
def ends() -> dict[Level, Rectangle]:
    """Where a hand placed L1 and L5."""
    return {level: box(ROWS[level]) for level in ENDS}


def climbed(exam: Exam, rectangles: Mapping[Level, Rectangle], protocol: Protocol = PROTOCOL) -> Ladder:
    found = ladder(exam, rectangles, RUNGS, protocol)
    assert isinstance(found, Ladder), found
    return found


def assert_inside(found: Ladder, level: Level, row: float, col: float = 55.0, tilt: float = 0.0) -> None:
    """A proposal lies in a drawn body of 26 by 34 mm."""
    one, turn = found.rectangles[level], radians(tilt)
    for corner_row in (one.row0, one.row1):
        for corner_col in (one.col0, one.col1):
            back, down = corner_col - col, corner_row - row
            assert abs(back * cos(turn) - down * sin(turn)) <= 17
            assert abs(down * cos(turn) + back * sin(turn)) <= 13


def test_the_three_levels_between_are_proposed_each_in_its_body(
    draw_spine: Draw, ends: dict[Level, Rectangle]
) -> None:
    found = climbed(draw_spine(), ends)
    assert list(found.rectangles) == list(RUNGS)
    assert not found.missing
    for level in RUNGS:
        assert_inside(found, level, ROWS[level])


def test_a_curved_spine_is_followed(draw_spine: Draw, drawn_body: DrawBody) -> None:
    """Five bodies on an arc of 130 mm radius: each a step further along it, and turned with it."""
    turns = {level: 15.5 * (number - 2) for number, level in enumerate(LEVELS)}
    places = {one: (130 * (cos(radians(turn)) - 1), 130 * sin(radians(turn))) for one, turn in turns.items()}
    curved = [drawn_body(-back, below, turns[one]) for one, (back, below) in places.items()]
    at = {one: (115 + below, 55 - back) for one, (back, below) in places.items()}
    found = climbed(draw_spine(curved), {level: box(*at[level]) for level in ENDS})
    assert found.rectangles
    for level in found.rectangles:
        assert_inside(found, level, *at[level], turns[level])


def test_only_levels_that_wait_are_proposed(draw_spine: Draw, ends: dict[Level, Rectangle]) -> None:
    rectangles = {**ends, Level.L3: box(ROWS[Level.L3])}
    found = ladder(draw_spine(), rectangles, (Level.L2, Level.L4, Level.L5), PROTOCOL)
    assert isinstance(found, Ladder)
    assert set(found.rectangles) == {Level.L2, Level.L4}


def without_edges(exam: Exam, *levels: Level) -> Exam:
    """The exam with bodies that have become as the discs around them."""
    maps = {}
    for quantity, one in exam.maps.items():
        stored = np.array(one.stored)
        for level in levels:
            row = ROWS[level]
            stored[:, row - 15 : row + 15, 33:77] = stored[:, row + 16 : row + 17, 33:77]
        maps[quantity] = ParametricMap(quantity, stored, one.grid, one.scaling)
    return Exam(exam.code, maps)


def test_a_level_without_clear_edges_gets_no_proposal(draw_spine: Draw, ends: dict[Level, Rectangle]) -> None:
    found = climbed(without_edges(draw_spine(), Level.L3), ends)
    assert set(found.rectangles) == {Level.L2, Level.L4}
    assert set(found.missing) == {Level.L3}
    assert found.missing[Level.L3].startswith("fit.")


def test_more_gaps_than_rungs_are_no_ladder(draw_spine: Draw, ends: dict[Level, Rectangle]) -> None:
    exam = without_edges(draw_spine(), Level.L3, Level.L4)
    assert ladder(exam, ends, RUNGS, PROTOCOL) == NoProposal("ladder.implausible")


@pytest.mark.parametrize("unclear", [(Level.L1,), (Level.L5,), ENDS])
def test_an_end_whose_body_is_not_clear_still_tells_where_the_spine_is(
    draw_spine: Draw, ends: dict[Level, Rectangle], unclear: tuple[Level, ...]
) -> None:
    found = climbed(without_edges(draw_spine(), *unclear), ends)
    for level in RUNGS:
        assert_inside(found, level, ROWS[level])


@pytest.mark.parametrize("last", [3, 5])
def test_with_a_body_too_many_or_too_few_between_the_ends_nothing_is_proposed(
    draw_spine: Draw, drawn_body: DrawBody, last: int
) -> None:
    """The levels were counted wrongly: every name between would be."""
    bodies = [drawn_body(0.0, 36.0 * place) for place in range(-3, 4)]
    exam = draw_spine(bodies, size_mm=(300.0, 110.0))
    rows = [150 + 36 * place for place in range(-3, 4)]
    rectangles = {Level.L1: box(rows[0]), Level.L5: box(rows[last])}
    assert ladder(exam, rectangles, RUNGS, PROTOCOL) == NoProposal("ladder.implausible")


def test_spacing_that_the_protocol_does_not_know_is_implausible(
    draw_spine: Draw, ends: dict[Level, Rectangle]
) -> None:
    narrow = replace(PROTOCOL, spacing_mm=(12.0, 25.0))
    assert ladder(draw_spine(), ends, RUNGS, narrow) == NoProposal("ladder.implausible")


def test_a_body_much_higher_than_its_neighbours_is_implausible(
    draw_spine: Draw, drawn_body: DrawBody
) -> None:
    heights = (20.0, 20.0, 35.0, 20.0, 20.0)
    bodies = [drawn_body(0.0, 40.0 * (n - 2), 0.0, height) for n, height in enumerate(heights)]
    exam = draw_spine(bodies, size_mm=(260.0, 110.0))
    rectangles = {Level.L1: box(50), Level.L5: box(210)}
    assert ladder(exam, rectangles, RUNGS, PROTOCOL) == NoProposal("ladder.implausible")


def test_ends_on_different_slices_have_the_others_on_slices_between(draw_spine: Draw) -> None:
    exam = draw_spine(slices=9)
    rectangles = {Level.L1: box(ROWS[Level.L1], slice_index=2), Level.L5: box(ROWS[Level.L5], slice_index=6)}
    found = climbed(exam, rectangles)
    assert [one.slice for one in found.rectangles.values()] == [3, 4, 5]


def test_where_a_rectangle_of_the_one_size_has_no_room_the_level_gets_none(
    draw_spine: Draw, ends: dict[Level, Rectangle]
) -> None:
    found = ladder(draw_spine(), ends, RUNGS, PROTOCOL, (30, 14))
    assert found == Ladder({}, dict.fromkeys(RUNGS, "fit.too_small"))


def test_a_ladder_needs_both_ends_something_to_fill_and_sagittal_images(
    draw_spine: Draw,
    ends: dict[Level, Rectangle],
    make_exam: Callable[..., Exam],
    make_grid: Callable[..., Grid],
) -> None:
    exam = draw_spine()
    for level in ENDS:
        assert ladder(exam, {level: ends[level]}, RUNGS, PROTOCOL) == NoProposal("ladder.no_ends")
    assert ladder(exam, ends, ENDS, PROTOCOL) == NoProposal("ladder.no_gaps")
    axial = make_exam(grid=make_grid((5, 40, 32), axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0))))
    assert ladder(axial, ends, RUNGS, PROTOCOL) == NoProposal("fit.not_sagittal")
