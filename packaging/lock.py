"""Lock the libraries anew: write requirements.txt and requirements-test.txt from pyproject.toml.

    python packaging/lock.py              keep every pin that still fits, add what is new
    python packaging/lock.py --upgrade    take the newest versions that fit

The two files hold versions and hashes of all platforms, with markers for Python 3.11 and newer, and no
address: pip asks the index the person has set. The work is done by uv, which is needed only here
(`pip install uv`). Each file begins with a fingerprint of what was asked for; a test says so when
pyproject.toml has moved on.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN_LOCK = ROOT / "packaging" / "requirements.txt"
TEST_LOCK = ROOT / "packaging" / "requirements-test.txt"
OLDEST_PYTHON = "3.11"


def wanted(pyproject: Path, *, tests: bool) -> list[str]:
    """Return the requirements that a lock must answer.

    Parameters
    ----------
    pyproject : Path
        The project's pyproject.toml.
    tests : bool
        True for the test lock. It also has what building the wheel needs: a test builds it without a network.
    """
    table = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    requirements: list[str] = list(table["project"]["dependencies"])
    if tests:
        requirements += table["project"]["optional-dependencies"]["test"]
        requirements += table["build-system"]["requires"]
    return sorted(requirements)


def fingerprint(requirements: Sequence[str]) -> str:
    """Return the line that ties a lock to what was asked for."""
    return "# asked for: sha256 " + hashlib.sha256(json.dumps(requirements).encode()).hexdigest()


def main(arguments: Sequence[str]) -> int:
    """Write both locks and return 0, or say why not and return uv's exit status."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.exists() else shutil.which("uv")
    if uv is None:
        print("uv is needed to lock: pip install uv", file=sys.stderr)
        return 1
    for lock, tests in ((RUN_LOCK, False), (TEST_LOCK, True)):
        requirements = wanted(ROOT / "pyproject.toml", tests=tests)
        command = [
            uv,
            "pip",
            "compile",
            "-",
            "--universal",
            "--python-version",
            OLDEST_PYTHON,
            "--generate-hashes",
        ]
        command += [
            "--no-header",
            "--no-annotate",
            "--no-emit-index-url",
            "--quiet",
            "--output-file",
            str(lock),
        ]
        if tests:
            command += ["--constraint", str(RUN_LOCK)]
        done = subprocess.run([*command, *arguments], input="\n".join(requirements), text=True, check=False)
        if done.returncode != 0:
            return done.returncode
        use = "the program and its tests" if tests else "the program"
        header = f"# Locked libraries of {use}; made by packaging/lock.py, not by hand.\n"
        pins = lock.read_text(encoding="utf-8")
        lock.write_text(header + fingerprint(requirements) + "\n" + pins, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
