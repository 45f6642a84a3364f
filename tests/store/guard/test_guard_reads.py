"""Attacks on the guarded connection: of no table and no column they tell anything that is closed.

Two sessions are compared that differ only in what the reader may not know. Whatever is asked, both have to
give the same answer or the same refusal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import AppError, BlindingError
from app.store import guard_sql, schema
from app.store.database import Database, open_database

TABLES = tuple(schema.newest().tables)
VIEWS = tuple(name for name, sql in schema.newest().others.items() if sql.startswith("CREATE VIEW"))
TRIGGERS = tuple(schema.newest().triggers)
SECRET, NUMBER = "a secret of", "424242424242"

READS = {
    "the table": "SELECT {column} FROM {table}",
    "its number": "SELECT rowid, {column} FROM {table}",
    "in main": "SELECT {column} FROM main.{table}",
    "in main, quoted": 'SELECT {column} FROM "main"."{table}"',
    "in temp": "SELECT {column} FROM temp.{table}",
    "by full name": "SELECT main.{table}.{column} FROM {table}",
    "under another name": "SELECT x.{column} FROM main.{table} AS x",
    "counted": "SELECT count({column}) FROM main.{table}",
    "greatest": "SELECT max({column}), min({column}) FROM {table}",
    "whether any": "SELECT EXISTS (SELECT {column} FROM main.{table})",
    "in a condition": "SELECT 1 FROM reader WHERE (SELECT {column} FROM main.{table}) IS NOT NULL",
    "in an order": "SELECT 1 FROM reader ORDER BY (SELECT {column} FROM main.{table})",
    "in a list": "SELECT 1 WHERE 424242424242 IN (SELECT {column} FROM main.{table})",
    "in a union": "SELECT 1 UNION ALL SELECT {column} FROM main.{table}",
    "in a difference": "SELECT {column} FROM main.{table} EXCEPT SELECT {column} FROM {table}",
    "joined": "SELECT x.{column} FROM reading LEFT JOIN main.{table} AS x",
    "joined by name": "SELECT {column} FROM reading NATURAL JOIN main.{table}",
    "joined by its column": "SELECT 1 FROM (SELECT {column} FROM {table}) JOIN main.{table} USING ({column})",
    "joined in full": "SELECT {column} FROM (SELECT 1 AS {column} WHERE 0) FULL JOIN main.{table}"
    " USING ({column})",
    "joined in full by name": "SELECT {column} FROM (SELECT 1 AS {column} WHERE 0) NATURAL FULL JOIN {table}",
    "joined in full, remarked": "SELECT {column} FROM (SELECT 1 AS {column} WHERE 0)"
    " FULL JOIN main/**/.{table} USING ({column})",
    "joined in full, quoted": "SELECT {column} FROM (SELECT 1 AS {column} WHERE 0)"
    " FULL JOIN 'main' . {table} USING ({column})",
    "joined to be left alone": "SELECT {column} FROM {table} LEFT JOIN (SELECT 1 AS {column})"
    " USING ({column})",
    "in a window": "SELECT count({column}) OVER () FROM main.{table}",
    "grouped": "SELECT count(*) FROM {table} GROUP BY {column}",
    "in a CTE": "WITH x AS (SELECT {column} FROM main.{table}) SELECT * FROM x",
    "in a CTE of its own name": "WITH {table} AS (SELECT {column} FROM main.{table}) SELECT * FROM {table}",
    "in a materialized CTE": "WITH x AS MATERIALIZED (SELECT {column} FROM main.{table}) SELECT * FROM x",
    "recursive": "WITH RECURSIVE x(a) AS (SELECT {column} FROM main.{table} UNION SELECT a FROM x)"
    " SELECT a FROM x",
    "as values": "SELECT * FROM (VALUES ((SELECT {column} FROM main.{table})))",
}
COUNTS = (
    "SELECT count(*) FROM main.{table}",
    "SELECT count(*) FROM {table}",
    "SELECT 1 FROM main.{table}",
    "SELECT 1 FROM {table} LIMIT 1",
    "SELECT EXISTS (SELECT 1 FROM main.{table})",
    "SELECT 1 FROM reader WHERE EXISTS (SELECT 1 FROM main.{table} WHERE rowid = 424242424242)",
    "WITH x AS (SELECT 1 FROM main.{table}) SELECT count(*) FROM x",
    "SELECT rowid FROM main.{table}",
)
FORGED = (
    "WITH {name} AS (SELECT * FROM main.{table}) SELECT * FROM {name}",
    "WITH {name} AS (SELECT count(*) FROM main.{table}) SELECT * FROM {name}",
    "WITH {name} AS (SELECT 1 FROM main.{table}) SELECT * FROM {name}",
    "WITH x AS (WITH {name} AS (SELECT * FROM main.{table}) SELECT * FROM {name}) SELECT * FROM x",
    "WITH RECURSIVE {name} AS (SELECT * FROM main.{table} UNION SELECT * FROM {name}) SELECT * FROM {name}",
    "SELECT * FROM (SELECT * FROM main.{table}) AS {name}",
    "SELECT * FROM main.{table} AS {name}",
)
SPOILED = (
    "SELECT nothing FROM {name}",
    "SELECT * FROM {name} AS a, {name} AS b WHERE id = 1",
    "SELECT max(*) FROM {name}",
    "SELECT * FROM {name} ORDER BY 99",
    "SELECT * FROM {name} UNION SELECT 1",
    "SELECT (SELECT * FROM {name})",
    "SELECT * FROM {name}(1)",
    "SELECT * FROM {name} INDEXED BY nothing",
    "WITH {name} (a) AS (SELECT 1, 2) SELECT * FROM {name}",
)
WHOLE = (
    *(
        f"SELECT * FROM {name}"  # noqa: S608 - names of our own
        for name in (
            "sqlite_schema",
            "sqlite_master",
            "main.sqlite_schema",
            "sqlite_temp_schema",
            "sqlite_temp_master",
            "temp.sqlite_schema",
            "temp.sqlite_master",
            "sqlite_sequence",
            "sqlite_stat1",
            "dbstat",
            "sqlite_dbpage",
            "pragma_table_list",
            "pragma_database_list",
            "pragma_function_list",
            "pragma_data_version",
            "pragma_page_count",
            "pragma_freelist_count",
            "pragma_integrity_check",
            "json_each('[1]')",
            "generate_series(1, 2)",
        )
    ),
    "SELECT count(*) FROM sqlite_temp_schema",
    "SELECT 1 FROM sqlite_schema",
    "WITH sqlite_temp_schema AS (SELECT 1) SELECT name FROM temp.sqlite_temp_schema",
    "PRAGMA writable_schema = ON",
    "PRAGMA query_only",
    "PRAGMA recursive_triggers = OFF",
    "PRAGMA foreign_keys = OFF",
    "PRAGMA temp_store_directory",
    "PRAGMA wal_checkpoint",
    "ATTACH 'other.db' AS other",
    "ATTACH ':memory:' AS other",
    "DETACH main",
    "VACUUM",
    "VACUUM INTO 'other.db'",
    "SAVEPOINT x",
    "RELEASE x",
    "ROLLBACK TO x",
    "BEGIN",
    "COMMIT",
    "ROLLBACK",
    "END",
    "CREATE VIRTUAL TABLE temp.more USING fts5(a)",
    "SELECT load_extension('other')",
    "SELECT last_insert_rowid()",
    "SELECT changes(), total_changes()",
    "SELECT sqlite_version()",
    "SELECT sqlite_offset(code) FROM exam",
    "SELECT sqlite_compileoption_get(1)",
    "SELECT quote(code) FROM exam",
    "SELECT printf('%s', code) FROM exam",
    "SELECT fts3_tokenizer('simple')",
    "SELECT 1; SELECT 2",
    "SELECT 1; COMMIT",
    "-- a remark\nSELECT 1",
    "/* a remark */ SELECT 1",
    "(SELECT 1)",
    "VALUES (1)",
    "SELECT",
    "",
    "SELECT nothing FROM reading",
    "SELECT code FROM exam, exam AS other",
    "SELECT * FROM nowhere",
    "SELECT ? FROM exam",
)
# what SQLite itself would let through
WORDS = (
    "SELECT name FROM (SELECT 1 AS name WHERE 0) FULL JOIN sqlite_temp_schema USING (name)",
    "SELECT name FROM (SELECT 1 AS name WHERE 0) FULL JOIN temp.sqlite_master USING (name)",
    "SELECT name FROM (SELECT 1 AS name WHERE 0) FULL JOIN [SQLITE_temp_schema] USING (name)",
    "SELECT name FROM (SELECT 1 AS name WHERE 0) NATURAL FULL JOIN sqlite_schema",
    "SELECT name FROM (SELECT 1 AS name WHERE 0) FULL JOIN pragma_table_list USING (name)",
    "SELECT 'using' FROM exam",
)


def _run(database: Database, sql: str, parameters: Sequence[Any] = ()) -> object:
    """What an attacker gets to see."""
    try:
        return [tuple(row) for row in database.rows(sql, parameters)]
    except AppError as problem:
        return type(problem), str(problem), problem.__cause__


Twins = tuple[Database, Database]


def _same(twins: Twins, sql: str) -> object:
    """The answer of both; texts unchecked, joins of main's tables are left out: SQLite lets them pass."""
    checked = twins[0].checks_texts  # type: ignore[attr-defined]
    if not checked and re.search("main.*(USING|NATURAL)|NATURAL.*main", sql):
        return None
    plain, full = (_run(one, sql) for one in twins)
    assert plain == full, sql
    return full


