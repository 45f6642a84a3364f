"""FF and R2* side by side, linked in slice, zoom, pan and crosshair; one rectangle drives both.

Rectangles, pointer and crosshair live on the grid of the exam. A map with finer voxels has several of them in
each voxel of it, so only what is read off a map is looked up in voxels of its own.
"""

from __future__ import annotations

from dataclasses import replace
from math import floor

from PySide6.QtCore import QPointF, Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QInputEvent, QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.domain.errors import InputError
from app.domain.grid import Orientation
from app.domain.maps import MEASURED, ParametricMap, Quantity
from app.domain.shapes import Rectangle
from app.ui import present
from app.ui.canvas.colours import COLOUR_MAPS
from app.ui.canvas.map_bar import MapBar
from app.ui.canvas.map_view import MapView
from app.ui.canvas.mouse import Hand
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.canvas.overlay import overlay_of
from app.ui.canvas.projection import inside, stored_place
from app.ui.canvas.reference_hand import ReferenceHand
from app.ui.canvas.reference_view import ReferenceColumn
from app.ui.canvas.scene import NO_MARKS, Caption, Marks
from app.ui.canvas.view import Camera, View
from app.ui.present.access import range_words, view_words
from app.ui.shortcuts import keyed
from app.ui.workspace import Workspace

_NARROWEST = 140

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
        self.bar = MapBar(present.quantity_title(quantity), present.quantity_unit(quantity))
        self.title = self.bar.title
        self.range = QPushButton()
        self.range.setToolTip(present.text("read.range_tip"))
        # a click leaves the keys with the maps
        self.range.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.view = MapView(present.quantity_title(quantity))
        self.bar.add(self.range)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.view, 1)
        self.range.clicked.connect(self._reset)
        self.show_range()

    def show_map(self, found: ParametricMap | None, orientation: Orientation | None, missing: str) -> None:
        """Show another map with the whole picture in view, or say why there is none."""
        self.view.empty_text = missing
        plain = present.quantity_title(self.quantity)
        self.title.setText(present.map_title(found) if found else plain)
        # only a plain name has a short form: how a map came to be is never left out
        self.title.short = present.short_title(self.quantity) if self.title.text() == plain else ""
        self.bar.fit()
        self.view.set_camera(Camera())
        self.view.show_map(found, orientation)
        self.show_range()

    def _reset(self) -> None:
        self.view.reset_window()
        self.show_range()

    def show_range(self) -> None:
        """Write the display window on its button."""
        shown = present.window_text(self.view.window_level)
        self.range.setText(shown)
        self.range.setAccessibleName(range_words(self.quantity, shown))


