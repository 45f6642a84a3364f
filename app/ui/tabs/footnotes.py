"""Small words below tables: what is doubtful about the reference, and why cells are empty. No Qt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from app.services.study_data import Study
from app.stats.result import NotDefined
from app.stats.sentences import sentence
from app.ui.sentences import label
from app.ui.tabs.content import Table
from app.ui.tabs.words import NONE

_OF_REFERENCE = frozenset(
    {
        "cohort.unit_against_method",
        "cohort.region_not_stated",
        "cohort.region_differs",
        "cohort.region_with_l5",
        "cohort.tscore_region",
        "cohort.tscore_lowest",
        "cohort.bmd_region_differs",
        "cohort.bmd_with_l5",
        "cohort.tscore_with_l5",
    }
)


def of_reference(study: Study, tables: Iterable[Table]) -> tuple[Table, ...]:
    """Say below each table that has rows what must be known of BMD and T-score wherever they are used."""
    said = (
        label(f"stats.reference.{note.code.removeprefix('cohort.')}", **note.values)
        for note in study.cohort.notes
        if note.code in _OF_REFERENCE
    )
    told = " ".join(said)
    return tuple(with_note(table, told) for table in tables)


def with_note(table: Table, *said: str) -> Table:
    """The table with some words more below it; as it is where it has no rows."""
    if not table.rows:
        return table
    return replace(table, note=" ".join(text for text in (table.note, *said) if text))


def reasons(rows: Iterable[tuple[str, object]]) -> Iterator[str]:
    """Say why rows have no figures: each reason once, with the rows it holds for."""
    found: dict[str, list[str]] = {}
    for name, item in rows:
        if isinstance(item, NotDefined):
            found.setdefault(sentence(item), []).append(name)
    for reason, names in found.items():
        yield label("stats.note.undefined", rows=", ".join(dict.fromkeys(names)), reason=reason)


def has_gap(table: Table) -> bool:
    """Whether a cell holds no figure."""
    return any(cell == NONE for row in table.rows for cell in row[1:])
