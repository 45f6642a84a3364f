"""Read every header under a path and keep the slices that can become maps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import Dataset
from pydicom.uid import UID, MediaStorageDirectoryStorage, MRImageStorage

from app.domain.progress import Progress
from app.files.dicom.classify import NoRole, classify
from app.files.dicom.found import Refusal
from app.files.dicom.headers import (
    BadValue,
    ge_sequence,
    numbers,
    quietly,
    read_header,
    text,
    texts,
)
from app.files.dicom.image import COSINE_TOLERANCE, Image, image_of
from app.files.dicom.walk import list_files

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# what a hospital's disc holds beside plain MR images, by the beginning of the SOP class
_OTHER_OBJECTS = (
    (_STORAGE + "4.1", "object.enhanced_not_supported_yet"),
    (_STORAGE + "4.4", "object.enhanced_not_supported_yet"),
    (_STORAGE + "7", "object.screen_capture"),
    (_STORAGE + "11", "object.presentation_state"),
    (_STORAGE + "66", "object.raw_data"),
    (_STORAGE + "88", "object.report"),
)
_CLUTTER = frozenset({"file.not_dicom", "file.empty"})


@dataclass(frozen=True, slots=True)
class _Stray:
    """An MR image that is no map: its whole series may say why."""

    path: Path
    series_uid: str
    orientation: tuple[float, ...] | None


@dataclass(slots=True)
class Scanned:
    """What the headers under a path gave.

    Attributes
    ----------
    images : list of Image
        Slices with a role, in order of path.
    refused : list of Refusal
        Every other file.
    """

    images: list[Image] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def scan(path: Path, progress: Progress) -> Scanned:
    """Read every header under a path.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    progress : Progress
        Told of every file.

    Returns
    -------
    Scanned
        Every file once.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    files, refused = list_files(path, progress)
    scanned = Scanned(refused=refused)
    strays: list[_Stray] = []
    with quietly():
        for done, file in enumerate(files):
            progress.report(done, len(files))
            _sort(file, scanned, strays)
    progress.report(len(files), len(files))
    scanned.refused.extend(_refuse_strays(strays))
    if path.is_dir() and not scanned.images and all(one.code in _CLUTTER for one in scanned.refused):
        scanned.refused.append(Refusal(path, "scan.no_dicom", {"files": len(files)}))
    return scanned


def _sort(file: Path, scanned: Scanned, strays: list[_Stray]) -> None:
    verdict = _examine(file)
    if isinstance(verdict, Image):
        scanned.images.append(verdict)
    elif isinstance(verdict, _Stray):
        strays.append(verdict)
    else:
        scanned.refused.append(verdict)


def _examine(file: Path) -> Image | Refusal | _Stray:
    dataset = read_header(file)
    if isinstance(dataset, Refusal):
        return dataset
    refusal = _refuse_object(file, dataset)
    if refusal is not None:
        return refusal
    role = classify(
        text(dataset, "Manufacturer"),
        texts(dataset, "ImageType"),
        text(dataset, "SeriesDescription"),
        ge_sequence(dataset),
    )
    if not isinstance(role, NoRole):
        return image_of(file, dataset, role)
    if role.code == "role.none":
        return _Stray(file, text(dataset, "SeriesInstanceUID"), _orientation(dataset))
    return Refusal(file, role.code, role.values)


def _refuse_object(file: Path, dataset: Dataset) -> Refusal | None:
    """Refuse what is no plain grey MR image."""
    sop_class = text(dataset, "SOPClassUID") or text(dataset.file_meta, "MediaStorageSOPClassUID")
    if sop_class == MediaStorageDirectoryStorage:
        return Refusal(file, "object.directory")
    if not sop_class:
        return Refusal(file, "header.missing_tags", {"tags": "SOPClassUID"})
    for beginning, code in _OTHER_OBJECTS:
        if f"{sop_class}.".startswith(f"{beginning}."):
            return Refusal(file, code)
    if sop_class != MRImageStorage or text(dataset, "Modality") not in {"MR", ""}:
        return Refusal(file, "object.not_mr", {"kind": UID(sop_class).name})
    # an image without a size ends in its header; saying "no map" of it would hide the damage
    if not (text(dataset, "Rows") and text(dataset, "Columns")):
        return Refusal(file, "header.missing_tags", {"tags": "Rows, Columns"})
    if text(dataset, "PhotometricInterpretation") not in {"MONOCHROME1", "MONOCHROME2", ""}:
        return Refusal(file, "object.colour")
    if "LOCALIZER" in (token.upper() for token in texts(dataset, "ImageType")):
        return Refusal(file, "object.localizer")
    return Refusal(file, "object.several_frames") if _frames(dataset) > 1 else None


def _frames(dataset: Dataset) -> float:
    try:
        return numbers(dataset, "NumberOfFrames", 1)[0]
    except BadValue:
        return 1


def _orientation(dataset: Dataset) -> tuple[float, ...] | None:
    try:
        return numbers(dataset, "ImageOrientationPatient", 6)
    except BadValue:
        return None


def _refuse_strays(strays: Iterable[_Stray]) -> list[Refusal]:
    """Tell series of mixed orientations (scouts that are not labelled so) from other images."""
    series: dict[str, list[_Stray]] = defaultdict(list)
    for stray in strays:
        series[stray.series_uid].append(stray)
    return [
        Refusal(stray.path, "series.mixed_orientations" if _mixed(members) else "role.none")
        for members in series.values()
        for stray in members
    ]


def _mixed(members: list[_Stray]) -> bool:
    known = [stray.orientation for stray in members if stray.orientation is not None]
    return any(
        abs(a - b) > COSINE_TOLERANCE for other in known[1:] for a, b in zip(known[0], other, strict=True)
    )
