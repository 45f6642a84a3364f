"""Start, Worklist, Clinical, Audit, menu, banner, settings, dialogs."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QPixmap
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog, QPlainTextEdit
from pytestqt.qtbot import QtBot

from app import compose
from app.domain.errors import AppError, InputError, StoreUnavailable
from app.domain.protocol import LEVELS, Level
from app.domain.reasons import Reason
from app.services import open_session as sessions
from app.ui import present
from app.ui.canvas.figure import draw_figure
from app.ui.dialogs.crash import CrashHandler, details
from app.ui.dialogs.report import ReportDialog
from app.ui.main_window import MainWindow
from app.ui.pages.audit import AuditPage
from app.ui.pages.clinical import ClinicalPage
from app.ui.pages.worklist import WorklistPage
from app.ui.settings import Settings
from app.ui.theme import DARK, LIGHT, style_sheet
from app.ui.topbar import PAGES

Fill = Callable[..., None]
TABLE = "病例编号,性别,年龄,L1-L4骨密度(g/cm2),L1-L4 T值\nC0001,女,61,0.812,-2.7\nC9999,男,70,0.9,-1.2\n"


def dialogs(window: MainWindow, kind: type) -> list[Any]:
    return [child for child in window.findChildren(kind) if child.isVisible()]


# -- start ------------------------------------------------------------------------------------------------


@pytest.fixture
def bare(qapp: QApplication, home: Path) -> Iterator[MainWindow]:
    """The window as it starts, without a session."""
    home.mkdir(exist_ok=True)
    made = compose.window(home)
    made.show()
    yield made
    made.close()
    made.deleteLater()


def test_the_start_page_says_what_to_do_and_that_it_is_for_research(bare: MainWindow) -> None:
    assert bare.stack.currentWidget() is bare.start
    assert bare.start._none.isVisible()
    assert not bare.start.recent.isVisible()
    words = [label.text() for label in bare.start.findChildren(type(bare.start._none))]
    assert any("Research use only" in text for text in words)
    assert not any(control.isVisible() for control in bare.topbar.pages.values())


def test_a_new_session_is_made_and_opened_on_the_read_page(bare: MainWindow, tmp_path: Path) -> None:
    bare.file_menu.path_wanted.emit("new", tmp_path / "study")
    assert bare.workspace.session is not None
    assert bare.workspace.session.name == "study.marrow"
    assert "study.marrow" in bare.windowTitle()
    assert bare._page == "read"


def test_recent_sessions_are_listed_newest_first_and_open_by_enter(
    bare: MainWindow, tmp_path: Path, reading_session: Path
) -> None:
    bare.file_menu.path_wanted.emit("new", tmp_path / "other")
    bare.open(reading_session)
    bare.workspace.close()
    recent = bare.start.recent
    assert [recent.item(row).text().split()[0] for row in range(recent.count())] == [
        "study.marrow",
        "other.marrow",
    ]
    recent.setCurrentRow(1)
    recent.itemActivated.emit(recent.item(1))
    assert bare.workspace.session is not None
    assert bare.workspace.session.name == "other.marrow"


def test_a_recent_session_that_is_gone_is_not_offered(home: Path, tmp_path: Path) -> None:
    home.mkdir(exist_ok=True)
    settings = Settings(home / "settings.ini")
    there, gone = tmp_path / "a.marrow", tmp_path / "b.marrow"
    for path in (there, gone):
        path.touch()
        settings.remember(path)
    gone.unlink()
    assert settings.recent == [there]


def test_settings_come_back_in_the_next_start_and_nonsense_is_ignored(home: Path) -> None:
    home.mkdir(exist_ok=True)
    settings = Settings(home / "settings.ini")
    assert settings.theme == "auto"
    settings.theme = "light"
    settings._store.sync()
    assert Settings(home / "settings.ini").theme == "light"
    settings.theme = "mauve"
    assert settings.theme == "auto"
    assert settings.geometry.isEmpty()


def drop(window: MainWindow, path: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    hover = QDragEnterEvent(
        QPoint(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    window.dragEnterEvent(hover)
    assert hover.isAccepted()
    event = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier, QEvent.Type.Drop,
    )  # fmt: skip
    window.dropEvent(event)


def test_a_session_dropped_anywhere_opens(bare: MainWindow, reading_session: Path) -> None:
    drop(bare, reading_session)
    assert bare.workspace.session is not None


def test_a_folder_dropped_without_a_session_is_looked_at_as_soon_as_there_is_one(
    bare: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    looked: list[tuple[Path, ...]] = []
    monkeypatch.setattr(bare.tasks, "survey_import", lambda paths, _: looked.append(paths))
    folder = tmp_path / "images"
    folder.mkdir()
    drop(bare, folder)
    assert bare.banner.words.endswith(present.text("start.drop_needs_session"))
    # where the new session goes is asked at once
    (dialog,) = dialogs(bare, QFileDialog)
    dialog.reject()
    assert looked == []
    bare.file_menu.path_wanted.emit("new", tmp_path / "study")
    qtbot.waitUntil(lambda: bool(looked), timeout=60_000)
    assert looked == [(folder,)]
    # once
    bare.workspace.close()
    bare.file_menu.path_wanted.emit("new", tmp_path / "another")
    QTest.qWait(10)
    assert looked == [(folder,)]


def test_the_start_page_tells_how_far_each_session_was(
    bare: MainWindow, reading_session: Path, fill: Fill
) -> None:
    bare.open(reading_session)
    fill(bare.workspace)
    bare.workspace.sign_off(go_on=False)
    bare.workspace.close()
    told = bare.start.recent.item(0).text()
    assert "1 of 3 signed off" in told
    assert bare.settings.progress(reading_session) == (1, 3, told.split("    ")[2])


def test_what_the_settings_do_not_understand_is_no_progress(home: Path, tmp_path: Path) -> None:
    home.mkdir(exist_ok=True)
    path = tmp_path / "a.marrow"
    path.touch()
    (home / "settings.ini").write_text(f"[General]\nprogress=x 3 2026-01-01 {path}|7\n", encoding="utf-8")
    settings = Settings(home / "settings.ini")
    assert settings.progress(path) is None
    settings.remember(path)
    settings.note_progress(path, 2, 3)
    assert Settings(home / "settings.ini").progress(path) == settings.progress(path)


def test_several_things_dropped_at_once_each_go_their_way(
    bare: MainWindow, reading_session: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[tuple[Path, ...]] = []
    joined: list[Path] = []
    monkeypatch.setattr(bare.tasks, "survey_import", lambda paths, _: looked.append(paths))
    monkeypatch.setattr(bare.tables, "look_at", joined.append)
    one, two, table = tmp_path / "one", tmp_path / "two.zip", tmp_path / "table.csv"
    # the session first, whatever the order of the drop
    bare.take([one, table, two, reading_session])
    assert bare.workspace.session is not None
    assert looked == [(one, two)]
    assert joined == [table]


def test_image_files_are_chosen_several_at_a_time(window: MainWindow, tmp_path: Path) -> None:
    wanted: list[tuple[Path, ...]] = []
    window.file_menu.images_wanted.disconnect()
    window.file_menu.images_wanted.connect(wanted.append)
    window.file_menu.actions["import_files"].trigger()
    (dialog,) = dialogs(window, QFileDialog)
    assert dialog.fileMode() is QFileDialog.FileMode.ExistingFiles
    dialog.filesSelected.emit([str(tmp_path / "a.zip"), str(tmp_path / "b.nii")])
    dialog.reject()
    assert wanted == [(tmp_path / "a.zip", tmp_path / "b.nii")]


def test_a_demo_that_cannot_be_written_is_said(bare: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: str) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bare, "_demo", full)
    bare.start.demo_reading_wanted.emit()
    assert bare.banner.words.endswith(present.text("demo.cannot_write"))
    assert QGuiApplication.overrideCursor() is None


@pytest.mark.parametrize("name", ["reading", "study"])
def test_a_demo_is_opened_from_the_start_page(
    bare: MainWindow, reading_session: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    asked: list[str] = []

    def demo(wanted: str) -> Path:
        asked.append(wanted)
        return reading_session

    monkeypatch.setattr(bare, "_demo", demo)
    getattr(bare.start, f"demo_{name}_wanted").emit()
    assert asked == [name]
    assert bare.workspace.session is not None


# -- worklist ---------------------------------------------------------------------------------------------


def worklist(window: MainWindow) -> WorklistPage:
    window.show_page("worklist")
    page = window.page("worklist")
    assert isinstance(page, WorklistPage)
    return page


def test_the_worklist_shows_every_case_with_its_state(window: MainWindow, fill: Fill) -> None:
    space = window.workspace
    fill(space)
    space.sign_off(go_on=False)
    page = worklist(window)
    rows = {row[0]: row[1:3] for row in page.own.view.texts}
    assert rows == {
        "C0001": ("signed off", "5/5"),
        "C0002": ("not started", ""),
        "C0003": ("not started", ""),
    }
    assert [row[0] for row in page.own.view.texts] == [case.code for case in space.cases]


@pytest.mark.parametrize("sort", [None, Qt.SortOrder.AscendingOrder, Qt.SortOrder.DescendingOrder])
def test_a_double_click_opens_that_very_case_however_the_list_is_sorted(
    window: MainWindow, sort: Qt.SortOrder | None
) -> None:
    page = worklist(window)
    if sort is not None:
        page.own.view.sortByColumn(0, sort)
    for place in range(3):
        index = page.own.view.model().index(place, 0)
        wanted = index.data()
        at = page.own.view.visualRect(index).center()
        viewport = page.own.view.viewport()
        QTest.mouseClick(viewport, Qt.MouseButton.LeftButton, pos=at)
        QTest.mouseDClick(viewport, Qt.MouseButton.LeftButton, pos=at)
        assert window.workspace.case is not None
        assert window.workspace.case.exam.code == wanted
        assert window._page == "read"
        window.show_page("worklist")


def test_enter_in_the_worklist_opens_the_case(window: MainWindow) -> None:
    page = worklist(window)
    page.own.view.setFocus()
    page.own.view.selectRow(2)
    wanted = page.own.view.currentIndex().siblingAtColumn(0).data()
    QTest.keyClick(page.own.view, Qt.Key.Key_Return)
    assert window.workspace.case is not None
    assert window.workspace.case.exam.code == wanted


def test_continue_opens_the_next_unread_case(window: MainWindow, fill: Fill) -> None:
    fill(window.workspace)
    window.workspace.sign_off(go_on=False)
    page = worklist(window)
    page.own.go_on.click()
    assert window.workspace.case is not None
    assert not window.workspace.case.reading.locked
    assert window._page == "read"


def test_continue_is_closed_when_everything_is_signed_off(window: MainWindow) -> None:
    space = window.workspace
    for case in space.cases:
        space.open_case(case.exam_id)
        for level in LEVELS:
            space.select(level)
            space.mark(Reason.MOTION)
        space.sign_off(go_on=False)
    assert not worklist(window).own.go_on.isEnabled()


def test_the_filter_keeps_the_rows_that_hold_the_words(window: MainWindow) -> None:
    page = worklist(window)
    page.own.bar.search.setText("c0002")
    assert page.own.view.model().rowCount() == 1
    page.own.bar.search.clear()
    assert page.own.view.model().rowCount() == 3


def test_an_empty_worklist_says_what_to_do(bare: MainWindow, tmp_path: Path) -> None:
    bare.file_menu.path_wanted.emit("new", tmp_path / "empty")
    page = worklist(bare)
    assert page.own.empty.isVisible()
    assert "Import" in page.own.empty.text()


# -- audit ------------------------------------------------------------------------------------------------


def audit(window: MainWindow) -> AuditPage:
    window.show_page("audit")
    page = window.page("audit")
    assert isinstance(page, AuditPage)
    return page


def test_the_record_shows_each_edit_newest_first_and_its_chain_is_whole(
    window: MainWindow, fill: Fill
) -> None:
    fill(window.workspace, Level.L1, Level.L2)
    page = audit(window)
    assert [row[2] for row in page.table.rows[:2]] == ["edited", "edited"]
    assert page.table.rows[0][3].startswith("C0001/L2")


def test_the_record_follows_while_it_is_looked_at(window: MainWindow, fill: Fill) -> None:
    page = audit(window)
    before = len(page.table.rows)
    window.workspace.select(Level.L1)
    fill(window.workspace, Level.L1)
    assert len(page.table.rows) == before + 1


def test_the_record_stays_closed_while_blinded(window: MainWindow, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(*_: object) -> None:
        raise AppError("blinding.closed")

    monkeypatch.setattr(sessions, "audit_entries", closed)
    page = audit(window)
    assert page.table.rows == []
    assert "blinded" in page._empty.text()
    assert not page.filter.isEnabled()
    assert not page.checks.isEnabled()


# -- clinical ---------------------------------------------------------------------------------------------


def clinical(window: MainWindow) -> ClinicalPage:
    window.show_page("clinical")
    page = window.page("clinical")
    assert isinstance(page, ClinicalPage)
    return page


def test_a_clinical_table_is_joined_and_shown_with_what_is_to_look_at(
    window: MainWindow, qtbot: QtBot, tmp_path: Path
) -> None:
    assert clinical(window)._empty.isVisible()
    path = tmp_path / "clinical.csv"
    path.write_text(TABLE, encoding="utf-8-sig")
    with qtbot.waitSignal(window.tasks.table_seen, timeout=60_000):
        drop(window, path)
    assert window.tables.dialog is not None
    # nothing is joined before somebody has seen what would be
    assert clinical(window)._empty.isVisible()
    with qtbot.waitSignal(window.tasks.joined, timeout=60_000):
        window.tables.dialog.go.click()
    page = clinical(window)
    assert len(page.table.rows) == 2
    assert "Rows read: 2" in window.banner.words
    assert not any("no words" in cell for row in page.table.rows for cell in row)


def test_the_import_button_of_the_clinical_page_asks_for_a_file(window: MainWindow) -> None:
    window.file_menu.actions["clinical"].trigger()
    (dialog,) = dialogs(window, QFileDialog)
    dialog.close()


# -- top bar, menu, banner --------------------------------------------------------------------------------


def test_the_number_keys_with_ctrl_bring_each_page_forward(window: MainWindow) -> None:
    for number, name in enumerate(PAGES[:3], start=1):
        QTest.keyClick(window, Qt.Key(Qt.Key.Key_0 + number), Qt.KeyboardModifier.ControlModifier)
        assert window._page == name
        assert window.topbar.pages[name].isChecked()


def test_a_new_reader_is_asked_for_by_name_and_begins_with_nothing(window: MainWindow, fill: Fill) -> None:
    fill(window.workspace)
    window.topbar.reader.menu().actions()[-1].trigger()
    (dialog,) = dialogs(window, QInputDialog)
    dialog.setTextValue("Cleo")
    dialog.accept()
    assert window.workspace.viewer is not None
    assert window.workspace.viewer.reader.name == "Cleo"
    assert window.workspace.rectangles == {}


def test_a_reader_without_a_name_is_refused_and_the_case_stays_open(
    window: MainWindow, told: list[AppError]
) -> None:
    window.workspace.set_reader("   ")
    assert [problem.code for problem in told] == ["reader.no_name"]
    assert window.workspace.case is not None


def test_the_synthetic_label_and_the_read_only_label_are_always_in_sight(window: MainWindow) -> None:
    badges = window.topbar._badges
    for name in ("worklist", "read", "audit"):
        window.show_page(name)
        assert badges["synthetic"].isVisible()
    assert not badges["read_only"].isVisible()


def test_what_needs_a_session_is_offered_only_with_one(bare: MainWindow, reading_session: Path) -> None:
    names = ("import", "import_files", "clinical", "export", "copy", "close")
    assert not any(bare.file_menu.actions[name].isEnabled() for name in names)
    bare.open(reading_session)
    assert all(bare.file_menu.actions[name].isEnabled() for name in names)
    bare.file_menu.actions["close"].trigger()
    assert bare.stack.currentWidget() is bare.start


@pytest.mark.parametrize(
    "name", ["new", "open", "import", "import_files", "clinical", "export", "picture", "copy"]
)
def test_each_wish_that_needs_a_file_asks_without_stopping_the_window(window: MainWindow, name: str) -> None:
    window.file_menu.actions[name].trigger()
    (dialog,) = dialogs(window, QFileDialog)
    assert dialog.windowTitle() == present.text(f"menu.{name}")
    dialog.reject()


def test_the_about_text_opens_beside_the_window(window: MainWindow) -> None:
    window.file_menu.actions["about"].trigger()
    (dialog,) = dialogs(window, ReportDialog)
    assert dialog.findChild(QPlainTextEdit).toPlainText()
    dialog.close()


def test_a_copy_of_the_session_is_complete(window: MainWindow, fill: Fill, tmp_path: Path) -> None:
    fill(window.workspace)
    window.file_menu.path_wanted.emit("copy", tmp_path / "copy.marrow")
    assert "copy.marrow" in window.banner.words
    window.open(tmp_path / "copy.marrow")
    assert window.workspace.case is not None
    assert len(window.workspace.rectangles) == 5


def test_a_picture_of_both_maps_is_saved_without_identity(
    window: MainWindow, fill: Fill, tmp_path: Path
) -> None:
    fill(window.workspace)
    window.file_menu.path_wanted.emit("picture", tmp_path / "figure.png")
    assert "figure.png" in window.banner.words
    content = (tmp_path / "figure.png").read_bytes()
    assert b"C0001" not in content
    assert b"Doe" not in content
    picture = QPixmap(str(tmp_path / "figure.png")).toImage()
    assert picture.dotsPerMeterX() == round(300 / 25.4 * 1000)
    assert picture.width() == round(180 / 25.4 * 300)


def test_the_picture_shows_the_rectangles_and_both_maps(window: MainWindow, fill: Fill) -> None:
    space = window.workspace
    assert space.case is not None
    assert space.orientation is not None
    empty = draw_figure(space.case, space.orientation, 4)
    fill(space)
    assert space.case is not None
    full = draw_figure(space.case, space.orientation, 4)
    assert empty.size() == full.size()
    assert empty != full


def test_a_picture_that_cannot_be_written_is_said(window: MainWindow, tmp_path: Path) -> None:
    window.file_menu.path_wanted.emit("picture", tmp_path / "no-folder" / "figure.png")
    assert "figure.png" in window.banner.words


def test_the_banner_says_one_thing_at_a_time_until_it_is_closed(window: MainWindow) -> None:
    window.tell_error(InputError("reading.locked"))
    first = window.banner.words
    window.tell_error(StoreUnavailable("store.read_only", file="study.marrow"))
    assert window.banner.words != first
    assert window.banner.isVisible()
    window.banner.findChildren(type(window.status.cancel))[0].click()
    assert window.banner.words == ""


def test_a_crash_of_the_last_run_is_reported(window: MainWindow, tmp_path: Path) -> None:
    window.tell_crash(tmp_path / "crash-last-time.txt")
    assert "crash-last-time.txt" in window.banner.words


@pytest.mark.parametrize("theme", [DARK, LIGHT])
def test_the_style_sheet_has_no_colour_left_to_fill_in(theme: Any) -> None:
    assert "@" not in style_sheet(theme)


def test_the_theme_is_chosen_from_the_menu_and_remembered(window: MainWindow) -> None:
    window.file_menu.theme_wanted.emit("light")
    assert window._theme is LIGHT
    assert window.settings.theme == "light"
    window.file_menu.theme_wanted.emit("auto")
    assert window._theme is DARK


# -- dialogs ----------------------------------------------------------------------------------------------


def test_a_report_can_be_copied_and_saved(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = ReportDialog("Report", "2 exams", "one\ntwo", save_as="report.txt")
    qtbot.addWidget(dialog)
    dialog._copy()
    assert QGuiApplication.clipboard().text() == "one\ntwo"
    dialog.save(str(tmp_path / "report.txt"))
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == "one\ntwo\n"
    dialog.save(str(tmp_path / "missing" / "report.txt"))
    assert "report.txt" in dialog.body.toPlainText()
    less = ReportDialog("Report", "2 exams", "a/b", save_as="report.txt", to_save="folder 1/b")
    qtbot.addWidget(less)
    less.save(str(tmp_path / "less.txt"))
    assert (tmp_path / "less.txt").read_text(encoding="utf-8") == "folder 1/b\n"
    less.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
    # it deletes itself when closed, so that it is not closed a second time
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)


def test_an_unexpected_error_closes_the_session_and_shows_its_details(
    qapp: QApplication, qtbot: QtBot, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed: list[int] = []

    def close() -> None:
        closed.append(1)
        raise OSError

    quit_wanted: list[int] = []
    monkeypatch.setattr(QApplication, "quit", lambda: quit_wanted.append(1))
    handler = CrashHandler(close)
    problem = RuntimeError("a bug")
    handler.handle(RuntimeError, problem, None)
    assert closed == [1]
    assert handler.dialog is not None
    assert "a bug" in handler.dialog.body.toPlainText()
    assert "Python" in details(problem)
    handler.handle(RuntimeError, RuntimeError("again"), None)
    assert closed == [1]
    assert "unexpected error" in caplog.text
    handler.handle(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert quit_wanted
    handler.dialog.close()
    handler.dialog = None


def test_the_crash_handler_takes_over_the_exception_hook(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    handler = CrashHandler(lambda: None)
    handler.install()
    assert sys.excepthook == handler.handle


def test_a_tooltip_names_the_key_of_each_page(window: MainWindow) -> None:
    for number, name in enumerate(PAGES, start=1):
        assert f"Ctrl+{number}" in window.topbar.pages[name].toolTip()
    assert "Enter" in window.page("read").panel.sign_off.toolTip()  # type: ignore[attr-defined]
    assert QPoint(0, 0) == window.topbar.pos()
