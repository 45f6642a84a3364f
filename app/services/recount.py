"""Count the voxels of every rectangle once more and hold the result against what is stored."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from app.domain.errors import InputError, StoreUnavailable
from app.domain.exam import Exam
from app.domain.maps import MEASURED, Quantity
from app.domain.measure import RoiStats, measure
from app.domain.progress import Progress
from app.domain.shapes import Rectangle
from app.store import checks, exams, readings
from app.store.database import Database
from app.store.sealing import Flaw, case_of

# another processor or another version of numpy adds up in another order
_SAME = 1e-9


@dataclass(frozen=True, slots=True)
class Recount:
    """What counting once more found.

    Attributes
    ----------
    rectangles : int
        How many were counted.
    flaws : tuple of Flaw
        ``verify.value`` for each number that is another one, ``verify.not_recounted`` for each exam whose
        images or rectangles cannot be read.
    """

    rectangles: int
    flaws: tuple[Flaw, ...]


def recount(database: Database, progress: Progress) -> Recount:
    """Count every rectangle that was ever drawn, on every measured map of its exam.

    Parameters
    ----------
    database : Database
        The session.
    progress : Progress
        Told of exams.
    """
    flaws, counted = list[Flaw](), 0
    listed = [one for one in exams.every_exam(database) if one.origin == "dicom"]
    for done, one in enumerate(listed):
        progress.report(done, len(listed))
        try:
            drawn = readings.drawn(database, one.id)
            stored = checks.values_of(database, one.id)
            if drawn:
                exam = exams.load(database, one.id, MEASURED)
        except (StoreUnavailable, ValueError):
            flaws.append(Flaw("verify.not_recounted", {"where": one.code}))
            continue
        for revision_id, rectangle in drawn:
            fresh = _count(exam, rectangle)
            counted += 1
            flaws += _differences(database, revision_id, fresh, stored.get(revision_id, {}))
    progress.report(len(listed), len(listed))
    return Recount(counted, tuple(flaws))


def _count(exam: Exam, rectangle: Rectangle) -> dict[Quantity, RoiStats]:
    """Statistics on every measured map; none for a rectangle that no longer lies in the image."""
    try:
        return {one.quantity: measure(one, exam.on_map(one.quantity, rectangle)) for one in exam.measured}
    except InputError:
        return {}


def _differences(
    database: Database,
    revision_id: int,
    fresh: dict[Quantity, RoiStats],
    stored: dict[Quantity, RoiStats],
) -> Iterator[Flaw]:
    for quantity in Quantity:
        now, then = fresh.get(quantity), stored.get(quantity)
        if now is None and then is None:
            continue
        names = [
            name
            for name in RoiStats.__dataclass_fields__
            if now is None or then is None or not _same(getattr(now, name), getattr(then, name))
        ]
        if names:
            where = case_of(database, "roi_revision", str(revision_id))
            values = {"where": where, "map": quantity.value, "key": revision_id, "values": ", ".join(names)}
            yield Flaw("verify.value", values)


def _same(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)
