"""What "Check a table" shows of a pasted table. Pure: imports no Qt."""

from __future__ import annotations

from app.stats.check_table import Check, CheckedCounts, CheckedMeans, CheckedYouden, Range
from app.stats.formatting import number
from app.stats.printed_table import CheckedRow, check_table
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.sentences import label
from app.ui.tabs.content import Table
from app.ui.tabs.words import NONE

_HEAD = ("row", "printed", "recomputed", "range", "verdict")


def checked(text: str, positives: int | None, negatives: int | None) -> tuple[Table, tuple[str, ...]]:
    """Check a table and put it into words.

    Parameters
    ----------
    text : str
        As pasted.
    positives, negatives : int or None
        Patients with and without the outcome.

    Returns
    -------
    Table, tuple of str
        One row for each row of the print; and whole sentences on each.
    """
    rows = check_table(text, positives=positives, negatives=negatives)
    if not rows:
        return Table(label("check.table"), reason=label("check.empty")), ()
    table = Table(
        label("check.table"),
        tuple(label(f"check.head.{code}") for code in _HEAD),
        tuple(_row(one) for one in rows),
        strong=4,
        words=(4,),
    )
    return table, tuple(label("check.of_row", row=one.name, sentence=sentence(one.found)) for one in rows)


def _row(one: CheckedRow) -> tuple[str, ...]:
    found = one.found
    if isinstance(found, NotDefined):
        return (one.name, NONE, NONE, NONE, label("check.verdict.unread"))
    if isinstance(found, CheckedMeans):
        return _cells(one.name, "f", found.printed_f, found.anova.test.f, found.f, 2)
    if isinstance(found, CheckedCounts):
        x2 = found.contingency.pearson.x2
        return _cells(one.name, "x2", found.printed_x2, x2, Range(x2, x2), 3)
    assert isinstance(found, CheckedYouden)  # noqa: S101 - nothing else is left
    return _cells(one.name, "j", found.printed_j, found.j, found.range, 3)


def _cells(
    name: str, statistic: str, printed: Check | None, value: float, reach: Range, decimals: int
) -> tuple[str, ...]:
    low, high = number(reach.low, decimals), number(reach.high, decimals)
    return (
        name,
        NONE if printed is None else label(f"check.statistic.{statistic}", value=printed.printed.text),
        number(value, decimals),
        low if low == high else label("check.range", low=low, high=high),
        label(f"check.verdict.{'none' if printed is None else printed.verdict}"),
    )
