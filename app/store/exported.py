"""What an export writes beside the readings: geometry and scale of the maps, and identity when asked for."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from app.domain.grid import Grid
from app.domain.identity import Identity
from app.domain.maps import Quantity, Scaling
from app.domain.reading import Viewer
from app.store import faults
from app.store.database import Database, Row
from app.store.pixels import read_grid
from app.store.results import refuse_while_blinded

_IDENTITY = tuple(Identity.__dataclass_fields__)


@dataclass(frozen=True, slots=True)
class MapFacts:
    """A stored map without its voxels."""

    grid: Grid
    scaling: Scaling


@dataclass(frozen=True, slots=True)
class ExamFacts:
    """An exam without its voxels.

    Attributes
    ----------
    id, code : int, str
        The case.
    field_strength_t : float or None
        Tesla.
    native_voxel_mm : tuple of float or None
        Acquired ``(row, col)`` voxel size.
    maps : mapping of Quantity to MapFacts
        Empty for an exam whose values came from a table.
    """

    id: int
    code: str
    field_strength_t: float | None
    native_voxel_mm: tuple[float, float] | None
    maps: Mapping[Quantity, MapFacts]


def exam_facts(database: Database) -> list[ExamFacts]:
    """All exams by case code, with what is known of them without reading a voxel.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` when what a map says about itself cannot be read.
    """
    maps: dict[int, dict[Quantity, MapFacts]] = defaultdict(dict)
    with faults.understood(database.path):
        for row in database.rows("SELECT exam_id, quantity, grid, scaling FROM map ORDER BY id"):
            maps[row["exam_id"]][Quantity(row["quantity"])] = _map(row)
    return [
        ExamFacts(row["id"], row["code"], row["field_strength_t"], _native(row), maps[row["id"]])
        for row in database.rows(
            "SELECT id, code, field_strength_t, native_row_mm, native_col_mm FROM live_exam ORDER BY code"
        )
    ]


def _map(row: Row) -> MapFacts:
    return MapFacts(read_grid(row["grid"]), Scaling(**json.loads(row["scaling"])))


def _native(row: Row) -> tuple[float, float] | None:
    size = (row["native_row_mm"], row["native_col_mm"])
    return None if None in size else size


def identities(database: Database, viewer: Viewer) -> dict[int, Identity]:
    """Who each exam is, by its key.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds: a name can tell as much as a value.
    """
    refuse_while_blinded(database, viewer)
    rows = database.rows("SELECT * FROM identity")
    return {row["exam_id"]: Identity(**{name: row[name] for name in _IDENTITY}) for row in rows}
