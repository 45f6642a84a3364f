"""Exams as rows, copied from one session file into another without being unpacked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.store.database import Database

_EXAM = (
    "code",
    "origin",
    "field_strength_t",
    "native_row_mm",
    "native_col_mm",
    "manufacturer",
    "model",
    "pixel_sha256",
)
_MAP = ("quantity", "dtype", "grid", "scaling", "sha256")
_SERIES = ("name", "dtype", "grid", "window", "sha256")


@dataclass(frozen=True, slots=True)
class Keys:
    """Keys of an exam in the new file, and of its maps and series by their old ones."""

    exam: int
    maps: Mapping[int, int]
    series: Mapping[int, int]


def copy_exam(
    database: Database,
    new: Database,
    exam_id: int,
    instead: Mapping[str, object],
    scaling: Callable[[str], str] = str,
) -> Keys:
    """Write an exam with its maps and series but without their slices, inside the caller's transaction.

    Neither identity nor source UIDs go along.

    Parameters
    ----------
    database, new : Database
        From where, and where to.
    exam_id : int
        The exam.
    instead : mapping of str to object
        Columns that have other values there; the time is always one of them.
    scaling : callable
        What becomes of the scale evidence of a map.
    """
    sql = f"SELECT {', '.join(_EXAM)} FROM exam WHERE id = ?"  # noqa: S608 - our own names
    (exam,) = database.rows(sql, (exam_id,))
    key = add(new, "exam", {**dict(exam), **instead})
    maps, series = {}, {}
    for row in database.rows("SELECT * FROM map WHERE exam_id = ? ORDER BY id", (exam_id,)):
        values = {name: row[name] for name in _MAP} | {"scaling": scaling(row["scaling"])}
        maps[row["id"]] = add(new, "map", {"exam_id": key, **values})
    for row in database.rows("SELECT * FROM reference_series WHERE exam_id = ? ORDER BY id", (exam_id,)):
        values = {name: row[name] for name in _SERIES}
        series[row["id"]] = add(new, "reference_series", {"exam_id": key, **values})
    return Keys(key, maps, series)


def add(database: Database, table: str, values: Mapping[str, object]) -> int:
    """Write one row of any table inside the caller's transaction, and give its key."""
    marks = ", ".join("?" * len(values))
    return database.insert(
        f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})",  # noqa: S608 - our own names
        tuple(values.values()),
    )


def copy_slices(database: Database, new: Database, keys: Keys) -> None:
    """Write the slices of an exam as they are packed."""
    for table, of, pairs in (
        ("map_slice", "map_id", keys.maps),
        ("reference_slice", "reference_id", keys.series),
    ):
        for old, key in pairs.items():
            sql = f"SELECT slice, codec, content FROM {table} WHERE {of} = ?"  # noqa: S608 - our own names
            new.insert_many(
                f"INSERT INTO {table} ({of}, slice, codec, content) VALUES (?, ?, ?, ?)",  # noqa: S608 - as above
                [(key, *row) for row in database.rows(sql, (old,))],
            )
