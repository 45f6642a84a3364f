"""Propose a rectangle in a vertebral body.

Only a proposal: a person sees it before it is stored, and the protocol must allow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import atan2, cos, degrees, floor, radians, sin

from app.domain.checks import Severity, check_geometry
from app.domain.checks_place import wanted_margin_mm
from app.domain.exam import Exam
from app.domain.fitting import Body, NoProposal
from app.domain.grid import Grid
from app.domain.protocol import LEVELS, Protocol
from app.domain.sagittal import to_mm, to_voxels, turned
from app.domain.shapes import Rectangle

# a rectangle of a given size is snapped to the voxels and may pass its room by half of one
_SNAP = 0.5
# by so many rows and columns a rectangle shrinks until the snapping leaves it in its room
_LESS = ((0, 0), (0, 1), (1, 0), (1, 1))
# last digits, mm
_NOTHING_MM = 1e-6


@dataclass(frozen=True, slots=True)
class _Room:
    """The part of a body in which a protocol wants rectangles.

    Attributes
    ----------
    body : Body
        Whose part it is.
    grid : Grid
        The exam's.
    start, end : float
        Where it begins and ends behind the middle of the body, along its depth, mm.
    half_height : float
        How far it reaches above and below that middle, mm.
    """

    body: Body
    grid: Grid
    start: float
    end: float
    half_height: float

    @classmethod
    def of(cls, exam: Exam, body: Body, protocol: Protocol) -> _Room:
        """What is left of a body's anterior part, a margin away from every edge."""
        margin = wanted_margin_mm(exam, protocol)
        front = -body.depth_mm / 2
        back = front + body.depth_mm * protocol.anterior_fraction
        start, end = front + margin, min(back, -front - margin)
        return cls(body, exam.grid, start, end, body.height_mm / 2 - margin)

    @property
    def centre(self) -> tuple[float, float]:
        """``(row, col)`` of its middle in voxel edges."""
        middle = turned((self.start + self.end) / 2, 0.0, self.body.tilt_deg)
        row, col = to_voxels(self.grid, self.body.centre, *middle)
        return float(row), float(col)

    def inscribed(self, turn_deg: float) -> tuple[float, float]:
        """Depth and height, mm, of a box like it that is turned against it; negative without room."""
        depth, height = self.end - self.start, 2 * self.half_height
        if min(depth, height) <= 0:
            return -1.0, -1.0
        cosine, sine = cos(radians(turn_deg)), abs(sin(radians(turn_deg)))
        share = min(depth / (depth * cosine + height * sine), height / (depth * sine + height * cosine))
        return depth * share, height * share

    def holds(self, rectangle: Rectangle, beyond_mm: float) -> bool:
        """Whether every corner lies in it, or no further outside than this."""
        for corner in rectangle.box(self.grid).corners:
            away = to_mm(self.grid, self.body.centre, corner)
            along, down = turned(*away, -self.body.tilt_deg)
            if max(self.start - along, along - self.end, abs(down) - self.half_height) > beyond_mm:
                return False
        return True


def propose(
    exam: Exam, body: Body, protocol: Protocol, size: tuple[int, int] | None = None
) -> Rectangle | NoProposal:
    """The rectangle a protocol wants in a body: its anterior part, a margin away from every edge.

    Parameters
    ----------
    exam : Exam
        Gives the grid and the acquired voxel size.
    body : Body
        From :func:`app.domain.fitting.find_body`.
    protocol : Protocol
        Gives anterior fraction, margin and smallest area, and whether rectangles may be turned.
    size : tuple of int, optional
        ``(rows, cols)`` where the study uses one size; else as large as there is room.

    Returns
    -------
    Rectangle or NoProposal
        Wholly inside the body, also when that is tilted; ``fit.too_small`` where no room is left,
        ``fit.no_neighbours`` in a slice without those that the protocol pools.
    """
    slices = exam.grid.shape[0]
    # a thin stack has no neighbours to pool anywhere
    depth = protocol.slices if slices >= protocol.slices else 1
    if not depth // 2 <= body.slice < slices - depth // 2:
        return NoProposal("fit.no_neighbours")
    angle, upright = _angle(exam.grid, body.tilt_deg)
    room = _Room.of(exam, body, protocol)
    ap_mm, cc_mm = room.inscribed(0.0 if protocol.rotation else body.tilt_deg)
    rows_mm, cols_mm = (cc_mm, ap_mm) if upright else (ap_mm, cc_mm)
    largest = int(rows_mm / exam.grid.spacing_mm[1]), int(cols_mm / exam.grid.spacing_mm[2])
    sizes = [size] if size else [(largest[0] - rows, largest[1] - cols) for rows, cols in _LESS]
    beyond = _SNAP * max(exam.grid.spacing_mm[1:]) if size else _NOTHING_MM
    for rows, cols in sizes:
        if min(rows, cols) < 1:
            continue
        found = _centred(room, (rows, cols), angle if protocol.rotation else 0.0, depth)
        if room.holds(found, beyond) and _allowed(exam, found, protocol):
            return found
    return NoProposal("fit.too_small")


def _centred(room: _Room, size: tuple[int, int], angle: float, depth: int) -> Rectangle:
    row, col = (floor(middle - extent / 2 + 0.5) for middle, extent in zip(room.centre, size, strict=True))
    return Rectangle(room.body.slice, row, col, *size, angle, depth)


def _allowed(exam: Exam, rectangle: Rectangle, protocol: Protocol) -> bool:
    # alone it can be refused for its size only, which is the same for every level
    findings = check_geometry(exam, {LEVELS[0]: rectangle}, protocol)
    return rectangle.inside(exam.grid) and all(one.severity is not Severity.REFUSE for one in findings)


def _angle(grid: Grid, tilt: float) -> tuple[float, bool]:
    """The turn of a rectangle that lies as a body does, degrees, and whether its rows run down the body."""
    row, col = to_voxels(grid, (0.0, 0.0), *turned(0.0, 1.0, tilt))
    down, across = float(row) * grid.spacing_mm[1], float(col) * grid.spacing_mm[2]
    upright = abs(down) >= abs(across)
    # whole tenths: what is upright but for the last digits is upright
    return round(degrees(atan2(across, down) if upright else atan2(-down, across)), 1), upright
