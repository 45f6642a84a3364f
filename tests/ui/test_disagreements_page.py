"""The page on which readers are compared: queue, rectangles of all readers, deciding by mouse and by keys."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app.domain.disagreement import Comparison, Ground, Held, How, Ruling, Urgency, compare, only_mean
from app.domain.errors import StoreUnavailable
from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import Role, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle, place
from app.services import disagreements, read_exam
from app.services.changed import What
from app.services.disagreements import Dispute
from app.services.open_session import Session, add_reader, readers_of
from app.store import adjudications, audit, exams, people, results, sessions
from app.ui import present
from app.ui.canvas.both_readers import READER_COLOURS, ReadersView
from app.ui.main_window import MainWindow
from app.ui.own_rectangle import OwnRectangle
from app.ui.pages.audit import AuditPage
from app.ui.pages.disagreements import DisagreementsPage
from app.ui.present.disagreement import queue_row, recorded_text, why_sentences, why_text

FF, R2STAR = Quantity.FF, Quantity.R2STAR
LEFT, PLAIN = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
WAIT = 20_000
# where the levels of C0001 are read without a word of any rule
CENTRES = {level: (12.0 + 18 * number, 40.0) for number, level in enumerate(LEVELS)}


def viewers(session: Session) -> dict[str, Viewer]:
    return {reader.name: Viewer(reader) for reader in readers_of(session)}


def exam_of(session: Session, code: str) -> int:
    first = next(iter(viewers(session).values()))
    return next(case.exam_id for case in read_exam.worklist(session, first) if case.code == code)


def read(
    session: Session, name: str, code: str = "C0001", *, slice_index: int = 4, **moved: tuple[int, int] | None
) -> None:
    """Read and sign off a case: ``L3=(6, 0)`` moves a rectangle, ``L3=None`` marks it not measurable."""
    case = read_exam.open_case(session, viewers(session)[name], exam_of(session, code))
    case, _ = read_exam.reopen(session, case)
    for level in LEVELS:
        way = moved.get(level.value, (0, 0))
        if way is None:
            case, _ = read_exam.mark_not_measurable(session, case, level, Reason.HEMANG)
            continue
        box = place(case.exam.grid, slice_index, *CENTRES[level], (8, 11))
        box = replace(box, row0=box.row0 + way[0], col0=box.col0 + way[1])
        case, _ = read_exam.set_rectangle(session, case, level, box)
    read_exam.sign_off(session, case)


@pytest.fixture
def session(window: MainWindow) -> Session:
    """The small session, in which only what is between readers speaks."""
    made = window.workspace.session
    assert made is not None
    loose = replace(
        made.protocol,
        ff_usual=(0.0, 100.0),
        ff_step=100.0,
        ff_from_median=100.0,
        ff_sd_usual=100.0,
        bad_share_warn=1.0,
        r2star_usual_1_5t=(0.0, 999.0),
        r2star_usual_3t=(0.0, 999.0),
        r2star_cv_usual=99.0,
    )
    sessions.new_protocol(made.database, loose, "Ana", "")
    return made


@pytest.fixture
def study(window: MainWindow, session: Session) -> Session:
    """C0001, read by Ana and by Bo, who differ at L2 (another slice) and at L3 (another place)."""
    read(session, "Ana")
    read(session, "Bo", L3=(10, 0))
    window.workspace.note(What.SIGN_OFF)
    return session


@pytest.fixture
def page(window: MainWindow, study: Session, qtbot: QtBot) -> DisagreementsPage:
    return opened(window, qtbot)


def opened(window: MainWindow, qtbot: QtBot) -> DisagreementsPage:
    """Give the page in front, with its queue read."""
    window.show_page("disagreements")
    found = window.page("disagreements")
    assert isinstance(found, DisagreementsPage)
    qtbot.waitUntil(lambda: not found.is_busy, timeout=WAIT)
    QApplication.processEvents()
    return found


def rows(page: DisagreementsPage) -> list[tuple[str, ...]]:
    return page.queue.table.rows


def decided(session: Session) -> list[Ruling]:
    viewer = next(iter(viewers(session).values()))
    return [one.ruling for one in adjudications.adjudications(session.database, viewer)]


def press(widget: QWidget, key: Qt.Key, held: Qt.KeyboardModifier = PLAIN) -> None:
    QTest.keyClick(widget, key, held)
    QApplication.processEvents()


def point(view: ReadersView, row: float, col: float) -> QPoint:
    shown = view.view
    assert shown is not None
    x, y = shown.to_screen(*shown.orientation.to_shown(row, col))
    return QPoint(round(x), round(y))


# -- who is offered it ------------------------------------------------------------------------------------


def test_the_page_is_offered_when_two_readers_have_signed_off(window: MainWindow, session: Session) -> None:
    tab = window.topbar.pages["disagreements"]
    assert not tab.isVisible()
    read(session, "Ana")
    window.workspace.note(What.SIGN_OFF)
    assert not tab.isVisible()
    read(session, "Bo")
    window.workspace.note(What.SIGN_OFF)
    assert tab.isVisible()
    window.workspace.close()
    assert not tab.isVisible()


def test_while_the_study_is_blinded_the_page_is_withheld_and_says_why(
    window: MainWindow, study: Session, qtbot: QtBot
) -> None:
    page = opened(window, qtbot)
    assert rows(page)
    people.say_blinded(study.database, readers_of(study)[0], "second reading begins", closed=True)
    window.workspace.note(What.SESSION | What.READERS)
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not page.is_busy, timeout=WAIT)
    assert not window.topbar.pages["disagreements"].isVisible()
    assert rows(page) == []
    assert page.own.case is None
    assert page.maps.views[FF].outlines == ()
    assert not page.panel.choices


def test_only_the_coordinator_is_offered_it_where_roles_were_given(
    window: MainWindow, study: Session
) -> None:
    ana, bo = readers_of(study)
    people.grant(study.database, ana, [Role.READER, Role.COORDINATOR], actor="Ana")
    people.grant(study.database, bo, [Role.READER], actor="Ana")
    window.workspace.note(What.READERS)
    assert not window.topbar.pages["disagreements"].isVisible()


# -- the queue --------------------------------------------------------------------------------------------


def test_the_queue_tells_case_level_values_difference_and_why(page: DisagreementsPage) -> None:
    ((case, level, ff, apart, r2star, share, why, state),) = rows(page)
    dispute = page.queue.disputes[0]
    first, second = (held.mean(FF) for held in dispute.held)
    assert first is not None
    assert second is not None
    assert (case, level, state) == ("C0001", "L3", "waits")
    assert ff == f"{first:.1f} / {second:.1f}"
    assert apart == f"{abs(first - second):.1f}"
    assert "/" in r2star
    assert share.endswith(" %")
    assert "other level?" in why
    assert page.queue.counted.text() == "1 of 1 waits for a decision"


def test_the_first_level_is_in_front_with_what_speaks_against_it(page: DisagreementsPage) -> None:
    assert page.panel.title.text() == "C0001  L3"
    assert "different vertebrae" in page.panel.why.text()
    assert page.panel.now.text().startswith("Nothing is decided yet")
    assert page.panel.chosen == ""


def test_the_keys_for_the_next_case_lead_up_and_down_the_queue(
    window: MainWindow, study: Session, qtbot: QtBot
) -> None:
    read(study, "Bo", L3=(10, 0), L5=(0, 12), L1=(10, 0))
    page = opened(window, qtbot)
    ctrl = Qt.KeyboardModifier.ControlModifier
    titles = [page.panel.title.text()]
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        press(page, key, ctrl)
        titles.append(page.panel.title.text())
    assert [title.split()[1] for title in titles] == ["L1", "L3", "L5", "L5", "L3"]
    page.queue.take_keys()
    press(page.queue.view, Qt.Key.Key_Up)
    assert page.panel.title.text() == "C0001  L1"
    page.panel.next.click()
    assert page.panel.title.text() == "C0001  L3"
    page.panel.previous.click()
    assert page.panel.title.text() == "C0001  L1"


def test_the_number_of_a_level_shows_it_though_nobody_disputes_it(page: DisagreementsPage) -> None:
    press(page, Qt.Key.Key_2)
    assert page.panel.title.text() == "C0001  L2"
    assert page.panel.why.isHidden()
    press(page, Qt.Key.Key_3)
    assert page.panel.title.text() == "C0001  L3"


def test_the_list_can_show_what_waits_what_is_decided_or_all(page: DisagreementsPage, study: Session) -> None:
    def show(name: str) -> list[str]:
        page.queue.kind.setCurrentIndex(page.queue.kind.findData(name))
        page.queue.kind.activated.emit(page.queue.kind.currentIndex())
        return [row[7] for row in rows(page)]

    page.panel.choose(How.MEAN)
    page.panel.decide.click()
    assert [row[7] for row in rows(page)] == ["the mean stands"]
    assert show("waiting") == []
    assert page.queue._empty.text().startswith("Nothing waits")
    assert show("decided") == ["the mean stands"]
    assert show("all") == ["the mean stands"]
    page.queue.filter.setText("nowhere")
    assert page.queue.view.model().rowCount() == 0


def test_a_session_in_which_all_agree_has_an_empty_queue(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    read(session, "Ana")
    read(session, "Bo")
    window.workspace.note(What.SIGN_OFF)
    page = opened(window, qtbot)
    assert rows(page) == []
    assert page.queue._empty.text().startswith("Readers are within")
    assert page.panel.title.text() == "Choose a level in the list."
    assert not page.panel.decide.isEnabled()
    # nothing to decide, and no harm done
    press(page, Qt.Key.Key_Return)
    press(page, Qt.Key.Key_4)
    press(page, Qt.Key.Key_PageDown)


# -- both readers on the maps -----------------------------------------------------------------------------


def test_both_readers_rectangles_lie_over_both_maps_in_two_lines_with_their_names(
    page: DisagreementsPage,
) -> None:
    for quantity in MEASURED:
        named = [one for one in page.maps.views[quantity].outlines if one.name]
        assert [(one.name, one.dashed) for one in named] == [("Ana", False), ("Bo", True)]
        assert named[0].rectangle.row0 + 10 == named[1].rectangle.row0
        # the other levels of this slice are there too, without names
        assert len(page.maps.views[quantity].outlines) == 10


@pytest.mark.parametrize("quantity", MEASURED)
def test_the_lines_have_the_colours_of_the_readers(page: DisagreementsPage, quantity: Quantity) -> None:
    view = page.maps.views[quantity]
    picture = view.grab().toImage()
    ratio = picture.devicePixelRatio()
    for one in (one for one in view.outlines if one.name):
        left, top, right, _ = view.view.around(one.rectangle) if view.view else (0.0, 0.0, 0.0, 0.0)
        along = {
            QColor(picture.pixel(round(x * ratio), round((top + step) * ratio))).name()
            for x in range(round(left), round(right))
            for step in (-1, 0, 1)
        }
        assert READER_COLOURS[one.place] in along
        if one.dashed:
            line = [
                QColor(picture.pixel(round(x * ratio), round(top * ratio))).name()
                == READER_COLOURS[one.place]
                for x in range(round(left), round(right))
            ]
            assert not all(line)


def test_a_rectangle_of_another_slice_is_told_with_its_slice(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    read(session, "Ana")
    read(session, "Bo", slice_index=6, L3=(10, 0))
    window.workspace.note(What.SIGN_OFF)
    page = opened(window, qtbot)
    assert page.own.slice == 4
    before = page.maps.views[FF].grab().toImage()
    press(page, Qt.Key.Key_PageDown)
    press(page, Qt.Key.Key_PageDown)
    assert page.own.slice == 6
    assert page.maps.views[FF].shown_slice == 6
    assert page.maps.views[FF].grab().toImage() != before
    assert {one.name for one in page.maps.views[FF].outlines if one.name} == {"Ana", "Bo"}


def test_a_key_hides_the_rectangles_while_it_is_held(page: DisagreementsPage) -> None:
    down = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_H, PLAIN, "h")
    QApplication.sendEvent(page, down)
    assert page.maps.views[FF].outlines == ()
    QApplication.sendEvent(page, QKeyEvent(QEvent.Type.KeyRelease, Qt.Key.Key_H, PLAIN, "h"))
    assert page.maps.views[FF].outlines
    QApplication.sendEvent(page, down)
    QApplication.sendEvent(page, QEvent(QEvent.Type.WindowDeactivate))
    assert page.maps.views[FF].outlines


def test_zoom_colours_and_slices_are_those_of_the_read_page(page: DisagreementsPage) -> None:
    views = page.maps.views
    zoom = page.maps.camera.zoom
    press(page, Qt.Key.Key_Plus)
    assert page.maps.camera.zoom > zoom
    press(page, Qt.Key.Key_Minus)
    press(page, Qt.Key.Key_C)
    assert {view.colour_map for view in views.values()} == {"ember"}
    press(page, Qt.Key.Key_R)
    assert {view.camera.zoom for view in views.values()} == {1.0}
    QTest.mouseDClick(views[FF], LEFT, PLAIN, QPoint(5, 5))
    QTest.mousePress(views[FF], LEFT, PLAIN, QPoint(5, 5))
    QTest.mouseRelease(views[FF], LEFT, PLAIN, QPoint(5, 5))
    QTest.mouseDClick(views[FF], LEFT, PLAIN, QPoint(5, 5))
    assert not views[R2STAR].isVisible()
    press(page, Qt.Key.Key_R)
    assert views[R2STAR].isVisible()


def test_readers_rectangles_cannot_be_touched(page: DisagreementsPage, study: Session) -> None:
    view = page.maps.views[FF]
    box = next(one.rectangle for one in view.outlines if one.name)
    middle = point(view, (box.row0 + box.row1) / 2, (box.col0 + box.col1) / 2)
    QTest.mousePress(view, LEFT, PLAIN, middle)
    QTest.mouseMove(view, middle + QPoint(20, 20))
    QTest.mouseRelease(view, LEFT, PLAIN, middle + QPoint(20, 20))
    assert page.own.rectangle is None
    assert next(one.rectangle for one in view.outlines if one.name) == box
    assert decided(study) == []


def test_the_value_under_the_pointer_is_told(page: DisagreementsPage) -> None:
    view = page.maps.views[FF]
    move = point(view, 50.5, 40.5)
    QTest.mouseMove(view, move)
    QApplication.processEvents()
    assert view._marks.readout.endswith("%")
    QApplication.sendEvent(view, QEvent(QEvent.Type.Leave))
    assert view._marks.readout == ""


# -- deciding ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "reader", "words"),
    [(How.MEAN, "", "the mean stands"), (How.READER, "Bo", "Bo stands"), (How.READER, "Ana", "Ana stands")],
)
def test_a_choice_and_enter_decide(
    page: DisagreementsPage, study: Session, how: How, reader: str, words: str
) -> None:
    page.panel.choose(how, reader)
    press(page, Qt.Key.Key_N)
    QTest.keyClicks(page.panel.note, "looked at both")
    press(page.panel.note, Qt.Key.Key_Return)
    (ruling,) = decided(study)
    assert (ruling.how, ruling.chosen, ruling.note) == (how, reader, "looked at both")
    assert rows(page)[0][7] == words
    assert page.queue.counted.text() == "0 of 1 wait for a decision"
    assert words in page.panel.now.text()
    assert page.panel.note.text() == "looked at both"


def test_a_decision_can_be_revised(page: DisagreementsPage, study: Session) -> None:
    page.panel.choose(How.READER, "Ana")
    page.panel.decide.click()
    assert page.panel.chosen == "reader:Ana"
    page.panel.choose(How.MEAN)
    page.panel.decide.click()
    assert [one.how for one in decided(study)] == [How.READER, How.MEAN]
    assert rows(page)[0][7] == "the mean stands"


def test_the_same_decision_again_is_no_news(page: DisagreementsPage, study: Session) -> None:
    page.panel.choose(How.MEAN)
    page.panel.decide.click()
    page.panel.decide.click()
    assert len(decided(study)) == 1


def test_after_a_decision_the_next_level_that_waits_comes_to_the_front(
    window: MainWindow, study: Session, qtbot: QtBot
) -> None:
    read(study, "Bo", L3=(10, 0), L5=(0, 12))
    page = opened(window, qtbot)
    page.queue.step(1)
    assert page.panel.title.text() == "C0001  L5"
    page.panel.choose(How.MEAN)
    page.panel.decide.click()
    assert page.panel.title.text() == "C0001  L3"
    assert page.panel.chosen == ""
    assert [row[7] for row in rows(page)] == ["waits", "the mean stands"]


def test_an_own_rectangle_is_placed_by_a_click_and_dragged_on_either_map(
    page: DisagreementsPage, study: Session
) -> None:
    page.panel.choose(How.DRAWN)
    view = page.maps.views[FF]
    QTest.mouseClick(view, LEFT, PLAIN, point(view, 52.5, 41.5))
    placed = page.own.rectangle
    assert placed is not None
    assert page.panel.choices["drawn"].text().startswith("Own rectangle: ")
    other = page.maps.views[R2STAR]
    start = point(other, (placed.row0 + placed.row1) / 2, (placed.col0 + placed.col1) / 2)
    shown = other.view
    assert shown is not None
    step = QPoint(0, round(3 * shown.spacing[0] * shown.scale))
    QTest.mousePress(other, LEFT, PLAIN, start)
    at = QPointF(start + step)
    move = QMouseEvent(QEvent.Type.MouseMove, at, other.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, PLAIN)
    QApplication.sendEvent(other, move)
    QTest.mouseRelease(other, LEFT, PLAIN, start + step)
    moved = page.own.rectangle
    assert moved is not None
    assert abs(moved.row0 - placed.row0) == 3
    page.panel.decide.click()
    assert [one.rectangle for one in decided(study)] == [moved]
    # it comes back with the level
    press(page, Qt.Key.Key_2)
    assert page.own.rectangle is None
    press(page, Qt.Key.Key_3)
    assert page.own.rectangle == moved
    assert page.panel.chosen == "drawn"


def test_an_own_rectangle_is_placed_moved_and_removed_by_keys(
    page: DisagreementsPage, study: Session
) -> None:
    press(page, Qt.Key.Key_Insert)
    assert page.panel.chosen == "drawn"
    first = page.own.rectangle
    assert first is not None
    press(page, Qt.Key.Key_Down)
    second = page.own.rectangle
    assert second is not None
    assert abs(second.row0 - first.row0) == 1
    press(page, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    third = page.own.rectangle
    assert third is not None
    assert abs(third.row0 - second.row0) == 5
    # a second Insert changes nothing
    press(page, Qt.Key.Key_Insert)
    assert page.own.rectangle == third
    press(page, Qt.Key.Key_Delete)
    assert page.own.rectangle is None
    assert page.panel.choices["drawn"].text() == "Own rectangle"
    # without one the arrows go through the slices
    press(page, Qt.Key.Key_Down)
    assert page.own.slice == 5


def test_escape_lets_go_of_a_rectangle_in_the_hand(page: DisagreementsPage) -> None:
    press(page, Qt.Key.Key_Insert)
    before = page.own.rectangle
    assert before is not None
    page.own.show_preview(Level.L3, replace(before, row0=before.row0 + 4))
    assert page.own.rectangle != before
    page.own.cancel_preview()
    assert page.own.rectangle == before
    press(page, Qt.Key.Key_Escape)
    assert page.queue.view.hasFocus()


@pytest.mark.parametrize(
    ("choose", "words"),
    [
        (None, "Choose first"),
        (How.DRAWN, "No rectangle is drawn"),
        (How.EXCLUDED, "with a reason only"),
    ],
)
def test_what_is_not_said_yet_is_asked_for(
    window: MainWindow, page: DisagreementsPage, study: Session, choose: How | None, words: str
) -> None:
    if choose is not None:
        page.panel.choose(choose)
    page.panel.decide.click()
    assert words in window.banner.words
    assert decided(study) == []


def test_a_level_is_left_out_with_its_reason(page: DisagreementsPage, study: Session) -> None:
    press(page, Qt.Key.Key_X)
    assert page.panel.chosen == "excluded"
    assert page.panel.reason.hasFocus()
    page.panel.reason.setCurrentIndex(page.panel.reason.findData(Reason.SCHMORL.value))
    page.panel.reason.activated.emit(page.panel.reason.currentIndex())
    page.panel.decide.click()
    assert [one.reason for one in decided(study)] == [Reason.SCHMORL]
    assert rows(page)[0][7].startswith("left out: ")
    assert page.panel.reason.currentData() == Reason.SCHMORL.value
    assert page.panel.reason.isVisible()


def test_another_reason_wants_words(window: MainWindow, page: DisagreementsPage, study: Session) -> None:
    page.panel.choose(How.EXCLUDED)
    page.panel.reason.setCurrentIndex(page.panel.reason.findData(Reason.OTHER.value))
    page.panel.reason.activated.emit(page.panel.reason.currentIndex())
    assert page.panel.note.hasFocus()
    page.panel.decide.click()
    assert decided(study) == []
    assert window.banner.isVisible()


def test_a_reader_without_a_value_cannot_be_chosen(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    read(session, "Ana")
    read(session, "Bo", L3=None, L5=(0, 12))
    window.workspace.note(What.SIGN_OFF)
    page = opened(window, qtbot)
    press(page, Qt.Key.Key_3)
    assert page.panel.title.text() == "C0001  L3"
    page.panel.choose(How.READER, "Bo")
    assert page.panel.chosen == ""
    assert not page.panel.choices["reader:Bo"].isEnabled()


def test_a_level_that_was_not_in_the_queue_is_listed_once_it_is_decided_on(page: DisagreementsPage) -> None:
    press(page, Qt.Key.Key_2)
    page.panel.choose(How.READER, "Ana")
    page.panel.decide.click()
    assert [(one.level, one.decided is not None) for one in page.queue.disputes] == [
        (Level.L2, True),
        (Level.L3, False),
    ]


def test_a_decision_on_readings_that_changed_since_waits_again(
    window: MainWindow, page: DisagreementsPage, study: Session, qtbot: QtBot
) -> None:
    page.panel.choose(How.READER, "Ana")
    page.panel.decide.click()
    read(study, "Bo", L3=(10, 1))
    window.workspace.note(What.SIGN_OFF)
    qtbot.waitUntil(lambda: not page.is_busy, timeout=WAIT)
    ((*_, why, state),) = rows(page)
    assert state == "to be decided again"
    assert why.startswith("readings changed")
    assert "Decide again" in page.panel.why.text()


def test_what_cannot_be_read_or_written_is_told(
    window: MainWindow, page: DisagreementsPage, study: Session, qtbot: QtBot
) -> None:
    ana, bo = readers_of(study)
    people.grant(study.database, bo, [Role.READER, Role.COORDINATOR], actor="Bo")
    page.panel.choose(How.MEAN)
    page.panel.decide.click()
    assert decided(study) == []
    assert window.banner.isVisible()
    window.workspace.note(What.DECISION)
    qtbot.waitUntil(lambda: not page.is_busy, timeout=WAIT)
    assert rows(page) == []
    assert ana.name == "Ana"


# -- from a plot ------------------------------------------------------------------------------------------


def test_a_point_of_a_plot_leads_to_both_readers_on_the_image(
    window: MainWindow, study: Session, qtbot: QtBot
) -> None:
    window.show_page("statistics")
    window.show_case_of("C0001")
    page = opened(window, qtbot)
    assert window.stack.currentWidget() is page
    assert page.panel.title.text() == "C0001  L3"
    assert page.maps.views[FF].outlines


def test_a_point_of_a_case_on_which_all_agree_shows_it_too(
    window: MainWindow, study: Session, qtbot: QtBot
) -> None:
    for name in ("Ana", "Bo"):
        case = read_exam.open_case(study, viewers(study)[name], exam_of(study, "C0002"))
        for number, level in enumerate(LEVELS):
            box = Rectangle(4, 8 + 18 * number, 35, 8, 11)
            case, _ = read_exam.set_rectangle(study, case, level, box)
        read_exam.sign_off(study, case)
    window.workspace.note(What.SIGN_OFF)
    opened(window, qtbot)
    window.show_case_of("C0002")
    page = opened(window, qtbot)
    assert page.panel.title.text() == "C0002  L1"
    assert [one.name for one in page.maps.views[FF].outlines if one.name] == ["Ana", "Bo"]


def test_before_two_have_read_a_point_opens_the_case_as_ever(window: MainWindow, session: Session) -> None:
    window.show_page("statistics")
    window.show_case_of("C0001")
    assert window.stack.currentWidget() is window.page("read")


def test_values_from_a_table_have_no_image_and_can_be_decided_on(
    window: MainWindow, session: Session, qtbot: QtBot
) -> None:
    database = session.database
    with database.transaction():
        exam_id = exams.add_from_table(database, "T0001", Identity())
        for name, mean in (("Ana", 40.0), ("Bo", 47.0)):
            results.add_table_reading(
                database,
                exam_id,
                viewers(session)[name].reader.id,
                {Level.L2: {FF: mean}},
                protocol_id=sessions.current_protocol(database)[0],
                software="test",
                at_utc=audit.utc_now(),
            )
        audit.append(database, actor="Ana", action="table.imported", subject="T0001")
    window.workspace.note(What.SIGN_OFF)
    page = opened(window, qtbot)
    assert page.own.case is None
    assert page.maps.views[FF].empty_text.startswith("These values come from a table")
    assert not page.panel.choices["drawn"].isEnabled()
    press(page, Qt.Key.Key_Insert)
    press(page, Qt.Key.Key_Plus)
    press(page, Qt.Key.Key_Delete)
    page.panel.choose(How.READER, "Bo")
    page.panel.decide.click()
    assert [one.chosen for one in decided(session)] == ["Bo"]
    assert disagreements.exam_of(session, viewers(session)["Ana"], "T0001") is None


def test_the_record_tells_a_decision_in_words(window: MainWindow, page: DisagreementsPage) -> None:
    page.panel.choose(How.READER, "Bo")
    page.panel.decide.click()
    window.show_page("audit")
    found = window.page("audit")
    assert isinstance(found, AuditPage)
    QApplication.processEvents()
    row = next(row for row in found.table.rows if "decided where readers differ" in row)
    assert "C0001/L3/round 1" in row
    assert any(cell.startswith("Bo stands, ") for cell in row)


def test_the_page_with_a_level_in_front_can_be_walked_and_told(
    window: MainWindow, page: DisagreementsPage, complaints: Callable[[QWidget], list[str]]
) -> None:
    page.panel.choose(How.EXCLUDED)
    QApplication.processEvents()
    assert complaints(window) == []


def test_another_session_leaves_nothing_of_the_one_before(
    window: MainWindow, page: DisagreementsPage, tmp_path: Path
) -> None:
    window.workspace.create(tmp_path / "other.marrow")
    assert rows(page) == []
    assert page.own.case is None
    assert page.maps.views[FF].map is None


def test_a_session_that_cannot_be_read_is_told_and_offers_nothing(
    window: MainWindow, page: DisagreementsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable("store.io", file="study.marrow")

    monkeypatch.setattr(disagreements, "offered", fail)
    monkeypatch.setattr(disagreements, "side_by_side", fail)
    window.workspace.note(What.EXAMS)
    assert not window.comparing.is_offered
    assert window.comparing.exam_of("C0001") is None
    assert not window.topbar.pages["disagreements"].isVisible()
    page._beside = None
    assert not page.show_place(999, None)
    assert "study.marrow" in window.banner.words


def test_of_three_readers_each_has_a_line_a_name_and_a_choice(
    window: MainWindow, study: Session, qtbot: QtBot
) -> None:
    add_reader(study, "Cy & Co")
    read(study, "Cy & Co", L3=(5, 3))
    page = opened(window, qtbot)
    named = [one for one in page.maps.views[FF].outlines if one.name]
    assert [(one.name, one.dashed) for one in named] == [("Ana", False), ("Bo", True), ("Cy & Co", False)]
    assert len({one.colour.name() for one in named}) == 3
    assert len(rows(page)[0][2].split(" / ")) == 3
    page.panel.choose(How.READER, "Cy & Co")
    page.panel.decide.click()
    assert [one.chosen for one in decided(study)] == ["Cy & Co"]
    assert page.maps.views[FF].grab().width() > 0


def test_a_session_opened_while_the_page_is_in_front_is_looked_at_at_once(
    window: MainWindow, page: DisagreementsPage, study: Session, qtbot: QtBot
) -> None:
    path = study.path
    window.workspace.close()
    assert rows(page) == []
    window.open(path)
    page = opened(window, qtbot)
    assert len(rows(page)) == 1
    page.show_case(exam_of(window.workspace.session, "C0001") if window.workspace.session else 0)
    assert page.panel.title.text() == "C0001  L3"


# -- words ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ('{"how": "mean", "means": {"FF": 40.0}}', "the mean stands, 40.0 %"),
        ('{"how": "reader", "reader": "Bo", "means": {"R2STAR": 151.2}}', "Bo stands, 151 s⁻¹"),
        ('{"how": "drawn", "means": {"FF": 40.0, "R2STAR": 150.0}}', "own rectangle, 40.0 %, 150 s⁻¹"),
        ('{"how": "excluded", "reason": "METAL"}', "left out: metal artefact"),
        ('{"how": "tossed"}', '{"how": "tossed"}'),
        ("", ""),
        ("[]", "[]"),
    ],
)
def test_a_decision_of_the_record_is_told_in_words(told: str, words: str) -> None:
    assert recorded_text(told).lower() == words.lower()


def test_an_endless_share_is_written_as_such() -> None:
    box = Rectangle(1, 1, 1, 4, 4)
    pair = [Held(name, box, {R2STAR: only_mean(mean)}) for name, mean in (("A", -1.0), ("B", 1.0))]
    dispute = Dispute(1, "C1", Level.L1, tuple(pair), compare(pair, None, Protocol()))
    assert queue_row(dispute)[2:6] == ("– / –", "–", "-1.0 / 1.0", "∞")


def test_what_rules_say_of_single_values_is_told_with_their_reader() -> None:
    uneven = {"level": "L1", "sd": 14.0, "limit": 12.0}
    bad = {"level": "L1", "reader": "A", "quantity": "FF", "bad": 20, "voxels": 140, "share": 14.3}
    grounds = (
        Ground("readers.many_bad_voxels", Urgency.QUERY, bad, "A"),
        *(Ground("values.ff_uneven", Urgency.WARNING, uneven, name) for name in ("A", "B")),
    )
    dispute = Dispute(1, "C1", Level.L1, (), Comparison({}, grounds))
    # what holds of both readers is said once where there is little room
    assert why_text(dispute) == "14 % bad voxels · FF uneven"
    first, second, third = why_sentences(dispute)
    assert first.startswith("A, L1: 20 of 140 voxels of FF (14 %)")
    assert second.startswith("A, L1: SD of FF 14.0 points")
    assert third.startswith("B, L1: SD of FF 14.0 points")


@pytest.mark.parametrize(
    "code",
    [
        "bad_voxels",
        "ff_unusual",
        "ff_uneven",
        "r2star_unusual",
        "r2star_uneven",
        "swapped",
        "ff_jump",
        "ff_step",
    ],
)
def test_every_rule_of_values_has_a_few_words_for_the_list(code: str) -> None:
    words = present.text(f"ground.values.{code}", share=3.0, above="L2")
    assert 0 < len(words) <= len("FF apart from other levels")


def test_nothing_is_proposed_or_selected_on_the_coordinators_board() -> None:
    own = OwnRectangle()
    assert (own.proposals, own.proposed_here, own.preview, own.stats) == (None, {}, None, {})
    assert not own.accept_proposal()
    assert not own.drop_proposal()
    assert not own.armed
    assert own.ghost(3.0, 3.0) is None
    own.select(Level.L1)
    own.set_slice(3)
    own.place_in_middle()
    own.say_why_not()
    assert (own.level, own.slice, own.rectangle) == (None, 0, None)
