"""Series of which nothing says what they show: a person is asked, and heard only there.

A question costs one header of each series. The others are read when it is answered, and an image whose own
header says something after all is judged by that.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from app.domain.errors import Value
from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity
from app.domain.progress import Progress
from app.files.dicom.classify import NoRole, Role, answered, open_to_answer
from app.files.dicom.enhanced import Frame, read_frames, read_whole_header, slice_of_frame
from app.files.dicom.evidence import evidence_of
from app.files.dicom.found import Notice, Refusal
from app.files.dicom.headers import BadValue, text
from app.files.dicom.image import Image, Unfit, image_of
from app.files.dicom.look_closer import Closer, read_slice, refusal_of
from app.files.dicom.rules import FACTORS, ScaleRule
from app.files.dicom.scan import Scanned
from app.files.dicom.slices import Slice
from app.files.dicom.wishes import NOTHING, REFERENCE, T2STAR, Answer, Question, SeriesKey

# how images are read of which nobody said yet what they show: as a signal, which no rule scales
UNSAID = Role(Quantity.IN_PHASE, "answer")
_MAPPINGS = "RealWorldValueMappingSequence"
_ORIENTATION = "ImageOrientationPatient"
# scouts that are not labelled as localizers
_SCOUT = re.compile(
    r"locali[sz]er|scout|survey|pilot|(?<![a-z])(3|three)[ -]?(pl(?![a-z])|plane)|定位", re.IGNORECASE
)
# what the units of an answer begin with
_UNITS = {Quantity.FF: "ff.", Quantity.R2STAR: "r2star.", T2STAR: "t2star."}


@dataclass(frozen=True, slots=True)
class Untold:
    """Images of one series of which nothing says what they show.

    Attributes
    ----------
    key : SeriesKey
        By which an answer is remembered.
    image : Image
        The first of them, with a role that means nothing.
    files : tuple of Path
        In order of path.
    frames : tuple of int
        Which frames of the one multi-frame file; empty for classic files.
    of : int
        How many frames that file holds; 0 for classic files.
    """

    key: SeriesKey
    image: Image
    files: tuple[Path, ...]
    frames: tuple[int, ...] = ()
    of: int = 0

    @property
    def tokens(self) -> tuple[str, ...]:
        """Components of Image Type, upper case."""
        return tuple(self.key.image_type.upper().split("\\"))

    @property
    def shape(self) -> tuple[int, int, int]:
        """``(slices, rows, cols)`` if they make one stack."""
        return (len(self.frames or self.files), *self.image.pixels.shape)

    @property
    def plane(self) -> str:
        """As :attr:`app.domain.grid.Grid.plane`, from the first image."""
        image = self.image
        x, y, z = (float(part) for part in np.cross(image.across, image.down))
        axes = ((x, y, z), image.down, image.across)
        return Grid(self.shape, (1.0, *image.spacing_mm), image.position, axes).plane


@dataclass(slots=True)
class Asked:
    """What came of the series without a role.

    Attributes
    ----------
    series : list of Untold
        Those that a person may be asked about, in order of their first file.
    slices : list of Slice
        Images of series that were called maps.
    refused : list of Refusal
        Answered series that are no maps, and images that cannot be used.
    notices : dict of Path to Notice
        Multi-frame files of which frames were left out.
    """

    series: list[Untold] = field(default_factory=list)
    slices: list[Slice] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    notices: dict[Path, Notice] = field(default_factory=dict)

    @property
    def settled(self) -> set[Path]:
        """Files of which it is known now what becomes of them."""
        return {one.image.path for one in self.slices} | {one.path for one in self.refused}


def ask(scanned: Scanned, closer: Closer, answers: Mapping[SeriesKey, Answer], progress: Progress) -> Asked:
    """Find the series to ask about, and read those that were called maps.

    Parameters
    ----------
    scanned : Scanned
        Every file once.
    closer : Closer
        What the second look made of them.
    answers : mapping of SeriesKey to Answer
        What a person said, here or earlier.
    progress : Progress
        Told of every series, and of every image that is read.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    asked = Asked(list(_untold(scanned, closer, progress)))
    known = {(*_place(one.image), one.image.role.quantity) for one in closer.slices}
    for series in asked.series:
        answer = answers.get(series.key)
        if answer is not None and answer.shows != REFERENCE:
            _apply(answer, series, asked, known, progress)
    asked.notices = _left_out(asked)
    return asked


def questions(
    asked: Asked, answers: Mapping[SeriesKey, Answer], named: Container[Untold]
) -> tuple[Question, ...]:
    """What a person may still say, or take back.

    Parameters
    ----------
    asked : Asked
        From :func:`ask`.
    answers : mapping of SeriesKey to Answer
        What was said already.
    named : container of Untold
        Series that need no answer, because their headers say enough to show them beside the maps.
    """
    return tuple(
        Question(
            key=series.key,
            files=series.files,
            shape=series.shape,
            plane=series.plane,
            description=series.key.description,
            answer=answers.get(series.key),
        )
        for series in asked.series
        if series.key in answers or series not in named
    )


