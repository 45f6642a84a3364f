"""Boxes turned about their own middle: extent, corners and the voxel centres inside. Pure arithmetic."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, cos, floor, radians, sin

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
Pair = tuple[float, float]

# mm within which a voxel centre lies on a side: far below a voxel, far above the last digits
_ON_SIDE = 1e-6
_HALF_TURN = 180.0


def folded(angle_deg: float) -> float:
    """The same turn of a box within (-90, 90]: half a turn brings a box onto itself."""
    angle = angle_deg % _HALF_TURN
    return angle - _HALF_TURN if angle > _HALF_TURN / 2 else angle


@dataclass(frozen=True, slots=True)
class TurnedBox:
    """A box in the plane of a slice, turned about its middle.

    Attributes
    ----------
    middle : tuple of float
        ``(row, col)`` in voxel edges: voxel ``k`` covers ``k .. k + 1``.
    size : tuple of float
        Extent along its own two axes, in voxels of the row and of the column index.
    angle_deg : float
        Turn from the row-index axis towards the column-index axis.
    spacing : tuple of float
        Voxel size along row and column index, mm.
    """

    middle: Pair
    size: Pair
    angle_deg: float
    spacing: Pair

    @property
    def half_mm(self) -> Pair:
        """Half the extent along its own axes, mm."""
        return self.size[0] * self.spacing[0] / 2, self.size[1] * self.spacing[1] / 2

    def out(self, own: Pair) -> Pair:
        """A step along its own axes, in voxels, as a step along row and column index."""
        cosine, sine = cos(radians(self.angle_deg)), sin(radians(self.angle_deg))
        down, across = own[0] * self.spacing[0], own[1] * self.spacing[1]
        return (
            (down * cosine - across * sine) / self.spacing[0],
            (down * sine + across * cosine) / self.spacing[1],
        )

    def own(self, step: Pair) -> Pair:
        """A step along row and column index as one along its own axes, in voxels: undoes :meth:`out`."""
        cosine, sine = cos(radians(self.angle_deg)), sin(radians(self.angle_deg))
        down, across = step[0] * self.spacing[0], step[1] * self.spacing[1]
        return (
            (down * cosine + across * sine) / self.spacing[0],
            (across * cosine - down * sine) / self.spacing[1],
        )

    @property
    def corners(self) -> tuple[Pair, Pair, Pair, Pair]:
        """``(row, col)`` of its corners in voxel edges, going round."""
        row, col = self.size[0] / 2, self.size[1] / 2
        steps = (self.out(own) for own in ((-row, -col), (-row, col), (row, col), (row, -col)))
        first, second, third, last = ((self.middle[0] + r, self.middle[1] + c) for r, c in steps)
        return first, second, third, last

    @property
    def reach(self) -> Pair:
        """How far it reaches from its middle along row and column index, voxels."""
        cosine, sine = abs(cos(radians(self.angle_deg))), abs(sin(radians(self.angle_deg)))
        row, col = self.half_mm
        return (row * cosine + col * sine) / self.spacing[0], (col * cosine + row * sine) / self.spacing[1]

    def counted(self) -> tuple[int, int, Mask]:
        """The voxels whose centres lie inside.

        A centre on a side belongs to the box on the first side along each of its own axes only, so that a
        box turned by 90 degrees counts as many voxels as it covers.

        Returns
        -------
        int, int
            First row and column of the mask.
        ndarray of bool, shape (rows, cols)
            The voxels around the middle. Read-only.
        """
        return _counted(self)


# both maps and the histogram ask for the same box at every step of a drag
@lru_cache(maxsize=64)
def _counted(box: TurnedBox) -> tuple[int, int, Mask]:
    rows, cols = (
        np.arange(ceil(middle - reach - 0.5 - _ON_SIDE), floor(middle + reach - 0.5 + _ON_SIDE) + 1)
        for middle, reach in zip(box.middle, box.reach, strict=True)
    )
    down = ((rows + 0.5 - box.middle[0]) * box.spacing[0])[:, None]
    across = (cols + 0.5 - box.middle[1]) * box.spacing[1]
    cosine, sine = cos(radians(box.angle_deg)), sin(radians(box.angle_deg))
    inside = _between(down * cosine + across * sine, box.half_mm[0])
    inside &= _between(across * cosine - down * sine, box.half_mm[1])
    inside.setflags(write=False)
    return int(rows[0]) if rows.size else 0, int(cols[0]) if cols.size else 0, inside


def _between(along: npt.NDArray[np.float64], half: float) -> Mask:
    inside: Mask = along >= -half - _ON_SIDE
    inside &= along < half - _ON_SIDE
    return inside
