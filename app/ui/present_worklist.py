"""Rows of the worklist and of the record of changes. Pure, no Qt."""

from __future__ import annotations

import json

from app.domain.protocol import LEVELS
from app.services.open_session import AuditRow
from app.services.read_exam import CaseRow
from app.ui import sentences
from app.ui.present import levels_done, text
from app.ui.present_case import case_state, fact_text


def worklist_row(case: CaseRow) -> tuple[str, ...]:
    """Code, state, levels, time of the last change."""
    done = levels_done(case.done, len(LEVELS)) if case.done else ""
    return (case.code, case_state(case), done, _short_time(case.last_change))


def _short_time(at_utc: str) -> str:
    """ISO time to the second, with a blank instead of the T."""
    return at_utc[:19].replace("T", " ")


def audit_row(entry: AuditRow) -> tuple[str, ...]:
    """Time, who, action, subject, before, now."""
    action = sentences.ACTIONS.get(entry.action, entry.action)
    told = fact_text if entry.action.startswith("case.") else _state_text
    old, new = told(entry.old), told(entry.new)
    return (_short_time(entry.at_utc), entry.actor, action, entry.subject, old, new)


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


def chain_text(count: int, broken: int | None) -> str:
    """Verdict on the chain of the record."""
    return text("audit.whole", count=count) if broken is None else text("audit.broken", seq=broken)
