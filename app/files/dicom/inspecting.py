"""Say everything about a path, scaling evidence included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from app.domain.progress import Progress
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, ExamRefused, Found, Refusal
from app.files.dicom.load import load_exam


def inspect_path(path: Path, progress: Progress) -> Found:
    """Find and load every exam under a path, keeping one exam in memory at a time.

    Parameters
    ----------
    path : Path
        A folder or a single file.
    progress : Progress
        Told of every file, then of every slice of each exam.

    Returns
    -------
    Found
        As :func:`app.files.dicom.find.find_exams`, each map with its ``scaling``; maps whose voxels are
        refused are in ``refused``.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    found = find_exams(path, progress)
    exams: list[ExamFound] = []
    refused: list[Refusal] = [*found.refused]
    for exam in found.exams:
        try:
            loaded = load_exam(exam, progress)
        except ExamRefused as refusal:
            refused.extend(refusal.refused)
            continue
        refused.extend(loaded.refused)
        exams.append(replace(exam, maps=tuple(loaded.sources.values()), warnings=loaded.warnings))
    return Found(tuple(exams), tuple(sorted(refused, key=lambda refusal: refusal.path)))
