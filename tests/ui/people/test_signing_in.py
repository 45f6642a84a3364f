"""Who is there: the card, the panel, roles, wrong secrets, what is in sight of whom."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QFont, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget

from app.domain.protocol import Level, Protocol
from app.domain.reading import Role
from app.services import open_session as sessions
from app.services import sign_in as doors
from app.services.open_session import create_session
from app.ui import present
from app.ui.copying import copy_text
from app.ui.dialogs.own_secret import OwnSecretDialog
from app.ui.dialogs.sign_in import SignInPanel
from app.ui.dialogs.why import WhyDialog
from app.ui.main_window import MainWindow
from app.ui.patience import Patience
from app.ui.workspace import Workspace

Enter = Callable[..., None]
Complaints = Callable[[QWidget], list[str]]


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def dialog_of(window: MainWindow, kind: type) -> QDialog:
    (found,) = [one for one in window.findChildren(kind) if one.isVisible()]
    assert isinstance(found, QDialog)
    return found


def entries(window: MainWindow) -> dict[str, QAction]:
    return {action.text(): action for action in window.topbar._readers.actions() if action.text()}


def badge(window: MainWindow) -> str:
    shown = window.topbar._badges["blinded"]
    return shown.text() if shown.isVisible() else ""


# -- the card -----------------------------------------------------------------------------------------


def test_a_study_opens_on_the_card_and_shows_nothing_else(door: MainWindow) -> None:
    space, card = door.workspace, door.door.card
    assert space.viewer is None
    assert space.case is None
    assert space.cases == []
    assert door.stack.currentWidget() is card
    assert card.title.text() == "Who is there?"
    assert [card.form.people.item(row).text() for row in range(2)] == ["Ana", "Bo"]
    assert not any(control.isVisible() for control in (*door.topbar.pages.values(), door.topbar.reader))
    assert "blind.marrow" in door.windowTitle()


@pytest.mark.parametrize("page", ["worklist", "read", "clinical", "statistics", "audit"])
def test_no_page_comes_forward_while_nobody_is_signed_in(door: MainWindow, page: str) -> None:
    door.show_page(page)
    assert door.stack.currentWidget() is door.door.card


def test_the_card_can_be_walked_and_told(door: MainWindow, complaints: Complaints) -> None:
    door.door.card.form.people.setCurrentRow(0)
    assert complaints(door) == []


def test_enter_in_the_line_for_the_secret_signs_in_and_opens_the_case(door: MainWindow) -> None:
    form = door.door.card.form
    form.people.setCurrentRow(1)
    form.take_keys()
    QTest.keyClicks(form.secret, "2468")
    QTest.keyClick(form.secret, Qt.Key.Key_Return)
    QApplication.processEvents()
    viewer = door.workspace.viewer
    assert viewer is not None
    assert (viewer.reader.name, viewer.role) == ("Bo", Role.READER)
    assert door.workspace.case is not None
    assert not door.workspace.case.reading.revisions
    assert door.stack.currentWidget() is door.page("read")
    assert door.topbar.reader.text() == "Bo · reader"
    assert badge(door) == "Blinded · round 1"
    # nothing typed stays behind
    assert form.secret.text() == ""


def test_enter_in_the_list_goes_to_the_line_for_the_secret(door: MainWindow) -> None:
    form = door.door.card.form
    form.people.setFocus()
    QTest.keyClick(form.people, Qt.Key.Key_Return)
    assert QApplication.focusWidget() is form.secret
    assert door.workspace.viewer is None
    assert not form.told.isVisible()


def test_only_whoever_holds_both_roles_is_asked_what_to_do(door: MainWindow) -> None:
    form = door.door.card.form
    form.people.setCurrentRow(0)
    assert form.roles[Role.COORDINATOR].isVisible()
    assert form.role is Role.READER
    form.people.setCurrentRow(1)
    assert not form.roles[Role.COORDINATOR].isVisible()


def test_a_coordinator_sees_all_and_that_is_in_sight(door: MainWindow) -> None:
    form = door.door.card.form
    form.people.setCurrentRow(0)
    form.roles[Role.COORDINATOR].click()
    form.secret.setText("ana's own")
    form.go.click()
    assert door.topbar.reader.text() == "Ana · coordinator"
    assert badge(door) == "Sees all · round 1"
    door.show_page("audit")
    assert door.stack.currentWidget() is door.page("audit")


def test_the_session_can_be_closed_from_the_card(door: MainWindow) -> None:
    door.door.card.leave.click()
    assert door.workspace.session is None
    assert door.stack.currentWidget() is door.start


def test_files_dropped_on_the_card_wait_for_somebody_to_sign_in(door: MainWindow, tmp_path: Path) -> None:
    door.take([tmp_path / "images"])
    assert door.banner.words.endswith("Sign in first, then drop it again.")
    assert not door.tasks.running


# -- wrong secrets ------------------------------------------------------------------------------------


def test_a_wrong_secret_is_told_and_paid_for_with_a_wait_that_grows(door: MainWindow) -> None:
    clock = Clock()
    form = door.door.card.form
    form._patience._clock = clock
    form.people.setCurrentRow(1)
    for wait in (1, 2, 4, 8):
        form.secret.setText("wrong")
        form.go.click()
        assert door.workspace.viewer is None
        assert form.told.isVisible()
        assert not form.go.isEnabled()
        assert form.go.text() == f"Next try in {wait} s"
        assert form.secret.text() == ""
        clock.now += wait
        form._show_wait()
        assert form.go.text() == "Sign in"
    form.secret.setText("2468")
    form.go.click()
    assert door.workspace.viewer is not None
    assert door.door.patience.left(2) == 0


def test_who_has_to_wait_cannot_try_even_the_right_secret(door: MainWindow) -> None:
    form = door.door.card.form
    form._patience._clock = Clock()
    form.people.setCurrentRow(1)
    form.secret.setText("wrong")
    form.try_now()
    form.secret.setText("2468")
    QTest.keyClick(form.secret, Qt.Key.Key_Return)
    assert door.workspace.viewer is None


def test_the_wait_is_of_one_person_and_lasts_whatever_is_clicked_meanwhile(door: MainWindow) -> None:
    form = door.door.card.form
    form._patience._clock = Clock()
    form.people.setCurrentRow(1)
    form.secret.setText("wrong")
    form.try_now()
    form.people.setCurrentRow(0)
    assert form.go.isEnabled()
    form.people.setCurrentRow(1)
    assert not form.go.isEnabled()


def test_no_wait_is_longer_than_a_minute() -> None:
    patience = Patience(Clock())
    for _ in range(12):
        patience.wrong(7)
    assert patience.left(7) == 60
    assert patience.left(8) == 0
    patience.forget()
    assert patience.left(7) == 0


def test_a_wrong_secret_leaves_whoever_works_here_where_they_were(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    space = door.workspace
    space.select(Level.L3)
    case, page = space.case, door.page("read")
    assert space.sign_in(1, Role.READER, "wrong") is not None
    assert space.viewer is not None
    assert space.viewer.reader.name == "Bo"
    assert space.case is case
    assert door.page("read") is page


# -- changing the reader ------------------------------------------------------------------------------


def test_another_name_at_the_top_right_asks_for_that_persons_secret(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    entries(door)["Ana"].trigger()
    panel = dialog_of(door, SignInPanel)
    assert isinstance(panel, SignInPanel)
    assert panel.form.secret.isVisible()
    assert not panel.form.people.isVisible()
    panel.form.secret.setText("ana's own")
    QTest.keyClick(panel.form.secret, Qt.Key.Key_Return)
    QApplication.processEvents()
    assert door.workspace.viewer is not None
    assert door.workspace.viewer.reader.name == "Ana"
    assert [one for one in door.findChildren(SignInPanel) if one.isVisible()] == []


def test_the_panel_can_be_walked_and_left(door: MainWindow, enter: Enter, complaints: Complaints) -> None:
    enter(door, "Bo")
    entries(door)["Ana"].trigger()
    panel = dialog_of(door, SignInPanel)
    assert complaints(panel) == []
    panel.reject()
    assert door.workspace.viewer is not None
    assert door.workspace.viewer.reader.name == "Bo"


def test_changing_the_reader_throws_away_pages_case_undo_and_dialogs(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana")
    space = door.workspace
    for page in ("worklist", "read"):
        door.show_page(page)
    before = dict(door._pages)
    door.file_menu.actions["about"].trigger()
    space.reopen()
    space.sign_off(go_on=False)
    assert space.signed_off is not None
    enter(door, "Bo")
    assert not [one for one in door.findChildren(QDialog) if one.isVisible()]
    assert not set(before.values()) & set(door._pages.values())
    assert space.signed_off is None
    assert space.case is not None
    assert space.case.reading.viewer.reader.name == "Bo"
    space.undo()
    assert space.case.reading.revisions == ()


def test_what_was_copied_leaves_the_clipboard_with_the_person(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    copy_text("41.2")
    enter(door, "Bo")
    assert QGuiApplication.clipboard().text() == ""


def test_what_was_copied_elsewhere_stays_on_the_clipboard(door: MainWindow, enter: Enter) -> None:
    QGuiApplication.clipboard().setText("from a letter")
    enter(door, "Bo")
    assert QGuiApplication.clipboard().text() == "from a letter"


def test_a_study_with_people_takes_no_reader_by_name_alone(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    door.workspace.set_reader("Ana")
    assert "everybody signs in" in door.banner.words
    assert door.workspace.viewer is not None
    assert door.workspace.viewer.reader.name == "Bo"
    assert present.text("app.new_reader") not in entries(door)


def test_locking_from_the_list_leads_back_to_the_card(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    entries(door)[present.text("menu.lock")].trigger()
    assert door.workspace.viewer is None
    assert door.stack.currentWidget() is door.door.card
    assert not door.file_menu.actions["lock"].isEnabled()


# -- what is closed -----------------------------------------------------------------------------------


def test_no_key_leads_a_blinded_reader_to_where_readers_are_compared(door: MainWindow, enter: Enter) -> None:
    enter(door, "Bo")
    door.show_page("disagreements")
    assert door.stack.currentWidget() is door.door.closed


@pytest.mark.parametrize("page", ["statistics", "clinical", "audit"])
def test_a_blinded_reader_is_told_calmly_why_a_page_is_closed(
    door: MainWindow, enter: Enter, complaints: Complaints, page: str
) -> None:
    enter(door, "Bo")
    door.topbar.pages[page].click()
    closed = door.door.closed
    assert door.stack.currentWidget() is closed
    assert closed.title.text() == "Closed while reading is blinded"
    assert closed.told.text() == present.text(f"closed.{page}")
    assert not closed.look.isVisible()
    assert page not in door._pages
    assert complaints(door) == []
    closed.back.click()
    assert door.stack.currentWidget() is door.page("read")


def test_a_blinded_reader_is_offered_nothing_that_reads_or_writes_for_everybody(
    door: MainWindow, enter: Enter
) -> None:
    enter(door, "Bo")
    offered = {name for name, action in door.file_menu.actions.items() if action.isEnabled()}
    assert not offered & {"study", "import", "import_files", "clinical", "export", "copy"}
    assert {"open", "picture", "lock", "close", "help"} <= offered


def test_a_coordinator_who_is_not_done_gives_a_reason_before_looking(fresh: MainWindow, enter: Enter) -> None:
    enter(fresh, "Ana", Role.COORDINATOR)
    fresh.show_page("statistics")
    closed = fresh.door.closed
    assert fresh.stack.currentWidget() is closed
    assert closed.title.text() == "Your own readings are not done yet"
    closed.look.click()
    asked = dialog_of(fresh, WhyDialog)
    assert isinstance(asked, WhyDialog)
    assert not asked.go.isEnabled()
    QTest.keyClicks(asked.reason, "a case was imported twice")
    asked.go.click()
    QApplication.processEvents()
    assert fresh.stack.currentWidget() is fresh.page("statistics")
    assert fresh.workspace.session is not None
    assert fresh.workspace.viewer is not None
    assert not doors.looks_early(fresh.workspace.session, fresh.workspace.viewer)


def test_a_coordinator_who_is_not_done_and_leaves_the_reason_open_sees_nothing(
    fresh: MainWindow, enter: Enter, tmp_path: Path
) -> None:
    enter(fresh, "Ana", Role.COORDINATOR)
    fresh.file_menu.path_wanted.emit("export", tmp_path)
    asked = dialog_of(fresh, WhyDialog)
    asked.reject()
    assert not fresh.tasks.running
    assert list(tmp_path.glob("*.csv")) == []


def test_a_coordinator_opens_the_study_and_blinds_it_again(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    entries(door)[present.text("app.unblind")].trigger()
    asked = dialog_of(door, WhyDialog)
    assert isinstance(asked, WhyDialog)
    asked.reason.setText("both are done")
    asked.go.click()
    assert door.banner.words.endswith(present.text("app.study_opened"))
    assert badge(door) == "Open · round 1"
    enter(door, "Bo")
    assert badge(door) == "Open · round 1"
    door.show_page("audit")
    assert door.stack.currentWidget() is door.page("audit")
    enter(door, "Ana", Role.COORDINATOR)
    entries(door)[present.text("app.blind_again")].trigger()
    asked = dialog_of(door, WhyDialog)
    assert isinstance(asked, WhyDialog)
    asked.reason.setText("more cases came")
    asked.go.click()
    enter(door, "Bo")
    assert badge(door) == "Blinded · round 1"
    door.show_page("audit")
    assert door.stack.currentWidget() is door.door.closed


def test_a_step_that_is_refused_says_so_in_its_dialog(
    door: MainWindow, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    door.door.step("unblind")
    asked = dialog_of(door, WhyDialog)
    assert isinstance(asked, WhyDialog)
    asked.reason.setText("x")
    assert door.workspace.session is not None
    door.workspace.session.database.guard(None)
    asked.go.click()
    assert asked.told.isVisible()
    asked.reason.setText("xy")
    assert not asked.told.isVisible()
    asked.cancel.click()


# -- one's own secret ---------------------------------------------------------------------------------


def test_a_reader_gives_themselves_another_secret(
    door: MainWindow, enter: Enter, complaints: Complaints
) -> None:
    enter(door, "Bo")
    entries(door)[present.text("sign_in.set")].trigger()
    asked = dialog_of(door, OwnSecretDialog)
    assert isinstance(asked, OwnSecretDialog)
    assert complaints(asked) == []
    asked.old.setText("2468")
    asked.new.setText("13579")
    asked.again.setText("1357")
    asked.keep.click()
    assert "differ" in asked.told.text()
    asked.again.setText("13579")
    asked.old.setText("wrong")
    asked.keep.click()
    assert asked.told.isVisible()
    asked.old.setText("2468")
    asked.keep.click()
    assert door.banner.words.endswith("Your PIN is changed.")
    assert door.workspace.sign_in(2, Role.READER, "2468") is not None
    assert door.workspace.sign_in(2, Role.READER, "13579") is None


# -- without secrets ----------------------------------------------------------------------------------


def test_a_session_without_secrets_is_as_it_always_was(window: MainWindow) -> None:
    assert window.workspace.viewer is not None
    assert window.topbar.reader.text() == "Reader: Ana"
    assert badge(window) == ""
    assert list(entries(window)) == ["Ana", "Bo", "New reader…"]
    assert not window.file_menu.actions["lock"].isEnabled()
    assert window.door.idle.minutes == 0
    page = window.page("read")
    entries(window)["Bo"].trigger()
    assert window.workspace.viewer.reader.name == "Bo"
    assert window.page("read") is page
    window.workspace.sign_out()
    assert window.workspace.viewer is not None


def test_whoever_is_alone_and_has_no_secret_is_let_in_at_once(qapp: QApplication, tmp_path: Path) -> None:
    session = create_session(tmp_path / "alone.marrow", Protocol(blinded=True), reader="Cleo")
    session.close()
    space = Workspace()
    assert space.open(session.path)
    assert space.viewer is not None
    assert space.viewer.reader.name == "Cleo"
    assert space.people.kept_out
    space.close()
    space.deleteLater()


def test_a_name_without_a_secret_is_let_in_with_one_choice(
    door: MainWindow, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    assert door.workspace.session is not None
    assert door.workspace.viewer is not None
    doors.remove_secret(door.workspace.session, door.workspace.viewer, 2)
    door.workspace.people.look_again()
    door.door.let_in(2)
    assert door.workspace.viewer.reader.name == "Bo"
    door.door.lock()
    form = door.door.card.form
    form.people.setCurrentRow(1)
    assert not form.secret.isVisible()
    form.people.setFocus()
    QTest.keyClick(form.people, Qt.Key.Key_Return)
    assert door.workspace.viewer is not None
    # nobody of that key
    door.door.let_in(99)
    assert door.workspace.viewer.reader.name == "Bo"


# -- room ---------------------------------------------------------------------------------------------


def test_a_long_name_is_cut_in_the_bar_and_told_whole_where_the_pointer_rests(
    door: MainWindow, enter: Enter, monkeypatch: pytest.MonkeyPatch
) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    space = door.workspace
    assert space.session is not None
    whole = "Professor Dr. Maximiliane von und zu Hohenlohe-Schillingsfürst"
    space.session.database.unguard()
    added = sessions.add_reader(space.session, whole)
    doors.grant(space.session, added.id, [Role.READER], viewer=space.viewer)
    space.people.look_again()
    door.door.let_in(added.id)
    assert whole not in door.topbar.reader.text()
    assert "…" in door.topbar.reader.text()
    assert f"{whole} · reader" in door.topbar.reader.toolTip()
    assert door.minimumSizeHint().width() <= 1366


@pytest.mark.parametrize("points", [10.0, 15.0])
def test_the_bar_holds_pages_blinding_name_and_role_at_1366_points(
    door: MainWindow, enter: Enter, points: float
) -> None:
    before = QApplication.font()
    font = QFont(before)
    font.setPointSizeF(points)
    QApplication.setFont(font)
    door._theme = None
    door._dress()
    for role in Role:
        enter(door, "Ana", role)
        door.resize(1366, 768)
        QApplication.processEvents()
        assert door.width() == 1366
        bar = door.topbar
        for part in (*bar.pages.values(), *bar._badges.values(), bar.reader):
            if part.isVisible():
                assert part.width() >= part.sizeHint().width(), part.text()
                assert part.mapTo(bar, part.rect().bottomRight()).x() < bar.width()
    QApplication.setFont(before)
