"""Paints the soft tissues around the synthetic spine: skin, fat, muscle, canal, vessels, bowel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from app.domain.phantom_canvas import Canvas, Tissue
from app.domain.phantom_spec import PhantomSpec
from app.domain.phantom_spine import Vertebra, wall_curve

Maps = NDArray[np.float32]
Curve = NDArray[np.float64]

SKIN = Tissue(signal=0.55, ff=18, r2star=60)
SUBCUTANEOUS = Tissue(signal=1.35, ff=95, r2star=52)
CSF = Tissue(signal=0.80, ff=1.0, r2star=7)
CORD = Tissue(signal=0.78, ff=2.5, r2star=20)
EPIDURAL = Tissue(signal=1.15, ff=82, r2star=55)
LIGAMENT = Tissue(signal=0.35, ff=22, r2star=70)
BLOOD = Tissue(signal=0.78, ff=2.5, r2star=26)
LIVER = Tissue(signal=0.85, ff=6, r2star=52)
BLADDER = Tissue(signal=0.85, ff=0.8, r2star=6)
BOWEL_WALL = Tissue(signal=0.62, ff=9, r2star=36)
GAS = Tissue(signal=0.004, ff=50, r2star=450)
AROUND_GAS = Tissue(signal=0.40, ff=26, r2star=260)
#: Where a smooth field of SD 1 is this close to nil runs a septum.
SEPTUM = 0.12
ROOT = Tissue(signal=0.65, ff=12, r2star=30)


@dataclass(frozen=True, slots=True)
class Landmarks:
    """Curves the soft tissues follow, each in mm towards posterior and of shape (1, rows, 1).

    Anterior and posterior wall of the spine, fascia and skin of the back, inner surface and skin of the
    belly.
    """

    front: Maps
    back: Maps
    fascia: Maps
    skin: Maps
    belly: Maps
    belly_skin: Maps


def landmarks(
    canvas: Canvas, bones: tuple[Vertebra, ...], spec: PhantomSpec, rng: np.random.Generator
) -> Landmarks:
    """Trace the curves for one exam."""
    z = canvas.z.ravel().astype(np.float64)
    front, back = wall_curve(bones, z, side=-1), wall_curve(bones, z, side=1)
    waist = float(np.interp(0.0, z[::-1], back[::-1]))
    lumbar = next(bone for bone in bones if bone.name == "L3")
    sacral = np.clip((-80 - z) / 40, 0, 1)
    need = back + np.interp(z, [-140, -105, -85, 0, 140], [24, 27, 44, 54, 46])
    flat = waist + 52 + 0.25 * (back - waist)
    fascia = _smooth(np.maximum(need, np.minimum(flat, need + 10)), round(22 / canvas.pixel_mm))
    fat = spec.fat_mm * (
        1 + 0.35 * sacral + 0.30 * np.exp(-(((z + 35) / 45) ** 2)) - 0.25 * np.clip(z / 140, 0, 1)
    )
    skin = _smooth(fascia + fat, round(24 / canvas.pixel_mm))
    depth = rng.uniform(118, 150) + 0.5 * spec.fat_mm
    bulge = 10 * np.exp(-(((z + 30) / 60) ** 2))
    belly_skin = lumbar.y - depth - bulge
    belly = belly_skin + 0.9 * spec.fat_mm * (0.6 + 0.6 * np.exp(-(((z + 60) / 60) ** 2))) + 3
    return Landmarks(
        *(curve.astype(np.float32)[None, :, None] for curve in (front, back, fascia, skin, belly, belly_skin))
    )


def _smooth(curve: Curve, reach: int) -> Curve:
    kernel = np.hanning(2 * reach + 3)
    return np.convolve(np.pad(curve, reach + 1, mode="edge"), kernel / kernel.sum(), mode="valid")


def paint_envelope(canvas: Canvas, marks: Landmarks, rng: np.random.Generator) -> None:
    """Paint skin, subcutaneous fat with its septa, the abdominal wall and the fat of the abdominal cavity."""
    low, high = canvas.y.min(), canvas.y.max()
    for limits, sign in (((low, marks.belly.max() + 12), -1), ((marks.fascia.min() - 2, high), 1)):
        box = canvas.box(y=limits)
        y = canvas.axes(box)[1]
        outer, inner = (marks.belly_skin, marks.belly) if sign < 0 else (marks.skin, marks.fascia)
        depth = sign * (y - outer)
        canvas.fill(box, depth, SKIN)
        septa = (np.abs(canvas.noise(rng, box, (1.8, 3.2), slices=1.0)) < SEPTUM).astype(np.float32)
        canvas.fill(
            box, depth + 2, Tissue(signal=1.35 - 0.30 * septa, ff=95.5 - 9 * septa, r2star=52 + 9 * septa)
        )
        canvas.fill(box, sign * (y - inner), Tissue(signal=0.7, ff=9, r2star=36))
    box = canvas.box(y=(marks.belly.min(), marks.front.max() + 6))
    y = canvas.axes(box)[1]
    stains = canvas.noise(rng, box, (4, 4), slices=1.0)
    mesentery = Tissue(
        signal=1.15 + 0.05 * stains,
        ff=np.clip(86 - 14 * np.maximum(stains - 0.6, 0), 20, 95),
        r2star=58 + 6 * stains,
    )
    canvas.fill(box, np.maximum(marks.belly + 9 - y, y - marks.front - 4), mesentery)


def paint_abdomen(canvas: Canvas, marks: Landmarks, rng: np.random.Generator) -> None:
    """Paint bowel (with some gas), the left lobe of the liver, bladder and rectum."""
    middle = float(marks.front.mean())
    _paint_bowel(canvas, marks, rng)
    for _ in range(5):
        centre = (rng.uniform(-30, 30), middle - rng.uniform(45, 95), rng.uniform(-90, 60))
        size = rng.uniform(4, 9)
        for grow, tissue in ((3.5, BOWEL_WALL), (1.8, AROUND_GAS), (0.0, GAS)):
            canvas.blob(centre, (size + 4 + grow, size + grow, size * 0.8 + grow), tissue, rough_mm=1.6)
    canvas.blob((-18, middle - 80, 118), (60, 50, 44), LIVER, rough_mm=1.5)
    for _ in range(9):  # hepatic and portal vessels
        at = (rng.uniform(-35, 20), middle - rng.uniform(45, 115), rng.uniform(92, 138))
        canvas.blob(at, (10, rng.uniform(1.5, 3), rng.uniform(2, 7)), BLOOD, rough_mm=0.8)
    canvas.blob((0, middle - 62, -134), (34, 34, 26), BOWEL_WALL, rough_mm=2.0)
    canvas.blob((0, middle - 62, -134), (31, 30, 22), BLADDER, rough_mm=2.0)
    canvas.blob((4, middle + 8, -136), (14, 9, 15), BOWEL_WALL, rough_mm=1.5)


def _paint_bowel(canvas: Canvas, marks: Landmarks, rng: np.random.Generator) -> None:
    """Paint winding loops: the inside of a level surface of a smooth field, its skin as wall."""
    box = canvas.box(y=(marks.belly.min(), marks.front.max()))
    _, y, z = canvas.axes(box)
    loops = canvas.noise(rng, box, (7.5, 6.0), slices=2.0)
    filling = canvas.noise(rng, box, (5, 5), slices=1.2)
    room = np.minimum(y - marks.belly - 14, marks.front - 20 - y) / 14  # mesentery stays free near the spine
    inside = loops - np.float32(0.15) + np.minimum(room, 0) - 0.8 * np.clip((z - 62) / 20, 0, 1.5)
    canvas.paint(box, np.clip(0.5 + 6 * inside, 0, 1), BOWEL_WALL)
    content = Tissue(
        signal=0.68 + 0.10 * filling,
        ff=np.clip(7 + 7 * filling, 1, 40),
        r2star=np.clip(44 + 22 * filling, 12, 160),
    )
    canvas.paint(box, np.clip(6 * (inside - 0.3), 0, 1), content)


def paint_back(canvas: Canvas, marks: Landmarks, rng: np.random.Generator) -> None:
    """Paint the muscles of the back with streaks of fat, more of it low down, and the ligaments between."""
    box = canvas.box(y=(marks.back.min() - 8, marks.fascia.max() + 2))
    x, y, z = canvas.axes(box)
    streaks = canvas.noise(rng, box, (15, 1.5), slices=1.2)
    clouds = canvas.noise(rng, box, (9, 6))
    low = np.clip((15 - z) / 130, 0, 1)
    near = np.clip(1 - (y - marks.back - 12) / 22, 0, 1)  # multifidus, next to the laminae, turns fatty first
    threshold = 1.35 - 0.75 * low - 0.35 * near * low - 0.25 * clouds
    amount = np.clip((streaks - threshold) / 0.8, 0, 1)
    muscle_ff = np.clip(7 + 2 * clouds + 4 * low + 68 * amount, 2, 90)
    muscle = Tissue(signal=0.68 + 0.0045 * muscle_ff, ff=muscle_ff, r2star=34 + 0.22 * muscle_ff)
    region = np.maximum(marks.back - 6 - y, y - marks.fascia)
    canvas.fill(box, region, muscle)
    grain = canvas.noise(rng, box, (4.0, 2.2), slices=1.2)
    seam_ff = np.clip(52 + 16 * clouds + 15 * grain, 12, 92)
    seam = Tissue(signal=0.55 + 0.006 * seam_ff, ff=seam_ff, r2star=48 + 6 * clouds)
    canvas.fill(box, np.maximum(region, np.abs(x) - 3.2), seam)
    canvas.fill(box, np.abs(y - marks.fascia) - np.float32(0.7), LIGAMENT)


def paint_psoas_and_vessels(
    canvas: Canvas, marks: Landmarks, bones: tuple[Vertebra, ...], rng: np.random.Generator
) -> None:
    """Paint fat beside the spine, psoas, aorta and inferior vena cava."""
    box = canvas.box(y=(marks.front.min() - 32, marks.back.max() + 14))
    x, y, z = canvas.axes(box)
    beside = np.maximum(np.maximum(marks.front - 5 - y, y - marks.back - 11), 9 - np.abs(x))
    canvas.fill(box, beside, Tissue(signal=1.1, ff=80, r2star=58))
    heights = [bone.z for bone in reversed(bones)]
    middle = np.interp(z.ravel(), heights, [bone.y for bone in reversed(bones)]).astype(np.float32)[
        None, :, None
    ]
    growth = np.interp(z.ravel(), [-110, -60, 20, 90, 110], [17, 19, 14, 6, 2]).astype(np.float32)[
        None, :, None
    ]
    grain = canvas.noise(rng, box, (14, 1.4))
    psoas_ff = np.clip(5 + 30 * np.maximum(grain - 1.5, 0), 2, 80)
    lean = np.clip(-z / 200, 0, 1) * 26  # runs forward on its way to the hip
    psoas = np.hypot((np.abs(x) - 21 - growth) * 0.9, (y - middle - 3 + lean) / 1.15) - growth
    canvas.fill(box, psoas, Tissue(signal=0.70, ff=psoas_ff, r2star=33 + 0.2 * psoas_ff))
    fork = next(bone.z for bone in bones if bone.name == "L4") - 8
    below = np.clip((fork - z) / 45, 0, 1)
    for side, away, radius in ((1, 9.0, 8.6), (-1, 14.0, 9.8)):
        centre = side * (away + 20 * below) + rng.uniform(-2, 2)
        bore = radius * (1 - 0.38 * np.clip(below * 4, 0, 1))
        tube = np.hypot(x - centre, y - marks.front + bore + 4.5 + 5 * below) - bore
        canvas.fill(box, tube.astype(np.float32), Tissue(signal=0.4, ff=8, r2star=50))
        canvas.fill(box, tube.astype(np.float32) + 1, BLOOD)


def paint_canal(
    canvas: Canvas, marks: Landmarks, bones: tuple[Vertebra, ...], rng: np.random.Generator
) -> None:
    """Paint epidural fat, the dural sac with cord and roots, and the fat of the neural foramina."""
    box = canvas.box(y=(marks.back.min() - 4, marks.back.max() + 22))
    x, y, z = canvas.axes(box)
    named = {bone.name: bone for bone in bones}
    low = np.clip((named["L4"].z - z) / (named["L4"].z - named["S1"].z), 0, 1.6).astype(np.float32)
    ending = np.clip((z - named["S2"].z + 4) / 22, 0.001, 1)
    axis = np.interp(z.ravel(), [bone.z for bone in reversed(bones)], [bone.x for bone in reversed(bones)])
    side = x - axis.astype(np.float32)[None, :, None]
    canvas.fill(box, _tube(side, y - marks.back - 9.0, 12.5, 8.9 + 0.8 * low), EPIDURAL)
    sac = _tube(
        side, y - marks.back - 8.4 - 2.2 * low, 9.6 * np.sqrt(ending), (7.4 - 1.6 * low) * np.sqrt(ending)
    )
    grain = canvas.noise(rng, box, (16, 1.0), slices=1.2)
    strands = np.clip(0.5 + 0.5 * grain, 0, 1) * np.clip((y - marks.back - 6) / 5, 0, 1)
    fluid = Tissue(signal=0.80 - 0.10 * strands, ff=1.0 + 1.5 * strands, r2star=7 + 12 * strands)
    canvas.fill(box, sac, fluid)
    cone = np.clip((z - named["L1"].z + 10) / 26, 0.02, 1)
    canvas.fill(box, _tube(side, y - marks.back - 8.8, 5.0 * cone, 3.9 * cone), CORD)
    for bone in bones[:10]:
        for hand in (-1, 1):
            at = bone.point(bone.depth / 2 + 5, -9)
            canvas.blob((bone.x + hand * 16, *at), (6, 2.6, 3.0), ROOT)


def _tube(side: Maps, depth: Maps, wide: ArrayLike, deep: ArrayLike) -> Maps:
    """Signed distance in mm (first order) to a vertical tube of elliptic section."""
    wide, deep = np.asarray(wide, np.float32), np.asarray(deep, np.float32)
    distance: Maps = (np.hypot(side / wide, depth / deep) - 1) * deep
    return distance