def read_series(series: Untold, role: Role, progress: Progress) -> Iterator[Slice | Refusal]:
    """Read every header of a series as one of images with a role.

    Parameters
    ----------
    series : Untold
        What to read.
    role : Role
        What a person says it shows; an image whose header says otherwise is judged by that.
    progress : Progress
        Told of every file.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    if series.frames:
        yield from _read_frames(series, role)
        return
    for done, path in enumerate(series.files):
        progress.report(done, len(series.files))
        yield read_slice(path, role)


def _place(image: Image) -> tuple[str, str]:
    return image.study_uid, image.frame_uid


def _untold(scanned: Scanned, closer: Closer, progress: Progress) -> Iterator[Untold]:
    groups: dict[tuple[str, ...], list[Path]] = defaultdict(list)
    for path in sorted(one.path for one in closer.refused if one.code == "role.none"):
        stray = scanned.strays.get(path)
        if stray is not None:
            groups[stray.kind].append(path)
    total = len(groups) + len(closer.several)
    for done, files in enumerate(groups.values()):
        progress.report(done, total)
        yield from _classic(tuple(files))
    for done, path in enumerate(closer.several, start=len(groups)):
        progress.report(done, total)
        yield from _multiframe(path)


def _classic(files: tuple[Path, ...]) -> Iterator[Untold]:
    """The series of some classic files, unless something speaks against asking."""
    try:
        header = read_whole_header(files[0])
        if not open_to_answer(evidence_of(header)) or _is_scout(header):
            return
        if _MAPPINGS in header:
            del header[_MAPPINGS]
        image = image_of(files[0], header, UNSAID)
    except (Unfit, BadValue, OSError):
        return
    if isinstance(image, Image):
        yield Untold(_key(header), image, files)


def _multiframe(path: Path) -> Iterator[Untold]:
    """Each kind of frame in a multi-frame file."""
    try:
        frames = read_frames(path)
        kinds: dict[tuple[str, str], list[Frame]] = defaultdict(list)
        for frame in frames:
            kinds[text(frame.header, "ImageType"), text(frame.header, _ORIENTATION)].append(frame)
        for first, *others in kinds.values():
            if open_to_answer(first.evidence) and not _is_scout(first.header):
                image = slice_of_frame(path, first, UNSAID, len(frames)).image
                indices = (first.index, *(one.index for one in others))
                yield Untold(_key(first.header), image, (path,), indices, len(frames))
    except (Unfit, BadValue, OSError):
        return


def _is_scout(header: Dataset) -> bool:
    return any(_SCOUT.search(text(header, keyword)) for keyword in ("SeriesDescription", "ProtocolName"))


def _key(header: Dataset) -> SeriesKey:
    return SeriesKey(
        manufacturer=text(header, "Manufacturer"),
        model=text(header, "ManufacturerModelName"),
        protocol=text(header, "ProtocolName"),
        description=text(header, "SeriesDescription"),
        image_type=text(header, "ImageType"),
    )


def _apply(
    answer: Answer,
    series: Untold,
    asked: Asked,
    known: set[tuple[str, str, Quantity]],
    progress: Progress,
) -> None:
    """Make of a series what a person says it is."""
    if answer.shows == NOTHING:
        asked.refused += _refuse(series, "role.answered_nothing")
        return
    role = answered_role(answer)
    if role is None:
        asked.refused += _refuse(series, "role.answer_unusable", shows=answer.shows, unit=answer.unit)
    elif (*_place(series.image), role.quantity) in known:
        # a map that says itself what it is needs no word of a person's, and gets no rival by it
        asked.refused += _refuse(series, "role.answer_not_needed", quantity=str(role.quantity))
    else:
        for one in read_series(series, role, progress):
            if isinstance(one, Refusal):
                asked.refused.append(one)
            else:
                asked.slices.append(_as_answered(one, answer))


def _left_out(asked: Asked) -> dict[Path, Notice]:
    """How many frames of each multi-frame file that became a map were called none."""
    used = Counter(one.image.path for one in asked.slices if one.frame is not None)
    notices = {}
    for path, of in {series.files[0]: series.of for series in asked.series}.items():
        if 0 < used[path] < of:
            values: dict[str, Value] = {"file": path.name, "frames": of - used[path], "of": of}
            notices[path] = Notice("exam.frames_left_out", values)
    return notices


def _refuse(series: Untold, code: str, **values: Value) -> list[Refusal]:
    return [Refusal(path, code, values) for path in series.files]


def answered_role(answer: Answer) -> Role | None:
    """The role an answer gives, None where it names no quantity, or a unit of another one."""
    shown = answer.shows
    if shown != T2STAR and shown not in list(Quantity):
        return None
    if answer.unit and not (answer.unit in FACTORS and answer.unit.startswith(_UNITS.get(shown, "signal"))):
        return None
    if shown == T2STAR:
        return Role(Quantity.R2STAR, "answer", reciprocal=True)
    return Role(Quantity(shown), "answer")


def _as_answered(one: Slice, answer: Answer) -> Slice:
    """An image with what a person said of its unit, and a note that a person said it."""
    if one.image.role.evidence != "answer" or one.image.role.quantity not in MEASURED:
        return one
    note = Notice("role.answered", {"quantity": str(one.image.role.quantity), "who": answer.who})
    return replace(one, rule=_stated(one.rule, answer.unit), notes=(*one.notes, note))


def _stated(rule: ScaleRule, unit: str) -> ScaleRule:
    if not unit:
        return rule
    if rule.name == "rwvm.unit":
        # the file's own mapping stands; a person who says otherwise makes it doubtful
        return replace(rule, trusted=rule.trusted and rule.unit == unit)
    return replace(rule, name="person.stated", unit=unit, trusted=True)


def _read_frames(series: Untold, role: Role) -> Iterator[Slice | Refusal]:
    """All frames of a series or none: a map must not lose slices in silence."""
    (path,) = series.files
    try:
        frames = read_frames(path)
        yield from [_frame(path, frames[index], role, len(frames)) for index in series.frames]
    except (Unfit, BadValue, OSError) as problem:
        yield refusal_of(path, problem)


def _frame(path: Path, frame: Frame, told: Role, frames: int) -> Slice:
    role = answered(told, frame.evidence)
    if isinstance(role, NoRole):
        raise Unfit(role.code, **role.values)
    return slice_of_frame(path, frame, role, frames)
