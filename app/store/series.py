"""Anatomical series beside the maps. They are read only when somebody wants to look at them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from app.domain.reference import ReferenceSeries
from app.store import faults, pixels
from app.store.database import Database, Row, json_text
from app.store.pixels import PackedPixels


@dataclass(frozen=True, slots=True, eq=False)
class NewReference:
    """A series on its way into the store.

    Attributes
    ----------
    series : ReferenceSeries
        With its voxels.
    sop_uids : sequence of str
        SOP Instance UID of each slice.
    """

    series: ReferenceSeries
    sop_uids: Sequence[str]


@dataclass(frozen=True, slots=True)
class PackedReference:
    """A series compressed and hashed."""

    new: NewReference
    pixels: PackedPixels


def pack(new: NewReference) -> PackedReference:
    """Compress and hash a series."""
    return PackedReference(new, pixels.pack(new.series.stored, new.series.grid))


def add(database: Database, exam_id: int, packed: PackedReference) -> str:
    """Write one series inside the caller's transaction and give its name, which gets a number if taken."""
    name = _free_name(packed.new.series.name, references(database, exam_id))
    key = database.insert(
        "INSERT INTO reference_series (exam_id, name, dtype, grid, window, sha256) VALUES (?, ?, ?, ?, ?, ?)",
        (
            exam_id,
            name,
            packed.pixels.dtype,
            packed.pixels.grid,
            json_text(packed.new.series.window),
            packed.pixels.sha256,
        ),
    )
    database.insert_many(
        "INSERT INTO reference_slice (reference_id, slice, codec, content) VALUES (?, ?, ?, ?)",
        [(key, index, pixels.CODEC, content) for index, content in enumerate(packed.pixels.slices)],
    )
    database.insert_many(
        "INSERT INTO reference_source (reference_id, slice, sop_uid) VALUES (?, ?, ?)",
        [(key, index, uid) for index, uid in enumerate(packed.new.sop_uids)],
    )
    return name


def _free_name(name: str, taken: Sequence[str]) -> str:
    """The name itself; with the next free number where a series of an earlier import has it."""
    numbered = (f"{name} {number}" for number in count(2))
    return name if name not in taken else next(one for one in numbered if one not in taken)


def references(database: Database, exam_id: int) -> list[str]:
    """Names of the series of an exam, in order of import."""
    sql = "SELECT name FROM reference_series WHERE exam_id = ? ORDER BY id"
    return [row["name"] for row in database.rows(sql, (exam_id,))]


def load_references(
    database: Database, exam_id: int, names: Sequence[str] | None = None
) -> list[ReferenceSeries]:
    """Read the series of an exam, all or those of some names, voxels and all, in order of import.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` when one cannot be read whole.
    """
    found = database.rows("SELECT * FROM reference_series WHERE exam_id = ? ORDER BY id", (exam_id,))
    with faults.understood(database.path):
        return [_load(database, row) for row in found if names is None or row["name"] in names]


def _load(database: Database, row: Row) -> ReferenceSeries:
    grid = pixels.read_grid(row["grid"])
    sql = "SELECT codec, content FROM reference_slice WHERE reference_id = ? ORDER BY slice"
    stored = pixels.unpack(row["dtype"], grid, database.rows(sql, (row["id"],)))
    low, high = json.loads(row["window"])
    return ReferenceSeries(row["name"], stored, grid, (low, high))
