"""What the mouse does over the reference: scroll, zoom, pan and point with the maps. It moves no ROI."""

from __future__ import annotations

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QInputEvent, QMouseEvent, QWheelEvent

from app.ui.canvas.gestures import WheelSteps, WindowDrag, ZoomDrag, zoom_factor
from app.ui.canvas.mouse import Hand, Maps
from app.ui.canvas.mouse_presets import Does
from app.ui.canvas.projection import patient_point, stored_place
from app.ui.canvas.reference_view import ReferenceView
from app.ui.canvas.view import View
from app.ui.canvas.wishes import wish
from app.ui.workspace import Workspace


class ReferenceHand:
    """The mouse over the reference.

    Parameters
    ----------
    view : ReferenceView
        What it moves over.
    maps : Maps
        What is scrolled, zoomed and panned; the reference follows them.
    hand : Hand
        The mouse over the maps, which holds the crosshair.
    workspace : Workspace
        Knows the slice.
    """

    def __init__(self, view: ReferenceView, maps: Maps, hand: Hand, workspace: Workspace) -> None:
        self._view, self._maps, self._hand, self._workspace = view, maps, hand, workspace
        self._wheel = WheelSteps()
        self._window: WindowDrag | None = None
        self._zoom: ZoomDrag | None = None
        self._pan: QPointF | None = None
        self._pressed = QPointF()

    def handle(self, event: QInputEvent) -> None:
        """Act on a mouse or wheel event."""
        shown = self._view.view
        if shown is None:
            return
        if isinstance(event, QWheelEvent):
            self._on_wheel(shown, event)
        elif isinstance(event, QMouseEvent):
            if event.type() is QMouseEvent.Type.MouseButtonPress:
                self._on_press(shown, event)
            elif event.type() is QMouseEvent.Type.MouseMove:
                self._on_move(shown, event)
            elif not event.buttons():
                self.let_go()

    def let_go(self) -> None:
        """Hold nothing any more."""
        self._window = self._zoom = self._pan = None

    def leave(self) -> None:
        """The pointer left the reference."""
        self._hand.point_at(None)

    def _on_wheel(self, shown: View, event: QWheelEvent) -> None:
        delta = event.angleDelta().y() or event.angleDelta().x()
        if wish(self._hand.preset, event) is not Does.ZOOM:
            self._workspace.set_slice(self._workspace.slice - self._wheel.add(delta))
            return
        zoom = self._zoom_about(shown, event.position())
        if zoom is not None:
            self._maps.set_camera(zoom.shown.zoomed(zoom_factor(delta), *zoom.origin))

    def _zoom_about(self, shown: View, at: QPointF) -> ZoomDrag | None:
        """The maps in the hand, taken where they show the place under the pointer."""
        case, seen = self._workspace.case, self._maps.seen
        point = self._patient_point(shown, at)
        if case is None or seen is None or point is None:
            return None
        place = seen.orientation.to_shown(*stored_place(case.exam.grid, point))
        return ZoomDrag(seen, seen.to_screen(*place))

    def _on_press(self, shown: View, event: QMouseEvent) -> None:
        at, series = event.position(), self._view.series
        self.let_go()
        does = wish(self._hand.preset, event, pan_key=self._hand.space_held, empty=True)
        if does is Does.PAN:
            self._pan = at
        elif does is Does.ZOOM:
            self._zoom, self._pressed = self._zoom_about(shown, at), at
        elif does is Does.WINDOW and series is not None:
            span = series.window[1] - series.window[0]
            self._window = WindowDrag(self._view.window_level, (at.x(), at.y()), span)

    def _on_move(self, shown: View, event: QMouseEvent) -> None:
        at, seen = event.position(), self._maps.seen
        if not event.buttons():
            # its release may have gone elsewhere
            self.let_go()
        if self._pan is not None and seen is not None:
            step, self._pan = at - self._pan, at
            self._maps.set_camera(seen.panned(step.x(), step.y()))
        elif self._zoom is not None:
            # as far from where the maps were taken as the hand went on the reference
            self._maps.set_camera(self._zoom.at(self._zoom.origin[1] + at.y() - self._pressed.y()))
        elif self._window is not None:
            self._view.set_window(*self._window.at(at.x(), at.y()))
        else:
            shift = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
            self._hand.point_at(self._patient_point(shown, at) if shift else None)

    def _patient_point(self, shown: View, at: QPointF) -> tuple[float, float, float] | None:
        series = self._view.series
        if series is None:
            return None
        return patient_point(series.grid, self._view.slice, shown.to_stored(at.x(), at.y()))
