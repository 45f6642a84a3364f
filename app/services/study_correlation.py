"""A map against what the clinical table says: over patients, within groups, adjusted, and level by level."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.domain.clinical import ClinicalValue, Kind
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level
from app.services.cohort import Cohort, covariates_of, mixed_units
from app.services.cohort_reference import is_too_old
from app.services.patient_means import FloatArray
from app.services.study_data import Study, means_of
from app.stats.compare_correlations import CorrelationComparison, compare_columns
from app.stats.correlation import Pearson, WithinGroups, pearson, within_groups
from app.stats.partial import PartialCorrelation, partial_correlation
from app.stats.rank_correlation import RankCorrelation, kendall, spearman
from app.stats.result import NotDefined
from app.stats.rmcorr import RepeatedCorrelation, repeated_correlation

AGE = "age"
AGAINST = ("bmd", "tscore", AGE)
"""What a map can be set against."""


@dataclass(frozen=True, slots=True, eq=False)
class StudyCorrelation:
    """Everything about a map and one clinical column.

    Attributes
    ----------
    quantity : Quantity
        The map; its final values are x.
    against : str
        Of :data:`AGAINST`; y.
    pearson : Pearson or NotDefined
    spearman, kendall : RankCorrelation or NotDefined
    within : WithinGroups or NotDefined
        Within the T-score groups.
    partial : PartialCorrelation or NotDefined
        Adjusted for age, sex and BMI, as far as these are known and are not y.
    other_map : CorrelationComparison or NotDefined
        Whether FF correlates better than R2* does; the signs of the two are turned alike.
    vertebrae : RepeatedCorrelation or NotDefined
        Map and density of the same vertebra, inside patients.
    """

    quantity: Quantity
    against: str
    pearson: Pearson | NotDefined
    spearman: RankCorrelation | NotDefined
    kendall: RankCorrelation | NotDefined
    within: WithinGroups | NotDefined
    partial: PartialCorrelation | NotDefined
    other_map: CorrelationComparison | NotDefined
    vertebrae: RepeatedCorrelation | NotDefined


def study_correlation(study: Study) -> StudyCorrelation:
    """Correlate the map of a selection."""
    cohort, quantity = study.cohort, study.selection.quantity
    against = study.selection.option("correlation.against", AGAINST[0])
    x, y = cohort.values[quantity], _column(cohort, against)
    blocked = cohort.blocked.get(quantity.value) or cohort.blocked.get(against)
    both = blocked or next(
        (cohort.blocked[one.value] for one in MEASURED if one.value in cohort.blocked), None
    )
    return StudyCorrelation(
        quantity=quantity,
        against=against,
        pearson=blocked or pearson(x, y),
        spearman=blocked or spearman(x, y),
        kendall=blocked or kendall(x, y),
        within=blocked or within_groups(x, y, cohort.groups),
        partial=blocked or _partial(cohort, x, y, against),
        # what falls with y is turned round, so that strengths are compared and not signs
        other_map=both or compare_columns(y, cohort.values[Quantity.FF], -cohort.values[Quantity.R2STAR]),
        vertebrae=blocked or vertebrae(study),
    )


def _column(cohort: Cohort, name: str) -> FloatArray:
    return {"bmd": cohort.bmd, "tscore": cohort.tscore, "age": cohort.age}[name]


def _partial(cohort: Cohort, x: FloatArray, y: FloatArray, against: str) -> PartialCorrelation | NotDefined:
    used = covariates_of(cohort, but=against)
    if not used:
        return NotDefined.of("groups.no_covariates")
    return partial_correlation(x, y, list(used.values()), list(used))


def vertebrae(study: Study) -> RepeatedCorrelation | NotDefined:
    """Correlate map and density of the same vertebra inside patients.

    A vertebra's value is made of the readers as the selection says, with what was decided on it; its density
    is that of the same level in the clinical table, never one of two units. Patients differ by more than what
    is looked at, so only changes from vertebra to vertebra inside a patient count (Bland and Altman 1995).
    """
    selection, found = study.selection, _densities(study)
    known = [level for level in LEVELS if any(of == level for _, of in found)]
    values = {level: means_of(study, selection, level.value)[selection.quantity].tolist() for level in known}
    pairs = [
        (study.cohort.codes[row], value, density)
        for (row, level), density in found.items()
        if math.isfinite(value := values[level][row])
    ]
    if not pairs:
        return NotDefined.of("correlation.no_level_density")
    codes, x, densities = zip(*pairs, strict=True)
    mixed = mixed_units({one.unit for one in densities})
    return mixed or repeated_correlation(x, [one.value for one in densities], codes)


def _densities(study: Study) -> dict[tuple[int, Level], ClinicalValue]:
    """Densities of single vertebrae by row of the cohort, of examinations that are used."""
    row_of = {code: row for row, code in enumerate(study.cohort.codes)}
    row_of_exam = {exam.id: row_of[exam.code] for exam in study.gathered.enrolled if exam.code in row_of}
    found = {}
    for one in study.gathered.joined:
        if one.exam_id not in row_of_exam or is_too_old(one.row):
            continue
        for value in one.row.values:
            if value.kind is Kind.BMD and value.value is not None and value.region in set(LEVELS):
                found[row_of_exam[one.exam_id], Level(value.region)] = value
    return found