class MapPair(QWidget):
    """Both maps of the case at hand, and beside them the reference where it is wanted.

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
        self.reference = ReferenceColumn(workspace)
        self.reference_button = QPushButton(present.text("reference.button"))
        keyed(self.reference_button, present.text("reference.tip"), "reference")
        self.reference_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.columns[MEASURED[-1]].bar.add(self.reference_button)
        self._hand = Hand(self, workspace)
        self._looking = ReferenceHand(self.reference.view, self, self._hand, workspace)
        self._hidden = False
        self._overlaid = ""
        self._shown = QTimer(self, singleShot=True, interval=0)
        self._shown.timeout.connect(self._on_shown)
        self._lay_out()

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for column in (*self.columns.values(), self.reference):
            # equally wide, however long their titles are: linked views differ in nothing
            column.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            column.setMinimumWidth(_NARROWEST)
            row.addWidget(column, 1)
        for column in self.columns.values():
            column.view.mouse.connect(self._on_mouse)
            column.view.left.connect(self._on_left)
            column.view.resized.connect(self._follow)
        self.reference.view.mouse.connect(self._looking.handle)
        self.reference.view.left.connect(self._looking.leave)
        self.reference.view.resized.connect(self._follow)
        self.reference.changed.connect(self._on_reference)
        self.reference_button.clicked.connect(self.toggle_reference)

    @property
    def views(self) -> dict[Quantity, MapView]:
        """The view of each quantity."""
        return {quantity: column.view for quantity, column in self.columns.items()}

    # -- showing --------------------------------------------------------------------------------------

    def show_case(self) -> None:
        """Show the maps of the case at hand with the whole picture in view."""
        case = self._workspace.case
        self._hand.begin_case()
        self._overlaid = ""
        self._show_overlay()
        for quantity, column in self.columns.items():
            found = case.exam.maps.get(quantity) if case else None
            missing = present.empty_map_text(quantity, has_case=case is not None)
            column.show_map(found, self._workspace.orientation, missing)
            if case is not None:
                column.bar.set_unit(present.quantity_unit(quantity, case.protocol.r2star_unit))
        if case is not None and self.seen is None:
            # the one that had the whole room is not there in this exam
            for column in self.columns.values():
                column.setVisible(True)
        self._hand.find_pointer(self.views.values())
        self.reference_button.setEnabled(case is not None)
        self.reference.begin_case()
        self._on_reference()

    def refresh(self) -> None:
        """Show slice, rectangles, ghost and crosshair as the workspace has them."""
        case = self._workspace.case
        marks = self._marks() if case else NO_MARKS
        for quantity, view in self.views.items():
            if case is not None:
                slices = case.exam.grid.shape[0]
                unit = present.quantity_unit(quantity, case.protocol.r2star_unit)
                caption = Caption(present.slice_text(self._workspace.slice, slices), unit)
                view.show_slice(self._workspace.slice, caption)
            view.set_marks(replace(marks, readout=self._readout(quantity)))
        if self._overlaid:
            self._show_overlay()
        self._follow()

    def describe(self) -> None:
        """Tell a screen reader slice, selected level and value of each map."""
        space = self._workspace
        for quantity, view in self.views.items():
            view.setAccessibleDescription(view_words(space.case, quantity, space.slice, space.selected))

    def hold_overlay(self, wanted: str) -> None:
        """Show water, fat or the reference in the place of both maps until called without a wish.

        Parameters
        ----------
        wanted : str
            ``water``, ``fat``, ``reference`` or empty.
        """
        if wanted and self._workspace.case is not None and self.reference.overlaid(wanted) is None:
            self._workspace.failed.emit(InputError("reference.no_overlay"))
        elif wanted != self._overlaid:
            self._overlaid = wanted
            self._show_overlay()

    def _show_overlay(self) -> None:
        """Bring the held series onto the slice that is shown."""
        case = self._workspace.case
        series = self.reference.overlaid(self._overlaid) if case is not None and self._overlaid else None
        over = None
        if case is not None and series is not None:
            name = present.text("reference.overlay", name=series.name)
            over = overlay_of(replace(series, name=name), case.exam.grid, self._workspace.slice)
        for view in self.views.values():
            view.set_overlay(over)

    def _follow(self) -> None:
        """Show on the reference what the maps show."""
        if not self.reference.isHidden():
            view, point = self.reference.view, self._hand.crosshair
            view.follow(self._workspace, self.seen, point, hidden=self._hidden)

    def _on_reference(self) -> None:
        # its way back stands above the reference itself
        self.reference_button.setVisible(self.reference.isHidden())
        self.columns[MEASURED[-1]].bar.fit()
        self.refresh()

    def toggle_reference(self) -> None:
        """Show or hide the reference, or tell that this exam has none."""
        if self._workspace.case is not None and not self.reference.toggle():
            self._workspace.failed.emit(InputError("reference.none"))

    def _marks(self) -> Marks:
        space = self._workspace
        found = space.rectangles
        ghost = self.ghost
        return Marks(
            rectangles={level: box for level, box in found.items() if box.slice == space.slice},
            pooled={level: box for level, box in found.items() if space.slice in box.beside},
            elsewhere={level: box for level, box in found.items() if space.slice not in box.slices},
            selected=space.selected,
            ghost=ghost,
            armed=space.selected if ghost else None,
            crosshair=self._marked_voxel(),
            editable=space.writable,
            hidden=self._hidden,
            turnable=space.turnable,
            proposed=space.proposed_here,
        )

    @property
    def pointer(self) -> tuple[float, float] | None:
        """Stored ``(row, col)`` under the pointer, on the grid of the exam."""
        return self._hand.pointer

    @property
    def ghost(self) -> Rectangle | None:
        """Where a click would place the armed level; None where it would not."""
        return self._hand.ghost(self.seen)

    def _marked_voxel(self) -> tuple[float, float] | None:
        """The voxel of the exam's grid that the crosshair marks."""
        case, point = self._workspace.case, self._hand.crosshair
        if case is None or point is None:
            return None
        row, col = stored_place(case.exam.grid, point)
        return (float(floor(row)), float(floor(col))) if inside(case.exam.grid, (row, col)) else None

    @property
    def seen(self) -> View | None:
        """How the picture lies on a map that can be seen: a hidden one knows only where it lay before."""
        seen = [column.view.view for column in self.columns.values() if not column.isHidden()]
        return next((view for view in seen if view is not None), None)

    def _readout(self, quantity: Quantity) -> str:
        case = self._workspace.case
        if case is None or self._hand.pointer is None or quantity not in case.exam.maps:
            return ""
        if not case.numbers_shown:
            return present.text("read.hidden")
        # the map's own voxel, of which there are several in each of the grid that the pointer is on
        row, col = (
            int(place * count)
            for place, count in zip(self._hand.pointer, case.exam.parts(quantity), strict=True)
        )
        value = case.exam.maps[quantity].value_at(self._workspace.slice, row, col)
        return present.readout_text(quantity, value, case.protocol.r2star_unit)

    # -- view commands --------------------------------------------------------------------------------

    def reset_view(self) -> None:
        """Whole picture, fixed display ranges, both maps."""
        for column in self.columns.values():
            column.setVisible(True)
            column.view.set_camera(Camera())
            column.view.reset_window()
            column.show_range()
        self.reference.view.reset_window()
        self.refresh()

    def set_camera(self, camera: Camera) -> None:
        """Zoom and pan both maps; the reference follows."""
        for view in self.views.values():
            view.set_camera(camera)
        self._follow()

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
        self._follow()

    def set_window(self, view: MapView, window: tuple[float, float]) -> None:
        """Change the display window of one map; no value changes."""
        view.set_window(*window)
        for column in self.columns.values():
            column.show_range()

    # -- mouse ----------------------------------------------------------------------------------------

    def use_mouse(self, preset: MousePreset, tip: str) -> None:
        """Pan, zoom and window with the buttons of a preset; the titles tell which."""
        self._hand.preset = preset
        for column in self.columns.values():
            column.title.setToolTip(tip)

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

    def showEvent(self, event: QShowEvent) -> None:
        """Look what the cursor is over, once the maps have their places."""
        super().showEvent(event)
        self._shown.start()

    def _on_shown(self) -> None:
        self._hand.find_pointer(self.views.values())
        self.refresh()

    def hideEvent(self, event: QHideEvent) -> None:
        """Let go: a release on another page never arrives here."""
        self._hand.let_go()
        self._looking.let_go()
        super().hideEvent(event)

    def _on_mouse(self, event: QInputEvent) -> None:
        view = self.sender()
        if isinstance(view, MapView) and view.map is not None:
            self._hand.handle(view, event)

    def _on_left(self) -> None:
        self._hand.leave()
