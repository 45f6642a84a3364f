"""What the mouse does to the linked maps: place, move, resize, pan, zoom, window, crosshair."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import atan2, degrees
from typing import Protocol

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QCursor, QInputEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QApplication

from app.domain.grid import Vector
from app.domain.maps import DISPLAY_RANGE
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui.canvas import hits
from app.ui.canvas.board import Board
from app.ui.canvas.gestures import RoiDrag, WheelSteps, WindowDrag, ZoomDrag, zoom_factor
from app.ui.canvas.map_view import MapView
from app.ui.canvas.mouse_presets import MARROWMARK, Does
from app.ui.canvas.projection import patient_point
from app.ui.canvas.view import Camera, View
from app.ui.canvas.wishes import wish

# a hand that meant to click moves this little, in points
_CLICK = 4

# which way an edge goes, by steps of 45 degrees clockwise from the horizontal
_SIZING = (
    Qt.CursorShape.SizeHorCursor,
    Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor,
    Qt.CursorShape.SizeBDiagCursor,
)


def _cursor_over(shown: View, found: hits.Hit, rectangle: Rectangle) -> Qt.CursorShape:
    """What the pointer looks like over a rectangle or one of its handles."""
    if found.turning:
        return Qt.CursorShape.OpenHandCursor
    if found.edges == (0, 0):
        return Qt.CursorShape.SizeAllCursor
    way = degrees(atan2(*found.edges)) + shown.orientation.clockwise(rectangle.angle_deg)
    return _SIZING[round(way / 45) % len(_SIZING)]


class Maps(Protocol):
    """What the hand asks of the maps it moves over."""

    @property
    def seen(self) -> View | None:
        """How the picture lies on a map that can be seen."""

    def set_camera(self, camera: Camera) -> None:
        """Zoom and pan all maps."""

    def set_window(self, view: MapView, window: tuple[float, float]) -> None:
        """Change the display window of one map."""

    def refresh(self) -> None:
        """Show rectangles, ghost and crosshair anew."""

    def toggle_maximised(self, view: MapView) -> None:
        """Give one map the whole room, or bring the others back."""

    def offer_menu(self, place: QPointF) -> None:
        """Offer what can be done at a place on the screen."""


@dataclass(frozen=True, slots=True)
class _Pan:
    """The picture in the hand, and where the hand was last."""

    last: QPointF


class Hand:
    """The mouse over the maps. One button at a time: what one began, another does not disturb.

    Parameters
    ----------
    maps : Maps
        What it moves over.
    workspace : Board
        Receives every wish.

    Attributes
    ----------
    pointer : tuple of float or None
        Stored ``(row, col)`` under the pointer, in voxel edges of the grid that rectangles live on.
    crosshair : tuple of float or None
        Patient coordinates of the place that all views mark, mm.
    space_held : bool
        The left button pans instead.
    preset : MousePreset
        Which buttons pan, zoom and window.
    """

    def __init__(self, maps: Maps, workspace: Board) -> None:
        self._maps = maps
        self._workspace = workspace
        self.pointer: tuple[float, float] | None = None
        self.crosshair: Vector | None = None
        self.space_held = False
        self.preset = MARROWMARK
        self._held: RoiDrag | WindowDrag | ZoomDrag | _Pan | None = None
        self._button = Qt.MouseButton.NoButton
        self._pressed = QPointF()
        self._was_pressed = False
        self._just_placed: Level | None = None
        self._wheel = WheelSteps()

    def begin_case(self) -> None:
        """Forget what belonged to another case."""
        self._held = self.crosshair = None
        self._was_pressed = False

    def find_pointer(self, views: Iterable[MapView]) -> None:
        """Take the pointer from where the cursor is: another picture came to lie below it without a move."""
        at = QCursor.pos()
        over = QApplication.widgetAt(at)
        below = (view.stored_at(QPointF(view.mapFromGlobal(at))) for view in views if view is over)
        self.pointer = next(below, None)

    def let_go(self) -> bool:
        """Leave whatever is being dragged as it was; False when there was nothing."""
        if self._held is None:
            return False
        self._held = None
        self._workspace.cancel_preview()
        self._maps.refresh()
        return True

    def leave(self) -> None:
        """The pointer left the maps."""
        if self._held is None:
            self.pointer = self.crosshair = None
            self._maps.refresh()

    def point_at(self, point: Vector | None) -> None:
        """Mark a place, in patient coordinates, on which another view points; None marks none."""
        if point != self.crosshair:
            self.crosshair = point
            self._maps.refresh()

    def handle(self, view: MapView, event: QInputEvent) -> None:
        """Act on a mouse or wheel event of a map that shows something."""
        if isinstance(event, QWheelEvent):
            self._on_wheel(view, event)
        elif isinstance(event, QMouseEvent):
            handlers = {
                QMouseEvent.Type.MouseButtonPress: self._on_press,
                QMouseEvent.Type.MouseMove: self._on_move,
                QMouseEvent.Type.MouseButtonRelease: self._on_release,
                QMouseEvent.Type.MouseButtonDblClick: self._on_double_click,
            }
            handlers[event.type()](view, event)

    # -- what lies under the pointer ------------------------------------------------------------------

    def rectangles_here(self) -> dict[Level, Rectangle]:
        """Rectangles that the shown slice is counted in."""
        space = self._workspace
        return {level: box for level, box in space.rectangles.items() if space.slice in box.slices}

    def ghost(self, shown: View | None) -> Rectangle | None:
        """Where a click would place the armed level; None over a rectangle and while dragging."""
        if shown is None or self.pointer is None or self._held is not None or self._workspace.preview:
            return None
        at = shown.to_screen(*shown.orientation.to_shown(*self.pointer))
        return None if self._hit(shown, QPointF(*at)) else self._workspace.ghost(*self.pointer)

    def _hit(self, shown: View, point: QPointF) -> hits.Hit | None:
        space = self._workspace
        here = self.rectangles_here()
        return hits.hit(shown, here, space.selected, point.x(), point.y(), turnable=space.turnable)

    def _proposed_at(self, shown: View, point: QPointF) -> Level | None:
        """The level of the proposal that a click would take."""
        found = hits.hit(shown, self._workspace.proposed_here, None, point.x(), point.y())
        return found.level if found else None

    # -- wheel ----------------------------------------------------------------------------------------

    def _on_wheel(self, view: MapView, event: QWheelEvent) -> None:
        shown = view.view
        if shown is None:
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        if wish(self.preset, event) is Does.ZOOM:
            at = event.position()
            self._maps.set_camera(shown.zoomed(zoom_factor(delta), at.x(), at.y()))
            return
        if isinstance(self._held, RoiDrag):
            # a rectangle stays on its slice: turning the wheel would only hide it from the hand
            return
        self._workspace.set_slice(self._workspace.slice - self._wheel.add(delta))

    # -- buttons --------------------------------------------------------------------------------------

    def _on_press(self, view: MapView, event: QMouseEvent) -> None:
        if self._held is not None:
            if event.buttons() & self._button:
                return
            # its release went elsewhere, to a dialog perhaps
            self.let_go()
        self._was_pressed, self._just_placed = True, None
        self._pressed, self._button = event.position(), event.button()
        at = (event.position().x(), event.position().y())
        empty = self._nothing_here(view, event.position())
        does = wish(self.preset, event, pan_key=self.space_held, empty=empty)
        if does is Does.PAN:
            self._held = _Pan(event.position())
        elif does is Does.ZOOM and view.view is not None:
            self._held = ZoomDrag(view.view, at)
        elif does is Does.WINDOW and view.map is not None:
            low, high = DISPLAY_RANGE[view.map.quantity]
            self._held = WindowDrag(view.window_level, at, high - low)
        elif self._button is Qt.MouseButton.LeftButton:
            self._take(view, event.position())

    def _nothing_here(self, view: MapView, point: QPointF) -> bool:
        """Whether a left press would neither take nor place a rectangle."""
        if self._workspace.proposals is not None:
            return False
        if view.view is not None and self._hit(view.view, point) is not None:
            return False
        return not self._workspace.armed or view.stored_at(point) is None

    def _take(self, view: MapView, point: QPointF) -> None:
        """Take the rectangle under the pointer, or place the armed one."""
        space, shown = self._workspace, view.view
        if shown is None:
            return
        stored = view.stored_at(point)
        proposed = self._proposed_at(shown, point)
        found = self._hit(shown, point)
        if proposed is not None:
            self._just_placed = proposed
            space.accept_proposal(proposed)
        elif found is not None:
            if space.selected is not found.level:
                space.select(found.level)
            if space.writable:
                edges = hits.stored_edges(shown.orientation, found.edges)
                origin = shown.to_stored(point.x(), point.y())
                box = space.rectangles[found.level]
                self._held = RoiDrag(found.level, box, edges, origin, turning=found.turning)
        elif space.proposals is not None:
            # a click beside what is proposed wants none of it, and nothing else
            space.drop_proposal()
        elif stored is not None and space.selected is not None:
            self._place(space.selected, stored)

    def _place(self, level: Level, stored: tuple[float, float]) -> None:
        space = self._workspace
        ghost = space.ghost(*stored)
        if ghost is not None:
            self._just_placed = level
            self._held = RoiDrag(level, ghost, (0, 0), stored)
            space.show_preview(level, ghost)
        elif level not in space.rectangles:
            space.say_why_not()

    def _on_move(self, view: MapView, event: QMouseEvent) -> None:
        if self._held is not None and not event.buttons() & self._button:
            # its release went elsewhere: what is not held any more must not follow the pointer
            self.let_go()
        shown, point = view.view, event.position()
        if shown is None:
            return
        if isinstance(self._held, _Pan):
            step = point - self._held.last
            self._maps.set_camera(shown.panned(step.x(), step.y()))
            self._held = _Pan(point)
        elif isinstance(self._held, WindowDrag | ZoomDrag):
            if (point - self._pressed).manhattanLength() <= _CLICK:
                return
            if isinstance(self._held, ZoomDrag):
                self._maps.set_camera(self._held.at(point.y()))
            else:
                self._maps.set_window(view, self._held.at(point.x(), point.y()))
        elif isinstance(self._held, RoiDrag):
            self._drag(shown, self._held, event)
        else:
            self._hover(view, event)

    def _drag(self, shown: View, drag: RoiDrag, event: QMouseEvent) -> None:
        space, point = self._workspace, event.position()
        if space.case is None:
            return
        symmetric = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
        moved = drag.at(shown.to_stored(point.x(), point.y()), space.case.exam.grid, symmetric=symmetric)
        if moved != drag.start or space.preview is not None:
            space.show_preview(drag.level, moved)

    def _hover(self, view: MapView, event: QMouseEvent) -> None:
        self.pointer = view.stored_at(event.position())
        if not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.crosshair = None
        elif self.pointer is not None and self._workspace.case is not None:
            # the middle of the voxel, whose value stands below the maps
            row, col = (int(place) + 0.5 for place in self.pointer)
            self.crosshair = patient_point(self._workspace.case.exam.grid, self._workspace.slice, (row, col))
        self._set_cursor(view, event.position())
        self._maps.refresh()

    def _set_cursor(self, view: MapView, point: QPointF) -> None:
        found = self._hit(view.view, point) if view.view else None
        shape = Qt.CursorShape.ArrowCursor
        if view.view is not None and self._proposed_at(view.view, point) is not None:
            shape = Qt.CursorShape.PointingHandCursor
        elif found is not None and view.view is not None and self._workspace.writable:
            shape = _cursor_over(view.view, found, self._workspace.rectangles[found.level])
        elif self._workspace.armed and self._workspace.proposals is None:
            shape = Qt.CursorShape.CrossCursor
        if view.cursor().shape() is not shape:
            view.setCursor(shape)

    def _on_release(self, view: MapView, event: QMouseEvent) -> None:
        if event.button() is not self._button:
            return
        held, self._held = self._held, None
        still = (event.position() - self._pressed).manhattanLength() <= _CLICK
        if isinstance(held, RoiDrag):
            self.pointer = view.stored_at(event.position())
            self._workspace.commit_preview()
            self._maps.refresh()
        elif still and event.button() is Qt.MouseButton.RightButton:
            self._maps.offer_menu(event.globalPosition())

    def _on_double_click(self, view: MapView, event: QMouseEvent) -> None:
        if not self._was_pressed:
            # its first click opened this case elsewhere, in a list; no click was meant for the picture
            return
        over = self._hit(view.view, event.position()) if view.view else None
        if over is not None and over.level is self._just_placed:
            # its first click placed this rectangle; taking it now would disarm the level that comes next
            return
        if self._workspace.armed or over or event.button() is not Qt.MouseButton.LeftButton:
            # quick clicks while placing are clicks, not a wish to maximise
            self._on_press(view, event)
        else:
            self._maps.toggle_maximised(view)
