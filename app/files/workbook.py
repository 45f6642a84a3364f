"""Excel workbooks (.xlsx) as lines of texts: dates in ISO, numbers in full, results instead of formulas."""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from app.domain.errors import DataError
from app.files.text_table import Line

_ZIP = b"PK\x03\x04"
_COMPOUND = b"\xd0\xcf\x11\xe0"
# how a compound file calls its stream when a workbook is encrypted
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
# unpacked; a workbook of 200 000 patients has some 100 MB
_LARGEST_UNPACKED = 1_000_000_000
# a number shown with leading zeros, such as a patient ID kept as one
_ZEROS = re.compile(r"0{2,}")
# Excel keeps 15 digits of a number; of a longer identifier the rest is lost
_FIRST_INEXACT = 10**15


def is_spreadsheet(content: bytes) -> bool:
    """Whether bytes begin as an Excel file does, new or old."""
    return content.startswith((_ZIP, _COMPOUND))


class Workbook:
    """The sheets of a workbook that have cells.

    Attributes
    ----------
    sheets : tuple of str
        Their names in order; charts have none.
    """

    def __init__(self, book: Any, path: Path) -> None:
        self._book, self._path = book, path
        self.sheets: tuple[str, ...] = tuple(sheet.title for sheet in book.worksheets)

    def lines(self, sheet: str, most: int | None = None) -> list[Line]:
        """Lines of a sheet that hold anything, or those of them among the first ones.

        Raises
        ------
        DataError
            ``table.broken_workbook``.
        """
        with _told(self._path):
            found = self._book[sheet]
            # what a file says of its own size is often wrong, and would cut rows and columns off
            found.reset_dimensions()
            rows = found.iter_rows(max_row=most)
            return [
                (number, cells)
                for number, row in enumerate(rows, start=1)
                if any(cells := [_text(cell) for cell in row])
            ]


@contextmanager
def open_workbook(content: bytes, path: Path) -> Iterator[Workbook]:
    """Open a workbook from its bytes.

    Raises
    ------
    DataError
        ``table.old_excel`` (.xls), ``table.password``, ``table.broken_workbook``, ``table.not_a_workbook``
        (an archive of something else), ``table.too_large`` (when unpacked).
    """
    if content.startswith(_COMPOUND):
        raise DataError("table.password" if _ENCRYPTED in content else "table.old_excel", path)
    _refuse_unfit(content, path)
    # loaded by the first workbook, not by the start of the program
    from openpyxl import load_workbook  # noqa: PLC0415

    with _told(path):
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        yield Workbook(book, path)
    finally:
        book.close()


def _refuse_unfit(content: bytes, path: Path) -> None:
    with _told(path), zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = archive.infolist()
    if not any(part.filename.startswith("xl/") for part in parts):
        raise DataError("table.not_a_workbook", path)
    if sum(part.file_size for part in parts) > _LARGEST_UNPACKED:
        raise DataError("table.too_large", path, limit_mb=_LARGEST_UNPACKED // 1_000_000)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell whatever a damaged workbook does to its reader in one way."""
    try:
        with warnings.catch_warnings():
            # of styles and rules that a table does not need
            warnings.simplefilter("ignore")
            yield
    except Exception as problem:
        # zip, XML, numbers, missing parts: whatever damage brings up
        raise DataError("table.broken_workbook", path) from problem


def _text(cell: Any) -> str:
    """What a cell says, as a text file would."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, int | float):
        return _number(value, cell)
    if isinstance(value, datetime):
        return value.isoformat(" ") if value.time() != time() else value.date().isoformat()
    return value.isoformat() if isinstance(value, date | time) else str(value)


def _number(value: float, cell: Any) -> str:
    if abs(value) >= _FIRST_INEXACT:
        return f"{value:.5E}"
    if value != int(value):
        return repr(value)
    text = str(int(value))
    shown = cell.number_format
    return text.zfill(len(shown)) if _ZEROS.fullmatch(shown) else text
