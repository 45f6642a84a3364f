"""Who may do what, who proves it with a secret, whether the study is blinded, and who looked too early."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Collection
from contextlib import closing
from dataclasses import dataclass

from app.domain.errors import BlindingError, InputError
from app.domain.reading import Reader, Role, Viewer
from app.store import audit, rounds, sessions
from app.store.database import Database
from app.store.rounds import ASSIGNED, CASES

SHORTEST_SECRET = 4
_NO_SECRET = "none"  # noqa: S105 - the name of a scheme
_SALT_BYTES = 16
EVERYTHING = frozenset(Role)


@dataclass(frozen=True, slots=True)
class Scrypt:
    """How much work one guess at a secret is. Written beside every hash, so that it can be raised later.

    Attributes
    ----------
    log2_cost, block, lanes : int
        RFC 7914: N = 2 ** ``log2_cost``, r and p.
    """

    log2_cost: int = 15
    block: int = 8
    lanes: int = 1

    @property
    def name(self) -> str:
        """As it is written."""
        return f"scrypt-{self.log2_cost}-{self.block}-{self.lanes}"

    def hash(self, secret: str, salt: bytes) -> bytes:
        """32 bytes."""
        cost = 1 << self.log2_cost
        # twice what cost and block size need, and room for the rest
        memory = 256 * cost * self.block + (1 << 20)
        return hashlib.scrypt(
            secret.encode(), salt=salt, n=cost, r=self.block, p=self.lanes, maxmem=memory, dklen=32
        )


_WRITTEN = re.compile(r"scrypt-(\d{1,2})-(\d{1,2})-(\d)")
# a session whose scheme another program changed shall not take all memory: these take a gigabyte
_DEAREST, _WIDEST = 20, 8
new_secrets = Scrypt()
"""What secrets cost that are set from now on."""


def _scrypt(scheme: str) -> Scrypt | None:
    """A scheme as it was written; None for one that is not known here, or dearer than anybody means."""
    found = _WRITTEN.fullmatch(scheme)
    if found is None:
        return None
    known = Scrypt(*map(int, found.groups()))
    sane = 1 <= known.log2_cost <= _DEAREST and 1 <= known.block <= _WIDEST and known.lanes == 1
    return known if sane else None


# ---- roles


def any_grant(database: Database) -> bool:
    """Whether roles were ever given out; until then everybody holds all of them."""
    return database.row("SELECT 1 FROM role_grant LIMIT 1") is not None


def roles(database: Database) -> dict[int, frozenset[Role]]:
    """Roles of every reader, by key."""
    held: dict[tuple[int, str], bool] = {}
    for row in database.rows("SELECT reader_id, role, granted FROM role_grant ORDER BY id"):
        held[row["reader_id"], row["role"]] = bool(row["granted"])
    known = [reader.id for reader in sessions.readers(database)]
    if not held:
        return dict.fromkeys(known, EVERYTHING)
    return {key: frozenset(role for role in Role if held.get((key, role.value))) for key in known}


def grant(database: Database, reader: Reader, wanted: Collection[Role], *, actor: str) -> None:
    """Give a reader these roles and no others; writes nothing where they hold just them."""
    with database.transaction():
        # the first grant of a session takes from everybody what was not granted
        held = roles(database)[reader.id] if any_grant(database) else frozenset()
        changed = [role for role in Role if (role in wanted) != (role in held)]
        for role in changed:
            database.insert(
                "INSERT INTO role_grant (reader_id, role, granted, at_utc) VALUES (?, ?, ?, ?)",
                (reader.id, role.value, int(role in wanted), audit.utc_now()),
            )
        if changed:
            audit.append(
                database,
                actor=actor,
                action="people.granted",
                subject=reader.name,
                old=_listed(held),
                new=_listed(wanted),
            )


def _listed(held: Collection[Role]) -> str:
    return " ".join(role.value for role in Role if role in held)


def refuse_other_than_coordinator(database: Database, viewer: Viewer) -> None:
    """Keep what the coordinator does from everybody else.

    Raises
    ------
    BlindingError
        ``blinding.closed`` on a guarded connection, whoever asks.
    InputError
        ``study.not_coordinator`` for a viewer who does not act as coordinator, or may not. In a session
        without granted roles and without blinding everybody may.
    """
    if database.guarded:
        raise BlindingError("blinding.closed")
    acts = viewer.role is Role.COORDINATOR or not (any_grant(database) or blinded(database))
    if not acts or Role.COORDINATOR not in roles(database).get(viewer.reader.id, frozenset()):
        raise InputError("study.not_coordinator")


# ---- secrets


def with_secret(database: Database) -> frozenset[int]:
    """Keys of the readers who prove themselves with a secret."""
    newest = {row["reader_id"]: row["scheme"] for row in database.rows(_SCHEMES)}
    return frozenset(key for key, scheme in newest.items() if scheme != _NO_SECRET)


_SCHEMES = "SELECT reader_id, scheme FROM credential ORDER BY id"


def matches(database: Database, reader_id: int, secret: str) -> bool:
    """Whether a secret is the reader's; never for a reader who has none.

    Hashes are read on a connection of a moment: on a guarded one they cannot be.
    """
    with closing(database.apart()) as apart:
        row = apart.row(
            "SELECT scheme, salt, hash FROM credential WHERE reader_id = ? ORDER BY id DESC LIMIT 1",
            (reader_id,),
        )
    scrypt = None if row is None else _scrypt(row["scheme"])
    if row is None or scrypt is None:
        return False
    return hmac.compare_digest(scrypt.hash(secret, row["salt"]), row["hash"])


def set_secret(database: Database, reader: Reader, secret: str, *, actor: str) -> None:
    """Give a reader a new secret; an empty one takes it away. Who may do that, the caller has asked.

    Raises
    ------
    InputError
        ``sign_in.short_secret``.
    """
    if secret and len(secret) < SHORTEST_SECRET:
        raise InputError("sign_in.short_secret", shortest=SHORTEST_SECRET)
    scheme, salt, found = _NO_SECRET, b"", b""
    if secret:
        salt = secrets.token_bytes(_SALT_BYTES)
        scheme, found = new_secrets.name, new_secrets.hash(secret, salt)
    with closing(database.apart()) as apart, apart.transaction():
        apart.insert(
            "INSERT INTO credential (reader_id, scheme, salt, hash, at_utc) VALUES (?, ?, ?, ?, ?)",
            (reader.id, scheme, salt, found, audit.utc_now()),
        )
        action = "people.secret_set" if secret else "people.secret_removed"
        audit.append(apart, actor=actor, action=action, subject=reader.name)


# ---- blinding


def blinded(database: Database) -> bool:
    """Whether a blinded round is open: what was said last, else what the protocol says."""
    row = database.row("SELECT kind FROM blinding_event ORDER BY id DESC LIMIT 1")
    if row is not None:
        return bool(row["kind"] == "blinded")
    return sessions.current_protocol(database)[1].blinded


def say_blinded(database: Database, who: Reader, reason: str, *, closed: bool) -> None:
    """Close the study, or open it; who may do that, the caller has asked.

    Raises
    ------
    InputError
        ``blinding.needs_reason``.
    """
    kind, reason = "blinded" if closed else "unblinded", reason.strip()
    if not reason:
        raise InputError("blinding.needs_reason")
    with database.transaction():
        database.insert(
            "INSERT INTO blinding_event (kind, reader_id, reason, at_utc) VALUES (?, ?, ?, ?)",
            (kind, who.id, reason, audit.utc_now()),
        )
        audit.append(
            database,
            actor=who.name,
            action=f"study.{kind}",
            subject="session",
            reason=reason,
            protocol=sessions.current_protocol(database)[1].stamp,
        )


def expose(database: Database, who: Reader, reason: str) -> None:
    """Keep that a reader looks at others' readings before being done.

    Raises
    ------
    InputError
        ``blinding.needs_reason``.
    """
    reason = reason.strip()
    if not reason:
        raise InputError("blinding.needs_reason")
    with database.transaction():
        database.insert(
            "INSERT INTO exposure (reader_id, reason, at_utc) VALUES (?, ?, ?)",
            (who.id, reason, audit.utc_now()),
        )
        audit.append(database, actor=who.name, action="study.looked", subject="session", reason=reason)


def looks_early(database: Database, viewer: Viewer) -> bool:
    """Whether a coordinator who reads too would see others' readings before their own are done, for once."""
    if viewer.role is not Role.COORDINATOR or not (any_grant(database) and blinded(database)):
        return False
    who = viewer.reader.id
    if Role.READER not in roles(database).get(who, frozenset()):
        return False
    if database.row("SELECT 1 FROM exposure WHERE reader_id = ? LIMIT 1", (who,)) is not None:
        return False
    return any(_unfinished(database, who, one.number) for one in rounds.rounds(database))


