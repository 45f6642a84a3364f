"""An empty chair: when the window locks, what is left to be seen, and how one comes back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QLabel

from app.domain.progress import Progress
from app.domain.protocol import Level
from app.domain.reading import Role
from app.services.open_session import Session
from app.ui.idle_lock import IdleLock
from app.ui.main_window import MainWindow
from app.ui.settings import Settings

Enter = Callable[..., None]


def time_out(window: MainWindow) -> None:
    """Let the watch run out."""
    assert window.door.idle.minutes
    window.door.idle._timer.timeout.emit()
    QApplication.processEvents()


def test_an_empty_chair_leaves_the_card_over_an_empty_page(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    code = door.workspace.case.exam.code if door.workspace.case else ""
    door.file_menu.actions["keys"].trigger()
    door.banner.say("Picture saved", bad=False)
    time_out(door)
    space, card = door.workspace, door.door.card
    assert space.viewer is None
    assert space.case is None
    assert door.stack.currentWidget() is card
    assert door._pages == {}
    assert door.banner.words == ""
    assert not [dialog for dialog in door.findChildren(QDialog) if dialog.isVisible()]
    shown = [label.text() for label in door.findChildren(QLabel) if label.isVisible()]
    assert not [text for text in shown if code in text]
    assert card.title.text() == "Locked"
    assert card.form.person is not None
    assert card.form.person.reader.name == "Bo"
    assert door.focusWidget() is card.form.secret


def test_whoever_was_there_comes_back_to_the_same_case_slice_and_level(
    door: MainWindow, enter: Enter
) -> None:
    enter(door, "Bo")
    space = door.workspace
    space.open_case(space.cases[2].exam_id)
    space.select(Level.L4)
    space.set_slice(7)
    code = space.cases[2].code
    door.show_page("worklist")
    time_out(door)
    QTest.keyClicks(door.door.card.form.secret, "2468")
    QTest.keyClick(door.door.card.form.secret, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert space.case is not None
    assert (space.case.exam.code, space.slice, space.selected) == (code, 7, Level.L4)
    assert door.stack.currentWidget() is door.page("worklist")


def test_a_coordinator_is_offered_to_coordinate_again(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    time_out(door)
    assert door.door.card.form.role is Role.COORDINATOR


def test_somebody_else_may_come_instead(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    door.show_page("audit")
    time_out(door)
    form = door.door.card.form
    form.people.setCurrentRow(1)
    form.secret.setText("2468")
    form.go.click()
    assert door.stack.currentWidget() is door.door.closed


def test_keys_of_the_program_lead_nowhere_while_it_is_locked(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    time_out(door)
    for number in range(1, 6):
        QTest.keyClick(door, Qt.Key[f"Key_{number}"], Qt.KeyboardModifier.ControlModifier)
        assert door.stack.currentWidget() is door.door.card
    for name in ("import", "export", "copy", "clinical", "study", "lock"):
        assert not door.file_menu.actions[name].isEnabled()


def test_the_window_locks_after_ten_minutes_where_somebody_has_a_secret_and_never_elsewhere(
    door: MainWindow, enter: Enter, window: MainWindow
) -> None:
    assert window.door.idle.minutes == 0
    assert door.door.idle.minutes == 0
    enter(door, "Bo")
    assert door.door.idle.minutes == 10
    door.workspace.sign_out()
    assert door.door.idle.minutes == 0


@pytest.mark.parametrize(
    ("entry", "minutes"), [("idle_5", 5), ("idle_30", 30), ("idle_0", 0), ("idle_usual", 10)]
)
def test_after_how_long_can_be_chosen_and_is_remembered(
    door: MainWindow, enter: Enter, entry: str, minutes: int
) -> None:
    enter(door, "Bo")
    door.file_menu.choices[entry].trigger()
    assert door.door.idle.minutes == minutes
    door.settings._store.sync()
    again = Settings(door.settings._store.fileName())  # type: ignore[arg-type]
    assert again.idle_minutes == (None if entry == "idle_usual" else minutes)


def test_a_setting_that_makes_no_sense_is_left_out(home: Any) -> None:
    home.mkdir(exist_ok=True)
    settings = Settings(home / "settings.ini")
    settings.idle_minutes = 7
    assert settings.idle_minutes is None


def test_every_touch_begins_the_time_anew(
    door: MainWindow, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(door, "Bo")
    begun: list[int] = []
    handle, watch = door.windowHandle(), door.door.idle
    monkeypatch.setattr(watch._timer, "start", lambda *_: begun.append(1))
    QTest.mouseMove(handle, QPoint(300, 300))
    QTest.mouseClick(handle, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 760))
    QTest.keyClick(handle, Qt.Key.Key_F12)
    QApplication.processEvents()
    assert len(begun) >= 3
    before = len(begun)
    door.update()
    QApplication.processEvents()
    assert len(begun) == before


def test_a_hand_in_a_dialog_counts_as_well(
    door: MainWindow, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(door, "Bo")
    door.file_menu.actions["about"].trigger()
    QApplication.processEvents()
    (dialog,) = (one for one in door.findChildren(QDialog) if one.isVisible())
    dialog.activateWindow()
    QApplication.processEvents()
    begun: list[int] = []
    monkeypatch.setattr(door.door.idle._timer, "start", lambda *_: begun.append(1))
    QTest.keyClick(dialog.windowHandle(), Qt.Key.Key_F12)
    QApplication.processEvents()
    assert begun


def test_while_a_task_runs_somebody_is_there(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    waited: list[bool] = []

    def work(_: Session, progress: Progress) -> None:
        while not waited:
            progress.report(1, 2)

    door.tasks._start(work, lambda _: None, writing=False)
    time_out(door)
    assert door.workspace.viewer is not None
    assert door.door.idle.minutes == 10
    waited.append(True)
    door.tasks.stop()
    time_out(door)
    assert door.workspace.viewer is None


def test_a_watch_that_was_stopped_can_be_stopped_again_and_is_not_put_off(qapp: QApplication) -> None:
    watch = IdleLock()
    watch.put_off()
    assert watch.minutes == 0
    watch.stop()
    watch.watch(3)
    watch.watch(4)
    assert watch.minutes == 4
    watch.put_off()
    assert watch.minutes == 4
    watch.watch(0)
    assert watch.minutes == 0
    watch.deleteLater()
