"""One key each for what is said of a whole case: asked at the panel, never in the way, taken back by undo."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu

from app.domain.case_facts import Because, CaseFacts, Counted
from app.domain.errors import AppError
from app.domain.protocol import LEVELS, Level
from app.domain.reading import LevelState
from app.domain.reasons import Reason
from app.services.open_session import add_reader
from app.ui import case_words
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

Key = Callable[..., None]
Fill = Callable[..., None]


@pytest.fixture
def asked(page: ReadingPage) -> Callable[[], QMenu]:
    """Give a function that finds the list that is open at the panel."""

    def asked() -> QMenu:
        shown = QApplication.activePopupWidget()
        assert isinstance(shown, QMenu)
        assert not shown.isModal()
        return shown

    page.setFocus()
    return asked


def facts_of(space: Workspace) -> CaseFacts:
    assert space.case is not None
    return space.case.reading.facts


def told_of(page: ReadingPage, name: str) -> str:
    return page.panel.case_words.values[name].accessibleDescription()


def test_k_asks_how_levels_were_counted_and_a_letter_answers(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu]
) -> None:
    assert told_of(page, "counted") == "not said yet"
    key("K")
    menu = asked()
    assert [action.text().replace("&", "") for action in menu.actions()] == [
        "Levels were counted",
        "On a whole-spine localizer",
        "Up from the sacrum",
        "Down from C2",
        "Another way",
    ]
    QTest.keyClick(menu, Qt.Key.Key_D)
    assert facts_of(window.workspace).counted is Counted.FROM_C2
    assert told_of(page, "counted") == "down from C2"


def test_k_begins_on_the_way_of_the_last_case_and_enter_takes_it(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu]
) -> None:
    space = window.workspace
    case_words.say_counted(space, Counted.FROM_SACRUM)
    space.step_case(1)
    assert told_of(page, "counted") == "up from the sacrum, as last"
    key("K")
    QTest.keyClick(asked(), Qt.Key.Key_Return)
    assert facts_of(space).counted is Counted.FROM_SACRUM
    assert told_of(page, "counted") == "up from the sacrum"


def test_arrows_move_in_the_list_and_escape_leaves_everything_as_it_was(
    window: MainWindow, key: Key, asked: Callable[[], QMenu]
) -> None:
    key("K")
    menu = asked()
    QTest.keyClick(menu, Qt.Key.Key_Down)
    assert menu.activeAction().text() == "&Up from the sacrum"
    QTest.keyClick(menu, Qt.Key.Key_Escape)
    assert not menu.isVisible()
    assert facts_of(window.workspace) == CaseFacts()


def test_a_letter_that_several_begin_with_walks_from_one_to_the_next(
    window: MainWindow, key: Key, asked: Callable[[], QMenu]
) -> None:
    key("X", "Shift")
    menu = asked()
    QTest.keyClick(menu, Qt.Key.Key_S)
    first = menu.activeAction().text()
    QTest.keyClick(menu, Qt.Key.Key_S)
    assert (first, menu.activeAction().text()) == ("&Schmorl node", "&Scoliosis")
    QTest.keyClick(menu, Qt.Key.Key_Return)
    assert facts_of(window.workspace).excluded == Because(Reason.SCOLI)


def test_an_excluded_patient_is_signed_off_with_gaps_by_enter(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu]
) -> None:
    space = window.workspace
    assert space.case is not None
    exam = space.case.exam.id
    key("X", "Shift")
    QTest.keyClick(asked(), Qt.Key.Key_C)
    assert told_of(page, "patient") == "excluded: cement"
    key("Return")
    row = next(case for case in space.cases if case.exam_id == exam)
    assert (row.locked, row.excluded) == (True, Reason.CEMENT)
    assert space.case.exam.id != exam
    assert page.cases._progress_words.text() == "1 of 3, 1 excluded"


def test_shift_x_on_an_excluded_patient_takes_them_in_again(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu]
) -> None:
    case_words.exclude_patient(window.workspace, Reason.SURG)
    key("X", "Shift")
    menu = asked()
    assert [action.text() for action in menu.actions()] == ["Patient", "&Include again"]
    QTest.keyClick(menu, Qt.Key.Key_I)
    assert facts_of(window.workspace).excluded is None
    assert told_of(page, "patient") == "included"


def test_excluding_for_another_reason_wants_words(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu], told: list[AppError]
) -> None:
    key("X", "Shift")
    asked().actions()[-1].trigger()
    asked().close()
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    assert [problem.code for problem in told] == ["patient.needs_note"]
    assert page.panel.note.isVisible()
    QTest.keyClicks(page.panel.note, "wrong person")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    assert facts_of(window.workspace).excluded == Because(Reason.OTHER, "wrong person")
    assert not page.panel.note.isVisible()


def test_n_writes_a_note_in_the_panel_and_the_keys_go_back_to_the_maps(
    window: MainWindow, page: ReadingPage, key: Key
) -> None:
    space = window.workspace
    page.setFocus()
    key("N")
    assert page.panel.note.hasFocus()
    # keys of the page are letters here
    QTest.keyClicks(page.panel.note, "hip implant x1")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    assert facts_of(space).note == "hip implant x1"
    assert told_of(page, "note") == "hip implant x1"
    assert not page.panel.note.isVisible()
    key("3")
    assert space.selected is Level.L3
    # written again, it begins with what is there
    key("N")
    assert page.panel.note.text() == "hip implant x1"
    QTest.keyClick(page.panel.note, Qt.Key.Key_Escape)
    assert facts_of(space).note == "hip implant x1"


def test_a_note_that_says_the_same_again_is_taken_without_a_step(
    window: MainWindow, page: ReadingPage, key: Key
) -> None:
    case_words.write_note(window.workspace, "n")
    page.setFocus()
    key("N")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    assert not page.panel.note.isVisible()
    assert facts_of(window.workspace).note == "n"


@pytest.mark.parametrize(
    ("say", "value"),
    [
        (lambda space: case_words.say_counted(space, Counted.OTHER), "counted"),
        (lambda space: case_words.exclude_patient(space, Reason.SURG), "excluded"),
        (lambda space: case_words.write_note(space, "n"), "note"),
    ],
)
def test_undo_takes_the_newest_word_back_and_then_goes_on_to_the_rectangles(
    window: MainWindow, fill: Fill, key: Key, say: Callable[[Workspace], Any], value: str
) -> None:
    space = window.workspace
    fill(space, Level.L1, Level.L2)
    say(space)
    assert getattr(facts_of(space), value)
    key("Z", "Control")
    assert facts_of(space) == CaseFacts()
    assert set(space.rectangles) == {Level.L1, Level.L2}
    key("Z", "Control")
    assert set(space.rectangles) == {Level.L1}
    assert facts_of(space) == CaseFacts()


def test_a_word_said_before_another_step_is_not_undone_by_undoing_that_step(
    window: MainWindow, fill: Fill, key: Key
) -> None:
    space = window.workspace
    case_words.write_note(space, "n")
    fill(space, Level.L1)
    key("Z", "Control")
    assert space.rectangles == {}
    assert facts_of(space).note == "n"


def test_redo_says_again_what_undo_took_back(window: MainWindow, key: Key) -> None:
    space = window.workspace
    case_words.write_note(space, "n")
    key("Z", "Control")
    assert facts_of(space).note == ""
    key("Y", "Control")
    assert facts_of(space).note == "n"
    # there is no more to bring back, and this can be taken back as before
    key("Y", "Control")
    assert facts_of(space).note == "n"
    key("Z", "Control")
    assert facts_of(space).note == ""


def test_what_was_said_last_is_what_undo_takes_back_after_a_restart_too(
    window: MainWindow, fill: Fill, key: Key
) -> None:
    space = window.workspace
    assert space.session is not None
    path = space.session.path
    fill(space, Level.L1)
    case_words.write_note(space, "first")
    case_words.write_note(space, "second")
    space.close()
    assert space.open(path)
    key("Z", "Control")
    assert facts_of(space).note == "first"
    # taking back is not taken back: the next step goes on to the rectangle
    space.close()
    assert space.open(path)
    key("Z", "Control")
    assert (facts_of(space).note, space.rectangles) == ("first", {})


def test_a_click_on_another_level_takes_the_note_that_is_being_written(
    window: MainWindow, page: ReadingPage, key: Key
) -> None:
    page.setFocus()
    key("N")
    QTest.keyClicks(page.panel.note, "hip implant")
    table = page.panel.table
    place = table.visualRect(table.model().index(1, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert window.workspace.selected is Level.L2
    assert facts_of(window.workspace).note == "hip implant"
    assert not page.panel.note.isVisible()


def test_a_click_on_sign_off_takes_the_note_first(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key
) -> None:
    space = window.workspace
    fill(space)
    assert space.case is not None
    exam = space.case.exam.id
    page.setFocus()
    key("N")
    QTest.keyClicks(page.panel.note, "hip implant")
    QTest.mouseClick(page.panel.sign_off, Qt.MouseButton.LeftButton)
    assert space.case.exam.id != exam
    assert facts_of(space).note == ""
    space.open_case(exam)
    assert (space.case.reading.locked, facts_of(space).note) == (True, "hip implant")


def test_closing_the_session_takes_the_note_and_escape_alone_does_not(
    window: MainWindow, page: ReadingPage, key: Key
) -> None:
    space = window.workspace
    assert space.session is not None
    path = space.session.path
    page.setFocus()
    key("N")
    QTest.keyClicks(page.panel.note, "dropped")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Escape)
    assert facts_of(space).note == ""
    key("N")
    QTest.keyClicks(page.panel.note, "kept")
    space.close()
    assert space.open(path)
    assert facts_of(space).note == "kept"


def test_a_reason_that_waits_for_its_words_is_of_the_level_it_was_asked_about(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu]
) -> None:
    space = window.workspace
    space.select(Level.L2)
    key("X")
    asked().actions()[-1].trigger()
    asked().close()
    QTest.keyClicks(page.panel.note, "a clip")
    table = page.panel.table
    place = table.visualRect(table.model().index(3, 0)).center()
    QTest.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert space.selected is Level.L4
    assert space.case is not None
    assert space.case.reading.history.state(Level.L2) == LevelState.not_measurable(Reason.OTHER, "a clip")


def test_a_question_without_an_answer_is_gone_when_the_hand_goes_on(
    window: MainWindow, page: ReadingPage, key: Key, asked: Callable[[], QMenu], told: list[AppError]
) -> None:
    window.workspace.select(Level.L2)
    key("X")
    asked().actions()[-1].trigger()
    asked().close()
    page.setFocus()
    assert not page.panel.note.isVisible()
    assert told == []


def test_undo_of_one_case_does_not_take_back_what_was_said_of_another(window: MainWindow, key: Key) -> None:
    space = window.workspace
    case_words.write_note(space, "n")
    space.step_case(1)
    key("Z", "Control")
    space.step_case(-1)
    assert facts_of(space).note == "n"


def test_a_accepts_a_warned_level_with_a_reason_and_a_tick_stands_for_the_triangle(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key, asked: Callable[[], QMenu]
) -> None:
    space = window.workspace
    fill(space)
    space.select(Level.L2)
    space.resize((0, 9), (0, 14))
    row = page.panel.table.levels.rows[1]
    assert row.warning
    assert not row.accepted
    key("A")
    assert "L2" in asked().actions()[0].text()
    QTest.keyClick(asked(), Qt.Key.Key_C)
    assert space.case is not None
    assert space.case.reading.accepted(Level.L2) == Because(Reason.CEMENT)
    row = page.panel.table.levels.rows[1]
    assert row.accepted
    assert "Accepted: cement." in page.panel.warning.text()
    assert "Accepted: cement." in row.detail
    # of another level nothing is said while this one is accepted
    space.select(Level.L5)
    assert "L2" not in page.panel.warning.text()
    space.select(Level.L2)
    space.nudge(1, 0)
    assert not page.panel.table.levels.rows[1].accepted


def test_accepting_for_another_reason_wants_words(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key, asked: Callable[[], QMenu]
) -> None:
    space = window.workspace
    fill(space, Level.L1)
    space.select(Level.L1)
    space.resize((0, 9), (0, 14))
    key("A")
    asked().actions()[-1].trigger()
    asked().close()
    QTest.keyClicks(page.panel.note, "a clip")
    QTest.keyClick(page.panel.note, Qt.Key.Key_Return)
    assert space.case is not None
    assert space.case.reading.accepted(Level.L1) == Because(Reason.OTHER, "a clip")


def test_a_on_a_level_without_a_warning_says_so(
    window: MainWindow, page: ReadingPage, key: Key, told: list[AppError]
) -> None:
    page.setFocus()
    key("A")
    assert QApplication.activePopupWidget() is None
    assert [problem.code for problem in told] == ["accept.nothing"]


@pytest.mark.parametrize("name", ["K", "N", "A"])
def test_a_signed_off_case_asks_nothing_and_says_why(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key, told: list[AppError], name: str
) -> None:
    fill(window.workspace)
    window.workspace.sign_off(go_on=False)
    page.setFocus()
    key(name)
    assert QApplication.activePopupWidget() is None
    assert not page.panel.note.isVisible()
    assert [problem.code for problem in told] == ["reading.locked"]


@pytest.mark.parametrize("name", ["counted", "patient"])
def test_a_click_on_a_line_asks_what_its_key_asks(
    page: ReadingPage, asked: Callable[[], QMenu], name: str
) -> None:
    QTest.mouseClick(page.panel.case_words.values[name], Qt.MouseButton.LeftButton)
    assert asked().isVisible()


def test_a_click_on_the_note_lets_it_be_written(page: ReadingPage) -> None:
    QTest.mouseClick(page.panel.case_words.values["note"], Qt.MouseButton.LeftButton)
    assert page.panel.note.hasFocus()


def test_what_one_reader_says_of_a_case_another_reader_does_not_see(
    window: MainWindow, page: ReadingPage
) -> None:
    space = window.workspace
    assert space.session is not None
    assert space.case is not None
    exam = space.case.exam.id
    case_words.write_note(space, "mine")
    case_words.say_counted(space, Counted.FROM_C2)
    case_words.exclude_patient(space, Reason.SURG)
    add_reader(space.session, "Third")
    space.set_reader("Third")
    for case in space.cases:
        assert case.excluded is None
        space.open_case(case.exam_id)
        assert facts_of(space) == CaseFacts()
        assert [told_of(page, name) for name in ("counted", "patient", "note")] == [
            "not said yet",
            "included",
            "none",
        ]
    space.open_case(exam)
    assert space.signed_off is None


# -- after sign-off ---------------------------------------------------------------------------------------


def test_after_enter_a_quiet_word_says_what_stands_until_the_next_step(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key
) -> None:
    space = window.workspace
    fill(space, *LEVELS[:4])
    space.select(Level.L5)
    space.mark(Reason.FX_OLD)
    space.select(Level.L2)
    space.resize((0, 9), (0, 14))
    assert space.case is not None
    code = space.case.exam.code
    assert not page.panel.signed_off.isVisible()
    key("Return")
    said = page.panel.signed_off
    assert said.isVisible()
    assert said.headline.text().startswith(f"Signed off {code}: ")
    lines = said.toolTip().splitlines()
    assert "L5: not measurable, old fracture (FX_OLD)" in lines
    assert any(line.startswith("L2: ") and "mm²" in line for line in lines)
    assert lines[-1] == "Ctrl+Z opens it again."
    space.mark(Reason.FX_OLD)
    assert not said.isVisible()


def test_undo_directly_after_enter_opens_the_case_again_and_the_word_goes(
    window: MainWindow, page: ReadingPage, fill: Fill, key: Key
) -> None:
    space = window.workspace
    fill(space)
    assert space.case is not None
    exam = space.case.exam.id
    key("Return")
    assert space.case.exam.id != exam
    key("Z", "Control")
    assert (space.case.exam.id, space.case.reading.locked) == (exam, False)
    assert len(space.rectangles) == 5
    assert not page.panel.signed_off.isVisible()
    # and now undo takes back rectangles again
    key("Z", "Control")
    assert len(space.rectangles) == 4


def test_after_reopening_by_the_button_undo_takes_back_rectangles(
    window: MainWindow, fill: Fill, key: Key
) -> None:
    space = window.workspace
    fill(space)
    key("Return", "Control")
    space.reopen()
    key("Z", "Control")
    assert len(space.rectangles) == 4


def test_the_list_of_cases_tells_what_stands_of_a_signed_off_case(
    window: MainWindow, page: ReadingPage, fill: Fill
) -> None:
    space = window.workspace
    fill(space, *LEVELS[:4])
    space.select(Level.L5)
    space.mark(Reason.FX_OLD)
    space.sign_off(go_on=True)
    model = page.cases.view.model()
    tips = [model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole) for row in range(model.rowCount())]
    (signed,) = [tip for tip in tips if "\n" in tip]
    assert signed.splitlines()[0] == "signed off"
    assert "L5: not measurable, old fracture (FX_OLD)" in signed.splitlines()
    assert sorted(tip for tip in tips if tip != signed) == ["not started", "not started"]


def test_the_list_of_cases_reads_a_case_only_once_as_long_as_it_stays_the_same(
    window: MainWindow, page: ReadingPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = window.workspace
    assert space.case is not None
    exam = space.case.exam.id
    case_words.exclude_patient(space, Reason.SURG)
    space.sign_off(go_on=True)
    asked: list[int] = []
    original = page.cases._model._ask
    monkeypatch.setattr(page.cases._model, "_ask", lambda key: (asked.append(key), original(key))[1])
    model = page.cases.view.model()
    for _ in range(3):
        for row in range(model.rowCount()):
            model.index(row, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert asked == [exam]


# -- without a case ---------------------------------------------------------------------------------------


def test_without_images_the_page_says_what_to_do_and_shows_no_empty_maps(
    window: MainWindow, page: ReadingPage, tmp_path: Path
) -> None:
    assert not page.empty.isVisible()
    window.workspace.create(tmp_path / "new.marrow")
    window.show_page("read")
    assert page.empty.isVisible()
    assert not any(part.isVisible() for part in (page.maps, page.panel, page.cases))
    assert page.empty.title.text() == "Nothing to read yet"
    asked: list[str] = []
    window.file_menu.actions["import"].triggered.disconnect()
    window.file_menu.actions["import"].triggered.connect(lambda: asked.append("import"))
    QTest.mouseClick(page.empty.bring, Qt.MouseButton.LeftButton)
    assert asked == ["import"]


def test_with_cases_but_none_open_the_page_points_to_the_list(window: MainWindow, page: ReadingPage) -> None:
    window.workspace._leave_case()
    assert page.empty.isVisible()
    assert page.cases.isVisible()
    assert page.empty.title.text() == "No case is open"
    assert not page.empty.bring.isVisible()
    page.cases.wanted.emit(window.workspace.cases[0].exam_id)
    assert page.maps.isVisible()
    assert not page.empty.isVisible()
