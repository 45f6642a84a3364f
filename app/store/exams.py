"""Exams and their pixels. Pixels are written once and never change."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from app.domain.errors import StoreUnavailable
from app.domain.exam import Exam
from app.domain.identity import Identity
from app.domain.maps import MEASURED, ParametricMap, Quantity, Scaling
from app.domain.measure import measure
from app.store import audit, faults, pixels, readings, series
from app.store.database import Database, Row, json_text
from app.store.pixels import PackedPixels
from app.store.recognise import Fingerprint, Known, compare
from app.store.recognise import find_study as find_study
from app.store.recognise import recognise as recognise
from app.store.series import NewReference, PackedReference
from app.store.series import load_references as load_references
from app.store.series import references as references


@dataclass(frozen=True, slots=True, eq=False)
class NewExam:
    """An exam on its way into the store.

    Attributes
    ----------
    exam : Exam
        With its case code.
    identity : Identity
        Goes to the identity table only.
    sources : mapping of Quantity to sequence of str
        SOP Instance UID of each slice.
    manufacturer, model : str
        The scanner.
    references : tuple of NewReference
        Anatomical series to look at beside the maps.
    """

    exam: Exam
    identity: Identity
    sources: Mapping[Quantity, Sequence[str]]
    manufacturer: str
    model: str
    references: tuple[NewReference, ...] = ()


@dataclass(frozen=True, slots=True)
class ExamRow:
    """What a list of cases shows."""

    id: int
    code: str
    origin: str
    field_strength_t: float | None


@dataclass(frozen=True, slots=True)
class PackedExam:
    """An exam compressed and hashed: the slow part, done before the transaction begins.

    Attributes
    ----------
    new : NewExam
        The exam.
    maps : mapping of Quantity to PackedPixels
        Its maps, in order of name.
    references : tuple of PackedReference
        Its anatomical series.
    """

    new: NewExam
    maps: Mapping[Quantity, PackedPixels]
    references: tuple[PackedReference, ...]

    @property
    def fingerprint(self) -> Fingerprint:
        """What the exam is recognised by."""
        return Fingerprint(
            study_uid=self.new.identity.study_uid,
            frame_uid=self.new.identity.frame_uid,
            maps={quantity: one.sha256 for quantity, one in self.maps.items()},
            grids={quantity: one.grid for quantity, one in self.new.exam.maps.items()},
            references=tuple(one.pixels.sha256 for one in self.references),
        )

    @property
    def pixel_sha256(self) -> str:
        """One hash over those of the maps."""
        together = "".join(f"{quantity}:{one.sha256};" for quantity, one in self.maps.items())
        return hashlib.sha256(together.encode()).hexdigest()


def pack(new: NewExam) -> PackedExam:
    """Compress and hash the pixels of an exam."""
    maps = {quantity: pixels.pack(one.stored, one.grid) for quantity, one in sorted(new.exam.maps.items())}
    return PackedExam(new, maps, tuple(series.pack(one) for one in new.references))


def add(database: Database, packed: PackedExam, *, actor: str) -> int:
    """Write one exam, all of it or nothing, and give its key."""
    exam = packed.new.exam
    native = exam.native_voxel_mm or (None, None)
    with database.transaction():
        key = database.insert(
            "INSERT INTO exam (code, origin, field_strength_t, native_row_mm, native_col_mm, manufacturer,"
            " model, pixel_sha256, at_utc) VALUES (?, 'dicom', ?, ?, ?, ?, ?, ?, ?)",
            (
                exam.code,
                exam.field_strength_t,
                *native,
                packed.new.manufacturer,
                packed.new.model,
                packed.pixel_sha256,
                audit.utc_now(),
            ),
        )
        _add_identity(database, key, packed.new.identity)
        hashes = _add_maps(database, key, packed, tuple(packed.maps))
        content = hashes | _scales(exam, tuple(packed.maps))
        audit.append(database, actor=actor, action="exam.imported", subject=exam.code, new=json_text(content))
        _add_references(database, key, exam.code, packed.references, actor)
    return key


def add_from_table(
    database: Database, code: str, identity: Identity, field_strength_t: float | None = None
) -> int:
    """Write an exam that has no images, inside the caller's transaction, and give its key."""
    key = database.insert(
        "INSERT INTO exam (code, origin, field_strength_t, manufacturer, model, pixel_sha256, at_utc)"
        " VALUES (?, 'table', ?, '', '', '', ?)",
        (code, field_strength_t, audit.utc_now()),
    )
    _add_identity(database, key, identity)
    return key


