"""What is open: a session, its reader, and where the reader was. Knows no signals; raises what fails."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from app.domain.case_facts import Counted
from app.domain.errors import AppError
from app.domain.reading import Viewer
from app.services import case_facts, read_exam, sign_in, study
from app.services import open_session as sessions
from app.services.case import Standing
from app.services.open_session import Session
from app.services.read_exam import CaseRow, Position
from app.services.study import Waiting


class SessionHolder:
    """The session at hand and who reads it.

    Attributes
    ----------
    session : Session or None
        The open session.
    viewer : Viewer or None
        Whose view of it is shown.
    """

    def __init__(self) -> None:
        self.session: Session | None = None
        self.viewer: Viewer | None = None
        self._remembered: Position | None = None

    def holds(self, path: Path) -> bool:
        """Whether a session file is the one that is open for writing here."""
        if self.session is None or self.session.read_only:
            return False
        try:
            return self.session.path.samefile(path)
        except OSError:
            return False

    def take(
        self,
        make: Callable[[], Session],
        newcomer: Callable[[Session], Viewer | None],
        let_go: Callable[[], None],
    ) -> bool:
        """Open a session instead of the one at hand, which stays open where that fails.

        Parameters
        ----------
        make : callable
            Opens the session.
        newcomer : callable
            Who works in it; None where somebody has to sign in first.
        let_go : callable
            Closes the one at hand; called when the other is open.

        Returns
        -------
        bool
            True; what went wrong is raised.
        """
        session = make()
        try:
            viewer = newcomer(session)
        except AppError:
            session.close()
            raise
        let_go()
        self.session, self.viewer = session, viewer
        return True

    def close(self) -> None:
        """Close the session; what was done is stored already."""
        if self.session is not None:
            self.session.close()
        self.session = self.viewer = self._remembered = None

    def reader(self, name: str) -> Viewer | None:
        """The reader of a name, who is enrolled where the name is new; None without a session."""
        if self.session is None:
            return None
        known = {reader.name: reader for reader in sessions.readers_of(self.session)}
        reader = known.get(name) or sessions.add_reader(self.session, name)
        return sign_in.by_name(self.session, reader.id)

    def enter(self, viewer: Viewer | None) -> None:
        """Show the session as a viewer sees it; None leaves it to nobody."""
        self.viewer, self._remembered = viewer, None

    @property
    def cases(self) -> list[CaseRow]:
        """The reader's cases in the reader's order."""
        if self.session is None or self.viewer is None:
            return []
        return read_exam.worklist(self.session, self.viewer)

    def waits(self, cases: Sequence[CaseRow]) -> Waiting:
        """What waits of the reader's round; once all these cases are signed off, of the next one."""
        if self.session is None or self.viewer is None:
            return Waiting()
        here = study.waiting(self.session, self.viewer)
        if here.count or not all(case.locked for case in cases):
            return here
        return sign_in.ahead(self.session, self.viewer)

    @property
    def start(self) -> Position | None:
        """The case the reader was at, or the first one; None when there are no images."""
        if self.session is None or self.viewer is None:
            return None
        return read_exam.where_to_start(self.session, self.viewer)

    def has(self, exam_id: int) -> bool:
        """Whether the session at hand has an exam."""
        return self.session is not None and read_exam.is_there(self.session, exam_id)

    def case_beside(self, exam_id: int, step: int) -> int | None:
        """The case so many places after another one in the reader's order, going round."""
        cases = [case.exam_id for case in self.cases]
        return cases[(cases.index(exam_id) + step) % len(cases)] if exam_id in cases else None

    def unread_after(self, exam_id: int) -> int | None:
        """The next unread case in the reader's order; None when all are read."""
        if self.session is None or self.viewer is None:
            return None
        return read_exam.next_case(self.session, self.viewer, exam_id)

    def standing_of(self, exam_id: int) -> Standing | None:
        """What stands of a case of the reader; None without a session."""
        if self.session is None or self.viewer is None:
            return None
        return read_exam.open_case(self.session, self.viewer, exam_id).looked().standing

    @property
    def usual_count(self) -> Counted | None:
        """How the reader counted levels the last time; None where they never said, and without a session."""
        if self.session is None or self.viewer is None:
            return None
        return case_facts.usual_count(self.session, self.viewer)

    def remember(self, position: Position) -> None:
        """Keep the place, so that a power cut does not take the reader elsewhere."""
        if self.session is None or self.viewer is None or position == self._remembered:
            return
        read_exam.remember_position(self.session, self.viewer, position)
        self._remembered = position
