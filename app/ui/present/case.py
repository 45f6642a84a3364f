"""Words about a whole case: how it was counted, what is left out, what stands after sign-off. No Qt."""

from __future__ import annotations

import json

from app.domain.case_facts import Because, Counted, Help
from app.domain.protocol import LEVELS
from app.domain.reading import LevelState
from app.domain.reasons import Reason
from app.services.case import Standing
from app.services.read_exam import CaseRow
from app.ui import present, sentences
from app.ui.present import text


def reason_text(reason: Reason) -> str:
    """A reason in words."""
    return sentences.REASONS[reason]


def because_text(because: Because) -> str:
    """What was said as a reason: the words that were written, else those of the code."""
    return because.note or reason_text(because.reason)


def counted_text(counted: Counted | None, usual: Counted | None) -> str:
    """How the levels of a case were counted; where nobody said so yet, as in the case before."""
    if counted is not None:
        return text(f"counted.{counted.value}")
    if usual is not None:
        return text("case.counted_as_last", counted=text(f"counted.{usual.value}"))
    return text("case.counted_unknown")


def patient_text(excluded: Because | None) -> str:
    """Whether the patient is left out, and why."""
    return text("case.excluded", reason=because_text(excluded)) if excluded else text("case.included")


def note_text(note: str) -> str:
    """The note of a case, or that there is none."""
    return note or text("case.no_note")


def fact_text(told: str) -> str:
    """What was said of a case, as the record keeps it, in words; anything else as it stands there."""
    try:
        said = json.loads(told) if told else {}
        if "counted" in said:
            return text(f"counted.{Counted(said['counted']).value}")
        if "help" in said:
            return text(f"help.{Help(said['help']).value}")
        if "reason" in said:
            return because_text(Because(Reason(said["reason"]), said.get("note", "")))
        return str(said.get("note", text("audit.nothing")))
    except (ValueError, LookupError, AttributeError, TypeError):
        return told


def standing_lines(standing: Standing) -> list[str]:
    """What stands beside the numbers of a case, one sentence a line: the patient, then level by level."""
    lines = []
    if standing.excluded:
        why = standing.excluded
        lines.append(text("signed.excluded", reason=because_text(why), code=why.reason.value))
    for level in LEVELS:
        if level in standing.marked:
            lines.append(_marked(level.value, standing.marked[level]))
        lines += [present.finding_text(one) for one in standing.findings if one.level is level]
        if level in standing.accepted:
            why = standing.accepted[level]
            told = {"reason": because_text(why), "code": why.reason.value}
            lines.append(text("signed.accepted", level=level.value, **told))
    return lines


def _marked(level: str, state: LevelState) -> str:
    # a marked level has its reason
    reason = state.reason or Reason.OTHER
    words = state.note or reason_text(reason)
    return text("signed.not_measurable", level=level, reason=words, code=reason.value)


def signed_off_text(standing: Standing) -> str:
    """Headline of what stands after a sign-off."""
    count = len(standing_lines(standing))
    if count == 1:
        return text("signed.one_note", code=standing.code)
    return text("signed.notes" if count else "signed.plain", code=standing.code, count=count)


def case_state(case: CaseRow) -> str:
    """Words for the state of a case in a list."""
    if case.excluded:
        code = "state.excluded" if case.locked else "state.excluded_open"
        return text(code, reason=reason_text(case.excluded))
    return present.case_state(case)


def case_side(case: CaseRow) -> str:
    """What a narrow list says of a case beside its code: levels done, or that it is left out."""
    if case.excluded:
        return text("read.case_excluded")
    return present.levels_done(case.done, len(LEVELS)) if case.done else ""


def list_progress(cases: list[CaseRow]) -> str:
    """How many cases are signed off, and how many of them are left out."""
    signed = [case for case in cases if case.locked]
    excluded = sum(case.excluded is not None for case in signed)
    values = {"done": len(signed), "total": len(cases), "excluded": excluded}
    return text("read.progress_excluded" if excluded else "read.progress", **values)


def case_tooltip(case: CaseRow, standing: Standing | None) -> str:
    """State of a case with all that stands of it, line by line."""
    return "\n".join([case_state(case), *(standing_lines(standing) if standing else ())])
