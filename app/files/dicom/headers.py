"""Open a file as DICOM without trusting it: bounded memory, and no warning or patient's name escapes."""

from __future__ import annotations

import io
import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from app.files.dicom.archive import open_file
from app.files.dicom.found import Refusal
from app.files.dicom.walk import unreadable

# the header of one slice is some 10 KiB; what does not end in the second bound is no slice
_FIRST_READ, HEADER_LIMIT = 64 * 2**10, 16 * 2**20
# zeros deflate a thousandfold, and each eight of them look like an element
_INFLATED_HEADER = 2**20
_PREAMBLE = slice(128, 132)
# a file without preamble begins with an element of group 0002 or 0008
_BARE_STARTS = (b"\x02\x00", b"\x08\x00")
_DEFLATED = str(DeflatedExplicitVRLittleEndian).encode()
# the same length, so that nothing moves; the padding is no part of the value
_INFLATED = str(ExplicitVRLittleEndian).encode().ljust(len(_DEFLATED), b"\0")
# element (0002,0000) with its length of four bytes, directly behind the preamble
_GROUP_LENGTH = b"\x02\x00\x00\x00UL\x04\x00"
_LENGTH_FIELD = slice(140, 144)

TAGS = [
    "SpecificCharacterSet",
    "ImageType",
    "SOPClassUID",
    "SOPInstanceUID",
    "StudyDate",
    "AccessionNumber",
    "Modality",
    "Manufacturer",
    "SeriesDescription",
    "ManufacturerModelName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "SliceThickness",
    "MagneticFieldStrength",
    "SpacingBetweenSlices",
    "AcquisitionMatrix",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "ImagePositionPatient",
    "ImageOrientationPatient",
    "FrameOfReferenceUID",
    "PhotometricInterpretation",
    "NumberOfFrames",
    "Rows",
    "Columns",
    "PixelSpacing",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    "RescaleIntercept",
    "RescaleSlope",
    "LossyImageCompression",
    "ModalityLUTSequence",
    "RealWorldValueMappingSequence",
]
# GE's name of the pulse sequence; "ideal..." for the chemical-shift acquisitions
GE_SEQUENCE = 0x0019109C
_WANTED = [*(int(Tag(keyword)) for keyword in TAGS), GE_SEQUENCE]


@contextmanager
def quietly() -> Iterator[None]:
    """Keep what pydicom says about broken files from the user and, as it quotes values, from the log."""
    logger = logging.getLogger("pydicom")
    propagate = logger.propagate
    logger.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.propagate = propagate


def read_header(path: Path) -> Dataset | Refusal:
    """Read the elements in front of the pixels that the importer looks at.

    Parameters
    ----------
    path : Path
        Any file at all.

    Returns
    -------
    Dataset or Refusal
        Elements of :data:`TAGS` and :data:`GE_SEQUENCE` that the file has; a refusal for a file that is
        empty, unreadable, not DICOM or broken.
    """
    try:
        with open_file(path) as file:
            data = file.read(_FIRST_READ)
            refusal = _sniff(path, data)
            if refusal is not None:
                return refusal
            whole = len(data) < _FIRST_READ
            dataset = _parse(data, last=whole)
            if dataset is None and not whole:
                dataset = _parse(data + file.read(HEADER_LIMIT - len(data)), last=True)
    except OSError as error:
        return unreadable(path, error)
    return Refusal(path, "file.broken") if dataset is None else dataset


def inflated(data: bytes, limit: int) -> bytes:
    """A deflated file as the uncompressed one it stands for; any other file as it is.

    Parameters
    ----------
    data : bytes
        A file, or its beginning.
    limit : int
        Bytes to inflate at most: a few bytes could fill the memory.

    Raises
    ------
    zlib.error
        When it is damaged, or would make pydicom inflate again.
    """
    if _DEFLATED not in data:
        return data
    if data[_PREAMBLE.stop : _LENGTH_FIELD.start] != _GROUP_LENGTH:
        raise zlib.error
    end = _LENGTH_FIELD.stop + int.from_bytes(data[_LENGTH_FIELD], "little")
    meta = data[:end].replace(_DEFLATED, _INFLATED)
    plain = meta + zlib.decompressobj(-zlib.MAX_WBITS).decompress(data[end:], limit)
    if _DEFLATED in plain:
        raise zlib.error
    return plain


def _sniff(path: Path, data: bytes) -> Refusal | None:
    """Tell a file that is not worth parsing by its first bytes."""
    if not data:
        return Refusal(path, "file.empty")
    if data[_PREAMBLE] != b"DICM" and data[:2] not in _BARE_STARTS:
        return Refusal(path, "file.not_dicom")
    return None


def _parse(data: bytes, *, last: bool) -> Dataset | None:
    """Parse the elements before the pixels; None when broken, or when the pixels were not yet reached."""
    try:
        plain = inflated(data, _INFLATED_HEADER)
        stream = io.BytesIO(plain)
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_WANTED)
    except Exception:  # noqa: BLE001 - pydicom raises whatever the broken bytes provoke, of any type
        return None
    return dataset if last or stream.tell() < len(plain) else None


class BadValue(ValueError):  # noqa: N818 - names what is bad
    """An element whose value cannot be read.

    Attributes
    ----------
    keyword : str
        Its DICOM keyword.
    """

    def __init__(self, keyword: str) -> None:
        super().__init__(keyword)
        self.keyword = keyword


def values_of(dataset: Dataset, keyword: str) -> list[object]:
    """Every value of an element, an empty list where it is missing or empty.

    Raises
    ------
    BadValue
        When the value cannot be decoded.
    """
    try:
        value = dataset.get(keyword)
        if value is None:
            return []
        many = value if isinstance(value, list | MultiValue) else [value]
        return [one for one in many if one is not None and str(one) != ""]
    except Exception as error:
        # as in _parse: decoding a broken value raises anything
        raise BadValue(keyword) from error


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Every value of an element as stripped text; empty where missing or undecodable."""
    try:
        return tuple(str(value).strip(" \0") for value in values_of(dataset, keyword))
    except BadValue:
        return ()


def text(dataset: Dataset, keyword: str) -> str:
    r"""Value of an element as text, several joined by ``\``; empty where missing or undecodable."""
    return "\\".join(texts(dataset, keyword))


def numbers(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...]:
    """Exactly ``count`` finite numbers of an element.

    Raises
    ------
    BadValue
        When they are missing, not numbers, not finite or not as many.
    """
    try:
        result = tuple(float(str(value)) for value in values_of(dataset, keyword))
    except ValueError as error:
        raise BadValue(keyword) from error
    if len(result) != count or not all(abs(number) < float("inf") for number in result):
        raise BadValue(keyword)
    # adding zero turns -0 into 0
    return tuple(number + 0.0 for number in result)


def numbers_if_any(dataset: Dataset, keyword: str, count: int) -> tuple[float, ...] | None:
    """As :func:`numbers`, but None where the element is missing or empty."""
    return numbers(dataset, keyword, count) if values_of(dataset, keyword) else None


def ge_sequence(dataset: Dataset) -> str:
    """GE's name of the pulse sequence in lower case; empty where missing or undecodable."""
    try:
        element = dataset.get(GE_SEQUENCE)
        value = "" if element is None else element.value
    except Exception:  # noqa: BLE001 - as in _parse: a value representation that does not exist, say
        return ""
    return (value.decode("ascii", "replace") if isinstance(value, bytes) else str(value)).strip(" \0").lower()
