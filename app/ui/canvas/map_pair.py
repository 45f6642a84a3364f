"""FF and R2* side by side, linked in slice, zoom, pan and crosshair; one rectangle drives both."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QInputEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.domain.maps import DISPLAY_RANGE, MEASURED, Quantity
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui import present
from app.ui.canvas import hits
from app.ui.canvas.colours import COLOUR_MAPS
from app.ui.canvas.gestures import RoiDrag, WindowDrag
from app.ui.canvas.map_view import MapView
from app.ui.canvas.scene import NO_MARKS, Caption, Marks
from app.ui.canvas.view import Camera
from app.ui.widgets import named, words
from app.ui.workspace import Workspace

# display windows of F5-F8, the fixed range first
PRESETS = {
    Quantity.FF: ((0.0, 100.0), (0.0, 80.0), (20.0, 80.0), (30.0, 70.0)),
    Quantity.R2STAR: ((0.0, 300.0), (0.0, 200.0), (50.0, 250.0), (80.0, 220.0)),
}
_WHEEL_STEP = 120
_ZOOM_STEP = 1.2
# a hand that meant to click moves this little, in points
_CLICK = 4


class _Column(QWidget):
    """One map with its title bar."""

    def __init__(self, quantity: Quantity) -> None:
        super().__init__()
        self.quantity = quantity
        title = words(present.quantity_title(quantity), "section")
        unit = words(present.quantity_unit(quantity), "quiet")
        self.range = QPushButton()
        self.range.setToolTip(present.text("read.range_tip"))
        self.range.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view = MapView(present.quantity_title(quantity))
        bar = named(QWidget(), "mapbar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 5, 8, 5)
        for widget in (title, unit):
            row.addWidget(widget)
        row.addStretch(1)
        row.addWidget(self.range)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.view, 1)
        self.range.clicked.connect(self._reset)
        self.show_range()

    def _reset(self) -> None:
        self.view.reset_window()
        self.show_range()

    def show_range(self) -> None:
        """Write the display window on its button."""
        self.range.setText(present.window_text(self.view.window_level))


class MapPair(QWidget):
    """Both maps of the case at hand.

    Signals
    -------
    menu_wanted : QPointF
        Right click without moving, in global coordinates.
    """

    menu_wanted = Signal(QPointF)

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self.columns = {quantity: _Column(quantity) for quantity in MEASURED}
        self.space_held = False
        self._drag: RoiDrag | WindowDrag | None = None
        self._pan_from: QPointF | None = None
        self._pressed = QPointF()
        self._pointer: tuple[float, float] | None = None
        self._crosshair: tuple[float, float] | None = None
        self._hidden = False
        self._wheel = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for column in self.columns.values():
            row.addWidget(column, 1)
            column.view.mouse.connect(self._on_mouse)
            column.view.left.connect(self._on_left)

    @property
    def views(self) -> dict[Quantity, MapView]:
        """The view of each quantity."""
        return {quantity: column.view for quantity, column in self.columns.items()}

    # -- showing --------------------------------------------------------------------------------------

    def show_case(self) -> None:
        """Show the maps of the case at hand with the whole picture in view."""
        case = self._workspace.case
        self._drag = self._pan_from = self._crosshair = None
        for quantity, column in self.columns.items():
            found = case.exam.maps.get(quantity) if case else None
            column.view.empty_text = present.empty_map_text(quantity, has_case=case is not None)
            column.view.set_camera(Camera())
            column.view.show_map(found, self._workspace.orientation)
            column.show_range()
        self.refresh()

    def refresh(self) -> None:
        """Show slice, rectangles, ghost and crosshair as the workspace has them."""
        case = self._workspace.case
        marks = self._marks() if case else NO_MARKS
        for quantity, view in self.views.items():
            if case is not None:
                slices = case.exam.grid.shape[0]
                caption = Caption(
                    present.slice_text(self._workspace.slice, slices), present.quantity_unit(quantity)
                )
                view.show_slice(self._workspace.slice, caption)
            view.set_marks(replace(marks, readout=self._readout(quantity)))

    def _marks(self) -> Marks:
        space = self._workspace
        found = space.rectangles
        ghost = self._ghost()
        return Marks(
            rectangles={level: box for level, box in found.items() if box.slice == space.slice},
            elsewhere={level: box for level, box in found.items() if box.slice != space.slice},
            selected=space.selected,
            ghost=ghost,
            armed=space.selected if ghost else None,
            crosshair=self._crosshair,
            editable=space.writable,
            hidden=self._hidden,
        )

    def _ghost(self) -> Rectangle | None:
        if self._pointer is None or self._drag is not None or self._workspace.preview is not None:
            return None
        view = next(iter(self.views.values())).view
        point = view.to_screen(*view.orientation.to_shown(*self._pointer)) if view else None
        if view and point and hits.hit(view, self._shown_rectangles(), self._workspace.selected, *point):
            return None
        return self._workspace.ghost(*self._pointer)

    def _shown_rectangles(self) -> dict[Level, Rectangle]:
        space = self._workspace
        return {level: box for level, box in space.rectangles.items() if box.slice == space.slice}

    def _readout(self, quantity: Quantity) -> str:
        case = self._workspace.case
        if case is None or self._pointer is None or quantity not in case.exam.maps:
            return ""
        row, col = self._pointer
        value = case.exam.maps[quantity].value_at(self._workspace.slice, int(row), int(col))
        return present.value_text(quantity, value)

    # -- view commands --------------------------------------------------------------------------------

    def reset_view(self) -> None:
        """Whole picture, fixed display ranges, both maps."""
        for column in self.columns.values():
            column.setVisible(True)
            column.view.set_camera(Camera())
            column.view.reset_window()
            column.show_range()
        self.refresh()

    def set_camera(self, camera: Camera) -> None:
        """Zoom and pan both maps."""
        for view in self.views.values():
            view.set_camera(camera)

    def set_preset(self, index: int) -> None:
        """Use display windows number ``index`` on both maps, at once."""
        for quantity, column in self.columns.items():
            column.view.set_window(*PRESETS[quantity][index])
            column.show_range()

    def next_colour_map(self) -> None:
        """Go on to the next colour map."""
        current = next(iter(self.views.values())).colour_map
        following = COLOUR_MAPS[(COLOUR_MAPS.index(current) + 1) % len(COLOUR_MAPS)]
        for view in self.views.values():
            view.set_colour_map(following)

    def set_hidden(self, *, hidden: bool) -> None:
        """Hide all rectangles for a look below them."""
        self._hidden = hidden
        self.refresh()

    def toggle_maximised(self, view: MapView) -> None:
        """Give one map the whole room, or bring the other one back."""
        others = [column for column in self.columns.values() if column.view is not view]
        for column in others:
            column.setVisible(not column.isVisible())

    # -- mouse ----------------------------------------------------------------------------------------

    def _on_mouse(self, event: QInputEvent) -> None:
        view = self.sender()
        if not isinstance(view, MapView) or view.map is None:
            return
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

    def _on_left(self) -> None:
        if self._drag is None:
            self._pointer = None
            self.refresh()

    def _on_wheel(self, view: MapView, event: QWheelEvent) -> None:
        shown = view.view
        if shown is None:
            return
        delta = event.angleDelta().y() or event.angleDelta().x()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            at = event.position()
            self.set_camera(shown.zoomed(_ZOOM_STEP ** (delta / _WHEEL_STEP), at.x(), at.y()))
            return
        # a touchpad sends many small steps: they add up to whole slices
        self._wheel += delta
        steps = int(self._wheel / _WHEEL_STEP)
        if steps:
            self._wheel -= steps * _WHEEL_STEP
            self._workspace.set_slice(self._workspace.slice - steps)

    def _on_press(self, view: MapView, event: QMouseEvent) -> None:
        self._pressed = event.position()
        button = event.button()
        panning = button is Qt.MouseButton.LeftButton and self.space_held
        if button is Qt.MouseButton.MiddleButton or panning:
            self._pan_from = event.position()
        elif button is Qt.MouseButton.RightButton and view.map is not None:
            low, high = DISPLAY_RANGE[view.map.quantity]
            at = (event.position().x(), event.position().y())
            self._drag = WindowDrag(view.window_level, at, high - low)
        elif button is Qt.MouseButton.LeftButton:
            self._take(view, event.position())

    def _take(self, view: MapView, point: QPointF) -> None:
        """Take the rectangle under the pointer, or place the armed one."""
        space, shown = self._workspace, view.view
        stored = view.stored_at(point)
        if shown is None:
            return
        found = hits.hit(shown, self._shown_rectangles(), space.selected, point.x(), point.y())
        if found is not None:
            if space.selected is not found.level:
                space.select(found.level)
            if space.writable:
                edges = hits.stored_edges(shown.orientation, found.edges)
                origin = shown.to_stored(point.x(), point.y())
                self._drag = RoiDrag(found.level, space.rectangles[found.level], edges, origin)
        elif stored is not None and space.selected is not None:
            ghost = space.ghost(*stored)
            if ghost is not None:
                self._drag = RoiDrag(space.selected, ghost, (0, 0), stored)
                space.show_preview(space.selected, ghost)

    def _on_move(self, view: MapView, event: QMouseEvent) -> None:
        point = event.position()
        shown, case = view.view, self._workspace.case
        if shown is None or case is None:
            return
        if self._pan_from is not None:
            self.set_camera(shown.panned(point.x() - self._pan_from.x(), point.y() - self._pan_from.y()))
            self._pan_from = point
        elif isinstance(self._drag, WindowDrag):
            self._drag_window(view, self._drag, point)
        elif isinstance(self._drag, RoiDrag):
            symmetric = bool(event.modifiers() & Qt.KeyboardModifier.AltModifier)
            stored = shown.to_stored(point.x(), point.y())
            moved = self._drag.at(stored, case.exam.grid, symmetric=symmetric)
            if moved != self._drag.start or self._workspace.preview is not None:
                self._workspace.show_preview(self._drag.level, moved)
        else:
            self._hover(view, event)

    def _drag_window(self, view: MapView, drag: WindowDrag, point: QPointF) -> None:
        if (point - self._pressed).manhattanLength() > _CLICK:
            view.set_window(*drag.at(point.x(), point.y()))
            for column in self.columns.values():
                column.show_range()

    def _hover(self, view: MapView, event: QMouseEvent) -> None:
        self._pointer = view.stored_at(event.position())
        shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if shift and self._pointer is not None:
            self._crosshair = (float(int(self._pointer[0])), float(int(self._pointer[1])))
        elif not shift:
            self._crosshair = None
        self._set_cursor(view, event.position())
        self.refresh()

    def _set_cursor(self, view: MapView, point: QPointF) -> None:
        shown = view.view
        if shown is None:
            return
        found = hits.hit(shown, self._shown_rectangles(), self._workspace.selected, point.x(), point.y())
        shape = Qt.CursorShape.ArrowCursor
        if found is not None and self._workspace.writable:
            shape = _CURSORS[found.edges]
        elif self._workspace.armed:
            shape = Qt.CursorShape.CrossCursor
        if view.cursor().shape() is not shape:
            view.setCursor(shape)

    def _on_release(self, view: MapView, event: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        self._pan_from = None
        still = (event.position() - self._pressed).manhattanLength() <= _CLICK
        if isinstance(drag, RoiDrag):
            self._pointer = view.stored_at(event.position())
            self._workspace.commit_preview()
            self.refresh()
        elif isinstance(drag, WindowDrag) and still:
            self.menu_wanted.emit(event.globalPosition())

    def _on_double_click(self, view: MapView, event: QMouseEvent) -> None:
        at = event.position()
        shown = view.view
        over = shown and hits.hit(shown, self._shown_rectangles(), self._workspace.selected, at.x(), at.y())
        if self._workspace.armed or over or event.button() is not Qt.MouseButton.LeftButton:
            # quick clicks while placing are clicks, not a wish to maximise
            self._on_press(view, event)
        else:
            self.toggle_maximised(view)

    def cancel_drag(self) -> bool:
        """Let go of whatever is in the hand, leaving all as it was; False when there was nothing."""
        if self._drag is None:
            return False
        self._drag = None
        self._workspace.cancel_preview()
        self.refresh()
        return True


_CURSORS = {
    (0, 0): Qt.CursorShape.SizeAllCursor,
    (-1, 0): Qt.CursorShape.SizeVerCursor,
    (1, 0): Qt.CursorShape.SizeVerCursor,
    (0, -1): Qt.CursorShape.SizeHorCursor,
    (0, 1): Qt.CursorShape.SizeHorCursor,
    (-1, -1): Qt.CursorShape.SizeFDiagCursor,
    (1, 1): Qt.CursorShape.SizeFDiagCursor,
    (-1, 1): Qt.CursorShape.SizeBDiagCursor,
    (1, -1): Qt.CursorShape.SizeBDiagCursor,
}
