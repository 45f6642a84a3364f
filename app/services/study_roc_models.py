"""Models of a selection: what FF and R2* add to each other and to what is known without them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import permutations
from types import MappingProxyType

import numpy as np

from app.domain.clinical import is_zscore
from app.domain.maps import MEASURED
from app.services.analyse import NAMES
from app.services.patient_means import FloatArray
from app.services.study_data import Study
from app.services.study_roc import AGE, directions, is_known
from app.stats.calibration import Calibration
from app.stats.combined import LogisticModel, logistic
from app.stats.cross_validation import CrossValidation, RepeatedFolds, leave_one_out, repeated_folds
from app.stats.firth import FirthModel, firth
from app.stats.model_fit import FitIndices, HosmerLemeshow, fit_indices, hosmer_lemeshow, variance_inflation
from app.stats.nested_models import AddedArea, NestedModels, added_areas, delong_nested, nested_models
from app.stats.optimism import Optimism, optimism_corrected
from app.stats.profile_likelihood import profile_intervals
from app.stats.ranking import Direction
from app.stats.result import Interval, NotDefined, complete_cases
from app.stats.roc import Roc, roc
from app.stats.roc_paired import PairedRoc, compare_paired

NONE, AGE_SEX_BMI, COLUMN = "none", "age_sex_bmi", "column:"
"""What a model is adjusted for: nothing, age, these three, or one further column by its name."""

NESTED = ("no", "yes")
"""Whether DeLong's test is made between nested models too."""

LIKELIHOOD, FIRTH = "likelihood", "firth"
"""How a model is fitted."""

Columns = Mapping[str, FloatArray]

SEX, BMI = "sex", "BMI"
"""Names of columns in equations and tables, beside that of age."""

_OWN_NAMES = frozenset({*NAMES.values(), AGE, SEX, BMI})
_SEXES = {"F": 1.0, "M": 0.0}


# -- columns ----------------------------------------------------------------------------------------------


def further_columns(study: Study) -> Columns:
    """Numbers of the clinical table that tell patients apart, by header; beside age, sex and BMI.

    A Z-score is the reference itself by another name, so nothing is adjusted for it.
    """
    code_of = {exam.id: exam.code for exam in study.gathered.enrolled}
    row_of = {code: row for row, code in enumerate(study.cohort.codes)}
    found: dict[str, FloatArray] = {}
    for one in study.gathered.joined:
        row = row_of.get(code_of.get(one.exam_id or 0, ""))
        for covariate in one.row.covariates if row is not None else ():
            if is_zscore(covariate.name):
                continue
            column = found.setdefault(covariate.name, np.full(study.cohort.n, np.nan))
            column[row] = np.nan if covariate.value is None else covariate.value
    usable = {name: column for name, column in sorted(found.items()) if is_known(column)}
    # a column that is called like one of ours could not be told from it
    return MappingProxyType({name: column for name, column in usable.items() if name not in _OWN_NAMES})


def covariate_choices(study: Study) -> tuple[str, ...]:
    """What a model can be adjusted for, of what is known of these patients."""
    known = _known(study)
    three = (AGE_SEX_BMI,) if set(known) - {AGE} else ()
    age = (AGE,) if AGE in known else ()
    return (NONE, *age, *three, *(COLUMN + name for name in further_columns(study)))


def covariates(study: Study) -> Columns:
    """The columns that were chosen, by name; of three of which one is not known, the others."""
    chosen = study.selection.option("roc.covariates", NONE)
    known = _known(study)
    if chosen.startswith(COLUMN):
        name = chosen.removeprefix(COLUMN)
        return {one: column for one, column in further_columns(study).items() if one == name}
    if chosen == AGE_SEX_BMI:
        return known
    return {name: column for name, column in known.items() if name == chosen}


def reference_columns(study: Study) -> Columns:
    """What the maps are set beside: what was chosen, else age where it is known."""
    return covariates(study) or {name: column for name, column in _known(study).items() if name == AGE}


def _known(study: Study) -> dict[str, FloatArray]:
    cohort = study.cohort
    female = np.array([_SEXES.get(sex, np.nan) for sex in cohort.sex], dtype=np.float64)
    # a column that is the outcome itself explains nothing
    named = {AGE: cohort.age, SEX: female, BMI: cohort.bmi}
    if _same(female, cohort.positive):
        del named[SEX]
    return {name: column for name, column in named.items() if is_known(column)}


def _same(first: FloatArray, second: FloatArray) -> bool:
    both = np.isfinite(first) & np.isfinite(second)
    return bool(both.any() and np.array_equal(first[both], second[both]))


