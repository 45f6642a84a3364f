"""Anatomical series beside the maps: looked at for orientation, never measured."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.grid import Grid
from app.domain.maps import Stored


@dataclass(frozen=True, slots=True, eq=False)
class ReferenceSeries:
    """A T1, T2 or STIR series of the same study, on a grid of its own.

    It has no value anyone could count: signal in no unit.

    Attributes
    ----------
    name : str
        What is written above it: ``T1``, ``T2``, ``STIR`` or ``MR``, with a number where several are alike.
    stored : ndarray, shape (slices, rows, cols)
        Pixel integers as they came. Read-only.
    grid : Grid
        Where the voxels lie; in the frame of reference of the maps.
    window : tuple of float
        First and last stored number of the grey scale it is shown in.
    """

    name: str
    stored: Stored
    grid: Grid
    window: tuple[float, float]

    def __post_init__(self) -> None:
        if self.stored.shape != self.grid.shape:
            raise ValueError(f"stored voxels {self.stored.shape} do not fit the grid {self.grid.shape}")
        self.stored.setflags(write=False)
