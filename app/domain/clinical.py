"""The clinical table: what a row says of a patient, and what makes a bone-density group."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import pairwise

from app.domain.protocol import LEVELS

UNSTATED = ""
"""Region of a plain column (``BMD``, ``T-score``): the table does not say which."""

OSTEOPENIA_BELOW = -1.0
OSTEOPOROSIS_UP_TO = -2.5

# protocol 15
_LONG_INTERVAL_DAYS = 14
_TOO_LONG_INTERVAL_DAYS = 90
_T_SCORE_AGE = 50
_LEVEL_STEP = 1.0
# what rounding does to the difference of two T-scores with two decimals
_ROUNDING = 1e-9

# protocol 13: a density per area belongs to DXA, one per volume to QCT
UNITS_OF_METHOD = {"DXA": frozenset({"g/cm2", "mg/cm2"}), "QCT": frozenset({"mg/cm3"})}

INTERVAL_TOO_LONG = "clinical.interval_over_90"
UNIT_AGAINST_METHOD = "clinical.unit_against_method"


class Kind(StrEnum):
    """What a value of the reference examination is."""

    BMD = "bmd"
    TSCORE = "tscore"


class Group(StrEnum):
    """Bone-density group by T-score, from the imported reference and never from FF or R2*."""

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

    def find(self, kind: Kind, region: str) -> ClinicalValue | None:
        """The value of a region; that of the plain column where the table has none for the region."""
        of_kind = {one.region: one for one in self.values if one.kind is kind}
        return of_kind.get(region, of_kind.get(UNSTATED))

    def __repr__(self) -> str:
        """Never the content: a repr ends in logs and tracebacks."""
        return f"ClinicalRow(line={self.line}, ...)"


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
        ``clinical.t_score_under_50`` for a T-score of a man under 50 (a Z-score is meant),
        ``clinical.levels_apart`` for T-scores of neighbouring vertebrae more than 1.0 apart.
    """
    found = [*_check_interval(row.exam_date, study_date)]
    scores = {
        one.region: one.value for one in row.values if one.kind is Kind.TSCORE and one.value is not None
    }
    if scores and row.sex == "M" and row.age is not None and row.age < _T_SCORE_AGE:
        found.append(Problem("clinical.t_score_under_50"))
    if _any_apart(scores.get(level.value) for level in LEVELS):
        found.append(Problem("clinical.levels_apart"))
    return tuple(found)


def _check_interval(exam_date: str, study_date: str) -> list[Problem]:
    if not exam_date or not study_date:
        return []
    days = abs((date.fromisoformat(exam_date) - date.fromisoformat(study_date)).days)
    if days > _TOO_LONG_INTERVAL_DAYS:
        return [Problem(INTERVAL_TOO_LONG)]
    return [Problem("clinical.interval_over_14")] if days > _LONG_INTERVAL_DAYS else []


def _any_apart(scores: Iterable[float | None]) -> bool:
    return any(
        upper is not None and lower is not None and abs(upper - lower) > _LEVEL_STEP + _ROUNDING
        for upper, lower in pairwise(scores)
    )
