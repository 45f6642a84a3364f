"""Training cases: what a reader is shown beside their own values once they have signed one off."""

from __future__ import annotations

from dataclasses import dataclass

from app.domain.errors import InputError
from app.domain.maps import MEASURED, Quantity
from app.domain.protocol import LEVELS, Level
from app.domain.reading import Reading, Viewer
from app.services.changed import Changed, What
from app.services.open_session import Session, readers_of
from app.store import audit, people, readings, rounds
from app.store.database import json_text


@dataclass(frozen=True, slots=True)
class FeedbackRow:
    """One level on one map; what was not measured is None.

    Attributes
    ----------
    level, quantity : Level, Quantity
        Where.
    own, reference : float or None
        Mean of the reader's rectangle, and of the reference's.
    """

    level: Level
    quantity: Quantity
    own: float | None
    reference: float | None

    @property
    def difference(self) -> float | None:
        """Own value less the reference's."""
        return None if self.own is None or self.reference is None else self.own - self.reference


@dataclass(frozen=True, slots=True)
class Feedback:
    """What a reader is shown after a training case.

    Attributes
    ----------
    exam_id, code : int, str
        The case.
    rows : tuple of FeedbackRow
        By level, FF before R2*; levels that neither measured are left out. Empty where no reference was set.
    """

    exam_id: int
    code: str
    rows: tuple[FeedbackRow, ...]


def set_training_reference(session: Session, viewer: Viewer, exam_id: int, reader_id: int) -> Changed:
    """Let the signed-off values of a reader be what others are shown after a training case.

    The values are copied, so that the reading itself stays closed to everybody else.

    Raises
    ------
    InputError
        ``study.not_coordinator``, ``study.not_training``, ``study.unknown_reader``, ``study.not_signed_off``.
    BlindingError
        On a guarded connection.
    """
    database = session.database
    people.refuse_other_than_coordinator(database, viewer)
    _refuse_study_case(session, exam_id)
    reader = next((one for one in readers_of(session) if one.id == reader_id), None)
    if reader is None:
        raise InputError("study.unknown_reader")
    reading = readings.open_reading(database, Viewer(reader), exam_id)
    if not reading.locked:
        raise InputError("study.not_signed_off")
    means = _means(reading)
    # a level that another reference had, and this one has not, has to lose it
    held = rounds.reference(database, exam_id)
    gone = {level: dict.fromkeys(values) for level, values in held.items()}
    with database.transaction():
        rounds.add_reference(
            database, exam_id, {level: {**gone.get(level, {}), **means.get(level, {})} for level in LEVELS}
        )
        audit.append(
            database,
            actor=viewer.reader.name,
            action="training.reference",
            subject=readings.code_of(database, exam_id),
            new=json_text({"reader": reader.name}),
            protocol=session.protocol.stamp,
        )
    return Changed(What.EXAMS)


def training_feedback(session: Session, viewer: Viewer, exam_id: int) -> Feedback:
    """A reader's own values of a training case beside those of the reference.

    Raises
    ------
    InputError
        ``study.not_training``; ``study.feedback_too_early`` until the viewer has signed it off.
    """
    _refuse_study_case(session, exam_id)
    reading = readings.open_reading(session.database, viewer, exam_id)
    if not reading.locked:
        raise InputError("study.feedback_too_early")
    own, other = _means(reading), rounds.reference(session.database, exam_id)
    rows = (
        FeedbackRow(level, quantity, own.get(level, {}).get(quantity), other.get(level, {}).get(quantity))
        for level in LEVELS
        for quantity in MEASURED
    )
    told = tuple(row for row in rows if row.own is not None or row.reference is not None) if other else ()
    return Feedback(exam_id, readings.code_of(session.database, exam_id), told)


def _refuse_study_case(session: Session, exam_id: int) -> None:
    if exam_id not in rounds.training(session.database):
        raise InputError("study.not_training")


def _means(reading: Reading) -> dict[Level, dict[Quantity, float | None]]:
    """Means of the rectangles a reading holds."""
    return {
        level: {quantity: stats.mean for quantity, stats in revision.stats.items()}
        for level, revision in reading.history.current.items()
        if revision.state.rectangle
    }
