"""Builders for the values of the domain: plain, small, and complete unless a test says otherwise."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from app.domain.exam import Exam
from app.domain.grid import Grid, Vector
from app.domain.maps import ParametricMap, Quantity, Scaling

Array = npt.NDArray[np.float64]

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


# -- a drawn spine ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DrawnBody:
    """A vertebral body as it is drawn: its middle behind and below that of the picture, mm, and its box."""

    behind: float
    below: float
    tilt_deg: float = 0.0
    height_mm: float = 26.0
    depth_mm: float = 34.0
    marrow: tuple[float, float] = (45.0, 140.0)


STRAIGHT = tuple(DrawnBody(0.0, 36.0 * place) for place in (-2, -1, 0, 1, 2))


def _tissues(bodies: Sequence[DrawnBody], y: Array, below: Array, *, slices: int) -> dict[Quantity, Array]:
    """FF and R2* of bodies in cortex, between discs, fat in front and a canal of water behind."""
    ff, r2star = np.full(y.shape, 92.0), np.full(y.shape, 55.0)
    ff[y > 20], r2star[y > 20] = 2.0, 8.0
    ff[(y > -20) & (y < 20)], r2star[(y > -20) & (y < 20)] = 4.0, 20.0
    for body in bodies:
        turn = np.radians(body.tilt_deg)
        back, down = y - body.behind, below - body.below
        along, across = back * np.cos(turn) - down * np.sin(turn), down * np.cos(turn) + back * np.sin(turn)
        inside = np.minimum(body.depth_mm / 2 - abs(along), body.height_mm / 2 - abs(across))
        ff[inside > 0], r2star[inside > 0] = 10.0, 170.0
        ff[inside > 1.2], r2star[inside > 1.2] = body.marrow
    rng = np.random.default_rng(3)
    return {
        quantity: np.clip(np.stack([one + rng.normal(0, sd, one.shape) for _ in range(slices)]), 0, None)
        for quantity, one, sd in ((Quantity.FF, ff, 2.0), (Quantity.R2STAR, r2star, 6.0))
    }


def _draw_spine(
    bodies: Sequence[DrawnBody] = STRAIGHT,
    *,
    code: str = "C0001",
    pixel_mm: float = 1.0,
    slices: int = 3,
    size_mm: tuple[float, float] = (230.0, 110.0),
) -> Exam:
    """Sagittal exam of drawn bodies; rows run down and columns back, from the middle of the picture."""
    rows, cols = (round(extent / pixel_mm) for extent in size_mm)
    axes = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
    first = (-(cols - 1) / 2 * pixel_mm, (rows - 1) / 2 * pixel_mm)
    grid = Grid((slices, rows, cols), (4.0, pixel_mm, pixel_mm), (0.0, *first), axes)
    y = np.broadcast_to(first[0] + np.arange(cols) * pixel_mm, (rows, cols))
    below = np.broadcast_to((np.arange(rows) * pixel_mm - first[1])[:, None], (rows, cols))
    scaling = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 40.0, 80.0, 0, 0, 0, 0)
    maps = {
        quantity: ParametricMap(quantity, np.rint(values).astype(np.int16), grid, scaling)
        for quantity, values in _tissues(bodies, y, below, slices=slices).items()
    }
    return Exam(code, maps, field_strength_t=3.0)


@pytest.fixture(scope="session")
def drawn_body() -> type[DrawnBody]:
    """A vertebral body to be drawn."""
    return DrawnBody


@pytest.fixture(scope="session")
def draw_spine() -> Callable[..., Exam]:
    """Give the function that draws an exam with bodies of known places; without any, five on a line."""
    return _draw_spine
