"""The dialog of tables and typing in on the Clinical page, used as a person uses them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from openpyxl import Workbook as Book
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from app.domain.clinical_items import Item, What
from app.domain.errors import InputError
from app.domain.protocol import Protocol
from app.services import clinical_lines
from app.services.clinical_lines import clinical_view
from app.services.open_session import create_session
from app.ui import present
from app.ui.dialogs.choice import Choice
from app.ui.dialogs.clinical_dialog import ClinicalDialog
from app.ui.dialogs.type_in import TypeInDialog
from app.ui.main_window import MainWindow
from app.ui.pages.clinical import ClinicalPage
from app.ui.theme import DARK, LIGHT

WAIT = 20_000
LINES = ("nr;姓名;年龄;T;eGFR", "C0001;张三;61;-2,7;90", "C0002;李四;old;-1,2;80", "C9999;王五;70;-1;70")
Look = Callable[..., ClinicalDialog]


@pytest.fixture
def seen(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> Look:
    """Give a function that drops a table on the window and waits for what it holds."""

    def seen(*lines: str, name: str = "clinical.csv", encoding: str = "gb18030") -> ClinicalDialog:
        path = tmp_path / name
        path.write_bytes("\n".join((*lines, "")).encode(encoding))
        with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
            window.take([path])
        dialog = window.tables.dialog
        assert dialog is not None
        assert dialog.isVisible()
        return dialog

    return seen


@pytest.fixture
def choose(window: MainWindow, qtbot: QtBot) -> Callable[[Choice, str], None]:
    """Give a function that chooses something and waits for the next look."""

    def choose(choice: Choice, key: str) -> None:
        with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
            choice.setCurrentIndex(choice.findData(key))
            choice.activated.emit(choice.currentIndex())

    return choose


def titles(dialog: ClinicalDialog) -> list[str]:
    shown = dialog.findings.titles
    return [shown.item(row).text() for row in range(shown.count())]


def ages(window: MainWindow) -> dict[str, float | None]:
    space = window.workspace
    assert space.session is not None
    assert space.viewer is not None
    return {line.code: line.age for line in clinical_view(space.session, space.viewer)}


def test_a_table_whose_columns_nobody_knows_is_shown_so_that_a_person_can_say_them(
    seen: Look, choose: Callable[[Choice, str], None], window: MainWindow, qtbot: QtBot
) -> None:
    dialog = seen(*LINES)
    assert "no column that tells the patients apart" in dialog.notice.text()
    assert not dialog.go.isEnabled()
    headers = dialog.preview.headers.choices
    choose(headers[0], "case_code")
    assert dialog.notice.isHidden()
    assert "Joined · 2" in titles(dialog)
    choose(headers[3], "tscore:L1-L4")
    choose(headers[4], "covariate")
    assert [one.currentData() for one in headers] == ["case_code", "name", "age", "tscore:L1-L4", "covariate"]
    assert dialog.go.text() == "Join 2 cases"
    # nothing is written before that
    assert ages(window) == {}
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    assert ages(window) == {"C0001": 61.0, "C0002": None, "": 70.0}
    assert window.tables.dialog is None
    assert "Rows read: 3 (2 joined" in window.banner.words
    assert window.stack.currentWidget() is window.page("clinical")


def test_names_are_not_shown_and_lines_bear_their_numbers(seen: Look) -> None:
    dialog = seen("导出", *LINES)
    model = dialog.preview.lines
    assert [model.headerData(at, Qt.Orientation.Vertical) for at in range(3)] == ["3", "4", "5"]
    assert model.index(0, 1).data() == "•••"
    assert model.index(0, 2).data() == "61"
    assert model.index(0, 1).data(Qt.ItemDataRole.DecorationRole) is None
    assert model.headerData(1, Qt.Orientation.Horizontal, Qt.ItemDataRole.DecorationRole) is None
    assert dialog.heading.text() == "clinical.csv: 3 lines, headers in line 2"


def test_how_the_file_is_read_is_shown_and_can_be_changed(
    seen: Look, choose: Callable[[Choice, str], None]
) -> None:
    dialog = seen(*LINES)
    source = dialog.source
    shown = (source.encoding, source.delimiter, source.decimal, source.header_line)
    assert [one.currentData() for one in shown] == ["gb18030", ";", ",", "1"]
    assert not source.sheet.isVisible()
    choose(source.decimal, ".")
    assert dialog.look is not None
    assert dialog.look.raw is not None
    assert not dialog.look.raw.decimal_comma
    choose(source.delimiter, ",")
    assert dialog.preview.lines.columnCount() == 2
    choose(source.encoding, "utf-8")
    assert "cannot be read as utf-8" in dialog.notice.text()
    assert (dialog.preview.lines.columnCount(), dialog.preview.headers.choices) == (0, [])
    assert source.encoding.isVisible()
    choose(source.encoding, "gb18030")
    choose(source.delimiter, ";")
    choose(source.header_line, "2")
    assert dialog.look.raw.headers[0] == "C0001"


def test_figures_of_the_sex_and_the_unit_of_densities_can_be_said(
    seen: Look, choose: Callable[[Choice, str], None]
) -> None:
    dialog = seen("病例编号,性别,BMD", "C0001,1,0.8", "C0002,2,0.9")
    assert "To look at · 2" in titles(dialog)
    choose(dialog.source.sex, "1m2f")
    assert dialog.source.sex.currentData() == "1m2f"
    assert not any(title.startswith("To look at") for title in titles(dialog))
    assert dialog.source.bmd.isVisible()
    choose(dialog.source.bmd, "g/cm2")
    assert dialog.look is not None
    assert dialog.look.meaning.columns is not None
    assert dialog.look.meaning.columns[2].unit == "g/cm2"
    choose(dialog.preview.headers.choices[2], "")
    assert not dialog.source.bmd.isVisible()


def test_sheets_of_a_workbook_can_be_chosen(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, choose: Callable[[Choice, str], None]
) -> None:
    book = Book()
    book.active.title = "A"
    book.active.append(["病例编号", "年龄"])
    book.active.append(["C0001", 61])
    other = book.create_sheet("B")
    other.append(["病例编号", "年龄"])
    other.append(["C0002", 62])
    path = tmp_path / "book.xlsx"
    book.save(path)
    with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
        window.take([path])
    dialog = window.tables.dialog
    assert dialog is not None
    assert (dialog.source.sheet.isVisible(), dialog.source.encoding.isVisible()) == (True, False)
    choose(dialog.source.sheet, "B")
    assert dialog.findings.lines.item(0).text() == "line 2  →  C0002   by case code"


def test_readings_of_another_viewer_come_by_the_same_dialog(
    seen: Look, choose: Callable[[Choice, str], None], window: MainWindow, qtbot: QtBot
) -> None:
    dialog = seen("case,L1 FF,L1 R2*,L2 FF", "S001,0.41,150,0.42", "S002,0.43,151,0.44")
    assert dialog.source.kind.currentData() == "readings"
    assert not dialog.go.isEnabled()
    choose(dialog.source.units[next(iter(dialog.source.units))], "fraction")
    # nobody is named: the lines say so
    assert "Not used · 6" in titles(dialog)
    with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
        dialog.source.reader.setText("ADW")
        dialog.source.reader.editingFinished.emit()
    # asked again without anything new, nothing is looked at
    dialog.source.reader.editingFinished.emit()
    assert dialog.go.text() == "Import 2 readings"
    choose(dialog.preview.headers.choices[3], "ff:L3")
    assert "L3 42" in dialog.findings.lines.item(0).text()
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    assert "readings: 2, numbers: 6" in window.banner.words
    space = window.workspace
    assert space.session is not None
    assert {row["origin"] for row in space.session.database.rows("SELECT origin FROM reading")} >= {"table"}


def test_the_kind_of_a_table_can_be_said(seen: Look, choose: Callable[[Choice, str], None]) -> None:
    dialog = seen("case,reader,L1 FF", "C0001,Li,41")
    choose(dialog.source.kind, "clinical")
    assert dialog.go.text() == "Join 1 case"
    assert dialog.source.sex.isVisible()
    assert not dialog.source.reader.isVisible()


def test_the_second_table_waits_for_the_first(
    seen: Look, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    first = seen(*LINES)
    second = tmp_path / "second.csv"
    second.write_text("case,age\nC0001,70\n", encoding="utf-8")
    window.tables.look_at(second)
    assert window.tables.dialog is first
    with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
        first.cancel.click()
    assert window.tables.dialog is not None
    assert window.tables.dialog.wish.path == second
    assert ages(window) == {}


def drop(dialog: QWidget, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    hands = (Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier)
    hover = QDragEnterEvent(dialog.rect().center(), *hands)
    dialog.dragEnterEvent(hover)
    assert hover.isAccepted()
    dialog.dropEvent(QDropEvent(QPointF(50, 50), *hands))


def test_a_table_dropped_on_the_dialog_is_looked_at_instead(
    seen: Look, window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    dialog = seen(*LINES)
    path = tmp_path / "other.csv"
    path.write_text("case,age\nC0001,70\n", encoding="utf-8")
    with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
        drop(dialog, path)
    assert dialog.heading.text().startswith("other.csv")
    assert dialog.go.text() == "Join 1 case"


def test_a_failure_is_told_in_the_dialog_and_can_be_tried_again(seen: Look, window: MainWindow) -> None:
    dialog = seen("case,age", "C0001,70")
    window.workspace.failed.emit(InputError("clinical.changed_meanwhile"))
    assert "Look at it again" in dialog.notice.text()
    assert dialog.go.isEnabled()


def test_while_a_table_is_imported_nothing_can_be_changed(
    seen: Look, window: MainWindow, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    dialog = seen("case,age", "C0001,70")
    monkeypatch.setattr(window.tasks, "take_table", lambda plan: True)
    dialog.go.click()
    window.tasks.progressed.emit(1, 2)
    assert dialog.progress.text() == "Importing: 1 of 2"
    before = dialog.wish
    dialog.look_at(tmp_path / "x.csv")
    dialog.look_again(before)
    dialog.import_table()
    assert dialog.wish is before
    assert not dialog.go.isEnabled()
    window.tasks.ended.emit()
    assert dialog.progress.text() == ""


def test_an_answer_about_another_wish_is_not_shown(seen: Look, window: MainWindow) -> None:
    dialog = seen(*LINES)
    shown = dialog.look
    assert shown is not None
    window.tasks.table_seen.emit(replace(shown, wish=replace(shown.wish)))
    assert dialog.look is shown
    dialog.look = None
    dialog._on_column(0, "age")
    dialog.import_table()


def test_the_heading_at_hand_stays_while_things_are_said(
    seen: Look, choose: Callable[[Choice, str], None]
) -> None:
    dialog = seen("case,age,x", "C0001,70,1", "zz,71,1")
    row = titles(dialog).index("Not joined · 1")
    dialog.findings.titles.setCurrentRow(row)
    assert "line 3" in dialog.findings.lines.item(0).text()
    choose(dialog.preview.headers.choices[2], "covariate")
    assert titles(dialog)[dialog.findings.titles.currentRow()] == "Not joined · 1"
    dialog.show_theme(LIGHT)
    dialog.show_theme(DARK)
    assert titles(dialog)[dialog.findings.titles.currentRow()] == "Not joined · 1"


def test_everything_in_the_dialog_can_be_walked_and_told(
    seen: Look, complaints: Callable[[QWidget], list[str]]
) -> None:
    dialog = seen("case,reader,,L1 FF", "C0001,Li,1,41")
    assert complaints(dialog) == []


def test_the_keyboard_brings_a_column_into_view(seen: Look) -> None:
    names = [f"x{number}" for number in range(30)]
    dialog = seen(",".join(("case", *names)), ",".join(("C0001", *("1" for _ in names))))
    last = dialog.preview.headers.choices[-1]
    assert dialog.preview.horizontalScrollBar().value() == 0
    last.setFocus(Qt.FocusReason.TabFocusReason)
    QApplication.processEvents()
    assert dialog.preview.horizontalScrollBar().value() > 0


def test_a_blinded_reader_is_shown_nothing_of_a_table(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    create_session(tmp_path / "blind.marrow", Protocol(blinded=True)).close()
    window.open(tmp_path / "blind.marrow")
    assert window.workspace.people.kept_out
    path = tmp_path / "clinical.csv"
    path.write_text("case,age\nC0001,61\n", encoding="utf-8")
    with qtbot.waitSignal(window.workspace.failed, timeout=WAIT):
        window.take([path])
    dialog = window.tables.dialog
    assert dialog is not None
    assert "blinded round is open" in dialog.notice.text()
    assert (dialog.preview.lines.rowCount(), dialog.go.isEnabled()) == (0, False)


def test_the_theme_reaches_a_dialog_that_is_opened_later(window: MainWindow, seen: Look) -> None:
    window.tables.show_theme(LIGHT)
    dialog = seen(*LINES)
    assert dialog.findings._theme is LIGHT
    window.tables.show_theme(DARK)
    assert dialog.findings._theme is DARK


# -- typing in --------------------------------------------------------------------------------------------


@pytest.fixture
def page(window: MainWindow, seen: Look, qtbot: QtBot) -> ClinicalPage:
    """The Clinical page with one case too old, one joined, one without a row."""
    dialog = seen("case,age,L1-L4 T值,绝经,检查日期", "C0001,61,-2.7,是,2019-01-01", "C0002,old,,,")
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    found = window.page("clinical")
    assert isinstance(found, ClinicalPage)
    return found


COLUMN = {"case": 0, "age": 3, "tscore": 6, "group": 7, "further": 9, "problems": 10}


def asked(page: ClinicalPage, row: int, column: str) -> TypeInDialog | None:
    index = page.view.model().index(row, COLUMN[column])
    page.view.activated.emit(index)
    QApplication.processEvents()
    shown = [one for one in page.findChildren(TypeInDialog) if one.isVisible()]
    return shown[0] if shown else None


def test_a_double_click_types_a_value_in_with_its_reason(page: ClinicalPage) -> None:
    dialog = asked(page, 1, "age")
    assert dialog is not None
    assert dialog.heading.text() == "C0002: age"
    assert not dialog.go.isEnabled()
    QTest.keyClicks(dialog.value, "sixty")
    QTest.keyClicks(dialog.reason, "asked the ward")
    dialog.go.click()
    assert "“sixty” in age is not a number." in dialog.told.text()
    dialog.value.setText("60")
    assert dialog.told.isHidden()
    dialog.go.click()
    assert not dialog.isVisible()
    assert page.table.rows[1][COLUMN["age"]] == "60 *"
    assert "not a number" not in page.table.rows[1][COLUMN["problems"]]


def test_what_was_typed_in_can_go_back_to_the_table(page: ClinicalPage) -> None:
    dialog = asked(page, 0, "group")
    assert dialog is not None
    assert not dialog.back.isVisible()
    assert dialog.says.text() == "Now: -2.7"
    dialog.value.setText("-2.4")
    dialog.reason.setText("why")
    dialog.go.click()
    assert page.table.rows[0][6:8] == ("-2.4 *", "osteopenia")
    dialog = asked(page, 0, "tscore")
    assert dialog is not None
    assert dialog.back.isVisible()
    dialog.reason.setText("the table is right")
    dialog.back.click()
    assert page.table.rows[0][6:8] == ("-2.7", "osteoporosis")


def test_one_of_several_further_values_is_chosen_in_the_dialog(
    page: ClinicalPage, window: MainWindow
) -> None:
    dialog = asked(page, 0, "further")
    assert dialog is not None
    assert dialog.item == Item(What.COVARIATE, "postmenopausal")
    dialog.reject()
    kept: list[Item] = []
    items = [Item(What.COVARIATE, name) for name in ("a", "b")]

    def keep(item: Item, value: str | None, reason: str) -> None:
        kept.append(item)

    several = TypeInDialog("C0001", items, {}, frozenset(), keep, page)
    several.open()
    assert several.which.isVisible()
    several.which.setCurrentIndex(1)
    several.which.activated.emit(1)
    assert several.heading.text() == "C0001: b"
    several.reason.setText("why")
    several.go.click()
    assert kept == items[1:]


def test_the_state_of_a_woman_can_be_typed_in_where_the_table_has_no_column_for_it(
    window: MainWindow, seen: Look, qtbot: QtBot
) -> None:
    dialog = seen("病例编号,性别,年龄,T值", "C0001,女,36,-1.2", "C0002,女,66,-1.2")
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    found = window.page("clinical")
    assert isinstance(found, ClinicalPage)
    asking = asked(found, 0, "further")
    assert asking is not None
    assert asking.item == Item(What.COVARIATE, "postmenopausal")
    asking.reject()
    assert asked(found, 1, "further") is None


def test_the_field_strength_of_a_table_of_readings_can_be_said(
    window: MainWindow, seen: Look, qtbot: QtBot
) -> None:
    dialog = seen("case,reader,L1 FF,L1 R2*", "X001,Li,41,150")
    field = dialog.source.field_strength
    assert field.isVisible()
    for said, shown in (("strong", "is no field strength"), ("3.0 T", "")):
        with qtbot.waitSignal(window.tasks.table_seen, timeout=WAIT):
            field.setText(said)
            field.editingFinished.emit()
        assert shown in dialog.notice.text()
        assert field.text() == said
    # asked again without anything new, nothing is looked at
    field.editingFinished.emit()
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    space = window.workspace
    assert space.session is not None
    rows = space.session.database.rows("SELECT field_strength_t FROM exam WHERE code = 'X001'")
    assert [row["field_strength_t"] for row in rows] == [3.0]


def test_a_reference_of_long_ago_can_be_used_by_decision(page: ClinicalPage) -> None:
    dialog = asked(page, 0, "problems")
    assert dialog is not None
    assert dialog.windowTitle() == present.text("type_in.accept_title")
    assert not dialog.value.isVisible()
    dialog.reason.setText("no drug, no fracture since")
    dialog.go.click()
    assert "used by decision" in page.table.rows[0][COLUMN["problems"]]
    # and that can be taken back
    again = asked(page, 0, "problems")
    assert again is not None
    again.reason.setText("there was one")
    again.back.click()
    assert "not used" in page.table.rows[0][COLUMN["problems"]]


@pytest.mark.parametrize(("row", "column"), [(0, "case"), (1, "problems")])
def test_where_nothing_can_be_typed_nothing_is_asked(page: ClinicalPage, row: int, column: str) -> None:
    assert asked(page, row, column) is None


def test_a_line_without_a_case_takes_no_value(window: MainWindow, seen: Look, qtbot: QtBot) -> None:
    dialog = seen("case,age", "C0001,61", "zz,62")
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    page = window.page("clinical")
    assert isinstance(page, ClinicalPage)
    assert asked(page, 1, "age") is None


def test_cases_without_a_row_are_shown_on_demand_and_take_values(
    page: ClinicalPage, window: MainWindow
) -> None:
    before = len(page.table.rows)
    page.every.click()
    assert len(page.table.rows) == max(before, len(window.workspace.cases))
    page.every.click()
    assert len(page.table.rows) == before


def test_before_any_table_cases_can_be_shown_to_type_values_in(window: MainWindow) -> None:
    window.show_page("clinical")
    page = window.page("clinical")
    assert isinstance(page, ClinicalPage)
    assert page.table.rows == []
    page.every.click()
    dialog = asked(page, 0, "age")
    assert dialog is not None
    dialog.value.setText("61")
    dialog.reason.setText("why")
    dialog.go.click()
    assert page.table.rows[0][COLUMN["age"]] == "61 *"


def test_how_many_lines_without_a_case_are_not_listed_is_told(
    window: MainWindow, seen: Look, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinical_lines, "MOST_UNMATCHED", 1)
    dialog = seen("case,age", "C0001,61", *(f"z{number},60" for number in range(4)))
    with qtbot.waitSignal(window.tasks.joined, timeout=WAIT):
        dialog.go.click()
    page = window.page("clinical")
    assert isinstance(page, ClinicalPage)
    assert len(page.table.rows) == 2
    assert page.more.text() == "3 more lines without a case are not listed"


def test_the_dialog_for_a_value_can_be_walked_and_told(
    page: ClinicalPage, complaints: Callable[[QWidget], list[str]]
) -> None:
    dialog = asked(page, 0, "age")
    assert isinstance(dialog, QDialog)
    dialog.reason.setText("why")
    assert complaints(dialog) == []
