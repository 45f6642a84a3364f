"""What every step of the study assistant is: shows a part of the draft, and gives it back as it was left."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.ui.study_draft import StudyDraft


class StudyPage(QWidget):
    """One step.

    Signals
    -------
    changed
        Something was written or chosen.
    """

    changed = Signal()

    def show_draft(self, draft: StudyDraft) -> None:
        """Show what a draft says."""
        raise NotImplementedError

    def take(self, draft: StudyDraft) -> StudyDraft:
        """The draft with what is shown.

        Raises
        ------
        InputError
            What is shown cannot be taken; it has the keyboard then.
        """
        raise NotImplementedError
