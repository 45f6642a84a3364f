"""Whether readers may be compared now, and the way from a point of a plot to what they drew."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from app.domain.errors import AppError
from app.services import disagreements
from app.services.changed import What
from app.ui.workspace import Workspace

_MATTERS = What.SESSION | What.READERS | What.SIGN_OFF | What.EXAMS


class Comparing(QObject):
    """Follows the session at hand.

    Parameters
    ----------
    workspace : Workspace
        What is open, and who works there.

    Signals
    -------
    offered : bool
        Whether the page on which readers are compared is to be offered now.
    case_wanted : int
        Key of the exam that is to be shown on it.
    """

    offered = Signal(bool)
    case_wanted = Signal(int)

    def __init__(self, workspace: Workspace, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        workspace.changed.connect(self._on_changed)

    def _on_changed(self, what: What) -> None:
        if what & _MATTERS:
            self.offered.emit(self.is_offered)

    @property
    def is_offered(self) -> bool:
        """Whether whoever works here may compare readers, and there are readers to compare."""
        space = self._workspace
        if space.session is None or space.viewer is None:
            return False
        try:
            return disagreements.offered(space.session, space.viewer)
        except AppError as problem:
            # a session that cannot be read is told by whoever shows it; here only a button is missing
            space.failed.emit(problem)
            return False

    def exam_of(self, code: str) -> int | None:
        """The exam of a case code whose readers can be seen side by side; None where they cannot."""
        space = self._workspace
        if space.session is None or space.viewer is None or not self.is_offered:
            return None
        return disagreements.exam_of(space.session, space.viewer, code)
