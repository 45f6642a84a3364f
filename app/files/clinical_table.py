"""Read a clinical table: CSV or Excel as hospitals export it, Chinese or English, clean or dirty."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from app.domain.clinical import ClinicalRow
from app.domain.errors import DataError
from app.files.clinical_cells import plain
from app.files.clinical_headers import FURTHER, IDENTIFIERS, Column, Field, further_name, understand_all
from app.files.clinical_rows import TOO_MANY_CELLS as TOO_MANY_CELLS
from app.files.clinical_rows import RowReader
from app.files.clinical_units import UnitDoubt, doubted_units
from app.files.collecting import uncollected
from app.files.raw_table import LARGEST_BYTES as LARGEST_BYTES
from app.files.raw_table import Layout, RawTable, parse_raw, read_raw

# lead to a person: the one is not read, the other only for the age
_DROPPED = frozenset({Field.NAME, Field.BIRTH})


@dataclass(frozen=True, slots=True)
class ClinicalTable:
    """A table as it was understood.

    Attributes
    ----------
    sha256 : str
        Of the file's bytes.
    form : str
        ``text`` or ``workbook``.
    encoding : str
        ``utf-8-sig``, ``utf-8``, ``utf-16``, ``gb18030`` or what a person asked for; empty for a workbook.
    delimiter : str
        What stands between the cells; empty for a workbook.
    columns : tuple of Column
        Columns that were understood and kept.
    dropped : tuple of str
        Headers of names and dates of birth, which are not kept.
    unused : tuple of str
        Headers of columns that were not understood.
    rows : tuple of ClinicalRow
        In the order of the file.
    decimal_sign : str
        ``.`` or ``,``.
    sheet : str
        Of a workbook.
    unit_doubts : tuple of UnitDoubt
        Columns of densities whose numbers do not go with the unit they are said to have.
    """

    sha256: str
    form: str
    encoding: str
    delimiter: str
    columns: tuple[Column, ...]
    dropped: tuple[str, ...]
    unused: tuple[str, ...]
    rows: tuple[ClinicalRow, ...]
    decimal_sign: str = "."
    sheet: str = ""
    unit_doubts: tuple[UnitDoubt, ...] = ()


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a person said of the columns of a table.

    Attributes
    ----------
    columns : tuple of Column or None
        What each holds; None for what the headers say.
    sex_codes : mapping of str to str
        What figures of a sex mean, such as ``{"1": "M", "2": "F"}``.
    """

    columns: tuple[Column, ...] | None = None
    sex_codes: Mapping[str, str] = field(default_factory=dict)


def read_clinical_table(
    path: Path, layout: Layout | None = None, meaning: Meaning | None = None
) -> ClinicalTable:
    """Read a clinical table from a file.

    Parameters
    ----------
    path : Path
        CSV delimited by comma, semicolon or tab, in UTF-8, UTF-16 or GB18030; or an Excel workbook (.xlsx).
    layout : Layout, optional
        How a person wants it to be read.
    meaning : Meaning, optional
        What a person said of its columns.

    Raises
    ------
    DataError
        What :func:`app.files.raw_table.read_raw` and :func:`understand_table` raise.
    """
    return understand_table(read_raw(path, layout or Layout(), patients_named), meaning)


def parse_clinical_table(content: bytes, path: Path) -> ClinicalTable:
    """Read a clinical table from the bytes of a file; ``path`` says where it came from, for errors.

    Raises
    ------
    DataError
        As :func:`read_clinical_table`.
    """
    return understand_table(parse_raw(content, path, Layout(), patients_named))


def patients_named(cells: Sequence[str]) -> int:
    """How many columns a header line names, if it names one that tells patients apart; else 0."""
    columns = understand_all(cells)
    return len(columns) if any(column.field in IDENTIFIERS for column in columns) else 0


def understand_table(raw: RawTable, meaning: Meaning | None = None) -> ClinicalTable:
    """Make rows of the lines of a table.

    Parameters
    ----------
    raw : RawTable
        The table.
    meaning : Meaning, optional
        What a person said of its columns; otherwise the headers decide.

    Raises
    ------
    DataError
        ``table.no_identifier_column``, ``table.duplicate_header``.
    """
    said = meaning or Meaning()
    columns = understand_all(raw.headers) if said.columns is None else said.columns
    if not any(column.field in IDENTIFIERS for column in columns):
        raise DataError("table.no_identifier_column", raw.path)
    _refuse_duplicates(columns, raw.path)
    reader = RowReader(
        columns, len(raw.headers), decimal_comma=raw.decimal_comma, sex_codes=dict(said.sex_codes)
    )
    with uncollected():
        rows = tuple(reader.rows(raw.lines))
    known = {column.position for column in columns}
    return ClinicalTable(
        sha256=raw.sha256,
        form=raw.form,
        encoding=raw.encoding,
        delimiter=raw.delimiter,
        columns=tuple(column for column in columns if column.field not in _DROPPED),
        dropped=tuple(column.header for column in columns if column.field in _DROPPED),
        unused=tuple(header for at, header in enumerate(raw.headers) if at not in known and header),
        rows=rows,
        decimal_sign=raw.decimal_sign,
        sheet=raw.sheet,
        unit_doubts=doubted_units(columns, raw.lines, decimal_comma=raw.decimal_comma),
    )


def _refuse_duplicates(columns: Sequence[Column], path: Path) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for column in columns:
        # two kinds of patient ID may stand side by side: in-patients have one, out-patients the other
        by_header = column.field is Field.PATIENT_ID
        key = (column.field.value, plain(column.header) if by_header else column.region)
        if column.field in FURTHER:
            # a further number is known by its name, whatever it is
            key = (Field.COVARIATE.value, plain(further_name(column)))
        if key in seen:
            raise DataError("table.duplicate_header", path, first=seen[key], second=column.header)
        seen[key] = column.header
