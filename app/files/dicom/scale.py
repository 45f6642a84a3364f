"""Check that the values of a map lie where its unit says they must.

A rule (from tags or from what the vendor is known to write) gives the scale; the range of the foreground is
the second witness. Where both agree, and the rule is a trusted one, the scale is applied. Otherwise the map
waits for a person, with the evidence and a proposal. Nothing is ever clamped.
Air is left out: there FF and R2* are noise over the whole range.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from app.domain.errors import InputError, Value
from app.domain.maps import FF_CEILING, LINEAR, RECIPROCAL_MS, Quantity, Scaling, Stored
from app.files.dicom.found import Confirmation, ExamFound, MapFound, ScaleDecision
from app.files.dicom.rules import FACTORS

_FOREGROUND_FRACTION = 0.1
_INT16_COUNT = 65536

# upper limits of the foreground's 99.5th percentile
_FF_UNITS = ((1.5, "ff.fraction"), (120.0, "ff.percent"), (1200.0, "ff.permille"), (12000.0, "ff.hundredths"))
_R2STAR_HIGHEST_MEDIAN = 200.0
_R2STAR_P99 = 1000.0
_R2STAR_TIMES_TEN, _R2STAR_PER_MS = 300.0, 1.0
# as R2* the median is low and as T2* in ms usual: only a person can tell
_MAYBE_T2STAR = (3.0, 20.0)
# Siemens may store R2* times ten; above this median it would be a usual one either way
_MAYBE_TIMES_TEN = 100.0
# median of T2*: from the shortest that the unit before could not be
_T2STAR_MEDIANS = (
    (5.0, 50.0, "t2star.ms"),
    (50.0, 500.0, "t2star.tenths_of_ms"),
    (0.005, 0.05, "t2star.seconds"),
)
# what a person may confirm: 99.5th percentile of FF, percent, and median of R2*, per second
_FF_CONFIRMED = (1.5, 120.0)
_R2STAR_CONFIRMED = (1.0, 300.0)


class Disagreement(Exception):  # noqa: N818 - a verdict on a map
    """Rule and range disagree; ``code`` and ``values`` hold the evidence."""

    def __init__(self, code: str, values: Mapping[str, Value]) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


@dataclass(frozen=True, slots=True)
class Histogram:
    """How often each stored number occurs.

    Attributes
    ----------
    numbers : ndarray of int64 or float
        Ascending, each occurring at least once.
    counts : ndarray of int64
        Occurrences.
    missing : int
        Voxels that hold no number.
    """

    numbers: Stored
    counts: npt.NDArray[np.int64]
    missing: int = 0

    @property
    def total(self) -> int:
        """Number of voxels that hold a number."""
        return int(self.counts.sum())

    def percentile(self, percent: float) -> float:
        """Percentile with linear interpolation between order statistics (Hyndman and Fan's type 7)."""
        place = (self.total - 1) * percent / 100
        below = int(place)
        ends = np.searchsorted(np.cumsum(self.counts), [below, min(below + 1, self.total - 1)], side="right")
        low, high = self.numbers[ends].tolist()
        return float(low + (high - low) * (place - below))


def histogram(pieces: list[Stored]) -> Histogram:
    """Count the numbers of some arrays of one kind, one at a time so that memory stays small."""
    if pieces and pieces[0].dtype.kind == "f":
        return _histogram_of_floats(pieces)
    counts = np.zeros(_INT16_COUNT, np.int64)
    # numpy counts this type only; one buffer for all pieces saves a third of the time
    wide = np.empty(max((piece.size for piece in pieces), default=0), np.intp)
    for piece in pieces:
        wide[: piece.size] = piece.view(np.uint16).ravel()
        found = np.bincount(wide[: piece.size])
        counts[: len(found)] += found
    present = np.flatnonzero(counts)
    signed = bool(pieces) and pieces[0].dtype.kind == "i"
    integers = np.where(present >= _INT16_COUNT // 2, present - _INT16_COUNT, present) if signed else present
    order = np.argsort(integers)
    return Histogram(integers[order], counts[present][order])


def _histogram_of_floats(pieces: list[Stored]) -> Histogram:
    """The same where nearly every voxel may hold a number of its own; infinity is no number either."""
    finite = [piece[np.isfinite(piece)] for piece in pieces]
    numbers, counts = np.unique(np.concatenate(finite), return_counts=True)
    missing = sum(piece.size for piece in pieces) - int(counts.sum())
    return Histogram(numbers, counts.astype(np.int64), missing)


@dataclass(frozen=True, slots=True)
class Foreground:
    """Which voxels the range check looks at.

    Attributes
    ----------
    name : str
        ``water_and_fat``, one signal such as ``in_phase_signal``, or ``central_half``.
    pick : callable
        Gives the foreground voxels of a map, shape (slices, rows, cols), in pieces.
    """

    name: str
    pick: Callable[[Stored], list[Stored]]


def foreground_of(water: Stored | None, fat: Stored | None) -> Foreground:
    """Where there is signal: water + fat above 10 % of its 99th percentile; else the central half.

    Parameters
    ----------
    water, fat : ndarray, shape (slices, rows, cols), or None
        Signal images on the grid of the maps, in one scale.
    """
    if water is None or fat is None:
        return _ANYWHERE
    whole = np.result_type(water, fat).kind != "f"
    return _above_noise("water_and_fat", np.add(water, fat, dtype=np.int32 if whole else np.float64))


def foreground_in(signals: Mapping[Quantity, Stored], *, one_scale: bool) -> Foreground:
    """Where the signals on one grid are: water and fat together, else the one that shows most tissue.

    Parameters
    ----------
    signals : mapping of Quantity to ndarray, shape (slices, rows, cols)
        What there is of water, fat, in and out of phase.
    one_scale : bool
        Whether water and fat can be added as they are stored.
    """
    if one_scale and {Quantity.WATER, Quantity.FAT} <= signals.keys():
        return foreground_of(signals[Quantity.WATER], signals[Quantity.FAT])
    best = next((one for one in _BY_TISSUE if one in signals), None)
    return _above_noise(f"{best.lower()}_signal", signals[best]) if best else _ANYWHERE


def _above_noise(name: str, signal: npt.NDArray[np.number]) -> Foreground:
    known = signal if signal.dtype.kind != "f" else signal[np.isfinite(signal)]
    threshold = _FOREGROUND_FRACTION * float(np.percentile(known, 99)) if known.size else 0.0
    mask = signal > max(threshold, 0.0)
    if not mask.any():
        return _ANYWHERE
    return Foreground(name, lambda stored: [one[inside] for one, inside in zip(stored, mask, strict=True)])


def _central_half(stored: Stored) -> list[Stored]:
    """Central half of each slice in both directions, without zeros and without the saturated maximum."""
    _, rows, cols = stored.shape
    centre = stored[:, rows // 4 : rows - rows // 4, cols // 4 : cols - cols // 4]
    # fmax and fmin pass over what is no number
    largest = np.fmax.reduce(stored, axis=None)
    return [one[(one != 0) & (one != largest)] for one in centre]


_ANYWHERE = Foreground("central_half", _central_half)
# in phase, water and fat add up; out of phase they cancel where there is as much of both
_BY_TISSUE = (Quantity.IN_PHASE, Quantity.WATER, Quantity.FAT, Quantity.OUT_PHASE)


@dataclass(frozen=True, slots=True)
class _Range:
    """Percentiles of the foreground as the file's own tags scale it."""

    p50: float
    p99: float
    p995: float


def check_scale(
    found: MapFound, stored: Stored, foreground: Foreground, decision: ScaleDecision | None = None
) -> Scaling:
    """Compare the range of a map with what its rule says, and count what a reader must know of.

    Parameters
    ----------
    found : MapFound
        The map with its rule, slope and intercept, and what a person confirmed.
    stored : ndarray of int16, uint16, float32 or float64, shape (slices, rows, cols)
        Its voxels; in floating point, what is not finite counts as missing.
    foreground : Foreground
        Where to look.
    decision : ScaleDecision or None
        What :func:`decide` says of these three, where it was asked already: it counts the voxels.

    Returns
    -------
    Scaling
        The evidence; counts are over the whole map.

    Raises
    ------
    Disagreement
        With rule, foreground and percentiles: ``scale.needs_confirmation`` with a proposal, or why nothing
        can be proposed.
    """
    decision = decision or decide(found, stored, foreground)
    if not decision.needs_confirmation and decision.factor is not None:
        return _scaling(found, stored, foreground, decision, decision.factor, "")
    if found.confirmed is not None:
        _check_confirmed(found, decision, found.confirmed.factor)
        return _scaling(found, stored, foreground, decision, found.confirmed.factor, found.confirmed.who)
    if decision.factor is None:
        raise Disagreement(f"scale.{decision.seen}", told(decision))
    proposal: dict[str, Value] = {"quantity": str(found.quantity), "expected": decision.expected}
    proposal |= {"seen": decision.seen, "factor": decision.factor}
    proposal["option"] = f"--confirm-scale {found.quantity}={decision.factor:g}"
    raise Disagreement("scale.needs_confirmation", proposal | told(decision))


def decide(found: MapFound, stored: Stored, foreground: Foreground) -> ScaleDecision:
    """Put rule and range of a map side by side.

    Parameters
    ----------
    found, stored, foreground
        As for :func:`check_scale`.

    Raises
    ------
    Disagreement
        ``scale.nothing_to_check`` or ``scale.outside_mapping``: no factor could help.
    """
    if not found.lines:
        check_mapped(found, stored)
    inside = histogram(foreground.pick(stored))
    if inside.total == 0:
        raise Disagreement("scale.nothing_to_check", {"quantity": str(found.quantity)})
    spread = _Range(*(inside.percentile(p) * found.slope + found.intercept for p in (50, 99, 99.5)))
    seen = _seen(found, spread)
    return ScaleDecision(
        quantity=found.quantity,
        rule=found.rule,
        expected=found.expects or "none",
        seen=seen,
        factor=FACTORS.get(seen),
        needs_confirmation=not (found.trusted and seen == found.expects),
        foreground=foreground.name,
        p50=spread.p50,
        p99=spread.p99,
        p995=spread.p995,
    )


def told(decision: ScaleDecision) -> dict[str, Value]:
    """What a sentence about a scale names: the rule, where was looked, and the percentiles found there."""
    evidence: dict[str, Value] = {"rule": decision.rule, "foreground": decision.foreground}
    return evidence | {name: round(getattr(decision, name), 3) for name in ("p50", "p99", "p995")}


def check_mapped(found: MapFound, stored: Stored) -> None:
    """Refuse voxels that lie outside what the file's own mapping holds for.

    Raises
    ------
    Disagreement
        ``scale.outside_mapping``.
    """
    if found.mapped is None:
        return
    first, last = found.mapped
    if np.fmin.reduce(stored, axis=None) < first or np.fmax.reduce(stored, axis=None) > last:
        raise Disagreement("scale.outside_mapping", {"first": first, "last": last})


def _seen(found: MapFound, spread: _Range) -> str:
    """Code of the unit a range looks like."""
    if found.quantity == Quantity.FF:
        looks_like = (unit for limit, unit in _FF_UNITS if 0 < spread.p995 <= limit)
        return next(looks_like, "ff.out_of_range")
    if found.quantity != Quantity.R2STAR:
        return "signal"
    if found.reciprocal:
        looks_like = (unit for low, high, unit in _T2STAR_MEDIANS if low <= spread.p50 <= high)
        return next(looks_like, "t2star.out_of_range")
    return _seen_r2star(found.rule, spread)


def _seen_r2star(rule: str, spread: _Range) -> str:
    """The same for rates; where two readings are possible it names both, and no factor belongs to it."""
    if _MAYBE_T2STAR[0] <= spread.p50 < _MAYBE_T2STAR[1]:
        return "r2star.or_t2star"
    if rule.startswith("siemens.") and _MAYBE_TIMES_TEN < spread.p50 <= _R2STAR_TIMES_TEN:
        return "r2star.or_times_ten"
    if _MAYBE_T2STAR[1] <= spread.p50 <= _R2STAR_HIGHEST_MEDIAN and spread.p99 < _R2STAR_P99:
        return "r2star.per_second"
    if spread.p50 > _R2STAR_TIMES_TEN:
        return "r2star.times_ten"
    return "r2star.per_ms" if 0 < spread.p50 < _R2STAR_PER_MS else "r2star.out_of_range"


def confirmed_fits(found: MapFound, decision: ScaleDecision, factor: float) -> bool:
    """Whether the values can be what they are called, with a factor that a person names.

    A person decides between readings that are possible; a slip of the key must not make a number.

    Parameters
    ----------
    found : MapFound
        The map.
    decision : ScaleDecision
        What its foreground holds.
    factor : float
        As in :class:`Confirmation`.
    """
    if found.quantity == Quantity.FF:
        return _FF_CONFIRMED[0] < decision.p995 * factor <= _FF_CONFIRMED[1]
    median = decision.p50 * factor
    if found.reciprocal and median > 0:
        median = 1000 / median
    return _R2STAR_CONFIRMED[0] <= median <= _R2STAR_CONFIRMED[1]


def _check_confirmed(found: MapFound, decision: ScaleDecision, factor: float) -> None:
    if not confirmed_fits(found, decision, factor):
        raise Disagreement("scale.confirmed_out_of_range", {"factor": factor} | told(decision))


def _scaling(
    found: MapFound,
    stored: Stored,
    foreground: Foreground,
    decision: ScaleDecision,
    factor: float,
    who: str,
) -> Scaling:
    scaling = Scaling(
        slope=found.slope * factor,
        intercept=found.intercept * factor,
        rule=found.rule,
        role_evidence=found.role_evidence,
        check=decision.seen,
        foreground=decision.foreground,
        p50=0.0,
        p995=0.0,
        below=0,
        above=0,
        zero=0,
        maximum=0,
        transform=RECIPROCAL_MS if found.reciprocal else LINEAR,
        factor=factor,
        confirmed_by=who,
    )
    whole = histogram(list(stored))
    values = scaling.values(whole.numbers)
    above = values > FF_CEILING if found.quantity == Quantity.FF else np.zeros(len(values), bool)
    p50, p995 = _percentiles(scaling, decision, stored, foreground)
    return replace(
        scaling,
        p50=p50,
        p995=p995,
        below=int(whole.counts[values < 0].sum()),
        above=int(whole.counts[above].sum()),
        zero=int(whole.counts[values == 0].sum()),
        maximum=int(whole.counts[-1]),
        missing=whole.missing + int(whole.counts[np.isnan(values)].sum()),
    )


def _percentiles(
    scaling: Scaling, decision: ScaleDecision, stored: Stored, foreground: Foreground
) -> tuple[float, float]:
    """Median and 99.5th percentile in the final unit."""
    if scaling.transform == LINEAR:
        return decision.p50 * scaling.factor, decision.p995 * scaling.factor
    inside = histogram(foreground.pick(stored))
    # 1 / x turns the order round, and is a rate only where T2* is positive
    positive = inside.numbers * scaling.slope + scaling.intercept > 0
    rates = Histogram(inside.numbers[positive], inside.counts[positive])
    p50, p995 = (1000 / (rates.percentile(p) * scaling.slope + scaling.intercept) for p in (50, 0.5))
    return p50, p995


def confirm(found: ExamFound, quantity: Quantity, factor: float, who: str) -> ExamFound:
    """Note what a person says of the scale of one map; it holds only where rule and range do not settle it.

    Parameters
    ----------
    found : ExamFound
        The exam.
    quantity : Quantity
        FF or R2*.
    factor : float
        What the values that the file's own tags give are multiplied by to become percent, per second, or ms
        of T2*.
    who : str
        Who says so; travels with every number.

    Raises
    ------
    InputError
        ``scale.bad_confirmation`` when nobody says so, or the factor is no positive number.
    """
    if not (math.isfinite(factor) and factor > 0 and who.strip()):
        raise InputError("scale.bad_confirmation", quantity=str(quantity))
    word = Confirmation(factor, who.strip())
    maps = tuple(replace(one, confirmed=word) if one.quantity == quantity else one for one in found.maps)
    return replace(found, maps=maps)


def confirm_each(found: ExamFound, factors: Mapping[Quantity, float], who: str) -> ExamFound:
    """Note what a person says of the scale of several maps; as :func:`confirm`."""
    for quantity, factor in factors.items():
        found = confirm(found, quantity, factor, who)
    return found
