"""What the maps and the table look like, against pictures kept beside this file.

Pinned are size, scale, colours and style. Words are left out or painted in no colour, because fonts differ
between machines. `pytest tests/snapshots --update-snapshots` writes the pictures anew; look at them first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from app.domain.maps import Quantity
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.ui import theme
from app.ui.canvas import painting
from app.ui.canvas.map_view import MapView
from app.ui.canvas.scene import Caption, Marks
from app.ui.canvas.view import Camera
from app.ui.dialogs.import_tree import ImportTree
from app.ui.dialogs.import_view import ImportView
from app.ui.import_row import Kind, Row, Tick
from app.ui.pages.level_table import LevelTable
from app.ui.present.levels import LevelRow
from app.ui.theme import DARK
from app.ui.workspace import Workspace

HERE = Path(__file__).parent
# a colour channel may be off by this much, and this share of the pixels by more
CHANNEL, SHARE = 24, 0.001

Check = Callable[[str, QImage], None]


def pixels(image: QImage) -> npt.NDArray[np.int16]:
    """Colours of a picture, shape (height, width, 3)."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.array(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)
    return flat[:, :, :3].astype(np.int16)


def difference(one: QImage, other: QImage) -> float:
    """Share of pixels that differ visibly; 1 for pictures of different sizes."""
    if one.size() != other.size():
        return 1.0
    return float((np.abs(pixels(one) - pixels(other)).max(-1) > CHANNEL).mean())


@pytest.fixture
def check(request: pytest.FixtureRequest, tmp_path: Path) -> Check:
    """Compare a picture with the one kept under its name, or keep it."""

    def check(name: str, image: QImage) -> None:
        kept = HERE / f"{name}.png"
        if request.config.getoption("--update-snapshots"):
            image.save(str(kept))
            return
        now = tmp_path / f"{name}.png"
        image.save(str(now))
        assert kept.is_file(), f"no {kept.name} yet: look at {now}, then run with --update-snapshots"
        share = difference(image, QImage(str(kept)))
        assert share <= SHARE, f"{share:.1%} of {kept.name} is different: compare {now}"

    return check


