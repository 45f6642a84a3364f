"""Roles, secrets and blinding as the session file keeps them; their use is tested with the sign-in."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import BlindingError, InputError
from app.domain.protocol import Protocol
from app.domain.reading import Role, Viewer
from app.store import audit, people, sessions
from app.store.database import Database
from app.store.guard import Scope

BOTH = frozenset(Role)


def test_everybody_may_do_everything_until_a_role_is_granted(
    database: Database, first: Viewer, second: Viewer
) -> None:
    assert people.roles(database) == {first.reader.id: BOTH, second.reader.id: BOTH}
    people.grant(database, first.reader, {Role.COORDINATOR}, actor="First")
    assert people.roles(database) == {first.reader.id: {Role.COORDINATOR}, second.reader.id: frozenset()}


def test_the_newest_grant_holds(database: Database, first: Viewer, second: Viewer) -> None:
    people.grant(database, first.reader, BOTH, actor="First")
    people.grant(database, second.reader, {Role.READER}, actor="First")
    people.grant(database, second.reader, {Role.COORDINATOR}, actor="First")
    people.grant(database, second.reader, {Role.COORDINATOR}, actor="First")
    assert people.roles(database)[second.reader.id] == {Role.COORDINATOR}
    told = [(one.old, one.new) for one in audit.entries(database) if one.action == "people.granted"]
    assert told == [("", "reader coordinator"), ("", "reader"), ("reader", "coordinator")]


def test_in_an_open_session_without_roles_everybody_coordinates(database: Database, first: Viewer) -> None:
    people.refuse_other_than_coordinator(database, first)
    stranger = Viewer(replace(first.reader, id=99))
    with pytest.raises(InputError, match=r"^study\.not_coordinator"):
        people.refuse_other_than_coordinator(database, stranger)


def test_in_a_blinded_session_without_roles_whoever_coordinates_says_so(
    database: Database, first: Viewer
) -> None:
    people.say_blinded(database, first.reader, "a reason", closed=True)
    with pytest.raises(InputError, match=r"^study\.not_coordinator"):
        people.refuse_other_than_coordinator(database, first)
    people.refuse_other_than_coordinator(database, replace(first, role=Role.COORDINATOR))


def test_a_role_that_is_not_held_does_not_count(database: Database, first: Viewer, second: Viewer) -> None:
    people.grant(database, first.reader, {Role.COORDINATOR}, actor="First")
    people.refuse_other_than_coordinator(database, replace(first, role=Role.COORDINATOR))
    for viewer in (first, replace(second, role=Role.COORDINATOR)):
        with pytest.raises(InputError, match=r"^study\.not_coordinator"):
            people.refuse_other_than_coordinator(database, viewer)
    database.guard(Scope(first.reader.id, first.reader.name, 1))
    with pytest.raises(BlindingError, match=r"^blinding\.closed"):
        people.refuse_other_than_coordinator(database, replace(first, role=Role.COORDINATOR))


def test_what_was_said_last_about_blinding_holds_against_the_protocol(
    database: Database, first: Viewer
) -> None:
    assert not people.blinded(database)
    people.say_blinded(database, first.reader, "a reason", closed=True)
    assert people.blinded(database)
    people.say_blinded(database, first.reader, "a reason", closed=False)
    with database.transaction():
        sessions._insert_protocol(database, replace(Protocol(), version=2, blinded=True), "")
    assert not people.blinded(database)


@pytest.mark.parametrize("reason", ["", " \t"])
def test_blinding_changes_with_a_reason_only(database: Database, first: Viewer, reason: str) -> None:
    for closed in (True, False):
        with pytest.raises(InputError, match=r"^blinding\.needs_reason"):
            people.say_blinded(database, first.reader, reason, closed=closed)
    with pytest.raises(InputError, match=r"^blinding\.needs_reason"):
        people.expose(database, first.reader, reason)
    assert not database.rows("SELECT * FROM blinding_event")
    assert not database.rows("SELECT * FROM exposure")


def test_a_secret_that_was_taken_away_opens_nothing(database: Database, first: Viewer) -> None:
    assert not people.matches(database, first.reader.id, "")
    people.set_secret(database, first.reader, "1234", actor="First")
    assert people.with_secret(database) == {first.reader.id}
    assert people.needs_sign_in(database)
    people.set_secret(database, first.reader, "", actor="First")
    assert people.with_secret(database) == frozenset()
    assert not people.needs_sign_in(database)
    for secret in ("", "1234"):
        assert not people.matches(database, first.reader.id, secret)


def test_a_short_secret_is_refused_by_the_store_too(database: Database, first: Viewer) -> None:
    with pytest.raises(InputError, match=r"^sign_in\.short_secret\(shortest=4\)"):
        people.set_secret(database, first.reader, "123", actor="First")


@pytest.mark.parametrize("cost", [1, 4, 10])
def test_a_secret_opens_by_the_cost_that_is_written_beside_it(
    database: Database, first: Viewer, monkeypatch: pytest.MonkeyPatch, cost: int
) -> None:
    monkeypatch.setattr(people, "new_secrets", people.Scrypt(cost))
    people.set_secret(database, first.reader, "12345678", actor="First")
    # what new ones cost may be raised since
    monkeypatch.setattr(people, "new_secrets", people.Scrypt(5))
    assert people.matches(database, first.reader.id, "12345678")
    assert not people.matches(database, first.reader.id, "12345679")


@pytest.mark.parametrize(
    "scheme",
    [
        "",
        "argon2",
        "scrypt-15-8",
        "scrypt-0-8-1",
        "scrypt-21-8-1",
        "scrypt-9-9-1",
        "scrypt-9-0-1",
        "scrypt-9-8-2",
    ],
)
def test_a_scheme_nobody_wrote_opens_nothing(database: Database, first: Viewer, scheme: str) -> None:
    known = people.Scrypt(4).hash("12345678", b"salt")
    with database.transaction():
        database.insert(
            "INSERT INTO credential (reader_id, scheme, salt, hash, at_utc) VALUES (?, ?, ?, ?, 't')",
            (first.reader.id, scheme, b"salt", known),
        )
    assert not people.matches(database, first.reader.id, "12345678")


def test_no_secret_stands_in_the_record(database: Database, first: Viewer) -> None:
    people.set_secret(database, first.reader, "12345678", actor="First")
    (row,) = database.rows("SELECT salt, hash FROM credential")
    told = repr(audit.entries(database))
    for secret in ("12345678", row["salt"].hex(), row["hash"].hex()):
        assert secret not in told


def test_a_secret_of_any_letters_is_kept(database: Database, first: Viewer) -> None:
    people.set_secret(database, first.reader, "骨髓脂肪", actor="First")
    assert people.matches(database, first.reader.id, "骨髓脂肪")
    assert not people.matches(database, first.reader.id, "骨髓脂")
