"""Where the voxels lie in a NIfTI, NRRD or MetaImage file, and what its bytes say.

The library that reads these files fills up what a truncated file lacks, takes no notice of a wrong checksum,
makes 0 of what is no number in a NIfTI file, and over some damaged headers gives whatever the memory held. So
the bytes are counted and read here as well, and both readings must agree.
"""

from __future__ import annotations

import math
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from app.files.dicom.archive import file_size, open_file
from app.files.dicom.pixels import BadPixels

NIFTI, NRRD, METAIMAGE = "nifti", "nrrd", "metaimage"
SUFFIXES = {
    ".nii": NIFTI,
    ".nii.gz": NIFTI,
    ".nrrd": NRRD,
    ".nhdr": NRRD,
    ".mha": METAIMAGE,
    ".mhd": METAIMAGE,
}
# bytes of voxels as the file stores them; a spine map has 30 million
SIZE_LIMIT = 2**31

_GZIP = b"\x1f\x8b"
# gzip or zlib, whichever it begins with
_ANY_ZLIB = zlib.MAX_WBITS | 32
_PIECE = 1 << 20
_TEXT_LIMIT = 1 << 16
_NIFTI_HEADER = 348
_NIFTI_MAGIC = slice(344, 348)
_NIFTI2 = (b"\x1c\x02\0\0n+2\0", b"\0\0\x02\x1cn+2\0")
# kinds of number; what is missing is complex, colour or longer than any library reads
_NIFTI_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8"
}  # fmt: skip
_DIMENSIONS = 3
_NRRD_END = re.compile(rb"\r?\n\r?\n")
_META_START = re.compile(rb"^(ObjectType|NDims) *=", re.MULTILINE)
_META_END = re.compile(rb"^ElementDataFile *=[^\n]*(\n|$)", re.MULTILINE)
# by their shortest names: NRRD allows several for each
_NRRD_TYPES = {
    "char": "i1", "int8": "i1", "uchar": "u1", "unsigned char": "u1", "uint8": "u1",
    "short": "i2", "int16": "i2", "ushort": "u2", "unsigned short": "u2", "uint16": "u2",
    "int": "i4", "int32": "i4", "uint": "u4", "unsigned int": "u4", "uint32": "u4",
    "long long": "i8", "longlong": "i8", "int64": "i8",
    "unsigned long long": "u8", "ulonglong": "u8", "uint64": "u8", "float": "f4", "double": "f8",
}  # fmt: skip
_NRRD_WORDS = re.compile(r"^signed |(?<=short|.long) int$|_t$")
_META_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2",
    "MET_INT": "i4", "MET_UINT": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8",
    "MET_FLOAT": "f4", "MET_DOUBLE": "f8",
}  # fmt: skip
_NRRD_SPACES = frozenset(
    {"left-posterior-superior", "right-anterior-superior", "left-anterior-superior", "lps", "ras", "las"}
)


class BadVolume(BadPixels):
    """A volume file cannot be used; ``code`` (``volume.*``) and ``values`` of the refusal."""


@dataclass(frozen=True, slots=True)
class Layout:
    """What has to be known to find and read the bytes.

    Attributes
    ----------
    kind : str
        ``nifti``, ``nrrd`` or ``metaimage``.
    data : Path
        The file with the voxels: the volume itself, or its partner.
    start : int
        Bytes in front of the voxels, counted after decompression where the whole file is packed.
    shape : tuple of int
        ``(slices, rows, cols)`` as stored: the last index runs fastest.
    number : str
        Kind of number and its byte order, such as ``<i2``.
    packed : str
        Empty, ``file`` where the whole file is compressed, ``voxels`` where only these are.
    line : tuple of float
        Slope and intercept that belong to the numbers; 1 and 0 without.
    """

    kind: str
    data: Path
    start: int
    shape: tuple[int, int, int]
    number: str
    packed: str
    line: tuple[float, float] = (1.0, 0.0)

    @property
    def size(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.shape) * np.dtype(self.number).itemsize


def kind_by_name(path: Path) -> str:
    """``nifti``, ``nrrd`` or ``metaimage`` by the end of the name, empty for any other file."""
    name = path.name.lower()
    return next((kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix)), "")


def layout_of(path: Path) -> Layout:
    """Read the header of a volume file as far as the size of its voxels goes.

    Parameters
    ----------
    path : Path
        On disc or in an archive.

    Raises
    ------
    BadVolume
        When it is not what its name says, or holds something else than one stack of plain numbers.
    OSError
        When it cannot be read.
    """
    kind = kind_by_name(path)
    with open_file(path) as file:
        start = file.read(_TEXT_LIMIT)
    if kind == NIFTI:
        layout = _nifti(path, start)
    elif kind == NRRD and start.startswith(b"NRRD000"):
        layout = _nrrd(path, start)
    elif kind == METAIMAGE and _META_START.search(start):
        layout = _metaimage(path, start)
    else:
        raise BadVolume("volume.other_content")
    if layout.size > SIZE_LIMIT:
        raise BadVolume("volume.too_large", megabytes=layout.size >> 20, limit=SIZE_LIMIT >> 20)
    return layout


