"""What a synthetic lumbar exam is made from, and what is known to be true about it.

Values only; :mod:`app.domain.phantom` turns a :class:`PhantomSpec` into images.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from app.domain.errors import InputError

LUMBAR_LEVELS = ("L1", "L2", "L3", "L4", "L5")

LesionKind = Literal["fracture", "haemangioma", "swap"]

#: The reason code of the protocol that a reader would give for a level with that lesion.
REASON_OF_LESION: dict[str, str] = {"fracture": "FX_ACUTE", "haemangioma": "HEMANG", "swap": "SWAP"}

#: Smallest matrix on which every lumbar level still fits into the picture with a usable rectangle.
MIN_SLICES, MIN_PIXELS = 4, 96
#: Marrow that occurs in people, with room to spare; percent and s^-1.
FF_RANGE, R2STAR_RANGE = (5.0, 90.0), (20.0, 400.0)
#: Below this even marrow would be noise.
MIN_SNR = 5.0


@dataclass(frozen=True, slots=True)
class Lesion:
    """One thing that makes a level unfit for measuring.

    Parameters
    ----------
    kind : {"fracture", "haemangioma", "swap"}
        Wedge fracture of the upper endplate with oedema; round fatty focus; water and fat exchanged in
        a smooth region around the level.
    level : str
        One of ``L1`` ... ``L5``.
    """

    kind: LesionKind
    level: str

    def __post_init__(self) -> None:
        if self.kind not in REASON_OF_LESION:
            raise InputError("phantom.lesion_kind", kind=self.kind)
        if self.level not in LUMBAR_LEVELS:
            raise InputError("phantom.lesion_level", level=self.level)


@dataclass(frozen=True, slots=True)
class PhantomSpec:
    """Recipe of one synthetic exam; equal specs give equal bytes.

    Parameters
    ----------
    seed : int
        Seed of everything that varies: pose, sizes, texture, bowel, noise.
    ff_l1, ff_slope : float
        Marrow fat fraction of L1 in percent and its rise per level in points.
    r2star_l1, r2star_slope : float
        Marrow R2* of L1 in s^-1 and its change per level.
    snr : float
        Signal of marrow at echo time zero over the noise SD of one channel (real or imaginary) of one
        echo, at the depth of L3.
    lesion : Lesion or None
        At most one lesion per exam.
    anterior_right : bool
        Store the images with anterior at the right edge, as some sites do.
    slices, rows, cols : int
        Size of the stored matrix.
    fov_mm : float
        Height of the image in mm; pixels are square, so the width follows from the columns.
    slice_mm : float
        Distance between slice centres, equal to their thickness (3D acquisition).
    size : float
        Scale of all vertebrae, 1.0 for an average adult.
    lordosis : float
        Scale of the tilt of all levels, 1.0 for an average supine lumbar spine.
    fat_mm : float
        Thickness of the subcutaneous fat of the back at the level of L3.

    Raises
    ------
    InputError
        ``phantom.matrix`` for a matrix too small, ``phantom.marrow`` for marrow outside 5-90 % FF or
        R2* outside 20-400 s^-1 at any level, ``phantom.snr`` unless the SNR is above 5.
    """

    seed: int
    ff_l1: float = 45.0
    ff_slope: float = 1.0
    r2star_l1: float = 145.0
    r2star_slope: float = -1.5
    snr: float = 80.0
    lesion: Lesion | None = None
    anterior_right: bool = False
    slices: int = 16
    rows: int = 256
    cols: int = 256
    fov_mm: float = 280.0
    slice_mm: float = 4.5
    size: float = 1.0
    lordosis: float = 1.0
    fat_mm: float = 18.0

    def __post_init__(self) -> None:
        if self.slices < MIN_SLICES or min(self.rows, self.cols) < MIN_PIXELS:
            raise InputError("phantom.matrix", slices=self.slices, rows=self.rows, cols=self.cols)
        last = len(LUMBAR_LEVELS) - 1
        for level in (0, last):
            ff, r2star = self.ff_of(level), self.r2star_of(level)
            if not (FF_RANGE[0] <= ff <= FF_RANGE[1] and R2STAR_RANGE[0] <= r2star <= R2STAR_RANGE[1]):
                raise InputError("phantom.marrow", level=LUMBAR_LEVELS[level], ff=ff, r2star=r2star)
        if not self.snr > MIN_SNR:
            raise InputError("phantom.snr", snr=self.snr)

    @property
    def pixel_mm(self) -> float:
        """Edge of the square pixel in mm."""
        return self.fov_mm / self.rows

    def ff_of(self, level: float) -> float:
        """Marrow fat fraction in percent, ``level`` 0 for L1 ... 4 for L5 (beyond: extrapolated)."""
        return self.ff_l1 + self.ff_slope * level

    def r2star_of(self, level: float) -> float:
        """Marrow R2* in s^-1, ``level`` 0 for L1 ... 4 for L5 (beyond: extrapolated)."""
        return self.r2star_l1 + self.r2star_slope * level


@dataclass(frozen=True, slots=True)
class SafeRectangle:
    """A voxel rectangle on one slice, zero-based in the stored matrix, last row and column excluded."""

    slice_index: int
    row0: int
    col0: int
    rows: int
    cols: int

    @property
    def index(self) -> tuple[int, slice, slice]:
        """What to index an array of shape (slices, rows, cols) with."""
        return (
            self.slice_index,
            slice(self.row0, self.row0 + self.rows),
            slice(self.col0, self.col0 + self.cols),
        )


@dataclass(frozen=True, slots=True)
class LevelTruth:
    """What is known about one lumbar vertebra.

    Parameters
    ----------
    level : str
        ``L1`` ... ``L5``.
    ff, r2star : float
        The marrow values set, percent and s^-1. Where ``flag`` is None they are the mean of the
        noise-free map over ``safe``.
    centre_lps_mm : tuple of float
        Centre of the vertebral body in DICOM patient coordinates (left, posterior, superior).
    centre_voxel : tuple of float
        The same point as (slice, row, col) in the stored matrix; voxel centres are whole numbers.
    height_mm, depth_mm : float
        Cranio-caudal height at the centre and antero-posterior depth of the body.
    tilt_deg : float
        Rotation of the body in the sagittal plane, positive when the anterior edge is lower.
    safe : SafeRectangle
        Lies within the anterior two thirds of the body on the mid slice, at least 3 mm from endplates
        and anterior wall, before the basivertebral vein.
    flag : str or None
        Reason code of protocol.md when the level should not be measured (or would mislead).
    """

    level: str
    ff: float
    r2star: float
    centre_lps_mm: tuple[float, float, float]
    centre_voxel: tuple[float, float, float]
    height_mm: float
    depth_mm: float
    tilt_deg: float
    safe: SafeRectangle
    flag: str | None


@dataclass(frozen=True, slots=True)
class PhantomTruth:
    """What is known about one synthetic exam.

    Parameters
    ----------
    mid_slice : int
        Index of the slice nearest to the middle of the spine.
    levels : tuple of LevelTruth
        L1 ... L5 in this order.
    """

    mid_slice: int
    levels: tuple[LevelTruth, ...]

    def level(self, name: str) -> LevelTruth:
        """Return the truth of one level.

        Raises
        ------
        KeyError
            If there is no such level.
        """
        return {truth.level: truth for truth in self.levels}[name]
