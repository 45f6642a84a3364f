"""The same place of the patient in the maps and in another series, on whatever grid that has."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.grid import Grid, Vector, orientation_of
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.domain.turning import TurnedBox
from app.ui.canvas import projection
from app.ui.canvas.view import Camera, View, shown_spacing

SAGITTAL: tuple[Vector, Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
MAPS = Grid((20, 120, 90), (4.0, 1.5, 1.5), (-40.0, -70.0, 80.0), SAGITTAL)
# right to left, bottom to top and back to front; rows across; another matrix and spacing
FLIPPED = Grid((11, 200, 180), (7.0, 0.8, 0.7), (35.0, 55.0, -90.0), ((-1, 0, 0), (0, 0, 1), (0, -1, 0)))
TRANSPOSED = Grid((15, 160, 210), (5.0, 0.7, 0.9), (-35.0, -60.0, 85.0), ((1, 0, 0), (0, 1, 0), (0, 0, -1)))
SIZE, OTHER_SIZE = (430.0, 660.0), (286.0, 640.0)


def _turned(about_z: float, about_y: float, about_x: float) -> tuple[Vector, Vector, Vector]:
    """The sagittal axes, turned by angles in radians."""
    (c1, c2, c3), (s1, s2, s3) = np.cos([about_z, about_y, about_x]), np.sin([about_z, about_y, about_x])
    turn = (
        np.array([[1, 0, 0], [0, c3, -s3], [0, s3, c3]])
        @ np.array([[c2, 0, s2], [0, 1, 0], [-s2, 0, c2]])
        @ np.array([[c1, -s1, 0], [s1, c1, 0], [0, 0, 1]])
    )
    one, two, three = (np.array(SAGITTAL) @ turn.T).tolist()
    return tuple(one), tuple(two), tuple(three)


OBLIQUE = Grid((13, 170, 150), (5.0, 0.9, 1.0), (-33.0, -72.0, 78.0), _turned(0.15, -0.1, 0.2))
ALL = pytest.mark.parametrize(
    "other", [MAPS, FLIPPED, TRANSPOSED, OBLIQUE], ids=["same", "flipped", "rows", "oblique"]
)
angles = st.floats(-0.5, 0.5)
oblique_grids = st.builds(
    Grid,
    shape=st.tuples(st.integers(1, 40), st.integers(8, 300), st.integers(8, 300)),
    spacing_mm=st.tuples(st.floats(1.0, 8.0), st.floats(0.3, 3.0), st.floats(0.3, 3.0)),
    origin_mm=st.tuples(*[st.floats(-150.0, 150.0)] * 3),
    axes=st.builds(_turned, angles, angles, angles),
)
cameras = st.builds(Camera, st.floats(0.5, 20.0), st.tuples(st.floats(0.0, 1.0), st.floats(0.0, 1.0)))


def seen(camera: Camera) -> View:
    turned = orientation_of(MAPS)
    return View(turned, shown_spacing(MAPS, turned), SIZE, camera)


def linked(camera: Camera, slice_index: int, other: Grid) -> View:
    """How another grid lies in its widget while the maps lie as the camera says."""
    own = projection.linked_camera(seen(camera), MAPS, slice_index, other, OTHER_SIZE)
    turned = orientation_of(other)
    return View(turned, shown_spacing(other, turned), OTHER_SIZE, own)


def under(view: View, grid: Grid, slice_index: int, right: float, down: float) -> Vector:
    """Patient point at so many screen points right of and below the middle of a view."""
    stored = view.to_stored(view.size[0] / 2 + right, view.size[1] / 2 + down)
    return projection.patient_point(grid, slice_index, stored)


@ALL
@pytest.mark.parametrize("camera", [Camera(), Camera(3.0, (0.3, 0.8)), Camera(0.6, (0.9, 0.1))])
def test_both_views_have_the_same_mm_scale_and_the_same_place_in_the_middle(
    other: Grid, camera: Camera
) -> None:
    view = linked(camera, 7, other)
    assert view.scale == pytest.approx(seen(camera).scale, rel=1e-12)
    point = under(seen(camera), MAPS, 7, 0, 0)
    shown = view.to_screen(*view.orientation.to_shown(*projection.stored_place(other, point)))
    assert shown == pytest.approx((OTHER_SIZE[0] / 2, OTHER_SIZE[1] / 2), abs=1e-6)


@pytest.mark.parametrize("other", [MAPS, FLIPPED, TRANSPOSED], ids=["same", "flipped", "rows"])
@pytest.mark.parametrize(("right", "down"), [(0.0, 0.0), (100.0, -180.0), (-140.0, 250.0)])
def test_a_point_lies_over_the_same_place_of_the_patient_in_both_views(
    other: Grid, right: float, down: float
) -> None:
    camera = Camera(2.2, (0.4, 0.6))
    shown = projection.nearest_slice(MAPS, 7, other)
    one = under(seen(camera), MAPS, 7, right, down)
    two = under(linked(camera, 7, other), other, shown, right, down)
    # anterior-posterior and up-down; the planes themselves may be apart
    assert one[1:] == pytest.approx(two[1:], abs=1e-9)
    assert abs(one[0] - two[0]) <= other.spacing_mm[0] / 2


@given(oblique_grids, cameras, st.integers(0, 19))
def test_the_middle_of_both_views_is_the_same_place_on_any_oblique_grid(
    other: Grid, camera: Camera, slice_index: int
) -> None:
    view = linked(camera, slice_index, other)
    middle = view.to_stored(OTHER_SIZE[0] / 2, OTHER_SIZE[1] / 2)
    point = under(seen(camera), MAPS, slice_index, 0, 0)
    assert projection.stored_place(other, point) == pytest.approx(middle, abs=1e-5)
    assert view.scale == pytest.approx(seen(camera).scale)


@given(oblique_grids, st.floats(-400.0, 400.0), st.floats(-400.0, 400.0), st.integers(0, 39))
def test_a_place_and_its_patient_point_lead_to_each_other(
    grid: Grid, row: float, col: float, slice_index: int
) -> None:
    point = projection.patient_point(grid, slice_index, (row, col))
    assert projection.stored_place(grid, point) == pytest.approx((row, col), abs=1e-6)


def test_a_voxel_lies_between_its_edges_and_its_centre_is_the_patient_point_of_its_index() -> None:
    centre = projection.patient_point(MAPS, 3, (10.5, 20.5))
    assert centre == tuple(MAPS.to_patient((3, 10, 20)).tolist())
    assert projection.inside(MAPS, (0.0, 0.0))
    assert projection.inside(MAPS, (119.9, 89.9))
    assert not any(
        projection.inside(MAPS, place) for place in ((-0.1, 5.0), (120.0, 5.0), (5.0, -0.1), (5.0, 90.0))
    )


@pytest.mark.parametrize("slice_index", [0, 5, 9, 14, 19])
@pytest.mark.parametrize("other", [FLIPPED, TRANSPOSED], ids=["flipped", "rows"])
def test_the_nearest_slice_is_the_one_whose_plane_is_nearest(other: Grid, slice_index: int) -> None:
    x = MAPS.to_patient((slice_index, 0, 0))[0]
    planes = [other.to_patient((number, 0, 0))[0] for number in range(other.shape[0])]
    found = projection.nearest_slice(MAPS, slice_index, other)
    assert abs(planes[found] - x) == min(abs(plane - x) for plane in planes)


@given(oblique_grids, st.integers(0, 19))
def test_the_nearest_plane_of_a_tilted_stack_is_nearest_to_the_middle_of_the_slice(
    other: Grid, slice_index: int
) -> None:
    middle = MAPS.to_patient((slice_index, 59.5, 44.5))
    normal = np.cross(other.axes[1], other.axes[2])
    away = [
        abs(np.dot(other.to_patient((number, 0, 0)) - middle, normal)) for number in range(other.shape[0])
    ]
    found = projection.nearest_slice(MAPS, slice_index, other)
    assert away[found] == pytest.approx(min(away), abs=1e-6)


@ALL
@pytest.mark.parametrize("angle", [0.0, 30.0, -70.0])
def test_an_outline_goes_through_the_corners_of_the_rectangle(other: Grid, angle: float) -> None:
    drawn = Rectangle(9, 40, 30, 12, 16, angle)
    shown = projection.nearest_slice(MAPS, 9, other)
    outline = projection.outlines(MAPS, {Level.L3: drawn}, other, shown)[Level.L3]
    wanted = [
        projection.stored_place(other, projection.patient_point(MAPS, 9, corner))
        for corner in drawn.box(MAPS).corners
    ]
    size = (outline.row1 - outline.row0, outline.col1 - outline.col0)
    middle = (outline.row0 + size[0] / 2, outline.col0 + size[1] / 2)
    corners = TurnedBox(middle, size, outline.angle_deg, other.spacing_mm[1:]).corners
    # on a tilted plane a rectangle is seen a little askew
    slack = 0.6 if other is OBLIQUE else 1e-6
    for row, col in wanted:
        assert min(max(abs(row - one), abs(col - two)) for one, two in corners) <= slack
    if angle == 0.0 and other is not OBLIQUE:
        assert outline.angle_deg == 0.0
    plane = other.to_index(MAPS.to_patient(drawn.centre))[0]
    assert outline.near == (abs(plane - shown) <= 0.5)


def test_a_pooled_rectangle_is_near_on_the_planes_of_all_its_slices() -> None:
    thin = replace(MAPS, shape=(40, 120, 90), spacing_mm=(2.0, 1.5, 1.5))
    boxes = {Level.L1: Rectangle(5, 40, 30, 5, 5), Level.L2: Rectangle(5, 40, 30, 5, 5, depth=3)}
    near = {
        level: [index for index in range(40) if projection.outlines(MAPS, boxes, thin, index)[level].near]
        for level in boxes
    }
    assert near == {Level.L1: [10], Level.L2: [8, 10, 12]}


def test_an_outline_on_the_maps_own_grid_is_the_rectangle_itself() -> None:
    drawn = {Level.L1: Rectangle(9, 40, 30, 12, 16), Level.L2: Rectangle(2, 70, 33, 9, 8)}
    found = projection.outlines(MAPS, drawn, MAPS, 9)
    for level, box in drawn.items():
        one = found[level]
        assert (one.row0, one.col0, one.row1, one.col1) == pytest.approx(
            (box.row0, box.col0, box.row1, box.col1)
        )
    assert (found[Level.L1].near, found[Level.L2].near) == (True, False)


def test_a_plane_is_near_up_to_half_a_slice_and_faint_beyond() -> None:
    """Slices of 8 mm beside slices of 4 mm: every second plane lies exactly between two."""
    thick = replace(MAPS, shape=(10, 120, 90), spacing_mm=(8.0, 1.5, 1.5))
    boxes = {
        level: Rectangle(place, 40, 30, 5, 5) for level, place in zip(Level, (8, 9, 10, 7, 6), strict=True)
    }
    found = projection.outlines(MAPS, boxes, thick, 4)
    assert [found[level].near for level in Level] == [True, True, False, True, False]


def test_without_rectangles_there_are_no_outlines() -> None:
    assert projection.outlines(MAPS, {}, FLIPPED, 3) == {}


def test_the_geometry_needs_no_window() -> None:
    source = projection.__file__
    with open(source, encoding="utf-8") as text:  # noqa: PTH123 - the module's own file
        assert "PySide6" not in text.read()
