"""Paragraphs to be read, marked and copied."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QTextEdit, QWidget

from app.ui.sentences import label
from app.ui.tabs.content import Prose


class ProseView(QTextEdit):
    """Shows one :class:`Prose`; scrolls when the window is too low for it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setReadOnly(True)
        self.setAccessibleName(label("cohort.title.methods"))
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setTabChangesFocus(True)

    def show_prose(self, prose: Prose) -> None:
        """Replace the paragraphs."""
        # criteria hold < and >
        told = (f"<h4>{escape(head)}</h4><p>{escape(text)}</p>" for head, text in prose.paragraphs)
        self.setHtml("".join(told))
