"""The guards of the suite itself: what is left over is found, and nothing is skipped in silence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent

_LEFTOVERS = """
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QDialog, QWidget

kept = []

def test_a_widget_is_kept(qapp):
    kept.append(QWidget())
    kept[-1].setObjectName("forgotten")

def test_a_timer_runs_on(qapp):
    kept.append(QTimer())
    kept[-1].start(100000)

def test_a_thread_runs_on(qapp):
    kept.append(QThread())
    kept[-1].start()

def test_a_job_runs_on(qapp):
    import threading
    from app.ui.jobs import Job
    began, go_on = threading.Event(), threading.Event()
    kept.extend([Job(), go_on])
    kept[-2].start(lambda _: (began.set(), go_on.wait(30)))
    began.wait(30)

def test_everything_is_given_back(qapp):
    kept[-1].set()
    kept[-2].wait()
    kept[-3].quit()
    kept[-3].wait()
    kept[-4].stop()
    dialog = QDialog()
    dialog.show()
    dialog.close()
    dialog.deleteLater()

def test_one_that_fails_is_not_blamed_for_what_its_traceback_holds(qapp):
    box = QWidget()
    assert box is None
"""

_SKIPS = """
import pytest

@pytest.mark.skipif(True, reason="needs MARROWMARK_TEST_DATA")
def test_by_mark(): ...

def test_by_call():
    pytest.skip("needs MARROWMARK_TEST_DATA")

def test_by_fixture(test_data): ...

def test_for_another_reason():
    pytest.skip("Windows has no such locks")

def test_without_a_screen():
    pytest.skip("needs Xvfb")
"""


def run(folder: Path, code: str, **environment: str) -> tuple[str, dict[str, int]]:
    """Run tests of a folder of their own under our conftest; what was said, and how many ended how."""
    shutil.copy(HERE / "conftest.py", folder)
    (folder / "test_it.py").write_text(code, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nqt_api = pyside6\n", encoding="utf-8")
    promises = {"MARROWMARK_TEST_DATA", "MARROWMARK_ORACLES", "MARROWMARK_REQUIRE_XVFB"}
    inherited = {key: value for key, value in os.environ.items() if key not in promises}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", str(folder)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={**inherited, "PYTHONPATH": str(HERE.parent), **environment},
    )  # fmt: skip
    last = done.stdout.strip().splitlines()[-1].replace(",", "").split(" in ")[0].split()
    counts = {word.rstrip("s"): int(number) for number, word in zip(last[::2], last[1::2], strict=True)}
    return done.stdout, counts


def test_whatever_a_test_leaves_behind_is_named_with_its_usual_cause(tmp_path: Path) -> None:
    said, counts = run(tmp_path, _LEFTOVERS)
    assert counts == {"passed": 5, "failed": 1, "error": 4}, said
    for words in ("QWidget 'forgotten'", "timer: QTimer", "thread: QThread", "job: QThreadPool"):
        assert words in said
    assert said.count("usual cause:") >= 4


def test_a_skip_passes_where_nothing_was_promised(tmp_path: Path) -> None:
    assert run(tmp_path, _SKIPS)[1] == {"skipped": 5}


def test_a_skip_fails_where_the_data_were_promised(tmp_path: Path) -> None:
    said, counts = run(tmp_path, _SKIPS, MARROWMARK_TEST_DATA=str(tmp_path))
    assert counts == {"failed": 1, "error": 1, "passed": 1, "skipped": 2}, said
    assert "skipped although it is there" in said


def test_a_skip_fails_where_a_screen_was_promised(tmp_path: Path) -> None:
    assert run(tmp_path, _SKIPS, MARROWMARK_REQUIRE_XVFB="1")[1] == {"failed": 1, "skipped": 4}


def test_a_whole_file_that_is_skipped_fails_too(tmp_path: Path) -> None:
    code = 'import pytest\npytest.skip("needs MARROWMARK_ORACLES", allow_module_level=True)\n'
    assert run(tmp_path, code)[1] == {"skipped": 1}
    assert run(tmp_path, code, MARROWMARK_ORACLES=str(tmp_path))[1] == {"error": 1}


@pytest.mark.parametrize("name", ["first", "second"])
def test_each_test_has_a_home_of_its_own(name: str, home: Path) -> None:
    assert os.environ["MARROWMARK_HOME"] == str(home)
    assert not home.exists()
    home.mkdir()
    (home / name).touch()
    assert [path.name for path in home.iterdir()] == [name]
