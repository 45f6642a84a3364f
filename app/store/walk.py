"""Read what can be read of a damaged file, row by row around what cannot."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from app.store.schema import Table

# how many numbers after the last row that was read are tried: a page that holds the way to others may take
# some ten thousand rows with it, and where the end of a table cannot be read, somewhere there must be an end
_REACH = 1 << 16
# how many steps of one length are made
_PATIENCE = 64
_TROUBLE = (sqlite3.DatabaseError, UnicodeDecodeError, OverflowError)


@dataclass(slots=True)
class Walk:
    """What became of one table.

    Attributes
    ----------
    read : int
        Rows that were read.
    gaps : int
        Places where rows cannot be read, each of one row or many.
    """

    read: int = 0
    gaps: int = 0


def rows_around(connection: sqlite3.Connection, table: Table, walk: Walk) -> Iterator[tuple[Any, ...]]:
    """Rows of a table in order of their number, those on damaged pages left out.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a damaged file.
    table : Table
        Which table.
    walk : Walk
        Told of rows and gaps.

    Yields
    ------
    tuple
        Values in the order of ``table.columns``.
    """
    if not table.step:
        yield from _all_at_once(connection, table, walk)
        return
    end, reached, in_gap = _last(connection, table), -1, False
    key: int | None = 0
    while key is not None:
        last = None
        for number, row in _rows_from(connection, table, key):
            if row is None:
                break
            last = reached = number
            walk.read += 1
            yield row
        else:
            return
        # rows that cannot be read one after the other are one place
        walk.gaps += last is not None or not in_gap
        in_gap = True
        start = (key if last is None else last) + 1
        key = _next_readable(connection, table, start, min(end, reached + _REACH))


def _rows_from(
    connection: sqlite3.Connection, table: Table, key: int
) -> Iterator[tuple[int, tuple[Any, ...] | None]]:
    """Rows from a number on, with their numbers; None at the end where no more can be read."""
    step, columns = table.step, ", ".join(table.columns)
    sql = f"SELECT {step}, {columns} FROM {table.name} WHERE {step} >= ? ORDER BY {step}"  # noqa: S608 - own names
    try:
        for number, *values in connection.execute(sql, (key,)):
            if not isinstance(number, int) or number < key:
                # a page in another one's place: going on could go round for ever
                break
            key = number
            yield number, tuple(values)
        else:
            return
    except _TROUBLE:
        pass
    yield key, None


def _next_readable(connection: sqlite3.Connection, table: Table, start: int, end: int) -> int | None:
    """The first number at which rows can be found again; None up to the end.

    Steps get longer on the way, because a whole branch of the table may be gone; the last is gone over again.
    """
    key, step = start, 1
    while key <= end:
        if _finds(connection, table, key):
            return next(one for one in range(key - step + 1, key + 1) if _finds(connection, table, one))
        step = 1 + (key - start) // _PATIENCE
        key += step
    return None


def _finds(connection: sqlite3.Connection, table: Table, key: int) -> bool:
    step = table.step
    sql = f"SELECT {step} FROM {table.name} WHERE {step} >= ? ORDER BY {step} LIMIT 1"  # noqa: S608 - own names
    try:
        row = connection.execute(sql, (key,)).fetchone()
    except _TROUBLE:
        return False
    return row is None or (isinstance(row[0], int) and row[0] >= key)


def _last(connection: sqlite3.Connection, table: Table) -> int:
    """The highest number; that of any row at most where it cannot be read."""
    try:
        (found,) = connection.execute(f"SELECT max({table.step}) FROM {table.name}").fetchone()  # noqa: S608 - own names
    except _TROUBLE:
        return sys.maxsize
    return found if isinstance(found, int) else -1


def _all_at_once(connection: sqlite3.Connection, table: Table, walk: Walk) -> Iterator[tuple[Any, ...]]:
    """Rows of a table without numbers, up to the first that cannot be read."""
    sql = f"SELECT {', '.join(table.columns)} FROM {table.name}"  # noqa: S608 - own names
    try:
        for row in connection.execute(sql):
            walk.read += 1
            yield tuple(row)
    except _TROUBLE:
        walk.gaps += 1
