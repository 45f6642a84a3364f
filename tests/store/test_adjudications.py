"""Decisions of a coordinator: beside the readings, append-only, each in the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app import __version__
from app.domain.disagreement import Ruling, only_mean
from app.domain.errors import BlindingError, StoreUnavailable
from app.domain.maps import Quantity
from app.domain.measure import RULE, TURNED_RULE, RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import LevelState, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import adjudications, audit, readings, sessions
from app.store.adjudications import Adjudication
from app.store.database import Database, create_database

FF, R2STAR = Quantity.FF, Quantity.R2STAR
BOX = Rectangle(1, 2, 3, 4, 2)
MakeStats = Callable[..., dict[Quantity, RoiStats]]


def decision(exam_id: int, ruling: Ruling, values: dict[Quantity, RoiStats] | None = None) -> Adjudication:
    return Adjudication(exam_id, Level.L3, ruling, values or {}, '["what they held"]')


@pytest.mark.parametrize(
    ("ruling", "rule"),
    [
        (Ruling.mean("both look right"), ""),
        (Ruling.of_reader("First", "clearer"), ""),
        (Ruling.drawn(BOX), RULE),
        (Ruling.drawn(replace(BOX, angle_deg=12.5, depth=3), "own"), f"{TURNED_RULE}+3-slices"),
        (Ruling.excluded(Reason.OTHER, "screw"), ""),
    ],
)
def test_a_decision_is_read_back_as_it_was_made(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats, ruling: Ruling, rule: str
) -> None:
    values = {} if ruling.reason else make_stats(mean=38.5)
    adjudications.append(database, first, decision(exam_id, ruling, values))
    (found,) = adjudications.adjudications(database, first)
    assert (found.exam_id, found.level, found.ruling) == (exam_id, Level.L3, ruling)
    assert found.values == values
    assert found.readings == '["what they held"]'
    assert (found.who, found.protocol, found.software) == ("First", Protocol().stamp, __version__)
    assert found.rule == rule
    assert found.at_utc.endswith("+00:00")


def test_a_mean_of_readers_has_no_voxels(database: Database, first: Viewer, exam_id: int) -> None:
    values = {FF: only_mean(41.25)}
    adjudications.append(database, first, decision(exam_id, Ruling.mean(), values))
    (found,) = adjudications.adjudications(database, first)
    assert found.values == values
    assert (found.values[FF].n, found.values[FF].sd) == (None, None)


def test_an_older_decision_stays_when_another_is_made(
    database: Database, first: Viewer, second: Viewer, exam_id: int
) -> None:
    old = decision(exam_id, Ruling.mean(), {FF: only_mean(40.0)})
    adjudications.append(database, first, old)
    adjudications.append(database, second, decision(exam_id, Ruling.excluded(Reason.SWAP)), old)
    told = adjudications.adjudications(database, first)
    assert [(one.who, one.ruling.how.value) for one in told] == [("First", "mean"), ("Second", "excluded")]


def test_the_record_tells_who_decided_what_and_what_held_before(
    database: Database, first: Viewer, exam_id: int
) -> None:
    old = decision(exam_id, Ruling.of_reader("Second"), {FF: only_mean(40.0)})
    adjudications.append(database, first, old)
    new = decision(
        exam_id, Ruling.drawn(BOX, "rim of a node"), {FF: only_mean(37.5), R2STAR: only_mean(99.0)}
    )
    adjudications.append(database, first, new, old)
    *_, before, entry = audit.entries(database)
    assert (before.old, json.loads(before.new)["reader"]) == ("", "Second")
    assert (entry.actor, entry.action) == ("First", "adjudication.decided")
    assert (entry.subject, entry.reason) == ("C0001/L3/round 1", "rim of a node")
    assert json.loads(entry.old)["means"] == {"FF": 40.0}
    told = json.loads(entry.new)
    assert (told["how"], told["means"]) == ("drawn", {"FF": 37.5, "R2STAR": 99.0})
    assert told["rectangle"]["rows"] == 4
    assert entry.protocol == Protocol().stamp


def test_an_excluded_level_is_told_with_its_reason(database: Database, first: Viewer, exam_id: int) -> None:
    adjudications.append(database, first, decision(exam_id, Ruling.excluded(Reason.METAL)))
    told = json.loads(audit.entries(database)[-1].new)
    assert (told["how"], told["reason"]) == ("excluded", "METAL")
    assert "means" not in told


def test_a_decision_changes_no_reading(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    state = LevelState.measured(BOX)
    reading = readings.append_revision(database, reading, Level.L3, state, make_stats())
    readings.append_event(database, reading, "signed_off")
    tables = ("reading", "roi_revision", "measurement", "reading_event", "case_fact")
    before = {table: [tuple(row) for row in database.rows(f"SELECT * FROM {table}")] for table in tables}  # noqa: S608 - own names
    adjudications.append(database, first, decision(exam_id, Ruling.excluded(Reason.SWAP)))
    after = {table: [tuple(row) for row in database.rows(f"SELECT * FROM {table}")] for table in tables}  # noqa: S608 - as above
    assert after == before
    assert before["measurement"]


def test_readers_are_counted_once_they_have_signed_off(
    database: Database, first: Viewer, second: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    def sign(viewer: Viewer) -> None:
        reading = readings.open_reading(database, viewer, exam_id)
        state = LevelState.measured(BOX)
        reading = readings.append_revision(database, reading, Level.L1, state, make_stats())
        readings.append_event(database, reading, "signed_off")

    assert adjudications.readers_signed_off(database, first) == 0
    sign(first)
    # a repeat reading makes nobody two people
    sign(replace(first, round=2))
    assert adjudications.readers_signed_off(database, first) == 1
    assert adjudications.exam_read_twice(database, first, "C0001") is None
    sign(second)
    assert adjudications.readers_signed_off(database, first) == 2
    assert adjudications.exam_read_twice(database, first, "C0001") == exam_id
    readings.append_event(database, readings.open_reading(database, second, exam_id), "reopened")
    assert adjudications.readers_signed_off(database, first) == 1


def test_a_blinded_reader_neither_sees_nor_makes_decisions(tmp_path: Path) -> None:
    closed = create_database(tmp_path / "blind.marrow")
    try:
        sessions.begin(closed, Protocol(blinded=True))
        reader = Viewer(sessions.add_reader(closed, "First"), Role.READER)
        before = len(audit.entries(closed))
        for attempt in (
            lambda: adjudications.adjudications(closed, reader),
            lambda: adjudications.readers_signed_off(closed, reader),
            lambda: adjudications.exam_read_twice(closed, reader, "C1"),
            lambda: adjudications.append(closed, reader, decision(1, Ruling.mean())),
        ):
            with pytest.raises(BlindingError, match=r"blinding\.closed"):
                attempt()
        assert len(audit.entries(closed)) == before
        assert closed.rows("SELECT * FROM adjudication") == []
    finally:
        closed.close()


def test_what_makes_no_sense_in_the_file_is_called_damaged(
    database: Database, first: Viewer, exam_id: int
) -> None:
    with database.transaction():
        # a reader's value stands, but whose is not said
        database.insert(
            "INSERT INTO adjudication (exam_id, level, how, chosen, note, readings, rule, reader_id,"
            " protocol_id, software, at_utc) VALUES (?, 'L1', 'reader', '', '', '', '', ?, 1, '', '')",
            (exam_id, first.reader.id),
        )
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        adjudications.adjudications(database, first)
