"""Small pieces every page is made of, so that the style sheet finds them by role."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QPushButton, QWidget

from app.ui import sentences


def named(widget: QWidget, name: str) -> QWidget:
    """Give a widget the name the style sheet knows, and let it paint its background."""
    widget.setObjectName(name)
    return widget


def words(text: str = "", role: str = "") -> QLabel:
    """Make a label with a role of the style sheet."""
    label = QLabel(text)
    if role:
        label.setProperty("role", role)
    return label


def button(code: str, *, role: str = "", key: str = "") -> QPushButton:
    """Make a button with the words of a code, and a tooltip that names its key."""
    text = sentences.label(code)
    made = QPushButton(text)
    if role:
        made.setProperty("role", role)
    made.setToolTip(sentences.label("page.tip", page=text, key=key) if key else text)
    return made
