"""What a column of an export is: its name, what the codebook says of it, and where its cell comes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from app.domain.maps import Quantity
from app.files.tables import Cell, Table

RowT = TypeVar("RowT")

PREFIXES = {Quantity.FF: "FF", Quantity.R2STAR: "R2star"}
"""How column names call the measured maps; a star is no letter to SPSS."""

YES_NO = "1 yes, 0 no"
DERIVED = (
    "empty (as the scanner made it), signal_ff (computed from water and fat signals, not corrected for "
    "relaxation), resampled (interpolated onto the grid of the other map)"
)
"""What a column on the making of a map can hold."""

CODES_APART = ";"
"""What stands between several codes in one cell; a comma would need quotes."""


@dataclass(frozen=True, slots=True)
class Field(Generic[RowT]):
    """One column.

    Attributes
    ----------
    name : str
        Valid as a variable in SPSS.
    meaning : str
        For the codebook.
    value : callable
        Gives the cell of a row.
    unit : str
        Unit of a number, empty for texts and counts.
    values : str
        Codes that can stand there, with their meaning.
    """

    name: str
    meaning: str
    value: Callable[[RowT], Cell]
    unit: str = ""
    values: str = ""


def table_of(fields: Sequence[Field[RowT]], rows: Iterable[RowT]) -> Table:
    """A table with one column per field."""
    return Table(
        tuple(field.name for field in fields), ([field.value(row) for field in fields] for row in rows)
    )


def units(r2star_unit: str) -> dict[Quantity, str]:
    """Units of the measured maps, R2* as the protocol names it."""
    return {Quantity.FF: "%", Quantity.R2STAR: r2star_unit}
