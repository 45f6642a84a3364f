"""Packages, merging and other centres, as the coordinator does them in the window."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QEventLoop, Qt, QTimer
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog

from app.domain.errors import Cancelled, InputError
from app.domain.protocol import Level
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import package, read_exam
from app.services.changed import Changed, What
from app.services.join_centres import join_centres, plan_join_centres
from app.services.merge import undo_merge
from app.services.open_session import add_reader, open_session, readers_of
from app.ui import present
from app.ui.coordination import Coordination
from app.ui.dialogs.join_dialog import JoinDialog
from app.ui.dialogs.merge_dialog import MergeDialog
from app.ui.dialogs.package_dialog import PackageDialog
from app.ui.main_window import MainWindow
from app.ui.pages.worklist import WorklistPage
from app.ui.pages.worklist_study import StudyWorklist
from app.ui.present.exchange import package_progress
from app.ui.workspace import Workspace

Enter = Callable[..., None]
_TRIES = 400


def until(done: Callable[[], bool]) -> None:
    for _ in range(_TRIES):
        if done():
            break
        loop = QEventLoop()
        QTimer.singleShot(25, loop.quit)
        loop.exec()
    assert done()


@pytest.fixture
def listed(door: MainWindow, enter: Enter) -> StudyWorklist:
    """The list of all readers, with Ana signed in as coordinator."""
    enter(door, "Ana", Role.COORDINATOR)
    door.show_page("worklist")
    QApplication.processEvents()
    page = door.page("worklist")
    assert isinstance(page, WorklistPage)
    return page.study


def opened_dialog(page: StudyWorklist, step: str, kind: type[QDialog]) -> Any:
    page.steps[step].click()
    (dialog,) = page.window().findChildren(kind)
    return dialog


def idle(page: StudyWorklist) -> None:
    until(lambda: not page._acts.running)
    QApplication.processEvents()


@pytest.fixture
def came_back(
    listed: StudyWorklist, tmp_path: Path, read_all: Callable[..., None], qapp: QApplication
) -> Path:
    """Bo's package, read elsewhere."""
    space = listed._acts.workspace
    assert space.session is not None
    assert space.viewer is not None
    path = tmp_path / "bo.marrow"
    package.write_package(space.session, space.viewer, 2, 1, path)
    there = Workspace()
    assert there.open(path)
    assert there.sign_in(next(one.reader.id for one in there.people.known), Role.READER, "2468") is None
    read_all(there, 6, 17.0)
    there.close()
    there.deleteLater()
    return path


# -- package ----------------------------------------------------------------------------------------------


def test_a_package_says_what_it_holds_and_leaves_out_before_it_is_written(
    listed: StudyWorklist, tmp_path: Path
) -> None:
    dialog = opened_dialog(listed, "package", PackageDialog)
    dialog.whom.setCurrentIndex(1)
    idle(listed)
    dialog.look()
    idle(listed)
    assert dialog.holds.text().splitlines()[0].startswith("3 cases under their codes, in the order of Bo")
    assert "the PIN of Bo, as a salted hash" in dialog.holds.text()
    assert "clinical data" in dialog.leaves.text()
    dialog.go.click()
    (ask,) = dialog.findChildren(QFileDialog)
    assert ask.selectedFiles()[0].endswith("blind-Bo-round-1.marrow")
    ask.reject()
    target = tmp_path / "for-bo.marrow"
    dialog.write(str(target))
    idle(listed)
    assert target.exists()
    assert not listed.window().findChildren(PackageDialog)
    assert "3 exams for Bo in for-bo.marrow" in listed.window().banner.words  # type: ignore[attr-defined]


def test_a_package_that_is_stopped_leaves_no_file_and_the_dialog_stays(
    listed: StudyWorklist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: object) -> None:
        raise Cancelled

    dialog = opened_dialog(listed, "package", PackageDialog)
    idle(listed)
    monkeypatch.setattr(package, "write_package", slow)
    target = tmp_path / "for-ana.marrow"
    dialog.write(str(target))
    idle(listed)
    assert not target.exists()
    assert dialog.isVisible()
    assert dialog.notice.text() == present.error_text(Cancelled())
    assert dialog.go.isEnabled()
    dialog.reject()


