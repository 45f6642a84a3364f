"""Where the pixels of a file begin, remembered from the first look until its voxels are read.

Reading a header costs more than reading the voxels behind it, and an import needs both. Where the bytes in
front of the pixels are still those that were parsed before, pydicom goes on from there.
"""

from __future__ import annotations

import hashlib
import io
import threading
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

from pydicom.dataelem import RawDataElement
from pydicom.filereader import data_element_generator

# enough for a study of many maps; what was forgotten is parsed again
_KEPT = 10_000
_PIXEL_DATA = 0x7FE00010


class Known(NamedTuple):
    """What a header said when it was parsed.

    Attributes
    ----------
    sop_uid, syntax : str
        SOP Instance UID and Transfer Syntax UID.
    implicit, little : bool
        How the elements behind it are encoded.
    """

    sop_uid: str
    syntax: str
    implicit: bool
    little: bool


class _Head(NamedTuple):
    digest: bytes
    length: int
    known: Known


_heads: OrderedDict[Path, _Head] = OrderedDict()
_lock = threading.Lock()


def remember(path: Path, head: bytes, known: Known) -> None:
    """Keep where the pixels of a file begin.

    Parameters
    ----------
    path : Path
        The file.
    head : bytes
        Everything in front of its pixel element, as it lies on the disc.
    known : Known
        What pydicom made of it.
    """
    with _lock:
        _heads[path] = _Head(_digest(head), len(head), known)
        _heads.move_to_end(path)
        if len(_heads) > _KEPT:
            _heads.popitem(last=False)


def recall(path: Path, data: bytes) -> tuple[Known, bytes] | None:
    """Pixel data of a file whose header was parsed before.

    Parameters
    ----------
    path : Path
        The file.
    data : bytes
        The whole file as it is now.

    Returns
    -------
    known : Known
        What its header says.
    pixels : bytes
        Value of its pixel element, empty where there is none.

    None where the header is not remembered, or is another one by now.

    Raises
    ------
    Exception
        Whatever pydicom raises over damaged data.
    """
    head = _heads.get(path)
    if head is None or _digest(data[: head.length]) != head.digest:
        return None
    rest = io.BytesIO(data)
    rest.seek(head.length)
    pixels = b""
    how = (rest, head.known.implicit, head.known.little)
    # to the end of the file: of several the last one counts, as where pydicom reads it whole
    for element in data_element_generator(*how, specific_tags=[_PIXEL_DATA]):
        if element.tag == _PIXEL_DATA and isinstance(element, RawDataElement):
            pixels = element.value or b""
    return head.known, pixels


def forget() -> None:
    """Forget every file."""
    with _lock:
        _heads.clear()


def _digest(head: bytes) -> bytes:
    return hashlib.blake2b(head, digest_size=16).digest()
