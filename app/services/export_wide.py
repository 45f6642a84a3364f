"""The wide table: one row per patient, from the signed-off readings of the first round."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isclose, isnan

import numpy as np
from numpy.typing import NDArray

from app.domain.case_facts import Because
from app.domain.clinical import ClinicalRow, days_after
from app.domain.disagreement import FinalFrom
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, MEAN_LEVELS, Protocol
from app.files.tables import Cell
from app.services.assemble_cohort import excluded_of
from app.services.export_case import reason_fields
from app.services.export_clinical import clinical_fields
from app.services.export_fields import DERIVED, PREFIXES, YES_NO, Field, units
from app.services.level_adjustment import Adjust, learnt_from
from app.services.patient_means import PatientMeans, choose_levels, patient_means
from app.store.adjudications import Adjudication
from app.store.case_facts import CaseResult
from app.store.exported import ExamFacts
from app.store.results import LevelResult

NOT_SIGNED_OFF, NO_MAP, TOO_FEW_LEVELS = "not_signed_off", "no_map", "too_few_levels"
EXCLUDED = "patient_excluded"
"""Why a patient has no mean."""

LEFT_OUT = "excluded"
"""Why a patient with a mean has no final value."""

_FEWEST_READERS = 2
_DIGITS = 12
"""Of a number that was computed from others; what adding up leaves behind lies beyond them."""
# single levels and patient means are averaged by the same rules
_MEANS = (*(level.value for level in LEVELS), *MEAN_LEVELS)

_Array = NDArray[np.float64]
_Key = tuple[str, Quantity]


@dataclass(frozen=True, slots=True, eq=False)
class WideRow:
    """One patient.

    Attributes
    ----------
    exam : ExamFacts
        The case.
    synthetic : bool
        A made-up patient.
    reference : ClinicalRow or None
        Row of the clinical table.
    reference_days : int or None
        Days from the MRI to the reference examination.
    signed_off : bool
        At least one reader has signed off the first round.
    of_reader : mapping of (str, Quantity) to ndarray, shape (readers,)
        Values of the readers for each level (``L3``) and patient mean (``L1-L4``); NaN where there is none.
    mean : mapping of (str, Quantity) to float
        Means of the readers; NaN where there is none.
    final : mapping of (str, Quantity) to float
        The same with what a coordinator decided where readers differ; NaN where that leaves none.
    adjusted : mapping of (str, Quantity) to float
        Final patient means adjusted for levels that are missing; NaN where that is not defined.
    adjudicated : frozenset of str
        Levels and patient means that such a decision is in.
    excluded : Because or None
        Why a reader left the patient out, who then has no final value.
    not_blinded : bool
        One of the readings was not made blinded although the study is.
    """

    exam: ExamFacts
    synthetic: bool
    reference: ClinicalRow | None
    reference_days: int | None
    signed_off: bool
    of_reader: Mapping[_Key, _Array]
    mean: Mapping[_Key, float]
    final: Mapping[_Key, float]
    adjusted: Mapping[_Key, float]
    adjudicated: frozenset[str]
    excluded: Because | None
    not_blinded: bool


@dataclass(frozen=True, slots=True)
class Study:
    """What the wide table is made from.

    Attributes
    ----------
    exams : tuple of ExamFacts
        One row each.
    cells : tuple of LevelResult
        Signed-off levels of the first round.
    readers : tuple of str
        All readers by enrolment.
    references : mapping of int to ClinicalRow
        Rows of the clinical table by exam.
    study_dates : mapping of int to str
        ISO dates of the MRI by exam, or empty; only what lies between two dates is written of them.
    has_table : bool
        A clinical table was imported.
    protocol : Protocol
        In force.
    synthetic : bool
        Made-up patients.
    said : tuple of CaseResult
        What readers said of whole cases in signed-off readings of the first round.
    decided : tuple of Adjudication
        Decisions that hold where readers differ.
    """

    exams: tuple[ExamFacts, ...]
    cells: tuple[LevelResult, ...]
    readers: tuple[str, ...]
    references: Mapping[int, ClinicalRow]
    study_dates: Mapping[int, str]
    has_table: bool
    protocol: Protocol
    synthetic: bool
    said: tuple[CaseResult, ...] = ()
    decided: tuple[Adjudication, ...] = ()


def wide_rows(study: Study) -> list[WideRow]:
    """One row per exam, read or not, in the order of the exams."""
    excluded = excluded_of(study.said)
    kept = [cell for cell in study.cells if cell.exam_id not in excluded]
    mean, settled = _averaged(study, kept), _means(study, kept, study.decided)
    final, adjusted = _values_of(settled), _values_of(_adjusted(study, kept))
    alone = [
        _averaged(study, [cell for cell in study.cells if cell.reader == reader]) for reader in study.readers
    ]
    of_reader = {key: np.stack([values[key] for values in alone], axis=1) for key in mean}
    signed_off = {cell.exam_id for cell in study.cells} | {one.exam_id for one in study.said}
    seen = {cell.exam_id for cell in study.cells if cell.not_blinded}
    return [
        WideRow(
            exam=exam,
            synthetic=study.synthetic,
            reference=study.references.get(exam.id),
            reference_days=_reference_days(study, exam.id),
            signed_off=exam.id in signed_off,
            of_reader={key: values[place] for key, values in of_reader.items()},
            mean={key: float(values[place]) for key, values in mean.items()},
            final={key: float(values[place]) for key, values in final.items()},
            adjusted={key: float(values[place]) for key, values in adjusted.items()},
            adjudicated=frozenset(name for name, means in settled.items() if means.adjudicated[place]),
            excluded=excluded.get(exam.id),
            not_blinded=exam.id in seen,
        )
        for place, exam in enumerate(study.exams)
    ]


def _reference_days(study: Study, exam_id: int) -> int | None:
    row = study.references.get(exam_id)
    return days_after(row.exam_date, study.study_dates.get(exam_id, "")) if row else None


def _averaged(study: Study, cells: Sequence[LevelResult]) -> dict[_Key, _Array]:
    """Value of every exam for every level and patient mean, each of shape (exams,)."""
    return _values_of(_means(study, cells))


def _adjusted(study: Study, cells: Sequence[LevelResult]) -> dict[str, PatientMeans]:
    """Patient means adjusted for what levels add, learnt from the patients of the table."""
    adjust = learnt_from([exam.field_strength_t for exam in study.exams], np.ones(len(study.exams), bool))
    return _means(study, cells, study.decided, names=tuple(MEAN_LEVELS), adjust=adjust)


def _means(
    study: Study,
    cells: Sequence[LevelResult],
    decided: Sequence[Adjudication] = (),
    *,
    names: Sequence[str] = _MEANS,
    adjust: Adjust | None = None,
) -> dict[str, PatientMeans]:
    """All exams by level and patient mean."""
    ids = [exam.id for exam in study.exams]
    choices = {name: choose_levels(name, study.protocol) for name in names}
    return {
        name: patient_means(cells, ids, study.readers, choice, decided=decided, adjust=adjust)
        for name, choice in choices.items()
    }


def _values_of(means: Mapping[str, PatientMeans]) -> dict[_Key, _Array]:
    return {(name, quantity): one.final[quantity] for name, one in means.items() for quantity in MEASURED}


def wide_fields(study: Study) -> tuple[Field[WideRow], ...]:
    """The columns, in order: patient, clinical table, patient means, single levels."""
    # two columns of readers also while there is one, so that scripts find what they look for
    told = [*study.readers, *["a reader not enrolled yet"] * (_FEWEST_READERS - len(study.readers))]
    unit_of = units(study.protocol.r2star_unit)
    maps = [(quantity, unit_of[quantity]) for quantity in MEASURED]
    means = (
        field
        for mean in MEAN_LEVELS
        for quantity, unit in maps
        for field in (
            *_values(mean, quantity, unit, told),
            _adjusted_field(mean, quantity, unit),
            *_quality(mean, quantity, study.protocol, told),
        )
    )
    levels = (
        field for level in LEVELS for quantity, unit in maps for field in _values(level, quantity, unit, told)
    )
    return (*_PATIENT, *(_clinical(study) if study.has_table else ()), *means, *levels)


def _clinical(study: Study) -> tuple[Field[WideRow], ...]:
    rows = [study.references[exam.id] for exam in study.exams if exam.id in study.references]
    return (*clinical_fields(study.protocol, _reference, rows), _DAYS)


_Value = Callable[[WideRow], Cell]


def _derived(quantity: Quantity) -> _Value:
    def value(row: WideRow) -> Cell:
        facts = row.exam.maps.get(quantity)
        return None if facts is None else facts.scaling.derived

    return value


def _excluded(row: WideRow) -> Because | None:
    return row.excluded


def _reference(row: WideRow) -> ClinicalRow | None:
    return row.reference


_DAYS: Field[WideRow] = Field(
    "reference_days",
    "Days from the MRI to the reference examination, negative where that came first. Both dates stand in the "
    "identity table.",
    lambda row: row.reference_days,
    unit="days",
)
_PATIENT: tuple[Field[WideRow], ...] = (
    Field(
        "case",
        "Case code; begins with a letter so that no program reads it as a number.",
        lambda r: r.exam.code,
    ),
    Field("synthetic", "Whether the session holds made-up patients.", lambda r: r.synthetic, values=YES_NO),
    Field(
        "field_strength_t",
        "Magnetic field. R2* of different field strengths must not be pooled.",
        lambda r: r.exam.field_strength_t,
        unit="T",
    ),
    Field(
        "signed_off",
        "Whether a reader has signed off the first round; other readings are not in this table.",
        lambda r: r.signed_off,
        values=YES_NO,
    ),
    Field(
        "patient_excluded",
        "Whether a reader left the whole patient out, who then has no mean here.",
        lambda r: r.excluded is not None,
        values=YES_NO,
    ),
    *reason_fields("patient", "the whole patient was left out", _excluded),
    Field(
        "not_blinded",
        "Whether one of the readings of a blinded study was made when its reader could see others'.",
        lambda r: r.not_blinded,
        values=YES_NO,
    ),
    *(
        Field(
            f"{PREFIXES[quantity]}_derived",
            f"How the {PREFIXES[quantity]} map came to be where the scanner did not make it as it is.",
            _derived(quantity),
            values=DERIVED,
        )
        for quantity in MEASURED
    ),
)


def _column(name: str) -> str:
    """``L1-L4`` as a part of a column's name."""
    return name.replace("-", "_")