def check_length(layout: Layout) -> None:
    """Count the bytes of a file that is not packed.

    Raises
    ------
    BadVolume
        ``volume.length`` with the bytes found and expected.
    OSError
        When the file is not there.
    """
    if not layout.packed:
        _expect(file_size(layout.data) - layout.start, layout.size)


def voxels_of(layout: Layout) -> npt.NDArray[Any]:
    """The numbers as the bytes say them, of shape (slices, rows, cols), without slope and intercept.

    Raises
    ------
    BadVolume
        ``volume.length`` with the bytes found and expected, or ``volume.damaged``.
    OSError
        When the file cannot be read.
    """
    check_length(layout)
    skip = layout.start if layout.packed == "file" else 0
    expected = skip + layout.size
    with open_file(layout.data) as file:
        if layout.packed != "file":
            file.seek(layout.start)
        # a byte more than expected tells that there are more
        data = b"".join(_unpacked(file, expected + 1)) if layout.packed else file.read(expected)
    _expect(len(data), expected)
    return np.frombuffer(data, layout.number, offset=skip).reshape(layout.shape)


def _expect(found: int, expected: int) -> None:
    if found != expected:
        raise BadVolume("volume.length", found=found, expected=expected)


def _unpacked(file: IO[bytes], limit: int) -> Iterator[bytes]:
    """Inflate gzip or zlib data piece by piece, up to a limit: a few bytes could fill a disc."""
    engine = zlib.decompressobj(_ANY_ZLIB)
    packed = file.read(_PIECE)
    while packed and limit > 0:
        try:
            piece = engine.decompress(packed, min(_PIECE, limit))
        except zlib.error:
            raise BadVolume("volume.damaged") from None
        limit -= len(piece)
        yield piece
        packed = engine.unconsumed_tail
        if engine.eof and engine.unused_data:
            # several packed parts one after the other are one file
            packed, engine = engine.unused_data, zlib.decompressobj(_ANY_ZLIB)
        packed = packed or file.read(_PIECE)
    if limit > 0 and not engine.eof:
        raise BadVolume("volume.damaged")


def _nifti(path: Path, start: bytes) -> Layout:
    packed = "file" if start.startswith(_GZIP) else ""
    if packed:
        try:
            start = zlib.decompressobj(_ANY_ZLIB).decompress(start, _NIFTI_HEADER)
        except zlib.error:
            raise BadVolume("volume.damaged") from None
    if start.startswith(_NIFTI2):
        raise BadVolume("volume.encoding", encoding="NIfTI-2")
    if len(start) < _NIFTI_HEADER or start[_NIFTI_MAGIC] != b"n+1\0":
        raise BadVolume("volume.other_content")
    order = "<" if struct.unpack_from("<i", start)[0] == _NIFTI_HEADER else ">"
    count, *sizes = struct.unpack_from(f"{order}8h", start, 40)
    shape = _shape(sizes[: max(count, 0)])
    datatype, bits = struct.unpack_from(f"{order}hh", start, 70)
    number = order + _known(_NIFTI_TYPES, datatype)
    spacing = struct.unpack_from(f"{order}3f", start, 80)
    offset, slope, intercept = struct.unpack_from(f"{order}3f", start, 108)
    sound = bits == 8 * np.dtype(number).itemsize and _NIFTI_HEADER <= offset < SIZE_LIMIT
    if not sound or not all(0 < part < math.inf for part in spacing):
        raise BadVolume("volume.bad_header")
    if not any(code > 0 for code in struct.unpack_from(f"{order}hh", start, 252)):
        raise BadVolume("volume.no_orientation")
    return Layout(NIFTI, path, int(offset), shape, number, packed, _nifti_line(slope, intercept))


def _nifti_line(slope: float, intercept: float) -> tuple[float, float]:
    """Slope and intercept in force; a slope of 0 or none says that there is no scale."""
    intercept = intercept if math.isfinite(intercept) else 0.0
    if slope != 0 and math.isfinite(slope):
        return slope, intercept
    if intercept != 0:
        # by the standard it does not count; the library adds it all the same
        raise BadVolume("volume.bad_header")
    return 1.0, 0.0


