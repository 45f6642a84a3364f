"""Water, fat or the reference in the place of the maps, for as long as a key is held."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.domain.errors import AppError
from app.domain.grid import Grid
from app.domain.maps import Quantity
from app.domain.reference import ReferenceSeries
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.overlay import overlay_of
from app.ui.canvas.projection import sample_plane
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

SAGITTAL = ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
MAPS = Grid((5, 6, 8), (4.0, 2.0, 2.0), (0.0, 0.0, 0.0), SAGITTAL)


def series_on(grid: Grid) -> np.ndarray:
    """A series whose every voxel tells its own patient coordinates: x + 100 z + 10000 y."""
    index = np.stack(np.meshgrid(*(np.arange(n) for n in grid.shape), indexing="ij"), axis=-1)
    x, y, z = np.moveaxis(grid.to_patient(index), -1, 0)
    return (x + 100 * z + 10000 * y).astype(np.float64)


def test_every_voxel_of_the_plane_shows_the_nearest_voxel_of_the_series() -> None:
    flipped = Grid(
        (9, 20, 30), (2.0, 1.0, 1.0), (0.0, 20.0, -14.0), ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
    )
    plane = sample_plane(MAPS, 2, flipped, series_on(flipped))
    x, y, z = np.moveaxis(MAPS.to_patient([[(2, r, c) for c in range(8)] for r in range(6)]), -1, 0)
    there = (y >= 1) & (z >= -14)
    np.testing.assert_allclose(plane[there], (x + 100 * z + 10000 * y)[there], rtol=1e-6)
    assert np.isnan(plane[~there]).all()


def test_a_plane_that_the_series_does_not_reach_shows_nothing() -> None:
    beside = Grid((2, 6, 8), (4.0, 2.0, 2.0), (40.0, 0.0, 0.0), SAGITTAL)
    assert np.isnan(sample_plane(MAPS, 2, beside, series_on(beside))).all()


def test_an_overlay_keeps_the_grey_scale_and_the_name_of_its_series() -> None:
    stored = np.full(MAPS.shape, 7, np.int16)
    over = overlay_of(ReferenceSeries("T2", stored, MAPS, (0.0, 9.0)), MAPS, 1)
    assert (over.name, over.window, over.stored.shape) == ("T2", (0.0, 9.0), (1, 6, 8))
    assert (over.scale(over.stored) == 7.0).all()


def words_on(maps: MapPair) -> set[str]:
    return {"" if view._overlay is None else view._overlay.name for view in maps.views.values()}


@pytest.mark.parametrize(("letter", "name"), [("W", "Water"), ("T", "T2")])
def test_holding_a_key_shows_another_image_on_both_maps_until_it_is_let_go(
    mixed: Workspace, page: ReadingPage, maps: MapPair, letter: str, name: str
) -> None:
    page.setFocus()
    before = {quantity: view.grab().toImage() for quantity, view in maps.views.items()}
    held = getattr(Qt.Key, f"Key_{letter}")
    QTest.keyPress(page, held)
    assert words_on(maps) == {f"{name}, not measured, while the key is held"}
    for quantity, view in maps.views.items():
        assert view.grab().toImage() != before[quantity]
    shown = maps.views[Quantity.FF]._overlay
    mixed.set_slice(mixed.slice - 1)
    # another slice brings another plane
    assert maps.views[Quantity.FF]._overlay is not shown
    mixed.set_slice(mixed.slice + 1)
    QTest.keyRelease(page, held)
    assert words_on(maps) == {""}
    for quantity, view in maps.views.items():
        assert view.grab().toImage() == before[quantity]


def test_an_image_that_the_exam_lacks_is_told_and_changes_nothing(
    mixed: Workspace, page: ReadingPage, maps: MapPair
) -> None:
    told: list[AppError] = []
    mixed.failed.connect(told.append)
    page.setFocus()
    QTest.keyPress(page, Qt.Key.Key_F)
    QTest.keyRelease(page, Qt.Key.Key_F)
    assert [problem.code for problem in told] == ["reference.no_overlay"]
    assert words_on(maps) == {""}


def test_a_key_that_is_let_go_in_another_window_lets_the_maps_come_back(
    mixed: Workspace, page: ReadingPage, maps: MapPair
) -> None:
    page.setFocus()
    QTest.keyPress(page, Qt.Key.Key_W)
    assert words_on(maps) != {""}
    QApplication.sendEvent(page.window(), QEvent(QEvent.Type.WindowDeactivate))
    assert words_on(maps) == {""}


def test_another_case_never_shows_what_was_held_over_the_one_before(
    mixed: Workspace, page: ReadingPage, maps: MapPair
) -> None:
    page.setFocus()
    QTest.keyPress(page, Qt.Key.Key_W)
    mixed.step_case(1)
    assert words_on(maps) == {""}
    QTest.keyRelease(page, Qt.Key.Key_W)
