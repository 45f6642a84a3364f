"""Open a file as DICOM without trusting it: bounded memory, and no warning or patient's name escapes."""

from __future__ import annotations

import functools
import io
import logging
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pydicom
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filereader import read_dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from app.files.dicom.archive import read_start
from app.files.dicom.found import Refusal
from app.files.dicom.heads import Known, remember
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
# the group of such elements, and that of commands, which stand in no file
_META, _COMMAND = 0x0002, b"\0\0"
# whether elements are without their kind, by the values of the transfer syntax
_IMPLICIT: dict[tuple[str, ...], bool] = {
    (str(ImplicitVRLittleEndian),): True,
    (str(ExplicitVRLittleEndian),): False,
}
# before these pydicom stops when it is to stop before the pixels
_AT_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
# the tag of the pixels in either byte order
_PIXEL_DATA = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")
# pydicom ends where an item ends, also where no item began
_ITEM_ENDS = (b"\xfe\xff\x0d\xe0", b"\xff\xfe\xe0\x0d")

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
    "PatientAge",
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
# what pydicom converts without looking at other elements; a value of usual length
_PLAIN_KINDS = frozenset({"AS", "CS", "DA", "DS", "IS", "LO", "SH", "UI", "UL", "US"})
_SHORT = 128
_WANTED: list[BaseTag | int] = [*(Tag(keyword) for keyword in TAGS), Tag(GE_SEQUENCE)]


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
        data = read_start(path, _FIRST_READ)
        refusal = _sniff(path, data)
        if refusal is not None:
            return refusal
        dataset = _parse(path, data, last=len(data) < _FIRST_READ)
        if dataset is None and len(data) == _FIRST_READ:
            dataset = _parse(path, read_start(path, HEADER_LIMIT), last=True)
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


def name_encoding(dataset: Dataset, data: bytes, plain: bytes) -> None:
    """Give a header that was parsed from inflated bytes its own encoding back: its file is shorter than they.

    Parameters
    ----------
    dataset : Dataset
        The header.
    data, plain : bytes
        The file, and what :func:`inflated` made of it.
    """
    if plain is not data:
        dataset.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian


def _sniff(path: Path, data: bytes) -> Refusal | None:
    """Tell a file that is not worth parsing by its first bytes."""
    if not data:
        return Refusal(path, "file.empty")
    if data[_PREAMBLE] != b"DICM" and data[:2] not in _BARE_STARTS:
        return Refusal(path, "file.not_dicom")
    return None


def _parse(path: Path, data: bytes, *, last: bool) -> Dataset | None:
    """Parse the elements before the pixels; None when broken, or when the pixels were not yet reached."""
    try:
        plain = inflated(data, _INFLATED_HEADER)
        dataset, end = _elements(plain)
    except Exception:  # noqa: BLE001 - pydicom raises whatever the broken bytes provoke, of any type
        return None
    name_encoding(dataset, data, plain)
    if plain is data:
        _remember(path, data[: end + 4], dataset)
    return dataset if last or end < len(plain) else None


def _elements(plain: bytes) -> tuple[Dataset, int]:
    """The wanted elements, and where the parse ended."""
    stream = io.BytesIO(plain)
    try:
        dataset = _in_two_parts(stream, plain)
    except Exception:  # noqa: BLE001 - as in _parse; the longer way may fare better
        dataset = None
    if dataset is None:
        stream.seek(0)
        dataset = pydicom.dcmread(stream, stop_before_pixels=True, force=True, specific_tags=_WANTED)
    return dataset, stream.tell()


def _in_two_parts(stream: io.BytesIO, plain: bytes) -> Dataset | None:
    """What dcmread gives, at half its cost, where a file says plainly how it is encoded; None elsewhere."""
    if plain[_PREAMBLE] != b"DICM" or not plain.startswith(_GROUP_LENGTH, _PREAMBLE.stop):
        return None
    stream.seek(_PREAMBLE.stop)
    meta = read_dataset(
        stream, is_implicit_VR=False, is_little_endian=True, stop_when=lambda tag, *_: tag >> 16 != _META
    )
    # a file whose first element cannot be read is broken
    values_of(meta, "FileMetaInformationGroupLength")
    implicit = _IMPLICIT.get(values_of(meta, "TransferSyntaxUID"))
    if implicit is None or plain.startswith(_COMMAND, stream.tell()):
        return None
    dataset = read_dataset(
        stream,
        is_implicit_VR=implicit,
        is_little_endian=True,
        stop_when=lambda tag, *_: tag in _AT_PIXELS,
        specific_tags=_WANTED,
    )
    dataset.file_meta = FileMetaDataset(meta)
    return dataset


def _remember(path: Path, start: bytes, dataset: Dataset) -> None:
    """Keep what is needed to go on at the pixels, where they stopped pydicom and nothing else did."""
    head, tag = start[:-4], start[-4:]
    element = _element(dataset, "SOPInstanceUID")
    stray_end = any(end in head[-12:] for end in _ITEM_ENDS)
    if tag in _PIXEL_DATA and not stray_end and isinstance(element, RawDataElement):
        known = Known(
            text(dataset, "SOPInstanceUID"),
            text(dataset.file_meta, "TransferSyntaxUID"),
            element.is_implicit_VR,
            element.is_little_endian,
        )
        remember(path, head, known)


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


def values_of(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Every value of an element as text, none where it is missing or empty.

    Raises
    ------
    BadValue
        When the value cannot be decoded.
    """
    try:
        element = _element(dataset, keyword)
        if element is None:
            return ()
        if isinstance(element, RawDataElement) and _is_short(element, keyword):
            charset = dataset.original_character_set
            known = charset if isinstance(charset, str) else tuple(charset)
            return _converted(
                _tag(keyword),
                element.VR,
                element.value,
                element.is_implicit_VR,
                element.is_little_endian,
                known,
            )
        return _listed(dataset[_tag(keyword)].value)
    except Exception as error:
        # as in _parse: decoding a broken value raises anything
        raise BadValue(keyword) from error


def _element(dataset: Dataset, keyword: str) -> DataElement | RawDataElement | None:
    """An element as it is: raw where nobody looked at it yet, though pydicom's type does not say so."""
    return dataset.get_item(_tag(keyword))


@functools.cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _is_short(element: RawDataElement, keyword: str) -> bool:
    kind = element.VR or dictionary_VR(_tag(keyword))
    return kind in _PLAIN_KINDS and 0 < len(element.value or b"") <= _SHORT


@functools.lru_cache(maxsize=4096)
def _converted(
    tag: BaseTag, kind: str | None, value: bytes, implicit: bool, little: bool, charset: str | tuple[str, ...]
) -> tuple[str, ...]:
    """Let pydicom convert an element; those of one series are mostly the same in all its slices."""
    raw = RawDataElement(tag, kind, len(value), value, 0, implicit, little)
    encoding = charset if isinstance(charset, str) else list(charset)
    return _listed(convert_raw_data_element(raw, encoding=encoding).value)


def _listed(value: object) -> tuple[str, ...]:
    many = value if isinstance(value, list | MultiValue) else [value]
    return tuple(told for told in (str(one) for one in many if one is not None) if told)


def forget_values() -> None:
    """Keep nothing of what was read: it may be a patient's."""
    _converted.cache_clear()


def texts(dataset: Dataset, keyword: str) -> tuple[str, ...]:
    """Every value of an element as stripped text; empty where missing or undecodable."""
    try:
        return tuple(value.strip(" \0") for value in values_of(dataset, keyword))
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
        result = tuple(float(value) for value in values_of(dataset, keyword))
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