def _maps(study: Study) -> Columns | NotDefined:
    cohort = study.cohort
    blocked = next((cohort.blocked[one.value] for one in MEASURED if one.value in cohort.blocked), None)
    return blocked or {NAMES[one]: cohort.values[one] for one in MEASURED}


# -- markers compared -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class ComparedMarker:
    """One marker on the patients all are compared on."""

    name: str
    result: Roc


@dataclass(frozen=True, slots=True, eq=False)
class PairOfMarkers:
    """Two markers of the same patients, none nested in the other."""

    first: str
    second: str
    result: PairedRoc | NotDefined


@dataclass(frozen=True, slots=True, eq=False)
class StudyComparison:
    """All markers on the same complete cases.

    Attributes
    ----------
    markers : tuple of ComparedMarker
        The maps, both combined, and the reference.
    pairs : tuple of PairOfMarkers
        Two by two, without those of which one is nested in the other.
    nested : tuple of NestedModels
        What R2* adds to FF, FF to R2*, both to the reference, and the reference to both.
    delong : tuple of PairedRoc or NotDefined
        DeLong's test of each of ``nested``, which is not valid there; empty unless asked for.
    reason : NotDefined or None
        Why there is nothing to compare.
    blocked : tuple of NotDefined
        Why a map is not among the markers.
    n_excluded : int
        Patients left out for a missing cell.
    """

    markers: tuple[ComparedMarker, ...] = ()
    pairs: tuple[PairOfMarkers, ...] = ()
    nested: tuple[NestedModels | NotDefined, ...] = ()
    delong: tuple[PairedRoc | NotDefined, ...] = ()
    reason: NotDefined | None = None
    blocked: tuple[NotDefined, ...] = ()
    n_excluded: int = 0


def study_comparison(study: Study) -> StudyComparison:
    """Compare the markers of a selection on the patients complete in all of them."""
    cohort, reference = study.cohort, reference_columns(study)
    maps = {NAMES[one]: cohort.values[one] for one in MEASURED if one.value not in cohort.blocked}
    blocked = tuple(cohort.blocked[one.value] for one in MEASURED if one.value in cohort.blocked)
    cases = complete_cases([*maps.values(), *reference.values(), cohort.positive])
    kept = dict(zip([*maps, *reference], cases.columns, strict=False))
    first, second = ({name: kept[name] for name in part} for part in (maps, reference))
    label = cases.columns[-1]
    nested = _nested(first, second, label)
    ways = {NAMES[quantity]: way for quantity, way in directions(study).items()}
    markers = _compared(first, ways, nested, label)
    if isinstance(markers, NotDefined):
        return StudyComparison(reason=markers, blocked=blocked)
    asked = study.selection.option("roc.nested", NESTED[0]) == NESTED[1]
    delong = (one if isinstance(one, NotDefined) else delong_nested(one) for one in nested)
    return StudyComparison(
        markers=tuple(ComparedMarker(name, result) for name, (_, _, result) in markers.items()),
        pairs=_pairs(markers, tuple(first), label),
        nested=nested,
        delong=tuple(delong) if asked else (),
        blocked=blocked,
        n_excluded=cases.n_excluded,
    )


_Marker = tuple[FloatArray, Direction, Roc]


def _nested(maps: Columns, reference: Columns, label: FloatArray) -> tuple[NestedModels | NotDefined, ...]:
    steps: list[tuple[Columns, Columns]] = [
        ({one: maps[one]}, {other: maps[other]}) for one, other in permutations(maps, 2)
    ]
    if maps and reference:
        steps += [(reference, maps), (maps, reference)]
    return tuple(
        nested_models(list(base.values()), list(base), list(added.values()), list(added), label)
        for base, added in steps
    )


def _compared(
    maps: Columns,
    ways: Mapping[str, Direction],
    nested: tuple[NestedModels | NotDefined, ...],
    label: FloatArray,
) -> dict[str, _Marker] | NotDefined:
    """Values, direction and curve of every marker that has one."""
    columns: dict[str, tuple[FloatArray, Direction]] = {
        name: (column, ways[name]) for name, column in maps.items()
    }
    # both maps together, and the reference, each as its model puts it
    made = [one for one in nested if isinstance(one, NestedModels)]
    models = [
        *(one.large for one in made if one.large.names == tuple(maps)),
        *(one.small for one in made if not set(one.small.names) & set(maps)),
    ]
    for model in models:
        columns[" + ".join(model.names)] = model.linear_predictor, "higher"
    found: dict[str, _Marker] = {}
    for name, (values, way) in columns.items():
        curve = roc(values, label, direction=way)
        if isinstance(curve, NotDefined):
            return curve
        found[name] = (values, way, curve)
    return found


