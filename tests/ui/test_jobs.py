"""Long work beside the window: answers, errors, stale answers, cancel, import, export."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.domain.errors import AppError, Cancelled, InputError
from app.domain.progress import Progress, Silent
from app.domain.protocol import Level
from app.files.dicom.wishes import Wishes
from app.services import import_exams
from app.services.changed import What
from app.services.import_exams import ImportedExam, ImportReport
from app.ui import jobs
from app.ui.dialogs.report import ReportDialog
from app.ui.jobs import Job
from app.ui.main_window import MainWindow
from app.ui.tasks import Tasks
from app.ui.workspace import Workspace


@pytest.fixture
def job(qapp: QApplication) -> Iterator[Job]:
    made = Job()
    yield made
    made.wait()
    made.deleteLater()


@pytest.fixture
def heard(job: Job) -> list[tuple[str, Any]]:
    """What a job told, in order."""
    found: list[tuple[str, Any]] = []
    job.finished.connect(lambda result: found.append(("finished", result)))
    job.failed.connect(lambda problem: found.append(("failed", problem)))
    job.progressed.connect(lambda done, total: found.append(("progressed", (done, total))))
    return found


def test_the_answer_arrives_in_the_windows_thread(job: Job, heard: list[Any], qtbot: QtBot) -> None:
    threads: list[int] = []
    job.finished.connect(lambda _: threads.append(threading.get_ident()))
    worker: list[int] = []

    def work(progress: Progress) -> int:
        worker.append(threading.get_ident())
        progress.report(1, 2)
        return 42

    with qtbot.waitSignal(job.finished, timeout=60_000):
        job.start(work)
    assert heard == [("progressed", (1, 2)), ("finished", 42)]
    assert threads == [threading.get_ident()] != worker
    assert not job.running


def test_thousands_of_reports_do_not_drown_the_window(
    job: Job, heard: list[Any], qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "monotonic", lambda: 0.0)

    def work(progress: Progress) -> None:
        for done in range(5001):
            progress.report(done, 5000)

    with qtbot.waitSignal(job.finished, timeout=60_000):
        job.start(work)
    assert [told for kind, told in heard if kind == "progressed"] == [(0, 5000), (5000, 5000)]


def test_an_error_is_delivered_as_it_was_raised(job: Job, heard: list[Any], qtbot: QtBot) -> None:
    problem = InputError("roi.empty", rows=0, cols=1)

    def work(_: Progress) -> None:
        raise problem

    with qtbot.waitSignal(job.failed, timeout=60_000):
        job.start(work)
    assert heard == [("failed", problem)]


def test_a_mistake_of_ours_reaches_the_exception_hook(
    job: Job, heard: list[Any], qtbot: QtBot, caplog: pytest.LogCaptureFixture
) -> None:
    def work(_: Progress) -> None:
        raise ZeroDivisionError

    with qtbot.captureExceptions() as caught:
        job.start(work)
        qtbot.waitUntil(lambda: bool(caught), timeout=60_000)
    assert [kind for kind, _, _ in caught] == [ZeroDivisionError]
    assert heard == []
    assert not job.running
    assert "a job failed" in caplog.text


def test_a_stale_answer_is_dropped(job: Job, heard: list[Any], qtbot: QtBot) -> None:
    began, go_on = threading.Event(), threading.Event()

    def slow(_: Progress) -> str:
        began.set()
        go_on.wait(10)
        return "stale"

    job.start(slow)
    assert began.wait(10)
    with qtbot.waitSignal(job.finished, timeout=60_000):
        job.start(lambda _: "newest")
        go_on.set()
    QApplication.processEvents()
    assert heard == [("finished", "newest")]


def test_cancel_stops_the_work_at_its_next_report(job: Job, heard: list[Any], qtbot: QtBot) -> None:
    began, go_on, reached = threading.Event(), threading.Event(), []

    def work(progress: Progress) -> None:
        began.set()
        go_on.wait(10)
        progress.report(1, 2)
        reached.append("beyond the report")

    job.start(work)
    assert began.wait(10)
    with qtbot.waitSignal(job.failed, timeout=60_000):
        job.cancel()
        go_on.set()
    assert reached == []
    assert [kind for kind, _ in heard] == ["failed"]
    assert isinstance(heard[0][1], Cancelled)


def test_an_answer_on_its_way_when_the_session_closes_is_dropped(job: Job, heard: list[Any]) -> None:
    job.start(lambda _: "late")
    job.wait()
    QApplication.processEvents()
    assert heard == []
    assert not job.running


def test_two_runs_of_a_kind_never_work_side_by_side(job: Job, qtbot: QtBot) -> None:
    inside, most = [0], [0]
    lock = threading.Lock()

    def work(_: Progress) -> None:
        with lock:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
        with lock:
            inside[0] -= 1

    with qtbot.waitSignal(job.finished, timeout=60_000):
        for _ in range(20):
            job.start(work)
    assert most == [1]


# -- tasks on a session -----------------------------------------------------------------------------------


@pytest.fixture
def tasks(workspace: Workspace) -> Iterator[Tasks]:
    made = Tasks(workspace)
    yield made
    made.stop()
    made.deleteLater()


class Gate:
    """Work that waits in the middle until the test lets it go on, then reports."""

    def __init__(self, answer: object = None) -> None:
        self.began, self.go_on = threading.Event(), threading.Event()
        self.answer = answer

    def __call__(self, _session: object, _path: object, progress: Progress, **_: object) -> object:
        progress.report(3, 10)
        self.began.set()
        self.go_on.wait(10)
        progress.report(4, 10)
        return self.answer


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    """Stands for the import."""
    made = Gate(ImportReport((), ()))
    monkeypatch.setattr(import_exams, "import_exams", made)
    return made


def test_an_import_shows_its_progress_and_can_be_cancelled(
    window: MainWindow, gate: Gate, qtbot: QtBot, tmp_path: Path, told: list[AppError]
) -> None:
    window.tasks.import_picks((), {}, ())
    assert gate.began.wait(10)
    status = window.status
    qtbot.waitUntil(lambda: status._bar.value() == 3, timeout=60_000)
    assert status._bar.isVisible()
    assert status.cancel.isVisible()
    assert status._task.text() == "3 of 10"
    with qtbot.waitSignal(window.tasks.ended, timeout=60_000):
        status.cancel.click()
        gate.go_on.set()
    assert [problem.code for problem in told] == ["task.cancelled"]
    assert not status._bar.isVisible()
    assert not status.cancel.isVisible()


def test_reading_goes_on_while_an_import_runs(
    window: MainWindow, gate: Gate, qtbot: QtBot, tmp_path: Path, fill: Callable[..., None],
    stored: Callable[[Workspace], Any],
) -> None:  # fmt: skip
    window.tasks.import_picks((), {}, ())
    assert gate.began.wait(10)
    fill(window.workspace)
    assert len(stored(window.workspace)) == 5
    with qtbot.waitSignal(window.tasks.imported, timeout=60_000):
        gate.go_on.set()
    for dialog in window.findChildren(ReportDialog):
        dialog.close()


def test_a_second_task_is_refused_with_a_sentence_while_one_runs(
    window: MainWindow, gate: Gate, qtbot: QtBot, tmp_path: Path, told: list[AppError]
) -> None:
    window.tasks.import_picks((), {}, ())
    assert gate.began.wait(10)
    window.tasks.export(tmp_path)
    assert [problem.code for problem in told] == ["task.busy"]
    assert window.banner.words
    with qtbot.waitSignal(window.tasks.ended, timeout=60_000):
        gate.go_on.set()
    for dialog in window.findChildren(ReportDialog):
        dialog.close()


def test_closing_the_session_stops_the_import_and_says_nothing_about_it_later(
    window: MainWindow, gate: Gate, tmp_path: Path, told: list[AppError]
) -> None:
    window.tasks.import_picks((), {}, ())
    assert gate.began.wait(10)
    gate.go_on.set()
    window.workspace.close()
    QApplication.processEvents()
    assert told == []
    assert not window.tasks.running
    assert not window.status._bar.isVisible()
    assert not window.findChildren(ReportDialog)


def test_a_folder_without_dicom_is_said_in_a_sentence(
    tasks: Tasks, workspace: Workspace, qtbot: QtBot, tmp_path: Path, told: list[AppError]
) -> None:
    (tmp_path / "empty").mkdir()
    with qtbot.waitSignal(tasks.ended, timeout=60_000):
        tasks.survey_import((tmp_path / "empty",), Wishes())
    assert [problem.code for problem in told] == []
    assert not tasks.running


def test_an_import_into_a_read_only_session_is_refused_before_it_starts(
    workspace: Workspace, tasks: Tasks, told: list[AppError], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(type(workspace.session), "read_only", True)
    assert not tasks.import_picks((), {}, ())
    assert [problem.code for problem in told] == ["store.read_only"]
    assert not tasks.running


def test_an_export_writes_what_is_signed_off_and_says_where(
    window: MainWindow, qtbot: QtBot, tmp_path: Path, fill: Callable[..., None]
) -> None:
    fill(window.workspace)
    window.workspace.sign_off(go_on=False)
    target = tmp_path / "out"
    target.mkdir()
    with qtbot.waitSignal(window.tasks.exported, timeout=60_000):
        window.tasks.export(target)
    assert str(target) in window.banner.words
    assert any("C0001" in path.read_text(encoding="utf-8-sig") for path in target.glob("*.csv"))


def test_new_exams_are_announced_and_the_first_is_opened_where_none_was(
    qapp: QApplication, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = Workspace()
    assert space.create(tmp_path / "new.marrow")
    tasks = Tasks(space)
    seen: list[What] = []
    space.changed.connect(seen.append)

    report = ImportReport((ImportedExam("C0001", (), 1, ()),), ())
    monkeypatch.setattr(import_exams, "import_exams", lambda *_, **__: report)
    with qtbot.waitSignal(tasks.imported, timeout=60_000):
        tasks.import_picks((), {}, ())
    assert What.EXAMS in seen
    space.close()
    tasks.deleteLater()
    space.deleteLater()


def test_progress_nobody_watches_does_nothing() -> None:
    assert Silent().report(1, None) is None
    assert Level.L1 == "L1"
