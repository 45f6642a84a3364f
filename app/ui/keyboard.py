"""The keyboard of the window: its own actions, who a key belongs to, and keys and mouse as a person has them.

Keys and mouse are kept between starts and brought to whatever shows or obeys them, at once.
"""

from __future__ import annotations

from functools import partial
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QEvent, QObject, Signal
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.ui.canvas.mouse_presets import PRESETS, MousePreset
from app.ui.key_guard import claims, presses
from app.ui.keys import Keymap
from app.ui.settings import Settings
from app.ui.shortcuts import bind, show_keys
from app.ui.topbar import PAGES


@runtime_checkable
class Obeys(Protocol):
    """A part of the window that shows or obeys more of it than shortcuts and tooltips."""

    def show_habits(self, keymap: Keymap, preset: MousePreset) -> None:
        """Use and show these keys and this mouse."""


class Keyboard(QObject):
    """Which keys and which mouse, in one window.

    Parameters
    ----------
    window : QMainWindow
        Whose keyboard.
    settings : Settings
        Remembers keys and mouse.

    Signals
    -------
    page_wanted : str
        Name of a page.
    menu_wanted
        The menu is to be opened.
    """

    page_wanted = Signal(str)
    menu_wanted = Signal()

    def __init__(self, window: QMainWindow, settings: Settings) -> None:
        super().__init__(window)
        self._window = window
        self._settings = settings
        self.keymap = settings.keymap
        self.preset = settings.mouse
        for name in PAGES:
            self._add(f"page_{name}").triggered.connect(partial(self.page_wanted.emit, name))
        self._add("menu").triggered.connect(self.menu_wanted)
        self._add("next_control").triggered.connect(self._go_on)
        self._add("previous_control").triggered.connect(self._go_back)

    def _add(self, name: str) -> QAction:
        action = QAction(self._window)
        bind(action, name, self.keymap)
        self._window.addAction(action)
        return action

    def _go_on(self) -> None:
        self._window.focusNextPrevChild(True)

    def _go_back(self) -> None:
        self._window.focusNextPrevChild(False)

    # -- keys and mouse of this person ----------------------------------------------------------------

    def teach(self, part: QWidget) -> None:
        """Bring keys and mouse to a part of the window that was made just now."""
        show_keys(part, self.keymap)
        for one in (part, *part.findChildren(QWidget)):
            if isinstance(one, Obeys):
                one.show_habits(self.keymap, self.preset)

    def use_keys(self, keymap: Keymap) -> None:
        """Use these keys from now on, everywhere."""
        self.keymap = self._settings.keymap = keymap
        self.teach(self._window)

    def use_mouse(self, name: str) -> None:
        """Use the mouse preset of this name from now on, everywhere."""
        self.preset = self._settings.mouse = PRESETS[name]
        self.teach(self._window)

    def show_sheet(self) -> None:
        """Show what keys and mouse do, beside the window."""
        from app.ui.dialogs.keys_sheet import KeysSheet  # noqa: PLC0415 - loaded when it is asked for

        sheet = KeysSheet(self.keymap, self.preset, self._window)
        sheet.change_wanted.connect(self.show_dialog)
        sheet.show()

    def show_dialog(self) -> None:
        """Let a person give actions other keys."""
        from app.ui.dialogs.keys_dialog import KeysDialog  # noqa: PLC0415 - as above

        dialog = KeysDialog(self.keymap, self._window)
        dialog.changed.connect(self.use_keys)
        dialog.show()

    # -- whom a key belongs to ------------------------------------------------------------------------

    def takes(self, event: QKeyEvent) -> bool:
        """Whether a key that reached the window was claimed for, or pressed, whatever has the focus."""
        focus = QApplication.focusWidget()
        if event.type() is QEvent.Type.ShortcutOverride and claims(focus, event, self.keymap):
            event.accept()
            return True
        return event.type() is QEvent.Type.KeyPress and presses(focus, event)
