"""The program as a user has it, which also says where things lie: ``python tells.py SESSION``.

For every line on stdin it answers one line of JSON: what is in sight and where on the screen. So a test finds
in dialogs what it clicks there; the clicks themselves come from the mouse.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRect, QSocketNotifier
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QLineEdit,
    QMenu,
    QWidget,
)

from app import compose
from app.ui.canvas.map_view import MapView

Box = list[int]
# of a list or table
_MOST_ROWS = 40


def _box(widget: QWidget, inside: QRect | None = None) -> Box:
    inside = inside or widget.rect()
    corner = widget.mapToGlobal(inside.topLeft())
    return [corner.x(), corner.y(), inside.width(), inside.height()]


def _said(widget: QWidget) -> Iterator[tuple[str, Box]]:
    """What a widget says, and where."""
    if isinstance(widget, QAbstractButton):
        yield widget.text() or widget.accessibleName(), _box(widget)
        yield widget.accessibleName(), _box(widget)
    elif isinstance(widget, QLineEdit | QComboBox):
        yield widget.accessibleName(), _box(widget)
    elif isinstance(widget, QLabel):
        yield widget.text(), _box(widget)
    elif isinstance(widget, QMenu):
        for action in widget.actions():
            yield action.text(), _box(widget, widget.actionGeometry(action))
    elif isinstance(widget, QAbstractItemView):
        yield from _rows(widget)


def _rows(view: QAbstractItemView) -> Iterator[tuple[str, Box]]:
    model, nowhere = view.model(), QModelIndex()
    # a list of our own has one column and does not say so
    wide = 1 if isinstance(model, QAbstractListModel) or model is None else model.columnCount(nowhere)
    for row in range(min(model.rowCount(nowhere), _MOST_ROWS)) if model is not None else ():
        for column in range(wide):
            index = model.index(row, column)
            where = view.visualRect(index)
            if where.isValid() and view.viewport().rect().intersects(where):
                yield str(index.data() or ""), _box(view.viewport(), where)


def _picture(view: MapView) -> dict[str, Any]:
    """Where a map lies on the screen, and how many voxels it shows."""
    if view.view is None:
        return {}
    rows, cols = view.view.orientation.shown_shape
    corners = [view.mapToGlobal(QPoint(0, 0)).toTuple()] * 2
    edges = (view.view.to_screen(0, 0), view.view.to_screen(rows, cols))
    return {
        "shape": [rows, cols],
        "letters": view.view.orientation.letters,
        "box": [corner[at] + edge[at] for corner, edge in zip(corners, edges, strict=True) for at in (0, 1)],
    }


def _in_sight() -> dict[str, Any]:
    things, pictures = [], []
    for top in QApplication.topLevelWidgets():
        for widget in (top, *top.findChildren(QWidget)) if top.isVisible() else ():
            if not widget.isVisible():
                continue
            if isinstance(widget, MapView):
                pictures.append(_picture(widget))
            kind, able = type(widget).__name__, widget.isEnabled()
            things += [{"said": said, "box": box, "kind": kind, "enabled": able, "window": top.windowTitle()}
                       for said, box in _said(widget) if said]  # fmt: skip
    return {
        "things": things,
        "pictures": [one for one in pictures if one],
        "asks_for_file": [
            top.windowTitle()
            for top in QApplication.topLevelWidgets()
            if top.isVisible() and isinstance(top, QFileDialog)
        ],
    }


def main() -> int:
    """Run the program, and answer while it runs."""
    app = compose.application()
    asked = QSocketNotifier(0, QSocketNotifier.Type.Read, app)

    def answer() -> None:
        if os.read(0, 1024):
            os.write(1, json.dumps(_in_sight()).encode() + b"\n")
        else:
            asked.setEnabled(False)

    asked.activated.connect(answer)
    return compose.run_window(Path(sys.argv[1]))


if __name__ == "__main__":
    sys.exit(main())
