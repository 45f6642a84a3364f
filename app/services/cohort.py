"""What all statistics start from: one row per patient, and who is not among them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from app.domain.clinical import Group, Scheme
from app.domain.disagreement import FinalFrom
from app.domain.maps import Quantity
from app.domain.reasons import Reason
from app.services.patient_means import BoolArray, FloatArray
from app.services.selection import LevelMean
from app.stats.result import NotDefined, Note

_ANALYSED = {
    LevelMean.AT_LEAST: "cohort.analysed",
    LevelMean.COMPLETE: "cohort.analysed_complete",
    LevelMean.ADJUSTED: "cohort.analysed_adjusted",
}
_FEMALE = {"F": 1.0, "M": 0.0}

UNKNOWN = "?"
"""Stands for a unit or a field strength that nobody stated."""


class ReaderChoice(StrEnum):
    """Whose values are analysed: the readers' mean, each reader's own, or their mean as it was decided on."""

    MEAN = "mean"
    EACH = "each"
    ADJUDICATED = "adjudicated"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Cases left out for one reason.

    Attributes
    ----------
    code : str
        ``cohort.not_signed_off``, ``cohort.patient_excluded``, ``cohort.too_few_levels``,
        ``cohort.incomplete_set`` or ``cohort.filtered``; ``cohort.without_qct`` of patients who are in the
        rows and in no group.
    cases : tuple of str
        Their case codes.
    reason : Reason or None
        Why patients were excluded by a reader.
    """

    code: str
    cases: tuple[str, ...]
    reason: Reason | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """One row per patient.

    All arrays are read-only, a missing cell is NaN; the ``index`` of a statistical result counts
    these rows.

    Attributes
    ----------
    levels : str
        Levels of the patient mean: ``L1-L4``, ``L1-L5`` or a single level.
    mean : LevelMean
        What became of means that lack levels; ``AT_LEAST`` where no mean can.
    codes : tuple of str, length n
        Case codes.
    enrolled : int
        Exams in the session.
    exclusions : tuple of Exclusion
        Exams that are not among the rows, by reason.
    values : mapping of Quantity to ndarray, shape (n,)
        Final values: the mean of the readers' patient means, or as ``choice`` says. FF in %, R2* in s^-1. NaN
        where a coordinator left out so many levels that none is left; the readers are still compared.
    readers : tuple of str
        The two readers that are compared, in order; fewer where fewer have signed off.
    paired : mapping of Quantity to ndarray, shape (n, 2)
        Their patient means over the levels both measured; NaN in both where these are too few. Always of what
        they measured themselves, whatever was decided on it.
    single_reader : ndarray of bool, shape (n,)
        The final value of a map rests on one reader.
    incomplete : ndarray of bool, shape (n,)
        A reader's mean rests on fewer than all levels.
    final_from : tuple of FinalFrom, length n
        What the values of each patient rest on.
    level_effects : mapping of Quantity to ndarray, shape (n, levels)
        What each level adds, by which means that lack levels are adjusted; empty where none is.
    choice : ReaderChoice
        Whose values these are.
    bmd, tscore : ndarray, shape (n,)
        Of the protocol's regions; BMD in ``bmd_unit``.
    tscore_regions : tuple of str, length n
        Region each T-score is really of; empty without one, and for one of a column that names no region.
    bmd_unit : str
        Unit of all BMD values, empty where the table does not say.
    age, bmi : ndarray, shape (n,)
        Years, and kg/m2.
    sex : tuple of str, length n
        ``M``, ``F`` or empty.
    scheme : Scheme
        What makes the groups and, where it is not sex, the outcome.
    schemes : tuple of Scheme
        What could: by QCT only where an enrolled patient has such a density.
    groups : tuple of Group or None, length n
        By the scheme; None for whom it needs something the table does not say.
    ungrouped : tuple of Exclusion
        Who belongs to no group and has no outcome, for a reason of the scheme's own; by T-score a note tells.
    positive : ndarray, shape (n,)
        1 for patients with the outcome, 0 for those without, NaN where the scheme cannot tell.
    field_strengths : tuple of float or None
        Different field strengths of the rows that have an R2* value, tesla; None stands for unknown.
    blocked : mapping of str to NotDefined
        Columns that must not be analysed, and why: ``bmd`` (mixed units), ``R2STAR`` (mixed field strengths).
    notes : tuple of Note
        What a reader of the statistics should know.
    """

    levels: str
    mean: LevelMean
    codes: tuple[str, ...]
    enrolled: int
    exclusions: tuple[Exclusion, ...]
    values: Mapping[Quantity, FloatArray]
    readers: tuple[str, ...]
    paired: Mapping[Quantity, FloatArray]
    single_reader: BoolArray
    incomplete: BoolArray
    final_from: tuple[FinalFrom, ...]
    level_effects: Mapping[Quantity, FloatArray]
    choice: ReaderChoice
    bmd: FloatArray
    tscore: FloatArray
    tscore_regions: tuple[str, ...]
    bmd_unit: str
    age: FloatArray
    bmi: FloatArray
    sex: tuple[str, ...]
    scheme: Scheme
    schemes: tuple[Scheme, ...]
    groups: tuple[Group | None, ...]
    ungrouped: tuple[Exclusion, ...]
    positive: FloatArray
    field_strengths: tuple[float | None, ...]
    blocked: Mapping[str, NotDefined]
    notes: tuple[Note, ...]

    @property
    def n(self) -> int:
        """Patients in the rows."""
        return len(self.codes)

    @property
    def n_excluded(self) -> int:
        """Exams that are not among the rows."""
        return sum(len(one.cases) for one in self.exclusions)

    @property
    def analysed(self) -> Note:
        """How many are in the rows, and by which mean."""
        return Note.of(_ANALYSED[self.mean], n=self.n, enrolled=self.enrolled, levels=self.levels)

    def count(self, group: Group) -> int:
        """Patients of a group."""
        return self.groups.count(group)


def covariates_of(cohort: Cohort, *, but: str = "") -> dict[str, FloatArray]:
    """Columns to adjust for, by the names a paper uses: age, sex (1 for women) and BMI.

    Parameters
    ----------
    cohort : Cohort
        The patients.
    but : str
        The one that is looked at itself; also left out are those that do not vary or are known of nobody.
    """
    female = np.array([_FEMALE.get(sex, np.nan) for sex in cohort.sex])
    columns = {"age": cohort.age, "sex": female, "BMI": cohort.bmi}
    return {
        name: column
        for name, column in columns.items()
        if name != but and np.unique(column[np.isfinite(column)]).size > 1
    }


def mixed_units(units: Collection[str]) -> NotDefined | None:
    """Why densities in these units are not one column; None where they are."""
    if len(set(units)) <= 1:
        return None
    return NotDefined.of("cohort.mixed_bmd_units", units=", ".join(one or UNKNOWN for one in sorted(units)))
