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

from app.domain.errors import AppError
from app.domain.maps import Quantity
from app.files.dicom.found import Confirmation
from app.files.dicom.wishes import Answer, Question, Wishes
from app.services.survey_import import Survey
from app.ui.dialogs.import_cells import Choice
from app.ui.dialogs.import_dialog import ImportDialog
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
    hand.qtbot.waitUntil(lambda: bool(told))
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
