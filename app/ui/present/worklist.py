"""Rows of a reader's worklist and of the record of changes. Pure, no Qt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from app.domain.protocol import LEVELS
from app.services.case import Standing
from app.services.open_session import AuditRow
from app.services.read_exam import CaseRow
from app.services.study_rounds import Waiting
from app.ui import sentences
from app.ui.listed import Cell, Mark, Row
from app.ui.present import finding_text, levels_done, text
from app.ui.present.case import case_state, fact_text
from app.ui.present.disagreement import recorded_text

# a date without the time of day
_DAY = 10


def worklist_row(case: CaseRow) -> tuple[str, ...]:
    """Code, state, levels, time of the last change."""
    done = levels_done(case.done, len(LEVELS)) if case.done else ""
    return (case.code, own_state(case), done, local_time(case.last_change))


def own_state(case: CaseRow) -> str:
    """Words for the state of a reader's own case; why it was unlocked, where it was."""
    if case.unlocked and not case.locked:
        return text("state.unlocked", reason=case.unlocked)
    return case_state(case)


def own_row(place: int, case: CaseRow, standing: Standing | None) -> Row:
    """A line of a reader's own list: code, state, levels, what rules say, training, last change.

    Parameters
    ----------
    place : int
        In the reader's own order.
    case : CaseRow
        The case.
    standing : Standing or None
        What stands of it; None where nobody looked yet.
    """
    code, state, done, changed = worklist_row(case)
    marks = Mark.SIGNED if case.locked else Mark.UNLOCKED if case.unlocked else Mark.OPEN
    begun = case.locked or case.done or case.unlocked or case.excluded
    cells = (
        Cell(code, order=place),
        Cell(state, mark=marks if begun else Mark.NEW),
        Cell(done, order=case.done),
        warnings_cell(standing),
        Cell(text("worklist.training") if case.training else "", quiet=True),
        Cell(changed, order=case.last_change, quiet=True),
    )
    return Row((case.exam_id,), cells, frozenset(_kinds(case, standing)))


def warnings_cell(standing: Standing | None) -> Cell:
    """How many things of a case are to be looked at, and which."""
    if standing is None or not standing.findings:
        return Cell("", order=0)
    count = len(standing.findings)
    told = "\n".join(finding_text(one) for one in standing.findings)
    return Cell(text("worklist.warned", count=count), tip=told, warns=True, order=count)


def _kinds(case: CaseRow, standing: Standing | None) -> Sequence[str]:
    """What a filter may look for in a case."""
    held = {
        "todo": not case.locked,
        "open": not case.locked and bool(case.done or case.excluded),
        "signed": case.locked,
        "unlocked": bool(case.unlocked) and not case.locked,
        "training": case.training,
        "warned": standing is not None and bool(standing.findings),
    }
    return [name for name, holds in held.items() if holds]


def waiting_text(waiting: Waiting, *, here: int, done: bool) -> str:
    """What waits for its day, in a few words.

    Parameters
    ----------
    waiting : Waiting
        What waits.
    here : int
        The round that the reader is in.
    done : bool
        Whether all that does not wait is signed off, and there was something.
    """
    if not waiting.count:
        return text("worklist.all_read") if done else ""
    if waiting.round == here:
        return text("worklist.waiting", **_waits(waiting))
    return text("worklist.waiting_round" if waiting.first_utc else "worklist.ready_round", **_waits(waiting))


def waiting_tip(waiting: Waiting) -> str:
    """The same in whole sentences: which round waits, until when, and what to do; nothing where none does."""
    if not waiting.count:
        return ""
    return text("worklist.waiting_tip" if waiting.first_utc else "worklist.ready_tip", **_waits(waiting))


def _waits(waiting: Waiting) -> dict[str, int | str]:
    return {"round": waiting.round, "count": waiting.count, "day": waiting.first_utc[:_DAY]}


def day_text(at_utc: str) -> str:
    """The day of a time."""
    return at_utc[:_DAY]


def short_time(at_utc: str) -> str:
    """ISO time to the second, with a blank instead of the T."""
    return at_utc[:19].replace("T", " ")


def local_time(at_utc: str) -> str:
    """The same by the clock on the wall, as the line that says when something was saved.

    What is no time, as in a session that another program changed, is shown as it stands.
    """
    try:
        return short_time(datetime.fromisoformat(at_utc).astimezone().isoformat())
    except ValueError:
        return short_time(at_utc)


def audit_row(entry: AuditRow) -> tuple[str, ...]:
    """Time, who, action, subject, before, now."""
    action = sentences.ACTIONS.get(entry.action, entry.action)
    told = fact_text if entry.action.startswith("case.") else _state_text
    if entry.action == "adjudication.decided":
        told = recorded_text
    old, new = told(entry.old), told(entry.new)
    return (short_time(entry.at_utc), entry.actor, action, entry.subject, old, new)


def _state_text(told: str) -> str:
    """What a level held, in words; anything else as it stands in the record."""
    try:
        state = json.loads(told)
        box, reason = state.get("rectangle"), state.get("reason")
        if box:
            rows, cols = (box["row0"], box["rows"]), (box["col0"], box["cols"])
            angle, slices = box.get("angle_deg", 0.0), box.get("depth", 1)
            return text(
                "audit.shape" if angle or slices > 1 else "audit.rectangle",
                slice=box["slice"],
                row0=rows[0],
                row1=sum(rows) - 1,
                col0=cols[0],
                col1=sum(cols) - 1,
                angle=angle,
                slices=slices,
            )
        if reason:
            return text("read.excluded", reason=state.get("note") or sentences.REASONS.get(reason, reason))
        return text("audit.nothing") if state.get("kind") == "empty" else told
    except (ValueError, LookupError, AttributeError, TypeError):
        return told
