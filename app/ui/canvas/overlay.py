"""A look at water, fat or an anatomical series in the place of the maps, while a key is held."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid
from app.domain.maps import Stored
from app.domain.reference import ReferenceSeries
from app.ui.canvas.projection import sample_plane


@dataclass(frozen=True, slots=True, eq=False)
class Overlay:
    """One slice of another series, brought onto the plane of the maps to be looked at.

    Attributes
    ----------
    stored : ndarray of float32, shape (1, rows, cols)
        The nearest voxels of the series; NaN where it shows nothing of this plane.
    grid : Grid
        The grid of the maps.
    window : tuple of float
        Grey scale of the series.
    name : str
        What is written on the picture.
    """

    stored: Stored
    grid: Grid
    window: tuple[float, float]
    name: str

    def scale(self, stored: Stored) -> npt.NDArray[np.float64]:
        """Brightness, in no unit."""
        return stored.astype(np.float64)


def overlay_of(series: ReferenceSeries, maps: Grid, slice_index: int) -> Overlay:
    """What a series shows in the plane of a slice of the maps.

    Parameters
    ----------
    series : ReferenceSeries
        On a grid of its own.
    maps : Grid
        The exam's grid.
    slice_index : int
        Slice of the maps.
    """
    plane = sample_plane(maps, slice_index, series.grid, series.stored)
    return Overlay(plane[None], maps, series.window, series.name)
