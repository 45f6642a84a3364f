"""The two commands of the set-up script: run the program, run its tests."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import suite
import system_packages
from console import SetupStoppedError, complain, say
from environment import DOWNLOAD_MB, Environment, warn_of_little_room
from troubles import told_error

ROOT = Path(__file__).resolve().parent.parent


def carry_out(arguments: Sequence[str], help_text: str) -> int:
    """Carry out a command line.

    Parameters
    ----------
    arguments : sequence of str
        The command line without the script's name.
    help_text : str
        What `--help` prints.

    Returns
    -------
    int
        The exit status: the program's or the tests' own, 1 where the set-up failed, 2 for wrong usage.
    """
    usage = help_text.format(download_mb=DOWNLOAD_MB)
    command, *rest = arguments or ("",)
    if command in ("-h", "--help"):
        say(usage)
        return 0
    if command not in ("run", "test"):
        complain(f"There is no command {command!r}.\n\n{usage}" if command else usage)
        return 2
    try:
        environment = Environment(ROOT)
        set_up(environment, command)
        return run(environment, rest) if command == "run" else suite.run(environment, rest)
    except SetupStoppedError as stopped:
        complain(str(stopped))
    except OSError as error:
        complain(told_error(error))
    except KeyboardInterrupt:
        complain("Interrupted. Start the same command again; it goes on from here.")
        return 130
    return 1


def set_up(environment: Environment, use: str) -> None:
    """Bring the environment and the system's libraries into the state a use needs; at once where they are.

    Parameters
    ----------
    environment : Environment
        The project's environment.
    use : str
        `run` or `test`.

    Raises
    ------
    SetupStoppedError
        With a sentence that says what to do.
    """
    needs = system_packages.TO_TEST if use == "test" else system_packages.TO_RUN
    packages = " ".join(need.package for need in needs)
    if environment.is_ready(use, packages):
        return
    warn_of_little_room(environment.root)
    lacking = system_packages.missing((system_packages.VENV, *needs))
    if lacking:
        system_packages.install(lacking)
        lacking = system_packages.missing(lacking)
    if system_packages.VENV in lacking:
        raise SetupStoppedError(
            "This Python cannot make virtual environments. Install what is missing, then start again:\n"
            f"    {system_packages.advice(lacking)}"
        )
    environment.make()
    environment.fill(use)
    if lacking:
        go_on_without(environment, lacking)
    environment.note_system(use, packages)


def go_on_without(environment: Environment, lacking: Sequence[system_packages.Need]) -> None:
    """Say what the system lacks, and stop where Qt cannot load without it."""
    command = f"    {system_packages.advice(lacking)}"
    if not environment.qt_loads(display=has_display()):
        raise SetupStoppedError(
            f"Qt cannot load: libraries of the system are missing. Install them, then start again:\n{command}"
        )
    complain(
        f"Some things are missing in the system; MarrowMark goes on without them. To install them:\n{command}"
    )


def has_display() -> bool:
    """Tell whether a window can be shown."""
    if not sys.platform.startswith("linux"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def program_arguments(given: Sequence[str], *, display: bool) -> list[str]:
    """Return the program's own arguments: those given, else the demo, off-screen without a display."""
    if given:
        return list(given)
    return ["demo"] if display else ["demo", "--headless"]


def run(environment: Environment, given: Sequence[str]) -> int:
    """Start the program in the folder of the person and return its exit status."""
    # -P keeps a folder named app, wherever the person stands, from being taken for the program
    command = [str(environment.python), "-P", "-m", "app", *program_arguments(given, display=has_display())]
    if os.name == "posix":
        _become(command, environment.variables())
    try:
        return subprocess.run(command, env=environment.variables(), check=False).returncode
    except KeyboardInterrupt:
        return 130


def _become(command: Sequence[str], variables: dict[str, str]) -> NoReturn:
    """Let the program take this process's place, so that signals and its exit status are its own."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(command[0], list(command), variables)  # noqa: S606  (no shell is wanted)
