"""Tables as CSV that SPSS, R, MedCalc and Excel read alike.

UTF-8 with byte order mark (Excel takes anything else for the computer's code page), comma, decimal point,
CRLF, quotes as in RFC 4180, ISO dates, an empty cell for what is missing. Numbers are written in full, so
that what is read back is the very same float.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np

from app.domain.errors import DataError

Cell = str | int | float | bool | date | np.generic | None
"""What a cell can hold. None, NaN and the infinities are missing; a truth value becomes 1 or 0."""

CANNOT_WRITE = "export.cannot_write"

# SPSS: 64 bytes, begins with a letter, does not end in an underscore; R and MedCalc are content with less
_NAME = re.compile(r"[A-Za-z](?:[A-Za-z0-9_]{0,62}[A-Za-z0-9])?")
_RESERVED_BY_SPSS = {"ALL", "AND", "BY", "EQ", "GE", "GT", "LE", "LT", "NE", "NOT", "OR", "TO", "WITH"}
# a spreadsheet takes a text that begins so for a formula and runs it
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows on their way into a file.

    Attributes
    ----------
    columns : tuple of str
        Names that SPSS accepts as variables, different also when case is ignored.
    rows : iterable of sequence of Cell
        Each as long as ``columns``; read once.

    Raises
    ------
    ValueError
        For a name that SPSS would change or refuse, or that is there twice.
    """

    columns: tuple[str, ...]
    rows: Iterable[Sequence[Cell]]

    def __post_init__(self) -> None:
        bad = [name for name in self.columns if not is_variable_name(name)]
        if bad or len({name.upper() for name in self.columns}) < len(self.columns):
            message = f"no column names for a table: {bad or self.columns}"
            raise ValueError(message)


def is_variable_name(name: str) -> bool:
    """Whether SPSS takes a name as it is."""
    return _NAME.fullmatch(name) is not None and name.upper() not in _RESERVED_BY_SPSS


def neutralised(text: str) -> str:
    """A text no spreadsheet takes for a formula: an apostrophe stands before what would begin one."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def cell_text(cell: Cell) -> str:
    """How a cell is written, before quoting."""
    value = cell.item() if isinstance(cell, np.generic) else cell
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, date):
        return value.isoformat()
    # a number keeps its sign; only a text could be taken for a formula
    return neutralised(value) if isinstance(value, str) else str(value)


def write_tables(folder: Path, tables: Mapping[str, Table]) -> tuple[Path, ...]:
    """Write some tables that belong together: all of them, or none when the place does not allow it.

    Parameters
    ----------
    folder : Path
        Made when missing.
    tables : mapping of str to Table
        By file name. Files of these names are replaced.

    Returns
    -------
    tuple of Path
        The files, in the order of ``tables``.

    Raises
    ------
    DataError
        ``export.cannot_write`` with the folder. Files that were there before are then still whole.
    ValueError
        When a row is not as long as the columns.
    """
    parts = {folder / name: folder / f"{name}.part" for name in tables}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for table, part in zip(tables.values(), parts.values(), strict=True):
            _write(part, table)
        for path, part in parts.items():
            part.replace(path)
    except OSError as problem:
        raise DataError(CANNOT_WRITE, folder) from problem
    finally:
        for part in parts.values():
            # what cannot be taken away here could not be written either
            with suppress(OSError):
                part.unlink(missing_ok=True)
    return tuple(parts)


def _write(path: Path, table: Table) -> None:
    # a lone surrogate has no UTF-8; it is written as its number rather than lost, or in the way of all else
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(table.columns)
        for row in table.rows:
            if len(row) != len(table.columns):
                message = f"a row of {len(row)} cells under {len(table.columns)} columns"
                raise ValueError(message)
            writer.writerow([cell_text(cell) for cell in row])
