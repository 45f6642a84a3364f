"""What lies open where readers are compared: a case, a level, a slice, the coordinator's own rectangle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from app.domain import shapes
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.measure import RoiStats
from app.domain.protocol import Level, Protocol
from app.domain.shapes import Rectangle
from app.services.disagreements import Dispute, SideBySide, preview


@dataclass(frozen=True, slots=True, eq=False)
class Compared:
    """A case whose maps are seen."""

    exam: Exam


class OwnRectangle(QObject):
    """One rectangle of one level that a coordinator draws beside those of the readers. Nothing is stored.

    It is what a hand over the maps acts on; only while drawing does a click place anything.

    Signals
    -------
    changed
        Another slice, or another rectangle.
    drawn
        The rectangle was let go of, or taken away.
    """

    changed = Signal()
    drawn = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.case: Compared | None = None
        self.levels: Mapping[Level, Dispute] = {}
        self.level: Level | None = None
        self.slice = 0
        self.drawing = False
        self._protocol = Protocol()
        self._kept: Rectangle | None = None
        self._held: Rectangle | None = None

    # -- what lies open -------------------------------------------------------------------------------

    @property
    def r2star_unit(self) -> str:
        """As the protocol calls it."""
        return self._protocol.r2star_unit

    def open_level(self, beside: SideBySide, level: Level, protocol: Protocol) -> None:
        """Show a level of a case on the slice of its first rectangle, with what was drawn and decided."""
        same = self.case is not None and self.case.exam is beside.exam
        if not same:
            self.case = Compared(beside.exam) if beside.exam else None
        self.levels, self.level, self._protocol = beside.levels, level, protocol
        dispute = beside.levels.get(level)
        decided = dispute.decided.ruling.rectangle if dispute and dispute.decided else None
        self._kept, self._held, self.drawing = decided, None, False
        boxes = [one.rectangle for one in dispute.held if one.rectangle] if dispute else []
        first = next(iter([*boxes, *([decided] if decided else [])]), None)
        if first is not None:
            self.slice = first.slice
        elif not same and beside.exam is not None:
            self.slice = beside.exam.grid.shape[0] // 2
        self.changed.emit()

    def close(self) -> None:
        """Let go of the case."""
        self.case, self.levels, self.level = None, {}, None
        self._kept = self._held = None
        self.drawing = False
        self.changed.emit()

    def draw(self, *, wanted: bool) -> None:
        """Begin to draw, or leave off; what was drawn stays."""
        if wanted != self.drawing:
            self.drawing = wanted
            self.changed.emit()

    @property
    def rectangle(self) -> Rectangle | None:
        """What is drawn."""
        return self._held or self._kept

    @property
    def stats(self) -> Mapping[Quantity, RoiStats]:
        """What it holds on each map; empty without one."""
        if self.case is None or self.rectangle is None:
            return {}
        return preview(self.case.exam, self.rectangle)

    def place_in_middle(self) -> None:
        """Place it where the readers' rectangles have their middle, to be moved from there by keys."""
        dispute = self.levels.get(self.level) if self.level else None
        boxes = [one.rectangle for one in dispute.held if one.rectangle] if dispute else []
        if self.case is None or self.rectangle is not None or not boxes:
            return
        grid = self.case.exam.grid
        row = sum(box.row0 + box.rows / 2 for box in boxes) / len(boxes)
        col = sum(box.col0 + box.cols / 2 for box in boxes) / len(boxes)
        self._keep(shapes.place(grid, self.slice, row, col, self._size(), depth=self._protocol.slices))

    def reshape(self, rows: int, cols: int) -> None:
        """Move it by stored voxels."""
        if self.case is not None and self._kept is not None and self.drawing:
            self._keep(shapes.move(self._kept, rows, cols, self.case.exam.grid))

    def remove(self) -> None:
        """Take it away."""
        if self.drawing and self._kept is not None:
            self._keep(None)

    def _keep(self, rectangle: Rectangle | None) -> None:
        self._kept, self._held = rectangle, None
        self.changed.emit()
        self.drawn.emit()

    def _size(self) -> tuple[int, int]:
        if self.case is None:
            return (1, 1)
        grid = self.case.exam.grid
        wanted = shapes.anatomical_size(self._protocol.first_ap_mm, self._protocol.first_cc_mm, grid)
        return shapes.size_in_voxels(wanted, grid)

    # -- what the hand asks ---------------------------------------------------------------------------

    @property
    def selected(self) -> Level | None:
        """The level, while its rectangle is being drawn."""
        return self.level if self.drawing else None

    @property
    def armed(self) -> bool:
        """Whether the next click places the rectangle."""
        return self.writable and self.rectangle is None

    @property
    def writable(self) -> bool:
        """Whether the rectangle can be changed."""
        return self.drawing and self.case is not None and self.level is not None

    @property
    def turnable(self) -> bool:
        """Whether the rectangle can be turned."""
        return self.writable and self._protocol.rotation

    @property
    def rectangles(self) -> Mapping[Level, Rectangle]:
        """The own rectangle."""
        shown = self.rectangle
        return {self.level: shown} if self.level is not None and shown is not None else {}

    @property
    def preview(self) -> Rectangle | None:
        """The rectangle under the hand."""
        return self._held

    @property
    def proposals(self) -> None:
        """Nothing is ever proposed here."""
        return

    @property
    def proposed_here(self) -> Mapping[Level, Rectangle]:
        """Nothing is ever proposed here."""
        return {}

    def ghost(self, row: float, col: float) -> Rectangle | None:
        """Where a click would place the rectangle; None where it would not."""
        if not self.armed or self.case is None:
            return None
        return shapes.place(
            self.case.exam.grid, self.slice, row, col, self._size(), depth=self._protocol.slices
        )

    def select(self, level: Level | None) -> None:
        """There is one level only."""

    def set_slice(self, index: int) -> None:
        """Show another slice, within the stack."""
        if self.case is None:
            return
        index = min(max(index, 0), self.case.exam.grid.shape[0] - 1)
        if index != self.slice:
            self.slice = index
            self.changed.emit()

    def say_why_not(self) -> None:
        """Nothing is drawn by a click that was not asked for; the page says how to begin."""

    def show_preview(self, level: Level, rectangle: Rectangle) -> None:
        """Show the rectangle under the hand."""
        if level is self.level and self.writable:
            self._held = rectangle
            self.changed.emit()

    def commit_preview(self) -> None:
        """Keep the rectangle where the hand left it."""
        if self._held is not None:
            self._keep(self._held)

    def cancel_preview(self) -> None:
        """Put the rectangle back where the hand took it."""
        if self._held is not None:
            self._held = None
            self.changed.emit()

    def accept_proposal(self, level: Level | None = None) -> bool:
        """Nothing is ever proposed here."""
        return False

    def drop_proposal(self) -> bool:
        """Nothing is ever proposed here."""
        return False
