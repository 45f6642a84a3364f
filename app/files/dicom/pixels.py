"""Read the stored integers of one slice, exactly as they came."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from app.files.dicom.found import PixelForm
from app.files.dicom.headers import HEADER_LIMIT

_PIXEL_DATA = int(Tag("PixelData"))
_ALL_BITS = 16


class BadPixels(Exception):  # noqa: N818 - a verdict on a file
    """A slice that cannot be read; ``code`` and ``values`` of the refusal."""

    def __init__(self, code: str, **values: str | int) -> None:
        super().__init__(code)
        self.code = code
        self.values = values


def read_slice(path: Path, form: PixelForm, sop_uid: str) -> npt.NDArray[np.integer]:
    """Stored integers of one uncompressed or RLE-compressed 16-bit slice.

    Parameters
    ----------
    path : Path
        The file.
    form : PixelForm
        What its header said of the pixels.
    sop_uid : str
        SOP Instance UID that its header gave.

    Returns
    -------
    ndarray of int16 or uint16, shape (rows, cols)
        In the computer's byte order.

    Raises
    ------
    BadPixels
        ``file.unreadable``, ``file.broken``, ``file.changed``, ``pixels.truncated``, ``pixels.length`` or
        ``pixels.unused_bits``.
    """
    data = _read(path, 2 * form.shape[0] * form.shape[1])
    try:
        stored = _decode(data, form, sop_uid)
    except BadPixels:
        raise
    except Exception as error:
        # pydicom raises whatever the broken bytes provoke, of any type
        raise BadPixels("file.broken") from error
    _check_unused_bits(stored, form)
    return stored


def _read(path: Path, expected: int) -> bytes:
    limit = expected + HEADER_LIMIT
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise BadPixels("file.unreadable", reason=error.strerror or type(error).__name__) from error
    if len(data) > limit:
        raise BadPixels("pixels.length", expected=expected, found=len(data))
    return data


def _decode(data: bytes, form: PixelForm, sop_uid: str) -> npt.NDArray[np.integer]:
    # the few elements needed here are half the time of reading them all
    dataset = pydicom.dcmread(io.BytesIO(data), force=True, specific_tags=["SOPInstanceUID", "PixelData"])
    found_uid = str(dataset.get("SOPInstanceUID", "")).strip(" \0")
    if found_uid != sop_uid:
        raise BadPixels("file.changed" if found_uid else "file.broken")
    kind = "i2" if form.signed else "u2"
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if syntax == RLELossless:
        return _in_form(pydicom.dcmread(io.BytesIO(data)).pixel_array, form, kind)
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    return _in_form(np.frombuffer(_raw_pixels(dataset, form), order + kind), form, kind)


def _raw_pixels(dataset: Dataset, form: PixelForm) -> bytes:
    element = dataset.get_item(_PIXEL_DATA)
    pixels = (element.value if element is not None else None) or b""
    expected = 2 * form.shape[0] * form.shape[1]
    # longer is as wrong as shorter: then rows, columns or bits are not what the header says
    if len(pixels) != expected:
        code = "pixels.truncated" if len(pixels) < expected else "pixels.length"
        raise BadPixels(code, expected=expected, found=len(pixels))
    return bytes(pixels)


def _in_form(pixels: npt.NDArray[np.generic], form: PixelForm, kind: str) -> npt.NDArray[np.integer]:
    result: npt.NDArray[np.integer] = pixels.reshape(form.shape).astype(kind, copy=False)
    return result


def _check_unused_bits(stored: npt.NDArray[np.integer], form: PixelForm) -> None:
    """Refuse a slice whose bits above the stored ones hold something else than the sign."""
    if form.bits == _ALL_BITS:
        return
    low = -(1 << (form.bits - 1)) if form.signed else 0
    if stored.min() < low or stored.max() >= low + (1 << form.bits):
        raise BadPixels("pixels.unused_bits", bits=form.bits)
