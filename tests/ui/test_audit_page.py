"""The Audit page: filters, a long record, verifying in the background, export."""

from __future__ import annotations

import csv
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.errors import AppError, Cancelled
from app.domain.protocol import Level
from app.services import open_session as sessions
from app.services.open_session import AuditRow
from app.store import audit as record
from app.ui.dialogs.files import FileDialog
from app.ui.dialogs.report import ReportDialog
from app.ui.main_window import MainWindow
from app.ui.pages.audit import AuditPage
from app.ui.present.record import Entry, RecordFilter, entry_of, kept, record_row

Fill = Callable[..., None]


def entry(**told: str) -> Entry:
    values: dict[str, str] = dict.fromkeys(AuditRow.__dataclass_fields__, "")
    values |= {"at_utc": "2026-03-05T12:34:56.789+00:00", "actor": "Ana", "action": "roi.edit"} | told
    return entry_of(AuditRow(**values))  # type: ignore[arg-type]


# -- what a filter lets through ---------------------------------------------------------------------------

BOX = '{"kind": "measured", "rectangle": {"slice": 7, "row0": 94, "col0": 127, "rows": 13, "cols": 14}}'


@pytest.mark.parametrize(
    ("wanted", "keeps"),
    [
        (RecordFilter(), True),
        (RecordFilter(actor="Ana"), True),
        (RecordFilter(actor="An"), False),
        (RecordFilter(action="roi.edit"), True),
        (RecordFilter(action="roi.undo"), False),
        (RecordFilter(case=" c0417 "), True),
        (RecordFilter(case="C0417/L3"), True),
        (RecordFilter(case="417"), False),
        (RecordFilter(text="REPEAT"), True),
        (RecordFilter(text="edited"), True),
        (RecordFilter(text="94"), True),
        (RecordFilter(text="haemangioma"), False),
        (RecordFilter(since="2026-03-05", until="2026-03-05"), True),
        (RecordFilter(since="2026-03-05 12:34", until="2026-03-05 12:34"), True),
        (RecordFilter(since="2026-03-05 12:35"), False),
        (RecordFilter(until="2026-03-05 12:33"), False),
        (RecordFilter(until="2026-02"), False),
        (RecordFilter(actor="Ana", text="nowhere"), False),
    ],
)
def test_a_filter_lets_through_what_fits_in_every_way(wanted: RecordFilter, *, keeps: bool) -> None:
    one = entry(subject="C0417/L3/round 1", new=BOX, reason="repeat it")
    assert kept([one], wanted) == ([one.row] if keeps else [])


def test_a_row_ends_with_its_reason_and_its_versions() -> None:
    one = entry(reason="why", protocol="p v1", software="1.2")
    assert record_row(one.row)[-2:] == ("why", "p v1 · 1.2")
    assert record_row(entry().row)[-1] == ""


# -- the page ---------------------------------------------------------------------------------------------


def opened(window: MainWindow) -> AuditPage:
    window.show_page("audit")
    page = window.page("audit")
    assert isinstance(page, AuditPage)
    return page


@pytest.fixture
def page(window: MainWindow, fill: Fill) -> AuditPage:
    fill(window.workspace, Level.L1, Level.L2)
    return opened(window)


def choose(page: AuditPage, box: str, told: str) -> None:
    """Choose as a person does."""
    field = getattr(page.filter, box)
    place = field.findText(told)
    assert place >= 0
    field.setCurrentIndex(place)
    field.activated.emit(place)


def test_who_and_what_can_be_chosen_from_what_the_record_holds(page: AuditPage) -> None:
    everything = len(page.table.rows)
    assert [page.filter.who.itemText(place) for place in range(page.filter.who.count())] == [
        "everybody", "Ana", "MarrowMark",
    ]  # fmt: skip
    choose(page, "who", "Ana")
    assert {row[1] for row in page.table.rows} == {"Ana"}
    choose(page, "what", "edited")
    assert [row[3] for row in page.table.rows] == ["C0001/L2/round 1", "C0001/L1/round 1"]
    assert page._count.text() == f"2 of {everything} entries"
    choose(page, "who", "everybody")
    choose(page, "what", "all actions")
    assert len(page.table.rows) == everything


def test_typed_words_are_looked_for_when_the_hand_rests(page: AuditPage, qtbot: QtBot) -> None:
    everything = len(page.table.rows)
    with qtbot.waitSignal(page.filter.changed, timeout=60_000):
        qtbot.keyClicks(page.filter.texts["case"], "C0001/L1")
    assert [row[3] for row in page.table.rows] == ["C0001/L1/round 1"]
    page.filter.texts["case"].clear()
    assert len(page.table.rows) == everything
    with qtbot.waitSignal(page.filter.changed, timeout=60_000):
        qtbot.keyClicks(page.filter.texts["from"], "2999")
    assert page.table.rows == []
    assert page._empty.isVisible()
    assert "Clear the filters" in page._empty.text()


def test_a_choice_stays_when_the_record_grows(window: MainWindow, page: AuditPage, fill: Fill) -> None:
    choose(page, "what", "edited")
    fill(window.workspace, Level.L3)
    assert len(page.table.rows) == 3
    assert page.filter.what.currentText() == "edited"
    window.workspace.undo()
    assert len(page.table.rows) == 3
    assert page.filter.what.findText("undone") > 0


