"""Who is let in and out: card, panel, lock of an empty chair, and what stands instead of a page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QMainWindow, QWidget

from app.domain.reading import Role, Viewer
from app.services import sign_in as doors
from app.services.changed import What
from app.ui import present
from app.ui.coordination import Coordination
from app.ui.copying import take_back
from app.ui.dialogs.sign_in import SignInPage, SignInPanel
from app.ui.dialogs.why import WhyDialog
from app.ui.idle_lock import IdleLock
from app.ui.pages.closed import ClosedPage
from app.ui.patience import Patience
from app.ui.people import Step
from app.ui.present.worklist import waiting_tip
from app.ui.settings import Settings
from app.ui.tasks import Tasks
from app.ui.workspace import Workspace

# what a blinded reader may not see, and what of it shows readings
KEPT = ("statistics", "clinical", "audit", "disagreements")
SHOWS_READINGS = ("statistics", "audit", "disagreements")
_USUAL_MINUTES = 10


class Door(QObject):
    """Lets people in and out of the session at hand.

    Parameters
    ----------
    workspace : Workspace
        Where they work.
    tasks : Tasks
        While one runs, somebody is there.
    settings : Settings
        Holds after how long the window locks.
    window : QMainWindow
        Whose door it is.

    Signals
    -------
    turned
        What may be seen is something else now: the page in front is to be looked at again.
    said : str
        Something was done that is worth a sentence.
    """

    turned = Signal()
    said = Signal(str)

    def __init__(self, workspace: Workspace, tasks: Tasks, settings: Settings, window: QMainWindow) -> None:
        super().__init__(window)
        self._workspace, self._tasks, self._settings, self._window = workspace, tasks, settings, window
        self.patience = Patience()
        self.card = SignInPage(workspace, self.patience)
        self.closed = ClosedPage()
        self.idle = IdleLock(self)
        self._was: tuple[int, Role] | None = None
        self._greeted: Viewer | None = None
        self._page = ""
        self.card.close_wanted.connect(workspace.close)
        self.closed.look_wanted.connect(self._on_look)
        self.idle.idle.connect(self._on_idle)
        workspace.closing.connect(self._note_who)
        workspace.parted.connect(self._on_parted)
        workspace.changed.connect(self._on_changed)

    # -- instead of a page ----------------------------------------------------------------------------

    def instead_of(self, name: str) -> QWidget | None:
        """What stands in place of a page; None where it may be seen."""
        space = self._workspace
        self._page = name
        if space.session is None:
            return None
        if space.viewer is None:
            return self.card
        early = name in SHOWS_READINGS and space.people.early
        if early or (name in KEPT and space.people.kept_out):
            self.closed.say(name, early=early)
            return self.closed
        return None

    def _on_changed(self, what: What) -> None:
        if not what & (What.SESSION | What.READERS):
            return
        space = self._workspace
        if space.session is None:
            self._was = None
            self.patience.forget()
        elif space.viewer is None:
            who, role = self._was or (0, Role.READER)
            self.card.ask(space.people.known, who, role, locked=self._was is not None)
        self.watch()
        self.turned.emit()
        self._greet()

    def _greet(self) -> None:
        """Tell whoever comes and has nothing to read today when there will be something."""
        space = self._workspace
        new, self._greeted = space.viewer != self._greeted, space.viewer
        if not new or space.viewer is None or not space.people.reads:
            return
        cases = space.cases
        if all(case.locked for case in cases):
            told = waiting_tip(space.waits(cases))
            if told:
                self.said.emit(told)

    # -- in and out -----------------------------------------------------------------------------------

    def _note_who(self) -> None:
        """Remember who sits there: probably the one who unlocks."""
        viewer = self._workspace.viewer
        self._was = (viewer.reader.id, viewer.role) if viewer else self._was

    def _on_parted(self) -> None:
        """Leave nothing lying about that whoever was here opened or copied."""
        self._greeted = None
        for dialog in self._window.findChildren(QDialog):
            dialog.close()
        take_back()

    def let_in(self, reader_id: int) -> None:
        """Let somebody in who was chosen from a list, and ask for what has to be asked."""
        space = self._workspace
        person = space.people.person(reader_id)
        if person is None:
            return
        only = next(iter(person.roles), Role.READER)
        if len(person.roles) == 1 and not person.has_secret:
            problem = space.sign_in(reader_id, only)
            if problem is not None:
                space.failed.emit(problem)
            return
        SignInPanel(space, self.patience, person, self._window).open_in_corner()

    def lock(self) -> None:
        """Leave the session to whoever signs in next."""
        self._workspace.sign_out()

    def use_idle(self, minutes: int | None) -> None:
        """Lock after another time from now on; None for what is usual."""
        self._settings.idle_minutes = minutes
        self.watch()

    def watch(self) -> None:
        """Lock when nobody is there for as long as the settings say."""
        space = self._workspace
        wanted = self._settings.idle_minutes
        if wanted is None:
            wanted = _USUAL_MINUTES if space.people.any_secret else 0
        self.idle.watch(wanted if space.viewer is not None and space.people.sign_in_needed else 0)

    def _on_idle(self) -> None:
        at_work = (one.running for one in self._window.findChildren(Coordination))
        if self._tasks.running or any(at_work):
            # its report is for whoever started it
            self.idle.put_off()
        else:
            self.lock()

    # -- what is recorded with a reason ---------------------------------------------------------------

    def step(self, name: str) -> None:
        """Do what the list at the reader's name offers: ``lock``, ``secret``, ``unblind`` or ``blind``."""
        if name == "lock":
            self.lock()
        elif name == "secret":
            self._ask_for_secret()
        elif name == "unblind":
            self._ask("unblind", present.text("why.unblind"), doors.unblind, self._say("app.study_opened"))
        elif name == "blind":
            self._ask("blind", present.text("why.blind"), doors.blind_again, self._say("app.study_blinded"))

    def when_done(self, act: Callable[[], object]) -> None:
        """Do what shows readings; whoever is not done with their own is asked first why they look now."""
        if self._workspace.people.early:
            self._ask("look", present.text("closed.early"), doors.look_before_done, act)
        else:
            act()

    def _on_look(self) -> None:
        self._ask("look", present.text("closed.early"), doors.look_before_done, None)

    def _say(self, code: str) -> Callable[[], object]:
        return partial(self.said.emit, present.text(code))

    def _ask(self, what: str, told: str, step: Step, then: Callable[[], object] | None) -> None:
        title, go = present.text(f"why.{what}_title"), present.text(f"why.{what}_go")
        dialog = WhyDialog(title, told, go, partial(self._workspace.decide, step), self._window)
        if then is not None:
            dialog.accepted.connect(then)
        dialog.open()

    def _ask_for_secret(self) -> None:
        """Let whoever works here give themselves another secret."""
        from app.ui.dialogs.own_secret import OwnSecretDialog  # noqa: PLC0415 - seldom asked for

        dialog = OwnSecretDialog(self._workspace, self._window)
        dialog.accepted.connect(self._say("sign_in.changed"))
        dialog.open()