def _nrrd(path: Path, start: bytes) -> Layout:
    fields, end = _fields(start, _NRRD_END, ":")
    shape = _shape(_integers(fields.get("sizes", "")))
    number = _known(_NRRD_TYPES, _NRRD_WORDS.sub("", fields.get("type", "").lower()))
    if fields.get("endian") == "big":
        number = f">{number}"
    encoding = fields.get("encoding", "").lower()
    if encoding not in {"raw", "gzip", "gz"}:
        raise BadVolume("volume.encoding", encoding=encoding or "?")
    _expect_only(fields, byteskip="0", lineskip="0")
    placed = fields.get("space", "").lower() in _NRRD_SPACES
    if not placed or not {"spacedirections", "spaceorigin"} <= fields.keys():
        raise BadVolume("volume.no_orientation")
    if any(unit.strip('"') != "mm" for unit in fields.get("spaceunits", "").split()):
        raise BadVolume("volume.not_millimetres")
    partner = fields.get("datafile", "")
    packed = "" if encoding == "raw" else "voxels"
    return Layout(NRRD, _data_file(path, partner), 0 if partner else end, shape, number, packed)


def _metaimage(path: Path, start: bytes) -> Layout:
    fields, end = _fields(start, _META_END, "=")
    shape = _shape(_integers(fields.get("dimsize", "")))
    number = _known(_META_TYPES, fields.get("elementtype", ""))
    if "True" in {fields.get("binarydatabyteordermsb"), fields.get("elementbyteordermsb")}:
        number = f">{number}"
    if fields.get("elementnumberofchannels", "1") != "1":
        raise BadVolume("volume.not_scalar")
    # the library would leave out what it does not know of slope and offset
    _expect_only(fields, elementtointensityfunctionslope="1", elementtointensityfunctionoffset="0")
    _expect_only(fields, headersize="0", binarydata="True")
    if not {"transformmatrix", "rotation", "orientation"} & fields.keys():
        raise BadVolume("volume.no_orientation")
    if fields.get("distanceunits", "mm") not in {"mm", "?"}:
        raise BadVolume("volume.not_millimetres")
    partner = fields.get("elementdatafile", "")
    partner = "" if partner.upper() == "LOCAL" else partner
    data, begin = _data_file(path, partner), 0 if partner else end
    packed = "voxels" if fields.get("compresseddata", "").lower() == "true" else ""
    return Layout(METAIMAGE, data, begin, shape, number, packed)


def _fields(start: bytes, last: re.Pattern[bytes], mark: str) -> tuple[dict[str, str], int]:
    """Fields of a text header by their names, in small letters without spaces, and where it ends."""
    end = last.search(start)
    stop = end.end() if end else len(start)
    fields: dict[str, str] = {}
    for line in start[:stop].decode("utf-8", "replace").splitlines():
        name, found, value = line.partition(mark)
        # NRRD: a comment, or a key of somebody's own
        if found and not line.startswith("#") and not value.startswith("="):
            fields[name.replace(" ", "").lower()] = value.strip()
    return fields, stop


def _known(kinds: Mapping[Any, str], told: object) -> str:
    if told not in kinds:
        raise BadVolume("volume.not_scalar")
    return kinds[told]


def _expect_only(fields: Mapping[str, str], **usual: str) -> None:
    """Refuse a header in which something rare is set that would change what the bytes mean."""
    for name, value in usual.items():
        if fields.get(name, value) not in {value, f"{value}.0"}:
            raise BadVolume("volume.encoding", encoding=f"{name} {fields[name]}"[:40])


def _integers(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split()]
    except ValueError:
        raise BadVolume("volume.bad_header") from None


def _shape(sizes: list[int]) -> tuple[int, int, int]:
    """``(slices, rows, cols)`` from the sizes in the order of the file, the fastest first."""
    if not sizes or min(sizes) < 1:
        raise BadVolume("volume.bad_header")
    while len(sizes) > _DIMENSIONS and sizes[-1] == 1:
        sizes = sizes[:-1]
    if len(sizes) != _DIMENSIONS:
        raise BadVolume("volume.not_three_dimensional", shape=" × ".join(str(size) for size in sizes[:8]))
    cols, rows, slices = sizes
    return slices, rows, cols


def _data_file(path: Path, partner: str) -> Path:
    """The file with the voxels: a plain name beside the header; it must not lead anywhere else."""
    if not partner:
        return path
    if partner.startswith("LIST") or "%" in partner:
        raise BadVolume("volume.several_files")
    if re.search(r"[\\/:]", partner.removeprefix("./")):
        raise BadVolume("volume.partner_elsewhere")
    try:
        data = path.with_name(partner.removeprefix("./"))
        file_size(data)
    except (OSError, ValueError):
        # a name may also be one that no file can have
        raise BadVolume("volume.partner_missing") from None
    return data
