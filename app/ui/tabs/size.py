"""What "Sample size" shows of a plan. Pure: imports no Qt."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

from app.services.plan_sizes import Planned, Wrong, plan_size
from app.stats.result import NotDefined
from app.stats.sample_size_diagnostic import CasesAndControls
from app.stats.sentences import sentence
from app.ui.sentences import label
from app.ui.tabs.content import Table

_PAIRED = frozenset({"paired_means", "limits"})


def planned(key: str, typed: Mapping[str, str]) -> Table:
    """Find the size of a study and put it into words.

    Parameters
    ----------
    key : str
        What is planned.
    typed : mapping
        Texts by the names of what is asked.

    Returns
    -------
    Table
        The sentence for the paper is its note; a reason stands in place of the rows where there is no answer.
    """
    found, title = plan_size(key, typed), label("size.table")
    if isinstance(found, NotDefined):
        return Table(title, reason=sentence(found))
    if isinstance(found, tuple):
        return Table(title, reason="\n".join(map(_wrong, found)))
    head = ("", label("size.head.needed"), label("size.head.enrolled"))
    return Table(title, head, tuple(_rows(key, found)), note=_said(found))


def _rows(key: str, found: Planned) -> Iterator[tuple[str, ...]]:
    size, enrolled = found.size, found.enrolled
    if isinstance(size, CasesAndControls):
        yield _row("cases", size.cases, enrolled[0])
        yield _row("controls", size.controls, enrolled[1])
        yield _row("both", size.cases + size.controls, sum(enrolled))
    elif size.groups > 1:
        yield _row("group", size.per_group, enrolled[0])
        yield _row("all", size.total, sum(enrolled))
    else:
        yield _row("pairs" if key in _PAIRED else "total", size.total, enrolled[0])


def _row(code: str, needed: int, enrolled: int) -> tuple[str, ...]:
    return label(f"size.row.{code}"), str(needed), str(enrolled)


def _said(found: Planned) -> str:
    said = sentence(found.size)
    if found.lost == 0.0:
        return said
    return label("size.enrolled", sentence=said, lost=f"{100.0 * found.lost:g}", enrolled=sum(found.enrolled))


def _wrong(one: Wrong) -> str:
    asked, why = one.asked, str(one.why)
    if why == "outside":
        # percents that may be 0 have an upper limit as well
        why = "between" if math.isfinite(asked.high) else "from" if asked.reaches_low else "above"
    values = {"low": f"{asked.low:g}", "high": f"{asked.high:g}"}
    return label(f"size.wrong.{why}", name=label(f"size.asked.{asked.name}"), **values)
