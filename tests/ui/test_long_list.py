"""Long lists: a thousand lines without a widget for any, sorted, searched, marked and cut."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.checks import Finding, Severity
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Reader
from app.domain.reasons import Reason
from app.services.case import Standing
from app.services.read_exam import CaseRow
from app.services.study import Column, LeftOut, Overview, Progress, State
from app.services.study_overview import CaseOverview
from app.services.study_rounds import Waiting
from app.ui.listed import Cell, Mark, Row
from app.ui.pages.long_list import LongList
from app.ui.present import finding_text
from app.ui.present import overview as told
from app.ui.present.worklist import own_row, waiting_text, waiting_tip
from app.ui.theme import DARK, LIGHT

COUNT = 1000


def rows(count: int) -> list[Row]:
    marks = list(Mark)
    return [
        Row(
            (number,),
            (
                Cell(f"C{number:04}"),
                Cell("signed off" if number % 2 else "open", mark=marks[number % len(marks)]),
                Cell(str(number % 7), order=number % 7),
            ),
            frozenset({"odd"} if number % 2 else {"even"}),
        )
        for number in range(count)
    ]


@pytest.fixture
def listed(qapp: QApplication) -> Iterator[LongList]:
    view = LongList(("Case", "State", "Levels"), "cases")
    view.resize(700, 600)
    view.show()
    yield view
    view.close()
    view.deleteLater()


def test_a_thousand_lines_need_no_widget_of_their_own(listed: LongList) -> None:
    listed.lines.show_rows(rows(1))
    QApplication.processEvents()
    before = len(listed.findChildren(QWidget))
    listed.lines.show_rows(rows(COUNT))
    QApplication.processEvents()
    listed.verticalScrollBar().setValue(listed.verticalScrollBar().maximum())
    QApplication.processEvents()
    assert listed.sieve.rowCount() == COUNT
    assert len(listed.findChildren(QWidget)) == before


def test_only_lines_in_sight_are_painted(listed: LongList, monkeypatch: pytest.MonkeyPatch) -> None:
    listed.lines.show_rows(rows(COUNT))
    QApplication.processEvents()
    asked: set[object] = set()
    real = listed.row_at

    def row_at(index: Any) -> Row:
        row = real(index)
        asked.add(row.key)
        return row

    monkeypatch.setattr(listed, "row_at", row_at)
    listed.viewport().repaint()
    assert 10 < len(asked) < 40


def test_figures_are_sorted_as_figures_and_the_order_of_the_list_comes_back(listed: LongList) -> None:
    listed.lines.show_rows(rows(12))
    listed.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    assert [row[2] for row in listed.texts][:3] == ["6", "5", "4"]
    listed.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
    assert [row[0] for row in listed.texts] == [f"C{number:04}" for number in range(12)]


def test_a_line_that_changed_is_changed_alone_and_the_choice_stays(listed: LongList) -> None:
    listed.lines.show_rows(rows(5))
    listed.go_to((3,))
    changed: list[int] = []
    listed.lines.dataChanged.connect(lambda first, last: changed.append((first.row(), last.row())))
    other = rows(5)
    other[1] = Row((1,), (Cell("C0001"), Cell("unlocked"), Cell("1", order=1)), frozenset({"odd"}))
    listed.lines.show_rows(other)
    assert changed == [(1, 1)]
    assert listed.currentIndex().row() == 3
    listed.lines.show_rows(list(other))
    assert changed == [(1, 1)]


def test_a_line_that_is_filtered_away_cannot_be_gone_to(listed: LongList) -> None:
    listed.lines.show_rows(rows(5))
    listed.sieve.keep("even")
    assert [row[0] for row in listed.texts] == ["C0000", "C0002", "C0004"]
    assert not listed.go_to((1,))
    assert listed.go_to((2,))
    assert not listed.go_to((77,))


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_words_signs_and_warnings_have_the_colours_of_the_theme(listed: LongList, theme: Any) -> None:
    listed.lines.show_rows(
        [
            Row((1,), (Cell("██", warns=True), Cell("██", quiet=True), Cell("██"))),
            Row((2,), (Cell("", mark=Mark.SIGNED), Cell(""), Cell("")))
        ]
    )  # fmt: skip
    listed.show_theme(theme)
    QApplication.processEvents()
    picture = listed.viewport().grab().toImage()

    def colours(row: int, column: int) -> set[str]:
        rect = listed.visualRect(listed.sieve.index(row, column))
        line = rect.center().y()
        return {
            picture.pixelColor(x, line).name()
            for x in range(rect.left(), min(rect.left() + 60, rect.right()))
        }

    assert QColor(theme.warn).name() in colours(0, 0)
    assert QColor(theme.quiet).name() in colours(0, 1)
    assert QColor(theme.text).name() in colours(0, 2)
    assert QColor(theme.good).name() in colours(1, 0)


def test_a_long_word_is_cut_with_a_mark_and_told_whole(listed: LongList) -> None:
    words = "unlocked: " + "a very long reason " * 20
    listed.lines.show_rows([Row((1,), (Cell(words), Cell(""), Cell("")))])
    QApplication.processEvents()
    assert listed.sieve.index(0, 0).data(Qt.ItemDataRole.ToolTipRole) == words
    shown = set(listed._painter._shown.values())
    assert any(one.endswith("…") and len(one) < len(words) for one in shown)


# -- what it is filled with -------------------------------------------------------------------------------


def finding(code: str) -> Finding:
    return Finding(code, Severity.WARN, Level.L2, {"area": 500.0, "low": 100.0, "high": 450.0})


def test_a_readers_line_tells_what_is_to_be_looked_at() -> None:
    case = CaseRow(7, "C0007", 5, True, "2026-11-22T08:41:27.123+00:00", training=True)
    standing = Standing("C0007", None, {}, (finding("area.unusual"),), {})
    row = own_row(3, case, standing)
    assert [one.text for one in row.cells] == [
        "C0007", "signed off", "5/5", "⚠ 1", "training", "2026-11-22 08:41:27",
    ]  # fmt: skip
    assert row.cells[3].tip == "L2: 500 mm² is outside the usual 100 to 450 mm²."
    assert row.kinds == {"signed", "training", "warned"}
    assert row.cells[0].order == 3
    assert own_row(3, case, None).kinds == {"signed", "training"}


@pytest.mark.parametrize(
    ("case", "mark", "kinds"),
    [
        (CaseRow(1, "A", 0, False, ""), Mark.NEW, {"todo"}),
        (CaseRow(1, "A", 2, False, "x"), Mark.OPEN, {"todo", "open"}),
        (CaseRow(1, "A", 0, False, "x", Reason.SURG), Mark.OPEN, {"todo", "open"}),
        (CaseRow(1, "A", 5, False, "x", unlocked="why"), Mark.UNLOCKED, {"todo", "open", "unlocked"}),
        (CaseRow(1, "A", 5, True, "x", unlocked="why"), Mark.SIGNED, {"signed"}),
    ],
)
def test_the_sign_and_the_kinds_of_a_case(case: CaseRow, mark: Mark, kinds: set[str]) -> None:
    row = own_row(0, case, None)
    assert row.cells[1].mark is mark
    assert row.kinds == kinds


def test_cases_that_wait_are_counted_with_the_first_day() -> None:
    day = "2026-12-01T09:00:00.000+00:00"
    assert waiting_text(Waiting(), here=1, done=False) == waiting_tip(Waiting()) == ""
    assert waiting_text(Waiting(), here=1, done=True) == "all read"
    assert waiting_text(Waiting(12, day, 2), here=2, done=False) == "12 more from 2026-12-01 on"
    assert waiting_text(Waiting(12, day, 2), here=1, done=True) == "all read · round 2 from 2026-12-01 on"
    assert waiting_text(Waiting(12, "", 2), here=1, done=True) == "all read · round 2 is ready"
    assert waiting_tip(Waiting(12, day, 2)).startswith(
        "Round 2 waits: its first case is offered on 2026-12-01"
    )
    assert waiting_tip(Waiting(12, "", 3)).startswith("Round 3 is ready: choose your name")


ANA, BO = Reader(1, "Ana"), Reader(2, "Bo")


def overview(*progress: Progress, left_out: tuple[LeftOut, ...] = ()) -> Overview:
    columns = tuple(Column(ANA, 1 + place, 4, 1, 2) for place in range(len(progress)))
    return Overview(columns, (CaseOverview(7, "C0007", False, progress),), left_out)


@pytest.mark.parametrize(
    ("progress", "words", "mark", "kinds"),
    [
        (Progress(State.NOT_ASSIGNED), "–", Mark.NONE, set()),
        (Progress(State.NOT_STARTED), "not started", Mark.NEW, {"todo"}),
        (Progress(State.OPEN, 3, "2026-11-22T08:41:27"), "open · 3/5", Mark.OPEN, {"todo", "open"}),
        (Progress(State.SIGNED_OFF, 5, "2026-11-22T08:41:27"), "signed off", Mark.SIGNED, {"signed"}),
        (
            Progress(State.WAITING, due_utc="2026-12-01T00:00"), "from 2026-12-01", Mark.WAITING,
            {"todo", "waiting"},
        ),
        (
            Progress(State.UNLOCKED, 5, "2026-11-22T08:41:27", unlocked="L3"), "unlocked: L3 · 5/5",
            Mark.UNLOCKED, {"todo", "unlocked"},
        ),
    ],
)  # fmt: skip
def test_a_cell_tells_one_readers_state(progress: Progress, words: str, mark: Mark, kinds: set[str]) -> None:
    shown = overview(progress)
    (row,) = told.study_rows(shown)
    assert (row.cells[2].text, row.cells[2].mark) == (words, mark)
    assert row.kinds == kinds
    tip = told.cell_tip(told.Chosen(shown.cases[0], shown.columns[0], progress))
    assert tip.startswith(f"C0007, Ana, round 1: {told.state_text(progress)}")
    assert ("last change 2026-11-22 08:41:27 UTC" in tip) == bool(progress.changed_utc)


@pytest.mark.parametrize(("count", "words"), [(1, "signed off, 1 note"), (2, "signed off, 2 notes")])
def test_a_cell_tells_how_many_rules_speak_of_its_values_and_which_where_one_looks(
    count: int, words: str
) -> None:
    values = {"mean": 12.0, "low": 15.0, "high": 80.0}
    findings = tuple(Finding("values.ff_unusual", Severity.WARN, level, values) for level in LEVELS[:count])
    shown = overview(Progress(State.SIGNED_OFF, 5), Progress(State.SIGNED_OFF, 5))
    shown = replace(shown, spoken={(7, "Ana", 2): findings})
    (row,) = told.study_rows(shown)
    assert [cell.text for cell in row.cells[2:]] == ["signed off", words]
    assert row.kinds == {"signed", "warned"}
    case, column = shown.cases[0], shown.columns[1]
    chosen = told.Chosen(case, column, case.progress[1], shown.spoken_of(case, column))
    lines = told.cell_tip(chosen).splitlines()
    assert [line for line in lines if "12.0 %" in line] == [finding_text(one) for one in findings]
    # the panel beside the list counts them
    assert told.chosen_lines(chosen)[0] == words


def test_columns_tell_reader_round_and_progress() -> None:
    shown = overview(Progress(State.OPEN), Progress(State.WAITING, due_utc="2026-12-01"))
    assert told.study_headers(shown) == ["Case", "For", "Ana\nround 1", "Ana\nround 2"]
    assert told.column_tip(shown.columns[0]) == "Ana, round 1: 1 of 4 signed off, 2 wait for their day"
    assert told.column_tip(Column(BO, 1, 4, 1, 0)) == "Bo, round 1: 1 of 4 signed off"
    assert told.study_progress(shown) == (2, 8)
    assert told.repeat_lines(shown, 0.25) == ["Ana: 1 of 1 signed-off cases"]


def test_what_was_left_out_stands_below_its_reason_with_its_count() -> None:
    held = (
        LeftOut(7, "C0007", "Ana", 1, Level.L2, Reason.HEMANG, "", signed_off=True),
        LeftOut(8, "C0008", "Bo", 1, Level.L3, Reason.HEMANG, "", signed_off=False),
        LeftOut(9, "C0009", "Bo", 2, None, Reason.OTHER, "claustrophobia", signed_off=True),
    )
    found = told.left_out_rows(held)
    assert [row.cells[0].text for row in found] == [
        "haemangioma · 2",
        "C0007 L2 · Ana · round 1",
        "C0008 L3 · Bo · round 1 · not signed off yet",
        "other · 1",
        "C0009 whole patient · Bo · round 2 · claustrophobia",
    ]
    assert [row.key[:1] for row in found] == [(), (7,), (8,), (), (9,)]
    (row,) = told.study_rows(overview(Progress(State.OPEN), left_out=held[:1]))
    assert "left_out" in row.kinds


def test_what_was_marked_in_training_cases_is_counted_on_a_line_of_its_own() -> None:
    held = (
        LeftOut(8, "C0008", "Bo", 1, Level.L3, Reason.HEMANG, "", signed_off=True),
        LeftOut(7, "C0007", "Ana", 1, Level.L2, Reason.HEMANG, "", signed_off=True, training=True),
        LeftOut(7, "C0007", "Bo", 1, None, Reason.OTHER, "rod", signed_off=False, training=True),
    )
    assert [row.cells[0].text for row in told.left_out_rows(held)] == [
        "haemangioma · 1",
        "C0008 L3 · Bo · round 1",
        "in training cases, no exclusion · 2",
        "C0007 L2 · Ana · round 1 · haemangioma",
        "C0007 whole patient · Bo · round 1 · other · rod · not signed off yet",
    ]
    (row,) = told.study_rows(overview(Progress(State.OPEN), left_out=held[1:2]))
    assert "left_out" not in row.kinds