def _add_identity(database: Database, exam_id: int, identity: Identity) -> None:
    values = asdict(identity)
    names, marks = ", ".join(values), ", ".join("?" * len(values))
    database.insert(
        f"INSERT INTO identity (exam_id, {names}) VALUES (?, {marks})",  # noqa: S608 - names of our own fields
        (exam_id, *values.values()),
    )


def _add_maps(
    database: Database, exam_id: int, packed: PackedExam, wanted: Sequence[Quantity]
) -> dict[str, str]:
    """Write some maps of an exam and give their hashes, for the record."""
    for quantity in wanted:
        scaling = json_text(asdict(packed.new.exam.maps[quantity].scaling))
        sources = packed.new.sources.get(quantity, ())
        _add_map(database, (exam_id, quantity.value), packed.maps[quantity], scaling, sources)
    return {quantity.value: packed.maps[quantity].sha256 for quantity in wanted}


def _scales(exam: Exam, wanted: Sequence[Quantity]) -> dict[str, Any]:
    """By which rule and factor the numbers of measured maps mean what they mean, and who confirmed it."""
    told = ("rule", "factor", "confirmed_by")
    scalings = {one: exam.maps[one].scaling for one in wanted if one in MEASURED}
    scales = {one.value: {name: getattr(scaling, name) for name in told} for one, scaling in scalings.items()}
    return {"scales": scales} if scales else {}


def _add_map(
    database: Database, of: tuple[int, str], voxels: PackedPixels, scaling: str, sources: Sequence[str]
) -> None:
    key = database.insert(
        "INSERT INTO map (exam_id, quantity, dtype, grid, scaling, sha256) VALUES (?, ?, ?, ?, ?, ?)",
        (*of, voxels.dtype, voxels.grid, scaling, voxels.sha256),
    )
    database.insert_many(
        "INSERT INTO map_slice (map_id, slice, codec, content) VALUES (?, ?, ?, ?)",
        [(key, index, pixels.CODEC, content) for index, content in enumerate(voxels.slices)],
    )
    database.insert_many(
        "INSERT INTO map_source (map_id, slice, sop_uid) VALUES (?, ?, ?)",
        [(key, index, uid) for index, uid in enumerate(sources)],
    )


def _add_references(
    database: Database, exam_id: int, code: str, new: Sequence[PackedReference], actor: str
) -> None:
    """Write anatomical series, each once, and note their hashes in the record."""
    once: dict[str, PackedReference] = {}
    for one in new:
        once.setdefault(one.pixels.sha256, one)
    if once:
        hashes = {series.add(database, exam_id, one): sha256 for sha256, one in once.items()}
        audit.append(
            database, actor=actor, action="exam.reference_added", subject=code, new=json_text(hashes)
        )


def join(database: Database, exam_id: int, packed: PackedExam, *, actor: str) -> Known:
    """Add to an exam of the session what it lacks, all of it or nothing, and say what that was.

    Rectangles that were drawn before are counted on the maps that come now, so that every revision has its
    numbers; nothing that was written down changes.

    Raises
    ------
    JoinRefused
        ``import.maps_differ`` when the exam holds other voxels of the same quantity; ``import.grids_apart``
        when a rectangle cannot be counted on both maps; ``import.grid_would_change`` when it could, but on
        coarser lines than those that rectangles were drawn on already.
    """
    with database.transaction():
        row = database.row("SELECT code FROM exam WHERE id = ?", (exam_id,))
        if row is None:
            raise StoreUnavailable("store.corrupt", file=database.path.name)
        # looked at again: somebody may have drawn the first rectangle meanwhile
        known = compare(database, exam_id, row["code"], packed.fingerprint)
        if known.refusal is not None:
            raise known.refusal
        if known.adds:
            _join_maps(database, known, packed, actor)
        lacked = [one for one in packed.references if one.pixels.sha256 in known.references]
        _add_references(database, exam_id, known.code, lacked, actor)
    return known


