"""From signed-off readings and the clinical table to one row per patient: where all statistics start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import compress
from types import MappingProxyType

import numpy as np

from app.domain.case_facts import Because
from app.domain.clinical import INTERVAL_TOO_LONG, UNIT_AGAINST_METHOD, UNSTATED, ClinicalRow, Group, group_of
from app.domain.clinical import Kind as Reference
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.services.open_session import Session
from app.services.patient_means import BoolArray, FloatArray, PatientMeans, choose_levels, patient_means
from app.stats.result import NotDefined, Note, as_column, frozen
from app.store import clinical, exams, sessions
from app.store.case_facts import CaseResult, results_of_cases
from app.store.clinical import JoinedRow
from app.store.exams import ExamRow
from app.store.results import LevelResult, results

ROUND = 1
"""Round the final values and the agreement between readers come from; later rounds are repeats."""

_NOMINAL_TESLA = (1.5, 3.0)
_NOMINAL_SHARE = 0.05
_UNKNOWN = "?"


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Cases left out for one reason.

    Attributes
    ----------
    code : str
        ``cohort.not_signed_off``, ``cohort.patient_excluded`` or ``cohort.too_few_levels``.
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
    codes : tuple of str, length n
        Case codes.
    enrolled : int
        Exams in the session.
    exclusions : tuple of Exclusion
        Exams that are not among the rows, by reason.
    values : mapping of Quantity to ndarray, shape (n,)
        Final values: the mean of the readers' patient means. FF in %, R2* in s^-1.
    readers : tuple of str
        The two readers that are compared, in order; fewer where fewer have signed off.
    paired : mapping of Quantity to ndarray, shape (n, 2)
        Their patient means over the levels both measured; NaN in both where these are too few.
    single_reader : ndarray of bool, shape (n,)
        The final value of a map rests on one reader.
    incomplete : ndarray of bool, shape (n,)
        A reader's mean rests on fewer than all levels.
    bmd, tscore : ndarray, shape (n,)
        Of the protocol's region; BMD in ``bmd_unit``.
    bmd_unit : str
        Unit of all BMD values, empty where the table does not say.
    age : ndarray, shape (n,)
        Years.
    sex : tuple of str, length n
        ``M``, ``F`` or empty.
    groups : tuple of Group or None, length n
        By T-score.
    positive : ndarray, shape (n,)
        1 where the T-score is at most the protocol's limit, 0 above, NaN without a T-score.
    field_strengths : tuple of float or None
        Different field strengths of the rows that have an R2* value, tesla; None stands for unknown.
    blocked : mapping of str to NotDefined
        Columns that must not be analysed, and why: ``bmd`` (mixed units), ``R2STAR`` (mixed field strengths).
    notes : tuple of Note
        What a reader of the statistics should know.
    """

    levels: str
    codes: tuple[str, ...]
    enrolled: int
    exclusions: tuple[Exclusion, ...]
    values: Mapping[Quantity, FloatArray]
    readers: tuple[str, ...]
    paired: Mapping[Quantity, FloatArray]
    single_reader: BoolArray
    incomplete: BoolArray
    bmd: FloatArray
    tscore: FloatArray
    bmd_unit: str
    age: FloatArray
    sex: tuple[str, ...]
    groups: tuple[Group | None, ...]
    positive: FloatArray
    field_strengths: tuple[float | None, ...]
    blocked: Mapping[str, NotDefined]
    notes: tuple[Note, ...]

    @property
    def n(self) -> int:
        """Patients with a final value."""
        return len(self.codes)

    @property
    def n_excluded(self) -> int:
        """Exams that are not among the rows."""
        return sum(len(one.cases) for one in self.exclusions)

    def count(self, group: Group) -> int:
        """Patients of a group."""
        return self.groups.count(group)


