"""A third view beside the maps: an anatomical series, or water or fat. Nothing is measured on it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QVBoxLayout, QWidget

from app.domain.grid import Grid, Vector, orientation_of
from app.domain.maps import ParametricMap, Quantity, Stored
from app.domain.reference import ReferenceSeries
from app.ui import present
from app.ui.canvas.projection import inside, linked_camera, nearest_slice, outlines, stored_place
from app.ui.canvas.scene import Caption, Marks
from app.ui.canvas.slice_view import SliceView
from app.ui.canvas.view import View
from app.ui.cut import CutButton
from app.ui.shortcuts import keyed
from app.ui.widgets import named
from app.ui.workspace import Workspace

# of the choice, both sides
_PADDING = 22
# the brightest voxels of a signal image are vessels and skin fat; they may all be white
_BRIGHT_PERCENTILE = 99.5


@dataclass(frozen=True, slots=True, eq=False)
class _Signal:
    """A series as it is painted: its numbers are brightness in no unit."""

    series: ReferenceSeries

    @property
    def stored(self) -> Stored:
        return self.series.stored

    @property
    def grid(self) -> Grid:
        return self.series.grid

    def scale(self, stored: Stored) -> npt.NDArray[np.float64]:
        return stored.astype(np.float64)


def signal_series(image: ParametricMap) -> ReferenceSeries:
    """An image that is not measured, such as water, as a series to be looked at."""
    middle = image.stored[image.grid.shape[0] // 2]
    brightest = float(np.nanpercentile(middle, _BRIGHT_PERCENTILE))
    # an empty slice still needs a window with two ends
    window = (0.0, brightest if brightest > 0 else 1.0)
    return ReferenceSeries(present.quantity_title(image.quantity), image.stored, image.grid, window)


class ReferenceView(SliceView):
    """Shows the slice of a series that is nearest to a slice of the maps, lying as the maps lie."""

    series: ReferenceSeries | None = None
    slice: int = 0

    def show_series(self, series: ReferenceSeries) -> None:
        """Show another series in its own grey scale."""
        self.series = series
        self.show_stack(_Signal(series), orientation_of(series.grid), series.window)

    def clear(self) -> None:
        """Show nothing."""
        self.series = None
        self.show_stack(None, None, self.window_level)

    def reset_window(self) -> None:
        """Go back to the grey scale of the series."""
        if self.series is not None:
            self.set_window(*self.series.window)

    def follow(
        self, space: Workspace, seen: View | None, point: Vector | None, *, hidden: bool = False
    ) -> None:
        """Show what the maps show.

        Parameters
        ----------
        space : Workspace
            Knows slice and rectangles of the maps.
        seen : View or None
            How a map lies in its widget.
        point : tuple of float or None
            Patient coordinates of the linked crosshair, mm.
        hidden : bool
            Rectangles are hidden for a look below them.
        """
        if self.series is None or space.case is None or seen is None:
            return
        maps, own = space.case.exam.grid, self.series.grid
        self.slice = nearest_slice(maps, space.slice, own)
        number = present.slice_text(self.slice, own.shape[0])
        self.show_slice(self.slice, Caption(number, bar=False, note=present.text("reference.not_measured")))
        self.set_camera(linked_camera(seen, maps, space.slice, own, (self.width(), self.height())))
        boxes = outlines(maps, space.rectangles, own, self.slice)
        self.set_marks(
            Marks(
                {level: box for level, box in boxes.items() if box.near},
                {level: box for level, box in boxes.items() if not box.near},
                crosshair=_voxel(own, point),
                editable=False,
                hidden=hidden,
            )
        )


def _voxel(grid: Grid, point: Vector | None) -> tuple[float, float] | None:
    """Fractional voxel index ``(row, col)`` of a patient point; integers are voxel centres."""
    if point is None:
        return None
    row, col = stored_place(grid, point)
    return (row - 0.5, col - 0.5) if inside(grid, (row, col)) else None


class ReferenceColumn(QWidget):
    """The view with its title bar, which offers the series.

    Each series is read from the session when it is first asked for, and kept while the case is open. Whether
    the column is wanted, and which series, is remembered from case to case until the program ends.

    Signals
    -------
    changed
        Another series is shown, or none any more.
    """

    changed = Signal()

    def __init__(self, workspace: Workspace, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workspace = workspace
        self._wanted = False
        self._name: str | Quantity = ""
        self._offered: list[str | Quantity] | None = None
        self._kept: dict[str | Quantity, ReferenceSeries] = {}
        # after the maps are painted: who reads does not wait for a series beside them
        self._later = QTimer(self, singleShot=True, interval=0)
        self._later.timeout.connect(self._open)
        self.view = ReferenceView(present.text("reference.title"))
        # a tool button with a menu would be higher than the buttons in the bars of the maps
        self.choice = CutButton(_PADDING)
        self.choice.setAccessibleName(present.text("reference.title"))
        self.choice.setToolTip(present.text("reference.choice_tip"))
        # a click leaves the keys with the maps
        self.choice.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.names = QMenu(self.choice)
        self.names.triggered.connect(self._on_choice)
        self.choice.clicked.connect(self._offer)
        self.close_button = QPushButton(present.text("reference.close"))
        self.close_button.setAccessibleName(present.text("reference.close_tip"))
        keyed(self.close_button, present.text("reference.close_tip"), "reference")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self.toggle)
        self._lay_out()
        self.hide()

    def _lay_out(self) -> None:
        bar = named(QWidget(), "mapbar")
        row = QHBoxLayout(bar)
        row.setContentsMargins(12, 5, 8, 5)
        row.addWidget(self.choice, 1)
        row.addWidget(self.close_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self.view, 1)

    @property
    def offered(self) -> list[str | Quantity]:
        """What can be chosen for the case at hand: anatomical series first, then water, fat and the like."""
        if self._workspace.case is None:
            return []
        if self._offered is None:
            self._offered = self._workspace.beside()
        return self._offered

    def overlaid(self, wanted: str) -> ReferenceSeries | None:
        """The series to hold over the maps, ``water``, ``fat`` or ``reference`` (the one chosen here).

        None where the exam has no such series.
        """
        signal = {"water": Quantity.WATER, "fat": Quantity.FAT}.get(wanted)
        if signal is not None:
            return self._series(signal) if signal in self.offered else None
        if self._name in self.offered:
            return self._series(self._name)
        return self._series(self.offered[0]) if self.offered else None

    def _series(self, name: str | Quantity) -> ReferenceSeries | None:
        """One of those that are offered; None where it could not be read, which is told."""
        if name not in self._kept:
            found = self._workspace.series(name)
            if found is None:
                return None
            self._kept[name] = signal_series(found) if isinstance(found, ParametricMap) else found
        return self._kept[name]

    def begin_case(self) -> None:
        """Forget the series of another case; where the column is wanted, show one of this case soon."""
        self._offered, self._kept = None, {}
        # not for a moment may one patient's series stand beside another's maps
        self.view.clear()
        if self._wanted and self._workspace.case is not None:
            self._later.start()
        else:
            self._later.stop()
            self.hide()

    def toggle(self) -> bool:
        """Show or hide the column; False where there is nothing to show."""
        if self.isHidden():
            self._wanted = self._open()
            return self._wanted
        self._wanted = False
        self.hide()
        self.changed.emit()
        return True

    def _open(self) -> bool:
        """Show the series that was looked at last, else the first one that can be read."""
        self.names.clear()
        for index, name in enumerate(self.offered):
            told = present.quantity_title(name) if isinstance(name, Quantity) else name
            self.names.addAction(told).setData(index)
        # what cannot be read is told, and the others are there still
        shown = any(map(self._show, sorted(range(len(self.offered)), key=self._not_looked_at_last)))
        self.setVisible(shown)
        self.changed.emit()
        return shown

    def _not_looked_at_last(self, index: int) -> bool:
        return self.offered[index] != self._name

    def _offer(self) -> None:
        self.names.popup(self.choice.mapToGlobal(self.choice.rect().bottomLeft()))

    def _on_choice(self, action: QAction) -> None:
        if self._show(action.data()):
            self._name = self.offered[action.data()]
        self.changed.emit()

    def _show(self, index: int) -> bool:
        """Show one of the series; False where it could not be read, which is told."""
        series = self._series(self.offered[index])
        if series is None:
            return False
        self.choice.tell(present.text("reference.choice", name=series.name))
        self.view.show_series(series)
        return True
