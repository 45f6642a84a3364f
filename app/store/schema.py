"""What the tables of a session file look like, known from the numbered steps and not from any file."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import cache

from app.store import migrate

PIXELS = frozenset({"map_slice", "reference_slice"})
"""Tables of packed slices: by far the most of a file, written once, each known by the hash of its map."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes
    ----------
    name, sql : str
        What it is called, and the words that make it.
    columns, key : tuple of str
        All columns in order, and those of the primary key.
    numbered : bool
        Whether SQLite gives a row its key, which is then the one column of ``key``.
    step : str
        Whole number by which rows lie one after the other in the file; empty where they lie by a text.
    """

    name: str
    sql: str
    columns: tuple[str, ...]
    key: tuple[str, ...]
    numbered: bool
    step: str


@dataclass(frozen=True, slots=True)
class Schema:
    """All that the steps up to one version make.

    Attributes
    ----------
    tables : mapping of str to Table
        By name, in the order in which they were made.
    others : mapping of str to str
        Words of every index and view, by name.
    triggers : mapping of str to str
        Words of every trigger, by name.
    """

    tables: Mapping[str, Table]
    others: Mapping[str, str]
    triggers: Mapping[str, str]


@cache
def schema_of(version: int) -> Schema:
    """The schema of a version.

    Parameters
    ----------
    version : int
        From 1 to :func:`app.store.migrate.newest`.
    """
    with closing(migrate.model(version)) as model:
        strings = "SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY rowid"
        found = [tuple(row) for row in model.execute(strings)]
        rowless = {
            name
            for (name,) in model.execute("SELECT name FROM pragma_table_list WHERE wr AND schema = 'main'")
        }
        tables = {}
        for kind, name, sql in found:
            if kind == "table":
                columns = model.execute("SELECT name, type, pk FROM pragma_table_info(?)", (name,)).fetchall()
                tables[name] = _table(name, sql, columns, has_rowid=name not in rowless)
    return Schema(
        tables,
        {name: sql for kind, name, sql in found if kind in {"index", "view"}},
        {name: sql for kind, name, sql in found if kind == "trigger"},
    )


def _table(name: str, sql: str, columns: list[tuple[str, str, int]], *, has_rowid: bool) -> Table:
    key = tuple(column for column, _, place in sorted(columns, key=lambda one: one[2]) if place)
    kinds = {column: kind for column, kind, _ in columns}
    counted = kinds[key[0]] == "INTEGER"
    step = "rowid" if has_rowid else key[0] if counted else ""
    return Table(name, sql, tuple(kinds), key, has_rowid and counted and len(key) == 1, step)


def newest() -> Schema:
    """The schema this program writes."""
    return schema_of(migrate.newest())
