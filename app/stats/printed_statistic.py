"""Which statistic a column or a cell of a printed table names: F, t, chi-square, or another one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from app.stats.printed import Printed, parse_number
from app.stats.result import NotDefined

Kind = Literal["f", "t", "x2", "other"]
"""``other`` is a statistic that n, mean and SD do not give, such as U or z."""

_KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "f": "f",
        "anova": "f",
        "t": "t",
        **dict.fromkeys(("χ2", "x2", "chi2", "chi-square", "chi square", "chi-squared", "chi squared"), "x2"),
        **dict.fromkeys(("z", "u", "h"), "other"),
    }
)
_NOT_SAID = frozenset({"", "statistic", "statistics", "test statistic", "test value"})
_BETWEEN = re.compile(r"\s*(?:/|,|;|\bor\b|\band\b)\s*")
_AFTER = re.compile(r"[\s-]*(?:values?|statistics?|值)$")
_P = re.compile(r"^(?P<statistic>.*?)[,;]?\s*\bp\s*(?P<p>[=<>]?\s*[\d.,]+)$", re.IGNORECASE)
# a cell that names its statistic, with degrees of freedom or without
_NAMED = re.compile(r"^(?P<name>[^\d\s(=<>]+2?)\s*(?:\([\d.,\s]*\))?\s*=\s*(?P<value>.+)$")


@dataclass(frozen=True, slots=True)
class Beside:
    """What is printed beside the cells of a row.

    Parameters
    ----------
    statistic, p : Printed or None
    kinds : frozenset of Kind
        What the statistic can be; empty where nothing says so.
    """

    statistic: Printed | None
    p: Printed | None
    kinds: frozenset[Kind] = frozenset()

    @property
    def size(self) -> Printed | None:
        """The statistic without its sign: which group comes first is the paper's choice."""
        return None if self.statistic is None else replace(self.statistic, value=abs(self.statistic.value))


def kinds_of(title: str) -> frozenset[Kind] | None:
    """Read the title of a column.

    Parameters
    ----------
    title : str
        Such as ``F``, ``t value``, ``t/χ2`` or ``printed F``.

    Returns
    -------
    frozenset of Kind or None
        Empty for a statistic that is not named; None where the column holds none.
    """
    plain = title.casefold().strip()
    bare = plain.removeprefix("printed").strip()
    if bare in _NOT_SAID and plain:
        return frozenset()
    # a column titled "F, P" holds both in each cell
    parts = [part for part in _BETWEEN.split(bare) if part != "p"]
    found = [_KINDS.get(_AFTER.sub("", part)) for part in parts]
    if found and None not in found:
        return frozenset(one for one in found if one is not None)
    return frozenset() if parts and bare != plain else None


def read_beside(statistic: str, p: str, kinds: frozenset[Kind]) -> Beside:
    """Read the cells of statistic and P; one cell may hold both, and may name its statistic.

    Parameters
    ----------
    statistic, p : str
        Cells; empty where there is none.
    kinds : frozenset of Kind
        What the title of the column says.
    """
    both = _P.match(statistic)
    if both and not p:
        statistic, p = both["statistic"], both["p"]
    named = _NAMED.match(statistic)
    own = None if named is None else _KINDS.get(named["name"].casefold())
    if named is not None and own is not None:
        statistic, kinds = named["value"], frozenset({own})
    return Beside(number_or_none(statistic), number_or_none(p), kinds)


def number_or_none(text: str) -> Printed | None:
    """Read a printed number, or None for anything else."""
    found = parse_number(text)
    return None if isinstance(found, NotDefined) else found
