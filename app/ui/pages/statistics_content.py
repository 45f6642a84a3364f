"""What the Statistics page shows, ready for the screen: texts, rows and figures, no Qt, no statistics.

The page knows these values only; the libraries of statistics stay out of the window's thread.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from app.domain.maps import Quantity
from app.ui.plots.spec import Figure


class Tab(StrEnum):
    """Tabs of the page, in order."""

    COHORT = "cohort"
    AGREEMENT = "agreement"
    CORRELATION = "correlation"
    ROC = "roc"


@dataclass(frozen=True, slots=True)
class Table:
    """A small table as a paper prints it.

    Attributes
    ----------
    title : str
        Above the table.
    head : tuple of str
        Column titles; the first column holds names, the others figures.
    rows : tuple of tuple of str
        Cells as they are shown; a cell may have two lines.
    note : str
        Small words below.
    reason : str
        Stands in place of the rows where there are none.
    strong : int or None
        Column that is printed bold.
    words : tuple of int
        Columns after the first that hold words, not figures.
    """

    title: str
    head: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    note: str = ""
    reason: str = ""
    strong: int | None = 1
    words: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Panel:
    """One tab for one map.

    Attributes
    ----------
    title, hint : str
        Above the figure.
    figure : Figure or None
        The plot.
    reason : str
        Stands in place of the plot where it is not defined.
    below : tuple of Table
        Tables in place of a plot, where the tab has none.
    beside : tuple of Table
        Tables at the right.
    notes : tuple of str
        Whole sentences of warning.
    paper : str
        Whole sentences for the paper.
    stem : str
        Name of an exported file without ending; never of a patient.
    """

    title: str
    hint: str
    beside: tuple[Table, ...]
    figure: Figure | None = None
    reason: str = ""
    below: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    paper: str = ""
    stem: str = ""

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that have rows, as they are copied."""
        return tuple(table for table in (*self.below, *self.beside) if table.rows)


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of the list of levels: what is asked for, and what it is called."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """All the page shows of one analysis.

    Attributes
    ----------
    panels : mapping of (Tab, Quantity) to Panel
        Each tab for each map.
    counted, excluded : str
        How many patients are in, and how many exams are not.
    levels : str
        Levels of the patient mean.
    choices : tuple of Choice
        Levels that can be chosen, the protocol's first.
    empty : str
        What to do next where there is nothing to analyse; empty otherwise.
    """

    panels: Mapping[tuple[Tab, Quantity], Panel]
    counted: str
    excluded: str
    levels: str
    choices: tuple[Choice, ...]
    empty: str = ""


def tsv(tables: tuple[Table, ...]) -> str:
    """Tables as tab-separated text, a blank line between them, fit for a spreadsheet."""
    blocks = ["\n".join(_lines(table)) for table in tables]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def _lines(table: Table) -> list[str]:
    rows = [(table.title,), table.head, *table.rows, *(((table.note,),) if table.note else ())]
    return ["\t".join(" ".join(cell.split()) for cell in row) for row in rows]
