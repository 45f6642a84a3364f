"""The Sample size tab: what is planned, what is typed, and the sentence for the paper."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from app.services.size_questions import LOST, QUESTIONS
from app.ui.pages.sample_size import SizePage
from app.ui.pages.statistics import StatisticsPage
from app.ui.pages.statistics_tables import TableView
from app.ui.tabs.content import Tab
from app.ui.tabs.size import planned
from app.ui.workspace import Workspace

WAIT = 20_000


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[SizePage]:
    made = SizePage()
    qtbot.addWidget(made)
    made.resize(1366, 640)
    made.show()
    qtbot.waitUntil(lambda: not made.is_busy, timeout=WAIT)
    yield made
    made.stop()


def rows(page: SizePage) -> list[tuple[str, ...]]:
    return [row for view in page.findChildren(TableView) for row in view._table.rows]


def choose(page: SizePage, key: str) -> None:
    page.plan.setCurrentIndex(page.plan.findData(key))
    page.plan.activated.emit(page.plan.currentIndex())


@pytest.mark.parametrize("key", list(QUESTIONS))
def test_every_plan_asks_for_its_figures_and_answers_at_once(qtbot: QtBot, page: SizePage, key: str) -> None:
    choose(page, key)
    assert list(page.lines) == [one.name for one in (*QUESTIONS[key], LOST)]
    assert all(line.toolTip() and line.accessibleName() for line in page.lines.values())
    qtbot.waitUntil(lambda: not page.is_busy and bool(rows(page)), timeout=WAIT)
    assert rows(page) == list(planned(key, {}).rows)
    assert {line for line in page.findChildren(QLineEdit) if line.isVisible()} == set(page.lines.values())


def test_what_is_typed_changes_the_answer_and_stays_with_its_plan(qtbot: QtBot, page: SizePage) -> None:
    choose(page, "two_means")
    page.lines["difference"].setText("2,5")
    qtbot.waitUntil(lambda: rows(page)[:1] == [("Each group", "253", "282")], timeout=WAIT)
    choose(page, "correlation")
    qtbot.waitUntil(lambda: rows(page) == [("Patients", "85", "95")], timeout=WAIT)
    choose(page, "two_means")
    assert page.lines["difference"].text() == "2,5"
    qtbot.waitUntil(lambda: rows(page)[:1] == [("Each group", "253", "282")], timeout=WAIT)


def test_the_answer_is_copied_with_its_sentence(qtbot: QtBot, page: SizePage) -> None:
    choose(page, "correlation")
    qtbot.waitUntil(lambda: rows(page) == [("Patients", "85", "95")], timeout=WAIT)
    page.copy.click()
    copied = QGuiApplication.clipboard().text()
    assert "Patients\t85\t95" in copied
    assert "85 patients are needed to show a correlation of 0.3 to differ from 0" in copied


def test_what_cannot_be_taken_is_a_sentence_in_place_of_the_answer(qtbot: QtBot, page: SizePage) -> None:
    page.lines["auc"].setText("0.4")
    qtbot.waitUntil(lambda: not page.is_busy and rows(page) == [], timeout=WAIT)
    assert not page.copy.isEnabled()


@pytest.mark.parametrize(
    ("key", "typed", "said"),
    [
        ("auc", {"auc": "0.4"}, "Expected AUC: the number must lie between 0.5 and 1."),
        ("auc", {"lost": "x"}, "Lost patients (%): a number is needed here."),
        ("icc_width", {"readers": "1"}, "Readers: the number must be 2 or more."),
        ("icc_width", {"readers": "2.5"}, "Readers: a whole number is needed here."),
        ("two_means", {"sd": "0"}, "SD within a group: the number must lie above 0."),
        (
            "group_means",
            {"means": "3"},
            "Expected means, one for each group: at least two are needed, parted by spaces.",
        ),
        (
            "two_means",
            {"difference": "0"},
            "Not defined: no number of patients can show an effect that is not there.",
        ),
    ],
)
def test_what_is_wrong_is_said_in_words(key: str, typed: dict[str, str], said: str) -> None:
    table = planned(key, typed)
    assert (table.rows, table.reason) == ((), said)


def test_cases_and_groups_are_told_apart() -> None:
    assert [row[0] for row in planned("auc", {}).rows] == ["With the outcome", "Without", "Together"]
    assert planned("group_means", {}).rows == (("Each group", "21", "24"), ("All groups", "63", "72"))
    assert planned("limits", {}).rows[0][0] == "Pairs"


def test_the_sentence_repeats_what_was_typed() -> None:
    assert "power 99.9 %" in planned("correlation", {"power": "99.9"}).note
    assert "plus or minus 12.345 " in planned("limits", {"limit_half_width": "12.345"}).note
    assert "f = 0.4082 " in planned("group_means", {}).note


def test_without_loss_the_sentence_ends_with_the_method() -> None:
    assert planned("two_means", {"lost": "0"}).note.endswith("power 80 %).")
    assert planned("two_means", {}).note.endswith("With 10 % of the enrolled lost, 144 have to be enrolled.")


def test_the_tab_needs_no_session(qtbot: QtBot) -> None:
    workspace = Workspace()
    page = StatisticsPage(workspace)
    qtbot.addWidget(page)
    page.resize(1366, 680)
    page.show()
    page.tabs.setCurrentIndex(list(Tab).index(Tab.SIZE))
    assert page.planning is not None
    assert page.planning.isVisible()
    qtbot.waitUntil(lambda: not page.is_busy, timeout=WAIT)
    page.tabs.setCurrentIndex(list(Tab).index(Tab.CHECK))
    assert not page.planning.isVisible()
    page.tabs.setCurrentIndex(list(Tab).index(Tab.SIZE))
    assert page.planning.isVisible()
    page.tabs.setCurrentIndex(0)
    assert page.message.isVisible()
    page.stop()
    workspace.close()
