"""What a reader says of the whole case at hand, each as one step that undo takes back."""

from __future__ import annotations

from app.domain.case_facts import Counted
from app.domain.protocol import Level
from app.domain.reasons import Reason
from app.services import case_facts
from app.ui.workspace import Workspace


def say_counted(space: Workspace, counted: Counted) -> None:
    """Say how the levels were counted."""
    space.edit(lambda session, case: case_facts.say_counted(session, case, counted))


def exclude_patient(space: Workspace, reason: Reason, note: str = "") -> bool:
    """Leave the whole patient out; False where that was refused, which is told."""
    return space.edit(lambda session, case: case_facts.exclude_patient(session, case, reason, note))


def include_patient(space: Workspace) -> None:
    """Take the patient in again."""
    space.edit(case_facts.include_patient)


def write_note(space: Workspace, note: str) -> bool:
    """Keep a note of the case, an empty one removes it; False where it could not be kept."""
    space.edit(lambda session, case: case_facts.write_note(session, case, note))
    return space.case is not None and space.case.reading.facts.note == case_facts.one_line(note)


def accept_level(space: Workspace, level: Level, reason: Reason, note: str = "") -> bool:
    """Keep a level as it is although a rule speaks against it; False where that was refused."""
    return space.edit(lambda session, case: case_facts.accept_level(session, case, level, reason, note))
