"""FF and R2* side by side, linked in slice, zoom, pan and crosshair; one rectangle drives both."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QHideEvent, QInputEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.domain.maps import MEASURED, Quantity
from app.ui import present
from app.ui.canvas.colours import COLOUR_MAPS
from app.ui.canvas.map_view import MapView
from app.ui.canvas.mouse import Hand
from app.ui.canvas.scene import NO_MARKS, Caption, Marks
from app.ui.canvas.view import Camera, View
from app.ui.widgets import named, words
from app.ui.workspace import Workspace

# display windows of F5-F8, the fixed range first
PRESETS = {
    Quantity.FF: ((0.0, 100.0), (0.0, 80.0), (20.0, 80.0), (30.0, 70.0)),
    Quantity.R2STAR: ((0.0, 300.0), (0.0, 200.0), (50.0, 250.0), (80.0, 220.0)),
}


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
        self._hand = Hand(self, workspace)
        self._hidden = False
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
        self._hand.begin_case()
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
        ghost = self._hand.ghost(self._any_view())
        return Marks(
            rectangles={level: box for level, box in found.items() if box.slice == space.slice},
            elsewhere={level: box for level, box in found.items() if box.slice != space.slice},
            selected=space.selected,
            ghost=ghost,
            armed=space.selected if ghost else None,
            crosshair=self._hand.crosshair,
            editable=space.writable,
            hidden=self._hidden,
        )

    def _any_view(self) -> View | None:
        """How the picture lies on a map that can be seen: a hidden one knows only where it lay before."""
        seen = [column.view.view for column in self.columns.values() if not column.isHidden()]
        return next((view for view in seen if view is not None), None)

    def _readout(self, quantity: Quantity) -> str:
        case = self._workspace.case
        if case is None or self._hand.pointer is None or quantity not in case.exam.maps:
            return ""
        row, col = self._hand.pointer
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

    def set_window(self, view: MapView, window: tuple[float, float]) -> None:
        """Change the display window of one map; no value changes."""
        view.set_window(*window)
        for column in self.columns.values():
            column.show_range()

    # -- mouse ----------------------------------------------------------------------------------------

    @property
    def space_held(self) -> bool:
        """Whether the left button pans."""
        return self._hand.space_held

    @space_held.setter
    def space_held(self, held: bool) -> None:
        self._hand.space_held = held

    def offer_menu(self, place: QPointF) -> None:
        """Hand on the wish for the menu."""
        self.menu_wanted.emit(place)

    def cancel_drag(self) -> bool:
        """Let go of whatever is in the hand, leaving all as it was; False when there was nothing."""
        return self._hand.let_go()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go: a release on another page never arrives here."""
        self._hand.let_go()
        super().hideEvent(event)

    def _on_mouse(self, event: QInputEvent) -> None:
        view = self.sender()
        if isinstance(view, MapView) and view.map is not None:
            self._hand.handle(view, event)

    def _on_left(self) -> None:
        self._hand.leave()
