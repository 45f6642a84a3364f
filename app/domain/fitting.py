"""Find the edges of a vertebral body around a click.

The body is taken as a box, turned in the sagittal plane; its edges are where the means of strips across it
change most (a gradient along the box's own axes), on FF, R2*, water and fat together. Marrow holds more fat
than the discs, so FF falls across both endplates. Where the edges do not stand out, where differently turned
boxes are as good, or where the inside is not of one kind, nothing is found, and says so. Values are never
taken from here: what is proposed in a body (:mod:`app.domain.proposing`) is counted like any other rectangle.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from app.domain.body_look import Images, Limits, Look, look
from app.domain.edges import Edges
from app.domain.exam import Exam
from app.domain.grid import Grid
from app.domain.maps import Quantity
from app.domain.protocol import Protocol
from app.domain.sagittal import to_voxels, turned

TILTS_DEG = tuple(range(-35, 36, 5))
# edges must be so much steeper than anything between them
_CLEAR = 1.2
# and nothing inside may stray further from its median: a patch of it, a column of it
_STRAY, _STRAY_COLUMN = 0.45, 0.3
# boxes nearly as clear as the best one must be the same body (shares of the smallest height, degrees), or the
# edges do not say which is right
_RIVAL = 0.7
# and what is seen at a single tilt only is no body
_SEEN_AGAIN = 0.5
_SAME, _SAME_DEG = 1 / 6, 20.0
# where edges are looked for, and whether marrow has more of it than the discs
_CHANNELS = {Quantity.FF: True, Quantity.R2STAR: True, Quantity.WATER: False, Quantity.FAT: True}


@dataclass(frozen=True, slots=True)
class Body:
    """A vertebral body as a box in its slice.

    Attributes
    ----------
    slice : int
        Slice of the exam's grid.
    centre : tuple of float
        ``(row, col)`` of its middle in voxel edges of the exam's grid.
    tilt_deg : float
        Turn in the slice; positive when the anterior edge is lower.
    height_mm, depth_mm : float
        Cranio-caudal and antero-posterior extent.
    """

    slice: int
    centre: tuple[float, float]
    tilt_deg: float
    height_mm: float
    depth_mm: float


@dataclass(frozen=True, slots=True)
class NoProposal:
    """Why nothing is proposed.

    Attributes
    ----------
    code : str
        ``fit.not_sagittal``, ``fit.no_ff``, ``fit.no_edges``, ``fit.unclear``, ``fit.too_small``; of a whole
        ladder also ``ladder.no_ends``, ``ladder.no_gaps``, ``ladder.implausible``.
    """

    code: str


@dataclass(frozen=True, slots=True)
class _Found:
    """The best box of one tilt."""

    body: Body
    look: Look
    rows: Edges
    cols: Edges

    @property
    def clear(self) -> bool:
        """Whether all four edges are steeper than what is between them, and the inside is of one kind."""
        patch, column = self.look.stray(self.rows, self.cols)
        clarity = min(self.rows.clarity, self.cols.clarity)
        return clarity >= _CLEAR and patch <= _STRAY and column <= _STRAY_COLUMN


def find_body(
    exam: Exam,
    slice_index: int,
    point: tuple[float, float],
    protocol: Protocol,
    tilts: Iterable[float] = TILTS_DEG,
) -> Body | NoProposal:
    """Find the vertebral body around a point.

    Parameters
    ----------
    exam : Exam
        Sagittal, with FF.
    slice_index : int
        Slice of the exam's grid.
    point : tuple of float
        ``(row, col)`` within the body, in voxel edges of the exam's grid.
    protocol : Protocol
        Gives the limits of height and depth, and the anterior part that must be of one kind.
    tilts : iterable of float
        Turns that are tried, degrees; gone through once.

    Returns
    -------
    Body or NoProposal
    """
    if exam.grid.plane != "sagittal":
        return NoProposal("fit.not_sagittal")
    if Quantity.FF not in exam.maps:
        return NoProposal("fit.no_ff")
    images, limits = _images(exam, slice_index), Limits.of(protocol, exam.grid)
    fitted = (_fit_tilted(images, exam.grid, slice_index, point, tilt, limits) for tilt in tilts)
    found = [one for one in fitted if one is not None]
    if not found:
        return NoProposal("fit.no_edges")
    # a box that is turned wrongly blurs the endplates; the walls, which bend, say less
    best = max(found, key=lambda one: one.rows.lead)
    others = [one for one in found if one is not best and one.rows.lead >= _SEEN_AGAIN * best.rows.lead]
    apart = _SAME * limits.unit_mm
    alike = [one for one in others if _alike(best.body, one.body, exam.grid, apart)]
    agreed = all(one in alike for one in others if one.rows.lead >= _RIVAL * best.rows.lead)
    return best.body if agreed and alike and best.clear else NoProposal("fit.unclear")


def _alike(one: Body, other: Body, grid: Grid, apart_mm: float) -> bool:
    """Whether two boxes are the same body seen at slightly different tilts."""
    _, row_mm, col_mm = grid.spacing_mm
    differences = (
        (one.centre[0] - other.centre[0]) * row_mm,
        (one.centre[1] - other.centre[1]) * col_mm,
        one.height_mm - other.height_mm,
        one.depth_mm - other.depth_mm,
    )
    return max(map(abs, differences)) <= apart_mm and abs(one.tilt_deg - other.tilt_deg) <= _SAME_DEG


def _images(exam: Exam, slice_index: int) -> Images:
    """Means of each map over the voxels that make up those of the exam's grid; no value counts as 0."""
    values, rising = [], []
    _, rows, cols = exam.grid.shape
    for quantity, more in _CHANNELS.items():
        found = exam.maps.get(quantity)
        parts = exam.grid.parts(found.grid) if found else None
        if found is not None and parts is not None:
            stored = np.nan_to_num(found.slice_values(slice_index), posinf=0.0, neginf=0.0)
            values.append(stored.reshape(rows, parts[0], cols, parts[1]).mean(axis=(1, 3)))
            rising.append(more)
    return Images(np.array(values), np.array(rising))


def _fit_tilted(
    images: Images, grid: Grid, slice_index: int, point: tuple[float, float], tilt: float, limits: Limits
) -> _Found | None:
    """The body whose box is turned by ``tilt``, or None where no two edges fit the limits."""
    seen = look(images, grid, point, tilt, limits)
    box = seen.box()
    if box is None:
        return None
    rows, cols = box
    unit = limits.unit_mm
    row, col = to_voxels(grid, point, *turned(cols.middle * unit, rows.middle * unit, tilt))
    body = Body(slice_index, (float(row), float(col)), tilt, rows.extent * unit, cols.extent * unit)
    return _Found(body, seen, rows, cols)
