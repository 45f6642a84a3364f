"""What a guarded connection shows of each table, and what it takes: the texts the guard makes views from.

In the texts ``{whose}`` and ``{number}`` are the reader's key and the round; ``{exam}``, ``{reading}``,
``{roi_revision}`` and ``{reading_event}`` are the views that hold only what may be seen. A table that is not
named here is closed. Every condition but :data:`ALL` names a column that is not the row's number: where
SQLite needs nothing but numbers it names no column to the guard, which cannot tell then for whom it asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache

# which exams are with the reader: as in :mod:`app.store.rounds`
_OFFERED = (
    "origin = 'dicom' AND NOT EXISTS (SELECT 1 FROM main.withdrawn AS gone WHERE gone.what = 'exam'"
    " AND exam.id BETWEEN gone.first AND gone.last)"
    " AND coalesce((SELECT active FROM main.assignment WHERE reader_id = {whose}"
    " AND round = {number} AND exam_id = exam.id ORDER BY id DESC LIMIT 1),"
    " NOT EXISTS (SELECT 1 FROM main.study_round AS held WHERE number = {number} AND kind = 'repeat'"
    " AND NOT EXISTS (SELECT 1 FROM main.withdrawn AS gone WHERE gone.what = 'round'"
    " AND held.id BETWEEN gone.first AND gone.last)))"
)
_OF_MAP = "EXISTS (SELECT 1 FROM main.map, {exam} AS offered WHERE map.id = map_id AND offered.id = exam_id)"
_OF_SERIES = (
    "EXISTS (SELECT 1 FROM main.reference_series AS series, {exam} AS offered"
    " WHERE series.id = reference_id AND offered.id = exam_id)"
)
_OF_EXAM = "EXISTS (SELECT 1 FROM {exam} AS offered WHERE offered.id = exam_id)"
_OF_READING = "EXISTS (SELECT 1 FROM {reading} AS own WHERE own.id = reading_id)"
_OF_REVISION = "EXISTS (SELECT 1 FROM {roi_revision} AS own WHERE own.id = revision_id)"
_OF_EVENT = "EXISTS (SELECT 1 FROM {reading_event} AS own WHERE own.id = event_id)"
_SIGNED_OFF = (
    "EXISTS (SELECT 1 FROM {reading} AS own WHERE own.exam_id = training_reference.exam_id AND 'signed_off' ="
    " (SELECT event.kind FROM main.reading_event AS event WHERE event.reading_id = own.id AND NOT EXISTS"
    " (SELECT 1 FROM main.withdrawn AS gone WHERE gone.what = 'event'"
    " AND event.id BETWEEN gone.first AND gone.last)"
    " ORDER BY event.id DESC LIMIT 1))"
)
_OWN = "reader_id = {whose} AND round = {number}"

ALL = "1"
# what a sign-in has to know: anybody may see it
OPEN = {
    "session": "key IN ('origin', 'created_utc', 'synthetic', 'package_of', 'package_round', 'results_only')",
    "protocol": ALL,
    "reader": ALL,
    "role_grant": ALL,
    "credential": ALL,
    "blinding_event": ALL,
    "study_round": ALL,
}
# what a reader may see beside it, each text after those it needs
OWN = {
    "exam": _OFFERED,
    "reading": f"{_OWN} AND origin = 'images'",
    "roi_revision": _OF_READING,
    "reading_event": _OF_READING,
    "map": _OF_EXAM,
    "map_slice": _OF_MAP,
    "reference_series": _OF_EXAM,
    "reference_slice": _OF_SERIES,
    "measurement": _OF_REVISION,
    "roi_shape": _OF_REVISION,
    "case_fact": _OF_READING,
    "reading_reason": _OF_EVENT,
    "position": _OWN,
    "assignment": _OWN,
    "exam_use": _OF_EXAM,
    "training_reference": _SIGNED_OFF,
    # and of all others only which exams, readers and rounds there are no longer
    "withdrawn": "reader_id = {whose} OR reader_id IS NULL AND what IN ('exam', 'reader', 'round')",
    "exposure": "reader_id = {whose}",
    # only what the next entry is chained to
    "audit": "seq = (SELECT seq FROM main.audit WHERE hash <> '' ORDER BY seq DESC LIMIT 1) AND hash <> ''",
}
# the same without a reader: all of it empty
NOBODYS = OWN | {"exam": "origin = ''", "reading": "origin = ''", "audit": "hash = ''"}
# columns that show something else than what they hold
MASKED = {
    "reader": {"order_seed": "iif(id = {whose}, order_seed, 0)"},
    "credential": {"salt": "x''", "hash": "x''"},
    "blinding_event": {"reason": "''"},
    "audit": dict.fromkeys(
        (
            "at_utc",
            "actor",
            "action",
            "subject",
            "old",
            "new",
            "reason",
            "protocol",
            "software",
            "previous_hash",
        ),
        "''",
    ),
}

_NEW_READING = (
    "EXISTS (SELECT 1 FROM {reading} AS own, {exam} AS offered"
    " WHERE own.id = new.reading_id AND offered.id = own.exam_id)"
)
_NEW_REVISION = (
    "EXISTS (SELECT 1 FROM {roi_revision} AS story, {reading} AS own, {exam} AS offered"
    " WHERE story.id = new.revision_id AND own.id = story.reading_id AND offered.id = own.exam_id)"
)
_NEW_EXAM = "EXISTS (SELECT 1 FROM {exam} AS offered WHERE offered.id = new.exam_id)"
_NEW_OWN = "new.reader_id = {whose} AND new.round = {number}"


def _known(column: str) -> str:
    """What holds of a column that is empty or names a revision of the same reading."""
    return (
        f"(new.{column} IS NULL OR EXISTS (SELECT 1 FROM {{roi_revision}} AS named"  # noqa: S608 - own words
        f" WHERE named.id = new.{column} AND named.reading_id = new.reading_id))"
    )


# what must hold of a new row; a table that is not named here takes none
TAKEN = {
    "reading": f"{_NEW_OWN} AND new.origin = 'images' AND {_NEW_EXAM}",
    "reading_event": _NEW_READING,
    "roi_revision": f"{_NEW_READING} AND {_known('target')}",
    "measurement": _NEW_REVISION,
    "roi_shape": _NEW_REVISION,
    "case_fact": f"{_NEW_READING} AND {_known('revision_id')}",
    "reading_reason": "EXISTS (SELECT 1 FROM {reading_event} AS own WHERE own.id = new.event_id)",
    "position": f"{_NEW_OWN} AND {_NEW_EXAM}",
    "audit": "new.seq = (SELECT coalesce(max(seq), 0) + 1 FROM main.audit)"
    " AND new.previous_hash = (SELECT hash FROM main.audit ORDER BY seq DESC LIMIT 1)"
    " AND new.actor = (SELECT name FROM main.reader WHERE id = {whose})",
}

_KEY = re.compile(r"^    (\w+) .*REFERENCES (\w+) \((\w+)\)", re.MULTILINE)
_WORD = r"[a-z][a-z0-9_]*"
_VALUE = r"(?:\?|NULL|-?[0-9]+|'[a-z_-]*')"
_INSERT = re.compile(
    rf"INSERT INTO ({_WORD}) \(({_WORD}(?:, {_WORD})*)\) VALUES \({_VALUE}(?:, {_VALUE})*\)",  # noqa: S608 - it reads
    re.ASCII,
)
# keys that SQLite gives: a chosen one could meet a row that nobody may know of
_GIVEN = {"id", "rowid", "oid"}
# EXPLAIN would tell the names of the views
_QUERY = re.compile(r"\s*(?:SELECT|WITH)\s", re.IGNORECASE)
# SQLite asks the authorizer nothing about a column that a join names or finds by USING or NATURAL: what could
# name the real tables, or SQLite's own list of the views, must not come that far
_NEVER = re.compile(r"""--|/\*|sqlite_|pragma_|main["'\]`]?\s*\.|\b(?:NATURAL|USING)\b""", re.IGNORECASE)


