"""The case at hand and the steps taken on it. Knows no signals; raises what fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from app.domain import shapes
from app.domain.case_facts import CaseFacts, way_back
from app.domain.errors import AppError, InputError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Kind
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.services import beside, case_facts, read_exam
from app.services.case import Standing
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.services.read_exam import Case
from app.ui.session_holder import SessionHolder

Reshape = Callable[[Rectangle, Grid], Rectangle]
Edit = Callable[[Session, Case], tuple[Case, Changed]]


@dataclass(frozen=True, slots=True)
class Preview:
    """A rectangle under the hand: seen and counted, not stored.

    Attributes
    ----------
    level : Level
        Whose rectangle.
    rectangle : Rectangle
        Where it would be, on the grid of the exam.
    stats : mapping of Quantity to RoiStats
        What it holds there, of each map on its own voxels.
    """

    level: Level
    rectangle: Rectangle
    stats: Mapping[Quantity, RoiStats]


class Editing:
    """One case and the steps taken on it.

    Parameters
    ----------
    held : SessionHolder
        The session in which the steps are stored.

    Attributes
    ----------
    case : Case or None
        The case at hand.
    preview : Preview or None
        The rectangle under the hand.
    last_signed_off : int or None
        Exam that the newest step signed off, so that undo can reopen it.
    standing : Standing or None
        What stood beside its numbers then.
    said_before, said_after : CaseFacts or None
        What held of the case before the newest step said something else of it, so that undo can say it again;
        and what held before undo did, so that redo can.
    """

    def __init__(self, held: SessionHolder) -> None:
        self._held = held
        self.case: Case | None = None
        self.preview: Preview | None = None
        self.last_signed_off: int | None = None
        self.standing: Standing | None = None
        self.said_before: CaseFacts | None = None
        self.said_after: CaseFacts | None = None

    def put_away(self) -> None:
        """Let go of the case at hand."""
        self.case = self.said_before = self.said_after = None

    def forget_sign_off(self) -> None:
        """Let undo no longer reopen a case: somebody else reads now."""
        self.last_signed_off = self.standing = None

    @property
    def rectangles(self) -> dict[Level, Rectangle]:
        """Rectangles as they stand, with the one under the hand where it is now."""
        if self.case is None:
            return {}
        found, preview = self.case.reading.history.rectangles, self.preview
        if preview is not None:
            found |= read_exam.resized_with(self.case, preview.level, preview.rectangle)
            found[preview.level] = preview.rectangle
        return found

    @property
    def refusal(self) -> AppError | None:
        """Why the case at hand takes no edit; None where it does, and where there is no case."""
        session = self._held.session
        if session is None or self.case is None:
            return None
        if self.case.reading.locked:
            return InputError("reading.locked")
        return StoreUnavailable("store.read_only", file=session.name) if session.read_only else None

    def read(self, exam_id: int, exam: Exam | None = None) -> Case | None:
        """Read a case, of its images only where they are not given; None without a session.

        Raises
        ------
        AppError
            It could not be read.
        """
        session, viewer = self._held.session, self._held.viewer
        if session is None or viewer is None:
            return None
        if exam is not None:
            return read_exam.begin_case(session, viewer, exam)
        return read_exam.open_case(session, viewer, exam_id)

    def begin(self, case: Case) -> None:
        """Let a case be the one at hand, with undo as it was when it was left.

        Raises
        ------
        AppError
            What was said of it could not be read.
        """
        self.put_away()
        self.case = case
        if self._held.session is not None:
            self.said_before = case_facts.said_before(self._held.session, case)

    def beside(self) -> list[str | Quantity]:
        """What there is beside the maps of the case at hand: names of series, and images not measured.

        Raises
        ------
        AppError
            That could not be read.
        """
        session = self._held.session
        return beside.names(session, self.case.exam.id) if session and self.case else []

    def series(self, name: str | Quantity) -> ReferenceSeries | ParametricMap | None:
        """One of :meth:`beside`, read anew; None where it is not there.

        Raises
        ------
        AppError
            It could not be read.
        """
        session = self._held.session
        return beside.series(session, self.case.exam.id, name) if session and self.case else None

    def with_signals(self) -> Case | None:
        """The case at hand with its images that are not measured, read anew; None without a case.

        Raises
        ------
        AppError
            They could not be read.
        """
        session, case = self._held.session, self.case
        return replace(case, exam=beside.with_signals(session, case.exam)) if session and case else None

    def first_slice(self, case: Case, guess: int | None) -> int:
        """Where a case opens, see :func:`app.services.read_exam.first_slice`.

        Raises
        ------
        AppError
            The image that tells could not be read.
        """
        session = self._held.session
        return read_exam.first_slice(session, case, guess) if session else 0

    def waits(self, level: Level) -> bool:
        """Whether a level holds nothing yet."""
        return self.case is not None and self.case.reading.history.state(level).kind is Kind.EMPTY

    def gap_after(self, level: Level) -> Level | None:
        """The next gap further down, else the first one from the top."""
        gaps = self.case.reading.history.gaps if self.case else ()
        below = [gap for gap in gaps if LEVELS.index(gap) > LEVELS.index(level)]
        return next(iter([*below, *gaps]), None)

    def ghost(self, slice_index: int, row: float, col: float) -> Rectangle | None:
        """Where a click at a stored position would place a new rectangle; None outside the image."""
        if self.case is None:
            return None
        size, depth = read_exam.next_size(self.case), self.case.protocol.slices
        try:
            return shapes.place(self.case.exam.grid, slice_index, row, col, size, depth=depth)
        except InputError:
            return None

    def show(self, level: Level, rectangle: Rectangle) -> bool:
        """Count a rectangle under the hand; False where it is the one that was counted last."""
        if self.case is None or (self.preview is not None and self.preview.rectangle == rectangle):
            return False
        self.preview = Preview(level, rectangle, read_exam.preview(self.case, rectangle))
        return True

    def reshaped(self, level: Level | None, how: Reshape) -> Rectangle | None:
        """The rectangle of a level moved, sized or turned; None where there is none."""
        rectangle = self.rectangles.get(level) if level else None
        if rectangle is None or self.case is None:
            return None
        return how(rectangle, self.case.exam.grid)

    def run(self, edit: Edit) -> What:
        """Run one use case on the case at hand and tell what it changed.

        Raises
        ------
        AppError
            The case at hand stays as it was.
        """
        session = self._held.session
        if session is None or self.case is None:
            return What.NOTHING
        before = self.case.reading.facts
        self.case, changed = edit(session, self.case)
        if changed.what:
            signed = edit is read_exam.sign_off
            self.last_signed_off = self.case.exam.id if signed else None
            self.standing = self.case.standing if signed else None
            said = not signed and way_back(self.case.reading.facts, before) is not None
            self.said_before, self.said_after = before if said else None, None
        return changed.what