@pytest.mark.parametrize("table", TABLES)
def test_no_query_of_any_column_tells_what_is_closed(twins: Twins, table: str) -> None:
    for column, attack in product(schema.newest().tables[table].columns, READS):
        told = repr(_same(twins, READS[attack].format(table=table, column=column)))
        assert SECRET not in told, (column, attack)
        assert NUMBER not in told, (column, attack)


@pytest.mark.parametrize("table", TABLES)
def test_nothing_can_be_counted_that_is_closed(twins: Twins, table: str) -> None:
    for text in COUNTS:
        _same(twins, text.format(table=table))


@pytest.mark.parametrize("table", TABLES)
def test_no_name_that_is_known_opens_a_table(twins: Twins, table: str) -> None:
    for name in (*TABLES, *VIEWS, *TRIGGERS):
        for text in FORGED:
            _same(twins, text.format(table=table, name=name))


@pytest.mark.parametrize("table", sorted(set(TABLES) - set(guard_sql.OPEN) - set(guard_sql.OWN)))
def test_a_table_that_the_guard_does_not_name_is_closed(twins: Twins, table: str) -> None:
    for one in twins:
        with pytest.raises(BlindingError, match=r"^blinding\.closed\(\)$"):
            one.rows(f"SELECT * FROM {table}")  # noqa: S608 - own names


