"""Two edges of a thing seen in profiles across it: where they change most, and how clearly that stands out.

Offsets along a profile are in units of a length that is typical of the thing, one value every :data:`STEP`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

STEP = 1 / 18
EDGE = 1 / 6
"""How near to an edge its own slope reaches."""

_SMOOTH = 1 / 15
# an edge must stand out of its side at least so much, and be so far from the point
_PEAK_SHARE = 0.35
_NEAREST = 1 / 6


@dataclass(frozen=True, slots=True)
class Edges:
    """Two edges on both sides of a point.

    Attributes
    ----------
    start, end : float
        Offsets from the point.
    lead, clarity : float
        How much steeper the fainter one is than anything between them: as difference, as ratio.
    """

    start: float
    end: float
    lead: float
    clarity: float

    @property
    def middle(self) -> float:
        """Half-way between them."""
        return (self.start + self.end) / 2

    @property
    def extent(self) -> float:
        """From one to the other."""
        return self.end - self.start

    def core(self, axis: Array, share: float) -> Mask:
        """The places within this share of the extent to either side of the middle."""
        found: Mask = np.abs(axis - self.middle) <= share * self.extent
        return found


def slopes(profiles: Array) -> Array:
    """Change per step of smoothed profiles, shape (images, steps)."""
    wide = _SMOOTH / STEP
    reach = ceil(3 * wide)
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / wide) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(profiles, ((0, 0), (reach, reach)), mode="edge")
    smooth = np.array([np.convolve(one, kernel, "valid") for one in padded])
    result: Array = np.gradient(smooth, axis=1)
    return result


def find_edges(
    sloping: Array, steepness: tuple[Array, Array], axis: Array, limits: tuple[float, float]
) -> Edges | None:
    """The pair of edges on both sides of the point that stands out most of what is between them.

    Parameters
    ----------
    sloping : ndarray, shape (images, len(axis))
        From :func:`slopes`.
    steepness : tuple of ndarray, each of shape (len(axis),)
        How much like a first edge, and like a last one, each place is.
    axis : ndarray
        Offsets from the point.
    limits : tuple of float
        Smallest and largest distance of the two.
    """
    steep = np.linalg.norm(sloping, axis=0)
    pairs = (
        (*_lead(steep, axis, first, last), float(axis[first]), float(axis[last]))
        for first in _peaks(steepness[0], axis < -_NEAREST)
        for last in _peaks(steepness[1], axis > _NEAREST)
        if limits[0] <= axis[last] - axis[first] <= limits[1]
    )
    best = max(pairs, default=None)
    if best is None:
        return None
    lead, clarity, start, end = best
    return Edges(start, end, lead, clarity)


def _peaks(steep: Array, side: Mask) -> Iterator[int]:
    """Places of one side where it is steepest among its neighbours and not flat for that side."""
    inner = steep[1:-1]
    top = (inner >= steep[:-2]) & (inner > steep[2:]) & side[1:-1]
    places = np.flatnonzero(top) + 1
    if places.size:
        yield from places[steep[places] >= _PEAK_SHARE * steep[places].max()].tolist()


def _lead(steep: Array, axis: Array, first: int, last: int) -> tuple[float, float]:
    """How much the fainter of two edges stands out of what is between them: as difference, as ratio."""
    between = steep[(axis > axis[first] + EDGE) & (axis < axis[last] - EDGE)]
    # limits so small that nothing is between the edges leave nothing to compare with
    steepest = max(float(between.max(initial=0.0)), 1e-9)
    edge = float(min(steep[first], steep[last]))
    return edge - steepest, edge / steepest