@lru_cache(maxsize=256)
def insert_of(sql: str) -> tuple[str, str]:
    """Table and text, past the view that bears the table's name, of a plain INSERT of one row without a key.

    Both are empty for everything else: only the one shape that the store's own texts have is understood.
    """
    text = " ".join(sql.split())
    found = _INSERT.fullmatch(text)
    if found is None or _GIVEN & set(found[2].split(", ")):
        return "", ""
    return found[1], text.replace("INSERT INTO ", "INSERT INTO main.", 1)


def is_query(sql: str) -> bool:
    """Whether a text is a query, and names nothing but views."""
    return _QUERY.match(sql) is not None and _NEVER.search(sql) is None


def as_temporary(sql: str) -> str:
    """The text of a view of the session, made again where it stands on what may be seen."""
    return sql.replace("CREATE VIEW", "CREATE TEMP VIEW", 1)


def view(name: str, columns: Iterable[str], source: str, condition: str = ALL) -> str:
    """The text of a view over columns of a table or of another view."""
    return (
        f"CREATE TEMP VIEW {name} AS SELECT {', '.join(columns)}"  # noqa: S608 - words of our own
        f" FROM {source} WHERE {condition}"
    )


def nothing(table: str, columns: Iterable[str]) -> str:
    """The text of a view that stands before a closed table and holds no row."""
    return f"CREATE TEMP VIEW {table} AS SELECT {', '.join(f'NULL AS {one}' for one in columns)} WHERE 0"


def refusal(name: str, table: str, condition: str) -> str:
    """The text of a trigger that takes a row only where a condition holds."""
    return (
        f"CREATE TEMP TRIGGER {name} BEFORE INSERT ON main.{table} WHEN ({condition}) IS NOT TRUE"
        " BEGIN SELECT RAISE(ABORT, 'closed'); END"
    )


def keys(tables: Mapping[str, str]) -> dict[str, set[tuple[str, str]]]:
    """What SQLite looks up by itself when a row goes into a table, so that no key leads nowhere.

    Parameters
    ----------
    tables : mapping of str to str
        The words that make each table.

    Returns
    -------
    dict of str to set of (str, str)
        Tables and columns: those that the row's keys name, and those whose keys may name the row.
    """
    found: dict[str, set[tuple[str, str]]] = {table: set() for table in tables}
    for table, sql in tables.items():
        for column, parent, key in _KEY.findall(sql):
            found[table].add((parent, key))
            found[parent].add((table, column))
    return found


def subject(sql: str) -> str:
    """The table that a trigger watches, from the words that make it."""
    found = re.search(r"\bON (\w+)", sql)
    return found[1] if found else ""
