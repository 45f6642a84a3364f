"""The second look: files whose meaning needs more of the header than the quick first look reads.

Most files of a disc are no maps, and reading their whole headers would cost more than everything else. The
whole header is read of Philips' and UIH's maps, of maps with a Real World Value Mapping, of multi-frame
files, and of those without a role in whose bytes a code or a private type of a map stands. Of files that the
sift could not tell apart, one of each length is looked at for all.
"""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.archive import file_size, open_file
from app.files.dicom.classify import NoRole, Role, answered, role_of
from app.files.dicom.enhanced import read_whole_header, slices_of
from app.files.dicom.evidence import evidence_of, vendor_of
from app.files.dicom.found import Notice, Refusal
from app.files.dicom.headers import BadValue, inflated
from app.files.dicom.image import Image, Unfit, image_of
from app.files.dicom.scan import Scanned
from app.files.dicom.slices import Slice, slice_of, slice_of_plain
from app.files.dicom.walk import unreadable

_MAPPINGS = "RealWorldValueMappingSequence"
_PRIVATE_VENDORS = frozenset({"philips", "uih"})
_ENHANCED = "object.enhanced_not_supported_yet"
_MAPPED = "scale.mapping_not_supported_yet"
# the mapping's tag or Philips' private image type in either byte order; the types that are maps or their kin
_CODES = re.compile(rb"129100|126395|113064")
_MAPPING_TAGS = (b"\x40\x00\x96\x90", b"\x00\x40\x90\x96")
_PHILIPS_TYPE = re.compile(
    rb"(?:\x05\x20\x11.|\x20\x05.\x11).{4}(?:FF|W|F|IP|OP|R2_STAR|T2_STAR|FAT_FRACTION|WATER|FAT|IN_PHASE"
    rb"|OUT_OF_PHASE)(?![A-Z0-9_])",
    re.DOTALL,
)
_GLANCE = 128 * 2**10


@dataclass(slots=True)
class Closer:
    """What the second look gave.

    Attributes
    ----------
    slices : list of Slice
        Slices with role and rule, in order of path.
    refused : list of Refusal
        Every other file.
    notices : dict of Path to Notice
        Multi-frame files of which frames were left out.
    several : list of Path
        Multi-frame files that have no role at all.
    """

    slices: list[Slice] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notices: dict[Path, Notice] = field(default_factory=dict)
    several: list[Path] = field(default_factory=list)


@dataclass(slots=True)
class _Glances:
    """Which files without a role are worth reading whole, each kind of them looked at once."""

    scanned: Scanned
    known: dict[tuple[Path, int], bool] = field(default_factory=dict)

    def worth(self, path: Path) -> bool:
        stray = self.scanned.strays.get(path)
        # Philips tells the images of one series apart by a private type of one length
        if stray is None or vendor_of(stray.manufacturer) == "philips":
            return _worth_it(path)
        try:
            # a mapping makes a file longer than its brothers without one
            key = self.scanned.like.get(path, path), file_size(path)
        except OSError:
            return False
        if key not in self.known:
            self.known[key] = _worth_it(path)
        return self.known[key]


def look_closer(scanned: Scanned, progress: Progress) -> Closer:
    """Complete what the first look found.

    Parameters
    ----------
    scanned : Scanned
        Every file once.
    progress : Progress
        Told of every file that is looked at again.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    closer = Closer()
    glances = _Glances(scanned)
    total = len(scanned.images) + len(scanned.refused)
    for done, image in enumerate(scanned.images):
        progress.report(done, total)
        _add(closer, image.path, _complete(image))
    for done, refusal in enumerate(scanned.refused, start=len(scanned.images)):
        progress.report(done, total)
        if refusal.code == _ENHANCED:
            _add_frames(closer, refusal.path)
        elif refusal.code == _MAPPED or (refusal.code == "role.none" and glances.worth(refusal.path)):
            _add(closer, refusal.path, read_slice(refusal.path))
        else:
            closer.refused.append(refusal)
    closer.slices.sort(key=lambda one: one.image.path)
    return closer


def _add(closer: Closer, path: Path, verdict: Slice | Refusal) -> None:
    if isinstance(verdict, Slice):
        closer.slices.append(verdict)
    else:
        closer.refused.append(replace(verdict, path=path))


def _add_frames(closer: Closer, path: Path) -> None:
    verdict = slices_of(path)
    if isinstance(verdict, Refusal):
        closer.refused.append(verdict)
        if verdict.code == "role.none":
            closer.several.append(path)
        return
    slices, notice = verdict
    closer.slices.extend(slices)
    if notice is not None:
        closer.notices[path] = notice


def _complete(image: Image) -> Slice | Refusal:
    """Give an image that the first look accepted its rule."""
    try:
        if vendor_of(image.manufacturer) not in _PRIVATE_VENDORS:
            return slice_of_plain(image)
        evidence = evidence_of(read_whole_header(image.path))
        role = role_of(evidence)
        if isinstance(role, NoRole):
            return Refusal(image.path, role.code, role.values)
        return slice_of(replace(image, role=role), evidence)
    except (Unfit, BadValue, OSError) as problem:
        return refusal_of(image.path, problem)


def read_slice(path: Path, told: Role | None = None) -> Slice | Refusal:
    """Judge a classic image anew, from its whole header.

    Parameters
    ----------
    path : Path
        Its file.
    told : Role or None
        What a person says it shows; heard only where the header says nothing.

    Returns
    -------
    Slice or Refusal
        ``role.none`` where nothing new is said.
    """
    try:
        header = read_whole_header(path)
        evidence = evidence_of(header)
        role = role_of(evidence) if told is None else answered(told, evidence)
        if isinstance(role, NoRole):
            return Refusal(path, role.code, role.values)
        if evidence.mappings:
            # judged here; the classic reader refuses what it does not know
            del header[_MAPPINGS]
        image = image_of(path, header, role)
        return image if isinstance(image, Refusal) else slice_of(image, evidence)
    except (Unfit, BadValue, OSError) as problem:
        return refusal_of(path, problem)


def refusal_of(path: Path, problem: Unfit | BadValue | OSError) -> Refusal:
    """What goes wrong while a header is read, as the reason why its file is not used."""
    if isinstance(problem, Unfit):
        return Refusal(path, problem.code, problem.values)
    if isinstance(problem, BadValue):
        return Refusal(path, "header.bad_value", {"tag": problem.keyword})
    return unreadable(path, problem)


def _worth_it(path: Path) -> bool:
    """Whether the bytes in front of the pixels hold a code or a private type of a map."""
    try:
        with open_file(path) as file:
            data = inflated(file.read(_GLANCE), _GLANCE)
    except (OSError, zlib.error):
        return False
    if any(tag in data for tag in _MAPPING_TAGS) and _CODES.search(data):
        return True
    return _PHILIPS_TYPE.search(data) is not None
