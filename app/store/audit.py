"""The append-only record of who changed what, chained by hashes so that editing shows."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime

from app import __version__
from app.store.database import Database

_FIELDS = ("at_utc", "actor", "action", "subject", "old", "new", "reason", "protocol", "software")
_START = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One entry of the record; all texts, as shown and exported."""

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
    """Write one entry inside the caller's transaction.

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
    previous = last["hash"] if last else _START
    values = (utc_now(), actor, action, subject, old, new, reason, protocol, __version__)
    seq = last["seq"] + 1 if last else 1
    database.insert(
        f"INSERT INTO audit (seq, {', '.join(_FIELDS)}, previous_hash, hash) "  # noqa: S608 - fixed names
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, *values, previous, _hash(previous, seq, values)),
    )


def entries(database: Database) -> list[AuditRow]:
    """The whole record, oldest first."""
    sql = f"SELECT seq, {', '.join(_FIELDS)}, hash FROM audit ORDER BY seq"  # noqa: S608 - fixed names
    return [AuditRow(*row) for row in database.rows(sql)]


def first_break(database: Database) -> int | None:
    """Sequence number of the first entry that does not fit the chain, or None when all do."""
    previous, expected = _START, 1
    for row in database.rows("SELECT * FROM audit ORDER BY seq"):
        values = tuple(row[field] for field in _FIELDS)
        fits = row["seq"] == expected and row["previous_hash"] == previous
        if not fits or row["hash"] != _hash(previous, row["seq"], values):
            return int(row["seq"])
        previous, expected = row["hash"], expected + 1
    return None


def head_hash(database: Database) -> str:
    """Hash of the newest entry: printed into exports, it can be held against the file later."""
    last = database.row("SELECT hash FROM audit ORDER BY seq DESC LIMIT 1")
    return last["hash"] if last else _START


def _hash(previous: str, seq: int, values: tuple[str, ...]) -> str:
    content = json.dumps([previous, seq, *values], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()
