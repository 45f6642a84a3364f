"""The set-up script as it is called: its entry, and the commands run and test."""

import ast
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGING = ROOT / "packaging"


# ---- the entry


def test_an_old_python_can_read_the_script() -> None:
    ast.parse((PACKAGING / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 8))


def test_an_old_python_is_told_what_it_lacks_before_anything_newer_is_loaded() -> None:
    pretend = (
        "import runpy, sys; sys.version_info = (3, 9, 2, 'final', 0); sys.argv = ['bootstrap.py', 'run']; "
    )
    start = f"runpy.run_path({str(PACKAGING / 'bootstrap.py')!r}, run_name='__main__')"
    told = subprocess.run(
        [sys.executable, "-c", pretend + start], capture_output=True, text=True, check=False
    )
    assert told.returncode == 1
    assert "needs Python 3.11 or newer" in told.stderr
    assert "is Python 3.9" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.parametrize("version", [(3, 11), (3, 14), (4, 0)])
def test_a_new_enough_python_is_accepted(setup: SimpleNamespace, version: tuple[int, int]) -> None:
    assert setup.bootstrap.refusal_of_python(version, "python3") == ""


def test_help_names_both_commands_and_ends_well(
    setup: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert setup.bootstrap.main(["--help"]) == 0
    said = capsys.readouterr().out
    assert "bootstrap.py run" in said
    assert "bootstrap.py test [--quick]" in said


@pytest.mark.parametrize("arguments", [[], ["start"]])
def test_wrong_usage_is_status_2_and_shows_the_usage(
    setup: SimpleNamespace, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert setup.bootstrap.main(arguments) == 2
    assert "usage:" in capsys.readouterr().err


def test_only_the_standard_library_is_used() -> None:
    siblings = {script.stem for script in PACKAGING.glob("*.py")}
    for script in PACKAGING.glob("*.py"):
        tree = ast.parse(script.read_text(encoding="utf-8"))
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {
            name
            for node in imports
            for name in ([node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        }
        tops = {str(name).split(".")[0] for name in names}
        assert tops <= {*sys.stdlib_module_names, *siblings}, script


def test_no_module_of_the_script_hides_one_of_the_standard_library() -> None:
    assert not {script.stem for script in PACKAGING.glob("*.py")} & set(sys.stdlib_module_names)


# ---- run


def test_without_a_display_the_demo_runs_off_screen(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not setup.commands.has_display()
    assert setup.commands.program_arguments([], display=False) == ["demo", "--headless"]


@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_with_a_display_the_demo_opens_its_window(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv(variable, ":7")
    assert setup.commands.has_display()
    assert setup.commands.program_arguments([], display=True) == ["demo"]


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_windows_and_macos_always_have_a_display(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.delenv("DISPLAY", raising=False)
    assert setup.commands.has_display()


def test_arguments_go_to_the_program_as_they_are(setup: SimpleNamespace) -> None:
    given = ["open", "my session.marrow"]
    assert setup.commands.program_arguments(given, display=False) == given


def test_the_program_is_found_from_every_folder(
    environment: Any, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    assert environment.variables()["PYTHONPATH"].split(os.pathsep) == [str(clone), "elsewhere"]


@pytest.mark.skipif(os.name != "posix", reason="only POSIX lets a program take a process's place")
def test_the_exit_status_of_the_program_is_passed_on() -> None:
    become = f"import sys; sys.path.insert(0, {str(PACKAGING)!r}); import commands, os; "
    start = "commands._become([sys.executable, '-c', 'raise SystemExit(37)'], dict(os.environ))"
    assert subprocess.run([sys.executable, "-c", become + start], check=False).returncode == 37


# ---- test


def names_of_parts(setup: SimpleNamespace, environment: Any, **wanted: object) -> list[str]:
    return [part.name for part in setup.suite.parts(environment, **wanted)]


def test_the_long_tests_come_last_and_quick_leaves_them_out(setup: SimpleNamespace, environment: Any) -> None:
    whole = names_of_parts(setup, environment, quick=False, chosen=[])
    assert whole[-2:] == ["long window tests", "long tests"]
    assert names_of_parts(setup, environment, quick=True, chosen=[]) == whole[:-2]


def test_every_test_is_in_exactly_one_part(setup: SimpleNamespace, environment: Any) -> None:
    parts = setup.suite.parts(environment, quick=False, chosen=[])
    marks = [part.command[part.command.index("-m", 2) + 1] for part in parts if "pytest" in part.command]
    for long in (True, False):
        for window in (True, False):
            selected = [eval(mark, {"long": long, "window": window}) for mark in marks]  # noqa: S307  (our own)
            assert selected.count(True) == 1, (long, window)


def test_with_chosen_tests_only_pytest_runs(setup: SimpleNamespace, environment: Any) -> None:
    (only,) = setup.suite.parts(environment, quick=True, chosen=["-k", "rois"])
    assert only.command[1:] == ("-m", "pytest", "-m", "not long", "-k", "rois")


@pytest.mark.parametrize(("cores", "count"), [(None, 0), (1, 0), (2, 2), (64, 4)])
def test_test_files_run_beside_each_other_on_a_few_cores(
    setup: SimpleNamespace, cores: int | None, count: int
) -> None:
    expected = ("-n", str(count), "--dist", "loadfile") if count else ()
    assert setup.suite.workers(cores) == expected


def let_parts_end(setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, statuses: dict[str, int]) -> None:
    made = {
        name: setup.suite.Part(name, (name,), name == "long", name in ("window", "long")) for name in statuses
    }
    monkeypatch.setattr(setup.suite, "parts", lambda *_given, **_wanted: tuple(made.values()))
    monkeypatch.setattr(
        setup.suite.subprocess,
        "run",
        lambda command, **_how: SimpleNamespace(returncode=statuses[command[0]]),
    )


@pytest.mark.parametrize(
    ("statuses", "status", "closing"),
    [
        ({"mypy": 0, "quick": 0, "long": 0}, 0, "checks: 3 passed, 0 failed"),
        ({"mypy": 1, "quick": 0, "long": 0}, 1, "checks: 1 passed, 1 failed, 1 skipped"),
        ({"mypy": 0, "quick": 0, "window": 5, "long": 5}, 0, "checks: 4 passed, 0 failed"),
        ({"mypy": 0, "quick": 5, "long": 0}, 1, "checks: 1 passed, 1 failed, 1 skipped"),
        ({"mypy": 0, "quick": 0, "long": -9}, 1, "checks: 2 passed, 1 failed"),
    ],
    ids=["all well", "a check failed", "no windows, none long", "no test ran", "killed"],
)
def test_any_failed_part_fails_the_whole_and_the_last_line_counts(
    setup: SimpleNamespace,
    environment: Any,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    statuses: dict[str, int],
    status: int,
    closing: str,
) -> None:
    let_parts_end(setup, monkeypatch, statuses)
    assert setup.suite.run(environment, []) == status
    assert capsys.readouterr().out.splitlines()[-1] == closing
