"""Anatomical series beside the maps: which of the series without a role are shown, and by which name.

Sagittal T1, T2 and STIR of the same study and frame of reference help to find the level. They are looked at
and never measured, so one that is not whole costs nothing but itself.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pydicom.dataset import Dataset

from app.domain.progress import Progress
from app.files.dicom.enhanced import read_frames, read_whole_header
from app.files.dicom.found import ExamFound, MapFound, ReferenceFound, Refusal
from app.files.dicom.headers import BadValue, text, texts
from app.files.dicom.image import Image, Unfit
from app.files.dicom.questions import UNSAID, Asked, Untold, read_series
from app.files.dicom.rules import ScaleRule
from app.files.dicom.slices import Slice
from app.files.dicom.stack import build_stacks
from app.files.dicom.wishes import REFERENCE, Answer, SeriesKey

STIR, T1, T2, OTHER = "STIR", "T1", "T2", "MR"
# nothing is counted on it, so its integers stay what they are
_AS_STORED = ScaleRule("none", 1.0, 0.0, "signal", trusted=True)
# original images that show no anatomy
_NO_ANATOMY = frozenset({"DIFFUSION", "PERFUSION", "FMRI", "ASL", "VELOCITY"})
# ms: fat is dark after a short inversion; a longer one darkens fluid or sharpens T1
_SHORT_INVERSION = 400.0
_T1_TR, _T1_TE, _T2_TE = 1000.0, 30.0, 60.0
_WORDS = (
    (re.compile(r"stir(?![a-z])|tirm", re.IGNORECASE), STIR),
    (re.compile(r"(?<![a-z0-9])t1(?![0-9])", re.IGNORECASE), T1),
    (re.compile(r"(?<![a-z0-9])t2(?![0-9])", re.IGNORECASE), T2),
)
# what keeps slices from being a stack, told of a series that is no map
_REASONS = {"map.gap": "reference.gap", "map.same_position": "reference.same_position"}


@dataclass(slots=True)
class Beside:
    """Exams with what lies beside their maps.

    Attributes
    ----------
    exams : list of ExamFound
        All of them, in the order given.
    frames : set of Path
        Multi-frame files that a reference was taken from.
    refused : list of Refusal
        Images that are not shown, each with its reason.
    named : list of Untold
        Series that need no question: their headers say which contrast they show, or they make no stack.
    """

    exams: list[ExamFound] = field(default_factory=list)
    frames: set[Path] = field(default_factory=set)
    refused: list[Refusal] = field(default_factory=list)
    named: list[Untold] = field(default_factory=list)

    @property
    def settled(self) -> set[Path]:
        """Files of which it is known now what becomes of them."""
        shown = {path for exam in self.exams for found in exam.references for path in found.files}
        return shown | {one.path for one in self.refused}


def add_references(
    exams: Sequence[ExamFound], asked: Asked, answers: Mapping[SeriesKey, Answer], progress: Progress
) -> Beside:
    """Give each exam the anatomical series of its study and frame of reference.

    Parameters
    ----------
    exams : sequence of ExamFound
        No two of one study and frame of reference.
    asked : Asked
        The series without a role.
    answers : mapping of SeriesKey to Answer
        What a person said; a series that was called a reference may lie in any plane.
    progress : Progress
        Told of every image that is read.

    Raises
    ------
    Cancelled
        When the user asked to stop.
    """
    beside = Beside()
    open_series = [one for one in asked.series if _may_be_shown(one, answers.get(one.key))]
    for exam in exams:
        place = exam.identity.study_uid, exam.identity.frame_uid
        here = [one for one in open_series if (one.image.study_uid, one.image.frame_uid) == place]
        open_series = [one for one in open_series if one not in here]
        found = [_reference(one, exam, one.key in answers, beside, progress) for one in here]
        beside.exams.append(replace(exam, references=numbered([one for one in found if one])))
    for one in open_series:
        if one.key in answers:
            beside.refused += [Refusal(path, "reference.no_exam") for path in one.files]
    return beside


def _may_be_shown(series: Untold, answer: Answer | None) -> bool:
    """Whether a person said so, or nobody said anything and it is a sagittal original."""
    if answer is not None:
        return answer.shows == REFERENCE
    tokens = series.tokens
    return tokens[0] == "ORIGINAL" and _NO_ANATOMY.isdisjoint(tokens) and series.plane == "sagittal"


def _reference(
    series: Untold, exam: ExamFound, told: bool, beside: Beside, progress: Progress
) -> ReferenceFound | None:
    """Make one reference, or say of each of its files why there is none."""
    header = _first_header(series)
    if header is None or (not told and "EP" in texts(header, "ScanningSequence")):
        return None
    slices: list[Slice] = []
    for one in read_series(series, UNSAID, progress):
        if isinstance(one, Refusal):
            beside.refused.append(one)
        elif not _is_of(one.image, exam):
            beside.refused.append(Refusal(one.image.path, "reference.other_patient"))
        elif one.image.role == UNSAID:
            slices.append(replace(one, rule=_AS_STORED, notes=()))
    stacks, irregular = build_stacks(slices)
    beside.refused += [_in_other_words(one) for one in irregular]
    name = contrast_of(header)
    if not stacks or name != OTHER:
        beside.named.append(series)
    if not stacks:
        return None
    if series.frames:
        beside.frames.update(series.files)
    return _as_reference(name, stacks[0].found)


def _first_header(series: Untold) -> Dataset | None:
    path = series.files[0]
    try:
        return read_frames(path)[series.frames[0]].header if series.frames else read_whole_header(path)
    except (Unfit, BadValue, OSError):
        return None


def _is_of(image: Image, exam: ExamFound) -> bool:
    one, other = image.identity, exam.identity
    return (one.patient_id, one.patient_name) == (other.patient_id, other.patient_name)


def _in_other_words(refusal: Refusal) -> Refusal:
    if not refusal.code.startswith(("map.", "series.")):
        return refusal
    code = _REASONS.get(refusal.code)
    return Refusal(refusal.path, "reference.irregular") if code is None else replace(refusal, code=code)


def _as_reference(name: str, found: MapFound) -> ReferenceFound:
    return ReferenceFound(
        name=name,
        grid=found.grid,
        files=found.files,
        sop_uids=found.sop_uids,
        series_uid=found.series_uid,
        description=found.description,
        pixels=found.pixels,
        frames=found.frames,
    )


def numbered(found: Sequence[ReferenceFound]) -> tuple[ReferenceFound, ...]:
    """Tell series of one contrast apart by a number."""
    alike = Counter(one.name for one in found)
    seen: Counter[str] = Counter()
    result = []
    for one in found:
        seen[one.name] += 1
        number = f" {seen[one.name]}" if alike[one.name] > 1 else ""
        result.append(replace(one, name=f"{one.name}{number}"))
    return tuple(result)


def contrast_of(header: Dataset) -> str:
    """Name of an anatomical image: by its timing, else by the words of its description.

    Parameters
    ----------
    header : Dataset
        Of a classic image, or of a frame laid out as one.

    Returns
    -------
    str
        ``STIR``, ``T1``, ``T2``, or ``MR`` where neither tells.
    """
    words = " ".join(text(header, keyword) for keyword in ("SeriesDescription", "ProtocolName"))
    told = next((name for pattern, name in _WORDS if pattern.search(words)), OTHER)
    sequence, variant = texts(header, "ScanningSequence"), texts(header, "SequenceVariant")
    inversion = _ms(header, "InversionTime", "InversionTimes")
    inverted = "IR" in sequence or text(header, "InversionRecovery") == "YES"
    if told == STIR or (inverted and 0 < inversion <= _SHORT_INVERSION):
        return STIR
    # a long inversion, or a steady state that is not spoiled, makes a contrast that TR and TE do not tell
    if inverted or ("SS" in variant and "SP" not in variant):
        return told
    echo, repetition = _ms(header, "EchoTime", "EffectiveEchoTime"), _ms(header, "RepetitionTime")
    if repetition < _T1_TR and echo < _T1_TE:
        return T1
    return T2 if echo >= _T2_TE else told


def _ms(header: Dataset, *keywords: str) -> float:
    """The first number of the first element that has one; NaN, which no comparison holds for, without."""
    for keyword in keywords:
        for told in texts(header, keyword)[:1]:
            try:
                return float(told)
            except ValueError:
                continue
    return math.nan
