"""What "Check a table" shows of a pasted table. Pure: imports no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from app.stats.check_table import Check, CheckedCounts, CheckedMeans, Range
from app.stats.check_youden import CheckedYouden
from app.stats.formatting import number
from app.stats.groups_summary import FTest
from app.stats.pairwise import Pair
from app.stats.printed_table import CheckedRow, check_table
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.sentences import label
from app.ui.tabs.content import Table
from app.ui.tabs.words import DECIMALS, NONE, figure, interval, p_cell

_HEAD = ("row", "printed", "recomputed", "range", "verdict")
_TESTS_HEAD = ("compared", "difference", "equal", "p", "welch", "p")
_TWO = 2


@dataclass(frozen=True, slots=True)
class Checked:
    """What is shown.

    Attributes
    ----------
    tables : tuple of Table
        One row for each row of the print; then the tests of those that hold means.
    sentences : tuple of str
        Whole sentences on each row.
    """

    tables: tuple[Table, ...]
    sentences: tuple[str, ...]


def checked(text: str, positives: int | None, negatives: int | None) -> Checked:
    """Check a table and put it into words.

    Parameters
    ----------
    text : str
        As pasted.
    positives, negatives : int or None
        Patients with and without the outcome.
    """
    rows = check_table(text, positives=positives, negatives=negatives)
    if not rows:
        return Checked((Table(label("check.table"), reason=label("check.empty")),), ())
    table = Table(
        label("check.table"),
        tuple(label(f"check.head.{code}") for code in _HEAD),
        tuple(_row(one) for one in rows),
        strong=4,
        words=(4,),
    )
    said = (label("check.of_row", row=_name(one), sentence=sentence(one.found)) for one in rows)
    return Checked((table, *_tests(rows)), tuple(said))


def _name(one: CheckedRow) -> str:
    return label(f"check.pasted.{one.pasted}") if one.pasted else one.name


def _row(one: CheckedRow) -> tuple[str, ...]:
    found, name = one.found, _name(one)
    if isinstance(found, NotDefined):
        return (name, NONE, NONE, NONE, label("check.verdict.unread"))
    if isinstance(found, CheckedMeans):
        f = found.anova.test.f
        if found.t is not None and found.printed_t is not None:
            return _cells(name, "t", found.printed_t, math.sqrt(f), found.t, 2)
        return _cells(name, "f", found.printed_f, f, found.f, 2)
    if isinstance(found, CheckedCounts):
        x2 = found.contingency.pearson.x2
        return _cells(name, "x2", found.printed_x2, x2, Range(x2, x2), 3)
    assert isinstance(found, CheckedYouden)  # noqa: S101 - nothing else is left
    return _cells(name, "j", found.printed_j, found.j, found.range, 3)


def _cells(
    name: str, statistic: str, printed: Check | None, value: float, reach: Range, decimals: int
) -> tuple[str, ...]:
    low, high = number(reach.low, decimals), number(reach.high, decimals)
    verdict = (
        "none" if printed is None else f"{printed.verdict}.{printed.by}" if printed.by else printed.verdict
    )
    return (
        name,
        NONE if printed is None else label(f"check.statistic.{statistic}", value=printed.printed.text),
        number(value, decimals),
        low if low == high else label("check.range", low=low, high=high),
        label(f"check.verdict.{verdict}"),
    )


# -- the tests of means -----------------------------------------------------------------------------------


def _tests(rows: list[CheckedRow]) -> Iterator[Table]:
    """All groups together and two by two, with equal variances and by Welch."""
    means = [(one, one.found) for one in rows if isinstance(one.found, CheckedMeans)]
    if not means:
        return
    yield Table(
        label("check.tests"),
        tuple(label(f"check.head.{code}") for code in _TESTS_HEAD),
        tuple(cells for one, found in means for cells in _test_rows(one, found)),
        note=label("check.note.tests"),
        strong=None,
    )


def _test_rows(one: CheckedRow, found: CheckedMeans) -> Iterator[tuple[str, ...]]:
    where = "list" if one.pasted else "row"
    if len(found.comparison.groups) > _TWO:
        usual, welch = found.anova.test, found.comparison.welch
        other = _f_cells(welch) if isinstance(welch, FTest) else (NONE, NONE)
        yield label(f"check.{where}.all", row=one.name), NONE, *_f_cells(usual), *other
    for usual_pair, welch_pair in zip(found.student.pairs, found.welch.pairs, strict=True):
        pair = {"first": usual_pair.first, "second": usual_pair.second}
        yield (
            label(f"check.{where}.pair", row=one.name, **pair),
            _difference(usual_pair),
            *_t_cells(usual_pair),
            *_t_cells(welch_pair),
        )


def _difference(pair: Pair) -> str:
    difference = figure(pair.difference, DECIMALS)
    if pair.ci is None:
        return difference
    return label("check.cell.difference", difference=difference, ci=interval(pair.ci, DECIMALS))


def _f_cells(test: FTest) -> tuple[str, str]:
    df2 = figure(test.df2, 0 if float(test.df2).is_integer() else 1)
    return label("check.cell.f", f=figure(test.f, DECIMALS), df1=test.df1, df2=df2), p_cell(test.p)


def _t_cells(pair: Pair) -> tuple[str, str]:
    if pair.statistic is None or pair.df is None:
        return NONE, NONE
    df = figure(pair.df, 0 if float(pair.df).is_integer() else 1)
    return label("check.cell.t", t=figure(pair.statistic, DECIMALS), df=df), p_cell(pair.p_adjusted)
