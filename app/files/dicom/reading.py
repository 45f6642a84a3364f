"""Read every voxel of an exam exactly as it came, or say which file is to blame."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from app.domain.errors import Value
from app.domain.maps import SIGNAL_FF, Quantity, Stored
from app.domain.progress import Progress
from app.domain.reference import ReferenceSeries
from app.files.dicom.archive import close_archives
from app.files.dicom.decompress import Decoder
from app.files.dicom.derive import along_lines, signal_ff
from app.files.dicom.found import ExamFound, MapFound, ReferenceFound, Refusal
from app.files.dicom.headers import quietly
from app.files.dicom.pixels import BadPixels, read_slices
from app.files.dicom.scale import Disagreement, check_mapped, histogram
from app.files.volumes import VolumeReader

# grey scale of a reference series, percentiles
_DARK, _BRIGHT = 1.0, 99.5


@dataclass(slots=True)
class Reading:
    """What has been read of an exam so far.

    Attributes
    ----------
    done, total : int
        Slices read, and slices that there are.
    stored : dict of Quantity to ndarray, shape (slices, rows, cols)
        Stored numbers of every map that could be read whole; values where each slice has its own scale.
    references : list of (ReferenceFound, ReferenceSeries)
        Anatomical series that could be read whole.
    refused : list of Refusal
        Files that could not be used.
    """

    done: int
    total: int
    stored: dict[Quantity, Stored] = field(default_factory=dict)
    references: list[tuple[ReferenceFound, ReferenceSeries]] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def is_computed(found: MapFound) -> bool:
    """Whether a map is made of other maps of its exam and has no voxels in its files."""
    return found.rule == SIGNAL_FF


def refuse_map(
    found: MapFound | ReferenceFound,
    code: str,
    values: Mapping[str, Value] = MappingProxyType({}),
    but: Container[Path] = (),
) -> list[Refusal]:
    """The same refusal for every file of a map, or for the first of a map whose files are another's."""
    files = dict.fromkeys(found.files)
    if isinstance(found, MapFound) and is_computed(found):
        files = dict.fromkeys(found.files[:1])
    return [Refusal(path, code, values) for path in files if path not in but]


def read_maps(found: ExamFound, progress: Progress) -> Reading:
    """Read every map of an exam.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    in_files = [one for one in found.maps if not is_computed(one)]
    slices = [one.grid.shape[0] for one in in_files] + [one.grid.shape[0] for one in found.references]
    reading = Reading(0, sum(slices))
    with _readers(reading, progress) as readers:
        for one in in_files:
            _read_map(one, reading, readers)
    for one in found.maps:
        if is_computed(one):
            _compute(one, found, reading)
    progress.report(reading.done, reading.total)
    return reading


def read_references(found: ExamFound, reading: Reading, progress: Progress) -> None:
    """Read the anatomical series of an exam on top; one that is not whole costs nothing but itself.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    with _readers(reading, progress) as readers:
        for one in found.references:
            stored = _read_reference(one, reading, readers)
            if stored is not None:
                series = ReferenceSeries(one.name, stored, one.grid, _window(stored))
                reading.references.append((one, series))
    progress.report(reading.done, reading.total)


def _read_reference(found: ReferenceFound, reading: Reading, readers: _Readers) -> Stored | None:
    if found.volume:
        return _read_volume(found, reading, readers)
    stored, bad_files = _read_slices(found, reading, readers)
    if not bad_files:
        return stored
    values: dict[str, Value] = {"name": found.name, "files": len(bad_files)}
    reading.refused += refuse_map(found, "reference.incomplete", values, but=bad_files)
    return None


@dataclass(frozen=True, slots=True)
class _Readers:
    """What reads files, kept while an exam is read; ``look`` tells how far it is."""

    decoder: Decoder
    volumes: VolumeReader
    look: Callable[[], None]


