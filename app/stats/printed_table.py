"""A printed table as it is pasted: which rows hold means, counts or shares, and what they can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.stats.check_table import (
    CheckedCounts,
    CheckedMeans,
    CheckedYouden,
    check_counts,
    check_means,
    check_youden,
)
from app.stats.printed import Printed, PrintedGroup, parse_mean_sd, parse_number
from app.stats.result import NotDefined

_N_IN_HEADER = re.compile(r"\(?\s*n\s*=\s*(\d+)\s*\)?", re.IGNORECASE)
_COUNTS = re.compile(r"\d+(\s*/\s*\d+)+")
_P = re.compile(r"^(?P<statistic>.*?)[,;]?\s*p\s*(?P<p>[=<>]?\s*[\d.,]+)$", re.IGNORECASE)
_STATISTIC = ("f", "f/χ2", "f/χ²", "χ2", "χ²", "chi2", "chi-square", "f / chi2", "t", "statistic")
_SENSITIVITY, _SPECIFICITY, _YOUDEN = ("sens",), ("spec",), ("youden", "j")

Checked = CheckedMeans | CheckedCounts | CheckedYouden | NotDefined


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row of a pasted table, and what came of it.

    Parameters
    ----------
    name : str
        First cell.
    found : CheckedMeans, CheckedCounts, CheckedYouden or NotDefined
    """

    name: str
    found: Checked


@dataclass(frozen=True, slots=True)
class _Head:
    """What the columns after the names hold."""

    groups: tuple[str, ...]
    sizes: tuple[int | None, ...]
    statistic: int | None
    p: int | None
    shares: tuple[int, int] | None
    youden: int | None


def check_table(text: str, *, positives: int | None = None, negatives: int | None = None) -> list[CheckedRow]:
    """Recompute every row of a printed table.

    Parameters
    ----------
    text : str
        Columns parted by tabs, ``|`` or two and more spaces; the first line names them. A group's column says
        its size (``normal n=30``), or a row ``n`` does. Cells hold ``36.93 ± 9.25`` or counts (``17/13``);
        columns named F, chi-square or P, and cells such as ``1.457, P 0.483``, hold what is printed. With
        columns named sensitivity and specificity, rows hold those (and the Youden index).
    positives, negatives : int, optional
        Patients with and without the outcome, for sensitivity and specificity.

    Returns
    -------
    list of CheckedRow
        In order; one that cannot be read says ``printed.cells``. Empty for a text without rows.
    """
    rows = [row for row in map(_cells, text.splitlines()) if any(row)]
    if len(rows) < 2:  # noqa: PLR2004 - a header and a row
        return []
    head = _head(rows[0])
    found = []
    for row in rows[1:]:
        sizes = _sizes_row(row, head)
        if sizes is not None:
            head = _Head(head.groups, sizes, head.statistic, head.p, head.shares, head.youden)
        elif set("".join(row)) - set("-: "):
            found.append(CheckedRow(row[0], _check(row, head, positives, negatives)))
    return found


def _cells(line: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", line.replace("\u00a0", " ")).replace("+-", "±").replace("+/-", "±")
    if "\t" in plain:
        parts = plain.split("\t")
    elif "|" in plain:
        parts = plain.strip().strip("|").split("|")
    else:
        parts = re.split(r" {2,}", plain.rstrip()) if not plain.startswith(" ") else ["", *plain.split("  ")]
        parts = [parts[0], *(part for part in parts[1:] if part.strip())]
    return [part.replace("**", "").strip() for part in parts]


def _head(cells: Sequence[str]) -> _Head:
    named = [cell.casefold() for cell in cells]
    sensitivity, specificity, youden = (
        _first(named, words) for words in (_SENSITIVITY, _SPECIFICITY, _YOUDEN)
    )
    statistic = next((place for place, cell in enumerate(named) if cell in _STATISTIC), None)
    if statistic is None:
        statistic = next((place for place, cell in enumerate(named) if cell.startswith("printed")), None)
    p = next((place for place, cell in enumerate(named) if cell in {"p", "p value", "p-value"}), None)
    last = min(place for place in (statistic, p, len(cells)) if place is not None)
    groups = tuple(cells[1:last])
    sizes = tuple(_size(cell) for cell in groups)
    shares = None if sensitivity is None or specificity is None else (sensitivity, specificity)
    return _Head(groups, sizes, statistic, p, shares, youden)


def _first(named: Sequence[str], words: Sequence[str]) -> int | None:
    places = (place for place, cell in enumerate(named) if place and cell.startswith(tuple(words)))
    return next(places, None)


def _size(cell: str) -> int | None:
    found = _N_IN_HEADER.search(cell)
    return int(found[1]) if found else None


def _sizes_row(row: Sequence[str], head: _Head) -> tuple[int, ...] | None:
    """Sizes of the groups, where this row gives them."""
    if row[0].casefold() not in {"n", "number", "patients"}:
        return None
    cells = row[1 : 1 + len(head.groups)]
    return tuple(map(int, cells)) if cells and all(cell.isdecimal() for cell in cells) else None


def _check(row: Sequence[str], head: _Head, positives: int | None, negatives: int | None) -> Checked:
    if head.shares is not None:
        return _check_shares(row, head, positives, negatives)
    cells = row[1 : 1 + len(head.groups)]
    statistic, p = _printed_beside(row, head)
    if cells and all(_COUNTS.fullmatch(cell) for cell in cells):
        table = [[int(part) for part in cell.split("/")] for cell in cells]
        if len({len(one) for one in table}) == 1:
            return check_counts(table, x2=statistic, p=p)
    groups = list(_groups(cells, head))
    if len(groups) == len(head.groups) > 1:
        return check_means(groups, f=statistic, p=p)
    if None in head.sizes and all(not isinstance(parse_mean_sd(cell), NotDefined) for cell in cells):
        return NotDefined.of("printed.sizes")
    return NotDefined.of("printed.cells")


def _groups(cells: Sequence[str], head: _Head) -> Iterator[PrintedGroup]:
    for name, size, cell in zip(head.groups, head.sizes, cells, strict=False):
        found = parse_mean_sd(cell)
        if size is not None and not isinstance(found, NotDefined):
            yield PrintedGroup(_N_IN_HEADER.sub("", name).strip(), size, *found)


def _printed_beside(row: Sequence[str], head: _Head) -> tuple[Printed | None, Printed | None]:
    """The statistic and P printed in a row: in columns of their own, or in one cell."""
    statistic = row[head.statistic] if head.statistic is not None and head.statistic < len(row) else ""
    p = row[head.p] if head.p is not None and head.p < len(row) else ""
    both = _P.match(statistic)
    if both and not p:
        statistic, p = both["statistic"], both["p"]
    return _number(statistic), _number(p)


def _number(text: str) -> Printed | None:
    found = parse_number(text)
    return None if isinstance(found, NotDefined) else found


def _check_shares(row: Sequence[str], head: _Head, positives: int | None, negatives: int | None) -> Checked:
    assert head.shares is not None  # noqa: S101 - the caller asked
    places = [*head.shares, *((head.youden,) if head.youden is not None else ())]
    numbers = [_number(row[place]) if place < len(row) else None for place in places]
    sensitivity, specificity, *youden = numbers
    if sensitivity is None or specificity is None:
        return NotDefined.of("printed.cells")
    j = youden[0] if youden else None
    return check_youden(sensitivity, specificity, j=j, positives=positives, negatives=negatives)
