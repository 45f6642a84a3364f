"""Exams from volume files, whose role and unit only a person can say.

The files of one folder are one patient's, as far as anybody can tell. From there on they are maps like any
other: two of one kind are both refused, and FF and R2* must have common lines.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from app.domain.identity import Identity
from app.domain.maps import MEASURED, Quantity
from app.domain.progress import Progress
from app.files.dicom.archive import close_archives
from app.files.dicom.classify import Role
from app.files.dicom.found import ExamFound, MapFound, Notice, PixelForm, ReferenceFound, Refusal
from app.files.dicom.image import Image
from app.files.dicom.pair import build_exams
from app.files.dicom.questions import answered_role
from app.files.dicom.references import numbered
from app.files.dicom.stack import Stack
from app.files.dicom.wishes import NOTHING, REFERENCE, Answer, Question, Wishes
from app.files.dicom.written import Written
from app.files.volumes import BadVolume, VolumeInfo, VolumeReader, kind_by_name

_RULE = "volume.stated"
_CONTRAST = re.compile(r"(?<![a-z0-9])(stir|t1|t2)(?![a-z0-9*])", re.IGNORECASE)
_BITS = 16


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume file whose header can be read."""

    path: Path
    info: VolumeInfo


@dataclass(frozen=True, slots=True)
class Volumes:
    """What became of the volume files under a path.

    Attributes
    ----------
    exams : tuple of ExamFound
        Of files that a person called maps.
    questions : tuple of Question
        One for every volume that can be read, with the answer it has.
    refused : tuple of Refusal
        Every other file that was handed in, volume or not.
    """

    exams: tuple[ExamFound, ...]
    questions: tuple[Question, ...]
    refused: tuple[Refusal, ...]


