"""Rules of the protocol that look at values; a blinded reader never sees what they say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from app.domain.checks import Finding, Severity
from app.domain.maps import FF_CEILING, Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level, Protocol

MANY_BAD = "values.many_bad_voxels"
"""Code of the rule that wants a reason from somebody."""

Stats = Mapping[Quantity, RoiStats]
Array = npt.NDArray[np.float64]
_Pair = tuple[Level, Level]

# 1.5 T and 3 T: a field between belongs to the nearer one
_FIELDS_APART_T = 2.2
# a second peak of fewer voxels than this share is an edge or noise
_MODE_SHARE = 0.2
# voxels half-way between two peaks: more than this share and it is one broad peak
_BETWEEN_SHARE = 0.15
_SWEEPS = 20
_A_PAIR = 2


def check_values(
    stats: Mapping[Level, Stats],
    ff_voxels: Mapping[Level, Array],
    protocol: Protocol,
    field_strength_t: float | None,
) -> tuple[Finding, ...]:
    """Say what is unusual about the values of a reading.

    Parameters
    ----------
    stats : mapping of Level to mapping of Quantity to RoiStats
        What each rectangle holds on each measured map.
    ff_voxels : mapping of Level to ndarray
        FF of every voxel of a rectangle, %; a level without an FF map is left out.
    protocol : Protocol
        Gives every threshold.
    field_strength_t : float or None
        Chooses the range of R2*; where it is not known R2* is not judged.
    """
    found: list[Finding] = []
    for level in (one for one in LEVELS if one in stats):
        found += _check_bad_voxels(level, stats[level], protocol)
        found += _check_plausible(level, stats[level], protocol, field_strength_t)
        if level in ff_voxels:
            found += _check_modes(level, ff_voxels[level], protocol)
    found += _check_along_spine(_ff_means(stats), protocol)
    return tuple(found)


def _warn(code: str, level: Level, **values: str | float) -> Finding:
    return Finding(code, Severity.WARN, level, values)


def _check_bad_voxels(level: Level, stats: Stats, protocol: Protocol) -> Iterator[Finding]:
    """Voxels without a value, exactly 0, below 0, above 100 % or saturated (rule 9)."""
    for quantity, one in stats.items():
        total = one.n + one.nan
        bad = min(one.nan + one.zero + one.below + one.above + one.saturated, total)
        share = bad / total if total else 0.0
        if share <= protocol.bad_share_warn:
            continue
        code = "values.bad_voxels"
        if share > protocol.bad_share_reason:
            code = MANY_BAD
        yield _warn(code, level, quantity=str(quantity), bad=bad, voxels=total, share=share * 100)


def _check_plausible(
    level: Level, stats: Stats, protocol: Protocol, field_strength_t: float | None
) -> Iterator[Finding]:
    """Mean and spread of the rectangle (rule 10)."""
    ff, r2star = stats.get(Quantity.FF), stats.get(Quantity.R2STAR)
    if ff is not None and ff.mean is not None:
        low, high = protocol.ff_usual
        if not low <= ff.mean <= high:
            yield _warn("values.ff_unusual", level, mean=ff.mean, low=low, high=high)
        if ff.sd is not None and ff.sd > protocol.ff_sd_usual:
            yield _warn("values.ff_uneven", level, sd=ff.sd, limit=protocol.ff_sd_usual)
    if r2star is None or r2star.mean is None:
        return
    if field_strength_t is not None:
        weak = field_strength_t < _FIELDS_APART_T
        low, high = protocol.r2star_usual_1_5t if weak else protocol.r2star_usual_3t
        if not low <= r2star.mean <= high:
            values = {"mean": r2star.mean, "low": low, "high": high, "field": field_strength_t}
            yield _warn("values.r2star_unusual", level, **values)
    if r2star.sd is not None and r2star.sd > protocol.r2star_cv_usual * r2star.mean:
        limit = protocol.r2star_cv_usual * 100
        yield _warn("values.r2star_uneven", level, sd=r2star.sd, mean=r2star.mean, limit=limit)


def _check_modes(level: Level, voxels: Array, protocol: Protocol) -> Iterator[Finding]:
    """Two peaks of FF in one rectangle, as where water and fat change places within it (rule 12)."""
    finite = voxels[np.isfinite(voxels)]
    # peaks cannot lie further apart than the smallest and the largest voxel
    if finite.size < 1 / _MODE_SHARE or np.ptp(finite) <= protocol.swap_modes:
        return
    low, high = _two_groups(finite)
    if min(low.size, high.size) < _MODE_SHARE * finite.size:
        return
    distance = float(high.mean() - low.mean())
    middle = (low.mean() + high.mean()) / 2
    between = np.count_nonzero(np.abs(finite - middle) < distance / 6)
    if distance > protocol.swap_modes and between <= _BETWEEN_SHARE * finite.size:
        yield _warn("values.two_peaks", level, low=float(low.mean()), high=float(high.mean()))


def _two_groups(values: Array) -> tuple[Array, Array]:
    """Values on both sides of the border that lies half-way between the means of both sides."""
    border = float((values.min() + values.max()) / 2)
    # the border lies below the largest value from the first sweep to the last, unless all are equal
    for _ in range(_SWEEPS if values.min() < values.max() else 0):
        border = float(values[values <= border].mean() + values[values > border].mean()) / 2
    return values[values <= border], values[values > border]


def _ff_means(stats: Mapping[Level, Stats]) -> dict[Level, float]:
    found = {level: stats[level].get(Quantity.FF) for level in LEVELS if level in stats}
    return {level: one.mean for level, one in found.items() if one is not None and one.mean is not None}


def _check_along_spine(means: Mapping[Level, float], protocol: Protocol) -> Iterator[Finding]:
    """FF against the neighbours and the other levels (rule 11), and 100 % minus it (rule 12)."""
    pairs = [(upper, lower) for upper, lower in pairwise(means) if _adjoin(upper, lower)]
    steps = [pair for pair in pairs if abs(means[pair[0]] - means[pair[1]]) > protocol.ff_step]
    usual = {level: median(rest) for level in means if (rest := _others(means, level))}
    off = {level: abs(means[level] - usual[level]) for level in usual}
    odd = {level for level in off if _stands_out(level, pairs, steps, off)}
    # of two levels only, neither can be told to be the odd one
    odd |= {level for level, one in off.items() if one > protocol.ff_from_median and len(means) > _A_PAIR}
    for level, others in usual.items():
        if level in odd:
            yield _odd_level(level, means[level], others, protocol)
    for upper, lower in steps:
        if upper not in odd and lower not in odd:
            yield _warn(
                "values.ff_step", lower, above=upper.value, mean_above=means[upper], mean=means[lower]
            )


def _adjoin(upper: Level, lower: Level) -> bool:
    return LEVELS.index(lower) == LEVELS.index(upper) + 1


def _others(means: Mapping[Level, float], level: Level) -> list[float]:
    return [mean for place, mean in means.items() if place != level]


def _stands_out(
    level: Level, pairs: Sequence[_Pair], steps: Sequence[_Pair], off: Mapping[Level, float]
) -> bool:
    """Whether a level is a step away from every neighbour, and further off the others than they are."""
    mine = [pair for pair in pairs if level in pair]
    near = {one for pair in mine for one in pair} - {level}
    return bool(mine) and all(pair in steps for pair in mine) and all(off[level] > off[one] for one in near)


def _odd_level(level: Level, mean: float, usual: float, protocol: Protocol) -> Finding:
    mirrored = abs((FF_CEILING - mean) - usual) < protocol.ff_step
    if mirrored and abs(mean - usual) > protocol.ff_from_median:
        return _warn("values.swapped", level, mean=mean, usual=usual)
    return _warn("values.ff_jump", level, mean=mean, usual=usual)
