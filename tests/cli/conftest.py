"""A written exam, an imported session and a finished study; and the program started as a person starts it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from app.__main__ import main
from app.domain.phantom import Phantom, make_phantom
from app.domain.phantom_spec import PhantomSpec
from app.files.dicom.write_ge import CaseHeader, write_ideal_iq
from app.services.reference_cohort import make_reference_session

ROOT = Path(__file__).resolve().parents[2]
CASE = CaseHeader("Secret^Name", "0012345", "ACC-7", "20240305", "F", birth_date="19500102")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command gave back."""

    status: int
    out: str
    err: str


Run = Callable[..., Said]
Ask = Callable[..., Any]


def strict(text: str) -> Any:
    """What JSON says, if it is JSON: NaN and the infinities are not."""

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    return json.loads(text, parse_constant=refuse)


@pytest.fixture(scope="session")
def phantom() -> Phantom:
    return make_phantom(PhantomSpec(seed=5, slices=4, rows=96, cols=112))


@pytest.fixture(scope="session")
def written(phantom: Phantom, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dicom") / "exam"
    write_ideal_iq(phantom, folder, case=CASE, layout="one_series_scrambled", uid_seed="cli")
    (folder / "notes.txt").write_text("not an image")
    return folder


@pytest.fixture
def exam(written: Path, tmp_path: Path) -> Path:
    """A copy of the exam that a test may spoil."""
    return Path(shutil.copytree(written, tmp_path / "exam"))


@pytest.fixture(scope="session")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    session = make_reference_session(tmp_path_factory.mktemp("cohort") / "study.marrow")
    session.close()
    return session.path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command in this process."""

    def started(*arguments: object) -> Said:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:
            status = int(end.code or 0)
        captured = capsys.readouterr()
        return Said(status, captured.out, captured.err)

    return started


@pytest.fixture
def ask(run: Run) -> Ask:
    """Run a command that answers in JSON, and read its answer."""

    def asked(*arguments: object) -> Any:
        said = run(*arguments, "--json")
        assert (said.status, said.err) == (0, "")
        return strict(said.out)

    return asked


@pytest.fixture
def start(tmp_path: Path) -> Run:
    """Run a command as a program of its own, from another folder."""

    def started(*arguments: object, **variables: str) -> Said:
        command = [sys.executable, "-m", "app", *(str(argument) for argument in arguments)]
        kept = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
        ended = subprocess.run(
            command,
            cwd=tmp_path,
            capture_output=True,
            check=False,
            env={**kept, "PYTHONPATH": str(ROOT), **variables},
        )
        return Said(ended.returncode, ended.stdout.decode(), ended.stderr.decode())

    return started
