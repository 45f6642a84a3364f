"""Groups of patients compared: Table 1 of a paper, and one of its rows in full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, cast

from app.domain.clinical import Group
from app.domain.maps import MEASURED
from app.services.cohort import Cohort, covariates_of
from app.services.patient_means import FloatArray
from app.services.selection import Grouping, Selection
from app.services.study_data import Study
from app.stats.ancova import Ancova, ancova
from app.stats.contingency import Contingency, contingency, cross_table
from app.stats.groups import GroupComparison, Headline, compare_groups
from app.stats.pairwise import Adjustment, Pairwise, dunn, games_howell, pairwise_t, tukey
from app.stats.result import NotDefined

AGE, BMI, BMD = "age", "bmi", "bmd"
PAIRS = ("t_holm", "t_bonferroni", "tukey", "games_howell", "dunn")
"""Ways to compare groups two by two."""

TESTS = ("by_data", "anova", "welch", "kruskal")
"""What Table 1 tells: what the data ask for, or one test for all rows."""

_SEXES = ("M", "F")
# what a variable is called among the covariates
_NAMES = {BMI: "BMI"}


@dataclass(frozen=True, slots=True, eq=False)
class StudyGroups:
    """Table 1, and the variable in front.

    Attributes
    ----------
    labels : tuple of str
        Keys of the groups, in order: those of :class:`~app.domain.clinical.Group`, ``positive`` and
        ``negative``, or ``M`` and ``F``.
    sizes : tuple of int
        Patients of each.
    of_patient : tuple of str or None, length n
        Group of each row of the cohort.
    rows : mapping of str to GroupComparison or NotDefined
        By variable.
    sex : Contingency or NotDefined
        Men and women across the groups.
    sex_counts : tuple of tuple of int
        Men and women of each group.
    variable : str
        Of which the rest tells.
    pairs : Pairwise or NotDefined
        Groups two by two.
    adjusted : Ancova or NotDefined
        The same at equal age and BMI.
    """

    labels: tuple[str, ...]
    sizes: tuple[int, ...]
    of_patient: tuple[str | None, ...]
    rows: Mapping[str, GroupComparison | NotDefined]
    sex: Contingency | NotDefined
    sex_counts: tuple[tuple[int, ...], ...]
    variable: str
    pairs: Pairwise | NotDefined
    adjusted: Ancova | NotDefined

    @property
    def front(self) -> GroupComparison | NotDefined:
        """Comparison of the variable in front."""
        return self.rows[self.variable]


def variables(cohort: Cohort) -> dict[str, FloatArray]:
    """Columns that groups can be compared by, in the order of Table 1."""
    return {
        AGE: cohort.age,
        BMI: cohort.bmi,
        BMD: cohort.bmd,
        **{quantity.value: cohort.values[quantity] for quantity in MEASURED},
    }


def study_groups(study: Study) -> StudyGroups:
    """Compare the groups of a selection."""
    cohort, selection = study.cohort, study.selection
    of_patient, order = _groups(cohort, selection.grouping)
    columns = variables(cohort)
    rows = {
        name: cohort.blocked.get(name) or _compare(column, of_patient, order, selection)
        for name, column in columns.items()
    }
    variable = selection.option("groups.variable", MEASURED[0].value)
    front = rows[variable]
    way = selection.option("groups.pairs", PAIRS[0])
    counts = tuple(
        tuple(
            sum(sex == one and group == label for sex, group in zip(cohort.sex, of_patient, strict=True))
            for one in _SEXES
        )
        for label in order
    )
    return StudyGroups(
        labels=order,
        sizes=tuple(of_patient.count(label) for label in order),
        of_patient=of_patient,
        rows=MappingProxyType(rows),
        sex=_sex(cohort, of_patient),
        sex_counts=counts,
        variable=variable,
        pairs=front
        if isinstance(front, NotDefined)
        else _pairs(way, front, columns[variable], of_patient, order),
        adjusted=front
        if isinstance(front, NotDefined)
        else _adjusted(columns, variable, of_patient, order, cohort),
    )


def _compare(
    column: FloatArray, of_patient: tuple[str | None, ...], order: tuple[str, ...], selection: Selection
) -> GroupComparison | NotDefined:
    quartiles = cast("Literal[6, 7]", int(selection.option("groups.quartiles", "6")))
    found = compare_groups(column, of_patient, order=order, quartile_type=quartiles)
    test = selection.option("groups.test", TESTS[0])
    if isinstance(found, NotDefined) or test == TESTS[0]:
        return found
    return replace(found, chosen=cast("Headline", test))


def _groups(cohort: Cohort, grouping: Grouping) -> tuple[tuple[str | None, ...], tuple[str, ...]]:
    """Group of each patient, and the groups in order."""
    if grouping is Grouping.SEX:
        return tuple(sex or None for sex in cohort.sex), _SEXES
    if grouping is Grouping.OUTCOME:
        names = {0.0: "negative", 1.0: "positive"}
        return tuple(names.get(one) for one in cohort.positive.tolist()), ("negative", "positive")
    return tuple(one.value if one else None for one in cohort.groups), tuple(one.value for one in Group)


def _sex(cohort: Cohort, of_patient: tuple[str | None, ...]) -> Contingency | NotDefined:
    known = [
        (sex, group)
        for sex, group in zip(cohort.sex, of_patient, strict=True)
        if sex in _SEXES and group is not None
    ]
    table, _, _ = cross_table([sex for sex, _ in known], [group for _, group in known])
    return contingency(table)


def _pairs(
    way: str,
    front: GroupComparison,
    column: FloatArray,
    of_patient: tuple[str | None, ...],
    order: tuple[str, ...],
) -> Pairwise | NotDefined:
    if way == "tukey":
        return tukey(front.centred)
    if way == "games_howell":
        return games_howell(front.centred)
    if way == "dunn":
        return dunn(column, of_patient, order=order)
    return pairwise_t(front.centred, adjustment=cast("Adjustment", way.removeprefix("t_")))


def _adjusted(
    columns: Mapping[str, FloatArray],
    variable: str,
    of_patient: tuple[str | None, ...],
    order: tuple[str, ...],
    cohort: Cohort,
) -> Ancova | NotDefined:
    """Compare at equal age, BMI and sex, as far as they are known and are not what is compared."""
    used = covariates_of(cohort, but=_NAMES.get(variable, variable))
    if not used:
        return NotDefined.of("groups.no_covariates")
    return ancova(columns[variable], of_patient, list(used.values()), list(used), order=order)
