"""How the values of a study came about: what a paper says under Methods before any statistics."""

from __future__ import annotations

import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import scipy

from app.domain.case_facts import Counted
from app.domain.protocol import MEAN_LEVELS
from app.services.study_data import Study
from app.store.results import LevelResult


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
    repeats : int
        Rounds beyond the first in which anything is signed off.
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
    repeats: int
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
        repeats=len(gathered.rounds) - 1,
        counted=_counted(study, readings),
        python=platform.python_version(),
        numpy=np.__version__,
        scipy=scipy.__version__,
    )


def _once(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


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
