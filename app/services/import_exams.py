"""Bring a folder of DICOM into a session: each exam one transaction, every refused file with its reason."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from app.domain.errors import Cancelled
from app.domain.maps import Quantity
from app.domain.progress import Progress
from app.files.dicom.find import find_exams
from app.files.dicom.found import ExamFound, ExamRefused, Found, LoadedExam, Notice, Refusal
from app.files.dicom.load import load_exam
from app.files.dicom.scale import confirm
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.store import exams, sessions
from app.store.exams import NewExam

_DIGITS = 4


@dataclass(frozen=True, slots=True)
class ImportedExam:
    """One exam that is in the session now, or was already.

    Attributes
    ----------
    code : str
        Its case code.
    quantities : tuple of Quantity
        Its maps.
    files : int
        Files it came from.
    warnings : tuple of Notice
        What to know about it.
    already : bool
        It was in the session before and was not written again.
    """

    code: str
    quantities: tuple[Quantity, ...]
    files: int
    warnings: tuple[Notice, ...]
    already: bool = False


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of every file.

    Attributes
    ----------
    exams : tuple of ImportedExam
        In order of import.
    refused : tuple of Refusal
        Every other file, with its reason.
    cancelled : bool
        Stopped by the user; what stands here was imported before that.
    """

    exams: tuple[ImportedExam, ...]
    refused: tuple[Refusal, ...]
    cancelled: bool = False

    @property
    def changed(self) -> Changed:
        """What the import changed."""
        new = any(not exam.already for exam in self.exams)
        return Changed(What.EXAMS if new else What.NOTHING)


def find(path: Path, progress: Progress) -> Found:
    """Look what a folder or file holds, from the headers alone."""
    return find_exams(path, progress)


def import_path(
    session: Session,
    path: Path,
    progress: Progress,
    *,
    confirmed: Mapping[Quantity, float] = MappingProxyType({}),
    who: str = "",
) -> ImportReport:
    """Import every exam under a path.

    Cancelling rolls back the exam at hand and keeps those that are already in.

    Parameters
    ----------
    session : Session
        Open for writing; in a job, on a connection of its own.
    path : Path
        A folder or a single file.
    progress : Progress
        Told about files read.
    confirmed : mapping of Quantity to float
        Factors that a person confirmed, for those maps whose scale rule and range do not settle.
    who : str
        Who confirmed them.

    Raises
    ------
    InputError
        ``scale.bad_confirmation``: a factor that is none, or confirmed by nobody.
    StoreUnavailable
        When the session cannot be written. Exams imported before stay.
    Cancelled
        While the folder is still being looked through, when nothing was imported yet.
    """
    found = find(path, progress)
    done: list[ImportedExam] = []
    refused = list(found.refused)
    try:
        for exam in found.exams:
            try:
                loaded = load_exam(_confirmed(exam, confirmed, who), progress)
            except ExamRefused as verdict:
                refused += verdict.refused
                continue
            refused += loaded.refused
            done.append(_store(session, exam, loaded))
    except Cancelled:
        return ImportReport(tuple(done), tuple(refused), cancelled=True)
    return ImportReport(tuple(done), tuple(sorted(refused, key=lambda entry: entry.path)))


def _confirmed(found: ExamFound, factors: Mapping[Quantity, float], who: str) -> ExamFound:
    for quantity, factor in factors.items():
        found = confirm(found, quantity, factor, who)
    return found


def _store(session: Session, found: ExamFound, loaded: LoadedExam) -> ImportedExam:
    code = _free_code(exams.codes(session.database))
    new = NewExam(
        exam=replace(loaded.exam, code=code),
        identity=loaded.identity,
        sources={quantity: source.sop_uids for quantity, source in loaded.sources.items()},
        manufacturer=found.manufacturer,
        model=found.model,
    )
    packed = exams.pack(new)
    known = exams.find_same(session.database, packed)
    if known is None:
        exams.add(session.database, packed, actor=sessions.PROGRAM)
    return ImportedExam(
        code=known or code,
        quantities=tuple(loaded.exam.maps),
        files=len(found.files),
        warnings=loaded.warnings,
        already=known is not None,
    )


def _free_code(taken: set[str]) -> str:
    """Draw a random case code; it begins with a letter because R and Excel read 0417 as 417."""
    digits = _DIGITS
    while True:
        # a session with very many exams gets longer codes instead of a long search
        if len(taken) > 10**digits // 2:
            digits += 1
        code = f"C{secrets.randbelow(10**digits):0{digits}d}"
        if code not in taken:
            return code
