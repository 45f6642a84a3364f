"""How a turned or pooled rectangle is told in words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.domain.grid import Grid
from app.domain.maps import ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.domain.protocol import Level
from app.domain.shapes import Rectangle
from app.services.open_session import AuditRow
from app.ui.present.levels import rectangle_lines
from app.ui.present.worklist import audit_row

GRID = Grid(
    (5, 40, 40), (4.0, 1.0, 1.0), (0.0, 0.0, 0.0), ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0))
)
SCALING = Scaling(1.0, 0.0, "ge.physical", "image_type", "ff.percent", "all", 1.0, 2.0, 0, 0, 0, 0)
FF = ParametricMap(Quantity.FF, np.full(GRID.shape, 40, np.int16), GRID, SCALING)
BOX = Rectangle(2, 15, 14, 9, 12)


@pytest.mark.parametrize(
    ("shape", "name", "voxels"),
    [
        ({}, "L3 rectangle", "108 voxels"),
        ({"angle_deg": -12.0}, "L3 turned -12°", "voxels"),
        ({"depth": 3}, "L3 over 3 slices", "324 voxels"),
        ({"angle_deg": 33.5, "depth": 3}, "L3 33.5°, 3 slices", "voxels"),
    ],
)
def test_the_panel_names_turn_and_slices_and_all_voxels_counted(
    shape: dict[str, Any], name: str, voxels: str
) -> None:
    box = replace(BOX, **shape)
    stats = {Quantity.FF: measure(FF, box)}
    (title, size), (_, area), _ = rectangle_lines(Level.L3, box, stats)
    assert title == name
    assert size.startswith("9 × 12 px")
    assert voxels in size
    assert str(stats[Quantity.FF].n) in size
    # of one slice
    assert area.startswith(f"{box.count(GRID) / 100:.2f}")


@pytest.mark.parametrize(
    ("shape", "told"),
    [
        ({}, "slice 2, rows 15–23, columns 14–25 (from 0)"),
        (
            {"angle_deg": 33.5, "depth": 3},
            "slice 2, rows 15–23, columns 14–25 (from 0), turned by 33.5°, slices counted: 3",
        ),
        (
            {"angle_deg": -7.0, "depth": 1},
            "slice 2, rows 15–23, columns 14–25 (from 0), turned by -7°, slices counted: 1",
        ),
    ],
)
def test_the_record_of_changes_tells_turn_and_slices(shape: dict[str, Any], told: str) -> None:
    box = {"slice": 2, "row0": 15, "col0": 14, "rows": 9, "cols": 12, **shape}
    values: dict[str, Any] = dict.fromkeys(AuditRow.__dataclass_fields__, "")
    entry = AuditRow(**{**values, "new": json.dumps({"kind": "measured", "rectangle": box})})
    assert audit_row(entry)[-1] == told
