"""Habits that no linter checks: sizes, what is packed, what the locks hold, what no file may name."""

import ast
import importlib.util
import itertools
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import app

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CODE_FOLDERS = ("app", "packaging", "resources", "tests")
LONGEST_FILE = 600
# a file of tests holds every sentence on one subject
LONGEST_TESTS = 900
LONGEST_FUNCTION = 50
CI_SCRIPT = ".ci/run"

# one letter stands in brackets, so that this file does not name them itself
NAMED_NOWHERE = {
    "a place on one machine": r"(?<![\w.])/([h]ome|[r]oot|[U]sers)/\w|[A-Z]:\\[U]sers\\",
    "this very folder": f"{re.escape(str(ROOT))}/|{re.escape(str(ROOT.parent))}/"
    if ROOT.parent.name
    else "$^",
    "the folder beside the project": r"\.\./[s]hared",
    "a package registry": r"[p]ypi\.|[p]ythonhosted|[d]ebian\.org|[u]buntu\.com|[n]pmjs|[c]onda\.anaconda",
    "an index address": r"(?i)(index|links)[-_]?(url)?\s*=\s*(https?|file):",
}


def project_files() -> list[str]:
    """The files that are, or are about to be, under version control."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False)
    if listed.returncode != 0:
        pytest.skip("this is no clone: git does not list its files")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    found = itertools.chain.from_iterable((ROOT / folder).rglob("*.py") for folder in CODE_FOLDERS)
    return sorted(found)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from the first statement after the docstring to the end, and the line of the name."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    return 1 + (function.end_lineno or 0) - body[0].lineno + 1 if body else 1


@pytest.mark.parametrize("what", NAMED_NOWHERE)
def test_no_file_names(what: str) -> None:
    pattern = re.compile(NAMED_NOWHERE[what])
    named = []
    for name in project_files():
        if name == CI_SCRIPT and what == "the folder beside the project":
            continue
        content = (ROOT / name).read_bytes()
        text = "" if b"\0" in content else content.decode("utf-8", errors="replace")
        lines = enumerate(text.splitlines(), start=1)
        named += [f"{name}:{number}: {line.strip()[:120]}" for number, line in lines if pattern.search(line)]
    assert not named, "\n".join(named)


@pytest.mark.parametrize(
    ("what", "line"),
    [
        ("a place on one machine", "open('/" + "home/someone/x')"),
        ("this very folder", f"{ROOT}/x"),
        ("the folder beside the project", "../" + "shared/data"),
        ("a package registry", "py" + "pi.org"),
        ("an index address", "extra-index-url = " + "https" + "://mirror"),
    ],
)
def test_the_patterns_find_what_they_are_meant_to_find(what: str, line: str) -> None:
    assert re.search(NAMED_NOWHERE[what], line)


def test_no_file_of_code_is_too_long() -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files()}
    limits = {path: LONGEST_TESTS if path.name.startswith("test_") else LONGEST_FILE for path in lengths}
    assert not {str(path): lines for path, lines in lengths.items() if lines >= limits[path]}


def test_no_function_is_too_long() -> None:
    long = {}
    for path in python_files():
        for function in functions(ast.parse(path.read_text(encoding="utf-8"))):
            if length(function) > LONGEST_FUNCTION:
                long[f"{path.relative_to(ROOT)}:{function.name}"] = length(function)
    assert not long


def test_every_package_of_the_program_is_named_for_the_wheel_and_no_other() -> None:
    found = {".".join(path.parent.relative_to(ROOT).parts) for path in (ROOT / "app").rglob("__init__.py")}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == found | {"app.resources"}


def test_every_folder_of_code_in_the_program_is_a_package() -> None:
    folders = {path.parent for path in (ROOT / "app").rglob("*.py")}
    assert not [folder for folder in folders if not (folder / "__init__.py").exists()]


def test_the_packaging_folder_does_not_hide_the_library_of_its_name() -> None:
    assert not (ROOT / "packaging" / "__init__.py").exists()


def test_the_changelog_has_a_section_of_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## \[?{re.escape(app.__version__)}\]?(\s|$)", changelog, re.MULTILINE)


def test_ci_runs_exactly_what_everybody_runs() -> None:
    script = (ROOT / CI_SCRIPT).read_text(encoding="utf-8")
    assert script.splitlines()[-1] == "python3 packaging/bootstrap.py test"
    assert "set -eu" in script


# ---- the locks


@pytest.fixture(scope="module")
def lock() -> ModuleType:
    """The locking script as a module."""
    spec = importlib.util.spec_from_file_location("lock_under_test", ROOT / "packaging" / "lock.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pins(path: Path) -> dict[str, list[str]]:
    """The hashes of each `name==version ; marker` line of a lock."""
    found: dict[str, list[str]] = {}
    for line in path.read_text(encoding="utf-8").replace("\\\n", " ").splitlines():
        if line and not line.startswith("#"):
            requirement, *hashes = re.split(r"\s+--hash=", line.strip())
            found[requirement.strip()] = hashes
    return found


def versions(path: Path) -> dict[str, set[str]]:
    """The versions each library is locked to, by its name."""
    found: dict[str, set[str]] = {}
    for requirement in pins(path):
        name, version = requirement.split(";")[0].strip().split("==")
        found.setdefault(name, set()).add(version)
    return found


@pytest.mark.parametrize("tests", [False, True], ids=["run", "test"])
def test_a_lock_answers_what_pyproject_asks_for_today(lock: ModuleType, *, tests: bool) -> None:
    path = lock.TEST_LOCK if tests else lock.RUN_LOCK
    asked = lock.fingerprint(lock.wanted(ROOT / "pyproject.toml", tests=tests))
    assert asked in path.read_text(encoding="utf-8").splitlines(), "run python packaging/lock.py"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_a_lock_holds_pins_and_hashes_and_no_address(name: str) -> None:
    path = ROOT / "packaging" / name
    locked = pins(path)
    assert locked
    for requirement, hashes in locked.items():
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+( ; .+)?", requirement)
        assert hashes, requirement
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", digest) for digest in hashes), requirement
    assert "://" not in path.read_text(encoding="utf-8")


def test_the_tests_run_on_the_very_libraries_of_the_program(lock: ModuleType) -> None:
    run, test = pins(lock.RUN_LOCK), pins(lock.TEST_LOCK)
    assert run.items() <= test.items()


def test_qt_and_its_binding_are_of_one_version_without_known_faults(lock: ModuleType) -> None:
    locked = versions(lock.RUN_LOCK)
    (qt,) = locked["pyside6-essentials"]
    assert locked["shiboken6"] == {qt}
    assert not qt.startswith(("6.9.", "6.12."))
    assert qt not in ("6.11.0", "6.11.1")


def test_a_library_has_wheels_for_several_systems_where_it_is_compiled(lock: ModuleType) -> None:
    compiled = ("numpy", "pyside6-essentials", "scipy", "shiboken6", "zstandard")
    locked = pins(lock.RUN_LOCK)
    for name in compiled:
        hashes = [held for requirement, held in locked.items() if requirement.startswith(f"{name}==")]
        # one for Windows, two for Linux and two for macOS where one file serves every Python
        assert min(map(len, hashes)) >= 4, name
