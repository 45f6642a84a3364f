"""Brings the table of keys to Qt: actions, tooltips and held keys, all of them anew when a key is changed.

What acts or speaks of a key carries the action's name as a property, so that one walk finds all of it.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QKeyCombination, QObject, Qt
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QWidget

from app.ui import present
from app.ui.keys import BY_NAME, DEFAULT, HELD, Keymap
from app.ui.present.keys import key_text

_ACTION = "keyAction"
_TIP = "keyTip"


def bind(action: QAction, name: str, keymap: Keymap = DEFAULT) -> None:
    """Give a Qt action the keys of an action of the table, now and whenever they change."""
    action.setObjectName(name)
    action.setProperty(_ACTION, name)
    action.setAutoRepeat(BY_NAME[name].repeats)
    _show_action(action, keymap)


def keyed(widget: QWidget, tip: str, name: str, keymap: Keymap = DEFAULT) -> None:
    """Give a widget a tooltip that names the key of an action, now and whenever it changes."""
    widget.setProperty(_TIP, tip)
    widget.setProperty(_ACTION, name)
    _show_tip(widget, keymap)


def show_keys(whole: QWidget, keymap: Keymap) -> None:
    """Use these keys on everything in a widget that :func:`bind` or :func:`keyed` was told of."""
    for found in (whole, *whole.findChildren(QObject)):
        if not found.property(_ACTION):
            continue
        if isinstance(found, QAction):
            _show_action(found, keymap)
        elif isinstance(found, QWidget):
            _show_tip(found, keymap)


def key_of(event: QKeyEvent) -> str:
    """A key with its modifiers as the table writes it; empty for a modifier alone.

    The keypad's digits are the keys of the main field, only its Enter has a name of its own.
    """
    key, modifiers = Qt.Key(event.key()), event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    if key in _MODIFIERS:
        return ""
    if key is Qt.Key.Key_Backtab:
        key, modifiers = Qt.Key.Key_Tab, modifiers | Qt.KeyboardModifier.ShiftModifier
    elif _is_sign(key):
        # the layout already used Shift to reach the sign: "?" is one key, on whatever keyboard
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeySequence(QKeyCombination(modifiers, key)).toString(QKeySequence.SequenceFormat.PortableText)


def held_by(keymap: Keymap, event: QKeyEvent) -> str | None:
    """The action that lasts as long as a key is down; None for every other key.

    With Ctrl or Alt it is another key. Pressed or let go meanwhile, they do not keep it from ending.
    """
    if event.type() is QEvent.Type.KeyPress and event.modifiers() & _OTHER_KEY:
        return None
    pressed = QKeySequence(event.key()).toString(QKeySequence.SequenceFormat.PortableText)
    return next((action.name for action in HELD if pressed in keymap.keys(action.name)), None)


_MODIFIERS = {
    Qt.Key.Key_Shift, Qt.Key.Key_Control, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr,
    Qt.Key.Key_Super_L, Qt.Key.Key_Super_R, Qt.Key.Key_CapsLock, Qt.Key.Key_NumLock, Qt.Key.Key_unknown,
}  # fmt: skip
_OTHER_KEY = (
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier | Qt.KeyboardModifier.MetaModifier
)


def _is_sign(key: Qt.Key) -> bool:
    """Whether a key is a printed sign that is neither letter nor space."""
    return Qt.Key.Key_Space < key < Qt.Key.Key_ydiaeresis and not chr(key).isalnum()


def _show_action(action: QAction, keymap: Keymap) -> None:
    name = str(action.property(_ACTION))
    action.setShortcuts([QKeySequence(key) for key in keymap.keys(name)])


def _show_tip(widget: QWidget, keymap: Keymap) -> None:
    tip, key = str(widget.property(_TIP)), keymap.first(str(widget.property(_ACTION)))
    widget.setToolTip(present.text("page.tip", page=tip, key=key_text(key)) if key else tip)
