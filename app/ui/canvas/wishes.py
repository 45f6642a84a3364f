"""Mouse events in the words of the presets."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent

from app.ui.canvas.mouse_presets import Beside, Button, Does, MousePreset

_BUTTONS = {
    Qt.MouseButton.LeftButton: Button.LEFT,
    Qt.MouseButton.MiddleButton: Button.MIDDLE,
    Qt.MouseButton.RightButton: Button.RIGHT,
}


def wish(
    preset: MousePreset, event: QMouseEvent | QWheelEvent, *, pan_key: bool = False, empty: bool = False
) -> Does | None:
    """What a press or a turn of the wheel asks of the picture.

    Parameters
    ----------
    preset : MousePreset
        The table that is asked.
    event : QMouseEvent or QWheelEvent
        The press or the turn.
    pan_key : bool
        The key of the action ``pan`` is down.
    empty : bool
        Nothing can be taken or placed where the pointer is.
    """
    button = Button.WHEEL if isinstance(event, QWheelEvent) else _BUTTONS.get(event.button())
    if button is None:
        return None
    held = {
        Beside.PAN_KEY: pan_key,
        Beside.CTRL: bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier),
        Beside.SHIFT: bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier),
        Beside.EMPTY: empty,
    }
    return preset.does(button, *(beside for beside, true in held.items() if true))