def test_only_new_entries_are_read(
    window: MainWindow, page: AuditPage, fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    real = sessions.audit_entries

    def noted(session: sessions.Session, viewer: sessions.Viewer, after: int = 0) -> list[AuditRow]:
        asked.append(after)
        return real(session, viewer, after)

    before = len(page.table.rows)
    monkeypatch.setattr(sessions, "audit_entries", noted)
    fill(window.workspace, Level.L3)
    assert set(asked) >= {before}
    assert 0 not in asked
    assert len(page.table.rows) == before + 1


def test_a_hundred_thousand_entries_make_words_only_where_they_are_seen(
    window: MainWindow, page: AuditPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = window.workspace.session
    assert session is not None
    with session.database.transaction():
        for number in range(2000):
            record.append(
                session.database, actor="Bo", action="roi.edit", subject=f"C{number}/L1/round 1", new=BOX
            )
    page._read()
    page._entries = page._entries * 50
    made: list[int] = []
    real = record_row

    def noted(row: AuditRow) -> tuple[str, ...]:
        made.append(row.seq)
        return real(row)

    monkeypatch.setattr("app.ui.pages.audit_table.record_row", noted)
    page._show()
    QApplication.processEvents()
    page.view.grab()
    assert page.table.rowCount() > 100_000
    assert 0 < len(set(made)) < 200
    page.view.scrollToBottom()
    page.view.grab()
    assert len(set(made)) < 400


def test_a_cell_tells_its_whole_text_where_a_column_is_narrow(page: AuditPage) -> None:
    index = page.table.index(0, 5)
    assert page.table.data(index, Qt.ItemDataRole.ToolTipRole) == page.table.data(index)
    assert page.table.data(index, Qt.ItemDataRole.DecorationRole) is None
    assert page.table.rowCount(index) == page.table.columnCount(index) == 0
    assert page.table.headerData(0, Qt.Orientation.Vertical) is None


# -- verifying --------------------------------------------------------------------------------------------


def verified(page: AuditPage, qtbot: QtBot) -> str:
    with qtbot.waitSignal(page.checks._job.finished, timeout=60_000):
        page.checks.verify.click()
    return page.checks.verdict.text()


def test_a_whole_session_is_said_to_be_whole(page: AuditPage, qtbot: QtBot) -> None:
    assert not page.checks.details.isVisible()
    page.checks.recompute.setChecked(True)
    told = verified(page, qtbot)
    assert told.startswith("Nothing is amiss")
    page.checks.details.click()
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, ReportDialog))
    assert "2 rectangles were counted once more" in dialog.body.toPlainText()
    dialog.close()


def test_what_another_program_changed_is_named(window: MainWindow, page: AuditPage, qtbot: QtBot) -> None:
    session = window.workspace.session
    assert session is not None
    with closing(sqlite3.connect(session.path)) as other:
        other.execute("UPDATE exam SET field_strength_t = 1.5 WHERE id = 2")
        other.commit()
    told = verified(page, qtbot)
    assert told.startswith("1 thing is not as the program left it: Row 2 of exam (C0002)")


def test_it_can_be_stopped(page: AuditPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(_session: object, _viewer: object, progress: object, **_: object) -> None:
        while True:
            progress.report(1, 2)  # type: ignore[attr-defined]

    monkeypatch.setattr("app.services.verify.verify", endless)
    failed: list[AppError] = []
    page._workspace.failed.connect(failed.append)
    page.checks.verify.click()
    assert page.checks.stop.isVisible()
    assert not page.checks.verify.isVisible()
    qtbot.waitUntil(lambda: "1 of 2" in page.checks.verdict.text(), timeout=60_000)
    with qtbot.waitSignal(page.checks._job.failed, timeout=60_000) as told:
        page.checks.stop.click()
    assert isinstance(told.args[0], Cancelled)
    assert (page.checks.verdict.text(), failed) == ("", [])
    assert page.checks.verify.isVisible()


def test_what_goes_wrong_is_told_by_the_window(
    window: MainWindow, page: AuditPage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AppError("store.io", file="study.marrow")

    monkeypatch.setattr("app.services.verify.verify", refuse)
    with qtbot.waitSignal(page.checks._job.failed, timeout=60_000):
        page.checks.verify.click()
    assert "could not be read" in window.banner.words


def test_what_was_found_is_gone_with_the_session(
    window: MainWindow, page: AuditPage, qtbot: QtBot, tmp_path: Path
) -> None:
    verified(page, qtbot)
    window.workspace.create(tmp_path / "other.marrow")
    found = opened(window)
    assert found.checks.verdict.text() == ""
    assert not found.checks.details.isVisible()
    assert {row[2] for row in found.table.rows} == {"session created", "reader added"}


# -- export -----------------------------------------------------------------------------------------------


def test_the_record_is_written_where_the_person_says(page: AuditPage, qtbot: QtBot, tmp_path: Path) -> None:
    page.checks.export.click()
    dialog = next(one for one in QApplication.topLevelWidgets() if isinstance(one, FileDialog))
    with qtbot.waitSignal(page.checks._job.finished, timeout=60_000):
        dialog.fileSelected.emit(str(tmp_path / "out"))
    dialog.close()
    assert "study-audit.csv" in page.checks.verdict.text()
    with (tmp_path / "out" / "study-audit.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["action"] for row in rows[-2:]] == ["roi.edit", "roi.edit"]
    assert json.loads(rows[-1]["new"])["sealed"]


def test_without_a_session_nothing_can_be_done(window: MainWindow, page: AuditPage) -> None:
    window.workspace.close()
    page.checks._on_verify()
    page.checks._write("nowhere")
    assert not page.checks._job.running
