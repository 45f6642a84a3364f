"""What a reader says of a whole case, as a story of which the newest word holds."""

from __future__ import annotations

import pytest

from app.domain.case_facts import (
    Because,
    CaseFacts,
    Counted,
    Fact,
    FactKind,
    Help,
    before_newest,
    facts_of,
    way_back,
)
from app.domain.protocol import Level
from app.domain.reading import EMPTY, Action, LevelState, Reader, Reading, Revision, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle

BOX = LevelState.measured(Rectangle(1, 2, 3, 4, 5))
OTHER_BOX = LevelState.measured(Rectangle(1, 3, 3, 4, 5))
METAL = Because(Reason.METAL)


def counted(value: str) -> Fact:
    return Fact(FactKind.COUNTED, value)


def test_nothing_is_said_of_a_case_that_was_only_opened() -> None:
    assert facts_of([]) == CaseFacts()
    assert CaseFacts().counted is None
    assert CaseFacts().excluded is None


def test_what_held_before_the_newest_word_is_known_from_the_story_alone() -> None:
    story = [Fact(FactKind.NOTE, note="first"), counted("from_c2")]
    assert before_newest([]) is None
    assert before_newest(story[:1]) == CaseFacts()
    assert before_newest(story) == CaseFacts(note="first")


def test_a_word_that_takes_back_the_one_before_is_not_taken_back_itself() -> None:
    story = [Fact(FactKind.NOTE, note="first"), counted("from_c2"), counted("")]
    assert before_newest(story) is None


def test_what_helped_to_place_a_rectangle_is_not_taken_back() -> None:
    assert before_newest([Fact(FactKind.NOTE, note="n"), Fact(FactKind.HELP, "fit", revision_id=3)]) is None


def test_of_each_kind_the_newest_word_holds() -> None:
    held = facts_of(
        [
            counted("from_sacrum"),
            Fact(FactKind.NOTE, note="first"),
            Fact(FactKind.EXCLUDED, "SCOLI"),
            counted("from_c2"),
            Fact(FactKind.NOTE, note="second"),
            Fact(FactKind.EXCLUDED, "OTHER", "two patients in one"),
            Fact(FactKind.HELP, "fit", revision_id=3),
            Fact(FactKind.HELP, "ladder", revision_id=4),
            Fact(FactKind.ACCEPTED, "METAL", revision_id=3),
        ]
    )
    assert held == CaseFacts(
        Counted.FROM_C2,
        Because(Reason.OTHER, "two patients in one"),
        "second",
        {3: METAL},
        {3: Help.FIT, 4: Help.LADDER},
    )


@pytest.mark.parametrize(
    ("said", "taken_back"),
    [
        (counted("other"), counted("")),
        (Fact(FactKind.EXCLUDED, "SURG"), Fact(FactKind.INCLUDED)),
        (Fact(FactKind.NOTE, note="n"), Fact(FactKind.NOTE)),
        (Fact(FactKind.ACCEPTED, "METAL", revision_id=3), Fact(FactKind.ACCEPTED, revision_id=3)),
    ],
)
def test_what_was_said_can_be_taken_back(said: Fact, taken_back: Fact) -> None:
    assert facts_of([said]) != CaseFacts()
    assert facts_of([said, taken_back]) == CaseFacts()


@pytest.mark.parametrize("kind", [FactKind.HELP, FactKind.ACCEPTED])
def test_a_fact_about_a_level_needs_its_revision(kind: FactKind) -> None:
    with pytest.raises(ValueError, match="revision"):
        facts_of([Fact(kind, "fit")])


@pytest.mark.parametrize(
    "fact", [counted("by_heart"), Fact(FactKind.EXCLUDED, "BORED"), Fact(FactKind.EXCLUDED)]
)
def test_a_code_nobody_knows_is_refused(fact: Fact) -> None:
    with pytest.raises(ValueError, match="not a valid"):
        facts_of([fact])


@pytest.mark.parametrize(
    ("story", "newest"),
    [
        ([], counted("from_c2")),
        ([counted("from_c2")], counted("other")),
        ([], Fact(FactKind.NOTE, note="n")),
        ([Fact(FactKind.NOTE, note="n")], Fact(FactKind.NOTE)),
        ([], Fact(FactKind.EXCLUDED, "SURG")),
        ([Fact(FactKind.EXCLUDED, "OTHER", "why")], Fact(FactKind.INCLUDED)),
        ([Fact(FactKind.ACCEPTED, "NOISE", revision_id=2)], Fact(FactKind.ACCEPTED, "METAL", revision_id=3)),
        ([Fact(FactKind.ACCEPTED, "NOISE", "n", 3)], Fact(FactKind.ACCEPTED, "METAL", revision_id=3)),
    ],
)
def test_the_way_back_leads_to_what_held_before_the_newest_fact(story: list[Fact], newest: Fact) -> None:
    before, now = facts_of(story), facts_of([*story, newest])
    back = way_back(now, before)
    assert back is not None
    assert now.after(back) == before


def test_there_is_no_way_back_where_nothing_differs_and_none_from_help() -> None:
    held = facts_of([counted("from_c2"), Fact(FactKind.ACCEPTED, "METAL", revision_id=3)])
    assert way_back(held, held) is None
    assert way_back(held.after(Fact(FactKind.HELP, "fit", revision_id=9)), held) is None


def reading_of(*revisions: Revision, facts: CaseFacts) -> Reading:
    return Reading(1, 1, Viewer(Reader(1, "A")), revisions, locked=False, facts=facts)


def test_an_acceptance_speaks_of_the_rectangle_and_ends_when_it_moves() -> None:
    facts = facts_of(
        [Fact(FactKind.ACCEPTED, "METAL", revision_id=5), Fact(FactKind.HELP, "fit", revision_id=5)]
    )
    first = Revision(5, Level.L2, BOX)
    moved = Revision(6, Level.L2, OTHER_BOX)
    undone = Revision(7, Level.L2, BOX, Action.UNDO, 6)
    assert reading_of(first, facts=facts).accepted(Level.L2) == METAL
    assert reading_of(first, facts=facts).helped(Level.L2) is Help.FIT
    assert reading_of(first, moved, facts=facts).accepted(Level.L2) is None
    assert reading_of(first, moved, facts=facts).helped(Level.L2) is None
    # undo brings the accepted rectangle back, and with it what was said of it
    assert reading_of(first, moved, undone, facts=facts).accepted(Level.L2) == METAL


def test_an_acceptance_of_one_level_says_nothing_of_another() -> None:
    facts = facts_of([Fact(FactKind.ACCEPTED, "METAL", revision_id=5)])
    reading = reading_of(Revision(5, Level.L2, BOX), Revision(6, Level.L3, BOX), facts=facts)
    assert reading.accepted(Level.L3) is None
    assert reading.accepted(Level.L1) is None
    assert reading_of(Revision(5, Level.L2, BOX), facts=CaseFacts()).accepted(Level.L2) is None


def test_an_emptied_level_is_not_accepted_any_more() -> None:
    facts = facts_of([Fact(FactKind.ACCEPTED, "METAL", revision_id=5)])
    reading = reading_of(Revision(5, Level.L2, BOX), Revision(6, Level.L2, EMPTY), facts=facts)
    assert reading.accepted(Level.L2) is None
