"""One reader at one case: open, place, move, mark, undo, sign off. Every step is stored when it happens."""

from __future__ import annotations

from dataclasses import dataclass, replace

from app.domain import shapes
from app.domain.checks import Finding, Severity, check_geometry
from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.maps import Quantity
from app.domain.measure import RoiStats, measure
from app.domain.midsagittal import guess_mid_slice
from app.domain.protocol import LEVELS, Level, Protocol
from app.domain.reading import (
    EMPTY,
    Action,
    LevelState,
    Reading,
    Step,
    Viewer,
    redo_step,
    undo_step,
)
from app.domain.reasons import Reason
from app.domain.reference import ReferenceSeries
from app.domain.shapes import Rectangle
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.store import exams, readings
from app.store.readings import CaseRow as CaseRow
from app.store.readings import Position as Position

NOTHING = Changed(What.NOTHING)


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """An exam on the reader's desk.

    Attributes
    ----------
    exam : Exam
        The maps, in memory.
    reading : Reading
        This reader's work on it so far.
    protocol : Protocol
        The rules in force.
    """

    exam: Exam
    reading: Reading
    protocol: Protocol

    @property
    def first_gap(self) -> Level | None:
        """The topmost level that still waits, or None."""
        return next(iter(self.reading.history.gaps), None)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What the geometric rules say about the rectangles as they stand."""
        return check_geometry(self.exam, self.reading.history.rectangles, self.protocol)


def worklist(session: Session, viewer: Viewer) -> list[CaseRow]:
    """The viewer's cases in the viewer's own order."""
    return readings.worklist(session.database, viewer)


def open_case(session: Session, viewer: Viewer, exam_id: int) -> Case:
    """Read an exam and the viewer's own reading of it."""
    exam = exams.load(session.database, exam_id)
    return Case(exam, readings.open_reading(session.database, viewer, exam_id), session.protocol)


def references(session: Session, exam_id: int) -> list[ReferenceSeries]:
    """Anatomical series beside the maps of an exam, in the order they were stored; read when asked for.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` when their voxels cannot be read.
    """
    return exams.load_references(session.database, exam_id)


def first_slice(case: Case) -> int:
    """Where a case opens: at the last rectangle drawn, else at the mid-sagittal guess."""
    for revision in reversed(case.reading.revisions):
        if revision.state.rectangle:
            return revision.state.rectangle.slice
    return guess_mid_slice(case.exam)


def preview(case: Case, rectangle: Rectangle) -> dict[Quantity, RoiStats]:
    """Statistics of a rectangle on every measured map, each on its own voxels; nothing is stored."""
    exam = case.exam
    return {found.quantity: measure(found, exam.on_map(found.quantity, rectangle)) for found in exam.measured}


def next_size(case: Case) -> tuple[int, int]:
    """Voxels ``(rows, cols)`` a new rectangle gets: the last size used in this exam, else the first size."""
    for revision in reversed(case.reading.revisions):
        if revision.state.rectangle:
            return revision.state.rectangle.rows, revision.state.rectangle.cols
    wanted = shapes.anatomical_size(case.protocol.first_ap_mm, case.protocol.first_cc_mm, case.exam.grid)
    return shapes.size_in_voxels(wanted, case.exam.grid)


def set_rectangle(session: Session, case: Case, level: Level, rectangle: Rectangle) -> tuple[Case, Changed]:
    """Place, move or resize a level's rectangle. Where nothing would change, nothing is written.

    Raises
    ------
    InputError
        ``roi.outside``, or ``reading.locked`` after sign-off.
    """
    return _write(session, case, level, LevelState.measured(rectangle))


def mark_not_measurable(
    session: Session, case: Case, level: Level, reason: Reason, note: str = ""
) -> tuple[Case, Changed]:
    """Say why a level cannot be measured; ``OTHER`` wants a note.

    Raises
    ------
    InputError
        ``reason.needs_note``, or ``reading.locked`` after sign-off.
    """
    if reason is Reason.OTHER and not note.strip():
        raise InputError("reason.needs_note")
    return _write(session, case, level, LevelState.not_measurable(reason, note.strip()))


