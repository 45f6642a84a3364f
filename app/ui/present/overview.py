"""Rows and sentences of the coordinator's worklist. Pure, no Qt."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby

from app.domain.checks import Finding
from app.domain.errors import Value
from app.domain.protocol import LEVELS
from app.services.study_overview import CaseOverview, Column, LeftOut, Overview, Progress, State
from app.ui.listed import Cell, Mark, Row
from app.ui.present import DASH, finding_text, text
from app.ui.present.case import reason_text
from app.ui.present.worklist import day_text, short_time

_MARKS = {
    State.NOT_ASSIGNED: Mark.NONE,
    State.WAITING: Mark.WAITING,
    State.NOT_STARTED: Mark.NEW,
    State.OPEN: Mark.OPEN,
    State.UNLOCKED: Mark.UNLOCKED,
    State.SIGNED_OFF: Mark.SIGNED,
}
_WORDS = {
    State.NOT_ASSIGNED: "state.not_assigned",
    State.NOT_STARTED: "state.new",
    State.OPEN: "state.open",
    State.SIGNED_OFF: "state.signed_off",
}
_ORDER = list(State)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One cell of the study: a case, and one reader's progress in one round.

    Attributes
    ----------
    case : CaseOverview
        Which case.
    column : Column
        Which reader and round.
    progress : Progress
        How far it is.
    findings : tuple of Finding
        What rules say of its values, where the viewer may know.
    """

    case: CaseOverview
    column: Column
    progress: Progress
    findings: tuple[Finding, ...] = ()

    @property
    def words(self) -> dict[str, str | int]:
        """What sentences about it name."""
        return {"code": self.case.code, "reader": self.column.reader.name, "round": self.column.round}


def state_text(progress: Progress) -> str:
    """How far one reader is with a case; with the reason of an unlock, or the day it will be offered."""
    if progress.state is State.UNLOCKED:
        return text("state.unlocked", reason=progress.unlocked)
    if progress.state is State.WAITING:
        return text("state.waiting", day=day_text(progress.due_utc))
    return text(_WORDS[progress.state])


def column_title(column: Column) -> str:
    """Reader and round."""
    return text("worklist.column", reader=column.reader.name, round=column.round)


def column_tip(column: Column) -> str:
    """Reader, round, and how far they are."""
    code = "worklist.column_tip_waiting" if column.waiting else "worklist.column_tip"
    return text(
        code,
        reader=column.reader.name,
        round=column.round,
        done=column.signed_off,
        total=column.assigned,
        waiting=column.waiting,
    )


def study_headers(overview: Overview) -> list[str]:
    """Titles of the columns."""
    fixed = (text("worklist.code"), text("worklist.for"))
    titles = (text("worklist.header", reader=one.reader.name, round=one.round) for one in overview.columns)
    return [*fixed, *titles]


def study_rows(overview: Overview) -> list[Row]:
    """A line for each case, with a cell for each reader and round."""
    left_out = {one.exam_id for one in overview.left_out or () if not one.training}
    # most of some thousand cells say the same
    cell = cache(_cell)
    spoken = [[len(overview.spoken_of(case, one)) for one in overview.columns] for case in overview.cases]
    return [
        _row(case, notes, cell, left_out=case.exam_id in left_out)
        for case, notes in zip(overview.cases, spoken, strict=True)
    ]


def _row(
    case: CaseOverview, notes: Sequence[int], cell: Callable[[Progress, int], Cell], *, left_out: bool
) -> Row:
    practice = Cell(text("worklist.training") if case.training else "", quiet=True)
    # when something changed last is no word of a cell
    cells = (
        cell(replace(one, changed_utc=""), count) for one, count in zip(case.progress, notes, strict=True)
    )
    kinds = _kinds(case, left_out=left_out, warned=any(notes))
    return Row((case.exam_id,), (Cell(case.code), practice, *cells), kinds)


