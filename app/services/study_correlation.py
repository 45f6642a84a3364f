"""A map against what the clinical table says: over patients, within groups, adjusted, and level by level."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.clinical import Kind
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level
from app.services.cohort import Cohort, covariates_of
from app.services.patient_means import FloatArray
from app.services.study_data import Study
from app.stats.compare_correlations import CorrelationComparison, compare_columns
from app.stats.correlation import Pearson, WithinGroups, pearson, within_groups
from app.stats.partial import PartialCorrelation, partial_correlation
from app.stats.rank_correlation import RankCorrelation, kendall, spearman
from app.stats.result import NotDefined
from app.stats.rmcorr import RepeatedCorrelation, repeated_correlation

AGAINST = ("bmd", "tscore", "age")
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

    A vertebra's value is the mean of the readers that count in the selection; its density is that of the
    same level in the clinical table. Patients differ by more than what is looked at, so only changes from
    vertebra to vertebra inside a patient count (Bland and Altman 1995).
    """
    density = _densities(study)
    means = _level_means(study)
    pairs = [
        (code, means[key], bmd)
        for key, bmd in density.items()
        if key in means and (code := key[0]) in set(study.cohort.codes)
    ]
    if not pairs:
        return NotDefined.of("correlation.no_level_density")
    codes, x, y = zip(*pairs, strict=True)
    return repeated_correlation(x, y, codes)


def _densities(study: Study) -> dict[tuple[str, Level], float]:
    code_of = {exam.id: exam.code for exam in study.gathered.enrolled}
    found = {}
    for one in study.gathered.joined:
        if one.exam_id not in code_of:
            continue
        for value in one.row.values:
            if value.kind is Kind.BMD and value.value is not None and value.region in set(LEVELS):
                found[code_of[one.exam_id], Level(value.region)] = value.value
    return found


def _level_means(study: Study) -> dict[tuple[str, Level], float]:
    selection = study.selection
    told: dict[tuple[str, Level], list[float]] = {}
    for cell in study.gathered.cells(selection.round):
        stats = cell.stats.get(selection.quantity)
        if stats is None or stats.mean is None or selection.reader not in {None, cell.reader}:
            continue
        told.setdefault((cell.code, cell.level), []).append(stats.mean)
    return {key: sum(values) / len(values) for key, values in told.items()}
