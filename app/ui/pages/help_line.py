"""A quiet line in the panel: what is proposed and how to take it, or why nothing is."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel, QWidget

from app.ui.present import help as present_help
from app.ui.proposals import OFF
from app.ui.workspace import Workspace


class HelpLine(QLabel):
    """One sentence at most; hidden without one."""

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.setProperty("role", "quiet")
        self.setWordWrap(True)
        self.hide()

    def refresh(self) -> None:
        """Say what holds now."""
        space = self._workspace
        # what the protocol forbids stands in the status line, with its name
        why = "" if space.no_proposal == OFF else space.no_proposal
        told = present_help.proposal_text(space.proposals, why)
        self.setText(told)
        self.setVisible(bool(told))
