"""Voxels known by their hash: found in one file, brought into another."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from app.domain.progress import Progress
from app.store import pixels
from app.store.pixels import PackedSlice
from app.store.schema import Schema
from app.store.walk import Walk, rows_around

Packed = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Stack:
    """Where a kind of image is kept.

    Attributes
    ----------
    maps, slices : str
        Table of what is known of each, and of its slices.
    key, name : str
        How a slice names its map, and what a map is called.
    """

    maps: str
    slices: str
    key: str
    name: str


STACKS = (
    Stack("map", "map_slice", "map_id", "quantity"),
    Stack("reference_series", "reference_slice", "reference_id", "name"),
)


@dataclass(frozen=True, slots=True)
class MapLoss:
    """A map or series whose voxels were not found.

    Attributes
    ----------
    code : str
        Case code.
    name : str
        Quantity, or name of the series.
    """

    code: str
    name: str


def bring(
    source: sqlite3.Connection, made: sqlite3.Connection, schema: Schema, progress: Progress
) -> tuple[MapLoss, ...]:
    """Fill the empty slices of a file with those of another one that have the right hash.

    Parameters
    ----------
    source : sqlite3.Connection
        To a file that may be damaged.
    made : sqlite3.Connection
        To a file that says which maps there are, but has no voxels yet; its rows are named.
    schema : Schema
        Of the new file.
    progress : Progress
        Told of maps.

    Returns
    -------
    tuple of MapLoss
        Maps that stay without voxels.
    """
    stacks = [stack for stack in STACKS if stack.slices in schema.tables]
    wanted = [(stack, _wanted(made, stack)) for stack in stacks]
    total = sum(len(rows) for _, rows in wanted)
    lost: list[MapLoss] = []
    done = 0
    for stack, rows in wanted:
        waiting = {row["id"]: row for row in rows}
        for voxels in _found(source, schema, stack, rows):
            progress.report(done, total)
            for row in [row for row in waiting.values() if row["sha256"] == voxels.sha256]:
                _insert(made, stack, row["id"], voxels.slices)
                del waiting[row["id"]]
                done += 1
        lost += [MapLoss(row["code"], row[stack.name]) for row in waiting.values()]
    progress.report(total, total)
    return tuple(lost)


@dataclass(frozen=True, slots=True)
class _Voxels:
    """Slices of one map as they were found, in order, and the hash of what they hold."""

    sha256: str
    slices: Sequence[Packed]


def _wanted(made: sqlite3.Connection, stack: Stack) -> list[sqlite3.Row]:
    sql = f"SELECT one.*, code FROM {stack.maps} AS one JOIN exam ON exam.id = exam_id ORDER BY one.id"  # noqa: S608 - own names
    return made.execute(sql).fetchall()


def _found(
    source: sqlite3.Connection, schema: Schema, stack: Stack, wanted: Sequence[sqlite3.Row]
) -> Iterator[_Voxels]:
    """Maps of the damaged file whose slices all can be read, with their hashes."""
    table, slices = schema.tables[stack.maps], schema.tables[stack.slices]
    ours = {row["id"]: (row["dtype"], row["grid"]) for row in wanted}
    theirs = {}
    for values in rows_around(source, table, Walk()):
        known = dict(zip(table.columns, values, strict=True))
        theirs[known["id"]] = (known["dtype"], known["grid"])
    rows = (dict(zip(slices.columns, one, strict=True)) for one in rows_around(source, slices, Walk()))
    for key, group in groupby(rows, lambda row: row[stack.key]):
        packed = sorted(group, key=lambda row: str(row["slice"]).zfill(6))
        # where what the file says of the map is damaged too, the backup has said it
        for shape in dict.fromkeys(one for one in (theirs.get(key), ours.get(key)) if one):
            sha256 = _hash(shape, packed)
            if sha256:
                yield _Voxels(sha256, packed)
                break


def _hash(shape: tuple[Any, Any], packed: Sequence[PackedSlice]) -> str:
    try:
        return pixels.pixel_sha256(pixels.unpack(shape[0], pixels.read_grid(shape[1]), packed))
    except (ValueError, TypeError, LookupError):
        return ""


def _insert(made: sqlite3.Connection, stack: Stack, key: int, packed: Sequence[Packed]) -> None:
    made.executemany(
        f"INSERT INTO {stack.slices} ({stack.key}, slice, codec, content) VALUES (?, ?, ?, ?)",  # noqa: S608 - own names
        [(key, index, one["codec"], one["content"]) for index, one in enumerate(packed)],
    )
