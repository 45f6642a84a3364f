"""The append-only record of who changed what, chained by hashes so that editing shows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app import __version__
from app.store import seals
from app.store.database import Database, Row

_FIELDS = ("at_utc", "actor", "action", "subject", "old", "new", "reason", "protocol", "software")
START = "0" * 64
"""What stands for the hash before the first entry."""


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the record; all texts.

    Attributes
    ----------
    seq, at_utc, actor, action, subject, old, new, reason, protocol, software, hash : int or str
        As they stand there; ``new`` without the seals of the rows that were written.
    kept : str
        What is new with those seals: this the hash is made of.
    """

    seq: int
    at_utc: str
    actor: str
    action: str
    subject: str
    old: str
    new: str
    reason: str
    protocol: str
    software: str
    hash: str
    kept: str = ""


def utc_now() -> str:
    """The present moment as ISO 8601 in UTC, to the millisecond."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def append(
    database: Database,
    *,
    actor: str,
    action: str,
    subject: str,
    old: str = "",
    new: str = "",
    reason: str = "",
    protocol: str = "",
) -> None:
    """Write one entry inside the caller's transaction, with the seals of all rows written since the last one.

    Parameters
    ----------
    database : Database
        Inside :meth:`Database.transaction`, so that entry and deed stand or fall together.
    actor, action, subject : str
        Who did what to what; the subject is a case code, never a name.
    old, new : str
        JSON of the state before and after.
    reason, protocol : str
        Given reason, and the protocol's stamp.
    """
    last = database.row("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
    previous = last["hash"] if last else START
    new = seals.with_seals(new, database.written.take(lambda: salt_of(database)))
    values = (utc_now(), actor, action, subject, old, new, reason, protocol, __version__)
    seq = last["seq"] + 1 if last else 1
    database.insert(
        f"INSERT INTO audit (seq, {', '.join(_FIELDS)}, previous_hash, hash) "  # noqa: S608 - fixed names
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, *values, previous, _hash(previous, seq, values)),
    )


def entries(database: Database, after: int = 0) -> list[AuditRow]:
    """The record, oldest first.

    Parameters
    ----------
    database : Database
        The session.
    after : int
        Number of the last entry that is known already.
    """
    sql = f"SELECT seq, {', '.join(_FIELDS)}, hash FROM audit WHERE seq > ? ORDER BY seq"  # noqa: S608 - fixed names
    return [_entry(row) for row in database.rows(sql, (after,))]


def _entry(row: Row) -> AuditRow:
    seq, at_utc, actor, action, subject, old, kept, reason, protocol, software, hash_ = row
    new = seals.without_seals(kept)
    return AuditRow(seq, at_utc, actor, action, subject, old, new, reason, protocol, software, hash_, kept)


def first_break(database: Database) -> int | None:
    """Sequence number of the first entry that does not fit the chain, or None when all do."""
    return chain_break(database.rows("SELECT * FROM audit ORDER BY seq"))


def chain_break(entries_in_order: Iterable[Mapping[str, Any] | Row], start: str = START) -> int | None:
    """Sequence number of the first entry of a record, ours or another one, that does not fit; None if all do.

    Parameters
    ----------
    entries_in_order : iterable of rows
        With all columns of ``audit``, the lowest number first.
    start : str
        What stands for the hash before the first entry.
    """
    previous, expected = start, 1
    for row in entries_in_order:
        values = tuple(row[field] for field in _FIELDS)
        fits = row["seq"] == expected and row["previous_hash"] == previous
        if not fits or row["hash"] != _hash(previous, row["seq"], values):
            return int(row["seq"])
        previous, expected = row["hash"], expected + 1
    return None


def salt_of(database: Database) -> str:
    """What goes into the seals of rows about persons, so that nobody without the file can guess them."""
    row = database.row("SELECT value FROM session WHERE key = 'origin'")
    return row["value"] if row else ""


def number_of(database: Database, hash_: str) -> int | None:
    """Sequence number of the entry with a hash, such as an export printed; None where the record has none."""
    row = database.row("SELECT seq FROM audit WHERE hash = ?", (hash_,))
    return row["seq"] if row else None


def count(database: Database) -> int:
    """How many entries the record has."""
    (row,) = database.rows("SELECT count(*) AS found FROM audit")
    return int(row["found"])


def head_hash(database: Database) -> str:
    """Hash of the newest entry: printed into exports, it can be held against the file later."""
    last = database.row("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1")
    return last["hash"] if last else START


def _hash(previous: str, seq: int, values: tuple[str, ...]) -> str:
    content = json.dumps([previous, seq, *values], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()
