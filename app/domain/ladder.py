"""Propose rectangles in the vertebral bodies between two others that are placed.

Only proposals, as in :mod:`app.domain.proposing`. A level whose edges are not clear gets none; where what
would be proposed does not follow as vertebrae do, there is none at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import atan2, degrees, hypot
from statistics import median

import numpy as np

from app.domain.checks import check_geometry
from app.domain.exam import Exam
from app.domain.fitting import TILTS_DEG, Body, NoProposal, find_body
from app.domain.grid import Grid
from app.domain.proposing import propose
from app.domain.protocol import Level, Protocol
from app.domain.sagittal import to_mm, to_voxels, turned
from app.domain.shapes import Rectangle

# between the ends the ladder fills the rungs
ENDS = (Level.L1, Level.L5)
RUNGS = (Level.L2, Level.L3, Level.L4)
# so well the curve through both ends tells the tilt of what lies between
_NEAR_DEG = 15.0
# where a place on the curve gives no body, a step aside may: shares of the smallest height, (along, down)
_ASIDE = ((0.0, 0.0), (0.0, -0.2), (0.0, 0.2), (-0.25, 0.0), (0.25, 0.0))
# how far along the spine a body may lie from its place, as a share of the distance of neighbours: with a
# level too many or too few between the ends, places fall between bodies
_OFF_PLACE = 0.18
# share by which the height of a body may differ from the median of all that were found
_HEIGHT_DEVIATION = 0.25


@dataclass(frozen=True, slots=True)
class Ladder:
    """What is proposed between two ends.

    Attributes
    ----------
    rectangles : mapping of Level to Rectangle
        The levels that got one.
    missing : mapping of Level to str
        Why the others did not: codes as in :class:`app.domain.fitting.NoProposal`.
    """

    rectangles: Mapping[Level, Rectangle]
    missing: Mapping[Level, str]


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a body is or should be.

    Attributes
    ----------
    slice : int
        Slice of the exam's grid.
    centre : tuple of float
        ``(row, col)`` in voxel edges.
    tilt_deg, height_mm : float or None
        Of the body; None where it was not found.
    """

    slice: int
    centre: tuple[float, float]
    tilt_deg: float | None = None
    height_mm: float | None = None


def ladder(
    exam: Exam,
    rectangles: Mapping[Level, Rectangle],
    waiting: Sequence[Level],
    protocol: Protocol,
    size: tuple[int, int] | None = None,
) -> Ladder | NoProposal:
    """Propose rectangles for levels between L1 and L5.

    Parameters
    ----------
    exam : Exam
        Sagittal.
    rectangles : mapping of Level to Rectangle
        What stands.
    waiting : sequence of Level
        Which levels are wanted; others than L2, L3 and L4 are left alone.
    protocol : Protocol
        Gives the limits of bodies, their spacing, and what is wanted in them.
    size : tuple of int, optional
        ``(rows, cols)`` where the study uses one size.

    Returns
    -------
    Ladder or NoProposal
        ``ladder.no_ends`` without L1 and L5, ``ladder.no_gaps`` where nothing waits between them,
        ``ladder.implausible`` where what would be proposed does not follow as vertebrae do.
    """
    if exam.grid.plane != "sagittal":
        return NoProposal("fit.not_sagittal")
    if any(level not in rectangles for level in ENDS):
        return NoProposal("ladder.no_ends")
    wanted = [level for level in RUNGS if level in waiting]
    if not wanted:
        return NoProposal("ladder.no_gaps")
    ends = [_end(exam, rectangles[level], protocol) for level in ENDS]
    places = dict(zip(RUNGS, _between(exam.grid, ends[0], ends[1]), strict=True))
    bodies = {level: _look_around(exam, places[level], protocol) for level in wanted}
    found = {level: body for level, body in bodies.items() if isinstance(body, Body)}
    answers = {
        level: propose(exam, body, protocol, size) if isinstance(body, Body) else body
        for level, body in bodies.items()
    }
    proposed = {level: one for level, one in answers.items() if isinstance(one, Rectangle)}
    known = [end.height_mm for end in ends if end.height_mm is not None]
    plausible = (
        # a ladder with more gaps than rungs leads nowhere
        2 * len(found) >= len(wanted)
        and _in_place(exam.grid, ends, places, found)
        and _even([*known, *(body.height_mm for body in found.values())])
        and _follow(exam, {**rectangles, **proposed}, protocol)
    )
    if not plausible:
        return NoProposal("ladder.implausible")
    missing = {level: one.code for level, one in answers.items() if isinstance(one, NoProposal)}
    return Ladder(proposed, missing)


