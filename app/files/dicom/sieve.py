"""The far side of the sift: a process of its own that reads a few elements of many files quickly.

GDCM's scanner reads files several times faster than pydicom, but it believes what a damaged file says of
its lengths: it may fill the memory, hang or abort the process, and while it reads no other thread runs. So it
never runs inside the program. This module is all that its process loads.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any

# Values of one file in the order of TAGS, None for a missing element; None for a file the sift cannot judge.
Values = tuple[str | None, ...]

# everything that decides what a plain image is; the last tells the slices of one series apart
TAGS = (
    ("TransferSyntaxUID", 0x0002, 0x0010),
    ("ImageType", 0x0008, 0x0008),
    ("SOPClassUID", 0x0008, 0x0016),
    ("Modality", 0x0008, 0x0060),
    ("Manufacturer", 0x0008, 0x0070),
    ("SeriesDescription", 0x0008, 0x103E),
    ("ManufacturerModelName", 0x0008, 0x1090),
    ("ScanningSequence", 0x0018, 0x0020),
    ("SequenceName", 0x0018, 0x0024),
    ("ProtocolName", 0x0018, 0x1030),
    ("StudyInstanceUID", 0x0020, 0x000D),
    ("SeriesInstanceUID", 0x0020, 0x000E),
    ("FrameOfReferenceUID", 0x0020, 0x0052),
    ("SamplesPerPixel", 0x0028, 0x0002),
    ("PhotometricInterpretation", 0x0028, 0x0004),
    ("NumberOfFrames", 0x0028, 0x0008),
    ("Rows", 0x0028, 0x0010),
    ("Columns", 0x0028, 0x0011),
    ("RescaleType", 0x0028, 0x1054),
    ("ImageOrientationPatient", 0x0020, 0x0037),
)
KEYWORDS = tuple(keyword for keyword, _, _ in TAGS)

_HEAD_BYTES = 1024
_PREAMBLE = slice(128, 132)
# a deflated file could be inflated without bound
_DEFLATED = b"1.2.840.10008.1.2.1.99"
# a length that a damaged file makes up is reserved before it is read
_MEMORY_LIMIT = 2**30


def serve(connection: Connection) -> None:
    """Answer lists of file names until the other side closes; the body of the process."""
    limit_memory()
    with contextlib.suppress(EOFError, OSError, KeyboardInterrupt):
        while True:
            connection.send(read_values(connection.recv()))


def limit_memory() -> None:
    """Make a made-up length fail quickly, where the system knows such limits."""
    if sys.platform == "win32":
        return
    import resource  # noqa: PLC0415 - not on Windows

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_LIMIT, resource.getrlimit(resource.RLIMIT_AS)[1]))


def read_values(names: Sequence[str]) -> list[Values | None]:
    """Read the elements of :data:`TAGS` from each file.

    Parameters
    ----------
    names : sequence of str
        Paths of files.

    Returns
    -------
    list of Values or None
        In the order of ``names``; None for what has no preamble, is deflated or cannot be read.
    """
    gdcm = _gdcm()
    tags = [gdcm.Tag(group, element) for _, group, element in TAGS]
    # a scanner of its own for each call: it keeps every value it has seen
    scanner = gdcm.Scanner()
    for tag in tags:
        scanner.AddTag(tag)
    plain = [name for name in names if _is_plain(name)]
    scanner.Scan(plain)
    known = set(plain)
    return [
        tuple(scanner.GetValue(name, tag) for tag in tags) if name in known and scanner.IsKey(name) else None
        for name in names
    ]


def _is_plain(name: str) -> bool:
    try:
        # GDCM takes names as UTF-8
        name.encode()
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123 - names, not paths, cross the process border
            head = file.read(_HEAD_BYTES)
    except (OSError, UnicodeEncodeError):
        return False
    return head[_PREAMBLE] == b"DICM" and _DEFLATED not in head


def _gdcm() -> Any:
    """GDCM, silent: what it says of broken files quotes their values."""
    with warnings.catch_warnings():
        # generated code of older style warns of itself
        warnings.simplefilter("ignore", DeprecationWarning)
        import gdcm  # noqa: PLC0415 - the program itself never loads it for this
    gdcm.Trace.DebugOff()
    gdcm.Trace.WarningOff()
    gdcm.Trace.ErrorOff()
    return gdcm
