"""From signed-off readings and the clinical table to one row per patient: where all statistics start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import compress
from math import inf
from types import MappingProxyType

import numpy as np

from app.domain.case_facts import Because
from app.domain.clinical import Kind, Scheme
from app.domain.errors import InputError
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.reading import Viewer
from app.domain.reasons import Reason
from app.services.cohort import Cohort as Cohort
from app.services.cohort import Exclusion as Exclusion
from app.services.cohort import ReaderChoice as ReaderChoice
from app.services.cohort import mixed_units
from app.services.cohort_groups import group_by, positive, schemes_of
from app.services.cohort_reference import Reference, references_of
from app.services.field_strengths import different, field_name
from app.services.gather import ROUND as ROUND
from app.services.gather import Gathered as Gathered
from app.services.gather import excluded_of as excluded_of
from app.services.gather import gather as gather
from app.services.level_adjustment import Adjust, learnt_from
from app.services.open_session import Session
from app.services.patient_means import (
    BoolArray,
    FloatArray,
    LevelChoice,
    PatientMeans,
    choose_levels,
    patient_means,
)
from app.services.reference_notes import region_notes
from app.services.selection import ADJUDICATED, LevelMean, Selection, one_reader
from app.stats.result import NotDefined, Note, as_column, frozen
from app.store.adjudications import Adjudication
from app.store.case_facts import CaseResult
from app.store.exams import ExamRow
from app.store.results import LevelResult

# a patient who lacks one level would be in by the other rules
_TOO_FEW = {LevelMean.COMPLETE: "cohort.incomplete_set"}


def assemble_cohort(
    session: Session,
    viewer: Viewer,
    *,
    levels: str | None = None,
    compare: tuple[str, str] | None = None,
    choice: ReaderChoice = ReaderChoice.ADJUDICATED,
    mean: LevelMean = LevelMean.AT_LEAST,
    scheme: Scheme = Scheme.T_SCORE,
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
    mean : LevelMean
        What becomes of means that lack levels.
    scheme : Scheme
        What makes the groups and the outcome.

    Raises
    ------
    BlindingError
        ``blinding.closed`` for a reader while the protocol blinds.
    InputError
        ``cohort.unknown_levels``; ``cohort.unknown_reader``.
    """
    selection = Selection(levels=levels, readers=choice.value, mean=mean, scheme=scheme)
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
    levels = choose_levels(selection.levels or protocol.mean_levels, protocol, selection.mean)
    cells, decided = chosen_readings(gathered, selection)
    ids = [exam.id for exam in gathered.enrolled]
    references = references_of(gathered.enrolled, gathered.joined, protocol)
    pairs = zip(gathered.enrolled, references, strict=True)
    wanted = np.array([_is_wanted(exam, one, selection) for exam, one in pairs], dtype=np.bool_)
    every = patient_means(
        cells,
        ids,
        gathered.readers,
        levels,
        compare=compare,
        decided=decided,
        adjust=_adjust(gathered.enrolled, wanted, levels),
    )
    kept = every.defined & wanted
    patients = list(compress(gathered.enrolled, kept))
    told = list(compress(references, kept))
    cohort = _assemble(patients, every.of(kept), told, protocol, selection, levels)
    left_out = list(compress(gathered.enrolled, ~every.defined))
    exclusions = _exclusions(left_out, {cell.exam_id for cell in cells}, gathered.excluded, levels)
    filtered = tuple(exam.code for exam in compress(gathered.enrolled, every.defined & ~wanted))
    return replace(
        cohort,
        enrolled=len(gathered.enrolled),
        choice=ReaderChoice.EACH if selection.reader else ReaderChoice(selection.readers),
        schemes=schemes_of(references, selection.scheme),
        exclusions=(*exclusions, *((Exclusion("cohort.filtered", filtered),) if filtered else ())),
        notes=(
            *cohort.notes,
            *_note_origin(patients, cells),
            *_note_same_patient(gathered.same_patient, {exam.id for exam in patients}),
            *_note_disputed(gathered.signed(selection.round), gathered.said, gathered.excluded),
        ),
    )


def _adjust(exams: Sequence[ExamRow], wanted: BoolArray, levels: LevelChoice) -> Adjust | None:
    """What levels add is learnt from the patients of the selection."""
    if levels.mean is not LevelMean.ADJUSTED:
        return None
    return learnt_from([exam.field_strength_t for exam in exams], wanted)


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


def _is_wanted(exam: ExamRow, one: Reference, selection: Selection) -> bool:
    """Whether a patient passes the filters; of unknown sex or age none that asks for it."""
    if selection.field and field_name(exam.field_strength_t) != selection.field:
        return False
    if selection.sex and one.sex != selection.sex:
        return False
    youngest, oldest = selection.age
    if youngest is None and oldest is None:
        return True
    return one.age is not None and (youngest or 0.0) <= one.age <= (inf if oldest is None else oldest)


