"""One map in the window, in the fixed display range of its quantity unless another is wanted."""

from __future__ import annotations

from app.domain.grid import Orientation
from app.domain.maps import DISPLAY_RANGE, ParametricMap
from app.ui.canvas.slice_view import SliceView


class MapView(SliceView):
    """Shows one slice of one map.

    The orientation is that of the grid on which rectangles are drawn. A finer map is painted voxel by voxel
    into the same place, so a side of a rectangle lies on lines of both.
    """

    map: ParametricMap | None = None

    def show_map(self, parametric_map: ParametricMap | None, orientation: Orientation | None) -> None:
        """Show another map with its fixed display range, or none."""
        self.map = parametric_map
        self.show_stack(parametric_map, orientation, self._fixed_window())

    def reset_window(self) -> None:
        """Go back to the fixed display range of the quantity."""
        self.set_window(*self._fixed_window())

    def _fixed_window(self) -> tuple[float, float]:
        return self.window_level if self.map is None else DISPLAY_RANGE[self.map.quantity]
