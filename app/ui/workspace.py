"""The one place that holds what is open, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from app.domain import shapes
from app.domain.errors import InputError
from app.domain.protocol import LEVELS, Level
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import case_facts, place_help, read_exam
from app.services.changed import What
from app.services.place_help import NoProposal, Proposals
from app.ui.desk import Desk
from app.ui.editing import Edit, Reshape
from app.ui.editing import Preview as Preview
from app.ui.proposals import Proposing


class Workspace(Desk):
    """The case at hand: choosing levels and slices, rectangles, undo, sign-off.

    Signals
    -------
    proposed
        Something else is proposed, or nothing any more.
    """

    proposed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._proposing = Proposing()
        # before any page looks
        self.changed.connect(self._forget_proposal)
        self.selection_changed.connect(self._follow_selection)

    # -- selection ------------------------------------------------------------------------------------

    @property
    def armed(self) -> bool:
        """Whether the next click places the selected level."""
        return self.selected is not None and self.writable and self._editing.waits(self.selected)

    @property
    def writable(self) -> bool:
        """Whether the case at hand can be changed."""
        return self.case is not None and self._editing.refusal is None

    @property
    def turnable(self) -> bool:
        """Whether rectangles of the case at hand can be turned."""
        return self.writable and self.case is not None and self.case.protocol.rotation

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
        waits = self.armed and self.proposals is None
        return self._editing.ghost(self.slice, row, col) if waits else None

    def show_preview(self, level: Level, rectangle: Rectangle) -> None:
        """Count a rectangle under the hand and show it; nothing is stored."""
        if self._editing.show(level, rectangle):
            self.previewed.emit(self.preview)

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
        self._reshape(lambda box, grid: shapes.move(box, rows, cols, grid))

    def resize(self, rows: tuple[int, int], cols: tuple[int, int]) -> None:
        """Move the (first, last) row edge and column edge of the selected rectangle by stored voxels."""
        self._reshape(lambda box, grid: shapes.drag_edges(box, rows, cols, grid))

    def rotate(self, degrees: float) -> None:
        """Turn the selected rectangle clockwise on screen, or tell that the protocol does not allow it."""
        if self.orientation is None or self.selected not in self.rectangles:
            return
        if self.case is not None and not self.case.protocol.rotation:
            self.failed.emit(InputError("roi.rotation_off"))
            return
        angle = self.orientation.clockwise(degrees)
        self._reshape(lambda box, grid: shapes.turn(box, angle, grid))

    def to_slice(self, step: int) -> None:
        """Take the selected rectangle along to a neighbouring slice."""
        self._reshape(lambda box, grid: shapes.to_slice(box, box.slice + step, grid))
        self.select(self.selected)

    def to_this_slice(self) -> None:
        """Take the selected rectangle to the slice that is shown, as one step."""
        there = self.slice
        here = self._editing.reshaped(self.selected, lambda box, grid: shapes.to_slice(box, there, grid))
        self._set(self.selected, here)

    def _reshape(self, how: Reshape) -> None:
        box = self.rectangles.get(self.selected) if self.selected else None
        if box is not None and self.slice not in box.slices:
            # nothing is changed that nobody sees: it comes into view first
            self.select(self.selected)
            return
        self._set(self.selected, self._editing.reshaped(self.selected, how))

    def _set(self, level: Level | None, rectangle: Rectangle | None) -> bool:
        if level is None or rectangle is None:
            return False
        return self.edit(lambda session, case: read_exam.set_rectangle(session, case, level, rectangle))

    def reopen(self, reason: str = "") -> None:
        """Open the signed-off case at hand again; with a reason where :attr:`reopening_wants_reason`."""
        self.edit(lambda session, case: read_exam.reopen(session, case, reason))

    @property
    def reopening_wants_reason(self) -> bool:
        """Whether the case at hand is opened again only with a reason."""
        session, case = self.session, self.case
        if session is None or case is None:
            return False
        return bool(self._try(lambda: read_exam.wants_reason(session, case)))

    def remove(self) -> None:
        """Take away what the selected level holds."""
        level = self.selected
        if level is not None:
            self.edit(lambda session, case: read_exam.clear_level(session, case, level))

    def mark(self, reason: Reason, note: str = "", *, level: Level | None = None) -> bool:
        """Mark a level, the selected one unless told, as not measurable and go on to the next gap."""
        level = level or self.selected
        if level is None:
            return False
        done = self.edit(lambda s, c: read_exam.mark_not_measurable(s, c, level, reason, note))
        if done:
            self._go_on_after(level)
        return done

    # -- help for placing -----------------------------------------------------------------------------

    @property
    def proposals(self) -> Proposals | None:
        """What the program proposes, until it is taken or dropped."""
        return self._proposing.shown

    @property
    def proposed_here(self) -> dict[Level, Rectangle]:
        """What is proposed in the shown slice."""
        return self._proposing.here(self.slice)

    @property
    def no_proposal(self) -> str:
        """Code of why nothing was proposed when that was asked for just now; else empty."""
        return self._proposing.why

    def propose_fit(self, point: tuple[float, float]) -> None:
        """Propose a rectangle for the selected level in the body around a stored ``(row, col)``."""
        case, level = self.case, self.selected
        if case is None or not self.writable:
            self.say_why_not()
        elif level is None:
            self._propose(lambda: NoProposal("fit.no_level"))
        else:
            # edges are seen best with water and fat, which are not kept in memory
            whole = self._try(self._editing.with_signals)
            if whole is not None:
                self._propose(lambda: place_help.fit(whole, self.slice, point, level))

    def propose_ladder(self) -> None:
        """Propose rectangles for L2 to L4 from L1 and L5, and bring one of them into view."""
        case = self.case
        if case is None or not self.writable:
            self.say_why_not()
            return
        whole = self._try(self._editing.with_signals)
        if whole is None:
            return
        self._propose(lambda: place_help.ladder(whole))
        if self.proposals is not None and not self.proposed_here:
            self.set_slice(next(iter(self.proposals.rectangles.values())).slice)

    def _propose(self, ask: Callable[[], Proposals | NoProposal]) -> None:
        self._proposing.ask(ask)
        self.proposed.emit()

    def accept_proposal(self, level: Level | None = None) -> bool:
        """Place what is proposed for a level, or all of it, and go on to the next gap; False without any."""
        found = self._proposing.taken(level)
        if found is None:
            return False
        place, left, lowest = found
        if self.edit(place):
            self._proposing.shown = left
            self._go_on_after(lowest)
        self.proposed.emit()
        return True

    def drop_proposal(self) -> bool:
        """Forget what is proposed; False where nothing is."""
        had = self._proposing.clear()
        self.proposed.emit()
        return had

    def _forget_proposal(self) -> None:
        """What a rectangle or another case changed is proposed no longer."""
        if self._proposing.clear():
            self.proposed.emit()

    def _follow_selection(self) -> None:
        if self._proposing.follow(self.selected, self.slice):
            self.proposed.emit()

    # -- undo and sign-off ----------------------------------------------------------------------------

    def undo(self) -> None:
        """Take back the newest edit; directly after a sign-off, reopen that case instead."""
        if self.case is None:
            return
        before = self._editing.said_before
        if self._editing.last_signed_off is not None:
            self._reopen_last(self._editing.last_signed_off)
        elif before is not None:
            after = self.case.reading.facts
            if self.edit(lambda session, case: case_facts.take_back(session, case, before)):
                # a second undo goes further back instead of saying it once more
                self._editing.said_before, self._editing.said_after = None, after
        else:
            self._step(read_exam.undo)

    def _reopen_last(self, exam_id: int) -> None:
        if self.case is not None and exam_id != self.case.exam.id:
            self.open_case(exam_id)
        # where it could not be opened, the case at hand is another one and stays as it is
        if self.case is not None and exam_id == self.case.exam.id:
            self.edit(read_exam.reopen)

    def redo(self) -> None:
        """Bring back what was taken back."""
        after = self._editing.said_after
        if after is not None:
            self.edit(lambda session, case: case_facts.take_back(session, case, after))
        else:
            self._step(read_exam.redo)

    def _step(self, step: Edit) -> None:
        """Undo or redo, and select the level it touched."""
        if self.edit(step) and self.case is not None:
            self.select(self.case.reading.revisions[-1].level)

    def sign_off(self, *, go_on: bool) -> None:
        """Sign off when complete (else go to the first gap), and open the next case if wanted."""
        if self.case is None:
            return
        gap = self.case.first_gap
        if gap is not None and self.writable:
            self.select(gap)
            return
        signed, stop = self.case.exam.id, self.case.stopping
        if stop is not None:
            self.select(stop.level)
        what = What.NOTHING
        if not self.case.reading.locked:
            what = self._run(read_exam.sign_off)
            if not what:
                return
            self.selected = None
        # announced together with the next case: nobody wants to see this one once more
        following = self._held.unread_after(signed) if go_on else None
        if following is None or not self.open_case(following, also=what):
            self.changed.emit(what)
            self.selection_changed.emit()
