"""Warnings about the place in a vertebral body: looked for beside the window, shown when they are known."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.checks_place import Place
from app.domain.fitting import TILTS_DEG, Body
from app.domain.protocol import LEVELS, Level
from app.services import case as cases
from app.ui import body_watch
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Fill = Callable[..., None]
Looked = list[tuple[str, Place]]


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> Looked:
    """Where bodies are looked for; all are too shallow for any rectangle and lie around it."""
    found: Looked = []

    def body_around(exam: Any, place: Place, protocol: Any, tilts: Iterable[float] = ()) -> Body:
        assert list(tilts) in ([], list(TILTS_DEG))
        found.append((exam.code, place))
        return Body(place[0], place[1:], 0.0, 40.0, 12.0)

    monkeypatch.setattr(body_watch, "body_around", body_around)
    monkeypatch.setattr(cases, "body_around", body_around)
    return found


def warned(page: ReadingPage) -> list[Level]:
    return [row.level for row in page.panel.table.levels.rows if "vertebral body" in row.warning]


def test_a_rectangle_is_warned_of_a_little_after_it_was_placed_and_the_hand_is_not_stopped(
    window: MainWindow, page: ReadingPage, ff: Any, looked: Looked, qtbot: QtBot
) -> None:
    space = window.workspace
    with qtbot.waitSignal(space.judged, timeout=60_000):
        ff.click(40, 40)
    assert [code for code, _ in looked] == ["C0001"]
    assert warned(page) == [Level.L1]
    assert "anterior 67 %" in page.panel.warning.text()
    assert page.panel.warning.isVisible()
    assert (space.selected, space.armed) == (Level.L2, True)
    # known from now on: going away and coming back asks nothing
    space.undo()
    space.redo()
    assert warned(page) == [Level.L1]
    assert not space._watch.waiting
    assert len(looked) == 1


def test_what_is_being_written_stays_open_when_rules_speak(
    window: MainWindow, page: ReadingPage, fill: Fill, looked: Looked, qtbot: QtBot
) -> None:
    space = window.workspace
    with qtbot.waitSignal(space.judged, timeout=60_000):
        fill(space, Level.L1)
        page.panel.asking.ask_note()
        QTest.keyClicks(page.panel.note, "old ")
    assert warned(page) == [Level.L1]
    space.set_slice(space.slice + 1)
    assert page.panel.note.isVisible()
    assert page.panel.note.text() == "old "


def test_while_a_rectangle_is_dragged_nothing_is_said_and_afterwards_it_is(
    window: MainWindow, page: ReadingPage, ff: Any, looked: Looked, qtbot: QtBot
) -> None:
    space = window.workspace
    ff.click(40, 40)
    space._watch._rest.stop()
    ff.press(60, 40)
    with qtbot.waitSignal(space.judged, timeout=60_000):
        space._watch._start()
    assert space.preview is not None
    assert warned(page) == []
    with qtbot.waitSignal(space.judged, timeout=60_000):
        ff.release(60, 40)
    assert warned(page) == [Level.L1, Level.L2]


@pytest.mark.parametrize("go_on", [True, False])
def test_what_stands_after_sign_off_is_told_in_full_however_quick_the_hand_was(
    window: MainWindow, page: ReadingPage, fill: Fill, looked: Looked, qtbot: QtBot, *, go_on: bool
) -> None:
    space = window.workspace
    page.setFocus()
    fill(space)
    assert space.case is not None
    signed = space.case.exam.id
    space.sign_off(go_on=go_on)
    assert looked == []
    with qtbot.waitSignal(space._watch_signed.found, timeout=60_000):
        assert (space.case.exam.id == signed) is not go_on
    assert space.signed_off is not None
    told = [one for one in space.signed_off.findings if one.code == "check.posterior"]
    assert [one.level for one in told] == list(LEVELS)
    assert "anterior 67 %" in page.panel.signed_off.toolTip()
    # the list of cases tells the same of it
    again = space.standing_of(signed)
    assert again is not None
    assert again.findings == space.signed_off.findings


def test_a_case_that_is_open_again_tells_nothing_of_its_sign_off(
    workspace: Workspace, fill: Fill, looked: Looked
) -> None:
    fill(workspace)
    workspace.sign_off(go_on=True)
    workspace._watch_signed._rest.stop()
    workspace._watch_signed._start()
    workspace._watch_signed._job._pool.waitForDone()
    # its answer is on the way when the hand takes the sign-off back
    workspace.undo()
    QApplication.processEvents()
    assert workspace.signed_off is None


def test_what_is_found_of_a_case_that_was_left_is_dropped(
    workspace: Workspace, fill: Fill, looked: Looked
) -> None:
    fill(workspace, Level.L1)
    heard: list[bool] = []
    workspace.judged.connect(lambda: heard.append(True))
    workspace._watch._rest.stop()
    workspace._watch._start()
    workspace.step_case(1)
    # the thread is done, its answer on the way
    workspace._watch._job._pool.waitForDone()
    QApplication.processEvents()
    assert workspace.case is not None
    assert workspace.case.exam.code != "C0001"
    assert heard == []
    assert not workspace.case.bodies


def test_what_is_placed_while_an_answer_is_on_its_way_is_looked_at_too(
    workspace: Workspace, fill: Fill, looked: Looked, qtbot: QtBot
) -> None:
    fill(workspace, Level.L1)
    workspace._watch._start()
    workspace._watch._job._pool.waitForDone()
    with qtbot.waitSignals([workspace.judged, workspace.judged], timeout=60_000):
        fill(workspace, Level.L2)
    assert workspace.case is not None
    assert workspace.case.unlooked == ()
    assert len(looked) == 2
    assert not workspace._watch.waiting


def test_a_hand_at_work_is_waited_for(
    workspace: Workspace, fill: Fill, looked: Looked, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workspace._watch._rest, "start", lambda: started.append(True))
    started: list[bool] = []
    workspace.set_slice(workspace.slice + 1)
    # nothing to look at, nothing to wait for
    assert started == []
    fill(workspace, Level.L1)
    before = len(started)
    workspace.set_slice(workspace.slice - 1)
    box = workspace.rectangles[Level.L1]
    workspace.show_preview(Level.L2, box)
    assert len(started) == before + 2
    assert looked == []


def test_the_session_is_closed_only_after_the_search_ended(
    workspace: Workspace, fill: Fill, looked: Looked
) -> None:
    fill(workspace, Level.L1)
    workspace._watch._rest.stop()
    workspace._watch._start()
    workspace.close()
    assert not workspace._watch.waiting
    # without a case there is nothing to look at
    workspace._watch._start()
    assert not workspace._watch.waiting
