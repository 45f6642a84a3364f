"""Small questions of the Read page, at the panel: a list to choose from, and one line to write in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Generic, TypeVar

from PySide6.QtCore import QEvent, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QLineEdit, QMenu, QWidget

Chosen = TypeVar("Chosen")


class Choice(QMenu, Generic[Chosen]):
    """A list at the panel: arrow keys or first letters choose, Enter takes, Esc leaves it as it is.

    Parameters
    ----------
    options : mapping of object to str
        What can be chosen, with its words.
    """

    def __init__(self, options: Mapping[Chosen, str], parent: QWidget) -> None:
        super().__init__(parent)
        self._title = self._add("")
        # a heading, not a choice
        self._title.setEnabled(False)
        self._offered = {self._add(_by_letter(told)): one for one, told in options.items()}

    def event(self, event: QEvent) -> bool:
        """Claim letters before the page's shortcuts do: here they choose."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.text() and event.text().isprintable():
            event.accept()
            return True
        return super().event(event)

    def _add(self, told: str) -> QAction:
        action = QAction(told, self)
        self.addAction(action)
        return action

    def chosen(self, action: QAction) -> Chosen | None:
        """What an entry stands for; None for one that is not of the list."""
        return self._offered.get(action)

    def ask(self, title: str, beside: QWidget, now: Chosen | None = None) -> None:
        """Open above a widget, on the entry that holds now."""
        self._title.setText(title.replace("&", "&&"))
        start = next((action for action, one in self._offered.items() if one == now), None)
        self.setActiveAction(start or next(iter(self._offered)))
        corner = beside.mapToGlobal(QPoint(0, 0))
        self.popup(corner - QPoint(0, self.sizeHint().height()))


def _by_letter(told: str) -> str:
    """Words that their first letter chooses."""
    return "&" + told[:1].upper() + told[1:].replace("&", "&&")


# the keys come back to the line when a menu closes or the window is in front again
_PASSING = {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}


class NoteLine(QLineEdit):
    """A line that keeps Enter for itself: on this page it signs off everywhere else.

    Signals
    -------
    left
        The hand went on to something else.
    """

    left = Signal()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Say that the hand went on."""
        super().focusOutEvent(event)
        if event.reason() not in _PASSING:
            self.left.emit()

    def event(self, event: QEvent) -> bool:
        """Claim Enter before the page's shortcut does."""
        override = event.type() is QEvent.Type.ShortcutOverride
        if override and isinstance(event, QKeyEvent) and event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            event.accept()
            return True
        return super().event(event)

    def ask(self, what: str, text: str = "") -> None:
        """Show itself with a question, and take the keys."""
        self.setPlaceholderText(what)
        self.setAccessibleName(what)
        self.setText(text)
        self.show()
        self.setFocus()
        self.selectAll()
