"""The loop of a reader's day: keys, gaps, sign-off, undo, reasons, the next case."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.domain.errors import AppError
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Kind, Role
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import open_session as sessions
from app.store import people, readings
from app.ui.dialogs.unlock import ReopenDialog
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Key = Callable[..., None]
Fill = Callable[..., None]
Stored = Callable[[Workspace], dict[Level, Rectangle]]


def test_five_clicks_and_enter_read_a_case(
    window: MainWindow, page: ReadingPage, ff: Any, key: Key, stored: Stored
) -> None:
    space = window.workspace
    assert space.case is not None
    first = space.case.exam.id
    page.setFocus()
    for number in range(5):
        ff.click(12 + 18 * number, 40)
    assert len(stored(space)) == 5
    key("Return")
    assert next(case for case in space.cases if case.exam_id == first).locked
    assert space.case is not None
    assert space.case.exam.id != first
    assert (space.selected, space.armed) == (Level.L1, True)


def test_enter_with_a_gap_goes_to_the_gap(window: MainWindow, fill: Fill, key: Key) -> None:
    space = window.workspace
    fill(space, Level.L1, Level.L2, Level.L4, Level.L5)
    space.select(Level.L5)
    assert space.case is not None
    exam = space.case.exam.id
    key("Return")
    assert space.selected is Level.L3
    assert (space.case.exam.id, space.case.reading.locked) == (exam, False)


def test_ctrl_enter_signs_off_and_stays(window: MainWindow, fill: Fill, key: Key) -> None:
    space = window.workspace
    fill(space)
    assert space.case is not None
    exam = space.case.exam.id
    key("Return", "Control")
    assert (space.case.exam.id, space.case.reading.locked) == (exam, True)


def test_a_case_with_a_rectangle_that_a_rule_refuses_is_not_signed_off(
    window: MainWindow, fill: Fill, key: Key, told: list[AppError]
) -> None:
    space = window.workspace
    fill(space)
    space.show_preview(Level.L2, space.rectangles[Level.L1])
    space.commit_preview()
    key("Return")
    assert [problem.code for problem in told] == ["sign_off.refused"]
    assert space.case is not None
    assert not space.case.reading.locked
    assert "L2" in window.banner.words


def test_undo_directly_after_sign_off_reopens_that_case(window: MainWindow, fill: Fill, key: Key) -> None:
    space = window.workspace
    assert space.case is not None
    exam = space.case.exam.id
    fill(space)
    key("Return")
    assert space.case.exam.id != exam
    key("Z", "Control")
    assert space.case is not None
    assert (space.case.exam.id, space.case.reading.locked) == (exam, False)
    assert len(space.rectangles) == 5


def test_undo_after_placing_in_the_next_case_takes_back_that_and_leaves_the_signed_off_one(
    window: MainWindow, fill: Fill, ff: Any, key: Key, stored: Stored
) -> None:
    space = window.workspace
    assert space.case is not None
    exam = space.case.exam.id
    fill(space)
    key("Return")
    ff.click(20, 40)
    key("Z", "Control")
    assert space.case.exam.id != exam
    assert stored(space) == {}
    assert next(case for case in space.cases if case.exam_id == exam).locked


def test_undo_never_reopens_another_case_than_the_one_signed_off(
    window: MainWindow, fill: Fill, key: Key, open_case: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the signed-off case cannot be opened, the locked one at hand stays locked."""
    space = window.workspace
    open_case(space, "C0002")
    for level in LEVELS:
        space.select(level)
        space.mark(Reason.MOTION)
    space.sign_off(go_on=False)
    open_case(space, "C0001")
    fill(space)
    space.sign_off(go_on=False)
    open_case(space, "C0002")
    assert space.case is not None
    assert space.case.reading.locked

    def broken(*_: object) -> None:
        raise AppError("store.io", file="study.marrow")

    monkeypatch.setattr("app.services.read_exam.open_case", broken)
    key("Z", "Control")
    assert space.case.exam.code == "C0002"
    assert space.case.reading.locked
    monkeypatch.undo()
    key("Z", "Control")
    assert (space.case.exam.code, space.case.reading.locked) == ("C0001", False)


