"""Opens the study assistant, and does what it decided: a new session, or another plan for the open one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.domain.errors import AppError
from app.domain.reading import Role
from app.services.changed import What
from app.ui import present
from app.ui.dialogs.files import FileDialog
from app.ui.settings import Settings
from app.ui.study_draft import StudyDraft
from app.ui.workspace import Workspace


class Studying(QObject):
    """Brings a draft of a study to the assistant and from there to the session.

    Signals
    -------
    said : str
        What was done, in a sentence.
    """

    said = Signal(str)

    def __init__(self, workspace: Workspace, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._workspace, self._settings, self._window = workspace, settings, window
        self._draft = StudyDraft()

    def begin(self) -> None:
        """Set up a study in a session that is yet to be made."""
        self._show(StudyDraft())

    def change(self) -> None:
        """Set up a study in the open session, or change the one there is."""
        from app.ui import study_setup  # noqa: PLC0415 - few sessions ask for it

        session, viewer = self._workspace.session, self._workspace.viewer
        if session is None or viewer is None:
            return
        try:
            draft = study_setup.draft_of(session, viewer)
        except AppError as problem:
            self._workspace.failed.emit(problem)
            return
        self._show(draft)

    def _show(self, draft: StudyDraft) -> None:
        from app.ui.dialogs.study_assistant import StudyAssistant  # noqa: PLC0415 - as above

        self.dialog = StudyAssistant(draft, self._window)
        self.dialog.wanted.connect(self._on_wanted)
        self.dialog.open()

    def _on_wanted(self, draft: StudyDraft) -> None:
        self._draft = draft
        if draft.before is not None:
            self._change(draft)
            return
        dialog = FileDialog(self.dialog, present.text("study.saved_as"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix("marrow")
        dialog.setNameFilter(present.text("dialog.session_filter"))
        dialog.fileSelected.connect(self._on_path)
        dialog.open()

    def _on_path(self, path: str) -> None:
        from app.ui import study_setup  # noqa: PLC0415 - as above

        try:
            session = study_setup.make(Path(path), self._draft)
        except AppError as problem:
            self.dialog.say(problem)
            return
        self.dialog.accept()
        if self._workspace.adopt(session):
            self._settings.remember(session.path)
            self._go_on()

    def _change(self, draft: StudyDraft) -> None:
        from app.ui import study_setup  # noqa: PLC0415 - as above

        session, viewer = self._workspace.session, self._workspace.viewer
        if session is None or viewer is None:
            return
        try:
            study_setup.bring_about(session, viewer, draft)
        except AppError as problem:
            self.dialog.say(problem)
            return
        self.dialog.accept()
        self._go_on()

    def _go_on(self) -> None:
        """Let whoever set the study up go on as its coordinator, and everybody else sign in."""
        from app.ui import study_setup  # noqa: PLC0415 - as above

        space = self._workspace
        session = space.session
        if session is None:
            return
        # who coordinated by name alone proves it from now on, where there is something to prove it by
        before = space.people.sign_in_needed and space.people.coordinates
        space.people.look_again()
        known = None if before else study_setup.first_coordinator(session, self._draft)
        if known is not None:
            problem = space.sign_in(known[0], Role.COORDINATOR, known[1])
            if problem is not None:
                space.sign_out()
                space.failed.emit(problem)
        elif space.people.sign_in_needed and not before:
            space.sign_out()
        else:
            if not space.people.sign_in_needed:
                space.set_reader(study_setup.who_goes_on(space.viewer, self._draft))
            space.note(What.SESSION | What.READERS | What.EXAMS)
            if space.case is not None:
                # by the rules that hold now
                space.open_case(space.case.exam.id, space.slice, space.selected)
        self.said.emit(present.text("study.done", stamp=session.protocol.stamp))
