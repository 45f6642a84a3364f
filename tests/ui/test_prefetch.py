"""The next case is read while the reader is at this one: once, for this reader only, and let go in time."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QDeadlineTimer
from PySide6.QtTest import QTest

from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS
from app.services import beside, read_exam
from app.services.changed import What
from app.services.open_session import Session, open_session
from app.store import exams, readings
from app.ui import prefetch
from app.ui.main_window import MainWindow
from app.ui.workspace import Workspace

_PATIENCE_MS = 100_000


@pytest.fixture
def space(window: MainWindow) -> Workspace:
    return window.workspace


def wait_until_ready(space: Workspace) -> Exam:
    patience = QDeadlineTimer(_PATIENCE_MS)
    while not space.next_is_ready and not patience.hasExpired():
        QTest.qWait(10)
    held = space._prefetch._held
    assert held is not None
    return held[0]


def wait_until_done(space: Workspace) -> None:
    """Wait for work that leads to nothing."""
    patience = QDeadlineTimer(_PATIENCE_MS)
    while (space._prefetch._rest.isActive() or space._prefetch._job.running) and not patience.hasExpired():
        QTest.qWait(10)
    assert not space._prefetch._job.running


def order_of(space: Workspace) -> list[int]:
    return [case.exam_id for case in space.cases]


def at_first(space: Workspace) -> list[int]:
    order = order_of(space)
    space.open_case(order[0])
    return order


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """Keys of the exams whose pixels are read, each with whether that is in the window's own thread."""
    found: list[tuple[int, bool]] = []
    original = exams.load

    def load(database: Any, exam_id: int, *more: Any) -> Exam:
        found.append((exam_id, threading.current_thread() is threading.main_thread()))
        return original(database, exam_id, *more)

    monkeypatch.setattr(exams, "load", load)
    return found


def test_the_next_case_is_read_in_the_background_and_not_again_when_it_opens(
    space: Workspace, loads: list[tuple[int, bool]]
) -> None:
    order = at_first(space)
    exam = wait_until_ready(space)
    assert loads == [(order[0], True), (order[1], False)]
    space.step_case(1)
    assert space.case is not None
    assert space.case.exam is exam
    assert [key for key, in_window in loads if in_window] == [order[0]]


