"""Counting voxels: the only place where a number of a study is made."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.domain.errors import InputError
from app.domain.maps import FF_CEILING, ParametricMap, Quantity, Stored
from app.domain.shapes import Rectangle

# the name of the counting rule is stored with every value
RULE = "whole-voxel-rectangle/1"
TURNED_RULE = "voxel-centre-rectangle/1"


def rule_of(rectangle: Rectangle) -> str:
    """Name of the rule by which a rectangle is counted, such as ``voxel-centre-rectangle/1+3-slices``."""
    rule = TURNED_RULE if rectangle.angle_deg else RULE
    return rule if rectangle.depth == 1 else f"{rule}+{rectangle.depth}-slices"


@dataclass(frozen=True, slots=True)
class RoiStats:
    """What one rectangle holds on one map.

    Attributes
    ----------
    n : int
        Voxels counted (those with a finite value), of all slices together.
    mean, sd, median, minimum, maximum : float or None
        In the map's unit; sd with n - 1. None where not defined (no voxel; for sd fewer than two).
    area_mm2 : float
        Area in one slice of all voxels of the rectangle, mm2.
    nan, zero, below, above, saturated : int
        Voxels without a value, exactly 0, below 0, above 100 (FF only), equal to the map's maximum.
    """

    n: int
    mean: float | None
    sd: float | None
    median: float | None
    minimum: float | None
    maximum: float | None
    area_mm2: float
    nan: int
    zero: int
    below: int
    above: int
    saturated: int


def voxels_of(parametric_map: ParametricMap, rectangle: Rectangle) -> npt.NDArray[np.float64]:
    """Values inside a rectangle, flat, float64, in the map's unit; slice after slice.

    Raises
    ------
    InputError
        ``roi.outside`` when a voxel of the rectangle does not exist. (A negative start index would wrap
        silently to the far side of the image.)
    """
    return parametric_map.scale(_stored_of(parametric_map, rectangle)).ravel()


def _stored_of(parametric_map: ParametricMap, rectangle: Rectangle) -> Stored:
    if not rectangle.inside(parametric_map.grid):
        raise InputError("roi.outside", slice=rectangle.slice + 1, row=rectangle.row0, col=rectangle.col0)
    if rectangle.angle_deg or rectangle.depth > 1:
        return _stored_of_mask(parametric_map, rectangle)
    return parametric_map.stored[
        rectangle.slice, rectangle.row0 : rectangle.row1, rectangle.col0 : rectangle.col1
    ]


def _stored_of_mask(parametric_map: ParametricMap, rectangle: Rectangle) -> Stored:
    row, col, mask = rectangle.counted(parametric_map.grid)
    rows, cols = mask.shape
    slices = rectangle.slices
    return parametric_map.stored[slices.start : slices.stop, row : row + rows, col : col + cols][:, mask]


def measure(parametric_map: ParametricMap, rectangle: Rectangle) -> RoiStats:
    """Statistics of the voxels inside a rectangle. Nothing is interpolated, nothing is clamped.

    Parameters
    ----------
    parametric_map : ParametricMap
        The map.
    rectangle : Rectangle
        On the map's own grid.

    Raises
    ------
    InputError
        ``roi.outside`` when the rectangle leaves the image.
    """
    stored = _stored_of(parametric_map, rectangle)
    values = parametric_map.scale(stored).ravel()
    finite = values[np.isfinite(values)]
    n = finite.size
    mean, sd = _mean_and_sd(finite)
    # one sort gives the median, both ends and every count against a threshold: a drag waits for this
    finite.sort()
    below = int(finite.searchsorted(0.0))
    up_to_zero = int(finite.searchsorted(0.0, side="right"))
    is_ff = parametric_map.quantity is Quantity.FF
    return RoiStats(
        n=n,
        mean=mean,
        sd=sd,
        median=float(finite[(n - 1) // 2] + finite[n // 2]) / 2 if n else None,
        minimum=float(finite[0]) if n else None,
        maximum=float(finite[-1]) if n else None,
        area_mm2=values.size // rectangle.depth * parametric_map.grid.pixel_area_mm2,
        nan=values.size - n,
        zero=up_to_zero - below,
        below=below,
        above=n - int(finite.searchsorted(FF_CEILING, side="right")) if is_ff else 0,
        saturated=int(np.count_nonzero(stored == parametric_map.largest_stored)),
    )


def _mean_and_sd(values: npt.NDArray[np.float64]) -> tuple[float | None, float | None]:
    if not values.size:
        return None, None
    # counted from one of the voxels, equal voxels have exactly their own value as mean and a spread of 0
    first = float(values[0])
    offset = values - first
    shift = float(offset.sum()) / values.size
    if values.size == 1:
        return first, None
    offset -= shift
    # not a dot product: its last digits differ from one processor to the next
    return first + shift, math.sqrt(float((offset * offset).sum()) / (values.size - 1))


def histogram(
    parametric_map: ParametricMap, rectangle: Rectangle, span: tuple[float, float], bins: int
) -> npt.NDArray[np.intp]:
    """Voxel counts of a rectangle in ``bins`` equal bins over ``span``; values outside go to the end bins."""
    values = voxels_of(parametric_map, rectangle)
    finite = values[np.isfinite(values)]
    # numpy's own histogram says the same several times as slowly, and a drag waits for this
    finite.sort()
    ends = finite.searchsorted(np.linspace(*span, bins + 1))
    ends[0], ends[-1] = 0, finite.size
    return np.diff(ends)
