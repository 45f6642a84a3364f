"""Hold what an older version wrote against the words of its record: such a record has no seals.

The record tells the shape of every rectangle, every mark, sign-off and fact, but not the measured values:
those are checked by counting the voxels once more.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from app.store.database import Database, Row
from app.store.sealing import BASELINE, Flaw, SealedRows

_BOX = ("slice", "row0", "col0", "rows", "cols")
_STORIES = ("roi_revision", "reading_event", "case_fact")
_WHOSE = (
    "SELECT {table}.*, code, name AS reader, round{more} FROM {table}"
    " JOIN reading ON reading.id = reading_id AND reading.origin = 'images' JOIN exam ON exam.id = exam_id"
    " JOIN reader ON reader.id = reader_id{join} ORDER BY {table}.id"
)
_SQL = {table: _WHOSE.format(table=table, more="", join="") for table in ("reading_event", "case_fact")} | {
    "roi_revision": _WHOSE.format(
        table="roi_revision",
        more=", angle_deg, depth",
        join=" LEFT JOIN roi_shape ON revision_id = roi_revision.id",
    )
}
_TABLE_OF = {"roi": "roi_revision", "reading": "reading_event", "case": "case_fact"}

# reader, case code, round
_Whose = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Told:
    """One step of a story, from a row or from an entry; ``place`` is its key or number."""

    action: str
    level: str
    content: Mapping[str, Any]
    place: int

    def same_as(self, other: _Told) -> bool:
        return (self.action, self.level, self.content) == (other.action, other.level, other.content)


_Stories = dict[tuple[str, _Whose], list[_Told]]


def compare(database: Database, sealed: SealedRows) -> Iterator[Flaw]:
    """Where the rows of an older version and its record tell different stories.

    Parameters
    ----------
    database : Database
        The session, read as one state.
    sealed : mapping
        Seals of the record: what has one from the day it was written is no older row.

    Yields
    ------
    Flaw
        ``verify.story`` once for each story, at the first step that differs: table, case, key of the row
        (None where there is no row) and number of the entry (None where there is no entry).
    """
    baseline = database.row("SELECT seq FROM audit WHERE action = ? ORDER BY seq LIMIT 1", (BASELINE,))
    if baseline is None and any(sealed.values()):
        return
    held = _from_rows(database, sealed)
    told = _from_entries(database, baseline["seq"] if baseline else None)
    for table, whose in sorted(held.keys() | told.keys()):
        flaw = _first_difference(held.get((table, whose), ()), told.get((table, whose), ()))
        if flaw is not None:
            reader, code, number = whose
            yield Flaw("verify.story", {"table": table, "where": f"{code}/{number}/{reader}", **flaw})


def _first_difference(held: Sequence[_Told], told: Sequence[_Told]) -> dict[str, int | None] | None:
    for row, entry in zip_longest(held, told):
        if row is None or entry is None or not row.same_as(entry):
            return {"key": row.place if row else None, "seq": entry.place if entry else None}
    return None


def _from_rows(database: Database, sealed: SealedRows) -> _Stories:
    found: _Stories = defaultdict(list)
    for table in _STORIES:
        seals = sealed.get(table, {})
        for row in database.rows(_SQL[table]):
            seal = seals.get(str(row["id"]))
            if seal is None or seal.action == BASELINE:
                whose = (row["reader"], row["code"], f"round {row['round']}")
                found[table, whose].append(_row_told(table, row))
    return found


def _row_told(table: str, row: Row) -> _Told:
    if table == "roi_revision":
        return _Told(f"roi.{row['action']}", row["level"], _state(row), row["id"])
    if table == "reading_event":
        return _Told(f"reading.{row['kind']}", "", {}, row["id"])
    names = {"counted": ("counted",), "help": ("help",), "note": ("", "note")}
    name_of = names.get(row["kind"], ("reason", "note"))
    content = {name: row[column] for name, column in zip(name_of, ("value", "note"), strict=False) if name}
    return _Told(f"case.{row['kind']}", "", _without_empty(content), row["id"])


def _state(row: Row) -> dict[str, Any]:
    box = None
    if row["slice"] is not None:
        shape = {} if row["depth"] is None else {"angle_deg": row["angle_deg"], "depth": row["depth"]}
        box = {name: row[name] for name in _BOX} | shape
    return _without_empty(
        {"kind": row["kind"], "note": row["note"], "reason": row["reason"], "rectangle": box}
    )


def _from_entries(database: Database, before: int | None) -> _Stories:
    found: _Stories = defaultdict(list)
    sql = "SELECT seq, actor, action, subject, new FROM audit WHERE seq < coalesce(?, seq + 1) ORDER BY seq"
    for row in database.rows(sql, (before,)):
        table = _TABLE_OF.get(row["action"].partition(".")[0])
        code, *level, number = row["subject"].split("/") if "/" in row["subject"] else ("", "")
        if table is not None and code:
            told_level = level[0] if level and table == "roi_revision" else ""
            step = _Told(row["action"], told_level, _content(row["new"]), row["seq"])
            found[table, (row["actor"], code, number)].append(step)
    return found


def _content(new: str) -> dict[str, Any]:
    try:
        told = json.loads(new) if new else {}
    except ValueError:
        return {"": new}
    return _without_empty(told) if isinstance(told, dict) else {"": told}


def _without_empty(content: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in content.items() if value}
