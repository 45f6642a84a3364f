"""One rectangle over maps of different voxel size: drawn on common lines, counted on their own voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import RESAMPLED, SIGNAL_FF, ParametricMap, Quantity
from app.domain.measure import measure
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.services.changed import What
from app.store import exams
from app.store.exams import NewExam
from app.ui import present
from app.ui.canvas import colours, painting
from app.ui.canvas.figure import draw_figure, save_figure
from app.ui.canvas.map_pair import MapPair
from app.ui.canvas.scene import NO_MARKS, Caption
from app.ui.canvas.view import Camera
from app.ui.pages.reading import ReadingPage
from app.ui.workspace import Workspace

BOX = Rectangle(4, 24, 15, 6, 9)
BLACK = 0xFF000000


def pixels(image: QImage) -> npt.NDArray[np.uint32]:
    """Colours of a picture as words, shape (height, width)."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.array(image.constBits(), np.uint8).view(np.uint32).reshape(image.height(), image.width())


def own_voxels(found: ParametricMap, box: Rectangle, times: int) -> npt.NDArray[np.float64]:
    """Values of a map in a rectangle of voxels ``times`` as large, by plain slicing."""
    rows = slice(box.row0 * times, box.row1 * times)
    cols = slice(box.col0 * times, box.col1 * times)
    return found.stored[box.slice, rows, cols].astype(float)


@pytest.mark.parametrize("name", colours.COLOUR_MAPS)
@pytest.mark.parametrize("camera", [Camera(), Camera(4.3, (0.3, 0.55))])
def test_every_map_is_painted_voxel_by_voxel_of_its_own_and_black_without_a_value(
    mixed: Workspace, maps: MapPair, monkeypatch: pytest.MonkeyPatch, name: str, camera: Camera
) -> None:
    def nothing(*_: object, **__: object) -> None:
        return

    # letters and bars would cover voxels
    monkeypatch.setattr(painting, "paint_frame", nothing)
    maps.set_camera(camera)
    assert mixed.case is not None
    for quantity, times in ((Quantity.FF, 1), (Quantity.R2STAR, 2)):
        view, found = maps.views[quantity], mixed.case.exam.maps[quantity]
        view.set_colour_map(name)
        view.set_marks(NO_MARKS)
        seen, shown = pixels(view.grab().toImage()), view.view
        assert shown is not None
        values = found.slice_values(4)
        words = colours.to_words(values, view.window_level, name)
        for row, col in ((3, 7), (55, 44), (59 * times, 49 * times), (25, 40), (40, 21)):
            x, y = shown.to_screen(*shown.orientation.to_shown((row + 0.5) / times, (col + 0.5) / times))
            if 0 <= x < view.width() and 0 <= y < view.height():
                assert seen[int(y), int(x)] == words[row, col]
        assert np.isnan(values[3, 7]) == (times == 2)
    assert colours.to_words(np.array([np.nan, np.inf]), (0.0, 1.0), name).tolist() == [BLACK, BLACK]


def test_a_click_on_either_map_places_the_same_rectangle_of_common_voxels(
    mixed: Workspace, ff: Any, r2star: Any
) -> None:
    wanted = ff.would_place(30.4, 21.4)
    assert r2star.would_place(30.4, 21.4) == wanted
    r2star.click(30.4, 21.4)
    assert mixed.rectangles == {Level.L1: wanted}


def test_a_rectangle_dragged_on_the_finer_map_stays_on_the_common_lines(
    mixed: Workspace, maps: MapPair, r2star: Any
) -> None:
    mixed.show_preview(Level.L1, BOX)
    mixed.commit_preview()
    mixed.select(Level.L1)
    # 1.2 of the common voxels are more than two of the finer ones, and snap to one common voxel
    r2star.drag((27.0, 19.0), (28.2, 20.2))
    assert mixed.rectangles[Level.L1] == replace(BOX, row0=25, col0=16)
    view = maps.views[Quantity.R2STAR].view
    assert view is not None
    left, top, right, bottom = view.box(mixed.rectangles[Level.L1])
    voxel = view.scale * 1.0
    left_of_picture, top_of_picture = view.to_screen(0, 0)
    sides = [
        (left - left_of_picture),
        (right - left_of_picture),
        (top - top_of_picture),
        (bottom - top_of_picture),
    ]
    assert all(side / voxel == pytest.approx(round(side / voxel), abs=1e-6) for side in sides)


