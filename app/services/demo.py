"""The two demo sessions, synthetic and labelled so: one to read, one already read."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from app.domain.progress import Progress
from app.files.demo_exams import read_recipe, write_demo
from app.files.resources import resource
from app.services.import_exams import import_path
from app.services.join_clinical import import_clinical
from app.services.open_session import create_session
from app.services.reference_cohort import make_reference_session

READING = "demo-reading.marrow"
STUDY = "demo-study.marrow"


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo lies.

    Attributes
    ----------
    reading : Path
        Twelve synthetic exams to read.
    study : Path
        120 synthetic patients, measured by two readers.
    truth : Path
        What is known about each synthetic exam, one JSON file a case code.
    """

    reading: Path
    study: Path
    truth: Path


def demo_in(folder: Path) -> Demo:
    """Where the demo of a folder lies or would lie."""
    return Demo(folder / READING, folder / STUDY, folder / "truth")


def make_reading_demo(folder: Path, progress: Progress) -> Path:
    """Make the reading demo where it is missing; one that is there stays as it is, with all readings.

    The exams are written as DICOM files, imported the ordinary way, and the files removed: the session
    holds the pixels.

    Raises
    ------
    Cancelled, StoreUnavailable, OSError
        Nothing half-made is left behind.
    """
    demo = demo_in(folder)
    if demo.reading.exists():
        return demo.reading
    folder.mkdir(parents=True, exist_ok=True)
    work = folder / "making-demo"
    _remove(work)
    try:
        exams = read_recipe(resource("demo", "exams.json").read_text(encoding="utf-8"))
        files = write_demo(exams, work, progress)
        session = create_session(work / READING, synthetic=True)
        try:
            report = import_path(session, files.dicom, progress)
            import_clinical(session, files.clinical)
        finally:
            session.close()
        # exams are imported folder by folder in order of name, so the n-th one is the recipe's n-th
        for exam, imported in zip(exams, report.exams, strict=True):
            (files.truth / f"{exam.folder}.json").rename(files.truth / f"{imported.code}.json")
        _remove(demo.truth)
        files.truth.rename(demo.truth)
        # last and at once: a session that stands under its name is whole
        (work / READING).rename(demo.reading)
    finally:
        _remove(work)
    return demo.reading


def make_study_demo(folder: Path) -> Path:
    """Make the study demo where it is missing."""
    demo = demo_in(folder)
    if demo.study.exists():
        return demo.study
    folder.mkdir(parents=True, exist_ok=True)
    work = folder / "making-study"
    _remove(work)
    try:
        work.mkdir()
        make_reference_session(work / STUDY).close()
        (work / STUDY).rename(demo.study)
    finally:
        _remove(work)
    return demo.study


def _remove(folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
