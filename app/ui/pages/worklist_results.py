"""The button by which the reader of a package sends back what was read; not seen anywhere else."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from app.services import package
from app.ui.coordination import Coordination
from app.ui.dialogs.ask_session import ask_where
from app.ui.present import text


class ResultsButton(QPushButton):
    """Writes the results of a package.

    Parameters
    ----------
    acts : Coordination
        Runs it.

    Signals
    -------
    said : str
        What was written.
    """

    said = Signal(str)

    def __init__(self, acts: Coordination, parent: QWidget | None = None) -> None:
        super().__init__(text("worklist.results"), parent)
        self.setToolTip(text("worklist.results_tip"))
        self._acts = acts
        self.clicked.connect(self._ask)
        self.hide()

    def refresh(self) -> None:
        """Be seen in a package only."""
        session, viewer = self._acts.workspace.session, self._acts.workspace.viewer
        self.setVisible(session is not None and viewer is not None and package.is_package(session))

    def _ask(self) -> None:
        session = self._acts.workspace.session
        if session is None:
            return
        suggested = text("results.suggested", session=session.path.stem)
        ask_where(self.window(), text("results.where"), suggested, self.write)

    def write(self, path: str) -> None:
        """Write the results to a file."""
        target = Path(path)
        self._acts.run(
            lambda session, viewer, _: package.write_results(session, viewer, target),
            self._on_written,
            writing=False,
        )

    def _on_written(self, path: Path) -> None:
        self.said.emit(text("results.done", file=path.name))
