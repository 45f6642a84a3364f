"""Edits that were made together are one step of undo and of redo."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from app.domain.protocol import LEVELS, Level
from app.domain.reading import EMPTY, Action, LevelState, Revision, Step, redo_step, replay, undo_step
from app.domain.shapes import Rectangle

groups = st.lists(st.sampled_from(LEVELS), min_size=1, max_size=5, unique=True)


@dataclass
class Stacks:
    """Undo as an editor does it: what was, what is, what was taken back."""

    now: dict[Level, LevelState] = field(default_factory=dict)
    done: list[dict[Level, LevelState]] = field(default_factory=list)
    undone: list[dict[Level, LevelState]] = field(default_factory=list)


class Together(RuleBasedStateMachine):
    """Groups of edits, undo and redo, against stacks of whole states."""

    def __init__(self) -> None:
        super().__init__()
        self.story: tuple[Revision, ...] = ()
        self.model = Stacks()

    def write(self, level: Level, state: LevelState, action: Action, target: int | None) -> int:
        key = len(self.story) + 1
        self.story = (*self.story, Revision(key, level, state, action, target))
        return key

    @rule(levels=groups)
    def edit(self, levels: list[Level]) -> None:
        self.model.done.append(dict(self.model.now))
        self.model.undone.clear()
        first = None
        for level in levels:
            state = LevelState.measured(Rectangle(0, len(self.story), 0, 1, 1))
            key = self.write(level, state, Action.EDIT, first)
            first = first or key
            self.model.now[level] = state

    def follow(self, step: Step | None) -> None:
        assert step is not None
        for one in (*step.others, step):
            self.write(one.level, one.state, one.action, one.target)

    @precondition(lambda self: self.model.done)
    @rule()
    def undo(self) -> None:
        self.follow(undo_step(self.story, replay(self.story)))
        self.model.undone.append(self.model.now)
        self.model.now = self.model.done.pop()

    @precondition(lambda self: self.model.undone)
    @rule()
    def redo(self) -> None:
        self.follow(redo_step(self.story, replay(self.story)))
        self.model.done.append(self.model.now)
        self.model.now = self.model.undone.pop()

    @invariant()
    def the_story_tells_the_same(self) -> None:
        history = replay(self.story)
        for level in LEVELS:
            assert history.state(level) == self.model.now.get(level, EMPTY)
        assert len(history.undoable) == len(self.model.done)
        assert len(history.redoable) == len(self.model.undone)


TestTogether = Together.TestCase
TestTogether.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
