"""The geometric rules of the protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.checks import Finding, Severity, check_geometry
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.shapes import Rectangle

MakeGrid = Callable[..., Grid]
MakeExam = Callable[..., Exam]

WIDE = Protocol(spacing_mm=(0.0, 500.0))
# 10 x 14 mm on a grid of 1 mm, 30 mm apart
SPINE = {level: Rectangle(2, 20 + 30 * k, 40, 10, 14) for k, level in enumerate(LEVELS)}


@pytest.fixture(scope="module")
def exam(make_exam: MakeExam, make_grid: MakeGrid) -> Exam:
    return make_exam(grid=make_grid((5, 256, 256)))


def _codes(found: tuple[Finding, ...]) -> list[tuple[str, str]]:
    return [(one.level.value, one.code) for one in found]


def test_a_spine_by_the_book_is_not_remarked_upon(exam: Exam) -> None:
    assert check_geometry(exam, SPINE, Protocol()) == ()


def test_a_reading_without_rectangles_is_not_remarked_upon(exam: Exam) -> None:
    assert check_geometry(exam, {}, Protocol()) == ()


@pytest.mark.parametrize(
    ("rows", "cols", "wanted"),
    [
        (7, 7, ("area.too_small", Severity.REFUSE, {"area": 49.0, "limit": 50.0})),
        (5, 10, ("area.unusual", Severity.WARN, {"area": 50.0, "low": 100.0, "high": 450.0})),
        (9, 11, ("area.unusual", Severity.WARN, {"area": 99.0, "low": 100.0, "high": 450.0})),
        (10, 10, None),
        (18, 25, None),
        (11, 41, ("area.unusual", Severity.WARN, {"area": 451.0, "low": 100.0, "high": 450.0})),
    ],
)
def test_areas_are_refused_below_the_minimum_and_warned_of_outside_the_usual_band(
    exam: Exam, rows: int, cols: int, wanted: tuple[str, Severity, dict[str, float]] | None
) -> None:
    found = check_geometry(exam, {Level.L2: Rectangle(2, 50, 50, rows, cols)}, Protocol())
    assert found == (() if wanted is None else (Finding(wanted[0], wanted[1], Level.L2, wanted[2]),))


def test_a_rectangle_of_few_acquired_voxels_is_refused_however_finely_they_were_interpolated(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    grid = make_grid((5, 256, 256), spacing_mm=(4.0, 1.0, 1.0))
    exam = make_exam(grid=grid, native_voxel_mm=(2.0, 2.5))
    found = check_geometry(exam, {Level.L1: Rectangle(2, 50, 50, 12, 10)}, Protocol())
    assert found == (
        Finding("area.too_few_voxels", Severity.REFUSE, Level.L1, {"voxels": 24.0, "limit": 25.0}),
    )
    assert check_geometry(exam, {Level.L1: Rectangle(2, 50, 50, 25, 5)}, Protocol()) == ()


@given(row_mm=st.floats(1.5, 4.0), col_mm=st.floats(1.5, 4.0))
def test_twenty_five_voxels_are_twenty_five_whatever_their_size(
    make_exam: MakeExam, make_grid: MakeGrid, row_mm: float, col_mm: float
) -> None:
    exam = make_exam(grid=make_grid((1, 20, 20), spacing_mm=(4.0, row_mm, col_mm)))
    found = check_geometry(exam, {Level.L1: Rectangle(0, 5, 5, 5, 5)}, Protocol())
    assert "area.too_few_voxels" not in {one.code for one in found}
    found = check_geometry(exam, {Level.L1: Rectangle(0, 5, 5, 4, 6)}, Protocol(min_area_mm2=0.0))
    assert "area.too_few_voxels" in {one.code for one in found}


@pytest.mark.parametrize(
    ("rows", "share"), [(6, None), (14, None), (5, 50.0), (15, 50.0)], ids=["-40", "+40", "-50", "+50"]
)
def test_an_area_more_than_forty_percent_off_the_patients_median_is_warned_of(
    exam: Exam, rows: int, share: float | None
) -> None:
    spine = SPINE | {Level.L3: replace(SPINE[Level.L3], rows=rows)}
    found = check_geometry(exam, spine, Protocol(usual_area_mm2=(50.0, 450.0)))
    wanted = Finding("area.unlike_others", Severity.WARN, Level.L3, {"share": share})
    assert found == (() if share is None else (wanted,))


def test_of_two_unequal_areas_neither_is_the_odd_one_out(exam: Exam) -> None:
    two = {Level.L1: SPINE[Level.L1], Level.L2: replace(SPINE[Level.L2], rows=30)}
    assert check_geometry(exam, two, WIDE) == ()
    three = two | {Level.L3: SPINE[Level.L3]}
    assert _codes(check_geometry(exam, three, WIDE)) == [("L2", "area.unlike_others")]


def test_overlapping_rectangles_are_refused_at_the_lower_level_even_when_they_are_not_neighbours(
    exam: Exam,
) -> None:
    spine = {Level.L1: SPINE[Level.L1], Level.L3: Rectangle(2, 29, 50, 10, 14)}
    found = check_geometry(exam, spine, WIDE)
    assert found == (Finding("spine.overlap", Severity.REFUSE, Level.L3, {"other": "L1"}),)


def test_rectangles_of_different_slices_do_not_overlap(exam: Exam) -> None:
    spine = {Level.L1: SPINE[Level.L1], Level.L3: Rectangle(3, 29, 50, 10, 14)}
    assert check_geometry(exam, spine, WIDE) == ()


def test_two_levels_in_each_others_place_are_refused(exam: Exam) -> None:
    spine = SPINE | {Level.L2: SPINE[Level.L3], Level.L3: SPINE[Level.L2]}
    found = check_geometry(exam, spine, WIDE)
    assert found == (Finding("spine.order", Severity.REFUSE, Level.L3, {"above": "L2"}),)


def test_levels_at_the_same_height_are_refused_without_a_word_about_their_distance(exam: Exam) -> None:
    spine = {Level.L1: Rectangle(2, 50, 40, 10, 14), Level.L2: Rectangle(2, 50, 140, 10, 14)}
    assert _codes(check_geometry(exam, spine, Protocol())) == [("L2", "spine.order")]


def test_order_is_judged_in_the_patient_not_in_the_pixel_matrix(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    feet_first = make_grid((5, 256, 256), axes=((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)))
    exam = make_exam(grid=feet_first)
    assert {one.code for one in check_geometry(exam, SPINE, Protocol())} == {"spine.order"}
    turned = {level: replace(SPINE[level], row0=256 - SPINE[level].row1) for level in LEVELS}
    assert check_geometry(exam, turned, Protocol()) == ()


@pytest.mark.parametrize(("distance", "warned"), [(21, True), (22, False), (45, False), (46, True)])
def test_neighbours_too_near_or_too_far_apart_are_warned_of(
    exam: Exam, distance: int, *, warned: bool
) -> None:
    upper = Rectangle(2, 30, 40, 10, 14)
    found = check_geometry(exam, {Level.L2: upper, Level.L3: replace(upper, row0=30 + distance)}, Protocol())
    values: Mapping[str, str | float] = {
        "above": "L2",
        "distance": float(distance),
        "low": 22.0,
        "high": 45.0,
    }
    assert found == ((Finding("spine.spacing", Severity.WARN, Level.L3, values),) if warned else ())


def test_the_distance_over_a_missing_level_is_shared_by_its_two_steps(exam: Exam) -> None:
    upper = Rectangle(2, 30, 40, 10, 14)
    assert check_geometry(exam, {Level.L1: upper, Level.L3: replace(upper, row0=90)}, Protocol()) == ()
    near = check_geometry(exam, {Level.L1: upper, Level.L3: replace(upper, row0=70)}, Protocol())
    assert [(one.code, one.values["distance"]) for one in near] == [("spine.spacing", 20.0)]


def test_the_distance_counts_the_way_across_slices_and_along_the_spine_in_mm(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    exam = make_exam(grid=make_grid((9, 256, 256), spacing_mm=(4.0, 0.5, 0.5)))
    upper, lower = Rectangle(0, 20, 40, 20, 28), Rectangle(1, 26, 48, 20, 28)
    found = check_geometry(exam, {Level.L1: upper, Level.L2: lower}, Protocol())
    assert [one.values["distance"] for one in found] == [pytest.approx((4.0**2 + 3.0**2 + 4.0**2) ** 0.5)]


def test_every_threshold_comes_from_the_protocol(exam: Exam) -> None:
    strict = Protocol(
        min_area_mm2=200.0, usual_area_mm2=(300.0, 400.0), spacing_mm=(31.0, 45.0), area_deviation=0.01
    )
    codes = {one.code for one in check_geometry(exam, SPINE, strict)}
    assert codes == {"area.too_small", "spine.spacing"}
    roomy = Protocol(usual_area_mm2=(0.0, 1e6), area_deviation=9.0, spacing_mm=(0.0, 500.0))
    spine = SPINE | {Level.L3: replace(SPINE[Level.L3], cols=100)}
    assert check_geometry(exam, spine, roomy) == ()


# -- turned and deep rectangles -----------------------------------------------------------------------------

POOLED = replace(WIDE, slices=3)


def test_the_area_of_a_turned_rectangle_is_that_of_the_voxels_it_counts(exam: Exam) -> None:
    # eight by eight at 45 degrees: fewer centres lie inside than 64
    turned = Rectangle(2, 50, 50, 8, 8, 45.0)
    assert turned.count(exam.grid) == 60
    limits = replace(WIDE, min_area_mm2=64.0, usual_area_mm2=(0.0, 450.0))
    assert check_geometry(exam, {Level.L1: replace(turned, angle_deg=0.0)}, limits) == ()
    (found,) = check_geometry(exam, {Level.L1: turned}, limits)
    assert (found.code, found.values["area"]) == ("area.too_small", turned.area_mm2(exam.grid))


def test_three_slices_do_not_make_up_for_a_small_area(exam: Exam) -> None:
    deep = Rectangle(2, 50, 50, 5, 8, depth=3)
    (found,) = check_geometry(exam, {Level.L1: deep}, POOLED)
    assert (found.code, found.values["area"]) == ("area.too_small", 40.0)


def test_a_rectangle_of_other_slices_than_the_protocol_wants_is_warned_of(exam: Exam) -> None:
    deep = {level: replace(box, depth=3) for level, box in SPINE.items()}
    assert check_geometry(exam, deep, POOLED) == ()
    (found,) = check_geometry(exam, {**deep, Level.L4: SPINE[Level.L4]}, POOLED)
    assert found == Finding("slices.unlike_protocol", Severity.WARN, Level.L4, {"slices": 1, "wanted": 3})


def test_turned_rectangles_overlap_only_where_they_share_a_voxel(exam: Exam) -> None:
    # the boxes around both overlap, and only what is turned further reaches the other
    upper = Rectangle(2, 40, 40, 10, 14, 20.0)
    lower = Rectangle(2, 53, 40, 10, 14, 20.0)
    apart = {Level.L1: upper, Level.L2: lower}
    assert "spine.overlap" not in [one.code for one in check_geometry(exam, apart, WIDE)]
    crossed = {Level.L1: upper, Level.L2: replace(lower, angle_deg=-20.0)}
    assert ("L2", "spine.overlap") in _codes(check_geometry(exam, crossed, WIDE))


def test_deep_rectangles_overlap_across_slices(exam: Exam) -> None:
    upper = Rectangle(1, 40, 40, 10, 14, depth=3)
    lower = Rectangle(3, 45, 40, 10, 14, depth=3)
    assert ("L2", "spine.overlap") in _codes(check_geometry(exam, {Level.L1: upper, Level.L2: lower}, POOLED))


def test_rectangles_without_a_voxel_are_too_small_and_nothing_else(
    make_exam: MakeExam, make_grid: MakeGrid
) -> None:
    # voxels ten times as wide as high: a narrow box on end lies between two columns
    exam = make_exam(grid=make_grid((5, 200, 20), (4.0, 1.0, 10.0)))
    boxes = {level: Rectangle(2, 20 + 30 * k, 8, 1, 2, 90.0) for k, level in enumerate(LEVELS)}
    assert [box.count(exam.grid) for box in boxes.values()] == [0] * 5
    assert {one.code for one in check_geometry(exam, boxes, WIDE)} == {"area.too_small"}
