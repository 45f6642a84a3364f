"""What the Statistics page shows, ready for the screen: texts, rows and figures, no Qt, no statistics.

The page knows these values only; the libraries of statistics stay out of the window's thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from app.ui.plots.flow_spec import FlowChart
from app.ui.plots.spec import Figure, FloatArray


class Tab(StrEnum):
    """Tabs of the page, in order."""

    COHORT = "cohort"
    AGREEMENT = "agreement"
    CORRELATION = "correlation"
    GROUPS = "groups"
    ROC = "roc"
    CHECK = "check"
    SIZE = "size"


SESSIONLESS = frozenset({Tab.CHECK, Tab.SIZE})
"""Tabs that are about what a person types, not about a session."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column of a long table.

    Attributes
    ----------
    title : str
        May have two lines.
    cells : tuple of str
        As they are shown.
    order : ndarray or None
        By what the rows are sorted, NaN last; the words themselves without it.
    """

    title: str
    cells: tuple[str, ...]
    order: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LongTable:
    """A table with a row for each patient, which scrolls.

    Attributes
    ----------
    title : str
        What it is, for a reader who does not see it.
    columns : tuple of Column
        All of the same length.
    codes : tuple of str
        Case each row answers with.
    """

    title: str
    columns: tuple[Column, ...]
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prose:
    """Paragraphs to be read and copied, each under its heading."""

    paragraphs: tuple[tuple[str, str], ...]

    @property
    def plain(self) -> str:
        """All of it, a blank line between paragraphs."""
        return "\n\n".join("\n".join(one) for one in self.paragraphs) + "\n"


@dataclass(frozen=True, slots=True)
class Choice:
    """One entry of a list: what is asked for, and what it is called."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Option:
    """A list above the plot from which a method is chosen.

    Attributes
    ----------
    name : str
        Under which the selection keeps what was chosen.
    title, tip : str
        Words before the list, and under the pointer.
    choices : tuple of Choice
        What can be chosen.
    chosen : str
        Key of what is chosen.
    """

    name: str
    title: str
    choices: tuple[Choice, ...]
    chosen: str
    tip: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """One tab for one selection.

    Attributes
    ----------
    title, hint : str
        Above the figure.
    figure : Figure, FlowChart or None
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
    options : tuple of Option
        Methods that can be chosen on this tab.
    wide : bool
        The tables need more room than the plot.
    unfinished : bool
        Some cells hold a placeholder: bootstrap figures follow, in tables of the same shape.
    main : LongTable, Prose or None
        Stands in place of a plot, with a button of its own that copies it.
    """

    title: str
    hint: str
    beside: tuple[Table, ...]
    figure: Figure | FlowChart | None = None
    reason: str = ""
    below: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()
    paper: str = ""
    stem: str = ""
    options: tuple[Option, ...] = ()
    wide: bool = False
    unfinished: bool = False
    main: LongTable | Prose | None = None

    @property
    def tables(self) -> tuple[Table, ...]:
        """All tables that have rows, as they are copied."""
        return tuple(table for table in (*self.below, *self.beside) if table.rows)


@dataclass(frozen=True, slots=True)
class Bar:
    """What the selection bar shows and offers.

    Attributes
    ----------
    counted, excluded : str
        How many patients are in, and how many exams are not.
    levels, readers, rounds, outcomes, groupings, means, schemes, fields : tuple of Choice
        What can be chosen; the first is the default.
    empty : str
        What to do next where there is nothing to analyse; empty otherwise.
    """

    counted: str
    excluded: str
    levels: tuple[Choice, ...]
    readers: tuple[Choice, ...] = ()
    rounds: tuple[Choice, ...] = ()
    outcomes: tuple[Choice, ...] = ()
    groupings: tuple[Choice, ...] = ()
    means: tuple[Choice, ...] = ()
    schemes: tuple[Choice, ...] = ()
    fields: tuple[Choice, ...] = ()
    empty: str = ""


def tsv(tables: tuple[Table, ...]) -> str:
    """Tables as tab-separated text, a blank line between them, fit for a spreadsheet."""
    blocks = ["\n".join(_lines(table)) for table in tables]
    return "\n\n".join(blocks) + "\n" if blocks else ""


def main_text(main: LongTable | Prose) -> str:
    """What stands in place of a plot, as text: a table with tabs and one line for each row, or paragraphs."""
    if isinstance(main, Prose):
        return main.plain
    titles = (" ".join(column.title.split()) for column in main.columns)
    rows = zip(*(column.cells for column in main.columns), strict=True)
    return "\n".join(["\t".join(titles), *("\t".join(row) for row in rows)]) + "\n"


def _lines(table: Table) -> list[str]:
    rows = [(table.title,), table.head, *table.rows, *(((table.note,),) if table.note else ())]
    return ["\t".join(" ".join(cell.split()) for cell in row) for row in rows]