def test_a_package_nobody_needs_is_refused_with_its_sentence(
    listed: StudyWorklist, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = opened_dialog(listed, "package", PackageDialog)
    idle(listed)
    assert dialog.go.isEnabled()
    session = listed._acts.workspace.session
    assert session is not None
    monkeypatch.setattr(package, "plan_package", _no_cases)
    dialog.look()
    idle(listed)
    assert dialog.notice.text().startswith("Bo has no exams with images in round 1")
    assert not dialog.go.isEnabled()
    dialog.reject()


def _no_cases(*_: object) -> None:
    raise InputError("package.no_cases", reader="Bo", round=1)


def test_the_progress_of_a_package_tells_cases_then_how_much_is_searched(listed: StudyWorklist) -> None:
    dialog = opened_dialog(listed, "package", PackageDialog)
    idle(listed)
    plan = dialog.plan
    assert package_progress(plan, 2, 3, None) == "Writing cases: 2 of 3"
    assert package_progress(plan, 0, None, None) == "Writing cases: Working…"
    assert package_progress(plan, 500, 1000, None) == "Searching the file: 50 %"
    dialog.reject()


# -- merge ------------------------------------------------------------------------------------------------


def test_a_merge_shows_first_what_would_change_then_does_it_and_is_taken_back_as_one_step(
    listed: StudyWorklist, came_back: Path
) -> None:
    dialog = opened_dialog(listed, "merge", MergeDialog)
    assert not dialog.go.isEnabled()
    assert not dialog.undo.isVisible()
    dialog.look(str(came_back))
    idle(listed)
    assert dialog.told.text() == "Bo, round 1: 3 new, 0 extended, 0 unchanged, 0 refused."
    assert [row[:2] for row in dialog.cases.texts] == [
        ("C0001", "comes"), ("C0002", "comes"), ("C0003", "comes"),
    ]  # fmt: skip
    # nothing has changed yet
    assert {row[3] for row in listed.view.texts} == {"not started"}
    dialog.go.click()
    idle(listed)
    assert {row[3].partition(",")[0] for row in listed.view.texts} == {"signed off"}
    assert [row[1:] for row in dialog.history.texts] == [("readings of Bo, round 1", "counts")]
    assert not dialog.go.isEnabled()
    # once more brings nothing
    dialog.look(str(came_back))
    idle(listed)
    assert dialog.told.text() == present.text("merge.nothing")
    assert not dialog.go.isEnabled()
    dialog.undo.click()
    assert "signed off" not in {row[3].partition(",")[0] for row in listed.view.texts}
    assert [row[2] for row in dialog.history.texts] == ["taken back"]
    assert not dialog.undo.isEnabled()
    dialog.reject()


def test_a_merge_whose_dialog_is_closed_meanwhile_is_still_seen_in_the_list(
    listed: StudyWorklist, came_back: Path
) -> None:
    dialog = opened_dialog(listed, "merge", MergeDialog)
    dialog.look(str(came_back))
    idle(listed)
    dialog.go.click()
    dialog.reject()
    del dialog
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    idle(listed)
    assert not listed.window().findChildren(MergeDialog)
    assert {row[3].partition(",")[0] for row in listed.view.texts} == {"signed off"}


def test_a_file_that_is_not_taken_in_says_why(listed: StudyWorklist, mixed_template: Path) -> None:
    dialog = opened_dialog(listed, "merge", MergeDialog)
    dialog.look(str(mixed_template))
    idle(listed)
    assert dialog.told.text() == present.sentences.SENTENCES["merge.not_a_package"]
    assert not dialog.go.isEnabled()
    dialog.look(str(mixed_template.with_name("nowhere.marrow")))
    idle(listed)
    assert dialog.notice.isVisible()
    assert "nowhere.marrow" in dialog.notice.text()
    dialog.reject()


def test_a_reading_that_went_another_way_here_stands_first_with_its_sentence(
    listed: StudyWorklist, came_back: Path
) -> None:
    session = listed._acts.workspace.session
    assert session is not None
    bo = Viewer(next(one for one in readers_of(session) if one.name == "Bo"))
    exam_id = next(one.exam_id for one in read_exam.worklist(session, bo) if one.code == "C0002")
    case = read_exam.open_case(session, bo, exam_id)
    read_exam.set_rectangle(session, case, Level.L1, Rectangle(1, 20, 20, 9, 9))
    dialog = opened_dialog(listed, "merge", MergeDialog)
    dialog.look(str(came_back))
    idle(listed)
    first = dialog.cases.texts[0]
    assert first[:2] == ("C0002", "not taken in")
    assert first[4].startswith("C0002 was read by the same reader here and elsewhere")
    assert dialog.go.isEnabled()
    dialog.reject()


# -- another centre ---------------------------------------------------------------------------------------


def test_a_centre_is_previewed_with_codes_and_fields_then_joined(
    window: MainWindow, mixed_template: Path, tmp_path: Path
) -> None:
    other = Path(shutil.copy(mixed_template, tmp_path / "other.marrow"))
    window.show_page("worklist")
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    page.show_list(1)
    QApplication.processEvents()
    study = page.study
    dialog = opened_dialog(study, "join", JoinDialog)
    dialog.look(str(other))
    assert not dialog.go.isEnabled(), "a centre needs a name first"
    dialog.label.setText("OSLO")
    dialog.label.editingFinished.emit()
    idle(study)
    assert dialog.told.text().startswith("OSLO: of its exams 2 new, 0 here already, 0 refused")
    assert dialog.fields.text() == "Exams by field strength: 3 T: 1 · not stated: 1."
    assert dialog.cases.texts == [
        ("C0001", "OSLO-C0001", "not stated", "comes under another code"),
        ("C0009", "C0009", "3 T", "comes"),
    ]
    dialog.go.click()
    idle(study)
    assert not window.findChildren(JoinDialog)
    assert [row[0] for row in study.view.texts] == ["C0001", "C0002", "C0003", "C0009", "OSLO-C0001"]
    assert window.banner.words.endswith("OSLO was joined. New exams: 2, readings: 0.")
    dialog = opened_dialog(study, "merge", MergeDialog)
    assert [row[1:] for row in dialog.history.texts] == [("the centre OSLO", "counts")]
    dialog.undo.click()
    QApplication.processEvents()
    assert [row[1:] for row in dialog.history.texts] == [("the centre OSLO", "taken back")]
    assert not dialog.undo.isEnabled()
    assert dialog.told.text().startswith("OSLO was taken back.")
    assert [row[0] for row in study.view.texts] == ["C0001", "C0002", "C0003"]
    dialog.reject()


def test_a_case_at_hand_that_goes_with_its_centre_makes_room_for_another(
    window: MainWindow, mixed_template: Path, tmp_path: Path
) -> None:
    made = open_session(Path(shutil.copy(mixed_template, tmp_path / "other.marrow")))
    ana = Viewer(add_reader(made, "Ana"))
    case = read_exam.open_case(made, ana, 1)
    read_exam.mark_not_measurable(made, case, Level.L1, Reason.MOTION)
    made.close()
    acts, space = Coordination(window.workspace, window), window.workspace
    assert space.session is not None
    assert space.viewer is not None
    plan = plan_join_centres(space.session, made.path, "OSLO", same_readers=["Ana"])
    assert acts.run(
        lambda session, viewer, progress: join_centres(session, viewer, plan, progress),
        lambda _: None,
        writing=True,
    )
    until(lambda: not acts.running)
    key = next(row.exam_id for row in space.cases if row.code == "C0009")
    assert space.open_case(key)
    assert "Ana" in {person.reader.name for person in space.people.known}
    assert acts.act(lambda session, viewer: undo_merge(session, viewer, 1)) is None
    assert space.case is not None
    assert space.case.exam.code in {row.code for row in space.cases} == {"C0001", "C0002", "C0003"}
    # whoever came with the centre is offered no longer
    assert [person.reader.name for person in space.people.known] == ["Ana", "Bo"]
    # what is at hand and stays is read anew, as after every merge
    key = space.case.exam.id
    assert acts.act(lambda *_: Changed(What.EXAMS | What.READING)) is None
    assert space.case.exam.id == key


def test_a_reader_of_the_same_name_can_be_said_to_be_the_same_person(
    window: MainWindow, mixed_template: Path, tmp_path: Path
) -> None:
    made = open_session(Path(shutil.copy(mixed_template, tmp_path / "other.marrow")))
    ana = Viewer(add_reader(made, "Ana"))
    case = read_exam.open_case(made, ana, 1)
    read_exam.mark_not_measurable(made, case, Level.L1, Reason.MOTION)
    made.close()
    window.show_page("worklist")
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    page.show_list(1)
    QApplication.processEvents()
    dialog = opened_dialog(page.study, "join", JoinDialog)
    dialog.label.setText("OSLO")
    dialog.look(str(made.path))
    idle(page.study)
    assert dialog.plan is not None
    assert [dialog.same.item(0).text(), dialog.same.count()] == ["Ana", 1]
    assert dict(dialog.plan.readers)["Ana"] != "Ana"
    dialog.same.item(0).setCheckState(Qt.CheckState.Checked)
    idle(page.study)
    assert dict(dialog.plan.readers)["Ana"] == "Ana"
    assert dialog.same.item(0).checkState() is Qt.CheckState.Checked
    dialog.reject()


# -- whatever runs ----------------------------------------------------------------------------------------


def test_signing_out_stops_what_runs_and_closes_the_dialog(listed: StudyWorklist, came_back: Path) -> None:
    window = listed.window()
    dialog = opened_dialog(listed, "merge", MergeDialog)
    dialog.look(str(came_back))
    assert isinstance(window, MainWindow)
    window.workspace.sign_out()
    QApplication.processEvents()
    assert not [one for one in window.findChildren(QDialog) if one.isVisible()]
    assert window.stack.currentWidget() is window.door.card


@pytest.mark.parametrize(
    ("step", "kind"), [("package", PackageDialog), ("merge", MergeDialog), ("join", JoinDialog)]
)
def test_a_dialog_of_the_coordinator_can_be_walked_and_told(
    listed: StudyWorklist, complaints: Callable[..., list[str]], step: str, kind: type[QDialog]
) -> None:
    dialog = opened_dialog(listed, step, kind)
    idle(listed)
    assert complaints(dialog) == []
    dialog.reject()


def test_two_long_things_do_not_run_at_once(listed: StudyWorklist, came_back: Path) -> None:
    told: list[Any] = []
    acts = listed._acts
    assert acts.run(lambda *_: 1, told.append, writing=False)
    assert not acts.run(lambda *_: 2, told.append, told.append, writing=False)
    refused = acts.act(lambda *_: None)  # type: ignore[arg-type, return-value]
    assert refused is not None
    assert refused.code == "task.busy"
    idle(listed)
    assert [getattr(one, "code", one) for one in told] == ["task.busy", 1]


def test_a_session_that_can_only_be_read_takes_no_long_step(read_session: Path, qapp: QApplication) -> None:
    holder = open_session(read_session)
    space = Workspace()
    assert space.open(read_session)
    assert space.sign_in(1, Role.COORDINATOR, "ana's own") is None
    acts, told = Coordination(space), []
    assert not acts.run(lambda *_: 1, told.append, told.append, writing=True)
    assert [one.code for one in told] == ["store.read_only"]
    space.close()
    space.deleteLater()
    holder.close()
