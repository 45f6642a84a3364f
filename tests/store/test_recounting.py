"""Rectangles from elsewhere hold here what they hold when the whole exam is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.errors import InputError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RoiStats, measure
from app.domain.shapes import Rectangle
from app.store import exams
from app.store.database import Database
from app.store.exams import NewExam
from app.store.recounting import different, places, recount

BOXES = st.builds(
    Rectangle,
    st.integers(1, 1),
    st.integers(2, 4),
    st.integers(2, 3),
    st.integers(1, 3),
    st.integers(1, 2),
    st.sampled_from([0.0, 20.0]),
    st.sampled_from([1, 3]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(BOXES, min_size=1, max_size=4))
def test_what_is_counted_is_what_the_whole_exam_says(
    database: Database, exam_id: int, boxes: list[Rectangle]
) -> None:
    whole = exams.load(database, exam_id)
    found = recount(database, places(database)[exam_id], dict(enumerate(boxes)))
    for key, box in enumerate(boxes):
        assert found[key] == {one.quantity: measure(one, box) for one in whole.measured}


def test_the_largest_number_of_a_map_may_lie_in_another_slice(
    database: Database, make_exam: Callable[..., Exam]
) -> None:
    exam = make_exam("C0002", seed=4)
    one = exam.maps[Quantity.FF]
    stored = np.full(one.stored.shape, 7, "<i2")
    stored[0, 0, 0] = 9
    flat = replace(one, stored=stored)
    maps = {Quantity.FF: flat, Quantity.WATER: replace(flat, quantity=Quantity.WATER)}
    new = NewExam(replace(exam, maps=maps), Identity(), {}, "GE", "")
    key = exams.add(database, exams.pack(new), actor="First")
    place = places(database)[key]
    assert set(place.hashes) == {Quantity.FF}
    (low,) = recount(database, place, {0: Rectangle(1, 2, 2, 2, 2)}).values()
    (top,) = recount(database, place, {0: Rectangle(0, 0, 0, 2, 2)}).values()
    assert (low[Quantity.FF].saturated, top[Quantity.FF].saturated) == (0, 1)


def test_nothing_drawn_and_a_rectangle_outside_are_told_apart(database: Database, exam_id: int) -> None:
    place = places(database)[exam_id]
    assert recount(database, place, {}) == {}
    with pytest.raises(InputError, match=r"roi\.outside"):
        recount(database, place, {1: Rectangle(1, 8, 2, 3, 3)})
    with pytest.raises(InputError, match=r"roi\.outside"):
        recount(database, place, {1: Rectangle(0, 2, 2, 3, 3, depth=3)})


def test_a_map_that_makes_no_sense_is_a_damaged_file(database: Database, exam_id: int) -> None:
    place = places(database)[exam_id]
    database._connection.execute("DROP TRIGGER map_no_update")
    database._connection.execute("UPDATE map SET scaling = '{}'")
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        recount(database, place, {1: Rectangle(1, 2, 2, 3, 3)})
    database._connection.execute("UPDATE map SET grid = '{}'")
    with pytest.raises(StoreUnavailable, match=r"store\.corrupt"):
        places(database)


def test_numbers_are_compared_to_the_last_digit_that_processors_agree_on(
    make_stats: Callable[..., dict[Quantity, RoiStats]],
) -> None:
    mine = make_stats(41.5)
    assert list(different(mine, mine)) == []
    assert list(different({}, mine)) == []
    assert list(different(mine, {})) == list(MEASURED)
    assert list(different(make_stats(41.5 * (1 + 1e-12)), mine)) == []
    assert list(different(make_stats(41.5 * (1 + 1e-8)), mine)) == list(MEASURED)
    assert list(different(make_stats(None), mine)) == list(MEASURED)
    assert list(different(make_stats(saturated=5), mine)) == list(MEASURED)


def test_an_exam_without_maps_has_no_place(database: Database, tmp_path: Path) -> None:
    with database.transaction():
        exams.add_from_table(database, "T0001", Identity())
    assert places(database) == {}
