"""What the clinical table says of the patients of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.clinical import (
    INTERVAL_TOO_LONG,
    QCT_UNIT,
    UNIT_AGAINST_METHOD,
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Kind,
)
from app.domain.protocol import Protocol
from app.store.clinical import JoinedRow
from app.store.exams import ExamRow


def is_too_old(row: ClinicalRow) -> bool:
    """Whether so much time lies between MRI and reference examination that none of its values is used."""
    return any(problem.code == INTERVAL_TOO_LONG for problem in row.problems)


@dataclass(frozen=True, slots=True)
class Reference:
    """What the clinical table says of one patient; None and empty where it says nothing.

    ``qct`` is a density in mg/cm3 that no column calls DXA: of the region, else of the plain column, whatever
    ``bmd`` is. ``tscore_region`` is the region that the T-score is really of, empty for the plain column.
    """

    bmd: float | None = None
    unit: str = ""
    tscore: float | None = None
    tscore_region: str = ""
    qct: float | None = None
    age: float | None = None
    bmi: float | None = None
    sex: str = ""
    plain_bmd: bool = False
    plain_tscore: bool = False
    plain_qct: bool = False
    too_old: bool = False
    unit_against_method: bool = False

    @classmethod
    def of(cls, row: ClinicalRow, region: str, tscore_region: str) -> Reference:
        """Take from a row what counts for a region; nothing but who the patient is from one of long ago."""
        codes = {problem.code for problem in row.problems}
        if INTERVAL_TOO_LONG in codes:
            return cls(age=row.age, bmi=row.bmi, sex=row.sex, too_old=True)
        bmd, tscore = row.find(Kind.BMD, region), row.tscore(tscore_region)
        qct = _find_qct(row, region)
        return cls(
            bmd=bmd.value if bmd else None,
            unit=bmd.unit if bmd else "",
            tscore=tscore.value if tscore else None,
            tscore_region=tscore.region if tscore else "",
            qct=qct.value if qct else None,
            age=row.age,
            bmi=row.bmi,
            sex=row.sex,
            plain_bmd=_is_plain(bmd),
            plain_tscore=_is_plain(tscore),
            plain_qct=qct is not None and qct.region == UNSTATED,
            unit_against_method=UNIT_AGAINST_METHOD in codes,
        )


def _is_plain(value: ClinicalValue | None) -> bool:
    return value is not None and value.value is not None and value.region == UNSTATED


def _find_qct(row: ClinicalRow, region: str) -> ClinicalValue | None:
    """The density in mg/cm3 of a region; of an area, or by DXA, it is none and is never made one."""
    told = [one for one in row.values if one.unit == QCT_UNIT and one.value is not None]
    if not told:
        return None
    # a column that says DXA and mg/cm3 contradicts itself: which of the two holds cannot be known
    doubtful = {problem.verbatim for problem in row.problems if problem.code == UNIT_AGAINST_METHOD}
    found = {one.region: one for one in told if one.kind is Kind.BMD and one.verbatim not in doubtful}
    return found.get(region, found.get(UNSTATED))


def references_of(
    patients: Sequence[ExamRow], joined: Sequence[JoinedRow], protocol: Protocol
) -> list[Reference]:
    """What the newest table says of each patient, in their order."""
    regions = protocol.bmd_region, protocol.tscore_region
    of_exam = {one.exam_id: Reference.of(one.row, *regions) for one in joined}
    return [of_exam.get(exam.id, Reference()) for exam in patients]
