"""Who is in a selection and who is not: the flow of participants, and one line for each patient."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from types import MappingProxyType

import numpy as np

from app.domain.clinical import Group
from app.domain.disagreement import FinalFrom
from app.domain.maps import MEASURED, Quantity
from app.services.cohort import Cohort, Exclusion
from app.services.field_strengths import nominal_tesla
from app.services.level_adjustment import known
from app.services.patient_means import BoolArray, FloatArray, choose_levels, patient_means
from app.services.study_data import Study
from app.stats.result import frozen

FILTERED = "cohort.filtered"
"""Code of the patients a selection leaves out by sex or age."""


@dataclass(frozen=True, slots=True)
class Side:
    """Patients on one side of the outcome.

    Attributes
    ----------
    outcome : bool or None
        With it, without it, or not known.
    n : int
        How many.
    groups : mapping of Group or None to int
        How many of each bone-density group, those with nobody left out; None stands for no group.
    """

    outcome: bool | None
    n: int
    groups: Mapping[Group | None, int]


@dataclass(frozen=True, slots=True)
class Flow:
    """The flow of participants, as STARD 2015 wants it drawn.

    Attributes
    ----------
    trained : int
        Exams for training; they are not enrolled.
    enrolled : int
        Exams of the study.
    exclusions : tuple of Exclusion
        Who is left out for a reason of reading.
    filtered : tuple of str
        Case codes that the selection leaves out by sex or age.
    analysed : int
        Patients in the rows.
    final : mapping of Quantity to int
        How many of these have a final value.
    readings : mapping of str to int
        Signed-off readings of these patients in the round, by reader.
    not_blinded : mapping of str to int
        Those among them that were not made blinded although the study was; readers without one left out.
    with_tscore, with_bmd : int
        Patients whose clinical row says so, for the protocol's region.
    grouped : int
        Patients who belong to a bone-density group, by the scheme of the selection.
    sides : tuple of Side
        With the outcome, without it; and not known, where there are any.
    field_strengths : mapping of float or None to int
        Patients with an R2* value by field strength, tesla; the unknown one last.
    """

    trained: int
    enrolled: int
    exclusions: tuple[Exclusion, ...]
    filtered: tuple[str, ...]
    analysed: int
    final: Mapping[Quantity, int]
    readings: Mapping[str, int]
    not_blinded: Mapping[str, int]
    with_tscore: int
    with_bmd: int
    grouped: int
    sides: tuple[Side, ...]
    field_strengths: Mapping[float | None, int]

    @property
    def excluded(self) -> int:
        """Exams left out for a reason of reading."""
        return sum(len(one.cases) for one in self.exclusions)


@dataclass(frozen=True, slots=True, eq=False)
class Patients:
    """One row per patient, in the order of the cohort; arrays are read-only, a missing cell is NaN.

    Attributes
    ----------
    cohort : Cohort
        Codes, final values and what the clinical table says.
    readers : tuple of str
        Who signed off in the round, by enrolment.
    own : mapping of Quantity to ndarray, shape (n, readers)
        Each reader's mean as they measured, whatever was decided on it.
    not_blinded : ndarray of bool, shape (n,)
        A reading of the patient was not made blinded although the study was.
    """

    cohort: Cohort
    readers: tuple[str, ...]
    own: Mapping[Quantity, FloatArray]
    not_blinded: BoolArray

    @property
    def final_from(self) -> tuple[FinalFrom, ...]:
        """What the final values rest on."""
        return self.cohort.final_from


def study_flow(study: Study) -> Flow:
    """Count who takes part, step by step."""
    cohort, gathered = study.cohort, study.gathered
    filtered = [one for one in cohort.exclusions if one.code == FILTERED]
    readings, open_ones = _readings(study)
    return Flow(
        trained=gathered.trained,
        enrolled=cohort.enrolled,
        exclusions=tuple(one for one in cohort.exclusions if one.code != FILTERED),
        filtered=filtered[0].cases if filtered else (),
        analysed=cohort.n,
        final=MappingProxyType({one: _finite(cohort.values[one]) for one in MEASURED}),
        readings=MappingProxyType(dict(readings)),
        not_blinded=MappingProxyType(dict(open_ones)),
        with_tscore=_finite(cohort.tscore),
        with_bmd=_finite(cohort.bmd),
        grouped=cohort.n - cohort.groups.count(None),
        sides=_sides(cohort),
        field_strengths=MappingProxyType(_field_strengths(study)),
    )


def _field_strengths(study: Study) -> dict[float | None, int]:
    cohort = study.cohort
    strength_of = {exam.code: nominal_tesla(exam.field_strength_t) for exam in study.gathered.enrolled}
    measured = np.isfinite(cohort.values[Quantity.R2STAR]).tolist()
    found = Counter(strength_of[code] for code in compress(cohort.codes, measured))
    return {strength: found[strength] for strength in cohort.field_strengths}


def _readings(study: Study) -> tuple[Counter[str], Counter[str]]:
    """Readings of the patients by reader, and those not made blinded."""
    inside = set(study.cohort.codes)
    of_whom = {
        (cell.exam_id, cell.reader): cell.not_blinded
        for cell in study.gathered.cells(study.selection.round)
        if cell.code in inside and study.selection.reader in {None, cell.reader}
    }
    every = Counter(reader for _, reader in of_whom)
    return every, Counter(reader for (_, reader), seen in of_whom.items() if seen)


def _finite(values: FloatArray) -> int:
    return int(np.isfinite(values).sum())


def _sides(cohort: Cohort) -> tuple[Side, ...]:
    groups = np.array(cohort.groups, dtype=object)
    found = []
    for outcome, members in (
        (True, cohort.positive == 1.0),
        (False, cohort.positive == 0.0),
        (None, np.isnan(cohort.positive)),
    ):
        n = int(members.sum())
        inside = Counter(groups[members].tolist())
        if n or outcome is not None:
            counted = {group: inside[group] for group in (*Group, None) if inside[group]}
            found.append(Side(outcome, n, MappingProxyType(counted)))
    return tuple(found)


def study_patients(study: Study) -> Patients:
    """Take one row for each patient, with what each reader measured."""
    cohort, gathered, number = study.cohort, study.gathered, study.selection.round
    id_of = {exam.code: exam.id for exam in gathered.enrolled}
    ids = [id_of[code] for code in cohort.codes]
    inside = set(ids)
    cells = [cell for cell in gathered.cells(number) if cell.exam_id in inside]
    readers = gathered.active(number)
    choice = choose_levels(cohort.levels, study.rules, cohort.mean)
    adjust = known(cohort.level_effects) if cohort.level_effects else None
    own = {
        name: patient_means(
            [cell for cell in cells if cell.reader == name], ids, (name,), choice, adjust=adjust
        ).final
        for name in readers
    }
    seen = {cell.exam_id for cell in cells if cell.not_blinded}
    return Patients(
        cohort=cohort,
        readers=readers,
        own=MappingProxyType(
            {one: _columns([own[name][one] for name in readers], cohort.n) for one in MEASURED}
        ),
        not_blinded=np.array([one in seen for one in ids], dtype=np.bool_),
    )


def _columns(columns: Sequence[FloatArray], n: int) -> FloatArray:
    return frozen(np.stack(columns, axis=1) if columns else np.empty((n, 0)))
