"""The import dialog: what a hand can do there, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel, QLineEdit, QWidget

from app.domain.errors import AppError
from app.domain.maps import Quantity
from app.files.dicom.wishes import Answer, Wishes
from app.services.import_exams import remembered_answers
from app.services.survey_import import Standing, Survey
from app.store.audit import entries
from app.ui.import_row import Column, Kind

if TYPE_CHECKING:
    from conftest import Hand, Looker

Look = Callable[..., Survey]
FF, R2STAR = Quantity.FF, Quantity.R2STAR
UNCHECKED, PARTLY, CHECKED = (
    Qt.CheckState.Unchecked,
    Qt.CheckState.PartiallyChecked,
    Qt.CheckState.Checked,
)


def check_of(hand: Hand, kind: Kind) -> object:
    return hand.find(kind).data(Qt.ItemDataRole.CheckStateRole)


def press(widget: QWidget, key: Qt.Key) -> None:
    QTest.keyClick(widget, key)
    QApplication.processEvents()


# -- opening ----------------------------------------------------------------------------------------------


def test_images_are_looked_at_first_and_then_shown_beside_the_window(
    hand: Hand, looker: Looker, look: Look, images: Path
) -> None:
    looker.answer = look("plain")
    window = hand.window
    window.file_menu.images_wanted.emit((images / "plain",))
    assert window.importing.dialog is None
    assert window.status.cancel.isVisible()
    hand.wait()
    hand.qtbot.waitUntil(lambda: window.importing.dialog is not None, timeout=60_000)
    assert looker.asked == [((images / "plain",), Wishes())]
    dialog = hand.take_keyboard()
    assert dialog.isVisible()
    assert not dialog.isModal()
    assert dialog.paths == (images / "plain",)
    assert dialog.heading.text() == "1 exam found"
    assert dialog.footer.go.text() == "Import 1 exam"
    assert dialog.view.hasFocus()


def test_the_first_map_that_needs_an_answer_is_shown_at_once(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("canon", "plain"))
    row = dialog.view.current_row()
    assert row is not None
    assert row.cell(Column.STATE).title == "needs an answer"
    assert dialog.details.box is not None


def test_with_several_exams_only_those_that_need_an_answer_are_unfolded(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("canon", "plain", "signals"))
    opened = [dialog.view.isExpanded(index) for index in dialog.tree.all_of(Kind.EXAM)]
    assert sorted(opened) == [False, False, True]


def test_where_nothing_can_be_imported_the_reasons_stand_open(hand: Hand, look: Look) -> None:
    looked = look("lossy")
    dialog = hand.open(replace(looked, exams=()))
    assert dialog._stack.currentIndex() == 1
    assert dialog.unused.list.isVisible()
    assert not dialog.footer.go.isEnabled()
    assert "compressed with loss" in dialog.unused.list.topLevelItem(0).text(0)


def test_an_empty_folder_is_said_too(hand: Hand, look: Look) -> None:
    dialog = hand.open(replace(look("plain"), exams=(), refused=()))
    assert dialog.heading.text() == "No exam found"
    assert not dialog.unused.title.isEnabled()


# -- ticks ------------------------------------------------------------------------------------------------


def test_space_ticks_the_line_from_any_column(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("plain"))
    hand.select(hand.find_map(R2STAR).siblingAtColumn(Column.STATE))
    press(dialog.view, Qt.Key.Key_Space)
    assert check_of(hand, Kind.EXAM) == check_of(hand, Kind.PATIENT) == PARTLY
    assert dialog.footer.go.text() == "Import 1 exam"
    hand.select(hand.find(Kind.PATIENT))
    press(dialog.view, Qt.Key.Key_Space)
    assert check_of(hand, Kind.EXAM) == CHECKED
    press(dialog.view, Qt.Key.Key_Space)
    assert check_of(hand, Kind.EXAM) == UNCHECKED
    assert not dialog.footer.go.isEnabled()


def test_a_click_on_the_box_ticks_and_the_place_in_the_tree_stays(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("plain"))
    row = hand.select(hand.find(Kind.EXAM))
    index = hand.find(Kind.EXAM)
    dialog.tree.setData(index, UNCHECKED, Qt.ItemDataRole.CheckStateRole)
    assert list(dialog.draft.picks()) == []
    here = dialog.view.current_row()
    assert here is not None
    assert here.key == row.key


def test_what_waits_or_is_known_cannot_be_ticked(hand: Hand, look: Look) -> None:
    looked = look("canon", "plain")
    known = [replace(exam, standing=Standing.KNOWN, code="C0417") for exam in looked.exams[1:]]
    dialog = hand.open(replace(looked, exams=(looked.exams[0], *known)))
    for index in dialog.tree.all_of(Kind.EXAM):
        assert not index.flags() & Qt.ItemFlag.ItemIsUserCheckable
        assert not dialog.tree.toggle(index)
    assert not dialog.footer.go.isEnabled()


def test_a_reference_series_is_ticked_for_itself(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("anatomy"))
    dialog.tree.toggle(hand.find(Kind.REFERENCE))
    assert next(dialog.draft.picks()).found.references == ()


def test_names_are_hidden_by_a_switch_that_starts_off(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("plain"))
    assert not dialog.hide_names.isChecked()
    assert "Wong" in hand.find(Kind.PATIENT).data()
    hand.select(hand.find(Kind.PATIENT))
    dialog.hide_names.click()
    assert hand.find(Kind.PATIENT).data() == "Patient 1"
    assert not [label.text() for label in dialog.findChildren(QLabel) if "Wong" in label.text()]


# -- case codes and report --------------------------------------------------------------------------------


def type_code(hand: Hand, words: str) -> None:
    press(hand.dialog.view, Qt.Key.Key_F2)
    field = QApplication.focusWidget()
    assert isinstance(field, QLineEdit)
    field.selectAll()
    QTest.keyClicks(field, words)
    press(field, Qt.Key.Key_Return)


def test_f2_writes_a_case_code_and_enter_there_imports_nothing(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("plain"))
    hand.select(hand.find_map(FF))
    type_code(hand, "L001")
    assert next(dialog.draft.picks()).code == "L001"
    assert hand.find(Kind.EXAM).siblingAtColumn(Column.CODE).data() == "L001"
    assert dialog.isVisible()
    type_code(hand, "9 bad")
    assert "begins with a letter" in dialog.footer.notice.text()
    assert next(dialog.draft.picks()).code == "L001"
    type_code(hand, "L002")
    assert not dialog.footer.notice.isVisible()


def test_a_case_code_of_the_session_cannot_be_edited(hand: Hand, look: Look) -> None:
    looked = look("plain")
    known = replace(looked.exams[0], standing=Standing.KNOWN, code="C0417")
    dialog = hand.open(replace(looked, exams=(known,)))
    hand.select(hand.find(Kind.EXAM))
    press(dialog.view, Qt.Key.Key_F2)
    assert not isinstance(QApplication.focusWidget(), QLineEdit)
    assert hand.find(Kind.EXAM).siblingAtColumn(Column.CODE).data() == "C0417"


def test_case_codes_come_from_a_table_all_or_none(hand: Hand, look: Look, tmp_path: Path) -> None:
    dialog = hand.open(look("canon", "plain"))
    dialog.wishing.codes.click()
    (asked,) = [one for one in dialog.findChildren(QFileDialog) if one.isVisible()]
    asked.close()
    table = tmp_path / "codes.csv"
    table.write_text("PatientID,Case code\n0012,B1\n31,B2\n", encoding="utf-8")
    dialog.decisions.take_codes(str(table))
    assert dialog.footer.notice.text() == "2 case codes taken from the table."
    shown = {i.siblingAtColumn(Column.CODE).data() for i in dialog.tree.all_of(Kind.EXAM)}
    assert shown == {"B1", "B2"}
    table.write_text("PatientID,Case code\n0012,D1\n31,Wong\n", encoding="utf-8")
    dialog.decisions.take_codes(str(table))
    assert "taken" not in dialog.footer.notice.text()
    assert set(dialog.draft.codes.values()) == {"B1", "B2"}
    dialog.decisions.take_codes(str(tmp_path / "gone.csv"))
    assert "gone.csv" in dialog.footer.notice.text()


def test_the_report_is_saved_as_text_without_names(hand: Hand, look: Look, tmp_path: Path) -> None:
    dialog = hand.open(look("canon", "plain"))
    dialog.footer.save.click()
    (asked,) = [one for one in dialog.findChildren(QFileDialog) if one.isVisible()]
    asked.close()
    dialog.decisions.save_report(str(tmp_path / "report.txt"))
    said = (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert said.startswith("2 exams found")
    assert "Wong" not in said
    dialog.decisions.save_report(str(tmp_path / "no-folder" / "report.txt"))
    assert "report.txt" in dialog.footer.notice.text()


def test_files_that_are_not_used_unfold_by_reason(hand: Hand, look: Look, images: Path) -> None:
    dialog = hand.open(look("plain"))
    fold = dialog.unused
    assert fold.title.text() == "Not used: 1 file"
    assert not fold.list.isVisible()
    fold.title.click()
    assert fold.list.isVisible()
    reason = fold.list.topLevelItem(0)
    assert reason.childCount() == 0
    reason.setExpanded(True)
    reason.setExpanded(False)
    reason.setExpanded(True)
    assert [reason.child(n).text(0) for n in range(reason.childCount())] == [
        str(images / "plain" / "readme.txt")
    ]
    assert "readme.txt is not a DICOM file" in reason.child(0).toolTip(0)


def test_of_very_many_files_the_first_are_listed(
    hand: Hand, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.ui.dialogs.import_unused._SHOWN", 2)
    looked = look("plain")
    dialog = hand.open(replace(looked, refused=tuple(
        replace(looked.refused[0], path=Path(f"{number}")) for number in range(5))))  # fmt: skip
    reason = dialog.unused.list.topLevelItem(0)
    reason.setExpanded(True)
    assert reason.childCount() == 3
    assert reason.child(2).text(0) == "and 3 more; the saved report names them all"


# -- import -----------------------------------------------------------------------------------------------


def test_a_clean_folder_takes_a_choice_and_enter(hand: Hand, images: Path, tmp_path: Path) -> None:
    """With nothing standing in for anything: look, Enter, report, and the case can be read."""
    window = hand.window
    before = {case.code for case in window.workspace.cases}
    window.file_menu.images_wanted.emit((images / "plain",))
    hand.qtbot.waitUntil(lambda: window.importing.dialog is not None, timeout=60_000)
    with hand.qtbot.waitSignal(window.tasks.imported, timeout=60_000):
        press(hand.take_keyboard().view, Qt.Key.Key_Return)
        assert not hand.dialog.view.isEnabled()
        assert not hand.dialog.footer.go.isEnabled()
    assert window.importing.dialog is None
    (report,) = hand.reports()
    assert "Exams imported: 1" in report.body.toPlainText()
    assert f"{images / 'plain' / 'readme.txt'} is not a DICOM file" in report.body.toPlainText()
    report.save(str(tmp_path / "report.txt"))
    assert "\nfolder 1/readme.txt is not" in (tmp_path / "report.txt").read_text(encoding="utf-8")
    assert len({case.code for case in window.workspace.cases} - before) == 1
    session = window.workspace.session
    assert session is not None
    assert [entry.actor for entry in entries(session.database) if entry.action == "exam.imported"][
        -1
    ] == "Ana"
    # the same again is recognised
    window.importing.look_at((images / "plain",))
    hand.qtbot.waitUntil(lambda: window.importing.dialog is not None, timeout=60_000)
    assert hand.dialog.heading.text() == "1 exam found, it is in the session already"
    assert not hand.dialog.footer.go.isEnabled()
    press(hand.take_keyboard().view, Qt.Key.Key_Return)
    assert not window.tasks.running


def test_a_map_that_was_left_out_joins_its_exam_later(hand: Hand, images: Path) -> None:
    window = hand.window

    def look_and_import() -> str:
        window.importing.look_at((images / "plain",))
        hand.qtbot.waitUntil(lambda: window.importing.dialog is not None, timeout=60_000)
        dialog = hand.take_keyboard()
        seen = hand.row(hand.find(Kind.EXAM)).cell(Column.STATE)
        if not window.workspace.session or len(window.workspace.cases) == 3:
            dialog.tree.toggle(hand.find_map(R2STAR))
        with hand.qtbot.waitSignal(window.tasks.imported, timeout=60_000):
            dialog.footer.go.click()
        return f"{seen.title}, {seen.quiet}"

    assert look_and_import().startswith("new")
    cases = {case.code for case in window.workspace.cases}
    (code,) = cases - {"C0001", "C0002", "C0003"}
    assert look_and_import() == f"joins {code}, adds R2*"
    assert {case.code for case in window.workspace.cases} == cases


def test_an_import_that_fails_keeps_the_dialog_and_says_why(
    hand: Hand, look: Look, told: list[AppError]
) -> None:
    dialog = hand.open(look("plain"))
    # what only the import can find out: the code of another exam
    dialog.draft.codes[next(iter(dialog.draft.exams))] = "not a code"
    dialog.footer.go.click()
    hand.qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert dialog.isVisible()
    assert "begins with a letter" in dialog.footer.notice.text()
    assert dialog.view.isEnabled()
    assert dialog.footer.go.isEnabled()


def test_an_answer_is_remembered_in_the_session_by_the_import_and_not_before(
    hand: Hand, looker: Looker, look: Look
) -> None:
    dialog = hand.open(look("nameless", "plain"))
    session = hand.window.workspace.session
    assert session is not None
    looker.answer = look("nameless", "plain")
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "NOTHING")
    hand.wait()
    assert remembered_answers(session) == {}
    with hand.qtbot.waitSignal(hand.window.tasks.imported, timeout=60_000):
        dialog.footer.go.click()
    (answer,) = remembered_answers(session).values()
    assert answer == Answer("NOTHING", "", "Ana")


def test_an_import_into_a_session_that_cannot_be_written_is_refused(
    hand: Hand, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = hand.open(look("plain"))
    monkeypatch.setattr(type(hand.window.workspace.session), "read_only", True)
    dialog.footer.go.click()
    assert dialog.isVisible()
    assert "reading only" in dialog.footer.notice.text()
    assert dialog.footer.go.isEnabled()


@pytest.mark.parametrize("way", ["escape", "cancel", "frame"])
def test_closing_the_dialog_stops_what_runs_and_writes_nothing(
    hand: Hand, looker: Looker, look: Look, way: str, told: list[AppError]
) -> None:
    window = hand.window
    before = len(window.workspace.cases)
    dialog = hand.open(look("apart"))
    looker.answer = look("apart")
    looker.go_on.clear()
    dialog.wishing.signal_ff.click()
    if way == "escape":
        press(dialog.view, Qt.Key.Key_Escape)
    elif way == "cancel":
        dialog.footer.cancel.click()
    else:
        dialog.close()
    assert window.importing.dialog is None
    looker.go_on.set()
    hand.qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert [problem.code for problem in told] == ["task.cancelled"]
    assert len(window.workspace.cases) == before


def test_the_dialog_goes_with_its_session(hand: Hand, look: Look) -> None:
    hand.open(look("plain"))
    hand.window.workspace.close()
    assert hand.window.importing.dialog is None
