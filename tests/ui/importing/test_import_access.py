"""The import dialog by keyboard and by ear."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QWidget

from app.ui.import_row import Kind

Complaints = Callable[[QWidget], list[str]]


@pytest.mark.parametrize("kind", ["plain", "canon", "nameless", "lossy"])
def test_the_import_dialog_can_be_walked_and_told(
    hand: Any, look: Any, images: Path, complaints: Complaints, kind: str
) -> None:
    dialog = hand.open(look(kind), images)
    if dialog.tree.all_of(Kind.EXAM):
        hand.select(hand.find(Kind.EXAM))
    assert complaints(dialog) == []
