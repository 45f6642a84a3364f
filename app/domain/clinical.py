"""The clinical table: what a row says of a patient, and what makes a bone-density group."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise

from app.domain.protocol import LEVELS, LOWEST

UNSTATED = ""
"""Region of a plain column (``BMD``, ``T-score``): the table does not say which."""

SPINE = "lumbar spine"
"""Region of a column that names the spine and no vertebrae."""

TOTAL = "L1-L4"
"""Region of the spine as DXA measures it."""

REGIONS = (*(level.value for level in LEVELS), TOTAL, "L1-L5", SPINE, "femoral neck", "total hip")
"""Regions that columns are offered for and a study can choose from."""

# the lowest T-score of a patient is looked for in the spine as a whole and the hip, never in one vertebra
_WHOLE_REGIONS = frozenset({SPINE, "femoral neck", "total hip", UNSTATED})
_SEVERAL_LEVELS = re.compile(r"L[1-5]-L[1-5]")

OSTEOPENIA_BELOW = -1.0
OSTEOPOROSIS_UP_TO = -2.5

# protocol 15
_LONG_INTERVAL_DAYS = 14
_TOO_LONG_INTERVAL_DAYS = 90
_T_SCORE_AGE = 50
_LEVEL_STEP = 1.0
_BMI_DECIMALS = 2
# what rounding does to the difference of two T-scores with two decimals
_ROUNDING = 1e-9

# protocol 13: a density per area belongs to DXA, one per volume to QCT
UNITS_OF_METHOD = {"DXA": frozenset({"g/cm2", "mg/cm2"}), "QCT": frozenset({"mg/cm3"})}

POSTMENOPAUSAL = "postmenopausal"
"""Name of the covariate that tells women after the menopause (1) from those before it (0)."""

HEIGHT, WEIGHT = "height (cm)", "weight (kg)"
"""Names of the covariates a BMI is counted from where the table gives none."""

ZSCORE = "Z-score"
"""Begins the name of each Z-score, a covariate like others: kept, and never grouped by."""

BMI_COMPUTED = "clinical.bmi_computed"
INTERVAL_TOO_LONG = "clinical.interval_over_90"
INTERVAL_LONG = "clinical.interval_over_14"
T_SCORE_UNDER_50 = "clinical.t_score_under_50"
T_SCORE_PREMENOPAUSAL = "clinical.t_score_premenopausal"
T_SCORE_MENOPAUSE_UNSTATED = "clinical.t_score_menopause_unstated"
LEVELS_APART = "clinical.levels_apart"
UNIT_AGAINST_METHOD = "clinical.unit_against_method"

RULES = frozenset(
    {
        INTERVAL_TOO_LONG,
        INTERVAL_LONG,
        T_SCORE_UNDER_50,
        T_SCORE_PREMENOPAUSAL,
        T_SCORE_MENOPAUSE_UNSTATED,
        LEVELS_APART,
    }
)
"""What :func:`check_reference` can say."""


class Kind(StrEnum):
    """What a value of the reference examination is."""

    BMD = "bmd"
    TSCORE = "tscore"


class Scheme(StrEnum):
    """What makes bone-density groups; the two are never mixed, and the choice is always said."""

    T_SCORE = "t_score"
    QCT = "qct"


class Group(StrEnum):
    """Bone-density group by a :class:`Scheme`, from the imported reference and never from FF or R2*."""

    NORMAL = "normal"
    OSTEOPENIA = "osteopenia"
    OSTEOPOROSIS = "osteoporosis"


def group_of(tscore: float | None) -> Group | None:
    """Group by the T-score of the WHO: ``>= -1.0`` normal, ``<= -2.5`` osteoporosis, osteopenia between.

    Parameters
    ----------
    tscore : float or None
        A T-score read from a decimal text. Both limits are exact in binary and reading rounds in order, so
        comparing floats is comparing the decimals.

    Returns
    -------
    Group or None
        None without a T-score.
    """
    if tscore is None:
        return None
    if tscore >= OSTEOPENIA_BELOW:
        return Group.NORMAL
    return Group.OSTEOPOROSIS if tscore <= OSTEOPOROSIS_UP_TO else Group.OSTEOPENIA


# QCT of the spine, mg/cm3 (American College of Radiology): a scheme of its own, never mixed with T-scores
QCT_UNIT = "mg/cm3"
QCT_NORMAL_ABOVE = 120.0
QCT_OSTEOPOROSIS_BELOW = 80.0


def qct_group_of(bmd: float | None, unit: str) -> Group | None:
    """Group by volumetric density: above 120 mg/cm3 normal, below 80 osteoporosis, osteopenia between.

    Parameters
    ----------
    bmd : float or None
        Density read from a decimal text; both limits are exact in binary.
    unit : str
        Of the density.

    Returns
    -------
    Group or None
        None without a density, and for any other unit: it is never converted.
    """
    if bmd is None or unit != QCT_UNIT:
        return None
    if bmd > QCT_NORMAL_ABOVE:
        return Group.NORMAL
    return Group.OSTEOPOROSIS if bmd < QCT_OSTEOPOROSIS_BELOW else Group.OSTEOPENIA


@dataclass(frozen=True, slots=True)
class ClinicalValue:
    """One density or T-score of one region.

    Attributes
    ----------
    kind : Kind
        BMD or T-score.
    region : str
        ``L1`` ... ``L5``, ``L1-L4``, ``L1-L5``, ``femoral neck``, ``total hip``, another text as written, or
        :data:`UNSTATED`.
    value : float or None
        None where the cell was empty or not understood.
    unit : str
        ``g/cm2``, ``mg/cm2``, ``mg/cm3`` or empty where the table does not say. Never converted.
    verbatim : str
        The cell as written.
    """

    kind: Kind
    region: str
    value: float | None
    unit: str
    verbatim: str


@dataclass(frozen=True, slots=True)
class Covariate:
    """Any further number of a patient, such as weight or eGFR.

    Attributes
    ----------
    name : str
        Header of its column, without space around; or :data:`POSTMENOPAUSAL`.
    value : float or None
        None where the cell was empty or not understood.
    verbatim : str
        The cell as written.
    """

    name: str
    value: float | None
    verbatim: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a row that was not understood or should be known.

    Attributes
    ----------
    code : str
        Key of the sentence, such as ``clinical.not_a_number``.
    column : str
        Header of the column, or empty when it is about the whole row.
    verbatim : str
        The cell as written; empty for columns that identify a patient.
    """

    code: str
    column: str = ""
    verbatim: str = ""


