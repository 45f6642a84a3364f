"""Read the voxels of a found exam and check that they are what the headers promise."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from app.domain.errors import Value
from app.domain.exam import Exam
from app.domain.maps import MEASURED, ParametricMap, Quantity
from app.domain.progress import Progress
from app.files.dicom.archive import close_archives
from app.files.dicom.decompress import Decoder
from app.files.dicom.found import (
    ExamFound,
    ExamRefused,
    LoadedExam,
    MapFound,
    Notice,
    Refusal,
    ScaleDecision,
)
from app.files.dicom.headers import quietly
from app.files.dicom.pair import missing_maps
from app.files.dicom.pixels import BadPixels, read_slices
from app.files.dicom.scale import Disagreement, Foreground, check_scale, decide, foreground_of


@dataclass(slots=True)
class _Reading:
    """What has been read of an exam so far."""

    done: int
    total: int
    stored: dict[Quantity, npt.NDArray[np.integer]] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)


def load_exam(found: ExamFound, progress: Progress) -> LoadedExam:
    """Read every map of an exam and check its scale.

    A map that cannot be read whole, or whose range contradicts its unit, is refused with a reason for each
    of its files; the exam opens with what is left.

    Parameters
    ----------
    found : ExamFound
        From :func:`app.files.dicom.find.find_exams`.
    progress : Progress
        Told of every slice.

    Returns
    -------
    LoadedExam
        The exam without a case code, and where each map came from.

    Raises
    ------
    ExamRefused
        When no measured map is left; it carries a reason for every file.
    Cancelled
        When the user asked to stop.
    """
    reading = _read(found, progress)
    maps, sources = _check_maps(found, reading)
    if not any(quantity in maps for quantity in MEASURED):
        left = [one for one in found.maps if one.quantity in maps]
        without = [refusal for one in left for refusal in _refuse(one, "exam.no_measured_map")]
        raise ExamRefused(_in_order([*reading.refused, *without]))
    used = {path for one in sources.values() for path in one.files}
    parts = as_notices(refusal for refusal in reading.refused if refusal.path in used)
    refused = _in_order(refusal for refusal in reading.refused if refusal.path not in used)
    exam = Exam("", maps, field_strength_t=found.field_strength_t, native_voxel_mm=found.native_voxel_mm)
    warnings = (*_warnings(found, maps), *parts)
    return LoadedExam(exam, found.identity, MappingProxyType(sources), warnings, refused)


def decide_scales(found: ExamFound, progress: Progress) -> dict[Quantity, ScaleDecision | Refusal]:
    """Put rule and range of every measured map side by side, for a person to decide.

    Parameters
    ----------
    found : ExamFound
        From :func:`app.files.dicom.find.find_exams`.
    progress : Progress
        Told of every slice.

    Returns
    -------
    dict of Quantity to ScaleDecision or Refusal
        A refusal where nothing a person could say would help.
    """
    reading = _read(found, progress)
    foreground = _foreground(found, reading)
    decided: dict[Quantity, ScaleDecision | Refusal] = {}
    for one in found.maps:
        if one.quantity not in MEASURED:
            continue
        if one.quantity not in reading.stored:
            decided[one.quantity] = next(bad for bad in reading.refused if bad.path in one.files)
            continue
        try:
            decided[one.quantity] = decide(one, reading.stored[one.quantity], foreground)
        except Disagreement as evidence:
            decided[one.quantity] = Refusal(one.files[0], evidence.code, evidence.values)
    return decided


def as_notices(refused: Iterable[Refusal]) -> tuple[Notice, ...]:
    """What is wrong with a part of a multi-frame file of which another part is used."""
    told: dict[tuple[Path, str], Notice] = {}
    for refusal in refused:
        notice = Notice(refusal.code, {**refusal.values, "path": refusal.path.name})
        told.setdefault((refusal.path, refusal.code), notice)
    return tuple(told.values())


def _in_order(refused: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """In order of path; the first reason for each file, as a multi-frame file may have one for each map."""
    first: dict[Path, Refusal] = {}
    for refusal in refused:
        first.setdefault(refusal.path, refusal)
    return tuple(sorted(first.values(), key=lambda refusal: refusal.path))


def _read(found: ExamFound, progress: Progress) -> _Reading:
    reading = _Reading(0, found.slices)
    try:
        with quietly(), Decoder() as decoder:
            for one in found.maps:
                _read_map(one, reading, progress, decoder)
    finally:
        # an archive that stays open cannot be moved or removed on Windows
        close_archives()
    progress.report(reading.total, reading.total)
    return reading


def _read_map(found: MapFound, reading: _Reading, progress: Progress, decoder: Decoder) -> None:
    """Read one map whole, or refuse all its files, naming the one that is to blame."""
    kind = np.int16 if found.pixels.signed else np.uint16
    stored = np.empty(found.grid.shape, kind)
    bad_files: set[Path] = set()
    for path, sop_uid, places in _pieces(found):
        progress.report(reading.done, reading.total)
        reading.done += len(places)
        frames = [found.frames[place] for place in places] if found.frames else [0]
        try:
            stored[places] = read_slices(path, found.pixels, sop_uid, frames, decoder)
        except BadPixels as bad:
            bad_files.add(path)
            reading.refused.append(Refusal(path, bad.code, bad.values))
    if bad_files:
        values: dict[str, Value] = {"quantity": str(found.quantity), "files": len(bad_files)}
        reading.refused.extend(_refuse(found, "map.incomplete", values, but=bad_files))
    else:
        reading.stored[found.quantity] = stored


def _pieces(found: MapFound) -> Iterator[tuple[Path, str, list[int]]]:
    """Each file of a map, its UID, and the slices that lie in it."""
    places: dict[tuple[Path, str], list[int]] = {}
    for index, (path, sop_uid) in enumerate(zip(found.files, found.sop_uids, strict=True)):
        places.setdefault((path, sop_uid), []).append(index)
    for (path, sop_uid), slices in places.items():
        yield path, sop_uid, slices


def _refuse(
    found: MapFound, code: str, values: Mapping[str, Value] = MappingProxyType({}), but: Container[Path] = ()
) -> list[Refusal]:
    return [Refusal(path, code, values) for path in dict.fromkeys(found.files) if path not in but]


def _check_maps(
    found: ExamFound, reading: _Reading
) -> tuple[dict[Quantity, ParametricMap], dict[Quantity, MapFound]]:
    maps, sources = {}, {}
    foreground = _foreground(found, reading)
    for one in found.maps:
        stored = reading.stored.get(one.quantity)
        if stored is None:
            continue
        try:
            scaling = check_scale(one, stored, foreground)
        except Disagreement as evidence:
            reading.refused.extend(_refuse(one, evidence.code, evidence.values))
            continue
        maps[one.quantity] = ParametricMap(one.quantity, stored, one.grid, scaling)
        sources[one.quantity] = replace(one, scaling=scaling)
    return maps, sources


def _foreground(found: ExamFound, reading: _Reading) -> Foreground:
    """Water and fat are added as stored, so they must be in one scale."""
    scales = {
        (one.slope, one.intercept) for one in found.maps if one.quantity in {Quantity.WATER, Quantity.FAT}
    }
    if len(scales) != 1:
        return foreground_of(None, None)
    return foreground_of(reading.stored.get(Quantity.WATER), reading.stored.get(Quantity.FAT))


def _warnings(found: ExamFound, maps: Mapping[Quantity, ParametricMap]) -> tuple[Notice, ...]:
    """The notices of the found exam, and those for measured maps that were refused since."""
    missing = missing_maps(maps)
    return (*missing, *(notice for notice in found.warnings if notice not in missing))
