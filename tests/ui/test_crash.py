"""When the program itself is wrong: what is shown, what is logged, and that nothing done before is lost."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from app.domain.reading import Viewer
from app.services import open_session as sessions
from app.services import read_exam
from app.ui import traces
from app.ui.dialogs.crash import CrashHandler, details

ROOT = Path(__file__).resolve().parents[2]

# the program as it is started, with somebody who acts as soon as its loop runs
_PROGRAM = """
import faulthandler, json, os, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QPushButton
from app import compose
from app.domain.protocol import Level
from app.ui.dialogs.report import ReportDialog
from app.ui.main_window import MainWindow

told = {}

def top(kind):
    return next(one for one in QApplication.topLevelWidgets() if isinstance(one, kind))

def later(act):
    QTimer.singleShot(0, app, act)

{act}

app = compose.application()
later(begin)
status = compose.run_window(Path(sys.argv[1]))
print(json.dumps(told))
sys.exit(status)
"""
_FAILS = """
def begin():
    space = top(MainWindow).workspace
    space.show_preview(Level.L1, space.ghost(12, 40))
    space.commit_preview()
    later(look)
    patients = {"C0001": 1}
    name = "Doe^Jane"
    try:
        patients[name]
    except KeyError:
        raise ValueError("no number: 'Doe^Jane' in /data/Doe Jane/IM-0417.dcm")

def look():
    dialog = top(ReportDialog)
    told["open"] = top(MainWindow).workspace.session is not None
    told["title"] = dialog.windowTitle()
    told["body"] = dialog.findChild(QPlainTextEdit).toPlainText()
    buttons = {one.text().replace("&", ""): one for one in dialog.findChildren(QPushButton)}
    buttons["Copy"].click()
    told["copied"] = QGuiApplication.clipboard().text()
    buttons["Close"].click()
"""
_DIES = """
def begin():
    # as when a library writes where it must not; without a core file left behind
    import resource
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    faulthandler._sigsegv()
"""
_LOOKS = """
def begin():
    told["banner"] = top(MainWindow).banner.words
    top(MainWindow).close()
    app.quit()
