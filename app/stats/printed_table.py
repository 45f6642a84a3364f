"""A printed table as it is pasted: which rows hold means, counts or shares, and what they can be."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from app.stats.check_table import VERDICTS, CheckedCounts, CheckedMeans, check_counts, check_means
from app.stats.check_youden import CheckedYouden, check_youden
from app.stats.pasted import read_pasted
from app.stats.printed import Printed, PrintedGroup, parse_mean_sd
from app.stats.printed_shares import read_shares
from app.stats.printed_statistic import Beside, Kind, kinds_of, number_or_none, read_beside
from app.stats.result import NotDefined, Note

_N_IN_HEADER = re.compile(r"\(?\s*n\s*=\s*(\d+)\s*\)?", re.IGNORECASE)
_COUNTS = re.compile(r"\d+(\s*/\s*\d+)+")
_P = frozenset({"p", "p value", "p-value", "p值", "printed p"})
_SENSITIVITY, _SPECIFICITY, _YOUDEN = ("sens",), ("spec",), ("youden", "j")

Checked = CheckedMeans | CheckedCounts | CheckedYouden | NotDefined


@dataclass(frozen=True, slots=True)
class CheckedRow:
    """One row of a pasted table, and what came of it.

    Parameters
    ----------
    name : str
        First cell; empty for a list.
    found : CheckedMeans, CheckedCounts, CheckedYouden or NotDefined
    pasted : str
        ``groups`` or ``counts`` for a whole list, which is one row; empty for a row of a table.
    """

    name: str
    found: Checked
    pasted: Literal["", "groups", "counts"] = ""


@dataclass(frozen=True, slots=True)
class _Head:
    """What the columns after the names hold."""

    groups: tuple[str, ...]
    sizes: tuple[int | None, ...]
    statistic: int | None
    kinds: frozenset[Kind]
    p: int | None
    shares: tuple[int, int] | None
    youden: int | None


def check_table(text: str, *, positives: int | None = None, negatives: int | None = None) -> list[CheckedRow]:
    """Recompute every row of a printed table.

    Parameters
    ----------
    text : str
        Columns parted by tabs, ``|`` or two and more spaces; the first line names them. A group's column says
        its size (``normal n=30``), or a row ``n`` does. Cells hold ``36.93 ± 9.25``, counts (``17/13``) or
        counts with percents (``17 (56.7)``); columns named F, t, chi-square or P, and cells such as
        ``1.457, P 0.483`` or ``t = 4.9``, hold what is printed. With columns named sensitivity and
        specificity, rows hold those (and the Youden index). A list (:func:`read_pasted`) is one row.
    positives, negatives : int, optional
        Patients with and without the outcome, for sensitivity and specificity.

    Returns
    -------
    list of CheckedRow
        In order; one that cannot be read says ``printed.cells``. Empty for a text without rows.
    """
    pasted = read_pasted(text)
    if pasted is not None:
        return [_whole(pasted)]
    rows = [row for row in map(_cells, text.splitlines()) if any(row)]
    if len(rows) < 2:  # noqa: PLR2004 - a header and a row
        return []
    head = _head(rows[0])
    found = []
    for row in rows[1:]:
        sizes = _sizes_row(row, head)
        if sizes is not None:
            head = replace(head, sizes=sizes)
        elif set("".join(row)) - set("-: "):
            found.append(CheckedRow(row[0], _check(row, head, positives, negatives)))
    return found


def _whole(pasted: tuple[PrintedGroup, ...] | tuple[tuple[int, ...], ...] | NotDefined) -> CheckedRow:
    if isinstance(pasted, NotDefined):
        return CheckedRow("", pasted, "groups")
    groups = [one for one in pasted if isinstance(one, PrintedGroup)]
    if groups:
        return CheckedRow("", check_means(groups), "groups")
    counts = check_counts([row for row in pasted if not isinstance(row, PrintedGroup)])
    if isinstance(counts, CheckedCounts):
        counts = replace(counts, notes=(Note.of("check.as_counts"),))
    return CheckedRow("", counts, "counts")


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
    titles = [None, *(kinds_of(cell) for cell in named[1:])]
    statistic = next((place for place, kinds in enumerate(titles) if kinds is not None), None)
    kinds = None if statistic is None else titles[statistic]
    p = next((place for place, cell in enumerate(named) if cell in _P), None)
    last = min(place for place in (statistic, p, len(cells)) if place is not None)
    groups = tuple(cells[1:last])
    sizes = tuple(_size(cell) for cell in groups)
    shares = None if sensitivity is None or specificity is None else (sensitivity, specificity)
    return _Head(groups, sizes, statistic, kinds or frozenset(), p, shares, youden)


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
    beside = _beside(row, head)
    if cells and all(_COUNTS.fullmatch(cell) for cell in cells):
        table = [[int(part) for part in cell.split("/")] for cell in cells]
        if len({len(one) for one in table}) == 1:
            return _judge_counts(table, beside)
    means = _means(cells, head, beside)
    shares = read_shares(row[0], cells, head.sizes)
    if shares is None or isinstance(shares, NotDefined):
        return shares or means
    if not shares.table:
        # counts of a part of the group would look so too
        unclear = shares.certain or (isinstance(means, CheckedMeans) and means.cannot_be)
        return NotDefined.of("printed.either") if unclear else means
    counts = _judge_counts(shares.table, beside, Note.of("check.as_shares"))
    if shares.certain or isinstance(counts, NotDefined) or isinstance(means, NotDefined):
        return counts
    fits = not counts.cannot_be and (counts.printed_x2 is not None or beside.statistic is None)
    return counts if fits or means.cannot_be else means


def _means(cells: Sequence[str], head: _Head, beside: Beside) -> CheckedMeans | NotDefined:
    groups = list(_groups(cells, head))
    if len(groups) == len(head.groups) > 1:
        return _judge_means(groups, beside)
    if None in head.sizes and all(not isinstance(parse_mean_sd(cell), NotDefined) for cell in cells):
        return NotDefined.of("printed.sizes")
    return NotDefined.of("printed.cells")


def _judge_means(groups: Sequence[PrintedGroup], beside: Beside) -> CheckedMeans | NotDefined:
    """Hold what is printed against F or t, as it is named; what is not named may be either."""
    size, kinds = beside.size, beside.kinds
    may_be_f = not kinds or "f" in kinds
    may_be_t = len(groups) == 2 and (not kinds or "t" in kinds)  # noqa: PLR2004 - t compares two
    if size is not None and not (may_be_f or may_be_t):
        # P belongs to that other statistic
        found = check_means(groups)
        return found if isinstance(found, NotDefined) else replace(found, notes=(_not_judged(size),))
    found = check_means(groups, f=size if may_be_f else None, t=size if may_be_t else None, p=beside.p)
    if isinstance(found, NotDefined) or found.printed_f is None or found.printed_t is None:
        return found
    f, t = (VERDICTS.index(one.verdict) for one in (found.printed_f, found.printed_t))
    t_it_is = t < f or (t == f and "t" in kinds)
    return replace(found, printed_f=None) if t_it_is else replace(found, printed_t=None)


def _judge_counts(
    table: Sequence[Sequence[int]], beside: Beside, note: Note | None = None
) -> CheckedCounts | NotDefined:
    """Hold what is printed against chi-square; what is named otherwise is only judged where it fits."""
    size, kinds = beside.size, beside.kinds
    found = check_counts(table) if kinds == {"other"} else check_counts(table, x2=size, p=beside.p)
    if isinstance(found, NotDefined):
        return found
    notes = () if note is None else (note,)
    fits = found.printed_x2 is not None and found.printed_x2.verdict != "impossible"
    if size is None or fits or not kinds or "x2" in kinds:
        return replace(found, notes=notes)
    return replace(found, printed_x2=None, notes=(*notes, _not_judged(size)))


def _not_judged(printed: Printed) -> Note:
    return Note.of("check.not_judged", printed=printed.text)


def _groups(cells: Sequence[str], head: _Head) -> Iterator[PrintedGroup]:
    for name, size, cell in zip(head.groups, head.sizes, cells, strict=False):
        found = parse_mean_sd(cell)
        if size is not None and not isinstance(found, NotDefined):
            yield PrintedGroup(_N_IN_HEADER.sub("", name).strip(), size, *found)


def _beside(row: Sequence[str], head: _Head) -> Beside:
    """The statistic and P printed in a row: in columns of their own, or in one cell."""
    statistic = row[head.statistic] if head.statistic is not None and head.statistic < len(row) else ""
    p = row[head.p] if head.p is not None and head.p < len(row) else ""
    return read_beside(statistic, p, head.kinds)


def _check_shares(row: Sequence[str], head: _Head, positives: int | None, negatives: int | None) -> Checked:
    assert head.shares is not None  # noqa: S101 - the caller asked
    places = [*head.shares, *((head.youden,) if head.youden is not None else ())]
    numbers = [number_or_none(row[place]) if place < len(row) else None for place in places]
    sensitivity, specificity, *youden = numbers
    if sensitivity is None or specificity is None:
        return NotDefined.of("printed.cells")
    j = youden[0] if youden else None
    return check_youden(sensitivity, specificity, j=j, positives=positives, negatives=negatives)
