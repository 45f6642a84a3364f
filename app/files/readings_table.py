"""Read a table of numbers measured elsewhere: one line for each level, or levels side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.clinical import Problem
from app.domain.errors import DataError
from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.files.clinical_cells import (
    NOT_A_NUMBER,
    is_missing,
    plain,
    read_field_strength,
    read_id,
    read_number,
)
from app.files.clinical_rows import NO_IDENTIFIER, TOO_MANY_CELLS
from app.files.raw_table import Layout, RawTable, read_raw
from app.files.readings_headers import (
    IDENTIFIERS,
    QUANTITIES,
    Holds,
    ReadingColumn,
    read_level,
    understand_readings,
)
from app.files.readings_headers import holds_readings as holds_readings

NO_READER = "readings.no_reader"
NO_LEVEL = "readings.no_level"
NO_ROUND = "readings.no_round"

_ROUND = re.compile(r"([1-9][0-9]?)(?:\.0)?")
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class TableValue:
    """One number of a table of readings, in the unit of the file.

    Attributes
    ----------
    line : int
        Line of the file.
    patient_id, accession, case_code : str
        Whom it is of, as written.
    reader, round : str, int
        Who measured it, and which time.
    level, quantity, value : Level, Quantity, float
        What.
    column, verbatim : str
        Header and cell.
    field_strength_t : float or None
        Of the scanner, tesla, where the line or a person says it.
    """

    line: int
    patient_id: str
    accession: str
    case_code: str
    reader: str
    round: int
    level: Level
    quantity: Quantity
    value: float
    column: str
    verbatim: str
    field_strength_t: float | None = None

    def __repr__(self) -> str:
        """Never the content: a repr ends in logs and tracebacks."""
        return f"TableValue(line={self.line}, ...)"


@dataclass(frozen=True, slots=True)
class ReadingsTable:
    """A table of readings as it was understood.

    Attributes
    ----------
    columns : tuple of ReadingColumn
        Columns that are used.
    dropped, unused : tuple of str
        Headers of names, and of columns that are not used.
    values : tuple of TableValue
        In the order of the file.
    problems : tuple of (int, Problem)
        What was not understood, with its line.
    """

    columns: tuple[ReadingColumn, ...]
    dropped: tuple[str, ...]
    unused: tuple[str, ...]
    values: tuple[TableValue, ...]
    problems: tuple[tuple[int, Problem], ...]


def read_readings_raw(path: Path, layout: Layout | None = None) -> RawTable:
    """Read a file without asking what its columns mean.

    Raises
    ------
    DataError
        As :func:`app.files.raw_table.read_raw`.
    """
    return read_raw(path, layout or Layout(), cases_named)


def cases_named(cells: Sequence[str]) -> int:
    """How many columns a header line names, if it names one that tells cases apart; else 0."""
    columns = understand_readings(cells)
    return len(columns) if any(column.holds in IDENTIFIERS for column in columns) else 0


def understand_readings_table(
    raw: RawTable,
    columns: Sequence[ReadingColumn] | None = None,
    *,
    reader: str = "",
    field_strength_t: float | None = None,
) -> ReadingsTable:
    """Make numbers of the lines of a table.

    Parameters
    ----------
    raw : RawTable
        The table.
    columns : sequence of ReadingColumn, optional
        What each holds; otherwise the headers decide.
    reader : str
        Who measured what neither line nor header ascribes to anybody.
    field_strength_t : float, optional
        Of the lines that say none, tesla.

    Raises
    ------
    DataError
        ``table.no_identifier_column``; ``readings.no_values`` without a column of FF or R2*,
        ``readings.no_levels`` where neither lines nor headers name levels; ``table.duplicate_header``.
    """
    used = understand_readings(raw.headers) if columns is None else tuple(columns)
    _refuse_unfit(used, raw.path)
    problems: list[tuple[int, Problem]] = []
    line = _Lines(used, raw, reader, field_strength_t, problems)
    values = tuple(value for number, cells in raw.lines for value in line.values(number, cells))
    known = {column.position for column in used}
    return ReadingsTable(
        columns=tuple(column for column in used if column.holds is not Holds.NAME),
        dropped=tuple(column.header for column in used if column.holds is Holds.NAME),
        unused=tuple(header for at, header in enumerate(raw.headers) if at not in known and header),
        values=values,
        problems=tuple(problems),
    )


def _refuse_unfit(columns: Sequence[ReadingColumn], path: Path) -> None:
    if not any(column.holds in IDENTIFIERS for column in columns):
        raise DataError("table.no_identifier_column", path)
    values = [column for column in columns if column.holds in QUANTITIES]
    if not values:
        raise DataError("readings.no_values", path)
    if any(column.level is None for column in values) and not any(
        column.holds is Holds.LEVEL for column in columns
    ):
        raise DataError("readings.no_levels", path)
    seen: dict[tuple[object, ...], str] = {}
    for column in columns:
        if column.holds in {Holds.PATIENT_ID, Holds.NAME}:
            continue
        key = (column.holds, column.level, column.reader.casefold())
        if key in seen:
            raise DataError("table.duplicate_header", path, first=seen[key], second=column.header)
        seen[key] = column.header


class _Lines:
    """Reads lines under known columns; collects problems."""

    def __init__(
        self,
        columns: Sequence[ReadingColumn],
        raw: RawTable,
        reader: str,
        field_strength_t: float | None,
        problems: list[tuple[int, Problem]],
    ) -> None:
        self._of = {
            holds: [column for column in columns if column.holds is holds]
            for holds in (*IDENTIFIERS, Holds.READER, Holds.ROUND, Holds.LEVEL, Holds.FIELD_STRENGTH)
        }
        self._tesla = field_strength_t
        self._values = [column for column in columns if column.holds in QUANTITIES]
        self._width, self._comma = len(raw.headers), raw.decimal_comma
        self._reader, self._problems = reader.strip(), problems

    def values(self, line: int, cells: Sequence[str]) -> Iterator[TableValue]:
        """The numbers of one line."""
        if any(cell.strip() for cell in cells[self._width :]):
            self._note(line, TOO_MANY_CELLS)
            return
        patient_id, accession, case_code = (self._identifier(holds, line, cells) for holds in _IDS)
        if not (patient_id or accession or case_code):
            self._note(line, NO_IDENTIFIER)
            return
        number = self._round(line, cells)
        level = self._level(line, cells)
        name = self._cell(Holds.READER, cells)
        reader = self._reader if is_missing(name) else " ".join(name.split())
        field, understood = self._field(line, cells)
        if number is None or not understood:
            return
        for column in self._values:
            found = column.level or level
            if found is None:
                continue
            # who is named in the header measured it, whatever stands in the line
            who = column.reader or reader
            value = self._number(line, column, cells)
            if value is None:
                continue
            if not who or len(who) > _LONGEST_NAME:
                self._note(line, NO_READER, column.header)
                continue
            quantity = QUANTITIES[column.holds]
            cell = cells[column.position].strip()
            yield TableValue(
                line, patient_id, accession, case_code, who, number, found, quantity, value,
                column.header, cell, field,
            )  # fmt: skip

    def _note(self, line: int, code: str, header: str = "", cell: str = "") -> None:
        self._problems.append((line, Problem(code, header, cell)))

    def _cell(self, holds: Holds, cells: Sequence[str]) -> str:
        filled = (
            cells[column.position].strip() for column in self._of[holds] if column.position < len(cells)
        )
        return next((cell for cell in filled if cell), "")

    def _identifier(self, holds: Holds, line: int, cells: Sequence[str]) -> str:
        found, problem = read_id(self._cell(holds, cells))
        if problem:
            self._note(line, problem, self._of[holds][0].header)
        return found

    def _round(self, line: int, cells: Sequence[str]) -> int | None:
        cell = self._cell(Holds.ROUND, cells)
        if is_missing(cell):
            return 1
        found = _ROUND.fullmatch(plain(cell))
        if found is None:
            self._note(line, NO_ROUND, self._of[Holds.ROUND][0].header, cell)
            return None
        return int(found[1])

    def _field(self, line: int, cells: Sequence[str]) -> tuple[float | None, bool]:
        """Field strength of a line, and whether it was understood: a wrong one would mix what never mixes."""
        cell = self._cell(Holds.FIELD_STRENGTH, cells)
        figure = read_field_strength(cell, decimal_comma=self._comma)
        if figure.problem:
            self._note(line, figure.problem, self._of[Holds.FIELD_STRENGTH][0].header, cell)
            return None, False
        return self._tesla if figure.value is None else figure.value, True

    def _level(self, line: int, cells: Sequence[str]) -> Level | None:
        if not self._of[Holds.LEVEL]:
            return None
        cell = self._cell(Holds.LEVEL, cells)
        level = read_level(cell)
        if level is None and any(column.level is None for column in self._values):
            self._note(line, NO_LEVEL, self._of[Holds.LEVEL][0].header, cell)
        return level

    def _number(self, line: int, column: ReadingColumn, cells: Sequence[str]) -> float | None:
        cell = cells[column.position].strip() if column.position < len(cells) else ""
        figure = read_number(cell.removesuffix("%"), decimal_comma=self._comma)
        if figure.problem:
            self._note(line, NOT_A_NUMBER, column.header, cell)
        return figure.value


_IDS = (Holds.PATIENT_ID, Holds.ACCESSION, Holds.CASE_CODE)