def _in_place(
    grid: Grid, ends: Sequence[_Place], places: Mapping[Level, _Place], bodies: Mapping[Level, Body]
) -> bool:
    """Whether bodies lie where the curve has them."""
    step = hypot(*to_mm(grid, ends[0].centre, ends[1].centre)) / (len(RUNGS) + 1)
    away = (
        turned(*to_mm(grid, places[level].centre, body.centre), -(places[level].tilt_deg or 0.0))
        for level, body in bodies.items()
    )
    return all(abs(down) <= _OFF_PLACE * step for _, down in away)


def _even(heights: Sequence[float]) -> bool:
    """Whether heights are those of neighbouring bodies."""
    middle = median(heights) if heights else 0.0
    return all(abs(height - middle) <= _HEIGHT_DEVIATION * middle for height in heights)


def _follow(exam: Exam, rectangles: Mapping[Level, Rectangle], protocol: Protocol) -> bool:
    """Whether rectangles lie one below the other, apart, at usual distances."""
    return not any(one.code.startswith("spine.") for one in check_geometry(exam, rectangles, protocol))


def _end(exam: Exam, rectangle: Rectangle, protocol: Protocol) -> _Place:
    """The body of a rectangle that stands; only its place where the body is not clear."""
    _, row, col = rectangle.centre
    # from voxel centres to voxel edges
    centre = (row + 0.5, col + 0.5)
    body = find_body(exam, rectangle.slice, centre, protocol)
    if isinstance(body, NoProposal):
        return _Place(rectangle.slice, centre)
    return _Place(rectangle.slice, centre, body.tilt_deg, body.height_mm)


def _between(grid: Grid, first: _Place, last: _Place) -> list[_Place]:
    """Where the rungs should be, along a curve that leaves both ends at right angles."""
    way = np.array(to_mm(grid, first.centre, last.centre))
    chord, lean = hypot(*way.tolist()), degrees(atan2(*way.tolist()))
    # an end whose tilt is not known lies as the straight line through both would have it
    tilts = [lean if end.tilt_deg is None else end.tilt_deg for end in (first, last)]
    leaving, arriving = (chord * np.array(turned(0.0, 1.0, tilt)) for tilt in tilts)
    found = []
    for step in range(1, len(RUNGS) + 1):
        t = step / (len(RUNGS) + 1)
        point = (t**3 - 2 * t**2 + t) * leaving + (3 * t**2 - 2 * t**3) * way + (t**3 - t**2) * arriving
        slope = (3 * t**2 - 4 * t + 1) * leaving + (6 * t - 6 * t**2) * way + (3 * t**2 - 2 * t) * arriving
        row, col = to_voxels(grid, first.centre, *point.tolist())
        slice_index = round(first.slice + t * (last.slice - first.slice))
        found.append(_Place(slice_index, (float(row), float(col)), degrees(atan2(*slope.tolist()))))
    return found


def _look_around(exam: Exam, expected: _Place, protocol: Protocol) -> Body | NoProposal:
    """The body at or near a place, turned about as expected; else why there is none at the place itself."""
    tilt = expected.tilt_deg or 0.0
    tilts = [one for one in TILTS_DEG if abs(one - tilt) <= _NEAR_DEG]
    unit = protocol.fit_height_mm[0]
    answers: list[NoProposal] = []
    for along, down in _ASIDE:
        row, col = to_voxels(exam.grid, expected.centre, *turned(along * unit, down * unit, tilt))
        answer = find_body(exam, expected.slice, (float(row), float(col)), protocol, tilts)
        if isinstance(answer, Body):
            return answer
        answers.append(answer)
    return answers[0]
