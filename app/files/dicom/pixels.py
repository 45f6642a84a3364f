"""Read the stored integers of one slice, exactly as they came."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.tag import Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from app.domain.errors import Cancelled
from app.files.dicom.archive import read_start
from app.files.dicom.decompress import PLUGINS, Decoder
from app.files.dicom.found import PixelForm
from app.files.dicom.headers import HEADER_LIMIT, inflated, text
from app.files.dicom.heads import recall

UNCOMPRESSED = frozenset({ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian})
ENCODINGS = UNCOMPRESSED | {DeflatedExplicitVRLittleEndian} | PLUGINS.keys()

_PIXEL_DATA = int(Tag("PixelData"))
_ALL_BITS = 16


class BadPixels(Exception):  # noqa: N818 - a verdict on a file
    """A slice that cannot be read; ``code`` and ``values`` of the refusal."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def read_slice(path: Path, form: PixelForm, sop_uid: str) -> npt.NDArray[np.integer]:
    """Stored integers of a file with one slice; as :func:`read_slices`, but of shape (rows, cols)."""
    only: npt.NDArray[np.integer] = read_slices(path, form, sop_uid, (0,))[0]
    return only


def read_slices(
    path: Path, form: PixelForm, sop_uid: str, frames: Sequence[int], decoder: Decoder | None = None
) -> npt.NDArray[np.integer]:
    """Stored integers of some slices of one file, in any encoding of :data:`ENCODINGS`.

    Parameters
    ----------
    path : Path
        The file.
    form : PixelForm
        What its header said of the pixels.
    sop_uid : str
        SOP Instance UID that its header gave.
    frames : sequence of int
        Which slices, counted from 0, each below ``form.frames``.
    decoder : Decoder or None
        Kept by whoever reads many files; one for this file alone where None.

    Returns
    -------
    ndarray of int16 or uint16, shape (len(frames), rows, cols)
        In the computer's byte order, shifted so that the lowest bit in use is bit 0.

    Raises
    ------
    BadPixels
        ``file.unreadable``, ``file.broken``, ``file.changed``, ``pixels.truncated``, ``pixels.length`` or
        ``pixels.unused_bits``.
    """
    data = _read(path, _expected(form))
    try:
        with contextlib.ExitStack() as own:
            decoder = decoder or own.enter_context(Decoder())
            syntax, pixels = _content(path, data, form, sop_uid)
            stored = _decode(pixels, syntax, form, frames, decoder)
    except (BadPixels, Cancelled):
        raise
    except Exception as error:
        # pydicom raises whatever the broken bytes provoke, of any type
        raise BadPixels("file.broken") from error
    return _in_use(stored, form)


def _expected(form: PixelForm) -> int:
    return 2 * form.shape[0] * form.shape[1] * form.frames


def _read(path: Path, expected: int) -> bytes:
    limit = expected + HEADER_LIMIT
    try:
        data = read_start(path, limit + 1)
    except OSError as error:
        raise BadPixels("file.unreadable", reason=error.strerror or type(error).__name__) from error
    if len(data) > limit:
        raise BadPixels("pixels.length", expected=expected, found=len(data))
    return data


def _content(path: Path, data: bytes, form: PixelForm, sop_uid: str) -> tuple[UID, bytes]:
    """Transfer syntax and pixel data of a file that is still the one that was found."""
    recalled = recall(path, data)
    if recalled is None:
        found_uid, syntax, pixels = _parse(data, form)
    else:
        (found_uid, syntax, *_), pixels = recalled
    if found_uid != sop_uid:
        raise BadPixels("file.changed" if found_uid else "file.broken")
    return UID(syntax), pixels


def _parse(data: bytes, form: PixelForm) -> tuple[str, str, bytes]:
    """SOP Instance UID, transfer syntax and pixel data."""
    plain = inflated(data, _expected(form) + HEADER_LIMIT)
    # the few elements needed here are half the time of reading them all
    dataset = pydicom.dcmread(io.BytesIO(plain), force=True, specific_tags=["SOPInstanceUID", "PixelData"])
    uid, syntax = text(dataset, "SOPInstanceUID"), text(dataset.file_meta, "TransferSyntaxUID")
    element = dataset.get_item(_PIXEL_DATA)
    return uid, syntax, bytes((element.value if element is not None else None) or b"")


def _decode(
    pixels: bytes, syntax: UID, form: PixelForm, frames: Sequence[int], decoder: Decoder
) -> npt.NDArray[np.integer]:
    kind = "i2" if form.signed else "u2"
    if syntax in PLUGINS:
        return np.stack([decoder.decode(pixels, syntax, form, index) for index in frames]).astype(kind)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    every = np.frombuffer(_whole(pixels, form), order + kind).reshape(form.frames, *form.shape)
    return every[list(frames)].astype(kind, copy=False)


def _whole(pixels: bytes, form: PixelForm) -> bytes:
    expected = _expected(form)
    # longer is as wrong as shorter: then rows, columns or bits are not what the header says
    if len(pixels) != expected:
        code = "pixels.truncated" if len(pixels) < expected else "pixels.length"
        raise BadPixels(code, expected=expected, found=len(pixels))
    return pixels


def _in_use(stored: npt.NDArray[np.integer], form: PixelForm) -> npt.NDArray[np.integer]:
    """Refuse slices whose unused bits hold something else than the sign, and drop those bits."""
    if form.bits == _ALL_BITS:
        return stored
    low = -(1 << (form.bits - 1)) if form.signed else 0
    shifted: npt.NDArray[np.integer] = stored >> form.shift
    below = np.any(stored & ((1 << form.shift) - 1))
    if below or shifted.min() < low or shifted.max() >= low + (1 << form.bits):
        raise BadPixels("pixels.unused_bits", bits=form.bits)
    return shifted
