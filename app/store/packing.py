"""Writing a new session file row by row: a package for one reader, or readings without their images.

Never a copy from which something is deleted: freed pages keep what was in them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from app.domain.reading import Reader, Role
from app.store import audit, foreign, people, rounds, schema, sessions, stories
from app.store.database import Database, Row, json_text
from app.store.exam_rows import Keys, copy_exam, copy_slices
from app.store.stories import Whose

_WITHHELD = "withheld"
# each after those its rows name
_RESULTS = (
    "session",
    "protocol",
    "reader",
    "exam",
    "map",
    "reading",
    "roi_revision",
    "roi_shape",
    "measurement",
    "reading_event",
    "reading_reason",
    "case_fact",
    "audit",
)


@dataclass(frozen=True, slots=True)
class Contents:
    """What a package holds.

    Attributes
    ----------
    reader : Reader
        For whom.
    round : int
        For which round.
    exam_ids : tuple of int
        Exams with images that the reader has in the round, in the reader's own random order.
    """

    reader: Reader
    round: int
    exam_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Written:
    """A package that lies there, not yet looked through.

    Attributes
    ----------
    origin : str
        What it is known by.
    parent_hash, first_hash : str
        End of the study's record when it was made, and the first entry of its own one.
    certain_from : int
        Byte from which on it holds packed voxels only.
    """

    origin: str
    parent_hash: str
    first_hash: str
    certain_from: int


def contents(database: Database, reader: Reader, round_number: int) -> Contents:
    """What a package for a reader and round holds; also what is not offered yet, with its day."""
    sql = f"SELECT exam.id, exam.code FROM {rounds.CASES} WHERE {rounds.ASSIGNED}"  # noqa: S608 - own conditions
    rows = database.rows(sql, (reader.id, round_number))
    key = f"{sessions.order_seed(database, reader.id)}:{round_number}"

    def place(row: Row) -> bytes:
        # keys in order of import would tell which exams came together
        return sha256(f"{key}:{row['code']}".encode()).digest()

    return Contents(reader, round_number, tuple(row["id"] for row in sorted(rows, key=place)))


def image_bytes(database: Database, exam_ids: Sequence[int]) -> int:
    """How much room the images of some exams take."""
    found = 0
    for exam_id in exam_ids:
        for sql in (_MAP_BYTES, _SERIES_BYTES):
            row = database.row(sql, (exam_id,))
            found += row["found"] or 0 if row else 0
    return found


_MAP_BYTES = (
    "SELECT sum(length(content)) AS found FROM map_slice JOIN map ON map.id = map_id WHERE exam_id = ?"
)
_SERIES_BYTES = (
    "SELECT sum(length(content)) AS found FROM reference_slice"
    " JOIN reference_series AS series ON series.id = reference_id WHERE exam_id = ?"
)


# ---- a package


def write_package(
    database: Database, new: Database, what: Contents, seen: Callable[[int], None] = lambda _: None
) -> Written:
    """Fill a new file with what one reader may have, and nothing else.

    Parameters
    ----------
    database : Database
        The study, not guarded.
    new : Database
        From :func:`new_file`.
    what : Contents
        For whom, and which exams.
    seen : callable
        Told how many exams are written; may raise to stop.
    """
    origin, parent_hash = str(uuid.uuid4()), audit.head_hash(database)
    with database.snapshot():
        with new.transaction():
            _begin(database, new, origin, what)
            keys = {exam_id: _copy_exam(database, new, exam_id, what) for exam_id in what.exam_ids}
            _copy_readings(database, new, what, keys)
            content = {
                "study": _origin(database),
                "parent_hash": parent_hash,
                "round": what.round,
                "exams": len(keys),
            }
            audit.append(
                new,
                actor=sessions.PROGRAM,
                action="package.made",
                subject="session",
                new=json_text(content),
                protocol=sessions.current_protocol(database)[1].stamp,
            )
        first_hash, certain_from = audit.head_hash(new), new.path.stat().st_size
        for done, exam_id in enumerate(what.exam_ids):
            seen(done)
            with new.transaction():
                copy_slices(database, new, keys[exam_id])
        seen(len(keys))
    return Written(origin, parent_hash, first_hash, certain_from)


def _origin(database: Database) -> str:
    return foreign.about(database).origin


def _begin(database: Database, new: Database, origin: str, what: Contents) -> None:
    now = audit.utc_now()
    said = {
        "origin": origin,
        "created_utc": now,
        "synthetic": str(int(sessions.is_synthetic(database))),
        foreign.PACKAGE_OF: _origin(database),
        foreign.PACKAGE_ROUND: str(what.round),
    }
    for name, value in said.items():
        new.insert("INSERT INTO session (key, value) VALUES (?, ?)", (name, value))
    _copy_protocols(database, new)
    key = new.insert(
        "INSERT INTO reader (name, order_seed, at_utc) VALUES (?, ?, ?)",
        (what.reader.name, sessions.order_seed(database, what.reader.id), now),
    )
    new.insert(
        "INSERT INTO role_grant (reader_id, role, granted, at_utc) VALUES (?, ?, 1, ?)",
        (key, Role.READER.value, now),
    )
    secret = database.row(
        "SELECT scheme, salt, hash FROM credential WHERE reader_id = ? ORDER BY id DESC LIMIT 1",
        (what.reader.id,),
    )
    if secret is not None:
        new.insert(
            "INSERT INTO credential (reader_id, scheme, salt, hash, at_utc) VALUES (?, ?, ?, ?, ?)",
            (key, *secret, now),
        )
    if people.blinded(database):
        # also where the protocol alone would not say so
        new.insert(
            "INSERT INTO blinding_event (kind, reader_id, reason, at_utc) VALUES ('blinded', ?, '', ?)",
            (key, now),
        )
    for told in database.rows("SELECT kind, washout_days FROM live_round WHERE number = ?", (what.round,)):
        # share and seed would tell how the cases were chosen
        new.insert(
            "INSERT INTO study_round (number, kind, share, washout_days, seed, at_utc)"
            " VALUES (?, ?, 1, ?, 0, ?)",
            (what.round, told["kind"], told["washout_days"], now),
        )


def _copy_protocols(database: Database, new: Database) -> None:
    sql = "INSERT INTO protocol (name, version, content, at_utc) VALUES (?, ?, ?, ?)"
    new.insert_many(
        sql,
        [
            tuple(row)
            for row in database.rows("SELECT name, version, content, at_utc FROM protocol ORDER BY id")
        ],
    )


def _copy_exam(database: Database, new: Database, exam_id: int, what: Contents) -> Keys:
    keys = copy_exam(
        database, new, exam_id, {"at_utc": audit.utc_now()}, lambda text: _without_names(text, what.reader)
    )
    _copy_use(database, new, exam_id, keys.exam, what)
    return keys


def _without_names(scaling: str, reader: Reader) -> str:
    """Scale evidence without the name of another person who confirmed it."""
    content = json.loads(scaling)
    if content.get("confirmed_by") not in {None, "", reader.name}:
        content["confirmed_by"] = _WITHHELD
    return json_text(content)


def _copy_use(database: Database, new: Database, exam_id: int, key: int, what: Contents) -> None:
    now = audit.utc_now()
    due = database.row(
        "SELECT due_utc FROM assignment WHERE reader_id = ? AND exam_id = ? AND round = ?"
        " ORDER BY id DESC LIMIT 1",
        (what.reader.id, exam_id, what.round),
    )
    # said in so many words, so that a round that holds only what was given holds it, and the main round that
    # every session has holds nothing in a package for another one; a reason could name others
    given = {rounds.FIRST: (0, ""), what.round: (1, due["due_utc"] if due else "")}
    for number, (active, from_utc) in given.items():
        new.insert(
            "INSERT INTO assignment (reader_id, exam_id, round, active, due_utc, reason, at_utc)"
            " VALUES (1, ?, ?, ?, ?, '', ?)",
            (key, number, active, from_utc, now),
        )
    if database.row("SELECT 1 FROM training_exam WHERE exam_id = ?", (exam_id,)):
        new.insert("INSERT INTO exam_use (exam_id, use, at_utc) VALUES (?, 'training', ?)", (key, now))


def _copy_readings(database: Database, new: Database, what: Contents, keys: Mapping[int, Keys]) -> None:
    """Take along what the reader has begun in this very round, so that it can be carried on."""
    protocols = protocol_keys(new)
    mine = stories.stories(database, what.reader.id, what.round)
    for exam_id, story in mine.items():
        if exam_id in keys and not story.empty:
            whose = Whose(keys[exam_id].exam, 1, what.round, protocols)
            stories.write_story(new, whose, stories.Story(), story)


def protocol_keys(database: Database) -> dict[str, int]:
    """Key of each protocol by its stamp."""
    rows = database.rows("SELECT id, name, version FROM protocol ORDER BY id")
    return {f"{row['name']} v{row['version']}": row["id"] for row in rows}


# ---- results


def write_results(database: Database, new: Database) -> None:
    """Fill a new file with all of a package but its images, under the same keys, with its whole record."""
    tables = schema.newest().tables
    with database.snapshot(), new.transaction():
        for name in _RESULTS:
            columns = tables[name].columns
            marks = ", ".join("?" * len(columns))
            sql = f"SELECT {', '.join(columns)} FROM {name}"  # noqa: S608 - our own tables
            new.insert_many(
                f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})",  # noqa: S608 - as above
                [tuple(row) for row in database.rows(sql)],
            )
        new.insert("INSERT INTO session (key, value) VALUES (?, '1')", (foreign.RESULTS_ONLY,))