def assemble_cohort(
    session: Session,
    viewer: Viewer,
    *,
    levels: str | None = None,
    compare: tuple[str, str] | None = None,
) -> Cohort:
    """Make the patient-level table from signed-off readings and the newest clinical table.

    Parameters
    ----------
    session : Session
        The study.
    viewer : Viewer
        Who asks.
    levels : str, optional
        Levels of the patient mean: ``L1-L4``, ``L1-L5`` or one level; the protocol's otherwise.
    compare : tuple of str, optional
        Names of the two readers to compare; otherwise the first two by enrolment who have signed off.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    InputError
        ``cohort.unknown_levels``; ``cohort.unknown_reader``.
    """
    protocol = session.protocol
    choice = choose_levels(levels or protocol.mean_levels, protocol)
    told, said = results(session.database, viewer), results_of_cases(session.database, viewer)
    excluded = excluded_of(said)
    signed = [one for one in told if one.signed_off and one.round == ROUND]
    cells = [one for one in signed if one.exam_id not in excluded]
    enrolled = exams.exams(session.database)
    readers = [reader.name for reader in sessions.readers(session.database)]
    every = patient_means(cells, [exam.id for exam in enrolled], readers, choice, compare=compare)
    kept = every.defined
    patients = list(compress(enrolled, kept))
    joined = clinical.newest(session.database, viewer)
    cohort = _assemble(
        patients, every.of(kept), _references(patients, joined, protocol), protocol, choice.name
    )
    return replace(
        cohort,
        enrolled=len(enrolled),
        exclusions=_exclusions(list(compress(enrolled, ~kept)), {cell.exam_id for cell in cells}, excluded),
        notes=(*cohort.notes, *_note_origin(patients, cells), *_note_disputed(signed, said, excluded)),
    )


def excluded_of(said: Iterable[CaseResult]) -> dict[int, Because]:
    """Exams whose patient a reader left out in a signed-off reading of the first round, and why.

    One reader is enough: what they found holds for the patient. Where reasons differ, that of the reader
    enrolled first stands.
    """
    found: dict[int, Because] = {}
    for one in said:
        if one.signed_off and one.round == ROUND and one.facts.excluded is not None:
            found.setdefault(one.exam_id, one.facts.excluded)
    return found


def _exclusions(
    left_out: Sequence[ExamRow], read: set[int], excluded: Mapping[int, Because]
) -> tuple[Exclusion, ...]:
    others = [exam for exam in left_out if exam.id not in excluded]
    by_reason = (
        Exclusion("cohort.patient_excluded", _codes(left_out, _because(excluded, reason)), reason)
        for reason in Reason
    )
    found = (
        Exclusion("cohort.not_signed_off", tuple(exam.code for exam in others if exam.id not in read)),
        *by_reason,
        Exclusion("cohort.too_few_levels", _codes(others, read)),
    )
    return tuple(one for one in found if one.cases)


def _because(excluded: Mapping[int, Because], reason: Reason) -> set[int]:
    return {exam_id for exam_id, because in excluded.items() if because.reason is reason}


def _codes(rows: Sequence[ExamRow], wanted: set[int]) -> tuple[str, ...]:
    return tuple(exam.code for exam in rows if exam.id in wanted)


@dataclass(frozen=True, slots=True)
class _Reference:
    """What the clinical table says of one patient; None and empty where it says nothing."""

    bmd: float | None = None
    unit: str = ""
    tscore: float | None = None
    age: float | None = None
    sex: str = ""
    plain_column: bool = False
    too_old: bool = False
    unit_against_method: bool = False

    @classmethod
    def of(cls, row: ClinicalRow, region: str) -> _Reference:
        codes = {problem.code for problem in row.problems}
        if INTERVAL_TOO_LONG in codes:
            return cls(age=row.age, sex=row.sex, too_old=True)
        bmd, tscore = row.find(Reference.BMD, region), row.find(Reference.TSCORE, region)
        used = [value for value in (bmd, tscore) if value is not None and value.value is not None]
        return cls(
            bmd=bmd.value if bmd else None,
            unit=bmd.unit if bmd else "",
            tscore=tscore.value if tscore else None,
            age=row.age,
            sex=row.sex,
            plain_column=any(value.region == UNSTATED for value in used),
            unit_against_method=UNIT_AGAINST_METHOD in codes,
        )


def _references(
    patients: Sequence[ExamRow], joined: Sequence[JoinedRow], protocol: Protocol
) -> list[_Reference]:
    of_exam = {one.exam_id: _Reference.of(one.row, protocol.bmd_region) for one in joined}
    return [of_exam.get(exam.id, _Reference()) for exam in patients]


