"""Where a rectangle lies in its vertebral body: margin and anterior part, only where the body is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.domain import checks_place
from app.domain.checks import Finding, Severity
from app.domain.checks_place import body_around, check_places, place_of, wanted_margin_mm
from app.domain.exam import Exam
from app.domain.fitting import Body
from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity
from app.domain.proposing import propose
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle

Draw = Callable[..., Exam]

PROTOCOL = Protocol()
# the middle body of the drawn spine: 26 mm high and 34 mm deep, a voxel is 1 mm
MIDDLE = (115.0, 55.0)
BODY = Body(1, MIDDLE, 0.0, 26.0, 34.0)
# keeps 3 mm in front (col 38 is the edge), above (row 102) and below (row 128), and ends 22 mm behind
KEEPS = Rectangle(1, 105, 41, 20, 19)


@pytest.fixture
def untilted(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if tilts were known exactly, so that distances are whole voxels."""
    monkeypatch.setattr(checks_place, "_TURN_DEG", 0.0)


def said(
    exam: Exam, rectangle: Rectangle, protocol: Protocol = PROTOCOL, body: Body | None = BODY
) -> tuple[Finding, ...]:
    return check_places(exam, {Level.L3: rectangle}, {place_of(rectangle): body}, protocol)


def codes(found: tuple[Finding, ...]) -> list[str]:
    return [one.code for one in found]


def test_a_rectangle_that_keeps_its_margin_in_the_anterior_part_is_left_alone(draw_spine: Draw) -> None:
    assert said(draw_spine(), KEEPS) == ()


@pytest.mark.parametrize(
    ("rectangle", "distance"),
    [
        (replace(KEEPS, col0=39, cols=21), 1.0),
        (replace(KEEPS, row0=103, rows=22), 1.0),
        (replace(KEEPS, rows=22), 1.0),
        (replace(KEEPS, row0=103, col0=38), 0.0),
        # a corner outside is no distance at all
        (replace(KEEPS, row0=99), 0.0),
    ],
)
@pytest.mark.usefixtures("untilted")
def test_what_comes_too_near_to_an_edge_is_warned_of_with_its_distance(
    draw_spine: Draw, rectangle: Rectangle, distance: float
) -> None:
    (finding,) = said(draw_spine(), rectangle)
    assert (finding.code, finding.severity, finding.level) == ("check.margin", Severity.WARN, Level.L3)
    assert finding.values == {"distance": pytest.approx(distance), "margin": 3.0}


@pytest.mark.usefixtures("untilted")
def test_a_voxel_more_or_less_is_not_argued_about(draw_spine: Draw) -> None:
    exam = draw_spine()
    assert said(exam, replace(KEEPS, col0=40)) == ()
    # 34 mm * 0.667 = 22.7 mm: up to 23.7 mm behind the front may be the doubt
    assert said(exam, replace(KEEPS, cols=20)) == ()
    assert codes(said(exam, replace(KEEPS, cols=21))) == ["check.posterior"]


@pytest.mark.usefixtures("untilted")
def test_what_reaches_behind_the_anterior_part_is_warned_of_once(draw_spine: Draw) -> None:
    """It comes near the rear edge too, which is the same thing; near the lower edge is another one."""
    exam = draw_spine()
    (finding,) = said(exam, replace(KEEPS, cols=30))
    assert (finding.code, finding.severity) == ("check.posterior", Severity.WARN)
    assert finding.values == {"beyond": pytest.approx(33 - 34 * 0.667), "share": pytest.approx(66.7)}
    assert codes(said(exam, replace(KEEPS, cols=30, rows=23))) == ["check.posterior", "check.margin"]


@pytest.mark.usefixtures("untilted")
def test_where_the_whole_depth_may_be_used_the_rear_edge_wants_its_margin_too(draw_spine: Draw) -> None:
    whole = Protocol(anterior_fraction=1.0)
    exam = draw_spine()
    assert said(exam, replace(KEEPS, cols=28), whole) == ()
    (finding,) = said(exam, replace(KEEPS, cols=30), whole)
    assert (finding.code, finding.values["distance"]) == ("check.margin", pytest.approx(1.0))


