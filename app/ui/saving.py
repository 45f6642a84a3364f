"""Writes beside the session what is asked for now and then: a copy of it, a picture of both maps."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from app.domain.errors import AppError
from app.services import open_session as sessions
from app.ui import present
from app.ui.workspace import Workspace


class Saving(QObject):
    """Saves, and says so; what could not be saved the workspace tells.

    Signals
    -------
    said : str
        What was saved.
    """

    said = Signal(str)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace

    def copy(self, path: Path) -> None:
        """Write a complete copy of the open session."""
        session = self._workspace.session
        if session is None:
            return
        try:
            sessions.save_copy(session, path)
        except AppError as problem:
            self._workspace.failed.emit(problem)
        else:
            self.said.emit(present.text("copy.done", file=path.name))

    def picture(self, path: Path) -> None:
        """Write a picture of both maps as they are shown."""
        from app.ui.canvas.figure import save_figure  # noqa: PLC0415 - few sessions ask for it

        space = self._workspace
        if space.case is None or space.orientation is None:
            return
        try:
            save_figure(space.case, space.orientation, space.slice, path)
        except AppError as problem:
            space.failed.emit(problem)
        else:
            self.said.emit(present.text("picture.done", file=path.name))
