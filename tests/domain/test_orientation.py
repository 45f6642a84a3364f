"""How a slice is turned for the screen."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.grid import Grid, Orientation, Vector, orientation_of

MakeGrid = Callable[..., Grid]

# the two in-plane patient axes of each plane, and the letters its picture must carry (left right top bottom)
PLANES = {
    "sagittal": (0, (1, 2), ("A", "P", "S", "I")),
    "coronal": (1, (0, 2), ("R", "L", "S", "I")),
    "axial": (2, (0, 1), ("R", "L", "A", "P")),
}
# screen-right and screen-down of each plane as (patient axis, sign)
WANTED = {
    "sagittal": ((1, 1), (2, -1)),
    "coronal": ((0, 1), (2, -1)),
    "axial": ((0, 1), (1, 1)),
}
EIGHT_WAYS = list(product((False, True), (1.0, -1.0), (1.0, -1.0)))


def _unit(axis: int, sign: float) -> Vector:
    x, y, z = (np.eye(3)[axis] * sign).tolist()
    return x, y, z


def _stored_way(
    make_grid: MakeGrid, plane: str, *, swapped: bool, row_sign: float, col_sign: float, sign: float = 1.0
) -> Grid:
    normal, (first, second), _ = PLANES[plane]
    row_axis, col_axis = (second, first) if swapped else (first, second)
    axes = (_unit(normal, sign), _unit(row_axis, row_sign), _unit(col_axis, col_sign))
    return make_grid((3, 7, 5), (4.0, 1.5, 0.8), (0.0, 0.0, 0.0), axes)


def _coordinate(grid: Grid, axis: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Patient coordinate of every voxel of slice 1, shape (rows, cols)."""
    _, rows, cols = grid.shape
    index = np.stack(np.broadcast_arrays(1, *np.ogrid[:rows, :cols]), axis=-1)
    found: np.ndarray[tuple[int, int], np.dtype[np.float64]] = grid.to_patient(index)[..., axis]
    return found


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("slice_sign", [1.0, -1.0])
@pytest.mark.parametrize(("swapped", "row_sign", "col_sign"), EIGHT_WAYS)
def test_every_way_of_storing_a_plane_is_shown_the_conventional_way_with_its_numbers_unchanged(
    make_grid: MakeGrid, plane: str, slice_sign: float, row_sign: float, col_sign: float, *, swapped: bool
) -> None:
    grid = _stored_way(
        make_grid, plane, swapped=swapped, row_sign=row_sign, col_sign=col_sign, sign=slice_sign
    )
    turned = orientation_of(grid)
    (right, right_sign), (down, down_sign) = WANTED[plane]
    assert turned.letters == PLANES[plane][2]
    assert (np.diff(turned.show(_coordinate(grid, right)), axis=1) * right_sign > 0).all()
    assert (np.diff(turned.show(_coordinate(grid, down)), axis=0) * down_sign > 0).all()
    stored = np.arange(35, dtype=np.int16).reshape(7, 5)
    picture = turned.show(stored)
    assert picture.shape == turned.shown_shape
    assert sorted(picture.ravel().tolist()) == list(range(35))
    assert np.shares_memory(picture, stored)


def test_anatomy_stored_with_anterior_to_the_right_is_mirrored(make_grid: MakeGrid) -> None:
    grid = make_grid((1, 2, 3), axes=((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, -1.0, 0.0)))
    picture = orientation_of(grid).show(np.array([[1, 2, 3], [4, 5, 6]]))
    assert picture.tolist() == [[3, 2, 1], [6, 5, 4]]


def test_a_read_only_slice_is_shown_read_only() -> None:
    stored = np.zeros((2, 3), np.int16)
    stored.setflags(write=False)
    turned = Orientation(
        transpose=True, flip_rows=True, flip_cols=True, shape=(2, 3), letters=("A", "P", "S", "I")
    )
    assert not turned.show(stored).flags.writeable


