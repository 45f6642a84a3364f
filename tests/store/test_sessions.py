"""Origin, label, protocol and readers of a session."""

from __future__ import annotations

import uuid
from dataclasses import replace
from pathlib import Path

import pytest

from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.store import sessions
from app.store.database import Database, create_database


def _code(database: Database, name: str) -> str:
    with pytest.raises(InputError) as caught:
        sessions.add_reader(database, name)
    return caught.value.code


def test_each_session_has_an_origin_of_its_own(database: Database, tmp_path: Path) -> None:
    other = create_database(tmp_path / "other.marrow")
    sessions.begin(other, Protocol())
    origins = set()
    for opened in (database, other):
        row = opened.row("SELECT value FROM session WHERE key = 'origin'")
        assert row is not None
        origins.add(uuid.UUID(row["value"]))
    assert len(origins) == 2
    other.close()


@pytest.mark.parametrize("synthetic", [True, False])
def test_a_session_of_made_up_patients_says_so(path: Path, synthetic: bool) -> None:
    opened = create_database(path)
    assert not sessions.is_synthetic(opened)
    sessions.begin(opened, Protocol(), synthetic=synthetic)
    assert sessions.is_synthetic(opened) is synthetic
    opened.close()


def test_a_session_that_was_never_begun_has_no_protocol(path: Path) -> None:
    opened = create_database(path)
    with pytest.raises(InputError) as caught:
        sessions.current_protocol(opened)
    assert caught.value.code == "session.without_protocol"
    opened.close()


def test_the_protocol_comes_back_as_it_was_given(path: Path) -> None:
    protocol = replace(Protocol(), name="cervical-test", version=3, mean_levels="L1-L5", blinded=True)
    opened = create_database(path)
    sessions.begin(opened, protocol)
    assert sessions.current_protocol(opened) == (1, protocol)
    opened.close()


def test_the_newest_protocol_is_in_force(database: Database) -> None:
    later = replace(Protocol(), version=2)
    with database.transaction():
        sessions._insert_protocol(database, later, "2026-01-01T00:00:00.000+00:00")
    assert sessions.current_protocol(database) == (2, later)


def test_readers_are_listed_in_order_of_enrolment_each_with_an_order_of_their_own(database: Database) -> None:
    for name in ("Zoe", " 王医生 ", "Ann"):
        sessions.add_reader(database, name)
    assert [(reader.id, reader.name) for reader in sessions.readers(database)] == [
        (1, "Zoe"),
        (2, "王医生"),
        (3, "Ann"),
    ]
    seeds = {row["order_seed"] for row in database.rows("SELECT order_seed FROM reader")}
    assert len(seeds) == 3


def test_a_reader_needs_a_name_nobody_else_has(database: Database) -> None:
    sessions.add_reader(database, "Ann")
    assert _code(database, " Ann ") == "reader.exists"
    assert _code(database, "  ") == "reader.no_name"
    assert [reader.name for reader in sessions.readers(database)] == ["Ann"]