@contextmanager
def _readers(reading: Reading, progress: Progress) -> Iterator[_Readers]:
    def look() -> None:
        progress.report(reading.done, reading.total)

    try:
        with quietly(), Decoder(look=look) as decoder, VolumeReader(look) as volumes:
            yield _Readers(decoder, volumes, look)
    finally:
        # an archive that stays open cannot be moved or removed on Windows
        close_archives()


def _read_map(found: MapFound, reading: Reading, readers: _Readers) -> None:
    """Read one map whole, or refuse all its files, naming the one that is to blame."""
    if found.volume:
        whole = _read_volume(found, reading, readers)
        if whole is not None:
            reading.stored[found.quantity] = whole
        return
    stored, bad_files = _read_slices(found, reading, readers)
    if bad_files:
        values: dict[str, Value] = {"quantity": str(found.quantity), "files": len(bad_files)}
        reading.refused += refuse_map(found, "map.incomplete", values, but=bad_files)
        return
    try:
        if found.lines:
            # the ends of a mapping are stored integers, and below there are none any more
            check_mapped(found, stored)
        reading.stored[found.quantity] = along_lines(found, stored)
    except Disagreement as evidence:
        reading.refused += refuse_map(found, evidence.code, evidence.values)


def _read_volume(found: MapFound | ReferenceFound, reading: Reading, readers: _Readers) -> Stored | None:
    """Read what lies in one file whole; None, and the reason told, where that cannot be."""
    path = found.files[0]
    readers.look()
    reading.done += found.grid.shape[0]
    try:
        # nothing but its place tells such a file from another
        if readers.volumes.describe(path).grid == found.grid:
            return readers.volumes.read(path)
        reading.refused.append(Refusal(path, "file.changed"))
    except BadPixels as bad:
        reading.refused.append(Refusal(path, bad.code, bad.values))
    return None


def _read_slices(
    found: MapFound | ReferenceFound, reading: Reading, readers: _Readers
) -> tuple[npt.NDArray[np.integer], set[Path]]:
    """Stored integers of all slices, and the files that are to blame where they are not complete."""
    stored = np.empty(found.grid.shape, np.int16 if found.pixels.signed else np.uint16)
    bad_files: set[Path] = set()
    for path, sop_uid, places in _pieces(found):
        readers.look()
        reading.done += len(places)
        frames = [found.frames[place] for place in places] if found.frames else [0]
        try:
            stored[places] = read_slices(path, found.pixels, sop_uid, frames, readers.decoder)
        except BadPixels as bad:
            bad_files.add(path)
            reading.refused.append(Refusal(path, bad.code, bad.values))
    return stored, bad_files


def _pieces(found: MapFound | ReferenceFound) -> Iterator[tuple[Path, str, list[int]]]:
    """Each file of a map, its UID, and the slices that lie in it."""
    places: dict[tuple[Path, str], list[int]] = {}
    for index, (path, sop_uid) in enumerate(zip(found.files, found.sop_uids, strict=True)):
        places.setdefault((path, sop_uid), []).append(index)
    for (path, sop_uid), slices in places.items():
        yield path, sop_uid, slices


def _compute(one: MapFound, found: ExamFound, reading: Reading) -> None:
    """Make FF of water and fat, where both could be read."""
    signals = {other.quantity: other for other in found.maps}
    values = {}
    for quantity in (Quantity.WATER, Quantity.FAT):
        stored = reading.stored.get(quantity)
        if stored is None:
            reading.refused += refuse_map(one, "map.signal_ff_failed")
            return
        values[quantity] = stored.astype(np.float64) * signals[quantity].slope + signals[quantity].intercept
    reading.stored[one.quantity] = signal_ff(values[Quantity.WATER], values[Quantity.FAT])


def _window(stored: Stored) -> tuple[float, float]:
    counted = histogram(list(stored))
    dark, bright = counted.percentile(_DARK), counted.percentile(_BRIGHT)
    # a picture of one grey has no scale
    return dark, max(bright, dark + 1)
