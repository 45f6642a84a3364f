"""Check a table: the printed summaries of the reference study, on the screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from app.ui.pages.check_table import GROUPS_EXAMPLE, LIST_EXAMPLE, ROC_EXAMPLE, CheckPage
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


def rows(page: CheckPage, place: int = 0) -> list[tuple[str, ...]]:
    shown = [view._table.rows for view in page.findChildren(TableView)]
    return list(shown[place]) if place < len(shown) else []


def test_the_printed_groups_of_the_reference_study_give_its_recomputed_f() -> None:
    table = checked(GROUPS_EXAMPLE, None, None).tables[0]
    assert {row[0]: row[2] for row in table.rows} == {
        "male/female": "1.456",
        "age (years)": "86.85",
        "BMI (kg/m2)": "35.12",
        "BMD": "259.83",
        "FF (%)": "83.21",
        "R2* (Hz)": "33.40",
    }


def test_rounding_cannot_explain_the_f_of_bmd_and_a_sentence_says_why() -> None:
    found = checked(GROUPS_EXAMPLE, None, None)
    table, sentences = found.tables[0], found.sentences
    bmd = next(row for row in table.rows if row[0] == "BMD")
    assert bmd[1:] == ("F 59.905", "259.83", "259.62 – 260.04", "cannot be")
    said = next(text for text in sentences if text.startswith("BMD: "))
    assert "The printed F of 59.905 cannot come from this table" in said


def test_the_youden_indexes_of_the_reference_study_fit() -> None:
    found = checked(ROC_EXAMPLE, 49, 71)
    (table,), sentences = found.tables, found.sentences
    assert [row[2] for row in table.rows] == ["0.668", "0.613", "0.706"]
    assert "41 of 49 patients" in " ".join(sentences)


def test_a_list_of_n_mean_and_sd_shows_welch_and_the_pairs_in_a_second_table() -> None:
    found = checked(LIST_EXAMPLE, None, None)
    first, tests = found.tables
    assert first.rows == (("F of these groups", "–", "83.21", "83.01 – 83.42", "–"),)
    assert [row[0] for row in tests.rows] == [
        "all groups",
        "osteopenia − normal",
        "osteoporosis − normal",
        "osteoporosis − osteopenia",
    ]
    assert tests.rows[0][1:] == ("–", "F 83.21\n(2, 117)", "< 0.001", "F 72.04\n(2, 66.6)", "< 0.001")
    assert tests.rows[1][1:3] == ("12.08\n8.01 to 16.15", "t 7.21\n(117)")
    assert "Holm" in tests.note


def test_every_row_of_means_has_its_tests() -> None:
    _, tests = checked(GROUPS_EXAMPLE, None, None).tables
    assert len(tests.rows) == 5 * 4
    last = next(row for row in tests.rows if row[0] == "R2* (Hz): osteopenia − normal")
    assert (last[3], last[5]) == ("0.006", "0.013")


def test_two_groups_have_one_row_of_tests_and_a_t_its_own_range() -> None:
    head = "\tA (n = 30)\tB (n = 41)\tt\n"
    found = checked(f"{head}age\t36.93 ± 9.25\t50.34 ± 12.56\t4.94", None, None)
    first, tests = found.tables
    assert first.rows == (("age", "t 4.94", "4.94", "4.94 – 4.95", "fits"),)
    assert [row[0] for row in tests.rows] == ["age: B − A"]


def test_a_printed_number_of_another_test_fits_by_its_name() -> None:
    head = "\tA (n = 30)\tB (n = 41)\tt/chi2\n"
    found = checked(f"{head}age\t36.93 ± 9.25\t50.34 ± 12.56\t5.18\nm/f\t17/13\t19/22\t0.384", None, None)
    assert [row[-1] for row in found.tables[0].rows] == ["fits Welch", "fits Yates"]


def test_groups_of_one_have_no_test_of_their_own() -> None:
    _, tests = checked("\tA n=1\tB n=5\tC n=6\nx\t1 ± 0\t2 ± 1\t4 ± 1", None, None).tables
    assert tests.rows[0][4:] == ("–", "–")
    assert tests.rows[1][4:] == ("–", "–")
    assert tests.rows[3][4] != "–"


def test_a_list_with_a_line_too_short_says_which() -> None:
    found = checked("group n mean SD\nA 30 1.0 0.5\nB 20 1.0", None, None)
    assert found.tables[0].rows[0][-1] == "not read"
    assert "line 3" in found.sentences[0]


def test_what_is_pasted_is_checked_by_itself(qtbot: QtBot, page: CheckPage) -> None:
    assert rows(page) == []
    page.examples[0].click()
    qtbot.waitUntil(lambda: len(rows(page)) == 6, timeout=WAIT)
    page.copy.click()
    copied = QGuiApplication.clipboard().text().splitlines()
    assert copied[0] == "What the print gives"
    assert "Tests of the means" in copied
    page.examples[1].click()
    qtbot.waitUntil(lambda: len(rows(page, 1)) == 4, timeout=WAIT)
    page.text.selectAll()
    page.text.insertPlainText("row\ta n=10\tb n=12\nx\t1.0 ± 0.5\tno")
    qtbot.waitUntil(lambda: [row[-1] for row in rows(page)] == ["not read"], timeout=WAIT)


def test_counts_behind_the_shares_follow_the_numbers_of_patients(qtbot: QtBot, page: CheckPage) -> None:
    page.examples[2].click()
    assert (page.positives.text(), page.negatives.text()) == ("49", "71")
    qtbot.waitUntil(lambda: not page.is_busy and len(rows(page)) == 3, timeout=WAIT)
    page.examples[3].click()
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