def test_the_margin_grows_with_the_voxels_that_were_acquired(draw_spine: Draw) -> None:
    exam = replace(draw_spine(), native_voxel_mm=(2.5, 1.5))
    assert wanted_margin_mm(exam, PROTOCOL) == 5.0
    assert wanted_margin_mm(exam, Protocol(margin_mm=6.0)) == 6.0
    assert codes(said(exam, KEEPS)) == ["check.margin"]


@pytest.mark.parametrize("tilt", [-25.0, 25.0])
def test_the_box_of_a_tilted_body_is_judged_along_its_own_axes(draw_spine: Draw, tilt: float) -> None:
    exam, tilted = draw_spine(), replace(BODY, tilt_deg=tilt)
    assert "check.margin" in codes(said(exam, KEEPS, body=tilted))
    along = propose(exam, tilted, Protocol(rotation=True))
    assert isinstance(along, Rectangle)
    assert abs(along.angle_deg) == 25.0
    assert said(exam, along, body=tilted) == ()
    assert "check.margin" in codes(said(exam, replace(along, angle_deg=-along.angle_deg), body=tilted))


def test_what_only_a_step_of_the_tilt_makes_wrong_is_not_said(draw_spine: Draw) -> None:
    exam = draw_spine()
    upright = said(exam, KEEPS)
    assert [said(exam, KEEPS, body=replace(BODY, tilt_deg=tilt)) for tilt in (-5.0, 5.0)] == [upright] * 2
    assert codes(said(exam, KEEPS, body=replace(BODY, tilt_deg=15.0))) == ["check.margin"]


def test_nothing_is_said_where_no_body_is_known(draw_spine: Draw) -> None:
    outside = replace(KEEPS, row0=80)
    assert said(draw_spine(), outside, body=None) == ()
    assert check_places(draw_spine(), {Level.L3: outside}, {}, PROTOCOL) == ()


# -- the body around --------------------------------------------------------------------------------------


def test_the_body_around_a_rectangle_is_the_one_its_middle_lies_in(draw_spine: Draw) -> None:
    exam = draw_spine()
    assert place_of(KEEPS) == (1, 115.0, 50.5)
    body = body_around(exam, place_of(KEEPS), PROTOCOL)
    assert body is not None
    assert body.centre == pytest.approx(MIDDLE, abs=1.5)
    assert said(exam, KEEPS, body=body) == ()
    low = replace(KEEPS, row0=113, rows=16)
    assert codes(said(exam, low, body=body_around(exam, place_of(low), PROTOCOL))) == ["check.margin"]


def test_what_was_proposed_is_not_warned_of(draw_spine: Draw) -> None:
    exam = draw_spine()
    body = body_around(exam, (1, *MIDDLE), PROTOCOL)
    assert body is not None
    box = propose(exam, body, PROTOCOL)
    assert isinstance(box, Rectangle)
    assert said(exam, box, body=body_around(exam, place_of(box), PROTOCOL)) == ()


def test_images_that_are_not_measured_change_nothing(draw_spine: Draw) -> None:
    exam = draw_spine()
    ff = exam.maps[Quantity.FF]
    noise = np.random.default_rng(0).integers(0, 900, ff.grid.shape).astype(np.int16)
    water = ParametricMap(Quantity.WATER, noise, ff.grid, ff.scaling)
    more = replace(exam, maps={**exam.maps, Quantity.WATER: water})
    assert body_around(more, (1, *MIDDLE), PROTOCOL) == body_around(exam, (1, *MIDDLE), PROTOCOL)


def test_where_nothing_stands_out_no_body_is_found(
    draw_spine: Draw, make_exam: Callable[..., Exam], make_grid: Callable[..., Grid]
) -> None:
    # in the fat before the spine, and in a plane that shows no endplates
    assert body_around(draw_spine(), (1, 115.0, 12.0), PROTOCOL) is None
    axial = make_grid((5, 60, 60), axes=((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)))
    assert body_around(make_exam(grid=axial), (2, 30.0, 30.0), PROTOCOL) is None
