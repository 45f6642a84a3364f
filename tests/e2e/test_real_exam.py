"""From a DICOM folder to a CSV with the mouse: the real exam, read with the real window."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest

if TYPE_CHECKING:
    from conftest import Desk, Layout, Program

pytestmark = pytest.mark.window

_PROTOCOL = Path(__file__).parents[1] / "fixtures" / "cervical-test.json"
_COLS = 208
_SLICE = 1
_ROWS_OF_FIRST, _COLS_OF_FIRST = 5, 6
# middles of C2 to C6 in the shown slice: rows from the top, columns from the left (anterior) edge
_MIDDLES = {"L1": (74, 97), "L2": (89, 97), "L3": (105, 97), "L4": (121, 98), "L5": (137, 100)}
_LEVEL_COLOURS = {"L2": (0x7F, 0xDC, 0x8C)}
# half a voxel in: the middle of the middle row, the line between the two middle columns
_CLICKED = {level: (row + 0.5, col) for level, (row, col) in _MIDDLES.items()}


def _stored(top: int, left: int, rows: int, cols: int) -> tuple[int, ...]:
    """``(slice, row0, col0, rows, cols)`` in the files, where anterior lies to the right."""
    return _SLICE, top, _COLS - left - cols, rows, cols


def _as_clicked(level: str) -> tuple[int, int]:
    row, col = _MIDDLES[level]
    return row - _ROWS_OF_FIRST // 2, col - _COLS_OF_FIRST // 2


def _read_files(exam: Path) -> dict[str, npt.NDArray[np.float64]]:
    """Stored pixels of both maps, slices by position, through a library the program does not use."""
    sitk = pytest.importorskip("SimpleITK")
    slices: dict[str, list[tuple[float, npt.NDArray[np.float64]]]] = {}
    for path in sorted(exam.glob("IM*")):
        reader = sitk.ImageFileReader()
        reader.SetFileName(str(path))
        image = reader.Execute()
        position = float(image.GetMetaData("0020|0032").split("\\")[0])
        name = image.GetMetaData("0008|0008").split("\\")[3].strip()
        slices.setdefault(name, []).append((position, sitk.GetArrayFromImage(image)[0].astype(float)))
    return {name: np.array([pixels for _, pixels in sorted(found, key=lambda one: one[0])])
            for name, found in slices.items()}  # fmt: skip


def _long_table(desk: Desk, session: Path) -> dict[str, dict[str, Any]]:
    desk.command("export", "--session", str(session), "--out", str(desk.folder / "csv"))
    text = (desk.folder / "csv" / f"{session.stem}-long.csv").read_text(encoding="utf-8-sig")
    return {row["level"]: row for row in csv.DictReader(text.splitlines())}


def _place_five(program: Program, layout: Layout) -> None:
    for place in _CLICKED.values():
        program.click(layout.point(*place))


def _assert_drawn(desk: Desk, program: Program, layout: Layout, level: str, corner: tuple[int, int]) -> None:
    """See the outline on the outer edges of the voxels that are counted, on both maps, and none inside."""
    left, top = desk.screen.window_corner(program.window)
    picture = desk.still_picture().astype(int)
    line = np.abs(picture - _LEVEL_COLOURS[level]).max(axis=2) <= 2
    for quantity in ("FF", "R2STAR"):
        x0, y0 = layout.point(*corner, quantity)
        x1, y1 = layout.point(corner[0] + _ROWS_OF_FIRST, corner[1] + _COLS_OF_FIRST, quantity)
        x0, x1, y0, y1 = x0 + left, x1 + left, y0 + top, y1 + top
        middle_x, middle_y = (x0 + x1) // 2, (y0 + y1) // 2
        for x in (x0, x1):
            assert line[middle_y, x - 1 : x + 2].any(), (quantity, x)
        for y in (y0, y1):
            assert line[y - 1 : y + 2, middle_x].any(), (quantity, y)
        assert not line[y0 + 3 : y1 - 2, x0 + 3 : x1 - 2].any()


def test_five_vertebrae_measured_with_the_mouse_give_the_numbers_of_the_files(
    desk: Desk, test_data: Path
) -> None:
    exam = test_data / "real_spine_exam"
    session = desk.folder / "real.marrow"
    desk.command("import", str(exam), "--session", str(session), "--protocol", str(_PROTOCOL))
    layout, stored = desk.layout(session), desk.stored(session)
    assert layout.told["letters"] == ["A", "P", "S", "I"]

    program = desk.start(session)
    _place_five(program, layout)
    stored.wait(revisions=5)
    # taken in the middle and let go two voxels further back and one lower
    program.drag(layout.point(74.5, 97), layout.point(75.5, 99))
    stored.wait(revisions=6)
    # L3 by its lower right corner: one row and two columns more; a click selects it first
    program.click(layout.point(105.5, 97))
    program.drag(layout.point(108, 100), layout.point(109, 102))
    stored.wait(revisions=7)
    program.key("4", "Left")
    stored.wait(revisions=8)
    desk.save_picture("five-levels")
    _assert_drawn(desk, program, layout, "L2", _as_clicked("L2"))
    program.key("Return")
    desk.wait_for(lambda: stored.count("reading_event") == 1, "the sign-off")
    desk.save_picture("signed-off")
    assert program.close() == ""

    rows = _long_table(desk, session)
    places = {level: _stored(*_as_clicked(level), _ROWS_OF_FIRST, _COLS_OF_FIRST) for level in _MIDDLES}
    top, left = _as_clicked("L1")
    places["L1"] = _stored(top + 1, left + 2, _ROWS_OF_FIRST, _COLS_OF_FIRST)
    places["L3"] = _stored(*_as_clicked("L3"), _ROWS_OF_FIRST + 1, _COLS_OF_FIRST + 2)
    top, left = _as_clicked("L4")
    places["L4"] = _stored(top, left - 1, _ROWS_OF_FIRST, _COLS_OF_FIRST)
    names = ("slice", "row0", "col0", "rows", "cols")
    assert {level: tuple(int(row[name]) for name in names) for level, row in rows.items()} == places
    assert {row["state"] for row in rows.values()} == {"signed_off"}

    _assert_counted(rows, places, _read_files(exam))


def _assert_counted(
    rows: dict[str, dict[str, str]],
    places: dict[str, tuple[int, ...]],
    pixels: dict[str, np.ndarray],
) -> None:
    """Every number of the long table is that of the voxels in the files."""
    for level, (k, row0, col0, height, width) in places.items():
        for prefix, name in (("FF", "FAT_FRACTION"), ("R2star", "R2_STAR_MAP")):
            inside = pixels[name][k, row0 : row0 + height, col0 : col0 + width]
            expected = {
                "mean": inside.mean(),
                "sd": inside.std(ddof=1),
                "median": np.median(inside),
                "min": inside.min(),
                "max": inside.max(),
                "n": inside.size,
            }
            told = {key: float(rows[level][f"{prefix}_{key}"]) for key in expected}
            assert told == pytest.approx(expected, rel=1e-12), (level, prefix)
        assert float(rows[level]["area_mm2"]) == pytest.approx(height * width * 1.3**2, rel=1e-12)
