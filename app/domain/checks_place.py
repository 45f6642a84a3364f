"""Rules on where a rectangle lies in its vertebral body, for those bodies whose edges can be told.

Nothing is said where no body stands out, nor of what is within the doubt of where its edges lie: no warning
does not mean that the place is right. Only the maps that are measured are looked at, so that the same
rectangle is judged alike whatever images came along; and what is said is where edges lie, never a value, so
that a blinded reader may see it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from app.domain.checks import Finding, Severity
from app.domain.errors import Value
from app.domain.exam import Exam
from app.domain.fitting import TILTS_DEG, Body, find_body
from app.domain.protocol import Level, Protocol
from app.domain.sagittal import to_mm, turned
from app.domain.shapes import Rectangle

Place: TypeAlias = tuple[int, float, float]
"""Slice, row and column in voxel edges of the exam's grid."""

Bodies: TypeAlias = Mapping[Place, Body | None]
"""What was found around places; None where no body stands out."""

# the edges of a body and of a rectangle are told no finer than by a voxel of the grid, and the tilt of a body
# no finer than by the step in which tilts are tried
_DOUBT_VOXELS = 1.0
_TURN_DEG = float(TILTS_DEG[1] - TILTS_DEG[0])


def place_of(rectangle: Rectangle) -> Place:
    """The middle of a rectangle: all that a body around it depends on."""
    row, col = rectangle.row0 + rectangle.rows / 2, rectangle.col0 + rectangle.cols / 2
    return rectangle.slice, row, col


def body_around(
    exam: Exam, place: Place, protocol: Protocol, tilts: Iterable[float] = TILTS_DEG
) -> Body | None:
    """The vertebral body around a place; None where none stands out.

    Parameters
    ----------
    exam : Exam
        Any plane; images that are not measured are left aside.
    place : tuple
        See :data:`Place`.
    protocol : Protocol
        Gives the limits of height and depth.
    tilts : iterable of float
        As of :func:`app.domain.fitting.find_body`.
    """
    measured = replace(exam, maps={one.quantity: one for one in exam.measured})
    found = find_body(measured, place[0], place[1:], protocol, tilts)
    return found if isinstance(found, Body) else None


def wanted_margin_mm(exam: Exam, protocol: Protocol) -> float:
    """The distance a protocol wants to endplates and cortex."""
    native = exam.native_voxel_mm or exam.grid.spacing_mm[1:]
    return max(protocol.margin_mm, protocol.margin_native_voxels * max(native))


def check_places(
    exam: Exam, rectangles: Mapping[Level, Rectangle], bodies: Bodies, protocol: Protocol
) -> tuple[Finding, ...]:
    """Margin and anterior part, for the rectangles whose body is known.

    Parameters
    ----------
    exam : Exam
        Gives the grid and the acquired voxel size.
    rectangles : mapping of Level to Rectangle
        The measured levels.
    bodies : mapping of Place to Body or None
        From :func:`body_around`; rectangles that are missing here are left out.
    protocol : Protocol
        Gives margin and anterior fraction.
    """
    findings: list[Finding] = []
    for level, rectangle in rectangles.items():
        body = bodies.get(place_of(rectangle))
        if body is not None:
            findings += _check(exam, level, rectangle, body, protocol)
    return tuple(findings)


def _check(exam: Exam, level: Level, rectangle: Rectangle, body: Body, protocol: Protocol) -> list[Finding]:
    doubt = _DOUBT_VOXELS * max(exam.grid.spacing_mm[1:])
    away = [to_mm(exam.grid, body.centre, corner) for corner in rectangle.box(exam.grid).corners]
    gaps = [_gaps(away, body, body.tilt_deg + turn) for turn in (-_TURN_DEG, 0.0, _TURN_DEG)]
    # of all tilts that the body may have, the one that speaks best for the rectangle
    beyond = body.depth_mm * (1 - protocol.anterior_fraction) - max(one.rear for one in gaps)
    findings: list[Finding] = []
    if beyond > doubt:
        values: dict[str, Value] = {"beyond": beyond, "share": protocol.anterior_fraction * 100}
        findings.append(Finding("check.posterior", Severity.WARN, level, values))
        # what is said of the rear is not said twice
        distance = max(one.others for one in gaps)
    else:
        distance = max(min(one.others, one.rear) for one in gaps)
    margin = wanted_margin_mm(exam, protocol)
    if margin - distance > doubt:
        values = {"distance": max(distance, 0.0), "margin": margin}
        findings.append(Finding("check.margin", Severity.WARN, level, values))
    return findings


@dataclass(frozen=True, slots=True)
class _Gaps:
    """From a rectangle to the edges of a body, mm; negative outside.

    Attributes
    ----------
    rear : float
        From its rearmost corner to the posterior edge.
    others : float
        To the nearest of the three other edges.
    """

    rear: float
    others: float


def _gaps(corners: Iterable[tuple[float, float]], body: Body, tilt_deg: float) -> _Gaps:
    """What lies between corners, mm behind and below the middle of a body, and its edges at a tilt."""
    along, down = zip(*(turned(*corner, -tilt_deg) for corner in corners), strict=True)
    depth, height = body.depth_mm / 2, body.height_mm / 2
    return _Gaps(depth - max(along), min(min(along) + depth, min(down) + height, height - max(down)))
