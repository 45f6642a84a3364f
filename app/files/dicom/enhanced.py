"""Multi-frame files laid out as single images: every frame with its own type, place and scale.

What holds for a frame stands in its own functional groups or else in the shared ones. pydicom's modality LUT
and most readers look at neither, or apply the first frame's rescale to all; here every frame keeps its own.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from app.files.dicom.archive import file_size, read_start
from app.files.dicom.classify import NoRole, Role, role_of
from app.files.dicom.evidence import Evidence, evidence_of
from app.files.dicom.found import Notice, Refusal
from app.files.dicom.headers import BadValue, inflated, name_encoding, numbers, text, texts
from app.files.dicom.image import Unfit, image_of
from app.files.dicom.pixels import UNCOMPRESSED
from app.files.dicom.slices import Slice, slice_of
from app.files.dicom.walk import unreadable

# some 10 KiB a frame, with Philips' private copy of the classic header
_HEADER_LIMIT = 128 * 2**20
_WHOLE_FILE = (
    *("SpecificCharacterSet", "SOPClassUID", "SOPInstanceUID", "StudyDate", "AccessionNumber", "Modality"),
    *("Manufacturer", "SeriesDescription", "ManufacturerModelName", "PatientName", "PatientID"),
    *("PatientBirthDate", "PatientSex", "MagneticFieldStrength", "StudyInstanceUID", "SeriesInstanceUID"),
    *("FrameOfReferenceUID", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored"),
    *("HighBit", "PixelRepresentation", "LossyImageCompression", "ImageType", "SliceThickness"),
    *("PatientAge", "ProtocolName", "EchoPulseSequence"),
)
# functional group: the elements that a classic image would have in itself
_GROUPS = {
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    "PixelValueTransformationSequence": ("RescaleSlope", "RescaleIntercept"),
}
# good to know, and nothing rests on it: what names the contrast of an anatomical image
_TIMING = {
    "MRTimingAndRelatedParametersSequence": ("RepetitionTime",),
    "MREchoSequence": ("EffectiveEchoTime",),
    "MRModifierSequence": ("InversionRecovery", "InversionTimes"),
}
_MAPPINGS = "RealWorldValueMappingSequence"
_PHILIPS_NESTED = 0x2005140F
_IMAGE_TYPE = 0x00080008


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame of a multi-frame file.

    Attributes
    ----------
    index : int
        Counted from 0.
    header : Dataset
        What the header of a classic image with the same content would hold.
    evidence : Evidence
        What speaks for its role and scale.
    """

    index: int
    header: Dataset
    evidence: Evidence


def read_whole_header(path: Path) -> Dataset:
    """Every element in front of the pixels, private ones included.

    Raises
    ------
    Unfit
        ``file.broken``.
    OSError
        When the file cannot be read.
    """
    data = read_start(path, _HEADER_LIMIT)
    try:
        plain = inflated(data, _HEADER_LIMIT)
        dataset = pydicom.dcmread(io.BytesIO(plain), stop_before_pixels=True, force=True)
        name_encoding(dataset, data, plain)
    except Exception as error:
        # pydicom raises whatever the broken bytes provoke, of any type
        raise Unfit("file.broken") from error
    return dataset


def read_frames(path: Path) -> tuple[Frame, ...]:
    """Lay every frame of a multi-frame file out as an image of its own.

    Parameters
    ----------
    path : Path
        An Enhanced MR file.

    Raises
    ------
    Unfit, BadValue
        When groups or numbers are missing, damaged or do not fit together.
    OSError
        When the file cannot be read.
    """
    dataset = read_whole_header(path)
    try:
        return tuple(_frames(dataset))
    except (Unfit, BadValue):
        raise
    except Exception as error:
        # as above: damage inside sequences shows when they are first looked at
        raise Unfit("file.broken") from error


def _frames(dataset: Dataset) -> Iterator[Frame]:
    own = dataset.get("PerFrameFunctionalGroupsSequence") or ()
    if not own:
        raise Unfit("header.missing_tags", tags="PerFrameFunctionalGroupsSequence")
    if numbers(dataset, "NumberOfFrames", 1)[0] != len(own):
        raise BadValue("NumberOfFrames")
    shared = (dataset.get("SharedFunctionalGroupsSequence") or [Dataset()])[0]
    whole = Dataset()
    for keyword in _WHOLE_FILE:
        if keyword in dataset:
            whole[keyword] = dataset[keyword]
    for index, groups in enumerate(own):
        header = _flat(dataset, whole, groups, shared)
        yield Frame(index, header, evidence_of(header, enhanced=True))


def _flat(dataset: Dataset, whole: Dataset, groups: Dataset, shared: Dataset) -> Dataset:
    made = Dataset()
    made.update(whole)
    made.file_meta = dataset.file_meta
    for name, keywords in _GROUPS.items():
        group = _group(name, groups, shared)
        for keyword in keywords:
            if group is not None and keyword in group:
                made[keyword] = group[keyword]
    _add_timing(made, groups, shared)
    kind = _group("MRImageFrameTypeSequence", groups, shared)
    if kind is not None and texts(kind, "FrameType"):
        # a new element: the one of the whole file is shared by all frames
        made["ImageType"] = DataElement(_IMAGE_TYPE, "CS", list(texts(kind, "FrameType")))
    # what stands nearest to the frame holds
    for place in (dataset, shared, groups):
        if _MAPPINGS in place:
            made[_MAPPINGS] = place[_MAPPINGS]
    if _PHILIPS_NESTED in groups:
        made[_PHILIPS_NESTED] = groups[_PHILIPS_NESTED]
    _add_acquisition_matrix(made, _group("MRFOVGeometrySequence", groups, shared))
    return made


