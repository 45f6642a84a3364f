"""Slices whose headers are the same but for their own number and place: checked once for all of them.

Checking a header costs as much as reading it, and of the slices of one map only UID and position differ. The
bytes of everything else decide, so a twin is not like the first one, it is the same.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

from app.files.dicom.archive import file_size
from app.files.dicom.headers import BadValue, numbers, text
from app.files.dicom.image import Image

# SOP Instance UID and Image Position: what a slice has to itself
_OWN = frozenset({0x00080018, 0x00200032})
_CHARACTER_SET = 0x00080005


@dataclass(slots=True)
class Twins:
    """The first slice of each kind, and how long the shortest file of that kind was that passed."""

    _first: dict[Hashable, Image] = field(default_factory=dict)
    _size: dict[Hashable, int] = field(default_factory=dict)

    def find(self, path: Path, dataset: Dataset, key: Hashable) -> Image | None:
        """What a file shows, where one like it was accepted before.

        Parameters
        ----------
        path : Path
            The file.
        dataset : Dataset
            Its header.
        key : Hashable
            Its :func:`kind_of`.

        Returns
        -------
        Image or None
            None where it must be checked itself.
        """
        first = self._first.get(key)
        sop_uid = text(dataset, "SOPInstanceUID")
        if first is None or not sop_uid:
            return None
        try:
            x, y, z = numbers(dataset, "ImagePositionPatient", 3)
            # a shorter one may end before its pixels do
            whole = file_size(path) >= self._size[key]
        except (BadValue, OSError):
            return None
        return replace(first, path=path, sop_uid=sop_uid, position=(x, y, z)) if whole else None

    def keep(self, image: Image, key: Hashable) -> None:
        """Take an accepted slice as an example for others."""
        try:
            size = file_size(image.path)
        except OSError:
            return
        if key is not None:
            self._first.setdefault(key, image)
            self._size[key] = min(size, self._size.get(key, size))


def kind_of(dataset: Dataset) -> Hashable:
    """Everything but a slice's own elements, byte by byte; None where one cannot be compared so.

    Parameters
    ----------
    dataset : Dataset
        As :func:`app.files.dicom.headers.read_header` gives it: looking at an element decodes it.
    """
    parts: list[Hashable] = [text(dataset.file_meta, "TransferSyntaxUID")]
    for element in dataset.values():
        if isinstance(element, RawDataElement):
            if element.tag not in _OWN:
                parts.append((int(element.tag), element.VR, element.value, element.is_little_endian))
        elif element.tag == _CHARACTER_SET:
            # pydicom decodes this one itself, to decode the others by it
            parts.append(str(element.value))
        else:
            return None
    return tuple(parts)
