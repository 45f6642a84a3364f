"""Columns of densities whose numbers do not go with the unit that their header says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain.densities import fits, units_for
from app.files.clinical_cells import plain, read_bmd, read_unit
from app.files.clinical_headers import Column, Field
from app.files.text_table import Line


@dataclass(frozen=True, slots=True)
class UnitDoubt:
    """A column of which the unit is doubted. Nothing is converted: only a person can say what is right.

    Attributes
    ----------
    header : str
        Of the column.
    unit : str
        What was said; empty for nothing.
    others : tuple of str
        Units that allow all of its numbers. None where no unit was said and none allows all of them: then
        there are several in one column, or a slip.
    """

    header: str
    unit: str
    others: tuple[str, ...]


def doubted_units(
    columns: Sequence[Column], lines: Sequence[Line], *, decimal_comma: bool
) -> tuple[UnitDoubt, ...]:
    """Columns of densities that would be plausible as a whole in another unit, or in none.

    Parameters
    ----------
    columns : sequence of Column
        What the table holds.
    lines : sequence of Line
        Its lines; a cell that writes its own unit does not count.
    decimal_comma : bool
        Whether a comma stands before the decimals.
    """
    found = []
    for column in columns:
        numbers = list(_numbers(column, lines, decimal_comma)) if column.field is Field.BMD else []
        if not numbers or (column.unit and all(fits(one, column.unit) for one in numbers)):
            continue
        others = units_for(numbers)
        if bool(others) is bool(column.unit):
            found.append(UnitDoubt(column.header, column.unit, others))
    return tuple(found)


def _numbers(column: Column, lines: Sequence[Line], decimal_comma: bool) -> Iterator[float]:
    cells = {cells[column.position] for _, cells in lines if column.position < len(cells)}
    for cell in cells:
        value = None if read_unit(plain(cell)) else read_bmd(cell, decimal_comma=decimal_comma).value
        if value is not None:
            yield value
