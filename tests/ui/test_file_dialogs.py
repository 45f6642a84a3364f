"""Asking for a file leaves the open session alone."""

from __future__ import annotations

import os
import re
import sys
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtWidgets import QFileDialog, QFileSystemModel
from pytestqt.qtbot import QtBot

import app
from app.services.open_session import create_session
from app.ui.dialogs.files import FileDialog


def _locked_files() -> set[int]:
    """Inodes this process holds POSIX locks on."""
    lines = Path("/proc/locks").read_text(encoding="ascii").splitlines()
    fields = [line.split() for line in lines]
    own = str(os.getpid())
    return {int(words[5].rpartition(":")[2]) for words in fields if words[1] == "POSIX" and words[4] == own}


def _look_around(qtbot: QtBot, dialog: QFileDialog, folder: Path) -> None:
    qtbot.addWidget(dialog)
    # the desktop's own dialog runs elsewhere or not at all in a test
    dialog.setOption(QFileDialog.Option.DontUseNativeDialog)
    model = dialog.findChild(QFileSystemModel)
    assert isinstance(model, QFileSystemModel)
    with qtbot.waitSignal(model.directoryLoaded, timeout=60_000):
        dialog.setDirectory(str(folder))
        dialog.show()
    place = model.index(str(folder))
    qtbot.waitUntil(
        lambda: model.rowCount(place) > 1 and bool(model.type(model.index(0, 0, place))), timeout=60_000
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="locks are listed by Linux only")
def test_looking_for_a_file_keeps_the_locks_of_the_open_session(qtbot: QtBot, tmp_path: Path) -> None:
    with closing(create_session(tmp_path / "study.marrow")) as session:
        inodes = {path.stat().st_ino for path in (session.path, session.path.with_name("study.marrow-shm"))}
        assert inodes <= _locked_files()
        _look_around(qtbot, FileDialog(), tmp_path)
        assert inodes <= _locked_files()


def test_no_other_dialog_asks_for_a_file() -> None:
    asking = re.compile(r"\bQFileDialog(\(|\.get)")
    folder = Path(app.__file__).parent
    found = [path.name for path in folder.rglob("*.py") if asking.search(path.read_text(encoding="utf-8"))]
    assert found == []