@dataclass(frozen=True, slots=True)
class ClinicalRow:
    """One row of the table as it was understood.

    Attributes
    ----------
    line : int
        Line of the file on which the row ends, the first line being 1.
    patient_id, accession, case_code : str
        As written, leading zeros kept.
    sex : str
        ``M``, ``F`` or empty.
    age : float or None
        Years.
    bmi : float or None
        kg/m2.
    exam_date : str
        ISO date of the reference examination, or empty.
    values : tuple of ClinicalValue
        One for each BMD and T-score column, also where the cell is empty.
    problems : tuple of Problem
        What was not understood.
    covariates : tuple of Covariate
        One for each further column that is kept.
    """

    line: int
    patient_id: str = ""
    accession: str = ""
    case_code: str = ""
    sex: str = ""
    age: float | None = None
    bmi: float | None = None
    exam_date: str = ""
    values: tuple[ClinicalValue, ...] = ()
    problems: tuple[Problem, ...] = ()
    covariates: tuple[Covariate, ...] = ()

    def find(self, kind: Kind, region: str) -> ClinicalValue | None:
        """The value of a region; that of the plain column where the table has none for the region."""
        of_kind = {one.region: one for one in self.values if one.kind is kind}
        return of_kind.get(region, of_kind.get(UNSTATED))

    def tscore(self, region: str) -> ClinicalValue | None:
        """The T-score a study goes by: of a region as :meth:`find` gives it, or for ``lowest`` the lowest.

        The lowest is that of the spine as a whole (two vertebrae or more), femoral neck, total hip and the
        plain column, as far as the row has them; the first of equal ones.
        """
        if region != LOWEST:
            return self.find(Kind.TSCORE, region)
        told = [
            (one.value, one)
            for one in self.values
            if one.kind is Kind.TSCORE and one.value is not None and counts_for_lowest(one.region)
        ]
        return min(told, key=lambda pair: pair[0])[1] if told else None

    def zscore(self, region: str) -> float | None:
        """The Z-score of a region; that of the plain column where the table has none for the region."""
        known = {one.name: one.value for one in self.covariates}
        return known.get(zscore_name(region), known.get(ZSCORE))

    def covariate(self, name: str) -> float | None:
        """The number of a further column; None where there is none."""
        return next((one.value for one in self.covariates if one.name == name), None)

    def with_problems(self, *problems: Problem) -> ClinicalRow:
        """The same row with these problems instead of its own; of very many rows quicker than ``replace``."""
        return ClinicalRow(
            self.line, self.patient_id, self.accession, self.case_code, self.sex, self.age, self.bmi,
            self.exam_date, self.values, problems, self.covariates,
        )  # fmt: skip

    def __repr__(self) -> str:
        """Never the content: a repr ends in logs and tracebacks."""
        return f"ClinicalRow(line={self.line}, ...)"


