"""Parametric maps: what a voxel means, in which unit, and why we believe so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from app.domain.grid import Grid


class Quantity(StrEnum):
    """What a map shows. Only :data:`MEASURED` ones are ever measured."""

    FF = "FF"
    R2STAR = "R2STAR"
    WATER = "WATER"
    FAT = "FAT"
    IN_PHASE = "IN_PHASE"
    OUT_PHASE = "OUT_PHASE"


MEASURED = (Quantity.FF, Quantity.R2STAR)
# percent and per second; a signal image has no unit
UNITS = {Quantity.FF: "%", Quantity.R2STAR: "/s"}
# fixed display ranges; window and level never change a value
DISPLAY_RANGE = {Quantity.FF: (0.0, 100.0), Quantity.R2STAR: (0.0, 300.0)}
FF_CEILING = 100.0
# how a line through stored integers becomes a value
LINEAR, RECIPROCAL_MS = "linear", "reciprocal_ms"
# how a map that the scanner did not make as it is came to be
SIGNAL_FF, RESAMPLED = "signal_ff", "resampled"
# integers as they came; floating point only where the source, or the way a map was derived, holds no integers
Stored: TypeAlias = npt.NDArray[np.integer | np.floating]
STORED_KINDS = ("<i2", "<u2", "<f4", "<f8")
_MS_PER_S = 1000.0
_NEARLY_ZERO = 1e-6


@dataclass(frozen=True, slots=True)
class Scaling:
    """How stored integers became values, and the evidence for it.

    Attributes
    ----------
    slope, intercept : float
        ``stored * slope + intercept`` is the value, see ``transform``.
    rule : str
        Code of the rule that gave them, such as ``"ge.physical"`` or ``"dicom.rescale"``.
    role_evidence : str
        Code of the evidence for the quantity, such as ``"image_type"``.
    check : str
        Code of what the range check found, such as ``"ff.percent"``.
    foreground : str
        Which voxels the range check looked at.
    p50, p995 : float
        Median and 99.5th percentile of the foreground after scaling.
    below, above, zero, maximum : int
        Voxels < 0, > 100 (FF only), = 0 and = the map's maximum.
    transform : str
        ``linear``, or ``reciprocal_ms``: the line above gives T2* in ms and the value is 1000 / T2*, per
        second; a T2* of 0 has no value.
    factor : float
        Part of ``slope`` and ``intercept`` that rule or person added to what the file's own tags say.
    confirmed_by : str
        Who confirmed the factor; empty where rule and range agreed.
    missing : int
        Voxels without a value.
    derived : str
        Empty for a map as the scanner made it; ``signal_ff`` for FF computed from water and fat signals,
        ``resampled`` for a map brought onto the grid of the other.
    """

    slope: float
    intercept: float
    rule: str
    role_evidence: str
    check: str
    foreground: str
    p50: float
    p995: float
    below: int
    above: int
    zero: int
    maximum: int
    # sessions written before these were known hold maps to which the defaults apply
    transform: str = LINEAR
    factor: float = 1.0
    confirmed_by: str = ""
    missing: int = 0
    derived: str = ""

    def values(self, stored: Stored) -> npt.NDArray[np.float64]:
        """Values of stored integers, any shape; NaN where T2* is 0."""
        scaled: npt.NDArray[np.float64] = stored.astype(np.float64) * self.slope + self.intercept
        if self.transform == LINEAR:
            return scaled
        # slope * stored + intercept may miss zero by its last digits, and 1 over that is no rate
        there = np.abs(scaled) > _NEARLY_ZERO * self.slope
        return np.divide(_MS_PER_S, scaled, out=np.full_like(scaled, np.nan), where=there)


@dataclass(frozen=True, slots=True, eq=False)
class ParametricMap:
    """One quantity on one grid.

    Attributes
    ----------
    quantity : Quantity
        What the values are.
    stored : ndarray of int16, uint16, float32 or float64, shape (slices, rows, cols)
        Pixel integers as they came, or floating-point values of a source that has none. Read-only.
    grid : Grid
        Where the voxels lie.
    scaling : Scaling
        From stored integers to values.
    largest_stored : float
        The largest stored number: voxels that reach it may be saturated.
    """

    quantity: Quantity
    stored: Stored
    grid: Grid
    scaling: Scaling
    largest_stored: float = field(init=False)

    def __post_init__(self) -> None:
        if self.stored.shape != self.grid.shape:
            raise ValueError(f"stored voxels {self.stored.shape} do not fit the grid {self.grid.shape}")
        self.stored.setflags(write=False)
        # counted once: a drag asks for it at every step
        object.__setattr__(self, "largest_stored", float(np.fmax.reduce(self.stored, axis=None)))

    @property
    def unit(self) -> str:
        """UCUM unit of the values; empty for signal images."""
        return UNITS.get(self.quantity, "")

    def scale(self, stored: Stored) -> npt.NDArray[np.float64]:
        """Values of some of this map's stored integers, any shape, float64."""
        return self.scaling.values(stored)

    def slice_values(self, index: int) -> npt.NDArray[np.float64]:
        """Values of one slice, shape (rows, cols)."""
        return self.scale(self.stored[index])

    def value_at(self, slice_index: int, row: int, col: int) -> float | None:
        """Value of one voxel, or None outside the grid."""
        slices, rows, cols = self.grid.shape
        if not (0 <= slice_index < slices and 0 <= row < rows and 0 <= col < cols):
            return None
        return float(self.scale(self.stored[slice_index, row, col]))
