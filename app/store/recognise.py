"""Whether the session has an exam already, by its UIDs and its voxels, and what of it is new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from app.domain.errors import InputError
from app.domain.exam import common_grid
from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity
from app.store import faults, pixels
from app.store.database import Database


class JoinRefused(InputError):  # noqa: N818 - a verdict on files, as Refusal is
    """Files belong to an exam of the session but cannot be added to it."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What an exam is recognised by.

    Attributes
    ----------
    study_uid, frame_uid : str
        Study Instance UID and Frame of Reference UID; empty for volume files.
    maps : mapping of Quantity to str
        Hash of each map, see :func:`app.store.pixels.pixel_sha256`.
    grids : mapping of Quantity to Grid
        Where each map lies.
    references : tuple of str
        Hashes of the anatomical series.
    """

    study_uid: str
    frame_uid: str
    maps: Mapping[Quantity, str]
    grids: Mapping[Quantity, Grid]
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Known:
    """An exam of the session that files belong to.

    Attributes
    ----------
    exam_id, code : int, str
        The exam.
    adds : tuple of Quantity
        Maps of the files that the exam lacks.
    references : tuple of str
        Hashes of anatomical series that it lacks.
    parts : mapping of Quantity to (int, int)
        Rows and columns of each measured map it lacks that make up one voxel of the lines on which rectangles
        are drawn.
    refusal : JoinRefused or None
        Why nothing of the files can be taken in.
    """

    exam_id: int
    code: str
    adds: tuple[Quantity, ...]
    references: tuple[str, ...]
    parts: Mapping[Quantity, tuple[int, int]] = field(default_factory=dict)
    refusal: JoinRefused | None = None

    @property
    def joins(self) -> bool:
        """Whether the files bring something that the exam lacks and can take."""
        return self.refusal is None and bool(self.adds or self.references)


def find_study(database: Database, study_uid: str, frame_uid: str) -> list[tuple[int, str]]:
    """Key and case code of every exam of a study in a frame of reference; none for an empty study UID."""
    sql = (
        "SELECT exam.id, code FROM exam JOIN identity ON exam_id = exam.id"
        " WHERE study_uid = ? AND frame_uid = ? AND study_uid <> '' ORDER BY exam.id"
    )
    return [(row["id"], row["code"]) for row in database.rows(sql, (study_uid, frame_uid))]


def recognise(database: Database, fingerprint: Fingerprint) -> Known | None:
    """The exam of the session that files belong to, or None where they make a new one.

    Files with a study belong to the exam of that study and frame of reference. Volume files name no study:
    they belong to the exam that holds the very voxels of one of their measured maps.
    """
    if fingerprint.study_uid:
        candidates = find_study(database, fingerprint.study_uid, fingerprint.frame_uid)
    else:
        candidates = _with_the_same_voxels(database, fingerprint)
    found = [compare(database, exam_id, code, fingerprint) for exam_id, code in candidates]
    # an older version made two exams of one study when its maps came one after the other
    return min(found, key=lambda one: (one.refusal is not None, len(one.adds)), default=None)


def same_voxels(database: Database, fingerprint: Fingerprint) -> tuple[str, ...]:
    """Case codes of exams that hold the very voxels of a measured map, of whatever study they are.

    The same images come under other UIDs where they were de-identified once more. Nothing says so but their
    voxels, so a person decides whether they are a case of their own.
    """
    return tuple(code for _, code in _with_the_same_voxels(database, fingerprint))


def _with_the_same_voxels(database: Database, fingerprint: Fingerprint) -> list[tuple[int, str]]:
    sql = (
        "SELECT exam.id, code FROM map JOIN live_exam AS exam ON exam.id = exam_id"
        " WHERE quantity = ? AND sha256 = ?"
    )
    rows = (
        row
        for quantity in MEASURED
        if quantity in fingerprint.maps
        for row in database.rows(sql, (quantity.value, fingerprint.maps[quantity]))
    )
    return sorted({(row["id"], row["code"]) for row in rows})


def compare(database: Database, exam_id: int, code: str, fingerprint: Fingerprint) -> Known:
    """What an exam of the session lacks of what an import brings, and whether it can take it."""
    rows = database.rows("SELECT quantity, sha256, grid FROM map WHERE exam_id = ?", (exam_id,))
    series = database.rows("SELECT sha256 FROM reference_series WHERE exam_id = ?", (exam_id,))
    with faults.understood(database.path):
        held = {Quantity(row["quantity"]): row["sha256"] for row in rows}
        grids = {Quantity(row["quantity"]): pixels.read_grid(row["grid"]) for row in rows}
    brought = fingerprint.maps
    looked_at = {row["sha256"] for row in series}
    known = Known(
        exam_id,
        code,
        adds=tuple(one for one in Quantity if one in brought and one not in held),
        references=tuple(one for one in dict.fromkeys(fingerprint.references) if one not in looked_at),
    )
    for quantity, sha256 in held.items():
        if brought.get(quantity, sha256) != sha256:
            refusal = JoinRefused("import.maps_differ", case=code, quantity=quantity.value)
            return replace(known, refusal=refusal)
    return _side_by_side(database, known, grids, fingerprint.grids)


def _side_by_side(
    database: Database, known: Known, held: Mapping[Quantity, Grid], brought: Mapping[Quantity, Grid]
) -> Known:
    """Find the lines on which one rectangle is counted on the maps that are there and those that come."""
    new = {quantity: brought[quantity] for quantity in MEASURED if quantity in known.adds}
    if not new:
        return known
    there = {quantity: held[quantity] for quantity in MEASURED if quantity in held}
    together = there | new
    values = {"case": known.code, "quantity": next(iter(new)).value}
    lines = common_grid(together[quantity] for quantity in MEASURED if quantity in together)
    if lines is None:
        return replace(known, refusal=JoinRefused("import.grids_apart", **values))
    stays = any(grid.parts(lines) == (1, 1) for grid in there.values())
    if not stays and _anything_drawn(database, known.exam_id):
        return replace(known, refusal=JoinRefused("import.grid_would_change", **values))
    parts = {quantity: lines.parts(grid) for quantity, grid in new.items()}
    return replace(known, parts={quantity: found for quantity, found in parts.items() if found})


def _anything_drawn(database: Database, exam_id: int) -> bool:
    sql = (
        "SELECT 1 FROM roi_revision JOIN reading ON reading.id = reading_id"
        " WHERE exam_id = ? AND slice IS NOT NULL LIMIT 1"
    )
    return database.row(sql, (exam_id,)) is not None
