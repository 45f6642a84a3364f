"""How many patients make an interval as narrow as wanted.

The sizes for the power of a test are in :mod:`app.stats.sample_size_power`, those of a diagnostic study in
:mod:`app.stats.sample_size_diagnostic`. Each answer keeps the unrounded number beside the whole one, so that
a printed calculation can be checked.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.stats.distributions import normal_quantile
from app.stats.result import NotDefined, Value


@dataclass(frozen=True, slots=True)
class SampleSize:
    """A number of patients.

    Parameters
    ----------
    kind : str
        What it is for; names the sentence, such as ``"icc_width"``.
    exact : float
        Unrounded number of patients in each group.
    groups : int
        How many groups of that size.
    values : mapping
        What was asked, for the sentence.
    """

    kind: str
    exact: float
    groups: int
    values: Mapping[str, Value]

    @property
    def per_group(self) -> int:
        """Patients in each group, rounded up."""
        return math.ceil(self.exact)

    @property
    def total(self) -> int:
        """Patients in all groups."""
        return self.groups * self.per_group


def size_of(kind: str, exact: float, *, groups: int = 1, **values: Value) -> SampleSize:
    """Make a sample size from the unrounded number in each group."""
    return SampleSize(kind, exact, groups, MappingProxyType(values))


def no_share(**shares: float) -> NotDefined | None:
    """Return why one of these is no share strictly between 0 and 1, or None."""
    wrong = (
        NotDefined.of("sample_size.no_share", name=name, value=value)
        for name, value in shares.items()
        if not 0.0 < value < 1.0
    )
    return next(wrong, None)


def not_above(bound: float, **values: float) -> NotDefined | None:
    """Return why one of these is not above a bound, or None."""
    wrong = (
        NotDefined.of("sample_size.not_above", name=name, value=value, bound=bound)
        for name, value in values.items()
        if not bound < value < math.inf
    )
    return next(wrong, None)


def size_for_icc_width(
    rho: float, width: float, *, readers: int = 2, level: float = 0.95
) -> SampleSize | NotDefined:
    """Patients that make the interval of an ICC as narrow as wanted.

    n = 8 z^2 (1 - rho)^2 (1 + (k - 1) rho)^2 / (k (k - 1) w^2) + 1, and 5 rho more for two readers.

    Parameters
    ----------
    rho : float
        Expected ICC of a single reader, 0 to 1.
    width : float
        Wanted width from limit to limit.
    readers : int
        k, at least 2.
    level : float
        Confidence level.

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` or ``sample_size.not_above`` for what cannot be asked.

    References
    ----------
    Bonett 2002, Stat Med 21:1331.
    """
    reason = no_share(rho=rho, level=level) or not_above(0.0, width=width) or not_above(1, readers=readers)
    if reason is not None:
        return reason
    k, z = readers, normal_quantile((1.0 + level) / 2.0)
    exact = 8.0 * (z * (1.0 - rho) * (1.0 + (k - 1) * rho) / width) ** 2 / (k * (k - 1)) + 1.0
    exact += 5.0 * rho if k == 2 else 0.0  # noqa: PLR2004 - Bonett's correction is for two readers
    return size_of("icc_width", exact, rho=rho, width=width, readers=k, level=level)


def size_for_limits_of_agreement(
    sd: float, half_width: float, *, level: float = 0.95
) -> SampleSize | NotDefined:
    """Pairs of readings that make the interval of a limit of agreement as narrow as wanted.

    n = 3 (z SD / h)^2, from the standard error SD times the root of 3/n.

    Parameters
    ----------
    sd : float
        Expected SD of the differences.
    half_width : float
        From the limit to either end of its interval, in the same unit.
    level : float
        Confidence level.

    Returns
    -------
    SampleSize or NotDefined
        ``sample_size.no_share`` or ``sample_size.not_above`` for what cannot be asked.

    References
    ----------
    Bland and Altman 1986, Lancet 1:307.
    """
    reason = not_above(0.0, sd=sd, half_width=half_width) or no_share(level=level)
    if reason is not None:
        return reason
    exact = 3.0 * (normal_quantile((1.0 + level) / 2.0) * sd / half_width) ** 2
    return size_of("limits", exact, sd=sd, half_width=half_width, level=level)
