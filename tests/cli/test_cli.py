"""The command line from the outside: usage, the window, and how things are said."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import app
from app import compose
from app.cli import output as cli_output
from app.cli.commands import parser
from app.domain.errors import InputError, StoreUnavailable

# ---- usage


def test_the_version_is_said(run: Any) -> None:
    said = run("--version")
    assert (said.status, said.out) == (0, f"marrowmark {app.__version__}\n")


def test_the_help_names_every_command_and_what_the_program_is_not(run: Any) -> None:
    said = run("--help")
    assert said.status == 0
    commands = (
        "open",
        "demo",
        "inspect",
        "import",
        "measure",
        "analyse",
        "export",
        "verify",
        "salvage",
        "restore",
        "package",
        "results",
        "merge",
        "undo-merge",
        "join",
        "self-test",
    )
    assert all(f"    {command}" in said.out for command in commands)
    assert "Research use only. Not a medical device." in said.out


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("frobnicate",),
        ("inspect",),
        ("import", "somewhere"),
        ("measure", "somewhere", "--slice", "1"),
        ("measure", "somewhere", "--slice", "1", "--rect", "1", "2", "3"),
        ("measure", "somewhere", "--slice", "one", "--rect", "1", "2", "3", "4"),
        ("analyse", "--session", "s.marrow", "--levels", "L2-L4"),
        ("export", "--session", "s.marrow"),
        ("self-test", "--fast"),
    ],
)
def test_wrong_usage_is_2_and_said_on_stderr(run: Any, arguments: tuple[str, ...]) -> None:
    said = run(*arguments)
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith("usage: marrowmark")


def test_every_option_of_every_command_is_explained_in_the_help_page() -> None:
    page = (Path(__file__).resolve().parents[2] / "resources" / "help" / "command-line.md").read_text(
        encoding="utf-8"
    )
    commands = parser()._subparsers
    assert commands is not None
    (choices,) = [action.choices for action in commands._group_actions]
    assert choices
    for name, one in dict(choices).items():
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{name}")]
        options = {option for action in one._actions for option in action.option_strings} - {"-h", "--help"}
        assert all(option in row for option in options), name


def test_python_m_app_is_the_same_program(start: Any) -> None:
    said = start("--version")
    assert (said.status, said.out.split(), said.err) == (0, ["marrowmark", app.__version__], "")


# ---- the window


def test_open_hands_the_session_to_the_window(
    run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    opened: list[Path | None] = []
    monkeypatch.setattr(compose, "run_window", lambda session: opened.append(session) or 0)
    (tmp_path / "old.bak").touch()
    assert [run("open", *named).status for named in ((), ("a.marrow",), ("a",), (tmp_path / "old.bak",))] == [
        0,
        0,
        0,
        0,
    ]
    assert opened == [None, Path("a.marrow"), Path("a.marrow"), tmp_path / "old.bak"]


def test_demo_plays_with_or_without_a_window(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    played: list[tuple[str, Path | None]] = []
    monkeypatch.setattr(compose, "run_demo", lambda folder: played.append(("window", folder)) or 0)
    monkeypatch.setattr(compose, "run_headless_demo", lambda folder: played.append(("none", folder)) or 1)
    assert run("demo").status == 0
    assert run("demo", "--dir", "there").status == 0
    assert run("demo", "--headless").status == 1
    assert played == [("window", None), ("window", Path("there")), ("none", None)]


LAZY = """
import sys
from app.__main__ import main
from app import compose
compose.run_window = lambda session: 0
assert main(["open"]) == 0
heavy = {"pandas", "scipy", "sklearn", "pydicom", "SimpleITK"}
print(sorted(heavy & set(sys.modules)))
"""


def test_opening_the_window_loads_no_statistics_and_no_dicom_library() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", LAZY],
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        check=True,
        text=True,
    )
    assert ended.stdout == "[]\n"


# ---- how it is said


def failing(problem: BaseException) -> Any:
    def command(_session: object) -> int:
        raise problem

    return command


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (InputError("roi.empty", rows=0, cols=1), "A rectangle needs at least one voxel; 0 × 1 has none."),
        (StoreUnavailable("store.unheard_of"), "store.unheard_of"),
        (PermissionError(13, "Permission denied"), "The computer refused: Permission denied."),
        (OSError("odd"), "The computer refused: odd."),
        (KeyboardInterrupt(), "Stopped."),
    ],
)
def test_what_goes_wrong_is_one_line_on_stderr(
    run: Any, monkeypatch: pytest.MonkeyPatch, problem: BaseException, told: str
) -> None:
    monkeypatch.setattr(compose, "run_window", failing(problem))
    said = run("open")
    assert (said.status, said.out, said.err.count("\n")) == (1, "", 1)
    assert told in said.err


def test_a_mistake_of_ours_is_not_dressed_up(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compose, "run_window", failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        run("open")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end otherwise there")
def test_a_reader_that_goes_away_ends_the_command_quietly(written: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    with subprocess.Popen(
        [sys.executable, "-m", "app", "inspect", str(written), "--json"],
        cwd=root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.close()
        assert program.stderr.read() == b""
    assert program.returncode == 1


def test_sentences_survive_a_code_page_that_lacks_their_letters(start: Any, written: Path) -> None:
    said = start("inspect", written, PYTHONIOENCODING="cp1252")
    assert said.status == 0
    assert "R2* (s⁻¹)" in said.out


def test_json_holds_null_for_what_is_no_number(capsys: pytest.CaptureFixture[str]) -> None:
    cli_output.write_json({"a": math.nan, "b": [math.inf, 1.5], "c": {"d": (Path("x") / "y",)}, "e": "脂"})
    said = capsys.readouterr().out
    assert "NaN" not in said
    assert json.loads(said) == {"a": None, "b": [None, 1.5], "c": {"d": ["x/y"]}, "e": "脂"}
    assert "脂" in said


def test_progress_is_shown_to_a_person_and_wiped_away_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with cli_output.progress() as watcher:
        watcher.report(7, None)
        watcher.report(7, None)
        watcher.report(50, 200)
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("7 files found") == 1
    assert said.err.endswith(f"\r{'':<{len('25 %')}}\r")
    assert "25 %" in said.err


def test_no_progress_is_written_where_nobody_watches(capsys: pytest.CaptureFixture[str]) -> None:
    with cli_output.progress() as watcher:
        watcher.report(50, 200)
    assert capsys.readouterr().err == ""
