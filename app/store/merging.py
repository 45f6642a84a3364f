"""Packages that left, and merges of what was read elsewhere: which rows each of them brought."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.store import audit, foreign
from app.store.database import Database, Row, json_text
from app.store.stories import Whose

RESULTS, CENTRE = "results", "centre"

TABLES = {
    "exam": "exam",
    "reader": "reader",
    "round": "study_round",
    "revision": "roi_revision",
    "event": "reading_event",
    "fact": "case_fact",
    "map": "map",
    "series": "reference_series",
    "clinical": "clinical_import",
    "typed": "clinical_edit",
    "decision": "adjudication",
}
"""Which table holds what a merge can bring, or what can be built upon it."""


@dataclass(frozen=True, slots=True)
class PackageRow:
    """A package as it is remembered.

    Attributes
    ----------
    id, origin : int, str
        What it is known by.
    reader_id, round : int
        For whom, and for which round.
    parent_hash, first_hash : str
        The entry of our record after which it was made, and the first entry of its own one.
    exams : int
        How many exams it holds.
    at_utc : str
        When it was made.
    """

    id: int
    origin: str
    reader_id: int
    round: int
    parent_hash: str
    first_hash: str
    exams: int
    at_utc: str


def packages(database: Database) -> list[PackageRow]:
    """All packages that left, oldest first."""
    names = ", ".join(PackageRow.__dataclass_fields__)
    sql = f"SELECT {names} FROM package ORDER BY id"  # noqa: S608 - names of our own fields
    return [PackageRow(**dict(row)) for row in database.rows(sql)]


def add_package(database: Database, new: PackageRow, *, reader: str, actor: str) -> None:
    """Remember a package that leaves, with its entry in the record; key and time are given here."""
    with database.transaction():
        database.insert(
            "INSERT INTO package (origin, reader_id, round, parent_hash, first_hash, exams, at_utc)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                new.origin,
                new.reader_id,
                new.round,
                new.parent_hash,
                new.first_hash,
                new.exams,
                audit.utc_now(),
            ),
        )
        content = {"origin": new.origin, "first_hash": new.first_hash, "round": new.round, "exams": new.exams}
        audit.append(database, actor=actor, action="package.written", subject=reader, new=json_text(content))


@dataclass(frozen=True, slots=True)
class MergeRow:
    """A merge as it is kept.

    Attributes
    ----------
    id, kind, origin : int, str, str
        Which one, of what, from which file.
    reader_id, round : int or None
        Whose results; None for a centre.
    label : str
        Name of the centre.
    entries, head_hash : int, str
        Length and end of the other file's record.
    at_utc : str
        When.
    undone : bool
        Whether it was taken back.
    """

    id: int
    kind: str
    origin: str
    reader_id: int | None
    round: int | None
    label: str
    entries: int
    head_hash: str
    at_utc: str
    undone: bool


_MERGES = (
    "SELECT id, kind, origin, reader_id, round, label, entries, head_hash, at_utc,"
    " id IN (SELECT merge_id FROM withdrawn) AS undone FROM merge ORDER BY id"
)


def merges(database: Database) -> list[MergeRow]:
    """All merges, oldest first."""
    return [MergeRow(**{**dict(row), "undone": bool(row["undone"])}) for row in database.rows(_MERGES)]


def newest_keys(database: Database) -> dict[str, int]:
    """The newest key of every table whose rows a merge brings, to see later which came."""
    found = {}
    for what, table in TABLES.items():
        row = database.row(f"SELECT coalesce(max(id), 0) AS id FROM {table}")  # noqa: S608 - our own tables
        found[what] = row["id"] if row else 0
    return found


def begin_merge(
    database: Database,
    kind: str,
    record: Sequence[Row],
    origin: str,
    label: str = "",
    whose: Whose | None = None,
) -> int:
    """Write that something is merged, with the whole record of the other file; inside the transaction."""
    merge_id = database.insert(
        "INSERT INTO merge (kind, origin, reader_id, round, label, entries, head_hash, at_utc)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            kind,
            origin,
            whose.reader_id if whose else None,
            whose.round if whose else None,
            label,
            len(record),
            record[-1]["hash"],
            audit.utc_now(),
        ),
    )
    foreign.keep_record(database, merge_id, record)
    return merge_id


def end_merge(database: Database, merge_id: int, before: Mapping[str, int]) -> None:
    """Keep which rows came since :func:`newest_keys` was asked, inside the transaction."""
    for what, last in newest_keys(database).items():
        # also where none came: what is newer than the last one came after the merge
        database.insert(
            "INSERT INTO merge_rows (merge_id, what, first, last) VALUES (?, ?, ?, ?)",
            (merge_id, what, before[what] + 1, last),
        )
