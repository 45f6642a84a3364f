"""A synthetic sagittal lumbar exam with known fat fraction and R2* in every vertebra.

Three steps: tissues are painted as mixtures of water and fat (:mod:`app.domain.phantom_anatomy`,
:mod:`app.domain.phantom_bones`) and blurred by a small point-spread function, which gives the noise-free
maps; the noise of a six-echo fit is added (:mod:`app.domain.phantom_noise`) under the falling sensitivity of
a spine coil; values are clipped and rounded to the integers a scanner stores.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.grid import Grid
from app.domain.phantom_anatomy import (
    landmarks,
    paint_abdomen,
    paint_back,
    paint_canal,
    paint_envelope,
    paint_psoas_and_vessels,
)
from app.domain.phantom_bones import (
    marrow_of,
    paint_arch,
    paint_body,
    paint_disc,
    paint_lesion,
    paint_wings,
    safe_rectangle,
)
from app.domain.phantom_canvas import Canvas, blur_in_plane
from app.domain.phantom_noise import add_fit_noise
from app.domain.phantom_spec import (
    LUMBAR_LEVELS,
    REASON_OF_LESION,
    LevelTruth,
    PhantomSpec,
    PhantomTruth,
    SafeRectangle,
)
from app.domain.phantom_spine import Vertebra, build_spine

Maps = NDArray[np.float32]

#: The six contrasts, by the fourth value of GE's ImageType.
IMAGE_NAMES = ("FAT_FRACTION", "R2_STAR_MAP", "WATER", "FAT", "IN_PHASE", "OUT_PHASE")

PSF_SIGMA_PX = 0.6
#: What a marrow voxel of signal 1 at the depth of L3 reads in the WATER and FAT images together.
SIGNAL_SCALE = 900.0
_COIL_DECAY_MM = 95.0


@dataclass(frozen=True, slots=True)
class CleanMaps:
    """The noise-free exam, in the order it is stored.

    Parameters
    ----------
    ff : ndarray of float32, shape (slices, rows, cols), read-only
        Fat fraction between 0 and 1, with the swap if there is one.
    r2star : ndarray of float32, same shape, read-only
        s^-1.
    signal : ndarray of float32, same shape, read-only
        Water plus fat at echo time zero as the coil sees it; marrow at the depth of L3 is about 1.
    grid : Grid
        Slices in order of position along the normal, superior at row 0.
    truth : PhantomTruth
        What is known about each level.
    """

    ff: Maps
    r2star: Maps
    signal: Maps
    grid: Grid
    truth: PhantomTruth


@dataclass(frozen=True, slots=True)
class Phantom:
    """One synthetic exam as a scanner would store it.

    Parameters
    ----------
    spec : PhantomSpec
        What it was made from.
    images : dict of str to ndarray of int16, each of shape (slices, rows, cols), read-only
        Keys ``FAT_FRACTION`` (percent, clipped to 0-100), ``R2_STAR_MAP`` (s^-1, clipped to 0-500),
        ``WATER``, ``FAT``, ``IN_PHASE``, ``OUT_PHASE`` (arbitrary units).
    grid : Grid
        Slices in order of position along the normal (the cross product of row and column direction), so
        towards the right of a patient shown with anterior at the left.
    truth : PhantomTruth
        What is known about each level.
    """

    spec: PhantomSpec
    images: dict[str, NDArray[np.int16]]
    grid: Grid
    truth: PhantomTruth


def make_phantom(spec: PhantomSpec) -> Phantom:
    """Make one synthetic exam.

    Parameters
    ----------
    spec : PhantomSpec
        Equal specs give equal integers.

    Returns
    -------
    Phantom
    """
    clean = draw_anatomy(spec)
    rng = np.random.default_rng([spec.seed, 1])
    ff, r2star, signal = add_fit_noise(rng, clean.ff, clean.r2star, clean.signal, sigma=1 / spec.snr)
    signal *= np.float32(SIGNAL_SCALE)
    fat = signal * ff * np.float32(0.01)
    water = signal - fat
    arrays = (ff, r2star, water, fat, signal, np.abs(water - fat))
    return Phantom(
        spec=spec,
        images={name: _stored(array) for name, array in zip(IMAGE_NAMES, arrays, strict=True)},
        grid=clean.grid,
        truth=clean.truth,
    )


def _stored(values: Maps) -> NDArray[np.int16]:
    array = np.rint(values).astype(np.int16)
    array.flags.writeable = False
    return array


def draw_anatomy(spec: PhantomSpec) -> CleanMaps:
    """Draw the noise-free maps of one exam, and what is true in them.

    Parameters
    ----------
    spec : PhantomSpec

    Returns
    -------
    CleanMaps
    """
    rng = np.random.default_rng([spec.seed, 0])
    bones = build_spine(spec, rng)
    canvas = _canvas(spec, rng)
    mid_slice = int(np.argmin(np.abs(canvas.x.ravel() - np.mean([b.x for b in _lumbar(bones)]))))
    safes = {bone.name: safe_rectangle(canvas, bone, mid_slice) for bone in _lumbar(bones)}
    _paint_all(canvas, bones, spec, rng, safes)
    water, fat, decay = (
        blur_in_plane(layer, PSF_SIGMA_PX) for layer in (canvas.water, canvas.fat, canvas.decay)
    )
    total = np.maximum(water + fat, np.float32(1e-6))
    ff, r2star = np.clip(fat / total, 0, 1), decay / total
    swap = _swap_share(canvas, bones, spec, rng)
    ff = ff + swap * (1 - 2 * ff)
    truths = tuple(_truth(spec, canvas, bone, safes[bone.name], swap) for bone in _lumbar(bones))
    signal = total * _coil(canvas, bones)
    return _as_stored(spec, canvas, (ff, r2star, signal), PhantomTruth(mid_slice, truths))


def _lumbar(bones: tuple[Vertebra, ...]) -> tuple[Vertebra, ...]:
    return tuple(bone for bone in bones if bone.name in LUMBAR_LEVELS)


def _canvas(spec: PhantomSpec, rng: np.random.Generator) -> Canvas:
    """Place the grid: centred in the sagittal plane, one slice within 1 mm of the patient's middle."""
    middle, pixel = spec.slices // 2 + int(rng.integers(-1, 2)), spec.pixel_mm
    x = (middle - np.arange(spec.slices)) * spec.slice_mm + rng.uniform(-1, 1)
    z = ((spec.rows - 1) / 2 - np.arange(spec.rows)) * pixel
    y = (np.arange(spec.cols) - (spec.cols - 1) / 2) * pixel
    return Canvas(x, z, y)