def test_the_value_under_the_pointer_is_that_of_the_maps_own_voxel(
    mixed: Workspace, maps: MapPair, ff: Any
) -> None:
    assert mixed.case is not None
    exam = mixed.case.exam
    ff.move(33.75, 21.25)
    ff_value, r2star_value = (
        exam.maps[Quantity.FF].stored[4, 33, 21],
        exam.maps[Quantity.R2STAR].stored[4, 67, 42],
    )
    readouts = {quantity: view._marks.readout for quantity, view in maps.views.items()}
    assert readouts == {Quantity.FF: f"{ff_value:.1f} %", Quantity.R2STAR: f"{r2star_value:.1f} s⁻¹"}
    ff.move(2.5, 2.5)
    assert maps.views[Quantity.R2STAR]._marks.readout == "no value"
    ff.move(-3, 2.5)
    assert maps.views[Quantity.R2STAR]._marks.readout == ""


def test_live_and_stored_numbers_come_from_each_maps_own_voxels(mixed: Workspace, page: ReadingPage) -> None:
    assert mixed.case is not None
    maps = mixed.case.exam.maps
    ff, r2star = own_voxels(maps[Quantity.FF], BOX, 1), own_voxels(maps[Quantity.R2STAR], BOX, 2)

    def shown() -> tuple[str, str, str]:
        row = page.panel.table.levels.rows[0]
        return row.ff, row.r2star, page.panel.lines.lines[0][1].text()

    wanted = (f"{ff.mean():.1f}", f"{r2star.mean():.1f}", "6 × 9 px · 54 / 216 voxels")
    mixed.show_preview(Level.L1, BOX)
    assert shown() == wanted
    mixed.commit_preview()
    mixed.select(Level.L1)
    assert shown() == wanted
    # one place, one area
    assert page.panel.lines.lines[1][1].text() == "2.16 cm²"
    stats = mixed.case.reading.history.current[Level.L1].stats
    assert stats[Quantity.R2STAR].mean == pytest.approx(r2star.mean(), rel=1e-12)
    assert stats[Quantity.R2STAR].area_mm2 == stats[Quantity.FF].area_mm2 == 216.0


def test_the_histograms_hold_each_maps_own_voxels(mixed: Workspace, page: ReadingPage) -> None:
    mixed.show_preview(Level.L1, BOX)
    counts = {quantity: view._counts for quantity, view in page.panel.histograms.views.items()}
    assert {quantity: int(found.sum()) for quantity, found in counts.items() if found is not None} == {
        Quantity.FF: 54,
        Quantity.R2STAR: 216,
    }


def test_a_rectangle_without_any_value_on_one_map_is_measured_on_the_other(
    mixed: Workspace, page: ReadingPage
) -> None:
    mixed.show_preview(Level.L1, Rectangle(4, 1, 1, 5, 5))
    row = page.panel.table.levels.rows[0]
    assert row.r2star == "–"
    assert page.panel.lines.lines[0][1].text() == "5 × 5 px · 25 / 0 voxels"
    assert not page.panel.grab().isNull()


def test_maps_that_share_their_voxels_say_one_number_of_them(
    window: Any, page: ReadingPage, fill: Callable[..., None]
) -> None:
    fill(window.workspace, Level.L1)
    window.workspace.select(Level.L1)
    assert page.panel.lines.lines[0][1].text() == "8 × 11 px · 88 voxels"


def test_a_map_that_no_scanner_made_says_so_in_its_title_and_in_print(
    mixed: Workspace, maps: MapPair, open_case: Callable[..., None]
) -> None:
    titles = {quantity: column.title.text() for quantity, column in maps.columns.items()}
    assert titles == {Quantity.FF: "Fat fraction", Quantity.R2STAR: "R2* resampled"}
    assert mixed.case is not None
    assert present.map_heading(mixed.case.exam.maps[Quantity.R2STAR]) == "R2* resampled (s⁻¹)"
    ff = mixed.case.exam.maps[Quantity.FF]
    for derived, title in (
        (SIGNAL_FF, "Signal FF"),
        (RESAMPLED, "Fat fraction resampled"),
        ("", "Fat fraction"),
    ):
        assert present.map_title(replace(ff, scaling=replace(ff.scaling, derived=derived))) == title


def _plain(exam: Exam) -> Exam:
    """FF and R2* of integers on the common grid, as a saved picture of them would show them."""
    ff = exam.maps[Quantity.FF]
    return replace(exam, maps={q: replace(ff, quantity=q) for q in (Quantity.FF, Quantity.R2STAR)})


