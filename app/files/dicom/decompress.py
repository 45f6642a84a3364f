"""Undo lossless compression; what may crash over a damaged stream runs in a process of its own.

GDCM reads JPEG lossless and JPEG-LS, but a damaged stream can end the process it runs in. pydicom (RLE) and
OpenJPEG (JPEG 2000, HTJ2K) answer damage with an exception and stay in ours.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    UID,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from app.files.dicom.found import PixelForm
from app.files.dicom.headers import quietly
from app.files.dicom.worker import Serve, Worker

# each gives back every stored integer; the plug-in is fixed, so that no result depends on what is installed
PLUGINS: dict[UID, str] = {
    RLELossless: "pydicom",
    JPEGLossless: "gdcm",
    JPEGLosslessSV1: "gdcm",
    JPEGLSLossless: "gdcm",
    JPEG2000Lossless: "pylibjpeg",
    HTJ2KLossless: "pylibjpeg",
    HTJ2KLosslessRPCL: "pylibjpeg",
}
_KEPT_APART = "gdcm"
_ALL_BITS = 16
# starting the process included; a sound slice takes milliseconds
PATIENCE_S = 30.0


def decompress(pixels: bytes, syntax: UID, form: PixelForm, index: int) -> npt.NDArray[np.generic]:
    """One slice, with the form that its header promised.

    Parameters
    ----------
    pixels : bytes
        The whole encapsulated pixel data.
    syntax : UID
        Transfer syntax, one of :data:`PLUGINS`.
    form : PixelForm
        What the header says of the pixels.
    index : int
        Which slice, counted from 0.

    Raises
    ------
    Exception
        Whatever the plug-in raises over damaged data.
    """
    # pydicom declares the type of each of these as the type of all
    options: Any = {
        "rows": form.shape[0],
        "columns": form.shape[1],
        "number_of_frames": form.frames,
        "samples_per_pixel": 1,
        "photometric_interpretation": "MONOCHROME2",
        "bits_allocated": _ALL_BITS,
        "bits_stored": form.bits,
        "pixel_representation": int(form.signed),
        "pixel_keyword": "PixelData",
    }
    decoded, _ = get_decoder(syntax).as_array(
        pixels, index=index, raw=True, decoding_plugin=PLUGINS[syntax], **options
    )
    return decoded.reshape(form.shape)


def serve(connection: Connection) -> None:
    """Answer pieces of work until the other side closes; the body of the process."""
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt), quietly():
        while True:
            pixels, syntax, form, index = connection.recv()
            connection.send(_answer(pixels, UID(syntax), form, index))


def _answer(pixels: bytes, syntax: UID, form: PixelForm, index: int) -> npt.NDArray[np.generic] | str:
    try:
        return decompress(pixels, syntax, form, index)
    except Exception as problem:  # noqa: BLE001 - a plug-in raises anything over broken bytes
        return type(problem).__name__


def nothing() -> None:
    """Look at nothing: nobody can ask this work to stop."""


@dataclass(slots=True)
class Decoder:
    """Decompresses slices, the dangerous ones apart; a context manager that ends its process.

    Attributes
    ----------
    body : callable
        What runs in the process.
    patience_s : float
        Seconds one slice may take.
    look : callable
        Called before each slice and while one is waited for; raises Cancelled.
    """

    body: Serve = serve
    patience_s: float = PATIENCE_S
    look: Callable[[], None] = nothing
    _worker: Worker | None = field(default=None)

    def __enter__(self) -> Self:
        """Start nothing yet: most exams need no process."""
        return self

    def __exit__(self, *_: object) -> None:
        """End the process."""
        if self._worker is not None:
            self._worker.stop()

    def decode(self, pixels: bytes, syntax: UID, form: PixelForm, index: int) -> npt.NDArray[np.generic]:
        """One slice, as :func:`decompress`.

        Raises
        ------
        Cancelled
            When the user asked to stop.
        Exception
            Over damaged data, also when the process died or hung over it.
        """
        self.look()
        if PLUGINS[syntax] != _KEPT_APART:
            return decompress(pixels, syntax, form, index)
        if self._worker is None:
            # every file gets its chance, however many before it were broken
            self._worker = Worker(self.body, lives=sys.maxsize)
        self._worker.give((pixels, str(syntax), form, index))
        answer = self._worker.take(self.look, self.patience_s)
        if not isinstance(answer, np.ndarray):
            raise ValueError(f"not decoded: {answer}")  # noqa: TRY004 - the data are wrong, no type of ours
        return answer
