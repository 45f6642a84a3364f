"""Paints vertebrae and discs of the synthetic spine, and finds where a rectangle is safe."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.phantom_canvas import Box, Canvas, Tissue
from app.domain.phantom_spec import LUMBAR_LEVELS, Lesion, PhantomSpec, SafeRectangle
from app.domain.phantom_spine import (
    Vertebra,
    body_distance,
    capsule_distance,
    disc_distance,
    rounded,
    vein_distance,
)

Maps = NDArray[np.float32]

ANTERIOR_SHARE = 2 / 3
MARGIN_MM = 3.0

CORTEX = Tissue(signal=0.26, ff=10, r2star=170)
ANNULUS = Tissue(signal=0.40, ff=5, r2star=48)
VEIN = Tissue(signal=0.85, ff=16, r2star=42)
IMPACTED = Tissue(signal=0.4, ff=20, r2star=210)
STRUT_DISTANCE_MM = 3.4
HAEMANGIOMA = Tissue(signal=1.25, ff=85, r2star=75)


@dataclass(frozen=True, slots=True)
class Marrow:
    """Mean of the marrow of one vertebra: percent and s^-1."""

    ff: float
    r2star: float

    def tissue(self, ff: float | Maps, r2star: float | Maps) -> Tissue:
        """Marrow with the given maps; fatty marrow is brighter, as its T1 is shorter."""
        return Tissue(signal=0.86 + 0.0028 * np.asarray(ff, np.float32), ff=ff, r2star=r2star)


def marrow_of(spec: PhantomSpec, bone: Vertebra) -> Marrow:
    """Marrow of any vertebra: the lumbar trend, levelling off above T12 and below S1."""
    level = float(np.clip(bone.level, -1, 5))
    return Marrow(spec.ff_of(level), spec.r2star_of(level))


def safe_rectangle(canvas: Canvas, bone: Vertebra, mid_slice: int) -> SafeRectangle:
    """Largest voxel rectangle inside the anterior two thirds of a body, with the margin all around.

    The box (rotated with the body) is bounded by anterior wall, endplates and the two-thirds line; walls and
    endplates are taken at their narrowest. A rectangle parallel to the voxel grid is grown around its centre.

    Parameters
    ----------
    canvas : Canvas
    bone : Vertebra
    mid_slice : int

    Returns
    -------
    SafeRectangle
        On the canvas (anterior at column 0).
    """
    front = -bone.depth / 2 + bone.waist + MARGIN_MM
    back = bone.depth * (ANTERIOR_SHARE - 0.5)
    s = np.linspace(front, back, 9) / (bone.depth / 2)
    dip = 1 - s * s
    top = float(np.min(bone.height / 2 - bone.upper_wedge * s - bone.upper_dip * dip)) - MARGIN_MM
    bottom = float(np.min(bone.height / 2 - bone.lower_wedge * s - bone.lower_dip * dip)) - MARGIN_MM
    y, z = bone.point((front + back) / 2, (top - bottom) / 2)
    half_u, half_v = (back - front) / 2, (top + bottom) / 2
    cos, sin = np.abs(bone.posterior)
    pixel = canvas.pixel_mm
    row, col = (float(canvas.z.ravel()[0]) - z) / pixel, (y - float(canvas.y.ravel()[0])) / pixel
    best = (0, 0)
    for rows in range(1, 80):
        half_z = rows * pixel / 2
        half_y = min((half_u - half_z * sin) / cos, (half_v - half_z * cos) / max(sin, 1e-6))
        cols = int(2 * half_y / pixel)
        best = max(best, (rows, cols), key=lambda size: size[0] * max(size[1], 0))
    rows, cols = max(best[0] - 1, 1), max(best[1] - 1, 1)  # one voxel less: the centre is rounded to the grid
    return SafeRectangle(mid_slice, round(row + 0.5 - rows / 2), round(col + 0.5 - cols / 2), rows, cols)


def paint_disc(canvas: Canvas, upper: Vertebra, lower: Vertebra, rng: np.random.Generator) -> None:
    """Paint the disc below a vertebra: bright watery nucleus in a darker annulus, more or less degenerate."""
    y, z = upper.point(0, -upper.height / 2 - upper.disc / 2)
    box = canvas.box(z=(z - 24, z + 24), y=(y - 30, y + 30))
    distance = disc_distance(upper, lower, *canvas.axes(box))
    health = float(rng.uniform(0.1, 0.55) if upper.name in {"L4", "L5"} else rng.uniform(0.4, 1.0))
    nucleus = Tissue(signal=0.42 + 0.5 * health, ff=2.0 + 2 * (1 - health), r2star=38 - 24 * health)
    canvas.fill(box, distance, ANNULUS)
    inner = np.maximum(distance + np.float32(5.5), 0) - np.float32(2.5)
    canvas.paint(box, np.clip(0.5 - inner / 4, 0, 1), nucleus)


def paint_arch(canvas: Canvas, bone: Vertebra, marrow: Marrow) -> None:
    """Paint pedicles, laminae, articular, transverse and spinous processes of a vertebra."""
    back, scale = bone.depth / 2, bone.depth / 34
    y, z = bone.point(back + 20, -5)
    box = canvas.box(z=(z - 48, z + 40), y=(y - 40, y + 46))
    frame = bone.frame(*canvas.axes(box))
    parts = [
        capsule_distance(frame, (back - 4, 5), (back + 11, 4), side=(13 * scale, 4.0), radius=6.2 * scale),
        capsule_distance(
            frame, (back + 9, 17), (back + 14, -3), side=(16.5 * scale, 4.0), radius=4.3 * scale
        ),
        capsule_distance(frame, (back + 15, 0), (back + 17, -23), side=(15 * scale, 3.6), radius=4.0 * scale),
        capsule_distance(frame, (back + 17, -2), (back + 20, -14), side=(8 * scale, 6.0), radius=2.6),
        capsule_distance(frame, (back + 9, 3), (back + 12, 3), side=(28 * scale, 9.0), radius=4.0),
        _spinous_distance(bone, frame, back, scale),
    ]
    shaded = marrow.tissue(marrow.ff + 6, marrow.r2star * 0.92)
    joined = functools.reduce(np.minimum, parts) + np.float32(0.5) * canvas.wobble[box]
    canvas.fill(box, joined, CORTEX)
    canvas.fill(box, joined + np.float32(1.4), shaded)


def _spinous_distance(bone: Vertebra, frame: tuple[Maps, Maps, Maps], back: float, scale: float) -> Maps:
    """Signed distance to the blade of the spinous process, deeper at its tip and drooping."""
    u, v, w = frame
    droop = np.deg2rad(bone.droop_deg)
    cos, sin = np.float32(np.cos(droop)), np.float32(np.sin(droop))
    u, v = u - np.float32(back + 14.5), v + 7
    along, across = u * cos - v * sin, v * cos + u * sin
    share = np.clip(along / np.float32(bone.spinous), 0, 1)
    lumbar = 0 <= bone.level < len(LUMBAR_LEVELS)
    half = np.float32(scale) * (6.2 + 4.2 * share if lumbar else 4.6 + 1.2 * share).astype(np.float32)
    length = np.abs(along - np.float32(bone.spinous / 2)) - np.float32(bone.spinous / 2)
    blade = rounded(np.abs(across + share * 2) - half, length, 4.0)
    distance: Maps = np.maximum(blade, np.abs(w) - np.float32(3.4))
    return distance


def paint_body(
    canvas: Canvas, bone: Vertebra, marrow: Marrow, rng: np.random.Generator, safe: SafeRectangle | None
) -> None:
    """Paint a vertebral body: cortex, marrow with its texture, basivertebral vein.

    The texture is shifted so that its mean over the safe rectangle is nil: there the noise-free map has the
    marrow's values as its mean.
    """
    radius = 0.62 * float(np.hypot(bone.height, bone.depth)) + 4
    box = canvas.box(z=(bone.z - radius, bone.z + radius), y=(bone.y - radius, bone.y + radius))
    frame = bone.frame(*canvas.axes(box))
    distance = body_distance(bone, frame) + np.float32(0.35) * canvas.wobble[box]
    ff, r2star = _marrow_texture(canvas, bone, box, distance, rng)
    if safe is not None:
        window = _within(box, canvas.shape, safe)
        ff, r2star = ff - ff[window].mean(), r2star - r2star[window].mean()
    canvas.fill(box, distance - np.float32(0.6), CORTEX)
    tissue = marrow.tissue(np.clip(marrow.ff + ff, 3, 97), np.maximum(marrow.r2star + r2star, 15))
    canvas.fill(box, distance + np.float32(0.9), tissue)
    if bone.level <= len(LUMBAR_LEVELS) - 1:
        canvas.fill(box, vein_distance(bone, frame), VEIN)


def _marrow_texture(
    canvas: Canvas, bone: Vertebra, box: Box, distance: Maps, rng: np.random.Generator
) -> tuple[Maps, Maps]:
    """Deviation of FF (points) and R2* (s^-1) from the vertebra's mean.

    Patches of some mm, fattier towards the endplates and around the vein, and less R2* where there is more
    fat (fewer trabeculae and less red marrow per voxel).
    """
    u, _, _ = bone.frame(*canvas.axes(box))
    patches = [canvas.noise(rng, box, (mm, mm), slices=0.8) for mm in (3.4, 1.5, 2.2)]
    rim = np.exp(-np.square((distance + 2.0) / 2.0))
    rear = np.clip((u - np.float32(bone.depth / 6)) / np.float32(bone.depth / 3), 0, 1)
    ff = np.float32(2.0) * patches[0] + np.float32(1.3) * patches[1] + rng.uniform(0, 3) * rim + 3 * rear
    r2star = np.float32(-1.6) * ff + np.float32(4.0) * patches[2]
    return ff.astype(np.float32), r2star.astype(np.float32)


def _within(box: Box, shape: tuple[int, ...], safe: SafeRectangle) -> tuple[int, slice, slice]:
    """Index of a rectangle of the canvas inside the part of the canvas that a box cuts out."""
    starts = [part.indices(size)[0] for part, size in zip(box, shape, strict=True)]
    index = safe.index
    return (
        index[0] - starts[0],
        slice(index[1].start - starts[1], index[1].stop - starts[1]),
        slice(index[2].start - starts[2], index[2].stop - starts[2]),
    )


def paint_lesion(
    canvas: Canvas, bone: Vertebra, lesion: Lesion, marrow: Marrow, rng: np.random.Generator
) -> None:
    """Paint what a fracture or a haemangioma puts into a body (a swap is not anatomy and changes nothing)."""
    box = canvas.box(z=(bone.z - 30, bone.z + 30), y=(bone.y - 30, bone.y + 30))
    if lesion.kind == "haemangioma":
        _paint_haemangioma(canvas, box, bone, marrow, rng)
    if lesion.kind == "fracture":
        _paint_oedema(canvas, box, bone, marrow)


def _paint_haemangioma(
    canvas: Canvas, box: Box, bone: Vertebra, marrow: Marrow, rng: np.random.Generator
) -> None:
    """Paint a round fatty focus crossed by thick vertical trabeculae, in the anterior half."""
    u, v, w = bone.frame(*canvas.axes(box))
    size, at_u, at_v = (np.float32(rng.uniform(*limits)) for limits in ((7.0, 8.5), (-7, -4), (-2, 2)))
    ball = np.sqrt((u - at_u) ** 2 + (v - at_v) ** 2 + w**2) - size
    canvas.fill(box, ball, HAEMANGIOMA)
    strut = np.clip(3 * np.cos(np.float32(2 * np.pi / STRUT_DISTANCE_MM) * (u - at_u)) - 1, 0, 1)
    canvas.paint(box, 0.35 * canvas.cover(ball + 1) * strut, marrow.tissue(marrow.ff, marrow.r2star))


def _paint_oedema(canvas: Canvas, box: Box, bone: Vertebra, marrow: Marrow) -> None:
    """Paint the watery band under a broken endplate and the dark line of impacted bone in it."""
    u, v, w = bone.frame(*canvas.axes(box))
    inside = body_distance(bone, (u, v, w)) + np.float32(1.0)
    under = (
        v - np.float32(bone.height / 2 - bone.upper_dip) + np.float32(2 * bone.upper_wedge / bone.depth) * u
    )
    band = np.clip(1 + (under + 3) / 9, 0, 1)
    oedema = marrow.tissue(max(marrow.ff - 24, 4), marrow.r2star * 0.8)
    canvas.paint(box, 0.85 * canvas.cover(inside) * band, oedema)
    line = np.abs(under + 5 + 0.8 * np.sin(u / 3)) - np.float32(0.6)
    canvas.fill(box, np.maximum(line, inside + 2), IMPACTED)


def paint_wings(canvas: Canvas, bones: tuple[Vertebra, ...], marrow: Marrow) -> None:
    """Paint the lateral masses of the sacrum, seen in the outer slices."""
    sacrum = next(bone for bone in bones if bone.name == "S1")
    box = canvas.box(z=(sacrum.z - 80, sacrum.z + 40), y=(sacrum.y - 40, sacrum.y + 60))
    frame = sacrum.frame(*canvas.axes(box))
    wing = capsule_distance(frame, (0, 0), (6, -60), side=(36, 14.0), radius=13.0)
    canvas.fill(box, wing, CORTEX)
    canvas.fill(box, wing + np.float32(1.2), marrow.tissue(marrow.ff + 4, marrow.r2star * 0.9))
