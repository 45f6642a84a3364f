"""Which rules of the protocol speak up at a level of an export; no pixel is read for it.

So those that look at the picture around a rectangle, or at how its voxels are spread, are not asked here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from app.domain.checks import Finding, check_geometry
from app.domain.checks_values import check_values
from app.domain.exam import Exam, common_grid
from app.domain.maps import MEASURED, ParametricMap
from app.domain.protocol import Level, Protocol
from app.store.exported import ExamFacts
from app.store.results import LevelResult

Key = tuple[int, str, int, Level]
"""Exam, reader, round and level."""


def key_of(cell: LevelResult) -> Key:
    """Which level of which reading."""
    return cell.exam_id, cell.reader, cell.round, cell.level


def flags_of(
    cells: Sequence[LevelResult], exams: Mapping[int, ExamFacts], protocol: Protocol
) -> dict[Key, tuple[str, ...]]:
    """Codes of what rules of place and of value find, reading by reading."""
    readings: dict[tuple[int, str, int], dict[Level, LevelResult]] = defaultdict(dict)
    for cell in cells:
        if cell.rectangle is not None:
            readings[cell.exam_id, cell.reader, cell.round][cell.level] = cell
    shells = {exam_id: _shell(exams[exam_id]) for exam_id in {key[0] for key in readings}}
    found: dict[Key, tuple[str, ...]] = {}
    for reading, drawn in readings.items():
        for finding in _findings(shells[reading[0]], drawn, protocol):
            key = (*reading, finding.level)
            found[key] = (*found.get(key, ()), finding.code)
    return found


def _findings(shell: Exam, drawn: Mapping[Level, LevelResult], protocol: Protocol) -> Iterator[Finding]:
    rectangles = {level: cell.rectangle for level, cell in drawn.items() if cell.rectangle is not None}
    yield from check_geometry(shell, rectangles, protocol)
    (field,) = {cell.field_strength_t for cell in drawn.values()}
    yield from check_values({level: cell.stats for level, cell in drawn.items()}, {}, protocol, field)


def _shell(facts: ExamFacts) -> Exam:
    """An exam to ask geometry of: its voxels are one and the same zero, so that no pixel has to be read."""
    grids = {quantity: facts.maps[quantity].grid for quantity in MEASURED if quantity in facts.maps}
    # rectangles lie on the coarsest map, so that one alone has the geometry of all
    lines = common_grid(grids.values())
    quantity = next(one for one, grid in grids.items() if grid == lines)
    voxels = np.broadcast_to(np.zeros((), np.int16), grids[quantity].shape)
    empty = ParametricMap(quantity, voxels, grids[quantity], facts.maps[quantity].scaling)
    return Exam(facts.code, {quantity: empty}, native_voxel_mm=facts.native_voxel_mm)
