"""G and Shift+G: what is proposed is seen on both maps, taken by Enter or a click, dropped by Esc."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.case_facts import Help
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services.open_session import create_session
from app.store import exams
from app.store.exams import NewExam
from app.ui.canvas.map_pair import MapPair
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.sentences import SENTENCES
from app.ui.status import StatusBar
from app.ui.workspace import Workspace

Stored = Callable[[Workspace], dict[Level, Rectangle]]
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "central_half", 0, 0, 0, 0, 0, 0)
MAPS = {Quantity.FF: "FAT_FRACTION", Quantity.R2STAR: "R2_STAR_MAP"}
RUNGS = (Level.L2, Level.L3, Level.L4)


@pytest.fixture(scope="module")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=5, slices=5, rows=192, cols=192))


@pytest.fixture(scope="module")
def templates(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """A session whose protocol allows help, and one whose does not."""
    maps = {
        quantity: ParametricMap(quantity, phantom.images[name], phantom.grid, SCALING)
        for quantity, name in MAPS.items()
    }
    made = {}
    for allowed in (True, False):
        path = tmp_path_factory.mktemp("help") / "help.marrow"
        session = create_session(path, Protocol(fit=allowed, ladder=allowed), synthetic=True)
        new = NewExam(Exam("C0001", maps, field_strength_t=3.0), Identity(study_uid="1"), {}, "GE", "")
        exams.add(session.database, exams.pack(new), actor="First")
        session.close()
        made[allowed] = path
    return made


@pytest.fixture
def space(window: MainWindow, templates: dict[bool, Path], phantom: Phantom, tmp_path: Path) -> Workspace:
    """The window's workspace at a case whose protocol allows help, in the middle slice, with L1 armed."""
    window.open(Path(shutil.copy(templates[True], tmp_path / "help.marrow")))
    window.workspace.set_slice(phantom.truth.mid_slice)
    QApplication.processEvents()
    return window.workspace


@pytest.fixture
def spot(phantom: Phantom) -> Callable[[Level], tuple[float, float]]:
    """Give the function that says where to point in a vertebra."""

    def spot(level: Level) -> tuple[float, float]:
        box = phantom.truth.level(level.value).safe
        return box.row0 + box.rows / 2, box.col0 + box.cols / 2

    return spot


@pytest.fixture
def press(page: ReadingPage) -> Callable[..., None]:
    """Give the function that presses a key on the Read page."""

    def press(key: Qt.Key, shift: bool = False) -> None:
        modifier = Qt.KeyboardModifier.ShiftModifier if shift else Qt.KeyboardModifier.NoModifier
        page.setFocus()
        QTest.keyClick(page, key, modifier)

    return press


@pytest.fixture
def ends(space: Workspace, ff: Any, spot: Callable[[Level], tuple[float, float]]) -> Workspace:
    """L1 and L5 placed by hand, L2 armed."""
    for level in (Level.L1, Level.L5):
        space.select(level)
        ff.click(*spot(level))
    space.select(Level.L2)
    return space


def shown(maps: MapPair) -> list[dict[Level, Rectangle]]:
    return [dict(view._marks.proposed) for view in maps.views.values()]


def helped(space: Workspace, level: Level) -> Help | None:
    assert space.case is not None
    return space.case.reading.helped(level)


# -- fit --------------------------------------------------------------------------------------------------


def test_g_shows_a_proposal_at_the_pointer_on_both_maps_and_stores_nothing(
    space: Workspace, maps: MapPair, ff: Any, press: Any, spot: Any, stored: Stored, page: ReadingPage
) -> None:
    ff.move(*spot(Level.L1))
    press(Qt.Key.Key_G)
    assert space.proposals is not None
    (box,) = space.proposals.rectangles.values()
    assert shown(maps) == [{Level.L1: box}] * 2
    assert box.row0 <= spot(Level.L1)[0] <= box.row1
    assert stored(space) == {}
    assert page.panel.help.text().startswith("L1 is proposed")
    assert maps.ghost is None


def test_enter_takes_the_proposal_and_arms_the_next_level_instead_of_signing_off(
    space: Workspace, maps: MapPair, ff: Any, press: Any, spot: Any, stored: Stored, page: ReadingPage
) -> None:
    ff.move(*spot(Level.L1))
    press(Qt.Key.Key_G)
    assert space.proposals is not None
    wanted = dict(space.proposals.rectangles)
    press(Qt.Key.Key_Return)
    assert stored(space) == wanted
    assert helped(space, Level.L1) is Help.FIT
    assert (space.selected, space.armed, space.proposals) == (Level.L2, True, None)
    assert shown(maps) == [{}, {}]
    assert page.panel.help.isHidden()


