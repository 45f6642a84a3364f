"""What people said of series is kept, the newest word last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from app.domain.errors import StoreUnavailable
from app.store import answers, audit
from app.store.answers import AnswerRow
from app.store.database import Database, open_database

ONE = AnswerRow("CANON", "Orian", "spine", "map a", r"ORIGINAL\PRIMARY", "FF", "percent", "Ana")
OTHER = replace(ONE, description="map b", shows="NOTHING", unit="")


def test_a_new_session_remembers_nothing(database: Database) -> None:
    assert answers.remembered(database) == []


def test_answers_are_kept_in_the_order_they_were_given(database: Database) -> None:
    answers.remember(database, [ONE, OTHER])
    answers.remember(database, [replace(ONE, shows="R2STAR", unit="per_second", who="Bo")])
    assert [(row.description, row.shows, row.who) for row in answers.remembered(database)] == [
        ("map a", "FF", "Ana"),
        ("map b", "NOTHING", "Ana"),
        ("map a", "R2STAR", "Bo"),
    ]


def test_each_answer_stands_in_the_record_with_its_author(database: Database) -> None:
    answers.remember(database, [ONE, OTHER])
    entries = audit.entries(database)[-2:]
    assert [(entry.actor, entry.action) for entry in entries] == [("Ana", "series.answered")] * 2
    assert '"shows": "FF"' in entries[0].new


def test_a_session_that_cannot_be_written_remembers_nothing_new(database: Database) -> None:
    answers.remember(database, [ONE])
    second = open_database(database.path)
    with pytest.raises(StoreUnavailable):
        answers.remember(second, [OTHER])
    assert answers.remembered(second) == [ONE]
    second.close()
