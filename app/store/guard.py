"""The guarded connection: what a blinded reader, or nobody yet, can ask of a session file.

Every table that may be seen is shadowed by a temporary view of its own name, over a second one with a name
nobody can guess; that one filters, and only it may read the table. It takes two because SQLite tells the
authorizer the name of a CTE as if it were that of a view: a name that is known can be forged. Every other
table is shadowed by a view without rows, because SQLite does not ask the authorizer about every column.
"""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from app.domain.errors import BlindingError
from app.store import guard_sql, schema

_OK, _DENY = sqlite3.SQLITE_OK, sqlite3.SQLITE_DENY
# a BEGIN is no query and no INSERT, so it can only be the store's own
_HARMLESS = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_TRANSACTION}
# a full disk is told as one, blinded or not: it says nothing of what is stored
_OF_THE_WORLD = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
    }
)
# what the store's queries use; none of them tells of other rows than those it is given
_FUNCTIONS = frozenset({"avg", "coalesce", "count", "iif", "length", "max", "min", "sum"})


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows a guarded connection shows.

    Attributes
    ----------
    reader_id, reader_name : int, str
        The reader.
    round : int
        The round.
    """

    reader_id: int
    reader_name: str
    round: int


_NOBODY = Scope(-1, "", -1)


class Guard:
    """Keeps one connection to what a reader of a blinded round may see and write.

    Parameters
    ----------
    connection : sqlite3.Connection
        To a session of today's schema; nothing else may use it.
    scope : Scope or None
        Whose rows; None for nobody: no exam, no reading, nothing to write.
    """

    def __init__(self, connection: sqlite3.Connection, scope: Scope | None) -> None:
        self.scope = scope
        self._connection = connection
        self._schema = schema.newest()
        # the view that filters, by the table it reads; and the views above them, whose names are known
        self._filters: dict[str, str] = {}
        self._shown: set[str] = set()
        self._make_views()
        self._private = frozenset(self._filters.values())
        self._refusing = frozenset(self._make_triggers() if scope else ())
        # while an INSERT runs: its table, and the triggers and keys of the session that it may ask
        self._target = ""
        self._triggers = {name: guard_sql.subject(sql) for name, sql in self._schema.triggers.items()}
        self._keys = guard_sql.keys({name: table.sql for name, table in self._schema.tables.items()})
        connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
        connection.set_authorizer(self._authorize)

    def lift(self) -> None:
        """Let the connection do everything again: to close it, which may be done twice."""
        with suppress(sqlite3.ProgrammingError):
            self._connection.set_authorizer(None)

    @contextmanager
    def query(self, sql: str) -> Iterator[str]:
        """Around a query, which is given back as it has to be run.

        Raises
        ------
        BlindingError
            ``blinding.closed`` for whatever is not let through, here and in :meth:`insert`: always the same,
            whatever is there or is not.
        """
        if not guard_sql.is_query(sql):
            raise BlindingError("blinding.closed")
        with _closed():
            yield sql

    @contextmanager
    def insert(self, sql: str) -> Iterator[str]:
        """Around a plain INSERT, which is given back as it has to be run."""
        target, text = guard_sql.insert_of(sql)
        if self.scope is None or target not in guard_sql.TAKEN:
            raise BlindingError("blinding.closed")
        self._target = target
        try:
            with _closed():
                yield text
        finally:
            self._target = ""

    # ---- how it is built

    def _make_views(self) -> None:
        rows = guard_sql.OPEN | (guard_sql.OWN if self.scope else guard_sql.NOBODYS)
        for table, condition in rows.items():
            name = _unguessable()
            columns = self._schema.tables[table].columns
            masks = guard_sql.MASKED.get(table, {})
            shown = [f"{masks.get(column, column)} AS {column}" for column in columns]
            self._run(guard_sql.view(name, shown, f"main.{table}", condition))
            self._run(guard_sql.view(table, columns, name))
            self._filters[table] = name
            self._shown.add(table)
        for table in self._schema.tables.keys() - rows.keys():
            self._connection.execute(guard_sql.nothing(table, self._schema.tables[table].columns))
        for name, sql in self._schema.others.items():
            if sql.startswith("CREATE VIEW"):
                # one that stands on more than is shown stays closed like what it stands on
                self._connection.execute(guard_sql.as_temporary(sql))
                self._shown.add(name)

    def _make_triggers(self) -> Iterator[str]:
        for table, condition in guard_sql.TAKEN.items():
            name = _unguessable()
            self._run(guard_sql.refusal(name, table, condition))
            yield name

    def _run(self, sql: str) -> None:
        whose = self.scope or _NOBODY
        self._connection.execute(sql.format(whose=whose.reader_id, number=whose.round, **self._filters))

    # ---- what SQLite asks while it prepares a statement

    def _authorize(
        self, action: int, one: str | None, two: str | None, place: str | None, inside: str | None
    ) -> int:
        if action == sqlite3.SQLITE_READ:
            return _OK if self._may_read(one or "", two or "", place, inside) else _DENY
        if action == sqlite3.SQLITE_FUNCTION:
            return _OK if two in _FUNCTIONS else _DENY
        if action == sqlite3.SQLITE_INSERT:
            return _OK if one == self._target and place == "main" and inside is None else _DENY
        return _OK if action in _HARMLESS else _DENY

    def _may_read(self, table: str, column: str, place: str | None, inside: str | None) -> bool:
        if place == "temp":
            # nobody knows the names of the filters but the views above them
            return table in self._shown or table in self._private
        if inside in self._private:
            return place == "main"
        if not self._target:
            # SQLite has dissolved a view of all rows, and needs none of its columns
            return place == "main" and not column and guard_sql.OPEN.get(table) == guard_sql.ALL
        if inside is None:
            return (table, column) in self._keys[self._target]
        # only triggers read while a plain row is written; where they need no column, the place is not told
        return inside in self._refusing or self._triggers.get(inside) == self._target


@contextmanager
def _closed() -> Iterator[None]:
    """Tell every refusal of SQLite in the same words: its own name what is there."""
    try:
        yield
    except (sqlite3.Error, sqlite3.Warning) as problem:
        # the low byte is the kind of the trouble, the rest tells more of it
        if getattr(problem, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF in _OF_THE_WORLD:
            raise
        raise BlindingError("blinding.closed") from None


def _unguessable() -> str:
    return f"v{secrets.token_hex(16)}"