def test_a_click_in_the_proposal_takes_it_and_a_double_click_does_so_once(
    space: Workspace, ff: Any, press: Any, spot: Any, stored: Stored
) -> None:
    ff.move(*spot(Level.L1))
    press(Qt.Key.Key_G)
    assert space.proposals is not None
    wanted = dict(space.proposals.rectangles)
    ff.double_click(*spot(Level.L1))
    assert stored(space) == wanted
    assert (space.selected, space.armed) == (Level.L2, True)


def test_the_pointer_over_a_proposal_says_that_it_can_be_taken(
    space: Workspace, ff: Any, press: Any, spot: Any
) -> None:
    ff.move(*spot(Level.L1))
    assert ff.view.cursor().shape() is Qt.CursorShape.CrossCursor
    press(Qt.Key.Key_G)
    ff.move(*spot(Level.L1))
    assert ff.view.cursor().shape() is Qt.CursorShape.PointingHandCursor
    ff.move(5, 5)
    assert ff.view.cursor().shape() is Qt.CursorShape.ArrowCursor


def test_esc_and_a_click_beside_it_drop_the_proposal_and_nothing_else(
    space: Workspace, maps: MapPair, ff: Any, press: Any, spot: Any, stored: Stored
) -> None:
    for drop in (lambda: press(Qt.Key.Key_Escape), lambda: ff.click(*spot(Level.L4))):
        ff.move(*spot(Level.L1))
        press(Qt.Key.Key_G)
        assert space.proposals is not None
        drop()
        assert space.proposals is None
        assert shown(maps) == [{}, {}]
        assert stored(space) == {}
        assert (space.selected, space.armed) == (Level.L1, True)
    press(Qt.Key.Key_Escape)
    assert space.selected is None


def test_g_again_elsewhere_proposes_there_instead(
    space: Workspace, maps: MapPair, ff: Any, press: Any, spot: Any
) -> None:
    boxes = []
    for level in (Level.L1, Level.L2):
        ff.move(*spot(level))
        press(Qt.Key.Key_G)
        assert space.proposals is not None
        boxes.append(space.proposals.rectangles[Level.L1])
    assert boxes[0] != boxes[1]
    assert shown(maps) == [{Level.L1: boxes[1]}] * 2


def test_where_nothing_can_be_proposed_the_panel_says_why_until_something_else_is_done(
    space: Workspace, ff: Any, press: Any, page: ReadingPage, told: list[Any]
) -> None:
    ff.move(4, 4)
    press(Qt.Key.Key_G)
    assert space.proposals is None
    assert page.panel.help.text().startswith("No proposal. ")
    assert page.panel.help.isVisible()
    space.select(Level.L3)
    assert page.panel.help.isHidden()
    assert not told


def test_another_level_slice_or_case_ends_a_fit(
    space: Workspace, maps: MapPair, ff: Any, press: Any, spot: Any, page: ReadingPage
) -> None:
    leave = (
        lambda: space.select(Level.L2),
        lambda: space.set_slice(0),
        lambda: space.step_case(1),
        lambda: space.mark(Reason.MOTION),
    )
    for go in leave:
        space.select(Level.L1)
        space.set_slice(2)
        ff.move(*spot(Level.L1))
        space.propose_fit(spot(Level.L1))
        assert space.proposals is not None, go
        go()
        assert space.proposals is None
        assert shown(maps) == [{}, {}]
        assert page.panel.help.isHidden()


def test_a_placed_level_can_be_fitted_anew_and_undo_gives_the_old_one_back(
    space: Workspace, ff: Any, press: Any, spot: Any, stored: Stored
) -> None:
    ff.click(*spot(Level.L1))
    by_hand = stored(space)
    space.select(Level.L1)
    ff.move(*spot(Level.L1))
    press(Qt.Key.Key_G)
    press(Qt.Key.Key_Return)
    assert helped(space, Level.L1) is Help.FIT
    assert stored(space) != by_hand
    space.undo()
    assert stored(space) == by_hand
    assert helped(space, Level.L1) is None


def test_without_a_pointer_the_selected_rectangle_is_fitted_or_the_place_where_it_is_expected(
    space: Workspace, ff: Any, press: Any, spot: Any, maps: MapPair
) -> None:
    ff.click(*spot(Level.L1))
    maps._hand.leave()
    space.select(Level.L1)
    press(Qt.Key.Key_G)
    assert space.proposals is not None
    space.drop_proposal()
    space.select(Level.L2)
    press(Qt.Key.Key_G)
    # a vertebra further down, as far as one can tell without looking
    assert space.proposals is not None or space.no_proposal


def test_without_a_level_or_with_one_that_is_marked_nothing_is_proposed(
    space: Workspace, ff: Any, press: Any, spot: Any, page: ReadingPage
) -> None:
    ff.move(*spot(Level.L1))
    space.select(None)
    press(Qt.Key.Key_G)
    assert SENTENCES["fit.no_level"] in page.panel.help.text()
    space.select(Level.L1)
    space.mark(Reason.HEMANG)
    space.select(Level.L1)
    press(Qt.Key.Key_G)
    assert SENTENCES["help.marked"] in page.panel.help.text()


