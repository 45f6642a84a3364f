"""The measurement protocol: every figure a rule uses is a field here, versioned and stamped on readings."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from math import isfinite
from typing import Any

from app.domain.errors import InputError


class Level(StrEnum):
    """Lumbar levels, from the top down. The slot is the identity; nobody types a label."""

    L1 = "L1"
    L2 = "L2"
    L3 = "L3"
    L4 = "L4"
    L5 = "L5"


LEVELS = tuple(Level)
SLICE_COUNTS = (1, 3)
# patient means a protocol can name, and how many levels each needs
MEAN_LEVELS = {"L1-L4": LEVELS[:4], "L1-L5": LEVELS}

LOWEST = "lowest"
"""Region of the T-score where the lowest one that a patient has makes the groups."""


@dataclass(frozen=True, slots=True)
class Protocol:
    """Rules of one study. Lengths in mm, areas in mm2, FF in %, R2* in s^-1.

    Attributes
    ----------
    name, version : str, int
        What is stamped on every reading.
    mean_levels : str
        Patient mean used by the statistics: a key of :data:`MEAN_LEVELS`.
    first_ap_mm, first_cc_mm : float
        First size of a rectangle, antero-posterior by cranio-caudal.
    size_locked : bool
        One size for all levels of an exam.
    min_area_mm2, min_native_voxels : float
        Smaller rectangles are refused at sign-off.
    usual_area_mm2 : tuple of float
        Outside this band a rectangle is warned of.
    margin_mm : float
        Wanted distance to endplates and cortex.
    spacing_mm : tuple of float
        Usual distance of neighbouring centroids.
    area_deviation : float
        Share by which an area may differ from the patient's median.
    r2star_unit : str
        ``s^-1`` or ``Hz``: the same number under two names.
    readers : int
        Planned independent readers.
    blinded : bool
        Statistics and other readers' values stay closed while this holds.
    levels_needed : dict of str to int
        Fewest levels a patient mean may rest on.
    positive_t_score : float
        ``T <= this`` is the positive class of the ROC analysis.
    bmd_region : str
        Region of the BMD paired with the MRI mean.
    tscore_region : str
        Region of the T-score that makes the groups, or :data:`LOWEST`: the lowest that a patient has. Where
        nothing is said it is ``bmd_region``, as it was before there was a field for it.
    anterior_fraction : float
        Share of the body's antero-posterior depth in which rectangles should lie.
    margin_native_voxels : float
        The margin is at least so many acquired voxels.
    slices : int
        1, or 3: the same rectangle on both neighbouring slices too, all voxels pooled.
    rotation : bool
        Rectangles may be turned; then a voxel counts when its centre lies inside.
    fit, ladder : bool
        A reader may have a rectangle proposed from the edges of the body, or L2-L4 from L1 and L5.
    fit_height_mm, fit_depth_mm : tuple of float
        Limits of a vertebral body that is fitted.
    numbers_hidden : bool
        Values stay out of sight until sign-off.
    bad_share_warn, bad_share_reason : float
        Share of a rectangle's voxels without value, 0, below 0, above 100 % or saturated that is warned of,
        and that needs a reason.
    ff_usual, r2star_usual_3t, r2star_usual_1_5t : tuple of float
        Plausible means of a rectangle.
    ff_sd_usual, r2star_cv_usual : float
        Largest usual SD of FF, and SD of R2* as a share of its mean, within a rectangle.
    ff_step, ff_from_median : float
        Largest usual difference of FF to the neighbouring level, and to the median of the others.
    swap_modes : float
        Two peaks of FF further apart than this within one rectangle look like a water-fat swap.
    query_ff, adjudicate_ff : float
        Readers whose FF of a level differs by more than this many points are asked about, and a coordinator
        decides.
    query_r2star, adjudicate_r2star : float
        The same for R2*, as a share of the mean of the two.
    mismatch_mm : float
        Rectangles of one level further apart than this may lie on different vertebrae.
    slices_apart, slices_apart_mm : int, float
        Readers' slices of one level may differ by this much, and not by more of either.
    repeat_share, washout_days : float, int
        Part of a reader's cases that is read again, 0 for none, and the fewest days between both readings.
    """

    name: str = "lumbar-FF-R2star"
    version: int = 1
    mean_levels: str = "L1-L4"
    first_ap_mm: float = 14.0
    first_cc_mm: float = 10.0
    size_locked: bool = False
    min_area_mm2: float = 50.0
    min_native_voxels: float = 25.0
    usual_area_mm2: tuple[float, float] = (100.0, 450.0)
    margin_mm: float = 3.0
    spacing_mm: tuple[float, float] = (22.0, 45.0)
    area_deviation: float = 0.40
    r2star_unit: str = "s^-1"
    readers: int = 2
    blinded: bool = False
    levels_needed: dict[str, int] = field(default_factory=lambda: {"L1-L4": 3, "L1-L5": 4}, hash=False)
    positive_t_score: float = -2.5
    bmd_region: str = "L1-L4"
    tscore_region: str = ""
    anterior_fraction: float = 0.667
    margin_native_voxels: float = 2.0
    slices: int = 1
    rotation: bool = False
    fit: bool = False
    ladder: bool = False
    fit_height_mm: tuple[float, float] = (18.0, 36.0)
    fit_depth_mm: tuple[float, float] = (26.0, 45.0)
    numbers_hidden: bool = False
    bad_share_warn: float = 0.02
    bad_share_reason: float = 0.10
    ff_usual: tuple[float, float] = (15.0, 80.0)
    r2star_usual_3t: tuple[float, float] = (60.0, 300.0)
    r2star_usual_1_5t: tuple[float, float] = (40.0, 200.0)
    ff_sd_usual: float = 12.0
    r2star_cv_usual: float = 0.40
    ff_step: float = 10.0
    ff_from_median: float = 15.0
    swap_modes: float = 30.0
    query_ff: float = 3.0
    adjudicate_ff: float = 5.0
    query_r2star: float = 0.10
    adjudicate_r2star: float = 0.15
    mismatch_mm: float = 12.0
    slices_apart: int = 1
    slices_apart_mm: float = 5.0
    repeat_share: float = 0.25
    washout_days: int = 14

    def __post_init__(self) -> None:
        if self.mean_levels not in MEAN_LEVELS:
            raise InputError("protocol.mean_levels", given=self.mean_levels)
        if self.r2star_unit not in {"s^-1", "Hz"}:
            raise InputError("protocol.r2star_unit", given=self.r2star_unit)
        if self.slices not in SLICE_COUNTS:
            raise InputError("protocol.slices", given=self.slices)
        if not 0.0 <= self.repeat_share <= 1.0:
            raise InputError("protocol.repeat_share", given=self.repeat_share)
        if self.washout_days < 0:
            raise InputError("protocol.washout_days", given=self.washout_days)
        if not self.tscore_region:
            object.__setattr__(self, "tscore_region", self.bmd_region)

    @property
    def stamp(self) -> str:
        """Name and version as they are printed: ``lumbar-FF-R2star v1``."""
        return f"{self.name} v{self.version}"

    def needed(self, mean_levels: str) -> int:
        """Fewest levels a patient mean over ``mean_levels`` may rest on."""
        return self.levels_needed.get(mean_levels, len(MEAN_LEVELS[mean_levels]))

    def to_json(self) -> str:
        """Canonical JSON of all fields."""
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Protocol:
        """Read what :meth:`to_json` wrote; fields that are not named keep their default.

        Raises
        ------
        InputError
            ``protocol.unreadable`` when the text is no JSON object, ``protocol.unknown_field`` when it
            names a field this version does not know, ``protocol.wrong_value`` when a field holds another
            kind of value than it should (a rule must not fail later, in the middle of a reading).
        """
        try:
            content = json.loads(text)
        except ValueError as problem:
            raise InputError("protocol.unreadable") from problem
        if not isinstance(content, dict):
            raise InputError("protocol.unreadable")
        default = cls()
        unknown = sorted(content.keys() - {one.name for one in fields(cls)})
        if unknown:
            raise InputError("protocol.unknown_field", field=unknown[0])
        return cls(**{name: _like(getattr(default, name), value, name) for name, value in content.items()})


def _like(default: Any, value: Any, name: str) -> Any:
    """A value read from JSON as the kind of thing a field's default is."""
    if isinstance(default, tuple) and isinstance(value, list) and len(value) == len(default):
        return tuple(_like(wanted, given, name) for wanted, given in zip(default, value, strict=True))
    if isinstance(default, dict) and isinstance(value, dict):
        return {key: _like(0, given, name) for key, given in value.items()}
    # exact types: True is an int to isinstance
    if isinstance(default, float) and type(value) in {int, float} and isfinite(value):
        return float(value)
    if isinstance(default, str | int) and type(value) is type(default):
        return value
    raise InputError("protocol.wrong_value", field=name)
