"""The steps of the set-up: what it decides, and what it says when it cannot go on. Nothing is installed."""

import dataclasses
import errno
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

SYSTEM = "libgl1 xvfb"

HASH_MISMATCH = "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."
OFFLINE = """\
WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError(': Failed to
establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/numpy/
ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: none)
ERROR: No matching distribution found for numpy==2.4.6
"""
NO_PACKAGE = """\
ERROR: Could not find a version that satisfies the requirement numpy==2.4.6 (from versions: 1.0, 1.1)
ERROR: No matching distribution found for numpy==2.4.6
"""


def let_pip_end(
    made: object, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, *outcome: object
) -> None:
    monkeypatch.setattr(type(made), "_pip_install", lambda _self, _lock: setup.console.Outcome(*outcome))


# ---- the environment and its record


def test_a_finished_set_up_is_known_again(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pip_end(environment, setup, monkeypatch, 0, "")
    environment.fill("run")
    assert not environment.is_ready("run", SYSTEM)
    environment.note_system("run", SYSTEM)
    assert environment.is_ready("run", SYSTEM)
    assert not environment.is_ready("test", SYSTEM)


def test_the_test_lock_serves_the_program_too(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pip_end(environment, setup, monkeypatch, 0, "")
    environment.fill("test")
    let_pip_end(environment, setup, monkeypatch, 1, "must not be called")
    environment.fill("run")
    assert set(environment.record().locks) == {"run", "test"}


def test_a_changed_lock_is_installed_and_the_test_tools_are_looked_at_again(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pip_end(environment, setup, monkeypatch, 0, "")
    environment.fill("test")
    for use in ("run", "test"):
        environment.note_system(use, SYSTEM)
    environment.lock_file("run").write_text("a==3\n", encoding="utf-8")
    assert not environment.is_ready("run", SYSTEM)
    environment.fill("run")
    assert environment.is_ready("run", SYSTEM)
    assert not environment.is_ready("test", SYSTEM)


def test_a_longer_list_of_system_packages_is_looked_at_again(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pip_end(environment, setup, monkeypatch, 0, "")
    environment.fill("run")
    environment.note_system("run", SYSTEM)
    assert not environment.is_ready("run", SYSTEM + " libegl1")


@pytest.mark.parametrize(
    "damage",
    [{"state": "making"}, {"maker": "CPython 3.10 x86_64 /elsewhere"}],
    ids=["interrupted", "of another Python"],
)
def test_an_unusable_environment_is_made_anew(
    environment: Any,
    setup: SimpleNamespace,
    monkeypatch: pytest.MonkeyPatch,
    damage: dict[str, str],
) -> None:
    environment.write(dataclasses.replace(environment.record(), **damage))
    left_over = environment.folder / "half a library"
    left_over.touch()
    monkeypatch.setattr(setup.environment, "run_quietly", lambda _command: setup.console.Outcome(0, ""))
    environment.make()
    assert not left_over.exists()
    assert environment.record() == setup.environment.Record("ready", environment.maker)


def test_a_damaged_record_counts_as_half_made(environment: Any, setup: SimpleNamespace) -> None:
    environment.record_file.write_text('{"state": "rea', encoding="utf-8")
    assert environment.record() == setup.environment.Record("making", "")


def test_a_usable_environment_is_left_alone(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.environment, "run_quietly", lambda _command: pytest.fail("made again"))
    environment.make()
    assert environment.python.exists()


def test_an_environment_of_somebody_else_is_not_deleted(setup: SimpleNamespace, clone: Path) -> None:
    own = clone / ".venv" / "pyvenv.cfg"
    own.parent.mkdir()
    own.touch()
    with pytest.raises(setup.console.SetupStoppedError, match="not made by this script"):
        setup.environment.Environment(clone).make()
    assert own.exists()


def test_a_failed_download_leaves_the_old_environment_usable(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_pip_end(environment, setup, monkeypatch, 1, OFFLINE)
    before = environment.record()
    with pytest.raises(setup.console.SetupStoppedError, match="offline"):
        environment.fill("run")
    assert environment.record() == before


@pytest.mark.parametrize(
    "output", ["OSError: [Errno 28] No space left on device", "a reason never seen before"]
)
def test_an_installation_broken_off_inside_is_remembered_as_half_made(
    environment: Any, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, output: str
) -> None:
    let_pip_end(environment, setup, monkeypatch, 1, output)
    with pytest.raises(setup.console.SetupStoppedError, match=r"No space left|never seen before"):
        environment.fill("run")
    assert environment.record().state == "making"


def test_an_interruption_during_the_installation_is_remembered(
    environment: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_self: object, _lock: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(environment), "_pip_install", interrupted)
    with pytest.raises(KeyboardInterrupt):
        environment.fill("run")
    assert environment.record().state == "making"


# ---- what failed, told to a person


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (OFFLINE, "offline, or a firewall"),
        (HASH_MISMATCH, "not the one this version"),
        (NO_PACKAGE, "no ready-made package"),
        (
            "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] ...",
            "certificate is not trusted",
        ),
        ("ERROR: HTTP error 403 Client Error: Forbidden for url", "refused the request"),
        ("ERROR: Could not install packages: [Errno 28] No space left on device", "The disk is full"),
        ("ERROR: [Errno 13] Permission denied: '.venv/lib'", "no permission to write"),
    ],
)
def test_every_known_trouble_of_an_installation_is_explained(
    setup: SimpleNamespace, output: str, told: str
) -> None:
    assert told in setup.troubles.told_failure("It failed.", setup.console.Outcome(1, output))


def test_repeated_attempts_are_not_shown_and_long_lines_are_cut(setup: SimpleNamespace) -> None:
    shown = setup.console.Outcome(1, OFFLINE + "x" * 1000).last_lines()
    assert "Retrying" not in shown
    assert "No matching distribution found" in shown
    assert max(map(len, shown.splitlines())) < 170


def test_an_unknown_trouble_is_shown_in_the_tools_own_words(setup: SimpleNamespace) -> None:
    outcome = setup.console.Outcome(1, "one\n\ntwo\nthree\n")
    assert outcome.last_lines(2) == "    two\n    three"
    assert setup.troubles.told_failure("It failed.", outcome) == "It failed.\n    one\n    two\n    three"


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, "The disk is full"), (errno.EROFS, "no permission"), (errno.EIO, "")]
)
def test_an_error_of_the_system_is_explained_where_its_reason_is_known(
    setup: SimpleNamespace, number: int, told: str
) -> None:
    error = OSError(number, os.strerror(number), "place")
    assert os.strerror(number) in setup.troubles.told_error(error)
    assert told in setup.troubles.told_error(error)


