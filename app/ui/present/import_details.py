"""Everything the import dialog knows of one line: the scale as a decision, role, geometry. Pure, no Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.domain.grid import Grid
from app.domain.maps import MEASURED, Quantity, Scaling
from app.files.dicom.found import MapFound, Notice, ScaleDecision
from app.files.dicom.rules import FACTORS
from app.files.dicom.scale import confirmed_fits
from app.files.dicom.wishes import T2STAR, Question, Rival
from app.services.survey_import import SurveyedExam, SurveyedMap, SurveyedReference
from app.services.thumbnails import Picture
from app.ui import sentences
from app.ui.import_draft import UNITS_OF, Draft, MapState, state_of
from app.ui.import_row import Column, Row
from app.ui.present import quantity_title, quantity_unit, text
from app.ui.present.imports import (
    factor_text,
    geometry_cell,
    map_title,
    scanner_text,
    shape_text,
    why_not,
    word,
)

_MS_PER_S = 1000.0
Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """Facts under a heading: pairs of name and value, and sentences below them."""

    heading: str
    facts: tuple[Fact, ...] = ()
    sentences: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice:
    """What the values in a file may be.

    Attributes
    ----------
    words, result : str
        What they would be, and median and spread in the unit then.
    factor : float
        What they would be multiplied by.
    possible : bool
        The values can be that.
    proposed : bool
        The range looks like it.
    """

    words: str
    result: str
    factor: float
    possible: bool
    proposed: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Details:
    """What is shown of one line.

    Attributes
    ----------
    title, subtitle : str
        What it is.
    picture : ndarray of uint8, shape (rows, cols), or None
        To be recognised by.
    sections : tuple of Section
        Facts in order of weight.
    warnings : tuple of str
        Sentences.
    asked : SurveyedMap or None
        The map whose scale a person may confirm.
    """

    title: str
    subtitle: str = ""
    picture: Picture | None = None
    sections: tuple[Section, ...] = ()
    warnings: tuple[str, ...] = ()
    asked: SurveyedMap | None = None


def details_of(draft: Draft, row: Row) -> Details:
    """What is known of a line of the tree."""
    what = row.cell(Column.WHAT)
    if isinstance(row.subject, SurveyedMap):
        return _of_map(row.subject, draft.exams[row.exam])
    if isinstance(row.subject, SurveyedReference):
        found = row.subject.found
        sections = (_geometry(found.grid), _series(found.description, len(set(found.files))))
        return Details(what.title, shape_text(found.grid, ""), row.subject.thumbnail, sections)
    if isinstance(row.subject, MapFound):
        return _of_unpaired(row.subject, draft)
    if isinstance(row.subject, SurveyedExam):
        return _of_exam(what.title, row.subject)
    if isinstance(row.subject, Question):
        return _of_question(row.subject)
    if isinstance(row.subject, Rival):
        facts = ((text("images.files"), str(len(row.subject.files))),)
        section = Section(text("images.section_series"), facts, (text("images.rival_hint"),))
        return Details(what.title, what.quiet, sections=(section,))
    return Details(what.title, what.quiet)


def notice_text(notice: Notice) -> str:
    """Sentence of a warning."""
    return sentences.sentence(notice.code, notice.values)


def _of_exam(title: str, exam: SurveyedExam) -> Details:
    found = exam.found
    facts = [
        (text("images.scanner_name"), scanner_text(found)),
        (text("images.files"), str(len(found.files))),
    ]
    verdict = geometry_cell(found)
    facts.append((text("images.verdict"), verdict.title))
    if found.native_voxel_mm is not None:
        rows, cols = found.native_voxel_mm
        facts.append((text("images.native"), text("images.native_value", rows=rows, cols=cols)))
    sections = (Section(text("images.section_exam"), tuple(facts)),)
    refused = dict.fromkeys(
        sentences.sentence(one.code, {"path": one.path.name, **one.values})
        for one in {one.code: one for one in exam.refused}.values()
    )
    return Details(title, sections=sections, warnings=(*_told(exam.warnings), *refused))


def _told(notices: Iterable[Notice]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(notice_text(notice) for notice in notices))


def _of_map(one: SurveyedMap, exam: SurveyedExam) -> Details:
    found = one.found
    sections = [_role(one), _geometry(found.grid), _series(found.description, len(set(found.files)))]
    asked = None
    if isinstance(one.decision, ScaleDecision) and found.quantity in MEASURED:
        sections.insert(0, _scale(one, one.decision))
        asked = one if state_of(exam, one) in (MapState.WAITS, MapState.CONFIRMED) else None
    refused = why_not(one)
    warnings = ((refused,) if refused else ()) + _told(found.notes)
    return Details(
        map_title(one, exam.found),
        shape_text(found.grid, ""),
        one.thumbnail,
        tuple(sections),
        warnings,
        asked,
    )


def _of_unpaired(found: MapFound, draft: Draft) -> Details:
    said = [
        sentences.sentence(one.code, {"path": one.path.name, **one.values})
        for one in draft.survey.refused
        if one.path in found.files
    ]
    sections = (_geometry(found.grid), _series(found.description, len(set(found.files))))
    return Details(
        quantity_title(found.quantity), shape_text(found.grid, ""), None, sections, tuple(said[:1])
    )


def _scale(one: SurveyedMap, decision: ScaleDecision) -> Section:
    facts = [
        (text("images.rule"), word(decision.rule)),
        (text("images.expects"), text(f"images.{decision.expected}")),
        (text("images.seen"), text(f"images.{decision.seen}")),
        (
            text("images.range"),
            text("images.range_value", p50=decision.p50, p99=decision.p99, p995=decision.p995),
        ),
        (text("images.foreground"), word(decision.foreground)),
    ]
    if one.scaling is not None:
        facts += _applied(one.found.quantity, one.scaling)
    return Section(text("images.section_scale"), tuple(facts), (_verdict(one, decision),))


def _applied(quantity: Quantity, scaling: Scaling) -> list[Fact]:
    unit = quantity_unit(quantity)
    counts = {name: getattr(scaling, name) for name in ("below", "above", "zero", "maximum")}
    code = "images.counts_ff" if quantity is Quantity.FF else "images.counts_other"
    facts = [
        (text("images.applied"), factor_text(scaling.factor)),
        (text("images.result"), text("images.result_value", p50=scaling.p50, p995=scaling.p995, unit=unit)),
        (text("images.counts"), text(code, **counts)),
    ]
    if scaling.missing:
        facts.append((text("images.missing"), text("images.missing_value", missing=scaling.missing)))
    return facts


def _verdict(one: SurveyedMap, decision: ScaleDecision) -> str:
    if one.found.confirmed is not None and decision.needs_confirmation:
        return text("images.was_confirmed", who=one.found.confirmed.who, factor=one.found.confirmed.factor)
    if not decision.needs_confirmation:
        return text("images.agree")
    if decision.expected in ("none", decision.seen):
        return text("images.no_rule")
    return text("images.disagree")


def _role(one: SurveyedMap) -> Section:
    facts = ((text("images.role"), word(one.found.role_evidence)),)
    return Section(text("images.section_role"), facts)


def _geometry(grid: Grid) -> Section:
    slices, rows, cols = grid.shape
    between, down, across = grid.spacing_mm
    degrees = grid.obliquity_deg
    plane = text("images.tilt", plane=grid.plane, degrees=degrees) if round(degrees) else grid.plane
    facts = (
        (text("images.matrix"), text("images.map_undescribed", slices=slices, rows=rows, cols=cols)),
        (text("images.spacing"), text("images.spacing_value", slices=between, rows=down, cols=across)),
        (text("images.plane"), plane),
    )
    return Section(text("images.section_geometry"), facts)


def _series(description: str, files: int) -> Section:
    facts = [(text("images.files"), str(files))]
    if description:
        facts.insert(0, (text("images.description"), description))
    return Section(text("images.section_series"), tuple(facts))


def _of_question(question: Question) -> Details:
    slices, rows, cols = question.shape
    facts = [
        (text("images.files"), str(len(question.files))),
        (text("images.matrix"), text("images.map_undescribed", slices=slices, rows=rows, cols=cols)),
        (text("images.plane"), question.plane),
    ]
    if question.key is not None:
        scanner = text(
            "images.scanner_no_field", manufacturer=question.key.manufacturer, model=question.key.model
        )
        facts += [
            (text("images.scanner_name"), scanner),
            (text("images.protocol"), question.key.protocol),
            (text("images.image_type"), question.key.image_type.replace("\\", " · ")),
        ]
    said = text("images.volume_answer" if question.key is None else "images.remembered")
    section = Section(text("images.section_series"), tuple(fact for fact in facts if fact[1]), (said,))
    return Details(question.description or text("images.undescribed"), sections=(section,))


# -- confirming a scale ---------------------------------------------------------------------------------


def choices_of(one: SurveyedMap) -> tuple[Choice, ...]:
    """What the values of a map may be, the proposal first."""
    decision = one.decision
    if not isinstance(decision, ScaleDecision):
        return ()
    shown = T2STAR if one.found.reciprocal else str(one.found.quantity)
    made = [
        Choice(
            text("images.choice", meaning=text(f"images.{unit}"), factor=FACTORS[unit]),
            result_text(one, FACTORS[unit]),
            FACTORS[unit],
            confirmed_fits(one.found, decision, FACTORS[unit]),
            proposed=unit == decision.seen,
        )
        for unit in UNITS_OF[shown]
    ]
    return tuple(sorted(made, key=lambda choice: (not choice.proposed, not choice.possible)))


def result_text(one: SurveyedMap, factor: float) -> str:
    """Median and spread in the final unit, with a factor."""
    decision, unit = one.decision, quantity_unit(one.found.quantity)
    if not isinstance(decision, ScaleDecision):
        return ""
    if not one.found.reciprocal:
        return text("images.choice_result", p50=decision.p50 * factor, p995=decision.p995 * factor, unit=unit)
    milliseconds = decision.p50 * factor
    rate = _MS_PER_S / milliseconds if milliseconds else 0.0
    return text("images.choice_result_t2star", p50=rate, unit=unit, ms=milliseconds)


def fits(one: SurveyedMap, factor: float) -> bool:
    """Whether the values of a map can be what they are called, with a factor."""
    return (
        isinstance(one.decision, ScaleDecision)
        and factor > 0
        and confirmed_fits(one.found, one.decision, factor)
    )
