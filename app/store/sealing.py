"""Hold the rows of a session against the seals that its record keeps of them, and find whatever differs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from app.domain.errors import Value
from app.store import audit, schema, seals
from app.store.database import Database, Row
from app.store.schema import Table

BASELINE = "record.sealed"
"""Entry with the seals of what an older version wrote, as it was when this version opened the session."""


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in a session that is not as the program left it.

    Attributes
    ----------
    code : str
        Key of its sentence.
    values : mapping of str to str, int, float, bool or None
        What the sentence needs to name: which table, row, case, entry of the record.
    """

    code: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Sealed:
    """A row's seal, and the entry of the record that holds it."""

    digest: str
    seq: int
    actor: str
    action: str
    subject: str


SealedRows = Mapping[str, Mapping[str, Sealed]]
"""By table and key."""


def seal_older(database: Database) -> bool:
    """Put into the record what a version without seals wrote; says whether there was need to.

    Raises
    ------
    StoreUnavailable
        When the record cannot be written; it is as it was then.
    """
    # the first entry of a session that has seals holds some, so this asks for one row
    if database.read_only or database.row(_ANY_SEAL, (f'%"{seals.NAME}": {{%',)) is not None:
        return False
    with database.transaction():
        salt = audit.salt_of(database)
        found = {table.name: _digests(database, table, salt) for table in sealed_tables()}
        content = seals.with_seals("{}", {name: rows for name, rows in found.items() if rows})
        audit.append(database, actor="MarrowMark", action=BASELINE, subject="session", new=content)
    return True


_ANY_SEAL = "SELECT 1 FROM audit WHERE new LIKE ? ORDER BY seq LIMIT 1"


def sealed_tables() -> list[Table]:
    """All tables whose rows have seals."""
    return [table for name, table in schema.newest().tables.items() if seals.is_sealed(name)]


def sealed_rows(database: Database) -> dict[str, dict[str, Sealed]]:
    """Every seal of the record; of a row that was sealed twice the first one."""
    found: dict[str, dict[str, Sealed]] = {table.name: {} for table in sealed_tables()}
    sql = "SELECT seq, actor, action, subject, new FROM audit WHERE new LIKE ? ORDER BY seq"
    for row in database.rows(sql, (f'%"{seals.NAME}"%',)):
        for name, digests in seals.seals_in(row["new"]).items():
            rows = found.setdefault(name, {})
            for key, digest in digests.items():
                entry = Sealed(digest, row["seq"], row["actor"], row["action"], row["subject"])
                rows.setdefault(key, entry)
    return found


def compare(database: Database, sealed: SealedRows) -> Iterator[Flaw]:
    """Rows that were changed, moved, taken away or put in since they were written.

    Parameters
    ----------
    database : Database
        The session, read as one state.
    sealed : mapping
        From :func:`sealed_rows`.

    Yields
    ------
    Flaw
        ``verify.row_changed``, ``verify.row_moved``, ``verify.row_missing``, ``verify.row_added``; each with
        table, key and, where one can be told, the entry that wrote the row and the case.
    """
    salt = audit.salt_of(database)
    for table in sealed_tables():
        wanted, found = sealed.get(table.name, {}), _digests(database, table, salt)
        if found != {key: one.digest for key, one in wanted.items()}:
            yield from _differences(database, table.name, wanted, found)


def _differences(
    database: Database, table: str, wanted: Mapping[str, Sealed], found: Mapping[str, str]
) -> Iterator[Flaw]:
    place_of = {one.digest: key for key, one in wanted.items()}
    strange = {key for key, digest in found.items() if key not in wanted or wanted[key].digest != digest}
    # the row of another key stands here, and no longer there
    moved = {key: place_of[found[key]] for key in strange if found[key] in place_of}
    moved = {key: origin for key, origin in moved.items() if origin in strange or origin not in found}
    for key in found:
        if key in moved:
            origin = moved[key]
            yield _flaw(database, "verify.row_moved", table, key, wanted[origin], came_from=origin)
        elif key in strange:
            code = "verify.row_changed" if key in wanted else "verify.row_added"
            yield _flaw(database, code, table, key, wanted.get(key))
    for key, entry in wanted.items():
        if key not in found and key not in moved.values():
            yield _flaw(database, "verify.row_missing", table, key, entry)


