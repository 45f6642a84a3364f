"""A small picture is the slice itself: turned as on screen, square pixels, nothing cut off."""

from __future__ import annotations

import numpy as np
import pytest

from app.domain.grid import Grid, Vector
from app.services.thumbnails import nothing_to_show, thumbnail

RIGHT, ANTERIOR, DOWN = (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)
LEFT, POSTERIOR, UP = (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


def grid(
    rows: int,
    cols: int,
    spacing: tuple[float, float] = (1.0, 1.0),
    axes: tuple[Vector, Vector, Vector] = (LEFT, DOWN, POSTERIOR),
) -> Grid:
    return Grid((3, rows, cols), (4.0, *spacing), (0.0, 0.0, 0.0), axes)


def test_values_become_grey_between_the_ends_of_the_window_and_are_clipped_outside() -> None:
    values = np.full((96, 96), 40.0)
    values[:32], values[64:] = -20.0, 130.0
    picture = thumbnail(values, grid(96, 96), (0.0, 100.0))
    assert (picture.dtype, picture.shape) == (np.uint8, (96, 96))
    assert [sorted(set(part.ravel())) for part in (picture[:32], picture[32:64], picture[64:])] == [
        [0],
        [102],
        [255],
    ]
    assert not picture.flags.writeable


@pytest.mark.parametrize(
    ("shape", "spacing", "expected"),
    [
        ((256, 256), (1.0, 1.0), (96, 96)),
        ((100, 200), (2.0, 1.0), (96, 96)),
        ((200, 100), (1.0, 1.0), (96, 48)),
        ((12, 16), (1.0, 1.0), (72, 96)),
        ((1, 500), (1.0, 1.0), (1, 96)),
    ],
)
def test_pixels_are_square_and_the_longer_side_has_96(
    shape: tuple[int, int], spacing: tuple[float, float], expected: tuple[int, int]
) -> None:
    values = np.arange(shape[0] * shape[1]).reshape(shape)
    assert thumbnail(values, grid(*shape, spacing)).shape == expected


@pytest.mark.parametrize("axes", [(LEFT, UP, ANTERIOR), (RIGHT, POSTERIOR, UP), (LEFT, ANTERIOR, DOWN)])
def test_a_slice_stored_in_any_way_is_shown_with_anterior_left_and_superior_up(
    axes: tuple[Vector, Vector, Vector],
) -> None:
    shape = (96, 48) if axes[1][2] else (48, 96)
    values = np.zeros(shape)
    # the corner that is furthest up and to the front
    front_up = [0 if axis in (DOWN, POSTERIOR) else -1 for axis in axes[1:]]
    values[front_up[0], front_up[1]] = 100.0
    spacing = (1.0, 1.0)
    picture = thumbnail(values, grid(*shape, spacing, axes), (0.0, 100.0))
    assert picture.shape == (96, 48)
    assert (picture[0, 0], int(picture.sum(dtype=int))) == (255, 255)


def test_spacing_goes_along_when_rows_and_columns_change_places() -> None:
    values = np.zeros((48, 96))
    assert thumbnail(values, grid(48, 96, (2.0, 1.0), (LEFT, POSTERIOR, UP))).shape == (96, 96)


def test_a_pixel_is_the_mean_of_the_voxels_it_covers() -> None:
    values = np.random.default_rng(0).uniform(0, 255, (192, 192))
    expected = values.reshape(96, 2, 96, 2).mean(axis=(1, 3))
    picture = thumbnail(values, grid(192, 192), (0.0, 255.0))
    assert np.array_equal(picture, np.rint(expected).astype(np.uint8))


def test_a_voxel_without_a_value_is_black_and_spoils_no_neighbour() -> None:
    values = np.full((192, 192), 80.0)
    values[0, 0] = np.nan
    values[100:110, 100:110] = np.inf
    picture = thumbnail(values, grid(192, 192), (0.0, 100.0))
    assert sorted(set(picture.ravel())) == [0, 204]
    assert np.count_nonzero(picture == 0) == 25


def test_without_a_window_percentiles_of_the_slice_are_black_and_white() -> None:
    values = np.arange(96 * 96).reshape(96, 96).astype(np.int16)
    # a spike darkens nothing else
    values[0, 0] = 32000
    picture = thumbnail(values, grid(96, 96))
    assert picture.max() == 255
    assert 126 <= np.median(picture) <= 129


@pytest.mark.parametrize("value", [7.0, np.nan])
def test_a_slice_without_contrast_is_black_and_no_fault(value: float) -> None:
    picture = thumbnail(np.full((8, 8), value), grid(8, 8))
    assert not picture.any()


def test_nothing_to_show_has_no_pixels() -> None:
    assert nothing_to_show().shape == (0, 0)
