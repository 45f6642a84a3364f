"""The very first step of the program."""

from __future__ import annotations

import multiprocessing

import pytest

from app import __main__
from app.cli import commands


def test_a_helper_process_of_a_frozen_program_is_served_before_any_command_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps: list[object] = []
    monkeypatch.setattr(multiprocessing, "freeze_support", lambda: steps.append("helper"))
    monkeypatch.setattr(commands, "run", lambda argv: steps.append(argv) or 0)
    assert __main__.main(["--version"]) == 0
    assert steps == ["helper", ["--version"]]


def test_a_helper_process_that_was_served_reads_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    def served() -> None:
        raise SystemExit(0)

    monkeypatch.setattr(multiprocessing, "freeze_support", served)
    monkeypatch.setattr(commands, "run", lambda argv: pytest.fail(f"read {argv}"))
    with pytest.raises(SystemExit):
        __main__.main(["--multiprocessing-fork"])
