"""Commands for sessions that were perhaps tampered with or damaged."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from app.domain.protocol import Protocol
from app.services import rescue
from app.services.open_session import create_session, open_session, readers_of
from app.store import people


@pytest.fixture
def study(reading_session: Path) -> Path:
    return reading_session


def _tamper(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(statement)
        connection.commit()


def _wreck(path: Path, table: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        (size,) = connection.execute("PRAGMA page_size").fetchone()
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : root * size] = b"\xa5" * size
    path.write_bytes(content)


def test_a_whole_session_is_said_to_be_whole_and_its_limits_are_said_too(run: Any, study: Path) -> None:
    said = run("verify", "--session", study, "--recompute")
    assert (said.status, said.err) == (0, "")
    assert "Nothing is amiss" in said.out
    assert "0 rectangles were counted once more" in said.out
    assert "another program" in said.out


def test_what_is_amiss_is_said_with_its_place_and_by_the_status(run: Any, study: Path) -> None:
    _tamper(study, "UPDATE exam SET field_strength_t = 1.5 WHERE code = 'C0002'")
    said = run("verify", "--session", study)
    assert said.status == 1
    assert "1 thing is not as the program left it" in said.out
    assert "Row 2 of exam (C0002)" in said.out


def test_programs_get_the_flaws_by_code(run: Any, study: Path) -> None:

    _tamper(study, "INSERT INTO reader (name, order_seed, at_utc) VALUES ('Eve', 1, '')")
    said = run("verify", "--session", study, "--json", "--head", "AB" * 32)
    assert said.status == 1
    found = json.loads(said.out)
    assert [flaw["code"] for flaw in found["flaws"]] == ["verify.row_added", "verify.head_unknown"]
    assert found["flaws"][0]["key"] == "3"
    assert "put it in" in found["flaws"][0]["sentence"]
    assert found["wanted_head"] == "ab" * 32
    assert (found["whole"], found["wanted_head_entry"], found["recomputed"]) == (False, None, None)


def test_a_hash_from_an_export_is_looked_up(run: Any, ask: Any, study: Path) -> None:
    head = ask("verify", "--session", study)["head"]
    said = run("verify", "--session", study, "--head", head.upper())
    assert said.status == 0
    assert "The hash you named is that of entry" in said.out


def test_a_session_of_an_older_version_is_said_to_be_one(run: Any, tmp_path: Path) -> None:
    kept = Path(__file__).parents[1] / "store" / "schemas" / "v2.marrow"
    said = run("verify", "--session", shutil.copy(kept, tmp_path / "old.marrow"))
    assert said.status == 0
    assert "were written by an older version" in said.out


def test_a_blinded_session_is_verified_for_its_coordinator_only(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MARROWMARK_PASSPHRASE", raising=False)
    with closing(create_session(tmp_path / "blind.marrow", Protocol(blinded=True))) as session:
        people.set_secret(session.database, readers_of(session)[0], "open sesame", actor="x")
    said = run("verify", "--session", tmp_path / "blind.marrow")
    assert (said.status, said.out) == (1, "")
    monkeypatch.setenv("MARROWMARK_PASSPHRASE", "open sesame")
    said = run("verify", "--session", tmp_path / "blind.marrow", "--reason", "to check")
    assert (said.status, said.err) == (0, "")


def test_salvage_says_what_came_over_and_what_is_lost(
    run: Any, ask: Any, study: Path, tmp_path: Path
) -> None:
    said = run("salvage", study, "--to", tmp_path / "a.marrow")
    assert said.status == 0
    assert "Nothing seems to be lost" in said.out
    _wreck(study, "reader")
    assert run("verify", "--session", study).status == 1
    said = run("salvage", study, "--to", tmp_path / "b.marrow")
    assert said.status == 1
    assert "reader: rows kept 0, unreadable places 1" in said.out
    assert "Row 1 of reader (Ana)" in said.out
    open_session(tmp_path / "b.marrow").close()
    said = run("salvage", study, "--to", tmp_path / "b.marrow")
    assert (said.status, "already" in said.err) == (1, True)


def test_salvage_answers_programs(run: Any, study: Path, tmp_path: Path) -> None:

    _wreck(study, "reader")
    said = run("salvage", study, "--to", tmp_path / "new.marrow", "--json")
    found = json.loads(said.out)
    assert (said.status, found["whole"]) == (1, False)
    assert {"table": "reader", "kept": 0, "gaps": 1, "refused": 0} in found["tables"]
    assert {one["code"] for one in found["lost"]} == {"verify.row_missing"}


def test_a_backup_is_restored_beside_the_images(run: Any, study: Path, tmp_path: Path) -> None:
    with closing(open_session(study)) as session:
        written = rescue.back_up(session)
    assert written is not None
    _wreck(study, "reader")
    said = run("restore", written, "--images", study, "--to", tmp_path / "new.marrow")
    assert (said.status, said.err) == (0, "")
    assert "new.marrow holds what the backup holds" in said.out
    assert run("verify", "--session", tmp_path / "new.marrow").status == 0
    with closing(create_session(tmp_path / "empty.marrow")):
        pass
    said = run("restore", written, "--images", tmp_path / "empty.marrow", "--to", tmp_path / "bare.marrow")
    assert said.status == 1
    assert "FF of C0003: its voxels were not found" in said.out