def test_the_saved_picture_shows_a_finer_map_in_the_same_place(mixed: Workspace, tmp_path: Path) -> None:
    """A finer map whose voxels repeat the coarse ones cannot be told from the coarse map."""
    mixed.show_preview(Level.L1, BOX)
    mixed.commit_preview()
    assert mixed.case is not None
    assert mixed.orientation is not None
    coarse = _plain(mixed.case.exam)
    fine = mixed.case.exam.maps[Quantity.R2STAR]
    repeated = coarse.maps[Quantity.R2STAR].stored.repeat(2, 1).repeat(2, 2)
    maps = {
        Quantity.FF: coarse.maps[Quantity.FF],
        Quantity.R2STAR: replace(fine, stored=repeated, scaling=coarse.maps[Quantity.R2STAR].scaling),
    }
    images = [
        draw_figure(replace(mixed.case, exam=exam), mixed.orientation, 4)
        for exam in (coarse, replace(coarse, maps=maps))
    ]
    assert images[0].size() == images[1].size()
    # at the edge of two voxels a dot of the print may fall to either
    assert (pixels(images[0]) != pixels(images[1])).mean() < 0.005
    save_figure(mixed.case, mixed.orientation, 4, tmp_path / "both.png")
    assert QImage(str(tmp_path / "both.png")).width() == images[0].width()


def test_a_map_of_floating_point_and_one_of_integers_look_the_same(mixed: Workspace, maps: MapPair) -> None:
    view = maps.views[Quantity.FF]
    assert view.map is not None
    assert view.view is not None
    for kind in (np.float32, np.float64):
        same = replace(view.map, stored=view.map.stored.astype(kind))
        for name in colours.COLOUR_MAPS:
            pictures = [painting.picture(one, view.view, 4, (20.0, 80.0), name) for one in (view.map, same)]
            assert pictures[0] == pictures[1]


def test_the_slice_caption_of_both_maps_counts_the_same_slices(mixed: Workspace, maps: MapPair) -> None:
    assert {view._caption for view in maps.views.values()} == {
        Caption("slice 5 / 9", "%"),
        Caption("slice 5 / 9", "s⁻¹"),
    }


def test_a_map_that_joins_the_exam_at_hand_is_shown_at_once_with_its_numbers(
    mixed: Workspace, maps: MapPair, page: ReadingPage, open_case: Callable[..., None]
) -> None:
    """R2* imported on another day, while the case is open."""
    assert mixed.case is not None
    assert mixed.session is not None
    whole = mixed.case.exam
    alone = Exam("C0010", {Quantity.FF: whole.maps[Quantity.FF]})
    identity = Identity(study_uid="1.2.10")
    key = exams.add(mixed.session.database, exams.pack(NewExam(alone, identity, {}, "GE", "")), actor="First")
    mixed.open_case(key, 4)
    assert maps.views[Quantity.R2STAR].map is None
    mixed.show_preview(Level.L1, BOX)
    mixed.commit_preview()
    mixed.select(Level.L1)
    other = mixed.session.another()
    both = Exam("C0010", {q: whole.maps[q] for q in (Quantity.FF, Quantity.R2STAR)})
    exams.join(other.database, key, exams.pack(NewExam(both, identity, {}, "GE", "")), actor="First")
    other.close()
    mixed.note(What.EXAMS)
    found = maps.views[Quantity.R2STAR].map
    assert found is not None
    assert np.array_equal(found.stored, whole.maps[Quantity.R2STAR].stored, equal_nan=True)
    assert mixed.selected is Level.L1
    assert page.panel.lines.lines[0][1].text() == "6 × 9 px · 54 / 216 voxels"
    # and the next step is stored
    mixed.nudge(1, 0)
    assert mixed.rectangles[Level.L1] == replace(BOX, row0=25)


def test_an_import_of_other_exams_leaves_the_view_of_this_one_alone(mixed: Workspace, maps: MapPair) -> None:
    maps.set_camera(Camera(3.0, (0.4, 0.4)))
    mixed.show_preview(Level.L1, BOX)
    mixed.note(What.EXAMS)
    assert maps.views[Quantity.FF].camera == Camera(3.0, (0.4, 0.4))
    assert mixed.preview is not None


def test_numbers_of_a_map_that_was_not_there_yet_are_left_empty(mixed: Workspace, page: ReadingPage) -> None:
    """A rectangle of an older session file may lack what joined later."""
    assert mixed.case is not None
    stats = {Quantity.FF: measure(mixed.case.exam.maps[Quantity.FF], BOX)}
    page.panel.lines.show_rectangle(Level.L1, BOX, stats, hidden=False)
    page.panel.histograms.show_rectangle(mixed.case.exam, Level.L1, BOX, stats)
    assert page.panel.histograms.views[Quantity.R2STAR]._counts is None
    assert page.panel.lines.lines[0][1].text() == "6 × 9 px · 54 voxels"


def test_the_panel_and_both_maps_are_painted(mixed: Workspace, page: ReadingPage) -> None:
    parts: list[QWidget] = [page.panel, *page.maps.views.values()]
    mixed.show_preview(Level.L1, BOX)
    assert all(part.grab().toImage().pixelColor(QPoint(1, 1)).isValid() for part in parts)
