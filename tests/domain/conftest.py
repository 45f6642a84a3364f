"""Builders for the values of the domain: plain, small, and complete unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.domain.exam import Exam
from app.domain.grid import Grid, Vector
from app.domain.maps import ParametricMap, Quantity, Scaling

# sagittal as most scanners store it: rows run to the feet, columns to the back
SAGITTAL: tuple[Vector, Vector, Vector] = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))


def _make_grid(
    shape: tuple[int, int, int] = (5, 40, 32),
    spacing_mm: Vector = (4.0, 1.0, 1.0),
    origin_mm: Vector = (-8.0, -20.0, 30.0),
    axes: tuple[Vector, Vector, Vector] = SAGITTAL,
) -> Grid:
    return Grid(shape, spacing_mm, origin_mm, axes)


def _make_map(
    stored: npt.ArrayLike | None = None,
    *,
    quantity: Quantity = Quantity.FF,
    grid: Grid | None = None,
    slope: float = 1.0,
    intercept: float = 0.0,
    kind: type[ParametricMap] = ParametricMap,
) -> ParametricMap:
    """Make a map of the given integers (all 30 without), on a sagittal grid of their shape."""
    if stored is None:
        stored = np.full((grid or _make_grid()).shape, 30, np.int16)
    voxels = np.array(stored) if isinstance(stored, np.ndarray) else np.array(stored, np.int16)
    slices, rows, cols = voxels.shape
    scaling = Scaling(
        slope, intercept, "dicom.rescale", "image_type", "ff.percent", "all", 30.0, 30.0, 0, 0, 0, 0
    )
    return kind(quantity, voxels, grid or _make_grid((slices, rows, cols)), scaling)


def _make_exam(
    maps: Mapping[Quantity, ParametricMap] | None = None, *, grid: Grid | None = None, **others: Any
) -> Exam:
    """Make an exam of the given maps, or of one FF and one R2* map on ``grid``."""
    if maps is None:
        both = (Quantity.FF, Quantity.R2STAR)
        maps = {quantity: _make_map(grid=grid, quantity=quantity) for quantity in both}
    return Exam("C0417", maps, **others)


@pytest.fixture(scope="session")
def make_grid() -> Callable[..., Grid]:
    return _make_grid


@pytest.fixture(scope="session")
def make_map() -> Callable[..., ParametricMap]:
    return _make_map


@pytest.fixture(scope="session")
def make_exam() -> Callable[..., Exam]:
    return _make_exam
