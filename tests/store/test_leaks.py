"""What must not leave is found in every byte of a file, and what only looks like it is not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identity import Identity
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.store import audit, exams, foreign, leaks, sessions
from app.store.database import Database, create_database
from app.store.exam_rows import add
from app.store.leaks import Finder, forbidden
from app.store.new_file import new_file

WORDS = st.text(st.sampled_from("abcd1"), min_size=4, max_size=7)


@given(st.lists(WORDS, min_size=1, max_size=5), st.binary(max_size=40), st.data())
def test_every_sequence_is_found_wherever_it_begins(
    words: list[str], noise: bytes, data: st.DataObject
) -> None:
    planted = data.draw(st.lists(st.sampled_from(words), max_size=3))
    content = noise + b"".join(word.upper().encode() + noise[:1] for word in planted)
    found = Finder({word.encode(): word for word in words}).find(np.frombuffer(content, np.uint8))
    assert found == {word for word in words if word.encode() in content.lower()}


def test_nothing_to_look_for_is_never_found() -> None:
    assert Finder({}).find(np.frombuffer(b"abcd", np.uint8)) == set()


@pytest.fixture
def study(database: Database, first: Viewer, second: Viewer) -> Database:
    """A session with readers First and Second, whose one patient has a name in letters and in characters."""
    with database.transaction():
        exams.add_from_table(
            database,
            "C0001",
            Identity("Doe^Jane Maria=王^小明", "0417", "1960-01-02", "F", "2026-01-03", "A77", "1.2.840.1"),
        )
    return database


def test_names_parts_of_names_numbers_dates_and_other_readers_are_forbidden(
    study: Database, first: Viewer
) -> None:
    assert forbidden(study, first.reader.id) == {
        "doe^jane maria=王^小明", "doe^jane maria", "王^小明", "jane", "maria", "小明", "0417", "1960-01-02",
        "19600102", "2026-01-03", "20260103", "1.2.840.1", "second",
    }  # fmt: skip


def test_a_scanner_may_bear_the_name_of_a_patient(study: Database, first: Viewer) -> None:
    with study.transaction():
        exams.add_from_table(study, "C0002", Identity("Philips^Anton"))
        add(study, "exam", {
            "code": "C0003", "origin": "table", "manufacturer": "Philips Medical", "model": "Maria-1",
            "pixel_sha256": "", "at_utc": "",
        })  # fmt: skip
    words = forbidden(study, first.reader.id)
    assert {"philips", "maria"}.isdisjoint(words)
    assert {"philips^anton", "anton", "jane", "doe^jane maria"} <= words


@pytest.fixture
def written(tmp_path: Path) -> Iterator[Database]:
    """A new file, not named yet."""
    source = create_database(tmp_path / "source.marrow")
    with closing(source), new_file(tmp_path / "new.marrow", source.path) as new:
        sessions.begin(new, Protocol())
        yield new


def found(new: Database, *words: str, own_name: str = "First", certain_from: int = 1 << 40) -> int:
    return leaks.leaks(new, frozenset(words), own_name=own_name, certain_from=certain_from)


def say(new: Database, words: str, *, old: str = "") -> None:
    with new.transaction():
        audit.append(new, actor="First", action="said", subject="session", new=words, old=old)


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ("Mrs Jane", "jane"),
        ("JANE_2", "jane"),
        ('{"note": "jane"}', "jane"),
        ('["a", {"b": ["Jane"]}]', "jane"),
        ("{jane is no JSON", "jane"),
        ("ID 0417.", "0417"),
        ("病人小明的片子", "小明"),
        ("1.2.840.1", "1.2.840.1"),
        ("x" * 9000 + " 1.2.840.10008.99.1.2.3 " + "y" * 9000, "1.2.840.10008.99.1.2.3"),
    ],
)
def test_a_word_that_stands_for_itself_is_found(written: Database, words: str, word: str) -> None:
    say(written, words)
    assert found(written, word) == 1


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ("Janet", "jane"),
        ("00417", "0417"),
        ("2026-01-03T10:00", "2026-01-03"),
        ('{"jane": 1}', "jane"),
        ('{"maximum": 1234, "origin": [-12.1234, true]}', "1234"),
        ("2031-04-05T10:11:12.345+00:00", "2031"),
        ("9be2f1d0-1234-4cfc-87ad-23d8132e9d84", "1234"),
        ("session", "jane"),
        ('{"sealed": {"exam": {"1": "ab-jane-cd"}}}', "jane"),
    ],
)
def test_what_only_holds_it_is_not(written: Database, words: str, word: str) -> None:
    say(written, words)
    assert found(written, word) == 0


def test_the_name_of_whom_the_file_is_for_may_be_that_of_a_patient(written: Database) -> None:
    sessions.add_reader(written, "Jane")
    assert found(written, "jane", own_name="Jane") == 0
    assert found(written, "jane", own_name="Someone") == 1


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_bytes_outside_of_every_value_are_found(written: Database, encoding: str) -> None:
    with written.path.open("ab") as file:
        file.write("\0Jane\0".encode(encoding))
    assert found(written, "jane") == 1
    assert found(written, "john") == 0


def test_a_word_across_two_pieces_of_a_file_is_found(
    written: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with written.path.open("ab") as file:
        file.write(b"\0" * 10 + b"jane^doe^long" + b"\0" * 10)
    for size in range(1000, 1040):
        monkeypatch.setattr(leaks, "_CHUNK_BYTES", size)
        assert found(written, "jane^doe^long") == 1


def test_among_packed_voxels_only_long_words_count(written: Database) -> None:
    """In a gigabyte of compressed voxels every short word is there by chance."""
    size = written.path.stat().st_size
    with written.path.open("ab") as file:
        file.write(b"\0jane\0jane^doe^long\0")
    assert found(written, "jane", "jane^doe^long") == 2
    assert found(written, "jane", "jane^doe^long", certain_from=0) == 1
    assert size > 0


def test_progress_is_told_and_may_stop_it(written: Database) -> None:
    told: list[int] = []
    leaks.leaks(written, frozenset({"jane"}), own_name="", certain_from=0, seen=told.append)
    assert told == [written.path.stat().st_size]


# -- the file it is looked for in -------------------------------------------------------------------------


def test_a_new_file_stands_under_its_name_when_it_is_whole(tmp_path: Path, database: Database) -> None:
    target = tmp_path / "new.marrow"
    target.write_bytes(b"before")
    target.with_name("new.marrow-wal").write_bytes(b"of the one before")
    with new_file(target, database.path) as new:
        sessions.begin(new, replace(Protocol(), name="here"))
        assert target.read_bytes() == b"before"
    with closing(sqlite3.connect(target)) as connection:
        assert connection.execute("SELECT name FROM protocol").fetchall() == [("here",)]
    assert sorted(file.name for file in tmp_path.glob("new*")) == ["new.marrow"]


def test_a_file_is_opened_for_reading_without_leaving_a_trace(tmp_path: Path, database: Database) -> None:
    with new_file(tmp_path / "new.marrow", database.path) as new:
        sessions.begin(new, Protocol())
    content = (tmp_path / "new.marrow").read_bytes()
    with closing(foreign.open_foreign(tmp_path / "new.marrow")) as opened:
        assert foreign.about(opened).study == ""
        assert foreign.about(opened).round == 0
    assert (tmp_path / "new.marrow").read_bytes() == content
    assert sorted(file.name for file in tmp_path.glob("new*")) == ["new.marrow"]