def test_undo_and_redo_walk_through_every_edit_and_survive_a_restart(
    window: MainWindow, fill: Fill, key: Key, stored: Stored, reading_session: Path
) -> None:
    space = window.workspace
    fill(space, Level.L1, Level.L2)
    space.select(Level.L2)
    space.nudge(0, 3)
    moved = stored(space)
    window.open(reading_session)
    space.close()
    window.open(reading_session)
    assert space.case is not None
    assert space.case.exam.code == "C0001"
    page = window.page("read")
    page.setFocus()
    key("Z", "Control")
    assert stored(space)[Level.L2].col0 == moved[Level.L2].col0 - 3
    key("Z", "Control")
    assert set(stored(space)) == {Level.L1}
    key("Y", "Control")
    key("Z", "Control", "Shift")
    assert stored(space) == moved


def test_a_signed_off_case_says_so_and_can_be_reopened_by_its_button(
    window: MainWindow, page: ReadingPage, fill: Fill
) -> None:
    space = window.workspace
    fill(space)
    space.sign_off(go_on=False)
    assert "Signed off" in page.panel.warning.text()
    assert page.panel.reopen.isVisible()
    assert not page.panel.exclude.isVisible()
    QTest.mouseClick(page.panel.reopen, Qt.MouseButton.LeftButton)
    assert space.case is not None
    assert not space.case.reading.locked
    assert not page.panel.reopen.isVisible()


def test_a_case_signed_off_a_while_ago_is_reopened_by_its_button_with_a_reason(
    window: MainWindow, page: ReadingPage, fill: Fill, ff: Any, open_case: Callable[..., None]
) -> None:
    space = window.workspace
    fill(space)
    space.sign_off(go_on=True)
    ff.click(20, 40)
    open_case(space, "C0001")
    QTest.mouseClick(page.panel.reopen, Qt.MouseButton.LeftButton)
    (dialog,) = window.findChildren(ReopenDialog)
    assert "C0001" in dialog.windowTitle()
    assert not dialog.go.isEnabled()
    assert space.case is not None
    assert space.case.reading.locked
    QTest.keyClicks(dialog.reason, "L1 is T12")
    QTest.mouseClick(dialog.go, Qt.MouseButton.LeftButton)
    assert not dialog.isVisible()
    assert not space.case.reading.locked
    (mine,) = (one for one in space.cases if one.code == "C0001")
    assert mine.unlocked == "L1 is T12"


def test_a_case_of_long_ago_that_nobody_may_reopen_says_who_can(
    window: MainWindow,
    page: ReadingPage,
    fill: Fill,
    ff: Any,
    open_case: Callable[..., None],
    told: list[AppError],
) -> None:
    space = window.workspace
    fill(space)
    space.sign_off(go_on=True)
    ff.click(20, 40)
    open_case(space, "C0001")
    assert space.session is not None
    for reader in sessions.readers_of(space.session):
        people.grant(space.session.database, reader, list(Role), actor="test")
    QTest.mouseClick(page.panel.reopen, Qt.MouseButton.LeftButton)
    assert window.findChildren(ReopenDialog) == []
    assert [problem.code for problem in told] == ["reading.needs_unlock"]


def test_without_a_case_there_is_nothing_to_reopen(window: MainWindow) -> None:
    space = window.workspace
    space.close()
    assert not space.reopening_wants_reason


@pytest.mark.parametrize("code", ["C0001", "C0002", "C0003"])
@pytest.mark.parametrize(
    ("name", "modifiers", "step"),
    [("Left", (), (-1, 0)), ("Right", (), (1, 0)), ("Up", (), (0, -1)), ("Down", ("Shift",), (0, 5))],
)
def test_nudging_follows_the_screen_however_the_exam_is_stored(
    window: MainWindow, ff: Any, key: Key, open_case: Callable[..., None], code: str, name: str,
    modifiers: tuple[str, ...], step: tuple[int, int],
) -> None:  # fmt: skip
    space = window.workspace
    open_case(space, code)
    space.show_preview(Level.L1, Rectangle(space.slice, 40, 30, 8, 11))
    space.commit_preview()
    space.select(Level.L1)
    shown = ff.view.view
    before = shown.box(space.rectangles[Level.L1])
    key(name, *modifiers)
    after = shown.box(space.rectangles[Level.L1])
    voxel = shown.scale * 1.25
    assert (after[0] - before[0], after[1] - before[1]) == pytest.approx((step[0] * voxel, step[1] * voxel))


