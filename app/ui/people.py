"""Who works in the session at hand, and what that person may see. Knows no signals; raises what fails."""

from __future__ import annotations

from collections.abc import Callable

from app.domain.reading import Role, Viewer
from app.services import open_session as sessions
from app.services import sign_in
from app.services.open_session import Session
from app.services.sign_in import Person
from app.ui.session_holder import SessionHolder

# is recorded with its reason
Step = Callable[[Session, Viewer, str], None]


def newcomer(session: Session) -> Viewer | None:
    """Who works in a session that was opened just now; None where somebody has to sign in first.

    Raises
    ------
    InputError
        ``session.without_reader``.
    """
    if not sign_in.needs_sign_in(session):
        return sign_in.by_name(session, sessions.last_viewer(session).reader.id)
    known = sign_in.people(session)
    # nobody to be mistaken for, and nothing to prove
    if len(known) == 1 and not known[0].has_secret and Role.READER in known[0].roles:
        return sign_in.sign_in(session, known[0].reader.id, Role.READER)
    sign_in.sign_out(session)
    return None


class People:
    """The people of the session at hand.

    What is asked at every step is found out once, when somebody else comes or the study is opened.

    Parameters
    ----------
    held : SessionHolder
        The session.

    Attributes
    ----------
    known : list of Person
        Who may sign in.
    sign_in_needed : bool
        Nobody works here without saying who they are.
    blinded : bool
        A blinded round is open.
    """

    def __init__(self, held: SessionHolder) -> None:
        self._held = held
        self.known: list[Person] = []
        self.sign_in_needed = self.blinded = False

    def look_again(self) -> None:
        """Find out who there is and what is closed."""
        session = self._held.session
        self.known = sign_in.people(session) if session else []
        self.sign_in_needed = session is not None and sign_in.needs_sign_in(session)
        self.blinded = session is not None and sign_in.blinded_now(session)

    @property
    def kept_out(self) -> bool:
        """Whether whoever works here sees only their own readings; so does nobody at all."""
        viewer = self._held.viewer
        return self.sign_in_needed and (viewer is None or (self.blinded and viewer.role is Role.READER))

    @property
    def coordinates(self) -> bool:
        """Whether whoever works here does so as coordinator."""
        viewer = self._held.viewer
        return viewer is not None and viewer.role is Role.COORDINATOR

    @property
    def reads(self) -> bool:
        """Whether whoever works here has cases to read."""
        viewer = self._held.viewer
        person = self.person(viewer.reader.id) if viewer else None
        return person is not None and Role.READER in person.roles

    @property
    def any_secret(self) -> bool:
        """Whether anybody signs in with a secret."""
        return any(person.has_secret for person in self.known)

    def person(self, reader_id: int) -> Person | None:
        """Somebody by key."""
        return next((one for one in self.known if one.reader.id == reader_id), None)

    @property
    def early(self) -> bool:
        """Whether whoever works here reads too, is not done, and has not looked at others' readings yet."""
        session, viewer = self._held.session, self._held.viewer
        if session is None or viewer is None or not (self.coordinates and self.blinded):
            return False
        return sign_in.looks_early(session, viewer)

    def act(self, step: Step, reason: str) -> None:
        """Take a step that is recorded with its reason.

        Raises
        ------
        AppError
            It was not taken.
        """
        if self._held.session is not None and self._held.viewer is not None:
            step(self._held.session, self._held.viewer, reason)
            self.look_again()
