"""What the columns of a table were said to mean, by the hash of its headers, so that nobody says it twice."""

from __future__ import annotations

import json
from typing import Any

from app.store import audit, faults
from app.store.database import Database
from app.store.sessions import PROGRAM


def remember(database: Database, kind: str, headers_sha256: str, content: Any) -> None:
    """Keep what the columns of such a table mean; nothing is written where it is known already.

    Parameters
    ----------
    database : Database
        The session.
    kind : str
        ``clinical`` or ``readings``.
    headers_sha256 : str
        Of all headers in order.
    content : JSON
        Whatever the caller wants back.
    """
    if recall(database, kind, headers_sha256) == content:
        return
    with database.transaction():
        database.insert(
            "INSERT INTO column_mapping (kind, headers_sha256, content, at_utc) VALUES (?, ?, ?, ?)",
            (kind, headers_sha256, json.dumps(content, ensure_ascii=False), audit.utc_now()),
        )
        audit.append(
            database,
            actor=PROGRAM,
            action="table.columns_said",
            subject=kind,
            new=json.dumps({"headers_sha256": headers_sha256}),
        )


def recall(database: Database, kind: str, headers_sha256: str) -> Any:
    """What was kept last of such a table; None where nothing was."""
    row = database.row(
        "SELECT content FROM column_mapping WHERE kind = ? AND headers_sha256 = ? ORDER BY id DESC LIMIT 1",
        (kind, headers_sha256),
    )
    if row is None:
        return None
    with faults.understood(database.path):
        return json.loads(row["content"])
