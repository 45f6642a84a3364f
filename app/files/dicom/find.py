"""Find the exams under a path, from headers alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.found import ExamFound, Found, Notice, Refusal
from app.files.dicom.headers import quietly
from app.files.dicom.load import as_notices
from app.files.dicom.look_closer import look_closer
from app.files.dicom.pair import build_exams
from app.files.dicom.scan import scan
from app.files.dicom.stack import build_stacks


def find_exams(path: Path, progress: Progress) -> Found:
    """Sort every file under a path into the maps of exams, or refuse it with a reason.

    Parameters
    ----------
    path : Path
        A folder or a single file; a path that does not exist is refused like any other.
    progress : Progress
        Told of every file.

    Returns
    -------
    Found
        Each file in exactly one map of one exam, or refused.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    scanned = scan(path, progress)
    with quietly():
        closer = look_closer(scanned, progress)
        stacks, irregular = build_stacks(closer.slices)
    exams, unpaired = build_exams(stacks)
    several = {one.image.path for one in closer.slices if one.frame is not None}
    exams, refused = _account([*closer.refused, *irregular, *unpaired], exams, several, closer.notices)
    return Found(
        tuple(sorted(exams, key=_first_file)), tuple(sorted(refused, key=lambda refusal: refusal.path))
    )


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
        parts = [refusal for refusal in refused if refusal.path in several.intersection(exam.files)]
        complete.append(replace(exam, warnings=(*exam.warnings, *frames, *as_notices(parts))))
    return complete, [*plain, *left.values()]


def _first_file(exam: ExamFound) -> Path:
    return min(exam.files)
