"""Find the exams under a path, from headers alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.archive import close_archives
from app.files.dicom.found import ExamFound, Found, Notice, Refusal
from app.files.dicom.headers import quietly
from app.files.dicom.load import as_notices
from app.files.dicom.look_closer import look_closer
from app.files.dicom.pair import build_exams
from app.files.dicom.people import DOUBTFUL, latin_only, read_as
from app.files.dicom.questions import ask, questions
from app.files.dicom.references import add_references
from app.files.dicom.rivals import rivals_of
from app.files.dicom.scan import scan
from app.files.dicom.slices import Slice
from app.files.dicom.stack import build_stacks
from app.files.dicom.wishes import Wishes
from app.files.volume_exams import take_volumes

_NONE = Wishes()


def find_exams(path: Path | Sequence[Path], progress: Progress, wishes: Wishes = _NONE) -> Found:
    """Sort every file under a path into the maps of exams, or refuse it with a reason.

    Parameters
    ----------
    path : Path or sequence of Path
        A folder or a single file, or several, none inside another: maps of one exam may lie in different
        ones. A path that does not exist is refused like any other.
    progress : Progress
        Told of every file.
    wishes : Wishes
        What a person said of series of which nothing else says what they show, and asked to be made.

    Returns
    -------
    Found
        Each file in exactly one map or reference series of one exam, or refused.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    scanned = scan(path, progress)
    try:
        with quietly():
            closer = look_closer(scanned, progress)
            asked = ask(scanned, closer, wishes.answers, progress)
            slices = sorted([*closer.slices, *asked.slices], key=lambda one: one.image.path)
            stacks, irregular = build_stacks(slices)
            exams, unpaired = build_exams(stacks, wishes)
            beside = add_references(exams, asked, wishes.answers, progress)
    finally:
        close_archives()
    settled = asked.settled | beside.settled
    silent = [one for one in closer.refused if one.code != "role.none" or one.path not in settled]
    several = {one.image.path for one in slices if one.frame is not None} | beside.frames | {*closer.several}
    refused = [*asked.refused, *beside.refused, *silent, *irregular, *unpaired]
    exams, refused = _account(refused, beside.exams, several, {**closer.notices, **asked.notices})
    volumes = take_volumes(refused, wishes, progress)
    return Found(
        tuple(sorted([*_read_names(exams, slices, wishes), *volumes.exams], key=_first_file)),
        tuple(sorted(volumes.refused, key=lambda refusal: refusal.path)),
        (*questions(asked, wishes.answers, beside.named), *volumes.questions),
        tuple(rivals_of(stacks, wishes)),
    )


def _read_names(exams: Iterable[ExamFound], slices: Iterable[Slice], wishes: Wishes) -> Iterator[ExamFound]:
    """Say of each exam in which character set its names were read where its files leave it in doubt."""
    guessed = {one.image.path: one.image.guessed_charset for one in slices if one.image.guessed_charset}
    for exam in exams:
        charsets = dict.fromkeys(guessed[path] for path in exam.files if path in guessed)
        if wishes.charset and (charsets or latin_only(exam.identity.patient_name)):
            yield in_charset(exam, wishes.charset)
        else:
            yield replace(exam, warnings=(*exam.warnings, *map(_doubt, charsets)))


def _doubt(charset: str) -> Notice:
    if charset == DOUBTFUL:
        return Notice("people.doubtful_charset")
    return Notice("people.guessed_charset", {"charset": charset})


def in_charset(found: ExamFound, charset: str) -> ExamFound:
    """An exam with its patient's data read in a character set that a person named.

    Parameters
    ----------
    found : ExamFound
        As it was found.
    charset : str
        As for :func:`app.files.dicom.people.read_as`; what a person chose is no longer in doubt.
    """
    identity, _ = read_as(found.identity, found.written, charset)
    warnings = tuple(one for one in found.warnings if not one.code.startswith("people."))
    return replace(found, identity=identity, warnings=warnings)


def _account(
    refused: list[Refusal],
    exams: list[ExamFound],
    several: set[Path],
    notices: Mapping[Path, Notice],
) -> tuple[list[ExamFound], list[Refusal]]:
    """Say once what became of a multi-frame file: used, with the parts left out as warnings, or refused."""
    used = {path for exam in exams for path in exam.files}
    left: dict[Path, Refusal] = {}
    plain = []
    for refusal in refused:
        if refusal.path not in several:
            plain.append(refusal)
        elif refusal.path not in used:
            left.setdefault(refusal.path, refusal)
    complete = []
    for exam in exams:
        frames = [notices[path] for path in exam.files if path in notices]
        of_frames = several.intersection(exam.files)
        # of thousands of refusals few are of such files
        parts = [refusal for refusal in refused if refusal.path in of_frames] if of_frames else []
        complete.append(replace(exam, warnings=(*exam.warnings, *frames, *as_notices(parts))))
    return complete, [*plain, *left.values()]


def _first_file(exam: ExamFound) -> Path:
    return min(exam.files)