# -- ladder -----------------------------------------------------------------------------------------------


def test_shift_g_proposes_what_lies_between_and_enter_takes_all_in_one_step(
    ends: Workspace, maps: MapPair, press: Any, stored: Stored, page: ReadingPage
) -> None:
    before = stored(ends)
    press(Qt.Key.Key_G, shift=True)
    assert ends.proposals is not None
    wanted = dict(ends.proposals.rectangles)
    assert set(wanted) == set(RUNGS)
    assert shown(maps) == [wanted] * 2
    assert page.panel.help.text().startswith("L2, L3, L4 are proposed")
    assert stored(ends) == before
    press(Qt.Key.Key_Return)
    assert stored(ends) == {**before, **wanted}
    assert all(helped(ends, level) is Help.LADDER for level in RUNGS)
    ends.undo()
    assert stored(ends) == before


def test_a_click_takes_one_rung_and_leaves_the_others(
    ends: Workspace, maps: MapPair, ff: Any, press: Any, spot: Any, stored: Stored
) -> None:
    press(Qt.Key.Key_G, shift=True)
    assert ends.proposals is not None
    wanted = dict(ends.proposals.rectangles)
    ff.click(*spot(Level.L3))
    assert stored(ends)[Level.L3] == wanted.pop(Level.L3)
    assert shown(maps) == [wanted] * 2
    ends.set_slice(0)
    assert shown(maps) == [{}, {}]
    ends.set_slice(wanted[Level.L2].slice)
    press(Qt.Key.Key_Escape)
    assert set(stored(ends)) == {Level.L1, Level.L3, Level.L5}


def test_an_existing_rectangle_can_be_taken_while_a_ladder_is_shown_which_ends_it_when_it_moves(
    ends: Workspace, ff: Any, press: Any, spot: Any, stored: Stored
) -> None:
    press(Qt.Key.Key_G, shift=True)
    row, col = spot(Level.L1)
    ff.drag((row, col), (row + 2, col))
    assert ends.proposals is None
    assert set(stored(ends)) == {Level.L1, Level.L5}


def test_a_ladder_brings_its_slice_into_view(ends: Workspace, press: Any, maps: MapPair) -> None:
    ends.set_slice(0)
    press(Qt.Key.Key_G, shift=True)
    assert ends.proposals is not None
    assert set(shown(maps)[0]) == set(RUNGS)


def test_without_both_ends_the_panel_says_what_a_ladder_needs(
    space: Workspace, press: Any, page: ReadingPage
) -> None:
    press(Qt.Key.Key_G, shift=True)
    assert SENTENCES["ladder.no_ends"] in page.panel.help.text()


def test_rungs_that_are_not_proposed_are_named(
    ends: Workspace, page: ReadingPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends.propose_ladder()
    assert ends.proposals is not None
    full = ends.proposals
    partial = type(full)(full.by, {Level.L2: full.rectangles[Level.L2]}, {Level.L3: "fit.unclear"})
    monkeypatch.setattr(ends._proposing, "shown", partial)
    ends.proposed.emit()
    assert page.panel.help.text().startswith("L2 proposed (dashed), not L3")


# -- not allowed ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shift", [False, True])
def test_where_the_protocol_forbids_help_the_keys_say_so_in_the_status_line(
    window: MainWindow, templates: dict[bool, Path], tmp_path: Path, press: Any, ff: Any, shift: bool
) -> None:
    window.open(Path(shutil.copy(templates[False], tmp_path / "plain.marrow")))
    status = window.findChild(StatusBar)
    assert isinstance(status, StatusBar)
    ff.move(40, 40)
    press(Qt.Key.Key_G, shift=shift)
    assert window.workspace.proposals is None
    assert status.saved.text() == SENTENCES["help.off"]
    assert window.workspace.selected is Level.L1
    window.workspace.select(Level.L2)
    assert status.saved.text() != SENTENCES["help.off"]


def test_a_locked_case_takes_no_proposal_and_says_so(
    space: Workspace, press: Any, ff: Any, spot: Any, told: list[Any]
) -> None:
    for level in LEVELS:
        space.select(level)
        space.mark(Reason.MOTION)
    space.sign_off(go_on=False)
    ff.move(*spot(Level.L1))
    for shift in (False, True):
        press(Qt.Key.Key_G, shift=shift)
    assert [problem.code for problem in told] == ["reading.locked"] * 2
    assert space.proposals is None


def test_enter_signs_off_as_before_when_nothing_is_proposed(space: Workspace, press: Any) -> None:
    for level in LEVELS:
        space.select(level)
        space.mark(Reason.MOTION)
    assert not space.accept_proposal()
    press(Qt.Key.Key_Return)
    assert space.case is not None
    assert space.case.reading.locked
