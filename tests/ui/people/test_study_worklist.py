"""The coordinator's list and what is done from it: unlock, assign, repeat, references."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.services import read_exam, sign_in, study
from app.services.open_session import audit_entries, readers_of
from app.ui import present
from app.ui.dialogs.reassign import AssignDialog, ReassignDialog
from app.ui.dialogs.repeat_dialog import RepeatDialog
from app.ui.dialogs.unlock import OfferDialog, UnlockDialog
from app.ui.main_window import MainWindow
from app.ui.pages.worklist import WorklistPage
from app.ui.pages.worklist_study import StudyWorklist

Enter = Callable[..., None]
ANA, BO = 2, 3
WAIT = 10_000


@pytest.fixture
def listed(door: MainWindow, enter: Enter, qtbot: QtBot) -> StudyWorklist:
    """The list of all readers, with Ana signed in as coordinator; she has read everything."""
    enter(door, "Ana", Role.COORDINATOR)
    door.show_page("worklist")
    QApplication.processEvents()
    page = door.page("worklist")
    assert isinstance(page, WorklistPage)
    assert page.study.isVisible()
    qtbot.waitUntil(lambda: not page.study.asks_rules, timeout=WAIT)
    return page.study


def choose(page: StudyWorklist, code: str, column: int) -> None:
    row = [shown[0] for shown in page.view.texts].index(code)
    page.view.setCurrentIndex(page.view.model().index(row, column))


def offered(page: StudyWorklist) -> set[str]:
    return {name for name, made in page.side.buttons.items() if made.isVisible()}


def cell(page: StudyWorklist, code: str, column: int) -> str:
    return next(row[column] for row in page.view.texts if row[0] == code)


def press(page: StudyWorklist, name: str, kind: type[QDialog]) -> Any:
    page.side.buttons[name].click()
    (dialog,) = (one for one in page.window().findChildren(QDialog) if type(one) is kind)
    return dialog


def give(dialog: Any, reason: str) -> None:
    QTest.keyClicks(dialog.reason, reason)
    dialog.go.click()
    QApplication.processEvents()


# -- what it shows ----------------------------------------------------------------------------------------


def test_readers_stand_as_columns_with_one_state_a_cell(listed: StudyWorklist) -> None:
    headers = [listed.view.model().headerData(place, Qt.Orientation.Horizontal) for place in range(4)]
    assert headers == ["Case", "For", "Ana\nround 1", "Bo\nround 1"]
    assert [row[0] for row in listed.view.texts] == ["C0001", "C0002", "C0003"]
    # what rules say of the values of one of them, Ana may know: she has read everything
    assert {(row[ANA], row[BO]) for row in listed.view.texts} == {
        ("signed off", "not started"),
        ("signed off, 3 notes", "not started"),
    }
    assert listed.bar.counted.text() == "3 of 6 readings signed off"
    bars = [listed.side.readers.item(row) for row in range(listed.side.readers.count())]
    assert [(one.text(), one.data(256)) for one in bars] == [
        ("Ana · round 1", (3, 3)),
        ("Bo · round 1", (0, 3)),
    ]
    tip = listed.view.model().index(0, ANA).data(3)
    assert tip.startswith("C0001, Ana, round 1: signed off, last change ")


def test_what_was_left_out_stands_by_reason_and_leads_to_its_case(door: MainWindow, enter: Enter) -> None:
    space = door.workspace
    sign_in_as_coordinator_and_unlock(door, enter)
    enter(door, "Ana")
    space.open_case(next(one.exam_id for one in space.cases if one.code == "C0002"))
    space.select(next(iter(space.rectangles)))
    assert space.mark(Reason.HEMANG)
    space.sign_off(go_on=False)
    enter(door, "Ana", Role.COORDINATOR)
    door.show_page("worklist")
    QApplication.processEvents()
    page = door.page("worklist")
    assert isinstance(page, WorklistPage)
    side = page.study.side
    assert side.left_out.texts == [("haemangioma · 1",), ("C0002 L1 · Ana · round 1",)]
    side.left_out.clicked.emit(side.left_out.model().index(1, 0))
    assert page.study.view.currentIndex().siblingAtColumn(0).data() == "C0002"


def sign_in_as_coordinator_and_unlock(door: MainWindow, enter: Enter) -> None:
    enter(door, "Ana", Role.COORDINATOR)
    session, viewer = door.workspace.session, door.workspace.viewer
    assert session is not None
    assert viewer is not None
    exam_id = next(one.exam_id for one in study.overview(session, viewer).cases if one.code == "C0002")
    study.unlock(session, viewer, exam_id, 1, 1, "look again")


def test_what_rules_say_of_values_stands_beside_the_chosen_reading_and_where_the_pointer_rests(
    listed: StudyWorklist,
) -> None:
    code = next(row[0] for row in listed.view.texts if "3 notes" in row[ANA])
    choose(listed, code, ANA)
    assert listed.chosen is not None
    sentences = [present.finding_text(one) for one in listed.chosen.findings]
    assert len(sentences) == 3
    assert listed.side.told.text().startswith("signed off, 3 notes")
    assert listed.side.told.toolTip().splitlines()[-3:] == sentences
    assert str(listed.view.currentIndex().data(Qt.ItemDataRole.ToolTipRole)).splitlines()[-3:] == sentences


def test_a_coordinator_who_still_reads_is_not_told_what_rules_say_of_values(
    door: MainWindow, enter: Enter, qtbot: QtBot
) -> None:
    # one of her own cases waits for her again
    sign_in_as_coordinator_and_unlock(door, enter)
    door.show_page("worklist")
    QApplication.processEvents()
    page = door.page("worklist")
    assert isinstance(page, WorklistPage)
    qtbot.waitUntil(lambda: not page.study.asks_rules, timeout=WAIT)
    assert {row[ANA].partition(":")[0] for row in page.study.view.texts} == {"signed off", "unlocked"}
    assert page.study.overview is not None
    assert page.study.overview.spoken == {}


def test_a_coordinator_who_still_reads_is_not_told_what_was_left_out(fresh: MainWindow, enter: Enter) -> None:
    enter(fresh, "Ana", Role.COORDINATOR)
    fresh.show_page("worklist")
    QApplication.processEvents()
    page = fresh.page("worklist")
    assert isinstance(page, WorklistPage)
    assert page.study.side.closed.isVisible()
    assert page.study.side.closed.text() == present.text("worklist.left_out_closed")
    assert page.study.side.left_out.texts == []


def test_the_filter_and_the_search_work_together(listed: StudyWorklist) -> None:
    kinds = listed.bar.kind
    found = {}
    for place in range(kinds.count()):
        kinds.setCurrentIndex(place)
        kinds.activated.emit(place)
        found[kinds.currentData()] = len(listed.view.texts)
    assert found["all"] == found["todo"] == 3
    assert {name for name, count in found.items() if count} == {"all", "todo", "warned"}
    kinds.setCurrentIndex(0)
    kinds.activated.emit(0)
    listed.bar.search.setText(" c0003 ")
    assert [row[0] for row in listed.view.texts] == ["C0003"]
    listed.bar.search.setText("nowhere")
    assert listed.empty.isVisible()
    assert listed.empty.text() == present.text("worklist.none_listed")


# -- one case ---------------------------------------------------------------------------------------------


def test_unlocking_needs_a_reason_and_keeps_the_old_version(listed: StudyWorklist) -> None:
    choose(listed, "C0001", ANA)
    assert offered(listed) == {"unlock"}
    dialog = press(listed, "unlock", UnlockDialog)
    assert not dialog.go.isEnabled()
    give(dialog, "L3 and L4 exchanged")
    assert not listed.window().findChildren(UnlockDialog)
    assert cell(listed, "C0001", ANA) == "unlocked: L3 and L4 exchanged · 5/5"
    assert "C0001" in listed.window().banner.words  # type: ignore[attr-defined]
    session, viewer = listed._acts.workspace.session, listed._acts.workspace.viewer
    assert session is not None
    assert viewer is not None
    exam_id = next(one.exam_id for one in listed.overview.cases if one.code == "C0001")  # type: ignore[union-attr]
    case = read_exam.open_case(session, Viewer(readers_of(session)[0]), exam_id)
    assert len(case.reading.history.rectangles) == 5
    sign_in.look_before_done(session, viewer, "the test looks into the record")
    last = [one for one in audit_entries(session, viewer) if one.action == "reading.unlocked"][-1]
    assert (last.actor, last.reason) == ("Ana", "L3 and L4 exchanged")
    # what the cell offers follows
    choose(listed, "C0001", ANA)
    assert offered(listed) == {"reassign"}


def test_a_case_is_given_to_nobody_and_assigned_again(listed: StudyWorklist) -> None:
    choose(listed, "C0002", BO)
    assert offered(listed) == {"reassign"}
    dialog = press(listed, "reassign", ReassignDialog)
    assert [dialog.to.itemText(place) for place in range(dialog.to.count())] == ["Ana", "nobody"]
    dialog.to.setCurrentIndex(1)
    give(dialog, "knows the patient")
    assert cell(listed, "C0002", BO) == "–"
    assert listed.bar.counted.text() == "3 of 5 readings signed off"
    choose(listed, "C0002", BO)
    assert offered(listed) == {"assign"}
    give(press(listed, "assign", AssignDialog), "no, that was another one")
    assert cell(listed, "C0002", BO) == "not started"


def test_what_is_refused_is_said_where_it_was_asked_for(listed: StudyWorklist) -> None:
    choose(listed, "C0001", ANA)
    dialog = press(listed, "unlock", UnlockDialog)
    session, viewer = listed._acts.workspace.session, listed._acts.workspace.viewer
    assert session is not None
    assert viewer is not None
    exam_id = next(one.exam_id for one in listed.overview.cases if one.code == "C0001")  # type: ignore[union-attr]
    study.unlock(session, viewer, exam_id, 1, 1, "somebody else was quicker")
    give(dialog, "L3 and L4 exchanged")
    assert dialog.isVisible()
    assert dialog.told.text().startswith("This case is not signed off by that reader")
    dialog.reject()


def test_the_values_of_a_reader_become_the_reference_of_a_training_case(listed: StudyWorklist) -> None:
    space = listed._acts.workspace
    session, viewer = space.session, space.viewer
    assert session is not None
    assert viewer is not None
    people = (study.Planned("Ana", coordinates=True), study.Planned("Bo"))
    study.set_up(session, study.StudyPlan(session.protocol, people, frozenset({1})), viewer)
    listed.look()
    code = next(row[0] for row in listed.view.texts if row[1] == "training")
    choose(listed, code, BO)
    assert "reference" not in offered(listed)
    choose(listed, code, ANA)
    assert offered(listed) == {"unlock", "reference"}
    listed.side.buttons["reference"].click()
    told = study.training_feedback(session, Viewer(readers_of(session)[0]), 1)
    assert all(row.reference == row.own for row in told.rows)
    assert told.rows


# -- repeat rounds ----------------------------------------------------------------------------------------


def repeat(page: StudyWorklist) -> RepeatDialog:
    page.steps["repeat"].click()
    dialog = page.window().findChild(RepeatDialog)
    assert isinstance(dialog, RepeatDialog)
    return dialog


def test_a_repeat_round_is_drawn_from_a_share_and_waits_for_its_day(listed: StudyWorklist) -> None:
    dialog = repeat(listed)
    assert (dialog.share.text(), dialog.days.text()) == ("25", "14")
    assert "Ana: 1 of 3" in dialog.counted.text()
    dialog.share.setText("60")
    assert "Ana: 2 of 3" in dialog.counted.text()
    dialog.seed.setText("7")
    dialog.go.click()
    QApplication.processEvents()
    assert not listed.window().findChildren(RepeatDialog)
    column = 4
    waiting = [row[column] for row in listed.view.texts if row[column] != "–"]
    assert len(waiting) == 2
    assert all(told.startswith("from 20") for told in waiting)
    assert "drawn from 7" in listed.window().banner.words  # type: ignore[attr-defined]
    code = next(row[0] for row in listed.view.texts if row[column] != "–")
    choose(listed, code, column)
    assert offered(listed) == {"reassign", "offer"}
    give(press(listed, "offer", OfferDialog), "the reader leaves next week")
    assert {row[column] for row in listed.view.texts} == {"not started", "–"}


@pytest.mark.parametrize(
    ("field", "given", "code"),
    [
        ("share", "0", "study.no_share"),
        ("share", "101", "study.no_share"),
        ("share", "a quarter", "study.no_share"),
        ("days", "-1", "study.no_days"),
        ("days", "1.5", "study.no_days"),
        ("seed", "x", "study.no_seed"),
    ],
)
def test_a_figure_that_makes_no_round_is_refused_in_the_dialog(
    listed: StudyWorklist, field: str, given: str, code: str
) -> None:
    dialog = repeat(listed)
    getattr(dialog, field).setText(given)
    dialog.go.click()
    assert dialog.told.isVisible()
    assert dialog.told.text() == present.sentences.sentence(code, {"given": given, "limit": 2**31})
    assert len(listed.overview.columns) == 2  # type: ignore[union-attr]
    dialog.reject()


def test_without_wash_out_a_reason_is_asked_for(listed: StudyWorklist) -> None:
    dialog = repeat(listed)
    dialog.override.setChecked(True)
    assert dialog.reason.isVisible()
    assert not dialog.days.isEnabled()
    dialog.go.click()
    assert dialog.told.isVisible()
    dialog.reason.setText("the scanner is replaced")
    dialog.go.click()
    QApplication.processEvents()
    assert {row[4] for row in listed.view.texts} == {"not started", "–"}


def test_a_second_repeat_is_refused_while_the_first_one_waits(listed: StudyWorklist) -> None:
    repeat(listed).go.click()
    QApplication.processEvents()
    dialog = repeat(listed)
    dialog.go.click()
    assert dialog.told.text().startswith("Round 2 still holds cases")
    dialog.reject()


# -- a session without roles ------------------------------------------------------------------------------


def test_whoever_reads_alone_can_look_at_the_study_and_comes_to_the_own_list_first(
    window: MainWindow,
) -> None:
    window.show_page("worklist")
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    assert page.own.isVisible()
    page.choices[1].click()
    assert page.study.isVisible()
    assert len(page.study.view.texts) == 3
    page.choices[0].click()
    assert page.own.isVisible()


def test_unlocking_the_case_at_hand_lets_it_be_changed_at_once(
    window: MainWindow, fill: Callable[..., None]
) -> None:
    space = window.workspace
    fill(space)
    space.sign_off(go_on=False)
    assert not space.writable
    window.show_page("worklist")
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    page.show_list(1)
    QApplication.processEvents()
    choose(page.study, "C0001", 2)
    give(press(page.study, "unlock", UnlockDialog), "once more")
    assert space.case is not None
    assert space.case.exam.code == "C0001"
    assert space.writable
