"""One reader at one case: open, place, move, mark, undo, sign off. Every step is stored when it happens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from app.domain import shapes
from app.domain.case_facts import Fact, FactKind, Help
from app.domain.errors import InputError
from app.domain.exam import Exam
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RoiStats, measure
from app.domain.protocol import LEVELS, Level
from app.domain.reading import (
    EMPTY,
    Action,
    LevelState,
    Reading,
    Revision,
    Step,
    Viewer,
    redo_step,
    undo_step,
)
from app.domain.reasons import Reason
from app.domain.shapes import Rectangle
from app.services import beside
from app.services.case import Case as Case
from app.services.changed import Changed, What
from app.services.open_session import Session
from app.services.study_rounds import withdraw_unbegun
from app.store import case_facts, exams, people, readings
from app.store.readings import CaseRow as CaseRow
from app.store.readings import Position as Position

NOTHING = Changed(What.NOTHING)


def worklist(session: Session, viewer: Viewer) -> list[CaseRow]:
    """The viewer's cases in the viewer's own order."""
    return readings.worklist(session.database, viewer)


def open_case(session: Session, viewer: Viewer, exam_id: int) -> Case:
    """Read the measured maps of an exam and the viewer's own reading of it."""
    return begin_case(session, viewer, exams.load(session.database, exam_id, MEASURED))


def begin_case(session: Session, viewer: Viewer, exam: Exam) -> Case:
    """The viewer's own reading of an exam that is in memory already."""
    reading = readings.open_reading(session.database, viewer, exam.id)
    facts = case_facts.facts(session.database, viewer, exam.id)
    # what a coordinator said last decides whether rules may speak of values
    protocol = replace(session.protocol, blinded=people.blinded(session.database))
    return Case(exam, replace(reading, facts=facts), protocol)


def load_next(session: Session, viewer: Viewer, after: int) -> tuple[Exam, int] | None:
    """The exam of the viewer's next unread case with its mid-sagittal guess; None when all are read.

    Only images are read, nothing of anybody's work on them; those that are not measured are not kept.
    """
    exam_id = next_case(session, viewer, after)
    if exam_id is None:
        return None
    exam = exams.load(session.database, exam_id, MEASURED)
    return exam, beside.guess_slice(session, exam)


def first_slice(session: Session, case: Case, guess: int | None = None) -> int:
    """Where a case opens: at the last rectangle drawn, else at the mid-sagittal guess, made if not given."""
    for revision in reversed(case.reading.revisions):
        if revision.state.rectangle:
            return revision.state.rectangle.slice
    return beside.guess_slice(session, case.exam) if guess is None else guess


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
    """Place, move, resize or turn a level's rectangle. Where nothing would change, nothing is written.

    Where the protocol locks the size, all other rectangles of the case get the same one, and are taken back
    together with this.

    Raises
    ------
    InputError
        ``roi.outside``, or ``reading.locked`` after sign-off.
    """
    return set_rectangles(session, case, {level: rectangle} | resized_with(case, level, rectangle))


def set_rectangles(
    session: Session, case: Case, rectangles: Mapping[Level, Rectangle], proposed_by: Help | None = None
) -> tuple[Case, Changed]:
    """Place or change rectangles of several levels in one step, which is taken back as one.

    Parameters
    ----------
    session : Session
        The session.
    case : Case
        The case at hand.
    rectangles : mapping of Level to Rectangle
        The new ones.
    proposed_by : Help, optional
        What proposed them, which is recorded with them.

    Raises
    ------
    InputError
        As :func:`set_rectangle`; none of them is changed then.
    """
    states = {level: LevelState.measured(box) for level, box in rectangles.items()}
    return _write(session, case, states, proposed_by)


def resized_with(case: Case, level: Level, rectangle: Rectangle) -> dict[Level, Rectangle]:
    """The rectangles of other levels that get the size of a level's rectangle, as the protocol wants it."""
    if not case.protocol.size_locked:
        return {}
    size = (rectangle.rows, rectangle.cols)
    return {
        one: shapes.sized(box, size, case.exam.grid)
        for one, box in case.reading.history.rectangles.items()
        if one is not level and (box.rows, box.cols) != size
    }


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
    return _write(session, case, {level: LevelState.not_measurable(reason, note.strip())})


def clear_level(session: Session, case: Case, level: Level) -> tuple[Case, Changed]:
    """Take away whatever a level holds."""
    return _write(session, case, {level: EMPTY})


def undo(session: Session, case: Case) -> tuple[Case, Changed]:
    """Take back the newest edit of this case that still stands, as a new revision."""
    return _write_step(session, case, undo_step(case.reading.revisions, case.reading.history))


def redo(session: Session, case: Case) -> tuple[Case, Changed]:
    """Bring back the edit that was taken back last."""
    return _write_step(session, case, redo_step(case.reading.revisions, case.reading.history))


