"""The whole check of the project: style, types, floors, then the tests in their parts."""

import os
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from console import say
from environment import Environment

NO_TEST_SELECTED = 5


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the check.

    Attributes
    ----------
    name : str
        What the summary calls it.
    command : tuple of str
        The command line.
    only_after_success : bool
        True where it is left out after an earlier part failed.
    may_be_empty : bool
        True where it is no failure that pytest selects nothing.
    """

    name: str
    command: tuple[str, ...]
    only_after_success: bool = False
    may_be_empty: bool = False


def workers(cores: int | None) -> tuple[str, ...]:
    """Return pytest's arguments for running test files beside each other on the cores there are."""
    count = min(cores or 1, 4)
    return ("-n", str(count), "--dist", "loadfile") if count > 1 else ()


def parts(environment: Environment, *, quick: bool, chosen: Sequence[str]) -> tuple[Part, ...]:
    """Return what is to be run.

    Parameters
    ----------
    environment : Environment
        The project's environment, already filled for `test`.
    quick : bool
        True to leave the tests marked `long` out.
    chosen : sequence of str
        Arguments for pytest, paths as seen from the project's folder; where there are any, only pytest runs.
    """
    python = str(environment.python)
    pytest = (python, "-m", "pytest")
    if chosen:
        return (Part("chosen tests", (*pytest, *(("-m", "not long") if quick else ()), *chosen)),)
    scripts = tuple(
        str(path.relative_to(environment.root))
        for path in sorted((environment.root / "packaging").glob("*.py"))
    )
    side_by_side = workers(os.cpu_count())
    late = {"only_after_success": True, "may_be_empty": True}
    return (
        Part("ruff check", (python, "-m", "ruff", "check")),
        Part("ruff format", (python, "-m", "ruff", "format", "--check")),
        Part("mypy", (python, "-m", "mypy")),
        Part("mypy packaging", (python, "-m", "mypy", *scripts)),
        Part("floors", (str(environment.scripts / "lint-imports"),)),
        Part("quick tests", (*pytest, "-m", "not long and not window", *side_by_side)),
        # windows share the screen and the keyboard focus, so they come one after the other
        Part("window tests", (*pytest, "-m", "window and not long"), may_be_empty=True),
        *(
            ()
            if quick
            else (
                Part("long window tests", (*pytest, "-m", "window and long"), **late),
                Part("long tests", (*pytest, "-m", "long and not window", *side_by_side), **late),
            )
        ),
    )


def run(environment: Environment, arguments: Sequence[str]) -> int:
    """Run every part, say how each went, and end with one line.

    Returns
    -------
    int
        0 where all passed, else 1.
    """
    quick = "--quick" in arguments
    chosen = [argument for argument in arguments if argument != "--quick"]
    results: dict[str, str] = {}
    for part in parts(environment, quick=quick, chosen=chosen):
        if part.only_after_success and "failed" in results.values():
            results[part.name] = "not run"
            continue
        say(f"\n== {part.name} ==")
        status = subprocess.run(
            part.command, cwd=environment.root, env=_variables(environment), check=False
        ).returncode
        passed = status == 0 or (part.may_be_empty and status == NO_TEST_SELECTED)
        results[part.name] = "passed" if passed else "failed"
    say("\n" + "\n".join(f"{name}: {result}" for name, result in results.items()))
    say(summary(results.values()))
    return 1 if "failed" in results.values() else 0


def _variables(environment: Environment) -> dict[str, str]:
    """Return a part's surroundings: where a virtual screen can be had, no window test may be skipped."""
    variables = environment.variables()
    if "CI" in os.environ or shutil.which("Xvfb"):
        variables["MARROWMARK_REQUIRE_XVFB"] = "1"
    return variables


def summary(results: Iterable[str]) -> str:
    """Return the closing line: how many parts passed, failed and were not run."""
    listed = list(results)
    line = f"checks: {listed.count('passed')} passed, {listed.count('failed')} failed"
    return line + (f", {listed.count('not run')} skipped" if "not run" in listed else "")