@pytest.mark.parametrize("code", ["C0001", "C0002", "C0003"])
@pytest.mark.parametrize(
    ("name", "grown"), [("Right", (1, 0)), ("Left", (-1, 0)), ("Down", (0, 1)), ("Up", (0, -1))]
)
def test_alt_arrows_move_the_right_and_the_lower_edge_on_screen(
    window: MainWindow, ff: Any, key: Key, open_case: Callable[..., None], code: str, name: str,
    grown: tuple[int, int],
) -> None:  # fmt: skip
    space = window.workspace
    open_case(space, code)
    space.show_preview(Level.L1, Rectangle(space.slice, 40, 30, 8, 11))
    space.commit_preview()
    space.select(Level.L1)
    shown = ff.view.view
    before = shown.box(space.rectangles[Level.L1])
    key(name, "Alt")
    after = shown.box(space.rectangles[Level.L1])
    voxel = shown.scale * 1.25
    assert after[:2] == pytest.approx(before[:2])
    assert (after[2] - before[2], after[3] - before[3]) == pytest.approx((grown[0] * voxel, grown[1] * voxel))


def test_arrows_change_the_slice_when_no_rectangle_is_selected(window: MainWindow, key: Key) -> None:
    space = window.workspace
    space.select(None)
    before = space.slice
    key("Down")
    assert space.slice == before + 1
    key("Up")
    key("PageUp")
    assert space.slice == before - 1


def test_a_nudge_at_the_border_of_the_image_writes_nothing(window: MainWindow, key: Key) -> None:
    space = window.workspace
    space.show_preview(Level.L1, Rectangle(4, 0, 0, 8, 11))
    space.commit_preview()
    space.select(Level.L1)
    assert space.case is not None
    before = space.case.reading.revisions
    key("Left")
    key("Up")
    assert space.case.reading.revisions == before


