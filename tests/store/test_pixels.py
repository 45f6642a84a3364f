"""Voxels taken apart and put together again, and the hash they are known by."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from app.domain.grid import Grid
from app.store import pixels

KINDS = ["<i2", "<u2", "<f4", "<f8"]


def grid_of(shape: tuple[int, int, int]) -> Grid:
    return Grid(shape, (4.0, 1.25, 1.5), (-8.0, -20.0, 30.0), ((1.0, 0, 0), (0, 0, -1.0), (0, 1.0, 0)))


def rows_of(packed: pixels.PackedPixels) -> list[Any]:
    """Rows as the database gives them."""
    return [{"codec": pixels.CODEC, "content": content} for content in packed.slices]


@given(
    st.sampled_from(KINDS).flatmap(
        lambda dtype: arrays.arrays(dtype, arrays.array_shapes(min_dims=3, max_dims=3, max_side=7))
    )
)
def test_taking_voxels_apart_and_joining_them_changes_no_bit(stored: np.ndarray) -> None:
    packed = pixels.pack(stored, grid_of(stored.shape))
    again = pixels.unpack(packed.dtype, pixels.read_grid(packed.grid), rows_of(packed))
    assert again.dtype == stored.dtype
    # as bytes: NaN is not equal to itself, and there are several
    assert again.tobytes() == stored.tobytes()
    assert pixels.read_grid(packed.grid) == grid_of(stored.shape)


@pytest.mark.parametrize("kind", ["i2", "u2", "f4", "f8"])
def test_the_same_voxels_have_one_hash_in_either_byte_order_and_any_layout(kind: str) -> None:
    stored = np.arange(24, dtype=f"<{kind}").reshape(2, 3, 4)
    expected = hashlib.sha256(stored.tobytes()).hexdigest()
    assert pixels.pixel_sha256(stored) == expected
    assert pixels.pixel_sha256(stored.astype(f">{kind}")) == expected
    assert pixels.pixel_sha256(np.asfortranarray(stored)) == expected
    assert pixels.pack(stored, grid_of((2, 3, 4))).sha256 == expected


def test_the_hash_sees_every_voxel_and_their_order() -> None:
    stored = np.arange(24, dtype=np.int16).reshape(2, 3, 4)
    changed = stored.copy()
    changed[1, 2, 3] += 1
    assert len({pixels.pixel_sha256(one) for one in (stored, changed, stored[::-1])}) == 3


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_not_packed_like_this_or_is_incomplete_is_no_map(kind: str) -> None:
    stored = np.arange(24, dtype=kind).reshape(2, 3, 4)
    packed = pixels.pack(stored, grid_of((2, 3, 4)))
    rows, grid = rows_of(packed), grid_of((2, 3, 4))
    damaged = bytearray(packed.slices[0])
    damaged[-1] ^= 1
    for wrong in (
        rows[:1],
        [*rows, rows[0]],
        [{**rows[0], "codec": "plain"}, rows[1]],
        [{**rows[0], "content": bytes(damaged)}, rows[1]],
    ):
        with pytest.raises(ValueError, match=r"."):
            pixels.unpack(packed.dtype, grid, wrong)
    with pytest.raises(ValueError, match=r"."):
        pixels.unpack(packed.dtype, grid_of((2, 3, 5)), rows)
