"""The one place that holds what is open, and the only signals between it and the pages."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.errors import AppError
from app.domain.grid import Orientation, orientation_of
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.services import open_session as sessions
from app.services import read_exam
from app.services.changed import What
from app.services.open_session import Session
from app.services.read_exam import Case, CaseRow, Position
from app.ui.editing import Edit, Editing
from app.ui.editing import Preview as Preview
from app.ui.session_holder import SessionHolder

# a hand that scrolls through a stack rests this long where it means to stay
_REST_MS = 150

Value = TypeVar("Value")


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
        self._held = SessionHolder()
        self._editing = Editing(self._held)
        self.orientation: Orientation | None = None
        self.slice = 0
        self.selected: Level | None = None
        self.saved_at = ""
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
        viewer = self._try(lambda: self._held.take(make, self.close))
        if viewer is None:
            return False
        self._enter(viewer)
        return True

    def close(self) -> None:
        """Close case and session; what was done is stored already."""
        self.closing.emit()
        self._leave_case()
        self._held.close()
        self.saved_at = ""
        self.changed.emit(What.SESSION)

    def set_reader(self, name: str) -> None:
        """Change the reader, which closes the case; a new name is enrolled."""
        viewer = self._try(lambda: self._held.reader(name))
        if viewer is not None:
            self._leave_case()
            self._enter(viewer)

    def _enter(self, viewer: Viewer) -> None:
        self._held.enter(viewer)
        self._editing.last_signed_off = None
        self.changed.emit(What.SESSION | What.READERS)
        self.return_to_case()

    def return_to_case(self) -> None:
        """Open the case the reader was at, or the first one; nothing when there are no images."""
        position = self._held.start
        if position is not None:
            self.open_case(position.exam_id, position.slice, position.level)

    def note(self, what: What) -> None:
        """Announce what a task on another connection changed."""
        if what & What.EXAMS:
            self._take_up_maps()
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

    def open_case(self, exam_id: int, slice_index: int = -1, level: Level | None = None) -> None:
        """Open a case on its slice with a level selected: the first gap unless another is wanted."""
        case = self._try(lambda: self._editing.read(exam_id))
        if case is None:
            return
        self._leave_case()
        self._editing.case = case
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
        self._editing.case = self.orientation = self.selected = None
        self.changed.emit(What.READING)

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

    def references(self) -> list[ReferenceSeries]:
        """Anatomical series beside the case at hand, read from the session at every call."""
        return self._try(self._editing.references) or []

    # -- selection ------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """Whether the next click places the selected level."""
        return self.selected is not None and self.writable and self._editing.waits(self.selected)

    @property
    def writable(self) -> bool:
        """Whether the case at hand can be changed."""
        return self.case is not None and self._editing.refusal is None

    def say_why_not(self) -> None:
        """Tell why the case at hand takes no edit; nothing is said where it does."""
        if self._editing.refusal is not None:
            self.failed.emit(self._editing.refusal)

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
        return self._editing.rectangles

    def ghost(self, row: float, col: float) -> Rectangle | None:
        """Where a click at a stored position would place the armed level; None where it would not."""
        return self._editing.ghost(self.slice, row, col) if self.armed else None

    def show_preview(self, level: Level, rectangle: Rectangle) -> None:
        """Count a rectangle under the hand and show it; nothing is stored."""
        if self._editing.show(level, rectangle):
            self.previewed.emit(self.preview)

    def cancel_preview(self) -> None:
        """Forget the rectangle under the hand."""
        if self.preview is not None:
            self._editing.preview = None
            self.previewed.emit(None)

    def commit_preview(self) -> None:
        """Store the rectangle under the hand and go to the next gap if it filled one."""
        preview = self.preview
        if preview is None:
            return
        placed = self._editing.waits(preview.level)
        stored = self._set(preview.level, preview.rectangle)
        self.cancel_preview()
        if stored and placed:
            self._go_on_after(preview.level)

    def _go_on_after(self, level: Level) -> None:
        """Select the next gap, or stay."""
        self.selected = self._editing.gap_after(level) or level
        self.selection_changed.emit()

    def nudge(self, rows: int, cols: int) -> None:
        """Move the selected rectangle by stored voxels."""
        self._set(self.selected, self._editing.moved(self.selected, rows, cols))

    def resize(self, rows: tuple[int, int], cols: tuple[int, int]) -> None:
        """Move the (first, last) row edge and column edge of the selected rectangle by stored voxels."""
        self._set(self.selected, self._editing.resized(self.selected, rows, cols))

    def _set(self, level: Level | None, rectangle: Rectangle | None) -> bool:
        if level is None or rectangle is None:
            return False
        return self._edit(lambda session, case: read_exam.set_rectangle(session, case, level, rectangle))

    def reopen(self) -> None:
        """Open the signed-off case at hand again."""
        self._edit(read_exam.reopen)

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
            self._go_on_after(level)

    # -- undo and sign-off ----------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the newest edit; directly after a sign-off, reopen that case instead."""
        if self.case is None:
            return
        if self._editing.last_signed_off is not None:
            self._reopen_last(self._editing.last_signed_off)
        else:
            self._step(read_exam.undo)

    def _reopen_last(self, exam_id: int) -> None:
        if self.case is not None and exam_id != self.case.exam.id:
            self.open_case(exam_id)
        # where it could not be opened, the case at hand is another one and stays as it is
        if self.case is not None and exam_id == self.case.exam.id and self._edit(read_exam.reopen):
            self._editing.last_signed_off = None

    def redo(self) -> None:
        """Bring back what was taken back."""
        self._step(read_exam.redo)

    def _step(self, step: Edit) -> None:
        """Undo or redo, and select the level it touched."""
        if self._edit(step) and self.case is not None:
            self.select(self.case.reading.revisions[-1].level)

    def sign_off(self, *, go_on: bool) -> None:
        """Sign off when complete (else go to the first gap), and open the next case if wanted."""
        if self.case is None:
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
            self._editing.last_signed_off = signed
            self.selected = None
        following = self._held.unread_after(signed) if go_on else None
        if following is not None:
            self.open_case(following)
        else:
            self.selection_changed.emit()

    def _edit(self, edit: Edit) -> bool:
        """Run one use case; announce what it did, or tell why it could not."""
        what = self._try(lambda: self._editing.run(edit))
        if what:
            self.saved_at = _clock()
            self.changed.emit(what)
        return bool(what)


def _clock() -> str:
    """Local time of day of a save, for the status line."""
    return datetime.now().astimezone().strftime("%H:%M:%S")
