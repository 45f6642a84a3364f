"""The bones of the synthetic spine: pose and shape of each vertebra, and signed distances to its parts.

Every vertebra has its own frame: `u` towards posterior, `v` towards superior, `w` towards left, in mm from
the centre of the body. Sizes are round figures for adults (bodies 27-30 mm high and 31-36 mm deep, growing
downwards); tilts are those of a supine lumbar spine.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.phantom_spec import PhantomSpec

Maps = NDArray[np.float32]
Frame = tuple[Maps, Maps, Maps]

CORNER_MM = 3.0


@dataclass(frozen=True, slots=True)
class Vertebra:
    """Pose and shape of one vertebra.

    Parameters
    ----------
    name : str
    level : int
        0 for L1, negative above, 5 for S1.
    tilt_deg : float
        Positive when the anterior edge is lower.
    height, depth, width : float
        Of the body in mm; height at the centre of its walls.
    disc : float
        Height of the disc below.
    upper_wedge, lower_wedge : float
        How much the endplate stands out further at the anterior edge (and less at the posterior), mm.
    upper_dip, lower_dip : float
        Depth of the concave endplate, mm.
    waist : float
        How much the anterior and posterior wall draw in at mid-height, mm.
    taper : float
        By which share the depth shrinks from top to bottom (sacrum).
    spinous : float
        Length of the spinous process, mm; 0 for none.
    droop_deg : float
        How steeply the spinous process points downwards.
    x, y, z : float
        Centre of the body, mm towards left, posterior, superior.
    """

    name: str
    level: int
    tilt_deg: float
    height: float
    depth: float
    width: float
    disc: float
    upper_wedge: float = 0.0
    lower_wedge: float = 0.0
    upper_dip: float = 1.3
    lower_dip: float = 1.6
    waist: float = 2.1
    taper: float = 0.0
    spinous: float = 27.0
    droop_deg: float = 8.0
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0

    @property
    def posterior(self) -> tuple[float, float]:
        """Unit vector of `u` in the sagittal plane as (posterior, superior)."""
        tilt = np.deg2rad(self.tilt_deg)
        return float(np.cos(tilt)), float(np.sin(tilt))

    @property
    def superior(self) -> tuple[float, float]:
        """Unit vector of `v` in the sagittal plane as (posterior, superior)."""
        cos, sin = self.posterior
        return -sin, cos

    def point(self, u: float, v: float) -> tuple[float, float]:
        """Where (u, v) of this frame lies, as (y, z) in mm."""
        (cos, sin), (up_y, up_z) = self.posterior, self.superior
        return self.y + u * cos + v * up_y, self.z + u * sin + v * up_z

    def frame(self, x: Maps, y: Maps, z: Maps) -> Frame:
        """Coordinates (u, v, w) in mm of voxels given by their patient coordinates."""
        cos, sin = (np.float32(part) for part in self.posterior)
        y, z = y - np.float32(self.y), z - np.float32(self.z)
        return y * cos + z * sin, z * cos - y * sin, x - np.float32(self.x)


_AVERAGE = (
    Vertebra("T9", -4, -2, 22, 28, 30, 5.0, spinous=24, droop_deg=42),
    Vertebra("T10", -3, -5, 23, 29, 32, 5.5, spinous=24, droop_deg=38),
    Vertebra("T11", -2, -9, 24.5, 30, 36, 6.0, spinous=23, droop_deg=26),
    Vertebra("T12", -1, -12, 26, 31, 40, 7.0, upper_wedge=-0.5, spinous=24, droop_deg=14),
    Vertebra("L1", 0, -12, 27, 32, 43, 8.5, upper_wedge=-0.5),
    Vertebra("L2", 1, -9, 27.8, 33, 45, 9.5),
    Vertebra("L3", 2, -3, 28, 34, 47, 10.5, spinous=29),
    Vertebra("L4", 3, 6, 28, 35, 49, 11.5, lower_wedge=0.5, spinous=28),
    Vertebra("L5", 4, 19, 27.0, 35.5, 52, 11.0, upper_wedge=0.4, lower_wedge=2.4, spinous=20, droop_deg=4),
    Vertebra("S1", 5, 41, 28, 34, 54, 2.5, upper_dip=0.6, lower_dip=0.3, taper=0.38, spinous=9, droop_deg=-4),
    Vertebra("S2", 6, 50, 23, 22, 44, 2.0, upper_dip=0.3, lower_dip=0.3, waist=1.2, taper=0.3, spinous=0),
    Vertebra("S3", 7, 60, 20, 16, 38, 1.5, upper_dip=0.2, lower_dip=0.2, waist=1.0, taper=0.3, spinous=0),
    Vertebra("S4", 8, 72, 17, 12, 30, 1.5, upper_dip=0.2, lower_dip=0.2, waist=0.8, taper=0.3, spinous=0),
)
_ANCHOR = 6  # L3 is placed first; the others follow from it


def build_spine(spec: PhantomSpec, rng: np.random.Generator) -> tuple[Vertebra, ...]:
    """Pose all vertebrae from T9 down to S4, each a little different from the average.

    Parameters
    ----------
    spec : PhantomSpec
    rng : numpy.random.Generator
        Draws the small differences of size, tilt and disc height.

    Returns
    -------
    tuple of Vertebra
        From top to bottom, posed in patient coordinates around the centre of the field of view.
    """
    bones = [_vary(bone, spec, rng) for bone in _AVERAGE]
    if spec.lesion is not None and spec.lesion.kind == "fracture":
        bones = _crush(bones, spec.lesion.level)
    bones[_ANCHOR] = replace(bones[_ANCHOR], y=rng.uniform(0, 8), z=rng.uniform(0, 9))
    for i in range(_ANCHOR, 0, -1):
        bones[i - 1] = _stack(bones[i - 1], bones[i], bones[i - 1].disc, direction=1)
    for i in range(_ANCHOR, len(bones) - 1):
        bones[i + 1] = _stack(bones[i + 1], bones[i], bones[i].disc, direction=-1)
    bend = rng.uniform(-2, 2)  # a gentle sideways curve: no spine is perfectly straight
    return tuple(replace(bone, x=bend * (1 - ((bone.z - 20) / 70) ** 2)) for bone in bones)


def _vary(bone: Vertebra, spec: PhantomSpec, rng: np.random.Generator) -> Vertebra:
    height, depth, width = (
        spec.size * np.array([bone.height, bone.depth, bone.width]) * rng.normal(1, 0.015, 3)
    )
    narrowing = rng.uniform(0.72, 1.0) if bone.name in {"L4", "L5"} else rng.uniform(0.88, 1.06)
    return replace(
        bone,
        tilt_deg=bone.tilt_deg * spec.lordosis + rng.normal(0, 0.9),
        height=float(height),
        depth=float(depth),
        width=float(width),
        disc=float(bone.disc * spec.size * narrowing),
        upper_dip=bone.upper_dip * rng.uniform(0.7, 1.3),
        lower_dip=bone.lower_dip * rng.uniform(0.7, 1.3),
        spinous=bone.spinous * rng.uniform(0.92, 1.08),
    )


def _crush(bones: list[Vertebra], level: str) -> list[Vertebra]:
    """Wedge the body from above: about 40 % less height in front, and the spine above leans forward."""
    index = next(i for i, bone in enumerate(bones) if bone.name == level)
    broken = replace(
        bones[index],
        height=0.80 * bones[index].height,
        upper_wedge=-0.21 * bones[index].height,
        upper_dip=2.6,
    )
    leaning = [replace(bone, tilt_deg=bone.tilt_deg + 9) for bone in bones[:index]]
    return [*leaning, replace(broken, tilt_deg=broken.tilt_deg + 3), *bones[index + 1 :]]


def _stack(bone: Vertebra, neighbour: Vertebra, disc: float, *, direction: int) -> Vertebra:
    """Place a vertebra above (1) or below (-1) its neighbour, the disc between them."""
    y, z = neighbour.point(0, direction * neighbour.height / 2)
    tilt = replace(bone, tilt_deg=(bone.tilt_deg + neighbour.tilt_deg) / 2)
    for step, (up_y, up_z) in ((disc, tilt.superior), (bone.height / 2, bone.superior)):
        y, z = y + direction * step * up_y, z + direction * step * up_z
    return replace(bone, y=y, z=z)


def body_distance(bone: Vertebra, frame: Frame) -> Maps:
    """Signed distance in mm (negative inside) to the surface of the vertebral body.

    Walls drawn in at mid-height, dipped endplates, rounded corners; the cross-section is a superellipse of
    order 3. Exact in the mid-sagittal plane up to first order.
    """
    u, v, w = frame
    relative = np.clip(v / np.float32(bone.height / 2), -1, 1)
    half = np.float32(bone.depth / 2) * (1 - np.float32(bone.taper / 2) * (1 - relative))
    half = half - np.float32(bone.waist) * (1 - relative**2)
    s = np.abs(u) / half
    t = np.abs(w) / np.float32(bone.width / 2)
    walls = (np.cbrt(s * s * s + t * t * t) - 1) * half
    s = np.clip(s, 0, 1.2) * np.sign(u)
    dip = 1 - np.minimum(s * s, 1)
    upper = v - (bone.height / 2 - bone.upper_wedge * s - bone.upper_dip * dip).astype(np.float32)
    lower = (-bone.height / 2 + bone.lower_wedge * s + bone.lower_dip * dip).astype(np.float32) - v
    return rounded(walls, np.maximum(upper, lower), CORNER_MM)


def rounded(first: Maps, second: Maps, radius: float) -> Maps:
    """Signed distance to the intersection of two shapes, with corners of the given radius."""
    first, second = first + np.float32(radius), second + np.float32(radius)
    outside = np.hypot(np.maximum(first, 0), np.maximum(second, 0))
    distance: Maps = outside + np.minimum(np.maximum(first, second), 0) - np.float32(radius)
    return distance


def disc_distance(upper: Vertebra, lower: Vertebra, x: Maps, y: Maps, z: Maps) -> Maps:
    """Signed distance in mm to the disc between two vertebrae, reaching a little into both bodies."""
    (y0, z0), (y1, z1) = upper.point(0, -upper.height / 2), lower.point(0, lower.height / 2)
    depth = min(upper.depth, lower.depth) + 1.5
    disc = replace(
        upper,
        tilt_deg=(upper.tilt_deg + lower.tilt_deg) / 2,
        y=(y0 + y1) / 2,
        z=(z0 + z1) / 2,
        height=upper.disc + 9,
        depth=depth,
        width=min(upper.width, lower.width),
        waist=-1.0,
        taper=0.0,
        upper_wedge=0.0,
        lower_wedge=0.0,
    )
    return body_distance(disc, disc.frame(x, y, z))


def vein_distance(bone: Vertebra, frame: Frame) -> Maps:
    """Signed distance in mm to the basivertebral vein: a wedge from the posterior wall at mid-height."""
    u, v, w = frame
    reach = np.clip((u - np.float32(bone.depth / 6 + 1.5)) / np.float32(bone.depth / 3), 0, 1.2)
    sides = np.maximum(np.abs(w) - 8, u - np.float32(bone.depth / 2 + 1))
    tip = np.float32(bone.depth / 6 + 1.5) - u
    distance: Maps = np.maximum(np.maximum(np.abs(v) - (1.0 + 2.6 * np.sqrt(reach)), sides), tip)
    return distance


def capsule_distance(
    frame: Frame,
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    side: tuple[float, float],
    radius: float,
) -> Maps:
    """Signed distance in mm to a rounded bar on both sides of the mid-plane.

    Parameters
    ----------
    frame : tuple of ndarray
        (u, v, w) in mm.
    start, end : tuple of float
        Ends of the axis as (u, v).
    side : tuple of float
        Distance of the bar's centre from the mid-plane and its half-length along `w`, mm.
    radius : float
        Half thickness across the axis, mm.
    """
    u, v, w = frame
    along_u, along_v = end[0] - start[0], end[1] - start[1]
    length2 = max(along_u**2 + along_v**2, 1e-6)
    du, dv = u - np.float32(start[0]), v - np.float32(start[1])
    share = np.clip((du * np.float32(along_u) + dv * np.float32(along_v)) / np.float32(length2), 0, 1)
    across = np.hypot(du - share * np.float32(along_u), dv - share * np.float32(along_v)) - np.float32(radius)
    lateral = np.abs(np.abs(w) - np.float32(side[0])) - np.float32(side[1])
    return rounded(across, lateral, 1.5)


def wall_curve(bones: tuple[Vertebra, ...], z_mm: NDArray[np.float64], *, side: int) -> NDArray[np.float64]:
    """Posterior coordinate in mm of the anterior (`side` -1) or posterior (1) spinal wall at each height.

    Parameters
    ----------
    bones : tuple of Vertebra
        From top to bottom.
    z_mm : ndarray of float, shape (rows,)
        Falling heights.
    side : int

    Returns
    -------
    ndarray of float, shape (rows,)
    """
    points = []
    for bone in bones:
        lower = bone.depth / 2 * (1 - bone.taper)
        points += [
            bone.point(side * bone.depth / 2, 0.35 * bone.height),
            bone.point(side * lower, -0.35 * bone.height),
        ]
    y, z = np.array(points).T
    order = np.argsort(z)
    curve = np.interp(z_mm, z[order], y[order])
    reach = max(1, round(6 / abs(z_mm[1] - z_mm[0])))
    return np.convolve(
        np.pad(curve, reach, mode="edge"), np.full(2 * reach + 1, 1 / (2 * reach + 1)), mode="valid"
    )
