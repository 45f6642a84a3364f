"""What lies open: session, reader and case, and the only signals between them and the pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.case_facts import Counted
from app.domain.errors import AppError, InputError
from app.domain.grid import Orientation, orientation_of
from app.domain.maps import ParametricMap, Quantity
from app.domain.protocol import Level
from app.domain.reading import Role, Viewer
from app.domain.reference import ReferenceSeries
from app.services import open_session as sessions
from app.services import sign_in as doors
from app.services.case import Standing
from app.services.changed import What
from app.services.open_session import Session
from app.services.read_exam import Case, CaseRow, Position
from app.services.study import Waiting
from app.ui.body_watch import BodyWatch
from app.ui.editing import Edit, Editing, Preview
from app.ui.people import People, Step, newcomer
from app.ui.prefetch import Prefetch
from app.ui.session_holder import SessionHolder

# a hand that scrolls through a stack rests this long where it means to stay
_REST_MS = 150

Value = TypeVar("Value")


class Desk(QObject):
    """Open session, reader and case, the slice that is seen and the level that is selected.

    Signals
    -------
    changed : What
        Facts that a use case changed.
    previewed : object
        A :class:`Preview`, or None when the drag is over.
    selection_changed
        Another slice or level.
    judged
        Rules that look at vertebral bodies have spoken, some time after what they speak of was placed.
    closing
        The session is about to be closed, or somebody else signs in: whoever still uses it lets go.
    parted
        Somebody else works here, or nobody: what the one before saw is thrown away, shown or not.
    failed : object
        An AppError to be told.
    """

    changed = Signal(object)
    previewed = Signal(object)
    selection_changed = Signal()
    judged = Signal()
    closing = Signal()
    parted = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._held = SessionHolder()
        self.people = People(self._held)
        self._editing = Editing(self._held)
        self.orientation: Orientation | None = None
        self.slice = 0
        self.selected: Level | None = None
        self.saved_at = ""
        self._prefetch = Prefetch(self)
        self.closing.connect(self._prefetch.stop)
        # around the case at hand, and around the one signed off last, which the hand may have left quickly
        self._watch, self._watch_signed = BodyWatch(self), BodyWatch(self)
        self._watch.found.connect(self._take_bodies)
        self._watch_signed.found.connect(self._complete_standing)
        for watch in (self._watch, self._watch_signed):
            self.closing.connect(watch.stop)
        self.changed.connect(self._watch_bodies)
        self.previewed.connect(self._watch.put_off)
        self.selection_changed.connect(self._watch.put_off)
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._remember)
        self.selection_changed.connect(self._rest.start)

    @property
    def session(self) -> Session | None:
        """The open session."""
        return self._held.session

    @property
    def viewer(self) -> Viewer | None:
        """Whose view of the session is shown."""
        return self._held.viewer

    @property
    def case(self) -> Case | None:
        """The case at hand."""
        return self._editing.case

    @property
    def signed_off(self) -> Standing | None:
        """What stands of the case that was signed off last, as long as undo would reopen it."""
        return self._editing.standing

    @property
    def preview(self) -> Preview | None:
        """The rectangle under the hand."""
        return self._editing.preview

    def _try(self, act: Callable[[], Value]) -> Value | None:
        """What an act gives; None where it fails, which is told."""
        try:
            return act()
        except AppError as problem:
            self.failed.emit(problem)
            return None

    # -- session and reader ---------------------------------------------------------------------------

    def open(self, path: Path) -> bool:
        """Open a session; on failure the one at hand stays open."""
        if self._held.holds(path):
            # opening it beside itself would find our own lock and give it read-only
            return True
        return self._begin(lambda: sessions.open_session(path))

    def create(self, path: Path, reader: str = sessions.FIRST_READER) -> bool:
        """Make a session and open it."""
        return self._begin(lambda: sessions.create_session(path, reader=reader))

    def adopt(self, session: Session) -> bool:
        """Take over a session that is open already."""
        return self._begin(lambda: session)

    def _begin(self, make: Callable[[], Session]) -> bool:
        if not self._try(lambda: self._held.take(make, newcomer, self.close)):
            return False
        self.people.look_again()
        if self.people.sign_in_needed:
            self.parted.emit()
        self._enter(self._held.viewer)
        return True

    def close(self) -> None:
        """Close case and session; what was done is stored already."""
        self.closing.emit()
        self._leave_case()
        self._held.close()
        self.saved_at = ""
        if self.people.sign_in_needed:
            self.parted.emit()
        self.people.look_again()
        self.changed.emit(What.SESSION)

    def set_reader(self, name: str) -> None:
        """Change the reader, which closes the case; a new name is enrolled. Not where people sign in."""
        if self.people.sign_in_needed:
            self.failed.emit(InputError("sign_in.needed"))
            return
        viewer = self._try(lambda: self._held.reader(name))
        if viewer is not None:
            self._leave_case()
            self._enter(viewer)

    def sign_in(self, reader_id: int, role: Role, secret: str = "") -> AppError | None:
        """Let a person work here, which closes the case and stops what runs.

        Returns
        -------
        AppError or None
            Why they may not, for the place that asked; whoever works here stays then.
        """
        session = self.session
        if session is None:
            return None
        self._remember()
        try:
            viewer = doors.sign_in(session, reader_id, role, secret)
        except AppError as problem:
            return problem
        self._part(viewer)
        return None

    def sign_out(self) -> None:
        """Leave the session to nobody until the next person signs in; nothing where nobody has to."""
        session = self.session
        if session is None or not self.people.sign_in_needed:
            return
        self._remember()
        doors.sign_out(session)
        self._part(None)

    def decide(self, step: Step, reason: str) -> AppError | None:
        """Take a coordinator's step that is recorded with its reason, such as opening the study.

        Returns
        -------
        AppError or None
            Why it was not taken, for the place that asked.
        """
        try:
            self.people.act(step, reason)
        except AppError as problem:
            return problem
        self.changed.emit(What.SESSION | What.READERS)
        return None

    def _part(self, viewer: Viewer | None) -> None:
        """Put away everything of whoever worked here, then let the next one see."""
        self.closing.emit()
        self._put_away()
        self._held.enter(None)
        self.saved_at = ""
        self.parted.emit()
        self.people.look_again()
        self._enter(viewer)

    def _enter(self, viewer: Viewer | None) -> None:
        self._held.enter(viewer)
        self.people.look_again()
        self._prefetch.drop()
        self._editing.forget_sign_off()
        self.changed.emit(What.SESSION | What.READERS)
        self.return_to_case()

    def return_to_case(self) -> None:
        """Open the case the reader was at, or the first one; nothing when there are no images."""
        position = self._held.start
        if position is not None:
            self.open_case(position.exam_id, position.slice, position.level)

    def leave_what_is_gone(self) -> None:
        """Leave a case whose exam went with the centre that had brought it, for one that is there."""
        if self.case is not None and not self._held.has(self.case.exam.id):
            self._put_away()
            self.return_to_case()

    def note(self, what: What) -> None:
        """Announce what a task on another connection changed."""
        if what & What.EXAMS:
            self._take_up_maps()
            # the case that is ready may lack what joined it, or another one is next now
            self._look_ahead()
        self.changed.emit(what)

    def _take_up_maps(self) -> None:
        """Show the maps that joined the case at hand."""
        here = self.case
        case = self._try(lambda: self._editing.read(here.exam.id)) if here else None
        if case is not None and here is not None and set(case.exam.maps) != set(here.exam.maps):
            self.cancel_preview()
            self._editing.case = case
            self.orientation = orientation_of(case.exam.grid)

    # -- cases ----------------------------------------------------------------------------------------

    @property
    def cases(self) -> list[CaseRow]:
        """The reader's cases in the reader's order."""
        return self._held.cases

    def waits(self, cases: Sequence[CaseRow]) -> Waiting:
        """What of the reader waits for its day, given the cases that do not."""
        return self._held.waits(cases)

    def open_case(
        self, exam_id: int, slice_index: int = -1, level: Level | None = None, *, also: What = What.NOTHING
    ) -> bool:
        """Open a case on its slice with a level selected: the first gap unless another is wanted.

        Parameters
        ----------
        exam_id, slice_index, level : int, int, Level or None
            Where to go.
        also : What
            What changed before and was not announced yet.

        Returns
        -------
        bool
            False where the case could not be read, which is told; the one at hand stays.
        """
        exam, guess = self._prefetch.take(exam_id) or (None, None)
        case = self._try(lambda: self._editing.read(exam_id, exam))
        if case is None:
            return False
        known = 0 <= slice_index < case.exam.grid.shape[0]
        start = slice_index if known else self._try(lambda: self._editing.first_slice(case, guess))
        if start is None:
            return False
        self._put_away()
        self._try(lambda: self._editing.begin(case))
        self.orientation = orientation_of(case.exam.grid)
        self.slice = start
        self.selected = level or (None if case.reading.locked else case.first_gap)
        self._remember()
        self.changed.emit(What.READING | also)
        self.selection_changed.emit()
        self._look_ahead()
        return True

    @property
    def next_is_ready(self) -> bool:
        """Whether the next case is in memory already."""
        return self._prefetch.ready

    def _look_ahead(self) -> None:
        """Have the next case read while this one is being read."""
        if self.case is not None:
            self._prefetch.begin(self._held, self.case.exam.id)

    def _leave_case(self) -> None:
        if self.case is not None:
            self._remember()
            self._put_away()
            self.changed.emit(What.READING)

    def _put_away(self) -> None:
        """Let go of the case at hand without a word: another one comes in its place, or it is told then."""
        self.cancel_preview()
        self._prefetch.drop()
        self._editing.put_away()
        self.orientation = self.selected = None

    def _remember(self) -> None:
        """Keep the place, so that a power cut does not take the reader elsewhere."""
        self._rest.stop()
        if self.case is not None:
            position = Position(self.case.exam.id, self.slice, self.selected)
            self._try(lambda: self._held.remember(position))

    def step_case(self, step: int) -> None:
        """Open the case before or after this one in the reader's order."""
        following = self._held.case_beside(self.case.exam.id, step) if self.case else None
        if following is not None:
            self.open_case(following)

    def beside(self) -> list[str | Quantity]:
        """What there is to look at beside the maps of the case at hand: series by name, then images."""
        return self._try(self._editing.beside) or []

    def series(self, name: str | Quantity) -> ReferenceSeries | ParametricMap | None:
        """One of :meth:`beside`, read from the session at every call; None where that fails."""
        return self._try(lambda: self._editing.series(name))

    def _watch_bodies(self) -> None:
        self._watch.follow(self.case)

    def _take_bodies(self, looked: Case) -> None:
        """Let the rules speak that know bodies; an answer about another exam comes too late."""
        if self.case is not None and self.case.exam is looked.exam:
            self._editing.case = self.case.with_bodies(looked.bodies)
            self.judged.emit()

    def _complete_standing(self, looked: Case) -> None:
        """Tell of the case signed off last what those rules say; one that is open again is looked at anew."""
        if self._editing.last_signed_off == looked.exam.id:
            self._editing.standing = looked.standing
            self.judged.emit()

    def standing_of(self, exam_id: int) -> Standing | None:
        """What stands of a case of this reader, read from the session; None where that fails."""
        return self._try(lambda: self._held.standing_of(exam_id))

    @property
    def usual_count(self) -> Counted | None:
        """How this reader counted levels the last time; None where they never said."""
        return self._try(lambda: self._held.usual_count)

    # -- steps ----------------------------------------------------------------------------------------

    def cancel_preview(self) -> None:
        """Forget the rectangle under the hand."""
        if self.preview is not None:
            self._editing.preview = None
            self.previewed.emit(None)

    def edit(self, edit: Edit) -> bool:
        """Run one use case; announce what it did, or tell why it could not."""
        what = self._run(edit)
        if what:
            self.changed.emit(what)
        return bool(what)

    def _run(self, edit: Edit) -> What:
        """Run one use case and say what is to be announced; nothing where it failed, which is told."""
        what = self._try(lambda: self._editing.run(edit)) or What.NOTHING
        if what:
            self.saved_at = _clock()
            self._watch_signed.follow(self.case if self._editing.last_signed_off is not None else None)
        return what


def _clock() -> str:
    """Local time of day of a save, for the status line."""
    return datetime.now().astimezone().strftime("%H:%M:%S")
