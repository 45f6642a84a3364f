"""Folders that an old Chinese system named in bytes that are no UTF-8 stop no command and no answer."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app.services.open_session import last_viewer, open_session
from app.services.read_exam import worklist


@pytest.fixture
def odd(written: Path, tmp_path: Path) -> Path:
    if sys.platform != "linux":
        pytest.skip("only there a name is any bytes")
    folder = os.fsencode(tmp_path) + b"/" + "腰椎检查".encode("gbk")
    shutil.copytree(os.fsencode(written), folder)
    return Path(os.fsdecode(folder))


def test_inspecting_such_a_folder_answers_in_json_with_its_names(ask: Any, written: Path, odd: Path) -> None:
    told, plain = ask("inspect", odd), ask("inspect", written)
    assert [one["file"] for one in told["refused"]] == [f"{odd}/notes.txt"]
    assert str(told).replace(repr(str(odd))[1:-1], "X") == str(plain).replace(str(written), "X")


def test_inspecting_such_a_folder_answers_in_sentences(start: Any, odd: Path) -> None:
    said = start("inspect", odd, LC_ALL="C", PYTHONUTF8="0")
    assert (said.status, said.err) == (0, "")
    assert "notes.txt" in said.out
    assert "Traceback" not in said.out


def test_importing_such_a_folder_makes_one_exam_of_it(run: Any, odd: Path, tmp_path: Path) -> None:
    session = tmp_path / "study.marrow"
    for _ in range(2):
        said = run("import", odd, "--session", session)
        assert (said.status, said.err) == (0, "")
    opened = open_session(session)
    assert len(worklist(opened, last_viewer(opened))) == 1
    opened.close()
