"""A table as text: which encoding, which delimiter, which decimal sign. Nothing is replaced in silence."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

from app.domain.errors import DataError
from app.files.clinical_cells import plain

Line = tuple[int, list[str]]
"""Number of a line, the first being 1, and its cells."""

ENCODINGS = ("utf-8", "utf-16", "gb18030", "cp1252")
"""What a person can ask for. The last one takes almost any bytes, so it is never found by itself."""

DELIMITERS = (",", ";", "\t")

# UTF-32 begins like UTF-16; no program that writes tables uses it
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_BY_POINT = re.compile(r"[+-]?[0-9]+\.[0-9]+")
_BY_COMMA = re.compile(r"[+-]?[0-9]+,[0-9]+")
_LOOKED_AT = 2000


def decode(content: bytes, path: Path, wanted: str = "") -> tuple[str, str]:
    """The text of a file, and its encoding.

    Parameters
    ----------
    content : bytes
        The file.
    path : Path
        For errors.
    wanted : str
        What a person asks for; otherwise a byte order mark decides, then UTF-8 where all of it is, then
        GB18030.

    Raises
    ------
    DataError
        ``table.not_text`` for bytes that no text has; ``table.undecodable``; ``table.wrong_encoding`` where
        it is not what was asked for.
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), "")
    if wanted:
        # a mark says the same thing better, and is no part of the text
        name = marked if marked.startswith(wanted) else _explicit(wanted)
        text = _decoded(content, name)
        if text is None or "\0" in text:
            raise DataError("table.wrong_encoding", path, encoding=wanted)
        return text, name
    if b"\0" in content and marked != "utf-16":
        raise DataError("table.not_text", path)
    for name in (marked,) if marked else ("utf-8", "gb18030"):
        text = _decoded(content, name)
        if text is not None and "\0" in text:
            raise DataError("table.not_text", path)
        if text is not None:
            return text, name
    raise DataError("table.undecodable", path)


def _explicit(wanted: str) -> str:
    # without a mark Python would take the order of this computer's own bytes
    return "utf-16-le" if wanted == "utf-16" else wanted


def _decoded(content: bytes, name: str) -> str | None:
    try:
        return content.decode(name)
    except UnicodeDecodeError:
        return None


def delimited(text: str, delimiter: str, most: int | None = None) -> tuple[list[Line], int]:
    """All lines as cells, or the first ones, and the line at which a quote goes astray (0 when none does)."""
    # strict: otherwise a quote that is never closed swallows the rest of the file into one cell
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    lines: list[Line] = []
    try:
        for cells in islice(reader, most):
            lines.append((reader.line_num, cells))  # noqa: PERF401 - what was read before an error is kept
    except csv.Error:
        return lines, reader.line_num
    return lines, 0


def find_decimal_sign(lines: Iterable[Line], delimiter: str) -> str:
    """The sign before the decimals of a table: a comma where numbers have one and none has a point.

    Where a comma stands between the cells it is none inside them: ``1,234`` may be a thousand. A person can
    say otherwise.
    """
    if delimiter == ",":
        return "."
    seen_comma = False
    for _, cells in islice(lines, _LOOKED_AT):
        for cell in cells:
            text = plain(cell)
            if _BY_POINT.fullmatch(text):
                return "."
            seen_comma = seen_comma or _BY_COMMA.fullmatch(text) is not None
    return "," if seen_comma else "."