def _add_timing(made: Dataset, groups: Dataset, shared: Dataset) -> None:
    for name, keywords in _TIMING.items():
        items: Sequence[Dataset] = groups.get(name) or shared.get(name) or ()
        for keyword in keywords:
            if len(items) == 1 and keyword in items[0]:
                made[keyword] = items[0][keyword]


def _group(name: str, groups: Dataset, shared: Dataset) -> Dataset | None:
    """The functional group of a frame: its own, else the shared one."""
    for place in (groups, shared):
        items = place.get(name) or ()
        if len(items) > 1:
            raise BadValue(name)
        if items:
            return items[0]  # type: ignore[no-any-return]
    return None


def _add_acquisition_matrix(made: Dataset, field_of_view: Dataset | None) -> None:
    """Give the acquired matrix its classic form: frequency rows, columns, phase rows, columns."""
    if field_of_view is None:
        return
    try:
        frequency, phase = (
            int(numbers(field_of_view, key, 1)[0])
            for key in ("MRAcquisitionFrequencyEncodingSteps", "MRAcquisitionPhaseEncodingStepsInPlane")
        )
    except BadValue:
        return
    matrices = {"ROW": [frequency, 0, 0, phase], "COLUMN": [0, frequency, phase, 0]}
    matrix = matrices.get(text(field_of_view, "InPlanePhaseEncodingDirection"))
    if matrix is not None and max(matrix) < 2**16 and min(matrix) >= 0:
        made.AcquisitionMatrix = matrix


def slices_of(path: Path) -> tuple[list[Slice], Notice | None] | Refusal:
    """Slices of every map in a multi-frame file.

    Parameters
    ----------
    path : Path
        An Enhanced MR file.

    Returns
    -------
    slices : list of Slice
        Frames with a role, in order of frame.
    notice : Notice or None
        How many other frames were left out.

    A single frame that looks like a map and cannot be used refuses the whole file: a map must not lose slices
    in silence.
    """
    try:
        frames = read_frames(path)
        _check_file(path, frames[0].header, len(frames))
        roles = [_role(frame) for frame in frames]
        slices = [
            slice_of_frame(path, frame, role, len(frames))
            for frame, role in zip(frames, roles, strict=True)
            if isinstance(role, Role)
        ]
    except Unfit as unfit:
        return Refusal(path, unfit.code, unfit.values)
    except BadValue as bad:
        return Refusal(path, "header.bad_value", {"tag": bad.keyword})
    except OSError as error:
        return unreadable(path, error)
    if not slices:
        return Refusal(path, "role.none")
    left = len(frames) - len(slices)
    notice = Notice("exam.frames_left_out", {"file": path.name, "frames": left, "of": len(frames)})
    return slices, notice if left else None


def _check_file(path: Path, header: Dataset, frames: int) -> None:
    """Refuse what holds for all frames at once."""
    if text(header, "PhotometricInterpretation") not in {"MONOCHROME1", "MONOCHROME2"}:
        raise Unfit("object.colour")
    rows, cols = (int(numbers(header, key, 1)[0]) for key in ("Rows", "Columns"))
    size = file_size(path)
    compressed = header.file_meta.get("TransferSyntaxUID") not in UNCOMPRESSED | {None}
    expected = 2 * rows * cols * frames
    if not compressed and expected > size:
        raise Unfit("pixels.truncated", expected=expected, found=size)


def _role(frame: Frame) -> Role | None:
    """Role of a frame; None for one that is plainly something else."""
    if "LOCALIZER" in (token.upper() for token in frame.evidence.image_type):
        raise Unfit("object.localizer")
    role = role_of(frame.evidence)
    if isinstance(role, NoRole):
        if role.code != "role.none":
            raise Unfit(role.code, **role.values)
        return None
    return role


def slice_of_frame(path: Path, frame: Frame, role: Role, frames: int) -> Slice:
    """One frame as a slice of a future map.

    Parameters
    ----------
    path : Path
        Its file.
    frame : Frame
        From :func:`read_frames`.
    role : Role
        What it shows.
    frames : int
        How many the file holds.

    Raises
    ------
    Unfit, BadValue
        When it cannot be used.
    """
    header = Dataset()
    header.update(frame.header)
    header.file_meta = frame.header.file_meta
    # judged already, and the classic reader refuses what it does not know
    header.pop(_MAPPINGS, None)
    image = image_of(path, header, role)
    if isinstance(image, Refusal):
        raise Unfit(image.code, **image.values)
    whole = replace(image, pixels=replace(image.pixels, frames=frames))
    return slice_of(whole, frame.evidence, frame.index)
