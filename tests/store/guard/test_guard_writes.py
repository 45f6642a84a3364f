"""Attacks that write through the guarded connection change nothing, and no refusal tells what is there."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

import app
from app.domain.errors import BlindingError, StoreUnavailable
from app.store import audit, guard_sql, schema
from app.store.database import Database

APP = Path(app.__file__).parent
TABLES = schema.newest().tables
COLUMNS = [(name, column) for name, table in TABLES.items() for column in table.columns]
MISSING = 999_999
# of a reader's own case, and keys of others' rows
OWN = {"reading_id": 1, "exam_id": 1, "reader_id": 1, "round": 1, "revision_id": 1, "protocol_id": 1}
OTHERS = {
    "reading_id": 424_242_424_242,
    "exam_id": 777,
    "reader_id": 2,
    "round": 2,
    "revision_id": 434343,
    "event_id": 434343,
}

WRITES = (
    "INSERT INTO {table} SELECT * FROM main.{table}",
    "INSERT INTO main.{table} SELECT * FROM main.{table}",
    "INSERT INTO temp.{table} DEFAULT VALUES",
    "INSERT INTO {table} DEFAULT VALUES",
    "INSERT INTO {table} VALUES ({marks})",
    "REPLACE INTO {table} ({columns}) VALUES ({marks})",
    "INSERT OR REPLACE INTO {table} ({columns}) VALUES ({marks})",
    "INSERT OR IGNORE INTO {table} ({columns}) VALUES ({marks})",
    "INSERT OR FAIL INTO {table} ({columns}) VALUES ({marks})",
    "INSERT OR ROLLBACK INTO {table} ({columns}) VALUES ({marks})",
    "INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO NOTHING",
    "INSERT INTO {table} ({columns}) VALUES ({marks}) ON CONFLICT DO UPDATE SET {column} = 1",
    "INSERT INTO {table} ({columns}) VALUES ({marks}) RETURNING *",
    "INSERT INTO {table} ({columns}) VALUES ({marks}), ({marks})",
    "INSERT INTO {table} ({column}) VALUES ((SELECT {column} FROM main.{table}))",
    "INSERT INTO {table} ({column}) VALUES (last_insert_rowid())",
    "INSERT INTO {table} ({column}) VALUES (? + 1)",
    "INSERT INTO {table} (rowid) VALUES (?)",
    "INSERT INTO {table} (id) VALUES (?)",
    'INSERT INTO {table} ("{column}") VALUES (?)',
    "INSERT INTO {table} /**/ ({column}) VALUES (?)",
    "WITH x AS (SELECT 1) INSERT INTO {table} ({column}) SELECT * FROM x",
    "WITH x AS (SELECT 1) DELETE FROM main.{table}",
    "WITH x AS (SELECT 1) UPDATE main.{table} SET {column} = 1",
    "WITH x AS (SELECT 1) INSERT INTO main.{table} DEFAULT VALUES",
    "UPDATE {table} SET {column} = 1",
    "UPDATE main.{table} SET {column} = 1",
    "UPDATE OR REPLACE main.{table} SET {column} = 1",
    "DELETE FROM {table}",
    "DELETE FROM main.{table}",
    "DROP TABLE main.{table}",
    "DROP VIEW {table}",
    "ALTER TABLE main.{table} RENAME TO other",
    "ALTER TABLE main.{table} ADD COLUMN more",
    "CREATE TEMP VIEW more AS SELECT * FROM main.{table}",
    "CREATE TEMP TABLE more AS SELECT * FROM main.{table}",
    "CREATE TABLE main.more AS SELECT * FROM main.{table}",
    "CREATE TEMP TRIGGER more BEFORE INSERT ON main.{table} BEGIN SELECT 1; END",
    "CREATE INDEX main.more ON {table} ({column})",
    "CREATE UNIQUE INDEX main.more ON {table} ({column})",
    "EXPLAIN SELECT * FROM {table}",
    "EXPLAIN QUERY PLAN SELECT * FROM {table}",
    "EXPLAIN INSERT INTO {table} ({columns}) VALUES ({marks})",
    "PRAGMA table_info({table})",
    "PRAGMA foreign_key_check({table})",
    "ANALYZE main.{table}",
    "REINDEX main.{table}",
    "SELECT * FROM pragma_table_info('{table}')",
    "SELECT * FROM pragma_quick_check('{table}')",
    "SELECT * FROM pragma_foreign_key_check('{table}')",
)


def _contents(path: Path) -> list[object]:
    """Everything in the file, its schema too."""
    with closing(sqlite3.connect(path)) as raw:
        listed = raw.execute("SELECT name, sql FROM sqlite_schema ORDER BY name").fetchall()
        return [listed, *(raw.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES)]  # noqa: S608 - own names


@pytest.fixture
def unchanged(guarded: Database) -> Iterator[Database]:
    """The guarded session, which has to be the same in the end."""
    before = _contents(guarded.path)
    yield guarded
    assert _contents(guarded.path) == before


@pytest.mark.parametrize("text", WRITES)
def test_no_table_takes_anything_but_a_plain_row(unchanged: Database, text: str) -> None:
    for table, column in COLUMNS:
        columns = TABLES[table].columns
        marks = ", ".join("?" * len(columns))
        sql = text.format(table=table, column=column, columns=", ".join(columns), marks=marks)
        for ask in (unchanged.rows, unchanged.row, unchanged.insert):
            with pytest.raises(BlindingError, match=r"^blinding\.closed\(\)$"), unchanged.transaction():
                ask(sql, [1] * sql.count("?"))


@pytest.mark.parametrize("table", sorted(set(TABLES) - set(guard_sql.TAKEN)))
def test_a_table_that_takes_no_row_of_a_reader_is_closed(unchanged: Database, table: str) -> None:
    columns = [name for name in TABLES[table].columns if name != "id"]
    sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})"  # noqa: S608 - own names
    with pytest.raises(BlindingError), unchanged.transaction():
        unchanged.insert(sql, [OWN.get(name, 1) for name in columns])


def _row(table: str, **others: Any) -> tuple[str, list[Any]]:
    """An INSERT of a row that a reader may write, but for some values."""
    made = {"TEXT": "t", "INTEGER": 1, "REAL": 1.0, "BLOB": b""}
    words = {"origin": "images", "kind": "empty", "action": "edit", "quantity": "FF", "level": "L2"}
    kinds = {"reading_event": "signed_off", "case_fact": "note"}
    types = dict(line.split()[:2] for line in TABLES[table].sql.splitlines() if line.startswith("    "))
    row: dict[str, Any] = {}
    for column in TABLES[table].columns:
        if column != "id":
            row[column] = OWN.get(column, words.get(column, made[types[column].rstrip(",")]))
    if table in kinds:
        row["kind"] = kinds[table]
    if table == "roi_revision":
        row["target"] = None
    row |= others
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    return f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values())  # noqa: S608 - own names


KEYS = [
    (table, column)
    for table in guard_sql.TAKEN
    for column in TABLES[table].columns
    if column in {*OTHERS, "target"} and table != "audit"
]


@pytest.mark.parametrize(("table", "column"), KEYS)
def test_a_row_of_somebody_else_is_refused_as_one_that_is_not_there(
    unchanged: Database, table: str, column: str
) -> None:
    told = []
    for key in (OTHERS.get(column, 434343), MISSING):
        with pytest.raises(BlindingError) as caught, unchanged.transaction():
            unchanged.insert(*_row(table, **{column: key}))
        told.append((str(caught.value), caught.value.__cause__, caught.value.__suppress_context__))
    assert told == [("blinding.closed()", None, True)] * 2


@pytest.mark.parametrize("table", ["roi_revision", "measurement", "case_fact", "position", "reading_event"])
def test_a_row_of_ones_own_is_taken(guarded: Database, table: str) -> None:
    with guarded.transaction():
        guarded.insert(*_row(table))
    there = guarded.rows(f"SELECT * FROM {table}")  # noqa: S608 - own names
    assert len(there) == (4 if table in {"roi_revision", "reading_event"} else 1)


@pytest.mark.parametrize(("table", "column"), [("roi_revision", "target"), ("case_fact", "revision_id")])
def test_a_row_of_one_case_does_not_speak_of_another(unchanged: Database, table: str, column: str) -> None:
    with pytest.raises(BlindingError), unchanged.transaction():
        unchanged.insert(*_row(table, **{column: 2}))


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("reading_event", "reading_id"),
        ("roi_revision", "reading_id"),
        ("case_fact", "reading_id"),
        ("measurement", "revision_id"),
        ("roi_shape", "revision_id"),
        ("position", "exam_id"),
    ],
)
def test_a_case_that_was_taken_away_is_not_read_on(unchanged: Database, table: str, column: str) -> None:
    others: dict[str, Any] = {column: 777 if column == "exam_id" else 3}
    if table == "case_fact":
        others["revision_id"] = None
    with pytest.raises(BlindingError), unchanged.transaction():
        unchanged.insert(*_row(table, **others))


@pytest.mark.parametrize("table", ["position", "roi_revision", "case_fact", "reading_event"])
@pytest.mark.parametrize("name", ["id", "rowid", "oid"])
def test_nobody_chooses_the_number_of_a_row(unchanged: Database, table: str, name: str) -> None:
    with pytest.raises(BlindingError), unchanged.transaction():
        unchanged.insert(*_row(table, **{name: 999}))


@pytest.mark.parametrize("text", WRITES)
def test_the_authorizer_alone_lets_no_other_statement_change_anything(
    unchanged: Database, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setattr(guard_sql, "is_query", lambda _: True)
    monkeypatch.setattr(guard_sql, "insert_of", lambda sql: ("position", sql))
    for table, column in COLUMNS:
        columns = TABLES[table].columns
        marks = ", ".join("?" * len(columns))
        sql = text.format(table=table, column=column, columns=", ".join(columns), marks=marks)
        # the one runs nothing, the other changes nothing where there is no index
        if not sql.startswith(("EXPLAIN", "REINDEX")):
            for ask in (unchanged.rows, unchanged.insert):
                with pytest.raises(BlindingError), unchanged.transaction():
                    ask(sql, [1] * sql.count("?"))


@pytest.mark.parametrize("table", TABLES)
def test_the_authorizer_alone_lets_no_row_be_read_while_one_is_written(
    unchanged: Database, monkeypatch: pytest.MonkeyPatch, table: str
) -> None:
    monkeypatch.setattr(guard_sql, "insert_of", lambda sql: ("position", sql))
    for column in TABLES[table].columns:
        sql = (
            "INSERT INTO main.position (reader_id, round, exam_id, slice, level, at_utc)"  # noqa: S608 - as above
            f" SELECT 1, 1, 1, 1, {column}, '' FROM "
        )
        if (table, column) not in guard_sql.keys({name: one.sql for name, one in TABLES.items()})["position"]:
            for source in (f"main.{table}", f"(WITH x AS (SELECT * FROM main.{table}) SELECT * FROM x)"):  # noqa: S608 - as above
                with pytest.raises(BlindingError), unchanged.transaction():
                    unchanged.insert(sql + source)


def test_a_second_reading_of_the_same_case_is_refused_like_any_other(unchanged: Database) -> None:
    with pytest.raises(BlindingError, match=r"^blinding\.closed\(\)$"), unchanged.transaction():
        unchanged.insert(*_row("reading"))


def test_a_table_value_cannot_be_written_as_a_reading(unchanged: Database) -> None:
    with pytest.raises(BlindingError), unchanged.transaction():
        unchanged.insert(*_row("reading", origin="table"))


@pytest.mark.parametrize(
    "forged",
    [{"actor": "Second"}, {"seq": 1}, {"seq": 99}, {"seq": None}, {"previous_hash": "0" * 64}],
)
def test_the_record_goes_on_only_under_ones_own_name_and_at_its_end(
    unchanged: Database, forged: dict[str, Any]
) -> None:
    last = unchanged.row("SELECT seq, hash FROM audit")
    assert last is not None
    honest = {"seq": last["seq"] + 1, "actor": "First", "previous_hash": last["hash"], "hash": "h"}
    with pytest.raises(BlindingError), unchanged.transaction():
        unchanged.insert(*_row("audit", **honest | forged))


def test_the_record_takes_the_next_entry_of_the_reader(guarded: Database) -> None:
    with guarded.transaction():
        audit.append(guarded, actor="First", action="roi.edit", subject="C1")
    (last,) = guarded.rows("SELECT * FROM audit")
    assert (last["actor"], last["subject"], last["previous_hash"]) == ("", "", "")
    assert last["hash"]
    guarded.unguard()
    assert audit.first_break(guarded) is None
    assert audit.entries(guarded)[-1].actor == "First"


def test_a_refused_row_takes_back_what_was_written_with_it(unchanged: Database) -> None:
    def write() -> None:
        with unchanged.transaction():
            unchanged.insert(*_row("position"))
            unchanged.insert(*_row("position", reader_id=2))

    with pytest.raises(BlindingError):
        write()


def test_a_refused_row_leaves_no_trace_for_the_next_one(guarded: Database) -> None:
    with guarded.transaction():
        first = guarded.insert(*_row("position"))
        for key in (2, MISSING):
            with suppress(BlindingError):
                guarded.insert(*_row("position", reader_id=key))
        assert guarded.insert(*_row("position")) == first + 1


def test_nobody_writes_anything(guarded: Database) -> None:
    guarded.guard(None)
    for table in TABLES:
        with pytest.raises(BlindingError), guarded.transaction():
            guarded.insert(*_row(table))


def test_no_way_past_the_guard_is_offered(guarded: Database, tmp_path: Path) -> None:
    offered = {name for name in dir(guarded) if not name.startswith("_")}
    assert not offered & set(dir(sqlite3.Connection)) - {"close"}
    with pytest.raises(BlindingError):
        guarded.copy_to(tmp_path / "copy.marrow")
    assert not (tmp_path / "copy.marrow").exists()


def test_another_connection_is_guarded_by_the_same_scope(guarded: Database) -> None:
    with closing(guarded.another()) as second:
        assert second.guarded
        assert second.scope == guarded.scope
        assert [row["id"] for row in second.rows("SELECT id FROM reading")] == [1, 2, 3]
        with pytest.raises(BlindingError):
            second.rows("SELECT * FROM identity")


def test_nothing_is_left_beside_the_file(guarded: Database) -> None:
    guarded.close()
    names = {entry.name for entry in guarded.path.parent.iterdir()}
    assert names == {guarded.path.name}


def test_the_keys_that_sqlite_looks_up_by_itself_are_known(guarded: Database) -> None:
    known = guard_sql.keys({name: table.sql for name, table in TABLES.items()})
    with closing(sqlite3.connect(guarded.path)) as raw:
        for name in TABLES:
            for key in raw.execute(f"PRAGMA foreign_key_list({name})").fetchall():
                table, column, parent = key[2:5]
                assert (table, parent) in known[name]
                assert (name, column) in known[table]


def test_a_guard_that_cannot_be_built_leaves_the_session_as_it_was(
    guarded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded.unguard()
    monkeypatch.setattr(guard_sql, "OPEN", {"reader": "("})
    with pytest.raises(sqlite3.OperationalError):
        guarded.guard(None)
    assert not guarded.guarded
    assert guarded.rows("SELECT * FROM identity")


def test_only_those_who_prove_who_they_are_or_pack_a_file_take_a_plain_connection() -> None:
    taking = re.compile(r"\.(?:apart|unguard)\(\)")
    found = {path.stem for path in APP.rglob("*.py") if taking.search(path.read_text(encoding="utf-8"))}
    assert found == {"database", "people", "sign_in", "package"}


def test_only_the_database_and_its_guard_hold_a_connection() -> None:
    held = re.compile(r"\._connection\b")
    found = {path.stem for path in APP.rglob("*.py") if held.search(path.read_text(encoding="utf-8"))}
    assert found == {"database", "guard"}


def test_a_full_disk_is_told_as_a_full_disk_to_a_blinded_reader_too(guarded: Database) -> None:
    connection = guarded._connection
    connection.set_authorizer(None)
    (pages,) = connection.execute("PRAGMA page_count").fetchone()
    connection.execute(f"PRAGMA max_page_count = {pages}")
    assert guarded._guard is not None
    connection.set_authorizer(guarded._guard._authorize)
    sql = "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc) VALUES (?, ?, ?, ?, ?)"

    def write_until_full() -> None:
        with guarded.transaction():
            for _ in range(100_000):
                guarded.insert(sql, (1, "reopened", 1, "x" * 1000, "t"))

    with pytest.raises(StoreUnavailable) as caught:
        write_until_full()
    assert caught.value.code == "store.full"