# thousandths: numbers so small that a determinant of them cannot be told are nobody's orientation
@given(numbers=st.lists(st.integers(-1000, 1000).map(lambda n: n / 1000), min_size=9, max_size=9))
def test_screen_right_and_screen_down_never_point_the_wrong_way_however_oblique_the_slices_are(
    make_grid: MakeGrid, numbers: list[float]
) -> None:
    matrix = np.array(numbers).reshape(3, 3)
    assume(abs(np.linalg.det(matrix)) > 1e-3)
    normal, rows, cols = ((v[0], v[1], v[2]) for v in np.linalg.qr(matrix)[0].tolist())
    grid = make_grid((3, 7, 5), axes=(normal, rows, cols))
    turned = orientation_of(grid)

    def patient(y: float, x: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        point: np.ndarray[tuple[int], np.dtype[np.float64]] = grid.to_patient((0.0, *turned.to_stored(y, x)))
        return point

    (right, right_sign), (down, down_sign) = WANTED[grid.plane]
    assert (patient(0.0, 1.0) - patient(0.0, 0.0))[right] * right_sign > 0
    assert (patient(1.0, 0.0) - patient(0.0, 0.0))[down] * down_sign > 0


@given(tilt=st.floats(-40.0, 40.0), way=st.sampled_from(EIGHT_WAYS))
def test_a_sagittal_slice_turned_in_its_plane_keeps_anterior_left_and_superior_up(
    make_grid: MakeGrid, tilt: float, way: tuple[bool, float, float]
) -> None:
    cos, sin = float(np.cos(np.radians(tilt))), float(np.sin(np.radians(tilt)))
    swapped, row_sign, col_sign = way
    down, right = (0.0, sin, -cos), (0.0, cos, sin)
    row_axis, col_axis = (right, down) if swapped else (down, right)
    axes = (
        (1.0, 0.0, 0.0),
        (0.0, row_axis[1] * row_sign, row_axis[2] * row_sign),
        (0.0, col_axis[1] * col_sign, col_axis[2] * col_sign),
    )
    assert orientation_of(make_grid(axes=axes)).letters == ("A", "P", "S", "I")


orientations = st.builds(
    Orientation,
    transpose=st.booleans(),
    flip_rows=st.booleans(),
    flip_cols=st.booleans(),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    letters=st.just(("A", "P", "S", "I")),
)
positions = st.floats(-5.0, 20.0)


@given(orientations, positions, positions)
def test_to_stored_inverts_to_shown(turned: Orientation, row: float, col: float) -> None:
    assert turned.to_stored(*turned.to_shown(row, col)) == pytest.approx((row, col), abs=1e-9)
    assert turned.to_shown(*turned.to_stored(row, col)) == pytest.approx((row, col), abs=1e-9)


@given(orientations)
def test_the_picture_agrees_voxel_by_voxel_with_the_position_of_each_voxel(turned: Orientation) -> None:
    rows, cols = turned.shape
    stored = np.arange(rows * cols).reshape(rows, cols)
    picture = turned.show(stored)
    for row, col in np.ndindex(rows, cols):
        # the middle of a voxel: voxel k covers k .. k + 1
        y, x = turned.to_shown(row + 0.5, col + 0.5)
        assert picture[int(y), int(x)] == stored[row, col]


@given(orientations, st.floats(-179.0, 179.0))
def test_a_turn_from_rows_to_columns_is_seen_as_so_much_clockwise(turned: Orientation, angle: float) -> None:
    def seen(row: float, col: float) -> complex:
        """Direction on the screen, x to the right and y downwards."""
        (y0, x0), (y, x) = turned.to_shown(0.0, 0.0), turned.to_shown(row, col)
        return complex(x - x0, y - y0)

    way = np.deg2rad(angle)
    # y runs downwards, so that the phase grows clockwise
    found = np.angle(seen(np.cos(way), np.sin(way)) / seen(1.0, 0.0), deg=True)
    assert turned.clockwise(angle) == pytest.approx(found, abs=1e-6)
    assert turned.clockwise(turned.clockwise(angle)) == angle
