"""While a study is blinded, every command that shows readings wants the coordinator's passphrase."""

from __future__ import annotations

import io
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app.cli import passphrase as cli_passphrase
from app.domain.maps import Quantity
from app.domain.protocol import LEVELS, Protocol
from app.domain.reading import Role, Viewer
from app.services.open_session import create_session
from app.services.sign_in import grant, set_secret
from app.store import audit, results, sessions
from app.store.database import open_database

SECRET = "marrow & fat"  # noqa: S105 - of a session that the test makes
# a value of the study, and who measured it
VALUE, READER = "41.875", "Bo Reader"
COMMANDS = {"analyse": (), "export": ("--out", "out"), "verify": ()}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    """A blinded study of which Ana coordinates and reads, and Bo has read a case."""
    session = create_session(tmp_path / "s.marrow", reader="Ana")
    database = session.database
    bo = sessions.add_reader(database, READER)
    with database.transaction():
        exam = database.insert(
            "INSERT INTO exam (code, origin, manufacturer, model, pixel_sha256, at_utc)"
            " VALUES ('C0001', 'dicom', '', '', '', '')"
        )
        means = {level: {Quantity.FF: float(VALUE), Quantity.R2STAR: 150.0} for level in LEVELS}
        results.add_table_reading(
            database, exam, bo.id, means, protocol_id=1, software="", at_utc="2026-01-01T00:00:00.000+00:00"
        )
        sessions._insert_protocol(database, replace(Protocol(), version=2, blinded=True), "2026")
        audit.append(database, actor="Ana", action="protocol.changed", subject="session")
    set_secret(session, 1, SECRET)
    grant(session, 1, {Role.COORDINATOR})
    ana = Viewer(sessions.readers(database)[0], Role.COORDINATOR)
    grant(session, bo.id, {Role.READER}, viewer=ana)
    session.close()
    return session.path


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody sits at the terminal, and the environment says nothing."""
    monkeypatch.delenv(cli_passphrase.VARIABLE, raising=False)
    monkeypatch.setattr(sys, "stdin", io.StringIO())


def _arguments(command: str, study: Path) -> tuple[object, ...]:
    options = (study.parent / one if one == "out" else one for one in COMMANDS[command])
    return (command, "--session", study, *options)


@pytest.mark.parametrize("secret", [None, "", "not the one", SECRET.upper()])
@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_says_nothing_without_the_passphrase(
    run: Any, study: Path, monkeypatch: pytest.MonkeyPatch, command: str, secret: str | None
) -> None:
    if secret is not None:
        monkeypatch.setenv(cli_passphrase.VARIABLE, secret)
    said = run(*_arguments(command, study))
    assert (said.status, said.out) == (1, "")
    assert "blinded round" in said.err if not secret else "passphrase" in said.err
    assert not (study.parent / "out").exists()
    for told in (VALUE, READER):
        assert told not in said.err


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_runs_with_the_passphrase_from_the_environment(
    run: Any, study: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.setenv(cli_passphrase.VARIABLE, SECRET)
    said = run(*_arguments(command, study))
    assert (said.status, said.err) == (0, "")
    assert said.out
    if command == "export":
        assert VALUE in (study.parent / "out" / "s-long.csv").read_text(encoding="utf-8-sig")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_person_at_the_terminal_is_asked(run: Any, study: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def answer(words: str, stream: object) -> str:
        asked.append((words, stream is sys.stderr))
        return SECRET

    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr(cli_passphrase, "getpass", answer)
    assert run(*_arguments("analyse", study)).status == 0
    assert asked == [("Passphrase of the coordinator: ", True)]


def test_nobody_is_asked_where_nothing_is_closed(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", _Terminal())
    monkeypatch.setattr(cli_passphrase, "getpass", lambda *_: pytest.fail("asked"))
    create_session(tmp_path / "open.marrow").close()
    assert run("export", "--session", tmp_path / "open", "--out", tmp_path / "out").status == 0


def test_without_a_terminal_at_all_the_study_stays_closed(
    run: Any, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(*_arguments("analyse", study)).status == 1


def test_a_coordinator_who_reads_too_gives_a_reason_that_is_kept(
    run: Any, study: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(open_database(study)) as database:
        ana = Viewer(sessions.readers(database)[0], Role.COORDINATOR)
        from app.services.open_session import Session  # noqa: PLC0415 - used here only

        grant(Session(database, synthetic=False), 1, frozenset(Role), viewer=ana)
    monkeypatch.setenv(cli_passphrase.VARIABLE, SECRET)
    said = run(*_arguments("analyse", study))
    assert (said.status, said.out) == (1, "")
    assert "say why" in said.err
    assert run(*_arguments("analyse", study), "--reason", "asked by the sponsor").status == 0
    with closing(open_database(study)) as database:
        assert audit.entries(database)[-1].reason == "asked by the sponsor"


def test_an_import_into_a_blinded_study_wants_the_passphrase_too(
    run: Any, study: Path, written: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = run("import", written, "--session", study)
    assert (said.status, said.out) == (1, "")
    monkeypatch.setenv(cli_passphrase.VARIABLE, SECRET)
    assert run("import", written, "--session", study).status == 0


def test_the_program_started_for_itself_stays_closed_too(start: Any, study: Path) -> None:
    said = start("analyse", "--session", study, MARROWMARK_PASSPHRASE="not the one")  # noqa: S106 - a wrong one
    assert (said.status, said.out) == (1, "")
    assert "passphrase" in said.err
