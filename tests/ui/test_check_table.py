"""Check a table: the printed summaries of the reference study, on the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.ui.pages.check_table import GROUPS_EXAMPLE, ROC_EXAMPLE, CheckPage
from app.ui.pages.statistics import StatisticsPage
from app.ui.pages.statistics_tables import TableView
from app.ui.tabs.check import checked
from app.ui.tabs.content import Tab
from app.ui.workspace import Workspace

WAIT = 20_000


@pytest.fixture
def page(qtbot: QtBot) -> Iterator[CheckPage]:
    made = CheckPage()
    qtbot.addWidget(made)
    made.resize(1366, 640)
    made.show()
    qtbot.waitUntil(lambda: not made.is_busy, timeout=WAIT)
    yield made
    made.stop()


def rows(page: CheckPage) -> list[tuple[str, ...]]:
    return [row for view in page.findChildren(TableView) for row in view._table.rows]


def test_the_printed_groups_of_the_reference_study_give_its_recomputed_f() -> None:
    table, _ = checked(GROUPS_EXAMPLE, None, None)
    assert {row[0]: row[2] for row in table.rows} == {
        "male/female": "1.456",
        "age (years)": "86.85",
        "BMI (kg/m2)": "35.12",
        "BMD": "259.83",
        "FF (%)": "83.21",
        "R2* (Hz)": "33.40",
    }


def test_rounding_cannot_explain_the_f_of_bmd_and_a_sentence_says_why() -> None:
    table, sentences = checked(GROUPS_EXAMPLE, None, None)
    bmd = next(row for row in table.rows if row[0] == "BMD")
    assert bmd[1:] == ("F 59.905", "259.83", "259.62 – 260.04", "cannot be")
    said = next(text for text in sentences if text.startswith("BMD: "))
    assert "The printed F of 59.905 cannot come from this table" in said


def test_the_youden_indexes_of_the_reference_study_fit() -> None:
    table, sentences = checked(ROC_EXAMPLE, 49, 71)
    assert [row[2] for row in table.rows] == ["0.668", "0.613", "0.706"]
    assert "41 of 49 patients" in " ".join(sentences)


def test_what_is_pasted_is_checked_by_itself(qtbot: QtBot, page: CheckPage) -> None:
    assert rows(page) == []
    page.examples[0].click()
    qtbot.waitUntil(lambda: len(rows(page)) == 6, timeout=WAIT)
    page.copy.click()
    assert QGuiApplication.clipboard().text().splitlines()[0] == "What the print gives"
    page.text.selectAll()
    page.text.insertPlainText("row\ta n=10\tb n=12\nx\t1.0 ± 0.5\tno")
    qtbot.waitUntil(lambda: [row[-1] for row in rows(page)] == ["not read"], timeout=WAIT)


def test_counts_behind_the_shares_follow_the_numbers_of_patients(qtbot: QtBot, page: CheckPage) -> None:
    page.examples[1].click()
    assert (page.positives.text(), page.negatives.text()) == ("49", "71")
    qtbot.waitUntil(lambda: not page.is_busy and len(rows(page)) == 3, timeout=WAIT)
    page.examples[2].click()
    assert page.positives.text() == ""
    qtbot.waitUntil(lambda: not page.is_busy and rows(page) == [], timeout=WAIT)
    assert not page.copy.isEnabled()


def test_the_tab_needs_no_session(qtbot: QtBot) -> None:
    workspace = Workspace()
    page = StatisticsPage(workspace)
    qtbot.addWidget(page)
    page.resize(1366, 680)
    page.show()
    page.tabs.setCurrentIndex(list(Tab).index(Tab.CHECK))
    assert page.check is not None
    assert page.check.isVisible()
    qtbot.waitUntil(lambda: not page.is_busy, timeout=WAIT)
    page.tabs.setCurrentIndex(0)
    assert page.message.isVisible()
    page.stop()
    workspace.close()
