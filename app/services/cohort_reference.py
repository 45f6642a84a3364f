"""What the clinical table says of the patients of a cohort."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from app.domain.clinical import INTERVAL_TOO_LONG, UNIT_AGAINST_METHOD, UNSTATED, ClinicalRow, Kind
from app.domain.protocol import Protocol
from app.store.clinical import JoinedRow
from app.store.exams import ExamRow


@dataclass(frozen=True, slots=True)
class Reference:
    """What the clinical table says of one patient; None and empty where it says nothing."""

    bmd: float | None = None
    unit: str = ""
    tscore: float | None = None
    age: float | None = None
    bmi: float | None = None
    sex: str = ""
    plain_column: bool = False
    too_old: bool = False
    unit_against_method: bool = False

    @classmethod
    def of(cls, row: ClinicalRow, region: str) -> Reference:
        """Take from a row what counts for a region; nothing but who the patient is from one of long ago."""
        codes = {problem.code for problem in row.problems}
        if INTERVAL_TOO_LONG in codes:
            return cls(age=row.age, bmi=row.bmi, sex=row.sex, too_old=True)
        bmd, tscore = row.find(Kind.BMD, region), row.find(Kind.TSCORE, region)
        used = [value for value in (bmd, tscore) if value is not None and value.value is not None]
        return cls(
            bmd=bmd.value if bmd else None,
            unit=bmd.unit if bmd else "",
            tscore=tscore.value if tscore else None,
            age=row.age,
            bmi=row.bmi,
            sex=row.sex,
            plain_column=any(value.region == UNSTATED for value in used),
            unit_against_method=UNIT_AGAINST_METHOD in codes,
        )


def references_of(
    patients: Sequence[ExamRow], joined: Sequence[JoinedRow], protocol: Protocol
) -> list[Reference]:
    """What the newest table says of each patient, in their order."""
    of_exam = {one.exam_id: Reference.of(one.row, protocol.bmd_region) for one in joined}
    return [of_exam.get(exam.id, Reference()) for exam in patients]
