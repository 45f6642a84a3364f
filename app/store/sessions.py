"""What a session is called, its protocol and its readers."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import asdict, replace
from functools import lru_cache

from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.domain.reading import Reader
from app.store import audit, faults
from app.store.database import Database, json_text

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


def differs(old: Protocol, new: Protocol) -> bool:
    """Whether two protocols ask for different things, whatever versions they bear."""
    return replace(new, version=old.version) != old


def new_protocol(database: Database, protocol: Protocol, who: str, reason: str) -> Protocol | None:
    """Put another protocol in force, inside the caller's transaction; None where nothing would change.

    Parameters
    ----------
    database : Database
        The session.
    protocol : Protocol
        The new rules. Their version is the next one, whatever they say: what was read before keeps its own.
    who, reason : str
        Who changes them, and why.
    """
    _, old = current_protocol(database)
    if not differs(old, protocol):
        return None
    new = replace(protocol, version=old.version + 1)
    _insert_protocol(database, new, audit.utc_now())
    before, after = asdict(old), asdict(new)
    changed = [name for name in after if after[name] != before[name]]
    audit.append(
        database,
        actor=who,
        action="protocol.changed",
        subject="session",
        old=json_text({name: before[name] for name in changed}),
        new=json_text({name: after[name] for name in changed}),
        reason=reason,
        protocol=new.stamp,
    )
    return new


def add_reader(database: Database, name: str, seed: int | None = None) -> Reader:
    """Enrol a reader with a case order of their own.

    Parameters
    ----------
    database : Database
        The session.
    name : str
        As the others know them.
    seed : int, optional
        Of their order; drawn at random otherwise.

    Raises
    ------
    InputError
        ``reader.no_name``, or ``reader.exists`` when the name is taken.
    """
    with database.transaction():
        return enrol(database, name, seed)


def enrol(database: Database, name: str, seed: int | None = None) -> Reader:
    """Do what :func:`add_reader` does, inside the caller's transaction."""
    name = name.strip()
    if not name:
        raise InputError("reader.no_name")
    if database.row("SELECT 1 FROM live_reader WHERE name = ?", (name,)):
        raise InputError("reader.exists", name=name)
    key = database.insert(
        "INSERT INTO reader (name, order_seed, at_utc) VALUES (?, ?, ?)",
        (name, secrets.randbits(31) if seed is None else seed, audit.utc_now()),
    )
    audit.append(database, actor=PROGRAM, action="reader.added", subject=name)
    return Reader(key, name)


def readers(database: Database) -> list[Reader]:
    """All readers in order of enrolment."""
    rows = database.rows("SELECT id, name FROM live_reader ORDER BY id")
    return [Reader(row["id"], row["name"]) for row in rows]


def order_seed(database: Database, reader_id: int) -> int:
    """What a reader's order of cases is made from; 0 for somebody who is not enrolled."""
    row = database.row("SELECT order_seed FROM reader WHERE id = ?", (reader_id,))
    return int(row["order_seed"]) if row else 0
