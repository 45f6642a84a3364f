"""Cells such as ``17 (56.7)``: a count with its percent, or a mean with its SD."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from app.stats.printed import Printed, parse_number
from app.stats.result import NotDefined

_CELL = re.compile(r"(?P<count>\d+)\s*[(\[]\s*(?P<percent>[\d.,]+)\s*(?P<sign>%?)\s*[)\]]\s*(?P<after>%?)")
_NAMED = re.compile(r"(?:\bn|\bno\.?|\bnumber|\bcases|例)\s*,?\s*[(\[]\s*%", re.IGNORECASE)
_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class Shares:
    """A row read as counts with percents.

    Parameters
    ----------
    table : tuple of tuple of int, shape (groups, 2)
        With and without; empty where the percents are not of the groups.
    certain : bool
        The row says that it holds counts; false where only its numbers look so.
    """

    table: tuple[tuple[int, int], ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class _Cell:
    count: int
    percent: Printed

    def fits(self, total: int, *, units: float = 0.5) -> bool:
        """Tell whether the percent is the share of a total, within so many units of its last digit."""
        reach = 2.0 * units * self.percent.half + _SLACK
        return total > 0 and abs(100.0 * self.count / total - self.percent.value) <= reach

    def fits_fewer(self, total: int) -> bool:
        """Tell whether it is the share of some part of the group, as where values are missing."""
        if self.count == 0:
            return self.percent.low <= 0.0
        low, high = self.percent.low, self.percent.high
        fewest = max(self.count, math.ceil(100.0 * self.count / high - _SLACK)) if high > 0.0 else math.inf
        most = min(total, math.floor(100.0 * self.count / low + _SLACK)) if low > 0.0 else total
        return fewest <= most


def read_shares(name: str, cells: Sequence[str], sizes: Sequence[int | None]) -> Shares | NotDefined | None:
    """Read a row of ``n (%)``.

    It is one where its name says so (``male, n (%)``), where percent signs stand in the brackets, or where
    every bracket is the share that its whole number has of the group, of the row or of all groups.

    Parameters
    ----------
    name : str
        Of the row.
    cells : sequence of str
    sizes : sequence of int or None
        Of the groups; a row with fewer cells than these is none.

    Returns
    -------
    Shares, NotDefined or None
        None for a row of something else. Not defined without the sizes (``printed.sizes``), and where the row
        says it holds counts that cannot be of these groups (``printed.percents``).
    """
    matches = [_CELL.fullmatch(cell) for cell in cells]
    found = [_cell(match) for match in matches if match is not None]
    signs = all(match is not None and (match["sign"] or match["after"]) for match in matches)
    certain = signs or _NAMED.search(name) is not None
    totals = [size for size in sizes if size is not None]
    if not cells or len(found) < len(sizes):
        return None
    if len(totals) < len(sizes):
        return NotDefined.of("printed.sizes") if certain else None
    wrong = _first_wrong(found, totals, certain=certain)
    if wrong is None:
        rest = zip(found, totals, strict=True)
        return Shares(tuple((one.count, total - one.count) for one, total in rest), certain)
    if certain:
        one, total = found[wrong], totals[wrong]
        return NotDefined.of("printed.percents", count=one.count, total=total, printed=one.percent.text)
    fewer = all(one.fits_fewer(total) for one, total in zip(found, totals, strict=True))
    return Shares((), certain="%" in name) if fewer else None


def _cell(match: re.Match[str]) -> _Cell:
    percent = parse_number(match["percent"])
    # brackets that hold no number fit no total
    told = Printed(match["percent"], -1.0, 0.0) if isinstance(percent, NotDefined) else percent
    return _Cell(int(match["count"]), told)


def _first_wrong(found: Sequence[_Cell], totals: Sequence[int], *, certain: bool) -> int | None:
    """The first cell whose percent is not of its group; None where all fit one kind of total."""
    # a percent that is known to be one may have been cut off instead of rounded
    units = 1.0 if certain else 0.5
    wrong = [
        place
        for place, (one, total) in enumerate(zip(found, totals, strict=True))
        if one.count > total or not one.fits(total, units=units)
    ]
    if not wrong:
        return None
    whole = (sum(one.count for one in found), sum(totals))
    fits_whole = any(all(one.fits(total, units=units) for one in found) for total in whole)
    larger = any(one.count > total for one, total in zip(found, totals, strict=True))
    return None if fits_whole and not larger else wrong[0]
