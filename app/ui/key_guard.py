"""Whom a key belongs to: what is typed goes to the field, and a focused control keeps its own keys.

Qt asks the focused widget first, then its parents, whether a key is claimed before it becomes a shortcut. The
window answers here for whoever stayed silent.
"""

from __future__ import annotations

from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from app.ui.keys import BY_NAME, Keymap, Scope
from app.ui.shortcuts import key_of

_TEXT = (QLineEdit, QAbstractSpinBox, QTextEdit, QPlainTextEdit)
_CHOICES = (QAbstractItemView, QComboBox, QTabBar)
# how one comes to a control and presses it, and how one moves inside a list of choices
_OF_CONTROLS = {"Tab", "Shift+Tab", "Return", "Enter", "Space"}
_OF_CHOICES = {"Up", "Down", "Left", "Right", "PgUp", "PgDown", "Home", "End"}


def claims(focus: QWidget | None, event: QKeyEvent, keymap: Keymap) -> bool:
    """Whether a key belongs to the focused widget and must not become an action of the Read page.

    Parameters
    ----------
    focus : QWidget or None
        What has the keyboard.
    event : QKeyEvent
        The key that is about to become a shortcut.
    keymap : Keymap
        Which keys do what.
    """
    key = key_of(event)
    holder = keymap.holder(key)
    if isinstance(focus, _TEXT):
        # Escape leaves a field, and what belongs to the whole window has nothing to do with what is typed
        return holder is None or (BY_NAME[holder].scope is Scope.READ and holder != "let_go")
    if isinstance(focus, _CHOICES) and key in _OF_CHOICES:
        return True
    return isinstance(focus, (QAbstractButton, *_CHOICES)) and key in _OF_CONTROLS


def presses(focus: QWidget | None, event: QKeyEvent) -> bool:
    """Press the focused button with Enter, as Space does; False where the key means something else."""
    if (
        isinstance(focus, QAbstractButton)
        and key_of(event) in {"Return", "Enter"}
        and not event.isAutoRepeat()
    ):
        focus.click()
        return True
    return False
