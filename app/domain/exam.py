"""An exam: the maps of one patient on one day, without identity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.grid import Grid
from app.domain.maps import MEASURED, ParametricMap, Quantity


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """Maps that share one grid.

    Attributes
    ----------
    code : str
        Case code, such as ``C0417``. Never a name.
    maps : mapping of Quantity to ParametricMap
        At least one of FF and R2*.
    field_strength_t : float or None
        Magnetic field, tesla.
    native_voxel_mm : tuple of float or None
        Acquired ``(row, col)`` voxel size before zero filling.
    id : int
        Key in the session; 0 before it is stored.
    """

    code: str
    maps: Mapping[Quantity, ParametricMap]
    field_strength_t: float | None = None
    native_voxel_mm: tuple[float, float] | None = None
    id: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "maps", MappingProxyType(dict(self.maps)))
        if not self.measured:
            raise ValueError("an exam needs an FF or an R2* map")
        if any(one.quantity is not quantity for quantity, one in self.maps.items()):
            raise ValueError("a map is kept under another quantity")
        # one rectangle is counted on all of them by its voxel indices
        if not all(one.grid.matches(self.grid) for one in self.measured):
            raise ValueError("the measured maps do not share one grid")

    @property
    def measured(self) -> tuple[ParametricMap, ...]:
        """The maps that are measured, FF before R2*."""
        return tuple(self.maps[quantity] for quantity in MEASURED if quantity in self.maps)

    @property
    def grid(self) -> Grid:
        """The grid all measured maps share."""
        return self.measured[0].grid

    @property
    def native_pixel_area_mm2(self) -> float:
        """Area of an acquired voxel, mm2; that of a stored one where the acquisition is not known."""
        if self.native_voxel_mm is None:
            return self.grid.pixel_area_mm2
        return self.native_voxel_mm[0] * self.native_voxel_mm[1]
