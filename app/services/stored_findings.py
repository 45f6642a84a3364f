"""What rules of the protocol say of readings, from what is stored of them; no pixel is read for it.

So those that look at the picture around a rectangle, or at how its voxels are spread, are not asked here.
Who may know what is said, the caller has asked: it tells values.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

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

_Drawn = Mapping[Level, LevelResult]


def key_of(cell: LevelResult) -> Key:
    """Which level of which reading."""
    return cell.exam_id, cell.reader, cell.round, cell.level


def findings_of(
    cells: Sequence[LevelResult], exams: Mapping[int, ExamFacts], protocol: Protocol
) -> dict[Key, tuple[Finding, ...]]:
    """What rules of place and of value find at each level that was drawn."""
    readings = _by_reading(cells)
    shells = {exam_id: _shell(exams[exam_id]) for exam_id in {reading[0] for reading in readings}}

    def find(exam_id: int, drawn: _Drawn) -> Iterator[Finding]:
        rectangles = {level: cell.rectangle for level, cell in drawn.items() if cell.rectangle is not None}
        yield from check_geometry(shells[exam_id], rectangles, protocol)
        yield from _of_values(drawn, protocol)

    return _gather((reading, find(reading[0], drawn)) for reading, drawn in readings.items())


def value_findings(cells: Sequence[LevelResult], protocol: Protocol) -> dict[Key, tuple[Finding, ...]]:
    """What rules of value alone find at each level that was drawn."""
    return _gather((reading, _of_values(drawn, protocol)) for reading, drawn in _by_reading(cells).items())


_Reading = tuple[int, str, int]


def _by_reading(cells: Sequence[LevelResult]) -> dict[_Reading, dict[Level, LevelResult]]:
    readings: dict[_Reading, dict[Level, LevelResult]] = defaultdict(dict)
    for cell in cells:
        # of a value from a table nothing but its mean is known
        if cell.rectangle is not None:
            readings[cell.exam_id, cell.reader, cell.round][cell.level] = cell
    return readings


def _gather(found: Iterable[tuple[_Reading, Iterable[Finding]]]) -> dict[Key, tuple[Finding, ...]]:
    told: dict[Key, tuple[Finding, ...]] = {}
    for reading, findings in found:
        for finding in findings:
            key = (*reading, finding.level)
            told[key] = (*told.get(key, ()), finding)
    return told


def _of_values(drawn: _Drawn, protocol: Protocol) -> tuple[Finding, ...]:
    (field,) = {cell.field_strength_t for cell in drawn.values()}
    return check_values({level: cell.stats for level, cell in drawn.items()}, {}, protocol, field)


def _shell(facts: ExamFacts) -> Exam:
    """An exam to ask geometry of: its voxels are one and the same zero, so that no pixel has to be read."""
    grids = {quantity: facts.maps[quantity].grid for quantity in MEASURED if quantity in facts.maps}
    # rectangles lie on the coarsest map, so that one alone has the geometry of all
    lines = common_grid(grids.values())
    quantity = next(one for one, grid in grids.items() if grid == lines)
    voxels = np.broadcast_to(np.zeros((), np.int16), grids[quantity].shape)
    empty = ParametricMap(quantity, voxels, grids[quantity], facts.maps[quantity].scaling)
    return Exam(facts.code, {quantity: empty}, native_voxel_mm=facts.native_voxel_mm)