def test_a_failed_set_up_ends_with_status_1_and_its_sentence(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_arguments: object) -> None:
        raise setup.console.SetupStoppedError("so it is")

    monkeypatch.setattr(setup.commands, "set_up", stopped)
    assert setup.commands.carry_out(["run"], "") == 1
    assert capsys.readouterr().err == "so it is\n"


def test_an_interrupted_set_up_says_how_to_go_on(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(setup.commands, "set_up", interrupted)
    assert setup.commands.carry_out(["test"], "") == 130
    assert "start the same command again" in capsys.readouterr().err.lower()


# ---- what the system lacks


class PretendedSystem:
    """A Linux on which chosen things are missing and apt may or may not be used."""

    def __init__(self, setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lacking: set[str] = set()
        self.may_install = False
        self.qt_loads = True
        packages = setup.system_packages
        monkeypatch.setattr(sys, "platform", "linux")
        monkeypatch.setattr(packages, "is_there", lambda need: need.package not in self.lacking)
        monkeypatch.setattr(packages, "apt_is_here", lambda: True)
        monkeypatch.setattr(packages, "install", self.install)
        kind = setup.environment.Environment
        monkeypatch.setattr(kind, "_pip_install", lambda _self, _lock: setup.console.Outcome(0, ""))
        monkeypatch.setattr(kind, "qt_loads", lambda _self, display: self.qt_loads)

    def install(self, needs: list[SimpleNamespace]) -> bool:
        if self.may_install:
            self.lacking -= {need.package for need in needs}
        return self.may_install


@pytest.fixture
def system(setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> PretendedSystem:
    return PretendedSystem(setup, monkeypatch)


def test_what_is_missing_is_installed_where_that_is_allowed(
    setup: SimpleNamespace, environment: Any, system: PretendedSystem
) -> None:
    system.lacking, system.may_install = {"libegl1", "xvfb"}, True
    setup.commands.set_up(environment, "test")
    assert not system.lacking
    assert environment.record().locks.keys() == {"run", "test"}


def test_the_window_tools_are_not_asked_for_to_run(
    setup: SimpleNamespace,
    environment: Any,
    system: PretendedSystem,
    capsys: pytest.CaptureFixture[str],
) -> None:
    system.lacking = {"xvfb", "xdotool"}
    setup.commands.set_up(environment, "run")
    assert capsys.readouterr().err == ""


def test_a_system_without_venv_stops_with_the_one_command(
    setup: SimpleNamespace, environment: Any, system: PretendedSystem
) -> None:
    venv = f"python3.{sys.version_info.minor}-venv"
    system.lacking = {venv, "libegl1"}
    with pytest.raises(setup.console.SetupStoppedError, match=f"apt-get install .*{venv} libegl1"):
        setup.commands.set_up(environment, "run")


def test_missing_libraries_are_named_but_do_not_stop_a_qt_that_loads(
    setup: SimpleNamespace,
    environment: Any,
    system: PretendedSystem,
    capsys: pytest.CaptureFixture[str],
) -> None:
    system.lacking = {"libxcb-cursor0"}
    setup.commands.set_up(environment, "run")
    assert "apt-get install --no-install-recommends libxcb-cursor0" in capsys.readouterr().err
    setup.commands.set_up(environment, "run")
    assert capsys.readouterr().err == ""


def test_missing_libraries_stop_a_qt_that_does_not_load(
    setup: SimpleNamespace, environment: Any, system: PretendedSystem
) -> None:
    system.lacking, system.qt_loads = {"libegl1"}, False
    with pytest.raises(setup.console.SetupStoppedError, match=r"Qt cannot load[\s\S]*libegl1"):
        setup.commands.set_up(environment, "run")
    system.lacking = set()
    setup.commands.set_up(environment, "run")
    assert environment.record().system.keys() == {"run"}


def test_windows_and_macos_are_asked_for_nothing(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(setup.system_packages, "is_there", lambda _need: False)
    assert setup.system_packages.missing(setup.system_packages.TO_TEST) == ()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux is asked")
@pytest.mark.parametrize(
    ("kind", "present", "absent"),
    [
        ("library", "libc.so.6", "libnothing-of-this-name.so.1"),
        ("program", "sh", "no-program-of-this-name"),
        ("module", "json", "no_module_of_this_name"),
    ],
)
def test_what_the_system_has_is_found_and_what_it_lacks_is_not(
    setup: SimpleNamespace, kind: str, present: str, absent: str
) -> None:
    need = setup.system_packages.Need
    assert setup.system_packages.is_there(need("p", kind, (absent, present)))
    assert not setup.system_packages.is_there(need("p", kind, (absent,)))


def test_one_of_several_fonts_is_enough(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(setup.system_packages, "FONT_FOLDERS", (tmp_path, tmp_path / "nowhere"))
    need = setup.system_packages.Need("fonts", "font", ("first.ttc", "NotoSansCJK-*.ttc"))
    assert not setup.system_packages.is_there(need)
    (tmp_path / "noto").mkdir()
    (tmp_path / "noto" / "NotoSansCJK-Regular.ttc").touch()
    assert setup.system_packages.is_there(need)


def test_a_system_without_apt_is_told_what_to_look_for(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(setup.system_packages, "apt_is_here", lambda: False)
    need = setup.system_packages.Need("libegl1", "library", ("libEGL.so.1",))
    assert not setup.system_packages.install([need])
    told = setup.system_packages.advice([need])
    assert "libEGL.so.1" in told
    assert "apt-get" not in told


def test_nothing_is_installed_where_a_password_would_be_asked(
    setup: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []

    def refuse(command: list[str]) -> SimpleNamespace:
        asked.append(command)
        return SimpleNamespace(status=1, output="a password is required")

    monkeypatch.setattr(setup.system_packages, "apt_is_here", lambda: True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    monkeypatch.setattr(setup.system_packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    monkeypatch.setattr(setup.system_packages, "run_quietly", refuse)
    need = setup.system_packages.Need("libegl1", "library", ("libEGL.so.1",))
    assert not setup.system_packages.install([need])
    assert asked == [["sudo", "-n", "true"]]
    assert setup.system_packages.advice([need]).startswith("sudo sh -c 'apt-get update && ")
    monkeypatch.setattr(setup.system_packages.shutil, "which", lambda name: None if name == "sudo" else name)
    assert setup.system_packages.advice([need]).startswith("su -c 'apt-get update && ")
