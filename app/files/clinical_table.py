"""Read a clinical table: CSV as hospitals export it, Chinese or English, clean or dirty."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.domain.clinical import (
    UNIT_AGAINST_METHOD,
    UNITS_OF_METHOD,
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Kind,
    Problem,
)
from app.domain.errors import DataError
from app.files.clinical_cells import (
    Figure,
    is_missing,
    plain,
    read_age,
    read_bmd,
    read_bmi,
    read_date,
    read_id,
    read_sex,
    read_tscore,
)
from app.files.clinical_headers import IDENTIFIERS, Column, Field, read_method, read_region, understand_all

LARGEST_BYTES = 200_000_000
"""A larger file is no table of patients."""

_DELIMITERS = (",", ";", "\t")
# a title or two may stand above the headers
_HEADER_WITHIN = 20
_FIGURES = {Field.AGE: read_age, Field.BMI: read_bmi, Field.BMD: read_bmd, Field.TSCORE: read_tscore}
_KINDS = {Field.BMD: Kind.BMD, Field.TSCORE: Kind.TSCORE}

NO_IDENTIFIER = "clinical.no_identifier"
TOO_MANY_CELLS = "clinical.too_many_cells"

Line = tuple[int, list[str]]


@dataclass(frozen=True, slots=True)
class ClinicalTable:
    """A table as it was understood.

    Attributes
    ----------
    sha256 : str
        Of the file's bytes.
    encoding : str
        ``utf-8-sig``, ``utf-8`` or ``gb18030``.
    delimiter : str
        What stands between the cells.
    columns : tuple of Column
        Columns that were understood and kept.
    dropped : tuple of str
        Headers of name columns, which are not kept.
    unused : tuple of str
        Headers of columns that were not understood.
    rows : tuple of ClinicalRow
        In the order of the file.
    """

    sha256: str
    encoding: str
    delimiter: str
    columns: tuple[Column, ...]
    dropped: tuple[str, ...]
    unused: tuple[str, ...]
    rows: tuple[ClinicalRow, ...]


def read_clinical_table(path: Path) -> ClinicalTable:
    """Read a clinical table from a CSV file.

    Parameters
    ----------
    path : Path
        Delimited by comma, semicolon or tab; UTF-8 with or without BOM, or GB18030.

    Raises
    ------
    DataError
        ``table.unreadable``, ``table.too_large``, and what :func:`parse_clinical_table` raises.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise DataError("table.too_large", path, limit_mb=LARGEST_BYTES // 1_000_000)
        content = path.read_bytes()
    except OSError as problem:
        raise DataError("table.unreadable", path) from problem
    return parse_clinical_table(content, path)


def parse_clinical_table(content: bytes, path: Path) -> ClinicalTable:
    """Read a clinical table from the bytes of a CSV file.

    Parameters
    ----------
    content : bytes
        The file.
    path : Path
        Where it came from, for errors.

    Raises
    ------
    DataError
        ``table.empty``, ``table.spreadsheet`` (an Excel file), ``table.not_text``,
        ``table.undecodable``, ``table.broken_quotes``, ``table.no_table`` (nothing is delimited),
        ``table.no_identifier_column``, ``table.duplicate_header``, ``table.no_rows``.
    """
    text, encoding = _decode(content, path)
    delimiter, head, lines = _find_table(text, path)
    headers = lines[head][1]
    columns = understand_all(headers)
    _refuse_duplicates(columns, path)
    filled = [line for line in lines[head + 1 :] if any(cell.strip() for cell in line[1])]
    if not filled:
        raise DataError("table.no_rows", path)
    known = {column.position for column in columns}
    return ClinicalTable(
        sha256=hashlib.sha256(content).hexdigest(),
        encoding=encoding,
        delimiter=delimiter,
        columns=tuple(column for column in columns if column.field is not Field.NAME),
        dropped=tuple(column.header for column in columns if column.field is Field.NAME),
        unused=tuple(header.strip() for i, header in enumerate(headers) if i not in known and header.strip()),
        # a semicolon stands between cells where the comma is the decimal sign
        rows=tuple(
            _Row(line, cells, columns, len(headers), decimal_comma=delimiter == ";").read()
            for line, cells in filled
        ),
    )


def _decode(content: bytes, path: Path) -> tuple[str, str]:
    if not content.strip():
        raise DataError("table.empty", path)
    # a zip archive and an old Excel file begin like this
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise DataError("table.spreadsheet", path)
    if b"\0" in content:
        raise DataError("table.not_text", path)
    encodings = ("utf-8-sig",) if content.startswith(b"\xef\xbb\xbf") else ("utf-8", "gb18030")
    for encoding in encodings:
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise DataError("table.undecodable", path)


def _find_table(text: str, path: Path) -> tuple[str, int, list[Line]]:
    """The delimiter under which most columns are understood, the header's position, and all lines."""
    best: tuple[int, str, int, list[Line]] | None = None
    delimited, broken = False, 0
    for delimiter in _DELIMITERS:
        lines, broken_line = _split(text, delimiter)
        broken = broken or broken_line
        head = _find_header(lines)
        delimited = delimited or any(len(cells) > 1 for _, cells in lines)
        if head is not None and not broken_line:
            understood = len(understand_all(lines[head][1]))
            if best is None or understood > best[0]:
                best = (understood, delimiter, head, lines)
    if best is not None:
        return best[1:]
    if broken:
        raise DataError("table.broken_quotes", path, line=broken)
    raise DataError("table.no_identifier_column" if delimited else "table.no_table", path)


def _split(text: str, delimiter: str) -> tuple[list[Line], int]:
    """All lines as cells, and the line at which a quote goes astray (0 when none does)."""
    # strict: otherwise a quote that is never closed swallows the rest of the file into one cell
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    try:
        for cells in reader:
            lines.append((reader.line_num, cells))  # noqa: PERF401 - what was read before an error is kept
    except csv.Error:
        return lines, reader.line_num
    return lines, 0


def _find_header(lines: Sequence[Line]) -> int | None:
    for position, (_, cells) in enumerate(lines[:_HEADER_WITHIN]):
        if len(cells) > 1 and any(column.field in IDENTIFIERS for column in understand_all(cells)):
            return position
    return None


def _refuse_duplicates(columns: Sequence[Column], path: Path) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for column in columns:
        # two kinds of patient ID may stand side by side: in-patients have one, out-patients the other
        tells_apart = plain(column.header) if column.field is Field.PATIENT_ID else column.region
        key = (column.field.value, tells_apart)
        if key in seen:
            raise DataError("table.duplicate_header", path, first=seen[key], second=column.header)
        seen[key] = column.header


class _Row:
    """One line on its way to a :class:`ClinicalRow`; collects problems while its cells are read."""

    def __init__(
        self, line: int, cells: Sequence[str], columns: Sequence[Column], width: int, *, decimal_comma: bool
    ) -> None:
        self._line = line
        self._cells = cells
        self._columns = columns
        self._decimal_comma = decimal_comma
        self._problems: list[Problem] = []
        # a cell too many means that a delimiter stood inside a cell: which values moved cannot be known
        self._shifted = any(cell.strip() for cell in cells[width:])

    def read(self) -> ClinicalRow:
        """The row and what was not understood in it."""
        patient_id, accession, case_code = (
            self._identifier(field) for field in (Field.PATIENT_ID, Field.ACCESSION, Field.CASE_CODE)
        )
        if not (patient_id or accession or case_code):
            self._problems.append(Problem(NO_IDENTIFIER))
        if self._shifted:
            self._problems.append(Problem(TOO_MANY_CELLS))
        sex, age, bmi, exam_date = (
            self._sex(),
            self._figure(Field.AGE),
            self._figure(Field.BMI),
            self._date(),
        )
        return ClinicalRow(
            line=self._line,
            patient_id=patient_id,
            accession=accession,
            case_code=case_code,
            sex=sex,
            age=age,
            bmi=bmi,
            exam_date=exam_date,
            values=self._values(),
            problems=tuple(self._problems),
        )

    def _of(self, *fields: Field) -> list[Column]:
        return [column for column in self._columns if column.field in fields]

    def _cell(self, column: Column) -> str:
        return self._cells[column.position].strip() if column.position < len(self._cells) else ""

    def _value_cell(self, column: Column) -> str:
        return "" if self._shifted else self._cell(column)

    def _first(self, field: Field) -> tuple[str, str]:
        """Header and cell of a field that stands in one column at most."""
        return next(((column.header, self._value_cell(column)) for column in self._of(field)), ("", ""))

    def _note(self, code: str, header: str, cell: str) -> None:
        if code:
            self._problems.append(Problem(code, header, cell))

    def _identifier(self, field: Field) -> str:
        for column in self._of(field):
            found, problem = read_id(self._cell(column))
            # never the cell itself: problems are shown to everybody, identifiers are not
            self._note(problem, column.header, "")
            if found:
                return found
        return ""

    def _sex(self) -> str:
        header, cell = self._first(Field.SEX)
        sex, problem = read_sex(cell)
        self._note(problem, header, cell)
        return sex

    def _date(self) -> str:
        header, cell = self._first(Field.EXAM_DATE)
        found, problem = read_date(cell)
        self._note(problem, header, cell)
        return found

    def _figure(self, field: Field) -> float | None:
        header, cell = self._first(field)
        return self._read(field, header, cell).value

    def _read(self, field: Field, header: str, cell: str) -> Figure:
        figure = _FIGURES[field](cell, decimal_comma=self._decimal_comma)
        self._note(figure.problem, header, cell)
        return figure

    def _values(self) -> tuple[ClinicalValue, ...]:
        _, region_cell = self._first(Field.REGION)
        _, method_cell = self._first(Field.METHOD)
        region = UNSTATED if is_missing(region_cell) else read_region(region_cell)
        method, _ = read_method(plain(method_cell))
        values: dict[tuple[Kind, str], ClinicalValue] = {}
        for column in self._of(Field.BMD, Field.TSCORE):
            value = self._value(column, region, method)
            # a column that names its region says more than the row's region cell
            if column.region or (value.kind, value.region) not in values:
                values[value.kind, value.region] = value
        return tuple(values.values())

    def _value(self, column: Column, region: str, method: str) -> ClinicalValue:
        cell = self._value_cell(column)
        figure = self._read(column.field, column.header, cell)
        unit = figure.unit or column.unit
        allowed = UNITS_OF_METHOD.get(column.method or method)
        if figure.value is not None and unit and allowed is not None and unit not in allowed:
            self._note(UNIT_AGAINST_METHOD, column.header, cell)
        return ClinicalValue(_KINDS[column.field], column.region or region, figure.value, unit, cell)
