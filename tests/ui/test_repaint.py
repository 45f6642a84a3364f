"""What a drag repaints in small pieces looks like what would be painted at once."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QMouseEvent
from PySide6.QtWidgets import QApplication, QWidget

from app.domain.protocol import LEVELS, Level
from app.domain.shapes import Rectangle
from app.ui.canvas.map_view import MapView
from app.ui.main_window import MainWindow
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace


def _on_screen(window: MainWindow, part: QWidget) -> QImage:
    """What stands on the screen where a part of the window lies."""
    shot = window.screen().grabWindow(window.winId()).toImage()
    return shot.copy(QRect(part.mapTo(window, QPoint(0, 0)), part.size())).convertToFormat(
        QImage.Format.Format_RGB32
    )


def _assert_whole(window: MainWindow, parts: list[QWidget]) -> None:
    """Nothing changes when the window is painted all at once."""
    before = [_on_screen(window, part) for part in parts]
    for part in (window, *window.findChildren(QWidget)):
        part.update()
    QApplication.processEvents()
    for part, shot in zip(parts, before, strict=True):
        assert _on_screen(window, part) == shot, part


def _mouse(view: MapView, kind: QEvent.Type, at: QPointF) -> None:
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    changed = none if kind is QEvent.Type.MouseMove else left
    held = none if kind is QEvent.Type.MouseButtonRelease else left
    event = QMouseEvent(kind, at, view.mapToGlobal(at), changed, held, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(view, event)


@pytest.mark.parametrize("zoom", [1.0, 2.7])
def test_a_drag_leaves_no_trace_on_either_map_or_in_the_panel(
    window: MainWindow, qapp: QApplication, zoom: float
) -> None:
    page = window.page("read")
    assert isinstance(page, ReadingPage)
    space, views = window.workspace, list(page.maps.views.values())
    for place, level in enumerate(LEVELS):
        space.show_preview(level, Rectangle(space.slice, 8 + 16 * place, 30, 9, 13))
        space.commit_preview()
    space.select(Level.L3)
    view = views[0]
    assert view.view is not None
    page.maps.set_camera(view.view.zoomed(zoom, view.width() / 2, view.height() / 2))
    qapp.processEvents()
    left, top, right, bottom = view.view.box(space.rectangles[Level.L3])
    start = QPointF((left + right) / 2, (top + bottom) / 2)
    _mouse(view, QEvent.Type.MouseButtonPress, start)
    for step in range(1, 40):
        _mouse(view, QEvent.Type.MouseMove, start + QPointF(7 * step % 90 - 30, 11 * step % 130 - 70))
        qapp.processEvents()
    parts = [*views, page.panel]
    _assert_whole(window, parts)
    _mouse(view, QEvent.Type.MouseButtonRelease, start)
    qapp.processEvents()
    _assert_whole(window, parts)


@pytest.mark.parametrize("zoom", [1.0, 2.7])
def test_a_drag_leaves_no_trace_on_maps_of_other_voxels_or_on_the_reference(
    mixed: Workspace, window: MainWindow, qapp: QApplication, zoom: float
) -> None:
    page = window.page("read")
    assert isinstance(page, ReadingPage)
    page.maps.toggle_reference()
    for place, (level, index) in enumerate(zip(LEVELS, (4, 4, 4, 2, 7), strict=True)):
        mixed.show_preview(level, Rectangle(index, 4 + 11 * place, 20, 7, 9))
        mixed.commit_preview()
    mixed.select(Level.L2)
    qapp.processEvents()
    views = list(page.maps.views.values())
    view = views[1]
    assert view.view is not None
    page.maps.set_camera(view.view.zoomed(zoom, view.width() / 2, view.height() / 2))
    qapp.processEvents()
    left, top, right, bottom = view.view.box(mixed.rectangles[Level.L2])
    start = QPointF((left + right) / 2, (top + bottom) / 2)
    _mouse(view, QEvent.Type.MouseButtonPress, start)
    for step in range(1, 30):
        _mouse(view, QEvent.Type.MouseMove, start + QPointF(7 * step % 90 - 30, 11 * step % 130 - 70))
        qapp.processEvents()
    _assert_whole(window, [*views, page.maps.reference.view, page.panel])
    _mouse(view, QEvent.Type.MouseButtonRelease, start)
