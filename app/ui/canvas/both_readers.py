"""Both maps of a case with the rectangles of its readers over them, to be looked at, and one of one's own.

Readers differ by colour, by line and by name. Their rectangles cannot be touched.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QInputEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.domain.grid import Orientation, orientation_of
from app.domain.maps import MEASURED, ParametricMap, Quantity
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui import present
from app.ui.canvas.boxes import paint_box
from app.ui.canvas.colours import COLOUR_MAPS
from app.ui.canvas.map_bar import MapBar
from app.ui.canvas.map_view import MapView
from app.ui.canvas.mouse import Hand
from app.ui.canvas.mouse_presets import MousePreset
from app.ui.canvas.projection import inside, stored_place
from app.ui.canvas.scene import NO_MARKS, Caption, Marks
from app.ui.canvas.view import Camera, View
from app.ui.own_rectangle import OwnRectangle

# none of them the colour of a level: that is the coordinator's own rectangle
READER_COLOURS = ("#4fd6d2", "#ff8fc0", "#e8ecef", "#c9e265")
_PLATE = QColor(0, 0, 0, 170)
_FAINT = 110
_GAP, _PAD = 6.0, 3.0
_NARROWEST = 140
# rectangles are small on a whole spine
_CLOSE = 2.0


@dataclass(frozen=True, slots=True)
class Outline:
    """A reader's rectangle.

    Attributes
    ----------
    rectangle : Rectangle
        On the exam's grid.
    name : str
        Whose; empty for one that is not what the look is about.
    place : int
        Which of the readers: gives colour and line.
    """

    rectangle: Rectangle
    name: str
    place: int

    @property
    def dashed(self) -> bool:
        """Every other reader has a dashed line."""
        return bool(self.place % 2)

    @property
    def colour(self) -> QColor:
        """Colour of the reader."""
        return reader_colour(self.place)


def reader_colour(place: int) -> QColor:
    """Colour of a reader by their place."""
    return QColor(READER_COLOURS[place % len(READER_COLOURS)])


class ReadersView(MapView):
    """One map with the rectangles of readers over it."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(title, parent)
        self.outlines: tuple[Outline, ...] = ()
        self.shown_slice = 0

    def show_outlines(self, outlines: tuple[Outline, ...], index: int) -> None:
        """Show other rectangles, or those of another slice."""
        if (outlines, index) != (self.outlines, self.shown_slice):
            self.outlines, self.shown_slice = outlines, index
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint map and own rectangle, and the readers' over them."""
        super().paintEvent(event)
        view = self.view
        if view is not None and self.outlines:
            painter = QPainter(self)
            paint_outlines(painter, view, self.outlines, self.shown_slice)
            painter.end()


def paint_outlines(painter: QPainter, view: View, outlines: Sequence[Outline], index: int) -> None:
    """Draw readers' rectangles with their names; those of another slice faintly, with its number."""
    for one in outlines:
        here = index in one.rectangle.slices
        colour = one.colour
        colour.setAlpha(255 if here and one.name else _FAINT)
        paint_box(painter, view, one.rectangle, colour, dashed=one.dashed)
        if one.name:
            said = one.name if here else present.text(
                "disagree.elsewhere", reader=one.name, slice=one.rectangle.slice + 1
            )  # fmt: skip
            _paint_name(painter, view, one, said)


def _paint_name(painter: QPainter, view: View, one: Outline, said: str) -> None:
    """Write whose a rectangle is: one reader's name above it, the next one's below, so that both are read."""
    left, top, right, bottom = view.around(one.rectangle)
    metrics = QFontMetricsF(painter.font())
    width, height = metrics.horizontalAdvance(said) + 2 * _PAD, metrics.height()
    step = (height + 1) * (one.place // 2)
    y = bottom + _GAP + step if one.dashed else top - _GAP - height - step
    x = min(max((left + right - width) / 2, 0.0), max(view.size[0] - width, 0.0))
    area = QRectF(x, y, width, height)
    painter.fillRect(area, _PLATE)
    painter.setPen(one.colour)
    painter.drawText(area, Qt.AlignmentFlag.AlignCenter, said)


class _Column(QWidget):
    """One map with its title."""

    def __init__(self, quantity: Quantity) -> None:
        super().__init__()
        self.bar = MapBar(present.quantity_title(quantity), present.quantity_unit(quantity))
        self.view = ReadersView(present.quantity_title(quantity))
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.bar)
        column.addWidget(self.view, 1)


