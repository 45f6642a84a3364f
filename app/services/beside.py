"""Images beside the maps of an exam: looked at, never measured. Each is read when somebody asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from app.domain.exam import Exam
from app.domain.maps import MEASURED, ParametricMap, Quantity
from app.domain.midsagittal import CLEAREST, guess_mid_slice
from app.domain.reference import ReferenceSeries
from app.services.open_session import Session
from app.store import exams


def names(session: Session, exam_id: int) -> list[str | Quantity]:
    """What there is: anatomical series by name, in the order they were stored, then water, fat and the like.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` for what nobody can read.
    """
    return [*exams.references(session.database, exam_id), *_signals(session, exam_id)]


def series(session: Session, exam_id: int, name: str | Quantity) -> ReferenceSeries | ParametricMap | None:
    """One of :func:`names` with its voxels, read from the session at every call; None where it is not there.

    Raises
    ------
    StoreUnavailable
        ``store.corrupt`` when its voxels cannot be read.
    """
    if isinstance(name, Quantity):
        return exams.load_maps(session.database, exam_id, [name]).get(name)
    return next(iter(exams.load_references(session.database, exam_id, [name])), None)


def with_signals(session: Session, exam: Exam) -> Exam:
    """An exam with all its images that are not measured, for what looks at edges.

    Raises
    ------
    StoreUnavailable
        As :func:`series`.
    """
    return _with(exam, exams.load_maps(session.database, exam.id, _signals(session, exam.id)))


def guess_slice(session: Session, exam: Exam) -> int:
    """The mid-sagittal guess, for which the clearest image of an exam is read and let go again.

    Raises
    ------
    StoreUnavailable
        As :func:`series`.
    """
    there = _signals(session, exam.id)
    clearest = [quantity for quantity in CLEAREST if quantity in there][:1]
    return guess_mid_slice(_with(exam, exams.load_maps(session.database, exam.id, clearest)))


def _signals(session: Session, exam_id: int) -> list[Quantity]:
    return [one for one in exams.quantities(session.database, exam_id) if one not in MEASURED]


def _with(exam: Exam, more: Mapping[Quantity, ParametricMap]) -> Exam:
    return replace(exam, maps={**exam.maps, **more})
