"""What was written, row by row, as short digests that the record keeps: a row changed later no longer fits.

A seal is made of a row as it was inserted. :func:`app.store.audit.append` puts the seals of all rows that
were written since the entry before into its own entry, so no module that writes has to think of it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from app.store import schema
from app.store.schema import Table

Values = Mapping[str, Any]
Seals = dict[str, dict[str, str]]
"""Seal of every row, by table and key."""

NAME = "sealed"
"""Under which an entry of the record holds its seals."""

# a text of ours cannot hold it, because in JSON its quotes are written otherwise
_BEGIN = f'"{NAME}": '
# under which a text that is no JSON stands beside seals
_PLAIN = ""

PERSONAL = frozenset({"identity", "clinical_identity", "map_source", "reference_source"})
"""Tables whose short texts could be guessed from a plain digest: their seals need a salt of the file."""

# Not sealed: where a reader was is no statement about anything; slices are known by the hash of their map,
# and that is sealed; chains have hashes of their own.
_LEFT_OUT = frozenset({"position", "audit", "foreign_audit"}) | schema.PIXELS
# many short rows that come together and only together: one seal for all that begin with the same key
_TOGETHER = frozenset({"map_source", "reference_source", "clinical_value", "clinical_covariate"})
# a seal is held against rows, not kept secret: 96 bits cannot be met by a row that still makes sense
_BYTES = 12
_INSERT = re.compile(
    r"\s*INSERT\s+INTO\s+(\w+)\s*\(([^)]*)\)\s*VALUES\s*\((.*)\)\s*", re.IGNORECASE | re.DOTALL
)
_PLAIN_VALUE = r"\?|'(?:[^']|'')*'|NULL|-?\d+(?:\.\d+)?"
_VALUE = re.compile(_PLAIN_VALUE, re.IGNORECASE)
_VALUES = re.compile(rf"\s*(?:{_PLAIN_VALUE})(?:\s*,\s*(?:{_PLAIN_VALUE}))*\s*", re.IGNORECASE)


def is_sealed(table: str) -> bool:
    """Whether rows of a table of today's schema have seals."""
    return table in schema.newest().tables and table not in _LEFT_OUT


class Written:
    """Rows of one transaction that no entry of the record tells of yet."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, list[Values]]] = {}

    def note(self, sql: str, parameters: Sequence[Any], rowid: int) -> None:
        """Take the row of one INSERT; other statements and tables without seals are passed over.

        Parameters
        ----------
        sql : str
            ``INSERT INTO table (column, ...) VALUES (...)`` with marks, numbers, words or NULL.
        parameters : sequence
            Values of the marks, as SQLite got them.
        rowid : int
            Key that SQLite gave the row, where none was given.
        """
        found = _understood(sql)
        if found is None:
            return
        table, columns = found
        given = iter(parameters)
        values = {name: next(given) if value is _MARK else value for name, value in columns}
        if table.numbered:
            values.setdefault(table.key[0], rowid)
        self._rows.setdefault(table.name, {}).setdefault(key_of(table, values), []).append(values)

    def forget(self) -> None:
        """Begin anew: another transaction, or nothing was written after all."""
        self._rows.clear()

    def take(self, salt: Callable[[], str]) -> Seals:
        """Seals of what was written since the last time.

        Parameters
        ----------
        salt : callable
            Gives the salt of this session; asked only where something about persons was written.
        """
        tables = schema.newest().tables
        made = {
            name: {
                key: seal(tables[name], rows, salt() if name in PERSONAL else "")
                for key, rows in rows_of.items()
            }
            for name, rows_of in self._rows.items()
        }
        self._rows.clear()
        return made


def key_of(table: Table, row: Values) -> str:
    """How a row, or the rows that are sealed together with it, are called in a seal."""
    names = table.key[:1] if table.name in _TOGETHER else table.key
    return "/".join(str(row[name]) for name in names)


def seal(table: Table, rows: Iterable[Values], salt: str) -> str:
    """The digest of the rows of one key.

    A row's number is no part of it, so that a row in another one's place is recognised. Neither are columns
    without a value: a later version of the file may have more of them.

    Parameters
    ----------
    table : Table
        Whose rows they are.
    rows : iterable of mapping of str to object
        Values by column.
    salt : str
        Of the session, for the tables of :data:`PERSONAL`; empty for the others.

    Returns
    -------
    str
        16 characters.
    """
    left_out = table.key if table.numbered else ()
    told = sorted(
        json.dumps(
            {name: _exact(row[name]) for name in row if name not in left_out and row[name] is not None},
            sort_keys=True,
            ensure_ascii=False,
        )
        for row in rows
    )
    content = json.dumps([table.name, salt, *told], ensure_ascii=False)
    digest = hashlib.sha256(content.encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest[:_BYTES]).decode("ascii")


def _exact(value: Any) -> Any:
    """A value as it reads the same before and after SQLite has kept it."""
    if isinstance(value, bytes):
        return hashlib.sha256(value).hexdigest()
    # a column of reals gives 5.0 for the 5 it was given
    return int(value) if isinstance(value, float | bool) and value == int(value) else value


def with_seals(new: str, seals: Seals) -> str:
    """What an entry of the record says is new, with the seals of what was written as the last thing in it."""
    if not seals:
        return new
    told = new if new.startswith("{") else json.dumps({_PLAIN: new})
    told = told[:-1] + ", " if told != "{}" else "{"
    return f"{told}{_BEGIN}{json.dumps(seals)}}}"


def without_seals(new: str) -> str:
    """What an entry says is new, for people to read."""
    told, begin, _ = new.rpartition(_BEGIN)
    if not begin:
        return new
    told = told.removesuffix(", ") + "}"
    if not told.startswith(f'{{"{_PLAIN}":'):
        return told
    try:
        return str(json.loads(told)[_PLAIN])
    except ValueError:
        # somebody wrote nonsense into it
        return new


def seals_in(new: str) -> Seals:
    """The seals that an entry holds; none where it holds none, or where somebody wrote nonsense into it."""
    try:
        found = json.loads(new.rpartition(_BEGIN)[2].removesuffix("}"))
    except ValueError:
        return {}
    tables = found.items() if isinstance(found, dict) else ()
    return {name: rows for name, rows in tables if isinstance(rows, dict)}


_MARK = object()


@lru_cache(maxsize=256)
def _understood(sql: str) -> tuple[Table, tuple[tuple[str, Any], ...]] | None:
    """Table and columns of an INSERT, each with its value or a mark for a parameter."""
    found = _INSERT.fullmatch(sql)
    # of a row that SQLite works out, nothing can be said here: no entry will tell of it
    if found is None or not is_sealed(found[1]) or _VALUES.fullmatch(found[3]) is None:
        return None
    names = [name.strip() for name in found[2].split(",")]
    values = [_value(word) for word in _VALUE.findall(found[3])]
    return schema.newest().tables[found[1]], tuple(zip(names, values, strict=True))


def _value(word: str) -> Any:
    if word == "?":
        return _MARK
    if word.startswith("'"):
        return word[1:-1].replace("''", "'")
    return None if word.upper() == "NULL" else json.loads(word)