class ReadersPair(QWidget):
    """Both maps, linked in slice, zoom, pan and crosshair.

    Parameters
    ----------
    own : OwnRectangle
        What is seen, and what the hand acts on.
    """

    def __init__(self, own: OwnRectangle, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._own = own
        self._columns = {quantity: _Column(quantity) for quantity in MEASURED}
        self._hand = Hand(self, own)
        self._hidden = False
        self._orientation: Orientation | None = None
        self._case: object = None
        self._level: Level | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(1)
        for column in self._columns.values():
            column.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            column.setMinimumWidth(_NARROWEST)
            row.addWidget(column, 1)
            column.view.mouse.connect(self._on_mouse)
            column.view.left.connect(self._on_left)
        own.changed.connect(self.refresh)
        self._show_case()
        self.refresh()

    @property
    def views(self) -> dict[Quantity, ReadersView]:
        """The view of each quantity."""
        return {quantity: column.view for quantity, column in self._columns.items()}

    @property
    def orientation(self) -> Orientation | None:
        """How slices lie on the screen; None without a case."""
        return self._orientation

    # -- showing --------------------------------------------------------------------------------------

    def refresh(self) -> None:
        """Show case, slice and rectangles as they are."""
        case = self._own.case
        if case is not self._case:
            self._case = case
            self._show_case()
        if self._own.level is not self._level:
            self._level = self._own.level
            self._look_at_level()
        outlines, marks = self._outlines(), self._marks()
        for quantity, view in self.views.items():
            if case is not None:
                slices = case.exam.grid.shape[0]
                unit = present.quantity_unit(quantity, self._own.r2star_unit)
                caption = Caption(present.slice_text(self._own.slice, slices), unit)
                view.show_slice(self._own.slice, caption)
            view.set_marks(replace(marks, readout=self._readout(quantity)))
            view.show_outlines(() if self._hidden else outlines, self._own.slice)

    def _show_case(self) -> None:
        case = self._own.case
        self._hand.begin_case()
        self._orientation = orientation_of(case.exam.grid) if case else None
        for quantity, view in self.views.items():
            found: ParametricMap | None = case.exam.maps.get(quantity) if case else None
            missing = present.empty_map_text(quantity, has_case=True)
            view.empty_text = missing if case else present.text("disagree.no_images")
            view.show_map(found, self._orientation)
            if case is not None:
                unit = present.quantity_unit(quantity, self._own.r2star_unit)
                self._columns[quantity].bar.set_unit(unit)
        self.set_camera(Camera(_CLOSE))
        self._level = None

    def _look_at_level(self) -> None:
        """Bring the rectangles of the level into the middle, as large as the maps are shown now."""
        dispute = self._own.levels.get(self._level) if self._level else None
        boxes = [one.rectangle for one in dispute.held if one.rectangle] if dispute else []
        if not boxes or self._orientation is None:
            return
        row = sum(box.row0 + box.rows / 2 for box in boxes) / len(boxes)
        col = sum(box.col0 + box.cols / 2 for box in boxes) / len(boxes)
        y, x = self._orientation.to_shown(row, col)
        height, width = self._orientation.shown_shape
        self.set_camera(Camera(self.camera.zoom, (y / height, x / width)))

    @property
    def camera(self) -> Camera:
        """Zoom and pan of both maps."""
        return next(iter(self.views.values())).camera

    def _outlines(self) -> tuple[Outline, ...]:
        """Rectangles of all readers: those of other levels without a name, and only in this slice."""
        found = []
        for level, dispute in self._own.levels.items():
            for place, held in enumerate(dispute.held):
                about = level is self._own.level
                if held.rectangle is not None and (about or self._own.slice in held.rectangle.slices):
                    found.append(Outline(held.rectangle, held.reader if about else "", place))
        return tuple(sorted(found, key=lambda one: bool(one.name)))

    def _marks(self) -> Marks:
        own = self._own
        if own.case is None:
            return NO_MARKS
        found, ghost = own.rectangles, self._hand.ghost(self.seen)
        return Marks(
            rectangles={level: box for level, box in found.items() if box.slice == own.slice},
            pooled={level: box for level, box in found.items() if own.slice in box.beside},
            elsewhere={level: box for level, box in found.items() if own.slice not in box.slices},
            selected=own.selected,
            ghost=ghost,
            armed=own.selected if ghost else None,
            crosshair=self._marked_voxel(),
            editable=own.writable,
            hidden=self._hidden,
            turnable=own.turnable,
        )

    def _marked_voxel(self) -> tuple[float, float] | None:
        case, point = self._own.case, self._hand.crosshair
        if case is None or point is None:
            return None
        row, col = stored_place(case.exam.grid, point)
        return (float(floor(row)), float(floor(col))) if inside(case.exam.grid, (row, col)) else None

    def _readout(self, quantity: Quantity) -> str:
        case, pointer = self._own.case, self._hand.pointer
        if case is None or pointer is None or quantity not in case.exam.maps:
            return ""
        parts = case.exam.parts(quantity)
        row, col = (int(place * count) for place, count in zip(pointer, parts, strict=True))
        value = case.exam.maps[quantity].value_at(self._own.slice, row, col)
        return present.readout_text(quantity, value, self._own.r2star_unit)

    # -- what the hand asks ---------------------------------------------------------------------------

    @property
    def seen(self) -> View | None:
        """How the picture lies on a map that can be seen."""
        seen = [column.view.view for column in self._columns.values() if not column.isHidden()]
        return next((view for view in seen if view is not None), None)

    def set_camera(self, camera: Camera) -> None:
        """Zoom and pan both maps."""
        for view in self.views.values():
            view.set_camera(camera)

    def set_window(self, view: MapView, window: tuple[float, float]) -> None:
        """Change the display window of one map; no value changes."""
        view.set_window(*window)

    def toggle_maximised(self, view: MapView) -> None:
        """Give one map the whole room, or bring the other one back."""
        for column in self._columns.values():
            if column.view is not view:
                column.setVisible(not column.isVisible())

    def offer_menu(self, place: QPointF) -> None:
        """There is no menu here."""

    def _on_mouse(self, event: QInputEvent) -> None:
        view = self.sender()
        if isinstance(view, ReadersView) and view.map is not None:
            self._hand.handle(view, event)

    def _on_left(self) -> None:
        self._hand.leave()

    # -- view commands --------------------------------------------------------------------------------

    def reset_view(self) -> None:
        """Whole picture, fixed display ranges, both maps."""
        for column in self._columns.values():
            column.setVisible(True)
            column.view.set_camera(Camera())
            column.view.reset_window()

    def next_colour_map(self) -> None:
        """Go on to the next colour map."""
        current = next(iter(self.views.values())).colour_map
        following = COLOUR_MAPS[(COLOUR_MAPS.index(current) + 1) % len(COLOUR_MAPS)]
        for view in self.views.values():
            view.set_colour_map(following)

    def zoom(self, factor: float) -> None:
        """Enlarge or make smaller about the middle of the maps."""
        seen = self.seen
        if seen is not None:
            self.set_camera(seen.zoomed(factor, seen.size[0] / 2, seen.size[1] / 2))

    def set_hidden(self, *, hidden: bool) -> None:
        """Hide all rectangles for a look below them."""
        self._hidden = hidden
        self.refresh()

    def cancel_drag(self) -> bool:
        """Let go of whatever is in the hand; False when there was nothing."""
        return self._hand.let_go()

    def use_mouse(self, preset: MousePreset, tip: str) -> None:
        """Pan, zoom and window with the buttons of a preset; the titles tell which."""
        self._hand.preset = preset
        for column in self._columns.values():
            column.bar.title.setToolTip(tip)
