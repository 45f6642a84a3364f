"""Everybody's values side by side, and the door before them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from app import __version__
from app.domain.errors import BlindingError
from app.domain.identity import Identity
from app.domain.maps import Quantity
from app.domain.measure import RULE, RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.reading import EMPTY, Kind, LevelState, Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import exams, readings, results, sessions
from app.store.database import Database, create_database

MakeStats = Callable[..., dict[Quantity, RoiStats]]
BOX = Rectangle(1, 2, 3, 4, 2)


def test_the_newest_state_of_every_level_of_every_reader_is_listed(
    database: Database, first: Viewer, second: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    for mean in (1.0, 2.0):
        state = LevelState.measured(BOX)
        reading = readings.append_revision(database, reading, Level.L1, state, make_stats(mean=mean))
    reading = readings.append_revision(database, reading, Level.L2, LevelState.measured(BOX), make_stats())
    reading = readings.append_revision(database, reading, Level.L2, EMPTY, {})
    readings.append_event(database, reading, "signed_off")
    other = readings.open_reading(database, second, exam_id)
    state = LevelState.not_measurable(Reason.OTHER, "why")
    readings.append_revision(database, other, Level.L3, state, {})
    mine, theirs = results.results(database, first)
    assert (mine.reader, mine.level, mine.kind, mine.rectangle) == ("First", Level.L1, Kind.MEASURED, BOX)
    assert mine.stats == make_stats(mean=2.0)
    assert (mine.exam_id, mine.code, mine.field_strength_t) == (exam_id, "C0001", 3.0)
    assert (mine.round, mine.origin, mine.reason, mine.note) == (1, "images", None, "")
    assert mine.signed_off
    assert mine.signed_off_utc >= mine.at_utc
    assert (mine.rule, mine.software) == (RULE, __version__)
    assert mine.protocol == Protocol().stamp
    assert (theirs.reader, theirs.level, theirs.kind) == ("Second", Level.L3, Kind.NOT_MEASURABLE)
    assert (theirs.reason, theirs.note, theirs.rectangle, theirs.stats) == (Reason.OTHER, "why", None, {})
    assert (theirs.signed_off, theirs.signed_off_utc) == (False, "")


def test_a_reading_that_was_reopened_is_not_signed_off(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    reading = readings.append_revision(database, reading, Level.L1, LevelState.measured(BOX), make_stats())
    reading = readings.append_event(database, reading, "signed_off")
    readings.append_event(database, reading, "reopened")
    (found,) = results.results(database, first)
    assert (found.signed_off, found.signed_off_utc) == (False, "")


def test_values_from_a_table_have_a_mean_and_nothing_else(
    database: Database, first: Viewer, identity: Identity
) -> None:
    with database.transaction():
        exam_id = exams.add_from_table(database, "T0001", identity)
        results.add_table_reading(
            database,
            exam_id,
            first.reader.id,
            {Level.L1: {Quantity.FF: 41.5, Quantity.R2STAR: 120.0}},
            protocol_id=1,
            software="elsewhere",
            at_utc="2026-01-01T00:00:00.000+00:00",
        )
    (found,) = results.results(database, first)
    assert (found.origin, found.signed_off, found.rectangle, found.rule) == (
        "table",
        True,
        None,
        "from-table",
    )
    assert {quantity: stats.mean for quantity, stats in found.stats.items()} == {
        Quantity.FF: 41.5,
        Quantity.R2STAR: 120.0,
    }
    rest = [name for name in RoiStats.__dataclass_fields__ if name != "mean"]
    assert {getattr(found.stats[Quantity.FF], name) for name in rest} == {None}


@pytest.fixture
def blinded(path: Path) -> Database:
    opened = create_database(path)
    sessions.begin(opened, replace(Protocol(), blinded=True))
    return opened


def test_a_blinded_reader_is_kept_out_and_the_coordinator_is_not(blinded: Database) -> None:
    reader = Viewer(sessions.add_reader(blinded, "First"))
    for ask in (results.results, results.bare_readings, results.refuse_while_blinded):
        with pytest.raises(BlindingError) as caught:
            ask(blinded, reader)
        assert caught.value.code == "blinding.closed"
    coordinator = replace(reader, role=Role.COORDINATOR)
    assert results.results(blinded, coordinator) == []
    results.refuse_while_blinded(blinded, coordinator)
    blinded.close()


def test_the_door_opens_when_the_protocol_no_longer_blinds(blinded: Database) -> None:
    reader = Viewer(sessions.add_reader(blinded, "First"))
    with blinded.transaction():
        sessions._insert_protocol(blinded, replace(Protocol(), version=2), "2026-01-01T00:00:00.000+00:00")
    assert results.results(blinded, reader) == []
    blinded.close()


def test_a_list_of_results_shows_one_moment_even_while_a_reader_works(
    database: Database, first: Viewer, exam_id: int, make_stats: MakeStats, monkeypatch: pytest.MonkeyPatch
) -> None:
    reading = readings.open_reading(database, first, exam_id)
    reading = readings.append_revision(database, reading, Level.L1, LevelState.measured(BOX), make_stats())
    asking = database.another()
    ask = Database.rows
    questions: list[str] = []

    def edit_meanwhile(self: Database, sql: str, *parameters: object) -> list[object]:
        found = ask(self, sql, *parameters)  # type: ignore[arg-type]
        if self is asking and not questions:
            questions.append(sql)
            readings.append_revision(
                database, reading, Level.L2, LevelState.measured(BOX), make_stats(mean=9.0)
            )
        return found  # type: ignore[return-value]

    monkeypatch.setattr(Database, "rows", edit_meanwhile)
    found = results.results(asking, first)
    assert len(questions) == 1
    assert [(result.level, bool(result.stats)) for result in found] == [(Level.L1, True)]
    assert len(results.results(asking, first)) == 2
    asking.close()
