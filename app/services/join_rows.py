"""Find the exam of every row of a table: by accession, then patient ID, then case code, never by guess."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from app.domain.clinical import (
    UNSTATED,
    ClinicalRow,
    ClinicalValue,
    Covariate,
    Kind,
    Problem,
    check_reference,
    with_bmi,
)
from app.files.collecting import uncollected
from app.store.clinical import ExamIdentifiers, JoinedRow

ACCESSION, PATIENT_ID, CASE_CODE = "accession", "patient_id", "code"

# why a row joined no exam; kept among the row's problems
NO_EXAM = "clinical.no_exam"
SEVERAL_EXAMS = "clinical.several_exams"
IDS_DISAGREE = "clinical.ids_disagree"
DUPLICATE = "clinical.duplicate_row"
CONFLICT = "clinical.conflicting_rows"
NOT_JOINED = (NO_EXAM, SEVERAL_EXAMS, IDS_DISAGREE, DUPLICATE, CONFLICT)

# what rows of one patient may not say differently
_TOLD_ONCE = ("sex", "age", "bmi", "exam_date", "patient_id", "accession", "case_code")

_Found = tuple[int | None, str]
"""Key of an exam and what it was found by; or None and why not."""


class Identified(Protocol):
    """What names a patient."""

    @property
    def patient_id(self) -> str:
        """As written; empty where there is none."""

    @property
    def accession(self) -> str:
        """As written."""

    @property
    def case_code(self) -> str:
        """As written."""


@dataclass(frozen=True, slots=True)
class Joining:
    """Every row with its exam or the reason why it has none.

    Attributes
    ----------
    rows : tuple of JoinedRow
        In the order of the table. Rows of one exam that speak of different regions are one row here, on the
        line of the first.
    conflicts : mapping of int to tuple of int
        Exams claimed by different rows, and the lines of these.
    together : mapping of int to tuple of int
        Lines that became one row, by the line of the first.
    """

    rows: tuple[JoinedRow, ...]
    conflicts: Mapping[int, tuple[int, ...]]
    together: Mapping[int, tuple[int, ...]] = field(default_factory=dict)


def join(rows: Sequence[ClinicalRow], identifiers: Sequence[ExamIdentifiers]) -> Joining:
    """Give every row its exam, or the reason why it has none among its problems.

    Parameters
    ----------
    rows : sequence of ClinicalRow
        Of the table.
    identifiers : sequence of ExamIdentifiers
        Of all exams.
    """
    with uncollected():
        return _join(rows, Index(identifiers))


def _join(rows: Sequence[ClinicalRow], index: Index) -> Joining:
    found = [index.find(row) for row in rows]
    claims = _Claims()
    for row, (exam_id, _) in zip(rows, found, strict=True):
        if exam_id is not None:
            claims.add(exam_id, row)
    claims.settle()
    joined = []
    for row, (exam_id, told) in zip(rows, found, strict=True):
        if exam_id is None:
            joined.append(_not_joined(row, told))
        elif id(row) in claims.refused:
            joined.append(_not_joined(row, claims.refused[id(row)]))
        elif id(row) not in claims.absorbed:
            whole = claims.merged.get(id(row), row)
            joined.append(_checked(JoinedRow(whole, exam_id, told), index.dates[exam_id]))
    return Joining(tuple(joined), claims.conflicts, claims.together)


class Index:
    """Exams by each of their identifiers."""

    def __init__(self, identifiers: Iterable[ExamIdentifiers]) -> None:
        self.dates: dict[int, str] = {}
        self._exams: dict[tuple[str, str], list[int]] = defaultdict(list)
        for one in identifiers:
            self.add(one)

    def add(self, one: ExamIdentifiers) -> None:
        """Know one more exam."""
        self.dates[one.exam_id] = one.study_date
        for key in ((ACCESSION, one.accession), (PATIENT_ID, one.patient_id), (CASE_CODE, one.code)):
            self._exams[key].append(one.exam_id)

    def find(self, row: Identified) -> _Found:
        """The exam of a row and what it was found by; or None and why not."""
        claimed: Sequence[int]
        by_accession = self._of(ACCESSION, row.accession)
        by_patient = self._of(PATIENT_ID, row.patient_id)
        # both name exams, and not the same one: one of the two is wrong
        if by_accession and by_patient and not set(by_accession) & set(by_patient):
            return None, IDS_DISAGREE
        if by_accession:
            told, claimed = ACCESSION, [one for one in by_accession if not by_patient or one in by_patient]
        elif by_patient:
            told, claimed = PATIENT_ID, by_patient
        else:
            told, claimed = CASE_CODE, self._of(CASE_CODE, row.case_code or row.patient_id)
        if len(claimed) == 1:
            return claimed[0], told
        return None, SEVERAL_EXAMS if claimed else NO_EXAM

    def _of(self, kind: str, text: str) -> Sequence[int]:
        return self._exams.get((kind, text), ()) if text else ()


class _Claims:
    """Rows by the exam they claim; where several do, equal ones count once and regions come together."""

    def __init__(self) -> None:
        self._of: dict[int, list[ClinicalRow]] = defaultdict(list)
        # rows are told apart by being the very same object: two may say the same
        self.refused: dict[int, str] = {}
        self.absorbed: set[int] = set()
        self.merged: dict[int, ClinicalRow] = {}
        self.conflicts: dict[int, tuple[int, ...]] = {}
        self.together: dict[int, tuple[int, ...]] = {}

    def add(self, exam_id: int, row: ClinicalRow) -> None:
        self._of[exam_id].append(row)

    def settle(self) -> None:
        for exam_id, rows in self._of.items():
            if len(rows) > 1:
                self._settle(exam_id, rows)

    def _settle(self, exam_id: int, rows: Sequence[ClinicalRow]) -> None:
        different: dict[ClinicalRow, ClinicalRow] = {}
        for row in rows:
            if different.setdefault(replace(row, line=0), row) is not row:
                self.refused[id(row)] = DUPLICATE
        first, *others = different.values()
        whole = merged(first, others) if others else first
        if whole is None:
            self.refused.update((id(row), CONFLICT) for row in rows)
            self.conflicts[exam_id] = tuple(sorted(row.line for row in rows))
        elif others:
            self.merged[id(first)] = whole
            self.absorbed.update(id(row) for row in others)
            self.together[first.line] = tuple(row.line for row in (first, *others))


def merged(first: ClinicalRow, others: Sequence[ClinicalRow]) -> ClinicalRow | None:
    """One row of several that speak of different regions of one patient and agree in all else; None else.

    Only rows that name the regions of all their values come together: two rows that do not may be two
    examinations.
    """
    rows = (first, *others)
    if any(not row.values or any(one.region == UNSTATED for one in row.values) for row in rows):
        return None
    values: dict[tuple[Kind, str], ClinicalValue] = {}
    covariates: dict[str, Covariate] = {}
    for row in rows:
        for value in row.values:
            if values.setdefault((value.kind, value.region), value) != value:
                return None
        for one in row.covariates:
            known = covariates.get(one.name)
            if known is not None and None not in {known.value, one.value} and known.value != one.value:
                return None
            if known is None or known.value is None:
                covariates[one.name] = one
    said = {name: {getattr(row, name) for row in rows} - {None, ""} for name in _TOLD_ONCE}
    if any(len(different) > 1 for different in said.values()):
        return None
    whole = replace(
        first,
        values=tuple(values.values()),
        problems=tuple(dict.fromkeys(problem for row in rows for problem in row.problems)),
        covariates=tuple(covariates.values()),
    )
    # what one row leaves empty another may say
    return replace(whole, **{name: next(iter(one)) for name, one in said.items() if one})


def _not_joined(row: ClinicalRow, code: str) -> JoinedRow:
    made = with_bmi(row)
    return JoinedRow(made.with_problems(Problem(code), *made.problems), None, "")


def _checked(joined: JoinedRow, study_date: str) -> JoinedRow:
    """Add the BMI where only height and weight are given, and what rule 15 of the protocol says."""
    row = with_bmi(joined.row)
    found = check_reference(row, study_date)
    if found:
        row = row.with_problems(*row.problems, *found)
    return joined if row is joined.row else replace(joined, row=row)
