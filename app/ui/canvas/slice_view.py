"""One stack of slices in the window: keeps its slice as a picture and repaints only what a drag touches."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFocusEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.domain.grid import Orientation
from app.ui.canvas import painting
from app.ui.canvas.overlay import Overlay
from app.ui.canvas.painting import Stack
from app.ui.canvas.scene import NO_MARKS, Caption, Marks
from app.ui.canvas.view import Box, Camera, View, shown_spacing

_BACKGROUND = QColor(0, 0, 0)
_BY_KEY = (Qt.FocusReason.TabFocusReason, Qt.FocusReason.BacktabFocusReason)


class SliceView(QWidget):
    """Shows one slice of a stack, with marks over it.

    The slice is kept as a picture of one pixel a voxel, the whole scene as the screen shows it as soon as a
    drag wants pieces of it; a drag repaints the marks and the strip of picture below them, nothing else.

    Signals
    -------
    mouse : object
        Every mouse and wheel event, for whoever knows what they mean.
    left
        The pointer left the view.
    resized
        The view has another size.
    """

    mouse = Signal(object)
    left = Signal()
    resized = Signal()

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(title)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.stack: Stack | None = None
        self.camera = Camera()
        self.window_level: tuple[float, float] = (0.0, 1.0)
        self.colour_map = "grey"
        self.empty_text = ""
        self._orientation: Orientation | None = None
        self._slice = 0
        self._marks: Marks = NO_MARKS
        self._caption = Caption()
        self._overlay: Overlay | None = None
        self._picture: QImage | None = None
        self._ready: QPixmap | None = None
        self._ringed = False

    def sizeHint(self) -> QSize:
        """Room for a lumbar spine."""
        return QSize(420, 520)

    @property
    def view(self) -> View | None:
        """Where the picture lies now; None without one."""
        if self.stack is None or self._orientation is None:
            return None
        spacing = shown_spacing(self.stack.grid, self._orientation)
        return View(self._orientation, spacing, (self.width(), self.height()), self.camera)

    def show_stack(
        self, stack: Stack | None, orientation: Orientation | None, window: tuple[float, float]
    ) -> None:
        """Show another stack in a display window, or none."""
        self.stack, self._orientation, self.window_level = stack, orientation, window
        self._stale()

    def show_slice(self, index: int, caption: Caption) -> None:
        """Show another slice or another caption."""
        if index != self._slice or caption != self._caption:
            self._slice, self._caption = index, caption
            self._stale()

    def set_overlay(self, overlay: Overlay | None) -> None:
        """Show a slice of another series in this place, or the own one again."""
        if overlay is not self._overlay:
            self._overlay = overlay
            self._stale()

    def set_camera(self, camera: Camera) -> None:
        """Zoom and pan."""
        if camera != self.camera:
            self.camera, self._ready = camera, None
            self.update()

    def set_window(self, low: float, high: float) -> None:
        """Change the display window; values stay what they are."""
        self.window_level = (low, high)
        self._stale()

    def set_colour_map(self, name: str) -> None:
        """Change the colours."""
        self.colour_map = name
        self._stale()

    def set_marks(self, marks: Marks) -> None:
        """Show other marks, repainting only what they touch."""
        if marks == self._marks:
            return
        view = self.view
        old, self._marks = self._marks, marks
        if view is None or old.crosshair != marks.crosshair or old.hidden != marks.hidden:
            self.update()
            return
        if old.readout != marks.readout:
            self.update(painting.readout_area(view).toAlignedRect())
        for box in _different(old, marks):
            area = painting.marked_area(view, box, turnable=old.turnable or marks.turnable).toAlignedRect()
            self.update(area)

    def _stale(self) -> None:
        self._picture = self._ready = None
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the picture anew where all is to be seen, copy the ready one where little is."""
        painter = QPainter(self)
        view, area = self.view, event.rect()
        if view is None or self.stack is None:
            self._paint_empty(painter)
        else:
            painter.setClipRect(area)
            if area == self.rect():
                # while slices or the window change, a copy to keep would cost as much again
                self._ready = None
                self._paint_scene(painter, self.stack, view)
            else:
                self._copy_ready(painter, self.stack, view, area)
            painting.paint_marks(painter, view, self._marks)
        if self._ringed:
            painting.paint_ring(painter, QRectF(self.rect()))
        painter.end()

    def _paint_scene(self, painter: QPainter, stack: Stack, view: View) -> None:
        """Paint all that lies below the marks."""
        over = self._overlay
        if self._picture is None and over is not None:
            self._picture = painting.picture(over, view, 0, over.window, "grey")
        elif self._picture is None:
            self._picture = painting.picture(stack, view, self._slice, self.window_level, self.colour_map)
        # a point less on each side: the picture may end within a point
        covered = painting.picture_area(view).toAlignedRect().adjusted(1, 1, -1, -1) & self.rect()
        width, height, below, behind = self.width(), self.height(), covered.bottom() + 1, covered.right() + 1
        for beside in (
            QRect(0, 0, width, covered.top()),
            QRect(0, below, width, height - below),
            QRect(0, covered.top(), covered.left(), covered.height()),
            QRect(behind, covered.top(), width - behind, covered.height()),
        ):
            painter.fillRect(beside, _BACKGROUND)
        painting.paint_picture(painter, view, self._picture)
        caption = self._caption if over is None else replace(self._caption, note=over.name, bar=False)
        painting.paint_frame(painter, view, caption, self.window_level, self.colour_map)

    def _copy_ready(self, painter: QPainter, stack: Stack, view: View, area: QRect) -> None:
        """Copy an area from the whole scene, which is kept for the next time.

        Enlarging only the voxels of the area would be as fast, but a row of points at the edge of two voxels
        could then fall to the other one, and a drag would leave traces.
        """
        ratio = self.devicePixelRatioF()
        if self._ready is None:
            self._ready = QPixmap(self.size() * ratio)
            self._ready.setDevicePixelRatio(ratio)
            whole = QPainter(self._ready)
            whole.setFont(self.font())
            self._paint_scene(whole, stack, view)
            whole.end()
        source = QRectF(area.x() * ratio, area.y() * ratio, area.width() * ratio, area.height() * ratio)
        painter.drawPixmap(QRectF(area), self._ready, source)

    def _paint_empty(self, painter: QPainter) -> None:
        painter.fillRect(self.rect(), _BACKGROUND)
        painter.setPen(QColor("#9aa5af"))
        box = self.rect().adjusted(24, 24, -24, -24)
        flags = int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap)
        painter.drawText(box, flags, self.empty_text)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Forget the scene of the other size."""
        self._ready = None
        super().resizeEvent(event)
        self.resized.emit()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Show where the keyboard is, to a hand that goes by keys."""
        self._ringed = event.reason() in _BY_KEY
        self.update()
        super().focusInEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Show it no more."""
        self._ringed = False
        self.update()
        super().focusOutEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pass on."""
        self.mouse.emit(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pass on."""
        self.mouse.emit(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Pass on."""
        self.mouse.emit(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Pass on."""
        self.mouse.emit(event)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass on."""
        self.mouse.emit(event)

    def leaveEvent(self, event: QEvent) -> None:
        """Tell that the pointer is gone."""
        self.left.emit()
        super().leaveEvent(event)

    def stored_at(self, point: QPointF) -> tuple[float, float] | None:
        """Stored ``(row, col)`` in voxel edges under a point, None outside the picture."""
        view = self.view
        if view is None:
            return None
        row, col = view.to_stored(point.x(), point.y())
        rows, cols = view.orientation.shape
        return (row, col) if 0 <= row < rows and 0 <= col < cols else None


def _different(old: Marks, new: Marks) -> list[Box]:
    """Rectangles that must be painted over or anew."""
    found: list[Box] = []
    pairs = (
        (old.rectangles, new.rectangles),
        (old.pooled, new.pooled),
        (old.elsewhere, new.elsewhere),
        (old.proposed, new.proposed),
    )
    for before, after in pairs:
        for level in {*before, *after}:
            if before.get(level) != after.get(level):
                found += [box for box in (before.get(level), after.get(level)) if box is not None]
    if (old.ghost, old.armed) != (new.ghost, new.armed):
        found += [box for box in (old.ghost, new.ghost) if box is not None]
    before_after = [(marks.selected, marks.editable, marks.turnable) for marks in (old, new)]
    if before_after[0] != before_after[1]:
        here = {**new.pooled, **new.rectangles}
        found += [here[level] for level in (old.selected, new.selected) if level in here]
    return found
