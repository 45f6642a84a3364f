"""Find the files the program brings along, installed or straight from the source tree."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path


def resource(*parts: str) -> Traversable:
    """Locate a file or folder of ``resources/``.

    The wheel carries the folder as ``app.resources``; a source tree has it beside ``app``.
    """
    try:
        root: Traversable = files("app.resources")
    except ModuleNotFoundError:
        root = Path(__file__).resolve().parents[2] / "resources"
    return root.joinpath(*parts)