def test_number_keys_and_tab_choose_the_level(window: MainWindow, page: ReadingPage, key: Key) -> None:
    space = window.workspace
    page.setFocus()
    for number, level in enumerate(LEVELS, start=1):
        key(str(number))
        assert space.selected is level
    key("Tab")
    assert space.selected is Level.L1
    QTest.keyClick(page, Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert space.selected is Level.L5
    key("Escape")
    assert space.selected is None


def test_delete_removes_the_rectangle_and_undo_brings_it_back(
    window: MainWindow, fill: Fill, key: Key, stored: Stored
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    before = stored(space)
    space.select(Level.L1)
    key("Delete")
    assert stored(space) == {}
    key("Z", "Control")
    assert stored(space) == before


def reasons_menu(page: ReadingPage) -> QMenu:
    shown = QApplication.activePopupWidget()
    assert isinstance(shown, QMenu)
    assert shown is page.panel.asking.marking
    return shown


def test_x_offers_every_reason_and_marks_with_the_chosen_one(
    window: MainWindow, page: ReadingPage, key: Key
) -> None:
    page.setFocus()
    key("X")
    menu = reasons_menu(page)
    chosen = page.panel.asking.marking.chosen
    title, *offered = menu.actions()
    assert "L1" in title.text()
    assert not title.isEnabled()
    assert [chosen(action) for action in offered] == list(Reason)
    offered[list(Reason).index(Reason.HEMANG)].trigger()
    menu.close()
    space = window.workspace
    assert space.case is not None
    state = space.case.reading.history.state(Level.L1)
    assert (state.kind, state.reason) == (Kind.NOT_MEASURABLE, Reason.HEMANG)
    assert space.selected is Level.L2
    assert "haemangioma" in page.panel.table.levels.rows[0].note


def test_the_reason_other_wants_words_and_enter_in_the_field_marks(
    window: MainWindow, page: ReadingPage, key: Key, told: list[AppError]
) -> None:
    space = window.workspace
    page.setFocus()
    key("X")
    menu = reasons_menu(page)
    menu.actions()[-1].trigger()
    menu.close()
    assert page.panel.note.isVisible()
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    assert [problem.code for problem in told] == ["reason.needs_note"]
    assert space.case is not None
    assert space.case.reading.history.gaps == LEVELS
    # keys of the page are letters here
    QTest.keyClicks(page.panel.note, "rod 1 x")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    state = space.case.reading.history.state(Level.L1)
    assert (state.reason, state.note) == (Reason.OTHER, "rod 1 x")
    assert not page.panel.note.isVisible()
    # the keys are back with the maps
    key("3")
    assert space.selected is Level.L3


def test_escape_in_the_field_of_the_reason_marks_nothing(
    window: MainWindow, page: ReadingPage, key: Key
) -> None:
    key("X")
    menu = reasons_menu(page)
    menu.actions()[-1].trigger()
    menu.close()
    QTest.keyClicks(page.panel.note, "rod")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Escape)
    assert not page.panel.note.isVisible()
    space = window.workspace
    assert space.case is not None
    assert space.case.reading.history.gaps == LEVELS
    assert space.selected is Level.L1


def test_the_menu_of_a_right_click_names_what_it_offers(window: MainWindow, ff: Any, fill: Fill) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.select(Level.L1)
    ff.click(12, 40, Qt.MouseButton.RightButton)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert all(action.text() for action in menu.actions())
    next(action for action in menu.actions() if action.objectName() == "remove").trigger()
    menu.close()
    assert window.workspace.rectangles == {}


def test_space_after_a_click_on_sign_off_does_not_sign_off_again(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key
) -> None:
    space = window.workspace
    fill(space)
    page.setFocus()
    QTest.mouseClick(page.panel.sign_off, Qt.MouseButton.LeftButton)
    assert sum(case.locked for case in space.cases) == 1
    assert window.focusWidget() is page
    # signing off once more would go to the first gap
    space.select(Level.L3)
    key("Space")
    assert space.selected is Level.L3


def test_ctrl_arrows_walk_through_the_cases_in_the_readers_order(window: MainWindow, key: Key) -> None:
    space = window.workspace
    order = [case.exam_id for case in space.cases]
    assert space.case is not None
    here = order.index(space.case.exam.id)
    key("Right", "Control")
    assert space.case.exam.id == order[(here + 1) % 3]
    key("Left", "Control")
    key("Left", "Control")
    assert space.case.exam.id == order[(here - 1) % 3]


def test_switching_the_reader_closes_the_case_and_shows_nothing_of_the_first_reader(
    window: MainWindow, page: ReadingPage, fill: Fill
) -> None:
    space = window.workspace
    fill(space)
    space.sign_off(go_on=False)
    space.set_reader("Bo")
    assert space.viewer is not None
    assert space.viewer.reader.name == "Bo"
    assert not any(case.locked or case.done for case in space.cases)
    for case in space.cases:
        space.open_case(case.exam_id)
        assert space.rectangles == {}
        assert all(view._marks.rectangles == {} for view in page.maps.views.values())
        rows = page.panel.table.levels.rows
        assert not any(row.ff or row.r2star or row.voxels for row in rows)
        assert all(view._counts is None for view in page.panel.histograms.views.values())
    assert "Bo" in window.topbar.reader.text()
    assert page.cases._progress_words.text() == "0 of 3 signed off"


def test_the_reader_menu_switches_the_reader(window: MainWindow) -> None:
    menu = window.topbar.reader.menu()
    next(action for action in menu.actions() if action.text() == "Bo").trigger()
    assert window.workspace.viewer is not None
    assert window.workspace.viewer.reader.name == "Bo"
    assert [action.text() for action in menu.actions() if action.isChecked()] == ["Bo"]


def test_a_program_that_ends_without_closing_returns_to_the_same_case_and_slice(
    window: MainWindow, open_case: Callable[..., None], tmp_path: Path, reading_session: Path
) -> None:
    space = window.workspace
    open_case(space, "C0003")
    space.set_slice(6)
    space.select(Level.L4)
    assert space.session is not None
    # what lies on the disk now is what a killed program leaves
    copy = tmp_path / "after-the-kill.marrow"
    sessions.save_copy(space.session, copy)
    window.open(copy)
    assert space.case is not None
    assert space.case.exam.code == "C0003"


def test_a_read_only_session_refuses_edits_with_a_sentence(
    window: MainWindow, fill: Fill, ff: Any, key: Key, told: list[AppError], reading_session: Path,
    open_case: Callable[..., None],
) -> None:  # fmt: skip
    space = window.workspace
    fill(space, Level.L1)
    space.close()
    holder = sessions.open_session(reading_session)
    try:
        window.open(reading_session)
        open_case(space, "C0001")
        assert space.session is not None
        assert space.session.read_only
        assert str(os.getpid()) in window.banner.words
        assert window.topbar._badges["read_only"].isVisible()
        before = space.rectangles
        for wish in ("nudge", "remove", "mark", "click"):
            told.clear()
            space.select(Level.L2 if wish in {"mark", "click"} else Level.L1)
            if wish == "nudge":
                key("Right")
            elif wish == "remove":
                key("Delete")
            elif wish == "mark":
                key("X")
            else:
                ff.click(50, 40)
            assert [problem.code for problem in told] == ["store.read_only"], wish
            assert space.rectangles == before
    finally:
        holder.close()


def test_opening_the_session_that_is_open_already_keeps_it_writable(
    window: MainWindow, reading_session: Path, fill: Fill, stored: Stored
) -> None:
    fill(window.workspace, Level.L1)
    window.open(reading_session)
    assert window.workspace.session is not None
    assert not window.workspace.session.read_only
    fill(window.workspace, Level.L2)
    assert set(stored(window.workspace)) == {Level.L1, Level.L2}


def test_a_session_that_cannot_be_opened_leaves_the_one_at_hand_open(
    window: MainWindow, tmp_path: Path, told: list[AppError], fill: Fill, stored: Stored
) -> None:
    broken = tmp_path / "broken.marrow"
    broken.write_bytes(b"nothing of the kind")
    window.open(broken)
    assert len(told) == 1
    assert window.banner.words
    fill(window.workspace, Level.L1)
    assert set(stored(window.workspace)) == {Level.L1}


def test_a_change_that_another_window_signed_off_meanwhile_is_refused_and_nothing_is_stored(
    window: MainWindow, fill: Fill, told: list[AppError], stored: Stored
) -> None:
    space = window.workspace
    fill(space)
    before = stored(space)
    assert space.session is not None
    assert space.case is not None
    readings.append_event(space.session.database, space.case.reading, "signed_off")
    space.select(Level.L1)
    space.nudge(0, 1)
    assert [problem.code for problem in told] == ["reading.locked"]
    assert stored(space) == before == space.rectangles


def test_the_status_line_says_when_it_was_saved_and_how_far_undo_goes(window: MainWindow, fill: Fill) -> None:
    assert "saved when it happens" in window.status.saved.text()
    fill(window.workspace, Level.L1, Level.L2)
    assert window.status.saved.text().startswith("Saved ")
    assert window.status._undo.text() == "Undo 2"


def test_the_panel_shows_the_same_numbers_as_the_file(
    window: MainWindow, page: ReadingPage, fill: Fill
) -> None:
    space = window.workspace
    fill(space)
    assert space.case is not None
    for level, row in zip(LEVELS, page.panel.table.levels.rows, strict=True):
        stats = space.case.reading.history.current[level].stats
        ff, r2star = stats[Quantity.FF], stats[Quantity.R2STAR]
        assert (row.ff, row.r2star) == (f"{ff.mean:.1f}", f"{r2star.mean:.1f}")
        assert (row.ff_sd, row.r2star_sd) == (f"±{ff.sd:.1f}", f"±{r2star.sd:.0f}")
        assert row.voxels == str(ff.n)