def _pairs(
    markers: Mapping[str, _Marker], maps: tuple[str, ...], label: FloatArray
) -> tuple[PairOfMarkers, ...]:
    both, names = " + ".join(maps), list(markers)
    found = []
    for place, first in enumerate(names):
        for second in names[place + 1 :]:
            if second == both:
                # each map is nested in both together
                continue
            one, other = markers[first], markers[second]
            compared = compare_paired(one[0], other[0], label, directions=(one[1], other[1]))
            found.append(PairOfMarkers(first, second, compared))
    return tuple(found)


def added_by_resampling(found: StudyComparison) -> tuple[AddedArea | NotDefined, ...]:
    """Correct the areas of the nested models for optimism, in the order of ``found.nested``."""
    return added_areas(found.nested)


# -- the combined model -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class StudyModel:
    """The model of the maps and what it is adjusted for.

    Attributes
    ----------
    names : tuple of str
        Its columns.
    model : LogisticModel or FirthModel or NotDefined
        Fitted as asked.
    beside : tuple of LogisticModel or NotDefined
        The maps alone, the reference alone (what the model is adjusted for, else age), all together, and age
        alone, on the patients complete in all; without those that ``model`` already is.
    profile : tuple of Interval or None
        One for each coefficient, by the profile likelihood.
    inflation : mapping of str to float
        Variance inflation by column.
    fit : FitIndices or None
    hosmer_lemeshow : HosmerLemeshow or NotDefined or None
    left_out : CrossValidation or NotDefined or None
        Each patient predicted by the model fitted to all others.
    """

    names: tuple[str, ...]
    model: LogisticModel | FirthModel | NotDefined
    beside: tuple[LogisticModel | NotDefined, ...] = ()
    profile: tuple[Interval | None, ...] = ()
    inflation: Mapping[str, float] = field(default_factory=dict)
    fit: FitIndices | None = None
    hosmer_lemeshow: HosmerLemeshow | NotDefined | None = None
    left_out: CrossValidation | NotDefined | None = None

    @property
    def calibration(self) -> Calibration | NotDefined | None:
        """Of the predictions for patients left out; on its own patients the slope of a model is 1."""
        return self.left_out.calibration if isinstance(self.left_out, CrossValidation) else self.left_out


def study_model(study: Study) -> StudyModel:
    """Fit the model of a selection."""
    maps = _maps(study)
    adjusted = covariates(study)
    if isinstance(maps, NotDefined):
        return StudyModel(tuple(NAMES[one] for one in MEASURED), maps)
    columns, label = {**maps, **adjusted}, study.cohort.positive
    by_firth = study.selection.option("roc.fit", LIKELIHOOD) == FIRTH
    fitted = (firth if by_firth else logistic)(list(columns.values()), list(columns), label)
    beside = _beside(maps, reference_columns(study), label, None if by_firth else fitted)
    if not isinstance(fitted, LogisticModel):
        return StudyModel(tuple(columns), fitted, beside)
    return StudyModel(
        names=tuple(columns),
        model=fitted,
        beside=beside,
        profile=profile_intervals(fitted),
        inflation=variance_inflation(fitted),
        fit=fit_indices(fitted),
        hosmer_lemeshow=hosmer_lemeshow(fitted),
        left_out=leave_one_out(fitted),
    )


def _beside(
    maps: Columns, reference: Columns, label: FloatArray, front: object
) -> tuple[LogisticModel | NotDefined, ...]:
    if not reference:
        return ()
    cases = complete_cases([*maps.values(), *reference.values(), label])
    kept = dict(zip([*maps, *reference], cases.columns, strict=False))
    # age alone stands beside every model that knows it
    age = [{AGE: reference[AGE]}] if AGE in reference and len(reference) > 1 else []
    parts = [maps, reference, {**maps, **reference}, *age]
    found = [logistic([kept[name] for name in part], list(part), cases.columns[-1]) for part in parts]
    return tuple(one for one in found if not _is_same(one, front))


def _is_same(one: LogisticModel | NotDefined, front: object) -> bool:
    if not isinstance(one, LogisticModel) or not isinstance(front, LogisticModel):
        return False
    return one.names == front.names and one.n == front.n


@dataclass(frozen=True, slots=True)
class Corrected:
    """What is left of an area in new patients."""

    optimism: Optimism | NotDefined
    folds: RepeatedFolds | NotDefined


def corrected(model: LogisticModel) -> Corrected:
    """Correct the area of a model for optimism, and cross-validate it: ten folds, twenty times."""
    return Corrected(optimism_corrected(list(model.design.T), model.label), repeated_folds(model))
