"""An open study without PINs: whoever coordinates does so by their name alone, and comes past no blinding."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QFileDialog

from app.domain.protocol import Protocol
from app.domain.reading import Role, Viewer
from app.services import open_session as sessions
from app.services import package, sign_in, study
from app.ui import present, study_setup
from app.ui.dialogs.study_assistant import StudyAssistant
from app.ui.dialogs.unlock import UnlockDialog
from app.ui.main_window import MainWindow
from app.ui.pages.worklist import WorklistPage
from app.ui.study_draft import Person, Step, StudyDraft

Opened = Callable[[Path], MainWindow]
ANA, BO = 1, 2
OWN, STUDY = 0, 1


def open_study(path: Path, *people: Person) -> Path:
    """A closed session turned into an open study."""
    session = sessions.open_session(path)
    study_setup.bring_about(session, None, StudyDraft(protocol=Protocol(), people=people))
    session.close()
    return path


@pytest.fixture
def shared(reading_session: Path) -> Path:
    """Ana only coordinates, Bo reads; nobody has a PIN."""
    ana = Person("Ana", reads=False, coordinates=True, enrolled=ANA)
    return open_study(reading_session, ana, Person("Bo", enrolled=BO))


def names(window: MainWindow) -> dict[str, QAction]:
    return {action.text(): action for action in window.topbar._readers.actions() if action.text()}


def choose(window: MainWindow, name: str) -> None:
    names(window)[name].trigger()
    QApplication.processEvents()


def worklist(window: MainWindow) -> WorklistPage:
    window.show_page("worklist")
    QApplication.processEvents()
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    return page


def to_summary(assistant: StudyAssistant) -> None:
    while assistant.step is not Step.SUMMARY:
        assistant.forward.click()
        assert not assistant.told.isVisible(), assistant.told.text()


def here(window: MainWindow) -> tuple[str, Role]:
    viewer = window.workspace.viewer
    assert viewer is not None
    return viewer.reader.name, viewer.role


def test_choosing_the_coordinators_name_brings_the_list_of_all_readers(shared: Path, opened: Opened) -> None:
    window = opened(shared)
    choose(window, "Bo")
    assert here(window) == ("Bo", Role.READER)
    page = worklist(window)
    assert page.own.isVisible()
    choose(window, "Ana")
    assert here(window) == ("Ana", Role.COORDINATOR)
    assert window.topbar.reader.text() == "Ana · coordinator"
    page = worklist(window)
    # Ana has no cases of her own to switch to
    assert page.study.isVisible()
    assert not page._switch.isVisible()
    assert [row[2] for row in page.study.view.texts] == ["not started"] * 3
    assert all(made.isEnabled() for made in page.study.steps.values())


def test_what_a_coordinator_by_name_does_stands_in_the_record_under_that_name(
    shared: Path, opened: Opened, read_all: Callable[..., None]
) -> None:
    window = opened(shared)
    choose(window, "Bo")
    read_all(window.workspace, 2, 14.0)
    choose(window, "Ana")
    listed = worklist(window).study
    listed.view.setCurrentIndex(listed.view.model().index(0, 2))
    listed.side.buttons["unlock"].click()
    (dialog,) = window.findChildren(UnlockDialog)
    dialog.reason.setText("L3 and L4 exchanged")
    dialog.go.click()
    QApplication.processEvents()
    session, viewer = window.workspace.session, window.workspace.viewer
    assert session is not None
    assert viewer is not None
    told = [one for one in sessions.audit_entries(session, viewer) if one.action == "reading.unlocked"]
    assert [(one.actor, one.reason) for one in told] == [("Ana", "L3 and L4 exchanged")]


def test_a_reader_is_told_whose_name_to_choose(shared: Path, opened: Opened) -> None:
    window = opened(shared)
    choose(window, "Bo")
    page = worklist(window)
    page.choices[STUDY].click()
    QApplication.processEvents()
    assert "Choose their name at the top right" in page.study.empty.text()
    assert not any(made.isEnabled() for made in page.study.steps.values())
    window.file_menu.actions["study"].trigger()
    assert "Choose their name at the top right" in window.banner.words


def test_whoever_reads_too_comes_to_their_own_cases_first(reading_session: Path, opened: Opened) -> None:
    both = Person("Ana", coordinates=True, enrolled=ANA)
    window = opened(open_study(reading_session, both, Person("Bo", enrolled=BO)))
    assert here(window) == ("Ana", Role.COORDINATOR)
    page = worklist(window)
    assert page.own.isVisible()
    assert len(page.own.view.texts) == 3
    page.choices[STUDY].click()
    QApplication.processEvents()
    assert len(page.study.view.texts) == 3


def test_the_list_of_all_readers_does_not_stay_with_whoever_is_chosen_next(
    shared: Path, opened: Opened
) -> None:
    window = opened(shared)
    choose(window, "Ana")
    assert len(worklist(window).study.view.texts) == 3
    choose(window, "Bo")
    page = worklist(window)
    assert page.study.overview is None


def test_a_session_without_roles_knows_no_coordinator(window: MainWindow) -> None:
    for name in ("Bo", "Ana"):
        choose(window, name)
        assert here(window) == (name, Role.READER)
    page = worklist(window)
    page.choices[STUDY].click()
    QApplication.processEvents()
    assert len(page.study.view.texts) == 3


# -- what it must not open --------------------------------------------------------------------------------


def test_in_a_blinded_study_no_name_opens_anything(
    blind_template: Path, tmp_path: Path, opened: Opened
) -> None:
    path = Path(shutil.copy(blind_template, tmp_path / "blind.marrow"))
    session = sessions.open_session(path)
    session.database.unguard()
    coordinator = Viewer(sessions.readers_of(session)[0], Role.COORDINATOR)
    # Bo may coordinate too, and has lost the PIN
    sign_in.grant(session, BO, list(Role), viewer=coordinator)
    sign_in.remove_secret(session, coordinator, BO)
    session.close()
    window = opened(path)
    space = window.workspace
    assert space.viewer is None
    space.set_reader("Bo")
    assert "everybody signs in" in window.banner.words
    assert space.viewer is None
    problem = space.sign_in(BO, Role.COORDINATOR)
    assert problem is not None
    assert "step “Readers”" in present.error_text(problem)
    assert space.session is not None
    assert space.session.database.guarded
    assert space.sign_in(BO, Role.READER) is None
    assert space.people.kept_out


def test_whoever_blinds_the_study_signs_in_with_the_pin_given_just_then(shared: Path, opened: Opened) -> None:
    window = opened(shared)
    choose(window, "Ana")
    window.file_menu.actions["study"].trigger()
    assistant = window.studying.dialog
    assert assistant is not None
    assistant.show_step(Step.READING)
    assistant.reading.blinded.click()
    assistant.forward.click()
    # not without a PIN of whoever coordinates
    assert "Ana coordinates a blinded study and has no PIN" in assistant.told.text()
    assistant.show_step(Step.READERS)
    assistant.people.lines[0].secret.setText("ana's own")
    to_summary(assistant)
    assistant.finish.click()
    QApplication.processEvents()
    space = window.workspace
    assert here(window) == ("Ana", Role.COORDINATOR)
    assert space.session is not None
    assert space.viewer is not None
    last = [one.action for one in sessions.audit_entries(space.session, space.viewer)][-1]
    assert last == "people.coordinates"
    window.door.lock()
    assert space.viewer is None
    assert space.session.database.guarded
    assert space.sign_in(ANA, Role.COORDINATOR) is not None
    assert space.sign_in(ANA, Role.COORDINATOR, "ana's own") is None


def test_whoever_cannot_be_signed_in_after_blinding_stays_outside(
    shared: Path, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    window = opened(shared)
    choose(window, "Ana")
    window.file_menu.actions["study"].trigger()
    assistant = window.studying.dialog
    assert assistant is not None
    assistant.show_step(Step.READERS)
    assistant.people.lines[0].secret.setText("ana's own")
    assistant.forward.click()
    assistant.reading.blinded.click()
    to_summary(assistant)
    monkeypatch.setattr(study_setup, "first_coordinator", lambda *_: (ANA, "another one"))
    assistant.finish.click()
    QApplication.processEvents()
    space = window.workspace
    assert space.viewer is None
    assert space.session is not None
    assert space.session.database.guarded


# -- setting up -------------------------------------------------------------------------------------------


def test_whoever_makes_an_ordinary_session_an_open_study_goes_on_as_its_coordinator(
    window: MainWindow,
) -> None:
    choose(window, "Bo")
    window.file_menu.actions["study"].trigger()
    assistant = window.studying.dialog
    assert assistant is not None
    assistant.show_step(Step.READERS)
    # Bo only reads from now on
    assistant.people.lines[1].coordinates.click()
    to_summary(assistant)
    assert any("chooses the name of a coordinator" in line.text() for line in assistant.summary.lines)
    assistant.finish.click()
    QApplication.processEvents()
    assert here(window) == ("Ana", Role.COORDINATOR)
    assert window.workspace.case is not None
    assert window.banner.words.endswith("holds from now on.")
    # and stays where the study is changed once more
    window.file_menu.actions["study"].trigger()
    assistant = window.studying.dialog
    assistant.show_step(Step.READERS)
    assistant.people.lines[1].coordinates.click()
    to_summary(assistant)
    assistant.finish.click()
    QApplication.processEvents()
    assert here(window) == ("Ana", Role.COORDINATOR)


def test_a_new_open_study_begins_with_its_coordinator(
    opened: Opened, reading_session: Path, tmp_path: Path
) -> None:
    window = opened(reading_session)
    window.studying.begin()
    assistant = window.studying.dialog
    assistant.show_step(Step.READERS)
    reader, coordinator = assistant.people.lines
    reader.name.setText("Chen")
    reader.coordinates.click()
    coordinator.name.setText("Li")
    coordinator.coordinates.click()
    to_summary(assistant)
    assistant.finish.click()
    asked = assistant.findChild(QFileDialog)
    assert asked is not None
    asked.fileSelected.emit(str(tmp_path / "new.marrow"))
    assert here(window) == ("Li", Role.COORDINATOR)
    assert not window.workspace.people.sign_in_needed


def test_a_package_of_an_open_study_opens_in_its_own_round(
    shared: Path, opened: Opened, tmp_path: Path, read_all: Callable[..., None]
) -> None:
    window = opened(shared)
    choose(window, "Bo")
    read_all(window.workspace, 2, 14.0)
    choose(window, "Ana")
    session, viewer = window.workspace.session, window.workspace.viewer
    assert session is not None
    assert viewer is not None
    study.start_repeat(session, viewer, share=1.0, override_reason="a pilot")
    package.write_package(session, viewer, BO, 2, tmp_path / "bo.marrow")
    there = opened(tmp_path / "bo.marrow")
    assert here(there) == ("Bo", Role.READER)
    assert there.workspace.viewer is not None
    assert there.workspace.viewer.round == 2
    assert len(there.workspace.cases) == 3