def _flaw(database: Database, code: str, table: str, key: str, entry: Sealed | None, **more: Value) -> Flaw:
    values: dict[str, Value] = {"table": table, "key": key, "where": case_of(database, table, key), **more}
    if entry is not None:
        values |= {"seq": entry.seq, "actor": entry.actor, "action": entry.action}
        # what the record says of a single step is more to be trusted than rows that may be forged
        if entry.action.partition(".")[0] in _STEPS or not values["where"]:
            values["where"] = entry.subject
    return Flaw(code, values)


# actions whose subject is case, level and round
_STEPS = ("roi", "reading", "case")
_OF_READING = (
    " FROM reading JOIN exam ON exam.id = exam_id JOIN reader ON reader.id = reader_id"
    " WHERE reading.id = (SELECT reading_id FROM {table} WHERE {key} = ?1)"
)
_OF_EXAM = "SELECT code FROM exam WHERE id = (SELECT exam_id FROM {table} WHERE {key} = ?)"
_READING = "SELECT code || '/round ' || round || '/' || name"
_LEVEL = (
    "SELECT code || '/' || (SELECT level FROM roi_revision WHERE id = ?1) || '/round ' || round"
    " || '/' || name"
)
# how the case behind a row is found by the first part of the row's key
_CASES = {
    "roi_revision": _LEVEL + _OF_READING.format(table="roi_revision", key="id"),
    "roi_shape": _LEVEL + _OF_READING.format(table="roi_revision", key="id"),
    "measurement": _LEVEL + _OF_READING.format(table="roi_revision", key="id"),
    "reading_event": _READING + _OF_READING.format(table="reading_event", key="id"),
    "reading_reason": _READING + _OF_READING.format(table="reading_event", key="id"),
    "case_fact": _READING + _OF_READING.format(table="case_fact", key="id"),
    "reading": "SELECT code || '/round ' || round || '/' || name FROM reading JOIN exam ON exam.id = exam_id"
    " JOIN reader ON reader.id = reader_id WHERE reading.id = ?",
    "exam": "SELECT code FROM exam WHERE id = ?",
    "identity": "SELECT code FROM exam WHERE id = ?",
    **{
        table: _OF_EXAM.format(table=table, key="id")
        for table in (
            *("map", "reference_series", "clinical_row", "clinical_edit"),
            *("adjudication", "assignment", "exam_use", "training_reference"),
        )
    },
    "map_source": _OF_EXAM.format(table="map", key="id"),
    "reference_source": _OF_EXAM.format(table="reference_series", key="id"),
    "clinical_identity": _OF_EXAM.format(table="clinical_row", key="id"),
    "clinical_covariate": _OF_EXAM.format(table="clinical_row", key="id"),
    "clinical_value": _OF_EXAM.format(table="clinical_row", key="id"),
    "adjudicated_value": _OF_EXAM.format(table="adjudication", key="id"),
}


def case_of(database: Database, table: str, key: str) -> str:
    """Case, level, round and reader that a row is about, as far as that can be told; empty where not."""
    sql, first = _CASES.get(table), key.partition("/")[0]
    row = database.row(sql, (first,)) if sql else None
    return str(row[0]) if row is not None and row[0] is not None else ""


def _digests(database: Database, table: Table, salt: str) -> dict[str, str]:
    """Seals of the rows of a table as they are now, by key."""
    columns = ", ".join(table.columns)
    order = ", ".join(table.key)
    rows = database.rows(f"SELECT {columns} FROM {table.name} ORDER BY {order}")  # noqa: S608 - own names
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(seals.key_of(table, dict(row)), []).append(row)
    used = salt if table.name in seals.PERSONAL else ""
    return {key: seals.seal(table, map(dict, group), used) for key, group in groups.items()}
