"""The wheel: what is in it, and that the program installed from it works without the project's folder."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import venv
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path

import pytest

import app

ROOT = Path(__file__).resolve().parents[2]
LEFT_OUT = shutil.ignore_patterns("__pycache__", "*.pyc", ".*_cache")
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
UTF8_MARK = b"\xef\xbb\xbf"


def clean_variables() -> dict[str, str]:
    """The variables without those that would let the project's own folder be found."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "MARROWMARK"))
    }
    return {**kept, "QT_QPA_PLATFORM": "offscreen"}


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the wheel is built from: an old build folder in the project cannot leak into it."""
    copy = tmp_path_factory.mktemp("source")
    for folder in ("app", "resources"):
        shutil.copytree(ROOT / folder, copy / folder, ignore=LEFT_OUT)
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture(scope="module")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    # what a started program leaves behind must not be packed either
    (source / "resources" / "__pycache__").mkdir()
    (source / "resources" / "__pycache__" / "__init__.cpython-311.pyc").touch()
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    built = subprocess.run(
        command, cwd=out, capture_output=True, text=True, env=clean_variables(), check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    (only,) = out.glob("*.whl")
    return only


@pytest.fixture(scope="module")
def packed(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def files_below(folder: str) -> set[str]:
    below = (path for path in (ROOT / folder).rglob("*") if path.is_file())
    return {path.relative_to(ROOT).as_posix() for path in below if "__pycache__" not in path.parts}


def test_every_module_of_the_program_is_packed(packed: set[str]) -> None:
    modules = {name for name in files_below("app") if name.endswith(".py")}
    assert modules <= packed


def test_every_migration_is_packed(packed: set[str]) -> None:
    migrations = {name for name in files_below("app/store/migrations") if name.endswith(".sql")}
    assert migrations
    assert migrations <= packed


def test_every_resource_is_packed_inside_the_program(packed: set[str]) -> None:
    assert {f"app/{name}" for name in files_below("resources")} <= packed


def test_nothing_but_the_program_is_packed(packed: set[str]) -> None:
    strangers = {name for name in packed if not name.startswith(("app/", "marrowmark-"))}
    assert not strangers
    assert not {name for name in packed if "__pycache__" in name or name.endswith(".pyc")}


def test_the_wheel_says_its_version_its_python_and_its_command(wheel: Path) -> None:
    info = f"marrowmark-{app.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        facts = Parser().parsestr(archive.read(f"{info}/METADATA").decode("utf-8"))
        commands = archive.read(f"{info}/entry_points.txt").decode("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert facts["Name"] == "marrowmark"
    assert facts["Version"] == app.__version__
    assert facts["Requires-Python"] == project["requires-python"]
    assert facts["License-Expression"] == "MIT"
    assert "marrowmark = app.__main__:main" in commands


@dataclass(frozen=True, slots=True)
class Installed:
    """The program in an environment of its own, started from a folder that has nothing to do with it."""

    scripts: Path
    elsewhere: Path

    def start(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self._run([str(self.scripts / command), *arguments])

    def _run(self, command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.elsewhere,
            env=clean_variables(),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=240,
            check=False,
        )


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The wheel in an empty environment, which borrows only the libraries of the one the tests run in."""
    folder = tmp_path_factory.mktemp("installed")
    builder = venv.EnvBuilder(with_pip=False, symlinks=os.name != "nt")
    builder.create(folder)
    scripts = folder / ("Scripts" if os.name == "nt" else "bin")
    python = str(scripts / "python")
    own = sysconfig.get_path("purelib", vars={"base": str(folder), "platbase": str(folder)})
    # a path file adds the folder only; path files inside it, an editable install's too, are not read
    (Path(own) / "borrowed.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--no-index",
        "--no-deps",
        str(wheel),
    ]
    done = subprocess.run(command, capture_output=True, text=True, env=clean_variables(), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return Installed(scripts, tmp_path_factory.mktemp("elsewhere"))


def test_the_installed_program_is_the_one_that_runs(installed: Installed) -> None:
    found = installed.start("python", "-c", "import app, sys; print(app.__file__); print(sys.path)")
    assert Path(found.stdout.splitlines()[0]).is_relative_to(installed.scripts.parent)
    assert f"'{ROOT}'" not in found.stdout


def test_the_installed_program_says_its_version(installed: Installed) -> None:
    said = installed.start("marrowmark", "--version")
    assert said.returncode == 0, said.stderr
    assert app.__version__ in said.stdout


def test_the_installed_program_passes_its_self_test(installed: Installed) -> None:
    tested = installed.start("marrowmark", "self-test")
    assert tested.returncode == 0, tested.stdout + tested.stderr


@pytest.mark.long
def test_the_installed_demo_leaves_sessions_pictures_and_tables(installed: Installed, tmp_path: Path) -> None:
    demo = installed.start("marrowmark", "demo", "--headless", "--dir", str(tmp_path))
    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert str(tmp_path) in demo.stdout
    sessions = {path.name for path in tmp_path.rglob("*.marrow")}
    assert {"demo-reading.marrow", "demo-study.marrow"} <= sessions
    pictures = list(tmp_path.rglob("*.png"))
    assert len(pictures) >= 3
    assert all(picture.read_bytes().startswith(PNG_SIGNATURE) for picture in pictures)
    tables = [path.read_bytes() for path in tmp_path.rglob("*.csv")]
    exported = [table for table in tables if table.startswith(UTF8_MARK)]
    assert any(table.count(b"\n") > 1 for table in exported)
    assert list(installed.elsewhere.iterdir()) == []
