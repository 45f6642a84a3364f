"""An exam: the maps of one patient on one day, without identity."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.domain.grid import Grid
from app.domain.maps import MEASURED, ParametricMap, Quantity
from app.domain.shapes import Rectangle


def common_grid(grids: Iterable[Grid]) -> Grid | None:
    """The grid whose lines all others have too: the coarsest of them, or None where there is none.

    Parameters
    ----------
    grids : iterable of Grid
        Of maps that one rectangle should be counted on.
    """
    found = list(grids)
    # the first of equal ones, so that a single grid stands for maps that share their voxels
    return next((one for one in found if all(one.parts(other) for other in found)), None)


@dataclass(frozen=True, slots=True, eq=False)
class Exam:
    """Maps that one rectangle can be counted on.

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
    grid : Grid
        The coarsest grid of the measured maps, on which rectangles are drawn: its lines are lines of every
        measured map, so whole voxels are counted on each.
    """

    code: str
    maps: Mapping[Quantity, ParametricMap]
    field_strength_t: float | None = None
    native_voxel_mm: tuple[float, float] | None = None
    id: int = 0
    grid: Grid = field(init=False)
    _parts: Mapping[Quantity, tuple[int, int]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "maps", MappingProxyType(dict(self.maps)))
        if not self.measured:
            raise ValueError("an exam needs an FF or an R2* map")
        if any(one.quantity is not quantity for quantity, one in self.maps.items()):
            raise ValueError("a map is kept under another quantity")
        grid = common_grid(one.grid for one in self.measured)
        if grid is None:
            raise ValueError("the measured maps have no common lines")
        object.__setattr__(self, "grid", grid)
        # worked out once: a drag asks for it at every step
        parts = {quantity: grid.parts(one.grid) for quantity, one in self.maps.items()}
        object.__setattr__(self, "_parts", {quantity: found for quantity, found in parts.items() if found})

    @property
    def measured(self) -> tuple[ParametricMap, ...]:
        """The maps that are measured, FF before R2*."""
        return tuple(self.maps[quantity] for quantity in MEASURED if quantity in self.maps)

    def parts(self, quantity: Quantity) -> tuple[int, int]:
        """Rows and columns of a map that make up one voxel of :attr:`grid`.

        Raises
        ------
        KeyError
            For a signal image on lines of its own.
        """
        return self._parts[quantity]

    def on_map(self, quantity: Quantity, rectangle: Rectangle) -> Rectangle:
        """A rectangle of :attr:`grid` in the voxels of one map."""
        return rectangle.divided(self._parts[quantity])

    @property
    def shares_voxels(self) -> bool:
        """Whether all measured maps are counted on the same voxels."""
        return all(self._parts[one.quantity] == (1, 1) for one in self.measured)

    @property
    def native_pixel_area_mm2(self) -> float:
        """Area of an acquired voxel, mm2; that of a stored one where the acquisition is not known."""
        if self.native_voxel_mm is None:
            return self.grid.pixel_area_mm2
        return self.native_voxel_mm[0] * self.native_voxel_mm[1]
