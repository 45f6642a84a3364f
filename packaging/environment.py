"""The project's own virtual environment, .venv: made, filled from the lock, known again at the next start.

A small file inside .venv, the record, says what was installed. It is written as `making` before anything is
touched and as `ready` only after, so an interrupted set-up is recognised and made anew.
"""

import contextlib
import dataclasses
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from console import Outcome, SetupStoppedError, complain, run_quietly, say
from troubles import NEEDED_MB, known_trouble, told_failure

DOWNLOAD_MB = 170
RECORD_NAME = "marrowmark-setup.json"
LOCKS = {"run": "requirements.txt", "test": "requirements-test.txt"}


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of an environment.

    Attributes
    ----------
    state : str
        `making` while it is being changed, `ready` after.
    maker : str
        The Python and the place it was made for; another one needs a new environment.
    locks : mapping of str to str
        SHA-256 of the lock file last installed, by its use (`run`, `test`).
    system : mapping of str to str
        By use, the packages of the system that have been seen to.
    """

    state: str
    maker: str
    locks: Mapping[str, str] = field(default_factory=dict)
    system: Mapping[str, str] = field(default_factory=dict)


class Environment:
    """The virtual environment of one clone of the project.

    Parameters
    ----------
    root : Path
        The project's folder, the one with pyproject.toml.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / ".venv"
        self.record_file = self.folder / RECORD_NAME
        # scripts in an environment name its folder, so a moved project needs a new one
        python = f"{platform.python_implementation()} {sys.version_info[0]}.{sys.version_info[1]}"
        self.maker = f"{python} {platform.machine()} {root}"

    @property
    def scripts(self) -> Path:
        """The folder of the environment's commands."""
        return self.folder / ("Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> Path:
        """The environment's own Python."""
        return self.scripts / ("python.exe" if os.name == "nt" else "python")

    def lock_file(self, use: str) -> Path:
        """Return the lock file of a use, `run` or `test`."""
        return self.root / "packaging" / LOCKS[use]

    def record(self) -> Record | None:
        """Read the record; None where there is none or where it is damaged."""
        try:
            kept = json.loads(self.record_file.read_text(encoding="utf-8"))
            return Record(kept["state"], kept["maker"], dict(kept["locks"]), dict(kept["system"]))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (ValueError, KeyError, TypeError):
            return Record("making", "")

    def write(self, record: Record) -> None:
        """Replace the record in one step."""
        self.folder.mkdir(exist_ok=True)
        draft = self.record_file.with_suffix(".new")
        draft.write_text(json.dumps(dataclasses.asdict(record), indent=1), encoding="utf-8")
        draft.replace(self.record_file)

    def _usable(self, record: Record | None) -> Record | None:
        """Return the record if the environment it speaks of can be used by this Python."""
        good = (
            record is not None
            and record.state == "ready"
            and record.maker == self.maker
            and self.python.exists()
        )
        return record if good else None

    def is_ready(self, use: str, system: str) -> bool:
        """Tell whether nothing at all is left to do for a use that wants these packages of the system."""
        record = self._usable(self.record())
        if record is None or record.system.get(use) != system:
            return False
        return record.locks.get(use) == self._lock_hash(use)

    def _lock_hash(self, use: str) -> str:
        return hashlib.sha256(self.lock_file(use).read_bytes()).hexdigest()

    def make(self) -> None:
        """Make an empty environment unless a usable one is there; a half-made one is made anew.

        Raises
        ------
        SetupStoppedError
            Where .venv is somebody else's, or cannot be made.
        """
        record = self.record()
        if self._usable(record):
            return
        if record is None and self.folder.exists() and any(self.folder.iterdir()):
            raise SetupStoppedError(
                f"{self.folder} is there already and was not made by this script. "
                "Rename or delete it, then start again."
            )
        if record is not None:
            why = "belongs to another Python or place" if record.state == "ready" else "was left half-made"
            say(f"The environment in .venv {why}: making it anew.")
            shutil.rmtree(self.folder)
        say(f"Making the environment {self.folder}")
        self.write(Record("making", self.maker))
        made = run_quietly([sys.executable, "-I", "-m", "venv", str(self.folder)])
        if made.status != 0:
            raise SetupStoppedError(told_failure("The environment could not be made.", made))
        self.write(Record("ready", self.maker))

    def fill(self, use: str) -> None:
        """Install the lock of a use unless just that is installed already.

        Raises
        ------
        SetupStoppedError
            Where pip fails, with the reason where it is a known one.
        """
        record = self._usable(self.record())
        if record is None:
            raise SetupStoppedError("The environment is not there. Start the same command again.")
        if record.locks.get(use) == self._lock_hash(use):
            return
        lock = self.lock_file(use)
        count = sum("==" in line for line in lock.read_text(encoding="utf-8").splitlines())
        say(f"Installing the {count} locked libraries of {lock.name}; at first this takes some minutes.")
        self.write(dataclasses.replace(record, state="making"))
        installed = self._pip_install(lock)
        if installed.status != 0:
            known = known_trouble(installed.output)
            if known and known.before_installing:
                self.write(record)
            raise SetupStoppedError(told_failure("The libraries could not be installed.", installed))
        # the test lock holds every pin of the other; after the other the test tools may be stale
        served = LOCKS if use == "test" else (use,)
        self.write(dataclasses.replace(record, locks={name: self._lock_hash(name) for name in served}))

    def note_system(self, use: str, packages: str) -> None:
        """Record that the system's packages have been seen to, so that the next start need not look."""
        record = self.record()
        if record is not None:
            self.write(dataclasses.replace(record, system={**record.system, use: packages}))

    def _pip_install(self, lock: Path) -> Outcome:
        """Run pip with its progress on the terminal and its complaints kept."""
        shown = sys.stdout.isatty()
        # a library without a ready-made package would be compiled for half an hour, or fail unreadably
        options = ["--require-hashes", "--only-binary=:all:", "--no-user", "--no-input"]
        options += ["--disable-pip-version-check", f"--requirement={lock}"]
        command = [str(self.python), "-I", "-m", "pip", "install", *options]
        started = subprocess.Popen(
            command if shown else [*command, "--quiet"],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        with started:
            complaints = started.stderr.read() if started.stderr else ""
        return Outcome(started.returncode, complaints)

    def variables(self) -> dict[str, str]:
        """Return the variables with which the program's code is found from whatever folder it is started."""
        inherited = os.environ.get("PYTHONPATH")
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(self.root), inherited)))}

    def qt_loads(self, *, display: bool) -> bool:
        """Tell whether a Qt application can be made with the libraries that are there."""
        variables = dict(os.environ) if display else {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
        probe = "from PySide6.QtWidgets import QApplication; QApplication([])"
        return run_quietly([str(self.python), "-I", "-c", probe], variables).status == 0


def warn_of_little_room(root: Path) -> None:
    """Say so beforehand where the disk has too little room."""
    with contextlib.suppress(OSError):
        free_mb = shutil.disk_usage(root).free // 1_000_000
        if free_mb < NEEDED_MB:
            complain(f"Only {free_mb} MB are free on this disk, the environment needs about {NEEDED_MB} MB.")
