"""Read every header under a path and keep the slices that can become maps.

A folder of many files is sifted first: where a few elements of a file equal those of one that was read and
refused, it is refused for the same reason without being read itself. What could be a map is always read.
"""

from __future__ import annotations

import functools
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeGuard

from pydicom.dataset import Dataset
from pydicom.uid import UID, MediaStorageDirectoryStorage, MRImageStorage

from app.domain.progress import Progress
from app.files.dicom.archive import close_archives
from app.files.dicom.classify import NoRole, classify
from app.files.dicom.found import Refusal
from app.files.dicom.headers import (
    BadValue,
    forget_values,
    ge_sequence,
    numbers,
    quietly,
    read_header,
    text,
    texts,
)
from app.files.dicom.image import COSINE_TOLERANCE, Image, image_of
from app.files.dicom.sieve import KEYWORDS, Values
from app.files.dicom.sift import Sift
from app.files.dicom.twins import Twins, kind_of
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
_CLUTTER = frozenset({"file.not_dicom", "file.empty", "archive.entered"})
# what both readers give as the same text; the other elements only tell series apart
_COMPARED = frozenset(
    {
        "ImageType",
        "SOPClassUID",
        "Modality",
        "Manufacturer",
        "SeriesDescription",
        "SeriesInstanceUID",
        "PhotometricInterpretation",
        "NumberOfFrames",
        "Rows",
        "Columns",
    }
)


# images that differ in one of these are not told by one word what they show
_ONE_KIND = (
    "StudyInstanceUID",
    "FrameOfReferenceUID",
    "SeriesInstanceUID",
    "Rows",
    "Columns",
    "ImageType",
)


@dataclass(frozen=True, slots=True)
class Stray:
    """An MR image that is no map: its whole series may say why, and a person may say what it shows.

    Attributes
    ----------
    path : Path
        Its file.
    series_uid, manufacturer : str
        As in the file.
    kind : tuple of str
        Study, frame of reference, series, rows, columns and Image Type: the same for what is one stack.
    orientation : tuple of float or None
        Direction cosines.
    """

    path: Path
    series_uid: str
    manufacturer: str
    kind: tuple[str, ...]
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
    like : dict of Path to Path
        For each file that was refused unread, the file of the same series that was read in its place.
    strays : dict of Path to Stray
        Each refused MR image without a role.
    """

    images: list[Image] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    like: dict[Path, Path] = field(default_factory=dict)
    strays: dict[Path, Stray] = field(default_factory=dict)


def scan(path: Path | Sequence[Path], progress: Progress, sift: Sift | None = None) -> Scanned:
    """Read every header under a path.

    Parameters
    ----------
    path : Path or sequence of Path
        As for :func:`app.files.dicom.walk.list_files`.
    progress : Progress
        Told of every file.
    sift : Sift or None
        The quick first look; one with the usual settings where None.

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
    try:
        with quietly(), sift or Sift() as quick:
            _sort_all(files, quick, progress, scanned)
    finally:
        close_archives()
        forget_values()
    progress.report(len(files), len(files))
    scanned.images.sort(key=lambda image: image.path)
    scanned.refused.extend(_refuse_strays(scanned.strays.values()))
    folders = [one for one in ([path] if isinstance(path, Path) else path) if _is_folder(one)]
    if folders and not scanned.images and all(one.code in _CLUTTER for one in scanned.refused):
        scanned.refused.append(Refusal(folders[0], "scan.no_dicom", {"files": len(files)}))
    return scanned


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        # a network drive may be gone by now; its files have been refused
        return False


def _sort_all(files: list[Path], sift: Sift, progress: Progress, scanned: Scanned) -> None:
    """Read each file, or take over the verdict on one that the sift cannot tell from it."""
    # by the values that decide; orientation comes last among them and does not
    judged: dict[Values, Refusal | Stray] = {}
    twins = Twins()
    for done, (file, values) in enumerate(zip(files, sift.values(files, progress), strict=True)):
        progress.report(done, len(files))
        known = None if values is None else judged.get(values[:-1])
        if values is not None and known is not None:
            scanned.like[file] = known.path
            verdict: Image | Refusal | Stray = _same_verdict(file, known, values)
        else:
            dataset = read_header(file)
            verdict = dataset if isinstance(dataset, Refusal) else _examine(file, dataset, twins)
            if values is not None and _holds_for_all(verdict, dataset, values):
                judged[values[:-1]] = verdict
        _sort(verdict, scanned)


def _holds_for_all(
    verdict: Image | Refusal | Stray, dataset: Dataset | Refusal, values: Values
) -> TypeGuard[Refusal | Stray]:
    """Whether a verdict follows from what the sift read: then both readers must have read the same."""
    if isinstance(verdict, Image) or isinstance(dataset, Refusal):
        return False
    if isinstance(verdict, Refusal) and not verdict.code.startswith("object."):
        return False
    return all(
        keyword not in _COMPARED or _told(told) == _told(text(dataset, keyword))
        for keyword, told in zip(KEYWORDS, values, strict=True)
    )


def _told(value: str | None) -> list[str]:
    """Values of an element as both readers give them; the sift does not decode what is not ASCII."""
    plain = "".join(sign for sign in value or "" if sign.isascii())
    return [one.strip(" \0") for one in plain.split("\\") if one.strip(" \0")]


def _same_verdict(file: Path, known: Refusal | Stray, values: Values) -> Refusal | Stray:
    if isinstance(known, Refusal):
        return replace(known, path=file)
    return replace(known, path=file, orientation=_cosines(values[-1]))


@functools.lru_cache(maxsize=4096)
def _cosines(told: str | None) -> tuple[float, ...] | None:
    """Orientation from its text, as :func:`_orientation` gives it."""
    dataset = Dataset()
    if told:
        dataset.ImageOrientationPatient = told.split("\\")
    return _orientation(dataset)


def _sort(verdict: Image | Refusal | Stray, scanned: Scanned) -> None:
    if isinstance(verdict, Image):
        scanned.images.append(verdict)
    elif isinstance(verdict, Stray):
        scanned.strays[verdict.path] = verdict
    else:
        scanned.refused.append(verdict)


def _examine(file: Path, dataset: Dataset, twins: Twins) -> Image | Refusal | Stray:
    kind = kind_of(dataset)
    twin = twins.find(file, dataset, kind)
    if twin is not None:
        return twin
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
        image = image_of(file, dataset, role)
        if isinstance(image, Image):
            twins.keep(image, kind)
        return image
    if role.code == "role.none":
        return Stray(
            file,
            text(dataset, "SeriesInstanceUID"),
            text(dataset, "Manufacturer"),
            tuple(text(dataset, keyword) for keyword in _ONE_KIND),
            _orientation(dataset),
        )
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


def _refuse_strays(strays: Iterable[Stray]) -> list[Refusal]:
    """Tell series of mixed orientations (scouts that are not labelled so) from other images."""
    series: dict[str, list[Stray]] = defaultdict(list)
    for stray in strays:
        series[stray.series_uid].append(stray)
    refused: list[Refusal] = []
    for members in series.values():
        code = "series.mixed_orientations" if _mixed(members) else "role.none"
        refused.extend(Refusal(stray.path, code) for stray in members)
    return refused


def _mixed(members: list[Stray]) -> bool:
    known = [stray.orientation for stray in members if stray.orientation is not None]
    return any(
        abs(a - b) > COSINE_TOLERANCE for other in known[1:] for a, b in zip(known[0], other, strict=True)
    )
