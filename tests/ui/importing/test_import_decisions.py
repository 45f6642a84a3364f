"""What a person decides in the import dialog: scales, answers, wishes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.errors import AppError, StoreUnavailable
from app.domain.maps import Quantity
from app.files.dicom.found import Confirmation
from app.files.dicom.wishes import Answer, Question, Rival, Wishes
from app.services.import_exams import remembered_answers
from app.services.survey_import import Survey
from app.ui.dialogs import import_decisions
from app.ui.dialogs.import_cells import Choice
from app.ui.dialogs.import_dialog import ImportDialog
from app.ui.import_row import Column, Kind, Tick

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


# -- scales -----------------------------------------------------------------------------------------------


def test_a_confirmed_scale_frees_the_exam_and_names_who_said_so(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("canon"))
    for quantity in (FF, R2STAR):
        hand.select(hand.find_map(quantity))
        box = dialog.details.box
        assert box is not None
        assert box.who.text() == "Ana"
        assert box.chosen == 1.0
        box.confirm.click()
    assert check_of(hand, Kind.EXAM) == CHECKED
    (pick,) = dialog.draft.picks()
    assert {one.confirmed for one in pick.found.maps} == {Confirmation(1.0, "Ana")}
    box = dialog.details.box
    assert box is not None
    box.take_back.click()
    assert check_of(hand, Kind.EXAM) == UNCHECKED


def test_enter_confirms_where_a_unit_is_decided_and_imports_nothing(
    hand: Hand, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = hand.open(look("canon", "plain"))
    monkeypatch.setattr(dialog._tasks, "import_picks", pytest.fail)
    hand.select(hand.find_map(FF))
    box = dialog.details.box
    assert box is not None
    box.who.setText("Dr Bo")
    press(box.who, Qt.Key.Key_Return)
    assert next(iter(dialog.draft.confirmed.values())) == Confirmation(1.0, "Dr Bo")


def test_a_factor_of_ones_own_is_shown_in_the_unit_and_only_a_possible_one_confirms(
    hand: Hand, look: Look
) -> None:
    dialog = hand.open(look("canon"))
    hand.select(hand.find_map(FF))
    box = dialog.details.box
    assert box is not None
    QTest.keyClicks(box.factor, "0.9")
    assert box.chosen == 0.9
    assert "%" in box._result.text()
    assert box.confirm.isEnabled()
    box.factor.clear()
    QTest.keyClicks(box.factor, "900")
    assert "not possible" in box._result.text()
    assert not box.confirm.isEnabled()
    box.factor.clear()
    box._on_changed()
    assert box.chosen is None
    assert not box.confirm.isEnabled()
    QTest.keyClicks(box.factor, "0.9")
    box.who.clear()
    assert not box.confirm.isEnabled()
    box.who.setText("Ana")
    box.confirm.click()
    # what was confirmed stands there when the line is looked at again
    again = dialog.details.box
    assert again is not None
    assert (again.factor.text(), again.chosen) == ("0.9", 0.9)


def test_what_is_half_written_stays_while_other_lines_are_ticked(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("canon", "plain"))
    hand.select(hand.find_map(FF))
    box = dialog.details.box
    assert box is not None
    box.who.setText("Dr B")
    dialog.tree.toggle(hand.find(Kind.EXAM, 1))
    assert dialog.details.box is box


def test_without_a_proposal_nothing_is_chosen(hand: Hand, look: Look) -> None:
    looked = look("canon")
    (exam,) = looked.exams
    decision = replace(exam.maps[0].decision, seen="ff.out_of_range", factor=None)
    maps = (replace(exam.maps[0], decision=decision), *exam.maps[1:])
    dialog = hand.open(replace(looked, exams=(replace(exam, maps=maps),)))
    hand.select(hand.find_map(FF))
    box = dialog.details.box
    assert box is not None
    assert box.chosen is None
    assert not box.confirm.isEnabled()


# -- names ------------------------------------------------------------------------------------------------


def test_a_name_is_read_in_the_character_set_that_is_chosen_on_its_line_at_once(
    hand: Hand, looker: Looker, look: Look
) -> None:
    dialog = hand.open(look("big5", "plain"))
    big5, plain = sorted(dialog.tree.all_of(Kind.PATIENT), key=lambda index: hand.row(index).charset is None)
    # nothing else could be read of a name in plain letters
    assert dialog.view.indexWidget(plain.siblingAtColumn(Column.EVIDENCE)) is None
    assert dialog.view.isFirstColumnSpanned(plain.row(), plain.parent())
    assert not dialog.view.isFirstColumnSpanned(big5.row(), big5.parent())
    key = hand.row(big5).key
    before = hand.row(big5).cell(Column.WHAT).title
    choice = dialog.view.indexWidget(big5.siblingAtColumn(Column.EVIDENCE))
    assert isinstance(choice, Choice)
    assert choice.currentText() == "name as declared"
    hand.choose(big5, Column.EVIDENCE, "Big5")
    assert hand.row(dialog.tree.find(key)).cell(Column.WHAT).title == "陳 大文 · 38"
    assert looker.asked == []
    names = {pick.found.identity.patient_name for pick in dialog.draft.picks()}
    assert "陳^大文" in names
    # another look keeps to it, and what the files say can be had back
    dialog.show_survey(dialog.paths, dialog.draft.survey)
    assert hand.row(dialog.tree.find(key)).cell(Column.WHAT).title == "陳 大文 · 38"
    hand.choose(dialog.tree.find(key), Column.EVIDENCE, "")
    assert hand.row(dialog.tree.find(key)).cell(Column.WHAT).title == before
    hand.select(dialog.tree.find(key))
    QTest.keyClick(dialog.view, Qt.Key.Key_F2)
    assert dialog.view.indexWidget(dialog.tree.find(key, Column.EVIDENCE)).hasFocus()
    dialog.hide_names.setChecked(True)
    assert hand.row(dialog.tree.find(key)).charset is None


# -- another look -----------------------------------------------------------------------------------------


def test_an_answer_looks_again_and_the_choices_stay_open(hand: Hand, looker: Looker, look: Look) -> None:
    dialog = hand.open(look("nameless"))
    hand.select(hand.find(Kind.QUESTION))
    question = dialog.draft.survey.questions[0]
    assert question.key is not None
    looker.answer = look("nameless", wishes=Wishes({question.key: Answer("FF", who="Ana")}))
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "FF")
    assert dialog.footer.stop.isVisible()
    assert not dialog.footer.go.isEnabled()
    hand.wait()
    assert looker.asked[0][1].answers == {question.key: Answer("FF", "", "Ana")}
    assert len(dialog.tree.all_of(Kind.EXAM)) == 1
    assert not dialog.footer.stop.isVisible()
    choice = dialog.view.indexWidget(hand.find(Kind.QUESTION).siblingAtColumn(Column.EVIDENCE))
    assert isinstance(choice, Choice)
    assert choice.currentText() == "Fat fraction"
    here = dialog.view.current_row()
    assert here is not None
    assert here.kind is Kind.QUESTION


def test_ticking_one_of_two_series_of_a_map_looks_again_with_it(
    hand: Hand, looker: Looker, look: Look
) -> None:
    looked = look("plain")
    where = looked.exams[0].found.identity
    first, second = (
        Rival(where.study_uid, where.frame_uid, uid, "FF", (Path(uid),), (4, 96, 112), "sagittal", uid, 2)
        for uid in ("1.2", "1.3")
    )
    elsewhere = [replace(one, study_uid="9", series_uid=f"{one.series_uid}.9") for one in (first, second)]
    looker.answer = replace(looked, rivals=(first, replace(second, chosen=True), *elsewhere))
    dialog = hand.open(replace(looked, rivals=(first, second, *elsewhere)))
    exam = hand.row(hand.find(Kind.EXAM))
    assert [row.subject for row in exam.children if row.kind is Kind.RIVAL] == [first, second]
    assert (exam.cell(Column.STATE).title, exam.tick) == ("needs an answer", Tick.OFF)
    (heading,) = dialog.tree.all_of(Kind.QUESTIONS)
    assert [row.subject for row in hand.row(heading).children] == elsewhere
    index = hand.find(Kind.RIVAL, 1)
    assert hand.row(index).cell(Column.STATE).title == "not chosen"
    hand.select(index)
    assert dialog.view.isExpanded(hand.find(Kind.EXAM))
    dialog.tree.toggle(index)
    hand.wait()
    assert looker.asked[-1][1].chosen == {"1.3"}
    assert hand.row(hand.find(Kind.RIVAL, 1)).cell(Column.STATE).title == "chosen"
    exam = hand.row(hand.find(Kind.EXAM))
    assert (exam.cell(Column.STATE).title, exam.tick) == ("new", Tick.ON)
    # the other one takes its place, and none is left when that is unticked
    for number, chosen in ((0, {"1.2"}), (0, set())):
        dialog.tree.toggle(hand.find(Kind.RIVAL, number))
        hand.wait()
        assert looker.asked[-1][1].chosen == chosen
    dialog.tree.toggle(hand.find(Kind.RIVAL, 2))
    dialog.tree.toggle(hand.find(Kind.RIVAL, 0))
    hand.wait()
    assert looker.asked[-1][1].chosen == {"1.2", "1.2.9"}


def test_answers_are_kept_without_an_import_by_a_button_that_says_so(
    hand: Hand, looker: Looker, look: Look
) -> None:
    dialog = hand.open(look("nameless"))
    tip = dialog.footer.cancel.toolTip()
    assert not dialog.footer.go.isEnabled()
    (key, *_) = [one.key for one in dialog.draft.survey.questions]
    looker.answer = look("nameless", wishes=Wishes({key: Answer("NOTHING", who="Ana")}))
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "NOTHING")
    # while it looks again nothing is offered
    assert not dialog.footer.go.isEnabled()
    hand.wait()
    assert (dialog.footer.go.text(), dialog.footer.go.isEnabled()) == ("Keep answers", True)
    assert "not kept" in dialog.footer.cancel.toolTip()
    assert "not kept" not in tip
    session = hand.window.workspace.session
    assert session is not None
    assert remembered_answers(session) == {}
    dialog.footer.go.click()
    assert hand.window.importing.dialog is None
    assert remembered_answers(session) == {key: Answer("NOTHING", "", "Ana")}
    # what is remembered already is nothing new to keep
    again = hand.open(looker.answer)
    assert not again.footer.go.isEnabled()
    assert hand.reports() == []


def test_answers_are_not_kept_by_cancel_or_where_the_session_refuses(
    hand: Hand, looker: Looker, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise StoreUnavailable("store.full", file="study.marrow")

    dialog = hand.open(look("nameless"))
    looker.answer = look("nameless")
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "NOTHING")
    hand.wait()
    monkeypatch.setattr(import_decisions, "remember_answers", refuse)
    dialog.footer.go.click()
    assert hand.window.importing.dialog is dialog
    assert "disk" in dialog.footer.notice.text()
    dialog.footer.cancel.click()
    session = hand.window.workspace.session
    assert session is not None
    assert remembered_answers(session) == {}


def test_an_answer_can_be_taken_back(hand: Hand, looker: Looker, look: Look) -> None:
    dialog = hand.open(look("nameless"))
    looker.answer = look("nameless")
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "WATER")
    hand.wait()
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "")
    hand.wait()
    assert [len(wishes.answers) for _, wishes in looker.asked] == [1, 0]
    assert dialog.draft.answers == {}


def test_a_volume_is_asked_for_its_unit_as_well(
    hand: Hand, looker: Looker, look: Look, tmp_path: Path
) -> None:
    volume = Question(None, (tmp_path / "ff.nii",), (4, 96, 112), "sagittal", "ff.nii")
    looker.answer = replace(look("plain"), questions=(volume,))
    dialog = hand.open(looker.answer)
    unit = hand.find(Kind.QUESTION).siblingAtColumn(Column.UNIT)
    assert dialog.view.indexWidget(unit) is None
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "FF")
    assert looker.asked == []
    hand.choose(hand.find(Kind.QUESTION), Column.UNIT, "ff.permille")
    hand.wait()
    assert looker.asked[0][1].volumes == {tmp_path / "ff.nii": Answer("FF", "ff.permille", "Ana")}
    hand.choose(hand.find(Kind.QUESTION), Column.EVIDENCE, "NOTHING")
    hand.wait()
    assert dialog.view.indexWidget(hand.find(Kind.QUESTION).siblingAtColumn(Column.UNIT)) is None


def test_the_wheel_over_a_choice_answers_nothing(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("nameless"))
    choice = dialog.view.indexWidget(hand.find(Kind.QUESTION).siblingAtColumn(Column.EVIDENCE))
    assert isinstance(choice, Choice)
    at = QPointF(5, 5)
    event = QWheelEvent(
        at, choice.mapToGlobal(at), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(choice, event)
    assert choice.currentIndex() == 0


def test_f2_goes_to_the_choice_of_a_series_and_enter_opens_it(hand: Hand, look: Look) -> None:
    dialog = hand.open(look("nameless"))
    hand.select(hand.find(Kind.QUESTION))
    press(dialog.view, Qt.Key.Key_F2)
    choice = QApplication.focusWidget()
    assert isinstance(choice, Choice)
    press(choice, Qt.Key.Key_Return)
    assert choice.view().isVisible()
    choice.hidePopup()


def test_wishes_are_off_and_a_click_looks_again(hand: Hand, looker: Looker, look: Look) -> None:
    dialog = hand.open(look("apart"))
    wishing = dialog.wishing
    assert not wishing.signal_ff.isChecked()
    assert not wishing.resample.isChecked()
    assert wishing.resample.isEnabled()
    looker.answer = look("apart", wishes=Wishes(resample=True))
    wishing.resample.click()
    hand.wait()
    assert looker.asked[0][1].resample
    # it can be taken back although nothing is apart any more
    assert wishing.resample.isChecked()
    assert wishing.resample.isEnabled()
    assert hand.row(hand.find(Kind.EXAM)).cell(Column.GEOMETRY).title == "resampled"


def test_resampling_is_offered_only_where_something_does_not_fit(hand: Hand, look: Look) -> None:
    assert not hand.open(look("plain")).wishing.resample.isEnabled()


def test_a_stopped_look_leaves_everything_as_it_was(
    hand: Hand, looker: Looker, look: Look, told: list[AppError]
) -> None:
    dialog = hand.open(look("apart"))
    looker.answer = look("apart")
    looker.go_on.clear()
    dialog.wishing.signal_ff.click()
    dialog.footer.stop.click()
    looker.go_on.set()
    hand.wait()
    hand.qtbot.waitUntil(lambda: bool(told), timeout=60_000)
    assert "Stopped" in dialog.footer.notice.text()
    assert not dialog.wishing.signal_ff.isChecked()
    assert dialog.footer.go.isEnabled()


def test_a_second_wish_takes_the_place_of_the_first_look(hand: Hand, looker: Looker, look: Look) -> None:
    dialog = hand.open(look("apart"))
    looker.answer = look("apart", wishes=Wishes(resample=True))
    dialog.wishing.signal_ff.click()
    dialog.wishing.resample.click()
    hand.wait()
    assert (looker.asked[-1][1].signal_ff, looker.asked[-1][1].resample) == (True, True)
    assert dialog.draft.signal_ff
    assert not dialog.footer.stop.isVisible()


def test_a_look_beside_another_task_is_refused_and_the_wish_taken_back(
    hand: Hand, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = hand.open(look("apart"))
    monkeypatch.setattr(type(hand.window.tasks._job), "running", True)
    dialog.wishing.signal_ff.click()
    assert "Another task" in dialog.footer.notice.text()
    assert not dialog.wishing.signal_ff.isChecked()
    assert dialog.footer.go.isEnabled()


def drop(dialog: ImportDialog, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    plain = Qt.KeyboardModifier.NoModifier
    hover = QDragEnterEvent(QPoint(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, plain)
    dialog.dragEnterEvent(hover)
    assert hover.isAccepted()
    event = QDropEvent(
        QPointF(5, 5), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, plain, QEvent.Type.Drop
    )
    dialog.dropEvent(event)


def test_images_dropped_on_the_dialog_or_wanted_again_come_beside_the_others(
    hand: Hand, looker: Looker, look: Look, images: Path
) -> None:
    dialog = hand.open(look("plain"), images / "plain")
    looker.answer = look("canon", "plain")
    drop(dialog, images / "canon")
    hand.wait()
    assert looker.asked[0][0] == (images / "plain", images / "canon")
    assert len(dialog.tree.all_of(Kind.EXAM)) == 2
    hand.window.importing.look_at((images / "canon", images / "signals"))
    hand.wait()
    assert looker.asked[1][0] == (images / "plain", images / "canon", images / "signals")