@pytest.mark.parametrize(
    "words",
    [
        "FROM sqlite_schema",
        'FROM "Sqlite_temp_master"',
        "FROM pragma_table_list",
        "FROM main.exam",
        'FROM "MAIN" . exam',
        "FROM [main].exam",
        "FROM `main`\n.exam",
        "FROM a NATURAL JOIN b",
        "FROM a JOIN b using(c)",
        "-- a remark",
        "/* a remark */",
    ],
)
def test_each_of_these_words_is_enough_to_refuse_a_query(words: str) -> None:
    assert guard_sql.is_query("SELECT maintained, domain FROM reading WHERE kind = 'main' AND causing > 1")
    assert not guard_sql.is_query(f"SELECT 1 {words}")


@pytest.mark.parametrize("sql", WORDS)
def test_what_sqlite_does_not_ask_about_is_refused_by_its_words(files: tuple[Path, Path], sql: str) -> None:
    opened = open_database(files[1])
    opened.guard(None)
    with pytest.raises(BlindingError, match=r"^blinding\.closed\(\)$"):
        opened.rows(sql)
    opened.close()


@pytest.mark.parametrize("sql", WHOLE)
def test_nothing_but_queries_of_what_is_shown_is_let_through(twins: Twins, sql: str) -> None:
    for ask in (twins[1].rows, twins[1].row, twins[1].insert):
        with pytest.raises(BlindingError) as caught:
            ask(sql)
        assert (str(caught.value), caught.value.__cause__) == ("blinding.closed()", None)


@pytest.mark.parametrize("name", [*TABLES, *VIEWS])
def test_a_refusal_never_tells_a_name_of_the_guard(twins: Twins, name: str) -> None:
    for text in SPOILED:
        sql = text.format(name=name)
        told = _same(twins, sql)
        assert not re.search("v[0-9a-f]{32}", repr(told)), sql
