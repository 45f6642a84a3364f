"""How the values of a study came about: what a paper says under Methods before any statistics."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import scipy

from app.domain.case_facts import Counted
from app.domain.protocol import MEAN_LEVELS
from app.services.study_data import Study
from app.store.results import LevelResult


@dataclass(frozen=True, slots=True)
class Repeats:
    """What readers read again of the patients in the rows.

    Attributes
    ----------
    rounds : int
        Rounds in which a reader signed off a case once more.
    readings : int
        Readings that were so repeated on images.
    days : int or None
        Whole days between two sign-offs of a case by the same reader, at the shortest; None where no reading
        on images was repeated.
    early : int
        Readings among these that were offered without their wash-out.
    """

    rounds: int
    readings: int
    days: int | None
    early: int


@dataclass(frozen=True, slots=True)
class MethodFacts:
    """Facts about the readings behind a selection.

    Attributes
    ----------
    protocols, rules, software : tuple of str
        Stamps of the protocols the values were made under, names of the counting rules, and versions of the
        program, each once, in order; the rules of values measured elsewhere left out.
    needed : int or None
        Fewest levels a patient mean may rest on; None for a single level.
    readers : int
        Who signed off in the round.
    readings : int
        Signed-off readings of the patients in the rows.
    not_blinded : int
        Those among them that were not made blinded although the study was.
    elsewhere : int
        Those among them that were measured elsewhere and come from a table.
    trained : int
        Exams for training.
    repeats : Repeats
        What was read again.
    counted : tuple of (Counted, int)
        How levels were counted, and in how many readings; the most frequent first.
    python, numpy, scipy : str
        Versions.
    """

    protocols: tuple[str, ...]
    rules: tuple[str, ...]
    software: tuple[str, ...]
    needed: int | None
    readers: int
    readings: int
    not_blinded: int
    elsewhere: int
    trained: int
    repeats: Repeats
    counted: tuple[tuple[Counted, int], ...]
    python: str
    numpy: str
    scipy: str


def method_facts(study: Study) -> MethodFacts:
    """Collect the facts of a selection."""
    gathered, selection, cohort = study.gathered, study.selection, study.cohort
    inside = set(cohort.codes)
    cells = [
        cell
        for cell in gathered.cells(selection.round)
        if cell.code in inside and selection.reader in {None, cell.reader}
    ]
    readings = {(cell.exam_id, cell.reader): cell for cell in cells}
    measured = [cell for cell in cells if cell.origin != "table"]
    return MethodFacts(
        protocols=_once(cell.protocol for cell in cells),
        rules=_once(cell.rule for cell in measured if cell.rule),
        software=_once(cell.software for cell in cells),
        needed=study.rules.needed(cohort.levels) if cohort.levels in MEAN_LEVELS else None,
        readers=len({reader for _, reader in readings}),
        readings=len(readings),
        not_blinded=sum(cell.not_blinded for cell in readings.values()),
        elsewhere=sum(cell.origin == "table" for cell in readings.values()),
        trained=gathered.trained,
        repeats=_repeats(study),
        counted=_counted(study, readings),
        python=platform.python_version(),
        numpy=np.__version__,
        scipy=scipy.__version__,
    )


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _repeats(study: Study) -> Repeats:
    """What was repeated, whichever round is looked at. When a table was read nobody knows."""
    gathered, inside = study.gathered, set(study.cohort.codes)
    reader = study.selection.reader
    signed = {
        (cell.reader, cell.exam_id, cell.round): cell
        for cell in gathered.told
        if cell.code in inside and reader in {None, cell.reader}
    }
    of_case: dict[tuple[str, int], list[LevelResult]] = {}
    for (name, exam_id, _), cell in signed.items():
        of_case.setdefault((name, exam_id), []).append(cell)
    cases = [sorted(cells, key=lambda one: one.round) for cells in of_case.values()]
    on_images = [[one for one in cells if one.origin != "table"] for cells in cases]
    again = [one for cells in on_images for one in cells[1:]]
    gaps = [gap for cells in on_images for gap in _gaps(cells)]
    return Repeats(
        rounds=len({one.round for cells in cases for one in cells[1:]}),
        readings=len(again),
        days=min(gaps).days if gaps else None,
        early=sum((one.reader, one.exam_id, one.round) in gathered.early for one in again),
    )


def _gaps(cells: Iterable[LevelResult]) -> list[timedelta]:
    """From one sign-off of a case to the next, in the order of time: a reading may be signed off anew."""
    times = sorted(datetime.fromisoformat(one.signed_off_utc) for one in cells)
    return [later - earlier for earlier, later in pairwise(times)]


def _counted(
    study: Study, readings: Mapping[tuple[int, str], LevelResult]
) -> tuple[tuple[Counted, int], ...]:
    told = [
        one.facts.counted
        for one in study.gathered.said
        if one.signed_off
        and one.round == study.selection.round
        and one.facts.counted is not None
        and (one.exam_id, one.reader) in readings
    ]
    found = [(way, told.count(way)) for way in Counted if way in told]
    return tuple(sorted(found, key=lambda one: -one[1]))
