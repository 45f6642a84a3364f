"""Check that the values of a map lie where its unit says they must.

A rule (from tags or from what the vendor is known to write) gives the scale; the range of the foreground is
the second witness. Both must agree, else the map is refused with the evidence. Nothing is ever clamped.
Air is left out: there FF and R2* are noise over the whole range.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from app.domain.errors import Value
from app.domain.maps import FF_CEILING, Quantity, Scaling
from app.files.dicom.found import MapFound

Voxels = npt.NDArray[np.integer]

_FOREGROUND_FRACTION = 0.1
_INT16_COUNT = 65536

# upper limits of the foreground's 99.5th percentile
_FF_UNITS = ((1.5, "ff.fraction"), (120.0, "ff.percent"), (1200.0, "ff.permille"), (12000.0, "ff.hundredths"))
_R2STAR_MEDIAN = (10.0, 200.0)
_R2STAR_P99 = 1000.0
_R2STAR_TIMES_TEN, _R2STAR_PER_MS = 300.0, 1.0


class Disagreement(Exception):  # noqa: N818 - a verdict on a map
    """Rule and range disagree; ``code`` and ``values`` hold the evidence."""

    def __init__(self, code: str, values: Mapping[str, Value]) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each stored integer occurs.

    Attributes
    ----------
    integers : ndarray of int64
        Ascending, each occurring at least once.
    counts : ndarray of int64
        Occurrences.
    """

    integers: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]

    @property
    def total(self) -> int:
        """Number of voxels."""
        return int(self.counts.sum())

    def percentile(self, percent: float) -> float:
        """Percentile with linear interpolation between order statistics (Hyndman and Fan's type 7)."""
        place = (self.total - 1) * percent / 100
        below = int(place)
        ends = np.searchsorted(np.cumsum(self.counts), [below, min(below + 1, self.total - 1)], side="right")
        low, high = self.integers[ends]
        return float(low + (high - low) * (place - below))


def histogram(pieces: list[Voxels]) -> Histogram:
    """Count the integers of some int16 or uint16 arrays, one at a time so that memory stays small."""
    counts = np.zeros(_INT16_COUNT, np.int64)
    for piece in pieces:
        found = np.bincount(piece.view(np.uint16).ravel())
        counts[: len(found)] += found
    present = np.flatnonzero(counts)
    signed = bool(pieces) and pieces[0].dtype.kind == "i"
    integers = np.where(present >= _INT16_COUNT // 2, present - _INT16_COUNT, present) if signed else present
    order = np.argsort(integers)
    return Histogram(integers[order], counts[present][order])


@dataclass(frozen=True, slots=True)
class Foreground:
    """Which voxels the range check looks at.

    Attributes
    ----------
    name : str
        ``water_and_fat`` or ``central_half``.
    pick : callable
        Gives the foreground voxels of a map, shape (slices, rows, cols), in pieces.
    """

    name: str
    pick: Callable[[Voxels], list[Voxels]]


def foreground_of(water: Voxels | None, fat: Voxels | None) -> Foreground:
    """Where there is signal: water + fat above 10 % of its 99th percentile; else the central half.

    Parameters
    ----------
    water, fat : ndarray of int, shape (slices, rows, cols), or None
        Signal images on the grid of the maps, in one scale.
    """
    if water is None or fat is None:
        return Foreground("central_half", _central_half)
    total = water.astype(np.int32) + fat
    threshold = _FOREGROUND_FRACTION * float(np.percentile(total, 99))
    mask = total > max(threshold, 0.0)
    if not mask.any():
        return Foreground("central_half", _central_half)
    return Foreground(
        "water_and_fat", lambda stored: [one[inside] for one, inside in zip(stored, mask, strict=True)]
    )


def _central_half(stored: Voxels) -> list[Voxels]:
    """Central half of each slice in both directions, without zeros and without the saturated maximum."""
    _, rows, cols = stored.shape
    centre = stored[:, rows // 4 : rows - rows // 4, cols // 4 : cols - cols // 4]
    largest = stored.max()
    return [one[(one != 0) & (one != largest)] for one in centre]


def check_scale(found: MapFound, stored: Voxels, foreground: Foreground) -> Scaling:
    """Compare the range of a map with what its rule says, and count what a reader must know of.

    Parameters
    ----------
    found : MapFound
        The map with its rule, slope and intercept.
    stored : ndarray of int16 or uint16, shape (slices, rows, cols)
        Its voxels.
    foreground : Foreground
        Where to look.

    Returns
    -------
    Scaling
        The evidence; counts are over the whole map.

    Raises
    ------
    Disagreement
        With rule, foreground and percentiles.
    """
    inside = histogram(foreground.pick(stored))
    if inside.total == 0:
        raise Disagreement("scale.nothing_to_check", {"quantity": str(found.quantity)})
    p50, p99, p995 = (
        inside.percentile(percent) * found.slope + found.intercept for percent in (50, 99, 99.5)
    )
    check = _range(found.quantity, p50, p99, p995)
    if check not in {"ff.percent", "r2star.per_second", "signal"}:
        evidence: dict[str, Value] = {"rule": found.rule, "foreground": foreground.name}
        evidence |= {"p50": round(p50, 3), "p99": round(p99, 3), "p995": round(p995, 3)}
        raise Disagreement(f"scale.{check}", evidence)
    return _scaling(found, stored, check, foreground.name, (p50, p995))


def _range(quantity: Quantity, p50: float, p99: float, p995: float) -> str:
    """Code of the unit a range looks like."""
    if quantity == Quantity.FF:
        return next((unit for limit, unit in _FF_UNITS if p995 <= limit), "ff.out_of_range")
    if quantity != Quantity.R2STAR:
        return "signal"
    if _R2STAR_MEDIAN[0] <= p50 <= _R2STAR_MEDIAN[1] and p99 < _R2STAR_P99:
        return "r2star.per_second"
    if p50 > _R2STAR_TIMES_TEN:
        return "r2star.times_ten"
    return "r2star.per_ms" if p50 < _R2STAR_PER_MS else "r2star.out_of_range"


def _scaling(
    found: MapFound, stored: Voxels, check: str, name: str, percentiles: tuple[float, float]
) -> Scaling:
    whole = histogram(list(stored))
    values = whole.integers * found.slope + found.intercept
    above = values > FF_CEILING if found.quantity == Quantity.FF else np.zeros(len(values), bool)
    return Scaling(
        slope=found.slope,
        intercept=found.intercept,
        rule=found.rule,
        role_evidence=found.role_evidence,
        check=check,
        foreground=name,
        p50=percentiles[0],
        p995=percentiles[1],
        below=int(whole.counts[values < 0].sum()),
        above=int(whole.counts[above].sum()),
        zero=int(whole.counts[values == 0].sum()),
        maximum=int(whole.counts[-1]),
    )
