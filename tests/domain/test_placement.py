"""Whether the program proposed a rectangle, and whether a hand changed it since."""

from __future__ import annotations

from app.domain.case_facts import CaseFacts, Help
from app.domain.placement import Placement, placement
from app.domain.protocol import Level
from app.domain.reading import EMPTY, Action, LevelState, Reader, Reading, Revision, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle

BOX, MOVED = (LevelState.measured(Rectangle(1, row, 5, 10, 14)) for row in (5, 6))
EDIT, UNDO, REDO = Action.EDIT, Action.UNDO, Action.REDO


def reading(*steps: tuple[Level, LevelState, Action, int | None], helped: dict[int, Help]) -> Reading:
    story = tuple(Revision(number, *step) for number, step in enumerate(steps, 1))
    return Reading(1, 1, Viewer(Reader(1, "Ana")), story, locked=False, facts=CaseFacts(helped=helped))


def step(
    state: LevelState, action: Action = EDIT, target: int | None = None, level: Level = Level.L2
) -> tuple[Level, LevelState, Action, int | None]:
    return level, state, action, target


FITTED = {1: Help.FIT}


def test_what_a_hand_placed_and_what_is_empty_was_proposed_by_nothing() -> None:
    assert placement(reading(helped={}), Level.L2) is None
    assert placement(reading(step(BOX), helped={}), Level.L2) is None
    assert placement(reading(step(BOX), helped=FITTED), Level.L3) is None


def test_what_was_proposed_stays_so_when_it_is_moved() -> None:
    assert placement(reading(step(BOX), helped=FITTED), Level.L2) == Placement(Help.FIT, adjusted=False)
    moved = reading(step(BOX), step(MOVED), helped=FITTED)
    assert placement(moved, Level.L2) == Placement(Help.FIT, adjusted=True)
    back = reading(step(BOX), step(MOVED), step(BOX), helped=FITTED)
    assert placement(back, Level.L2) == Placement(Help.FIT, adjusted=False)


def test_the_newest_proposal_counts() -> None:
    again = reading(step(BOX), step(MOVED), helped={1: Help.LADDER, 2: Help.FIT})
    assert placement(again, Level.L2) == Placement(Help.FIT, adjusted=False)


def test_a_rectangle_placed_anew_by_hand_owes_nothing_to_the_one_before() -> None:
    for between in (EMPTY, LevelState.not_measurable(Reason.HEMANG)):
        assert placement(reading(step(BOX), step(between), step(BOX), helped=FITTED), Level.L2) is None


def test_a_proposal_that_was_undone_never_happened_and_one_brought_back_did() -> None:
    undone = (step(BOX), step(EMPTY, UNDO, 1))
    assert placement(reading(*undone, step(BOX), helped=FITTED), Level.L2) is None
    assert placement(reading(*undone, helped=FITTED), Level.L2) is None
    redone = reading(*undone, step(BOX, REDO, 1), helped=FITTED)
    assert placement(redone, Level.L2) == Placement(Help.FIT, adjusted=False)


def test_a_move_that_was_undone_leaves_the_proposal_as_it_was() -> None:
    undone = reading(step(BOX), step(MOVED), step(BOX, UNDO, 2), helped=FITTED)
    assert placement(undone, Level.L2) == Placement(Help.FIT, adjusted=False)


def test_a_removal_that_was_undone_gives_the_proposal_back() -> None:
    back = reading(step(BOX), step(EMPTY), step(BOX, UNDO, 2), helped=FITTED)
    assert placement(back, Level.L2) == Placement(Help.FIT, adjusted=False)


def test_levels_placed_together_are_taken_back_together() -> None:
    together = (step(BOX), step(BOX, target=1, level=Level.L3))
    helped = {1: Help.LADDER, 2: Help.LADDER}
    both = reading(*together, helped=helped)
    assert placement(both, Level.L3) == Placement(Help.LADDER, adjusted=False)
    none = reading(*together, step(EMPTY, UNDO, 2, Level.L3), step(EMPTY, UNDO, 1), helped=helped)
    assert placement(none, Level.L2) is None
    assert placement(none, Level.L3) is None