def _assemble(
    patients: Sequence[ExamRow],
    means: PatientMeans,
    references: Sequence[_Reference],
    protocol: Protocol,
    levels: str,
) -> Cohort:
    bmd, tscore, age = (
        as_column([getattr(one, name) for one in references]) for name in ("bmd", "tscore", "age")
    )
    units = sorted({one.unit for one in references if one.bmd is not None})
    strengths = _strengths(patients, means.final[Quantity.R2STAR])
    return Cohort(
        levels=levels,
        codes=tuple(exam.code for exam in patients),
        enrolled=len(patients),
        exclusions=(),
        values=means.final,
        readers=means.compared,
        paired=means.paired,
        single_reader=means.single_reader,
        incomplete=means.incomplete,
        bmd=frozen(bmd),
        tscore=frozen(tscore),
        bmd_unit=units[0] if len(units) == 1 else "",
        age=frozen(age),
        sex=tuple(one.sex for one in references),
        groups=tuple(group_of(one.tscore) for one in references),
        positive=frozen(np.where(np.isfinite(tscore), tscore <= protocol.positive_t_score, np.nan)),
        field_strengths=strengths,
        blocked=_blocked(units, strengths),
        notes=(
            *_note_readings(means, levels),
            *_note_references(references),
            *_note_region(references, protocol.bmd_region, levels),
            *((Note.of("cohort.field_strength_unknown"),) if strengths == (None,) else ()),
        ),
    )


def _strengths(patients: Sequence[ExamRow], r2star: FloatArray) -> tuple[float | None, ...]:
    """Different field strengths of the patients with an R2* value, the unknown one last."""
    found = {_nominal(exam.field_strength_t) for exam in compress(patients, np.isfinite(r2star).tolist())}
    known = sorted(strength for strength in found if strength is not None)
    return (*known, None) if None in found else tuple(known)


def _nominal(strength: float | None) -> float | None:
    """The field a scanner is sold as: 2.8936 and 3.0 T are both 3 T, as far as R2* can tell."""
    if strength is None:
        return None
    near = (nominal for nominal in _NOMINAL_TESLA if abs(strength - nominal) <= _NOMINAL_SHARE * nominal)
    return next(near, strength)


def _blocked(units: Sequence[str], strengths: Sequence[float | None]) -> Mapping[str, NotDefined]:
    blocked = {}
    if len(units) > 1:
        told = ", ".join(unit or _UNKNOWN for unit in units)
        blocked[Reference.BMD.value] = NotDefined.of("cohort.mixed_bmd_units", units=told)
    if len(strengths) > 1:
        told = ", ".join(_UNKNOWN if strength is None else f"{strength:g}" for strength in strengths)
        blocked[Quantity.R2STAR.value] = NotDefined.of("cohort.mixed_field_strengths", strengths=told)
    return MappingProxyType(blocked)


def _note_origin(patients: Sequence[ExamRow], cells: Sequence[LevelResult]) -> tuple[Note, ...]:
    from_table = {cell.exam_id for cell in cells if cell.origin == "table"}
    return _counted("cohort.from_table", sum(exam.id in from_table for exam in patients))


def _note_disputed(
    signed: Sequence[LevelResult], said: Sequence[CaseResult], excluded: Mapping[int, Because]
) -> tuple[Note, ...]:
    """Patients whom one reader left out and another one measured."""
    out = {(one.exam_id, one.reader) for one in said if one.facts.excluded is not None}
    kept = {one.exam_id for one in signed if (one.exam_id, one.reader) not in out}
    return _counted("cohort.exclusion_disputed", len(kept & set(excluded)))


def _note_readings(means: PatientMeans, levels: str) -> tuple[Note, ...]:
    return (
        *_counted("cohort.single_reader", int(means.single_reader.sum())),
        *_counted("cohort.incomplete_levels", int(means.incomplete.sum()), levels=levels),
    )


def _note_references(references: Sequence[_Reference]) -> tuple[Note, ...]:
    return (
        *_counted("cohort.reference_too_old", sum(one.too_old for one in references)),
        *_counted(
            "cohort.without_t_score", sum(one.tscore is None and not one.too_old for one in references)
        ),
        *_counted("cohort.unit_against_method", sum(one.unit_against_method for one in references)),
    )


def _note_region(references: Sequence[_Reference], region: str, levels: str) -> tuple[Note, ...]:
    if all(one.bmd is None and one.tscore is None for one in references):
        return ()
    notes = []
    if any(one.plain_column for one in references):
        notes.append(Note.of("cohort.region_not_stated", region=region))
    if region != levels:
        notes.append(Note.of("cohort.region_differs", region=region, levels=levels))
    if "L5" in region:
        notes.append(Note.of("cohort.region_with_l5", region=region))
    return tuple(notes)


def _counted(code: str, count: int, **values: str) -> tuple[Note, ...]:
    return (Note.of(code, count=count, **values),) if count else ()
