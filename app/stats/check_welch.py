"""How far the rounding of printed means and SDs reaches in Welch's test."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.stats.distributions import f_upper
from app.stats.groups_summary import FTest, Summary, welch_anova
from app.stats.printed import PrintedGroup


@dataclass(frozen=True, slots=True)
class WelchReach:
    """Welch's F over the rounding; of two groups it is the square of Welch's t.

    Parameters
    ----------
    test : FTest
        From the numbers as printed.
    f_low, f_high, p_low, p_high : float
    """

    test: FTest
    f_low: float
    f_high: float
    p_low: float
    p_high: float


def welch_reach(groups: Sequence[PrintedGroup]) -> WelchReach | None:
    """Follow the rounding through Welch's test.

    Of two groups the ends are exact. Of more every mean and SD goes to the end that moves F most by itself,
    and the sum of these steps stands where it reaches farther. Where means nearly meet a little may be
    missed.

    Parameters
    ----------
    groups : sequence of PrintedGroup
        At least two.

    Returns
    -------
    WelchReach or None
        None where the test is not defined.

    References
    ----------
    Welch 1947, Biometrika 34:28; Welch 1951, Biometrika 38:330.
    """
    middle = welch_anova([one.summary for one in groups])
    moved = [welch_anova(one) for one in _moved(groups)]
    tests = [one for one in moved if isinstance(one, FTest)]
    # a group that may have no variance at all
    if not isinstance(middle, FTest) or len(tests) < len(moved):
        return None
    f = [one.f for one in tests]
    low, high = _ends_by_steps(middle.f, f)
    if len(groups) == 2:  # noqa: PLR2004 - Welch's t
        low, high = _ends_of_two(groups)
    else:
        together = [welch_anova(_corner(groups, f, up=up)) for up in (False, True)]
        reached = [one.f for one in together if isinstance(one, FTest)]
        low, high = min(low, *reached), max(high, *reached)
    fewest, most = _ends_by_steps(middle.df2, [one.df2 for one in tests])
    return WelchReach(middle, low, high, f_upper(high, middle.df1, most), f_upper(low, middle.df1, fewest))


def _moved(groups: Sequence[PrintedGroup]) -> Iterator[list[Summary]]:
    """The groups with one mean or one SD at one end of its rounding, the others as printed."""
    printed = [one.summary for one in groups]
    for place, one in enumerate(groups):
        ends = [(end, one.sd.value) for end in (one.mean.low, one.mean.high)]
        ends += [(one.mean.value, end) for end in (one.sd.low, one.sd.high)]
        for mean, sd in ends:
            changed = Summary(one.label, one.n, mean, max(0.0, sd))
            yield [*printed[:place], changed, *printed[place + 1 :]]


def _corner(groups: Sequence[PrintedGroup], f: Sequence[float], *, up: bool) -> list[Summary]:
    """The groups with every mean and SD at the end that alone makes F larger (or smaller)."""
    found = []
    for one, (a, b, c, d) in zip(groups, zip(*(iter(f),) * 4, strict=True), strict=True):
        mean = one.mean.high if (b > a) is up else one.mean.low
        sd = one.sd.high if (d > c) is up else one.sd.low
        found.append(Summary(one.label, one.n, mean, sd))
    return found


def _ends_by_steps(middle: float, moved: Sequence[float]) -> tuple[float, float]:
    """Sum of the steps down and of the steps up; a degree of freedom is never lost wholly."""
    steps = [(one - middle, other - middle) for one, other in zip(moved[::2], moved[1::2], strict=True)]
    low = middle + math.fsum(min(0.0, *pair) for pair in steps)
    return max(0.0, low), middle + math.fsum(max(0.0, *pair) for pair in steps)


def _ends_of_two(groups: Sequence[PrintedGroup]) -> tuple[float, float]:
    first, second = groups
    nearest = max(0.0, second.mean.low - first.mean.high, first.mean.low - second.mean.high)
    farthest = max(second.mean.high - first.mean.low, first.mean.high - second.mean.low)
    narrow = math.fsum(max(0.0, one.sd.low) ** 2 / one.n for one in groups)
    wide = math.fsum(one.sd.high**2 / one.n for one in groups)
    return nearest**2 / wide, farthest**2 / narrow
