"""How long a task still takes is told from its pace of late, and not before there is one."""

from __future__ import annotations

import pytest

from app.domain.progress import Silent, Sparing, TimeLeft


def told(left: TimeLeft, reports: list[tuple[float, int]], total: int | None = 1000) -> list[float | None]:
    return [left.after(done, total, now) for now, done in reports]


def test_nothing_is_said_in_the_first_second_nor_while_pieces_are_counted() -> None:
    assert told(TimeLeft(), [(0, 0), (0.5, 100), (0.9, 200)]) == [None] * 3
    assert told(TimeLeft(), [(0, 0), (5, 100)], total=None) == [None] * 2


def test_a_steady_pace_gives_what_is_left_at_that_pace() -> None:
    assert told(TimeLeft(), [(0, 0), (2, 200), (4, 400)]) == [None, 8.0, 6.0]


def test_nothing_is_said_of_a_task_that_stands_still() -> None:
    assert told(TimeLeft(), [(0, 3), (2, 3), (30, 3)]) == [None] * 3


def test_the_pace_of_the_last_seconds_counts_and_not_that_of_the_beginning() -> None:
    slow_then_fast = [(0, 0), (20, 10), (24, 410), (28, 810)]
    # since 20 s: 800 pieces in 8 s, and 190 are left
    assert told(TimeLeft(), slow_then_fast)[-1] == pytest.approx(1.9)


def test_many_reports_at_one_moment_are_one() -> None:
    left = TimeLeft()
    told(left, [(0, 0), *((0, done) for done in range(1, 50)), (10, 100)])
    assert left.after(200, 1000, 20) == pytest.approx((1000 - 200) / 10)


@pytest.mark.parametrize(("done", "total"), [(0, 1000), (500, 2000)])
def test_a_new_count_begins_anew(done: int, total: int) -> None:
    left = TimeLeft()
    told(left, [(0, 0), (2, 200), (4, 400)])
    assert left.after(done, total, 5) is None
    assert left.after(done + 100, total, 7) == pytest.approx((total - done - 100) * 2 / 100)


def test_at_the_end_nothing_is_left() -> None:
    assert told(TimeLeft(), [(0, 0), (10, 1000)])[-1] == 0


def test_nobody_is_told_in_silence() -> None:
    Silent().report(1, None)


def shown(reports: list[tuple[int, int | None, float]]) -> list[int]:
    sparing = Sparing(every_s=1.0)
    return [done for done, total, now in reports if sparing.is_worth(done, total, now)]


def test_of_many_reports_the_first_the_last_and_one_now_and_then_are_shown() -> None:
    many: list[tuple[int, int | None, float]] = [(done, 100, done / 20) for done in range(101)]
    assert shown(many) == [0, 20, 40, 60, 80, 100]


def test_a_new_stretch_of_work_is_shown_at_once() -> None:
    assert shown([(0, None, 0), (5, None, 0), (5, 10, 0), (6, 10, 0), (1, 10, 0), (2, 10, 0)]) == [0, 5, 1]