def _write_step(session: Session, case: Case, step: Step | None) -> tuple[Case, Changed]:
    if step is None:
        return case, NOTHING
    # the edit itself last, so that the story ends at the level it was about
    steps = (*step.others, step)
    return _append(session, case, (_new(case, one.level, one.state, one.action, one.target) for one in steps))


def _write(
    session: Session, case: Case, states: Mapping[Level, LevelState], proposed_by: Help | None = None
) -> tuple[Case, Changed]:
    history = case.reading.history
    changed = {level: state for level, state in states.items() if history.state(level) != state}
    if not changed:
        return case, NOTHING
    return _append(session, case, (_new(case, *one) for one in changed.items()), proposed_by)


def _new(
    case: Case, level: Level, state: LevelState, action: Action = Action.EDIT, target: int | None = None
) -> Revision:
    """A revision still to be written, counted."""
    stats = preview(case, state.rectangle) if state.rectangle else {}
    return Revision(0, level, state, action, target, stats)


def _append(
    session: Session, case: Case, together: Iterable[Revision], proposed_by: Help | None = None
) -> tuple[Case, Changed]:
    if case.reading.locked:
        raise InputError("reading.locked")
    if proposed_by is None:
        reading = readings.append_revisions(session.database, case.reading, list(together))
    else:
        reading = case_facts.append_placed(session.database, case.reading, list(together), proposed_by)
    return replace(case, reading=reading), Changed(What.READING)


def sign_off(session: Session, case: Case) -> tuple[Case, Changed]:
    """Lock the reading; where nobody said how levels were counted, as in the reader's last case.

    Raises
    ------
    InputError
        ``sign_off.gaps`` while a level is neither measured nor marked and the patient is not excluded;
        ``sign_off.refused`` while a rule refuses a rectangle; ``sign_off.needs_reason`` while a level must be
        accepted with a reason.
    """
    if case.reading.locked:
        return case, NOTHING
    if case.first_gap:
        gaps = case.reading.history.gaps
        raise InputError("sign_off.gaps", levels=", ".join(gaps), first=gaps[0].value)
    if case.refusing:
        raise InputError("sign_off.refused", level=case.refusing.level.value, rule=case.refusing.code)
    if case.unexplained:
        raise InputError("sign_off.needs_reason", level=case.unexplained.level.value)
    reading = readings.append_event(session.database, _counted(session, case.reading), "signed_off")
    return replace(case, reading=reading), Changed(What.SIGN_OFF)


def _counted(session: Session, reading: Reading) -> Reading:
    """The reading with the way its levels were counted, by default that of the reader's last case."""
    usual = case_facts.last_counted(session.database, reading.viewer)
    if reading.facts.counted is not None or usual is None:
        return reading
    return case_facts.append(session.database, reading, Fact(FactKind.COUNTED, usual.value))


def reopen(session: Session, case: Case, reason: str = "") -> tuple[Case, Changed]:
    """Open a signed-off reading again for its own reader; the record keeps both.

    Directly after the sign-off nobody asks why. Once the reader has gone on, or could see what others read,
    it is an unlock: in a study with roles the coordinator's, in any other one's own.

    Parameters
    ----------
    session : Session
        The session.
    case : Case
        The case at hand.
    reason : str
        Why, where :func:`wants_reason` says that it is asked for.

    Raises
    ------
    InputError
        ``reading.needs_unlock`` where the coordinator has to do it; ``reading.needs_reason``.
    """
    database, reading = session.database, case.reading
    if not reading.locked:
        return case, NOTHING
    if not readings.went_on(database, reading):
        reading = readings.append_event(database, reading, "reopened")
        return replace(case, reading=reading), Changed(What.SIGN_OFF)
    if people.any_grant(database):
        raise InputError("reading.needs_unlock")
    if not reason.strip():
        raise InputError("reading.needs_reason")
    with database.transaction():
        readings.unlock(database, reading, reading.viewer.reader, reason.strip())
        withdraw_unbegun(session, reading.viewer, reading, reason.strip())
    return replace(case, reading=replace(reading, locked=False)), Changed(What.SIGN_OFF)


def wants_reason(session: Session, case: Case) -> bool:
    """Whether the reader of a signed-off case can open it again, and has to say why."""
    database, reading = session.database, case.reading
    return reading.locked and not people.any_grant(database) and readings.went_on(database, reading)


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


def is_there(session: Session, exam_id: int) -> bool:
    """Whether the session has an exam; one that came with a centre may be gone again."""
    return any(one.id == exam_id for one in exams.exams(session.database))


def next_case(session: Session, viewer: Viewer, after: int) -> int | None:
    """The next unread case in the reader's order, going round; None when all are read."""
    cases = worklist(session, viewer)
    here = next((index for index, case in enumerate(cases) if case.exam_id == after), -1)
    rotated = cases[here + 1 :] + cases[: max(here, 0)]
    return next((case.exam_id for case in rotated if not case.locked), None)


def neighbour(level: Level, step: int) -> Level:
    """The level ``step`` places further down, going round."""
    return LEVELS[(LEVELS.index(level) + step) % len(LEVELS)]