def _exclusions(
    left_out: Sequence[ExamRow], read: set[int], excluded: Mapping[int, Because], levels: LevelChoice
) -> tuple[Exclusion, ...]:
    others = [exam for exam in left_out if exam.id not in excluded]
    by_reason = (
        Exclusion("cohort.patient_excluded", _codes(left_out, _because(excluded, reason)), reason)
        for reason in Reason
    )
    found = (
        Exclusion("cohort.not_signed_off", tuple(exam.code for exam in others if exam.id not in read)),
        *by_reason,
        Exclusion(_TOO_FEW.get(levels.mean, "cohort.too_few_levels"), _codes(others, read)),
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
    selection: Selection,
    levels: LevelChoice,
) -> Cohort:
    bmd, tscore, age, bmi = (
        as_column([getattr(one, name) for one in references]) for name in ("bmd", "tscore", "age", "bmi")
    )
    units = sorted({one.unit for one in references if one.bmd is not None})
    strengths = _strengths(patients, means.final[Quantity.R2STAR])
    scheme = selection.scheme
    return Cohort(
        levels=levels.name,
        mean=levels.mean,
        codes=tuple(exam.code for exam in patients),
        enrolled=len(patients),
        exclusions=(),
        values=means.final,
        readers=means.compared,
        paired=means.paired,
        single_reader=means.single_reader,
        incomplete=means.incomplete,
        final_from=means.final_from,
        level_effects=means.level_effects,
        choice=ReaderChoice.ADJUDICATED,
        bmd=frozen(bmd),
        tscore=frozen(tscore),
        tscore_regions=tuple("" if one.tscore is None else one.tscore_region for one in references),
        bmd_unit=units[0] if len(units) == 1 else "",
        age=frozen(age),
        bmi=frozen(bmi),
        sex=tuple(one.sex for one in references),
        scheme=scheme,
        schemes=(scheme,),
        groups=tuple(group_by(one, scheme) for one in references),
        ungrouped=_ungrouped(patients, references, scheme),
        positive=frozen(positive(references, selection, protocol)),
        field_strengths=strengths,
        blocked=_blocked(units, strengths),
        notes=(
            *_note_readings(means, levels),
            *_note_references(references, scheme),
            *region_notes(references, protocol, levels.name, scheme),
            *((Note.of("cohort.field_strength_unknown"),) if strengths == (None,) else ()),
        ),
    )


def _strengths(patients: Sequence[ExamRow], r2star: FloatArray) -> tuple[float | None, ...]:
    """Different field strengths of the patients with an R2* value, the unknown one last."""
    measured = np.isfinite(r2star).tolist()
    return different(exam.field_strength_t for exam in compress(patients, measured))


def _ungrouped(
    patients: Sequence[ExamRow], references: Sequence[Reference], scheme: Scheme
) -> tuple[Exclusion, ...]:
    """Who has no QCT density, where it makes the groups; a reference of long ago has a note of its own."""
    if scheme is not Scheme.QCT:
        return ()
    both = zip(patients, references, strict=True)
    codes = tuple(exam.code for exam, one in both if one.qct is None and not one.too_old)
    return (Exclusion("cohort.without_qct", codes),) if codes else ()


def _blocked(units: Sequence[str], strengths: Sequence[float | None]) -> Mapping[str, NotDefined]:
    blocked = {}
    mixed = mixed_units(units)
    if mixed is not None:
        blocked[Kind.BMD.value] = mixed
    if len(strengths) > 1:
        told = ", ".join(map(field_name, strengths))
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
    kept = {one.exam_id for one in signed if one.exam_id in excluded and (one.exam_id, one.reader) not in out}
    return _counted("cohort.exclusion_disputed", len(kept))


def _note_readings(means: PatientMeans, levels: LevelChoice) -> tuple[Note, ...]:
    without = ~means.final_defined & ~means.unadjusted
    lacking = "cohort.adjusted_levels" if levels.mean is LevelMean.ADJUSTED else "cohort.incomplete_levels"
    return (
        *_counted("cohort.single_reader", int(means.single_reader.sum())),
        *_counted("cohort.adjudicated", int(means.adjudicated.sum())),
        *_counted("cohort.without_final", int(without.sum())),
        *_counted(lacking, int((means.incomplete & ~means.unadjusted).sum()), levels=levels.name),
        *_counted("cohort.unadjusted", int(means.unadjusted.sum()), levels=levels.name),
    )


def _note_references(references: Sequence[Reference], scheme: Scheme) -> tuple[Note, ...]:
    needed, code = ("qct", "without_qct") if scheme is Scheme.QCT else ("tscore", "without_t_score")
    without = sum(getattr(one, needed) is None and not one.too_old for one in references)
    return (
        *_counted("cohort.reference_too_old", sum(one.too_old for one in references)),
        *_counted(f"cohort.{code}", without),
        *_counted("cohort.unit_against_method", sum(one.unit_against_method for one in references)),
    )


def _note_same_patient(groups: Sequence[frozenset[int]], kept: set[int]) -> tuple[Note, ...]:
    """Every exam is a row of its own, whosever it is."""
    several = [group & kept for group in groups if len(group & kept) > 1]
    if not several:
        return ()
    return (Note.of("cohort.same_patient", patients=len(several), exams=sum(map(len, several))),)


def _counted(code: str, count: int, **values: str) -> tuple[Note, ...]:
    return (Note.of(code, count=count, **values),) if count else ()
