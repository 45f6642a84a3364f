"""The table of levels paints only the cells that look different."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication

from app.domain.protocol import LEVELS, Level
from app.ui.pages.level_table import LevelModel
from app.ui.present.levels import LevelRow

_ROW = LevelRow(Level.L2, ff="40.0", ff_sd="±5.0", r2star="60.0", r2star_sd="±9", voxels="140")
_ALL = [(1, 1), (1, 2), (1, 3)]


@pytest.mark.parametrize(
    ("after", "cells"),
    [
        (replace(_ROW, ff="41.0"), [(1, 1)]),
        (replace(_ROW, ff_sd="±6.0", r2star_sd="±8"), [(1, 1), (1, 2)]),
        (replace(_ROW, voxels="150"), [(1, 3)]),
        (replace(_ROW, warning="Too small."), [(1, 3)]),
        (replace(_ROW, accepted=True), [(1, 3)]),
        (replace(_ROW, detail="FF 20 to 60 %"), []),
        (LevelRow(Level.L2, note="Click"), _ALL),
        (_ROW, []),
    ],
)
def test_only_cells_that_look_different_are_painted(
    qapp: QApplication, after: LevelRow, cells: list[tuple[int, int]]
) -> None:
    model = LevelModel()
    rows = [LevelRow(level) for level in LEVELS]
    model.show_rows([rows[0], _ROW, *rows[2:]])
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), first.column())))
    model.show_rows([rows[0], after, *rows[2:]])
    assert told == cells
    assert model.rows[1] == after


def test_a_note_that_gives_way_to_numbers_is_painted_over(qapp: QApplication) -> None:
    model = LevelModel()
    rows = [LevelRow(level) for level in LEVELS]
    model.show_rows([rows[0], LevelRow(Level.L2, note="Click"), *rows[2:]])
    told: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last: told.append((first.row(), first.column())))
    model.show_rows([rows[0], _ROW, *rows[2:]])
    assert told == _ALL
