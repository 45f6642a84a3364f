"""Voxel indices and patient coordinates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.grid import Grid, Vector, letter

MakeGrid = Callable[..., Grid]

_SMALL_TURN = 0.1


def _turned(first: float, second: float, third: float) -> tuple[Vector, Vector, Vector]:
    """Unit vectors turned about z, then y, then x, by angles in radians."""
    (c1, c2, c3), (s1, s2, s3) = np.cos([first, second, third]), np.sin([first, second, third])
    about_z = np.array([[c1, -s1, 0], [s1, c1, 0], [0, 0, 1]])
    about_y = np.array([[c2, 0, s2], [0, 1, 0], [-s2, 0, c2]])
    about_x = np.array([[1, 0, 0], [0, c3, -s3], [0, s3, c3]])
    one, two, three = (about_x @ about_y @ about_z).tolist()
    return tuple(one), tuple(two), tuple(three)


angles = st.floats(-3.2, 3.2)
lengths = st.floats(0.2, 10.0)
offsets = st.floats(-500.0, 500.0)
oblique_grids = st.builds(
    Grid,
    shape=st.tuples(*[st.integers(1, 300)] * 3),
    spacing_mm=st.tuples(lengths, lengths, lengths),
    origin_mm=st.tuples(offsets, offsets, offsets),
    axes=st.builds(_turned, angles, angles, angles),
)
indices = st.lists(st.tuples(*[st.floats(-50.0, 350.0)] * 3), min_size=1, max_size=5)


@given(oblique_grids, indices)
def test_to_index_inverts_to_patient_on_any_oblique_grid(
    grid: Grid, wanted: list[tuple[float, float, float]]
) -> None:
    np.testing.assert_allclose(grid.to_index(grid.to_patient(wanted)), wanted, atol=1e-7)


@given(oblique_grids, st.tuples(offsets, offsets, offsets))
def test_to_patient_inverts_to_index_on_any_oblique_grid(grid: Grid, point: Vector) -> None:
    np.testing.assert_allclose(grid.to_patient(grid.to_index(point)), point, atol=1e-7)


def test_to_index_inverts_to_patient_when_direction_cosines_were_rounded_and_slices_are_sheared(
    make_grid: MakeGrid,
) -> None:
    grid = make_grid((60, 256, 256), axes=((0.98, 0.17, 0.10), (0.04, 0.17, -0.98), (-0.17, 0.98, 0.17)))
    far = (59.0, 255.0, 255.0)
    np.testing.assert_allclose(grid.to_index(grid.to_patient(far)), far, atol=1e-9)


@given(oblique_grids, st.sampled_from([0, 1, 2]))
def test_one_voxel_further_lies_one_spacing_along_its_axis(grid: Grid, axis: int) -> None:
    step = np.eye(3)[axis]
    way = grid.to_patient(step) - grid.to_patient((0, 0, 0))
    np.testing.assert_allclose(way, np.asarray(grid.axes[axis]) * grid.spacing_mm[axis], atol=1e-9)


def test_voxel_zero_lies_at_the_origin_and_shapes_of_points_are_kept(make_grid: MakeGrid) -> None:
    grid = make_grid(origin_mm=(3.0, -7.0, 11.0))
    points = grid.to_patient(np.zeros((4, 2, 3)))
    assert points.shape == (4, 2, 3)
    assert (points == (3.0, -7.0, 11.0)).all()


def test_the_pixel_area_does_not_contain_the_slice_distance(make_grid: MakeGrid) -> None:
    assert make_grid(spacing_mm=(4.0, 0.5, 0.75)).pixel_area_mm2 == 0.375


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize(("share", "same"), [(0.0, True), (0.09, True), (-0.09, True), (0.11, False)])
def test_grids_match_while_their_origins_are_within_a_tenth_of_a_voxel(
    make_grid: MakeGrid, axis: int, share: float, *, same: bool
) -> None:
    grid = make_grid(spacing_mm=(4.0, 1.5, 0.8))
    moved = replace(grid, origin_mm=tuple(grid.to_patient(np.eye(3)[axis] * share).tolist()))
    assert grid.matches(moved) is same
    assert moved.matches(grid) is same


def test_grids_match_only_with_the_same_shape(make_grid: MakeGrid) -> None:
    assert not make_grid((5, 40, 32)).matches(make_grid((5, 40, 31)))


def test_a_spacing_that_drifts_apart_at_the_far_corner_does_not_match(make_grid: MakeGrid) -> None:
    near, far = make_grid((1, 8, 256)), make_grid((1, 8, 256), spacing_mm=(4.0, 1.0, 1.001))
    assert not near.matches(far)
    assert near.matches(far, tolerance=0.3)


def test_grids_with_turned_rows_do_not_match(make_grid: MakeGrid) -> None:
    grid = make_grid()
    slices, rows, cols = grid.axes
    assert not grid.matches(replace(grid, axes=(slices, cols, rows)))


@pytest.mark.parametrize(
    ("normal_axis", "plane"), [(0, "sagittal"), (1, "coronal"), (2, "axial")], ids=["x", "y", "z"]
)
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_plane_is_named_after_the_normal_whichever_way_slices_are_numbered(
    make_grid: MakeGrid, normal_axis: int, plane: str, sign: float
) -> None:
    unit = np.roll(np.eye(3), -normal_axis, axis=0)
    first, second, third = ((row[0], row[1], row[2]) for row in (unit * sign).tolist())
    grid = make_grid(axes=(first, second, third))
    assert grid.plane == plane
    assert grid.obliquity_deg == 0.0


def test_obliquity_is_the_angle_to_the_nearest_patient_axis(make_grid: MakeGrid) -> None:
    grid = make_grid(axes=_turned(np.radians(20.0), 0.0, 0.0))
    assert grid.plane == "sagittal"
    assert grid.obliquity_deg == pytest.approx(20.0)


@pytest.mark.parametrize(
    ("axis", "letters"), [(0, ("L", "R")), (1, ("P", "A")), (2, ("S", "I"))], ids=["x", "y", "z"]
)
def test_letters_follow_the_lps_convention(axis: int, letters: tuple[str, str]) -> None:
    towards = [_SMALL_TURN] * 3
    towards[axis] = 1.0
    x, y, z = towards
    assert (letter((x, y, z)), letter((-x, -y, -z))) == letters
