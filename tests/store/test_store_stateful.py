"""Random days of work against a model that only knows lists: nothing is lost, nothing appears."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats, measure
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import EMPTY, LevelState, Reading, Viewer, redo_step, undo_step
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.store import audit, exams, readings, results, sessions
from app.store.database import Database, create_database, open_database
from app.store.exams import NewExam

READERS = 2
EXAMS = 2
SHAPE = (2, 6, 6)

States = dict[Level, LevelState]
desks = st.tuples(st.integers(0, READERS - 1), st.integers(1, EXAMS))
boxes = st.builds(
    Rectangle, st.integers(0, 1), st.integers(0, 3), st.integers(0, 3), st.integers(1, 3), st.integers(1, 3)
)
states = st.one_of(
    st.just(EMPTY),
    st.builds(LevelState.measured, boxes),
    st.builds(LevelState.not_measurable, st.sampled_from(Reason), st.text(max_size=5)),
)


@dataclass
class Desk:
    """What one reader should hold of one exam: whole states, one copy per step."""

    past: list[States] = field(default_factory=list)
    now: States = field(default_factory=dict)
    future: list[States] = field(default_factory=list)
    written: int = 0
    locked: bool = False


def _exam(number: int) -> Exam:
    grid = Grid(SHAPE, (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)))
    scaling = Scaling(0.1, 0.0, "rule", "evidence", "check", "all", 1.0, 2.0, 0, 0, 0, 0)
    stored = np.random.default_rng(number).integers(0, 1000, SHAPE).astype(np.int16)
    both = (Quantity.FF, Quantity.R2STAR)
    maps = {quantity: ParametricMap(quantity, stored, grid, scaling) for quantity in both}
    return Exam(f"C{number:04}", maps)


def _stats(exam: Exam, state: LevelState) -> dict[Quantity, RoiStats]:
    if state.rectangle is None:
        return {}
    return {found.quantity: measure(found, state.rectangle) for found in exam.measured}


class Store(RuleBasedStateMachine):
    """Two readers at two exams of one session that is closed and opened at any moment."""

    exams: ClassVar[list[Exam]] = [_exam(number) for number in range(EXAMS)]

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "study.marrow"
        self.database: Database | None = None
        self.desks: dict[tuple[int, int], Desk] = {}
        self.entries = 0

    @initialize()
    def begin(self) -> None:
        self.database = create_database(self.path)
        sessions.begin(self.database, Protocol())
        self.viewers = [Viewer(sessions.add_reader(self.database, f"R{n}")) for n in range(READERS)]
        for exam in self.exams:
            exams.add(self.database, exams.pack(NewExam(exam, Identity(), {}, "", "")), actor="R0")
        self.desks = {(who, exam): Desk() for who in range(READERS) for exam in range(1, EXAMS + 1)}
        self.entries = 1 + READERS + EXAMS

    @property
    def open(self) -> Database:
        assert self.database is not None
        return self.database

    def reading(self, where: tuple[int, int]) -> Reading:
        return readings.open_reading(self.open, self.viewers[where[0]], where[1])

    @rule(where=desks, level=st.sampled_from(LEVELS), state=states)
    def edit(self, where: tuple[int, int], level: Level, state: LevelState) -> None:
        desk, reading = self.desks[where], self.reading(where)
        stats = _stats(self.exams[where[1] - 1], state)
        if desk.locked:
            with pytest.raises(InputError):
                readings.append_revision(self.open, reading, level, state, stats)
            return
        readings.append_revision(self.open, reading, level, state, stats)
        desk.past.append(desk.now)
        desk.now = {**desk.now, level: state}
        desk.future.clear()
        self.wrote(desk)

    @rule(where=desks, forward=st.booleans())
    def undo_or_redo(self, where: tuple[int, int], forward: bool) -> None:
        desk, reading = self.desks[where], self.reading(where)
        step = (redo_step if forward else undo_step)(reading.revisions, reading.history)
        source, target = (desk.future, desk.past) if forward else (desk.past, desk.future)
        assert (step is None) == (not source)
        if step is None or desk.locked:
            return
        stats = _stats(self.exams[where[1] - 1], step.state)
        readings.append_revision(
            self.open, reading, step.level, step.state, stats, action=step.action, target=step.target
        )
        target.append(desk.now)
        desk.now = source.pop()
        self.wrote(desk)

    def wrote(self, desk: Desk) -> None:
        desk.written += 1
        self.entries += 1

    @rule(where=desks)
    def sign_off_or_reopen(self, where: tuple[int, int]) -> None:
        desk = self.desks[where]
        readings.append_event(self.open, self.reading(where), "reopened" if desk.locked else "signed_off")
        desk.locked = not desk.locked
        self.entries += 1

    @rule()
    def close_and_open_the_file(self) -> None:
        self.open.close()
        assert [entry.name for entry in self.folder.iterdir()] == [self.path.name]
        self.database = open_database(self.path)

    @rule()
    def lose_power(self) -> None:
        """What lies on the disk now is all the next start finds."""
        crashed = self.folder / "crashed"
        crashed.mkdir()
        for entry in self.folder.iterdir():
            if entry.is_file() and not entry.name.endswith("-shm"):
                shutil.copy(entry, crashed / entry.name)
        self.open.close()
        for entry in list(crashed.iterdir()):
            entry.replace(self.folder / entry.name)
        crashed.rmdir()
        self.database = open_database(self.path)

    @precondition(lambda self: self.database is not None)
    @invariant()
    def every_desk_holds_what_its_reader_put_there(self) -> None:
        for where, desk in self.desks.items():
            reading = self.reading(where)
            history = reading.history
            assert {level: history.state(level) for level in LEVELS} == {
                level: desk.now.get(level, EMPTY) for level in LEVELS
            }
            assert (len(history.undoable), len(history.redoable)) == (len(desk.past), len(desk.future))
            assert (len(reading.revisions), reading.locked) == (desk.written, desk.locked)
            exam = self.exams[where[1] - 1]
            assert all(dict(one.stats) == _stats(exam, one.state) for one in reading.revisions)

    @precondition(lambda self: self.database is not None)
    @invariant()
    def the_results_are_the_sum_of_the_desks(self) -> None:
        found = {
            (int(row.reader[1:]), row.exam_id, row.level): (row.kind, row.rectangle, row.reason, row.note)
            for row in results.results(self.open, self.viewers[0])
        }
        assert found == {
            (*where, level): (state.kind, state.rectangle, state.reason, state.note)
            for where, desk in self.desks.items()
            for level, state in desk.now.items()
            if state != EMPTY
        }

    @precondition(lambda self: self.database is not None)
    @invariant()
    def the_record_is_whole(self) -> None:
        assert len(audit.entries(self.open)) == self.entries
        assert audit.first_break(self.open) is None

    def teardown(self) -> None:
        if self.database is not None:
            self.database.close()
        shutil.rmtree(self.folder)


def test_short_days_of_work() -> None:
    _run(settings(max_examples=15, stateful_step_count=20, deadline=None))


@pytest.mark.long
def test_long_days_of_work() -> None:
    _run(settings(max_examples=150, stateful_step_count=80, deadline=None))


def _run(how: settings) -> None:
    run_state_machine_as_test(Store, settings=how)
