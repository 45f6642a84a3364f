"""One slice that a map can be built from: every needed element there, readable and sane."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, RLELossless

from app.domain.errors import Value
from app.domain.grid import Vector
from app.domain.identity import Identity
from app.files.dicom.archive import file_size
from app.files.dicom.classify import Role
from app.files.dicom.found import PixelForm, Refusal
from app.files.dicom.headers import BadValue, numbers, numbers_if_any, text, values_of
from app.files.dicom.people import identity_of, written_in
from app.files.dicom.pixels import ENCODINGS, UNCOMPRESSED
from app.files.dicom.walk import unreadable
from app.files.dicom.written import Written

_NEEDED = [
    "SOPInstanceUID",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "Rows",
    "Columns",
    "PixelSpacing",
    "ImageOrientationPatient",
    "ImagePositionPatient",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
]
_MAPPINGS = {
    "ModalityLUTSequence": "Modality LUT",
    "RealWorldValueMappingSequence": "Real World Value Mapping",
}
# how far direction cosines may be from unit length and right angles
COSINE_TOLERANCE = 1e-3
_RLE_BEST = 64  # two bytes repeat a byte 128 times
# no MR slice is larger; a damaged or hostile header could ask for all memory
_LARGEST_SLICE = 4096 * 4096
_BITS = 16
# what is left of the values after these is no measurement
_LOSSY = frozenset(
    "1.2.840.10008.1.2.4." + end for end in ("50", "51", "81", "91", "93", *map(str, range(100, 109)), "203")
)


@dataclass(frozen=True, slots=True)
class Image:
    """One slice of a future map.

    Attributes
    ----------
    path : Path
        Its file.
    role : Role
        What it shows.
    sop_uid, study_uid, series_uid, frame_uid, description : str
        As in the file.
    pixels : PixelForm
        Size and kind of the stored integers.
    spacing_mm : tuple of float
        Distance of voxel centres along the row index and the column index.
    position, across, down : tuple of float
        Centre of the first voxel; directions of growing column index and of growing row index. LPS, mm.
    slice_step_mm : float or None
        Spacing Between Slices as the scanner states it.
    thickness_mm : float or None
        Slice Thickness.
    scale : tuple of (float, float, str)
        Slope, intercept and the rule that gave them.
    identity : Identity
        Of this file.
    guessed_charset : str
        Character set of the name where the file does not say it, see :func:`identity_of`.
    written : Written
        From which the identity was read.
    field_strength_t : float or None
        Tesla.
    manufacturer, model : str
        Of the scanner.
    native_voxel_mm : tuple of float or None
        Acquired ``(row, col)`` voxel size.
    """

    path: Path
    role: Role
    sop_uid: str
    study_uid: str
    series_uid: str
    frame_uid: str
    description: str
    pixels: PixelForm
    spacing_mm: tuple[float, float]
    position: Vector
    across: Vector
    down: Vector
    slice_step_mm: float | None
    thickness_mm: float | None
    scale: tuple[float, float, str]
    identity: Identity
    guessed_charset: str
    written: Written
    field_strength_t: float | None
    manufacturer: str
    model: str
    native_voxel_mm: tuple[float, float] | None


class Unfit(Exception):  # noqa: N818 - a verdict
    """An image that cannot be used; code and values of the refusal."""

    def __init__(self, code: str, **values: Value) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def image_of(path: Path, dataset: Dataset, role: Role) -> Image | Refusal:
    """Read and check every element a map needs.

    Parameters
    ----------
    path : Path
        The file.
    dataset : Dataset
        Its header.
    role : Role
        What it shows.

    Returns
    -------
    Image or Refusal
        A refusal names what is missing, unreadable or not supported.
    """
    try:
        _checknumbers(dataset)
        _check_encoding(dataset, file_size(path))
        return _build(path, dataset, role)
    except Unfit as unfit:
        return Refusal(path, unfit.code, unfit.values)
    except BadValue as bad:
        return Refusal(path, "header.bad_value", {"tag": bad.keyword})
    except OSError as error:
        return unreadable(path, error)


def _checknumbers(dataset: Dataset) -> None:
    missing = [keyword for keyword in _NEEDED if not values_of(dataset, keyword)]
    if missing:
        raise Unfit("header.missing_tags", tags=", ".join(missing))


def _check_encoding(dataset: Dataset, size: int) -> None:
    """Refuse what the pixels could not be read from, or not with their true values."""
    syntax = UID(text(dataset.file_meta, "TransferSyntaxUID"))
    if text(dataset, "LossyImageCompression") == "01" or syntax in _LOSSY:
        raise Unfit("pixels.lossy")
    if syntax and syntax not in ENCODINGS:
        raise Unfit("pixels.encoding_not_supported_yet", encoding=syntax.name)
    for keyword, name in _MAPPINGS.items():
        if keyword in dataset:
            raise Unfit("scale.mapping_not_supported_yet", mapping=name)
    _check_bits(dataset, syntax)
    _check_size(dataset, syntax, size)


def _check_bits(dataset: Dataset, syntax: UID) -> None:
    allocated, stored, high = (_whole(dataset, key) for key in ("BitsAllocated", "BitsStored", "HighBit"))
    odd = high != stored - 1
    # a compressed stream holds its integers alone, so bits below them cannot be meant
    fits = allocated == _BITS and 1 <= stored <= high + 1 <= _BITS and not (odd and syntax.is_encapsulated)
    if not fits:
        raise Unfit("pixels.bits_not_supported_yet", allocated=allocated, stored=stored, high=high)
    if _whole(dataset, "PixelRepresentation") not in {0, 1}:
        raise BadValue("PixelRepresentation")


def _check_size(dataset: Dataset, syntax: UID, size: int) -> None:
    rows, columns = _whole(dataset, "Rows"), _whole(dataset, "Columns")
    if rows * columns > _LARGEST_SLICE:
        raise Unfit("pixels.too_large", rows=rows, columns=columns)
    expected = 2 * rows * columns
    best = {RLELossless: _RLE_BEST}.get(syntax, 1 if not syntax or syntax in UNCOMPRESSED else None)
    if best is not None and expected > size * best:
        raise Unfit("pixels.truncated", expected=expected, found=size)


def _build(path: Path, dataset: Dataset, role: Role) -> Image:
    shape = (_whole(dataset, "Rows"), _whole(dataset, "Columns"))
    spacing = numbers(dataset, "PixelSpacing", 2)
    if min(*shape, *spacing) <= 0:
        raise Unfit("header.bad_value", tag="Rows" if min(shape) <= 0 else "PixelSpacing")
    across, down = _directions(dataset)
    position = numbers(dataset, "ImagePositionPatient", 3)
    # the bytes first: text is all that is left of an element once it was looked at
    written = written_in(dataset)
    identity, guessed = identity_of(dataset)
    return Image(
        path=path,
        role=role,
        sop_uid=text(dataset, "SOPInstanceUID"),
        study_uid=text(dataset, "StudyInstanceUID"),
        series_uid=text(dataset, "SeriesInstanceUID"),
        frame_uid=text(dataset, "FrameOfReferenceUID"),
        description=text(dataset, "SeriesDescription"),
        pixels=_form(dataset, shape),
        spacing_mm=(spacing[0], spacing[1]),
        position=(position[0], position[1], position[2]),
        across=across,
        down=down,
        slice_step_mm=_positive(dataset, "SpacingBetweenSlices"),
        thickness_mm=_positive(dataset, "SliceThickness"),
        scale=_scale(dataset),
        identity=identity,
        guessed_charset=guessed,
        written=written,
        field_strength_t=_positive(dataset, "MagneticFieldStrength"),
        manufacturer=text(dataset, "Manufacturer"),
        model=text(dataset, "ManufacturerModelName"),
        native_voxel_mm=_native_voxel(dataset, shape, (spacing[0], spacing[1])),
    )


def _form(dataset: Dataset, shape: tuple[int, int]) -> PixelForm:
    bits = _whole(dataset, "BitsStored")
    signed = _whole(dataset, "PixelRepresentation") == 1
    return PixelForm(shape, signed, bits, shift=_whole(dataset, "HighBit") + 1 - bits)


def _whole(dataset: Dataset, keyword: str) -> int:
    (value,) = numbers(dataset, keyword, 1)
    if value != int(value):
        raise BadValue(keyword)
    return int(value)


def _positive(dataset: Dataset, keyword: str) -> float | None:
    """A number that is good to know: None where it is missing, unreadable or not positive."""
    try:
        (found,) = numbers(dataset, keyword, 1)
    except BadValue:
        return None
    return found if found > 0 else None


def _directions(dataset: Dataset) -> tuple[Vector, Vector]:
    """Unit vectors of growing column and growing row index, made exactly perpendicular."""
    cosines = np.array(numbers(dataset, "ImageOrientationPatient", 6))
    across, down = cosines[:3], cosines[3:]
    lengths = np.array([np.linalg.norm(across), np.linalg.norm(down)])
    if np.any(np.abs(lengths - 1) > COSINE_TOLERANCE) or abs(across @ down) > COSINE_TOLERANCE:
        raise BadValue("ImageOrientationPatient")
    across = across / lengths[0]
    normal = np.cross(across, down)
    down = np.cross(normal / np.linalg.norm(normal), across)
    return _vector(across), _vector(down)


def _vector(array: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Vector:
    x, y, z = (float(part) + 0.0 for part in array)
    return x, y, z


def _scale(dataset: Dataset) -> tuple[float, float, str]:
    """Slope, intercept and rule: Rescale where the file states it, physical units as GE stores them else."""
    slope, intercept = (numbers_if_any(dataset, key, 1) for key in ("RescaleSlope", "RescaleIntercept"))
    if slope is None and intercept is None:
        return 1.0, 0.0, "ge.physical"
    if slope is None or intercept is None or slope[0] <= 0:
        raise Unfit("scale.bad_rescale")
    return slope[0], intercept[0], "dicom.rescale"


def _native_voxel(
    dataset: Dataset, shape: tuple[int, int], spacing: tuple[float, float]
) -> tuple[float, float] | None:
    """Field of view over acquisition matrix; the stored spacing is finer after zero filling."""
    try:
        matrix = numbers(dataset, "AcquisitionMatrix", 4)
    except BadValue:
        return None
    # frequency rows, frequency columns, phase rows, phase columns: one of each pair is zero
    rows, cols = max(matrix[0], matrix[2]), max(matrix[1], matrix[3])
    if min(rows, cols) <= 0:
        return None
    return spacing[0] * (shape[0] / rows), spacing[1] * (shape[1] / cols)
