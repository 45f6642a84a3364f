"""The one place that holds what is open, and the only signals between it and the pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain import shapes
from app.domain.errors import AppError, InputError, StoreUnavailable
from app.domain.grid import Orientation, orientation_of
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Kind, Viewer
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import open_session as sessions
from app.services import read_exam
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.services.read_exam import Case, CaseRow, Position

# a hand that scrolls through a stack rests this long where it means to stay
_REST_MS = 150

Edit = Callable[[Session, Case], tuple[Case, Changed]]


@dataclass(frozen=True, slots=True)
class Preview:
    """A rectangle under the hand: seen and counted, not stored.

    Attributes
    ----------
    level : Level
        Whose rectangle.
    rectangle : Rectangle
        Where it would be.
    stats : mapping of Quantity to RoiStats
        What it holds there.
    """

    level: Level
    rectangle: Rectangle
    stats: Mapping[Quantity, RoiStats]


class Workspace(QObject):
    """Open session, reader, case, slice and selected level.

    Signals
    -------
    changed : What
        Facts that a use case changed.
    previewed : object
        A :class:`Preview`, or None when the drag is over.
    selection_changed
        Another slice or level.
    closing
        The session is about to be closed: whoever still uses it lets go.
    failed : object
        An AppError to be told.
    """

    changed = Signal(object)
    previewed = Signal(object)
    selection_changed = Signal()
    closing = Signal()
    failed = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.session: Session | None = None
        self.viewer: Viewer | None = None
        self.case: Case | None = None
        self.orientation: Orientation | None = None
        self.slice = 0
        self.selected: Level | None = None
        self.preview: Preview | None = None
        self.saved_at = ""
        self._last_signed_off: int | None = None
        self._remembered: Position | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(self._remember)
        self.selection_changed.connect(self._rest.start)

    # -- session and reader ---------------------------------------------------------------------------

    def open(self, path: Path) -> bool:
        """Open a session; on failure the one at hand stays open."""
        if self._holds(path):
            # opening it beside itself would find our own lock and give it read-only
            return True
        return self._begin(lambda: sessions.open_session(path))

    def _holds(self, path: Path) -> bool:
        """Whether a session file is the one that is open for writing here."""
        if self.session is None or self.session.read_only:
            return False
        try:
            return self.session.path.samefile(path)
        except OSError:
            return False

    def create(self, path: Path, reader: str = sessions.FIRST_READER) -> bool:
        """Make a session and open it."""
        return self._begin(lambda: sessions.create_session(path, reader=reader))

    def adopt(self, session: Session) -> bool:
        """Take over a session that is open already."""
        return self._begin(lambda: session)

    def _begin(self, make: Callable[[], Session]) -> bool:
        try:
            session = make()
            viewer = sessions.last_viewer(session)
        except AppError as problem:
            self.failed.emit(problem)
            return False
        self.close()
        self.session = session
        self._enter(viewer)
        return True

    def close(self) -> None:
        """Close case and session; what was done is stored already."""
        self.closing.emit()
        self._leave_case()
        if self.session is not None:
            self.session.close()
        self.session = self.viewer = None
        self.saved_at = ""
        self.changed.emit(What.SESSION)

    def set_reader(self, name: str) -> None:
        """Change the reader, which closes the case; a new name is enrolled."""
        if self.session is None:
            return
        try:
            known = {reader.name: reader for reader in sessions.readers_of(self.session)}
            reader = known.get(name) or sessions.add_reader(self.session, name)
        except AppError as problem:
            self.failed.emit(problem)
            return
        self._leave_case()
        self._enter(Viewer(reader))

    def _enter(self, viewer: Viewer) -> None:
        self.viewer = viewer
        self._last_signed_off = self._remembered = None
        self.changed.emit(What.SESSION | What.READERS)
        self.return_to_case()

    def return_to_case(self) -> None:
        """Open the case the reader was at, or the first one; nothing when there are no images."""
        if self.session is None or self.viewer is None:
            return
        position = read_exam.where_to_start(self.session, self.viewer)
        if position is not None:
            self.open_case(position.exam_id, position.slice, position.level)

    def note(self, what: What) -> None:
        """Announce what a task on another connection changed."""
        self.changed.emit(what)

    # -- cases ----------------------------------------------------------------------------------------

    @property
    def cases(self) -> list[CaseRow]:
        """The reader's cases in the reader's order."""
        if self.session is None or self.viewer is None:
            return []
        return read_exam.worklist(self.session, self.viewer)

    def open_case(self, exam_id: int, slice_index: int = -1, level: Level | None = None) -> None:
        """Open a case on its slice with a level selected: the first gap unless another is wanted."""
        if self.session is None or self.viewer is None:
            return
        try:
            case = read_exam.open_case(self.session, self.viewer, exam_id)
        except AppError as problem:
            self.failed.emit(problem)
            return
        self._leave_case()
        self.case = case
        self.orientation = orientation_of(case.exam.grid)
        known = 0 <= slice_index < case.exam.grid.shape[0]
        self.slice = slice_index if known else read_exam.first_slice(case)
        self.selected = level or (None if case.reading.locked else case.first_gap)
        self._remember()
        self.changed.emit(What.READING)
        self.selection_changed.emit()

    def _leave_case(self) -> None:
        if self.case is None:
            return
        self.cancel_preview()
        self._remember()
        self.case = self.orientation = self.selected = None
        self.changed.emit(What.READING)

    def _remember(self) -> None:
        """Keep the place, so that a power cut does not take the reader elsewhere."""
        self._rest.stop()
        if self.session is None or self.viewer is None or self.case is None:
            return
        position = Position(self.case.exam.id, self.slice, self.selected)
        if position == self._remembered:
            return
        try:
            read_exam.remember_position(self.session, self.viewer, position)
            self._remembered = position
        except AppError as problem:
            self.failed.emit(problem)

    def step_case(self, step: int) -> None:
        """Open the case before or after this one in the reader's order."""
        cases = self.cases
        if self.case is None or not cases:
            return
        here = [case.exam_id for case in cases].index(self.case.exam.id)
        self.open_case(cases[(here + step) % len(cases)].exam_id)

    # -- selection ------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """Whether the next click places the selected level."""
        if self.case is None or self.selected is None or not self.writable:
            return False
        return self.case.reading.history.state(self.selected).kind is Kind.EMPTY

    @property
    def writable(self) -> bool:
        """Whether the case at hand can be changed."""
        return (
            self.session is not None
            and not self.session.read_only
            and self.case is not None
            and not self.case.reading.locked
        )

    def say_why_not(self) -> None:
        """Tell why the case at hand takes no edit; nothing is said where it does."""
        if self.session is None or self.case is None or self.writable:
            return
        if self.case.reading.locked:
            self.failed.emit(InputError("reading.locked"))
        else:
            self.failed.emit(StoreUnavailable("store.read_only", file=self.session.name))

    def select(self, level: Level | None) -> None:
        """Select or arm a level; a measured one brings its slice into view."""
        if self.case is None:
            return
        self.selected = level
        rectangle = self.case.reading.history.rectangles.get(level) if level else None
        if rectangle is not None:
            self.slice = rectangle.slice
        self.selection_changed.emit()

    def select_step(self, step: int) -> None:
        """Select the next level down (or up)."""
        start = self.selected or (LEVELS[-1] if step > 0 else LEVELS[0])
        self.select(read_exam.neighbour(start, step))

    def set_slice(self, index: int) -> None:
        """Show another slice, within the stack."""
        if self.case is None:
            return
        index = min(max(index, 0), self.case.exam.grid.shape[0] - 1)
        if index != self.slice:
            self.slice = index
            self.selection_changed.emit()

    # -- rectangles -----------------------------------------------------------------------------------

    @property
    def rectangles(self) -> dict[Level, Rectangle]:
        """Rectangles as they stand, with the one under the hand where it is now."""
        if self.case is None:
            return {}
        found = self.case.reading.history.rectangles
        if self.preview is not None:
            found[self.preview.level] = self.preview.rectangle
        return found

    def ghost(self, row: float, col: float) -> Rectangle | None:
        """Where a click at a stored position would place the armed level; None where it would not."""
        if self.case is None or not self.armed:
            return None
        size = read_exam.next_size(self.case)
        try:
            return shapes.place(self.case.exam.grid, self.slice, row, col, size)
        except InputError:
            return None

    def show_preview(self, level: Level, rectangle: Rectangle) -> None:
        """Count a rectangle under the hand and show it; nothing is stored."""
        if self.case is None or (self.preview is not None and self.preview.rectangle == rectangle):
            return
        self.preview = Preview(level, rectangle, read_exam.preview(self.case, rectangle))
        self.previewed.emit(self.preview)

    def cancel_preview(self) -> None:
        """Forget the rectangle under the hand."""
        if self.preview is not None:
            self.preview = None
            self.previewed.emit(None)

    def commit_preview(self) -> None:
        """Store the rectangle under the hand and go to the next gap if it filled one."""
        preview = self.preview
        if preview is None or self.case is None:
            return
        placed = self.case.reading.history.state(preview.level).kind is Kind.EMPTY
        stored = self._edit(
            lambda session, case: read_exam.set_rectangle(session, case, preview.level, preview.rectangle)
        )
        self.cancel_preview()
        if stored and placed:
            self.selected = self._gap_after(preview.level) or preview.level
            self.selection_changed.emit()

    def _gap_after(self, level: Level) -> Level | None:
        """The next gap further down, else the first one from the top."""
        gaps = self.case.reading.history.gaps if self.case else ()
        below = [gap for gap in gaps if LEVELS.index(gap) > LEVELS.index(level)]
        return next(iter([*below, *gaps]), None)

    def nudge(self, rows: int, cols: int) -> None:
        """Move the selected rectangle by stored voxels."""
        rectangle = self._selected_rectangle()
        if rectangle is not None and self.case is not None:
            self._set(shapes.move(rectangle, rows, cols, self.case.exam.grid))

    def resize(self, rows: tuple[int, int], cols: tuple[int, int]) -> None:
        """Move the (first, last) row edge and column edge of the selected rectangle by stored voxels."""
        rectangle = self._selected_rectangle()
        if rectangle is not None and self.case is not None:
            self._set(shapes.drag_edges(rectangle, rows, cols, self.case.exam.grid))

    def reopen(self) -> None:
        """Open the signed-off case at hand again."""
        self._edit(read_exam.reopen)

    def _selected_rectangle(self) -> Rectangle | None:
        return self.rectangles.get(self.selected) if self.selected else None

    def _set(self, rectangle: Rectangle) -> None:
        level = self.selected
        if level is not None:
            self._edit(lambda session, case: read_exam.set_rectangle(session, case, level, rectangle))

    def remove(self) -> None:
        """Take away what the selected level holds."""
        level = self.selected
        if level is not None:
            self._edit(lambda session, case: read_exam.clear_level(session, case, level))

    def mark(self, reason: Reason, note: str = "") -> None:
        """Mark the selected level as not measurable and go on to the next gap."""
        level = self.selected
        if level is None:
            return
        if self._edit(lambda s, c: read_exam.mark_not_measurable(s, c, level, reason, note)):
            self.selected = self._gap_after(level) or level
            self.selection_changed.emit()

    # -- undo and sign-off ----------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the newest edit; directly after a sign-off, reopen that case instead."""
        if self.case is None:
            return
        if self._last_signed_off is not None:
            self._reopen_last(self._last_signed_off)
        else:
            self._step(read_exam.undo)

    def _reopen_last(self, exam_id: int) -> None:
        if self.case is not None and exam_id != self.case.exam.id:
            self.open_case(exam_id)
        # where it could not be opened, the case at hand is another one and stays as it is
        if self.case is not None and exam_id == self.case.exam.id and self._edit(read_exam.reopen):
            self._last_signed_off = None

    def redo(self) -> None:
        """Bring back what was taken back."""
        self._step(read_exam.redo)

    def _step(self, step: Edit) -> None:
        """Undo or redo, and select the level it touched."""
        if self._edit(step) and self.case is not None:
            self.select(self.case.reading.revisions[-1].level)

    def sign_off(self, *, go_on: bool) -> None:
        """Sign off when complete (else go to the first gap), and open the next case if wanted."""
        if self.case is None or self.session is None or self.viewer is None:
            return
        gap = self.case.first_gap
        if gap is not None and self.writable:
            self.select(gap)
            return
        signed = self.case.exam.id
        fresh = not self.case.reading.locked
        if fresh and not self._edit(read_exam.sign_off):
            return
        if fresh:
            self._last_signed_off = signed
            self.selected = None
        following = read_exam.next_case(self.session, self.viewer, signed) if go_on else None
        if following is not None:
            self.open_case(following)
        else:
            self.selection_changed.emit()

    def _edit(self, edit: Edit) -> bool:
        """Run one use case; announce what it did, or tell why it could not."""
        if self.session is None or self.case is None:
            return False
        try:
            self.case, changed = edit(self.session, self.case)
        except AppError as problem:
            self.failed.emit(problem)
            return False
        if changed.what:
            if edit is not read_exam.sign_off and edit is not read_exam.reopen:
                self._last_signed_off = None
            self.saved_at = _clock()
            self.changed.emit(changed.what)
        return bool(changed.what)


def _clock() -> str:
    """Local time of day of a save, for the status line."""
    return datetime.now().astimezone().strftime("%H:%M:%S")