def counts_for_lowest(region: str) -> bool:
    """Whether the lowest T-score of a patient may be of a region: never of a single vertebra."""
    return region in _WHOLE_REGIONS or _SEVERAL_LEVELS.fullmatch(region) is not None


def zscore_name(region: str) -> str:
    """Name of the covariate that is the Z-score of a region."""
    return f"{ZSCORE} {region}" if region else ZSCORE


def is_zscore(name: str) -> bool:
    """Whether a covariate is a Z-score, of whichever region."""
    return name.partition(" ")[0] == ZSCORE


def with_bmi(row: ClinicalRow) -> ClinicalRow:
    """The row with a BMI counted from height and weight, and marked so, where it gives none and has both."""
    if row.bmi is not None or not row.covariates:
        return row
    height, weight = row.covariate(HEIGHT), row.covariate(WEIGHT)
    if height is None or weight is None:
        return row
    bmi = round(weight / (height / 100.0) ** 2, _BMI_DECIMALS)
    return replace(row, bmi=bmi, problems=(*row.problems, Problem(BMI_COMPUTED)))


def check_reference(row: ClinicalRow, study_date: str) -> tuple[Problem, ...]:
    """Hold a reference examination against patient and MRI (rule 15 of the protocol).

    Parameters
    ----------
    row : ClinicalRow
        The patient's row.
    study_date : str
        ISO date of the MRI, or empty.

    Returns
    -------
    tuple of Problem
        ``clinical.interval_over_14`` or ``clinical.interval_over_90`` days between both examinations,
        ``clinical.t_score_under_50`` for a T-score of a man under 50, ``clinical.t_score_premenopausal`` for
        that of a woman before the menopause (a Z-score is meant for both),
        ``clinical.t_score_menopause_unstated`` for that of a woman under 50 of whom neither is said,
        ``clinical.levels_apart`` for T-scores of neighbouring vertebrae more than 1.0 apart.
    """
    found = [*_check_interval(row.exam_date, study_date)]
    scores = {
        one.region: one.value for one in row.values if one.kind is Kind.TSCORE and one.value is not None
    }
    if not scores:
        return tuple(found)
    if row.sex == "M" and row.age is not None and row.age < _T_SCORE_AGE:
        found.append(Problem(T_SCORE_UNDER_50))
    menopause = row.covariate(POSTMENOPAUSAL)
    if row.sex != "M" and menopause == 0.0:
        found.append(Problem(T_SCORE_PREMENOPAUSAL))
    if row.sex == "F" and menopause is None and row.age is not None and row.age < _T_SCORE_AGE:
        found.append(Problem(T_SCORE_MENOPAUSE_UNSTATED))
    if _any_apart(scores.get(level.value) for level in LEVELS):
        found.append(Problem(LEVELS_APART))
    return tuple(found)


def days_after(exam_date: str, study_date: str) -> int | None:
    """Days from the MRI to the reference examination, negative where that came first; None without both."""
    if not exam_date or not study_date:
        return None
    return (date.fromisoformat(exam_date) - date.fromisoformat(study_date)).days


def _check_interval(exam_date: str, study_date: str) -> list[Problem]:
    days = abs(days_after(exam_date, study_date) or 0)
    if days > _TOO_LONG_INTERVAL_DAYS:
        return [Problem(INTERVAL_TOO_LONG)]
    return [Problem(INTERVAL_LONG)] if days > _LONG_INTERVAL_DAYS else []


def _any_apart(scores: Iterable[float | None]) -> bool:
    return any(
        upper is not None and lower is not None and abs(upper - lower) > _LEVEL_STEP + _ROUNDING
        for upper, lower in pairwise(scores)
    )