def take_volumes(refused: Sequence[Refusal], wishes: Wishes, progress: Progress) -> Volumes:
    """Find the volumes among files that are no DICOM, and make exams of those that have an answer.

    Parameters
    ----------
    refused : sequence of Refusal
        Every file that is in no exam.
    wishes : Wishes
        What a person said.
    progress : Progress
        Told of every volume.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    named = [one.path for one in refused if one.code == "file.not_dicom" and kind_by_name(one.path)]
    if not named:
        return Volumes((), (), tuple(refused))
    volumes, bad = _described(named, progress)
    exams, unused = volume_exams(volumes, wishes)
    partners = {one.info.partner: one.path for one in volumes if one.info.partner not in {None, *named}}
    handled = {*named, *partners}
    # a folder of volumes lacks nothing
    rest = [
        one for one in refused if one.path not in handled and not (volumes and one.code == "scan.no_dicom")
    ]
    parts = [
        Refusal(one.path, "volume.part", {"of": partners[one.path].name})
        for one in refused
        if one.path in partners
    ]
    return Volumes(
        tuple(exams), tuple(volume_questions(volumes, wishes.volumes)), (*rest, *bad, *unused, *parts)
    )


def _described(paths: Sequence[Path], progress: Progress) -> tuple[list[Volume], list[Refusal]]:
    """Read every header, in one process for all of them."""
    volumes, bad = [], []
    done = 0
    try:
        with VolumeReader(look=lambda: progress.report(done, len(paths))) as reader:
            for done, path in enumerate(paths):
                progress.report(done, len(paths))
                try:
                    volumes.append(Volume(path, reader.describe(path)))
                except BadVolume as reason:
                    bad.append(Refusal(path, reason.code, reason.values))
    finally:
        close_archives()
    progress.report(len(paths), len(paths))
    return volumes, bad


def volume_questions(volumes: Iterable[Volume], answers: Mapping[Path, Answer]) -> list[Question]:
    """What each volume shows and in which unit: nothing but a person can say it."""
    return [
        Question(
            key=None,
            files=(one.path,),
            shape=one.info.grid.shape,
            plane=one.info.grid.plane,
            description=one.path.name,
            answer=answers.get(one.path),
        )
        for one in volumes
    ]


@dataclass(slots=True)
class _Folder:
    """What a person said of the volumes of one folder."""

    stacks: list[Stack] = field(default_factory=list)
    references: list[Volume] = field(default_factory=list)


def volume_exams(volumes: Iterable[Volume], wishes: Wishes) -> tuple[list[ExamFound], list[Refusal]]:
    """Make an exam of the maps of each folder.

    Parameters
    ----------
    volumes : iterable of Volume
        In order of path.
    wishes : Wishes
        What each of them shows; without an answer it is refused with ``role.volume``.

    Returns
    -------
    exams : list of ExamFound
        Without identity.
    refused : list of Refusal
        Volumes that are in none.
    """
    folders: dict[Path, _Folder] = defaultdict(_Folder)
    refused: list[Refusal] = []
    for one in volumes:
        answer, folder = wishes.volumes.get(one.path), folders[one.path.parent]
        if answer is None:
            refused.append(Refusal(one.path, "role.volume", {"kind": one.info.kind}))
        elif answer.shows == REFERENCE:
            folder.references.append(one)
        elif isinstance(made := _map(one, answer), Refusal):
            refused.append(made)
        else:
            folder.stacks.append(made)
    exams: list[ExamFound] = []
    for folder in folders.values():
        # one study, so one exam at most
        found, rest = build_exams(folder.stacks, wishes)
        refused += rest
        exams += [_complete(exam, folder.references) for exam in found]
        if not found:
            refused += [Refusal(one.path, "reference.no_exam") for one in folder.references]
    return exams, refused


def _map(volume: Volume, answer: Answer) -> Stack | Refusal:
    """The map that an answer makes of a file, or why it makes none."""
    if answer.shows == NOTHING:
        return Refusal(volume.path, "role.answered_nothing")
    role = answered_role(answer)
    if role is None:
        return Refusal(volume.path, "role.answer_unusable", {"shows": answer.shows, "unit": answer.unit})
    if role.quantity in MEASURED and not answer.unit:
        return Refusal(volume.path, "volume.unit_needed", {"shows": answer.shows})
    return _stack(volume, role, answer)


def _stack(volume: Volume, role: Role, answer: Answer) -> Stack:
    """The one map that a file holds, as if it were a series."""
    quantity, grid = role.quantity, volume.info.grid
    found = MapFound(
        quantity=quantity,
        grid=grid,
        files=(volume.path,) * grid.shape[0],
        sop_uids=("",) * grid.shape[0],
        series_uid="",
        description=volume.path.name,
        role_evidence=role.evidence,
        slope=1.0,
        intercept=0.0,
        rule=_RULE,
        pixels=_form(volume),
        expects=answer.unit if quantity in MEASURED else "signal",
        trusted=True,
        reciprocal=role.reciprocal,
        notes=_notes(volume, quantity, answer),
        volume=volume.info.kind,
    )
    return Stack(found, (_image(volume, role),))


def _notes(volume: Volume, quantity: Quantity, answer: Answer) -> tuple[Notice, ...]:
    if quantity not in MEASURED:
        return ()
    told = [Notice("role.answered", {"quantity": str(quantity), "who": answer.who})]
    slope, intercept = volume.info.line
    if (slope, intercept) != (1.0, 0.0):
        line = {"slope": slope, "intercept": intercept}
        told.append(Notice("volume.scaled_by_file", {"quantity": str(quantity), **line}))
    return tuple(told)


def _form(volume: Volume) -> PixelForm:
    """Only the size counts: the kind of number is known when the voxels are read."""
    slices, *shape = volume.info.grid.shape
    return PixelForm((shape[0], shape[1]), signed=True, bits=_BITS, frames=slices)


def _image(volume: Volume, role: Role) -> Image:
    """What stands for the slices of a series: the file, and nothing known of anybody."""
    grid = volume.info.grid
    _, down, across = grid.axes
    return Image(
        path=volume.path,
        role=role,
        sop_uid="",
        study_uid="",
        series_uid="",
        frame_uid="",
        description=volume.path.name,
        pixels=_form(volume),
        spacing_mm=grid.spacing_mm[1:],
        position=grid.origin_mm,
        across=across,
        down=down,
        slice_step_mm=None,
        thickness_mm=None,
        scale=(1.0, 0.0, _RULE),
        identity=Identity(),
        guessed_charset="",
        written=Written(),
        field_strength_t=None,
        manufacturer="",
        model="",
        native_voxel_mm=None,
    )


def _complete(exam: ExamFound, references: Iterable[Volume]) -> ExamFound:
    """Add what is looked at beside the maps, and say that nobody knows whose they are."""
    warnings = (Notice("volume.no_identity"), *exam.warnings)
    return replace(exam, warnings=warnings, references=numbered([_reference(one) for one in references]))


def _reference(volume: Volume) -> ReferenceFound:
    """A picture, by what the name of its file says of the contrast."""
    slices = volume.info.grid.shape[0]
    said = _CONTRAST.search(volume.path.name)
    return ReferenceFound(
        name=said[1].upper() if said else "MR",
        grid=volume.info.grid,
        files=(volume.path,) * slices,
        sop_uids=("",) * slices,
        series_uid="",
        description=volume.path.name,
        pixels=_form(volume),
        volume=volume.info.kind,
    )
