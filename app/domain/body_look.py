"""The images around a point as a box sees them that is turned in the sagittal plane, and the body in them.

All lengths are shares of the smallest height a body may have, so that they fit any part of the spine.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app.domain.edges import EDGE, STEP, Array, Edges, Mask, find_edges, slopes
from app.domain.grid import Grid
from app.domain.protocol import Protocol
from app.domain.sagittal import to_voxels, turned

# an edge is seen in a row of voxels, so a body cannot be told apart on fewer than these
_FEWEST_VOXELS = 13
# half the strip whose mean is looked at first, before the body's own size is known
_FIRST_HALF = 0.39
# then this share of the body to either side of its middle
_STRIP_SHARE = 0.3
_ROUNDS = 3
# a lumbar body is about 1.3 times as deep as it is high
_DEEPEST = 1.6
# noise is judged within this distance of the point
_CORE = 2 / 9
# what the outermost columns of the inside may be near to an edge, as a share of its slope's reach
_WALL = 2 / 3


@dataclass(frozen=True, slots=True)
class Limits:
    """Heights and depths a body may have, and the anterior share of it that counts.

    Attributes
    ----------
    unit_mm : float
        The length of which all others are shares.
    height, depth : tuple of float
        Smallest and largest.
    anterior : float
        Share of the depth.
    """

    unit_mm: float
    height: tuple[float, float]
    depth: tuple[float, float]
    anterior: float

    @classmethod
    def of(cls, protocol: Protocol, grid: Grid) -> Limits:
        """What a protocol allows on a grid."""
        unit = max(protocol.fit_height_mm[0], _FEWEST_VOXELS * max(grid.spacing_mm[1:]))
        height, depth = (
            (low / unit, high / unit) for low, high in (protocol.fit_height_mm, protocol.fit_depth_mm)
        )
        return cls(unit, height, depth, protocol.anterior_fraction)


@dataclass(frozen=True, slots=True, eq=False)
class Images:
    """One slice of every map in which edges are looked for.

    Attributes
    ----------
    values : ndarray, shape (images, rows, cols)
        FF first.
    rising : ndarray of bool, shape (images,)
        Whether marrow has more of it than the discs.
    """

    values: Array
    rising: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """The images around a point along the axes of one box.

    Attributes
    ----------
    patches : ndarray, shape (images, len(down), len(along))
        In units of each image's noise.
    rising : ndarray of bool, shape (images,)
        As in :class:`Images`.
    along, down : ndarray
        Offsets from the point to posterior and downwards, along the box.
    limits : Limits
        How far edges may be from each other.
    """

    patches: Array
    rising: Mask
    along: Array
    down: Array
    limits: Limits

    def box(self) -> tuple[Edges, Edges] | None:
        """Upper and lower, anterior and posterior edge; None where no two edges fit the limits."""
        found = self._box(np.abs(self.along) <= _FIRST_HALF)
        for _ in range(_ROUNDS - 1):
            # the strip was a guess; now it can lie in the middle of what was found
            if found is not None:
                found = self._box(found[1].core(self.along, _STRIP_SHARE))
        return found

    def _box(self, strip: Mask) -> tuple[Edges, Edges] | None:
        """Endplates seen in a strip of columns, then the walls seen in the strip of rows between them."""
        sloping = slopes(self.patches[:, :, strip].mean(axis=2))
        rows = find_edges(sloping, (self._rise(sloping), self._rise(-sloping)), self.down, self.limits.height)
        if rows is None:
            return None
        sloping = slopes(self.patches[:, rows.core(self.down, _STRIP_SHARE)].mean(axis=1))
        # in front and behind there may be fat, so that either way of a slope can be the body's wall
        steep = np.linalg.norm(sloping, axis=0)
        shallowest, deepest = self.limits.depth
        depth = (shallowest, min(deepest, _DEEPEST * rows.extent))
        cols = find_edges(sloping, (steep, steep), self.along, depth)
        return None if cols is None else (rows, cols)

    def _rise(self, sloping: Array) -> Array:
        """How steeply all images together go up into marrow; 0 where FF goes down."""
        wanted = np.where(self.rising[:, None], np.maximum(sloping, 0), sloping)
        rise: Array = np.linalg.norm(wanted, axis=0) * (sloping[0] > 0)
        return rise

    def stray(self, rows: Edges, cols: Edges) -> tuple[float, float]:
        """How far the anterior part of a box strays from its median, as shares of the way to the discs.

        Returns
        -------
        tuple of float
            Of means of three by three steps, which a lesion, the vein or a corner of a disc is larger than;
            and of whole columns, which show a wall that lies inside. Infinite where there is no inside.
        """
        between = (self.down > rows.start + EDGE) & (self.down < rows.end - EDGE)
        front = self.along - cols.start
        anterior = front < self.limits.anterior * cols.extent
        inside = _smoothed(self.patches)[:, between][:, :, anterior & (front > EDGE)]
        if not inside.size:
            return np.inf, np.inf
        columns = self.patches[:, between][:, :, anterior & (front > _WALL * EDGE)].mean(axis=1)
        median = np.median(inside, axis=(1, 2))
        profile = self.patches[:, :, cols.core(self.along, _STRIP_SHARE)].mean(axis=2)
        far = np.linalg.norm(profile - median[:, None], axis=0)
        above = far[(self.down >= rows.start - EDGE) & (self.down <= rows.start)].max()
        below = far[(self.down >= rows.end) & (self.down <= rows.end + EDGE)].max()
        way = max(float(min(above, below)), 1e-9)
        return (
            float(np.linalg.norm(inside - median[:, None, None], axis=0).max()) / way,
            float(np.linalg.norm(columns - median[:, None], axis=0).max()) / way,
        )


def look(images: Images, grid: Grid, point: tuple[float, float], tilt: float, limits: Limits) -> Look:
    """Every image around a point, one value a step, along the axes of a box turned by ``tilt`` degrees.

    Parameters
    ----------
    images : Images
        On the grid.
    grid : Grid
        Sagittal.
    point : tuple of float
        ``(row, col)`` in voxel edges.
    tilt : float
        Positive when the anterior end of the box is lower.
    limits : Limits
        Tell how far to look.
    """
    along, down = _axis(limits.depth[1]), _axis(limits.height[1])
    unit = limits.unit_mm
    row, col = to_voxels(grid, point, *turned(along[None, :] * unit, down[:, None] * unit, tilt))
    # from voxel edges to voxel centres, on which the values stand
    patches = _sample(images.values, row - 0.5, col - 0.5)
    core = patches[:, np.abs(down) < _CORE][:, :, np.abs(along) < _CORE]
    noise = np.maximum(core.std(axis=(1, 2), keepdims=True), 1e-6)
    return Look(patches / noise, images.rising, along, down, limits)


def _axis(reach: float) -> Array:
    """Offsets to both sides of the point, a little further than the largest body."""
    return np.arange(-reach - EDGE, reach + EDGE + STEP / 2, STEP)


def _sample(images: Array, row: Array, col: Array) -> Array:
    """Bilinear interpolation in every image; outside it its border goes on."""
    _, height, width = images.shape
    row = np.clip(row, 0, height - 1)
    col = np.clip(col, 0, width - 1)
    top = np.minimum(row.astype(np.intp), height - 2)
    left = np.minimum(col.astype(np.intp), width - 2)
    down, right = row - top, col - left
    upper = images[:, top, left] * (1 - right) + images[:, top, left + 1] * right
    lower = images[:, top + 1, left] * (1 - right) + images[:, top + 1, left + 1] * right
    result: Array = upper * (1 - down) + lower * down
    return result


def _smoothed(patches: Array) -> Array:
    """Means of three by three steps; the border is left as it is."""
    smooth = patches.copy()
    height, width = patches.shape[1:]
    shifted = [patches[:, i : height - 2 + i, j : width - 2 + j] for i in range(3) for j in range(3)]
    smooth[:, 1:-1, 1:-1] = np.mean(shifted, axis=0)
    return smooth