def _unfinished(database: Database, reader_id: int, number: int) -> bool:
    row = database.row(
        f"SELECT 1 FROM {CASES} LEFT JOIN reading_state AS state"  # noqa: S608 - conditions of our own
        " ON state.exam_id = exam.id AND state.reader_id = who.reader AND state.round = who.round"
        f" WHERE {ASSIGNED} AND NOT coalesce(state.locked, 0) LIMIT 1",
        (reader_id, number),
    )
    return row is not None


# what decides on a result: what was drawn, and whether the patient is left out
_CHANGED = """
WITH changed AS (
    SELECT reading_id, at_utc FROM live_revision
    UNION ALL SELECT reading_id, at_utc FROM live_fact WHERE kind IN ('excluded', 'included')
)
"""
_LOOKED = """
SELECT reading.id FROM reading JOIN exposure ON exposure.reader_id = reading.reader_id
WHERE 'signed_off' IS NOT (
    SELECT kind FROM live_event
    WHERE reading_id = reading.id AND at_utc <= exposure.at_utc ORDER BY at_utc DESC, id DESC LIMIT 1
) OR EXISTS (
    SELECT 1 FROM changed WHERE reading_id = reading.id AND changed.at_utc > exposure.at_utc
)
"""
_OPENED = """
SELECT DISTINCT reading_id FROM changed
WHERE 'unblinded' = (
    SELECT kind FROM blinding_event WHERE at_utc <= changed.at_utc ORDER BY id DESC LIMIT 1
)
"""


def not_blinded(database: Database) -> frozenset[int]:
    """Keys of the readings that were not made blinded although the study is, or was.

    Those that their reader had not signed off when looking at others' readings, or changed afterwards; and
    those that were changed while the study was open to everybody. To leave the patient out, or take them in
    again, is a change too.
    """
    return frozenset(row[0] for sql in (_LOOKED, _OPENED) for row in database.rows(_CHANGED + sql))


# ---- the door


def needs_sign_in(database: Database) -> bool:
    """Whether nobody is let in without saying who they are."""
    return bool(with_secret(database)) or blinded(database)


def refuse_while_blinded(database: Database, viewer: Viewer) -> None:
    """Keep a blinded reader away from everything but their own rows.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the study is blinded, and for everybody on a guarded
        connection; ``blinding.own_first`` for a coordinator whose own reading is not done.
    """
    if database.guarded or (viewer.role is Role.READER and blinded(database)):
        raise BlindingError("blinding.closed")
    if looks_early(database, viewer):
        raise BlindingError("blinding.own_first")