def _values(name: str, quantity: Quantity, unit: str, readers: Sequence[str]) -> list[Field[WideRow]]:
    prefix, key = PREFIXES[quantity], (name, quantity)
    return [
        *(
            Field(
                f"{prefix}_{_column(name)}_reader{place + 1}",
                f"{prefix} of {name}, {reader}.",
                _of_reader(key, place),
                unit=unit,
            )
            for place, reader in enumerate(readers)
        ),
        Field(
            f"{prefix}_{_column(name)}_mean",
            f"{prefix} of {name}, mean of the readers who have a value, as they measured.",
            lambda row: _written(row, key, row.mean[key]),
            unit=unit,
        ),
        Field(
            f"{prefix}_{_column(name)}_final",
            f"{prefix} of {name}, the final value: the mean of the readers, with what a coordinator decided "
            "where they differ.",
            lambda row: _written(row, key, row.final[key]),
            unit=unit,
        ),
        Field(
            f"{prefix}_{_column(name)}_final_from",
            f"What {prefix}_{_column(name)}_final rests on; empty where no reader has a value.",
            lambda row: _final_from(row, key),
            values=f"{', '.join(FinalFrom)}, {LEFT_OUT} (there is none: a coordinator left out the level, or "
            "too many)",
        ),
    ]


