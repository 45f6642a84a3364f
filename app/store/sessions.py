"""What a session is called, its protocol and its readers."""

from __future__ import annotations

import secrets
import uuid
from functools import lru_cache

from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.domain.reading import Reader
from app.store import audit, faults
from app.store.database import Database

# who acts before a reader is chosen
PROGRAM = "MarrowMark"


def begin(database: Database, protocol: Protocol, *, synthetic: bool = False) -> None:
    """Write what every session starts with: its origin, its label and its first protocol."""
    now = audit.utc_now()
    with database.transaction():
        for key, value in (
            ("origin", str(uuid.uuid4())),
            ("created_utc", now),
            ("synthetic", str(int(synthetic))),
        ):
            database.insert("INSERT INTO session (key, value) VALUES (?, ?)", (key, value))
        _insert_protocol(database, protocol, now)
        audit.append(
            database, actor=PROGRAM, action="session.created", subject="session", protocol=protocol.stamp
        )


def is_synthetic(database: Database) -> bool:
    """Whether the session holds made-up patients."""
    row = database.row("SELECT value FROM session WHERE key = 'synthetic'")
    return row is not None and row["value"] == "1"


def _insert_protocol(database: Database, protocol: Protocol, now: str) -> None:
    database.insert(
        "INSERT INTO protocol (name, version, content, at_utc) VALUES (?, ?, ?, ?)",
        (protocol.name, protocol.version, protocol.to_json(), now),
    )


def current_protocol(database: Database) -> tuple[int, Protocol]:
    """Key and content of the protocol in force: the newest one."""
    row = database.row("SELECT id, content FROM protocol ORDER BY id DESC LIMIT 1")
    if row is None:
        raise InputError("session.without_protocol")
    with faults.understood(database.path):
        return row["id"], _protocol(row["content"])


@lru_cache(maxsize=8)
def _protocol(content: str) -> Protocol:
    """Every commit asks for the protocol; its text hardly ever changes."""
    return Protocol.from_json(content)


def add_reader(database: Database, name: str) -> Reader:
    """Enrol a reader with a random case order of their own.

    Raises
    ------
    InputError
        ``reader.no_name``, or ``reader.exists`` when the name is taken.
    """
    name = name.strip()
    if not name:
        raise InputError("reader.no_name")
    with database.transaction():
        if database.row("SELECT 1 FROM reader WHERE name = ?", (name,)):
            raise InputError("reader.exists", name=name)
        key = database.insert(
            "INSERT INTO reader (name, order_seed, at_utc) VALUES (?, ?, ?)",
            (name, secrets.randbits(31), audit.utc_now()),
        )
        audit.append(database, actor=PROGRAM, action="reader.added", subject=name)
    return Reader(key, name)


def readers(database: Database) -> list[Reader]:
    """All readers in order of enrolment."""
    return [
        Reader(row["id"], row["name"]) for row in database.rows("SELECT id, name FROM reader ORDER BY id")
    ]
