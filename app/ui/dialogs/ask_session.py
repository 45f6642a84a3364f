"""Asks for a session file, to be read or written, without stopping the window."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QWidget

from app.ui.dialogs.files import FileDialog
from app.ui.present import text

Taken = Callable[[str], None]


def ask_where(parent: QWidget, title: str, suggested: str, taken: Taken) -> None:
    """Ask where a new session file is to be kept."""
    dialog = _dialog(parent, title, taken)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("marrow")
    dialog.selectFile(suggested)
    dialog.open()


def ask_which(parent: QWidget, title: str, taken: Taken) -> None:
    """Ask for a session file that is there."""
    dialog = _dialog(parent, title, taken)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    dialog.open()


def _dialog(parent: QWidget, title: str, taken: Taken) -> QFileDialog:
    dialog = FileDialog(parent, title)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setNameFilter(text("dialog.session_filter"))
    dialog.fileSelected.connect(taken)
    return dialog