"""


def _run(act: str, session: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", _PROGRAM.replace("{act}", act), str(session)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip


def _told(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_an_unexpected_error_is_shown_to_be_copied_and_ends_the_program_in_order(
    reading_session: Path, home: Path
) -> None:
    done = _run(_FAILS, reading_session)
    told = _told(done)
    assert not told["open"]
    assert told["title"] == "MarrowMark has to close"
    assert told["body"].startswith("MarrowMark ")
    for word in ("Python 3", "PySide6 6", "in begin", "ValueError: no number: "):
        assert word in told["body"]
    assert told["copied"] == told["body"]
    log = (home / "marrowmark.log").read_text(encoding="utf-8")
    assert "unexpected error" in log
    assert "ValueError: no number: " in log
    for text in (told["body"], log, done.stderr):
        assert "Jane" not in text
        assert "IM-0417" not in text
    # what was placed before is there, and the file was closed: nothing lies beside it
    left = sorted(entry.name for entry in reading_session.parent.iterdir())
    # one whole file, and the backup that closing leaves beside it
    assert left == [reading_session.name, f"{reading_session.name}-backups"]
    session = sessions.open_session(reading_session)
    viewer = sessions.last_viewer(session)
    assert isinstance(viewer, Viewer)
    assert sum(row.done for row in read_exam.worklist(session, viewer)) == 1
    session.close()


@pytest.mark.skipif(sys.platform == "win32", reason="ends a process by a signal")
def test_a_crash_of_a_library_leaves_a_record_that_the_next_start_tells_of_once(
    reading_session: Path, home: Path
) -> None:
    assert _told(_run(_LOOKS, reading_session))["banner"] == ""
    assert _run(_DIES, reading_session).returncode < 0
    assert "in begin" in (home / "crash.txt").read_text(encoding="utf-8")
    banner = _told(_run(_LOOKS, reading_session))["banner"]
    record = home / "crash-last-time.txt"
    assert str(record) in banner
    told = record.read_text(encoding="utf-8")
    assert "Segmentation fault" in told
    assert "in begin" in told
    assert _told(_run(_LOOKS, reading_session))["banner"] == ""


# -- what is told of a failure ----------------------------------------------------------------------------


def _failure(act: Callable[[], object]) -> BaseException:
    try:
        act()
    except Exception as problem:  # noqa: BLE001 - whatever it is, it is looked at
        return problem
    pytest.fail("nothing failed")


def _raise(problem: BaseException) -> None:
    raise problem


@pytest.mark.parametrize(
    ("problem", "line"),
    [
        (KeyError("Doe^Jane"), "KeyError: (…)"),
        (ValueError("no number: 'O'Brien^Pat'"), "ValueError: no number: (…)"),
        (ValueError('bad: "Doe"\nand "Roe" (3)'), "ValueError: bad: (…) (3)"),
        (OSError(2, "Gone", "/data/Doe Jane/1.dcm"), "FileNotFoundError: [Errno 2] Gone: (…)"),
        (RuntimeError("cannot read /data/Doe Jane/1.dcm"), "RuntimeError: cannot read (…)"),
        (RuntimeError("cannot read C:\\data\\Doe Jane"), "RuntimeError: cannot read (…)"),
        (RuntimeError("cannot read Doe/1.dcm"), "RuntimeError: cannot read (…)"),
        (AttributeError("'NoneType' object has no attribute 'exam'"), "has no attribute 'exam'"),
        (json.JSONDecodeError("Expecting value", "Doe", 0), "json.decoder.JSONDecodeError: Expecting value"),
        (StopIteration(), "StopIteration\n"),
    ],
)  # fmt: skip
def test_what_a_message_quotes_is_left_out_and_its_other_words_are_kept(
    problem: BaseException, line: str
) -> None:
    told = traces.trace(_failure(lambda: _raise(problem)))
    assert line in told
    assert "in _raise" in told
    for word in ("Doe", "Brien", "Roe", "Jane"):
        assert word not in told


def test_the_cause_of_a_failure_is_told_before_it() -> None:
    name = "Doe^Jane"

    def fail() -> None:
        try:
            _raise(KeyError(name))
        except KeyError as cause:
            raise ValueError("a bug") from cause

    told = traces.trace(_failure(fail))
    assert told.index("KeyError: (…)") < told.index("was the cause of this") < told.index("ValueError: a bug")
    assert name not in told


def test_a_cause_that_was_hidden_stays_hidden_and_a_circle_ends() -> None:
    def fail() -> None:
        try:
            _raise(KeyError("x"))
        except KeyError:
            raise ValueError("a bug") from None

    problem = _failure(fail)
    assert "KeyError" not in traces.trace(problem)
    problem.__cause__ = RuntimeError("another")
    problem.__cause__.__context__ = problem
    assert traces.trace(problem).count("\nValueError: a bug") == 1


def test_the_log_tells_a_failure_without_what_it_quotes() -> None:
    formatter = traces.TraceFormatter("%(message)s")
    problem = _failure(lambda: _raise(ValueError("no 'Doe^Jane'")))
    record = logging.LogRecord(
        "x", logging.ERROR, "", 1, "failed", None, (type(problem), problem, problem.__traceback__)
    )
    told = formatter.format(record)
    assert told.startswith("failed\n")
    assert "ValueError: no (…)" in told
    assert formatter.formatException((None, None, None)) == ""


def test_the_details_begin_with_the_versions() -> None:
    told = details(_failure(lambda: _raise(ValueError("a bug"))))
    assert told.splitlines()[0].startswith("MarrowMark ")
    assert told.rstrip().endswith("ValueError: a bug")


def test_a_failure_in_another_thread_is_logged_and_makes_no_window(
    qapp: QApplication, caplog: pytest.LogCaptureFixture
) -> None:
    handler = CrashHandler(lambda: pytest.fail("the session was closed by another thread"))
    problem = ValueError("a bug")
    thread = threading.Thread(target=handler.handle, args=(ValueError, problem, None))
    thread.start()
    thread.join()
    assert handler.dialog is None
    assert "unexpected error" in caplog.text
