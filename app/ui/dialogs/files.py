"""Dialogs that ask for a file and read no file themselves.

Qt's own dialog opens every file of a folder to find out its type. On Linux, closing any of them takes away
the locks this program holds on it (POSIX drops all locks of a process when it closes a file): a session
that lies there would stand unlocked while it is open, and the next program that looks at it could pull its
shared memory from under us.
"""

from __future__ import annotations

from PySide6.QtCore import QFileInfo
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QFileDialog, QFileIconProvider, QWidget


class _NamesOnly(QFileIconProvider):
    """Says what a file is by its name; Qt asks in a thread of its own."""

    def __init__(self) -> None:
        super().__init__()
        kinds = QFileIconProvider.IconType
        self._icons = {kind: super(_NamesOnly, self).icon(kind) for kind in kinds}

    def icon(self, what: QFileInfo | QFileIconProvider.IconType) -> QIcon:
        """One picture for files, one for folders."""
        if isinstance(what, QFileIconProvider.IconType):
            return self._icons[what]
        kinds = QFileIconProvider.IconType
        return self._icons[kinds.Folder if what.isDir() else kinds.File]

    def type(self, info: QFileInfo) -> str:
        """The ending of the name."""
        return info.suffix()


class FileDialog(QFileDialog):
    """A file dialog that opens none of the files it shows."""

    def __init__(self, parent: QWidget | None = None, title: str = "", suggested: str = "") -> None:
        super().__init__(parent, title, suggested)
        # Qt does not keep it
        self._names_only = _NamesOnly()
        self.setIconProvider(self._names_only)
