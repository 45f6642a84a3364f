"""Two sessions that differ only in what a blinded reader may not know, and one to write to."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import BlindingError
from app.domain.protocol import Protocol
from app.store import guard, guard_sql, schema, sessions
from app.store.database import Database, create_database, open_database
from app.store.guard import Scope

TABLES = tuple(schema.newest().tables)
ME, OTHER, ROUND = 1, 2, 1
# long, so that no hash holds it by chance
MY_EXAM, TAKEN_AWAY, OTHERS_READING = 1, 777, 424_242_424_242
UNSHAPED = 434343
MINE = Scope(ME, "First", ROUND)
# what a foreign row refers to, so that only the guard and no missing key keeps it out
KEYS: dict[str, Any] = {
    "reader_id": OTHER,
    "exam_id": MY_EXAM,
    "reading_id": OTHERS_READING,
    "protocol_id": 1,
    "round": ROUND,
}
# what belongs to nobody but an exam is of one that is not the reader's
OF_EXAM = {"exam": {"id": TAKEN_AWAY}} | {
    table: {"exam_id": TAKEN_AWAY}
    for table in ("map", "reference_series", "exam_use", "training_reference", "identity")
}
SECRET, NUMBER = "a secret of", OTHERS_READING


def _fill(path: Path, *, foreign: bool) -> None:
    """Write by another program what the reader has, and what the reader may not know."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("PRAGMA foreign_keys = OFF")
        raw.execute("INSERT INTO exam VALUES (1, 'C1', 'dicom', 3, 1, 1, 'GE', 'X', 'ab', 't')")
        raw.execute("INSERT INTO reading VALUES (1, 1, 1, 1, 'images', 't')")
        raw.execute("INSERT INTO exam SELECT 2, 'C2', origin, 3, 1, 1, 'GE', 'X', 'cd', 't' FROM exam")
        raw.execute("INSERT INTO reading VALUES (2, 2, 1, 1, 'images', 't')")
        # of the case that was taken away the reader has a reading too
        raw.execute("INSERT INTO reading VALUES (3, ?, 1, 1, 'images', 't')", (TAKEN_AWAY,))
        for key in (1, 2, 3):
            _add_story(raw, key, of=key)
        raw.execute("INSERT INTO assignment VALUES (1, 1, 777, 1, 0, '', '', 't')")
        # what stands in columns that are masked differs
        raw.execute("UPDATE reader SET order_seed = ? WHERE id = 2", (NUMBER if foreign else 7,))
        secret = f"{SECRET} hash".encode() if foreign else b"another"
        raw.execute("INSERT INTO credential VALUES (1, 2, 'scrypt-15-8-1', ?, ?, 't')", (secret, secret))
        raw.execute(
            "INSERT INTO blinding_event VALUES (1, 'blinded', 2, ?, 't')", (f"{SECRET} x" if foreign else "",)
        )
        if foreign:
            for name in TABLES:
                if guard_sql.OPEN.get(name) != guard_sql.ALL and name != "audit":
                    _fill_table(raw, name)
            # of no reader, and not of what there is: a clinical table of a centre that was taken back
            raw.execute("INSERT INTO withdrawn VALUES (7, NULL, ?, 'clinical', 1, ?, 't')", (NUMBER, NUMBER))
            # nothing refers to this one yet
            _add_story(raw, UNSHAPED, of=OTHERS_READING)


def _add_story(raw: sqlite3.Connection, key: int, *, of: int) -> None:
    """Add a revision and an event of a reading, under one key."""
    raw.execute(
        "INSERT INTO roi_revision"
        " (id, reading_id, level, kind, note, action, rule, protocol_id, software, at_utc)"
        " VALUES (?, ?, 'L1', 'empty', '', 'edit', '', 1, '', 't')",
        (key, of),
    )
    raw.execute("INSERT INTO reading_event VALUES (?, ?, 'reopened', 1, '', 't')", (key, of))


def _fill_table(raw: sqlite3.Connection, name: str) -> None:
    columns = raw.execute("SELECT name, type FROM pragma_table_info(?)", (name,)).fetchall()
    made = {"TEXT": f"{SECRET} {name}", "INTEGER": NUMBER, "REAL": NUMBER + 0.5, "BLOB": SECRET.encode()}
    row = {column: KEYS.get(column, made[kind]) for column, kind in columns}
    for column, allowed in re.findall(r"CHECK \((\w+) IN \(([^)]*)\)\)", schema.newest().tables[name].sql):
        first = allowed.split(", ")[-1]
        row[column] = first.strip("'") if "'" in first else int(first)
    row |= OF_EXAM.get(name, {})
    if name == "exam":
        row["origin"] = "dicom"
    marks = ", ".join("?" * len(row))
    raw.execute(f"INSERT INTO {name} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - own names


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One session with others' rows in every table that is not open to all, and one without."""
    folder = tmp_path_factory.mktemp("twins")
    plain, full = folder / "plain.marrow", folder / "full.marrow"
    made = create_database(plain)
    sessions.begin(made, Protocol(blinded=True))
    for name in ("First", "Second"):
        sessions.add_reader(made, name)
    made.close()
    # a copy keeps what is random the same
    shutil.copy(plain, full)
    _fill(plain, foreign=False)
    _fill(full, foreign=True)
    return plain, full


@pytest.fixture(scope="module", params=["a reader", "nobody", "a reader, texts unchecked"])
def twins(request: pytest.FixtureRequest, files: tuple[Path, Path]) -> Iterator[tuple[Database, Database]]:
    """Both, guarded; also with the authorizer alone, without the look at the words of a query."""
    opened = [open_database(path) for path in files]
    checked = "unchecked" not in request.param
    for one in opened:
        one.guard(None if request.param == "nobody" else MINE)
        one.checks_texts = checked  # type: ignore[attr-defined]
        if not checked:
            one._guard.query = _unchecked  # type: ignore[union-attr, method-assign]
    yield opened[0], opened[1]
    for one in opened:
        one.close()


@contextmanager
def _unchecked(sql: str) -> Iterator[str]:
    if not guard_sql._QUERY.match(sql):
        raise BlindingError("blinding.closed")
    with guard._closed():
        yield sql


@pytest.fixture
def guarded(files: tuple[Path, Path], tmp_path: Path) -> Iterator[Database]:
    """A copy of the one with others' rows, to be written to."""
    opened = open_database(Path(shutil.copy(files[1], tmp_path / "study.marrow")))
    opened.guard(MINE)
    yield opened
    opened.close()