@pytest.fixture
def wordless(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paint maps without any words."""

    def nothing(*_: object, **__: object) -> None:
        return

    monkeypatch.setattr(painting, "_paint_words", nothing)


def map_views(space: Workspace, qtbot: QtBot, marks: Marks, camera: Camera, colour_map: str) -> QImage:
    """Both maps of the case at hand side by side, 320 x 400 points each, slice 4."""
    assert space.case is not None
    both = QImage(640, 400, QImage.Format.Format_RGB32)
    painter = QPainter(both)
    for place, quantity in enumerate((Quantity.FF, Quantity.R2STAR)):
        view = MapView("")
        qtbot.addWidget(view)
        view.resize(320, 400)
        view.show_map(space.case.exam.maps[quantity], space.orientation)
        view.set_colour_map(colour_map)
        view.set_camera(camera)
        view.show_slice(4, Caption())
        view.set_marks(marks)
        painter.drawImage(320 * place, 0, grabbed(view))
    painter.end()
    return both


def grabbed(widget: QWidget) -> QImage:
    image = widget.grab().toImage()
    assert image.devicePixelRatio() == 1.0
    return image


BOXES = {
    Level.L1: Rectangle(4, 8, 34, 8, 11),
    Level.L2: Rectangle(4, 26, 34, 9, 12),
    Level.L3: Rectangle(4, 44, 34, 10, 14),
}


@pytest.mark.usefixtures("wordless")
def test_both_maps_with_three_rectangles_the_third_in_the_hand(
    workspace: Workspace, qtbot: QtBot, check: Check
) -> None:
    marks = Marks(BOXES, {}, selected=Level.L3)
    check("maps-three-rectangles", map_views(workspace, qtbot, marks, Camera(), "grey"))


@pytest.mark.usefixtures("wordless")
def test_a_turned_exam_enlarged_with_ghost_crosshair_and_a_rectangle_of_another_slice(
    workspace: Workspace, qtbot: QtBot, check: Check, open_case: Callable[[Workspace, str], None]
) -> None:
    open_case(workspace, "C0003")
    marks = Marks(
        {Level.L1: Rectangle(4, 20, 70, 11, 8)}, {Level.L2: Rectangle(3, 20, 52, 11, 8)}, selected=Level.L3,
        ghost=Rectangle(4, 22, 34, 11, 8), armed=Level.L3, crosshair=(40.0, 50.0),
    )  # fmt: skip
    check("maps-turned", map_views(workspace, qtbot, marks, Camera(1.6, (0.45, 0.4)), "ember"))


@pytest.mark.usefixtures("wordless")
def test_turned_rectangles_one_in_the_hand_one_pooled_from_the_slice_beside(
    workspace: Workspace, qtbot: QtBot, check: Check, open_case: Callable[[Workspace, str], None]
) -> None:
    turned = {
        level: replace(box, angle_deg=angle)
        for (level, box), angle in zip(BOXES.items(), (-18, 0, 32), strict=True)
    }
    marks = Marks(
        {Level.L3: turned[Level.L3]}, {Level.L2: BOXES[Level.L2]}, selected=Level.L3,
        pooled={Level.L1: turned[Level.L1]}, turnable=True,
    )  # fmt: skip
    check("maps-turned-rectangles", map_views(workspace, qtbot, marks, Camera(), "grey"))
    # stored across and shown upright: what is turned in the file is turned the same way for the eye
    open_case(workspace, "C0003")
    across = Marks({Level.L1: Rectangle(4, 30, 45, 14, 8, 25.0)}, {}, selected=Level.L1, turnable=True)
    check("maps-turned-rectangle-across", map_views(workspace, qtbot, across, Camera(1.6), "grey"))


def test_the_table_of_levels_with_a_selected_line(qtbot: QtBot, check: Check) -> None:
    # the lines, the chips and the selected row remain
    nothing = "#00000000"
    mute = replace(DARK, text=nothing, quiet=nothing, warn=nothing)
    table = LevelTable()
    qtbot.addWidget(table)
    table.setPalette(theme.palette(mute))
    table.setStyleSheet(theme.style_sheet(mute))
    table.show_theme(mute)
    table.levels.show_rows([LevelRow(level, note="") for level in Level])
    table.resize(308, table.height())
    table.show_selected(Level.L2)
    check("level-table", grabbed(table))


def import_rows() -> tuple[Row, ...]:
    """A patient with an exam of which one map is ticked, one is not, and one comes along."""
    slope = np.add.outer(np.arange(96), np.arange(64)).astype(np.uint8)
    tall, wide = slope, np.ascontiguousarray(slope.T)
    maps = tuple(
        Row(key, Kind.MAP, {}, tick=tick, enabled=enabled, picture=picture)
        for key, tick, enabled, picture in (
            ("ticked", Tick.ON, True, tall),
            ("waits", Tick.OFF, False, wide),
            ("along", Tick.NONE, False, np.zeros((0, 0), np.uint8)),
        )
    )
    exam = Row("exam", Kind.EXAM, {}, maps, tick=Tick.PART, enabled=True)
    return (Row("patient", Kind.PATIENT, {}, (exam,), tick=Tick.PART, enabled=True),)


def test_the_tree_of_the_import_dialog_with_boxes_and_small_pictures(qtbot: QtBot, check: Check) -> None:
    tree = ImportTree()
    view = ImportView(tree)
    qtbot.addWidget(view)
    tree.setParent(view)
    view.setPalette(theme.palette(DARK))
    view.setStyleSheet(theme.style_sheet(DARK))
    view.header().hide()
    view.resize(860, 300)
    view.show_rows(import_rows())
    view.setCurrentIndex(tree.find("waits"))
    check("import-tree", grabbed(view))


def test_a_picture_that_changed_is_noticed(workspace: Workspace, qtbot: QtBot) -> None:
    """The tolerance lets no rectangle through that lies one voxel off."""
    moved = {**BOXES, Level.L2: replace(BOXES[Level.L2], col0=35)}
    images = [
        map_views(workspace, qtbot, Marks(boxes, {}), Camera(), "grey") for boxes in (BOXES, moved, BOXES)
    ]
    assert difference(images[0], images[1]) > 2 * SHARE
    assert difference(images[0], images[2]) == 0.0
