"""Rectangles that were drawn elsewhere, counted on the voxels here; only the slices they lie in are read."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from app.domain.errors import InputError
from app.domain.exam import common_grid
from app.domain.grid import Grid
from app.domain.maps import MEASURED, ParametricMap, Quantity, Scaling
from app.domain.measure import RoiStats, measure
from app.domain.shapes import Rectangle
from app.store import exams, faults, pixels
from app.store.database import Database, Row

# another processor or another version of numpy adds up in another order
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Place:
    """Where the measured maps of an exam lie.

    Attributes
    ----------
    exam_id : int
        The exam.
    hashes : mapping of Quantity to str
        Hash of the voxels of each map.
    grids : mapping of Quantity to Grid
        Where each lies.
    """

    exam_id: int
    hashes: Mapping[Quantity, str]
    grids: Mapping[Quantity, Grid]

    @property
    def lines(self) -> Grid | None:
        """The grid rectangles are drawn on."""
        return common_grid(self.grids[one] for one in MEASURED if one in self.grids)


def places(database: Database) -> dict[int, Place]:
    """Where the measured maps of every exam lie, by exam; nothing for an exam without maps.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` where what a map says of itself cannot be read.
    """
    found: dict[int, Place] = {}
    with faults.understood(database.path):
        for row in database.rows("SELECT exam_id, quantity, grid, sha256 FROM map ORDER BY id"):
            quantity = Quantity(row["quantity"])
            if quantity in MEASURED:
                one = found.get(row["exam_id"], Place(row["exam_id"], {}, {}))
                found[row["exam_id"]] = Place(
                    one.exam_id,
                    {**one.hashes, quantity: row["sha256"]},
                    {**one.grids, quantity: pixels.read_grid(row["grid"])},
                )
    return found


def recount(
    database: Database, place: Place, drawn: Mapping[int, Rectangle]
) -> dict[int, dict[Quantity, RoiStats]]:
    """What rectangles hold on every measured map of an exam.

    Parameters
    ----------
    database : Database
        The session whose voxels count.
    place : Place
        The exam.
    drawn : mapping of int to Rectangle
        By any key, on the exam's common lines.

    Raises
    ------
    InputError
        ``roi.outside`` for a rectangle that leaves the image.
    StoreUnavailable
        ``store.corrupt`` when voxels cannot be read.
    """
    found: dict[int, dict[Quantity, RoiStats]] = {key: {} for key in drawn}
    lines = place.lines
    if not drawn or lines is None:
        return found
    with faults.understood(database.path):
        maps = {
            Quantity(row["quantity"]): row
            for row in database.rows("SELECT * FROM map WHERE exam_id = ?", (place.exam_id,))
        }
    for quantity, grid in place.grids.items():
        parts = lines.parts(grid)
        on_map = {key: box.divided(parts) for key, box in drawn.items()} if parts else {}
        for key, stats in _count(database, place.exam_id, maps[quantity], grid, on_map).items():
            found[key][quantity] = stats
    return found


def _count(
    database: Database, exam_id: int, row: Row, grid: Grid, boxes: Mapping[int, Rectangle]
) -> dict[int, RoiStats]:
    for box in boxes.values():
        if not box.inside(grid):
            raise InputError("roi.outside", slice=box.slice + 1, row=box.row0, col=box.col0)
    slices = [one for box in boxes.values() for one in box.slices]
    first, last = min(slices), max(slices)
    part = _load_slices(database, row, grid, first, last)
    found = {key: measure(part, replace(box, slice=box.slice - first)) for key, box in boxes.items()}
    if any(one.saturated for one in found.values()):
        # the largest number of these slices may not be that of the whole map
        quantity = part.quantity
        whole = exams.load_maps(database, exam_id, [quantity])[quantity]
        found = {key: measure(whole, box) for key, box in boxes.items()}
    return found


def _load_slices(database: Database, row: Row, grid: Grid, first: int, last: int) -> ParametricMap:
    rows = database.rows(
        "SELECT codec, content FROM map_slice WHERE map_id = ? AND slice BETWEEN ? AND ? ORDER BY slice",
        (row["id"], first, last),
    )
    part = replace(grid, shape=(last - first + 1, *grid.shape[1:]))
    with faults.understood(database.path):
        stored = pixels.unpack(row["dtype"], part, rows)
        return ParametricMap(Quantity(row["quantity"]), stored, part, Scaling(**json.loads(row["scaling"])))


def different(told: Mapping[Quantity, RoiStats], counted: Mapping[Quantity, RoiStats]) -> Sequence[Quantity]:
    """Maps on which a file says something else than what is counted here; of others it need say nothing."""
    return [
        quantity
        for quantity, stats in told.items()
        if quantity not in counted or not _same(stats, counted[quantity])
    ]


def _same(one: RoiStats, other: RoiStats) -> bool:
    return all(_close(getattr(one, name), getattr(other, name)) for name in RoiStats.__dataclass_fields__)


def _close(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)
