"""Say where everything lies in a window of some size: ``python layout.py SESSION WIDTH HEIGHT``.

JSON on stdout. It is the same window on the same session, without a screen: what a test wants to click in the
real one, it looks up here. Coordinates are those of the window.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"
sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QWidget

from app import compose
from app.ui.canvas.map_view import MapView
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage


def _box(widget: QWidget, window: QWidget) -> list[int]:
    corner = widget.mapTo(window, QPoint(0, 0))
    return [corner.x(), corner.y(), widget.width(), widget.height()]


def _picture(view: MapView, window: QWidget) -> list[float]:
    """Left, top, right and bottom of the picture."""
    left, top, _, _ = _box(view, window)
    if view.view is None:
        return []
    height, width = view.view.orientation.shown_shape
    x0, y0 = view.view.to_screen(0, 0)
    x1, y1 = view.view.to_screen(height, width)
    return [left + x0, top + y0, left + x1, top + y1]


def _told(window: MainWindow) -> dict[str, object]:
    space, page = window.workspace, window.page("read")
    assert isinstance(page, ReadingPage)
    case = space.case
    return {
        "banner": window.banner.words,
        "read_only": space.session is not None and space.session.read_only,
        "pictures": {name.value: _picture(view, window) for name, view in page.maps.views.items()},
        "shape": space.orientation.shown_shape if space.orientation else None,
        "letters": space.orientation.letters if space.orientation else None,
        "case": case.exam.code if case else None,
        "cases": [row.code for row in space.cases],
        "slice": space.slice,
        "selected": space.selected,
        "levels": [[row.level, row.ff, row.r2star, row.voxels] for row in page.panel.table.levels.rows],
        "sign_off": _box(page.panel.sign_off, window),
    }


def main() -> None:
    """Open the session, lay the window out, say what is there, change nothing."""
    session, width, height = sys.argv[1:]
    app = compose.application()
    with tempfile.TemporaryDirectory() as home:
        window = compose.window(Path(home))
        window.open(Path(session))
        window.resize(int(width), int(height))
        window.show()
        app.processEvents()
        sys.stdout.write(json.dumps(_told(window)))
        window.close()


if __name__ == "__main__":
    main()
