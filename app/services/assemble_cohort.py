"""From signed-off readings and the clinical table to one row per patient: where all statistics start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from math import inf
from types import MappingProxyType

import numpy as np

from app.domain.case_facts import Because
from app.domain.clinical import OSTEOPENIA_BELOW, Kind, group_of
from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.services.cohort import Cohort as Cohort
from app.services.cohort import Exclusion as Exclusion
from app.services.cohort import ReaderChoice as ReaderChoice
from app.services.cohort_reference import Reference, references_of
from app.services.gather import ROUND as ROUND
from app.services.gather import Gathered as Gathered
from app.services.gather import excluded_of as excluded_of
from app.services.gather import gather as gather
from app.services.open_session import Session
from app.services.patient_means import FloatArray, PatientMeans, choose_levels, patient_means
from app.services.selection import ADJUDICATED, Outcome, Selection, one_reader
from app.stats.result import NotDefined, Note, as_column, frozen
from app.store.adjudications import Adjudication
from app.store.case_facts import CaseResult
from app.store.exams import ExamRow
from app.store.results import LevelResult

_NOMINAL_TESLA = (1.5, 3.0)
_NOMINAL_SHARE = 0.05
_UNKNOWN = "?"


def assemble_cohort(
    session: Session,
    viewer: Viewer,
    *,
    levels: str | None = None,
    compare: tuple[str, str] | None = None,
    choice: ReaderChoice = ReaderChoice.ADJUDICATED,
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
    choice : ReaderChoice
        ``ADJUDICATED``, or ``MEAN``, which leaves out what was decided where readers differ. Readers' own
        values are those of :func:`cohorts_of_readers`.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    InputError
        ``cohort.unknown_levels``; ``cohort.unknown_reader``.
    """
    selection = Selection(levels=levels, readers=choice.value)
    return assemble(gather(session, viewer), selection, compare=compare)


def cohorts_of_readers(session: Session, viewer: Viewer, *, levels: str | None = None) -> dict[str, Cohort]:
    """Make one cohort of each reader's own values, by the names of those who have signed off.

    Nobody is compared in them. Parameters and errors are those of :func:`assemble_cohort`.
    """
    found = gather(session, viewer)
    return {
        name: assemble(found, Selection(levels=levels, readers=one_reader(name))) for name in found.active()
    }


def assemble(gathered: Gathered, selection: Selection, *, compare: tuple[str, str] | None = None) -> Cohort:
    """One row for each patient of a selection; the others are told by reason.

    Parameters
    ----------
    gathered : Gathered
        What the session holds.
    selection : Selection
        Levels, readers, round, outcome and filters.
    compare : tuple of str, optional
        As :func:`assemble_cohort`.

    Raises
    ------
    InputError
        ``cohort.unknown_levels``; ``cohort.unknown_reader``.
    """
    protocol = gathered.protocol
    levels = choose_levels(selection.levels or protocol.mean_levels, protocol)
    cells, decided = chosen_readings(gathered, selection)
    ids = [exam.id for exam in gathered.enrolled]
    every = patient_means(cells, ids, gathered.readers, levels, compare=compare, decided=decided)
    references = references_of(gathered.enrolled, gathered.joined, protocol)
    wanted = np.array([_is_wanted(one, selection) for one in references], dtype=np.bool_)
    kept = every.defined & wanted
    patients = list(compress(gathered.enrolled, kept))
    told = list(compress(references, kept))
    cohort = _assemble(patients, every.of(kept), told, protocol, levels.name)
    exclusions = _exclusions(
        list(compress(gathered.enrolled, ~every.defined)), {cell.exam_id for cell in cells}, gathered.excluded
    )
    filtered = tuple(exam.code for exam in compress(gathered.enrolled, every.defined & ~wanted))
    return replace(
        cohort,
        enrolled=len(gathered.enrolled),
        choice=ReaderChoice.EACH if selection.reader else ReaderChoice(selection.readers),
        positive=frozen(_positive(told, selection.outcome, protocol)),
        exclusions=(*exclusions, *((Exclusion("cohort.filtered", filtered),) if filtered else ())),
        notes=(
            *cohort.notes,
            *_note_origin(patients, cells),
            *_note_disputed(gathered.signed(selection.round), gathered.said, gathered.excluded),
        ),
    )


