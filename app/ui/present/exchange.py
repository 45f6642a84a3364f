"""What packages, merges and joined centres say of themselves. Pure, no Qt."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from app.services.join_centres import CentreCase, JoinDone, JoinPlan
from app.services.merge import CasePlan, Merged, MergePlan, Outcome, Why
from app.services.package import PackagePlan
from app.ui import sentences
from app.ui.listed import Cell, Mark, Row
from app.ui.present import progress_text, text
from app.ui.present.worklist import short_time

_MEGABYTE = 1_000_000
_OUTCOMES = {
    Outcome.NEW: Mark.SIGNED,
    Outcome.EXTENDED: Mark.OPEN,
    Outcome.UNCHANGED: Mark.NEW,
    Outcome.REFUSED: Mark.REFUSED,
}
_RESULTS = "results"
_NO_FILE_NAME = re.compile(r"[^\w.]+")


def why_text(why: Why) -> str:
    """Whole sentence of a refusal."""
    return sentences.sentence(why.code, why.values)


# -- package ----------------------------------------------------------------------------------------------


def holds_lines(plan: PackagePlan) -> list[str]:
    """What a package holds, a line each."""
    reader = plan.reader.name
    megabytes = max(1, round(plan.image_bytes / _MEGABYTE))
    lines = [text("package.cases", cases=plan.cases, reader=reader, megabytes=megabytes)]
    lines.append(text("package.protocol", protocol=plan.protocol))
    if plan.begun:
        lines.append(text("package.begun", reader=reader, cases=plan.begun))
    return [*lines, text("package.secret" if plan.has_secret else "package.no_secret", reader=reader)]


def package_name(session: str, plan: PackagePlan) -> str:
    """A name for the file; of the reader's name only what every disk takes."""
    reader = _NO_FILE_NAME.sub("-", plan.reader.name).strip("-")
    return text("package.suggested", session=session, reader=reader, round=plan.round)


def package_progress(plan: PackagePlan, done: int, total: int | None, left_s: float | None) -> str:
    """How far the writing is: cases first, then the bytes that are searched."""
    if total is None or total == plan.cases:
        return text("package.writing", progress=progress_text(done, total, left_s))
    return text("package.searching", percent=100 * done / max(total, 1))


# -- merge ------------------------------------------------------------------------------------------------


def merge_text(plan: MergePlan) -> str:
    """What merging a file would do as a whole, or why it is refused."""
    if plan.refusal is not None:
        return why_text(plan.refusal)
    if not plan.changes and not plan.count(Outcome.REFUSED):
        return text("merge.nothing")
    counts = {outcome.value: plan.count(outcome) for outcome in Outcome}
    return text("merge.counts", reader=plan.reader, round=plan.round, **counts)


def merge_rows(cases: Iterable[CasePlan]) -> list[Row]:
    """A line for each reading, those that are not taken in first."""
    return [_merge_row(one) for one in sorted(cases, key=lambda one: one.outcome is not Outcome.REFUSED)]


def _merge_row(one: CasePlan) -> Row:
    steps = one.revisions + one.events
    why = why_text(one.why) if one.why else ""
    cells = (
        Cell(one.code),
        Cell(text(f"merge.{one.outcome.value}"), mark=_OUTCOMES[one.outcome]),
        Cell(text("merge.steps", count=steps) if steps else "", order=steps),
        Cell(text("merge.signed" if one.signed_off else "merge.open"), quiet=True),
        Cell(why, warns=bool(why)),
    )
    return Row((one.code,), cells)


def history_row(one: Merged) -> Row:
    """A merge of the past."""
    centre = text("merge.history_centre", label=one.label)
    results = text("merge.history_results", reader=one.reader, round=one.round)
    cells = (
        Cell(short_time(one.at_utc)),
        Cell(results if one.kind == _RESULTS else centre),
        Cell(text("merge.history_undone" if one.undone else "merge.history_holds"), quiet=one.undone),
    )
    return Row((one.id,), cells)


def can_be_undone(one: Merged) -> bool:
    """Whether a merge is still there to be taken back."""
    return not one.undone


def undone_text(one: Merged) -> str:
    """What became of a merge that was taken back."""
    if one.kind == _RESULTS:
        return text("merge.is_undone")
    return text("join.is_undone", centre=one.label)


# -- another centre ---------------------------------------------------------------------------------------


def join_text(plan: JoinPlan) -> str:
    """What joining would do as a whole, or why it is refused."""
    if plan.refusal is not None:
        return why_text(plan.refusal)
    new, same, refused = _counted(plan)
    return text(
        "join.counts",
        centre=plan.label,
        new=new,
        same=same,
        refused=refused,
        readings=plan.readings,
        clinical=plan.clinical_rows,
        typed=plan.typed,
        decisions=plan.decisions,
    )


def _counted(plan: JoinPlan) -> tuple[int, int, int]:
    """New exams, those that are here already, and refused ones."""
    refused = sum(one.why is not None for one in plan.cases)
    same = sum(one.same and one.why is None for one in plan.cases)
    return len(plan.cases) - refused - same, same, refused


def fields_text(plan: JoinPlan) -> str:
    """How many exams come from which field strength; that R2* of several is never pooled."""
    coming = [one for one in plan.cases if one.why is None]
    counted = Counter(_field(one) for one in coming)
    counts = text("join.between").join(
        text("join.field_count", field=name, count=count) for name, count in sorted(counted.items())
    )
    several = len({one.field_strength_t for one in coming} - {None}) > 1
    return text("join.fields_apart" if several else "join.fields", counts=counts) if coming else ""


def _field(case: CentreCase) -> str:
    if case.field_strength_t is None:
        return text("join.field_unknown")
    return text("join.field", tesla=case.field_strength_t)


def join_rows(plan: JoinPlan) -> list[Row]:
    """A line for each exam; first what does not come, then what gets another code."""

    def place(one: CentreCase) -> tuple[bool, bool, str]:
        return one.why is None, one.code_here == one.code_there, one.code_there

    return [_join_row(one) for one in sorted(plan.cases, key=place)]


def _join_row(one: CentreCase) -> Row:
    renamed = one.code_here != one.code_there
    if one.why is not None:
        what = Cell(text("join.refused", why=why_text(one.why)), mark=Mark.REFUSED, warns=True)
    elif one.same:
        what = Cell(text("join.is_same"), mark=Mark.NEW)
    else:
        what = Cell(text("join.renamed" if renamed else "join.new"), mark=Mark.SIGNED)
    here = Cell("" if one.why else one.code_here, warns=renamed)
    cells = (Cell(one.code_there), here, Cell(_field(one), order=str(one.field_strength_t or "")), what)
    return Row((one.code_there,), cells)


def joined_text(done: JoinDone) -> str:
    """What was taken in."""
    new, _, _ = _counted(done.plan)
    return text("join.is_done", centre=done.plan.label, new=new, readings=done.plan.readings)
