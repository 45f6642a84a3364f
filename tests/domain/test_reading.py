"""The story of a reading: current state, gaps, undo and redo."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.protocol import LEVELS, Level
from app.domain.reading import (
    EMPTY,
    Action,
    Kind,
    LevelState,
    Reader,
    Reading,
    Revision,
    Role,
    Step,
    Viewer,
    redo_step,
    replay,
    undo_step,
)
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle

FIRST = LevelState.measured(Rectangle(7, 10, 10, 9, 12))
SECOND = LevelState.measured(Rectangle(7, 14, 10, 9, 12))
MARKED = LevelState.not_measurable(Reason.FX_OLD)

states = st.one_of(
    st.builds(lambda row: LevelState.measured(Rectangle(7, row, 10, 9, 12)), st.integers(0, 50)),
    st.builds(LevelState.not_measurable, st.sampled_from(Reason), st.text(max_size=5)),
    st.just(EMPTY),
)
commands = st.one_of(
    st.tuples(st.sampled_from(LEVELS), states), st.sampled_from(["undo", "undo", "redo", "redo"])
)


class ListModel:
    """Undo and redo as any textbook has them: two lists of (level, before, after)."""

    def __init__(self) -> None:
        self.holds = dict.fromkeys(LEVELS, EMPTY)
        self.done: list[tuple[Level, LevelState, LevelState]] = []
        self.undone: list[tuple[Level, LevelState, LevelState]] = []

    def edit(self, level: Level, state: LevelState) -> None:
        self.done.append((level, self.holds[level], state))
        self.undone.clear()
        self.holds[level] = state

    def undo(self) -> None:
        self.undone.append(self.done.pop())
        level, before, _ = self.undone[-1]
        self.holds[level] = before

    def redo(self) -> None:
        self.done.append(self.undone.pop())
        level, _, after = self.done[-1]
        self.holds[level] = after


class Story:
    """An append-only story that is written the way the store writes it, with gaps between its ids."""

    def __init__(self) -> None:
        self.revisions: tuple[Revision, ...] = ()

    def edit(self, level: Level, state: LevelState) -> None:
        self._append(level, state, Action.EDIT, None)

    def follow(self, step: Step | None) -> None:
        assert step is not None
        self._append(step.level, step.state, step.action, step.target)

    def undo(self) -> None:
        self.follow(undo_step(self.revisions, replay(self.revisions)))

    def redo(self) -> None:
        self.follow(redo_step(self.revisions, replay(self.revisions)))

    def _append(self, level: Level, state: LevelState, action: Action, target: int | None) -> None:
        number = 3 * len(self.revisions) + 5
        self.revisions += (Revision(number, level, state, action, target),)


@given(st.lists(commands, max_size=40))
def test_any_sequence_of_edits_undos_and_redos_ends_where_a_list_of_changes_ends(
    sequence: list[tuple[Level, LevelState] | str],
) -> None:
    model, story = ListModel(), Story()
    for command in sequence:
        history = replay(story.revisions)
        assert (undo_step(story.revisions, history) is None) is (not model.done)
        assert (redo_step(story.revisions, history) is None) is (not model.undone)
        if command == "undo" and model.done:
            model.undo()
            story.undo()
        elif command == "redo" and model.undone:
            model.redo()
            story.redo()
        elif isinstance(command, tuple):
            model.edit(*command)
            story.edit(*command)
        history = replay(story.revisions)
        assert {level: history.state(level) for level in LEVELS} == model.holds
        assert (len(history.undoable), len(history.redoable)) == (len(model.done), len(model.undone))


@given(st.lists(st.tuples(st.sampled_from(LEVELS), states), min_size=1, max_size=15))
def test_undoing_everything_empties_the_reading_and_redoing_everything_brings_it_back(
    edits: list[tuple[Level, LevelState]],
) -> None:
    story = Story()
    for edit in edits:
        story.edit(*edit)
    full = {level: replay(story.revisions).state(level) for level in LEVELS}
    for _ in edits:
        story.undo()
    assert replay(story.revisions).gaps == LEVELS
    assert undo_step(story.revisions, replay(story.revisions)) is None
    for _ in edits:
        story.redo()
    assert {level: replay(story.revisions).state(level) for level in LEVELS} == full
    assert len(story.revisions) == 3 * len(edits)


def test_an_untouched_reading_has_nothing_to_take_back_or_bring_back() -> None:
    history = replay(())
    assert undo_step((), history) is None
    assert redo_step((), history) is None
    assert history.gaps == LEVELS
    assert history.rectangles == {}
    assert history.state(Level.L3) == EMPTY


def test_undo_names_the_edit_it_takes_back_and_what_the_level_held_before() -> None:
    story = Story()
    story.edit(Level.L1, FIRST)
    story.edit(Level.L2, FIRST)
    story.edit(Level.L1, SECOND)
    third = story.revisions[-1].id
    step = undo_step(story.revisions, replay(story.revisions))
    assert step == Step(Level.L1, FIRST, Action.UNDO, third)
    story.undo()
    assert redo_step(story.revisions, replay(story.revisions)) == Step(Level.L1, SECOND, Action.REDO, third)


def test_an_edit_after_an_undo_closes_the_way_back_to_what_was_undone() -> None:
    story = Story()
    story.edit(Level.L1, FIRST)
    story.undo()
    story.edit(Level.L2, SECOND)
    assert redo_step(story.revisions, replay(story.revisions)) is None
    story.undo()
    assert replay(story.revisions).gaps == LEVELS


def test_gaps_are_named_from_the_top_and_a_marked_level_is_none() -> None:
    story = Story()
    story.edit(Level.L4, FIRST)
    story.edit(Level.L2, MARKED)
    assert replay(story.revisions).gaps == (Level.L1, Level.L3, Level.L5)


def test_a_removed_rectangle_leaves_a_gap_again() -> None:
    story = Story()
    story.edit(Level.L4, FIRST)
    story.edit(Level.L4, EMPTY)
    assert replay(story.revisions).gaps == LEVELS


def test_rectangles_are_listed_from_the_top_for_measured_levels_only() -> None:
    story = Story()
    story.edit(Level.L5, SECOND)
    story.edit(Level.L1, FIRST)
    story.edit(Level.L3, MARKED)
    assert list(replay(story.revisions).rectangles.items()) == [
        (Level.L1, FIRST.rectangle),
        (Level.L5, SECOND.rectangle),
    ]


def test_the_current_revision_is_the_newest_one_of_its_level() -> None:
    story = Story()
    story.edit(Level.L1, FIRST)
    story.edit(Level.L1, SECOND)
    story.undo()
    assert replay(story.revisions).current[Level.L1] is story.revisions[-1]


def test_a_reading_replays_its_own_story() -> None:
    story = Story()
    story.edit(Level.L1, FIRST)
    reading = Reading(1, 2, Viewer(Reader(1, "A")), story.revisions, locked=False)
    assert reading.history == replay(story.revisions)
    assert reading.history.rectangles == {Level.L1: FIRST.rectangle}


def test_who_looks_is_a_reader_of_the_first_round_unless_said_otherwise() -> None:
    viewer = Viewer(Reader(1, "A"))
    assert (viewer.role, viewer.round) == (Role.READER, 1)


def test_a_revision_without_figures_does_not_share_them_with_another() -> None:
    one, other = Revision(1, Level.L1, FIRST), Revision(2, Level.L1, FIRST)
    assert one.stats == other.stats == {}
    assert one.stats is not other.stats


def test_a_level_holds_what_its_kind_says() -> None:
    assert (FIRST.kind, FIRST.rectangle) == (Kind.MEASURED, Rectangle(7, 10, 10, 9, 12))
    other = LevelState.not_measurable(Reason.OTHER, "coil moved")
    assert (other.kind, other.reason, other.note) == (Kind.NOT_MEASURABLE, Reason.OTHER, "coil moved")
    assert (EMPTY.kind, EMPTY.rectangle, EMPTY.reason) == (Kind.EMPTY, None, None)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("rectangle", [None, FIRST.rectangle])
@pytest.mark.parametrize("reason", [None, Reason.FX_OLD])
def test_a_level_is_either_empty_or_measured_or_marked_with_a_reason(
    kind: Kind, rectangle: Rectangle | None, reason: Reason | None
) -> None:
    whole = {
        (Kind.EMPTY, False, False),
        (Kind.MEASURED, True, False),
        (Kind.NOT_MEASURABLE, False, True),
    }
    if (kind, rectangle is not None, reason is not None) in whole:
        assert LevelState(kind, rectangle, reason).kind is kind
    else:
        with pytest.raises(ValueError, match="a level cannot be"):
            LevelState(kind, rectangle, reason)