def clear_level(session: Session, case: Case, level: Level) -> tuple[Case, Changed]:
    """Take away whatever a level holds."""
    return _write(session, case, level, EMPTY)


def undo(session: Session, case: Case) -> tuple[Case, Changed]:
    """Take back the newest edit of this case that still stands, as a new revision."""
    return _write_step(session, case, undo_step(case.reading.revisions, case.reading.history))


def redo(session: Session, case: Case) -> tuple[Case, Changed]:
    """Bring back the edit that was taken back last."""
    return _write_step(session, case, redo_step(case.reading.revisions, case.reading.history))


def _write_step(session: Session, case: Case, step: Step | None) -> tuple[Case, Changed]:
    if step is None:
        return case, NOTHING
    return _append(session, case, step.level, step.state, action=step.action, target=step.target)


def _write(session: Session, case: Case, level: Level, state: LevelState) -> tuple[Case, Changed]:
    if case.reading.history.state(level) == state:
        return case, NOTHING
    return _append(session, case, level, state)


def _append(
    session: Session,
    case: Case,
    level: Level,
    state: LevelState,
    *,
    action: Action = Action.EDIT,
    target: int | None = None,
) -> tuple[Case, Changed]:
    if case.reading.locked:
        raise InputError("reading.locked")
    stats = preview(case, state.rectangle) if state.rectangle else {}
    reading = readings.append_revision(
        session.database, case.reading, level, state, stats, action=action, target=target
    )
    return replace(case, reading=reading), Changed(What.READING)


def sign_off(session: Session, case: Case) -> tuple[Case, Changed]:
    """Lock the reading.

    Raises
    ------
    InputError
        ``sign_off.gaps`` while a level is neither measured nor marked; ``sign_off.refused`` while a rule
        refuses a rectangle.
    """
    if case.reading.locked:
        return case, NOTHING
    gaps = case.reading.history.gaps
    if gaps:
        raise InputError("sign_off.gaps", levels=", ".join(gaps), first=gaps[0].value)
    refusing = [finding for finding in case.findings if finding.severity is Severity.REFUSE]
    if refusing:
        raise InputError("sign_off.refused", level=refusing[0].level.value, rule=refusing[0].code)
    reading = readings.append_event(session.database, case.reading, "signed_off")
    return replace(case, reading=reading), Changed(What.SIGN_OFF)


def reopen(session: Session, case: Case) -> tuple[Case, Changed]:
    """Open a signed-off reading again for its own reader; the record keeps both."""
    if not case.reading.locked:
        return case, NOTHING
    reading = readings.append_event(session.database, case.reading, "reopened")
    return replace(case, reading=reading), Changed(What.SIGN_OFF)


def remember_position(session: Session, viewer: Viewer, position: Position) -> None:
    """Keep where the reader is, so that a restart returns there."""
    if not session.read_only:
        readings.remember_position(session.database, viewer, position)


def where_to_start(session: Session, viewer: Viewer) -> Position | None:
    """Where the reader was; the first unread case otherwise; None in a session without images."""
    cases = worklist(session, viewer)
    position = readings.last_position(session.database, viewer)
    if position and any(case.exam_id == position.exam_id for case in cases):
        return position
    waiting = [case for case in cases if not case.locked] or cases
    return Position(waiting[0].exam_id, -1, None) if waiting else None


def next_case(session: Session, viewer: Viewer, after: int) -> int | None:
    """The next unread case in the reader's order, going round; None when all are read."""
    cases = worklist(session, viewer)
    here = next((index for index, case in enumerate(cases) if case.exam_id == after), -1)
    rotated = cases[here + 1 :] + cases[: max(here, 0)]
    return next((case.exam_id for case in rotated if not case.locked), None)


def neighbour(level: Level, step: int) -> Level:
    """The level ``step`` places further down, going round."""
    return LEVELS[(LEVELS.index(level) + step) % len(LEVELS)]