def _join_maps(database: Database, known: Known, packed: PackedExam, actor: str) -> None:
    hashes = _add_maps(database, known.exam_id, packed, known.adds)
    drawn = readings.drawn(database, known.exam_id) if known.parts else []
    for revision_id, rectangle in drawn:
        counted = {
            quantity: measure(packed.new.exam.maps[quantity], rectangle.divided(parts))
            for quantity, parts in known.parts.items()
        }
        readings.add_measurements(database, revision_id, counted)
    content = {**hashes, **_scales(packed.new.exam, known.adds), "revisions_measured": len(drawn)}
    audit.append(database, actor=actor, action="exam.map_added", subject=known.code, new=json_text(content))


def exams(database: Database) -> list[ExamRow]:
    """All exams in order of import."""
    return _exams(database, "live_exam")


def of_one_patient(database: Database) -> tuple[frozenset[int], ...]:
    """Exams of patients who have several, one group for each: who they are is not told."""
    rows = database.rows(
        "SELECT json_group_array(exam_id) AS exams FROM identity JOIN live_exam ON live_exam.id = exam_id"
        " WHERE patient_id <> '' GROUP BY patient_id HAVING count(*) > 1 ORDER BY min(exam_id)"
    )
    return tuple(frozenset(json.loads(row["exams"])) for row in rows)


def every_exam(database: Database) -> list[ExamRow]:
    """All exams that are in the file, also those of a centre that was taken back: to check them."""
    return _exams(database, "exam")


def _exams(database: Database, table: str) -> list[ExamRow]:
    sql = f"SELECT id, code, origin, field_strength_t FROM {table} ORDER BY id"  # noqa: S608 - own names
    return [ExamRow(*row) for row in database.rows(sql)]


def codes(database: Database) -> set[str]:
    """All case codes that are taken."""
    return {row["code"] for row in database.rows("SELECT code FROM live_exam")}


def identities(database: Database) -> list[Identity]:
    """Who all patients are: to keep them out of case codes, never to be shown."""
    names = tuple(Identity.__dataclass_fields__)
    rows = database.rows(f"SELECT {', '.join(names)} FROM identity")  # noqa: S608 - names of our own fields
    return [Identity(*row) for row in rows]


def load(database: Database, exam_id: int, quantities: Sequence[Quantity] = tuple(Quantity)) -> Exam:
    """Read an exam with the wanted maps; its anatomical series stay where they are.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` when there is no such exam, a slice is missing, has another length or fails its
        checksum, or what a map says about itself cannot be read.
    """
    row = database.row("SELECT * FROM exam WHERE id = ?", (exam_id,))
    if row is None:
        raise StoreUnavailable("store.corrupt", file=database.path.name)
    native = (row["native_row_mm"], row["native_col_mm"])
    with faults.understood(database.path):
        return Exam(
            code=row["code"],
            maps=load_maps(database, exam_id, quantities),
            field_strength_t=row["field_strength_t"],
            native_voxel_mm=None if None in native else native,
            id=exam_id,
        )


def load_maps(
    database: Database, exam_id: int, quantities: Sequence[Quantity]
) -> dict[Quantity, ParametricMap]:
    """Read those of the wanted maps that an exam has.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` as :func:`load`.
    """
    found = database.rows("SELECT * FROM map WHERE exam_id = ?", (exam_id,))
    with faults.understood(database.path):
        return {
            Quantity(row["quantity"]): _load_map(database, row)
            for row in found
            if Quantity(row["quantity"]) in quantities
        }


def quantities(database: Database, exam_id: int) -> list[Quantity]:
    """What an exam has maps of, without reading them.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` for a quantity nobody knows.
    """
    found = database.rows("SELECT quantity FROM map WHERE exam_id = ?", (exam_id,))
    with faults.understood(database.path):
        known = {Quantity(row["quantity"]) for row in found}
    return [one for one in Quantity if one in known]


def _load_map(database: Database, row: Row) -> ParametricMap:
    grid = pixels.read_grid(row["grid"])
    sql = "SELECT codec, content FROM map_slice WHERE map_id = ? ORDER BY slice"
    stored = pixels.unpack(row["dtype"], grid, database.rows(sql, (row["id"],)))
    return ParametricMap(Quantity(row["quantity"]), stored, grid, Scaling(**json.loads(row["scaling"])))