def _cell(progress: Progress, notes: int) -> Cell:
    told = state_text(progress)
    # a repeat holds a part only: a wall of words would hide it
    shown = DASH if progress.state is State.NOT_ASSIGNED else told
    if progress.done and progress.state in {State.OPEN, State.UNLOCKED}:
        shown = text("worklist.cell_levels", state=told, done=progress.done, total=len(LEVELS))
    return Cell(
        _with_notes(told, notes) if notes else shown,
        mark=_MARKS[progress.state],
        quiet=progress.state in {State.NOT_ASSIGNED, State.NOT_STARTED, State.WAITING},
        order=f"{_ORDER.index(progress.state)}{progress.due_utc}",
    )


def _with_notes(state: str, count: int) -> str:
    """A state with how many rules speak of the values, where any does."""
    return text("worklist.cell_notes", state=state, count=count) if count else state


def cell_tip(chosen: Chosen) -> str:
    """What is told of a cell where the pointer rests."""
    told = state_text(chosen.progress)
    changed = chosen.progress.changed_utc
    tip = text("worklist.cell_tip", state=told, **chosen.words)
    if changed:
        tip = text("worklist.cell_tip_changed", state=told, when=short_time(changed), **chosen.words)
    return "\n".join([tip, *map(finding_text, chosen.findings)])


def _kinds(case: CaseOverview, *, left_out: bool, warned: bool) -> frozenset[str]:
    states = {one.state for one in case.progress} - {State.NOT_ASSIGNED}
    held = {
        "todo": bool(states - {State.SIGNED_OFF}),
        "open": State.OPEN in states,
        "signed": states == {State.SIGNED_OFF},
        "unlocked": State.UNLOCKED in states,
        "waiting": State.WAITING in states,
        "left_out": left_out,
        "warned": warned,
        "training": case.training,
    }
    return frozenset(name for name, holds in held.items() if holds)


def study_progress(overview: Overview) -> tuple[int, int]:
    """Readings that are signed off, and all that are assigned."""
    columns = overview.columns
    return sum(one.signed_off for one in columns), sum(one.assigned for one in columns)


def chosen_lines(chosen: Chosen) -> list[str]:
    """What there is to say of one reader's case in two lines; :func:`cell_tip` has what rules say as well."""
    changed = chosen.progress.changed_utc
    last = [text("worklist.chosen_last", when=short_time(changed))] if changed else []
    return [_with_notes(state_text(chosen.progress), len(chosen.findings)), *last]


def left_out_rows(left_out: Sequence[LeftOut]) -> list[Row]:
    """What was left out, a heading for each reason with its count, and one for all of training cases."""
    rows = []
    for reason, found in groupby(left_out, lambda one: None if one.training else one.reason):
        held = list(found)
        told = text("worklist.left_out_training") if reason is None else reason_text(reason)
        heading = text("worklist.left_out_reason", reason=told, count=len(held))
        rows.append(Row((), (Cell(heading),)))
        rows += [Row((one.exam_id, one.reader, one.round), (Cell(_place(one), quiet=True),)) for one in held]
    return rows


def _place(one: LeftOut) -> str:
    where: dict[str, Value] = {"code": one.code, "reader": one.reader, "round": one.round}
    if one.level is None:
        told = text("worklist.left_out_patient", **where)
    else:
        told = text("worklist.left_out_level", level=one.level.value, **where)
    if one.training:
        told = text("worklist.left_out_practice", place=told, reason=reason_text(one.reason))
    if one.note:
        told = text("worklist.left_out_note", place=told, note=one.note)
    return told if one.signed_off else text("worklist.left_out_open", place=told)


def repeat_lines(overview: Overview, share: float) -> list[str]:
    """How many cases of each reader a repeat would take, as it would be drawn now."""
    first = min((one.round for one in overview.columns), default=1)
    return [
        text(
            "repeat.reader",
            reader=one.reader.name,
            # a quarter of five is two: never less than was asked for
            count=math.ceil(share * one.signed_off - 1e-9),
            total=one.signed_off,
        )
        for one in overview.columns
        if one.round == first
    ]
