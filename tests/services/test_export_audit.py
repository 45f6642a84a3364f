"""The record as CSV: everything in it, and its chain can be checked by anybody without the program."""

from __future__ import annotations

import csv
import hashlib
import json
from contextlib import closing
from pathlib import Path

import pytest

from app.domain.errors import BlindingError, DataError
from app.domain.protocol import Protocol
from app.domain.reading import Reader, Role, Viewer
from app.services import open_session
from app.services.export_audit import export_audit
from app.services.open_session import Session
from app.store import audit, sessions
from app.store.database import create_database


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_chain_can_be_recomputed_from_the_table_alone(reading_session: Path, tmp_path: Path) -> None:
    with closing(open_session.open_session(reading_session)) as session:
        open_session.add_reader(session, "Çelik")
        written = export_audit(session, open_session.last_viewer(session), tmp_path / "out")
        head, count = audit.head_hash(session.database), audit.count(session.database)
    assert [path.name for path in written] == ["study-audit.csv", "study-audit-codebook.csv"]
    rows = _rows(written[0])
    assert len(rows) == count > 5
    previous = "0" * 64
    for row in rows:
        entry, *told = (value for name, value in row.items() if name != "hash")
        content = json.dumps([previous, int(entry), *told], ensure_ascii=False, separators=(",", ":"))
        assert hashlib.sha256(content.encode()).hexdigest() == row["hash"]
        previous = row["hash"]
    assert previous == head
    explained = _rows(written[1])
    assert [row["column"] for row in explained if row["column"]] == list(rows[0])
    assert head in {row["values"] for row in explained}


def test_a_session_without_a_record_gives_an_empty_table(tmp_path: Path) -> None:
    with closing(create_database(tmp_path / "empty.marrow")) as database:
        with database.transaction():
            sessions._insert_protocol(database, Protocol(), "")
        session = Session(database, synthetic=False)
        written = export_audit(session, Viewer(Reader(1, "x"), Role.COORDINATOR), tmp_path)
    assert _rows(written[0]) == []
    assert audit.START in {row["values"] for row in _rows(written[1])}


def test_a_blinded_reader_gets_no_record(tmp_path: Path) -> None:
    with closing(open_session.create_session(tmp_path / "s.marrow", Protocol(blinded=True))) as session:
        reader = open_session.readers_of(session)[0]
        with pytest.raises(BlindingError):
            export_audit(session, Viewer(reader), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_cannot_be_written_to_is_said(reading_session: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with closing(open_session.open_session(reading_session)) as session, pytest.raises(DataError) as caught:
        export_audit(session, open_session.last_viewer(session), tmp_path / "out")
    assert caught.value.code == "export.cannot_write"
