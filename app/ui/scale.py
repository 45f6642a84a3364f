"""Sizes follow the size of the system's letters."""

from __future__ import annotations

from PySide6.QtWidgets import QApplication

# the size the window was drawn for; where a system's own letters are smaller, these are used nevertheless
SMALLEST_PT = 10.0
# height of a line of them, in pixels
_LINE = 16


def letters_pt() -> float:
    """Size of ordinary words, in points."""
    return max(QApplication.font().pointSizeF(), SMALLEST_PT)


def row_height(pixels: int) -> int:
    """A height that was drawn for one line: its letters grow, the room around them stays."""
    return pixels + scaled(_LINE) - _LINE


def scaled(pixels: float) -> int:
    """A size that was drawn for the smallest letters, with the letters of this system."""
    return round(pixels * letters_pt() / SMALLEST_PT)
