"""Rows of series that claim to be the same map, of which a person may tick one. Pure, no Qt."""

from __future__ import annotations

from app.files.dicom.wishes import Rival
from app.services.survey_import import SurveyedExam
from app.ui.import_draft import Draft
from app.ui.import_row import Cell, Column, Kind, Row, Tick
from app.ui.present import text

_Place = tuple[str, str]


def rivals_of(draft: Draft, exam: SurveyedExam) -> tuple[Row, ...]:
    """Those of the study and frame of reference of an exam."""
    return tuple(_row(draft, one) for one in draft.survey.rivals if _place_of(one) == _place(exam))


def rivals_without_exam(draft: Draft) -> tuple[Row, ...]:
    """Those of studies that hold nothing else to measure: they stand below a heading of their own."""
    places = {_place(exam) for exam in draft.exams.values()}
    rows = tuple(_row(draft, one) for one in draft.survey.rivals if _place_of(one) not in places)
    cell = Cell(text("images.rivals"), text("images.rivals_quiet"))
    return (Row("rivals", Kind.QUESTIONS, {Column.WHAT: cell}, rows),) if rows else ()


def _place(exam: SurveyedExam) -> _Place:
    return exam.found.identity.study_uid, exam.found.identity.frame_uid


def _place_of(rival: Rival) -> _Place:
    return rival.study_uid, rival.frame_uid


def _row(draft: Draft, one: Rival) -> Row:
    slices, rows, cols = one.shape
    size = text("images.series", slices=slices, rows=rows, cols=cols, plane=one.plane)
    # what they are called often tells them apart no more than their size
    told = text("images.rival_from", series=size, file=one.files[0].name)
    state = Cell(text("images.state_rival"), text("images.state_rival_quiet"), "warn")
    cells = {
        Column.WHAT: Cell(one.description or text("images.undescribed"), told),
        Column.EVIDENCE: Cell(text(f"images.shows_{one.shows}"), text("images.rival_of", count=one.of)),
        Column.STATE: Cell(text("images.state_chosen"), tone="good") if one.chosen else state,
    }
    return Row(
        f"rival|{one.series_uid}|{one.shows}",
        Kind.RIVAL,
        cells,
        tick=Tick.ON if one.series_uid in draft.chosen else Tick.OFF,
        enabled=True,
        subject=one,
    )