def chosen_readings(
    gathered: Gathered, selection: Selection
) -> tuple[list[LevelResult], tuple[Adjudication, ...]]:
    """The levels a selection rests on, and what was decided on them.

    Raises
    ------
    InputError
        ``cohort.unknown_reader``.
    """
    cells = gathered.cells(selection.round)
    if selection.reader is not None:
        if selection.reader not in gathered.readers:
            raise InputError("cohort.unknown_reader", given=selection.reader)
        return [cell for cell in cells if cell.reader == selection.reader], ()
    return cells, gathered.decided if selection.readers == ADJUDICATED else ()


def _is_wanted(one: Reference, selection: Selection) -> bool:
    """Whether a patient passes the filters; of unknown sex or age none that asks for it."""
    if selection.sex and one.sex != selection.sex:
        return False
    youngest, oldest = selection.age
    if youngest is None and oldest is None:
        return True
    return one.age is not None and (youngest or 0.0) <= one.age <= (inf if oldest is None else oldest)


def _positive(references: Sequence[Reference], outcome: Outcome, protocol: Protocol) -> FloatArray:
    """1 for a positive patient, 0 for a negative one, NaN where the clinical table does not say."""
    if outcome is Outcome.FEMALE:
        sexes = np.array([one.sex for one in references], dtype=object)
        return np.where(sexes == "F", 1.0, np.where(sexes == "M", 0.0, np.nan))
    tscore = np.array([one.tscore for one in references], dtype=float)
    limit = tscore <= protocol.positive_t_score
    if outcome is Outcome.LOW_BONE_MASS:
        limit = tscore < float(OSTEOPENIA_BELOW)
    return np.where(np.isfinite(tscore), limit, np.nan)


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


def _assemble(
    patients: Sequence[ExamRow],
    means: PatientMeans,
    references: Sequence[Reference],
    protocol: Protocol,
    levels: str,
) -> Cohort:
    bmd, tscore, age, bmi = (
        as_column([getattr(one, name) for one in references]) for name in ("bmd", "tscore", "age", "bmi")
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
        final_from=means.final_from,
        choice=ReaderChoice.ADJUDICATED,
        bmd=frozen(bmd),
        tscore=frozen(tscore),
        bmd_unit=units[0] if len(units) == 1 else "",
        age=frozen(age),
        bmi=frozen(bmi),
        sex=tuple(one.sex for one in references),
        groups=tuple(group_of(one.tscore) for one in references),
        positive=frozen(_positive(references, Outcome.OSTEOPOROSIS, protocol)),
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
    found = {
        nominal_tesla(exam.field_strength_t) for exam in compress(patients, np.isfinite(r2star).tolist())
    }
    known = sorted(strength for strength in found if strength is not None)
    return (*known, None) if None in found else tuple(known)


def nominal_tesla(strength: float | None) -> float | None:
    """The field a scanner is sold as: 2.8936 and 3.0 T are both 3 T, as far as R2* can tell."""
    if strength is None:
        return None
    near = (nominal for nominal in _NOMINAL_TESLA if abs(strength - nominal) <= _NOMINAL_SHARE * nominal)
    return next(near, strength)


def _blocked(units: Sequence[str], strengths: Sequence[float | None]) -> Mapping[str, NotDefined]:
    blocked = {}
    if len(units) > 1:
        told = ", ".join(unit or _UNKNOWN for unit in units)
        blocked[Kind.BMD.value] = NotDefined.of("cohort.mixed_bmd_units", units=told)
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
        *_counted("cohort.adjudicated", int(means.adjudicated.sum())),
        *_counted("cohort.without_final", int((~means.final_defined).sum())),
        *_counted("cohort.incomplete_levels", int(means.incomplete.sum()), levels=levels),
    )


def _note_references(references: Sequence[Reference]) -> tuple[Note, ...]:
    return (
        *_counted("cohort.reference_too_old", sum(one.too_old for one in references)),
        *_counted(
            "cohort.without_t_score", sum(one.tscore is None and not one.too_old for one in references)
        ),
        *_counted("cohort.unit_against_method", sum(one.unit_against_method for one in references)),
    )


def _note_region(references: Sequence[Reference], region: str, levels: str) -> tuple[Note, ...]:
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