def _adjusted_field(mean: str, quantity: Quantity, unit: str) -> Field[WideRow]:
    prefix, key = f"{PREFIXES[quantity]}_{_column(mean)}", (mean, quantity)
    of_field = ", of the same field strength" if quantity is Quantity.R2STAR else ""
    return Field(
        f"{prefix}_final_adjusted",
        f"{prefix}_final with what the levels that a reader's mean lacks would add: by least squares from "
        "the additive model of reading and level (Searle 1971), over the final values of this "
        f"table{of_field}. "
        "The same where no level is missing; empty also where these levels cannot be compared.",
        lambda row: _written(row, key, row.adjusted[key]),
        unit=unit,
    )


def _final_from(row: WideRow, key: _Key) -> str | None:
    if isnan(row.final[key]):
        return None if isnan(row.mean[key]) else LEFT_OUT
    if key[0] in row.adjudicated:
        return FinalFrom.ADJUDICATED.value
    return FinalFrom.SINGLE_READER.value if _by_one(row, key) else FinalFrom.MEAN.value


def _by_one(row: WideRow, key: _Key) -> bool:
    return int(np.isfinite(row.of_reader[key]).sum()) == 1


def _of_reader(key: _Key, place: int) -> _Value:
    def value(row: WideRow) -> Cell:
        values = row.of_reader[key]
        return _written(row, key, float(values[place])) if place < values.size else None

    return value


