"""A table as it stands in a CSV or Excel file, before anybody says what its columns mean: lines of texts."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from app.domain.errors import DataError
from app.files.collecting import uncollected
from app.files.text_table import DELIMITERS, Line, decode, delimited, find_decimal_sign
from app.files.workbook import Workbook, is_spreadsheet, open_workbook

LARGEST_BYTES = 200_000_000
"""A larger file is no table of patients."""

HEADER_WITHIN = 20
"""A title or two may stand above the headers, but not more than so many lines."""

TEXT, WORKBOOK = "text", "workbook"

# one cell is no table
_TWO = 2

Understood = Callable[[Sequence[str]], int]
"""How many columns a line would name if it were the headers; 0 where it names no patient."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a person wants a file to be read; empty and 0 where the program finds out.

    Attributes
    ----------
    sheet : str
        Sheet of a workbook.
    encoding : str
        One of :data:`app.files.text_table.ENCODINGS`.
    delimiter : str
        ``,``, ``;`` or tab.
    decimal_sign : str
        ``.`` or ``,``.
    header_line : int
        Line of the headers, the first one being 1.
    """

    sheet: str = ""
    encoding: str = ""
    delimiter: str = ""
    decimal_sign: str = ""
    header_line: int = 0


@dataclass(frozen=True, slots=True)
class RawTable:
    """A table of texts.

    Attributes
    ----------
    path : Path
        The file, for errors.
    sha256 : str
        Of its bytes.
    form : str
        :data:`TEXT` or :data:`WORKBOOK`.
    sheets, sheet : tuple of str, str
        Those of a workbook, and the one that was read.
    encoding, delimiter : str
        As used; empty in a workbook.
    decimal_sign : str
        ``.`` or ``,``.
    header_line : int
        Line of the headers.
    headers : tuple of str
        As written, without space around.
    lines : tuple of Line
        Number and cells of every line below that is not empty.
    """

    path: Path
    sha256: str
    form: str
    sheets: tuple[str, ...]
    sheet: str
    encoding: str
    delimiter: str
    decimal_sign: str
    header_line: int
    headers: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def decimal_comma(self) -> bool:
        """Whether a comma stands before the decimals."""
        return self.decimal_sign == ","

    @property
    def headers_sha256(self) -> str:
        """What a set of headers is known by."""
        return hashlib.sha256("\x1f".join(self.headers).encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, slots=True)
class _Found:
    """Lines of one sheet or delimiter, and where their headers stand (None where no line names a patient)."""

    lines: list[Line]
    head: int | None
    understood: int
    delimiter: str = ""
    sheet: str = ""


def read_raw(path: Path, layout: Layout, understood: Understood) -> RawTable:
    """Read the bytes of a file and then :func:`parse_raw`.

    Raises
    ------
    DataError
        ``table.unreadable``, ``table.too_large``, and what :func:`parse_raw` raises.
    """
    try:
        if path.stat().st_size > LARGEST_BYTES:
            raise DataError("table.too_large", path, limit_mb=LARGEST_BYTES // 1_000_000)
        content = path.read_bytes()
    except OSError as problem:
        raise DataError("table.unreadable", path) from problem
    return parse_raw(content, path, layout, understood)


def parse_raw(content: bytes, path: Path, layout: Layout, understood: Understood) -> RawTable:
    """Find the table in the bytes of a file.

    Parameters
    ----------
    content : bytes
        CSV text or an Excel workbook, whatever the file is called.
    path : Path
        Where it came from, for errors.
    layout : Layout
        What a person said of it.
    understood : callable
        Tells headers from other lines.

    Raises
    ------
    DataError
        ``table.empty``, ``table.no_table``, ``table.no_rows``, ``table.no_such_line``; of a text
        ``table.not_text``, ``table.undecodable``, ``table.wrong_encoding``, ``table.broken_quotes``; of a
        workbook ``table.old_excel``, ``table.password``, ``table.broken_workbook``, ``table.not_a_workbook``,
        ``table.no_such_sheet``, ``table.too_large``.
    """
    if not content.strip():
        raise DataError("table.empty", path)
    with uncollected():
        if is_spreadsheet(content):
            return _of_workbook(content, path, layout, understood)
        text, encoding = decode(content, path, layout.encoding)
        found = _best_delimiter(text, path, layout, understood)
        return _table(found, content, path, layout, encoding=encoding)


def _of_workbook(content: bytes, path: Path, layout: Layout, understood: Understood) -> RawTable:
    with open_workbook(content, path) as book:
        if layout.sheet and layout.sheet not in book.sheets:
            raise DataError("table.no_such_sheet", path, sheet=layout.sheet, sheets=", ".join(book.sheets))
        found = _best_sheet(book, layout, understood)
        if found is None:
            raise DataError("table.empty", path)
        return _table(found, content, path, layout, sheets=book.sheets)


def _best_sheet(book: Workbook, layout: Layout, understood: Understood) -> _Found | None:
    """The sheet asked for; else the first that names patients; else the first that holds anything."""
    fallback = None
    for name in (layout.sheet,) if layout.sheet else book.sheets:
        # whether it is the one shows in its first lines: a second look at the others costs nothing
        head = _find(book.lines(name, HEADER_WITHIN), layout, understood)
        if head.understood or layout.sheet:
            return _find(book.lines(name), layout, understood, sheet=name)
        if head.lines and fallback is None:
            fallback = name
    return None if fallback is None else _find(book.lines(fallback), layout, understood, sheet=fallback)


def _best_delimiter(text: str, path: Path, layout: Layout, understood: Understood) -> _Found:
    """The delimiter under which most columns of the headers are understood; else that of the widest line."""
    best: _Found | None = None
    widest: _Found | None = None
    broken = 0
    most = HEADER_WITHIN if not layout.header_line else layout.header_line
    for delimiter in (layout.delimiter,) if layout.delimiter else DELIMITERS:
        # the first lines tell; all of them are read once
        lines, broken_line = delimited(text, delimiter, most)
        broken = broken or broken_line
        if broken_line:
            continue
        found = _find(lines, layout, understood, delimiter=delimiter)
        if found.understood and (best is None or found.understood > best.understood):
            best = found
        if widest is None or _width(lines) > _width(widest.lines):
            widest = found
    chosen = best or widest
    if chosen is None or (best is None and broken and _width(chosen.lines) < _TWO):
        raise DataError("table.broken_quotes", path, line=broken)
    lines, broken = delimited(text, chosen.delimiter)
    if broken:
        raise DataError("table.broken_quotes", path, line=broken)
    return replace(chosen, lines=lines)


def _width(lines: Sequence[Line]) -> int:
    return max((len(cells) for _, cells in lines[:HEADER_WITHIN]), default=0)


def _find(
    lines: list[Line], layout: Layout, understood: Understood, *, delimiter: str = "", sheet: str = ""
) -> _Found:
    """Where the headers stand: at the line a person named, else at the first that names patients."""
    if layout.header_line:
        places = [at for at, (line, _) in enumerate(lines) if line == layout.header_line]
    else:
        places = list(range(min(len(lines), HEADER_WITHIN)))
    for at in places:
        count = understood(lines[at][1]) if len(lines[at][1]) >= _TWO else 0
        if count:
            return _Found(lines, at, count, delimiter, sheet)
    named = places[0] if layout.header_line and places else None
    return _Found(lines, named, 0, delimiter, sheet)


def _table(
    found: _Found,
    content: bytes,
    path: Path,
    layout: Layout,
    *,
    encoding: str = "",
    sheets: tuple[str, ...] = (),
) -> RawTable:
    head = found.head if found.head is not None else _likeliest_head(found.lines)
    if layout.header_line and found.head is None:
        raise DataError("table.no_such_line", path, line=layout.header_line)
    if head is None:
        raise DataError("table.no_table", path)
    number, cells = found.lines[head]
    filled = tuple(line for line in found.lines[head + 1 :] if any(cell.strip() for cell in line[1]))
    if not filled:
        raise DataError("table.no_rows", path)
    headers = tuple(cell.strip() for cell in cells)
    return RawTable(
        path=path,
        sha256=hashlib.sha256(content).hexdigest(),
        form=WORKBOOK if sheets else TEXT,
        sheets=sheets,
        sheet=found.sheet,
        encoding=encoding,
        delimiter=found.delimiter,
        decimal_sign=layout.decimal_sign or find_decimal_sign(filled, found.delimiter),
        header_line=number,
        headers=headers,
        lines=filled,
    )


def _likeliest_head(lines: Sequence[Line]) -> int | None:
    """The first of the fullest of the first lines: a title fills one cell, headers fill all."""
    counts = [sum(bool(cell.strip()) for cell in cells) for _, cells in lines[:HEADER_WITHIN]]
    fullest = max(counts, default=0)
    return counts.index(fullest) if fullest >= _TWO else None
