"""Find the exams under a path, from headers alone."""

from __future__ import annotations

from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.found import ExamFound, Found
from app.files.dicom.headers import quietly
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
        stacks, irregular = build_stacks(scanned.images)
    exams, unpaired = build_exams(stacks)
    refused = [*scanned.refused, *irregular, *unpaired]
    return Found(
        tuple(sorted(exams, key=_first_file)), tuple(sorted(refused, key=lambda refusal: refusal.path))
    )


def _first_file(exam: ExamFound) -> Path:
    return min(exam.files)