def _paint_all(
    canvas: Canvas,
    bones: tuple[Vertebra, ...],
    spec: PhantomSpec,
    rng: np.random.Generator,
    safes: dict[str, SafeRectangle],
) -> None:
    canvas.wobble = np.clip(canvas.noise(rng, canvas.everywhere, (4.5, 4.5)), -2.5, 2.5)
    marks = landmarks(canvas, bones, spec, rng)
    paint_envelope(canvas, marks, rng)
    paint_abdomen(canvas, marks, rng)
    paint_back(canvas, marks, rng)
    paint_psoas_and_vessels(canvas, marks, bones, rng)
    paint_canal(canvas, marks, bones, rng)
    paint_wings(canvas, bones, marrow_of(spec, bones[-1]))
    for bone in bones:
        if bone.spinous > 0:
            paint_arch(canvas, bone, marrow_of(spec, bone))
    for upper, lower in itertools.pairwise(bones):
        paint_disc(canvas, upper, lower, rng)
    for bone in bones:
        paint_body(canvas, bone, marrow_of(spec, bone), rng, safes.get(bone.name))
        if spec.lesion is not None and spec.lesion.level == bone.name:
            paint_lesion(canvas, bone, spec.lesion, marrow_of(spec, bone), rng)


def _coil(canvas: Canvas, bones: tuple[Vertebra, ...]) -> Maps:
    """Relative sensitivity of a spine coil: falls towards the belly and towards the ends; 1 at L3."""
    anchor = next(bone for bone in bones if bone.name == "L3")
    depth = np.exp(np.minimum((canvas.y - np.float32(anchor.y)) / _COIL_DECAY_MM, 0.75))
    ends = np.exp(-(((canvas.z - np.float32(anchor.z)) / 200) ** 2))
    sensitivity: Maps = (depth * ends).astype(np.float32)
    return sensitivity