def _written(row: WideRow, key: _Key, value: float) -> float:
    """A number that was computed without the noise of it; one that was measured in full."""
    measured = value in row.of_reader[key] or not isclose(value, row.mean[key])
    if key[0] not in MEAN_LEVELS and measured:
        return value
    return float(f"{value:.{_DIGITS}g}")


def _quality(
    mean: str, quantity: Quantity, protocol: Protocol, readers: Sequence[str]
) -> list[Field[WideRow]]:
    """What a patient mean rests on."""
    prefix, key = f"{PREFIXES[quantity]}_{_column(mean)}", (mean, quantity)
    return [
        *(
            Field(
                f"{prefix}_levels_reader{place + 1}",
                f"Levels behind {prefix}_reader{place + 1}; the protocol needs {protocol.needed(mean)}.",
                _count_levels(mean, quantity, place),
                unit="levels",
            )
            for place in range(len(readers))
        ),
        Field(
            f"{prefix}_single_reader",
            f"Whether {prefix}_mean rests on one reader; empty without a mean.",
            lambda row: None if isnan(row.mean[key]) else _by_one(row, key),
            values=YES_NO,
        ),
        Field(
            f"{prefix}_reason",
            f"Why {prefix}_mean is empty.",
            lambda row: _reason(row, key),
            values=f"{NOT_SIGNED_OFF}, {EXCLUDED}, {NO_MAP} (the exam has none), {TOO_FEW_LEVELS} (for every "
            "reader)",
        ),
    ]


def _count_levels(mean: str, quantity: Quantity, place: int) -> _Value:
    def value(row: WideRow) -> Cell:
        of_levels = [row.of_reader[level.value, quantity] for level in MEAN_LEVELS[mean]]
        return sum(not isnan(values[place]) for values in of_levels) if place < of_levels[0].size else None

    return value


def _reason(row: WideRow, key: _Key) -> str | None:
    if not isnan(row.mean[key]):
        return None
    if not row.signed_off:
        return NOT_SIGNED_OFF
    if row.excluded is not None:
        return EXCLUDED
    return NO_MAP if row.exam.maps and key[1] not in row.exam.maps else TOO_FEW_LEVELS