def test_a_case_that_was_ready_opens_where_it_would_have_opened_otherwise(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = at_first(space)
    wait_until_ready(space)
    guesses: list[str] = []
    original = beside.guess_slice
    monkeypatch.setattr(
        beside, "guess_slice", lambda session, exam: (guesses.append(exam.code), original(session, exam))[1]
    )
    space.step_case(1)
    # it was guessed in the background already
    assert guesses == []
    ready = (space.slice, space.selected)
    space.open_case(order[2])
    space.open_case(order[1])
    assert (space.slice, space.selected) == ready
    assert guesses


def test_another_case_than_the_one_that_is_ready_is_read_as_ever(
    space: Workspace, loads: list[tuple[int, bool]]
) -> None:
    order = at_first(space)
    wait_until_ready(space)
    space.open_case(order[2])
    assert (order[2], True) in loads
    # what was ready is let go: at most one exam is kept
    assert not space.next_is_ready


def test_the_ready_case_shows_what_its_reader_did_after_it_was_read(
    space: Workspace, fill: Callable[..., None]
) -> None:
    order = at_first(space)
    exam = wait_until_ready(space)
    assert space.session is not None
    assert space.viewer is not None
    # as another window of this reader's would, had it been opened before
    case = read_exam.open_case(space.session, space.viewer, order[1])
    box = read_exam.shapes.place(case.exam.grid, 2, 20, 20, (8, 11))
    read_exam.set_rectangle(space.session, case, LEVELS[0], box)
    space.step_case(1)
    assert space.case is not None
    assert space.case.exam is exam
    assert space.rectangles == {LEVELS[0]: box}


def test_nobodys_readings_are_read_ahead(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []
    original = readings.open_reading

    def open_reading(*told: Any) -> Any:
        asked.append(threading.current_thread() is threading.main_thread())
        return original(*told)

    monkeypatch.setattr(readings, "open_reading", open_reading)
    at_first(space)
    wait_until_ready(space)
    assert asked == [True] * len(asked)


def test_another_reader_gets_a_case_of_their_own_order_and_nothing_of_the_first(
    space: Workspace, fill: Callable[..., None]
) -> None:
    # the window stands at the case whose places are known
    exam = wait_until_ready(space)
    fill(space)
    space.set_reader("Bo")
    assert space._prefetch._held is None
    assert space.case is not None
    order = order_of(space)
    here = order.index(space.case.exam.id)
    ready = wait_until_ready(space)
    assert ready is not exam
    assert ready.id == order[(here + 1) % len(order)]


def test_an_answer_that_arrives_after_the_reader_changed_is_dropped(space: Workspace) -> None:
    at_first(space)
    space._prefetch._rest.stop()
    space._prefetch._start()
    wanted = space._prefetch._wanted
    space.set_reader("Bo")
    assert space.session is not None
    exam = exams.load(space.session.database, order_of(space)[0])
    space._prefetch._keep((wanted, (exam, 0)))
    assert space._prefetch._held is None


def test_maps_that_join_an_exam_are_not_missed_by_the_case_that_is_ready(
    space: Workspace, loads: list[tuple[int, bool]]
) -> None:
    order = at_first(space)
    before = wait_until_ready(space)
    space.note(What.EXAMS)
    assert not space.next_is_ready
    assert wait_until_ready(space) is not before
    assert loads.count((order[1], False)) == 2


def test_when_all_cases_are_read_nothing_is_read_ahead(
    space: Workspace, fill: Callable[..., None], loads: list[tuple[int, bool]]
) -> None:
    order = order_of(space)
    assert space.session is not None
    assert space.viewer is not None
    for exam_id in order[1:]:
        case = read_exam.open_case(space.session, space.viewer, exam_id)
        readings.append_event(space.session.database, case.reading, "signed_off")
    space.open_case(order[0])
    wait_until_done(space)
    assert not space.next_is_ready
    assert all(in_window for _, in_window in loads)


def test_a_next_case_that_cannot_be_read_says_so_when_it_is_opened_and_not_before(
    space: Workspace, told: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> Exam:
        raise StoreUnavailable("store.corrupt", file="study.marrow")

    order = at_first(space)
    monkeypatch.setattr(exams, "load", broken)
    wait_until_done(space)
    assert told == []
    space.step_case(1)
    assert [problem.code for problem in told] == ["store.corrupt"]
    assert space.case is not None
    assert space.case.exam.id == order[0]


def test_closing_the_session_waits_for_the_connection_and_lets_the_exam_go(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Session] = []
    closed: list[Session] = []
    original, close = Session.another, Session.close
    monkeypatch.setattr(Session, "another", lambda self: (opened.append(original(self)), opened[-1])[1])
    monkeypatch.setattr(Session, "close", lambda self: (closed.append(self), close(self))[1])
    at_first(space)
    kept = weakref.ref(wait_until_ready(space).maps[Quantity.FF].stored)
    space.step_case(1)
    space._prefetch._rest.stop()
    space._prefetch._start()
    space.close()
    assert len(opened) == 2
    assert set(map(id, opened)) <= set(map(id, closed))
    assert not space._prefetch._job.running
    QTest.qWait(0)
    gc.collect()
    assert kept() is None


def test_a_session_that_can_only_be_read_is_read_ahead_as_well(
    window: MainWindow, reading_session: Path
) -> None:
    space = window.workspace
    assert space.session is not None
    copy = reading_session.with_name("locked.marrow")
    space.session.database.copy_to(copy)
    holder = open_session(copy)
    try:
        window.open(copy)
        assert space.session.read_only
        at_first(space)
        wait_until_ready(space)
    finally:
        window.workspace.close()
        holder.close()


def test_the_exam_waits_only_as_long_as_a_hand_needs_to_take_up_the_case() -> None:
    assert 0 < prefetch._REST_MS <= 500