def _swap_share(
    canvas: Canvas, bones: tuple[Vertebra, ...], spec: PhantomSpec, rng: np.random.Generator
) -> Maps:
    """How far water and fat are exchanged in each voxel: 1 in a smooth lump around the level, 0 outside."""
    if spec.lesion is None or spec.lesion.kind != "swap":
        return np.zeros((1, 1, 1), np.float32)
    level = spec.lesion.level
    bone = next(bone for bone in bones if bone.name == level)
    lumps = canvas.noise(rng, canvas.everywhere, (12, 12), slices=3.0)
    y, z = bone.point(-8, 2)
    distance = canvas.ellipsoid(canvas.everywhere, (bone.x, y, z), (60, 38, 24)) + 3 * lumps
    share: Maps = np.clip(0.5 - distance / 2, 0, 1).astype(np.float32)
    return share


def _truth(spec: PhantomSpec, canvas: Canvas, bone: Vertebra, safe: SafeRectangle, swap: Maps) -> LevelTruth:
    touched = swap.size > 1 and float(swap[safe.index].max()) > 0
    lesion = (
        spec.lesion.kind if spec.lesion is not None and (touched or spec.lesion.level == bone.name) else None
    )
    first = (float(axis.ravel()[0]) for axis in (canvas.x, canvas.y, canvas.z))
    x0, y0, z0 = first
    centre = ((x0 - bone.x) / spec.slice_mm, (z0 - bone.z) / spec.pixel_mm, (bone.y - y0) / spec.pixel_mm)
    marrow = marrow_of(spec, bone)
    return LevelTruth(
        level=bone.name,
        ff=marrow.ff,
        r2star=marrow.r2star,
        centre_lps_mm=(bone.x, bone.y, bone.z),
        centre_voxel=centre,
        height_mm=bone.height,
        depth_mm=bone.depth,
        tilt_deg=bone.tilt_deg,
        safe=safe,
        flag=None if lesion is None else REASON_OF_LESION[lesion],
    )


def _as_stored(
    spec: PhantomSpec, canvas: Canvas, maps: tuple[Maps, Maps, Maps], truth: PhantomTruth
) -> CleanMaps:
    """Attach the geometry; mirror columns and slices together when anterior is to be at the right."""
    x, y, z = (axis.ravel().astype(np.float64) for axis in (canvas.x, canvas.y, canvas.z))
    ff, r2star, signal = maps
    sign = 1.0
    if spec.anterior_right:
        sign, x, y = -1.0, x[::-1], y[::-1]
        ff, r2star, signal = (np.ascontiguousarray(array[::-1, :, ::-1]) for array in (ff, r2star, signal))
        truth = PhantomTruth(
            spec.slices - 1 - truth.mid_slice, tuple(_mirrored(level, spec) for level in truth.levels)
        )
    for array in (ff, r2star, signal):
        array.flags.writeable = False
    return CleanMaps(
        ff,
        r2star,
        signal,
        Grid(
            shape=canvas.shape,
            spacing_mm=(spec.slice_mm, spec.pixel_mm, spec.pixel_mm),
            origin_mm=(float(x[0]), float(y[0]), float(z[0])),
            axes=((-sign, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, sign, 0.0)),
        ),
        truth,
    )


def _mirrored(level: LevelTruth, spec: PhantomSpec) -> LevelTruth:
    slice_, row, col = level.centre_voxel
    safe = level.safe
    mirrored = SafeRectangle(
        spec.slices - 1 - safe.slice_index, safe.row0, spec.cols - safe.col0 - safe.cols, safe.rows, safe.cols
    )
    return replace(level, centre_voxel=(spec.slices - 1 - slice_, row, spec.cols - 1 - col), safe=mirrored)
