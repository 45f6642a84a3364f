"""The Statistics page in a window."""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QDeadlineTimer, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QComboBox, QFileDialog, QTableView
from pytestqt.qtbot import QtBot

from app.domain.errors import BlindingError, Cancelled, InputError
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.services.changed import What
from app.services.open_session import create_session
from app.services.reference_cohort import make_reference_session
from app.store.database import Database
from app.ui.dialogs.figure_dialog import FigureDialog
from app.ui.pages import statistics
from app.ui.pages.statistics import StatisticsPage
from app.ui.pages.statistics_tables import StatisticsTable, TableView
from app.ui.plots.picture import Format, Picture
from app.ui.settings import Settings
from app.ui.tabs.content import SESSIONLESS, Tab, Table
from app.ui.theme import DARK
from app.ui.workspace import Workspace

WAIT = 20_000
# the others are made of the session
_TABS = [tab for tab in Tab if tab not in SESSIONLESS]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The reference study, closed."""
    session = make_reference_session(tmp_path_factory.mktemp("study") / "study.marrow")
    session.close()
    return session.path


@pytest.fixture
def workspace(qtbot: QtBot) -> Iterator[Workspace]:
    made = Workspace()
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, workspace: Workspace) -> Iterator[StatisticsPage]:
    made = StatisticsPage(workspace)
    qtbot.addWidget(made)
    made.resize(1366, 680)
    yield made
    made.stop()


@pytest.fixture
def shown(
    qtbot: QtBot, workspace: Workspace, page: StatisticsPage, study: Path, tmp_path: Path
) -> StatisticsPage:
    """The page with the reference study on it."""
    workspace.open(Path(shutil.copy(study, tmp_path)))
    page.show()
    qtbot.waitUntil(lambda: page.panel is not None, timeout=WAIT)
    return page


def choose(page: StatisticsPage, tab: Tab) -> None:
    page.tabs.setCurrentIndex(list(Tab).index(tab))
    settle(page)


def settle(page: StatisticsPage) -> None:
    """Wait until everything that was asked for is on the screen."""
    patience = QDeadlineTimer(WAIT)
    while page.is_busy and not patience.hasExpired():
        QTest.qWait(5)
    assert not page.is_busy


def choose_in(page: StatisticsPage, box: QComboBox, index: int) -> None:
    """Choose as a user does, who is heard where a program is not."""
    box.setCurrentIndex(index)
    box.activated.emit(index)
    settle(page)


def choose_picture(page: StatisticsPage) -> QFileDialog:
    """Take the usual picture; gives the dialog that asks where."""
    dialog = page.findChild(FigureDialog)
    assert dialog is not None
    dialog.go.click()
    where = page.findChild(QFileDialog)
    assert where is not None
    return where


def rows_on_screen(page: StatisticsPage) -> list[list[str]]:
    """All rows of all tables that can be seen."""
    rows = []
    for view in page.findChildren(QTableView):
        if view.isVisible():
            model = view.model()
            columns = range(model.columnCount())
            rows += [
                [str(model.index(row, column).data()) for column in columns]
                for row in range(model.rowCount())
            ]
    return rows


def count_runs(page: StatisticsPage, monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """A list that grows whenever the page starts an analysis."""
    runs: list[object] = []
    monkeypatch.setattr(page._job, "start", runs.append)
    return runs


# -- what is shown ------------------------------------------------------------------------------------------


def test_the_page_begins_with_agreement_of_ff_and_the_levels_of_the_protocol(shown: StatisticsPage) -> None:
    assert shown.tab is Tab.AGREEMENT
    assert shown.bar.quantity is Quantity.FF
    assert shown.bar._levels.currentData() == "L1-L5"
    assert [row[1] for row in rows_on_screen(shown) if "two-way random effects" in row[0]] == [
        "0.893",
        "0.943",
    ]
    assert shown.body is not None
    assert "0.893" in shown.body.paper.text()


def test_choosing_the_other_map_shows_its_figures(shown: StatisticsPage) -> None:
    choose_in(shown, shown.bar._map, 1)
    assert "0.902" in [row[1] for row in rows_on_screen(shown)]


def test_going_back_to_what_was_shown_before_asks_for_nothing_anew(
    shown: StatisticsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    choose(shown, Tab.CORRELATION)
    choose_in(shown, shown.bar._map, 1)
    runs = count_runs(shown, monkeypatch)
    choose_in(shown, shown.bar._map, 0)
    choose(shown, Tab.AGREEMENT)
    assert runs == []
    assert "0.893" in [row[1] for row in rows_on_screen(shown)]


def test_another_tab_reads_nothing_of_the_session_anew(
    shown: StatisticsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("app.services.study_data.gather", never)
    choose(shown, Tab.ROC)
    assert shown.tab is Tab.ROC
    assert shown.panel is not None


def test_the_correlation_tab_shows_the_scatter_plot_with_r(shown: StatisticsPage) -> None:
    choose(shown, Tab.CORRELATION)
    assert shown.body is not None
    assert shown.body.plot.figure is not None
    assert shown.body.plot.figure.x.title == "FF (%)"
    assert rows_on_screen(shown)[0][:2] == ["All patients (n = 120)", "-0.647"]


def test_the_roc_tab_shows_three_curves_and_their_cut_offs(shown: StatisticsPage) -> None:
    choose(shown, Tab.ROC)
    rows = rows_on_screen(shown)
    assert [row[1] for row in rows[:4]] == ["0.893", "0.843", "0.931", "0.931"]
    assert [row[3] for row in rows][:2] == ["> 56.09 %", "<= 138.31 Hz"]
    assert shown.body is not None
    assert len(shown.body.plot.figure.spots) == 4  # type: ignore[union-attr]
    # rich text is text with tags: a criterion must not become one
    assert "&lt;= 138.31" in shown.body.paper.text()


def test_the_cohort_tab_shows_the_flow_of_participants_beside_the_groups(shown: StatisticsPage) -> None:
    choose(shown, Tab.COHORT)
    assert shown.body is not None
    assert not shown.body.plot.isVisible()
    assert shown.body.flow.isVisible()
    assert shown.body.figure_card.export.isVisible()
    groups = [row for row in rows_on_screen(shown) if len(row) == 7]
    assert [row[1] for row in groups] == ["30", "41", "49", "120"]


def test_the_map_can_be_chosen_only_where_one_map_is_shown(shown: StatisticsPage) -> None:
    offered = {}
    for tab in _TABS:
        choose(shown, tab)
        offered[tab] = shown.bar._map.isEnabled()
    assert [tab for tab, is_offered in offered.items() if is_offered] == [Tab.AGREEMENT, Tab.CORRELATION]


def test_choosing_other_levels_makes_the_analysis_anew(shown: StatisticsPage) -> None:
    choose_in(shown, shown.bar._levels, shown.bar._levels.findData("L1-L4"))
    assert shown.bar.levels == "L1-L4"
    assert [row[1] for row in rows_on_screen(shown) if row[0].startswith("ICC(2,1), two-way")] == ["0.896"]
    choose(shown, Tab.ROC)
    assert [row[1] for row in rows_on_screen(shown)[:3]] == ["0.892", "0.841", "0.930"]


def test_a_single_level_can_be_chosen(shown: StatisticsPage) -> None:
    choose_in(shown, shown.bar._levels, shown.bar._levels.findData("L3"))
    assert shown.bar.levels == "L3"
    assert shown.body is not None
    assert "FF (L3 alone)" in shown.body.paper.text()


def test_a_click_on_a_point_names_its_case(qtbot: QtBot, shown: StatisticsPage) -> None:
    assert shown.body is not None
    plot = shown.body.plot
    plot.lay_out()
    # the point with the largest difference lies alone
    spot = max(plot.figure.spots, key=lambda one: one.y)  # type: ignore[union-attr]
    at = plot._canvas.mapFromScene(plot._box.mapViewToScene(QPointF(spot.x, spot.y)))
    with qtbot.waitSignal(shown.case_clicked, timeout=WAIT) as caught:
        qtbot.mouseClick(plot._canvas.viewport(), Qt.MouseButton.LeftButton, pos=at)
    assert caught.args == [spot.code]


def cut_off(page: StatisticsPage) -> list[str]:
    """Titles of the tables that do not show all of their rows and columns."""
    return [
        view.accessibleName()
        for view in page.findChildren(TableView)
        if view.isVisible()
        and (
            view.columnViewportPosition(view.model().columnCount() - 1) < 0
            or view.horizontalHeader().length() > view.viewport().width() + 1
            or view.verticalHeader().length() > view.viewport().height() + 1
        )
    ]


def test_nothing_on_the_page_is_cut_off_at_1366_by_768(qtbot: QtBot, shown: StatisticsPage) -> None:
    for tab in _TABS:
        choose(shown, tab)
        # rows are as high as their words need at a width that is known only when the tables are laid out
        qtbot.waitUntil(lambda: not cut_off(shown), timeout=WAIT)


def test_another_theme_recolours_the_plot_and_is_kept_for_a_plot_made_later(
    qtbot: QtBot, workspace: Workspace, page: StatisticsPage, study: Path, tmp_path: Path
) -> None:
    page.show_theme(DARK)
    workspace.open(Path(shutil.copy(study, tmp_path)))
    page.show()
    qtbot.waitUntil(lambda: page.panel is not None, timeout=WAIT)
    assert page.body is not None
    assert page.body.plot._theme is DARK
    page.show_theme(statistics.LIGHT)
    assert page.body.plot._theme is statistics.LIGHT


# -- copying and exporting ----------------------------------------------------------------------------------


def test_the_tables_are_copied_as_tab_separated_text(qtbot: QtBot, shown: StatisticsPage) -> None:
    assert shown.body is not None
    choose(shown, Tab.ROC)
    qtbot.mouseClick(shown.body.tables_card.copy, Qt.MouseButton.LeftButton)
    lines = QGuiApplication.clipboard().text().splitlines()
    assert lines[0] == "Diagnostic performance"
    assert lines[2].split("\t")[:2] == ["FF", "0.893"]
    assert shown.body.tables_card._copied.text() == "Copied"
    choose(shown, Tab.AGREEMENT)
    assert shown.body.tables_card._copied.text() == ""


def test_the_figure_is_saved_where_the_dialog_says(
    qtbot: QtBot, shown: StatisticsPage, tmp_path: Path
) -> None:
    assert shown.body is not None
    qtbot.mouseClick(shown.body.figure_card.export, Qt.MouseButton.LeftButton)
    dialog = choose_picture(shown)
    assert "bland-altman-FF-L1-L5" in dialog.selectedFiles()[0]
    path = tmp_path / "figure.png"
    dialog.fileSelected.emit(str(path))
    dialog.close()
    assert QImage(str(path)).dotsPerMeterX() == 11811
    assert shown.bar._said.text() == "Picture saved as figure.png"
    qtbot.waitUntil(lambda: shown.findChild(QFileDialog) is None, timeout=WAIT)


def test_a_figure_that_cannot_be_saved_is_told_to_the_window(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace, tmp_path: Path
) -> None:
    assert shown.panel is not None
    assert shown.panel.figure is not None
    with qtbot.waitSignal(workspace.failed, timeout=WAIT) as caught:
        shown.saver.save(shown.panel.figure, tmp_path / "nowhere" / "figure.png")
    assert caught.args[0].code == "picture.cannot_write"


def test_a_dialog_left_open_saves_nothing_of_a_session_that_is_closed(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace, tmp_path: Path
) -> None:
    assert shown.body is not None
    qtbot.mouseClick(shown.body.figure_card.export, Qt.MouseButton.LeftButton)
    dialog = choose_picture(shown)
    workspace.close()
    dialog.fileSelected.emit(str(tmp_path / "figure.png"))
    dialog.close()
    assert not (tmp_path / "figure.png").exists()


def test_export_does_nothing_where_there_is_no_figure(shown: StatisticsPage) -> None:
    choose(shown, Tab.COHORT)
    shown.bar.choose_option("cohort.show", "methods")
    settle(shown)
    assert shown.body is not None
    assert not shown.body.figure_card.export.isVisible()
    shown._export()
    assert shown.findChild(FigureDialog) is None


def test_a_print_that_was_asked_for_before_the_session_closed_asks_no_further(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace
) -> None:
    shown._export()
    dialog = shown.findChild(FigureDialog)
    assert dialog is not None
    workspace.close()
    dialog.go.click()
    assert shown.findChild(QFileDialog) is None


def test_how_a_figure_was_printed_is_remembered_by_the_next_window(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace, tmp_path: Path
) -> None:
    settings = Settings(tmp_path / "settings.ini")
    page = StatisticsPage(workspace, settings=settings)
    qtbot.addWidget(page)
    assert shown.panel is not None
    page.saver.ask(shown.panel)
    dialog = page.findChild(FigureDialog)
    assert dialog is not None
    dialog.format.setCurrentIndex(dialog.format.findData("pdf"))
    dialog.colours.setCurrentIndex(dialog.colours.findData("grey"))
    assert not dialog.dpi.isEnabled()
    dialog.go.click()
    assert Settings(tmp_path / "settings.ini").picture == Picture(Format.PDF, grey=True)
    file_dialog = page.findChild(QFileDialog)
    assert file_dialog is not None
    assert file_dialog.defaultSuffix() == "pdf"
    file_dialog.close()
    page.stop()


# -- keeping up to date -------------------------------------------------------------------------------------


def test_changes_in_quick_succession_are_analysed_once(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = count_runs(shown, monkeypatch)
    for what in (What.SIGN_OFF, What.CLINICAL, What.EXAMS):
        workspace.changed.emit(what)
    assert runs == []
    assert shown._debounce.interval() == 150
    qtbot.waitUntil(lambda: len(runs) == 1, timeout=WAIT)
    assert not shown._debounce.isActive()


def test_a_rectangle_that_moves_changes_no_statistics(shown: StatisticsPage, workspace: Workspace) -> None:
    workspace.changed.emit(What.READING)
    assert not shown._debounce.isActive()
    assert not shown._stale


def test_a_page_that_is_not_seen_waits_until_it_is(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown.hide()
    runs = count_runs(shown, monkeypatch)
    workspace.changed.emit(What.SIGN_OFF)
    assert not shown._debounce.isActive()
    shown.show()
    qtbot.waitUntil(lambda: len(runs) == 1, timeout=WAIT)
    shown.hide()
    shown.show()
    assert len(runs) == 1


def test_old_figures_stay_on_screen_while_new_ones_are_made(
    shown: StatisticsPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = count_runs(shown, monkeypatch)
    shown._refresh()
    assert len(runs) == 1
    assert shown.bar._said.text() == "updating…"
    assert rows_on_screen(shown) != []


def test_new_figures_come_from_what_is_stored_now(
    qtbot: QtBot, shown: StatisticsPage, workspace: Workspace
) -> None:
    assert workspace.session is not None
    before = shown._answer
    database = workspace.session.database
    with database.transaction():
        database.insert(
            "INSERT INTO reading_event (reading_id, kind, protocol_id, software, at_utc)"
            " SELECT id, 'reopened', 1, 'test', '' FROM reading WHERE exam_id = (SELECT min(id) FROM exam)"
        )
    workspace.changed.emit(What.SIGN_OFF)
    qtbot.waitUntil(lambda: shown._answer is not before, timeout=WAIT)
    assert shown.bar._counted.text() == "n = 119 of 120"
    assert shown.bar._excluded.text() == "1 excluded"


def test_another_reader_sees_nothing_of_the_one_before(shown: StatisticsPage, workspace: Workspace) -> None:
    assert shown.body is not None
    workspace.changed.emit(What.READERS)
    assert shown.panel is None
    assert shown.body.plot.figure is None
    assert shown.body.panel is None
    assert "0.893" not in shown.body.paper.text()
    assert shown.bar._counted.text() == ""
    assert shown._stack.currentWidget() is shown.message
    assert shown.findChildren(TableView) == [] or rows_on_screen(shown) == []


def test_an_answer_that_comes_after_the_reader_changed_is_dropped(
    shown: StatisticsPage, workspace: Workspace
) -> None:
    late = shown._answer
    workspace.changed.emit(What.READERS)
    shown._receive(late)  # type: ignore[arg-type]
    shown._fail(InputError("cohort.unknown_levels", given="L9"))
    assert shown.panel is None


def test_closing_the_session_ends_the_work_first_and_leaves_one_file(
    qtbot: QtBot, workspace: Workspace, page: StatisticsPage, study: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(study, tmp_path))
    workspace.open(path)
    page.show()
    qtbot.waitUntil(lambda: page._job.running, timeout=WAIT)
    workspace.close()
    assert not page._job.running
    assert page.message.told.text().startswith("No session is open.")
    assert sorted(one.name for one in tmp_path.glob("study.marrow*")) in (
        ["study.marrow"],
        ["study.marrow", "study.marrow.lock"],
    )


def test_the_analysis_runs_outside_the_windows_thread_on_a_connection_of_its_own(
    qtbot: QtBot,
    workspace: Workspace,
    page: StatisticsPage,
    study: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[tuple[int, object]] = []

    def watched(session: object, viewer: object) -> object:
        seen.append((threading.get_ident(), session))
        raise InputError("cohort.unknown_levels", given="L9")

    closed: list[Database] = []
    close = Database.close

    def closing(database: Database) -> None:
        closed.append(database)
        close(database)

    monkeypatch.setattr(Database, "close", closing)
    monkeypatch.setattr("app.services.study_data.gather", watched)
    workspace.open(Path(shutil.copy(study, tmp_path)))
    page.show()
    qtbot.waitUntil(lambda: not page._job.running and seen != [], timeout=WAIT)
    ((thread, session),) = seen
    assert thread != threading.get_ident()
    assert session is not workspace.session
    assert session.database in closed  # type: ignore[attr-defined]


# -- nothing to show ----------------------------------------------------------------------------------------


def test_without_a_session_the_page_says_what_to_do(page: StatisticsPage) -> None:
    page.show()
    assert page.message.told.text().startswith("No session is open.")
    assert not page.bar.isVisible()


def test_an_empty_session_says_what_to_do(
    qtbot: QtBot, workspace: Workspace, page: StatisticsPage, tmp_path: Path
) -> None:
    workspace.adopt(create_session(tmp_path / "new.marrow"))
    page.show()
    qtbot.waitUntil(lambda: page.message.told.text().startswith("No exams yet."), timeout=WAIT)
    assert not page.bar.isVisible()


def test_the_first_time_says_that_it_is_loading(
    workspace: Workspace, page: StatisticsPage, study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count_runs(page, monkeypatch)
    workspace.open(Path(shutil.copy(study, tmp_path)))
    page.show()
    assert page.message.title.text() == "Loading statistics…"
    page._show_progress(2, 3)
    assert page.message._bar.value() == 2


def test_progress_of_a_job_nobody_waits_for_says_nothing(page: StatisticsPage) -> None:
    page._show_progress(2, 3)
    assert page.message.title.text() == ""


def test_a_blinded_reader_gets_a_calm_sentence_and_no_figure(
    qtbot: QtBot, workspace: Workspace, page: StatisticsPage, tmp_path: Path
) -> None:
    workspace.adopt(create_session(tmp_path / "blind.marrow", Protocol(blinded=True)))
    page.show()
    qtbot.waitUntil(lambda: page.message.title.text() == "Closed for now", timeout=WAIT)
    assert page.message.told.text().startswith("A blinded round is open.")
    assert page.panel is None
    assert not page.bar.isVisible()


def test_blinding_that_begins_takes_the_figures_off_the_screen(shown: StatisticsPage) -> None:
    shown._waiting = True
    shown._fail(BlindingError("blinding.closed"))
    assert shown.panel is None
    assert shown.body is not None
    assert shown.body.plot.figure is None
    assert shown._stack.currentWidget() is shown.message


def test_work_that_was_stopped_is_taken_up_when_the_page_is_seen_again(shown: StatisticsPage) -> None:
    shown._waiting = True
    shown._fail(Cancelled())
    assert shown._stale


def test_an_error_says_what_happened(shown: StatisticsPage) -> None:
    shown._waiting = True
    shown._fail(InputError("reader.no_name"))
    assert shown.message.title.text() == "The statistics could not be made"
    assert shown.message.told.text() == "A reader needs a name."


# -- what it costs ------------------------------------------------------------------------------------------

PROBE = """
import sys
from PySide6.QtWidgets import QApplication
app = QApplication([])
from app.ui.workspace import Workspace
from app.ui.pages.statistics import StatisticsPage
page = StatisticsPage(Workspace())
page.show()
app.processEvents()
heavy = ("scipy", "sklearn", "pandas", "pyqtgraph", "app.services.analyse")
print([name for name in heavy if name in sys.modules])
"""


def test_the_page_itself_loads_no_library_of_statistics_and_no_plots() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROBE], capture_output=True, text=True, check=True, timeout=120
    )
    assert done.stdout.strip() == "[]"


def test_a_page_that_goes_leaves_no_thread_behind(qtbot: QtBot, shown: StatisticsPage) -> None:
    job = shown._job
    shown.stop()
    assert not job.running
    qtbot.waitUntil(lambda: job._pool.activeThreadCount() == 0, timeout=WAIT)
    assert not shown._debounce.isActive()


def test_showing_every_tab_again_and_again_leaves_no_widget_behind(
    qtbot: QtBot, shown: StatisticsPage
) -> None:
    def go_round() -> int:
        for tab in _TABS:
            choose(shown, tab)
        qtbot.wait(0)
        return len(shown.findChildren(StatisticsTable)) + len(shown.findChildren(TableView))

    first = go_round()
    assert [go_round() for _ in range(3)] == [first] * 3


def test_a_table_without_column_titles_has_no_header(qtbot: QtBot) -> None:
    view = TableView(Table("Participants", ("", ""), (("Analysed", "120"),)))
    qtbot.addWidget(view)
    assert view.horizontalHeader().isHidden()
    assert view.sizeHint().height() < 60


def test_figures_are_aligned_to_the_right_and_names_and_words_to_the_left(qtbot: QtBot) -> None:
    table = Table("Exclusions", ("Reason", "n", "Cases"), (("not signed off", "1", "C1"),), words=(2,))
    view = TableView(table)
    qtbot.addWidget(view)
    role = Qt.ItemDataRole.TextAlignmentRole
    aligned = [view.model().index(0, column).data(role) for column in range(3)]
    sides = [bool(Qt.AlignmentFlag(one) & Qt.AlignmentFlag.AlignRight) for one in aligned]
    assert sides == [False, True, False]
